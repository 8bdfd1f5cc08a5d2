//! Which exports are judged together.
//!
//! A part is a set of exports that share a host, a forwarding firewall, or profile settings; what stands in one part
//! says nothing about the rules of another. A fleet is a part for each host, an account whose interfaces have groups of
//! several files in common is one part.

use crate::judge::{Exports, PartScope};
use crate::load::{ExportId, Heads, LoadedExport, RunPoint};
use crate::site::{Bound, Host, Transit};
use hylint_engine::{PointId, SetId};

/// Exports that are judged together, with the hosts behind them.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// Numbers of the exports, ascending.
    pub exports: Vec<ExportId>,
    /// Numbers of the hosts.
    hosts: Vec<usize>,
    /// Numbers of the forwarding firewalls.
    transits: Vec<usize>,
}

/// The parts of a run, by their first export.
pub(super) fn parts(bound: &Bound, heads: &Heads) -> Vec<Part> {
    let mut sets = Sets((0..heads.len()).collect());
    let hosts = bound.site.hosts.iter().map(host_exports);
    for all in hosts.chain(bound.site.transits.iter().map(transit_exports)) {
        for pair in all.windows(2) {
            if let [a, b] = pair {
                sets.unite(*a, *b);
            }
        }
    }
    for (point, from) in &bound.settings {
        sets.unite(point.export.index(), from.index());
    }
    let mut of: Vec<Option<usize>> = vec![None; heads.len()];
    let mut out: Vec<Part> = Vec::new();
    for at in 0..heads.len() {
        let root = sets.root(at);
        let Some(slot) = of.get_mut(root) else {
            continue;
        };
        let n = *slot.get_or_insert_with(|| {
            out.push(Part::default());
            out.len() - 1
        });
        if let Some(p) = out.get_mut(n) {
            p.exports.push(ExportId::new(at));
        }
    }
    let mut part_of = |first: Option<&usize>| {
        let root = sets.root(*first?);
        of.get(root).copied().flatten()
    };
    for (n, h) in bound.site.hosts.iter().enumerate() {
        let part = part_of(host_exports(h).first());
        if let Some(p) = part.and_then(|p| out.get_mut(p)) {
            p.hosts.push(n);
        }
    }
    for (n, t) in bound.site.transits.iter().enumerate() {
        let part = part_of(transit_exports(t).first());
        if let Some(p) = part.and_then(|p| out.get_mut(p)) {
            p.transits.push(n);
        }
    }
    out
}

fn host_exports(h: &Host) -> Vec<usize> {
    let points = h.layers.iter().flat_map(|l| &l.points);
    points.map(|at| at.export.index()).collect()
}

fn transit_exports(t: &Transit) -> Vec<usize> {
    t.points.iter().map(|at| at.export.index()).collect()
}

impl Part {
    /// An export's number within the part.
    fn set(&self, export: ExportId) -> Option<SetId> {
        let at = self.exports.binary_search(&export).ok()?;
        Some(SetId::new(at))
    }

    /// A point's number within the part.
    fn point(&self, at: RunPoint) -> Option<PointId> {
        Some(PointId::new(self.set(at.export)?, at.index()))
    }

    /// The part's exports, with the settings that stand in others of them.
    pub(super) fn exports(&self, bound: &Bound, exports: Vec<LoadedExport>) -> Exports {
        let mut all = Exports::from(exports);
        for (at, from) in &bound.settings {
            if let (Some(point), Some(from)) = (self.point(*at), self.set(*from)) {
                all.settings_stand_in(point, from);
            }
        }
        all
    }

    /// The part's hosts and forwarding firewalls, their points by the numbers of the part's exports.
    pub(super) fn scope(&self, bound: &Bound) -> PartScope {
        let points = |points: &[RunPoint]| -> Vec<PointId> {
            let local = points.iter().filter_map(|at| self.point(*at));
            local.collect()
        };
        let host = |n: &usize| Some(bound.site.hosts.get(*n)?.at(points));
        let transit = |n: &usize| Some(bound.site.transits.get(*n)?.at(points));
        PartScope {
            hosts: self.hosts.iter().filter_map(host).collect(),
            host_numbers: self.hosts.clone(),
            transits: self.transits.iter().filter_map(transit).collect(),
            transit_numbers: self.transits.clone(),
        }
    }
}

/// Disjoint sets of numbers; each points at another of its set, the root at itself.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while let Some(up) = self.0.get(at).copied().filter(|up| *up != at) {
            // Halves the way for whoever asks next.
            let next = self.0.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.0.get_mut(at) {
                *slot = next;
            }
            at = next;
        }
        at
    }

    /// The lower root becomes that of both.
    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}
