//! Numbers of a whole run.

use super::export::LoadedExport;
use hylint_model::Point;

hylint_model::number! {
    /// The number of an export in the run, in path order.
    ExportId
}

/// A point of the run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct RunPoint {
    /// Its export.
    pub export: ExportId,
    /// Its place among the points of the export.
    pub point: u32,
}

impl RunPoint {
    /// The point at a place of an export.
    #[must_use]
    pub fn new(export: ExportId, index: usize) -> Self {
        Self {
            export,
            point: u32::try_from(index).unwrap_or(u32::MAX),
        }
    }

    /// Its place among the points of the export.
    #[must_use]
    pub const fn index(self) -> usize {
        self.point as usize
    }
}

/// The exports of a run by their numbers, mostly without rules and text.
#[derive(Debug, Default)]
pub struct Heads(Vec<LoadedExport>);

impl<const N: usize> From<[LoadedExport; N]> for Heads {
    fn from(exports: [LoadedExport; N]) -> Self {
        Self(exports.into())
    }
}

impl Heads {
    /// In path order.
    #[must_use]
    pub fn new(exports: Vec<LoadedExport>) -> Self {
        Self(exports)
    }

    /// Adds the next one.
    pub fn push(&mut self, export: LoadedExport) {
        self.0.push(export);
    }

    /// An export by its number.
    #[must_use]
    pub fn get(&self, id: ExportId) -> Option<&LoadedExport> {
        self.0.get(id.index())
    }

    /// The same, to change.
    pub fn get_mut(&mut self, id: ExportId) -> Option<&mut LoadedExport> {
        self.0.get_mut(id.index())
    }

    /// A point by its number.
    #[must_use]
    pub fn point(&self, id: RunPoint) -> Option<&Point> {
        self.get(id.export)?.export.points.get(id.index())
    }

    /// In path order.
    pub fn iter(&self) -> std::slice::Iter<'_, LoadedExport> {
        self.0.iter()
    }

    /// In path order, with their numbers.
    pub fn each(&self) -> impl Iterator<Item = (ExportId, &LoadedExport)> {
        self.ids().zip(&self.0)
    }

    /// All numbers.
    pub fn ids(&self) -> impl Iterator<Item = ExportId> + use<> {
        (0..self.0.len()).map(ExportId::new)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
