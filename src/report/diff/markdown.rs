//! Markdown for a pull request and for the record of a change: what changed, whom it affects, proven by what (PCI DSS
//! v4.0.1, requirement 1.2.2, by way of 6.5.1). Never longer than GitHub takes; what is left out is counted.

mod cell;
mod evidence;
mod table;

use super::DiffReport;
use super::fold::{Entry, Section, sections};
use super::words;
use crate::common::sanitize::text;
use crate::finding::difference::{Decision, Difference, RequirementChange};
use crate::finding::{Finding, Severity};
use crate::report::RenderOptions;
use crate::report::fold;
use crate::report::markdown::LONGEST;
use crate::report::markdown::escape::{code, prose, sentence};
use crate::report::words::at;
use std::fmt::Write as _;
use std::io::{self, Write};
use table::{SEEN, Table};

/// Hosts named in one list.
const HOSTS: usize = 12;
/// Packets of one decision.
const FLOWS: usize = 8;
/// Causes of findings of each kind that are named.
const FINDINGS: usize = 30;
/// Bytes kept for heads, hosts and what is said to be left out.
const HEADS: usize = 6_000;
/// Bytes of a list of names outside a table.
const NAMES: usize = 1_500;

/// The report as one comment.
pub(super) struct Markdown;

impl DiffReport for Markdown {
    fn write(&self, d: &Difference, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(document(d).as_bytes())
    }
}

fn document(d: &Difference) -> String {
    let evidence = evidence::section(d);
    let room = LONGEST - HEADS - evidence.len().min(LONGEST / 2);
    let mut s = head(d);
    requirements(d, room, &mut s);
    findings("new", &d.findings.new, room, &mut s);
    findings("gone", &d.findings.gone, room, &mut s);
    for mut part in sections(d) {
        if part.entries.len() > SEEN {
            part.condense();
        }
        packets(d, &part, room, &mut s);
    }
    hosts(d, &mut s);
    policy(d, room, &mut s);
    if let Some(advice) = words::advice(d) {
        let _ = writeln!(s, "**Help:** {}\n", sentence(advice));
    }
    s.push_str(&evidence);
    s
}

/// The verdict, what was compared, and whom it affects.
fn head(d: &Difference) -> String {
    let gate = words::gate(d);
    let sign = if gate == "PASSED" { "✅" } else { "❌" };
    let mut s = format!("## {sign} hylint diff: {gate}\n\n");
    match words::why(d).as_slice() {
        [one] if d.is_none() && d.compared() => {
            let _ = writeln!(s, "**{}**: {}\n", prose(one), words::AS_BEFORE);
        }
        [one] => {
            let _ = writeln!(s, "**{}**\n", prose(one));
        }
        several => {
            for why in several {
                let _ = writeln!(s, "- **{}**", prose(why));
            }
            s.push('\n');
        }
    }
    let _ = write!(
        s,
        "{} → {}: {}",
        code(&text(&d.old.name)),
        code(&text(&d.new.name)),
        prose(&words::compared(d))
    );
    let affected = words::affected(d, HOSTS).filter(|_| words::only_file(d).is_none());
    if let Some(affected) = affected {
        let affected = sentence(&affected);
        if affected.len() < NAMES {
            let _ = write!(s, " · on {affected}");
        }
    }
    s.push_str("\n\n");
    s
}

fn requirements(d: &Difference, room: usize, s: &mut String) {
    if d.requirements.is_empty() {
        return;
    }
    s.push_str("### Requirements\n\n");
    let mut table = Table::new(&["Row", "Requirement", "Before", "After", "Impact"]);
    let (worse, better): (Vec<_>, Vec<_>) = d.requirements.iter().partition(|r| r.worse);
    for r in worse.into_iter().chain(better) {
        table.row(&requirement(r));
    }
    table.write(room, s);
}

fn requirement(r: &RequirementChange) -> [String; 5] {
    let new = words::status(r.new);
    let mark = match (r.worse, r.better()) {
        (true, _) => "❌ ",
        (false, true) => "✅ ",
        (false, false) => "",
    };
    [
        r.row.to_string(),
        cell::code(&text(&r.id)),
        words::status(r.old).to_owned(),
        format!("{mark}**{new}**"),
        cell::sentence(&words::impact(r).unwrap_or_default()),
    ]
}

fn packets(d: &Difference, part: &Section<'_>, room: usize, s: &mut String) {
    let head = words::section(d, part.kind, part.within, part.boxes);
    let mark = match (part.within, words::is_closed(part.kind)) {
        (true, _) => "✅",
        (_, true) => "⛔",
        _ => "❌",
    };
    let _ = writeln!(s, "### {mark} {}\n", prose(&head));
    let mut table = Table::new(&["Where", "Packets", "Before", "After"]);
    for e in &part.entries {
        table.row(&entry(d, e));
    }
    table.write(room, s);
}

fn entry(d: &Difference, e: &Entry<'_>) -> [String; 4] {
    let mut flows: Vec<String> = e
        .flows
        .iter()
        .take(FLOWS)
        .map(|f| f.short.clone())
        .collect();
    if e.flows.len() > FLOWS {
        flows.push(format!("and {} more", e.flows.len() - FLOWS));
    }
    let mut packets: Vec<String> = flows.iter().map(|f| cell::sentence(f)).collect();
    if let Some(on) = words::conditions(&e.conditions) {
        packets.push(format!("if {}", cell::sentence(&on)));
    }
    let at = match words::only_file(d) {
        Some(file) => cell::code(&text(file)),
        None => cell::sentence(&words::hosts(&e.hosts, HOSTS)),
    };
    let [old, new] = words::decisions(e.first);
    [
        at,
        packets.join("<br>"),
        decision(&words::among(&old, e.more_before), &e.first.old),
        decision(&words::among(&new, e.more_after), &e.first.new),
    ]
}

fn decision(said: &str, d: &Decision) -> String {
    let said = cell::sentence(said);
    match words::quote(&d.evidence) {
        Some(rule) => format!("{said}<br>{}", cell::code(&rule)),
        None => said,
    }
}

fn findings(what: &str, all: &[Finding], room: usize, s: &mut String) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(s, "### {}\n", words::findings(what, all.len()));
    let groups = fold::causes(all.iter());
    let mut shown = 0;
    for g in groups.iter().take(FINDINGS) {
        let f = g.first;
        let place = f.place.as_ref();
        let place = place.map_or_else(String::new, |p| format!(" · {}", code(&at(p))));
        let line = format!(
            "- {} **{}**: {}{}{place}\n",
            mark(what, f.severity),
            f.code,
            sentence(&g.message()),
            words::accepted(f)
        );
        if s.len() + line.len() > room {
            continue;
        }
        s.push_str(&line);
        shown += 1;
    }
    let more = groups.len() - shown;
    if more > 0 {
        let _ = writeln!(s, "- and {more} more; the other formats name them");
    }
    s.push('\n');
}

fn mark(what: &str, s: Severity) -> &'static str {
    match (what, s) {
        ("gone", _) => "✅",
        (_, Severity::Error) => "❌",
        (_, Severity::Warning) => "⚠️",
        (_, Severity::Note) => "ℹ️",
    }
}

fn hosts(d: &Difference, s: &mut String) {
    let h = &d.hosts;
    for (what, all) in [("added", &h.added), ("removed", &h.removed)] {
        if !all.is_empty() {
            let mut names = sentence(&words::names(all, HOSTS));
            if names.len() > NAMES {
                names = all.len().to_string();
            }
            let _ = writeln!(s, "**Hosts {what}:** {names}\n");
        }
    }
}

fn policy(d: &Difference, room: usize, s: &mut String) {
    if d.policy.is_empty() {
        return;
    }
    let _ = writeln!(s, "### {}\n", words::POLICY);
    let mut left = 0;
    for p in &d.policy {
        let mark = match p.loosened {
            true => "❌ **loosened:** ",
            false => "ℹ️ ",
        };
        let line = format!("- {mark}{}\n", sentence(&words::policy(p)));
        match s.len() + line.len() > room {
            true => left += 1,
            false => s.push_str(&line),
        }
    }
    if left > 0 {
        let _ = writeln!(s, "- and {left} more; the other formats name them");
    }
    s.push('\n');
}
