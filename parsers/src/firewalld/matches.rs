//! What a rule of a zone or a policy matches, in the words of nftables.

use super::catalog;
use super::own::{Element, End, EndKind, IpSet, Own, PortOf, Service, Word};
use hylint_model::{Condition, ConditionKind, Field, Side, Span, Test};
use hylint_space::{AddrSet, Family};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A part of a rule: what it matches, and what must hold beside that.
#[derive(Clone, Debug, Default)]
pub(super) struct Match {
    pub text: String,
    pub conditions: Vec<Condition>,
}

impl Match {
    /// A match of a text alone.
    pub(super) fn of(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            conditions: Vec::new(),
        }
    }

    /// Both of two.
    pub(super) fn and(mut self, other: &Self) -> Self {
        if !other.text.is_empty() {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(&other.text);
        }
        self.conditions.extend(other.conditions.iter().cloned());
        self
    }
}

/// A network of a text, which may have a mask and host bits.
pub(super) fn network(text: &str) -> Option<(Family, String)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most: u8 = if address.is_ipv4() { 32 } else { 128 };
    let len = match prefix {
        None => most,
        Some(p) => match (p.parse::<u8>(), p.parse::<std::net::Ipv4Addr>()) {
            (Ok(n), _) if n <= most => n,
            (_, Ok(mask)) if address.is_ipv4() => {
                let bits = u32::from(mask);
                let len = bits.leading_ones();
                if bits.checked_shl(len).unwrap_or(0) != 0 {
                    return None;
                }
                u8::try_from(len).ok()?
            }
            _ => return None,
        },
    };
    let set = AddrSet::cidr(address, len)?;
    let family = if address.is_ipv4() {
        Family::V4
    } else {
        Family::V6
    };
    let (first, _) = set.prefixes().into_iter().next()?;
    let text = match len == most {
        true => first.to_string(),
        false => format!("{first}/{len}"),
    };
    Some((family, text))
}

/// The word of a family in matches of addresses.
pub(super) const fn ip(family: Family) -> &'static str {
    match family {
        Family::V4 => "ip",
        Family::V6 => "ip6",
    }
}

/// A hardware address.
pub(super) fn mac(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(':').collect();
    let hex = |p: &&str| p.len() == 2 && p.chars().all(|c| c.is_ascii_hexdigit());
    (parts.len() == 6 && parts.iter().all(hex)).then(|| text.to_ascii_lowercase())
}

/// What a rule may match, by what the files of the host define.
pub(super) struct Matches<'o> {
    own: &'o Own,
    /// Sets that rules name, as nftables takes them.
    pub used: BTreeSet<Box<str>>,
}

impl<'o> Matches<'o> {
    /// By the files of a host.
    pub(super) fn new(own: &'o Own) -> Self {
        Self {
            own,
            used: BTreeSet::new(),
        }
    }

    /// A source or a destination as a zone names it: an address, a hardware address or `ipset:` with a name.
    ///
    /// # Errors
    /// It is none of these.
    pub(super) fn end(
        &mut self,
        word: &Word,
        side: Side,
        not: bool,
    ) -> Result<(Match, Option<Family>), String> {
        let field = match side {
            Side::Src => "saddr",
            Side::Dst => "daddr",
        };
        let is = if not { "!= " } else { "" };
        if let Some(name) = word.text.strip_prefix("ipset:") {
            return Ok(self.set(name, side, not, word.span));
        }
        if let Some(mac) = mac(&word.text) {
            return Ok((Match::of(format!("ether {field} {is}{mac}")), None));
        }
        let (family, text) =
            network(&word.text).ok_or_else(|| format!("invalid address `{}`", word.text))?;
        let text = format!("{} {field} {is}{text}", ip(family));
        Ok((Match::of(text), Some(family)))
    }

    /// An end of a rich rule.
    ///
    /// # Errors
    /// It is no address.
    pub(super) fn rich_end(
        &mut self,
        end: &End,
        side: Side,
    ) -> Result<(Match, Option<Family>), String> {
        match end.kind {
            EndKind::IpSet => Ok(self.set(&end.word.text, side, end.not, end.word.span)),
            EndKind::Address | EndKind::Mac => self.end(&end.word, side, end.not),
        }
    }

    fn set(&mut self, name: &str, side: Side, not: bool, span: Span) -> (Match, Option<Family>) {
        let known = self.own.ipsets.get(name).filter(|s| !s.open);
        let lookup = known.and_then(|s| Some((lookup(s, side)?, family(s))));
        if let Some((fields, family)) = lookup
            && is_name(name)
        {
            self.used.insert(name.into());
            let is = if not { "!= " } else { "" };
            return (Match::of(format!("{fields} {is}@{name}")), family);
        }
        let test = Test::Named {
            key: format!("ipset:{name}").into(),
            side,
        };
        let ends = match side {
            Side::Src => "source",
            Side::Dst => "destination",
        };
        let text = format!("{ends} in set {name}");
        let condition = Condition::new(ConditionKind::Peer, test, span, text).negate(not);
        let m = Match {
            text: String::new(),
            conditions: vec![condition],
        };
        (m, None)
    }

    /// What an element matches; each is a match of its own. `side` is the way of its ports.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn element(&self, element: &Element) -> Result<Vec<Match>, String> {
        match element {
            Element::Service(name) => self.service(name),
            Element::Port(p) => Ok(vec![port(p, "dport")?]),
            Element::SourcePort(p) => Ok(vec![port(p, "sport")?]),
            Element::Protocol(p) => Ok(vec![protocol(&p.text)?]),
            Element::IcmpBlock(name) | Element::IcmpType(name) => icmp(&name.text),
            Element::ForwardPort(f) => Ok(vec![port(&f.from, "dport")?]),
            Element::Masquerade | Element::MssClamp => Ok(vec![Match::default()]),
        }
    }

    /// A service, and those that it includes.
    fn service(&self, name: &Word) -> Result<Vec<Match>, String> {
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<Box<str>> = vec![name.text.clone()];
        while let Some(service) = open.pop() {
            if !seen.insert(service.clone()) {
                continue;
            }
            let Some(found) = self.find(&service) else {
                out.push(unknown(&service, name.span));
                continue;
            };
            open.extend(found.includes.iter().cloned());
            out.extend(ports_of(&found)?);
        }
        Ok(out)
    }

    /// A service of a name: the host's own goes before what firewalld ships.
    fn find(&self, name: &str) -> Option<Service> {
        let own = self.own.services.get(name).cloned();
        own.or_else(|| catalog::service(name))
    }

    /// The names of services that nothing defines, of those that an element names.
    pub(super) fn missing(&self, element: &Element) -> Vec<Box<str>> {
        let Element::Service(name) = element else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<Box<str>> = vec![name.text.clone()];
        while let Some(service) = open.pop() {
            if !seen.insert(service.clone()) {
                continue;
            }
            match self.find(&service) {
                Some(found) => open.extend(found.includes.iter().cloned()),
                None => out.push(service),
            }
        }
        out
    }
}

/// What a service opens whose ports nothing tells.
fn unknown(name: &str, span: Span) -> Match {
    let text = format!("ports of service {name}");
    let condition = Condition::new(ConditionKind::Unknown, Test::Opaque, span, text);
    Match {
        text: String::new(),
        conditions: vec![condition],
    }
}

fn ports_of(service: &Service) -> Result<Vec<Match>, String> {
    let mut each = Vec::new();
    for (pairs, side) in [(&service.ports, "dport"), (&service.source_ports, "sport")] {
        for (number, protocol) in pairs {
            let of = PortOf {
                port: Word::new(number.clone(), Span::default()),
                protocol: Word::new(protocol.clone(), Span::default()),
            };
            each.push(port(&of, side)?);
        }
    }
    for p in &service.protocols {
        each.push(protocol(p)?);
    }
    if service.destinations.is_empty() {
        return Ok(each);
    }
    let mut out = Vec::new();
    for destination in &service.destinations {
        let (family, text) =
            network(destination).ok_or_else(|| format!("invalid address `{destination}`"))?;
        let to = Match::of(format!("{} daddr {text}", ip(family)));
        out.extend(each.iter().map(|m| to.clone().and(m)));
    }
    Ok(out)
}

/// A port of a protocol.
pub(super) fn port(p: &PortOf, side: &str) -> Result<Match, String> {
    let protocol_of = &*p.protocol.text;
    if p.port.text.is_empty() {
        return protocol(protocol_of);
    }
    let name = protocol_of.to_ascii_lowercase();
    if !matches!(&*name, "tcp" | "udp" | "sctp" | "dccp") {
        return Err(format!("protocol `{protocol_of}` has no ports"));
    }
    let ports = ports(&p.port.text).ok_or_else(|| format!("invalid port `{}`", p.port.text))?;
    Ok(Match::of(format!("{name} {side} {ports}")))
}

/// A port or a range of ports, by number or by the name of a service in /etc/services that is as old as the Internet.
pub(super) fn ports(text: &str) -> Option<String> {
    let number = |t: &str| t.trim().parse::<u16>().ok();
    if let Some(n) = number(text) {
        return Some(n.to_string());
    }
    let (low, high) = text.split_once('-')?;
    let (low, high) = (number(low)?, number(high)?);
    match low.cmp(&high) {
        std::cmp::Ordering::Less => Some(format!("{low}-{high}")),
        std::cmp::Ordering::Equal => Some(low.to_string()),
        std::cmp::Ordering::Greater => None,
    }
}

/// A protocol.
pub(super) fn protocol(text: &str) -> Result<Match, String> {
    let number = catalog::protocol(text).ok_or_else(|| format!("unknown protocol `{text}`"))?;
    Ok(Match::of(format!("meta l4proto {number}")))
}

/// The types of ICMP of a name, in each family that has it.
fn icmp(name: &str) -> Result<Vec<Match>, String> {
    let types = catalog::icmp(name).ok_or_else(|| format!("unknown ICMP type `{name}`"))?;
    let words = ["icmp", "icmpv6"];
    let each = words.into_iter().zip(types);
    Ok(each
        .filter_map(|(word, t)| {
            let (kind, code) = t?;
            Some(Match::of(match code {
                Some(code) => format!("{word} type {kind} {word} code {code}"),
                None => format!("{word} type {kind}"),
            }))
        })
        .collect())
}

/// Whether nftables takes a name as it is.
pub(super) fn is_name(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|c| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The family of a set's addresses.
fn family(set: &IpSet) -> Option<Family> {
    let addresses = set.kind.contains("ip") || set.kind.contains("net");
    addresses.then_some(if set.v6 { Family::V6 } else { Family::V4 })
}

/// The fields of a packet that are looked up in a set.
fn lookup(set: &IpSet, side: Side) -> Option<String> {
    let (_, dimensions) = set.kind.split_once(':')?;
    let ip = if set.v6 { "ip6" } else { "ip" };
    let (address, port, interface) = match side {
        Side::Src => ("saddr", "sport", "oifname"),
        Side::Dst => ("daddr", "dport", "iifname"),
    };
    let mut fields = Vec::new();
    for d in dimensions.split(',') {
        fields.push(match d {
            "ip" | "net" => format!("{ip} {address}"),
            "port" => format!("meta l4proto . th {port}"),
            "mac" => format!("ether {address}"),
            "mark" => "meta mark".to_owned(),
            "iface" => interface.to_owned(),
            _ => return None,
        });
    }
    Some(fields.join(" . "))
}

/// The type of a set, as nftables names it.
pub(super) fn kind(set: &IpSet) -> Option<String> {
    let (_, dimensions) = set.kind.split_once(':')?;
    let mut fields = Vec::new();
    for d in dimensions.split(',') {
        fields.push(match d {
            "ip" | "net" if set.v6 => "ipv6_addr",
            "ip" | "net" => "ipv4_addr",
            "port" => "inet_proto . inet_service",
            "mac" => "ether_addr",
            "mark" => "mark",
            "iface" => "ifname",
            _ => return None,
        });
    }
    Some(fields.join(" . "))
}

/// A member of a set, as nftables writes it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn member(set: &IpSet, entry: &str) -> Result<String, String> {
    let wrong = || format!("invalid entry `{entry}` of a set of type {}", set.kind);
    let (_, dimensions) = set.kind.split_once(':').ok_or_else(wrong)?;
    let dimensions: Vec<&str> = dimensions.split(',').collect();
    let values: Vec<&str> = entry.split(',').map(str::trim).collect();
    if dimensions.len() != values.len() {
        return Err(wrong());
    }
    let mut out = Vec::new();
    for (d, value) in dimensions.into_iter().zip(values) {
        out.push(match d {
            "ip" | "net" => addresses(value).ok_or_else(wrong)?,
            "port" => {
                let (protocol, port) = value.split_once(':').unwrap_or(("tcp", value));
                let number = catalog::protocol(protocol).ok_or_else(wrong)?;
                format!("{number} . {}", ports(port).ok_or_else(wrong)?)
            }
            "mac" => mac(value).ok_or_else(wrong)?,
            "mark" => value.parse::<u32>().map_err(|_| wrong())?.to_string(),
            "iface" if is_name(value) => format!("\"{value}\""),
            _ => return Err(wrong()),
        });
    }
    Ok(out.join(" . "))
}

/// An address, a network or a range.
fn addresses(value: &str) -> Option<String> {
    if let Some((_, text)) = network(value) {
        return Some(text);
    }
    let (low, high) = value.split_once('-')?;
    let (low, high): (IpAddr, IpAddr) = (low.parse().ok()?, high.parse().ok()?);
    (low.is_ipv4() == high.is_ipv4() && low <= high).then(|| format!("{low}-{high}"))
}

/// The places of an element's parts.
pub(super) fn fields(element: &Element) -> Vec<(Field, Span)> {
    let port = |p: &PortOf, field| vec![(field, p.port.span), (Field::Protocol, p.protocol.span)];
    match element {
        Element::Service(w) => vec![(Field::DestinationPort, w.span)],
        Element::Port(p) => port(p, Field::DestinationPort),
        Element::SourcePort(p) => port(p, Field::SourcePort),
        Element::ForwardPort(f) => port(&f.from, Field::DestinationPort),
        Element::Protocol(w) => vec![(Field::Protocol, w.span)],
        Element::IcmpBlock(w) | Element::IcmpType(w) => vec![(Field::Icmp, w.span)],
        Element::Masquerade | Element::MssClamp => Vec::new(),
    }
}

/// An element in the words of firewall-cmd.
pub(super) fn words(element: &Element) -> String {
    let port = |p: &PortOf| match p.port.text.is_empty() {
        true => p.protocol.text.to_string(),
        false => format!("{}/{}", p.port.text, p.protocol.text),
    };
    match element {
        Element::Service(w) => format!("service {}", w.text),
        Element::Port(p) => format!("port {}", port(p)),
        Element::SourcePort(p) => format!("source port {}", port(p)),
        Element::ForwardPort(f) => format!("forward port {}", port(&f.from)),
        Element::Protocol(w) => format!("protocol {}", w.text),
        Element::IcmpBlock(w) => format!("icmp-block {}", w.text),
        Element::IcmpType(w) => format!("icmp-type {}", w.text),
        Element::Masquerade => "masquerade".into(),
        Element::MssClamp => "tcp-mss-clamp".into(),
    }
}
