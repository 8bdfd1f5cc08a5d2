//! A site: hosts in clouds, a matrix of its own, and what the oracle says of both.

use crate::ask::{Ask, Fate, Readings, by_each_reading, fate, gets_in};
use crate::aws::Aws;
use crate::azure::Azure;
use crate::space::{Addr, Block, Level, level, pieces, special};
use std::collections::{BTreeMap, BTreeSet};

/// The way of a packet as an interface sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    In,
    Out,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) src: Addr,
    pub(crate) dst: Addr,
    pub(crate) proto: u8,
    pub(crate) sport: u16,
    pub(crate) dport: u16,
}

impl Packet {
    /// The end that the interface holds.
    pub(crate) fn own(&self, way: Way) -> Addr {
        if way == Way::In { self.dst } else { self.src }
    }

    pub(crate) fn peer(&self, way: Way) -> Addr {
        if way == Way::In { self.src } else { self.dst }
    }

    fn reply(&self) -> Self {
        Self {
            src: self.dst,
            dst: self.src,
            sport: self.dport,
            dport: self.sport,
            ..*self
        }
    }
}

/// An account or a subscription, in a folder of its own.
#[derive(Clone, Debug)]
pub(crate) enum Cloud {
    Aws(Aws),
    Azure(Azure),
}

impl Cloud {
    pub(crate) fn folder(&self) -> &'static str {
        match self {
            Self::Aws(_) => "aws",
            Self::Azure(_) => "azure",
        }
    }

    /// Whether any group or ACL of it was exported.
    pub(crate) fn has_rules(&self) -> bool {
        match self {
            Self::Aws(a) => a.groups.iter().any(|g| g.exported) || !a.acls.is_empty(),
            Self::Azure(a) => a.nsgs.iter().any(|n| n.exported),
        }
    }

    fn passes(&self, way: Way, p: &Packet, first: bool, ask: &mut Ask<'_>) -> bool {
        match self {
            Self::Aws(a) => a.passes(way, p, first, ask),
            Self::Azure(a) => !first || a.passes(way, p, ask),
        }
    }

    /// What a packet to a machine may be addressed to as its interfaces see it.
    pub(crate) fn addresses(&self, machine: usize) -> Vec<Addr> {
        match self {
            Self::Aws(a) => {
                let own = a.interfaces.iter().filter(|i| i.machine == machine);
                own.flat_map(|i| i.addresses()).collect()
            }
            Self::Azure(a) => {
                let own = a.nics.iter().filter(|n| n.machine == machine);
                own.flat_map(|n| &n.configs).map(|c| c.private).collect()
            }
        }
    }

    /// The address that a packet to a public one is translated to before any interface sees it.
    pub(crate) fn translated(&self, to: Addr) -> Addr {
        let private = match self {
            Self::Aws(a) => {
                let mut all = a.interfaces.iter();
                all.find(|i| i.public == Some(to)).map(|i| i.private[0])
            }
            Self::Azure(a) => {
                let mut all = a.nics.iter().flat_map(|n| &n.configs);
                let public = |c: &&crate::azure::IpConfig| c.public.is_some_and(|p| p.0 == to);
                all.find(public).map(|c| c.private)
            }
        };
        private.unwrap_or(to)
    }

    /// Whether an interface of a machine stands open to its network.
    pub(crate) fn unguarded(&self, machine: usize) -> bool {
        match self {
            Self::Aws(_) => false,
            Self::Azure(a) => a.unguarded_at(machine),
        }
    }

    pub(crate) fn lacks(&self, machine: usize) -> bool {
        match self {
            Self::Aws(a) => a.lacks(machine),
            Self::Azure(a) => a.lacks(machine),
        }
    }

    pub(crate) fn guards(&self, machine: usize) -> Vec<String> {
        match self {
            Self::Aws(a) => a.guards(machine),
            Self::Azure(a) => a.guards(machine),
        }
    }

    pub(crate) fn tables(&self, machine: usize) -> Vec<String> {
        match self {
            Self::Aws(_) => Vec::new(),
            Self::Azure(a) => a.tables(machine),
        }
    }

    fn blocks(&self) -> Vec<Block> {
        match self {
            Self::Aws(a) => a.blocks(),
            Self::Azure(a) => a.blocks(),
        }
    }
}

/// A machine that hylint.toml names, with a role of its own.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) cloud: usize,
    pub(crate) machine: usize,
    pub(crate) declared: Vec<Addr>,
}

/// Who takes part in a flow: a host, or a role that is addresses alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Host(usize),
    Others(usize),
}

/// A row of the matrix.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) from: Role,
    pub(crate) to: Role,
    pub(crate) proto: u8,
    pub(crate) ports: Vec<u16>,
    pub(crate) reply: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Site {
    pub(crate) clouds: Vec<Cloud>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) others: Vec<(&'static str, Block)>,
    pub(crate) rows: Vec<Row>,
    /// Ports that anyone may reach at a host.
    pub(crate) open_to_anyone: Vec<(usize, u8, u16)>,
    /// A file lies there twice, under another name.
    pub(crate) copied: bool,
    /// `deployment.ephemeral`.
    pub(crate) ephemeral: Option<(u16, u16)>,
}

/// A port of a host that is open to much of the Internet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Exposed {
    pub(crate) v6: bool,
    pub(crate) proto: u8,
    /// The lowest of some ports that are all alike.
    pub(crate) port: u16,
}

impl Site {
    pub(crate) fn role(&self, role: Role) -> String {
        match role {
            Role::Host(h) => format!("role-{}", self.hosts[h].name),
            Role::Others(o) => self.others[o].0.into(),
        }
    }

    fn blocks(&self) -> Vec<Block> {
        let mut all: Vec<Block> = self.clouds.iter().flat_map(Cloud::blocks).collect();
        all.extend(self.others.iter().map(|o| o.1));
        all.extend(special());
        all.push(Block::parse("2000::/3"));
        all
    }

    /// Ports at services and at clients that stand for all others.
    fn ports(&self) -> [Vec<u16>; 2] {
        let mut both: [BTreeSet<u16>; 2] =
            [BTreeSet::from([0]), BTreeSet::from([1024, 32768, 49152])];
        let mut add = |n: usize, (lo, hi): (u16, u16)| {
            both[n].insert(lo);
            both[n].extend(hi.checked_add(1));
        };
        for c in &self.clouds {
            let [at_service, at_client] = match c {
                // Entries of an ACL are asked about both ends.
                Cloud::Aws(a) => [a.ports(), a.ports()],
                Cloud::Azure(a) => a.ports(),
            };
            at_service.into_iter().for_each(|p| add(0, p));
            at_client.into_iter().for_each(|p| add(1, p));
        }
        let rows = self.rows.iter().flat_map(|r| &r.ports);
        let anyone = self.open_to_anyone.iter().map(|o| &o.2);
        rows.chain(anyone).for_each(|p| add(0, (*p, *p)));
        if let Some(range) = self.ephemeral {
            add(1, range);
        }
        both.map(|b| b.into_iter().collect())
    }

    /// The addresses of a role that stand for all of them.
    fn ends(&self, role: Role) -> Vec<Addr> {
        match role {
            Role::Host(h) => self.hosts[h].declared.clone(),
            Role::Others(o) => {
                let block = self.others[o].1;
                let all = pieces(block.v6, &self.blocks());
                let inside = all.iter().filter(|p| block.contains(p.first()));
                inside.map(Block::first).collect()
            }
        }
    }

    /// Whether a conversation works: its first packet, the reply, and both ways from then on. Asked of both ends, or of one
    /// as if the other let everything pass.
    fn converses(&self, row: &Row, p: &Packet, only: Option<Way>, ask: &mut Ask<'_>) -> bool {
        let at = |end: Way, p: &Packet, first, ask: &mut Ask<'_>| {
            let role = if end == Way::Out { row.from } else { row.to };
            // The end that sends the first packet receives the second one.
            let way = match (end, first) {
                (_, true) => end,
                (Way::In, false) => Way::Out,
                (Way::Out, false) => Way::In,
            };
            match role {
                Role::Host(h) if only.is_none_or(|o| o == end) => {
                    self.clouds[self.hosts[h].cloud].passes(way, p, first, ask)
                }
                _ => true,
            }
        };
        at(Way::Out, p, true, ask)
            && at(Way::In, p, true, ask)
            && (!row.reply
                || (at(Way::In, &p.reply(), false, ask) && at(Way::Out, &p.reply(), false, ask)))
    }

    /// What becomes of a row, by each reading: the worst over addresses and ports. `None` where only client ports fail that
    /// neither Linux nor Windows uses and hylint.toml says nothing of them.
    pub(crate) fn fates(&self, row: &Row, only: Option<Way>) -> BTreeSet<Option<Fate>> {
        let [_, clients] = self.ports();
        let range = self.ephemeral.unwrap_or((1024, 65535));
        let within = |range: (u16, u16), p: u16| range.0 <= p && p <= range.1;
        let used = |p| within((32768, 60999), p) || within((49152, 65535), p);
        let (from, to) = (self.ends(row.from), self.ends(row.to));
        by_each_reading(|readings| {
            let mut worst = Fate::Satisfied;
            let mut rare = Fate::Satisfied;
            for (src, dst) in from.iter().flat_map(|s| to.iter().map(move |d| (*s, *d))) {
                if src.v6 != dst.v6 {
                    continue;
                }
                for sport in clients.iter().copied().filter(|p| within(range, *p)) {
                    for dport in &row.ports {
                        let p = Packet {
                            src,
                            dst,
                            proto: row.proto,
                            sport,
                            dport: *dport,
                        };
                        let fate = fate(readings, &|ask| self.converses(row, &p, only, ask));
                        if used(sport) || self.ephemeral.is_some() {
                            worst = worst.min(fate);
                        } else {
                            rare = rare.min(fate);
                        }
                    }
                }
            }
            (rare >= worst).then_some(worst)
        })
    }

    /// Whether something that guards an end of a row was not exported.
    pub(crate) fn lacks(&self, row: &Row) -> bool {
        [row.from, row.to].into_iter().any(|end| match end {
            Role::Host(h) => self.clouds[self.hosts[h].cloud].lacks(self.hosts[h].machine),
            Role::Others(_) => false,
        })
    }

    /// Whether the two ends of a row have an address of one family.
    pub(crate) fn related(&self, row: &Row) -> bool {
        let (from, to) = (self.ends(row.from), self.ends(row.to));
        from.iter().any(|s| to.iter().any(|d| s.v6 == d.v6))
    }

    /// Whether a packet from anywhere gets in at a host; `allows` says whether a rule of which nobody knows whether it allows
    /// does.
    pub(crate) fn enters(
        &self,
        readings: &Readings,
        host: usize,
        p: &Packet,
        allows: bool,
    ) -> bool {
        let cloud = &self.clouds[self.hosts[host].cloud];
        gets_in(readings, allows, |ask| cloud.passes(Way::In, p, true, ask))
    }

    /// How much of the Internet reaches each port of a host over all its addresses together, by each reading. Ports of which
    /// nothing public gets in are left out.
    pub(crate) fn exposure(
        &self,
        host: usize,
        allows: bool,
    ) -> BTreeSet<BTreeMap<Exposed, Option<Level>>> {
        let [services, clients] = self.ports();
        // No rule of AWS asks about the client's port of a request.
        let clients = match &self.clouds[self.hosts[host].cloud] {
            Cloud::Aws(_) => vec![50_000],
            Cloud::Azure(_) => clients,
        };
        let own = self.clouds[self.hosts[host].cloud].addresses(self.hosts[host].machine);
        let blocks = self.blocks();
        by_each_reading(|readings| {
            let mut all = BTreeMap::new();
            for v6 in [false, true] {
                let sources: Vec<Block> = pieces(v6, &blocks)
                    .into_iter()
                    .filter(|b| b.first().is_public())
                    .collect();
                for (proto, port) in [6, 17]
                    .into_iter()
                    .flat_map(|n| services.iter().map(move |p| (n, *p)))
                {
                    if self.open_to_anyone.contains(&(host, proto, port)) {
                        continue;
                    }
                    let comes_in = |b: &&Block| {
                        own.iter().filter(|d| d.v6 == v6).any(|dst| {
                            clients.iter().any(|sport| {
                                let p = Packet {
                                    src: b.first(),
                                    dst: *dst,
                                    proto,
                                    sport: *sport,
                                    dport: port,
                                };
                                self.enters(readings, host, &p, allows)
                            })
                        })
                    };
                    let covered: Vec<Block> = sources.iter().filter(comes_in).copied().collect();
                    let level = level(&covered);
                    if level != Some(Level::Nothing) {
                        all.insert(Exposed { v6, proto, port }, level);
                    }
                }
            }
            all
        })
    }
}
