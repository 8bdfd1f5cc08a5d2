//! `show allprofiles` in a file of its own belongs to the rules of the same host.

use super::scope::{Index, Links, finding};
use super::unite::has_policy;
use crate::common::paths::{folder, host_words};
use crate::finding::{Code, Finding, Identity, Known, Severity};
use crate::load::{self, ExportId, Heads, LoadedExport, RunPoint};
use hylint_model::{
    Body, Companion, DefaultOrigin, Direction, Point, Span, Stores, WindowsProfiles,
};

pub(super) fn join(exports: &mut Heads, links: &mut Links) {
    settings_of_their_own(exports, links);
    left_out(exports, links);
    share(exports, links);
    filters_alone(exports, links);
}

/// Tells of filters whose rules stand in no export of the host.
fn filters_alone(exports: &Heads, links: &mut Links) {
    for (at, e) in exports.each() {
        let filters = e.export.companions.iter().find_map(|c| match c {
            Companion::WindowsFilters { span } => Some(*span),
            _ => None,
        });
        let Some(span) = filters.filter(|_| e.export.points.is_empty()) else {
            continue;
        };
        let has_rules = |i: &ExportId| {
            let other = exports.get(*i).map(|e| &e.export);
            other.is_some_and(|o| o.format == e.export.format && !o.points.is_empty())
        };
        let in_folder = links.index.of_folder(folder(&e.path)).iter();
        let one = in_folder.filter(|i| has_rules(i)).count() == 1;
        let own = links.index.claims(at).is_empty();
        if same_host(exports, &links.index, at).iter().any(has_rules) || own && one {
            continue;
        }
        let mut f = Finding::new(
            Code::IncompleteExport,
            Severity::Warning,
            "filters without their rules: what they allow or block is not known",
            Identity::of(&["filters without rules"]),
            e.place(span),
        );
        f.label = "of which rules?".into();
        f.help = Some(
            "put the output of `Get-NetFirewallRule` beside this file, or run `hylint collect windows`, whose script joins both"
                .to_owned(),
        );
        links.findings.push(f);
    }
}

/// The settings that stand beside the rules of one file hold for the host's other files too.
fn share(exports: &mut Heads, links: &mut Links) {
    for at in exports.ids() {
        let own = exports.get(at).and_then(|e| {
            let mut points = e.export.points.iter().enumerate();
            let own = |n: usize| !links.settings.contains_key(&RunPoint::new(at, n));
            points.find_map(|(n, p)| p.windows.clone().filter(|_| own(n)))
        });
        let Some(windows) = own else { continue };
        for other in same_host(exports, &links.index, at) {
            let points = exports.get_mut(other).map(|e| &mut e.export.points);
            for (n, p) in points.into_iter().flatten().enumerate() {
                if p.kind.has_profiles() && p.windows.is_none() {
                    p.windows = Some(windows.clone());
                    links.settings.insert(RunPoint::new(other, n), at);
                }
            }
        }
    }
}

/// Tells each direction that no file of a host shows.
fn left_out(exports: &Heads, links: &mut Links) {
    for (at, e) in exports.each() {
        for p in &e.export.problems {
            let Some(direction) = p.elsewhere else {
                continue;
            };
            let shows = |id: &ExportId| {
                let other = exports.get(*id);
                let mut points = other.into_iter().flat_map(|e| &e.export.points);
                points.any(|p| p.kind.has_profiles() && shows_whole(p, direction))
            };
            if !same_host(exports, &links.index, at).iter().any(shows) {
                links.findings.push(load::left_out(e, p));
            }
        }
    }
}

fn shows_whole(point: &Point, direction: Direction) -> bool {
    let Body::Lists(lists) = &point.body else {
        return false;
    };
    let list = match direction {
        Direction::Out => &lists.egress,
        Direction::In | Direction::Forward => &lists.ingress,
    };
    list.default.origin != DefaultOrigin::Unknown
}

/// The other exports of one host: those of the same entry of the site; in a folder, those whose names are of the same host.
pub(super) fn same_host(exports: &Heads, index: &Index, at: ExportId) -> Vec<ExportId> {
    let claims = index.claims(at);
    let words = |i: ExportId| exports.get(i).map(|e| host_words(&e.path));
    let own = words(at);
    let scope = index.scope(exports, at).into_iter().filter(|i| *i != at);
    scope
        .filter(|i| {
            if claims.is_empty() {
                index.claims(*i).is_empty() && words(*i) == own
            } else {
                index.claims(*i).iter().any(|c| claims.contains(c))
            }
        })
        .collect()
}

/// The exports of hosts' own rules in the scope of a file of policy.
fn near_hosts(exports: &Heads, index: &Index, at: ExportId) -> Vec<ExportId> {
    let claims = index.claims(at);
    let own = |i: &ExportId| {
        let points = exports.get(*i).map(|e| &e.export.points);
        let mut points = points.into_iter().flatten();
        points.any(|p| p.kind.has_profiles() && p.stores.has(Stores::LOCAL))
    };
    let scope = index.scope(exports, at).into_iter();
    let near = |i: &ExportId| match claims {
        [] => index.claims(*i).is_empty(),
        _ => index.claims(*i).iter().any(|c| claims.contains(c)),
    };
    scope.filter(|i| *i != at && own(i) && near(i)).collect()
}

/// The exports of the host that a file of policy is united with: those of its entry of the site; in a folder, those whose
/// names are of the same host, or all if they are of one.
pub(super) fn hosts_of_policy(exports: &Heads, index: &Index, at: ExportId) -> Vec<ExportId> {
    let near = near_hosts(exports, index, at);
    if !index.claims(at).is_empty() {
        return near;
    }
    let words = |i: &ExportId| exports.get(*i).map(|e| host_words(&e.path));
    let own = words(&at);
    let same: Vec<ExportId> = near.iter().copied().filter(|i| words(i) == own).collect();
    if !same.is_empty() {
        return same;
    }
    let mut hosts = near.iter().map(words);
    let first = hosts.next();
    match hosts.all(|h| Some(h) == first) {
        true => near,
        false => Vec::new(),
    }
}

fn settings_of_their_own(exports: &mut Heads, links: &mut Links) {
    // Files that tell which profiles are active and nothing of their settings come after those that do.
    let only_active = |i: &ExportId| {
        let companions = exports.get(*i).map(|e| &e.export.companions);
        let mut all = companions.into_iter().flatten();
        all.any(|c| matches!(c, Companion::WindowsProfiles(p) if p.only_active()))
    };
    let (networks, settings): (Vec<ExportId>, Vec<ExportId>) = exports.ids().partition(only_active);
    for at in settings.into_iter().chain(networks) {
        let Some(export) = exports.get(at) else {
            continue;
        };
        let profiles = export.export.companions.iter().find_map(|c| match c {
            Companion::WindowsProfiles(p) => Some(p.clone()),
            _ => None,
        });
        let Some(profiles) = profiles else {
            continue;
        };
        // What policy sets goes into the united firewall, or leaves open what the hosts of its folder allow.
        if has_policy(exports, at) && !near_hosts(exports, &links.index, at).is_empty() {
            continue;
        }
        let targets = targets(exports, &links.index, at);
        if profiles.only_active() && tell_active(exports, &links.index, at, &profiles) {
            continue;
        }
        if targets.is_empty() {
            if let Some(export) = exports.get(at) {
                links.findings.push(finding(
                    export,
                    profiles.span,
                    Severity::Warning,
                    "these profile settings belong to no export of rules".into(),
                    &Known::SettingsWithoutRules,
                    "put them into the folder of the rules, or name both files in one [[host]]",
                ));
            }
            continue;
        }
        for target in targets {
            let points = exports.get_mut(target).map(|e| &mut e.export.points);
            for (n, p) in points.into_iter().flatten().enumerate() {
                if p.kind.has_profiles() && p.windows.is_none() {
                    p.windows = Some(profiles.clone());
                    links.settings.insert(RunPoint::new(target, n), at);
                }
            }
        }
    }
}

/// Says of firewalls whose settings are known which profiles are active, by a file that tells it alone; false if there are none
/// of its host.
fn tell_active(
    exports: &mut Heads,
    index: &Index,
    at: ExportId,
    networks: &WindowsProfiles,
) -> bool {
    let has_settings = |e: &LoadedExport| {
        let mut points = e.export.points.iter();
        points.any(|p| p.kind.has_profiles() && p.windows.is_some())
    };
    let scope = index.scope(exports, at).into_iter();
    let mut all: Vec<ExportId> = scope
        .filter(|i| exports.get(*i).is_some_and(has_settings))
        .collect();
    if index.claims(at).is_empty() && all.len() > 1 {
        let words = |i: ExportId| exports.get(i).map(|e| host_words(&e.path));
        let own = words(at);
        all.retain(|i| words(*i) == own);
    }
    for target in &all {
        let points = exports.get_mut(*target).map(|e| &mut e.export.points);
        let windows = points
            .into_iter()
            .flatten()
            .filter_map(|p| p.windows.as_mut());
        for w in windows.filter(|w| w.active.is_none()) {
            // The place is in another file than that of the settings.
            w.active = networks.active.map(|(p, _)| (p, Span::default()));
        }
    }
    !all.is_empty()
}

/// Exports of rules that a file of profiles belongs to: those of the same entry of the site; in a folder, the only one,
/// or those whose names are of the same host.
fn targets(exports: &Heads, index: &Index, at: ExportId) -> Vec<ExportId> {
    let wants = |e: &LoadedExport| {
        let mut points = e.export.points.iter();
        points.any(|p| p.kind.has_profiles() && p.windows.is_none())
    };
    let scope = index.scope(exports, at).into_iter();
    let all: Vec<ExportId> = scope
        .filter(|i| exports.get(*i).is_some_and(wants))
        .collect();
    if all.len() <= 1 || !index.claims(at).is_empty() {
        return all;
    }
    let words = |i: ExportId| exports.get(i).map(|e| host_words(&e.path));
    let own = words(at);
    all.into_iter().filter(|i| words(*i) == own).collect()
}
