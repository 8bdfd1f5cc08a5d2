//! `[[allow]]` and `[[waive]]`.

use super::fields::{Names, address_help, glob, unknown};
use super::keys;
use super::{AllowConfig, Ends};
use crate::common::toml_reader::{Table, Value};
use crate::finding::Code;
use crate::site::Waive;
use hylint_space::{AddrSet, PortSet, ProtoSet, proto};

/// Reads a wanted flow.
pub(super) fn allow(names: &Names<'_>, t: &Table<'_, '_>) -> Option<AllowConfig> {
    t.only(&keys::ALLOW.names());
    let from = t.need("from").and_then(|v| ends(names, &v));
    let to = t.need("to").and_then(|v| ends(names, &v));
    let port = t.need("port").and_then(|v| port(&v));
    let reason = filled(t, "reason");
    let (proto, ports) = port?;
    Some(AllowConfig {
        from: from?,
        to: to?,
        proto,
        ports,
        reason: reason?,
    })
}

/// A text that must be there and say something.
fn filled(t: &Table<'_, '_>, key: &str) -> Option<String> {
    let value = t.need(key)?;
    let text = value.str()?.trim();
    if text.is_empty() {
        value.error(format!("`{key}` is empty"), None);
        return None;
    }
    Some(text.to_owned())
}

/// Addresses, roles or groups: one or a list.
fn ends(names: &Names<'_>, value: &Value<'_, '_>) -> Option<Ends> {
    let list = if value.is_str() {
        vec![value.clone()]
    } else {
        value.list()?
    };
    let mut all = Ends::default();
    let mut good = !list.is_empty();
    if list.is_empty() {
        value.error("empty list, expected at least one address or role", None);
    }
    for v in list {
        let Some(text) = v.str() else {
            good = false;
            continue;
        };
        let roles = names.matrix.roles_named(text);
        if text == "any" {
            all.addrs = AddrSet::any();
        } else if !roles.is_empty() {
            all.roles.extend(roles);
        } else if let Some(set) = AddrSet::parse(text) {
            all.addrs = all.addrs.union(&set);
        } else if text.starts_with(|c: char| c.is_ascii_digit()) || text.contains([':', '/']) {
            v.error(
                format!("invalid address `{text}`"),
                Some(address_help(text)),
            );
            good = false;
        } else {
            let _ = names.role(text, &v, v.span());
            good = false;
        }
    }
    good.then_some(all)
}

/// `proto/port`, `proto/low-high`, `proto/*`, `icmp` or `*`.
fn port(value: &Value<'_, '_>) -> Option<(ProtoSet, PortSet)> {
    let text = value.str()?;
    let (name, ports) = text.split_once('/').unwrap_or((text, "*"));
    let number = match name {
        "tcp" => Some(proto::TCP),
        "udp" => Some(proto::UDP),
        "sctp" => Some(proto::SCTP),
        "icmp" => Some(proto::ICMP),
        "icmpv6" => Some(proto::ICMPV6),
        n => n.parse().ok(),
    };
    let help = "write tcp/5985, tcp/1024-2048, udp/* or icmp";
    let Some(number) = number.filter(|n| text.contains('/') || !proto::has_ports(*n)) else {
        value.error(
            format!("invalid protocol and port `{text}`"),
            Some(help.into()),
        );
        return None;
    };
    let set = match ports {
        "*" => PortSet::full(),
        _ if !proto::has_ports(number) => {
            value.error(format!("protocol `{name}` has no ports"), Some(help.into()));
            return None;
        }
        list => parse_ports(value, list)?,
    };
    Some((ProtoSet::single(number), set))
}

fn parse_ports(value: &Value<'_, '_>, text: &str) -> Option<PortSet> {
    let (a, b) = text.split_once('-').unwrap_or((text, text));
    let port = |t: &str| t.parse::<u16>().ok().filter(|p| *p > 0);
    match (port(a), port(b)) {
        (Some(a), Some(b)) if a <= b => Some(PortSet::range(a, b)),
        _ => {
            let help = "write tcp/5985 or tcp/1024-2048";
            value.error(format!("invalid port or range `{text}`"), Some(help.into()));
            None
        }
    }
}

/// Reads a waiver. It must be owned, end, and be tied to something.
pub(super) fn waive(names: &Names<'_>, t: &Table<'_, '_>) -> Option<Waive> {
    t.only(&keys::WAIVE.names());
    let code = t.need("code").and_then(|v| {
        let text = v.str()?;
        let code = Code::named(text);
        if code.is_none() {
            let codes = Code::EACH.iter().map(|c| c.as_str());
            unknown(&v, v.span(), "code", text, codes);
        }
        code
    });
    let requirement = t.get("requirement").map(|v| {
        let id = v.str()?;
        let known = names.matrix.requirement(id).is_some();
        if !known {
            let ids = names.matrix.requirements.iter().map(|r| r.id.as_str());
            unknown(&v, v.span(), "requirement", id, ids);
        }
        known.then(|| id.to_owned())
    });
    let rule = t.get("rule").map(|v| rule_name(&v));
    let export = t.get("export").map(|v| glob(&v));
    let until = t.need("until").and_then(|v| v.date());
    let (reason, owner) = (filled(t, "reason"), filled(t, "owner"));
    if requirement.is_none() && rule.is_none() && export.is_none() {
        t.error(
            "a waiver needs one of `requirement`, `rule` and `export`",
            Some("without one it would hold for the whole site".into()),
        );
        return None;
    }
    Some(Waive {
        code: code?,
        requirement: optional(requirement)?,
        rule: optional(rule)?,
        export: optional(export)?,
        until: until?,
        reason: reason?,
        owner: owner?,
        span: t.span.clone(),
    })
}

/// A rule's name. Reports call a rule without a name by its line, which is another rule's after the next change.
fn rule_name(v: &Value<'_, '_>) -> Option<String> {
    let name = v.str()?;
    let line = name
        .strip_prefix("line ")
        .and_then(|n| n.parse::<u32>().ok());
    if line.is_some() {
        let help =
            "add `hylint: allow CODE until=… reason=…` to the comment of the rule, or use `export`";
        v.error(
            format!("invalid rule `{name}`: line numbers change, expected a name"),
            Some(help.into()),
        );
        return None;
    }
    Some(name.to_owned())
}

/// A key that may be missing but not wrong: `None` if it is wrong.
fn optional<T>(key: Option<Option<T>>) -> Option<Option<T>> {
    match key {
        None => Some(None),
        Some(None) => None,
        Some(some) => Some(some),
    }
}
