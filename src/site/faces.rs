//! Which interface leads to which addresses, as the routing of Linux chooses it: the rules in the order of their priority, each
//! with a table; in a table the longest prefix, and of several routes of one prefix that with the lowest metric (ip-rule(8),
//! ip-route(8)).

use crate::rules::platform::is_software_iface as is_software;
use hylint_model::{HostInterface, Route, RouteKind, Routes, RoutingRule, RoutingRules};
use hylint_space::{AddrSet, Family, RangeSet, class};
use std::collections::{BTreeMap, BTreeSet};

/// Rules that are followed at most. A host with more has them made by a program, and they ask for more than addresses.
const MOST_RULES: usize = 256;

/// Routes of a family that are followed at most: every question about a flow splits by them. A host with more has a table of the
/// Internet, and its interfaces stay an assumption.
const MOST_ROUTES: usize = 1 << 14;

/// What is known of a host's routing.
#[derive(Debug, Default)]
pub struct Routing<'a> {
    /// Listings of routes.
    pub routes: Vec<&'a Routes>,
    /// Listings of rules.
    pub rules: Vec<&'a RoutingRules>,
    /// The addresses that peers use, for rules that ask for the source of a reply; empty if they are not known.
    pub own: AddrSet,
    /// Interfaces with their networks, for a host whose routes are not listed.
    pub interfaces: Vec<&'a HostInterface>,
    /// These are all interfaces of the host.
    pub every_interface: bool,
}

/// Where the packets to a host's peers go.
#[derive(Debug)]
pub struct Faces {
    /// The addresses that each interface leads to, by its name; disjoint. Addresses of which nothing is known are in none.
    pub known: Vec<(String, AddrSet)>,
    /// Those of these addresses to which other routes may lead.
    pub unproven: AddrSet,
}

/// Where packets to some addresses go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Way<'a> {
    /// Out by an interface.
    By(&'a str),
    /// Out by an interface without a carrier, as long as Linux is not told to pass over such routes.
    Likely(&'a str),
    /// Nowhere: they are the host's own, or refused.
    Stays,
    /// To the next table.
    Throw,
    /// By one of several interfaces, or the listings do not say.
    Open,
}

/// Ranges of addresses by where packets to them go. A range is in one of them.
type Ways<'a> = BTreeMap<Way<'a>, AddrSet>;

impl Routing<'_> {
    /// The interfaces that lead to addresses.
    #[must_use]
    pub fn faces(&self) -> Faces {
        let mut all: BTreeMap<&str, AddrSet> = BTreeMap::new();
        let mut unproven = AddrSet::empty();
        for family in Family::BOTH {
            let proven = self.picks_tables(family);
            for (way, addrs) in self.ways(family) {
                let (Way::By(name) | Way::Likely(name)) = way else {
                    continue;
                };
                if !proven || matches!(way, Way::Likely(_)) {
                    unproven = unproven.union(&addrs);
                }
                let known = all.entry(name).or_insert_with(AddrSet::empty);
                *known = known.union(&addrs);
            }
        }
        let each = all.into_iter().filter(|(_, a)| !a.is_empty());
        Faces {
            known: each.map(|(name, addrs)| (name.to_owned(), addrs)).collect(),
            unproven,
        }
    }

    /// Whether it is known how the host picks a table: the rules are listed, or there is no other table that has a route.
    fn picks_tables(&self, family: Family) -> bool {
        let mut lists = self.routes.iter().filter(|l| l.families.has(family));
        let ruled = self.rules.iter().any(|r| r.families.has(family));
        ruled
            || lists.any(|l| l.every_table && l.routes.iter().all(|r| KERNEL.contains(&&*r.table)))
    }

    /// A route by an interface that the host does not have, where all interfaces are listed: routes and interfaces are of
    /// another time or machine.
    #[must_use]
    pub fn stale(&self) -> Option<(&str, &Route)> {
        if !self.every_interface {
            return None;
        }
        let has = |name: &str| self.interfaces.iter().any(|i| is_named(i, name));
        let mut all = self.routes.iter().flat_map(|l| &l.routes);
        all.find_map(|r| {
            let name = r.interfaces.iter().find(|n| !has(n))?;
            Some((&**name, r))
        })
    }

    /// Whether the routes of a family lead to each network that an interface has, as those of a whole listing do
    /// (`fib_add_ifaddr`).
    fn has_networks(&self, family: Family) -> bool {
        let own = |i: &&&HostInterface| {
            !i.loopback && !i.tunnel && i.up == Some(true) && i.master.is_empty()
        };
        let routed: BTreeSet<(u128, u128)> = self
            .routes
            .iter()
            .flat_map(|l| &l.routes)
            .flat_map(|r| ranges(&r.to, family))
            .collect();
        let mut all = self.interfaces.iter().filter(own).flat_map(|i| {
            let networks = i.networks.only(family).subtract(class::link_local());
            ranges(&networks, family).collect::<Vec<_>>()
        });
        all.all(|(lo, hi)| lo == hi || routed.range((lo, 0)..=(lo, hi)).next().is_some())
    }

    fn ways(&self, family: Family) -> Ways<'_> {
        let lists = || self.routes.iter().filter(|l| l.families.has(family));
        let routes: usize = lists().map(|l| l.routes.len()).sum();
        // A listing that is cut off may lack the very route that decides.
        let linux = self.every_interface && lists().next().is_some();
        let part = linux && !self.has_networks(family);
        if routes > MOST_ROUTES || lists().any(|l| !l.whole) || part || self.stale().is_some() {
            return Ways::new();
        }
        let tables = if lists().next().is_none() {
            Tables::connected(&self.interfaces, family)
        } else {
            let routes = lists().flat_map(|l| &l.routes);
            Tables {
                by_name: by_table(routes, family),
                every: lists().any(|l| l.every_table),
                down: self
                    .interfaces
                    .iter()
                    .filter(|i| i.up == Some(false))
                    .map(|i| &*i.name)
                    .collect(),
            }
        };
        let rules: Vec<&RoutingRules> = self
            .rules
            .iter()
            .copied()
            .filter(|r| r.families.has(family))
            .collect();
        if rules.iter().any(|r| !r.whole) {
            return Ways::new();
        }
        let listed: Vec<&RoutingRule> = rules.iter().flat_map(|r| &r.rules).collect();
        if listed.len() > MOST_RULES {
            return Ways::new();
        }
        match listed.is_empty() {
            true => tables.by_default(family),
            false => tables.by_rules(listed, &self.own.only(family), family),
        }
    }
}

/// The tables of a family.
struct Tables<'a> {
    by_name: BTreeMap<&'a str, Vec<Entry<'a>>>,
    /// Every table is listed: one without routes is empty.
    every: bool,
    /// Interfaces that are down. Packets may take another way then (`ignore_routes_with_linkdown`).
    down: Vec<&'a str>,
}

/// A route, or the network of an interface.
#[derive(Clone, Debug)]
struct Entry<'a> {
    to: (u128, u128),
    length: u8,
    metric: u32,
    way: Way<'a>,
}

/// The tables that the kernel itself looks up (`RT_TABLE_LOCAL`, `RT_TABLE_MAIN`, `RT_TABLE_DEFAULT`).
const KERNEL: [&str; 3] = ["local", "main", "default"];

impl<'a> Tables<'a> {
    /// The networks of interfaces that are up, as their routes would be.
    fn connected(interfaces: &[&'a HostInterface], family: Family) -> Self {
        let own = interfaces
            .iter()
            .filter(|i| !i.loopback && i.up != Some(false));
        let mut entries = Vec::new();
        for i in own {
            let networks = i.networks.only(family).subtract(class::link_local());
            for (lo, hi) in ranges(&networks, family) {
                entries.push(Entry {
                    to: (lo, hi),
                    length: length(lo, hi, family),
                    metric: 0,
                    // Routes of a port are those of its master, which may be a table of its own (ip-vrf(8)).
                    way: if i.master.is_empty() {
                        Way::By(&i.name)
                    } else {
                        Way::Open
                    },
                });
            }
        }
        Self {
            by_name: BTreeMap::from([("main", entries)]),
            every: false,
            down: Vec::new(),
        }
    }

    /// The ways of a host without rules of its own. Where other tables have routes, there are rules that are not listed.
    fn by_default(&self, family: Family) -> Ways<'a> {
        let mut walk = Walk::new(family);
        for name in self.by_name.keys().filter(|n| !KERNEL.contains(n)) {
            walk.perhaps(self.table(name, None, family), &AddrSet::any());
        }
        for name in KERNEL {
            walk.surely(self.table(name, None, family), &AddrSet::any());
        }
        walk.end()
    }

    fn by_rules(&self, mut rules: Vec<&RoutingRule>, own: &AddrSet, family: Family) -> Ways<'a> {
        rules.sort_by_key(|r| r.priority);
        let mut walk = Walk::new(family);
        // A rule for other sources than the host's does not concern it.
        let concerns = |r: &&RoutingRule| own.is_empty() || r.from.intersects(own);
        for rule in rules.into_iter().filter(concerns) {
            let any = rule.from.only(family) == AddrSet::any_of(family);
            let sure = !rule.narrowed && (any || !own.is_empty() && own.is_subset(&rule.from));
            let known = self.every
                || KERNEL.contains(&&*rule.table)
                || self.by_name.contains_key(&*rule.table);
            let ways = match (&*rule.table, known) {
                // It refuses, or goes to another rule.
                ("", _) if sure => Ways::from([(Way::Stays, AddrSet::any_of(family))]),
                ("", _) | (_, false) => Ways::from([(Way::Open, AddrSet::any_of(family))]),
                (name, true) => self.table(name, rule.suppress, family),
            };
            if sure {
                walk.surely(ways, &rule.to);
            } else {
                walk.perhaps(ways, &rule.to);
            }
        }
        walk.end()
    }

    /// Where the packets go for which a table has a route.
    fn table(&self, name: &str, suppress: Option<u8>, family: Family) -> Ways<'a> {
        let all = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let counts = |e: &&Entry<'_>| suppress.is_none_or(|s| e.length > s);
        let mut entries: Vec<&Entry<'a>> = all.iter().filter(counts).collect();
        entries.sort_by_key(|e| (e.to.0, std::cmp::Reverse(e.to.1), e.metric));
        let prefixes = entries.chunk_by(|a, b| a.to == b.to);
        let decided = prefixes.filter_map(|same| Some((same.first()?.to, self.chosen(same))));
        segments(decided, family)
    }

    /// The way of a prefix: that of the route with the lowest metric, where it is one.
    fn chosen(&self, same: &[&Entry<'a>]) -> Way<'a> {
        let lowest = same.iter().map(|e| e.metric).min().unwrap_or(0);
        let mut ways = same.iter().filter(|e| e.metric == lowest).map(|e| e.way);
        let first = ways.next().unwrap_or(Way::Open);
        let one = ways.all(|w| w == first);
        match first {
            Way::By(name) if one && self.down.contains(&name) && !is_software(name) => Way::Open,
            Way::By(name) if one && self.down.contains(&name) => Way::Likely(name),
            way if one && same.iter().all(|e| e.way != Way::Open) => way,
            _ => Way::Open,
        }
    }
}

/// Whether an interface has a name, number or address by which routes name it.
fn is_named(interface: &HostInterface, name: &str) -> bool {
    *name == *interface.name
        || interface.index.is_some_and(|n| name == n.to_string())
        || name.parse().is_ok_and(|a| interface.addrs.contains(a))
}

/// The routes of a family by their tables.
fn by_table<'a>(
    routes: impl Iterator<Item = &'a Route>,
    family: Family,
) -> BTreeMap<&'a str, Vec<Entry<'a>>> {
    let mut all: BTreeMap<&str, Vec<Entry<'a>>> = BTreeMap::new();
    for r in routes.filter(|r| r.to.has(family)) {
        let way = match (r.kind, r.interfaces.as_slice()) {
            (RouteKind::Unicast, [one]) if !r.down => Way::By(one),
            // Tunnels often show no carrier.
            (RouteKind::Unicast, [one]) if is_software(one) => Way::Likely(one),
            (RouteKind::Own | RouteKind::Refused, _) => Way::Stays,
            (RouteKind::Throw, _) => Way::Throw,
            (RouteKind::Unicast | RouteKind::Other, _) => Way::Open,
        };
        let entries = all.entry(&*r.table).or_default();
        entries.extend(ranges(&r.to, family).map(|to| Entry {
            to,
            length: r.length,
            metric: r.metric,
            way,
        }));
    }
    all
}

/// The ranges of a set in one family.
fn ranges(set: &AddrSet, family: Family) -> Box<dyn Iterator<Item = (u128, u128)> + '_> {
    match family {
        Family::V4 => Box::new(set.v4.iter().map(|(lo, hi)| (lo.into(), hi.into()))),
        Family::V6 => Box::new(set.v6.iter()),
    }
}

/// The length of the prefix that a range is.
fn length(lo: u128, hi: u128, family: Family) -> u8 {
    let bits = match family {
        Family::V4 => 32,
        Family::V6 => 128,
    };
    let host = (lo ^ hi).count_ones();
    u8::try_from(bits - host.min(bits)).unwrap_or(0)
}

/// Prefixes, sorted by where they begin and the longest range first, by their ways: inside a prefix, those that it contains
/// come first.
fn segments<'a>(
    prefixes: impl Iterator<Item = ((u128, u128), Way<'a>)>,
    family: Family,
) -> Ways<'a> {
    let mut out: BTreeMap<Way<'a>, Vec<(u128, u128)>> = BTreeMap::new();
    let mut open: Vec<(u128, Way<'a>)> = Vec::new();
    let mut at = 0_u128;
    let mut put = |way: Way<'a>, lo: u128, hi: u128| {
        if lo <= hi {
            out.entry(way).or_default().push((lo, hi));
        }
    };
    for ((lo, hi), way) in prefixes {
        while let Some((end, top)) = open.last().copied().filter(|(end, _)| *end < lo) {
            put(top, at, end);
            at = end + 1;
            open.pop();
        }
        if let Some((_, top)) = open.last()
            && at < lo
        {
            put(*top, at, lo - 1);
        }
        at = lo;
        open.push((hi, way));
    }
    while let Some((end, way)) = open.pop() {
        put(way, at, end);
        match end.checked_add(1) {
            Some(next) => at = next.max(at),
            None => break,
        }
    }
    let set = |ranges: Vec<(u128, u128)>| match family {
        Family::V4 => AddrSet {
            v4: ranges
                .into_iter()
                .filter_map(|(lo, hi)| Some((u32::try_from(lo).ok()?, u32::try_from(hi).ok()?)))
                .collect(),
            v6: RangeSet::empty(),
        },
        Family::V6 => AddrSet {
            v4: RangeSet::empty(),
            v6: ranges.into_iter().collect(),
        },
    };
    out.into_iter()
        .map(|(way, ranges)| (way, set(ranges)))
        .collect()
}

/// The walk through the rules.
struct Walk<'a> {
    /// What no rule has decided yet.
    left: AddrSet,
    decided: Ways<'a>,
    /// Where packets go if a rule matches that asks for more than their destination.
    perhaps: Vec<(Way<'a>, AddrSet)>,
}

impl<'a> Walk<'a> {
    fn new(family: Family) -> Self {
        Self {
            left: AddrSet::any_of(family),
            decided: Ways::new(),
            perhaps: Vec::new(),
        }
    }

    fn perhaps(&mut self, ways: Ways<'a>, to: &AddrSet) {
        for (way, addrs) in ways.into_iter().filter(|(w, _)| *w != Way::Throw) {
            let those = addrs.intersect(to).intersect(&self.left);
            if !those.is_empty() {
                self.perhaps.push((way, those));
            }
        }
    }

    fn surely(&mut self, ways: Ways<'a>, to: &AddrSet) {
        for (way, addrs) in ways.into_iter().filter(|(w, _)| *w != Way::Throw) {
            let those = addrs.intersect(to).intersect(&self.left);
            self.left = self.left.subtract(&those);
            let known = self.decided.entry(way).or_insert_with(AddrSet::empty);
            *known = known.union(&those);
        }
    }

    /// The ways that do not depend on a rule of which it is not known whether it matches.
    fn end(self) -> Ways<'a> {
        let mut decided = self.decided;
        for (way, addrs) in &self.perhaps {
            for (other, known) in &mut decided {
                if way != other || *way == Way::Open {
                    *known = known.subtract(addrs);
                }
            }
        }
        decided
    }
}
