//! The rules and texts of a session's exports: held, or read again.

use crate::finding::Finding;
use crate::load::{self, Body, ExportId, Files, LoadedExport, Seal};
use std::sync::{Arc, Mutex, PoisonError};

/// A file that was read, and is not the same when it is read again.
#[derive(Debug)]
pub(super) struct Changed(pub Arc<str>);

/// An export as its reader left it, and what the reader could not take as written.
pub(super) type Read = (LoadedExport, Vec<Finding>);

/// One export's.
#[derive(Debug)]
struct Slot {
    file: load::FileRef,
    seal: Seal,
    held: Held,
    was_held: bool,
}

#[derive(Debug)]
enum Held {
    /// For good.
    Kept(Arc<Read>),
    /// Until it is taken, for there is memory for one.
    Once(Mutex<Option<Box<Read>>>),
}

/// By the numbers of the exports.
#[derive(Debug, Default)]
pub(super) struct Bodies(Vec<Slot>);

impl Bodies {
    /// `keep`: what is held stays.
    pub(super) fn new(bodies: Vec<Body>, keep: bool) -> Self {
        let slot = |b: Body| Slot {
            file: b.file,
            seal: b.seal,
            was_held: b.held.is_some(),
            held: match b.held {
                Some(read) if keep => Held::Kept(read.into()),
                held => Held::Once(Mutex::new(held)),
            },
        };
        Self(bodies.into_iter().map(slot).collect())
    }

    /// The body of an export for another session.
    pub(super) fn shared(&self, export: ExportId) -> Option<Body> {
        let slot = self.0.get(export.index())?;
        let held = match &slot.held {
            Held::Kept(read) => Some(Box::new((**read).clone())),
            Held::Once(_) => None,
        };
        Some(Body {
            file: slot.file.clone(),
            seal: slot.seal,
            held,
        })
    }

    pub(super) fn file(&self, export: ExportId) -> Option<&load::FileRef> {
        self.0.get(export.index()).map(|s| &s.file)
    }

    pub(super) fn seal(&self, export: ExportId) -> Option<Seal> {
        self.0.get(export.index()).map(|s| s.seal)
    }

    /// Whether it was held when it had been read.
    pub(super) fn was_held(&self, export: ExportId) -> bool {
        self.0.get(export.index()).is_some_and(|s| s.was_held)
    }

    /// An export to change. What is held once is gone afterwards.
    ///
    /// # Errors
    /// It is not held, and the file is not what it was.
    pub(super) fn take(&self, files: &dyn Files, export: ExportId) -> Result<Read, Changed> {
        let slot = self.slot(export)?;
        match &slot.held {
            Held::Kept(read) => Ok((**read).clone()),
            Held::Once(held) => {
                // A thread that panicked has taken it or has not.
                let held = held.lock().unwrap_or_else(PoisonError::into_inner).take();
                held.map_or_else(|| slot.read(files), |read| Ok(*read))
            }
        }
    }

    /// An export to look at, without its companions.
    ///
    /// # Errors
    /// It is not kept, and the file is not what it was.
    pub(super) fn source(
        &self,
        files: &dyn Files,
        export: ExportId,
    ) -> Result<LoadedExport, Changed> {
        let slot = self.slot(export)?;
        let read = match &slot.held {
            Held::Kept(read) => read.0.clone(),
            Held::Once(_) => slot.read(files)?.0,
        };
        Ok(read)
    }

    fn slot(&self, export: ExportId) -> Result<&Slot, Changed> {
        let slot = self.0.get(export.index());
        slot.ok_or_else(|| Changed("an export of another session".into()))
    }
}

impl Slot {
    fn read(&self, files: &dyn Files) -> Result<Read, Changed> {
        let read = load::read_again(files, &self.file, self.seal);
        read.ok_or_else(|| Changed(self.file.shown.clone()))
    }
}
