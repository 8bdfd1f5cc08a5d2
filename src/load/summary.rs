//! What the stages before judging need of an export, so that its rules and its text need not be held for them.

use super::export::{Kept, LoadedExport, Summary};
use super::include::Included;
use crate::finding::Place;
use hylint_model::{
    Action, Body, Clause, Companion, Direction, Export, Hook, Lists, Netfilter, Outline, Point,
    Problem, Profiles, Rule, RuleList, Span, Test,
};
use hylint_parsers::source::Source;
use hylint_space::{PortSet, proto};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl LoadedExport {
    /// An export as its reader left it.
    #[must_use]
    pub fn new(path: Arc<str>, source: Source, export: Export, sha256: String, bytes: u64) -> Self {
        let mut new = Self {
            path,
            source,
            export,
            sha256,
            bytes,
            included: None,
            summary: Summary::default(),
        };
        new.summary = Summary::of(&new);
        new
    }

    /// The same export without rules and text, with the problems that other files may solve, and with what it says beside rules, which this one loses.
    #[must_use]
    pub fn take_head(&mut self) -> Self {
        let kept = Kept {
            opened: opened(&self.export.points),
            groups: groups(&self.export.points),
            places: places(self),
        };
        let points = self.export.points.iter_mut().map(bare).collect();
        let export = Export {
            format: self.export.format,
            points,
            companions: std::mem::take(&mut self.export.companions),
            annotations: self.export.annotations.clone(),
            exported_at: self.export.exported_at.clone(),
            host_name: self.export.host_name.clone(),
            host_asked: self.export.host_asked,
            problems: elsewhere(&self.export.problems),
            ..Export::default()
        };
        Self {
            path: self.path.clone(),
            source: Source::new(&*self.path, "", self.source.encoding),
            export,
            sha256: String::new(),
            bytes: self.bytes,
            included: self.included.clone(),
            summary: Summary {
                kept: Some(kept),
                ..Summary::default()
            },
        }
    }

    /// The same with what its file includes.
    #[must_use]
    pub(super) fn including(mut self, files: Option<Vec<Included>>) -> Self {
        self.included = files;
        let rules = self.export.points.iter().flat_map(Point::rules);
        let mut counts = vec![0; self.source.parts.len()];
        for r in rules.filter(|r| !r.span.is_empty()) {
            let behind = self
                .source
                .parts
                .partition_point(|p| p.span.start <= r.span.start);
            if let Some(n) = behind.checked_sub(1).and_then(|n| counts.get_mut(n)) {
                *n += 1;
            }
        }
        for (file, rules) in self.included.iter_mut().flatten().zip(counts) {
            file.rules = rules;
        }
        self
    }

    /// The path of the file in which an offset of the text lies: its own, or that of one that it includes.
    #[must_use]
    pub fn path_at(&self, offset: u32) -> &Arc<str> {
        self.source.part(offset).map_or(&self.path, |p| &p.path)
    }

    /// The paths of its file and of those that it includes.
    pub fn paths(&self) -> impl Iterator<Item = &Arc<str>> {
        let included = self.included.iter().flatten().map(|i| &i.path);
        std::iter::once(&self.path).chain(included)
    }

    /// A place in the export, also where its text is not held.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let kept = self.summary.kept.as_ref().and_then(|k| k.places.get(&span));
        kept.cloned()
            .unwrap_or_else(|| Place::new(&self.path, &self.source, span))
    }

    /// Ports that rules open a few at a time, by protocol; none in a head of which they were not asked.
    #[must_use]
    pub fn opened(&self) -> BTreeMap<u8, PortSet> {
        let kept = self.summary.kept.as_ref();
        kept.map_or_else(|| opened(&self.export.points), |k| k.opened.clone())
    }

    /// Keys of application security groups and prefix lists that rules name.
    #[must_use]
    pub fn groups(&self) -> BTreeSet<String> {
        let kept = self.summary.kept.as_ref();
        kept.map_or_else(|| groups(&self.export.points), |k| k.groups.clone())
    }
}

impl Summary {
    /// Looks through an export as it was read.
    pub(super) fn of(e: &LoadedExport) -> Self {
        Self {
            rules: e.export.rules_in_model(),
            unmodelled: super::unmodelled(&e.source, &e.export).len(),
            kept: None,
        }
    }
}

/// Problems that another file of the host may solve.
fn elsewhere(all: &[Problem]) -> Vec<Problem> {
    let some = all.iter().filter(|p| p.elsewhere.is_some());
    some.cloned().collect()
}

/// A point without its rules.
fn bare(p: &mut Point) -> Point {
    let empty = match &p.body {
        Body::Netfilter(n) => {
            let mut head = Netfilter::default();
            head.front_end = n.front_end;
            head.shows_files = n.shows_files;
            head.whole = n.whole;
            head.backend = n.backend;
            head.outline = Some(Box::new(Outline::of(n)));
            Body::Netfilter(head)
        }
        Body::Lists(l) => {
            let list = |l: &RuleList| RuleList {
                default: l.default,
                rules: Vec::new(),
            };
            Body::Lists(Lists {
                discipline: l.discipline,
                ingress: list(&l.ingress),
                egress: list(&l.egress),
            })
        }
    };
    let body = std::mem::replace(&mut p.body, empty);
    let out = p.clone();
    p.body = body;
    out
}

/// What binding points at: points, annotations, profiles.
fn places(e: &LoadedExport) -> BTreeMap<Span, Place> {
    let mut spans: Vec<Span> = e.export.annotations.iter().map(|(_, s)| *s).collect();
    spans.extend(e.export.points.iter().map(|p| p.label));
    spans.extend(e.export.host_name.as_ref().map(|(_, s)| *s));
    let profiles = e.export.companions.iter().filter_map(|c| match c {
        Companion::WindowsProfiles(p) => Some(p.span),
        Companion::WindowsFilters { span } => Some(*span),
        other => other.of_host(),
    });
    spans.extend(profiles);
    spans.extend(e.export.companions.iter().filter_map(named));
    spans.extend(e.export.companions.iter().flat_map(shown));
    if !e.source.parts.is_empty() {
        let place = |s: Span| (s, Place::new(&e.path, &e.source, s));
        return spans.into_iter().map(place).collect();
    }
    // They mostly stand in the first lines, and lines are counted only as far.
    let last = spans.iter().map(|s| s.end as usize).max().unwrap_or(0);
    let rest = e.source.text.as_bytes().get(last..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest).map_or(e.source.text.len(), |n| last + n + 1);
    let text = e.source.text.get(..end).unwrap_or(&e.source.text);
    let source = Source::new(&*e.path, text, e.source.encoding);
    let place = |s: Span| (s, Place::new(&e.path, &source, s));
    spans.into_iter().map(place).collect()
}

/// Lines of one listing whose places are kept. A longer one is told of by its first line.
pub const PLACED: usize = 4096;

/// Where what a host's own listings show stands.
fn shown(c: &Companion) -> Vec<Span> {
    let mut all = lines(c);
    all.truncate(PLACED);
    all
}

fn lines(c: &Companion) -> Vec<Span> {
    match c {
        Companion::Routes(l) => l.routes.iter().map(|r| r.span).collect(),
        Companion::RoutingRules(l) => l.rules.iter().map(|r| r.span).collect(),
        Companion::HostInterfaces(l) => l.interfaces.iter().map(|i| i.span).collect(),
        Companion::Sockets(l) => l.sockets.iter().map(|s| s.span).collect(),
        Companion::Processes(l) => l.processes.iter().map(|p| p.span).collect(),
        _ => Vec::new(),
    }
}

/// Where something is named that a layer may be told to be missing of.
fn named(c: &Companion) -> Option<Span> {
    match c {
        Companion::Interface(i) => Some(i.span),
        Companion::Subnet(s) => Some(s.span),
        Companion::RouteTable(t) => Some(t.span),
        Companion::ListPart(p) => Some(p.span),
        Companion::WindowsProfiles(_)
        | Companion::WindowsFilters { .. }
        | Companion::HostInterfaces(_)
        | Companion::Routes(_)
        | Companion::RoutingRules(_)
        | Companion::Sockets(_)
        | Companion::Processes(_)
        | Companion::IpSet(_)
        | Companion::Network(_)
        | Companion::PublicAddress(_)
        | Companion::AddressList(_)
        | Companion::Label(_) => None,
    }
}

/// A rule for more ports than this tells nothing of what a host is for.
const PORTS: u128 = 64;

/// Ranges by protocol, as they come: uniting them rule by rule would take the square of their number.
type Ranges = BTreeMap<u8, Vec<(u16, u16)>>;

fn opened(points: &[Point]) -> BTreeMap<u8, PortSet> {
    let mut all = Ranges::new();
    for o in points.iter().flat_map(|p| openings(p, Direction::In)) {
        all.entry(o.protocol).or_default().extend(o.ports().iter());
    }
    all.into_iter()
        .map(|(protocol, ranges)| (protocol, ranges.into_iter().collect()))
        .collect()
}

/// A part of a rule that opens a few ports of TCP or UDP.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'e> {
    /// The rule.
    pub rule: &'e Rule,
    /// What it matches.
    pub clause: &'e Clause,
    /// The protocol by number.
    pub protocol: u8,
}

impl<'e> Opening<'e> {
    /// The ports.
    #[must_use]
    pub fn ports(&self) -> &'e PortSet {
        &self.clause.space.dport
    }
}

/// What the rules of a point open a few ports at a time, in their order. Which profile is active is not known yet, so any
/// will do.
pub fn openings(point: &Point, direction: Direction) -> impl Iterator<Item = Opening<'_>> {
    let (list, hook): (fn(&Lists) -> &RuleList, _) = match direction {
        Direction::Out => (|l| &l.egress, Hook::Output),
        Direction::In | Direction::Forward => (|l| &l.ingress, Hook::Input),
    };
    let rules: Box<dyn Iterator<Item = &Rule>> = match &point.body {
        Body::Lists(l) => Box::new(list(l).rules.iter()),
        Body::Netfilter(n) => Box::new(n.filter_rules(hook)),
    };
    let rules = rules.filter(|r| point.in_force(r, Profiles::ALL));
    let clauses = rules.flat_map(|r| {
        let some = r.clauses_that(|a| *a == Action::Allow);
        some.map(move |c| (r, c))
    });
    let few = clauses.filter(|(_, c)| {
        let ports = &c.space.dport;
        !ports.is_full() && ports.count() <= PORTS
    });
    few.flat_map(|(rule, clause)| {
        let both = [proto::TCP, proto::UDP].into_iter();
        let of = both.filter(|p| clause.space.proto.contains(*p));
        of.map(move |protocol| Opening {
            rule,
            clause,
            protocol,
        })
    })
}

/// Names of Azure's groups, which it writes in several cases, and of the prefix lists of AWS.
fn groups(points: &[Point]) -> BTreeSet<String> {
    let rules = points.iter().flat_map(|p| p.rules());
    rules
        .flat_map(|r| r.conditions())
        .filter_map(|c| match &c.test {
            Test::Named { key, .. }
                if key.starts_with("azure:asg/") || key.starts_with("aws:pl-") =>
            {
                Some(key.to_string())
            }
            _ => None,
        })
        .collect()
}
