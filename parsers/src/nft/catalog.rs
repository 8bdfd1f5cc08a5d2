//! What the reader makes of nft's own expressions and statements, for the tables in docs/formats.md. Each is tried in a rule:
//! the tables say what comes out, and not what was meant.

use super::read::read_text;
use crate::catalog::Row;
use hylint_model::{Action, Condition, ConditionKind, ConnTest, Export, ProblemKind, Rule, Test};
use std::collections::BTreeMap;

/// Expressions by word or header: each key with a value that it may have.
const EXPRESSIONS: &str = include_str!("catalog/expressions.txt");

/// Statements, each with an example.
const STATEMENTS: &str = include_str!("catalog/statements.txt");

/// An expression: its word or header, its key, and a value.
type Key = (&'static str, &'static str, &'static str);

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|l| !l.starts_with('#'))
}

fn keys() -> impl Iterator<Item = Key> {
    lines(EXPRESSIONS).filter_map(|line| {
        let (header, rest) = line.split_once(" | ")?;
        let (key, value) = rest.split_once(" | ")?;
        Some((header, key, value))
    })
}

/// A ruleset with one rule.
fn tried(rule: &str) -> Export {
    read_text(&format!(
        "table inet t {{\n\tset s {{\n\t\ttype ipv4_addr\n\t\tflags dynamic\n\t}}\n\n\tchain c {{\n\t\ttype filter hook input priority 0; policy accept;\n\t\t{rule}\n\t}}\n\n\tchain other {{\n\t\tcounter\n\t}}\n}}\n"
    ))
}

/// The words of an expression as a match.
fn matched(header: &str, key: &str, value: &str) -> String {
    match header {
        "raw payload" | "rt (header)" => format!("{key} {value} accept"),
        _ => format!("{header} {key} {value} accept"),
    }
}

/// The expressions, those of one header that come to the same together.
#[must_use]
pub fn expressions() -> Vec<Row> {
    let mut by_model: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for (header, key, value) in keys() {
        let model = of_match(&tried(&matched(header, key, value)));
        let of = by_model.entry((header, model)).or_default();
        of.push(format!("`{key}`"));
    }
    let each = by_model.into_iter();
    each.map(|((header, model), keys)| Row::new(header, keys.join(", "), model))
        .collect()
}

/// The names of all expressions: `ip saddr`.
pub fn expression_names() -> impl Iterator<Item = String> {
    keys().map(|(header, key, _)| match header {
        "raw payload" | "rt (header)" => key.to_owned(),
        header => format!("{header} {key}"),
    })
}

/// The statements.
#[must_use]
pub fn statements() -> Vec<Row> {
    let row = |line: &'static str| {
        let (name, example) = line.split_once(" / ")?;
        let model = of_statement(&tried(example));
        Some(Row::new(name, format!("`{example}`"), model))
    };
    lines(STATEMENTS).filter_map(row).collect()
}

/// What stays of an export whose rule cannot be read.
const REFUSED: &str = "refused: `malformed-export`";

/// The rules of the chain that the example stands in.
fn rules(export: &Export) -> Option<&[Rule]> {
    let malformed = |p: &hylint_model::Problem| p.kind == ProblemKind::Malformed;
    if export.problems.iter().any(malformed) {
        return None;
    }
    let hylint_model::Body::Netfilter(body) = &export.points.first()?.body else {
        return None;
    };
    Some(&body.tables().first()?.chains.first()?.rules)
}

fn of_match(export: &Export) -> String {
    let Some([rule]) = rules(export) else {
        return REFUSED.into();
    };
    let conditions = phrases(rule.conditions());
    let exact = rule.clauses.iter().any(|c| c.conditions.is_empty());
    let none = rule.clauses.iter().all(|c| c.space.is_empty());
    match (conditions.is_empty(), none, exact) {
        (_, true, _) => "matches no packet of a flow".into(),
        (true, ..) => "exact".into(),
        (_, _, true) => format!(
            "exact for protocols with ports, else {}",
            conditions.join("; ")
        ),
        _ => conditions.join("; "),
    }
}

/// What conditions mean, each once.
fn phrases<'c>(conditions: impl Iterator<Item = &'c Condition>) -> Vec<&'static str> {
    let mut out: Vec<&str> = conditions.map(phrase).collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn phrase(c: &Condition) -> &'static str {
    match &c.test {
        Test::Mark { .. } | Test::ConnMark { .. } => "decided along the path",
        Test::AddrType { .. } => "decided for the judged host",
        Test::PktType(_) => "decided by the destination address",
        Test::Connection(test) => match **test {
            ConnTest::Later => "decided for packets that start a connection",
            _ => "decided by the connection",
        },
        Test::Fragment | Test::ExtensionHeader => "never matches a plain packet",
        Test::ReversePath => "unknown condition; a required flow has a route back",
        Test::Ttl(_) | Test::Length(_) | Test::Dscp(_) => {
            "a condition on its value; rules that split the values among them are judged together"
        }
        Test::Set { .. } => "exact",
        _ => match c.kind {
            ConditionKind::Local => "local condition",
            ConditionKind::Peer => "peer condition",
            ConditionKind::Rate => "rate condition",
            ConditionKind::Unknown => "unknown condition",
        },
    }
}

fn of_statement(export: &Export) -> String {
    let Some(rules) = rules(export) else {
        return REFUSED.into();
    };
    let conditions = phrases(rules.iter().flat_map(Rule::conditions));
    let actions = rules.iter().flat_map(|r| r.action.each());
    let mut words: Vec<&str> = actions.filter_map(done).collect();
    words.dedup();
    words.splice(0..0, conditions);
    if words.is_empty() {
        return "goes on; no effect on the verdict".into();
    }
    words.join("; ")
}

fn done(action: &Action) -> Option<&'static str> {
    Some(match action {
        Action::Allow => "allow",
        Action::Deny => "deny",
        Action::Jump(_) => "jump",
        Action::Goto(_) => "goto",
        Action::Return => "return",
        Action::Continue => return None,
        Action::SetMark { .. }
        | Action::SetConnMark { .. }
        | Action::RestoreMark { .. }
        | Action::SaveMark { .. } => "sets the mark",
        Action::LoseMark { .. } => "the mark is not known from there on",
        Action::Notrack => "not tracked",
        Action::Track => "tracked with settings of its own",
        Action::Nat(_) => "translation",
        Action::Opaque(_) => "conditional: its verdict is not in the export",
        Action::Bypass | Action::Map(_) => "conditional",
    })
}
