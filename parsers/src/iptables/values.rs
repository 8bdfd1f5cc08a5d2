//! Values of options: addresses, ports, numbers with masks.

use super::names;
use hylint_space::{AddrSet, PortSet, RangeSet, Scalar, TcpFlags};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address argument is.
#[derive(Debug, PartialEq)]
pub(super) enum Address {
    /// Addresses.
    Set(AddrSet),
    /// A host's or network's name, looked up when the rule was loaded.
    Name,
    /// An address with a mask of too many ranges.
    Wide,
    /// None of these.
    Bad,
}

/// The addresses of `address/mask`, whose mask may be no prefix; `None` of another text, and of a mask of too many ranges.
pub(crate) fn under_mask(text: &str) -> Option<AddrSet> {
    match one_address(text) {
        Address::Set(set) => Some(set),
        Address::Name | Address::Wide | Address::Bad => None,
    }
}

/// Most ranges that a discontiguous mask is expanded to.
const MASK_RANGES: u32 = 256;

/// Reads the argument of `-s`/`-d`: an address, a network with a prefix or mask, or a comma list of them.
pub(super) fn address(text: &str) -> Address {
    if !text.as_bytes().contains(&b',') {
        return one_address(text);
    }
    let mut all = AddrSet::empty();
    let mut v4 = Vec::new();
    let mut v6 = Vec::new();
    for part in text.split(',') {
        match one_address(part) {
            Address::Set(s) => {
                v4.extend(s.v4.iter());
                v6.extend(s.v6.iter());
            }
            other => return other,
        }
    }
    all.v4 = v4.into_iter().collect();
    all.v6 = v6.into_iter().collect();
    Address::Set(all)
}

fn one_address(text: &str) -> Address {
    if !text.contains('-')
        && let Some(s) = AddrSet::parse(text)
    {
        return Address::Set(s);
    }
    match masked(text) {
        Some(Some(s)) => return Address::Set(s),
        Some(None) => return Address::Wide,
        None => {}
    }
    let (host, mask) = match text.split_once('/') {
        Some((host, mask)) => (host, Some(mask)),
        None => (text, None),
    };
    if let Some(whole) = dotted(host) {
        return one_address(&match mask {
            Some(mask) => format!("{whole}/{mask}"),
            None => whole.to_string(),
        });
    }
    // A mask that looks at nothing makes iptables pass over the name, which may be `any`.
    if !host.is_empty() && matches!(mask, Some("0" | "0.0.0.0")) {
        return Address::Set(AddrSet::any());
    }
    let name = host
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        && host.bytes().any(|b| b.is_ascii_alphabetic());
    if name { Address::Name } else { Address::Bad }
}

/// An IPv4 address as libxtables reads it: zeros where parts are missing at its end (`10.1`), parts in any base. `None`
/// for one that is written out in full, too.
fn dotted(text: &str) -> Option<Ipv4Addr> {
    let mut parts = [0; 4];
    let mut given = text.split('.');
    for (place, part) in parts.iter_mut().zip(&mut given) {
        *place = u8::try_from(names::number(part)?).ok()?;
    }
    let whole = Ipv4Addr::from(parts);
    (given.next().is_none() && text.parse() != Ok(whole)).then_some(whole)
}

/// `address/mask` with a mask that is no prefix, exactly; `Some(None)` if that takes too many ranges.
fn masked(text: &str) -> Option<Option<AddrSet>> {
    let (a, m) = text.split_once('/')?;
    match a.parse().ok()? {
        IpAddr::V4(a) => {
            let m = m.parse::<Ipv4Addr>().ok()?;
            let (a, m) = (u32::from(a), u32::from(m));
            let fit = |n| u32::try_from(n).unwrap_or(u32::MAX);
            let ranges = mask_ranges(u128::from(a), u128::from(m), 32);
            Some(ranges.map(|r| AddrSet {
                v4: r.map(|(lo, hi)| (fit(lo), fit(hi))).collect(),
                v6: RangeSet::empty(),
            }))
        }
        IpAddr::V6(a) => {
            let m = m.parse::<Ipv6Addr>().ok()?;
            let ranges = mask_ranges(u128::from(a), u128::from(m), 128);
            Some(ranges.map(|r| AddrSet {
                v4: RangeSet::empty(),
                v6: r.collect(),
            }))
        }
    }
}

fn mask_ranges(a: u128, mask: u128, bits: u32) -> Option<impl Iterator<Item = (u128, u128)>> {
    let all = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
    let low = if mask == 0 {
        bits
    } else {
        mask.trailing_zeros()
    };
    let tail = 1u128.checked_shl(low).map_or(u128::MAX, |n| n - 1);
    let free = !mask & all & !tail;
    let count = 1u32.checked_shl(free.count_ones())?;
    if free.count_ones() > 31 || count > MASK_RANGES {
        return None;
    }
    Some((0..count).map(move |n| {
        let lo = (a & mask) | spread(n, free);
        (lo, lo | tail)
    }))
}

/// The low bits of `n` put at the places of the ones of `places`.
fn spread(mut n: u32, mut places: u128) -> u128 {
    let mut out = 0;
    while places != 0 {
        let bit = places & places.wrapping_neg();
        if n & 1 == 1 {
            out |= bit;
        }
        n >>= 1;
        places &= !bit;
    }
    out
}

/// One port or a range `a:b`, `a:`, `:b`, by number or service name. Old kernels took a range that ends before it begins;
/// no port is in it.
pub(super) fn port_range(text: &str) -> Option<(u16, u16)> {
    if let Some(p) = names::port(text) {
        return Some((p, p));
    }
    let (a, b) = text.split_once(':')?;
    let lo = if a.is_empty() { 0 } else { names::port(a)? };
    let hi = if b.is_empty() {
        u16::MAX
    } else {
        names::port(b)?
    };
    Some((lo, hi))
}

/// A comma list of ports and ranges.
pub(super) fn ports(text: &str) -> Option<PortSet> {
    if !text.as_bytes().contains(&b',') {
        return port_range(text).map(|(a, b)| PortSet::range(a, b));
    }
    text.split(',').map(port_range).collect()
}

/// A number or a range `a:b`, `a-b`, `a:`, `:b`, with the given separator.
pub(super) fn range<T: Scalar + TryFrom<u32>>(text: &str, separator: char) -> Option<RangeSet<T>> {
    let one = |s: &str| T::try_from(names::number(s)?).ok();
    if let Some((a, b)) = text.split_once(separator) {
        let lo = if a.is_empty() { T::MIN } else { one(a)? };
        let hi = if b.is_empty() { T::MAX } else { one(b)? };
        return (lo <= hi).then(|| RangeSet::range(lo, hi));
    }
    one(text).map(RangeSet::single)
}

/// `value[/mask]`; the mask is all ones if absent.
pub(super) fn masked_number(text: &str) -> Option<(u32, u32)> {
    match text.split_once('/') {
        Some((v, m)) => Some((names::number(v)?, names::number(m)?)),
        None => Some((names::number(text)?, u32::MAX)),
    }
}

/// A comma list of TCP flags.
pub(super) fn tcp_flags(text: &str) -> Option<TcpFlags> {
    text.split(',').try_fold(TcpFlags(0), |acc, name| {
        let flag = match name {
            "SYN" => TcpFlags::SYN,
            "ACK" => TcpFlags::ACK,
            "FIN" => TcpFlags::FIN,
            "RST" => TcpFlags::RST,
            other => TcpFlags::parse(other)?,
        };
        Some(TcpFlags(acc.0 | flag.0))
    })
}

/// A hardware address in lower case with colons.
pub(super) fn mac(text: &str) -> Option<Box<str>> {
    let ok = text.len() == 17
        && text.bytes().enumerate().all(|(i, b)| {
            if i % 3 == 2 {
                b == b':' || b == b'-'
            } else {
                b.is_ascii_hexdigit()
            }
        });
    ok.then(|| text.to_ascii_lowercase().replace('-', ":").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as iptables-restore 1.8.9 prints it after loading.
    #[test]
    fn addresses_that_are_not_written_in_full() {
        for (text, loaded) in [
            ("0/0", "0.0.0.0/0"),
            ("0/0.0.0.0", "0.0.0.0/0"),
            ("10/8", "10.0.0.0/8"),
            ("192.168/16", "192.168.0.0/16"),
            ("192.168/255.255.0.0", "192.168.0.0/16"),
            ("10.1.2/24", "10.1.2.0/24"),
            ("10.1", "10.1.0.0/32"),
            ("10", "10.0.0.0/32"),
            ("010.0.0.1", "8.0.0.1/32"),
            ("10.00.0.1", "10.0.0.1/32"),
        ] {
            let wanted = AddrSet::parse(loaded).map(Address::Set);
            assert_eq!(Some(address(text)), wanted, "{text}");
        }
        for text in ["any/0", "gone.example/0.0.0.0"] {
            assert_eq!(address(text), Address::Set(AddrSet::any()), "{text}");
        }
        for text in [
            "08.0.0.1",
            "10.0.0.1.",
            "10.0.0.0.1",
            "/0",
            "10.0.0.1/",
            ".1",
        ] {
            assert_eq!(address(text), Address::Bad, "{text}");
        }
    }

    #[test]
    fn masks_agree_with_the_bit_test() {
        let Address::Set(s) = address("192.168.4.1/255.255.252.255") else {
            panic!()
        };
        assert_eq!(s.v4.len(), 4);
        for n in 0..=u32::from(u16::MAX) {
            let a = 0xc0a8_0000 | n;
            assert_eq!(s.v4.contains(a), a & 0xffff_fcff == 0xc0a8_0401, "{a:x}");
        }
        let Address::Set(s) = address("10.0.1.0/255.0.255.0") else {
            panic!()
        };
        assert_eq!(s.v4.len(), 256);
        assert_eq!(address("10.0.1.0/255.0.127.0"), Address::Wide);
        assert_eq!(address("::5/::f"), Address::Wide);
        assert_eq!(address("<private_ip>"), Address::Bad);
        assert_eq!(address("10.0.0.300"), Address::Bad);
        assert_eq!(address("voip.example.com/32"), Address::Name);
        assert_eq!(address("a.example,10.0.0.1"), Address::Name);
    }
}
