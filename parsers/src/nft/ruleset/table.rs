//! What tables hold.

use super::super::syntax::{ChainDecl, RuleDecl, SetDecl, TableDecl, Target};
use hylint_model::{Span, TableFamily};
use std::borrow::Cow;
use std::collections::HashMap;

/// The tables, in the order in which they were declared.
#[derive(Debug, Default)]
pub(in super::super) struct Ruleset<'a> {
    /// Each once.
    pub tables: Vec<Table<'a>>,
    /// Everything that was there before is gone (`flush ruleset` before anything else).
    pub flushed: bool,
    by_name: HashMap<(TableFamily, Cow<'a, str>), usize>,
}

/// A table.
#[derive(Debug)]
pub(in super::super) struct Table<'a> {
    /// What its first declaration says.
    pub decl: TableDecl<'a>,
    /// The text of that declaration.
    pub span: Span,
    /// In the order in which they were declared.
    pub chains: Vec<Chain<'a>>,
    /// Sets and maps, likewise.
    pub sets: Vec<SetDecl<'a>>,
    /// False of a table that commands name and nothing declares: it is one of another file.
    pub declared: bool,
    chains_by_name: HashMap<Cow<'a, str>, usize>,
    sets_by_name: HashMap<Cow<'a, str>, usize>,
}

/// A chain.
#[derive(Debug)]
pub(in super::super) struct Chain<'a> {
    /// What its declarations say; the last one that gives a policy has it.
    pub decl: ChainDecl<'a>,
    /// False of a chain that commands name and nothing declares.
    pub declared: bool,
    /// In order.
    pub rules: Vec<RuleDecl<'a>>,
}

impl<'a> Ruleset<'a> {
    /// Whether a table has a flag that is not known: it may be dormant.
    pub(in super::super) fn flagged(&self) -> bool {
        self.tables.iter().any(|t| t.decl.unknown_flag)
    }

    /// The table, if it is there.
    pub(super) fn table(&mut self, target: &Target<'a>) -> Option<&mut Table<'a>> {
        let at = *self.by_name.get(&(target.family, target.table.clone()))?;
        self.tables.get_mut(at)
    }

    /// Adds a table, or returns the one that is there.
    pub(super) fn add(
        &mut self,
        decl: TableDecl<'a>,
        span: Span,
        declared: bool,
    ) -> &mut Table<'a> {
        let next = self.tables.len();
        let key = (decl.target.family, decl.target.table.clone());
        let at = *self.by_name.entry(key).or_insert(next);
        if at == next {
            self.tables.push(Table::new(decl, span, declared));
        } else if let (Some(table), true) = (self.tables.get_mut(at), declared) {
            table.declare(decl, span);
        }
        let last = self.tables.len().saturating_sub(1);
        // INVARIANT: `by_name` holds places of `tables`, which has one at least.
        #[allow(clippy::indexing_slicing)]
        &mut self.tables[at.min(last)]
    }

    /// Takes tables away; returns their rules.
    pub(super) fn remove(&mut self, gone: impl Fn(TableFamily, &str) -> bool) -> Vec<RuleDecl<'a>> {
        let (out, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.tables)
            .into_iter()
            .partition(|t| gone(t.decl.target.family, &t.decl.target.table));
        self.tables = kept;
        let names = self.tables.iter().enumerate();
        self.by_name = names
            .map(|(i, t)| ((t.decl.target.family, t.decl.target.table.clone()), i))
            .collect();
        let chains = out.into_iter().flat_map(|t| t.chains);
        chains.flat_map(|c| c.rules).collect()
    }
}

impl<'a> Table<'a> {
    fn new(decl: TableDecl<'a>, span: Span, declared: bool) -> Self {
        Self {
            decl,
            span,
            chains: Vec::new(),
            sets: Vec::new(),
            declared,
            chains_by_name: HashMap::new(),
            sets_by_name: HashMap::new(),
        }
    }

    fn declare(&mut self, decl: TableDecl<'a>, span: Span) {
        if !self.declared {
            (self.decl, self.span, self.declared) = (decl, span, true);
            return;
        }
        self.decl.dormant |= decl.dormant;
        self.decl.unknown_flag |= decl.unknown_flag;
        self.decl.iptables |= decl.iptables;
        self.decl.owner |= decl.owner;
        self.decl.comment = self.decl.comment.take().or(decl.comment);
    }

    /// A chain by name.
    pub(in super::super) fn chain(&self, name: &str) -> Option<(usize, &Chain<'a>)> {
        let at = *self.chains_by_name.get(name)?;
        Some((at, self.chains.get(at)?))
    }

    /// The same, to change.
    pub(super) fn chain_mut(&mut self, name: &str) -> Option<&mut Chain<'a>> {
        let at = *self.chains_by_name.get(name)?;
        self.chains.get_mut(at)
    }

    /// Adds a chain, or tells the one that is there what the declaration says.
    pub(super) fn add_chain(&mut self, decl: ChainDecl<'a>, declared: bool) {
        match self.chain_mut(&decl.target.name) {
            None => {
                let at = self.chains.len();
                self.chains_by_name.insert(decl.target.name.clone(), at);
                self.chains.push(Chain {
                    decl,
                    declared,
                    rules: Vec::new(),
                });
            }
            Some(chain) if declared => {
                if !chain.declared {
                    chain.decl.head = decl.head;
                    chain.declared = true;
                }
                chain.decl.policy = decl.policy.or(chain.decl.policy);
                chain.decl.hook = chain.decl.hook.take().or(decl.hook);
                chain.decl.comment = chain.decl.comment.take().or(decl.comment);
            }
            Some(_) => {}
        }
    }

    /// Takes a chain away; returns its rules. `None` if there is no such chain.
    pub(super) fn remove_chain(&mut self, name: &str) -> Option<Vec<RuleDecl<'a>>> {
        let at = self.chains_by_name.remove(name)?;
        let gone = (at < self.chains.len()).then(|| self.chains.remove(at))?;
        let names = self.chains.iter().map(|c| c.decl.target.name.clone());
        self.chains_by_name = names.zip(0..).collect();
        Some(gone.rules)
    }

    /// A set or map by name.
    pub(in super::super) fn set(&self, name: &str) -> Option<(usize, &SetDecl<'a>)> {
        let at = *self.sets_by_name.get(name)?;
        Some((at, self.sets.get(at)?))
    }

    /// The same, to change.
    pub(super) fn set_mut(&mut self, name: &str) -> Option<&mut SetDecl<'a>> {
        let at = *self.sets_by_name.get(name)?;
        self.sets.get_mut(at)
    }

    /// Adds a set or map, or the declaration's elements to the one that is there.
    pub(super) fn add_set(&mut self, decl: SetDecl<'a>) {
        match self.set_mut(&decl.target.name) {
            Some(set) => set.elements.extend(decl.elements),
            None => {
                let at = self.sets.len();
                self.sets_by_name.insert(decl.target.name.clone(), at);
                self.sets.push(decl);
            }
        }
    }

    /// Takes a set or map away; false if there is no such set.
    pub(super) fn remove_set(&mut self, name: &str) -> bool {
        let Some(at) = self.sets_by_name.remove(name) else {
            return false;
        };
        if at < self.sets.len() {
            self.sets.remove(at);
        }
        let names = self.sets.iter().map(|s| s.target.name.clone());
        self.sets_by_name = names.zip(0..).collect();
        true
    }
}
