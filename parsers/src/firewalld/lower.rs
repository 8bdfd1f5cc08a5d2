//! The model of the ruleset that zones and policies make, with the places of their lines.

use super::age::Backend;
use super::ruleset::{Origin, Ruleset};
use crate::input::Input;
use crate::source::Source;
use hylint_model::{
    Action, Body, Chain, Condition, ConditionKind, Netfilter, OtherRules, Problem, ProblemKind,
    Rule, RuleOrigin, Side, Span, Table, Test, ties,
};
use hylint_space::{Family, IfaceSet, iface_name};

/// The model of a ruleset with the tables of direct rules beside it. Where firewalld writes both by iptables, direct rules
/// come before zones and an accept of theirs is one; where that is open it may be one.
pub(super) fn lower(
    ruleset: &Ruleset,
    direct: Vec<Table>,
    backend: Backend,
    label: Span,
    problems: &mut Vec<Problem>,
) -> Netfilter {
    let own_origin = Origin {
        closing: true,
        ..Origin::default()
    };
    let text = ruleset.text();
    let source = Source::new("", text.text, "UTF-8");
    let mut export = (crate::nft::FORMAT.read)(&Input::new(&source));
    let origin = |at: u32| -> &Origin {
        let n = text.lines.partition_point(|(start, _)| *start <= at);
        let id = n
            .checked_sub(1)
            .and_then(|n| text.lines.get(n))
            .map_or(0, |(_, id)| *id);
        ruleset.origins.get(id).unwrap_or(&own_origin)
    };
    for mut p in std::mem::take(&mut export.problems) {
        p.span = origin(p.span.start).span;
        let own = p.span.is_empty();
        if own && p.kind != ProblemKind::Malformed {
            continue;
        }
        if own {
            p.span = label;
        }
        problems.push(p);
    }
    let body = export.points.into_iter().next().map(|p| p.body);
    let Some(Body::Netfilter(read)) = body else {
        return Netfilter::default();
    };
    let (mut sets, broken, unloaded) = (read.sets.clone(), read.broken, read.unloaded.clone());
    for set in &mut sets {
        set.span = Span::default();
    }
    let mut tables = read.into_tables();
    for table in &mut tables {
        table.span = Span::default();
        for chain in &mut table.chains {
            chain.span = Span::default();
            if let Some(policy) = &mut chain.policy {
                policy.span = Span::default();
            }
            for rule in &mut chain.rules {
                let own = origin(rule.span.start);
                placed(rule, own);
            }
            join(chain);
        }
    }
    for t in direct {
        let own = tables.first_mut().filter(|_| t.filters);
        match (backend, own) {
            (Backend::Iptables, Some(own)) => insert(own, t),
            (Backend::Open, Some(own)) => {
                insert(own, accepts_alone(&t));
                tables.push(t);
            }
            _ => tables.push(t),
        }
    }
    let mut out = Netfilter::new(tables);
    out.sets = sets;
    out.whole = true;
    out.broken = broken;
    out.unloaded = unloaded;
    out.others = OtherRules::Hidden;
    out.front_end = true;
    out.ties = ties(&out);
    out
}

/// Gives a rule the place of what it comes from.
fn placed(rule: &mut Rule, own: &Origin) {
    rule.span = own.span;
    rule.name = own.name.as_str().into();
    rule.fields = own.fields.iter().copied().collect();
    if own.closing {
        rule.origin = RuleOrigin::Platform;
    }
    let at = if own.span.is_empty() {
        own.condition_at
    } else {
        own.span
    };
    for clause in &mut rule.clauses {
        clause.conditions.iter_mut().for_each(|c| c.span = at);
        clause.conditions.extend(own.conditions.iter().cloned());
        let unknown = || IfaceSet::single(iface_name(""));
        match own.unknown_interface {
            Some(Side::Src) => clause.space.in_iface = unknown(),
            Some(Side::Dst) => clause.space.out_iface = unknown(),
            None => {}
        }
    }
    if let Some(text) = &own.opaque {
        rule.action = Action::Opaque(text.as_str().into());
    }
}

/// Makes one rule of what one line says in several ports: it can be changed or be needless as a whole only.
fn join(chain: &mut Chain) {
    let rules = std::mem::take(&mut chain.rules);
    for rule in rules {
        match chain.rules.last_mut() {
            Some(last)
                if last.span == rule.span
                    && !rule.span.is_empty()
                    && last.action == rule.action
                    && last.origin != RuleOrigin::Platform
                    && last.name == rule.name =>
            {
                last.clauses.extend(rule.clauses);
            }
            _ => chain.rules.push(rule),
        }
    }
}

/// A table of direct rules that does nothing but accept, where firewalld writes its rules by iptables.
fn accepts_alone(direct: &Table) -> Table {
    let mut out = direct.clone();
    for chain in &mut out.chains {
        chain.rules.retain(|r| {
            matches!(
                r.action,
                Action::Allow | Action::Jump(_) | Action::Goto(_) | Action::Return
            )
        });
        for rule in &mut chain.rules {
            let text = "the iptables backend of firewalld";
            let condition = Condition::new(ConditionKind::Unknown, Test::Opaque, rule.span, text);
            if rule.action == Action::Allow {
                for clause in &mut rule.clauses {
                    clause.conditions.push(condition.clone());
                }
            }
            // The rule itself stands in the table beside.
            rule.origin = RuleOrigin::Platform;
        }
    }
    out
}

/// Puts the rules of a table of direct rules before those by which zones are told apart.
fn insert(own: &mut Table, mut direct: Table) {
    let families: Vec<Family> = Family::BOTH
        .into_iter()
        .filter(|f| direct.family.has(*f))
        .collect();
    let offset = u32::try_from(own.chains.len()).unwrap_or(u32::MAX);
    for chain in &mut direct.chains {
        for rule in &mut chain.rules {
            if let Action::Jump(to) | Action::Goto(to) = &mut rule.action {
                *to = to.saturating_add(offset);
            }
            if let [one] = families.as_slice() {
                for clause in &mut rule.clauses {
                    clause.space.src = clause.space.src.only(*one);
                    clause.space.dst = clause.space.dst.only(*one);
                }
            }
        }
    }
    for chain in direct.chains {
        let hook = chain.base.as_ref().map(|b| b.hook);
        let called = Chain {
            base: None,
            policy: None,
            ..chain
        };
        let Some(hook) = hook else {
            own.chains.push(called);
            continue;
        };
        let is_own = |c: &&mut Chain| c.base.as_ref().is_some_and(|b| b.hook == hook);
        if let Some(base) = own.chains.iter_mut().take(offset as usize).find(is_own) {
            // Behind what passes whatever a rule says.
            let at = base
                .rules
                .iter()
                .position(|r| matches!(r.action, Action::Jump(_)));
            let at = at.unwrap_or(base.rules.len());
            base.rules.splice(at..at, called.rules);
            // The place of the chain stays, so that those behind it keep theirs.
            own.chains.push(Chain {
                rules: Vec::new(),
                ..called
            });
        } else {
            own.chains.push(called);
        }
    }
}
