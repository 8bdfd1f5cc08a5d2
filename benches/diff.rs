//! Two states of exports compared: a long list with one rule changed, and a fleet of which three hosts changed, each beside
//! a check of both states.
//!
//!     cargo bench --bench diff

#![allow(clippy::expect_used)] // A benchmark may stop.

use divan::Bencher;
use hylint::common::progress::Silent;
use hylint::session::diff::{Pair, Sides, compare};
use hylint::session::{Request, check};
use std::path::{Path, PathBuf};

mod common;

fn main() {
    divan::main();
}

/// The changed text of a list: its last rule that names the port 443 names another one.
fn changed(text: &str) -> String {
    let at = text.rfind("443").expect("a rule for 443");
    let (before, behind) = text.split_at(at);
    format!("{before}444{}", &behind[3..])
}

fn pair(dir: &Path, format: &str, rules: usize) -> [PathBuf; 2] {
    let text = common::list(format, rules);
    let texts = [text.clone(), changed(&text)];
    ["old", "new"]
        .map(|name| dir.join(name))
        .into_iter()
        .zip(texts)
        .map(|(path, text)| {
            std::fs::write(&path, text).expect("a file");
            path
        })
        .collect::<Vec<_>>()
        .try_into()
        .expect("two")
}

fn fleets(dir: &Path, format: &str) -> [PathBuf; 2] {
    let both = ["old", "new"].map(|name| dir.join(name));
    for folder in &both {
        std::fs::create_dir(folder).expect("a folder");
        common::fleet(folder, format, 20, 1000);
    }
    let files = walkdir::WalkDir::new(&both[1])
        .sort_by_file_name()
        .into_iter()
        .flatten();
    let exports = files.filter(|f| f.file_type().is_file() && f.file_name() != "hylint.toml");
    for file in exports.take(3) {
        let text = std::fs::read_to_string(file.path()).expect("a text");
        std::fs::write(file.path(), changed(&text)).expect("a file");
    }
    both
}

fn differ([old, new]: &[PathBuf; 2]) {
    let asked = Request::new([old]);
    let pair = Pair::of_paths(old, new, &asked).expect("a pair");
    let shown = pair.shown();
    let sides = Sides::open(pair.old, pair.new, shown, &Silent).expect("two sides");
    divan::black_box(compare(&sides, &Silent).expect("a difference"));
}

fn checked(both: &[PathBuf; 2]) {
    for side in both {
        divan::black_box(check(&Request::new([side])).expect("an outcome"));
    }
}

#[divan::bench(args = common::FORMATS, sample_count = 10)]
fn list_with_one_change(bencher: Bencher<'_, '_>, format: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let both = pair(dir.path(), format, 10_000);
    bencher.bench(|| differ(&both));
}

#[divan::bench(args = common::FORMATS, sample_count = 10)]
fn list_checked_twice(bencher: Bencher<'_, '_>, format: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let both = pair(dir.path(), format, 10_000);
    bencher.bench(|| checked(&both));
}

#[divan::bench(args = common::FORMATS, sample_count = 10)]
fn fleet_with_three_changes(bencher: Bencher<'_, '_>, format: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let both = fleets(dir.path(), format);
    bencher.bench(|| differ(&both));
}

#[divan::bench(args = common::FORMATS, sample_count = 10)]
fn fleet_checked_twice(bencher: Bencher<'_, '_>, format: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let both = fleets(dir.path(), format);
    bencher.bench(|| checked(&both));
}
