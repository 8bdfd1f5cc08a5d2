//! Where a change is made, in the terms of the file: rules as they are written, and not as the model has them.

use crate::edit::{Change, EditError, List, ListRef, Position, RuleRef};
use hylint_model::{Body, Chain, Export, Netfilter, Point, Rule, Span, Table};

pub(super) type Result<T> = std::result::Result<T, EditError>;

/// A chain of the export.
#[derive(Clone, Copy)]
pub(super) struct ChainAt<'e> {
    pub(super) list: ListRef,
    pub(super) point: &'e Point,
    pub(super) netfilter: &'e Netfilter,
    pub(super) table: &'e Table,
    pub(super) chain: &'e Chain,
}

/// What happens to the chain.
pub(super) enum Effect<'c> {
    /// The policy becomes this.
    Policy(bool),
    /// The rules of the model from the first of these places to before the second one go, and the new one comes.
    Splice {
        from: usize,
        to: usize,
        new: Option<&'c Rule>,
    },
}

impl<'e> ChainAt<'e> {
    fn of(export: &'e Export, list: ListRef) -> Result<Self> {
        let point = export.points.get(list.point).ok_or(EditError::Missing)?;
        let (Body::Netfilter(netfilter), List::Chain { table, chain }) = (&point.body, list.list)
        else {
            return Err(EditError::Missing);
        };
        let table = netfilter.tables().get(table).ok_or(EditError::Missing)?;
        let chain = table.chains.get(chain).ok_or(EditError::Missing)?;
        Ok(Self {
            list,
            point,
            netfilter,
            table,
            chain,
        })
    }

    /// The rules of the file that stand before a rule of the model.
    pub(super) fn before(&self, at: usize) -> usize {
        let mut spans: Vec<Span> = self.chain.rules.iter().take(at).map(|r| r.span).collect();
        spans.dedup();
        spans.len()
    }

    /// The place of the rule of the file that a rule of the model is of.
    pub(super) fn span(&self, at: usize) -> Option<Span> {
        self.chain.rules.get(at).map(|r| r.span)
    }

    /// The whole of a rule of the file, by the rule of the model that is meant.
    fn whole(&self, at: usize) -> Result<(usize, usize)> {
        let span = self.span(at).ok_or(EditError::Missing)?;
        let same = |r: &Rule| r.span == span;
        let rules = &self.chain.rules;
        let from = rules.iter().position(same).ok_or(EditError::Missing)?;
        let to = rules.iter().rposition(same).map_or(at, |n| n + 1);
        if to - from > 1 {
            return Err(EditError::Unsupported(
                "the rule does several things, of which only one is meant",
            ));
        }
        Ok((from, to))
    }
}

/// The chain of a change, and what happens to it.
pub(super) fn resolved<'e, 'c>(
    export: &'e Export,
    change: &'c Change,
) -> Result<(ChainAt<'e>, Effect<'c>)> {
    let of = |rule: &RuleRef| -> Result<(ChainAt<'e>, (usize, usize))> {
        let at = ChainAt::of(export, rule.list)?;
        let whole = at.whole(rule.index)?;
        Ok((at, whole))
    };
    let (at, effect) = match change {
        Change::Insert { at, rule } => insertion(export, *at, rule)?,
        Change::Remove(old) => {
            let (at, (from, to)) = of(old)?;
            (
                at,
                Effect::Splice {
                    from,
                    to,
                    new: None,
                },
            )
        }
        Change::Replace { old, new } => {
            let (at, (from, to)) = of(old)?;
            let new = Some(&**new);
            (at, Effect::Splice { from, to, new })
        }
        Change::SetPolicy { list, allow } => {
            let at = ChainAt::of(export, *list)?;
            if at.chain.policy.is_none() {
                return Err(EditError::Unsupported("only base chains have a policy"));
            }
            (at, Effect::Policy(*allow))
        }
        Change::LetRulesDecide { .. } => {
            return Err(EditError::Unsupported("nft has no profiles"));
        }
        Change::SetEnabled { .. } => {
            return Err(EditError::Unsupported("nft has no disabled rules"));
        }
    };
    intact(export)?;
    Ok((at, effect))
}

fn insertion<'e, 'c>(
    export: &'e Export,
    at: Position,
    rule: &'c Rule,
) -> Result<(ChainAt<'e>, Effect<'c>)> {
    let (at, index) = match at {
        Position::Before(next) => {
            let at = ChainAt::of(export, next.list)?;
            let span = at.span(next.index).ok_or(EditError::Missing)?;
            let inside = next.index.checked_sub(1).and_then(|n| at.span(n)) == Some(span);
            if inside {
                return Err(EditError::Unsupported(
                    "the place is inside of a rule that does several things",
                ));
            }
            (at, next.index)
        }
        Position::End(list) => {
            let at = ChainAt::of(export, list)?;
            (at, at.chain.rules.len())
        }
    };
    let effect = Effect::Splice {
        from: index,
        to: index,
        new: Some(rule),
    };
    Ok((at, effect))
}

/// A ruleset with rules that are not read says more than its model.
fn intact(export: &Export) -> Result<()> {
    let unread = |p: &&hylint_model::Problem| p.dropped && p.reason != Some("replaced");
    match export.problems.iter().find(unread) {
        Some(p) => Err(EditError::Damaged(p.span)),
        None => Ok(()),
    }
}
