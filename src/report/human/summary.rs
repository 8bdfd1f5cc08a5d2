//! The summary: what the verdict rests on and what it leaves open, then the verdict.

use super::style::{Paint, Style};
use crate::common::sanitize::{limited, text};
use crate::common::words::count;
use crate::finding::outcome::{Counts, ExportInfo, Gate, Outcome};
use crate::finding::{Code, Finding, Severity};
use crate::report::RenderOptions;
use crate::report::fold::{Group, by_code};
use crate::report::words::{self};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Exports, reasons and codes named unless `-v`.
const NAMED: usize = 4;
/// Codes of one severity named in the digest.
const CODES: usize = 3;
/// Width of the column of heads.
const HEADS: usize = 12;

/// Five lines before a long report: how much there is, of which codes, and what it rests on.
pub(super) fn digest(
    o: &Outcome,
    groups: &[Group<'_>],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let c = o.counts();
    let files = count(o.exports.len(), "export");
    let rules: usize = o.exports.iter().map(|e| e.rules).sum();
    let line = format!(
        "{} in {files} ({})",
        tally([c.errors, c.warnings, c.notes]),
        count(rules, "rule")
    );
    writeln!(out, "{}", style.paint(Paint::Bold, &line))?;
    for (head, severity) in [("errors", Severity::Error), ("warnings", Severity::Warning)] {
        let all = by_code(groups, severity);
        let named = all.iter().take(CODES);
        let mut codes: Vec<String> = named.map(|(code, n, _)| format!("{n} {code}")).collect();
        if all.len() > CODES {
            codes.push(count(all.len() - CODES, "more code"));
        }
        if !codes.is_empty() {
            style.entry(
                out,
                head,
                super::finding::paint(severity),
                HEADS,
                &codes.join(", "),
            )?;
        }
    }
    if !o.requirements.is_empty() {
        style.entry(out, "required", Paint::Bold, HEADS, &words::applicable(o))?;
    }
    if !o.assumptions.is_empty() {
        let mut ids: Vec<&str> = o.assumptions.iter().map(|a| a.id.as_str()).collect();
        ids.dedup();
        style.entry(out, "assumed", Paint::Yellow, HEADS, &ids.join(", "))?;
    }
    writeln!(out)
}

/// Writes the summary.
pub(super) fn write(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let few = if options.verbose { usize::MAX } else { NAMED };
    scope(o, style, out)?;
    if options.verbose {
        every_requirement(o, style, out)?;
    }
    let assumed: Vec<String> = o.assumptions.iter().map(words::assumption).collect();
    list(style, "assumed", Paint::Yellow, &assumed, few, out)?;
    let mut open: Vec<String> = o.not_proven().iter().map(words::not_proven).collect();
    open.extend(words::unmodelled(o));
    list(style, "not proven", Paint::Yellow, &open, few, out)?;
    limits(o, options, style, out)?;
    for l in &o.lints_changed {
        style.entry(out, "lint", Paint::Dim, HEADS, &text(l))?;
    }
    statuses(o, style, out)?;
    exports(o, options, style, out)?;
    suppressed(o, few, style, out)?;
    baseline(o, options, style, out)?;
    notes(o, options, style, out)?;
    ignored(o, options, style, out)?;
    next(o, style, out)?;
    one_line(o, style, out)
}

/// Lines under one head: so many of them, the others counted.
fn list(
    style: &Style,
    head: &str,
    paint: Paint,
    lines: &[String],
    few: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (n, line) in lines.iter().take(few).enumerate() {
        let head = if n == 0 { head } else { "" };
        style.entry(out, head, paint, HEADS, line)?;
    }
    match lines.len().saturating_sub(few) {
        0 => Ok(()),
        n => style.entry(out, "", Paint::Dim, HEADS, &format!("{n} more (-v)")),
    }
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

/// What "satisfied" does not mean: in one line, or with `-v` in full.
fn limits(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if options.verbose {
        let all: Vec<String> = o
            .limits
            .iter()
            .map(|l| limited(l, 600).into_owned())
            .collect();
        return list(style, "limits", Paint::Dim, &all, usize::MAX, out);
    }
    if o.limits.is_empty() {
        return Ok(());
    }
    style.entry(out, "limits", Paint::Dim, HEADS, words::LIMITS)
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
    let mut sorted: Vec<&ExportInfo> = all.iter().copied().filter(|e| !quiet(e)).collect();
    sorted.sort_by(|a, b| of(b).cmp(&of(a)).then(a.path.cmp(&b.path)));
    let line = |e: &ExportInfo| {
        let mut line = format!("{}: {}", text(&e.path), tally(of(e)));
        if e.points > 0 {
            line.push_str(&format!(" · {}", count(e.rules, "rule")));
        }
        if let Some(roles) = roles(o, e) {
            line.push_str(&format!(" · {roles}"));
        }
        line
    };
    // One export is named whatever is found; of several those that a reader has to look at.
    let grave = |e: &&&ExportInfo| options.verbose || sorted.len() == 1 || of(e)[..2] != [0; 2];
    let few = if options.verbose { usize::MAX } else { NAMED };
    let named = sorted.iter().filter(grave).count();
    let mut lines: Vec<String> = sorted
        .iter()
        .filter(grave)
        .take(few)
        .map(|e| line(e))
        .collect();
    let rest = [
        (named - lines.len(), "more"),
        (sorted.len() - named, "without errors and warnings"),
        (all.len() - sorted.len(), "without rules"),
        (o.exports.len() - all.len(), "elsewhere in the site"),
    ];
    let rest = rest.into_iter().filter(|(n, _)| *n > 0);
    let rest: Vec<String> = rest.map(|(n, what)| format!("{n} {what}")).collect();
    if !rest.is_empty() {
        lines.push(format!("{} (-v)", rest.join(", ")));
    }
    list(style, "exports", Paint::Bold, &lines, usize::MAX, out)
}

/// Counts of errors, warnings and notes; those that are 0 are left out.
fn tally(counts: [usize; 3]) -> String {
    let parts: Vec<String> = counts
        .into_iter()
        .zip(["error", "warning", "note"])
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| count(n, what))
        .collect();
    if parts.is_empty() {
        "no findings".into()
    } else {
        parts.join(", ")
    }
}

/// The roles of an export's hosts. A perimeter firewall has none, so that none is known is said only where it is a finding.
fn roles(o: &Outcome, e: &ExportInfo) -> Option<String> {
    let names: Vec<_> = e.roles.iter().map(|r| text(r)).collect();
    let here = |f: &Finding| f.place.as_ref().is_some_and(|p| p.path == e.path);
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

/// The command that goes on where no site file tells who the peers are and no finding has named it already.
fn next(o: &Outcome, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(draft) = &o.site.draft else {
        return Ok(());
    };
    let named = |f: &Finding| matches!(f.code, Code::UnknownRole | Code::UndeclaredRole);
    if o.reservations().not_proven == 0 || !o.judged_any() || o.findings.iter().any(named) {
        return Ok(());
    }
    let unbroken = style.unbroken();
    unbroken.entry(out, "next", Paint::Cyan, HEADS, &limited(draft, 600))
}

/// How many notes of which codes are not shown.
fn notes(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if options.verbose {
        return Ok(());
    }
    let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
    let notes = |f: &&Finding| f.is_active() && f.severity == Severity::Note;
    for f in o.findings.iter().filter(notes) {
        *codes.entry(f.code).or_default() += 1;
    }
    if codes.is_empty() {
        return Ok(());
    }
    let parts: Vec<String> = codes.iter().map(|(c, n)| format!("{n} {c}")).collect();
    let line = format!("{} (-v)", parts.join(", "));
    style.entry(out, "notes", Paint::Dim, HEADS, &line)
}

/// Files that are plainly no exports.
fn ignored(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if o.not_exports.is_empty() {
        return Ok(());
    }
    if options.verbose {
        let all: Vec<String> = o.not_exports.iter().map(|p| text(p).into_owned()).collect();
        return list(style, "no export", Paint::Dim, &all, usize::MAX, out);
    }
    let what = match o.not_exports.len() {
        1 => "1 file is not an export (-v)".to_owned(),
        n => format!("{n} files are not exports (-v)"),
    };
    style.entry(out, "ignored", Paint::Dim, HEADS, &what)
}

/// Waived findings with who accepts them.
fn suppressed(o: &Outcome, few: usize, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let waived = o
        .findings
        .iter()
        .filter_map(|f| Some((f, f.waived.as_ref()?)));
    let lines: Vec<String> = waived
        .map(|(f, w)| {
            let message = limited(&f.message, 300);
            format!("{}: {message} ({})", f.code, words::waiver(w))
        })
        .collect();
    list(style, "waived", Paint::Yellow, &lines, few, out)
}

/// What the baseline suppresses, and what of it is found no longer.
fn baseline(
    o: &Outcome,
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(b) = &o.baseline else { return Ok(()) };
    if options.verbose {
        for f in o.findings.iter().filter(|f| f.baselined) {
            let at = f.place.as_ref();
            let at = at.map_or_else(String::new, |p| {
                format!(" ({}:{})", text(&p.path), p.start.line)
            });
            let line = format!("{}: {}{at}", f.code, limited(&f.message, 300));
            style.entry(out, "baseline", Paint::Dim, HEADS, &line)?;
        }
    }
    if b.gone > 0 {
        let path = text(&b.path);
        let line = format!(
            "{} of {} in {path} {} no longer found: update it with --write-baseline {path}",
            b.gone,
            count(b.entries, "finding"),
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
