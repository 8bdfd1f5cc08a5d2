//! The lines of a finding for miette, which is given only these lines and their numbers, never a whole file.

use crate::common::sanitize;
use crate::finding::{ExcerptLine, Place};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::collections::BTreeMap;

/// Longer lines are cut to a window around the label.
const LONGEST_LINE: usize = 160;
/// Columns before the lines: the line number and what frames it.
const GUTTER: usize = 10;
/// Characters kept before the label in a cut line.
const BEFORE: usize = 40;

/// Lines of one file with labels on them.
#[derive(Debug)]
pub(super) struct Snippet {
    path: String,
    /// Sanitized lines, each ending in a line end.
    text: String,
    runs: Vec<Run>,
    marks: Vec<Mark>,
    /// The labels, in the order of the text.
    pub(super) labels: Vec<LabeledSpan>,
}

/// Consecutive lines of the file.
#[derive(Debug)]
struct Run {
    start: usize,
    end: usize,
    /// Number of its first line, from 1.
    line: u32,
    lines: usize,
}

/// Where a label is in the file.
#[derive(Debug)]
struct Mark {
    offset: usize,
    line: u32,
    column: u32,
}

/// A line and the column at which its window starts: two labels far apart on one long line are two windows.
type Slot = (u32, u32);

/// A label to be placed: its line, the first character in the window, how many, and whose it is.
type Wanted<'a> = (Slot, usize, usize, &'a Place, &'a str);

/// Ends a label where another one begins inside of it: miette draws a label within a label at the wrong place.
fn set_apart(wanted: &mut [Wanted<'_>]) {
    let starts: Vec<(Slot, usize)> = wanted.iter().map(|w| (w.0, w.1)).collect();
    for (slot, at, len, ..) in wanted {
        let inner = starts
            .iter()
            .filter(|(s, start)| s == slot && *start > *at && *start < *at + *len)
            .map(|(_, start)| start - *at)
            .min();
        if let Some(room) = inner {
            *len = room.saturating_sub(1).max(1);
        }
    }
}

impl Snippet {
    /// The lines of the places, which are all in one file; the first is the primary one. Of a place that spans several lines
    /// the first, or with `context` all that are kept. No mark is drawn past `width` columns.
    pub(super) fn new(places: &[(&Place, &str)], context: bool, width: usize) -> Option<Self> {
        let path = sanitize::text(&places.first()?.0.path).into_owned();
        let mut lines: BTreeMap<Slot, String> = BTreeMap::new();
        let mut wanted: Vec<Wanted<'_>> = Vec::new();
        let kept = if context { usize::MAX } else { 1 };
        for (place, label) in places {
            for (n, l) in place.excerpt.lines().take(kept).enumerate() {
                let len = label_len(place, &l);
                let (from, text) = window(place, &l, len);
                let slot = (l.line, from);
                if n == 0 {
                    let at = (place.start.column.saturating_sub(from)) as usize;
                    let room = width.saturating_sub(at + GUTTER);
                    let len = if room < BEFORE { len } else { len.min(room) };
                    wanted.push((slot, at, len, place, label));
                }
                lines.entry(slot).or_insert(text);
            }
        }
        if wanted.is_empty() {
            return None;
        }
        set_apart(&mut wanted);
        let mut s = Self {
            path,
            text: String::new(),
            runs: Vec::new(),
            marks: Vec::new(),
            labels: Vec::new(),
        };
        let mut offsets: BTreeMap<Slot, usize> = BTreeMap::new();
        let mut last: Option<Slot> = None;
        for (slot, text) in &lines {
            offsets.insert(*slot, s.text.len());
            s.push_line(*slot, last, text);
            last = Some(*slot);
        }
        for (n, (slot, at, len, place, label)) in wanted.into_iter().enumerate() {
            if let (Some(start), Some(line)) = (offsets.get(&slot), lines.get(&slot)) {
                s.push_label(*start, line, at, len, place, label, n == 0);
            }
        }
        Some(s)
    }

    fn push_line(&mut self, slot: Slot, last: Option<Slot>, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.text.push('\n');
        let end = self.text.len();
        let follows = last.is_some_and(|(line, from)| line + 1 == slot.0 && from == 1);
        match self.runs.last_mut() {
            Some(run) if follows => {
                run.end = end;
                run.lines += 1;
            }
            _ => self.runs.push(Run {
                start,
                end,
                line: slot.0,
                lines: 1,
            }),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn push_label(
        &mut self,
        start: usize,
        line: &str,
        at: usize,
        len: usize,
        place: &Place,
        label: &str,
        primary: bool,
    ) {
        let byte = |chars: usize| {
            line.char_indices()
                .nth(chars)
                .map_or(line.len(), |(b, _)| b)
        };
        let (from, to) = (byte(at), byte(at + len));
        let offset = start + from;
        self.marks.push(Mark {
            offset,
            line: place.start.line,
            column: place.start.column,
        });
        let text = (!label.is_empty()).then(|| sanitize::text(label).into_owned());
        let span = SourceSpan::new(offset.into(), to - from);
        self.labels.push(if primary {
            LabeledSpan::new_primary_with_span(text, span)
        } else {
            LabeledSpan::new_with_span(text, span)
        });
    }

    fn data(&self, start: usize, end: usize) -> &[u8] {
        self.text.as_bytes().get(start..end).unwrap_or_default()
    }
}

/// Characters of the label on its first line.
fn label_len(place: &Place, line: &ExcerptLine<'_>) -> usize {
    if place.end.line == place.start.line {
        place.end.column.saturating_sub(place.start.column).max(1) as usize
    } else {
        let width = line.text.trim_end().chars().count();
        let at = place.start.column.saturating_sub(line.column) as usize;
        width.saturating_sub(at).max(1)
    }
}

/// The column of the first character shown, and the text.
fn window(place: &Place, line: &ExcerptLine<'_>, len: usize) -> (u32, String) {
    let text = sanitize::line(line.text);
    let at = place.start.column.saturating_sub(line.column) as usize;
    let count = text.chars().count();
    // miette shows nothing for a line without characters.
    if count == 0 {
        return (line.column, " ".into());
    }
    if count <= LONGEST_LINE || (line.line != place.start.line) {
        return (line.column, cut(&text, 0));
    }
    let skip = if at + len <= LONGEST_LINE - BEFORE {
        0
    } else {
        at.saturating_sub(BEFORE)
    };
    let from = line.column + u32::try_from(skip).unwrap_or(0);
    (from, cut(&text, skip))
}

fn cut(text: &str, skip: usize) -> String {
    let mut rest = text.chars().skip(skip);
    let mut out: String = rest.by_ref().take(LONGEST_LINE).collect();
    if rest.next().is_some() {
        out.push('…');
    }
    out
}

impl SourceCode for Snippet {
    /// With context: the run of lines around the span; without: the span alone, at its true line and column (miette makes
    /// the header of them).
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let run = self
            .runs
            .iter()
            .find(|r| r.start <= start && end <= r.end)
            .ok_or(MietteError::OutOfBounds)?;
        let mark = self.marks.iter().find(|m| m.offset == start);
        if let (0, Some(mark)) = (before, mark) {
            return Ok(Box::new(MietteSpanContents::new_named(
                self.path.clone(),
                self.data(start, end),
                *span,
                mark.line.saturating_sub(1) as usize,
                mark.column.saturating_sub(1) as usize,
                1,
            )));
        }
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone(),
            self.data(run.start, run.end),
            SourceSpan::new(run.start.into(), run.end - run.start),
            run.line.saturating_sub(1) as usize,
            0,
            run.lines,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_ends_where_one_inside_of_it_begins() {
        let place = Place::file(&"x".into());
        let at = |start, len| ((1, 1), start, len, &place, "");
        let mut all = [at(0, 30), at(10, 5), at(30, 2), at(0, 4)];
        all[3].0 = (2, 1);
        set_apart(&mut all);
        let ends: Vec<_> = all.iter().map(|w| (w.1, w.2)).collect();
        assert_eq!(ends, [(0, 9), (10, 5), (30, 2), (0, 4)]);
    }
}
