//! Constants by the type of what they are compared with.

use super::super::syntax::{BinaryOp, Expr, ExprKind};
use super::field::Field;
use super::names;
use crate::iptables::names as common;
use hylint_space::{
    AddrSet, Family, FlagSet, IfaceExt, IfaceSet, PortSet, ProtoSet, RangeSet, Scalar, StateSet,
    TcpFlags, iface_name,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Values of one dimension of packets.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Within {
    /// Addresses.
    Addrs(AddrSet),
    /// Ports, or ICMP types or codes.
    Ports(PortSet),
    /// Protocols.
    Protocols(ProtoSet),
    /// IPv4, IPv6.
    Families(bool, bool),
    /// Interfaces.
    Interfaces(IfaceSet),
    /// TCP flags.
    Flags(FlagSet),
    /// States.
    States(StateSet),
    /// Numbers of a header field or of a user.
    Numbers(RangeSet<u32>),
}

impl Within {
    /// What is in either.
    pub(super) fn add(&mut self, other: Self) {
        match (self, other) {
            (Self::Addrs(a), Self::Addrs(b)) => *a = a.union(&b),
            (Self::Ports(a), Self::Ports(b)) => *a = a.union(&b),
            (Self::Protocols(a), Self::Protocols(b)) => *a = a.union(&b),
            (Self::Families(a, b), Self::Families(c, d)) => (*a, *b) = (*a || c, *b || d),
            (Self::Interfaces(a), Self::Interfaces(b)) => *a = a.union(&b),
            (Self::Flags(a), Self::Flags(b)) => a.0 |= b.0,
            (Self::States(a), Self::States(b)) => *a = a.union(b),
            (Self::Numbers(a), Self::Numbers(b)) => *a = a.union(&b),
            _ => {}
        }
    }

    /// What is not.
    pub(super) fn complement(self) -> Self {
        match self {
            Self::Addrs(a) => Self::Addrs(a.complement()),
            Self::Ports(p) => Self::Ports(p.complement()),
            Self::Protocols(p) => Self::Protocols(p.complement()),
            Self::Families(a, b) => Self::Families(!a, !b),
            Self::Interfaces(i) => Self::Interfaces(i.complement()),
            Self::Flags(f) => Self::Flags(f.complement()),
            Self::States(s) => Self::States(s.complement()),
            Self::Numbers(n) => Self::Numbers(n.complement()),
        }
    }
}

/// Why a constant gives no values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unread {
    /// A name that another system knows: of a host, a service, a user.
    Name,
    /// No constant of the type, or an expression.
    Other,
    /// What nft refuses: a number or a prefix that is too large, a range whose end is before its beginning, an address of the
    /// other family, a name with signs that no name has.
    Refused,
}

/// Whether a word that is no value of a type is a number that the type cannot have, or no word at all.
fn is_refused(text: &str, most: u32) -> bool {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(digits) = hex.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())) {
        return u32::from_str_radix(digits, 16).map_or(true, |n| n > most);
    }
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'));
    if begins && text.parse::<f64>().is_ok() {
        let whole = text.bytes().all(|b| b.is_ascii_digit());
        return !whole || text.parse::<u32>().map_or(true, |n| n > most);
    }
    text.is_empty()
}

/// Why a word is no number of a type that has no names of the machine.
fn no_number(text: &str, most: u32) -> Unread {
    match is_refused(text, most) {
        true => Unread::Refused,
        false => Unread::Other,
    }
}

/// The same where the machine may know the name.
fn no_name(text: &str, most: u32) -> Unread {
    match is_refused(text, most) || !text.bytes().all(|b| b.is_ascii_graphic()) {
        true => Unread::Refused,
        false => Unread::Name,
    }
}

type Result<T> = std::result::Result<T, Unread>;

/// The values that a constant stands for; `None` of a field that is no dimension and no number.
pub(super) fn within(field: &Field, value: &Expr<'_>) -> Option<Result<Within>> {
    Some(match field {
        Field::Addr(_, family) | Field::ConnAddr(_, _, family) => {
            addresses(value, *family).map(Within::Addrs)
        }
        Field::Port(_) | Field::ConnPort(..) => {
            let name = |t: &str| {
                common::port(t)
                    .or_else(|| names::service(t))
                    .ok_or_else(|| no_name(t, u16::MAX.into()))
            };
            ranges(value, &name).map(Within::Ports)
        }
        Field::IcmpType(v6) => {
            let number = |t: &str| names::icmp_type(t, *v6).map(u16::from);
            let name = |t: &str| number(t).ok_or_else(|| no_number(t, u8::MAX.into()));
            ranges(value, &name).map(Within::Ports)
        }
        Field::IcmpCode(v6) => {
            let number = |t: &str| names::icmp_code(t, *v6).map(u16::from);
            let name = |t: &str| number(t).ok_or_else(|| no_number(t, u8::MAX.into()));
            ranges(value, &name).map(Within::Ports)
        }
        Field::Protocol => {
            let name = |t: &str| common::protocol(t).ok_or_else(|| no_name(t, u8::MAX.into()));
            ranges(value, &name).map(Within::Protocols)
        }
        Field::Family | Field::EtherType => families(value),
        Field::Interface(_) => interfaces(value).map(Within::Interfaces),
        // The loopback interface is the only one of its kind; which ones are of another, the machine knows.
        Field::InterfaceType(_) => match value.symbol() {
            Some("loopback" | "772") => Ok(Within::Interfaces(IfaceSet::single(iface_name("lo")))),
            _ => Err(Unread::Other),
        },
        // That of `meta length` has 32 bits, more than a packet is long.
        Field::Length => numbers::<u16>(value, |_| None, u32::MAX),
        Field::Ttl => numbers::<u8>(value, |_| None, u8::MAX.into()),
        Field::Dscp => numbers::<u8>(value, common::dscp_class, 63),
        Field::Uid | Field::Gid => {
            let name = |t: &str| match t {
                "root" => Ok(0),
                t if is_refused(t, u32::MAX) => Err(Unread::Refused),
                t => common::number(t).ok_or(Unread::Name),
            };
            ranges(value, &name).map(Within::Numbers)
        }
        _ => return None,
    })
}

fn numbers<T: Scalar + TryFrom<u32> + Into<u32>>(
    value: &Expr<'_>,
    named: fn(&str) -> Option<T>,
    most: u32,
) -> Result<Within> {
    let name = |t: &str| {
        let number = || common::number(t).filter(|n| *n <= most);
        let read = named(t).or_else(|| T::try_from(number()?).ok());
        read.ok_or_else(|| no_number(t, most))
    };
    let set = ranges(value, &name)?;
    let wide = set.iter().map(|(a, b)| (a.into(), b.into()));
    Ok(Within::Numbers(wide.collect()))
}

/// A constant, a range of constants, or all of them (`*`).
fn ranges<T: Scalar>(value: &Expr<'_>, name: &impl Fn(&str) -> Result<T>) -> Result<RangeSet<T>> {
    match &value.kind {
        ExprKind::Range(ends) => {
            let end = |e: &Expr<'_>| e.symbol().ok_or(Unread::Other).and_then(name);
            let (low, high) = (end(&ends.0)?, end(&ends.1)?);
            if low > high {
                return Err(Unread::Refused);
            }
            Ok(RangeSet::range(low, high))
        }
        ExprKind::Wildcard => Ok(RangeSet::full()),
        ExprKind::List(parts) => {
            let mut all = RangeSet::empty();
            for part in parts {
                all = all.union(&ranges(part, name)?);
            }
            Ok(all)
        }
        _ => name(value.symbol().ok_or(Unread::Other)?).map(RangeSet::single),
    }
}

/// Addresses of a family.
pub(super) fn addresses(value: &Expr<'_>, family: Family) -> Result<AddrSet> {
    match &value.kind {
        ExprKind::Prefix { addr, len } => {
            let set = AddrSet::cidr(address(addr, family)?, *len);
            set.ok_or(Unread::Refused)
        }
        ExprKind::Range(ends) => {
            let end = |e: &Expr<'_>| address(e.symbol().ok_or(Unread::Other)?, family);
            let (low, high) = (end(&ends.0)?, end(&ends.1)?);
            if low > high {
                return Err(Unread::Refused);
            }
            Ok(AddrSet::range(low, high))
        }
        ExprKind::Wildcard => Ok(AddrSet::any_of(family)),
        _ => address(value.symbol().ok_or(Unread::Other)?, family).map(AddrSet::host),
    }
}

fn address(text: &str, family: Family) -> Result<IpAddr> {
    let read = match family {
        Family::V4 => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Family::V6 => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
    };
    if let Some(read) = read {
        return Ok(read);
    }
    if text == "localhost" {
        return Ok(match family {
            Family::V4 => Ipv4Addr::LOCALHOST.into(),
            Family::V6 => Ipv6Addr::LOCALHOST.into(),
        });
    }
    // A number is an address as well (`ip saddr 0`).
    if let (Family::V4, Some(n)) = (family, common::number(text)) {
        return Ok(Ipv4Addr::from(n).into());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let other = text.parse::<IpAddr>().is_ok();
    let name = !other && text.bytes().all(plain) && text.bytes().any(|b| b.is_ascii_alphabetic());
    Err(match () {
        () if name => Unread::Name,
        () if text.contains('%') || !other && is_classic(text) => Unread::Other,
        () => Unread::Refused,
    })
}

/// An address as inet_aton(3) takes it: up to four numbers, in any of its bases.
fn is_classic(text: &str) -> bool {
    let count = text.split('.').count();
    let fits = |(i, part): (usize, &str)| {
        let most = if count < 4 && i + 1 == count {
            u32::MAX
        } else {
            u8::MAX.into()
        };
        part.starts_with(|c: char| c.is_ascii_digit()) && !is_refused(part, most)
    };
    count <= 4 && text.split('.').enumerate().all(fits)
}

fn families(value: &Expr<'_>) -> Result<Within> {
    let (v4, v6) = match value.symbol().ok_or(Unread::Other)? {
        "ipv4" | "ip" | "2" | "4" | "0x0800" | "0x800" | "2048" => (true, false),
        "ipv6" | "ip6" | "10" | "6" | "0x86dd" | "0x86DD" => (false, true),
        text if common::number(text).is_some() => (false, false),
        "arp" | "vlan" | "8021q" | "8021ad" => (false, false),
        _ => return Err(Unread::Other),
    };
    Ok(Within::Families(v4, v6))
}

/// Interfaces by name; the number 1 is the loopback interface of any host.
fn interfaces(value: &Expr<'_>) -> Result<IfaceSet> {
    match &value.kind {
        ExprKind::Symbol(text) if text.bytes().all(|b| b.is_ascii_digit()) => match &**text {
            "1" => Ok(IfaceSet::single(iface_name("lo"))),
            _ => Err(Unread::Name),
        },
        ExprKind::Wildcard => Ok(IfaceSet::full()),
        // `IFNAMSIZ`, with the zero at the end.
        _ => match value.symbol().ok_or(Unread::Other)? {
            name if name.len() > 15 => Err(Unread::Refused),
            name => Ok(interface(name)),
        },
    }
}

/// An interface name, of which a `*` at the end stands for any rest (`\*` for the character).
pub(super) fn interface(name: &str) -> IfaceSet {
    match name.strip_suffix('*') {
        Some(escaped) if escaped.ends_with('\\') => {
            let plain = escaped.strip_suffix('\\').unwrap_or(escaped);
            IfaceSet::single(iface_name(&format!("{plain}*")))
        }
        Some(prefix) => IfaceSet::iface(&format!("{prefix}+")),
        None => IfaceSet::single(iface_name(name)),
    }
}

/// Combinations of the six classic flags that are exactly these bits. ECE and CWR are 0 in packets of a flow.
pub(super) fn exactly(bits: u8) -> FlagSet {
    if bits > TcpFlags::ALL.0 {
        return FlagSet(0);
    }
    FlagSet::exactly(TcpFlags(bits))
}

/// A state; several joined by `|` or a comma are all of them.
pub(super) fn states(value: &Expr<'_>) -> Option<StateSet> {
    let none = StateSet(0);
    match &value.kind {
        ExprKind::Binary(b) if b.op == BinaryOp::Or => {
            Some(states(&b.left)?.union(states(&b.right)?))
        }
        ExprKind::List(parts) => parts
            .iter()
            .try_fold(none, |all, p| Some(all.union(states(p)?))),
        _ => Some(match value.symbol()? {
            "new" => StateSet::NEW,
            "established" => StateSet::ESTABLISHED,
            "related" => StateSet::RELATED,
            "invalid" => StateSet::INVALID,
            "untracked" => StateSet::UNTRACKED,
            number => {
                // The bits of `NF_CT_STATE_BIT` (include/uapi/linux/netfilter/nf_conntrack_common.h).
                const BITS: [(u32, StateSet); 5] = [
                    (1, StateSet::INVALID),
                    (2, StateSet::ESTABLISHED),
                    (4, StateSet::RELATED),
                    (8, StateSet::NEW),
                    (64, StateSet::UNTRACKED),
                ];
                let bits = common::number(number)?;
                BITS.into_iter()
                    .filter(|(bit, _)| bits & bit != 0)
                    .fold(none, |all, (_, s)| all.union(s))
            }
        }),
    }
}
