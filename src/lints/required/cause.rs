//! What findings about required flows have in common.

use super::case::Case;
use super::stop::Stop;
use super::words::folded;
use crate::finding::{Cause, Counted};
use crate::lints::{depends, place};
use hylint_engine::{Decider, Direction};
use hylint_model::{Rule, Test};
use hylint_space::AddrSet;

/// Returns the one thing that a finding comes from: the rule that blocks, the setting, the name or the peers that nothing
/// tells; else what no rule allows, which may be the same on many hosts.
pub(super) fn of(case: &Case<'_, '_>) -> Cause {
    let f = case.failure;
    let many = |parts: &[&str], text: String| Cause::of(parts).told(Counted::Findings, text);
    let known = |rule: &Rule| [place::normalized(rule), rule.name.to_string()];
    match case.stop {
        Stop::Conditional => undecided(case),
        _ if case.always => many(&["always"], folded::ALWAYS.into()),
        Stop::Missing | Stop::Partial if case.off().is_some() => {
            let also = f.by.rule().map(known).unwrap_or_default();
            many(
                &["local-rules", &also[0], &also[1]],
                folded::LOCAL_RULES.into(),
            )
        }
        Stop::Blocked | Stop::Next { by_rule: true } => match f.by.rule() {
            Some(rule) => {
                let [says, name] = known(rule);
                let text = folded::by_rule(&case.by);
                // A rule without a name is told by its line, which is another one on the next host.
                match rule.name.is_empty() && rule.priority.is_none() {
                    true => Cause::of(&["rule", &says, &name]),
                    false => many(&["rule", &says, &name], text),
                }
            }
            None => missing(case),
        },
        Stop::Disabled => match &case.miss {
            Some(m) => {
                let [says, name] = known(m.rule);
                let text = folded::disabled(&case.missed().unwrap_or_default());
                many(&["disabled", &says, &name], text)
            }
            None => missing(case),
        },
        Stop::NoReply | Stop::Next { .. } | Stop::Missing | Stop::Partial => missing(case),
    }
}

/// A flow that no rule allows: the same one is missing on many hosts, and of a peer that no rule allows at all several.
fn missing(case: &Case<'_, '_>) -> Cause {
    let (s, c, f) = (case.subject, case.checked, case.failure);
    if let (Stop::Missing, None, Some(_)) = (case.stop, &case.miss, s.row) {
        let (way, kind) = (c.guard.direction, case.kind.as_str());
        let (from, to) = peer(case);
        let text = folded::no_rule(way, (s.from, s.to), case.via(), case.terms);
        let mut parts = vec!["peer", kind, way.as_str(), from, to, case.terms.stops];
        parts.extend(case.via());
        return Cause::of(&parts).told(Counted::Rows, text);
    }
    let peers = match case.stop {
        Stop::Partial => f.peers(c.guard.direction),
        _ => AddrSet::empty(),
    };
    let (ports, peers) = (place::known_ports(&f.ports()), peers.to_string());
    let code = case.stop.code().as_str();
    let kind = case.kind.as_str();
    let way = c.guard.direction.as_str();
    let (from, to) = peer(case);
    let mut parts = vec![
        code,
        kind,
        way,
        s.transport,
        &ports,
        from,
        to,
        f.state,
        &peers,
        case.terms.stops,
    ];
    parts.extend(case.via());
    Cause::of(&parts)
}

/// The peers of a flow. The rule that is missing at a host is one, whichever of the host's roles needs it.
fn peer<'a>(case: &Case<'a, '_>) -> (&'a str, &'a str) {
    let s = case.subject;
    match case.checked.guard.direction {
        Direction::In => (s.from, ""),
        Direction::Out => ("", s.to),
        Direction::Forward => (s.from, s.to),
    }
}

/// What the exports do not say.
fn undecided(case: &Case<'_, '_>) -> Cause {
    let f = case.failure;
    let many = |parts: &[&str], text: String| Cause::of(parts).told(Counted::Findings, text);
    match (f.conditions.first(), &f.by) {
        (Some(c), _) => match &c.test {
            Test::Named { key, .. } => many(&["name", key], folded::name(key)),
            _ => many(
                &["condition", &c.text],
                folded::condition(&depends::on(c, &[])),
            ),
        },
        (None, Decider::Nothing { at, reason }) => {
            let at = case.exports.point(*at).filter(|p| p.kind.is_cloud());
            let at = at.map(|p| if p.id.is_empty() { &p.name } else { &p.id });
            let at = at.map_or(case.checked.guard.name, |id| id);
            let why = depends::reason(*reason);
            many(&["undecided", reason.as_str(), at], folded::undecided(why))
        }
        (None, Decider::Rule { rule, .. }) => Cause::of(&["rule", &place::normalized(rule)]),
        (None, _) => missing(case),
    }
}
