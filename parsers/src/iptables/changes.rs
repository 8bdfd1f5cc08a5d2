//! Rules that change what later rules ask: a set that they fill, a header that they rewrite. A condition is one variable
//! along a packet's path only while its value cannot change there.

use super::token::Tokens;
use hylint_model::{Action, Condition, ConditionKind, Field, Rule, Table, Test};
use rustc_hash::FxHashSet;

/// Targets after which a packet's headers are others.
const REWRITES: [&str; 7] = ["TTL", "HL", "DSCP", "TOS", "ECN", "TCPMSS", "TCPOPTSTRIP"];

/// What the rules of one dump change.
#[derive(Default)]
struct Changes<'a> {
    /// Sets to which rules add addresses, or from which they delete them.
    sets: FxHashSet<std::borrow::Cow<'a, str>>,
    headers: bool,
}

/// Loosens the conditions whose value may change between two rules: membership of a set that rules fill depends on
/// earlier packets, as `recent` does, and what is asked of a header that rules rewrite is asked anew.
pub(super) fn loosen(text: &str, tables: &mut [Table]) {
    let changes = of(text, tables);
    if changes.sets.is_empty() && !changes.headers {
        return;
    }
    let rules = tables.iter_mut().flat_map(|t| &mut t.chains);
    let clauses = rules
        .flat_map(|c| &mut c.rules)
        .flat_map(|r| &mut r.clauses);
    for condition in clauses.flat_map(|c| &mut c.conditions) {
        one(&changes, condition);
    }
}

fn of<'a>(text: &'a str, tables: &[Table]) -> Changes<'a> {
    let mut out = Changes::default();
    let rules = tables.iter().flat_map(|t| &t.chains).flat_map(|c| &c.rules);
    for rule in rules.filter(|r| r.action == Action::Continue) {
        let mut words = target(text, rule);
        let Some(name) = words.nth(1) else { continue };
        out.headers |= REWRITES.contains(&name.text);
        if name.text != "SET" {
            continue;
        }
        while let Some(word) = words.next() {
            if matches!(word.text, "--add-set" | "--del-set") {
                out.sets.extend(words.next().map(|t| t.value()));
            }
        }
    }
    out
}

/// The words of a rule's target, `-j` first.
fn target<'a>(text: &'a str, rule: &Rule) -> Tokens<'a> {
    let field = rule.fields.iter().find(|(f, _)| *f == Field::Action);
    Tokens::new(text, field.map(|(_, span)| *span).unwrap_or_default())
}

fn one(changes: &Changes<'_>, c: &mut Condition) {
    let set = match &c.test {
        Test::Named { key, .. } => key.strip_prefix("ipset:"),
        Test::IpSet { name, .. } => Some(&**name),
        _ => None,
    };
    if set.is_some_and(|name| changes.sets.contains(name)) {
        c.kind = ConditionKind::Rate;
        c.test = Test::Opaque;
        return;
    }
    let header = matches!(
        c.test,
        Test::Ttl(_) | Test::Length(_) | Test::Dscp(_) | Test::Opaque
    );
    if changes.headers && header && c.kind == ConditionKind::Unknown {
        c.test = Test::Opaque;
        // Equal texts would be one variable.
        c.text = format!("{} (at byte {}, after a rewrite)", c.text, c.span.start).into();
    }
}
