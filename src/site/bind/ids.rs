//! Cloud resources by their ids. An account has thousands of interfaces, groups and subnets, and each is looked up.

use crate::load::{ExportId, Heads, RunPoint};
use hylint_model::{Companion, Subnet};
use hylint_space::AddrSet;
use std::collections::HashMap;

/// Points and subnets of all exports by ids in lower case, as [`crate::link::same_id`] compares them.
#[derive(Default)]
pub(super) struct Ids<'a> {
    points: HashMap<String, Vec<RunPoint>>,
    on_subnets: HashMap<String, Vec<RunPoint>>,
    at_interfaces: HashMap<String, Vec<RunPoint>>,
    subnets: HashMap<String, Vec<(ExportId, &'a Subnet)>>,
}

impl<'a> Ids<'a> {
    pub(super) fn of(exports: &'a Heads) -> Self {
        let mut all = Self::default();
        for (e, export) in exports.each() {
            for (p, point) in export.export.points.iter().enumerate() {
                put(&mut all.points, &point.id, RunPoint::new(e, p));
                for id in &point.subnets {
                    put(&mut all.on_subnets, id, RunPoint::new(e, p));
                }
                for id in &point.interfaces {
                    put(&mut all.at_interfaces, id, RunPoint::new(e, p));
                }
            }
            for c in &export.export.companions {
                if let Companion::Subnet(s) = c {
                    put(&mut all.subnets, &s.id, (e, s));
                }
            }
        }
        all
    }

    /// The points with this id.
    pub(super) fn points(&self, id: &str) -> &[RunPoint] {
        get(&self.points, id)
    }

    /// The points that say that they stand before this subnet.
    pub(super) fn on_subnet(&self, id: &str) -> &[RunPoint] {
        get(&self.on_subnets, id)
    }

    /// The points that say that they stand before this interface.
    pub(super) fn at_interface(&self, id: &str) -> &[RunPoint] {
        get(&self.at_interfaces, id)
    }

    /// The same with its export.
    pub(super) fn subnet_at(&self, id: &str, exports: &[ExportId]) -> Option<(ExportId, Subnet)> {
        let all = get(&self.subnets, id).iter();
        let mut there = all.filter(|(e, _)| exports.binary_search(e).is_ok());
        there.next().map(|(e, s)| (*e, (*s).clone()))
    }

    /// The subnets of some exports that hold any of the addresses, each once.
    pub(super) fn subnets_with(
        &self,
        addrs: &AddrSet,
        exports: &[ExportId],
    ) -> Vec<(ExportId, Subnet)> {
        let each = self.subnets.values().filter_map(|all| {
            let mut there = all.iter().filter(|(e, _)| exports.binary_search(e).is_ok());
            there.find(|(_, s)| s.addrs.intersects(addrs))
        });
        let mut out: Vec<(ExportId, Subnet)> = each.map(|(e, s)| (*e, (*s).clone())).collect();
        out.sort_by(|a, b| a.1.id.cmp(&b.1.id));
        out
    }

    /// The first subnet with this id in ascending exports.
    pub(super) fn subnet(&self, id: &str, exports: &[ExportId]) -> Option<&'a Subnet> {
        let all = get(&self.subnets, id).iter();
        let mut there = all.filter(|(e, _)| exports.binary_search(e).is_ok());
        there.next().map(|(_, s)| *s)
    }
}

fn put<T>(map: &mut HashMap<String, Vec<T>>, id: &str, value: T) {
    if !id.is_empty() {
        map.entry(id.to_ascii_lowercase()).or_default().push(value);
    }
}

fn get<'m, T>(map: &'m HashMap<String, Vec<T>>, id: &str) -> &'m [T] {
    map.get(&id.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
}
