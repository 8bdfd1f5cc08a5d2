//! What a console shows beside JSON: prompts with commands, lists, tables and CSV, errors and anything else.

use super::list::{self, Lists};
use super::{csv, foreign, table};
use crate::elided::is_elided;
use crate::powershell::asked::Asked;
use crate::powershell::found::{Context, Found};
use crate::powershell::lines::{self, Line};
use crate::winnet::{Machine, of_parameters};

/// Names of a header that must be known before it is one of a table.
const COLUMNS: usize = 2;

/// Reads a part of a capture that begins at an offset of the file.
pub(in crate::powershell) fn read<'a>(text: &'a str, offset: usize, found: &mut Found<'a>) {
    let mut lines: Vec<Line<'a>> = lines::lines(text, offset).collect();
    // The end of the last line is no blank line.
    lines.pop_if(|last| last.text.is_empty());
    let left_out = lines.iter().find(|l| is_elided(l.text));
    found.elided = found.elided.or(left_out.map(Line::span));
    let mut lists = Lists::new(is_spaced(&lines));
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        if annotation(line, found) {
            continue;
        }
        let next = lines.get(at).map_or("", |l| l.text);
        if foreign::is_rule_line(next, line.text) {
            lists.close(found);
            foreign::tell(line.span(), found);
            at += 1;
            continue;
        }
        if let Some(command) = line.command() {
            lists.close(found);
            prompt(line, command, &mut lists, found);
            continue;
        }
        if let Some(runs) = lines.get(at).and_then(|next| table::ruler(next.text))
            && table::known_names(line.text, &runs) >= COLUMNS
        {
            lists.close(found);
            let rest = lines.get(at + 1..).unwrap_or_default();
            let (rows, count) = table::rows(line, &runs, rest, found);
            table::read(line, &runs, &rows, found);
            at += 1 + count;
            continue;
        }
        if !is_field(line)
            && let Some(table) = csv_at(text, offset, line)
        {
            lists.close(found);
            let end = line.start + table.read(found);
            let rest = lines.get(at..).unwrap_or_default();
            at += rest
                .iter()
                .position(|l| l.start >= end)
                .unwrap_or(rest.len());
            continue;
        }
        if !lists.line(line, found) {
            foreign::stray(line, found);
        }
    }
    lists.end(found);
}

fn is_field(line: &Line<'_>) -> bool {
    list::field(line).is_some_and(|f| f.known != crate::powershell::props::Known::Unknown)
}

fn csv_at<'a>(text: &'a str, offset: usize, line: &Line<'a>) -> Option<csv::Table<'a>> {
    let first = line.text.bytes().next()?;
    if !(first == b'"' || first.is_ascii_alphabetic()) {
        return None;
    }
    csv::Table::of(text.get(line.start - offset..)?, line.start)
}

/// Whether a blank line stands behind each line of an object.
fn is_spaced(lines: &[Line<'_>]) -> bool {
    let fields: Vec<bool> = lines.iter().map(is_field).collect();
    let count = fields.iter().filter(|f| **f).count();
    let pairs = fields.iter().zip(fields.iter().skip(1));
    count > 5 && !pairs.into_iter().any(|(a, b)| *a && *b)
}

/// `# hylint: key=value …` on a line of its own.
fn annotation(line: &Line<'_>, found: &mut Found<'_>) -> bool {
    let rest = line.text.trim().strip_prefix('#').map(str::trim_start);
    let Some(text) = rest.and_then(|r| r.strip_prefix("hylint:")) else {
        return false;
    };
    let text = text.trim();
    found.annotations.push((text.to_owned(), line.place(text)));
    true
}

fn prompt<'a>(line: &Line<'a>, command: &'a str, lists: &mut Lists<'a>, found: &mut Found<'a>) {
    if let Some(host) = line.remote_host() {
        found.host(host, line.place(host));
    }
    if let Some(Machine::Named(host)) = of_parameters(command) {
        found.host(&host, line.span());
    }
    // `Show-NetFirewallRule` prints the filters of a rule below it, each under the command that gets it.
    let of_last = line.text.trim_start().starts_with("$_ |") || command.starts_with("$_ |");
    lists.of_last(of_last);
    if of_last {
        return;
    }
    found.open(Context {
        asked: Asked::parse(command, line.span()),
        store: None,
    });
}
