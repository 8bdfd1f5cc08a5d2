//! Exports that hylint.toml does not name: roles from options, annotations, tags, paths, and at last from their ports.

use super::cloud::{Pick, tag};
use super::foreign::{Machine, is_session};
use super::infer::Listening;
use super::said::Said;
use super::words;
use super::{Binder, keywords};
use crate::common::paths;
use crate::finding::{AssumptionId, RoleSource};
use crate::load::ExportId;
use crate::rules::matrix::RoleIx;
use crate::site::{Host, role_names};
use hylint_model::Span;
use hylint_space::{AddrSet, PortSet};
use std::collections::BTreeMap;

/// What is known of an export's host.
#[derive(Clone, Default)]
pub(super) struct Known {
    roles: Vec<RoleIx>,
    addrs: AddrSet,
    name: Option<String>,
    source: Option<RoleSource>,
}

impl Known {
    /// Nothing but a name; an empty one is none.
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            ..Self::default()
        }
    }
}

impl Binder<'_> {
    pub(super) fn unclaimed(&mut self) {
        let free = |i: &ExportId| self.claims.get(i.index()).is_none_or(Vec::is_empty);
        let judged = |i: &ExportId| self.has_points(*i) || self.is_beside(*i);
        let all = self.exports.ids().filter(free).filter(judged);
        let all: Vec<ExportId> = all.collect();
        let is_host = |i: &ExportId| {
            let points = self.exports.get(*i).map(|e| &e.export.points);
            let own = points.into_iter().flatten().any(|p| p.kind.is_host());
            own || self.is_beside(*i)
        };
        let (own, cloud): (Vec<ExportId>, Vec<ExportId>) = all.into_iter().partition(is_host);
        for files in self.same_host(own) {
            self.guess_host(&files);
        }
        let first = self.hosts.len();
        for files in self.same_folder(cloud) {
            self.guess_cloud(&files);
        }
        self.drop_copied_hosts(first);
    }

    /// Files of one host: the IPv4 and the IPv6 half of one netfilter, side by side; several views of one Windows firewall.
    fn same_host(&mut self, files: Vec<ExportId>) -> Vec<Vec<ExportId>> {
        let mut by_name: BTreeMap<(&str, Vec<String>), Vec<ExportId>> = BTreeMap::new();
        let (beside, judged): (Vec<_>, Vec<_>) = files.into_iter().partition(|i| self.is_added(*i));
        for i in judged.into_iter().chain(beside) {
            let Some(e) = self.exports.get(i) else {
                continue;
            };
            let folder = paths::host_folder(&e.path);
            let mut key = (folder, paths::host_words(&e.path));
            // Filters and settings of a folder with one host are of that one, whatever their files are called.
            if self.is_added(i) && !by_name.contains_key(&key) {
                let mut hosts = by_name.keys().filter(|(f, _)| *f == folder);
                if let (Some(one), None) = (hosts.next(), hosts.next()) {
                    key = one.clone();
                }
            }
            by_name.entry(key).or_default().push(i);
        }
        let mut out: Vec<Vec<ExportId>> = Vec::new();
        for group in by_name.into_values() {
            let points = group
                .iter()
                .filter_map(|i| self.exports.get(*i))
                .flat_map(|e| &e.export.points);
            let halves = points.into_iter().all(|p| p.kind.has_halves());
            let first = group.first().and_then(|i| self.exports.get(*i));
            let host = first.map(|e| paths::host_name(&e.path)).unwrap_or_default();
            let rulesets = self.rulesets(&group);
            let one = group.len() == 2 || group.len() > 2 && rulesets > 0;
            let views = group.len() > 1 && self.are_windows_views(&group);
            if (one && halves || views) && self.own_layers(&group, &host).len() == 1 {
                out.push(group);
            } else {
                self.views.retain(|v| !group.contains(&v.main.export));
                let apart = group
                    .into_iter()
                    .filter(|i| self.has_points(*i) && !self.is_beside(*i));
                out.extend(apart.map(|i| vec![i]));
            }
        }
        out.sort();
        out
    }

    fn has_points(&self, export: ExportId) -> bool {
        let export = self.exports.get(export);
        export.is_some_and(|e| !e.export.points.is_empty())
    }

    fn same_folder(&self, files: Vec<ExportId>) -> Vec<Vec<ExportId>> {
        let mut by_folder: BTreeMap<&str, Vec<ExportId>> = BTreeMap::new();
        for i in files {
            let folder = self.exports.get(i).map_or("", |e| paths::folder(&e.path));
            by_folder.entry(folder).or_default().push(i);
        }
        by_folder.into_values().collect()
    }

    fn guess_host(&mut self, files: &[ExportId]) {
        let Some(first) = files.first().copied() else {
            return;
        };
        let known = self.known(files).or_else(|| self.inferred(files));
        if known.is_none() {
            self.unknown_role(first);
        }
        // Some lints need no role.
        let known = known.unwrap_or_default();
        let mut host = self.guessed(first, known);
        host.facts = self.facts(files, "", Some(&host.addrs));
        let machine = Machine {
            name: "",
            addrs: &host.addrs,
        };
        self.tell_foreign(files, machine, None);
        let layers = self.own_layers(files, &host.name);
        self.take_facts(&mut host, &layers);
        keywords::resolve(&mut host);
        // Cloud points of the same file (a mixed export) are bound like any others.
        self.hosts.push(Host { layers, ..host });
    }

    pub(super) fn guessed(&self, export: ExportId, known: Known) -> Host {
        let e = self.exports.get(export);
        let own = e.filter(|e| !is_session(e));
        let own = own.and_then(|e| e.export.host_name.as_ref().map(|(n, _)| n.clone()));
        let path = e.map(|e| paths::host_name(&e.path)).unwrap_or_default();
        Host {
            name: known.name.or(own).unwrap_or(path),
            seen: known.addrs.clone(),
            every: known.addrs.clone(),
            public: AddrSet::empty(),
            addrs: known.addrs,
            declared: true,
            listed: false,
            roles: known.roles,
            role_source: known.source,
            layers: Vec::new(),
            profile: None,
            interfaces: Vec::new(),
            entry: None,
            unproven: AddrSet::empty(),
            facts: Default::default(),
            resolve: self.resolve.clone(),
            open: self.open.clone(),
            widened_by: Vec::new(),
        }
    }

    /// Roles of the files as a whole, from options, annotations or the path.
    fn known(&mut self, files: &[ExportId]) -> Option<Known> {
        let mut said = self.annotated(files);
        said.addrs = said.addrs.union(&self.cli.addrs);
        if !self.cli.roles.is_empty() {
            said.roles.clone_from(&self.cli.roles);
            said.source = Some(RoleSource::Option);
            return Some(said);
        }
        if !said.roles.is_empty() {
            said.source = Some(RoleSource::Annotation);
            return Some(said);
        }
        let by_path = files.iter().find_map(|i| {
            let e = self.exports.get(*i)?;
            let own = e.export.host_name.as_ref().filter(|_| !is_session(e));
            let named = || own.and_then(|(n, _)| role_names::role_in(n, self.matrix));
            role_names::role(&e.path, self.matrix).or_else(named)
        })?;
        said.roles = vec![by_path];
        said.source = Some(RoleSource::Path);
        Some(said)
    }

    fn annotated(&mut self, files: &[ExportId]) -> Known {
        let mut all = Known::default();
        for i in files {
            let (said, wrong) = self.said_in(*i);
            let new = said.roles.iter().filter(|r| !all.roles.contains(r));
            let new: Vec<RoleIx> = new.copied().collect();
            all.roles.extend(new);
            all.addrs = all.addrs.union(&said.addrs);
            all.name = said.name.or(all.name);
            for (name, span) in wrong {
                self.no_such_role(*i, &name, span);
            }
        }
        all
    }

    /// `# hylint: role=… address=… host=…` in an export, and names that are no role of the matrix. Words that are no
    /// `key=value` of these are left to the reader of the file.
    fn said_in(&self, export: ExportId) -> (Known, Vec<(String, Span)>) {
        let mut said = Known::default();
        let mut wrong = Vec::new();
        let e = self.exports.get(export);
        let annotations = e.map_or(&[][..], |e| &e.export.annotations);
        // `hylint: allow …` is a waiver, and its reason may say anything.
        let about = |t: &&(String, Span)| !t.0.starts_with("allow");
        for (text, span) in annotations.iter().filter(about) {
            for (key, value) in text.split_whitespace().filter_map(|w| w.split_once('=')) {
                let value = value.trim_matches(['"', '\'']);
                match key {
                    "role" | "roles" => {
                        for name in value.split(',') {
                            match role_names::role_named(name, self.matrix) {
                                Some(r) if !said.roles.contains(&r) => said.roles.push(r),
                                Some(_) => {}
                                None => wrong.push((name.to_owned(), *span)),
                            }
                        }
                    }
                    "address" | "addresses" => {
                        let sets = value.split(',').filter_map(AddrSet::parse);
                        said.addrs = sets.fold(said.addrs, |all, a| all.union(&a));
                    }
                    "host" => said.name = Some(value.to_owned()),
                    _ => {}
                }
            }
        }
        (said, wrong)
    }

    /// Notes each export whose annotations contradict hylint.toml or its path.
    pub(super) fn contradicted_annotations(&mut self) {
        for i in self.exports.ids() {
            let (said, _) = self.said_in(i);
            if said.roles.is_empty() && said.addrs.is_empty() && said.name.is_none() {
                continue;
            }
            let claims = self.claims.get(i.index()).cloned().unwrap_or_default();
            let config = self.config.map_or(&[][..], |c| &c.hosts);
            let hosts: Vec<_> = claims.iter().filter_map(|n| config.get(*n)).collect();
            let whose = if !hosts.is_empty() {
                let disagrees = |h: &&&crate::site::config::HostConfig| {
                    said.roles.iter().any(|r| !h.roles.contains(r))
                        || !said.addrs.is_subset(&h.addrs)
                        || said.name.as_ref().is_some_and(|n| *n != h.name)
                };
                let all = hosts.iter().filter(disagrees).count() == hosts.len();
                all.then_some("hylint.toml")
            } else {
                let path = self.exports.get(i).map_or("", |e| &*e.path);
                let by_path = role_names::role(path, self.matrix);
                let other = by_path.is_some_and(|r| !said.roles.contains(&r));
                (other && !said.roles.is_empty()).then_some("the path")
            };
            if let Some(whose) = whose {
                self.contradicted += 1;
                self.contradicted_annotation(i, whose);
            }
        }
        self.contradicted_tags();
    }

    fn inferred(&mut self, files: &[ExportId]) -> Option<Known> {
        let mut open: BTreeMap<u8, Vec<(u16, u16)>> = BTreeMap::new();
        for e in files.iter().filter_map(|i| self.exports.get(*i)) {
            for (protocol, ports) in e.opened() {
                open.entry(protocol).or_default().extend(ports.iter());
            }
        }
        let open: BTreeMap<u8, PortSet> = open
            .into_iter()
            .map(|(protocol, ranges)| (protocol, ranges.into_iter().collect()))
            .collect();
        let listening = self
            .listening
            .get_or_insert_with(|| Listening::of(self.matrix));
        let (role, score) = listening.role(&open)?;
        let path = files
            .first()
            .and_then(|i| self.exports.get(*i))
            .map(|e| e.path.clone());
        let name = self
            .matrix
            .role(role)
            .map(|r| r.id.clone())
            .unwrap_or_default();
        let path = path.unwrap_or_else(|| "".into());
        self.assume(
            AssumptionId::RoleInferred,
            words::inferred(&path, &name, score),
        );
        Some(Known {
            roles: vec![role],
            addrs: self.cli.addrs.clone(),
            name: None,
            source: Some(RoleSource::Inferred),
        })
    }

    /// Cloud exports of one folder: a host for each tagged interface, else for each tagged or named group, else for the
    /// files as a whole.
    fn guess_cloud(&mut self, files: &[ExportId]) {
        let Some(first) = files.first().copied() else {
            return;
        };
        let whole = self
            .known(files)
            .filter(|k| k.source != Some(RoleSource::Path));
        if whole.is_none() {
            let hosts = self.tagged_interfaces(files);
            let hosts = if hosts.is_empty() {
                self.tagged_points(files)
            } else {
                hosts
            };
            if !hosts.is_empty() {
                self.hosts.extend(hosts);
                return;
            }
        }
        let known = whole
            .or_else(|| self.known(files))
            .or_else(|| self.inferred(files));
        match known {
            Some(known) => {
                let base = self.guessed(first, known);
                let hosts = self.cloud_hosts(base, files, Pick::Free);
                self.hosts.extend(hosts);
            }
            None => files.iter().for_each(|i| self.unknown_role(*i)),
        }
    }

    /// A role from tags, and the name of the source.
    fn role_tag(&self, tags: &[hylint_model::Tag]) -> Option<RoleIx> {
        let value = tag(tags, "hylint:role").or_else(|| tag(tags, "role"))?;
        role_names::role_named(value, self.matrix)
    }

    fn tagged_interfaces(&mut self, files: &[ExportId]) -> Vec<Host> {
        let mut hosts = Vec::new();
        let at = files.first().copied().unwrap_or_default();
        for nic in self.nics(files) {
            let i = &nic.interface;
            let Some(role) = self.role_tag(&i.tags) else {
                continue;
            };
            let named = tag(&i.tags, "hylint:host").map(str::to_owned);
            let name = if i.name.is_empty() { &i.id } else { &i.name };
            let known = Known {
                roles: vec![role],
                addrs: i.private.clone(),
                name: named.or_else(|| Some(name.to_string())),
                source: Some(RoleSource::Tag),
            };
            let base = self.guessed(at, known);
            let walls = self.walls(&nic, files, &base.name, &Said::default());
            let mut host = Host {
                layers: walls.layers,
                every: nic.inner(),
                public: nic.interface.public.clone(),
                listed: true,
                ..base
            };
            let subnet = nic.is_azure().then_some(&*i.subnet);
            self.name_tags(&mut host, subnet);
            let copies = super::cloud::with_copies(&host, walls.copies);
            hosts.push(host);
            hosts.extend(copies);
        }
        hosts
    }

    fn tagged_points(&mut self, files: &[ExportId]) -> Vec<Host> {
        let mut hosts = Vec::new();
        for at in self.points_of(files) {
            let Some(p) = self.point(at) else { continue };
            if p.kind == hylint_model::PointKind::AdminRules {
                continue;
            }
            let (role, source) = match self.role_tag(&p.tags) {
                Some(r) => (r, RoleSource::Tag),
                None => match role_names::role_in(&p.name, self.matrix) {
                    Some(r) => (r, RoleSource::Path),
                    None => continue,
                },
            };
            let name = if p.name.is_empty() { &p.id } else { &p.name };
            let known = Known {
                roles: vec![role],
                addrs: AddrSet::empty(),
                name: tag(&p.tags, "hylint:host")
                    .map_or_else(|| Some(name.to_string()), |h| Some(h.to_owned())),
                source: Some(source),
            };
            let kind = p.kind;
            let layers = super::layers::layers_of(kind, vec![at]);
            let mut host = Host {
                layers,
                ..self.guessed(at.export, known)
            };
            self.behind_admin_rules(&mut host.layers, files);
            self.name_tags(&mut host, None);
            hosts.push(host);
        }
        hosts
    }
}
