//! A file's text with its places: spans are byte offsets into the decoded UTF-8 text.

use hylint_model::Span;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A place for people and tools: both numbers start at 1, the column counts Unicode scalar values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Position {
    /// Line number.
    pub line: u32,
    /// Column number.
    pub column: u32,
}

/// A decoded file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as it is reported: relative, with `/`, or `-` for standard input.
    pub path: String,
    /// The text, decoded to UTF-8, without a byte order mark.
    pub text: String,
    /// The encoding's name as reported, for example `UTF-8` or `UTF-16LE`.
    pub encoding: &'static str,
    /// Files whose text stands behind that of the file itself, as it includes them; none if it includes none. Each stands
    /// here once, in the order in which it is included first.
    /// INVARIANT: each begins a line, and the text before it ends one.
    pub parts: Vec<Part>,
    /// What the includes of the text stand for, those of included files as well, by the offset of the word `include`.
    pub includes: BTreeMap<u32, Include>,
    lines: OnceLock<Vec<u32>>,
    /// Characters before each [`STRIDE`] of bytes. A whole export may stand on one line, with thousands of places on it.
    characters: OnceLock<Vec<u32>>,
}

/// The text of an included file in that of the file that includes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Its path as it is reported.
    pub path: Arc<str>,
    /// Where its text is, which may end without a line end.
    pub span: Span,
}

/// What an `include` stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Include {
    /// These parts of the text, in order, by their places in [`Source::parts`]; none of a pattern without a file. A file may
    /// be included several times, and may include itself.
    Parts(Vec<usize>),
    /// A file that is not in the given folder.
    Missing,
    /// A place outside the given folder.
    Outside,
    /// A file that is there and cannot be read as text, and why.
    Unreadable(String),
    /// The file itself, which includes this one.
    Itself,
}

/// Bytes whose characters are counted again for each place.
const STRIDE: usize = 1 << 9;

/// Characters that begin in the bytes.
fn characters(bytes: &[u8]) -> usize {
    let begins = |b: &&u8| **b & 0b1100_0000 != 0b1000_0000;
    bytes.iter().filter(begins).count()
}

impl Source {
    /// A source of text that is decoded already.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>, encoding: &'static str) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            encoding,
            parts: Vec::new(),
            includes: BTreeMap::new(),
            lines: OnceLock::new(),
            characters: OnceLock::new(),
        }
    }

    /// The text of a span; empty if the span does not lie on character boundaries inside the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Puts the text of an included file behind the text, and returns its place among the parts.
    pub fn add_part(&mut self, path: impl Into<Arc<str>>, text: &str) -> usize {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.parts.push(Part {
            path: path.into(),
            span: Span::new(start, self.text.len()),
        });
        (self.lines, self.characters) = Default::default();
        self.parts.len() - 1
    }

    /// Where the text of the file itself is: all of it, if the file includes none.
    #[must_use]
    pub fn own(&self) -> Span {
        let end = self.parts.first().map(|p| p.span.start as usize);
        Span::new(0, end.unwrap_or(self.text.len()))
    }

    /// The included file in which a byte offset lies; `None` in the text of the file itself.
    #[must_use]
    pub fn part(&self, offset: u32) -> Option<&Part> {
        let behind = self.parts.partition_point(|p| p.span.start <= offset);
        self.parts.get(behind.checked_sub(1)?)
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

    /// Line and column of a byte offset in its file, which is an included one where the offset lies in a part.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line(offset);
        let starts = self.starts();
        let start = starts.get(line as usize - 1).copied().unwrap_or(0);
        let before = self.between(start as usize, offset as usize);
        let above = self.part(offset).map_or(0, |p| self.line(p.span.start) - 1);
        Position {
            line: line - above,
            column: u32::try_from(before + 1).unwrap_or(u32::MAX),
        }
    }

    /// The line (1-based) of a byte offset in the whole text, parts included: what [`Source::line_span`] takes.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        let line = self.starts().partition_point(|s| *s <= offset).max(1);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// Characters from one offset to another; none if they do not lie on character boundaries.
    fn between(&self, from: usize, to: usize) -> usize {
        match self.text.get(from..to) {
            None => 0,
            Some(part) if part.len() <= 2 * STRIDE => characters(part.as_bytes()),
            Some(_) => self.before(to).saturating_sub(self.before(from)),
        }
    }

    /// Characters before an offset.
    fn before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let marks = self.characters.get_or_init(|| {
            let mut sum = 0;
            let each = bytes.chunks(STRIDE).map(|part| {
                sum += characters(part);
                Span::new(sum, sum).start
            });
            std::iter::once(0).chain(each).collect()
        });
        let at = offset / STRIDE;
        let rest = bytes.get(at * STRIDE..offset).unwrap_or_default();
        marks.get(at).copied().unwrap_or(0) as usize + characters(rest)
    }

    /// The offset that lies so many characters before another one, in the same line; that line's start if it has fewer.
    #[must_use]
    pub fn back(&self, offset: u32, characters: usize) -> u32 {
        let before = self.text.get(..offset as usize).unwrap_or("");
        let here = before.char_indices().rev().take(characters);
        let in_line = here.take_while(|(_, c)| *c != '\n');
        in_line
            .last()
            .map_or(offset, |(at, _)| Span::new(at, at).start)
    }

    /// The span of a line (1-based) of the whole text without its line end; empty past the last line.
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

    /// Number of lines of the whole text; a final line end does not start a further line.
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
        let at = |offset, n| s.back(offset, n);
        assert_eq!([at(colon, 2), at(colon, 99), at(4, 3)], [colon - 2, 4, 4]);
        let lines = |text| Source::new("x", text, "UTF-8").lines().count();
        assert_eq!([lines(""), lines("\n"), lines("a\n\nb")], [1, 2, 3]);
    }

    // Fails if lines of an included file are counted on from those of the file that includes it.
    #[test]
    fn places_in_included_files_are_those_of_the_files() {
        let mut s = Source::new("main", "a\ninclude \"x\"", "UTF-8");
        assert_eq!(s.position(3), Position { line: 2, column: 2 });
        assert_eq!(s.add_part("x", "ab\nü c\n"), 0);
        assert_eq!(s.add_part("y", "zz"), 1);
        let at = |text: &str| u32::try_from(s.text.find(text).unwrap()).unwrap();
        let place = |text: &str| {
            let p = s.position(at(text));
            let path = s.part(at(text)).map_or("main", |p| &*p.path);
            (path, p.line, p.column, s.line(at(text)))
        };
        assert_eq!(place("include"), ("main", 2, 1, 2));
        assert_eq!(place("ab"), ("x", 1, 1, 3));
        assert_eq!(place(" c"), ("x", 2, 2, 4));
        assert_eq!(place("zz"), ("y", 1, 1, 5));
        assert_eq!(s.slice(s.own()), "a\ninclude \"x\"\n");
        assert_eq!(s.slice(s.line_span(4)), "ü c");
    }

    #[test]
    fn a_place_on_a_very_long_line_has_its_column() {
        let text = format!("a\n{}\nb", "é€x".repeat(3 * STRIDE));
        let s = Source::new("x", text.as_str(), "UTF-8");
        for (at, _) in text.char_indices().step_by(997).chain([(text.len(), 'b')]) {
            let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
            let column = text[line..at].chars().count() + 1;
            let found = s.position(u32::try_from(at).unwrap());
            assert_eq!(found.column as usize, column, "byte {at}");
        }
    }
}
