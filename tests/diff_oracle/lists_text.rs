//! Lists of rules as `netsh`, `aws` and `az` print them.

use crate::lists::{Inbound, Kind, Lists, Point, Profile, Rule};
use crate::packet::{Block, ICMP, ICMP6, TCP, UDP, address};
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// How a file looks, which means nothing.
#[derive(Clone, Debug)]
pub(crate) struct Style(pub(crate) u64);

pub(crate) fn files(l: &Lists, style: &Style) -> Vec<(String, String)> {
    let mut rng = Rng::with_seed(style.0);
    let kind = l.0[0].kind;
    if kind == Kind::Windows {
        return vec![("unit7/firewall.txt".into(), netsh(&l.0[0], &mut rng))];
    }
    let each: Vec<Value> = l.0.iter().map(|p| cloud(p, &mut rng)).collect();
    let (name, value) = match kind {
        Kind::Group => (
            "aws/security-groups.json",
            json!({ "SecurityGroups": each }),
        ),
        Kind::Acl => ("aws/network-acls.json", json!({ "NetworkAcls": each })),
        _ => ("azure/nsg-list.json", json!(each)),
    };
    let value = mixed(&value, &mut rng);
    let text = if rng.bool() {
        serde_json::to_string(&value)
    } else {
        serde_json::to_string_pretty(&value)
    };
    vec![(name.to_owned(), text.unwrap())]
}

/// The same with keys in another order.
fn mixed(v: &Value, rng: &mut Rng) -> Value {
    match v {
        Value::Object(o) => {
            let mut keys: Vec<&String> = o.keys().collect();
            rng.shuffle(&mut keys);
            let pairs = keys.into_iter().map(|k| (k.clone(), mixed(&o[k], rng)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Value::Array(a) => a.iter().map(|v| mixed(v, rng)).collect(),
        v => v.clone(),
    }
}

fn cloud(p: &Point, rng: &mut Rng) -> Value {
    match p.kind {
        Kind::Group => group(p, rng),
        Kind::Acl => acl(p),
        _ => nsg(p, rng),
    }
}

fn range(all: &[(u16, u16)]) -> Vec<String> {
    let one = |(lo, hi): &(u16, u16)| {
        if lo == hi {
            lo.to_string()
        } else {
            format!("{lo}-{hi}")
        }
    };
    all.iter().map(one).collect()
}

fn netsh(p: &Point, rng: &mut Rng) -> String {
    let end = if rng.bool() { "\r\n" } else { "\n" };
    let mut lines = Vec::new();
    for name in ["Domain", "Private", "Public"] {
        settings(name, &p.profile, &mut lines);
    }
    lines.push("Ok.".into());
    lines.push(String::new());
    lines.push("C:\\>netsh advfirewall firewall show rule name=all verbose".into());
    for r in &p.rules {
        windows_rule(r, &mut lines);
    }
    if p.rules.is_empty() {
        lines.push(String::new());
        lines.push("No rules match the specified criteria.".into());
    }
    lines.push(String::new());
    lines.push("Ok.".into());
    lines.iter().map(|l| format!("{l}{end}")).collect()
}

fn settings(name: &str, s: &Profile, lines: &mut Vec<String>) {
    let inbound = match s.inbound {
        Inbound::Block => "BlockInbound",
        Inbound::Allow => "AllowInbound",
        Inbound::Always => "BlockInboundAlways",
    };
    let outbound = if s.outbound {
        "AllowOutbound"
    } else {
        "BlockOutbound"
    };
    let field = |k: &str, v: &str| format!("{k:<38}{v}");
    lines.extend([
        String::new(),
        format!("{name} Profile Settings: "),
        "-".repeat(70),
        field("State", if s.on { "ON" } else { "OFF" }),
        field("Firewall Policy", &format!("{inbound},{outbound}")),
        field(
            "LocalFirewallRules",
            if s.local_rules { "Enable" } else { "Disable" },
        ),
        field("LocalConSecRules", "Enable"),
        field("InboundUserNotification", "Disable"),
        field("RemoteManagement", "Disable"),
        field("UnicastResponseToMulticast", "Enable"),
        String::new(),
    ]);
}

fn windows_rule(r: &Rule, lines: &mut Vec<String>) {
    let field = |k: &str, v: &str| format!("{:<38}{v}", format!("{k}:"));
    let blocks = |all: &[Block]| {
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        if all.is_empty() {
            "Any".to_owned()
        } else {
            all.join(",")
        }
    };
    let ports = |all: &[(u16, u16)]| {
        if all.is_empty() {
            "Any".to_owned()
        } else {
            range(all).join(",")
        }
    };
    let (local, remote) = if r.inbound {
        (&r.dst, &r.src)
    } else {
        (&r.src, &r.dst)
    };
    let (own, peer) = if r.inbound {
        (&r.dports, &r.sports)
    } else {
        (&r.sports, &r.dports)
    };
    let proto = match r.proto {
        None => "Any".to_owned(),
        Some(TCP) => "TCP".into(),
        Some(UDP) => "UDP".into(),
        Some(ICMP) => "ICMPv4".into(),
        Some(ICMP6) => "ICMPv6".into(),
        Some(n) => n.to_string(),
    };
    lines.extend([
        String::new(),
        field("Rule Name", &r.name),
        "-".repeat(70),
        field("Enabled", if r.enabled { "Yes" } else { "No" }),
        field("Direction", if r.inbound { "In" } else { "Out" }),
        field(
            "Profiles",
            if r.domain {
                "Domain,Private,Public"
            } else {
                "Public"
            },
        ),
        field("Grouping", ""),
        field("LocalIP", &blocks(local)),
        field("RemoteIP", &blocks(remote)),
        field("Protocol", &proto),
    ]);
    match r.proto {
        Some(TCP | UDP) => lines.extend([
            field("LocalPort", &ports(own)),
            field("RemotePort", &ports(peer)),
        ]),
        Some(ICMP | ICMP6) => {
            let kind = r.icmp.map_or("Any".to_owned(), |t| t.to_string());
            lines.push(format!("{:38}Type    Code", ""));
            lines.push(format!("{:38}{kind:<8}Any ", ""));
        }
        _ => {}
    }
    lines.extend([
        field("Edge traversal", "No"),
        field("InterfaceTypes", "Any"),
        field("Security", "NotRequired"),
        field(
            "Rule source",
            if r.policy {
                "Group Policy Setting"
            } else {
                "Local Setting"
            },
        ),
        field("Action", if r.allow { "Allow" } else { "Block" }),
    ]);
}

fn group(p: &Point, rng: &mut Rng) -> Value {
    let rules = |inbound: bool, rng: &mut Rng| -> Vec<Value> {
        let of = p.rules.iter().filter(|r| r.inbound == inbound);
        of.map(|r| permission(r, rng)).collect()
    };
    json!({
        "GroupId": p.id, "GroupName": p.name, "Description": format!("group {}", rng.u8(..)), "OwnerId": "111122223333",
        "VpcId": "vpc-0aaa000000000001", "IpPermissions": rules(true, rng), "IpPermissionsEgress": rules(false, rng)
    })
}

fn permission(r: &Rule, rng: &mut Rng) -> Value {
    let peers = if r.inbound { &r.src } else { &r.dst };
    let of = |v6: bool, key: &str| -> Vec<Value> {
        let some = peers.iter().filter(|b| b.v6 == v6);
        some.map(|b| json!({ key: b.to_string(), "Description": r.name }))
            .collect()
    };
    let proto = match r.proto {
        None => "-1".to_owned(),
        Some(TCP) => "tcp".into(),
        Some(UDP) => "udp".into(),
        Some(ICMP) => "icmp".into(),
        Some(ICMP6) => "icmpv6".into(),
        Some(n) => n.to_string(),
    };
    let mut one = json!({
        "IpProtocol": proto, "IpRanges": of(false, "CidrIp"), "Ipv6Ranges": of(true, "CidrIpv6"),
        "PrefixListIds": [], "UserIdGroupPairs": []
    });
    let ports = match r.proto {
        Some(TCP | UDP) => r
            .dports
            .first()
            .map_or((0, 65535), |(lo, hi)| (i32::from(*lo), i32::from(*hi))),
        Some(ICMP | ICMP6) => (r.icmp.map_or(-1, i32::from), -1),
        None if rng.bool() => (-1, -1),
        _ => return one,
    };
    one["FromPort"] = json!(ports.0);
    one["ToPort"] = json!(ports.1);
    one
}

fn acl(p: &Point) -> Value {
    let mut entries: Vec<Value> = p.rules.iter().map(entry).collect();
    for egress in [true, false] {
        entries.push(json!({"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767}));
        entries.push(json!({"Ipv6CidrBlock": "::/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32768}));
    }
    json!({
        "NetworkAclId": p.id, "VpcId": "vpc-0aaa000000000001", "OwnerId": "111122223333", "IsDefault": false, "Tags": [],
        "Associations": [], "Entries": entries
    })
}

fn entry(r: &Rule) -> Value {
    let block = if r.inbound { r.src[0] } else { r.dst[0] };
    let mut one = json!({
        "Egress": !r.inbound, "Protocol": r.proto.map_or("-1".into(), |p| p.to_string()),
        "RuleAction": if r.allow { "allow" } else { "deny" }, "RuleNumber": r.number
    });
    one[if block.v6 {
        "Ipv6CidrBlock"
    } else {
        "CidrBlock"
    }] = json!(block.to_string());
    match r.proto {
        Some(TCP | UDP) => {
            let (lo, hi) = r.dports.first().copied().unwrap_or((0, 65535));
            one["PortRange"] = json!({"From": lo, "To": hi});
        }
        Some(ICMP | ICMP6) => {
            one["IcmpTypeCode"] = json!({"Type": r.icmp.map_or(-1, i32::from), "Code": -1})
        }
        _ => {}
    }
    one
}

const DEFAULTS: [(&str, u32, &str, &str, &str, &str); 6] = [
    (
        "AllowVnetInBound",
        65000,
        "Inbound",
        "Allow",
        "VirtualNetwork",
        "VirtualNetwork",
    ),
    (
        "AllowAzureLoadBalancerInBound",
        65001,
        "Inbound",
        "Allow",
        "AzureLoadBalancer",
        "*",
    ),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    (
        "AllowVnetOutBound",
        65000,
        "Outbound",
        "Allow",
        "VirtualNetwork",
        "VirtualNetwork",
    ),
    (
        "AllowInternetOutBound",
        65001,
        "Outbound",
        "Allow",
        "*",
        "Internet",
    ),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
];

fn nsg(p: &Point, rng: &mut Rng) -> Value {
    let id = format!(
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/{}",
        p.id
    );
    let default = |(name, priority, direction, access, src, dst): &(
        &str,
        u32,
        &str,
        &str,
        &str,
        &str,
    )| {
        json!({
            "name": name, "priority": priority, "direction": direction, "access": access, "protocol": "*",
            "sourceAddressPrefix": src, "destinationAddressPrefix": dst, "sourcePortRange": "*", "destinationPortRange": "*",
            "sourceAddressPrefixes": [], "destinationAddressPrefixes": [], "sourcePortRanges": [], "destinationPortRanges": []
        })
    };
    let mut rules: Vec<Value> = p.rules.iter().map(|r| security_rule(r, &id, rng)).collect();
    if rng.bool() {
        rng.shuffle(&mut rules);
    }
    json!({
        "id": id, "name": p.name, "type": "Microsoft.Network/networkSecurityGroups", "location": "westeurope", "resourceGroup": "rg",
        "defaultSecurityRules": DEFAULTS.iter().map(default).collect::<Vec<_>>(), "securityRules": rules
    })
}

fn security_rule(r: &Rule, id: &str, rng: &mut Rng) -> Value {
    let protocol = match r.proto {
        None => "*".to_owned(),
        Some(TCP) => "Tcp".into(),
        Some(UDP) => "Udp".into(),
        Some(ICMP) => "Icmp".into(),
        Some(n) => panic!("protocol {n}"),
    };
    let protocol = if rng.u8(..4) == 0 {
        protocol.to_uppercase()
    } else {
        protocol
    };
    let mut one = json!({
        "id": format!("{id}/securityRules/{}", r.name), "name": r.name, "priority": r.number, "protocol": protocol,
        "access": if r.allow { "Allow" } else { "Deny" }, "direction": if r.inbound { "Inbound" } else { "Outbound" },
        "etag": format!("W/\"{}\"", rng.u32(..)), "provisioningState": "Succeeded"
    });
    for (side, all) in [("source", &r.src), ("destination", &r.dst)] {
        let shown: Vec<String> = all.iter().map(|b| host(*b, rng)).collect();
        let (single, many) = single_or_many(shown, rng);
        one[format!("{side}AddressPrefix")] = single;
        one[format!("{side}AddressPrefixes")] = many;
    }
    for (side, all) in [("source", &r.sports), ("destination", &r.dports)] {
        let (single, many) = single_or_many(range(all), rng);
        one[format!("{side}PortRange")] = single;
        one[format!("{side}PortRanges")] = many;
    }
    one
}

fn host(b: Block, rng: &mut Rng) -> String {
    if b.len == Block::bits(b.v6) && rng.bool() {
        address(b.v6, b.first)
    } else {
        b.to_string()
    }
}

fn single_or_many(all: Vec<String>, rng: &mut Rng) -> (Value, Value) {
    match all.as_slice() {
        [] => (json!("*"), json!([])),
        [one] if rng.bool() => (json!(one), json!([])),
        many => (
            if rng.bool() { Value::Null } else { json!("") },
            json!(many),
        ),
    }
}
