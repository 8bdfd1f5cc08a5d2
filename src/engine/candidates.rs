//! The rules of a list that a query meets, one after the other, so that the others of a long list are not looked at.

use super::Piece;
use crate::parallel;
use crate::rulespace::{Index, Kinds};
use hylint_parsers::model::{Action, Body, Discipline, Export, Lists, Point, Rule, TableName};
use hylint_parsers::space::{PacketBox, StateSet};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::OnceLock;

/// A shorter list is scanned: that takes less time than to build an index.
const LONG: usize = 256;

/// The indexes of one export's long rule lists, built when the first query is made.
#[derive(Debug)]
pub struct Indexes {
    built: OnceLock<Vec<PointIndex>>,
    long: usize,
}

impl Default for Indexes {
    fn default() -> Self {
        Self::from_rules(LONG)
    }
}

impl Indexes {
    /// Of lists that have this many rules at least.
    #[must_use]
    pub const fn from_rules(long: usize) -> Self {
        Self {
            built: OnceLock::new(),
            long,
        }
    }

    /// Those of a point. The export must not change afterwards.
    pub(super) fn of(&self, export: &Export, point: usize) -> Option<&PointIndex> {
        let each = || export.points.iter().map(|p| PointIndex::new(p, self.long));
        let all = self.built.get_or_init(|| each().collect());
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
    lists: FxHashMap<ListId, ListIndex>,
    /// A rule changes the state of packets on their way, so that theirs says nothing of what they will touch.
    restates: bool,
}

/// The boxes of a list's rules under their ranks.
#[derive(Debug)]
struct ListIndex {
    /// The rules by rank, where that is not their order in the file.
    order: Option<Vec<u32>>,
    boxes: Index,
}

impl PointIndex {
    fn new(point: &Point, long: usize) -> Self {
        let lists: Vec<(ListId, &[Rule], bool)> = match &point.body {
            Body::Lists(l) => vec![
                (ListId::Ingress, &*l.ingress.rules, by_priority(l)),
                (ListId::Egress, &*l.egress.rules, by_priority(l)),
            ],
            Body::Netfilter(nf) => {
                let chains = nf.tables.iter().flat_map(|t| {
                    let each = t.chains.iter().enumerate();
                    each.map(move |(i, c)| (ListId::Chain(t.name, i), &*c.rules, false))
                });
                chains.collect()
            }
        };
        let long = lists
            .into_iter()
            .filter(|(_, rules, _)| rules.len() >= long);
        let long: Vec<(ListId, &[Rule], bool)> = long.collect();
        Self {
            restates: !long.is_empty() && point.rules().any(|r| r.action == Action::Notrack),
            lists: parallel::map(long, |(id, rules, by)| (id, ListIndex::new(rules, by)))
                .into_iter()
                .collect(),
        }
    }
}

/// Whether the rules act by their priorities.
pub(super) fn by_priority(lists: &Lists) -> bool {
    lists.discipline == Discipline::Priority
}

/// The rules in the order in which their priorities let them act; `None` where they stand in it. Equal priorities act in
/// file order.
fn order(rules: &[Rule]) -> Option<Vec<u32>> {
    let key = |r: &Rule| r.priority.unwrap_or(u32::MAX);
    if rules.is_sorted_by_key(key) {
        return None;
    }
    let mut all: Vec<u32> = (0..rules.len() as u32).collect();
    all.sort_by_key(|i| rules.get(*i as usize).map(key));
    Some(all)
}

impl ListIndex {
    /// Only rules that act are entered.
    fn new(rules: &[Rule], by_priority: bool) -> Self {
        let order = by_priority.then(|| order(rules)).flatten();
        let ranked = (0..rules.len()).filter_map(|rank| {
            let at = order
                .as_ref()
                .map_or(Some(rank), |o| Some(*o.get(rank)? as usize));
            Some((rank as u32, rules.get(at?)?))
        });
        let acting = ranked.filter(|(_, r)| r.enabled && r.action != Action::Continue);
        let boxes = acting.flat_map(|(rank, r)| {
            let kind = Kinds::of(&r.action);
            r.clauses.iter().map(move |c| (rank, kind, &c.space))
        });
        let boxes = Index::of_kinds(boxes);
        Self { order, boxes }
    }
}

/// Takes pieces through the rules of a list in the order in which these act, past those that none can meet. A piece waits
/// for the next rule that it may meet, so that the others are not looked at again at each.
pub(super) struct Walk<'i, 'a> {
    rules: &'a [Rule],
    order: Option<Cow<'i, [u32]>>,
    boxes: Option<&'i Index>,
    restates: bool,
    kinds: Kinds,
    /// Rank of the first rule that was not passed yet.
    rank: u32,
    /// Pieces by the rank of the rule that they may meet next. Without an index that is the next one for all.
    waiting: BTreeMap<u32, Vec<Piece<'a>>>,
    /// Pieces that meet no other rule.
    through: Vec<Piece<'a>>,
}

impl<'i, 'a> Walk<'i, 'a> {
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
            waiting: BTreeMap::new(),
            through: Vec::new(),
        }
    }

    /// Lets pieces go on behind the last rule that came.
    pub(super) fn put(&mut self, pieces: Vec<Piece<'a>>) {
        let Some(boxes) = self.boxes else {
            match self.waiting.entry(self.rank) {
                _ if pieces.is_empty() => {}
                // All go together: there is nothing to copy.
                Entry::Vacant(slot) => {
                    slot.insert(pieces);
                }
                Entry::Occupied(mut slot) => slot.get_mut().extend(pieces),
            }
            return;
        };
        for p in pieces {
            match self.meets(boxes, &p) {
                Some(rank) => self.waiting.entry(rank).or_default().push(p),
                None => self.through.push(p),
            }
        }
    }

    /// The next rule that pieces may meet, and these.
    pub(super) fn next(&mut self) -> Option<(&'a Rule, Vec<Piece<'a>>)> {
        let (rank, pieces) = self.waiting.pop_first()?;
        self.rank = rank.saturating_add(1);
        let Some(rule) = self.rule(rank) else {
            self.through.extend(pieces);
            return None;
        };
        Some((rule, pieces))
    }

    /// Whether no piece is left but those that are out.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.through.is_empty()
    }

    /// The pieces that are left.
    pub(super) fn rest(self) -> Vec<Piece<'a>> {
        let mut rest = self.through;
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

    /// The lowest rank from the present one on that the piece may meet.
    fn meets(&self, boxes: &Index, p: &Piece<'a>) -> Option<u32> {
        let any_state;
        let space = if self.restates {
            any_state = PacketBox {
                state: StateSet::FULL,
                ..p.space.clone()
            };
            &any_state
        } else {
            &p.space
        };
        let touches = |rank: u32| {
            let mut clauses = self.rule(rank).into_iter().flat_map(|r| &r.clauses);
            clauses.any(|c| c.space.intersects(space))
        };
        boxes.first_touching(space, self.kinds, self.rank..u32::MAX, touches)
    }
}
