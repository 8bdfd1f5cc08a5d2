//! What the names of an Azure rule stand for: `VirtualNetwork`, `Internet`, application security groups.
//!
//! Source: "Virtual network service tags" and "Virtual network peering" of the Azure documentation. `VirtualNetwork` is the
//! network's own space, the spaces of connected peers, on-premises ranges behind a gateway, the platform's address, and the
//! prefixes of user-defined routes of the interface's own subnet. `Internet` is public address space outside of the
//! networks; routes do not change it.

use super::ids::{parent, same_id, short_name};
use crate::load::Heads;
use hylint_model::{Companion, Network, NetworkInterface, RouteTable, Subnet};
use hylint_space::{AddrSet, class};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Networks, subnets, route tables and interfaces of all exports, by their ids in lower case.
#[derive(Debug, Default)]
pub struct Azure<'a> {
    networks: HashMap<String, Vec<&'a Network>>,
    subnets: HashMap<String, Vec<&'a Subnet>>,
    tables: HashMap<String, Vec<&'a RouteTable>>,
    /// Route tables that name a subnet themselves, by the subnet.
    on_subnet: HashMap<String, Vec<&'a RouteTable>>,
    /// Ids of subnets by their network.
    of_network: HashMap<String, Vec<String>>,
    interfaces: Vec<&'a NetworkInterface>,
    /// Names that several application security groups with members have, in lower case.
    shared: BTreeSet<String>,
}

/// What the tags stand for at one place of a network.
#[derive(Clone, Debug, Default)]
pub struct Tags {
    /// Addresses that are surely in `VirtualNetwork`.
    pub network: AddrSet,
    /// Addresses of which the exports do not tell whether they are in it.
    pub open: AddrSet,
    /// Addresses of `Internet`.
    pub internet: AddrSet,
    /// Addresses of connected peerings without access. They have a route and are in neither tag.
    pub no_access: AddrSet,
    /// Addresses that may be of such a peering: no export tells its space.
    pub maybe_no_access: AddrSet,
    /// Route tables that belong to the place and are in no export.
    pub missing: Vec<String>,
}

/// The platform's address, which every network holds.
fn platform() -> AddrSet {
    AddrSet::parse("168.63.129.16").unwrap_or_default()
}

fn lower(id: &str) -> String {
    id.to_ascii_lowercase()
}

impl<'a> Azure<'a> {
    /// Indexes what the exports say beside rules.
    #[must_use]
    pub fn of(exports: &'a Heads) -> Self {
        let mut all = Self::default();
        for c in exports.iter().flat_map(|e| &e.export.companions) {
            match c {
                Companion::Network(n) => all.networks.entry(lower(&n.id)).or_default().push(n),
                Companion::Subnet(s) => all.subnet(s),
                Companion::RouteTable(t) => all.table(t),
                Companion::Interface(i) if i.id.starts_with('/') => all.interfaces.push(i),
                _ => {}
            }
        }
        all.find_shared();
        all
    }

    fn subnet(&mut self, s: &'a Subnet) {
        let id = lower(&s.id);
        if let Some(network) = parent(&s.id, "subnets") {
            let ids = self.of_network.entry(lower(network)).or_default();
            ids.push(id.clone());
        }
        self.subnets.entry(id).or_default().push(s);
    }

    fn table(&mut self, t: &'a RouteTable) {
        for s in &t.subnets {
            self.on_subnet.entry(lower(s)).or_default().push(t);
        }
        self.tables.entry(lower(&t.id)).or_default().push(t);
    }

    /// The only network of the exports, if there is one only.
    #[must_use]
    pub fn only_network(&self) -> Option<&str> {
        let mut listed = self
            .networks
            .iter()
            .filter(|(_, n)| n.iter().any(|n| !n.addrs.is_empty()));
        match (listed.next(), listed.next()) {
            (Some((id, _)), None) => Some(id),
            _ => None,
        }
    }

    /// The subnet of an exported network that holds an address, if it is one only.
    #[must_use]
    pub fn subnet_with(&self, addrs: &AddrSet) -> Option<&str> {
        let mut with = self.subnets.iter().filter(|(id, all)| {
            id.starts_with('/') && all.iter().any(|s| s.addrs.intersects(addrs))
        });
        match (with.next(), with.next()) {
            (Some((id, _)), None) => Some(id),
            _ => None,
        }
    }

    /// Whether the exports hold a subnet.
    #[must_use]
    pub fn has_subnet(&self, id: &str) -> bool {
        self.subnets.contains_key(&lower(id))
    }

    /// What the tags stand for in a subnet, else anywhere in a network. `None` if the exports say nothing of either.
    #[must_use]
    pub fn tags(&self, subnet: Option<&str>, network: Option<&str>) -> Option<Tags> {
        let network = match subnet {
            Some(id) => parent(id, "subnets").map(lower)?,
            None => lower(network?),
        };
        let mut out = Tags {
            network: platform(),
            ..Tags::default()
        };
        let spaces = self.spaces(&network);
        out.network = out.network.union(&spaces.surely);
        let listed = spaces.listed;
        let routes = match subnet {
            Some(id) => self.routes_of(id, &mut out.missing),
            None => self.routes_anywhere(&network),
        };
        out.network = out.network.union(&routes.surely);
        let maybe = match listed {
            true => class::internal().clone(),
            false => AddrSet::any(),
        };
        // A route brings in its prefix, whoever else has it.
        let routed = match routes.all_known {
            true => routes.maybe,
            false => AddrSet::any(),
        };
        let maybe = maybe.subtract(&spaces.never).union(&routed);
        out.open = maybe.subtract(&out.network);
        out.internet = public().subtract(&spaces.surely).subtract(&spaces.never);
        out.no_access = spaces.no_access;
        if spaces.untold {
            let told = out.network.union(&out.no_access);
            out.maybe_no_access = class::internal().subtract(&told);
        }
        let known = listed || !spaces.surely.is_empty() || !routes.surely.is_empty();
        known.then_some(out)
    }

    /// The address spaces of a network and its peers.
    fn spaces(&self, network: &str) -> Spaces {
        let mut out = Spaces::default();
        let same = self.networks.get(network).into_iter().flatten();
        for n in same {
            out.listed |= !n.addrs.is_empty();
            out.surely = out.surely.union(&n.addrs);
            for p in &n.peerings {
                let space = match p.addrs.is_empty() {
                    true => self.space_of(&p.remote),
                    false => p.addrs.clone(),
                };
                if p.connected == Some(true) && p.access {
                    out.surely = out.surely.union(&space);
                } else if !p.access {
                    out.never = out.never.union(&space);
                    if p.connected == Some(true) {
                        out.untold |= space.is_empty();
                        out.no_access = out.no_access.union(&space);
                    }
                }
            }
        }
        for id in self.of_network.get(network).into_iter().flatten() {
            for s in self.subnets.get(id).into_iter().flatten() {
                out.surely = out.surely.union(&s.addrs);
            }
        }
        out.never = out.never.subtract(&out.surely);
        out.no_access = out.no_access.subtract(&out.surely);
        out
    }

    fn space_of(&self, network: &str) -> AddrSet {
        let same = self.networks.get(&lower(network)).into_iter().flatten();
        same.fold(AddrSet::empty(), |all, n| all.union(&n.addrs))
    }

    /// The prefixes of the route table of a subnet.
    fn routes_of(&self, subnet: &str, missing: &mut Vec<String>) -> Routes {
        let id = lower(subnet);
        let listed = self.subnets.get(&id);
        let mut out = Routes {
            all_known: listed.is_some(),
            ..Routes::default()
        };
        for s in listed
            .into_iter()
            .flatten()
            .filter(|s| !s.routes.is_empty())
        {
            match self.tables.get(&lower(&s.routes)) {
                Some(tables) => tables.iter().for_each(|t| out.add(t)),
                None => {
                    out.all_known = false;
                    if !missing.iter().any(|m| same_id(m, &s.routes)) {
                        missing.push(s.routes.to_string());
                    }
                }
            }
        }
        for t in self.on_subnet.get(&id).into_iter().flatten() {
            out.add(t);
        }
        out
    }

    /// The prefixes of any route table of a network: which of them count depends on the subnet.
    fn routes_anywhere(&self, network: &str) -> Routes {
        let mut out = Routes {
            all_known: true,
            ..Routes::default()
        };
        for id in self.of_network.get(network).into_iter().flatten() {
            let one = self.routes_of(id, &mut Vec::new());
            out.all_known &= one.all_known;
            out.maybe = out.maybe.union(&one.surely).union(&one.maybe);
        }
        out
    }

    /// The tables of a subnet whose routes widen `VirtualNetwork` to everything of a family.
    #[must_use]
    pub fn default_routes(&self, subnet: &str) -> Vec<&'a RouteTable> {
        let id = lower(subnet);
        let listed = self.subnets.get(&id).into_iter().flatten();
        let named = listed.filter_map(|s| self.tables.get(&lower(&s.routes)));
        let mut all: Vec<&RouteTable> = named.flatten().copied().collect();
        all.extend(self.on_subnet.get(&id).into_iter().flatten());
        let widens = |t: &&RouteTable| {
            let mut routes = t.routes.iter();
            routes.any(|(r, _)| r.v4.is_full() || r.v6.is_full())
        };
        all.retain(widens);
        all.dedup_by(|a, b| same_id(&a.id, &b.id));
        all
    }

    /// For the application security group of a name the addresses of its members, and those of which no exported interface
    /// tells: its members are of one network, `network` if that is known. Of several groups of the name the one is meant that
    /// has members there; where that does not tell, it is open who is a member.
    #[must_use]
    pub fn members(&self, group: &str, network: Option<&str>) -> Option<(AddrSet, AddrSet)> {
        let known = self.interfaces.iter().filter(|i| !i.subnet.is_empty());
        let mut members: BTreeMap<String, AddrSet> = BTreeMap::new();
        let (mut all, mut space) = (AddrSet::empty(), AddrSet::empty());
        for i in known {
            all = all.union(&i.private).union(&i.public);
            let of = parent(&i.subnet, "subnets").map(lower);
            let own = of.as_ref().map(|n| self.spaces(n).surely);
            space = space.union(&own.unwrap_or_default());
            let elsewhere = of.zip(network).is_some_and(|(a, b)| !same_id(&a, b));
            let groups = i.groups.iter().filter(|_| !elsewhere);
            for id in groups.filter(|g| same_id(short_name(g), group)) {
                let slot = members.entry(lower(id)).or_default();
                *slot = slot.union(&i.private);
            }
        }
        if all.is_empty() {
            return None;
        }
        if space.is_empty() {
            space = class::internal().clone();
        }
        let open = space.subtract(&all);
        let each = members.values().fold(AddrSet::empty(), |u, m| u.union(m));
        Some(match members.len() {
            0 | 1 => (each, open),
            _ => (AddrSet::empty(), open.union(&each)),
        })
    }

    /// Whether interfaces are in several application security groups of this name.
    #[must_use]
    pub fn is_shared_name(&self, group: &str) -> bool {
        self.shared.contains(&lower(group))
    }

    fn find_shared(&mut self) {
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for id in self.interfaces.iter().flat_map(|i| &i.groups) {
            ids.entry(lower(short_name(id)))
                .or_default()
                .insert(lower(id));
        }
        ids.retain(|_, same| same.len() > 1);
        self.shared = ids.into_keys().collect();
    }
}

/// What `Internet` holds whatever network is asked: never private addresses.
#[must_use]
pub fn public() -> AddrSet {
    class::public().subtract(&platform())
}

/// The address spaces of a network and its peers.
#[derive(Default)]
struct Spaces {
    /// Its own, and those of peers that are connected and may be reached.
    surely: AddrSet,
    /// Those of peers that may not be reached: the tag does not hold them.
    never: AddrSet,
    /// Those of them that are connected.
    no_access: AddrSet,
    /// One of those has a space that no export tells.
    untold: bool,
    /// The network itself was exported.
    listed: bool,
}

/// Prefixes of routes.
#[derive(Default)]
struct Routes {
    surely: AddrSet,
    maybe: AddrSet,
    /// Every table that counts was exported, with prefixes that can be read.
    all_known: bool,
}

impl Routes {
    fn add(&mut self, t: &RouteTable) {
        let each = t.routes.iter().map(|(r, _)| r);
        self.surely = each.fold(self.surely.clone(), |all, r| all.union(r));
        self.all_known &= !t.open;
    }
}
