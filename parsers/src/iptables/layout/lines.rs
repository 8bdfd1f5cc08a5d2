//! What the first pass finds: firewalls, their tables and chains, and the places of rules.

use super::super::builtin::{TableName, is_base_chain};
use crate::iptables::place::Place;
use hylint_model::{Backend, ChainPolicy, Problem, Span};
use hylint_space::Family;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

/// One chain.
#[derive(Debug)]
pub(in super::super) struct ChainLines<'a> {
    pub(in super::super) name: &'a str,
    pub(in super::super) policy: Option<ChainPolicy>,
    /// The line that declares it; empty if none does.
    pub(in super::super) span: Span,
    /// Where it was first named.
    pub(in super::super) first: Span,
    /// A list of commands flushes it, so that nothing that was there before is left.
    pub(in super::super) fresh: bool,
    /// In the chain's order (`-I` is resolved).
    pub(in super::super) rules: VecDeque<Place>,
}

/// One table.
#[derive(Debug)]
pub(in super::super) struct TableLines<'a> {
    /// `None`: a name that netfilter does not have.
    pub(in super::super) name: Option<TableName>,
    pub(in super::super) span: Span,
    /// A list of commands flushes all its chains.
    pub(in super::super) flushed: bool,
    /// A line of it is not read, so nothing is known of what it comes to.
    pub(in super::super) unread: bool,
    /// Where its last line ends.
    pub(in super::super) end: u32,
    /// A listing without a `*table` line: its table is to be guessed.
    pub(in super::super) listing: bool,
    pub(in super::super) chains: Vec<ChainLines<'a>>,
    pub(in super::super) index: FxHashMap<&'a str, u32>,
    /// Names that chains had before `-E`. Rules that jump to them go to the renamed chains.
    pub(super) renamed: FxHashSet<&'a str>,
    /// The host that a line before the table names.
    pub(in super::super) host: Option<&'a str>,
    /// The chain that was asked for last, and its number.
    pub(super) last: Option<(&'a str, usize)>,
}

impl<'a> TableLines<'a> {
    /// A table without chains.
    pub(in super::super) fn new(name: Option<TableName>, span: Span, listing: bool) -> Self {
        Self {
            name,
            span,
            end: span.end,
            flushed: false,
            unread: false,
            listing,
            chains: Vec::new(),
            index: FxHashMap::default(),
            renamed: FxHashSet::default(),
            host: None,
            last: None,
        }
    }

    /// Whether a chain had another name before; its line is the one that renames it.
    pub(in super::super) fn is_renamed(&self, chain: usize) -> bool {
        let old = |(name, i): (&&str, &u32)| *i as usize == chain && self.renamed.contains(*name);
        !self.renamed.is_empty() && self.index.iter().any(old)
    }

    /// Whether the kernel calls a chain of the name in the table.
    pub(in super::super) fn has_base(&self, chain: &str) -> bool {
        // Which table a listing is of may not be known yet.
        self.name.map_or(is_base_chain(chain), |t| t.calls(chain))
    }

    /// The chain's number; it is added if it is new.
    pub(super) fn chain(&mut self, name: &'a str, span: Span) -> usize {
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
                fresh: self.flushed,
                rules: VecDeque::new(),
            });
        }
        self.last = Some((name, i));
        i
    }
}

/// The tables of one firewall.
#[derive(Debug)]
pub(in super::super) struct Dump<'a> {
    /// From the header.
    pub(in super::super) family: Option<Family>,
    pub(in super::super) header: Option<Span>,
    /// By the header, or by the command that is shown before a listing.
    pub(in super::super) backend: Backend,
    pub(in super::super) tables: Vec<TableLines<'a>>,
    pub(in super::super) span: Span,
}

impl Dump<'_> {
    /// Forgets the places of all rules.
    pub(in super::super) fn leave_out_rules(&mut self) {
        let chains = self.tables.iter_mut().flat_map(|t| &mut t.chains);
        chains.for_each(|c| c.rules.clear());
    }
}

/// Everything that the first pass finds.
#[derive(Debug, Default)]
pub(in super::super) struct Layout<'a> {
    pub(in super::super) dumps: Vec<Dump<'a>>,
    /// Lines of `ipset save`.
    pub(in super::super) set_lines: Vec<Span>,
    pub(in super::super) problems: Vec<Problem>,
    pub(in super::super) annotations: Vec<(String, Span)>,
    pub(in super::super) exported_at: Option<(String, Span)>,
    /// What shows that other rule sets filter the same packets, and of which family.
    pub(in super::super) others: Vec<(Option<Family>, Span)>,
    pub(in super::super) rules: usize,
    /// The first line outside of any table that is not blank and no comment.
    pub(in super::super) outside: Option<Span>,
    /// Lines outside of the tables show that the text was captured from a terminal or by a collector.
    pub(in super::super) captured: bool,
    /// A list of shell commands, with a shell's quotes.
    pub(in super::super) shell: bool,
    /// A command of the list may fail, and those behind it are run.
    pub(in super::super) tolerant: bool,
}
