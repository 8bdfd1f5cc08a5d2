//! From the engine's references to places and names.

use super::chain::NamedChain;
use crate::finding::outcome::Evidence;
use crate::finding::{DeciderKind, Excerpt, Place, Witness};
use crate::judge::Exports;
use hylint_engine::{Decider, PointId, SetId};
use hylint_model::{Action, Clause, Condition, DefaultOrigin, Field, Point, PointKind, Rule, Span};
use hylint_parsers::source::Source;
use hylint_space::{AddrSet, PacketBox, PortSet, proto};
use std::net::IpAddr;

/// The point of a reference.
#[must_use]
pub fn point(exports: &Exports, at: PointId) -> Option<&Point> {
    exports.point(at)
}

/// The place of a span in the export of a point.
#[must_use]
pub fn place(exports: &Exports, at: PointId, span: Span) -> Option<Place> {
    place_in(exports, at.set, span)
}

/// The place of a span in an export.
#[must_use]
pub fn place_in(exports: &Exports, export: SetId, span: Span) -> Option<Place> {
    let e = exports.get(export)?;
    Some(Place::new(&e.path, &e.source, span))
}

/// The export whose text a decider stands in. A setting may stand in another file than the rules.
#[must_use]
pub fn home(exports: &Exports, d: &Decider<'_>) -> SetId {
    match d {
        Decider::Setting { at, .. } => exports.settings(*at),
        d => d.at().set,
    }
}

/// The name of a point for people and tools: its name or id, else its file.
#[must_use]
pub fn point_name(exports: &Exports, at: PointId) -> String {
    let Some(e) = exports.get(at.set) else {
        return String::new();
    };
    let p = e.export.points.get(at.index());
    let named = p
        .map(|p| if p.name.is_empty() { &p.id } else { &p.name })
        .filter(|n| !n.is_empty());
    named.map_or_else(|| e.path.to_string(), |n| n.to_string())
}

/// Where a rule stands; a platform rule that the file does not hold stands at its point's label.
#[must_use]
pub fn rule_span(exports: &Exports, at: PointId, rule: &Rule) -> Span {
    if !rule.span.is_empty() {
        return rule.span;
    }
    point(exports, at).map_or(rule.span, |p| p.label)
}

/// A field of a rule, or the rule.
#[must_use]
pub fn field_span(exports: &Exports, at: PointId, rule: &Rule, field: Field) -> Span {
    rule.field(field)
        .unwrap_or_else(|| rule_span(exports, at, rule))
}

/// Where a decider stands.
#[must_use]
pub fn decider_span(exports: &Exports, d: &Decider<'_>) -> Span {
    match d {
        Decider::Rule { at, rule } => rule_span(exports, *at, rule),
        // nft writes the policy on a line of its own, iptables in that of the chain.
        Decider::Policy { chain, .. } => match &chain.policy {
            Some(p) if p.span.start >= chain.span.end => p.span,
            _ => chain.span,
        },
        Decider::Default { default, .. } => default.span,
        Decider::Setting { span, .. } => *span,
        Decider::Nothing { at, .. } => point(exports, *at).map_or(Span::default(), |p| p.label),
    }
}

/// The place of a decider.
#[must_use]
pub fn decider_place(exports: &Exports, d: &Decider<'_>) -> Option<Place> {
    place_in(exports, home(exports, d), decider_span(exports, d))
}

/// What a decider is called: the rule's name, the chain's, or nothing.
#[must_use]
pub fn decider_name(exports: &Exports, d: &Decider<'_>) -> String {
    match d {
        Decider::Rule { rule, .. } if rule.name.is_empty() && rule.priority.is_some() => {
            format!("rule {}", rule.turn())
        }
        Decider::Rule { rule, at } if rule.name.is_empty() => {
            line(exports, *at, rule_span(exports, *at, rule))
        }
        Decider::Rule { rule, .. } => rule.name.to_string(),
        Decider::Policy { chain, .. } => {
            let named = NamedChain::of(exports, d);
            named.map_or_else(|| chain.name.to_string(), NamedChain::name)
        }
        Decider::Default { .. } | Decider::Setting { .. } => "default".into(),
        Decider::Nothing { reason, .. } => reason.as_str().into(),
    }
}

/// `line 12`; with its column where a line holds many rules, with its file where the export is of several.
fn line(exports: &Exports, at: PointId, span: Span) -> String {
    let Some(source) = exports.get(at.set).map(|e| &e.source) else {
        return "line 0".into();
    };
    let mut text = format!("line {}", source.position(span.start).line);
    if let Some(column) = column(source, span) {
        text.push_str(&format!(":{column}"));
    }
    // Of a host's several files each has a line 12.
    if !source.parts.is_empty() {
        let path = exports.get(at.set).map_or("", |e| e.path_at(span.start));
        let name = path.rsplit('/').next().unwrap_or(path);
        text.push_str(&format!(" of `{name}`"));
    }
    text
}

/// The column of a span, where its line alone does not tell it from others: a whole export may stand on one line.
#[must_use]
pub fn column(source: &Source, span: Span) -> Option<u32> {
    let start = source.position(span.start);
    let line = source.line_span(source.line(span.start));
    let long = start.column > 1 && line.len() > Excerpt::CHARS;
    let apart = || shares_line(source, line, span);
    (!span.is_empty() && (long || apart())).then_some(start.column)
}

/// Whether another command stands before or behind a span on its line: `iptables …; iptables …`.
fn shares_line(source: &Source, line: Span, span: Span) -> bool {
    if span.end > line.end {
        return false;
    }
    let part = |from: u32, to: u32| {
        source
            .slice(Span {
                start: from,
                end: to,
            })
            .trim()
    };
    let before = part(line.start, span.start);
    let behind = part(span.end, line.end).strip_prefix(';').map(str::trim);
    before.contains("; ") || behind.is_some_and(|b| !b.is_empty() && !b.starts_with(['#', '}']))
}

/// Characters kept of a name in a sentence.
const NAME: usize = 60;

/// A decider in a sentence, as people find it in their console: `rule "Deny RDP" (priority 200)`, `rule 1730`, `line 12`.
#[must_use]
pub fn known_as(exports: &Exports, d: &Decider<'_>) -> String {
    match d {
        Decider::Rule { rule, .. } if !rule.name.is_empty() => {
            let mut name: String = rule.name.chars().take(NAME).collect();
            if name.len() < rule.name.len() {
                name.push('…');
            }
            let priority = rule.priority.map(|n| format!(" (priority {n})"));
            format!("rule \"{name}\"{}", priority.unwrap_or_default())
        }
        Decider::Policy { chain, .. } => match NamedChain::of(exports, d) {
            Some(named) => named.policy(),
            None => format!("the policy of {}", chain.name),
        },
        d => match NamedChain::of(exports, d).and_then(NamedChain::owned) {
            Some(owned) => format!("{} in {owned}", decider_name(exports, d)),
            None => decider_name(exports, d),
        },
    }
}

/// Whether a decider answers the packets that it stops: netfilter's REJECT.
#[must_use]
pub fn rejects(exports: &Exports, d: &Decider<'_>) -> bool {
    let Decider::Rule { at, rule } = d else {
        return false;
    };
    let netfilter = exports
        .point(*at)
        .is_some_and(|p| p.kind == PointKind::Netfilter);
    let place = rule.field(Field::Action).unwrap_or(rule.span);
    let text = exports.get(at.set).map(|e| e.source.slice(place));
    netfilter
        && text.is_some_and(|t| {
            let mut words = t.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|w| w.eq_ignore_ascii_case("reject"))
        })
}

/// Whether a line of an export says what decides.
#[must_use]
pub fn is_stated(d: &Decider<'_>) -> bool {
    match d {
        Decider::Rule { .. } | Decider::Policy { .. } | Decider::Setting { .. } => true,
        Decider::Default { default, .. } => default.origin == DefaultOrigin::Stated,
        Decider::Nothing { .. } => false,
    }
}

/// What kind of thing a decider is.
#[must_use]
pub fn decider_kind(d: &Decider<'_>) -> DeciderKind {
    match d {
        Decider::Rule { .. } => DeciderKind::Rule,
        Decider::Policy { .. } => DeciderKind::Policy,
        Decider::Setting { .. } => DeciderKind::Default,
        Decider::Default { default, .. } => match default.origin {
            DefaultOrigin::Stated => DeciderKind::Default,
            DefaultOrigin::Implicit | DefaultOrigin::Assumed | DefaultOrigin::Unknown => {
                DeciderKind::Implicit
            }
        },
        Decider::Nothing { .. } => DeciderKind::Implicit,
    }
}

/// A decider as evidence.
#[must_use]
pub fn evidence(exports: &Exports, d: &Decider<'_>) -> Evidence {
    Evidence {
        place: decider_place(exports, d),
        rule: decider_name(exports, d),
        kind: decider_kind(d),
    }
}

/// What a rule matches and does, without its place, name and rank: equal rules give equal texts, in whatever order they
/// list their alternatives.
///
/// INVARIANT: fingerprints are made of it and baselines hold them, so its text stays, whatever reports say of a rule.
#[must_use]
pub fn normalized(rule: &Rule) -> String {
    let action = normalized_action(&rule.action);
    let mut clauses: Vec<String> = match &rule.action {
        Action::Map(actions) => {
            let both = rule.clauses.iter().zip(actions);
            both.map(|(c, a)| format!("{}:{}", clause(c), normalized_action(a)))
                .collect()
        }
        _ => rule.clauses.iter().map(clause).collect(),
    };
    clauses.sort();
    let clauses = clauses.join("|");
    format!("{action}|{}|{}|{clauses}", rule.enabled, rule.profiles.0)
}

fn normalized_action(action: &Action) -> String {
    match action {
        Action::Allow => "allow".to_owned(),
        Action::Deny => "deny".to_owned(),
        Action::Bypass => "bypass".to_owned(),
        // Chains are named by their index in the file, which moves.
        Action::Jump(_) | Action::Goto(_) => "jump".to_owned(),
        Action::Map(_) => "map".to_owned(),
        other => format!("{other:?}"),
    }
}

fn clause(c: &Clause) -> String {
    let b = &c.space;
    let mut out = format!(
        "{};{};{:?};{:?};{:?};{:?};{:?};{:?};{:?}",
        b.src, b.dst, b.proto, b.sport, b.dport, b.in_iface, b.out_iface, b.flags, b.state
    );
    let text = |c: &Condition| format!("{}{}", if c.negated { "not " } else { "" }, c.text);
    let mut conditions: Vec<String> = c.conditions.iter().map(text).collect();
    conditions.sort();
    for c in conditions {
        out.push('&');
        out.push_str(&c);
    }
    out
}

/// Ports as findings are known by them, whatever reports write.
#[must_use]
pub fn known_ports(ports: &PortSet) -> String {
    let text = |(lo, hi): (u16, u16)| {
        if lo == hi {
            lo.to_string()
        } else {
            format!("{lo}-{hi}")
        }
    };
    ports.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// One packet of a box.
#[must_use]
pub fn witness(b: &PacketBox) -> Option<Witness> {
    let p = if b.proto.count() == 1 {
        b.proto.first()
    } else {
        None
    };
    let p = p
        .or_else(|| {
            [proto::TCP, proto::UDP]
                .into_iter()
                .find(|p| b.proto.contains(*p))
        })
        .or_else(|| b.proto.first())?;
    let ports = proto::has_ports(p);
    let sport = if b.sport.contains(49_152) {
        Some(49_152)
    } else {
        b.sport.first()
    };
    let dport = b
        .dport
        .first()
        .map(|d| if d == 0 && b.dport.contains(1) { 1 } else { d });
    let src = some_host(&b.src, &b.dst)?;
    let dst = some_host(&b.dst, &b.src)?;
    // Two unknown ends should not look like one host.
    let other = match dst {
        IpAddr::V4(a) => IpAddr::V4(u32::from(a).saturating_add(1).into()),
        IpAddr::V6(a) => IpAddr::V6(u128::from(a).saturating_add(1).into()),
    };
    let dst = if src == dst && b.dst.contains(other) {
        other
    } else {
        dst
    };
    Some(Witness {
        src: src.to_string(),
        dst: dst.to_string(),
        proto: crate::judge::protocol_name(p),
        sport: sport.filter(|_| ports),
        dport: dport.filter(|_| ports),
    })
}

/// An address that looks like a host, in a family that the other side has too.
fn some_host(s: &AddrSet, other: &AddrSet) -> Option<IpAddr> {
    let v4 = s.v4.first().filter(|_| !other.v4.is_empty()).map(|a| {
        let next = a.saturating_add(1);
        IpAddr::V4(
            if a & 0xFF == 0 && s.v4.contains(next) {
                next
            } else {
                a
            }
            .into(),
        )
    });
    v4.or_else(|| {
        let a = s.v6.first()?;
        let next = a.saturating_add(1);
        Some(IpAddr::V6(
            if a & 0xFFFF == 0 && s.v6.contains(next) {
                next
            } else {
                a
            }
            .into(),
        ))
    })
}
