//! Expressions as JSON.

use super::super::syntax::{
    Binary, BinaryOp, CtDirection, Element, Expr, ExprKind, PayloadBase, Verdict,
};
pub(super) use crate::json::escape::quoted;

/// A member of an object.
pub(super) fn member(key: &str, value: impl AsRef<str>) -> String {
    format!("\"{key}\": {}", value.as_ref())
}

/// An object with one member.
pub(super) fn object(key: &str, value: impl AsRef<str>) -> String {
    format!("{{{}}}", member(key, value))
}

/// An object.
fn members(all: &[String]) -> String {
    format!("{{{}}}", all.join(", "))
}

/// An expression; `None` if it has no form in JSON.
pub(super) fn json(expr: &Expr<'_>) -> Option<String> {
    Some(match &expr.kind {
        ExprKind::Symbol(text) => constant(text),
        ExprKind::Quoted(text) => quoted(text),
        ExprKind::Prefix { addr, len } => object(
            "prefix",
            members(&[member("addr", quoted(addr)), member("len", len.to_string())]),
        ),
        ExprKind::Range(ends) => {
            let ends = [json(&ends.0)?, json(&ends.1)?];
            object("range", format!("[{}]", ends.join(", ")))
        }
        ExprKind::Concat(parts) => object("concat", list(parts)?),
        ExprKind::List(parts) => list(parts)?,
        ExprKind::Set(elements_of) => object("set", elements(elements_of)?),
        ExprKind::SetRef(name) => quoted(&format!("@{name}")),
        ExprKind::Wildcard => quoted("*"),
        ExprKind::Map(lookup) => map("map", &lookup.key, &lookup.data)?,
        ExprKind::Binary(binary) => operation(binary)?,
        ExprKind::Verdict(of) => verdict(of)?,
        ExprKind::Element(of) => element(of)?,
        _ => return field(expr),
    })
}

/// `key map data`, `key vmap data`.
pub(super) fn map(word: &str, key: &Expr<'_>, data: &Expr<'_>) -> Option<String> {
    let of = [member("key", json(key)?), member("data", json(data)?)];
    Some(object(word, members(&of)))
}

/// A number as a number, and what asks whether something is there as a truth value.
fn constant(text: &str) -> String {
    match text {
        "exists" => "true".into(),
        "missing" => "false".into(),
        _ => match crate::iptables::names::number(text) {
            Some(n) => n.to_string(),
            None => quoted(text),
        },
    }
}

fn list(parts: &[Expr<'_>]) -> Option<String> {
    let parts: Option<Vec<String>> = parts.iter().map(json).collect();
    Some(format!("[{}]", parts?.join(", ")))
}

/// The elements of a set or map.
pub(super) fn elements(all: &[Element<'_>]) -> Option<String> {
    let each: Option<Vec<String>> = all.iter().map(element).collect();
    Some(format!("[{}]", each?.join(", ")))
}

fn element(element: &Element<'_>) -> Option<String> {
    if element.extra.is_some() {
        return None;
    }
    let key = json(&element.key)?;
    Some(match &element.data {
        Some(data) => format!("[{key}, {}]", json(data)?),
        None => key,
    })
}

fn operation(binary: &Binary<'_>) -> Option<String> {
    let word = match binary.op {
        BinaryOp::Or => "|",
        BinaryOp::And => "&",
        BinaryOp::Xor => "^",
        BinaryOp::ShiftLeft => "<<",
        BinaryOp::ShiftRight => ">>",
    };
    let sides = [json(&binary.left)?, json(&binary.right)?];
    Some(object(word, format!("[{}]", sides.join(", "))))
}

/// A verdict; `None` if its chain has no name.
pub(super) fn verdict(verdict: &Verdict<'_>) -> Option<String> {
    let to = |word, chain: &str| object(word, object("target", quoted(chain)));
    let plain = |word| object(word, "null");
    Some(match verdict {
        Verdict::Accept => plain("accept"),
        Verdict::Drop => plain("drop"),
        Verdict::Continue => plain("continue"),
        Verdict::Return => plain("return"),
        Verdict::Queue => plain("queue"),
        Verdict::Jump(chain) => to("jump", chain),
        Verdict::Goto(chain) => to("goto", chain),
        Verdict::Anonymous(..) => return None,
    })
}

/// What takes a value from the packet, its connection or the host.
fn field(expr: &Expr<'_>) -> Option<String> {
    let keyed = |word: &str, key: &str| object(word, object("key", quoted(key)));
    let named = |word: &str, name: &str, field: &str| {
        let mut all = vec![member("name", quoted(name))];
        if !field.is_empty() {
            all.push(member("field", quoted(field)));
        }
        object(word, members(&all))
    };
    Some(match &expr.kind {
        ExprKind::Payload(protocol, field) => {
            let (tunnel, protocol) = match protocol.split_once(' ') {
                Some((tunnel, protocol)) => (Some(tunnel), protocol),
                None => (None, &**protocol),
            };
            let mut all: Vec<String> = Vec::new();
            all.extend(tunnel.map(|t| member("tunnel", quoted(t))));
            all.push(member("protocol", quoted(protocol)));
            all.push(member("field", quoted(field)));
            object("payload", members(&all))
        }
        ExprKind::RawPayload { base, offset, len } => {
            let base = match base {
                PayloadBase::Link => "ll",
                PayloadBase::Network => "nh",
                PayloadBase::Transport => "th",
                PayloadBase::Inner => "ih",
            };
            let all = [
                member("base", quoted(base)),
                member("offset", offset.to_string()),
                member("len", len.to_string()),
            ];
            object("payload", members(&all))
        }
        ExprKind::Meta(key) => keyed("meta", key),
        ExprKind::Socket(key) if !key.contains(' ') => keyed("socket", key),
        ExprKind::Ct { key, dir } => {
            let mut all = vec![member("key", quoted(key))];
            all.extend(dir.map(|d| {
                let word = match d {
                    CtDirection::Original => "original",
                    CtDirection::Reply => "reply",
                };
                member("dir", quoted(word))
            }));
            object("ct", members(&all))
        }
        ExprKind::Fib(fib) => {
            let flags: Vec<String> = fib.flags.iter().map(|f| quoted(f)).collect();
            let all = [
                member("result", quoted(&fib.result)),
                member("flags", format!("[{}]", flags.join(", "))),
            ];
            object("fib", members(&all))
        }
        ExprKind::Rt(key) => {
            let (family, key) = match key.split_once(' ') {
                Some((family, key)) => (Some(family), key),
                None => (None, &**key),
            };
            let mut all = vec![member("key", quoted(key))];
            all.extend(family.map(|f| member("family", quoted(f))));
            object("rt", members(&all))
        }
        ExprKind::ExtHdr(name, field) => named("exthdr", name, field),
        ExprKind::TcpOption(name, field) if !name.starts_with('@') => {
            named("tcp option", name, field)
        }
        ExprKind::NumGen(n) => {
            let mode = if n.random { "random" } else { "inc" };
            let all = [
                member("mode", quoted(mode)),
                member("mod", n.modulus.to_string()),
                member("offset", n.offset.to_string()),
            ];
            object("numgen", members(&all))
        }
        _ => return None,
    })
}
