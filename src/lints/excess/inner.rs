//! What of the packets that a layer lets in gets to the hosts: the other layers have to let them in, too.

use super::beyond::{Layer, Parts, Passes};
use super::passing::own_network;
use super::review::PointReview;
use super::words;
use crate::lints::place::point_name;
use hylint_engine::{Branch, Context, Effect, LocalPolicy};
use hylint_model::{Condition, RuleOrigin};
use hylint_space::{FlagSet, IfaceSet, PacketBox, class};
use std::collections::BTreeSet;

/// Pieces into which one other layer may cut a box; what is left then counts as let in.
const PIECES: usize = 1 << 12;

/// What gets to the hosts.
pub(super) struct Inner {
    /// What every layer lets in and none nearer to the host tells of.
    pub(super) parts: Parts,
    /// Some of the rest is told of by a nearer layer.
    pub(super) told: bool,
    /// The layers that block the rest.
    pub(super) closed_by: BTreeSet<String>,
}

impl<'a> PointReview<'a, '_> {
    /// What of the packets that this layer lets in gets to the hosts behind it.
    pub(super) fn let_in(&self, parts: Parts) -> Inner {
        let mut inner = Inner {
            parts: Vec::new(),
            told: false,
            closed_by: BTreeSet::new(),
        };
        if self.beyond().is_empty() {
            inner.parts = parts;
            return inner;
        }
        for beyond in self.beyond() {
            let to_them = |(b, sure): &(PacketBox, Passes)| {
                let dst = b.dst.intersect(&beyond.addrs);
                let b = PacketBox { dst, ..b.clone() };
                (!b.is_empty()).then_some((b, *sure))
            };
            let mut parts: Parts = parts.iter().filter_map(to_them).collect();
            for layer in &beyond.layers {
                if parts.is_empty() {
                    break;
                }
                let mut closes = false;
                parts = self.through(layer, &parts, &mut inner.told, &mut closes);
                if closes {
                    inner.closed_by.extend(self.name_of(layer));
                }
            }
            inner.parts.append(&mut parts);
        }
        inner
    }

    fn name_of(&self, layer: &Layer<'_>) -> Option<String> {
        let points = layer.guards.first()?.points;
        let first = point_name(self.exports, *points.first()?);
        Some(words::layer(&first, points.len()))
    }

    /// What a layer lets in, and whether it closes any. Packets that a rule of a nearer layer lets in are told of there.
    fn through(
        &self,
        layer: &Layer<'a>,
        parts: &Parts,
        told: &mut bool,
        closes: &mut bool,
    ) -> Parts {
        let mut out = Vec::new();
        for (b, sure) in parts {
            let within = PacketBox {
                src: b.src.intersect(layer.inside),
                ..b.clone()
            };
            if !within.is_empty() {
                out.push((within, *sure));
            }
            let query = PacketBox {
                src: b.src.subtract(layer.inside),
                in_iface: IfaceSet::full(),
                out_iface: IfaceSet::full(),
                ..b.clone()
            };
            if query.is_empty() {
                continue;
            }
            for guard in &layer.guards {
                let ctx = Context {
                    budget: PIECES,
                    ..guard.context(self.exports, LocalPolicy::Holds)
                };
                for branch in guard.branches(&ctx, &query) {
                    let own = |r: &hylint_model::Rule| {
                        r.origin != RuleOrigin::Platform || self.is_widened(r)
                    };
                    match branch.effect {
                        Effect::Deny => {
                            *closes = true;
                            continue;
                        }
                        Effect::Allow if layer.tells && branch.by.rule().is_some_and(own) => {
                            *told = true;
                            continue;
                        }
                        _ => {}
                    }
                    let (space, may) = passed(&branch);
                    let by_route = self.passes_by_route(&branch.by, guard);
                    let passes = match Passes::under(may) {
                        Passes::Surely if by_route && space.src.intersects(class::public()) => {
                            Passes::ByRoute
                        }
                        passes => passes,
                    };
                    let part = b.intersect(&space);
                    if !part.is_empty() {
                        out.push((part, passes.max(*sure)));
                    }
                }
            }
        }
        out
    }
}

/// The packets of a branch that passes, and whether a condition about their peers may leave fewer.
fn passed(branch: &Branch<'_>) -> (PacketBox, bool) {
    let taken = |c: &&Condition| branch.conditions.iter().any(|d| std::ptr::eq(*c, *d));
    let own = branch.by.rule().into_iter();
    let own = own.flat_map(|r| r.conditions()).filter(taken);
    let (mut src, mut may) = (branch.space.src.clone(), branch.narrowed);
    if branch.own_network {
        src = own_network(&src);
    }
    for c in own.filter(|c| !c.negated) {
        may = true;
        if c.within_own_network() {
            src = own_network(&src);
        }
    }
    let space = PacketBox {
        src,
        in_iface: IfaceSet::full(),
        out_iface: IfaceSet::full(),
        flags: FlagSet::FULL,
        ..branch.space.clone()
    };
    (space, may)
}
