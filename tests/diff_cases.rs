//! Real changes and rebuilt ones, before and after, with what is known of them: `tests/cases-diff/README.md` says what a
//! case holds. Those of a folder of real changes are run too, where one is at hand (`HYLINT_CASES_DIFF`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it leaves out and fails by panicking"
)]

#[path = "diff_oracle/packet.rs"]
#[allow(dead_code, reason = "packets alone are used")]
mod packet;
#[path = "diff_oracle/report.rs"]
#[allow(dead_code, reason = "boxes alone are used")]
mod report;

use packet::{ICMP, ICMP6, Packet, Way, number};
use rayon::prelude::*;
use report::Report;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Real changes that are not told so, and why.
const ARGUED: &[(&str, &str)] = &[];

/// Catches a change that is told otherwise than it is.
#[test]
fn every_case_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases-diff");
    let cases = cases(&root);
    assert!(cases.len() > 40, "{} cases", cases.len());
    all_right(&cases);
}

/// Catches the same for changes out of public histories.
#[test]
fn every_real_change_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = std::env::var_os("HYLINT_CASES_DIFF")
        .map_or_else(|| root.join("../shared/cases-diff"), PathBuf::from);
    let cases = cases(&root);
    if cases.is_empty() {
        println!("SKIPPED: no real changes are at hand (HYLINT_CASES_DIFF)");
    }
    all_right(&cases);
}

/// What the runner itself takes for wrong: a real case, asked for what is not so.
#[test]
fn a_wrong_truth_is_noticed() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases-diff/insert-above-reject");
    assert_eq!(shortcomings(&case, &truth(&case)), Vec::<String>::new());
    let packet = |port: u16| serde_json::json!([{"direction": "in", "src": "198.51.100.77", "dst": "10.99.0.5", "proto": "tcp", "dport": port}]);
    for (key, value) in [
        ("effect", "none".into()),
        ("opened", packet(81)),
        ("closed", packet(80)),
        ("same", packet(80)),
        ("conditional", packet(80)),
        ("redirected", packet(80)),
        ("boxes", 2.into()),
        ("exit", 0.into()),
        ("only_host", "nobody".into()),
        (
            "hosts",
            serde_json::json!({"added": ["web9"], "removed": []}),
        ),
    ] {
        let mut wrong = truth(&case);
        wrong[key] = value;
        assert!(!shortcomings(&case, &wrong).is_empty(), "{key}");
    }
}

/// The folders with a truth, in order.
fn cases(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path());
    let mut found: Vec<PathBuf> = entries.filter(|p| p.join("truth.json").is_file()).collect();
    found.sort();
    found
}

fn all_right(cases: &[PathBuf]) {
    let bad: Vec<String> = cases
        .par_iter()
        .filter_map(|case| {
            let name = case.file_name().unwrap().to_string_lossy();
            let told = shortcomings(case, &truth(case));
            let argued = ARGUED.iter().any(|(n, _)| *n == name);
            match (told.is_empty(), argued) {
                (true, false) | (false, true) => None,
                (true, true) => Some(format!("{name} is right and stands in ARGUED")),
                (false, false) => Some(format!("{name}\n    {}", told.join("\n    "))),
            }
        })
        .collect();
    assert!(
        bad.is_empty(),
        "{} of {} cases\n{}",
        bad.len(),
        cases.len(),
        bad.join("\n")
    );
}

fn truth(case: &Path) -> Value {
    let text = std::fs::read_to_string(case.join("truth.json")).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{case:?}: {e}"))
}

/// `old` or `new` of a case, a file or a folder.
fn side(case: &Path, name: &str) -> PathBuf {
    let entries = std::fs::read_dir(case).unwrap().flatten().map(|e| e.path());
    let mut found = entries.filter(|p| {
        p.file_stem()
            .is_some_and(|s| s.to_string_lossy().split('.').next() == Some(name))
    });
    found
        .next()
        .unwrap_or_else(|| panic!("{case:?} has no {name}"))
}

fn shortcomings(case: &Path, truth: &Value) -> Vec<String> {
    match report::compared(&side(case, "old"), &side(case, "new")) {
        Ok(report) => judged(&report, truth),
        Err(e) => vec![e],
    }
}

fn judged(report: &Report, truth: &Value) -> Vec<String> {
    let mut told = Vec::new();
    if truth["effect"].is_string() && truth["effect"] != report.effect.as_str() {
        told.push(format!(
            "effect {:?}, not {}",
            report.effect, truth["effect"]
        ));
    }
    for kind in ["opened", "closed", "conditional", "redirected"] {
        for p in truth[kind].as_array().into_iter().flatten() {
            let optional = p["optional"] == true;
            let holding: Vec<&str> = report
                .boxes
                .iter()
                .filter(|b| b.holds_one_of(&packets(p)))
                .map(|b| b.kind())
                .collect();
            if !holding
                .iter()
                .any(|k| *k == kind || optional && *k == "conditional")
            {
                told.push(format!("not {kind} but {holding:?}: {p}"));
            }
        }
    }
    for p in truth["same"].as_array().into_iter().flatten() {
        let kind = |k: &str| matches!(k, "opened" | "closed");
        let holding = report
            .boxes
            .iter()
            .find(|b| kind(b.kind()) && b.holds_one_of(&packets(p)));
        told.extend(holding.map(|b| format!("{}, and nothing changes for {p}", b.kind())));
    }
    told.extend(asked_more(report, truth));
    told
}

/// What only the cases of this repository say.
fn asked_more(report: &Report, truth: &Value) -> Vec<String> {
    let mut told = Vec::new();
    if !truth["hosts"].is_null() && truth["hosts"] != report.value["hosts"] {
        told.push(format!(
            "hosts {}, not {}",
            report.value["hosts"], truth["hosts"]
        ));
    }
    if truth["boxes"]
        .as_u64()
        .is_some_and(|n| n != report.boxes.len() as u64)
    {
        told.push(format!(
            "{} boxes, not {}",
            report.boxes.len(),
            truth["boxes"]
        ));
    }
    if truth["exit"]
        .as_i64()
        .is_some_and(|n| n != i64::from(report.status))
    {
        told.push(format!("exit {}, not {}", report.status, truth["exit"]));
    }
    let host = truth["only_host"].as_str();
    if let Some(other) = report
        .boxes
        .iter()
        .find(|b| host.is_some_and(|h| b.text("host") != h))
    {
        told.push(format!("a box of {:?}", other.text("host")));
    }
    told
}

/// The packet of a sample: each that it may be, where it leaves ports open.
fn packets(sample: &Value) -> Vec<Packet> {
    let text = |key: &str| sample[key].as_str().unwrap_or("");
    let port = |key: &str| match &sample[key] {
        Value::Null => None,
        Value::String(s) if s.is_empty() => None,
        v => Some(v.to_string().trim_matches('"').parse::<u16>().unwrap()),
    };
    let ((v6, src), (_, dst)) = (number(text("src")), number(text("dst")));
    let proto = match sample["proto"]
        .to_string()
        .trim_matches('"')
        .to_lowercase()
        .as_str()
    {
        "icmp" => ICMP,
        "icmpv6" | "ipv6-icmp" => ICMP6,
        "tcp" => 6,
        "udp" => 17,
        "gre" => 47,
        "esp" => 50,
        "ah" => 51,
        "sctp" => 132,
        "igmp" => 2,
        n => n.parse().unwrap_or_else(|_| panic!("protocol {n}")),
    };
    let way = match text("direction") {
        "in" => Way::In,
        "out" => Way::Out,
        "forward" => Way::Forward,
        other => panic!("direction {other:?}"),
    };
    let icmp = matches!(proto, ICMP | ICMP6);
    let open = |p: Option<u16>, all: &[u16]| p.map_or_else(|| all.to_vec(), |p| vec![p]);
    let sports = open(
        port("sport"),
        if icmp {
            &[8, 128, 0]
        } else {
            &[40000, 1024, 53, 123, 0]
        },
    );
    let dports = open(port("dport"), if icmp { &[0] } else { &[9, 0, 65535, 443] });
    let each = sports
        .iter()
        .flat_map(|s| dports.iter().map(move |d| (*s, *d)));
    let one = |(sport, dport)| Packet {
        way,
        v6,
        src,
        dst,
        proto,
        sport,
        dport,
        in_iface: text("in_iface").to_owned(),
        out_iface: text("out_iface").to_owned(),
    };
    each.map(one).collect()
}
