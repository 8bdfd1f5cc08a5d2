//! Branches of first packets, and what becomes of the rest of their conversations.

use super::outcome::{Branch, Effect};
use super::verdict::{Cuts, Judgement};
use crate::rulespace::Index;
use hylint_model::Condition;
use hylint_space::{FlagSet, PacketBox};
use smallvec::SmallVec;

/// Boxes up to which packets that go on together are asked about as exactly these.
const EXACT: usize = 16;
/// Pairs of boxes from which on an index finds those that meet.
const PAIRS: usize = 1 << 10;

/// Adds a branch without what is stopped anyhow, if it is not what stops it.
pub(super) fn push<'a>(out: &mut Vec<Branch<'a>>, b: Branch<'a>, stopped: &Cuts<'_>) {
    if b.effect == Effect::Deny || stopped.is_empty() {
        return out.push(b);
    }
    let left = stopped.left(&b.space);
    out.extend(left.into_iter().map(|space| Branch { space, ..b.clone() }));
}

/// Adds assumptions that are not among those already.
pub(super) fn assume<'a>(into: &mut SmallVec<[&'a Condition; 1]>, from: &[&'a Condition]) {
    for c in from {
        if !into.iter().any(|a| std::ptr::eq(*a, *c)) {
            into.push(c);
        }
    }
}

/// Packets that hold those of a group: exactly these if they are few, else all that were asked about.
pub(super) fn hull(group: &[Branch<'_>], of: &PacketBox, apart: bool) -> PacketBox {
    if !apart || group.len() > EXACT {
        return of.clone();
    }
    let mut all: Option<PacketBox> = None;
    for b in group {
        let b = &b.space;
        all = Some(match all {
            None => b.clone(),
            Some(a) => PacketBox {
                src: a.src.union(&b.src),
                dst: a.dst.union(&b.dst),
                proto: a.proto.union(&b.proto),
                sport: a.sport.union(&b.sport),
                dport: a.dport.union(&b.dport),
                flags: FlagSet(a.flags.0 | b.flags.0),
                state: a.state.union(b.state),
                in_iface: a.in_iface.union(&b.in_iface),
                out_iface: a.out_iface.union(&b.out_iface),
            },
        });
    }
    all.unwrap_or_else(|| of.clone())
}

/// The branches of packets that pass, by what becomes of the rest of their conversation.
pub(super) fn followed<'a>(group: Vec<Branch<'a>>, later: Vec<Branch<'a>>) -> Vec<Branch<'a>> {
    let mut assumed: SmallVec<[&'a Condition; 1]> = SmallVec::new();
    for b in later.iter().filter(|b| b.effect == Effect::Allow) {
        assume(&mut assumed, &b.assumed);
    }
    let sure = |b: &Branch<'_>| b.effect == Effect::Allow && b.conditions.is_empty();
    let mut out = Vec::new();
    if later.iter().all(sure) {
        out.extend(group);
    } else {
        let judged = Judgement::of(&later);
        let cuts = [judged.denied, judged.conditional].concat();
        let cuts = Cuts::new(&cuts);
        let apart = later.iter().all(|b| b.alone);
        for b in &group {
            let left = cuts.left(&b.space);
            out.extend(left.into_iter().map(|space| Branch {
                space,
                alone: b.alone && apart,
                ..b.clone()
            }));
        }
        meet(&group, &later, &mut out);
    }
    for b in &mut out {
        if b.effect == Effect::Allow {
            assume(&mut b.assumed, &assumed);
        }
    }
    out
}

/// Adds what becomes of the packets of a group that do not surely pass later on.
fn meet<'a>(group: &[Branch<'a>], later: &[Branch<'a>], out: &mut Vec<Branch<'a>>) {
    let index = (group.len() * later.len() > PAIRS)
        .then(|| Index::new((0u32..).zip(group.iter().map(|b| &b.space))));
    let mut near: Vec<u32> = Vec::new();
    for l in later {
        if l.effect == Effect::Allow && l.alone {
            continue;
        }
        near.clear();
        match &index {
            Some(index) => {
                index.touching(&l.space, &mut near);
                near.sort_unstable();
                near.dedup();
            }
            None => near.extend((0u32..).take(group.len())),
        }
        for b in near.iter().filter_map(|i| group.get(*i as usize)) {
            let space = b.space.intersect(&l.space);
            if space.is_empty() {
                continue;
            }
            let mut conditions = l.conditions.clone();
            for c in &b.conditions {
                if !conditions.iter().any(|d| std::ptr::eq(*d, *c)) {
                    conditions.push(c);
                }
            }
            out.push(Branch {
                space,
                conditions,
                alone: b.alone && l.alone,
                ..l.clone()
            });
        }
    }
}
