//! Compares every host and every point.

use super::ask::{Side, ask};
use super::boxes::{Telling, tell};
use super::target::Target;
use super::units::{Unit, units};
use crate::common::diag::Diag;
use crate::finding::difference::{Hosts, PacketChange};
use crate::judge::PartScope;
use crate::load::{RunPoint, Seal};
use crate::session::diff::envelope::Flows;
use crate::session::diff::sides::Sides;
use crate::session::{Part, Session, changed};
use hylint_engine::{Indexes, PointId, SetId};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Compares every host and every point that guards none.
///
/// # Errors
/// A side cannot be bound, or a file changed after it was first read.
pub(in crate::session::diff) fn compare(
    sides: &Sides,
    flows: &Flows,
) -> Result<(Vec<PacketChange>, Hosts), Vec<Diag>> {
    let (all, hosts) = units(&sides.old, &sides.new)?;
    let (old, new) = (Parts::of(&sides.old)?, Parts::of(&sides.new)?);
    let mut groups: BTreeMap<(usize, usize), Vec<Unit>> = BTreeMap::new();
    for u in all {
        if let (Some(a), Some(b)) = (old.of_target(&u.old), new.of_target(&u.new)) {
            groups.entry((a, b)).or_default().push(u);
        }
    }
    let one = |((a, b), units): ((usize, usize), Vec<Unit>)| {
        let (Some(x), Some(y)) = (old.parts.get(a), new.parts.get(b)) else {
            return Ok(Vec::new());
        };
        let same = Basis::of(&sides.old, x) == Basis::of(&sides.new, y);
        let units: Vec<Unit> = units
            .into_iter()
            .filter(|u| !same || u.old != u.new)
            .collect();
        group(sides, flows, (x, y), &units)
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

/// Compares the units of one part.
fn group(
    sides: &Sides,
    flows: &Flows,
    (old, new): (&Part, &Part),
    units: &[Unit],
) -> Result<Vec<PacketChange>, Vec<Diag>> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let link = |s: &Session, part: &Part| {
        let linked = s.linked.get(&s.material, part, Indexes::default);
        linked.map_err(|c| vec![changed(&c)])
    };
    let (a, b) = (link(&sides.old, old)?, link(&sides.new, new)?);
    let rows = match sides.judge() {
        Some(judge) => &judge.site()?.matrix.requirements,
        None => &sides.old.site()?.matrix.requirements,
    };
    let one = |u: &Unit| {
        let side = |part: &Part, linked, target| Side {
            exports: linked,
            layers: layers(part, target),
            target,
            asked: OnceLock::new(),
        };
        let (x, y) = (side(old, &a.exports, &u.old), side(new, &b.exports, &u.new));
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
fn layers(part: &Part, t: &Target) -> Vec<(Vec<PointId>, hylint_space::AddrSet)> {
    let points = |points: &[RunPoint]| points.iter().filter_map(|at| part.point(*at)).collect();
    let layers = t.layers.iter();
    layers
        .map(|(p, inside)| (points(p), inside.clone()))
        .collect()
}

/// The parts of a side, and which of them each export is in.
struct Parts<'s> {
    parts: &'s [Part],
    of_export: BTreeMap<crate::load::ExportId, usize>,
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

/// Everything that what a part does with packets depends on, but for what hosts are.
#[derive(PartialEq)]
struct Basis {
    files: Vec<(Arc<str>, Seal)>,
    /// Files of the same scopes, which say what names in the rules mean.
    beside: Vec<(Arc<str>, Seal)>,
    settings: Vec<(PointId, SetId)>,
    scope: PartScope,
    known: BTreeMap<String, hylint_space::AddrSet>,
}

impl Basis {
    fn of(session: &Session, part: &Part) -> Option<Self> {
        let m = &session.material;
        let scopes = part.exports.iter();
        let mut beside: Vec<_> = scopes
            .flat_map(|at| m.links.index.scope(&m.heads, *at))
            .collect();
        beside.sort_unstable();
        beside.dedup();
        let seals = |all: &[crate::load::ExportId]| -> Option<Vec<_>> {
            all.iter().map(|at| m.seal(*at)).collect()
        };
        Some(Self {
            files: seals(&part.exports)?,
            beside: seals(&beside)?,
            settings: part.settings(&m.links),
            scope: part.scope(&session.site.get()?.bound),
            known: m.known().clone(),
        })
    }
}
