//! The indexes of long rule lists.

use crate::rulespace::{Entries, Index, Kinds, OrderedList, Takes, of_table};
use hylint_model::{Action, Body, Chain, Discipline, Lists, Netfilter, Point, Rule, TableName};
use hylint_space::PacketBox;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
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

/// The indexes of a rule set's long rule lists, built when the first query is made.
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

    /// The rules of a list in the order in which they act, where it is long enough to have an index. The points must not
    /// change afterwards.
    pub fn ordered<'a>(
        &'a self,
        points: &'a [Point],
        point: usize,
        id: ListId,
        rules: &'a [Rule],
    ) -> Option<OrderedList<'a>> {
        let list = self.of(points, point)?.lists.get(&id)?;
        let rules = ranked(rules, list.order.as_deref()).collect();
        Some(OrderedList::indexed(rules, &list.takes, &list.boxes))
    }

    /// Those of a point. The points must not change afterwards.
    pub(super) fn of(&self, points: &[Point], point: usize) -> Option<&PointIndex> {
        let each = || points.iter().map(|p| PointIndex::new(p, self.thresholds));
        let all = self.built.get_or_init(|| each().collect());
        all.get(point).filter(|p| !p.lists.is_empty())
    }
}

/// A rule list of a point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ListId {
    /// Rules for packets that come in.
    Ingress,
    /// Rules for packets that go out.
    Egress,
    /// The chain of a table at this place.
    Chain(TableName, usize),
}

/// The indexes of a point's long lists.
#[derive(Debug)]
pub(super) struct PointIndex {
    pub(super) lists: FxHashMap<ListId, ListIndex>,
    /// A rule changes the state of packets on their way, so that theirs says nothing of what they will touch.
    pub(super) restates: bool,
}

/// The boxes of a list's rules under their ranks.
#[derive(Debug)]
pub(super) struct ListIndex {
    /// The rules by rank, where that is not their order in the file.
    pub(super) order: Option<Vec<u32>>,
    pub(super) boxes: Index,
    /// What each rule takes, by rank.
    takes: Vec<Takes>,
}

/// A list to make an index of.
struct Listed<'a> {
    id: ListId,
    rules: &'a [Rule],
    /// The rules by rank, where that is not their order in the file.
    order: Option<Vec<u32>>,
    /// What each rule takes, by rank.
    takes: Vec<Takes>,
    /// The chains that its rules may jump to, if these are looked into.
    chains: &'a [Chain],
    /// Whether the order of its rules makes no difference: then denies and allows are asked for one after the other.
    unordered: bool,
}

impl PointIndex {
    fn new(point: &Point, from: Thresholds) -> Self {
        let many = point.rules().count() >= from.many;
        let lists = match &point.body {
            Body::Lists(l) => ends(l, from.long),
            Body::Netfilter(nf) if many => chains(nf, from.long_of_many, true),
            Body::Netfilter(nf) => chains(nf, from.long, false),
        };
        Self {
            restates: !lists.is_empty() && point.rules().any(|r| r.action == Action::Notrack),
            lists: hylint_parallel::map(lists, |l| (l.id, ListIndex::new(l)))
                .into_iter()
                .collect(),
        }
    }
}

/// The long ones of the two lists.
fn ends(lists: &Lists, long: usize) -> Vec<Listed<'_>> {
    let both = [
        (ListId::Ingress, &lists.ingress.rules),
        (ListId::Egress, &lists.egress.rules),
    ];
    let long = both.into_iter().filter(|(_, rules)| rules.len() >= long);
    long.map(|(id, rules)| {
        let order = by_priority(lists).then(|| order(rules)).flatten();
        Listed {
            id,
            rules,
            takes: ranked(rules, order.as_deref()).map(Takes::of).collect(),
            order,
            chains: &[],
            unordered: !lists.discipline.is_ordered(),
        }
    })
    .collect()
}

/// The long chains of all tables.
fn chains(nf: &Netfilter, long: usize, look_into: bool) -> Vec<Listed<'_>> {
    let is_long = |c: &Chain| c.rules.len() >= long;
    let mut out = Vec::new();
    for t in nf.tables.iter().filter(|t| t.chains.iter().any(is_long)) {
        let each = t.chains.iter().enumerate().zip(of_table(t));
        let long = each.filter(|((_, c), _)| is_long(c));
        out.extend(long.map(|((i, c), takes)| Listed {
            id: ListId::Chain(t.name, i),
            rules: &c.rules,
            order: None,
            takes,
            chains: if look_into { &t.chains } else { &[] },
            unordered: false,
        }));
    }
    out
}

/// Whether the rules act by their priorities.
pub(super) fn by_priority(lists: &Lists) -> bool {
    lists.discipline == Discipline::Priority
}

/// The rules in the order in which their priorities let them act; `None` where they stand in it. Equal priorities act in
/// file order.
pub(super) fn order(rules: &[Rule]) -> Option<Vec<u32>> {
    if rules.is_sorted_by_key(Rule::turn) {
        return None;
    }
    let mut all: Vec<u32> = (0..rules.len() as u32).collect();
    all.sort_by_key(|i| rules.get(*i as usize).map(Rule::turn));
    Some(all)
}

/// The rules by rank.
fn ranked<'a>(rules: &'a [Rule], order: Option<&[u32]>) -> impl Iterator<Item = &'a Rule> {
    (0..rules.len()).filter_map(move |rank| {
        let at = match order {
            Some(o) => *o.get(rank)? as usize,
            None => rank,
        };
        rules.get(at)
    })
}

/// Whether the rule does something to packets.
fn acts(rule: &&Rule) -> bool {
    rule.may_be_in_force() && rule.action != Action::Continue
}

/// Boxes of other chains that an index takes in for each rule of its own.
const TAKEN_IN: usize = 64;

impl ListIndex {
    /// Only rules that act are entered.
    fn new(list: Listed<'_>) -> Self {
        let mut spare = list.rules.len().saturating_mul(TAKEN_IN);
        let mut entries = Entries::new(list.rules.len());
        let rules = ranked(list.rules, list.order.as_deref());
        for ((rank, rule), takes) in (0..).zip(rules).zip(&list.takes) {
            if !acts(&rule) {
                continue;
            }
            let mut kind = Kinds::of(&rule.action);
            if let Some(inner) = inside(rule, list.chains, &mut spare) {
                for b in &inner {
                    entries.space(rank, kind, b);
                }
                kind = Kinds::IDLE_JUMP;
            }
            entries.rule(rank, kind, rule, takes);
        }
        Self {
            boxes: if list.unordered {
                entries.index_apart()
            } else {
                entries.index()
            },
            order: list.order,
            takes: list.takes,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulespace::Fate;
    use hylint_model::{DefaultOrigin, DefaultVerdict, PointKind, RuleList, Span};

    #[test]
    fn an_indexed_list_is_in_the_order_of_its_priorities_and_passes_over_what_is_disabled() {
        let rule = |priority: u32, action: Action, enabled: bool| Rule {
            priority: Some(priority),
            enabled,
            ..Rule::new(Span::default(), action)
        };
        let list = |rules: Vec<Rule>| RuleList {
            default: DefaultVerdict {
                allow: false,
                span: Span::default(),
                origin: DefaultOrigin::Stated,
            },
            rules,
        };
        let lists = Lists {
            discipline: Discipline::Priority,
            ingress: list(vec![
                rule(30, Action::Deny, true),
                rule(20, Action::Allow, true),
                rule(10, Action::Deny, false),
            ]),
            egress: list(Vec::new()),
        };
        let body = Body::Lists(lists.clone());
        let points = [Point::new(PointKind::Nsg, Span::default(), body)];
        let indexes = Indexes::of_every_list();
        let ordered = indexes.ordered(&points, 0, ListId::Ingress, &lists.ingress.rules);
        let ordered = ordered.unwrap();
        let priorities: Vec<Option<u32>> = ordered
            .ranks()
            .map(|i| ordered.rule(i).and_then(|r| r.priority))
            .collect();
        assert_eq!(priorities, [None, Some(20), Some(30)]);
        let fates = [Fate::Live, Fate::Live, Fate::Covered(vec![1])];
        assert_eq!(ordered.fates(), fates);
        let long_only = Indexes::default();
        let short = long_only.ordered(&points, 0, ListId::Ingress, &lists.ingress.rules);
        assert!(short.is_none());
    }
}
