//! The reader's lists and protocols in words.

use super::document::{Item, LISTS};
use super::traffic::NAMES;
use crate::catalog::Row;

/// The lists that are read, by name, with the command that prints them.
#[must_use]
pub fn lists() -> Vec<Row> {
    LISTS
        .iter()
        .map(|(name, item)| {
            let (doc, model) = item_words(*item);
            Row::new(*name, doc, model)
        })
        .collect()
}

fn item_words(item: Item) -> (&'static str, &'static str) {
    match item {
        Item::Group => (
            "`aws ec2 describe-security-groups`",
            "a security group: its rules in packets, all else denied",
        ),
        Item::Acl => (
            "`aws ec2 describe-network-acls`",
            "a network ACL: its entries by number, then deny",
        ),
        Item::ListedRule => (
            "`aws ec2 describe-security-group-rules`",
            "rules, gathered by group",
        ),
        Item::Permission => (
            "`--query` on a group's permissions",
            "rules of a group without a name",
        ),
        Item::AclEntry => (
            "`--query` on an ACL's entries",
            "entries of an ACL without a name",
        ),
        Item::PrefixEntry => (
            "`aws ec2 get-managed-prefix-list-entries`",
            "the addresses of a prefix list, if it is whole and its id is known",
        ),
        Item::Interface => (
            "`aws ec2 describe-network-interfaces`",
            "addresses, groups and subnet of a host",
        ),
        Item::Instance => (
            "`aws ec2 describe-instances`",
            "addresses, groups and subnet of a host",
        ),
        Item::Subnet => ("`aws ec2 describe-subnets`", "addresses of a subnet"),
        Item::PrefixList => (
            "`aws ec2 describe-prefix-lists`, `describe-managed-prefix-lists`",
            "the addresses of a prefix list; one without addresses is named",
        ),
    }
}

/// The names of protocols beside numbers: the name and its number.
pub fn protocols() -> impl Iterator<Item = (&'static str, u8)> {
    NAMES.into_iter()
}
