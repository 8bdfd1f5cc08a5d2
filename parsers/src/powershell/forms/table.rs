//! Objects of `Format-Table`: a header over dashes, and columns whose widths only the rows tell.
//!
//! The dashes under a name show where its column begins, or ends where its values stand at the right. Between the dashes of
//! two columns lies one column of blanks in every row: there they part.

use super::foreign;
use crate::powershell::found::Found;
use crate::powershell::lines::{self, Line};
use crate::powershell::props::{Known, Prop, Shape, known};
use crate::powershell::record::{Kind, Record};
use crate::powershell::words;
use std::borrow::Cow;

/// What stands for a path that is broken over rows: whether a blank stood at the break is not known.
const LOST: &str = "System.Object";

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

/// Whether a line has a word of a rule under a column that has nothing else.
fn is_row(line: &Line<'_>, runs: &[Run], names: &[&str]) -> bool {
    let word = |((start, end), name): (&Run, &&str)| {
        let text = cut(line.text, *start, *end).trim();
        match known(name) {
            Known::Prop(Prop::Direction) => words::direction(text).is_some(),
            Known::Prop(Prop::Action) => words::action(text).is_some(),
            Known::Prop(Prop::Enabled) => words::enabled(text).is_some(),
            _ => false,
        }
    };
    runs.iter().zip(names).any(word)
}

/// The rows under a ruler, and how many lines they take. Rows go on behind a blank line or an error if they are rows for sure.
pub(in crate::powershell) fn rows<'a>(
    head: &Line<'a>,
    runs: &[Run],
    lines: &[Line<'a>],
    found: &mut Found<'a>,
) -> (Vec<Line<'a>>, usize) {
    let names = names(head.text, runs);
    let (mut out, mut count) = (Vec::new(), 0);
    let mut parted = false;
    for (at, line) in lines.iter().enumerate() {
        let row = is_row(line, runs, &names);
        let failed = lines::failed(line.text).is_some();
        match () {
            () if row => parted = false,
            () if line.is_blank() || failed || parted && console_noise(line) => parted = true,
            () if parted || line.command().is_some() => break,
            () => {}
        }
        if !parted {
            // What stands between rows is told.
            let between = lines.get(count..at).unwrap_or_default();
            for line in between.iter().filter(|l| !l.is_blank()) {
                foreign::stray(line, found);
            }
            out.push(*line);
            count = at + 1;
        }
    }
    (out, count)
}

/// Whether a line is part of an error's text.
fn console_noise(line: &Line<'_>) -> bool {
    let text = line.text.trim_start();
    text.starts_with(['+', '~', '|']) || text.starts_with("At line:") || text.starts_with("At ")
}

/// Reads the rows under a ruler. With `-Wrap` a row goes on with the one above.
pub(in crate::powershell) fn read<'a>(
    head: &Line<'a>,
    runs: &[Run],
    rows: &[Line<'a>],
    found: &mut Found<'a>,
) {
    let context = found.last();
    let borders = borders(runs, rows);
    let names = names(head.text, runs);
    // Every rule has a word in these columns.
    let always = [
        Known::Prop(Prop::Direction),
        Known::Prop(Prop::Action),
        Known::Prop(Prop::Enabled),
    ];
    let always: Vec<bool> = names.iter().map(|n| always.contains(&known(n))).collect();
    let mut open: Vec<(Line<'a>, Vec<&'a str>)> = Vec::new();
    for row in rows {
        let cells = row_cells(row, &borders);
        let blank = |n: usize| cells.get(n).is_some_and(|c| c.trim().is_empty());
        let mut columns = always.iter().enumerate().filter(|(_, is)| **is).peekable();
        let wrapped = columns.peek().is_some() && columns.all(|(n, _)| blank(n));
        if !open.is_empty() && !blank(0) && !wrapped {
            close(&mut open, head, &names, context, found);
        }
        open.push((*row, cells));
    }
    close(&mut open, head, &names, context, found);
}

/// Makes an object of a row and of those that go on with it.
fn close<'a>(
    open: &mut Vec<(Line<'a>, Vec<&'a str>)>,
    head: &Line<'a>,
    names: &[&'a str],
    context: usize,
    found: &mut Found<'a>,
) {
    let rows = std::mem::take(open);
    let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) else {
        return;
    };
    let mut record = Record::new(first.span().to(last.span()), context);
    for (n, name) in names.iter().enumerate() {
        let parts = rows
            .iter()
            .filter_map(|(row, cells)| Some((row, cells.get(n)?.trim())));
        let mut parts = parts.filter(|(_, text)| !text.is_empty());
        let at = head.place(name);
        let Some((row, text)) = parts.next() else {
            record.add_named(Cow::Borrowed(name), at, Cow::Borrowed(""), first.span());
            continue;
        };
        let (mut text, mut span) = (Cow::Borrowed(text), row.place(text));
        for (row, more) in parts {
            // A list goes on behind its comma. Elsewhere a break is a blank, or nothing where a word was too long.
            let listed = text.ends_with([',', '{', ' ']);
            let shape = match known(name) {
                Known::Prop(prop) => prop.shape(),
                _ => Shape::Text,
            };
            text = Cow::Owned(match shape {
                Shape::One => LOST.to_owned(),
                Shape::Words if !listed => format!("{text}{more}"),
                _ => format!("{text} {more}"),
            });
            span = span.to(row.place(more));
        }
        record.add_named(Cow::Borrowed(name), at, text, span);
    }
    if record.kind() != Kind::Other {
        found.push(record);
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

    // Fails if a row that `-Wrap` broke is read as two objects, or as half of a list.
    #[test]
    fn wrapped_rows_are_one_object() {
        let text = "DisplayName            Enabled Direction Action LocalPort      RemoteAddress
-----------            ------- --------- ------ ---------      -------------
HyWorks session info      True   Inbound  Allow {38863, 38870, 10.20.1.11
                                                38871}
Remote Desktop - User     True   Inbound  Allow 3389           {10.50.0.0/16,
Mode (TCP-In)                                                  10.20.1.11}
";
        let rows = read_table(text);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0][4], "LocalPort=38863+38870+38871");
        assert_eq!(
            rows[1][0],
            "DisplayName=Remote Desktop - User Mode (TCP-In)"
        );
        assert_eq!(rows[1][5], "RemoteAddress=10.50.0.0/16+10.20.1.11");
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
