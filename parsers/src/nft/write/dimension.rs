//! Dimensions of packets: their keys and values.

use super::form::{either, quoted, ranges};
use super::states;
use hylint_space::{
    AddrSet, Family, FlagSet, IfaceSet, PacketBox, ProtoSet, TcpFlags, iface_name, proto,
};

/// A dimension that a set may be looked up by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dim {
    In,
    Out,
    Src,
    Dst,
    Proto,
    Sport,
    Dport,
    State,
}

/// Those that sets hold, in the order in which rules have them.
pub(super) const DIMS: [Dim; 8] = [
    Dim::In,
    Dim::Out,
    Dim::Src,
    Dim::Dst,
    Dim::Proto,
    Dim::Sport,
    Dim::Dport,
    Dim::State,
];

/// What a port of a packet is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Header {
    /// Of a protocol: `tcp`, `udp`, `icmp` …
    Named(&'static str, u8),
    /// Of any protocol that has ports.
    Any,
    /// Nothing that nft names.
    None,
}

/// The header of which a box's ports are.
pub(super) fn header(protocols: &ProtoSet) -> Header {
    match protocols.only() {
        Some(proto::TCP) => Header::Named("tcp", proto::TCP),
        Some(proto::UDP) => Header::Named("udp", proto::UDP),
        Some(proto::SCTP) => Header::Named("sctp", proto::SCTP),
        Some(proto::DCCP) => Header::Named("dccp", proto::DCCP),
        Some(proto::UDPLITE) => Header::Named("udplite", proto::UDPLITE),
        Some(proto::ICMP) => Header::Named("icmp", proto::ICMP),
        Some(proto::ICMPV6) => Header::Named("icmpv6", proto::ICMPV6),
        _ if protocols.is_subset(&proto::with_ports()) => Header::Any,
        _ => Header::None,
    }
}

/// A box of which the addresses are of one family, or any.
#[derive(Clone, Debug)]
pub(super) struct OfFamily {
    /// The family, where the box is of one and the table is not.
    pub said: Option<Family>,
    /// The family of its addresses; `None` if they are any.
    pub family: Option<Family>,
    /// The box.
    pub space: PacketBox,
}

/// The parts of a box that are of one family each: nft compares addresses of one.
pub(super) fn families(space: &PacketBox, table: Option<Family>) -> Vec<OfFamily> {
    let mut space = space.clone();
    if let Some(f) = table {
        space.src = space.src.only(f);
        space.dst = space.dst.only(f);
    }
    let space = space.paired();
    if table.is_none() && space.src.is_any() && space.dst.is_any() {
        return vec![OfFamily {
            said: None,
            family: None,
            space,
        }];
    }
    let each = Family::BOTH
        .into_iter()
        .filter(|f| space.src.has(*f) && space.dst.has(*f));
    each.map(|f| {
        let mut part = space.clone();
        part.src = space.src.only(f);
        part.dst = space.dst.only(f);
        OfFamily {
            said: if table.is_none() { Some(f) } else { None },
            family: Some(f),
            space: part,
        }
    })
    .collect()
}

fn protocol_name(p: u8) -> String {
    match p {
        proto::TCP => "tcp".into(),
        proto::UDP => "udp".into(),
        proto::SCTP => "sctp".into(),
        proto::DCCP => "dccp".into(),
        proto::ICMP => "icmp".into(),
        proto::ICMPV6 => "ipv6-icmp".into(),
        n => n.to_string(),
    }
}

impl OfFamily {
    /// The words that name a dimension; `None` if nft has none.
    pub(super) fn key(&self, dim: Dim) -> Option<String> {
        let addr = |end: &str| {
            let ip = match self.family? {
                Family::V4 => "ip",
                Family::V6 => "ip6",
            };
            Some(format!("{ip} {end}"))
        };
        let port = |port: &str, icmp: &str| match header(&self.space.proto) {
            Header::Named(name, p) if proto::is_icmp(p) => Some(format!("{name} {icmp}")),
            Header::Named(name, _) => Some(format!("{name} {port}")),
            Header::Any => Some(format!("th {port}")),
            Header::None => None,
        };
        match dim {
            Dim::In => Some("iifname".into()),
            Dim::Out => Some("oifname".into()),
            Dim::Src => addr("saddr"),
            Dim::Dst => addr("daddr"),
            Dim::Proto => Some("meta l4proto".into()),
            Dim::Sport => port("sport", "type"),
            Dim::Dport => port("dport", "code"),
            Dim::State => Some("ct state".into()),
        }
    }

    /// The values of a dimension as elements of a set; `None` if nft cannot say them.
    pub(super) fn values(&self, dim: Dim) -> Option<Vec<String>> {
        let b = &self.space;
        let found = match dim {
            Dim::In => interfaces(&b.in_iface)?,
            Dim::Out => interfaces(&b.out_iface)?,
            Dim::Src => addresses(&b.src),
            Dim::Dst => addresses(&b.dst),
            Dim::Proto => protocols(&b.proto),
            Dim::Sport => ranges(&b.sport),
            Dim::Dport => ranges(&b.dport),
            Dim::State => states::names(b.state)?,
        };
        (!found.is_empty()).then_some(found)
    }

    /// The matches of the dimensions but for those that are looked up together; `None` if nft cannot say one.
    pub(super) fn matches(&self, but: &[Dim]) -> Option<Vec<String>> {
        let b = &self.space;
        let mut out = Vec::new();
        let on = |dim: Dim| !but.contains(&dim);
        for (dim, key, set) in [
            (Dim::In, "iifname", &b.in_iface),
            (Dim::Out, "oifname", &b.out_iface),
        ] {
            if on(dim) && !set.is_full() {
                let (of, opposite) = (interfaces(set), interfaces(&set.complement()));
                if of.is_none() && opposite.is_none() {
                    return None;
                }
                out.push(either(
                    key,
                    &of.unwrap_or_default(),
                    &opposite.unwrap_or_default(),
                ));
            }
        }
        self.addresses(&mut out, &on)?;
        self.protocol(&mut out, &on)?;
        if on(Dim::State) {
            out.extend(states::matches(b.state)?);
        }
        Some(out)
    }

    fn addresses(&self, out: &mut Vec<String>, on: &impl Fn(Dim) -> bool) -> Option<()> {
        let Some(family) = self.family else {
            return Some(());
        };
        let all = AddrSet::any_of(family);
        let mut said = !on(Dim::Src) || !on(Dim::Dst);
        for (dim, set) in [(Dim::Src, &self.space.src), (Dim::Dst, &self.space.dst)] {
            if on(dim) && *set != all {
                let opposite = all.subtract(set);
                out.push(either(
                    &self.key(dim)?,
                    &addresses(set),
                    &addresses(&opposite),
                ));
                said = true;
            }
        }
        // The header of a protocol that only the family has says it as well, where a type or a code is asked for.
        let icmp = match (header(&self.space.proto), family) {
            (Header::Named(_, p), Family::V4) => p == proto::ICMP,
            (Header::Named(_, p), Family::V6) => p == proto::ICMPV6,
            _ => false,
        };
        said |= icmp && !(self.space.sport.is_full() && self.space.dport.is_full());
        if self.said.is_some() && !said {
            let word = match family {
                Family::V4 => "ipv4",
                Family::V6 => "ipv6",
            };
            out.push(format!("meta nfproto {word}"));
        }
        Some(())
    }

    fn protocol(&self, out: &mut Vec<String>, on: &impl Fn(Dim) -> bool) -> Option<()> {
        let b = &self.space;
        let mut more = Vec::new();
        for (dim, set) in [(Dim::Sport, &b.sport), (Dim::Dport, &b.dport)] {
            if on(dim) && !set.is_full() {
                more.push(either(
                    &self.key(dim)?,
                    &ranges(set),
                    &ranges(&set.complement()),
                ));
            }
        }
        let ported = !more.is_empty() || !on(Dim::Sport) || !on(Dim::Dport);
        if b.flags != FlagSet::FULL {
            if b.proto.only() != Some(proto::TCP) {
                return None;
            }
            more.extend(flags(b.flags));
        }
        let implied = match header(&b.proto) {
            Header::Named(..) => ported || !more.is_empty(),
            Header::Any => ported && b.proto == proto::with_ports(),
            Header::None => false,
        };
        if on(Dim::Proto) && !implied && !b.proto.is_full() {
            out.push(either(
                "meta l4proto",
                &protocols(&b.proto),
                &protocols(&b.proto.complement()),
            ));
        }
        out.append(&mut more);
        Some(())
    }
}

fn protocols(set: &ProtoSet) -> Vec<String> {
    let text = |(lo, hi): (u8, u8)| {
        if lo == hi {
            protocol_name(lo)
        } else {
            format!("{lo}-{hi}")
        }
    };
    set.iter().map(text).collect()
}

/// Networks, hosts and ranges.
fn addresses(set: &AddrSet) -> Vec<String> {
    set.texts()
        .map(|t| host(&t).map_or(t.clone(), str::to_owned))
        .collect()
}

/// The address of a network that is one host.
pub(super) fn host(text: &str) -> Option<&str> {
    text.strip_suffix(if text.contains(':') { "/128" } else { "/32" })
}

/// Names and beginnings of names; `None` if the set is of anything else.
fn interfaces(set: &IfaceSet) -> Option<Vec<String>> {
    set.iter().map(|(lo, hi)| interface(lo, hi)).collect()
}

fn interface(lo: u128, hi: u128) -> Option<String> {
    use hylint_space::IfaceExt;
    let bytes = lo.to_be_bytes();
    let name: Vec<u8> = bytes.iter().copied().take_while(|b| *b != 0).collect();
    let mut name = String::from_utf8(name).ok()?;
    if name.is_empty() || name.contains(['*', '\\']) {
        return None;
    }
    if lo == hi {
        return (iface_name(&name) == lo).then(|| quoted(&name))?;
    }
    if IfaceSet::iface(&format!("{name}+")) != IfaceSet::range(lo, hi) {
        return None;
    }
    name.push('*');
    quoted(&name)
}

/// TCP flags. A set that is neither one pattern nor the opposite of one is what several forbidden patterns leave.
fn flags(set: FlagSet) -> Vec<String> {
    let patterns = || {
        (0u8..64).flat_map(|mask| {
            (0u8..64)
                .filter(move |v| v & !mask == 0)
                .map(move |v| (mask, v))
        })
    };
    let of = |(mask, value): (u8, u8)| FlagSet::masked(TcpFlags(mask), TcpFlags(value));
    if let Some(p) = patterns().find(|p| of(*p) == set) {
        return vec![pattern("==", p)];
    }
    let mut left = set.complement().0;
    let mut out = Vec::new();
    while left != 0 {
        let best = patterns()
            .filter(|p| of(*p).0 & set.0 == 0 && of(*p).0 & left != 0)
            .max_by_key(|p| (of(*p).0 & left).count_ones());
        let Some(p) = best else { break };
        left &= !of(p).0;
        out.push(pattern("!=", p));
    }
    out
}

fn pattern(op: &str, (mask, value): (u8, u8)) -> String {
    let (mask, value) = (flag_names(mask), flag_names(value));
    let grouped = |names: &[&str]| match names {
        [] => "0x0".to_owned(),
        [one] => (*one).to_owned(),
        many => format!("({})", many.join(" | ")),
    };
    let plain = |names: &[&str]| match names {
        [] => "0x0".to_owned(),
        many => many.join(" | "),
    };
    format!("tcp flags & {} {op} {}", grouped(&mask), plain(&value))
}

fn flag_names(bits: u8) -> Vec<&'static str> {
    const NAMES: [(&str, TcpFlags); 6] = [
        ("fin", TcpFlags::FIN),
        ("syn", TcpFlags::SYN),
        ("rst", TcpFlags::RST),
        ("psh", TcpFlags::PSH),
        ("ack", TcpFlags::ACK),
        ("urg", TcpFlags::URG),
    ];
    NAMES
        .iter()
        .filter(|(_, f)| bits & f.0 != 0)
        .map(|(n, _)| *n)
        .collect()
}
