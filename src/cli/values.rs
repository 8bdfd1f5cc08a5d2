//! Values of options that are more than a word: each says in one line what it expects.

use crate::finding::Code;
use clap::builder::PossibleValuesParser;

/// The moment of a run.
pub(super) fn moment(text: &str) -> Result<jiff::Timestamp, String> {
    let wanted = "a date and time with its zone, such as 2026-11-30T00:00:00Z";
    text.parse().map_err(|_| {
        match text.parse::<jiff::civil::Date>() {
            // A parser that reads more than a date takes a time for one, too.
            Ok(date) if text.len() <= 10 => {
                format!("expected a date and time: write {date}T00:00:00Z")
            }
            _ => format!("expected {wanted}"),
        }
    })
}

/// How many threads; more than the machine could ever have are a slip.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| *n <= MOST_THREADS);
    number.ok_or_else(|| format!("expected a number from 0 (one per core) to {MOST_THREADS}"))
}

const MOST_THREADS: usize = 1024;

/// A misspelt code would select nothing, which looks like a site without findings.
pub(super) fn codes() -> PossibleValuesParser {
    PossibleValuesParser::new(Code::EACH.iter().map(|c| c.as_str()))
}
