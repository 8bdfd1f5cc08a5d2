//! A change with what it means for the rules of its chain.

use super::chain::{ChainAt, Result};
use super::written::{self, Written};
use crate::edit::{Change, EditError, ListRef, Position, RuleRef};
use hylint_model::{Export, Problem, Rule, Span};

/// Rules of a chain that go, and what comes in their place.
pub(super) struct Splice {
    /// Index of the first rule that goes, and of the first one that comes.
    pub(super) at: usize,
    /// How many rules go.
    pub(super) removed: usize,
    pub(super) new: Written,
}

pub(super) enum Effect {
    Splice(Splice),
    /// Whether packets that no rule decides pass.
    Policy(bool),
}

/// A change that the export can take.
pub(super) struct Resolved<'e> {
    pub(super) at: ChainAt<'e>,
    pub(super) effect: Effect,
}

impl<'e> Resolved<'e> {
    pub(super) fn of(text: &str, export: &'e Export, change: &Change) -> Result<Self> {
        let (at, effect) = match change {
            Change::Insert { at, rule } => insertion(export, *at, rule)?,
            Change::Remove(old) => change_of(export, *old, |_, _| Ok(Written::default()))?,
            Change::Replace { old, new } => change_of(export, *old, |at, old| {
                Written::of(at, new)?.in_place_of(text, old, new)
            })?,
            Change::SetPolicy { list, allow } => policy(export, *list, *allow)?,
            Change::LetRulesDecide { .. } => {
                return Err(EditError::Unsupported("iptables has no profiles"));
            }
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
    // A rule that a later one replaces is read, and says nothing of the firewall.
    let unread = |p: &&Problem| p.dropped && p.reason != Some("replaced");
    let mut dropped = export.problems.iter().filter(unread);
    match dropped.find(|p| lost(p.span)) {
        Some(p) => Err(EditError::Damaged(p.span)),
        None => Ok(()),
    }
}
