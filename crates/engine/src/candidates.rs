//! The rules of a list that a query meets, one after the other, so that the others of a long list are not looked at.

use super::indexes::{ListId, PointIndex, order};
use super::piece::Piece;
use crate::rulespace::{Index, Kinds};
use hylint_model::Rule;
use hylint_space::{PacketBox, StateSet};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Takes pieces through the rules of a list in the order in which these act, past those that none can meet. A piece waits
/// for the next rule that it may meet, so that the others are not looked at again at each.
pub(super) struct RuleWalk<'i, 'a> {
    rules: &'a [Rule],
    order: Option<Cow<'i, [u32]>>,
    boxes: Option<&'i Index>,
    restates: bool,
    kinds: Kinds,
    /// Rank of the first rule that was not passed yet.
    rank: u32,
    /// Without an index: all pieces, before the next rule.
    here: Vec<Piece<'a>>,
    /// With one: pieces by the rank of the rule that they may meet next.
    waiting: BTreeMap<u32, Vec<Piece<'a>>>,
    /// Pieces that meet no other rule.
    through: Vec<Piece<'a>>,
    near: Near,
}

/// The rules that what is left of a piece may meet. Most pieces meet none or one, and the index is asked for the first;
/// what comes back from a rule may come back from many.
#[derive(Default)]
enum Near {
    /// Nothing came in yet, or several pieces.
    #[default]
    Unknown,
    /// One piece came in, with these packets.
    Of(PacketBox),
    /// Their ranks, ascending.
    Ranks(PacketBox, Vec<u32>),
}

impl<'i, 'a> RuleWalk<'i, 'a> {
    /// From the first rule of a list on, for rules of some kinds; others may come too.
    pub(super) fn new(
        index: Option<&'i PointIndex>,
        id: ListId,
        rules: &'a [Rule],
        by_priority: bool,
        kinds: Kinds,
    ) -> Self {
        let list = index.and_then(|i| i.lists.get(&id));
        let order = match list {
            Some(l) => l.order.as_deref().map(Cow::Borrowed),
            None if by_priority => order(rules).map(Cow::Owned),
            None => None,
        };
        Self {
            rules,
            order,
            boxes: list.map(|l| &l.boxes),
            restates: index.is_some_and(|i| i.restates),
            kinds,
            rank: 0,
            here: Vec::new(),
            waiting: BTreeMap::new(),
            through: Vec::new(),
            near: Near::default(),
        }
    }

    /// Lets pieces go on behind the last rule that came.
    pub(super) fn put(&mut self, pieces: Vec<Piece<'a>>) {
        let Some(boxes) = self.boxes else {
            if self.here.is_empty() {
                // All go together: there is nothing to copy.
                self.here = pieces;
            } else {
                self.here.extend(pieces);
            }
            return;
        };
        self.come_near(boxes, &pieces);
        for p in pieces {
            match self.meets(boxes, &p) {
                // Nearly all wait alone, and there may be tens of thousands.
                Some(rank) => {
                    let one = || Vec::with_capacity(1);
                    self.waiting.entry(rank).or_insert_with(one).push(p);
                }
                None => self.through.push(p),
            }
        }
    }

    fn come_near(&mut self, boxes: &Index, pieces: &[Piece<'a>]) {
        self.near = match (std::mem::take(&mut self.near), pieces) {
            (Near::Unknown, [one]) if self.rank == 0 => Near::Of(self.space(one).into_owned()),
            (Near::Of(space), [_, ..]) => match boxes.few_touching(&space, self.kinds) {
                Some(ranks) => Near::Ranks(space, ranks),
                None => Near::Unknown,
            },
            (near, _) => near,
        };
    }

    /// The next rule that pieces may meet, and these.
    pub(super) fn next(&mut self) -> Option<(&'a Rule, Vec<Piece<'a>>)> {
        let (rank, pieces) = match self.boxes {
            Some(_) => self.waiting.pop_first()?,
            None if self.here.is_empty() => return None,
            None => (self.rank, std::mem::take(&mut self.here)),
        };
        self.rank = rank.saturating_add(1);
        let Some(rule) = self.rule(rank) else {
            self.through.extend(pieces);
            return None;
        };
        Some((rule, pieces))
    }

    /// Whether no piece is left but those that are out.
    pub(super) fn is_empty(&self) -> bool {
        self.here.is_empty() && self.waiting.is_empty() && self.through.is_empty()
    }

    /// The pieces that are left.
    pub(super) fn rest(self) -> Vec<Piece<'a>> {
        let mut rest = self.through;
        rest.extend(self.here);
        rest.extend(self.waiting.into_values().flatten());
        rest
    }

    fn rule(&self, rank: u32) -> Option<&'a Rule> {
        let at = match &self.order {
            Some(order) => *order.get(rank as usize)?,
            None => rank,
        };
        self.rules.get(at as usize)
    }

    /// The packets by which a piece meets rules.
    fn space<'p>(&self, p: &'p Piece<'a>) -> Cow<'p, PacketBox> {
        if self.restates {
            Cow::Owned(PacketBox {
                state: StateSet::FULL,
                ..p.space.clone()
            })
        } else {
            Cow::Borrowed(&p.space)
        }
    }

    /// The lowest rank from the present one on that the piece may meet.
    fn meets(&self, boxes: &Index, p: &Piece<'a>) -> Option<u32> {
        let space = &*self.space(p);
        let touches = |rank: u32| {
            let acts = |r: &&Rule| r.may_be_in_force() && Kinds::of(&r.action).meets(self.kinds);
            let mut clauses = self
                .rule(rank)
                .filter(acts)
                .into_iter()
                .flat_map(|r| &r.clauses);
            clauses.any(|c| c.space.intersects(space))
        };
        match &self.near {
            Near::Ranks(all, ranks) if space.is_subset(all) => {
                let from = ranks.partition_point(|r| *r < self.rank);
                let mut left = ranks.iter().skip(from).copied();
                left.find(|r| touches(*r) && boxes.leads_to(*r, space, self.kinds))
            }
            _ => boxes.first_touching(space, self.kinds, self.rank..u32::MAX, touches),
        }
    }
}
