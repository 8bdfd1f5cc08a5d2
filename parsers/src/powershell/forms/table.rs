//! Objects of `Format-Table`: a header over dashes, and columns whose widths only the rows tell.
//!
//! The dashes under a name show where its column begins, or ends where its values stand at the right. Between the dashes of
//! two columns lies one column of blanks in every row: there they part.

use crate::powershell::cell::Cell;
use crate::powershell::found::Found;
use crate::powershell::lines::Line;
use crate::powershell::props::{Known, Prop, Shape, known};
use crate::powershell::record::{Kind, Record};
use hylint_model::Span;
use std::borrow::Cow;

/// Columns that a table may have.
const MOST: usize = 256;

/// A run of dashes: the columns of text that it stands under, counted in characters.
type Run = (usize, usize);

/// The runs of dashes of a line that has nothing else, at least two.
pub(in crate::powershell) fn ruler(text: &str) -> Option<Vec<Run>> {
    if !text.contains("--") || text.chars().any(|c| c != '-' && c != ' ') {
        return None;
    }
    let mut runs: Vec<Run> = Vec::new();
    for (at, c) in text.chars().enumerate() {
        match runs.last_mut() {
            Some((_, end)) if c == '-' && *end == at => *end += 1,
            _ if c == '-' => runs.push((at, at + 1)),
            _ => {}
        }
    }
    (2..=MOST).contains(&runs.len()).then_some(runs)
}

/// The names of a header, by the runs under them. A header may be shifted by a prompt, and names may have blanks.
fn names<'a>(head: &'a str, runs: &[Run]) -> Vec<&'a str> {
    let words: Vec<&str> = head.split_whitespace().collect();
    if words.len() == runs.len() {
        return words;
    }
    let shift = head.chars().take_while(|c| *c == ' ').count();
    let first = runs.first().map_or(0, |r| r.0);
    let shift = shift.saturating_sub(first);
    let each = runs
        .iter()
        .map(|(start, end)| cut(head, start + shift, end + shift).trim());
    each.collect()
}

/// How many of a header's names are properties.
pub(in crate::powershell) fn known_names(head: &str, runs: &[Run]) -> usize {
    let names = names(head, runs);
    let is = |n: &&&str| matches!(known(n), Known::Prop(_));
    names.iter().filter(is).count()
}

/// The part of a text between two columns.
fn cut(text: &str, start: usize, end: usize) -> &str {
    text.get(offset(text, start)..offset(text, end))
        .unwrap_or("")
}

/// Where a column begins in a text.
fn offset(text: &str, column: usize) -> usize {
    let mut at = 0;
    for (n, c) in text.char_indices() {
        if at >= column {
            return n;
        }
        at += width(c);
    }
    text.len()
}

/// The columns that a character takes on a console: East Asian ones take two (Unicode, UAX #11, wide and fullwidth).
const fn width(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The character in each column of a text; the second column of a wide one is no blank.
fn columns(text: &str) -> Vec<char> {
    let each = text.chars();
    each.flat_map(|c| std::iter::once(c).chain(std::iter::repeat_n('\u{1}', width(c) - 1)))
        .collect()
}

/// Reads the rows under a ruler. A row without anything in its first column goes on with the one above.
pub(in crate::powershell) fn read<'a>(
    head: &Line<'a>,
    runs: &[Run],
    rows: &[Line<'a>],
    found: &mut Found<'a>,
) {
    let context = found.last();
    let borders = borders(runs, rows);
    let names = names(head.text, runs);
    let mut open: Option<Record<'a>> = None;
    for row in rows {
        let cells = row_cells(row, &borders);
        let goes_on = cells.first().is_some_and(|c| c.trim().is_empty());
        if goes_on && open.is_some() {
            // Where the console broke a value cannot be told from where the value has a blank.
            if let Some(record) = &mut open {
                record.span = record.span.to(row.span());
                for (name, cell) in names.iter().zip(&cells) {
                    continue_cell(record, name, row, cell);
                }
            }
            continue;
        }
        push(open.take(), found);
        let mut record = Record::new(row.span(), context);
        for (name, cell) in names.iter().zip(&cells) {
            let text = cell.trim();
            let span = row.place(text);
            let at = head.place(name);
            record.add_named(Cow::Borrowed(name), at, Cow::Borrowed(text), span);
        }
        open = Some(record);
    }
    push(open, found);
}

fn push<'a>(record: Option<Record<'a>>, found: &mut Found<'a>) {
    let Some(record) = record else { return };
    if record.kind() != Kind::Other {
        found.push(record);
    }
}

/// A value that is broken over several rows: a list goes on behind its comma, and what else a break hides is lost.
fn continue_cell<'a>(record: &mut Record<'a>, name: &str, row: &Line<'a>, cell: &str) {
    let text = cell.trim();
    let Known::Prop(prop) = known(name) else {
        return;
    };
    if text.is_empty() || prop.shape() == Shape::Text {
        return;
    }
    let before = record.get(prop).cloned();
    let span = before
        .as_ref()
        .map_or_else(|| row.place(text), |c| c.span.to(row.place(text)));
    record.replace(prop, lost_or(before, prop, text, span));
}

fn lost_or<'a>(before: Option<Cell<'a>>, prop: Prop, text: &str, span: Span) -> Cell<'a> {
    let is_list = prop.shape() == Shape::Words;
    match before {
        Some(cell) if is_list && !cell.is_lost() => {
            let more = Cell::of_text(prop, Cow::Owned(text.to_owned()), span);
            let mut words: smallvec::SmallVec<_> = cell.words().iter().cloned().collect();
            words.extend(more.words().iter().cloned());
            Cell::of_words(words, span)
        }
        _ => Cell::lost(span),
    }
}

/// The column of blanks before each run but the first.
fn borders(runs: &[Run], rows: &[Line<'_>]) -> Vec<usize> {
    let rows: Vec<Vec<char>> = rows.iter().map(|r| columns(r.text)).collect();
    let blank = |column: usize| rows.iter().all(|r| r.get(column).is_none_or(|c| *c == ' '));
    let pairs = runs.iter().zip(runs.iter().skip(1));
    let border = |((_, end), (start, _)): (&Run, &Run)| {
        let mut between = (*end..*start).rev().filter(|c| blank(*c));
        let found = between.by_ref().find(|c| {
            // A list with blanks goes on: the column of a value at the right begins further left.
            let comma = |r: &Vec<char>| c.checked_sub(1).and_then(|p| r.get(p)) == Some(&',');
            !rows.iter().any(comma)
        });
        found.unwrap_or(start.saturating_sub(1))
    };
    pairs.map(border).collect()
}

/// The texts of a row between the borders.
fn row_cells<'a>(row: &Line<'a>, borders: &[usize]) -> Vec<&'a str> {
    let mut out = Vec::with_capacity(borders.len() + 1);
    let mut rest = row.text;
    let mut before = 0;
    for border in borders {
        let at = offset(rest, border.saturating_sub(before));
        let (cell, more) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push(cell);
        rest = more;
        before = *border;
    }
    out.push(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::powershell::lines;

    fn read_table(text: &str) -> Vec<Vec<String>> {
        let all: Vec<Line<'_>> = lines::lines(text, 0).filter(|l| !l.is_blank()).collect();
        let runs = ruler(all[1].text).unwrap();
        let mut found = Found::default();
        read(&all[0], &runs, &all[2..], &mut found);
        let cells = |r: &Record<'_>| {
            let each = r.cells();
            each.map(|(p, c)| {
                let words: Vec<&str> = c.words().iter().map(|w| &*w.text).collect();
                let lost = if c.is_lost() { "LOST" } else { "" };
                format!("{}={}{lost}", p.name(), words.join("+"))
            })
            .collect()
        };
        found.records.iter().map(cells).collect()
    }

    // Fails if a value at the right of its column, or one with blanks, is cut, or if a shifted header moves the columns.
    #[test]
    fn columns_part_where_every_row_is_blank() {
        let text =
            "    DisplayName               Enabled         Profile Direction Action LocalPort
-----------               -------         ------- --------- ------ ---------
LDAP (TCP-In) for clients    True Domain, Private   Inbound  Allow {389, 636}
b                           False             Any  Outbound  Block {1, 2, 3...}
";
        let rows = read_table(text);
        assert_eq!(rows.len(), 2);
        assert_eq!(
            rows[0],
            [
                "DisplayName=LDAP (TCP-In) for clients",
                "Enabled=True",
                "Profile=Domain+Private",
                "Direction=Inbound",
                "Action=Allow",
                "LocalPort=389+636"
            ]
        );
        assert_eq!(rows[1][5], "LocalPort=LOST");
    }

    // Fails if an East Asian name, which takes two columns a character, moves the columns behind it.
    #[test]
    fn wide_characters_take_two_columns() {
        let text = "InterfaceAlias IPAddress   PrefixLength
-------------- ---------   ------------
WLAN           192.168.2.5           24
本地连接       10.8.8.1              24
";
        let rows = read_table(text);
        assert_eq!(
            rows[1][..2],
            ["InterfaceAlias=本地连接", "IPAddress=10.8.8.1"]
        );
    }

    // Fails if the columns of a table with one row are found by the blanks inside its values.
    #[test]
    fn values_that_are_empty_are_no_columns() {
        let text = "DisplayName     Protocol LocalPort RemotePort RemoteAddress Enabled Profile Direction Action
-----------     -------- --------- ---------- ------------- ------- ------- --------- ------
BlockOutboundDC                                                True     Any  Outbound  Block
";
        let row = &read_table(text)[0];
        assert_eq!(row[1], "Protocol=");
        assert_eq!(
            row[5..].join(" "),
            "Enabled=True Profile=Any Direction=Outbound Action=Block"
        );
    }
}
