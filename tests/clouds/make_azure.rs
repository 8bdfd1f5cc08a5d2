//! Random Azure subscriptions.

use crate::azure::{Azure, IpConfig, Nic, Nsg, Peering, Rule, Sku, Subnet, Table, Vnet, Word};
use crate::make::{Build, PORTS, Wanted, around, chance, near, one, public_block};
use crate::space::{Addr, Block};
use fastrand::Rng;

const ALL: (u16, u16) = (0, 65535);

/// Networks and machines with interfaces; the groups are empty.
pub(crate) fn machines(rng: &mut Rng) -> Azure {
    let mut azure = Azure {
        asgs: rng.usize(..3),
        storage: chance(rng, 40).then(|| Block::parse("20.30.0.0/16")),
        ..Azure::default()
    };
    for n in 0..rng.u8(1..3) {
        let mut spaces = vec![Block::parse(&format!("10.7{n}.0.0/16"))];
        if chance(rng, 40) {
            spaces.push(Block::parse(&format!("10.17{n}.0.0/20")));
        }
        if chance(rng, 15) {
            // A public range that its owner uses inside.
            spaces.push(Block::parse(&format!("20.30.{}.0/24", 40 + n)));
        }
        let dual = chance(rng, 30);
        if dual {
            spaces.push(Block::parse(&format!("fd00:7{n}::/48")));
        }
        azure.vnets.push(Vnet {
            spaces,
            peerings: Vec::new(),
            gateway: chance(rng, 15),
        });
        for s in 0..rng.u8(1..3) {
            azure.subnets.push(Subnet {
                vnet: n.into(),
                prefixes: [format!("10.7{n}.{s}.0/24"), format!("fd00:7{n}:0:{s}::/64")]
                    .iter()
                    .map(|t| Block::parse(t))
                    .take(if dual { 2 } else { 1 })
                    .collect(),
                nsg: None,
                table: None,
            });
        }
    }
    for n in 0..azure.vnets.len() {
        peerings(&mut azure, n, rng);
    }
    for machine in 0..rng.usize(2..5) {
        let subnet = rng.usize(..azure.subnets.len());
        nic(&mut azure, machine, subnet, rng);
        if chance(rng, 25) {
            let vnet = azure.subnets[subnet].vnet;
            let same: Vec<usize> = (0..azure.subnets.len())
                .filter(|s| azure.subnets[*s].vnet == vnet)
                .collect();
            let subnet = one(rng, &same);
            nic(&mut azure, machine, subnet, rng);
        }
    }
    for _ in 0..rng.usize(1..4) {
        azure.nsgs.push(Nsg {
            rules: Vec::new(),
            exported: !chance(rng, 4),
        });
    }
    let some = |percent, rng: &mut Rng, n: usize| chance(rng, percent).then(|| rng.usize(..n));
    for s in 0..azure.subnets.len() {
        azure.subnets[s].nsg = some(65, rng, azure.nsgs.len());
        if chance(rng, 20) {
            azure.subnets[s].table = Some(azure.tables.len());
            let routes = [
                "0.0.0.0/0",
                "10.50.0.0/16",
                "192.168.0.0/16",
                "20.30.40.0/24",
            ]
            .map(Block::parse);
            azure.tables.push(Table {
                routes: (0..rng.u8(1..3)).map(|_| one(rng, &routes)).collect(),
                exported: !chance(rng, 10),
            });
        }
    }
    if chance(rng, 20) {
        // A table of no subnet.
        azure.tables.push(Table {
            routes: vec![Block::parse("0.0.0.0/0")],
            exported: true,
        });
    }
    for n in 0..azure.nics.len() {
        azure.nics[n].nsg = some(50, rng, azure.nsgs.len());
    }
    azure
}

fn peerings(azure: &mut Azure, n: usize, rng: &mut Rng) {
    let other =
        (azure.vnets.len() > 1 && chance(rng, 50)).then(|| azure.vnets[1 - n].spaces.clone());
    let hub =
        chance(rng, 30).then(|| vec![Block::parse("10.80.0.0/16"), Block::parse("10.50.0.0/20")]);
    for space in [other, hub].into_iter().flatten() {
        azure.vnets[n].peerings.push(Peering {
            space,
            printed: !chance(rng, 10),
            state: one(
                rng,
                &[
                    "Connected",
                    "Connected",
                    "Connected",
                    "Connected",
                    "Disconnected",
                    "Initiated",
                ],
            ),
            access: !chance(rng, 10),
            remote_gateways: chance(rng, 10),
        });
    }
}

fn nic(azure: &mut Azure, machine: usize, subnet: usize, rng: &mut Rng) {
    let base = u128::try_from(10 + 10 * azure.nics.len()).unwrap();
    let prefix = azure.subnets[subnet].prefixes[0];
    // All configurations of an interface are in the same groups.
    let asgs: Vec<usize> = (0..azure.asgs).filter(|_| chance(rng, 40)).collect();
    let config = |n: u128, rng: &mut Rng| {
        let sku = one(
            rng,
            &[Sku::Basic, Sku::Standard, Sku::Standard, Sku::Unknown],
        );
        IpConfig {
            private: prefix.first().plus(base + n),
            asgs: asgs.clone(),
            public: chance(rng, 30).then(|| (Addr::parse("52.178.1.1").plus(base + n), sku)),
        }
    };
    let count = if chance(rng, 25) { 2 } else { 1 };
    let mut configs: Vec<IpConfig> = (0..count).map(|n| config(n, rng)).collect();
    if let Some(v6) = azure.subnets[subnet]
        .prefixes
        .get(1)
        .filter(|_| chance(rng, 50))
    {
        configs.push(IpConfig {
            private: v6.first().plus(base),
            asgs: asgs.clone(),
            public: None,
        });
    }
    azure.nics.push(Nic {
        subnet,
        nsg: None,
        configs,
        machine,
    });
}

impl Build for Azure {
    fn machines(&self) -> usize {
        self.nics.iter().map(|n| n.machine + 1).max().unwrap_or(0)
    }

    fn rules(&mut self, wanted: &[Wanted], rng: &mut Rng) {
        let networks = self.networks();
        for n in 0..self.nsgs.len() {
            let mut rules: Vec<Rule> = Vec::new();
            let mut priorities: Vec<u32> = (100..400).collect();
            rng.shuffle(&mut priorities);
            for w in wanted {
                for (here, inbound) in [(w.dst, true), (w.src, false)] {
                    // Default rules let much out.
                    if self.holds(n, here) && chance(rng, if inbound { 85 } else { 40 }) {
                        let allow = chance(rng, 92);
                        rules.push(self.rule(inbound, allow, w, &networks, rng));
                    }
                }
            }
            if chance(rng, 30) {
                let port = one(rng, &PORTS);
                for _ in 0..rng.u8(1..4) {
                    rules.push(self.other(port, rng));
                }
            }
            if chance(rng, 15) {
                let word = one(rng, &[Word::VirtualNetwork, Word::Any, Word::Internet]);
                let allow = chance(rng, 20);
                let mut rule = plain(rng.bool(), allow, None, vec![word], ALL);
                if !rule.inbound {
                    std::mem::swap(&mut rule.src, &mut rule.dst);
                }
                rule.priority = 3000;
                rules.push(rule);
            }
            for (r, p) in rules.iter_mut().zip(priorities) {
                if r.priority == 0 {
                    r.priority = p;
                }
                r.name = format!("rule-{}", r.priority);
            }
            self.nsgs[n].rules = rules;
        }
    }
}

fn plain(inbound: bool, allow: bool, proto: Option<u8>, src: Vec<Word>, ports: (u16, u16)) -> Rule {
    Rule {
        name: String::new(),
        priority: 0,
        inbound,
        allow,
        proto,
        src,
        dst: vec![Word::Any],
        sports: vec![ALL],
        dports: vec![ports],
    }
}

impl Azure {
    fn networks(&self) -> Vec<Block> {
        let mut all: Vec<Block> = self.vnets.iter().flat_map(|v| v.spaces.clone()).collect();
        all.extend(self.subnets.iter().flat_map(|s| s.prefixes.clone()));
        all.extend(["10.50.0.0/16", "10.80.0.0/16", "10.0.0.0/8"].map(Block::parse));
        all
    }

    fn holds(&self, nsg: usize, b: Block) -> bool {
        let by = |n: &&Nic| n.nsg == Some(nsg) || self.subnets[n.subnet].nsg == Some(nsg);
        let mut with = self.nics.iter().filter(by);
        with.any(|n| n.configs.iter().any(|c| c.private.block() == b))
    }

    fn word(&self, b: Block, networks: &[Block], rng: &mut Rng) -> Word {
        match rng.u8(..20) {
            0..4 => Word::VirtualNetwork,
            4 => Word::Any,
            5 => Word::Internet,
            6 => one(
                rng,
                &[
                    Word::AzureLoadBalancer,
                    Word::Tag("Storage"),
                    Word::Tag("AzureCloud"),
                ],
            ),
            7..10 if self.asgs > 0 => Word::Asg(rng.usize(..self.asgs)),
            _ => Word::Block(near(rng, b, networks)),
        }
    }

    /// A rule for a flow, or for something like it.
    fn rule(
        &self,
        inbound: bool,
        allow: bool,
        w: &Wanted,
        networks: &[Block],
        rng: &mut Rng,
    ) -> Rule {
        let (own, peer) = if inbound {
            (w.dst, w.src)
        } else {
            (w.src, w.dst)
        };
        let proto = if chance(rng, 4) {
            23 - w.proto
        } else {
            w.proto
        };
        let proto = (!chance(rng, 15)).then_some(proto);
        let mut rule = plain(
            inbound,
            allow,
            proto,
            vec![self.word(peer, networks, rng)],
            around(rng, w.port),
        );
        if chance(rng, 20) && matches!(rule.src[0], Word::Block(_)) {
            rule.src.push(Word::Block(near(rng, peer, networks)));
        }
        if chance(rng, 15) {
            let port = one(rng, &PORTS);
            rule.dports.push(around(rng, port));
        }
        if chance(rng, 6) {
            rule.sports = vec![one(rng, &[(1024, 65535), (49152, 65535), (w.port, w.port)])];
        }
        if chance(rng, 30) {
            rule.dst = vec![match self.word(own, networks, rng) {
                Word::Tag(_) | Word::Internet | Word::AzureLoadBalancer => Word::Block(own),
                word => word,
            }];
        }
        // A public address is translated before any group sees the packet, so such a rule matches nothing.
        let mut configs = self.nics.iter().flat_map(|n| &n.configs);
        let public = configs
            .find(|c| c.private.block() == own)
            .and_then(|c| c.public);
        if let (true, Some((public, _))) = (chance(rng, 20), public) {
            rule.dst = vec![Word::Block(public.block())];
        }
        if !inbound {
            std::mem::swap(&mut rule.src, &mut rule.dst);
        }
        rule
    }

    /// A rule about a part of the Internet.
    fn other(&self, port: u16, rng: &mut Rng) -> Rule {
        let word = match rng.u8(..6) {
            0 => Word::Internet,
            1 => Word::Any,
            _ => Word::Block(public_block(rng)),
        };
        let allow = chance(rng, 80);
        let proto = chance(rng, 90).then_some(6);
        plain(true, allow, proto, vec![word], around(rng, port))
    }
}
