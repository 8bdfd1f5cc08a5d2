//! README.md: its commands run, its output is what the program prints, its options and folders exist.
//!
//! `HYLINT_UPDATE=1 cargo test --test readme` writes the output anew.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "common/document.rs"]
mod document;

use document::{blocks, commands, hold, play, read, run};

fn readme() -> String {
    read("README.md")
}

/// The reader's folder, with the site file of the README.
fn reader() -> tempfile::TempDir {
    let dir = document::reader();
    let site = blocks(&readme()).into_iter().find(|b| b.language == "toml");
    let text = site.unwrap().lines.join("\n");
    std::fs::write(dir.path().join("exports/hylint.toml"), text).unwrap();
    dir
}

#[test]
fn every_command_runs_and_prints_what_is_shown() {
    let dir = reader();
    let done = play("README.md", &readme(), dir.path());
    println!(
        "README.md: {} run, elsewhere {:?}",
        done.ran, done.elsewhere
    );
    assert!(done.ran >= 6, "only {} commands were found", done.ran);
    assert!(done.shown >= 1, "no output is shown");
    assert!(dir.path().join("report.json").is_file());
    hold("README.md", &done.text);
}

#[test]
fn the_site_file_is_one_that_check_takes() {
    let dir = reader();
    let (_, out) = run(dir.path(), "hylint exports --format json");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["site"]["name"], "Head office");
    // The host is bound by its `exports`, not guessed.
    assert_eq!(report["exports"][0]["role_source"], "config");
    // The [[allow]] of the example is used: what it allows is open in that export.
    let codes: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect();
    assert!(!codes.contains(&"unbound-point"), "{codes:?}");
}

/// What the README says in prose about the example it shows.
#[test]
fn the_number_of_planted_faults_is_right() {
    let dir = reader();
    let (_, out) = run(
        dir.path(),
        "hylint examples/windows-dc/faulty --format json",
    );
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let grave = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["severity"] != "note");
    // The blocked flow is also a rule that never decides.
    assert_eq!(grave.count(), 11);
    assert!(readme().contains("six Windows servers with ten planted faults"));
    assert!(readme().contains("among ten more findings"));
}

#[test]
fn ci_runs_the_same_test_command() {
    let test = "cargo test --workspace";
    let ci = read(".ci/run");
    let all: Vec<String> = blocks(&readme()).iter().flat_map(commands).collect();
    assert!(all.iter().any(|c| c == test), "{all:?}");
    assert!(ci.lines().any(|l| l.ends_with(test)), "{ci}");
}
