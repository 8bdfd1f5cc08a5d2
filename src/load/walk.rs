//! What is passed over or cannot be entered on a walk through folders, and how paths and causes are told.

use crate::finding::{Code, Finding, Identity, Known, Place, Severity};
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use walkdir::DirEntry;

/// The site file's name; it is never an export.
pub const CONFIG_NAME: &str = "hylint.toml";

/// Folders of version control systems whose names do not begin with a dot.
const VCS_FOLDERS: [&str; 2] = ["CVS", "_darcs"];

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

/// Whether a file in a folder is a site file, which is never read as an export.
pub(super) fn is_site_file(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n == CONFIG_NAME)
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
        "the link points back to `{}`, which contains it, and is not followed",
        shown(ancestor)
    );
    let help = "remove the link, or exclude it with `exclude` in [check]";
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
    let message = format!("cannot be read, so exports in it are not checked: {cause}");
    let help = "give the account that runs hylint read access, fix the link, or exclude it with `exclude` in [check]";
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

/// What is wrong with a path, in words that say what to do.
pub(super) fn reason(path: &Path, e: &io::Error) -> String {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_symlink());
    match (e.kind(), is_link) {
        (io::ErrorKind::NotFound, true) => "the link leads to nothing".into(),
        (io::ErrorKind::NotFound, false) => "no such file or folder".into(),
        (_, true) if !e.kind().to_string().contains("permission") => {
            format!("the link cannot be followed: {}", plain_io(e))
        }
        _ => plain_io(e),
    }
}

/// The cause without the operating system's error number.
pub(super) fn plain_io(e: &io::Error) -> String {
    let text = e.to_string();
    match text.find(" (os error") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}
