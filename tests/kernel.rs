//! Holds `hylint trace` to what the running Linux kernel does with the same rules and packets.
//!
//! It needs root and the firewall tools, so it runs on request only: `cargo test --test kernel -- --ignored --nocapture`.
//! Where it cannot run it fails and says why, so that nobody takes a skipped comparison for a passed one.
//! Dumps are those of `HYLINT_KERNEL_DUMPS` (paths of dumps and of folders of them, with spaces between), else of the
//! folder `iptables` of a corpus of real exports, where one is at hand. `HYLINT_KERNEL=deep` tries every ruleset with both backends and more packets.
//! `HYLINT_KERNEL_SEEDS=1003,1020` tries these generated rulesets alone, by the numbers in their names, in the size of the
//! whole run, so that a difference that was printed can be had again.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it leaves out and fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

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

#[test]
#[ignore = "needs root, network namespaces, nft and iptables"]
fn trace_agrees_with_the_kernel() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/kernel.py");
    let deep = std::env::var("HYLINT_KERNEL").is_ok_and(|v| v == "deep");
    let size: &[&str] = if deep {
        &["--deep", "--rulesets", "40", "--packets", "700"]
    } else {
        &["--rulesets", "26", "--packets", "120"]
    };
    let seeds = std::env::var("HYLINT_KERNEL_SEEDS").ok();
    let status = Command::new("python3")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_hylint"))
        .args(size)
        .args(seeds.iter().flat_map(|s| ["--seeds", s]))
        .args(dumps())
        .status()
        .unwrap_or_else(|e| panic!("python3 cannot be run: {e}"));
    match status.code() {
        Some(0) => {}
        Some(1) => {
            panic!("hylint and the kernel disagree: see the lines with DIFFERENT or LEFT OPEN")
        }
        _ => panic!("the comparison could not run here: see above"),
    }
}
