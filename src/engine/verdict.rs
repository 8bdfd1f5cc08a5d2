//! From branches to a verdict over a set of packets.

use super::{Branch, Effect};
use hylint_parsers::space::{AddrSet, PacketBox};

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
        let boxes = |e: Effect| -> Vec<PacketBox> {
            branches
                .iter()
                .filter(|b| b.effect == e)
                .map(|b| b.space.clone())
                .collect()
        };
        let (allow, deny, unknown) = (
            boxes(Effect::Allow),
            boxes(Effect::Deny),
            boxes(Effect::Unknown),
        );
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

    /// Whether every packet passes.
    #[must_use]
    pub fn all_allowed(&self) -> bool {
        self.denied.is_empty() && self.conditional.is_empty()
    }
}

/// The packets of the boxes that are in none of `cuts`.
#[must_use]
pub fn subtract_all(boxes: &[PacketBox], cuts: &[PacketBox]) -> Vec<PacketBox> {
    let mut left: Vec<PacketBox> = boxes.iter().filter(|b| !b.is_empty()).cloned().collect();
    for cut in cuts {
        if left.is_empty() {
            break;
        }
        if left.iter().any(|b| b.intersects(cut)) {
            left = left.iter().flat_map(|b| b.subtract(cut)).collect();
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
    boxes
        .into_iter()
        .fold(AddrSet::empty(), |acc, b| acc.union(pick(b)))
}
