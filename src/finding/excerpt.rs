//! The lines that a place stands on.

use hylint_model::Span;

use hylint_parsers::source::{Position, Source};
use std::sync::Arc;

/// Lines of a file in one piece of text: a long report holds several for each of its findings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Excerpt {
    /// Number of the first line, from 1.
    line: u32,
    /// Column of the first character kept of it, from 1; of the other lines the first character is kept.
    column: u32,
    /// The lines with their line ends, but for the last one's.
    text: Option<Arc<str>>,
}

/// One line of an excerpt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExcerptLine<'e> {
    /// Line number, from 1.
    pub line: u32,
    /// Column of the first character of `text`, from 1 (more than 1 if the line was cut on the left).
    pub column: u32,
    /// The text without its line end, not sanitized.
    pub text: &'e str,
}

impl Excerpt {
    /// Lines kept of a place that spans more.
    pub const LINES: u32 = 4;
    /// Characters kept of a line.
    pub const CHARS: usize = 240;
    /// Characters kept before the place where a line is cut.
    const BEFORE: usize = 40;

    /// The lines from one position, at an offset, to another: at most [`Excerpt::LINES`], each cut to [`Excerpt::CHARS`]
    /// characters around the start.
    #[must_use]
    pub fn new(source: &Source, offset: u32, start: Position, end: Position) -> Self {
        // Of an included file the lines in the text are others than its own.
        let first = source.line(offset);
        let more = end.line.saturating_sub(start.line).min(Self::LINES - 1);
        let spans = || (first..=first + more).map(|line| source.line_span(line));
        let whole = spans().all(|s| s.len() <= Self::CHARS);
        if whole && let (Some(from), Some(to)) = (spans().next(), spans().last()) {
            return Self::of(start.line, 1, source.slice(from.to(to)));
        }
        let mut column = 1;
        let cut = |(n, span): (usize, Span)| {
            let mut from = span.start;
            // Minified JSON puts a whole export on one line: keep a window that starts shortly before the place.
            if n == 0 && span.len() > Self::CHARS {
                from = source.back(offset, Self::BEFORE);
                column = source.position(from).column;
            }
            let text = source.slice(Span {
                start: from,
                ..span
            });
            text.chars().take(Self::CHARS).collect::<String>()
        };
        let lines: Vec<String> = spans().enumerate().map(cut).collect();
        Self::of(start.line, column, &lines.join("\n"))
    }

    /// Lines as they are, `text` from this column of the first of them on.
    #[must_use]
    pub fn of(line: u32, column: u32, text: &str) -> Self {
        Self {
            line,
            column,
            text: Some(text.into()),
        }
    }

    /// Whether it has no line, not even an empty one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_none()
    }

    /// Its lines.
    pub fn lines(&self) -> impl Iterator<Item = ExcerptLine<'_>> {
        let texts = self.text.iter().flat_map(|t| t.split('\n'));
        (self.line..).zip(texts).map(|(line, text)| ExcerptLine {
            line,
            column: if line == self.line { self.column } else { 1 },
            text: text.trim_end_matches('\r'),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, from: u32, to: u32) -> Vec<(u32, u32, String)> {
        let source = Source::new("x", text, "UTF-8");
        let (start, end) = (source.position(from), source.position(to));
        let all = Excerpt::new(&source, from, start, end);
        let own = |l: ExcerptLine<'_>| (l.line, l.column, l.text.to_owned());
        all.lines().map(own).collect()
    }

    #[test]
    fn the_lines_of_a_place_have_no_line_ends() {
        let text = "a\r\n\r\nrègle\r\nd\ne\nf\n";
        let kept = [(2, 1, ""), (3, 1, "règle"), (4, 1, "d"), (5, 1, "e")];
        assert_eq!(lines(text, 3, 18), kept.map(|(l, c, t)| (l, c, t.into())));
        assert_eq!(lines(text, 0, 0), [(1, 1, "a".into())]);
        assert!(Excerpt::default().is_empty());
        assert_eq!(Excerpt::default().lines().count(), 0);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!(
            "{}@{}\n{}",
            "é".repeat(300),
            "b".repeat(300),
            "c".repeat(300)
        );
        let [first, second] = lines(&text, 600, 905).try_into().unwrap();
        assert_eq!((first.0, first.1, first.2.find('@')), (1, 261, Some(80)));
        assert_eq!(first.2.chars().count(), Excerpt::CHARS);
        assert_eq!(second, (2, 1, "c".repeat(Excerpt::CHARS)));
    }
}
