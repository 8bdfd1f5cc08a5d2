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
const EXCEPT: [(&str, &str); 16] = [
    (
        "tests/cases/linux/322-dumps-of-both-backends-in-one-file",
        "two tools are in force, and the test applies commands to one of them",
    ),
    (
        "tests/cases/linux/324-listings-of-both-backends-in-one-file",
        "two tools are in force, and the test applies commands to one of them",
    ),
    (
        "tests/cases/linux/325-dumps-of-both-backends-in-two-files",
        "two tools are in force, and the test applies commands to one of them",
    ),
    (
        "tests/cases/linux/359-commands-of-iptables-behind-addresses",
        "the lines of `iptables -S` stand behind another listing, where the test puts no rule",
    ),
    (
        "tests/cases/linux/362-set-listed-twice",
        "the file holds sets and rules, and the test applies commands to rules alone",
    ),
    (
        "tests/cases/linux/378-set-with-a-member-missing-alone",
        "the file holds sets and rules, and the test applies commands to rules alone",
    ),
    (
        "tests/cases/linux/454-listing-without-interfaces-that-contradicts-the-dump",
        "the rules stand in two files, and a command changes one",
    ),
    (
        "tests/cases/linux/440-listings-of-zones-that-differ-in-one-rule/less",
        "the zones stand in two listings, and a command changes one",
    ),
    (
        "tests/cases/linux/440-listings-of-zones-that-differ-in-one-rule/same",
        "the zones stand in two listings, and a command changes one",
    ),
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
        "tests/cases/site/218-any-of-two-ports-is-mapped/front-port-at-the-host",
        "hosts are judged apart: mq1 is told to open the first of two ports, pe1 lets the other pass, and the next finding says so",
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
        "before its source is translated",
        "requires no authentication",
        "remove the port proxy",
    ];
    words.iter().any(|w| help.contains(w)) || f.code == Code::UnverifiedFlow
}

/// What came of a site's findings.
#[derive(Default)]
struct Sum {
    tried: usize,
    traced: usize,
    applied: usize,
    /// Findings without a trace or a command.
    without: Vec<String>,
    failed: Vec<String>,
    /// Of findings that are gone after their commands: the code and the tool, what it said, what was done.
    gone: Vec<(String, String)>,
}

/// Says what was advised and done.
fn gone(f: &Finding) -> (String, String) {
    let command = f.commands.first().map_or("", String::as_str);
    let tool = command.split(' ').next().unwrap_or_default();
    let help = f.help.as_deref().unwrap_or_default();
    let mut said = format!("{}: {}\n  help: {help}", f.code, f.message);
    for command in &f.commands {
        said.push_str(&format!("\n  run:  {command}"));
    }
    said.push_str("\n  the finding is gone, no error is new");
    (format!("{} {tool}", f.code), said)
}

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
        sum.tried += 1;
        match advice::take(site, &all, f, true) {
            Ok(one) => {
                sum.traced += one.traced;
                sum.applied += one.applied;
                sum.gone.extend((one.applied > 0).then(|| gone(f)));
            }
            Err(e) => sum.failure(&name, f, &e),
        }
    }
    let required =
        |f: &&Finding| f.requirement.is_some() && f.severity > Severity::Note && f.place.is_some();
    for f in all.iter().filter(required) {
        sum.tried += 1;
        match advice::take(site, &all, f, true) {
            Ok(one) => {
                sum.traced += one.traced;
                sum.applied += one.applied;
                sum.gone.extend((one.applied > 0).then(|| gone(f)));
                let help = f.help.as_deref().unwrap_or_default();
                let row = f.row.unwrap_or_default();
                if one.traced == 0 {
                    sum.without
                        .push(format!("{name} row {row}: no trace: {}", f.message));
                }
                if one.applied == 0 {
                    sum.without
                        .push(format!("{name} row {row}: no command: {help}"));
                }
                if one.applied == 0 && !names_input(f) {
                    sum.failed
                        .push(format!("{name}: no command: {} ({help})", f.message));
                }
            }
            Err(e) => sum.failure(&name, f, &e),
        }
    }
    sum
}

impl Sum {
    /// Commands of PowerShell are carried out on its JSON alone (`tests/windows_advice.rs` tries them on whole sites).
    fn failure(&mut self, name: &str, f: &Finding, why: &str) {
        let no_json =
            why.contains("expected value at line") || why.contains("there is no parameter");
        match no_json {
            true => self
                .without
                .push(format!("{name}: not tried: {}", f.message)),
            false => self.failed.push(format!("{name}: {}: {why}", f.message)),
        }
    }
}

#[test]
fn advice_helps() {
    let each: Vec<Sum> = all_sites().par_iter().map(|s| try_site(s)).collect();
    let mut sum = Sum::default();
    for one in each {
        sum.tried += one.tried;
        sum.traced += one.traced;
        sum.applied += one.applied;
        sum.without.extend(one.without);
        sum.failed.extend(one.failed);
        sum.gone.extend(one.gone);
    }
    let Sum {
        tried,
        traced,
        applied,
        ..
    } = sum;
    println!("{tried} findings, {traced} traces, {applied} commands");
    for w in &sum.without {
        println!("{w}");
    }
    // One of each kind, to be read.
    sum.gone.sort();
    sum.gone.dedup_by(|a, b| a.0 == b.0);
    for (_, said) in &sum.gone {
        println!("{said}");
    }
    for f in &sum.failed {
        println!("FAILED {f}");
    }
    assert!(sum.failed.is_empty(), "{} failed", sum.failed.len());
}
