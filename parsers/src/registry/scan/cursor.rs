//! Lines of a text, and where their reader is.

use super::value::{Scan, is_rule_text};
use super::variables::Variables;
use crate::registry::text::Text;
use hylint_model::Span;

/// A line without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Where it begins.
    pub(super) start: usize,
    /// Its text, without blanks behind it.
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    /// Where its text ends.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Its place, without blanks before it.
    pub(super) fn span(&self) -> Span {
        let text = self.text.trim_start();
        Span::new(self.end() - text.len(), self.end())
    }

    /// Its text without blanks before it.
    pub(super) fn trimmed(&self) -> &'a str {
        self.text.trim_start()
    }

    /// Where a part of the line stands; the line's start if it is no part of it.
    pub(super) fn at(&self, part: &str) -> usize {
        let from = part.as_ptr() as usize;
        from.checked_sub(self.text.as_ptr() as usize)
            .filter(|n| *n <= self.text.len())
            .map_or(self.start, |n| self.start + n)
    }
}

/// Where the reader is.
pub(super) struct Cursor<'a> {
    /// The whole text.
    pub(super) text: &'a str,
    /// Its lines.
    pub(super) lines: Vec<Line<'a>>,
    /// The line that is read next.
    pub(super) next: usize,
    /// What was found.
    pub(super) scan: Scan<'a>,
    /// The key whose values follow.
    pub(super) key: Option<usize>,
    /// Whether the keys are those of a registry file.
    pub(super) in_file: bool,
    /// Lines up to this one are no list.
    pub(super) plain_until: usize,
    /// Variables of a script.
    pub(super) variables: Variables<'a>,
}

impl<'a> Cursor<'a> {
    /// A line, counted from the next one.
    pub(super) fn peek(&self, ahead: usize) -> Option<Line<'a>> {
        self.lines.get(self.next + ahead).copied()
    }

    /// Goes on behind the line in which an offset lies.
    pub(super) fn skip_to(&mut self, end: usize) {
        while self.peek(0).is_some_and(|l| l.start < end) {
            self.next += 1;
        }
    }

    /// The text of a place.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    /// A rule string that goes on in the next lines, since its description holds a line break. Others end with their line.
    pub(super) fn whole(&mut self, start: usize, end: usize) -> Text<'a> {
        const MOST: usize = 40;
        let first = self.slice(start, end);
        if is_rule_text(first) && !first.ends_with('|') {
            for ahead in 0..MOST {
                let Some(line) = self.peek(ahead) else { break };
                if line.text.is_empty() || begins_something(line.text) {
                    break;
                }
                if line.text.ends_with('|') && line.text.contains('=') {
                    self.next += ahead + 1;
                    return Text::plain(self.slice(start, line.end()), start);
                }
            }
        }
        Text::plain(first, start)
    }
}

/// Whether a line begins a key or a value.
fn begins_something(line: &str) -> bool {
    let text = line.trim_start();
    queried(line).is_some() || is_rule_text(text) || text.starts_with(['[', '"']) || is_hive(text)
}

/// Whether a text begins with the name of a hive.
pub(super) fn is_hive(text: &str) -> bool {
    const HIVES: [&str; 4] = ["HKEY_", "HKLM", "HKCU", "HKU"];
    let behind = HIVES.iter().find_map(|h| {
        let head = text.get(..h.len())?;
        head.eq_ignore_ascii_case(h).then(|| text.get(h.len()..))?
    });
    behind.is_some_and(|rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_')
            .starts_with(['\\', ':'])
    })
}

/// Types of values, as `reg query` calls them.
const TYPES: [&str; 9] = [
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_MULTI_SZ",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_QWORD",
    "REG_BINARY",
    "REG_NONE",
    "REG_LINK",
];

/// Name, type and data of a value's line of `reg query`.
pub(super) fn queried(line: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + line.get(from..)?.find("REG_")?;
        let (before, rest) = line.split_at_checked(at)?;
        let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
        let (kind, data) = rest.split_at_checked(end)?;
        let apart = before.ends_with("  ") || before.ends_with('\t');
        if apart && TYPES.contains(&kind) && !before.trim().is_empty() {
            return Some((before.trim(), kind, data.trim()));
        }
        from = at + 4;
    }
}
