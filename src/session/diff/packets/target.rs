//! What packets are put through on one side.

use crate::load::RunPoint;
use crate::session::Session;
use crate::site::{Host, Transit};
use hylint_model::Profiles;
use hylint_space::AddrSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The layers of a host, or one firewall alone, with what is known of it.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::session::diff) struct Target {
    /// Outermost first; each the united points and the peers that do not cross it.
    pub layers: Vec<(Vec<RunPoint>, AddrSet)>,
    /// Every address of its own; empty when unknown.
    pub own: AddrSet,
    pub resolve: Arc<BTreeMap<String, AddrSet>>,
    pub open: Arc<BTreeMap<String, AddrSet>>,
    pub interfaces: Vec<(String, AddrSet)>,
    pub profile: Option<Profiles>,
}

impl Target {
    pub(super) fn of_host(h: &Host) -> Self {
        let layers = h.layers.iter();
        Self {
            layers: layers
                .map(|l| (l.points.clone(), l.inside.clone()))
                .collect(),
            own: h.every.clone(),
            resolve: h.resolve.clone(),
            open: h.open.clone(),
            interfaces: h.interfaces.clone(),
            profile: h.profile,
        }
    }

    pub(super) fn of_transit(t: &Transit) -> Self {
        Self {
            layers: vec![(t.points.clone(), AddrSet::empty())],
            own: AddrSet::empty(),
            resolve: t.resolve.clone(),
            open: Arc::default(),
            interfaces: t.interfaces.clone(),
            profile: None,
        }
    }

    /// Points that guard nobody who is known.
    pub(super) fn of_points(
        points: Vec<RunPoint>,
        resolve: &Arc<BTreeMap<String, AddrSet>>,
        session: &Session,
    ) -> Self {
        Self {
            layers: vec![(points, AddrSet::empty())],
            own: AddrSet::empty(),
            resolve: resolve.clone(),
            open: Arc::new(session.links().open.clone()),
            interfaces: Vec::new(),
            profile: None,
        }
    }

    /// What this would be where it does not exist.
    pub(super) fn absent(&self) -> Self {
        Self {
            layers: Vec::new(),
            ..self.clone()
        }
    }

    /// Every point of every layer.
    pub(super) fn points(&self) -> impl Iterator<Item = RunPoint> {
        self.layers.iter().flat_map(|(points, _)| points).copied()
    }
}
