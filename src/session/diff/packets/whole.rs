//! Compares every host and every point.

use super::ask::ask;
use super::boxes::{Telling, tell};
use super::side::Side;
use super::target::Target;
use super::units::Unit;
use crate::common::diag::Diag;
use crate::finding::difference::{Hosts, PacketChange};
use crate::load::{ExportId, RunPoint, Seal};
use crate::session::diff::envelope::Flows;
use crate::session::diff::sides::Sides;
use crate::session::{Part, PartSeal, Session, changed};
use hylint_engine::{Indexes, PointId};
use hylint_space::AddrSet;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Compares every host and every point that guards none.
///
/// # Errors
/// A side cannot be bound, or a file changed after it was first read.
pub(in crate::session::diff) fn compare(
    sides: &Sides,
    flows: &Flows,
    (all, hosts): (Vec<Unit>, Hosts),
) -> Result<(Vec<PacketChange>, Hosts), Vec<Diag>> {
    // What a site file says anew of the same firewalls changes what is known of them, and nothing that they do.
    let files = (sealed(&sides.old), sealed(&sides.new));
    if files.0.is_some() && files.0 == files.1 {
        return Ok((Vec::new(), Hosts::default()));
    }
    let (old, new) = (Parts::of(&sides.old)?, Parts::of(&sides.new)?);
    let mut groups: BTreeMap<(Option<usize>, Option<usize>), Vec<Unit>> = BTreeMap::new();
    for u in all {
        let key = (old.of_target(&u.old), new.of_target(&u.new));
        groups.entry(key).or_default().push(u);
    }
    let one = |((a, b), units): (_, Vec<Unit>)| {
        let part = |of: &Parts<'_>, n: Option<usize>| n.and_then(|n| of.parts.get(n)).cloned();
        let (x, y) = (part(&old, a), part(&new, b));
        let same = match (&x, &y) {
            (Some(x), Some(y)) => made_of(&sides.old, x) == made_of(&sides.new, y),
            _ => false,
        };
        let units: Vec<Unit> = units
            .into_iter()
            .filter(|u| !same || u.old != u.new)
            .collect();
        group(sides, flows, (x.as_ref(), y.as_ref()), &units)
    };
    let found = hylint_parallel::map(groups.into_iter().collect(), one);
    let found: Vec<Vec<PacketChange>> = found.into_iter().collect::<Result<_, Vec<Diag>>>()?;
    let mut packets: Vec<PacketChange> = found.into_iter().flatten().collect();
    let way = |p: &PacketChange| p.direction as usize;
    packets.sort_by(|a, b| {
        let of = |p: &PacketChange| (p.change, p.host.clone(), p.point.clone(), way(p));
        of(a).cmp(&of(b))
    });
    Ok((packets, hosts))
}

/// The files of every export in path order, and what is in them; none if that of one is not known.
fn sealed(s: &Session) -> Option<Vec<(Arc<str>, Seal)>> {
    s.material
        .heads
        .ids()
        .map(|at| s.material.seal(at))
        .collect()
}

/// Compares the units of one part.
fn group(
    sides: &Sides,
    flows: &Flows,
    (old, new): (Option<&Part>, Option<&Part>),
    units: &[Unit],
) -> Result<Vec<PacketChange>, Vec<Diag>> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let link = |s: &Session, part: Option<&Part>| {
        let linked = part.map(|p| s.linked.get(&s.material, p, Indexes::default));
        linked.transpose().map_err(|c| vec![changed(&c)])
    };
    let (a, b) = (link(&sides.old, old)?, link(&sides.new, new)?);
    let (Some(x), Some(y)) = (a.as_ref().or(b.as_ref()), b.as_ref().or(a.as_ref())) else {
        return Ok(Vec::new());
    };
    let (a, b) = (&x.exports, &y.exports);
    let rows = match sides.judge() {
        Some(judge) => &judge.site()?.matrix.requirements,
        None => &sides.old.site()?.matrix.requirements,
    };
    let one = |u: &Unit| {
        let side = |part: Option<&Part>, exports, target| Side {
            exports,
            layers: part.map_or_else(Vec::new, |p| layers(p, target)),
            target,
            asked: OnceLock::new(),
        };
        let (x, y) = (side(old, a, &u.old), side(new, b, &u.new));
        let telling = Telling {
            host: u.host.as_deref(),
            old: &x,
            new: &y,
            flows,
            shown: &sides.shown,
        };
        tell(&telling, ask(&x, &y, rows))
    };
    let found = hylint_parallel::map(units.iter().collect(), one);
    Ok(found.into_iter().flatten().collect())
}

/// A target's layers, by the numbers of a part.
fn layers(part: &Part, t: &Target) -> Vec<(Vec<PointId>, AddrSet)> {
    let points = |points: &[RunPoint]| points.iter().filter_map(|at| part.point(*at)).collect();
    let layers = t.layers.iter();
    layers
        .map(|(p, inside)| (points(p), inside.clone()))
        .collect()
}

/// The parts of a side, and which of them each export is in.
struct Parts<'s> {
    parts: &'s [Part],
    of_export: BTreeMap<ExportId, usize>,
}

impl<'s> Parts<'s> {
    fn of(session: &'s Session) -> Result<Self, Vec<Diag>> {
        let parts = &session.site()?.parts;
        let each = parts.iter().enumerate();
        let each = each.flat_map(|(n, p)| p.exports.iter().map(move |e| (*e, n)));
        Ok(Self {
            parts,
            of_export: each.collect(),
        })
    }

    fn of_target(&self, t: &Target) -> Option<usize> {
        self.of_export.get(&t.points().next()?.export).copied()
    }
}

/// What a part is made of, and what names of its rules are known to be.
fn made_of<'s>(s: &'s Session, part: &Part) -> Option<(PartSeal, &'s BTreeMap<String, AddrSet>)> {
    let bound = &s.site.get()?.bound;
    Some((PartSeal::of(&s.material, bound, part), s.material.known()))
}
