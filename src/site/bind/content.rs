//! What copies of one thing are compared by, and what is told of those that differ.

use crate::load::{ExportId, LoadedExport, RunPoint};
use hylint_model::{Body, Point, Rule};
use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::LazyLock;

/// Reads an export again, with its rules.
pub type Look<'l> = &'l dyn Fn(ExportId) -> Option<LoadedExport>;

/// What the rules of a point say, whatever the form in which a file writes them: a hash for each, by direction. Rules that
/// stand in another order are the same where order does not decide.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Content {
    sides: [Vec<u64>; 2],
    /// The same without the conditions, which some exports do not print.
    outline: [Vec<u64>; 2],
    /// It does not print them (a brief netsh export).
    brief: bool,
}

/// One key for the whole process: hashes are compared within a run.
static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Content {
    /// Of a point that cannot be read again: like no other.
    pub(super) fn unread(at: RunPoint) -> Self {
        Self {
            sides: [vec![STATE.hash_one(at)], vec![STATE.hash_one(at)]],
            ..Self::default()
        }
    }

    pub(super) fn of(p: &Point) -> Self {
        let ordered = match &p.body {
            Body::Lists(l) => l.discipline.is_ordered(),
            Body::Netfilter(_) => true,
        };
        let mut sides = match &p.body {
            Body::Lists(l) => {
                let side = |list: &hylint_model::RuleList| {
                    let mut all: Vec<u64> =
                        list.rules.iter().flat_map(|r| hashes(r, ordered)).collect();
                    all.push(STATE.hash_one(list.default.allow));
                    all
                };
                [side(&l.ingress), side(&l.egress)]
            }
            Body::Netfilter(n) => {
                let mut all = Vec::new();
                for t in n.tables() {
                    all.push(STATE.hash_one(&t.name));
                    // A dump of iptables may leave the family open, and its chains stand where they always do.
                    if n.whole {
                        all.push(STATE.hash_one(t.family));
                    }
                    for c in &t.chains {
                        let policy = c.policy.map(|p| p.allow);
                        all.push(STATE.hash_one((&c.name, policy)));
                        if let Some(b) = c.base.as_ref().filter(|_| n.whole) {
                            let base = (b.hook, b.kind, b.priority, &b.devices);
                            all.push(STATE.hash_one(base));
                        }
                        all.extend(c.rules.iter().flat_map(|r| hashes(r, true)));
                    }
                }
                [all, Vec::new()]
            }
        };
        let by_priority =
            matches!(&p.body, Body::Lists(l) if l.discipline == hylint_model::Discipline::Priority);
        if !ordered || by_priority {
            for s in &mut sides {
                s.sort_unstable();
                s.dedup();
            }
        }
        Self {
            sides,
            outline: match &p.body {
                Body::Lists(l) if p.kind.has_profiles() => {
                    [outline(&l.ingress.rules), outline(&l.egress.rules)]
                }
                _ => Default::default(),
            },
            brief: p.brief,
        }
    }

    /// Whether this is a brief export of the rules that the other one prints in full.
    pub(super) fn is_brief_view_of(&self, o: &Self) -> bool {
        let mut sides = self.outline.iter().zip(&o.outline);
        let held =
            |(own, all): (&Vec<u64>, &Vec<u64>)| own.iter().all(|r| all.binary_search(r).is_ok());
        self.brief && !o.brief && sides.all(held)
    }

    /// Whether the other one holds each rule of this one, and more.
    pub(super) fn is_part_of(&self, o: &Self) -> bool {
        let mut sides = self.sides.iter().zip(&o.sides);
        let set = |side: &[u64]| side.iter().copied().collect::<BTreeSet<u64>>();
        sides.all(|(own, all)| set(own).is_subset(&set(all)))
    }

    /// Whether both hold some of the same rules in a direction.
    pub(super) fn shares(&self, o: &Self) -> bool {
        // The last entry is the default, which most points have in common.
        let rules = |side: &[u64]| side.iter().copied().collect::<BTreeSet<u64>>();
        let mut sides = self.sides.iter().zip(&o.sides);
        sides.any(|(a, b)| rules(a).intersection(&rules(b)).count() > 1)
    }

    /// Whether this is a capture of one rule out of the other (`netsh … show rule name=`): a rule for each direction at most.
    pub(super) fn is_capture_of(&self, o: &Self) -> bool {
        let rules: usize = self
            .sides
            .iter()
            .map(|side| side.len().saturating_sub(1))
            .sum();
        let mut sides = self.sides.iter().zip(&o.sides);
        rules <= 2 && sides.all(|(a, b)| a.iter().all(|r| b.contains(r)))
    }

    /// Whether everything that this one says the other one says, too.
    pub(super) fn within(&self, o: &Self) -> bool {
        let rules = |side: &[u64]| side.iter().copied().collect::<BTreeSet<u64>>();
        let mut sides = self.sides.iter().zip(&o.sides);
        sides.all(|(a, b)| a == b || a.len() <= 1 || rules(a) == rules(b))
    }
}

fn outline(rules: &[Rule]) -> Vec<u64> {
    let of = |r: &Rule| {
        let spaces: Vec<_> = r.clauses.iter().map(|c| &c.space).collect();
        STATE.hash_one((format!("{:?}", r.action), r.enabled, r.profiles, spaces))
    };
    let mut all: Vec<u64> = rules.iter().map(of).collect();
    all.sort_unstable();
    all
}

/// What a rule does to which packets, a hash for each clause: listings split rules that others unite.
fn hashes(r: &Rule, ordered: bool) -> Vec<u64> {
    let head = (format!("{:?}", r.action), r.enabled, r.priority, r.profiles);
    let clause = |c: &hylint_model::Clause| {
        let mut conditions: Vec<String> = c
            .conditions
            .iter()
            .map(|c| format!("{:?} {}", c.test, c.negated))
            .collect();
        conditions.sort();
        STATE.hash_one((&head, &c.space, conditions))
    };
    let mut each: Vec<u64> = r.clauses.iter().map(clause).collect();
    if ordered {
        each.sort_unstable();
        let mut hasher = STATE.build_hasher();
        each.hash(&mut hasher);
        each = vec![std::hash::Hasher::finish(&hasher)];
    }
    each
}

/// Which of several copies counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Copies {
    /// This one.
    One(RunPoint),
    /// Nothing tells.
    Unsure(Vec<RunPoint>),
}

/// How different copies of one thing are judged, the gravest last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Judged {
    /// The copy of this file is newer.
    Newest(ExportId),
    /// hylint.toml names the file of each.
    #[default]
    Chosen,
    /// They were saved together and may both be in force.
    Together,
    /// Nothing tells which one is in force.
    Unknown,
}

/// What is told of different copies in two folders, or in two files of one.
#[derive(Debug)]
pub(super) struct Differences {
    pub ids: BTreeSet<String>,
    pub judged: Judged,
    /// The first two copies.
    pub copies: [RunPoint; 2],
}
