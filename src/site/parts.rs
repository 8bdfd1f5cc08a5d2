//! What a site consists of.

use super::facts::HostFacts;
use super::via::Via;
use crate::finding::{Code, Place, RoleSource, Severity};
use crate::load::RunPoint;
use crate::rules::matrix::RoleIx;
use hylint_model::Profiles;
use hylint_space::{AddrSet, PortSet, ProtoSet};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// How clients reach the sessions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Access {
    /// Straight to controllers and session hosts.
    #[default]
    Direct,
    /// Only through the gateway.
    Gateway,
    /// Either way.
    Both,
}

/// What the site says of a role.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RoleState {
    /// All its addresses: declared ones and those of its hosts. Empty when unknown.
    pub addrs: AddrSet,
    /// It is in the site: declared, has a host, or lives on a role that is.
    pub exists: bool,
    /// The site says `[]`: not in this site.
    pub absent: bool,
    /// It lives by default on this role's hosts.
    pub lives_on: Option<RoleIx>,
    /// A role that is in the site implies it.
    pub implied: bool,
}

/// One layer of protection of a host: points of one kind that are united (several security groups, the IPv4 and the
/// IPv6 half of netfilter). All layers must let a packet through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer<P = RunPoint> {
    /// Its points: those of the run, or those of the part of it that is judged.
    pub points: Vec<P>,
    /// Peers in these addresses do not cross the layer (a network ACL inside its own subnet).
    pub inside: AddrSet,
}

/// One host.
#[derive(Clone, PartialEq, Debug)]
pub struct Host<P = RunPoint> {
    /// Name for people and findings.
    pub name: String,
    /// Its declared addresses, on which required flows are judged; empty when unknown.
    pub addrs: AddrSet,
    /// Its declared addresses as its own layers see them: where a cloud translates a public address before them, the
    /// private ones of the interface.
    pub seen: AddrSet,
    /// Every address behind these layers: the declared ones, and those that exports show for the same interface, instance
    /// or machine (IPv6, secondary), as the layers see them. Excess is judged on all of them. Empty when unknown.
    pub every: AddrSet,
    /// Public addresses that a cloud translates to these. No layer sees them; they tell that the Internet reaches the host.
    pub public: AddrSet,
    /// Whether required flows are judged at these layers. False for a further interface of a host, whose declared addresses
    /// are on another one: excess is the union over all interfaces, and each is a host of its own under one name.
    pub declared: bool,
    /// Whether exports list the interfaces behind these layers, so that `every` is all that there is.
    pub listed: bool,
    /// Its roles, those that live on another role's hosts included.
    pub roles: Vec<RoleIx>,
    /// Where the roles come from, if they come from anywhere.
    pub role_source: Option<RoleSource>,
    /// Layers, outermost first; empty when no export is bound to it.
    pub layers: Vec<Layer<P>>,
    /// Active Windows profiles if the site says.
    pub profile: Option<Profiles>,
    /// Interface → peers that are reached by it, if the site says.
    pub interfaces: Vec<(String, AddrSet)>,
    /// Peers of which it is likely, and not sure, that these interfaces lead to them.
    pub unproven: AddrSet,
    /// Its entry in hylint.toml, if it has one.
    pub entry: Option<Place>,
    /// What its own listings say of it.
    pub facts: Arc<HostFacts>,
    /// `[resolve]` of this host, already merged over the site's.
    pub resolve: Arc<BTreeMap<String, AddrSet>>,
    /// Addresses of which it is not known whether a name of `resolve` holds them.
    pub open: Arc<BTreeMap<String, AddrSet>>,
    /// The route tables of its subnet by which `VirtualNetwork` is any address (Azure).
    pub widened_by: Vec<Box<str>>,
}

impl<P> Host<P> {
    /// Whether it is behind a via.
    #[must_use]
    pub fn is_behind(&self, via: &Via) -> bool {
        via.hosts.binary_search(&self.name).is_ok()
    }

    /// Whether it has the front of a via among its addresses and is not behind it: the load balancer itself.
    #[must_use]
    pub fn carries(&self, via: &Via) -> bool {
        !self.is_behind(via) && self.roles.is_empty() && self.every.intersects(&via.front)
    }
}

impl Host {
    /// The same host with its points by numbers of another kind.
    pub fn at<P>(&self, points: impl Fn(&[RunPoint]) -> Vec<P>) -> Host<P> {
        let layer = |l: &Layer| Layer {
            points: points(&l.points),
            inside: l.inside.clone(),
        };
        Host {
            name: self.name.clone(),
            addrs: self.addrs.clone(),
            seen: self.seen.clone(),
            every: self.every.clone(),
            public: self.public.clone(),
            declared: self.declared,
            listed: self.listed,
            roles: self.roles.clone(),
            role_source: self.role_source,
            layers: self.layers.iter().map(layer).collect(),
            profile: self.profile,
            interfaces: self.interfaces.clone(),
            entry: self.entry.clone(),
            facts: self.facts.clone(),
            unproven: self.unproven.clone(),
            resolve: self.resolve.clone(),
            open: self.open.clone(),
            widened_by: self.widened_by.clone(),
        }
    }
}

/// A forwarding firewall.
#[derive(Clone, PartialEq, Debug)]
pub struct Transit<P = RunPoint> {
    /// Name.
    pub name: String,
    /// Points (the two halves of one netfilter).
    pub points: Vec<P>,
    /// Pairs of roles whose flows cross it; empty: every pair it can tell apart.
    pub between: Vec<(RoleIx, RoleIx)>,
    /// Roles whose flows to the front of a via cross it, with the via's number.
    pub to_front: Vec<(RoleIx, usize)>,
    /// Vias whose flows to hosts of a role cross it behind the via.
    pub behind: Vec<(usize, RoleIx)>,
    /// Interface → peers, if the site says.
    pub interfaces: Vec<(String, AddrSet)>,
    /// Peers of which it is likely, and not sure, that these interfaces lead to them.
    pub unproven: AddrSet,
    /// `[resolve]`.
    pub resolve: Arc<BTreeMap<String, AddrSet>>,
}

impl<P> Transit<P> {
    /// Whether the site says whose flows cross it.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.between.is_empty() || !self.to_front.is_empty() || !self.behind.is_empty()
    }
}

impl Transit {
    /// The same firewall with its points by numbers of another kind.
    pub fn at<P>(&self, points: impl Fn(&[RunPoint]) -> Vec<P>) -> Transit<P> {
        Transit {
            name: self.name.clone(),
            points: points(&self.points),
            between: self.between.clone(),
            to_front: self.to_front.clone(),
            behind: self.behind.clone(),
            interfaces: self.interfaces.clone(),
            unproven: self.unproven.clone(),
            resolve: self.resolve.clone(),
        }
    }
}

/// Points of one export that guard no host of the site, and the machines that they guard. No requirement is judged at them,
/// and they count nowhere as hosts.
#[derive(Clone, PartialEq, Debug)]
pub struct Outside<P = RunPoint> {
    /// Every point of the export that guards no host of the site.
    pub points: Vec<P>,
    /// The machines behind any of them, at least one. Those with the same layers are one.
    pub machines: Vec<Host<P>>,
}

impl Outside {
    /// The same with its points by numbers of another kind.
    pub fn at<P>(&self, points: impl Fn(&[RunPoint]) -> Vec<P>) -> Outside<P> {
        Outside {
            points: points(&self.points),
            machines: self.machines.iter().map(|m| m.at(&points)).collect(),
        }
    }

    /// Every point that it is judged by.
    pub fn all_points(&self) -> impl Iterator<Item = RunPoint> {
        let layers = self.machines.iter().flat_map(|m| &m.layers);
        let theirs = layers.flat_map(|l| &l.points);
        self.points.iter().chain(theirs).copied()
    }
}

/// An `[[allow]]` of the site: a flow that is wanted beside the matrix.
#[derive(Clone, PartialEq, Debug)]
pub struct Allow {
    /// Sources.
    pub from: AddrSet,
    /// Destinations.
    pub to: AddrSet,
    /// Protocols.
    pub proto: ProtoSet,
    /// Destination ports (full for ICMP).
    pub ports: PortSet,
    /// Why.
    pub reason: String,
}

/// IPv4 addresses, and IPv6 addresses, from which on sources are anyone: a quarter of the address space, and of 2000::/3.
const ANYONE: [u128; 2] = [1 << 30, 1 << 123];

impl Allow {
    /// Whether it lets anyone in.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        let [v4, v6] = ANYONE;
        self.from.v4.count() >= v4 || self.from.v6.count() >= v6
    }
}

impl Site {
    /// How many `[[allow]]` entries let anyone in: each that does alone, and those that do together.
    #[must_use]
    pub fn wide_allows(&self) -> usize {
        let public = hylint_space::class::public();
        let parts = self.allows.iter().filter(|a| !a.is_wide());
        let parts = parts.map(|a| a.from.intersect(public));
        let together: Vec<AddrSet> = parts.filter(|a| !a.is_empty()).collect();
        let alone = self.allows.iter().filter(|a| a.is_wide()).count();
        let all = together
            .iter()
            .fold(AddrSet::empty(), |all, a| all.union(a));
        let [v4, v6] = ANYONE;
        let wide = all.v4.count() >= v4 || all.v6.count() >= v6;
        alone + if wide { together.len() } else { 0 }
    }
}

/// A `[[waive]]`.
#[derive(Clone, Debug)]
pub struct Waive {
    /// Lint.
    pub code: Code,
    /// Requirement id.
    pub requirement: Option<String>,
    /// Rule name.
    pub rule: Option<String>,
    /// Glob over export paths.
    pub export: Option<globset::GlobMatcher>,
    /// Last day, inclusive, UTC.
    pub until: jiff::civil::Date,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Place in hylint.toml.
    pub span: Range<usize>,
}

/// What evidence a satisfied requirement needs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum RequireEvidence {
    /// Whatever there is.
    #[default]
    None,
    /// The destination's end must be judged.
    Destination,
    /// Both ends.
    All,
}

/// A severity in `[lints]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LintLevel {
    /// Not reported.
    Off,
    /// Reported so.
    At(Severity),
}

/// How gravely findings are taken, and what evidence is asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct Levels {
    /// Severity changes.
    pub lints: BTreeMap<Code, LintLevel>,
    /// Evidence.
    pub require_evidence: RequireEvidence,
    /// Exit status threshold.
    pub fail_on: Severity,
    /// Oldest export accepted, in days.
    pub max_age_days: Option<u32>,
}

impl Site {
    /// The levels of the site.
    #[must_use]
    pub fn levels(&self) -> Levels {
        Levels {
            lints: self.lints.clone(),
            require_evidence: self.require_evidence,
            fail_on: self.fail_on,
            max_age_days: self.max_age_days,
        }
    }

    /// Takes other levels than its own.
    pub fn set_levels(&mut self, levels: &Levels) {
        self.lints.clone_from(&levels.lints);
        self.require_evidence = levels.require_evidence;
        self.fail_on = levels.fail_on;
        self.max_age_days = levels.max_age_days;
    }
}

/// Everything that the later stages need to know of the site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Name.
    pub name: String,
    /// True if there is a hylint.toml.
    pub configured: bool,
    /// By [`RoleIx`].
    pub roles: Vec<RoleState>,
    /// Hosts, in a stable order.
    pub hosts: Vec<Host>,
    /// Forwarding firewalls.
    pub transits: Vec<Transit>,
    /// What stands between the ends of flows, in the order of hylint.toml.
    pub vias: Vec<Via>,
    /// Other machines of accounts that the site has hosts in.
    pub outside: Vec<Outside>,
    /// How clients connect.
    pub access: Access,
    /// False if the site does not say.
    pub access_declared: bool,
    /// Feature overrides.
    pub features: BTreeMap<String, bool>,
    /// Ephemeral source ports.
    pub ephemeral: PortSet,
    /// False if the default is in use.
    pub ephemeral_declared: bool,
    /// Ports by requirement id, after `[ports]`; missing: the matrix's own.
    pub ports: BTreeMap<String, Vec<u16>>,
    /// Names resolved for all hosts.
    pub resolve: Arc<BTreeMap<String, AddrSet>>,
    /// Wanted flows beside the matrix.
    pub allows: Vec<Allow>,
    /// Waivers.
    pub waives: Vec<Waive>,
    /// Severity changes.
    pub lints: BTreeMap<Code, LintLevel>,
    /// Evidence.
    pub require_evidence: RequireEvidence,
    /// Exit status threshold.
    pub fail_on: Severity,
    /// Oldest export accepted, in days.
    pub max_age_days: Option<u32>,
}
