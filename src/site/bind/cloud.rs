//! Which groups, ACLs and NSGs of cloud exports guard a host.

use super::Binder;
use super::layers::{KINDS, layer};
use super::nics::Nic;
use super::said::Said;
use super::stand_in::unknown;
use super::walls::{Wall, Walls};
use crate::common::paths;
use crate::load::{ExportId, RunPoint};
use crate::site::config::HostConfig;
use crate::site::{Host, Layer, role_names};
use hylint_model::{Companion, Point, PointKind, Subnet, Tag};
use hylint_space::AddrSet;
use std::collections::BTreeSet;

/// How points are chosen for a host.
#[derive(Clone, Copy)]
pub(super) enum Pick<'a> {
    /// As a `[[host]]` says; whether firewalls of its own are exported, too.
    Host(&'a HostConfig, bool),
    /// By addresses and tags alone.
    Free,
}

/// A tag's value, its key in any case.
pub(super) fn tag<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    let found = tags.iter().find(|t| t.key.eq_ignore_ascii_case(key));
    found.map(|t| t.value.trim())
}

/// The host at each of several different copies of its layers, where excess alone is judged.
pub(super) fn with_copies(host: &Host, copies: Vec<Vec<Layer>>) -> Vec<Host> {
    let one = |layers| Host {
        layers,
        declared: false,
        addrs: AddrSet::empty(),
        seen: AddrSet::empty(),
        ..host.clone()
    };
    copies.into_iter().map(one).collect()
}

/// Interfaces of a host that are guarded by the same layers.
struct Guarded {
    layers: Vec<Layer>,
    /// The same layers with each of several different copies.
    copies: Vec<Vec<Layer>>,
    /// Their declared addresses.
    own: AddrSet,
    /// The same and all their addresses, as the layers see them.
    seen: AddrSet,
    every: AddrSet,
    /// Public addresses that are translated to them.
    public: AddrSet,
    /// Interfaces show them.
    listed: bool,
}

impl Guarded {
    fn of(walls: Walls, own: AddrSet) -> Self {
        Self {
            layers: walls.layers,
            copies: walls.copies,
            seen: own.clone(),
            every: own.clone(),
            own,
            public: AddrSet::empty(),
            listed: false,
        }
    }

    /// Adds an interface, of which these addresses are declared.
    fn add(&mut self, nic: &Nic, declared: &AddrSet) {
        self.own = self.own.union(&nic.addrs().intersect(declared));
        self.seen = self.seen.union(&nic.seen_of(declared));
        self.every = self.every.union(&nic.inner());
        self.public = self.public.union(&nic.interface.public);
    }
}

impl Binder<'_> {
    /// The exports, and those in the folders of them: interfaces are exported beside groups.
    pub(super) fn beside(&self, exports: &[ExportId]) -> Vec<ExportId> {
        let mut all = exports.to_vec();
        let folders = exports
            .iter()
            .filter_map(|i| self.exports.get(*i))
            .map(|e| paths::folder(&e.path));
        for folder in folders.collect::<BTreeSet<&str>>() {
            all.extend(self.index.of_folder(folder));
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What the exports say beside rules.
    pub(super) fn companions_of(&self, exports: &[ExportId]) -> Vec<(ExportId, &Companion)> {
        let each = exports
            .iter()
            .filter_map(|i| Some((*i, self.exports.get(*i)?)));
        each.flat_map(|(i, e)| e.export.companions.iter().map(move |c| (i, c)))
            .collect()
    }

    fn subnet(&self, exports: &[ExportId], id: &str) -> Option<&Subnet> {
        self.ids.subnet(id, &self.beside(exports))
    }

    pub(super) fn cloud_points(&self, exports: &[ExportId], kind: PointKind) -> Vec<RunPoint> {
        let all = self.points_of(exports).into_iter();
        all.filter(|at| self.point(*at).is_some_and(|p| p.kind == kind))
            .collect()
    }

    /// Those of a kind in the exports, each once and in the exports' order.
    pub(super) fn of_kind<'p>(
        &self,
        kind: PointKind,
        exports: &[ExportId],
        points: impl IntoIterator<Item = &'p RunPoint>,
    ) -> Vec<RunPoint> {
        let there = points.into_iter().copied().filter(|at| {
            exports.binary_search(&at.export).is_ok()
                && self.point(*at).is_some_and(|p| p.kind == kind)
        });
        let each: BTreeSet<RunPoint> = there.collect();
        each.into_iter().collect()
    }

    /// The host with its cloud layers. A host whose interfaces are guarded differently becomes one host for each of
    /// them, under one name.
    pub(super) fn cloud_hosts(
        &mut self,
        base: Host,
        exports: &[ExportId],
        pick: Pick<'_>,
    ) -> Vec<Host> {
        let points = self.points_of(exports).into_iter();
        let kinds = points.filter_map(|at| self.point(at).map(|p| p.kind));
        let cloud_kinds: Vec<PointKind> = kinds.filter(|k| k.is_cloud()).collect();
        let has_cloud = !cloud_kinds.is_empty();
        let mut beside = exports.iter().filter_map(|e| self.exports.get(*e));
        let shown = beside.any(|e| {
            let mut all = e.export.companions.iter();
            all.any(|c| matches!(c, Companion::Interface(_)))
        });
        if !has_cloud && !shown {
            return vec![base];
        }
        if let Pick::Host(h, _) = pick
            && !h.points.is_empty()
        {
            let said = self.said(h, &base, exports);
            let hosts = self.by_interface(&base, exports, &said);
            if !hosts.is_empty() {
                self.compare_said(&said, &hosts);
                return hosts;
            }
            let mut walls = self.said_walls(&said, &base, exports);
            self.behind_admin_rules(&mut walls.layers, exports);
            let mut host = Host {
                layers: walls.layers,
                ..base
            };
            self.compare_said(&said, std::slice::from_ref(&host));
            if said.is_empty() {
                self.leave_open(pick, cloud_kinds.first().copied(), &mut host, exports);
            }
            self.name_tags(&mut host, None);
            let apart = with_copies(&host, walls.copies);
            return std::iter::once(host).chain(apart).collect();
        }
        let by_interface = self.by_interface(&base, exports, &Said::default());
        if !by_interface.is_empty() {
            return by_interface;
        }
        if let Some(walls) = self.by_subnet(&base.name, &base.addrs, exports) {
            let guarded = Guarded::of(walls, base.addrs.clone());
            return self.guarded_hosts(&base, guarded, None);
        }
        let mut host = base;
        let mut copies: Vec<Vec<Layer>> = Vec::new();
        for kind in KINDS {
            let points = self.cloud_points(exports, kind);
            let tagged = self.tagged(&points, &host);
            let resources = self.by_resource(&points).len();
            let those = match (tagged.is_empty(), resources) {
                (true, 0) => continue,
                (true, 1) => points,
                (true, _) => {
                    self.unbound(&host, &points, kind);
                    self.leave_open(pick, Some(kind), &mut host, exports);
                    continue;
                }
                (false, _) => tagged,
            };
            let walls = self.walls_of_kind(kind, &those);
            host.layers.extend(walls.layers);
            copies.extend(walls.copies);
        }
        self.behind_admin_rules(&mut host.layers, exports);
        self.name_tags(&mut host, None);
        let apart = with_copies(&host, copies);
        std::iter::once(host).chain(apart).collect()
    }

    /// Where firewalls of the host's own are judged and nothing tells which of the cloud's points stand before them, those
    /// leave every verdict open.
    fn leave_open(
        &mut self,
        pick: Pick<'_>,
        kind: Option<PointKind>,
        host: &mut Host,
        exports: &[ExportId],
    ) {
        let (Pick::Host(_, true), Some(kind)) = (pick, kind) else {
            return;
        };
        let of_kind = self.cloud_points(exports, kind);
        if let Some((at, label)) = of_kind
            .first()
            .and_then(|at| Some((*at, self.point(*at)?.label)))
        {
            let title = format!("the {} of {}", kind.as_str().replace('-', " "), host.name);
            let point = unknown(kind, "", &title, label);
            let stands_in = self.stand_in(at.export, point);
            host.layers.push(layer(vec![stands_in]));
        }
    }

    /// Layers of the points that a `[[host]]` names, where no exported interface has its address; with what the subnet of the
    /// address tells.
    fn said_walls(&mut self, said: &Said, host: &Host, exports: &[ExportId]) -> Walls {
        let mut walls = Vec::new();
        for kind in KINDS {
            let chosen = self.said_of(said, kind);
            match kind.is_united() {
                true if chosen.is_empty() => {}
                true => walls.push(Wall::of(chosen)),
                false => walls.extend(chosen.into_iter().map(|c| Wall::of(vec![c]))),
            }
        }
        self.add_subnet_walls(&host.name, &host.addrs, exports, &mut walls);
        let mut walls = self.finished(walls);
        let copies = walls.copies.iter_mut().flatten();
        for l in walls.layers.iter_mut().chain(copies) {
            let acl = l.points.first().and_then(|at| self.point(*at));
            if acl.is_some_and(|p| p.kind == PointKind::NetworkAcl) {
                l.inside = self.inside(l, exports, &host.addrs);
            }
        }
        walls
    }

    /// Addresses of the subnet that an ACL guards and the host is in.
    fn inside(&self, l: &Layer, exports: &[ExportId], host: &AddrSet) -> AddrSet {
        let ids = l
            .points
            .iter()
            .filter_map(|at| self.point(*at))
            .flat_map(|p| &p.subnets);
        let subnets = ids.filter_map(|id| self.subnet(exports, id));
        subnets
            .filter(|s| s.addrs.intersects(host))
            .fold(AddrSet::empty(), |all, s| all.union(&s.addrs))
    }

    fn tagged(&self, points: &[RunPoint], host: &Host) -> Vec<RunPoint> {
        let by = |fits: &dyn Fn(&Point) -> bool| -> Vec<RunPoint> {
            let all = points.iter().copied();
            all.filter(|at| self.point(*at).is_some_and(fits)).collect()
        };
        let of_host = by(&|p| {
            tag(&p.tags, "hylint:host").is_some_and(|v| v.eq_ignore_ascii_case(&host.name))
        });
        if !of_host.is_empty() {
            return of_host;
        }
        by(&|p| {
            let value = tag(&p.tags, "hylint:role");
            let role = value.and_then(|v| role_names::role_named(v, self.matrix));
            role.is_some_and(|r| host.roles.contains(&r))
        })
    }

    /// One host for each way in which interfaces with the host's addresses are guarded, and one for each way in which further
    /// interfaces of the same instances are.
    fn by_interface(&mut self, base: &Host, exports: &[ExportId], said: &Said) -> Vec<Host> {
        let mut found: Vec<(Guarded, Option<Box<str>>)> = Vec::new();
        let nics = self.nics(exports);
        let instances: BTreeSet<String> = nics
            .iter()
            .filter(|n| n.addrs().intersects(&base.addrs))
            .map(|n| n.interface.instance.to_ascii_lowercase())
            .filter(|i| !i.is_empty())
            .collect();
        for nic in &nics {
            let instance = nic.interface.instance.to_ascii_lowercase();
            if !nic.addrs().intersects(&base.addrs) && !instances.contains(&instance) {
                continue;
            }
            let walls = self.walls(nic, exports, &base.name, said);
            // Where the subnet lies decides what the names of Azure stand for.
            let place = nic.is_azure().then(|| nic.interface.subnet.clone());
            let same =
                |(g, p): &&mut (Guarded, Option<Box<str>>)| g.layers == walls.layers && *p == place;
            match found.iter_mut().find(same) {
                Some((g, _)) => g.add(nic, &base.addrs),
                None => {
                    let mut guarded = Guarded::of(walls, AddrSet::empty());
                    guarded.add(nic, &base.addrs);
                    found.push((guarded, place));
                }
            }
        }
        let one = found.iter().filter(|(g, _)| !g.own.is_empty()).count() == 1;
        let mut hosts = Vec::new();
        for (mut g, place) in found {
            g.listed = true;
            if one && !g.own.is_empty() {
                // Nothing tells of declared addresses that no interface has.
                let shown = g.own;
                g.seen = base.addrs.subtract(&shown).union(&g.seen);
                g.own = base.addrs.clone();
            }
            hosts.extend(self.guarded_hosts(base, g, place.as_deref()));
        }
        hosts
    }

    /// The host at layers, and at each of several different copies of them, where excess alone is judged.
    fn guarded_hosts(&mut self, base: &Host, g: Guarded, subnet: Option<&str>) -> Vec<Host> {
        let mut host = Host {
            layers: g.layers,
            every: g.every.union(&g.seen),
            seen: g.seen,
            public: g.public,
            declared: !g.own.is_empty(),
            listed: g.listed,
            addrs: g.own,
            ..base.clone()
        };
        self.name_tags(&mut host, subnet);
        let copies = with_copies(&host, g.copies);
        std::iter::once(host).chain(copies).collect()
    }
}
