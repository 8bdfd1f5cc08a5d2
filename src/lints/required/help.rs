//! The help of a finding whose remedy was not tried out: it takes what is not in the exports, or has no command.

use super::advised;
use super::case::{Case, blocks_first};
use super::stop::Stop;
use crate::finding::AssumptionId;
use crate::judge::Failure;
use crate::lints::describe;
use hylint_engine::{Decider, Direction, Reason};
use hylint_model::{Action, Condition, PointKind, ProblemKind, RuleOrigin, Test};
use hylint_space::{AddrSet, PortSet};

/// Peers named in help.
const NAMED: usize = 4;

/// Returns what to do.
pub(super) fn untried(case: &Case<'_, '_>) -> String {
    let f = case.failure;
    let profile = || case.checked.guard.profile.told();
    if f.cause.is_odd() {
        return advised::EPHEMERAL.into();
    }
    match case.stop {
        _ if case.always => advised::let_rules_decide(&profile()),
        Stop::Conditional => conditional(case),
        Stop::Disabled => advised::enable(&case.missed().unwrap_or_default()),
        Stop::NoReply => replies(case),
        Stop::Next { .. } if f.state == "ESTABLISHED" => advised::established_too(&case.flow()),
        Stop::Next { .. } => advised::UNTRACKED.into(),
        Stop::Missing | Stop::Partial if case.policy.is_some() => {
            let allow = || advised::allow(&case.flow(), &service(case), &who(case), None);
            match (f.by.rule(), case.unmerged()) {
                (None, true) => advised::ENABLE_LOCAL_RULES.into(),
                (None, false) => advised::in_policy(&allow()),
                (Some(_), _) => advised::in_policy_past(&allow(), &case.by),
            }
        }
        Stop::Missing | Stop::Partial | Stop::Blocked => allow(case),
    }
}

fn conditional(case: &Case<'_, '_>) -> String {
    let f = case.failure;
    let named = |c: &&Condition| match &c.test {
        Test::Named { key, .. } => Some(advised::resolve(key)),
        Test::IpSet { name, .. } => Some(advised::resolve(&format!("ipset:{name}"))),
        _ => None,
    };
    let first = f.conditions.first().copied();
    // No allow helps against a block that may apply.
    let block = || {
        first.and_then(|c| case.asking(c)).filter(|(_, rule)| {
            rule.action == Action::Deny && blocks_first(case.exports, case.checked)
        })
    };
    let listed = case.kind == PointKind::Netfilter;
    let mut open = f.conditions.iter().filter(|_| listed);
    let unprinted = open.find_map(|c| c.unprinted());
    if let Some(what) = unprinted {
        return advised::printed(what);
    }
    match (first.as_ref().and_then(named), &f.by) {
        (Some(help), _) => help,
        (None, Decider::Nothing { reason, .. }) => advised::export(*reason).into(),
        (None, _) if case.is_unread() => advised::export(unread(case)).into(),
        (None, _) => match block() {
            Some((name, rule)) => {
                let what = format!("{} {} {}", service(case), end(case), who(case));
                advised::narrow(&name, &what, rule.origin)
            }
            None => advised::unconditional(&case.flow(), first),
        },
    }
}

/// What is missing of an export of which a part is not read: it is broken, or it is not whole.
fn unread(case: &Case<'_, '_>) -> Reason {
    let export = case.exports.get(case.failure.by.at().set);
    let mut problems = export.iter().flat_map(|e| &e.export.problems);
    match problems.any(|p| p.kind == ProblemKind::Malformed) {
        true => Reason::MalformedExport,
        false => Reason::IncompleteExport,
    }
}

/// The flow as rules see it where it is stopped.
fn service(case: &Case<'_, '_>) -> String {
    let transport = case.subject.transport.to_uppercase();
    format!("{transport} {}", ports_there(case.failure))
}

fn replies(case: &Case<'_, '_>) -> String {
    let f = case.failure;
    let mut points = case.checked.guard.points.iter();
    if points.any(|at| case.exports.point(*at).is_some_and(|p| !p.stateful)) {
        let each = f.packets.iter();
        let ports = each.fold(PortSet::empty(), |all, p| all.union(&p.dport));
        return advised::stateless_replies(&case.flow(), &ports, &who(case));
    }
    match f.state {
        "INVALID" | "UNTRACKED" => advised::UNTRACKED.into(),
        _ => advised::ESTABLISHED.into(),
    }
}

/// Allows the flow, and keeps the rule that blocks it from doing so.
fn allow(case: &Case<'_, '_>) -> String {
    let (f, flow) = (case.failure, case.flow());
    let (service, who) = (service(case), who(case));
    let windows = blocks_first(case.exports, case.checked);
    match f.by.rule() {
        Some(rule) if windows => {
            let what = format!("{service} {} {who}", end(case));
            let narrow = advised::narrow(&case.by, &what, rule.origin);
            match case.stop {
                Stop::Blocked => narrow,
                _ => format!("{}; {narrow}", advised::allow(&flow, &service, &who, None)),
            }
        }
        Some(rule) if case.stop == Stop::Blocked && rule.origin != RuleOrigin::Platform => {
            let allow = advised::allow(&flow, &service, &who, None);
            advised::before_or_narrow(&allow, &case.by)
        }
        _ => advised::allow(&flow, &service, &who, case.own()),
    }
}

const fn end(case: &Case<'_, '_>) -> &'static str {
    match case.checked.guard.direction {
        Direction::Out => "to",
        Direction::In | Direction::Forward => "from",
    }
}

/// The peers that fail, as rules see them where the packets are stopped.
fn who(case: &Case<'_, '_>) -> String {
    let (c, f) = (case.checked, case.failure);
    let assumed = |id| c.assumptions.iter().any(|(a, _)| *a == id);
    if assumed(AssumptionId::PeersUnknown) {
        return format!("the hosts of `{}`", case.peers());
    }
    let out = c.guard.direction == Direction::Out && !f.cause.is_reply();
    let peers = match f.onward.as_ref().filter(|_| out) {
        Some(onward) => onward.dst.clone(),
        None => f.peers(c.guard.direction),
    };
    describe::addresses(&peers, &AddrSet::empty(), NAMED)
}

/// The ports that fail, as rules see them where the packets are stopped.
fn ports_there(f: &Failure<'_>) -> String {
    let ports = f.ports();
    let Some(onward) = f.onward.as_ref().filter(|_| !f.cause.is_reply()) else {
        return describe::ports(&ports);
    };
    let there = describe::ports(&onward.dport);
    if onward.through {
        let to = describe::addresses(&onward.dst, &AddrSet::empty(), NAMED);
        format!("{there} to {to} (after translation)")
    } else if onward.dport != ports {
        format!("{there} (after translation)")
    } else {
        there
    }
}
