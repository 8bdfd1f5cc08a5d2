//! Keys: their normal form, and the shapes of the objects that are read.
//!
//! The same key comes as `sourceAddressPrefix` (REST, `az`), `SourceAddressPrefix` (PowerShell), `sourceaddressprefix`
//! (hand-written templates) and `source_address_prefix` (the Python library), so keys are compared in lower case and
//! without underscores.

use crate::json::Value;
use crate::json::walk::Shape;

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

/// What a shape makes of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// The position among the keys that are read.
    Slot(usize),
    /// The member that holds further members.
    Properties,
    /// It changes nothing about packets.
    Inert,
    /// Not known.
    Unknown,
}

/// Finds a key's place in a shape.
pub(super) fn place<const N: usize>(shape: &Shape<N>, key: Value<'_>) -> Place {
    let text = key.str().unwrap_or_default();
    let found = find(shape, &text);
    if found == Place::Unknown && text.contains('_') {
        return find(shape, Norm::of(key).as_str());
    }
    found
}

fn find<const N: usize>(shape: &Shape<N>, key: &str) -> Place {
    let is = |k: &&str| k.eq_ignore_ascii_case(key);
    if let Some(n) = shape.keys.iter().position(&is) {
        Place::Slot(n)
    } else if key.eq_ignore_ascii_case("properties") {
        Place::Properties
    } else if shape.inert.iter().any(is) {
        Place::Inert
    } else {
        Place::Unknown
    }
}

/// A security rule, custom, default or effective.
pub(super) const RULE: Shape<21> = Shape {
    name: "a security rule",
    keys: [
        "name",
        "id",
        "type",
        "priority",
        "protocol",
        "access",
        "direction",
        "description",
        "provisioningstate",
        "sourceportrange",
        "sourceportranges",
        "destinationportrange",
        "destinationportranges",
        "sourceaddressprefix",
        "sourceaddressprefixes",
        "sourceapplicationsecuritygroups",
        "expandedsourceaddressprefix",
        "destinationaddressprefix",
        "destinationaddressprefixes",
        "destinationapplicationsecuritygroups",
        "expandeddestinationaddressprefix",
    ],
    inert: &[
        "additionalproperties",
        "apiversion",
        "comments",
        "dependson",
        "destinationapplicationsecuritygroupstext",
        "etag",
        "location",
        "metadata",
        "resourcegroup",
        "resourcegroupname",
        "resourceguid",
        "scale",
        "sourceapplicationsecuritygroupstext",
        "subscriptionid",
        "systemdata",
    ],
    open: false,
};

/// A network security group.
pub(super) const GROUP: Shape<10> = Shape {
    name: "a network security group",
    keys: [
        "name",
        "id",
        "securityrules",
        "defaultsecurityrules",
        "resources",
        "copy",
        "subnets",
        "networkinterfaces",
        "tags",
        "tag",
    ],
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
    open: false,
};

/// The rules in effect on one interface (`list-effective-nsg`).
pub(super) const EFFECTIVE: Shape<4> = Shape {
    name: "an effective network security group",
    keys: [
        "effectivesecurityrules",
        "networksecuritygroup",
        "association",
        "tagmap",
    ],
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
    open: false,
};
