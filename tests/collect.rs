//! `hylint collect`: what the scripts write is read, what a command refuses leaves no file, and the scripts are no exports.
//!
//! The scripts run here with programs of the test's own in place of `nft`, `aws` and `az`. The one for Windows does not run here.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn hylint(dir: &Path, args: &[&str]) -> Output {
    let mut hylint = Command::new(env!("CARGO_BIN_EXE_hylint"));
    hylint.args(args).current_dir(dir).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

/// A folder with the script `collect`, and a folder `bin` with the given programs.
fn prepared(platform: &str, programs: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let printed = hylint(dir.path(), &["collect", platform]);
    assert!(printed.status.success());
    fs::write(dir.path().join("collect"), printed.stdout).unwrap();
    let bin = dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for (name, body) in programs {
        let file = bin.join(name);
        fs::write(&file, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    dir
}

fn collect(dir: &Path, args: &[&str]) -> Output {
    // Only what the scripts use of the system, so that no firewall of this machine is asked.
    let path = format!("{}:/usr/bin:/bin", dir.join("bin").display());
    let mut sh = Command::new("sh");
    sh.arg("collect").args(args).current_dir(dir);
    sh.env_clear().env("PATH", path).output().unwrap()
}

fn files(dir: &Path) -> Vec<String> {
    let all = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter();
    let files = all.map(Result::unwrap).filter(|e| e.file_type().is_file());
    let names = files.map(|e| e.path().strip_prefix(dir).unwrap().display().to_string());
    names.collect()
}

const ROOT: (&str, &str) = ("id", "echo 0");
const NAME: (&str, &str) = ("hostname", "echo gw1");
const NONE: &str = "exit 0";
/// A firewalld that does not run (firewall-cmd(1), exit codes).
const STOPPED: (&str, &str) = ("firewall-cmd", "exit 252");
const SAVED: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT";

/// Programs of a host with the legacy iptables, whose `ipset` fails.
fn legacy() -> Vec<(&'static str, String)> {
    let quiet = [
        "nft",
        "ip",
        "ss",
        "iptables-legacy-save",
        "ip6tables-legacy-save",
    ];
    let mut all: Vec<(&str, String)> = quiet.iter().map(|q| (*q, NONE.to_owned())).collect();
    for name in ["iptables-save", "ip6tables-save"] {
        let version =
            format!("[ \"$1\" = --version ] && {{ echo '{name} v1.8.9 (legacy)'; exit; }}");
        all.push((name, format!("{version}\ncat <<'END'\n{SAVED}\nEND")));
    }
    all.push((
        "ipset",
        "echo 'ipset v7.17: Kernel error' >&2; echo half; exit 1".into(),
    ));
    all
}

// Fails if a command that breaks off leaves a part of an export behind, or if the script then looks successful.
#[test]
fn what_fails_on_linux_leaves_no_file_and_is_said() {
    let programs = legacy();
    let mut programs: Vec<(&str, &str)> = programs.iter().map(|(n, b)| (*n, b.as_str())).collect();
    programs.extend([ROOT, NAME, STOPPED]);
    let dir = prepared("linux", &programs);
    let done = collect(dir.path(), &["exports"]);
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(
        said.contains("ipset save failed: ipset v7.17: Kernel error"),
        "{said}"
    );
    assert_eq!(
        files(&dir.path().join("exports")),
        ["gw1/ip6tables.rules", "gw1/iptables.rules"]
    );
    let judged = hylint(dir.path(), &["--role", "hysecure-gateway", "exports", "-v"]);
    let report = text(&judged.stdout);
    assert!(report.contains("2 exports, 2 rules"), "{report}");
    assert!(!report.contains("unread-file"), "{report}");
}

// Fails if the archive for `ssh … | tar` lacks the host's folder, or if anything but the archive is on standard output.
#[test]
fn the_ruleset_of_a_host_comes_as_an_archive_too() {
    let ruleset = include_str!("../examples/debian-nft/compliant/gw1/ruleset.json");
    let nft = format!("cat <<'END'\n{}\nEND", ruleset.trim_end());
    let quiet = ["ip", "ss", "ipset", "iptables-save", "ip6tables-save"].map(|name| (name, NONE));
    let mut programs = vec![ROOT, NAME, STOPPED, ("nft", nft.as_str())];
    programs.extend(quiet);
    let dir = prepared("linux", &programs);
    let done = collect(dir.path(), &["-"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    fs::create_dir(dir.path().join("exports")).unwrap();
    fs::write(dir.path().join("gw1.tar"), done.stdout).unwrap();
    let mut tar = Command::new("tar");
    tar.args(["-x", "-f", "gw1.tar", "-C", "exports"])
        .current_dir(dir.path());
    assert!(tar.status().unwrap().success());
    assert_eq!(files(&dir.path().join("exports")), ["gw1/ruleset.json"]);
    let read = fs::read_to_string(dir.path().join("exports/gw1/ruleset.json")).unwrap();
    assert_eq!(read.trim_end(), ruleset.trim_end());
}

#[test]
fn only_root_can_collect_on_linux() {
    let dir = prepared("linux", &[("id", "echo 1000"), NAME, ("nft", NONE)]);
    let done = collect(dir.path(), &["exports"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("run this as root"));
    assert!(!dir.path().join("exports").exists());
}

/// A program in place of a cloud's command line: for each word of a command, the file that answers it.
fn cloud(answers: &[(&str, String)]) -> String {
    let case =
        |(word, answer): &(&str, String)| format!("*\"{word}\"*) cat <<'END'\n{answer}\nEND\n;;");
    let cases: Vec<String> = answers.iter().map(case).collect();
    format!(
        "case \"$*\" in\n{}\n*) echo \"unexpected: $*\" >&2; exit 1;;\nesac",
        cases.join("\n")
    )
}

fn example(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cloud-hybrid/compliant");
    fs::read_to_string(file.join(name)).unwrap()
}

// Fails if a file of the script is not read, or if the entries of a prefix list lose its id.
#[test]
fn what_is_collected_of_an_account_is_read() {
    let lists = r#"{"PrefixLists": [{"PrefixListId": "pl-0a1b2c3d", "PrefixListName": "office", "MaxEntries": 5}]}"#;
    let entries = r#"{"PrefixListId": "pl-0a1b2c3d", "Entries": [{"Cidr": "10.60.0.0/24", "Description": ""}]}"#;
    let aws = cloud(&[
        ("get-caller-identity", "123456789012".into()),
        (
            "describe-security-groups",
            example("aws/security-groups.json"),
        ),
        ("describe-network-acls", example("aws/network-acls.json")),
        (
            "describe-network-interfaces",
            r#"{"NetworkInterfaces": []}"#.into(),
        ),
        ("describe-subnets", r#"{"Subnets": []}"#.into()),
        ("PrefixListId --output text", "pl-0a1b2c3d".into()),
        ("describe-managed-prefix-lists", lists.into()),
        (
            "{PrefixListId: 'pl-0a1b2c3d', Entries: Entries}",
            entries.into(),
        ),
    ]);
    let dir = prepared("aws", &[("aws", &aws)]);
    let done = collect(dir.path(), &["eu-west-1"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let folder = "aws-123456789012-eu-west-1";
    let names = [
        "network-acls",
        "network-interfaces",
        "pl-0a1b2c3d",
        "prefix-lists",
        "security-groups",
        "subnets",
    ];
    let want = names.map(|n| format!("{folder}/{n}.json"));
    assert_eq!(files(&dir.path().join("exports")), want);
    let judged = hylint(
        dir.path(),
        &["--role", "controller-management", "exports", "-v"],
    );
    let report = text(&judged.stdout);
    assert!(
        !report.contains("unread-file") && !report.contains("no export   exports/"),
        "{report}"
    );
}

// Fails if a refused command leaves an empty file, which would look like a subscription without groups.
#[test]
fn what_azure_refuses_leaves_no_file() {
    let az = cloud(&[
        (
            "account show",
            "00000000-0000-0000-0000-000000000001".into(),
        ),
        ("nsg list", "[]".into()),
        ("nic list", "[]".into()),
        ("query [].location", "westeurope\nwesteurope".into()),
        ("vnet list", "[]".into()),
        ("asg list", "[]".into()),
        (
            "list-service-tags --location westeurope",
            r#"{"values": []}"#.into(),
        ),
        ("public-ip list", "[]".into()),
    ]);
    let dir = prepared("azure", &[("az", &az)]);
    let done = collect(dir.path(), &[]);
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(1));
    assert!(
        said.contains("az network route-table list failed"),
        "{said}"
    );
    let all = files(&dir.path().join("exports"));
    assert!(!all.iter().any(|f| f.contains("route-tables")), "{all:?}");
    assert!(
        all.iter()
            .any(|f| f.ends_with("service-tags-westeurope.json")),
        "{all:?}"
    );
}

/// A file as the script for Windows writes it.
fn collected(rules: &str, errors: &str) -> String {
    format!(
        "{{\"Hylint\":\"windows\",\"Version\":1,\"ComputerName\":\"SH1\",\"CollectedAt\":\"2026-11-30T12:00:00Z\",\"Windows\":\"10.0.20348.0\",\n\
        \"ActiveStore\":{{\n{rules}\"Profiles\":[\n{{\"Name\":\"Domain\",\"Enabled\":\"True\",\"DefaultInboundAction\":\"Block\",\"DefaultOutboundAction\":\"Allow\",\"AllowInboundRules\":\"True\",\"AllowLocalFirewallRules\":\"True\"}}\n],\n\"IPsecRules\":[\n\n]}},\n\
        \"PersistentStore\":{{\n\"Rules\":[\n\n],\n\"Profiles\":[\n\n]}},\n\
        \"ConnectionProfiles\":[\n{{\"Name\":\"corp.example\",\"InterfaceAlias\":\"Ethernet\",\"NetworkCategory\":\"DomainAuthenticated\"}}\n],\n\
        \"IPAddresses\":[\n{{\"AddressFamily\":\"IPv4\",\"IPAddress\":\"10.20.10.31\",\"InterfaceAlias\":\"Ethernet\",\"PrefixLength\":\"24\"}}\n],\n\
        \"PortProxy\":[\n{{\"Kind\":\"v4tov4\",\"Protocol\":\"tcp\",\"ListenAddress\":\"*\",\"ListenPort\":\"3389\",\"ConnectAddress\":\"10.9.9.9\",\"ConnectPort\":\"3389\"}}\n],\n\
        \"Errors\":[\n{errors}\n]}}\n"
    )
}

/// A rule with its filters, as one line.
const RULE: &str = "{\"Name\":\"{1}\",\"InstanceID\":\"{1}\",\"DisplayName\":\"HyWorks\",\"Group\":null,\"Enabled\":\"True\",\"Profile\":\"Any\",\"Platform\":[],\"Direction\":\"Inbound\",\"Action\":\"Allow\",\"EdgeTraversalPolicy\":\"Block\",\"LooseSourceMapping\":false,\"LocalOnlyMapping\":false,\"Owner\":null,\"PrimaryStatus\":\"OK\",\"EnforcementStatus\":[\"Enforced\"],\"PolicyStoreSource\":\"PersistentStore\",\"PolicyStoreSourceType\":\"Local\",\"Profiles\":\"0\",\"RuleGroup\":null,\"Protocol\":\"TCP\",\"LocalPort\":[\"38861\",\"38871\"],\"RemotePort\":\"Any\",\"IcmpType\":\"Any\",\"DynamicTarget\":\"Any\",\"IsNegated\":false,\"LocalAddress\":\"Any\",\"RemoteAddress\":\"10.20.1.11\",\"Program\":\"Any\",\"Package\":null,\"Service\":\"Any\",\"InterfaceAlias\":\"Any\",\"InterfaceType\":\"Any\",\"Authentication\":\"NotRequired\",\"Encryption\":\"NotRequired\",\"OverrideBlockRules\":false,\"LocalUser\":\"Any\",\"RemoteUser\":\"Any\",\"RemoteMachine\":\"Any\"}";

// Fails if what the script for Windows writes is not read whole: profiles, the active one, addresses, forwarded ports.
#[test]
fn a_file_of_the_script_for_windows_is_a_complete_export() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("exports/session-host/sh1");
    fs::create_dir_all(&folder).unwrap();
    let text = collected(&format!("\"Rules\":[\n{RULE}\n],\n"), "");
    fs::write(folder.join("firewall.json"), text).unwrap();
    let report = text_of(&hylint(dir.path(), &["exports", "-v"]));
    for part in ["1 export, 1 rule", "port proxy: TCP 3389"] {
        assert!(report.contains(part), "{part}\n{report}");
    }
    for part in [
        "incomplete-export",
        "unmodelled",
        "windows-defaults",
        "profile-domain",
        "other-policy-stores",
    ] {
        assert!(!report.contains(part), "{part}\n{report}");
    }
    let draft = text_of(&hylint(dir.path(), &["init", "exports", "--stdout"]));
    assert!(draft.contains("10.20.10.31"), "{draft}");
    assert!(draft.contains("profile = \"domain\""), "{draft}");
    let packet = [
        "--src",
        "10.20.1.11",
        "--dst",
        "10.20.10.31",
        "--proto",
        "tcp",
        "--dport",
        "38871",
    ];
    let trace = [
        &["trace", "exports/session-host/sh1/firewall.json"],
        &packet[..],
    ]
    .concat();
    let traced = text_of(&hylint(dir.path(), &trace));
    assert!(traced.starts_with("allow "), "{traced}");
}

// Fails if rules that a command refused are taken for a firewall without rules.
#[test]
fn what_a_command_of_the_script_for_windows_refused_is_not_proven() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("exports/session-host/sh1");
    fs::create_dir_all(&folder).unwrap();
    let error =
        "{\"Command\":\"Get-NetFirewallRule ActiveStore\",\"Message\":\"Access is denied.\"}";
    fs::write(folder.join("firewall.json"), collected("", error)).unwrap();
    let report = text_of(&hylint(dir.path(), &["exports"]));
    assert!(report.contains("error[malformed-export]"), "{report}");
    assert!(
        report.contains("10 of 10 requirements not proven"),
        "{report}"
    );
    assert!(!report.contains("satisfied ("), "{report}");
}

// Fails if a script that lies among the exports is taken for one, or reported.
#[test]
fn scripts_beside_exports_are_no_exports() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("gateway");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("gw1.rules"), format!("{SAVED}\n")).unwrap();
    for (platform, file) in [
        ("windows", "collect.ps1"),
        ("linux", "collect.sh"),
        ("aws", "collect-aws.sh"),
        ("azure", "collect-azure.sh"),
    ] {
        fs::write(
            folder.join(file),
            hylint(dir.path(), &["collect", platform]).stdout,
        )
        .unwrap();
    }
    let judged = hylint(dir.path(), &["--role", "hysecure-gateway", "gateway", "-v"]);
    let report = text(&judged.stdout);
    assert!(report.contains("1 export, 1 rule"), "{report}");
    assert!(!report.contains("unread-file"), "{report}");
}

/// What the script for Linux collects in network and mount namespaces of its own, of a host that is set up there; `None` where
/// this machine does not let the test make one.
fn collected_in_a_namespace(dir: &Path) -> Option<()> {
    let set_up = "set -e; hostname sh9; ip link set lo up; \
        ip link add eth0 type veth peer name peer0; ip link set eth0 up; ip link set peer0 up; \
        ip addr add 10.1.0.5/24 dev eth0; ip route add default via 10.1.0.1; \
        ipset create admins hash:net; ipset add admins 10.1.9.0/24; \
        iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT; \
        iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; \
        iptables -A INPUT -s 10.1.0.9 -p tcp -m multiport --dports 3389,38863,38870,38871 -j ACCEPT; \
        iptables -A INPUT -m set --match-set admins src -p tcp --dport 22 -j ACCEPT; \
        ip6tables -P INPUT DROP; ip6tables -A INPUT -i lo -j ACCEPT; \
        sh collect exports";
    let run = Command::new("unshare")
        .args(["--mount", "--net", "--uts", "sh", "-c", set_up])
        .current_dir(dir)
        .output()
        .ok()?;
    println!("{}", text(&run.stderr));
    run.status.success().then_some(())
}

// Fails if the script writes something that is not read, or if what stands beside the rules is not taken for the host's.
#[test]
fn what_is_collected_of_a_running_host_is_read_whole() {
    let dir = prepared("linux", &[]);
    if collected_in_a_namespace(dir.path()).is_none() {
        println!("skipped: no namespaces, or a tool is missing");
        return;
    }
    let site = "[[host]]\nname = \"sh9\"\nroles = [\"session-host\"]\nexports = [\"exports/sh9/*\"]\n\n\
        [[host]]\nname = \"cm1\"\nroles = [\"controller-management\"]\naddresses = [\"10.1.0.9\"]\n";
    fs::write(dir.path().join("hylint.toml"), site).unwrap();
    let found = files(&dir.path().join("exports"));
    for file in [
        "addresses.json",
        "iptables.rules",
        "ipset.txt",
        "routes.json",
    ] {
        assert!(found.contains(&format!("sh9/{file}")), "{found:?}");
    }
    let judged = hylint(dir.path(), &["check", ".", "-v"]);
    let report = text_of(&judged);
    for code in ["unread-file", "malformed-export", "missing-flow"] {
        assert!(!report.contains(code), "{report}");
    }
}
