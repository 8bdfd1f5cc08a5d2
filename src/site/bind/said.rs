//! `points` of a `[[host]]`: which groups, ACLs and NSGs guard it where the exports do not tell, and whether the two agree.

use super::Binder;
use super::content::Copies;
use super::layers::{KINDS, is_named};
use super::notes::title;
use super::words::{self, told};
use crate::finding::{Code, Identity, Severity};
use crate::load::{ExportId, RunPoint};
use crate::site::Host;
use crate::site::config::HostConfig;
use hylint_model::{Point, PointKind};
use std::collections::{BTreeMap, BTreeSet};

/// The points that hylint.toml names for a host, by kind. Interfaces and subnets that are exported tell more: they decide
/// wherever they say what guards them.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    host: String,
    /// For each name the points of one kind that it means.
    names: Vec<(PointKind, String, Vec<RunPoint>)>,
}

impl Said {
    /// Whether nothing that hylint.toml names is there.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl Binder<'_> {
    /// What `points` of a host means in its exports. Tells of names that mean nothing.
    pub(super) fn said(&mut self, h: &HostConfig, host: &Host, exports: &[ExportId]) -> Said {
        let mut out = Said {
            host: host.name.clone(),
            names: Vec::new(),
        };
        let all = self.points_of(exports);
        for name in &h.points {
            let named: Vec<RunPoint> = all
                .iter()
                .copied()
                .filter(|at| self.point(*at).is_some_and(|p| is_named(p, name)))
                .collect();
            if named.is_empty() {
                self.no_such_point(host, name, exports);
            }
            for kind in KINDS {
                let of_kind: Vec<RunPoint> = named
                    .iter()
                    .copied()
                    .filter(|at| self.point(*at).is_some_and(|p| p.kind == kind))
                    .collect();
                if !of_kind.is_empty() {
                    out.names.push((kind, name.clone(), of_kind));
                }
            }
        }
        out
    }

    /// The points of a kind that hylint.toml names. A name that several resources have does not tell which one is meant.
    pub(super) fn said_of(&mut self, said: &Said, kind: PointKind) -> Vec<Copies> {
        let mut out: Vec<Copies> = Vec::new();
        for (_, name, points) in said.names.iter().filter(|(k, ..)| *k == kind) {
            let (with_id, bare): (Vec<RunPoint>, Vec<RunPoint>) = points
                .iter()
                .partition(|at| self.point(**at).is_some_and(|p| !p.id.is_empty()));
            let resources = self.by_resource(&with_id);
            let mut found: Vec<Copies> = match resources.as_slice() {
                [] | [_] => resources.iter().filter_map(|r| self.choose(r)).collect(),
                several => {
                    self.ambiguous_point(&said.host, name, &with_id);
                    let one = several.iter().filter_map(|r| r.first().copied());
                    vec![Copies::Unsure(one.collect())]
                }
            };
            found.extend(bare.into_iter().map(Copies::One));
            for c in found {
                if !out.contains(&c) {
                    out.push(c);
                }
            }
        }
        out
    }

    /// Tells where hylint.toml and the interfaces of a host contradict each other: the interfaces are judged.
    pub(super) fn compare_said(&mut self, said: &Said, hosts: &[Host]) {
        let guards: BTreeSet<RunPoint> = hosts
            .iter()
            .flat_map(|h| h.layers.iter().flat_map(|l| l.points.iter().copied()))
            .collect();
        let id = |b: &Self, at: &RunPoint| b.point(*at).map(|p| p.id.to_ascii_lowercase());
        let guarding: BTreeSet<String> = guards.iter().filter_map(|at| id(self, at)).collect();
        for (_, name, points) in &said.names {
            let known = |at: &RunPoint| {
                guards.contains(at) || id(self, at).is_some_and(|id| guarding.contains(&id))
            };
            if !points.iter().any(known)
                && let Some(first) = points.first()
            {
                self.on_no_interface(&said.host, name, *first);
            }
        }
        let said_ids: BTreeSet<String> = said
            .names
            .iter()
            .flat_map(|(_, _, points)| points.iter().filter_map(|at| id(self, at)))
            .collect();
        let kinds: BTreeSet<&str> = said.names.iter().map(|(k, ..)| k.as_str()).collect();
        let unsaid = |p: &Point| {
            !p.stand_in
                && kinds.contains(p.kind.as_str())
                && !said_ids.contains(&p.id.to_ascii_lowercase())
        };
        let mut more: BTreeMap<String, RunPoint> = BTreeMap::new();
        for at in &guards {
            if let Some(p) = self.point(*at).filter(|p| unsaid(p)) {
                more.entry(p.id.to_ascii_lowercase()).or_insert(*at);
            }
        }
        for at in more.into_values() {
            self.not_in_points(&said.host, at);
        }
    }

    /// A name in `points` that several resources have.
    fn ambiguous_point(&mut self, host: &str, name: &str, points: &[RunPoint]) {
        self.told.extend(points);
        let ids = points.iter().filter_map(|at| self.point(*at));
        let mut ids: Vec<String> = ids.map(|p| p.id.to_string()).collect();
        ids.sort();
        ids.dedup();
        let said = words::ambiguous_point(host, name, &ids);
        let identity = Identity::of(&["ambiguous point", host, name]);
        let place = self.place_in_config(&format!("\"{name}\""));
        let error = Severity::Error;
        let mut f = told(Code::UnboundPoint, error, said, identity, place);
        f.host = Some(host.to_owned());
        if !self.findings.contains(&f) {
            self.findings.push(f);
        }
    }

    /// `points` names something that no exported interface of the host has.
    fn on_no_interface(&mut self, host: &str, name: &str, at: RunPoint) {
        self.told.insert(at);
        let said = words::on_no_interface(host, name);
        let identity = Identity::of(&["point of no interface", host, name]);
        let place = self.place_in_config(&format!("\"{name}\""));
        let warning = Severity::Warning;
        let mut f = told(Code::UnboundPoint, warning, said, identity, place);
        f.host = Some(host.to_owned());
        self.findings.push(f);
    }

    /// An exported interface or subnet has a layer that `points` does not name.
    fn not_in_points(&mut self, host: &str, at: RunPoint) {
        let Some(p) = self.point(at) else { return };
        let (name, key, label) = (title(p), p.key().to_owned(), p.label);
        let said = words::not_in_points(host, &name, &key);
        let identity = Identity::of(&["point not named", host, &key]);
        let place = self.place_in(at.export, Some(label));
        let note = Severity::Note;
        let mut f = told(Code::UnboundPoint, note, said, identity, place);
        f.host = Some(host.to_owned());
        self.findings.push(f);
    }
}
