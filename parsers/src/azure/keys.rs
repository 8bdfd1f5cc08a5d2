//! Keys: their normal form, and the shapes of the objects that are read.
//!
//! The same key comes as `sourceAddressPrefix` (REST, `az`), `SourceAddressPrefix` (PowerShell), `sourceaddressprefix`
//! (hand-written templates) and `source_address_prefix` (the Python library), so keys are compared in lower case and
//! without underscores.

use crate::json::Value;
use crate::json::shape::{Dialect, object};

const LONGEST: usize = 48;

/// A key in normal form. Longer keys than any known one become empty, which no shape knows.
#[derive(Debug)]
pub(super) struct Norm {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Norm {
    /// The normal form of a key.
    pub(super) fn of(key: Value<'_>) -> Self {
        let mut out = Self {
            bytes: [0; LONGEST],
            len: 0,
        };
        let Some(text) = key.str() else { return out };
        for b in text.bytes().filter(|b| *b != b'_') {
            let Some(slot) = out.bytes.get_mut(out.len) else {
                out.len = 0;
                return out;
            };
            *slot = b.to_ascii_lowercase();
            out.len += 1;
        }
        out
    }

    /// As text.
    pub(super) fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or("")
    }
}

/// REST answers and templates put most members into `properties`, `az` and PowerShell beside them; the Python library
/// puts underscores into keys.
pub(super) const DIALECT: Dialect = Dialect {
    nested: Some("properties"),
    underscores: true,
};

object! {
    /// A security rule, custom, default or effective.
    RuleMembers, RULE, "a security rule",
    keys: {
        name: "name",
        id: "id",
        kind: "type",
        priority: "priority",
        protocol: "protocol",
        access: "access",
        direction: "direction",
        description: "description",
        state: "provisioningstate",
        source_port: "sourceportrange",
        source_ports: "sourceportranges",
        destination_port: "destinationportrange",
        destination_ports: "destinationportranges",
        source: "sourceaddressprefix",
        sources: "sourceaddressprefixes",
        admin_sources: "sources",
        source_groups: "sourceapplicationsecuritygroups",
        expanded_source: "expandedsourceaddressprefix",
        destination: "destinationaddressprefix",
        destinations: "destinationaddressprefixes",
        admin_destinations: "destinations",
        destination_groups: "destinationapplicationsecuritygroups",
        expanded_destination: "expandeddestinationaddressprefix",
    },
    inert: &[
            "additionalproperties",
            "apiversion",
            "comments",
            "committime",
            "configurationdescription",
            "dependson",
            "destinationapplicationsecuritygroupstext",
            "displayname",
            "etag",
            "flag",
            "kind",
            "location",
            "metadata",
            "region",
            "resourcegroup",
            "resourcegroupname",
            "resourceguid",
            "rulecollectionappliestogroups",
            "rulecollectiondescription",
            "rulegroups",
            "scale",
            "sourceapplicationsecuritygroupstext",
            "subscriptionid",
            "systemdata",
        ],
}

object! {
    /// A network security group.
    GroupMembers, GROUP, "a network security group",
    keys: {
        name: "name",
        id: "id",
        rules: "securityrules",
        default_rules: "defaultsecurityrules",
        resources: "resources",
        copy: "copy",
        subnets: "subnets",
        interfaces: "networkinterfaces",
        tags: "tags",
        tag: "tag",
    },
    inert: &[
            "additionalproperties",
            "apiversion",
            "changedtime",
            "comments",
            "createdtime",
            "defaultsecurityrulestext",
            "dependson",
            "etag",
            "extendedlocation",
            "flowlogs",
            "flushconnection",
            "identity",
            "kind",
            "location",
            "managedby",
            "metadata",
            "networkinterfacestext",
            "plan",
            "provisioningstate",
            "resourcegroup",
            "resourcegroupname",
            "resourceguid",
            "scale",
            "securityrulestext",
            "sku",
            "subnetstext",
            "subscriptionid",
            "systemdata",
            "tagstable",
            "tenantid",
            "type",
            "zones",
        ],
}

object! {
    /// The rules in effect on one interface (`list-effective-nsg`).
    EffectiveMembers, EFFECTIVE, "an effective network security group",
    keys: {
        rules: "effectivesecurityrules",
        group: "networksecuritygroup",
        association: "association",
        tag_map: "tagmap",
    },
    inert: &[
            "additionalproperties",
            "associationtext",
            // Network Watcher prints what the effective rules were made of, too.
            "defaultsecurityrules",
            "effectivesecurityrulestext",
            "etag",
            "id",
            "name",
            "networkinterfaceassociation",
            "networksecuritygrouptext",
            "resourcegroup",
            "subnetassociation",
            "tagmaptext",
        ],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inert_keys_are_sorted_for_the_search() {
        assert!(RULE.is_well_formed());
        assert!(GROUP.is_well_formed());
        assert!(EFFECTIVE.is_well_formed());
    }
}
