//! What was read.

use crate::common::paths;
use crate::load::{Heads, LoadedExport};
use crate::rules::matrix::Matrix;
use crate::site::{Bound, Listening};
use std::path::Path;
use std::sync::Arc;

/// What was read.
pub(super) struct Survey<'a> {
    pub(super) root: &'a Path,
    pub(super) matrix: &'a Matrix,
    pub(super) heads: &'a Heads,
    pub(super) bodies: Vec<Arc<LoadedExport>>,
    pub(super) bound: &'a Bound,
    /// The ports of each role.
    pub(super) listening: Listening,
}

/// A path as the globs of the file see it.
pub(super) fn relative(s: &Survey<'_>, path: &str) -> String {
    paths::relative(path, s.root)
}
