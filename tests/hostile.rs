//! Damaged exports through the whole check: no panic, no hang, no lost rule, and a cut that is always told.
//!
//! Deterministic. `HYLINT_HOSTILE=20000` runs that many damages of each export.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "common/formats.rs"]
mod formats;
#[path = "common/invariants.rs"]
mod invariants;

use formats::exports;
use hylint::finding::Severity;
use hylint::finding::outcome::{Outcome, Status};
use hylint::load::{Disk, FileRef, LoadedExport, read_bytes_as};
use hylint::report::{RenderOptions, by_id};
use hylint::session::{Request, check};
use invariants::{export_holds, outcome_holds};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Far more than any case takes; a hang, or growth with the square of the input, takes longer.
const LONGEST: Duration = Duration::from_secs(30);

/// Damages of each export.
fn cases() -> u64 {
    let set = std::env::var("HYLINT_HOSTILE").ok();
    set.and_then(|v| v.parse().ok()).unwrap_or(40)
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

fn example(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    std::fs::read(root.join("examples").join(path)).unwrap()
}

fn read(bytes: Vec<u8>, name: &str) -> Option<LoadedExport> {
    let file = FileRef::new(name.into(), true);
    read_bytes_as(&Disk, &file, bytes).ok().map(|(e, _)| e)
}

fn request(path: &Path, role: &str) -> Request {
    Request {
        role: vec![role.into()],
        at: "2026-11-23T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([path])
    }
}

/// The whole way: read, judge, render.
fn run(bytes: &[u8], role: &str) -> Outcome {
    if let Some(e) = read(bytes.to_vec(), "x.txt") {
        export_holds(&e);
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.txt");
    std::fs::write(&path, bytes).unwrap();
    let outcome = check(&request(&path, role)).unwrap();
    outcome_holds(&outcome);
    for id in ["human", "json"] {
        let mut text = Vec::new();
        let options = RenderOptions {
            verbose: true,
            ..RenderOptions::default()
        };
        by_id(id)
            .unwrap()
            .write(&outcome, &options, &mut text)
            .unwrap();
        let text = String::from_utf8(text).unwrap();
        let control = text.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{id} lets a control character through");
    }
    outcome
}

/// Words that mean something to some reader, or are at the edge of what numbers and nesting allow.
const WORDS: [&str; 18] = [
    "*",
    "-1",
    "0.0.0.0/0",
    "::/0",
    "99999999999999999999",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    "\r\n",
    "\0",
    "\u{1b}[31m",
    "-A INPUT -j ACCEPT\n",
    "COMMIT\n",
    "Rule Name: x\n",
    "\u{202e}",
];

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|b| *b == b'\n').collect()
}

/// One damage of an export; its name, for the message.
fn damage(bytes: &[u8], r: &mut Random) -> (&'static str, Vec<u8>) {
    let mut out = bytes.to_vec();
    let at = r.below(out.len());
    match r.below(10) {
        0 => {
            out.truncate(at);
            ("cut", out)
        }
        1 => {
            for _ in 0..=r.below(20) {
                let n = r.below(out.len());
                out[n] = r.next() as u8;
            }
            ("flipped bytes", out)
        }
        2 => {
            for _ in 0..=r.below(20) {
                let n = r.below(out.len());
                let word = r.pick(&WORDS.map(|w| w));
                out.splice(n..n, word.bytes());
            }
            ("inserted words", out)
        }
        3 => {
            let end = (at + r.below(2000)).min(out.len());
            out.drain(at..end);
            ("a part left out", out)
        }
        4 => {
            let mut all = lines(bytes);
            for n in (1..all.len()).rev() {
                all.swap(n, r.below(n + 1));
            }
            ("shuffled lines", all.concat())
        }
        5 => {
            let all = lines(bytes);
            let from = r.below(all.len());
            let to = (from + r.below(40)).min(all.len());
            let again = all[from..to].repeat(1 + r.below(20));
            let parts = [&all[..to], &again[..], &all[to..]];
            ("repeated lines", parts.concat().concat())
        }
        6 => {
            let open = r.pick(&["[", "{\"a\":", "((", "! ", "--m ", "\"", "- "]);
            let deep = open.repeat(1 + r.below(20_000));
            out.splice(at..at, deep.bytes());
            ("deep nesting", out)
        }
        7 => {
            let long = r.pick(&["a", "1,", "10.0.0.1,", " ", "\t", "é", "-"]);
            let long = long.repeat(1 + r.below(200_000 / long.len()));
            out.splice(at..at, long.bytes());
            ("a huge line", out)
        }
        8 => {
            let all = exports();
            let (path, _, _) = all[r.below(all.len())];
            let other = example(path);
            let from = r.below(other.len());
            let to = (from + r.below(5000)).min(other.len());
            out.splice(at..at, other[from..to].iter().copied());
            ("a part of another export", out)
        }
        _ => {
            let utf16 = String::from_utf8_lossy(&out).into_owned();
            let bytes = std::iter::once(0xfeff)
                .chain(utf16.encode_utf16())
                .flat_map(u16::to_le_bytes);
            let mut bytes: Vec<u8> = bytes.collect();
            bytes.truncate(2 * at + 1);
            ("UTF-16 cut in a character", bytes)
        }
    }
}

fn damaged(format: &str) {
    let mut ran = 0;
    for (path, _, role) in exports().into_iter().filter(|e| e.1 == format) {
        let whole = example(path);
        for seed in 0..cases() {
            let (what, bytes) = damage(&whole, &mut Random(seed));
            let start = Instant::now();
            let done = catch_unwind(AssertUnwindSafe(|| run(&bytes, role)));
            let took = start.elapsed();
            assert!(done.is_ok(), "{path}, seed {seed}: {what}");
            assert!(took < LONGEST, "{path}, seed {seed}: {what} took {took:?}");
            ran += 1;
        }
    }
    assert!(ran > 0, "no example of {format}");
}

/// Every format at once, as each takes a while.
#[test]
fn damaged_exports() {
    std::thread::scope(|scope| {
        for id in formats::ids() {
            scope.spawn(move || damaged(id));
        }
    });
}

/// A cut inside a rule is an error that names the file: what came after it is not known, so nothing may pass.
#[test]
fn an_export_cut_inside_a_rule_never_passes() {
    let mut cut = 0;
    let exports = exports();
    for (n, (path, _, role)) in exports.iter().enumerate() {
        let whole = example(path);
        let export = read(whole.clone(), path).unwrap();
        // The examples are UTF-8, so that spans of the text are spans of the bytes.
        assert_eq!(export.source.text.as_bytes(), whole);
        let spans: Vec<_> = export
            .export
            .points
            .iter()
            .flat_map(|p| p.rules())
            .map(|r| r.span.range())
            .filter(|s| s.len() > 2)
            .collect();
        let mut r = Random(n as u64);
        for _ in 0..cases().min(spans.len() as u64) {
            let span = &spans[r.below(spans.len())];
            let at = span.start + 1 + r.below(span.len() - 2);
            let outcome = run(&whole[..at], role);
            // Where each format says itself what a cut leaves open, nothing may be satisfied.
            let open = !outcome
                .requirements
                .iter()
                .any(|r| r.status == Status::Satisfied);
            let told = open
                || outcome.findings.iter().any(|f| {
                    f.severity == Severity::Error
                        && ["malformed-export", "empty-export"].contains(&f.code.as_str())
                });
            let end = String::from_utf8_lossy(&whole[at.saturating_sub(60)..at]).into_owned();
            assert!(
                told,
                "{path} cut at {at} after {end:?}: {:?}",
                outcome
                    .findings
                    .iter()
                    .map(|f| f.code.as_str())
                    .collect::<Vec<_>>()
            );
            cut += 1;
        }
    }
    assert!(cut > exports.len(), "{cut}");
}

/// The damage of one seed is the same in every run, or a failure could not be looked at.
#[test]
fn a_seed_is_one_damage() {
    let whole = example(exports()[2].0);
    let kinds: std::collections::BTreeSet<_> = (0..60)
        .map(|seed| {
            let one = damage(&whole, &mut Random(seed));
            assert_eq!(one, damage(&whole, &mut Random(seed)));
            one.0
        })
        .collect();
    assert_eq!(kinds.len(), 10, "{kinds:?}");
}
