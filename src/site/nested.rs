//! Site files that are not read: below one that judges the run, or below the given path.

use super::bind::claims;
use super::config::{Config, FILE_NAME};
use crate::common::paths::{folder, normal};
use crate::finding::{Code, Finding, Identity, Place, Severity};
use crate::load::{Files, shown};
use std::collections::BTreeSet;
use std::path::Path;

/// Says of each site file that is not read, because another one judges the run or none does. `read` are the paths of the
/// run's files, ascending.
#[must_use]
pub fn nested(files: &dyn Files, config: Option<&Config>, read: &[&str]) -> Vec<Finding> {
    let used = config.map(|c| normal(Path::new(&*c.path)));
    let inside = config.map(|c| normal(&c.dir));
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    for path in read {
        let mut at = folder(path);
        while folders.insert(at) && !at.is_empty() && at != "/" {
            at = folder(at);
        }
    }
    let mut out = Vec::new();
    for at in folders {
        let file = Path::new(at).join(FILE_NAME);
        if !files.is_file(&file) || used.as_ref() == Some(&normal(&file)) {
            continue;
        }
        if inside.as_ref().is_none_or(|i| normal(&file).starts_with(i)) {
            out.push(unread(config, at, &shown(&file), read));
        }
    }
    out
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
                "the site file is not read: `{}` names exports below it, of {}",
                c.path, h.name
            ),
            "remove it, or take its exports out of the `exports` of the other one",
        ),
        (Some(c), None) => (
            Severity::Note,
            format!("the site file is not read: `{}` judges this run", c.path),
            "run hylint for its folder to judge by it",
        ),
        (None, _) => (
            Severity::Warning,
            "the site file is not read: it lies below the given path".to_owned(),
            "run hylint for its folder to judge by it",
        ),
    };
    let identity = Identity::of(&["nested site file"]);
    let place = Place::file(&file.into());
    let mut f = Finding::new(Code::UnreadFile, severity, message, identity, place);
    f.help = Some(help.into());
    f.host = host.map(|h| h.name.clone());
    f
}
