//! Splits a rule line into tokens the way iptables-restore does: blanks separate, `"…"` keeps blanks, and inside quotes a
//! backslash keeps the next character. Nothing else is special: `#`, `;`, `!` and `$` may stand inside a token. In a list
//! of shell commands `'…'` keeps everything, too.

use crate::scan;
use hylint_model::Span;
use std::borrow::Cow;

/// One token: a slice of the text without its outer quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// The text between the quotes, or the whole token.
    pub(super) text: &'a str,
    /// The place, quotes included.
    pub(super) span: Span,
}

impl<'a> Token<'a> {
    /// Whether it began with a quote: then it is a value, whatever it looks like.
    pub(super) fn is_quoted(&self) -> bool {
        self.span.len() != self.text.len()
    }

    /// The text with escapes resolved.
    pub(super) fn value(&self) -> Cow<'a, str> {
        let special = if self.is_quoted() { b'\\' } else { b'"' };
        if !self.text.as_bytes().contains(&special) {
            return Cow::Borrowed(self.text);
        }
        if !self.is_quoted() {
            return Cow::Owned(self.text.replace('"', ""));
        }
        let mut out = String::with_capacity(self.text.len());
        let mut chars = self.text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => out.extend(chars.next()),
                c => out.push(c),
            }
        }
        Cow::Owned(out)
    }

    /// True for an unquoted word that starts with a dash and is no number or lone dash: an option.
    pub(super) fn is_option(&self) -> bool {
        let mut bytes = self.text.bytes();
        !self.is_quoted()
            && bytes.next() == Some(b'-')
            && bytes
                .next()
                .is_some_and(|b| b == b'-' || b.is_ascii_alphabetic() || b == b'4' || b == b'6')
    }

    /// True for the negation mark.
    pub(super) fn is_bang(&self) -> bool {
        self.text == "!" && !self.is_quoted()
    }
}

/// The tokens of one line.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    /// The line is one for a shell.
    shell: bool,
    /// A quote (or a template expression) that does not end on this line.
    pub(super) unterminated: bool,
}

/// A place among the tokens of a line.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    at: usize,
    unterminated: bool,
}

impl<'a> Tokens<'a> {
    /// Tokens of `text[span]`.
    pub(super) fn new(text: &'a str, span: Span) -> Self {
        let range = span.range();
        Self {
            text,
            at: range.start,
            end: range.end.min(text.len()),
            shell: false,
            unterminated: false,
        }
    }

    /// Tokens of a line that a shell would read, where `shell` says so.
    pub(super) fn of(text: &'a str, span: Span, shell: bool) -> Self {
        Self {
            shell,
            ..Self::new(text, span)
        }
    }

    /// Where the next token is looked for.
    pub(super) fn offset(&self) -> u32 {
        Span::new(self.at, self.at).start
    }

    /// What is not taken yet.
    pub(super) fn rest(&self) -> Span {
        Span::new(self.at, self.end)
    }

    /// The place to come back to with [`Tokens::back_to`].
    pub(super) fn mark(&self) -> Mark {
        Mark {
            at: self.at,
            unterminated: self.unterminated,
        }
    }

    /// Forgets what was taken since a mark.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.at = mark.at;
        self.unterminated = mark.unterminated;
    }

    /// The next token without taking it.
    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.clone().next()
    }

    fn quoted(&mut self, start: usize) -> Token<'a> {
        let bytes = self.text.as_bytes();
        let quote = bytes.get(start).copied().unwrap_or(b'"');
        let body = bytes.get(start + 1..self.end).unwrap_or(&[]);
        let mut i = 0;
        let mut closed = false;
        while let Some(b) = body.get(i) {
            match b {
                b'\\' if quote == b'"' => i += 1,
                b if *b == quote => {
                    closed = true;
                    break;
                }
                _ => {}
            }
            i += 1;
        }
        let stop = (start + 1 + i).min(self.end);
        self.unterminated |= !closed;
        self.at = (stop + usize::from(closed)).min(self.end);
        Token {
            text: self.text.get(start + 1..stop).unwrap_or(""),
            span: Span::new(start, self.at),
        }
    }

    fn plain(&mut self, start: usize) -> Token<'a> {
        let rest = self.text.as_bytes().get(start..self.end).unwrap_or(&[]);
        let mut quote = false;
        // Nearly every token ends at the first blank.
        let mut len = scan::word_end(rest);
        if rest.starts_with(b"{{") {
            // An unrendered template expression is one value, blanks included.
            len = memchr::memmem::find(rest, b"}}").unwrap_or(0);
        }
        let mut closed = false;
        while let Some(b) = rest.get(len).filter(|_| !closed) {
            match b {
                b'"' => {
                    // A quote that closes ends the word; for a shell it does not.
                    closed = quote && !self.shell;
                    quote = !quote;
                }
                b'\\' if quote => len += 1,
                b' ' | b'\t' if !quote => break,
                _ => {}
            }
            len += 1;
        }
        self.unterminated |= quote;
        let len = len.min(rest.len());
        self.at = start + len;
        Token {
            text: self.text.get(start..self.at).unwrap_or(""),
            span: Span::new(start, self.at),
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    #[inline]
    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.text.as_bytes().get(self.at..self.end)?;
        let mut blanks = rest.iter().position(|b| !matches!(b, b' ' | b'\t'))?;
        if let [b'\\', b'\n' | b'\r', ..] = rest.get(blanks..)? {
            // A command that goes on in the next line.
            let after = blanks + 1;
            blanks = after
                + rest
                    .get(after..)?
                    .iter()
                    .position(|b| !b.is_ascii_whitespace())?;
        }
        let start = self.at + blanks;
        Some(match rest.get(blanks) {
            Some(b'"') => self.quoted(start),
            Some(b'\'') if self.shell => self.quoted(start),
            _ => self.plain(start),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(s: &str) -> (Vec<String>, bool) {
        let mut t = Tokens::new(s, Span::new(0, s.len()));
        let all = t.by_ref().map(|t| t.value().into_owned()).collect();
        (all, t.unterminated)
    }

    #[test]
    fn quotes_escapes_and_odd_names() {
        let (all, cut) =
            split(r##"-A X  --comment "say \"hi\" it\'s # not" --match-set w-;r#^$3]6!N dst"##);
        assert_eq!(
            all,
            [
                "-A",
                "X",
                "--comment",
                "say \"hi\" it's # not",
                "--match-set",
                "w-;r#^$3]6!N",
                "dst"
            ]
        );
        assert!(!cut);
    }

    #[test]
    fn an_open_quote_is_told() {
        let (all, cut) = split(r#"--log-prefix "abc -j DROP"#);
        assert_eq!(all, ["--log-prefix", "abc -j DROP"]);
        assert!(cut);
        assert!(split(r#"x "a\"#).1);
        assert!(split("a\"b c").1);
    }

    #[test]
    fn spans_cover_the_quotes_and_templates_are_one_value() {
        let s = r#"-s {{ a | b }}/64 "q r""#;
        let all: Vec<_> = Tokens::new(s, Span::new(0, s.len()))
            .map(|t| &s[t.span.range()])
            .collect();
        assert_eq!(all, ["-s", "{{ a | b }}/64", "\"q r\""]);
    }
}
