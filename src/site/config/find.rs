//! Which hylint.toml judges a path: the nearest above it, unless one above that names the same exports.

use super::fields::globs;
use crate::common::paths::{self, normal};
use crate::common::toml_reader::Document;
use crate::load::{CONFIG_NAME, Files, shown};
use globset::GlobMatcher;
use std::path::{Path, PathBuf};

/// The hylint.toml of a path: in it, or in the nearest folder above that has one. Where one above that names exports below
/// the nearest one, it judges: a site file that a change adds below another one must not take over what that one judges. A
/// relative path gives a relative one, so that reports do not depend on where the site lies.
#[must_use]
pub fn find(files: &dyn Files, path: &Path) -> Option<PathBuf> {
    let absolute = normal(path);
    let mut all = absolute
        .ancestors()
        .map(|dir| dir.join(CONFIG_NAME))
        .filter(|file| files.is_file(file));
    let nearest = all.next()?;
    let below = nearest.parent().unwrap_or(&absolute);
    let outermost = all
        .filter(|outer| binds(files, outer, &absolute, below))
        .last();
    Some(paths::as_given(outermost.unwrap_or(nearest), path))
}

/// Whether the globs of a site file name a path, or a file below it.
#[must_use]
pub fn names(files: &dyn Files, site: &Path, path: &Path) -> bool {
    binds(files, site, &normal(path), path)
}

/// Whether a site file names a path, or an export in the folder of an inner site file. One that cannot be read does: its
/// mistake has to be told.
fn binds(files: &dyn Files, site: &Path, path: &Path, inner: &Path) -> bool {
    let Ok(text) = files.read_text(site) else {
        return true;
    };
    let document = Document::new("", &text, "config");
    let globs: Vec<GlobMatcher> = document.read(|root| {
        let tables = ["host", "transit"].into_iter().flat_map(|k| root.tables(k));
        tables.flat_map(|t| globs(&t, "exports")).collect()
    });
    if document.is_broken() {
        return true;
    }
    let dir = site.parent().unwrap_or(Path::new(""));
    let real = files.resolved(dir);
    let named = |file: &Path| {
        // A link to a folder of the site gives its exports no other site.
        let own = paths::relative(&shown(file), dir);
        let linked = paths::relative(&shown(&files.resolved(file)), &real);
        globs
            .iter()
            .any(|g| g.is_match(&own) || g.is_match(&linked))
    };
    // A file that is gone was an export too.
    if named(path) {
        return true;
    }
    let found = files.walk(inner, &|_| false).files;
    found.iter().any(|f| named(f))
}
