//! Goes through a text line by line. What a line is shows by its own form, so captures of several commands may stand in one
//! file, with prompts and remarks between them.

use super::cursor::{Cursor, Line};
use super::gap;
use super::value::{Data, Event, Scan, rule_start};
use super::variables::Variables;
use super::{command, csv, lgpo, list, query, regfile};
use crate::registry::text::Text;
use hylint_model::Span;

/// Reads a text.
pub(in crate::registry) fn scan(text: &str) -> Scan<'_> {
    let mut start = 0;
    let lines = text.split('\n').map(|line| {
        let at = start;
        start += line.len() + 1;
        Line {
            start: at,
            text: line.trim_end(),
        }
    });
    let mut cursor = Cursor {
        text,
        lines: lines.collect(),
        next: 0,
        scan: Scan::default(),
        key: None,
        in_file: false,
        plain_until: 0,
        variables: Variables::default(),
    };
    while let Some(line) = cursor.peek(0) {
        step(&mut cursor, line);
    }
    command::finish(&mut cursor);
    cursor.scan
}

fn step<'a>(c: &mut Cursor<'a>, line: Line<'a>) {
    let text = line.trimmed();
    if text.is_empty() || comment(c, line) {
        c.next += 1;
        return;
    }
    let read = match text.as_bytes().first() {
        Some(b'[') => regfile::key(c, line),
        Some(b'"' | b'@') => regfile::value(c, line) || csv::table(c, line),
        _ => {
            command::line(c, line)
                || query::line(c, line)
                || lgpo::entry(c, line)
                || list::record(c, line)
                || csv::table(c, line)
        }
    };
    if !read {
        match text.starts_with(['"', '[']) && c.in_file {
            true => c.scan.events.push(Event::Malformed(c.key, line.span())),
            false => rest(c, line),
        }
        c.next += 1;
    }
}

/// Comments of `.reg` files and of scripts, which may hold a remark for hylint.
fn comment(c: &mut Cursor<'_>, line: Line<'_>) -> bool {
    let text = line.trimmed();
    let lower = || {
        text.get(..4)
            .is_some_and(|t| t.eq_ignore_ascii_case("rem "))
    };
    if !text.starts_with([';', '#']) && !text.starts_with("::") && !lower() {
        return false;
    }
    let rest = text.trim_start_matches([';', '#', ':']).trim_start();
    if let Some(said) = rest.strip_prefix("hylint:") {
        let said = said.trim();
        let span = Span::new(line.end() - said.len(), line.end());
        c.scan.annotations.push((said.to_owned(), span));
    }
    true
}

/// A line of no known form. A rule string may stand on it alone, without its name, or somewhere in it.
fn rest<'a>(c: &mut Cursor<'a>, line: Line<'a>) {
    let Some(at) = rule_start(line.text) else {
        if let Some(why) = gap::of(c, line) {
            c.scan.events.push(Event::Gap(why, line.span()));
        }
        return;
    };
    let quoted = |t: &str| t.trim().trim_matches(['"', '\'', ',']).is_empty();
    let (before, _) = line.text.split_at_checked(at).unwrap_or(("", ""));
    if !quoted(before) {
        c.scan.events.push(Event::Unread(line.span()));
        return;
    }
    let start = line.start + at;
    let rule = line.text.get(at..).unwrap_or("");
    let rule = rule.trim_end_matches(['"', '\'', ',']);
    let end = start + rule.len();
    let data = Data::Text(Text::plain(rule, start));
    let name = Text::plain("", start);
    c.scan.value(c.key, name, Span::new(start, end), data);
}
