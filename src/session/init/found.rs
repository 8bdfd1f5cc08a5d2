//! What the rules name: addresses, and names that nothing defines.

use super::evidence;
use super::survey::{Survey, relative};
use crate::load::{LoadedExport, RunPoint};
use crate::rules::platform;
use hylint_model::{Body, Companion, Hook, Point, Profiles, Rule, Test, own_addrs};
use hylint_space::{AddrSet, Family, class};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Addresses offered for a host.
const HOST_ADDRESSES: usize = 4;
/// Adjacent IPv4 addresses that one host may have.
const NEIGHBOURS: u32 = 8;
/// Sources named in the file.
const SOURCES: usize = 12;

/// A name of `[resolve]` that rules use and no export defines.
pub(super) struct Name {
    pub(super) key: String,
    /// Rules that use it.
    pub(super) rules: usize,
    /// Where the first of them names it: `path:line`.
    pub(super) first: String,
}

/// Rules for what comes in.
fn incoming(e: &LoadedExport) -> impl Iterator<Item = &Rule> {
    e.export.points.iter().flat_map(|p| {
        let rules: Vec<&Rule> = match &p.body {
            Body::Lists(l) => l.ingress.rules.iter().collect(),
            Body::Netfilter(n) => n.filter_rules(Hook::Input).collect(),
        };
        rules.into_iter().filter(|r| !r.span.is_empty())
    })
}

/// Whether the rules of an export decide what goes through more than what comes in.
pub(super) fn forwards(e: &LoadedExport) -> bool {
    let rules = |p: &Point, hook| match &p.body {
        Body::Netfilter(n) => n.filter_chains(hook).map(|b| b.chain.rules.len()).sum(),
        Body::Lists(_) => 0,
    };
    let mut points = e.export.points.iter();
    points.any(|p| rules(p, Hook::Forward) > rules(p, Hook::Input))
}

fn ranked(counts: BTreeMap<String, usize>, limit: usize) -> Vec<(String, usize)> {
    let mut all: Vec<(String, usize)> = counts.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(limit);
    all
}

/// A set as one text, if it is one range that says something: not everything, not loopback or multicast.
fn one(set: &AddrSet) -> Option<String> {
    let silent = [
        class::loopback(),
        class::unspecified(),
        class::multicast(),
        class::future(),
        &class::link_local().only(Family::V6),
    ];
    let silent = silent.iter().any(|s| set.intersects(s));
    let mut texts = set.texts();
    let first = texts.next()?;
    let plain = texts.next().is_none() && !silent;
    let whole = AddrSet::any();
    (plain && set.v4 != whole.v4 && set.v6 != whole.v6).then_some(first)
}

/// Single addresses that rules of a host's own firewall name for the host itself: the destination of what comes in. Each
/// with the place of the first rule that does.
pub(super) fn own_addresses(s: &Survey<'_>, points: &[RunPoint]) -> Vec<(String, String)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for at in points {
        let Some(p) = evidence::body(s, *at) else {
            continue;
        };
        let rules: Vec<&Rule> = match &p.body {
            Body::Lists(l) => l.ingress.rules.iter().collect(),
            // Chains that it calls may be called for what goes out or through as well.
            Body::Netfilter(n) => {
                let input = n.filter_chains(Hook::Input);
                input.flat_map(|b| &b.chain.rules).collect()
            }
        };
        for r in rules {
            for c in &r.clauses {
                if let Some(address) = one(&c.space.dst).and_then(|t| single(&t)) {
                    let place = || evidence::place(s, *at, r.span);
                    first.entry(address.clone()).or_insert_with(place);
                    *counts.entry(address).or_default() += 1;
                }
            }
        }
    }
    let all = ranked(counts, HOST_ADDRESSES).into_iter();
    all.map(|(a, _)| {
        let place = first.remove(&a).unwrap_or_default();
        (a, place)
    })
    .collect()
}

/// Addresses that a listing of the host's own shows and that peers may use, with the place of the first listing.
pub(super) fn shown_addresses(
    s: &Survey<'_>,
    exports: &[&LoadedExport],
) -> Option<(Vec<String>, String)> {
    let (mut all, mut first) = (AddrSet::empty(), None);
    for e in exports {
        for c in &e.export.companions {
            let Companion::HostInterfaces(listing) = c else {
                continue;
            };
            let span = listing.span;
            // What a bridge of containers has on one host it has on every other: 172.17.0.1 of Docker.
            let interfaces = listing.interfaces.iter();
            let wired = interfaces.filter(|i| !platform::is_software_iface(&i.name));
            all = all.union(&own_addrs(wired));
            let place = || {
                format!(
                    "{}:{}",
                    relative(s, &e.path),
                    e.source.position(span.start).line
                )
            };
            first = first.or_else(|| Some(place()));
        }
    }
    let own = [class::loopback(), class::link_local()];
    let all = own.iter().fold(all, |all, set| all.subtract(set));
    let texts: Vec<String> = each(&all).into_iter().filter_map(|t| single(&t)).collect();
    Some((texts, first?)).filter(|(texts, _)| !texts.is_empty())
}

/// The addresses of a set one by one, as a host's own are written; ranges of more than [`NEIGHBOURS`] stay ranges.
pub(super) fn each(set: &AddrSet) -> Vec<String> {
    let mut out = Vec::new();
    for text in set.texts() {
        let range = AddrSet::parse(&text).unwrap_or_else(AddrSet::empty);
        let v4 = range.v4.iter().filter(|(lo, hi)| hi - lo < NEIGHBOURS);
        let one: Vec<String> = v4
            .flat_map(|(lo, hi)| (lo..=hi).map(|a| Ipv4Addr::from(a).to_string()))
            .collect();
        match one.is_empty() {
            true => out.push(single(&text).unwrap_or(text)),
            false => out.extend(one),
        }
    }
    out
}

/// The address of a text that stands for one.
pub(super) fn single(text: &str) -> Option<String> {
    let bare = text
        .strip_suffix("/32")
        .or_else(|| text.strip_suffix("/128"));
    let bare = bare.unwrap_or(text);
    bare.parse::<std::net::IpAddr>().ok().map(|a| a.to_string())
}

/// The sources that most rules name, with their number.
pub(super) fn sources(s: &Survey<'_>) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::new();
    for r in s.bodies.iter().flat_map(|e| incoming(e)) {
        for text in r.clauses.iter().filter_map(|c| one(&c.space.src)) {
            *counts.entry(text).or_default() += 1;
        }
    }
    ranked(counts, SOURCES)
}

/// Names that rules use and no export defines, in order.
pub(super) fn unresolved(s: &Survey<'_>) -> Vec<Name> {
    let mut all: BTreeMap<String, Name> = BTreeMap::new();
    for e in &s.bodies {
        let rules = e.export.points.iter().flat_map(|p| {
            let rules = p.rules();
            rules.filter(|r| p.in_force(r, Profiles::ALL))
        });
        for r in rules {
            let mut keys: Vec<(&str, u32)> = r
                .conditions()
                .filter_map(|c| match &c.test {
                    Test::Named { key, .. } => Some((&**key, c.span.start)),
                    _ => None,
                })
                .collect();
            keys.sort_unstable();
            keys.dedup_by_key(|k| k.0);
            for (key, at) in keys {
                if r.span.is_empty() || s.bound.site.resolve.contains_key(key) {
                    continue;
                }
                let path = || relative(s, e.path_at(at));
                let first = || format!("{}:{}", path(), e.source.position(at).line);
                let name = all.entry(key.to_owned()).or_insert_with(|| Name {
                    key: key.to_owned(),
                    rules: 0,
                    first: first(),
                });
                name.rules += 1;
            }
        }
    }
    all.into_values().collect()
}
