//! `hylint trace` on rulesets of nft against what the Linux kernel did with the same packets, as `tests/nft_kernel.rs` wrote it
//! down (`tests/nft/saved`): the part of that comparison that needs neither root nor nft.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "common/cli.rs"]
mod common;

use common::Hylint;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A ruleset as text or as JSON.
fn rulesets() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nft/saved");
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut all: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    all.retain(|p| p.extension().is_some_and(|e| e == "nft" || e == "json"));
    all.sort();
    all
}

/// The packets of a direction as a table for `trace`, and what the kernel did with each.
fn packets(path: &Path, direction: &str) -> (String, Vec<String>) {
    let mut reader = csv::Reader::from_path(path.with_extension("csv")).unwrap();
    let head = reader.headers().unwrap().clone();
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(head.iter().skip(2)).unwrap();
    let mut did = Vec::new();
    for row in reader.records().map(Result::unwrap) {
        if &row[0] == direction {
            table.write_record(row.iter().skip(2)).unwrap();
            did.push(row[1].to_owned());
        }
    }
    (String::from_utf8(table.into_inner().unwrap()).unwrap(), did)
}

/// Catches every change of the readers and the engine that the kernel contradicts.
#[test]
fn saved_answers_of_the_kernel_hold() {
    let (mut asked, mut conditional, mut wrong) = (0, 0, Vec::new());
    for path in rulesets() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for direction in ["in", "forward", "out"] {
            let (table, did) = packets(&path, direction);
            let args =
                format!("trace {name} --direction {direction} --packets p.csv --format ndjson");
            let run = Hylint::new()
                .file(name, &text)
                .file("p.csv", &table)
                .args(&args)
                .run();
            run.expect(0, &[]);
            let answers: Vec<Value> = run
                .out
                .lines()
                .map(|l| serde_json::from_str(l).unwrap())
                .collect();
            assert_eq!(answers.len(), did.len(), "{name} {direction}");
            let rows = table.lines().skip(1);
            for ((answer, kernel), packet) in answers.iter().zip(&did).zip(rows) {
                let said = answer["verdict"].as_str().unwrap();
                asked += 1;
                if said == "conditional" {
                    conditional += 1;
                } else if kernel != "lost" && said != kernel {
                    wrong.push(format!(
                        "{name} {direction} {packet}: kernel {kernel}, hylint {said} by {}",
                        answer["rule"]
                    ));
                }
            }
        }
    }
    println!(
        "{asked} packets, {conditional} conditional, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        asked > 1000 && conditional * 5 <= asked,
        "{conditional} of {asked} conditional"
    );
}
