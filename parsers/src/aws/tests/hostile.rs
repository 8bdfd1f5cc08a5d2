use super::*;
use ProblemKind::Malformed;
use hylint_model::{ConditionKind, DefaultOrigin, PointKind};
use proptest::prelude::*;

/// Two groups, all kinds of entries, an ACL, companions.
const WHOLE: &str = r#"{"SecurityGroups": [
 {"GroupId": "sg-1", "GroupName": "a", "IpPermissions": [
   {"FromPort": 443, "IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/16", "Description": "x\"é"}, {"CidrIp": "10.2.0.0/16"}],
    "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}], "PrefixListIds": [{"PrefixListId": "pl-1"}], "ToPort": 444,
    "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "1"}]}],
  "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}], "VpcId": "v"},
 {"GroupId": "sg-2", "IpPermissions": [], "IpPermissionsEgress": []}],
 "NetworkAcls": [{"Associations": [{"SubnetId": "s"}], "Entries": [
   {"CidrBlock": "0.0.0.0/0", "Egress": true, "Protocol": "6", "PortRange": {"From": 1, "To": 2}, "RuleAction": "allow", "RuleNumber": 100}],
  "NetworkAclId": "acl-1"}],
 "NetworkInterfaces": [{"NetworkInterfaceId": "e", "SubnetId": "s", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.1"}]}]}"#;

/// Every rule as text, without places.
fn shapes(export: &Export) -> Vec<String> {
    let rules = export.points.iter().flat_map(Point::rules);
    rules
        .map(|r| format!("{:?} {:?}", r.action, matches(r)))
        .collect()
}

#[test]
fn a_text_cut_anywhere_is_malformed_and_never_says_more_than_the_whole() {
    let whole = read(WHOLE);
    assert!(whole.problems.is_empty(), "{:?}", whole.problems);
    let known = shapes(&whole);
    for end in (1..WHOLE.len()).filter(|n| WHOLE.is_char_boundary(*n)) {
        let text = &WHOLE[..end];
        let source = Source::new("x", text, "UTF-8");
        let export = crate::aws::read(&Input::new(&source));
        check(&source, &export);
        assert!(kinds(&export.problems).contains(&Malformed), "cut at {end}");
        for rule in export.points.iter().flat_map(Point::rules) {
            let open = rule.conditions().any(|c| c.kind == ConditionKind::Unknown);
            let shape = format!("{:?} {:?}", rule.action, matches(rule));
            assert!(open || known.contains(&shape), "cut at {end}: {shape}");
        }
        // A direction whose end is not there is not closed.
        for group in export
            .points
            .iter()
            .filter(|p| p.kind == PointKind::SecurityGroup)
        {
            let inner = source.slice(group.span);
            let ends = ["\"IpPermissionsEgress\": []", "\"0.0.0.0/0\"}]}]"];
            let ended = ends.iter().any(|e| inner.contains(e));
            let closed = lists(group).egress.default.origin == DefaultOrigin::Implicit;
            assert_eq!(closed, ended, "cut at {end}");
        }
    }
}

#[test]
fn a_complete_entry_of_a_cut_permission_is_open_until_its_ports_are_known() {
    let text = r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [
      {"FromPort": 443, "IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}, {"CidrIp": "10.2.0"#;
    let export = read(text);
    let both = lists(&export.points[0]);
    assert_eq!(both.ingress.rules.len(), 1, "the cut entry is no rule");
    let kinds: Vec<_> = both.ingress.rules[0].conditions().map(|c| c.kind).collect();
    assert_eq!(kinds, [ConditionKind::Unknown]);
    assert_eq!(export.rules_in_file, 2);
    assert_eq!(both.egress.default.origin, DefaultOrigin::Unknown);
}

#[test]
fn keys_that_stand_twice_are_named() {
    let (rule, problems) = rule_of(
        r#"{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "FromPort": 21, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}"#,
    );
    assert_eq!(kinds(&problems), [Malformed]);
    assert_eq!(
        matches(&rule),
        ["10.0.0.0/8 > any proto [(6, 6)] sport Full dport [(21, 22)] []"]
    );
    let export = read(&group(
        r#"{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "IpRanges": []}"#,
    ));
    assert!(
        export
            .problems
            .iter()
            .any(|p| p.kind == Malformed && p.dropped)
    );
}

#[test]
fn values_of_the_wrong_kind_are_named_and_the_rest_is_read() {
    for wrong in [
        "7", "\"x\"", "{}", "true", "[7]", "[null]", "[[]]", "nonsense",
    ] {
        let permission = r#"{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}"#;
        let text = format!(
            r#"{{"SecurityGroups": [{{"GroupId": "sg-1", "IpPermissions": {wrong}, "IpPermissionsEgress": [{permission}]}}]}}"#
        );
        let export = read(&text);
        assert!(
            export.problems.iter().any(|p| p.kind == Malformed),
            "{wrong}"
        );
        assert_eq!(export.rules_in_model(), 1, "{wrong}");
    }
    for wrong in ["7", "{}", "[7]", "[null]", "[{}]", "[[]]"] {
        for list in [
            "IpRanges",
            "Ipv6Ranges",
            "PrefixListIds",
            "UserIdGroupPairs",
        ] {
            let export = read(&group(&format!(
                r#"{{"IpProtocol": "-1", "{list}": {wrong}}}"#
            )));
            let named = export.problems.iter().any(|p| p.kind == Malformed);
            assert!(named, "{list} {wrong}");
        }
    }
}

#[test]
fn deep_nesting_ends() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let text = format!(
        r#"{{"SecurityGroups": [], "x": {deep}, "NetworkAcls": [{{"NetworkAclId": "acl-1", "Entries": []}}]}}"#
    );
    let export = read(&text);
    assert_eq!(export.points.len(), 1);
    assert!(
        export.problems.iter().any(|p| p.dropped),
        "what is too deep is named"
    );
    let source = Source::new("x", "[".repeat(200_000), "UTF-8");
    crate::aws::read(&Input::new(&source));
    let keys = r#"{"SecurityGroups":"#.repeat(50_000);
    let source = Source::new("x", keys, "UTF-8");
    crate::aws::read(&Input::new(&source));
}

#[test]
fn a_key_repeated_in_every_rule_is_one_problem() {
    let entry = r#"{"CidrIp": "10.0.0.0/8", "New": 1}"#;
    let export = read(&group(&format!(
        r#"{{"IpProtocol": "-1", "IpRanges": [{}]}}"#,
        vec![entry; 1000].join(",")
    )));
    assert_eq!((export.rules_in_model(), export.problems.len()), (1000, 1));
}

#[test]
fn very_many_problems_are_counted_and_not_kept() {
    let entries = vec!["7"; 50_000].join(",");
    let export = read(&group(&format!(
        r#"{{"IpProtocol": "-1", "IpRanges": [{entries}]}}"#
    )));
    assert_eq!(export.problems.len(), 10_001);
    let last = export.problems.last().unwrap();
    assert!(
        last.dropped && last.message.starts_with("40000 further"),
        "{last:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Bytes removed, doubled or changed anywhere: no panic, no lost rule, every place inside the text.
    #[test]
    fn damaged_text_is_read_without_loss(at in 0usize..WHOLE.len(), len in 0usize..40, with in "[\\[\\]{}\":,a0 ]{0,3}") {
        let cut = |mut n: usize| { while !WHOLE.is_char_boundary(n) { n -= 1; } n };
        let (from, to) = (cut(at), cut((at + len).min(WHOLE.len())));
        let text = format!("{}{with}{}", &WHOLE[..from], &WHOLE[to..]);
        let source = Source::new("x", text, "UTF-8");
        let input = Input::new(&source);
        crate::aws::detect(&input);
        check(&source, &crate::aws::read(&input));
    }
}
