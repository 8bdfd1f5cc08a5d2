//! The other layers of the hosts behind a point: a packet has to pass all of them.

use super::needed::in_families;
use crate::judge::{Exports, Guard, host_guards};
use crate::site::Host;
use hylint_engine::{Direction, PointId};
use hylint_model::Families;
use hylint_space::{AddrSet, PacketBox};
use std::collections::BTreeMap;

/// Packets, with how sure it is that they pass.
pub(super) type Parts = Vec<(PacketBox, Passes)>;

/// How sure it is that packets pass.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Passes {
    /// All of them do.
    Surely,
    /// By a default rule that a route widens, at hosts without a public address: from the Internet come only those that the
    /// next hop of the route sends on.
    ByRoute,
    /// A condition about their peers may leave fewer of them.
    Perhaps,
}

impl Passes {
    pub(super) fn under(narrowed: bool) -> Self {
        if narrowed {
            Self::Perhaps
        } else {
            Self::Surely
        }
    }
}

/// Hosts behind a point that have the same other layers.
pub(super) struct Beyond<'a> {
    /// Their addresses.
    pub(super) addrs: AddrSet,
    pub(super) layers: Vec<Layer<'a>>,
}

/// Another layer in front of the same hosts.
pub(super) struct Layer<'a> {
    /// One for each Windows profile that may be judged.
    pub(super) guards: Vec<Guard<'a>>,
    /// Peers in these addresses do not cross it.
    pub(super) inside: &'a AddrSet,
    /// What its rules let in is judged there as gravely as here: both are cloud points, and it is nearer to the host.
    pub(super) tells: bool,
}

/// The other layers of the hosts behind a point; none if no host has any.
pub(super) fn of_hosts<'a>(
    exports: &'a Exports,
    at: PointId,
    hosts: &[&'a Host<PointId>],
    families: Families,
) -> Vec<Beyond<'a>> {
    if hosts.iter().all(|h| h.layers.len() < 2) {
        return Vec::new();
    }
    type Key<'a> = Vec<(&'a [PointId], &'a AddrSet)>;
    let mut all: BTreeMap<Key<'a>, (AddrSet, &'a Host<PointId>)> = BTreeMap::new();
    for h in hosts.iter().copied() {
        let others = h.layers.iter().filter(|l| !l.points.contains(&at));
        let key = others.map(|l| (l.points.as_slice(), &l.inside)).collect();
        let addrs = in_families(h, families);
        let (known, _) = all.entry(key).or_insert((AddrSet::empty(), h));
        *known = known.union(&addrs);
    }
    let beyond = all.into_values().map(|(addrs, host)| Beyond {
        addrs,
        layers: layers(exports, at, host),
    });
    beyond.collect()
}

/// The layers of the hosts that stand behind a forwarding firewall, and of whatever else does, which has none that is known.
pub(super) fn of_transit<'a>(
    exports: &'a Exports,
    at: PointId,
    hosts: &[&'a Host<PointId>],
) -> Vec<Beyond<'a>> {
    let known = hosts
        .iter()
        .filter(|h| !h.every.is_empty() && !h.layers.is_empty());
    let mut out: Vec<Beyond<'a>> = known
        .map(|h| Beyond {
            addrs: h.every.clone(),
            layers: layers(exports, at, h),
        })
        .collect();
    if !out.is_empty() {
        let theirs = out
            .iter()
            .fold(AddrSet::empty(), |all, b| all.union(&b.addrs));
        out.push(Beyond {
            addrs: AddrSet::any().subtract(&theirs),
            layers: Vec::new(),
        });
    }
    out
}

fn layers<'a>(exports: &'a Exports, at: PointId, host: &'a Host<PointId>) -> Vec<Layer<'a>> {
    let here = host.layers.iter().position(|l| l.points.contains(&at));
    let is_cloud = |at: PointId| exports.point(at).is_some_and(|p| p.kind.is_cloud());
    let guards = host_guards(exports, host, Direction::In);
    let others = host.layers.iter().enumerate();
    // The group of a subnet may be that of the interface too: what it lets in once, it lets in again.
    let others = others.filter(|(_, l)| !l.points.contains(&at));
    let layer = |(n, l): (usize, &'a crate::site::Layer<PointId>)| {
        let of_layer = guards
            .iter()
            .filter(|(g, _, _)| std::ptr::eq(g.points, l.points.as_slice()));
        let cloud = |at: &PointId| is_cloud(*at);
        Layer {
            guards: of_layer.map(|(g, _, _)| g.clone()).collect(),
            inside: &l.inside,
            tells: Some(n) > here && is_cloud(at) && l.points.iter().any(cloud),
        }
    };
    others.map(layer).collect()
}
