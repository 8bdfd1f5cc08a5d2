//! Lists as administrators leave them behind: many allows for single hosts and networks on well-known ports, some
//! ranges, some drops, and a few that are wrong (any source, duplicates, narrower copies). A tidy list has no such
//! mistakes.

use super::flow::{Flow, any_v4, prefix};
use fastrand::Rng;
use hylint_space::{AddrSet, PortSet, proto};

/// What a list may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Noise {
    /// Everything, with its mistakes.
    Careless,
    /// No wide sources and no services that are dangerous to open: little to find.
    Tidy,
}

/// Those of the services that are dangerous to open come last.
const DANGEROUS: usize = 5;

/// Services with their ports.
const SERVICES: [(&str, u8, u16); 20] = [
    ("http", proto::TCP, 80),
    ("https", proto::TCP, 443),
    ("dns", proto::UDP, 53),
    ("ntp", proto::UDP, 123),
    ("syslog", proto::UDP, 514),
    ("snmp", proto::UDP, 161),
    ("smtp", proto::TCP, 25),
    ("ldap", proto::TCP, 389),
    ("ldaps", proto::TCP, 636),
    ("app", proto::TCP, 8080),
    ("app-tls", proto::TCP, 8443),
    ("node-exporter", proto::TCP, 9100),
    ("elastic", proto::TCP, 9200),
    ("kafka", proto::TCP, 9092),
    ("memcached", proto::TCP, 11_211),
    ("ssh", proto::TCP, 22),
    ("rdp", proto::TCP, 3389),
    ("mssql", proto::TCP, 1433),
    ("postgres", proto::TCP, 5432),
    ("winrm", proto::TCP, 5985),
];

/// Rules of one user chain of netfilter.
const PER_CHAIN: usize = 250;

/// `n` rules.
pub(crate) fn flows(rng: &mut Rng, n: usize, noise: Noise) -> Vec<Flow> {
    let mut out: Vec<Flow> = Vec::with_capacity(n);
    for i in 0..n {
        let again = (i > 0 && rng.u32(..100) == 0).then(|| rng.usize(..i));
        let mut flow = match again.and_then(|at| out.get(at)) {
            Some(before) => copy(rng, before),
            None => fresh(rng, i, noise),
        };
        flow.chain = (rng.u32(..100) < 85).then_some(i / PER_CHAIN);
        out.push(flow);
    }
    out
}

/// A duplicate, or a narrower copy.
fn copy(rng: &mut Rng, before: &Flow) -> Flow {
    let mut flow = before.clone();
    let range = before.peer.v4.iter().next();
    if let Some((lo, hi)) = range.filter(|_| rng.bool()) {
        flow.peer = prefix(rng.u32(lo..=hi), 32);
    }
    flow
}

fn fresh(rng: &mut Rng, i: usize, noise: Noise) -> Flow {
    let tidy = noise == Noise::Tidy;
    let (name, protocol, ports) = service(rng, tidy);
    let wrong = rng.u32(..200) == 0 && !tidy;
    let peer = if wrong { any_v4() } else { network(rng, tidy) };
    Flow {
        allow: wrong || rng.u32(..100) < 88,
        inbound: rng.u32(..100) < 80,
        ..Flow::allow(format!("{name} {i}"), protocol, peer, ports)
    }
}

fn service(rng: &mut Rng, tidy: bool) -> (String, u8, PortSet) {
    if tidy || rng.u32(..100) < 70 {
        let known = SERVICES.len() - if tidy { DANGEROUS } else { 0 };
        let (name, protocol, port) = *SERVICES.get(rng.usize(..known)).unwrap_or(&SERVICES[0]);
        return (name.to_owned(), protocol, PortSet::single(port));
    }
    let lo = rng.u16(1024..60_000);
    let width = [0, 0, 0, 1, 9, 99, 999];
    let hi = lo + rng.choice(width).unwrap_or(0);
    let protocol = if rng.u32(..3) == 0 {
        proto::UDP
    } else {
        proto::TCP
    };
    (format!("svc-{lo}"), protocol, PortSet::range(lo, hi))
}

fn network(rng: &mut Rng, tidy: bool) -> AddrSet {
    let first = rng
        .choice([10, 10, 10, 172, 192, 198, 52, 34])
        .unwrap_or(10);
    let second = match first {
        172 => rng.u32(16..32),
        192 => 168,
        _ => rng.u32(..256),
    };
    let addr = (first << 24) | (second << 16) | rng.u32(1..0xFFFF);
    let len = match rng.u32(..100) {
        0..45 => 32,
        _ if tidy => 24,
        45..70 => 24,
        70..80 => 16,
        _ => rng.u32(9..32),
    };
    prefix(addr, len)
}
