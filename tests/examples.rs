//! The example sites end to end: a compliant site has nothing above a note, a faulty one exactly what its
//! `EXPECTED.tsv` lists, at exactly those lines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use hylint_model::ProblemKind;
use hylint_parsers::{decode::decode, format, source::Source};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Code, path in the site, line.
type Row = (String, String, u64);

/// What an expected row is about: code, path, a text that stands at its line.
type About = (&'static str, &'static str, &'static str);

const GATEWAY: &str = "gw1/iptables.rules";
const GATEWAY6: &str = "gw1/ip6tables.rules";
const EDGE: &str = "edge/iptables.rules";
const RULESET: &str = "gw1/ruleset.json";
const ZONES: &str = "gw1/firewalld.txt";
const GROUPS: &str = "aws/security-groups.json";
const ACLS: &str = "aws/network-acls.json";
const NSGS: &str = "azure/nsg-list.json";

/// The faults of each site, each named by a text of the export.
const FAULTS: [(&str, &[About]); 5] = [
    (
        "windows-dc",
        &[
            ("any-any", "cm2/firewall.txt", "Vendor remote support"),
            ("blocked-flow", "cm2/firewall.txt", "Block legacy agent"),
            ("disabled-flow", "cm1/allprofiles.txt", "BlockInbound,Allow"),
            ("firewall-off", "sql1/allprofiles.txt", "OFF"),
            ("missing-flow", "sh1/allprofiles.txt", "BlockInbound,Allow"),
            ("missing-flow", "sh2/allprofiles.txt", "BlockInbound,Allow"),
            ("over-permissive-port", "sh2/rules.txt", "Host - agent"),
            (
                "over-permissive-source",
                "cm1/rules.txt",
                "Controller - clients",
            ),
            ("partial-flow", "cb1/allprofiles.txt", "BlockInbound,Block"),
            ("shadowed-rule", "cm2/firewall.txt", "configuration service"),
        ],
    ),
    (
        "linux-gateway",
        &[
            ("blocked-flow", EDGE, "INC-0771 contain desktops"),
            ("bypasses-gateway", EDGE, "pilot users"),
            ("conditional-flow", GATEWAY, "--limit 50/sec"),
            ("default-allow", GATEWAY6, ":INPUT ACCEPT"),
            ("over-permissive-source", GATEWAY, "--dport 8500 -j DNAT"),
            ("missing-flow", EDGE, "-A REJECTLOG -p tcp -j REJECT"),
            ("missing-flow", GATEWAY, ":OUTPUT DROP"),
            (
                "over-permissive-source",
                EDGE,
                "-s 10.30.1.0/24 -d 10.30.2.21",
            ),
            ("over-permissive-source", GATEWAY, "--dport 22 -j ACCEPT"),
            ("partial-flow", GATEWAY, ":OUTPUT DROP"),
            ("shadowed-rule", EDGE, "virtual desktops"),
            ("shadowed-rule", GATEWAY, "-j SSH-IN"),
        ],
    ),
    (
        "debian-nft",
        &[
            ("conditional-flow", "dv2/ruleset.nft", "limit rate 5/minute"),
            ("missing-flow", "dv1/nftables.conf", "policy drop"),
            ("missing-flow", "dv2/ruleset.nft", "policy drop"),
            ("missing-flow", RULESET, "\"name\": \"output\""),
            (
                "over-permissive-source",
                "dv1/nftables.d/10-admin.nft",
                "dport ssh",
            ),
            ("over-permissive-source", RULESET, "\"port\": 8500"),
            ("shadowed-rule", "dv2/ruleset.nft", "ip saddr 10.30.9.4"),
        ],
    ),
    (
        "rhel-firewalld",
        &[
            ("over-permissive-port", ZONES, "target: ACCEPT"),
            ("over-permissive-source", ZONES, "cockpit dhcpv6-client ssh"),
            ("partial-flow", ZONES, "target: default"),
            ("unneeded-flow", ZONES, "cockpit dhcpv6-client ssh"),
        ],
    ),
    (
        "cloud-hybrid",
        &[
            ("blocked-flow", NSGS, "DenyLegacySessionHostServer"),
            ("conditional-flow", GROUPS, "PrefixListId"),
            ("exposed-to-internet", NSGS, "AllowRdp"),
            ("missing-flow", GROUPS, "IpPermissions"),
            ("missing-flow", NSGS, "DenyAllInBound"),
            ("no-return-path", ACLS, "32767"),
            ("over-permissive-port", GROUPS, "node 1"),
            ("over-permissive-port", GROUPS, "node 2"),
            ("over-permissive-port", GROUPS, "debug"),
            ("partial-flow", NSGS, "DenyAllInBound"),
        ],
    ),
];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Runs `hylint check .` in a site; returns the exit status and the report.
fn check(site: &Path) -> (Option<i32>, Value) {
    let run = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .args([
            "check",
            ".",
            "--format",
            "json",
            "--at",
            "2026-11-15T00:00:00Z",
        ])
        .current_dir(site)
        .output()
        .expect("the binary runs");
    let report = serde_json::from_slice(&run.stdout).unwrap_or_else(|e| {
        let errors = String::from_utf8_lossy(&run.stderr);
        panic!(
            "{}: no JSON on stdout ({e}); stderr: {errors}",
            site.display()
        )
    });
    (run.status.code(), report)
}

/// The findings of severity warning and error.
fn grave(report: &Value) -> Vec<&Value> {
    let all = report["findings"].as_array().expect("a list of findings");
    all.iter().filter(|f| f["severity"] != "note").collect()
}

fn row(finding: &Value) -> Row {
    let path = finding["path"].as_str().unwrap_or_default();
    let path = path.strip_prefix("./").unwrap_or(path).replace('\\', "/");
    let code = finding["code"].as_str().unwrap_or_default();
    (code.into(), path, finding["line"].as_u64().unwrap_or(0))
}

fn tell(findings: &[&Value]) -> String {
    let line = |f: &&Value| format!("{:?} {}\n", row(f), f["message"]);
    findings.iter().map(line).collect()
}

fn expected(site: &Path) -> BTreeSet<Row> {
    let text = std::fs::read_to_string(site.join("EXPECTED.tsv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("code\tpath\tline"));
    let rows: Vec<Row> = lines
        .map(|l| {
            let cells: Vec<_> = l.split('\t').collect();
            assert_eq!(cells.len(), 3, "{l:?}");
            (cells[0].into(), cells[1].into(), cells[2].parse().unwrap())
        })
        .collect();
    let mut order = rows.clone();
    order.sort();
    order.dedup();
    assert_eq!(rows, order, "EXPECTED.tsv is sorted and has no row twice");
    rows.into_iter().collect()
}

/// The lines of an export, UTF-8 or UTF-16LE with a mark.
fn lines(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let text = match bytes.strip_prefix(&[0xFF, 0xFE]) {
        Some(rest) => {
            let units: Vec<_> = rest
                .chunks_exact(2)
                .map(|c| u16::from_le_bytes([c[0], c[1]]))
                .collect();
            String::from_utf16(&units).unwrap()
        }
        None => String::from_utf8(bytes).unwrap(),
    };
    text.lines().map(str::to_owned).collect()
}

/// Each expected row is about one fault or more, and each fault has its row: its text stands on the row's line or,
/// where that opens a JSON object or list, inside it.
fn assert_about(site: &Path, about: &[About]) {
    let rows = expected(site);
    let mut told = BTreeSet::new();
    for (code, path, needle) in about {
        let text = lines(&site.join(path));
        let hit = rows.iter().find(|(c, p, line)| {
            let at = usize::try_from(*line).unwrap();
            c == code && p == path && block(&text, at).contains(needle)
        });
        let hit = hit.unwrap_or_else(|| panic!("no row {code} {path} is about {needle:?}"));
        told.insert(hit.clone());
    }
    assert_eq!(told, rows, "a row that this test says nothing about");
}

/// The text of the object, list or line that begins on a line (counted from 1).
fn block(text: &[String], line: usize) -> String {
    let indent = |l: &str| l.len() - l.trim_start().len();
    let first = text.get(line.wrapping_sub(1)).map_or("", String::as_str);
    if !first.trim_end().ends_with(['{', '[']) {
        return first.to_owned();
    }
    let rest = &text[line..];
    let inside = rest.iter().take_while(|l| indent(l) > indent(first));
    std::iter::once(first)
        .chain(inside.map(String::as_str))
        .collect()
}

fn assert_faulty(name: &str) {
    let site = examples().join(name).join("faulty");
    let (status, report) = check(&site);
    let found = grave(&report);
    let rows: BTreeSet<_> = found.iter().map(|f| row(f)).collect();
    let want = expected(&site);
    let missing: Vec<_> = want.difference(&rows).collect();
    let surplus: Vec<_> = found
        .iter()
        .copied()
        .filter(|f| !want.contains(&row(f)))
        .collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{name}: not found: {missing:#?}\nnot expected:\n{}",
        tell(&surplus)
    );
    assert_eq!(status, Some(1), "{name}");
}

fn assert_compliant(site: &Path) -> Value {
    let (status, report) = check(site);
    let found = grave(&report);
    assert!(found.is_empty(), "{}:\n{}", site.display(), tell(&found));
    assert_eq!(status, Some(0), "{}", site.display());
    let summary = &report["summary"];
    assert_eq!(summary["requirements"]["violated"], 0);
    assert_eq!(summary["requirements"]["conditional"], 0);
    report
}

/// The rows whose requirement has a status.
fn rows_of(report: &Value, status: &str) -> Vec<u64> {
    let all = report["requirements"].as_array().expect("requirements");
    let of = all.iter().filter(|r| r["status"] == status);
    of.filter_map(|r| r["row"].as_u64()).collect()
}

#[test]
fn windows_dc_compliant() {
    let report = assert_compliant(&examples().join("windows-dc/compliant"));
    let rows = [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 35, 36, 42, 43,
    ];
    assert_eq!(rows_of(&report, "satisfied"), rows);
}

#[test]
fn linux_gateway_compliant() {
    let report = assert_compliant(&examples().join("linux-gateway/compliant"));
    assert_eq!(rows_of(&report, "satisfied"), [48, 49, 50, 51, 53]);
}

#[test]
fn debian_nft_compliant() {
    let report = assert_compliant(&examples().join("debian-nft/compliant"));
    let rows = [21, 22, 23, 24, 48, 49, 50, 51, 53];
    assert_eq!(rows_of(&report, "satisfied"), rows);
}

#[test]
fn rhel_firewalld_compliant() {
    let report = assert_compliant(&examples().join("rhel-firewalld/compliant"));
    assert_eq!(rows_of(&report, "satisfied"), [48, 49, 50, 51, 52, 53]);
}

#[test]
fn cloud_hybrid_compliant() {
    let report = assert_compliant(&examples().join("cloud-hybrid/compliant"));
    let rows = [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 36, 42, 43,
    ];
    assert_eq!(rows_of(&report, "satisfied"), rows);
}

#[test]
fn large_is_compliant() {
    let report = assert_compliant(&examples().join("large"));
    assert_eq!(rows_of(&report, "satisfied"), [42, 43]);
    assert_eq!(report["exports"][0]["rules"], 1000);
}

#[test]
fn every_expected_row_points_at_its_fault() {
    for (name, about) in FAULTS {
        assert_about(&examples().join(name).join("faulty"), about);
    }
}

#[test]
fn windows_dc_faulty() {
    assert_faulty("windows-dc");
}

#[test]
fn linux_gateway_faulty() {
    assert_faulty("linux-gateway");
}

#[test]
fn debian_nft_faulty() {
    assert_faulty("debian-nft");
}

#[test]
fn rhel_firewalld_faulty() {
    assert_faulty("rhel-firewalld");
    let (_, report) = check(&examples().join("rhel-firewalld/faulty"));
    let all = report["findings"].as_array().unwrap().iter();
    let silent: Vec<_> = all.filter(|f| f["code"] == "no-listener").collect();
    assert_eq!(silent.len(), 1, "{silent:?}");
    assert_eq!(silent[0]["line"], 99);
}

#[test]
fn cloud_hybrid_faulty() {
    assert_faulty("cloud-hybrid");
}

/// The files of a folder, those below it included, in order.
fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// No reader may stumble over an example: each file is an export of a known format, wholly in the model.
#[test]
fn every_export_is_read_in_full() {
    let mut all = Vec::new();
    files(&examples(), &mut all);
    let ends = |p: &PathBuf, e: &[&str]| p.extension().is_some_and(|x| e.iter().any(|e| x == *e));
    all.retain(|p| ends(p, &["txt", "rules", "json"]));
    assert!(all.len() > 40, "{}", all.len());
    for path in all {
        let name = path.display();
        let decoded = decode(std::fs::read(&path).unwrap()).unwrap();
        let source = Source::new(path.to_string_lossy(), decoded.text, decoded.encoding);
        let export = format::read(&source).unwrap_or_else(|| panic!("{name}: no format"));
        for p in &export.problems {
            let line = source.position(p.span.start).line;
            // a match that only chooses what is logged decides nothing
            let logs = source.slice(source.line_span(line)).contains("-j LOG");
            let note = p.kind == ProblemKind::Note || logs && p.kind == ProblemKind::Unmodelled;
            assert!(note, "{name}:{line}: {}", p.message);
        }
        assert_eq!(export.lost(), 0, "{name}");
        let filled = !export.points.is_empty() || !export.companions.is_empty();
        assert!(filled, "{name}: nothing in it");
    }
}
