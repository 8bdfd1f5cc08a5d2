//! Rows and cells of a list that a console exported, with their places.

use hylint_model::Span;
use std::borrow::Cow;

/// What stands between cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Delimiter {
    Tab,
    Comma,
}

impl Delimiter {
    /// Whether a line ends with it.
    pub(super) fn ends(self, line: &str) -> bool {
        let line = line.trim_end_matches(['\r', ' ']);
        line.ends_with(match self {
            Self::Tab => '\t',
            Self::Comma => ',',
        })
    }
}

/// One cell, without quotes and blanks around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) span: Span,
}

/// Cells of one line are not told apart beyond this number.
const MOST: usize = 64;

/// The cells of a line that begins at `start`. The console ends each line with a delimiter, which begins no cell.
///
/// Lists inside a cell are joined by a comma and a blank (`31415, 31416`), and the console quotes nothing: in a list with
/// commas a comma before a blank is part of the cell.
pub(super) fn cells(start: usize, line: &str, delimiter: Delimiter) -> Vec<Cell<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while out.len() < MOST {
        let rest = line.get(at..).unwrap_or_default();
        let (len, quoted) = length(rest, delimiter);
        let raw = rest.get(..len).unwrap_or_default();
        out.push(cell(start + at, raw, quoted));
        at += len + 1;
        if at >= line.len() {
            break;
        }
    }
    out
}

/// The bytes of the first cell, and whether it is quoted.
fn length(rest: &str, delimiter: Delimiter) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let end = |from: usize| {
        let mut ends = bytes
            .iter()
            .enumerate()
            .skip(from)
            .filter(|(at, b)| match delimiter {
                Delimiter::Tab => **b == b'\t',
                Delimiter::Comma => **b == b',' && bytes.get(at + 1) != Some(&b' '),
            });
        ends.next().map_or(bytes.len(), |(at, _)| at)
    };
    if bytes.first() != Some(&b'"') {
        return (end(0), false);
    }
    let mut at = 1;
    loop {
        match memchr::memchr(b'"', bytes.get(at..).unwrap_or_default()) {
            None => return (end(0), false),
            Some(n) if bytes.get(at + n + 1) == Some(&b'"') => at += n + 2,
            Some(n) => return (end(at + n + 1), true),
        }
    }
}

fn cell(start: usize, raw: &str, quoted: bool) -> Cell<'_> {
    let lead = raw.len() - raw.trim_start().len();
    let mut text = raw.trim();
    let mut from = start + lead;
    let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let mut unquoted = None;
    if let Some(inner) = bare.filter(|_| quoted) {
        text = inner;
        from += 1;
        unquoted = inner.contains("\"\"").then(|| inner.replace("\"\"", "\""));
    }
    Cell {
        span: Span::new(from, from + text.len()),
        text: unquoted.map_or(Cow::Borrowed(text), Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str, delimiter: Delimiter) -> Vec<String> {
        let all = cells(7, line, delimiter);
        for c in all.iter().filter(|c| !c.text.contains('"')) {
            let at = c.span.start as usize - 7..c.span.end as usize - 7;
            assert_eq!(line.get(at), Some(&*c.text), "{line}");
        }
        all.into_iter().map(|c| c.text.into_owned()).collect()
    }

    #[test]
    fn a_delimiter_at_the_end_begins_no_cell() {
        assert_eq!(texts("a\t\t b \t", Delimiter::Tab), ["a", "", "b"]);
        assert_eq!(texts("a\t\t", Delimiter::Tab), ["a", ""]);
        assert_eq!(texts("a,,b,\r", Delimiter::Comma), ["a", "", "b", ""]);
        assert_eq!(texts("", Delimiter::Tab), [""]);
    }

    #[test]
    fn a_list_with_commas_stays_in_its_cell() {
        assert_eq!(
            texts("Web, both,All,80, 443,Any,", Delimiter::Comma),
            ["Web, both", "All", "80, 443", "Any"]
        );
        assert_eq!(
            texts("\"a,b\",\"say \"\"x\"\"\",c", Delimiter::Comma),
            ["a,b", "say \"x\"", "c"]
        );
        assert_eq!(texts("\"a,b", Delimiter::Comma), ["\"a", "b"]);
    }

    #[test]
    fn a_line_of_delimiters_alone_ends() {
        assert_eq!(cells(0, &"\t".repeat(1000), Delimiter::Tab).len(), MOST);
    }
}
