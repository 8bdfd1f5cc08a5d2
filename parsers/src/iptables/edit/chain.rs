//! The chain that a change is about.

use crate::edit::{EditError, List, ListRef};
use hylint_model::{Body, Chain, Export, Hits, Point, Rule, Span, Table};

pub(super) type Result<T> = std::result::Result<T, EditError>;

/// A chain of the export.
pub(super) struct ChainAt<'e> {
    pub(super) list: ListRef,
    pub(super) point: &'e Point,
    pub(super) table: &'e Table,
    pub(super) chain: &'e Chain,
}

impl<'e> ChainAt<'e> {
    pub(super) fn of(export: &'e Export, list: ListRef) -> Result<Self> {
        let point = export.points.get(list.point).ok_or(EditError::Missing)?;
        let (Body::Netfilter(body), List::Chain { table, chain }) = (&point.body, list.list) else {
            return Err(EditError::Missing);
        };
        let table = body.tables().get(table).ok_or(EditError::Missing)?;
        let chain = table.chains.get(chain).ok_or(EditError::Missing)?;
        Ok(Self {
            list,
            point,
            table,
            chain,
        })
    }

    pub(super) fn rule(&self, index: usize) -> Option<&'e Rule> {
        self.chain.rules.get(index)
    }
}

/// A rule without places.
pub(super) fn bare(rule: &Rule) -> Rule {
    let mut rule = rule.clone();
    rule.span = Span::default();
    rule.hits = Hits::Unprinted;
    rule.fields.iter_mut().for_each(|f| f.1 = Span::default());
    for c in rule.clauses.iter_mut().flat_map(|c| &mut c.conditions) {
        // Two conditions after a rewrite are told apart by their places.
        let place = format!("(at byte {}, after a rewrite)", c.span.start);
        if let Some(text) = c.text.strip_suffix(&*place) {
            c.text = text.into();
        }
        c.span = Span::default();
    }
    rule
}
