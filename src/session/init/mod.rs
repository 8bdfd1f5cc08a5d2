//! A hylint.toml to begin with, from the exports of a folder.
//!
//! What an export says itself, by a comment, a tag or its path, is written out. What is only likely is written as a
//! comment with what speaks for it: a guess that stands in the file would be taken for what people declared.

mod found;
mod hosts;
mod write;

use super::{Kept, Request, Session, SiteScope};
use crate::common::diag::Diag;
use crate::common::progress::Silent;
use crate::load::{Disk, Heads, LoadedExport};
use crate::rules::matrix::Matrix;
use crate::site::Bound;
use std::path::Path;
use std::sync::Arc;

/// One possible `[[host]]`.
#[derive(Clone, PartialEq, Debug, Default)]
struct Candidate {
    name: String,
    /// Role ids.
    roles: Vec<String>,
    /// What says so, or what speaks for it.
    reason: String,
    /// An export says so, so it may stand in the file.
    certain: bool,
    addresses: Vec<String>,
    /// Addresses that its rules name as their destination.
    maybe: Vec<String>,
    /// Paths of files, relative to the folder.
    exports: Vec<String>,
    /// Names of cloud points, where no interface binds them.
    points: Vec<String>,
    /// It is Windows, and these profiles are active, if an export says so.
    windows: Option<Option<&'static str>>,
    /// Its rules are about what goes through it.
    forwards: bool,
}

/// The file, and what there is to say about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Text of the hylint.toml.
    pub text: String,
    /// Exports that were read.
    pub exports: usize,
    /// Hosts whose role an export says.
    pub known: usize,
    /// Hosts that are written as comments, to be confirmed.
    pub open: usize,
    /// Those whose role is said and whose address is not.
    pub unaddressed: usize,
    /// Names that exports use and do not define.
    pub names: usize,
}

/// What was read.
struct Survey<'a> {
    root: &'a Path,
    matrix: &'a Matrix,
    heads: &'a Heads,
    bodies: Vec<Arc<LoadedExport>>,
    bound: &'a Bound,
}

/// Reads the exports of a folder and drafts its hylint.toml. `None` if there is no export.
///
/// # Errors
/// The folder cannot be looked at.
pub fn draft(root: &Path, matrix: Matrix) -> Result<Option<Draft>, Vec<Diag>> {
    let request = Request {
        scope: SiteScope::Undeclared,
        keep: Kept {
            sources: true,
            ..Kept::default()
        },
        ..Request::new([root])
    };
    let session = Session::open_with(Arc::new(Disk), request, Some(matrix), &Silent)?;
    let heads = session.heads();
    if heads.iter().all(|e| e.export.points.is_empty()) {
        return Ok(None);
    }
    let site = session.site()?;
    let bodies: Result<Vec<_>, _> = heads.ids().map(|id| session.source(id)).collect();
    let survey = Survey {
        root,
        matrix: &site.matrix,
        heads,
        bodies: bodies?,
        bound: &site.bound,
    };
    let (hosts, groups) = hosts::candidates(&survey);
    let names = found::unresolved(&survey);
    Ok(Some(Draft {
        text: write::file(&survey, &hosts, &groups, &names),
        exports: survey.heads.len(),
        known: hosts.iter().filter(|h| h.certain).count(),
        open: hosts.iter().filter(|h| !h.certain).count(),
        unaddressed: hosts
            .iter()
            .filter(|h| h.certain && h.addresses.is_empty())
            .count(),
        names: names.len(),
    }))
}
