//! Megabytes a second of each reader, on a realistic list of 10,000 rules.
//!
//!     cargo bench --bench parsers

use divan::Bencher;
use divan::counter::BytesCount;
use hylint_parsers::source::Source;

mod common;

fn main() {
    divan::main();
}

#[divan::bench(args = common::FORMATS)]
fn read(bencher: Bencher<'_, '_>, format: &str) {
    let text = common::list(format, 10_000);
    bencher
        .counter(BytesCount::of_str(&text))
        .with_inputs(|| Source::new("x", text.as_str(), "UTF-8"))
        .bench_values(|source| hylint_parsers::format::read(&source));
}
