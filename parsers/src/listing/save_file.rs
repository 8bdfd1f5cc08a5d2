//! A save file that says what a listing says, and where each of its words stands in the listing.

use hylint_model::{ConditionKind, Hits, Span};
use rustc_hash::FxHashMap;

/// A part of a rule that the listing does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) kind: ConditionKind,
    /// What is not known, in words.
    pub(super) text: String,
    pub(super) span: Span,
}

/// What a rule has beside the words of its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) opens: Vec<Open>,
    pub(super) hits: Hits,
    /// What becomes of its packets is not known, and why.
    pub(super) opaque: Option<Box<str>>,
}

struct Word {
    start: u32,
    end: u32,
    src: Span,
    /// The word is the text at its place, byte by byte.
    exact: bool,
}

struct Line {
    start: u32,
    src: Span,
}

/// The text while it is written.
#[derive(Default)]
pub(super) struct Gen {
    pub(super) text: String,
    words: Vec<Word>,
    lines: Vec<Line>,
    /// By where a rule's line begins.
    pub(super) rules: FxHashMap<u32, About>,
}

impl Gen {
    fn at(&self) -> u32 {
        Span::new(self.text.len(), self.text.len()).start
    }

    /// Begins a line for a place of the listing.
    pub(super) fn begin(&mut self, src: Span) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let start = self.at();
        self.lines.push(Line { start, src });
    }

    /// Ends the text.
    pub(super) fn finish(&mut self) {
        self.text.push('\n');
    }

    /// Begins the line of a rule.
    pub(super) fn rule(&mut self, chain: &str, src: Span, about: About) {
        self.begin(src);
        let start = self.at();
        self.rules.insert(start, about);
        self.text.push_str("-A ");
        self.text.push_str(chain);
    }

    /// A whole line for a place.
    pub(super) fn line(&mut self, text: &str, src: Span) {
        self.begin(src);
        self.text.push_str(text);
    }

    /// Text of the line that stands for nothing else.
    pub(super) fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Text that is the listing's own, byte by byte.
    pub(super) fn exact(&mut self, text: &str, src: Span) {
        let start = self.at();
        self.text.push_str(text);
        self.words.push(Word {
            start,
            end: self.at(),
            src,
            exact: true,
        });
    }

    /// A word that stands for a place.
    pub(super) fn word(&mut self, text: &str, src: Span) {
        if !self.text.ends_with('\n') && !self.text.is_empty() {
            self.text.push(' ');
        }
        let start = self.at();
        self.text.push_str(text);
        let end = self.at();
        let exact = text.len() == src.len();
        self.words.push(Word {
            start,
            end,
            src,
            exact,
        });
    }

    /// The place in the listing of a place in the text.
    pub(super) fn back(&self, span: Span) -> Span {
        if span.is_empty() {
            return Span::default();
        }
        let after = self.lines.partition_point(|l| l.start <= span.start);
        let Some(first) = after.checked_sub(1).and_then(|i| self.lines.get(i)) else {
            return Span::default();
        };
        if first.start == span.start {
            let beyond = self.lines.partition_point(|l| l.start < span.end);
            let last = beyond.checked_sub(1).and_then(|i| self.lines.get(i));
            return last.map_or(first.src, |l| first.src.to(l.src));
        }
        let begins = self.words.partition_point(|w| w.end <= span.start);
        let ends = self.words.partition_point(|w| w.start < span.end);
        let inside = self.words.get(begins..ends).unwrap_or(&[]);
        let part = |w: &Word| {
            if !w.exact {
                return w.src;
            }
            let skip = span.start.saturating_sub(w.start);
            let rest = w.end.saturating_sub(span.end);
            Span {
                start: w.src.start + skip,
                end: w.src.end.saturating_sub(rest),
            }
        };
        let parts = inside.iter().map(part);
        parts.reduce(Span::to).unwrap_or(first.src)
    }
}

/// A word in the quotes of a save file.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '\'') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails if a place of the written text leads to another one of the listing.
    #[test]
    fn places_lead_back() {
        let mut g = Gen::default();
        let at = |a, b| Span::new(a, b);
        g.line("*filter", at(0, 20));
        g.rule("INPUT", at(50, 90), About::default());
        g.word("-s", at(60, 68));
        g.word("10.0.0.1", at(60, 68));
        g.word("-j", at(50, 54));
        g.word("DROP", at(50, 54));
        g.finish();
        let find = |part: &str| {
            let i = g.text.find(part).unwrap();
            g.back(at(i, i + part.len()))
        };
        assert_eq!(find("-s 10.0.0.1"), at(60, 68));
        assert_eq!(find("0.0.1"), at(63, 68));
        assert_eq!(find("-A INPUT -s 10.0.0.1 -j DROP"), at(50, 90));
        assert_eq!(g.back(at(0, g.text.len())), at(0, 90));
        assert_eq!(g.back(Span::default()), Span::default());
        assert_eq!(quoted("a\"b"), "\"a\\\"b\"");
    }
}
