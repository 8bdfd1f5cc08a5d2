//! A Windows firewall in several exports: by several tools, store by store, rules apart from their filters.

use super::Binder;
use crate::link::{
    has_filters, has_policy, has_proxies, is_of_policy_alone, kind_of_view, views_of_windows,
};
use crate::load::{ExportId, RunPoint};
use hylint_model::PointKind;
use std::collections::BTreeMap;

impl Binder<'_> {
    /// Of the firewalls of a host those that are judged for themselves: several exports of its Windows firewall are one.
    pub(super) fn one_windows(
        &mut self,
        points: Vec<RunPoint>,
        exports: &[ExportId],
        host: &str,
    ) -> Vec<RunPoint> {
        let heads = self.exports;
        let is_windows = |at: &RunPoint| {
            let p = heads.point(*at);
            p.is_some_and(|p| p.kind == PointKind::WindowsFirewall)
        };
        let (windows, mut rest): (Vec<_>, Vec<_>) = points.into_iter().partition(is_windows);
        if views_of_windows(heads, &windows, exports).is_none() {
            rest.extend(windows);
            rest.sort_unstable();
            return rest;
        }
        // Of one form and store, copies are no views of each other.
        let mut alike: BTreeMap<(&str, u8, bool), Vec<RunPoint>> = BTreeMap::new();
        for at in windows {
            let (form, stores, effective) = kind_of_view(heads, at);
            let same = alike.entry((form, stores.0, effective)).or_default();
            same.push(at);
        }
        let mut own = Vec::new();
        for same in alike.into_values() {
            own.extend(self.current(same, host));
        }
        // Copies of which nothing tells the one in force stay apart.
        let mut pairs = own.iter().enumerate();
        let differ =
            pairs.any(|(n, a)| own.iter().skip(n + 1).any(|b| self.differ_in_files(*a, *b)));
        match views_of_windows(heads, &own, exports).filter(|_| !differ) {
            Some(views) => {
                self.copies.extend(&views.others);
                self.views.retain(|v| v.main != views.main);
                rest.push(views.main);
                self.views.push(views);
            }
            None => rest.extend(own),
        }
        rest.sort_unstable();
        rest
    }

    /// Whether files are several exports of one Windows firewall.
    pub(super) fn are_windows_views(&self, files: &[ExportId]) -> bool {
        let points = self.points_of(files);
        let mut own = points.iter().filter_map(|at| self.point(*at));
        own.all(|p| p.kind == PointKind::WindowsFirewall)
            && views_of_windows(self.exports, &points, files).is_some()
    }

    /// Whether an export without rules is part of a Windows firewall: filters of its rules, settings that policy makes, port
    /// proxies.
    pub(super) fn is_beside(&self, export: ExportId) -> bool {
        let heads = self.exports;
        has_filters(heads, export) || has_policy(heads, export) || has_proxies(heads, export)
    }

    /// Whether an export acts on a host whose own rules stand in another one.
    pub(super) fn is_added(&self, export: ExportId) -> bool {
        self.is_beside(export) || is_of_policy_alone(self.exports, export)
    }
}
