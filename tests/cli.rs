//! The smaller commands from outside: output and exit status.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::{Hylint, IPTABLES};

#[test]
fn inspect_shows_every_rule_with_its_line() {
    let h = Hylint::new()
        .file("ok.rules", IPTABLES)
        .args("inspect ok.rules --format json");
    let d = h.run().json();
    let keys: Vec<_> = d.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        ["encoding", "facts", "format", "points", "unmodelled"]
    );
    let point = d["points"][0].as_object().unwrap();
    let mut keys: Vec<_> = point.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys.join(" "),
        "chains egress family ingress kind name stateful transit"
    );
    let chains = point["chains"].as_array().unwrap();
    let input = chains.iter().find(|c| c["name"] == "INPUT").unwrap();
    assert_eq!(
        (&input["table"], &input["policy"]),
        (&"filter".into(), &"DROP".into())
    );
    let rule = &input["rules"][0];
    let mut keys: Vec<_> = rule
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    assert_eq!(
        keys.join(" "),
        "action conditions dport dst enabled line name protocol sport src"
    );
    for (key, value) in [
        ("src", "10.0.0.0/8"),
        ("protocol", "tcp"),
        ("dport", "443"),
        ("sport", "any"),
        ("action", "allow"),
    ] {
        assert_eq!(rule[key], value, "{key}");
    }
    assert_eq!(rule["line"], 6);
    assert_eq!(input["rules"][1]["line"], 7);
    Hylint::new()
        .file("ok.rules", IPTABLES)
        .args("inspect ok.rules")
        .run()
        .expect(0, &["filter INPUT · policy DROP", "6 allow tcp 10.0.0.0/8"]);
    let rule = "\nRule Name:    web\n----------\nEnabled: Yes\nDirection: In\nProfiles: Domain,Private\nGrouping:\n\
        LocalIP: Any\nRemoteIP: Any\nProtocol: TCP\nLocalPort: 443\nRemotePort: Any\nAction: Allow\n";
    let settings = "\nDomain Profile Settings:\n----------\nState    ON\nFirewall Policy    BlockInbound,AllowOutbound\n";
    Hylint::new()
        .file("w.txt", rule.to_owned() + settings)
        .args("inspect w.txt")
        .run()
        .expect(
            0,
            &[
                "netsh · UTF-8 · 1 rule\n",
                "profile domain · firewall on · inbound deny · outbound allow · local rules not printed",
                "inbound · default deny (assumed) · 1 rule\n",
                "2 allow in domain,private tcp any -> any port 443 (brief) `web`",
            ],
        );
    Hylint::new()
        .file("x.txt", "lunch")
        .args("inspect x.txt")
        .run()
        .expect(2, &["no firewall export that hylint knows"]);
    Hylint::new()
        .file("x.txt", "DisplayName : RDP\r\nDirection   : Inbound\r\n")
        .args("inspect x.txt")
        .run()
        .expect(
            2,
            &[
                "it looks like firewall rules of PowerShell",
                "show rule name=all verbose",
            ],
        );
    Hylint::new()
        .args("inspect nope")
        .run()
        .expect(2, &["nope: no such file"]);
}

#[test]
fn the_matrix_is_listed_and_checked() {
    let d = Hylint::new().args("matrix list --format json").run().json();
    let rows = d.as_array().unwrap();
    assert_eq!(rows.len(), 75);
    let mut keys: Vec<_> = rows[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    assert_eq!(
        keys.join(" "),
        "application_protocol customizable from id impact listeners mandatory ports presence purpose reply require row to transport vendor_mandatory"
    );
    let mail = rows.iter().find(|r| r["row"] == 35).unwrap();
    assert_eq!(mail["ports"], serde_json::json!([25, 465, 587]));
    assert_eq!(mail["require"], "any");
    let all = Hylint::new()
        .args("matrix list --implied --format json")
        .run()
        .json();
    assert!(all.as_array().unwrap().len() > 75);
    Hylint::new().args("matrix list").run().expect(
        0,
        &["row id from to flow mandatory", "tcp/one of 25,465,587"],
    );
    Hylint::new()
        .file("m.toml", "id = 5\n[[requirement]]\nrow = \"x\"\n")
        .args("matrix check m.toml")
        .run()
        .expect(1, &["m.toml:1:"]);
    Hylint::new()
        .args("matrix check nope.toml")
        .run()
        .expect(2, &["cannot read the matrix nope.toml"]);
}

#[test]
fn requirements_are_explained_by_id_and_row() {
    Hylint::new()
        .args("explain 35")
        .run()
        .expect(0, &["(row 35 of", "one and the same of them suffices"]);
    Hylint::new()
        .args("explain nonsense")
        .run()
        .expect(2, &["unknown code or requirement `nonsense`"]);
}

#[test]
fn completions_are_made_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        Hylint::new()
            .args(&format!("completions {shell}"))
            .run()
            .expect(0, &["hylint", "inspect"]);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .args(["matrix", "list", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    assert_eq!(err, "");
}

// Fails if an export that holds settings alone is shown without them.
#[test]
fn inspect_shows_profile_settings() {
    let settings = "\r\nDomain Profile Settings: \r\n\
        ----------------------------------------------------------------------\r\n\
        State                                 ON\r\n\
        Firewall Policy                       BlockInbound,AllowOutbound\r\n\
        LocalFirewallRules                    Enable\r\nOk.\r\n";
    Hylint::new()
        .file("allprofiles.txt", settings)
        .args("inspect allprofiles.txt")
        .run()
        .expect(0, &["profile settings of the host", "domain"]);
}

#[test]
fn inspect_shows_hostile_text_harmless_and_whole_in_json() {
    let name = "a\u{1b}[2J\u{202e}b";
    let nsg = serde_json::json!({"name": name, "securityRules": [{
        "name": name, "priority": 100, "direction": "Inbound", "access": "Allow",
        "protocol": "Tcp", "sourceAddressPrefix": "10.0.0.0/8", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": "443"
    }]});
    let file = |args: &str| {
        Hylint::new()
            .file("n.json", nsg.to_string())
            .args(args)
            .run()
    };
    let human = file("inspect n.json");
    human.expect(0, &["a\\u{1b}[2J\\u{202e}b", "allow tcp 10.0.0.0/8"]);
    assert!(!human.out.contains('\x1b') && !human.out.contains('\u{202e}'));
    let json = file("inspect n.json --format json");
    assert!(!json.out.contains('\u{202e}'));
    let d = json.json();
    assert_eq!(d["points"][0]["ingress"]["rules"][0]["name"], name);
    assert_eq!(d["points"][0]["chains"], serde_json::json!([]));
}
