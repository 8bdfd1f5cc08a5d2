//! One truth in every format: each tells the same findings at the same lines, and the exit status is the same.

use super::formats::{Findings, Origin, ids, tried};
use super::{SITES, example, json};
use serde_json::Value;
use std::collections::BTreeSet;

/// Code, path and line.
pub(super) type Told = BTreeSet<(String, String, u64)>;

fn told(findings: &[Value], code: &str, path: &str, line: &str) -> Told {
    let text = |v: Option<&Value>| v.and_then(Value::as_str).unwrap_or_default().to_owned();
    findings
        .iter()
        .map(|f| {
            let line = f.pointer(line).and_then(Value::as_u64).unwrap_or(0);
            (text(f.pointer(code)), text(f.pointer(path)), line)
        })
        .collect()
}

pub(super) fn of_json(text: &str) -> Told {
    let d = json(text);
    told(d["findings"].as_array().unwrap(), "/code", "/path", "/line")
}

fn by_json(site: &str) -> Told {
    of_json(&example(site, "json").0)
}

pub(super) fn of_sarif(text: &str) -> Told {
    let sarif = json(text);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let place = "/locations/0/physicalLocation";
    let (path, line) = (
        format!("{place}/artifactLocation/uri"),
        format!("{place}/region/startLine"),
    );
    told(results, "/ruleId", &path, &line)
}

/// At the line that a reviewer looks for, which may be that of the rule that nearly allows a flow.
pub(super) fn in_gitlab(text: &str, code: &str, _: &str, _: u64) -> bool {
    let all = json(text);
    all.as_array()
        .unwrap()
        .iter()
        .any(|i| i["check_name"] == code)
}

pub(super) fn of_ndjson(text: &str) -> Told {
    let lines = text.lines().map(json);
    let findings: Vec<Value> = lines.filter(|l| l["kind"] == "finding").collect();
    told(&findings, "/code", "/path", "/line")
}

pub(super) fn of_csv(text: &str) -> Told {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let head = table.headers().unwrap().clone();
    let cell = |r: &csv::StringRecord, name: &str| {
        let at = head.iter().position(|h| h == name).unwrap();
        r[at].to_owned()
    };
    let records = table.records().map(Result::unwrap);
    records
        .filter(|r| &r[0] == "finding")
        .map(|r| {
            (
                cell(&r, "code"),
                cell(&r, "path"),
                cell(&r, "line").parse().unwrap(),
            )
        })
        .collect()
}

/// At the line that a reviewer looks for, which may be that of the rule that nearly allows a flow.
pub(super) fn in_github(text: &str, code: &str, _: &str, _: u64) -> bool {
    let title = format!("title=hylint {code}::");
    let places = text.lines().filter(|l| l.contains(&title));
    places
        .into_iter()
        .any(|l| l.contains("file=") && l.contains(",line="))
}

pub(super) fn in_markdown(text: &str, _: &str, path: &str, line: u64) -> bool {
    text.contains(&format!("`{path}:{line}:"))
}

pub(super) fn in_html(text: &str, _: &str, path: &str, line: u64) -> bool {
    text.contains(&format!("<code>{path}:{line}:"))
}

pub(super) fn in_junit(text: &str, _: &str, path: &str, line: u64) -> bool {
    text.contains(&format!("{path}:{line}:"))
}

/// The codes in `error[code]`.
pub(super) fn codes_of_human(text: &str) -> BTreeSet<String> {
    let after = |level: &'static str| {
        text.split(level)
            .skip(1)
            .filter_map(|t| t.split(']').next())
    };
    ["error[", "warning[", "note["]
        .into_iter()
        .flat_map(after)
        .map(str::to_owned)
        .collect()
}

/// Catches an output that leaves out a finding, adds one or puts it elsewhere.
#[test]
fn outputs_tell_the_same_findings() {
    for site in SITES {
        let expected = by_json(site);
        assert!(expected.len() > 5, "{site}");
        for id in ids() {
            let text = example(site, id).0;
            match tried(id).findings {
                Findings::All(of) => assert_eq!(of(&text), expected, "{id} {site}"),
                Findings::Each(shows) => {
                    for (code, path, line) in &expected {
                        assert!(
                            shows(&text, code, path, *line),
                            "{id} {site}: {code} at {path}:{line}"
                        );
                    }
                }
                Findings::Some(why, codes) => {
                    let known: BTreeSet<_> = expected.iter().map(|f| f.0.clone()).collect();
                    let shown = codes(&text);
                    assert!(
                        !shown.is_empty() && shown.is_subset(&known),
                        "{id} {site} ({why}): {shown:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn csv_has_every_row_of_the_vendor_in_order_and_every_check() {
    for site in SITES {
        let text = example(site, "csv").0;
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let head = table.headers().unwrap().clone();
        let at = |name: &str| head.iter().position(|h| h == name).unwrap();
        let records: Vec<_> = table.records().map(Result::unwrap).collect();
        let of = |kind: &str| records.iter().filter(|r| &r[0] == kind).collect::<Vec<_>>();
        let rows: Vec<u32> = of("requirement")
            .iter()
            .map(|r| r[at("row")].parse().unwrap())
            .collect();
        assert_eq!(rows, (1..=75).collect::<Vec<u32>>(), "{site}");
        let d = json(&example(site, "json").0);
        let checks: usize = d["requirements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["checks"].as_array().unwrap().len())
            .sum();
        assert_eq!(of("check").len(), checks, "{site}");
    }
}

#[test]
fn each_format_has_the_same_status_the_same_bytes_twice_and_says_what_it_rests_on() {
    let d = json(&example("windows-dc/faulty", "json").0);
    let sha256 = d["matrix"]["sha256"].as_str().unwrap();
    for format in ids() {
        let (first, status) = example("windows-dc/faulty", format);
        assert_eq!(status, 1, "{format}");
        assert_eq!(first, example("windows-dc/faulty", format).0, "{format}");
        if matches!(tried(format).origin, Origin::Told) {
            assert!(
                first.contains(&sha256[..12]),
                "{format} does not name the matrix"
            );
            assert!(
                first.contains(env!("CARGO_PKG_VERSION")),
                "{format} does not name the version"
            );
        }
    }
}

#[test]
fn an_incomplete_run_is_said_in_sarif() {
    let run = super::harness::Hylint::new()
        .file("x/ok.rules", super::harness::IPTABLES)
        .file("x/empty.rules", "")
        .args("x --format sarif --role controller-management --address 10.20.1.11")
        .run();
    let log = run.json();
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["exitCode"], run.status);
    let said = invocation["toolExecutionNotifications"].as_array().unwrap();
    let about = |pointer: &str, id: &str| {
        said.iter()
            .any(|n| n.pointer(pointer).is_some_and(|v| v == id))
    };
    assert!(about("/associatedRule/id", "empty-export"), "{said:#?}");
    assert!(about("/descriptor/id", "not-proven"), "{said:#?}");
}
