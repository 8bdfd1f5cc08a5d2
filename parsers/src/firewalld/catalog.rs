//! What firewalld ships: services, types of ICMP, zones. Facts of its files, one a line.

use super::own::{Service, Target};
use std::collections::HashMap;
use std::sync::LazyLock;

const SERVICES: &str = include_str!("services.txt");
const ICMP: &str = include_str!("icmp.txt");
const ZONES: &str = include_str!("zones.txt");

/// Lines of a table, as words.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let lines = table.lines().filter(|l| !l.starts_with('#'));
    lines.filter_map(|l| {
        let mut words = l.split_ascii_whitespace();
        Some((words.next()?, words.collect()))
    })
}

static BY_NAME: LazyLock<HashMap<&'static str, Vec<&'static str>>> =
    LazyLock::new(|| rows(SERVICES).collect());

/// A type and a code of ICMP in IPv4 and in IPv6.
type Types = [Option<(u8, Option<u8>)>; 2];

static TYPES: LazyLock<HashMap<&'static str, Types>> = LazyLock::new(|| {
    let one = |word: Option<&&str>| {
        let (kind, code) = match word?.split_once('/') {
            Some((kind, code)) => (kind, Some(code.parse().ok()?)),
            None => (**word.as_ref()?, None),
        };
        Some((kind.parse().ok()?, code))
    };
    let row =
        |(name, words): (&'static str, Vec<&str>)| (name, [one(words.first()), one(words.get(1))]);
    rows(ICMP).map(row).collect()
});

/// Whether firewalld ships a service of a name.
pub(super) fn is_service(name: &str) -> bool {
    BY_NAME.contains_key(name)
}

/// A service that firewalld ships.
pub(super) fn service(name: &str) -> Option<Service> {
    let words = BY_NAME.get(name)?;
    let mut out = Service::default();
    let pair = |word: &str| match word.split_once('/') {
        Some((port, protocol)) => (port.into(), protocol.into()),
        None => ("".into(), word.into()),
    };
    for word in words {
        match word.split_at(1) {
            ("+", include) => out.includes.push(include.into()),
            ("@", destination) => out.destinations.push(destination.into()),
            ("<", port) => out.source_ports.push(pair(port)),
            // A helper opens what belongs to a connection, which passes as related.
            ("~", _) => {}
            _ if word.contains('/') => out.ports.push(pair(word)),
            _ => out.protocols.push((*word).into()),
        }
    }
    Some(out)
}

/// The type of ICMP of a name.
pub(super) fn icmp(name: &str) -> Option<Types> {
    TYPES.get(name).copied()
}

/// Every name of a type of ICMP, for the ones that a listing of types would have.
pub(super) fn zones() -> impl Iterator<Item = (&'static str, Target, Vec<&'static str>)> {
    rows(ZONES).filter_map(|(name, words)| {
        let (target, rest) = words.split_first()?;
        Some((name, Target::named(target)?, rest.to_vec()))
    })
}

/// Protocols by the names of /etc/protocols that are likely in a firewall (IANA "Assigned Internet Protocol Numbers").
const PROTOCOLS: [(&str, u8); 27] = [
    ("icmp", 1),
    ("igmp", 2),
    ("ipencap", 4),
    ("ipip", 4),
    ("tcp", 6),
    ("egp", 8),
    ("udp", 17),
    ("rdp", 27),
    ("dccp", 33),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("eigrp", 88),
    ("ospf", 89),
    ("ospfigp", 89),
    ("pim", 103),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("udplite", 136),
];

/// The number of a protocol's name or number.
pub(super) fn protocol(word: &str) -> Option<u8> {
    let word = word.to_ascii_lowercase();
    let named = PROTOCOLS.iter().find(|(name, _)| *name == word);
    named.map(|(_, n)| *n).or_else(|| word.parse().ok())
}
