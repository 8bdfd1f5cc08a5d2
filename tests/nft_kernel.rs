//! Holds `hylint trace` on rulesets of nft to what the running Linux kernel does with the same rules and packets: rulesets that
//! `tests/kernel/nft_rules.py` makes, and those that programs loaded (`tests/nft/programs`). Each is listed as text and as
//! JSON, and both and what was loaded must give the kernel's verdicts.
//!
//! It needs root and nft, so it runs on request only: `cargo test --test nft_kernel -- --ignored --nocapture`.
//! `HYLINT_KERNEL=deep` tries as many rulesets and packets as the project promises. `HYLINT_KERNEL_SEEDS=7,19` tries these
//! generated rulesets alone. `HYLINT_KERNEL_KEEP=FOLDER` keeps the rulesets, packets and answers. `HYLINT_NFT_RULESETS` names
//! further rulesets, or folders of them, with spaces between.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it leaves out and fails by panicking"
)]

#[path = "common/labs.rs"]
mod labs;

use labs::*;
use nft::{Ruleset, Size};
use std::path::{Path, PathBuf};

/// Rulesets of programs, and those that the environment names.
fn real() -> Vec<Ruleset> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = files(&root.join("tests/nft/programs"));
    let named = std::env::var("HYLINT_NFT_RULESETS").unwrap_or_default();
    for path in named.split_whitespace().map(PathBuf::from) {
        let inside = files(&path);
        paths.extend(if inside.is_empty() {
            vec![path]
        } else {
            inside
        });
    }
    paths.iter().map(|p| ruleset(p)).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "nft"));
    files.sort();
    files
}

fn ruleset(path: &Path) -> Ruleset {
    let read =
        |p: &Path| std::fs::read_to_string(p).unwrap_or_else(|e| panic!("{}: {e}", p.display()));
    let beside = |v: u8| Some(path.with_extension(format!("v{v}.save"))).filter(|p| p.exists());
    Ruleset {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        text: read(path),
        saves: [4, 6]
            .into_iter()
            .filter_map(|v| Some((v, read(&beside(v)?))))
            .collect(),
    }
}

/// Numbers of generated rulesets, and packets of each lab and ruleset.
fn size() -> (Vec<u64>, Size) {
    let deep = is_deep();
    let named = std::env::var("HYLINT_KERNEL_SEEDS").ok();
    let number = |n: &str| {
        n.trim()
            .parse()
            .unwrap_or_else(|e| panic!("HYLINT_KERNEL_SEEDS: {n}: {e}"))
    };
    let seeds = named.map(|s| s.split(',').map(number).collect());
    let size = Size {
        packets: if deep { 180 } else { 60 },
    };
    (
        seeds.unwrap_or_else(|| (1..=if deep { 240 } else { 12 }).collect()),
        size,
    )
}

#[test]
#[ignore = "needs root, network namespaces and nft"]
fn rulesets_of_nft_agree_with_the_kernel() {
    need_tools();
    let folder = tempfile::tempdir().unwrap();
    let keep = keep(folder.path());
    let (seeds, size) = size();
    let real = real();
    let tally = in_labs(|lab, tally| nft::run(lab, size, &seeds, &real, &keep, tally));
    assert!(
        tally.print(),
        "hylint and the kernel disagree: see the lines with DIFFERENT or LEFT OPEN"
    );
}
