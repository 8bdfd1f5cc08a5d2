//! Conditions: by what they test, else by their text.

use super::form::{error, word};
use crate::iptables::matches::MATCHES;
use crate::write::Result;
use hylint_model::{AddrTypes, Condition, Rule, Side, Test};
use hylint_space::{Family, RangeSet, Scalar};

/// The options of a condition, from the blank before them.
pub(super) fn options(rule: &Rule, c: &Condition, family: Option<Family>) -> Result<String> {
    let bang = if c.negated { "! " } else { "" };
    // The reader's own text names option and value as they stood.
    if let Some(written) = as_written(c, bang) {
        return Ok(written);
    }
    let end = |side: &Side| if *side == Side::Src { "src" } else { "dst" };
    let body = match &c.test {
        Test::Named { key, side } => return named(rule, c, key, *side, bang),
        Test::IpSet { name, sides } => {
            let sides: Vec<&str> = sides.iter().map(end).collect();
            format!("set {bang}--match-set {} {}", word(name), sides.join(","))
        }
        Test::Mac(mac) => format!("mac {bang}--mac-source {mac}"),
        Test::Uid(set) => format!("owner {bang}--uid-owner {}", range(rule, set, "-")?),
        Test::Gid(set) => format!("owner {bang}--gid-owner {}", range(rule, set, "-")?),
        Test::Mark { value, mask } => format!("mark {bang}--mark {value:#x}/{mask:#x}"),
        Test::ConnMark { value, mask } => format!("connmark {bang}--mark {value:#x}/{mask:#x}"),
        Test::AddrType {
            side,
            types,
            single: false,
        } => {
            format!("addrtype {bang}--{}-type {}", end(side), type_names(*types))
        }
        Test::PktType(kind) => format!("pkttype {bang}--pkt-type {kind}"),
        Test::Length(set) => format!("length {bang}--length {}", range(rule, set, ":")?),
        Test::Ttl(set) => hops(rule, set, bang, family)?,
        Test::Dscp(set) => format!("dscp {bang}--dscp {}", range(rule, set, ":")?),
        Test::Fragment => return Ok(format!(" {bang}-f")),
        Test::IpSec => {
            let dir = if c.text.contains("(out)") {
                "out"
            } else {
                "in"
            };
            let pol = if c.negated { "none" } else { "ipsec" };
            format!("policy --dir {dir} --pol {pol}")
        }
        Test::ReversePath if c.negated => format!("{} --invert", c.text),
        Test::ReversePath => c.text.to_string(),
        Test::ExtensionHeader | Test::Passing | Test::Rate(_) | Test::Opaque if !c.negated => {
            c.text.to_string()
        }
        _ => return Err(no_words(rule)),
    };
    Ok(format!(" -m {body}"))
}

fn no_words(rule: &Rule) -> crate::write::WriteError {
    error(
        rule.span,
        "the rule rests on a condition that iptables does not have",
    )
}

/// A condition whose text is one option of a listed match.
fn as_written(c: &Condition, bang: &str) -> Option<String> {
    let option = c.text.strip_prefix("! ").unwrap_or(&c.text);
    let name = option.strip_prefix("--")?.split(' ').next()?;
    let owner = MATCHES
        .iter()
        .find(|m| m.options.iter().any(|(n, _)| *n == name))?;
    Some(format!(" -m {} {bang}{}", owner.name, c.text))
}

fn named(rule: &Rule, c: &Condition, key: &str, side: Side, bang: &str) -> Result<String> {
    let src = side == Side::Src;
    if let Some(host) = key.strip_prefix("host:") {
        let clauses = rule.clauses.iter().filter(|k| k.conditions.contains(c));
        let mut ends = clauses.map(|k| if src { &k.space.src } else { &k.space.dst });
        if !ends.all(|set| set.v4.is_full() || set.v6.is_full()) {
            return Err(error(
                rule.span,
                "a host's name cannot be narrowed by addresses",
            ));
        }
        return Ok(format!(" {bang}{} {host}", if src { "-s" } else { "-d" }));
    }
    let name = key.strip_prefix("ipset:").ok_or_else(|| no_words(rule))?;
    let end = if src { "src" } else { "dst" };
    Ok(format!(" -m set {bang}--match-set {} {end}", word(name)))
}

fn range<T: Scalar + std::fmt::Display>(
    rule: &Rule,
    set: &RangeSet<T>,
    separator: &str,
) -> Result<String> {
    match super::ports::one(set) {
        Some((lo, hi)) if lo == hi => Ok(lo.to_string()),
        Some((lo, hi)) => Ok(format!("{lo}{separator}{hi}")),
        None => Err(error(rule.span, "iptables takes one number or one range")),
    }
}

fn type_names(types: AddrTypes) -> String {
    let names = AddrTypes::NAMES.iter().filter(|n| types.has(n));
    names.copied().collect::<Vec<_>>().join(",")
}

/// TTL, or hop limit in an IPv6 dump.
fn hops(rule: &Rule, set: &RangeSet<u8>, bang: &str, family: Option<Family>) -> Result<String> {
    let m = if family == Some(Family::V6) {
        "hl"
    } else {
        "ttl"
    };
    Ok(match super::ports::one(set) {
        Some((lo, hi)) if lo == hi => format!("{m} {bang}--{m}-eq {lo}"),
        // `! --ttl-lt` is not taken.
        Some((0, hi)) if !bang.is_empty() => format!("{m} --{m}-gt {hi}"),
        Some((lo, u8::MAX)) if !bang.is_empty() && lo > 0 => format!("{m} --{m}-lt {lo}"),
        Some((0, hi)) if hi < u8::MAX => format!("{m} --{m}-lt {}", hi + 1),
        Some((lo, u8::MAX)) if lo > 0 => format!("{m} --{m}-gt {}", lo - 1),
        _ => return Err(error(rule.span, "iptables has no range of hops")),
    })
}
