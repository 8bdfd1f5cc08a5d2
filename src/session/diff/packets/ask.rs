//! Everything that a pair decides otherwise.

use super::pair::{Differing, Pair, WAYS};
use super::side::Side;
use crate::rules::matrix::Requirement;
use hylint_engine::Cuts;
use hylint_model::{Active, Profiles};
use hylint_space::{Family, PacketBox};

/// Puts packets through both sides of a pair. `rows` say which process is behind a port.
pub(super) fn ask<'a>(
    old: &'a Side<'a>,
    new: &'a Side<'a>,
    rows: &'a [Requirement],
) -> Vec<Differing<'a>> {
    let mut out = Vec::new();
    for family in Family::BOTH.into_iter().filter(|f| old.says(new, *f)) {
        for (profiles, more) in passes(old, new) {
            let pair = Pair {
                old,
                new,
                rows,
                profiles: &profiles,
                family,
            };
            let mut met = pair.differing();
            if more {
                met = beside(met, &out);
            }
            out.extend(met);
        }
    }
    out
}

/// The differences that are not among others of their direction.
fn beside<'a>(met: Vec<Differing<'a>>, known: &[Differing<'_>]) -> Vec<Differing<'a>> {
    let spaces = WAYS.map(|way| -> Vec<PacketBox> {
        let same = known.iter().filter(|d| d.direction == way);
        same.map(|d| d.change.space.clone()).collect()
    });
    let cuts = spaces.each_ref().map(|all| Cuts::new(all));
    let left = met.into_iter().flat_map(|d| {
        let cut = WAYS.iter().zip(&cuts).find(|(way, _)| **way == d.direction);
        cut.map_or_else(Vec::new, |(_, cuts)| d.without(cuts))
    });
    left.collect()
}

/// The profiles in which each side is asked, and whether that is beside what was asked before. Where nothing says which
/// profile is active, the others are asked as well: what differs in them alone is open.
fn passes(old: &Side<'_>, new: &Side<'_>) -> Vec<([Vec<Profiles>; 2], bool)> {
    let active = |s: &Side<'_>| {
        let mut points = s.layers.iter().flat_map(|(points, _)| points);
        let point = points.find_map(|at| s.exports.point(*at).filter(|p| p.kind.has_profiles()));
        point.map(|p| p.active_profiles(s.target.profile))
    };
    let (a, b) = (active(old), active(new));
    let of = |a: Option<Active>| a.map_or(vec![Profiles::ALL], Active::passes);
    let mut out = vec![([of(a), of(b)], false)];
    let assumed = |a: Option<Active>| a.is_some_and(Active::is_assumed);
    if assumed(a) && assumed(b) {
        let each = || Profiles::EACH.iter().map(|(p, _)| *p).collect();
        out.push(([each(), each()], true));
    }
    out
}
