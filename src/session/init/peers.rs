//! Where a role may be, by what the rules of its peers let in and out on the ports of its flows.

use super::evidence::{body, place};
use super::survey::Survey;
use crate::load::{Opening, RunPoint, openings};
use crate::rules::matrix::{Requirement, RoleIx};
use hylint_model::Direction;
use hylint_space::AddrSet;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Addresses named for a role.
const NAMED: usize = 3;
/// Ranges of a rule that are taken as addresses of hosts.
const RANGES: usize = 4;

/// What names an address for a role: the flows, how many rules, and where the first of these stands.
#[derive(Default)]
struct Named {
    flows: BTreeSet<u32>,
    /// Of the flows for which rules name anybody, in thousandths.
    share: usize,
    /// Roles for which it is named as well.
    roles: usize,
    rules: usize,
    first: String,
}

/// What rules name for each role.
pub(super) struct Peers(BTreeMap<RoleIx, BTreeMap<String, Named>>);

impl Peers {
    /// Of every host whose role is known. An address that rules name for several roles counts for those whose flows
    /// it has the most of, and for one that nothing shows to be in the site only if no other explains it as well.
    pub(super) fn of(s: &Survey<'_>) -> Self {
        let mut all = Self(BTreeMap::new());
        for h in s.bound.site.hosts.iter().filter(|h| !h.roles.is_empty()) {
            for at in h.layers.iter().flat_map(|l| &l.points) {
                let Some(point) = body(s, *at) else { continue };
                for direction in [Direction::In, Direction::Out] {
                    for o in openings(point, direction) {
                        all.take(s, *at, direction, &h.roles, &o);
                    }
                }
            }
        }
        let there = |r: RoleIx| {
            let state = s.bound.site.roles.get(usize::from(r.0));
            state.is_some_and(|r| r.exists)
        };
        let flows = |named: &BTreeMap<String, Named>| {
            let all: BTreeSet<u32> = named.values().flat_map(|n| n.flows.clone()).collect();
            all.len()
        };
        // The greatest share of a role that is in the site, else of any.
        let mut most: BTreeMap<String, (bool, usize)> = BTreeMap::new();
        for (role, named) in &mut all.0 {
            let of = flows(named);
            for (address, n) in named {
                n.share = (n.flows.len() * 1000).checked_div(of).unwrap_or(0);
                let best = most.entry(address.clone()).or_default();
                *best = (*best).max((there(*role), n.share));
            }
        }
        let mut shared: BTreeMap<String, usize> = BTreeMap::new();
        for (role, named) in &mut all.0 {
            named.retain(|address, n| most.get(address) == Some(&(there(*role), n.share)));
            for address in named.keys() {
                *shared.entry(address.clone()).or_default() += 1;
            }
        }
        for (address, n) in all.0.values_mut().flatten() {
            n.roles = shared.get(address).copied().unwrap_or(0);
        }
        all
    }

    fn take(
        &mut self,
        s: &Survey<'_>,
        at: RunPoint,
        direction: Direction,
        mine: &[RoleIx],
        o: &Opening<'_>,
    ) {
        let space = &o.clause.space;
        let other = match direction {
            Direction::Out => &space.dst,
            Direction::In | Direction::Forward => &space.src,
        };
        let texts = few(other);
        if texts.is_empty() || o.rule.span.is_empty() {
            return;
        }
        for r in s.matrix.requirements.iter().filter(|r| opens(o, r)) {
            let to = std::iter::once(&r.to).chain(&r.to_any);
            let to: Vec<RoleIx> = to.flat_map(|e| e.roles.clone()).collect();
            let (own, theirs) = match direction {
                Direction::Out => (&r.from.roles, &to),
                Direction::In | Direction::Forward => (&to, &r.from.roles),
            };
            if !own.iter().any(|r| mine.contains(r)) {
                continue;
            }
            for role in theirs {
                let known = self.0.entry(*role).or_default();
                for t in &texts {
                    let named = known.entry(t.clone()).or_insert_with(|| Named {
                        first: place(s, at, o.rule.span),
                        ..Named::default()
                    });
                    named.rules += 1;
                    named.flows.insert(r.row);
                }
            }
        }
    }

    /// `10.0.0.5 (x.txt:12), …`, the addresses first that most flows and rules name; none if there are none.
    pub(super) fn hint(&self, role: RoleIx) -> Option<String> {
        let mut all: Vec<(&String, &Named)> = self.0.get(&role)?.iter().collect();
        let rank = |n: &Named| (Reverse(n.share), n.roles, Reverse(n.rules));
        all.sort_by(|a, b| rank(a.1).cmp(&rank(b.1)).then(a.0.cmp(b.0)));
        let shown = all.iter().take(NAMED);
        let shown: Vec<String> = shown.map(|(a, n)| format!("{a} ({})", n.first)).collect();
        (!shown.is_empty()).then(|| shown.join(", "))
    }
}

fn opens(o: &Opening<'_>, r: &Requirement) -> bool {
    r.transport.number() == o.protocol && r.ports.iter().any(|p| o.ports().contains(*p))
}

/// The ranges of a set that says who: neither everyone nor many parts.
fn few(set: &AddrSet) -> Vec<String> {
    let whole = AddrSet::any();
    if set.is_empty() || set.v4 == whole.v4 || set.v6 == whole.v6 {
        return Vec::new();
    }
    let texts: Vec<String> = set.texts().take(RANGES + 1).collect();
    if texts.len() > RANGES {
        return Vec::new();
    }
    texts
        .into_iter()
        .map(|t| super::found::single(&t).unwrap_or(t))
        .collect()
}
