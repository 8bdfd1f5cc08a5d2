//! Rules that other rules of their list make idle: `shadowed-rule`, `redundant-rule`, `conflicting-rule`.

use super::chain::{self, NamedChain};
use super::folded::{folded, named_point};
use super::place::{self, normalized, point_name, rule_span};
use super::words::{self, Covering, Does};
use crate::common::paths;
use crate::finding::{Code, Finding, Identity, Known, Place, Related, Severity};
use crate::judge::Exports;
use crate::rules::platform;
use hylint_engine::rulespace::{Fate, OrderedList, Superseded, Takes, each, of_table};
use hylint_engine::{Decider, ListId, PointId, RuleSets};
use hylint_model::{
    Action, Body, Chain, ChainId, DefaultOrigin, DefaultVerdict, Direction, Discipline, Lists,
    Point, PointKind, Profiles, Rule, RuleList, RuleOrigin, Span, Table, Test,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// Rules named that make another one idle.
const NAMED: usize = 5;

/// What is said of one list.
#[derive(Default)]
struct Said<'a> {
    idle: Vec<(&'a Rule, Vec<&'a Rule>)>,
    redundant: Vec<&'a Rule>,
    conflicting: Vec<(&'a Rule, &'a Rule)>,
    undecided: usize,
}

/// Rules that decide nothing, because those before them take every packet that they match.
#[derive(Debug, Default)]
pub(crate) struct Idle(FxHashSet<usize>);

impl Idle {
    /// Whether it is known that the rule, which is one of the run's exports, decides nothing.
    pub(super) fn holds(&self, rule: &Rule) -> bool {
        self.0.contains(&std::ptr::from_ref(rule).addr())
    }
}

/// The findings of a point: each idle rule on its own, the notes folded.
pub(super) fn findings<'a>(
    exports: &'a Exports,
    at: PointId,
    point: &'a Point,
    idle: &mut Idle,
    out: &mut Vec<Finding>,
) {
    let look = ListReview { exports, at };
    // Of rules whose order makes no difference, each lets in what it matches whatever others do.
    let ordered = match &point.body {
        Body::Netfilter(_) => true,
        Body::Lists(l) => l.discipline.is_ordered(),
    };
    let mut redundant = Vec::new();
    let mut conflicting = Vec::new();
    let mut undecided = 0;
    let lists = look.of_point(point);
    let alive = alive(point, &lists);
    for (n, (name, edited, said)) in lists.into_iter().enumerate() {
        let elsewhere = |r: &Rule| {
            let lists = alive.get(&(r.span.start, r.span.end));
            lists.is_some_and(|all| all.iter().any(|other| *other != n))
        };
        let told = said.idle.iter().filter(|(r, _)| edited && !elsewhere(r));
        out.extend(told.map(|(r, by)| look.idle(&name, r, by)));
        if ordered {
            let rules = said.idle.iter().map(|(r, _)| std::ptr::from_ref(*r).addr());
            idle.0.extend(rules);
        }
        if !edited {
            continue;
        }
        redundant.extend(said.redundant);
        conflicting.extend(said.conflicting);
        undecided += said.undecided;
    }
    out.extend(look.redundant(&redundant));
    out.extend(look.conflicting(&conflicting));
    out.extend(look.undecided(point, undecided));
}

/// The chains in which a line of the file decides something, of lines that are idle in another chain: a target of a zone is a
/// rule of several chains.
fn alive(point: &Point, lists: &[(String, bool, Said<'_>)]) -> FxHashMap<(u32, u32), Vec<usize>> {
    let mut out = FxHashMap::default();
    let Body::Netfilter(nf) = &point.body else {
        return out;
    };
    let idle = || lists.iter().flat_map(|(_, _, said)| &said.idle);
    let lines: FxHashSet<(u32, u32)> = idle().map(|(r, _)| (r.span.start, r.span.end)).collect();
    if lines.is_empty() {
        return out;
    }
    let idle: FxHashSet<usize> = idle().map(|(r, _)| std::ptr::from_ref(*r).addr()).collect();
    let chains = nf.tables().iter().flat_map(|t| &t.chains).enumerate();
    for (n, chain) in chains {
        for r in &chain.rules {
            let line = (r.span.start, r.span.end);
            if lines.contains(&line) && !idle.contains(&std::ptr::from_ref(r).addr()) {
                out.entry(line).or_insert_with(Vec::new).push(n);
            }
        }
    }
    out
}

fn decided(d: &DefaultVerdict) -> Option<bool> {
    (d.origin != DefaultOrigin::Unknown).then_some(d.allow)
}

/// Whether people wrote the rule, and not the platform.
fn own(r: &Rule) -> bool {
    r.origin != RuleOrigin::Platform && !r.span.is_empty()
}

fn first_match<'a>(list: &OrderedList<'a>, default: Option<bool>) -> Said<'a> {
    let fates = list.fates();
    let mut said = Said::default();
    let more: Vec<(bool, Option<u32>)> = each(0..fates.len() as u32, |i| {
        let live = fates.get(i as usize) == Some(&Fate::Live);
        (
            live && superseded(list, i, default),
            if live { list.conflict(i) } else { None },
        )
    });
    // A rule of the file that takes several in the model never decides if none of them does.
    let mut live = false;
    for ((i, fate), (superseded, conflict)) in (0u32..).zip(fates).zip(more) {
        let Some(rule) = list.rule(i).filter(|r| own(r)) else {
            continue;
        };
        let (begins, ends) = (!is_one(list, i.wrapping_sub(1)), !is_one(list, i));
        live &= !begins;
        match fate {
            Fate::Covered(by) if ends && !live => {
                let by = by.into_iter().filter_map(|j| list.rule(j));
                let by: Vec<&Rule> = by.filter(|r| r.span != rule.span).collect();
                said.idle.extend((!by.is_empty()).then_some((rule, by)));
            }
            Fate::Covered(_) => {}
            Fate::Undecided => {
                said.undecided += usize::from(!live);
                live = true;
            }
            Fate::Live => live = true,
        }
        if superseded && begins && ends {
            said.redundant.push(rule);
        }
        let other = conflict.and_then(|j| list.rule(j)).filter(|r| own(r));
        if let Some(other) = other.filter(|r| ends && r.span != rule.span) {
            said.conflicting.push((rule, other));
        }
    }
    said
}

/// Whether a rule of the model and the next one are one rule of the file.
fn is_one(list: &OrderedList<'_>, i: u32) -> bool {
    let (a, b) = (list.rule(i), list.rule(i.wrapping_add(1)));
    a.zip(b).is_some_and(|(a, b)| a.span == b.span && own(a))
}

/// An explicit deny before a policy that denies is good style, and a REJECT before a DROP answers where that does not: only
/// what lets packets in is looked at.
fn superseded(list: &OrderedList<'_>, i: u32, default: Option<bool>) -> bool {
    let Some(rule) = list.rule(i).filter(|r| r.action == Action::Allow) else {
        return false;
    };
    // A list that lets everything pass at its end, or whose platform does, is open on purpose; what it says of single flows is
    // documentation.
    let by_rule = |s| matches!(s, Superseded::ByRule(j) if list.rule(j).is_some_and(own));
    own(rule) && list.superseded(i, default).is_some_and(by_rule)
}

/// Windows: blocks win over allows whatever their order, in each profile on its own.
fn block_over_allow<'a>(point: &Point, list: &OrderedList<'a>) -> Said<'a> {
    // What Windows brings along, and what apps enter for themselves, nobody edits.
    let system = |r: &Rule| {
        platform::builtin(r).is_some()
            || r.conditions()
                .any(|c| matches!(c.test, Test::Package { .. }))
    };
    // A rule of a group policy stays when local rules are switched off; the other way round nothing is known.
    let fits = |i: &Rule, j: &Rule| {
        i.profiles.0 & !j.profiles.0 == 0
            && (j.origin == i.origin || j.origin == RuleOrigin::GroupPolicy)
    };
    let mut idle = blocked(point, list);
    let known: FxHashSet<u32> = idle.iter().map(|(i, _)| *i).collect();
    let repeated = list.repeated(fits).into_iter();
    idle.extend(repeated.filter(|(i, _)| !known.contains(i)));
    let mut idle = named(list, idle);
    idle.retain(|(r, _)| !system(r));
    Said {
        idle,
        ..Said::default()
    }
}

/// The allows that denies take all packets from, in every profile in which they act.
fn blocked(point: &Point, list: &OrderedList<'_>) -> Vec<(u32, Vec<u32>)> {
    let mut dead: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let mut live: BTreeSet<u32> = BTreeSet::new();
    let mut known: Option<Vec<u32>> = None;
    for (profile, _) in &Profiles::EACH {
        let in_force = |r: &Rule| point.in_force(r, *profile);
        let acting = |i: &u32| list.rule(*i).is_some_and(in_force);
        let acting: Vec<u32> = list.ranks().filter(acting).collect();
        // Most rules act in every profile: what is known of one holds for the others.
        if known.as_ref() == Some(&acting) {
            continue;
        }
        for (i, fate) in list.ranks().zip(list.blocked(in_force)) {
            match fate {
                Fate::Covered(by) => dead.entry(i).or_default().extend(by),
                _ if acting.binary_search(&i).is_ok() => {
                    live.insert(i);
                }
                _ => {}
            }
        }
        known = Some(acting);
    }
    let blocked = dead.into_iter().filter(|(i, _)| !live.contains(i));
    blocked
        .map(|(i, by)| (i, by.into_iter().collect()))
        .collect()
}

/// Rules that people wrote and that are idle, with those that make them so.
fn named<'a>(list: &OrderedList<'a>, idle: Vec<(u32, Vec<u32>)>) -> Vec<(&'a Rule, Vec<&'a Rule>)> {
    let rules = |(i, by): (u32, Vec<u32>)| {
        let by = by.into_iter().filter_map(|j| list.rule(j)).collect();
        Some((list.rule(i).filter(|r| own(r))?, by))
    };
    idle.into_iter().filter_map(rules).collect()
}

struct ListReview<'a> {
    exports: &'a Exports,
    at: PointId,
}

impl<'a> ListReview<'a> {
    /// What is said of each list of a point, with the list's name and whether people write its rules.
    fn of_point(&self, point: &'a Point) -> Vec<(String, bool, Said<'a>)> {
        match &point.body {
            Body::Netfilter(nf) => {
                let tables = nf.tables().iter().enumerate();
                tables.flat_map(|(n, t)| self.of_table(n, t)).collect()
            }
            Body::Lists(l) => [
                (Direction::In, ListId::Ingress, &l.ingress),
                (Direction::Out, ListId::Egress, &l.egress),
            ]
            .into_iter()
            .map(|(way, id, list)| {
                (
                    way.as_str().to_owned(),
                    true,
                    self.of_list(point, l, id, list),
                )
            })
            .collect(),
        }
    }

    fn of_table(&self, number: usize, t: &'a Table) -> Vec<(String, bool, Said<'a>)> {
        let nft = chain::is_nft(self.exports, self.at);
        let one = |(i, c): (usize, &'a Chain)| {
            let name = match (nft, t.filters) {
                (true, _) => NamedChain::new(t, c, true).name(),
                (false, true) => c.name.to_string(),
                (false, false) => format!("{} {}", t.name, c.name),
            };
            let list = self.indexed(ListId::Chain(ChainId::new(number, i)), &c.rules);
            (name, c, list)
        };
        let mut lists: Vec<_> = t.chains.iter().enumerate().map(one).collect();
        if lists
            .iter()
            .any(|(_, c, list)| list.is_none() && !c.rules.is_empty())
        {
            for ((_, c, list), takes) in lists.iter_mut().zip(of_table(t)) {
                let short = || OrderedList::new(c.rules.iter().collect(), takes);
                *list = list.take().or_else(|| Some(short()));
            }
        }
        hylint_parallel::map(lists, |(name, c, list)| {
            let default = c.policy.map(|p| p.allow);
            let said = list.map(|l| first_match(&l, default));
            let edited = NamedChain::new(t, c, nft).is_edited();
            (name, edited, said.unwrap_or_default())
        })
    }

    fn of_list(&self, point: &Point, lists: &Lists, id: ListId, list: &'a RuleList) -> Said<'a> {
        let short = || {
            let mut rules: Vec<&Rule> = list.rules.iter().collect();
            if lists.discipline == Discipline::Priority {
                // Equal priorities act in file order.
                rules.sort_by_key(|r| r.turn());
            }
            let takes = rules.iter().map(|r| Takes::of(r)).collect();
            OrderedList::new(rules, takes)
        };
        let rules = self.indexed(id, &list.rules).unwrap_or_else(short);
        match lists.discipline {
            Discipline::FirstMatch | Discipline::Priority => {
                first_match(&rules, decided(&list.default))
            }
            Discipline::UnionOfAllows => Said {
                idle: named(&rules, rules.repeated(|_, _| true)),
                ..Said::default()
            },
            Discipline::BlockOverAllow => block_over_allow(point, &rules),
        }
    }

    /// A list by the index that the engine has of it.
    fn indexed(&self, id: ListId, rules: &'a [Rule]) -> Option<OrderedList<'a>> {
        let set = self.exports.set(self.at.set)?;
        set.indexes.ordered(set.points, self.at.index(), id, rules)
    }

    fn name(&self, rule: &Rule) -> String {
        place::decider_name(self.exports, &Decider::Rule { at: self.at, rule })
    }

    fn idle(&self, list: &str, rule: &Rule, by: &[&Rule]) -> Finding {
        let same = by.iter().all(|r| r.action == rule.action);
        let (code, severity) = if same {
            (Code::RedundantRule, Severity::Note)
        } else {
            (Code::ShadowedRule, Severity::Warning)
        };
        // A list of a direction is all of the point's; a chain is one of many.
        let mut each = [Direction::In, Direction::Out].into_iter();
        let direction = each.find(|d| d.as_str() == list);
        let first = by.first().map(|r| self.known_as(r)).unwrap_or_default();
        let covering = self.covering(list, by, &first);
        let said = words::idle(&self.known_as(rule), same, &covering);
        let mut f = Finding::new(
            code,
            severity,
            said.message,
            Identity::of(&[list, &normalized(rule)]),
            place::place(
                self.exports,
                self.at,
                rule_span(self.exports, self.at, rule),
            ),
        );
        f.label = said.label;
        f.rule = Some(self.name(rule));
        f.point = Some(point_name(self.exports, self.at));
        f.direction = direction;
        f.related = self.related(by, &covering);
        f.help = Some(said.help);
        f.cause = Some(said.cause);
        f
    }

    /// How a rule is called in a sentence.
    fn known_as(&self, rule: &Rule) -> String {
        place::known_as(self.exports, &Decider::Rule { at: self.at, rule })
    }

    /// The rules that leave another one of a list nothing, in words. `first` is what the first of them is known as.
    fn covering<'c>(&self, list: &str, by: &[&Rule], first: &'c str) -> Covering<'c> {
        let kind = self.exports.point(self.at).map(|p| p.kind);
        let kind = kind.unwrap_or(PointKind::Netfilter);
        let does = |r: &&Rule| {
            let place = place::place(self.exports, self.at, r.span);
            let text = place.as_ref().and_then(Place::covered);
            Does::of(kind, &r.action, text.as_deref())
        };
        let mut each = by.iter().take(NAMED).map(does);
        let one = each.next().unwrap_or(Does::Handles);
        let does = if each.all(|d| d == one) {
            one
        } else {
            Does::Handles
        };
        let mut known_as = vec![list.to_owned()];
        for r in by.iter().take(NAMED) {
            known_as.push(normalized(r));
            // What has no name of its own is told by its line, which is another one in each file.
            known_as.push(match r.name.is_empty() {
                true => self.whose(),
                false => r.name.to_string(),
            });
        }
        Covering {
            first,
            rules: by.len(),
            does,
            ordered: kind != PointKind::WindowsFirewall && !kind.is_united(),
            known_as,
        }
    }

    /// The host of an export by its path, or the point by its name.
    fn whose(&self) -> String {
        let path = self.exports.get(self.at.set).map(|e| &*e.path);
        let cloud = self
            .exports
            .point(self.at)
            .is_some_and(|p| p.kind.is_cloud());
        match path {
            Some(path) if !cloud => paths::host_name(path),
            _ => point_name(self.exports, self.at),
        }
    }

    /// The rules that take a rule's packets; of many the first, and how many there are.
    fn related(&self, by: &[&Rule], covering: &Covering<'_>) -> Vec<Related> {
        let shown = by.len().min(NAMED);
        let named = by.iter().take(NAMED).enumerate();
        named
            .filter_map(|(n, r)| {
                let span = rule_span(self.exports, self.at, r);
                let place = place::place(self.exports, self.at, span)?;
                Some(Related {
                    place,
                    label: covering.label(n, shown),
                })
            })
            .collect()
    }

    fn redundant(&self, rules: &[&Rule]) -> Option<Finding> {
        let point = point_name(self.exports, self.at);
        let matches: Vec<String> = rules.iter().map(|r| normalized(r)).collect();
        let said = words::redundant(named_point(self.exports, self.at).as_deref(), &matches);
        let known = Known::RulesRedundant {
            rules: rules.len(),
            point: &point,
        };
        let spans: Vec<Span> = rules.iter().map(|r| r.span).collect();
        folded(
            self.exports,
            self.at,
            Code::RedundantRule,
            said,
            &known,
            &spans,
        )
    }

    fn conflicting(&self, pairs: &[(&Rule, &Rule)]) -> Option<Finding> {
        let (first, other) = pairs.first()?;
        let point = point_name(self.exports, self.at);
        let matches: Vec<String> = pairs.iter().map(|(r, _)| normalized(r)).collect();
        let said = words::conflicting(named_point(self.exports, self.at).as_deref(), &matches);
        let known = Known::RulesConflict {
            rules: pairs.len(),
            point: &point,
        };
        let mut f = folded(
            self.exports,
            self.at,
            Code::ConflictingRule,
            said,
            &known,
            &[first.span],
        )?;
        let also = pairs.iter().skip(1).take(NAMED - 1);
        let places = std::iter::once((other.span, "the earlier rule"))
            .chain(also.map(|(r, _)| (r.span, "overlaps another")));
        for (span, label) in places {
            let place = place::place(self.exports, self.at, span);
            f.related.extend(place.map(|place| Related {
                place,
                label: label.into(),
            }));
        }
        Some(f)
    }

    /// Some lists are too tangled to be compared within the budget; that is said.
    fn undecided(&self, point: &Point, n: usize) -> Option<Finding> {
        if n == 0 {
            return None;
        }
        let name = point_name(self.exports, self.at);
        let said = words::undecided(named_point(self.exports, self.at).as_deref(), n);
        let known = Known::RulesNotCompared {
            rules: n,
            point: &name,
        };
        folded(
            self.exports,
            self.at,
            Code::ShadowedRule,
            said,
            &known,
            &[point.label],
        )
    }
}
