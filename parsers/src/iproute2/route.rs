//! `ip route`: a route a line, and the next hops of one below it.

use super::lines::Line;
use hylint_model::{Route, RouteKind};
use hylint_space::{AddrSet, Family};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A route as a line says it, before the family of a bare `default` is known.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) route: Route,
    /// Its family, as far as the line tells.
    pub(super) family: Option<Family>,
    /// Its gateways that another route has to lead to.
    pub(super) gateways: Vec<IpAddr>,
    /// Whether it names its interface, if it needs one.
    pub(super) whole: bool,
}

/// Words that a route may begin with.
pub(super) const FIRST: [&str; 12] = [
    "default",
    "unicast",
    "local",
    "broadcast",
    "multicast",
    "anycast",
    "unreachable",
    "blackhole",
    "prohibit",
    "throw",
    "nat",
    "xresolve",
];

/// Types of routes (ip-route(8), "TYPE").
pub(super) fn kind(word: &str) -> Option<RouteKind> {
    Some(match word {
        "unicast" => RouteKind::Unicast,
        "local" | "broadcast" | "multicast" | "anycast" => RouteKind::Own,
        "unreachable" | "blackhole" | "prohibit" => RouteKind::Refused,
        "throw" => RouteKind::Throw,
        "nat" | "xresolve" => RouteKind::Other,
        _ => return None,
    })
}

/// Keys with a value; the others are marks.
const VALUED: [&str; 22] = [
    "via", "dev", "proto", "scope", "src", "metric", "table", "mtu", "advmss", "pref", "tos",
    "from", "nhid", "realm", "realms", "weight", "hoplimit", "expires", "window", "rtt",
    "initcwnd", "initrwnd",
];

/// Whether a line begins as a route does.
pub(super) fn begins(line: &Line<'_>) -> bool {
    if line.is_indented() {
        return false;
    }
    let mut words = line.words().peekable();
    let typed = words.next_if(|w| kind(w).is_some()).is_some();
    let Some(to) = words.next().and_then(destination) else {
        return false;
    };
    let rest: Vec<&str> = words.collect();
    let has = |k: &str| rest.contains(&k);
    typed
        || ["dev", "via", "scope", "proto", "nhid", "metric"]
            .iter()
            .any(|k| has(k))
        || to.1 == 0 && to.2 && rest.is_empty()
}

/// The prefix of a destination, its length, and whether it is `default`.
pub(super) fn destination(word: &str) -> Option<(Option<AddrSet>, u8, bool)> {
    if matches!(word, "default" | "all") {
        return Some((None, 0, true));
    }
    if !word.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':') {
        return None;
    }
    let set = AddrSet::parse(word)?;
    let length = match word.split_once('/') {
        Some((_, length)) => length.parse().ok()?,
        None if set.has(Family::V6) => 128,
        None => 32,
    };
    Some((Some(set), length, false))
}

/// The route of a line.
pub(super) fn read(line: &Line<'_>) -> Option<Read> {
    let mut words = line.words().peekable();
    let kind = words.peek().and_then(|w| kind(w));
    if kind.is_some() {
        words.next();
    }
    let (to, length, _) = destination(words.next()?)?;
    let mut read = Read {
        family: to.as_ref().map(|s| {
            if s.has(Family::V6) {
                Family::V6
            } else {
                Family::V4
            }
        }),
        route: Route {
            to: to.unwrap_or_else(AddrSet::empty),
            length,
            kind: kind.unwrap_or(RouteKind::Unicast),
            table: "main".into(),
            interfaces: Vec::new(),
            metric: 0,
            down: false,
            span: line.span(),
        },
        gateways: Vec::new(),
        whole: false,
    };
    read.options(words);
    read.whole |= !matches!(read.route.kind, RouteKind::Unicast | RouteKind::Own);
    Some(read)
}

impl Read {
    fn options<'t>(&mut self, words: impl Iterator<Item = &'t str>) {
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            // With `-o`, next hops follow in the same line.
            let word = word.trim_start_matches('\\');
            match word {
                "linkdown" | "dead" => self.route.down = true,
                "nexthop" => {}
                "onlink" | "pervasive" => {
                    self.gateways.pop();
                }
                _ if VALUED.contains(&word) => {
                    let mut value = words.next().unwrap_or("");
                    let mut other = None;
                    if word == "via" && matches!(value, "inet" | "inet6") {
                        other = Some(value);
                        value = words.next().unwrap_or("");
                    }
                    if matches!(word, "mtu" | "hoplimit" | "window" | "rtt") && value == "lock" {
                        words.next();
                    }
                    self.option(word, value, other.is_some());
                }
                _ => {}
            }
        }
    }

    fn option(&mut self, key: &str, value: &str, other_family: bool) {
        match key {
            "dev" => {
                self.whole |= !value.is_empty();
                if !value.is_empty() && !self.route.interfaces.iter().any(|i| **i == *value) {
                    self.route.interfaces.push(value.into());
                }
            }
            "metric" => self.route.metric = value.parse().unwrap_or(0),
            "table" => self.route.table = table(value),
            // A route for some packets to its destination.
            "from" | "tos" => self.route.kind = RouteKind::Other,
            // A next hop of the other family tells nothing of the destination's, and `pref` is of IPv6.
            "via" | "src" => {
                if key == "via" {
                    self.gateways.extend(value.parse::<IpAddr>().ok());
                }
                let family = match () {
                    () if value.parse::<Ipv6Addr>().is_ok() => Some(Family::V6),
                    () if value.parse::<Ipv4Addr>().is_ok() => Some(Family::V4),
                    () => None,
                };
                let family = match (family, other_family) {
                    (Some(Family::V6), true) => Some(Family::V4),
                    (Some(Family::V4), true) => Some(Family::V6),
                    (f, _) => f,
                };
                self.family = self.family.or(family);
            }
            "pref" => self.family = self.family.or(Some(Family::V6)),
            // `ip` prints no scope of IPv6 routes.
            "scope" => self.family = self.family.or(Some(Family::V4)),
            _ => {}
        }
    }

    /// Takes in a line `nexthop via 10.0.0.1 dev eth0 weight 1` below the route.
    pub(super) fn next_hop(&mut self, line: &Line<'_>) {
        let down = self.route.down;
        let before = self.route.interfaces.len();
        self.options(line.words());
        let is_down = line.words().any(|w| w == "dead");
        if is_down && self.route.interfaces.len() > before {
            self.route.interfaces.truncate(before);
        }
        self.route.down = down;
        self.route.span = self.route.span.to(line.span());
    }
}

/// The name of a table; those that the kernel has by itself have one name (`RT_TABLE_MAIN`).
pub(super) fn table(text: &str) -> Box<str> {
    match text {
        "254" => "main".into(),
        "255" => "local".into(),
        "253" => "default".into(),
        other => other.into(),
    }
}

/// Whether a line is a next hop of the route before it.
pub(super) fn is_next_hop(line: &Line<'_>) -> bool {
    line.is_indented() && line.words().next() == Some("nexthop")
}

/// Every address of a family: the destinations of `default`.
pub(super) fn all_of(family: Family) -> AddrSet {
    AddrSet::any_of(family)
}
