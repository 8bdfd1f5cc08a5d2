//! Exports to measure with, from the generator in `bench/make-exports`.

#![allow(dead_code, clippy::expect_used)] // Each benchmark uses what it needs, and may stop.

#[path = "../../bench/make-exports/adversarial.rs"]
pub(crate) mod adversarial;
#[path = "../../bench/make-exports/fleet.rs"]
pub(crate) mod fleet;
#[path = "../../bench/make-exports/flow.rs"]
pub(crate) mod flow;
#[path = "../../bench/make-exports/realistic.rs"]
pub(crate) mod realistic;
#[path = "../../bench/make-exports/text.rs"]
pub(crate) mod text;

use clap::ValueEnum;
use realistic::Noise;
use std::path::Path;
use text::Format;

/// Names of the formats.
pub(crate) const FORMATS: [&str; 6] = ["iptables", "netsh", "aws", "azure", "nft", "nft-json"];

fn format(name: &str) -> Format {
    Format::from_str(name, true).expect("a format")
}

/// A realistic list.
pub(crate) fn list(name: &str, rules: usize) -> String {
    let flows = realistic::flows(&mut fastrand::Rng::with_seed(1), rules, Noise::Careless);
    format(name).text("list", &flows).expect("words for it")
}

/// A list that is built to be hard.
pub(crate) fn adversarial(
    name: &str,
    shape: adversarial::Shape,
    rules: usize,
    wide: usize,
) -> String {
    let flows = shape.flows(&mut fastrand::Rng::with_seed(1), rules, wide);
    format(name).text("list", &flows).expect("words for it")
}

/// Writes a fleet with its hylint.toml; returns its size in bytes.
pub(crate) fn fleet(dir: &Path, name: &str, hosts: usize, rules: usize) -> usize {
    fleet::write(dir, format(name), hosts, rules, 1, true).expect("a fleet");
    let files = std::fs::read_dir(dir).expect("a folder");
    let sizes = files.filter_map(|f| f.ok()?.metadata().ok());
    sizes.map(|m| m.len() as usize).sum()
}
