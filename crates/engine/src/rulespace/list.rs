//! What the rules of one ordered list do to each other: which never decide, which change nothing, which conflict.

use super::entries::Entries;
use super::index::Index;
use super::kinds::Kinds;
use super::packet::Packet;
use super::summary::Takes;
use hylint_model::{Action, Clause, Rule};
use hylint_space::{PacketBox, StateSet};
use std::borrow::Cow;
use std::ops::Range;

/// Packets looked at for one rule before it is put off; nearly every rule needs one or two.
const FIRST_STEPS: usize = 64;
/// Packets looked at for all rules together that were put off. The problem is coNP-hard: some limit there must be.
const ALL_STEPS: usize = 1 << 20;
/// Packets looked at for one of them.
const MOST_STEPS: usize = 1 << 14;
/// Later rules that one rule is compared with, and pieces that it may fall into.
const COMPARED: usize = 512;
/// Whether a rule of a list ever decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Some packet reaches it.
    Live,
    /// Earlier rules together take every packet that it matches: their ranks, ascending.
    Covered(Vec<u32>),
    /// Not known within the budget.
    Undecided,
}

/// The rules of a list in the order in which they act. A rule's number is its rank. Disabled rules have one and do nothing.
#[derive(Debug)]
pub struct OrderedList<'a> {
    rules: Vec<&'a Rule>,
    takes: Cow<'a, [Takes]>,
    index: Cow<'a, Index>,
}

impl<'a> OrderedList<'a> {
    /// A list of rules with what each takes for sure, and its own index.
    #[must_use]
    pub fn new(rules: Vec<&'a Rule>, takes: Vec<Takes>) -> Self {
        // A rule alone meets no other, and a dump may have as many chains as rules.
        let met = if rules.len() > 1 { rules.len() } else { 0 };
        let mut entries = Entries::new(met);
        for ((i, r), t) in (0u32..).zip(&rules).zip(&takes).take(met) {
            if r.may_be_in_force() {
                entries.rule(i, Kinds::of(&r.action), r, t);
            }
        }
        let index = entries.index();
        Self {
            rules,
            takes: takes.into(),
            index: Cow::Owned(index),
        }
    }

    /// The same where what they take and the index are known; both are by rank.
    #[must_use]
    pub fn indexed(rules: Vec<&'a Rule>, takes: &'a [Takes], index: &'a Index) -> Self {
        Self {
            rules,
            takes: takes.into(),
            index: Cow::Borrowed(index),
        }
    }

    /// An enabled rule by its rank.
    #[must_use]
    pub fn rule(&self, i: u32) -> Option<&'a Rule> {
        let rule = self.rules.get(i as usize).copied();
        rule.filter(|r| r.may_be_in_force())
    }

    /// Every rank.
    #[must_use]
    pub fn ranks(&self) -> Range<u32> {
        0..self.rules.len() as u32
    }

    fn takes(&self, i: u32) -> &Takes {
        self.takes.get(i as usize).unwrap_or(&Takes::Nothing)
    }

    /// The fate of each rule, by rank.
    #[must_use]
    pub fn fates(&self) -> Vec<Fate> {
        self.decided(|i, steps| self.covered(i, Kinds::SURE, i, steps, |_| true))
    }

    /// The fate of each rule of a list in which every deny acts before every allow, and no allow takes a packet from another,
    /// as if those rules alone were in it that `acts` names. Only an allow is ever covered.
    #[must_use]
    pub fn blocked(&self, acts: impl Fn(&Rule) -> bool + Sync) -> Vec<Fate> {
        let denies = |j: u32| self.rule(j).is_some_and(&acts);
        let every = self.ranks().end;
        self.decided(|i, steps| {
            let subject = |r: &&Rule| r.action == Action::Allow && acts(r);
            match self.rule(i).filter(subject) {
                Some(_) => self.covered(i, Kinds::SURE_DENY, every, steps, denies),
                None => Fate::Live,
            }
        })
    }

    /// What `fate` says of each rule with as many steps as it may take.
    fn decided(&self, fate: impl Fn(u32, usize) -> Fate + Sync + Send) -> Vec<Fate> {
        let mut fates: Vec<Fate> = each(self.ranks(), |i| fate(i, FIRST_STEPS));
        let left: Vec<u32> = (0u32..)
            .zip(&fates)
            .filter(|(_, f)| **f == Fate::Undecided)
            .map(|(i, _)| i)
            .collect();
        // The share depends on the list alone, so that the result does not depend on threads.
        let share = (ALL_STEPS / left.len().max(1)).min(MOST_STEPS);
        if share > FIRST_STEPS {
            let second: Vec<(u32, Fate)> = hylint_parallel::map(left, |i| (i, fate(i, share)));
            for (i, fate) in second {
                if let Some(f) = fates.get_mut(i as usize) {
                    *f = fate;
                }
            }
        }
        fates
    }

    /// Takes the lowest packet of what is left of the rule and asks which rule of some kinds under `below` takes it; none:
    /// the rule is live.
    fn covered(
        &self,
        i: u32,
        kinds: Kinds,
        below: u32,
        steps: usize,
        may: impl Fn(u32) -> bool,
    ) -> Fate {
        let Some(rule) = self.rule(i) else {
            return Fate::Live;
        };
        let taker = |p: &Packet| {
            let takes = |j: u32| self.rule(j).and_then(|r| self.takes(j).holding(r, p));
            let held = |j: u32| may(j) && takes(j).is_some();
            let j = self.index.first(p, kinds, below, held)?;
            Some((j, takes(j)?))
        };
        let mut clauses = rule.clauses.iter().map(|c| &c.space);
        let mut left: Vec<PacketBox> = Vec::new();
        let mut by = Vec::new();
        let mut done = 0;
        loop {
            let piece = match left.pop() {
                Some(b) => Cow::Owned(b),
                None => match clauses.next() {
                    Some(b) => Cow::Borrowed(b),
                    None => break,
                },
            };
            let Some(p) = Packet::lowest(&piece) else {
                continue;
            };
            done += 1;
            if done > steps {
                return Fate::Undecided;
            }
            let Some((j, cut)) = taker(&p) else {
                return Fate::Live;
            };
            by.push(j);
            left.append(&mut piece.subtract(cut));
        }
        if done == 0 {
            // It matches nothing, whatever stands before it.
            return Fate::Live;
        }
        by.sort_unstable();
        by.dedup();
        Fate::Covered(by)
    }

    /// For allows of which any may decide: those that can go because others that stay allow as much, with those others. Of
    /// equal rules the first stays, and of overlapping ones the wider. `fits(i, j)` says whether `j` acts wherever
    /// `i` does, beside what packets tell.
    #[must_use]
    pub fn repeated(&self, fits: impl Fn(&Rule, &Rule) -> bool + Sync) -> Vec<(u32, Vec<u32>)> {
        let allow = |i: u32| self.rule(i).filter(|r| r.action == Action::Allow);
        let may = |i: u32, j: u32| {
            let both = allow(i).zip(allow(j));
            i != j && both.is_some_and(|(a, b)| fits(a, b))
        };
        let every = self.ranks().end;
        let covers = |i: u32, gone: &[bool]| {
            let stays = |j: u32| !gone.get(j as usize).is_some_and(|g| *g);
            let stays = |j: u32| may(i, j) && stays(j);
            match self.covered(i, Kinds::SURE_ALLOW, every, FIRST_STEPS, stays) {
                Fate::Covered(by) => Some(by),
                _ => None,
            }
        };
        let candidates = each(self.ranks(), |i| {
            allow(i).is_some() && covers(i, &[]).is_some()
        });
        let mut order: Vec<u32> = (0u32..)
            .zip(&candidates)
            .filter(|(_, c)| **c)
            .map(|(i, _)| i)
            .collect();
        let size = |i: &u32| self.rule(*i).map_or(0.0, volume);
        order.sort_by(|a, b| size(a).total_cmp(&size(b)).then(b.cmp(a)));
        let mut gone = vec![false; self.rules.len()];
        let mut out = Vec::new();
        for i in order {
            if let Some(by) = covers(i, &gone) {
                if let Some(g) = gone.get_mut(i as usize) {
                    *g = true;
                }
                out.push((i, by));
            }
        }
        out.sort_unstable();
        out
    }

    /// Whether the list does the same without this rule: what it takes is decided in the same way by rules that follow (the
    /// last of them is returned), or by `default`, which is what happens at the end of the list (`None`: the packet goes on
    /// elsewhere).
    #[must_use]
    pub fn superseded(&self, i: u32, default: Option<bool>) -> Option<Superseded> {
        let rule = self.rule(i)?;
        let effect = effect(rule)?;
        let end = self.ranks().end;
        let mut left: Vec<Cow<'_, PacketBox>> = rule
            .clauses
            .iter()
            .map(|c| Cow::Borrowed(&c.space))
            .filter(|b| !b.is_empty())
            .collect();
        let mut last = None;
        let mut tried = 0;
        while !left.is_empty() {
            let from = last.unwrap_or(i) + 1;
            let meets = |j: u32| {
                let acts = |r: &&Rule| Kinds::of(&r.action).meets(Kinds::ACTING);
                let mut spaces = self
                    .rule(j)
                    .filter(acts)
                    .into_iter()
                    .flat_map(|r| &r.clauses);
                spaces.any(|c| left.iter().any(|b| b.intersects(&c.space)))
            };
            let ask = |end: u32, c: &Clause| {
                let found = self
                    .index
                    .first_touching(&c.space, Kinds::ACTING, from..end, meets);
                found.unwrap_or(end)
            };
            // Rules that meet one another mostly stand in a row.
            let first = if tried > 0 && from < end && meets(from) {
                from
            } else {
                rule.clauses.iter().fold(end, ask)
            };
            let Some(next) = self.rule(first) else { break };
            tried += 1;
            if self::effect(next) != Some(effect) || tried > COMPARED {
                return None;
            }
            // Where the rule is conditional, what follows decides; it does so in the same way as long as nothing else is met.
            for cut in self.takes(first).boxes(next) {
                let rest = left.iter().flat_map(|b| b.subtract(cut));
                left = rest.map(Cow::Owned).collect();
            }
            if left.len() > COMPARED {
                return None;
            }
            last = Some(first);
        }
        if left.is_empty() {
            last.map(Superseded::ByRule)
        } else {
            (default == Some(effect)).then_some(Superseded::ByDefault)
        }
    }

    /// The first earlier rule that decides otherwise about some new packets of this one, where neither holds all of the
    /// other's: what happens to them depends on the order alone.
    #[must_use]
    pub fn conflict(&self, i: u32) -> Option<u32> {
        let (clause, mine) = self.plain(i)?;
        let space = starting(clause)?;
        let opposite = if mine { Kinds::DENY } else { Kinds::ALLOW };
        let mut tried = 0;
        let found = self.index.first_touching(&space, opposite, 0..i, |j| {
            let Some((other, theirs)) = self.plain(j) else {
                return false;
            };
            if theirs == mine || !other.intersects(&space) {
                return false;
            }
            tried += 1;
            let apart = |s: PacketBox| !s.is_subset(&space) && !space.is_subset(&s);
            tried > COMPARED || starting(other).is_some_and(apart)
        });
        found.filter(|_| tried <= COMPARED)
    }

    /// What a rule of one clause without conditions matches, and whether it lets that pass.
    fn plain(&self, i: u32) -> Option<(&'a PacketBox, bool)> {
        let rule = self.rule(i)?;
        match rule.clauses.as_slice() {
            [c] if c.conditions.is_empty() => Some((&c.space, effect(rule)?)),
            _ => None,
        }
    }
}

/// Why a rule changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Superseded {
    /// Rules that follow decide the same; the last of them.
    ByRule(u32),
    /// The end of the list does.
    ByDefault,
}

/// Whether a rule lets packets pass or stops them; `None` if it does something else.
fn effect(r: &Rule) -> Option<bool> {
    match r.action {
        Action::Allow => Some(true),
        Action::Deny => Some(false),
        _ => None,
    }
}

/// How many packets a rule matches; only compared.
fn volume(r: &Rule) -> f64 {
    let of = |b: &PacketBox| {
        let addrs = |s: u128, d: u128| s as f64 * d as f64;
        let pairs =
            addrs(b.src.v4.count(), b.dst.v4.count()) + addrs(b.src.v6.count(), b.dst.v6.count());
        pairs * b.proto.count() as f64 * b.sport.count() as f64 * b.dport.count() as f64
    };
    r.clauses.iter().map(|c| of(&c.space)).sum()
}

/// The part of a box that starts connections.
fn starting(b: &PacketBox) -> Option<PacketBox> {
    let state = StateSet(b.state.0 & StateSet::exactly(StateSet::NEW, false, false).0);
    let b = PacketBox { state, ..b.clone() };
    (!b.is_empty()).then_some(b)
}

/// What `f` says of each rank; short lists are not worth a thread.
pub fn each<T: Send>(ranks: Range<u32>, f: impl Fn(u32) -> T + Sync + Send) -> Vec<T> {
    if ranks.len() < 256 {
        ranks.map(f).collect()
    } else {
        hylint_parallel::map(ranks.collect(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::of_table;
    use super::*;
    use hylint_model::{Chain, Clause, Condition, ConditionKind, Span, Table, TableName, Test};
    use hylint_space::{AddrSet, PortSet, ProtoSet, RangeSet};
    use proptest::prelude::*;

    /// Sources 0–3, ports 0–3, TCP and UDP: small enough to try every packet.
    fn universe() -> Vec<Packet> {
        let mut out = Vec::new();
        for src in 0..4u32 {
            for port in 0..4u16 {
                for proto in [6, 17] {
                    let b = PacketBox {
                        src: addrs(src, src),
                        dst: addrs(0, 0),
                        proto: ProtoSet::single(proto),
                        dport: PortSet::single(port),
                        ..PacketBox::any()
                    };
                    out.push(Packet::lowest(&b).unwrap());
                }
            }
        }
        out
    }

    fn addrs(lo: u32, hi: u32) -> AddrSet {
        AddrSet {
            v4: RangeSet::range(lo, hi),
            v6: RangeSet::empty(),
        }
    }

    /// A rule within the universe: any source there is the whole of it, so that a union may cover it.
    fn rule() -> impl Strategy<Value = Rule> {
        let range = || (0u16..4, 0u16..4).prop_map(|(a, b)| (a.min(b), a.max(b)));
        let proto = prop_oneof![Just(vec![6u8]), Just(vec![17]), Just(vec![6, 17])];
        (range(), range(), proto, 0u8..8, 0u8..8).prop_map(|(src, port, proto, action, cond)| {
            let action = match action {
                0..4 => Action::Allow,
                4..6 => Action::Deny,
                6 => Action::Return,
                _ => Action::Continue,
            };
            let mut r = Rule::new(Span::default(), action);
            let mut clause = Clause {
                space: PacketBox {
                    src: addrs(src.0.into(), src.1.into()),
                    dst: addrs(0, 0),
                    proto: proto.into_iter().map(|p| (p, p)).collect(),
                    dport: PortSet::range(port.0, port.1),
                    ..PacketBox::any()
                },
                ..Clause::default()
            };
            if cond == 0 {
                let c = Condition::new(ConditionKind::Rate, Test::Opaque, Span::default(), "limit");
                clause.conditions.push(c);
            }
            r.clauses[0] = clause;
            r
        })
    }

    fn matches(r: &Rule, p: &Packet) -> bool {
        r.clauses.iter().any(|c| p.is_in(&c.space))
    }

    fn surely(r: &Rule, p: &Packet) -> bool {
        r.clauses
            .iter()
            .any(|c| c.conditions.is_empty() && p.is_in(&c.space))
    }

    fn ends(r: &Rule) -> bool {
        matches!(r.action, Action::Allow | Action::Deny | Action::Return)
    }

    /// Every verdict that the packet may get from the rules, `None` for one that leaves the list.
    fn verdicts<'r>(rules: impl Iterator<Item = &'r Rule>, p: &Packet) -> Vec<Option<bool>> {
        let mut out = Vec::new();
        for r in rules.filter(|r| ends(r) && matches(r, p)) {
            out.push(effect(r));
            if surely(r, p) {
                return out;
            }
        }
        out.push(Some(false));
        out
    }

    fn list(rules: &[Rule]) -> OrderedList<'_> {
        let takes = rules.iter().map(Takes::of).collect();
        OrderedList::new(rules.iter().collect(), takes)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn a_rule_is_covered_exactly_when_no_packet_reaches_it(rules in prop::collection::vec(rule(), 1..14)) {
            let universe = universe();
            for (i, fate) in list(&rules).fates().into_iter().enumerate() {
                let reached = universe.iter().any(|p| {
                    matches(&rules[i], p) && !rules[..i].iter().any(|r| ends(r) && surely(r, p))
                });
                prop_assert_eq!(fate == Fate::Live, reached, "rule {}: {:?}", i, fate);
                if let Fate::Covered(by) = fate {
                    let of_them = |p: &Packet| by.iter().any(|j| surely(&rules[*j as usize], p));
                    prop_assert!(universe.iter().all(|p| !matches(&rules[i], p) || of_them(p)));
                }
            }
        }

        #[test]
        fn without_a_superseded_rule_every_packet_gets_the_same(rules in prop::collection::vec(rule(), 1..10)) {
            let list = list(&rules);
            for i in 0..rules.len() {
                if list.superseded(i as u32, Some(false)).is_none() {
                    continue;
                }
                for p in universe() {
                    let with: std::collections::BTreeSet<_> = verdicts(rules.iter(), &p).into_iter().collect();
                    let others = rules.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, r)| r);
                    let without: std::collections::BTreeSet<_> = verdicts(others, &p).into_iter().collect();
                    prop_assert_eq!(with, without, "rule {} and {:?}", i, p);
                }
            }
        }

        #[test]
        fn repeated_allows_can_all_go_and_no_other_can(rules in prop::collection::vec(rule(), 1..10)) {
            let allow = |i: &usize| rules[*i].action == Action::Allow;
            let gone: Vec<usize> = list(&rules).repeated(|_, _| true).iter().map(|(i, _)| *i as usize).collect();
            let stays: Vec<usize> = (0..rules.len()).filter(allow).filter(|i| !gone.contains(i)).collect();
            prop_assert!(gone.iter().all(allow));
            for p in universe() {
                let by = |of: &[usize]| of.iter().any(|i| surely(&rules[*i], &p));
                for i in &gone {
                    prop_assert!(!matches(&rules[*i], &p) || by(&stays), "rule {} and {:?}", i, p);
                }
            }
            for i in &stays {
                let others: Vec<usize> = stays.iter().copied().filter(|j| j != i).collect();
                let needed = universe().iter().any(|p| matches(&rules[*i], p) && !others.iter().any(|j| surely(&rules[*j], p)));
                prop_assert!(needed, "rule {} can go", i);
            }
        }

        #[test]
        fn an_allow_is_blocked_exactly_when_denies_that_act_take_all_of_it(rules in prop::collection::vec(rule(), 1..14)) {
            let acts = |r: &Rule| r.clauses[0].space.proto.contains(6);
            let denies = || rules.iter().filter(|r| acts(r) && r.action == Action::Deny);
            for (i, fate) in list(&rules).blocked(acts).into_iter().enumerate() {
                let subject = acts(&rules[i]) && rules[i].action == Action::Allow;
                let passes = |p: &Packet| matches(&rules[i], p) && !denies().any(|d| surely(d, p));
                prop_assert_eq!(fate != Fate::Live, subject && !universe().iter().any(passes), "rule {}", i);
                if let Fate::Covered(by) = fate {
                    let denied = |p: &Packet| by.iter().any(|j| surely(&rules[*j as usize], p));
                    prop_assert!(universe().iter().all(|p| !matches(&rules[i], p) || denied(p)));
                }
            }
        }

        #[test]
        fn disabled_rules_do_nothing(rules in prop::collection::vec((rule(), prop::bool::weighted(0.7)), 1..14)) {
            let rules: Vec<Rule> = rules.into_iter().map(|(r, enabled)| Rule { enabled, ..r }).collect();
            let ranks: Vec<u32> = (0u32..).zip(&rules).filter(|(_, r)| r.enabled).map(|(i, _)| i).collect();
            let acting: Vec<Rule> = rules.iter().filter(|r| r.enabled).cloned().collect();
            let (with, without) = (list(&rules), list(&acting));
            let rank = |j: u32| ranks[j as usize];
            let (fates, expected) = (with.fates(), without.fates());
            for (j, i) in (0u32..).zip(&ranks) {
                let fate = match &expected[j as usize] {
                    Fate::Covered(by) => Fate::Covered(by.iter().map(|j| rank(*j)).collect()),
                    other => other.clone(),
                };
                prop_assert_eq!(&fates[*i as usize], &fate);
                prop_assert_eq!(with.conflict(*i), without.conflict(j).map(rank));
                let superseded = without.superseded(j, Some(false)).map(|s| match s {
                    Superseded::ByRule(j) => Superseded::ByRule(rank(j)),
                    Superseded::ByDefault => Superseded::ByDefault,
                });
                prop_assert_eq!(with.superseded(*i, Some(false)), superseded);
            }
            for i in (0u32..).zip(&rules).filter(|(_, r)| !r.enabled).map(|(i, _)| i) {
                prop_assert_eq!(&fates[i as usize], &Fate::Live);
                prop_assert_eq!((with.conflict(i), with.superseded(i, Some(false))), (None, None));
            }
            let gone: Vec<u32> = with.repeated(|_, _| true).iter().map(|(i, _)| *i).collect();
            let expected: Vec<u32> = without.repeated(|_, _| true).iter().map(|(j, _)| rank(*j)).collect();
            prop_assert_eq!(gone, expected);
        }

        /// What a chain takes for sure: run the packet through it, each condition both ways.
        #[test]
        fn a_jump_takes_what_never_comes_back(inner in prop::collection::vec(rule(), 0..8), through in rule(), after in rule()) {
            let mut jump = through;
            jump.action = Action::Jump(1);
            let chain = |name: &str, rules: Vec<Rule>| Chain { name: name.into(), policy: None, span: Span::default(), rules };
            let table = Table {
                name: TableName::Filter,
                span: Span::default(),
                chains: vec![chain("INPUT", vec![jump.clone(), after.clone()]), chain("inner", inner.clone())],
            };
            let takes = of_table(&table).into_iter().next().unwrap();
            let list = OrderedList::new(table.chains[0].rules.iter().collect(), takes);
            let comes_back = |p: &Packet| {
                let decided = |r: &&Rule| ends(r) && matches(r, p);
                let mut met = inner.iter().filter(decided);
                loop {
                    match met.next() {
                        None => return true,
                        Some(r) if r.action == Action::Return => return true,
                        Some(r) if surely(r, p) => return false,
                        Some(_) => {}
                    }
                }
            };
            let reached = universe().iter().any(|p| matches(&after, p) && (!surely(&jump, p) || comes_back(p)));
            prop_assert_eq!(list.fates()[1] == Fate::Live, reached);
        }
    }
}
