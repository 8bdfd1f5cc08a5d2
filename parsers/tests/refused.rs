//! What the tools refuse to load, the reader refuses, and what they load it reads: rules and files that are wrong in one
//! way each are given to `iptables-restore` and `ip6tables-restore` of both backends, and compared with the reader.
//!
//! `tests/refused/verdicts.tsv` holds what the tools said, so that the comparison runs everywhere; asking them again needs
//! root, iptables, ipset and unshare: `cargo test -p hylint-parsers --test refused -- --ignored --nocapture`, run by
//! `.ci/run`. `HYLINT_UPDATE=1` writes their answers anew; `HYLINT_KERNEL=deep` tries six times as many.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test prints what it does and fails by panicking"
)]

#[path = "refused/generate.rs"]
mod generate;
#[path = "refused/tools.rs"]
mod tools;
#[path = "refused/verdict.rs"]
mod verdict;

use generate::Kind;
use std::path::PathBuf;
use verdict::Verdict;

/// Kinds of which the reader and the tools disagree that are printed.
const SHOWN: usize = 40;

fn table() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/refused/verdicts.tsv")
}

/// The learned verdicts, with the kinds they are about.
fn learned() -> Vec<(Verdict, Kind)> {
    let text = std::fs::read_to_string(table()).unwrap_or_default();
    text.lines().filter_map(verdict::from_line).collect()
}

/// Compares the reader with the tools: how many kinds count, and the disagreements.
fn compare(all: &[(Verdict, Kind)]) -> (usize, Vec<String>) {
    let counted = || all.iter().filter(|(v, _)| *v != Verdict::Lacks);
    let wrong = counted().filter_map(|(tools, kind)| {
        let reader = verdict::of_reader(kind);
        (reader != *tools).then(|| format!("tools {tools:?}, reader {reader:?}: {kind}"))
    });
    (counted().count(), wrong.collect())
}

fn report(all: &[(Verdict, Kind)]) {
    let (kinds, wrong) = compare(all);
    for w in wrong.iter().take(SHOWN) {
        println!("{w}");
    }
    let refused = all.iter().filter(|(v, _)| v.refuses());
    println!(
        "refused files: {kinds} kinds, {} of them refused, {} disagreements",
        refused.count(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{} disagreements", wrong.len());
}

#[test]
fn what_the_tools_refused_is_refused_and_nothing_else() {
    let all = learned();
    assert!(all.len() > 1000, "{} verdicts", all.len());
    report(&all);
}

#[test]
#[ignore = "needs root, iptables, ipset and unshare"]
fn the_tools_refuse_what_the_reader_refuses() {
    let kinds = generate::kinds();
    let verdicts = tools::ask(&kinds);
    let all: Vec<_> = verdicts.into_iter().zip(kinds).collect();
    if std::env::var_os("HYLINT_UPDATE").is_some() {
        let lines: String = all.iter().map(|(v, k)| verdict::to_line(*v, k)).collect();
        std::fs::write(table(), lines).unwrap();
    }
    let lacks = all.iter().filter(|(v, _)| *v == Verdict::Lacks).count();
    println!("{lacks} kinds need what this machine lacks");
    report(&all);
}
