//! Which ports of a role a host opens, and by which rules: what speaks for the role, and against it.

use super::survey::{Survey, relative};
use crate::load::{RunPoint, openings};
use crate::rules::matrix::RoleIx;
use hylint_model::{Direction, Point, Rule, Span};
use hylint_space::PortSet;
use std::collections::BTreeMap;

/// Rules that a text names; ports of the others are counted.
const RULES: usize = 4;
/// Roles that are named where nothing says which it is.
const ROLES: usize = 3;
/// Scores below this come from a port or two that many roles share.
const LIKELY: f64 = 0.25;
/// Characters kept of a rule's name.
const NAME: usize = 60;

/// A port of a role that a rule opens.
#[derive(Clone, PartialEq, Debug)]
struct Open {
    port: (u8, u16),
    /// How the rule is known: its name, where it has one, and its place.
    rule: String,
}

/// The ports of a role at a host.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Evidence {
    /// Id.
    pub(super) role: String,
    open: Vec<Open>,
    closed: Vec<(u8, u16)>,
}

impl Evidence {
    /// Whether the role has ports at all.
    pub(super) fn has_ports(&self) -> bool {
        !(self.open.is_empty() && self.closed.is_empty())
    }

    /// Ports that are open, in thousandths of all.
    pub(super) fn share(&self) -> usize {
        let all = self.open.len() + self.closed.len();
        (self.open.len() * 1000).checked_div(all).unwrap_or(0)
    }

    /// `4 of 5 ports open`.
    pub(super) fn short(&self) -> String {
        let all = self.open.len() + self.closed.len();
        match all {
            0 => "no port in the matrix".to_owned(),
            1 => format!("{} of 1 port open", self.open.len()),
            _ => format!("{} of {all} ports open", self.open.len()),
        }
    }

    /// The same with the ports and the rules that open them.
    pub(super) fn long(&self) -> String {
        let mut by_rule: Vec<(&str, Vec<(u8, u16)>)> = Vec::new();
        for o in &self.open {
            match by_rule.iter_mut().find(|(rule, _)| *rule == o.rule) {
                Some((_, ports)) => ports.push(o.port),
                None => by_rule.push((&o.rule, vec![o.port])),
            }
        }
        let shown = by_rule.iter().take(RULES);
        let mut parts: Vec<String> = shown
            .map(|(rule, ports)| format!("{} ({rule})", named(ports)))
            .collect();
        let more: Vec<(u8, u16)> = by_rule
            .iter()
            .skip(RULES)
            .flat_map(|r| r.1.clone())
            .collect();
        if !more.is_empty() {
            parts.push(named(&more));
        }
        let open = match parts.is_empty() {
            true => String::new(),
            false => format!(": {}", parts.join(", ")),
        };
        let closed = match (self.closed.is_empty(), self.open.is_empty()) {
            (true, _) => String::new(),
            (false, true) => format!(" ({})", named(&self.closed)),
            (false, false) => format!("; not open: {}", named(&self.closed)),
        };
        format!("{}{open}{closed}", self.short())
    }
}

/// `TCP 389, 636`, by protocol.
fn named(ports: &[(u8, u16)]) -> String {
    let mut by_protocol: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for (protocol, port) in ports {
        by_protocol
            .entry(*protocol)
            .or_default()
            .push(port.to_string());
    }
    let each = by_protocol.iter().map(|(protocol, ports)| {
        let name = crate::judge::protocol_name(*protocol).to_uppercase();
        format!("{name} {}", ports.join(", "))
    });
    let all: Vec<String> = each.collect();
    all.join(" and ")
}

/// How a rule of an export is known to people: `rule "NAME", x.txt:704`.
pub(super) fn known_as(s: &Survey<'_>, at: RunPoint, rule: &Rule) -> String {
    let place = place(s, at, rule.span);
    let mut name: String = rule.name.chars().take(NAME).collect();
    if name.len() < rule.name.len() {
        name.push('…');
    }
    match name.is_empty() {
        true => place,
        false => format!("rule \"{name}\", {place}"),
    }
}

/// `path:line` as the file sees it.
pub(super) fn place(s: &Survey<'_>, at: RunPoint, span: Span) -> String {
    let Some(e) = s.bodies.get(at.export.index()) else {
        return String::new();
    };
    let line = e.source.position(span.start).line;
    format!("{}:{line}", relative(s, e.path_at(span.start)))
}

/// A point with its rules.
pub(super) fn body<'a>(s: &'a Survey<'_>, at: RunPoint) -> Option<&'a Point> {
    let points = &s.bodies.get(at.export.index())?.export.points;
    points.get(at.index())
}

/// What some points say for a role.
pub(super) fn of_role(s: &Survey<'_>, points: &[RunPoint], role: RoleIx) -> Evidence {
    let mut open: Vec<Open> = Vec::new();
    let mut closed: Vec<(u8, u16)> = s.listening.ports(role).collect();
    for at in points {
        let all = body(s, *at).into_iter();
        for o in all.flat_map(|p| openings(p, Direction::In)) {
            closed.retain(|port| {
                let hit = port.0 == o.protocol && o.ports().contains(port.1);
                if hit {
                    let rule = known_as(s, *at, o.rule);
                    open.push(Open { port: *port, rule });
                }
                !hit
            });
        }
    }
    open.sort_by_key(|o| o.port);
    let role = s.matrix.role(role).map(|r| r.id.clone());
    Evidence {
        role: role.unwrap_or_default(),
        open,
        closed,
    }
}

/// The roles that fit the open ports best, the best first.
pub(super) fn of_any(s: &Survey<'_>, points: &[RunPoint]) -> Vec<Evidence> {
    let mut ranges: BTreeMap<u8, Vec<(u16, u16)>> = BTreeMap::new();
    for p in points.iter().filter_map(|at| body(s, *at)) {
        for o in openings(p, Direction::In) {
            ranges
                .entry(o.protocol)
                .or_default()
                .extend(o.ports().iter());
        }
    }
    let open: BTreeMap<u8, PortSet> = ranges
        .into_iter()
        .map(|(protocol, ranges)| (protocol, ranges.into_iter().collect()))
        .collect();
    let ranked = s.listening.ranked(&open).into_iter();
    let fitting = ranked.filter(|(score, _)| *score >= LIKELY).take(ROLES);
    fitting.map(|(_, role)| of_role(s, points, role)).collect()
}
