//! Which blocks of a file are in force once `iptables-restore` has read it: a table that comes again is flushed first, the
//! first line that is refused ends the reading, and what was committed before it stands.

use super::builtin::TableName;
use super::layout::TableLines;
use super::place::Place;
use super::refuse;
use hylint_model::{Chain, Problem, ProblemKind, Span, Table, Wording, reworded};

/// A block that was read.
struct Block {
    name: TableName,
    table: Table,
    rules: Vec<Span>,
}

/// What a firewall's blocks come to, in file order.
#[derive(Default)]
pub(super) struct Loading {
    /// In force.
    blocks: Vec<Block>,
    /// Tables of which no block was loaded.
    unloaded: Vec<(TableName, Span)>,
    /// Chains of the blocks so far that are named like targets.
    announced: Vec<Box<str>>,
    stopped: bool,
    /// The firewall's blocks are listings, which nothing loads.
    pub(super) listings: bool,
}

/// The rules of a block, in the order of its chains.
pub(super) fn rules(lines: &TableLines<'_>) -> impl Iterator<Item = Place> {
    lines.chains.iter().flat_map(|c| c.rules.iter().copied())
}

/// Names rules that are in no rule of the model.
fn drop_rules(
    rules: &[Span],
    message: &Wording,
    reason: &'static str,
    problems: &mut Vec<Problem>,
) {
    let one = |span: &Span| {
        Problem::new(ProblemKind::Note, *span, message.clone())
            .dropped()
            .reason(reason)
    };
    problems.extend(rules.iter().map(one));
}

/// Flushing a table leaves the policies of the kernel's chains as they were.
fn keep_policies(old: &Table, new: &mut Table) {
    for chain in old
        .chains
        .iter()
        .filter(|c| c.base.is_some() && c.policy.is_some())
    {
        match new.chains.iter_mut().find(|c| c.name == chain.name) {
            Some(c) => c.policy = c.policy.or(chain.policy),
            None => new.chains.push(Chain {
                rules: Vec::new(),
                ..chain.clone()
            }),
        }
    }
}

impl Loading {
    /// Whether a line before has ended the reading.
    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }

    /// The chains whose policies an earlier block of a table sets.
    pub(super) fn policies(&self, name: TableName) -> Vec<Box<str>> {
        let blocks = self
            .blocks
            .iter()
            .filter(|b| b.name == name && !self.listings);
        let chains = blocks.flat_map(|b| &b.table.chains);
        chains
            .filter(|c| c.policy.is_some())
            .map(|c| c.name.clone())
            .collect()
    }

    /// Chains of the blocks before that are named like targets: the tools take such a name for a chain's from then on.
    pub(super) fn announced(&self) -> Vec<Box<str>> {
        self.announced.clone()
    }

    /// Remembers the chains of a block for those that follow.
    pub(super) fn announce(&mut self, lines: &TableLines<'_>) {
        let declared = lines.chains.iter().filter(|c| !c.span.is_empty());
        let named = declared.filter(|c| refuse::is_target(c.name));
        self.announced.extend(named.map(|c| c.name.into()));
    }

    /// A line outside of the blocks that ends the reading.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    /// A block that is loaded.
    pub(super) fn load(
        &mut self,
        name: TableName,
        mut table: Table,
        rules: Vec<Span>,
        problems: &mut Vec<Problem>,
    ) {
        self.unloaded.retain(|(n, _)| *n != name);
        if !self.listings
            && let Some(at) = self.blocks.iter().position(|b| b.name == name)
        {
            let old = self.blocks.remove(at);
            keep_policies(&old.table, &mut table);
            let table = name.as_str();
            let message = reworded(
                format!("rule is not loaded: a later `*{table}` of the file replaces its table"),
                "a rule of an earlier ``, which a later `` of the file replaces",
            );
            drop_rules(&old.rules, &message, "replaced", problems);
            if old.rules.is_empty() {
                let message = reworded(
                    format!("table is replaced by a later `*{table}` of the file"),
                    "a later `` of the file replaces this one",
                );
                problems.push(Problem::new(ProblemKind::Note, old.table.span, message));
            }
        }
        self.blocks.push(Block { name, table, rules });
    }

    /// A block that is refused, or that stands behind a refused line.
    pub(super) fn refuse(
        &mut self,
        name: TableName,
        at: Span,
        rules: &[Span],
        problems: &mut Vec<Problem>,
    ) {
        let why = if self.stopped {
            reworded(
                "rule is not loaded: iptables-restore stops at an earlier line",
                "a rule that is not loaded: the tools stop at a line before it",
            )
        } else {
            reworded(
                "rule is not loaded: iptables-restore refuses its table",
                "a rule that is not loaded: the tools refuse its table",
            )
        };
        drop_rules(rules, &why, "not-loaded", problems);
        self.stopped = true;
        if !self.blocks.iter().any(|b| b.name == name)
            && !self.unloaded.iter().any(|(n, _)| *n == name)
        {
            self.unloaded.push((name, at));
        }
    }

    /// The tables in force, and those of which nothing is known.
    pub(super) fn finish(self) -> (Vec<Table>, Vec<(TableName, Span)>) {
        (
            self.blocks.into_iter().map(|b| b.table).collect(),
            self.unloaded,
        )
    }
}
