//! Which hosts the exports are of.

use super::candidate::Candidate;
use super::evidence::{self, Evidence};
use super::found;
use super::survey::{Survey, relative};
use crate::common::paths;
use crate::finding::RoleSource;
use crate::link::same_id;
use crate::load::{ExportId, LoadedExport, RunPoint};
use crate::site::{Host, role_names};
use hylint_model::{ActiveSource, Companion, NetworkInterface, Point, Subnet};
use hylint_parsers::firewalld;
use std::collections::{BTreeMap, BTreeSet};

/// Every host, those that an export says first, by name; names are unique. And the points of which nothing is known:
/// neither a role nor a machine behind them.
pub(super) fn candidates(s: &Survey<'_>) -> (Vec<Candidate>, Vec<String>) {
    let mut all: Vec<Candidate> = Vec::new();
    for h in &s.bound.site.hosts {
        add(&mut all, guessed(s, h));
    }
    let (machines, guarding) = machines(s, &all);
    // A group of an account that guards one of its machines needs no entry of its own, nor does one that nothing is
    // known of.
    let mut idle: BTreeSet<String> = BTreeSet::new();
    let named = |c: &Candidate| !c.points.is_empty() && !c.certain && !c.roles.is_empty();
    let taken: BTreeSet<String> = all
        .iter()
        .filter(|c| named(c))
        .flat_map(|c| c.points.clone())
        .collect();
    all.retain(|c| {
        let group = !c.points.is_empty() && !c.certain;
        let guards = c.points.iter().all(|p| guarding.contains(p));
        if group && !guards && c.roles.is_empty() {
            idle.extend(
                c.points
                    .iter()
                    .map(|p| format!("{p} in {}", c.exports.join(", "))),
            );
        }
        !group || !(guards || c.roles.is_empty())
    });
    for (mut c, guards) in machines {
        c.taken = guards.iter().any(|g| taken.contains(g));
        add(&mut all, c);
    }
    for c in &mut all {
        c.taken |= named(c);
    }
    // A host that names a file leaves nothing of it to be guessed, so what the run without it took is written, too.
    let files = all.iter().filter(|c| c.certain).flat_map(|c| &c.exports);
    let files: BTreeSet<String> = files.cloned().collect();
    for c in all.iter_mut().filter(|c| c.taken) {
        c.certain |= c.exports.iter().any(|e| files.contains(e));
    }
    all.sort_by(|a, b| {
        let rank = |c: &Candidate| (c.certain, c.worth, c.share());
        rank(b).cmp(&rank(a)).then(a.name.cmp(&b.name))
    });
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for c in &mut all {
        let n = seen.entry(c.name.clone()).or_insert(0);
        *n += 1;
        if *n > 1 {
            c.name = format!("{}-{n}", c.name);
        }
    }
    (all, idle.into_iter().collect())
}

/// A host with several interfaces comes several times.
fn add(all: &mut Vec<Candidate>, new: Candidate) {
    let same =
        |c: &&mut Candidate| c.name == new.name && c.roles == new.roles && c.exports == new.exports;
    match all.iter_mut().find(same) {
        Some(c) => {
            c.addresses.extend(new.addresses);
            c.addresses.sort();
            c.addresses.dedup();
        }
        None => all.push(new),
    }
}

fn point<'a>(s: &'a Survey<'_>, at: RunPoint) -> Option<&'a Point> {
    s.heads.point(at)
}

/// A host as the run without a site file takes it.
fn guessed(s: &Survey<'_>, h: &Host) -> Candidate {
    let points: Vec<RunPoint> = h.layers.iter().flat_map(|l| l.points.clone()).collect();
    let mut files: BTreeSet<ExportId> = points.iter().map(|p| p.export).collect();
    let own: Vec<&Point> = points.iter().filter_map(|at| point(s, *at)).collect();
    let cloud = own.iter().any(|p| p.kind.is_cloud());
    if !cloud {
        files.extend(around(s, &files));
    }
    // What lives on another role's hosts comes by itself.
    let states = &s.bound.site.roles;
    let declared = h.roles.iter().filter(|r| {
        let state = states.get(usize::from(r.0));
        state.is_some_and(|x| x.lives_on.is_none())
    });
    let roles: Vec<String> = declared
        .filter_map(|r| Some(s.matrix.role(*r)?.id.clone()))
        .collect();
    let bodies: Vec<&LoadedExport> = files
        .iter()
        .filter_map(|i| s.bodies.get(i.index()))
        .map(|e| &**e)
        .collect();
    let windows = own.iter().find(|p| p.kind.has_profiles());
    Candidate {
        name: h.name.clone(),
        // A group is named after what somebody had in mind, and may guard anything.
        certain: match h.role_source {
            Some(RoleSource::Annotation | RoleSource::Tag) => !roles.is_empty(),
            Some(RoleSource::Path) => !roles.is_empty() && !cloud,
            Some(RoleSource::Config | RoleSource::Option | RoleSource::Inferred) | None => false,
        },
        worth: match h.role_source {
            Some(RoleSource::Annotation | RoleSource::Tag) => 3,
            Some(RoleSource::Path) => 2,
            Some(RoleSource::Inferred) => 1,
            Some(RoleSource::Config | RoleSource::Option) | None => 0,
        },
        evidence: evidence_of(s, &points, &roles),
        reason: reason(s, h, &files),
        roles,
        addresses: match cloud {
            true => h.addrs.texts().map(bare).collect(),
            false => found::each(&h.addrs),
        },
        maybe: if cloud {
            Vec::new()
        } else {
            found::own_addresses(s, &points)
        },
        shown: found::shown_addresses(s, &beside(s, &files, cloud)),
        exports: files_of(s, &files, cloud),
        points: if cloud && h.addrs.is_empty() {
            own.iter().map(|p| p.key().to_owned()).collect()
        } else {
            Vec::new()
        },
        windows: windows.map(|p| active(p)),
        forwards: bodies.iter().any(|e| found::forwards(e)),
        ..Candidate::default()
    }
}

/// What the rules of points say for some roles, else for those that fit best.
fn evidence_of(s: &Survey<'_>, points: &[RunPoint], roles: &[String]) -> Vec<Evidence> {
    let known = roles.iter().filter_map(|r| s.matrix.role_ix(r));
    let known: Vec<Evidence> = known.map(|r| evidence::of_role(s, points, r)).collect();
    match known.is_empty() {
        true => evidence::of_any(s, points),
        false => known,
    }
}

/// One address without its prefix length.
fn bare(text: String) -> String {
    found::single(&text).unwrap_or(text)
}

/// The profile that the export says is active, if it is one.
fn active(p: &Point) -> Option<&'static str> {
    let active = p.active_profiles(None);
    let said = matches!(active.source, ActiveSource::Export(_));
    active.profiles.name().filter(|_| said)
}

/// Whether the role comes from the name of a group.
fn cloud_name(s: &Survey<'_>, h: &Host) -> bool {
    let points = h.layers.iter().flat_map(|l| &l.points);
    let mut points = points.filter_map(|at| point(s, *at));
    points.any(|p| p.kind.is_cloud())
}

fn reason(s: &Survey<'_>, h: &Host, files: &BTreeSet<ExportId>) -> String {
    let path = files
        .first()
        .and_then(|i| s.heads.get(*i))
        .map(|e| &*e.path);
    let path = path.unwrap_or_default();
    match h.role_source {
        Some(RoleSource::Annotation) => "A comment in the export says its role".into(),
        Some(RoleSource::Tag) => "A tag says its role".into(),
        Some(RoleSource::Path) if cloud_name(s, h) => {
            format!("By the name of what guards it: {}", h.name)
        }
        Some(RoleSource::Path) => format!("By its path or name: {}", relative(s, path)),
        Some(RoleSource::Inferred) => "By the ports that it opens".into(),
        Some(RoleSource::Config | RoleSource::Option) | None => {
            format!("Nothing says its role; it opens {}", opened(s, files))
        }
    }
}

/// The first ports that the files open.
fn opened(s: &Survey<'_>, files: &BTreeSet<ExportId>) -> String {
    let mut out: Vec<String> = Vec::new();
    for (protocol, ports) in files
        .iter()
        .filter_map(|i| s.heads.get(*i))
        .flat_map(LoadedExport::opened)
    {
        let name = crate::judge::protocol_name(protocol);
        out.extend(ports.iter().map(|(a, b)| {
            if a == b {
                format!("{name}/{a}")
            } else {
                format!("{name}/{a}-{b}")
            }
        }));
    }
    out.sort_by_key(|t| (t.len(), t.clone()));
    out.dedup();
    match out.len() {
        0 => "no port by name".into(),
        n if n > 8 => format!(
            "{} and {} more",
            out.get(..8).unwrap_or(&out).join(", "),
            n - 8
        ),
        _ => out.join(", "),
    }
}

/// The files of a host: its exports, and what lies beside them for it.
fn files_of(s: &Survey<'_>, files: &BTreeSet<ExportId>, cloud: bool) -> Vec<String> {
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    for e in beside(s, files, cloud) {
        paths.insert(&e.path);
        // Each file of firewalld is bound by itself; what an nftables file includes comes with it.
        if e.export.format == firewalld::FORMAT.id {
            paths.extend(e.included.iter().flatten().map(|i| &*i.path));
        }
    }
    paths.into_iter().map(|p| relative(s, p)).collect()
}

/// Listings of a host, and zones whose ruleset is exported, which lie in a folder with exports of no other host.
fn around(s: &Survey<'_>, files: &BTreeSet<ExportId>) -> Vec<ExportId> {
    let own = files.iter().filter_map(|i| s.heads.get(*i));
    let folders: BTreeSet<&str> = own.map(|e| paths::host_folder(&e.path)).collect();
    let zones = |e: &LoadedExport| e.export.format == firewalld::FORMAT.id;
    let others = |folder: &str| {
        s.heads.each().any(|(i, e)| {
            let rules = e.export.points.iter().any(|p| p.kind.is_host()) && !zones(e);
            rules && !files.contains(&i) && paths::host_folder(&e.path) == folder
        })
    };
    let alone: Vec<&str> = folders.into_iter().filter(|f| !others(f)).collect();
    let fits = |e: &LoadedExport| {
        let companions = &e.export.companions;
        let listing =
            e.export.points.is_empty() && companions.iter().any(|c| c.of_host().is_some());
        (listing || zones(e)) && alone.contains(&paths::host_folder(&e.path))
    };
    let found = s
        .heads
        .each()
        .filter(|(i, e)| !files.contains(i) && fits(e));
    found.map(|(i, _)| i).collect()
}

/// The exports of a host, and those without rules that lie beside them for it.
fn beside<'a>(s: &'a Survey<'_>, files: &BTreeSet<ExportId>, cloud: bool) -> Vec<&'a LoadedExport> {
    let own: Vec<&LoadedExport> = files.iter().filter_map(|i| s.heads.get(*i)).collect();
    let for_it = |e: &&LoadedExport| {
        own.iter().any(|o| {
            let folder = paths::folder(&o.path) == paths::folder(&e.path);
            folder && (cloud || paths::host_words(&o.path) == paths::host_words(&e.path))
        })
    };
    let others = s.heads.iter().filter(|e| e.export.points.is_empty());
    own.iter().copied().chain(others.filter(for_it)).collect()
}

/// A host with the names of the points in front of it.
type Machine = (Candidate, Vec<String>);

/// Machines of cloud accounts whose interfaces are exported and that no guess covers: one host for each; and the names of
/// the points that guard machines.
fn machines(s: &Survey<'_>, known: &[Candidate]) -> (Vec<Machine>, BTreeSet<String>) {
    let certain = known.iter().filter(|c| c.certain);
    let covered: BTreeSet<&String> = certain.flat_map(|c| &c.addresses).collect();
    let mut by_machine: BTreeMap<String, (ExportId, Vec<&NetworkInterface>)> = BTreeMap::new();
    for (i, e) in s.heads.each() {
        for c in &e.export.companions {
            let Companion::Interface(n) = c else { continue };
            let id = if n.instance.is_empty() {
                &n.id
            } else {
                &n.instance
            };
            let slot = by_machine.entry(id.to_string());
            slot.or_insert((i, Vec::new())).1.push(n);
        }
    }
    let mut guarding = BTreeSet::new();
    let mut out = Vec::new();
    for (id, (file, nics)) in by_machine {
        let groups = guards(s, file, &nics);
        guarding.extend(groups.iter().map(|(_, p)| p.key().to_owned()));
        let private = nics.iter().flat_map(|n| n.private.texts());
        let addresses: Vec<String> = private.map(bare).collect();
        if !addresses.is_empty() && addresses.iter().all(|a| !covered.contains(a)) {
            let name = nics.iter().map(|n| &*n.name).find(|n| !n.is_empty());
            let name = name.map_or(id, str::to_owned);
            let names = groups.iter().map(|(_, p)| p.key().to_owned()).collect();
            out.push((machine(s, name, file, &groups, addresses), names));
        }
    }
    (out, guarding)
}

/// The points in front of interfaces: their own, and those of their subnets.
fn guards<'a>(
    s: &'a Survey<'_>,
    file: ExportId,
    nics: &[&NetworkInterface],
) -> Vec<(RunPoint, &'a Point)> {
    let folder = folder_of(s, file);
    let beside = || {
        let all = s.heads.each();
        all.filter(|(_, e)| paths::folder(&e.path) == folder)
    };
    let subnets: Vec<&Subnet> = beside()
        .flat_map(|(_, e)| &e.export.companions)
        .filter_map(|c| match c {
            Companion::Subnet(n) => Some(n),
            _ => None,
        })
        .filter(|n| nics.iter().any(|i| same_id(&i.subnet, &n.id)))
        .collect();
    let in_front = |p: &Point| {
        let own = nics.iter().flat_map(|n| &n.points);
        let of_subnet = subnets.iter().flat_map(|n| &n.points);
        own.chain(of_subnet).any(|g| same_id(g, &p.id))
            || nics.iter().any(|n| {
                p.interfaces.iter().any(|i| same_id(i, &n.id))
                    || p.subnets.iter().any(|i| same_id(i, &n.subnet))
            })
    };
    let points = beside().flat_map(|(id, e)| {
        let all = e.export.points.iter().enumerate();
        all.map(move |(n, p)| (RunPoint::new(id, n), p))
    });
    points
        .filter(|(_, p)| p.kind.is_cloud() && in_front(p))
        .collect()
}

fn folder_of<'a>(s: &'a Survey<'_>, file: ExportId) -> &'a str {
    s.heads.get(file).map_or("", |e| paths::folder(&e.path))
}

fn machine(
    s: &Survey<'_>,
    name: String,
    file: ExportId,
    groups: &[(RunPoint, &Point)],
    addresses: Vec<String>,
) -> Candidate {
    let by_name = role_names::role_in(&name, s.matrix);
    let group = groups
        .iter()
        .find_map(|(_, p)| Some((p, role_names::role_in(&p.name, s.matrix)?)));
    let (role, reason) = match (by_name, group) {
        (Some(r), _) => (Some(r), format!("By its name: {name}")),
        (None, Some((p, r))) => (
            Some(r),
            format!("By the name of what guards it: {}", p.name),
        ),
        (None, None) => {
            let names: Vec<String> = groups.iter().map(|(_, p)| p.key().to_owned()).collect();
            let by = if names.is_empty() {
                "no exported group".into()
            } else {
                names.join(", ")
            };
            (
                None,
                format!("Nothing says its role; it is guarded by {by}"),
            )
        }
    };
    let folder = folder_of(s, file);
    let cloud = |i: &ExportId| {
        s.heads.get(*i).is_some_and(|e| {
            paths::folder(&e.path) == folder && e.export.points.iter().all(|p| p.kind.is_cloud())
        })
    };
    let files: BTreeSet<ExportId> = s.heads.ids().filter(cloud).collect();
    let role = role.and_then(|r| Some(s.matrix.role(r)?.id.clone()));
    let roles: Vec<String> = role.into_iter().collect();
    let points: Vec<RunPoint> = groups.iter().map(|(at, _)| *at).collect();
    Candidate {
        name,
        evidence: evidence_of(s, &points, &roles),
        worth: u8::from(!roles.is_empty()) * 2,
        roles,
        certain: by_name.is_some(),
        is_new: true,
        reason,
        addresses,
        exports: files_of(s, &files, true),
        ..Candidate::default()
    }
}
