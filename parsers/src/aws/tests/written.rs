use super::*;
use crate::aws::write;
use hylint_space::AddrSet;
use proptest::prelude::*;

/// A point as text without places; a rule of several blocks counts as one rule for each.
fn summary(point: &Point) -> String {
    let mut out = format!(
        "{:?} {} {} {}",
        point.kind, point.id, point.name, point.network
    );
    let both = lists(point);
    for (list, way) in [(&both.ingress, "in"), (&both.egress, "out")] {
        for rule in &list.rules {
            let line = format!(
                "\n{way} {:?} {:?} {} {:?}",
                rule.action,
                rule.priority,
                rule.comment,
                matches(rule)
            );
            out.push_str(&line);
        }
    }
    out
}

fn block() -> impl Strategy<Value = String> {
    let v4 = (any::<u32>(), 0u8..=32)
        .prop_map(|(a, n)| AddrSet::cidr(std::net::Ipv4Addr::from(a).into(), n).unwrap());
    let v6 = (any::<u128>(), 0u8..=128)
        .prop_map(|(a, n)| AddrSet::cidr(std::net::Ipv6Addr::from(a).into(), n).unwrap());
    prop_oneof![v4, v6].prop_map(|set| {
        let text = set.texts().next().unwrap();
        match (text.contains('/'), text.contains(':')) {
            (true, _) => text,
            (false, true) => text + "/128",
            (false, false) => text + "/32",
        }
    })
}

/// Protocol with ports or type and code, for a permission and for an entry.
fn traffic(v6: bool) -> impl Strategy<Value = (String, String)> {
    let (icmp, number) = if v6 { ("icmpv6", 58) } else { ("icmp", 1) };
    let ports = (
        prop_oneof![Just(("tcp", 6)), Just(("udp", 17))],
        any::<u16>(),
        any::<u16>(),
    );
    prop_oneof![
        Just((
            r#""IpProtocol": "-1""#.to_owned(),
            r#""Protocol": "-1""#.to_owned()
        )),
        Just((
            r#""IpProtocol": "50""#.to_owned(),
            r#""Protocol": "50""#.to_owned()
        )),
        ports.prop_map(|((name, n), a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            (
                format!(r#""IpProtocol": "{name}", "FromPort": {a}, "ToPort": {b}"#),
                format!(r#""Protocol": "{n}", "PortRange": {{"From": {a}, "To": {b}}}"#),
            )
        }),
        (-1i64..256, -1i64..256).prop_map(move |(kind, code)| {
            let code = if kind == -1 { -1 } else { code };
            (
                format!(r#""IpProtocol": "{icmp}", "FromPort": {kind}, "ToPort": {code}"#),
                format!(
                    r#""Protocol": "{number}", "IcmpTypeCode": {{"Type": {kind}, "Code": {code}}}"#
                ),
            )
        }),
    ]
}

fn rule_text() -> impl Strategy<Value = (String, String, bool)> {
    block().prop_flat_map(|block| {
        let v6 = block.contains(':');
        (traffic(v6), any::<bool>(), "[a-z \\\\\"é]{0,6}").prop_map(
            move |((permission, entry), egress, about)| {
                let (list, key) = if v6 { ("Ipv6Ranges", "CidrIpv6") } else { ("IpRanges", "CidrIp") };
                let cidr = if v6 { "Ipv6CidrBlock" } else { "CidrBlock" };
                let about = about.replace('\\', "\\\\").replace('"', "\\\"");
                (
                    format!(r#"{{{permission}, "{list}": [{{"{key}": "{block}", "Description": "{about}"}}]}}"#),
                    format!(r#"{entry}, "{cidr}": "{block}", "Egress": {egress}"#),
                    egress,
                )
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_is_written_reads_back_as_the_same_policy(rules in prop::collection::vec(rule_text(), 0..6)) {
        let of = |egress: bool| {
            let all: Vec<_> = rules.iter().filter(|r| r.2 == egress).map(|r| r.0.as_str()).collect();
            all.join(",")
        };
        let entries: Vec<_> = rules.iter().enumerate().map(|(n, r)| {
            let action = if n % 2 == 0 { "allow" } else { "deny" };
            format!(r#"{{"RuleNumber": {}, "RuleAction": "{action}", {}}}"#, 100 + n, r.1)
        }).collect();
        let text = format!(
            r#"{{"SecurityGroups": [{{"GroupId": "sg-1", "GroupName": "a \"b\"", "VpcId": "v",
              "IpPermissions": [{}], "IpPermissionsEgress": [{}]}}],
              "NetworkAcls": [{{"NetworkAclId": "acl-1", "VpcId": "v", "Entries": [{}], "Associations": [{{"SubnetId": "s"}}]}}]}}"#,
            of(false), of(true), entries.join(",")
        );
        let first = read(&text);
        prop_assert!(first.problems.is_empty(), "{:?}", first.problems);
        let written = write(&first.points).unwrap();
        let second = read(&written);
        prop_assert!(second.problems.is_empty(), "{:?}\n{written}", second.problems);
        let a: Vec<_> = first.points.iter().map(summary).collect();
        let b: Vec<_> = second.points.iter().map(summary).collect();
        prop_assert_eq!(a, b);
        prop_assert_eq!(&first.points[1].subnets, &second.points[1].subnets);
        prop_assert_eq!(write(&second.points).unwrap(), written, "a fixed point");
    }

    #[test]
    fn any_set_of_addresses_is_written_as_blocks_that_are_the_set(a in any::<u32>(), b in any::<u32>(), c in any::<u128>(), d in any::<u128>()) {
        let mut export = read(&group(r#"{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}"#));
        let set = AddrSet {
            v4: hylint_space::RangeSet::range(a.min(b), a.max(b)),
            v6: hylint_space::RangeSet::range(c.min(d), c.max(d)),
        };
        for rule in export.points[0].rules_mut() {
            rule.clauses[0].space.src = set.clone();
        }
        let back = read(&write(&export.points).unwrap());
        let rules = lists(&back.points[0]).ingress.rules.iter();
        let union = rules.fold(AddrSet::empty(), |all, r| all.union(&r.clauses[0].space.src));
        prop_assert_eq!(union, set);
    }
}

#[test]
fn references_and_tags_are_written() {
    let text = r#"{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "g", "VpcId": "v", "IpPermissions": [
      {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "PrefixListIds": [{"PrefixListId": "pl-1"}],
       "UserIdGroupPairs": [{"GroupId": "sg-2", "Description": "x"}]},
      {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": "sg-2"}]}],
      "IpPermissionsEgress": [], "Tags": [{"Key": "Role", "Value": "session-host"}]}]}"#;
    let first = read(text);
    let second = read(&write(&first.points).unwrap());
    assert_eq!(summary(&first.points[0]), summary(&second.points[0]));
    assert_eq!(second.points[0].tags[0].value, "session-host");
}

#[test]
fn what_aws_cannot_say_is_an_error_with_its_place() {
    let text = group(
        r#"{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}"#,
    );
    let spoil = |change: fn(&mut Rule)| {
        let mut export = read(&text);
        let point = &mut export.points[0];
        point.rules_mut().for_each(change);
        let span = point.rules().next().unwrap().span;
        assert_eq!(write(&export.points).unwrap_err().span, span);
    };
    spoil(|r| r.action = hylint_model::Action::Deny);
    spoil(|r| r.clauses[0].space.sport = hylint_space::PortSet::single(1));
    spoil(|r| r.clauses[0].space.dst = AddrSet::parse("10.0.0.1").unwrap());
    spoil(|r| r.clauses[0].space.state = hylint_space::StateSet::NEW);
    spoil(|r| r.clauses[0].space.proto = hylint_space::ProtoSet::full());
    spoil(|r| {
        let doubt = crate::aws::reader::doubt(r.span, "x");
        r.clauses[0].conditions.push(doubt);
    });
}
