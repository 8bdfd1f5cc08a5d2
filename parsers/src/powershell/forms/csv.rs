//! Objects of `Export-Csv` and `ConvertTo-Csv`, and of tables that a spreadsheet saved.
//!
//! The delimiter is the one that makes most of the header known. A null is an empty cell, an empty list `""`; a list
//! is the name of its type unless a script joined it.

use super::{foreign, list};
use crate::powershell::cell::Cell;
use crate::powershell::found::Found;
use crate::powershell::lines::{self, Line};
use crate::powershell::props::{Known, Prop, known};
use crate::powershell::record::{Kind, Record};
use crate::powershell::words;
use hylint_model::{Problem, ProblemKind, Span};
use std::borrow::Cow;

/// A cell: its text without quotes, and its place.
#[derive(Clone, Debug)]
struct Field<'a> {
    text: Cow<'a, str>,
    span: Span,
    /// The quotes are not closed.
    open: bool,
}

/// A table with its header.
#[derive(Clone, Copy, Debug)]
pub(in crate::powershell) struct Table<'a> {
    /// From the header on.
    text: &'a str,
    /// Where it begins in the file.
    offset: usize,
    delimiter: u8,
}

/// Columns of a header that must be known before it is taken for one; one less if it is of a filter or of profiles.
const LEAST: usize = 3;

impl<'a> Table<'a> {
    /// The table that begins at a text's first line, if that is a header of properties.
    pub(in crate::powershell) fn of(text: &'a str, offset: usize) -> Option<Self> {
        let head = text.lines().next()?;
        let (delimiter, count) = delimiter(head)?;
        let table = Self {
            text,
            offset,
            delimiter,
        };
        let two = || {
            let id = table.has(&[Prop::InstanceId]) || table.has(&[Prop::Class]);
            id || table.has(&[Prop::Name, Prop::Enabled])
        };
        (count >= LEAST || count + 1 == LEAST && two()).then_some(table)
    }

    /// Whether the header has all of these properties.
    pub(in crate::powershell) fn has(&self, props: &[Prop]) -> bool {
        let mut rows = Rows {
            text: self.text,
            offset: 0,
            at: 0,
            delimiter: self.delimiter,
        };
        let names: Vec<Known> = rows
            .next()
            .unwrap_or_default()
            .iter()
            .map(|f| known(&f.text))
            .collect();
        props.iter().all(|p| names.contains(&Known::Prop(*p)))
    }

    /// Reads the rows up to a prompt or a line of a list, and returns how many bytes they take.
    pub(in crate::powershell) fn read(&self, found: &mut Found<'a>) -> usize {
        let context = found.last();
        let mut rows = Rows {
            text: self.text,
            offset: self.offset,
            at: 0,
            delimiter: self.delimiter,
        };
        let Some(head) = rows.next() else { return 0 };
        let whole = head.len();
        let mut end = rows.at;
        let of_rules = self.has(&[Prop::Direction]) || self.has(&[Prop::Action]);
        let mut short: Vec<Span> = Vec::new();
        let mut long: Vec<Span> = Vec::new();
        let mut failed = false;
        while let Some(row) = rows.next() {
            let is_row = row.len() == whole && self.is_row(&head, &row);
            if !is_row && ends(&row) {
                break;
            }
            end = rows.at;
            if row.len() == 1 && whole > 1 && (failed || self.is_noise(&row)) {
                // Rows may go on behind an error.
                if let [only] = row.as_slice() {
                    let line = Line {
                        start: only.span.start as usize,
                        text: &only.text,
                    };
                    failed = !line.is_blank();
                    foreign::stray(&line, found);
                }
                continue;
            }
            failed = false;
            let blank = row.iter().all(|f| f.text.trim().is_empty());
            if blank || is_header(&head, &row) {
                continue;
            }
            let (Some(first), Some(last)) = (row.first(), row.last()) else {
                continue;
            };
            let span = first.span.to(last.span);
            let mut record = Record::new(span, context);
            record.cut = row.len() < whole || last.open;
            if record.cut {
                short.push(span);
            } else if row.len() > whole {
                long.push(span);
            }
            record.cut |= row.len() > whole;
            // A row that ends too soon may end inside its last cell.
            let ended = row.len().saturating_sub(usize::from(row.len() < whole));
            let cells = row.into_iter().take(ended).filter(|c| !c.open);
            for (name, cell) in head.iter().zip(cells) {
                record.add_named(name.text.clone(), cell.span, cell.text, cell.span);
            }
            // A row that is cut off before its direction is a rule all the same.
            if of_rules && record.cut && record.kind() == Kind::Other {
                record.add(Prop::Direction, Cell::lost(span));
            }
            if record.kind() != Kind::Other {
                found.push(record);
            }
        }
        found.problems.extend(uneven(&short, whole, true));
        found.problems.extend(uneven(&long, whole, false));
        end.min(self.text.len())
    }

    /// Whether as many cells as the header has are a row whatever the first one looks like: it stands in quotes, or a word of
    /// a rule stands where it belongs.
    fn is_row(&self, head: &[Field<'_>], row: &[Field<'_>]) -> bool {
        let quoted = row.first().is_some_and(|f| self.is_quoted(f));
        let word = |(name, cell): (&Field<'_>, &Field<'_>)| match known(&name.text) {
            Known::Prop(Prop::Direction) => words::direction(&cell.text).is_some(),
            Known::Prop(Prop::Action) => words::action(&cell.text).is_some(),
            _ => false,
        };
        quoted || head.iter().zip(row).any(word)
    }

    fn is_quoted(&self, field: &Field<'_>) -> bool {
        let before = (field.span.start as usize).checked_sub(self.offset + 1);
        before.and_then(|at| self.text.as_bytes().get(at)) == Some(&b'"')
    }

    /// Whether a row of one cell is an error, or other output.
    fn is_noise(&self, row: &[Field<'_>]) -> bool {
        row.first().is_some_and(|f| {
            let text = f.text.trim();
            !self.is_quoted(f)
                && (lines::failed(text).is_some()
                    || foreign::is_firewall(text)
                    || list::field(&Line { start: 0, text }).is_some())
        })
    }
}

/// Whether a row is a prompt, or a line of a list.
fn ends(row: &[Field<'_>]) -> bool {
    let Some(first) = row.first() else {
        return true;
    };
    let line = Line {
        start: 0,
        text: &first.text,
    };
    let field = || list::field(&line).is_some_and(|f| f.known != Known::Unknown);
    line.command().is_some() || row.len() == 1 && field()
}

/// Tells of rows that do not have as many cells as the header.
fn uneven(rows: &[Span], columns: usize, short: bool) -> Option<Problem> {
    let first = *rows.first()?;
    let count = match rows.len() {
        1 => "a row has".to_owned(),
        n => format!("{n} rows have"),
    };
    let than = if short { "fewer" } else { "more" };
    let message = format!(
        "{count} {than} cells than the {columns} columns of the header: what its rule matches is not known"
    );
    let message = match rows.len() {
        1 => message,
        _ => message.replace("its rule matches", "their rules match"),
    };
    let problem = Problem::new(ProblemKind::Malformed, first, message);
    Some(
        problem
            .help("export again: the file may be cut off, or a delimiter in a value is not quoted"),
    )
}

/// Whether a row repeats the header, as files that were joined do.
fn is_header(head: &[Field<'_>], row: &[Field<'_>]) -> bool {
    head.len() == row.len() && head.iter().zip(row).all(|(a, b)| a.text == b.text)
}

/// The delimiter of a header, and how many of its names are known.
fn delimiter(head: &str) -> Option<(u8, usize)> {
    let count = |delimiter: u8| {
        let mut rows = Rows {
            text: head,
            offset: 0,
            at: 0,
            delimiter,
        };
        let names = rows.next().unwrap_or_default();
        let is = |f: &&Field<'_>| matches!(known(&f.text), Known::Prop(_));
        (names.len() > 1).then(|| names.iter().filter(is).count())
    };
    let each = [b',', b';', b'\t', b'|'];
    let counted = each.iter().filter_map(|d| Some((*d, count(*d)?)));
    counted.max_by_key(|(_, n)| *n)
}

struct Rows<'a> {
    text: &'a str,
    offset: usize,
    at: usize,
    delimiter: u8,
}

impl<'a> Rows<'a> {
    fn field(&mut self) -> Field<'a> {
        let rest = self.text.get(self.at..).unwrap_or("");
        match rest.strip_prefix('"') {
            Some(inner) => self.quoted(inner),
            None => {
                let end = rest
                    .bytes()
                    .position(|b| b == self.delimiter || b == b'\n')
                    .unwrap_or(rest.len());
                let text = rest.get(..end).unwrap_or("");
                let text = text.strip_suffix('\r').unwrap_or(text);
                let span = self.span(self.at, self.at + text.len());
                self.at += end;
                Field {
                    text: Cow::Borrowed(text),
                    span,
                    open: false,
                }
            }
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.offset + start, self.offset + end)
    }

    /// A quoted cell, which may hold delimiters and line ends; two quotes in it are one.
    fn quoted(&mut self, inner: &'a str) -> Field<'a> {
        let bytes = inner.as_bytes();
        let mut end = 0;
        let mut doubled = false;
        let closed = loop {
            let rest = bytes.get(end..).unwrap_or_default();
            match memchr::memchr(b'"', rest) {
                Some(n) if rest.get(n + 1) == Some(&b'"') => {
                    doubled = true;
                    end += n + 2;
                }
                Some(n) => {
                    end += n;
                    break true;
                }
                None => {
                    end = bytes.len();
                    break false;
                }
            }
        };
        let text = inner.get(..end).unwrap_or("");
        let start = self.at + 1;
        let span = self.span(start, start + end);
        self.at = start + end + usize::from(closed);
        // What stands behind the quote up to the delimiter belongs to no cell.
        let behind = self.text.get(self.at..).unwrap_or("");
        let stray = behind
            .bytes()
            .position(|b| b == self.delimiter || b == b'\n')
            .unwrap_or(behind.len());
        let open = !closed || behind.get(..stray).is_some_and(|t| !t.trim().is_empty());
        self.at += stray;
        let text = match doubled {
            true => Cow::Owned(text.replace("\"\"", "\"")),
            false => Cow::Borrowed(text),
        };
        Field { text, span, open }
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Vec<Field<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.text.len() {
            return None;
        }
        let mut row = Vec::new();
        loop {
            row.push(self.field());
            let next = self.text.as_bytes().get(self.at).copied();
            self.at += 1;
            if next != Some(self.delimiter) {
                return Some(row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Found<'_> {
        let mut found = Found::default();
        let table = Table::of(text, 0);
        table.unwrap().read(&mut found);
        found
    }

    // Fails if a delimiter, a quote or a line end inside a value parts it, or if a cell's place is not its text.
    #[test]
    fn cells_are_read_with_any_delimiter_and_quoting() {
        for d in [",", ";", "\t", "|"] {
            let text = format!(
                "\"Name\"{d}DisplayName{d}\"Description\"{d}Direction{d}\"LocalPort\"\r\nA{d}\"x{d} \"\"y\"\"\"{d}\"two\r\nlines\"{d}Inbound{d}\"80\"\r\n"
            );
            let found = read(&text);
            let r = &found.records[0];
            let one = |p: Prop| r.one(p).map(|w| w.text.to_string());
            assert_eq!(one(Prop::DisplayName).unwrap(), format!("x{d} \"y\""));
            assert_eq!(one(Prop::Description).as_deref(), Some("two\r\nlines"));
            let port = r.one(Prop::LocalPort).unwrap();
            assert_eq!(&text[port.span.range()], "80");
            assert!(!r.cut && found.problems.is_empty());
        }
    }

    // Fails if a row that lacks cells passes for a whole one.
    #[test]
    fn rows_that_are_cut_off_are_told_once() {
        let found =
            read("Name,DisplayName,Direction,LocalPort\nA,x,Inbound,80\nB,y,Inb\nC,z,\"Inbo");
        assert_eq!(found.records.len(), 3);
        let cut: Vec<bool> = found.records.iter().map(|r| r.cut).collect();
        assert_eq!(cut, [false, true, true]);
        assert_eq!(found.problems.len(), 1);
        assert!(
            found.problems[0]
                .message
                .starts_with("2 rows have fewer cells")
        );
    }
}
