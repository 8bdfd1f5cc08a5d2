//! Situations from public reports, each with what is right about it: `tests/cases/README.md` says what a case may hold.
//!
//! A case fails with what its `expect.json` asks for and the program did not say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use rayon::prelude::*;
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The moment of every run, so that the ages of exports do not change.
const AT: &str = "2026-11-29T00:00:00Z";

/// Cases that do not hold yet. One that holds must not stand here.
const OPEN: &[&str] = &[];

/// One run of the program in a case's folder.
struct Run {
    status: i32,
    out: String,
    err: String,
}

impl Run {
    fn of(case: &Path, args: &[String], more: &[&str]) -> Self {
        let done = Command::new(env!("CARGO_BIN_EXE_hylint"))
            .args(args)
            .args(more)
            .current_dir(case)
            .env_clear()
            .output()
            .unwrap();
        Self {
            status: done.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&done.stdout).into_owned(),
            err: String::from_utf8_lossy(&done.stderr).into_owned(),
        }
    }

    /// Everything it said, with the lines of a message joined.
    fn flat(&self) -> String {
        static BREAK: LazyLock<Regex> = LazyLock::new(|| regex(r"\s*\n\s*[│|·]?\s*"));
        let all = format!("{}{}", self.out, self.err);
        BREAK.replace_all(&all, " ").into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or(Value::Null)
    }
}

#[test]
fn every_case_is_right() {
    let cases = cases();
    assert!(cases.len() > 150, "{} cases", cases.len());
    let bad: Vec<String> = cases
        .par_iter()
        .filter_map(|case| {
            let short = shortcomings(case);
            let name = name(case);
            match (short.is_empty(), OPEN.contains(&name.as_str())) {
                (true, false) | (false, true) => None,
                (true, true) => Some(format!("{name} is right and stands in OPEN")),
                (false, false) => Some(format!("{name}\n    {}", short.join("\n    "))),
            }
        })
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// What the runner itself takes for a shortcoming: one run of a real case, asked for what is not so.
#[test]
fn a_wrong_expectation_is_noticed() {
    let case = root().join("linux/10-same-interface-both-ways");
    for wrong in [
        r#"{"args": ["check", "."], "exit": 7}"#,
        r#"{"args": ["check", "."], "status": {"16": "waived"}}"#,
        r#"{"args": ["check", "."], "has": [{"code": "no-such-code"}]}"#,
        r#"{"args": ["check", "."], "out": "no such text in it"}"#,
        r#"{"args": ["check", "."], "out_not": "."}"#,
        r#"{"args": ["trace", "no-such-file"], "verdict": "allow"}"#,
    ] {
        let run: Value = serde_json::from_str(wrong).unwrap();
        assert!(!run_shortcomings(&case, &run).is_empty(), "{wrong}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The folders with an `expect.json`, in order.
fn cases() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(root())
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_name() == "expect.json")
        .map(|entry| entry.path().parent().unwrap().to_path_buf())
        .collect();
    found.sort();
    found
}

fn name(case: &Path) -> String {
    let name = case.strip_prefix(root()).unwrap();
    name.to_string_lossy().replace('\\', "/")
}

/// What the case asks for and does not get; nothing if it is right.
fn shortcomings(case: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(case.join("expect.json")).unwrap();
    let expect: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{case:?}: {e}"));
    let runs = expect["runs"].as_array().expect("runs");
    assert!(!runs.is_empty(), "{case:?} has no runs");
    runs.iter()
        .flat_map(|run| run_shortcomings(case, run))
        .collect()
}

fn run_shortcomings(case: &Path, asked: &Value) -> Vec<String> {
    let args = strings(&asked["args"]);
    let kind = args[0].as_str();
    let format: &[&str] = match kind {
        "check" => &["--format", "json", "--at", AT],
        "trace" => &["--format", "ndjson"],
        "inspect" => &["--format", "json"],
        _ => &[],
    };
    let run = Run::of(case, &args, format);
    let mut short = Vec::new();
    if run.err.contains("panicked") {
        short.push(format!("panic: {}", run.err));
    }
    if !asked["exit"].is_null() && !one_of(&run.status.into(), &asked["exit"]) {
        short.push(format!("exit {}, not {}", run.status, asked["exit"]));
    }
    match kind {
        "check" => short.extend(of_check(&run.json(), asked)),
        "trace" => short.extend(of_trace(&run, asked)),
        "inspect" => short.extend(of_inspect(&run.json(), asked)),
        other => panic!("{case:?}: no way to judge `{other}`"),
    }
    let mut text = run.flat();
    if kind == "check" && !(asked["out"].is_null() && asked["out_not"].is_null()) {
        text = Run::of(case, &args, &["--at", AT, "--color", "never"]).flat();
    }
    if asked["out"]
        .as_str()
        .is_some_and(|p| !regex(p).is_match(&text))
    {
        short.push(format!("the output lacks /{}/", asked["out"]));
    }
    if asked["out_not"]
        .as_str()
        .is_some_and(|p| regex(p).is_match(&text))
    {
        short.push(format!("the output has /{}/", asked["out_not"]));
    }
    let line = args.join(" ");
    short.iter().map(|s| format!("{line}: {s}")).collect()
}

fn of_check(report: &Value, asked: &Value) -> Vec<String> {
    let mut short = Vec::new();
    for (row, wanted) in asked["status"].as_object().into_iter().flatten() {
        let number: u64 = row.parse().unwrap();
        let got = list(&report["requirements"])
            .iter()
            .find(|r| r["row"] == number)
            .map_or(&Value::Null, |r| &r["status"]);
        if !one_of(got, wanted) {
            short.push(format!("row {row} is {got}, not {wanted}"));
        }
    }
    let live: Vec<&Value> = list(&report["findings"])
        .iter()
        .filter(|f| f["waived"].is_null() || f["waived"] == false)
        .collect();
    for wanted in list(&asked["has"]) {
        if !live.iter().any(|f| is(f, wanted)) {
            let there: Vec<String> = live.iter().take(8).map(|f| brief(f)).collect();
            short.push(format!("no finding {wanted}; there are {there:?}"));
        }
    }
    for unwanted in list(&asked["has_not"]) {
        if let Some(f) = live.iter().find(|f| is(f, unwanted)) {
            short.push(format!("finding {unwanted}: {}", brief(f)));
        }
    }
    short
}

fn of_trace(run: &Run, asked: &Value) -> Vec<String> {
    let first = run.out.lines().next().unwrap_or_default();
    let answer: Value = serde_json::from_str(first).unwrap_or(Value::Null);
    if asked["verdict"].is_null() || one_of(&answer["verdict"], &asked["verdict"]) {
        return Vec::new();
    }
    vec![format!(
        "the verdict is {}, not {}: {}",
        answer["verdict"],
        asked["verdict"],
        run.err.trim()
    )]
}

fn of_inspect(view: &Value, asked: &Value) -> Vec<String> {
    let wanted = &asked["reads"]["rules"];
    let read: usize = list(&view["points"])
        .iter()
        .flat_map(|point| {
            let sides = ["ingress", "egress", "transit"].map(|side| &point[side]);
            sides.into_iter().chain(list(&point["chains"]))
        })
        .map(|rules| list(&rules["rules"]).len())
        .sum();
    if wanted.is_null() || *wanted == read {
        return Vec::new();
    }
    vec![format!("{read} rules are read, not {wanted}")]
}

/// Whether the finding is the one that `wanted` describes.
fn is(finding: &Value, wanted: &Value) -> bool {
    let wanted = wanted.as_object().unwrap();
    wanted.iter().all(|(key, value)| match key.as_str() {
        "code" | "severity" | "host" => one_of(&finding[key], value),
        "row" => finding["row"] == *value || list(&finding["also"]).contains(value),
        "path" => {
            let path = finding["path"].as_str().unwrap_or_default();
            path.ends_with(value.as_str().unwrap())
        }
        "line" => at_line(finding, value),
        "text" => {
            let labels = list(&finding["related"]).iter().map(|r| &r["label"]);
            let text: Vec<&str> = [&finding["message"], &finding["help"]]
                .into_iter()
                .chain(labels)
                .filter_map(Value::as_str)
                .collect();
            regex(value.as_str().unwrap()).is_match(&text.join(" "))
        }
        other => panic!("a finding has no `{other}` to compare"),
    })
}

/// Whether the finding or what it relates to stands at the line, or between the two lines.
fn at_line(finding: &Value, wanted: &Value) -> bool {
    let (low, high) = match wanted.as_array() {
        Some(pair) => (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap()),
        None => (wanted.as_u64().unwrap(), wanted.as_u64().unwrap()),
    };
    let related = list(&finding["related"]);
    let mut places = std::iter::once(finding).chain(related);
    places.any(|p| {
        p["line"]
            .as_u64()
            .is_some_and(|l| (low..=high).contains(&l))
    })
}

fn brief(finding: &Value) -> String {
    let part = |key: &str| finding[key].to_string().replace('"', "");
    format!(
        "{} {} {}:{} {}",
        part("severity"),
        part("code"),
        part("path"),
        part("line"),
        part("message")
    )
}

/// Whether the value is the wanted one, or one of the wanted.
fn one_of(value: &Value, wanted: &Value) -> bool {
    match wanted.as_array() {
        Some(several) => several.contains(value),
        None => value == wanted,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn strings(value: &Value) -> Vec<String> {
    let items = list(value).iter();
    items.map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn regex(pattern: &str) -> Regex {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .build()
        .unwrap()
}
