//! Which profile is judged, and which others may be active where nothing says.

use super::check::Checked;
use super::failure::Cause;
use super::flows::Peers;
use super::probe::Guard;
use crate::finding::Place;
use crate::finding::outcome::Status;
use crate::judge::Exports;
use crate::site::Host;
use hylint_engine::{Direction, PointId};
use hylint_model::{Body, HostInterface, OtherPolicy, Point, Profiles, RuleOrigin};
use hylint_space::{AddrSet, Family, class};

/// The firewall of a layer whose settings and rules depend on the profile.
fn by_profile<'a>(exports: &'a Exports, points: &[PointId]) -> Option<&'a Point> {
    let point = exports.point(*points.first()?)?;
    point.kind.has_profiles().then_some(point)
}

/// The profiles in which a host's Windows firewall is judged, and whether that is an assumption.
pub(super) fn judged(
    exports: &Exports,
    host: &Host<PointId>,
    points: &[PointId],
) -> (Vec<Profiles>, bool) {
    match points.first().and_then(|at| exports.point(*at)) {
        Some(point) if host.profile.is_none() && Networks::are_elsewhere(host) => {
            let active = point.active_profiles(Some(Profiles::ASSUMED));
            (active.passes(), point.kind.has_profiles())
        }
        Some(point) => {
            let active = point.active_profiles(host.profile);
            (active.passes(), active.is_assumed())
        }
        None => (vec![Profiles::ALL], false),
    }
}

/// Whether nothing in the export of a Windows firewall tells of Group Policy: no rule of it, and no setting that says whether
/// local rules act. `N/A (GPO-store only)` and `NotConfigured` are what one store prints of others.
pub(super) fn policy_untold(exports: &Exports, guard: &Guard<'_>) -> bool {
    let Some(point) = by_profile(exports, guard.points) else {
        return false;
    };
    let settings = point
        .windows
        .as_ref()
        .and_then(|w| w.settings(guard.profile));
    let told = settings.is_some_and(|s| s.local_rules.is_some());
    let mut rules = point.rules();
    !told
        && point.other_policy == OtherPolicy::Unsaid
        && !rules.any(|r| r.origin == RuleOrigin::GroupPolicy)
}

/// The part of a host that one active profile is of: a profile is that of a network, and acts on the interface to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// The host's own addresses on such interfaces. Windows takes packets to an address on its own interface only (the strong
    /// host model of RFC 1122, which Windows follows since Vista).
    own: AddrSet,
    /// Peers that such interfaces lead to.
    faced: AddrSet,
    /// Where the network is listed, with its interface.
    network: Option<(String, Place)>,
}

/// What the networks of a Windows host, with their profiles, and its interfaces tell of each active profile.
#[derive(Clone, Debug, Default)]
pub(super) struct Networks(Vec<(Profiles, Part)>);

impl Networks {
    /// Reads them; none unless each network's interface is listed with its addresses.
    pub(super) fn of(host: &Host<PointId>) -> Self {
        let mut out = Self::default();
        let all = || host.facts.interfaces.iter();
        for (network, place) in all() {
            let Some(profile) = network.network else {
                continue;
            };
            let listed = all().map(|(i, _)| i).filter(|i| i.network.is_none());
            let Some(i) = listed.into_iter().find(|i| is_same(network, i)) else {
                return Self::default();
            };
            let faced = faced(host, i);
            let slot = out.0.iter_mut().find(|(p, _)| *p == profile);
            match slot {
                Some((_, part)) => {
                    part.own = part.own.union(&i.addrs);
                    part.faced = part.faced.union(&faced);
                }
                None => out.0.push((
                    profile,
                    Part {
                        own: i.addrs.clone(),
                        faced,
                        network: Some((network.name.to_string(), place.clone())),
                    },
                )),
            }
        }
        out
    }

    /// Whether the networks whose profiles are listed are on other interfaces than the host's declared addresses, which may
    /// have any profile.
    fn are_elsewhere(host: &Host<PointId>) -> bool {
        let networks = Self::of(host);
        let known = networks
            .0
            .iter()
            .fold(AddrSet::empty(), |all, (_, p)| all.union(&p.own));
        if known.is_empty() || host.seen.is_empty() || host.seen.is_subset(&known) {
            return false;
        }
        let local = class::link_local();
        let mut others = host.facts.interfaces.iter().map(|(i, _)| i).filter(|i| {
            let own = i.addrs.subtract(local);
            let used = !i.loopback && i.up != Some(false) && i.network.is_none();
            used && !own.is_empty() && !own.is_subset(&known)
        });
        others.next().is_some() || host.facts.families.is_none()
    }

    fn part(&self, profile: Profiles) -> Option<&Part> {
        let found = self.0.iter().find(|(p, _)| *p == profile);
        found.map(|(_, part)| part)
    }

    /// The profiles that decide of packets to these addresses of the host; `None` if its networks do not tell.
    pub(super) fn deciding(&self, me: &AddrSet) -> Option<Profiles> {
        let known = self
            .0
            .iter()
            .fold(AddrSet::empty(), |all, (_, p)| all.union(&p.own));
        let here = self.0.iter().filter(|(_, p)| p.own.intersects(me));
        let profiles = here.fold(Profiles::NONE, |all, (p, _)| all.union(*p));
        (!me.is_empty() && me.is_subset(&known)).then_some(profiles)
    }

    /// Where the first network of a profile stands, with its interface.
    pub(super) fn place(&self, profile: Profiles) -> Option<&(String, Place)> {
        self.part(profile)?.network.as_ref()
    }

    /// Whether networks of several profiles are known, so that it matters which of them decides.
    pub(super) fn differ(&self) -> bool {
        self.0.len() > 1
    }

    /// What a profile decides of a flow between the host and peers: the part that its interfaces take, and the part of which
    /// nothing tells, which any active profile may decide.
    pub(super) fn split(
        &self,
        profile: Profiles,
        direction: Direction,
        (me, peers): (&AddrSet, &Peers),
    ) -> Split {
        let part = self.part(profile);
        let some = |addrs: AddrSet| {
            let peers = Peers {
                addrs,
                ..peers.clone()
            };
            (!peers.addrs.is_empty()).then_some(peers)
        };
        if direction == Direction::In && self.deciding(me).is_some() {
            let own = part.map(|p| p.own.intersect(me)).unwrap_or_default();
            return Split {
                settled: (!own.is_empty()).then(|| peers.clone()),
                me: own,
                open: None,
            };
        }
        let me = me.clone();
        // Where an unknown peer is reached is not known.
        if peers.unknown || direction == Direction::Forward {
            return Split {
                me,
                settled: None,
                open: Some(peers.clone()),
            };
        }
        let all = self.0.iter();
        let faced = all.fold(AddrSet::empty(), |all, (_, p)| all.union(&p.faced));
        let own = part.map(|p| p.faced.intersect(&peers.addrs));
        Split {
            me,
            settled: some(own.unwrap_or_default()),
            open: some(peers.addrs.subtract(&faced)),
        }
    }
}

/// What one active profile decides.
pub(super) struct Split {
    /// The host's addresses.
    pub(super) me: AddrSet,
    /// Peers that it decides of.
    pub(super) settled: Option<Peers>,
    /// Peers that any active profile may decide of.
    pub(super) open: Option<Peers>,
}

/// Whether a network and an interface, of two listings, are of one interface.
fn is_same(network: &HostInterface, interface: &HostInterface) -> bool {
    let (name, alias) = (interface.name.to_lowercase(), network.name.to_lowercase());
    let by_name = !alias.is_empty() && (name == alias || name.ends_with(&format!(" {alias}")));
    match (network.index, interface.index) {
        // A heading of `ipconfig` in a language whose words are not known ends with the name.
        _ if by_name => true,
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// The peers that an interface leads to: by the routes of the host, else its own networks, and everything else if it is the
/// only one with a gateway.
fn faced(host: &Host<PointId>, interface: &HostInterface) -> AddrSet {
    // `route print` names an interface by its address, and other listings by its number.
    let named = |name: &str| {
        let number = interface.index.is_some_and(|n| name == n.to_string());
        let address = name.parse().is_ok_and(|a| interface.addrs.contains(a));
        *name == *interface.name || number || address
    };
    let mut routed = host
        .facts
        .faces
        .iter()
        .filter(|(name, _)| named(name))
        .peekable();
    if routed.peek().is_some() {
        return routed.fold(AddrSet::empty(), |all, (_, addrs)| all.union(addrs));
    }
    let up = |i: &&HostInterface| !i.loopback && i.up != Some(false);
    let others = || {
        let all = host.facts.interfaces.iter().map(|(i, _)| i).filter(up);
        let all = all.filter(|i| i.network.is_none());
        all.filter(|i| i.name != interface.name || i.index != interface.index)
    };
    let theirs = others().fold(AddrSet::empty(), |all, i| all.union(&i.networks));
    let mut out = interface.networks.subtract(&theirs);
    for family in Family::BOTH {
        let only = interface.gateways.has(family) && !others().any(|i| i.gateways.has(family));
        if only {
            let rest = AddrSet::any_of(family).subtract(&theirs.only(family));
            out = out.union(&rest);
        }
    }
    out
}

/// Turns checks of one layer that differ by active profile into conditional ones: a rule of one profile acts on the
/// interfaces of its networks, and which of them faces the peers is not known.
pub(super) fn reconcile(checks: &mut [Checked<'_>]) {
    let of_layer = |c: &Checked<'_>| (c.guard.points.as_ptr(), c.guard.direction);
    let mut passes: Vec<_> = checks
        .iter()
        .filter(|c| c.status == Status::Satisfied)
        .map(of_layer)
        .collect();
    passes.dedup();
    for c in checks {
        if c.status == Status::Violated && passes.contains(&of_layer(c)) {
            c.status = Status::Conditional;
            if let Some(f) = &mut c.failure {
                f.cause = Cause::Undecided { partial: true };
            }
        }
    }
}

/// A profile, the interface of a network that has it, and where that stands.
pub type OfNetwork = (Profiles, String, Place);

/// The active profiles of the networks on whose interfaces a host has its declared addresses, with where the first of them
/// stands and its interface; `None` if nothing tells.
#[must_use]
pub fn of_networks(host: &Host<PointId>) -> Option<(Profiles, Vec<OfNetwork>)> {
    let networks = Networks::of(host);
    let profiles = networks.deciding(&host.seen)?;
    let each = profiles.each().filter_map(|p| {
        let (name, place) = networks.place(p)?;
        Some((p, name.clone(), place.clone()))
    });
    Some((profiles, each.collect()))
}

/// Whether the profile in which a host's Windows firewall is judged is an assumption.
#[must_use]
pub fn assumed(exports: &Exports, host: &Host<PointId>) -> bool {
    host.layers
        .iter()
        .any(|l| judged(exports, host, &l.points).1)
}

/// Guards of the profiles that may be active instead of an assumed one, as far as they may decide otherwise: a rule acts
/// in one of the two only, or their settings differ.
#[must_use]
pub fn alternative_profiles<'a>(exports: &Exports, guard: &Guard<'a>) -> Vec<Guard<'a>> {
    let Some(point) = by_profile(exports, guard.points) else {
        return Vec::new();
    };
    let others = Profiles::ALL.each();
    others
        .filter(|p| *p != guard.profile && differ(point, guard.direction, guard.profile, *p))
        .map(|profile| Guard {
            profile,
            ..guard.clone()
        })
        .collect()
}

fn differ(point: &Point, direction: Direction, a: Profiles, b: Profiles) -> bool {
    let of = |p| point.windows.as_ref().and_then(|w| w.settings(p));
    let agree = match (of(a), of(b)) {
        (Some(a), Some(b)) => a.agree(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let Body::Lists(lists) = &point.body else {
        return !agree;
    };
    let list = match direction {
        Direction::Out => &lists.egress,
        _ => &lists.ingress,
    };
    let mut rules = list.rules.iter();
    !agree || rules.any(|r| point.in_force(r, a) != point.in_force(r, b))
}
