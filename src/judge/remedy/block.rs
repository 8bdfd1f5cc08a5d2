//! A block that overrides every allow, narrowed by what is required.

use super::place::{ADDED, Slot};
use super::planned::{Planned, What};
use hylint_engine::PointId;
use hylint_model::{Clause, Rule};
use hylint_parsers::edit::List;
use hylint_space::{AddrSet, PacketBox};

/// The blocks that together block what a block did without these packets: none, one or two. `None` if they have no form.
pub(super) fn without(rule: &Rule, packets: &PacketBox, list: List) -> Option<Vec<Rule>> {
    let first = rule.clauses.first()?;
    let alike = |c: &Clause| {
        let (a, b) = (&c.space, &first.space);
        let same = (&a.proto, &a.sport, &a.dport) == (&b.proto, &b.sport, &b.dport);
        same && c.conditions == first.conditions
    };
    if !rule.clauses.iter().all(alike) {
        return None;
    }
    let peers_of = |b: &PacketBox| match list {
        List::Egress => b.dst.clone(),
        _ => b.src.clone(),
    };
    let all = rule.clauses.iter().map(|c| peers_of(&c.space));
    let all = all.fold(AddrSet::empty(), |all, one| all.union(&one));
    let peers = all.subtract(&peers_of(packets));
    let ports = first.space.dport.subtract(&packets.dport);
    let with = |peers: &AddrSet, ports: &hylint_space::PortSet| {
        let mut new = rule.clone();
        let mut clause = first.clone();
        match list {
            List::Egress => clause.space.dst = peers.clone(),
            _ => clause.space.src = peers.clone(),
        }
        clause.space.dport = ports.clone();
        new.clauses = smallvec::smallvec![clause];
        new
    };
    let whole = &first.space.dport;
    // A block of every protocol has no ports to take out.
    if first.space.proto.count() != 1 {
        return Some(match peers.is_empty() {
            true => Vec::new(),
            false => vec![with(&peers, whole)],
        });
    }
    let inside = whole.intersect(&packets.dport);
    Some(match (ports.is_empty(), peers.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => vec![with(&peers, whole)],
        (false, true) => vec![with(&all, &ports)],
        (false, false) => vec![with(&all, &ports), with(&peers, &inside)],
    })
}

/// The changes that put these blocks in the place of one.
pub(super) fn planned(at: PointId, list: List, index: usize, parts: Vec<Rule>) -> Vec<Planned> {
    let mut parts = parts.into_iter().map(Box::new);
    let Some(new) = parts.next() else {
        let what = What::Enable {
            list,
            index,
            enabled: false,
        };
        return vec![Planned { at, what }];
    };
    let what = What::Replace { list, index, new };
    let mut out = vec![Planned { at, what }];
    for mut rule in parts {
        rule.span = ADDED;
        rule.fields.clear();
        // A command that picks the first one by its name must not meet this one.
        rule.name = format!("{} (2)", rule.name).into();
        let slot = Slot {
            list,
            before: None,
            original: 0,
        };
        let what = What::Insert { slot, rule };
        out.push(Planned { at, what });
    }
    out
}
