//! Addresses as numbers, blocks of them, and how much of the public Internet some blocks cover.

use std::fmt;
use std::net::IpAddr;

/// An address of either family.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Addr {
    pub(crate) v6: bool,
    pub(crate) n: u128,
}

impl Addr {
    pub(crate) fn v4(n: u32) -> Self {
        Self {
            v6: false,
            n: n.into(),
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text.parse().unwrap() {
            IpAddr::V4(a) => Self::v4(u32::from(a)),
            IpAddr::V6(a) => Self {
                v6: true,
                n: a.into(),
            },
        }
    }

    pub(crate) fn plus(self, n: u128) -> Self {
        Self {
            n: self.n + n,
            ..self
        }
    }

    pub(crate) fn block(self) -> Block {
        Block {
            v6: self.v6,
            lo: self.n,
            hi: self.n,
        }
    }

    pub(crate) fn is_public(self) -> bool {
        if self.v6 {
            return Block::parse("2000::/3").contains(self);
        }
        !special().iter().any(|b| b.contains(self))
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.v6 {
            std::net::Ipv6Addr::from(self.n).fmt(f)
        } else {
            std::net::Ipv4Addr::from(u32::try_from(self.n).unwrap()).fmt(f)
        }
    }
}

/// Addresses of one family, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Block {
    pub(crate) v6: bool,
    pub(crate) lo: u128,
    pub(crate) hi: u128,
}

impl Block {
    /// Reads a prefix.
    pub(crate) fn parse(text: &str) -> Self {
        let (addr, len) = text.split_once('/').unwrap();
        let (first, len) = (Addr::parse(addr), len.parse::<u32>().unwrap());
        let bits = if first.v6 { 128 } else { 32 };
        Self {
            v6: first.v6,
            lo: first.n,
            hi: first.n + (1u128.checked_shl(bits - len).unwrap_or(0).wrapping_sub(1)),
        }
    }

    pub(crate) fn contains(&self, a: Addr) -> bool {
        self.v6 == a.v6 && (self.lo..=self.hi).contains(&a.n)
    }

    pub(crate) fn first(&self) -> Addr {
        Addr {
            v6: self.v6,
            n: self.lo,
        }
    }

    /// The prefix that it is.
    pub(crate) fn prefix(&self) -> String {
        let bits = if self.v6 { 128 } else { 32 };
        let size = self.hi - self.lo;
        let len = (0..=bits)
            .find(|len| 1u128.checked_shl(bits - len).unwrap_or(0).wrapping_sub(1) == size)
            .unwrap();
        format!("{}/{len}", self.first())
    }
}

/// IANA's registry of special IPv4 addresses, multicast and the reserved rest, and Azure's own address.
pub(crate) fn special() -> Vec<Block> {
    [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    ]
    .map(Block::parse)
    .to_vec()
}

/// Cuts the addresses of a family where one of the blocks begins or ends: each piece is wholly inside or outside of each.
pub(crate) fn pieces(v6: bool, blocks: &[Block]) -> Vec<Block> {
    let last = if v6 { u128::MAX } else { u32::MAX.into() };
    let mut cuts = vec![0];
    for b in blocks.iter().filter(|b| b.v6 == v6) {
        cuts.push(b.lo);
        cuts.extend(b.hi.checked_add(1).filter(|n| *n <= last));
    }
    cuts.sort_unstable();
    cuts.dedup();
    let ends = cuts
        .iter()
        .skip(1)
        .map(|n| n - 1)
        .chain([last])
        .collect::<Vec<_>>();
    let both = cuts.iter().zip(ends);
    both.map(|(lo, hi)| Block { v6, lo: *lo, hi }).collect()
}

/// How much of the Internet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Level {
    /// No public address.
    Nothing,
    /// Less than a whole /8, or /16 in IPv6.
    Some,
    /// Such a block at least.
    Large,
    /// 2^30 addresses, or a quarter of 2000::/3.
    Anyone,
}

/// How much of the Internet pieces of one family cover together. `None` where it is too near to a limit to tell apart by
/// what this or that list calls public.
pub(crate) fn level(covered: &[Block]) -> Option<Level> {
    let public: Vec<Block> = covered
        .iter()
        .copied()
        .filter(|b| b.first().is_public())
        .collect();
    let Some(one) = public.first() else {
        return Some(Level::Nothing);
    };
    let (whole, bits) = if one.v6 {
        (1u128 << 123, 112)
    } else {
        (1 << 30, 24)
    };
    let size: u128 = public.iter().map(|b| b.hi - b.lo + 1).sum();
    if size.abs_diff(whole) < whole / 50 {
        return None;
    }
    if size >= whole {
        return Some(Level::Anyone);
    }
    let mut joined: Vec<Block> = Vec::new();
    for b in public {
        match joined.last_mut().filter(|l| l.hi + 1 == b.lo) {
            Some(l) => l.hi = b.hi,
            None => joined.push(b),
        }
    }
    let unit = 1u128 << bits;
    let large = |b: &Block| b.lo.next_multiple_of(unit).checked_add(unit - 1) <= Some(b.hi);
    if joined.iter().any(large) {
        Some(Level::Large)
    } else if size >= unit {
        None
    } else {
        Some(Level::Some)
    }
}

/// Catches an oracle that measures wrongly.
#[test]
fn the_levels_are_those_of_the_specification() {
    let of = |texts: &[&str]| {
        let blocks: Vec<Block> = texts.iter().map(|t| Block::parse(t)).collect();
        let mut cuts = blocks.clone();
        cuts.extend(special());
        cuts.push(Block::parse("2000::/3"));
        let within = |p: &Block| blocks.iter().any(|b| b.contains(p.first()));
        let v6 = blocks[0].v6;
        level(
            &pieces(v6, &cuts)
                .into_iter()
                .filter(within)
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(of(&["0.0.0.0/0"]), Some(Level::Anyone));
    assert_eq!(of(&["128.0.0.0/1"]), Some(Level::Anyone));
    assert_eq!(of(&["10.0.0.0/8"]), Some(Level::Nothing));
    assert_eq!(of(&["8.0.0.0/5"]), Some(Level::Large));
    assert_eq!(of(&["52.0.0.0/9", "52.128.0.0/9"]), Some(Level::Large));
    assert_eq!(of(&["52.0.0.0/9"]), Some(Level::Some));
    assert_eq!(of(&["::/0"]), Some(Level::Anyone));
    assert_eq!(of(&["2000::/4"]), Some(Level::Anyone));
    assert_eq!(of(&["2600::/16"]), Some(Level::Large));
    assert_eq!(of(&["2600::/20"]), Some(Level::Some));
    assert_eq!(Block::parse("::/0").prefix(), "::/0");
    assert_eq!(Block::parse("8.0.0.0/5").prefix(), "8.0.0.0/5");
}
