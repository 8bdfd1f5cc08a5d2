//! The rules of a list that a query meets, one after the other, so that the others of a long list are not looked at.

use super::Piece;
use crate::parallel;
use crate::rulespace::{Index, Kinds};
use hylint_parsers::model::{
    Action, Body, Chain, Discipline, Export, Lists, Point, Rule, TableName,
};
use hylint_parsers::space::{PacketBox, StateSet};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A shorter list is scanned: that takes less time than to build an index.
const LONG: usize = 256;
/// From so many rules of a point on, one query meets so many lists and jumps that shorter lists have an index too, and what
/// the chains behind jumps meet is looked up as well.
const MANY: usize = 8192;
/// Of a point with many rules a shorter list is scanned.
const LONG_OF_MANY: usize = 64;
/// A still shorter list is scanned by every query.
const SHORT: usize = 16;

/// The indexes of one export's long rule lists, built when the first query is made.
#[derive(Debug, Default)]
pub struct Indexes {
    built: OnceLock<Vec<PointIndex>>,
    thresholds: Thresholds,
}

/// From how many rules on there is what.
#[derive(Clone, Copy, Debug)]
struct Thresholds {
    long: usize,
    many: usize,
    long_of_many: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            long: LONG,
            many: MANY,
            long_of_many: LONG_OF_MANY,
        }
    }
}

impl Indexes {
    /// Of every list, however short; for tests.
    #[must_use]
    pub const fn of_every_list() -> Self {
        Self {
            built: OnceLock::new(),
            thresholds: Thresholds {
                long: 0,
                many: 0,
                long_of_many: 0,
            },
        }
    }

    /// For many thousands of queries, which shorter lists' indexes are worth as well.
    #[must_use]
    pub const fn of_short_lists() -> Self {
        Self {
            built: OnceLock::new(),
            thresholds: Thresholds {
                long: SHORT,
                many: 0,
                long_of_many: SHORT,
            },
        }
    }

    /// Those of a point. The export must not change afterwards.
    pub(super) fn of(&self, export: &Export, point: usize) -> Option<&PointIndex> {
        let each = || {
            export
                .points
                .iter()
                .map(|p| PointIndex::new(p, self.thresholds))
        };
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

/// A list to make an index of.
struct Listed<'a> {
    id: ListId,
    rules: &'a [Rule],
    by_priority: bool,
    /// The chains that its rules may jump to.
    chains: &'a [Chain],
}

impl PointIndex {
    fn new(point: &Point, from: Thresholds) -> Self {
        let many = point.rules().count() >= from.many;
        let long = if many { from.long_of_many } else { from.long };
        let mut lists = lists(point, many);
        lists.retain(|l| l.rules.len() >= long);
        Self {
            restates: !lists.is_empty() && point.rules().any(|r| r.action == Action::Notrack),
            lists: parallel::map(lists, |l| (l.id, ListIndex::new(&l)))
                .into_iter()
                .collect(),
        }
    }
}

fn lists(point: &Point, many: bool) -> Vec<Listed<'_>> {
    match &point.body {
        Body::Lists(l) => [(ListId::Ingress, &l.ingress), (ListId::Egress, &l.egress)]
            .map(|(id, list)| Listed {
                id,
                rules: &list.rules,
                by_priority: by_priority(l),
                chains: &[],
            })
            .into(),
        Body::Netfilter(nf) => {
            let chains = nf.tables.iter().flat_map(|t| {
                let each = t.chains.iter().enumerate();
                each.map(move |(i, c)| Listed {
                    id: ListId::Chain(t.name, i),
                    rules: &c.rules,
                    by_priority: false,
                    chains: if many { &t.chains } else { &[] },
                })
            });
            chains.collect()
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
    if rules.is_sorted_by_key(Rule::turn) {
        return None;
    }
    let mut all: Vec<u32> = (0..rules.len() as u32).collect();
    all.sort_by_key(|i| rules.get(*i as usize).map(Rule::turn));
    Some(all)
}

/// Whether the rule does something to packets.
fn acts(rule: &&Rule) -> bool {
    rule.enabled && rule.action != Action::Continue
}

/// Boxes of other chains that an index takes in for each rule of its own.
const TAKEN_IN: usize = 64;

impl ListIndex {
    /// Only rules that act are entered.
    fn new(list: &Listed<'_>) -> Self {
        let order = list.by_priority.then(|| order(list.rules)).flatten();
        let ranked = (0..list.rules.len()).filter_map(|rank| {
            let at = match &order {
                Some(o) => *o.get(rank)? as usize,
                None => rank,
            };
            Some((rank as u32, list.rules.get(at)?))
        });
        let mut spare = list.rules.len().saturating_mul(TAKEN_IN);
        let mut entries: Vec<(u32, Kinds, Cow<'_, PacketBox>)> = Vec::new();
        for (rank, rule) in ranked.filter(|(_, r)| acts(r)) {
            let mut kind = Kinds::of(&rule.action);
            if let Some(inner) = inside(rule, list.chains, &mut spare) {
                let inner = inner.into_iter().map(|b| (rank, kind, b));
                entries.extend(inner);
                kind = Kinds::IDLE_JUMP;
            }
            let own = rule.clauses.iter();
            entries.extend(own.map(|c| (rank, kind, Cow::Borrowed(&c.space))));
        }
        let boxes = Index::of_kinds(entries.iter().map(|(rank, kind, b)| (*rank, *kind, &**b)));
        Self { order, boxes }
    }
}

/// What of a jump's packets some rule of its chain meets, where that is a chain without jumps and not too long.
fn inside<'a>(
    rule: &'a Rule,
    chains: &'a [Chain],
    spare: &mut usize,
) -> Option<Vec<Cow<'a, PacketBox>>> {
    let Action::Jump(to) = rule.action else {
        return None;
    };
    let chain = chains.get(to as usize)?;
    let acting = || chain.rules.iter().filter(acts);
    let goes_on = |r: &Rule| matches!(r.action, Action::Jump(_) | Action::Goto(_));
    let boxes = chain.rules.len().saturating_mul(rule.clauses.len());
    if boxes > *spare || acting().any(goes_on) {
        return None;
    }
    *spare -= boxes;
    let inner = acting().flat_map(|r| &r.clauses).map(|c| &c.space);
    let mut out = Vec::new();
    for own in &rule.clauses {
        if own.space.is_any() {
            out.extend(inner.clone().map(Cow::Borrowed));
        } else {
            let both = inner.clone().map(|b| b.intersect(&own.space));
            out.extend(both.filter(|b| !b.is_empty()).map(Cow::Owned));
        }
    }
    Some(out)
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
    /// Without an index: all pieces, before the next rule.
    here: Vec<Piece<'a>>,
    /// With one: pieces by the rank of the rule that they may meet next.
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
            here: Vec::new(),
            waiting: BTreeMap::new(),
            through: Vec::new(),
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
        for p in pieces {
            match self.meets(boxes, &p) {
                Some(rank) => self.waiting.entry(rank).or_default().push(p),
                None => self.through.push(p),
            }
        }
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
            let acts = |r: &&Rule| r.enabled && Kinds::of(&r.action).meets(self.kinds);
            let mut clauses = self
                .rule(rank)
                .filter(acts)
                .into_iter()
                .flat_map(|r| &r.clauses);
            clauses.any(|c| c.space.intersects(space))
        };
        boxes.first_touching(space, self.kinds, self.rank..u32::MAX, touches)
    }
}
