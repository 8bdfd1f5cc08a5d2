//! Files under other paths than their own: the new side of a comparison has the old side's names.

use super::files::{Files, Kind, Moved, Walked};
use super::walk::{is_skipped_name, shown};
use crate::common::paths::normal;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files that are seen at paths of other ones. What is put nowhere is not there.
#[derive(Clone, Debug, Default)]
pub struct Renamed {
    /// The deepest first.
    mounts: Vec<Mount>,
    /// Single files by the path at which they are seen; they go before every folder.
    single: BTreeMap<PathBuf, (Arc<dyn Files>, PathBuf)>,
    moved: Option<Moved>,
}

/// A folder or file, and where it is seen.
#[derive(Clone, Debug)]
struct Mount {
    /// Where it is seen, absolute.
    at: PathBuf,
    files: Arc<dyn Files>,
    /// Where it is, absolute.
    own: PathBuf,
    /// What of it is not seen: absolute, as spelt and without links.
    hidden: BTreeSet<PathBuf>,
}

impl Mount {
    fn hides(&self, own: &Path) -> bool {
        let any = |p: &Path| self.hidden.iter().any(|h| p.starts_with(h));
        !self.hidden.is_empty() && (any(own) || any(&self.files.resolved(own)))
    }

    /// Where one of its files is seen.
    fn seen(&self, own: &Path) -> Option<PathBuf> {
        Some(below(&self.at, own.strip_prefix(&self.own).ok()?))
    }
}

/// A path below another one, without a slash behind it where there is nothing below.
fn below(folder: &Path, rest: &Path) -> PathBuf {
    match rest.as_os_str().is_empty() {
        true => folder.to_path_buf(),
        false => folder.join(rest),
    }
}

fn absent() -> String {
    "no such file or folder".into()
}

/// The same in the words of the system.
fn no_such_file() -> io::Error {
    io::Error::from_raw_os_error(2)
}

impl Renamed {
    /// Shows a folder or file, and all that is below it, at a path. A deeper one goes before it there.
    #[must_use]
    pub fn with(self, at: &Path, files: Arc<dyn Files>, own: &Path) -> Self {
        self.with_but(at, files, own, &[])
    }

    /// The same, but for some folders or files, by whatever link they are reached.
    #[must_use]
    pub fn with_but(
        mut self,
        at: &Path,
        files: Arc<dyn Files>,
        own: &Path,
        hidden: &[&Path],
    ) -> Self {
        let each = hidden.iter().flat_map(|h| [normal(h), files.resolved(h)]);
        let mount = Mount {
            hidden: each.collect(),
            at: normal(at),
            own: normal(own),
            files,
        };
        let deep = |m: &Mount| m.at.components().count();
        let place = self.mounts.partition_point(|m| deep(m) >= deep(&mount));
        self.mounts.insert(place, mount);
        self
    }

    /// Shows a single file at a path, whatever folder is there.
    #[must_use]
    pub fn with_file(mut self, at: &Path, files: Arc<dyn Files>, own: &Path) -> Self {
        self.single.insert(normal(at), (files, normal(own)));
        self
    }

    /// Lets the globs of the site file know what is seen at a path by another path.
    #[must_use]
    pub fn named(mut self, at: &Path, named: &Path) -> Self {
        self.moved = Some(Moved {
            at: normal(at),
            named: normal(named),
        });
        self
    }

    /// Where a file is that is seen at a path; none if nothing is put there.
    #[must_use]
    pub fn own(&self, path: &Path) -> Option<PathBuf> {
        self.find(&normal(path)).map(|(_, own)| own)
    }

    fn find(&self, at: &Path) -> Option<(&dyn Files, PathBuf)> {
        if let Some((files, own)) = self.single.get(at) {
            return Some((&**files, own.clone()));
        }
        let (mount, own) = self.mount(at)?;
        (!mount.hides(&own)).then_some((&*mount.files, own))
    }

    fn mount(&self, at: &Path) -> Option<(&Mount, PathBuf)> {
        self.mounts.iter().find_map(|m| {
            let rest = at.strip_prefix(&m.at).ok()?;
            Some((m, below(&m.own, rest)))
        })
    }

    /// Where a file of a mount is seen below a folder, unless something else is there.
    fn there(&self, mount: &Mount, own: &Path, from: &Path, folder: &Path) -> Option<PathBuf> {
        let seen = mount.seen(own)?;
        let shadowed = self.single.contains_key(&seen)
            || (self.mount(&seen)).is_some_and(|(m, _)| m.at != mount.at);
        let rest = own.strip_prefix(from).ok()?;
        (!shadowed && !mount.hides(own)).then(|| below(folder, rest))
    }

    /// What is put below a folder, and the way there from it.
    fn deeper<'a>(&'a self, at: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Path)> {
        let mounts = self.mounts.iter().map(|m| &*m.at);
        let all = mounts.chain(self.single.keys().map(PathBuf::as_path));
        let all = all.filter_map(move |p| Some((p, p.strip_prefix(at).ok()?)));
        all.filter(|(_, rest)| !rest.as_os_str().is_empty())
    }

    /// Where the place itself is, links of the folders above it followed.
    fn place(&self, mount: &Mount) -> PathBuf {
        let (Some(folder), Some(name)) = (mount.at.parent(), mount.at.file_name()) else {
            return mount.at.clone();
        };
        match self.mount(folder) {
            Some(_) => self.resolved(folder).join(name),
            None => mount.at.clone(),
        }
    }
}

impl Files for Renamed {
    fn kind(&self, path: &Path) -> Result<Kind, String> {
        let (files, own) = self.find(&normal(path)).ok_or_else(absent)?;
        files.kind(&own)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let (files, own) = self.find(&normal(path)).ok_or_else(no_such_file)?;
        files.read(&own)
    }

    fn walk(&self, folder: &Path, excluded: &dyn Fn(&Path) -> bool) -> Walked {
        let at = normal(folder);
        let mut out = Walked::default();
        if let Some((mount, from)) = self.mount(&at)
            && matches!(mount.files.kind(&from), Ok(Kind::Folder))
        {
            let there = |own: &Path| self.there(mount, own, &from, folder);
            let passed_over = |own: &Path| there(own).is_none_or(|p| excluded(&p));
            let walked = mount.files.walk(&from, &passed_over);
            out.files = walked.files.iter().filter_map(|p| there(p)).collect();
            let sites = walked.site_files.iter();
            out.site_files = sites.filter_map(|p| there(p)).collect();
            for mut f in walked.findings {
                let own = f.place.as_ref().map(|p| PathBuf::from(&*p.path));
                let seen = own.as_deref().and_then(there);
                if let (Some(place), Some(seen)) = (&mut f.place, seen) {
                    place.path = shown(&seen).into();
                    out.findings.push(f);
                }
            }
        }
        let mut known: BTreeSet<&Path> = BTreeSet::new();
        for (deeper, rest) in self.deeper(&at) {
            let mut between = rest.parent().into_iter().flat_map(Path::iter);
            // What a deeper one shows is shown by its walk.
            if between.any(is_skipped_name) || known.iter().any(|k| deeper.starts_with(k)) {
                continue;
            }
            let path = folder.join(rest);
            match self.kind(&path) {
                Ok(Kind::Folder) if rest.file_name().is_some_and(is_skipped_name) => {}
                Ok(Kind::Folder) => {
                    known.insert(deeper);
                    let more = self.walk(&path, excluded);
                    out.files.extend(more.files);
                    out.site_files.extend(more.site_files);
                    out.findings.extend(more.findings);
                }
                Ok(Kind::File(_) | Kind::Device) => out.meet(path, excluded),
                Err(_) => {}
            }
        }
        out
    }

    fn names(&self, folder: &Path) -> Vec<OsString> {
        let at = normal(folder);
        let mut all: BTreeSet<OsString> = BTreeSet::new();
        if let Some((mount, from)) = self.mount(&at) {
            let names = mount.files.names(&from).into_iter();
            all.extend(names.filter(|n| {
                let own = from.join(n);
                self.there(mount, &own, &from, &at).is_some()
            }));
        }
        let here = self
            .deeper(&at)
            .filter(|(_, rest)| rest.iter().count() == 1);
        let here = here.filter(|(p, _)| self.is_file(p));
        all.extend(here.map(|(_, rest)| rest.as_os_str().to_owned()));
        all.into_iter().collect()
    }

    fn resolved(&self, path: &Path) -> PathBuf {
        let at = normal(path);
        let Some((mount, own)) = self.mount(&at).filter(|_| !self.single.contains_key(&at)) else {
            return at;
        };
        let real = mount.files.resolved(&own);
        let root = mount.files.resolved(&mount.own);
        match real.strip_prefix(&root) {
            Ok(rest) => below(&self.place(mount), rest),
            // A link out of it.
            Err(_) => real,
        }
    }

    fn moved(&self) -> Option<&Moved> {
        self.moved.as_ref()
    }
}

/// One file that can be read once, such as a pipe, with what was read of it.
#[derive(Clone, Debug)]
pub struct Held {
    /// Absolute.
    path: PathBuf,
    bytes: Arc<[u8]>,
}

impl Held {
    /// Holds its bytes.
    #[must_use]
    pub fn new(path: &Path, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            path: normal(path),
            bytes: bytes.into(),
        }
    }

    fn is(&self, path: &Path) -> bool {
        normal(path) == self.path
    }
}

impl Files for Held {
    fn kind(&self, path: &Path) -> Result<Kind, String> {
        match self.is(path) {
            true => Ok(Kind::File(self.bytes.len() as u64)),
            false => Err(absent()),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.is(path) {
            true => Ok(self.bytes.to_vec()),
            false => Err(no_such_file()),
        }
    }

    fn walk(&self, _: &Path, _: &dyn Fn(&Path) -> bool) -> Walked {
        Walked::default()
    }

    fn names(&self, _: &Path) -> Vec<OsString> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Disk;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        dir
    }

    fn walked(files: &Renamed, at: &Path) -> Vec<String> {
        let mut all = files.walk(at, &|p| p.ends_with("excluded")).files;
        all.sort();
        let rest = all.iter().map(|p| p.strip_prefix(at).unwrap());
        rest.map(|p| p.to_string_lossy().into_owned()).collect()
    }

    /// The site `r`, in which `new` takes the place of `old`, seen as the site `v`.
    #[test]
    fn a_folder_takes_the_place_of_another_one_in_its_site() {
        let dir = folder(&[
            "r/old/a.rules",
            "r/old/deep/a.rules",
            "r/new/b.rules",
            "r/new/excluded",
            "r/new/hylint.toml",
            "r/beside/c.rules",
            "r/hylint.toml",
            "v/old/own.rules",
            "v/own.rules",
            "m.toml",
        ]);
        let at = |name: &str| dir.path().join(name);
        let (old, new, site) = (at("r/old"), at("r/new"), at("r"));
        let files = Renamed::default()
            .with(&at("v/old"), Arc::new(Disk), &new)
            .with_but(&at("v"), Arc::new(Disk), &site, &[&old, &new])
            .with_file(&at("v/old/m.toml"), Arc::new(Disk), &at("m.toml"));
        assert_eq!(
            walked(&files, &at("v")),
            ["beside/c.rules", "old/b.rules", "old/m.toml"]
        );
        assert_eq!(walked(&files, &at("v/old")), ["b.rules", "m.toml"]);
        let sites = files.walk(&at("v"), &|_| false).site_files;
        assert_eq!(sites, [at("v/hylint.toml"), at("v/old/hylint.toml")]);
        assert_eq!(
            files.read(&at("v/x/../old/b.rules")).unwrap(),
            b"r/new/b.rules"
        );
        assert_eq!(files.read(&at("v/old/m.toml")).unwrap(), b"m.toml");
        assert_eq!(
            files.names(&at("v/old")),
            ["b.rules", "excluded", "hylint.toml", "m.toml"]
        );
        // Nothing of the disk is seen where nothing is put, nor by another name than its own.
        for absent in [
            "v/old/own.rules",
            "v/own.rules",
            "v/new/b.rules",
            "r/new/b.rules",
            "v/old/deep",
        ] {
            assert!(files.kind(&at(absent)).is_err(), "{absent}");
            assert!(files.read(&at(absent)).is_err(), "{absent}");
        }
        assert!(
            files
                .resolved(&at("v/old"))
                .starts_with(files.resolved(&at("v")))
        );
        assert_eq!(files.own(&at("v/old/b.rules")), Some(at("r/new/b.rules")));
        assert_eq!(files.own(&at("elsewhere")), None);
    }

    #[test]
    fn a_file_takes_the_place_of_another_one_beside_it() {
        let dir = folder(&["old.rules", "new.rules", "other.rules", "hylint.toml"]);
        let at = |name: &str| dir.path().join(name);
        let (old, new) = (at("old.rules"), at("new.rules"));
        let files = Renamed::default()
            .with(&old, Arc::new(Disk), &new)
            .with_but(dir.path(), Arc::new(Disk), dir.path(), &[&old, &new]);
        assert_eq!(walked(&files, dir.path()), ["old.rules", "other.rules"]);
        assert_eq!(files.read(&old).unwrap(), b"new.rules");
        assert_eq!(files.kind(&old), Ok(Kind::File(9)));
        assert!(!files.is_file(&new) && files.is_file(&at("hylint.toml")));
        assert!(!files.is_file(&old.join("hylint.toml")));
    }
}
