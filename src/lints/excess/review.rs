//! What is known while one point is looked at.

use super::beyond::{self, Beyond};
use super::classify::Class;
use super::needed::{Needed, in_families};
use super::scene::{self, Scene};
use crate::finding::{Code, Finding, Identity, Place, Severity};
use crate::judge::{Exports, Guard};
use crate::lints::order::Idle;
use crate::lints::place::point_name;
use crate::site::Host;
use hylint_engine::{Context, Decider, Direction, LocalPolicy, PointId, SetId};
use hylint_model::{
    Action, Body, Families, Overrides, Point, PointKind, Rule, RuleOrigin, Side, Test,
};
use hylint_space::{AddrSet, Exposure, Family, PacketBox, class};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What a rule opens that nothing needs.
pub(super) enum Seen {
    /// Of a rule that Windows or an app brings along.
    Builtin { to_anyone: bool },
    /// Worth a note: how many parts its excess has. Only the first ones of a list are told.
    Unneeded(usize),
    /// It would be worth a finding in a family of which the hosts have no address.
    Lacking,
    /// It lets anyone in for flows whose peers nobody declared or, without a hylint.toml, to a sensitive service, at a host
    /// that something else may stand in front of; with what is said of it where it is the only one.
    Undeclared(Vec<PacketBox>, Option<Box<Finding>>),
    /// Worth a finding.
    Open(Box<Finding>),
}

/// What a rule opens that nothing needs, and how grave that is before other rules are looked at.
pub(super) struct Weighed<'o> {
    pub(super) boxes: SmallVec<[Cow<'o, PacketBox>; 1]>,
    pub(super) excess: Vec<PacketBox>,
    pub(super) class: Option<Class>,
    /// Windows or an app brings the rule along.
    pub(super) shipped: bool,
    /// What it seems to open to anyone if flows whose peers nobody declared are no need of everyone.
    pub(super) undeclared: Option<(Vec<PacketBox>, Class)>,
}

/// Everything that is known while one point is looked at.
pub(super) struct PointReview<'a, 'b> {
    pub(super) exports: &'a Exports,
    pub(super) at: PointId,
    pub(super) point: &'a Point,
    pub(super) guard: &'b Guard<'a>,
    pub(super) needed: &'b Needed,
    pub(super) idle: &'b Idle,
    pub(super) scene: Scene<'a>,
    /// Addresses behind the point, if all are known, else those of any host.
    pub(super) here: AddrSet,
    pub(super) behind: AddrSet,
    /// A network ACL in front of a host whose security groups were not exported: what AWS ships lets everything in.
    pub(super) alone: bool,
    hosts: Vec<&'a Host<PointId>>,
    /// Hosts that the site says stand behind a forwarding firewall.
    through: Vec<&'a Host<PointId>>,
    /// Any address of the families of which no host behind the point has one, where their interfaces are listed.
    pub(super) lacking: AddrSet,
    /// Found out once something is open.
    beyond: OnceLock<Vec<Beyond<'a>>>,
}

/// The families in which excess is asked of a point: those that it covers, unless the reader guessed them.
pub(super) fn families(point: &Point) -> Families {
    if point.families_assumed {
        Families {
            v4: false,
            v6: false,
        }
    } else {
        point.families
    }
}

/// Any address of the families of which listed interfaces show none, or none that is known beyond the link.
fn lacking(hosts: &[&Host<PointId>], families: Families) -> AddrSet {
    let none = |f: &Family| {
        let without = |h: &&Host<PointId>| {
            let far = h.every.subtract(class::link_local());
            h.listed && !far.is_empty() && !far.has(*f)
        };
        !hosts.is_empty() && families.has(*f) && hosts.iter().all(without)
    };
    let families = Family::BOTH.into_iter().filter(none);
    families.fold(AddrSet::empty(), |all, f| all.union(&AddrSet::any_of(f)))
}

/// Whether a host has an address that is routed on the Internet.
fn is_public(host: &Host<PointId>) -> bool {
    let public = class::public().subtract(class::unassigned());
    host.every.intersects(&public) || host.public.intersects(&public)
}

/// Whether a security group guards the host.
fn grouped(exports: &Exports, host: &Host<PointId>) -> bool {
    let mut points = host.layers.iter().flat_map(|l| &l.points);
    points.any(|at| exports.point(*at).is_some_and(|p| p.kind.is_united()))
}

impl<'a, 'b> PointReview<'a, 'b> {
    pub(super) fn new(
        exports: &'a Exports,
        at: PointId,
        point: &'a Point,
        guard: &'b Guard<'a>,
        needed: &'b Needed,
        hosts: &[&'a Host<PointId>],
        idle: &'b Idle,
    ) -> Self {
        let known = !hosts.is_empty() && hosts.iter().all(|h| !h.every.is_empty());
        let behind = if known {
            hosts
                .iter()
                .map(|h| in_families(h, families(point)))
                .fold(AddrSet::empty(), |all, one| all.union(&one))
        } else {
            AddrSet::any()
        };
        let in_front = point.kind.is_cloud() || guard.direction == Direction::Forward;
        let scene = Scene {
            in_front,
            facing: in_front || hosts.iter().any(|h| is_public(h)),
            resolve: guard.resolve,
            open: guard.open,
            roles_known: needed.roles_known,
            configured: needed.configured,
        };
        Self {
            exports,
            at,
            point,
            guard,
            needed,
            idle,
            scene,
            here: behind.intersect(class::hosts()),
            behind,
            alone: point.kind.is_stateless() && !hosts.iter().all(|h| grouped(exports, h)),
            lacking: lacking(hosts, families(point)),
            hosts: hosts.to_vec(),
            through: Vec::new(),
            beyond: OnceLock::new(),
        }
    }

    /// The same point with the hosts that stand behind it, though it does not guard them alone.
    pub(super) fn before(mut self, hosts: Vec<&'a Host<PointId>>) -> Self {
        self.through = hosts;
        self
    }

    /// The addresses of each host behind the point, those that are not known being any.
    pub(super) fn hosts(&self) -> Vec<AddrSet> {
        let of = |h: &&Host<PointId>| in_families(h, families(self.point));
        self.hosts.iter().map(of).collect()
    }

    /// Whether a host behind the point has an address of a family.
    pub(super) fn has_linked(&self, family: Family) -> bool {
        self.hosts.iter().any(|h| h.every.has(family))
    }

    /// Whether more than one host is behind the point.
    pub(super) fn guards_several(&self) -> bool {
        self.hosts.len() > 1
    }

    /// The first host that packets get to: a group guards several, and another layer may close it at one of them.
    pub(super) fn reached(&self, packets: Option<&PacketBox>) -> &'b str
    where
        'a: 'b,
    {
        let holds = |h: &&&Host<PointId>| {
            packets.is_some_and(|p| {
                let dst = p.dst.intersect(&in_families(h, families(self.point)));
                let mut both = Family::BOTH.iter();
                both.any(|f| dst.has(*f) && p.src.has(*f))
            })
        };
        let first = self.hosts.iter().find(holds);
        first.map_or(self.guard.name, |h| h.name.as_str())
    }

    /// The other layers of the hosts behind the point; none if no host has any.
    pub(super) fn beyond(&self) -> &[Beyond<'a>] {
        self.beyond.get_or_init(|| match self.guard.direction {
            Direction::Forward => beyond::of_transit(self.exports, self.at, &self.through),
            _ => beyond::of_hosts(self.exports, self.at, &self.hosts, families(self.point)),
        })
    }

    /// What the settings decide of inbound packets beside the rules.
    pub(super) fn overrides(&self) -> Overrides {
        self.point.overrides(true, self.guard.profile)
    }

    /// Where the profile's settings stand.
    pub(super) fn settings_at(&self) -> SetId {
        self.exports.settings(self.at)
    }

    pub(super) fn finding(
        &self,
        code: Code,
        severity: Severity,
        message: String,
        identity: Identity,
        place: Option<Place>,
    ) -> Finding {
        let mut f = Finding::new(code, severity, message, identity, place);
        f.host = Some(self.guard.name.to_owned());
        f.point = Some(point_name(self.exports, self.at));
        f.direction = Some(self.guard.direction);
        f
    }

    pub(super) fn profile_name(&self) -> &'static str {
        self.guard.profile.name().unwrap_or_default()
    }

    /// What is asked of the engine about this point.
    pub(super) fn context(&self) -> Context<'a> {
        self.guard.context(self.exports, LocalPolicy::Holds)
    }

    /// Whether a default rule of Azure lets anyone in: a route makes the virtual network everything, or an effective listing
    /// says so.
    pub(super) fn is_widened(&self, r: &Rule) -> bool {
        self.point.kind == PointKind::Nsg && lets_anyone_in(r, self.guard)
    }

    /// Whether a route alone makes a default rule one for anyone, and no host behind it is known to have a public address.
    pub(super) fn is_widened_by_route(&self, r: &Rule) -> bool {
        self.is_widened(r) && self.is_by_route(r)
    }

    /// Whether a decider of another layer lets in as such a default rule does.
    pub(super) fn passes_by_route(&self, by: &Decider<'_>, guard: &Guard<'_>) -> bool {
        let Decider::Rule { at, rule } = by else {
            return false;
        };
        let group = self.exports.point(*at);
        group.is_some_and(|p| p.kind == PointKind::Nsg)
            && lets_anyone_in(rule, guard)
            && self.is_by_route(rule)
    }

    fn is_by_route(&self, r: &Rule) -> bool {
        scene::names_sources(r) && !self.hosts.iter().any(|h| is_public(h))
    }

    /// What a default rule that a route widens lets in at hosts with a public address, of which alone it is an error.
    pub(super) fn reached_by_route(&self, r: &Rule, boxes: &[PacketBox]) -> Vec<PacketBox> {
        if !self.is_widened(r) || !scene::names_sources(r) {
            return Vec::new();
        }
        let public = self.hosts.iter().filter(|h| is_public(h));
        let public = public.fold(AddrSet::empty(), |all, h| all.union(&h.every));
        let at_them = boxes.iter().map(|b| PacketBox {
            dst: b.dst.intersect(&public),
            ..b.clone()
        });
        at_them.filter(|b| !b.is_empty()).collect()
    }

    /// The route table that makes a default rule one for anyone, if that alone does.
    pub(super) fn route_of(&self, r: &Rule) -> Option<Box<str>> {
        let mut tables = self.hosts.iter().flat_map(|h| &h.widened_by);
        self.is_widened_by_route(r)
            .then(|| tables.next().cloned())?
    }

    /// Whether rules of the point may take packets from others that let them in: an earlier one, or one that blocks.
    pub(super) fn takes_from_others(&self) -> bool {
        match &self.point.body {
            Body::Lists(l) if !l.discipline.is_ordered() => {
                let mut rules = l.ingress.rules.iter();
                rules.any(|r| r.enabled && r.does(|a| *a != Action::Allow))
            }
            Body::Lists(_) | Body::Netfilter(_) => true,
        }
    }

    /// Whether a rule is in force here and worth a word: what the platform wrote is so only where nothing else guards.
    pub(super) fn acts(&self, r: &Rule) -> bool {
        let own = self.alone || r.origin != RuleOrigin::Platform || self.is_widened(r);
        own && self.point.in_force(r, self.guard.profile)
    }
}

/// Whether a rule is a default one that allows and whose names hold for any source at a guard.
fn lets_anyone_in(r: &Rule, guard: &Guard<'_>) -> bool {
    if r.origin != RuleOrigin::Platform || r.action != Action::Allow {
        return false;
    }
    let mut sources = r.clauses.iter().filter_map(|c| {
        let mut names = c.conditions.iter().filter_map(|c| match &c.test {
            Test::Named {
                key,
                side: Side::Src,
            } => Some(guard.resolve.get(&**key)),
            _ => None,
        });
        names.try_fold(c.space.src.clone(), |all, set| Some(all.intersect(set?)))
    });
    sources.any(|s| Exposure::of(&s) == Exposure::Anyone)
}
