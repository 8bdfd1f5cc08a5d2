//! Two answers about the same packets, and where they differ.

use super::facts::Fact;
use super::outcome::{Branch, Decider, Effect, Onward, Reason, Stage};
use super::sets::PointId;
use super::verdict::subtract_all;
use crate::rulespace::Index;
use hylint_model::{Condition, ConditionKind, Nat, Profiles};
use hylint_space::PacketBox;
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Packets with every way that they may go. Cells of one answer are disjoint.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    space: PacketBox,
    ways: SmallVec<[Way<'a>; 1]>,
}

/// One way that packets may go through all layers.
#[derive(Clone, Debug)]
struct Way<'a> {
    effect: Effect,
    /// The layer that decides.
    layer: usize,
    /// What decides, layer by layer.
    by: SmallVec<[Decider<'a>; 1]>,
    /// A rule that decides took the packets by an open condition of its own.
    by_chance: bool,
    /// The profile in which it is gone, where it matters.
    profile: Option<Profiles>,
    /// It is not known where it ends, for that would take too long.
    counted_out: bool,
    conditions: SmallVec<[&'a Condition; 2]>,
    facts: SmallVec<[Fact<'a>; 1]>,
    onward: Option<Box<Onward>>,
    source: Option<&'a Nat>,
    /// The packet of the conversation that is stopped, where one is.
    stage: Stage,
}

/// What one side does with packets.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// Allow or deny if every way says so, else unknown.
    pub effect: Effect,
    /// What decides; of what is unknown, what does under a condition.
    pub by: Decider<'a>,
    /// What it depends on, where it is unknown.
    pub conditions: SmallVec<[&'a Condition; 2]>,
    /// Where packets that pass are sent instead.
    pub onward: Option<Box<Onward>>,
    /// What translates the source of packets that pass.
    pub source: Option<&'a Nat>,
    /// The active profile decides.
    pub by_profile: bool,
    /// What is stopped of their conversations, whatever is open, are packets of the other side.
    pub stops_replies: bool,
    /// The texts of all open conditions on the packets' ways, if these are rates and processes and nothing else is open.
    pub incidental: Option<BTreeSet<&'a str>>,
}

/// Packets that two sides decide otherwise.
#[derive(Clone, Debug)]
pub struct Change<'o, 'n> {
    /// The packets.
    pub space: PacketBox,
    /// One side.
    pub old: Seen<'o>,
    /// The other.
    pub new: Seen<'n>,
}

/// Boxes that overlap without holding each other up to which each overlap is a cell of its own.
const CELLS: usize = 1 << 12;

/// Pairs of cells from which on an index finds those that meet.
const PAIRS: usize = 1 << 12;

/// The packets of an answer's branches, each once.
#[must_use]
pub fn cells<'a>(branches: Vec<Branch<'a>>) -> Vec<Cell<'a>> {
    let mut out = Vec::new();
    let mut forked: FxHashMap<PacketBox, usize> = FxHashMap::default();
    let mut groups: Vec<Cell<'a>> = Vec::new();
    for b in branches {
        let (alone, space) = (b.alone, b.space.clone());
        let way = Way::of(b);
        if alone {
            out.push(Cell {
                space,
                ways: smallvec![way],
            });
            continue;
        }
        match forked.get(&space).and_then(|n| groups.get_mut(*n)) {
            Some(cell) => cell.ways.push(way),
            None => {
                forked.insert(space.clone(), groups.len());
                groups.push(Cell {
                    space,
                    ways: smallvec![way],
                });
            }
        }
    }
    out.append(&mut apart(groups));
    out
}

/// Cells from which on those that meet are looked up.
const MANY: usize = 32;

/// Cuts overlapping cells where they meet.
fn apart(groups: Vec<Cell<'_>>) -> Vec<Cell<'_>> {
    if groups.len() < MANY {
        return cut(groups);
    }
    let mut parts: BTreeMap<usize, Vec<Cell<'_>>> = BTreeMap::new();
    for (part, g) in clusters(&groups).into_iter().zip(groups) {
        parts.entry(part).or_default().push(g);
    }
    parts.into_values().flat_map(cut).collect()
}

/// For each cell a number that it shares with those that it meets, by itself or through others.
fn clusters(cells: &[Cell<'_>]) -> Vec<usize> {
    fn root(up: &mut [usize], mut at: usize) -> usize {
        while let Some(next) = up.get(at).copied().filter(|n| *n != at) {
            let over = up.get(next).copied().unwrap_or(next);
            if let Some(slot) = up.get_mut(at) {
                *slot = over;
            }
            at = next;
        }
        at
    }
    let index = Index::new((0u32..).zip(cells.iter().map(|c| &c.space)));
    let mut up: Vec<usize> = (0..cells.len()).collect();
    let mut near = Vec::new();
    for (n, c) in cells.iter().enumerate() {
        near.clear();
        index.touching(&c.space, &mut near);
        for other in near.iter().map(|o| *o as usize).filter(|o| *o < n) {
            let meets = cells
                .get(other)
                .is_some_and(|o| o.space.intersects(&c.space));
            let (a, b) = (root(&mut up, other), root(&mut up, n));
            if let Some(slot) = up.get_mut(a.max(b)).filter(|_| meets) {
                *slot = a.min(b);
            }
        }
    }
    (0..cells.len()).map(|n| root(&mut up, n)).collect()
}

/// Cuts cells of which each may meet each.
fn cut(groups: Vec<Cell<'_>>) -> Vec<Cell<'_>> {
    let mut out: Vec<Cell<'_>> = Vec::new();
    for g in groups {
        if out.len() > CELLS {
            // Whether these packets have other ways is not looked up any more, so that what they differ in stays open.
            let mut g = g;
            g.ways.iter_mut().for_each(|w| w.effect = Effect::Unknown);
            g.ways.iter_mut().for_each(|w| w.counted_out = true);
            out.push(g);
            continue;
        }
        let mut left = vec![g.space.clone()];
        let mut next = Vec::with_capacity(out.len() + 1);
        for c in out {
            if !c.space.intersects(&g.space) {
                next.push(c);
                continue;
            }
            let inside = c.space.intersect(&g.space);
            left = subtract_all(&left, std::slice::from_ref(&inside));
            let rest = c.space.subtract(&inside).into_iter();
            next.extend(rest.map(|space| Cell {
                space,
                ways: c.ways.clone(),
            }));
            let mut ways = c.ways;
            ways.extend(g.ways.iter().cloned());
            next.push(Cell {
                space: inside,
                ways,
            });
        }
        next.extend(left.into_iter().map(|space| Cell {
            space,
            ways: g.ways.clone(),
        }));
        out = next;
    }
    out
}

/// What becomes of packets that two layers must both let pass.
#[must_use]
pub fn both<'a>(first: &[Cell<'a>], second: &[Cell<'a>]) -> Vec<Cell<'a>> {
    let mut out = Vec::new();
    let (first, second): (Vec<_>, Vec<_>) = (first.iter().collect(), second.iter().collect());
    for (a, b) in meeting(&first, &second) {
        let space = a.space.intersect(&b.space);
        if !space.is_empty() {
            let second = || b.ways.iter();
            let ways = a.ways.iter().flat_map(|x| second().map(move |y| x.and(y)));
            out.push(Cell {
                space,
                ways: ways.flatten().collect(),
            });
        }
    }
    out
}

/// What becomes of packets of which it is not known in which of several profiles they come.
#[must_use]
pub fn either<'a>(answers: Vec<(Profiles, Vec<Cell<'a>>)>) -> Vec<Cell<'a>> {
    let mut whole: Option<Vec<Cell<'a>>> = None;
    for (profile, mut cells) in answers {
        let ways = cells.iter_mut().flat_map(|c| &mut c.ways);
        ways.for_each(|w| w.profile = Some(profile));
        whole = Some(match whole {
            None => cells,
            Some(first) => {
                let (a, b): (Vec<_>, Vec<_>) = (first.iter().collect(), cells.iter().collect());
                let pairs = meeting(&a, &b).into_iter();
                let joined = pairs.map(|(a, b)| Cell {
                    space: a.space.intersect(&b.space),
                    ways: a.ways.iter().chain(&b.ways).cloned().collect(),
                });
                joined.filter(|c| !c.space.is_empty()).collect()
            }
        });
    }
    whole.unwrap_or_default()
}

/// A cell of packets that do not cross a layer.
#[must_use]
pub fn passing<'a>(space: PacketBox, at: PointId) -> Cell<'a> {
    let reason = Reason::IncompleteExport;
    Cell {
        space,
        ways: smallvec![Way {
            effect: Effect::Allow,
            layer: 0,
            by: smallvec![Decider::Nothing { at, reason }],
            by_chance: false,
            profile: None,
            counted_out: false,
            conditions: SmallVec::new(),
            facts: SmallVec::new(),
            onward: None,
            source: None,
            stage: Stage::Request,
        }],
    }
}

/// Where two answers differ.
#[must_use]
pub fn changes<'o, 'n>(old: &[Cell<'o>], new: &[Cell<'n>]) -> Vec<Change<'o, 'n>> {
    let mut out = Vec::new();
    // Most packets meet the same rules on both sides and fall into the same cells.
    let (old, new) = differing(old, new);
    for (o, n) in meeting(&old, &new) {
        let (Some(before), Some(behind)) = (Verdict::of(&o.ways), Verdict::of(&n.ways)) else {
            continue;
        };
        if same(&before, &o.ways, &behind, &n.ways) {
            continue;
        }
        let space = o.space.intersect(&n.space);
        if !space.is_empty() {
            let layer = layer(&before, &behind);
            out.push(Change {
                space,
                old: before.seen(layer),
                new: behind.seen(layer),
            });
        }
    }
    out
}

/// The cells but those that both sides have and that come to the same.
fn differing<'c, 'o, 'n>(
    old: &'c [Cell<'o>],
    new: &'c [Cell<'n>],
) -> (Vec<&'c Cell<'o>>, Vec<&'c Cell<'n>>) {
    let each = new.iter().enumerate();
    let places: FxHashMap<&PacketBox, usize> = each.map(|(n, c)| (&c.space, n)).collect();
    let mut done = vec![false; new.len()];
    let left = old.iter().filter(|o| {
        let Some(at) = places.get(&o.space) else {
            return true;
        };
        let Some(n) = new.get(*at) else { return true };
        let alike = match (Verdict::of(&o.ways), Verdict::of(&n.ways)) {
            (Some(before), Some(behind)) => same(&before, &o.ways, &behind, &n.ways),
            _ => false,
        };
        if let (true, Some(done)) = (alike, done.get_mut(*at)) {
            *done = true;
        }
        !alike
    });
    let left = left.collect();
    let rest = new.iter().zip(&done).filter(|(_, done)| !**done);
    (left, rest.map(|(c, _)| c).collect())
}

/// The pairs of cells that may share packets.
fn meeting<'c, 'o, 'n>(
    a: &[&'c Cell<'o>],
    b: &[&'c Cell<'n>],
) -> Vec<(&'c Cell<'o>, &'c Cell<'n>)> {
    if a.len() * b.len() <= PAIRS {
        let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (*x, *y)));
        return pairs
            .filter(|(x, y)| x.space.intersects(&y.space))
            .collect();
    }
    let index = Index::new((0u32..).zip(b.iter().map(|c| &c.space)));
    let mut near = Vec::new();
    let mut out = Vec::new();
    for x in a {
        near.clear();
        index.touching(&x.space, &mut near);
        near.sort_unstable();
        near.dedup();
        let there = near.iter().filter_map(|i| b.get(*i as usize));
        out.extend(there.map(|y| (*x, *y)));
    }
    out
}

impl<'a> Way<'a> {
    fn of(b: Branch<'a>) -> Self {
        let by_chance = b.by_chance();
        let passes = b.effect != Effect::Deny;
        Self {
            effect: b.effect,
            layer: 0,
            profile: None,
            by: smallvec![b.by],
            by_chance,
            counted_out: matches!(
                b.by,
                Decider::Nothing {
                    reason: Reason::Budget,
                    ..
                }
            ),
            conditions: b.conditions,
            facts: b.facts,
            onward: b.onward.filter(|_| passes),
            source: b.source.filter(|_| passes),
            stage: b.stage,
        }
    }

    /// Both after each other; none if they cannot both be gone.
    fn and(&self, o: &Self) -> Option<Self> {
        if !self.fits(o) {
            return None;
        }
        let weight = |e: Effect| match e {
            Effect::Deny => 0,
            Effect::Unknown => 1,
            Effect::Allow => 2,
        };
        let second = weight(o.effect) < weight(self.effect);
        let mut out = self.clone();
        out.by.extend(o.by.iter().copied());
        for c in &o.conditions {
            if !out.conditions.iter().any(|d| std::ptr::eq(*d, *c)) {
                out.conditions.push(c);
            }
        }
        out.facts.extend(o.facts.iter().copied());
        out.profile = out.profile.or(o.profile);
        out.by_chance |= o.by_chance;
        out.counted_out |= o.counted_out;
        if second {
            out.effect = o.effect;
            out.stage = o.stage;
            out.layer = self.by.len() + o.layer;
        }
        out.onward = out.onward.or_else(|| o.onward.clone());
        out.source = out.source.or(o.source);
        Some(out)
    }

    /// Whether the open conditions of both may be as both take them.
    fn fits(&self, o: &Way<'_>) -> bool {
        if let (Some(p), Some(q)) = (self.profile, o.profile)
            && p != q
        {
            return false;
        }
        let mut pairs = self
            .facts
            .iter()
            .flat_map(|f| o.facts.iter().map(move |g| (f, g)));
        !pairs.any(|(f, g)| f.contradicts(g))
    }

    fn stops_reply(&self) -> bool {
        self.effect == Effect::Deny && matches!(self.stage, Stage::Reply | Stage::NextReply)
    }

    /// What becomes of the packets, apart from what decides it.
    fn end<'w>(&'w self) -> End<'w> {
        let unknown = self.effect == Effect::Unknown;
        let by = self.by.get(self.layer).filter(|_| unknown);
        End {
            effect: self.effect,
            onward: self.onward.as_deref(),
            source: self.source,
            reason: match by {
                Some(Decider::Nothing { reason, .. }) => Some(*reason),
                _ => None,
            },
            handed: match by {
                Some(Decider::Rule { rule, .. }) => rule.action.opaque().collect(),
                _ => SmallVec::new(),
            },
        }
    }

    /// The conditions that are drawn anew for each rule, by their texts and as often as they are.
    fn drawn(&self) -> Vec<Cow<'_, str>> {
        let settled = |c: &&&Condition| !self.facts.iter().any(|f| f.is_on(c));
        let all = self.conditions.iter().filter(settled);
        let mut texts: Vec<_> = all.map(|c| c.without_place()).collect();
        texts.sort_unstable();
        texts
    }
}

/// Where a way ends.
#[derive(PartialEq)]
struct End<'w> {
    effect: Effect,
    onward: Option<&'w Onward>,
    source: Option<&'w Nat>,
    reason: Option<Reason>,
    handed: SmallVec<[&'w str; 1]>,
}

/// What all ways of a cell come to, and the one that shows it best.
struct Verdict<'w, 'a> {
    ways: &'w [Way<'a>],
    effect: Effect,
    /// It is another one in another profile.
    by_profile: bool,
    way: &'w Way<'a>,
}

impl<'w, 'a> Verdict<'w, 'a> {
    fn of(ways: &'w [Way<'a>]) -> Option<Self> {
        let first = ways.first()?;
        if ways.iter().all(|w| w.effect == first.effect) {
            let least = ways
                .iter()
                .min_by_key(|w| (w.by_chance, w.conditions.len()));
            return Some(Self {
                ways,
                effect: first.effect,
                by_profile: false,
                way: least?,
            });
        }
        let unknown = ways.iter().find(|w| w.effect == Effect::Unknown);
        let way = unknown
            .or_else(|| ways.iter().find(|w| w.by_chance))
            .or_else(|| ways.iter().find(|w| !w.conditions.is_empty()));
        let other = |w: &Way<'_>| w.profile != first.profile && w.effect != first.effect;
        Some(Self {
            ways,
            effect: Effect::Unknown,
            by_profile: ways.iter().any(other),
            way: way.unwrap_or(first),
        })
    }

    fn seen(&self, layer: usize) -> Seen<'a> {
        let w = self.way;
        let nowhere = Decider::Nothing {
            at: Default::default(),
            reason: Reason::IncompleteExport,
        };
        let open = self.effect == Effect::Unknown;
        Seen {
            effect: self.effect,
            by: w.by.get(layer).or(w.by.first()).copied().unwrap_or(nowhere),
            conditions: if open {
                w.conditions.clone()
            } else {
                SmallVec::new()
            },
            onward: w.onward.clone(),
            source: w.source,
            by_profile: open && self.by_profile,
            stops_replies: self.effect == Effect::Deny && self.ways.iter().all(|w| w.stops_reply()),
            incidental: self.incidental(),
        }
    }

    fn incidental(&self) -> Option<BTreeSet<&'a str>> {
        let unknown = |w: &Way<'_>| w.effect == Effect::Unknown || w.profile.is_some();
        let either = |k| matches!(k, ConditionKind::Rate | ConditionKind::Local);
        let all = self.ways.iter().flat_map(|w| w.conditions.iter().copied());
        let texts = all.map(|c| either(c.kind).then_some(&*c.text));
        texts
            .collect::<Option<_>>()
            .filter(|_| !self.ways.iter().any(unknown))
    }
}

/// The layer whose decision is another one: the one that blocks or leaves open on either side, else the first in which
/// something else decides.
fn layer(old: &Verdict<'_, '_>, new: &Verdict<'_, '_>) -> usize {
    let stops = |v: &Verdict<'_, '_>| (v.way.effect != Effect::Allow).then_some(v.way.layer);
    stops(old).or_else(|| stops(new)).unwrap_or(0)
}

/// Whether two cells come to the same.
fn same(
    before: &Verdict<'_, '_>,
    old: &[Way<'_>],
    behind: &Verdict<'_, '_>,
    new: &[Way<'_>],
) -> bool {
    let open = old.iter().any(|w| w.counted_out) || new.iter().any(|w| w.counted_out);
    if open || before.effect != behind.effect {
        return false;
    }
    if before.effect == Effect::Deny {
        return true;
    }
    if let ([o], [n]) = (old, new)
        && o.conditions.is_empty()
        && n.conditions.is_empty()
    {
        return o.end() == n.end();
    }
    let within = |these: &[Way<'_>], others: &[Way<'_>]| {
        these.iter().all(|a| others.iter().any(|b| a.is_like(b)))
    };
    if within(old, new) && within(new, old) {
        return true;
    }
    // Else each pair of ways that may both be gone has to end alike, whatever is drawn on them.
    let mut pairs = old.iter().flat_map(|o| new.iter().map(move |n| (o, n)));
    pairs.all(|(o, n)| !o.fits(n) || o.end() == n.end())
}

impl Way<'_> {
    /// Whether another one takes the same conditions alike and ends there too.
    fn is_like(&self, o: &Way<'_>) -> bool {
        let ends = self.end() == o.end() && self.profile == o.profile;
        let within = |a: &Way<'_>, b: &Way<'_>| {
            let mut facts = a.facts.iter();
            facts.all(|f| b.facts.iter().any(|g| f == g))
        };
        let alike = || within(self, o) && within(o, self);
        let by_words = || {
            self.facts.len() == o.facts.len() && {
                let mut pairs = self.facts.iter().zip(&o.facts);
                pairs.all(|(f, g)| f.without_place() == g.without_place())
            }
        };
        ends && self.drawn() == o.drawn() && (alike() || by_words())
    }
}
