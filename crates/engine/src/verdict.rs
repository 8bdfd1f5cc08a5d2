//! From branches to a verdict over a set of packets.

use super::outcome::{Branch, Effect};
use crate::rulespace::{Index, Kinds};
use hylint_space::{AddrSet, PacketBox};
use rustc_hash::FxHashSet;

/// The packets of a query by what may happen to them. The three lists are disjoint; boxes within a list may overlap.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Every branch lets them through.
    pub allowed: Vec<PacketBox>,
    /// Every branch stops them.
    pub denied: Vec<PacketBox>,
    /// It depends.
    pub conditional: Vec<PacketBox>,
}

impl Judgement {
    /// Sorts the packets of all branches.
    #[must_use]
    pub fn of(branches: &[Branch<'_>]) -> Self {
        let boxes = |e: Effect, alone: bool| -> Vec<PacketBox> {
            // Branches that only conditions part hold the same packets.
            let mut seen = FxHashSet::default();
            branches
                .iter()
                .filter(|b| b.effect == e && b.alone == alone)
                .filter(|b| alone || seen.insert(&b.space))
                .map(|b| b.space.clone())
                .collect()
        };
        // What is in no other branch needs no comparison; there may be thousands of such boxes.
        let mut out = Self::compared(
            boxes(Effect::Allow, false),
            boxes(Effect::Deny, false),
            boxes(Effect::Unknown, false),
        );
        out.allowed.extend(boxes(Effect::Allow, true));
        out.denied.extend(boxes(Effect::Deny, true));
        out.conditional.extend(boxes(Effect::Unknown, true));
        out
    }

    /// Sorts the packets of boxes that may overlap.
    fn compared(allow: Vec<PacketBox>, deny: Vec<PacketBox>, unknown: Vec<PacketBox>) -> Self {
        if deny.is_empty() && unknown.is_empty() {
            return Self {
                allowed: allow,
                ..Self::default()
            };
        }
        if allow.is_empty() && unknown.is_empty() {
            return Self {
                denied: deny,
                ..Self::default()
            };
        }
        let open: Vec<PacketBox> = deny.iter().chain(&unknown).cloned().collect();
        let allowed = subtract_all(&allow, &open);
        let pass: Vec<PacketBox> = allow.iter().chain(&unknown).cloned().collect();
        let denied = subtract_all(&deny, &pass);
        let mut conditional = unknown;
        if allow.len() * deny.len() > PAIRS {
            conditional.extend(subtract_all(&deny, &denied));
            return Self {
                allowed,
                denied,
                conditional,
            };
        }
        for d in &deny {
            conditional.extend(
                allow
                    .iter()
                    .map(|a| a.intersect(d))
                    .filter(|b| !b.is_empty()),
            );
        }
        Self {
            allowed,
            denied,
            conditional,
        }
    }

    /// The packets to which this happens for sure.
    pub fn of_effect(&mut self, e: Effect) -> &mut Vec<PacketBox> {
        match e {
            Effect::Allow => &mut self.allowed,
            Effect::Deny => &mut self.denied,
            Effect::Unknown => &mut self.conditional,
        }
    }

    /// Whether every packet passes.
    #[must_use]
    pub fn all_allowed(&self) -> bool {
        self.denied.is_empty() && self.conditional.is_empty()
    }
}

/// Pairs of an allowed and a denied box up to which each is looked at.
const PAIRS: usize = 1 << 12;

/// Cuts from which on an index finds those that a box touches.
const MANY: usize = 64;

/// Cuts that touch one box from which on each of its pieces looks up the next one that it meets.
const LONG: usize = 512;

/// The packets of the boxes that are in none of `cuts`.
#[must_use]
pub fn subtract_all(boxes: &[PacketBox], cuts: &[PacketBox]) -> Vec<PacketBox> {
    let cuts = match boxes.len() {
        // One question is not worth an index.
        0 | 1 if cuts.len() < LONG => Cuts {
            boxes: cuts,
            index: None,
        },
        _ => Cuts::new(cuts),
    };
    boxes.iter().flat_map(|b| cuts.left(b)).collect()
}

/// Boxes that are cut out of others, one after the other.
#[derive(Debug)]
pub struct Cuts<'b> {
    boxes: &'b [PacketBox],
    /// Of many, those that a box touches are looked up.
    index: Option<Index>,
}

impl<'b> Cuts<'b> {
    /// To cut out all of these.
    #[must_use]
    pub fn new(boxes: &'b [PacketBox]) -> Self {
        let index = (boxes.len() >= MANY).then(|| Index::new((0u32..).zip(boxes)));
        Self { boxes, index }
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// The packets of a box that are in none of them.
    #[must_use]
    pub fn left(&self, b: &PacketBox) -> Vec<PacketBox> {
        if b.is_empty() {
            return Vec::new();
        }
        let Some(index) = &self.index else {
            return subtract_each(b, self.boxes.iter());
        };
        let mut near = Vec::new();
        index.touching(b, &mut near);
        near.sort_unstable();
        near.dedup();
        if near.len() >= LONG {
            return self.left_of_pieces(b, index);
        }
        let near = near.iter().filter_map(|i| self.boxes.get(*i as usize));
        subtract_each(b, near)
    }

    /// The same where the box may fall into as many pieces as there are cuts.
    fn left_of_pieces(&self, b: &PacketBox, index: &Index) -> Vec<PacketBox> {
        let mut left = Vec::new();
        let mut todo = vec![(b.clone(), 0)];
        while let Some((piece, from)) = todo.pop() {
            let cut = |i: u32| self.boxes.get(i as usize);
            let meets = |i: u32| cut(i).is_some_and(|c| c.intersects(&piece));
            let next = index.first_touching(&piece, Kinds::ALL, from..u32::MAX, meets);
            match next.and_then(|i| Some((i, cut(i)?))) {
                Some((i, cut)) => {
                    let parts = piece.without(cut).into_iter();
                    todo.extend(parts.map(|part| (part, i.saturating_add(1))));
                }
                None => left.push(piece),
            }
        }
        left
    }
}

/// What is left of one box. Pieces that a cut does not touch stay where they are.
fn subtract_each<'b>(b: &PacketBox, cuts: impl Iterator<Item = &'b PacketBox>) -> Vec<PacketBox> {
    let mut left = vec![b.clone()];
    for cut in cuts {
        let mut i = 0;
        let mut parts = Vec::new();
        while let Some(p) = left.get(i) {
            if p.intersects(cut) {
                parts.append(&mut left.swap_remove(i).without(cut));
            } else {
                i += 1;
            }
        }
        left.append(&mut parts);
        if left.is_empty() {
            break;
        }
    }
    left
}

/// Whether the boxes together hold every packet of `b`.
#[must_use]
pub fn covers(boxes: &[PacketBox], b: &PacketBox) -> bool {
    subtract_all(std::slice::from_ref(b), boxes).is_empty()
}

/// Every address that a box selects.
#[must_use]
pub fn union_addrs<'b>(
    boxes: impl IntoIterator<Item = &'b PacketBox>,
    pick: impl Fn(&PacketBox) -> &AddrSet,
) -> AddrSet {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for b in boxes {
        let addrs = pick(b);
        v4.extend(addrs.v4.iter());
        v6.extend(addrs.v6.iter());
    }
    // All at once: one after the other would be quadratic in their ranges.
    AddrSet {
        v4: v4.into_iter().collect(),
        v6: v6.into_iter().collect(),
    }
}
