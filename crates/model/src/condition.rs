//! What a format can say and packets alone cannot decide.

use super::set::{NamedSetId, PacketField};
use crate::Span;
use hylint_space::{AddrSet, PortSet, RangeSet};
use std::borrow::Cow;

/// What an undecided condition means for a finding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ConditionKind {
    /// Which process may use the port: program, service, app package, owner.
    Local,
    /// Who may reach it: an unresolved set, tag, prefix list or keyword, IPsec, user, MAC address.
    Peer,
    /// How much or when: limit, recent, hashlimit, connlimit, statistic, quota, time. Drawn anew for each rule.
    Rate,
    /// A match that is not modelled.
    Unknown,
}

impl Test {
    /// Whether the test is modelled, though packets alone do not decide it: a judgement does by the host's addresses or the
    /// path, no packet of a flow has what is asked for, or it asks for values of a header field that rules split among them.
    #[must_use]
    pub fn is_modelled(&self) -> bool {
        matches!(
            self,
            Self::AddrType { .. }
                | Self::Set { .. }
                | Self::PktType(_)
                | Self::Mark { .. }
                | Self::ConnMark { .. }
                | Self::Connection(_)
                | Self::Fragment
                | Self::ExtensionHeader
                | Self::ReversePath
                | Self::Ttl(_)
                | Self::Length(_)
                | Self::Dscp(_)
                | Self::Earlier
        )
    }
}

impl Condition {
    /// How the text of a condition begins that asks whether a port proxy of Windows takes the packet from the host's programs.
    pub const PROXY: &'static str = "port prox";

    /// What of a rule the export does not print, where that is what it depends on: `interface`.
    #[must_use]
    pub fn unprinted(&self) -> Option<&str> {
        self.text
            .split_once(" is not printed")
            .map(|(what, _)| what)
    }

    /// Whether it asks that.
    #[must_use]
    pub fn is_proxy(&self) -> bool {
        self.test == Test::Opaque && self.text.starts_with(Self::PROXY)
    }
}

impl ConditionKind {
    /// The lower-case name used in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Peer => "peer",
            Self::Rate => "rate",
            Self::Unknown => "unknown",
        }
    }
}

/// An end of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Side {
    /// The source.
    Src,
    /// The destination.
    Dst,
}

/// Address types of the routing table (`addrtype` match), as a bit set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AddrTypes(pub u16);

impl AddrTypes {
    /// Names in the order of their bits; iptables-extensions(8), addrtype.
    pub const NAMES: [&'static str; 12] = [
        "UNSPEC",
        "UNICAST",
        "LOCAL",
        "BROADCAST",
        "ANYCAST",
        "MULTICAST",
        "BLACKHOLE",
        "UNREACHABLE",
        "PROHIBIT",
        "THROW",
        "NAT",
        "XRESOLVE",
    ];

    /// Reads one type name in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .position(|n| n.eq_ignore_ascii_case(name))
            .map(|i| Self(1 << i))
    }

    /// Whether the set has the named type.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        Self::parse(name).is_some_and(|t| self.0 & t.0 != 0)
    }
}

/// A condition in a form that the engine can decide when it knows more than the packet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Test {
    /// The address is in a set that the file names and does not define. The key is the one of `[resolve]`:
    /// `aws:sg-0a1b`, `aws:pl-0a1b`, `azure:VirtualNetwork`, `azure:asg/name`, `windows:LocalSubnet`, `ipset:name`.
    Named {
        /// The key of `[resolve]`.
        key: Box<str>,
        /// Which address is looked up.
        side: Side,
    },
    /// The packet's fields are a member of a set of the same netfilter: the set's first field is looked up in the first of
    /// these, and so on.
    Set {
        /// The set.
        set: NamedSetId,
        /// A field of the packet for each field of the set.
        fields: Box<[PacketField]>,
    },
    /// An ipset looked up by several of the packet's fields, in the order of the set's dimensions.
    IpSet {
        /// The set's name.
        name: Box<str>,
        /// One side per dimension.
        sides: Vec<Side>,
    },
    /// The source hardware address, lower case with colons.
    Mac(Box<str>),
    /// The sending process's user id.
    Uid(RangeSet<u32>),
    /// The sending process's group id.
    Gid(RangeSet<u32>),
    /// `(packet mark & mask) == value`.
    Mark {
        /// Wanted value.
        value: u32,
        /// Bits looked at.
        mask: u32,
    },
    /// `(connection mark & mask) == value`.
    ConnMark {
        /// Wanted value.
        value: u32,
        /// Bits looked at.
        mask: u32,
    },
    /// The routing table's type of an address.
    AddrType {
        /// Which address.
        side: Side,
        /// The types that match.
        types: AddrTypes,
        /// An address has one type in IPv6, too (nft's `fib`), where iptables asks for several.
        single: bool,
    },
    /// Link-layer packet type: `unicast`, `broadcast` or `multicast`.
    PktType(Box<str>),
    /// Whole packet's length in bytes.
    Length(RangeSet<u16>),
    /// TTL or hop limit.
    Ttl(RangeSet<u8>),
    /// DSCP value, 0–63.
    Dscp(RangeSet<u8>),
    /// A fragment that is not the first.
    Fragment,
    /// The program that listens or connects, as the export names it (Windows path, or `System`).
    Program(Box<str>),
    /// The Windows service's short name.
    Service(Box<str>),
    /// The processes of an app package, which no server is.
    Package {
        /// The export says which package.
        named: bool,
    },
    /// The export does not print the fields that may narrow the rule (a *brief* netsh export).
    Unprinted,
    /// The system service that owns the port keyword assigns the port at run time (`IPHTTPS`, `Teredo` …).
    SystemPort,
    /// Windows interface types of which one must be the packet's; whether wired ones are among them. Servers are wired.
    InterfaceTypes {
        /// `LAN` is among them.
        wired: bool,
    },
    /// The rule is one of Group Policy, which only matters where policy disables all others. Its printed source is no word
    /// for either, so it may be a policy's name.
    PolicySource,
    /// Authentication or encryption by IPsec.
    IpSec,
    /// What connection tracking knows of the packet's connection.
    Connection(Box<ConnTest>),
    /// The route back to the source leads out of the interface that the packet came in by.
    ReversePath,
    /// An IPv6 extension header that plain packets do not carry.
    ExtensionHeader,
    /// Anything else that may hold for one rule and not for the next, as what it looks at changes on a packet's way; only
    /// the text tells.
    Passing,
    /// Rules that the export does not show come first: the rule decides if none of them does.
    Earlier,
    /// How much, how often or when: whether it holds of a sender that has sent nothing before; `None` if that does not tell.
    Rate(Option<bool>),
    /// Anything else; only the text tells.
    Opaque,
}

/// A question about a connection (iptables-extensions(8), conntrack).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ConnTest {
    /// An address of the connection's first packet as it was sent, or of the replies as they will be sent.
    Addr {
        /// Of the replies.
        reply: bool,
        /// Which address.
        side: Side,
        /// Those that match.
        set: AddrSet,
    },
    /// The same for ports.
    Port {
        /// Of the replies.
        reply: bool,
        /// Which port.
        side: Side,
        /// Those that match.
        set: PortSet,
    },
    /// The packet goes the way of the first one, or of the replies to it.
    Way {
        /// Of the replies.
        reply: bool,
    },
    /// A status that no connection has before its first packet has passed (`SEEN_REPLY`, `ASSURED`, `CONFIRMED`) or that
    /// none has that a packet of state NEW starts (`EXPECTED`).
    Later,
}

/// What stands before a place in a text.
const PLACE: &str = "at byte ";

/// One condition of a clause.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Condition {
    /// What it means for a finding when it stays undecided.
    pub kind: ConditionKind,
    /// What is tested, without the negation.
    pub test: Test,
    /// True if the test must fail.
    pub negated: bool,
    /// Its text in the export.
    pub span: Span,
    /// The test in words, without the negation. Equal texts are the same variable along a path unless the kind is
    /// [`ConditionKind::Rate`].
    pub text: Box<str>,
}

impl Condition {
    /// A condition that is not negated.
    pub fn new(kind: ConditionKind, test: Test, span: Span, text: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            test,
            negated: false,
            span,
            text: text.into(),
        }
    }

    /// The same with the given negation.
    #[must_use]
    pub fn negate(mut self, negated: bool) -> Self {
        self.negated = negated;
        self
    }

    /// The text without a place in the file. Some texts have one, so that two of them are not one variable.
    #[must_use]
    pub fn without_place(&self) -> Cow<'_, str> {
        match self.text.split_once(PLACE) {
            Some((before, after)) => {
                let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
                Cow::Owned(match (before.strip_suffix('('), rest.strip_prefix(')')) {
                    (Some(before), Some(rest)) => format!("{}{rest}", before.trim_end()),
                    _ => format!("{before}{rest}"),
                })
            }
            None => Cow::Borrowed(&self.text),
        }
    }

    /// For people: the text, with `not` before it when negated.
    #[must_use]
    pub fn describe(&self) -> String {
        if self.negated {
            format!("not {}", self.text)
        } else {
            self.text.to_string()
        }
    }

    /// Whether it asks for machines of the own network: members of a group, the virtual network. Whoever they are, they are
    /// not anyone on the Internet. Prefix lists, service tags and ipsets may hold any address.
    #[must_use]
    pub fn within_own_network(&self) -> bool {
        !self.negated && self.names_own_network()
    }

    /// Whether it names machines of the own network, negated or not.
    #[must_use]
    pub fn names_own_network(&self) -> bool {
        let Test::Named { key, .. } = &self.test else {
            return false;
        };
        names_group(key) || &**key == "azure:VirtualNetwork"
    }
}

/// Whether a key stands for the members of a security group or an application security group.
#[must_use]
pub fn names_group(key: &str) -> bool {
    key.starts_with("azure:asg/") || key.starts_with("aws:") && !key.starts_with("aws:pl-")
}
