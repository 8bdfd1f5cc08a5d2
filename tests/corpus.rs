//! Real exports, where a folder of them is at hand: `HYLINT_CORPUS`, else `../shared/corpus` beside the repository.
//!
//! `cargo test --test corpus -- --nocapture` prints the table: what each file is read as, and what of it is not decided.
//! What each reader makes of its own real files is tested in `parsers/tests/`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "common/formats.rs"]
mod formats;
#[path = "common/invariants.rs"]
mod invariants;
#[path = "common/real.rs"]
mod real;

use hylint::finding::Severity;
use hylint::finding::outcome::{Outcome, Status};
use hylint::load::{LoadedExport, NoExport};
use hylint::session::{Request, check};
use hylint_model::{Body, Export, Point, ProblemKind};
use invariants::{export_holds, outcome_holds, spans_are_rules};
use real::{files, name, read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Far more than a file of this size takes.
const LONGEST: Duration = Duration::from_secs(20);

fn problems(e: &Export, kind: ProblemKind) -> usize {
    e.problems.iter().filter(|p| p.kind == kind).count()
}

fn conditions(e: &Export) -> usize {
    let rules = e.points.iter().flat_map(|p| p.rules());
    rules.flat_map(|r| r.conditions()).count()
}

/// Rules with a match or target that nothing decides and that is of no kind that says what it means.
fn unmodelled_rules(e: &LoadedExport) -> usize {
    let mut lines: Vec<u32> = hylint::load::unmodelled(&e.source, &e.export)
        .iter()
        .filter(|u| !u.dropped)
        .map(|u| u.line)
        .collect();
    lines.dedup();
    lines.len()
}

fn head() {
    println!(
        "{:<52} {:<9} {:>6} {:>6} {:>6} {:>7} {:>5} {:>9} {:>5}",
        "file", "format", "rules", "model", "conds", "unmodel", "lost", "malformed", "notes"
    );
}

fn row(e: &LoadedExport) {
    let x = &e.export;
    println!(
        "{:<52} {:<9} {:>6} {:>6} {:>6} {:>7} {:>5} {:>9} {:>5}",
        e.path,
        x.format,
        x.rules_in_file,
        x.rules_in_model(),
        conditions(x),
        unmodelled_rules(e),
        x.lost(),
        problems(x, ProblemKind::Malformed),
        problems(x, ProblemKind::Note),
    );
}

fn checked(path: &Path, role: Option<&str>) -> Outcome {
    let request = Request {
        role: role.map(str::to_owned).into_iter().collect(),
        at: "2026-11-23T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([path])
    };
    let start = Instant::now();
    let outcome = check(&request).unwrap();
    let took = start.elapsed();
    assert!(took < LONGEST, "{} took {took:?}", path.display());
    outcome_holds(&outcome);
    outcome
}

#[test]
fn every_export_is_read_as_what_it_is_and_no_rule_is_lost() {
    head();
    let (mut rules, mut unmodelled) = (0, 0);
    for format in formats::ids() {
        for path in files(format) {
            // A page of prose that quotes a rule is no export.
            let page = format == "registry" && path.extension().is_some_and(|e| e == "md");
            let Ok((e, _)) = read(&path) else {
                assert!(page, "{format}/{} is not read", name(&path));
                continue;
            };
            row(&e);
            rules += e.export.rules_in_file;
            unmodelled += unmodelled_rules(&e);
            // A policy stands in a report, or in the registry's form.
            let policy = (format, e.export.format) == ("gpo", "registry");
            // Rules of ufw are rules of iptables in files of its own.
            let ufw = (format, e.export.format) == ("iptables", "ufw");
            assert!(e.export.format == format || policy || ufw, "{}", e.path);
            // A table of nftables may hold sets alone.
            let tables =
                |p: &Point| matches!(&p.body, Body::Netfilter(n) if !n.tables().is_empty());
            let holds = e.export.rules_in_file > 0
                || !e.export.companions.is_empty()
                || e.export.points.iter().any(tables)
                // Rules in a key where Windows looks for none are named, and are none.
                || !e.export.problems.is_empty();
            assert!(
                holds,
                "{} has neither rules nor what belongs beside them",
                e.path
            );
            export_holds(&e);
        }
    }
    println!("{unmodelled} of {rules} rules have a part that is not modelled");
    assert!(unmodelled * 100 <= rules, "more than one rule in a hundred");
}

/// In the real files and in the examples of the repository.
#[test]
fn the_span_of_every_rule_is_the_text_of_the_rule() {
    let examples = walkdir::WalkDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"));
    let mut paths: Vec<PathBuf> = examples
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|e| e.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    paths.extend(formats::ids().flat_map(files));
    paths.extend(files("mixed"));
    let (mut read_files, mut rules) = (0, 0);
    for path in paths {
        if let Ok((e, _)) = read(&path) {
            read_files += 1;
            rules += spans_are_rules(&e);
        }
    }
    println!(
        "{rules} rules of {read_files} files: each span is the rule's text, at its line and column"
    );
    assert!(read_files > 3 && rules > 50);
}

/// A file that only holds, quotes or resembles an export is read as far as it goes; what is wrong with it is told.
#[test]
fn what_is_no_plain_export_is_never_read_as_a_clean_one() {
    head();
    for path in files("mixed") {
        let (told, what) = match read(&path) {
            Ok((e, findings)) => {
                row(&e);
                export_holds(&e);
                // A template's expression is a condition of the rule that holds it.
                let told = !findings.is_empty() || conditions(&e.export) > 0;
                (told, format!("{} rules", e.export.rules_in_file))
            }
            Err(NoExport::Failed(f)) => {
                println!("{:<52} {}", name(&path), f.message);
                (true, f.message)
            }
            Err(NoExport::Unread(u)) => {
                println!("{:<52} {}", name(&path), u.what());
                (true, u.what().into())
            }
        };
        assert!(told, "{}: nothing is told of it ({what})", name(&path));
    }
}

/// The whole check of each real file: it ends soon, and what a verdict rests on is named.
#[test]
fn every_export_is_judged() {
    for format in formats::each() {
        for path in files(format.id) {
            let name = name(&path);
            let outcome = checked(&path, Some(format.role));
            let judged = outcome.requirements.iter().flat_map(|r| &r.checks);
            let (mut satisfied, mut other) = (0, 0);
            for c in judged {
                match c.status {
                    Status::Satisfied => {
                        satisfied += 1;
                        assert!(!c.evidence.is_empty(), "{name}: a pass without evidence");
                    }
                    _ => other += 1,
                }
            }
            let errors = outcome
                .findings
                .iter()
                .filter(|f| f.severity == Severity::Error)
                .count();
            println!(
                "{name:<52} satisfied {satisfied:>3} other {other:>3} errors {errors:>3} findings {:>4}",
                outcome.findings.len()
            );
            // Nothing judged and nothing said would be a pass by silence; without a firewall the run ends with status 2.
            assert!(
                satisfied + other > 0 || errors > 0 || !outcome.judged_any(),
                "{name}"
            );
        }
    }
}

/// Without a role the lints that need none still run, and the missing role is said or the inferred one is named.
#[test]
fn every_export_is_judged_without_a_role() {
    for format in formats::ids() {
        for path in files(format) {
            let outcome = checked(&path, None);
            let said = outcome
                .findings
                .iter()
                .any(|f| ["unknown-role", "unbound-point"].contains(&f.code.as_str()));
            let known =
                !outcome.judged_any() || outcome.exports.iter().any(|e| !e.roles.is_empty());
            assert!(said || known, "{}", name(&path));
        }
    }
}
