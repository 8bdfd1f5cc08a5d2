//! A rule as the words of a save file, while its columns are read.

use super::columns::Word;
use super::save_file::{Open, quoted};
use hylint_model::{ConditionKind, Span};
use std::borrow::Cow;

/// The words of a rule, and what they leave open.
#[derive(Debug, Default)]
pub(super) struct Spec<'a> {
    pub(super) words: Vec<(Cow<'a, str>, Span)>,
    pub(super) opens: Vec<Open>,
}

impl<'a> Spec<'a> {
    /// A word with the place that it stands for.
    pub(super) fn word(&mut self, text: impl Into<Cow<'a, str>>, span: Span) {
        self.words.push((text.into(), span));
    }

    /// `-m NAME`.
    pub(super) fn call(&mut self, name: &'static str, span: Span) {
        self.word("-m", span);
        self.word(name, span);
    }

    /// An option without a value.
    pub(super) fn flag(&mut self, name: &'static str, span: Span) {
        self.word(name, span);
    }

    /// `[!] --option value`.
    pub(super) fn option(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
        negated: bool,
        span: Span,
    ) {
        if negated {
            self.word("!", span);
        }
        self.word(name, span);
        self.word(value, span);
    }

    /// The same with a value in quotes.
    pub(super) fn text(&mut self, name: &'static str, value: &str, negated: bool, span: Span) {
        self.option(name, quoted(value), negated, span);
    }

    /// Something that the listing does not tell. Two of them are never the same.
    pub(super) fn open(&mut self, kind: ConditionKind, text: &str, span: Span) {
        let text = format!("{text} (at byte {})", span.start);
        self.opens.push(Open { kind, text, span });
    }
}

/// Words behind the columns, from left to right.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'w, 'a> {
    pub(super) text: &'a str,
    words: &'w [Word<'a>],
    at: usize,
}

impl<'w, 'a> Cursor<'w, 'a> {
    pub(super) fn new(text: &'a str, words: &'w [Word<'a>]) -> Self {
        Self { text, words, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.at).copied()
    }

    /// The word so many places further on.
    pub(super) fn ahead(&self, n: usize) -> &'a str {
        self.words.get(self.at + n).map_or("", |w| w.text)
    }

    pub(super) fn next(&mut self) -> Option<Word<'a>> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    /// Takes the word if it is this one.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let is = self.peek().is_some_and(|w| w.text == text);
        self.at += usize::from(is);
        is
    }

    /// Takes `!` if it stands here.
    pub(super) fn bang(&mut self) -> bool {
        self.take("!")
    }

    /// Takes words that are these.
    pub(super) fn all(&mut self, texts: &[&str]) -> bool {
        let is = texts.iter().enumerate().all(|(i, t)| self.ahead(i) == *t);
        self.at += if is { texts.len() } else { 0 };
        is
    }

    /// The value behind a key such as `seconds:` or `--limit`.
    pub(super) fn value(&mut self, key: &str) -> Option<Word<'a>> {
        if self.words.get(self.at + 1).is_none() || !self.take(key) {
            return None;
        }
        self.next()
    }

    /// What stands glued behind a key: `dpt:22`.
    pub(super) fn glued(&mut self, key: &str) -> Option<Word<'a>> {
        let word = self.peek()?;
        let rest = word.text.strip_prefix(key)?;
        self.at += 1;
        Some(Word {
            text: rest,
            span: word.span,
        })
    }

    /// From a word to the last one that was taken.
    pub(super) fn since(&self, first: Span) -> Span {
        let last = self.at.checked_sub(1).and_then(|i| self.words.get(i));
        last.map_or(first, |w| first.to(w.span))
    }

    /// Everything that is left, as one place.
    pub(super) fn rest(&self) -> Option<Span> {
        let (first, last) = (self.words.get(self.at)?, self.words.last()?);
        Some(first.span.to(last.span))
    }

    /// Goes behind the last word that ends at a byte or before it.
    pub(super) fn behind(&mut self, byte: u32) {
        while self.peek().is_some_and(|w| w.span.start < byte) {
            self.at += 1;
        }
    }

    /// Text between quotes, from the word that begins with one.
    pub(super) fn quoted(&mut self) -> Option<String> {
        let first = self.peek()?;
        let whole = self.rest()?;
        let body = self.text.get(whole.range())?.strip_prefix('"')?;
        let mut out = String::new();
        let mut chars = body.char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    let end = whole.start as usize + 1 + i + 1;
                    self.behind(Span::new(end, end).start);
                    return Some(out);
                }
                '\\' => out.extend(chars.next().map(|(_, c)| c)),
                c => out.push(c),
            }
        }
        let _ = first;
        None
    }
}
