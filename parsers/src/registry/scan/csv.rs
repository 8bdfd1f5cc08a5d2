//! Rows of values as `Export-Csv` and other programs write them: a line of titles, then one row a value, or (of
//! `Get-ItemProperty`) one row a key with a column for each value.

use super::cursor::{Cursor, Line};
use super::list::{OWN, Role, is_path, role};
use super::value::{Data, Event, is_rule_text, names_host};
use crate::registry::text::Text;
use hylint_model::Span;

/// What a row is that ends before its last column.
const SHORT: &str =
    "the row has more or fewer cells than its table has columns, so it is cut off or mixed up";

const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads the table that begins with a line of titles, up to the next blank line.
pub(super) fn table<'a>(c: &mut Cursor<'a>, line: Line<'a>) -> bool {
    let Some(delimiter) = delimiter(line.text) else {
        return false;
    };
    let (titles, mut at) = row(c.text, line.start, delimiter);
    let has = |wanted: Role| titles.iter().position(|t| role(&t.value()) == Some(wanted));
    let path = titles.iter().position(|t| &*t.value() == "PSPath");
    let (name, data) = (has(Role::Name), has(Role::Data));
    if path.is_none() && (name.is_none() || data.is_none()) {
        return false;
    }
    let key = path.or(has(Role::Key));
    while at < c.text.len() {
        let blank = c.slice(at, c.text.len()).split('\n').next().unwrap_or("");
        if blank.trim().is_empty() {
            break;
        }
        let (cells, next) = row(c.text, at, delimiter);
        let open = next >= c.text.len() && is_open(c.slice(at, next), delimiter);
        let span = Span::new(at, at + c.slice(at, next).trim_end().len());
        let short = cells.len() != titles.len();
        if short || open {
            c.scan.events.push(Event::Gap(SHORT, span));
        }
        for (title, cell) in titles.iter().zip(&cells) {
            let title = title.value();
            if names_host(&title) {
                c.scan.host(&title, &cell.value(), cell.span());
            }
        }
        let cell = |n: Option<usize>| n.and_then(|n| cells.get(n)).cloned();
        let path = cell(key).filter(|p| is_path(&p.value()));
        let key = path.map(|p| c.scan.key(p.value(), p.span()));
        match (cell(name), cell(data)) {
            (Some(name), Some(data)) if key.is_some() || is_rule_text(&data.value()) => {
                c.scan.value(key, name, span, Data::Text(data));
            }
            _ if key.is_some() && !short => {
                for (title, data) in titles.iter().zip(cells) {
                    if !OWN.contains(&&*title.value()) && !names_host(&title.value()) {
                        let place = data.span();
                        c.scan.value(key, title.clone(), place, Data::Text(data));
                    }
                }
            }
            _ => {}
        }
        at = next.max(at + 1);
    }
    c.skip_to(at);
    true
}

/// Whether the last cell of a text has no closing quote.
fn is_open(row: &str, delimiter: u8) -> bool {
    let begins = format!("{}\"", char::from(delimiter));
    let quotes = memchr::memchr_iter(b'"', row.as_bytes()).count();
    quotes % 2 == 1 && (row.starts_with('"') || row.contains(&begins))
}

/// The delimiter of a line of titles.
fn delimiter(line: &str) -> Option<u8> {
    let named = ["Name", "name", "PSPath", "key", "Key"];
    if line.contains('|') || !named.iter().any(|n| line.contains(n)) {
        return None;
    }
    let count = |d: u8| memchr::memchr_iter(d, line.as_bytes()).count();
    let best = DELIMITERS.into_iter().max_by_key(|d| count(*d))?;
    (count(best) > 0).then_some(best)
}

/// The cells of a row, and where the next row begins. Quoted cells may hold delimiters and line breaks.
fn row(text: &str, start: usize, delimiter: u8) -> (Vec<Text<'_>>, usize) {
    let bytes = text.as_bytes();
    let mut cells = Vec::new();
    let mut at = start;
    loop {
        while bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        let (cell, end) = match bytes.get(at) {
            Some(b'"') => quoted(text, at),
            _ => plain(text, at, delimiter),
        };
        cells.push(cell);
        at = end;
        match bytes.get(at) {
            Some(b) if *b == delimiter => at += 1,
            _ => break,
        }
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let next = memchr::memchr(b'\n', rest).map_or(text.len(), |n| at + n + 1);
    (cells, next)
}

fn plain(text: &str, at: usize, delimiter: u8) -> (Text<'_>, usize) {
    let rest = text.get(at..).unwrap_or("");
    let ends = |b: u8| b == delimiter || b == b'\n';
    let end = rest.bytes().position(ends).unwrap_or(rest.len());
    let raw = rest.get(..end).unwrap_or("").trim_end();
    (Text::plain(raw, at), at + end)
}

/// A cell in quotes; a quote in it is doubled.
fn quoted(text: &str, at: usize) -> (Text<'_>, usize) {
    let inner = text.get(at + 1..).unwrap_or("");
    let bytes = inner.as_bytes();
    let mut from = 0;
    let mut doubled = false;
    let end = loop {
        match memchr::memchr(b'"', bytes.get(from..).unwrap_or_default()).map(|n| n + from) {
            Some(n) if bytes.get(n + 1) == Some(&b'"') => {
                doubled = true;
                from = n + 2;
            }
            Some(n) => break n,
            None => break inner.len(),
        }
    };
    let raw = inner.get(..end).unwrap_or("");
    let cell = match doubled {
        true => Text::Joined {
            value: raw.replace("\"\"", "\"").into(),
            span: Span::new(at + 1, at + 1 + raw.len()),
        },
        false => Text::plain(raw, at + 1),
    };
    (cell, (at + end + 2).min(text.len()))
}
