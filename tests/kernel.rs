//! Holds `hylint trace` to what the running Linux kernel does with the same rules and packets.
//!
//! It needs root and the firewall tools, so it runs on request only: `cargo test --test kernel -- --ignored --nocapture`.
//! Where it cannot run it fails and says why, so that nobody takes a skipped comparison for a passed one.
//! `HYLINT_KERNEL_DUMPS` names further dumps to compare, with spaces between them.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::process::Command;

#[test]
#[ignore = "needs root, network namespaces, nft and iptables-legacy"]
fn trace_agrees_with_the_kernel() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/kernel.py");
    let dumps = std::env::var("HYLINT_KERNEL_DUMPS").unwrap_or_default();
    let status = Command::new("python3")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_hylint"))
        .args(dumps.split_whitespace())
        .args(["--rulesets", "12", "--packets", "1500"])
        .status()
        .unwrap_or_else(|e| panic!("python3 cannot be run: {e}"));
    match status.code() {
        Some(0) => {}
        Some(1) => panic!("hylint and the kernel disagree: see the lines with DIFFERENT"),
        _ => panic!("the comparison could not run here: see above"),
    }
}
