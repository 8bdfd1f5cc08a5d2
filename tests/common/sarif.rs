//! The schema of SARIF, out of the package `serde-sarif` (found by `cargo metadata`, so none is kept here).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// The folder of a package in the lock file.
fn package(name: &str) -> PathBuf {
    let output = |program: &str, args: &[&str]| {
        let run = Command::new(program)
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output();
        let run = run.unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        String::from_utf8(run.stdout).unwrap()
    };
    // The packages of other platforms may not be there.
    let compiler = output("rustc", &["-vV"]);
    let host = compiler
        .lines()
        .find_map(|l| l.strip_prefix("host: "))
        .unwrap();
    let form = ["metadata", "--format-version", "1", "--offline", "--locked"];
    let run = output(
        env!("CARGO"),
        &[&form[..], &["--filter-platform", host]].concat(),
    );
    let all: Value = serde_json::from_str(&run).unwrap();
    let packages = all["packages"].as_array().unwrap();
    let found = packages.iter().find(|p| p["name"] == name).unwrap();
    let manifest = PathBuf::from(found["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().to_owned()
}

pub(crate) fn sarif_schema() -> Value {
    let text = std::fs::read_to_string(package("serde-sarif").join("src/schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        schema["title"],
        "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"
    );
    schema
}
