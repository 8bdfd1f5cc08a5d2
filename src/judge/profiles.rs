//! Which profile is judged, and which others may be active where nothing says.

use super::check::Checked;
use super::failure::Cause;
use super::probe::Guard;
use crate::finding::outcome::Status;
use crate::judge::Exports;
use crate::site::Host;
use hylint_engine::{Direction, PointId};
use hylint_model::{Body, OtherPolicy, Point, Profiles, RuleOrigin};

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
