//! The packets of an answer, each once.

use super::way::Way;
use crate::outcome::{Branch, Effect};
use crate::rulespace::Index;
use crate::sets::PointId;
use crate::verdict::subtract_all;
use hylint_model::Profiles;
use hylint_space::PacketBox;
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeMap;

/// Packets with every way that they may go. Cells of one answer are disjoint.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    pub(super) space: PacketBox,
    pub(super) ways: SmallVec<[Way<'a>; 1]>,
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
    Cell {
        space,
        ways: smallvec![Way::past(at)],
    }
}

/// A cell of packets for whom there is no way, as nothing is there that would let them pass.
#[must_use]
pub fn closed<'a>(space: PacketBox) -> Cell<'a> {
    let mut way = Way::past(PointId::default());
    way.effect = Effect::Deny;
    Cell {
        space,
        ways: smallvec![way],
    }
}

/// The pairs of cells that may share packets.
pub(super) fn meeting<'c, 'o, 'n>(
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
