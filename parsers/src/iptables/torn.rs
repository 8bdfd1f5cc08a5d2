//! Texts that end without the end of a line, so that what stands in their last line may be a part.

use super::script;
use crate::plain;
use hylint_model::{Problem, ProblemKind, Span};

/// What is told of the last line of a list of commands or of `iptables -S`, if it may go on. A dump ends with its own line.
pub(super) fn of(text: &str) -> Option<Problem> {
    if text.ends_with(['\n', '\r']) {
        return None;
    }
    let help = "save the file again, with the end of its last line";
    let told = |at: Span, message: &str| {
        let problem = Problem::new(ProblemKind::Incomplete, at, message);
        Some(problem.help(help).label("may be cut off"))
    };
    if script::is_commands(text) {
        return told(plain::torn(text)?, LIST);
    }
    let dumped = memchr::memmem::rfind(text.as_bytes(), b"\nCOMMIT").unwrap_or(0);
    let behind = text.get(dumped..).unwrap_or("");
    if behind.starts_with('*') || behind.contains("\n*") {
        return None;
    }
    let start = memchr::memrchr(b'\n', text.as_bytes()).map_or(0, |n| n + 1);
    let line = text.get(start..).unwrap_or("");
    let own = ["-A ", "-P ", "-N "].iter().any(|o| line.starts_with(o));
    let word = line.split_ascii_whitespace().last().unwrap_or("");
    let whole = !line.starts_with("-N ") && (plain::is_last(word) || word.ends_with('"'));
    match own && !whole {
        true => told(Span::new(start, text.len()), LISTING),
        false => None,
    }
}

const LIST: &str = "last command may be cut off: the list may not hold every rule";
const LISTING: &str = "last line may be cut off: the listing may not show every rule";
