//! Random tables, and one of their rules changed.

use crate::iptables::{Chain, Half, Match, Not, Open, Rule, Table, Tables, Target};
use crate::packet::{Block, GRE, ICMP, ICMP6, TCP, UDP, chance, number, one};
use fastrand::Rng;

const V4: [&str; 11] = [
    "10.0.0.0/8",
    "10.0.0.0/23",
    "10.0.0.0/24",
    "10.0.1.0/24",
    "10.0.0.5/32",
    "10.0.1.0/25",
    "192.168.1.0/24",
    "203.0.113.7/32",
    "128.0.0.0/1",
    "172.16.0.0/12",
    "198.51.100.64/26",
];
const V6: [&str; 7] = [
    "2001:db8::/32",
    "2001:db8:1::/48",
    "2001:db8:1:2::/64",
    "2001:db8::5/128",
    "fd00::/8",
    "fe80::/10",
    "2001:db8:ffff::/49",
];
const PORTS: [(u16, u16); 12] = [
    (22, 22),
    (80, 80),
    (443, 443),
    (53, 53),
    (1000, 2000),
    (0, 1023),
    (8080, 8081),
    (65535, 65535),
    (1024, 65535),
    (5000, 5000),
    (0, 0),
    (32768, 60999),
];
pub(crate) const FACES: [&str; 4] = ["eth0", "eth1", "wg0", "eth+"];
const STATES: [&[&str]; 5] = [
    &["RELATED", "ESTABLISHED"],
    &["NEW"],
    &["INVALID"],
    &["NEW", "ESTABLISHED"],
    &["UNTRACKED"],
];

pub(crate) fn block(rng: &mut Rng, v6: bool) -> Block {
    Block::parse(if v6 { one(rng, &V6) } else { one(rng, &V4) })
}

fn maybe<T>(rng: &mut Rng, percent: u8, make: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    chance(rng, percent).then(|| make(rng))
}

pub(crate) fn ports(rng: &mut Rng) -> Vec<(u16, u16)> {
    let count = if chance(rng, 75) { 1 } else { rng.usize(2..4) };
    let mut all: Vec<(u16, u16)> = (0..count).map(|_| one(rng, &PORTS)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A match as it may stand in a chain that the hook reaches.
pub(crate) fn matching(rng: &mut Rng, v6: bool, hook: &str, table: &str) -> Match {
    let no = |rng: &mut Rng| chance(rng, 12);
    let mut m = Match {
        src: maybe(rng, 45, |r| Not(no(r), block(r, v6))),
        dst: maybe(rng, 20, |r| Not(no(r), block(r, v6))),
        ..Match::default()
    };
    match rng.u8(..10) {
        0..5 => m.proto = Some(Not(false, TCP)),
        5..7 => m.proto = Some(Not(false, UDP)),
        7 => m.proto = Some(Not(false, if v6 { ICMP6 } else { ICMP })),
        8 => m.proto = maybe(rng, 50, |r| Not(r.bool(), one(r, &[GRE, TCP, 50]))),
        _ => {}
    }
    match m.proto {
        Some(Not(false, TCP | UDP)) => {
            m.dports = maybe(rng, 80, |r| Not(no(r), ports(r)));
            m.sports = maybe(rng, 8, |r| Not(no(r), ports(r)));
            if m.proto == Some(Not(false, TCP)) && table != "nat" {
                m.syn = maybe(rng, 6, |r| !chance(r, 20));
            }
        }
        Some(Not(false, ICMP)) => m.icmp = maybe(rng, 60, |r| one(r, &[0, 3, 8, 13])),
        Some(Not(false, ICMP6)) => m.icmp = maybe(rng, 60, |r| one(r, &[1, 128, 129, 135])),
        _ => {}
    }
    let face = |r: &mut Rng| Not(no(r), one(r, &FACES).to_owned());
    if !matches!(hook, "OUTPUT" | "POSTROUTING") {
        m.in_iface = maybe(rng, 18, face);
    }
    if !matches!(hook, "INPUT" | "PREROUTING") {
        m.out_iface = maybe(rng, 18, face);
    }
    if !matches!(table, "raw" | "nat") {
        m.states = maybe(rng, 15, |r| Not(no(r), one(r, &STATES).to_vec()));
    }
    if table == "filter" {
        m.mark = maybe(rng, 4, |r| Not(no(r), one(r, &[1, 2])));
        m.open = maybe(rng, 6, |r| match r.u8(..4) {
            0 => Not(false, Open::Limit),
            _ => Not(
                no(r),
                Open::Set(one(r, &["admins", "blocked"]).to_owned(), r.bool()),
            ),
        });
    }
    m
}

fn plain(rng: &mut Rng) -> Target {
    match rng.u8(..20) {
        0..10 => Target::Accept,
        10..15 => Target::Drop,
        15..17 => Target::Reject,
        17 => Target::Return,
        18 => Target::Log,
        _ => Target::Nothing,
    }
}

/// A rule of a chain; `further` are the chains that it may lead to.
pub(crate) fn rule(rng: &mut Rng, v6: bool, table: &str, hook: &str, further: &[String]) -> Rule {
    let of = matching(rng, v6, hook, table);
    let target = match table {
        // REJECT is for the filter table alone.
        "mangle" => one(
            rng,
            &[
                Target::Mark(1),
                Target::Mark(2),
                Target::Mark(1),
                Target::Drop,
            ],
        ),
        "raw" => one(rng, &[Target::Notrack, Target::Drop, Target::Accept]),
        "nat" => return translation(rng, v6, hook, of),
        _ if !further.is_empty() && chance(rng, 25) => {
            let to = one(rng, further);
            if chance(rng, 30) {
                Target::Goto(to)
            } else {
                Target::Jump(to)
            }
        }
        _ => plain(rng),
    };
    let comment = maybe(rng, 15, |r| format!("remark {}", r.u8(..)));
    Rule {
        of,
        target,
        comment,
    }
}

pub(crate) fn inner(rng: &mut Rng, v6: bool) -> u128 {
    number(if v6 {
        one(rng, &["fd00::a", "fd00::b"])
    } else {
        one(rng, &["10.0.0.5", "172.17.0.2", "172.17.0.3"])
    })
    .1
}

fn translation(rng: &mut Rng, v6: bool, hook: &str, of: Match) -> Rule {
    let target = match hook {
        "POSTROUTING" => Target::Masquerade,
        _ if chance(rng, 70) => Target::Dnat(
            inner(rng, v6),
            maybe(rng, 60, |r| one(r, &[80, 8080, 5000])),
        ),
        _ => Target::Redirect(one(rng, &[22, 8080])),
    };
    let mut of = of;
    if !matches!(of.proto, Some(Not(false, TCP | UDP))) && hook != "POSTROUTING" {
        of = Match {
            proto: Some(Not(false, TCP)),
            dports: Some(Not(false, ports(rng))),
            icmp: None,
            ..of
        };
    }
    Rule {
        of,
        target,
        comment: None,
    }
}

fn chain(name: &str, policy: bool, rules: Vec<Rule>) -> Chain {
    Chain {
        name: name.to_owned(),
        policy: Some(policy),
        rules,
    }
}

fn filter(rng: &mut Rng, v6: bool) -> Table {
    let own: Vec<String> = (0..rng.usize(..3))
        .map(|n| format!("{}{n}", one(rng, &["own-", "ZONE_", "fw"])))
        .collect();
    let mut chains = Vec::new();
    for hook in ["INPUT", "FORWARD", "OUTPUT"] {
        let mut rules = Vec::new();
        if chance(rng, 70) {
            let of = Match {
                states: Some(Not(false, STATES[0].to_vec())),
                ..Match::default()
            };
            rules.push(Rule {
                of,
                target: Target::Accept,
                comment: None,
            });
        }
        if hook == "INPUT" && chance(rng, 50) {
            let of = Match {
                in_iface: Some(Not(false, "lo".into())),
                ..Match::default()
            };
            rules.push(Rule {
                of,
                target: Target::Accept,
                comment: None,
            });
        }
        let count = rng.usize(..6);
        rules.extend((0..count).map(|_| rule(rng, v6, "filter", hook, &own)));
        let policy = chance(rng, if hook == "OUTPUT" { 75 } else { 30 });
        chains.push(chain(hook, policy, rules));
    }
    for (n, name) in own.iter().enumerate() {
        let count = rng.usize(..4);
        // An own chain may be reached from every hook: what the hooks lack is matched by nothing there.
        let rules = (0..count)
            .map(|_| rule(rng, v6, "filter", "any", &own[n + 1..]))
            .collect();
        chains.push(Chain {
            name: name.clone(),
            policy: None,
            rules,
        });
    }
    Table {
        name: "filter",
        chains,
    }
}

fn some(rng: &mut Rng, v6: bool, name: &'static str, hooks: &[&str]) -> Table {
    let mut each = |hook: &&str| {
        let count = rng.usize(..3);
        let rules = (0..count).map(|_| rule(rng, v6, name, hook, &[])).collect();
        chain(hook, true, rules)
    };
    Table {
        name,
        chains: hooks.iter().map(&mut each).collect(),
    }
}

const NAT: &[&str] = &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"];
pub(crate) const MANGLE: &[&str] = &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];
pub(crate) const RAW: &[&str] = &["PREROUTING", "OUTPUT"];

fn half(rng: &mut Rng, v6: bool) -> Half {
    let mut tables = Vec::new();
    if chance(rng, 12) {
        tables.push(some(rng, v6, "raw", RAW));
    }
    if chance(rng, 15) {
        tables.push(some(rng, v6, "mangle", MANGLE));
    }
    if chance(rng, 30) {
        let mut nat = some(rng, v6, "nat", NAT);
        // Locally made packets are seldom translated, and INPUT translates sources.
        for c in nat
            .chains
            .iter_mut()
            .filter(|c| matches!(c.name.as_str(), "INPUT" | "OUTPUT"))
        {
            c.rules.clear();
        }
        tables.push(nat);
    }
    tables.push(filter(rng, v6));
    Half { v6, tables }
}

pub(crate) fn tables(rng: &mut Rng) -> Tables {
    let which = rng.u8(..10);
    Tables {
        v4: (which < 8).then(|| half(rng, false)),
        v6: (which > 4).then(|| half(rng, true)),
    }
}

/// A place among all chains.
struct Place {
    half: usize,
    table: usize,
    chain: usize,
}

fn place(rng: &mut Rng, t: &Tables) -> Place {
    let halves: Vec<&Half> = t.halves().collect();
    let half = rng.usize(..halves.len());
    let all = &halves[half].tables;
    let table = if chance(rng, 65) {
        all.len() - 1
    } else {
        rng.usize(..all.len())
    };
    let chain = rng.usize(..all[table].chains.len());
    Place { half, table, chain }
}

/// One change; what it is, or nothing where the place has nothing to change.
pub(crate) fn change(rng: &mut Rng, t: &mut Tables) -> Option<String> {
    let at = place(rng, t);
    let half = t.halves_mut().nth(at.half).unwrap();
    let v6 = half.v6;
    let table = &mut half.tables[at.table];
    let name = table.name;
    let own = table
        .chains
        .iter()
        .skip(at.chain + 1)
        .filter(|c| c.policy.is_none());
    let further: Vec<String> = own.map(|c| c.name.clone()).collect();
    let chain = &mut table.chains[at.chain];
    let hook = if chain.policy.is_some() {
        chain.name.clone()
    } else {
        "any".into()
    };
    if name == "nat" && matches!(hook.as_str(), "INPUT" | "OUTPUT") {
        return None;
    }
    let count = chain.rules.len();
    let which = rng.u8(..12);
    if which == 0 {
        let n = rng.usize(..=count);
        chain.rules.insert(n, rule(rng, v6, name, &hook, &further));
        return Some(format!("add {:?} at {n}", chain.rules[n]));
    }
    if which == 1 && name == "filter" && chain.policy.is_some() {
        chain.policy = chain.policy.map(|p| !p);
        return Some(format!("policy of {hook}"));
    }
    if count == 0 {
        return None;
    }
    let n = rng.usize(..count);
    let told = match which {
        2 | 3 => format!("remove {:?}", chain.rules.remove(n)),
        4 => {
            let r = chain.rules.remove(n);
            let to = rng.usize(..count);
            chain.rules.insert(to, r);
            format!("move {n} to {to}")
        }
        5 | 6 if name == "filter" => {
            let r = &mut chain.rules[n];
            r.target = match &r.target {
                Target::Accept => one(rng, &[Target::Drop, Target::Return, Target::Reject]),
                Target::Jump(to) => Target::Goto(to.clone()),
                Target::Goto(to) => Target::Jump(to.clone()),
                _ => Target::Accept,
            };
            format!("target {r:?}")
        }
        5 | 6 => {
            chain.rules[n].target = rule(rng, v6, name, &hook, &further).target;
            if hook == "POSTROUTING" && name == "nat" {
                return None;
            }
            format!("target {:?}", chain.rules[n])
        }
        _ => {
            let r = &mut chain.rules[n];
            let before = r.of.clone();
            edit(rng, v6, &mut r.of)?;
            format!("edit {before:?} to {:?}", r.of)
        }
    };
    Some(told)
}

/// One field wider, narrower or other.
fn edit(rng: &mut Rng, v6: bool, m: &mut Match) -> Option<()> {
    match rng.u8(..10) {
        0 => {
            m.src = Some(Not(
                false,
                m.src
                    .as_ref()
                    .map_or_else(|| block(rng, v6), |Not(_, b)| b.wider()),
            ))
        }
        1 => m.src = Some(Not(false, one(rng, &m.src.as_ref()?.1.halves()))),
        2 => m.src = m.src.is_none().then(|| Not(false, block(rng, v6))),
        3 => m.dst = m.dst.is_none().then(|| Not(rng.bool(), block(rng, v6))),
        4 => {
            let ports = &mut m.dports.as_mut()?.1;
            let range = &mut ports[0];
            *range = match rng.u8(..4) {
                0 => (range.0.saturating_sub(1), range.1),
                1 => (range.0, range.1.saturating_add(1)),
                2 => (range.1, range.1),
                _ => (range.0.saturating_add(1).max(1), range.1.saturating_add(1)),
            };
        }
        5 => m.dports.as_mut()?.0 ^= true,
        6 => {
            let Some(Not(false, p @ (TCP | UDP))) = m.proto else {
                return None;
            };
            m.syn = None;
            m.proto = Some(Not(false, TCP + UDP - p));
        }
        7 => m.icmp = Some(m.icmp?.wrapping_add(1)),
        8 => {
            let face = m.in_iface.as_mut().or(m.out_iface.as_mut())?;
            *face = if rng.bool() {
                Not(!face.0, face.1.clone())
            } else {
                Not(face.0, one(rng, &FACES).to_owned())
            };
        }
        _ => {
            m.states = m
                .states
                .is_none()
                .then(|| Not(false, one(rng, &STATES).to_vec()))
        }
    }
    Some(())
}
