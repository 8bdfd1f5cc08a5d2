//! What was read, and what a draft says of it.

use crate::common::paths;
use crate::load::{Heads, LoadedExport};
use crate::rules::matrix::Matrix;
use crate::site::Bound;
use std::path::Path;
use std::sync::Arc;

/// One possible `[[host]]`.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Candidate {
    pub(super) name: String,
    /// Role ids.
    pub(super) roles: Vec<String>,
    /// What says so, or what speaks for it.
    pub(super) reason: String,
    /// An export says so, so it may stand in the file.
    pub(super) certain: bool,
    pub(super) addresses: Vec<String>,
    /// Addresses that its rules name as their destination.
    pub(super) maybe: Vec<String>,
    /// Paths of files, relative to the folder.
    pub(super) exports: Vec<String>,
    /// Names of cloud points, where no interface binds them.
    pub(super) points: Vec<String>,
    /// It is Windows, and these profiles are active, if an export says so.
    pub(super) windows: Option<Option<&'static str>>,
    /// Its rules are about what goes through it.
    pub(super) forwards: bool,
}

/// What was read.
pub(super) struct Survey<'a> {
    pub(super) root: &'a Path,
    pub(super) matrix: &'a Matrix,
    pub(super) heads: &'a Heads,
    pub(super) bodies: Vec<Arc<LoadedExport>>,
    pub(super) bound: &'a Bound,
}

/// A path as the globs of the file see it.
pub(super) fn relative(s: &Survey<'_>, path: &str) -> String {
    paths::relative(path, s.root)
}
