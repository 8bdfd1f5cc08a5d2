//! Keywords of Windows rules that a host's own interfaces resolve: its subnets, its DNS servers and gateways.
//!
//! `LocalSubnet` is every network of the host's own interfaces (Microsoft Learn, "New-NetFirewallRule", `-RemoteAddress`).

use crate::finding::Place;
use crate::site::Host;
use crate::site::facts::{HostFacts, Keyword};
use hylint_model::HostInterface;
use hylint_space::{AddrSet, Family, class};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an interface says under a name.
type Part = fn(&HostInterface) -> &AddrSet;

/// The keyword for the host's own networks.
const LOCAL: &str = "windows:LocalSubnet";

const KEYWORDS: [(&str, Part); 3] = [
    (LOCAL, |i| &i.networks),
    ("windows:DNS", |i| &i.dns),
    ("windows:DefaultGateway", |i| &i.gateways),
];

/// Resolves the keywords of a host by its interfaces, but for those that hylint.toml resolves.
pub(super) fn resolve(host: &mut Host) {
    let found: Vec<Keyword> = KEYWORDS
        .iter()
        .filter_map(|(name, part)| keyword(&host.facts, name, *part))
        .collect();
    if found.is_empty() {
        return;
    }
    let mut resolve: BTreeMap<String, AddrSet> = (*host.resolve).clone();
    let mut open: BTreeMap<String, AddrSet> = (*host.open).clone();
    for k in &found {
        for (suffix, family) in [("", None), ("4", Some(Family::V4)), ("6", Some(Family::V6))] {
            let key = format!("{}{suffix}", k.name);
            let of = |set: &AddrSet| family.map_or_else(|| set.clone(), |f| set.only(f));
            if resolve.contains_key(&key) {
                continue;
            }
            resolve.insert(key.clone(), of(&k.addrs));
            let rest = of(&k.open);
            if !rest.is_empty() {
                open.insert(key, rest);
            }
        }
    }
    host.resolve = Arc::new(resolve);
    host.open = Arc::new(open);
    let mut facts = (*host.facts).clone();
    facts.keywords = found;
    host.facts = Arc::new(facts);
}

fn keyword(facts: &HostFacts, name: &'static str, part: Part) -> Option<Keyword> {
    let in_use = |i: &HostInterface| !i.loopback && i.up != Some(false);
    let own: Vec<&(HostInterface, Place)> =
        facts.interfaces.iter().filter(|(i, _)| in_use(i)).collect();
    let union = |of: Part| {
        own.iter()
            .fold(AddrSet::empty(), |all, (i, _)| all.union(of(i)))
    };
    // An interface without a server for its address has one of 169.254.0.0/16, where no peer is.
    let addrs = match name == LOCAL {
        true => union(part).subtract(&class::link_local().only(Family::V4)),
        false => union(part),
    };
    let first = own.iter().find(|(i, _)| !part(i).is_empty())?;
    // A listing of some interfaces, or one without the lengths of prefixes, leaves others open.
    let whole = facts.families;
    let unknown = union(|i| &i.addrs).subtract(&union(|i| &i.networks));
    let mut open = AddrSet::empty();
    for family in Family::BOTH {
        let listed = whole.is_some_and(|f| match family {
            Family::V4 => f.v4,
            Family::V6 => f.v6,
        });
        let lengths = name != LOCAL || !unknown.has(family);
        if !(listed && lengths) {
            open = open.union(&AddrSet::any_of(family));
        }
    }
    Some(Keyword {
        name,
        open: open.subtract(&addrs),
        addrs,
        place: first.1.clone(),
    })
}
