//! HTML for auditors: one file that needs nothing else, runs no script, and prints.
//!
//! maud escapes whatever is put into it; what it does not know of (direction overrides, controls) the sanitizer takes out.

pub(super) mod badge;
mod evidence;
pub(super) mod findings;
mod flows;

use super::{RenderOptions, Report, words};
use crate::common::sanitize::{limited, text};
use crate::common::words::count;
use crate::finding::outcome::{Gate, Outcome, Status};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::io::{self, Write};

pub(super) const STYLE: &str = include_str!("html/style.css");
/// Nothing is loaded and nothing runs, whatever the text holds.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as one page.
pub(super) struct Html;

impl Report for Html {
    fn write(&self, o: &Outcome, _: &RenderOptions, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(page(o).into_string().as_bytes())?;
        out.write_all(b"\n")
    }
}

fn page(o: &Outcome) -> Markup {
    let site = if o.site.name.is_empty() {
        "firewall compliance".into()
    } else {
        text(&o.site.name)
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(concat!("hylint ", env!("CARGO_PKG_VERSION")));
                title { "hylint: " (site) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.tool { "hylint compliance report" }
                    h1 { (site) }
                    (verdict(o))
                    (identity(o))
                }
                main {
                    (summary(o))
                    (grounds(o))
                    (flows::section(o))
                    (findings::section(o))
                    (evidence::requirements(o))
                    (findings::suppressed(o))
                    (evidence::exports(o))
                }
                footer { (limits(o)) }
            }
        }
    }
}

fn verdict(o: &Outcome) -> Markup {
    let class = match o.verdict() {
        Gate::Passed | Gate::NothingToCheck => "verdict ok",
        Gate::Failed(_) => "verdict failed",
        Gate::NotRun => "verdict notrun",
    };
    html! {
        p class=(class) { strong { (words::verdict(o)) } " · " (words::counts(o)) }
    }
}

/// What exactly was judged, by what, and when.
fn identity(o: &Outcome) -> Markup {
    html! {
        dl.identity {
            dt { "Evaluated at" } dd { (text(&o.evaluated_at)) }
            dt { "Tool" } dd { (concat!("hylint ", env!("CARGO_PKG_VERSION"))) }
            dt { "Matrix" }
            dd { (text(&o.matrix.id)) " " (text(&o.matrix.version)) ", " (count(o.matrix.requirements, "requirement"))
                br; code.hash { (o.matrix.sha256) } }
            @if let Some(path) = &o.site.path {
                dt { "Site file" }
                dd { code { (text(path)) } @if let Some(h) = &o.site.sha256 { br; code.hash { (h) } } }
            }
            @if let Some(b) = &o.baseline {
                dt { "Baseline" }
                dd { code { (text(&b.path)) } ", " (count(b.entries, "finding")) }
            }
            @if let Some(about) = words::scope(o) { dt { "Scope" } dd { (about) } }
            @if !o.lints_changed.is_empty() {
                dt { "Lints changed" }
                dd { @for l in &o.lints_changed { code { (text(l)) } " " } }
            }
        }
    }
}

fn summary(o: &Outcome) -> Markup {
    let c = o.counts();
    let tiles = [
        (c.errors, "errors", "error"),
        (c.warnings, "warnings", "warning"),
        (c.notes, "notes", "note"),
        (c.waived, "waived", "held"),
        (c.baselined, "in the baseline", "held"),
    ];
    html! {
        section.summary {
            h2 { "Summary" }
            ul.tiles {
                @for (n, what, class) in tiles {
                    li class=(if n > 0 { class } else { "none" }) { b { (n) } span { (what) } }
                }
            }
            @if !o.requirements.is_empty() {
                p.bar aria-hidden="true" {
                    @for s in Status::EACH {
                        @let n = o.requirements_with(s);
                        @if n > 0 { span class=(s.as_str()) style=(format!("flex-grow:{n}")) {} }
                    }
                }
                p.legend {
                    @for s in Status::EACH {
                        @let n = o.requirements_with(s);
                        @if n > 0 { span { i class=(s.as_str()) {} (n) " " (s.as_str()) } }
                    }
                    " of " (count(o.requirements.len(), "requirement"))
                }
            }
        }
    }
}

/// What the verdict rests on: what was not proven, and what was taken for granted.
fn grounds(o: &Outcome) -> Markup {
    let open = o.not_proven();
    let unread = words::unmodelled(o);
    if open.is_empty() && unread.is_none() && o.assumptions.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "What this rests on" }
            ul.grounds {
                @for n in &open { li { strong { "Not proven. " } (words::not_proven(n)) } }
                @if let Some(t) = unread { li { strong { "Not proven. " } (t) } }
                @for a in &o.assumptions { li { strong { "Assumed. " } (words::assumption(a)) } }
            }
        }
    }
}

fn limits(o: &Outcome) -> Markup {
    html! {
        h2 { "Limits" }
        ul { @for l in &o.limits { li { (limited(l, words::SENTENCE)) } } }
        @if !o.unread.is_empty() {
            p { (count(o.unread.len(), "unread file")) " in the given paths:" }
            ul.files { @for u in &o.unread { li { code { (text(&u.path)) } ": " (u.what) } } }
        }
        @if !o.narrowed.excluded.is_empty() {
            p { (count(o.narrowed.excluded.len(), "file")) " excluded by the site:" }
            ul.files { @for p in &o.narrowed.excluded { li { code { (text(p)) } } } }
        }
        @if !o.not_exports.is_empty() {
            p { (count(o.not_exports.len(), "ignored file")) " in the given paths, plainly no exports:" }
            ul.files { @for p in &o.not_exports { li { code { (text(p)) } } } }
        }
    }
}
