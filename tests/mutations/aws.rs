//! `aws ec2 describe-security-groups` and `describe-network-acls`.

use super::json::{J, s, write};
use super::page::Page;
use super::plan::{ADMINS, Dir, MONITOR, Proto, Rule};

const VPC: &str = "vpc-038faba71b3a6cfc9";

pub fn export(rules: &[Rule]) -> Vec<Page> {
    let of = |dir: Dir| -> Vec<J> {
        rules
            .iter()
            .filter(|r| r.dir == dir)
            .flat_map(permissions)
            .collect()
    };
    let mut ingress = vec![
        permission("tcp", Some((22, 22)), &[ADMINS.into()], "jump hosts"),
        permission(
            "tcp",
            Some((10050, 10050)),
            &[format!("{MONITOR}/32")],
            "monitoring",
        ),
    ];
    ingress.extend(of(Dir::In));
    let mut egress = of(Dir::Out);
    egress.push(permission(
        "udp",
        Some((123, 123)),
        &["169.254.169.123/32".into()],
        "time",
    ));
    let group = J::O(vec![
        ("Description", s("HyWorks, generated")),
        ("GroupName", s("hyworks-node")),
        (
            "IpPermissions",
            J::KeyAt("default-in", Box::new(J::A(ingress))),
        ),
        ("OwnerId", s("111122223333")),
        ("GroupId", s("sg-0d77f618b5fa1bf94")),
        (
            "IpPermissionsEgress",
            J::KeyAt("default-out", Box::new(J::A(egress))),
        ),
        ("Tags", J::A(vec![])),
        ("VpcId", s(VPC)),
    ]);
    let mut groups = Page::new("security-groups.json");
    write(
        &mut groups,
        &J::O(vec![("SecurityGroups", J::A(vec![group]))]),
        0,
    );
    groups.text.push('\n');
    vec![groups, acl()]
}

fn permission(proto: &str, ports: Option<(u16, u16)>, peers: &[String], about: &str) -> J {
    let mut all = Vec::new();
    if let Some((a, b)) = ports {
        all.push(("FromPort", J::N(a.into())));
        all.push(("ToPort", J::N(b.into())));
    }
    all.push(("IpProtocol", s(proto)));
    let range = |a: &String| J::O(vec![("CidrIp", s(a.clone())), ("Description", s(about))]);
    all.push(("IpRanges", J::A(peers.iter().map(range).collect())));
    all.push(("Ipv6Ranges", J::A(vec![])));
    all.push(("PrefixListIds", J::A(vec![])));
    all.push(("UserIdGroupPairs", J::A(vec![])));
    J::O(all)
}

/// One permission for each port range.
fn permissions(r: &Rule) -> Vec<J> {
    let proto = match r.proto {
        Proto::Tcp => "tcp",
        Proto::Udp => "udp",
        Proto::Any => "-1",
    };
    let peers: Vec<String> = if r.peers.is_empty() {
        vec!["0.0.0.0/0".into()]
    } else {
        let mask = |a: &String| {
            if a.contains('/') {
                a.clone()
            } else {
                format!("{a}/32")
            }
        };
        r.peers.iter().map(mask).collect()
    };
    let ranges: Vec<Option<(u16, u16)>> = if r.ports.is_empty() || r.proto == Proto::Any {
        vec![None]
    } else {
        r.ports.iter().copied().map(Some).collect()
    };
    ranges
        .into_iter()
        .map(|p| {
            J::At(
                r.key.clone(),
                Box::new(permission(proto, p, &peers, &r.title)),
            )
        })
        .collect()
}

/// The ACL that AWS makes with each VPC: everything passes, both ways.
fn acl() -> Page {
    let entry = |egress: bool, action: &str, number: u32| {
        J::O(vec![
            ("CidrBlock", s("0.0.0.0/0")),
            ("Egress", J::B(egress)),
            ("Protocol", s("-1")),
            ("RuleAction", s(action)),
            ("RuleNumber", J::N(number)),
        ])
    };
    let entries = vec![
        entry(true, "allow", 100),
        entry(true, "deny", 32767),
        entry(false, "allow", 100),
        entry(false, "deny", 32767),
    ];
    let acl = J::O(vec![
        ("Associations", J::A(vec![])),
        ("Entries", J::A(entries)),
        ("IsDefault", J::B(true)),
        ("NetworkAclId", s("acl-0ea3cc240c0704a7d")),
        ("Tags", J::A(vec![])),
        ("VpcId", s(VPC)),
        ("OwnerId", s("111122223333")),
    ]);
    let mut p = Page::new("network-acls.json");
    write(&mut p, &J::O(vec![("NetworkAcls", J::A(vec![acl]))]), 0);
    p.text.push('\n');
    p
}
