//! Conditions: by what they test, else by their text, which is the match as nft lists it.

use super::super::syntax::{Expr, ExprKind, MatchOp, Object, Statement, StatementKind};
use super::super::text;
use super::context::Context;
use super::form::{braced, error};
use crate::source::Source;
use crate::write::Result;
use hylint_model::{AddrTypes, Condition, ConnTest, Rule, Side, Test};

/// The words of a condition.
pub(super) fn text(rule: &Rule, c: &Condition, context: &mut Context<'_>) -> Result<String> {
    let unsaid = || {
        error(
            rule.span,
            "the rule rests on a condition that nft does not have",
        )
    };
    let bang = if c.negated { "!= " } else { "" };
    Ok(match &c.test {
        Test::Mark { value, mask } => mark("meta mark", *value, *mask, c.negated),
        Test::ConnMark { value, mask } => mark("ct mark", *value, *mask, c.negated),
        Test::Mac(mac) => format!("ether saddr {bang}{mac}"),
        Test::PktType(kind) => format!("meta pkttype {bang}{kind}"),
        // iptables asks for several types of an IPv6 address at once.
        Test::AddrType { single: false, .. } => return Err(unsaid()),
        Test::AddrType { side, types, .. } => {
            let end = if *side == Side::Src { "saddr" } else { "daddr" };
            format!("fib {end} type {bang}{}", braced(&type_names(*types)))
        }
        Test::ReversePath => {
            let there = if c.negated { "missing" } else { "exists" };
            format!("fib saddr . iif oif {there}")
        }
        Test::Fragment => {
            let op = if c.negated { "==" } else { "!=" };
            format!("ip frag-off & 0x1fff {op} 0")
        }
        Test::Connection(way) if matches!(**way, ConnTest::Way { .. }) => {
            format_way(way, c.negated)
        }
        Test::Set { set, fields } => {
            context.declare(*set, fields, rule)?;
            written(c, context).ok_or_else(unsaid)?
        }
        _ => written(c, context).ok_or_else(unsaid)?,
    })
}

fn format_way(way: &ConnTest, negated: bool) -> String {
    let reply = matches!(way, ConnTest::Way { reply: true });
    let word = if reply == negated {
        "original"
    } else {
        "reply"
    };
    format!("ct direction {word}")
}

/// Whether only packets with a connection meet a condition, negated or not.
pub(super) fn needs_connection(c: &Condition) -> bool {
    let of_connection = matches!(c.test, Test::ConnMark { .. } | Test::Connection(_));
    of_connection || c.text.starts_with("ct ") && !c.text.starts_with("ct state")
}

fn mark(key: &str, value: u32, mask: u32, negated: bool) -> String {
    match (mask, negated) {
        (u32::MAX, false) => format!("{key} {value:#x}"),
        (u32::MAX, true) => format!("{key} != {value:#x}"),
        (mask, false) => format!("{key} & {mask:#x} == {value:#x}"),
        (mask, true) => format!("{key} & {mask:#x} != {value:#x}"),
    }
}

fn type_names(types: AddrTypes) -> Vec<String> {
    let names = AddrTypes::NAMES.iter().filter(|n| types.has(n));
    names.map(|n| n.to_ascii_lowercase()).collect()
}

/// The statements of a text of nft, handed to `with`; `None` if they are none.
fn statements<T>(words: &str, with: impl FnOnce(&[Statement<'_>]) -> T) -> Option<T> {
    if words.contains(['\n', ';', '#', '}']) && !words.contains('{') {
        return None;
    }
    let source = Source::new(
        "",
        format!("table inet t {{ chain c {{ {words}; }} }}"),
        "UTF-8",
    );
    let mut problems = Vec::new();
    let commands = text::parse(&source, &mut problems);
    if !problems.is_empty() {
        return None;
    }
    let mut rules = commands.iter().filter_map(|c| match &c.object {
        Object::Rule(rule) => Some(rule),
        _ => None,
    });
    let rule = rules.next().filter(|r| r.comment.is_none())?;
    rules.next().is_none().then(|| with(&rule.statements))
}

/// Whether a text is one statement that nft has.
pub(super) fn known_statement(words: &str) -> bool {
    let known = |all: &[Statement<'_>]| matches!(all, [one] if !matches!(one.kind, StatementKind::Unknown(_)));
    statements(words, known).unwrap_or(false)
}

/// A condition whose text is a match of nft, negated where the condition is. A set that it names is declared.
fn written(c: &Condition, context: &mut Context<'_>) -> Option<String> {
    let words = match c.text.split_once(" (by name: ") {
        Some((words, _)) => words,
        None => &c.text,
    };
    statements(words, |all| match all {
        [one] => {
            if let Some((name, key)) = named_set(one) {
                context.declare_open(name, key);
            }
            negated(one, c).filter(|text| !text.contains('…'))
        }
        _ => None,
    })?
}

/// The set that a statement looks up or writes, and by what.
fn named_set<'s>(statement: &'s Statement<'_>) -> Option<(&'s str, &'s Expr<'s>)> {
    match &statement.kind {
        StatementKind::Match { left, right, .. } => match &right.kind {
            ExprKind::SetRef(name) => Some((name, left)),
            _ => None,
        },
        StatementKind::Update { set, key, .. } => Some((set, key)),
        _ => None,
    }
}

fn negated(statement: &Statement<'_>, c: &Condition) -> Option<String> {
    let StatementKind::Match { left, op, right } = &statement.kind else {
        let known = !matches!(statement.kind, StatementKind::Unknown(_));
        return (known && !c.negated).then(|| statement.to_string());
    };
    // What asks whether something is there has the opposite in its own words.
    if matches!(right.symbol(), Some("exists" | "missing")) {
        let there = if c.negated { "missing" } else { "exists" };
        return Some(format!("{left} {there}"));
    }
    let op = match (op, c.negated) {
        (op, false) => *op,
        (MatchOp::Implicit, true) if is_bits(left, right) => MatchOp::Not,
        (MatchOp::Implicit | MatchOp::Eq, true) => MatchOp::Ne,
        _ => return None,
    };
    let op = match op {
        MatchOp::Implicit if matches!(left.kind, ExprKind::Binary(_)) => MatchOp::Eq,
        op => op,
    };
    Some(format!("{left}{op}{right}"))
}

/// Whether a comparison without an operator asks for bits.
fn is_bits(left: &Expr<'_>, right: &Expr<'_>) -> bool {
    let set = matches!(right.kind, ExprKind::Set(_) | ExprKind::SetRef(_));
    left.is_bitmask() && !set
}
