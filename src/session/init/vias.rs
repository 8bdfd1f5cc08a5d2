//! Load balancers, virtual addresses and NAT that exports show: asked, never said.

use super::candidate::Candidate;
use super::evidence;
use super::survey::Survey;
use crate::load::RunPoint;
use hylint_model::{Action, Body, NatKind, Rule};
use hylint_space::AddrSet;
use std::collections::BTreeMap;

/// Entries that are drafted.
const DRAFTED: usize = 12;

/// A `[[via]]` that a draft asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Via {
    /// What shows it.
    pub(super) reason: String,
    pub(super) front: String,
    /// Names of hosts.
    pub(super) hosts: Vec<String>,
    /// The port at the front and the port at the hosts.
    pub(super) ports: Option<(u16, u16)>,
}

/// What the exports show: addresses that several hosts have, and translations to hosts.
pub(super) fn shown(s: &Survey<'_>, hosts: &[Candidate]) -> Vec<Via> {
    let mut all = shared(hosts);
    all.extend(translated(s, hosts));
    all.truncate(DRAFTED);
    all
}

/// The addresses that are known of a host.
fn known(h: &Candidate) -> impl Iterator<Item = &String> {
    let shown = h.shown.iter().flat_map(|(all, _)| all);
    h.addresses.iter().chain(shown)
}

/// Addresses that more than one host has.
fn shared(hosts: &[Candidate]) -> Vec<Via> {
    let mut by: BTreeMap<&String, Vec<&str>> = BTreeMap::new();
    for h in hosts {
        for a in known(h) {
            let of = by.entry(a).or_default();
            if !of.contains(&h.name.as_str()) {
                of.push(&h.name);
            }
        }
    }
    let several = by.into_iter().filter(|(_, of)| of.len() > 1);
    several
        .map(|(address, of)| Via {
            reason: format!("{address} is an address of {}", of.join(" and ")),
            front: address.clone(),
            hosts: of.iter().map(|n| (*n).to_owned()).collect(),
            ports: None,
        })
        .collect()
}

/// Destinations that rules translate to addresses of hosts.
fn translated(s: &Survey<'_>, hosts: &[Candidate]) -> Vec<Via> {
    let mut out: Vec<Via> = Vec::new();
    for (id, e) in s.heads.each() {
        for n in 0..e.export.points.len() {
            let at = RunPoint::new(id, n);
            let Some(point) = evidence::body(s, at) else {
                continue;
            };
            if !matches!(point.body, Body::Netfilter(_)) {
                continue;
            }
            for rule in point.rules() {
                let found = translation(rule, hosts);
                let place = || evidence::place(s, at, rule.span);
                for via in found {
                    let same = |o: &&mut Via| (&o.front, o.ports) == (&via.front, via.ports);
                    match out.iter_mut().find(same) {
                        Some(o) => {
                            let new = via.hosts.into_iter().filter(|h| !o.hosts.contains(h));
                            let new: Vec<String> = new.collect();
                            o.hosts.extend(new);
                        }
                        None => out.push(Via {
                            reason: format!("{} translates {}", place(), via.reason),
                            ..via
                        }),
                    }
                }
            }
        }
    }
    out
}

/// What a rule translates to hosts.
fn translation(rule: &Rule, hosts: &[Candidate]) -> Vec<Via> {
    let Action::Nat(nat) = &rule.action else {
        return Vec::new();
    };
    let Some(to) = nat.addrs.as_ref().filter(|_| nat.kind == NatKind::Dnat) else {
        return Vec::new();
    };
    let is = |h: &&Candidate| {
        known(h)
            .filter_map(|a| AddrSet::parse(a))
            .any(|a| a.intersects(to))
    };
    let behind: Vec<String> = hosts.iter().filter(is).map(|h| h.name.clone()).collect();
    if behind.is_empty() {
        return Vec::new();
    }
    let single = |set: &hylint_space::PortSet| {
        let mut ranges = set.iter();
        match (ranges.next(), ranges.next()) {
            (Some((lo, hi)), None) if lo == hi => Some(lo),
            _ => None,
        }
    };
    let fronts = rule.clauses.iter().filter_map(|c| {
        let mut texts = c.space.dst.texts();
        let front = texts.next().filter(|t| !t.contains(['/', '-']))?;
        texts.next().is_none().then_some(())?;
        let from = single(&c.space.dport);
        let ports = from.zip(nat.ports.as_ref().map_or(from, single));
        Some(Via {
            reason: format!("{front} to {to}"),
            front,
            hosts: behind.clone(),
            ports: ports.filter(|(f, t)| f != t),
        })
    });
    fronts.collect()
}
