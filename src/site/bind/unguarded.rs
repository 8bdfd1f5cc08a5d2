//! Cloud points that guard no host of a known role: what they let in is judged all the same, as far as no role is needed
//! for it.

use super::cloud::layers_of;
use super::guess::Known;
use super::{Binder, notes};
use crate::load::RunPoint;
use crate::site::Host;
use std::collections::BTreeSet;

impl Binder<'_> {
    /// Gives each point that guards nobody a host without roles, unless the site file says of its export whom it guards:
    /// then the rest of an account is not the site's. Says how many there are.
    pub(super) fn unguarded(&mut self) {
        let layers = self.hosts.iter().flat_map(|h| &h.layers);
        let guards = layers.flat_map(|l| &l.points);
        let transits = self.transits.iter().flat_map(|t| &t.points);
        let guards: BTreeSet<RunPoint> = guards.chain(transits).copied().collect();
        let mut points = self.exports.iter().flat_map(|e| &e.export.points);
        let grouped = points.any(|p| p.kind.is_united());
        for export in self.exports.ids() {
            let all = self.points_of(&[export]);
            let cloud = |at: &RunPoint| self.point(*at).is_some_and(|p| p.kind.is_cloud());
            let rest: Vec<RunPoint> = all
                .into_iter()
                .filter(|at| !guards.contains(at) && cloud(at))
                .collect();
            if self.claims.get(export.index()).is_none_or(Vec::is_empty) {
                let hosts: Vec<Host> = rest
                    .iter()
                    .filter_map(|at| self.roleless(*at, grouped))
                    .collect();
                self.hosts.extend(hosts);
            }
            let untold: Vec<RunPoint> = rest
                .into_iter()
                .filter(|at| !self.told.contains(at))
                .collect();
            self.guard_nobody(&untold);
        }
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
