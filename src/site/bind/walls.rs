//! The layers in front of an interface: AWS, the ACL of its subnet and the union of its groups; Azure, security admin rules,
//! the NSG of its subnet and its own. A layer that other files name and no export holds is stood in for.

use super::Binder;
use super::content::Copies;
use super::layers::layer;
use super::nics::Nic;
use super::said::Said;
use super::stand_in::{no_group, unknown};
use crate::link::same_id;
use crate::load::{ExportId, RunPoint};
use crate::site::Layer;
use hylint_model::{PointKind, Span, Subnet, View};
use hylint_space::AddrSet;

/// Different copies of a layer whose excess is judged each.
const COPIES: usize = 16;

/// The layers in front of an interface.
#[derive(Default)]
pub(super) struct Walls {
    /// As far as they are known: what is not is stood in for.
    pub layers: Vec<Layer>,
    /// The same with each of several different copies in place of what is not known, whose excess counts all the same.
    pub copies: Vec<Vec<Layer>>,
}

/// One layer while it is put together.
pub(super) struct Wall {
    points: Vec<Copies>,
    /// What stands in for copies of which none is known to count.
    stand_in: Option<RunPoint>,
    inside: AddrSet,
}

impl Wall {
    pub(super) fn of(points: Vec<Copies>) -> Self {
        Self {
            points,
            stand_in: None,
            inside: AddrSet::empty(),
        }
    }

    /// The layer with the copy of this number, or with what stands in for copies.
    fn layer(&self, copy: Option<usize>) -> Layer {
        let point = |c: &Copies| match (c, copy) {
            (Copies::One(at), _) => Some(*at),
            (Copies::Unsure(_), None) => self.stand_in,
            (Copies::Unsure(all), Some(n)) => all.get(n).or(all.last()).copied(),
        };
        Layer {
            points: self.points.iter().filter_map(point).collect(),
            inside: self.inside.clone(),
        }
    }

    fn copies(&self) -> usize {
        let count = |c: &Copies| match c {
            Copies::One(_) => 0,
            Copies::Unsure(all) => all.len(),
        };
        self.points.iter().map(count).max().unwrap_or(0)
    }
}

impl Binder<'_> {
    /// The layers in front of an interface. `host` is whose it is, for what has to be told; `said` what hylint.toml says of
    /// it, for what the exports leave open.
    pub(super) fn walls(
        &mut self,
        nic: &Nic,
        exports: &[ExportId],
        host: &str,
        said: &Said,
    ) -> Walls {
        let scope = self.beside(exports);
        let mut walls = Vec::new();
        if nic.is_azure() {
            self.azure_walls(nic, &scope, (host, said), &mut walls);
        } else {
            self.aws_walls(nic, &scope, (host, said), &mut walls);
        }
        self.finished(walls)
    }

    fn stand_in_for_copies(&mut self, wall: &mut Wall) {
        let unsure = wall.points.iter().find_map(|c| match c {
            Copies::Unsure(all) => all.first().copied(),
            Copies::One(_) => None,
        });
        let Some((at, p)) = unsure.and_then(|at| Some((at, self.point(at)?))) else {
            return;
        };
        let point = unknown(p.kind, &p.id, &p.name, p.label);
        wall.stand_in = Some(self.stand_in(at.export, point));
    }

    /// The points of a kind with any of these ids that count: those of the exports at hand, else of any.
    fn exported(
        &mut self,
        kind: PointKind,
        scope: &[ExportId],
        points: &[RunPoint],
    ) -> Vec<Copies> {
        let near = self.of_kind(kind, scope, points);
        let all = match near.is_empty() {
            true => {
                let every: Vec<ExportId> = self.exports.ids().collect();
                self.of_kind(kind, &every, points)
            }
            false => near,
        };
        let resources = self.by_resource(&all);
        resources.iter().filter_map(|r| self.choose(r)).collect()
    }

    fn aws_walls(
        &mut self,
        nic: &Nic,
        scope: &[ExportId],
        (host, said): (&str, &Said),
        walls: &mut Vec<Wall>,
    ) {
        let i = &nic.interface;
        let inside = self.ids.subnet(&i.subnet, scope).map(|s| s.addrs.clone());
        let on_subnet = self.ids.on_subnet(&i.subnet).to_vec();
        let mut acls = self.exported(PointKind::NetworkAcl, scope, &on_subnet);
        if on_subnet.is_empty() {
            acls = self.said_of(said, PointKind::NetworkAcl);
        }
        let known = !acls.is_empty();
        for acl in acls {
            walls.push(Wall {
                inside: inside.clone().unwrap_or_default(),
                ..Wall::of(vec![acl])
            });
        }
        if !known && !i.subnet.is_empty() {
            let listed = !self.cloud_points(scope, PointKind::NetworkAcl).is_empty();
            self.acl_not_exported(&i.subnet, nic.at, listed);
        }
        let mut groups = Vec::new();
        for id in &i.points {
            let points = self.ids.points(id).to_vec();
            let found = self.exported(PointKind::SecurityGroup, scope, &points);
            if found.is_empty() && id.starts_with("sg-") {
                self.group_not_exported(host, id, nic.at);
                let point = unknown(PointKind::SecurityGroup, id, "", i.span);
                groups.push(Copies::One(self.stand_in(nic.at, point)));
            }
            groups.extend(found);
        }
        if i.points.is_empty() {
            groups = self.said_of(said, PointKind::SecurityGroup);
        }
        if i.points.is_empty() && groups.is_empty() {
            let name = if i.id.is_empty() { &i.instance } else { &i.id };
            self.no_group_named(host, name, nic.at, i.span);
            let title = format!("groups of {name}");
            let point = unknown(PointKind::SecurityGroup, "", &title, i.span);
            groups.push(Copies::One(self.stand_in(nic.at, point)));
        }
        groups.sort_by_key(|c| match c {
            Copies::One(at) => Some(*at),
            Copies::Unsure(all) => all.first().copied(),
        });
        groups.dedup();
        if !groups.is_empty() {
            walls.push(Wall::of(groups));
        }
    }

    fn azure_walls(
        &mut self,
        nic: &Nic,
        scope: &[ExportId],
        (host, said): (&str, &Said),
        walls: &mut Vec<Wall>,
    ) {
        let i = &nic.interface;
        let subnet = self.azure_subnet(&i.subnet, scope);
        let mut groups = Vec::new();
        if let Some((at, s)) = &subnet {
            let on = self.ids.on_subnet(&s.id).to_vec();
            self.groups_of(
                &s.points,
                on,
                &i.id,
                scope,
                (host, *at, s.span),
                &mut groups,
            );
        } else {
            let on = self.ids.on_subnet(&i.subnet).to_vec();
            self.groups_of(&[], on, &i.id, scope, (host, nic.at, i.span), &mut groups);
        }
        let on = self.ids.at_interface(&i.id).to_vec();
        self.groups_of(
            &i.points,
            on,
            &i.id,
            scope,
            (host, nic.at, i.span),
            &mut groups,
        );
        let known = subnet.is_some();
        if !known {
            groups.extend(self.said_of(said, PointKind::Nsg));
        }
        let mut before = Vec::new();
        for (n, g) in groups.iter().enumerate() {
            if !groups.iter().take(n).any(|o| o == g) {
                before.push(g.clone());
            }
        }
        let admin = self.cloud_points(scope, PointKind::AdminRules);
        let admin: Vec<Copies> = admin.into_iter().map(Copies::One).collect();
        if before.is_empty() {
            let point = match known {
                true => no_group(nic.facing, i.span),
                false => {
                    self.subnet_not_exported(host, &i.subnet, nic.at, i.span);
                    unknown(PointKind::Nsg, "", "group of the subnet", i.span)
                }
            };
            before.push(Copies::One(self.stand_in(nic.at, point)));
        }
        for g in before {
            let mut points = admin.clone();
            points.push(g);
            walls.push(Wall::of(points));
        }
    }

    pub(super) fn azure_subnet(&self, id: &str, scope: &[ExportId]) -> Option<(ExportId, Subnet)> {
        let near = self.ids.subnet_at(id, scope);
        near.or_else(|| {
            let every: Vec<ExportId> = self.exports.ids().collect();
            self.ids.subnet_at(id, &every)
        })
    }

    /// The groups that a subnet or an interface names, and those that name it. One that is in no export is told of.
    fn groups_of(
        &mut self,
        named: &[Box<str>],
        on: Vec<RunPoint>,
        interface: &str,
        scope: &[ExportId],
        (host, at, span): (&str, ExportId, Span),
        out: &mut Vec<Copies>,
    ) {
        let mut points = on;
        for id in named {
            let of_id = self.ids.points(id).to_vec();
            if !of_id
                .iter()
                .any(|at| self.point(*at).is_some_and(|p| p.kind == PointKind::Nsg))
            {
                self.nsg_not_exported(host, id, at, span);
                let point = unknown(PointKind::Nsg, id, crate::link::short_name(id), span);
                out.push(Copies::One(self.stand_in(at, point)));
            }
            points.extend(of_id);
        }
        // Rules in effect are those of one interface, or of a subnet.
        points.retain(|at| {
            self.point(*at).is_some_and(|p| {
                p.view != View::Effective
                    || p.interfaces.is_empty()
                    || p.interfaces.iter().any(|n| same_id(n, interface))
            })
        });
        let mut once: Vec<RunPoint> = Vec::new();
        for p in points {
            if !once.contains(&p) {
                once.push(p);
            }
        }
        out.extend(self.exported(PointKind::Nsg, scope, &once));
    }

    /// Adds the ACL and the group of the only subnet that an address is in, where no interface was exported.
    pub(super) fn add_subnet_walls(
        &mut self,
        host: &str,
        addrs: &AddrSet,
        exports: &[ExportId],
        walls: &mut Vec<Wall>,
    ) {
        let scope = self.beside(exports);
        let subnets = self.ids.subnets_with(addrs, &scope);
        let [(at, subnet)] = subnets.as_slice() else {
            return;
        };
        let on = self.ids.on_subnet(&subnet.id).to_vec();
        let mut found = self.exported(PointKind::NetworkAcl, &scope, &on);
        if subnet.id.starts_with('/') {
            let place = (host, *at, subnet.span);
            self.groups_of(&subnet.points, on, "", &scope, place, &mut found);
        }
        for c in found {
            if !walls.iter().any(|w| w.points.contains(&c)) {
                walls.push(Wall::of(vec![c]));
            }
        }
    }

    /// Layers of the subnet that a host's address is in, where no interface was exported: a group that the subnet has.
    pub(super) fn by_subnet(
        &mut self,
        host: &str,
        addrs: &AddrSet,
        exports: &[ExportId],
    ) -> Option<Walls> {
        let scope = self.beside(exports);
        let subnets = self.ids.subnets_with(addrs, &scope);
        let [(at, subnet)] = subnets.as_slice() else {
            return None;
        };
        if !subnet.id.starts_with('/') || subnet.points.is_empty() {
            return None;
        }
        let mut groups = Vec::new();
        let on = self.ids.on_subnet(&subnet.id).to_vec();
        self.groups_of(
            &subnet.points,
            on,
            "",
            &scope,
            (host, *at, subnet.span),
            &mut groups,
        );
        groups.dedup();
        let admin = self.cloud_points(&scope, PointKind::AdminRules);
        let walls: Vec<Wall> = groups
            .into_iter()
            .map(|g| {
                let mut points: Vec<Copies> = admin.iter().copied().map(Copies::One).collect();
                points.push(g);
                Wall::of(points)
            })
            .collect();
        Some(self.finished(walls))
    }

    /// Points of one kind as layers, each resource once; admin rules come first in each layer of a group.
    pub(super) fn walls_of_kind(&mut self, kind: PointKind, points: &[RunPoint]) -> Walls {
        let resources = self.by_resource(points);
        let chosen: Vec<Copies> = resources.iter().filter_map(|r| self.choose(r)).collect();
        let walls: Vec<Wall> = match kind.is_united() {
            true if chosen.is_empty() => Vec::new(),
            true => vec![Wall::of(chosen)],
            false => chosen.into_iter().map(|c| Wall::of(vec![c])).collect(),
        };
        self.finished(walls)
    }

    /// The layers of walls, with what stands in for copies.
    pub(super) fn finished(&mut self, mut walls: Vec<Wall>) -> Walls {
        for wall in &mut walls {
            self.stand_in_for_copies(wall);
        }
        let most = walls.iter().map(Wall::copies).max().unwrap_or(0);
        let with = |copy| walls.iter().map(|w| w.layer(copy)).collect::<Vec<Layer>>();
        Walls {
            layers: with(None),
            copies: (0..most.min(COPIES)).map(|n| with(Some(n))).collect(),
        }
    }

    /// Puts security admin rules before each group; alone they decide what they can.
    pub(super) fn behind_admin_rules(&self, layers: &mut Vec<Layer>, exports: &[ExportId]) {
        let admin = self.cloud_points(&self.beside(exports), PointKind::AdminRules);
        if admin.is_empty() {
            return;
        }
        let is = |b: &Self, l: &Layer, kind| {
            let mut points = l.points.iter().filter_map(|at| b.point(*at));
            points.any(|p| p.kind == kind)
        };
        let mut any = false;
        for l in layers.iter_mut() {
            if is(self, l, PointKind::Nsg) && !is(self, l, PointKind::AdminRules) {
                l.points.splice(..0, admin.iter().copied());
            }
            any |= is(self, l, PointKind::AdminRules);
        }
        if !any {
            layers.push(layer(admin));
        }
    }
}
