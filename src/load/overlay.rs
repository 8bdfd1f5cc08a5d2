//! Changed files over others.

use super::files::{Files, Kind, Moved, Walked};
use super::walk::{is_skipped_name, unreadable_for};
use crate::common::paths::normal;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files with some of them changed, added or removed.
#[derive(Clone, Debug)]
pub struct Overlay {
    base: Arc<dyn Files>,
    /// By absolute path; `None` where the file is removed.
    changed: BTreeMap<PathBuf, Option<Arc<[u8]>>>,
}

impl Overlay {
    /// The files as they are.
    #[must_use]
    pub fn new(base: Arc<dyn Files>) -> Self {
        Self {
            base,
            changed: BTreeMap::new(),
        }
    }

    /// A file has these bytes, whether or not it was there.
    #[must_use]
    pub fn with(mut self, path: &Path, bytes: impl Into<Vec<u8>>) -> Self {
        self.changed
            .insert(self.key(path), Some(bytes.into().into()));
        self
    }

    /// A file is not there. Of a link, what it leads to still is.
    #[must_use]
    pub fn without(mut self, path: &Path) -> Self {
        self.changed.insert(self.place(path), None);
        self
    }

    /// Whether a file is changed, added or removed.
    #[must_use]
    pub fn changes(&self, path: &Path) -> bool {
        self.changed.contains_key(&self.key(path))
    }

    /// What the path is known by: its own absolute path, or that of the file to which its links lead.
    fn key(&self, path: &Path) -> PathBuf {
        let place = self.place(path);
        if self.changed.contains_key(&place) {
            return place;
        }
        normal(&self.base.resolved(path))
    }

    /// Where the path's last name stands, whether or not it is a link.
    fn place(&self, path: &Path) -> PathBuf {
        let own = normal(path);
        match (own.parent(), own.file_name()) {
            (Some(folder), Some(name)) if !self.changed.contains_key(&own) => {
                normal(&self.base.resolved(folder)).join(name)
            }
            _ => own,
        }
    }

    /// Why a removed file cannot be read.
    fn gone(&self, path: &Path) -> &'static str {
        match self.changed.get(&self.place(path)) {
            Some(_) => "no such file or folder",
            None => "the link leads to nothing",
        }
    }

    fn entry(&self, path: &Path) -> Option<&Option<Arc<[u8]>>> {
        self.changed.get(&self.key(path))
    }

    /// Changed files that are there and stand below a folder.
    fn below<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = (&'a Path, &'a [u8])> {
        let there = self.changed.iter();
        let there = there.filter_map(|(p, b)| Some((p.as_path(), &**b.as_ref()?)));
        there.filter(move |(p, _)| p.starts_with(folder) && *p != folder)
    }

    /// The changed files of a walk that are not among those that it found, by each way that leads to them.
    fn added(&self, folder: &Path, found: &[PathBuf]) -> BTreeSet<PathBuf> {
        let mut folders = BTreeSet::from([folder]);
        for path in found {
            let above = path.ancestors().skip(1);
            folders.extend(above.take_while(|a| a.starts_with(folder)));
        }
        let known: BTreeSet<&PathBuf> = found.iter().collect();
        let mut out = BTreeSet::new();
        for way in folders {
            let root = self.key(way);
            for (path, _) in self.below(&root) {
                let Ok(rest) = path.strip_prefix(&root) else {
                    continue;
                };
                let mut between = rest.parent().into_iter().flat_map(Path::iter);
                let there = way.join(rest);
                if !between.any(is_skipped_name) && !known.contains(&there) {
                    out.insert(there);
                }
            }
        }
        out
    }
}

impl Files for Overlay {
    fn kind(&self, path: &Path) -> Result<Kind, String> {
        match self.entry(path) {
            Some(Some(bytes)) => Ok(Kind::File(bytes.len() as u64)),
            Some(None) | None if self.below(&self.key(path)).next().is_some() => Ok(Kind::Folder),
            Some(None) => Err(self.gone(path).into()),
            None => self.base.kind(path),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.entry(path) {
            Some(Some(bytes)) => Ok(bytes.to_vec()),
            // In the words of the system: no such file.
            Some(None) => Err(io::Error::from_raw_os_error(2)),
            None => self.base.read(path),
        }
    }

    fn walk(&self, folder: &Path, excluded: &dyn Fn(&Path) -> bool) -> Walked {
        let mut out = match self.base.kind(folder) {
            Ok(Kind::Folder) => self.base.walk(folder, excluded),
            _ => Walked::default(),
        };
        let (gone, there) = out
            .files
            .into_iter()
            .partition(|p| self.entry(p) == Some(&None));
        out.files = there;
        out.site_files.retain(|p| self.entry(p) != Some(&None));
        for path in gone {
            // A link is still there.
            if !self.changed.contains_key(&self.place(&path)) {
                let why = self.gone(&path);
                out.findings.push(unreadable_for(&path, why));
            }
        }
        let found = [&*out.files, &out.site_files].concat();
        for path in self.added(folder, &found) {
            out.meet(path, excluded);
        }
        out
    }

    fn names(&self, folder: &Path) -> Vec<OsString> {
        let root = self.key(folder);
        let names = self.base.names(folder).into_iter();
        let mut names: BTreeSet<OsString> = names
            .filter(|n| self.entry(&folder.join(n)) != Some(&None))
            .collect();
        let added = self.below(&root).map(|(p, _)| p);
        let added = added.filter(|p| p.parent() == Some(&root));
        names.extend(added.filter_map(|p| Some(p.file_name()?.to_owned())));
        names.into_iter().collect()
    }

    fn resolved(&self, path: &Path) -> PathBuf {
        self.base.resolved(path)
    }

    fn moved(&self) -> Option<&Moved> {
        self.base.moved()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Disk;

    fn site() -> (tempfile::TempDir, Overlay) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("h")).unwrap();
        for name in ["h/a.txt", "h/b.txt", "c.txt"] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        (dir, Overlay::new(Arc::new(Disk)))
    }

    fn walked(files: &Overlay, root: &Path) -> Vec<String> {
        let mut all = files.walk(root, &|p| p.ends_with("x.old")).files;
        all.sort();
        let rest = all.iter().map(|p| p.strip_prefix(root).unwrap());
        rest.map(|p| p.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn files_are_changed_added_and_removed_and_the_others_stay() {
        let (dir, files) = site();
        let at = |name: &str| dir.path().join(name);
        let files = files
            .with(&at("h/a.txt"), *b"new")
            .without(&at("h/b.txt"))
            .with(&at("i/d.txt"), *b"more")
            .with(&at(".git/x.txt"), *b"hidden")
            .with(&at("x.old"), *b"excluded")
            .with(&at("hylint.toml"), *b"the site file");
        assert_eq!(walked(&files, dir.path()), ["c.txt", "h/a.txt", "i/d.txt"]);
        assert_eq!(files.read(&at("h/a.txt")).unwrap(), b"new");
        assert_eq!(files.read(&at("c.txt")).unwrap(), b"c.txt");
        assert!(files.read(&at("h/b.txt")).is_err() && !files.is_file(&at("h/b.txt")));
        assert_eq!(files.kind(&at("i")), Ok(Kind::Folder));
        assert_eq!(files.kind(&at("i/d.txt")), Ok(Kind::File(4)));
        assert_eq!(files.names(&at("h")), ["a.txt"]);
        assert_eq!(walked(&files, &at("i")), ["d.txt"]);
        assert!(files.changes(&at("h/../h/a.txt")) && !files.changes(&at("c.txt")));
    }
}
