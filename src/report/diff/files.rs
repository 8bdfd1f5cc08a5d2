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
    let (old, new) = (&d.old.exports, &d.new.exports);
    if let ([before], [after]) = (old.as_slice(), new.as_slice()) {
        return vec![File {
            old: Some(before),
            new: Some(after),
        }];
    }
    let mut after: FxHashMap<&str, &ExportInfo> = FxHashMap::default();
    for e in new {
        after.insert(below(&d.new, &e.path), e);
    }
    let mut all: Vec<File<'_>> = Vec::with_capacity(old.len());
    for e in old {
        all.push(File {
            old: Some(e),
            new: after.remove(below(&d.old, &e.path)),
        });
    }
    let added = new.iter();
    let added = added.filter(|e| after.contains_key(below(&d.new, &e.path)));
    all.extend(added.map(|e| File {
        old: None,
        new: Some(e),
    }));
    all
}

/// A path below what was given.
fn below<'p>(side: &State, path: &'p str) -> &'p str {
    let rest = path.strip_prefix(side.name.as_str());
    let rest = rest.filter(|r| r.starts_with('/') || side.name.ends_with('/'));
    rest.map_or(path, |r| r.trim_start_matches('/'))
}
