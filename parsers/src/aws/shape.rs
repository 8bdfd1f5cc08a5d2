//! The objects of the EC2 API: keys that are read, and keys that say nothing about packets.
//!
//! Source: Amazon EC2 API Reference, data types of the same names.

use crate::json::shape::Shape;

/// `SecurityGroup`.
pub(super) const GROUP: Shape<8> = Shape {
    name: "a security group",
    keys: [
        "GroupId",
        "GroupName",
        "VpcId",
        "OwnerId",
        "IpPermissions",
        "IpPermissionsEgress",
        "Tags",
        "Description",
    ],
    inert: &["region", "securitygrouparn"],
    open: false,
};

/// `IpPermission`.
pub(super) const PERMISSION: Shape<8> = Shape {
    name: "a permission",
    keys: [
        "IpProtocol",
        "FromPort",
        "ToPort",
        "IpRanges",
        "Ipv6Ranges",
        "PrefixListIds",
        "UserIdGroupPairs",
        // AWS Config's name for `IpRanges`, beside which it prints the blocks once more as strings.
        "Ipv4Ranges",
    ],
    inert: &[],
    open: false,
};

/// `IpRange`, `Ipv6Range` and `PrefixListId`: an address entry, by the key of its list.
pub(super) const ENTRY: Shape<4> = Shape {
    name: "an address entry",
    keys: ["CidrIp", "CidrIpv6", "PrefixListId", "Description"],
    inert: &[],
    open: false,
};

/// `UserIdGroupPair`, and `ReferencedSecurityGroup`, which has the same keys but two.
pub(super) const PAIR: Shape<5> = Shape {
    name: "a group reference",
    keys: [
        "GroupId",
        "GroupName",
        "UserId",
        "PeeringStatus",
        "Description",
    ],
    inert: &["vpcid", "vpcpeeringconnectionid"],
    open: false,
};

/// `SecurityGroupRule`.
pub(super) const LISTED: Shape<12> = Shape {
    name: "a security group rule",
    keys: [
        "SecurityGroupRuleId",
        "GroupId",
        "GroupOwnerId",
        "IsEgress",
        "IpProtocol",
        "FromPort",
        "ToPort",
        "CidrIpv4",
        "CidrIpv6",
        "PrefixListId",
        "ReferencedGroupInfo",
        "Description",
    ],
    inert: &["securitygrouprulearn", "tags"],
    open: false,
};

/// `NetworkAcl`.
pub(super) const ACL: Shape<6> = Shape {
    name: "a network ACL",
    keys: [
        "NetworkAclId",
        "VpcId",
        "Entries",
        "Associations",
        "Tags",
        "IsDefault",
    ],
    inert: &["ownerid", "region"],
    open: false,
};

/// `NetworkAclEntry`.
pub(super) const ACL_ENTRY: Shape<8> = Shape {
    name: "a network ACL entry",
    keys: [
        "RuleNumber",
        "RuleAction",
        "Egress",
        "Protocol",
        "CidrBlock",
        "Ipv6CidrBlock",
        "PortRange",
        "IcmpTypeCode",
    ],
    inert: &[],
    open: false,
};

/// `PortRange`.
pub(super) const PORT_RANGE: Shape<2> = Shape {
    name: "a port range",
    keys: ["From", "To"],
    inert: &[],
    open: false,
};

/// `IcmpTypeCode`.
pub(super) const ICMP: Shape<2> = Shape {
    name: "an ICMP type and code",
    keys: ["Type", "Code"],
    inert: &[],
    open: false,
};

/// `Tag`.
pub(super) const TAG: Shape<2> = Shape {
    name: "a tag",
    keys: ["Key", "Value"],
    inert: &["propagateatlaunch", "resourceid", "resourcetype"],
    open: false,
};

/// `NetworkAclAssociation`.
pub(super) const ASSOCIATION: Shape<1> = Shape {
    name: "an ACL association",
    keys: ["SubnetId"],
    inert: &["networkaclassociationid", "networkaclid"],
    open: false,
};

/// `NetworkInterface` and `InstanceNetworkInterface`.
pub(super) const INTERFACE: Shape<12> = Shape {
    name: "a network interface",
    keys: [
        "NetworkInterfaceId",
        "PrivateIpAddress",
        "PrivateIpAddresses",
        "Ipv6Address",
        "Ipv6Addresses",
        "Ipv4Prefixes",
        "Ipv6Prefixes",
        "Association",
        "Groups",
        "SubnetId",
        "Attachment",
        "TagSet",
    ],
    inert: &[],
    open: true,
};

/// An address of an interface: `NetworkInterfacePrivateIpAddress`, `NetworkInterfaceIpv6Address`, a delegated prefix, or
/// `NetworkInterfaceAssociation`.
pub(super) const INTERFACE_ADDRESS: Shape<6> = Shape {
    name: "an interface address",
    keys: [
        "PrivateIpAddress",
        "Ipv6Address",
        "Ipv4Prefix",
        "Ipv6Prefix",
        "PublicIp",
        "Association",
    ],
    inert: &[],
    open: true,
};

/// `Instance`.
pub(super) const INSTANCE: Shape<8> = Shape {
    name: "an instance",
    keys: [
        "InstanceId",
        "NetworkInterfaces",
        "PrivateIpAddress",
        "Ipv6Address",
        "PublicIpAddress",
        "SecurityGroups",
        "SubnetId",
        "Tags",
    ],
    inert: &[],
    open: true,
};

/// `Subnet`.
pub(super) const SUBNET: Shape<5> = Shape {
    name: "a subnet",
    keys: [
        "SubnetId",
        "CidrBlock",
        "Ipv6CidrBlockAssociationSet",
        "VpcId",
        "Tags",
    ],
    inert: &[],
    open: true,
};

/// `PrefixList` and `ManagedPrefixList`.
pub(super) const PREFIX_LIST: Shape<2> = Shape {
    name: "a prefix list",
    keys: ["PrefixListId", "Cidrs"],
    inert: &[],
    open: true,
};

/// `PrefixListEntry`.
pub(super) const PREFIX_ENTRY: Shape<1> = Shape {
    name: "a prefix list entry",
    keys: ["Cidr"],
    inert: &["description"],
    open: false,
};

/// Any object of which one id is wanted: `GroupIdentifier`, an attachment, an IPv6 block association.
pub(super) const IDENTIFIER: Shape<4> = Shape {
    name: "a reference",
    keys: ["GroupId", "InstanceId", "Ipv6CidrBlock", "GroupName"],
    inert: &[],
    open: true,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inert_keys_are_sorted_for_the_search() {
        assert!(GROUP.is_well_formed());
        assert!(PAIR.is_well_formed());
        assert!(LISTED.is_well_formed());
        assert!(ACL.is_well_formed());
        assert!(TAG.is_well_formed());
        assert!(ASSOCIATION.is_well_formed());
    }
}
