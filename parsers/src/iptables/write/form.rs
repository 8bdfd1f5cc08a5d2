//! The form of what a dump says: words, boxes of one family, and errors for what has none.

use crate::write::WriteError;
use hylint_model::Span;
use hylint_space::{AddrSet, Family, PacketBox};

/// How many lines each rule took, in model order.
pub(super) type LineCounts = Vec<usize>;

/// Limit of iptables-restore: words of a rule.
pub(super) const MAX_WORDS: usize = 240;

/// Returns what a dump has no words for.
pub(super) fn error(span: Span, message: &'static str) -> WriteError {
    WriteError::new("iptables", span, message)
}

/// One value, quoted if it would not be read as one word.
pub(super) fn word(text: &str) -> String {
    let special = |b: u8| {
        b.is_ascii_whitespace() || b.is_ascii_control() || matches!(b, b'"' | b'\\' | b'\'')
    };
    if !text.is_empty() && !text.starts_with(['-', '!', '{']) && !text.bytes().any(special) {
        return text.to_owned();
    }
    let mut out = String::from('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '\'') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// What a box says inside the dump's family.
pub(super) fn clip(space: &PacketBox, family: Option<Family>) -> PacketBox {
    let Some(f) = family else {
        return space.clone();
    };
    let mut space = space.clone();
    space.src = space.src.intersect(&AddrSet::any_of(f));
    space.dst = space.dst.intersect(&AddrSet::any_of(f));
    space
}
