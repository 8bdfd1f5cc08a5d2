//! Which rules of a long list a query can touch, so that the others are not looked at.

use super::Piece;
use crate::parallel;
use crate::rulespace::Index;
use hylint_parsers::model::{Action, Body, Export, Point, Rule, TableName};
use hylint_parsers::space::{PacketBox, StateSet};
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// A shorter list is scanned: that takes less time than to build an index.
const LONG: usize = 256;
/// Pieces that are each looked up; more of them touch nearly everything that one of them does.
const LOOKUPS: usize = 256;

/// The indexes of one export's long rule lists, built when the first query is made.
#[derive(Debug, Default)]
pub struct Indexes(OnceLock<Vec<PointIndex>>);

impl Indexes {
    /// Those of a point. The export must not change afterwards.
    pub(super) fn of(&self, export: &Export, point: usize) -> Option<&PointIndex> {
        let all = self
            .0
            .get_or_init(|| export.points.iter().map(PointIndex::new).collect());
        all.get(point).filter(|p| !p.lists.is_empty())
    }
}

/// A rule list of a point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum ListId {
    Ingress,
    Egress,
    Chain(TableName, usize),
}

/// The indexes of a point's long lists.
#[derive(Debug)]
pub(super) struct PointIndex {
    lists: FxHashMap<ListId, Index>,
    /// A rule changes the state of packets on their way, so that theirs says nothing of what they will touch.
    restates: bool,
}

impl PointIndex {
    fn new(point: &Point) -> Self {
        let lists: Vec<(ListId, &[Rule])> = match &point.body {
            Body::Lists(l) => vec![
                (ListId::Ingress, &*l.ingress.rules),
                (ListId::Egress, &*l.egress.rules),
            ],
            Body::Netfilter(nf) => nf
                .tables
                .iter()
                .flat_map(|t| {
                    t.chains
                        .iter()
                        .enumerate()
                        .map(move |(i, c)| (t.name, i, c))
                })
                .map(|(t, i, c)| (ListId::Chain(t, i), &*c.rules))
                .collect(),
        };
        let long = |l: &&(ListId, &[Rule])| l.1.len() >= LONG;
        let long: Vec<&(ListId, &[Rule])> = lists.iter().filter(long).collect();
        Self {
            restates: !long.is_empty() && point.rules().any(|r| r.action == Action::Notrack),
            lists: parallel::map(long, |(id, rules)| (*id, index(rules)))
                .into_iter()
                .collect(),
        }
    }

    /// The rules of a list that the pieces may touch, in order. All of them where the list is short.
    pub(super) fn candidates<'a>(
        this: Option<&Self>,
        id: ListId,
        rules: &'a [Rule],
        pieces: &[Piece<'_>],
    ) -> Candidates<'a> {
        let known = this.and_then(|t| Some((t, t.lists.get(&id)?)));
        let Some((this, index)) = known.filter(|_| pieces.len() <= LOOKUPS) else {
            return Candidates::All(rules.iter());
        };
        let mut found = Vec::new();
        for p in pieces {
            if this.restates {
                let any_state = PacketBox {
                    state: StateSet::FULL,
                    ..p.space.clone()
                };
                index.touching(&any_state, &mut found);
            } else {
                index.touching(&p.space, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        Candidates::Some(rules, found.into_iter())
    }
}

/// Only rules that act are entered.
fn index(rules: &[Rule]) -> Index {
    let acting = rules
        .iter()
        .zip(0u32..)
        .filter(|(r, _)| r.enabled && r.action != Action::Continue);
    Index::new(acting.flat_map(|(r, i)| r.clauses.iter().map(move |c| (i, &c.space))))
}

/// Rules in the order of their list.
pub(super) enum Candidates<'a> {
    All(std::slice::Iter<'a, Rule>),
    Some(&'a [Rule], std::vec::IntoIter<u32>),
}

impl<'a> Iterator for Candidates<'a> {
    type Item = &'a Rule;

    fn next(&mut self) -> Option<&'a Rule> {
        match self {
            Self::All(rules) => rules.next(),
            Self::Some(rules, found) => rules.get(found.next()? as usize),
        }
    }
}
