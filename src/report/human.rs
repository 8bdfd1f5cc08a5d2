//! For people: the gravest findings first, those of one cause together, then what the verdict rests on, the verdict last.

pub(super) mod finding;
mod first_run;
mod snippet;
mod statistics;
pub(super) mod style;
mod summary;

use super::fold::{self, Group};
use super::{RenderOptions, Report, Show};
use crate::finding::outcome::Outcome;
use crate::finding::{AssumptionId, Finding, Severity};
use finding::Detail;
use std::io::{self, Write};
use style::{Paint, Style};

/// Causes shown with their lines; of the others only the first line and the place, unless all are asked for.
const IN_FULL: usize = 10;
/// So many more are not worth a form of their own.
const HARDLY_MORE: usize = 2;
/// Causes after those that are shown in short; the rest is counted by code.
const IN_SHORT: usize = 30;
/// Lines of findings that are read without a digest before them.
const ONE_SCREEN: usize = 40;

/// The report for a terminal.
pub(super) struct Human;

impl Report for Human {
    fn write(&self, o: &Outcome, options: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        let style = Style::new(options);
        let groups = groups(o, options, Show::First);
        if options.statistics {
            statistics::write(&groups, &style, out)?;
            return summary::one_line(o, &style, out);
        }
        let mut report = Vec::new();
        whole(o, &groups, options, &style, &mut report)?;
        let long = first_run::rows(&report, style.width) > first_run::SCREEN;
        let asks = options.show.is_none() && !options.quiet && !options.verbose;
        if long && asks && o.site.draft.is_some() {
            return first_run::write(o, &groups, &style, out);
        }
        out.write_all(&report)
    }
}

/// The findings with their lines, and the summary.
fn whole(
    o: &Outcome,
    groups: &[Group<'_>],
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut body = Vec::new();
    findings(o, groups, options, style, &mut body)?;
    if !options.quiet && body.iter().filter(|b| **b == b'\n').count() > ONE_SCREEN {
        summary::digest(o, groups, style, out)?;
    }
    out.write_all(&body)?;
    if options.quiet {
        summary::one_line(o, style, out)
    } else {
        summary::write(o, options, style, out)
    }
}

/// What is shown of a run's findings; `usual` where the options do not say how much.
pub(super) fn groups<'a>(o: &'a Outcome, options: &RenderOptions, usual: Show) -> Vec<Group<'a>> {
    let shown = |f: &&Finding| {
        f.is_active()
            && match f.severity {
                Severity::Error => true,
                Severity::Warning => !options.quiet,
                Severity::Note => options.verbose || options.statistics,
            }
    };
    let findings = o.findings.iter().filter(shown);
    match options.show.unwrap_or(usual) {
        Show::First => fold::causes(findings),
        Show::All => fold::each(findings),
    }
}

fn findings(
    o: &Outcome,
    groups: &[Group<'_>],
    options: &RenderOptions,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = options.show == Some(Show::All) || options.verbose;
    let few = groups.len() <= IN_FULL + HARDLY_MORE;
    let full = if all || few { groups.len() } else { IN_FULL };
    let detail = if options.verbose {
        Detail::Everything
    } else {
        Detail::Enough
    };
    let mut assumed = o.assumptions.iter();
    let invented = assumed.any(|a| a.id == AssumptionId::PeersUnknown);
    for group in groups.iter().take(full) {
        finding::write(group, style, detail, invented, out)?;
        writeln!(out)?;
    }
    let short = groups.get(full..).unwrap_or_default();
    if short.is_empty() {
        return Ok(());
    }
    let said = format!("{} more in short (--show all):", short.len());
    writeln!(out, "{}", style.paint(Paint::Dim, &said))?;
    for group in short.iter().take(IN_SHORT) {
        finding::in_short(o, group, style, out)?;
    }
    let counted = short.get(IN_SHORT..).unwrap_or_default();
    if !counted.is_empty() {
        let codes = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .flat_map(|s| fold::by_code(counted, s))
            .map(|(code, n, _)| format!("{n} {code}"));
        let said = format!("and {}", codes.collect::<Vec<_>>().join(", "));
        writeln!(out, "{}", style.paint(Paint::Dim, &said))?;
    }
    writeln!(out)
}
