//! The commands that formats make of changes: exact, and quoted so that no text of an export becomes a part of the command.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use hylint_model::{Action, Clause, Export, Profiles, Rule, Span};
use hylint_parsers::edit::{Change, EditError, List, ListRef, Position};
use hylint_parsers::format::{FORMATS, read};
use hylint_parsers::shell;
use hylint_parsers::source::Source;
use hylint_space::{AddrSet, PacketBox, PortSet, ProtoSet, proto};

fn commands(text: &str, change: impl Fn(&Export) -> Change) -> Result<Vec<String>, EditError> {
    let source = Source::new("t", text, "UTF-8");
    let export = read(&source).unwrap();
    let format = FORMATS.iter().find(|f| f.id == export.format).unwrap();
    format.commands.unwrap()(&source, &export, &change(&export))
}

const IN: ListRef = ListRef {
    point: 0,
    list: List::Ingress,
};

fn rdp(name: &str, priority: Option<u32>) -> Box<Rule> {
    let mut rule = Rule::new(Span::default(), Action::Allow);
    rule.name = name.into();
    rule.priority = priority;
    rule.clauses = [Clause {
        space: PacketBox {
            src: AddrSet::parse("10.20.1.11").unwrap(),
            proto: ProtoSet::single(proto::TCP),
            dport: PortSet::single(3389),
            ..PacketBox::any()
        },
        ..Clause::default()
    }]
    .into();
    Box::new(rule)
}

fn insert(name: &'static str, priority: Option<u32>) -> impl Fn(&Export) -> Change {
    move |_| Change::Insert {
        at: Position::End(IN),
        rule: rdp(name, priority),
    }
}

fn netsh(rules: &[(&str, &str, &str)]) -> String {
    let mut out = String::new();
    for (name, port, action) in rules {
        out += &format!(
            "\nRule Name:                            {name}\n{}\n",
            "-".repeat(70)
        );
        for (label, value) in [
            ("Enabled", "Yes"),
            ("Direction", "In"),
            ("Profiles", "Domain,Private,Public"),
            ("Grouping", ""),
            ("LocalIP", "Any"),
            ("RemoteIP", "Any"),
            ("Protocol", "TCP"),
            ("LocalPort", port),
            ("RemotePort", "Any"),
            ("Edge traversal", "No"),
            ("InterfaceTypes", "Any"),
            ("Security", "NotRequired"),
            ("Rule source", "Local Setting"),
            ("Action", action),
        ] {
            out += &format!("{:<38}{value}\n", format!("{label}:"));
        }
    }
    out + "Ok.\n"
}

#[test]
fn netsh_rules_are_added_and_picked_by_what_tells_them_apart() {
    let one = netsh(&[("Block RDP", "3389", "Block")]);
    let added = commands(&one, |_| {
        let mut rule = rdp("RDP", None);
        rule.profiles = Profiles::DOMAIN;
        Change::Insert {
            at: Position::End(IN),
            rule,
        }
    });
    let want = "netsh advfirewall firewall add rule name=\"RDP\" dir=in action=allow profile=domain remoteip=10.20.1.11/32 protocol=TCP localport=3389";
    assert_eq!(added.unwrap(), [want]);
    let off = |_: &Export| Change::SetEnabled {
        rule: IN.rule(0),
        enabled: false,
    };
    let want = "netsh advfirewall firewall set rule name=\"Block RDP\" dir=in new enable=no";
    assert_eq!(commands(&one, off).unwrap(), [want]);
    // The other one of the name must not be switched off with it.
    let two = netsh(&[("RDP", "3389", "Block"), ("RDP", "3390", "Allow")]);
    let want = "netsh advfirewall firewall set rule name=\"RDP\" dir=in profile=any localip=Any remoteip=Any protocol=TCP localport=3389 remoteport=Any new enable=no";
    assert_eq!(commands(&two, off).unwrap(), [want]);
    let same = netsh(&[("RDP", "3389", "Block"), ("RDP", "3389", "Allow")]);
    assert!(commands(&same, off).is_err());
    let narrowed = |e: &Export| {
        let mut new = IN.rule(0).find(e).unwrap().clone();
        new.clauses[0].space.src = AddrSet::parse("::/0").unwrap();
        Change::Replace {
            old: IN.rule(0),
            new: Box::new(new),
        }
    };
    let want =
        "netsh advfirewall firewall set rule name=\"Block RDP\" dir=in new remoteip=::/1,8000::/1";
    assert_eq!(commands(&one, narrowed).unwrap(), [want]);
}

/// What an export of one more rule says, added to an export without it.
fn added(lines: &[(&str, &str)]) -> Result<Vec<String>, EditError> {
    let mut text = netsh(&[("Own", "1", "Allow")]);
    for (label, value) in lines {
        let old = format!("{:<38}", format!("{label}:"));
        let kept = text
            .lines()
            .filter(|l| *label != "Protocol" || !l.contains("Port:"));
        let changed = kept.map(|l| match l.starts_with(&old) {
            true => format!("{old}{value}\n"),
            false => format!("{l}\n"),
        });
        text = changed.collect();
    }
    let source = Source::new("t", text, "UTF-8");
    let export = read(&source).unwrap();
    assert_eq!(export.rules_in_model(), 1);
    let rule = Box::new(IN.rule(0).find(&export).unwrap().clone());
    commands(&netsh(&[("Other", "2", "Allow")]), |_| Change::Insert {
        at: Position::End(IN),
        rule: rule.clone(),
    })
}

// Fails if a command makes a wider or a narrower rule than the export has, or one that netsh refuses.
#[test]
fn each_field_that_netsh_has_an_option_for_is_in_the_command() {
    const ADD: &str = "netsh advfirewall firewall add rule name=\"Own\" dir=in action=allow";
    for (lines, want) in [
        (
            &[("Enabled", "No")][..],
            Some("enable=no protocol=TCP localport=1"),
        ),
        (
            &[("InterfaceTypes", "LAN")],
            Some("interfacetype=lan protocol=TCP localport=1"),
        ),
        (&[("InterfaceTypes", "LAN,RAS")], None),
        (
            &[("Security", "AuthEnc")],
            Some("security=authenc protocol=TCP localport=1"),
        ),
        (
            &[("Protocol", "ICMPv4\n    Type    Code\n    8       Any")],
            Some("protocol=ICMPv4:8,Any"),
        ),
        (
            &[(
                "Protocol",
                "ICMPv4\n    Type    Code\n    8       Any\n    3       4",
            )],
            None,
        ),
        (&[("Protocol", "ICMPv6")], Some("protocol=ICMPv6")),
        (
            &[("RemoteIP", "LocalSubnet,10.0.0.1/32")],
            Some("remoteip=10.0.0.1/32,LocalSubnet protocol=TCP localport=1"),
        ),
        (&[("RemoteIP", "Intranet")], None),
        (
            &[("LocalPort", "RPC-EPMap")],
            Some("protocol=TCP localport=135"),
        ),
        (&[("LocalPort", "RPC")], Some("protocol=TCP localport=rpc")),
        (&[("RemotePort", "IPHTTPS")], None),
        (&[("Action", "Bypass"), ("Security", "Authenticate")], None),
    ] {
        let got = added(lines);
        match want {
            Some(want) => assert_eq!(got.unwrap(), [format!("{ADD} {want}")], "{lines:?}"),
            None => assert!(got.is_err(), "{lines:?}: {got:?}"),
        }
    }
}

#[test]
fn names_that_a_shell_of_windows_reads_otherwise_are_in_no_command() {
    for name in [
        "a\" & calc",
        "%PATH%",
        "$(calc)",
        "`calc`",
        "a!b!",
        "x^",
        "“x”",
        "end\\",
        "a\u{202e}b",
    ] {
        let text = netsh(&[(name, "3389", "Block")]);
        let off = |_: &Export| Change::SetEnabled {
            rule: IN.rule(0),
            enabled: false,
        };
        assert!(commands(&text, off).is_err(), "{name}");
        assert!(shell::windows(name).is_err(), "{name}");
    }
    assert_eq!(
        shell::windows("a & (b) | 'c'; d").unwrap(),
        "\"a & (b) | 'c'; d\""
    );
}

#[test]
fn groups_and_entries_of_aws_are_named_by_their_ids() {
    let group = r#"{"SecurityGroups": [{"GroupId": "sg-1'; x", "GroupName": "g", "IpPermissions": [], "IpPermissionsEgress": []}]}"#;
    let want = r#"aws ec2 authorize-security-group-ingress --group-id 'sg-1'\''; x' --ip-permissions '[{"IpProtocol":"tcp","FromPort":3389,"ToPort":3389,"IpRanges":[{"CidrIp":"10.20.1.11/32"}]}]'"#;
    assert_eq!(commands(group, insert("", None)).unwrap(), [want]);
    let acl = r#"{"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [
        {"RuleNumber": 1, "Egress": false, "Protocol": "6", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 3389, "To": 3389}}]}]}"#;
    let want = "aws ec2 create-network-acl-entry --network-acl-id acl-1 --rule-number 90 --ingress --rule-action allow --protocol 6 --port-range From=3389,To=3389 --cidr-block 10.20.1.11/32";
    assert_eq!(commands(acl, insert("", Some(90))).unwrap(), [want]);
    let moved = commands(acl, |e| {
        let mut new = IN.rule(0).find(e).unwrap().clone();
        new.priority = Some(50);
        Change::Replace {
            old: IN.rule(0),
            new: Box::new(new),
        }
    });
    let want = [
        "aws ec2 create-network-acl-entry --network-acl-id acl-1 --rule-number 50 --ingress --rule-action deny --protocol 6 --port-range From=3389,To=3389 --cidr-block 0.0.0.0/0",
        "aws ec2 delete-network-acl-entry --network-acl-id acl-1 --rule-number 1 --ingress",
    ];
    assert_eq!(moved.unwrap(), want);
}

#[test]
fn rules_of_azure_are_made_where_the_resource_id_says() {
    let nsg = |id: &str| {
        format!(
            r#"[{{"name": "n", "id": "{id}", "securityRules": [{{"name": "Deny $(x)", "priority": 100, "protocol": "Tcp", "access": "Deny",
            "direction": "Inbound", "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "3389"}}]}}]"#
        )
    };
    let id = "/subscriptions/s/resourceGroups/rg 1/providers/Microsoft.Network/networkSecurityGroups/nsg-1";
    let want = "az network nsg rule create --subscription s --resource-group 'rg 1' --nsg-name nsg-1 --name rdp --priority 99 --direction Inbound --access Allow --protocol Tcp --source-address-prefixes 10.20.1.11 --source-port-ranges '*' --destination-address-prefixes '*' --destination-port-ranges 3389";
    assert_eq!(commands(&nsg(id), insert("rdp", Some(99))).unwrap(), [want]);
    let removed = commands(&nsg(id), |_| Change::Remove(IN.rule(0)));
    let want = "az network nsg rule delete --subscription s --resource-group 'rg 1' --nsg-name nsg-1 --name 'Deny $(x)'";
    assert_eq!(removed.unwrap(), [want]);
    // Without its resource id nobody knows which group it is.
    assert!(commands(&nsg("nsg-1"), insert("rdp", Some(99))).is_err());
    assert!(commands(&nsg(id), insert("--yes", Some(99))).is_err());
}
