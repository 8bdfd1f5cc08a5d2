//! What the rules name: addresses, and names that nothing defines.

use super::Survey;
use crate::load::LoadedExport;
use hylint_model::{Body, Point, Rule, TableName, Test};
use hylint_space::{AddrSet, Family, class};
use std::collections::BTreeMap;

/// Addresses offered for a host.
const HOST_ADDRESSES: usize = 4;
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
            Body::Netfilter(n) => {
                let filter = n.table(TableName::Filter).into_iter();
                let chains = filter.flat_map(|t| &t.chains);
                let own = chains.filter(|c| !matches!(&*c.name, "OUTPUT" | "FORWARD"));
                own.flat_map(|c| &c.rules).collect()
            }
        };
        rules.into_iter().filter(|r| !r.span.is_empty())
    })
}

/// Whether the rules of an export decide what goes through more than what comes in.
pub(super) fn forwards(e: &LoadedExport) -> bool {
    let rules = |p: &Point, chain: &str| match &p.body {
        Body::Netfilter(n) => {
            let found = n.table(TableName::Filter).and_then(|t| t.chain(chain));
            found.map_or(0, |(_, c)| c.rules.len())
        }
        Body::Lists(_) => 0,
    };
    let mut points = e.export.points.iter();
    points.any(|p| rules(p, "FORWARD") > rules(p, "INPUT"))
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

/// Single addresses that rules of a host's own firewall name for the host itself: the destination of what comes in.
pub(super) fn own_addresses(exports: &[&LoadedExport]) -> Vec<String> {
    let mut counts = BTreeMap::new();
    for p in exports.iter().flat_map(|e| &e.export.points) {
        let rules: &[Rule] = match &p.body {
            Body::Lists(l) => &l.ingress.rules,
            // Chains of one's own may belong to what goes out or through.
            Body::Netfilter(n) => {
                let input = n.table(TableName::Filter).and_then(|t| t.chain("INPUT"));
                input.map_or(&[], |(_, c)| &c.rules)
            }
        };
        for c in rules.iter().flat_map(|r| &r.clauses) {
            if let Some(address) = one(&c.space.dst).and_then(|t| single(&t)) {
                *counts.entry(address).or_default() += 1;
            }
        }
    }
    let all = ranked(counts, HOST_ADDRESSES).into_iter();
    all.map(|(a, _)| a).collect()
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
        for r in e.export.points.iter().flat_map(|p| p.rules()) {
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
                let first = || {
                    format!(
                        "{}:{}",
                        super::write::relative(s, &e.path),
                        e.source.position(at).line
                    )
                };
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
