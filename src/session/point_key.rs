//! How a point is known again in another session.

use crate::load::{Heads, LoadedExport, RunPoint};
use hylint_model::Point;
use std::fmt;

/// A point by what stays the same from run to run: the path of its export from the site's folder and its id, else its
/// number among those of the export that have none. Shown as `PATH#ID` or `PATH#2`, and as `PATH` alone where it is the only
/// firewall of a host.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PointKey {
    /// The export's path, relative to the folder of hylint.toml, else to the working directory.
    pub path: String,
    /// The resource id in lower case, or empty.
    pub id: String,
    /// Number among the points of the export with this id, from 0.
    pub number: usize,
}

impl fmt::Display for PointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        match (self.id.as_str(), self.number) {
            ("", 0) => Ok(()),
            ("", n) => write!(f, "#{}", n + 1),
            (id, 0) => write!(f, "#{id}"),
            (id, n) => write!(f, "#{id}#{}", n + 1),
        }
    }
}

/// The keys of an export's points, in order. `path` is that of the export, as keys have it.
pub(super) fn keys_of(path: &str, export: &LoadedExport) -> Vec<PointKey> {
    let points = &export.export.points;
    let id = |p: &Point| p.id.to_ascii_lowercase();
    let key = |(n, p): (usize, &Point)| {
        let id = id(p);
        let same = points
            .iter()
            .take(n)
            .filter(|o| o.id.eq_ignore_ascii_case(&id));
        PointKey {
            path: path.to_owned(),
            number: same.count(),
            id,
        }
    };
    points.iter().enumerate().map(key).collect()
}

/// The point of a key, if the run has it.
pub(super) fn find(
    heads: &Heads,
    key: &PointKey,
    path: impl Fn(&LoadedExport) -> String,
) -> Option<RunPoint> {
    let (export, head) = heads.each().find(|(_, e)| path(e) == key.path)?;
    let mut points = head.export.points.iter().enumerate();
    let (at, _) = points
        .by_ref()
        .filter(|(_, p)| p.id.eq_ignore_ascii_case(&key.id))
        .nth(key.number)?;
    Some(RunPoint::new(export, at))
}
