//! One firewall: where packets are decided.

use super::netfilter::Netfilter;
use super::rule::{Profiles, Rule};
use crate::Span;
use hylint_space::Family;

/// What kind of firewall a point is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum PointKind {
    /// Windows Defender Firewall of one host.
    WindowsFirewall,
    /// netfilter of one host or router.
    Netfilter,
    /// AWS security group.
    SecurityGroup,
    /// AWS network ACL.
    NetworkAcl,
    /// Azure network security group.
    Nsg,
}

impl PointKind {
    /// The name used in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WindowsFirewall => "windows-firewall",
            Self::Netfilter => "netfilter",
            Self::SecurityGroup => "security-group",
            Self::NetworkAcl => "network-acl",
            Self::Nsg => "network-security-group",
        }
    }

    /// Whether the point guards one host by its nature: its export is the host's own.
    #[must_use]
    pub fn is_host(self) -> bool {
        matches!(self, Self::WindowsFirewall | Self::Netfilter)
    }
}

/// How a list's rules combine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Discipline {
    /// The first rule that matches decides, in file order (netfilter chains).
    FirstMatch,
    /// The rule with the lowest priority that matches decides; equal priorities in file order (NSG, NACL).
    Priority,
    /// Any matching allow decides (security groups).
    UnionOfAllows,
    /// Bypass, then block, then allow, then the default; file order is irrelevant (Windows).
    BlockOverAllow,
}

impl Discipline {
    /// Whether the order of two rules that do the same makes a difference: which of them decides.
    #[must_use]
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::FirstMatch | Self::Priority)
    }
}

/// IP families that a point decides.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl Families {
    /// Both.
    pub const BOTH: Self = Self { v4: true, v6: true };
    /// IPv4 only.
    pub const V4: Self = Self {
        v4: true,
        v6: false,
    };
    /// IPv6 only.
    pub const V6: Self = Self {
        v4: false,
        v6: true,
    };

    /// Whether the family is decided here.
    #[must_use]
    pub fn has(self, f: Family) -> bool {
        match f {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }

    /// `ipv4`, `ipv6` or `both`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match (self.v4, self.v6) {
            (true, false) => "ipv4",
            (false, true) => "ipv6",
            _ => "both",
        }
    }
}

/// Where a default verdict comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DefaultOrigin {
    /// The export says it (chain policy, profile policy).
    Stated,
    /// The platform always does it (implicit deny).
    Implicit,
    /// The export does not say; the platform's usual default is taken as an assumption.
    Assumed,
    /// The export does not say and there is no usual default: the direction was not exported.
    Unknown,
}

/// What happens to a packet that no rule decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Default {
    /// True if it passes. Meaningless when the origin is [`DefaultOrigin::Unknown`].
    pub allow: bool,
    /// Where that comes from.
    pub origin: DefaultOrigin,
    /// The place that says it, or the point's own.
    pub span: Span,
}

/// The rules of one direction.
#[derive(Clone, Debug)]
pub struct RuleList {
    /// For packets that no rule decides.
    pub default: Default,
    /// In file order.
    pub rules: Vec<Rule>,
}

/// Ingress and egress lists.
#[derive(Clone, Debug)]
pub struct Lists {
    /// How rules combine.
    pub discipline: Discipline,
    /// Packets to the guarded hosts.
    pub ingress: RuleList,
    /// Packets from the guarded hosts.
    pub egress: RuleList,
}

/// A point's rules.
#[derive(Clone, Debug)]
pub enum Body {
    /// Two lists.
    Lists(Lists),
    /// Chains.
    Netfilter(Netfilter),
}

/// A cloud resource's tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
    /// Place of the value.
    pub span: Span,
}

/// A Windows profile's inbound policy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InboundPolicy {
    /// `BlockInbound`: what no rule allows is blocked.
    Block,
    /// `AllowInbound`.
    Allow,
    /// `BlockInboundAlways`: everything is blocked, whatever the rules say.
    BlockAlways,
}

/// What `netsh advfirewall show allprofiles` says of one profile. `None`: not printed, or `NotConfigured`.
#[derive(Clone, Debug, PartialEq, Eq, std::default::Default)]
pub struct ProfileSettings {
    /// The profile's block of text.
    pub span: Span,
    /// `State ON/OFF` and its place.
    pub enabled: Option<(bool, Span)>,
    /// `Firewall Policy`, first half.
    pub inbound: Option<(InboundPolicy, Span)>,
    /// `Firewall Policy`, second half: true is `AllowOutbound`.
    pub outbound_allow: Option<(bool, Span)>,
    /// `LocalFirewallRules`: false if Group Policy disables rules that are not its own.
    pub local_rules: Option<(bool, Span)>,
}

/// The settings of a host's profiles, in the order domain, private, public.
#[derive(Clone, Debug, PartialEq, Eq, std::default::Default)]
pub struct WindowsProfiles {
    /// `None`: not in the export.
    pub profiles: [Option<ProfileSettings>; 3],
    /// Profiles that the export says are active (`currentprofile`, monitor), with the place.
    pub active: Option<(Profiles, Span)>,
    /// The whole section.
    pub span: Span,
}

impl WindowsProfiles {
    /// The settings of one profile; `None` if they are not in the export.
    #[must_use]
    pub fn settings(&self, profile: Profiles) -> Option<&ProfileSettings> {
        let slot = Profiles::EACH.iter().position(|(p, _)| *p == profile)?;
        self.profiles.get(slot)?.as_ref()
    }
}

/// One firewall.
#[derive(Clone, Debug)]
pub struct Point {
    /// Stable id: `sg-0a1b`, `acl-…`, the NSG's full resource id in the file's case; empty where the export has none.
    pub id: Box<str>,
    /// Name for people; the file's path is used where it is empty.
    pub name: Box<str>,
    /// Kind.
    pub kind: PointKind,
    /// Families it decides.
    pub families: Families,
    /// True if the families were only inferred (a dump without a header): it is judged for the packet's family.
    pub families_assumed: bool,
    /// Whether replies pass by connection tracking.
    pub stateful: bool,
    /// The point's own text: header, object, or the whole file.
    pub span: Span,
    /// Place of its name or id, else of its header line: what a finding about the point as a whole labels.
    pub label: Span,
    /// Its rules.
    pub body: Body,
    /// Cloud tags.
    pub tags: Vec<Tag>,
    /// Ids of network interfaces that the export says it guards.
    pub interfaces: Vec<Box<str>>,
    /// Ids of subnets that the export says it guards.
    pub subnets: Vec<Box<str>>,
    /// The network (VPC, VNet) it belongs to, or empty.
    pub network: Box<str>,
    /// True for a Windows export whose rules print no Program, Service or Security line.
    pub brief: bool,
    /// Windows profile settings of the same file.
    pub windows: Option<Box<WindowsProfiles>>,
}

impl Point {
    /// A point without rules, tags or bindings.
    #[must_use]
    pub fn new(kind: PointKind, span: Span, body: Body) -> Self {
        Self {
            id: "".into(),
            name: "".into(),
            kind,
            families: Families::BOTH,
            families_assumed: false,
            stateful: true,
            span,
            label: span,
            body,
            tags: Vec::new(),
            interfaces: Vec::new(),
            subnets: Vec::new(),
            network: "".into(),
            brief: false,
            windows: None,
        }
    }

    /// Every rule, in model order.
    pub fn rules(&self) -> Box<dyn Iterator<Item = &Rule> + '_> {
        match &self.body {
            Body::Lists(l) => Box::new(l.ingress.rules.iter().chain(&l.egress.rules)),
            Body::Netfilter(n) => Box::new(
                n.tables()
                    .iter()
                    .flat_map(|t| &t.chains)
                    .flat_map(|c| &c.rules),
            ),
        }
    }

    /// Every rule, to change.
    pub fn rules_mut(&mut self) -> Box<dyn Iterator<Item = &mut Rule> + '_> {
        match &mut self.body {
            Body::Lists(l) => Box::new(l.ingress.rules.iter_mut().chain(&mut l.egress.rules)),
            Body::Netfilter(n) => Box::new(n.rules_mut()),
        }
    }

    /// Number of rules that stand in the file (platform rules that a reader adds do not count).
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rules().filter(|r| !r.span.is_empty()).count()
    }
}
