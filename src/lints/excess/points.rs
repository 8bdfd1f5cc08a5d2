//! The findings of each point: its settings and defaults, then its rules.

use super::elsewhere::{lowered, seen_elsewhere};
use super::entry;
use super::entry::Opening;
use super::fold::Fold;
use super::needed::Needed;
use super::review::{PointReview, Seen};
use crate::finding::Finding;
use crate::judge::{Exports, Flows, Guard, alternative_profiles, host_guards, transit_guard};
use crate::lints::order::Idle;
use crate::site::Host;
use hylint_engine::rulespace::each;
use hylint_engine::{Direction, PointId};
use hylint_model::{Action, Body, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// Rules looked at before what is found of them is put together.
const AT_ONCE: usize = 1 << 14;

/// Every excess finding of the run, in point order.
#[must_use]
pub(crate) fn findings(flows: Flows<'_>, exports: &Exports, idle: &Idle) -> Vec<Finding> {
    let mut out = Vec::new();
    let behind = guarded(&flows.part.hosts);
    for (at, point) in exports.points() {
        let ask = |guard: &Guard<'_>,
                   alternatives: &[Guard<'_>],
                   needed: &Needed,
                   hosts: &[&Host<PointId>]| {
            let of = |g| PointReview::new(exports, at, point, g, needed, hosts, idle);
            of(guard).findings(&alternatives.iter().map(of).collect::<Vec<_>>())
        };
        let transit = flows.part.transits.iter().find(|t| t.points.contains(&at));
        if let Some(t) = transit {
            let guard = transit_guard(exports, t);
            out.extend(ask(&guard, &[], &Needed::through(flows), &[]));
            continue;
        }
        let Some(hosts) = behind.get(&at) else {
            continue;
        };
        let needed = Needed::at(flows, hosts, point.kind);
        let Some(first) = hosts.first() else { continue };
        for (guard, _, assumed) in host_guards(exports, first, Direction::In) {
            if guard.points.contains(&at) {
                let others = if assumed {
                    alternative_profiles(exports, &guard)
                } else {
                    Vec::new()
                };
                out.extend(ask(&guard, &others, &needed, hosts));
            }
        }
    }
    out
}

/// The hosts behind each point.
fn guarded(hosts: &[Host<PointId>]) -> BTreeMap<PointId, Vec<&Host<PointId>>> {
    let mut all: BTreeMap<PointId, Vec<&Host<PointId>>> = BTreeMap::new();
    for h in hosts {
        let points: BTreeSet<PointId> = h.layers.iter().flat_map(|l| l.points.clone()).collect();
        for at in points {
            all.entry(at).or_default().push(h);
        }
    }
    all
}

impl<'a> PointReview<'a, '_> {
    /// What is found, and what would be in the profiles that may be active instead of the judged one.
    fn findings(&self, alternatives: &[Self]) -> Vec<Finding> {
        if let Some(f) = self.firewall_off() {
            return vec![f];
        }
        let mut out: Vec<Finding> = self.default_allow().into_iter().collect();
        let mut on: Vec<&Self> = Vec::new();
        for other in alternatives {
            let off = other.firewall_off();
            if off.is_none() {
                on.push(other);
            }
            out.extend(off.or_else(|| other.default_allow()).map(lowered));
        }
        self.rules(&on, &mut out);
        out
    }

    /// Rules that let packets in, here or in a profile that may be active instead.
    fn openings(&self, alternatives: &[&Self]) -> Vec<Opening<'a>> {
        match &self.point.body {
            Body::Lists(l) => {
                let rules = l.ingress.rules.iter();
                let acts = |r: &Rule| self.acts(r) || alternatives.iter().any(|o| o.acts(r));
                rules
                    .filter(|r| r.action == Action::Allow && acts(r))
                    .map(Opening::of)
                    .collect()
            }
            Body::Netfilter(nf) => entry::openings(nf, self.guard.direction),
        }
    }

    fn rules(&self, alternatives: &[&Self], out: &mut Vec<Finding>) {
        let (mut builtin, mut sensitive) = (Fold::default(), Fold::default());
        let mut unneeded = Fold::default();
        let openings = self.openings(alternatives);
        for part in openings.chunks(AT_ONCE) {
            let one = |i: u32| {
                let opening = part.get(i as usize)?;
                let here = self.acts(opening.rule).then(|| self.seen(opening));
                here.flatten()
                    .or_else(|| seen_elsewhere(opening, alternatives))
            };
            let seen = each(0..part.len() as u32, one);
            for (opening, seen) in part.iter().zip(seen) {
                match seen {
                    None => {}
                    Some(Seen::Builtin { to_anyone }) => {
                        // Their group says what they are, and what each opens is the same everywhere.
                        if to_anyone {
                            sensitive.rules.push(opening.rule);
                        }
                        builtin.rules.push(opening.rule);
                    }
                    Some(Seen::Unneeded(total)) => {
                        let parts = self.unneeded_parts(opening, unneeded.room());
                        unneeded.add(opening.rule, parts, total);
                    }
                    Some(Seen::Open(f)) => out.push(*f),
                }
            }
        }
        out.extend(self.fold_builtin(builtin, sensitive));
        out.extend(self.fold_unneeded(unneeded));
    }
}
