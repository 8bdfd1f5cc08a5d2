//! Against the schemas: SARIF's from the package `serde-sarif` (found by `cargo metadata`, so none is kept here), our own
//! for JSON, and for GitLab what its documentation asks of a code quality report. The XML schema of JUnit is tried in
//! `.ci/run`, with xmllint; here the document is read back.

use super::sarif_schema::sarif_schema;
use super::{json, root};
use jsonschema::Validator;
use serde_json::{Value, json as value};

fn valid(schema: &Value, document: &Value, what: &str) {
    let validator: Validator = jsonschema::validator_for(schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(document)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

/// Valid, with every lint as a rule.
pub(super) fn sarif(site: &str, text: &str, _: i32) {
    let log = json(text);
    valid(&sarif_schema(), &log, site);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let codes: Vec<_> = rules.iter().map(|r| r["id"].as_str().unwrap()).collect();
    let known: Vec<_> = hylint::lints::ALL.iter().map(|l| l.code.as_str()).collect();
    assert_eq!(codes, known);
    for rule in rules {
        assert!(
            rule["help"]["markdown"].as_str().unwrap().len() > 100,
            "{rule}"
        );
    }
    for r in run["results"].as_array().unwrap() {
        assert_eq!(
            rules[r["ruleIndex"].as_u64().unwrap() as usize]["id"],
            r["ruleId"]
        );
    }
}

/// The schemas are not ones that take anything.
#[test]
fn what_is_no_report_is_not_valid() {
    let wrong = value!({ "version": "2.1.0", "runs": [{ "results": [] }] });
    assert!(!jsonschema::is_valid(&sarif_schema(), &wrong));
    let wrong = value!({ "schema_version": "1.0" });
    assert!(!jsonschema::is_valid(&own_schema(), &wrong));
}

fn own_schema() -> Value {
    json(&std::fs::read_to_string(root().join("schema/check-1.0.json")).unwrap())
}

/// By the schema that is kept.
pub(super) fn own(site: &str, text: &str, _: i32) {
    valid(&own_schema(), &json(text), site);
}

/// One object a line: the run, its parts, the summary.
pub(super) fn objects(site: &str, text: &str, _: i32) {
    let lines: Vec<Value> = text.lines().map(json).collect();
    assert_eq!(lines[0]["kind"], "run", "{site}");
    assert_eq!(lines.last().unwrap()["kind"], "summary", "{site}");
}

/// RFC 4180: every record has every column.
pub(super) fn table(site: &str, text: &str, _: i32) {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    assert!(rows.records().all(|r| r.is_ok()), "{site}");
    assert!(text.contains("\r\n"), "RFC 4180 ends lines with CRLF");
}

/// What <https://docs.gitlab.com/ci/testing/code_quality/> asks for, as a schema; a report may hold more.
fn gitlab_schema() -> Value {
    let line = value!({ "type": "integer", "minimum": 1 });
    value!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": { "type": "string", "minLength": 1 },
                "check_name": { "type": "string", "minLength": 1 },
                "fingerprint": { "type": "string", "minLength": 1 },
                "severity": { "enum": ["info", "minor", "major", "critical", "blocker"] },
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": { "type": "string", "pattern": "^[^./]" },
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": { "begin": line, "end": line }
                        }
                    }
                }
            }
        }
    })
}

/// Valid, and no two issues have one fingerprint.
pub(super) fn gitlab(site: &str, text: &str, _: i32) {
    let report = json(text);
    valid(&gitlab_schema(), &report, site);
    let issues = report.as_array().unwrap().iter();
    let mut prints: Vec<_> = issues.map(|i| i["fingerprint"].as_str().unwrap()).collect();
    let all = prints.len();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), all, "{site}");
}

/// It reads back with counts that are true.
pub(super) fn junit(site: &str, text: &str, status: i32) {
    let xml = quick_junit::Report::deserialize_from_str(text).unwrap();
    let cases = || xml.test_suites.iter().flat_map(|s| &s.test_cases);
    assert_eq!(cases().count(), xml.tests, "{site}");
    let red = xml.failures + xml.errors;
    assert_eq!(red > 0, status == 1, "{site}");
    for s in &xml.test_suites {
        let mut names = s.properties.iter().map(|p| p.name.as_str());
        assert!(names.any(|n| n == "matrix.sha256"), "{site}");
    }
}
