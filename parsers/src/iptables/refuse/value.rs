//! What an option's argument may be: the readers of libxtables and its extensions (libxtables/xtoptions.c,
//! extensions/lib*.c of iptables 1.8.9), of which only the answer "taken or not" is wanted. Names that a machine's own
//! tables give (services, protocols, hosts, users) are taken for known.

pub(super) mod own;

use super::super::names;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What an argument has to be.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// There is none.
    None,
    /// A number in a range.
    Int(u64, u64),
    /// A number or `a:b`, at most so high.
    Ints(u64),
    /// The same, with the second not below the first.
    Rising(u64),
    /// A number from 0 to 1.
    Double,
    /// Text of a length in bytes.
    Text(usize, usize),
    /// A host.
    Host,
    /// A host or network.
    HostMask,
    /// The length of a prefix, or the mask that it stands for.
    Plen,
    /// The length of a prefix, or any mask.
    PlenMask,
    /// A protocol.
    Protocol,
    /// A port.
    Port,
    /// A port or `a:b`, looked up as getaddrinfo(3) does.
    Ports,
    /// The same of `-m tcp` and `-m sctp`, which look ports up themselves.
    OldPorts,
    /// A list of at most fifteen ports, beside `-p` with a protocol that has some.
    Multiport,
    /// `port[-port[/port]]` beside such a protocol.
    NatPorts,
    /// `address[-address][:port[-port]]`.
    NatTo,
    /// `value[/mask]`.
    Mark,
    /// A TOS byte by number or name.
    Tos,
    /// A level of syslog(3).
    Level,
    /// A hardware address.
    Mac,
    /// An interface.
    Interface,
    /// What a function takes; it is told whether the tool is one of IPv6.
    Test(fn(&str, bool) -> bool),
    /// Two arguments that a function takes.
    Two(fn(&str, &str) -> bool),
}

/// What is known beside the argument.
#[derive(Clone, Copy)]
pub(super) struct Beside {
    /// The tool is one of IPv6.
    pub(super) v6: bool,
    /// The protocol of a `-p` before the option, and whether it is negated.
    pub(super) proto: Option<(u8, bool)>,
}

impl Value {
    /// Whether the tools take an argument.
    pub(super) fn takes(self, text: &str, second: &str, beside: Beside) -> bool {
        let v6 = beside.v6;
        match self {
            Self::None => true,
            Self::Int(min, max) => int(text, min, max),
            Self::Ints(max) => ints(text, max),
            Self::Rising(max) => ints(text, max) && rises(text),
            Self::Double => text
                .trim_start()
                .parse::<f64>()
                .is_ok_and(|n| (0.0..=1.0).contains(&n)),
            Self::Text(min, max) => (min..=max).contains(&text.len()),
            Self::Host => host(text, v6),
            Self::HostMask => match text.split_once('/') {
                Some((h, mask)) => host(h, v6) && plen(mask, v6),
                None => host(text, v6),
            },
            Self::Plen => {
                int(text, 0, if v6 { 128 } else { 32 })
                    || (plen(text, v6) && (v6 || as_ipv4(text).is_some_and(is_prefix)))
            }
            Self::PlenMask => plen(text, v6),
            Self::Protocol => protocol(text).is_some(),
            Self::Port => is_looked_up_port(text),
            Self::Ports => looked_up_ports(text),
            Self::OldPorts => old_ports(text),
            Self::Multiport => multiport(text, beside.proto),
            Self::NatPorts => nat_ports(text, beside.proto),
            Self::NatTo => nat_to(text, beside),
            Self::Mark => mark(text),
            Self::Tos => tos(text),
            Self::Level => level(text),
            Self::Mac => mac(text),
            Self::Interface => text.len() < 16,
            Self::Test(test) => test(text, v6),
            Self::Two(test) => test(text, second),
        }
    }
}

/// `strtoul` with base 0: the number, and what stands behind its digits. A sign minus is no number.
pub(super) fn number(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\n']);
    let text = text.strip_prefix('+').unwrap_or(text);
    let bytes = text.as_bytes();
    let hex = matches!(bytes, [b'0', b'x' | b'X', d, ..] if d.is_ascii_hexdigit());
    let (start, radix) = match bytes {
        _ if hex => (2, 16),
        [b'0', ..] => (0, 8),
        _ => (0, 10),
    };
    let digits = text.get(start..)?;
    let len = digits.chars().take_while(|c| c.is_digit(radix)).count();
    let (digits, rest) = digits.split_at_checked(len)?;
    if digits.is_empty() {
        return None;
    }
    Some((u64::from_str_radix(digits, radix).ok()?, rest))
}

/// A whole number in a range.
pub(super) fn int(text: &str, min: u64, max: u64) -> bool {
    matches!(number(text), Some((n, "")) if (min..=max).contains(&n))
}

/// Two numbers at most, which need not rise; one that is left out is open.
fn ints(text: &str, max: u64) -> bool {
    text.split(':').count() <= 2 && text.split(':').all(|p| p.is_empty() || int(p, 0, max))
}

fn rises(text: &str) -> bool {
    let mut parts = text.split(':').map(|p| number(p).map(|(n, _)| n));
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(a), Some(b)) => a <= b,
        _ => true,
    }
}

fn as_ipv4(text: &str) -> Option<Ipv4Addr> {
    let number = || {
        number(text)
            .filter(|(_, rest)| rest.is_empty())
            .and_then(|(n, _)| u32::try_from(n).ok())
    };
    text.parse().ok().or_else(|| number().map(Ipv4Addr::from))
}

/// Whether a mask has all its ones before its zeros.
fn is_prefix(mask: Ipv4Addr) -> bool {
    let bits = u32::from(mask);
    bits.leading_ones() + bits.trailing_zeros() >= 32
}

/// An address, or a name that a resolver may know.
fn host(text: &str, v6: bool) -> bool {
    if v6 {
        return text.parse::<Ipv6Addr>().is_ok() || (is_name(text) && old_ipv4(text).is_none());
    }
    old_ipv4(text).is_some() || is_name(text)
}

/// An address as inet_aton(3) takes it.
fn old_ipv4(text: &str) -> Option<()> {
    let parts: Vec<&str> = text.split('.').collect();
    let last = parts.len().checked_sub(1).filter(|n| *n < 4)?;
    let fits = parts.iter().enumerate().all(|(i, p)| {
        let max = if i == last {
            u64::MAX >> (32 + 8 * last)
        } else {
            255
        };
        p.bytes().next().is_some_and(|b| b.is_ascii_digit()) && int(p, 0, max)
    });
    fits.then_some(())
}

/// Whether text may be a host's name: one of digits and dots is an address that is wrong.
pub(super) fn is_name(text: &str) -> bool {
    let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_') || b >= 128;
    !text.starts_with('-')
        && text.bytes().all(ok)
        && text.bytes().any(|b| b.is_ascii_alphabetic() || b >= 128)
}

fn plen(text: &str, v6: bool) -> bool {
    let max = if v6 { 128 } else { 32 };
    int(text, 0, max)
        || if v6 {
            text.parse::<Ipv6Addr>().is_ok()
        } else {
            old_ipv4(text).is_some()
        }
}

/// A protocol: `None` if it is none, `Some(None)` for a name that this reader does not know and a machine may.
pub(super) fn protocol(text: &str) -> Option<Option<u8>> {
    if int(text, 0, 255) {
        let (n, _) = number(text)?;
        return Some(u8::try_from(n).ok());
    }
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'+');
    if text.bytes().next().is_none_or(|b| !b.is_ascii_alphabetic()) || !text.bytes().all(letters) {
        return None;
    }
    let zero = ["all", "ip", "hopopt"]
        .iter()
        .any(|n| n.eq_ignore_ascii_case(text));
    Some(if zero { Some(0) } else { names::protocol(text) })
}

/// A port by number, or a name that a machine may know: 65536 then.
fn port(text: &str) -> Option<u32> {
    if let Some((n, "")) = number(text) {
        return u16::try_from(n).ok().map(u32::from);
    }
    service(text)
}

fn service(text: &str) -> Option<u32> {
    let name = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'.' | b'/'));
    name.then(|| names::port(text).map_or(65_536, u32::from))
}

/// As getaddrinfo(3) takes it: decimal, read into an `int` that must not be negative.
fn is_looked_up_port(text: &str) -> bool {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let n = if text.is_empty() {
            Ok(0)
        } else {
            text.parse::<u64>()
        }
        .unwrap_or(u64::MAX);
        return n & 0xffff_ffff < 1 << 31;
    }
    service(text).is_some()
}

/// Ports of which at most two are given; one that is left out is open, and they need not rise.
fn looked_up_ports(text: &str) -> bool {
    text.split(':').count() <= 2
        && text
            .split(':')
            .all(|p| p.is_empty() || is_looked_up_port(p))
}

/// A port or a range that does not fall; of names that nobody here knows nothing is said.
fn old_ports(text: &str) -> bool {
    let mut parts = text.split(':');
    let (Some(a), b, None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let side = |s: &str, open: u32| if s.is_empty() { Some(open) } else { port(s) };
    match b {
        None => port(a).is_some(),
        Some(b) => match (side(a, 0), side(b, 65_535)) {
            (Some(lo), Some(hi)) => lo <= hi || lo > 65_535,
            _ => false,
        },
    }
}

/// Whether a protocol has ports, as far as `-m multiport` and NAT are concerned.
fn with_ports(proto: Option<(u8, bool)>, negated: bool, also: u8) -> bool {
    proto.is_some_and(|(p, not)| (negated || !not) && (matches!(p, 6 | 17 | 33 | 132) || p == also))
}

fn multiport(text: &str, proto: Option<(u8, bool)>) -> bool {
    let mut count = 0;
    let one = |s: &str| port(s);
    let list = text.split(',').all(|part| match part.split_once(':') {
        None => {
            count += 1;
            one(part).is_some()
        }
        Some((a, b)) => {
            count += 2;
            matches!((one(a), one(b)), (Some(lo), Some(hi)) if lo < hi || lo > 65_535)
        }
    });
    list && count <= 15 && with_ports(proto, false, 136)
}

fn nat_ports(text: &str, proto: Option<(u8, bool)>) -> bool {
    // iptables looks at the number alone, so a negated protocol passes.
    if !with_ports(proto, true, 1) {
        return false;
    }
    let Some((low, rest)) = number(text).filter(|(n, _)| *n <= 65_535) else {
        return service(text).is_some();
    };
    let Some(rest) = rest.strip_prefix('-') else {
        return rest.is_empty();
    };
    let Some((high, rest)) = number(rest).filter(|(n, _)| (low..=65_535).contains(n)) else {
        return false;
    };
    match rest.strip_prefix('/') {
        None => rest.is_empty() && high >= low,
        Some(base) => int(base, 1, 65_535) || service(base).is_some(),
    }
}

fn nat_to(text: &str, beside: Beside) -> bool {
    let v6 = beside.v6;
    let (addresses, ports) = match text.split_once('[') {
        Some((_, rest)) => {
            let Some((inner, behind)) = rest.split_once(']') else {
                return false;
            };
            if !v6 {
                return false;
            }
            (inner, behind.split_once(':').map(|(_, p)| p))
        }
        None => match text.split_once(':') {
            Some((a, p)) if !p.contains(':') => (a, Some(p)),
            _ => (text, None),
        },
    };
    if ports.is_some_and(|p| !nat_ports(p, beside.proto)) {
        return false;
    }
    if ports.is_some() && addresses.is_empty() {
        return true;
    }
    let numeric = |s: &str| {
        if v6 {
            s.parse::<Ipv6Addr>().is_ok()
        } else {
            s.parse::<Ipv4Addr>().is_ok()
        }
    };
    match addresses.split_once('-') {
        Some((a, b)) => numeric(a) && numeric(b),
        None => numeric(addresses),
    }
}

fn mark(text: &str) -> bool {
    let max = u64::from(u32::MAX);
    let Some((_, rest)) = number(text).filter(|(n, _)| *n <= max) else {
        return false;
    };
    match rest.strip_prefix('/') {
        None => rest.is_empty(),
        Some(mask) => int(mask, 0, max),
    }
}

const TOS_NAMES: [&str; 5] = [
    "Minimize-Delay",
    "Maximize-Throughput",
    "Maximize-Reliability",
    "Minimize-Cost",
    "Normal-Service",
];

fn tos(text: &str) -> bool {
    match number(text).filter(|(n, _)| *n <= 255) {
        Some((_, rest)) => match rest.strip_prefix('/') {
            None => rest.is_empty(),
            Some(mask) => int(mask, 0, 255),
        },
        None => TOS_NAMES.iter().any(|n| n.eq_ignore_ascii_case(text)),
    }
}

const LEVELS: [&str; 9] = [
    "alert", "crit", "debug", "emerg", "error", "info", "notice", "panic", "warning",
];

fn level(text: &str) -> bool {
    int(text, 0, 7) || LEVELS.contains(&text)
}

fn mac(text: &str) -> bool {
    let parts = text.split(':');
    let ok = |p: &str| p.len() <= 2 && p.bytes().all(|b| b.is_ascii_hexdigit());
    // Published dumps mask addresses; the tools printed them whole.
    let masked = |p: &str| {
        p.len() == 2
            && p.bytes()
                .all(|b| b.is_ascii_hexdigit() || matches!(b, b'x' | b'X' | b'*'))
    };
    parts.clone().count() == 6 && (parts.clone().all(ok) || parts.clone().all(masked))
}
