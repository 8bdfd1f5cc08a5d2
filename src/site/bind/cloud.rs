//! Which groups, ACLs and NSGs of cloud exports guard a host.

use super::Binder;
use crate::common::paths;
use crate::link::{same_id, short_name};
use crate::load::{ExportId, LoadedExport, RunPoint};
use crate::site::config::HostConfig;
use crate::site::{Host, Layer, role_names};
use hylint_model::{Companion, NetworkInterface, Point, PointKind, Subnet, Tag};
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

/// Interfaces of a host that are guarded by the same layers.
struct Guarded {
    layers: Vec<Layer>,
    /// Their declared addresses.
    own: AddrSet,
    /// All their addresses.
    every: AddrSet,
}

impl Binder<'_> {
    /// The exports, and those in the folders of them: interfaces are exported beside groups.
    fn beside(&self, exports: &[ExportId]) -> Vec<ExportId> {
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

    fn companions(&self, exports: &[ExportId]) -> impl Iterator<Item = &Companion> {
        let each = exports
            .iter()
            .filter_map(|i| self.exports.get(*i))
            .collect::<Vec<&LoadedExport>>();
        each.into_iter().flat_map(|e| &e.export.companions)
    }

    pub(super) fn interfaces(&self, exports: &[ExportId]) -> Vec<&NetworkInterface> {
        self.companions(&self.beside(exports))
            .filter_map(|c| match c {
                Companion::Interface(i) => Some(&**i),
                _ => None,
            })
            .collect()
    }

    fn subnet(&self, exports: &[ExportId], id: &str) -> Option<&Subnet> {
        self.ids.subnet(id, &self.beside(exports))
    }

    fn cloud_points(&self, exports: &[ExportId], kind: PointKind) -> Vec<RunPoint> {
        let all = self.points_of(exports).into_iter();
        all.filter(|at| self.point(*at).is_some_and(|p| p.kind == kind))
            .collect()
    }

    /// Those of a kind in the exports, each once and in the exports' order.
    fn of_kind<'p>(
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
        let has_cloud = KINDS
            .iter()
            .any(|k| !self.cloud_points(exports, *k).is_empty());
        if !has_cloud {
            return vec![base];
        }
        if let Pick::Host(h) = pick
            && !h.points.is_empty()
        {
            let layers = self.named_layers(h, &base, exports);
            return vec![Host { layers, ..base }];
        }
        let by_interface = self.by_interface(&base, exports);
        if !by_interface.is_empty() {
            return by_interface;
        }
        let mut host = base;
        for kind in KINDS {
            let points = self.cloud_points(exports, kind);
            let tagged = self.tagged(&points, &host);
            match (tagged.is_empty(), points.as_slice()) {
                (true, []) => {}
                (true, [one]) => host.layers.push(layer(vec![*one])),
                (true, _) => self.unbound(&host, &points, kind),
                (false, _) => host.layers.extend(layers_of(kind, tagged)),
            }
        }
        vec![host]
    }

    /// Layers of the points that a `[[host]]` names.
    fn named_layers(&mut self, h: &HostConfig, host: &Host, exports: &[ExportId]) -> Vec<Layer> {
        let mut layers = Vec::new();
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
            let mut found = layers_of(kind, named);
            for l in found.iter_mut().filter(|_| kind == PointKind::NetworkAcl) {
                l.inside = self.inside(l, exports, &host.addrs);
            }
            layers.extend(found);
        }
        layers
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
    fn by_interface(&mut self, base: &Host, exports: &[ExportId]) -> Vec<Host> {
        let mut found: Vec<Guarded> = Vec::new();
        let mut missing = Vec::new();
        let interfaces = self.interfaces(exports);
        let addrs = |i: &NetworkInterface| i.private.union(&i.public);
        let declared = |i: &&&NetworkInterface| addrs(i).intersects(&base.addrs);
        let instances: BTreeSet<String> = interfaces
            .iter()
            .filter(declared)
            .filter(|i| !i.instance.is_empty())
            .map(|i| i.instance.to_ascii_lowercase())
            .collect();
        for i in &interfaces {
            let every = addrs(i);
            let own = every.intersect(&base.addrs);
            if own.is_empty() && !instances.contains(&i.instance.to_ascii_lowercase()) {
                continue;
            }
            let layers = self.interface_layers(i, exports, &mut missing);
            match found.iter_mut().find(|g| g.layers == layers) {
                Some(g) => {
                    g.own = g.own.union(&own);
                    g.every = g.every.union(&every);
                }
                None => found.push(Guarded { layers, own, every }),
            }
        }
        for (id, at) in missing {
            self.group_not_exported(base, &id, at);
        }
        let one = found.iter().filter(|g| !g.own.is_empty()).count() == 1;
        let host = |g: Guarded| {
            let declared = !g.own.is_empty();
            let addrs = match one && declared {
                true => base.addrs.clone(),
                false => g.own,
            };
            Host {
                layers: g.layers,
                every: g.every.union(&addrs),
                addrs,
                declared,
                listed: true,
                ..base.clone()
            }
        };
        found.into_iter().map(host).collect()
    }

    /// The layers in front of an interface: AWS, the ACL of its subnet and the union of its groups; Azure, the NSG of
    /// its subnet and its own.
    pub(super) fn interface_layers(
        &self,
        i: &NetworkInterface,
        exports: &[ExportId],
        missing: &mut Vec<(String, ExportId)>,
    ) -> Vec<Layer> {
        let exports = &self.beside(exports);
        let subnet = self.ids.subnet(&i.subnet, exports);
        let mut layers = Vec::new();
        for at in self.of_kind(
            PointKind::NetworkAcl,
            exports,
            self.ids.on_subnet(&i.subnet),
        ) {
            let inside = subnet.map(|s| s.addrs.clone()).unwrap_or_default();
            layers.push(Layer {
                points: vec![at],
                inside,
            });
        }
        let listed = subnet.into_iter().flat_map(|s| &s.points);
        let of_subnet = listed.flat_map(|id| self.ids.points(id));
        let of_subnet = of_subnet.chain(self.ids.on_subnet(&i.subnet));
        let own = i.points.iter().flat_map(|id| self.ids.points(id));
        let own = own.chain(self.ids.at_interface(&i.id));
        layers.extend(
            self.of_kind(PointKind::Nsg, exports, of_subnet)
                .into_iter()
                .chain(self.of_kind(PointKind::Nsg, exports, own))
                .map(|at| layer(vec![at])),
        );
        let mut united = Vec::new();
        for id in i.points.iter().filter(|id| id.starts_with("sg-")) {
            let groups = self.of_kind(PointKind::SecurityGroup, exports, self.ids.points(id));
            match groups.first() {
                Some(at) => united.push(*at),
                None => {
                    let groups = self.cloud_points(exports, PointKind::SecurityGroup);
                    missing.extend(groups.first().map(|at| (id.to_string(), at.export)));
                }
            }
        }
        if !united.is_empty() {
            united.sort_unstable();
            united.dedup();
            layers.push(layer(united));
        }
        layers
    }
}

fn layer(points: Vec<RunPoint>) -> Layer {
    Layer {
        points,
        inside: AddrSet::empty(),
    }
}

/// Security groups are united, everything else must agree.
pub(super) fn layers_of(kind: PointKind, points: Vec<RunPoint>) -> Vec<Layer> {
    match kind {
        _ if points.is_empty() => Vec::new(),
        kind if kind.is_united() => vec![layer(points)],
        _ => points.into_iter().map(|p| layer(vec![p])).collect(),
    }
}
