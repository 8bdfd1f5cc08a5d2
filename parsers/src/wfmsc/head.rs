//! The line of headings: which columns a list has, and in which language.

use super::columns::{self, Column, LAYOUTS};
use super::table::{Cell, Delimiter, cells};
use crate::input::Score;
use crate::windows::values::{self, Protocol};
use crate::windows::vocab::Vocabulary;
use hylint_model::Span;

/// How much of a file is searched for headings. A list begins with them.
const HEAD: usize = 64 * 1024;

/// Headings that are known at least where they are told by their words.
const LEAST: usize = 4;

/// How the headings were understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Told {
    English,
    /// In a language that is not read, in the order in which the console shows them.
    Position,
    /// Told translations that no public list confirms.
    Translation,
}

/// The headings of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Head {
    pub(super) delimiter: Delimiter,
    /// What each column is; none for a heading that nothing knows.
    pub(super) columns: Vec<Option<Column>>,
    /// The headings as they stand there.
    pub(super) headings: Vec<(String, Span)>,
    pub(super) by: Told,
    /// Whether a delimiter ends the line, as the console ends each.
    pub(super) ended: bool,
    pub(super) span: Span,
}

impl Head {
    /// The headings that a line holds, if it does; `next` is the first row below it.
    pub(super) fn of(start: usize, line: &str, next: Option<&str>) -> Option<Self> {
        // No list has fewer delimiters than its least number of columns.
        let delimiter = match line {
            line if line.matches('\t').count() + 1 >= LEAST => Delimiter::Tab,
            line if line.matches(',').count() + 1 >= LEAST => Delimiter::Comma,
            _ => return None,
        };
        let cells = cells(start, line, delimiter);
        // Objects of PowerShell as CSV have columns of the same names.
        let of_object = |c: &Cell<'_>| ["InstanceID", "CreationClassName"].contains(&&*c.text);
        if cells.iter().any(of_object) {
            return None;
        }
        let by_words = |of: fn(&str) -> Option<Column>| -> Vec<Option<Column>> {
            let each = cells.iter();
            each.map(|c| columns::english(&c.text).or_else(|| of(&c.text)))
                .collect()
        };
        let english = by_words(|_| None);
        let translated = by_words(columns::translated);
        let row = || next.is_some_and(|row| fits(row, delimiter, &cells));
        let (columns, by) = if is_head(&english) {
            (english, Told::English)
        } else if let Some(layout) = layout(&translated).filter(|_| are_headings(&cells) && row()) {
            (layout, Told::Position)
        } else if is_head(&translated) {
            (translated, Told::Translation)
        } else {
            return None;
        };
        let span = Span::new(start, start + line.trim_end().len());
        Some(Self {
            delimiter,
            columns,
            headings: cells
                .into_iter()
                .map(|c| (c.text.into_owned(), c.span))
                .collect(),
            by,
            ended: delimiter.ends(line),
            span,
        })
    }

    /// Whether the list has a column.
    pub(super) fn has(&self, column: Column) -> bool {
        self.columns.contains(&Some(column))
    }
}

/// Whether the columns are those of a list, and each is there once.
fn is_head(columns: &[Option<Column>]) -> bool {
    use Column::{LocalAddress, LocalPort, Name, RemoteAddress, RemotePort};
    let known = || columns.iter().flatten();
    let once = known().all(|c| known().filter(|o| *o == c).count() == 1);
    let ends = [LocalAddress, RemoteAddress, LocalPort, RemotePort];
    once && known().count() >= LEAST
        && columns.contains(&Some(Name))
        && known().any(|c| ends.contains(c))
}

/// The columns in the order of the console, where as many are there and no heading says otherwise.
fn layout(words: &[Option<Column>]) -> Option<Vec<Option<Column>>> {
    let layout = LAYOUTS.iter().find(|l| l.len() == words.len())?;
    let agrees = |(word, own): (&Option<Column>, &Column)| word.is_none_or(|w| w == *own);
    let all = words.iter().zip(layout.iter()).all(agrees);
    all.then(|| layout.iter().copied().map(Some).collect())
}

/// Whether cells may be headings: each says something of its own. Those of a row do not: most say Any.
fn are_headings(cells: &[Cell<'_>]) -> bool {
    let once = |n: usize, c: &Cell<'_>| cells.iter().skip(n + 1).all(|o| o.text != c.text);
    let said = |c: &Cell<'_>| c.text.contains(char::is_alphabetic);
    cells.iter().enumerate().all(|(n, c)| said(c) && once(n, c))
}

/// Whether a row has what the columns of the console hold: a protocol, and ports behind it.
fn fits(row: &str, delimiter: Delimiter, head: &[Cell<'_>]) -> bool {
    let row = cells(0, row.trim_end_matches('\r'), delimiter);
    let layout = LAYOUTS.iter().find(|l| l.len() == head.len());
    let at = layout.and_then(|l| l.iter().position(|c| *c == Column::Protocol));
    let text = |n: usize| row.get(n).map_or("", |c| &*c.text);
    let Some(at) = at.filter(|_| row.len() == head.len()) else {
        return false;
    };
    let v = Vocabulary::get();
    let protocol = values::protocol(v, text(at));
    let ports = |t: &str| !t.is_empty() && !t.contains(['\\', '.', ':']);
    protocol.is_some_and(|p| p != Protocol::Any || v.is_any(text(at)))
        && ports(text(at + 1))
        && ports(text(at + 2))
}

/// How sure it is that a text is a list of the console.
pub(super) fn score(text: &str) -> Score {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty()).peekable();
    let mut read = 0;
    while let Some(line) = lines.next() {
        read += line.len();
        if read > HEAD {
            break;
        }
        let next = lines.peek().copied();
        if let Some(head) = Head::of(0, line, next) {
            return match head.by {
                Told::English => 90,
                Told::Position | Told::Translation => 70,
            };
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: &str = "Name\tGruppe\tProfil\tAktiviert\tAktion\tAußer Kraft setzen\tProgramm\tLokale Adresse\tRemoteadresse\tProtokoll\tLokaler Port\tRemoteport\tA\tB\t";

    #[test]
    fn headings_are_known_by_words_and_else_by_their_place() {
        let english = "Name\tEnabled\tAction\tLocal Port\tRemote Address\tRemote Port\tProtocol";
        let head = Head::of(0, english, None).unwrap();
        assert_eq!(
            (head.by, head.columns[3]),
            (Told::English, Some(Column::LocalPort))
        );
        let row = "x\t\tAlle\tJa\tZulassen\tNein\tBeliebig\tBeliebig\tBeliebig\tTCP\t80\tBeliebig\tx\tx\t";
        let head = Head::of(0, GERMAN, Some(row)).unwrap();
        assert_eq!((head.by, head.columns.len()), (Told::Position, 14));
        assert!(head.has(Column::Override));
        let ended = format!("{row}\r");
        let head = Head::of(0, GERMAN, Some(&ended)).unwrap();
        assert_eq!(
            head.by,
            Told::Position,
            "a line of a console ends with a carriage return"
        );
        let odd = row.replace("TCP\t80", "80\tTCP.x");
        let head = Head::of(0, GERMAN, Some(&odd)).unwrap();
        assert_eq!(head.by, Told::Translation, "the row does not fit");
        let swapped = GERMAN.replace("Lokaler Port\tRemoteport", "Remoteport\tLokaler Port");
        let head = Head::of(0, &swapped, Some(row)).unwrap();
        assert_eq!(head.by, Told::Translation, "the words say otherwise");
    }

    #[test]
    fn other_tables_are_no_lists() {
        for text in [
            "Name,DisplayName,LocalPort,RemoteAddress,Protocol\nx,y,80,Any,TCP\n",
            "Name\tAction\tProfile\tEnabled\nx\tAllow\tAny\tTrue\n",
            "Name,Local Port,Local Port,Protocol\n",
            "a\tb\tc\td\te\tf\tg\th\ti\tj\tk\tl\tm\tn\n1\t2\t3\t4\t5\t6\t7\t8\t9\tx\t11\t12\t13\t14\n",
        ] {
            assert_eq!(score(text), 0, "{text}");
        }
    }
}
