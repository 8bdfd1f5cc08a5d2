//! Where a rule is, and what its table declares for it.

use super::super::syntax::{Expr, ExprKind};
use super::form::{error, quoted, ranges};
use crate::write::Result;
use hylint_model::{NamedSet, NamedSetId, Netfilter, PacketField, Rule, Table, Values};
use hylint_space::{Family, IfaceExt, IfaceSet};
use std::collections::BTreeMap;

/// Where a rule is.
pub(super) struct Context<'a> {
    /// All tables.
    pub(super) netfilter: &'a Netfilter,
    /// The table.
    pub(super) table: &'a Table,
    /// The only family of the table; `None` if it has both, or frames.
    pub(super) family: Option<Family>,
    /// The sets that rules of the table name: what stands behind the name.
    pub(super) sets: BTreeMap<String, String>,
    /// The chains without names that no rule has called yet, by their places.
    pub(super) anonymous: BTreeMap<usize, String>,
}

/// Whether a chain of the model is one that stands in a rule (`jump { … }`).
pub(super) fn is_anonymous(name: &str) -> bool {
    name.ends_with(" {…}")
}

impl Context<'_> {
    /// The chain at a place of the table, in braces, for the one rule that calls it.
    pub(super) fn anonymous(&mut self, at: usize, rule: &Rule) -> Result<String> {
        let found = self.anonymous.remove(&at);
        found.ok_or_else(|| error(rule.span, "two rules call one chain that has no name"))
    }

    /// Declares a set whose members the ruleset does not hold: that rules write it keeps them open.
    pub(super) fn declare_open(&mut self, name: &str, key: &Expr<'_>) {
        let parts = match &key.kind {
            ExprKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(key),
        };
        let types: Option<Vec<&str>> = parts.iter().map(type_of).collect();
        let text = || {
            let kind = match types {
                Some(types) => format!("type {}", types.join(" . ")),
                None => format!("typeof {key}"),
            };
            format!("\t\t{kind}\n\t\tsize 65535\n\t\tflags dynamic\n")
        };
        self.sets.entry(name.to_owned()).or_insert_with(text);
    }

    /// Declares a set with its members.
    pub(super) fn declare(
        &mut self,
        id: NamedSetId,
        fields: &[PacketField],
        rule: &Rule,
    ) -> Result<()> {
        let unsaid = || error(rule.span, "nft has no form for a set that the rule names");
        let set = self.netfilter.set(id).ok_or_else(unsaid)?;
        // The rule's own text has the members of a set without a name.
        if set.name.is_empty() || self.sets.contains_key(&*set.name) {
            return Ok(());
        }
        let text = set_text(set, fields).ok_or_else(unsaid)?;
        self.sets.insert(set.name.to_string(), text);
        Ok(())
    }
}

/// The type of what an expression takes from a packet, of those that sets mostly hold: older releases of nft take no
/// expression for it in JSON.
fn type_of(expr: &Expr<'_>) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Payload(protocol, field) => match (&**protocol, &**field) {
            ("ip", "saddr" | "daddr") => Some("ipv4_addr"),
            ("ip6", "saddr" | "daddr") => Some("ipv6_addr"),
            ("ether", "saddr" | "daddr") => Some("ether_addr"),
            ("tcp" | "udp" | "th" | "sctp" | "dccp", "sport" | "dport") => Some("inet_service"),
            _ => None,
        },
        ExprKind::Meta(key) => match &**key {
            "iifname" | "oifname" => Some("ifname"),
            "l4proto" => Some("inet_proto"),
            "mark" => Some("mark"),
            _ => None,
        },
        _ => None,
    }
}

fn set_text(set: &NamedSet, fields: &[PacketField]) -> Option<String> {
    let first = set.members.first();
    let mut types = Vec::with_capacity(fields.len());
    for (i, field) in fields.iter().enumerate() {
        let values = first.and_then(|m| m.get(i));
        types.push(match (field, values) {
            (PacketField::Src | PacketField::Dst, Some(Values::Addrs(a))) if a.has(Family::V6) => {
                "ipv6_addr"
            }
            (PacketField::Src | PacketField::Dst, _) => "ipv4_addr",
            (PacketField::Sport | PacketField::Dport, _) => "inet_service",
            (PacketField::Protocol, _) => "inet_proto",
            (PacketField::InInterface | PacketField::OutInterface, _) => "ifname",
        });
    }
    let mut elements = Vec::with_capacity(set.members.len());
    for member in &set.members {
        elements.extend(rows(member)?);
    }
    let list = match elements.is_empty() {
        true => String::new(),
        false => format!("\t\telements = {{ {} }}\n", elements.join(",\n\t\t\t     ")),
    };
    Some(format!(
        "\t\ttype {}\n\t\tflags interval\n{list}",
        types.join(" . ")
    ))
}

/// Each combination of a member's values.
fn rows(member: &[Values]) -> Option<Vec<String>> {
    let mut all = vec![String::new()];
    for values in member {
        let texts = texts(values)?;
        let add = |head: &String, value: &String| match head.as_str() {
            "" => value.clone(),
            head => format!("{head} . {value}"),
        };
        all = all
            .iter()
            .flat_map(|head| texts.iter().map(move |v| add(head, v)))
            .collect();
    }
    Some(all)
}

fn texts(values: &Values) -> Option<Vec<String>> {
    Some(match values {
        Values::Addrs(set) => set.texts().collect(),
        Values::Ports(set) => ranges(set),
        Values::Protocols(set) => ranges(set),
        Values::Interfaces(set) => {
            let each = set.iter().map(|(lo, _)| {
                let bytes = lo.to_be_bytes();
                let name: Vec<u8> = bytes.iter().copied().take_while(|b| *b != 0).collect();
                let name = String::from_utf8(name).ok()?;
                (IfaceSet::iface(&name) == *set).then(|| quoted(&name))?
            });
            each.collect::<Option<Vec<String>>>()?
        }
    })
}
