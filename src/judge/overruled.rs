//! The rules that may let packets through, and what a deny overrides.

use super::exports::Exports;
use super::failure::Failure;
use super::probe::{Guard, without_interfaces};
use super::spec::FlowSpec;
use crate::rules::platform;
use hylint_engine::{Branch, Carry, Context, Decider, Direction, Effect, LocalPolicy, PointId};
use hylint_model::{Action, Body, Clause, Rule, RuleOrigin};
use hylint_space::{AddrSet, Family, IfaceSet, PacketBox};

/// What would let packets through if the rule that denies them did not exist.
#[derive(Clone, Copy, Debug)]
pub enum Overridden<'a> {
    /// An allow in force.
    Rule {
        /// Whose.
        at: PointId,
        /// Which.
        rule: &'a Rule,
    },
    /// What happens to packets that no rule matches: a policy, a default, a setting.
    Default(Decider<'a>),
}

/// What the deny that decided overrides: an allow of these ports, else whatever would let the packets through without it.
/// `None` if nothing would. A rule that denies every peer and port where the order decides is what a default is elsewhere,
/// so it overrides none.
#[must_use]
pub fn overridden<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    spec: &FlowSpec<'a>,
    f: &Failure<'a>,
) -> Option<Overridden<'a>> {
    let deny = f.by.rule()?;
    if let Some((at, rule)) = overruled(exports, guard, f) {
        return Some(Overridden::Rule { at, rule });
    }
    // The listener is behind this guard only when packets come in.
    let listeners: &'a [String] = match guard.direction {
        Direction::Out => &[],
        Direction::In | Direction::Forward => spec.listeners,
    };
    let policy = LocalPolicy::Required(platform::listener(listeners));
    let ctx = Context {
        without: Some(deny),
        ..guard.context(exports, policy)
    };
    let lets = |p: &PacketBox| {
        let answer = guard.ask_in(&ctx, p);
        let passes = |b: &Branch<'a>| {
            let space = without_interfaces(&b.space);
            b.effect == Effect::Allow && answer.allowed.iter().any(|a| a.intersects(&space))
        };
        answer.branches.iter().find(|b| passes(b)).map(|b| b.by)
    };
    let closes = || closes(exports, guard, f.by.at(), deny);
    match f.packets.iter().take(ASKED).find_map(lets)? {
        Decider::Rule { at, rule } if rule.origin != RuleOrigin::Platform => {
            Some(Overridden::Rule { at, rule })
        }
        by => (!closes()).then_some(Overridden::Default(by)),
    }
}

/// Boxes of a failure that are asked about without the rule that denies them.
const ASKED: usize = 16;

/// Whether a deny is for every peer and port of a list whose order decides, so that allows stand before it.
fn closes(exports: &Exports, guard: &Guard<'_>, at: PointId, deny: &Rule) -> bool {
    let ordered = exports.point(at).is_some_and(|p| match &p.body {
        Body::Lists(l) => l.discipline.is_ordered(),
        Body::Netfilter(_) => true,
    });
    let every = |set: &AddrSet| {
        let whole = |f: &Family| set.only(*f) == AddrSet::any_of(*f);
        Family::BOTH.iter().any(whole)
    };
    let all = |c: &Clause| {
        let peers = match guard.direction {
            Direction::In => every(&c.space.src),
            Direction::Out => every(&c.space.dst),
            Direction::Forward => every(&c.space.src) && every(&c.space.dst),
        };
        peers && Carry::of(&c.space) == Carry::PortLess && c.conditions.is_empty()
    };
    ordered && deny.clauses_that(|a| *a == Action::Deny).any(all)
}

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

/// The allows in force, in evaluation order.
fn acting<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
) -> impl Iterator<Item = (PointId, &'a Rule)> {
    let profile = guard.profile;
    rules(exports, guard).into_iter().filter(move |(at, r)| {
        let point = exports.point(*at);
        r.does(allows) && point.is_some_and(|p| p.in_force(r, profile))
    })
}

/// An allow in force of a finite set of ports that holds some of the denied packets: the deny that decided overrides it.
#[must_use]
pub fn overruled<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    f: &Failure<'a>,
) -> Option<(PointId, &'a Rule)> {
    // A rule for any port is no statement about this flow.
    let carries = |c: &Clause| Carry::of(&c.space) == Carry::Finite;
    let all: Vec<_> = acting(exports, guard).collect();
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
