//! One side of a pair: what it does with packets.

use super::target::Target;
use crate::judge::Exports;
use hylint_engine::{
    Cell, Context, Direction, LocalPolicy, PointId, Process, both, cells, closed, converse, either,
    evaluate, passing,
};
use hylint_model::{Body, ConditionKind, Point, Profiles};
use hylint_space::{AddrSet, Family, IfaceSet, PacketBox};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// One side of a pair, ready for the engine.
pub(super) struct Side<'a> {
    pub exports: &'a Exports,
    /// The target's layers, their points by the numbers of the exports.
    pub layers: Vec<(Vec<PointId>, AddrSet)>,
    pub target: &'a Target,
    /// The rates and processes that its rules ask for, once somebody wants to know.
    pub asked: OnceLock<BTreeSet<&'a str>>,
}

/// How packets are put.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub direction: Direction,
    pub process: Process<'a>,
    /// As whole conversations.
    pub whole: bool,
    /// As [`Context::ordinary`].
    pub ordinary: bool,
}

/// What is literally in a packet, and nothing of the process behind it.
const POLICY: LocalPolicy<'static> = LocalPolicy::Literal {
    uid: None,
    gid: None,
    mac: None,
    mark: 0,
};

impl<'a> Side<'a> {
    pub(super) fn points(&self) -> impl Iterator<Item = &'a Point> {
        let exports = self.exports;
        let all = self.layers.iter().flat_map(|(points, _)| points);
        all.filter_map(move |at| exports.point(*at))
    }

    /// Whether a rule asks for a rate or a process in these words.
    pub(super) fn asks(&self, text: &str) -> bool {
        let asked = self.asked.get_or_init(|| {
            let either = |k| matches!(k, ConditionKind::Rate | ConditionKind::Local);
            let rules = self
                .points()
                .flat_map(Point::rules)
                .filter(|r| r.may_be_in_force());
            let all = rules.flat_map(|r| r.conditions());
            all.filter(|c| either(c.kind)).map(|c| &*c.text).collect()
        });
        asked.contains(text)
    }

    /// The interfaces that rules name by their whole names.
    pub(super) fn mentioned(&self) -> IfaceSet {
        let rules = self.points().flat_map(Point::rules);
        let clauses = rules.flat_map(|r| &r.clauses);
        let sets = clauses.flat_map(|c| [&c.space.in_iface, &c.space.out_iface]);
        // Of `! -i x`, what is left out is named.
        let ends = sets
            .filter(|s| !s.is_full())
            .flat_map(|s| [s.clone(), s.complement()]);
        let single = |(lo, hi): &(u128, u128)| lo == hi && *lo != 0;
        ends.flat_map(|s| s.iter().filter(single).collect::<Vec<_>>())
            .collect()
    }

    /// Whether what both sides say of a family is comparable: where one has it for want of a header alone and the other does
    /// not have it, neither says anything of it.
    pub(super) fn says(&self, other: &Self, family: Family) -> bool {
        let of = |s: &Self| -> Vec<&'a Point> {
            s.points().filter(|p| p.families.has(family)).collect()
        };
        let guessed = |all: &[&Point]| !all.is_empty() && all.iter().all(|p| p.families_assumed);
        let (a, b) = (of(self), of(other));
        let here = !self.is_absent() && !other.is_absent();
        !(here && (a.is_empty() && guessed(&b) || b.is_empty() && guessed(&a)))
    }

    /// Whether there is no such thing on this side.
    pub(super) fn is_absent(&self) -> bool {
        self.layers.is_empty()
    }

    pub(super) fn forwards(&self) -> bool {
        self.points().any(|p| p.kind.forwards())
    }

    /// Whether later packets of a conversation may be decided otherwise than the first ones.
    pub(super) fn has_more_to_say(&self) -> bool {
        self.points()
            .any(|p| matches!(p.body, Body::Netfilter(_)) || !p.stateful)
    }

    pub(super) fn context(&self, profile: Profiles) -> Context<'_> {
        Context {
            profile,
            open: Some(&self.target.open),
            interfaces: &self.target.interfaces,
            ..Context::new(self.exports, &self.target.resolve, &self.target.own, POLICY)
        }
    }

    /// What becomes of packets, or of the conversations that they begin, in each of the profiles.
    pub(super) fn answer(
        &'a self,
        q: &PacketBox,
        profiles: &[Profiles],
        asked: &Asked<'a>,
    ) -> Vec<Cell<'a>> {
        let in_one = |profile: Profiles| {
            let ctx = Context {
                process: asked.process,
                ordinary: asked.ordinary,
                ..self.context(profile)
            };
            self.through(&ctx, q, asked)
        };
        match profiles {
            [one] => in_one(*one),
            all => either(all.iter().map(|p| (*p, in_one(*p))).collect()),
        }
    }

    fn through(&'a self, ctx: &Context<'a>, q: &PacketBox, asked: &Asked<'a>) -> Vec<Cell<'a>> {
        let direction = asked.direction;
        if self.is_absent() {
            return vec![closed(q.clone())];
        }
        let mut all: Option<Vec<Cell<'a>>> = None;
        for (points, inside) in &self.layers {
            let first = points
                .first()
                .and_then(|at| Some((*at, self.exports.point(*at)?)));
            let Some((at, point)) = first else { continue };
            if direction == Direction::Forward && !point.kind.forwards() {
                continue;
            }
            let (crossing, past) = crossing(q, direction, inside);
            let mut layer: Vec<Cell<'a>> = past.into_iter().map(|b| passing(b, at)).collect();
            for q in crossing {
                layer.extend(cells(match asked.whole {
                    true => converse(ctx, POLICY, points, direction, &q),
                    false => evaluate(ctx, points, direction, &q),
                }));
            }
            all = Some(match all {
                None => layer,
                Some(before) => both(&before, &layer),
            });
        }
        all.unwrap_or_default()
    }
}

/// The packets that cross a layer, and those that do not, as their peers are inside of it.
fn crossing(
    q: &PacketBox,
    direction: Direction,
    inside: &AddrSet,
) -> (Vec<PacketBox>, Vec<PacketBox>) {
    if inside.is_empty() {
        return (vec![q.clone()], Vec::new());
    }
    let mut within = q.clone();
    match direction {
        Direction::Out => within.dst = within.dst.intersect(inside),
        Direction::In | Direction::Forward => within.src = within.src.intersect(inside),
    }
    let crossing = q.subtract(&within);
    let past = Some(within).filter(|b| !b.is_empty());
    (crossing, past.into_iter().collect())
}
