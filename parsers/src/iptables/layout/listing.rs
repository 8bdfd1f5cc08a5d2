//! Listings of `iptables -S`: one after the other in a file, perhaps behind the commands that printed them.

use super::super::{builtin::TableName, family};
use super::lines::TableLines;
use super::splitter::{Shown, Splitter};
use hylint_model::{Backend, Span};
use hylint_space::Family;

/// The command in a line such as `root@fw:~# iptables -t nat -S`.
fn shown(line: &str, span: Span) -> Option<Shown> {
    let mut words = line.split_ascii_whitespace();
    let program = words.find_map(|w| {
        let name = w.rsplit(['/', '#', '$', '>']).next()?;
        let backend = Backend::of_program(name);
        match name.trim_end_matches("-nft").trim_end_matches("-legacy") {
            "iptables" => Some((Family::V4, backend)),
            "ip6tables" => Some((Family::V6, backend)),
            _ => None,
        }
    });
    let (family, backend) = program?;
    let (mut table, mut lists) = (TableName::Filter, false);
    while let Some(w) = words.next() {
        match w {
            "-t" | "--table" => table = TableName::parse(words.next()?)?,
            "-S" | "--list-rules" => lists = true,
            w if w.starts_with('-') && !w.starts_with("--") => lists |= w.contains('S'),
            _ => {}
        }
    }
    lists.then_some(Shown {
        family,
        backend,
        table,
        span,
    })
}

/// Whether a line begins like a shell's prompt: `root@fw:~#`, `$ `, `[root@fw ~]#`.
pub(super) fn prompt(line: &str) -> bool {
    let head = line.split_ascii_whitespace().take(2);
    let mut user = false;
    head.into_iter().any(|w| {
        user |= w.contains('@');
        let ends = w.ends_with(['#', '$', '%']);
        ends && (user || w.len() == 1)
    })
}

impl<'a> Splitter<'a> {
    /// A prompt or comment that shows which listing follows; it ends the one before it. Whether it was one.
    pub(super) fn shows_listing(&mut self, line: &str, span: Span) -> bool {
        if self.open.as_ref().is_some_and(|t| !t.listing) {
            return false;
        }
        let found = shown(line, span);
        if found.is_none() && !(self.open.is_some() && prompt(line)) {
            return false;
        }
        self.close(false);
        if found.is_some() {
            self.shown = found;
        }
        true
    }

    /// A listing prints the policies first: one that comes after rules or chains, or twice, begins the next listing.
    pub(super) fn next_listing(&mut self, chain: &str) {
        let next = self.open.as_ref().is_some_and(|t| {
            let twice = t.index.get(chain).is_some_and(|i| {
                t.chains
                    .get(*i as usize)
                    .is_some_and(|c| c.policy.is_some())
            });
            let rules = || t.chains.iter().any(|c| !c.rules.is_empty());
            let user = || {
                t.chains
                    .iter()
                    .any(|c| c.policy.is_none() && !c.span.is_empty())
            };
            t.listing && (twice || user() || rules())
        });
        if next {
            self.close(false);
        }
    }

    /// Puts a listing that ended to the one before it, if both are tables of one firewall.
    pub(super) fn join_listing(&mut self, table: TableLines<'a>) {
        let Some(mut dump) = self.out.dumps.pop() else {
            return;
        };
        let joins = self.out.dumps.last().is_some_and(|before| {
            let tables = &before.tables;
            let plain = dump.tables.is_empty() && tables.iter().all(|t| t.listing);
            let room = tables.iter().all(|t| t.name != table.name);
            let known =
                |d: &super::lines::Dump<'a>| d.family.or_else(|| family::infer(self.text, d));
            let differ = matches!((known(before), known(&dump)), (Some(a), Some(b)) if a != b);
            let apart = before.backend.differs(dump.backend);
            !tables.is_empty() && plain && room && !differ && !apart
        });
        match self.out.dumps.last_mut() {
            Some(before) if joins => {
                before.span = before.span.to(dump.span);
                before.family = before.family.or(dump.family);
                before.tables.push(table);
            }
            _ => {
                dump.tables.push(table);
                self.out.dumps.push(dump);
            }
        }
    }
}
