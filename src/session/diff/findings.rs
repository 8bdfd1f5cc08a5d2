//! Findings that only one side has.
//!
//! They are known by their fingerprints, so that one that moves, is renamed or is worded anew is neither new nor gone. Where
//! a site file stands in another folder or something is called otherwise, they are made anew for both sides.

use super::packets::Names;
use super::shown::Showing;
use super::sides::{Policy, Sides};
use super::standing::{Named, equal, flow_of, flows, rewritten};
use crate::finding::difference::{Findings, PacketChange};
use crate::finding::outcome::Outcome;
use crate::finding::{Code, Finding, Group, Severity, fingerprint, shape};
use crate::session::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Compares them under the old side's names.
pub(super) fn compare(
    sides: &Sides,
    names: &Names,
    packets: &[PacketChange],
    old: &Outcome,
    new: &Outcome,
) -> Findings {
    let folder = |s: &Session| s.config().map(|c| c.dir.clone());
    let alike = names.is_empty() && folder(&sides.old) == folder(&sides.new);
    let known = named(sides.policy, old, alike, &Names::default());
    let found = named(sides.policy, new, alike, names);
    let (mut new_ones, mut gone) = (Vec::new(), Vec::new());
    let mut groups: BTreeMap<&str, (Vec<&Named<'_>>, Vec<&Named<'_>>)> = BTreeMap::new();
    for n in &known {
        groups.entry(&n.group).or_default().0.push(n);
    }
    for n in &found {
        groups.entry(&n.group).or_default().1.push(n);
    }
    let (mut only_old, mut only_new) = (Vec::new(), Vec::new());
    for (known, found) in groups.into_values() {
        let required = [&known, &found].into_iter().flatten().next();
        let of_flow = required.is_some_and(|n| n.finding.code.group() == Group::Required);
        let (old, new) = match of_flow {
            true => flows(known, found),
            false => equal(known, found),
        };
        only_old.extend(old);
        only_new.extend(new);
    }
    let (only_old, only_new) = rewritten(only_old, only_new, &|f| opens(packets, names, f));
    new_ones.extend(only_new.into_iter().map(|n| n.at));
    gone.extend(only_old.into_iter().map(|n| n.at));
    new_ones.sort_unstable();
    gone.sort_unstable();
    let were: BTreeSet<&str> = firewalls(old)
        .difference(&firewalls(new))
        .copied()
        .collect();
    let showing = Showing::of(sides);
    let take = |o: &Outcome, at: Vec<usize>| -> Vec<Finding> {
        let all = at.into_iter().filter_map(|n| o.findings.get(n));
        all.cloned().collect()
    };
    let mut out = Findings {
        new: take(new, new_ones),
        gone: take(old, gone),
    };
    for f in &mut out.new {
        raise(f, &were);
        showing.finding(f);
    }
    out
}

/// The active findings that are compared. `alike`: the fingerprints that they have are those of both sides.
fn named<'o>(policy: Policy, o: &'o Outcome, alike: bool, names: &Names) -> Vec<Named<'o>> {
    // Without a site file, which roles nobody declares is a matter of the run and not of the change.
    let undeclared = |f: &Finding| f.code == Code::UndeclaredRole && o.site.path.is_none();
    let compared = |f: &Finding| match policy {
        Policy::None => is_about_reading(f.code),
        Policy::Old | Policy::New => !undeclared(f),
    };
    let numbered = o.findings.iter().enumerate();
    let numbered: Vec<_> = numbered
        .filter(|(_, f)| f.is_active() && compared(f))
        .collect();
    // Equal ones are numbered behind it.
    let group = |print: &str| match print.split_once('-') {
        Some((group, _)) => group.to_owned(),
        None => print.to_owned(),
    };
    let group = |f: &Finding| flow_of(f).unwrap_or_else(|| group(&f.fingerprint));
    let groups: Vec<String> = match alike {
        true => numbered.iter().map(|(_, f)| group(f)).collect(),
        false => {
            let mut copies: Vec<Finding> = numbered.iter().map(|(_, f)| (*f).clone()).collect();
            copies.iter_mut().for_each(|f| rename(f, names));
            let paths = o.exports.iter().map(|e| &*e.path);
            let old = names.paths.values().map(|p| &**p);
            fingerprint::assign(&mut copies, Path::new(""), &paths.chain(old).collect());
            copies.iter().map(group).collect()
        }
    };
    let each = numbered.into_iter().zip(groups);
    each.map(|((at, finding), group)| Named { at, finding, group })
        .collect()
}

/// Renamed hosts up to which each is looked for in what a finding without a host is known by.
const RENAMED: usize = 32;

/// Gives a finding the names that the old side has.
fn rename(f: &mut Finding, names: &Names) {
    if let Some(p) = f.place.as_mut()
        && let Some(old) = names.paths.get(&p.path)
    {
        p.path = old.clone();
    }
    if let Some(point) = f.point.as_mut()
        && let Some(old) = names.paths.get(point.as_str())
    {
        *point = old.to_string();
    }
    let own = f
        .host
        .as_ref()
        .map(|h| (h.clone(), names.host(h).to_owned()));
    let named: Vec<(String, String)> = match own {
        Some(own) => vec![own],
        None if names.hosts.len() <= RENAMED => names.hosts.clone().into_iter().collect(),
        None => Vec::new(),
    };
    for (new, old) in named.into_iter().filter(|(new, old)| new != old) {
        // Of some texts the shape alone is kept.
        let identity = f.identity.clone().renamed(&new, &old);
        f.identity = identity.renamed(&shape(&new), &shape(&old));
        if f.host.is_some() {
            f.host = Some(old);
        }
    }
}

/// Whether a code is about what could not be read or modelled: that is compared even where no roles are.
fn is_about_reading(code: Code) -> bool {
    matches!(
        code,
        Code::UnreadFile
            | Code::MalformedExport
            | Code::IncompleteExport
            | Code::EmptyExport
            | Code::UnmodelledMatch
    )
}

/// Whether something opens, or may, where a finding of the new side is. What is inside is no excess.
fn opens(packets: &[PacketChange], names: &Names, f: &Finding) -> bool {
    let host = f.host.as_deref().map(|h| names.host(h));
    packets
        .iter()
        .filter(|p| p.opens() && !p.within)
        .any(|p| match host {
            Some(host) => p.host.as_deref() == Some(host),
            None => f.point.as_deref().is_none_or(|point| p.point == point),
        })
}

/// The files in which firewalls were read.
fn firewalls(o: &Outcome) -> BTreeSet<&str> {
    let all = o.exports.iter().filter(|e| e.points > 0);
    all.map(|e| &*e.path).collect()
}

/// A file that held a firewall and is not read any more is a firewall that nobody judges.
fn raise(f: &mut Finding, were: &BTreeSet<&str>) {
    let place = f.place.as_ref();
    let was = place.is_some_and(|p| were.contains(&*p.path));
    if was && is_about_reading(f.code) {
        f.severity = Severity::Error;
    }
}
