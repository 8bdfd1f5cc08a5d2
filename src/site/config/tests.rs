use super::*;
use crate::finding::Severity;
use crate::load::Disk;

use crate::rules::matrix::{Matrix, builtin};
use crate::site::{Access, LintLevel, RequireEvidence};
use hylint_model::Profiles;
use hylint_space::AddrSet;
use hylint_space::PortSet;
use std::collections::BTreeMap;

/// Every key of the file, each with a value that holds.
const FULL: &str = r#"[site]
name = "Pune DC"
matrix = "hyworks"
[deployment]
access = "gateway"
features = { session-recording = false }
ephemeral = "49152-65535"
[ports]
sql-server = [14330]
"directory.management" = [636]
[roles]
controller-management = ["10.20.1.11", "10.20.1.12"]
workspace-client = ["10.50.0.0/16", "10.60.0.10-10.60.0.40"]
vmware = []
[resolve]
"azure:VirtualNetwork" = ["10.20.0.0/16"]
"ipset:admins" = ["10.9.9.0/24"]
[[host]]
name = "cm1"
addresses = ["10.20.1.11"]
roles = ["controller-management"]
exports = ["cm1/*.txt"]
points = ["sg-0a1b"]
profile = ["domain", "private"]
interfaces = { eth0 = ["10.20.0.0/16"] }
resolve = { "windows:DNS" = ["10.20.0.10"] }
[[transit]]
exports = ["edge/iptables.txt"]
between = [["workspace-client", "controller"]]
[[allow]]
from = "10.9.9.0/24"
to = "session-host"
port = "tcp/5985"
reason = "WinRM from the jump hosts"
[[waive]]
code = "over-permissive-source"
export = "azure/*.json"
rule = "AllowRDP"
until = 2027-03-31
reason = "CHG0012345"
owner = "network team"
[lints]
shadowed-rule = "error"
[check]
fail-on = "error"
require-evidence = "destination"
exclude = ["archive/**"]
max-age-days = 30
"#;

fn hyworks() -> Matrix {
    builtin("hyworks").unwrap().unwrap()
}

fn config(text: &str) -> Config {
    read("hylint.toml", text, &hyworks()).unwrap_or_else(|e| panic!("{e:#?}"))
}

#[test]
fn every_key_is_read() {
    let m = hyworks();
    let c = config(FULL);
    assert_eq!(
        (c.name.as_str(), c.access),
        ("Pune DC", Some(Access::Gateway))
    );
    assert_eq!(c.features.get("session-recording"), Some(&false));
    assert_eq!(c.ephemeral, Some(PortSet::range(49152, 65535)));
    assert_eq!(
        c.roles[&m.role_ix("workspace-client").unwrap()].to_string(),
        "10.50.0.0/16,10.60.0.10-10.60.0.40"
    );
    assert!(c.roles[&m.role_ix("vmware").unwrap()].is_empty());
    assert_eq!(c.resolve["ipset:admins"].to_string(), "10.9.9.0/24");
    let h = &c.hosts[0];
    assert_eq!(
        (h.name.as_str(), h.points.as_slice()),
        ("cm1", ["sg-0a1b".to_owned()].as_slice())
    );
    assert_eq!(h.profile, Some(Profiles(3)));
    assert!(h.exports[0].is_match("cm1/netsh.txt") && !h.exports[0].is_match("cm1/old/netsh.txt"));
    assert_eq!(h.interfaces[0].1, AddrSet::parse("10.20.0.0/16").unwrap());
    assert_eq!(h.resolve["windows:DNS"].to_string(), "10.20.0.10");
    assert_eq!(c.transits[0].between.len(), 2, "the group is expanded");
    assert_eq!(c.allows[0].ports, PortSet::single(5985));
    let w = &c.waives[0];
    assert_eq!(
        (w.until.to_string(), w.rule.as_deref()),
        ("2027-03-31".into(), Some("AllowRDP"))
    );
    assert!(w.export.as_ref().unwrap().is_match("azure/nsg.json"));
    assert_eq!(
        c.lints[&crate::finding::Code::ShadowedRule],
        LintLevel::At(Severity::Error)
    );
    assert_eq!(
        (c.fail_on, c.max_age_days),
        (Some(Severity::Error), Some(30))
    );
    assert_eq!(c.require_evidence, RequireEvidence::Destination);
    assert!(c.exclude.is_match("archive/2024/x.txt"));
}

/// Breaks one line of the full file and gives what is told of it: `column message`; anything told of another line is
/// given with its line.
fn broken(line: &str, by: &str) -> String {
    let at = FULL
        .lines()
        .position(|l| l == line)
        .unwrap_or_else(|| panic!("{line}"));
    let text: Vec<&str> = FULL
        .lines()
        .map(|l| if l == line { by } else { l })
        .collect();
    let found =
        read("hylint.toml", &text.join("\n"), &hyworks()).expect_err(&format!("{line} -> {by}"));
    let each = found.iter().map(|d| {
        let p = d.position();
        let line = usize::try_from(p.line).unwrap() - 1;
        if line == at {
            format!("{} {d}", p.column)
        } else {
            format!("{}:{} {d}", p.line, p.column)
        }
    });
    each.collect::<Vec<_>>().join(" | ")
}

#[test]
fn each_mistake_is_told_at_its_place() {
    for (line, by, want) in [
        ("name = \"Pune DC\"", "nmae = 1", "1 unknown key `nmae`"),
        ("[deployment]", "[deploymnet]", "2 unknown key `deploymnet`"),
        (
            "access = \"gateway\"",
            "access = \"Gateway\"",
            "10 invalid value `Gateway`, expected `direct`, `gateway` or `both`",
        ),
        (
            "features = { session-recording = false }",
            "features = { recording = true }",
            "14 unknown feature `recording`",
        ),
        (
            "ephemeral = \"49152-65535\"",
            "ephemeral = \"65535-49152\"",
            "13 invalid port or range `65535-49152`",
        ),
        (
            "sql-server = [14330]",
            "session-host = [13389]",
            "16 the ports of `session-host` are fixed by the vendor",
        ),
        (
            "sql-server = [14330]",
            "sql-servr = [14330]",
            "1 unknown role or requirement `sql-servr`",
        ),
        (
            "sql-server = [14330]",
            "sql-server = [0]",
            "15 invalid number 0, expected 1 to 65535",
        ),
        (
            "\"directory.management\" = [636]",
            "\"directory.management\" = [637]",
            "26 the ports of `directory.management` are fixed by the vendor",
        ),
        ("vmware = []", "vmwaer = []", "1 unknown role `vmwaer`"),
        (
            "vmware = []",
            "controller = []",
            "1 `controller` is a group, expected one of its roles",
        ),
        (
            "vmware = []",
            "vmware = [\"10.0.0.0/33\"]",
            "11 invalid address `10.0.0.0/33`",
        ),
        (
            "vmware = []",
            "vmware = [\"10.0.0.9-10.0.0.1\", \"x\"]",
            "11 invalid address `10.0.0.9-10.0.0.1` | 32 invalid address `x`",
        ),
        (
            "vmware = []",
            "vmware = [1]",
            "11 expected a string, found a number",
        ),
        (
            "\"ipset:admins\" = [\"10.9.9.0/24\"]",
            "admins = [\"10.9.9.0/24\"]",
            "1 unknown kind of name `admins`",
        ),
        ("name = \"cm1\"", "", "18:1 `name` is missing"),
        (
            "roles = [\"controller-management\"]",
            "roles = [\"vmware\"]",
            "10 `vmware = []` in [roles] says that no host has this role",
        ),
        (
            "roles = [\"controller-management\"]",
            "roles = [\"cm\"]",
            "10 unknown role `cm`",
        ),
        (
            "roles = [\"controller-management\"]",
            "role = \"controller-management\"",
            "1 unknown key `role`",
        ),
        (
            "exports = [\"cm1/*.txt\"]",
            "exports = [\"cm1/[.txt\"]",
            "12 invalid glob `cm1/[.txt`: unclosed character class; missing ']'",
        ),
        (
            "profile = [\"domain\", \"private\"]",
            "profile = \"work\"",
            "11 invalid value `work`, expected `domain`, `private` or `public`",
        ),
        (
            "exports = [\"edge/iptables.txt\"]",
            "",
            "27:1 `exports` is missing",
        ),
        (
            "between = [[\"workspace-client\", \"controller\"]]",
            "between = [[\"workspace-client\"]]",
            "12 expected a pair of roles",
        ),
        (
            "from = \"10.9.9.0/24\"",
            "from = \"10.9.9.0/\"",
            "8 invalid address `10.9.9.0/`",
        ),
        (
            "to = \"session-host\"",
            "to = \"session-hosts\"",
            "6 unknown role `session-hosts`",
        ),
        (
            "port = \"tcp/5985\"",
            "port = \"tcp\"",
            "8 invalid protocol and port `tcp`",
        ),
        (
            "port = \"tcp/5985\"",
            "port = \"icmp/8\"",
            "8 protocol `icmp` has no ports",
        ),
        (
            "reason = \"WinRM from the jump hosts\"",
            "reason = \" \"",
            "10 `reason` is empty",
        ),
        (
            "code = \"over-permissive-source\"",
            "code = \"over-permissive\"",
            "8 unknown code `over-permissive`",
        ),
        (
            "until = 2027-03-31",
            "until = \"2027-02-30\"",
            "9 invalid date `2027-02-30`, expected a date such as 2027-03-31",
        ),
        ("until = 2027-03-31", "", "35:1 `until` is missing"),
        ("reason = \"CHG0012345\"", "", "35:1 `reason` is missing"),
        ("owner = \"network team\"", "", "35:1 `owner` is missing"),
        (
            "rule = \"AllowRDP\"",
            "requirement = \"a.b\"",
            "15 unknown requirement `a.b`",
        ),
        (
            "shadowed-rule = \"error\"",
            "unknown-role = \"off\"",
            "16 `unknown-role` cannot be off: it reports what could not be checked",
        ),
        (
            "shadowed-rule = \"error\"",
            "shadow = \"off\"",
            "1 unknown code `shadow`",
        ),
        (
            "fail-on = \"error\"",
            "fail-on = \"never\"",
            "11 invalid value `never`, expected `error`, `warning` or `note`",
        ),
        (
            "max-age-days = 30",
            "max-age-days = -1",
            "16 invalid number -1, expected 0 to 36500",
        ),
    ] {
        assert_eq!(broken(line, by), want, "{line} -> {by}");
    }
}

#[test]
fn a_waiver_is_tied_to_something() {
    let text = FULL.replace("export = \"azure/*.json\"\nrule = \"AllowRDP\"\n", "");
    let found = read("hylint.toml", &text, &hyworks()).unwrap_err();
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].message,
        "a waiver needs one of `requirement`, `rule` and `export`"
    );
    assert_eq!(found[0].position().line, 35);
}

#[test]
fn hosts_have_different_names() {
    let text = format!("{FULL}[[host]]\nname = \"cm1\"\n");
    let found = read("hylint.toml", &text, &hyworks()).unwrap_err();
    assert_eq!(found[0].message, "host `cm1` is defined twice");
    assert_eq!(found[0].position().column, 8);
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = FULL
        .replace("= [\"10.20.1.11\"]", "= [\"10.20.1\"]")
        .replace("= 2027-03-31", "= 3");
    let found = read("hylint.toml", &text, &hyworks()).unwrap_err();
    assert_eq!(
        found.iter().map(|d| d.position().line).collect::<Vec<_>>(),
        [20, 39]
    );
}

fn moved(text: &str) -> BTreeMap<u32, Vec<u16>> {
    let m = hyworks();
    let ports = config(&format!("[ports]\n{text}\n")).ports;
    let rows = ports
        .into_iter()
        .map(|(id, p)| (m.requirement(&id).unwrap().row, p));
    rows.collect()
}

#[test]
fn a_site_has_one_sql_port() {
    let rows = moved("sql-server = [14330]");
    let want = [8, 9, 10, 11, 12, 13, 41, 58, 59, 69];
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), want);
    assert!(rows.values().all(|p| *p == [14330]));
}

#[test]
fn moving_a_role_moves_its_customizable_rows_only() {
    assert_eq!(
        moved("desktop-vm = [13389]"),
        [(22, vec![13389]), (53, vec![13389])].into()
    );
    assert_eq!(
        moved("vmware = [8443]"),
        [(26, vec![8443]), (45, vec![8443])].into()
    );
    assert_eq!(moved("smtp-server = [25]"), [(35, vec![25])].into());
}

#[test]
fn any_row_may_be_narrowed() {
    let narrowed = moved("active-directory = [636]");
    assert_eq!(narrowed, [(14, vec![636]), (15, vec![636])].into());
    assert_eq!(
        moved("\"policy-engine.queue\" = [5671]"),
        [(67, vec![5671])].into()
    );
}

#[test]
fn a_requirement_goes_before_its_role() {
    let rows = moved("sql-server = [14330]\n\"database.service-broker\" = [15000]");
    assert_eq!((&rows[&8], &rows[&9]), (&vec![14330], &vec![15000]));
}

#[test]
fn found_in_the_path_or_above() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let file = dir.path().join("hylint.toml");
    std::fs::write(&file, "[site]\nmatrix = \"none.toml\"\n").unwrap();
    assert_eq!(find(&Disk, &deep), Some(file.clone()));
    let found = load(&Disk, &file, None).unwrap_err();
    assert_eq!(
        (found[0].position().line, found[0].position().column),
        (2, 10)
    );
    assert!(
        found[0].message.starts_with("cannot read"),
        "{}",
        found[0].message
    );
    std::fs::write(dir.path().join("none.toml"), "[matrix]\nid = \"mine\"\n").unwrap();
    assert_eq!(load(&Disk, &file, None).unwrap().1.id, "mine");
}

#[test]
fn the_examples_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files: Vec<std::path::PathBuf> = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok)
        .map(|e| e.path().to_path_buf())
        .filter(|p| p.ends_with(FILE_NAME))
        .collect();
    assert!(!files.is_empty());
    for file in files {
        load(&Disk, &file, None).unwrap_or_else(|e| panic!("{}: {e:#?}", file.display()));
    }
}
