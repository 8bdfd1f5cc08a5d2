//! Findings with the lines that they stand on.

use super::badge::badge;
use crate::common::sanitize::{limited, line, text};
use crate::finding::outcome::Outcome;
use crate::finding::{ExcerptLine, Finding, Place, Severity};
use crate::report::{fold, words};
use maud::{Markup, html};

/// Active findings, gravest first.
pub(super) fn section(o: &Outcome) -> Markup {
    let ranked = fold::each(o.findings.iter().filter(|f| f.is_active()));
    html! {
        section {
            h2 { "Findings" }
            @if ranked.is_empty() { p { "None." } }
            @for g in ranked { (finding(g.first)) }
        }
    }
}

/// Findings that a waiver or the baseline suppresses.
pub(super) fn suppressed(o: &Outcome) -> Markup {
    let suppressed: Vec<&Finding> = o.findings.iter().filter(|f| !f.is_active()).collect();
    if suppressed.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "Suppressed" }
            table {
                thead { tr { th { "Finding" } th { "Place" } th { "Accepted" } } }
                tbody {
                    @for f in suppressed {
                        tr {
                            td { (badge(f.severity)) " " code { (f.code) } br; (sentence(&limited(&f.message, words::SENTENCE))) }
                            td { @if let Some(p) = &f.place { code { (words::at(p)) } } }
                            td { (words::suppressed(f).unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

/// A finding with its lines.
pub(in crate::report) fn finding(f: &Finding) -> Markup {
    let class = format!("finding {}", f.severity.as_str());
    html! {
        article class=(class) {
            h3 { (badge(f.severity)) " " code { (f.code) } " " (sentence(&limited(&f.message, words::SENTENCE))) }
            @if let Some(p) = &f.place { (place(p, &f.label, true)) }
            @for r in &f.related {
                // A note stands for many rules; their lines would bury what is grave.
                @if f.severity == Severity::Note {
                    p.also { code { (words::at(&r.place)) } " " (text(&r.label)) }
                } @else { (place(&r.place, &r.label, false)) }
            }
            dl.facts {
                @for (head, said) in words::facts(f) { dt { (head) } dd { (sentence(&said)) } }
            }
            p.fingerprint { "fingerprint " code { (f.fingerprint) } }
        }
    }
}

/// One of hylint's own sentences: what stands between two ticks is code.
pub(in crate::report) fn sentence(s: &str) -> Markup {
    let parts: Vec<&str> = s.split('`').collect();
    // A last tick without another one is a tick.
    let paired = parts.len() % 2 == 1;
    html! {
        @for (n, part) in parts.iter().enumerate() {
            @if n % 2 == 1 && (paired || n + 1 < parts.len()) { code { (part) } }
            @else if n % 2 == 1 { "`" (part) }
            @else { (part) }
        }
    }
}

/// A place with its lines, the covered text marked.
fn place(p: &Place, label: &str, primary: bool) -> Markup {
    let label = if label.is_empty() { "here" } else { label };
    html! {
        figure class=(if primary { "primary" } else { "related" }) {
            figcaption { code { (words::at(p)) } " " (text(label)) }
            @if !p.excerpt.is_empty() {
                pre { @for l in p.excerpt.lines() {
                    @let [before, marked, after] = cut(p, &l);
                    span.line { span.number { (l.line) } (before) @if !marked.is_empty() { mark { (marked) } } (after) "\n" }
                } }
            }
        }
    }
}

/// A line of an excerpt before, in and after the place.
fn cut(p: &Place, l: &ExcerptLine<'_>) -> [String; 3] {
    let column = |c: u32| (c.saturating_sub(l.column)) as usize;
    let from = if l.line == p.start.line {
        column(p.start.column)
    } else {
        0
    };
    let to = if l.line == p.end.line {
        column(p.end.column)
    } else {
        usize::MAX
    };
    // Each hostile character became one character, so columns are still true.
    let shown = line(l.text);
    let chars = || shown.chars();
    [
        chars().take(from).collect(),
        chars().take(to).skip(from).collect(),
        chars().skip(to).collect(),
    ]
}
