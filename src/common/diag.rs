//! A mistake in a file that people write for hylint: a matrix or a hylint.toml.

use hylint_parsers::source::Position;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// One mistake with its place. A file's mistakes are all told at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diag {
    /// The file as it is named to people.
    pub path: Arc<str>,
    /// Its whole text.
    pub text: Arc<str>,
    /// Bytes of the text that are wrong.
    pub span: Range<usize>,
    /// What is wrong, one sentence without the final stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Kind of mistake: `config` or `matrix`.
    pub code: &'static str,
}

impl Diag {
    /// Line and column of the first wrong character, both from 1; the column counts characters.
    #[must_use]
    pub fn position(&self) -> Position {
        let before = self.text.get(..self.span.start).unwrap_or(&self.text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |l| l.chars().count())
            .saturating_add(1);
        let fit = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Position {
            line: fit(line),
            column: fit(column),
        }
    }
}

impl fmt::Display for Diag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diag {}

impl miette::Diagnostic for Diag {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let label = miette::LabeledSpan::underline(self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

impl miette::SourceCode for Diag {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let inner = self.text.read_span(span, before, after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.path.to_string(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}

/// `a, b or c`.
pub fn or(all: &[impl AsRef<str>]) -> String {
    joined(all, "or")
}

/// `a, b and c`.
pub fn and(all: &[impl AsRef<str>]) -> String {
    joined(all, "and")
}

fn joined(all: &[impl AsRef<str>], last: &str) -> String {
    let mut out = String::new();
    for (n, a) in all.iter().enumerate() {
        match n {
            0 => {}
            n if n + 1 == all.len() => out.push_str(&format!(" {last} ")),
            _ => out.push_str(", "),
        }
        out.push_str(a.as_ref());
    }
    out
}

/// Why a file cannot be read or written, without the operating system's error number.
#[must_use]
pub fn io_cause(e: &std::io::Error) -> String {
    if e.kind() == std::io::ErrorKind::NotFound {
        return "no such file or folder".to_owned();
    }
    if e.kind() == std::io::ErrorKind::IsADirectory {
        return "it is a folder".to_owned();
    }
    let text = e.to_string();
    let text = text
        .find(" (os error")
        .and_then(|at| text.get(..at))
        .unwrap_or(&text);
    let mut letters = text.chars();
    match letters.next() {
        // Not of an abbreviation.
        Some(first) if letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// The candidate that a misspelt word most likely means: the nearest by edit distance, if near enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|c| (distance(word, c, limit), c))
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, c)| c)
}

/// Edits from one word to the other, two swapped letters being one, or more than `limit` as soon as the lengths alone say
/// so.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let b: Vec<char> = b.chars().collect();
    if a.chars().count().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let first: Vec<usize> = (0..=b.len()).collect();
    // The rows of one and of two letters of `a` before.
    let (mut above, mut row) = (first.clone(), first);
    let mut before = None;
    for (i, ca) in a.chars().enumerate() {
        let next = next_row(&row, &above, &b, i, ca, before);
        above = std::mem::replace(&mut row, next);
        before = Some(ca);
    }
    row.last().copied().unwrap_or(limit + 1)
}

fn next_row(
    row: &[usize],
    above: &[usize],
    b: &[char],
    i: usize,
    ca: char,
    before: Option<char>,
) -> Vec<usize> {
    let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
    let mut next = vec![i + 1];
    let mut left = i + 1;
    for (j, cb) in b.iter().enumerate() {
        let changed = at(row, j) + usize::from(ca != *cb);
        let mut best = (at(row, j + 1) + 1).min(left + 1).min(changed);
        let other = j.checked_sub(1).and_then(|j| b.get(j));
        if other == Some(&ca) && before == Some(*cb) {
            best = best.min(at(above, j.saturating_sub(1)) + 1);
        }
        next.push(best);
        left = best;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits_and_swaps() {
        for (a, b, want) in [
            ("", "", 0),
            ("kitten", "sitting", 3),
            ("rolse", "roles", 1),
            ("tarce", "trace", 1),
            ("ab", "ba", 1),
            ("x", "x", 0),
        ] {
            assert_eq!(distance(a, b, 9), want, "{a} {b}");
        }
        assert_eq!(nearest("adress", ["ports", "address"]), Some("address"));
        assert_eq!(nearest("zzz", ["ports", "address"]), None);
    }

    #[test]
    fn position_counts_characters() {
        let d = Diag {
            path: "x".into(),
            text: "a\nré = 1\n".into(),
            span: 6..7,
            message: String::new(),
            help: None,
            code: "config",
        };
        assert_eq!(d.position(), Position { line: 2, column: 4 });
    }
}
