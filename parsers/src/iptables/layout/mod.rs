//! First pass: lines to dumps, tables, chains and places of rules. No rule is understood here, only counted.

mod chains;
mod edits;
mod listing;
mod rest;
mod tables;

#[cfg(test)]
mod tests;

use super::builtin::TableName;
use super::rule::Place;
use hylint_model::{ChainPolicy, Problem, ProblemKind, Span};
use hylint_space::Family;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

/// Most firewalls of one file: a hostile one could hold one for each of its lines.
const MAX_DUMPS: usize = 1000;

/// One chain.
#[derive(Debug)]
pub(super) struct ChainLines<'a> {
    pub(super) name: &'a str,
    pub(super) policy: Option<ChainPolicy>,
    /// The line that declares it; empty if none does.
    pub(super) span: Span,
    /// Where it was first named.
    pub(super) first: Span,
    /// In the chain's order (`-I` is resolved).
    pub(super) rules: VecDeque<Place>,
}

/// One table.
#[derive(Debug)]
pub(super) struct TableLines<'a> {
    /// `None`: a name that netfilter does not have.
    pub(super) name: Option<TableName>,
    pub(super) span: Span,
    /// A listing without a `*table` line: its table is to be guessed.
    pub(super) listing: bool,
    pub(super) chains: Vec<ChainLines<'a>>,
    pub(super) index: FxHashMap<&'a str, u32>,
    /// Names that chains had before `-E`. Rules that jump to them go to the renamed chains.
    renamed: FxHashSet<&'a str>,
    last: Option<(&'a str, usize)>,
}

impl<'a> TableLines<'a> {
    /// A table without chains.
    pub(super) fn new(name: Option<TableName>, span: Span, listing: bool) -> Self {
        Self {
            name,
            span,
            listing,
            chains: Vec::new(),
            index: FxHashMap::default(),
            renamed: FxHashSet::default(),
            last: None,
        }
    }

    /// The chain's number; it is added if it is new.
    fn chain(&mut self, name: &'a str, span: Span) -> usize {
        if let Some((last, i)) = self.last
            && last == name
        {
            return i;
        }
        let next = self.chains.len();
        let fresh = u32::try_from(next).unwrap_or(u32::MAX);
        let i = *self.index.entry(name).or_insert(fresh) as usize;
        if i == next {
            self.chains.push(ChainLines {
                name,
                policy: None,
                span: Span::default(),
                first: span,
                rules: VecDeque::new(),
            });
        }
        self.last = Some((name, i));
        i
    }
}

/// The tables of one firewall.
#[derive(Debug)]
pub(super) struct Dump<'a> {
    /// From the header.
    pub(super) family: Option<Family>,
    pub(super) header: Option<Span>,
    pub(super) tables: Vec<TableLines<'a>>,
    pub(super) span: Span,
}

impl Dump<'_> {
    /// Forgets the places of all rules.
    pub(super) fn leave_out_rules(&mut self) {
        let chains = self.tables.iter_mut().flat_map(|t| &mut t.chains);
        chains.for_each(|c| c.rules.clear());
    }
}

/// Everything that the first pass finds.
#[derive(Debug, Default)]
pub(super) struct Layout<'a> {
    pub(super) dumps: Vec<Dump<'a>>,
    /// Lines of `ipset save`.
    pub(super) set_lines: Vec<Span>,
    pub(super) problems: Vec<Problem>,
    pub(super) annotations: Vec<(String, Span)>,
    pub(super) exported_at: Option<(String, Span)>,
    pub(super) rules: usize,
    /// A list of shell commands, with a shell's quotes.
    pub(super) shell: bool,
}

/// Lines that are none of the format's.
#[derive(Debug, Default)]
struct Prose {
    first: Option<Span>,
    lines: usize,
}

/// Lines to dumps.
#[derive(Debug)]
pub(super) struct Splitter<'a> {
    text: &'a str,
    pub(super) out: Layout<'a>,
    /// The table that lines belong to.
    pub(super) open: Option<TableLines<'a>>,
    /// A header whose table is still to come.
    header: Option<(Family, Span)>,
    /// Chain and place in it of the open table's last rule.
    last_rule: Option<(usize, usize)>,
    outside: Prose,
    /// Garbage inside a table, as one block.
    garbage: Prose,
    garbage_end: u32,
    /// An nftables listing was told of.
    nft_told: bool,
    /// What a command that is shown before a listing says of it.
    shown: Option<listing::Shown>,
    /// What edits may still cost.
    budget: usize,
}

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
    /// Nothing read yet.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            out: Layout::default(),
            open: None,
            header: None,
            last_rule: None,
            outside: Prose::default(),
            garbage: Prose::default(),
            garbage_end: 0,
            nft_told: false,
            shown: None,
            budget: edits::BUDGET,
        }
    }

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

    fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<String>) {
        self.out.problems.push(Problem::new(kind, span, message));
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
        }
        self.out
    }
}
