use super::*;
use crate::source::Source;
use hylint_model::{
    Action, Body, Companion, ConditionKind, Field, Lists, Point, Problem, ProblemKind, Rule,
    RuleOrigin, Side, Test,
};
use hylint_space::{Family, proto};

fn open(text: &str) -> (Source, Export) {
    let source = Source::new("x.json", text, "UTF-8");
    let export = read(&Input::new(&source));
    (source, export)
}

fn detected(text: &str) -> Option<&'static str> {
    let source = Source::new("x.json", text, "UTF-8");
    crate::format::detect(&Input::new(&source)).map(|f| f.id)
}

fn lists(p: &Point) -> &Lists {
    match &p.body {
        Body::Lists(l) => l,
        Body::Netfilter(_) => panic!("no lists"),
    }
}

fn ingress(e: &Export) -> Vec<&Rule> {
    lists(&e.points[0])
        .ingress
        .rules
        .iter()
        .filter(|r| !r.span.is_empty())
        .collect()
}

/// A rule with the given members put over usual ones; a member with an empty value is left out.
fn rule(over: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("name", "\"r\""),
        ("priority", "100"),
        ("protocol", "\"Tcp\""),
        ("access", "\"Allow\""),
        ("direction", "\"Inbound\""),
        ("sourcePortRange", "\"*\""),
        ("destinationPortRange", "\"443\""),
        ("sourceAddressPrefix", "\"10.0.0.0/24\""),
        ("destinationAddressPrefix", "\"*\""),
    ];
    for (k, v) in over {
        match all.iter_mut().find(|(n, _)| n == k) {
            Some(slot) => slot.1 = v,
            None => all.push((k, v)),
        }
    }
    let members: Vec<_> = all
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .map(|(k, v)| format!("\"{k}\": {v}"))
        .collect();
    format!("{{{}}}", members.join(", "))
}

fn group(rules: &str) -> String {
    format!(
        r#"{{"name": "web", "id": "/s/1/networkSecurityGroups/web", "securityRules": [{rules}]}}"#
    )
}

/// The one rule of a group, with its export.
fn one(over: &[(&str, &str)]) -> (Rule, Export) {
    let (_, e) = open(&group(&rule(over)));
    assert_eq!(e.lost(), 0);
    let rules = ingress(&e);
    assert_eq!(rules.len(), 1, "{:?}", e.problems);
    (rules[0].clone(), e)
}

fn kinds(e: &Export) -> Vec<ProblemKind> {
    e.problems.iter().map(|p| p.kind).collect()
}

fn doubts(r: &Rule) -> Vec<String> {
    r.conditions()
        .filter(|c| c.kind == ConditionKind::Unknown)
        .map(|c| c.text.to_string())
        .collect()
}

#[test]
fn a_plain_rule_keeps_its_values_and_places() {
    let text = group(&rule(&[("description", "\"why\"")]));
    let (source, e) = open(&text);
    assert!(e.problems.is_empty(), "{:?}", e.problems);
    let p = &e.points[0];
    assert_eq!(
        (&*p.name, &*p.id),
        ("web", "/s/1/networkSecurityGroups/web")
    );
    assert_eq!(source.slice(p.label), "\"web\"");
    let r = ingress(&e)[0];
    assert_eq!(
        (&*r.name, r.priority, &r.action),
        ("r", Some(100), &Action::Allow)
    );
    assert_eq!(&*r.comment, "why");
    assert_eq!(source.slice(r.span), rule(&[("description", "\"why\"")]));
    for (field, want) in [
        (Field::Name, "\"r\""),
        (Field::Priority, "100"),
        (Field::Protocol, "\"Tcp\""),
        (Field::Action, "\"Allow\""),
        (Field::Direction, "\"Inbound\""),
        (Field::Source, "\"10.0.0.0/24\""),
        (Field::SourcePort, "\"*\""),
        (Field::Destination, "\"*\""),
        (Field::DestinationPort, "\"443\""),
        (Field::Description, "\"why\""),
    ] {
        assert_eq!(r.field(field).map(|s| source.slice(s)), Some(want));
    }
    let space = &r.clauses[0].space;
    assert_eq!(space.src.to_string(), "10.0.0.0/24");
    assert!(space.dst.is_any() && space.sport.is_full());
    assert_eq!(space.proto.iter().collect::<Vec<_>>(), [(6, 6)]);
    assert_eq!(space.dport.iter().collect::<Vec<_>>(), [(443, 443)]);
}

#[test]
fn every_nesting_and_case_gives_the_same_rule() {
    let flat = rule(&[]);
    let nested = r#"{"name": "r", "properties": {"priority": "100", "protocol": "TCP", "access": "allow",
        "direction": "inbound", "sourceportrange": "*", "destinationportrange": "443",
        "sourceaddressprefix": "10.0.0.0/24", "destinationAddressPrefix": "*"}}"#;
    let shell = r#"{"Name": "r", "Priority": 100, "Protocol": "Tcp", "Access": "Allow", "Direction": "Inbound",
        "SourcePortRange": ["*"], "DestinationPortRange": {"value": ["443"], "Count": 1},
        "SourceAddressPrefix": ["10.0.0.0/24"], "DestinationAddressPrefix": "*", "Etag": "x",
        "SourceApplicationSecurityGroups": []}"#;
    let library = r#"{"name": "r", "priority": 100, "protocol": "Tcp", "access": "Allow", "direction": "Inbound",
        "source_port_range": "*", "destination_port_ranges": ["443"], "source_address_prefix": "10.0.0.0/24",
        "destination_address_prefixes": ["*"]}"#;
    let texts = [
        group(&flat),
        format!(r#"[{{"name": "web", "securityRules": [{flat}]}}]"#),
        format!(r#"{{"NewNSG": {{"name": "web", "securityRules": [{flat}]}}}}"#),
        format!(
            r#"{{"value": [{{"name": "web", "properties": {{"securityRules": [{nested}]}}}}]}}"#
        ),
        format!(r#"{{"Name": "web", "SecurityRules": [{shell}], "DefaultSecurityRules": []}}"#),
        format!(r#"{{"name": "web", "security_rules": [{library}]}}"#),
        format!(
            r#"{{"$schema": "x", "resources": [{{"type": "Microsoft.Network/networkSecurityGroups",
            "name": "web", "properties": {{"securityRules": [{nested},]}}}}]}} // end"#
        ),
        format!("[{flat}]"),
        format!("[[{flat}]]"),
    ];
    let want = one(&[]).0;
    for text in texts {
        assert_eq!(detected(&text), Some("azure"), "{text}");
        let (_, e) = open(&text);
        assert!(e.problems.is_empty(), "{text}: {:?}", e.problems);
        assert_eq!((e.points.len(), e.rules_in_file), (1, 1), "{text}");
        let r = ingress(&e)[0];
        assert_eq!(r.clauses, want.clauses, "{text}");
        assert_eq!(
            (&r.name, r.priority, &r.action),
            (&want.name, want.priority, &want.action)
        );
    }
}

/// Catches a network without subnets that is read as an empty list of AWS.
#[test]
fn an_empty_list_of_subnets_is_none_of_aws() {
    let network = r#"[{"name": "hub", "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [],
        "type": "Microsoft.Network/virtualNetworks"}]"#;
    assert_eq!(detected(network), Some("azure"));
    assert_eq!(detected(r#"{"Subnets": []}"#), Some("aws"));
}

#[test]
fn other_json_is_not_detected() {
    for text in [
        "[]",
        r#"{"value": []}"#,
        "{}",
        r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []}]}"#,
        r#"{"NetworkAcls": [{"Entries": [{"Egress": true, "RuleAction": "allow"}]}]}"#,
        r#"{"Subnets": [{"SubnetId": "subnet-1", "CidrBlock": "10.0.0.0/24"}]}"#,
        r#"{"name": "x", "dependencies": {"type": "module"}, "direction": "up"}"#,
        r#"{"resources": [{"type": "Microsoft.Network/loadBalancers", "name": "lb",
            "properties": {"ipConfigurations": []}}]}"#,
    ] {
        let source = Source::new("x", text, "UTF-8");
        assert_eq!(detect(&Input::new(&source)), 0, "{text}");
    }
}

#[test]
fn default_rules_come_from_the_file_or_the_platform() {
    let (_, e) = open(&group(""));
    let p = &e.points[0];
    assert_eq!((e.rules_in_file, e.rules_in_model()), (0, 0));
    let names = |rules: &[Rule]| rules.iter().map(|r| r.name.to_string()).collect::<Vec<_>>();
    assert_eq!(
        names(&lists(p).ingress.rules),
        [
            "AllowVnetInBound",
            "AllowAzureLoadBalancerInBound",
            "DenyAllInBound"
        ]
    );
    assert_eq!(
        names(&lists(p).egress.rules),
        [
            "AllowVnetOutBound",
            "AllowInternetOutBound",
            "DenyAllOutBound"
        ]
    );
    assert!(
        p.rules()
            .all(|r| r.origin == RuleOrigin::Platform && r.span.is_empty())
    );
    let balancer = &lists(p).ingress.rules[1].clauses[0].space.src;
    assert_eq!(balancer.to_string(), "168.63.129.16");

    let deny = rule(&[
        ("name", "\"DenyAllInBound\""),
        ("priority", "65500"),
        ("access", "\"Deny\""),
    ]);
    let text = format!(r#"{{"name": "w", "securityRules": [], "defaultSecurityRules": [{deny}]}}"#);
    let (_, e) = open(&text);
    assert_eq!((e.rules_in_file, e.rules_in_model()), (1, 1));
    let list = &lists(&e.points[0]).ingress.rules;
    assert_eq!(
        list.len(),
        3,
        "the missing ones are added, the written one is not doubled"
    );
    assert!(list.iter().all(|r| r.origin == RuleOrigin::Platform));
    assert_eq!(kinds(&e), [ProblemKind::Note]);
}

#[test]
fn singular_and_plural_fields_are_both_read() {
    // The plural holds the singular (list-effective-nsg), the singular is empty, the singular is absent.
    for (single, plural, want) in [
        (
            "\"80-80\"",
            "[\"80-80\", \"443-443\"]",
            vec![(80, 80), (443, 443)],
        ),
        ("\"\"", "[\"22\", \"8080\"]", vec![(22, 22), (8080, 8080)]),
        ("", "[\"22\"]", vec![(22, 22)]),
        ("null", "[\"22\"]", vec![(22, 22)]),
        ("\"22\"", "[]", vec![(22, 22)]),
        ("\"22\"", "", vec![(22, 22)]),
        ("\" 22 - 23 \"", "", vec![(22, 23)]),
        ("\"22 80,443\"", "", vec![(22, 22), (80, 80), (443, 443)]),
        ("22", "", vec![(22, 22)]),
    ] {
        let (r, e) = one(&[
            ("destinationPortRange", single),
            ("destinationPortRanges", plural),
        ]);
        assert_eq!(r.clauses[0].space.dport.iter().collect::<Vec<_>>(), want);
        assert!(e.problems.is_empty(), "{:?}", e.problems);
    }
    let (r, e) = one(&[
        ("sourceAddressPrefix", "\"10.1.0.0/16\""),
        ("sourceAddressPrefixes", "[\"10.3.0.0/16\"]"),
    ]);
    assert_eq!(
        r.clauses[0].space.src.to_string(),
        "10.1.0.0/16,10.3.0.0/16"
    );
    assert_eq!(kinds(&e), [ProblemKind::Note]);
    let (r, e) = one(&[
        ("destinationPortRange", "\"1\""),
        ("destinationPortRanges", "[\"2\"]"),
    ]);
    assert_eq!(
        r.clauses[0].space.dport.iter().collect::<Vec<_>>(),
        [(1, 2)]
    );
    assert_eq!(kinds(&e), [ProblemKind::Note]);
}

#[test]
fn what_a_rule_does_not_say_is_doubted_and_named() {
    for field in [
        "protocol",
        "sourcePortRange",
        "destinationPortRange",
        "sourceAddressPrefix",
        "destinationAddressPrefix",
        "priority",
    ] {
        let (r, e) = one(&[(field, "")]);
        assert_eq!(doubts(&r).len(), r.clauses.len(), "{field}");
        assert_eq!(kinds(&e), [ProblemKind::Malformed], "{field}");
    }
    let (r, _) = one(&[("priority", "")]);
    assert_eq!(r.priority, Some(0), "it may act before all others");
    for access in ["", "\"maybe\"", "\"[parameters('a')]\""] {
        let (r, e) = one(&[("access", access)]);
        assert!(matches!(r.action, Action::Opaque(_)), "{access}");
        assert_eq!(e.problems.len(), 1);
    }
    for direction in ["", "\"Sideways\"", "3"] {
        let (_, e) = open(&group(&rule(&[("direction", direction)])));
        assert!(ingress(&e).is_empty());
        assert_eq!((e.rules_in_file, e.lost()), (1, 0));
        assert!(e.problems[0].dropped && e.problems[0].kind == ProblemKind::Malformed);
    }
}

#[test]
fn expressions_are_reported_and_not_guessed() {
    let (r, e) = one(&[("destinationPortRange", "\"[parameters('SshPort')]\"")]);
    assert_eq!(kinds(&e), [ProblemKind::Unmodelled]);
    assert_eq!(doubts(&r).len(), 1);
    assert!(r.clauses[0].space.dport.is_full(), "it may match any port");
    let (r, _) = one(&[
        ("sourceAddressPrefix", ""),
        (
            "sourceAddressPrefixes",
            "[\"10.0.0.1\", \"[variables('peer')]\"]",
        ),
    ]);
    assert_eq!(r.clauses.len(), 2);
    assert!(
        r.clauses[0].conditions.is_empty(),
        "the written address is certain"
    );
    assert_eq!(r.clauses[0].space.src.to_string(), "10.0.0.1");
    assert!(r.clauses[1].space.src.is_any());
    assert_eq!(r.clauses[1].conditions[0].kind, ConditionKind::Unknown);

    let text = r#"{"type": "Microsoft.Network/networkSecurityGroups", "name": "x",
        "properties": {"securityRules": "[parameters('rules')]"}}"#;
    let (_, e) = open(text);
    for list in [&lists(&e.points[0]).ingress, &lists(&e.points[0]).egress] {
        assert!(
            matches!(list.rules[0].action, Action::Opaque(_)),
            "nothing is certain"
        );
        assert_eq!(list.rules[0].priority, Some(0));
    }
    assert_eq!(kinds(&e), [ProblemKind::Unmodelled]);
}

#[test]
fn tags_are_never_empty_and_never_everything() {
    let named = |r: &Rule, n: usize| -> (String, bool) {
        let c = &r.clauses[n].conditions[0];
        assert_eq!(c.kind, ConditionKind::Peer);
        match &c.test {
            Test::Named {
                key,
                side: Side::Src,
            } => (key.to_string(), c.negated),
            t => panic!("{t:?}"),
        }
    };
    let (r, _) = one(&[("sourceAddressPrefix", "\"virtualnetwork\"")]);
    assert_eq!(named(&r, 0), ("azure:VirtualNetwork".into(), false));
    assert!(
        r.clauses[0].space.src.is_any(),
        "only the condition narrows it"
    );
    let (r, _) = one(&[("sourceAddressPrefix", "\"Internet\"")]);
    assert_eq!(named(&r, 0), ("azure:Internet".into(), false));
    assert!(
        !r.clauses[0].space.src.contains("10.1.2.3".parse().unwrap()),
        "never a private address"
    );
    assert!(
        !r.clauses[0]
            .space
            .src
            .contains("168.63.129.16".parse().unwrap())
    );
    assert!(r.clauses[0].space.src.contains("8.8.8.8".parse().unwrap()));
    let holds = |r: &Rule, a: &str| r.clauses[0].space.src.contains(a.parse().unwrap());
    for tag in ["Storage", "AzureCloud.WestEurope", "sql", "GatewayManager"] {
        let (r, _) = one(&[("sourceAddressPrefix", &format!("\"{tag}\""))]);
        assert!(!holds(&r, "10.1.2.3") && !holds(&r, "fd00::1"), "{tag}");
        assert!(
            holds(&r, "20.38.98.1") && holds(&r, "2603:1020::1"),
            "{tag}"
        );
    }
    let (r, _) = one(&[("sourceAddressPrefix", "\"AzurePlatformIMDS\"")]);
    assert!(holds(&r, "169.254.169.254") && !holds(&r, "10.1.2.3"));
    let (r, _) = one(&[("sourceAddressPrefix", "\"OurOwnTag\"")]);
    assert!(
        holds(&r, "10.1.2.3"),
        "a word that is not known may be anything"
    );
    let (r, e) = one(&[("sourceAddressPrefix", "\"CorpNetSaw\"")]);
    assert_eq!(named(&r, 0).0, "azure:CorpNetSaw");
    assert!(e.problems.is_empty());
    let (r, e) = one(&[("sourceAddressPrefix", "\"OurOwnTag\"")]);
    assert_eq!(named(&r, 0).0, "azure:OurOwnTag");
    assert_eq!(kinds(&e), [ProblemKind::Note]);
    let (r, _) = one(&[
        ("sourceAddressPrefix", ""),
        (
            "sourceAddressPrefixes",
            "[\"10.0.0.1\", \"Sql\", \"SQL\", \"Storage.WestEurope\"]",
        ),
    ]);
    assert_eq!(r.clauses.len(), 3);
    assert_eq!(named(&r, 2).0, "azure:Storage.WestEurope");
    let (r, _) = one(&[
        ("sourceAddressPrefix", "\"\""),
        (
            "sourceApplicationSecurityGroups",
            r#"[{"id": "/s/1/applicationSecurityGroups/web"}]"#,
        ),
    ]);
    assert_eq!(named(&r, 0).0, "azure:asg/web");
    assert!(doubts(&r).is_empty());
}

#[test]
fn addresses_in_every_form() {
    for (text, want) in [
        ("*", "any"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("10.1.2.3", "10.1.2.3"),
        ("10.0.0.4-10.0.0.9", "10.0.0.4-10.0.0.9"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("AzureLoadBalancer", "168.63.129.16"),
        // PowerShell prints lists below its default depth like this.
        ("10.0.0.1 10.0.0.3", "10.0.0.1,10.0.0.3"),
    ] {
        let (r, e) = one(&[("sourceAddressPrefix", &format!("\"{text}\""))]);
        assert_eq!(r.clauses[0].space.src.to_string(), want);
        assert!(
            r.clauses[0].conditions.is_empty() && e.problems.is_empty(),
            "{text}"
        );
    }
    let (r, e) = one(&[("sourceAddressPrefix", "\"10.1.2.3/24\"")]);
    assert_eq!(r.clauses[0].space.src.to_string(), "10.1.2.0/24");
    assert_eq!(kinds(&e), [ProblemKind::Note]);
    for bad in ["10.0.0.0/33", "10.0.0", "%IP%", "fe80::zz", "-"] {
        let (r, e) = one(&[("sourceAddressPrefix", &format!("\"{bad}\""))]);
        assert_eq!(doubts(&r).len(), 1, "{bad}");
        assert_eq!(kinds(&e), [ProblemKind::Malformed], "{bad}");
    }
}

#[test]
fn protocols_and_ports() {
    let all = |over: &[(&str, &str)]| {
        let (r, e) = one(over);
        let s = &r.clauses[0].space;
        let notes = e.problems.len();
        (s.proto.clone(), s.dport.clone(), notes)
    };
    for word in ["*", "All", "any"] {
        let protocol = format!("\"{word}\"");
        let (p, d, _) = all(&[("protocol", &protocol), ("destinationPortRange", "\"*\"")]);
        assert!(p.is_full() && d.is_full());
        let (p, d, _) = all(&[
            ("protocol", &protocol),
            ("destinationPortRange", "\"0-65535\""),
        ]);
        assert!(p.is_full() && d.is_full());
        let (p, d, _) = all(&[("protocol", &protocol)]);
        assert!(p.contains(proto::TCP) && p.contains(proto::UDP) && !p.contains(proto::ICMP));
        assert_eq!(d.iter().collect::<Vec<_>>(), [(443, 443)]);
    }
    let (p, d, notes) = all(&[("protocol", "\"Icmp\"")]);
    assert!(p.contains(1) && p.contains(58) && !p.contains(6) && d.is_full());
    assert_eq!(notes, 1, "the port is ignored, and it is told");
    let (p, ..) = all(&[("protocol", "\"esp\""), ("destinationPortRange", "\"*\"")]);
    assert_eq!(p.iter().collect::<Vec<_>>(), [(50, 50)]);
    let (p, ..) = all(&[("protocol", "17")]);
    assert_eq!(p.iter().collect::<Vec<_>>(), [(17, 17)]);
    for bad in ["\"88-80\"", "\"65536\"", "\"http\"", "true", "[{}]"] {
        let (r, e) = one(&[("destinationPortRange", bad)]);
        assert_eq!(doubts(&r).len(), 1, "{bad}");
        assert!(kinds(&e).contains(&ProblemKind::Malformed), "{bad}");
    }
    let (r, e) = one(&[("protocol", "\"Quic\"")]);
    assert!(r.clauses[0].space.proto.is_full() && r.clauses[0].space.dport.is_full());
    assert_eq!(
        (doubts(&r).len(), kinds(&e)),
        (1, vec![ProblemKind::Malformed])
    );
}

#[test]
fn effective_rules_use_the_addresses_beside_their_tags() {
    let r = rule(&[
        ("name", "\"securityRules/web\""),
        ("destinationPortRange", "\"80-80\""),
        ("destinationPortRanges", "[\"80-80\", \"443-443\"]"),
        ("sourceAddressPrefix", "\"VirtualNetwork\""),
        ("sourceAddressPrefixes", "[\"VirtualNetwork\"]"),
        (
            "expandedSourceAddressPrefix",
            "[\"10.7.0.0/16\", \"168.63.129.16/32\"]",
        ),
    ]);
    let d = rule(&[
        ("name", "\"defaultSecurityRules/DenyAllInBound\""),
        ("priority", "65500"),
        ("access", "\"Deny\""),
        ("sourceAddressPrefix", "\"Sql\""),
    ]);
    let text = format!(
        r#"{{"value": [{{"association": {{"subnet": {{"id": "/s/virtualNetworks/v/subnets/a"}},
        "networkInterface": {{"id": "/s/networkInterfaces/n"}}}},
        "effectiveSecurityRules": [{r}, {d}], "tagMap": {{"Sql": ["40.1.0.0/16"]}},
        "networkSecurityGroup": {{"id": "/s/networkSecurityGroups/web"}}}}]}}"#
    );
    let (_, e) = open(&text);
    let p = &e.points[0];
    assert_eq!((&*p.name, &*p.id), ("web", "/s/networkSecurityGroups/web"));
    assert_eq!(p.subnets, ["/s/virtualNetworks/v/subnets/a".into()]);
    assert_eq!(p.interfaces, ["/s/networkInterfaces/n".into()]);
    assert_eq!(&*p.network, "/s/virtualNetworks/v");
    let rules = ingress(&e);
    assert_eq!(&*rules[0].name, "web");
    assert_eq!(
        rules[0].clauses[0].space.src.to_string(),
        "10.7.0.0/16,168.63.129.16"
    );
    assert!(rules[0].clauses[0].conditions.is_empty());
    assert_eq!(
        rules[0].clauses[0].space.dport.count(),
        2,
        "not the first alone"
    );
    assert_eq!(
        (&*rules[1].name, rules[1].origin),
        ("DenyAllInBound", RuleOrigin::Platform)
    );
    assert_eq!(rules[1].clauses[0].space.src.to_string(), "40.1.0.0/16");
}

#[test]
fn template_rules_of_their_own_join_their_group() {
    let child = |name: &str, port: &str| {
        format!(
            r#"{{"type": "Microsoft.Network/networkSecurityGroups/securityRules", "name": "{name}",
            "dependsOn": ["x"], "properties": {}}}"#,
            rule(&[("name", ""), ("destinationPortRange", port)])
        )
    };
    let inline = rule(&[("name", "\"a\"")]);
    let text = format!(
        r#"{{"resources": [{}, {}, {}, {}, {{"type": "Microsoft.Network/networkSecurityGroups",
        "name": "[parameters('nsg_name')]", "properties": {{"securityRules": [{inline}]}}}},
        {{"type": "Microsoft.Network/networkSecurityGroups", "name": "plain"}}]}}"#,
        child("[concat(parameters('nsg_name'), '/a')]", "\"443\""),
        child("[concat(parameters('nsg_name'), '/b')]", "\"444\""),
        child("plain/c", "\"445\""),
        child("elsewhere/d", "\"446\""),
    );
    let (_, e) = open(&text);
    let found: Vec<(String, Vec<String>)> = e
        .points
        .iter()
        .map(|p| {
            let rules = p.rules().filter(|r| !r.span.is_empty());
            (
                p.name.to_string(),
                rules.map(|r| r.name.to_string()).collect(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                "[parameters('nsg_name')]".into(),
                vec!["a".to_string(), "b".into()]
            ),
            ("plain".into(), vec!["c".into()]),
            ("elsewhere".into(), vec!["d".into()]),
        ]
    );
    assert_eq!((e.rules_in_file, e.rules_in_model(), e.lost()), (5, 4, 0));
    let twins: Vec<&Problem> = e.problems.iter().filter(|p| p.dropped).collect();
    assert_eq!(
        twins.len(),
        1,
        "the rule that stands twice is read once, and named"
    );
    assert!(
        kinds(&e).contains(&ProblemKind::Incomplete),
        "{:?}",
        e.problems
    );
}

#[test]
fn a_page_with_more_behind_it_is_incomplete() {
    let group = r#"{"name": "n", "securityRules": [], "defaultSecurityRules": []}"#;
    for (head, kinds_wanted) in [
        (r#""nextLink": "https://x""#, vec![ProblemKind::Incomplete]),
        (r#""$skipToken": "ew0""#, vec![ProblemKind::Incomplete]),
        (r#""skip_token": null"#, vec![]),
        (r#""nextLink": """#, vec![]),
    ] {
        let (_, e) = open(&format!(r#"{{{head}, "value": [{group}]}}"#));
        assert_eq!(kinds(&e), kinds_wanted, "{head}");
        assert_eq!(e.points.len(), 1);
    }
}

#[test]
fn network_watcher_prints_the_rules_in_effect_beside_their_sources() {
    let r = rule(&[("name", "\"rdp\"")]);
    let (_, e) = open(&format!(
        r#"{{"networkInterfaces": [{{"id": "/s/networkInterfaces/nic1", "securityRuleAssociations": {{
          "defaultSecurityRules": [{r}], "subnetAssociation": null,
          "networkInterfaceAssociation": {{"securityRules": [{r}]}}, "effectiveSecurityRules": [{r}]}}}}]}}"#
    ));
    assert_eq!((e.points.len(), e.rules_in_file, e.lost()), (1, 1, 0));
    assert!(
        !kinds(&e).contains(&ProblemKind::Unmodelled),
        "{:?}",
        e.problems
    );
}

#[test]
fn rules_without_their_group_are_gathered_by_id() {
    let r = |group: &str, name: &str| {
        let id = format!("\"/s/networkSecurityGroups/{group}/securityRules/{name}\"");
        rule(&[("name", &format!("\"{name}\"")), ("id", &id)])
    };
    let (_, e) = open(&format!(
        "{}\n{}\n{}",
        r("a", "x"),
        r("b", "y"),
        r("a", "z")
    ));
    let found: Vec<_> = e
        .points
        .iter()
        .map(|p| (&*p.name, p.rule_count()))
        .collect();
    assert_eq!(found, [("a", 2), ("b", 1)]);
    assert_eq!(
        kinds(&e),
        [ProblemKind::Incomplete, ProblemKind::Incomplete]
    );
    let (_, e) = open(&format!("[{}, {}]", r("a", "x"), r("a", "y")));
    assert_eq!(
        (e.points.len(), e.problems.len()),
        (1, 0),
        "a whole list is complete"
    );
}

#[test]
fn json_inside_a_string_is_read_at_the_strings_place() {
    let inner = group(&rule(&[])).replace('"', "\\\"");
    let text =
        format!(r#"{{"interactions": [{{"response": {{"body": {{"string": "{inner}"}}}}}}]}}"#);
    assert_eq!(detected(&text), Some("azure"));
    let (source, e) = open(&text);
    assert_eq!((e.rules_in_file, e.rules_in_model()), (1, 1));
    let r = ingress(&e)[0];
    assert_eq!(source.slice(r.span), format!("\"{inner}\""));
    assert_eq!(r.field(Field::Priority), Some(r.span));
}

#[test]
fn broken_text_costs_the_rule_it_breaks() {
    let text = group(&format!("{}, {}", rule(&[]), rule(&[])));
    let cut = &text[..text.len() - 20];
    let (_, e) = open(cut);
    assert_eq!((e.rules_in_file, e.rules_in_model(), e.lost()), (2, 1, 0));
    assert_eq!(e.problems.iter().filter(|p| p.dropped).count(), 1);
    let (r, e) = one(&[("destinationPortRange", "\"443\" 444")]);
    assert!(!doubts(&r).is_empty(), "its text is not JSON");
    assert!(kinds(&e).contains(&ProblemKind::Malformed));
    let (r, e) = one(&[("Access", "\"Deny\"")]);
    assert!(!doubts(&r).is_empty(), "it says two things");
    assert_eq!(kinds(&e), [ProblemKind::Malformed]);
    let (_, e) = open(&group(&format!("%RULE%, {}", rule(&[]))));
    assert_eq!((e.rules_in_file, e.rules_in_model(), e.lost()), (2, 1, 0));
    let (_, e) = open(
        r#"{"Name": "w", "SecurityRules": ["Microsoft.Azure.Commands.Network.Models.PSSecurityRule"]}"#,
    );
    assert!(
        e.problems[0].dropped
            && e.problems[0]
                .help
                .as_deref()
                .is_some_and(|h| h.contains("-Depth"))
    );
}

#[test]
fn unknown_keys_are_named_once_and_inert_ones_are_not() {
    let r = rule(&[
        ("etag", "\"W\""),
        ("provisioningState", "\"Succeeded\""),
        ("onlyOnSundays", "true"),
    ]);
    let (source, e) = open(&group(&format!("{r}, {r}")));
    assert_eq!(kinds(&e), [ProblemKind::Unmodelled]);
    assert_eq!(source.slice(e.problems[0].span), "\"onlyOnSundays\"");
    let (_, e) = open(&group(&rule(&[("somethingEmpty", "[]")])));
    assert!(e.problems.is_empty());
    // A rule that sets an unknown key may be narrower than it looks; one that does not use it is not.
    let (r, _) = one(&[("onlyOnSundays", "true")]);
    assert_eq!(doubts(&r), ["the unknown key `onlyOnSundays` of rule `r`"]);
    for unused in ["false", "0", "null", "\"\"", "{}"] {
        let (r, _) = one(&[("onlyOnSundays", unused)]);
        assert!(doubts(&r).is_empty(), "{unused}");
    }
    assert!(super::keys::RULE.is_well_formed());
    assert!(super::keys::GROUP.is_well_formed());
    assert!(super::keys::EFFECTIVE.is_well_formed());
}

#[test]
fn comments_for_hylint_are_annotations() {
    let text = format!(
        "// hylint: role=session-host\n// other\n{}\n",
        group(&rule(&[]))
    );
    let (source, e) = open(&text);
    let texts: Vec<_> = e.annotations.iter().map(|a| a.0.as_str()).collect();
    assert_eq!(texts, ["role=session-host"]);
    assert_eq!(source.slice(e.annotations[0].1), "role=session-host");
    assert!(e.problems.is_empty(), "{:?}", e.problems);
    let (_, e) = open(&group(&rule(&[("description", "\"// hylint: role=x\"")])));
    assert!(e.annotations.is_empty(), "text of a rule is no comment");
}

#[test]
fn a_subnet_without_a_type_that_lists_configurations_is_no_interface() {
    let text = r#"{"Name": "v", "AddressSpace": {"AddressPrefixes": ["10.0.0.0/16"]}, "Subnets": [
        {"Name": "a", "Id": "/s/virtualNetworks/v/subnets/a", "AddressPrefix": ["10.0.0.0/24"],
         "IpConfigurations": [{"Id": "/s/networkInterfaces/n/ipConfigurations/i"}]}]}"#;
    let (_, e) = open(text);
    let [Companion::Network(_), Companion::Subnet(s)] = e.companions.as_slice() else {
        panic!("{:?}", e.companions)
    };
    assert_eq!(s.addrs.to_string(), "10.0.0.0/24");
    let text = r#"[{"name": "n", "id": "/s/networkInterfaces/n", "ipConfigurations": [{"privateIPAddress": "10.0.0.4"}]},
        {"name": "p", "id": "/s/publicIPAddresses/p", "ipAddress": "51.1.1.1", "publicIPAllocationMethod": "Static"}]"#;
    let (_, e) = open(text);
    let all = e.companions.as_slice();
    assert!(
        matches!(all, [Companion::Interface(_), Companion::PublicAddress(_)]),
        "{all:?}"
    );
}

#[test]
fn companions_are_read() {
    let text = r#"[{"id": "/s/networkInterfaces/n", "name": "n", "ipConfigurations": [
        {"privateIPAddress": "10.0.0.4", "subnet": {"id": "/s/subnets/a"},
         "publicIPAddress": {"id": "/s/publicIPAddresses/p"},
         "applicationSecurityGroups": [{"id": "/s/applicationSecurityGroups/web"}]}],
        "networkSecurityGroup": {"id": "/s/networkSecurityGroups/w"},
        "virtualMachine": {"id": "/s/virtualMachines/vm"}, "tags": {"Role": "session-host"}},
        {"type": "Microsoft.Network/publicIPAddresses", "id": "/s/publicIPAddresses/p",
         "ipAddress": "51.1.1.1", "ipConfiguration": {"id": "/s/networkInterfaces/N/ipConfigurations/i"}},
        {"name": "v", "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
         {"name": "a", "id": "/s/virtualNetworks/v/subnets/a", "addressPrefix": "10.0.0.0/24",
          "networkSecurityGroup": {"id": "/s/networkSecurityGroups/w"}}]},
        {"changeNumber": 1, "cloud": "Public", "values": [{"name": "Sql.WestEurope", "id": "Sql.WestEurope",
         "properties": {"addressPrefixes": ["40.0.0.0/24", "2603::/48"]}}]}]"#;
    let (_, e) = open(text);
    assert!(
        e.points.is_empty() && e.problems.is_empty(),
        "{:?}",
        e.problems
    );
    assert_eq!(e.companions.len(), 5, "{:?}", e.companions);
    let Companion::Interface(n) = &e.companions[0] else {
        panic!()
    };
    assert_eq!(
        (n.private.to_string(), n.public.to_string()),
        ("10.0.0.4".into(), "51.1.1.1".into())
    );
    assert_eq!(n.points, ["/s/networkSecurityGroups/w".into()]);
    assert_eq!(n.groups, ["/s/applicationSecurityGroups/web".into()]);
    assert_eq!(
        (&*n.subnet, &*n.instance),
        ("/s/subnets/a", "/s/virtualMachines/vm")
    );
    assert_eq!(n.tags[0].value, "session-host");
    let Companion::Network(v) = &e.companions[1] else {
        panic!()
    };
    assert_eq!(
        (&*v.name, v.addrs.to_string().as_str()),
        ("v", "10.0.0.0/16")
    );
    let Companion::Subnet(s) = &e.companions[2] else {
        panic!()
    };
    assert_eq!((&*s.name, &*s.network), ("a", "/s/virtualNetworks/v"));
    assert_eq!(s.points, ["/s/networkSecurityGroups/w".into()]);
    let Companion::AddressList(t) = &e.companions[3] else {
        panic!()
    };
    assert_eq!(&*t.key, "azure:Sql.WestEurope");
    assert!(t.addrs.has(Family::V6));
}

#[test]
fn groups_keep_what_binds_them() {
    let text = r#"{"name": "w", "securityRules": [], "tags": {"hylint:role": "session-host"},
        "subnets": [{"id": "/s/virtualNetworks/v/subnets/a", "resourceGroup": "g"}],
        "networkInterfaces": [{"id": "/s/networkInterfaces/n"}], "flowLogs": null, "resourceGuid": "1"}"#;
    let (source, e) = open(text);
    assert!(e.problems.is_empty(), "{:?}", e.problems);
    let p = &e.points[0];
    assert_eq!(p.subnets.len() + p.interfaces.len(), 2);
    assert_eq!(
        (&*p.tags[0].key, source.slice(p.tags[0].span)),
        ("hylint:role", "\"session-host\"")
    );
}

/// Work grows with the text, not with its square: the lists below would take minutes otherwise.
#[test]
fn long_lists_of_one_rule_are_bounded() {
    let list = |item: &dyn Fn(usize) -> String| {
        let items: Vec<_> = (0..30_000).map(item).collect();
        format!("[{}]", items.join(","))
    };
    let tags = list(&|n| format!("\"Tag{n}\""));
    let (r, e) = one(&[
        ("sourceAddressPrefixes", &tags),
        ("sourceAddressPrefix", ""),
    ]);
    assert_eq!(
        (r.clauses.len(), doubts(&r).len()),
        (1, 1),
        "more pairs than a rule may have"
    );
    assert!(kinds(&e).contains(&ProblemKind::Unmodelled));
    let bad = list(&|n| format!("\"%{n}%\""));
    let (r, e) = one(&[("sourceAddressPrefixes", &bad), ("sourceAddressPrefix", "")]);
    assert!(!doubts(&r).is_empty() && e.problems.len() < 20);
    let hosts = list(&|n| format!("\"10.{}.{}.{}\"", n >> 16, n >> 8 & 255, n & 255));
    let (r, e) = one(&[
        ("sourceAddressPrefixes", &hosts),
        ("sourceAddressPrefix", ""),
    ]);
    assert_eq!(r.clauses[0].space.src.v4.count(), 30_000);
    assert!(e.problems.is_empty());
    let strays = list(&|n| {
        let name = format!("\"w/r{n}\"");
        rule(&[
            ("name", &name),
            (
                "type",
                "\"Microsoft.Network/networkSecurityGroups/securityRules\"",
            ),
        ])
    });
    let (_, e) = open(&strays);
    assert_eq!(
        (e.points.len(), e.rules_in_model(), e.lost()),
        (1, 30_000, 0)
    );
}

/// Without companions nobody knows how a rule spells the name of a group, so a head keeps the rule.
#[test]
fn heads_keep_the_rules_that_name_application_security_groups() {
    let named = r#"[{"id": "/s/1/applicationSecurityGroups/Web"}]"#;
    let text = group(&format!(
        "{}, {}, {}",
        rule(&[]),
        rule(&[
            ("sourceApplicationSecurityGroups", named),
            ("sourceAddressPrefix", "")
        ]),
        rule(&[
            ("destinationApplicationSecurityGroups", named),
            ("destinationAddressPrefix", "")
        ]),
    ));
    let source = Source::new("x.json", text, "UTF-8");
    let count = |depth| ingress(&read(&Input::with_depth(&source, depth))).len();
    assert_eq!((count(Depth::Whole), count(Depth::Heads)), (3, 2));
}

proptest::proptest! {
    /// No text makes the reader panic or lose a rule.
    #[test]
    fn hostile_text_loses_nothing(cut in 0usize..600, at in 0usize..600, put in "[\\[\\]{}:,\"a*\\\\]{0,3}") {
        let mut text = group(&format!("{}, {}", rule(&[]), rule(&[("destinationPortRanges", "[\"1\", \"2-3\"]")])));
        let at = at.min(text.len());
        text.insert_str(at, &put);
        text.truncate(cut.max(at).min(text.len()));
        let (source, e) = open(&text);
        proptest::prop_assert_eq!(e.lost(), 0);
        for r in e.points.iter().flat_map(Point::rules) {
            proptest::prop_assert!(source.text.get(r.span.range()).is_some());
        }
    }
}
