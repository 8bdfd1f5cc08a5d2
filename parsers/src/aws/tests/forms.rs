use super::*;
use ProblemKind::{Incomplete, Note};
use hylint_model::DefaultOrigin;

const GROUP: &str = r#"{"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
  "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}], "IpPermissionsEgress": []}"#;

fn one_rule(text: &str) -> Export {
    let export = read(text);
    assert_eq!(export.points.len(), 1, "{text}");
    assert_eq!(export.rules_in_model(), 1, "{text}");
    export
}

#[test]
fn wrappers_of_every_kind_hold_the_same_group() {
    for text in [
        format!(r#"{{"SecurityGroups": [{GROUP}]}}"#),
        format!(
            r#"{{"SecurityGroups": [{GROUP}], "ResponseMetadata": {{"RequestId": "x", "HTTPHeaders": {{"a": "b"}}}}}}"#
        ),
        format!(
            r#"{{"status_code": 200, "data": {{"ResponseMetadata": {{}}, "SecurityGroups": [{GROUP}]}}}}"#
        ),
        format!(
            r#"{{"collector_version": "1", "security_groups": [{GROUP}], "internet_gateways": [{{"Attachments": [{{"VpcId": "v"}}]}}]}}"#
        ),
        format!("[{GROUP}]"),
        GROUP.to_owned(),
        format!("[[{GROUP}]]"),
        format!(r#"{{"eu-west-1": {{"SecurityGroups": [{GROUP}]}}}}"#),
        format!("// exported\n{{\"SecurityGroups\": [{GROUP},],}}"),
        format!("\u{feff}{{\"securityGroups\": [{GROUP}]}}"),
        GROUP.to_ascii_lowercase(),
    ] {
        let export = one_rule(&text);
        assert!(export.problems.is_empty(), "{text}: {:?}", export.problems);
        assert_eq!(&*export.points[0].id, "sg-1");
    }
}

#[test]
fn rows_of_a_query_are_groups_with_their_words() {
    let permission = r#"{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}"#;
    let export = read(&format!(
        r#"[["sg-1", "web", [{permission}]], ["sg-2", "db", [], [{permission}]], ["sg-3", null, [], []]]"#
    ));
    let of = |p: &Point| {
        let both = lists(p);
        (
            p.id.to_string(),
            p.name.to_string(),
            both.ingress.rules.len(),
            both.egress.rules.len(),
            both.egress.default.origin,
        )
    };
    let (unknown, implicit) = (DefaultOrigin::Unknown, DefaultOrigin::Implicit);
    assert_eq!(
        export.points.iter().map(of).collect::<Vec<_>>(),
        [
            ("sg-1".into(), "web".into(), 1, 0, unknown),
            ("sg-2".into(), "db".into(), 0, 1, implicit),
            ("sg-3".into(), String::new(), 0, 0, implicit),
        ]
    );
    assert_eq!(kinds(&export.problems), [Incomplete; 3]);
    let export = one_rule(&format!(r#"["sg-1", [{permission}]]"#));
    assert_eq!(&*export.points[0].id, "sg-1");
}

#[test]
fn aws_config_prints_each_block_twice_and_it_is_read_once() {
    let config = |plain: &str| {
        format!(
            r#"{{"configuration": {{"groupId": "sg-1", "ipPermissions": [{{"fromPort": 22, "ipProtocol": "tcp", "toPort": 22,
              "ipv6Ranges": [], "prefixListIds": [], "userIdGroupPairs": [],
              "ipv4Ranges": [{{"cidrIp": "10.0.0.0/8"}}]{plain}}}], "ipPermissionsEgress": []}}}}"#
        )
    };
    for plain in [r#", "ipRanges": ["10.0.0.0/8"]"#, ""] {
        let export = one_rule(&config(plain));
        assert!(export.problems.is_empty(), "{:?}", export.problems);
    }
    // Two lists that differ are both read.
    let export = read(&config(r#", "ipRanges": ["10.0.0.0/8", "10.9.0.0/16"]"#));
    assert_eq!(export.rules_in_model(), 3);
}

#[test]
fn permissions_cut_out_by_a_query_are_a_group_without_id() {
    let permission = r#"{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}"#;
    let export = one_rule(&format!("[{permission}]"));
    assert_eq!(kinds(&export.problems), [Incomplete]);
    let both = lists(&export.points[0]);
    assert_eq!(both.ingress.rules.len(), 1);
    assert_eq!(both.egress.default.origin, DefaultOrigin::Unknown);
    assert!(export.points[0].id.is_empty());

    let export = read(&format!(
        "[[{permission}], [], [{permission}, {permission}]]"
    ));
    let counts: Vec<_> = export.points.iter().map(Point::rule_count).collect();
    assert_eq!(counts, [1, 0, 2]);

    let export = one_rule(&format!(r#"[{{"id": "sg-1", "Egress": [{permission}]}}]"#));
    assert_eq!(lists(&export.points[0]).egress.rules.len(), 1);
}

#[test]
fn documents_and_kinds_in_one_file() {
    let acl = r#"{"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": []}]}"#;
    let export = read(&format!(r#"{{"SecurityGroups": [{GROUP}]}}{acl}"#));
    let ids: Vec<_> = export.points.iter().map(|p| &*p.id).collect();
    assert_eq!(ids, ["sg-1", "acl-1"]);
    let export = read(&format!(
        r#"{{"NetworkAcls": [{{"NetworkAclId": "acl-1", "Entries": []}}], "SecurityGroups": [{GROUP}],
        "Subnets": [{{"SubnetId": "s", "CidrBlock": "10.0.0.0/24"}}], "Vpcs": [{{"VpcId": "v", "CidrBlock": "10.0.0.0/8"}}]}}"#
    ));
    assert_eq!((export.points.len(), export.companions.len()), (2, 1));
    assert!(export.problems.is_empty(), "{:?}", export.problems);
}

#[test]
fn what_is_not_read_is_named() {
    let export = one_rule(&format!(
        r#"{{"SecurityGroups": [{GROUP}], "Firewalls": [{{"Rules": [{{"x": 1}}]}}]}}"#
    ));
    assert_eq!(kinds(&export.problems), [Note]);
    let export = one_rule(&format!(r#"[{GROUP}, {{"Name": "x"}}]"#));
    assert_eq!(kinds(&export.problems), [Note]);
}

#[test]
fn a_page_of_an_export_is_incomplete() {
    let export = one_rule(&format!(
        r#"{{"SecurityGroups": [{GROUP}], "NextToken": "abc"}}"#
    ));
    assert_eq!(kinds(&export.problems), [Incomplete]);
    for last in ["null", "\"\""] {
        let text = format!(r#"{{"SecurityGroups": [{GROUP}], "NextToken": {last}}}"#);
        assert!(one_rule(&text).problems.is_empty());
    }
}

#[test]
fn an_export_without_groups_is_empty() {
    for text in [
        r#"{"SecurityGroups": []}"#,
        r#"{"SecurityGroupRules": []}"#,
        r#"{"NetworkAcls": null}"#,
        r#"{"status_code": 200, "data": {"SecurityGroups": [], "ResponseMetadata": {}}}"#,
    ] {
        let export = read(text);
        assert_eq!(kinds(&export.problems), [Note], "{text}");
    }
}

#[test]
fn other_json_is_no_export() {
    for text in [
        "{}",
        "[]",
        "[1, 2]",
        r#"["sg-1", "sg-2"]"#,
        r#"{"SecurityGroups": ["sg-1"]}"#,
        r#"{"LoadBalancers": [{"SecurityGroups": ["sg-1"], "Instances": []}]}"#,
        r#"[{"Name": "x", "ID": "sg-1"}]"#,
        r#"{"securityRules": [], "defaultSecurityRules": [], "networkInterfaces": [{"id": "/x"}], "subnets": [{"id": "/y"}]}"#,
        r#"{"name": "package", "dependencies": {"a": "1"}}"#,
        r#"{"Entries": [{"name": "x"}]}"#,
        r#"{"Resources": {"X": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "d"}}}}"#,
        "$ aws ec2 describe-security-groups --query \"IpPermissions\"\n{\n}\n",
    ] {
        let source = Source::new("x", text, "UTF-8");
        assert_eq!(crate::aws::detect(&Input::new(&source)), 0, "{text}");
    }
}

#[test]
fn json_inside_other_text_is_read_and_the_rest_is_named() {
    let text = format!(
        "Output::\n\n    {{\n      \"SecurityGroups\": [{GROUP},]\n    }}\n\nand then::\n\n    [\n    1 ]\n"
    );
    let export = one_rule(&text);
    assert_eq!(kinds(&export.problems), [Note]);
    let rule = &lists(&export.points[0]).ingress.rules[0];
    assert_eq!(&text[rule.span.range()], r#"{"CidrIp": "10.0.0.0/8"}"#);
    let session = format!(
        "$ aws ec2 describe-security-groups\n{{\n\"SecurityGroups\": [{GROUP},\n{{\"GroupId\""
    );
    let export = read(&session);
    assert_eq!(&*export.points[0].id, "sg-1");
    let cut = |p: &Problem| p.kind == ProblemKind::Malformed;
    assert!(export.problems.iter().any(cut), "the cut end is named");
}

#[test]
fn a_rule_listing_makes_groups() {
    let rule = |id: &str, group: &str, egress: bool, rest: &str| {
        format!(
            r#"{{"SecurityGroupRuleId": "{id}", "GroupId": "{group}", "GroupOwnerId": "111", "IsEgress": {egress},
            "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, {rest}, "Tags": [], "SecurityGroupRuleArn": "arn"}}"#
        )
    };
    let rules = [
        rule(
            "sgr-1",
            "sg-1",
            false,
            r#""CidrIpv4": "10.0.0.0/8", "Description": "ssh""#,
        ),
        rule("sgr-2", "sg-2", false, r#""CidrIpv6": "2001:db8::/32""#),
        rule("sgr-3", "sg-1", true, r#""PrefixListId": "pl-1""#),
        rule(
            "sgr-4",
            "sg-1",
            false,
            r#""ReferencedGroupInfo": {"GroupId": "sg-9", "UserId": "111", "VpcId": "v"}"#,
        ),
    ];
    let listing = format!(r#"{{"SecurityGroupRules": [{}]}}"#, rules.join(","));
    let export = read(&listing);
    assert_eq!(export.rules_in_file, 4);
    let ids: Vec<_> = export.points.iter().map(|p| &*p.id).collect();
    assert_eq!(ids, ["sg-1", "sg-2"]);
    let first = lists(&export.points[0]);
    let names: Vec<_> = first.ingress.rules.iter().map(|r| &*r.name).collect();
    assert_eq!(names, ["sgr-1", "sgr-4"]);
    assert_eq!(&*first.ingress.rules[0].comment, "ssh");
    assert_eq!(
        matches(&first.ingress.rules[1]),
        [r#"any > any proto [(6, 6)] sport Full dport [(22, 22)] ["in security group sg-9"]"#]
    );
    assert_eq!(first.egress.default.origin, DefaultOrigin::Implicit);
    let second = lists(&export.points[1]);
    assert_eq!(second.egress.default.origin, DefaultOrigin::Unknown);
    assert_eq!(kinds(&export.problems), [Incomplete]);

    let both = format!(r#"{listing} {{"SecurityGroups": [{GROUP}]}}"#);
    let export = read(&both);
    let counts: Vec<_> = export
        .points
        .iter()
        .map(|p| (&*p.id, p.rule_count()))
        .collect();
    assert_eq!(
        counts,
        [("sg-1", 4), ("sg-2", 1)],
        "the listing joins the group"
    );

    let export = read(&format!(
        "[{}]",
        rules[0].replace("\"IsEgress\": false,", "")
    ));
    assert!(export.problems[0].dropped);
}
