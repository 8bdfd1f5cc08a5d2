//! The state of the first pass.

use super::super::builtin::TableName;
use super::lines::{Layout, TableLines};
use hylint_model::{Backend, Hits, Problem, ProblemKind, Span, Wording};
use hylint_space::Family;

/// What may be spent on the edits of one file, in moved places; beyond it an edit is told and left out. Each walks a
/// chain, so a hostile file could ask for work that grows with the square of its size.
pub(super) const BUDGET: usize = 100_000_000;

/// A command that lists rules, as a prompt or a comment shows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) family: Family,
    pub(super) backend: Backend,
    pub(super) table: TableName,
    pub(super) span: Span,
}

/// Lines that are none of the format's.
#[derive(Debug, Default)]
pub(super) struct Prose {
    pub(super) first: Option<Span>,
    pub(super) lines: usize,
}

/// The lines outside of any table.
#[derive(Debug, Default)]
pub(in super::super) struct Outside<'a> {
    /// The first one that is not blank and no comment.
    pub(in super::super) first: Option<Span>,
    /// How many such lines there are.
    pub(super) lines: usize,
    /// The line before is a member of a set, or stands above the first one.
    pub(super) members: bool,
    /// A line shows that the text was captured: a prompt, a traced command, a collector's mark.
    pub(in super::super) captured: bool,
    /// Their text, comments too.
    pub(super) text: String,
    /// The host that a line names last.
    pub(super) host: Option<&'a str>,
}

/// Lines to dumps.
#[derive(Debug)]
pub(in super::super) struct Splitter<'a> {
    pub(super) text: &'a str,
    pub(in super::super) out: Layout<'a>,
    /// The table that lines belong to.
    pub(in super::super) open: Option<TableLines<'a>>,
    /// A header whose table is still to come.
    pub(super) header: Option<(Option<Family>, Span)>,
    /// What the counter before the rule on this line says.
    pub(super) hits: Hits,
    /// Chain and place in it of the open table's last rule.
    pub(super) last_rule: Option<(usize, usize)>,
    pub(super) outside: Outside<'a>,
    /// Garbage inside a table, as one block.
    pub(super) garbage: Prose,
    pub(super) garbage_end: u32,
    /// What a command that is shown before a listing says of it.
    pub(super) shown: Option<Shown>,
    /// Whether the first `*table` line is indented.
    pub(super) indented: Option<bool>,
    /// Whether the open table's first line ends with a carriage return, and where it is.
    pub(super) returned: Option<(bool, Span)>,
    /// A `*table` line was met.
    pub(super) inside: bool,
    /// What edits may still cost.
    pub(super) budget: usize,
}

impl<'a> Splitter<'a> {
    /// Nothing read yet.
    pub(in super::super) fn new(text: &'a str) -> Self {
        Self {
            text,
            out: Layout::default(),
            open: None,
            header: None,
            hits: Hits::Unprinted,
            last_rule: None,
            outside: Outside::default(),
            garbage: Prose::default(),
            garbage_end: 0,
            shown: None,
            indented: None,
            returned: None,
            inside: false,
            budget: BUDGET,
        }
    }

    /// Records a problem.
    pub(super) fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<Wording>) {
        self.out.problems.push(Problem::new(kind, span, message));
    }
}
