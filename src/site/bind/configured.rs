//! Hosts and forwarding firewalls that hylint.toml names.

use super::cloud::Pick;
use super::contradict::Declared;
use super::foreign::Machine;
use super::{Binder, keywords};
use crate::common::paths;
use crate::finding::{Place, RoleSource};
use crate::load::{ExportId, RunPoint};
use crate::rules::matrix::RoleIx;
use crate::rules::platform;
use crate::site::config::{HostConfig, TransitConfig};
use crate::site::{Host, HostFacts, Layer, Transit};
use hylint_model::Span;
use hylint_parsers::source::Source;
use hylint_space::AddrSet;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Binder<'_> {
    pub(super) fn configured_hosts(&mut self) {
        let Some(config) = self.config else { return };
        let source = Source::new(&*config.path, &*config.text, "UTF-8");
        for (entry, h) in config.hosts.iter().enumerate() {
            let exports = self.with_views(entry, &h.name);
            let own = self.own_layers(&exports, &h.name);
            let mut base = self.host(h);
            // What contradicts the entry points at it.
            let may = h.profile.is_some() || !h.resolve.is_empty();
            base.entry = may.then(|| {
                let span = Span::new(h.span.start, h.span.end);
                Place::new(&config.path, &source, span)
            });
            base.facts = self.facts(&exports, &h.name, Some(&h.addrs));
            let machine = Machine {
                name: &h.name,
                addrs: &h.addrs,
            };
            self.tell_foreign(
                &exports,
                machine,
                Some(&config.place_of_entry("host", entry)),
            );
            self.compare_with_facts(
                &Declared {
                    array: "host",
                    number: entry,
                    name: &h.name,
                    addrs: &h.addrs,
                    interfaces: &h.interfaces,
                },
                &base.facts.clone(),
                &exports,
            );
            self.take_facts(&mut base, &own);
            keywords::resolve(&mut base);
            let pick = Pick::Host(h, !own.is_empty());
            let mut hosts = self.cloud_hosts(base, &exports, pick);
            for host in &mut hosts {
                host.layers.extend(own.iter().cloned());
            }
            self.hosts.extend(hosts);
        }
    }

    /// Gives a host what its own listings say and hylint.toml does not.
    pub(super) fn take_facts(&self, host: &mut Host, own: &[Layer]) {
        let facts = host.facts.clone();
        if host.addrs.is_empty() && !host.roles.is_empty() {
            let addrs = self.listed_addrs(&host.roles, &facts);
            host.seen = addrs.clone();
            host.addrs = addrs;
        }
        host.every = host.every.union(&host.addrs).union(&facts.addrs());
        host.listed |= facts.are_whole();
        if self.have_interfaces(own) {
            host.unproven = facts.unproven_beside(&host.interfaces);
            host.interfaces = facts.with_faces(&host.interfaces);
        }
    }

    /// The addresses of a host that nobody declared: those of its roles that it shows, else those of its one interface on the
    /// wire.
    fn listed_addrs(&self, roles: &[RoleIx], facts: &HostFacts) -> AddrSet {
        let declared = self.config.iter().flat_map(|c| &c.roles);
        let declared = declared.filter(|(role, _)| roles.contains(role));
        let of_roles = declared.fold(AddrSet::empty(), |all, (_, a)| all.union(a));
        let shown = of_roles.intersect(&facts.addrs());
        if !shown.is_empty() {
            return shown;
        }
        facts
            .main_addrs(platform::is_software_iface)
            .unwrap_or_default()
    }

    fn have_interfaces(&self, layers: &[Layer]) -> bool {
        let mut points = layers.iter().flat_map(|l| &l.points);
        points.any(|at| self.point(*at).is_some_and(|p| p.kind.has_interfaces()))
    }

    fn host(&self, h: &HostConfig) -> Host {
        Host {
            name: h.name.clone(),
            addrs: h.addrs.clone(),
            seen: h.addrs.clone(),
            every: h.addrs.clone(),
            public: AddrSet::empty(),
            declared: true,
            listed: false,
            roles: h.roles.clone(),
            role_source: Some(RoleSource::Config),
            layers: Vec::new(),
            profile: h.profile,
            interfaces: h.interfaces.clone(),
            entry: None,
            unproven: AddrSet::empty(),
            facts: Default::default(),
            resolve: self.merged(&h.resolve),
            open: self.still_open(&h.resolve),
            widened_by: Vec::new(),
        }
    }

    /// What is open of the names, but of those that a host resolves itself.
    fn still_open(&self, own: &BTreeMap<String, AddrSet>) -> Arc<BTreeMap<String, AddrSet>> {
        if !own.keys().any(|k| self.open.contains_key(k)) {
            return self.open.clone();
        }
        let mut all = (*self.open).clone();
        all.retain(|k, _| !own.contains_key(k));
        Arc::new(all)
    }

    fn merged(&self, own: &BTreeMap<String, AddrSet>) -> Arc<BTreeMap<String, AddrSet>> {
        if own.is_empty() {
            return self.resolve.clone();
        }
        let mut all = (*self.resolve).clone();
        all.extend(own.clone());
        Arc::new(all)
    }

    pub(super) fn configured_transits(&mut self) {
        let Some(config) = self.config else { return };
        for (n, t) in config.transits.iter().enumerate() {
            let exports = self.with_views(config.hosts.len() + n, &t.name);
            let points = self.transit_points(t, &exports);
            let facts = self.facts(&exports, &t.name, None);
            let listings = self.listing_ids(&exports);
            self.listed.extend(listings);
            self.compare_with_facts(
                &Declared {
                    array: "transit",
                    number: n,
                    name: &t.name,
                    addrs: &AddrSet::empty(),
                    interfaces: &t.interfaces,
                },
                &facts,
                &exports,
            );
            let interfaces = facts.with_faces(&t.interfaces);
            let unproven = facts.unproven_beside(&t.interfaces);
            let first = exports.first().and_then(|i| self.exports.get(*i));
            let name = match (&t.name, first) {
                (name, Some(e)) if name.is_empty() => paths::host_name(&e.path),
                (name, _) => name.clone(),
            };
            for points in self.firewalls(points, &name) {
                self.transits.push(Transit {
                    name: name.clone(),
                    points,
                    between: t.between.clone(),
                    to_front: t.to_front.clone(),
                    behind: t.behind.clone(),
                    interfaces: interfaces.clone(),
                    unproven: unproven.clone(),
                    resolve: self.merged(&t.resolve),
                });
            }
        }
    }

    /// The points of an entry by the firewalls that they are: netfilter's halves are one. A second one of a family is not
    /// passed over: what crosses the entry has to pass each.
    fn firewalls(&mut self, points: Vec<RunPoint>, name: &str) -> Vec<Vec<RunPoint>> {
        let is_own = |b: &Self, at: &RunPoint| b.point(*at).is_some_and(|p| p.kind.is_host());
        let (own, named): (Vec<_>, Vec<_>) = points.into_iter().partition(|at| is_own(self, at));
        let mut all = vec![named];
        let own = self.united(own, name);
        for at in self.current(own, name) {
            let is_other_half = |other: &RunPoint| {
                let (p, q) = (self.point(*other), self.point(at));
                p.zip(q).is_none_or(|(p, q)| {
                    let both = p.families.v4 && q.families.v4 || p.families.v6 && q.families.v6;
                    !p.kind.is_host() || p.kind == q.kind && p.kind.has_halves() && !both
                })
            };
            let fits = |f: &&mut Vec<RunPoint>| f.iter().all(is_other_half);
            match all.iter_mut().find(fits) {
                Some(f) => f.push(at),
                None => all.push(vec![at]),
            }
        }
        all
    }

    /// The points whose forwarding is judged: netfilter, and cloud groups that are named.
    fn transit_points(&self, t: &TransitConfig, exports: &[ExportId]) -> Vec<RunPoint> {
        let all = self.points_of(exports).into_iter();
        all.filter(|at| {
            self.point(*at).is_some_and(|p| {
                let named = t.points.iter().any(|n| super::layers::is_named(p, n));
                named || t.points.is_empty() && p.kind.forwards()
            })
        })
        .collect()
    }
}
