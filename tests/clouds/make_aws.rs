//! Random AWS accounts.

use crate::aws::{Aws, Entry, Group, Interface, Peer, Permission, PrefixList, Subnet, Vpc};
use crate::make::{
    Build, PORTS, Wanted, around, chance, client_ports, near, one, proto, public_block,
};
use crate::space::{Addr, Block};
use fastrand::Rng;

/// A group of another account.
pub(crate) const FOREIGN: &str = "sg-0ffffffffffffff01";

const ALL: (u16, u16) = (0, 65535);

/// VPCs, subnets and machines with interfaces; groups and ACLs are empty.
pub(crate) fn machines(rng: &mut Rng) -> Aws {
    let mut aws = Aws {
        foreign: chance(rng, 40).then(|| Block::parse("10.50.0.0/16")),
        in_parts: chance(rng, 20),
        instances: chance(rng, 25),
        ..Aws::default()
    };
    for n in 0..rng.u8(1..3) {
        let v6 = chance(rng, 50).then(|| Block::parse(&format!("2600:1f00:0:{n}00::/56")));
        aws.vpcs.push(Vpc {
            v4: Block::parse(&format!("10.{}.0.0/16", n + 1)),
            v6,
        });
        for s in 0..rng.u8(1..4) {
            let v6 = v6.map(|_| Block::parse(&format!("2600:1f00:0:{n}0{s}::/64")));
            aws.subnets.push(Subnet {
                vpc: n.into(),
                v4: Block::parse(&format!("10.{}.{s}.0/24", n + 1)),
                v6,
                acl: None,
            });
        }
    }
    for v in 0..aws.vpcs.len() {
        for _ in 0..rng.usize(1..4) {
            aws.groups.push(Group {
                vpc: v,
                permissions: Vec::new(),
                exported: !chance(rng, 4),
            });
        }
    }
    for _ in 0..rng.usize(..3) {
        let entries = vec![
            Block::parse("10.50.0.0/16"),
            public_block(rng),
            public_block(rng),
        ];
        aws.lists.push(PrefixList {
            // A list is of one family.
            entries: entries
                .into_iter()
                .filter(|b| !b.v6)
                .take(rng.usize(1..4))
                .collect(),
            exported: chance(rng, 75),
            resolved: chance(rng, 30),
        });
    }
    for machine in 0..rng.usize(2..5) {
        let subnet = rng.usize(..aws.subnets.len());
        interface(&mut aws, machine, subnet, rng);
        if chance(rng, 25) {
            let vpc = aws.subnets[subnet].vpc;
            let same: Vec<usize> = (0..aws.subnets.len())
                .filter(|s| aws.subnets[*s].vpc == vpc)
                .collect();
            let subnet = one(rng, &same);
            interface(&mut aws, machine, subnet, rng);
        }
    }
    aws
}

fn interface(aws: &mut Aws, machine: usize, subnet: usize, rng: &mut Rng) {
    let n = aws.interfaces.len();
    let s = aws.subnets[subnet].clone();
    let of_vpc: Vec<usize> = (0..aws.groups.len())
        .filter(|g| aws.groups[*g].vpc == s.vpc)
        .collect();
    let mut groups = vec![one(rng, &of_vpc)];
    if chance(rng, 35) {
        groups.push(one(rng, &of_vpc));
    }
    groups.sort_unstable();
    groups.dedup();
    let base = u128::try_from(10 + 10 * n).unwrap();
    let mut private = vec![s.v4.first().plus(base)];
    if chance(rng, 20) {
        private.push(s.v4.first().plus(base + 1));
    }
    let v6 =
        s.v6.filter(|_| chance(rng, 60))
            .map(|b| b.first().plus(base));
    let public = chance(rng, 30).then(|| Addr::parse("52.95.110.1").plus(base));
    aws.interfaces.push(Interface {
        subnet,
        groups,
        private,
        v6: v6.into_iter().collect(),
        public,
        machine,
    });
}

impl Build for Aws {
    fn machines(&self) -> usize {
        self.interfaces
            .iter()
            .map(|i| i.machine + 1)
            .max()
            .unwrap_or(0)
    }

    fn rules(&mut self, wanted: &[Wanted], rng: &mut Rng) {
        let networks = self.networks();
        for g in 0..self.groups.len() {
            self.group(g, wanted, &networks, rng);
        }
        for s in 0..self.subnets.len() {
            if chance(rng, 4) {
                continue;
            }
            let acl = if chance(rng, 45) {
                everything()
            } else {
                self.acl(s, wanted, &networks, rng)
            };
            self.subnets[s].acl = Some(self.acls.len());
            self.acls.push(acl);
        }
    }
}

/// The ACL that a VPC is made with.
fn everything() -> Vec<Entry> {
    let each = [
        (false, "0.0.0.0/0", 100),
        (true, "0.0.0.0/0", 100),
        (false, "::/0", 101),
        (true, "::/0", 101),
    ];
    let entry = |(egress, block, number)| Entry {
        number,
        egress,
        allow: true,
        proto: None,
        block: Block::parse(block),
        ports: ALL,
    };
    each.map(entry).to_vec()
}

impl Aws {
    fn networks(&self) -> Vec<Block> {
        let mut all: Vec<Block> = self
            .vpcs
            .iter()
            .flat_map(|v| [Some(v.v4), v.v6])
            .flatten()
            .collect();
        all.extend(
            self.subnets
                .iter()
                .flat_map(|s| [Some(s.v4), s.v6])
                .flatten(),
        );
        all.push(Block::parse("10.50.0.0/16"));
        all.push(Block::parse("10.0.0.0/8"));
        all
    }

    /// Whether an interface with a group holds an address.
    fn holds(&self, group: usize, b: Block) -> bool {
        let mut with = self.interfaces.iter().filter(|i| i.groups.contains(&group));
        with.any(|i| i.addresses().any(|a| a.block() == b))
    }

    fn group(&mut self, g: usize, wanted: &[Wanted], networks: &[Block], rng: &mut Rng) {
        let mut rules = Vec::new();
        for w in wanted {
            if self.holds(g, w.dst) && chance(rng, 85) {
                rules.push(self.permission(false, w.src, w, networks, rng));
            }
        }
        if chance(rng, 30) {
            let port = one(rng, &PORTS);
            for _ in 0..rng.u8(1..4) {
                let proto = proto(rng);
                rules.push(Permission {
                    egress: false,
                    proto: Some(proto),
                    ports: around(rng, port),
                    peers: vec![Peer::Block(public_block(rng))],
                });
            }
        }
        match rng.u8(..10) {
            0..7 => {
                let any = ["0.0.0.0/0", "::/0"].map(|t| Peer::Block(Block::parse(t)));
                let peers = any.into_iter().take(rng.usize(1..3)).collect();
                rules.push(Permission {
                    egress: true,
                    proto: None,
                    ports: ALL,
                    peers,
                });
            }
            7 => {}
            _ => {
                for w in wanted {
                    if self.holds(g, w.src) && chance(rng, 90) {
                        rules.push(self.permission(true, w.dst, w, networks, rng));
                    }
                }
            }
        }
        self.groups[g].permissions = rules;
    }

    fn permission(
        &self,
        egress: bool,
        peer: Block,
        w: &Wanted,
        networks: &[Block],
        rng: &mut Rng,
    ) -> Permission {
        let mut peers = vec![self.peer(peer, networks, rng)];
        if chance(rng, 20) {
            peers.push(self.peer(peer, networks, rng));
        }
        let any_proto = chance(rng, 5);
        let proto = if chance(rng, 4) {
            23 - w.proto
        } else {
            w.proto
        };
        Permission {
            egress,
            proto: (!any_proto).then_some(proto),
            ports: if any_proto { ALL } else { around(rng, w.port) },
            peers,
        }
    }

    fn peer(&self, peer: Block, networks: &[Block], rng: &mut Rng) -> Peer {
        let of: Vec<usize> = (0..self.groups.len())
            .filter(|g| self.holds(*g, peer))
            .collect();
        match rng.u8(..20) {
            0..6 if !of.is_empty() => Peer::Group(one(rng, &of)),
            6 if !self.groups.is_empty() => Peer::Group(rng.usize(..self.groups.len())),
            7 if !of.is_empty() => Peer::Stale(one(rng, &of)),
            8 => Peer::Foreign(FOREIGN.into()),
            9 | 10 if !self.lists.is_empty() => Peer::List(rng.usize(..self.lists.len())),
            _ => Peer::Block(near(rng, peer, networks)),
        }
    }

    fn acl(
        &self,
        subnet: usize,
        wanted: &[Wanted],
        networks: &[Block],
        rng: &mut Rng,
    ) -> Vec<Entry> {
        let s = &self.subnets[subnet];
        let inside =
            |b: Block| s.v4.contains(b.first()) || s.v6.is_some_and(|v| v.contains(b.first()));
        let mut entries: Vec<Entry> = Vec::new();
        let mut put = |egress, allow, proto, block, ports, rng: &mut Rng| {
            let free = |n: &u32| {
                !entries
                    .iter()
                    .any(|e: &Entry| e.number == *n && e.egress == egress)
            };
            let number = std::iter::repeat_with(|| rng.u32(1..300))
                .find(free)
                .unwrap();
            entries.push(Entry {
                number,
                egress,
                allow,
                proto,
                block,
                ports,
            });
        };
        for w in wanted {
            for (here, peer, egress) in [(w.dst, w.src, false), (w.src, w.dst, true)] {
                if !inside(here) {
                    continue;
                }
                if chance(rng, 92) {
                    let (block, ports) = (near(rng, peer, networks), around(rng, w.port));
                    put(egress, true, Some(w.proto), block, ports, rng);
                }
                if chance(rng, 92) {
                    let (block, ports) = (near(rng, peer, networks), client_ports(rng));
                    put(!egress, true, Some(w.proto), block, ports, rng);
                }
            }
        }
        for _ in 0..rng.u8(..3) {
            let (block, port) = (public_block(rng), one(rng, &PORTS));
            let (egress, allow, proto, ports) =
                (rng.bool(), chance(rng, 60), proto(rng), around(rng, port));
            put(egress, allow, Some(proto), block, ports, rng);
        }
        if chance(rng, 40) {
            for e in everything() {
                put(e.egress, true, None, e.block, ALL, rng);
            }
        }
        if chance(rng, 25) {
            let (block, port) = (one(rng, networks), one(rng, &PORTS));
            let (egress, ports) = (rng.bool(), around(rng, port));
            put(egress, false, Some(6), block, ports, rng);
        }
        entries
    }
}
