//! Several exports of one Windows host: they are one firewall, what is in effect wins, and what contradicts it is named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "windows_site/forms.rs"]
mod forms;
#[path = "windows_site/host.rs"]
mod host;

use host::Host;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const HOSTS: [&str; 6] = ["cb1", "cm1", "cm2", "sh1", "sh2", "sql1"];

fn example(site: &str) -> std::path::PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("examples/windows-dc").join(site)
}

/// The site with the files that `files` gives for each host.
fn site(which: &str, files: impl Fn(&Host) -> Vec<(&'static str, Vec<u8>)>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut config = fs::read_to_string(example(which).join("hylint.toml")).unwrap();
    for name in HOSTS {
        let host = Host::read(name, &example(which).join(name));
        fs::create_dir(dir.path().join(name)).unwrap();
        for (file, bytes) in files(&host) {
            fs::write(dir.path().join(name).join(file), bytes).unwrap();
        }
        for glob in ["*.txt", "firewall.txt"] {
            config = config.replace(&format!("\"{name}/{glob}\""), &format!("\"{name}/*\""));
        }
    }
    fs::write(dir.path().join("hylint.toml"), config).unwrap();
    dir
}

fn report(dir: &Path) -> Value {
    let mut hylint = Command::new(env!("CARGO_BIN_EXE_hylint"));
    hylint.args([".", "--format", "json"]).current_dir(dir);
    let out = hylint.env_clear().output().unwrap().stdout;
    serde_json::from_slice(&out).unwrap()
}

fn findings(report: &Value) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let of = |key: &str| finding[key].as_str().unwrap_or_default();
        let line = format!("{}[{}]: {}", of("severity"), of("code"), of("message"));
        *all.entry(line).or_default() += 1;
    }
    all
}

fn netsh(h: &Host) -> (&'static str, Vec<u8>) {
    ("firewall.txt", h.netsh.clone())
}

fn powershell(h: &Host) -> (&'static str, Vec<u8>) {
    ("rules.json", forms::numbers(h).into_bytes())
}

fn collected(h: &Host) -> (&'static str, Vec<u8>) {
    ("firewall.json", forms::collected(h).into_bytes())
}

fn registry(h: &Host) -> (&'static str, Vec<u8>) {
    ("firewall.reg", forms::registry(h))
}

/// Fails if a host that is exported by several tools is judged twice, or if views that say the same are told to differ.
#[test]
fn several_views_of_one_host_say_what_one_says() {
    for which in ["compliant", "faulty"] {
        let alone = report(site(which, |h| vec![netsh(h)]).path());
        let all = report(site(which, |h| vec![netsh(h), powershell(h), registry(h)]).path());
        assert_eq!(findings(&alone), findings(&all), "{which}");
        assert_eq!(
            alone["summary"]["requirements"], all["summary"]["requirements"],
            "{which}"
        );
    }
}

fn differs(report: &Value, severity: &str) -> Vec<String> {
    let all = report["findings"].as_array().unwrap().iter();
    let own = all.filter(|f| f["code"] == "incomplete-export" && f["severity"] == severity);
    let said = own.map(|f| f["message"].as_str().unwrap().to_owned());
    said.filter(|m| m.contains("show different rules"))
        .collect()
}

/// Fails if two views of one store that contradict each other are united in silence.
#[test]
fn a_rule_that_one_view_lacks_is_named_and_open() {
    let drop_rdp = |h: &Host| {
        let text = String::from_utf8(h.netsh.clone()).unwrap();
        let mut kept = String::new();
        for block in text.split("\r\n\r\n").flat_map(|b| b.split("\n\n")) {
            if !(h.name == "sh1" && block.contains("LocalPort:") && block.contains("3389")) {
                kept.push_str(block);
                kept.push_str("\r\n\r\n");
            }
        }
        ("firewall.txt", kept.into_bytes())
    };
    let both = report(site("compliant", |h| vec![drop_rdp(h), registry(h)]).path());
    let said = differs(&both, "error");
    assert_eq!(said.len(), 1, "{:#?}", findings(&both));
    assert!(both["summary"]["requirements"]["conditional"].as_u64() > Some(0));
    // What is in effect wins.
    let effective = report(site("compliant", |h| vec![drop_rdp(h), collected(h)]).path());
    assert!(differs(&effective, "error").is_empty());
    assert_eq!(differs(&effective, "warning").len(), 1);
    assert_eq!(effective["summary"]["errors"], 0);
}

/// Fails if only the first of two files of one host is judged, as they have no rule in common.
#[test]
fn files_without_a_common_rule_are_one_firewall() {
    let rules = |names: &[(&str, &str, &str)]| {
        let rule = |(name, action, port): &(&str, &str, &str)| {
            serde_json::json!({
                "Name": name, "InstanceID": name, "DisplayName": name, "Enabled": "True",
                "Profile": "Any", "Direction": "Inbound", "Action": action,
                "PolicyStoreSourceType": "Local", "EnforcementStatus": "Enforced",
                "Protocol": "TCP", "LocalPort": port, "RemotePort": "Any", "IcmpType": "Any",
                "LocalAddress": "Any", "RemoteAddress": "Any", "Program": "Any", "Package": null,
                "Service": "Any", "InterfaceAlias": "Any", "InterfaceType": "Any",
                "Authentication": "NotRequired", "Encryption": "NotRequired",
                "OverrideBlockRules": "False", "LocalUser": "Any", "RemoteUser": "Any",
                "RemoteMachine": "Any",
            })
        };
        let all: Vec<Value> = names.iter().map(rule).collect();
        serde_json::to_string_pretty(&all).unwrap()
    };
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("session-host/sh1");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("rules.json"), rules(&[("a", "Allow", "3389")])).unwrap();
    fs::write(folder.join("rules2.json"), rules(&[("b", "Block", "3389")])).unwrap();
    let report = report(dir.path());
    assert_eq!(
        differs(&report, "error").len(),
        1,
        "{:#?}",
        findings(&report)
    );
    let rows = report["requirements"].as_array().unwrap();
    let row = rows.iter().find(|r| r["row"] == 18).unwrap();
    assert_eq!(row["status"], "conditional");
}

/// Fails if a table of port proxies in a file of its own says nothing of the rules beside it.
#[test]
fn a_port_proxy_leaves_the_flows_of_its_port_open() {
    let proxies = |port: &'static str| {
        move |_: &Host| {
            let table = format!(
                "Listen on ipv4:             Connect to ipv4:\r\n\r\nAddress         Port        Address         Port\r\n\
                 --------------- ----------  --------------- ----------\r\n*               {port}        10.9.9.9        1\r\n"
            );
            ("portproxy.txt", table.into_bytes())
        }
    };
    let open = |port| {
        let report = report(site("compliant", |h| vec![netsh(h), proxies(port)(h)]).path());
        let conditional = |(line, _): &(String, usize)| line.contains("the port proxy of TCP");
        findings(&report).into_iter().filter(conditional).count()
    };
    assert!(open("3389") > 0);
    assert_eq!(open("9"), 0, "a port that no flow needs");
}
