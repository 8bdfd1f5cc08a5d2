//! Random sites. One number makes one site, always the same.

use crate::aws::Aws;
use crate::azure::Azure;
use crate::site::{Cloud, Host, Role, Row, Site};
use crate::space::{Addr, Block};
use fastrand::Rng;

/// Ports of services: those that everybody knows, and some that nobody does.
pub(crate) const PORTS: [u16; 8] = [22, 443, 1433, 3389, 5000, 8080, 38863, 38871];

/// Whether something happens in so many of a hundred sites.
pub(crate) fn chance(rng: &mut Rng, percent: u8) -> bool {
    rng.u8(..100) < percent
}

pub(crate) fn one<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())].clone()
}

/// A protocol, seldom UDP.
pub(crate) fn proto(rng: &mut Rng) -> u8 {
    if chance(rng, 80) { 6 } else { 17 }
}

/// Blocks that people write: hosts, networks, offices, and parts of the Internet.
pub(crate) fn public_block(rng: &mut Rng) -> Block {
    let text = one(
        rng,
        &[
            "0.0.0.0/0",
            "0.0.0.0/0",
            "0.0.0.0/1",
            "128.0.0.0/1",
            "0.0.0.0/2",
            "64.0.0.0/2",
            "128.0.0.0/2",
            "192.0.0.0/2",
            "8.0.0.0/5",
            "52.0.0.0/8",
            "52.0.0.0/9",
            "52.128.0.0/9",
            "20.30.0.0/16",
            "20.30.40.50/32",
            "::/0",
            "::/0",
            "2000::/3",
            "2000::/4",
            "3000::/4",
            "2600::/16",
            "2a00:1450::/32",
        ],
    );
    Block::parse(text)
}

/// Ports around one, from exact to all.
pub(crate) fn around(rng: &mut Rng, port: u16) -> (u16, u16) {
    match rng.u8(..10) {
        0..6 => (port, port),
        6 => (port, port + 2),
        7 => (port.saturating_sub(10), port),
        8 => (0, 65535),
        _ => (1024, 65535),
    }
}

/// Ports that replies of clients go to.
pub(crate) fn client_ports(rng: &mut Rng) -> (u16, u16) {
    one(
        rng,
        &[
            (1024, 65535),
            (1024, 65535),
            (1024, 65535),
            (32768, 65535),
            (49152, 65535),
            (32768, 60999),
            (0, 65535),
        ],
    )
}

/// A flow that a generator may write rules for: its ends' addresses, protocol and port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) src: Block,
    pub(crate) dst: Block,
    pub(crate) proto: u8,
    pub(crate) port: u16,
}

/// The machines of a cloud without rules yet.
pub(crate) trait Build {
    /// Writes rules for some of the flows and some others.
    fn rules(&mut self, wanted: &[Wanted], rng: &mut Rng);
    /// How many machines there are.
    fn machines(&self) -> usize;
}

/// The site of a number.
pub(crate) fn site(seed: u64) -> Site {
    let mut rng = Rng::with_seed(seed);
    let rng = &mut rng;
    let mut site = Site::default();
    let kind = rng.u8(..10);
    let (mut aws, mut azure) = (None, None);
    if kind < 5 || kind == 9 {
        aws = Some(crate::make_aws::machines(rng));
    }
    if kind >= 5 {
        azure = Some(crate::make_azure::machines(rng));
    }
    hosts(&mut site, aws.as_ref(), azure.as_ref(), rng);
    site.others = vec![("clients", Block::parse("10.50.0.0/16"))];
    if chance(rng, 40) {
        site.others
            .push(("partners", Block::parse("20.30.40.0/29")));
    }
    if chance(rng, 30) {
        site.others
            .push(("clients6", Block::parse("2a00:1450:1::/64")));
    }
    site.ephemeral = chance(rng, 50).then_some((49152, 65535));
    site.copied = chance(rng, 8);
    rows(&mut site, rng);
    let wanted = wanted(&site);
    if let Some(a) = &mut aws {
        a.rules(&wanted, rng);
    }
    if let Some(a) = &mut azure {
        a.rules(&wanted, rng);
    }
    site.clouds.extend(aws.map(Cloud::Aws));
    site.clouds.extend(azure.map(Cloud::Azure));
    site
}

/// Names machines of each cloud as hosts; some stay unnamed.
fn hosts(site: &mut Site, aws: Option<&Aws>, azure: Option<&Azure>, rng: &mut Rng) {
    let mut clouds: Vec<Cloud> = aws.cloned().map(Cloud::Aws).into_iter().collect();
    clouds.extend(azure.cloned().map(Cloud::Azure));
    for (n, cloud) in clouds.iter().enumerate() {
        let machines = match cloud {
            Cloud::Aws(a) => a.machines(),
            Cloud::Azure(a) => a.machines(),
        };
        let unnamed = usize::from(machines > 2 && chance(rng, 20));
        for machine in 0..machines - unnamed {
            let all = cloud.addresses(machine);
            // One address, as most people write it, or all of them.
            let mut declared = vec![all[0]];
            let others = all.iter().skip(1);
            declared.extend(others.copied().filter(|_| chance(rng, 35)));
            site.hosts.push(Host {
                name: format!("{}{machine}", cloud.folder()),
                cloud: n,
                machine,
                declared,
            });
        }
    }
}

fn rows(site: &mut Site, rng: &mut Rng) {
    let mut roles: Vec<Role> = (0..site.hosts.len()).map(Role::Host).collect();
    roles.extend((0..site.others.len()).map(Role::Others));
    for _ in 0..rng.usize(3..8) {
        let (from, to) = (one(rng, &roles), one(rng, &roles));
        let proto = proto(rng);
        let mut ports = vec![one(rng, &PORTS)];
        if chance(rng, 20) {
            ports.push(one(rng, &PORTS));
        }
        ports.sort_unstable();
        ports.dedup();
        let reply = proto == 6 || chance(rng, 50);
        let row = Row {
            from,
            to,
            proto,
            ports,
            reply,
        };
        let judged = matches!(from, Role::Host(_)) || matches!(to, Role::Host(_));
        if from != to && judged && site.related(&row) {
            site.rows.push(row);
        }
    }
    if let (true, Some(h)) = (
        chance(rng, 25),
        (!site.hosts.is_empty()).then(|| rng.usize(..site.hosts.len())),
    ) {
        site.open_to_anyone
            .push((h, 6, one(rng, &[443, 8080, 5000])));
    }
}

fn wanted(site: &Site) -> Vec<Wanted> {
    let ends = |role| match role {
        Role::Host(h) => site.hosts[h].declared.iter().map(|a| a.block()).collect(),
        Role::Others(o) => vec![site.others[o].1],
    };
    let mut all = Vec::new();
    for row in &site.rows {
        for (src, dst) in ends(row.from)
            .into_iter()
            .flat_map(|s| ends(row.to).into_iter().map(move |d| (s, d)))
        {
            if src.v6 == dst.v6 {
                let one = |port: &u16| Wanted {
                    src,
                    dst,
                    proto: row.proto,
                    port: *port,
                };
                all.extend(row.ports.iter().map(one));
            }
        }
    }
    all
}

/// The block that a rule for a peer names: exactly it, or something about it that is too narrow or too wide.
pub(crate) fn near(rng: &mut Rng, peer: Block, networks: &[Block]) -> Block {
    let around: Vec<Block> = networks
        .iter()
        .copied()
        .filter(|n| n.contains(peer.first()))
        .collect();
    match rng.u8(..20) {
        0..9 => peer,
        9..14 if !around.is_empty() => one(rng, &around),
        14 => Addr {
            v6: peer.v6,
            n: peer.lo,
        }
        .block(),
        15 | 16 => Block::parse(if peer.v6 { "::/0" } else { "0.0.0.0/0" }),
        17 => public_block(rng),
        18 => one(rng, networks),
        _ => peer,
    }
}
