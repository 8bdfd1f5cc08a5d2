//! The other machines of an account: those that points of it guard which guard no host of the site.

use super::Binder;
use super::guess::Known;
use super::layers::layer;
use super::nics::Nic;
use crate::common::paths;
use crate::link::{same_id, short_name};
use crate::load::{ExportId, RunPoint};
use crate::site::{Host, Layer, Outside};
use hylint_model::{NetworkInterface, PointKind, View};
use hylint_space::AddrSet;
use std::collections::{BTreeMap, BTreeSet};

/// Machines that are named of those that are guarded alike.
const NAMED: usize = 3;

/// Machines that are guarded alike.
struct Machines {
    layers: Vec<Layer>,
    subnet: Option<Box<str>>,
    every: AddrSet,
    public: AddrSet,
    names: BTreeSet<String>,
}

impl Machines {
    /// The first by name, and the number of the others.
    fn title(&self) -> String {
        let first: Vec<&str> = self.names.iter().take(NAMED).map(String::as_str).collect();
        let first = first.join(", ");
        match self.names.len().saturating_sub(NAMED) {
            0 => first,
            1 => format!("{first} and 1 more machine"),
            n => format!("{first} and {n} more machines"),
        }
    }
}

/// What people know a machine by: the instance, else the interface.
fn machine(i: &NetworkInterface) -> String {
    let id = if i.instance.is_empty() {
        &i.id
    } else {
        &i.instance
    };
    match (&*i.name, short_name(id)) {
        (name, "") => name.to_owned(),
        ("", id) => id.to_owned(),
        (name, id) if name == id => name.to_owned(),
        (name, id) => format!("{id} ({name})"),
    }
}

impl Binder<'_> {
    /// The machines behind points that guard no host of the site, by the exports of the points. `guards` are those that
    /// guard one, or stand in transit.
    pub(super) fn machines_outside(
        &mut self,
        rest: BTreeMap<ExportId, Vec<RunPoint>>,
        guards: &BTreeSet<RunPoint>,
    ) {
        // The files of a folder that the same entries of the site name have the same interfaces beside them.
        let mut alike: BTreeMap<(String, Vec<usize>), Vec<ExportId>> = BTreeMap::new();
        for at in rest.keys() {
            let folder = self.exports.get(*at).map_or("", |e| paths::folder(&e.path));
            let claims = self.claims.get(at.index()).cloned().unwrap_or_default();
            let key = (folder.to_owned(), claims);
            alike.entry(key).or_default().push(*at);
        }
        let open: BTreeSet<RunPoint> = rest.values().flatten().copied().collect();
        let known: BTreeSet<RunPoint> = open.union(guards).copied().collect();
        for ((_, claims), exports) in alike {
            let mut scope: BTreeSet<ExportId> = exports.iter().copied().collect();
            scope.extend(claims.iter().flat_map(|c| self.claimed_by(*c)));
            let scope: Vec<ExportId> = scope.into_iter().collect();
            let mut of: BTreeMap<ExportId, Vec<Host>> = BTreeMap::new();
            for m in self.machines(&scope, &open, &known) {
                let points = m.layers.iter().flat_map(|l| &l.points);
                let theirs: BTreeSet<ExportId> = points
                    .filter(|at| open.contains(at) && exports.contains(&at.export))
                    .map(|at| at.export)
                    .collect();
                let Some(first) = theirs.first() else {
                    continue;
                };
                let mut host = Host {
                    every: m.every.clone(),
                    public: m.public.clone(),
                    listed: true,
                    declared: false,
                    ..self.guessed(*first, Known::named(&m.title()))
                };
                host.layers = m.layers;
                self.name_tags(&mut host, m.subnet.as_deref());
                for at in theirs {
                    of.entry(at).or_default().push(host.clone());
                }
            }
            for (at, machines) in of {
                let points = rest.get(&at).cloned().unwrap_or_default();
                self.outside.push(Outside { points, machines });
            }
        }
    }

    /// Machines with one of these points before them, those with the same layers together.
    fn machines(
        &self,
        scope: &[ExportId],
        open: &BTreeSet<RunPoint>,
        known: &BTreeSet<RunPoint>,
    ) -> Vec<Machines> {
        type Key = (Vec<Vec<RunPoint>>, Option<Box<str>>);
        let mut all: Vec<Machines> = Vec::new();
        let mut by_layers: BTreeMap<Key, usize> = BTreeMap::new();
        let beside = self.beside(scope);
        for nic in self.nics(scope) {
            let layers = self.layers_before(&nic, &beside, known);
            if !layers
                .iter()
                .any(|l| l.points.iter().any(|at| open.contains(at)))
            {
                continue;
            }
            let subnet = nic.is_azure().then(|| nic.interface.subnet.clone());
            let points = layers.iter().map(|l| l.points.clone()).collect();
            let n = *by_layers
                .entry((points, subnet.clone()))
                .or_insert(all.len());
            if n == all.len() {
                all.push(Machines {
                    layers,
                    subnet,
                    every: AddrSet::empty(),
                    public: AddrSet::empty(),
                    names: BTreeSet::new(),
                });
            }
            if let Some(m) = all.get_mut(n) {
                m.every = m.every.union(&nic.inner());
                m.public = m.public.union(&nic.interface.public);
                m.names.insert(machine(&nic.interface));
            }
        }
        all
    }

    /// The exported layers before an interface, outermost first. Nothing stands in for those that are not: what is found
    /// here is a note, and no verdict rests on it.
    fn layers_before(
        &self,
        nic: &Nic,
        scope: &[ExportId],
        known: &BTreeSet<RunPoint>,
    ) -> Vec<Layer> {
        let i = &nic.interface;
        let on_subnet = self.ids.on_subnet(&i.subnet).iter().copied();
        let named = |ids: &[Box<str>]| -> Vec<RunPoint> {
            let each = ids.iter().flat_map(|id| self.ids.points(id));
            each.copied().collect()
        };
        if !nic.is_azure() {
            let inside = self.ids.subnet(&i.subnet, scope).map(|s| s.addrs.clone());
            let acls = self.counting(PointKind::NetworkAcl, on_subnet.collect(), known);
            let groups = self.counting(PointKind::SecurityGroup, named(&i.points), known);
            // An ACL alone opens nothing: some group stands behind it.
            if groups.is_empty() {
                return Vec::new();
            }
            let acls = acls.into_iter().map(|at| Layer {
                points: vec![at],
                inside: inside.clone().unwrap_or_default(),
            });
            return acls.chain([layer(groups)]).collect();
        }
        let subnet = self.azure_subnet(&i.subnet, scope);
        let of_subnet = subnet.map(|(_, s)| named(&s.points)).unwrap_or_default();
        let own = self.ids.at_interface(&i.id).iter().copied();
        let mut points: Vec<RunPoint> = of_subnet.into_iter().chain(on_subnet).collect();
        points.extend(named(&i.points).into_iter().chain(own));
        // Rules in effect are those of one interface.
        points.retain(|at| {
            self.point(*at).is_some_and(|p| {
                p.view != View::Effective
                    || p.interfaces.is_empty()
                    || p.interfaces.iter().any(|n| same_id(n, &i.id))
            })
        });
        let admin = self.cloud_points(scope, PointKind::AdminRules);
        let groups = self.counting(PointKind::Nsg, points, known);
        let with_admin = |at| layer(admin.iter().copied().chain([at]).collect());
        groups.into_iter().map(with_admin).collect()
    }

    /// Those of a kind that count, each once.
    fn counting(
        &self,
        kind: PointKind,
        points: Vec<RunPoint>,
        known: &BTreeSet<RunPoint>,
    ) -> Vec<RunPoint> {
        let mut out: Vec<RunPoint> = Vec::new();
        for at in points {
            let counts = known.contains(&at) && self.point(at).is_some_and(|p| p.kind == kind);
            if counts && !out.contains(&at) {
                out.push(at);
            }
        }
        // Those that are united have no order.
        if kind.is_united() {
            out.sort_unstable();
        }
        out
    }
}
