//! Which exports are judged together.
//!
//! A part is a set of exports that share a host, a forwarding firewall with the hosts that the site says are behind it, or
//! profile settings; what stands in one part says nothing about the rules of another. A fleet is a part for each host, an account whose interfaces have groups of
//! several files in common is one part.

use crate::finding::Finding;
use crate::judge::{Decision, Exports, InPart, InSite, Leg, Order, PartScope, Tally};
use crate::link::{self, Links, Other, Views, WindowsView, is_ruleset};
use crate::load::{ExportId, Heads, LoadedExport, RunPoint};
use crate::site::{Bound, Host, Transit};
use hylint_engine::{Indexes, PointId, SetId};
use hylint_model::{Companion, Point, PointKind, WindowsProfiles};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Exports that are judged together, with the hosts behind them.
#[derive(Clone, Debug, Default)]
pub(in crate::session) struct Part {
    /// Numbers of the exports, ascending.
    pub exports: Vec<ExportId>,
    /// Numbers of the hosts, ascending.
    hosts: Vec<InSite>,
    /// Numbers of the forwarding firewalls, ascending.
    transits: Vec<InSite>,
    /// Numbers of the exports' other machines, ascending.
    outside: Vec<InSite>,
    /// Points that stand in for layers, behind those of the exports that name them.
    stand_ins: Vec<(ExportId, Vec<Point>)>,
    /// Dumps and rulesets that are of one firewall.
    views: Vec<Views>,
}

/// The parts of a run, by their first export.
pub(in crate::session) fn parts(bound: &Bound, links: &Links, heads: &Heads) -> Vec<Part> {
    let mut sets = united(bound, links, heads);
    let mut of: Vec<Option<usize>> = vec![None; heads.len()];
    let mut out: Vec<Part> = Vec::new();
    for at in heads.ids() {
        let Some(slot) = of.get_mut(sets.root(at.index())) else {
            continue;
        };
        let n = *slot.get_or_insert_with(|| {
            out.push(Part::default());
            out.len() - 1
        });
        if let Some(p) = out.get_mut(n) {
            p.exports.push(at);
            let points = bound.stand_ins.get(&at);
            p.stand_ins.extend(points.map(|p| (at, p.clone())));
        }
    }
    for v in &bound.views {
        let part = of.get(sets.root(v.main.export.index()));
        if let Some(p) = part.copied().flatten().and_then(|p| out.get_mut(p)) {
            p.views.push(v.clone());
        }
    }
    let mut part_of = |points: &[RunPoint]| {
        let root = sets.root(points.first()?.export.index());
        of.get(root).copied().flatten()
    };
    for (n, h) in bound.site.hosts.iter().enumerate() {
        let part = part_of(&host_points(h));
        if let Some(p) = part.and_then(|p| out.get_mut(p)) {
            p.hosts.push(InSite(n));
        }
    }
    for (n, t) in bound.site.transits.iter().enumerate() {
        let part = part_of(&t.points);
        if let Some(p) = part.and_then(|p| out.get_mut(p)) {
            p.transits.push(InSite(n));
        }
    }
    for (n, o) in bound.site.outside.iter().enumerate() {
        let part = part_of(&o.points);
        if let Some(p) = part.and_then(|p| out.get_mut(p)) {
            p.outside.push(InSite(n));
        }
    }
    out
}

/// The exports that have to be judged together.
fn united(bound: &Bound, links: &Links, heads: &Heads) -> Sets {
    let mut sets = Sets((0..heads.len()).collect());
    let hosts = bound.site.hosts.iter().map(host_points);
    let transits = bound.site.transits.iter().map(|t| t.points.clone());
    let outside = bound.site.outside.iter();
    let outside = outside.map(|o| o.all_points().collect());
    for all in hosts.chain(transits).chain(outside) {
        for pair in all.windows(2) {
            if let [a, b] = pair {
                sets.unite(a.export.index(), b.export.index());
            }
        }
    }
    for (point, from) in &links.settings {
        sets.unite(point.export.index(), from.index());
    }
    for v in &bound.views {
        for other in &v.others {
            sets.unite(v.main.export.index(), other.export.index());
        }
    }
    for t in bound.site.transits.iter().filter(|t| t.is_told()) {
        let Some(front) = t.points.first() else {
            continue;
        };
        for h in bound.site.hosts.iter().filter(|h| stands_behind(t, h)) {
            let own = h.layers.iter().flat_map(|l| &l.points).next();
            if let Some(own) = own {
                sets.unite(front.export.index(), own.export.index());
            }
        }
    }
    sets
}

/// Whether the site says that flows to a host cross a forwarding firewall: what that lets through is judged by what the host
/// lets in as well.
fn stands_behind(t: &Transit, h: &Host) -> bool {
    let mut to = t.between.iter().map(|(_, to)| to);
    let mut behind = t.behind.iter().map(|(_, to)| to);
    to.any(|to| h.roles.contains(to)) || behind.any(|to| h.roles.contains(to))
}

/// The profile settings that stand in the export of a point, or in one without points.
fn own_settings(heads: &Heads, links: &Links, at: RunPoint) -> Option<Box<WindowsProfiles>> {
    if let Some(point) = heads.point(at) {
        let own = !links.settings.contains_key(&at);
        return point.windows.clone().filter(|_| own);
    }
    let companions = heads.get(at.export).map(|e| &e.export.companions);
    companions.into_iter().flatten().find_map(|c| match c {
        Companion::WindowsProfiles(w) => Some(w.clone()),
        _ => None,
    })
}

fn host_points(h: &Host) -> Vec<RunPoint> {
    h.layers.iter().flat_map(|l| l.points.clone()).collect()
}

impl Part {
    /// Of all exports, without hosts.
    pub(in crate::session) fn of_all(heads: &Heads) -> Self {
        let points = heads.each().flat_map(|(id, e)| {
            let own = e.export.points.iter().enumerate();
            let own = own.filter(|(_, p)| p.kind == PointKind::Netfilter);
            own.map(move |(n, _)| RunPoint::new(id, n))
        });
        let (mut rulesets, dumps): (Vec<_>, Vec<_>) = points.partition(|at| is_ruleset(heads, *at));
        // What the kernel has goes before what zones tell of it.
        rulesets.sort_by_key(|at| link::is_zones(heads, *at));
        let mut views: Vec<Views> = Vec::new();
        if let Some((ruleset, others)) = rulesets.split_first() {
            views.push(Views {
                main: *ruleset,
                others: others.iter().copied().chain(dumps).collect(),
            });
        } else {
            for (main, other) in link::further_tables(heads, &dumps) {
                match views.iter_mut().find(|v| v.main == main) {
                    Some(view) => view.others.push(other),
                    None => views.push(Views {
                        main,
                        others: vec![other],
                    }),
                }
            }
        }
        let own = heads.each().flat_map(|(id, e)| {
            let own = e.export.points.iter().enumerate();
            let own = own.filter(|(_, p)| p.kind == PointKind::WindowsFirewall);
            own.map(move |(n, _)| RunPoint::new(id, n))
        });
        let (own, all): (Vec<_>, Vec<_>) = (own.collect(), heads.ids().collect());
        let windows = link::views_of_windows(heads, &own, &all);
        views.retain(|v| !v.others.is_empty());
        views.extend(windows);
        Self {
            exports: heads.ids().collect(),
            views,
            ..Self::default()
        }
    }

    /// The export in which the firewall of an export is judged: where it is a view of another one's, that one.
    pub(in crate::session) fn home(&self, export: ExportId) -> ExportId {
        let holds = |v: &&Views| v.others.iter().any(|d| d.export == export);
        let view = self.views.iter().find(holds);
        view.map_or(export, |v| v.main.export)
    }

    /// Puts the other views of each firewall into its ruleset, and adds what that tells to what is said. Returns the paths of
    /// these views by the number of the ruleset's export.
    pub(super) fn unite(
        &self,
        exports: &mut [LoadedExport],
        (heads, links): (&Heads, &Links),
        said: &mut Vec<Finding>,
    ) -> BTreeMap<usize, Vec<Arc<str>>> {
        let mut paths = BTreeMap::new();
        for views in &self.views {
            if heads
                .point(views.main)
                .is_some_and(|p| p.kind.has_profiles())
            {
                self.unite_windows(views, exports, (heads, links), said, &mut paths);
            }
        }
        for (n, at) in self.exports.iter().enumerate() {
            let ruleset = exports
                .get(n)
                .is_some_and(|e| link::is_main(e.export.format));
            let views = self.views.iter().find(|v| v.main.export == *at);
            let netfilter = |v: &Views| {
                let point = heads.point(v.main);
                point.is_some_and(|p| p.kind == PointKind::Netfilter)
            };
            if !ruleset && !views.is_some_and(netfilter) {
                continue;
            }
            if self.home(*at) != *at {
                continue;
            }
            let others = views
                .map_or(&[][..], |v| &v.others)
                .iter()
                .map(|d| d.export);
            let others: BTreeSet<ExportId> = others.collect();
            let mut taken = Vec::new();
            for other in &others {
                let set = self.exports.binary_search(other).ok();
                if let Some(e) = set.and_then(|s| exports.get_mut(s)) {
                    paths.entry(n).or_insert_with(Vec::new).push(e.path.clone());
                    taken.push(Other::take(e, said));
                }
            }
            let place = views.map_or(0, |v| v.main.index());
            if let Some(e) = exports.get_mut(n) {
                link::unite(e, place, taken, said);
            }
        }
        paths
    }

    /// Makes one of the views of a Windows firewall.
    fn unite_windows(
        &self,
        views: &Views,
        exports: &mut [LoadedExport],
        (heads, links): (&Heads, &Links),
        said: &mut Vec<Finding>,
        paths: &mut BTreeMap<usize, Vec<Arc<str>>>,
    ) {
        let number = |e: ExportId| self.exports.binary_search(&e).ok();
        let Some(main) = number(views.main.export) else {
            return;
        };
        let mut taken = Vec::new();
        for other in &views.others {
            let settings = own_settings(heads, links, *other);
            if let Some(e) = number(other.export).and_then(|n| exports.get_mut(n)) {
                paths.entry(main).or_default().push(e.path.clone());
                taken.push(WindowsView::take(e, settings));
            }
        }
        let settings = own_settings(heads, links, views.main);
        let from = links.settings.get(&views.main);
        let united = from.is_some_and(|f| views.others.iter().any(|o| o.export == *f));
        if let Some(e) = exports.get_mut(main) {
            if let Some(p) = e
                .export
                .points
                .get_mut(views.main.index())
                .filter(|_| united)
            {
                p.windows = None;
            }
            link::unite_windows(e, views.main.index(), settings, taken, said);
        }
    }

    /// An export's number within the part.
    pub(in crate::session) fn set(&self, export: ExportId) -> Option<SetId> {
        let at = self.exports.binary_search(&export).ok()?;
        Some(SetId::new(at))
    }

    /// A point's number within the part.
    pub(in crate::session) fn point(&self, at: RunPoint) -> Option<PointId> {
        Some(PointId::new(self.set(at.export)?, at.index()))
    }

    /// Settings that stand in another export of the part than the point that they are of.
    pub(in crate::session) fn settings(&self, links: &Links) -> Vec<(PointId, SetId)> {
        let here = |(at, from): (&RunPoint, &ExportId)| Some((self.point(*at)?, self.set(*from)?));
        // Those of another view stand in the united one.
        let united = |(at, from): &(&RunPoint, &ExportId)| {
            let mut views = self.views.iter().filter(|v| v.main == **at);
            views.any(|v| v.others.iter().any(|o| o.export == **from))
        };
        let all = links.settings.iter().filter(|s| !united(s));
        all.filter_map(here).collect()
    }

    /// The part's exports, with the settings that stand in others of them.
    pub(super) fn exports(
        &self,
        links: &Links,
        exports: Vec<LoadedExport>,
        indexes: impl Fn() -> Indexes,
    ) -> Exports {
        let mut exports = exports;
        for (at, points) in &self.stand_ins {
            let export = self.exports.binary_search(at).ok();
            if let Some(e) = export.and_then(|n| exports.get_mut(n)) {
                e.export.points.extend(points.iter().cloned());
            }
        }
        let mut all = Exports::with_indexes(exports, indexes);
        for (point, from) in self.settings(links) {
            all.settings_stand_in(point, from);
        }
        all
    }

    /// The part's hosts and forwarding firewalls, their points by the numbers of the part's exports.
    pub(in crate::session) fn scope(&self, bound: &Bound) -> PartScope {
        let points = |points: &[RunPoint]| -> Vec<PointId> {
            points.iter().filter_map(|at| self.point(*at)).collect()
        };
        let host = |n: &InSite| Some(bound.site.hosts.get(n.0)?.at(points));
        let transit = |n: &InSite| -> Option<Transit<PointId>> {
            Some(bound.site.transits.get(n.0)?.at(points))
        };
        let outside = |n: &InSite| Some(bound.site.outside.get(n.0)?.at(points));
        PartScope {
            outside: self.outside.iter().filter_map(outside).collect(),
            hosts: self.hosts.iter().filter_map(host).collect(),
            transits: self.transits.iter().filter_map(transit).collect(),
        }
    }

    /// The hosts or forwarding firewalls that an end of a flow is judged at.
    fn numbers(&self, leg: Leg) -> &[InSite] {
        match leg {
            Leg::Out | Leg::In | Leg::Local => &self.hosts,
            Leg::Forward => &self.transits,
        }
    }

    /// A place among the checks of a requirement, by the numbers of the site.
    pub(super) fn in_site(&self, order: Order<InPart>) -> Order<InSite> {
        let numbers = self.numbers(order.leg);
        Order {
            leg: order.leg,
            // INVARIANT: the scope has a host for each number of the part.
            who: numbers.get(order.who.0).copied().unwrap_or_default(),
        }
    }

    /// The same by the numbers of the part; none if it is not in the part.
    fn in_part(&self, order: Order<InSite>) -> Option<Order<InPart>> {
        let at = self.numbers(order.leg).binary_search(&order.who).ok()?;
        Some(Order {
            leg: order.leg,
            who: InPart(at),
        })
    }

    /// What others have to know of a check, by the numbers of the site.
    pub(super) fn tally_in_site(&self, t: &Tally<InPart>) -> Tally<InSite> {
        Tally {
            order: self.in_site(t.order),
            status: t.status,
            passing: t.passing.clone(),
            blocked: t.blocked.clone(),
        }
    }

    /// What a decision of the whole site means for the part.
    pub(super) fn decision(&self, d: Decision<InSite>) -> Decision<InPart> {
        let broken = d.broken.and_then(|(order, n, port)| {
            let order = self.in_part(order)?;
            Some((order, n, port))
        });
        Decision { end: d.end, broken }
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
