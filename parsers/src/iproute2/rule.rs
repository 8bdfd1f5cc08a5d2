//! `ip rule`: the rules that pick a routing table.

use super::lines::{Line, numbered};
use super::route::table;
use hylint_model::RoutingRule;
use hylint_space::{AddrSet, Family};

/// The rule of a line `32766: from all lookup main`.
pub(super) fn read(line: &Line<'_>) -> Option<(RoutingRule, Option<Family>)> {
    let (priority, rest) = numbered(line.text)?;
    let mut words = rest.split_ascii_whitespace().peekable();
    if !matches!(words.peek(), Some(&"from" | &"not")) {
        return None;
    }
    let mut rule = RoutingRule {
        priority,
        from: AddrSet::any(),
        to: AddrSet::any(),
        narrowed: false,
        table: "".into(),
        suppress: None,
        span: line.span(),
    };
    let mut family = None;
    let mut negated = false;
    while let Some(word) = words.next() {
        match word {
            "not" => negated = true,
            "from" => {
                let from = words.next()?;
                family = family.or(family_of(from));
                match AddrSet::parse(from) {
                    Some(set) => rule.from = set,
                    None => rule.narrowed |= from != "all",
                }
            }
            "to" => {
                let to = words.next()?;
                family = family.or(family_of(to));
                // What is not understood may be any packet.
                match AddrSet::parse(to) {
                    Some(set) => rule.to = set,
                    None => rule.narrowed = true,
                }
            }
            "lookup" | "table" => rule.table = table(words.next().unwrap_or("")),
            "suppress_prefixlength" => rule.suppress = words.next().and_then(|n| n.parse().ok()),
            // Who made it.
            "proto" => {
                words.next();
            }
            _ => rule.narrowed = true,
        }
    }
    if negated {
        negate(&mut rule);
    }
    Some((rule, family))
}

/// Turns what a rule asks for into its contrary. That of several conditions is no condition of one kind: such a rule may match
/// any packet.
pub(super) fn negate(rule: &mut RoutingRule) {
    let any = AddrSet::any();
    match (rule.from == any, rule.to == any) {
        (false, true) if !rule.narrowed => rule.from = any.subtract(&rule.from),
        (true, false) if !rule.narrowed => rule.to = any.subtract(&rule.to),
        _ => {
            rule.from = any.clone();
            rule.to = any;
            rule.narrowed = true;
        }
    }
}

pub(super) fn family_of(text: &str) -> Option<Family> {
    let set = AddrSet::parse(text)?;
    Some(if set.has(Family::V6) {
        Family::V6
    } else {
        Family::V4
    })
}
