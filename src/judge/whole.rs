//! What only the whole site can say of a requirement: its status over all hosts, which of several possible destinations
//! counts, and whether one and the same port passes everywhere.
//!
//! Hosts are judged apart from each other. Each part leaves a [`Tally`] of every check; [`decide`] puts them together.
//! A part that was judged by a [`Decision`] which its own checks suggested, and which the whole site did not take, is
//! judged again.

use super::flows::{Applies, Flows};
use super::order::{Leg, Order};
use crate::finding::outcome::Status;
use crate::rules::matrix::{End, Require, Requirement};
use crate::site::RequireEvidence;
use hylint_space::AddrSet;
use std::collections::BTreeSet;

/// One check, as far as others depend on it.
#[derive(Clone, PartialEq, Debug)]
pub struct Tally<N> {
    /// Its place.
    pub order: Order<N>,
    /// Its result.
    pub status: Status,
    /// Ports that pass, where any one suffices.
    pub passing: BTreeSet<u16>,
    /// Ports that a packet shows not to pass, among the others.
    pub blocked: BTreeSet<u16>,
}

/// What was decided of a requirement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Decision<N> {
    /// Which destination counts: 0 is the first, then those of `to-any`.
    pub end: usize,
    /// The check (its place, and its number among those of the place) that no port of the others passes, and a port of
    /// theirs.
    pub broken: Option<(Order<N>, usize, u16)>,
}

/// A possible destination of a requirement and what no export guards of its ends.
#[derive(Clone, Debug)]
struct Ends {
    number: usize,
    bare_from: Vec<String>,
    bare_to: Vec<String>,
    /// Some host of the source is guarded.
    some_from: bool,
    /// Some host of the destination is guarded.
    some_to: bool,
    to: String,
}

/// A requirement before it is judged.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The requirement.
    pub req: &'a Requirement,
    /// Whether it applies.
    pub applies: &'a Applies,
    ends: Vec<Ends>,
}

/// A requirement's result.
#[derive(Clone, Debug)]
pub struct RowVerdict<N> {
    /// Status.
    pub status: Status,
    /// Why it is not applicable or not verified.
    pub reason: Option<String>,
    /// Ends without an export that `require-evidence` asks for.
    pub unproven: Vec<String>,
    /// It is satisfied at its source, and no export of a destination was read.
    pub one_end: bool,
    /// What the parts have to go by.
    pub decision: Decision<N>,
}

/// The requirements of the matrix, seen by the whole site.
#[must_use]
pub fn rows<'a>(flows: Flows<'a>) -> Vec<Row<'a>> {
    let row = |req: &'a Requirement| {
        let applies = flows.applies(req);
        let ends = if *applies == Applies::Yes {
            destinations(flows, req)
                .map(|(number, to)| Ends {
                    number,
                    bare_from: bare(flows, &req.from),
                    bare_to: bare(flows, to),
                    some_from: guarded(flows, &req.from),
                    some_to: guarded(flows, to),
                    to: to.name.clone(),
                })
                .collect()
        } else {
            Vec::new()
        };
        Row { req, applies, ends }
    };
    flows.matrix.requirements.iter().map(row).collect()
}

/// The possible destinations of a requirement that exist, numbered.
pub(super) fn destinations<'a>(
    flows: Flows<'a>,
    req: &'a Requirement,
) -> impl Iterator<Item = (usize, &'a End)> {
    let all = std::iter::once(&req.to).chain(&req.to_any);
    all.enumerate()
        .filter(move |(_, e)| !flows.existing(e).is_empty())
}

/// Whether an export guards some host of an end.
fn guarded(flows: Flows<'_>, end: &End) -> bool {
    let mut hosts = flows.all_hosts(&end.roles);
    hosts.any(|h| !h.layers.is_empty())
}

/// Hosts that are named where some of a role are not guarded.
const NAMED: usize = 5;

/// Addresses without an export, with the names of their hosts.
fn named(flows: Flows<'_>, bare: &[String]) -> String {
    let name = |text: &String| {
        let addrs = AddrSet::parse(text);
        let mut hosts = flows.site.hosts.iter().filter(|h| h.layers.is_empty());
        let host = addrs.and_then(|a| hosts.find(|h| a.is_subset(&h.addrs)));
        host.map_or_else(|| text.clone(), |h| format!("{} ({text})", h.name))
    };
    let mut names: Vec<String> = bare.iter().take(NAMED).map(name).collect();
    let more = bare.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// Addresses of an end that no export guards; its name if it has none and no export.
fn bare(flows: Flows<'_>, end: &End) -> Vec<String> {
    let guarded = flows.all_hosts(&end.roles).filter(|h| !h.layers.is_empty());
    let guarded: Vec<&AddrSet> = guarded.map(|h| &h.addrs).collect();
    let all = flows.addrs(&flows.existing(end));
    if all.is_empty() && guarded.is_empty() {
        return vec![end.name.clone()];
    }
    let v4 = guarded.iter().flat_map(|a| a.v4.iter()).collect();
    let v6 = guarded.iter().flat_map(|a| a.v6.iter()).collect();
    all.subtract(&AddrSet { v4, v6 }).texts().collect()
}

/// Puts the tallies of a requirement together; they are by destination, and in order for each.
#[must_use]
pub fn decide<N: Copy + Eq>(
    flows: Flows<'_>,
    row: &Row<'_>,
    tallies: &[(usize, Vec<Tally<N>>)],
) -> RowVerdict<N> {
    let mut out = RowVerdict {
        status: Status::NotApplicable,
        reason: None,
        unproven: Vec::new(),
        one_end: false,
        decision: Decision {
            end: 0,
            broken: None,
        },
    };
    match row.applies {
        Applies::Yes => {}
        Applies::No(reason) => {
            out.reason = Some(reason.clone());
            return out;
        }
        Applies::Undeclared(reason) => {
            out.status = Status::Unverified;
            out.reason = Some(reason.clone());
            return out;
        }
    }
    // Of several possible destinations any that exists may serve: the best result counts.
    let each = row.ends.iter().map(|e| {
        let of = tallies.iter().find(|(n, _)| *n == e.number);
        let checks = of.map_or(&[][..], |(_, t)| t);
        let broken = (row.req.require == Require::Any)
            .then(|| broken(checks, flows.ports(row.req)))
            .flatten();
        (status(e, checks, broken.is_some()), broken, e)
    });
    let Some((status, broken, ends)) = each.max_by_key(|(s, _, _)| *s) else {
        return out;
    };
    out.status = status;
    out.decision = Decision {
        end: ends.number,
        broken,
    };
    if status == Status::Unverified {
        let (end, bare, some) = match (ends.bare_from.is_empty(), ends.bare_to.is_empty()) {
            (false, true) => (&row.req.from.name, &ends.bare_from, ends.some_from),
            _ => (&ends.to, &ends.bare_to, ends.some_to),
        };
        let whose = match some {
            true => format!("{} of `{end}`", named(flows, bare)),
            false => format!("`{end}`"),
        };
        let of = tallies.iter().find(|(n, _)| *n == ends.number);
        let mut checks = of.iter().flat_map(|(_, t)| t);
        out.reason = Some(match checks.any(|c| c.status == Status::Unverified) {
            true => "the deciding rules were not exported".to_owned(),
            false => format!("no export covers {whose}"),
        });
    }
    let checks = tallies.iter().find(|(n, _)| *n == ends.number);
    let mut checks = checks.iter().flat_map(|(_, t)| t);
    out.one_end = status == Status::Satisfied
        && !ends.bare_to.is_empty()
        && checks.any(|c| c.order.leg == Leg::Out);
    out.unproven = match flows.site.require_evidence {
        RequireEvidence::None => Vec::new(),
        RequireEvidence::Destination => ends.bare_to.clone(),
        RequireEvidence::All => ends
            .bare_from
            .iter()
            .chain(&ends.bare_to)
            .cloned()
            .collect(),
    };
    out
}

fn status<N>(ends: &Ends, checks: &[Tally<N>], broken: bool) -> Status {
    let transit = checks.iter().any(|c| c.order.leg == Leg::Forward);
    let open_pair = !transit && pair_left(&ends.bare_from, &ends.bare_to);
    let worst = checks.iter().map(|c| c.status).min();
    let worst = worst.map(|w| if broken { w.min(Status::Violated) } else { w });
    match worst {
        None => Status::Unverified,
        Some(w) if open_pair => w.min(Status::Unverified),
        Some(w) => w,
    }
}

/// Whether an ordered pair of different hosts has no judged end.
fn pair_left(from: &[String], to: &[String]) -> bool {
    match (from, to) {
        ([], _) | (_, []) => false,
        ([a], [b]) => a != b || a.contains(['/', '-']) || a.parse::<std::net::IpAddr>().is_err(),
        _ => true,
    }
}

/// With `require = any` one and the same port must pass everywhere: the first check that breaks the chain, where every
/// check up to it passes on some port.
fn broken<N: Copy + Eq>(checks: &[Tally<N>], ports: &[u16]) -> Option<(Order<N>, usize, u16)> {
    let mut common: BTreeSet<u16> = ports.iter().copied().collect();
    let mut last: Option<(Order<N>, usize)> = None;
    for c in checks {
        let n = match last {
            Some((order, n)) if order == c.order => n + 1,
            _ => 0,
        };
        last = Some((c.order, n));
        if c.status != Status::Satisfied {
            return None;
        }
        // No packet of it crosses a firewall.
        if c.order.leg == Leg::Local && c.passing.is_empty() && c.blocked.is_empty() {
            continue;
        }
        let both: BTreeSet<u16> = common.intersection(&c.passing).copied().collect();
        if both.is_empty() {
            let port = common.first().copied()?;
            return c.blocked.contains(&port).then_some((c.order, n, port));
        }
        common = both;
    }
    None
}
