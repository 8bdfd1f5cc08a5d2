//! Protocols and ports of a rule.

use super::context::Context;
use super::values::{elements, is_blank, is_expression, shown};
use crate::json::Value;
use hylint_model::ProblemKind;
use hylint_space::{PortSet, ProtoSet, proto};

/// A set, or why it is not known (in words that follow the field's name).
pub(super) type Known<T> = Result<T, String>;

/// Reads a protocol: `*`, a name, a number or a range of numbers.
pub(super) fn protocol(
    cx: &mut Context,
    rule: Value<'_>,
    name: &str,
    v: Option<Value<'_>>,
) -> Known<ProtoSet> {
    let Some(v) = v.filter(|v| !is_blank(*v)) else {
        return Err(cx.missing(rule, "protocol", name));
    };
    let text = v.text().unwrap_or_default();
    let word = text.trim();
    let is = |w: &str| word.eq_ignore_ascii_case(w);
    let one = ProtoSet::single;
    if is("*") || is("any") || is("all") {
        return Ok(ProtoSet::full());
    }
    if is("tcp") {
        return Ok(one(proto::TCP));
    }
    if is("udp") {
        return Ok(one(proto::UDP));
    }
    if is("icmp") {
        // One word for both families.
        return Ok(one(proto::ICMP).union(&one(proto::ICMPV6)));
    }
    if is("icmpv6") {
        return Ok(one(proto::ICMPV6));
    }
    if is("esp") {
        return Ok(one(50));
    }
    if is("ah") {
        return Ok(one(51));
    }
    let number = |s: &str| s.trim().parse::<u8>().ok();
    let (lo, hi) = word.split_once('-').unwrap_or((word, word));
    match (number(lo), number(hi)) {
        (Some(lo), Some(hi)) if lo <= hi => Ok(ProtoSet::range(lo, hi)),
        _ => {
            let word = shown(v, word);
            Err(cx.unreadable(v, "protocol", &word))
        }
    }
}

/// One port range: `*`, `22`, `88-90`.
fn range(word: &str) -> Option<PortSet> {
    if word == "*" || word.eq_ignore_ascii_case("any") {
        return Some(PortSet::full());
    }
    let (lo, hi) = word.split_once('-').unwrap_or((word, word));
    let (lo, hi) = (
        lo.trim().parse::<u16>().ok()?,
        hi.trim().parse::<u16>().ok()?,
    );
    (lo <= hi).then(|| PortSet::range(lo, hi))
}

/// The ports of one value; `None` if it says nothing.
fn list(cx: &mut Context, v: Option<Value<'_>>, field: &str) -> Option<Known<PortSet>> {
    let v = v.filter(|v| !is_blank(*v))?;
    if let Some(set) = v.str().and_then(|t| range(&t)) {
        return Some(Ok(set));
    }
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for e in elements(v) {
        let text = e.text().unwrap_or_default();
        let whole = text.trim();
        if is_expression(whole) || whole.is_empty() {
            let word = shown(e, whole);
            return Some(Err(cx.unreadable(e, field, &word)));
        }
        for word in whole
            .split([',', ' ', '\n', '\t'])
            .filter(|w| !w.is_empty())
        {
            match range(word) {
                Some(set) => ranges.extend(set.iter()),
                None => return Some(Err(cx.unreadable(e, field, word))),
            }
        }
    }
    Some(Ok(ranges.into_iter().collect()))
}

/// The ports of a singular and a plural field together.
pub(super) fn ports(
    cx: &mut Context,
    rule: Value<'_>,
    name: &str,
    field: &str,
    [single, plural]: [Option<Value<'_>>; 2],
) -> Known<PortSet> {
    let one = list(cx, single, field);
    let many = list(cx, plural, field);
    match (one, many) {
        (None, None) => Err(cx.missing(rule, field, name)),
        (Some(set), None) | (None, Some(set)) => set,
        (Some(one), Some(many)) => {
            let (one, many) = (one?, many?);
            if !one.is_subset(&many) {
                let at = single.map(|v| cx.at(v)).unwrap_or_default();
                cx.problem(
                    ProblemKind::Note,
                    at,
                    format!("{field} of rule `{name}` is not in the list beside it; both are read"),
                );
            }
            Ok(one.union(&many))
        }
    }
}

/// Protocols and ports that hold together: ports say nothing where no protocol of the rule has any, and a rule for
/// every protocol with ports is one for the protocols that have them. Azure documents ports of TCP and UDP only; the
/// others share their place.
pub(super) fn joined(
    protocol: ProtoSet,
    sport: PortSet,
    dport: PortSet,
) -> (ProtoSet, PortSet, PortSet) {
    if sport.is_full() && dport.is_full() {
        return (protocol, sport, dport);
    }
    if protocol.only().is_some_and(proto::has_ports) {
        return (protocol, sport, dport);
    }
    let with = protocol.intersect(&proto::with_ports());
    if with.is_empty() {
        (protocol, PortSet::full(), PortSet::full())
    } else {
        (with, sport, dport)
    }
}
