//! Reads TOML key by key. Nothing is taken for granted and nothing stops at the first mistake: each wrong key, type or
//! value is a [`Diag`] with its place, and reading goes on.

use crate::common::diag::{Diag, nearest, or};
use crate::common::toml_keys::Words;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file under reading, with the mistakes found so far.
#[derive(Debug)]
pub struct Document {
    path: Arc<str>,
    text: Arc<str>,
    code: &'static str,
    found: RefCell<Vec<Diag>>,
    syntax: RefCell<Vec<Diag>>,
}

impl Document {
    /// A file; `code` is the kind of its mistakes.
    #[must_use]
    pub fn new(path: &str, text: &str, code: &'static str) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            code,
            found: RefCell::default(),
            syntax: RefCell::default(),
        }
    }

    /// Calls `read` with the file's root table and gives its result. Where the file is no TOML, the keys that still
    /// could be read are read.
    pub fn read<T>(&self, read: impl FnOnce(Table<'_, '_>) -> T) -> T {
        let (root, errors) = DeTable::parse_recoverable(&self.text);
        let syntax = errors.iter().map(|e| {
            let span = e.span().unwrap_or(0..0);
            self.diag(span, e.message().replace('\n', ", "), None)
        });
        self.syntax.borrow_mut().extend(syntax);
        read(Table {
            doc: self,
            table: root.get_ref(),
            span: 0..0,
        })
    }

    /// Whether what was read is no TOML.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        !self.syntax.borrow().is_empty()
    }

    /// Every mistake, in order of place. Where the file is no TOML, those that may only follow from that (on the same
    /// line, missing keys) are left out.
    #[must_use]
    pub fn finish(self) -> Vec<Diag> {
        let mut all = self.found.into_inner();
        let syntax = self.syntax.into_inner();
        if !syntax.is_empty() {
            let lines: Vec<u32> = syntax.iter().map(|d| d.position().line).collect();
            // Behind an unclosed header a key is in another table than it was written in.
            let mut headers = syntax
                .iter()
                .filter(|d| d.message.contains("unclosed table"));
            let header = headers.next().map(|d| d.position().line);
            let follows = |d: &Diag| {
                let behind = header.is_some_and(|line| d.position().line > line);
                behind && d.message.starts_with(UNKNOWN)
            };
            all.retain(|d| {
                !d.message.ends_with(MISSING) && !lines.contains(&d.position().line) && !follows(d)
            });
            all.extend(syntax);
        }
        all.sort_by(|a, b| (a.span.start, &a.message).cmp(&(b.span.start, &b.message)));
        all.dedup();
        all
    }

    /// Records a mistake.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.found
            .borrow_mut()
            .push(self.diag(span, message.into(), help));
    }

    fn diag(&self, span: Range<usize>, message: String, help: Option<String>) -> Diag {
        Diag {
            path: self.path.clone(),
            text: self.text.clone(),
            span,
            message,
            help,
            code: self.code,
        }
    }
}

const MISSING: &str = "is missing";
const UNKNOWN: &str = "unknown key";
/// What a date looks like.
const DATE: &str = "a date such as 2027-03-31";

/// A table.
#[derive(Clone, Debug)]
pub struct Table<'d, 't> {
    doc: &'d Document,
    table: &'t DeTable<'t>,
    /// Place of its header or braces.
    pub span: Range<usize>,
}

impl<'d, 't> Table<'d, 't> {
    /// Reports each key that is not in `known`.
    pub fn only(&self, known: &[&str]) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let help = match nearest(name, known.iter().copied()) {
                    Some(k) => format!("did you mean `{k}`?"),
                    None => format!("expected {}", list(known)),
                };
                self.doc
                    .error(key.span(), format!("{UNKNOWN} `{name}`"), Some(help));
            }
        }
    }

    /// A key's value, if it is there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'d, 't>> {
        self.table.get(key).map(|v| self.value(v))
    }

    /// A key's value; that it is missing is a mistake at the table's place.
    #[must_use]
    pub fn need(&self, key: &str) -> Option<Value<'d, 't>> {
        let found = self.get(key);
        if found.is_none() {
            self.doc
                .error(self.span.clone(), format!("`{key}` {MISSING}"), None);
        }
        found
    }

    /// Each key with its place and value, in the order of the file.
    #[must_use]
    pub fn entries(&self) -> Vec<(&'t str, Range<usize>, Value<'d, 't>)> {
        let mut all: Vec<_> = self
            .table
            .iter()
            .map(|(k, v)| (&**k.get_ref(), k.span(), self.value(v)))
            .collect();
        all.sort_by_key(|(_, span, _)| span.start);
        all
    }

    /// Records a mistake at the table's place.
    pub fn error(&self, message: impl Into<String>, help: Option<String>) {
        self.doc.error(self.span.clone(), message, help);
    }

    /// A text that must be there.
    #[must_use]
    pub fn need_str(&self, key: &str) -> Option<&'t str> {
        self.need(key)?.str()
    }

    /// A text.
    #[must_use]
    pub fn str(&self, key: &str) -> Option<&'t str> {
        self.get(key)?.str()
    }

    /// A list of texts; empty if the key is missing.
    #[must_use]
    pub fn strings(&self, key: &str) -> Vec<(&'t str, Range<usize>)> {
        self.get(key).map_or_else(Vec::new, |v| v.strings())
    }

    /// A list of tables; empty if the key is missing.
    #[must_use]
    pub fn tables(&self, key: &str) -> Vec<Table<'d, 't>> {
        let values = self.get(key).and_then(|v| v.list()).unwrap_or_default();
        values.iter().filter_map(Value::table).collect()
    }

    fn value(&self, value: &'t Spanned<DeValue<'t>>) -> Value<'d, 't> {
        Value {
            doc: self.doc,
            value,
        }
    }
}

/// A value.
#[derive(Clone, Debug)]
pub struct Value<'d, 't> {
    doc: &'d Document,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'d, 't> Value<'d, 't> {
    /// Its place.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Records a mistake at the value.
    pub fn error(&self, message: impl Into<String>, help: Option<String>) {
        self.doc.error(self.span(), message, help);
    }

    /// Records a mistake at another place, for example the value's key.
    pub fn error_at(&self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.doc.error(span, message, help);
    }

    fn wrong<T>(&self, wanted: &str) -> Option<T> {
        let is = match self.value.get_ref().type_str() {
            "array" => "a list",
            "boolean" => "true or false",
            "datetime" => "a date or time",
            "float" | "integer" => "a number",
            "string" => "a string",
            _ => "a table",
        };
        self.error(format!("expected {wanted}, found {is}"), None);
        None
    }

    /// A text; anything else is a mistake.
    #[must_use]
    pub fn str(&self) -> Option<&'t str> {
        match self.value.get_ref() {
            DeValue::String(s) => Some(s),
            _ => self.wrong("a string"),
        }
    }

    /// Whether it is a text.
    #[must_use]
    pub fn is_str(&self) -> bool {
        self.value.get_ref().is_str()
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// True or false; anything else is a mistake.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(b) => Some(*b),
            _ => self.wrong("true or false"),
        }
    }

    /// A whole number in `lo..=hi`; anything else is a mistake.
    #[must_use]
    pub fn int(&self, lo: i64, hi: i64) -> Option<i64> {
        let DeValue::Integer(n) = self.value.get_ref() else {
            return self.wrong("a number");
        };
        match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) if (lo..=hi).contains(&n) => Some(n),
            _ => {
                self.error(format!("invalid number {n}, expected {lo} to {hi}"), None);
                None
            }
        }
    }

    /// A date without a time; anything else is a mistake.
    #[must_use]
    pub fn date(&self) -> Option<jiff::civil::Date> {
        let (year, month, day) = match self.value.get_ref() {
            DeValue::Datetime(d) => match (d.date, d.time) {
                (Some(date), None) => (date.year, date.month, date.day),
                _ => return self.wrong(DATE),
            },
            DeValue::String(s) => {
                let date = s.parse().ok();
                if date.is_none() {
                    self.error(format!("invalid date `{s}`, expected {DATE}"), None);
                }
                return date;
            }
            _ => return self.wrong(DATE),
        };
        let fit = |n: u8| i8::try_from(n).ok();
        let date = i16::try_from(year)
            .ok()
            .zip(fit(month).zip(fit(day)))
            .and_then(|(y, (m, d))| jiff::civil::Date::new(y, m, d).ok());
        if date.is_none() {
            self.error(format!("invalid date, expected {DATE}"), None);
        }
        date
    }

    /// A list; anything else is a mistake.
    #[must_use]
    pub fn list(&self) -> Option<Vec<Value<'d, 't>>> {
        match self.value.get_ref() {
            DeValue::Array(a) => Some(
                a.iter()
                    .map(|value| Value {
                        doc: self.doc,
                        value,
                    })
                    .collect(),
            ),
            _ => self.wrong("a list"),
        }
    }

    /// A list of texts with their places; what is no text is a mistake and left out.
    #[must_use]
    pub fn strings(&self) -> Vec<(&'t str, Range<usize>)> {
        let values = self.list().unwrap_or_default();
        values
            .iter()
            .filter_map(|v| v.str().map(|s| (s, v.span())))
            .collect()
    }

    /// A table; anything else is a mistake.
    #[must_use]
    pub fn table(&self) -> Option<Table<'d, 't>> {
        match self.value.get_ref() {
            DeValue::Table(table) => Some(Table {
                doc: self.doc,
                table,
                span: self.span(),
            }),
            _ => self.wrong("a table"),
        }
    }

    /// What a word means; one that is not declared is a mistake that names those that are.
    pub fn word<T: Copy>(&self, words: Words<T>) -> Option<T> {
        let choices: Vec<(&str, T)> = words.iter().map(|(w, means, _)| (*w, *means)).collect();
        self.choice(&choices)
    }

    /// One of the named choices; anything else is a mistake that names them.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let word = self.str()?;
        let found = choices.iter().find(|(n, _)| *n == word).map(|(_, t)| *t);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(n, _)| *n).collect();
            self.error(
                format!("invalid value `{word}`, expected {}", list(&names)),
                nearest(word, names.iter().copied()).map(|n| format!("did you mean `{n}`?")),
            );
        }
        found
    }
}

/// Names in back quotes: `a`, `b` or `c`.
#[must_use]
pub fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    or(&quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diags(text: &str) -> Vec<(u32, u32, String)> {
        let doc = Document::new("t.toml", text, "config");
        doc.read(|t| {
            t.only(&["name", "n", "d"]);
            let _ = t.need_str("name");
            let _ = t.get("n").map(|v| v.int(1, 9));
            let _ = t.get("d").map(|v| v.date());
        });
        doc.finish()
            .into_iter()
            .map(|d| (d.position().line, d.position().column, d.message))
            .collect()
    }

    #[test]
    fn every_mistake_has_its_place() {
        assert_eq!(diags("name = \"x\"\nn = 0x9\nd = 2027-03-31"), []);
        assert_eq!(
            diags("name = 1\nn = 10\n nmae = 2\nd = 12:00:00"),
            [
                (1, 8, "expected a string, found a number".into()),
                (2, 5, "invalid number 10, expected 1 to 9".into()),
                (3, 2, "unknown key `nmae`".into()),
                (
                    4,
                    5,
                    "expected a date such as 2027-03-31, found a date or time".into()
                ),
            ]
        );
    }

    #[test]
    fn broken_syntax_does_not_hide_other_mistakes() {
        let found = diags("n = 99\nd = = 3\n");
        assert!(
            found.iter().any(|(l, c, _)| (*l, *c) == (1, 5)),
            "{found:?}"
        );
        assert!(found.iter().any(|(l, ..)| *l == 2), "{found:?}");
        assert!(
            !found.iter().any(|(.., m)| m.ends_with(MISSING)),
            "{found:?}"
        );
    }
}
