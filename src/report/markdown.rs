//! Markdown for a comment on a pull request: the verdict, the gravest findings in a line each, and folded in what the
//! verdict rests on and each finding with its lines. Never longer than GitHub takes; what is left out is said.

pub(super) mod escape;

use super::fold::{self, Group};
use super::words::{self, SENTENCE};
use super::{RenderOptions, Report};
use crate::common::sanitize::{limited, line};
use crate::common::words::count;
use crate::finding::outcome::{Gate, Outcome, Status};
use crate::finding::{Place, Severity};
use escape::{code, fence, prose, sentence};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Bytes of the whole report. GitHub takes 65,536 characters in a comment, which a pipeline may put words around; bytes
/// are at least as many.
pub(super) const LONGEST: usize = 60_000;
/// Causes of the overview.
const OVERVIEW: usize = 15;
/// Places of a finding that are shown with their lines.
const PLACES: usize = 3;
/// Places of findings with one cause that are named.
const NAMED: usize = 50;
/// Commands of a finding.
const COMMANDS: usize = 3;
/// Bytes kept for what is said at the end.
const TAIL: usize = 2_000;
/// Bytes of the part before the findings.
const HEAD: usize = 16_000;

/// The report as one comment.
pub(super) struct Markdown;

impl Report for Markdown {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(document(o).as_bytes())
    }
}

fn document(o: &Outcome) -> String {
    let groups = fold::causes(o.findings.iter().filter(|f| f.is_active()));
    let mut text = head(o);
    overview(o, &groups, &mut text);
    grounds(o, &mut text);
    let mut left_out = [0_usize; 3];
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let of: Vec<&Group<'_>> = groups
            .iter()
            .filter(|g| g.first.severity == severity)
            .collect();
        if of.is_empty() {
            continue;
        }
        let n: usize = of.iter().map(|g| g.len()).sum();
        let mut section = format!(
            "<details><summary>{} {}</summary>\n\n",
            mark(severity),
            count(n, severity.as_str())
        );
        for g in of {
            let part = finding(g);
            // One that is too long does not keep shorter ones after it out.
            if text.len() + section.len() + part.len() > LONGEST - TAIL {
                let [notes, warnings, errors] = &mut left_out;
                *match severity {
                    Severity::Note => notes,
                    Severity::Warning => warnings,
                    Severity::Error => errors,
                } += g.len();
                continue;
            }
            section.push_str(&part);
        }
        section.push_str("</details>\n\n");
        text.push_str(&section);
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

/// The verdict and the counts.
fn head(o: &Outcome) -> String {
    let sign = match o.verdict() {
        Gate::Passed | Gate::NothingToCheck => "✅",
        Gate::Failed(_) | Gate::NotRun => "❌",
    };
    let mut s = format!(
        "## {sign} hylint: {}\n\n{}\n\n",
        prose(&words::verdict(o)),
        prose(&words::counts(o))
    );
    if let Some(about) = words::scope(o) {
        let _ = writeln!(s, "**Scope:** {}\n", prose(&about));
    }
    s
}

/// The gravest causes, a line each: what a reviewer reads.
fn overview(o: &Outcome, groups: &[Group<'_>], s: &mut String) {
    let grave = || groups.iter().filter(|g| g.first.severity > Severity::Note);
    for g in grave().take(OVERVIEW) {
        let f = g.first;
        let at = fold::reviewed(o, f);
        let at = at.map_or_else(String::new, |p| format!(" · {}", code(&words::at(p))));
        let _ = writeln!(
            s,
            "- {} **{}**: {}{at}",
            mark(f.severity),
            f.code,
            sentence(&g.message())
        );
    }
    let more = grave().count().saturating_sub(OVERVIEW);
    if more > 0 {
        let _ = writeln!(s, "- {more} more below");
    }
    if grave().next().is_some() {
        s.push('\n');
    }
}

/// What the verdict rests on, folded in.
fn grounds(o: &Outcome, s: &mut String) {
    let mut lines: Vec<String> = Vec::new();
    let open = o.not_proven();
    lines.extend(
        open.iter()
            .map(|n| format!("**Not proven:** {}", prose(&words::not_proven(n)))),
    );
    lines.extend(words::unmodelled(o).map(|t| format!("**Not proven:** {}", prose(&t))));
    lines.extend(
        o.assumptions
            .iter()
            .map(|a| format!("**Assumed:** {}", prose(&words::assumption(a)))),
    );
    lines.extend(o.unread.iter().map(|u| {
        let what = prose(u.what);
        format!(
            "**Unread file:** {}: {what}",
            code(&limited(&u.path, SENTENCE))
        )
    }));
    let narrowed = words::narrowed(o);
    if !narrowed.is_empty() {
        lines.push(format!("**Left out:** {}", prose(&narrowed.join(", "))));
    }
    if lines.is_empty() && o.requirements.is_empty() {
        return;
    }
    s.push_str("<details><summary>What this rests on</summary>\n\n");
    if !o.requirements.is_empty() {
        statuses(o, s);
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
    s.push_str("\n</details>\n\n");
}

fn statuses(o: &Outcome, s: &mut String) {
    let shown: Vec<Status> = Status::EACH
        .into_iter()
        .filter(|x| o.requirements_with(*x) > 0)
        .collect();
    let _ = writeln!(
        s,
        "{}:\n",
        prose(&count(o.requirements.len(), "requirement"))
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

/// One item of the list: what and where in one line, then its lines and facts.
fn finding(g: &Group<'_>) -> String {
    let f = g.first;
    let mut s = format!("- **{}**: {}", f.code, sentence(&g.message()));
    if let Some(p) = &f.place {
        let _ = write!(s, "  \n  {}", code(&words::at(p)));
    }
    s.push_str("\n\n");
    let places = f.place.iter().map(|p| (p, f.label.as_str()));
    let related = f.related.iter().map(|r| (&r.place, r.label.as_str()));
    let shown = places
        .chain(related)
        .filter(|(p, _)| !p.excerpt.is_empty())
        .take(PLACES);
    for (p, label) in shown {
        let _ = writeln!(
            s,
            "  {} {}\n",
            code(&words::at(p)),
            prose(&limited(label, 200))
        );
        s.push_str(&excerpt(p));
    }
    for (head, text) in words::facts(f) {
        let _ = writeln!(s, "  - {head}: {}", sentence(&text));
    }
    for p in g.places().iter().skip(1).take(NAMED) {
        let _ = writeln!(s, "  - also {}", code(&words::at(p)));
    }
    let more = g.places().len().saturating_sub(NAMED + 1);
    if more > 0 {
        let _ = writeln!(s, "  - {more} more places");
    }
    for c in f.commands.iter().take(COMMANDS) {
        let c = limited(c, 4000);
        let fence = fence(&c);
        let _ = writeln!(s, "\n  {fence}text\n  {c}\n  {fence}");
    }
    s.push('\n');
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

/// What is suppressed, what was left out, and what the report rests on.
fn tail(o: &Outcome, [notes, warnings, errors]: [usize; 3]) -> String {
    let mut s = String::new();
    if notes + warnings + errors > 0 {
        let _ = writeln!(
            s,
            "\n**Not shown, because a comment has no room: {}, {}, {}.** The other formats have them.\n",
            count(errors, "error"),
            count(warnings, "warning"),
            count(notes, "note")
        );
    }
    let c = o.counts();
    if c.waived + c.baselined > 0 {
        let _ = writeln!(
            s,
            "\n{} waived, {} in the baseline: the other formats name them.\n",
            count(c.waived, "finding"),
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
