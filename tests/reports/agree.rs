//! One truth in every format: each tells the same findings at the same lines, and the exit status is the same.

use super::{FORMATS, SITES, example, json};
use serde_json::Value;
use std::collections::BTreeSet;

/// Code, path and line.
type Told = BTreeSet<(String, String, u64)>;

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

fn by_json(site: &str) -> Told {
    let d = json(&example(site, "json").0);
    told(d["findings"].as_array().unwrap(), "/code", "/path", "/line")
}

#[test]
fn machine_formats_name_the_same_findings() {
    for site in SITES {
        let expected = by_json(site);
        assert!(expected.len() > 5, "{site}");

        let sarif = json(&example(site, "sarif").0);
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let place = "/locations/0/physicalLocation";
        let (path, line) = (
            format!("{place}/artifactLocation/uri"),
            format!("{place}/region/startLine"),
        );
        assert_eq!(
            told(results, "/ruleId", &path, &line),
            expected,
            "sarif {site}"
        );

        let gitlab = json(&example(site, "gitlab").0);
        let issues = gitlab.as_array().unwrap();
        let got = told(
            issues,
            "/check_name",
            "/location/path",
            "/location/lines/begin",
        );
        assert_eq!(got, expected, "gitlab {site}");

        let lines: Vec<Value> = example(site, "ndjson").0.lines().map(json).collect();
        assert_eq!(lines[0]["kind"], "run");
        assert_eq!(lines.last().unwrap()["kind"], "summary");
        let findings: Vec<Value> = lines
            .into_iter()
            .filter(|l| l["kind"] == "finding")
            .collect();
        assert_eq!(
            told(&findings, "/code", "/path", "/line"),
            expected,
            "ndjson {site}"
        );
    }
}

#[test]
fn csv_has_every_row_of_the_vendor_in_order_and_every_finding() {
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
        let got: Told = of("finding")
            .iter()
            .map(|r| {
                (
                    r[at("code")].to_owned(),
                    r[at("path")].to_owned(),
                    r[at("line")].parse().unwrap(),
                )
            })
            .collect();
        assert_eq!(got, by_json(site), "{site}");
        let d = json(&example(site, "json").0);
        let checks: usize = d["requirements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["checks"].as_array().unwrap().len())
            .sum();
        assert_eq!(of("check").len(), checks, "{site}");
        assert!(text.contains("\r\n"), "RFC 4180 ends lines with CRLF");
    }
}

#[test]
fn formats_for_people_show_each_place() {
    for site in SITES {
        let (github, markdown, html) = (
            example(site, "github").0,
            example(site, "markdown").0,
            example(site, "html").0,
        );
        let junit = example(site, "junit").0;
        for (code, path, line) in by_json(site) {
            let shown = format!("file={path},line={line},");
            let title = format!("title=hylint {code}::");
            assert!(
                github
                    .lines()
                    .any(|l| l.contains(&shown) && l.contains(&title)),
                "{shown} {title}"
            );
            let at = format!("{path}:{line}:");
            assert!(markdown.contains(&format!("`{at}")), "markdown {at}");
            assert!(html.contains(&format!("<code>{at}")), "html {at}");
            assert!(junit.contains(&at), "junit {at}");
        }
    }
}

#[test]
fn each_format_has_the_same_status_the_same_bytes_twice_and_says_what_it_rests_on() {
    let d = json(&example("windows-dc/faulty", "json").0);
    let sha256 = d["matrix"]["sha256"].as_str().unwrap();
    for format in FORMATS {
        let (first, status) = example("windows-dc/faulty", format);
        assert_eq!(status, 1, "{format}");
        assert_eq!(first, example("windows-dc/faulty", format).0, "{format}");
        if !matches!(format, "human" | "gitlab") {
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
