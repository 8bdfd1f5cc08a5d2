//! The tables that a third party checks: each requirement with what decides it, each file with its hash.

use crate::common::sanitize::{limited, line, text};
use crate::finding::outcome::{Check, Evidence, Outcome, RequirementResult, Status};
use crate::report::words;
use maud::{Markup, html};

/// Every requirement in the vendor's order; those that do not apply in a table of their own.
pub(super) fn requirements(o: &Outcome) -> Markup {
    let (none, judged): (Vec<_>, Vec<_>) = o
        .requirements
        .iter()
        .partition(|r| r.status == Status::NotApplicable);
    html! {
        @if !judged.is_empty() {
            section {
                h2 { "Requirements and evidence" }
                table.requirements {
                    thead { tr { th { "Row" } th { "Requirement" } th { "Status" } th { "Evidence" } } }
                    tbody { @for r in judged { (requirement(r)) } }
                }
            }
        }
        @if !none.is_empty() {
            section {
                h2 { "Requirements that do not apply" }
                table {
                    thead { tr { th { "Row" } th { "Requirement" } th { "Reason" } } }
                    tbody {
                        @for r in none {
                            tr { td.number { (r.row) } td { (named(r)) }
                                 td { (limited(r.reason.as_deref().unwrap_or(""), 300)) } }
                        }
                    }
                }
            }
        }
    }
}

fn named(r: &RequirementResult) -> Markup {
    html! { code { (text(&r.id)) } br; (text(&r.from)) " → " (text(&r.to)) }
}

fn status(s: Status) -> Markup {
    html! { span class=(format!("badge {}", s.as_str())) { (s.as_str()) } }
}

fn requirement(r: &RequirementResult) -> Markup {
    html! {
        tr {
            td.number { (r.row) }
            td { (named(r)) @if !r.purpose.is_empty() { p.purpose { (limited(&r.purpose, words::SENTENCE)) } } }
            td { (status(r.status)) }
            td {
                @if let Some(reason) = words::standing(r) { p { (limited(reason, 300)) } }
                @for c in &r.checks { (check(c)) }
            }
        }
    }
}

fn check(c: &Check) -> Markup {
    html! {
        div.check {
            p { (status(c.status)) " " strong { (text(c.host.as_deref().unwrap_or("-"))) } " " (c.direction.as_str()) " "
                span.flow { (limited(&c.src, 300)) " → " (limited(&c.dst, 300)) " port " (limited(&c.ports.join(", "), 200)) } }
            @for e in &c.evidence { (decider(e)) }
            @if !c.assumptions.is_empty() { p.assumed { "assumed: " (limited(&c.assumptions.join(", "), 200)) } }
        }
    }
}

fn decider(e: &Evidence) -> Markup {
    let shown = e.place.as_ref().and_then(|p| p.excerpt.lines().next());
    html! {
        p.decider { (e.kind.as_str()) @if e.kind.as_str() != e.rule { " " em { (text(&e.rule)) } }
            @if let Some(p) = &e.place { " " code { (words::at(p)) } } }
        @if let Some(l) = shown { pre { span.line { span.number { (l.line) } (line(l.text.trim_end())) } } }
    }
}

/// Every export: where it is, its hash, and how much of it was read.
pub(super) fn exports(o: &Outcome) -> Markup {
    html! {
        section {
            h2 { "Exports" }
            table.exports {
                thead { tr { th { "File and SHA-256" } th { "Format" } th { "Made" } th { "Bytes" } th { "Rules" } th { "Not in full" } th { "Roles" } } }
                tbody {
                    @for e in &o.exports {
                        tr {
                            td { code { (text(&e.path)) } br; code.hash { (e.sha256) } }
                            td { (e.format) br; (e.encoding) }
                            td { (limited(e.exported_at.as_deref().unwrap_or("not said"), 40)) }
                            td.number { (e.bytes) }
                            td.number { (e.rules) }
                            td.number { (e.unmodelled) }
                            td { (limited(&e.roles.join(", "), 300))
                                 @if let (Some(by), false) = (e.role_source, e.roles.is_empty()) { " (" (words::told_by(by)) ")" } }
                        }
                    }
                }
            }
        }
    }
}
