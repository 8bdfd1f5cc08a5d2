//! The new side's paths as people know them.

use super::sides::Sides;
use crate::finding::{Finding, Place};
use hylint_parsers::shell;
use std::sync::Arc;

/// Puts the real paths into what the new side found under the old side's.
pub(super) struct Showing<'s> {
    sides: &'s Sides,
    /// Exports whose path is another one, as a shell takes it: the old path and the new one.
    moved: Vec<(String, String)>,
}

impl<'s> Showing<'s> {
    pub(super) fn of(sides: &'s Sides) -> Self {
        let paths = sides.new.heads().iter().map(|e| e.path.clone());
        let moved = paths.filter_map(|old| {
            let new = (sides.shown)(&old);
            let typed = |p: &str| shell::posix(p).ok();
            (old != new).then(|| Some((typed(&old)?, typed(&new)?)))?
        });
        Self {
            moved: moved.collect(),
            sides,
        }
    }

    /// A place of the new side.
    pub(super) fn place(&self, p: &mut Place) {
        p.path = self.path(&p.path);
    }

    /// A path of the new side.
    pub(super) fn path(&self, path: &str) -> Arc<str> {
        (self.sides.shown)(path)
    }

    /// A finding of the new side.
    pub(super) fn finding(&self, f: &mut Finding) {
        let waived = f.waived.iter_mut().filter_map(|w| w.place.as_mut());
        let related = f.related.iter_mut().map(|r| &mut r.place);
        for p in f.place.iter_mut().chain(related).chain(waived) {
            self.place(p);
        }
        for r in &mut f.reproduce {
            let mut moved = self.moved.iter();
            if let Some(command) = moved.find_map(|(old, new)| with_word(&r.command, old, new)) {
                r.command = command;
            }
        }
    }
}

/// A command with another word in the place of one that it has.
fn with_word(command: &str, old: &str, new: &str) -> Option<String> {
    let whole = |at: &usize| {
        let before = command
            .get(..*at)
            .is_some_and(|t| t.is_empty() || t.ends_with(' '));
        let behind = command.get(at + old.len()..);
        before && behind.is_some_and(|t| t.is_empty() || t.starts_with(' '))
    };
    let at = command.match_indices(old).map(|(at, _)| at).find(whole)?;
    let (before, behind) = (command.get(..at)?, command.get(at + old.len()..)?);
    Some(format!("{before}{new}{behind}"))
}
