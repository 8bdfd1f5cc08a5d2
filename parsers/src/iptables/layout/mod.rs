//! First pass: lines to dumps, tables, chains and places of rules. No rule is understood here, only counted.

mod chains;
mod edits;
mod lines;
mod listing;
mod rest;
mod splitter;
mod tables;

#[cfg(test)]
mod tests;

pub(super) use lines::{Dump, Layout, TableLines};
pub(super) use splitter::Splitter;

use hylint_model::{Problem, ProblemKind, Span};
use splitter::Prose;

/// Most firewalls of one file: a hostile one could hold one for each of its lines.
const MAX_DUMPS: usize = 1000;

/// Help where a save tool printed its header and nothing else.
const NO_TABLES: &str = "look at `nft list ruleset` on the host: where firewalld or nft made the rules, `iptables-save` \
    prints no table, and hylint does not read native nftables rules";

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
        let bytes = self.text.as_bytes();
        while start < end && bytes.get(start).copied().is_some_and(blank) {
            start += 1;
        }
        while start < end && bytes.get(end - 1).copied().is_some_and(blank) {
            end -= 1;
        }
        let span = Span::new(start, end);
        let line = self.text.get(start..end).unwrap_or("");
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
            b'C' if line == "COMMIT" => self.commit(),
            b'c' | b'a' | b'f' | b'd' if self.open.is_none() && super::ipset::is_line(line) => {
                self.out.set_lines.push(span);
            }
            _ => self.other(line, span),
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

    fn finish(mut self) -> Layout<'a> {
        self.close(false);
        self.out.dumps.retain(|d| !d.tables.is_empty());
        self.leave_out();
        if let Prose {
            first: Some(first),
            lines,
        } = self.outside
        {
            let message = match lines {
                1 => "a line outside of any table is not read".to_owned(),
                n => format!("{n} lines outside of any table are not read"),
            };
            self.problem(ProblemKind::Note, first, message);
        }
        if let Some((_, span)) = self.header.filter(|_| self.out.dumps.is_empty()) {
            self.problem(
                ProblemKind::Empty,
                span,
                "the header promises tables and there is none",
            );
            if let Some(p) = self.out.problems.last_mut() {
                p.help = Some(NO_TABLES.into());
            }
        }
        self.out
    }
}
