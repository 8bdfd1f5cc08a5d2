//! Where a run finds its files.

use super::walk::{is_site_file, is_skipped_folder, leads_above, link_loop, reason, unreadable};
use crate::common::paths::normal;
use crate::finding::Finding;
use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// What is at a path, links followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A file of so many bytes.
    File(u64),
    /// A folder.
    Folder,
    /// A pipe, a socket or a device: reading it may take for ever.
    Device,
}

/// A folder or file that has another path for the globs of a site file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moved {
    /// Its path, absolute.
    pub at: PathBuf,
    /// Its path for the site file, absolute.
    pub named: PathBuf,
}

/// The files below a folder.
#[derive(Debug, Default)]
pub struct Walked {
    /// In the order of their names, folder by folder.
    pub files: Vec<PathBuf>,
    /// Site files that were met on the way, in the same order.
    pub site_files: Vec<PathBuf>,
    /// Folders and links that could not be entered.
    pub findings: Vec<Finding>,
}

impl Walked {
    /// Puts a file of a folder where it belongs.
    pub(super) fn meet(&mut self, path: PathBuf, excluded: &dyn Fn(&Path) -> bool) {
        if is_site_file(&path) {
            self.site_files.push(path);
        } else if !excluded(&path) {
            self.files.push(path);
        }
    }
}

/// Files by their paths: those of a disk, of a version control system's tree, or of either with changes over them.
/// Relative paths are relative to the working directory, whatever the files are of.
pub trait Files: Debug + Send + Sync {
    /// What is at a path.
    ///
    /// # Errors
    /// Why nothing can be read there, in words for people.
    fn kind(&self, path: &Path) -> Result<Kind, String>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// There is no such file, or it cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The files below a folder but those that `excluded` says, and hidden and version-control folders.
    fn walk(&self, folder: &Path, excluded: &dyn Fn(&Path) -> bool) -> Walked;

    /// The names of the files that stand in a folder itself, in order.
    fn names(&self, folder: &Path) -> Vec<OsString>;

    /// A path without links, as far as it exists.
    fn resolved(&self, path: &Path) -> PathBuf {
        normal(path)
    }

    /// What a site file knows by another path than these files have.
    fn moved(&self) -> Option<&Moved> {
        None
    }

    /// Whether a file is there.
    fn is_file(&self, path: &Path) -> bool {
        matches!(self.kind(path), Ok(Kind::File(_)))
    }

    /// Whether a folder is there.
    fn is_folder(&self, path: &Path) -> bool {
        matches!(self.kind(path), Ok(Kind::Folder))
    }

    /// The text of a file.
    ///
    /// # Errors
    /// It cannot be read, or is not UTF-8.
    fn read_text(&self, path: &Path) -> io::Result<String> {
        let bytes = self.read(path)?;
        String::from_utf8(bytes).map_err(|_| {
            // The words of the standard library.
            io::Error::new(
                io::ErrorKind::InvalidData,
                "stream did not contain valid UTF-8",
            )
        })
    }
}

/// The files of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn kind(&self, path: &Path) -> Result<Kind, String> {
        match std::fs::metadata(path) {
            Ok(m) if m.is_dir() => Ok(Kind::Folder),
            Ok(m) if m.is_file() => Ok(Kind::File(m.len())),
            Ok(_) => Ok(Kind::Device),
            Err(e) => Err(reason(path, &e)),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn walk(&self, folder: &Path, excluded: &dyn Fn(&Path) -> bool) -> Walked {
        let mut out = Walked::default();
        let mut loops = Vec::new();
        let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name();
        let entries = entries.into_iter().filter_entry(|e| {
            if is_skipped_folder(e) {
                return false;
            }
            let ancestor = leads_above(e);
            loops.extend(ancestor.iter().map(|a| link_loop(e.path(), a)));
            ancestor.is_none()
        });
        for entry in entries {
            match entry {
                Ok(e) if e.file_type().is_dir() => {}
                Ok(e) => out.meet(e.into_path(), excluded),
                Err(e) => {
                    if !e.path().is_some_and(excluded) {
                        out.findings.push(unreadable(folder, &e));
                    }
                }
            }
        }
        out.findings.extend(loops);
        out
    }

    fn names(&self, folder: &Path) -> Vec<OsString> {
        // The folder of a file that is given by its name alone.
        let folder = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let entries = WalkDir::new(folder).sort_by_file_name();
        let entries = entries.min_depth(1).max_depth(1).into_iter();
        entries
            .filter_map(Result::ok)
            .filter(|e| e.path().is_file())
            .map(|e| e.file_name().to_owned())
            .collect()
    }

    fn resolved(&self, path: &Path) -> PathBuf {
        if let Ok(resolved) = std::fs::canonicalize(path) {
            return resolved;
        }
        let path = normal(path);
        let there = path.ancestors().find_map(|a| {
            let resolved = std::fs::canonicalize(a).ok()?;
            Some(resolved.join(path.strip_prefix(a).ok()?))
        });
        there.unwrap_or(path)
    }
}
