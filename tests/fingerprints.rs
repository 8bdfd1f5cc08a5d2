//! A finding is known again when lines move, rules are renamed and change places, and another fault is another finding.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/cli.rs"]
mod harness;

use harness::Hylint;
use hylint::lints::ALL;
use hylint::lints::explain::{ExampleFile, REPORTED, examples, page};
use std::collections::BTreeSet;

/// Code, fingerprint and line of each finding of a site.
fn found(files: &[ExampleFile]) -> Vec<(String, String, Option<u64>)> {
    let mut h = Hylint::new();
    for f in files {
        h = h.file(&f.name, &f.text);
    }
    let d = h
        .args("check . --format json --at 2026-06-01T00:00:00Z")
        .run()
        .json();
    let all = d["findings"].as_array().unwrap().iter();
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    let out: Vec<_> = all
        .map(|f| {
            (
                text(&f["code"]),
                text(&f["fingerprint"]),
                f["line"].as_u64(),
            )
        })
        .collect();
    let names: BTreeSet<&String> = out.iter().map(|(_, f, _)| f).collect();
    assert_eq!(
        names.len(),
        out.len(),
        "equal fingerprints in one run: {out:#?}"
    );
    out
}

/// The same file with three more lines at its top and its rules under other names.
fn moved(f: &ExampleFile) -> ExampleFile {
    let text = match f.name.rsplit('.').next().unwrap() {
        "toml" => format!("# one\n# two\n# three\n{}", f.text),
        "rules" if !f.text.trim().is_empty() => {
            let rename = |l: &str| match l.strip_suffix(" -j ACCEPT") {
                Some(head) if l.starts_with("-A ") => {
                    format!("{head} -m comment --comment \"renamed\" -j ACCEPT\n")
                }
                _ => format!("{l}\n"),
            };
            let lines: String = f.text.lines().map(rename).collect();
            format!("# one\n# two\n# three\n{lines}")
        }
        "txt" => format!("\n\n\n{}", f.text.replace("SQL Server", "Base de données")),
        "json" => format!(
            "\n\n\n{}",
            f.text.replace("\"name\": \"sql\"", "\"name\": \"other\"")
        ),
        _ => f.text.clone(),
    };
    ExampleFile { text, ..f.clone() }
}

#[test]
fn every_lints_finding_is_known_again_after_lines_moved_and_rules_were_renamed() {
    for lint in ALL {
        let files = examples(&page(lint), REPORTED);
        let anew: Vec<ExampleFile> = files.iter().map(moved).collect();
        let of_code = |files: &[ExampleFile]| {
            let all = found(files)
                .into_iter()
                .filter(|(c, ..)| c == lint.code.as_str());
            all.map(|(_, f, l)| (f, l))
                .unzip::<_, _, BTreeSet<_>, Vec<_>>()
        };
        let ((before, at), (after, there)) = (of_code(&files), of_code(&anew));
        assert!(!before.is_empty(), "{}", lint.code.as_str());
        assert_eq!(before, after, "{}", lint.code.as_str());
        // A file that is not read has its first line, and missing evidence has none.
        if !matches!(
            lint.code.as_str(),
            "empty-export" | "unread-file" | "unverified-flow"
        ) {
            assert_ne!(at, there, "{}: nothing moved", lint.code.as_str());
        }
    }
}

fn dump(rules: &[&str]) -> ExampleFile {
    ExampleFile {
        name: "sql-server/sql1.rules".into(),
        text: format!(
            "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{}\nCOMMIT\n",
            rules.join("\n")
        ),
        line: None,
    }
}

/// A site file: without one, what a host opens to anyone is one finding.
fn toml() -> ExampleFile {
    ExampleFile {
        name: "hylint.toml".into(),
        text: "[[host]]\nname = \"sql1\"\nroles = [\"sql-server\"]\nexports = [\"sql-server/*\"]\n"
            .into(),
        line: None,
    }
}

fn names(rules: &[&str]) -> BTreeSet<String> {
    let all = found(&[toml(), dump(rules)]).into_iter();
    all.filter(|(c, ..)| c == "over-permissive-source")
        .map(|(_, f, _)| f)
        .collect()
}

const RDP: &str = "-A INPUT -p tcp -m tcp --dport 3389 -j ACCEPT";
const SSH: &str = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT";
const SSH_HALF: &str = "-A INPUT -s 0.0.0.0/1 -p tcp -m tcp --dport 22 -j ACCEPT";

#[test]
fn order_does_not_count_and_the_match_does() {
    let both = names(&[RDP, SSH]);
    assert_eq!(both.len(), 2);
    assert_eq!(names(&[SSH, RDP]), both);
    assert!(names(&[RDP]).is_subset(&both) && names(&[SSH]).is_subset(&both));
    assert!(
        names(&[SSH_HALF]).is_disjoint(&both),
        "another source is another fault"
    );
}

#[test]
fn one_match_on_two_interfaces_is_two_faults() {
    let on = |iface: &str| SSH.replace("INPUT", &format!("INPUT -i {iface}"));
    let (zero, one) = (on("eth0"), on("eth1"));
    let first = names(&[&zero, RDP]);
    let both = names(&[&zero, RDP, &one]);
    assert!(first.is_subset(&both));
    assert_eq!(both.len(), first.len() + 1, "{first:?} {both:?}");
}

/// Order is nothing in Windows, so both of two equal rules let in what they match, and mending one mends nothing.
#[test]
fn two_equal_rules_of_windows_are_two_faults() {
    let rule = |name: &str| {
        let text = &examples(
            &page(hylint::lints::by_code("disabled-flow").unwrap()),
            REPORTED,
        )[2]
        .text;
        text.replace("SQL Server", name)
            .replace(
                "Enabled:                              No",
                "Enabled:                              Yes",
            )
            .replace("10.0.0.11/32", "Any")
            .replace("1433", "3389")
    };
    let site = |rules: &[&str]| {
        let text: Vec<String> = rules.iter().map(|n| rule(n)).collect();
        let file = ExampleFile {
            name: "sql-server/sql1.txt".into(),
            text: text.join("\n"),
            line: None,
        };
        let all = found(&[toml(), file]).into_iter();
        all.filter(|(c, ..)| c == "over-permissive-source")
            .map(|(_, f, _)| f)
            .collect::<BTreeSet<_>>()
    };
    let one = site(&["a"]);
    assert_eq!(one.len(), 1);
    let both = site(&["a", "b"]);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(one.is_subset(&both));
    assert_eq!(both, site(&["b", "a"]));
}
