//! `show allprofiles` in a file of its own belongs to the rules of the same host.

use super::{Index, finding};
use crate::finding::{Finding, Severity};
use crate::load::LoadedExport;
use crate::site::paths::host_words;
use hylint_parsers::model::{Companion, PointKind};

pub(super) fn join(exports: &mut [LoadedExport], index: &Index, findings: &mut Vec<Finding>) {
    for at in 0..exports.len() {
        let Some(export) = exports.get(at) else {
            continue;
        };
        let profiles = export.export.companions.iter().find_map(|c| match c {
            Companion::WindowsProfiles(p) => Some(p.clone()),
            _ => None,
        });
        let Some(mut profiles) = profiles else {
            continue;
        };
        profiles.from = Some(at);
        let targets = targets(exports, index, at);
        if targets.is_empty() {
            if let Some(export) = exports.get(at) {
                findings.push(finding(
                    export,
                    profiles.span,
                    Severity::Warning,
                    "these profile settings belong to no rules that were read".into(),
                    "put them into the folder of the rules, or name both files in one [[host]]",
                ));
            }
            continue;
        }
        for target in targets {
            let points = exports.get_mut(target).map(|e| &mut e.export.points);
            for p in points.into_iter().flatten() {
                if p.kind == PointKind::WindowsFirewall && p.windows.is_none() {
                    p.windows = Some(profiles.clone());
                }
            }
        }
    }
}

/// Exports of rules that a file of profiles belongs to: those of the same entry of the site; in a folder, the only one,
/// or those whose names are of the same host.
fn targets(exports: &[LoadedExport], index: &Index, at: usize) -> Vec<usize> {
    let wants = |e: &LoadedExport| {
        let mut points = e.export.points.iter();
        points.any(|p| p.kind == PointKind::WindowsFirewall && p.windows.is_none())
    };
    let scope = index.scope(exports, at).into_iter();
    let all: Vec<usize> = scope
        .filter(|i| exports.get(*i).is_some_and(wants))
        .collect();
    if all.len() <= 1 || !index.claims(at).is_empty() {
        return all;
    }
    let words = |i: usize| exports.get(i).map(|e| host_words(&e.path));
    let own = words(at);
    all.into_iter().filter(|i| words(*i) == own).collect()
}
