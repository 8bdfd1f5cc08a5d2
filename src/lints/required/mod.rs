//! Required flows that do not pass: `missing-flow`, `blocked-flow`, `partial-flow`, `disabled-flow`, `no-return-path`,
//! `conditional-flow`; and `unverified-flow` where the site asks for evidence.

mod advice;
mod advised;
mod case;
mod cause;
mod help;
mod stop;
mod words;

use super::place::{self, decider_name, field_span, normalized, point_name, rule_span};
use super::{chain, command, depends, describe, reproduce};
use crate::finding::outcome::Status;
use crate::finding::{Code, Excerpt, Finding, Identity, Related, Severity};
use crate::judge::{
    Cause, Checked, Exports, Failure, FlowSpec, Judged, Miss, Overridden, Remedies, Serving, Wrong,
};
use crate::rules::matrix::{Implied, Require, Requirement};
use crate::site::Site;
use case::{Case, Subject};
use hylint_engine::{Decider, Direction, PointId, Reason, union_addrs};
use hylint_model::{Body, PointKind, Side, Span, Test};
use hylint_space::AddrSet;
use std::collections::HashMap;
use words::Near;

/// Pairs named in a finding.
const PAIRS: usize = 20;

/// Findings of the matrix.
#[must_use]
pub fn findings<'a>(
    exports: &'a Exports,
    site: &'a Site,
    judged: &[Judged<'a>],
    remedies: &mut Remedies,
) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    let mut stands: HashMap<String, usize> = HashMap::new();
    let serving = Serving::of(judged);
    for j in judged {
        let spec = FlowSpec::of(j.req, j.ports, site);
        let s = Subject {
            from: &j.req.from.name,
            to: &j.req.to.name,
            transport: j.req.transport.as_str(),
            mandatory: j.req.mandatory,
            impact: &j.req.impact,
            id: &j.req.id,
            row: Some(j.req.row),
            ports: j.ports,
            any: j.req.require == Require::Any,
        };
        for c in &j.checks {
            let (spec, s) = there(c, &spec, &s, j.ports);
            let Some(f) = &c.failure else { continue };
            // What rests on peers that nothing declares is one finding of the run (`undeclared`).
            if not_shown(exports, c, f) || f.cause == Cause::PeersUnknown {
                continue;
            }
            let finding = word(exports, &s, &spec, c, f, &serving, remedies);
            let dir = c.guard.direction.as_str();
            let key = format!(
                "{}|{}|{:?}|{dir}|{}|{}|{:?}|{}|{}",
                finding.code,
                c.guard.name,
                c.guard.points,
                s.from,
                s.to,
                s.ports,
                s.transport,
                c.through.map_or("", |t| &t.via.label)
            );
            let at = *stands.entry(key).or_insert(out.len());
            match out.get_mut(at) {
                Some(first) => merge(first, finding),
                None => out.push(finding),
            }
        }
    }
    out
}

/// Whether the capture of a Windows firewall does not show what decides: the check is unverified, which is no finding by
/// itself, and `incomplete-export` names the command.
pub(super) fn not_shown(exports: &Exports, c: &Checked<'_>, f: &Failure<'_>) -> bool {
    let reason = Reason::IncompleteExport;
    let kind = c.guard.kind(exports);
    c.status == Status::Unverified
        && matches!(f.by, Decider::Nothing { reason: r, .. } if r == reason)
        && kind.is_some_and(PointKind::has_profiles)
}

/// Findings of flows that the vendor's remarks imply: warnings, outside the rows.
#[must_use]
pub fn implied<'a>(
    exports: &'a Exports,
    site: &'a Site,
    f: &'a Implied,
    checks: &[Checked<'a>],
    remedies: &mut Remedies,
) -> Vec<Finding> {
    let spec = FlowSpec::implied(f, site);
    let s = Subject {
        from: &f.from.name,
        to: &f.to.name,
        transport: f.transport.as_str(),
        mandatory: false,
        impact: &f.reason,
        id: &f.id,
        row: None,
        ports: &f.ports,
        any: false,
    };
    checks
        .iter()
        .filter_map(|c| {
            let none = Serving::default();
            let (spec, s) = there(c, &spec, &s, &f.ports);
            let f = c.failure.as_ref()?;
            if f.cause == Cause::PeersUnknown {
                return None;
            }
            Some(word(exports, &s, &spec, c, f, &none, remedies))
        })
        .collect()
}

/// What is asked, and of what it is told, where a check stands: behind a via packets may have other ports.
fn there<'s, 'a>(
    c: &Checked<'a>,
    spec: &FlowSpec<'a>,
    s: &Subject<'s>,
    ports: &'a [u16],
) -> (FlowSpec<'a>, Subject<'s>)
where
    'a: 's,
{
    let subject = Subject {
        ports: c.ports(ports),
        ..*s
    };
    (spec.through(c.through), subject)
}

/// Rows that state one flow share one finding.
fn merge(first: &mut Finding, f: Finding) {
    first.also.extend(
        f.row
            .filter(|r| Some(*r) != first.row && !first.also.contains(r)),
    );
    first.severity = first.severity.max(f.severity);
    for p in f.pairs {
        if !first.pairs.contains(&p) && first.pairs.len() < PAIRS {
            first.pairs.push(p);
        }
    }
    first.pairs_total = first.pairs_total.max(f.pairs_total);
    first.identity.peers = first.identity.peers.union(&f.identity.peers);
}

fn word<'a>(
    exports: &'a Exports,
    s: &Subject<'_>,
    spec: &FlowSpec<'a>,
    c: &Checked<'a>,
    f: &Failure<'a>,
    serving: &Serving,
    remedies: &mut Remedies,
) -> Finding {
    let case = Case::new(exports, s, spec, c, f, serving);
    let code = case.stop.code();
    let severity = stop::severity(f, s.mandatory);
    let setting = case.off().filter(|_| f.by.rule().is_none());
    let decider = || nearer_default(exports, &f.by, c, case.miss.as_ref());
    let place = setting
        .cloned()
        .or_else(|| place::decider_place(exports, &decider()));
    let message = words::message(&case.flow(), case.stop, &case.part(), &case.why());
    let mut out = Finding::new(code, severity, message, identity(s, c, f), place);
    // A default that the export does not state is at no line of it.
    let unstated = case.kind.has_profiles() && !place::is_stated(&decider());
    if let Some(place) = out.place.as_mut().filter(|_| unstated && setting.is_none()) {
        place.excerpt = Excerpt::default();
    }
    out.label = match setting {
        Some(_) => words::LOCAL_RULES.into(),
        None => case.label(),
    };
    out.rule = f.by.rule().map(|_| decider_name(exports, &f.by));
    out.host = Some(c.guard.name.to_owned());
    out.point = c.guard.points.first().map(|at| point_name(exports, *at));
    out.direction = Some(c.guard.direction);
    out.requirement = Some(s.id.to_owned());
    out.row = s.row;
    out.impact = Some(s.impact.to_owned());
    out.assumptions = c.assumption_texts();
    out.cause = Some(cause::of(&case));
    let packet = f.packets.first();
    out.witness = packet.and_then(place::witness).map(Box::new);
    if let Some(witness) = &out.witness {
        out.reproduce = reproduce::of_required(exports, &c.guard, s.row.map(|_| spec), f, witness);
    }
    pairs(&mut out, s, c, f);
    relate_all(&mut out, &case);
    let steps = remedies.of(exports, c, spec, f, case.miss.as_ref(), s.id);
    let told = steps.as_ref().and_then(|s| advice::of_steps(exports, s));
    let commands = steps.and_then(|steps| command::of_steps(exports, steps));
    out.commands = commands.unwrap_or_default();
    let help = match told.filter(|_| !out.commands.is_empty()) {
        Some(told) => told,
        None => help::untried(&case),
    };
    out.help = Some(help + &chain::to_change(exports, &f.by));
    out
}

/// Points at the allow that is overridden, at the nearest miss, and at the conditions.
fn relate_all(out: &mut Finding, case: &Case<'_, '_>) {
    let (exports, f) = (case.exports, case.failure);
    match case.allow {
        Some(Overridden::Rule { at, rule }) => {
            let span = rule_span(exports, at, rule);
            relate(out, exports, at, span, &words::overridden(case.terms));
        }
        Some(Overridden::Default(by)) => {
            let stated = place::decider_place(exports, &by).filter(|_| place::is_stated(&by));
            out.related.extend(stated.map(|place| Related {
                place,
                label: words::overridden_default(case.terms),
            }));
        }
        None => {}
    }
    if let Some(m) = &case.miss {
        let span = field_span(exports, m.at, m.rule, m.field());
        let label = words::near(m.wrong, case.terms, &near(m));
        relate(out, exports, m.at, span, &label);
    }
    if let Some((who, place)) = case.other_program() {
        out.related.push(Related {
            place: place.clone(),
            label: words::listens(&who),
        });
    }
    if let (Some(setting), Some(_)) = (case.off(), f.by.rule()) {
        out.related.push(Related {
            place: setting.clone(),
            label: words::LOCAL_RULES.into(),
        });
    }
    for cond in f.conditions.iter().take(5) {
        relate(out, exports, f.by.at(), cond.span, &depends::label(cond));
    }
}

/// Numbers and addresses named in a label.
const NEAR: usize = 2;

/// What the nearest miss allows, in words.
fn near(m: &Miss<'_>) -> Near {
    let b = &m.clause.space;
    let side = match m.wrong {
        Wrong::Destinations => (Side::Dst, &b.dst),
        _ => (Side::Src, &b.src),
    };
    let name = m.clause.conditions.iter().find_map(|c| match &c.test {
        Test::Named { key, side: of } if *of == side.0 && !c.negated => Some(key.to_string()),
        _ => None,
    });
    let addresses = || describe::addresses(side.1, &AddrSet::empty(), NEAR);
    Near {
        addresses: name.unwrap_or_else(addresses),
        protocol: describe::protocols(&b.proto, NEAR),
        ports: describe::ports(&b.dport),
        source_ports: describe::ports(&b.sport),
        profiles: m.rule.profiles.told(),
    }
}

/// What a flow is known by: its transport and ports, and what stops it; and the peers for which it fails.
fn identity(s: &Subject<'_>, c: &Checked<'_>, f: &Failure<'_>) -> Identity {
    let norm = f.by.rule().map(normalized).unwrap_or_default();
    let peers = if c.guard.direction == Direction::Forward {
        let far = union_addrs(&f.packets, |p| &p.dst);
        union_addrs(&f.packets, |p| &p.src).union(&far)
    } else {
        f.peers(c.guard.direction)
    };
    let ports = place::known_ports(&f.ports());
    let mut parts = vec![s.transport, &ports, &norm];
    // A sender's way through a via is another one than its direct one.
    parts.extend(c.through.map(|t| t.via.name.as_str()));
    Identity::of(&parts).with_peers(peers)
}

/// Of united groups the one that nearly allows it is the one to mend, so its default is the place.
fn nearer_default<'a>(
    exports: &'a Exports,
    by: &Decider<'a>,
    c: &Checked<'_>,
    miss: Option<&Miss<'_>>,
) -> Decider<'a> {
    let list = |at: PointId| match &exports.point(at)?.body {
        Body::Lists(l) if c.guard.direction == Direction::Out => Some(&l.egress),
        Body::Lists(l) => Some(&l.ingress),
        Body::Netfilter(_) => None,
    };
    match (by, miss) {
        (Decider::Default { at, .. }, Some(m)) if m.at != *at => {
            list(m.at).map_or(*by, |l| Decider::Default {
                at: m.at,
                default: &l.default,
            })
        }
        _ => *by,
    }
}

fn relate(out: &mut Finding, exports: &Exports, at: PointId, span: Span, label: &str) {
    if let Some(place) = place::place(exports, at, span) {
        out.related.push(Related {
            place,
            label: label.to_owned(),
        });
    }
}

fn pairs(out: &mut Finding, s: &Subject<'_>, c: &Checked<'_>, f: &Failure<'_>) {
    // Of peers that nothing declares only the role is known.
    let asked = c.asked.as_deref();
    if asked.is_some_and(|(_, peers)| peers.unknown && !peers.external) {
        out.pairs_total = 1;
        out.pairs = vec![match c.guard.direction {
            Direction::Out => format!("{} -> {}", c.guard.name, s.to),
            Direction::In | Direction::Forward => format!("{} -> {}", s.from, c.guard.name),
        }];
        return;
    }
    let peers = f.peers(c.guard.direction);
    // Through a firewall both ends are others; at a host one is the host itself.
    let far = f
        .packets
        .first()
        .filter(|_| c.guard.direction == Direction::Forward);
    let me = far.map_or_else(
        || c.guard.name.to_owned(),
        |p| if f.cause.is_reply() { &p.src } else { &p.dst }.to_string(),
    );
    let text = |p: String| {
        if c.guard.direction == Direction::Out {
            format!("{me} -> {p}")
        } else {
            format!("{p} -> {me}")
        }
    };
    out.pairs_total = peers.v4.len() + peers.v6.len();
    out.pairs = peers.texts().take(PAIRS).map(text).collect();
}

/// A requirement that rests on no export of some of its ends.
#[must_use]
pub fn unproven(req: &Requirement, unproven: &[String]) -> Finding {
    let ends = unproven
        .iter()
        .take(PAIRS)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let (text, help) = words::unproven(req.row, &req.id, &ends);
    let identity = Identity::of(&[&ends]);
    let mut f = Finding::new(Code::UnverifiedFlow, Severity::Error, text, identity, None);
    f.requirement = Some(req.id.clone());
    f.row = Some(req.row);
    f.help = Some(help);
    f
}
