//! Files of the registry editor: `[key]`, `"name"=data`, deletions, bytes in hexadecimal over several lines, and what
//! Wine writes in the same form (Microsoft, "How to add, modify, or delete registry subkeys and values by using a .reg file").

use super::cursor::{Cursor, Line, is_hive};
use super::value::{Data, Event, Value, is_rule_text};
use crate::registry::text::{Escape, Text};
use hylint_model::Span;

/// A line `[key]` or `[-key]`. A first value that was joined to it by mistake is read, too.
pub(super) fn key<'a>(c: &mut Cursor<'a>, line: Line<'a>) -> bool {
    let text = line.trimmed();
    let Some(inner) = text.strip_prefix('[') else {
        return false;
    };
    let (inner, deleted) = match inner.strip_prefix('-') {
        Some(inner) => (inner, true),
        None => (inner, false),
    };
    let joined = inner.find("\"=").and_then(|at| inner.get(..at)?.find('"'));
    let name = match (inner.find(']'), joined) {
        (Some(end), None) => inner.get(..end),
        (_, Some(quote)) => inner.get(..quote),
        (None, None) => Some(inner),
    };
    let name = name.unwrap_or("").trim_end_matches(']');
    let is_key = name.contains('\\') || is_hive(name) || name.starts_with("HKEY_");
    if !is_key {
        return false;
    }
    let start = line.at(name);
    let key = c.scan.key(name, Span::new(start, start + name.len()));
    c.key = Some(key);
    c.in_file = true;
    if deleted {
        c.scan.events.push(Event::DeleteKey(key));
    }
    c.next += 1;
    if let Some(quote) = joined {
        let at = line.at(inner) + quote;
        let rest = Line {
            start: at,
            text: c.slice(at, line.end()),
        };
        c.next -= 1;
        if !value(c, rest) {
            c.next += 1;
        }
    }
    true
}

/// A line `"name"=data` or `@=data`, with the lines that continue it.
pub(super) fn value<'a>(c: &mut Cursor<'a>, line: Line<'a>) -> bool {
    let text = line.trimmed();
    let Some((name, rest)) = name(&line, text) else {
        return false;
    };
    let at = line.at(rest);
    let (data, end) = data(
        c,
        &line,
        rest.trim_start(),
        at + rest.len() - rest.trim_start().len(),
    );
    c.next += 1;
    c.skip_to(end);
    let span = Span::new(line.at(text), end);
    // What follows the closing quote may be another value.
    let behind = c.slice(data.span().end as usize, end);
    if matches!(data, Data::Text(_)) && is_rule_text(behind) {
        c.scan.events.push(Event::Unread(span));
    }
    let value = Value {
        key: c.key,
        name,
        span,
        data,
    };
    c.scan.events.push(Event::Value(value));
    true
}

/// The name and what follows its equals sign.
fn name<'a>(line: &Line<'a>, text: &'a str) -> Option<(Text<'a>, &'a str)> {
    if let Some(rest) = text.strip_prefix('@') {
        let rest = rest.trim_start().strip_prefix('=')?;
        return Some((Text::plain("", line.at(text)), rest));
    }
    let inner = text.strip_prefix('"')?;
    let end = closing(inner)?;
    let rest = inner.get(end + 1..)?.trim_start().strip_prefix('=')?;
    let raw = inner.get(..end)?;
    let name = Text::Written {
        raw,
        at: line.at(raw),
        escape: Escape::Backslash,
    };
    Some((name, rest))
}

/// Where the quote stands that ends a string.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    })
}

/// The data and where it ends.
fn data<'a>(c: &Cursor<'a>, line: &Line<'a>, text: &'a str, at: usize) -> (Data<'a>, usize) {
    let span = Span::new(at, line.end().max(at));
    if let Some(string) = string(text) {
        return quoted(c, line, at + text.len() - string.len());
    }
    if text.starts_with('-') {
        return (Data::Deleted(span), line.end());
    }
    let word = text.split([';', ' ', '\t']).next().unwrap_or(text);
    if let Some(digits) = prefixed(word, "dword:") {
        let number = u32::from_str_radix(digits, 16);
        let data = match number {
            Ok(n) => Data::Number(n, span),
            Err(_) => Data::Broken("its number is malformed", span),
        };
        return (data, line.end());
    }
    match prefixed(text, "hex") {
        Some(rest) => bytes(c, line, rest, at),
        None => (Data::Broken("its form is not known", span), line.end()),
    }
}

fn prefixed<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..))?
}

/// What stands behind the opening quote; Wine writes `str(2):"…"`.
fn string(text: &str) -> Option<&str> {
    let text = match prefixed(text, "str") {
        Some(rest) => rest.split_once(':').map_or(text, |(_, t)| t),
        None => text,
    };
    text.strip_prefix('"')
}

/// A string from behind its opening quote. It may hold line breaks; it ends at the latest where the next value begins.
fn quoted<'a>(c: &Cursor<'a>, line: &Line<'a>, at: usize) -> (Data<'a>, usize) {
    let rest = c.slice(at, c.text.len());
    let limit = rest
        .char_indices()
        .filter(|(_, ch)| *ch == '\n')
        .map(|(n, _)| n)
        .find(|n| {
            let next = rest.get(n + 1..).unwrap_or("");
            let next = next.split('\n').next().unwrap_or("").trim_start();
            next.is_empty()
                || next == "\r"
                || next.starts_with('[')
                || next.starts_with('"') && next.contains("\"=")
        });
    let within = rest.get(..limit.unwrap_or(rest.len())).unwrap_or(rest);
    let written = |raw| Text::Written {
        raw,
        at,
        escape: Escape::Backslash,
    };
    match closing(within).and_then(|end| within.get(..end)) {
        Some(raw) => (
            Data::Text(written(raw)),
            (at + raw.len() + 1).max(line.end()),
        ),
        None => {
            let first = within.split('\n').next().unwrap_or(within).trim_end();
            let span = Span::new(at, at + first.len());
            (
                Data::Broken("its string has no closing quote", span),
                line.end(),
            )
        }
    }
}

/// Most bytes of one value that are looked at: far more than any rule has.
const MOST_BYTES: usize = 1 << 17;

/// `hex(2):25,00,…`, continued by a backslash at the end of a line.
fn bytes<'a>(c: &Cursor<'a>, line: &Line<'a>, rest: &'a str, at: usize) -> (Data<'a>, usize) {
    let Some((kind, first)) = rest.split_once(':') else {
        let span = Span::new(at, line.end());
        return (Data::Broken("its form is not known", span), line.end());
    };
    let mut out: Option<Vec<u8>> = Some(Vec::new());
    let mut text = first;
    let mut end = line.end();
    let mut ahead = 1;
    loop {
        let (part, goes_on) = match text.trim_end().strip_suffix('\\') {
            Some(part) => (part, true),
            None => (text.split(';').next().unwrap_or(text), false),
        };
        for digits in part.split(',').map(str::trim).filter(|d| !d.is_empty()) {
            let byte = u8::from_str_radix(digits, 16).ok();
            out = match (out, byte) {
                (Some(mut all), Some(byte)) if all.len() < MOST_BYTES => {
                    all.push(byte);
                    Some(all)
                }
                _ => None,
            };
        }
        let Some(next) = c.peek(ahead).filter(|_| goes_on) else {
            break;
        };
        (text, end) = (next.text, next.end());
        ahead += 1;
    }
    let span = Span::new(at, end);
    // Editors end a file with a line break, and a string with a zero.
    let last = end >= c.text.len();
    if last && (text.ends_with([',', '\\']) || !ends(kind, out.as_deref())) {
        return (Data::Broken(CUT, span), end);
    }
    (from_bytes(kind, out.as_deref(), span), end)
}

/// What bytes are that end too early.
const CUT: &str = "its bytes are cut off";

/// Whether the bytes of a string in UTF-16 end with its zero; those of other types are not asked.
fn ends(kind: &str, bytes: Option<&[u8]>) -> bool {
    let is_string = matches!(kind.trim_matches(['(', ')']), "1" | "2" | "7");
    let bytes = bytes.unwrap_or_default();
    !is_string || !is_wide(bytes) || bytes.ends_with(&[0, 0])
}

/// What bytes of a type are (Microsoft, "Registry value types").
fn from_bytes<'a>(kind: &str, bytes: Option<&[u8]>, span: Span) -> Data<'a> {
    let Some(bytes) = bytes else {
        return Data::Broken("its bytes are malformed", span);
    };
    let kind = kind.trim_matches(['(', ')']);
    if matches!(kind, "1" | "2") && bytes.is_empty() {
        return Data::Broken("its bytes are missing", span);
    }
    if matches!(kind, "1" | "2" | "7") && is_wide(bytes) && bytes.len() % 2 == 1 {
        return Data::Broken(CUT, span);
    }
    match (u8::from_str_radix(kind, 16), bytes) {
        (Ok(1 | 2), _) => Data::Text(Text::Joined {
            value: characters(bytes).trim_end_matches('\0').into(),
            span,
        }),
        (Ok(7), _) => {
            let all = characters(bytes);
            let mut strings = all.split('\0').filter(|s| !s.is_empty());
            match (strings.next(), strings.next()) {
                (one, None) => Data::Text(Text::Joined {
                    value: one.unwrap_or("").into(),
                    span,
                }),
                _ => Data::Broken("it holds several strings", span),
            }
        }
        (Ok(4), [a, b, c, d]) => Data::Number(u32::from_le_bytes([*a, *b, *c, *d]), span),
        (Ok(5), [a, b, c, d]) => Data::Number(u32::from_be_bytes([*a, *b, *c, *d]), span),
        _ => Data::Other(span),
    }
}

/// Whether bytes are UTF-16. A text of one byte a character may end with a zero.
fn is_wide(bytes: &[u8]) -> bool {
    let (pairs, _) = bytes.as_chunks::<2>();
    let text = pairs
        .split_last()
        .map_or(pairs, |(last, before)| match bytes.len() {
            2 => pairs,
            _ if last == &[0, 0] => before,
            n if n % 2 == 0 => before,
            _ => pairs,
        });
    text.iter().any(|[_, high]| *high == 0)
}

/// UTF-16, or one byte a character in files of the old form (`REGEDIT4`).
fn characters(bytes: &[u8]) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    match is_wide(bytes) {
        true => {
            let units: Vec<u16> = pairs.iter().map(|p| u16::from_le_bytes(*p)).collect();
            String::from_utf16_lossy(&units)
        }
        false => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}
