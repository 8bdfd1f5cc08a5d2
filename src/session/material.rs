//! What a session has read: its files, their heads, and how they are linked. No host is bound yet.

use super::bodies::{Bodies, Changed, Read};
use super::focus::Focus;
use super::request::Request;
use crate::common::paths;
use crate::finding::Finding;
use crate::link::Links;
use crate::load::{ExportId, Files, Heads, LoadedExport, Seal, Unread};
use crate::rules::matrix::Matrix;
use crate::site::Config;
use hylint_space::AddrSet;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Exports that were read and linked.
#[derive(Debug)]
pub(super) struct Material {
    pub files: Arc<dyn Files>,
    pub request: Request,
    pub config: Option<Config>,
    /// The matrix that the site file asks for, where another one judges.
    pub own: Option<Matrix>,
    /// The given paths are a part of a site.
    pub focus: Option<Focus>,
    pub whole_site: bool,
    /// Folders and links that could not be entered, and site files that are not read.
    pub unentered: Vec<Finding>,
    /// Files that cannot be opened, in path order.
    pub unopened: Vec<Finding>,
    /// Files that no reader took, in path order.
    pub unread: Vec<Unread>,
    /// Paths that the site excludes, in path order.
    pub excluded: Vec<String>,
    pub heads: Heads,
    pub bodies: Bodies,
    pub links: Links,
}

impl Material {
    /// Names that resolve to addresses whatever files say: `[resolve]` of the site, else of the request.
    pub(super) fn known(&self) -> &BTreeMap<String, AddrSet> {
        let config = self.config.as_ref();
        config.map_or(&self.request.resolve, |c| &c.resolve)
    }

    /// The path of an export from the folder of hylint.toml, else from the working directory.
    pub(super) fn relative(&self, e: &LoadedExport) -> String {
        let config = self.config.as_ref();
        let base = config.map_or(Path::new(""), |c| c.dir.as_path());
        paths::relative(&e.path, base)
    }

    /// An export to change; what is held once is gone afterwards.
    ///
    /// # Errors
    /// It is not held, and the file is not what it was.
    pub(super) fn take(&self, export: ExportId) -> Result<Read, Changed> {
        self.bodies.take(&*self.files, export)
    }

    /// The path of an export and what is in it.
    pub(super) fn seal(&self, export: ExportId) -> Option<(Arc<str>, Seal)> {
        let path = self.heads.get(export)?.path.clone();
        Some((path, self.bodies.seal(export)?))
    }
}
