//! From a rule's boxes and conditions back to the lists and fields that Windows has for them: the lists whose product the boxes are.
//!
//! The lists are collected without asking whether the boxes are their product; the reader's answer tells.

use super::ports::{keyword_named, keyword_ports};
use super::stated::Direction;
use hylint_model::{Action, Clause, Condition, ConditionKind, Profiles, Rule, Side, Test};
use hylint_space::{AddrSet, Family, PortSet, ProtoSet, proto};

/// Why a rule or a part of it cannot be written.
pub(crate) type Part<T> = std::result::Result<T, &'static str>;

/// The verbose fields of a rule, from the conditions of its clauses.
#[derive(Default)]
pub(crate) struct VerboseFields<'a> {
    /// Its verbose fields were not printed.
    pub(crate) brief: bool,
    pub(crate) program: Option<&'a str>,
    pub(crate) service: Option<&'a str>,
    pub(crate) security: Option<&'a str>,
    pub(crate) interfaces: Option<&'a str>,
    pub(crate) peers: Option<&'a str>,
    /// A rule source that is a policy's name.
    pub(crate) policy: Option<&'a str>,
}

impl<'a> VerboseFields<'a> {
    pub(crate) fn of(rule: &'a Rule) -> Part<Self> {
        let mut fields = Self::default();
        for condition in rule.conditions() {
            fields.add(condition)?;
        }
        Ok(fields)
    }

    fn add(&mut self, c: &'a Condition) -> Part<()> {
        if c.negated {
            return Err("Windows cannot negate a condition");
        }
        match &c.test {
            Test::Unprinted => self.brief = true,
            Test::Program(program) => self.program = Some(program),
            Test::Service(name) => self.service = Some(if &**name == "*" { "Any" } else { name }),
            Test::IpSec => {
                let word = c.text.strip_prefix("IPsec security ");
                self.security = word.or(self.security);
            }
            // Package: told by the rule's name alone. The others stand in address and port lists.
            Test::Package { .. } | Test::Named { .. } | Test::SystemPort => {}
            Test::InterfaceTypes { .. } => {
                let interfaces = c.text.strip_prefix("interface type ");
                self.interfaces = interfaces.or(self.interfaces);
            }
            Test::PolicySource => {
                let name = c.text.strip_prefix("rule source `");
                self.policy = name.and_then(|n| n.strip_suffix("` is a Group Policy"));
            }
            Test::Opaque if c.kind == ConditionKind::Peer => {
                let interfaces = c.text.strip_prefix("interface type ");
                let peers = c.text.strip_prefix("authorized ");
                if interfaces.or(peers).is_none() {
                    return Err("it rests on a condition that Windows does not have");
                }
                self.interfaces = interfaces.or(self.interfaces);
                self.peers = peers.or(self.peers);
            }
            Test::Opaque => return Err("a part of it was not understood when it was read"),
            _ => return Err("it rests on a condition that Windows does not have"),
        }
        Ok(())
    }
}

pub(crate) fn action(rule: &Rule) -> Part<&'static str> {
    match rule.action {
        Action::Allow => Ok("Allow"),
        Action::Deny => Ok("Block"),
        Action::Bypass => Ok("Bypass"),
        _ => Err("Windows allows, blocks or bypasses"),
    }
}

pub(crate) fn profile_names(profiles: Profiles) -> Part<String> {
    let names = [
        (Profiles::DOMAIN, "Domain"),
        (Profiles::PRIVATE, "Private"),
        (Profiles::PUBLIC, "Public"),
    ];
    let named: Vec<_> = names
        .iter()
        .filter(|(p, _)| profiles.intersects(*p))
        .map(|(_, n)| *n)
        .collect();
    match named.is_empty() {
        true => Err("it acts in no profile"),
        false => Ok(named.join(",")),
    }
}

/// The protocol line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Any,
    /// Any, with ports.
    AnyPorts,
    One(u8),
}

impl Protocol {
    pub(crate) fn text(self) -> String {
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

pub(crate) fn protocol(clauses: &[Clause]) -> Part<Protocol> {
    let all = clauses
        .iter()
        .fold(ProtoSet::empty(), |all, c| all.union(&c.space.proto));
    if all.is_full() {
        return Ok(Protocol::Any);
    }
    match (all.first(), all.count()) {
        (Some(one), 1) => Ok(Protocol::One(one)),
        (Some(proto::TCP), 2) if all.last() == Some(proto::UDP) => Ok(Protocol::AnyPorts),
        _ => Err("a rule of Windows names one protocol or all of them"),
    }
}

/// LocalIP and RemoteIP.
pub(crate) fn addresses(clauses: &[Clause], direction: Direction) -> Part<(String, String)> {
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
                    .ok_or("Windows has no keyword for a set of addresses that it rests on")?;
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
pub(crate) fn icmp(clauses: &[Clause], protocol: Protocol) -> Part<Vec<(String, String)>> {
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
pub(crate) fn ports(
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
                keyword_named(c).ok_or("Windows has no keyword for a port that it rests on")?;
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
