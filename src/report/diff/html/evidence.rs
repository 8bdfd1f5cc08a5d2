//! What the record of a change is made of: what was compared, by what, and the hashes of both sides.

use super::super::files::files;
use super::super::words;
use crate::common::sanitize::{limited, text};
use crate::finding::difference::{Difference, State};
use crate::finding::outcome::ExportInfo;
use crate::report::html::findings::sentence;
use maud::{Markup, html};

/// The evidence for change control.
pub(super) fn section(d: &Difference) -> Markup {
    html! {
        section {
            h2 { (words::EVIDENCE) }
            dl {
                dt { "Before" } dd { (side(&d.old)) }
                dt { "After" } dd { (side(&d.new)) }
                dt { "Proven by" }
                dd { "hylint " (env!("CARGO_PKG_VERSION")) ", " (limited(&d.evaluated_at, 40)) ", " (words::PROOF) }
                dt { "Judged by" } dd { (sentence(words::held_against(d))) }
                dt { "For the author to add" } dd { (words::AUTHOR) }
            }
            table.review {
                thead { tr { th { "File" } th { "SHA-256 before" } th { "SHA-256 after" } } }
                tbody {
                    @for f in files(d) {
                        tr {
                            td { code { (text(f.path())) } }
                            td data-head="Before" { (hash(f.old)) }
                            td data-head="After" {
                                @if f.differs() { (hash(f.new)) } @else { "the same" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn side(s: &State) -> Markup {
    let m = &s.matrix;
    html! {
        code { (text(&s.name)) }
        @if let (Some(path), Some(sha256)) = (&s.site.path, &s.site.sha256) {
            br; code { (text(path)) } " " code.hash { (limited(sha256, 64)) }
        }
        br; "matrix " (text(&m.id)) " " (text(&m.version)) " " code.hash { (limited(&m.sha256, 64)) }
    }
}

fn hash(e: Option<&ExportInfo>) -> Markup {
    html! {
        @match e {
            Some(e) => code.hash { (limited(&e.sha256, 64)) },
            None => "none",
        }
    }
}
