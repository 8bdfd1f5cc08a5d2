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
    reason = "a test says what it leaves out and fails by panicking"
)]

#[path = "common/labs.rs"]
mod labs;
#[path = "kernel/translate.rs"]
mod translate;

use differential::kernel::{Kernel, Lab, text};
use labs::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tally::Tally;

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
    need_tools();
    let deep = is_deep();
    let dumps = dumps(deep);
    if dumps.is_empty() {
        println!("SKIPPED: no real dumps are at hand (HYLINT_CORPUS, HYLINT_KERNEL_DUMPS)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let keep = keep(folder.path());
    let count = if deep { 100 } else { 40 };
    let tally = in_labs(|lab, tally| run(lab, &dumps, count, &keep, tally));
    assert!(
        tally.print(),
        "a translation is judged otherwise: see the lines with DIFFERENT or LEFT OPEN"
    );
}
