//! Holds `hylint trace` to what the running Linux kernel does with the same rules and packets, and the naive evaluator of
//! the oracle to both.
//!
//! It needs root and the firewall tools, so it runs on request only: `cargo test --test kernel -- --ignored --nocapture`.
//! Where it cannot run it fails and says why, so that nobody takes a skipped comparison for a passed one.
//! Dumps are those of `HYLINT_KERNEL_DUMPS` (paths of dumps and of folders of them, with spaces between), else of the
//! folder `iptables` of a corpus of real exports, where one is at hand. `HYLINT_KERNEL=deep` tries every ruleset with both backends and more packets.
//! `HYLINT_KERNEL_SEEDS=1003,1020` tries these generated rulesets alone, by the numbers in their names, in the size of the
//! whole run, so that a difference that was printed can be had again. `HYLINT_KERNEL_KEEP=FOLDER` keeps the rulesets as they
//! were loaded.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it leaves out and fails by panicking"
)]

#[path = "oracle/chains.rs"]
mod chains;
#[path = "oracle/conversations.rs"]
mod conversations;
#[path = "differential/mod.rs"]
mod differential;
#[path = "kernel/jobs.rs"]
mod jobs;
#[path = "oracle/lists.rs"]
#[allow(dead_code, reason = "the kernel has no lists")]
mod lists;
#[path = "oracle/naive.rs"]
mod naive;
#[path = "kernel/small.rs"]
mod small;
#[path = "oracle/tables.rs"]
mod tables;
#[path = "kernel/talks.rs"]
mod talks;
#[path = "kernel/tally.rs"]
mod tally;
#[path = "oracle/universe.rs"]
mod universe;

use differential::kernel::{Kernel, Lab, text};
use hylint_engine::Direction;
use jobs::Size;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use tally::Tally;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/kernel.py");
const HYLINT: &str = env!("CARGO_BIN_EXE_hylint");

fn dumps() -> Vec<PathBuf> {
    if let Ok(named) = std::env::var("HYLINT_KERNEL_DUMPS") {
        let each = |path: &str| {
            let inside = files(Path::new(path));
            if inside.is_empty() {
                vec![PathBuf::from(path)]
            } else {
                inside
            }
        };
        return named.split_whitespace().flat_map(each).collect();
    }
    if std::env::var_os("HYLINT_KERNEL_SEEDS").is_some() {
        return Vec::new();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("HYLINT_CORPUS")
        .map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    let found = files(&corpus.join("iptables"));
    if found.is_empty() {
        println!(
            "SKIPPED: no real dumps are at hand (HYLINT_CORPUS, HYLINT_KERNEL_DUMPS), generated rulesets only"
        );
    }
    found
}

/// The files of a folder, in order; none if it is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_file()).collect();
    files.sort();
    files
}

/// The size of a run, as the environment asks for it.
fn size() -> Size {
    let deep = std::env::var("HYLINT_KERNEL").is_ok_and(|v| v == "deep");
    let named = std::env::var("HYLINT_KERNEL_SEEDS").ok();
    let number = |n: &str| {
        n.trim()
            .parse()
            .unwrap_or_else(|e| panic!("HYLINT_KERNEL_SEEDS: {n}: {e}"))
    };
    let seeds = named.as_ref().map(|s| s.split(',').map(number).collect());
    let rulesets = if deep { 40 } else { 26 };
    Size {
        deep,
        seeds: seeds.unwrap_or_else(|| (1000..1000 + rulesets).collect()),
        packets: if deep { 700 } else { 120 },
        // One ruleset that was asked for by its number is not one of these.
        small: if named.is_some() {
            0
        } else if deep {
            60
        } else {
            12
        },
    }
}

/// Every lab: direction, family and backend.
fn labs() -> Vec<Lab> {
    let mut out = Vec::new();
    for version in [4, 6] {
        for direction in [Direction::In, Direction::Forward, Direction::Out] {
            out.extend(["legacy", "nft"].map(|backend| Lab {
                direction,
                version,
                backend,
            }));
        }
    }
    out
}

/// Which state connection tracking gives to packets of each kind.
fn states(tally: &mut Tally) {
    for version in [4, 6] {
        let lab = Lab {
            direction: Direction::In,
            version,
            backend: "legacy",
        };
        let asked = Kernel::begin(SCRIPT, lab, &[])
            .and_then(|mut k| k.call(&json!({ "op": "states", "hylint": HYLINT })));
        let said = asked.unwrap_or_else(|e| panic!("states IPv{version}: {e}"));
        println!("{}", text(&said["text"]));
        if said["good"] != true {
            tally.failed.push("states".to_owned());
        }
    }
}

/// Runs every lab, as many at a time as there are cores.
fn run(dumps: &[PathBuf], keep: &Path) -> Tally {
    let mut tally = Tally::default();
    states(&mut tally);
    let size = size();
    let (todo, tally) = (Mutex::new(labs().into_iter()), Mutex::new(tally));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let lab = todo.lock().unwrap().next();
                    let Some(lab) = lab else { break };
                    if let Err(e) = jobs::run(lab, &size, dumps, keep, &tally) {
                        println!("{} broke off: {e}", lab.name());
                        tally.lock().unwrap().failed.push(lab.name());
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

/// The size of a run of conversations, as the environment asks for it.
fn size_of_talks() -> talks::Size {
    let whole = size();
    let numbers = if std::env::var_os("HYLINT_KERNEL_SEEDS").is_some() {
        whole.seeds
    } else {
        (1..=if whole.deep { 400 } else { 24 }).collect()
    };
    talks::Size {
        seeds: numbers,
        talks: if whole.deep { 200 } else { 80 },
        deep: whole.deep,
    }
}

/// Where the tools and rights are missing, it says so.
fn need_tools() {
    let tools = Command::new("python3").args([SCRIPT, "tools"]).status();
    let tools = tools.unwrap_or_else(|e| panic!("python3 cannot be run: {e}"));
    assert!(
        tools.success(),
        "the comparison could not run here: see above"
    );
}

/// The folder for rulesets as they were loaded.
fn keep(folder: &Path) -> PathBuf {
    let kept = std::env::var_os("HYLINT_KERNEL_KEEP").map(PathBuf::from);
    let keep = kept.unwrap_or_else(|| folder.to_owned());
    std::fs::create_dir_all(&keep).unwrap();
    keep
}

#[test]
#[ignore = "needs root, network namespaces, nft and iptables"]
fn trace_agrees_with_the_kernel() {
    need_tools();
    let folder = tempfile::tempdir().unwrap();
    let tally = run(&dumps(), &keep(folder.path()));
    assert!(
        tally.print(),
        "hylint, the naive evaluator and the kernel disagree: see the lines with DIFFERENT or LEFT OPEN"
    );
}

/// Catches a verdict that rests on the first packet and its reply, and not on the whole conversation.
#[test]
#[ignore = "needs root, network namespaces, nft and iptables"]
fn flows_agree_with_conversations_through_the_kernel() {
    need_tools();
    let folder = tempfile::tempdir().unwrap();
    let (keep, size, dumps) = (keep(folder.path()), size_of_talks(), dumps());
    let (todo, tally) = (Mutex::new(talks::labs().into_iter()), Mutex::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let lab = todo.lock().unwrap().next();
                    let Some(lab) = lab else { break };
                    if let Err(e) = talks::run(lab, &size, &dumps, &keep, &tally) {
                        panic!("{} broke off: {e}", lab.name());
                    }
                }
            });
        }
    });
    let tally: talks::Tally = tally.into_inner().unwrap();
    assert!(
        tally.print(),
        "hylint and the kernel disagree: see the lines with DIFFERENT or LEFT OPEN"
    );
}
