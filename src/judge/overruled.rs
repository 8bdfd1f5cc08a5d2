//! The rules that may let packets through, and the allow that a deny overrules.

use super::exports::Exports;
use super::failure::Failure;
use super::probe::Guard;
use hylint_engine::{Carry, Direction, PointId};
use hylint_model::{Action, Body, Clause, Rule};
use hylint_space::{IfaceSet, PacketBox};

/// The rules that could have let the packets through: those of the direction, in evaluation order.
pub(crate) fn rules<'a>(exports: &'a Exports, guard: &Guard<'a>) -> Vec<(PointId, &'a Rule)> {
    let mut out = Vec::new();
    for &at in guard.points {
        let Some(point) = exports.point(at) else {
            continue;
        };
        match &point.body {
            Body::Lists(l) => {
                let list = if guard.direction == Direction::Out {
                    &l.egress
                } else {
                    &l.ingress
                };
                out.extend(list.rules.iter().map(|r| (at, r)));
            }
            Body::Netfilter(nf) => {
                out.extend(nf.filter_rules(guard.direction.hook()).map(|r| (at, r)));
            }
        }
    }
    out
}

/// An allow in force that holds some of the denied packets: the deny that decided wins over it.
#[must_use]
pub fn overruled<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    f: &Failure<'a>,
) -> Option<(PointId, &'a Rule)> {
    let acts = |(at, r): &(PointId, &Rule)| {
        let point = exports.point(*at);
        r.does(allows) && point.is_some_and(|p| p.in_force(r, guard.profile))
    };
    // A rule for any port is no statement about this flow.
    let carries = |c: &Clause| Carry::of(&c.space) == Carry::Finite;
    let all: Vec<_> = rules(exports, guard).into_iter().filter(acts).collect();
    let packets: Vec<PacketBox> = f.packets.iter().map(on_unnamed).collect();
    let holds = |r: &Rule, whole: bool| {
        r.clauses_that(allows).filter(|c| carries(c)).any(|c| {
            packets.iter().any(|p| {
                if whole {
                    p.is_subset(&c.space)
                } else {
                    p.intersects(&c.space)
                }
            })
        })
    };
    let best = all
        .iter()
        .find(|(_, r)| holds(r, true))
        .or_else(|| all.iter().find(|(_, r)| holds(r, false)));
    best.copied()
}

pub(super) fn allows(action: &Action) -> bool {
    matches!(action, Action::Allow | Action::Bypass)
}

/// Interfaces were projected away; an unnamed one stands for them.
pub(super) fn on_unnamed(p: &PacketBox) -> PacketBox {
    PacketBox {
        in_iface: IfaceSet::single(0),
        out_iface: IfaceSet::single(0),
        ..p.clone()
    }
}
