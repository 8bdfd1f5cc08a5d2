//! Where two answers differ.

use super::cells::{Cell, meeting};
use super::way::Way;
use crate::outcome::{Decider, Effect, Onward, Reason};
use hylint_model::{Condition, ConditionKind, Nat};
use hylint_space::PacketBox;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::BTreeSet;

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
    let drawn = |ways: &[Way<'_>]| -> Vec<u64> { ways.iter().map(Way::drawn).collect() };
    let (x, y) = (drawn(old), drawn(new));
    let like = |(a, p): (&Way<'_>, u64), (b, q): (&Way<'_>, u64)| p == q && a.is_like(b);
    let pairs = || old.iter().zip(x.iter().copied());
    let others = || new.iter().zip(y.iter().copied());
    // Mostly they are the same in the same order.
    let in_order = || pairs().zip(others()).all(|(a, b)| like(a, b));
    let in_any = || {
        pairs().all(|a| others().any(|b| like(a, b)))
            && others().all(|b| pairs().any(|a| like(a, b)))
    };
    if old.len() == new.len() && in_order() || in_any() {
        return true;
    }
    // Else each pair of ways that may both be gone has to end alike, whatever is drawn on them.
    let mut pairs = old.iter().flat_map(|o| new.iter().map(move |n| (o, n)));
    pairs.all(|(o, n)| !o.fits(n) || o.end() == n.end())
}
