//! Each format tells the same change.

use super::made::{none, render, whole};
use super::schema::sarif_schema;
use hylint::finding::difference::Difference;
use hylint::report::RenderOptions;
use hylint::report::diff::DIFF_FORMATS;
use serde_json::Value;

fn text(format: &str, d: &Difference) -> String {
    render(format, d, &RenderOptions::default())
}

fn log(d: &Difference) -> Value {
    serde_json::from_str(&text("sarif", d)).unwrap()
}

/// Catches a format that leaves out a requirement, a finding, a box, a host, a policy change, or the verdict.
#[test]
fn every_format_tells_the_whole_change() {
    for (format, _) in DIFF_FORMATS {
        let said = text(format, &whole());
        for what in [
            "broker.client-access",
            "own.row",
            "Users cannot log in.",
            "blocked-flow",
            "unneeded-flow",
            "sh1",
            "cm1",
            "fw1",
            "10.0.0.0/8",
            "3389",
            "10.0.0.6:8080",
            "sh9",
            "old2",
            "goes from error to off",
            "docker0",
            "FAILED",
            "after/sh1.rules",
            "before/sh1.rules",
            "admins",
        ] {
            assert!(
                said.contains(what),
                "{format} does not tell {what}:\n{said}"
            );
        }
        let said = text(format, &none());
        assert!(said.contains("no change in effect"), "{format}:\n{said}");
        assert_eq!(said, text(format, &none()), "{format}");
        if *format != "human" {
            assert!(said.contains(env!("CARGO_PKG_VERSION")), "{format}");
            assert!(said.contains(&"e1".repeat(32)), "{format} has no hash");
        }
    }
}

/// Catches a log that viewers refuse, a rule at another index, and a result of a change that was there before.
#[test]
fn sarif_is_valid_and_has_a_result_for_each_change() {
    let schema = jsonschema::validator_for(&sarif_schema()).unwrap();
    for d in [none(), whole()] {
        let log = log(&d);
        let wrong: Vec<String> = schema
            .iter_errors(&log)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
    let log = log(&whole());
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    let told: Vec<(&str, &str, &str)> = results
        .iter()
        .map(|r| {
            let at = r["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(rules[at]["id"], r["ruleId"]);
            let text = |key: &str| r[key].as_str().unwrap();
            (text("ruleId"), text("level"), text("baselineState"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("diff/requirement", "error", "new"),
            ("diff/requirement", "note", "new"),
            ("diff/requirement", "note", "new"),
            ("blocked-flow", "error", "new"),
            ("unneeded-flow", "warning", "absent"),
            ("diff/opened", "error", "new"),
            ("diff/opened", "note", "new"),
            ("diff/conditional", "error", "new"),
            ("diff/redirected", "error", "new"),
            ("diff/closed", "note", "new"),
            ("diff/policy", "error", "new"),
        ]
    );
    let place = &results[5]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "after/sh1.rules");
    assert_eq!(place["region"]["startLine"], 9);
    assert!(place["artifactLocation"]["index"].is_u64());
    let before = &results[5]["relatedLocations"][0]["physicalLocation"];
    assert!(
        before["artifactLocation"]["index"].is_null(),
        "the hash at that index may be another state's"
    );
    assert_eq!(before["artifactLocation"]["uri"], "before/sh1.rules");
    let prints: std::collections::BTreeSet<_> = results
        .iter()
        .map(|r| r["partialFingerprints"].to_string())
        .collect();
    assert_eq!(prints.len(), results.len() - 1, "blocked() is there twice");
    assert_eq!(run["invocations"][0]["exitCode"], 1);
}

/// Catches a page that needs anything from elsewhere.
#[test]
fn the_page_stands_alone() {
    let page = text("html", &whole());
    for needs in ["<script", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(needs), "{needs}");
    }
    assert!(page.contains("<meta name=\"viewport\""));
    assert!(page.contains("@media print") && page.contains("@media (max-width"));
}
