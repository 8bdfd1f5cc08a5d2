//! What is registered is whole: every code that the design names exists and is explained, every code in the sources is
//! registered, and the documents name only what is there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use hylint::finding::Severity;
use hylint::lints::{ALL, Group, by_code};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The codes that are published, by group, with the severity that a finding has unless its circumstances say otherwise.
/// Sites select and waive by them, so none may go or change. A new lint needs no line here.
const CODES: [(Group, Severity, &str); 9] = [
    (
        Group::Required,
        Severity::Error,
        "missing-flow blocked-flow partial-flow disabled-flow no-return-path conditional-flow",
    ),
    (
        Group::Excess,
        Severity::Error,
        "any-any exposed-to-internet bypasses-gateway default-allow firewall-off",
    ),
    (
        Group::Excess,
        Severity::Warning,
        "over-permissive-source over-permissive-port",
    ),
    (Group::Excess, Severity::Note, "unneeded-flow"),
    (Group::Hygiene, Severity::Warning, "shadowed-rule"),
    (
        Group::Hygiene,
        Severity::Note,
        "conflicting-rule redundant-rule unreferenced-chain duplicate-name no-listener",
    ),
    (
        Group::Trust,
        Severity::Error,
        "malformed-export empty-export unbound-point unknown-role expired-waiver unverified-flow",
    ),
    (Group::Trust, Severity::Note, "unmodelled-match"),
    (
        Group::Trust,
        Severity::Warning,
        "incomplete-export undeclared-role stale-export stale-port unused-waiver",
    ),
];

#[test]
fn published_codes_stay() {
    let mut named = BTreeSet::new();
    for (group, severity, codes) in CODES {
        for code in codes.split(' ') {
            assert!(named.insert(code), "{code} is listed twice");
            let lint = by_code(code).unwrap_or_else(|| panic!("{code} is not registered"));
            assert_eq!((lint.group, lint.severity), (group, severity), "{code}");
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn explain(what: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hylint"))
        .args(["explain", what])
        .env_clear()
        .output()
        .unwrap()
}

/// A text without its line breaks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_code_is_explained() {
    for lint in ALL {
        let done = explain(lint.code.as_str());
        let out = String::from_utf8(done.stdout).unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", lint.code.as_str());
        assert!(out.starts_with(lint.code.as_str()), "{out}");
        assert!(one_line(&out).contains(lint.summary), "{out}");
        assert!(out.contains(lint.severity.as_str()), "{out}");
        assert_eq!(
            out.contains("cannot be switched off"),
            lint.group == Group::Trust,
            "{out}"
        );
    }
}

#[test]
fn without_a_name_every_code_is_listed() {
    let done = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .arg("explain")
        .output()
        .unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert_eq!(out.lines().count(), ALL.len());
    for lint in ALL {
        let line = out
            .lines()
            .find(|l| l.split(' ').next() == Some(lint.code.as_str()));
        assert!(line.is_some_and(|l| l.ends_with(lint.summary)), "{out}");
    }
}

#[test]
fn requirements_are_explained_by_id_and_by_row() {
    let list = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .args(["matrix", "list", "--format", "json"])
        .output()
        .unwrap();
    let rows: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 75);
    for r in rows.iter().step_by(9) {
        let (id, row) = (r["id"].as_str().unwrap(), r["row"].to_string());
        let by_id = explain(id);
        let text = String::from_utf8_lossy(&by_id.stdout).into_owned();
        assert!(text.starts_with(id), "{text}");
        for part in ["purpose", "impact", "from", "to"] {
            let said = one_line(r[part].as_str().unwrap());
            assert!(one_line(&text).contains(&said), "{part}: {text}");
        }
        assert_eq!(by_id.stdout, explain(&row).stdout, "{id}");
    }
}

#[test]
fn what_is_close_to_a_code_or_a_requirement_is_offered() {
    for (typed, meant) in [
        ("missing-flows", "missing-flow"),
        ("database.service-managment", "database.service-management"),
    ] {
        let done = explain(typed);
        assert_eq!(done.status.code(), Some(2));
        let err = String::from_utf8(done.stderr).unwrap();
        assert!(err.contains(meant), "{err}");
    }
}

/// Paths in back quotes, and the targets of links, that are of this repository.
fn paths(text: &str) -> Vec<String> {
    let top = [
        "crates/",
        "bench/",
        "parsers/",
        "rules/",
        "src/",
        "tests/",
        "examples/",
        "schema/",
        "docs/",
        "benches/",
        "fuzz/",
        ".ci/",
    ];
    let quoted = text.split('`').skip(1).step_by(2);
    let linked = text
        .split("](")
        .skip(1)
        .filter_map(|l| l.split(')').next())
        .filter(|l| !l.contains("://"));
    let quoted = quoted.filter(|q| top.iter().any(|t| q.starts_with(t)));
    let clean = |p: &str| {
        let p = p.split([' ', '*', '#']).next().unwrap_or_default();
        p.trim_end_matches('/').to_owned()
    };
    quoted.chain(linked).map(clean).collect()
}

#[test]
fn every_path_that_the_documents_name_exists() {
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "examples/README.md",
        "docs/extend.md",
    ] {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        let outside_blocks: Vec<&str> = text.split("```").step_by(2).collect();
        let base = root().join(Path::new(name).parent().unwrap());
        let paths = paths(&outside_blocks.concat());
        for path in &paths {
            let here = base.join(path).exists() || root().join(path).exists();
            assert!(here, "{name} names {path}");
        }
        assert!(name.starts_with("examples") || paths.len() > 4, "{paths:?}");
    }
}
