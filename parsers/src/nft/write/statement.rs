//! Statements as JSON.

use super::super::syntax::{
    Expr, ExprKind, MatchOp, NatStmt, Rejection, Statement, StatementKind, UpdateOp,
};
use super::expr::{json as expr, map, member, object, quoted, verdict};
use hylint_model::NatKind;

/// A statement; `None` if it has no form in JSON, or if the tree does not hold all of it.
pub(super) fn json(statement: &Statement<'_>) -> Option<String> {
    let plain = |word| object(word, "null");
    Some(match &statement.kind {
        StatementKind::Match { left, op, right } => {
            let all = [
                member("op", quoted(operator(*op, left, right))),
                member("left", expr(left)?),
                member("right", expr(right)?),
            ];
            object("match", format!("{{{}}}", all.join(", ")))
        }
        StatementKind::Verdict(of) => verdict(of)?,
        StatementKind::Vmap(key, data) => map("vmap", key, data)?,
        StatementKind::Mangle(key, value) => {
            let all = [member("key", expr(key)?), member("value", expr(value)?)];
            object("mangle", format!("{{{}}}", all.join(", ")))
        }
        StatementKind::Nat(nat) => translation(nat)?,
        StatementKind::Reject(Rejection::Any) => plain("reject"),
        StatementKind::Reject(Rejection::Icmp) => object("reject", object("type", quoted("icmp"))),
        StatementKind::Reject(Rejection::Icmpv6) => {
            object("reject", object("type", quoted("icmpv6")))
        }
        StatementKind::Reject(Rejection::TcpReset) => {
            object("reject", object("type", quoted("tcp reset")))
        }
        StatementKind::Notrack => plain("notrack"),
        StatementKind::Silent => plain("counter"),
        StatementKind::Queue { bypass: false } => plain("queue"),
        StatementKind::Queue { bypass: true } => object("queue", object("flags", quoted("bypass"))),
        StatementKind::Synproxy => plain("synproxy"),
        StatementKind::Update {
            op,
            set,
            key,
            data: None,
            statements,
        } => {
            let op = match op {
                UpdateOp::Add => "add",
                UpdateOp::Update => "update",
                UpdateOp::Delete => "delete",
            };
            let inner: Option<Vec<String>> = statements.iter().map(json).collect();
            let all = [
                member("op", quoted(op)),
                member("elem", expr(key)?),
                member("set", quoted(&format!("@{set}"))),
                member("stmt", format!("[{}]", inner?.join(", "))),
            ];
            object("set", format!("{{{}}}", all.join(", ")))
        }
        StatementKind::Limit { over, text } => limit(*over, text)?,
        StatementKind::Quota { over, text } => quota(*over, text)?,
        StatementKind::CtCount { over, count } => object(
            "ct count",
            format!("{{\"val\": {count}{}}}", inverse(*over)),
        ),
        _ => return None,
    })
}

fn inverse(over: bool) -> &'static str {
    if over { ", \"inv\": true" } else { "" }
}

/// `rate over 512 kbytes/second burst 9 kbytes`, `name "x"`.
fn limit(over: bool, text: &str) -> Option<String> {
    if let Some(name) = text.strip_prefix("name ") {
        return Some(object("limit", quoted(name.trim_matches('"'))));
    }
    let words: Vec<&str> = text.split(' ').filter(|w| *w != "over").collect();
    let (rate, burst) = match words.as_slice() {
        ["rate", rate @ .., "burst", burst, unit] => (rate, Some((*burst, *unit))),
        ["rate", rate @ ..] => (rate, None),
        _ => return None,
    };
    let (number, unit, per) = match rate {
        [one] => one.split_once('/').map(|(n, per)| (n, None, per))?,
        [number, unit] => unit
            .split_once('/')
            .map(|(unit, per)| (*number, Some(unit), per))?,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    let (burst, burst_unit) = match burst {
        Some((burst, unit)) => (burst.parse::<u64>().ok()?, unit),
        None if unit.is_some() => (0, "bytes"),
        None => (5, "packets"),
    };
    let mut out = format!(
        "{{\"rate\": {number}, \"burst\": {burst}, \"per\": {}",
        quoted(per)
    );
    out.push_str(inverse(over));
    if let Some(unit) = unit {
        out.push_str(&format!(
            ", \"rate_unit\": {}, \"burst_unit\": {}",
            quoted(unit),
            quoted(burst_unit)
        ));
    }
    out.push('}');
    Some(object("limit", out))
}

/// `over 10 mbytes`, `name "x"`.
fn quota(over: bool, text: &str) -> Option<String> {
    if let Some(name) = text.strip_prefix("name ") {
        return Some(object("quota", quoted(name.trim_matches('"'))));
    }
    let (number, unit) = text.strip_prefix("over ").unwrap_or(text).split_once(' ')?;
    let number: u64 = number.parse().ok()?;
    let rest = format!("\"val_unit\": {}{}", quoted(unit), inverse(over));
    Some(object("quota", format!("{{\"val\": {number}, {rest}}}")))
}

/// Without an operator nft compares bits of bitmasks, and says so.
fn operator(op: MatchOp, left: &Expr<'_>, right: &Expr<'_>) -> &'static str {
    let set = matches!(right.kind, ExprKind::Set(_) | ExprKind::SetRef(_));
    match op {
        MatchOp::Implicit if left.is_bitmask() && !set => "in",
        MatchOp::Implicit | MatchOp::Eq => "==",
        MatchOp::Ne => "!=",
        MatchOp::Lt => "<",
        MatchOp::Gt => ">",
        MatchOp::Le => "<=",
        MatchOp::Ge => ">=",
        MatchOp::Not => "!",
    }
}

fn translation(nat: &NatStmt<'_>) -> Option<String> {
    let word = match nat.kind {
        NatKind::Dnat => "dnat",
        NatKind::Snat => "snat",
        NatKind::Redirect => "redirect",
        NatKind::Masquerade => "masquerade",
        NatKind::Netmap => return None,
    };
    if nat.prefix || nat.concat {
        return None;
    }
    let mut all = Vec::new();
    all.extend(nat.family.as_ref().map(|f| member("family", quoted(f))));
    if let Some(addr) = &nat.addr {
        all.push(member("addr", expr(addr)?));
    }
    if let Some(port) = &nat.port {
        all.push(member("port", expr(port)?));
    }
    if !nat.flags.is_empty() {
        let flags: Vec<String> = nat.flags.iter().map(|f| quoted(f)).collect();
        all.push(member("flags", format!("[{}]", flags.join(", "))));
    }
    Some(match all.is_empty() {
        true => object(word, "null"),
        false => object(word, format!("{{{}}}", all.join(", "))),
    })
}
