//! Address sets over both families, and their text forms.

use super::range::RangeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IP family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Family {
    /// IPv4, addresses as `u32`.
    V4,
    /// IPv6, addresses as `u128`.
    V6,
}

impl Family {
    /// Both families, IPv4 first.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// `IPv4` or `IPv6`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

/// A set of IPv4 and IPv6 addresses.
#[derive(Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct AddrSet {
    /// The IPv4 part.
    pub v4: RangeSet<u32>,
    /// The IPv6 part.
    pub v6: RangeSet<u128>,
}

impl AddrSet {
    /// No address.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every address of both families.
    #[must_use]
    pub fn any() -> Self {
        Self {
            v4: RangeSet::full(),
            v6: RangeSet::full(),
        }
    }

    /// Every address of one family.
    #[must_use]
    pub fn any_of(family: Family) -> Self {
        match family {
            Family::V4 => Self {
                v4: RangeSet::full(),
                v6: RangeSet::empty(),
            },
            Family::V6 => Self {
                v4: RangeSet::empty(),
                v6: RangeSet::full(),
            },
        }
    }

    /// One address.
    #[must_use]
    pub fn host(a: IpAddr) -> Self {
        Self::range(a, a)
    }

    /// `a..=b`; empty if the families differ or `a > b`.
    #[must_use]
    pub fn range(a: IpAddr, b: IpAddr) -> Self {
        match (a, b) {
            (IpAddr::V4(a), IpAddr::V4(b)) => Self {
                v4: RangeSet::range(a.into(), b.into()),
                v6: RangeSet::empty(),
            },
            (IpAddr::V6(a), IpAddr::V6(b)) => Self {
                v4: RangeSet::empty(),
                v6: RangeSet::range(a.into(), b.into()),
            },
            _ => Self::empty(),
        }
    }

    /// The network of `a` with a prefix of `len` bits; host bits are masked. `None` if `len` is too long.
    #[must_use]
    pub fn cidr(a: IpAddr, len: u8) -> Option<Self> {
        match a {
            IpAddr::V4(a) if len <= 32 => {
                let mask = u32::MAX.checked_shr(u32::from(len)).unwrap_or(0);
                let a = u32::from(a);
                Some(Self {
                    v4: RangeSet::range(a & !mask, a | mask),
                    v6: RangeSet::empty(),
                })
            }
            IpAddr::V6(a) if len <= 128 => {
                let mask = u128::MAX.checked_shr(u32::from(len)).unwrap_or(0);
                let a = u128::from(a);
                Some(Self {
                    v4: RangeSet::empty(),
                    v6: RangeSet::range(a & !mask, a | mask),
                })
            }
            _ => None,
        }
    }

    /// Reads an address, a CIDR prefix (`10.0.0.0/8`, `10.0.0.0/255.0.0.0`), or a range `a-b`.
    /// Host bits beyond the prefix are masked. Discontiguous masks are refused (`None`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((a, len)) = v4_prefix(text) {
            return Self::cidr(a.into(), len);
        }
        let text = text.trim();
        if let Some((a, b)) = text.split_once('-') {
            let (a, b): (IpAddr, IpAddr) = (a.trim().parse().ok()?, b.trim().parse().ok()?);
            let set = Self::range(a, b);
            return (!set.is_empty()).then_some(set);
        }
        let Some((a, len)) = text.split_once('/') else {
            return Some(Self::host(text.parse().ok()?));
        };
        let a: IpAddr = a.trim().parse().ok()?;
        let len = len.trim();
        if let Ok(n) = len.parse::<u8>() {
            return Self::cidr(a, n);
        }
        let mask = u32::from(len.parse::<Ipv4Addr>().ok()?);
        let n = mask.leading_ones();
        (a.is_ipv4() && mask.count_ones() == n)
            .then(|| Self::cidr(a, u8::try_from(n).ok()?))
            .flatten()
    }

    /// True when no address of either family is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// True when every address of both families is in the set.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.v4.is_full() && self.v6.is_full()
    }

    /// True when the set holds an address of the family.
    #[must_use]
    pub fn has(&self, family: Family) -> bool {
        match family {
            Family::V4 => !self.v4.is_empty(),
            Family::V6 => !self.v6.is_empty(),
        }
    }

    /// True when both sets hold addresses of some family.
    #[must_use]
    pub fn shares_family(&self, other: &Self) -> bool {
        let both = |f: &Family| self.has(*f) && other.has(*f);
        Family::BOTH.iter().any(both)
    }

    /// The part of one family.
    #[must_use]
    pub fn only(&self, family: Family) -> Self {
        match family {
            Family::V4 => Self {
                v4: self.v4.clone(),
                v6: RangeSet::empty(),
            },
            Family::V6 => Self {
                v4: RangeSet::empty(),
                v6: self.v6.clone(),
            },
        }
    }

    /// Whether the address is in the set.
    #[must_use]
    pub fn contains(&self, a: IpAddr) -> bool {
        match a {
            IpAddr::V4(a) => self.v4.contains(a.into()),
            IpAddr::V6(a) => self.v6.contains(a.into()),
        }
    }

    /// Addresses in either set.
    #[must_use]
    pub fn union(&self, o: &Self) -> Self {
        Self {
            v4: self.v4.union(&o.v4),
            v6: self.v6.union(&o.v6),
        }
    }

    /// Addresses in both sets.
    #[must_use]
    pub fn intersect(&self, o: &Self) -> Self {
        Self {
            v4: self.v4.intersect(&o.v4),
            v6: self.v6.intersect(&o.v6),
        }
    }

    /// Addresses of `self` that are not in `o`.
    #[must_use]
    pub fn subtract(&self, o: &Self) -> Self {
        Self {
            v4: self.v4.subtract(&o.v4),
            v6: self.v6.subtract(&o.v6),
        }
    }

    /// Addresses that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self {
            v4: self.v4.complement(),
            v6: self.v6.complement(),
        }
    }

    /// Whether every address of `self` is in `o`.
    #[must_use]
    pub fn is_subset(&self, o: &Self) -> bool {
        self.v4.is_subset(&o.v4) && self.v6.is_subset(&o.v6)
    }

    /// Whether the sets share an address.
    #[must_use]
    pub fn intersects(&self, o: &Self) -> bool {
        self.v4.intersects(&o.v4) || self.v6.intersects(&o.v6)
    }

    /// The lowest address, IPv4 first.
    #[must_use]
    pub fn first(&self) -> Option<IpAddr> {
        self.v4
            .first()
            .map(|a| IpAddr::V4(a.into()))
            .or_else(|| self.v6.first().map(|a| IpAddr::V6(a.into())))
    }

    /// The fewest prefixes that together are the set, ascending: IPv4 first.
    #[must_use]
    pub fn prefixes(&self) -> Vec<(IpAddr, u8)> {
        let v4 = self.v4.iter();
        let v6 = self.v6.iter();
        let mut out = Vec::new();
        for (lo, hi) in v4 {
            split(lo.into(), hi.into(), 32, |lo, len| {
                let lo = u32::try_from(lo).unwrap_or(u32::MAX);
                out.push((Ipv4Addr::from(lo).into(), len));
            });
        }
        for (lo, hi) in v6 {
            split(lo, hi, 128, |lo, len| {
                out.push((Ipv6Addr::from(lo).into(), len));
            });
        }
        out
    }

    /// Each range in the text form of the interface: an address, a CIDR prefix where the range is one, else `a-b`.
    /// IPv4 first, ascending.
    pub fn texts(&self) -> impl Iterator<Item = String> + '_ {
        let v4 = self.v4.iter().map(|(lo, hi)| {
            let (a, b) = (Ipv4Addr::from(lo), Ipv4Addr::from(hi));
            range_text(
                &a,
                &b,
                lo == hi,
                prefix_len(u128::from(lo), u128::from(hi), 32),
            )
        });
        let v6 = self.v6.iter().map(|(lo, hi)| {
            let (a, b) = (Ipv6Addr::from(lo), Ipv6Addr::from(hi));
            range_text(&a, &b, lo == hi, prefix_len(lo, hi, 128))
        });
        v4.chain(v6)
    }
}

/// Splits a range into the prefixes that it is made of.
fn split(mut lo: u128, hi: u128, bits: u32, mut each: impl FnMut(u128, u8)) {
    loop {
        // The largest block that starts at `lo` and does not pass `hi`.
        let mut host = lo.trailing_zeros().min(bits);
        let last = |host: u32| lo | u128::MAX.checked_shr(128 - host).unwrap_or(0);
        while last(host) > hi {
            host -= 1;
        }
        each(lo, u8::try_from(bits - host).unwrap_or(u8::MAX));
        match last(host).checked_add(1) {
            Some(next) if next <= hi => lo = next,
            _ => return,
        }
    }
}

/// Reads `a.b.c.d` or `a.b.c.d/n`, the forms of nearly every address of an export; host bits are kept. `None` for every
/// other text.
pub fn v4_prefix(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (mut addr, mut dots, mut digits, mut slash) = (0u32, 0, 0, false);
    let mut part = 0u32;
    for b in text.bytes() {
        match b {
            b'0'..=b'9' if digits < 3 && !(digits > 0 && part == 0) => {
                part = part * 10 + u32::from(b - b'0');
                digits += 1;
            }
            b'.' if dots < 3 && digits > 0 && part < 256 && !slash => {
                addr = addr << 8 | part;
                (part, digits) = (0, 0);
                dots += 1;
            }
            b'/' if dots == 3 && digits > 0 && part < 256 && !slash => {
                addr = addr << 8 | part;
                (part, digits, slash) = (0, 0, true);
            }
            _ => return None,
        }
    }
    if digits == 0 || dots != 3 {
        return None;
    }
    match (slash, u8::try_from(part)) {
        (true, Ok(len @ 0..=32)) => Some((addr.into(), len)),
        (false, Ok(part)) => Some(((addr << 8 | u32::from(part)).into(), 32)),
        _ => None,
    }
}

fn range_text(
    a: &dyn fmt::Display,
    b: &dyn fmt::Display,
    one: bool,
    prefix: Option<u32>,
) -> String {
    match prefix {
        _ if one => a.to_string(),
        Some(n) => format!("{a}/{n}"),
        None => format!("{a}-{b}"),
    }
}

/// The prefix length of `lo..=hi` if it is exactly one prefix of a `bits`-wide address.
fn prefix_len(lo: u128, hi: u128, bits: u32) -> Option<u32> {
    let diff = lo ^ hi;
    let host = 128 - diff.leading_zeros();
    let mask = if host == 128 {
        u128::MAX
    } else {
        (1u128 << host) - 1
    };
    (diff == mask && lo & mask == 0 && host <= bits).then(|| bits - host)
}

impl fmt::Display for AddrSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return f.write_str("any");
        }
        if self.is_empty() {
            return f.write_str("none");
        }
        for (i, t) in self.texts().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            f.write_str(&t)?;
        }
        Ok(())
    }
}

impl fmt::Debug for AddrSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_prefixes_are_what_the_standard_library_reads() {
        let slow = |text: &str| {
            let (a, len) = text.split_once('/').unwrap_or((text, "32"));
            let plain = len == "0" || !len.starts_with(['0', '+']);
            let len = len.parse().ok().filter(|n| *n <= 32 && plain)?;
            Some((a.parse::<Ipv4Addr>().ok()?, len))
        };
        for t in [
            "10.1.2.3",
            "0.0.0.0/0",
            "255.255.255.255/32",
            "10.1.2.3/8",
            "01.2.3.4",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.4/33",
            "1.2.3.256",
            "1.2.3.4/",
            "1.2.3.4/8/8",
            "1.2.3.4/08",
            "1.2.3.4/+8",
            "1..3.4",
            "::1",
            "",
        ] {
            assert_eq!(v4_prefix(t), slow(t), "{t}");
        }
    }

    #[test]
    fn text_forms_round_trip() {
        for (t, want) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/255.255.255.0", "10.1.2.0/24"),
            ("10.0.0.1-10.0.0.4", "10.0.0.1-10.0.0.4"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("fe80::1/10", "fe80::/10"),
            ("2001:db8::1-2001:db8::2", "2001:db8::1-2001:db8::2"),
        ] {
            assert_eq!(
                AddrSet::parse(t).map(|s| s.to_string()).as_deref(),
                Some(want),
                "{t}"
            );
        }
        for t in [
            "",
            "10.0.0.0/33",
            "10.0.0.0/255.0.255.0",
            "x",
            "10.0.0.9-10.0.0.1",
            "10.0.0.1-::1",
            "::1/129",
        ] {
            assert_eq!(AddrSet::parse(t), None, "{t}");
        }
    }
}
