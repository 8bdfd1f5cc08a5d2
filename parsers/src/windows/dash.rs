//! Hyphens, and what pages and word processors make of them.

/// A hyphen, or a dash that a web page or a word processor makes of one.
pub(crate) fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{2501}'
    )
}
