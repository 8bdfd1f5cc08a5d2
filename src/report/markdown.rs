//! Markdown for a comment on a pull request: the verdict, a table of counts, what was not proven, and the findings by
//! severity with their lines folded in. Never longer than GitHub takes; what is left out is said.

mod escape;

use super::words::{self, SENTENCE, plural};
use super::{RenderOptions, Report};
use crate::common::sanitize::{limited, line};
use crate::finding::outcome::{Gate, Outcome, Status};
use crate::finding::{Finding, Place, Severity};
use escape::{code, fence, prose};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Bytes of the whole report. GitHub takes 65,536 characters in a comment; bytes are at least as many.
const LONGEST: usize = 65_000;
/// Bytes kept for what is said at the end.
const TAIL: usize = 2_000;
/// Bytes of the part before the findings.
const HEAD: usize = 20_000;

/// The report as one comment.
pub(super) struct Markdown;

impl Report for Markdown {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(document(o).as_bytes())
    }
}

fn document(o: &Outcome) -> String {
    let mut text = head(o);
    let room = LONGEST - TAIL;
    let mut left_out = [0_usize; 3];
    let mut section = None;
    for f in o.ranked() {
        let mut part = String::new();
        if section != Some(f.severity) {
            let count = o
                .ranked()
                .iter()
                .filter(|g| g.severity == f.severity)
                .count();
            let _ = writeln!(
                part,
                "### {} {}\n",
                mark(f.severity),
                plural(count, f.severity.as_str())
            );
        }
        part.push_str(&finding(f));
        // One that is too long does not keep shorter ones after it out.
        if text.len() + part.len() > room {
            let [notes, warnings, errors] = &mut left_out;
            *match f.severity {
                Severity::Note => notes,
                Severity::Warning => warnings,
                Severity::Error => errors,
            } += 1;
            continue;
        }
        section = Some(f.severity);
        text.push_str(&part);
    }
    text.push_str(&tail(o, left_out));
    text
}

fn mark(s: Severity) -> &'static str {
    match s {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Note => "ℹ️",
    }
}

/// Everything before the findings.
fn head(o: &Outcome) -> String {
    let sign = match o.verdict() {
        Gate::Passed | Gate::NothingToCheck => "✅",
        Gate::Failed(_) | Gate::NotRun => "❌",
    };
    let mut s = format!("## {sign} hylint: {}\n\n", prose(&words::verdict(o)));
    let c = o.counts();
    s.push_str("| errors | warnings | notes | waived | in the baseline | exports | rules |\n");
    s.push_str("|---:|---:|---:|---:|---:|---:|---:|\n");
    let rules: usize = o.exports.iter().map(|e| e.rules).sum();
    let _ = writeln!(
        s,
        "| {} | {} | {} | {} | {} | {} | {rules} |\n",
        c.errors,
        c.warnings,
        c.notes,
        c.waived,
        c.baselined,
        o.exports.len()
    );
    if !o.requirements.is_empty() {
        statuses(o, &mut s);
    }
    let mut lines: Vec<String> = Vec::new();
    lines.extend(words::scope(o).map(|t| format!("**Scope:** {}", prose(&t))));
    lines.extend(
        o.not_proven()
            .iter()
            .map(|n| format!("**Not proven:** {}", prose(&words::not_proven(n)))),
    );
    lines.extend(words::unmodelled(o).map(|t| format!("**Not proven:** {}", prose(&t))));
    lines.extend(
        o.assumptions
            .iter()
            .map(|a| format!("**Assumed:** {}", prose(&words::assumption(a)))),
    );
    let unread = o.unread.iter().map(|u| {
        let what = prose(u.what);
        format!(
            "**Unread file:** {}: {what}",
            code(&limited(&u.path, SENTENCE))
        )
    });
    lines.extend(unread);
    let narrowed = words::narrowed(o);
    if !narrowed.is_empty() {
        lines.push(format!("**Left out:** {}", prose(&narrowed.join(", "))));
    }
    let total = lines.len();
    let mut shown = 0;
    for l in &lines {
        if s.len() + l.len() > HEAD {
            break;
        }
        let _ = writeln!(s, "- {l}");
        shown += 1;
    }
    if shown < total {
        let _ = writeln!(s, "- {} more; the full report has them", total - shown);
    }
    if total > 0 {
        s.push('\n');
    }
    s
}

fn statuses(o: &Outcome, s: &mut String) {
    let shown: Vec<Status> = Status::EACH
        .into_iter()
        .filter(|x| o.requirements_with(*x) > 0)
        .collect();
    let _ = writeln!(
        s,
        "{}:\n",
        prose(&plural(o.requirements.len(), "requirement"))
    );
    let names: Vec<&str> = shown.iter().map(|x| x.as_str()).collect();
    let _ = writeln!(s, "| {} |", names.join(" | "));
    let _ = writeln!(s, "|{}", "---:|".repeat(names.len()));
    let counts: Vec<String> = shown
        .iter()
        .map(|x| o.requirements_with(*x).to_string())
        .collect();
    let _ = writeln!(s, "| {} |\n", counts.join(" | "));
}

/// One item of the list: what and where in one line, the rest folded.
fn finding(f: &Finding) -> String {
    let mut s = format!(
        "- **{}** · {}",
        f.code,
        prose(&limited(&f.message, SENTENCE))
    );
    if let Some(p) = &f.place {
        let _ = write!(s, "  \n  {}", code(&words::at(p)));
    }
    s.push('\n');
    let facts = words::facts(f);
    let places = f.place.iter().map(|p| (p, f.label.as_str()));
    let related = f.related.iter().map(|r| (&r.place, r.label.as_str()));
    let shown: Vec<(&Place, &str)> = places
        .chain(related)
        .filter(|(p, _)| !p.excerpt.is_empty())
        .take(4)
        .collect();
    if facts.is_empty() && shown.is_empty() {
        return s;
    }
    s.push_str("  <details><summary>evidence</summary>\n\n");
    for (p, label) in shown {
        let _ = writeln!(
            s,
            "  {} {}\n",
            code(&words::at(p)),
            prose(&limited(label, 200))
        );
        s.push_str(&excerpt(p));
    }
    for (head, text) in facts {
        let _ = writeln!(s, "  - {head}: {}", prose(&text));
    }
    s.push_str("\n  </details>\n\n");
    s
}

/// The lines of a place as a code block inside a list item.
fn excerpt(p: &Place) -> String {
    let lines: Vec<String> = p
        .excerpt
        .lines()
        .map(|l| format!("{:>5} | {}", l.line, line(l.text)))
        .collect();
    let fence = fence(&lines.join("\n"));
    let mut s = format!("  {fence}text\n");
    for l in lines {
        let _ = writeln!(s, "  {l}");
    }
    let _ = writeln!(s, "  {fence}\n");
    s
}

/// What is held down, what was left out, and what the report rests on.
fn tail(o: &Outcome, [notes, warnings, errors]: [usize; 3]) -> String {
    let mut s = String::new();
    if notes + warnings + errors > 0 {
        let _ = writeln!(
            s,
            "\n**Not shown here, for want of room: {}, {}, {}.** Another format of the report has them.\n",
            plural(errors, "error"),
            plural(warnings, "warning"),
            plural(notes, "note")
        );
    }
    let c = o.counts();
    if c.waived + c.baselined > 0 {
        let _ = writeln!(
            s,
            "\n{} waived, {} in the baseline: they are in the other formats.\n",
            plural(c.waived, "finding"),
            c.baselined
        );
    }
    let _ = write!(
        s,
        "\n<sub>hylint {} · {} · matrix {} {} {}",
        env!("CARGO_PKG_VERSION"),
        prose(&limited(&o.evaluated_at, 40)),
        prose(&limited(&o.matrix.id, 60)),
        prose(&limited(&o.matrix.version, 40)),
        prose(o.matrix.sha256.get(..12).unwrap_or_default()),
    );
    if let Some(sha256) = &o.site.sha256 {
        let _ = write!(
            s,
            " · site {} {}",
            prose(&limited(&o.site.name, 100)),
            sha256.get(..12).unwrap_or_default()
        );
    }
    s.push_str("</sub>\n");
    s
}
