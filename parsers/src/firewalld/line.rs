//! Lines of a listing as firewall-cmd prints them, of which a terminal may have made several.

use super::own::Word;
use hylint_model::Span;

/// A line with the places of its parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub text: String,
    /// Where each part begins, in the line and in the file.
    parts: Vec<(usize, usize)>,
}

impl Line {
    /// A line of the file that begins at an offset.
    pub(super) fn new(text: &str, at: usize) -> Self {
        Self {
            text: text.to_owned(),
            parts: vec![(0, at)],
        }
    }

    /// Puts what a terminal has broken off behind it, with a blank between them or without.
    pub(super) fn join(&mut self, rest: &str, at: usize, apart: bool) {
        if apart {
            self.text.push(' ');
        }
        self.parts.push((self.text.len(), at));
        self.text.push_str(rest);
    }

    /// The offset in the file.
    fn offset(&self, at: usize) -> usize {
        let n = self.parts.partition_point(|(own, _)| *own <= at);
        let part = n.checked_sub(1).and_then(|n| self.parts.get(n));
        part.map_or(at, |(own, file)| file + (at - own))
    }

    /// The place in the file of a part of the line.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        match end > start {
            // The last character is in the part in which it stands.
            true => Span::new(self.offset(start), self.offset(end - 1) + 1),
            false => Span::new(self.offset(start), self.offset(start)),
        }
    }

    /// The words behind an offset.
    pub(super) fn words(&self, from: usize) -> Vec<Word> {
        let rest = self.text.get(from..).unwrap_or("");
        let words = rest.split_ascii_whitespace();
        let start = rest.as_ptr() as usize;
        words
            .map(|w| {
                let at = from + (w.as_ptr() as usize - start);
                Word::new(w, self.span(at, at + w.len()))
            })
            .collect()
    }

    /// The line without blanks around it.
    pub(super) fn whole(&self) -> Span {
        let start = self.text.len() - self.text.trim_start().len();
        let end = self.text.trim_end().len();
        self.span(start, end.max(start))
    }
}
