//! A new rule as lines of its chain.

use super::super::read::{read_text, write};
use super::place::{ChainAt, Result};
use crate::edit::{EditError, List};
use hylint_model::{
    Action, Body, Chain, ChainType, Netfilter, Point, PointKind, Profiles, Rule, Table,
};

/// A rule as the file will have it.
#[derive(Default)]
pub(super) struct Written {
    /// Its lines.
    pub(super) lines: Vec<String>,
    /// The rules that they are read to.
    pub(super) rules: Vec<Rule>,
}

impl Written {
    /// The lines of the writer: it writes a ruleset that holds nothing but the rule, and reads it back.
    ///
    /// # Errors
    /// [`EditError::NoForm`] if nft cannot say the rule exactly, or would refuse it.
    pub(super) fn of(at: &ChainAt<'_>, rule: &Rule) -> Result<Self> {
        accepted(at, rule)?;
        let none = |message| no_form(rule, message);
        let List::Chain { chain, .. } = at.list.list else {
            return Err(EditError::Missing);
        };
        let mut body = Netfilter::new(vec![alone(at, chain, rule)]);
        body.sets.clone_from(&at.netfilter.sets);
        let probe = Point::new(PointKind::Netfilter, rule.span, Body::Netfilter(body));
        let text = write([&probe]).map_err(|e| none(e.message))?;
        if text.contains("\n\tset ") {
            return Err(none("the rule needs a set of its own"));
        }
        let export = read_text(&text);
        let body = export.points.first().map(|p| &p.body);
        let Some(Body::Netfilter(body)) = body else {
            return Err(none("nft has no words for the rule"));
        };
        let read = body.tables().first().and_then(|t| t.chains.get(chain));
        let rules = read.map_or_else(Vec::new, |c| c.rules.clone());
        let mut spans: Vec<_> = rules.iter().map(|r| r.span).collect();
        spans.dedup();
        let line = |span: &hylint_model::Span| text.get(span.range()).map(str::to_owned);
        let lines: Option<Vec<String>> = spans.iter().map(line).collect();
        match lines {
            Some(lines) if !lines.is_empty() => Ok(Self { lines, rules }),
            _ => Err(none("nft has no words for the rule")),
        }
    }
}

fn no_form(rule: &Rule, message: &'static str) -> EditError {
    EditError::NoForm {
        span: rule.span,
        message,
    }
}

/// What the writer passes over, and what nft refuses though a ruleset can say it.
fn accepted(at: &ChainAt<'_>, rule: &Rule) -> Result<()> {
    let labelled = !rule.name.is_empty() || !rule.group.is_empty();
    if labelled || rule.priority.is_some() || rule.profiles != Profiles::ALL {
        let message = "a rule of nft has no name, group, priority or profile";
        return Err(no_form(rule, message));
    }
    if rule.clauses.iter().all(|c| c.space.is_empty()) {
        return Err(no_form(rule, "the rule matches nothing"));
    }
    let nat = |c: &Chain| c.base.as_ref().is_some_and(|b| b.kind == ChainType::Nat);
    let translates = rule.does(|a| matches!(a, Action::Nat(_)));
    if translates && at.chain.base.is_some() && !nat(at.chain) {
        return Err(no_form(rule, "only nat chains translate"));
    }
    let base = |to: usize| at.table.chains.get(to).is_some_and(|c| c.base.is_some());
    if rule.called().any(base) {
        return Err(no_form(rule, "a rule cannot jump to a base chain"));
    }
    if rule.called().any(|to| reaches(at, to)) {
        return Err(no_form(rule, "the jump leads back to its own chain"));
    }
    Ok(())
}

/// Whether jumps lead from a chain to the one that is changed.
fn reaches(at: &ChainAt<'_>, from: usize) -> bool {
    let List::Chain { chain, .. } = at.list.list else {
        return false;
    };
    at.table.reached(from).contains(&chain)
}

/// The table with all its chains that have names, and this rule alone.
fn alone(at: &ChainAt<'_>, chain: usize, rule: &Rule) -> Table {
    let empty = |c: &Chain| Chain {
        name: c.name.clone(),
        base: c.base.clone(),
        policy: c.policy,
        span: c.span,
        rules: Vec::new(),
    };
    // Chains that stand in rules are behind all others, and are not there without their rules.
    let named = at
        .table
        .chains
        .iter()
        .take_while(|c| !c.name.ends_with('}'));
    let mut table = Table {
        name: at.table.name.clone(),
        chains: named.map(empty).collect(),
        ..*at.table
    };
    if let Some(chain) = table.chains.get_mut(chain) {
        chain.rules.push(rule.clone());
    }
    table
}
