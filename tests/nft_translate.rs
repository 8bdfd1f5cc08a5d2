//! Every dump of iptables of the corpus as `iptables-restore-translate` makes a ruleset of nft of it: the translation is loaded
//! and listed, and must get the verdicts of the original, as far as the kernel itself gives both the same.
//!
//! It needs root, nft and iptables-nft, so it runs on request only: `cargo test --test nft_translate -- --ignored
//! --nocapture`. Dumps are those of `HYLINT_KERNEL_DUMPS` (paths, with spaces between), else of the folder `iptables` of a
//! corpus of real exports (`HYLINT_CORPUS`, else `../shared/corpus`). `HYLINT_KERNEL=deep` tries all of them, and more packets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    dead_code,
    reason = "a test says what it leaves out and fails by panicking; it uses parts of the harness of tests/kernel.rs"
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
mod lists;
#[path = "oracle/naive.rs"]
mod naive;
#[path = "kernel/nft.rs"]
mod nft;
#[path = "kernel/small.rs"]
mod small;
#[path = "oracle/tables.rs"]
mod tables;
#[path = "kernel/tally.rs"]
mod tally;
#[path = "kernel/translate.rs"]
mod translate;
#[path = "oracle/universe.rs"]
mod universe;

use differential::kernel::{Kernel, Lab, text};
use hylint_engine::Direction;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use tally::Tally;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/kernel.py");
const HYLINT: &str = env!("CARGO_BIN_EXE_hylint");
/// One dump in so many is tried where the whole is not asked for.
const SAMPLE: usize = 4;

fn dumps(deep: bool) -> Vec<PathBuf> {
    if let Ok(named) = std::env::var("HYLINT_KERNEL_DUMPS") {
        return named.split_whitespace().map(PathBuf::from).collect();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("HYLINT_CORPUS")
        .map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    let entries = std::fs::read_dir(corpus.join("iptables"))
        .into_iter()
        .flatten()
        .flatten();
    let mut files: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| p.is_file()).collect();
    files.sort();
    let step = if deep { 1 } else { SAMPLE };
    files.into_iter().step_by(step).collect()
}

/// All dumps in a lab.
fn run(
    lab: Lab,
    dumps: &[PathBuf],
    count: usize,
    keep: &Path,
    tally: &Mutex<Tally>,
) -> Result<(), String> {
    let mut reader = Kernel::begin(SCRIPT, lab, &[])?;
    let mut named_by = Vec::new();
    for path in dumps {
        let rules = text(&reader.call(&json!({ "op": "dump", "path": path }))?["rules"]);
        // The lab finds names of interfaces in rules of nft; these are such names.
        let words: Vec<&str> = rules.split_whitespace().collect();
        let faces = words.windows(2).filter(|w| w[0] == "-i" || w[0] == "-o");
        named_by.push(
            faces
                .map(|w| format!("\"{}\" ", w[1].replace('+', "*")))
                .collect(),
        );
    }
    drop(reader);
    let mut kernel = Kernel::begin(SCRIPT, lab, &named_by)?;
    for path in dumps {
        if let Err(e) = translate::tried(&mut kernel, lab, path, count, keep, tally) {
            let name = format!("{} ({})", path.display(), lab.name());
            tally.lock().unwrap().not_tried.insert(name, e);
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs root, network namespaces, nft and iptables"]
fn translated_dumps_get_the_verdicts_of_the_originals() {
    let tools = Command::new("python3").args([SCRIPT, "tools"]).status();
    assert!(
        tools.is_ok_and(|t| t.success()),
        "the comparison could not run here: see above"
    );
    let deep = std::env::var("HYLINT_KERNEL").is_ok_and(|v| v == "deep");
    let dumps = dumps(deep);
    if dumps.is_empty() {
        println!("SKIPPED: no real dumps are at hand (HYLINT_CORPUS, HYLINT_KERNEL_DUMPS)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let keep = std::env::var_os("HYLINT_KERNEL_KEEP")
        .map_or_else(|| folder.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&keep).unwrap();
    let labs = [4, 6].into_iter().flat_map(|version| {
        [Direction::In, Direction::Forward, Direction::Out].map(|direction| Lab {
            direction,
            version,
            backend: "native",
        })
    });
    let labs: Vec<Lab> = labs.collect();
    let (todo, tally) = (Mutex::new(labs.into_iter()), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let lab = todo.lock().unwrap().next();
                    let Some(lab) = lab else { break };
                    let count = if deep { 100 } else { 40 };
                    if let Err(e) = run(lab, &dumps, count, &keep, &tally) {
                        println!("{} broke off: {e}", lab.name());
                        tally.lock().unwrap().failed.push(lab.name());
                    }
                }
            });
        }
    });
    let tally: Tally = tally.into_inner().unwrap();
    assert!(
        tally.print(),
        "a translation is judged otherwise: see the lines with DIFFERENT or LEFT OPEN"
    );
}
