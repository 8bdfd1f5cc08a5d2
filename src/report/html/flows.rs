//! The diagram of a report: which roles reach which, through what, and whether they do. It is a list whose entries are drawn as
//! boxes and arrows, so that it is read aloud, searched and printed like the rest.

use crate::common::sanitize::{limited, text};
use crate::common::words::count;
use crate::finding::outcome::{Check, Outcome, RequirementResult, Status};
use crate::report::words;
use hylint_model::Direction;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Flows that are drawn; more are counted.
const DRAWN: usize = 80;
/// Hosts that are named at an end.
const HOSTS: usize = 4;

/// Flows that have both ends and what stands between them in common.
#[derive(Default)]
struct Path {
    rows: Vec<u32>,
    status: Option<Status>,
    /// Ports at the sender and, behind a via, at the hosts.
    ports: [BTreeSet<u16>; 2],
    /// Hosts of the senders, between the ends, and of the receivers.
    hosts: [BTreeSet<String>; 3],
}

/// Ends of a path: roles, and the via between them or nothing.
type Key<'o> = (&'o str, &'o str, Option<&'o str>);

/// The section; nothing where no requirement applies.
pub(super) fn section(o: &Outcome) -> Markup {
    let paths = paths(o);
    if paths.is_empty() {
        return html! {};
    }
    let more = paths.len().saturating_sub(DRAWN);
    html! {
        section {
            h2 { "Flows" }
            p.legend { "Each line is one or more required flows: who sends, on which port, through what, who receives. "
                "Hosts are those whose exports were judged." }
            ul.paths {
                @for (key, path) in paths.iter().take(DRAWN) { (drawn(*key, path)) }
            }
            @if more > 0 { p { (count(more, "further line")) " of this kind are in the table of requirements." } }
        }
    }
}

/// The paths in the order of the matrix.
fn paths(o: &Outcome) -> Vec<(Key<'_>, Path)> {
    let mut at: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    let mut all: Vec<(Key<'_>, Path)> = Vec::new();
    let judged = o.requirements.iter();
    for r in judged.filter(|r| r.status != Status::NotApplicable) {
        let mut ways: BTreeMap<Option<&str>, Vec<&Check>> = BTreeMap::new();
        for c in &r.checks {
            let via = c.via.as_ref().map(|v| v.label.as_str());
            ways.entry(via).or_default().push(c);
        }
        if ways.is_empty() {
            ways.insert(None, Vec::new());
        }
        for (via, checks) in ways {
            let key = (r.from.as_str(), r.to.as_str(), via);
            let n = *at.entry(key).or_insert_with(|| {
                all.push((key, Path::default()));
                all.len() - 1
            });
            if let Some((_, path)) = all.get_mut(n) {
                path.add(r, &checks);
            }
        }
    }
    all
}

impl Path {
    fn add(&mut self, r: &RequirementResult, checks: &[&Check]) {
        self.rows.push(r.row);
        // What no check says of this way is open like the requirement.
        let own = checks.iter().map(|c| c.status).min();
        let own = own
            .filter(|_| r.status != Status::Waived)
            .unwrap_or(r.status);
        self.status = Some(self.status.map_or(own, |s| s.min(own)));
        let [front, behind] = &mut self.ports;
        let [senders, between, receivers] = &mut self.hosts;
        for c in checks {
            let is_behind = c.via.as_ref().is_some_and(|v| v.behind);
            let through = c.via.is_some();
            let ports = if is_behind { &mut *behind } else { &mut *front };
            ports.extend(c.ports.iter().filter_map(|p| p.parse::<u16>().ok()));
            let side = match c.direction {
                Direction::Out if !is_behind => &mut *senders,
                Direction::In if is_behind || !through => &mut *receivers,
                _ => &mut *between,
            };
            side.extend(c.host.clone());
        }
    }
}

fn drawn((from, to, via): Key<'_>, path: &Path) -> Markup {
    let status = path.status.unwrap_or(Status::Unverified);
    let [front, behind] = &path.ports;
    let [senders, between, receivers] = &path.hosts;
    let rows: Vec<String> = path.rows.iter().map(u32::to_string).collect();
    let noun = if rows.len() == 1 { "row " } else { "rows " };
    html! {
        li class=(format!("path {}", status.as_str())) {
            (end(from, senders))
            (arrow(front))
            @if let Some(via) = via {
                span.via { "through " b { (text(via)) } (hosts(between)) }
                (arrow(behind))
            } @else if !between.is_empty() {
                span.via { "through" (hosts(between)) }
                (arrow(&BTreeSet::new()))
            }
            (end(to, receivers))
            span.said { span class=(format!("badge {}", status.as_str())) { (status.as_str()) }
                " " (noun) (limited(&rows.join(", "), words::SENTENCE)) }
        }
    }
}

fn end(role: &str, named: &BTreeSet<String>) -> Markup {
    html! { span.end { b { (text(role)) } (hosts(named)) } }
}

fn hosts(named: &BTreeSet<String>) -> Markup {
    let shown: Vec<_> = named.iter().take(HOSTS).map(|h| text(h)).collect();
    let more = named.len().saturating_sub(HOSTS);
    html! {
        @if !shown.is_empty() {
            " " span.hosts { (shown.join(", ")) @if more > 0 { " and " (more) " more" } }
        }
    }
}

fn arrow(ports: &BTreeSet<u16>) -> Markup {
    let all: Vec<String> = ports.iter().map(u16::to_string).collect();
    html! {
        span.way {
            @if !all.is_empty() { "port " (limited(&all.join(", "), 60)) " " }
            i aria-hidden="true" { "→" } " "
        }
    }
}
