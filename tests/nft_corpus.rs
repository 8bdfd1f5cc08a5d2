//! The real rulesets of nft, where a folder of them is at hand: `HYLINT_CORPUS`, else `../shared/corpus` beside the
//! repository. Each is read whole, and what `nft -c` accepts is not refused.
//!
//! `cargo test --test nft_corpus -- --nocapture` prints the table. Without nft, or without the right to make a network
//! namespace, the second question is left out, and it says so.
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

use hylint::load::unmodelled;
use hylint_model::{Export, ProblemKind};
use invariants::export_holds;
use real::{files, name, read};
use std::path::Path;
use std::process::{Command, Stdio};

/// What alone is no ruleset: commands about sets and variables of another file.
const PARTS: [&str; 3] = [
    "00-base-filter.rules",
    "10-default.rules",
    "ms-jpq-3-docker.nft",
];

/// Whether nft takes a file in a namespace of its own; `None` where it cannot be asked.
fn accepted(path: &Path) -> Option<bool> {
    let json = path.extension().is_some_and(|e| e == "json");
    let check = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.arg("--net").args(words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().ok().map(|s| s.success())
    };
    if check(&["nft", "--version"]) != Some(true) {
        return None;
    }
    let path = path.to_str().unwrap();
    let words = if json {
        vec!["nft", "-j", "-c", "-f", path]
    } else {
        vec!["nft", "-c", "-f", path]
    };
    check(&words)
}

fn of(e: &Export, kind: ProblemKind) -> usize {
    e.problems.iter().filter(|p| p.kind == kind).count()
}

#[test]
fn every_ruleset_is_read_whole_and_what_nft_accepts_is_not_refused() {
    println!(
        "{:<44} {:>6} {:>6} {:>8} {:>5} {:>9} nft -c",
        "file", "rules", "model", "unmodel", "lost", "malformed"
    );
    let (mut rules, mut open, mut not_asked) = (0, 0, 0);
    for path in files("nft") {
        let nft = accepted(&path);
        not_asked += usize::from(nft.is_none());
        let read = match read(&path) {
            Ok((e, _)) => e,
            Err(_) if PARTS.contains(&name(&path).as_str()) => continue,
            Err(_) => panic!("{} is not read", path.display()),
        };
        let x = &read.export;
        let loose = unmodelled(&read.source, x)
            .iter()
            .filter(|u| !u.dropped)
            .count();
        let malformed = of(x, ProblemKind::Malformed);
        println!(
            "{:<44} {:>6} {:>6} {:>8} {:>5} {:>9} {}",
            read.path,
            x.rules_in_file,
            x.rules_in_model(),
            loose,
            x.lost(),
            malformed,
            nft.map_or("not asked", |ok| if ok { "accepts" } else { "refuses" })
        );
        assert_eq!(x.format, "nft", "{}", read.path);
        assert_eq!(x.lost(), 0, "{}", read.path);
        assert!(
            nft != Some(true) || malformed == 0,
            "{}: nft accepts it, and hylint says: {:?}",
            read.path,
            x.problems.iter().find(|p| p.kind == ProblemKind::Malformed)
        );
        export_holds(&read);
        rules += x.rules_in_file;
        open += loose;
    }
    println!("{open} parts of {rules} rules are not modelled");
    if not_asked > 0 {
        println!("SKIPPED: nft could not be asked about {not_asked} files");
    }
}
