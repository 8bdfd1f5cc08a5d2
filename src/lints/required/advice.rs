//! The help of a finding whose remedy is known: what its commands do, in words.

use super::advised::{self, Added, AddedTo};
use crate::judge::{Exports, Step};
use crate::lints::chain::{self, NamedChain};
use crate::lints::{describe, place};
use hylint_engine::{Decider, PointId, SetId};
use hylint_model::{Action, Body, Point, PointKind, Rule};
use hylint_parsers::edit::{Change, List, ListRef, Position, RuleRef};
use hylint_space::{AddrSet, PacketBox, ProtoSet, StateSet};

/// Peers named in help; the commands hold all.
const NAMED: usize = 4;

/// Says what the steps do, in their order; `None` if one of them is about what the exports do not have.
pub(super) fn of_steps(exports: &Exports, steps: &[Step]) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for (set, change) in steps {
        let at = |r: &RuleRef| PointId::new(*set, r.list.point);
        let rule = |r: &RuleRef| r.find(&exports.get(*set)?.export);
        let text = match change {
            Change::Insert { .. } | Change::Remove(_) | Change::SetPolicy { .. } => continue,
            Change::SetEnabled { rule: r, enabled } => {
                let known = named(exports, at(r), rule(r)?);
                match enabled {
                    true => advised::enable(&known),
                    false => advised::disable(&known),
                }
            }
            Change::Replace { old: r, new } => {
                let old = rule(r)?;
                let known = named(exports, at(r), old);
                match new.priority.filter(|n| Some(*n) != old.priority) {
                    Some(number) => {
                        let kind = exports.point(at(r))?.kind;
                        advised::renumber(&known, number, kind)
                    }
                    None => {
                        let rest = steps.iter().find_map(|(_, c)| split(c, &old.action));
                        advised::exclude(&taken_out(old, new, rest, r.list.list)?, &known)
                    }
                }
            }
            Change::LetRulesDecide { profile, .. } => advised::let_rules_decide(&profile.told()),
        };
        all.push(text);
    }
    for added in added(exports, steps) {
        all.push(advised::add(&added.told(exports)?));
    }
    (!all.is_empty()).then(|| all.join("; "))
}

/// A rule as people find it in their console.
fn named(exports: &Exports, at: PointId, rule: &Rule) -> String {
    place::known_as(exports, &Decider::Rule { at, rule })
}

/// The part of a block that a change adds where another one narrows it.
fn split<'s>(change: &'s Change, action: &Action) -> Option<&'s Rule> {
    match change {
        Change::Insert { rule, .. } if rule.action == *action && *action == Action::Deny => {
            Some(rule)
        }
        _ => None,
    }
}

/// What a narrowed block no longer blocks.
fn taken_out(old: &Rule, new: &Rule, rest: Option<&Rule>, list: List) -> Option<String> {
    let side = |b: &PacketBox| match list {
        List::Egress => b.dst.clone(),
        _ => b.src.clone(),
    };
    let all = |r: &Rule| {
        let each = r.clauses.iter().map(|c| side(&c.space));
        each.fold(AddrSet::empty(), |all, one| all.union(&one))
    };
    let (before, after) = (&old.clauses.first()?.space, &new.clauses.first()?.space);
    let peers = all(old).subtract(&all(rest.unwrap_or(new)));
    let end = if list == List::Egress { "to" } else { "from" };
    let ports = before.dport.subtract(&after.dport);
    let peers = (!peers.is_empty()).then(|| describe::addresses(&peers, &AddrSet::empty(), NAMED));
    let ports = (!ports.is_empty()).then(|| service(&before.proto, &describe::ports(&ports)));
    Some(match (ports, peers) {
        (Some(ports), Some(peers)) => format!("{ports} {end} {peers}"),
        (Some(ports), None) => ports,
        (None, Some(peers)) => peers,
        (None, None) => return None,
    })
}

fn service(proto: &ProtoSet, ports: &str) -> String {
    let protocols = describe::protocols(proto, NAMED);
    match ports {
        "" => protocols,
        ports => format!("{protocols} {ports}"),
    }
}

/// A rule that steps add, as far as one sentence tells it.
#[derive(Clone, Debug)]
struct Plan {
    set: SetId,
    list: ListRef,
    at: Position,
    space: PacketBox,
    numbers: Vec<u32>,
}

/// The rules that steps add, as few as say the same: one entry a peer and a range of ports is how ACLs hold them.
fn added(exports: &Exports, steps: &[Step]) -> Vec<Plan> {
    let mut all: Vec<Plan> = Vec::new();
    for (set, change) in steps {
        let Change::Insert { at, rule } = change else {
            continue;
        };
        let Some(clause) = rule
            .clauses
            .first()
            .filter(|_| rule.action == Action::Allow)
        else {
            continue;
        };
        let plan = Plan {
            set: *set,
            list: at.list(),
            at: *at,
            space: clause.space.clone(),
            numbers: rule.priority.into_iter().collect(),
        };
        if exports.point(PointId::new(*set, plan.list.point)).is_some() {
            all.push(plan);
        }
    }
    // First the ports of one peer, then the peers with the same ports.
    for _ in 0..2 {
        let mut fewer: Vec<Plan> = Vec::with_capacity(all.len());
        for plan in all {
            if !fewer.last_mut().is_some_and(|last| last.join(&plan)) {
                fewer.push(plan);
            }
        }
        all = fewer;
    }
    all
}

impl Plan {
    /// Takes another rule in, if both together are one: they differ in their ports alone, or in one end.
    fn join(&mut self, o: &Self) -> bool {
        let (a, b) = (&self.space, &o.space);
        let here = self.set == o.set && self.list == o.list && self.at == o.at;
        let same = (&a.proto, &a.sport, &a.state) == (&b.proto, &b.sport, &b.state);
        let differ = [a.src != b.src, a.dst != b.dst, a.dport != b.dport];
        if !here || !same || differ.iter().filter(|d| **d).count() > 1 {
            return false;
        }
        let mut space = a.clone();
        space.src = a.src.union(&b.src);
        space.dst = a.dst.union(&b.dst);
        space.dport = a.dport.union(&b.dport);
        self.space = space;
        self.numbers.extend(&o.numbers);
        true
    }

    fn told(&self, exports: &Exports) -> Option<Added> {
        let id = PointId::new(self.set, self.list.point);
        let point = exports.point(id)?;
        let netfilter = point.kind == PointKind::Netfilter;
        Some(Added {
            allow: if netfilter { "accept" } else { "allow" },
            service: self.service(),
            peers: self.peers(netfilter),
            to: self.to(exports, id, point)?,
        })
    }

    fn service(&self) -> String {
        let b = &self.space;
        if b.state == StateSet::RELATED.union(StateSet::ESTABLISHED) {
            return "state RELATED,ESTABLISHED".into();
        }
        let ports = match b.dport.is_full() {
            true => String::new(),
            false => describe::ports(&b.dport),
        };
        let mut text = service(&b.proto, &ports);
        if !b.sport.is_full() {
            text.push_str(&format!(" from port {}", describe::ports(&b.sport)));
        }
        text
    }

    /// The ends that the rule names.
    fn peers(&self, both: bool) -> Option<String> {
        let said = |set: &AddrSet| !set.v4.is_full() && !set.v6.is_full();
        let text = |set: &AddrSet| describe::addresses(set, &AddrSet::empty(), NAMED);
        let (src, dst) = (&self.space.src, &self.space.dst);
        match (both, said(src), said(dst)) {
            (_, false, false) => None,
            (false, true, _) => Some(text(src)),
            (false, ..) => Some(text(dst)),
            (true, true, true) => Some(format!("from {} to {}", text(src), text(dst))),
            (true, true, false) => Some(format!("from {}", text(src))),
            (true, false, true) => Some(format!("to {}", text(dst))),
        }
    }

    fn to(&self, exports: &Exports, id: PointId, point: &Point) -> Option<AddedTo> {
        let chain = match (&point.body, self.list.list) {
            (Body::Netfilter(n), List::Chain { table, chain }) => {
                let table = n.tables().get(table)?;
                let nft = chain::is_nft(exports, id);
                let named = NamedChain::new(table, table.chains.get(chain)?, nft);
                if let Some(zone) = named.zone() {
                    return Some(AddedTo::Zone(zone));
                }
                match &*table.name {
                    other if !nft && other != "filter" => {
                        format!("{} of table {other}", named.told())
                    }
                    _ => named.told(),
                }
            }
            (_, list) => {
                return Some(AddedTo::List {
                    outbound: list == List::Egress,
                    numbers: self.numbers.clone(),
                    kind: point.kind,
                });
            }
        };
        let before = match self.at {
            // The chain is told already, and whose it is behind the help.
            Position::Before(next) => {
                let rule = next.find(&exports.get(self.set)?.export)?;
                Some(place::decider_name(
                    exports,
                    &Decider::Rule { at: id, rule },
                ))
            }
            Position::End(_) => None,
        };
        Some(AddedTo::Chain { chain, before })
    }
}
