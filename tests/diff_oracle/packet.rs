//! Packets, blocks of addresses, and what one side does with a packet. Nothing of hylint is used here.

use fastrand::Rng;
use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const GRE: u8 = 47;
pub(crate) const ICMP6: u8 = 58;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Way {
    In,
    Out,
    Forward,
}

impl Way {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Forward => "forward",
        }
    }
}

/// The first packet of somebody. Of ICMP the ports are type and code; an empty interface is one that no rule names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Packet {
    pub(crate) way: Way,
    pub(crate) v6: bool,
    pub(crate) src: u128,
    pub(crate) dst: u128,
    pub(crate) proto: u8,
    pub(crate) sport: u16,
    pub(crate) dport: u16,
    pub(crate) in_iface: String,
    pub(crate) out_iface: String,
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (src, dst) = (address(self.v6, self.src), address(self.v6, self.dst));
        let (way, proto, sport, dport) = (self.way.name(), self.proto, self.sport, self.dport);
        write!(f, "{way} proto {proto} {src}:{sport} -> {dst}:{dport}")?;
        if !self.in_iface.is_empty() {
            write!(f, " by {}", self.in_iface)?;
        }
        if !self.out_iface.is_empty() {
            write!(f, " to {}", self.out_iface)?;
        }
        Ok(())
    }
}

pub(crate) fn address(v6: bool, n: u128) -> String {
    if v6 {
        Ipv6Addr::from(n).to_string()
    } else {
        Ipv4Addr::from(u32::try_from(n).unwrap()).to_string()
    }
}

pub(crate) fn number(text: &str) -> (bool, u128) {
    match text.parse().unwrap_or_else(|e| panic!("{text:?}: {e}")) {
        std::net::IpAddr::V4(a) => (false, u32::from(a).into()),
        std::net::IpAddr::V6(a) => (true, a.into()),
    }
}

/// A prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Block {
    pub(crate) v6: bool,
    pub(crate) first: u128,
    pub(crate) len: u8,
}

impl Block {
    pub(crate) fn parse(text: &str) -> Self {
        let (addr, len) = text.split_once('/').unwrap();
        let (v6, first) = number(addr);
        let len = len.parse().unwrap();
        Self { v6, first, len }
    }

    pub(crate) fn bits(v6: bool) -> u8 {
        if v6 { 128 } else { 32 }
    }

    pub(crate) fn last(self) -> u128 {
        let host = u32::from(Self::bits(self.v6) - self.len);
        if host == 128 {
            u128::MAX
        } else {
            self.first + ((1 << host) - 1)
        }
    }

    pub(crate) fn contains(self, v6: bool, n: u128) -> bool {
        self.v6 == v6 && self.first <= n && n <= self.last()
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.v6 == other.v6 && self.first <= other.last() && other.first <= self.last()
    }

    /// Its halves; itself for a single address.
    pub(crate) fn halves(self) -> Vec<Self> {
        if self.len == Self::bits(self.v6) {
            return vec![self];
        }
        let len = self.len + 1;
        let low = Self { len, ..self };
        vec![
            low,
            Self {
                first: low.last() + 1,
                ..low
            },
        ]
    }

    /// The block twice as large.
    pub(crate) fn wider(self) -> Self {
        let len = self.len.saturating_sub(1);
        let host = u32::from(Self::bits(self.v6) - len);
        let first = if host == 128 {
            0
        } else {
            self.first >> host << host
        };
        Self { first, len, ..self }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", address(self.v6, self.first), self.len)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Verdict {
    Allow,
    Deny,
    Conditional,
}

/// What a side does with a packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    pub(crate) verdict: Verdict,
    /// Where it goes instead, if somewhere else.
    pub(crate) to: Option<String>,
    /// What becomes of the conversation that it begins; none where that is not looked at.
    pub(crate) talk: Option<Verdict>,
    /// The same while no rate limit has come to its limit.
    pub(crate) within_rates: Verdict,
    /// The same in another profile than the one that is assumed.
    pub(crate) elsewhere: Verdict,
    /// A translation may move it, or hide where it comes from: whether the new address is one of this host's, no dump tells.
    pub(crate) moved: bool,
    /// Its source is hidden.
    pub(crate) hidden: bool,
    /// A default rule decides whose names this test does not resolve, the same one on both sides.
    pub(crate) unresolved: bool,
}

impl Said {
    pub(crate) fn of(allow: bool) -> Self {
        let verdict = if allow { Verdict::Allow } else { Verdict::Deny };
        Self {
            verdict,
            to: None,
            talk: None,
            within_rates: verdict,
            elsewhere: verdict,
            moved: false,
            hidden: false,
            unresolved: false,
        }
    }
}

/// What packets may differ in by what somebody wrote: values of each field on both sides of each boundary.
#[derive(Clone, Default)]
pub(crate) struct Edges {
    pub(crate) src4: BTreeSet<u128>,
    pub(crate) dst4: BTreeSet<u128>,
    pub(crate) src6: BTreeSet<u128>,
    pub(crate) dst6: BTreeSet<u128>,
    pub(crate) sports: BTreeSet<u16>,
    pub(crate) dports: BTreeSet<u16>,
    pub(crate) types: BTreeSet<u16>,
    pub(crate) protos: BTreeSet<u8>,
    pub(crate) in_ifaces: BTreeSet<String>,
    pub(crate) out_ifaces: BTreeSet<String>,
}

impl Edges {
    /// What every comparison asks.
    pub(crate) fn common() -> Self {
        let mut e = Self::default();
        e.addr(true, false, number("198.51.100.77").1);
        e.addr(false, false, number("10.99.0.5").1);
        e.addr(true, true, number("2001:db8:ffff::77").1);
        e.addr(false, true, number("2001:db8:eeee::5").1);
        e.sports.insert(40000);
        e.dports.insert(9);
        e.types.extend([0, 8]);
        e.protos.extend([TCP, UDP]);
        e.in_ifaces.insert(String::new());
        e.out_ifaces.insert(String::new());
        e
    }

    pub(crate) fn addr(&mut self, source: bool, v6: bool, n: u128) {
        let set = match (source, v6) {
            (true, false) => &mut self.src4,
            (false, false) => &mut self.dst4,
            (true, true) => &mut self.src6,
            (false, true) => &mut self.dst6,
        };
        set.insert(n);
    }

    pub(crate) fn block(&mut self, source: bool, b: Block) {
        let most = if b.v6 { u128::MAX } else { u32::MAX.into() };
        for n in [
            Some(b.first),
            Some(b.last()),
            b.first.checked_sub(1),
            b.last().checked_add(1),
        ] {
            if let Some(n) = n.filter(|n| *n <= most) {
                self.addr(source, b.v6, n);
            }
        }
    }

    pub(crate) fn ports(&mut self, source: bool, (lo, hi): (u16, u16)) {
        let set = if source {
            &mut self.sports
        } else {
            &mut self.dports
        };
        set.extend(
            [Some(lo), Some(hi), lo.checked_sub(1), hi.checked_add(1)]
                .into_iter()
                .flatten(),
        );
    }

    pub(crate) fn proto(&mut self, n: u8) {
        let near = [Some(n), n.checked_sub(1), n.checked_add(1)];
        self.protos.extend(near.into_iter().flatten());
    }

    pub(crate) fn icmp(&mut self, kind: u8) {
        let near = [Some(kind), kind.checked_sub(1), kind.checked_add(1)];
        self.types.extend(near.into_iter().flatten().map(u16::from));
    }

    pub(crate) fn merge(&mut self, o: &Self) {
        self.src4.extend(&o.src4);
        self.dst4.extend(&o.dst4);
        self.src6.extend(&o.src6);
        self.dst6.extend(&o.dst6);
        self.sports.extend(&o.sports);
        self.dports.extend(&o.dports);
        self.types.extend(&o.types);
        self.protos.extend(&o.protos);
        self.in_ifaces.extend(o.in_ifaces.iter().cloned());
        self.out_ifaces.extend(o.out_ifaces.iter().cloned());
    }

    /// So many packets at random edges.
    pub(crate) fn packets(
        &self,
        rng: &mut Rng,
        ways: &[Way],
        v6: &[bool],
        count: usize,
    ) -> Vec<Packet> {
        (0..count).map(|_| self.packet(rng, ways, v6)).collect()
    }

    fn packet(&self, rng: &mut Rng, ways: &[Way], families: &[bool]) -> Packet {
        let way = ways[rng.usize(..ways.len())];
        let v6 = families[rng.usize(..families.len())];
        let (srcs, dsts) = if v6 {
            (&self.src6, &self.dst6)
        } else {
            (&self.src4, &self.dst4)
        };
        let icmp = if v6 { ICMP6 } else { ICMP };
        let protos = self.protos.iter().copied();
        // What is ICMP of the other family is no packet of this one.
        let protos: Vec<u8> = protos
            .map(|p| if matches!(p, ICMP | ICMP6) { icmp } else { p })
            .collect();
        let proto = protos[rng.usize(..protos.len())];
        let (sport, dport) = match proto {
            ICMP | ICMP6 => (pick(rng, &self.types), 0),
            p if has_ports(p) => (pick(rng, &self.sports), pick(rng, &self.dports)),
            _ => (0, 0),
        };
        Packet {
            way,
            v6,
            src: pick(rng, srcs),
            dst: pick(rng, dsts),
            proto,
            sport,
            dport,
            in_iface: if way == Way::Out {
                String::new()
            } else {
                pick(rng, &self.in_ifaces)
            },
            out_iface: if way == Way::In {
                String::new()
            } else {
                pick(rng, &self.out_ifaces)
            },
        }
    }
}

pub(crate) fn has_ports(proto: u8) -> bool {
    matches!(proto, TCP | UDP | 33 | 132 | 136)
}

fn pick<T: Clone>(rng: &mut Rng, of: &BTreeSet<T>) -> T {
    of.iter().nth(rng.usize(..of.len())).unwrap().clone()
}

/// Whether something happens in so many of a hundred cases.
pub(crate) fn chance(rng: &mut Rng, percent: u8) -> bool {
    rng.u8(..100) < percent
}

pub(crate) fn one<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())].clone()
}
