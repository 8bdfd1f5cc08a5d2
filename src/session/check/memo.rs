//! What parts were found to be, for sessions over changed files: a part of which nothing changed is not judged again.

use super::basis::Basis;
use super::judge_part::Found;
use super::parts::Part;
use crate::judge::{Applying, PartScope};
use crate::load::Seal;
use crate::session::material::Material;
use crate::site::{Bound, RoleState, Via};
use hylint_engine::{PointId, SetId};
use hylint_space::AddrSet;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Files by their paths and what is in them.
type Files = Vec<(Arc<str>, Seal)>;

/// What a part is made of: its files and its hosts.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::session) struct PartSeal {
    files: Files,
    /// Files of the same scopes, which say what names in the rules mean.
    beside: Files,
    settings: Vec<(PointId, SetId)>,
    scope: PartScope,
}

/// Everything that what is found in a part depends on.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct PartKey {
    part: PartSeal,
    site: Arc<SiteKey>,
}

/// The same of all parts.
#[derive(PartialEq, Debug)]
pub(super) struct SiteKey {
    config: Option<Arc<str>>,
    matrix: String,
    roles: Vec<RoleState>,
    /// Nodes of a cluster need each other if there are several, whichever part they are in.
    applying: Applying,
    /// Whose hosts and addresses may be in other parts.
    vias: Vec<Via>,
    resolve: Arc<BTreeMap<String, AddrSet>>,
    known: BTreeMap<String, AddrSet>,
}

/// What a part was found to be.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    /// By what its own checks say.
    pub own: Arc<Found>,
    /// By what the whole site decided, where that is something else.
    pub decided: Option<Arc<Found>>,
}

/// What is known of parts.
#[derive(Debug, Default)]
pub(in crate::session) struct Memos(Mutex<FxHashMap<Files, Vec<(PartKey, Memo)>>>);

impl Memos {
    /// The same, apart from what comes later.
    pub(in crate::session) fn copied(&self) -> Self {
        Self(Mutex::new(self.all().clone()))
    }

    // A thread that panicked has left whole entries.
    fn all(&self) -> std::sync::MutexGuard<'_, FxHashMap<Files, Vec<(PartKey, Memo)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, key: &PartKey) -> Option<Memo> {
        let all = self.all();
        let (_, memo) = all.get(&key.part.files)?.iter().find(|(k, _)| k == key)?;
        Some(memo.clone())
    }

    pub(super) fn insert(&self, key: PartKey, memo: Memo) {
        let mut all = self.all();
        let entry = all.entry(key.part.files.clone()).or_default();
        entry.retain(|(k, _)| *k != key);
        entry.push((key, memo));
    }
}

impl SiteKey {
    pub(super) fn of(basis: &Basis<'_>) -> Arc<Self> {
        let (site, material) = (&basis.bound.site, basis.material);
        Arc::new(Self {
            config: material.config.as_ref().map(|c| c.text.clone()),
            matrix: basis.flows.matrix.sha256.clone(),
            roles: site.roles.clone(),
            applying: basis.flows.applying.clone(),
            vias: site.vias.clone(),
            resolve: site.resolve.clone(),
            known: material.known().clone(),
        })
    }
}

impl PartSeal {
    pub(in crate::session) fn of(m: &Material, bound: &Bound, part: &Part) -> Self {
        let scopes = part.exports.iter();
        let mut beside: Vec<_> = scopes
            .flat_map(|at| m.links.index.scope(&m.heads, *at))
            .collect();
        beside.sort_unstable();
        beside.dedup();
        Self {
            files: part.exports.iter().filter_map(|at| m.seal(*at)).collect(),
            beside: beside.iter().filter_map(|at| m.seal(*at)).collect(),
            settings: part.settings(&m.links),
            scope: part.scope(bound),
        }
    }
}

impl PartKey {
    pub(super) fn of(basis: &Basis<'_>, part: &Part, site: &Arc<SiteKey>) -> Self {
        Self {
            part: PartSeal::of(basis.material, basis.bound, part),
            site: site.clone(),
        }
    }
}
