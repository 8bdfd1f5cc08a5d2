//! Random lists of rules, and one rule changed.

use crate::ipt_make::{block, ports};
use crate::lists::{Inbound, Kind, Lists, Point, Profile, Rule};
use crate::packet::{Block, GRE, ICMP, ICMP6, TCP, UDP, chance, one};
use fastrand::Rng;

fn blocks(rng: &mut Rng, v6: bool, most: usize) -> Vec<Block> {
    let count = if chance(rng, 70) {
        1
    } else {
        rng.usize(1..=most)
    };
    let mut all: Vec<Block> = (0..count).map(|_| block(rng, v6)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn any(v6: bool) -> Block {
    Block {
        v6,
        first: 0,
        len: 0,
    }
}

pub(crate) fn rule(rng: &mut Rng, kind: Kind, n: u32) -> Rule {
    let v6 = chance(rng, 25);
    let inbound = chance(rng, 65);
    let icmp = if v6 { ICMP6 } else { ICMP };
    let proto = match rng.u8(..10) {
        0..6 => Some(TCP),
        6..8 => Some(UDP),
        8 if kind != Kind::Nsg => Some(one(rng, &[icmp, GRE])),
        8 => Some(ICMP),
        _ => None,
    };
    // The peer's blocks, and this side's.
    let mut peers = if chance(rng, 75) {
        blocks(rng, v6, 3)
    } else {
        Vec::new()
    };
    let mut own = if chance(rng, 12) {
        blocks(rng, v6, 2)
    } else {
        Vec::new()
    };
    match kind {
        Kind::Group | Kind::Acl => {
            own.clear();
            if peers.is_empty() {
                peers.push(any(v6));
            }
        }
        Kind::Windows | Kind::Nsg => {}
    }
    if kind == Kind::Acl {
        peers.truncate(1);
    }
    let ported = matches!(proto, Some(TCP | UDP));
    let mut dports = if ported && chance(rng, 85) {
        ports(rng)
    } else {
        Vec::new()
    };
    let lists = matches!(kind, Kind::Windows | Kind::Nsg);
    let sports = if ported && lists && chance(rng, 6) {
        ports(rng)
    } else {
        Vec::new()
    };
    if !lists {
        dports.truncate(1);
    }
    let types: &[u8] = if v6 { &[128, 129, 1] } else { &[0, 8, 3] };
    let typed = matches!(proto, Some(ICMP | ICMP6)) && kind != Kind::Nsg && chance(rng, 70);
    let (src, dst) = if inbound { (peers, own) } else { (own, peers) };
    Rule {
        name: format!("rule-{n}"),
        inbound,
        allow: kind == Kind::Group || chance(rng, 70),
        enabled: kind != Kind::Windows || chance(rng, 85),
        number: 100 + n * 10,
        policy: chance(rng, 30),
        domain: kind != Kind::Windows || chance(rng, 90),
        proto,
        icmp: typed.then(|| one(rng, types)),
        src,
        dst,
        sports,
        dports,
    }
}

fn profile(rng: &mut Rng) -> Profile {
    Profile {
        on: chance(rng, 93),
        inbound: one(
            rng,
            &[
                Inbound::Block,
                Inbound::Block,
                Inbound::Block,
                Inbound::Block,
                Inbound::Allow,
                Inbound::Always,
            ],
        ),
        outbound: chance(rng, 80),
        local_rules: chance(rng, 85),
    }
}

fn point(rng: &mut Rng, kind: Kind, n: usize) -> Point {
    let count = rng.u32(..9);
    let mut rules: Vec<Rule> = (0..count).map(|k| rule(rng, kind, k)).collect();
    // Numbers say the order, not places.
    if kind != Kind::Windows {
        rng.shuffle(&mut rules);
    }
    if kind == Kind::Nsg && chance(rng, 70) {
        for inbound in [true, false] {
            rules.push(last(inbound));
        }
    }
    let id = match kind {
        Kind::Group => format!("sg-0aaa00000000000{n:02}"),
        Kind::Acl => format!("acl-0aaa0000000000{n:02}"),
        _ => format!("point-{n}"),
    };
    let name = if kind == Kind::Acl {
        id.clone()
    } else {
        format!("point-{n}")
    };
    Point {
        kind,
        id,
        name,
        rules,
        profile: profile(rng),
    }
}

/// What many groups have at their end.
fn last(inbound: bool) -> Rule {
    Rule {
        name: format!("Deny{}", if inbound { "In" } else { "Out" }),
        inbound,
        allow: false,
        enabled: true,
        number: 4096,
        policy: false,
        domain: true,
        proto: None,
        icmp: None,
        src: Vec::new(),
        dst: Vec::new(),
        sports: Vec::new(),
        dports: Vec::new(),
    }
}

pub(crate) fn lists(rng: &mut Rng, kind: Kind) -> Lists {
    let count = if kind == Kind::Windows {
        1
    } else {
        rng.usize(1..4)
    };
    Lists((0..count).map(|n| point(rng, kind, n)).collect())
}

/// One change; what it is, or nothing where there is nothing to change so.
pub(crate) fn change(rng: &mut Rng, l: &mut Lists) -> Option<String> {
    let which = rng.usize(..l.0.len());
    let p = &mut l.0[which];
    let (kind, count) = (p.kind, p.rules.len());
    let free = |p: &Point, rng: &mut Rng| {
        let n = 100 + rng.u32(..300);
        (!p.rules.iter().any(|r| r.number == n)).then_some(n)
    };
    match rng.u8(..12) {
        0 | 1 => {
            let mut r = rule(rng, kind, 90);
            r.number = free(p, rng)?;
            p.rules.insert(rng.usize(..=count), r.clone());
            return Some(format!("add {r:?}"));
        }
        2 if kind == Kind::Windows => {
            let s = &mut p.profile;
            match rng.u8(..4) {
                0 => s.on = !s.on,
                1 => s.inbound = one(rng, &[Inbound::Block, Inbound::Allow, Inbound::Always]),
                2 => s.outbound = !s.outbound,
                _ => s.local_rules = !s.local_rules,
            }
            return Some(format!("settings {s:?}"));
        }
        _ => {}
    }
    if count == 0 {
        return None;
    }
    let n = rng.usize(..count);
    if rng.u8(..10) < 2 {
        return Some(format!("remove {:?}", p.rules.remove(n)));
    }
    let moved = free(p, rng);
    let r = &mut p.rules[n];
    let before = r.clone();
    edit(rng, kind, r, moved)?;
    Some(format!("edit {before:?} to {r:?}"))
}

fn edit(rng: &mut Rng, kind: Kind, r: &mut Rule, free: Option<u32>) -> Option<()> {
    match rng.u8(..12) {
        0 if kind != Kind::Group => r.allow = !r.allow,
        1 if kind == Kind::Windows => r.enabled = !r.enabled,
        2 if kind == Kind::Windows => r.domain = !r.domain,
        2 | 3 if matches!(kind, Kind::Acl | Kind::Nsg) => r.number = free?,
        4 | 5 => {
            let peers = if r.inbound { &mut r.src } else { &mut r.dst };
            let b = peers.first_mut()?;
            *b = if rng.bool() {
                b.wider()
            } else {
                one(rng, &b.halves())
            };
        }
        6 if kind != Kind::Acl => {
            let peers = if r.inbound { &mut r.src } else { &mut r.dst };
            let v6 = peers.first()?.v6;
            peers.push(block(rng, v6));
        }
        7 => {
            let peers = if r.inbound { &mut r.src } else { &mut r.dst };
            if peers.len() < 2 {
                return None;
            }
            peers.remove(0);
        }
        8 | 9 => {
            let range = r.dports.first_mut()?;
            *range = match rng.u8(..4) {
                0 => (range.0.saturating_sub(1), range.1),
                1 => (range.0, range.1.saturating_add(1)),
                2 => (range.1, range.1),
                _ => (range.0.saturating_add(1).max(1), range.1.saturating_add(1)),
            };
        }
        10 => {
            let Some(p @ (TCP | UDP)) = r.proto else {
                return None;
            };
            r.proto = Some(TCP + UDP - p);
        }
        _ => r.icmp = Some(r.icmp?.wrapping_add(1)),
    }
    Some(())
}
