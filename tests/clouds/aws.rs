//! An AWS account, and what becomes of one packet in it: by the VPC user guide ("Security groups", "Security group rules",
//! "Network ACL rules", "Ephemeral ports") and the EC2 API reference.

use crate::ask::Ask;
use crate::site::{Packet, Way};
use crate::space::{Addr, Block};

#[derive(Clone, Debug)]
pub(crate) struct Vpc {
    pub(crate) v4: Block,
    pub(crate) v6: Option<Block>,
}

#[derive(Clone, Debug)]
pub(crate) struct Subnet {
    pub(crate) vpc: usize,
    pub(crate) v4: Block,
    pub(crate) v6: Option<Block>,
    /// The ACL that is associated; `None` where it is not in the export.
    pub(crate) acl: Option<usize>,
}

/// An entry of a network ACL.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) number: u32,
    pub(crate) egress: bool,
    pub(crate) allow: bool,
    /// `None` for all.
    pub(crate) proto: Option<u8>,
    pub(crate) block: Block,
    pub(crate) ports: (u16, u16),
}

/// Who is at the other end of a rule of a security group.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    Block(Block),
    Group(usize),
    /// A group of another account.
    Foreign(String),
    /// A group over a peering that is gone.
    Stale(usize),
    List(usize),
}

/// An entry of `IpPermissions`.
#[derive(Clone, Debug)]
pub(crate) struct Permission {
    pub(crate) egress: bool,
    pub(crate) proto: Option<u8>,
    pub(crate) ports: (u16, u16),
    pub(crate) peers: Vec<Peer>,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) vpc: usize,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) exported: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct PrefixList {
    pub(crate) entries: Vec<Block>,
    pub(crate) exported: bool,
    /// hylint.toml names its addresses.
    pub(crate) resolved: bool,
}

/// A network interface.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) subnet: usize,
    pub(crate) groups: Vec<usize>,
    pub(crate) private: Vec<Addr>,
    pub(crate) v6: Vec<Addr>,
    pub(crate) public: Option<Addr>,
    pub(crate) machine: usize,
}

impl Interface {
    /// What a packet that it takes may be addressed to.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Addr> + '_ {
        self.private.iter().chain(&self.v6).copied()
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Aws {
    pub(crate) vpcs: Vec<Vpc>,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) acls: Vec<Vec<Entry>>,
    pub(crate) groups: Vec<Group>,
    pub(crate) lists: Vec<PrefixList>,
    pub(crate) interfaces: Vec<Interface>,
    /// What hylint.toml says a group of another account is.
    pub(crate) foreign: Option<Block>,
    /// The files are cut in two, as exports of two regions are.
    pub(crate) in_parts: bool,
    /// `describe-instances` was exported too.
    pub(crate) instances: bool,
}

fn within(ports: (u16, u16), port: u16) -> bool {
    ports.0 <= port && port <= ports.1
}

impl Aws {
    /// Whether one packet passes at the interface that holds its own address. The group of an interface follows connections,
    /// so it is asked about the first packet only.
    pub(crate) fn passes(&self, way: Way, p: &Packet, first: bool, ask: &mut Ask<'_>) -> bool {
        let own = p.own(way);
        let Some(interface) = self
            .interfaces
            .iter()
            .find(|i| i.addresses().any(|a| a == own))
        else {
            panic!("no interface has {own}")
        };
        self.acl_passes(interface, way, p, ask)
            && (!first || self.groups_pass(interface, way, p, ask))
    }

    /// Traffic inside of one subnet does not cross its ACL. Entries are asked in the order of their numbers, per direction;
    /// what none matches is denied.
    fn acl_passes(&self, at: &Interface, way: Way, p: &Packet, ask: &mut Ask<'_>) -> bool {
        let (subnet, peer) = (&self.subnets[at.subnet], p.peer(way));
        let inside = |b: Option<Block>| b.is_some_and(|b| b.contains(peer));
        if inside(Some(subnet.v4)) || inside(subnet.v6) {
            return true;
        }
        let Some(acl) = subnet.acl else {
            // There is one, and nobody exported it.
            return !ask.reading("acl that was not exported") || ask.open("acl", peer, true);
        };
        let mut entries: Vec<&Entry> = self.acls[acl]
            .iter()
            .filter(|e| e.egress == (way == Way::Out))
            .collect();
        entries.sort_by_key(|e| e.number);
        let matches = |e: &&Entry| {
            let proto = e.proto.is_none_or(|n| n == p.proto);
            let ports = e.proto.is_none() || within(e.ports, p.dport);
            proto && ports && e.block.contains(peer)
        };
        entries.into_iter().find(matches).is_some_and(|e| e.allow)
    }

    /// Rules of all groups of the interface together; there is no deny.
    fn groups_pass(&self, at: &Interface, way: Way, p: &Packet, ask: &mut Ask<'_>) -> bool {
        let mut unknown = false;
        for g in &at.groups {
            let group = &self.groups[*g];
            if !group.exported {
                unknown = true;
                continue;
            }
            for rule in &group.permissions {
                let meant = rule.egress == (way == Way::Out)
                    && rule.proto.is_none_or(|n| n == p.proto)
                    && (rule.proto.is_none() || within(rule.ports, p.dport));
                if meant
                    && rule
                        .peers
                        .iter()
                        .any(|peer| self.is(peer, p.peer(way), ask))
                {
                    return true;
                }
            }
        }
        unknown && ask.missing_group(p.peer(way))
    }

    fn is(&self, peer: &Peer, addr: Addr, ask: &mut Ask<'_>) -> bool {
        match peer {
            Peer::Block(b) => b.contains(addr),
            Peer::Stale(_) => false,
            // Private addresses of another account's machines.
            Peer::Foreign(_) if self.foreign.is_some() => {
                self.foreign.is_some_and(|b| b.contains(addr))
            }
            Peer::Foreign(name) => {
                (!addr.is_public() || ask.reading("a network of public addresses"))
                    && ask.open(name, addr, true)
            }
            Peer::List(n) => {
                let list = &self.lists[*n];
                if list.exported || list.resolved {
                    list.entries.iter().any(|b| b.contains(addr))
                } else {
                    ask.open(&format!("pl {n}"), addr, true)
                }
            }
            Peer::Group(g) => {
                let mut members = self
                    .interfaces
                    .iter()
                    .filter(|i| i.groups.contains(g))
                    .peekable();
                if members.peek().is_none() {
                    return ask.reading("group without members")
                        && ask.open(&format!("sg {g}"), addr, true);
                }
                members.any(|i| {
                    i.private.contains(&addr)
                        || (ask.reading("group means IPv6 too") && i.v6.contains(&addr))
                })
            }
        }
    }

    /// Whether something that guards a machine was not exported.
    pub(crate) fn lacks(&self, machine: usize) -> bool {
        let mut own = self.interfaces.iter().filter(|i| i.machine == machine);
        own.any(|i| {
            let group = i.groups.iter().any(|g| !self.groups[*g].exported);
            group || self.subnets[i.subnet].acl.is_none()
        })
    }

    /// The names of what guards a machine.
    pub(crate) fn guards(&self, machine: usize) -> Vec<String> {
        let own = || self.interfaces.iter().filter(|i| i.machine == machine);
        let groups = own().flat_map(|i| &i.groups).map(|g| format!("group-{g}"));
        let acls = own().filter_map(|i| self.subnets[i.subnet].acl);
        groups.chain(acls.map(crate::write_aws::acl_id)).collect()
    }

    /// Every block that some rule tells from another.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut all: Vec<Block> = self.acls.iter().flatten().map(|e| e.block).collect();
        for s in &self.subnets {
            all.push(s.v4);
            all.extend(s.v6);
        }
        for i in &self.interfaces {
            all.extend(i.addresses().map(Addr::block));
        }
        all.extend(self.foreign);
        all.extend(self.lists.iter().flat_map(|l| l.entries.clone()));
        for rule in self.groups.iter().flat_map(|g| &g.permissions) {
            for peer in &rule.peers {
                if let Peer::Block(b) = peer {
                    all.push(*b);
                }
            }
        }
        all
    }

    pub(crate) fn ports(&self) -> Vec<(u16, u16)> {
        let entries = self.acls.iter().flatten().map(|e| e.ports);
        let rules = self.groups.iter().flat_map(|g| &g.permissions);
        entries.chain(rules.map(|r| r.ports)).collect()
    }
}
