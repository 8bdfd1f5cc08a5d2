//! Small sites, each with one thing to decide.
#![allow(clippy::unwrap_used)]

use hylint::finding::outcome::{Outcome, Status};
use hylint::finding::{AssumptionId, Severity};
use hylint::session::{Request, check};
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
    let request = Request {
        at: "2026-06-01T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([PathBuf::from(dir.path()).join(part)])
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
        .map(|f| f.code.as_str())
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
        o.assumptions.iter().any(|a| a.id == AssumptionId::Program),
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

/// Lines, severities and messages of the findings that speak of a profile.
fn of_profiles(o: &Outcome) -> Vec<(u32, &str, &str)> {
    let each = o.findings.iter().filter(|f| f.message.contains("profile"));
    each.map(|f| {
        let place = f.place.as_ref().unwrap();
        (place.start.line, f.severity.as_str(), f.message.as_str())
    })
    .collect()
}

const ANY_PROGRAM: &str =
    "Program:                              Any\r\nService:                              Any\r\n";

/// Each rule acts in the profiles that are written before it.
fn in_profiles(rules: &[(&str, String)]) -> String {
    let each = rules
        .iter()
        .map(|(p, r)| r.replace("Domain,Private,Public", p));
    each.collect()
}

#[test]
fn a_flow_of_the_assumed_profile_alone_is_a_note() {
    let console = |profiles: &'static str| {
        in_profiles(&[(profiles, netsh("Console", "TCP", "443", ANY_PROGRAM))])
    };
    let o = console_site(&console("Domain,Public"));
    assert_eq!(status(&o, 36), Status::Satisfied);
    let says = "`cm1` allows 1 required flow (row 36) only in the domain profile, which is assumed, not in the private profile";
    assert_eq!(of_profiles(&o), [(2, "note", says)]);
    let o = console_site(&console("Domain,Private,Public"));
    assert_eq!(of_profiles(&o), []);
    let current = "\r\nDomain Profile:\r\n----------------------------------------------------------------------\r\nexample.org\r\n";
    let o = console_site(&format!("{current}{}", console("Domain")));
    assert_eq!(of_profiles(&o), [], "it says which one is active");
}

#[test]
fn what_is_open_in_a_profile_that_may_be_active_is_one_level_lower() {
    let rdp = || netsh("Desktops", "TCP", "3389", ANY_PROGRAM);
    let o = console_site(&in_profiles(&[("Private,Public", rdp())]));
    let says = "`cm1` allows RDP (TCP 3389) from any source (private and public profiles)";
    assert_eq!(of_profiles(&o), [(2, "warning", says)]);
    assert!(
        o.assumptions
            .iter()
            .any(|a| a.id == AssumptionId::ProfileDomain)
    );
    // In the domain profile a block takes all of it.
    let block = netsh("Closed", "Any", "Any", ANY_PROGRAM).replace("Allow\r\n", "Block\r\n");
    let all = "Domain,Private,Public";
    let o = console_site(&in_profiles(&[("Domain", block), (all, rdp())]));
    let open: Vec<_> = of_profiles(&o)
        .into_iter()
        .filter(|f| f.1 != "note")
        .collect();
    assert_eq!(open, [(21, "warning", says)]);
    // Where the judged profile has it, that is enough.
    let o = console_site(&rdp());
    assert_eq!(of_profiles(&o), []);
    let error = o
        .findings
        .iter()
        .find(|f| f.code.as_str() == "over-permissive-source");
    assert_eq!(error.unwrap().severity, Severity::Error);
}

#[test]
fn a_firewall_that_is_off_in_a_profile_that_may_be_active_is_a_warning() {
    let profile = |name: &str, state: &str| {
        format!(
            "\r\n{name} Profile Settings: \r\n{}\r\nState                                 {state}\r\n\
             Firewall Policy                       BlockInbound,AllowOutbound\r\n",
            "-".repeat(70)
        )
    };
    let settings = |public: &str| {
        let each = [("Domain", "ON"), ("Private", "ON"), ("Public", public)];
        let all: String = each.iter().map(|(n, s)| profile(n, s)).collect();
        console_site(&format!(
            "{all}{}",
            netsh("Console", "TCP", "443", ANY_PROGRAM)
        ))
    };
    assert_eq!(of_profiles(&settings("ON")), []);
    let o = settings("OFF");
    let says = "the firewall of `cm1` is off in the public profile: all inbound traffic is allowed";
    assert_eq!(of_profiles(&o), [(14, "warning", says)]);
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
fn a_rule_that_may_not_match_is_not_the_place_of_what_the_policy_stops_anyhow() {
    let odd = "-A INPUT -p tcp -m string --algo bm --string x -j DROP\n";
    let place = |rules: &str| {
        let o = gateway(&iptables(rules));
        let f = o.findings.iter().find(|f| f.row == Some(51)).unwrap();
        let line = f.place.as_ref().unwrap().start.line;
        (f.code.as_str(), line, f.label.clone())
    };
    let policy = "policy DROP: nothing accepts it".to_owned();
    assert_eq!(place(odd), ("missing-flow", 2, policy));
    let stops = "drops it here".to_owned();
    let sure = format!("{odd}-A INPUT -p tcp -j DROP\n");
    assert_eq!(place(&sure), ("missing-flow", 6, stops));
}

#[test]
fn a_limit_before_the_policy_is_a_warning_and_a_deny_before_the_allow_blocks() {
    let limited = "-A INPUT -p tcp -m tcp --dport 443 -m limit --limit 5/sec -j ACCEPT\n";
    let o = gateway(&iptables(&format!("{REPLIES}{limited}")));
    assert_eq!(status(&o, 51), Status::Conditional);
    let f = o.findings.iter().find(|f| f.row == Some(51)).unwrap();
    assert_eq!(
        (f.code.as_str(), f.severity.as_str()),
        ("conditional-flow", "warning")
    );
    let o = gateway(&iptables(&format!(
        "{REPLIES}-A INPUT -s 192.0.2.0/25 -p tcp -j DROP\n{HTTPS}"
    )));
    let f = o.findings.iter().find(|f| f.row == Some(51)).unwrap();
    let place = f.place.as_ref().unwrap();
    assert_eq!(
        (f.code.as_str(), place.start.line, place.start.column),
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
            .map(|f| (f.code.as_str(), f.place.as_ref().unwrap().start.line))
            .collect()
    };
    assert_eq!(at(&site("")), [("over-permissive-source", 3)]);
    assert_eq!(at(&site("-d 127.0.0.1/32 ")), []);
}

/// A needed port within a wide rule is left out for those who need it and for nobody else; a rule before it counts.
#[test]
fn the_excess_is_named_exactly() {
    let toml = "[roles]\ncontroller-management = [\"10.93.1.5\"]\n[[host]]\nname = \"sql1\"\naddresses = [\"10.0.0.5\"]\nroles = [\"sql-server\"]\nexports = [\"sql1.rules\"]\n";
    let rules = "-A INPUT -s 10.66.0.0/16 -j DROP\n-A INPUT -s 10.0.0.0/8 -i eth1 -p tcp -m tcp --dport 1024:65535 -j ACCEPT\n";
    let o = run(&[
        ("hylint.toml", toml),
        ("sql1.rules", &iptables(&format!("{REPLIES}{rules}"))),
    ]);
    let f = o.findings.iter().find(|f| !f.excess.is_empty()).unwrap();
    let lines: Vec<&str> = f.excess.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(f.code.as_str(), "over-permissive-port");
    assert_eq!(
        lines,
        [
            "TCP 1024-65535 except 1433 from 10.0.0.0/8 except 10.66.0.0/16, in by eth1",
            "TCP 1433 from 10.0.0.0/8 except 10.66.0.0/16, 10.93.1.5, in by eth1"
        ]
    );
    assert_eq!(f.excess_total, 2);
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
        f.filter(|f| f.code.as_str() == "incomplete-export" && f.severity == Severity::Error)
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
    loud.map(|f| {
        (
            f.code.as_str(),
            f.severity,
            f.host.clone().unwrap_or_default(),
        )
    })
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
    let wide = ("over-permissive-source", Severity::Warning, "x".to_owned());
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
        let f = o
            .findings
            .iter()
            .filter(|f| f.code.as_str() == "unbound-point");
        f.map(|f| f.message.clone()).collect()
    };
    let exposed = |o: &Outcome| -> Vec<String> {
        let f = o
            .findings
            .iter()
            .filter(|f| f.code.as_str() == "exposed-to-internet");
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

/// Line and related lines of the findings of a code.
fn lines(o: &Outcome, code: &str) -> Vec<(u32, Vec<u32>)> {
    let of_code = o.findings.iter().filter(|f| f.code.as_str() == code);
    of_code
        .map(|f| {
            let related = f.related.iter().map(|r| r.place.start.line).collect();
            (f.place.as_ref().unwrap().start.line, related)
        })
        .collect()
}

/// A gateway with these rules behind the ones that it needs; the first of them stands at line 7.
fn behind_https(rules: &str) -> Outcome {
    gateway(&iptables(&format!("{REPLIES}{HTTPS}{rules}")))
}

#[test]
fn a_chain_that_no_rule_jumps_to_is_named_unless_it_may_be_the_kernels() {
    let with = |chain: &str| {
        let filter = iptables(&format!("{REPLIES}{HTTPS}"));
        let nat = format!("*nat\n:PREROUTING ACCEPT [0:0]\n{chain}COMMIT\n");
        lines(&gateway(&(nat + &filter)), "unreferenced-chain").len()
    };
    let rule = |chain: &str| format!("-A {chain} -s 10.0.0.0/8 -j ACCEPT\n");
    let own = || format!(":OWN - [0:0]\n{}", rule("OWN"));
    assert_eq!(with(&own()), 1);
    assert_eq!(with(&format!("{}-A PREROUTING -j OWN\n", own())), 0);
    // Of a dump that has lost its headings.
    assert_eq!(with(&rule("FORWARD")), 0);
}

#[test]
fn a_rule_that_others_together_take_all_packets_of_is_shadowed_and_they_are_named() {
    let stripes = "-A INPUT -p tcp -m tcp --dport 8000:8049 -j DROP\n-A INPUT -p tcp -m tcp --dport 8050:8099 -j DROP\n";
    let o = behind_https(&format!(
        "{stripes}-A INPUT -p tcp -m tcp --dport 8010:8080 -j ACCEPT\n"
    ));
    assert_eq!(lines(&o, "shadowed-rule"), [(9, vec![7, 8])]);
    let f = o
        .findings
        .iter()
        .find(|f| f.code.as_str() == "shadowed-rule")
        .unwrap();
    assert_eq!(f.severity.as_str(), "warning");
    // One port more is reached.
    let o = behind_https(&format!(
        "{stripes}-A INPUT -p tcp -m tcp --dport 8010:8100 -j ACCEPT\n"
    ));
    assert_eq!(lines(&o, "shadowed-rule"), []);
}

#[test]
fn of_many_rules_that_shadow_one_a_handful_is_named() {
    let each = (8000..8010).map(|p| format!("-A INPUT -p tcp -m tcp --dport {p} -j DROP\n"));
    let stripes: String = each.collect();
    let o = behind_https(&format!(
        "{stripes}-A INPUT -p tcp -m tcp --dport 8000:8009 -j ACCEPT\n"
    ));
    assert_eq!(lines(&o, "shadowed-rule"), [(17, vec![7, 8, 9, 10, 11])]);
    let f = o
        .findings
        .iter()
        .find(|f| f.code.as_str() == "shadowed-rule")
        .unwrap();
    assert_eq!(f.related.last().unwrap().label, "drops some, as do 5 more");
}

#[test]
fn what_is_done_before_already_is_redundant_and_no_more_than_a_note() {
    let o = behind_https("-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 443 -j ACCEPT\n");
    assert_eq!(lines(&o, "redundant-rule"), [(7, vec![6])]);
    assert_eq!(lines(&o, "shadowed-rule"), []);
    let o = behind_https("-A INPUT -s 10.0.0.0/8 -p udp -m udp --dport 443 -j ACCEPT\n");
    assert_eq!(lines(&o, "redundant-rule"), []);
}

#[test]
fn an_allow_whose_packets_a_later_allow_takes_is_redundant_unless_a_deny_stands_between() {
    let narrow = "-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n";
    let wide = "-A INPUT -s 10.0.0.0/7 -p tcp -m tcp --dport 22 -j ACCEPT\n";
    let o = behind_https(&format!("{narrow}{wide}"));
    assert_eq!(lines(&o, "redundant-rule"), [(7, vec![])]);
    let between = "-A INPUT -s 10.9.0.0/16 -j DROP\n";
    let o = behind_https(&format!("{narrow}{between}{wide}"));
    assert_eq!(lines(&o, "redundant-rule"), []);
}

#[test]
fn only_rules_without_conditions_that_end_shadow_others() {
    for first in [
        "-p tcp -m tcp --dport 22 -m limit --limit 5/sec -j DROP",
        "-p tcp -m tcp --dport 22 -m set --match-set bad src -j DROP",
        "-p tcp -m tcp --dport 22 -m mark --mark 0x1 -j DROP",
        "-p tcp -m tcp --dport 22 -j LOG",
        "-p tcp -m tcp --dport 22 -j MARK --set-xmark 0x1/0xffffffff",
    ] {
        let o = behind_https(&format!(
            "-A INPUT {first}\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
        ));
        assert_eq!(lines(&o, "shadowed-rule"), [], "{first}");
        // Conditions of the covered rule do not matter: it matches no more than without them.
        let o = behind_https(&format!(
            "-A INPUT -p tcp -m tcp --dport 22 -j DROP\n-A INPUT {first}\n"
        ));
        let found = [lines(&o, "shadowed-rule"), lines(&o, "redundant-rule")].concat();
        assert_eq!(found, [(8, vec![7])], "{first}");
    }
}

#[test]
fn a_jump_shadows_what_its_chain_never_gives_back() {
    let site = |chain: &str| {
        gateway(&format!(
            "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:svc - [0:0]\n{REPLIES}{HTTPS}\
             -A INPUT -s 10.0.0.0/8 -j svc\n-A INPUT -s 10.1.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT\n{chain}COMMIT\n"
        ))
    };
    let o = site("-A svc -p tcp -m tcp --dport 22 -j DROP\n");
    assert_eq!(lines(&o, "shadowed-rule"), [(9, vec![8])]);
    for chain in [
        "-A svc -s 10.1.2.3/32 -j RETURN\n-A svc -p tcp -m tcp --dport 22 -j DROP\n",
        "-A svc -p tcp -m tcp --dport 22 -m limit --limit 1/sec -j DROP\n",
        "-A svc -j RETURN\n",
    ] {
        assert_eq!(lines(&site(chain), "shadowed-rule"), [], "{chain}");
    }
}

#[test]
fn opposite_rules_that_overlap_in_part_conflict_and_an_exception_does_not() {
    let o = behind_https(
        "-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.0.0.9/32 -p tcp -m tcp --dport 20:30 -j DROP\n",
    );
    assert_eq!(lines(&o, "conflicting-rule"), [(8, vec![7])]);
    let o = behind_https(
        "-A INPUT -s 10.0.0.9/32 -p tcp -m tcp --dport 22 -j DROP\n-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 22 -j ACCEPT\n",
    );
    assert_eq!(lines(&o, "conflicting-rule"), []);
}

#[test]
fn a_windows_allow_inside_a_block_is_shadowed_wherever_it_stands() {
    let block = |program: &str| {
        netsh("Close the console", "TCP", "443", program).replace("Allow\r\n", "Block\r\n")
    };
    let allow = netsh("Console", "TCP", "443", "");
    let o = console_site(&format!("{allow}{}", block("")));
    let f = o
        .findings
        .iter()
        .find(|f| f.code.as_str() == "shadowed-rule")
        .unwrap();
    assert_eq!(f.rule.as_deref(), Some("Console"));
    let o = console_site(&format!(
        "{allow}{}",
        block("Program:                              C:\\a.exe\r\n")
    ));
    assert_eq!(lines(&o, "shadowed-rule"), []);
    let o = console_site(&format!(
        "{allow}{}",
        block("").replace("Domain,Private", "Private")
    ));
    assert_eq!(
        lines(&o, "shadowed-rule"),
        [],
        "in the domain profile it acts"
    );
    let off = block("").replace(
        "Enabled:                              Yes",
        "Enabled:                              No",
    );
    assert_eq!(
        lines(&console_site(&format!("{allow}{off}")), "shadowed-rule"),
        []
    );
}

#[test]
fn of_a_security_group_the_narrower_allow_is_redundant_and_priorities_order_a_network_acl() {
    let site = |text: &str| {
        run(&[
            (
                "hylint.toml",
                &format!(
                    "[roles]\n{ABSENT}sql-server = []\nactive-directory = []\nadmin-browser = [\"10.0.9.1\"]\n[[host]]\nname = \"cm1\"\n\
                     addresses = [\"10.0.0.1\"]\nroles = [\"controller-management\"]\nexports = [\"aws.json\"]\n"
                ),
            ),
            ("aws.json", text),
        ])
    };
    let group = |cidrs: &str| {
        format!(
            "{{\"SecurityGroups\":[{{\"GroupId\":\"sg-1\",\"GroupName\":\"cm\",\"VpcId\":\"vpc-1\",\"IpPermissions\":[\n\
             {{\"IpProtocol\":\"tcp\",\"FromPort\":443,\"ToPort\":443,\"IpRanges\":[\n{cidrs}]}}],\"IpPermissionsEgress\":[]}}]}}"
        )
    };
    let o = site(&group(
        "{\"CidrIp\":\"10.0.9.1/32\"},\n{\"CidrIp\":\"10.0.9.0/24\"}\n",
    ));
    assert_eq!(lines(&o, "redundant-rule"), [(3, vec![4])]);
    let o = site(&group(
        "{\"CidrIp\":\"10.0.8.1/32\"},\n{\"CidrIp\":\"10.0.9.0/24\"}\n",
    ));
    assert_eq!(lines(&o, "redundant-rule"), []);
    let entry = |number: u32, action: &str, cidr: &str| {
        format!(
            "{{\"Egress\":false,\"Protocol\":\"6\",\"PortRange\":{{\"From\":443,\"To\":443}},\"RuleAction\":\"{action}\",\
             \"RuleNumber\":{number},\"CidrBlock\":\"{cidr}\"}}"
        )
    };
    let acl = |a: String, b: String| {
        format!(
            "{{\"NetworkAcls\":[{{\"NetworkAclId\":\"acl-1\",\"VpcId\":\"vpc-1\",\"Associations\":[],\"IsDefault\":false,\"Entries\":[\n{a},\n{b}\n]}}]}}"
        )
    };
    // The one that stands first acts last.
    let o = site(&acl(
        entry(200, "allow", "10.0.9.1/32"),
        entry(100, "deny", "10.0.9.0/24"),
    ));
    assert_eq!(lines(&o, "shadowed-rule"), [(2, vec![3])]);
    let o = site(&acl(
        entry(100, "allow", "10.0.9.1/32"),
        entry(200, "deny", "10.0.9.0/24"),
    ));
    assert_eq!(lines(&o, "shadowed-rule"), []);
}

/// A rule for TCP 443 from the browser, written locally or by policy.
fn console_rule(name: &str, source: &str, action: &str) -> String {
    netsh(name, "TCP", "443", "")
        .replace("Local Setting", source)
        .replace(
            "Action:                               Allow",
            &format!("Action:                               {action}"),
        )
}

/// A management host with these values of LocalFirewallRules in the domain, private and public profile.
fn with_local_rules(merge: [&str; 3], rules: &[String]) -> Outcome {
    let each = ["Domain", "Private", "Public"].iter().zip(merge);
    let settings: String = each
        .map(|(profile, merge)| {
            format!(
                "\r\n{profile} Profile Settings: \r\n{}\r\nState                                 ON\r\n\
                 Firewall Policy                       BlockInbound,AllowOutbound\r\n\
                 LocalFirewallRules                    {merge}\r\n",
                "-".repeat(70)
            )
        })
        .collect();
    console_site(&format!("{settings}{}", rules.concat()))
}

/// The code, the line, the message and the help of the finding of the browser's row, and the lines and labels beside it.
type RowFinding = (&'static str, u32, String, String, Vec<(u32, String)>);

fn of_browser(o: &Outcome) -> RowFinding {
    let mut all = o.findings.iter().filter(|f| f.row.is_some());
    let f = all
        .find(|f| f.message.contains("from `admin-browser`"))
        .unwrap();
    let beside = f
        .related
        .iter()
        .map(|r| (r.place.start.line, r.label.clone()));
    (
        f.code.as_str(),
        f.place.as_ref().unwrap().start.line,
        f.message.clone(),
        f.help.clone().unwrap(),
        beside.collect(),
    )
}

const DISABLED: [&str; 3] = ["Disable", "Enable", "Enable"];
const IDLE: &str = "ignored: policy disables local rules";

// Fails if the advice asks for a rule that is there and that policy keeps from acting.
#[test]
fn a_local_rule_that_policy_disables_leads_to_the_setting() {
    let o = with_local_rules(
        DISABLED,
        &[console_rule("Console", "Local Setting", "Allow")],
    );
    let (code, line, message, help, beside) = of_browser(&o);
    assert_eq!((code, line), ("missing-flow", 6));
    assert!(
        message.ends_with(": Group Policy disables the local rule that allows it"),
        "{message}"
    );
    assert_eq!(
        help,
        "enable LocalFirewallRules for the profile in Group Policy, or put the rule there"
    );
    assert_eq!(beside, [(34, IDLE.to_owned())]);
}

// Fails if a local allow that does not act is taken for one that a block overrides.
#[test]
fn a_block_by_policy_does_not_override_a_local_rule_that_policy_disables() {
    let rules = [
        console_rule("Console", "Local Setting", "Allow"),
        console_rule("Closed", "Group Policy Setting", "Block"),
    ];
    let o = with_local_rules(DISABLED, &rules);
    let (code, line, message, help, beside) = of_browser(&o);
    assert_eq!((code, line), ("missing-flow", 37));
    assert!(
        message.ends_with(
            "rule \"Closed\" blocks it, and Group Policy disables the local rule that allows it"
        ),
        "{message}"
    );
    assert!(
        help.starts_with(
            "in Group Policy, allow inbound TCP 443 from 10.0.9.1 and narrow rule \"Closed\""
        ),
        "{help}"
    );
    let setting = (6, "Group Policy disables local rules".to_owned());
    assert_eq!(beside, [(34, IDLE.to_owned()), setting]);
    // Local rules act.
    for merge in [
        ["Enable"; 3],
        ["N/A (GPO-store only)"; 3],
        ["Enable", "Disable", "Disable"],
    ] {
        assert_eq!(
            of_browser(&with_local_rules(merge, &rules)).0,
            "blocked-flow",
            "{merge:?}"
        );
    }
    // The allow is one of policy.
    let both = rules.map(|r| r.replace("Local Setting", "Group Policy Setting"));
    assert_eq!(
        of_browser(&with_local_rules(DISABLED, &both)).0,
        "blocked-flow"
    );
}

// Fails if a second fault is hidden: mending it would not make the rule act.
#[test]
fn a_local_rule_that_policy_disables_is_no_near_miss_for_another_fault() {
    let other_port = console_rule("Console", "Local Setting", "Allow").replace("443", "444");
    let (code, _, message, help, beside) = of_browser(&with_local_rules(
        DISABLED,
        std::slice::from_ref(&other_port),
    ));
    assert_eq!((code, beside), ("missing-flow", Vec::new()));
    assert!(message.ends_with("no rule allows it"), "{message}");
    assert_eq!(
        help,
        "in Group Policy, allow inbound TCP 443 from 10.0.9.1: LocalFirewallRules disables local rules"
    );
    let (_, _, _, help, beside) = of_browser(&with_local_rules(["Enable"; 3], &[other_port]));
    assert_eq!(help, "allow inbound TCP 443 from 10.0.9.1");
    assert_eq!(beside.len(), 1, "{beside:?}");
}
