//! Findings with one cause are shown once.

use crate::finding::{Code, Finding, Severity};
use hylint_model::Direction;
use rustc_hash::FxHashMap;

/// Findings of one code at one deciding place; never empty.
pub(super) struct Group<'a> {
    /// The one that is shown.
    pub(super) first: &'a Finding,
    /// The others.
    pub(super) rest: Vec<&'a Finding>,
}

impl<'a> Group<'a> {
    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Finding> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }
}

type Key<'a> = (Code, Severity, &'a str, u32, u32, Option<Direction>);

/// Groups findings in the order of their first; those without a place stay alone.
pub(super) fn fold<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut index: FxHashMap<Key<'a>, usize> = FxHashMap::default();
    for f in findings {
        let new = groups.len();
        let at = match &f.place {
            // Only findings about required flows share a place for one reason; two parse errors do not.
            Some(p) if f.requirement.is_some() => {
                let key = (
                    f.code,
                    f.severity,
                    &*p.path,
                    p.start.line,
                    p.start.column,
                    f.direction,
                );
                *index.entry(key).or_insert(new)
            }
            _ => new,
        };
        match groups.get_mut(at) {
            Some(g) => g.rest.push(f),
            None => groups.push(Group {
                first: f,
                rest: Vec::new(),
            }),
        }
    }
    groups
}
