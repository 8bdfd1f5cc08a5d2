//! Whole runs: one small export, and a fleet of 20 hosts with their site file.
//!
//!     cargo bench --bench check

#![allow(clippy::expect_used)] // A benchmark may stop.

use divan::Bencher;
use divan::counter::BytesCount;
use hylint::session::{Request, check};
use std::path::Path;

mod common;

fn main() {
    divan::main();
}

fn request(path: &Path, role: &[&str]) -> Request {
    Request {
        role: role.iter().map(|r| (*r).to_owned()).collect(),
        ..Request::new([path])
    }
}

#[divan::bench(args = common::FORMATS)]
fn small(bencher: Bencher<'_, '_>, format: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("list");
    std::fs::write(&path, common::list(format, 1000)).expect("a file");
    let request = request(&path, &["session-host"]);
    bencher.bench(|| check(&request));
}

#[divan::bench(args = common::FORMATS, sample_count = 10)]
fn fleet(bencher: Bencher<'_, '_>, format: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let bytes = common::fleet(dir.path(), format, 20, 1000);
    let request = request(dir.path(), &[]);
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| check(&request));
}
