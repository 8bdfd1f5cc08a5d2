//! Lines of a text, each with its place.

use hylint_model::Span;

/// A line without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    /// Its text, with the blanks before it.
    pub(super) text: &'t str,
    /// Where it begins.
    pub(super) at: usize,
    /// The text ends in it, without the end of a line: it may have gone on.
    pub(super) torn: bool,
}

impl<'t> Line<'t> {
    /// Its place, without the blanks around it.
    pub(super) fn span(&self) -> Span {
        let start = self.at + self.text.len() - self.text.trim_start().len();
        Span::new(start, start + self.text.trim().len())
    }

    /// Its text without the blanks around it.
    pub(super) fn trimmed(&self) -> &'t str {
        self.text.trim()
    }

    /// Its words.
    pub(super) fn words(&self) -> std::str::SplitAsciiWhitespace<'t> {
        self.text.split_ascii_whitespace()
    }

    /// Whether it begins with a blank.
    pub(super) fn is_indented(&self) -> bool {
        self.text.starts_with([' ', '\t'])
    }
}

/// The lines of a text from a place on.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|r| !r.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes());
        let length = end.unwrap_or(rest.len());
        let line = Line {
            text: rest.get(..length)?.trim_end_matches('\r'),
            at,
            torn: end.is_none(),
        };
        at += length + 1;
        Some(line)
    })
}

/// The number and the rest of `2: eth0 …`.
pub(super) fn numbered(text: &str) -> Option<(u32, &str)> {
    let (number, rest) = text.split_once(':')?;
    let blank = rest.starts_with([' ', '\t']);
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    (blank && digits).then(|| Some((number.parse().ok()?, rest.trim_start())))?
}
