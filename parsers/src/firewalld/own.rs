//! What firewalld has: zones, policies, services, sets, direct rules, settings. Listings and XML become the same.

use super::shown::Shown;
use hylint_model::{Problem, Span};
use std::collections::BTreeMap;

/// A value with its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    /// Without quotes and entities.
    pub text: Box<str>,
    /// Where it stands.
    pub span: Span,
}

impl Word {
    /// A value of a place.
    pub(super) fn new(text: impl Into<Box<str>>, span: Span) -> Self {
        Self {
            text: text.into(),
            span,
        }
    }
}

/// A port or a range of ports and its protocol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PortOf {
    /// `443`, `8000-8100`; empty for a protocol alone.
    pub port: Word,
    /// `tcp`.
    pub protocol: Word,
}

/// A forwarded port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Forward {
    /// What is forwarded.
    pub from: PortOf,
    /// The port that it goes to, if it is another one.
    pub to_port: Option<Word>,
    /// The host that it goes to; this one if there is none.
    pub to_addr: Option<Word>,
}

/// What a rule of a zone or policy is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Element {
    /// The ports of a service.
    Service(Word),
    /// A port.
    Port(PortOf),
    /// A protocol.
    Protocol(Word),
    /// A port of the sender.
    SourcePort(PortOf),
    /// A port that goes elsewhere.
    ForwardPort(Forward),
    /// An ICMP type that is rejected.
    IcmpBlock(Word),
    /// An ICMP type.
    IcmpType(Word),
    /// The sender's address becomes that of the firewall.
    Masquerade,
    /// The segment size is limited.
    MssClamp,
}

/// One end of a rich rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct End {
    /// All but this.
    pub not: bool,
    /// What it is.
    pub kind: EndKind,
    /// The address, or the name of the set.
    pub word: Word,
}

/// What an end is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EndKind {
    /// An address or a network.
    Address,
    /// A hardware address.
    Mac,
    /// A set.
    IpSet,
}

/// What a rich rule does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Accept,
    Reject,
    Drop,
    /// Value and mask.
    Mark(Word),
}

/// A rich rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Rich {
    pub span: Span,
    pub family: Option<Word>,
    pub priority: i32,
    pub source: Option<End>,
    pub destination: Option<End>,
    pub element: Option<Element>,
    /// It logs, so often at most.
    pub log: Option<Option<Word>>,
    /// It tells the audit service, so often at most.
    pub audit: Option<Option<Word>>,
    pub act: Option<Act>,
    pub act_span: Span,
    /// The action is taken so often at most.
    pub limit: Option<Word>,
}

/// What a zone or a policy does with packets that none of its rules decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Target {
    /// A zone's: ICMP passes, the rest is rejected.
    #[default]
    Default,
    Accept,
    Reject,
    Drop,
    /// A policy's: what comes behind decides.
    Continue,
}

impl Target {
    /// The target of a name.
    pub(super) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "default" | "{chain}_{zone}" => Self::Default,
            "ACCEPT" => Self::Accept,
            "%%REJECT%%" | "REJECT" => Self::Reject,
            "DROP" => Self::Drop,
            "CONTINUE" => Self::Continue,
            _ => return None,
        })
    }
}

/// The rules of a zone or a policy.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Rules {
    pub items: Vec<(Element, Span)>,
    pub rich: Vec<Rich>,
    /// The named ICMP types are accepted, and all others are rejected.
    pub icmp_inversion: Option<Span>,
    /// What may be a rule and cannot be read.
    pub unread: Vec<Span>,
}

/// A zone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Zone {
    pub name: Box<str>,
    /// Its line, or its file.
    pub head: Span,
    /// All of it.
    pub span: Span,
    pub target: Target,
    /// Where the target stands, else the head.
    pub target_at: Span,
    pub interfaces: Vec<Word>,
    pub sources: Vec<Word>,
    pub forward: Option<Span>,
    /// The listing says whether it forwards among its own, which the first versions could not.
    pub says_forward: bool,
    pub ingress_priority: i32,
    pub egress_priority: i32,
    pub rules: Rules,
    /// It is marked as the default zone.
    pub is_default: bool,
    /// It is what firewalld ships, and no file has it.
    pub shipped: bool,
    /// The listing is of what is stored, and not of what runs.
    pub permanent: bool,
    /// The command whose output it is in.
    pub said: usize,
    /// A connection of NetworkManager puts an interface into it.
    pub by_connection: bool,
}

/// A policy.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Policy {
    pub name: Box<str>,
    pub head: Span,
    pub span: Span,
    pub priority: i32,
    pub target: Target,
    pub target_at: Span,
    pub ingress: Vec<Word>,
    pub egress: Vec<Word>,
    pub rules: Rules,
    pub disabled: bool,
    pub permanent: bool,
    /// The command whose output it is in.
    pub said: usize,
}

/// A service.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Service {
    pub ports: Vec<(Box<str>, Box<str>)>,
    pub source_ports: Vec<(Box<str>, Box<str>)>,
    pub protocols: Vec<Box<str>>,
    pub includes: Vec<Box<str>>,
    pub destinations: Vec<Box<str>>,
    /// Where it is defined; empty of one that firewalld ships.
    pub span: Span,
}

/// A set.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct IpSet {
    /// `hash:ip`.
    pub kind: Box<str>,
    pub v6: bool,
    pub entries: Vec<Word>,
    pub span: Span,
    /// Other programs or options fill it.
    pub open: bool,
}

/// A direct rule, chain or passthrough.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Direct {
    pub ipv: Box<str>,
    pub kind: DirectKind,
    /// The arguments of the tool.
    pub args: Box<str>,
    pub span: Span,
    /// It is stored; whether it runs is not said.
    pub permanent: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum DirectKind {
    Chain {
        table: Box<str>,
        chain: Box<str>,
    },
    Rule {
        table: Box<str>,
        chain: Box<str>,
        priority: i32,
    },
    Passthrough,
}

/// A connection of NetworkManager in a zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Connection {
    /// `None` if it is for any interface, or names one by its address.
    pub interface: Option<Word>,
    pub zone: Word,
}

/// Settings of firewalld.conf that decide packets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Conf {
    /// A file of settings is there.
    pub there: bool,
    pub default_zone: Option<Word>,
    pub iptables: Option<Span>,
    /// The settings name the nftables backend.
    pub nftables: bool,
    pub no_rpfilter: bool,
    pub no_rfc3964: bool,
    pub zone_drifting: Option<Span>,
    /// The settings switch zone drifting off.
    pub no_drifting: bool,
    pub strict_forward: Option<Span>,
}

/// Everything that the files of a host say.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub zones: Vec<Zone>,
    pub policies: Vec<Policy>,
    pub services: BTreeMap<Box<str>, Service>,
    pub ipsets: BTreeMap<Box<str>, IpSet>,
    pub direct: Vec<Direct>,
    pub conf: Conf,
    /// A listing of every zone is there.
    pub all_zones: bool,
    /// A listing of one zone is there, and none of the others.
    pub one_zone: Option<Span>,
    /// A listing of policies is there.
    pub all_policies: bool,
    /// A listing of direct rules is there.
    pub all_direct: bool,
    /// It is a listing, and not XML.
    pub listing: bool,
    /// The default zone as the text shows it that is being read.
    pub default_zone: Option<Word>,
    /// The default zone as each of the texts shows it.
    pub default_zones: Vec<Word>,
    /// Connections of NetworkManager are there.
    pub shows_connections: bool,
    /// Connections of NetworkManager that name a zone.
    pub connections: Vec<Connection>,
    /// Which outputs of direct rules are there.
    pub direct_shown: Shown,
    /// What `--get-active-zones` says is bound to which zone: interfaces and sources.
    pub bound: Vec<(Word, Vec<Word>, Vec<Word>)>,
    /// Zones that `--get-active-zones` names.
    pub active: Vec<Box<str>>,
    /// Two listings of one zone disagree, and nothing tells which is in force.
    pub contradicted: bool,
    /// The default zone is one that no file shows.
    pub hidden_default: Option<Span>,
    /// firewalld does not load a file, or refuses the whole configuration.
    pub broken: bool,
    /// A listing is cut off, or a line of it cannot be read.
    pub cut: bool,
    /// Panic mode is on.
    pub panic: Option<Span>,
    /// firewalld does not run.
    pub stopped: Option<Span>,
    /// The version that firewall-cmd names: its first two numbers.
    pub version: Option<(u32, u32)>,
    /// The kernel has no rules of nftables.
    pub no_rules: Option<Span>,
    /// A command that changed zones behind their listing.
    pub changed: Option<Span>,
    /// Commands whose outputs were read.
    pub commands: usize,
    pub problems: Vec<Problem>,
    /// Rules that the files hold.
    pub rules: usize,
}
