//! What findings advise helps: applied to the export that it is about, the finding is gone and no error is new; and the
//! `trace` commands that they print give the verdict that they claim. Over small sites of many kinds, the cases of public
//! reports and the faulty examples; tests/mutations.rs asks the same of every row, format and mutation.
//!
//! `HYLINT_ADVICE=FOLDER` takes the sites of another folder alone.
#![allow(unreachable_pub)] // the module is private to this test
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

#[path = "common/advice.rs"]
mod advice;

use hylint::finding::{Code, Finding, Severity};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Sites whose advice is not applied, and why.
const EXCEPT: [(&str, &str); 6] = [
    (
        "tests/cases/linux/29-second-filter-block-replaces-the-first",
        "two dumps in one file have no rule numbers of their own",
    ),
    (
        "tests/cases/cloud/71-listing-lacks-a-rule",
        "the group stands in two files, and a command changes one",
    ),
    (
        "tests/cases/cloud/16-monthly-dumps",
        "the group stands in several files, and a command changes one",
    ),
    (
        "tests/cases/windows/06-mixed-utf16-then-ansi-block",
        "a file of two encodings",
    ),
    (
        "tests/cases/windows/30-unread-polish",
        "the reader of commands edits English rules alone",
    ),
    (
        "tests/cases/windows/08-mixed-ansi-then-utf16-block",
        "a file of two encodings",
    ),
];

/// Folders with a site file, and what is in them.
fn sites(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for path in entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        match path.join("hylint.toml").is_file() {
            true => out.push(path),
            false => out.extend(sites(&path)),
        }
    }
    out.sort();
    out
}

fn all_sites() -> Vec<PathBuf> {
    if let Some(folder) = std::env::var_os("HYLINT_ADVICE") {
        return sites(Path::new(&folder));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/advice", "tests/cases", "examples"];
    folders.iter().flat_map(|f| sites(&root.join(f))).collect()
}

/// Whether a finding about a required flow says what is missing to advise a command.
fn names_input(f: &Finding) -> bool {
    let help = f.help.as_deref().unwrap_or_default();
    let words = [
        "hylint.toml",
        "Group Policy",
        "deployment.ephemeral",
        "finding of this host names",
        "finding names",
        "export the rule again",
        "the hosts of",
        "narrow",
        "without this",
        "cannot be judged",
        "instead of 127",
        "take the flow out",
        "requires no authentication",
    ];
    words.iter().any(|w| help.contains(w)) || f.code == Code::UnverifiedFlow
}

/// Tried, traced, commands applied; findings without either; and what failed.
type Sum = (usize, usize, usize, Vec<String>, Vec<String>);

fn try_site(site: &Path) -> Sum {
    let mut sum = Sum::default();
    let Ok(all) = advice::findings(site) else {
        return sum;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = site
        .strip_prefix(root)
        .unwrap_or(site)
        .display()
        .to_string();
    if EXCEPT.iter().any(|(except, _)| *except == name) {
        return sum;
    }
    let excess = |f: &Finding| f.requirement.is_none() && !f.commands.is_empty();
    for f in all.iter().filter(|f| excess(f)) {
        sum.0 += 1;
        match advice::take(site, &all, f, true) {
            Ok(one) => {
                sum.1 += one.traced;
                sum.2 += one.applied;
            }
            Err(e) => sum.4.push(format!("{name}: {}: {e}", f.message)),
        }
    }
    let required =
        |f: &&Finding| f.requirement.is_some() && f.severity > Severity::Note && f.place.is_some();
    for f in all.iter().filter(required) {
        sum.0 += 1;
        match advice::take(site, &all, f, true) {
            Ok(one) => {
                sum.1 += one.traced;
                sum.2 += one.applied;
                let help = f.help.as_deref().unwrap_or_default();
                let row = f.row.unwrap_or_default();
                if one.traced == 0 {
                    sum.3
                        .push(format!("{name} row {row}: no trace: {}", f.message));
                }
                if one.applied == 0 {
                    sum.3.push(format!("{name} row {row}: no command: {help}"));
                }
                if one.applied == 0 && !names_input(f) {
                    sum.4
                        .push(format!("{name}: no command: {} ({help})", f.message));
                }
            }
            Err(e) => sum.4.push(format!("{name}: {}: {e}", f.message)),
        }
    }
    sum
}

#[test]
fn advice_helps() {
    let each: Vec<Sum> = all_sites().par_iter().map(|s| try_site(s)).collect();
    let mut sum = Sum::default();
    for (tried, traced, applied, without, failed) in each {
        sum.0 += tried;
        sum.1 += traced;
        sum.2 += applied;
        sum.3.extend(without);
        sum.4.extend(failed);
    }
    println!("{} findings, {} traces, {} commands", sum.0, sum.1, sum.2);
    for w in &sum.3 {
        println!("{w}");
    }
    for f in &sum.4 {
        println!("FAILED {f}");
    }
    assert!(sum.4.is_empty(), "{} failed", sum.4.len());
}
