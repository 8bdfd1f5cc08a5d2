//! One firewall: where packets are decided.

use super::netfilter::Netfilter;
use super::profiles::{
    Active, ActiveSource, NotInForce, Overrides, Profiles, Stores, WindowsProfiles,
};
use super::rule::{Action, Rule, RuleOrigin};
use super::security::ConnectionSecurity;
use crate::Span;
use hylint_space::Family;
use std::ops::RangeInclusive;

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
    /// Security admin rules of an Azure network manager, which act before every group.
    AdminRules,
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
            Self::AdminRules => "security-admin-rules",
        }
    }

    /// Whether the point guards one host by its nature: its export is the host's own.
    #[must_use]
    pub const fn is_host(self) -> bool {
        match self {
            Self::WindowsFirewall | Self::Netfilter => true,
            Self::SecurityGroup | Self::NetworkAcl | Self::Nsg | Self::AdminRules => false,
        }
    }

    /// Whether a cloud enforces the point in front of its machines.
    #[must_use]
    pub const fn is_cloud(self) -> bool {
        !self.is_host()
    }

    /// Whether its settings and its rules depend on the network profile that is active.
    #[must_use]
    pub const fn has_profiles(self) -> bool {
        match self {
            Self::WindowsFirewall => true,
            Self::Netfilter
            | Self::SecurityGroup
            | Self::NetworkAcl
            | Self::Nsg
            | Self::AdminRules => false,
        }
    }

    /// Whether its rules may ask for interfaces, loopback included.
    #[must_use]
    pub const fn has_interfaces(self) -> bool {
        match self {
            Self::Netfilter => true,
            Self::WindowsFirewall
            | Self::SecurityGroup
            | Self::NetworkAcl
            | Self::Nsg
            | Self::AdminRules => false,
        }
    }

    /// Whether it decides on packets that go through it to other hosts.
    #[must_use]
    pub const fn forwards(self) -> bool {
        match self {
            Self::Netfilter => true,
            Self::WindowsFirewall
            | Self::SecurityGroup
            | Self::NetworkAcl
            | Self::Nsg
            | Self::AdminRules => false,
        }
    }

    /// Whether all points of the kind at one interface are one layer, in which any of them may allow a packet.
    #[must_use]
    pub const fn is_united(self) -> bool {
        match self {
            Self::SecurityGroup => true,
            Self::WindowsFirewall
            | Self::Netfilter
            | Self::NetworkAcl
            | Self::Nsg
            | Self::AdminRules => false,
        }
    }

    /// Whether an export may hold one family only, so that two points are the halves of one firewall.
    #[must_use]
    pub const fn has_halves(self) -> bool {
        match self {
            Self::Netfilter => true,
            Self::WindowsFirewall
            | Self::SecurityGroup
            | Self::NetworkAcl
            | Self::Nsg
            | Self::AdminRules => false,
        }
    }

    /// Whether replies must be allowed by rules of their own.
    #[must_use]
    pub const fn is_stateless(self) -> bool {
        match self {
            Self::NetworkAcl => true,
            Self::WindowsFirewall
            | Self::Netfilter
            | Self::SecurityGroup
            | Self::Nsg
            | Self::AdminRules => false,
        }
    }

    /// Whether inbound rules may name a destination. Those of AWS hold for every host behind the point.
    #[must_use]
    pub const fn names_destinations(self) -> bool {
        match self {
            Self::WindowsFirewall | Self::Netfilter | Self::Nsg | Self::AdminRules => true,
            Self::SecurityGroup | Self::NetworkAcl => false,
        }
    }

    /// Whether what its rules do not decide goes on to the next point of its layer, so that its default decides nothing.
    #[must_use]
    pub const fn hands_on(self) -> bool {
        match self {
            Self::AdminRules => true,
            Self::WindowsFirewall
            | Self::Netfilter
            | Self::SecurityGroup
            | Self::NetworkAcl
            | Self::Nsg => false,
        }
    }

    /// Whether the name of a rule should occur once. In Windows one rule per profile is usual.
    #[must_use]
    pub const fn has_unique_rule_names(self) -> bool {
        match self {
            Self::WindowsFirewall => false,
            Self::Netfilter
            | Self::SecurityGroup
            | Self::NetworkAcl
            | Self::Nsg
            | Self::AdminRules => true,
        }
    }

    /// The numbers that rules of one's own may have, where rules have numbers (AWS VPC user guide, "Network ACL rules";
    /// Azure, "Network security groups": priority).
    #[must_use]
    pub const fn rule_numbers(self) -> Option<RangeInclusive<u32>> {
        match self {
            Self::NetworkAcl => Some(1..=32_766),
            Self::Nsg => Some(100..=4096),
            Self::AdminRules => Some(1..=4096),
            Self::WindowsFirewall | Self::Netfilter | Self::SecurityGroup => None,
        }
    }

    /// Whether people know a point by its name rather than by its id, as the id is a path of names.
    #[must_use]
    pub const fn is_known_by_name(self) -> bool {
        match self {
            Self::Nsg | Self::AdminRules => true,
            Self::WindowsFirewall | Self::Netfilter | Self::SecurityGroup | Self::NetworkAcl => {
                false
            }
        }
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

/// Which output of the platform a point was read from. Several of one point are views of it and no copies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum View {
    /// The rules in effect, with the addresses of names (`az network nic list-effective-nsg`).
    Effective,
    /// The resource itself.
    #[default]
    Resource,
    /// A listing of rules, from which the resource was put together (`aws ec2 describe-security-group-rules`).
    Listing,
}

/// What is known of a Group Policy whose rules and settings act beside those that a Windows export shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum OtherPolicy {
    /// Nothing.
    #[default]
    Unsaid,
    /// The export shows what is in effect, rules of policy among it, or something shows that there is no such policy.
    Settled,
    /// Something shows that a policy acts, and its rules are not exported.
    Shown,
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
    /// Which output it was read from.
    pub view: View,
    /// True for a layer that is not in any export: other files say that it is there, or that there is none.
    pub stand_in: bool,
    /// True for a Windows export whose rules print no Program, Service or Security line.
    pub brief: bool,
    /// Whether Group Policy adds to what a Windows export shows.
    pub other_policy: OtherPolicy,
    /// Whose rules a Windows export shows.
    pub stores: Stores,
    /// Windows profile settings of the same file.
    pub windows: Option<Box<WindowsProfiles>>,
    /// What the connection security rules of the same file demand.
    pub security: Option<Box<ConnectionSecurity>>,
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
            view: View::Resource,
            stand_in: false,
            brief: false,
            other_policy: OtherPolicy::Unsaid,
            stores: Stores::LOCAL,
            windows: None,
            security: None,
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
        let placed = self.rules().filter(|r| !r.span.is_empty());
        match &self.body {
            Body::Lists(_) => placed.count() - self.in_both_directions(),
            // What one rule of the file does may take several here. What a zone of firewalld does with all other packets is
            // no rule.
            Body::Netfilter(_) => {
                let rules = placed.filter(|r| r.origin != RuleOrigin::Platform);
                let mut spans: Vec<Span> = rules.map(|r| r.span).collect();
                spans.sort_unstable();
                spans.dedup();
                spans.len()
            }
        }
    }

    /// Rules of a Windows firewall whose direction is not known: they are in both lists.
    fn in_both_directions(&self) -> usize {
        let Body::Lists(lists) = &self.body else {
            return 0;
        };
        if !self.kind.has_profiles() {
            return 0;
        }
        let open = |r: &&Rule| matches!(r.action, Action::Opaque(_)) && !r.span.is_empty();
        let inbound: Vec<Span> = lists
            .ingress
            .rules
            .iter()
            .filter(open)
            .map(|r| r.span)
            .collect();
        let outbound = lists.egress.rules.iter().filter(open);
        // Both are in file order.
        outbound
            .filter(|r| inbound.binary_search(&r.span).is_ok())
            .count()
    }

    /// The word that stands for the point in `points` of hylint.toml and in messages: its name or its id.
    #[must_use]
    pub fn key(&self) -> &str {
        if self.kind.is_known_by_name() && !self.name.is_empty() || self.id.is_empty() {
            &self.name
        } else {
            &self.id
        }
    }

    /// Whether a rule of this point acts in any of the profiles: it is enabled, it is for that profile, and no policy
    /// disables it there.
    #[must_use]
    pub fn in_force(&self, rule: &Rule, profiles: Profiles) -> bool {
        let in_one = |p| self.not_in_force(rule, p).next().is_none();
        profiles.each().any(in_one)
    }

    /// Whether it shows nothing of a Windows firewall but what keeps packets from it: tables of port proxies.
    #[must_use]
    pub fn only_adds(&self) -> bool {
        self.kind == PointKind::WindowsFirewall
            && self.stores == Stores::default()
            && self.security.is_some()
            && self.rules().next().is_none()
    }

    /// Why a rule of this point does not act in a profile; nothing if it does.
    pub fn not_in_force(&self, rule: &Rule, profile: Profiles) -> impl Iterator<Item = NotInForce> {
        let disabled = (!rule.may_be_in_force()).then_some(NotInForce::Disabled);
        let elsewhere = (!rule.profiles.intersects(profile)).then_some(NotInForce::OtherProfile);
        let local = (rule.origin != RuleOrigin::GroupPolicy).then(|| {
            self.local_rules_disabled(profile)
                .map(NotInForce::LocalRulesDisabled)
        });
        [disabled, elsewhere, local.flatten()].into_iter().flatten()
    }

    /// The setting by which policy disables every rule that is not its own in a profile, if it does.
    #[must_use]
    pub fn local_rules_disabled(&self, profile: Profiles) -> Option<Span> {
        match self.windows.as_ref()?.settings(profile)?.local_rules {
            Some((false, span)) => Some(span),
            _ => None,
        }
    }

    /// What the settings of a profile decide of inbound or outbound packets beside the rules.
    #[must_use]
    pub fn overrides(&self, inbound: bool, profiles: Profiles) -> Overrides {
        let settings = self.windows.as_ref().and_then(|w| w.settings(profiles));
        settings.map_or_else(Overrides::default, |s| s.overrides(inbound))
    }

    /// The profiles that count, and who says so: the caller (`said`), else the export, else the domain profile as an
    /// assumption. Points without profiles have all of them at once.
    #[must_use]
    pub fn active_profiles(&self, said: Option<Profiles>) -> Active {
        let exported = self.windows.as_ref().and_then(|w| w.active);
        let (profiles, source) = match (said, exported) {
            _ if !self.kind.has_profiles() => (Profiles::ALL, ActiveSource::NoProfiles),
            (Some(p), _) => (p, ActiveSource::Caller),
            (None, Some((p, place))) => (p, ActiveSource::Export(place)),
            (None, None) => (Profiles::ASSUMED, ActiveSource::Assumed),
        };
        Active { profiles, source }
    }
}

#[cfg(test)]
mod tests {
    use super::super::profiles::ProfileSettings;
    use super::*;
    use crate::Action;

    /// A point whose policy disables local rules in the private profile.
    fn point() -> Point {
        let lists = Netfilter::default();
        let mut point = Point::new(
            PointKind::WindowsFirewall,
            Span::default(),
            Body::Netfilter(lists),
        );
        let settings = |merge: bool| {
            Some(ProfileSettings {
                local_rules: Some((merge, Span::new(1, 2))),
                ..ProfileSettings::default()
            })
        };
        point.windows = Some(Box::new(WindowsProfiles {
            profiles: [settings(true), settings(false), None],
            ..WindowsProfiles::default()
        }));
        point
    }

    fn rule(profiles: Profiles, origin: RuleOrigin) -> Rule {
        Rule {
            profiles,
            origin,
            ..Rule::new(Span::default(), Action::Allow)
        }
    }

    // Fails if one of the four reasons is forgotten, or the setting of another profile is asked.
    #[test]
    fn a_rule_is_in_force_where_it_is_enabled_for_the_profile_and_no_policy_disables_it() {
        let (domain, private, public) = (Profiles::DOMAIN, Profiles::PRIVATE, Profiles::PUBLIC);
        let p = point();
        let local = rule(Profiles::ALL, RuleOrigin::Local);
        assert_eq!(
            [domain, private, public].map(|x| p.in_force(&local, x)),
            [true, false, true]
        );
        let unsaid = rule(Profiles::ALL, RuleOrigin::Unsaid);
        assert!(!p.in_force(&unsaid, private));
        assert!(p.in_force(&rule(Profiles::ALL, RuleOrigin::GroupPolicy), private));
        assert!(!p.in_force(&rule(domain, RuleOrigin::GroupPolicy), private));
        let off = Rule {
            enabled: false,
            ..local.clone()
        };
        assert!(!p.in_force(&off, domain));
        // In one of them it is.
        assert!(p.in_force(&local, Profiles::ALL));
        assert!(!p.in_force(&rule(private, RuleOrigin::Local), Profiles::ALL));
        let why: Vec<NotInForce> = p.not_in_force(&off, private).collect();
        let setting = NotInForce::LocalRulesDisabled(Span::new(1, 2));
        assert_eq!(why, [NotInForce::Disabled, setting]);
    }

    // Fails if a caller's word does not go before the export's, or an assumption is not told as one.
    #[test]
    fn the_active_profile_is_what_the_caller_says_else_the_export_else_assumed() {
        let mut p = point();
        let active = p.active_profiles(None);
        assert!(active.is_assumed());
        assert_eq!(active.passes(), [Profiles::DOMAIN]);
        let both = Profiles::PRIVATE.union(Profiles::PUBLIC);
        if let Some(w) = &mut p.windows {
            w.active = Some((both, Span::new(3, 4)));
        }
        let active = p.active_profiles(None);
        assert_eq!(active.source, ActiveSource::Export(Span::new(3, 4)));
        assert_eq!(active.passes(), [Profiles::PRIVATE, Profiles::PUBLIC]);
        assert_eq!(
            p.active_profiles(Some(Profiles::DOMAIN)).passes(),
            [Profiles::DOMAIN]
        );
        p.kind = PointKind::Nsg;
        let active = p.active_profiles(Some(Profiles::DOMAIN));
        assert!(!active.is_assumed());
        assert_eq!(active.passes(), [Profiles::ALL]);
    }

    // Fails if a setting of the other direction decides.
    #[test]
    fn settings_decide_all_packets_or_the_rest_of_their_direction() {
        let at = Span::new(5, 6);
        let s = ProfileSettings {
            enabled: Some((true, at)),
            inbound: Some((super::super::profiles::InboundPolicy::BlockAlways, at)),
            outbound_allow: Some((true, at)),
            ..ProfileSettings::default()
        };
        let (closed, open) = (Some((false, at)), Some((true, at)));
        assert_eq!(
            (s.overrides(true).all, s.overrides(true).rest),
            (closed, closed)
        );
        assert_eq!(
            (s.overrides(false).all, s.overrides(false).rest),
            (None, open)
        );
        let off = ProfileSettings {
            enabled: Some((false, at)),
            ..s
        };
        assert_eq!(
            (off.overrides(true).all, off.overrides(false).all),
            (open, open)
        );
    }
}
