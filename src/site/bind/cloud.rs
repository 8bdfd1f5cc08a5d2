//! Which groups, ACLs and NSGs of cloud exports guard a host.

use super::Binder;
use super::walls::Walls;
use crate::common::paths;
use crate::link::{same_id, short_name};
use crate::load::{ExportId, RunPoint};
use crate::site::config::HostConfig;
use crate::site::{Host, Layer, role_names};
use hylint_model::{Companion, Point, PointKind, Subnet, Tag};
use hylint_space::AddrSet;
use std::collections::BTreeSet;

/// How points are chosen for a host.
#[derive(Clone, Copy)]
pub(super) enum Pick<'a> {
    /// As a `[[host]]` says.
    Host(&'a HostConfig),
    /// By addresses and tags alone.
    Free,
}

/// Kinds of cloud points, outermost first.
const KINDS: [PointKind; 3] = [
    PointKind::NetworkAcl,
    PointKind::Nsg,
    PointKind::SecurityGroup,
];

/// Whether a name in `points` means the point: its id, the last part of it, or its name.
pub(super) fn is_named(p: &Point, name: &str) -> bool {
    same_id(&p.id, name) || same_id(short_name(&p.id), name) || same_id(&p.name, name)
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
    /// All their addresses.
    every: AddrSet,
    /// Interfaces show them.
    listed: bool,
}

impl Guarded {
    fn of(walls: Walls, own: AddrSet, every: AddrSet) -> Self {
        Self {
            layers: walls.layers,
            copies: walls.copies,
            own,
            every,
            listed: false,
        }
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
        let mut cloud = points.filter(|at| self.point(*at).is_some_and(|p| p.kind.is_cloud()));
        let has_cloud = cloud.next().is_some();
        let mut beside = exports.iter().filter_map(|e| self.exports.get(*e));
        let shown = beside.any(|e| {
            let mut all = e.export.companions.iter();
            all.any(|c| matches!(c, Companion::Interface(_)))
        });
        if !has_cloud && !shown {
            return vec![base];
        }
        if let Pick::Host(h) = pick
            && !h.points.is_empty()
        {
            let (mut layers, copies) = self.named_layers(h, &base, exports);
            self.behind_admin_rules(&mut layers, exports);
            let every = self.shown_beside(&base.addrs, exports);
            let mut host = Host {
                layers,
                every,
                ..base
            };
            self.name_tags(&mut host, None);
            let apart = with_copies(&host, copies);
            return std::iter::once(host).chain(apart).collect();
        }
        let by_interface = self.by_interface(&base, exports);
        if !by_interface.is_empty() {
            return by_interface;
        }
        if let Some(walls) = self.by_subnet(&base.name, &base.addrs, exports) {
            let guarded = Guarded::of(walls, base.addrs.clone(), base.addrs.clone());
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

    /// Layers of the points that a `[[host]]` names.
    fn named_layers(
        &mut self,
        h: &HostConfig,
        host: &Host,
        exports: &[ExportId],
    ) -> (Vec<Layer>, Vec<Vec<Layer>>) {
        let mut layers = Vec::new();
        let mut copies = Vec::new();
        for name in &h.points {
            let named = |at: &RunPoint| self.point(*at).is_some_and(|p| is_named(p, name));
            if !self.points_of(exports).iter().any(named) {
                self.no_such_point(host, name, exports);
            }
        }
        for kind in KINDS {
            let points = self.cloud_points(exports, kind).into_iter();
            let named: Vec<_> = points
                .filter(|at| {
                    let p = self.point(*at);
                    p.is_some_and(|p| h.points.iter().any(|n| is_named(p, n)))
                })
                .collect();
            let walls = self.walls_of_kind(kind, &named);
            let mut found = walls.layers;
            copies.extend(walls.copies);
            for l in found.iter_mut().filter(|_| kind == PointKind::NetworkAcl) {
                l.inside = self.inside(l, exports, &host.addrs);
            }
            layers.extend(found);
        }
        (layers, copies)
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

    /// Some addresses, and all those of the interfaces that have one of them.
    fn shown_beside(&self, addrs: &AddrSet, exports: &[ExportId]) -> AddrSet {
        let nics = self.nics(exports);
        let with = nics.iter().map(super::nics::Nic::addrs);
        with.filter(|a| a.intersects(addrs))
            .fold(addrs.clone(), |all, a| all.union(&a))
    }

    /// One host for each way in which interfaces with the host's addresses are guarded, and one for each way in which further
    /// interfaces of the same instances are.
    fn by_interface(&mut self, base: &Host, exports: &[ExportId]) -> Vec<Host> {
        let mut found: Vec<(Guarded, Option<Box<str>>)> = Vec::new();
        let nics = self.nics(exports);
        let instances: BTreeSet<String> = nics
            .iter()
            .filter(|n| n.addrs().intersects(&base.addrs))
            .map(|n| n.interface.instance.to_ascii_lowercase())
            .filter(|i| !i.is_empty())
            .collect();
        for nic in &nics {
            let every = nic.addrs();
            let own = every.intersect(&base.addrs);
            let instance = nic.interface.instance.to_ascii_lowercase();
            if own.is_empty() && !instances.contains(&instance) {
                continue;
            }
            let walls = self.walls(nic, exports, &base.name);
            // Where the subnet lies decides what the names of Azure stand for.
            let place = nic.is_azure().then(|| nic.interface.subnet.clone());
            let same =
                |(g, p): &&mut (Guarded, Option<Box<str>>)| g.layers == walls.layers && *p == place;
            match found.iter_mut().find(same) {
                Some((g, _)) => {
                    g.own = g.own.union(&own);
                    g.every = g.every.union(&every);
                }
                None => found.push((Guarded::of(walls, own, every), place)),
            }
        }
        let one = found.iter().filter(|(g, _)| !g.own.is_empty()).count() == 1;
        let mut hosts = Vec::new();
        for (mut g, place) in found {
            g.listed = true;
            if one && !g.own.is_empty() {
                g.own.clone_from(&base.addrs);
            }
            hosts.extend(self.guarded_hosts(base, g, place.as_deref()));
        }
        hosts
    }

    /// The host at layers, and at each of several different copies of them, where excess alone is judged.
    fn guarded_hosts(&mut self, base: &Host, g: Guarded, subnet: Option<&str>) -> Vec<Host> {
        let mut host = Host {
            layers: g.layers,
            every: g.every.union(&g.own),
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
