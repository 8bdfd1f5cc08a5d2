//! HTML for a change board and its record: one file that needs nothing else, runs no script, and prints.

mod evidence;
mod packets;

use super::DiffReport;
use super::fold::sections;
use super::words;
use crate::common::sanitize::{limited, text};
use crate::finding::Finding;
use crate::finding::difference::{Difference, RequirementChange};
use crate::finding::outcome::Status;
use crate::report::RenderOptions;
use crate::report::html::badge::badge;
use crate::report::html::findings::{finding, sentence};
use crate::report::html::{POLICY, STYLE};
use crate::report::words::{SENTENCE, at};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::io::{self, Write};

/// What a review has beside the other reports.
const MORE_STYLE: &str = include_str!("html/style.css");

/// The report as one page.
pub(super) struct Html;

impl DiffReport for Html {
    fn write(&self, d: &Difference, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(page(d).into_string().as_bytes())?;
        out.write_all(b"\n")
    }
}

fn page(d: &Difference) -> Markup {
    let site = match d.new.site.name.as_str() {
        "" => "firewall change".into(),
        name => text(name),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(concat!("hylint ", env!("CARGO_PKG_VERSION")));
                title { "hylint diff: " (site) }
                style { (PreEscaped(STYLE)) (PreEscaped(MORE_STYLE)) }
            }
            body {
                header {
                    p.tool { "hylint change review" }
                    h1 { (site) }
                    (verdict(d))
                    p { code { (text(&d.old.name)) } span.arrow { " → " } code { (text(&d.new.name)) } ": " (words::compared(d))
                        @if let Some(on) = words::affected(d, usize::MAX) { ", on " (sentence(&on)) } }
                }
                main {
                    (requirements(d))
                    (new(&d.findings.new))
                    (gone(&d.findings.gone))
                    @for s in sections(d) { (packets::section(d, &s)) }
                    (hosts(d))
                    (policy(d))
                    (evidence::section(d))
                }
                footer {
                    h2 { "Limits" }
                    ul { @for l in words::limits(d) { li { (sentence(&limited(&l, SENTENCE))) } } }
                }
            }
        }
    }
}

/// The word of the gate, and why.
fn verdict(d: &Difference) -> Markup {
    let gate = words::gate(d);
    let class = match gate {
        "PASSED" => "verdict ok",
        "FAILED" => "verdict failed",
        _ => "verdict notrun",
    };
    let why = words::why(d);
    html! {
        div class=(class) {
            @if let [one] = why.as_slice() {
                p { strong { (gate) } " · " (one) @if d.is_none() && d.compared() { ": " (words::AS_BEFORE) } }
            } @else {
                p { strong { (gate) } }
                ul { @for w in &why { li { (w) } } }
            }
            @if let Some(advice) = words::advice(d) { p { (sentence(advice)) } }
        }
    }
}

/// Those that are worse first.
fn requirements(d: &Difference) -> Markup {
    if d.requirements.is_empty() {
        return html! {};
    }
    let (worse, better): (Vec<_>, Vec<_>) = d.requirements.iter().partition(|r| r.worse);
    html! {
        section {
            h2 { "Requirements" }
            table.review {
                thead { tr {
                    th.row { "Row" } th { "Requirement" } th.status { "Before" } th.status { "After" } th { "Impact" }
                } }
                tbody { @for r in worse.into_iter().chain(better) { (requirement(r)) } }
            }
        }
    }
}

fn requirement(r: &RequirementChange) -> Markup {
    let status = |s: Option<Status>| {
        let class = format!("badge {}", s.map_or("", Status::as_str));
        html! { span class=(class) { (words::status(s)) } }
    };
    html! {
        tr {
            td.number data-head="Row" { (r.row) }
            td { code { (text(&r.id)) } }
            td data-head="Before" { (status(r.old)) }
            td data-head="After" { (status(r.new)) }
            td { (words::impact(r).unwrap_or_default()) }
        }
    }
}

fn new(all: &[Finding]) -> Markup {
    html! {
        @if !all.is_empty() {
            section {
                h2 { (words::findings("new", all.len())) }
                @for f in all { (finding(f)) }
            }
        }
    }
}

fn gone(all: &[Finding]) -> Markup {
    html! {
        @if !all.is_empty() {
            section {
                h2.within { (words::findings("gone", all.len())) }
                ul.gone {
                    @for f in all {
                        li { (badge(f.severity)) " " code { (f.code) } " " (sentence(&limited(&f.message, SENTENCE)))
                            @if let Some(p) = &f.place { " " code { (at(p)) } } }
                    }
                }
            }
        }
    }
}

fn hosts(d: &Difference) -> Markup {
    let h = &d.hosts;
    html! {
        @if !h.added.is_empty() || !h.removed.is_empty() {
            section {
                h2 { "Hosts" }
                @for (what, all) in [("Added", &h.added), ("Removed", &h.removed)] {
                    @if !all.is_empty() { p { (what) ": " (sentence(&words::names(all, usize::MAX))) } }
                }
            }
        }
    }
}

fn policy(d: &Difference) -> Markup {
    html! {
        @if !d.policy.is_empty() {
            section {
                h2 { (words::POLICY) }
                ul.policy {
                    @for p in &d.policy {
                        li { @if p.loosened { span.loosened { "loosened: " } } (sentence(&words::policy(p))) }
                    }
                }
            }
        }
    }
}
