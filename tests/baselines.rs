//! Baselines that an earlier hylint wrote still hold what they held: no finding is new, and none is gone.
//!
//! A fingerprint that changes would bring back, in every site that has a baseline, what the site has accepted. So a
//! message may be worded anew, and what its finding is known by stays: see `tests/baselines/README.md`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::Hylint;
use hylint::lints::ALL;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Code and fingerprint.
type Known = BTreeSet<(String, String)>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/baselines")).unwrap();
    let paths = entries.map(|e| e.unwrap().path());
    let mut all: Vec<PathBuf> = paths.filter(|p| p.is_dir()).collect();
    all.sort();
    assert!(all.len() > 40, "{}", all.len());
    all
}

/// The site of a case, in the folder from which the program runs.
fn site(case: &Path) -> Hylint {
    if let Ok(folder) = std::fs::read_to_string(case.join("folder")) {
        return Hylint::in_folder(root().join(folder.trim()));
    }
    let Ok(files) = std::fs::read_to_string(case.join("files.json")) else {
        return Hylint::in_folder(case.join("site"));
    };
    let files: BTreeMap<String, String> = serde_json::from_str(&files).unwrap();
    files.iter().fold(Hylint::new(), |h, (name, text)| {
        match name.split_once(" -> ") {
            Some((link, target)) => linked(h, link, target),
            None => h.file(name, text),
        }
    })
}

#[cfg(unix)]
fn linked(h: Hylint, link: &str, target: &str) -> Hylint {
    std::os::unix::fs::symlink(target, h.path(link)).unwrap();
    h
}

#[cfg(not(unix))]
fn linked(h: Hylint, _: &str, _: &str) -> Hylint {
    h
}

/// The report of a case that is compared with its baseline.
fn report(case: &Path) -> serde_json::Value {
    let more = std::fs::read_to_string(case.join("args")).unwrap_or_default();
    let baseline = case.join("baseline.json");
    let line = format!(
        "check . {} --at 2026-06-01T00:00:00Z --format json --baseline",
        more.trim()
    );
    site(case).args(&line).arg(baseline).run().json()
}

/// The findings of trust that were there.
fn trusted(case: &Path) -> Known {
    let text = std::fs::read_to_string(case.join("trust.txt")).unwrap();
    let one = |l: &str| {
        let mut words = l.split(' ').map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    };
    text.lines().map(one).collect()
}

/// What is not as it was, nor as `later.txt` says it is by now: findings that the baseline does not hold, and those that are gone.
fn differences(case: &Path, then: &BTreeSet<String>) -> Vec<String> {
    let report = report(case);
    let mut gone = trusted(case);
    let mut out = Vec::new();
    for f in report["findings"].as_array().unwrap() {
        let text = |key: &str| match (key, f[key].as_str().unwrap()) {
            // Files that are not read were malformed exports.
            ("code", "unread-file") => "malformed-export".to_owned(),
            (_, text) => text.to_owned(),
        };
        // What only a later program looks for.
        if !then.contains(&text("code")) {
            continue;
        }
        // A gateway implies its clients: what the site does not say of them is told since.
        let implied = f["help"]
            .as_str()
            .is_some_and(|h| h.contains("`hysecure-client = "));
        if text("code") == "undeclared-role" && implied {
            continue;
        }
        let known = gone.remove(&(text("code"), text("fingerprint")));
        let held = f["baselined"] == true || known;
        if !held {
            out.push(format!("new: {} {}", text("code"), text("message")));
        }
    }
    let lost = &report["baseline"]["gone"];
    if *lost != 0 {
        out.push(format!("gone from the baseline: {lost}"));
    }
    out.extend(gone.iter().map(|(code, f)| format!("gone: {code} {f}")));
    let later = std::fs::read_to_string(case.join("later.txt")).unwrap_or_default();
    let mut right: Vec<&str> = later.lines().collect();
    out.retain(|d| match right.iter().position(|r| r == d) {
        Some(at) => {
            right.remove(at);
            false
        }
        None => true,
    });
    out.extend(right.iter().map(|r| format!("no longer: {r}")));
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    out.iter().map(|d| format!("{name}: {d}")).collect()
}

#[test]
fn what_was_found_before_is_known_again() {
    let then = codes_then();
    let all: Vec<String> = cases().iter().flat_map(|c| differences(c, &then)).collect();
    assert!(
        all.is_empty(),
        "{} findings are not what they were known by:\n{}\nA message may change; what its finding is known by may not \
         (`Identity`, `Problem::known_as`).",
        all.len(),
        all.join("\n")
    );
}

/// The codes that the baselines hold: those of the program that wrote them.
fn codes_then() -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for case in cases() {
        seen.extend(trusted(&case).into_iter().map(|(code, _)| code));
        let baseline = std::fs::read_to_string(case.join("baseline.json")).unwrap();
        let baseline: serde_json::Value = serde_json::from_str(&baseline).unwrap();
        let held = baseline["findings"].as_array().unwrap().iter();
        seen.extend(held.map(|f| f["code"].as_str().unwrap().to_owned()));
    }
    seen
}

#[test]
fn every_code_of_then_is_among_them_and_is_there() {
    let then = codes_then();
    assert_eq!(then.len(), 31, "{then:?}");
    let now: BTreeSet<String> = ALL.iter().map(|l| l.code.to_string()).collect();
    assert!(then.is_subset(&now), "{then:?}");
}
