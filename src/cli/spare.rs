//! What no report and no baseline ever replaces: the files that a run is made of.

use super::fail::Failure;
use crate::load::{self, CONFIG_NAME, Disk, FileRef, NoExport, Sign};
use crate::site;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// The files that a run reads, beside those that tell by themselves what they are.
#[derive(Default)]
pub(super) struct Spared(Vec<(&'static str, PathBuf)>);

impl Spared {
    /// Adds a file and what it is to the run.
    pub(super) fn add(&mut self, what: &'static str, path: impl Into<PathBuf>) {
        self.0.push((what, path.into()));
    }

    /// Adds a site file, and the matrix that it names.
    pub(super) fn add_site(&mut self, file: PathBuf) {
        let text = std::fs::read_to_string(&file).ok();
        let matrix = text.and_then(|text| site::config::matrix_name(&text));
        if let Some((name, _)) = matrix {
            let folder = file.parent().unwrap_or(Path::new(""));
            self.add("the matrix of this site", folder.join(name));
        }
        self.add("the site file of this run", file);
    }

    /// Refuses to replace one of them, an export, a site file, or a matrix.
    pub(super) fn refuse(&self, path: &Path) -> Result<(), Failure> {
        // What is not there yet replaces nothing.
        let Ok(there) = std::fs::canonicalize(path) else {
            return Ok(());
        };
        match self.known(&there).or_else(|| by_itself(&there)) {
            Some(what) => Err(Failure::with_help(
                format!("{} is {what}: a report does not replace it", path.display()),
                "give the report a name of its own",
            )),
            None => Ok(()),
        }
    }

    fn known(&self, there: &Path) -> Option<&'static str> {
        let own = std::fs::metadata(there).ok()?;
        let same = |p: &Path| {
            std::fs::canonicalize(p).is_ok_and(|p| p == there)
                || std::fs::metadata(p).is_ok_and(|m| same_file(&m, &own))
        };
        let found = self.0.iter().find(|(_, p)| same(p));
        found.map(|(what, _)| *what)
    }
}

/// Whether two names are of one file, as hard links are.
#[cfg(unix)]
fn same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    a.is_file() && a.dev() == b.dev() && a.ino() == b.ino()
}

/// Elsewhere the path alone tells: a report takes the place of a name, and what other names lead to stays.
#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// What a file is by its name or its content.
fn by_itself(there: &Path) -> Option<&'static str> {
    let is_toml = |e: &std::ffi::OsStr| e.eq_ignore_ascii_case("toml");
    if there.file_name().is_some_and(|n| n == CONFIG_NAME) {
        Some("a site file")
    } else if there.extension().is_some_and(is_toml) {
        Some("a TOML file, as a matrix is")
    } else if is_export(there) {
        Some("an export")
    } else {
        None
    }
}

/// Whether a file holds a firewall in any form that is known, read or not.
fn is_export(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let file = FileRef::new(path.to_path_buf(), false);
    match load::read_whole(&Disk, &file) {
        Ok(_) => true,
        Err(NoExport::Unread(u)) => u.sign() >= Sign::Source,
        Err(NoExport::Failed(_)) => false,
    }
}
