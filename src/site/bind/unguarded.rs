//! Cloud points that guard no host of a known role: what they let in is judged all the same, as far as no role is needed
//! for it.

use super::guess::Known;
use super::layers::layers_of;
use super::{Binder, notes};
use crate::load::{ExportId, RunPoint};
use crate::site::Host;
use std::collections::{BTreeMap, BTreeSet};

/// Different copies of one resource that further ones are compared with.
const COMPARED: usize = 16;

impl Binder<'_> {
    /// Gives each point that guards nobody a host without roles, unless the site file says of its export whom it guards:
    /// then the rest of an account is not the site's, and its machines are judged apart. Says how many there are.
    pub(super) fn unguarded(&mut self) {
        let layers = self.hosts.iter().flat_map(|h| &h.layers);
        let guards = layers.flat_map(|l| &l.points);
        let transits = self.transits.iter().flat_map(|t| &t.points);
        let guards: BTreeSet<RunPoint> = guards.chain(transits).copied().collect();
        let mut points = self.exports.iter().flat_map(|e| &e.export.points);
        let grouped = points.any(|p| p.kind.is_united());
        let mut seen: BTreeMap<String, Vec<RunPoint>> = BTreeMap::new();
        for at in &guards {
            let id = self
                .point(*at)
                .filter(|p| !p.stand_in)
                .map(|p| p.id.to_ascii_lowercase());
            let id = id.filter(|id| !id.is_empty());
            if let Some(id) = id {
                seen.entry(id).or_default().push(*at);
            }
        }
        let mut outside: BTreeMap<ExportId, Vec<RunPoint>> = BTreeMap::new();
        for export in self.exports.ids() {
            let all = self.points_of(&[export]);
            let cloud = |at: &RunPoint| self.point(*at).is_some_and(|p| p.kind.is_cloud());
            let rest: Vec<RunPoint> = all
                .into_iter()
                .filter(|at| !guards.contains(at) && !self.copies.contains(at) && cloud(at))
                .collect();
            let rest = self.without_copies(rest, &guards, &mut seen);
            let claimed = self
                .claims
                .get(export.index())
                .is_some_and(|c| !c.is_empty());
            if !claimed {
                for at in &rest {
                    if let Some(mut host) = self.roleless(*at, grouped) {
                        self.name_tags(&mut host, None);
                        self.hosts.push(host);
                    }
                }
            }
            let untold: Vec<RunPoint> = rest
                .into_iter()
                .filter(|at| !self.told.contains(at))
                .collect();
            self.guard_nobody(&untold);
            if claimed && !untold.is_empty() {
                outside.insert(export, untold);
            }
        }
        self.machines_outside(outside, &guards);
    }

    /// Those that are no copy or view of a point that guards a host, or that was looked at before. What differs is told.
    fn without_copies(
        &mut self,
        points: Vec<RunPoint>,
        guards: &BTreeSet<RunPoint>,
        seen: &mut BTreeMap<String, Vec<RunPoint>>,
    ) -> Vec<RunPoint> {
        let mut out = Vec::new();
        for at in points {
            let id = self
                .point(at)
                .map(|p| p.id.to_ascii_lowercase())
                .unwrap_or_default();
            let known = seen.get(&id).cloned().unwrap_or_default();
            let chosen = known.iter().any(|o| guards.contains(o));
            let copy = !id.is_empty() && self.is_copy_of(at, &known, chosen);
            if !copy {
                out.push(at);
            }
            // Copies are compared with a few that differ, however many there are.
            if !id.is_empty() && !copy && known.len() < COMPARED {
                seen.entry(id).or_default().push(at);
            }
        }
        out
    }

    /// `grouped`: there are security groups, too.
    fn roleless(&self, at: RunPoint, grouped: bool) -> Option<Host> {
        let p = self.point(at)?;
        // Behind an ACL stand security groups; the ACL that AWS ships lets everything in.
        if p.kind.is_stateless() && grouped {
            return None;
        }
        Some(Host {
            layers: layers_of(p.kind, vec![at]),
            ..self.guessed(at.export, Known::named(&notes::title(p)))
        })
    }
}
