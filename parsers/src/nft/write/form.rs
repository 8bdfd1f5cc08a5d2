//! The form of what nft says: words, sets and errors for what has none.

use crate::write::WriteError;
use hylint_model::Span;
use hylint_space::{RangeSet, Scalar};

/// Returns what nft has no words for.
pub(super) fn error(span: Span, message: &'static str) -> WriteError {
    WriteError::new("nft", span, message)
}

/// Values, in braces where there are several.
pub(super) fn braced(values: &[String]) -> String {
    match values {
        [one] => one.clone(),
        many => format!("{{ {} }}", many.join(", ")),
    }
}

/// `key value`, or `key != value` of the opposite where that is shorter.
pub(super) fn either(key: &str, values: &[String], opposite: &[String]) -> String {
    if !opposite.is_empty() && (opposite.len() < values.len() || values.is_empty()) {
        format!("{key} != {}", braced(opposite))
    } else {
        format!("{key} {}", braced(values))
    }
}

/// Ranges of numbers.
pub(super) fn ranges<T: Scalar + std::fmt::Display>(set: &RangeSet<T>) -> Vec<String> {
    let text = |(lo, hi): (T, T)| {
        if lo == hi {
            lo.to_string()
        } else {
            format!("{lo}-{hi}")
        }
    };
    set.iter().map(text).collect()
}

/// Whether nft takes a text as a name (`string` of its lexer).
pub(in super::super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    first
        && bytes
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'\\' | b'_' | b'.' | b'-'))
}

/// A text in quotes; nft has no way to write a quote in one.
pub(super) fn quoted(text: &str) -> Option<String> {
    let plain = !text.contains('"') && !text.chars().any(char::is_control);
    plain.then(|| format!("\"{text}\""))
}
