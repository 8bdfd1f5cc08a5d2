//! What gets in that nothing needs: by all rules of a layer together, through all layers of a host, to all of its addresses.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use hylint::finding::Severity;
use hylint::finding::outcome::Outcome;
use hylint::session::{Request, check};
use serde_json::{Value, json};

/// Writes the files, runs the check on them.
fn run(files: &[(&str, String)]) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let request = Request {
        at: "2026-06-01T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([dir.path().to_path_buf()])
    };
    check(&request).unwrap()
}

const EXCESS: [&str; 8] = [
    "any-any",
    "exposed-to-internet",
    "over-permissive-source",
    "over-permissive-port",
    "bypasses-gateway",
    "unneeded-flow",
    "default-allow",
    "firewall-off",
];

/// Severity, code and file of each finding of excess, the gravest first.
fn found(files: &[(&str, String)]) -> Vec<(Severity, String)> {
    let o = run(files);
    let excess = o
        .findings
        .iter()
        .filter(|f| EXCESS.contains(&f.code.as_str()));
    let mut all: Vec<(Severity, String)> = excess
        .map(|f| {
            let path = f.place.as_ref().map(|p| p.path.to_string());
            let path = path.unwrap_or_default();
            let file = path.rsplit('/').next().unwrap_or_default();
            (f.severity, format!("{} {file}", f.code.as_str()))
        })
        .collect();
    all.sort_by(|a, b| b.cmp(a));
    all
}

fn gravest(files: &[(&str, String)]) -> Option<Severity> {
    found(files).first().map(|f| f.0)
}

fn messages(files: &[(&str, String)], code: &str) -> Vec<String> {
    let o = run(files);
    let of = o.findings.iter().filter(|f| f.code.as_str() == code);
    of.map(|f| f.message.clone()).collect()
}

/// A session host that controllers and clients of private networks reach directly.
fn site(more: &str) -> (&'static str, String) {
    let text = format!(
        "[deployment]\naccess = \"direct\"\n[roles]\nworkspace-client = [\"10.50.0.0/16\"]\nactive-directory = []\n\
         sql-server = []\ncontroller-management = [\"10.0.2.10\"]\n\
         [[host]]\nname = \"sh1\"\naddresses = [\"10.0.1.10\"]\nroles = [\"session-host\"]\nexports = [\"sh1*\"]\n{more}"
    );
    ("hylint.toml", text)
}

fn ranges(sources: &[&str], key: &str, field: &str) -> (String, Value) {
    let of = |s: &&str| json!({ field: s });
    (key.to_owned(), sources.iter().map(of).collect())
}

/// An address entry for each source.
fn permission(port: u16, sources: &[&str]) -> Value {
    let (v6, v4): (Vec<&str>, Vec<&str>) = sources.iter().partition(|s| s.contains(':'));
    let mut p = json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port});
    for (key, value) in [
        ranges(&v4, "IpRanges", "CidrIp"),
        ranges(&v6, "Ipv6Ranges", "CidrIpv6"),
    ] {
        p[key] = value;
    }
    p
}

fn group(id: &str, permissions: &[Value]) -> Value {
    json!({"GroupId": id, "GroupName": id, "VpcId": "vpc-1", "IpPermissions": permissions,
           "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]})
}

fn groups(all: &[Value]) -> String {
    json!({"SecurityGroups": all}).to_string()
}

fn interface(groups: &[&str], v6: &[&str]) -> Value {
    let groups: Value = groups.iter().map(|g| json!({"GroupId": g})).collect();
    let v6: Value = v6.iter().map(|a| json!({"Ipv6Address": a})).collect();
    json!({"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1",
        "PrivateIpAddress": "10.0.1.10", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.10", "Primary": true}],
        "Ipv6Addresses": v6, "Groups": groups}]})
}

/// An ACL of the host's subnet that lets all of TCP in from one network.
fn acl(source: &str) -> Value {
    let entry = |n: u32, egress: bool, cidr: &str, action: &str| json!({"CidrBlock": cidr, "Egress": egress, "Protocol": "-1", "RuleAction": action, "RuleNumber": n});
    json!({"NetworkAcls": [{"NetworkAclId": "acl-1", "Associations": [{"SubnetId": "subnet-1"}], "Entries": [
        entry(90, false, source, "allow"), entry(32767, false, "0.0.0.0/0", "deny"),
        entry(90, true, "0.0.0.0/0", "allow"), entry(32767, true, "0.0.0.0/0", "deny")]}]})
}

fn nsg(rules: &[(&str, Value)]) -> String {
    let rule = |(n, (port, sources)): (usize, &(&str, Value))| {
        json!({"name": format!("r{n}"), "priority": 100 + n, "protocol": "Tcp", "access": "Allow", "direction": "Inbound",
               "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": port,
               "sourceAddressPrefixes": sources})
    };
    let rules: Value = rules.iter().enumerate().map(rule).collect();
    json!({"name": "nsg-1", "securityRules": rules, "defaultSecurityRules": []}).to_string()
}

fn iptables(input: &str, v6: bool) -> String {
    let tool = if v6 { "ip6tables" } else { "iptables" };
    format!(
        "# Generated by {tool}-save v1.8.7 on Mon Jun  1 00:00:00 2026\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n\
         :OUTPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n{input}COMMIT\n"
    )
}

fn netsh(rules: &[(&str, &str, &str, &str)]) -> String {
    let one = |(program, port, source, action): &(&str, &str, &str, &str)| {
        format!(
            "\r\nRule Name:                            {port} {action}\r\n{}\r\nEnabled:                              Yes\r\n\
             Direction:                            In\r\nProfiles:                             Domain,Private,Public\r\n\
             Grouping:                             \r\nLocalIP:                              Any\r\n\
             RemoteIP:                             {source}\r\nProtocol:                             TCP\r\n\
             LocalPort:                            {port}\r\nRemotePort:                           Any\r\n\
             Edge traversal:                       No\r\nProgram:                              {program}\r\n\
             Service:                              Any\r\nInterfaceTypes:                       Any\r\n\
             Security:                             NotRequired\r\nRule source:                          Local Setting\r\n\
             Action:                               {action}\r\n",
            "-".repeat(70)
        )
    };
    rules.iter().map(one).collect()
}

/// What lets these sources in at port 22 in each format, a rule for each source.
fn formats(sources: &[&str]) -> Vec<(&'static str, String)> {
    let rule = |s: &&str| format!("-A INPUT -s {s} -p tcp -m tcp --dport 22 -j ACCEPT\n");
    let rules: String = sources.iter().map(rule).collect();
    let azure: Vec<(&str, Value)> = sources.iter().map(|s| ("22", json!([s]))).collect();
    let windows: Vec<_> = sources.iter().map(|s| ("Any", "22", *s, "Allow")).collect();
    vec![
        ("sh1.rules", iptables(&rules, false)),
        (
            "sh1.json",
            groups(&[group("sg-1", &[permission(22, sources)])]),
        ),
        ("sh1.json", nsg(&azure)),
        ("sh1.txt", netsh(&windows)),
    ]
}

/// Catches "anyone" in pieces, none of which is anyone.
#[test]
fn the_internet_in_pieces_is_the_internet() {
    let some = Some(Severity::Error);
    for (sources, want) in [
        (
            &["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/3"][..],
            some,
        ),
        (&["64.0.0.0/2", "128.0.0.0/3", "160.0.0.0/4"], some),
        (&["128.0.0.0/1"], some),
        (&["64.0.0.0/2"], Some(Severity::Warning)),
        (&["9.0.0.0/9", "9.128.0.0/9"], Some(Severity::Warning)),
    ] {
        for (name, text) in formats(sources) {
            let files = [site(""), (name, text)];
            assert_eq!(gravest(&files), want, "{name} {sources:?}");
        }
    }
    let one = [
        site(""),
        (
            "sh1.txt",
            netsh(&[(
                "Any",
                "22",
                "1.0.0.0-9.255.255.255,11.0.0.0-99.255.255.255",
                "Allow",
            )]),
        ),
    ];
    assert_eq!(gravest(&one), some);
    let array = [
        site(""),
        (
            "sh1.json",
            nsg(&[("22", json!(["64.0.0.0/2", "128.0.0.0/2"]))]),
        ),
    ];
    assert_eq!(gravest(&array), some);
    let countries: Vec<String> = (1..200)
        .map(|n| format!("{}.{n}.0.0/17", 128 + n % 64))
        .collect();
    let countries: Vec<&str> = countries.iter().map(String::as_str).collect();
    let list = groups(&[group("sg-1", &[permission(22, &countries)])]);
    let list = [site(""), ("sh1.json", list)];
    let exposed = |f: &(Severity, String)| f.1.starts_with("exposed") || f.0 == Severity::Error;
    assert!(!found(&list).iter().any(exposed), "a country is not anyone");
}

/// Catches halves in two groups of one interface, and halves of two interfaces that are put together.
#[test]
fn groups_of_one_interface_are_asked_together() {
    let halves = |interface_has: &[&str]| {
        let a = group("sg-1", &[permission(22, &["64.0.0.0/2"])]);
        let b = group("sg-2", &[permission(22, &["128.0.0.0/2"])]);
        [
            site(""),
            ("sh1.json", groups(&[a, b])),
            ("sh1-eni.json", interface(interface_has, &[]).to_string()),
        ]
    };
    assert_eq!(gravest(&halves(&["sg-1", "sg-2"])), Some(Severity::Error));
    assert_eq!(gravest(&halves(&["sg-1"])), Some(Severity::Warning));
    let together = run(&halves(&["sg-1", "sg-2"]));
    let error = together
        .findings
        .iter()
        .find(|f| f.code.as_str() == "exposed-to-internet")
        .unwrap();
    assert!(error.message.contains("2 rules"), "{}", error.message);
    let other = |r: &hylint::finding::Related| r.label == "allows part of it";
    assert_eq!(error.related.iter().filter(|r| other(r)).count(), 1);
}

/// Catches sources of a family that the host has no address of, which seem to be told of and hide pieces of the other one.
#[test]
fn sources_without_a_destination_hide_no_pieces() {
    let with = |more: &[&str], v6: &[&str]| {
        let mut rules = vec![("22", json!(["10.0.0.0/8", "2000::/4"]))];
        rules.extend(more.iter().map(|s| ("22", json!([s]))));
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network";
        let mut group: Value = serde_json::from_str(&nsg(&rules)).unwrap();
        group["id"] = format!("{id}/networkSecurityGroups/nsg-1").into();
        let address = |a: &&str| json!({"privateIPAddress": a, "subnet": {"id": format!("{id}/virtualNetworks/v/subnets/s")}});
        let all: Value = ["10.0.1.10"].iter().chain(v6).map(address).collect();
        let nic = json!([{"id": format!("{id}/networkInterfaces/n"), "name": "n", "type": "Microsoft.Network/networkInterfaces",
            "ipConfigurations": all, "networkSecurityGroup": {"id": group["id"]}}]);
        [
            site(""),
            ("sh1.json", group.to_string()),
            ("sh1-nic.json", nic.to_string()),
        ]
    };
    let quarters = ["64.0.0.0/2", "128.0.0.0/2"];
    let text = messages(&with(&quarters, &[]), "exposed-to-internet");
    assert!(text.iter().any(|m| m.contains("2 rules")), "{text:?}");
    assert_eq!(gravest(&with(&quarters, &[])), Some(Severity::Error));
    assert_eq!(
        gravest(&with(&quarters[..1], &[])),
        Some(Severity::Warning),
        "a quarter without its private addresses, and no IPv6"
    );
    let own = with(&[], &["2600:1f00::a"]);
    assert_eq!(gravest(&own), Some(Severity::Error), "IPv6 by itself");
}

/// Catches a group that a rule names and that seems to be anyone until it is asked who is in it: it hides pieces.
#[test]
fn rules_that_name_a_group_hide_no_pieces() {
    let mut members = permission(22, &[]);
    members["FromPort"] = 0.into();
    members["ToPort"] = 65535.into();
    members["UserIdGroupPairs"] = json!([{"GroupId": "sg-1"}]);
    let with = |more: &[Value]| {
        let all: Vec<Value> = more.iter().cloned().chain([members.clone()]).collect();
        let files = [
            site(""),
            ("sh1.json", groups(&[group("sg-1", &all)])),
            ("sh1-eni.json", interface(&["sg-1"], &[]).to_string()),
        ];
        let mine = found(&files);
        (mine[0].clone(), messages(&files, "exposed-to-internet"))
    };
    let quarters = [
        permission(22, &["64.0.0.0/2"]),
        permission(22, &["128.0.0.0/2"]),
    ];
    let ((severity, _), text) = with(&quarters);
    assert_eq!(severity, Severity::Error, "{text:?}");
    assert!(text.iter().any(|m| m.contains("2 rules")), "{text:?}");
    let ((severity, _), text) = with(&quarters[..1]);
    assert_eq!(severity, Severity::Warning, "{text:?}");
    let (_, text) = with(&[]);
    assert_eq!(text, Vec::<String>::new(), "the members alone");
}

/// Catches ports that a rule opens by itself and that nobody tells of, as others open some of them together with it.
#[test]
fn what_rules_open_together_takes_no_word_from_what_else_they_open() {
    let with = |first: (u16, u16)| {
        let mut wide = permission(22, &["64.0.0.0/2"]);
        wide["FromPort"] = first.0.into();
        wide["ToPort"] = first.1.into();
        let all = [wide, permission(22, &["128.0.0.0/2"])];
        let list = groups(&[group("sg-1", &all)]);
        messages(&[site(""), ("sh1.json", list)], "exposed-to-internet")
    };
    let text = with((20, 30));
    assert_eq!(text.len(), 2, "{text:?}");
    assert!(text.iter().any(|m| m.contains("TCP 20-30")), "{text:?}");
    assert!(text.iter().any(|m| m.contains("2 rules")), "{text:?}");
    let text = with((22, 22));
    assert_eq!(text.len(), 1, "both open nothing else: {text:?}");
    assert!(text[0].contains("2 rules"), "{text:?}");
    let text = with((23, 30));
    assert!(!text.iter().any(|m| m.contains("2 rules")), "{text:?}");
    assert_eq!(text.len(), 2, "{text:?}");
}

/// Catches a rule that is open to anyone at other ports alone, as an earlier one denies this: it hides what other rules open.
#[test]
fn a_rule_that_a_deny_cuts_hides_no_pieces() {
    let with = |denied: Option<&str>| {
        let mut all = vec![
            ("22", "64.0.0.0/2", "Allow"),
            ("22", "128.0.0.0/2", "Allow"),
        ];
        all.extend(denied.map(|port| (port, "*", "Deny")));
        all.push(("20-30", "*", "Allow"));
        let rule = |(n, (port, source, access)): (usize, &(&str, &str, &str))| {
            json!({"name": format!("r{n}"), "priority": 100 + n, "protocol": "Tcp", "access": access, "direction": "Inbound",
                   "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": port,
                   "sourceAddressPrefix": source})
        };
        let rules: Value = all.iter().enumerate().map(rule).collect();
        let group = json!({"name": "nsg-1", "securityRules": rules, "defaultSecurityRules": []});
        let text = messages(
            &[site(""), ("sh1.json", group.to_string())],
            "exposed-to-internet",
        );
        text.iter().filter(|m| m.contains("2 rules")).count()
    };
    assert_eq!(with(Some("22")), 1);
    assert_eq!(with(Some("23")), 0, "the last rule opens it by itself");
    assert_eq!(with(None), 0);
    let halves = |sources: &[&str]| {
        let rules: Vec<(&str, Value)> = sources.iter().map(|s| ("22", json!([s]))).collect();
        gravest(&[site(""), ("sh1.json", nsg(&rules))])
    };
    let before = halves(&["0.0.0.0/2", "0.0.0.0/1"]);
    assert_eq!(before, Some(Severity::Error), "an allow takes some as well");
    let few = halves(&["64.0.0.0/3", "64.0.0.0/2"]);
    assert_eq!(few, Some(Severity::Warning));
}

/// Catches a rule that names its peers and is taken for one that opens nothing, because another group of the first host
/// lets the same in: other hosts lack that group.
#[test]
fn another_group_of_one_host_hides_nothing_at_others() {
    let list = json!({"PrefixListId": "pl-1", "Entries": [{"Cidr": "52.0.0.0/8"}]});
    let mut from_list = permission(22, &[]);
    from_list["PrefixListIds"] = json!([{"PrefixListId": "pl-1"}]);
    let open = || permission(22, &["0.0.0.0/0"]);
    let with = |first: &[Value], shared: &[Value]| {
        let second = "[[host]]\nname = \"sh2\"\naddresses = [\"10.0.1.20\"]\nroles = [\"session-host\"]\nexports = [\"sh1*\"]\n";
        let both = [group("sg-1", first), group("sg-2", shared)];
        let mut all = interface(&["sg-1", "sg-2"], &[]);
        let mut other = all["NetworkInterfaces"][0].clone();
        other["NetworkInterfaceId"] = "eni-2".into();
        other["PrivateIpAddress"] = "10.0.1.20".into();
        other["PrivateIpAddresses"][0]["PrivateIpAddress"] = "10.0.1.20".into();
        other["Groups"] = json!([{"GroupId": "sg-2"}]);
        all["NetworkInterfaces"].as_array_mut().unwrap().push(other);
        let files = [
            site(second),
            ("sh1.json", groups(&both)),
            ("sh1-pl.json", list.to_string()),
            ("sh1-eni.json", all.to_string()),
        ];
        let o = run(&files);
        let told = o.findings.iter().filter(|f| {
            f.point.as_deref() == Some("sg-2")
                && f.code.as_str() == "exposed-to-internet"
                && f.severity >= Severity::Warning
        });
        told.map(|f| f.message.clone()).collect::<Vec<_>>()
    };
    let told = with(&[open()], &[from_list.clone()]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("52.0.0.0/8"), "{told:?}");
    assert_eq!(with(&[], &[from_list.clone()]).len(), 1, "it alone");
    let told = with(&[], &[open(), from_list]);
    assert_eq!(told.len(), 1, "its own group tells of it: {told:?}");
    assert!(told[0].contains("the Internet"), "{told:?}");
    assert_eq!(with(&[open()], &[]), Vec::<String>::new());
}

/// Catches a layer that is judged as if it stood alone, and one that hides what another layer opens.
#[test]
fn what_another_layer_closes_is_a_note() {
    let aws = |acl_from: &str, sources: &[&str]| {
        let mine = [
            permission(3389, &["10.50.0.0/16", "10.0.2.10/32"]),
            permission(22, sources),
        ];
        vec![
            site(""),
            ("sh1.json", groups(&[group("sg-1", &mine)])),
            ("sh1-acl.json", acl(acl_from).to_string()),
            ("sh1-eni.json", interface(&["sg-1"], &[]).to_string()),
        ]
    };
    let closed = found(&aws("0.0.0.0/0", &[]));
    assert_eq!(
        closed.first(),
        Some(&(Severity::Note, "any-any sh1-acl.json".to_owned())),
        "{closed:?}"
    );
    let text = messages(&aws("0.0.0.0/0", &[]), "any-any");
    assert!(text[0].contains("`sg-1` blocks it"), "{text:?}");
    let open = found(&aws("0.0.0.0/0", &["0.0.0.0/0"]));
    let errors: Vec<_> = open.iter().filter(|f| f.0 == Severity::Error).collect();
    assert_eq!(
        errors,
        [&(Severity::Error, "exposed-to-internet sh1.json".to_owned())],
        "once, where it is opened"
    );
    let outer = found(&aws("10.0.0.0/8", &["0.0.0.0/0"]));
    assert_eq!(
        outer[0].0,
        Severity::Warning,
        "10.0.0.0/8 gets in: {outer:?}"
    );
    let text = messages(&aws("10.0.2.0/24", &["64.0.0.0/2"]), "exposed-to-internet");
    assert!(text[0].contains("`acl-1` blocks it"), "{text:?}");
}

/// Catches a perimeter that is called open though the host behind it is closed, and hosts that nobody said are behind it.
#[test]
fn what_hosts_behind_a_perimeter_close_is_a_note() {
    let files = |between: &str, host: &str| {
        let transit =
            format!("[[transit]]\nname = \"edge\"\nexports = [\"edge.rules\"]\n{between}");
        let edge = iptables(
            "-A FORWARD -d 10.0.1.10/32 -p tcp -m tcp --dport 22 -j ACCEPT\n",
            false,
        );
        [
            site(&transit),
            ("edge.rules", edge),
            ("sh1.rules", iptables(host, false)),
        ]
    };
    let between = "between = [[\"workspace-client\", \"session-host\"]]\n";
    assert_eq!(gravest(&files(between, "")), Some(Severity::Note));
    assert_eq!(gravest(&files("", "")), Some(Severity::Error));
    let ssh = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n";
    let both = found(&files(between, ssh));
    assert_eq!(both.iter().filter(|f| f.0 == Severity::Error).count(), 2);
}

/// Catches requirements whose peers nobody declared being taken for the need of everyone, and a gateway's purpose for a fault.
#[test]
fn without_a_site_nobody_s_need_is_everyone() {
    let aws = |port| groups(&[group("sg-1", &[permission(port, &["0.0.0.0/0"])])]);
    let some = Some(Severity::Error);
    for (name, text, want) in [
        ("session-host/g.json", aws(3389), some),
        ("session-host/g.json", aws(38871), some),
        ("sql-server/g.json", aws(1433), some),
        ("hysecure-gateway/g.json", aws(443), None),
        ("hysecure-gateway/g.json", aws(3389), some),
        ("session-host/g.json", nsg(&[("3389", json!(["*"]))]), some),
        (
            "session-host/g.json",
            nsg(&[("3389", json!(["203.0.113.0/24"]))]),
            None,
        ),
        (
            "session-host/sh1.txt",
            netsh(&[
                ("Any", "3389", "Any", "Allow"),
                ("Any", "38871", "Any", "Allow"),
            ]),
            Some(Severity::Warning),
        ),
        (
            "session-host/sh1.txt",
            netsh(&[("Any", "3389", "10.0.0.0/8", "Allow")]),
            None,
        ),
        (
            "session-host/sh1.rules",
            format!(
                "# hylint: address=52.1.2.3\n{}",
                iptables("-A INPUT -p tcp -m tcp --dport 3389 -j ACCEPT\n", false)
            ),
            some,
        ),
    ] {
        let all = found(&[(name, text)]);
        let told: Vec<_> = all.iter().filter(|f| f.0 > Severity::Note).collect();
        assert_eq!(told.first().map(|f| f.0), want, "{name} {all:?}");
        assert!(told.len() < 2, "one for all rules of a host: {all:?}");
    }
}

/// Catches a family that is taken to be closed because the site declares no address of it.
#[test]
fn a_family_without_a_declared_address_is_open_unless_the_interfaces_are_listed() {
    let ssh = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n";
    let halves = [
        site(""),
        ("sh1.v4.rules", iptables("", false)),
        ("sh1.v6.rules", iptables(ssh, true)),
    ];
    assert_eq!(
        found(&halves).first(),
        Some(&(
            Severity::Error,
            "over-permissive-source sh1.v6.rules".to_owned()
        ))
    );
    let aws = |more: Option<&[&str]>| {
        let open = group("sg-1", &[permission(22, &["::/0"])]);
        let mut files = vec![site(""), ("sh1.json", groups(&[open]))];
        files.extend(more.map(|v6| ("sh1-eni.json", interface(&["sg-1"], v6).to_string())));
        files
    };
    assert_eq!(gravest(&aws(None)), Some(Severity::Error));
    assert_eq!(gravest(&aws(Some(&["2a00::1"]))), Some(Severity::Error));
    let lacking = found(&aws(Some(&[])));
    assert_eq!(lacking.len(), 1, "{lacking:?}");
    assert_eq!(lacking[0].0, Severity::Note);
}

/// Catches a deny that acts now and then, for somebody, or for a program, and hides what is open behind it.
#[test]
fn a_deny_that_may_not_apply_hides_nothing() {
    let ssh = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n";
    for (deny, want) in [
        ("-m limit --limit 1/day -j DROP", Severity::Error),
        (
            "-m recent --update --seconds 60 --name x --rsource -j DROP",
            Severity::Error,
        ),
        ("-m set --match-set banned src -j DROP", Severity::Error),
        ("-m string --string x --algo bm -j DROP", Severity::Error),
        ("-m set ! --match-set admins src -j DROP", Severity::Warning),
        ("-m geoip ! --source-country DE -j DROP", Severity::Warning),
    ] {
        let rules = iptables(&format!("-A INPUT {deny}\n{ssh}"), false);
        let all = found(&[site(""), ("sh1.rules", rules)]);
        assert_eq!(all.first().map(|f| f.0), Some(want), "{deny} {all:?}");
    }
    let dropped = iptables(&format!("-A INPUT -p tcp -j DROP\n{ssh}"), false);
    assert_eq!(gravest(&[site(""), ("sh1.rules", dropped)]), None);
    let policy = iptables(
        "-A INPUT -m recent --update --seconds 60 --name x --rsource -j DROP\n",
        false,
    );
    let policy = policy.replace(":INPUT DROP", ":INPUT ACCEPT");
    assert_eq!(
        found(&[site(""), ("sh1.rules", policy)]).first(),
        Some(&(Severity::Error, "default-allow sh1.rules".to_owned()))
    );
    let rule = |program, action| (program, "22", "Any", action);
    for (program, want) in [("Any", None), (r"C:\x\other.exe", Some(Severity::Error))] {
        let text = netsh(&[rule(program, "Block"), rule("Any", "Allow")]);
        assert_eq!(gravest(&[site(""), ("sh1.txt", text)]), want, "{program}");
    }
}

/// Catches a default rule of Azure that an effective listing shows to be one for anyone.
#[test]
fn a_default_rule_for_any_source_is_no_default() {
    let effective = |space: &str| {
        json!({"name": "nsg-1", "securityRules": [], "defaultSecurityRules": [
            {"name": "AllowVnetInBound", "priority": 65000, "protocol": "*", "access": "Allow", "direction": "Inbound",
             "sourcePortRange": "*", "destinationPortRange": "*", "destinationAddressPrefix": "*",
             "sourceAddressPrefix": space}]})
        .to_string()
    };
    let any = messages(&[site(""), ("sh1.json", effective("0.0.0.0/0"))], "any-any");
    assert!(any[0].contains("AllowVnetInBound"), "{any:?}");
    for space in ["10.0.0.0/16", "VirtualNetwork"] {
        assert_eq!(
            gravest(&[site(""), ("sh1.json", effective(space))]),
            None,
            "{space}"
        );
    }
}

/// Catches a site that declares its clients as everyone, and by that makes an open RDP a need. What is not sensitive is.
#[test]
fn clients_that_are_everyone_do_not_need_a_sensitive_service() {
    let rdp = |sources: &[&str]| {
        let rule = |s: &&str| format!("-A INPUT -s {s} -p tcp -m tcp --dport 3389 -j ACCEPT\n");
        iptables(&sources.iter().map(rule).collect::<String>(), false)
    };
    let halves = ["0.0.0.0/1", "128.0.0.0/1"];
    for (clients, sources, want) in [
        (
            &["0.0.0.0/0"][..],
            &["0.0.0.0/0"][..],
            Some(Severity::Error),
        ),
        (&halves, &["0.0.0.0/0"], Some(Severity::Error)),
        (&halves, &halves, Some(Severity::Error)),
        (&["0.0.0.0/0"], &["10.0.0.0/8"], None),
        // A company's own network, and an office.
        (&["9.0.0.0/8"], &["9.0.0.0/8"], None),
        (&["203.0.113.0/24"], &["203.0.113.0/24"], None),
    ] {
        let (name, toml) = site("");
        let declared: Vec<String> = clients.iter().map(|c| format!("{c:?}")).collect();
        let toml = toml.replace("\"10.50.0.0/16\"", &declared.join(", "));
        let files = [(name, toml), ("sh1.rules", rdp(sources))];
        assert_eq!(gravest(&files), want, "{clients:?} {sources:?}");
    }
}

/// Catches an error for each rule of a host in front of which anything may stand, where no hylint.toml says what does.
#[test]
fn without_a_site_file_a_host_firewall_that_is_open_is_one_warning() {
    let open = |port: u16| format!("-A INPUT -p tcp -m tcp --dport {port} -j ACCEPT\n");
    let both = open(22) + &open(6379) + &open(443);
    let told = |files: &[(&str, String)]| {
        let all = found(files).into_iter();
        let all: Vec<_> = all.filter(|f| f.0 > Severity::Note).collect();
        all
    };
    let one = [(
        Severity::Warning,
        "over-permissive-source x.rules".to_owned(),
    )];
    assert_eq!(told(&[("x.rules", iptables(&both, false))]), one);
    let windows = [
        ("Any", "22", "Any", "Allow"),
        ("Any", "1433", "Any", "Allow"),
    ];
    let one = [(Severity::Warning, "over-permissive-source x.txt".to_owned())];
    assert_eq!(told(&[("x.txt", netsh(&windows))]), one);
    let web = iptables(&open(443), false);
    assert_eq!(
        told(&[("x.rules", web)]),
        [],
        "what the host is for is not known"
    );
    let group = groups(&[group("sg-1", &[permission(22, &["0.0.0.0/0"])])]);
    assert_eq!(told(&[("x.json", group)])[0].0, Severity::Error);
    let with_site = [site(""), ("sh1.rules", iptables(&both, false))];
    assert_eq!(told(&with_site)[0].0, Severity::Error);
}

/// Catches a published port that is no sensitive one, and leads to one.
#[test]
fn a_port_that_is_forwarded_to_a_sensitive_one_is_that_service() {
    let forward = |to: &str| {
        let nat = format!(
            "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 33890 -j DNAT --to-destination {to}\nCOMMIT\n"
        );
        iptables("-A FORWARD -d 192.168.1.10/32 -p tcp -j ACCEPT\n", false) + &nat
    };
    for (to, want) in [
        ("192.168.1.10:3389", Severity::Error),
        ("192.168.1.10:8080", Severity::Warning),
    ] {
        let files = [site(""), ("sh1.rules", forward(to))];
        assert_eq!(gravest(&files), Some(want), "{to}");
    }
}

/// Catches a list of addresses that nobody exported and that is told as the whole Internet.
#[test]
fn a_list_that_is_not_exported_is_told_by_its_name() {
    let list = json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": "pl-0a1b"}]});
    let files = [site(""), ("sh1.json", groups(&[group("sg-1", &[list])]))];
    let all = messages(&files, "exposed-to-internet");
    assert!(
        all[0].contains("`pl-0a1b` (addresses not exported)"),
        "{all:?}"
    );
    assert_eq!(gravest(&files), Some(Severity::Warning));
}

/// Catches commands that leave a finding, or that a required flow is lost by.
#[test]
fn commands_narrow_a_rule_to_what_is_needed() {
    let commands = |files: &[(&str, String)], code: &str| {
        let o = run(files);
        let of = o.findings.iter().find(|f| f.code.as_str() == code);
        of.unwrap().commands.join("\n")
    };
    let ssh = |port: u16, source: &str| {
        format!("-A INPUT -s {source} -p tcp -m tcp --dport {port} -j ACCEPT\n")
    };
    let removed = [
        site(""),
        ("sh1.rules", iptables(&ssh(22, "0.0.0.0/0"), false)),
    ];
    assert_eq!(
        commands(&removed, "over-permissive-source"),
        "iptables -t filter -D INPUT -s 0.0.0.0/0 -p tcp -m tcp --dport 22 -j ACCEPT"
    );
    let rdp = [
        site(""),
        ("sh1.rules", iptables(&ssh(3389, "0.0.0.0/0"), false)),
    ];
    let narrowed = commands(&rdp, "over-permissive-source");
    assert!(
        narrowed.contains("-s 10.50.0.0/16,10.0.2.10/32 ") && narrowed.lines().count() == 2,
        "{narrowed}"
    );
    // The replies to the host's own connections come by this rule alone.
    let all = iptables("-A INPUT -j ACCEPT\n", false);
    let all = all.replace(
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n",
        "",
    );
    let kept = commands(&[site(""), ("sh1.rules", all)], "any-any");
    assert!(
        kept.contains("--ctstate RELATED,ESTABLISHED -j ACCEPT"),
        "{kept}"
    );
    let everyone = site("").1.replace("10.50.0.0/16", "0.0.0.0/0");
    let files = [
        ("hylint.toml", everyone),
        ("sh1.rules", iptables(&ssh(3389, "0.0.0.0/0"), false)),
    ];
    assert_eq!(
        commands(&files, "over-permissive-source"),
        "",
        "clients are required from there"
    );
}

/// A firewall between clients and a session host.
fn between() -> (&'static str, String) {
    let text = "[deployment]\naccess = \"direct\"\n[roles]\nworkspace-client = [\"10.50.0.0/16\"]\nactive-directory = []\n\
                sql-server = []\ncontroller-management = []\nsession-host = [\"10.0.1.10\"]\n\
                [[transit]]\nname = \"edge\"\nexports = [\"edge.rules\"]\n\
                between = [[\"workspace-client\", \"session-host\"]]\n";
    ("hylint.toml", text.to_owned())
}

/// Catches a forwarding rule for translated connections alone, which says nothing of ports and lets through what DNAT sends.
#[test]
fn what_is_translated_and_then_forwarded_is_open() {
    let rules = |nat: &str| {
        let forward = "-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT\n";
        [
            between(),
            (
                "edge.rules",
                format!("*nat\n:PREROUTING ACCEPT [0:0]\n{nat}COMMIT\n")
                    + &iptables(forward, false),
            ),
        ]
    };
    let redis =
        "-A PREROUTING -p tcp -m tcp --dport 6379 -j DNAT --to-destination 10.0.1.10:6379\n";
    assert_eq!(
        messages(&rules(redis), "exposed-to-internet"),
        ["anyone on the Internet can reach Redis (TCP 6379) on `edge`"]
    );
    assert_eq!(found(&rules("")), [], "nothing is translated");
}

/// Catches ports that are open by way of packets that are not tracked.
#[test]
fn what_is_not_tracked_and_then_accepted_is_open() {
    let rules = |raw: &str| {
        let input = "-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\n";
        let raw = format!("*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{raw}COMMIT\n");
        [site(""), ("sh1.rules", raw + &iptables(input, false))]
    };
    let ssh = "-A PREROUTING -p tcp -m tcp --dport 22 -j CT --notrack\n";
    assert_eq!(gravest(&rules(ssh)), Some(Severity::Error));
    assert_eq!(found(&rules("")), [], "everything is tracked");
}

/// Catches an error for what a gateway lets out, and silence where the way in is open.
#[test]
fn what_goes_out_by_a_masqueraded_interface_is_no_excess() {
    let rules = |nat: &str, forward: &str| {
        let nat =
            format!("*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n{nat}COMMIT\n");
        [between(), ("edge.rules", nat + &iptables(forward, false))]
    };
    let masquerade = |iface: &str| format!("-A POSTROUTING -o {iface} -j MASQUERADE\n");
    let (out, into) = (
        "-A FORWARD -i eth1 -o eth0 -j ACCEPT\n",
        "-A FORWARD -i eth0 -o eth1 -j ACCEPT\n",
    );
    let error = Some(Severity::Error);
    for (nat, forward, want) in [
        (masquerade("eth0"), out, None),
        (masquerade("eth0"), "-A FORWARD -o eth0 -j ACCEPT\n", None),
        (masquerade("eth0"), into, error),
        (masquerade("eth0") + &masquerade("eth1"), into, error),
        // So that the replies of one host come back this way.
        (
            "-A POSTROUTING -d 10.0.1.10/32 -o eth1 -j MASQUERADE\n".to_owned(),
            into,
            error,
        ),
        // Containers are hidden wherever they go.
        (
            "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n".to_owned(),
            into,
            error,
        ),
    ] {
        assert_eq!(gravest(&rules(&nat, forward)), want, "{nat}{forward}");
    }
}

/// Catches a rule for replies that is told as if any packet came by it.
#[test]
fn a_rule_for_a_source_port_is_told_with_it() {
    let rules = iptables("-A INPUT -p udp -m udp --sport 53 -j ACCEPT\n", false);
    assert_eq!(
        messages(&[site(""), ("sh1.rules", rules)], "any-any"),
        ["`sh1` allows every UDP port from any source with source port 53"]
    );
}

/// Catches a service that all ports of a rule are said to be.
#[test]
fn ports_beside_those_of_a_service_are_not_told_as_the_service() {
    let open = |ports: &str| {
        let rule = format!("-A INPUT -p tcp -m multiport --dports {ports} -j ACCEPT\n");
        let rules = iptables(&rule, false);
        messages(&[site(""), ("sh1.rules", rules)], "over-permissive-source")
    };
    let told = |what: &str| vec![format!("`sh1` allows {what} from any source")];
    assert_eq!(open("389,636"), told("LDAP (TCP 389 and 636)"));
    assert_eq!(open("80,389"), told("TCP 80 and 389 (including LDAP)"));
}
