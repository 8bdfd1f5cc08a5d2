//! Windows hosts of one site, from the text of their captures to the status of requirements: what a capture shows in part,
//! programs, profiles, and rules that stand in several files.
#![allow(clippy::unwrap_used)]

#[path = "common/cli.rs"]
mod common;

use common::Hylint;
use hylint::finding::Severity;
use hylint::finding::outcome::{Outcome, Status};
use hylint::session::{Request, check};
use std::path::PathBuf;

const RULER: &str = "----------------------------------------------------------------------";
const SITE: &str = "[deployment]\naccess = \"direct\"\n[roles]\ncontroller-management = [\"10.20.1.11\"]\nactive-directory = []\nsql-server = []\nworkspace-client = []\n[[host]]\nname = \"sh1\"\naddresses = [\"10.20.10.31\"]\nroles = [\"session-host\"]\nexports = [\"sh1/*.txt\"]\n";

/// A rule; `fields` replace or add to those of an inbound allow of TCP 38871.
fn rule(fields: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("Rule Name", "r"),
        ("Enabled", "Yes"),
        ("Direction", "In"),
        ("Profiles", "Domain,Private,Public"),
        ("Grouping", ""),
        ("LocalIP", "Any"),
        ("RemoteIP", "10.20.1.11/32"),
        ("Protocol", "TCP"),
        ("LocalPort", "38871"),
        ("RemotePort", "Any"),
        ("Edge traversal", "No"),
        ("InterfaceTypes", "Any"),
        ("Security", "NotRequired"),
        ("Rule source", "Local Setting"),
        ("Action", "Allow"),
    ];
    for (label, value) in fields {
        match all.iter_mut().find(|(l, _)| l == label) {
            Some(f) => f.1 = value,
            None => all.insert(11, (label, value)),
        }
    }
    let mut out = String::new();
    for (label, value) in all {
        out.push_str(&format!("{label}:    {value}\n"));
        if label == "Rule Name" {
            out.push_str(&format!("{RULER}\n"));
        }
    }
    format!("\n{out}")
}

fn block(fields: &[(&str, &str)]) -> String {
    rule(&[fields, &[("Rule Name", "x"), ("Action", "Block")]].concat())
}

fn profiles() -> String {
    let one = |name: &str| {
        format!(
            "\n{name} Profile Settings: \n{RULER}\nState                                 ON\nFirewall Policy                       BlockInbound,AllowOutbound\nLocalFirewallRules                    N/A (GPO-store only)\n"
        )
    };
    ["Domain", "Private", "Public"].map(one).concat()
}

fn run(files: &[(&str, String)], profile: &str) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("sh1")).unwrap();
    let site = format!("{SITE}{profile}\n");
    std::fs::write(dir.path().join("hylint.toml"), site).unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join("sh1").join(name), text).unwrap();
    }
    let request = Request {
        at: "2026-06-01T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([PathBuf::from(dir.path())])
    };
    check(&request).unwrap()
}

fn status(o: &Outcome, row: u32) -> Status {
    o.requirements.iter().find(|r| r.row == row).unwrap().status
}

const DOMAIN: &str = "profile = \"domain\"";
const IN: &str = "C:\\>netsh advfirewall firewall show rule name=all dir=in verbose\n";
const OUT: &str = "C:\\>netsh advfirewall firewall show rule name=all dir=out verbose\n";

// Fails if what a part does not show is denied, or if a part of another file is not asked.
#[test]
fn parts_of_one_host_unite_and_what_none_shows_is_unverified() {
    let out_block = block(&[
        ("Direction", "Out"),
        ("LocalPort", "Any"),
        ("RemotePort", "38866"),
    ]);
    let inbound = format!("{IN}{}{}", rule(&[]), profiles());
    let alone = run(&[("in.txt", inbound.clone())], DOMAIN);
    assert_eq!(status(&alone, 16), Status::Satisfied);
    assert_eq!(
        status(&alone, 17),
        Status::Violated,
        "all inbound rules are shown"
    );
    assert_eq!(status(&alone, 20), Status::Unverified);
    let outbound = format!("{OUT}{out_block}");
    let both = run(&[("in.txt", inbound), ("out.txt", outbound)], DOMAIN);
    assert_eq!(status(&both, 16), Status::Satisfied);
    assert_eq!(status(&both, 20), Status::Violated);
    let incomplete = |o: &Outcome| {
        let mut all = o.findings.iter();
        all.any(|f| f.code.as_str() == "incomplete-export")
    };
    assert!(incomplete(&alone) && !incomplete(&both));
    let named = IN.replace("name=all dir=in", "name=r");
    let one = run(
        &[("a.txt", format!("{named}{}{}", rule(&[]), profiles()))],
        DOMAIN,
    );
    assert_eq!(
        status(&one, 16),
        Status::Unverified,
        "a block may not be shown"
    );
    assert_eq!(status(&one, 17), Status::Unverified);
}

// Fails if rules that demand IPsec are read only beside the firewall's rules, or in every profile.
#[test]
fn connection_security_in_a_file_of_its_own_makes_flows_conditional() {
    let consec = |profile: &str, action: &str| {
        format!(
            "\nRule Name:    c\n{RULER}\nEnabled:    Yes\nProfiles:    {profile}\nType:    Static\nMode:    Transport\nEndpoint1:    Any\nEndpoint2:    Any\nProtocol:    Any\nAction:    {action}\nAuth1:    ComputerKerb\n"
        )
    };
    for (consec, want) in [
        (consec("Domain", "RequireInRequestOut"), Status::Conditional),
        (consec("Public", "RequireInRequestOut"), Status::Satisfied),
        (consec("Domain", "RequestInRequestOut"), Status::Satisfied),
    ] {
        let rules = format!("{}{}", rule(&[]), profiles());
        let o = run(
            &[("rules.txt", rules), ("consec.txt", consec.clone())],
            DOMAIN,
        );
        assert_eq!(status(&o, 16), want, "{consec}");
    }
}

// Fails if two active profiles are judged as if both rules held on every network, or a contradiction is not told.
#[test]
fn active_profiles_that_decide_differently_and_those_that_the_site_contradicts() {
    let now = "C:\\>netsh advfirewall monitor show currentprofile\n\nDomain Profile:\n----------------------------------------------------------------------\ncorp\n\nPublic Profile:\n----------------------------------------------------------------------\nNetwork 2\n";
    let only = rule(&[("Profiles", "Domain")]);
    let text = |rule: &str| vec![("a.txt", format!("{rule}{}{now}", profiles()))];
    let told = |o: &Outcome| {
        let mut all = o.findings.iter();
        all.any(|f| f.message.contains("active"))
    };
    let both = run(&text(&only), "");
    assert_eq!(status(&both, 16), Status::Conditional);
    let alike = run(&text(&rule(&[])), "");
    assert_eq!(status(&alike, 16), Status::Satisfied);
    let said = run(&text(&only), DOMAIN);
    assert!(told(&said), "{:?}", said.findings);
    let agreed = run(&text(&only), "profile = [\"domain\", \"public\"]");
    assert!(!told(&agreed));
}

// Fails if `trace` and `check` judge a rule for a program by different processes.
#[test]
fn trace_asks_for_the_process_that_is_named_or_that_a_row_expects() {
    let agent = "C:\\Program Files\\Accops\\agent.exe";
    let text = format!(
        "{}{}{}",
        rule(&[]),
        block(&[("LocalPort", "Any"), ("Program", agent)]),
        profiles()
    );
    let hylint = Hylint::new().file("a.txt", &text);
    let path = hylint.path("a.txt");
    let packet = "--src 10.20.1.11 --dst 10.20.10.31 --proto tcp --dport 38871 --format ndjson";
    for (more, want) in [
        ("", "conditional"),
        ("--program agent.exe", "deny"),
        ("--program other.exe", "allow"),
    ] {
        let line = format!("trace {} {packet} {more}", path.display());
        let out = Hylint::new().args(&line).run();
        let first = out.out.lines().next().unwrap_or_default().to_owned();
        let v: serde_json::Value = serde_json::from_str(&first).unwrap();
        assert_eq!(v["verdict"], want, "{more}: {first}");
    }
}

const KEY: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall";

fn incomplete(o: &Outcome) -> bool {
    let mut all = o.findings.iter();
    all.any(|f| f.code.as_str() == "incomplete-export")
}

fn assumes_stores(o: &Outcome) -> bool {
    let mut all = o.assumptions.iter();
    all.any(|a| a.id.to_string() == "other-policy-stores")
}

// Fails if evidence of Group Policy beside a dump, or in it, leaves its verdicts proven, or if a text that proves that there is
// no policy, or a dump with the policy's rules, is not told from it.
#[test]
fn evidence_of_group_policy_without_its_rules_leaves_nothing_proven() {
    let local = || format!("{}{}", rule(&[]), profiles());
    let keys = format!("\n{KEY}\\DomainProfile\n    AllowLocalPolicyMerge    REG_DWORD    0x0\n");
    let none = format!(
        "C:\\>reg query {KEY} /s\nERROR: The system was unable to find the specified registry key or value.\n"
    );
    let result = "RSOP data for CORP\\a on SH1 : Logging Mode\n---------------------\n\nCOMPUTER SETTINGS\n------------------\n    Applied Group Policy Objects\n    -----------------------------\n        Servers\n";
    let named = result.replace("Servers", "Default Domain Policy");
    let policy = rule(&[
        ("Rule Name", "gp"),
        ("LocalPort", "1"),
        ("Rule source", "Group Policy Setting"),
    ]);
    let monitor = format!(
        "C:\\>netsh advfirewall monitor show firewall rule name=all verbose\n{}",
        local()
    );
    let both = |beside: &str| vec![("a.txt", local()), ("gpresult.txt", beside.to_owned())];
    for (files, want, assumed) in [
        (both(&keys), Status::Unverified, false),
        (both(result), Status::Unverified, false),
        (
            vec![("a.txt", format!("{}{keys}", local()))],
            Status::Unverified,
            false,
        ),
        (
            vec![("a.txt", format!("{}C:\\>gpresult /r\n{result}", local()))],
            Status::Unverified,
            false,
        ),
        (both(&named), Status::Satisfied, true),
        (both(&none), Status::Satisfied, false),
        (
            vec![
                ("a.txt", format!("{policy}{}", local())),
                ("gpresult.txt", result.to_owned()),
            ],
            Status::Satisfied,
            false,
        ),
        (
            vec![
                ("a.txt", monitor.clone()),
                ("gpresult.txt", result.to_owned()),
            ],
            Status::Satisfied,
            false,
        ),
    ] {
        let o = run(&files, DOMAIN);
        assert_eq!(status(&o, 16), want, "{files:?}");
        assert_eq!(assumes_stores(&o), assumed, "{files:?}");
        assert_eq!(
            incomplete(&o),
            want == Status::Unverified,
            "{:?}",
            o.findings
        );
    }
}

// Fails if what is in effect and one store are taken for two dumps of which nothing tells which is in force.
#[test]
fn what_is_in_effect_goes_before_what_one_store_holds() {
    let block = block(&[("Rule source", "Servers")]);
    let monitor = format!(
        "C:\\>netsh advfirewall monitor show firewall rule name=all verbose\n{}{block}",
        rule(&[])
    );
    let local = format!("{}{}", rule(&[]), profiles());
    let o = run(&[("a.txt", local), ("monitor.txt", monitor)], DOMAIN);
    assert_eq!(status(&o, 16), Status::Violated);
    assert!(
        !o.findings
            .iter()
            .any(|f| f.code.as_str() == "unbound-point"),
        "{:?}",
        o.findings
    );
}

// Fails if what is odd about one rule is taken for what is odd about another one, or a word that is not known for two.
#[test]
fn what_is_odd_about_two_rules_are_two_unknowns() {
    let both = |change: &dyn Fn(String) -> String| {
        let rules = change(rule(&[])) + &change(block(&[]));
        status(&run(&[("a.txt", rules + &profiles())], DOMAIN), 16)
    };
    let field = "Profiles:    Domain,Private,Public\n";
    assert_eq!(both(&|r| r.replace(field, "")), Status::Conditional);
    let twice = format!("{field}Profiles:    Public\n");
    assert_eq!(both(&|r| r.replace(field, &twice)), Status::Conditional);
    let line = format!("{field}Zone:    5\n");
    assert_eq!(both(&|r| r.replace(field, &line)), Status::Conditional);
    let word = "Profiles:    Guest\n";
    assert_eq!(both(&|r| r.replace(field, word)), Status::Violated);
}

// Fails if how hosts authenticate each other is taken for a demand that they do.
#[test]
fn a_main_mode_rule_demands_nothing() {
    let mode = format!(
        "\nRule Name:    m\n{RULER}\nEnabled:    Yes\nProfiles:    Domain\nEndpoint1:    Any\nEndpoint2:    Any\nAuth1:    ComputerKerb\nKeyLifetime:    480min,0sess\n"
    );
    let cut = mode.replace("Endpoint1", "Mode:    Transport\nEndpoint1");
    for (more, want) in [(mode, Status::Satisfied), (cut, Status::Conditional)] {
        let o = run(
            &[("a.txt", format!("{}{}{more}", rule(&[]), profiles()))],
            DOMAIN,
        );
        assert_eq!(status(&o, 16), want, "{more}");
    }
}

// Fails if netsh's word that there is no rule is read in some languages only, or by a translation that nothing proves.
#[test]
fn no_rules_in_the_languages_that_are_read() {
    for (phrase, want) in [
        ("No rules match the specified criteria.", Status::Violated),
        (
            "Keine Regeln stimmen mit den angegebenen Kriterien überein.",
            Status::Violated,
        ),
        (
            "Es stimmen keine Regeln mit den angegebenen Kriterien überein.",
            Status::Unverified,
        ),
        (
            "Aucune règle ne correspond aux critères spécifiés.",
            Status::Violated,
        ),
        (
            "Ninguna regla coincide con los criterios especificados.",
            Status::Violated,
        ),
        (
            "Nenhuma regra corresponde aos critérios especificados.",
            Status::Violated,
        ),
        (
            "Nessuna regola corrisponde ai criteri specificati.",
            Status::Unverified,
        ),
        ("没有与指定条件相匹配的规则。", Status::Violated),
        ("지정된 조건과 일치하는 규칙이 없습니다.", Status::Violated),
    ] {
        let text = format!(
            "C:\\>netsh advfirewall firewall show rule name=all verbose\n\n{phrase}\n\n{}",
            profiles()
        );
        let status = status(&run(&[("a.txt", text)], DOMAIN), 16);
        assert_eq!(status, want, "{phrase}");
    }
}

/// A rule as `show rule` prints it without `verbose`.
fn brief(rule: &str) -> String {
    let fields = ["InterfaceTypes", "Security", "Rule source", "Program"];
    let lines = rule
        .lines()
        .filter(|l| !fields.iter().any(|f| l.starts_with(f)));
    lines.map(|l| format!("{l}\n")).collect()
}

// Fails if what a brief capture does not print is taken for nothing where another file of the host prints it.
#[test]
fn a_verbose_capture_goes_before_a_brief_one_of_the_same_rules() {
    let secured = rule(&[("Security", "Authenticate")]);
    for (verbose, want) in [
        (secured.clone(), Status::Conditional),
        (rule(&[("InterfaceTypes", "RAS")]), Status::Violated),
        (rule(&[]), Status::Satisfied),
    ] {
        let files = [("a.txt", brief(&verbose)), ("b.txt", verbose + &profiles())];
        let o = run(&files, DOMAIN);
        assert_eq!(status(&o, 16), want, "{files:?}");
        assert!(
            !o.findings
                .iter()
                .any(|f| f.code.as_str() == "unbound-point")
        );
    }
    // Not the same rules: nothing tells which file is in force.
    let other = brief(&(rule(&[]) + &rule(&[("LocalPort", "38870")])));
    let o = run(
        &[
            ("a.txt", other),
            (
                "b.txt",
                rule(&[]) + &rule(&[("LocalPort", "1")]) + &profiles(),
            ),
        ],
        DOMAIN,
    );
    assert_eq!(status(&o, 17), Status::Conditional);
}

// Fails if what PowerShell prints between captures is read as a damaged rule of netsh, or its word of policy is missed.
#[test]
fn powershell_objects_in_a_capture_are_no_rules_of_netsh() {
    let objects = |kind: &str| {
        format!(
            "PS C:\\> Get-NetFirewallRule | fl\n\nName                  : x\nDisplayName           : x\nDescription           : \nEnabled               : True\nDirection             : Inbound\nAction                : Block\nEdgeTraversalPolicy   : Block\nPolicyStoreSource     : y\nPolicyStoreSourceType : {kind}\n"
        )
    };
    for (kind, want) in [
        ("Local", Status::Satisfied),
        ("GroupPolicy", Status::Unverified),
    ] {
        let text = format!("{}{}\n{}", rule(&[]), profiles(), objects(kind));
        let o = run(&[("a.txt", text)], DOMAIN);
        assert_eq!(status(&o, 16), want, "{:?}", o.findings);
        let mut all = o.findings.iter();
        let malformed =
            all.find(|f| f.code.as_str() == "malformed-export" && f.severity > Severity::Note);
        assert!(malformed.is_none(), "{malformed:?}");
    }
}

// Fails if the rules of two hosts in one file are judged as one firewall without a word.
#[test]
fn a_file_with_the_captures_of_two_hosts_is_an_error() {
    let show = "PS C:\\> netsh advfirewall firewall show rule name=all verbose";
    let both = |second: &str| {
        let rest = rule(&[("LocalPort", "38870")]);
        format!(
            "[sh1]: {show}\n{}{}\n[{second}]: {show}\n{rest}",
            rule(&[]),
            profiles()
        )
    };
    for (second, told) in [
        ("sh2", true),
        ("SH1.corp.local", false),
        ("10.20.10.31", false),
    ] {
        let o = run(&[("a.txt", both(second))], DOMAIN);
        let mut all = o.findings.iter();
        assert_eq!(
            all.any(|f| f.message.contains("several hosts")),
            told,
            "{second}"
        );
        let want = if told {
            Status::Unverified
        } else {
            Status::Satisfied
        };
        assert_eq!(status(&o, 17), want, "{second}");
    }
}
