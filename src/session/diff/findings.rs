//! Findings that only one side has.
//!
//! They are known by their fingerprints, so that one that moves, is renamed or is worded anew is neither new nor gone. Where
//! a site file stands in another folder or something is called otherwise, they are made anew for both sides.

use super::blocked::Blocked;
use super::packets::Names;
use super::shown::Showing;
use super::sides::{Policy, Sides};
use crate::finding::difference::Findings;
use crate::finding::outcome::Outcome;
use crate::finding::{Code, Finding, Place, Severity, fingerprint, shape};
use crate::session::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Compares them under the old side's names.
pub(super) fn compare(sides: &Sides, names: &Names, old: &Outcome, new: &Outcome) -> Findings {
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
    for (known, found) in groups.into_values() {
        let (only_known, only_found) = unmatched(known, found);
        gone.extend(only_known.into_iter().map(|n| n.at));
        new_ones.extend(only_found.into_iter().map(|n| n.at));
    }
    let before = blocked(&known, &Names::default());
    let behind = blocked(&found, names);
    let stays = |at: &usize, o: &Outcome, of: &Names, others: &[Blocked]| {
        let flow = o.findings.get(*at).and_then(|f| Blocked::of(f, of));
        flow.is_some_and(|f| f.is_within(others))
    };
    new_ones.retain(|at| !stays(at, new, names, &before));
    gone.retain(|at| !stays(at, old, &Names::default(), &behind));
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

fn blocked(all: &[Named<'_>], names: &Names) -> Vec<Blocked> {
    let each = all.iter().filter_map(|n| Blocked::of(n.finding, names));
    each.collect()
}

/// A finding by its number, and what it has in common with those that are equal but for their places.
struct Named<'o> {
    at: usize,
    finding: &'o Finding,
    group: String,
}

/// The active findings that are compared. `alike`: the fingerprints that they have are those of both sides.
fn named<'o>(policy: Policy, o: &'o Outcome, alike: bool, names: &Names) -> Vec<Named<'o>> {
    let compared = |f: &Finding| policy != Policy::None || is_about_reading(f.code);
    let numbered = o.findings.iter().enumerate();
    let numbered: Vec<_> = numbered
        .filter(|(_, f)| f.is_active() && compared(f))
        .collect();
    // Equal ones are numbered behind it.
    let group = |print: &str| match print.split_once('-') {
        Some((group, _)) => group.to_owned(),
        None => print.to_owned(),
    };
    let groups: Vec<String> = match alike {
        true => numbered
            .iter()
            .map(|(_, f)| group(&f.fingerprint))
            .collect(),
        false => {
            let mut copies: Vec<Finding> = numbered.iter().map(|(_, f)| (*f).clone()).collect();
            copies.iter_mut().for_each(|f| rename(f, names));
            let paths = o.exports.iter().map(|e| &*e.path);
            let old = names.paths.values().map(|p| &**p);
            fingerprint::assign(&mut copies, Path::new(""), &paths.chain(old).collect());
            copies.iter().map(|f| group(&f.fingerprint)).collect()
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

/// What remains of equal findings when each that was there is matched: with one of the same rule and text before any other,
/// so that of two copies the one that was added is named.
fn unmatched<'n, 'o>(
    known: Vec<&'n Named<'o>>,
    found: Vec<&'n Named<'o>>,
) -> (Vec<&'n Named<'o>>, Vec<&'n Named<'o>>) {
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (at, k) in known.iter().enumerate().rev() {
        alike.entry(read_as(k.finding)).or_default().push(at);
    }
    let mut left: Vec<Option<&Named<'_>>> = known.into_iter().map(Some).collect();
    let mut others: Vec<&Named<'_>> = Vec::new();
    for n in found {
        let of = alike.get_mut(&read_as(n.finding)).and_then(Vec::pop);
        let slot = of.and_then(|at| left.get_mut(at));
        let was = slot.and_then(|k| k.take_if(|k| is_as_before(k.finding, n.finding)));
        if was.is_none() {
            others.push(n);
        }
    }
    let mut known: Vec<&Named<'_>> = left.into_iter().flatten().collect();
    let mut found = others;
    found.retain(|n| {
        let at = known
            .iter()
            .position(|k| is_as_before(k.finding, n.finding));
        at.map(|at| known.swap_remove(at)).is_none()
    });
    // One that grew is new, and what it was before is not gone.
    let grown = found.len().min(known.len());
    known.sort_by_key(|n| n.at);
    known.drain(..grown);
    (known, found)
}

/// Whether a finding says no more than one that was there before.
fn is_as_before(known: &Finding, found: &Finding) -> bool {
    found.severity <= known.severity && found.identity.is_within(&known.identity)
}

/// How a finding reads in its file.
fn read_as(f: &Finding) -> (Option<&str>, Option<String>) {
    let text = f.place.as_ref().and_then(Place::covered);
    (f.rule.as_deref(), text)
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
