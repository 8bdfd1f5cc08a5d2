//! Connection security rules (`Get-NetIPsecRule`): which packets pass only if IPsec authenticates their sender.

use super::props::Prop;
use super::record::{Kind, Record};
use super::words::{self, Demand};
use crate::windows::addresses;
use crate::windows::collection::Collection;
use crate::windows::security::unauthenticated;
use crate::windows::values::{List, Parts};
use crate::windows::vocab::Vocabulary;
use hylint_model::{
    Action, Clause, Condition, ConditionKind, Problem, ProblemKind, Profiles, Rule, RuleOrigin,
    Side, Span, Test,
};
use hylint_space::{AddrSet, PacketBox};

/// Adds what the rules demand. What exempts packets from it is left out, so that more is demanded than is.
pub(super) fn demands(all: &[(Kind, Record<'_>)], out: &mut Collection) {
    let mut idle: Vec<Span> = Vec::new();
    for (_, record) in all.iter().filter(|(kind, _)| *kind == Kind::Ipsec) {
        let enabled = record
            .one(Prop::Enabled)
            .and_then(|w| words::enabled(&w.text));
        if enabled == Some("No") {
            continue;
        }
        let demand = |prop| {
            let cell = record.get(prop).filter(|c| !c.is_empty())?;
            Some(cell.one().and_then(|w| words::demand(&w.text)))
        };
        let (inbound, outbound) = (
            demand(Prop::InboundSecurity),
            demand(Prop::OutboundSecurity),
        );
        // What is not known may be required.
        let requires =
            |d: Option<Option<Demand>>| d.is_some_and(|d| d.is_none_or(|d| d == Demand::Require));
        if !requires(inbound) && !requires(outbound) {
            idle.push(record.span);
            continue;
        }
        if requires(inbound) {
            let rule = rule(record, true);
            out.security.ingress.push(rule);
        }
        if requires(outbound) {
            let rule = rule(record, false);
            out.security.egress.push(rule);
        }
    }
    if let Some(first) = idle.first() {
        let times = match idle.len() {
            1 => "once".to_owned(),
            n => format!("{n} times"),
        };
        let message =
            format!("a connection security rule allows and blocks nothing by itself ({times})");
        let problem = Problem::new(ProblemKind::Note, *first, message);
        out.export.problems.push(problem);
    }
}

/// The demand as a rule that blocks what is not authenticated.
fn rule(record: &Record<'_>, inbound: bool) -> Rule {
    let mut rule = Rule::new(record.span, Action::Deny);
    let name = record
        .one(Prop::DisplayName)
        .or_else(|| record.one(Prop::Name));
    rule.name = name.map_or("", |w| &*w.text).into();
    rule.origin = RuleOrigin::GroupPolicy;
    let profiles = record
        .get(Prop::Profile)
        .and_then(|c| words::profiles(c.words()));
    rule.profiles = profiles.unwrap_or(Profiles::ALL);
    let ends = |prop| ends(record, prop);
    let (local, remote) = (ends(Prop::LocalAddress), ends(Prop::RemoteAddress));
    let prop = match inbound {
        true => Prop::InboundSecurity,
        false => Prop::OutboundSecurity,
    };
    let place = record.get(prop).map_or(record.span, |c| c.span);
    let unauthenticated = unauthenticated(place);
    rule.clauses.clear();
    for l in &local {
        for r in &remote {
            let (src, dst) = if inbound { (r, l) } else { (l, r) };
            let space = PacketBox {
                src: src.set.clone(),
                dst: dst.set.clone(),
                ..PacketBox::any()
            };
            let open = [&src.condition, &dst.condition];
            let mut conditions: thin_vec::ThinVec<Condition> =
                open.iter().filter_map(|c| (*c).clone()).collect();
            conditions.push(unauthenticated.clone());
            rule.clauses.push(Clause { space, conditions });
        }
    }
    rule
}

/// Blocks whatever something may block that the export does not show: `inbound` packets, outbound ones, or both.
pub(super) fn unseen(
    span: Span,
    text: &str,
    profiles: Profiles,
    inbound: Option<bool>,
    out: &mut Collection,
) {
    let mut rule = Rule::new(span, Action::Deny);
    rule.name = text.into();
    rule.origin = RuleOrigin::GroupPolicy;
    rule.profiles = profiles;
    rule.clauses.clear();
    let open = Condition::new(ConditionKind::Unknown, Test::Passing, span, text);
    rule.clauses.push(Clause {
        space: PacketBox::any(),
        conditions: std::iter::once(open).collect(),
    });
    if inbound != Some(false) {
        out.security.ingress.push(rule.clone());
    }
    if inbound != Some(true) {
        out.security.egress.push(rule);
    }
}

/// The addresses of one end; any if they are not exported or lost.
fn ends(record: &Record<'_>, prop: Prop) -> Parts<AddrSet> {
    let cell = record.get(prop).filter(|c| !c.words().is_empty());
    let list = match cell {
        Some(cell) => {
            let texts: Vec<&str> = cell.words().iter().map(|w| &*w.text).collect();
            let text = texts.join(",");
            addresses::addresses(Vocabulary::get(), &text, Side::Src, cell.span, false)
        }
        None => List::whole(AddrSet::any()),
    };
    list.parts
}
