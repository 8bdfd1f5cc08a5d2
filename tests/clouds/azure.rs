//! An Azure subscription, and what becomes of one packet in it: by Microsoft's documentation ("Network security groups",
//! "How network security groups filter network traffic", "Virtual network service tags", "Virtual network peering",
//! "Application security groups", "Public IP addresses").

use crate::ask::Ask;
use crate::site::{Packet, Way};
use crate::space::{Addr, Block};

/// One side of a peering.
#[derive(Clone, Debug)]
pub(crate) struct Peering {
    pub(crate) space: Vec<Block>,
    /// The export prints the space of the other side.
    pub(crate) printed: bool,
    pub(crate) state: &'static str,
    /// `allowVirtualNetworkAccess`.
    pub(crate) access: bool,
    /// `useRemoteGateways`: networks behind the other side's gateway are reached too.
    pub(crate) remote_gateways: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Vnet {
    pub(crate) spaces: Vec<Block>,
    pub(crate) peerings: Vec<Peering>,
    /// It has a GatewaySubnet with a gateway.
    pub(crate) gateway: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Subnet {
    pub(crate) vnet: usize,
    pub(crate) prefixes: Vec<Block>,
    pub(crate) nsg: Option<usize>,
    pub(crate) table: Option<usize>,
}

/// A route table: prefixes, if it was exported.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) routes: Vec<Block>,
    pub(crate) exported: bool,
}

/// What a rule says of an end.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    /// `*`
    Any,
    VirtualNetwork,
    Internet,
    AzureLoadBalancer,
    /// A tag whose addresses were not exported.
    Tag(&'static str),
    Block(Block),
    Asg(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) priority: u32,
    pub(crate) inbound: bool,
    pub(crate) allow: bool,
    pub(crate) proto: Option<u8>,
    pub(crate) src: Vec<Word>,
    pub(crate) dst: Vec<Word>,
    pub(crate) sports: Vec<(u16, u16)>,
    pub(crate) dports: Vec<(u16, u16)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Nsg {
    pub(crate) rules: Vec<Rule>,
    pub(crate) exported: bool,
}

/// The kind of a public address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sku {
    Basic,
    Standard,
    /// The interface names it, and it was not exported.
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) struct IpConfig {
    pub(crate) private: Addr,
    pub(crate) asgs: Vec<usize>,
    pub(crate) public: Option<(Addr, Sku)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Nic {
    pub(crate) subnet: usize,
    pub(crate) nsg: Option<usize>,
    pub(crate) configs: Vec<IpConfig>,
    pub(crate) machine: usize,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Azure {
    pub(crate) vnets: Vec<Vnet>,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) tables: Vec<Table>,
    pub(crate) nsgs: Vec<Nsg>,
    pub(crate) asgs: usize,
    /// What hylint.toml says the tag `Storage` is.
    pub(crate) storage: Option<Block>,
    pub(crate) nics: Vec<Nic>,
}

const ALL: (u16, u16) = (0, 65535);

/// The rules that every group has.
pub(crate) fn defaults() -> Vec<Rule> {
    use Word::{Any, AzureLoadBalancer, Internet, VirtualNetwork};
    let rule = |name: &str, priority, inbound, allow, src, dst| Rule {
        name: name.into(),
        priority,
        inbound,
        allow,
        proto: None,
        src: vec![src],
        dst: vec![dst],
        sports: vec![ALL],
        dports: vec![ALL],
    };
    vec![
        rule(
            "AllowVnetInBound",
            65000,
            true,
            true,
            VirtualNetwork,
            VirtualNetwork,
        ),
        rule(
            "AllowAzureLoadBalancerInBound",
            65001,
            true,
            true,
            AzureLoadBalancer,
            Any,
        ),
        rule("DenyAllInBound", 65500, true, false, Any, Any),
        rule(
            "AllowVnetOutBound",
            65000,
            false,
            true,
            VirtualNetwork,
            VirtualNetwork,
        ),
        rule("AllowInternetOutBound", 65001, false, true, Any, Internet),
        rule("DenyAllOutBound", 65500, false, false, Any, Any),
    ]
}

impl Azure {
    /// Whether the first packet of a connection passes at the interface that holds its own address. Groups follow
    /// connections, so nothing else is asked.
    pub(crate) fn passes(&self, way: Way, p: &Packet, ask: &mut Ask<'_>) -> bool {
        let own = p.own(way);
        let holds = |n: &&Nic| n.configs.iter().any(|c| c.private == own);
        let Some(nic) = self.nics.iter().find(holds) else {
            panic!("no interface has {own}")
        };
        let groups = [self.subnets[nic.subnet].nsg, nic.nsg];
        if groups == [None, None] {
            return Self::unguarded(nic, way, p, ask);
        }
        groups
            .into_iter()
            .flatten()
            .all(|n| self.nsg_passes(n, nic, way, p, ask))
    }

    /// Without any group the network is open, and the Internet comes through a public address of the Basic kind alone.
    fn unguarded(nic: &Nic, way: Way, p: &Packet, ask: &mut Ask<'_>) -> bool {
        if way == Way::Out || !p.src.is_public() {
            return true;
        }
        let config = nic.configs.iter().find(|c| c.private == p.dst);
        match config.and_then(|c| c.public) {
            Some((_, Sku::Basic)) => true,
            Some((_, Sku::Standard)) => false,
            Some((_, Sku::Unknown)) => ask.open("sku", p.dst, true),
            // Nothing of the Internet is sent to it; a public source may still stand behind a private line.
            None => ask.reading("public source without a public address"),
        }
    }

    fn nsg_passes(&self, n: usize, nic: &Nic, way: Way, p: &Packet, ask: &mut Ask<'_>) -> bool {
        let nsg = &self.nsgs[n];
        if !nsg.exported {
            return ask.layer(&format!("nsg {n} {way:?}"), p.peer(way));
        }
        let mut rules: Vec<Rule> = nsg.rules.clone();
        rules.extend(defaults());
        rules.retain(|r| r.inbound == (way == Way::In));
        rules.sort_by_key(|r| r.priority);
        for r in &rules {
            let at = |ports: &[(u16, u16)], port| {
                ports.iter().any(|(lo, hi)| *lo <= port && port <= *hi)
            };
            let named = r.proto.is_none_or(|n| n == p.proto)
                && at(&r.sports, p.sport)
                && at(&r.dports, p.dport);
            let mut is = |words: &[Word], addr| words.iter().any(|w| self.is(w, addr, nic, r, ask));
            if named && is(&r.src, p.src) && is(&r.dst, p.dst) {
                return r.allow;
            }
        }
        panic!("the default rules match everything")
    }

    fn is(&self, word: &Word, a: Addr, nic: &Nic, rule: &Rule, ask: &mut Ask<'_>) -> bool {
        match word {
            Word::Any => true,
            Word::Block(b) => b.contains(a),
            Word::AzureLoadBalancer => a == Addr::parse("168.63.129.16"),
            Word::VirtualNetwork => self.virtual_network(a, nic, rule, ask),
            // The default rules let out what has a route, to the network or to the Internet; that there is one is a limit
            // that each report states. A peering without access has one and is in neither tag.
            Word::Internet if !a.is_public() => {
                let vnet = &self.vnets[self.subnets[nic.subnet].vnet];
                let barred = |p: &Peering| p.state == "Connected" && !p.access;
                let mut barred = vnet.peerings.iter().filter(|p| barred(p));
                rule.priority >= 65000
                    && !barred.any(|p| p.space.iter().any(|b| b.contains(a)))
                    && ask.reading("the default rules let out what has a route")
            }
            Word::Internet => !self.own_spaces(nic).any(|b| b.contains(a)),
            Word::Tag("Storage") if self.storage.is_some() => {
                self.storage.is_some_and(|b| b.contains(a))
            }
            // Public addresses of a service.
            Word::Tag(name) => a.is_public() && ask.open(name, a, rule.allow),
            Word::Asg(n) => {
                let configs = || self.nics.iter().flat_map(|n| &n.configs);
                if !configs().any(|c| c.asgs.contains(n)) {
                    return ask.reading("group without members")
                        && ask.open(&format!("asg {n}"), a, rule.allow);
                }
                configs().any(|c| c.private == a && c.asgs.contains(n))
            }
        }
    }

    /// The spaces of an interface's network and of those that are peered with it, as far as they are printed.
    fn own_spaces(&self, nic: &Nic) -> impl Iterator<Item = Block> + '_ {
        let vnet = &self.vnets[self.subnets[nic.subnet].vnet];
        let peered = vnet
            .peerings
            .iter()
            .filter(|p| p.state == "Connected" && p.access && p.printed);
        vnet.spaces
            .iter()
            .chain(peered.flat_map(|p| &p.space))
            .copied()
    }

    /// "The virtual network address space, all connected on-premises address spaces, peered virtual networks, virtual networks
    /// connected to a virtual network gateway, the virtual IP address of the host, and address prefixes used on user-defined
    /// routes."
    fn virtual_network(&self, a: Addr, nic: &Nic, rule: &Rule, ask: &mut Ask<'_>) -> bool {
        let subnet = &self.subnets[nic.subnet];
        let vnet = &self.vnets[subnet.vnet];
        if self.own_spaces(nic).any(|b| b.contains(a)) {
            return true;
        }
        let table = subnet.table.map(|t| &self.tables[t]);
        if table.is_some_and(|t| t.exported && t.routes.iter().any(|b| b.contains(a))) {
            // A public address belongs to a configuration of one interface; nothing of it comes to another one.
            let mut public = nic.configs.iter().filter_map(|c| c.public);
            // Of an address that is named and not exported a warning is enough.
            let reached = match public.clone().next() {
                None => false,
                Some(_) => {
                    public.any(|p| p.1 != Sku::Unknown)
                        || ask.reading("a public address that is not exported is one")
                }
            };
            return !a.is_public() || ask.widened(rule.priority >= 65000, reached);
        }
        let name = format!("VirtualNetwork of {}", subnet.vnet);
        if table.is_some_and(|t| !t.exported) {
            return ask.open(
                &format!("{name} by table {:?}", subnet.table),
                a,
                rule.allow,
            );
        }
        // A network that no file of the account shows may be behind each of these.
        let live = |p: &&Peering| p.state == "Connected" && p.access;
        let gateway = vnet.gateway
            || vnet
                .peerings
                .iter()
                .filter(live)
                .any(|p| p.remote_gateways || !p.printed);
        if a.is_public() && !(gateway && ask.reading("public network behind a gateway")) {
            return false;
        }
        // A peering that is not connected, or that gives no access, adds nothing.
        let dead = |p: &Peering| !live(&p) && p.space.iter().any(|b| b.contains(a));
        if vnet.peerings.iter().any(dead) && ask.reading("space of a peering without access is out")
        {
            return false;
        }
        ask.open(&name, a, rule.allow)
    }

    /// Whether an interface of a machine has no group at all.
    pub(crate) fn unguarded_at(&self, machine: usize) -> bool {
        let mut own = self.nics.iter().filter(|n| n.machine == machine);
        own.any(|n| n.nsg.is_none() && self.subnets[n.subnet].nsg.is_none())
    }

    /// Whether something that guards a machine was not exported.
    pub(crate) fn lacks(&self, machine: usize) -> bool {
        let mut own = self.nics.iter().filter(|n| n.machine == machine);
        own.any(|n| {
            let subnet = &self.subnets[n.subnet];
            let groups = [subnet.nsg, n.nsg];
            let missing = groups.into_iter().flatten().any(|g| !self.nsgs[g].exported);
            missing || subnet.table.is_some_and(|t| !self.tables[t].exported)
        })
    }

    /// The names of what guards a machine.
    pub(crate) fn guards(&self, machine: usize) -> Vec<String> {
        let own = self.nics.iter().filter(|n| n.machine == machine);
        let groups = own.flat_map(|n| [self.subnets[n.subnet].nsg, n.nsg]);
        groups.flatten().map(|g| format!("nsg-{g}")).collect()
    }

    /// The names of the route tables of a machine.
    pub(crate) fn tables(&self, machine: usize) -> Vec<String> {
        let own = self.nics.iter().filter(|n| n.machine == machine);
        let tables = own.filter_map(|n| self.subnets[n.subnet].table);
        tables.map(|t| format!("rt-{t}")).collect()
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut all: Vec<Block> = self
            .subnets
            .iter()
            .flat_map(|s| s.prefixes.clone())
            .collect();
        for v in &self.vnets {
            all.extend(&v.spaces);
            all.extend(v.peerings.iter().flat_map(|p| p.space.clone()));
        }
        all.extend(self.storage);
        all.extend(self.tables.iter().flat_map(|t| t.routes.clone()));
        all.extend(
            self.nics
                .iter()
                .flat_map(|n| &n.configs)
                .map(|c| c.private.block()),
        );
        for rule in self.nsgs.iter().flat_map(|n| &n.rules) {
            for w in rule.src.iter().chain(&rule.dst) {
                if let Word::Block(b) = w {
                    all.push(*b);
                }
            }
        }
        all
    }

    /// Ports at the service and at the client.
    pub(crate) fn ports(&self) -> [Vec<(u16, u16)>; 2] {
        let rules = || self.nsgs.iter().flat_map(|n| &n.rules);
        [
            rules().flat_map(|r| r.dports.clone()).collect(),
            rules().flat_map(|r| r.sports.clone()).collect(),
        ]
    }
}
