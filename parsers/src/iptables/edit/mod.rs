//! Changes of a dump: as edits of its text, and as commands for the machine that it is of.
//!
//! Every rule change is a splice of one chain: some rules go, the new rule's lines come in their place. The lines are those
//! of the writer, which reads back what it writes.

mod command;
mod lines;
mod shell;
mod verify;
mod written;

#[cfg(test)]
mod tests;

use super::script;
use crate::edit::{Change, EditError, List, ListRef, Position, RuleRef, TextEdit};
use crate::source::Source;
use hylint_model::{Body, Chain, Export, Point, Rule, Span, Table};
use written::Written;

type Result<T> = std::result::Result<T, EditError>;

/// The edits of [`crate::format::EditFn`].
pub(super) fn edit(source: &Source, export: &Export, change: &Change) -> Result<Vec<TextEdit>> {
    if script::is_commands(&source.text) {
        return Err(EditError::Unsupported(
            "a list of shell commands cannot be edited",
        ));
    }
    let resolved = Resolved::of(&source.text, export, change)?;
    let edits = match &resolved.effect {
        Effect::Policy(allow) => lines::policy(&resolved.at, *allow),
        Effect::Splice(splice) => lines::splice(&source.text, &resolved.at, splice)?,
    };
    verify::verify(source, export, &resolved, &edits)?;
    Ok(edits)
}

/// The commands of [`crate::format::CommandsFn`]. A list of shell commands has them, too: its model is what they build.
pub(super) fn commands(source: &Source, export: &Export, change: &Change) -> Result<Vec<String>> {
    let resolved = Resolved::of(&source.text, export, change)?;
    if !script::is_commands(&source.text) {
        // A change that cannot be made in the text is none for the machine either.
        edit(source, export, change)?;
    }
    command::commands(&source.text, &resolved)
}

/// A chain of the export.
struct ChainAt<'e> {
    list: ListRef,
    point: &'e Point,
    table: &'e Table,
    chain: &'e Chain,
}

impl<'e> ChainAt<'e> {
    fn of(export: &'e Export, list: ListRef) -> Result<Self> {
        let point = export.points.get(list.point).ok_or(EditError::Missing)?;
        let (Body::Netfilter(body), List::Chain { table, chain }) = (&point.body, list.list) else {
            return Err(EditError::Missing);
        };
        let table = body.tables.get(table).ok_or(EditError::Missing)?;
        let chain = table.chains.get(chain).ok_or(EditError::Missing)?;
        Ok(Self {
            list,
            point,
            table,
            chain,
        })
    }

    fn rule(&self, index: usize) -> Option<&'e Rule> {
        self.chain.rules.get(index)
    }
}

/// Rules of a chain that go, and what comes in their place.
struct Splice {
    /// Index of the first rule that goes, and of the first one that comes.
    at: usize,
    /// How many rules go.
    removed: usize,
    new: Written,
}

enum Effect {
    Splice(Splice),
    /// Whether packets that no rule decides pass.
    Policy(bool),
}

/// A change that the export can take.
struct Resolved<'e> {
    at: ChainAt<'e>,
    effect: Effect,
}

impl<'e> Resolved<'e> {
    fn of(text: &str, export: &'e Export, change: &Change) -> Result<Self> {
        let (at, effect) = match change {
            Change::Insert { at, rule } => insertion(export, *at, rule)?,
            Change::Remove(old) => change_of(export, *old, |_, _| Ok(Written::default()))?,
            Change::Replace { old, new } => change_of(export, *old, |at, old| {
                Written::of(at, new)?.in_place_of(text, old, new)
            })?,
            Change::SetPolicy { list, allow } => policy(export, *list, *allow)?,
            Change::SetEnabled { .. } => {
                return Err(EditError::Unsupported("iptables has no disabled rules"));
            }
        };
        intact(export, &at)?;
        Ok(Self { at, effect })
    }
}

fn insertion<'e>(export: &'e Export, at: Position, rule: &Rule) -> Result<(ChainAt<'e>, Effect)> {
    let (at, index) = match at {
        Position::Before(next) => {
            next.find(export).ok_or(EditError::Missing)?;
            (ChainAt::of(export, next.list)?, next.index)
        }
        Position::End(list) => {
            let at = ChainAt::of(export, list)?;
            let len = at.chain.rules.len();
            (at, len)
        }
    };
    let new = Written::of(&at, rule)?;
    let splice = Splice {
        at: index,
        removed: 0,
        new,
    };
    Ok((at, Effect::Splice(splice)))
}

/// A rule that goes, and what comes for it.
fn change_of<'e>(
    export: &'e Export,
    old: RuleRef,
    new: impl FnOnce(&ChainAt<'e>, &Rule) -> Result<Written>,
) -> Result<(ChainAt<'e>, Effect)> {
    let rule = old.find(export).ok_or(EditError::Missing)?;
    let at = ChainAt::of(export, old.list)?;
    let splice = Splice {
        at: old.index,
        removed: 1,
        new: new(&at, rule)?,
    };
    Ok((at, Effect::Splice(splice)))
}

fn policy(export: &Export, list: ListRef, allow: bool) -> Result<(ChainAt<'_>, Effect)> {
    let at = ChainAt::of(export, list)?;
    if at.chain.policy.is_none() {
        return Err(EditError::Unsupported(
            "the export states no policy for this chain",
        ));
    }
    if !allow && written::is_nat(at.table) {
        return Err(EditError::Unsupported(written::NAT_DROPS));
    }
    Ok((at, Effect::Policy(allow)))
}

/// A dump with lines that are not read says more than its model.
fn intact(export: &Export, at: &ChainAt<'_>) -> Result<()> {
    let point = at.point.span;
    let lost = |span: Span| point.start <= span.start && span.end <= point.end;
    let mut dropped = export.problems.iter().filter(|p| p.dropped);
    match dropped.find(|p| lost(p.span)) {
        Some(p) => Err(EditError::Damaged(p.span)),
        None => Ok(()),
    }
}
