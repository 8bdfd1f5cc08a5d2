//! Which crate of the workspace may depend on which.

use crate::root;
use serde_json::{Value, json};
use std::process::Command;

/// Each crate of the workspace and those that it may depend on, from the first that knows nothing.
const MAY_USE: [(&str, &[&str]); 6] = [
    ("hylint-parallel", &[]),
    ("hylint-space", &[]),
    ("hylint-model", &["hylint-space"]),
    ("hylint-parsers", &["hylint-model", "hylint-space"]),
    (
        "hylint-engine",
        &["hylint-model", "hylint-space", "hylint-parallel"],
    ),
    (
        "hylint",
        &[
            "hylint-engine",
            "hylint-parsers",
            "hylint-model",
            "hylint-space",
            "hylint-parallel",
        ],
    ),
];

/// What tests alone may use beyond that: crate, dependency, reason.
const TESTS_MAY_USE: [(&str, &str, &str); 1] = [(
    "hylint-engine",
    "hylint-parsers",
    "its tests write their rule sets as exports, which are read as in a run",
)];

/// What is against the declared direction, from the output of `cargo metadata`.
fn against(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().unwrap();
    let names: Vec<&str> = packages.iter().map(|p| text(&p["name"])).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = text(&package["name"]);
        let Some((_, may)) = MAY_USE.iter().find(|(n, _)| *n == name) else {
            wrong.push(format!(
                "{name} has no line in MAY_USE of tests/architecture/crates.rs: say which crates it may depend on"
            ));
            continue;
        };
        for d in package["dependencies"].as_array().unwrap() {
            let (to, kind) = (text(&d["name"]), d["kind"].as_str().unwrap_or("normal"));
            let excused = kind == "dev" && TESTS_MAY_USE.iter().any(|e| (e.0, e.1) == (name, to));
            if names.contains(&to) && !may.contains(&to) && !excused {
                wrong.push(format!(
                    "{name} -> {to} ({kind}) is against the declared direction"
                ));
            }
        }
    }
    wrong
}

fn text(v: &Value) -> &str {
    v.as_str().unwrap()
}

fn metadata() -> Value {
    let form = [
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--offline",
    ];
    let run = Command::new(env!("CARGO"))
        .args(form)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    serde_json::from_slice(&run.stdout).unwrap()
}

/// Catches a dependency that is added to a `Cargo.toml` against the direction, and a crate without a place in it.
#[test]
fn crates_depend_in_the_declared_direction() {
    let metadata = metadata();
    let wrong = against(&metadata);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let packages = metadata["packages"].as_array().unwrap();
    for (name, _) in MAY_USE {
        let there = packages.iter().any(|p| p["name"] == name);
        assert!(there, "{name} of MAY_USE is no crate of the workspace");
    }
}

/// Catches an excuse that outlives what it excused.
#[test]
fn every_excused_dependency_is_there() {
    let metadata = metadata();
    for (name, to, _) in TESTS_MAY_USE {
        let package = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .find(|p| p["name"] == name);
        let mut all = package.unwrap()["dependencies"].as_array().unwrap().iter();
        assert!(
            all.any(|d| d["name"] == to && d["kind"] == "dev"),
            "{name} -> {to}"
        );
    }
}

/// A workspace with one dependency.
fn one(from: &str, to: &str, kind: Option<&str>) -> Value {
    json!({ "packages": [
        { "name": from, "dependencies": [{ "name": to, "kind": kind }, { "name": "serde", "kind": null }] },
        { "name": to, "dependencies": [] },
    ] })
}

#[test]
fn a_dependency_against_the_direction_is_named() {
    let found = against(&one("hylint-model", "hylint-engine", None));
    assert_eq!(
        found,
        ["hylint-model -> hylint-engine (normal) is against the declared direction"]
    );
    let found = against(&one("hylint-space", "hylint-model", Some("dev")));
    assert_eq!(
        found,
        ["hylint-space -> hylint-model (dev) is against the declared direction"]
    );
    // The excuse is for tests alone.
    assert_eq!(
        against(&one("hylint-engine", "hylint-parsers", None)).len(),
        1
    );
    assert!(against(&one("hylint-engine", "hylint-parsers", Some("dev"))).is_empty());
    assert!(against(&one("hylint-engine", "hylint-model", None)).is_empty());
    let found = against(&one("hylint-new", "hylint-model", None));
    assert!(
        found[0].contains("hylint-new has no line in MAY_USE"),
        "{found:?}"
    );
}
