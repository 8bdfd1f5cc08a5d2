//! Group Policy that files beside a Windows export tell of: registry keys, results of `gpresult`, PowerShell objects.

use super::beside::{Beside, Tells, is_near};
use super::scope::{Links, policy_not_exported};
use super::unite::is_of_policy_alone;
use super::windows::hosts_of_policy;
use crate::common::paths::{folder, host_words};
use crate::load::{ExportId, Heads, RunPoint};
use hylint_model::{OtherPolicy, Point};
use std::sync::Arc;

/// Words of a file's name that tell what it is of a host's policy.
const PLAIN_WORDS: [&str; 12] = [
    "gpresult",
    "gpo",
    "gp",
    "rsop",
    "policy",
    "policies",
    "group",
    "registry",
    "reg",
    "hklm",
    "activestore",
    "monitor",
];

/// Marks the Windows firewalls of hosts of which a file tells that a policy acts on them, or that none does.
pub(super) fn join(heads: &mut Heads, links: &mut Links, beside: &[Beside<'_>]) {
    let told = |b: &Beside<'_>| matches!(b.tells, Tells::Policy(_));
    let apart = policies_apart(heads, links);
    let apart = apart.iter().map(|(path, claims)| Beside {
        path,
        tells: Tells::Policy(OtherPolicy::Shown),
        claims: claims.clone(),
        front_end: false,
    });
    let beside: Vec<Beside<'_>> = beside.iter().cloned().chain(apart).collect();
    let beside = beside.as_slice();
    if !beside.iter().any(told) {
        return;
    }
    for at in heads.ids() {
        let Some(export) = heads.get(at) else {
            continue;
        };
        let near = |b: &&Beside<'_>| {
            is_near(links, at, &export.path, b) && is_of_host(heads, links, at, b)
        };
        let mut all = beside.iter().filter(near).filter_map(|b| match b.tells {
            Tells::Policy(policy) => Some((b.path, policy)),
            Tells::Rules => None,
        });
        // What acts weighs more than a text in which it is not seen.
        let first = all.clone().find(|(_, p)| *p == OtherPolicy::Shown);
        let Some((path, policy)) = first.or_else(|| all.next()) else {
            continue;
        };
        let settled = shows_policy(heads, links, at);
        let Some(point) = export.export.points.iter().find(|p| is_open(p)) else {
            continue;
        };
        if policy == OtherPolicy::Shown && !settled {
            let told = policy_not_exported(path, export.place(point.label));
            links.findings.push(told);
        }
        let told = match settled {
            true => OtherPolicy::Settled,
            false => policy,
        };
        let points = heads.get_mut(at).map(|e| &mut e.export.points);
        for (n, point) in points.into_iter().flatten().enumerate() {
            if is_open(point) {
                point.other_policy = told;
                links.policies.push(RunPoint::new(at, n));
            }
        }
    }
}

/// Exports of policy alone that are united with no host, though hosts lie beside them: it is not known on which it acts.
fn policies_apart(heads: &Heads, links: &Links) -> Vec<(Arc<str>, Vec<usize>)> {
    let alone = heads.ids().filter(|at| is_of_policy_alone(heads, *at));
    let apart = alone.filter(|at| hosts_of_policy(heads, &links.index, *at).is_empty());
    let told = apart.filter_map(|at| {
        let claims = links.index.claims(at).to_vec();
        Some((heads.get(at)?.path.clone(), claims))
    });
    told.collect()
}

/// Whether a point is of Windows, and its own export does not tell.
fn is_open(point: &Point) -> bool {
    point.kind.has_profiles() && point.other_policy == OtherPolicy::Unsaid
}

/// Whether an export of the same host shows what is in effect, or rules of policy.
fn shows_policy(heads: &Heads, links: &Links, at: ExportId) -> bool {
    let settled = |p: &Point| p.kind.has_profiles() && p.other_policy == OtherPolicy::Settled;
    let others = super::windows::same_host(heads, &links.index, at);
    let mut points = others.iter().filter_map(|i| heads.get(*i));
    points.any(|e| e.export.points.iter().any(settled))
}

/// Whether a file is of the host of an export that lies in its folder: by its name, or as there is no other host. Entries of
/// the site that name both say it themselves.
fn is_of_host(heads: &Heads, links: &Links, at: ExportId, b: &Beside<'_>) -> bool {
    let Some(export) = heads.get(at) else {
        return false;
    };
    let shared = links.index.claims(at).iter().any(|c| b.claims.contains(c));
    let words = |path: &str| {
        let mut all = host_words(path);
        all.retain(|w| !PLAIN_WORDS.contains(&w.as_str()));
        all
    };
    let own = words(b.path);
    let is_windows = |i: &&ExportId| {
        let other = heads.get(**i);
        other.is_some_and(|e| e.export.points.iter().any(|p| p.kind.has_profiles()))
    };
    let same = |i: &ExportId| heads.get(*i).is_some_and(|e| words(&e.path) == own);
    let mut all = links
        .index
        .of_folder(folder(&export.path))
        .iter()
        .filter(is_windows);
    shared || same(&at) || !all.any(same)
}
