//! The summary: first what was assumed and not proven, then the counts, then the verdict.

use super::style::{Paint, Style};
use crate::common::sanitize::{limited, text};
use crate::finding::outcome::{Counts, ExportInfo, Gate, Outcome};
use crate::finding::{Code, Severity};
use crate::report::RenderOptions;
use crate::report::words::{self, plural};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Exports, reasons and codes named unless `-v`.
const NAMED: usize = 12;
/// Width of the column of heads.
const HEADS: usize = 14;

/// Writes the summary.
pub(super) fn write(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    scope(o, style, out)?;
    for a in &o.assumptions {
        style.entry(out, "assumed", Paint::Yellow, HEADS, &words::assumption(a))?;
    }
    not_proven(o, options, style, out)?;
    for l in &o.limits {
        style.entry(out, "not judged", Paint::Dim, HEADS, &limited(l, 600))?;
    }
    for l in &o.lints_changed {
        style.entry(out, "lint changed", Paint::Dim, HEADS, &text(l))?;
    }
    if options.verbose {
        every_requirement(o, style, out)?;
    }
    statuses(o, style, out)?;
    exports(o, options, style, out)?;
    folded(o, options, style, out)?;
    one_line(o, style, out)
}

/// What the findings are about, where only a part of the site was given.
fn scope(o: &Outcome, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(about) = words::scope(o) else {
        return Ok(());
    };
    style.entry(out, "scope", Paint::Bold, HEADS, &about)?;
    let e = Counts::of(&o.elsewhere);
    if e.errors + e.warnings + e.notes > 0 {
        let line = format!(
            "{} elsewhere in the site, not shown",
            tally([e.errors, e.warnings, e.notes])
        );
        style.entry(out, "", Paint::Yellow, HEADS, &line)?;
    }
    Ok(())
}

/// The verdict.
pub(super) fn one_line(o: &Outcome, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let paint = match o.verdict() {
        Gate::Passed | Gate::NothingToCheck => Paint::Green,
        Gate::Failed(_) | Gate::NotRun => Paint::Red,
    };
    let verdict = style.paint(paint, &words::verdict(o));
    writeln!(out, "{verdict} · {}", words::counts(o))
}

/// Requirements that nothing proves, by reason.
fn not_proven(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let reasons = o.not_proven();
    let limit = if options.verbose { usize::MAX } else { NAMED };
    for n in reasons.iter().take(limit) {
        style.entry(
            out,
            "not proven",
            Paint::Yellow,
            HEADS,
            &words::not_proven(n),
        )?;
    }
    if reasons.len() > limit {
        let line = format!("{} more reasons (-v names them)", reasons.len() - limit);
        style.entry(out, "", Paint::Dim, HEADS, &line)?;
    }
    if let Some(line) = words::unmodelled(o) {
        style.entry(out, "not proven", Paint::Yellow, HEADS, &line)?;
    }
    Ok(())
}

fn statuses(o: &Outcome, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if o.requirements.is_empty() {
        return Ok(());
    }
    style.entry(out, "required", Paint::Bold, HEADS, &words::statuses(o))
}

/// One line for each export, the worst first.
fn exports(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for f in o.findings.iter().filter(|f| f.is_active()) {
        let Some(p) = &f.place else { continue };
        let [errors, warnings, notes] = counts.entry(&p.path).or_default();
        *match f.severity {
            Severity::Error => errors,
            Severity::Warning => warnings,
            Severity::Note => notes,
        } += 1;
    }
    let of = |e: &ExportInfo| counts.get(&*e.path).copied().unwrap_or_default();
    // What stands beside rules is worth a line only if something is wrong with it.
    let quiet = |e: &ExportInfo| e.points == 0 && of(e) == [0; 3] && !options.verbose;
    // Nor is one that the report is not about: that none of its findings is shown says nothing.
    let about = |e: &&ExportInfo| e.within || options.verbose;
    let all: Vec<&ExportInfo> = o.exports.iter().filter(about).collect();
    let elsewhere = o.exports.len() - all.len();
    let mut sorted: Vec<&ExportInfo> = all.iter().copied().filter(|e| !quiet(e)).collect();
    let beside = all.len() - sorted.len();
    sorted.sort_by(|a, b| of(b).cmp(&of(a)).then(a.path.cmp(&b.path)));
    let limit = if options.verbose { usize::MAX } else { NAMED };
    for (n, e) in sorted.iter().take(limit).enumerate() {
        let mut line = format!("{}: {}", text(&e.path), tally(of(e)));
        if e.points > 0 {
            line.push_str(&format!(" · {}", plural(e.rules, "rule")));
        }
        if let Some(roles) = roles(o, e) {
            line.push_str(&format!(" · {roles}"));
        }
        let head = if n == 0 { "exports" } else { "" };
        style.entry(out, head, Paint::Bold, HEADS, &line)?;
    }
    if sorted.len() > limit {
        let line = format!("{} more (-v names them)", sorted.len() - limit);
        style.entry(out, "", Paint::Dim, HEADS, &line)?;
    }
    if beside > 0 {
        let line = format!(
            "{} beside them, without rules of its own (-v names them)",
            plural(beside, "file")
        );
        let line = line.replace("its own", if beside == 1 { "its own" } else { "their own" });
        style.entry(out, "", Paint::Dim, HEADS, &line)?;
    }
    if elsewhere > 0 {
        let line = format!("{elsewhere} elsewhere in the site (-v names them)");
        style.entry(out, "", Paint::Dim, HEADS, &line)?;
    }
    Ok(())
}

/// Counts of errors, warnings and notes; those that are 0 are left out.
fn tally(counts: [usize; 3]) -> String {
    let parts: Vec<String> = counts
        .into_iter()
        .zip(["error", "warning", "note"])
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| plural(n, what))
        .collect();
    if parts.is_empty() {
        "no finding".into()
    } else {
        parts.join(", ")
    }
}

/// The roles of an export's hosts. A perimeter firewall has none, so that none is known is said only where it is a finding.
fn roles(o: &Outcome, e: &ExportInfo) -> Option<String> {
    let names: Vec<_> = e.roles.iter().map(|r| text(r)).collect();
    let here = |f: &crate::finding::Finding| f.place.as_ref().is_some_and(|p| p.path == e.path);
    match (names.is_empty(), e.role_source) {
        (false, Some(source)) => Some(format!("{} ({})", names.join(", "), words::told_by(source))),
        (false, None) => Some(names.join(", ")),
        (true, _) => o
            .findings
            .iter()
            .any(|f| f.code == Code::UnknownRole && here(f))
            .then(|| "role unknown".to_owned()),
    }
}

/// What is not shown in full: waived findings, those of the baseline, notes, files that are no exports.
fn folded(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    held_down(o, options, style, out)?;
    if !options.verbose {
        let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
        for f in &o.findings {
            if f.is_active() && f.severity == Severity::Note {
                *codes.entry(f.code).or_default() += 1;
            }
        }
        let parts: Vec<String> = codes.iter().map(|(c, n)| format!("{n} {c}")).collect();
        if !parts.is_empty() {
            let line = format!("{} (-v shows them)", parts.join(", "));
            style.entry(out, "notes", Paint::Dim, HEADS, &line)?;
        }
    }
    match (o.not_exports.len(), options.verbose) {
        (0, _) => Ok(()),
        (n, false) => {
            let files = if n == 1 {
                "1 file that is no export".to_owned()
            } else {
                format!("{n} files that are no exports")
            };
            let line = format!("{files} (-v lists them)");
            style.entry(out, "passed over", Paint::Dim, HEADS, &line)
        }
        (_, true) => o
            .not_exports
            .iter()
            .try_for_each(|p| style.entry(out, "no export", Paint::Dim, HEADS, &text(p))),
    }
}

/// Waived findings with who accepts them, and what the baseline holds.
fn held_down(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let limit = if options.verbose { usize::MAX } else { NAMED };
    let waived = || {
        o.findings
            .iter()
            .filter_map(|f| Some((f, f.waived.as_ref()?)))
    };
    for (f, w) in waived().take(limit) {
        let line = format!(
            "{}: {} ({})",
            f.code,
            limited(&f.message, 300),
            words::waiver(w)
        );
        style.entry(out, "waived", Paint::Yellow, HEADS, &line)?;
    }
    let more = waived().count().saturating_sub(limit);
    if more > 0 {
        let line = format!("{more} more (-v names them)");
        style.entry(out, "", Paint::Dim, HEADS, &line)?;
    }
    let Some(b) = &o.baseline else { return Ok(()) };
    if options.verbose {
        for f in o.findings.iter().filter(|f| f.baselined) {
            let at = f.place.as_ref();
            let at = at.map_or_else(String::new, |p| {
                format!(" ({}:{})", text(&p.path), p.start.line)
            });
            let line = format!("{}: {}{at}", f.code, limited(&f.message, 300));
            style.entry(out, "in baseline", Paint::Dim, HEADS, &line)?;
        }
    }
    if b.gone > 0 {
        let path = text(&b.path);
        let line = format!(
            "{} of the {} in {path} {} found no more: write it anew with --write-baseline {path}",
            b.gone,
            plural(b.entries, "finding"),
            if b.gone == 1 { "is" } else { "are" },
        );
        style.entry(out, "baseline", Paint::Yellow, HEADS, &line)?;
    }
    Ok(())
}

/// The auditor's list: each requirement with what decides it.
fn every_requirement(o: &Outcome, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for r in &o.requirements {
        let head = format!("{} row {}", r.status.as_str(), r.row);
        let mut line = format!("{}: {} → {}", text(&r.id), text(&r.from), text(&r.to));
        if let Some(reason) = words::standing(r) {
            line.push_str(" · ");
            line.push_str(&limited(reason, 300));
        }
        style.entry(out, &head, Paint::Dim, 24, &line)?;
        for c in &r.checks {
            let by: Vec<String> = c.evidence.iter().map(words::decider).collect();
            let line = format!(
                "{} {} {}: {} by {}",
                text(c.host.as_deref().unwrap_or(&c.export)),
                text(&c.point),
                c.direction,
                c.status.as_str(),
                if by.is_empty() {
                    "nothing".into()
                } else {
                    by.join(", ")
                }
            );
            style.entry(out, "", Paint::Dim, 26, &line)?;
        }
    }
    Ok(())
}
