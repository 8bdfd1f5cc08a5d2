//! An account as `aws ec2 describe-…` prints it.

use crate::aws::{Aws, Entry, Peer, Permission};
use serde_json::{Value, json};

const OWNER: &str = "111122223333";

fn group_id(g: usize) -> String {
    format!("sg-0aaa00000000000{g:02}")
}

fn vpc_id(v: usize) -> String {
    format!("vpc-0aaa0000000000{v:02}")
}

fn subnet_id(s: usize) -> String {
    format!("subnet-0aaa00000000{s:02}")
}

pub(crate) fn acl_id(n: usize) -> String {
    format!("acl-0aaa0000000000{n:02}")
}

pub(crate) fn list_id(n: usize) -> String {
    format!("pl-0aaa00000000000{n:02}")
}

/// Every file of the account.
pub(crate) fn files(a: &Aws) -> Vec<(String, Value)> {
    let mut all = vec![
        ("security-groups.json".into(), groups(a)),
        ("network-acls.json".into(), acls(a)),
        ("subnets.json".into(), subnets(a)),
        ("network-interfaces.json".into(), interfaces(a)),
    ];
    if a.instances {
        all.push(("instances.json".into(), instances(a)));
    }
    if a.in_parts {
        all = all.into_iter().flat_map(halved).collect();
    }
    // An account always has groups and ACLs; none of them exported is no export.
    all.retain(|(_, v): &(String, Value)| {
        let lists = v.as_object().unwrap().values();
        lists
            .into_iter()
            .all(|l| l.as_array().is_some_and(|l| !l.is_empty()))
    });
    for (n, list) in a.lists.iter().enumerate().filter(|l| l.1.exported) {
        let entries = list
            .entries
            .iter()
            .map(|b| json!({"Cidr": b.prefix(), "Description": "office"}));
        all.push((
            format!("prefix-list-{}.json", list_id(n)),
            json!({"PrefixListId": list_id(n), "Entries": entries.collect::<Vec<_>>()}),
        ));
    }
    all
}

/// A list as two files.
fn halved((name, value): (String, Value)) -> Vec<(String, Value)> {
    let (key, list) = value.as_object().unwrap().iter().next().unwrap();
    let list = list.as_array().unwrap();
    let (one, two) = list.split_at(list.len() / 2);
    let each = [("1", one), ("2", two)];
    each.map(|(n, part)| (format!("{n}-{name}"), json!({key: part})))
        .to_vec()
}

fn instances(a: &Aws) -> Value {
    let all = interfaces(a);
    let all = all["NetworkInterfaces"].as_array().unwrap();
    let mut printed = Vec::new();
    for machine in 0..=a.interfaces.iter().map(|i| i.machine).max().unwrap_or(0) {
        let own = a
            .interfaces
            .iter()
            .zip(all)
            .filter(|(i, _)| i.machine == machine);
        let own: Vec<_> = own.collect();
        let (first, shown) = own[0];
        let mut one = json!({
            "InstanceId": shown["Attachment"]["InstanceId"], "PrivateIpAddress": first.private[0].to_string(),
            "SubnetId": subnet_id(first.subnet), "VpcId": vpc_id(a.subnets[first.subnet].vpc),
            "SecurityGroups": shown["Groups"], "State": {"Code": 16, "Name": "running"}, "Tags": [],
            "NetworkInterfaces": own.iter().map(|(_, v)| (*v).clone()).collect::<Vec<_>>()
        });
        if let Some(p) = first.public {
            one["PublicIpAddress"] = json!(p.to_string());
        }
        printed.push(json!({"Groups": [], "Instances": [one], "OwnerId": OWNER, "ReservationId": format!("r-0aaa{machine}")}));
    }
    json!({"Reservations": printed})
}

fn subnets(a: &Aws) -> Value {
    let one = |(n, s): (usize, &crate::aws::Subnet)| {
        let v6: Vec<Value> = s
            .v6
            .iter()
            .map(|b| json!({"AssociationId": "subnet-cidr-assoc-01", "Ipv6CidrBlock": b.prefix(), "Ipv6CidrBlockState": {"State": "associated"}}))
            .collect();
        json!({
            "AvailabilityZone": "eu-west-1a", "CidrBlock": s.v4.prefix(), "DefaultForAz": false,
            "Ipv6CidrBlockAssociationSet": v6, "MapPublicIpOnLaunch": false, "OwnerId": OWNER, "State": "available",
            "SubnetId": subnet_id(n), "VpcId": vpc_id(s.vpc), "Tags": []
        })
    };
    json!({"Subnets": a.subnets.iter().enumerate().map(one).collect::<Vec<_>>()})
}

fn interfaces(a: &Aws) -> Value {
    let one = |(n, i): (usize, &crate::aws::Interface)| {
        let groups: Vec<Value> = i
            .groups
            .iter()
            .map(|g| json!({"GroupId": group_id(*g), "GroupName": format!("group-{g}")}))
            .collect();
        let association = i
            .public
            .map(|p| json!({"IpOwnerId": OWNER, "PublicDnsName": "", "PublicIp": p.to_string()}));
        let private: Vec<Value> = i
            .private
            .iter()
            .enumerate()
            .map(|(k, p)| {
                let mut one = json!({"Primary": k == 0, "PrivateIpAddress": p.to_string()});
                if let (0, Some(v)) = (k, &association) {
                    one["Association"] = v.clone();
                }
                one
            })
            .collect();
        let v6: Vec<Value> =
            i.v6.iter()
                .map(|p| json!({"Ipv6Address": p.to_string(), "IsPrimaryIpv6": false}))
                .collect();
        let mut one = json!({
            "Attachment": {
                "AttachTime": "2026-01-02T10:00:00+00:00", "AttachmentId": format!("eni-attach-0aa{n}"),
                "DeleteOnTermination": true, "DeviceIndex": 0, "InstanceId": format!("i-0aaa00000000000{:02}", i.machine),
                "InstanceOwnerId": OWNER, "Status": "attached"
            },
            "AvailabilityZone": "eu-west-1a", "Description": "", "Groups": groups, "InterfaceType": "interface",
            "Ipv6Addresses": v6, "MacAddress": format!("02:00:00:00:00:{n:02x}"), "NetworkInterfaceId": format!("eni-0aa{n}"),
            "OwnerId": OWNER, "PrivateIpAddress": i.private[0].to_string(), "PrivateIpAddresses": private,
            "RequesterManaged": false, "SourceDestCheck": true, "Status": "in-use", "SubnetId": subnet_id(i.subnet),
            "TagSet": [], "VpcId": vpc_id(a.subnets[i.subnet].vpc)
        });
        if let Some(v) = association {
            one["Association"] = v;
        }
        one
    };
    json!({"NetworkInterfaces": a.interfaces.iter().enumerate().map(one).collect::<Vec<_>>()})
}

fn acls(a: &Aws) -> Value {
    let one = |(n, entries): (usize, &Vec<Entry>)| {
        let id = acl_id(n);
        let of = a
            .subnets
            .iter()
            .enumerate()
            .filter(|(_, s)| s.acl == Some(n));
        let associations: Vec<Value> = of
            .clone()
            .map(|(s, _)| json!({"NetworkAclAssociationId": format!("aclassoc-{s}"), "NetworkAclId": id, "SubnetId": subnet_id(s)}))
            .collect();
        let vpc = of.map(|(_, s)| vpc_id(s.vpc)).next().unwrap();
        let mut printed: Vec<Value> = entries.iter().map(entry).collect();
        for egress in [true, false] {
            printed.push(json!({"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767}));
            printed.push(json!({"Ipv6CidrBlock": "::/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32768}));
        }
        json!({
            "Associations": associations, "Entries": printed, "IsDefault": false, "NetworkAclId": id, "Tags": [],
            "VpcId": vpc, "OwnerId": OWNER
        })
    };
    json!({"NetworkAcls": a.acls.iter().enumerate().map(one).collect::<Vec<_>>()})
}

fn entry(e: &Entry) -> Value {
    let mut one = json!({
        "Egress": e.egress, "Protocol": e.proto.map_or("-1".into(), |p| p.to_string()),
        "RuleAction": if e.allow { "allow" } else { "deny" }, "RuleNumber": e.number
    });
    one[if e.block.v6 {
        "Ipv6CidrBlock"
    } else {
        "CidrBlock"
    }] = json!(e.block.prefix());
    if e.proto.is_some() {
        one["PortRange"] = json!({"From": e.ports.0, "To": e.ports.1});
    }
    one
}

fn groups(a: &Aws) -> Value {
    let one = |(n, g): (usize, &crate::aws::Group)| {
        let rules = |egress| -> Vec<Value> {
            let own = g.permissions.iter().filter(|p| p.egress == egress);
            own.map(|p| permission(a, g.vpc, p)).collect()
        };
        json!({
            "GroupId": group_id(n), "IpPermissionsEgress": rules(true), "VpcId": vpc_id(g.vpc), "OwnerId": OWNER,
            "GroupName": format!("group-{n}"), "Description": "a group", "IpPermissions": rules(false)
        })
    };
    let exported = a.groups.iter().enumerate().filter(|(_, g)| g.exported);
    json!({"SecurityGroups": exported.map(one).collect::<Vec<_>>()})
}

fn permission(a: &Aws, vpc: usize, p: &Permission) -> Value {
    let (mut pairs, mut v4, mut v6, mut lists) = (vec![], vec![], vec![], vec![]);
    for peer in &p.peers {
        match peer {
            Peer::Block(b) if b.v6 => v6.push(json!({"CidrIpv6": b.prefix()})),
            Peer::Block(b) => v4.push(json!({"CidrIp": b.prefix()})),
            Peer::Group(g) if a.groups[*g].vpc != vpc => pairs.push(json!({
                "GroupId": group_id(*g), "UserId": OWNER, "VpcId": vpc_id(a.groups[*g].vpc),
                "VpcPeeringConnectionId": "pcx-0aaa0000000000002", "PeeringStatus": "active"
            })),
            Peer::Group(g) => pairs.push(json!({"GroupId": group_id(*g), "UserId": OWNER})),
            Peer::Foreign(id) => pairs.push(json!({"GroupId": id, "UserId": "999988887777"})),
            Peer::Stale(g) => pairs.push(json!({
                "GroupId": group_id(*g), "UserId": OWNER, "VpcId": vpc_id(a.groups[*g].vpc),
                "VpcPeeringConnectionId": "pcx-0aaa0000000000001", "PeeringStatus": "deleted"
            })),
            Peer::List(n) => lists.push(json!({"PrefixListId": list_id(*n)})),
        }
    }
    let mut one = json!({
        "IpProtocol": match p.proto { None => "-1", Some(6) => "tcp", Some(_) => "udp" },
        "UserIdGroupPairs": pairs, "IpRanges": v4, "Ipv6Ranges": v6, "PrefixListIds": lists
    });
    if p.proto.is_some() {
        one["FromPort"] = json!(p.ports.0);
        one["ToPort"] = json!(p.ports.1);
    }
    one
}
