//! Who is asked about packets: the layers of a host, or a forwarding firewall.

use super::exports::Exports;
use super::interfaces::NamedInterfaces;
use super::probe::Guard;
use super::profiles;
use crate::site::{Host, Transit};
use hylint_engine::{Direction, PointId};
use hylint_model::Profiles;
use hylint_space::AddrSet;
use std::sync::{Arc, LazyLock};

/// Every guard of a host in a direction: one per layer and judged Windows profile.
#[must_use]
pub fn host_guards<'a>(
    exports: &Exports,
    host: &'a Host<PointId>,
    direction: Direction,
) -> Vec<(Guard<'a>, &'a AddrSet, bool)> {
    let mut out = Vec::new();
    for layer in &host.layers {
        let (each, assumed) = profiles::judged(exports, host, &layer.points);
        let named = Arc::new(NamedInterfaces::of(
            exports,
            &layer.points,
            Some(&host.facts),
        ));
        for profile in each {
            let guard = Guard {
                name: &host.name,
                points: &layer.points,
                direction,
                interfaces: &host.interfaces,
                unproven: &host.unproven,
                resolve: &host.resolve,
                open: Some(&host.open),
                local: &host.every,
                profile,
                named: named.clone(),
                facts: Some(&host.facts),
            };
            out.push((guard, &layer.inside, assumed));
        }
    }
    out
}

/// The guard of a forwarding firewall.
#[must_use]
pub fn transit_guard<'a>(exports: &Exports, t: &'a Transit<PointId>) -> Guard<'a> {
    static NOBODY: LazyLock<AddrSet> = LazyLock::new(AddrSet::empty);
    Guard {
        name: &t.name,
        points: &t.points,
        direction: Direction::Forward,
        interfaces: &t.interfaces,
        unproven: &t.unproven,
        resolve: &t.resolve,
        open: None,
        local: &NOBODY,
        profile: Profiles::ALL,
        named: Arc::new(NamedInterfaces::of(exports, &t.points, None)),
        facts: None,
    }
}
