//! The other end of a rule: address blocks, prefix lists, group references.

use super::reader::{Reader, doubt, given};
use super::shape;
use crate::json::Value;
use hylint_model::{Condition, ConditionKind, ProblemKind, Side, Span, Test, reworded};
use hylint_space::{AddrSet, Family};

/// Whom a rule speaks of.
pub(super) struct Peer {
    /// Its addresses, before the condition.
    pub(super) addrs: AddrSet,
    /// What only a lookup decides, or what was not understood.
    pub(super) condition: Option<Condition>,
    /// False for a reference that nobody can be a member of any more.
    pub(super) exists: bool,
    /// The place of the value that names it.
    pub(super) place: Option<Span>,
}

impl Peer {
    /// Somebody who is not understood.
    pub(super) fn unknown(span: Span, what: &str) -> Self {
        Self {
            addrs: AddrSet::any(),
            condition: Some(doubt(span, what)),
            exists: true,
            place: None,
        }
    }

    fn named(value: Value<'_>, side: Side, text: String) -> Self {
        let key = format!("aws:{}", value.text().unwrap_or_default());
        let test = Test::Named {
            key: key.into(),
            side,
        };
        Self {
            addrs: AddrSet::any(),
            condition: Some(Condition::new(
                ConditionKind::Peer,
                test,
                value.span(),
                text,
            )),
            exists: true,
            place: Some(value.span()),
        }
    }

    /// Members of a prefix list.
    pub(super) fn prefix_list(value: Value<'_>, side: Side) -> Self {
        let id = value.text().unwrap_or_default();
        Self::named(value, side, format!("in prefix list {id}"))
    }

    /// Addresses of one block. `family` is the one that the key promises, for a block that cannot be read.
    pub(super) fn block(reader: &mut Reader<'_>, value: Value<'_>, family: Family) -> Self {
        match reader.cidr(value) {
            Some(addrs) => Self {
                addrs,
                condition: None,
                exists: true,
                place: Some(value.span()),
            },
            None => Self {
                addrs: AddrSet::any_of(family),
                condition: Some(doubt(
                    value.span(),
                    format!("{} is no address block", value.raw()),
                )),
                exists: true,
                place: Some(value.span()),
            },
        }
    }

    /// Members of a group, by `UserIdGroupPair` or `ReferencedSecurityGroup`, with the reference's description.
    /// `owner` is the account of the group that holds the rule.
    pub(super) fn group<'a>(
        reader: &mut Reader<'_>,
        pair: Value<'a>,
        side: Side,
        owner: &str,
    ) -> (Self, Option<Value<'a>>) {
        let fields = reader.objects.read(&shape::PAIR, pair);
        let [id, name, account, peering, description] = fields.values;
        let Some(group) = id.filter(given).or(name.filter(given)) else {
            reader.problem(
                ProblemKind::Malformed,
                pair.span(),
                reworded(
                    "group reference without a group id or name: its peers are unknown",
                    "a group reference without a group id or name: whom it lets in is not certain",
                ),
            );
            let peer = Self::unknown(pair.span(), "a group reference without an id");
            return (peer, description);
        };
        let mut text = format!("in security group {}", group.text().unwrap_or_default());
        if let Some(account) = account.and_then(Value::text)
            && !account.is_empty()
            && account != owner
        {
            text.push_str(&format!(" of account {account}"));
        }
        let mut peer = Self::named(group, side, text);
        if let Some(status) = peering.filter(|v| v.str().is_some_and(|s| is_stale(&s))) {
            peer.exists = false;
            reader.problem(
                ProblemKind::Note,
                status.span(),
                reworded(
                    format!(
                        "rule matches nothing: the peering to the group is {}",
                        status.raw()
                    ),
                    format!(
                        "the peering to the group is {}, so this rule matches nothing",
                        status.raw()
                    ),
                ),
            );
        }
        if let Some(key) = fields.unknown {
            peer.condition = Some(doubt(key, reader.source.slice(key)));
        }
        (peer, description)
    }
}

/// States of a VPC peering connection in which nothing passes and to which it does not return
/// (Amazon VPC Peering Guide, "VPC peering connection lifecycle").
fn is_stale(status: &str) -> bool {
    ["deleted", "deleting", "rejected", "expired", "failed"]
        .iter()
        .any(|s| s.eq_ignore_ascii_case(status.trim()))
}
