//! Waivers that stand in the exports: in a rule's comment or description, or in a `#` line right above the rule.
//!
//! They hold for the findings of that one rule. Who can write into an export can write one, so none holds down a lint of
//! trust, each ends, each is named in every report, and `--no-inline-waivers` takes none.

use super::directive::{self, Mistake};
use crate::finding::{Code, Finding, Identity, Place, Severity, Waiver};
use crate::load::LoadedExport;
use hylint_model::{Field, Rule, Span};
use hylint_parsers::source::Position;
use std::sync::Arc;

/// A waiver and the rule that it stands at.
#[derive(Clone, PartialEq, Debug)]
pub struct Inline {
    /// Codes that it allows.
    pub codes: Vec<Code>,
    /// Why, until when, and where it stands.
    pub waiver: Waiver,
    path: Arc<str>,
    rule: (Position, Position),
}

impl Inline {
    /// Whether a finding is about its rule and about no other one.
    pub(super) fn covers(&self, f: &Finding) -> bool {
        let order = |p: Position| (p.line, p.column);
        let inside = |p: &Place| {
            p.path == self.path
                && order(p.start) >= order(self.rule.0)
                && order(p.end) <= order(self.rule.1)
        };
        f.identity.members.len() <= 1 && f.place.as_ref().is_some_and(inside)
    }
}

/// The waivers of an export, and what is wrong with those that do not hold.
#[must_use]
pub fn of(e: &LoadedExport) -> (Vec<Inline>, Vec<Finding>) {
    let mut out = (Vec::new(), Vec::new());
    // Most exports hold none.
    if !names_hylint(&e.source.text) {
        return out;
    }
    let rules: Vec<&Rule> = e.export.points.iter().flat_map(|p| p.rules()).collect();
    let written = rules.iter().filter(|r| !r.span.is_empty());
    for rule in written.filter(|r| names_hylint(&r.comment)) {
        let span = rule.place(Field::Description);
        for text in waivers_in(&rule.comment) {
            take(e, text, span, Some(rule), &mut out);
        }
    }
    for (text, span) in &e.export.annotations {
        take(e, text, *span, below(e, &rules, *span), &mut out);
    }
    out.1.extend(misspelt(e));
    out
}

/// The name as it is found without regard to case: what stands before it is its first letter.
const WORDS: [&[u8]; 2] = [b"ylint", b"YLINT"];

fn names_hylint(text: &str) -> bool {
    let text = text.as_bytes();
    WORDS
        .iter()
        .any(|w| memchr::memmem::find(text, w).is_some())
}

/// Every text of a comment that follows `hylint:`, in any case.
fn waivers_in(comment: &str) -> Vec<&str> {
    let lower = comment.to_ascii_lowercase();
    let starts = lower.match_indices("hylint").filter_map(|(at, word)| {
        let after = lower.get(at + word.len()..)?.trim_start();
        let rest = after.strip_prefix(':').or_else(|| {
            // Without the colon it is a waiver only if it looks like a whole one.
            let whole = after.starts_with("allow ") && after.contains("until=");
            whole.then_some(after)
        })?;
        Some((at, lower.len() - rest.len()))
    });
    let starts: Vec<(usize, usize)> = starts.collect();
    let ends = starts.iter().skip(1).map(|(at, _)| *at);
    let ends: Vec<usize> = ends.chain([comment.len()]).collect();
    let parts = starts.iter().zip(ends);
    parts
        .filter_map(|((_, from), to)| comment.get(*from..to))
        .collect()
}

/// Comment lines that look like waivers and that the reader does not know for an annotation, such as `# Hylint allow …`.
fn misspelt(e: &LoadedExport) -> Vec<Finding> {
    let text = e.source.text.as_bytes();
    let hits = WORDS
        .iter()
        .flat_map(|w| memchr::memmem::find_iter(text, w));
    let mut lines: Vec<u32> = hits
        .map(|at| e.source.line(u32::try_from(at).unwrap_or(u32::MAX)))
        .collect();
    lines.sort_unstable();
    lines.dedup();
    let known = |n: u32| {
        let mut all = e.export.annotations.iter();
        all.any(|(_, s)| e.source.line(s.start) == n)
    };
    let mut out = Vec::new();
    for n in lines.into_iter().filter(|n| !known(*n)) {
        let span = e.source.line_span(n);
        let Some(comment) = e.source.slice(span).trim_start().strip_prefix('#') else {
            continue;
        };
        for text in waivers_in(comment) {
            if directive::read(text).is_some() {
                let place = Place::new(&e.path, &e.source, span);
                out.push(malformed(place, &Mistake::Misspelt));
            }
        }
    }
    out
}

fn take(
    e: &LoadedExport,
    text: &str,
    span: Span,
    rule: Option<&Rule>,
    out: &mut (Vec<Inline>, Vec<Finding>),
) {
    let read = match directive::read(text) {
        None => return,
        Some(read) => read.and_then(|d| Ok((codes(&d.codes)?, d))),
    };
    let read = read.and_then(|(codes, d)| Ok((codes, d, rule.ok_or(Mistake::NoRule)?)));
    let place = Place::new(&e.path, &e.source, span);
    match read {
        Ok((codes, d, rule)) => out.0.push(Inline {
            codes,
            waiver: Waiver {
                reason: d.reason,
                owner: d.owner,
                until: d.until,
                place: Some(place),
                inline: true,
            },
            path: e.path_at(rule.span.start).clone(),
            rule: (
                e.source.position(rule.span.start),
                e.source.position(rule.span.end),
            ),
        }),
        Err(mistake) => out.1.push(malformed(place, &mistake)),
    }
}

/// The codes, each of which must exist and may be waived in an export.
fn codes(texts: &[String]) -> Result<Vec<Code>, Mistake> {
    let one = |text: &String| match Code::named(text) {
        None => Err(Mistake::UnknownCode(text.clone())),
        Some(code) if code.is_trust() => Err(Mistake::Trust(code)),
        Some(code) => Ok(code),
    };
    texts.iter().map(one).collect()
}

fn malformed(place: Place, mistake: &Mistake) -> Finding {
    let mut f = Finding::new(
        Code::MalformedExport,
        Severity::Error,
        format!("waiver in the export has no effect: {}", mistake.message()),
        Identity::of(&["inline waiver", &mistake.known_as()]),
        place,
    );
    f.label = "this waiver".into();
    f.help = Some(mistake.help());
    f
}

/// The rule that begins on the first line below a comment line that is neither a comment nor empty.
fn below<'a>(e: &LoadedExport, rules: &[&'a Rule], comment: Span) -> Option<&'a Rule> {
    let source = &e.source;
    let at = source.line(comment.start);
    let line = |n: u32| source.slice(source.line_span(n)).trim();
    let is_comment = |t: &str| t.starts_with('#') || t.starts_with("//");
    // A description of a whole group is no line above a rule.
    if !is_comment(line(at)) {
        return None;
    }
    let last = u32::try_from(source.line_count()).unwrap_or(u32::MAX);
    let next = (at + 1..=last).find(|n| !line(*n).is_empty() && !is_comment(line(*n)))?;
    let starts = |r: &&&Rule| !r.span.is_empty() && source.line(r.span.start) == next;
    let mut found = rules.iter().filter(starts);
    let first = found.next()?;
    // Two rules on one line: it is not said which one is meant.
    found.next().is_none().then_some(*first)
}
