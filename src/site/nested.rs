//! Site files that are not read: below one that judges the run, or below the given path.

use super::bind::claims;
use super::config::{Config, FILE_NAME};
use crate::common::paths::{folder, normal};
use crate::finding::{Code, Finding, Identity, Place, Severity};
use crate::load::{Files, shown};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Says of each site file that is not read, because another one judges the run or none does. `met` are those in the folders
/// that were walked, `read` the paths of the run's files, ascending.
#[must_use]
pub fn nested(
    files: &dyn Files,
    config: Option<&Config>,
    met: &[PathBuf],
    read: &[&str],
) -> Vec<Finding> {
    let used = config.map(|c| normal(Path::new(&*c.path)));
    let mut found: BTreeSet<String> = met.iter().map(|p| shown(p)).collect();
    if let Some(c) = config {
        found.extend(above(files, c, read));
    }
    let found = found.into_iter();
    let unused = found.filter(|file| used != Some(normal(Path::new(file))));
    unused
        .map(|file| unread(config, folder(&file), &file, read))
        .collect()
}

/// Site files above the files of a run, inside the folder of the one that judges it.
fn above(files: &dyn Files, config: &Config, read: &[&str]) -> Vec<String> {
    let inside = normal(&config.dir);
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    for path in read {
        let mut at = folder(path);
        while folders.insert(at) && !at.is_empty() && at != "/" {
            at = folder(at);
        }
    }
    let files_of = folders.into_iter().map(|at| Path::new(at).join(FILE_NAME));
    let there = files_of.filter(|f| normal(f).starts_with(&inside) && files.is_file(f));
    there.map(|f| shown(&f)).collect()
}

fn unread(config: Option<&Config>, at: &str, file: &str, read: &[&str]) -> Finding {
    let below = format!("{at}/");
    let from = read.partition_point(|p| **p < *below);
    let below = read.get(from..).unwrap_or_default().iter();
    let below = below.take_while(|p| p.starts_with(at)).copied();
    let claims = claims(config, below);
    let host = claims.iter().flatten().next();
    let host = config.and_then(|c| c.hosts.get(*host?));
    let (severity, message, help) = match (config, host) {
        (Some(c), Some(h)) => (
            Severity::Warning,
            format!(
                "this hylint.toml is not read: `{}` names its exports for `{}`",
                c.path, h.name
            ),
            "remove it, or take its exports out of `exports` in the other one",
        ),
        (Some(c), None) => (
            Severity::Note,
            format!(
                "this hylint.toml is not read: `{}` is used for this run",
                c.path
            ),
            "run hylint on its folder to use it",
        ),
        (None, _) => (
            Severity::Warning,
            "this hylint.toml is not read: it lies below the given path".to_owned(),
            "run hylint on its folder to use it",
        ),
    };
    let identity = Identity::of(&["nested site file"]);
    let place = Place::file(&file.into());
    let mut f = Finding::new(Code::UnreadFile, severity, message, identity, place);
    f.help = Some(help.into());
    f.host = host.map(|h| h.name.clone());
    f
}
