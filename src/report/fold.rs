//! Findings of one cause are one to a reader: shown once, with their number.

use super::words::{self, SENTENCE};
use crate::common::sanitize::{limited, text};
use crate::common::words::count;
use crate::finding::outcome::Outcome;
use crate::finding::{Code, Counted, Finding, Group as Kind, Place, Severity};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;

/// Findings of one code, severity and cause; never empty.
pub(super) struct Group<'a> {
    /// The one that is shown in full: the first of them in the order of the report.
    pub(super) first: &'a Finding,
    /// The others.
    pub(super) rest: Vec<&'a Finding>,
}

impl<'a> Group<'a> {
    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Finding> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        1 + self.rest.len()
    }

    /// A finding's own fingerprint; of several that of their cause.
    pub(super) fn fingerprint(&self) -> String {
        let f = self.first;
        match &f.cause {
            Some(c) if !self.rest.is_empty() => c.fingerprint(f.code, f.severity),
            _ => f.fingerprint.clone(),
        }
    }

    /// Their hosts, each once.
    pub(super) fn hosts(&self) -> Vec<&'a str> {
        let mut known: FxHashSet<&str> = FxHashSet::default();
        let hosts = self.all().filter_map(|f| f.host.as_deref());
        hosts.filter(|h| known.insert(h)).collect()
    }

    /// The rows of the matrix that they are about, ascending.
    pub(super) fn rows(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = self
            .all()
            .flat_map(|f| f.row.iter().chain(&f.also).copied())
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Where they stand, each place once.
    pub(super) fn places(&self) -> Vec<&'a Place> {
        let mut known = FxHashSet::default();
        let places = self.all().filter_map(|f| f.place.as_ref());
        places
            .filter(|p| known.insert((&p.path, p.start.line, p.start.column)))
            .collect()
    }

    /// What is wrong, on one line: the finding's message; of several what they have in common, and how many they are.
    pub(super) fn message(&self) -> String {
        let message = || limited(&self.first.message, SENTENCE).into_owned();
        if self.rest.is_empty() {
            return message();
        }
        let hosts = self.hosts().len();
        let many = self.first.cause.as_ref().and_then(|c| c.many.as_ref());
        if let Some(many) = many {
            let n = match many.counted {
                Counted::Places => self.places().len(),
                Counted::Hosts => hosts,
                Counted::Rows => self.rows().len(),
                Counted::Findings => self.len(),
            };
            if n > 1 {
                let on = match many.counted {
                    Counted::Hosts => String::new(),
                    _ if hosts > 1 => format!(" (on {hosts} hosts)"),
                    _ => match self.first.host.as_deref() {
                        Some(host) if self.first.requirement.is_some() => {
                            format!(" (on `{}`)", text(host))
                        }
                        _ => String::new(),
                    },
                };
                return format!("{n} {}{on}", limited(&many.text, SENTENCE));
            }
        }
        let rows = self.rows().len();
        let counts: Vec<String> = [
            (rows > 1 && self.first.requirement.is_some()).then(|| count(rows, "requirement")),
            (hosts > 1).then(|| count(hosts, "host")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let counts = match counts.is_empty() {
            true => self.number(),
            false => counts.join(", "),
        };
        format!("{} ({counts})", message())
    }

    /// How many they are where neither rows nor hosts tell it.
    fn number(&self) -> String {
        let places = self.places().len();
        match self.first.rule {
            Some(_) if places == self.len() => count(places, "rule"),
            _ => count(self.len(), "finding"),
        }
    }
}

/// Groups findings by cause, the gravest first; those without a cause stay alone.
pub(super) fn causes<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut index: FxHashMap<(Code, Severity, &str), usize> = FxHashMap::default();
    for f in findings {
        let new = groups.len();
        let at = match &f.cause {
            Some(c) => *index.entry((f.code, f.severity, c.as_str())).or_insert(new),
            None => new,
        };
        match groups.get_mut(at) {
            Some(g) => g.rest.push(f),
            None => groups.push(Group {
                first: f,
                rest: Vec::new(),
            }),
        }
    }
    groups.sort_by_key(|g| gravity(g.first));
    groups
}

/// Each finding alone, the gravest first.
pub(super) fn each<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Group<'a>> {
    let alone = |first| Group {
        first,
        rest: Vec::new(),
    };
    let mut groups: Vec<Group<'a>> = findings.map(alone).collect();
    groups.sort_by_key(|g| gravity(g.first));
    groups
}

/// Errors before warnings before notes; among them what is open, what is blocked, what cannot be told, what has no effect.
fn gravity(f: &Finding) -> (Reverse<Severity>, u8, usize) {
    let kind = match f.code.group() {
        Kind::Excess => 0,
        Kind::Required => 1,
        Kind::Trust => 2,
        Kind::Hygiene => 3,
    };
    let code = Code::EACH.iter().position(|c| *c == f.code);
    (Reverse(f.severity), kind, code.unwrap_or(usize::MAX))
}

/// Codes by number, most first: `3 missing-flow, 1 any-any`; of one severity.
pub(super) fn by_code(groups: &[Group<'_>], severity: Severity) -> Vec<(Code, usize, usize)> {
    let mut counts: Vec<(Code, usize, usize)> = Vec::new();
    for g in groups.iter().filter(|g| g.first.severity == severity) {
        match counts.iter_mut().find(|(c, ..)| *c == g.first.code) {
            Some((_, findings, causes)) => {
                *findings += g.len();
                *causes += 1;
            }
            None => counts.push((g.first.code, g.len(), 1)),
        }
    }
    counts.sort_by_key(|(code, n, _)| (Reverse(*n), *code));
    counts
}

/// The place at which a reviewer looks for it, on a changed line where there is one: where no rule decides, the rule that
/// nearly allows the flow, and not the default that blocks what is left.
pub(super) fn reviewed<'a>(o: &Outcome, f: &'a Finding) -> Option<&'a Place> {
    let own = f.place.as_ref()?;
    let changed = |p: &Place| {
        let scope = o.scope.as_ref().filter(|s| s.changed);
        scope.is_none_or(|s| s.paths.iter().any(|path| **path == *p.path))
    };
    let by_default = f.requirement.is_some() && f.rule.is_none();
    let near = f.related.iter().map(|r| &r.place);
    let mut near = near.filter(|p| !p.excerpt.is_empty());
    match near.find(|p| changed(p)) {
        Some(near) if by_default || !changed(own) => Some(near),
        _ => Some(own),
    }
}

/// A place in one word and its number: `line 974`, `exports/a.txt:12`.
pub(super) fn short_place(p: &Place, of: Option<&Place>) -> String {
    match of {
        Some(first) if first.path == p.path => format!("line {}", p.start.line),
        _ => words::at(p),
    }
}
