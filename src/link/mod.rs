//! Joins files of one scope: what one file of a host says of another's rules.
//!
//! A scope is the files of one `[[host]]` or `[[transit]]`, or else the files of one folder.

mod facts;
mod ipset;
mod windows;

use crate::finding::{Finding, Place, Severity};
use crate::load::LoadedExport;
use hylint_parsers::source::Span;
use hylint_parsers::space::AddrSet;
use std::collections::BTreeMap;

pub use facts::{same_id, short_name};

/// What linking found beside what it changed in the rules.
#[derive(Debug, Default)]
pub struct Linked {
    /// Names that the exports use and their companions define, by their key of `[resolve]`.
    pub resolve: BTreeMap<String, AddrSet>,
    /// What could not be joined.
    pub findings: Vec<Finding>,
}

/// Joins files. `claims` holds for each export the host or transit entries that name it, as numbers; `known` are names
/// that the site itself resolves, which go before what files say.
pub fn link(
    exports: &mut [LoadedExport],
    claims: &[Vec<usize>],
    known: &BTreeMap<String, AddrSet>,
) -> Linked {
    let mut out = Linked::default();
    windows::join(exports, claims, &mut out.findings);
    ipset::join(exports, claims, known, &mut out.findings);
    out.resolve = facts::resolve(exports);
    out
}

/// Whether two exports are of one scope.
fn together(exports: &[LoadedExport], claims: &[Vec<usize>], a: usize, b: usize) -> bool {
    let of = |i: usize| claims.get(i).map_or(&[][..], Vec::as_slice);
    if of(a).iter().any(|c| of(b).contains(c)) {
        return true;
    }
    if !of(a).is_empty() && !of(b).is_empty() {
        return false;
    }
    let folder = |i: usize| exports.get(i).map(|e| crate::site::paths::folder(&e.path));
    folder(a) == folder(b)
}

/// A finding at a place of an export.
fn finding(
    export: &LoadedExport,
    span: Span,
    severity: Severity,
    message: String,
    help: &str,
) -> Finding {
    let mut f = Finding::new("incomplete-export", severity, message);
    f.place = Some(Place::new(&export.path, &export.source, span));
    f.help = Some(help.to_owned());
    f
}
