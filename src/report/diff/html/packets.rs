//! The packets that are decided otherwise.

use super::super::fold::{Entry, Section};
use super::super::words;
use crate::common::sanitize::text;
use crate::finding::difference::{Decision, Difference};
use crate::report::html::findings::sentence;
use maud::{Markup, html};

/// Lines of one section; a browser shows no more than some thousands.
const SHOWN: usize = 2_000;

/// The boxes of one kind.
pub(super) fn section(d: &Difference, s: &Section<'_>) -> Markup {
    let class = if s.within { "within" } else { s.kind.as_str() };
    let shown = s.entries.get(..SHOWN).unwrap_or(&s.entries);
    let more: usize = s.entries.iter().skip(SHOWN).map(|e| e.boxes).sum();
    html! {
        section {
            h2 class=(class) { (words::section(d, s.kind, s.within, s.boxes)) }
            table.review {
                thead { tr { th.where { "Where" } th { "Packets" } th { "Before" } th { "After" } } }
                tbody { @for e in shown { (entry(d, e)) } }
            }
            @if more > 0 { p { (words::left_out(more)) } }
        }
    }
}

fn entry(d: &Difference, e: &Entry<'_>) -> Markup {
    let [old, new] = words::decisions(e.first);
    html! {
        tr {
            td {
                @match words::only_file(d) {
                    Some(file) => code { (text(file)) },
                    None => (sentence(&words::hosts(&e.hosts, usize::MAX))),
                }
            }
            td {
                @for f in &e.flows { p { (f.full) } }
                @if let Some(on) = words::conditions(&e.conditions) { p { "if " (sentence(&on)) } }
            }
            td data-head="Before" { (decision(&old, &e.first.old)) }
            td data-head="After" { (decision(&new, &e.first.new)) }
        }
    }
}

fn decision(said: &str, d: &Decision) -> Markup {
    html! {
        (sentence(said))
        @if let Some(rule) = words::quote(&d.evidence) { code.line { (rule) } }
    }
}
