use super::*;
use ProblemKind::{Incomplete, Malformed, Note, Unmodelled};
use hylint_model::{ConditionKind, DefaultOrigin, Discipline, Field, PointKind, Side, Test};

#[test]
fn a_group_is_a_point_with_a_rule_for_each_entry() {
    let text = r#"{"SecurityGroups": [{
  "Description": "d", "GroupName": "web", "OwnerId": "111", "GroupId": "sg-1",
  "IpPermissions": [
    {"FromPort": 443, "IpProtocol": "tcp", "ToPort": 444, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
     "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "office"}, {"CidrIp": "10.1.2.3/32"}],
     "PrefixListIds": [{"PrefixListId": "pl-1"}], "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "111"}]}],
  "IpPermissionsEgress": [
    {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": []}],
  "Tags": [{"Key": "hylint:role", "Value": "session-host"}], "VpcId": "vpc-9"}]}"#;
    let source = Source::new("x", text, "UTF-8");
    let export = read(text);
    assert!(export.problems.is_empty(), "{:?}", export.problems);
    let point = &export.points[0];
    assert_eq!(
        (&*point.id, &*point.name, &*point.network),
        ("sg-1", "web", "vpc-9")
    );
    assert_eq!(point.kind, PointKind::SecurityGroup);
    assert!(point.stateful);
    assert_eq!(source.slice(point.label), "\"sg-1\"");
    assert_eq!(
        source.position(point.label.start),
        crate::source::Position {
            line: 2,
            column: 72
        }
    );
    assert_eq!(point.tags[0].value, "session-host");
    let lists = lists(point);
    assert_eq!(lists.discipline, Discipline::UnionOfAllows);
    assert_eq!(lists.ingress.default.origin, DefaultOrigin::Implicit);
    assert_eq!(
        source.slice(lists.egress.default.span),
        "\"IpPermissionsEgress\""
    );
    assert_eq!(export.rules_in_file, 6);
    let texts: Vec<_> = lists
        .ingress
        .rules
        .iter()
        .map(|r| source.slice(r.span))
        .collect();
    assert_eq!(
        texts,
        [
            r#"{"CidrIp": "10.0.0.0/8", "Description": "office"}"#,
            r#"{"CidrIp": "10.1.2.3/32"}"#,
            r#"{"CidrIpv6": "2001:db8::/32"}"#,
            r#"{"PrefixListId": "pl-1"}"#,
            r#"{"GroupId": "sg-2", "UserId": "111"}"#,
        ]
    );
    let first = &lists.ingress.rules[0];
    assert_eq!(&*first.comment, "office");
    assert_eq!(source.slice(first.place(Field::Source)), "\"10.0.0.0/8\"");
    assert_eq!(source.slice(first.place(Field::Protocol)), "\"tcp\"");
    let ports: Vec<_> = first
        .fields
        .iter()
        .filter(|(f, _)| *f == Field::DestinationPort)
        .map(|(_, s)| source.slice(*s))
        .collect();
    assert_eq!(ports, ["443", "444"]);
    assert_eq!(
        matches(first),
        ["10.0.0.0/8 > any proto [(6, 6)] sport Full dport [(443, 444)] []"]
    );
    let egress = &lists.egress.rules[0];
    assert_eq!(
        matches(egress),
        ["any > 0.0.0.0/0 proto Full sport Full dport Full []"]
    );
    assert_eq!(
        source.slice(egress.place(Field::Destination)),
        "\"0.0.0.0/0\""
    );
}

#[test]
fn protocols_and_ports() {
    let entry = r#""IpRanges": [{"CidrIp": "10.0.0.0/8"}]"#;
    let cases: &[(&str, &str, &[ProblemKind])] = &[
        // Protocol, what it matches, problems.
        (
            r#""IpProtocol": "tcp", "FromPort": 22, "ToPort": 22"#,
            "[(6, 6)] sport Full dport [(22, 22)]",
            &[],
        ),
        (
            r#""IpProtocol": "TCP", "FromPort": "22", "ToPort": "23""#,
            "[(6, 6)] sport Full dport [(22, 23)]",
            &[],
        ),
        (
            r#""IpProtocol": "6", "FromPort": 0, "ToPort": 0"#,
            "[(6, 6)] sport Full dport [(0, 0)]",
            &[],
        ),
        (
            r#""IpProtocol": 17, "FromPort": 0, "ToPort": 65535"#,
            "[(17, 17)] sport Full dport Full",
            &[],
        ),
        (
            r#""IpProtocol": "tcp""#,
            "[(6, 6)] sport Full dport Full",
            &[],
        ),
        (
            r#""IpProtocol": "udp", "FromPort": null, "ToPort": null"#,
            "[(17, 17)] sport Full dport Full",
            &[],
        ),
        (
            r#""IpProtocol": "udp", "FromPort": -1, "ToPort": -1"#,
            "[(17, 17)] sport Full dport Full",
            &[],
        ),
        (r#""IpProtocol": "-1""#, "Full sport Full dport Full", &[]),
        (
            r#""IpProtocol": -1, "FromPort": -1, "ToPort": -1"#,
            "Full sport Full dport Full",
            &[],
        ),
        (
            r#""IpProtocol": "-1", "FromPort": 0, "ToPort": 65535"#,
            "Full sport Full dport Full",
            &[],
        ),
        (
            r#""IpProtocol": "-1", "FromPort": 443, "ToPort": 443"#,
            "Full sport Full dport Full",
            &[Note],
        ),
        (
            r#""IpProtocol": "50", "FromPort": 1, "ToPort": 2"#,
            "[(50, 50)] sport Full dport Full",
            &[Note],
        ),
        (
            r#""IpProtocol": "132", "FromPort": -1, "ToPort": -1"#,
            "[(132, 132)] sport Full dport Full",
            &[],
        ),
        (
            r#""IpProtocol": "icmp", "FromPort": -1, "ToPort": -1"#,
            "[(1, 1)] sport Full dport Full",
            &[],
        ),
        (
            r#""IpProtocol": "icmp", "FromPort": 8, "ToPort": -1"#,
            "[(1, 1)] sport [(8, 8)] dport Full",
            &[],
        ),
        (
            r#""IpProtocol": "1", "FromPort": 3, "ToPort": 4"#,
            "[(1, 1)] sport [(3, 3)] dport [(4, 4)]",
            &[],
        ),
        (
            r#""IpProtocol": "icmp""#,
            "[(1, 1)] sport Full dport Full",
            &[],
        ),
    ];
    for (protocol, want, problems) in cases {
        let (rule, found) = rule_of(&format!("{{{protocol}, {entry}}}"));
        assert_eq!(
            matches(&rule),
            [format!("10.0.0.0/8 > any proto {want} []")],
            "{protocol}"
        );
        assert_eq!(kinds(&found), *problems, "{protocol}");
    }
}

#[test]
fn what_is_no_protocol_or_port_keeps_the_rule_open_and_is_named() {
    let entry = r#""IpRanges": [{"CidrIp": "10.0.0.0/8"}]"#;
    for protocol in [
        r#""IpProtocol": "tcp", "FromPort": 443"#,
        r#""IpProtocol": "tcp", "ToPort": 443"#,
        r#""IpProtocol": "tcp", "FromPort": 444, "ToPort": 443"#,
        r#""IpProtocol": "tcp", "FromPort": 1, "ToPort": 65536"#,
        r#""IpProtocol": "tcp", "FromPort": -1, "ToPort": 443"#,
        r#""IpProtocol": "udp", "FromPort": "ssh", "ToPort": "ssh""#,
        r#""IpProtocol": "udp", "FromPort": 1.5, "ToPort": 2"#,
        r#""IpProtocol": "icmp", "FromPort": 256, "ToPort": 0"#,
        r#""IpProtocol": "icmp", "FromPort": -1, "ToPort": 4"#,
        r#""IpProtocol": "256""#,
        r#""IpProtocol": "quic""#,
        r#""IpProtocol": []"#,
        r#""FromPort": 1, "ToPort": 2"#,
    ] {
        let (rule, problems) = rule_of(&format!("{{{protocol}, {entry}}}"));
        assert_eq!(kinds(&problems), [Malformed], "{protocol}");
        let kinds: Vec<_> = rule.conditions().map(|c| c.kind).collect();
        assert_eq!(kinds, [ConditionKind::Unknown], "{protocol}");
        let space = &rule.clauses[0].space;
        assert!(
            space.dport.is_full(),
            "{protocol}: nothing narrower is claimed"
        );
    }
}

#[test]
fn a_family_that_contradicts_icmp_matches_nothing_and_is_named() {
    for (permission, matched) in [
        (
            r#"{"IpProtocol": "icmp", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}"#,
            false,
        ),
        (
            r#"{"IpProtocol": "icmpv6", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}"#,
            false,
        ),
        (
            r#"{"IpProtocol": "58", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}"#,
            true,
        ),
    ] {
        let (rule, problems) = rule_of(permission);
        assert_eq!(rule.clauses.len(), usize::from(matched), "{permission}");
        assert_eq!(problems.len(), usize::from(!matched));
        assert!(problems.iter().all(|p| p.kind == Note));
    }
    let pair = r#"{"IpProtocol": "icmp", "UserIdGroupPairs": [{"GroupId": "sg-2"}]}"#;
    let (rule, _) = rule_of(pair);
    let src = &rule.clauses[0].space.src;
    assert_eq!(src.to_string(), "0.0.0.0/0", "members' IPv4 addresses only");
}

#[test]
fn addresses_are_masked_with_a_note_and_bad_ones_stay_open() {
    let range = |cidr| format!(r#"{{"IpProtocol": "-1", "IpRanges": [{{"CidrIp": {cidr}}}]}}"#);
    let (rule, problems) = rule_of(&range("\"10.1.2.3/8\""));
    assert_eq!(rule.clauses[0].space.src.to_string(), "10.0.0.0/8");
    assert_eq!(kinds(&problems), [Note]);
    for bad in ["\"10.0.0.0/33\"", "\"x\"", "7", "\"10.0.0.0/8/9\"", "{}"] {
        let (rule, problems) = rule_of(&range(bad));
        assert_eq!(kinds(&problems), [Malformed], "{bad}");
        let clause = &rule.clauses[0];
        assert_eq!(clause.conditions[0].kind, ConditionKind::Unknown, "{bad}");
        assert_eq!(clause.space.src.to_string(), "0.0.0.0/0");
    }
    for nothing in ["null", "\"\""] {
        let (rule, problems) = rule_of(&range(nothing));
        assert_eq!(kinds(&problems), [Malformed], "{nothing}");
        assert_eq!(rule.clauses[0].conditions[0].kind, ConditionKind::Unknown);
    }
}

#[test]
fn group_references_are_peer_conditions() {
    let pair = |pair: &str| {
        rule_of(&format!(
            r#"{{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{{{pair}}}]}}"#
        ))
    };
    let named = |rule: &Rule| match &rule.clauses[0].conditions[0].test {
        Test::Named { key, side } => (key.to_string(), *side),
        other => panic!("{other:?}"),
    };
    let (rule, _) = pair(r#""GroupId": "sg-2", "UserId": "111""#);
    assert_eq!(named(&rule), ("aws:sg-2".into(), Side::Src));
    assert_eq!(rule.clauses[0].conditions[0].kind, ConditionKind::Peer);
    assert_eq!(
        &*rule.clauses[0].conditions[0].text,
        "in security group sg-2"
    );
    assert!(rule.clauses[0].space.src.is_any());

    let (rule, _) = pair(r#""GroupId": "sg-2", "UserId": "222", "GroupName": "x""#);
    let text = &rule.clauses[0].conditions[0].text;
    assert_eq!(&**text, "in security group sg-2 of account 222");

    let (rule, _) = pair(r#""GroupName": "classic", "GroupId": null"#);
    assert_eq!(named(&rule).0, "aws:classic");

    let peered =
        r#""GroupId": "sg-2", "VpcId": "v", "VpcPeeringConnectionId": "p", "PeeringStatus": "#;
    let (rule, problems) = pair(&format!("{peered}\"active\""));
    assert_eq!((rule.clauses.len(), problems.len()), (1, 0));
    let (rule, problems) = pair(&format!("{peered}\"deleted\""));
    assert!(rule.clauses.is_empty(), "a stale reference has no members");
    assert_eq!(kinds(&problems), [Note]);

    let (rule, problems) = pair(r#""UserId": "222", "GroupId": """#);
    assert_eq!(kinds(&problems), [Malformed]);
    assert_eq!(rule.clauses[0].conditions[0].kind, ConditionKind::Unknown);
}

#[test]
fn prefix_lists_are_peer_conditions_on_their_own_side() {
    let export = read(
        r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-7"}]}]}]}"#,
    );
    let rule = &lists(&export.points[0]).egress.rules[0];
    let want = Test::Named {
        key: "aws:pl-7".into(),
        side: Side::Dst,
    };
    assert_eq!(rule.clauses[0].conditions[0].test, want);
}

#[test]
fn a_direction_that_is_not_exported_is_unknown_and_an_empty_one_denies() {
    let export = read(r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": []}]}"#);
    let both = lists(&export.points[0]);
    assert_eq!(both.ingress.default.origin, DefaultOrigin::Implicit);
    assert!(!both.ingress.default.allow);
    assert_eq!(both.egress.default.origin, DefaultOrigin::Unknown);
    assert_eq!(kinds(&export.problems), [Incomplete]);
    let export = read(
        r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": null, "IpPermissionsEgress": []}]}"#,
    );
    let both = lists(&export.points[0]);
    assert_eq!(both.ingress.default.origin, DefaultOrigin::Unknown);
    assert_eq!(both.egress.default.origin, DefaultOrigin::Implicit);
}

#[test]
fn unknown_keys_are_named_and_open_the_rules_that_they_may_narrow() {
    let (rule, problems) = rule_of(
        r#"{"IpProtocol": "-1", "Schedule": "nights", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}"#,
    );
    assert_eq!(kinds(&problems), [Unmodelled]);
    assert_eq!(rule.clauses[0].conditions[0].kind, ConditionKind::Unknown);
    let (rule, problems) =
        rule_of(r#"{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8", "Until": 1}]}"#);
    assert_eq!(kinds(&problems), [Unmodelled]);
    assert_eq!(rule.clauses[0].conditions[0].kind, ConditionKind::Unknown);
}

#[test]
fn permissions_without_entries_are_named() {
    let export = read(&group(
        r#"{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [], "UserIdGroupPairs": []}"#,
    ));
    assert_eq!(export.rules_in_file, 0);
    assert_eq!(kinds(&export.problems), [Note]);
    let export = read(&group(
        r#"{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}"#,
    ));
    assert_eq!(kinds(&export.problems), [Malformed]);
    assert!(export.problems[0].dropped, "its addresses are not printed");
}

#[test]
fn a_description_can_carry_annotations() {
    let one = r#"{"GroupId": "sg-1", "Description": "hylint: role=session-host host=sh1",
        "IpPermissions": [], "IpPermissionsEgress": []}"#;
    let export = read(&format!(r#"{{"SecurityGroups": [{one}]}}"#));
    let tags: Vec<_> = export.points[0]
        .tags
        .iter()
        .map(|t| (&*t.key, &*t.value))
        .collect();
    assert_eq!(
        tags,
        [("hylint:role", "session-host"), ("hylint:host", "sh1")]
    );
    assert_eq!(export.annotations[0].0, "role=session-host host=sh1");
    let two = one.replace("sg-1", "sg-2");
    let export = read(&format!(r#"{{"SecurityGroups": [{one}, {two}]}}"#));
    assert!(
        export.annotations.is_empty(),
        "it speaks for its group only"
    );
    assert_eq!(export.points[1].tags.len(), 2);
}

#[test]
fn the_same_group_twice_is_named_and_more_so_if_it_differs() {
    let a = r#"{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []}"#;
    let spaced = a.replace(':', " : ");
    let other = a.replace(
        r#""IpPermissions": []"#,
        r#""IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]"#,
    );
    for (second, kind) in [(spaced, Note), (other, Malformed)] {
        let export = read(&format!(
            r#"{{"SecurityGroups": [{a}]}} {{"SecurityGroups": [{second}]}}"#
        ));
        assert_eq!(export.points.len(), 2);
        assert_eq!(kinds(&export.problems), [kind]);
    }
}
