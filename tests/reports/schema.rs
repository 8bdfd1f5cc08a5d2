//! Against the schemas: SARIF's from the package `serde-sarif` (found by `cargo metadata`, so none is kept here), our own
//! for JSON, and for GitLab what its documentation asks of a code quality report. The XML schema of JUnit is tried in
//! `.ci/run`, with xmllint; here the document is read back.

use super::{SITES, example, json, root};
use jsonschema::Validator;
use serde_json::{Value, json as value};
use std::path::PathBuf;
use std::process::Command;

fn valid(schema: &Value, document: &Value, what: &str) {
    let validator: Validator = jsonschema::validator_for(schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(document)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

/// The folder of a package in the lock file.
fn package(name: &str) -> PathBuf {
    let output = |program: &str, args: &[&str]| {
        let run = Command::new(program)
            .args(args)
            .current_dir(root())
            .output();
        let run = run.unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        String::from_utf8(run.stdout).unwrap()
    };
    // The packages of other platforms may not be there.
    let compiler = output("rustc", &["-vV"]);
    let host = compiler
        .lines()
        .find_map(|l| l.strip_prefix("host: "))
        .unwrap();
    let form = ["metadata", "--format-version", "1", "--offline", "--locked"];
    let run = output(
        env!("CARGO"),
        &[&form[..], &["--filter-platform", host]].concat(),
    );
    let all = json(&run);
    let packages = all["packages"].as_array().unwrap();
    let found = packages.iter().find(|p| p["name"] == name).unwrap();
    let manifest = PathBuf::from(found["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().to_owned()
}

#[test]
fn sarif_is_valid_and_lists_every_lint() {
    let text = std::fs::read_to_string(package("serde-sarif").join("src/schema.json")).unwrap();
    let schema = json(&text);
    assert_eq!(
        schema["title"],
        "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    );
    for site in SITES {
        let log = json(&example(site, "sarif").0);
        valid(&schema, &log, site);
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
    // The schema is not one that takes anything.
    let wrong = value!({ "version": "2.1.0", "runs": [{ "results": [] }] });
    assert!(!jsonschema::is_valid(&schema, &wrong));
}

#[test]
fn json_is_valid_by_the_schema_that_is_kept() {
    let path = root().join("schema/check-1.0.json");
    let schema = json(&std::fs::read_to_string(path).unwrap());
    for site in SITES {
        valid(&schema, &json(&example(site, "json").0), site);
    }
    assert!(!jsonschema::is_valid(
        &schema,
        &value!({ "schema_version": "1.0" })
    ));
}

/// What <https://docs.gitlab.com/ci/testing/code_quality/> asks for, as a schema; a report may hold more.
fn gitlab() -> Value {
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

#[test]
fn gitlab_is_valid_and_its_fingerprints_are_unique() {
    for site in SITES {
        let report = json(&example(site, "gitlab").0);
        valid(&gitlab(), &report, site);
        let mut prints: Vec<_> = report
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["fingerprint"].as_str().unwrap())
            .collect();
        let all = prints.len();
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), all, "{site}");
    }
}

#[test]
fn junit_reads_back_with_counts_that_are_true() {
    for site in SITES {
        let (text, status) = example(site, "junit");
        let xml = quick_junit::Report::deserialize_from_str(&text).unwrap();
        let cases = || xml.test_suites.iter().flat_map(|s| &s.test_cases);
        assert_eq!(cases().count(), xml.tests, "{site}");
        let red = xml.failures + xml.errors;
        assert_eq!(red > 0, status == 1, "{site}");
        for s in &xml.test_suites {
            assert!(
                s.properties
                    .iter()
                    .any(|p| p.name.as_str() == "matrix.sha256"),
                "{site}"
            );
        }
    }
}
