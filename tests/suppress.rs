//! Waivers, inline waivers and baselines, from the command line.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, Run};
use serde_json::Value;

const SITE: &str = "\
[roles]
controller-management = []
session-host = []
active-directory = []
workspace-client = []
hysecure-client = [\"192.0.2.0/24\"]
sql-server = []

[deployment]
access = \"gateway\"

[[host]]
name = \"gw\"
addresses = [\"10.0.0.1\"]
roles = [\"hysecure-gateway\"]
exports = [\"gw*.rules\"]
";

/// A dump with these rules of INPUT; the first is at line 5.
fn dump(input: &str) -> String {
    format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{input}\
         -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
         -A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n"
    )
}

const RDP: &str = "-A INPUT -p tcp -m tcp --dport 3389 -j ACCEPT\n";
const SSH: &str = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n";

fn site(waivers: &str, input: &str) -> Hylint {
    Hylint::new()
        .file("hylint.toml", format!("{SITE}{waivers}"))
        .file("gw.rules", dump(input))
}

fn run(h: Hylint, args: &str) -> Run {
    h.args(&format!(
        "check . --format json --at 2026-06-01T00:00:00Z {args}"
    ))
    .run()
}

fn with_code<'a>(d: &'a Value, code: &str) -> Vec<&'a Value> {
    let all = d["findings"].as_array().unwrap();
    all.iter().filter(|f| f["code"] == code).collect()
}

/// The one finding of a code.
fn one<'a>(d: &'a Value, code: &str) -> &'a Value {
    let found = with_code(d, code);
    assert_eq!(found.len(), 1, "{code} in {:#}", d["findings"]);
    found[0]
}

fn waive(tie: &str, until: &str) -> String {
    format!(
        "\n[[waive]]\ncode = \"over-permissive-source\"\n{tie}\nuntil = {until}\nreason = \"CHG1\"\nowner = \"net\"\n"
    )
}

#[test]
fn without_a_waiver_the_open_port_fails_the_run() {
    let r = run(site("", RDP), "");
    r.expect(1, &[]);
    let d = r.json();
    assert_eq!(one(&d, "over-permissive-source")["line"], 5);
    assert_eq!(
        d["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["severity"] == "error")
            .count(),
        1
    );
}

#[test]
fn a_waiver_holds_through_the_end_of_its_day_and_its_finding_stays() {
    let tie = "export = \"gw.rules\"";
    for (at, holds) in [
        ("2026-05-31T23:59:59Z", true),
        // Midnight in Kolkata is still the day before in UTC.
        ("2026-06-01T05:29:59+05:30", true),
        ("2026-06-01T00:00:00Z", false),
        ("2026-06-01T05:30:00+05:30", false),
    ] {
        let h = site(&waive(tie, "2026-05-31"), RDP);
        let r = h.args(&format!("check . --format json --at {at}")).run();
        let d = r.json();
        let f = one(&d, "over-permissive-source");
        assert_eq!(f["waived"] == "CHG1", holds, "{at}");
        assert_eq!(r.status, i32::from(!holds), "{at}");
        assert_eq!(d["summary"]["waived"], i32::from(holds));
        assert_eq!(with_code(&d, "unused-waiver").len(), 0);
        if holds {
            assert_eq!(f["waiver"]["owner"], "net");
            assert_eq!(f["waiver"]["until"], "2026-05-31");
            assert_eq!(
                (&f["waiver"]["path"], &f["waiver"]["line"]),
                (&"hylint.toml".into(), &18.into())
            );
            assert_eq!(with_code(&d, "expired-waiver").len(), 0);
        } else {
            let e = one(&d, "expired-waiver");
            assert_eq!((&e["line"], &e["severity"]), (&18.into(), &"error".into()));
        }
    }
}

#[test]
fn each_tie_of_a_waiver_must_fit() {
    for (tie, holds) in [
        ("export = \"gw.rules\"", true),
        ("export = \"*.rules\"", true),
        ("export = \"other/*.rules\"", false),
        ("rule = \"rdp\"", false),
        ("requirement = \"database.service-management\"", false),
        ("export = \"gw.rules\"\nrule = \"rdp\"", false),
    ] {
        let d = run(site(&waive(tie, "2027-01-01"), RDP), "").json();
        assert_eq!(
            !one(&d, "over-permissive-source")["waived"].is_null(),
            holds,
            "{tie}"
        );
        assert_eq!(
            with_code(&d, "unused-waiver").len(),
            usize::from(!holds),
            "{tie}"
        );
    }
}

#[test]
fn globs_of_waivers_count_from_the_site_file_wherever_the_run_starts() {
    let h = Hylint::new()
        .file(
            "a/b/hylint.toml",
            format!("{SITE}{}", waive("export = \"gw.rules\"", "2027-01-01")),
        )
        .file("a/b/gw.rules", dump(RDP));
    let r = h
        .args("check a --config a/b/hylint.toml --format json --at 2026-06-01T00:00:00Z")
        .run();
    assert_eq!(one(&r.json(), "over-permissive-source")["waived"], "CHG1");
}

#[test]
fn a_line_is_no_name_of_a_rule() {
    let r = run(site(&waive("rule = \"line 5\"", "2027-01-01"), RDP), "");
    r.expect(2, &["line numbers change", "hylint: allow"]);
}

#[test]
fn a_waiver_says_who_why_until_when_and_of_what() {
    for (without, says) in [
        ("until", "`until` is missing"),
        ("reason", "`reason` is missing"),
        ("owner", "`owner` is missing"),
        ("code", "`code` is missing"),
        ("export", "a waiver needs one of"),
    ] {
        let text = waive("export = \"gw.rules\"", "2027-01-01");
        let text: Vec<&str> = text.lines().filter(|l| !l.starts_with(without)).collect();
        run(site(&text.join("\n"), RDP), "").expect(2, &[says]);
    }
}

/// A run that does not look for a code, or reads only some files, cannot say that a waiver is of no use.
#[test]
fn a_waiver_is_called_unused_only_where_the_run_can_tell() {
    let other = waive("export = \"other.rules\"", "2027-01-01");
    let unused = |args: &str| {
        let r = site(&other, RDP)
            .args(&format!(
                "check {args} --format json --at 2026-06-01T00:00:00Z"
            ))
            .run();
        with_code(&r.json(), "unused-waiver").len()
    };
    assert_eq!(unused("."), 1);
    assert_eq!(unused("gw.rules"), 0);
    assert_eq!(unused(". --ignore over-permissive-source"), 0);
}

const ALLOW: &str = "hylint: allow over-permissive-source until=2026-12-31 reason=CHG 7 owner=ops";

fn commented(text: &str) -> String {
    format!("-A INPUT -p tcp -m tcp --dport 3389 -m comment --comment \"{text}\" -j ACCEPT\n")
}

#[test]
fn a_waiver_in_a_rules_comment_holds_for_that_rule_alone() {
    let second = "-A INPUT -p tcp -m tcp --dport 5985 -j ACCEPT\n";
    let r = run(site("", &format!("{}{second}", commented(ALLOW))), "");
    let d = r.json();
    let found = with_code(&d, "over-permissive-source");
    assert_eq!(found.len(), 2);
    let w = &found[0]["waiver"];
    assert_eq!(found[0]["waived"], "CHG 7");
    assert_eq!(
        (&w["owner"], &w["inline"], &w["line"]),
        (&"ops".into(), &true.into(), &5.into())
    );
    assert_eq!(found[1]["waived"], Value::Null);
    assert_eq!(r.status, 1);
    let quoted = "hylint: allow over-permissive-source until=2026-12-31 reason=\\\"CHG 7\\\"";
    let r = run(site("", &commented(quoted)), "");
    r.expect(0, &[]);
    assert_eq!(one(&r.json(), "over-permissive-source")["waived"], "CHG 7");
}

#[test]
fn a_waiver_on_the_line_above_a_rule_holds_for_it() {
    for above in [
        format!("# {ALLOW}\n"),
        format!("# {ALLOW}\n# remote administration\n\n"),
    ] {
        let r = run(site("", &format!("{above}{RDP}")), "");
        r.expect(0, &[]);
        assert_eq!(one(&r.json(), "over-permissive-source")["waived"], "CHG 7");
    }
    let r = run(
        site("", &format!("# {ALLOW}\n{SSH}{RDP}")),
        "--fail-on warning",
    );
    let d = r.json();
    let of = |line: i32| {
        with_code(&d, "over-permissive-source")
            .into_iter()
            .find(|f| f["line"] == line)
            .unwrap()["waived"]
            .clone()
    };
    assert_eq!(
        (of(6), of(7)),
        ("CHG 7".into(), Value::Null),
        "the first rule below only"
    );
}

#[test]
fn inline_waivers_expire_and_are_told_when_they_are_of_no_use() {
    let past = ALLOW.replace("2026-12-31", "2026-05-31");
    let r = run(site("", &commented(&past)), "");
    let d = r.json();
    assert_eq!(one(&d, "over-permissive-source")["waived"], Value::Null);
    assert_eq!(one(&d, "expired-waiver")["line"], 5);
    assert_eq!(r.status, 1);
    let two = ALLOW.replace("over-permissive-source", "over-permissive-source,any-any");
    let d = run(site("", &commented(&two)), "").json();
    assert_eq!(one(&d, "over-permissive-source")["waived"], "CHG 7");
    let unused = one(&d, "unused-waiver");
    assert!(unused["message"].as_str().unwrap().contains("any-any"));
    assert_eq!(unused["line"], 5);
}

#[test]
fn a_slip_in_an_inline_waiver_is_an_error_at_its_place_and_holds_nothing() {
    for (text, says) in [
        (
            ALLOW.replace("over-permissive-source", "over-permissive-sauce"),
            "did you mean `over-permissive-source`?",
        ),
        (ALLOW.replace("until=2026-12-31", ""), "`until` is missing"),
        (ALLOW.replace("reason=CHG 7", ""), "`reason` is missing"),
        (
            ALLOW.replace("allow", "alow"),
            "unknown word `alow`, expected `allow`",
        ),
        (
            ALLOW.replace("over-permissive-source", "malformed-export"),
            "an export cannot waive",
        ),
    ] {
        for input in [commented(&text), format!("# {text}\n{RDP}")] {
            let r = run(site("", &input), "");
            r.expect(1, &[says]);
            let d = r.json();
            let f = one(&d, "malformed-export");
            assert_eq!(
                (&f["line"], &f["severity"]),
                (&5.into(), &"error".into()),
                "{text}"
            );
            assert_eq!(one(&d, "over-permissive-source")["waived"], Value::Null);
        }
    }
    for input in [
        format!("{RDP}# {ALLOW}\n:X - [0:0]\n"),
        format!("{RDP}# {}\n", ALLOW.replace("hylint:", "Hylint:")),
    ] {
        let d = run(site("", &input), "").json();
        assert_eq!(one(&d, "malformed-export")["line"], 6, "{input}");
        assert_eq!(one(&d, "over-permissive-source")["waived"], Value::Null);
    }
}

/// Of one finding for several rules, the first rule's waiver would hold down the others.
#[test]
fn a_waiver_of_one_rule_does_not_hold_for_a_finding_about_several() {
    let text = ALLOW.replace("over-permissive-source", "unneeded-flow");
    let a = format!(
        "-A INPUT -s 10.9.0.0/24 -p tcp -m tcp --dport 8081 -m comment --comment \"{text}\" -j ACCEPT\n"
    );
    let b = "-A INPUT -s 10.9.0.0/24 -p tcp -m tcp --dport 8082 -j ACCEPT\n";
    let d = run(site("", &a), "").json();
    assert_eq!(one(&d, "unneeded-flow")["waived"], "CHG 7", "alone it is");
    let d = run(site("", &format!("{a}{b}")), "").json();
    assert_eq!(one(&d, "unneeded-flow")["waived"], Value::Null);
    assert_eq!(with_code(&d, "unused-waiver").len(), 1);
}

#[test]
fn an_auditor_can_take_no_inline_waiver() {
    let r = run(site("", &commented(ALLOW)), "--no-inline-waivers");
    r.expect(1, &[]);
    assert_eq!(
        one(&r.json(), "over-permissive-source")["waived"],
        Value::Null
    );
}

#[test]
fn inline_waivers_in_netsh_azure_and_aws() {
    let netsh = format!(
        "\r\nRule Name:                            Remote Desktop\r\n{}\r\nDescription:                          {ALLOW}\r\n\
         Enabled:                              Yes\r\nDirection:                            In\r\nProfiles:                             Domain\r\n\
         Grouping:                             \r\nLocalIP:                              Any\r\nRemoteIP:                             Any\r\n\
         Protocol:                             TCP\r\nLocalPort:                            3389\r\nRemotePort:                           Any\r\n\
         Edge traversal:                       No\r\nProgram:                              Any\r\nService:                              Any\r\n\
         InterfaceTypes:                       Any\r\nSecurity:                             NotRequired\r\n\
         Rule source:                          Local Setting\r\nAction:                               Allow\r\n",
        "-".repeat(70)
    );
    let aws = format!(
        r#"{{"SecurityGroups": [{{"GroupId": "sg-1", "GroupName": "gw", "IpPermissions": [
  {{"IpProtocol": "tcp", "FromPort": 3389, "ToPort": 3389, "IpRanges": [
    {{"CidrIp": "0.0.0.0/0", "Description": "{ALLOW}"}}]}}
], "IpPermissionsEgress": []}}]}}"#
    );
    let azure = format!(
        r#"{{"name": "gw-nsg", "securityRules": [
  {{"name": "rdp", "description": "{ALLOW}", "access": "Allow", "direction": "Inbound", "priority": 100, "protocol": "Tcp",
    "sourceAddressPrefix": "Internet", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "3389"}}
], "defaultSecurityRules": []}}"#
    );
    let cloud = |text: String| text.replace("over-permissive-source", "exposed-to-internet");
    for (export, line, code) in [
        (netsh, 4, "over-permissive-source"),
        (cloud(aws), 3, "exposed-to-internet"),
        (cloud(azure), 2, "exposed-to-internet"),
    ] {
        let toml = SITE.replace("gw*.rules", "gw.txt");
        let h = Hylint::new()
            .file("hylint.toml", toml)
            .file("gw.txt", &export);
        let d = run(h, "").json();
        let f = one(&d, code);
        assert_eq!(f["waived"], "CHG 7", "{:#}", d["findings"]);
        assert_eq!(f["waiver"]["line"], line);
    }
}

/// The files of a run with a baseline in them, so that it can go on.
fn with_baseline(input: &str) -> Hylint {
    let h = site("", input)
        .args("check . --format json --at 2026-06-01T00:00:00Z --write-baseline known.json");
    h.run().expect(0, &[]);
    assert!(h.path("known.json").is_file());
    h
}

fn again(h: Hylint, args: &str) -> Run {
    run(h, &format!("--baseline known.json {args}"))
}

#[test]
fn what_the_baseline_holds_stays_in_the_report_and_only_what_is_new_fails() {
    let h = with_baseline(RDP);
    let text = std::fs::read_to_string(h.path("known.json")).unwrap();
    let r = again(h, "");
    r.expect(0, &[]);
    let d = r.json();
    let f = one(&d, "over-permissive-source");
    assert_eq!(
        (&f["baselined"], &f["waived"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(d["summary"]["errors"], 0);
    let held = d["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["baselined"] == true);
    assert_eq!(d["summary"]["baselined"], held.count());
    assert_eq!(d["baseline"]["gone"], 0);
    // A requirement that fails is still violated: nobody waived it.
    assert_eq!(d["summary"]["requirements"]["waived"], 0);

    let more = site("", &format!("{RDP}{SSH}")).file("known.json", &text);
    let r = again(more, "");
    r.expect(1, &[]);
    let d = r.json();
    let new: Vec<&Value> = with_code(&d, "over-permissive-source")
        .into_iter()
        .filter(|f| f["baselined"] == false)
        .collect();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0]["line"], 6);

    let moved = site("", &format!("# a line\n{SSH}{RDP}")).file("known.json", &text);
    let d = again(moved, "").json();
    let held: Vec<&Value> = with_code(&d, "over-permissive-source")
        .into_iter()
        .filter(|f| f["baselined"] == true)
        .collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0]["line"], 7, "known at its new place");
}

#[test]
fn the_same_findings_give_the_same_bytes_wherever_the_run_starts() {
    let bytes = |args: &str| {
        let h = Hylint::new()
            .file("s/hylint.toml", SITE)
            .file("s/gw.rules", dump(&format!("{RDP}{SSH}")))
            .args(&format!(
                "check {args} --write-baseline known.json --at 2026-06-01T00:00:00Z"
            ));
        h.run();
        std::fs::read_to_string(h.path("known.json")).unwrap()
    };
    let text = bytes("s");
    assert_eq!(text, bytes("./s/ --threads 1"));
    assert_eq!(text, bytes("s/gw.rules"));
    let d: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&d["format"], &d["version"]),
        (&"hylint-baseline".into(), &1.into())
    );
    assert_eq!(d["tool"]["name"], "hylint");
    let entries = d["findings"].as_array().unwrap();
    assert!(
        entries.iter().all(|e| e["path"] == "gw.rules"),
        "{entries:?}"
    );
    let mut sorted = entries.clone();
    sorted.sort_by_key(|e| (e["path"].to_string(), e["code"].to_string()));
    assert_eq!(
        &sorted.iter().map(|e| e["code"].clone()).collect::<Vec<_>>(),
        &entries
            .iter()
            .map(|e| e["code"].clone())
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_second_fault_like_the_known_one_is_new() {
    let on = |iface: &str| SSH.replace("INPUT", &format!("INPUT -i {iface}"));
    let h = with_baseline(&on("eth0"));
    let text = std::fs::read_to_string(h.path("known.json")).unwrap();
    let twice = format!("{}{}", on("eth1"), on("eth0"));
    let r = again(site("", &twice).file("known.json", &text), "");
    r.expect(1, &[]);
    assert_eq!(r.json()["summary"]["errors"], 1);
}

#[test]
fn a_known_finding_that_grew_is_new() {
    let a = "-A INPUT -s 10.9.0.0/24 -p tcp -m tcp --dport 8081 -j ACCEPT\n";
    let b = "-A INPUT -s 10.9.0.0/24 -p tcp -m tcp --dport 8082 -j ACCEPT\n";
    let h = with_baseline(&format!("{a}{b}"));
    let text = std::fs::read_to_string(h.path("known.json")).unwrap();
    let noted = |input: &str| {
        let d = again(site("", input).file("known.json", &text), "").json();
        one(&d, "unneeded-flow")["baselined"].clone()
    };
    assert_eq!(noted(&format!("{b}{a}")), true);
    assert_eq!(noted(a), true, "fewer rules than known");
    assert_eq!(
        noted(&format!("{a}{b}{}", b.replace("8082", "8083"))),
        false,
        "one more"
    );
    assert_eq!(
        noted(&format!("{a}{}", b.replace("8082", "8083"))),
        false,
        "another one"
    );
}

#[test]
fn what_is_no_more_is_counted_where_the_run_could_have_found_it() {
    let h = with_baseline(RDP);
    let text = std::fs::read_to_string(h.path("known.json")).unwrap();
    let clean = || site("", "").file("known.json", &text);
    assert_eq!(again(clean(), "").json()["baseline"]["gone"], 1);
    clean()
        .args("check . --baseline known.json --at 2026-06-01T00:00:00Z")
        .run()
        .expect(
            0,
            &["1 of ", "no longer found", "--write-baseline known.json"],
        );
    assert_eq!(
        again(clean(), "--ignore over-permissive-source").json()["baseline"]["gone"],
        0,
        "not looked for"
    );
}

/// Without a site file nothing is read but what is given.
#[test]
fn a_file_that_was_not_read_says_nothing_of_its_entries() {
    let here = |b: &str| {
        Hylint::new()
            .file("sql-server/a.rules", dump(""))
            .file("sql-server/b.rules", dump(b))
    };
    let h = here(RDP).args("check . --write-baseline known.json");
    h.run();
    let text = std::fs::read_to_string(h.path("known.json")).unwrap();
    let gone = |path: &str| {
        let h = here("").file("known.json", &text);
        let r = h.args(&format!("check {path} --baseline known.json --format json"));
        r.run().json()["baseline"]["gone"].clone()
    };
    assert_eq!(gone("."), 1);
    assert_eq!(gone("sql-server/a.rules"), 0);
}

#[test]
fn findings_of_trust_are_in_no_baseline() {
    let bad = format!("{RDP}-A INPUT -p tcp -m tcp --dport 14x3 -j ACCEPT\n");
    let h = site("", &bad).args("check . --format json --write-baseline known.json");
    let r = h.run();
    r.expect(1, &[]);
    // The rule that is refused, and those that are not loaded with it.
    let json = r.json();
    let found = with_code(&json, "malformed-export");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.iter().all(|f| f["baselined"] == false), "{found:#?}");
    let text = std::fs::read_to_string(h.path("known.json")).unwrap();
    assert!(!text.contains("malformed-export"), "{text}");
    assert_eq!(again(h, "").status, 1);
    let forged = text.replace("conditional-flow", "malformed-export");
    let r = again(site("", &bad).file("known.json", forged), "");
    r.expect(
        2,
        &["a baseline cannot hold `malformed-export`", "known.json:"],
    );
}

#[test]
fn a_baseline_that_cannot_be_read_stops_the_run_at_its_place() {
    let text = {
        let h = with_baseline(RDP);
        std::fs::read_to_string(h.path("known.json")).unwrap()
    };
    let bad = |text: String, says: &[&str]| {
        again(site("", RDP).file("known.json", text), "").expect(2, says);
    };
    again(site("", RDP), "").expect(
        2,
        &[
            "cannot read the baseline known.json",
            "write one with --write-baseline FILE",
        ],
    );
    bad(
        text.replace("\"version\": 1", "\"version\": 7"),
        &["unknown baseline version 7, expected 1", "known.json:3:14"],
    );
    bad(
        text.replace("hylint-baseline", "sarif"),
        &[
            "not a baseline: format is `sarif`, expected `hylint-baseline`",
            "known.json:2:13",
        ],
    );
    bad(
        text.replace("\"tool\"", "\"toll\""),
        &["unknown field `toll`", "known.json:4"],
    );
    bad(
        "<<<<<<< HEAD\n".into(),
        &["invalid baseline", "known.json:1:1"],
    );
    bad(
        text[..text.len() / 2].to_owned(),
        &["invalid baseline", "known.json:"],
    );
    bad(String::new(), &["invalid baseline"]);
}

#[test]
fn a_run_that_judged_nothing_writes_no_baseline_and_the_two_options_exclude_each_other() {
    let h = Hylint::new()
        .file("x/readme.md", "x")
        .args("x --write-baseline known.json");
    h.run().expect(2, &["no export was judged"]);
    assert!(!h.path("known.json").exists());
    site("", RDP)
        .args(". --baseline a --write-baseline b")
        .run()
        .expect(2, &["cannot be used with"]);
}

#[test]
fn a_misspelt_code_selects_nothing_in_silence_no_more() {
    for option in ["--select", "--ignore"] {
        let r = run(site("", RDP), &format!("{option} over-permissive-sauce"));
        r.expect(2, &["over-permissive-sauce", "over-permissive-source"]);
    }
    run(site("", RDP), "--select any-any,missing-flow").expect(0, &[]);
}
