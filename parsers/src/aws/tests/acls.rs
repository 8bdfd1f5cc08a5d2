use super::*;
use ProblemKind::{Incomplete, Malformed, Note};
use hylint_model::{
    Action, ConditionKind, DefaultOrigin, Discipline, Field, PointKind, RuleOrigin,
};

fn acl(entries: &str) -> Export {
    read(&acl_text(entries))
}

fn acl_text(entries: &str) -> String {
    format!(
        r#"{{"NetworkAcls": [{{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true, "OwnerId": "1",
        "Associations": [{{"NetworkAclAssociationId": "a", "NetworkAclId": "acl-1", "SubnetId": "subnet-1"}},
                         {{"NetworkAclAssociationId": "b", "NetworkAclId": "acl-1", "SubnetId": "subnet-2"}}],
        "Tags": [{{"Key": "Name", "Value": "edge"}}], "Entries": [{entries}]}}]}}"#
    )
}

#[test]
fn an_acl_is_a_stateless_point_by_rule_number() {
    let text = r#"
      {"RuleNumber": 200, "RuleAction": "deny", "Egress": false, "Protocol": "-1", "CidrBlock": "10.9.0.0/16"},
      {"RuleNumber": 100, "RuleAction": "ALLOW", "Egress": false, "Protocol": "6", "CidrBlock": "0.0.0.0/0",
       "PortRange": {"From": 443, "To": 443}, "IcmpTypeCode": null, "Ipv6CidrBlock": null},
      {"RuleNumber": 100, "RuleAction": "allow", "Egress": true, "Protocol": "17", "CidrBlock": "0.0.0.0/0"},
      {"RuleNumber": 32767, "RuleAction": "deny", "Egress": true, "Protocol": "-1", "CidrBlock": "0.0.0.0/0"},
      {"RuleNumber": "*", "RuleAction": "deny", "Egress": false, "Protocol": "-1", "Ipv6CidrBlock": "::/0"}"#;
    let export = acl(text);
    assert!(export.problems.is_empty(), "{:?}", export.problems);
    assert_eq!(export.rules_in_file, 5);
    let point = &export.points[0];
    assert_eq!(point.kind, PointKind::NetworkAcl);
    assert!(!point.stateful);
    assert_eq!((&*point.id, &*point.name), ("acl-1", "edge"));
    let subnets: Vec<_> = point.subnets.iter().map(|s| &**s).collect();
    assert_eq!(subnets, ["subnet-1", "subnet-2"]);
    let lists = lists(point);
    assert_eq!(lists.discipline, Discipline::Priority);
    assert_eq!(lists.ingress.default.origin, DefaultOrigin::Implicit);
    let numbers: Vec<_> = lists.ingress.rules.iter().map(|r| r.priority).collect();
    assert_eq!(
        numbers,
        [Some(200), Some(100), Some(32767)],
        "in file order"
    );
    let [deny, allow, last] = &lists.ingress.rules[..] else {
        panic!()
    };
    assert_eq!(
        (&deny.action, &allow.action),
        (&Action::Deny, &Action::Allow)
    );
    assert_eq!(
        matches(allow),
        ["0.0.0.0/0 > any proto [(6, 6)] sport Full dport [(443, 443)] []"]
    );
    assert_eq!(
        matches(last),
        ["::/0 > any proto Full sport Full dport Full []"]
    );
    assert_eq!(last.origin, RuleOrigin::Platform);
    assert_eq!(
        matches(&lists.egress.rules[0]),
        ["any > 0.0.0.0/0 proto [(17, 17)] sport Full dport Full []"]
    );
    assert!(allow.field(Field::Priority).is_some() && allow.field(Field::Action).is_some());
}

#[test]
fn icmp_types_of_entries() {
    let entry = |rest: &str| {
        let export = acl(&format!(
            r#"{{"RuleNumber": 1, "RuleAction": "allow", "Egress": false, {rest}}}"#
        ));
        let rule = lists(&export.points[0]).ingress.rules[0].clone();
        (matches(&rule), kinds(&export.problems))
    };
    let v4 = r#""CidrBlock": "10.0.0.0/8""#;
    let v6 = r#""Ipv6CidrBlock": "2001:db8::/32""#;
    let icmp = |p: &str, t: &str| format!(r#""Protocol": "{p}", "IcmpTypeCode": {t}"#);
    let (matched, problems) = entry(&format!(
        "{}, {v4}",
        icmp("1", r#"{"Type": 0, "Code": -1}"#)
    ));
    assert_eq!(
        matched,
        ["10.0.0.0/8 > any proto [(1, 1)] sport [(0, 0)] dport Full []"]
    );
    assert!(problems.is_empty());
    let (matched, _) = entry(&format!(
        "{}, {v4}",
        icmp("1", r#"{"Type": -1, "Code": -1}"#)
    ));
    assert_eq!(
        matched,
        ["10.0.0.0/8 > any proto [(1, 1)] sport Full dport Full []"]
    );
    let (matched, problems) = entry(&format!("{}, {v6}", icmp("1", "null")));
    assert!(matched.is_empty());
    assert_eq!(problems, [Note]);
    let (matched, _) = entry(&format!(
        "{}, {v6}",
        icmp("58", r#"{"Type": 128, "Code": 0}"#)
    ));
    assert_eq!(
        matched,
        ["2001:db8::/32 > any proto [(58, 58)] sport [(128, 128)] dport [(0, 0)] []"]
    );
}

#[test]
fn entries_that_are_not_understood_stay_open_or_are_named_as_dropped() {
    let base = r#""Protocol": "-1", "CidrBlock": "0.0.0.0/0""#;
    let open = |rest: &str| {
        let export = acl(&format!("{{{rest}, \"Egress\": false}}"));
        assert_eq!(kinds(&export.problems), [Malformed], "{rest}");
        lists(&export.points[0]).ingress.rules[0].clone()
    };
    let rule = open(&format!(
        r#""RuleNumber": 1, "RuleAction": "maybe", {base}"#
    ));
    assert!(matches!(rule.action, Action::Opaque(_)));
    let rule = open(&format!(
        r#""RuleNumber": "x", "RuleAction": "allow", {base}"#
    ));
    assert_eq!(rule.clauses[0].conditions[0].kind, ConditionKind::Unknown);
    let rule = open(r#""RuleNumber": 1, "RuleAction": "allow", "Protocol": "-1""#);
    assert_eq!(rule.clauses[0].conditions[0].kind, ConditionKind::Unknown);
    let rule = open(
        r#""RuleNumber": 1, "RuleAction": "allow", "Protocol": "6", "CidrBlock": "0.0.0.0/0", "PortRange": 80"#,
    );
    assert_eq!(rule.clauses[0].conditions[0].kind, ConditionKind::Unknown);

    let export = acl(&format!(
        r#"{{"RuleNumber": 1, "RuleAction": "allow", {base}}}, 7"#
    ));
    assert_eq!(kinds(&export.problems), [Malformed, Malformed]);
    assert!(export.problems.iter().all(|p| p.dropped));
    assert_eq!((export.rules_in_file, export.rules_in_model()), (2, 0));
}

#[test]
fn an_acl_without_entries_is_unknown() {
    let export = read(r#"{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "v"}]}"#);
    assert_eq!(kinds(&export.problems), [Incomplete]);
    let origin = lists(&export.points[0]).ingress.default.origin;
    assert_eq!(origin, DefaultOrigin::Unknown);
}

#[test]
fn what_aws_ships_in_a_default_acl_is_the_platforms_and_nothing_else() {
    let entry = |number: u32, protocol: &str, block: &str| {
        format!(
            r#"{{"RuleNumber": {number}, "RuleAction": "allow", "Egress": false, "Protocol": "{protocol}", "CidrBlock": "{block}"}}"#
        )
    };
    let shipped = entry(100, "-1", "0.0.0.0/0");
    let origins = |entries: &str, default: bool| -> Vec<RuleOrigin> {
        let text = acl_text(entries).replace("true", if default { "true" } else { "false" });
        let export = read(&text);
        let rules = &lists(&export.points[0]).ingress.rules;
        rules.iter().map(|r| r.origin).collect()
    };
    assert_eq!(origins(&shipped, true), [RuleOrigin::Platform]);
    assert_eq!(origins(&shipped, false), [RuleOrigin::Unsaid]);
    for own in [
        entry(90, "-1", "0.0.0.0/0"),
        entry(100, "6", "0.0.0.0/0"),
        entry(100, "-1", "10.0.0.0/8"),
    ] {
        assert_eq!(origins(&own, true), [RuleOrigin::Unsaid], "{own}");
    }
}
