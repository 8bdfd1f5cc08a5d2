//! First pass: lines to dumps, tables, chains and places of rules. No rule is understood here, only counted.

mod chains;
mod edits;
mod lines;
mod listing;
mod outside;
mod rest;
mod splitter;
mod tables;

#[cfg(test)]
mod tests;

pub(super) use lines::{Dump, Layout, TableLines};
pub(super) use splitter::Splitter;

use super::family;
use hylint_model::{Backend, Problem, ProblemKind, Span, reworded};
use hylint_space::Family;

/// Most firewalls of one file: a hostile one could hold one for each of its lines.
const MAX_DUMPS: usize = 1000;

/// Help where a save tool printed its header and nothing else.
const NO_TABLES: &str = "run `nft list ruleset` on the host and give its output: where firewalld or nft made the rules, \
    `iptables-save` prints no table";

/// Splits a text.
pub(super) fn split(text: &str) -> Layout<'_> {
    let mut s = Splitter::new(text);
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end =
            memchr::memchr(b'\n', bytes.get(at..).unwrap_or(&[])).map_or(bytes.len(), |n| at + n);
        s.line(at, end);
        at = end + 1;
    }
    s.finish()
}

fn blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r')
}

impl<'a> Splitter<'a> {
    fn line(&mut self, mut start: usize, mut end: usize) {
        let whole = Span::new(start, end);
        let bytes = self.text.as_bytes();
        while start < end && bytes.get(start).copied().is_some_and(blank) {
            start += 1;
        }
        while start < end && bytes.get(end - 1).copied().is_some_and(blank) {
            end -= 1;
        }
        let span = Span::new(start, end);
        let line = self.text.get(start..end).unwrap_or("");
        self.ragged(line, span, whole);
        self.returns(line, span, whole);
        self.too_long(span, whole);
        let Some(first) = line.bytes().next() else {
            return;
        };
        if let Some(dump) = self.out.dumps.last_mut()
            && self.open.is_some()
        {
            dump.span = dump.span.to(span);
        }
        match first {
            b'-' => self.command(line, span),
            b'[' => self.counters(line, span),
            b':' => self.declaration(line, span),
            b'#' => self.comment(line, span),
            b'*' => self.table(line, span),
            b'C' if line == "COMMIT" => self.commit(span),
            b'c' | b'a' | b'f' | b'd' if self.open.is_none() && super::ipset::is_line(line) => {
                self.out.set_lines.push(span);
            }
            _ => self.other(line, span),
        }
    }

    /// Tells of blanks that the tools do not pass over: before a line other than a rule, behind COMMIT, on an empty line. A
    /// text that is indented or has carriage returns throughout was copied so, and says nothing of the file it comes from.
    fn ragged(&mut self, line: &str, span: Span, whole: Span) {
        let text = self.text.get(whole.range()).unwrap_or("");
        if line.starts_with('*') {
            self.indented.get_or_insert(text.starts_with([' ', '\t']));
        }
        if self.indented != Some(false) || self.open.as_ref().is_none_or(|t| t.listing) {
            return;
        }
        let before = span.start > whole.start && !line.starts_with(['-', '[']);
        let behind = line == "COMMIT" && text.trim_end_matches('\r').len() != line.len();
        if (before && !text.trim_end_matches('\r').is_empty()) || behind {
            let at = if line.is_empty() { whole } else { span };
            self.problem(
                ProblemKind::Malformed,
                at,
                reworded(
                    "iptables-restore accepts no spaces before or after this line",
                    "the tools take no blanks before or behind this line",
                ),
            );
        }
    }

    /// Tells of a carriage return in a table that has them on some lines alone: the tools take one for a part of the last
    /// word. A table that has them throughout was copied so.
    fn returns(&mut self, line: &str, span: Span, whole: Span) {
        let text = self.text.get(whole.range()).unwrap_or("");
        let has = text.ends_with('\r');
        if line.starts_with('*') {
            self.returned = Some((has, span));
            return;
        }
        let inside = self.open.as_ref().is_some_and(|t| !t.listing);
        let last = whole.end as usize >= self.text.len();
        let counted = line.starts_with(':') && line.ends_with(']');
        let Some((table, at)) = self.returned.filter(|_| inside && !last) else {
            return;
        };
        if has == table || line.is_empty() && !has || has && (counted || line.starts_with('#')) {
            return;
        }
        self.returned = None;
        let at = if table { at } else { span };
        self.problem(
            ProblemKind::Malformed,
            at,
            reworded(
                "carriage return at the end of the line: iptables-restore reads it as part of the last word",
                "the line ends with a carriage return, which the tools take for a part of its last word",
            ),
        );
    }

    /// Tells of a line that is longer than the tools' buffer: they take the rest for a line of its own.
    fn too_long(&mut self, span: Span, whole: Span) {
        const BUFFER: usize = 10_240;
        if whole.len() >= BUFFER && self.open.as_ref().is_some_and(|t| !t.listing) {
            let message =
                "the line has more than 10239 bytes: the tools take the rest for another one";
            let message = reworded(
                "line is longer than 10239 bytes: iptables-restore reads the rest as another line",
                message,
            );
            self.problem(ProblemKind::Malformed, span, message);
        }
    }

    /// Names the rules of dumps beyond the most that one file may hold.
    fn leave_out(&mut self) {
        let count = self.out.dumps.len();
        let beyond = self.out.dumps.split_off(count.min(MAX_DUMPS));
        let Some(first) = beyond.first() else {
            return;
        };
        let message =
            format!("the file holds {count} firewalls, and only the first {MAX_DUMPS} are read");
        self.problem(ProblemKind::Malformed, first.span, message);
        let tables = beyond.iter().flat_map(|d| &d.tables);
        for place in tables.flat_map(|t| &t.chains).flat_map(|c| &c.rules) {
            let message = "a rule of a firewall beyond the most that one file may hold";
            let problem = Problem::new(ProblemKind::Malformed, place.span, message);
            self.out.problems.push(problem.dropped());
        }
    }

    /// Rules before the first table of a file are none of a listing, which begins with its policies.
    fn refuse_strays(&mut self) {
        if !self.inside {
            return;
        }
        let stray = |d: &Dump<'_>| {
            let mut chains = d.tables.iter().flat_map(|t| &t.chains);
            d.header.is_none()
                && d.tables.iter().all(|t| t.listing)
                && chains.all(|c| c.policy.is_none() && c.span.is_empty())
        };
        let dumps = std::mem::take(&mut self.out.dumps);
        let (strays, dumps): (Vec<_>, Vec<_>) = dumps.into_iter().partition(stray);
        self.out.dumps = dumps;
        for place in strays
            .iter()
            .flat_map(|d| &d.tables)
            .flat_map(|t| &t.chains)
            .flat_map(|c| &c.rules)
        {
            let message =
                "a rule outside of any table: the tools stop here, and what follows is not loaded";
            let problem = Problem::new(ProblemKind::Malformed, place.span, message);
            self.out.problems.push(problem.dropped());
        }
    }

    /// Puts dumps of one family together: one tool loads them, and a table that comes again replaces the one before.
    fn unite(&mut self) {
        let dumps = std::mem::take(&mut self.out.dumps);
        let mut all: Vec<(Dump<'a>, Option<Family>)> = Vec::with_capacity(dumps.len());
        for dump in dumps {
            let listing = dump.tables.iter().any(|t| t.listing);
            let family = dump.family.or_else(|| family::infer(self.text, &dump));
            let same = |(d, f): &&mut (Dump<'a>, Option<Family>)| {
                let apart = matches!((*f, family), (Some(a), Some(b)) if a != b);
                let apart = apart || d.backend.differs(dump.backend);
                !listing && !apart && d.tables.iter().all(|t| !t.listing)
            };
            match all.iter_mut().rev().find(same) {
                Some((before, known)) => {
                    before.span = before.span.to(dump.span);
                    before.family = before.family.or(dump.family);
                    before.header = dump.header.or(before.header);
                    if dump.backend != Backend::Unsaid {
                        before.backend = dump.backend;
                    }
                    before.tables.extend(dump.tables);
                    *known = known.or(family);
                }
                None => all.push((dump, family)),
            }
        }
        self.out.dumps = all.into_iter().map(|(d, _)| d).collect();
    }

    fn finish(mut self) -> Layout<'a> {
        self.close(false);
        self.out.dumps.retain(|d| !d.tables.is_empty());
        self.refuse_strays();
        self.unite();
        self.leave_out();
        self.beside();
        self.out.captured = self.outside.captured;
        self.out.outside = self.outside.first;
        if let Some(first) = self.outside.first {
            let message = match self.outside.lines {
                1 => "a line outside of any table is not read".to_owned(),
                n => format!("{n} lines outside of any table are not read"),
            };
            self.problem(ProblemKind::Note, first, message);
        }
        if let Some((_, span)) = self.header.filter(|_| self.out.dumps.is_empty()) {
            self.problem(
                ProblemKind::Empty,
                span,
                reworded(
                    "the header is followed by no table",
                    "the header promises tables and there is none",
                ),
            );
            if let Some(p) = self.out.problems.last_mut() {
                p.help = Some(NO_TABLES.into());
            }
        }
        self.out
    }
}
