//! Every output format through the program: valid by its schema, one truth in all of them, regions that are the text they
//! name, hostile names that stay text, and files that appear whole or not at all.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/cli.rs"]
mod harness;
#[path = "../common/formats.rs"]
mod inputs;

#[path = "../common/sarif.rs"]
mod sarif_schema;

mod agree;
mod formats;
mod hostile;
mod output;
mod regions;
mod schema;
mod transcript;

use std::path::Path;
use std::process::Command;

/// The sites that the formats are tried on.
const SITES: [&str; 3] = [
    "windows-dc/faulty",
    "cloud-hybrid/faulty",
    "linux-gateway/faulty",
];

/// What a format says of an example, and the exit status.
fn example(site: &str, format: &str) -> (String, i32) {
    let run = Command::new(env!("CARGO_BIN_EXE_hylint"))
        .current_dir(root())
        .args(["--at", "2026-11-25T00:00:00Z", "--format", format])
        .arg(format!("examples/{site}"))
        .env_clear()
        .output()
        .unwrap();
    assert!(
        run.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    (
        String::from_utf8(run.stdout).unwrap(),
        run.status.code().unwrap(),
    )
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}
