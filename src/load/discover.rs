//! Which files a run reads.

use super::files::{Files, Kind};
use super::walk::shown;
use super::whose::Whose;
use crate::common::diag::Diag;
use crate::common::paths::normal;
use crate::finding::Finding;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// One file to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileRef {
    /// What to open.
    pub open: PathBuf,
    /// The path as reported: as given, with `/`, without `./`.
    pub shown: Arc<str>,
    /// The user named this very file, so it must be an export.
    pub named: bool,
    /// The site names it, so it may be an export whatever it is called.
    pub bound: bool,
    /// It is a backup copy, by its name, of a file beside it.
    pub copy: bool,
    /// Read standard input instead.
    pub stdin: bool,
    /// The folder that was given, which what the file includes does not leave: the outermost one that holds it, else its own.
    pub root: Arc<Path>,
    /// Files that are given beside it as of the same host, wherever they lie.
    pub with: Arc<[PathBuf]>,
    /// Whose the files of the run are by hylint.toml.
    pub whose: Whose,
}

impl FileRef {
    /// A file that the user named, or one that was found in a folder.
    #[must_use]
    pub fn new(open: PathBuf, named: bool) -> Self {
        Self {
            shown: shown(&open).into(),
            root: own_root(&open).into(),
            open,
            named,
            bound: false,
            copy: false,
            stdin: false,
            with: Arc::default(),
            whose: Whose::default(),
        }
    }

    fn same_path(&self, other: &Self) -> bool {
        let parts = |f: &Self| {
            let parts = f.open.components().filter(|c| *c != Component::CurDir);
            parts.map(|c| c.as_os_str().to_owned()).collect::<Vec<_>>()
        };
        parts(self) == parts(other)
    }

    /// Standard input.
    #[must_use]
    pub fn stdin() -> Self {
        Self {
            open: "-".into(),
            shown: "-".into(),
            named: true,
            bound: false,
            copy: false,
            stdin: true,
            root: Path::new("").into(),
            with: Arc::default(),
            whose: Whose::default(),
        }
    }
}

/// The folder around a file that is given alone: that of its host, as far as the path tells it by `etc` or by where firewalld
/// has what ships, else its own.
fn own_root(path: &Path) -> &Path {
    let folder = path.parent().unwrap_or(Path::new(""));
    let ships = |a: &&Path| a.ends_with("usr/lib/firewalld");
    if let Some(host) = folder
        .ancestors()
        .find(ships)
        .and_then(|a| a.ancestors().nth(3))
    {
        return host;
    }
    let etc = folder
        .ancestors()
        .find(|a| a.file_name().is_some_and(|n| n == "etc"));
    etc.and_then(Path::parent).unwrap_or(folder)
}

/// The files of a run.
#[derive(Debug, Default)]
pub struct Discovered {
    /// In path order, each once.
    pub files: Vec<FileRef>,
    /// Folders and links that could not be entered.
    pub findings: Vec<Finding>,
    /// Site files in the folders.
    pub site_files: Vec<PathBuf>,
}

/// A path that the user named and that cannot be opened at all: the run stops with status 2.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot read {path}: {reason}")]
pub struct Missing {
    /// As given.
    pub path: String,
    /// What the operating system says.
    pub reason: String,
}

impl From<Missing> for Diag {
    fn from(m: Missing) -> Self {
        Self {
            path: m.path.as_str().into(),
            text: "".into(),
            span: 0..0,
            message: m.to_string(),
            help: Some("name an existing file or folder, or `-` for standard input".into()),
            code: "path",
        }
    }
}

/// Expands files, folders and `-`. Hidden and version-control folders are skipped, links are followed, and `excluded` is
/// asked for each file in a folder (a file that the user names is always read).
///
/// # Errors
/// Every named path that does not exist or cannot be looked at.
pub fn discover(
    files: &dyn Files,
    paths: &[PathBuf],
    excluded: &dyn Fn(&Path) -> bool,
) -> Result<Discovered, Vec<Missing>> {
    let mut out = Discovered::default();
    let mut missing = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            out.files.push(FileRef::stdin());
            continue;
        }
        match files.kind(path) {
            Ok(Kind::Folder) => {
                let walked = files.walk(path, excluded);
                let found = walked.files.into_iter();
                out.files.extend(found.map(|p| FileRef::new(p, false)));
                out.findings.extend(walked.findings);
                out.site_files.extend(walked.site_files);
            }
            Ok(Kind::File(_) | Kind::Device) => {
                out.files.push(FileRef::new(path.clone(), true));
            }
            Err(reason) => missing.push(Missing {
                path: path.to_string_lossy().into_owned(),
                reason,
            }),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    let folders = paths.iter().filter(|p| files.is_folder(p));
    let mut folders: Vec<Arc<Path>> = folders.map(|p| p.as_path().into()).collect();
    folders.sort_by_key(|f| f.components().count());
    for file in out.files.iter_mut().filter(|f| !f.stdin) {
        let holds = |f: &&Arc<Path>| normal(&file.open).starts_with(normal(f));
        if let Some(root) = folders.iter().find(holds) {
            file.root = root.clone();
        }
    }
    // A file that is named and also in a named folder is read once, as named.
    out.files
        .sort_by(|a, b| a.shown.cmp(&b.shown).then(b.named.cmp(&a.named)));
    // Names that are no text may be shown alike.
    out.files
        .dedup_by(|b, a| a.shown == b.shown && a.same_path(b));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Disk;

    #[test]
    fn paths_are_reported_as_given_with_slashes_and_without_a_leading_dot() {
        let cases = [
            ("./exports/a.txt", "exports/a.txt"),
            (".", "."),
            ("../x//y/", "../x/y"),
            ("/etc/./iptables", "/etc/iptables"),
            ("-", "-"),
        ];
        for (given, expected) in cases {
            assert_eq!(shown(Path::new(given)), expected);
        }
    }

    #[test]
    fn hidden_folders_and_the_site_file_are_skipped_and_a_named_file_wins() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for d in [".git", "CVS", "sub"] {
            std::fs::create_dir(root.join(d)).unwrap();
            std::fs::write(root.join(d).join("x.txt"), "x").unwrap();
        }
        std::fs::write(root.join("hylint.toml"), "").unwrap();
        std::fs::write(root.join("old.txt"), "x").unwrap();
        std::fs::write(root.join(".gitkeep"), "").unwrap();
        let named = root.join("sub/x.txt");
        let paths = [root.to_path_buf(), named.clone()];
        let d = discover(&Disk, &paths, &|p| p.ends_with("old.txt")).unwrap();
        let names: Vec<_> = d
            .files
            .iter()
            .map(|f| (f.open.strip_prefix(root).unwrap().to_owned(), f.named))
            .collect();
        assert_eq!(
            names,
            [
                (PathBuf::from(".gitkeep"), false),
                (PathBuf::from("sub/x.txt"), true)
            ]
        );
    }

    #[test]
    fn every_missing_path_is_named_at_once() {
        let paths = [PathBuf::from("no-such-a"), PathBuf::from("no-such-b")];
        let missing = discover(&Disk, &paths, &|_| false).unwrap_err();
        assert_eq!(missing.len(), 2);
        assert_eq!(
            missing[0].to_string(),
            "cannot read no-such-a: no such file or folder"
        );
    }
}
