//! Which files a run reads.

use super::files::{Files, Kind, reason};
use crate::common::diag::Diag;
use crate::finding::{Code, Finding, Identity, Known, Place, Severity};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use walkdir::DirEntry;

/// The site file's name; it is never an export.
pub const CONFIG_NAME: &str = "hylint.toml";

/// Folders of version control systems whose names do not begin with a dot.
const VCS_FOLDERS: [&str; 2] = ["CVS", "_darcs"];

/// One file to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileRef {
    /// What to open.
    pub open: PathBuf,
    /// The path as reported: as given, with `/`, without `./`.
    pub shown: Arc<str>,
    /// The user named this very file, so it must be an export.
    pub named: bool,
    /// Read standard input instead.
    pub stdin: bool,
}

impl FileRef {
    /// A file that the user named, or one that was found in a folder.
    #[must_use]
    pub fn new(open: PathBuf, named: bool) -> Self {
        Self {
            shown: shown(&open).into(),
            open,
            named,
            stdin: false,
        }
    }

    /// Standard input.
    #[must_use]
    pub fn stdin() -> Self {
        Self {
            open: "-".into(),
            shown: "-".into(),
            named: true,
            stdin: true,
        }
    }
}

/// The files of a run.
#[derive(Debug, Default)]
pub struct Discovered {
    /// In path order, each once.
    pub files: Vec<FileRef>,
    /// Folders and links that could not be entered.
    pub findings: Vec<Finding>,
}

/// A path that the user named and that cannot be opened at all: the run stops with status 2.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, miette::Diagnostic)]
#[error("{path}: {reason}")]
#[diagnostic(
    code(hylint::missing_path),
    help("check the path; it is taken relative to the current folder")
)]
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
            help: miette::Diagnostic::help(&m).map(|h| h.to_string()),
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
            }
            Ok(Kind::File(_)) => out.files.push(FileRef::new(path.clone(), true)),
            Err(reason) => missing.push(Missing {
                path: path.to_string_lossy().into_owned(),
                reason,
            }),
        }
    }
    if !missing.is_empty() {
        return Err(missing);
    }
    // A file that is named and also in a named folder is read once, as named.
    out.files
        .sort_by(|a, b| a.shown.cmp(&b.shown).then(b.named.cmp(&a.named)));
    out.files.dedup_by(|b, a| a.shown == b.shown);
    Ok(out)
}

/// A path as it is reported.
#[must_use]
pub fn shown(path: &Path) -> String {
    let mut out = String::new();
    for c in path.components() {
        let part = match c {
            Component::CurDir => continue,
            Component::RootDir => {
                out.push('/');
                continue;
            }
            Component::Prefix(p) => p.as_os_str().to_string_lossy(),
            Component::ParentDir => "..".into(),
            Component::Normal(n) => n.to_string_lossy(),
        };
        if !out.is_empty() && !out.ends_with('/') {
            out.push('/');
        }
        out.push_str(&part);
    }
    if out.is_empty() { ".".into() } else { out }
}

/// Whether a file in a folder is not one to read.
pub(super) fn is_skipped(path: &Path, excluded: &dyn Fn(&Path) -> bool) -> bool {
    path.file_name().is_some_and(|n| n == CONFIG_NAME) || excluded(path)
}

/// The folder that holds the link, if the link leads to it or above it. The walk itself only sees the loops that begin
/// below its root.
pub(super) fn leads_above(e: &DirEntry) -> Option<PathBuf> {
    if e.depth() == 0 || !e.path_is_symlink() || !e.file_type().is_dir() {
        return None;
    }
    let target = e.path().canonicalize().ok()?;
    let holder = e.path().parent()?.canonicalize().ok()?;
    holder.starts_with(&target).then_some(target)
}

pub(super) fn is_skipped_folder(e: &DirEntry) -> bool {
    e.depth() > 0 && e.file_type().is_dir() && is_skipped_name(e.file_name())
}

/// Whether a folder of this name is hidden or a version control system's.
pub(super) fn is_skipped_name(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || VCS_FOLDERS.iter().any(|v| *v == name)
}

/// Whatever is behind the link is read at its own path, or was not asked for, so nothing is lost.
pub(super) fn link_loop(link: &Path, ancestor: &Path) -> Finding {
    let message = format!(
        "the link leads back to `{}`, in which it stands; it is not followed",
        shown(ancestor)
    );
    let help = "remove the link, or exclude it with `[check] exclude`";
    let to = shown(ancestor);
    let known = Known::LinkLoop { to: &to };
    about(&shown(link), Severity::Note, message, &known, help)
}

pub(super) fn unreadable(root: &Path, e: &walkdir::Error) -> Finding {
    let path = e.path().unwrap_or(root);
    if let Some(ancestor) = e.loop_ancestor() {
        return link_loop(path, ancestor);
    }
    let cause = match e.io_error() {
        Some(io) => reason(path, io),
        None => "unknown cause".into(),
    };
    unreadable_for(path, &cause)
}

/// A path that cannot be read, for a reason.
pub(super) fn unreadable_for(path: &Path, cause: &str) -> Finding {
    let message = format!("it cannot be read, so exports in it are not judged: {cause}");
    let help = "give the account that runs hylint read access, repair the link, or exclude it with `[check] exclude`";
    let known = Known::UnreadablePath { cause };
    about(&shown(path), Severity::Error, message, &known, help)
}

fn about(
    path: &str,
    severity: Severity,
    message: String,
    known: &Known<'_>,
    help: &str,
) -> Finding {
    let mut f = Finding::new(
        Code::MalformedExport,
        severity,
        message,
        Identity::known(known),
        Place::file(&path.into()),
    );
    f.help = Some(help.into());
    f
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
        assert_eq!(missing[0].to_string(), "no-such-a: no such file or folder");
    }
}
