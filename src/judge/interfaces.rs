//! Which interfaces a flow may use at a netfilter point when the site does not say.

use crate::judge::Exports;
use crate::rules::platform;
use crate::site::{HostFacts, Transit};
use hylint_engine::PointId;
use hylint_model::{Body, HostInterface, Point, Values};
use hylint_space::{AddrSet, IfaceExt, IfaceSet, iface_name};
use std::collections::BTreeMap;

/// Interfaces looked at for one point; a router with more named ones is judged by the first.
const MAX: usize = 64;

/// The interfaces that the rules of a guard name, as candidates for the peers' side. Requests come by one and the replies go
/// by the same, so it makes no difference where a rule names it.
#[derive(Debug)]
pub struct NamedInterfaces {
    /// By number, for people. The unnamed interface (0) is first, unless a listing shows every interface of the host.
    pub(super) peers: BTreeMap<u128, String>,
    /// Those that rules name, whether the host has them now or not.
    pub(super) ruled: BTreeMap<u128, String>,
}

impl NamedInterfaces {
    /// Looks through the rules once. Where `facts` show every interface of the host, peers come by one of these.
    #[must_use]
    pub fn of(exports: &Exports, points: &[PointId], facts: Option<&HostFacts>) -> Self {
        let mut peers = BTreeMap::from([(0, String::new())]);
        for p in points.iter().filter_map(|at| exports.point(*at)) {
            // Other kinds of points have no interfaces, and are asked about none.
            if !p.kind.has_interfaces() {
                continue;
            }
            for clause in p.rules().flat_map(|r| &r.clauses) {
                add(&clause.space.in_iface, &mut peers);
                add(&clause.space.out_iface, &mut peers);
            }
            in_sets(p).for_each(|set| add(set, &mut peers));
        }
        let ruled = peers.clone();
        if let Some(facts) = facts {
            listed(facts, &mut peers);
        }
        Self { peers, ruled }
    }
}

/// Leaves the interfaces that the host has, if its listings show all of them.
fn listed(facts: &HostFacts, peers: &mut BTreeMap<u128, String>) {
    if !facts.every_interface || facts.stale.is_some() {
        return;
    }
    let named = |name: &str| {
        let n = iface_name(name);
        peers.iter().any(|(hi, text)| {
            let set = IfaceSet::iface(text);
            *hi != 0 && set.contains(n)
        })
    };
    // Packets to a port of a bridge or a bond come by what it is a port of.
    let faces = |i: &HostInterface| {
        let own = i.master.is_empty() && !platform::is_software_iface(&i.name);
        !i.loopback && (own || named(&i.name))
    };
    let all = facts.interfaces.iter().map(|(i, _)| i).filter(|i| faces(i));
    let all: BTreeMap<u128, String> = all
        .map(|i| (iface_name(&i.name), i.name.to_string()))
        .collect();
    if !all.is_empty() && all.len() <= MAX {
        *peers = all;
    }
}

/// Adds the interfaces that a set names.
fn add(set: &IfaceSet, out: &mut BTreeMap<u128, String>) {
    if set.is_full() || out.len() > MAX {
        return;
    }
    // A negated match holds for the unnamed interface; the names are then in its complement.
    let named = if set.contains(0) {
        set.complement()
    } else {
        set.clone()
    };
    for (lo, hi) in named.iter() {
        let name = text(lo, hi);
        // `+` is any interface that is known.
        if name != "+" && name != "lo" && !platform::is_software_iface(&name) {
            out.insert(hi, name);
        }
    }
}

/// The interfaces in the sets that rules name.
fn in_sets(point: &Point) -> impl Iterator<Item = &IfaceSet> {
    let sets = match &point.body {
        Body::Netfilter(nf) => nf.sets.as_slice(),
        Body::Lists(_) => &[],
    };
    let members = sets.iter().flat_map(|s| &s.members);
    members.flat_map(|m| m.iter()).filter_map(|v| match v {
        Values::Interfaces(i) => Some(i),
        _ => None,
    })
}

/// `eth0` or `eth+`.
fn text(lo: u128, hi: u128) -> String {
    let bytes = lo.to_be_bytes();
    let name: Vec<u8> = bytes.iter().copied().take_while(|b| *b != 0).collect();
    let mut s = String::from_utf8_lossy(&name).into_owned();
    if lo != hi {
        s.push('+');
    }
    s
}

/// Whether the interfaces that the site names lead from some addresses to others: in by one, out by another one.
pub(super) fn leads(transit: &Transit<PointId>, from: &AddrSet, to: &AddrSet) -> bool {
    let by = |addrs: &AddrSet| {
        let all = transit.interfaces.iter();
        let of = all.filter(|(_, peers)| peers.intersects(addrs));
        of.map(|(name, _)| name).collect::<Vec<_>>()
    };
    let (ins, outs) = (by(from), by(to));
    ins.iter().any(|i| outs.iter().any(|o| i != o))
}
