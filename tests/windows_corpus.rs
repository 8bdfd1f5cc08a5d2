//! Real exports of Windows in every form, where a folder of them is at hand: `HYLINT_CORPUS`, else `../shared/corpus` beside
//! the repository. Each file is read whole: each of its rules, as the text itself tells how many there are, is in the model
//! or is named.
//!
//! `cargo test --test windows_corpus -- --nocapture` prints the table.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it leaves out and fails by panicking"
)]

#[path = "common/invariants.rs"]
mod invariants;
#[path = "common/real.rs"]
mod real;

use hylint::load::NoExport;
use hylint_model::{Export, ProblemKind};
use invariants::export_holds;
use real::{files, name, read, text};
use regex::Regex;
use std::collections::BTreeSet;
use std::path::Path;

const FOLDERS: [&str; 6] = [
    "powershell",
    "registry",
    "wfmsc",
    "gpo",
    "facts-windows",
    "netsh",
];

fn matches(text: &str, pattern: &str) -> usize {
    Regex::new(pattern).unwrap().find_iter(text).count()
}

/// The rules of a registry file that act, by their keys: neither defaults, nor restrictions of services, nor connection
/// security.
fn registry_rules(text: &str) -> usize {
    let string = Regex::new(r"(?i)v2\.\d+\|").unwrap();
    let mut acting = true;
    let mut count = 0;
    for line in text.lines() {
        if line.starts_with('[') {
            let key = line.to_lowercase();
            acting = key.contains("firewallrules")
                && !["\\defaults\\", "restrictedservices", "consecrules"]
                    .iter()
                    .any(|p| key.contains(p));
        }
        if acting {
            count += string.find_iter(line).count();
        }
    }
    count
}

/// How many rules a file holds, as its text tells; `None` where no simple count does.
fn counted(folder: &str, path: &Path, text: &str) -> Option<usize> {
    let name = name(path);
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    match (folder, ending) {
        ("registry", "reg") => Some(registry_rules(text)),
        ("powershell", "csv") => {
            let records = csv::ReaderBuilder::new()
                .delimiter(if text.starts_with("\"Name\";") {
                    b';'
                } else {
                    b','
                })
                .from_reader(text.as_bytes())
                .into_records()
                .count();
            Some(records)
        }
        ("powershell", "json") => Some(matches(text, r#""CreationClassName""#)),
        ("powershell", "txt") if text.contains("EdgeTraversalPolicy ") => {
            // One rule may be shown as several stores have it.
            let names = Regex::new(r"(?m)^ *Name +: +(\S+)").unwrap();
            let names: BTreeSet<&str> = names
                .captures_iter(text)
                .map(|c| c.get(1).unwrap().as_str())
                .collect();
            Some(names.len().max(1))
        }
        ("wfmsc", _) => Some(text.lines().filter(|l| !l.is_empty()).count() - 1),
        ("netsh", _) if name.starts_with("en-") && name.contains("rules") => {
            Some(matches(text, r"(?m)^Rule Name:"))
        }
        _ => None,
    }
}

fn problems(e: &Export, kind: ProblemKind) -> usize {
    e.problems.iter().filter(|p| p.kind == kind).count()
}

// Fails if a rule of a real file is neither in the model nor named, or a file is not read at all.
#[test]
fn every_file_is_read_whole() {
    println!(
        "{:<56} {:<10} {:>5} {:>5} {:>5} {:>5} {:>9} {:>5} {:>10}",
        "file", "format", "text", "rules", "model", "lost", "malformed", "notes", "companions"
    );
    let mut faults = Vec::new();
    for folder in FOLDERS {
        for path in files(folder) {
            let shown = format!("{folder}/{}", name(&path));
            let right = counted(folder, &path, &text(&path));
            let told = right.map_or("-".to_owned(), |n| n.to_string());
            match read(&path) {
                Ok((e, _)) => {
                    let x = &e.export;
                    println!(
                        "{shown:<56} {:<10} {told:>5} {:>5} {:>5} {:>5} {:>9} {:>5} {:>10}",
                        x.format,
                        x.rules_in_file,
                        x.rules_in_model(),
                        x.lost(),
                        problems(x, ProblemKind::Malformed),
                        problems(x, ProblemKind::Note),
                        x.companions.len()
                    );
                    export_holds(&e);
                    if right.is_some_and(|n| n != x.rules_in_file) {
                        faults.push(format!(
                            "{shown}: {} rules, and its text has {told}",
                            x.rules_in_file
                        ));
                    }
                    let holds = x.rules_in_file > 0
                        || !x.companions.is_empty()
                        || !x.points.is_empty()
                        || !x.problems.is_empty();
                    if !holds {
                        faults.push(format!("{shown}: nothing is read of it and nothing said"));
                    }
                }
                Err(NoExport::Failed(f)) => faults.push(format!("{shown}: {}", f.message)),
                // Listings of addresses, routes and sockets are no firewall, and a page that quotes a rule is no export.
                Err(NoExport::Unread(u)) if folder == "facts-windows" || shown.ends_with(".md") => {
                    println!("{shown:<56} unread: {}", u.what());
                }
                Err(NoExport::Unread(u)) => faults.push(format!("{shown}: unread, {}", u.what())),
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
