//! The examples of `hylint explain`: what a page says is reported is, at the line that it marks, and what it says is not
//! is not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::Hylint;
use hylint::lints::explain::{ExampleFile, NOT_REPORTED, REPORTED, examples, page};
use hylint::lints::{ALL, LintMeta};

/// Places of the findings of a code in a site of these files.
fn places(lint: &LintMeta, files: &[ExampleFile]) -> Vec<(Option<String>, Option<u64>)> {
    let mut h = Hylint::new();
    for f in files {
        h = h.file(&f.name, &f.text);
    }
    let r = h
        .args("check . --format json --at 2026-06-01T00:00:00Z")
        .run();
    // An empty export is all there is in one example.
    let d = if r.status == 2 && !r.out.starts_with('{') {
        panic!("{}: {}", lint.code.as_str(), r.err)
    } else {
        r.json()
    };
    let all = d["findings"].as_array().unwrap();
    let of_code = all.iter().filter(|f| f["code"] == lint.code.as_str());
    of_code
        .map(|f| (f["path"].as_str().map(str::to_owned), f["line"].as_u64()))
        .collect()
}

#[test]
fn every_page_has_an_example_that_is_reported_at_its_marked_line_and_one_that_is_not() {
    let mut wrong = Vec::new();
    for lint in ALL {
        let text = page(lint);
        let reported = examples(&text, REPORTED);
        let found = places(lint, &reported);
        let marked = reported
            .iter()
            .find_map(|f| Some((Some(f.name.clone()), Some(u64::from(f.line?)))));
        match marked {
            Some(place) if !found.contains(&place) => {
                wrong.push(format!(
                    "{}: marked {place:?}, found {found:?}",
                    lint.code.as_str()
                ));
            }
            None if found.is_empty() => wrong.push(format!("{}: not reported", lint.code.as_str())),
            _ => {}
        }
        let mut files = reported.clone();
        let clean = examples(&text, NOT_REPORTED);
        assert!(
            !clean.is_empty(),
            "{}: its page has no example below \"## Not reported\"",
            lint.code.as_str()
        );
        files.retain(|f| clean.iter().all(|c| c.name != f.name));
        files.extend(clean);
        let found = places(lint, &files);
        if !found.is_empty() {
            wrong.push(format!(
                "{}: reported all the same at {found:?}",
                lint.code.as_str()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_is_whole() {
    for lint in ALL {
        let text = page(lint);
        for head in [
            "## Why it matters",
            "## Reported",
            "## Not reported",
            "## How to fix it",
            "## Severity",
            "## How to waive it",
        ] {
            assert_eq!(
                text.matches(&format!("\n{head}\n")).count(),
                1,
                "{}: {head}",
                lint.code.as_str()
            );
        }
        assert!(text.starts_with(&format!("# {}\n\n{}\n", lint.code.as_str(), lint.summary)));
        let marked = examples(&text, REPORTED)
            .iter()
            .filter(|f| f.line.is_some())
            .count();
        // Evidence that is missing is at no line.
        assert_eq!(
            marked,
            usize::from(lint.code.as_str() != "unverified-flow"),
            "{}",
            lint.code.as_str()
        );
    }
}

#[test]
fn every_page_in_the_folder_is_of_a_lint() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lints/explain");
    for e in std::fs::read_dir(dir).unwrap() {
        let name = e.unwrap().file_name().into_string().unwrap();
        let code = name.strip_suffix(".md").unwrap();
        assert!(ALL.iter().any(|l| l.code.as_str() == code), "{name}");
    }
}

/// Every requirement's page is a site that can be tried.
#[test]
fn the_example_of_every_requirement_fails_closed_and_passes_open() {
    let m = hylint::rules::matrix::builtin("hyworks").unwrap().unwrap();
    let mut wrong = Vec::new();
    for r in &m.requirements {
        let text = hylint::rules::matrix::example::markdown(&m, r);
        let closed = examples(&text, REPORTED);
        let open = examples(&text, NOT_REPORTED);
        let status = |files: &[&ExampleFile]| {
            let mut h = Hylint::new();
            for f in files {
                h = h.file(&f.name, &f.text);
            }
            let d = h.args("check . --format json").run().json();
            let found = d["requirements"]
                .as_array()
                .unwrap()
                .iter()
                .find(|x| x["id"] == *r.id)
                .unwrap()
                .clone();
            let marked = d["findings"].as_array().unwrap().iter().any(|f| {
                let rows = f["also"].as_array().unwrap();
                let mine = f["row"] == r.row || rows.iter().any(|x| *x == r.row);
                mine && f["line"] == closed[1].line.unwrap()
            });
            (
                found["status"].as_str().unwrap().to_owned(),
                marked,
                found["reason"].to_string(),
            )
        };
        let before = status(&[&closed[0], &closed[1]]);
        let after = status(&[&closed[0], &open[0]]);
        if (before.0.as_str(), before.1) != ("violated", true) || after.0 != "satisfied" {
            wrong.push(format!("{} {}: {before:?} {after:?}", r.row, r.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
