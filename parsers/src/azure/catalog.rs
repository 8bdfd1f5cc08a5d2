//! The objects and words that the reader knows, in words.

use super::tags::{CLASSIC, KNOWN};
use super::walk::ObjectKind;
use crate::catalog::Row;

/// The objects that are read, wherever they stand.
#[must_use]
pub fn objects() -> Vec<Row> {
    ObjectKind::ALL
        .into_iter()
        .map(|found| {
            let (name, doc, model) = object_words(found);
            Row::new(name, doc, model)
        })
        .collect()
}

fn object_words(found: ObjectKind) -> (&'static str, &'static str, &'static str) {
    match found {
        ObjectKind::Group => (
            "network security group",
            "`az network nsg list`, `Get-AzNetworkSecurityGroup`, ARM",
            "its rules in packets, by priority, then the default rules",
        ),
        ObjectKind::Effective => (
            "effective rules",
            "`az network nic list-effective-nsg`",
            "as a group; `tagMap` and expanded prefixes give the addresses of tags",
        ),
        ObjectKind::Rule => (
            "rule by itself",
            "`az network nsg rule list`, ARM resources",
            "a rule of its group, or of one that is named as incomplete",
        ),
        ObjectKind::Interface => (
            "network interface",
            "`az network nic list`",
            "addresses, groups and subnet of a host",
        ),
        ObjectKind::Subnet => (
            "subnet",
            "`az network vnet subnet list`",
            "addresses and group of a subnet",
        ),
        ObjectKind::Network => (
            "virtual network",
            "`az network vnet list`",
            "a part of what `VirtualNetwork` means, its peerings included",
        ),
        ObjectKind::PublicAddress => (
            "public address",
            "`az network public-ip list`",
            "an address of its interface",
        ),
        ObjectKind::Peering => (
            "peering",
            "`az network vnet peering list`",
            "the peer's space as a part of `VirtualNetwork`",
        ),
        ObjectKind::RouteTable => (
            "route table",
            "`az network route-table list`",
            "its prefixes as a part of `VirtualNetwork`, for the interfaces of its subnets",
        ),
        ObjectKind::AdminRule => (
            "security admin rule",
            "`az network manager list-effective-security-admin-rules`",
            "a rule that acts before every group; `Allow` goes on to them, `AlwaysAllow` does not",
        ),
        ObjectKind::ServiceTags => (
            "service tags",
            "`az network list-service-tags`, `ServiceTags_Public_*.json`",
            "the addresses of tags",
        ),
        ObjectKind::Label => (
            "application security group",
            "`az network asg list`",
            "known by name; its members come from interfaces",
        ),
        ObjectKind::Nothing => ("any other object", "", "searched for the objects above"),
    }
}

/// The service tags that are known, in their documented spelling, and the classic model's spellings of three of them. A tag
/// without words is a peer condition of its name.
#[must_use]
pub fn tags() -> Vec<Row> {
    let known = KNOWN.iter().map(|tag| {
        let (doc, model) = match *tag {
            "AzureLoadBalancer" => ("the platform's address", "exact: 168.63.129.16"),
            "Internet" => (
                "public addresses outside of the virtual network",
                "public addresses, without the spaces of the network and its peers",
            ),
            _ => ("", ""),
        };
        Row::new(*tag, doc, model)
    });
    let classic = CLASSIC.iter().map(|(word, tag)| {
        Row::new(
            *word,
            "the classic deployment model's spelling",
            format!("as `{tag}`"),
        )
    });
    known.chain(classic).collect()
}
