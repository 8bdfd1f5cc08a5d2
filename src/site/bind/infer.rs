//! Infers a role from the ports that an export opens.
//!
//! A role's score is the weight of its ports that are open, times the share of its ports that are open. A port weighs
//! less the more roles listen on it. The best role counts if its score is at least [`ENOUGH`] and well ahead of the next.

use crate::rules::matrix::{Matrix, RoleIx};
use hylint_space::PortSet;
use std::collections::{BTreeMap, BTreeSet};

const ENOUGH: f64 = 0.5;
const AHEAD: f64 = 1.25;

/// Protocol and port.
type Port = (u8, u16);

/// On which ports the roles of a matrix listen.
#[derive(Debug)]
pub struct Listening {
    ports: BTreeMap<RoleIx, BTreeSet<Port>>,
    /// How many roles listen on each port.
    shared: BTreeMap<Port, f64>,
}

impl Listening {
    /// Of the requirements of a matrix.
    #[must_use]
    pub fn of(matrix: &Matrix) -> Self {
        let ports = wanted(matrix);
        let mut shared: BTreeMap<Port, f64> = BTreeMap::new();
        for port in ports.values().flatten() {
            *shared.entry(*port).or_default() += 1.0;
        }
        Self { ports, shared }
    }

    /// The ports of a role, ascending; none of one that only opens connections, or whose ports count for another role.
    pub fn ports(&self, role: RoleIx) -> impl Iterator<Item = (u8, u16)> {
        self.ports.get(&role).into_iter().flatten().copied()
    }

    /// Every role by how well it fits the open ports, the best first, with its score.
    #[must_use]
    pub fn ranked(&self, open: &BTreeMap<u8, PortSet>) -> Vec<(f64, RoleIx)> {
        let is_open = |p: &&Port| open.get(&p.0).is_some_and(|o| o.contains(p.1));
        let score = |(role, ports): (&RoleIx, &BTreeSet<Port>)| {
            let hits: Vec<_> = ports.iter().filter(is_open).collect();
            let shared = hits.iter().filter_map(|p| self.shared.get(p));
            let weight: f64 = shared.map(|n| 1.0 / n).sum();
            let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
            let score = weight * count(hits.len()) / count(ports.len().max(1));
            (score, *role)
        };
        let mut scores: Vec<(f64, RoleIx)> = self.ports.iter().map(score).collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scores
    }

    /// The role that fits the open ports, with its score.
    pub(super) fn role(&self, open: &BTreeMap<u8, PortSet>) -> Option<(RoleIx, f64)> {
        let scores = self.ranked(open);
        let (best, role) = scores.first().copied()?;
        let next = scores.get(1).map_or(0.0, |s| s.0);
        (best >= ENOUGH && best >= next * AHEAD).then_some((role, best))
    }
}

/// Ports on which each role listens. A role whose port goes with another's, or that lives on another's hosts, counts for
/// the other.
fn wanted(matrix: &Matrix) -> BTreeMap<RoleIx, BTreeSet<Port>> {
    let owner = |ix: RoleIx| {
        let role = matrix.role(ix);
        role.and_then(|r| r.ports_with.or(r.lives_on)).unwrap_or(ix)
    };
    let mut all: BTreeMap<RoleIx, BTreeSet<Port>> = BTreeMap::new();
    for r in &matrix.requirements {
        let ends = std::iter::once(&r.to).chain(&r.to_any);
        for role in ends.flat_map(|e| &e.roles) {
            let ports = r.ports.iter().map(|p| (r.transport.number(), *p));
            all.entry(owner(owner(*role))).or_default().extend(ports);
        }
    }
    all
}
