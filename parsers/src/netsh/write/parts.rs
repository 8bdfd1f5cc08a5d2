//! From a rule's boxes back to the lists that netsh prints: the lists whose product the boxes are.
//!
//! The lists are collected without asking whether the boxes are their product; the reader's answer tells.

use super::form::Part;
use crate::windows::ports::{keyword_named, keyword_ports};
use crate::windows::stated::Direction;
use hylint_model::{Clause, Condition, Side, Test};
use hylint_space::{AddrSet, Family, PortSet, ProtoSet, proto};

/// The protocol line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::netsh) enum Protocol {
    Any,
    /// Any, with ports.
    AnyPorts,
    One(u8),
}

impl Protocol {
    pub(in crate::netsh) fn text(self) -> String {
        match self {
            Self::Any | Self::AnyPorts => "Any".to_owned(),
            Self::One(proto::TCP) => "TCP".to_owned(),
            Self::One(proto::UDP) => "UDP".to_owned(),
            Self::One(proto::ICMP) => "ICMPv4".to_owned(),
            Self::One(proto::ICMPV6) => "ICMPv6".to_owned(),
            Self::One(n) => n.to_string(),
        }
    }

    /// The family that an ICMP protocol implies.
    fn family(self) -> Option<Family> {
        match self {
            Self::One(proto::ICMP) => Some(Family::V4),
            Self::One(proto::ICMPV6) => Some(Family::V6),
            _ => None,
        }
    }
}

pub(in crate::netsh) fn protocol(clauses: &[Clause]) -> Part<Protocol> {
    let all = clauses
        .iter()
        .fold(ProtoSet::empty(), |all, c| all.union(&c.space.proto));
    if all.is_full() {
        return Ok(Protocol::Any);
    }
    match (all.first(), all.count()) {
        (Some(one), 1) => Ok(Protocol::One(one)),
        (Some(proto::TCP), 2) if all.last() == Some(proto::UDP) => Ok(Protocol::AnyPorts),
        _ => Err("a netsh rule names one protocol or all of them"),
    }
}

/// LocalIP and RemoteIP.
pub(in crate::netsh) fn addresses(
    clauses: &[Clause],
    direction: Direction,
) -> Part<(String, String)> {
    let family = protocol(clauses)?.family();
    let (local, remote) = match direction {
        Direction::In => (Side::Dst, Side::Src),
        Direction::Out => (Side::Src, Side::Dst),
    };
    Ok((
        address_list(clauses, local, family)?,
        address_list(clauses, remote, family)?,
    ))
}

fn address_list(clauses: &[Clause], side: Side, family: Option<Family>) -> Part<String> {
    let mut literal = AddrSet::empty();
    let mut words: Vec<String> = Vec::new();
    for clause in clauses {
        let set = match side {
            Side::Src => &clause.space.src,
            Side::Dst => &clause.space.dst,
        };
        let named = clause.conditions.iter().find_map(|c| keyword(c, side));
        match named {
            None => literal = literal.union(set),
            Some(key) => {
                let word = key
                    .strip_prefix("windows:")
                    .ok_or("netsh has no keyword for a set of addresses that it rests on")?;
                if !words.iter().any(|w| w == word) {
                    words.push(word.to_owned());
                }
            }
        }
    }
    let any = family.map_or_else(AddrSet::any, AddrSet::any_of);
    if literal == any {
        words.insert(0, "Any".to_owned());
    } else {
        words.splice(0..0, literal.texts().map(with_prefix));
    }
    match (words.is_empty(), family) {
        (false, _) => Ok(words.join(",")),
        // Addresses of the other family only: an ICMP rule that matches nothing.
        (true, Some(Family::V4)) => Ok("::/0".to_owned()),
        (true, Some(Family::V6)) => Ok("0.0.0.0/0".to_owned()),
        (true, None) => Err("it matches no address"),
    }
}

fn keyword(c: &Condition, wanted: Side) -> Option<&str> {
    match &c.test {
        Test::Named { key, side } if *side == wanted => Some(key),
        _ => None,
    }
}

/// netsh prints one address as a prefix of full length.
fn with_prefix(text: String) -> String {
    match (text.contains(['/', '-']), text.contains(':')) {
        (true, _) => text,
        (false, true) => text + "/128",
        (false, false) => text + "/32",
    }
}

/// Rows of the table under an ICMP protocol; none for other protocols.
pub(super) fn icmp(clauses: &[Clause], protocol: Protocol) -> Part<Vec<(String, String)>> {
    if protocol.family().is_none() {
        return Ok(Vec::new());
    }
    let mut rows = vec![("Type".to_owned(), "Code".to_owned())];
    for clause in clauses {
        for kind in values(&clause.space.sport)? {
            for code in values(&clause.space.dport)? {
                let row = (kind.clone(), code);
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
    }
    Ok(rows)
}

/// `Any`, or each type or code of a set.
fn values(set: &PortSet) -> Part<Vec<String>> {
    if set.is_full() {
        return Ok(vec!["Any".to_owned()]);
    }
    if set.last().is_some_and(|n| n > u16::from(u8::MAX)) {
        return Err("ICMP types and codes end at 255");
    }
    let each = set.iter().flat_map(|(lo, hi)| lo..=hi);
    Ok(each.map(|n| n.to_string()).collect())
}

/// LocalPort and RemotePort, if the rule has these lines.
pub(in crate::netsh) fn ports(
    clauses: &[Clause],
    direction: Direction,
    protocol: Protocol,
) -> Part<Option<(String, String)>> {
    match protocol {
        Protocol::Any => return Ok(None),
        Protocol::One(p) if !proto::has_ports(p) => return Ok(None),
        Protocol::One(_) | Protocol::AnyPorts => {}
    }
    let (mut local, mut remote) = (PortList::default(), PortList::default());
    for clause in clauses {
        let (l, r) = match direction {
            Direction::In => (&clause.space.dport, &clause.space.sport),
            Direction::Out => (&clause.space.sport, &clause.space.dport),
        };
        let (mut lword, mut rword) = (None, None);
        for c in clause
            .conditions
            .iter()
            .filter(|c| c.test == Test::SystemPort)
        {
            let word =
                keyword_named(c).ok_or("netsh has no keyword for a port that it rests on")?;
            // The condition does not say whose port it is; the ports of its box do.
            let own = |set: &PortSet| keyword_ports(word).as_ref() == Some(set);
            match (own(l) && lword.is_none(), own(r) && rword.is_none()) {
                (true, _) => lword = Some(word),
                (_, true) => rword = Some(word),
                _ => return Err("a port keyword stands for other ports"),
            }
        }
        local.add(l, lword);
        remote.add(r, rword);
    }
    Ok(Some((local.text()?, remote.text()?)))
}

/// A port list as it is collected.
#[derive(Default)]
struct PortList {
    literal: PortSet,
    words: Vec<&'static str>,
}

impl PortList {
    fn add(&mut self, set: &PortSet, word: Option<&'static str>) {
        match word {
            None => self.literal = self.literal.union(set),
            Some(word) if !self.words.contains(&word) => self.words.push(word),
            Some(_) => {}
        }
    }

    fn text(&self) -> Part<String> {
        let mut out: Vec<String> = Vec::new();
        if self.literal.is_full() {
            out.push("Any".to_owned());
        } else {
            out.extend(self.literal.iter().map(|(lo, hi)| match lo == hi {
                true => lo.to_string(),
                false => format!("{lo}-{hi}"),
            }));
        }
        out.extend(self.words.iter().map(|w| (*w).to_owned()));
        match out.is_empty() {
            true => Err("it matches no port"),
            false => Ok(out.join(",")),
        }
    }
}
