//! A Windows firewall in several exports: by several tools, store by store, rules apart from their filters.

use super::Binder;
use crate::link::Views;
use crate::load::{ExportId, RunPoint};
use hylint_model::{Body, Companion, DefaultOrigin, Point, PointKind, RuleList, Stores, View};
use std::collections::BTreeMap;

/// The forms of a Windows firewall, the ones that say most of a rule first.
const FORMS: [&str; 5] = ["powershell", "registry", "netsh", "gpo", "wfmsc"];

impl Binder<'_> {
    /// Of the firewalls of a host those that are judged for themselves: several exports of its Windows firewall are one.
    pub(super) fn one_windows(
        &mut self,
        points: Vec<RunPoint>,
        exports: &[ExportId],
        host: &str,
    ) -> Vec<RunPoint> {
        let is_windows =
            |b: &Self, at: &RunPoint| b.point(*at).is_some_and(|p| p.kind == PointKind::WindowsFirewall);
        let (windows, mut rest): (Vec<_>, Vec<_>) =
            points.into_iter().partition(|at| is_windows(self, at));
        let mut beside = self.beside_windows(exports);
        if windows.is_empty() || !self.are_views(&windows, &beside) {
            rest.extend(windows);
            rest.sort_unstable();
            return rest;
        }
        // Copies in one form are none of them a view of the other.
        let mut alike: BTreeMap<(&str, u8, bool), Vec<RunPoint>> = BTreeMap::new();
        for at in windows {
            let Some(p) = self.point(at) else { continue };
            let key = (self.form(at), p.stores.0, p.view == View::Effective);
            alike.entry(key).or_default().push(at);
        }
        let mut all = Vec::new();
        for same in alike.into_values() {
            all.extend(self.current(same, host));
        }
        all.sort_by_key(|at| (self.rank(*at), *at));
        let mut all = all.into_iter();
        let Some(main) = all.next() else { return rest };
        let mut others: Vec<RunPoint> = all.collect();
        self.copies.extend(&others);
        others.append(&mut beside);
        others.retain(|o| o.export != main.export);
        self.views.retain(|v| v.main != main);
        self.views.push(Views { main, others });
        rest.push(main);
        rest.sort_unstable();
        rest
    }

    /// Whether files are the exports of one Windows firewall, and more than parts in one form.
    pub(super) fn are_windows_views(&self, files: &[ExportId]) -> bool {
        let points = self.points_of(files);
        let mut own = points.iter().filter_map(|at| self.point(*at));
        let all = own.all(|p| p.kind == PointKind::WindowsFirewall);
        all && !points.is_empty() && self.are_views(&points, &self.beside_windows(files))
    }

    fn are_views(&self, points: &[RunPoint], beside: &[RunPoint]) -> bool {
        let filters = |at: &RunPoint| self.has_filters(at.export);
        let key = |at: &RunPoint| {
            let p = self.point(*at);
            (self.form(*at), p.map_or(Stores::default(), |p| p.stores))
        };
        let mut keys = points.iter().map(key);
        let first = keys.next();
        beside.iter().any(filters) || keys.any(|k| Some(k) != first)
    }

    /// Exports without points that say something of a Windows firewall.
    fn beside_windows(&self, exports: &[ExportId]) -> Vec<RunPoint> {
        let says = |c: &Companion| is_filters(c) || matches!(c, Companion::WindowsProfiles(_));
        let own = exports.iter().filter(|e| self.companions(**e, says));
        own.map(|e| RunPoint::new(*e, 0)).collect()
    }

    /// Whether an export holds filters of Windows rules that stand elsewhere.
    pub(super) fn has_filters(&self, export: ExportId) -> bool {
        self.companions(export, is_filters)
    }

    fn companions(&self, export: ExportId, is: impl Fn(&Companion) -> bool) -> bool {
        let export = self.exports.get(export);
        export.is_some_and(|e| e.export.points.is_empty() && e.export.companions.iter().any(is))
    }

    fn form(&self, at: RunPoint) -> &'static str {
        self.exports.get(at.export).map_or("", |e| e.export.format)
    }

    /// Less for a view that says more: what is in effect, then the host's own store, whole and with programs.
    fn rank(&self, at: RunPoint) -> (bool, bool, bool, bool, usize) {
        let p = self.point(at);
        let form = FORMS.iter().position(|f| *f == self.form(at));
        let is = |f: fn(&Point) -> bool| p.is_some_and(f);
        (
            !is(|p| p.view == View::Effective),
            !is(|p| p.stores.has(Stores::LOCAL)),
            !is(is_whole),
            is(|p| p.brief),
            form.unwrap_or(FORMS.len()),
        )
    }
}

fn is_filters(c: &Companion) -> bool {
    matches!(c, Companion::WindowsFilters { .. })
}

fn is_whole(p: &Point) -> bool {
    let known = |l: &RuleList| l.default.origin != DefaultOrigin::Unknown;
    matches!(&p.body, Body::Lists(l) if known(&l.ingress) && known(&l.egress))
}
