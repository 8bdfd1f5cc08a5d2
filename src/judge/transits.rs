//! Which pairs of roles have flows that cross a forwarding firewall.

use super::exports::Exports;
use super::flows::Flows;
use super::guards::transit_guard;
use super::interfaces::leads;
use super::overruled;
use crate::rules::matrix::RoleIx;
use crate::site::Transit;
use hylint_engine::PointId;
use hylint_space::AddrSet;

/// Pairs of roles of a requirement at a transit.
pub(super) struct TransitPairs {
    /// Those that cross it.
    pub(super) told: Vec<(RoleIx, RoleIx)>,
    /// Those that go through a via, wherever it is.
    pub(super) by_via: Vec<(RoleIx, RoleIx)>,
    /// The addresses that its rules name, where the site does not say whose flows cross it.
    named: Option<AddrSet>,
}

/// The role pairs of a requirement that cross a transit: those that the site lists, else those that the firewall can tell
/// apart because a rule of it names an address of either.
pub(super) fn transit_pairs(
    flows: Flows<'_>,
    exports: &Exports,
    t: &Transit<PointId>,
    from: &[RoleIx],
    to: &[RoleIx],
) -> TransitPairs {
    let pairs = || from.iter().flat_map(|f| to.iter().map(move |d| (*f, *d)));
    let by_via = pairs().filter(|(f, d)| f != d && flows.has_via(*f, *d));
    let by_via = by_via.collect();
    if t.is_told() {
        return TransitPairs {
            told: pairs().filter(|p| t.between.contains(p)).collect(),
            by_via,
            named: None,
        };
    }
    let guard = transit_guard(exports, t);
    let mut named = AddrSet::empty();
    for (_, r) in overruled::rules(exports, &guard) {
        for c in &r.clauses {
            for side in [&c.space.src, &c.space.dst] {
                if !side.v4.is_full() && !side.v6.is_full() && !side.v4.contains(0) {
                    named = named.union(side);
                }
            }
        }
    }
    let told = pairs().filter(|(f, d)| {
        let (src, dst) = (flows.addrs(&[*f]), flows.addrs(&[*d]));
        src.intersects(&named) && dst.intersects(&named) || leads(t, &src, &dst)
    });
    TransitPairs {
        told: told.collect(),
        by_via,
        named: Some(named),
    }
}

impl TransitPairs {
    /// Whether packets of a pair that goes through a via cross the firewall to these addresses.
    pub(super) fn crosses(
        &self,
        flows: Flows<'_>,
        t: &Transit<PointId>,
        (from, to): (RoleIx, RoleIx),
        dst: &AddrSet,
    ) -> bool {
        match &self.named {
            None => t.between.contains(&(from, to)),
            Some(named) => {
                let far = dst.intersects(named) || flows.addrs(&[to]).intersects(named);
                far && flows.addrs(&[from]).intersects(named)
            }
        }
    }
}
