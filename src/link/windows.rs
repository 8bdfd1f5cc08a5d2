//! `show allprofiles` in a file of its own belongs to the rules of the same host.

use super::scope::{Index, Links, finding};
use crate::common::paths::host_words;
use crate::finding::{Known, Severity};
use crate::load::{ExportId, Heads, LoadedExport, RunPoint};
use hylint_model::Companion;

pub(super) fn join(exports: &mut Heads, links: &mut Links) {
    for at in exports.ids() {
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
        let targets = targets(exports, &links.index, at);
        if targets.is_empty() {
            if let Some(export) = exports.get(at) {
                links.findings.push(finding(
                    export,
                    profiles.span,
                    Severity::Warning,
                    "these profile settings belong to no rules that were read".into(),
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
