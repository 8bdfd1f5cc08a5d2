//! Infers a role from the ports that an export opens.
//!
//! A role's score is the weight of its ports that are open, times the share of its ports that are open. A port weighs
//! less the more roles listen on it. The best role counts if its score is at least [`ENOUGH`] and well ahead of the next.

use crate::matrix::{Matrix, RoleIx};
use hylint_parsers::model::{Action, Body, Point, Rule, TableName};
use hylint_parsers::space::{PortSet, proto};
use std::collections::{BTreeMap, BTreeSet};

const ENOUGH: f64 = 0.5;
const AHEAD: f64 = 1.25;
/// A rule for more ports than this tells nothing.
const PORTS: u128 = 64;

/// Protocol and port.
type Port = (u8, u16);

/// The role that fits the open ports, with its score.
pub(super) fn role(matrix: &Matrix, points: &[&Point]) -> Option<(RoleIx, f64)> {
    let open = open(points);
    let wanted = wanted(matrix);
    let mut shared: BTreeMap<Port, f64> = BTreeMap::new();
    for port in wanted.values().flatten() {
        *shared.entry(*port).or_default() += 1.0;
    }
    let mut scores: Vec<(f64, RoleIx)> = wanted
        .iter()
        .map(|(role, ports)| {
            let hits = ports
                .iter()
                .filter(|p| open.get(&p.0).is_some_and(|o| o.contains(p.1)));
            let hits: Vec<_> = hits.collect();
            let weight: f64 = hits
                .iter()
                .filter_map(|p| shared.get(p))
                .map(|n| 1.0 / n)
                .sum();
            let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
            (
                weight * count(hits.len()) / count(ports.len().max(1)),
                *role,
            )
        })
        .collect();
    scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (best, role) = scores.first().copied()?;
    let next = scores.get(1).map_or(0.0, |s| s.0);
    (best >= ENOUGH && best >= next * AHEAD).then_some((role, best))
}

/// Ports on which each role listens. A role whose port goes with another's, or that lives on another's hosts, counts for
/// the other.
fn wanted(matrix: &Matrix) -> BTreeMap<RoleIx, BTreeSet<Port>> {
    let owner = |ix: RoleIx| {
        let role = matrix.role(ix);
        role.and_then(|r| r.ports_with.or(r.lives_on)).unwrap_or(ix)
    };
    let mut all: BTreeMap<RoleIx, BTreeSet<Port>> = BTreeMap::new();
    for r in &matrix.requirements {
        let ends = std::iter::once(&r.to).chain(&r.to_any);
        for role in ends.flat_map(|e| &e.roles) {
            let ports = r.ports.iter().map(|p| (r.transport.number(), *p));
            all.entry(owner(owner(*role))).or_default().extend(ports);
        }
    }
    all
}

/// The few ports at a time that rules open, by protocol.
fn open(points: &[&Point]) -> BTreeMap<u8, PortSet> {
    let mut all = Opened::new();
    for p in points {
        match &p.body {
            Body::Lists(l) => l.ingress.rules.iter().for_each(|r| opened(r, &mut all)),
            Body::Netfilter(n) => {
                let chains = n
                    .table(TableName::Filter)
                    .into_iter()
                    .flat_map(|t| &t.chains);
                let chains = chains.filter(|c| !matches!(&*c.name, "OUTPUT" | "FORWARD"));
                chains
                    .flat_map(|c| &c.rules)
                    .for_each(|r| opened(r, &mut all));
            }
        }
    }
    all.into_iter()
        .map(|(protocol, ranges)| (protocol, ranges.into_iter().collect()))
        .collect()
}

/// Ranges by protocol, as they come: uniting them rule by rule would take the square of their number.
type Opened = BTreeMap<u8, Vec<(u16, u16)>>;

fn opened(rule: &Rule, all: &mut Opened) {
    if !rule.enabled || rule.action != Action::Allow {
        return;
    }
    for c in &rule.clauses {
        let ports = &c.space.dport;
        if ports.count() > PORTS {
            continue;
        }
        for p in [proto::TCP, proto::UDP] {
            if c.space.proto.contains(p) {
                all.entry(p).or_default().extend(ports.iter());
            }
        }
    }
}
