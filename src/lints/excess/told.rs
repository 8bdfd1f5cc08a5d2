//! A finding with the rule that it is about.

use super::words;
use crate::finding::{Finding, Related, Severity};
use crate::judge::Narrowed;
use hylint_model::Rule;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A finding, and the one rule that it is about.
pub(super) struct Told {
    /// [`address`] of the rule.
    pub(super) rule: Option<usize>,
    pub(super) finding: Finding,
    /// What makes it vanish, if that is a change of rules.
    pub(super) narrow: Option<Vec<Narrowed>>,
    /// The route table that makes it so.
    pub(super) route: Option<Box<str>>,
}

/// Other groups of a route table that are named.
const NAMED: usize = 5;

/// One finding for each route table that widens a default rule, however many groups have that rule. What is graver at one
/// group is told of that group.
pub(super) fn by_route(all: Vec<Told>) -> Vec<Told> {
    let mut out: Vec<Told> = Vec::with_capacity(all.len());
    let mut known: BTreeMap<(Box<str>, Severity), (usize, Vec<Finding>)> = BTreeMap::new();
    for t in all {
        match t.route.clone() {
            Some(table) => match known.get_mut(&(table.clone(), t.finding.severity)) {
                Some((_, others)) => others.push(t.finding),
                None => {
                    known.insert((table, t.finding.severity), (out.len(), Vec::new()));
                    out.push(t);
                }
            },
            None => out.push(t),
        }
    }
    for ((table, _), (n, others)) in known {
        if let Some(first) = out.get_mut(n).filter(|_| !others.is_empty()) {
            join(&mut first.finding, &table, others);
        }
    }
    out
}

fn join(f: &mut Finding, table: &str, others: Vec<Finding>) {
    f.message.push_str(&words::more_groups(others.len(), table));
    let point = |f: &Finding| {
        let hash = Sha256::digest(f.point.as_deref().unwrap_or_default());
        let mut half = [0; 16];
        half.iter_mut().zip(hash).for_each(|(h, b)| *h = b);
        half
    };
    let members = std::iter::once(point(f))
        .chain(others.iter().map(point))
        .collect();
    f.identity = f.identity.clone().with_members(members);
    let places = others.into_iter().filter_map(|o| o.place).take(NAMED);
    f.related.extend(places.map(|place| Related {
        place,
        label: "the same here".into(),
    }));
}

impl From<Finding> for Told {
    fn from(finding: Finding) -> Self {
        Self {
            rule: None,
            finding,
            narrow: None,
            route: None,
        }
    }
}

/// What tells a rule from others of the same exports.
pub(super) fn address(rule: &Rule) -> usize {
    std::ptr::from_ref(rule).addr()
}
