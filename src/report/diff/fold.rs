//! Boxes that are one to a reader: those of one decision at one host under each other, those of several hosts once.

use super::words::{self, Said};
use crate::finding::difference::{ChangeKind, Decision, Difference, PacketChange};
use rustc_hash::{FxHashMap, FxHashSet};

/// Boxes of one kind of change.
pub(super) struct Section<'a> {
    /// The change.
    pub(super) kind: ChangeKind,
    /// They are proven to be inside the envelope.
    pub(super) within: bool,
    /// In the order of the report.
    pub(super) entries: Vec<Entry<'a>>,
    /// How many boxes they are.
    pub(super) boxes: usize,
}

/// Boxes at one host or several, decided by the same before and after.
pub(super) struct Entry<'a> {
    /// The first of them.
    pub(super) first: &'a PacketChange,
    /// Their hosts, or points, each once.
    pub(super) hosts: Vec<String>,
    /// Their packets in words, each once.
    pub(super) flows: Vec<Said>,
    /// The same without the addresses that the hosts themselves have.
    any_host: Vec<Said>,
    /// What the verdicts depend on, each once.
    pub(super) conditions: Vec<&'a str>,
    /// How many boxes they are.
    pub(super) boxes: usize,
    /// How many rules, policies or defaults decide before, beside that of the first.
    pub(super) more_before: usize,
    /// The same after.
    pub(super) more_after: usize,
}

/// The kinds in the order of reports: what is not agreed to, what is, what no longer passes.
const ORDER: [(ChangeKind, bool); 8] = [
    (ChangeKind::Opened, false),
    (ChangeKind::Conditional, false),
    (ChangeKind::Redirected, false),
    (ChangeKind::Opened, true),
    (ChangeKind::Conditional, true),
    (ChangeKind::Redirected, true),
    (ChangeKind::Closed, false),
    (ChangeKind::Closed, true),
];

/// The boxes of a change; no section is empty.
pub(super) fn sections(d: &Difference) -> Vec<Section<'_>> {
    let of = |(kind, within): (ChangeKind, bool)| {
        let all = d.packets.iter();
        let all: Vec<&PacketChange> = all
            .filter(|p| p.change == kind && p.within == within)
            .collect();
        (!all.is_empty()).then(|| Section {
            kind,
            within,
            entries: over_hosts(at_hosts(&all)),
            boxes: all.len(),
        })
    };
    ORDER.into_iter().filter_map(of).collect()
}

/// Entries that one rule is worth: that many say the same of one side.
const ALIKE: usize = 3;

impl Section<'_> {
    /// Of entries at the same hosts that one rule decides after the change, or before it, makes one: a rule that is added or
    /// removed may stand against many.
    pub(super) fn condense(&mut self) {
        let all = std::mem::take(&mut self.entries);
        let all = by_rule(all, |p| &p.new, |e| e.more_before += 1);
        self.entries = by_rule(all, |p| &p.old, |e| e.more_after += 1);
    }
}

/// Makes one of the entries that the same place decides on one side; `more` counts the other side's.
fn by_rule<'a>(
    all: Vec<Entry<'a>>,
    side: fn(&'a PacketChange) -> &'a Decision,
    more: fn(&mut Entry<'a>),
) -> Vec<Entry<'a>> {
    let key = |e: &Entry<'a>| {
        let place = side(e.first).evidence.place.as_ref();
        let single = e.more_before + e.more_after == 0;
        place.filter(|_| single).map(|p| {
            let line = (p.path.clone(), p.start.line, p.start.column);
            (line, e.first.direction, e.hosts.join("\n"))
        })
    };
    let mut counts: FxHashMap<_, usize> = FxHashMap::default();
    for k in all.iter().filter_map(key) {
        *counts.entry(k).or_default() += 1;
    }
    let mut out: Vec<Entry<'a>> = Vec::new();
    let mut index: FxHashMap<_, usize> = FxHashMap::default();
    for e in all {
        let many = key(&e).filter(|k| counts.get(k).is_some_and(|n| *n >= ALIKE));
        let at = match many {
            Some(k) => *index.entry(k).or_insert(out.len()),
            None => out.len(),
        };
        match out.get_mut(at) {
            Some(known) => {
                known.boxes += e.boxes;
                known.flows.extend(e.flows);
                let new = e
                    .conditions
                    .iter()
                    .filter(|c| !known.conditions.contains(c));
                let new: Vec<&str> = new.copied().collect();
                known.conditions.extend(new);
                more(known);
            }
            None => out.push(e),
        }
    }
    out
}

/// Boxes at one point that the same lines decide.
fn at_hosts<'a>(all: &[&'a PacketChange]) -> Vec<Entry<'a>> {
    let mut found: Vec<Vec<&PacketChange>> = Vec::new();
    let mut index: FxHashMap<_, usize> = FxHashMap::default();
    for p in all {
        let line = |d: &'a Decision| {
            let place = d.evidence.place.as_ref();
            place.map(|p| (&*p.path, p.start.line, p.start.column))
        };
        let key = (
            p.host.as_deref().unwrap_or(&p.point),
            p.direction,
            (line(&p.old), &p.old.evidence.rule, &p.old.translated),
            (line(&p.new), &p.new.evidence.rule, &p.new.translated),
            &p.conditions,
        );
        let new = found.len();
        let at = *index.entry(key).or_insert(new);
        match found.get_mut(at) {
            Some(boxes) => boxes.push(p),
            None => found.push(vec![p]),
        }
    }
    found.iter().filter_map(|boxes| entry(boxes)).collect()
}

fn entry<'a>(boxes: &[&'a PacketChange]) -> Option<Entry<'a>> {
    let first = *boxes.first()?;
    Some(Entry {
        first,
        hosts: vec![words::at(first)],
        flows: flows(boxes),
        any_host: flows_of_any_host(boxes),
        conditions: first.conditions.iter().map(String::as_str).collect(),
        boxes: boxes.len(),
        more_before: 0,
        more_after: 0,
    })
}

/// The packets in words; those of any IPv4 and of any IPv6 address are those of any.
fn flows(boxes: &[&PacketChange]) -> Vec<Said> {
    let mut out: Vec<Said> = Vec::new();
    let mut index: FxHashMap<String, (usize, Family)> = FxHashMap::default();
    for p in boxes {
        let family = any_of(p);
        let said = words::flow(p);
        let both = (family != Family::Other).then(|| words::flow_of_both(p));
        let key = both.as_ref().unwrap_or(&said).full.clone();
        match index.get(&key) {
            Some((_, other)) if *other == family => {}
            Some((at, _)) => {
                if let (Some(line), Some(both)) = (out.get_mut(*at), both) {
                    *line = both;
                }
            }
            None => {
                index.insert(key, (out.len(), family));
                out.push(said);
            }
        }
    }
    out
}

/// The packets in words, without the hosts' own addresses.
fn flows_of_any_host(boxes: &[&PacketChange]) -> Vec<Said> {
    let mut known = FxHashSet::default();
    let all = boxes.iter().map(|p| words::flow_of_any_host(p));
    all.filter(|said| known.insert(said.full.clone())).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    Other,
}

/// The family of a box that has all addresses of one at each end, and at one of them says so.
fn any_of(p: &PacketChange) -> Family {
    let is = |whole: &str| {
        let mut ends = [&p.src, &p.dst].into_iter().filter(|e| !e.is_empty());
        let all = ends.clone().all(|e| *e == [whole]);
        all && ends.next().is_some()
    };
    match (is("0.0.0.0/0"), is("::/0")) {
        (true, _) => Family::V4,
        (_, true) => Family::V6,
        _ => Family::Other,
    }
}

/// Entries that say the same of several hosts.
fn over_hosts(all: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    let mut out: Vec<Entry<'_>> = Vec::new();
    let mut index: FxHashMap<String, usize> = FxHashMap::default();
    for e in all {
        let (old, new) = (words::decider(&e.first.old), words::decider(&e.first.new));
        let conditions = e.first.conditions.join("\n");
        let flows: Vec<&str> = e.any_host.iter().map(|f| f.full.as_str()).collect();
        let key = [flows.join("\n"), old, new, conditions].join("\n\n");
        let at = *index.entry(key).or_insert(out.len());
        match out.get_mut(at) {
            Some(known) => {
                known.boxes += e.boxes;
                if known.flows != e.flows {
                    known.flows.clone_from(&known.any_host);
                }
                for host in e.hosts {
                    if known.hosts.last() != Some(&host) {
                        known.hosts.push(host);
                    }
                }
            }
            None => out.push(e),
        }
    }
    out
}
