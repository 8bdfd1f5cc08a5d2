//! Which Windows profile is judged, and which others may be active where nothing says.

use super::probe::Guard;
use crate::judge::Exports;
use crate::site::Host;
use hylint_engine::{Direction, PointId};
use hylint_model::{Body, InboundPolicy, Point, PointKind, Profiles, WindowsProfiles};

/// The Windows firewall of a layer.
fn windows<'a>(exports: &'a Exports, points: &[PointId]) -> Option<&'a Point> {
    let point = exports.point(*points.first()?)?;
    (point.kind == PointKind::WindowsFirewall).then_some(point)
}

/// The profiles in which a host's Windows firewall is judged, and whether that is an assumption.
pub(super) fn judged(
    exports: &Exports,
    host: &Host<PointId>,
    points: &[PointId],
) -> (Vec<Profiles>, bool) {
    let Some(point) = windows(exports, points) else {
        return (vec![Profiles::ALL], false);
    };
    let active = point
        .windows
        .as_ref()
        .and_then(|w| w.active)
        .map(|(p, _)| p);
    let (set, assumed) = match host.profile.or(active) {
        Some(p) => (p, false),
        None => (Profiles::DOMAIN, true),
    };
    (
        Profiles::EACH
            .iter()
            .map(|(p, _)| *p)
            .filter(|p| p.intersects(set))
            .collect(),
        assumed,
    )
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
    let Some(point) = windows(exports, guard.points) else {
        return Vec::new();
    };
    let others = Profiles::EACH.iter().map(|(p, _)| *p);
    others
        .filter(|p| *p != guard.profile && differ(point, guard.direction, guard.profile, *p))
        .map(|profile| Guard {
            profile,
            ..guard.clone()
        })
        .collect()
}

fn differ(point: &Point, direction: Direction, a: Profiles, b: Profiles) -> bool {
    let settings = point.windows.as_deref();
    if said(settings, a) != said(settings, b) {
        return true;
    }
    let Body::Lists(lists) = &point.body else {
        return false;
    };
    let list = match direction {
        Direction::Out => &lists.egress,
        _ => &lists.ingress,
    };
    let mut enabled = list.rules.iter().filter(|r| r.enabled);
    enabled.any(|r| r.profiles.intersects(a) != r.profiles.intersects(b))
}

/// What the settings of a profile say, wherever they stand.
type Said = (
    Option<bool>,
    Option<InboundPolicy>,
    Option<bool>,
    Option<bool>,
);

fn said(windows: Option<&WindowsProfiles>, profile: Profiles) -> Option<Said> {
    let s = windows?.settings(profile)?;
    Some((
        s.enabled.map(|(v, _)| v),
        s.inbound.map(|(v, _)| v),
        s.outbound_allow.map(|(v, _)| v),
        s.local_rules.map(|(v, _)| v),
    ))
}
