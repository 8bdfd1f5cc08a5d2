//! First pass: lines to dumps, tables, chains and places of rules. No rule is understood here, only counted.

use super::rule::Place;
use super::token::Tokens;
use crate::model::{ChainPolicy, TableName};
use crate::problem::{Problem, ProblemKind};
use crate::source::Span;
use crate::space::Family;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// The chains that the kernel calls itself.
pub(super) const BASE_CHAINS: [&str; 5] =
    ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

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
    /// A listing without a `*table` line.
    pub(super) implicit: bool,
    pub(super) chains: Vec<ChainLines<'a>>,
    pub(super) index: FxHashMap<&'a str, u32>,
    last: Option<(&'a str, usize)>,
}

impl<'a> TableLines<'a> {
    /// A table without chains.
    pub(super) fn new(name: Option<TableName>, span: Span, implicit: bool) -> Self {
        Self {
            name,
            span,
            implicit,
            chains: Vec::new(),
            index: FxHashMap::default(),
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
    /// The last rule of the open table.
    last_rule: Option<(usize, Span)>,
    outside: Prose,
    /// Garbage inside a table, as one block.
    garbage: Prose,
    garbage_end: u32,
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

    // ---- headers and tables

    pub(super) fn comment(&mut self, line: &str, span: Span) {
        let body = line.trim_start_matches('#').trim_start();
        if let Some(rest) = body.strip_prefix("hylint:") {
            let rest = rest.trim();
            let start = span.end as usize - rest.len();
            self.out
                .annotations
                .push((rest.to_owned(), Span::new(start, span.end as usize)));
        } else if let Some(rest) = body.strip_prefix("Generated by ") {
            self.generated(rest, span);
        } else if body.starts_with("Warning: ") && body.contains("tables present") {
            self.problem(
                ProblemKind::Incomplete,
                span,
                "the host has further tables that this dump does not show",
            );
        } else if body.starts_with("Table `") && body.contains("incompatible") {
            self.problem(
                ProblemKind::Incomplete,
                span,
                "the host has an nftables table that iptables cannot show",
            );
        }
    }

    fn generated(&mut self, rest: &str, span: Span) {
        let family = if rest.starts_with("ip6tables") {
            Family::V6
        } else if rest.starts_with("iptables") {
            Family::V4
        } else {
            return;
        };
        self.close(false);
        self.header = Some((family, span));
        if let Some((_, date)) = rest.split_once(" on ")
            && self.out.exported_at.is_none()
            && !date.trim().is_empty()
        {
            let start = span.end as usize - date.len();
            let place = Span::new(start, span.end as usize);
            self.out.exported_at = Some((date.to_owned(), place));
        }
    }

    fn table(&mut self, line: &'a str, span: Span) {
        let name = line.get(1..).unwrap_or("").trim();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return self.other(line, span);
        }
        self.close(false);
        self.begin(TableName::parse(name), span, false);
        if TableName::parse(name).is_none() {
            self.problem(
                ProblemKind::Malformed,
                span,
                format!("`{name}` is no table of netfilter"),
            );
        }
    }

    fn begin(&mut self, name: Option<TableName>, span: Span, implicit: bool) {
        let header = self.header.take();
        let joins = self.out.dumps.last().is_some_and(|dump| {
            let repeated = dump.tables.iter().any(|t| t.name == name);
            let other = match (header, dump.family) {
                (Some((new, _)), Some(old)) => new != old,
                (Some((new, _)), None) => {
                    super::family::infer(self.text, dump).is_some_and(|old| old != new)
                }
                (None, _) => false,
            };
            !repeated && !other && !implicit
        });
        let start = header.map_or(span, |(_, h)| h);
        if !joins {
            self.out.dumps.push(Dump {
                family: None,
                header: None,
                tables: Vec::new(),
                span: start,
            });
        }
        if let (Some(dump), Some((family, place))) = (self.out.dumps.last_mut(), header) {
            dump.family.get_or_insert(family);
            dump.header.get_or_insert(place);
        }
        if let Some(dump) = self.out.dumps.last_mut() {
            dump.span = dump.span.to(span);
        }
        self.last_rule = None;
        self.open = Some(TableLines::new(name, span, implicit));
    }

    fn commit(&mut self) {
        if self.open.is_none() {
            self.header = None;
        }
        self.close(true);
    }

    fn close(&mut self, committed: bool) {
        self.flush_garbage();
        let Some(mut table) = self.open.take() else {
            return;
        };
        if table.implicit {
            table.name = Some(guess_table(&table));
        } else if !committed {
            self.problem(
                ProblemKind::Malformed,
                table.span,
                "the table has no COMMIT: the dump is cut off",
            );
        }
        if table.name.is_none() {
            for place in table.chains.iter().flat_map(|c| &c.rules) {
                self.out.problems.push(
                    Problem::new(
                        ProblemKind::Malformed,
                        place.span,
                        "a rule of a table that netfilter does not have",
                    )
                    .dropped(),
                );
            }
            return;
        }
        if let Some(dump) = self.out.dumps.last_mut() {
            dump.tables.push(table);
        }
    }

    /// A listing (`iptables -S`) has no table line: its first line opens one.
    fn open_implicit(&mut self, span: Span, first: bool) -> bool {
        if self.open.is_none() && (first || self.out.dumps.is_empty()) {
            self.begin(Some(TableName::Filter), span, true);
        }
        self.open.is_some()
    }

    // ---- chains and rules

    fn declaration(&mut self, line: &'a str, span: Span) {
        let mut tokens = Tokens::new(
            self.text,
            Span {
                start: span.start + 1,
                end: span.end,
            },
        );
        let (name, policy) = (tokens.next(), tokens.next());
        let (Some(name), Some(policy)) = (name, policy) else {
            return self.other(line, span);
        };
        if !matches!(policy.text, "ACCEPT" | "DROP" | "-" | "QUEUE" | "RETURN") {
            return self.other(line, span);
        }
        if self.open.is_none() {
            self.begin(Some(TableName::Filter), span, true);
            self.problem(
                ProblemKind::Malformed,
                span,
                "a chain before any table line: the dump's beginning is missing",
            );
        }
        self.declare(name.text, span);
        self.set_policy(name.text, policy.text, policy.span, span);
    }

    fn declare(&mut self, name: &'a str, span: Span) {
        let Some(table) = self.open.as_mut() else {
            return;
        };
        let i = table.chain(name, span);
        let Some(chain) = table.chains.get_mut(i) else {
            return;
        };
        let (again, filled) = (!chain.span.is_empty(), !chain.rules.is_empty());
        if !again {
            chain.span = span;
        } else if filled {
            self.problem(
                ProblemKind::Malformed,
                span,
                format!("the chain `{name}` is declared again after its rules"),
            );
        } else {
            self.problem(
                ProblemKind::Note,
                span,
                format!("the chain `{name}` is declared twice"),
            );
        }
    }

    fn set_policy(&mut self, name: &'a str, policy: &str, place: Span, line: Span) {
        let Some(table) = self.open.as_mut() else {
            return;
        };
        if !BASE_CHAINS.contains(&name) || policy == "-" {
            return;
        }
        let i = table.chain(name, line);
        let allow = match policy {
            "ACCEPT" => true,
            "DROP" => false,
            _ => {
                let message = format!("`{policy}` is no policy that is modelled");
                return self.problem(ProblemKind::Malformed, place, message);
            }
        };
        if let Some(chain) = table.chains.get_mut(i) {
            chain.policy = Some(ChainPolicy { allow, span: place });
            if chain.span.is_empty() {
                chain.span = line;
            }
        }
    }

    fn counters(&mut self, line: &'a str, span: Span) {
        let rule = line
            .find(']')
            .map(|i| (i + 1, line.get(i + 1..).unwrap_or("")))
            .filter(|(_, rest)| rest.trim_start().starts_with('-'));
        match rule {
            Some((i, rest)) => {
                let skip = i + rest.len() - rest.trim_start().len();
                let start = span.start as usize + skip;
                self.command(rest.trim_start(), Span::new(start, span.end as usize));
            }
            None => self.other(line, span),
        }
    }

    pub(super) fn command(&mut self, line: &'a str, span: Span) {
        let mut tokens = Tokens::new(self.text, span);
        let word = tokens.next().map_or("", |t| t.text);
        let kind = match word {
            "-A" | "--append" => Command::Append,
            "-I" | "--insert" => Command::Insert,
            "-N" | "--new-chain" | "--new" => Command::New,
            "-P" | "--policy" => Command::Policy,
            "-D" | "--delete" | "-R" | "--replace" | "-F" | "--flush" | "-X" | "--delete-chain"
            | "-E" | "--rename-chain" => Command::Edit,
            "-C" | "--check" | "-L" | "--list" | "-S" | "--list-rules" | "-Z" | "--zero" | "-h"
            | "--help" | "-V" | "--version" => Command::Nothing,
            _ => return self.other(line, span),
        };
        let opens = matches!(kind, Command::Policy | Command::New)
            || (self.out.dumps.is_empty() && matches!(kind, Command::Append | Command::Insert));
        if !self.open_implicit(span, opens) {
            return self.other(line, span);
        }
        let chain = tokens.next();
        match (kind, chain) {
            (Command::Append | Command::Insert, Some(chain)) if !chain.is_option() => {
                self.rule(chain.text, tokens, span, matches!(kind, Command::Insert));
            }
            (Command::New, Some(chain)) => self.declare(chain.text, span),
            (Command::Policy, Some(chain)) => match tokens.next() {
                Some(policy) => self.set_policy(chain.text, policy.text, policy.span, span),
                None => self.other(line, span),
            },
            (Command::Edit, chain) => self.edit(word, chain.map(|c| c.text), span),
            (Command::Nothing, _) => {
                self.problem(ProblemKind::Note, span, format!("`{word}` changes no rule"))
            }
            _ => self.other(line, span),
        }
    }

    /// A command that changes rules that stand before it. A dump has none; their result is not worked out.
    fn edit(&mut self, word: &str, chain: Option<&str>, span: Span) {
        let empty = self.open.as_ref().is_none_or(|t| match chain {
            Some(name) => t
                .index
                .get(name)
                .and_then(|i| t.chains.get(*i as usize))
                .is_none_or(|c| c.rules.is_empty()),
            None => t.chains.iter().all(|c| c.rules.is_empty()),
        });
        if empty {
            let message = format!("`{word}` changes no rule");
            return self.problem(ProblemKind::Note, span, message);
        }
        self.problem(
            ProblemKind::Malformed,
            span,
            format!("`{word}` changes rules that stand before it; the rules are read as if it were not there"),
        );
    }

    fn rule(&mut self, chain: &'a str, mut tokens: Tokens<'a>, span: Span, insert: bool) {
        self.flush_garbage();
        self.out.rules += 1;
        let mut at = 0usize;
        if insert
            && let Some(number) = tokens.peek()
            && let Ok(n) = number.text.parse::<usize>()
        {
            tokens.next();
            at = n.saturating_sub(1);
        }
        let Some(table) = self.open.as_mut() else {
            return;
        };
        let place = Place {
            span,
            body: tokens.offset(),
            cut: false,
        };
        let i = table.chain(chain, span);
        if let Some(c) = table.chains.get_mut(i) {
            if insert {
                at = at.min(c.rules.len());
                c.rules.insert(at, place);
            } else {
                c.rules.push_back(place);
            }
            self.last_rule = Some((i, span));
        }
    }

    // ---- everything else

    fn other(&mut self, line: &'a str, span: Span) {
        if looks_like_rule(line) {
            self.flush_garbage();
            self.out.rules += 1;
            self.out.problems.push(
                Problem::new(
                    ProblemKind::Malformed,
                    span,
                    "a rule that cannot be read: its line does not begin as iptables-save writes it",
                )
                .dropped()
                .help("export again with iptables-save, without marks or wrapping"),
            );
            return;
        }
        if self.open.is_none() {
            self.outside.first.get_or_insert(span);
            self.outside.lines += 1;
            if self.nft(line) {
                self.problem(
                    ProblemKind::Incomplete,
                    span,
                    "an nftables listing, which is not read",
                );
            }
            return;
        }
        if self.garbage.first.is_none() {
            self.mark_cut();
        }
        self.garbage.first.get_or_insert(span);
        self.garbage.lines += 1;
        self.garbage_end = span.end;
    }

    fn nft(&self, line: &str) -> bool {
        let mut words = line.split_ascii_whitespace();
        words.next() == Some("table")
            && matches!(words.next(), Some("inet" | "ip" | "ip6"))
            && line.ends_with('{')
    }

    /// The line after a rule is no line of its own: perhaps the rule's rest.
    fn mark_cut(&mut self) {
        let Some((chain, span)) = self.last_rule else {
            return;
        };
        let rules = self
            .open
            .as_mut()
            .and_then(|t| t.chains.get_mut(chain))
            .map(|c| &mut c.rules);
        if let Some(place) = rules.and_then(|r| r.iter_mut().rev().find(|p| p.span == span)) {
            place.cut = true;
        }
    }

    fn flush_garbage(&mut self) {
        let Prose {
            first: Some(first),
            lines,
        } = std::mem::take(&mut self.garbage)
        else {
            return;
        };
        let span = Span {
            start: first.start,
            end: self.garbage_end,
        };
        let message = if lines == 1 {
            "a line inside a table that is no rule".to_owned()
        } else {
            format!("{lines} lines inside a table that are no rules")
        };
        self.out.problems.push(
            Problem::new(ProblemKind::Malformed, span, message)
                .dropped()
                .help("a rule may have been broken in the middle: export again with iptables-save"),
        );
    }

    fn finish(mut self) -> Layout<'a> {
        self.close(false);
        self.out.dumps.retain(|d| !d.tables.is_empty());
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

#[derive(Clone, Copy)]
enum Command {
    Append,
    Insert,
    New,
    Policy,
    Edit,
    Nothing,
}

/// A rule behind a mark (`+-A`, `X-A`, `> -A`) or glued to its chain.
fn looks_like_rule(line: &str) -> bool {
    let head = line.as_bytes().get(..line.len().min(8)).unwrap_or(&[]);
    ["-A ", "-I ", "--append "].iter().any(|c| {
        memchr::memmem::find(head, c.as_bytes().get(..3).unwrap_or(&[])).is_some_and(|at| {
            line.get(at..).is_some_and(|rest| rest.starts_with(c))
                && head
                    .get(..at)
                    .is_some_and(|mark| !mark.iter().any(|b| b.is_ascii_lowercase()))
        })
    })
}

/// The table of a listing, from the base chains that it has (the kernel registers each table at its own hooks).
fn guess_table(table: &TableLines<'_>) -> TableName {
    let has = |name| table.index.contains_key(name);
    match (has("PREROUTING"), has("FORWARD"), has("POSTROUTING")) {
        (_, true, true) | (true, true, _) => TableName::Mangle,
        (_, false, true) => TableName::Nat,
        (true, false, false) => TableName::Raw,
        _ => TableName::Filter,
    }
}
