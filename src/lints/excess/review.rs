//! What is known while one point is looked at.

use super::classify::{Class, Scene};
use super::needed::Needed;
use crate::finding::{Code, Finding, Identity, Place, Severity};
use crate::judge::{Exports, Guard};
use crate::lints::order::Idle;
use crate::lints::place::point_name;
use crate::site::Host;
use hylint_engine::{Context, Direction, LocalPolicy, PointId, SetId};
use hylint_model::{Overrides, Point, Rule};
use hylint_space::{AddrSet, PacketBox, class};
use smallvec::SmallVec;
use std::borrow::Cow;

/// What a rule opens that nothing needs.
pub(super) enum Seen {
    /// Of a rule that Windows or an app brings along.
    Builtin { to_anyone: bool },
    /// Worth a note: how many parts its excess has. Only the first ones of a list are told.
    Unneeded(usize),
    /// Worth a finding.
    Open(Box<Finding>),
}

/// What a rule opens that nothing needs, and how grave that is before other rules are looked at.
pub(super) struct Weighed<'o> {
    pub(super) boxes: SmallVec<[Cow<'o, PacketBox>; 1]>,
    pub(super) excess: Vec<PacketBox>,
    pub(super) class: Class,
    /// Windows or an app brings the rule along.
    pub(super) shipped: bool,
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
        hosts: &[&Host<PointId>],
        idle: &'b Idle,
    ) -> Self {
        let known = !hosts.is_empty() && hosts.iter().all(|h| !h.every.is_empty());
        let behind = if known {
            hosts
                .iter()
                .fold(AddrSet::empty(), |a, h| a.union(&h.every))
        } else {
            AddrSet::any()
        };
        let scene = Scene {
            cloud: point.kind.is_cloud(),
            transit: guard.direction == Direction::Forward,
            resolve: guard.resolve,
            roles_known: needed.roles_known,
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
        }
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

    /// Whether a rule is in force here and worth a word: what the platform wrote is so only where nothing else guards.
    pub(super) fn acts(&self, r: &Rule) -> bool {
        let own = self.alone || r.origin != hylint_model::RuleOrigin::Platform;
        own && self.point.in_force(r, self.guard.profile)
    }
}
