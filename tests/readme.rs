//! README.md: its commands run, its output is what the program prints, its options and folders exist.
//!
//! `HYLINT_UPDATE=1 cargo test --test readme` writes the output anew.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// A fenced block: its language and its lines.
struct Block {
    language: String,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(language), false) => {
                open = true;
                out.push(Block {
                    language: language.into(),
                    lines: Vec::new(),
                });
            }
            (Some(_), true) => open = false,
            (None, true) => out.last_mut().unwrap().lines.push(line.into()),
            (None, false) => {}
        }
    }
    assert!(!open, "a fenced block is not closed");
    out
}

/// The commands of a block, without prompt and comment.
fn commands(b: &Block) -> Vec<String> {
    let shell = ["sh", "console"].contains(&b.language.as_str());
    let command = |l: &String| {
        let line = l.strip_prefix("$ ").or((b.language == "sh").then_some(l))?;
        Some(line.split(" #").next()?.trim().to_owned())
    };
    let lines = b.lines.iter().filter(|_| shell);
    lines.filter_map(command).collect()
}

/// A folder as the README's reader has it: the examples, and exports of the reader's own.
fn reader() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&root().join("examples"), &dir.path().join("examples"));
    let from = root().join("examples/windows-dc/compliant/sh1/rules.txt");
    std::fs::create_dir_all(dir.path().join("exports/session-host")).unwrap();
    for to in ["exports/session-host/sh1.txt", "sh1.txt"] {
        std::fs::copy(&from, dir.path().join(to)).unwrap();
    }
    let site = blocks(&readme()).into_iter().find(|b| b.language == "toml");
    let text = site.unwrap().lines.join("\n");
    std::fs::write(dir.path().join("exports/hylint.toml"), text).unwrap();
    dir
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Exit status and standard output; what is printed to standard error fails the test.
fn run(dir: &Path, line: &str) -> (i32, String) {
    let args = line.split_whitespace().skip(1);
    let done = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .output()
        .unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    assert_eq!(err, "", "{line}");
    let out = String::from_utf8(done.stdout).unwrap();
    (done.status.code().unwrap(), out)
}

#[test]
fn every_command_runs() {
    let dir = reader();
    let text = readme();
    let mut ran = 0;
    for line in blocks(&text).iter().flat_map(commands) {
        // The first of the two commands, without the build.
        let line = line.replace("cargo run --release --", "hylint");
        if !line.starts_with("hylint ") {
            continue;
        }
        let (status, out) = run(dir.path(), &line);
        // The examples and the exports above have findings or none; 2 is a command that does not work.
        assert!((0..=1).contains(&status), "{line}: {status}\n{out}");
        ran += 1;
    }
    assert!(ran >= 6, "only {ran} commands were found");
    assert!(dir.path().join("report.json").is_file());
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

/// The output's findings and its end, each a piece of its own.
fn pieces(out: &str) -> Vec<String> {
    let starts = |l: &str| {
        ["error[", "warning[", "note["]
            .iter()
            .any(|s| l.starts_with(s))
    };
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for line in out.lines() {
        if starts(line) {
            all.push(Vec::new());
        }
        all.last_mut().unwrap().push(line);
    }
    // The last finding ends at the empty line before the summary, of which the last line is shown.
    let end = out.lines().last().unwrap_or_default();
    let mut out: Vec<String> = all
        .iter()
        .map(|p| p.join("\n").trim_end().to_owned())
        .collect();
    if let Some(last) = out.last_mut()
        && let Some(cut) = last.rfind("\n\n")
    {
        last.truncate(cut);
    }
    out.push(end.into());
    out
}

/// A transcript anew: each shown piece (between lines `...`) is that piece of the output that begins as it does.
fn renewed(b: &Block, out: &str) -> Vec<String> {
    let pieces = pieces(out);
    let mut lines = Vec::new();
    let mut fresh = true;
    for line in &b.lines {
        if line == "..." || line.starts_with("$ ") {
            lines.push(line.clone());
            fresh = true;
        } else if fresh {
            let head = line.split([':', ' ']).next().unwrap();
            let piece = pieces.iter().find(|p| p.starts_with(head));
            let piece = piece.unwrap_or_else(|| panic!("nothing begins with {head:?} in\n{out}"));
            lines.extend(piece.lines().map(|l| l.trim_end().to_owned()));
            fresh = false;
        }
    }
    lines
}

#[test]
fn the_output_shown_is_the_output() {
    let dir = reader();
    let text = readme();
    let update = std::env::var_os("HYLINT_UPDATE").is_some();
    let mut new = text.clone();
    let mut shown = 0;
    for b in blocks(&text) {
        let commands = commands(&b);
        // A block of one command and more lines is a transcript.
        if commands.len() != 1 || b.lines.len() < 2 {
            continue;
        }
        let (_, out) = run(dir.path(), &commands[0]);
        let old = b.lines.join("\n");
        let anew = renewed(&b, &out).join("\n");
        assert!(anew.lines().count() > 8, "{anew}");
        assert!(
            update || old == anew,
            "README.md shows\n{old}\nand hylint prints\n{anew}\nHYLINT_UPDATE=1 cargo test --test readme writes it anew"
        );
        new = new.replace(&old, &anew);
        shown += 1;
    }
    assert_eq!(shown, 1);
    if update {
        std::fs::write(root().join("README.md"), new).unwrap();
    }
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
    assert_eq!(grave.count(), 10);
    assert!(readme().contains("six Windows servers with ten planted faults"));
    assert!(readme().contains("among nine more findings"));
}

#[test]
fn ci_runs_the_same_test_command() {
    let test = "cargo test --workspace";
    let ci = std::fs::read_to_string(root().join(".ci/run")).unwrap();
    let all: Vec<String> = blocks(&readme()).iter().flat_map(commands).collect();
    assert!(all.iter().any(|c| c == test), "{all:?}");
    assert!(ci.lines().any(|l| l.ends_with(test)), "{ci}");
}
