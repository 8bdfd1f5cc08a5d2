//! Packets at the edges of what rules say.

use super::judge::Packet;
use super::rules::{Addr, Port, Proto, Rule, Set};
use fastrand::Rng;
use hylint::rules::matrix::builtin;
use std::fmt::Write;
use std::net::IpAddr;

/// Ports that no built-in requirement names, and some that many rules do.
const PORTS: [u16; 6] = [7, 999, 5001, 21000, 50000, 60999];

fn after(ip: IpAddr, up: bool) -> IpAddr {
    let step = |n: u128| {
        if up {
            n.saturating_add(1)
        } else {
            n.saturating_sub(1)
        }
    };
    match ip {
        IpAddr::V4(ip) => {
            IpAddr::V4((step(u128::from(u32::from(ip))).min(u128::from(u32::MAX)) as u32).into())
        }
        IpAddr::V6(ip) => IpAddr::V6(step(u128::from(ip)).into()),
    }
}

fn address(rng: &mut Rng, list: &[Addr], v6: bool) -> IpAddr {
    let fallback: [&str; 4] = if v6 {
        ["fd00:20::99", "2001:db8:7::1", "fe80::5", "2600::8"]
    } else {
        ["10.20.7.7", "8.8.4.4", "192.168.5.5", "203.0.113.9"]
    };
    let own: Vec<&Addr> = list.iter().collect();
    let edge = match rng.choice(&own) {
        Some(Addr::One(ip) | Addr::Prefix(ip, _)) => Some((*ip, false)),
        Some(Addr::Range(a, b)) => Some(if rng.bool() { (*a, false) } else { (*b, true) }),
        _ => None,
    };
    if let Some((ip, up)) = edge.filter(|(ip, _)| ip.is_ipv6() == v6)
        && rng.u8(0..5) > 0
    {
        return if rng.u8(0..4) == 0 { after(ip, up) } else { ip };
    }
    rng.choice(fallback).unwrap().parse().unwrap()
}

fn port(rng: &mut Rng, list: &[Port]) -> u16 {
    let edge = match rng.choice(list) {
        Some(Port::One(n)) => Some(*n),
        Some(Port::Range(a, b)) => Some(if rng.bool() { *a } else { *b }),
        _ => None,
    };
    match (edge, rng.u8(0..6)) {
        (Some(n), 0) => n.saturating_add(1),
        (Some(n), 1) => n.saturating_sub(1),
        (Some(n), _) => n,
        (None, _) => *rng.choice(&PORTS).unwrap(),
    }
}

fn packet(rng: &mut Rng, r: &Rule, inbound: bool) -> Packet {
    let families: Vec<bool> = r
        .remote
        .iter()
        .chain(&r.local)
        .filter_map(|a| match a {
            Addr::One(ip) | Addr::Prefix(ip, _) | Addr::Range(ip, _) => Some(ip.is_ipv6()),
            Addr::Word(_) => None,
        })
        .collect();
    let proto = match r.proto {
        Proto::Any => *rng.choice(&[6, 17, 47]).unwrap(),
        Proto::Tcp => 6,
        Proto::Udp => 17,
        Proto::Icmp4 => 1,
        Proto::Icmp6 => 58,
        Proto::Other(n) => n,
    };
    let proto = if rng.u8(0..12) == 0 { 6 } else { proto };
    let v6 = match proto {
        1 => false,
        58 => true,
        _ => rng
            .choice(&families)
            .copied()
            .unwrap_or_else(|| rng.u8(0..4) == 0),
    };
    let (local, remote) = (address(rng, &r.local, v6), address(rng, &r.remote, v6));
    let icmp = matches!(proto, 1 | 58);
    let (lport, rport) = if icmp {
        (0, 0)
    } else {
        (port(rng, &r.lports), port(rng, &r.rports))
    };
    let (src, dst, sport, dport) = if inbound {
        (remote, local, rport, lport)
    } else {
        (local, remote, lport, rport)
    };
    if icmp {
        let (kind, code) = match rng.choice(&r.icmp) {
            Some((t, c)) => (u16::from(*t), u16::from(c.unwrap_or(rng.u8(0..3)))),
            None => (u16::from(*rng.choice(&[8u8, 3, 128, 13]).unwrap()), 0),
        };
        return Packet {
            src,
            dst,
            proto,
            sport: kind,
            dport: code,
        };
    }
    Packet {
        src,
        dst,
        proto,
        sport,
        dport,
    }
}

/// As many packets of one direction, the same for the same rules. `apart`: none to a port of a built-in requirement, whose
/// listener `trace` would expect there.
pub fn packets(set: &Set, seed: u64, inbound: bool, apart: bool, count: usize) -> Vec<Packet> {
    let mut rng = Rng::with_seed(seed ^ 0x5eed);
    let own: Vec<&Rule> = set.rules.iter().filter(|r| r.inbound == inbound).collect();
    let all: Vec<&Rule> = set.rules.iter().collect();
    let from = if own.is_empty() { &all } else { &own };
    let matrix = builtin("hyworks").unwrap().ok().unwrap();
    let expected = |p: &Packet| {
        let mut rows = matrix.requirements.iter();
        rows.any(|r| r.transport.number() == p.proto && r.ports.contains(&p.dport))
    };
    let one = |rng: &mut Rng| {
        let mut p = rng.choice(from).map(|r| packet(rng, r, inbound))?;
        if apart && expected(&p) {
            p.dport = 999;
        }
        Some(p)
    };
    (0..count).filter_map(|_| one(&mut rng)).collect()
}

/// The table that `trace --packets` reads.
pub fn table(all: &[Packet]) -> String {
    let mut out = "src,dst,proto,sport,dport\n".to_owned();
    for p in all {
        let ports = matches!(p.proto, 1 | 6 | 17 | 58);
        let n = |port: u16| {
            if ports {
                port.to_string()
            } else {
                String::new()
            }
        };
        writeln!(
            out,
            "{},{},{},{},{}",
            p.src,
            p.dst,
            p.proto,
            n(p.sport),
            n(p.dport)
        )
        .unwrap();
    }
    out
}
