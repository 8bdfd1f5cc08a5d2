//! A rule of the JSON form as nft lists it in text.

use super::json;
use super::syntax::{ExprKind, MatchOp, Object, Statement, StatementKind};
use crate::json::Json;

/// Returns the rule of an object (`{"family": …, "expr": […]}`, alone or as the value of `rule`) as `nft list ruleset` writes it; `None` of what is no such object.
#[must_use]
pub fn listed(object: &str) -> Option<String> {
    if !object.starts_with('{') {
        return None;
    }
    let inner = format!("{{\"nftables\": [{{\"rule\": {object}}}]}}");
    let outer = format!("{{\"nftables\": [{object}]}}");
    statements(&inner).or_else(|| statements(&outer))
}

/// The statements of the first rule of a document; `None` if there is none.
fn statements(document: &str) -> Option<String> {
    let document = Json::parse(document);
    let worded = json::Worded::of(&document);
    let commands = json::parse(&document, &worded, &mut Vec::new());
    let rule = commands.iter().find_map(|c| match &c.object {
        Object::Rule(rule) => Some(rule),
        _ => None,
    })?;
    let statements: Vec<String> = rule.statements.iter().map(statement).collect();
    (!statements.is_empty()).then(|| statements.join(" "))
}

/// One statement. JSON names the operator of every match, a listing leaves it out where values are compared as they are.
fn statement(s: &Statement<'_>) -> String {
    match &s.kind {
        StatementKind::Match { left, op, right }
            if *op == MatchOp::Eq && !matches!(left.kind, ExprKind::Binary(_)) =>
        {
            format!("{left} {right}")
        }
        _ => s.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_rule_is_written_as_nft_lists_it() {
        let rule = r#"{"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 9, "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}},
            {"accept": null}]}}"#;
        let inner = rule
            .strip_prefix("{\"rule\": ")
            .and_then(|r| r.strip_suffix('}'));
        for rule in [Some(rule), inner] {
            let text = rule.and_then(listed);
            assert_eq!(text.as_deref(), Some("tcp dport 22 accept"));
        }
        for other in ["tcp dport 22 accept", "{", "{\"chain\": {}}", ""] {
            assert_eq!(listed(other), None, "{other}");
        }
    }
}
