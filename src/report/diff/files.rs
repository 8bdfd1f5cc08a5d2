//! The exports of both sides, paired by path.

use crate::finding::difference::{Difference, State};
use crate::finding::outcome::ExportInfo;
use rustc_hash::FxHashMap;

/// An export, on one side or both.
pub(super) struct File<'a> {
    /// Before.
    pub(super) old: Option<&'a ExportInfo>,
    /// After.
    pub(super) new: Option<&'a ExportInfo>,
}

impl<'a> File<'a> {
    /// Whether its bytes differ, or one side alone has it.
    pub(super) fn differs(&self) -> bool {
        let hash = |e: Option<&'a ExportInfo>| e.map(|e| e.sha256.as_str());
        hash(self.old) != hash(self.new)
    }

    /// Its path after, else before.
    pub(super) fn path(&self) -> &'a str {
        self.new.or(self.old).map_or("", |e| &*e.path)
    }
}

/// The exports in the order of the old side, then those that the new one adds.
pub(super) fn files(d: &Difference) -> Vec<File<'_>> {
    let mut after: FxHashMap<&str, &ExportInfo> = known(&d.new).collect();
    let mut all: Vec<File<'_>> = known(&d.old)
        .map(|(path, e)| File {
            old: Some(e),
            new: after.remove(path),
        })
        .collect();
    let added = known(&d.new).filter(|(path, _)| after.contains_key(path));
    all.extend(added.map(|(_, e)| File {
        old: None,
        new: Some(e),
    }));
    all
}

/// The exports of a side by the paths that the old one has for them.
fn known(side: &State) -> impl Iterator<Item = (&str, &ExportInfo)> {
    side.known_as.iter().map(|p| &**p).zip(&side.exports)
}
