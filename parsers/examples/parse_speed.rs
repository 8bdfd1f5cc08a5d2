//! How fast one file is read: `cargo run --release -p hylint-parsers --example parse_speed FILE…`. Prints for each file
//! its format, bytes, rules and the best of several runs in MB (10^6 bytes) per second on one thread.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of the bench"
)]

use hylint_parsers::format;
use hylint_parsers::source::Source;
use std::time::{Duration, Instant};

fn main() {
    for path in std::env::args().skip(1) {
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("{path}: cannot be read as UTF-8");
            continue;
        };
        let bytes = text.len();
        let source = Source::new(path.clone(), text, "UTF-8");
        let (mut best, mut rules, mut name) = (Duration::MAX, 0, "none");
        let begin = Instant::now();
        let mut runs = 0;
        while runs < 3 || (runs < 50 && begin.elapsed() < Duration::from_secs(3)) {
            let start = Instant::now();
            let export = format::read(&source);
            best = best.min(start.elapsed());
            runs += 1;
            if let Some(e) = export {
                (rules, name) = (e.rules_in_model(), e.format);
            }
        }
        let speed = bytes as f64 / 1e6 / best.as_secs_f64();
        println!("{name}\t{bytes}\t{rules}\t{speed:.0}\t{path}");
    }
}
