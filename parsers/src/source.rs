//! A file's text with its places: spans are byte offsets into the decoded UTF-8 text.

use std::ops::Range;
use std::sync::OnceLock;

/// A half-open byte range of the decoded text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from `usize` offsets. Sources are limited to 4 GiB, so the offsets fit; they saturate if they do not.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let fit = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            start: fit(start),
            end: fit(end.max(start)),
        }
    }

    /// From the start of the first to the end of the last.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// As a `usize` range.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.range().len()
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// A place for people and tools: both numbers start at 1, the column counts Unicode scalar values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Position {
    /// Line number.
    pub line: u32,
    /// Column number.
    pub column: u32,
}

/// A decoded file.
#[derive(Debug)]
pub struct Source {
    /// The path as it is reported: relative, with `/`, or `-` for standard input.
    pub path: String,
    /// The text, decoded to UTF-8, without a byte order mark.
    pub text: String,
    /// The encoding's name as reported, for example `UTF-8` or `UTF-16LE`.
    pub encoding: &'static str,
    lines: OnceLock<Vec<u32>>,
}

impl Source {
    /// A source of text that is decoded already.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>, encoding: &'static str) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            encoding,
            lines: OnceLock::new(),
        }
    }

    /// The text of a span; empty if the span does not lie on character boundaries inside the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let mut starts = vec![0];
            starts.extend(
                memchr::memchr_iter(b'\n', self.text.as_bytes())
                    .map(|i| Span::new(i + 1, i + 1).start),
            );
            starts
        })
    }

    /// Every line without its `\n`, with the offset of its first byte. What stands behind the last `\n` is a line too.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let starts = self.starts();
        let ends = starts.iter().skip(1).map(|s| *s as usize - 1);
        let all = starts.iter().zip(ends.chain([self.text.len()]));
        all.map(|(start, end)| {
            let start = *start as usize;
            (start, self.text.get(start..end).unwrap_or(""))
        })
    }

    /// Line and column of a byte offset.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let starts = self.starts();
        let line = starts.partition_point(|s| *s <= offset).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or("");
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position {
            line: count(line),
            column: count(before.chars().count() + 1),
        }
    }

    /// The span of a line (1-based) without its line end; empty past the last line.
    #[must_use]
    pub fn line_span(&self, line: u32) -> Span {
        let starts = self.starts();
        let at = (line as usize).saturating_sub(1);
        let Some(start) = starts.get(at).copied() else {
            return Span::default();
        };
        let end = starts
            .get(at + 1)
            .map_or(self.text.len(), |e| (*e as usize).saturating_sub(1));
        let text = self.text.get(start as usize..end).unwrap_or("");
        Span::new(
            start as usize,
            start as usize + text.trim_end_matches('\r').len(),
        )
    }

    /// Number of lines; a final line end does not start a further line.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.starts().len() - usize::from(self.text.ends_with('\n') || self.text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_start_at_one() {
        let s = Source::new("x", "ab\r\nrègle: x\nlast", "UTF-8");
        assert_eq!(s.position(0), Position { line: 1, column: 1 });
        assert_eq!(s.position(4), Position { line: 2, column: 1 });
        let colon = u32::try_from(s.text.find(':').unwrap()).unwrap();
        assert_eq!(s.position(colon), Position { line: 2, column: 6 });
        assert_eq!(s.slice(s.line_span(1)), "ab");
        assert_eq!(s.slice(s.line_span(3)), "last");
        assert_eq!(s.line_count(), 3);
        let lines: Vec<_> = s.lines().collect();
        assert_eq!(lines, [(0, "ab\r"), (4, "règle: x"), (14, "last")]);
        let lines = |text| Source::new("x", text, "UTF-8").lines().count();
        assert_eq!([lines(""), lines("\n"), lines("a\n\nb")], [1, 2, 3]);
    }
}
