//! The exports that are judged together.

use crate::load::LoadedExport;
use hylint_engine::{Indexes, PointId, RuleSet, RuleSets, SetId};
use hylint_model::{Export, Point};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The exports that are judged together, by numbers of their own, with the indexes of their rules.
#[derive(Debug, Default)]
pub struct Exports {
    each: Vec<(Arc<LoadedExport>, Arc<Indexes>)>,
    /// Whose text the settings of a Windows firewall stand in, where that is not its own export's.
    settings: BTreeMap<PointId, SetId>,
    /// Paths of the files whose sets the rules of an export name, and of other views of its firewall.
    beside: BTreeMap<SetId, Vec<Arc<str>>>,
}

impl From<Vec<LoadedExport>> for Exports {
    fn from(exports: Vec<LoadedExport>) -> Self {
        Self::with_indexes(exports, Indexes::default)
    }
}

impl<const N: usize> From<[LoadedExport; N]> for Exports {
    fn from(exports: [LoadedExport; N]) -> Self {
        Vec::from(exports).into()
    }
}

impl Exports {
    /// With indexes that are not the usual ones.
    #[must_use]
    pub fn with_indexes(exports: Vec<LoadedExport>, new: impl Fn() -> Indexes) -> Self {
        Self {
            each: exports
                .into_iter()
                .map(|e| (Arc::new(e), Arc::new(new())))
                .collect(),
            settings: BTreeMap::new(),
            beside: BTreeMap::new(),
        }
    }

    /// Says in which export the settings of a point stand.
    pub fn settings_stand_in(&mut self, point: PointId, export: SetId) {
        self.settings.insert(point, export);
    }

    /// In which export the settings of a point stand.
    #[must_use]
    pub fn settings(&self, point: PointId) -> SetId {
        self.settings.get(&point).copied().unwrap_or(point.set)
    }

    /// Says which files hold the sets that the rules of an export name, or show its firewall too.
    pub fn sets_stand_in(&mut self, export: SetId, paths: Vec<Arc<str>>) {
        self.beside.insert(export, paths);
    }

    /// Paths of the files that hold the sets that the rules of an export name, or show its firewall too.
    #[must_use]
    pub fn beside(&self, export: SetId) -> &[Arc<str>] {
        self.beside.get(&export).map_or(&[], Vec::as_slice)
    }

    /// An export by its number.
    #[must_use]
    pub fn get(&self, id: SetId) -> Option<&LoadedExport> {
        self.each.get(id.index()).map(|(e, _)| &**e)
    }

    /// A point by its number.
    #[must_use]
    pub fn point(&self, id: PointId) -> Option<&Point> {
        self.get(id.set)?.export.points.get(id.index())
    }

    /// In path order.
    pub fn iter(&self) -> impl Iterator<Item = &LoadedExport> {
        self.each.iter().map(|(e, _)| &**e)
    }

    /// The same exports with one of them changed; the others are shared. `None` if there is no such export.
    #[must_use]
    pub fn changed(&self, id: SetId, change: impl FnOnce(&mut Export)) -> Option<Self> {
        let old = self.get(id)?;
        let mut new = LoadedExport::clone(old);
        change(&mut new.export);
        let mut each = self.each.clone();
        *each.get_mut(id.index())? = (Arc::new(new), Arc::default());
        Some(Self {
            each,
            settings: self.settings.clone(),
            beside: self.beside.clone(),
        })
    }

    /// Every point, with its number.
    pub fn points(&self) -> impl Iterator<Item = (PointId, &Point)> {
        self.each.iter().enumerate().flat_map(|(s, (e, _))| {
            let points = e.export.points.iter().enumerate();
            points.map(move |(p, point)| (PointId::new(SetId::new(s), p), point))
        })
    }
}

impl RuleSets for Exports {
    fn set(&self, id: SetId) -> Option<RuleSet<'_>> {
        let (e, indexes) = self.each.get(id.index())?;
        Some(RuleSet {
            points: &e.export.points,
            indexes,
        })
    }
}
