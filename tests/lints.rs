//! Small sites, each with one thing to decide.
#![allow(clippy::unwrap_used)]

use hylint::check::{CheckRequest, check};
use hylint::finding::Severity;
use hylint::outcome::{Outcome, Status};
use std::path::PathBuf;

/// Writes the files, runs the check on them.
fn run(files: &[(&str, &str)]) -> Outcome {
    run_in(files, "")
}

/// The same, on a part of the folder.
fn run_in(files: &[(&str, &str)], part: &str) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let request = CheckRequest {
        paths: vec![PathBuf::from(dir.path()).join(part)],
        config: None,
        matrix: None,
        role: vec![],
        address: vec![],
        at: "2026-06-01T00:00:00Z".parse().unwrap(),
        threads: 1,
        held_bytes: CheckRequest::HELD_BYTES,
        select: vec![],
        ignore: vec![],
        fail_on: None,
        inline_waivers: true,
        changed: false,
    };
    check(&request).unwrap()
}

fn status(o: &Outcome, row: u32) -> Status {
    o.requirements.iter().find(|r| r.row == row).unwrap().status
}

fn codes(o: &Outcome, row: u32) -> Vec<&'static str> {
    o.findings
        .iter()
        .filter(|f| f.row == Some(row))
        .map(|f| f.code)
        .collect()
}

const ABSENT: &str = "session-host = []\nworkspace-client = []\n";

fn netsh(name: &str, protocol: &str, port: &str, program: &str) -> String {
    format!(
        "\r\nRule Name:                            {name}\r\n{}\r\nEnabled:                              Yes\r\n\
         Direction:                            In\r\nProfiles:                             Domain,Private,Public\r\n\
         Grouping:                             \r\nLocalIP:                              Any\r\n\
         RemoteIP:                             Any\r\nProtocol:                             {protocol}\r\n\
         LocalPort:                            {port}\r\nRemotePort:                           Any\r\n\
         Edge traversal:                       No\r\n{program}InterfaceTypes:                       Any\r\n\
         Security:                             NotRequired\r\nRule source:                          Local Setting\r\n\
         Action:                               Allow\r\n",
        "-".repeat(70)
    )
}

fn console_site(text: &str) -> Outcome {
    let toml = format!(
        "[roles]\n{ABSENT}sql-server = []\nactive-directory = []\nadmin-browser = [\"10.0.9.1\"]\n\
         [[host]]\nname = \"cm1\"\naddresses = [\"10.0.0.1\"]\nroles = [\"controller-management\"]\nexports = [\"cm1.txt\"]\n"
    );
    run(&[("hylint.toml", &toml), ("cm1.txt", text)])
}

#[test]
fn a_rule_for_ip_https_is_no_rule_for_https() {
    let o = console_site(&netsh(
        "Core Networking - IPHTTPS (TCP-In)",
        "TCP",
        "IPHTTPS",
        "",
    ));
    assert_eq!(
        (status(&o, 36), codes(&o, 36)),
        (Status::Violated, vec!["missing-flow"])
    );
    let o = console_site(&netsh("Console", "TCP", "443", ""));
    assert_eq!((status(&o, 36), codes(&o, 36)), (Status::Satisfied, vec![]));
}

#[test]
fn a_program_for_any_port_carries_nothing_and_one_with_its_port_is_an_assumption() {
    let program = "Program:                              C:\\HyWorks\\console.exe\r\n";
    let o = console_site(&netsh("Console", "TCP", "Any", program));
    assert_eq!(status(&o, 36), Status::Violated);
    let o = console_site(&netsh("Console", "TCP", "443", program));
    assert_eq!(status(&o, 36), Status::Satisfied);
    assert!(
        o.assumptions.iter().any(|a| a.id == "program"),
        "{:?}",
        o.assumptions
    );
}

fn one_host(export: (&str, &str)) -> Outcome {
    let toml = format!(
        "[roles]\n{ABSENT}active-directory = []\n[[host]]\nname = \"all\"\naddresses = [\"10.0.0.1\"]\n\
         roles = [\"controller-management\", \"sql-server\"]\nexports = [\"{}\"]\n",
        export.0
    );
    run(&[("hylint.toml", &toml), export])
}

#[test]
fn two_roles_of_one_windows_host_need_no_rule() {
    let o = one_host(("all.txt", &netsh("Console", "TCP", "443", "")));
    assert_eq!(status(&o, 8), Status::Satisfied);
    assert_eq!(
        status(&o, 1),
        Status::NotApplicable,
        "one node has no other to talk to"
    );
}

fn iptables(input: &str) -> String {
    format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{input}COMMIT\n"
    )
}

#[test]
fn two_roles_of_one_linux_host_talk_on_lo() {
    let o = one_host(("all.rules", &iptables("-A INPUT -i lo -j ACCEPT\n")));
    assert_eq!(status(&o, 8), Status::Satisfied);
    let o = one_host((
        "all.rules",
        &iptables("-A INPUT -i eth0 -p tcp -m tcp --dport 1433 -j ACCEPT\n"),
    ));
    assert_eq!(status(&o, 8), Status::Violated);
    assert!(codes(&o, 8).contains(&"missing-flow"), "{:?}", codes(&o, 8));
}

fn gateway(files: &str) -> Outcome {
    let toml = "[roles]\ncontroller-management = []\nsession-host = []\nsql-server = []\nactive-directory = []\n\
        workspace-client = []\nhysecure-client = [\"192.0.2.0/24\"]\n[deployment]\naccess = \"gateway\"\n\
        [[host]]\nname = \"gw\"\naddresses = [\"10.0.0.1\"]\nroles = [\"hysecure-gateway\"]\nexports = [\"gw.rules\"]\n";
    run(&[("hylint.toml", toml), ("gw.rules", files)])
}

const REPLIES: &str = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
const HTTPS: &str = "-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT\n";

#[test]
fn a_filter_table_without_its_policy_proves_nothing() {
    let o = gateway(&iptables(&format!("{REPLIES}{HTTPS}")));
    assert_eq!(status(&o, 51), Status::Satisfied);
    let o = gateway("*filter\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n");
    assert_eq!(
        status(&o, 51),
        Status::Unverified,
        "what happens to the rest is not said"
    );
    let o = gateway("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n");
    assert_eq!(
        status(&o, 51),
        Status::Unverified,
        "there is no filter table"
    );
}

#[test]
fn a_reverse_path_filter_and_a_rule_for_routing_headers_stop_nobody_who_is_routed() {
    let raw =
        "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m rpfilter --invert -j DROP\nCOMMIT\n";
    let o = gateway(&format!("{raw}{}", iptables(&format!("{REPLIES}{HTTPS}"))));
    assert_eq!((status(&o, 51), codes(&o, 51)), (Status::Satisfied, vec![]));
}

#[test]
fn a_limit_before_the_policy_is_a_warning_and_a_deny_before_the_allow_blocks() {
    let limited = "-A INPUT -p tcp -m tcp --dport 443 -m limit --limit 5/sec -j ACCEPT\n";
    let o = gateway(&iptables(&format!("{REPLIES}{limited}")));
    assert_eq!(status(&o, 51), Status::Conditional);
    let f = o.findings.iter().find(|f| f.row == Some(51)).unwrap();
    assert_eq!(
        (f.code, f.severity.as_str()),
        ("conditional-flow", "warning")
    );
    let o = gateway(&iptables(&format!(
        "{REPLIES}-A INPUT -s 192.0.2.0/25 -p tcp -j DROP\n{HTTPS}"
    )));
    let f = o.findings.iter().find(|f| f.row == Some(51)).unwrap();
    let place = f.place.as_ref().unwrap();
    assert_eq!(
        (f.code, place.start.line, place.start.column),
        ("blocked-flow", 6, 1)
    );
    assert_eq!(
        f.related.first().map(|r| r.place.start.line),
        Some(7),
        "the allow that loses"
    );
}

#[test]
fn a_published_container_port_is_open_and_one_on_loopback_is_not() {
    let site = |to: &str| {
        let nat = format!(
            "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING {to}-p tcp -m tcp --dport 9200 -j DNAT --to-destination 172.17.0.2:9200\nCOMMIT\n"
        );
        let filter = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -d 172.17.0.2/32 -p tcp -m tcp --dport 9200 -j ACCEPT\nCOMMIT\n";
        gateway(&format!("{nat}{filter}"))
    };
    let at = |o: &Outcome| -> Vec<(&str, u32)> {
        let grave = o
            .findings
            .iter()
            .filter(|f| f.severity.as_str() == "error" && f.row.is_none());
        grave
            .map(|f| (f.code, f.place.as_ref().unwrap().start.line))
            .collect()
    };
    assert_eq!(at(&site("")), [("over-permissive-source", 3)]);
    assert_eq!(at(&site("-d 127.0.0.1/32 ")), []);
}

#[test]
fn sources_that_no_host_has_are_no_undeclared_peers() {
    let open = "-A INPUT -p tcp -m tcp --dport 38871 -j ACCEPT\n";
    let forged = |net: &str| iptables(&format!("-A INPUT -s {net} -j DROP\n{REPLIES}{open}"));
    for (net, expected) in [
        ("169.254.0.0/16", Status::Satisfied),
        ("198.51.100.0/24", Status::Satisfied),
        ("198.51.0.0/16", Status::Conditional),
        ("10.9.0.0/16", Status::Conditional),
    ] {
        let o = run(&[("sh1-session-host.rules", &forged(net))]);
        assert_eq!(status(&o, 16), expected, "{net}");
    }
    let narrow = "-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 38871 -j ACCEPT\n";
    let o = run(&[(
        "sh1-session-host.rules",
        &iptables(&format!("{REPLIES}{narrow}")),
    )]);
    assert_eq!(status(&o, 16), Status::Conditional);
}

#[test]
fn azure_default_rules_let_a_host_reach_undeclared_peers() {
    let nsg = r#"{"name": "sh1-nsg", "type": "Microsoft.Network/networkSecurityGroups", "securityRules": []}"#;
    let o = run(&[("sh1-session-host.json", nsg)]);
    assert_eq!(status(&o, 20), Status::Satisfied, "{:?}", o.findings);
    assert_eq!(
        status(&o, 16),
        Status::Conditional,
        "VirtualNetwork is not known"
    );
}

#[test]
fn a_host_whose_exports_are_not_there_is_told_where_the_whole_site_is_looked_at() {
    let host = |n: &str| {
        format!(
            "[[host]]\nname = \"{n}\"\naddresses = [\"10.0.0.{}\"]\nroles = [\"sql-server\"]\nexports = [\"{n}/*.v4\", \"{n}/*.v6\"]\n",
            &n[3..]
        )
    };
    let roles = "[roles]\ncontroller-management = []\nsession-host = []\nactive-directory = []\nworkspace-client = []\n";
    let toml = format!("{roles}{}{}", host("sql1"), host("sql2"));
    let rules = iptables(REPLIES);
    let missing = |o: &Outcome| -> Vec<(u32, Option<String>)> {
        let f = o.findings.iter();
        f.filter(|f| f.code == "incomplete-export" && f.severity == Severity::Error)
            .map(|f| (f.place.as_ref().unwrap().start.line, f.host.clone()))
            .collect()
    };
    let one = [("hylint.toml", toml.as_str()), ("sql1/a.v4", &rules)];
    assert_eq!(missing(&run(&one)), [(11, Some("sql2".to_owned()))]);
    assert_eq!(
        missing(&run_in(&one, "sql1")),
        [],
        "only a part of the site was asked about"
    );
    let both = [one[0], one[1], ("sql2/b.v6", rules.as_str())];
    assert_eq!(missing(&run(&both)), []);
}

/// Code, severity and host of every finding that is no note.
fn told(o: &Outcome) -> Vec<(&'static str, Severity, String)> {
    let loud = o.findings.iter().filter(|f| f.severity > Severity::Note);
    loud.map(|f| (f.code, f.severity, f.host.clone().unwrap_or_default()))
        .collect()
}

fn group(id: &str, name: &str, permissions: &str) -> String {
    format!(
        r#"{{"GroupId": "{id}", "GroupName": "{name}", "VpcId": "vpc-1", "IpPermissionsEgress": [], "IpPermissions": [{permissions}]}}"#
    )
}

fn from(source: &str, protocol: &str, port: u16) -> String {
    format!(r#"{{"IpProtocol": "{protocol}", "FromPort": {port}, "ToPort": {port}, {source}}}"#)
}

const ANYONE: &str = r#""IpRanges": [{"CidrIp": "0.0.0.0/0"}]"#;

#[test]
fn an_export_of_an_unknown_role_is_judged_as_far_as_no_role_is_needed() {
    let ssh = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT\n";
    let o = run(&[("x.v4", &iptables(ssh))]);
    let role = ("unknown-role", Severity::Error, String::new());
    let wide = ("over-permissive-source", Severity::Error, "x".to_owned());
    assert_eq!(
        told(&o),
        [role.clone(), wide],
        "8080 may be what the host is for"
    );

    let open = group("sg-1", "a", &from(ANYONE, "tcp", 22));
    let web = group("sg-2", "b", &from(ANYONE, "tcp", 443));
    let own = group(
        "sg-3",
        "c",
        r#"{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-3", "UserId": "1"}]}"#,
    );
    let o = run(&[(
        "groups.json",
        &format!(r#"{{"SecurityGroups": [{open}, {web}, {own}]}}"#),
    )]);
    let exposed = (
        "exposed-to-internet",
        Severity::Error,
        "sg-1 (a)".to_owned(),
    );
    assert_eq!(told(&o), [role, exposed]);
    assert!(o.exports[0].roles.is_empty() && o.exports[0].role_source.is_none());
}

#[test]
fn groups_that_guard_nobody_are_counted_and_those_of_a_bound_export_are_the_account_s() {
    let sql = group("sg-1", "sql-server", &from(ANYONE, "tcp", 3389));
    let other = group("sg-2", "other", &from(ANYONE, "tcp", 3389));
    let groups = format!(r#"{{"SecurityGroups": [{sql}, {other}]}}"#);
    let notes = |o: &Outcome| -> Vec<String> {
        let f = o.findings.iter().filter(|f| f.code == "unbound-point");
        f.map(|f| f.message.clone()).collect()
    };
    let exposed = |o: &Outcome| -> Vec<String> {
        let f = o
            .findings
            .iter()
            .filter(|f| f.code == "exposed-to-internet");
        f.filter_map(|f| f.host.clone()).collect()
    };
    let o = run(&[("groups.json", &groups)]);
    assert_eq!(exposed(&o), ["sql-server", "sg-2 (other)"]);
    assert_eq!(notes(&o).len(), 1);
    assert!(notes(&o)[0].contains("sg-2 (other)"), "{:?}", notes(&o));
    let toml = "[roles]\ncontroller-management = []\nsession-host = []\nactive-directory = []\nworkspace-client = []\n\
        [[host]]\nname = \"sql1\"\naddresses = [\"10.0.0.1\"]\nroles = [\"sql-server\"]\nexports = [\"groups.json\"]\npoints = [\"sg-1\"]\n";
    let o = run(&[("hylint.toml", toml), ("groups.json", &groups)]);
    assert_eq!(exposed(&o), ["sql1"]);
    assert_eq!(notes(&o).len(), 1);
}
