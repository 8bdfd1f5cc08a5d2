//! The rules that may let packets through, and what a deny overrides.

use super::exports::Exports;
use super::failure::{Cause, Failure};
use super::probe::{Guard, without_interfaces};
use super::spec::FlowSpec;
use hylint_engine::{Branch, Carry, Context, Decider, Direction, Effect, LocalPolicy, PointId};
use hylint_model::{
    Action, Asked, Body, Clause, Condition, Listener, Rule, RuleOrigin, Side, Test,
};
use hylint_space::{AddrSet, Family, IfaceSet, PacketBox};
use std::borrow::Cow;
use std::collections::HashSet;

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
    if let Some((at, rule)) = overruled(exports, guard, spec, f) {
        return Some(Overridden::Rule { at, rule });
    }
    let policy = LocalPolicy::Required(listener(guard, spec, f));
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

/// The process behind the port of the packets of a failure.
fn listener<'a>(guard: &Guard<'a>, spec: &FlowSpec<'a>, f: &Failure<'a>) -> Listener<'a> {
    match f.packets.first() {
        Some(packets) => guard.listener(spec, packets),
        None => spec.listener(guard.direction),
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
    spec: &FlowSpec<'a>,
    f: &Failure<'a>,
) -> Option<(PointId, &'a Rule)> {
    let listener = listener(guard, spec, f);
    let mut all: Vec<_> = acting(exports, guard).collect();
    let left = left_behind(exports, f);
    all.retain(|(at, r)| *at != f.by.at() || !left.contains(&std::ptr::from_ref(*r)));
    let packets: Vec<PacketBox> = f.packets.iter().map(on_unnamed).collect();
    let holds = |r: &Rule, whole: bool| {
        r.clauses_that(allows)
            .filter(|c| carries(&listener, c))
            .any(|c| {
                let space = named_space(guard, c);
                packets.iter().any(|p| {
                    if whole {
                        p.is_subset(&space)
                    } else {
                        p.intersects(&space)
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

/// The rules that packets no longer meet once they are where a rule denies them, whatever that rule does: those of another
/// zone of firewalld, whose chains are entered by goto.
fn left_behind(exports: &Exports, f: &Failure<'_>) -> HashSet<*const Rule> {
    let mut out = HashSet::new();
    let point = exports.point(f.by.at()).map(|p| &p.body);
    let (Some(Body::Netfilter(nf)), Some(deny)) = (point, f.by.rule()) else {
        return out;
    };
    let goes = |r: &Rule| r.does(|a| matches!(a, Action::Goto(_)));
    for table in nf.tables() {
        let chains = table.chains.iter().enumerate();
        if !chains.clone().any(|(_, c)| c.rules.iter().any(goes)) {
            continue;
        }
        let found = chains.clone().find_map(|(n, c)| {
            let at = c.rules.iter().position(|r| std::ptr::eq(r, deny))?;
            Some((n, at))
        });
        let Some((chain, at)) = found else { continue };
        let behind = table.behind(chain, at);
        // Other base chains of the table are asked as well.
        let bases = chains.clone().filter(|(_, c)| c.base.is_some());
        let mut own: Vec<bool> = vec![false; table.chains.len()];
        let mut others = own.clone();
        for (base, _) in bases {
            let reached = table.reached(base);
            let to = match reached.contains(&chain) {
                true => &mut own,
                false => &mut others,
            };
            reached.into_iter().for_each(|c| {
                if let Some(c) = to.get_mut(c) {
                    *c = true;
                }
            });
        }
        let has = |all: &[bool], n: usize| all.get(n).copied().unwrap_or(false);
        let left = chains.filter(|(n, _)| {
            *n != chain && has(&own, *n) && !has(&others, *n) && !has(&behind, *n)
        });
        out.extend(left.flat_map(|(_, c)| c.rules.iter().map(std::ptr::from_ref)));
    }
    out
}

/// The packets of a clause as far as the names in it are known: a rule for the members of a group says nothing of others.
fn named_space<'c>(guard: &Guard<'_>, c: &'c Clause) -> Cow<'c, PacketBox> {
    let mut space = Cow::Borrowed(&c.space);
    for cond in c.conditions.iter().filter(|c| !c.negated) {
        let Test::Named { key, side } = &cond.test else {
            continue;
        };
        let Some(known) = guard.resolve.get(&**key) else {
            continue;
        };
        let open = guard.open.and_then(|all| all.get(&**key));
        let may = open.map_or_else(|| known.clone(), |o| known.union(o));
        let space = space.to_mut();
        let end = match side {
            Side::Src => &mut space.src,
            Side::Dst => &mut space.dst,
        };
        *end = end.intersect(&may);
    }
    space
}

/// Whether an allow is a statement about a flow: it names its ports, or the process that is expected behind them.
fn carries(listener: &Listener<'_>, c: &Clause) -> bool {
    match listener.asked(c) {
        Some(Asked::Listener | Asked::Shown | Asked::Named) => true,
        Some(Asked::NotShown) => false,
        Some(Asked::MayBe | Asked::Other) | None => Carry::of(&c.space) == Carry::Finite,
    }
}

/// The block that stops an allow of the denied packets because both are for one program: whoever listens, either the block
/// meets it or the allow is not for it, and the default denies what is left.
pub(super) fn stopping_block<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    f: &Failure<'a>,
    branches: &[Branch<'a>],
) -> Option<Decider<'a>> {
    let denied = matches!(f.cause, Cause::Denied { .. } | Cause::OddPorts { .. });
    if !denied || f.by.rule().is_some() {
        return None;
    }
    let packets: Vec<PacketBox> = f.packets.iter().map(on_unnamed).collect();
    let touches = |space: &PacketBox| packets.iter().any(|p| p.intersects(space));
    let here = || {
        branches
            .iter()
            .filter(|b| b.effect == Effect::Deny && touches(&b.space))
    };
    let passed: HashSet<*const Condition> = here()
        .flat_map(|b| b.passed.iter().map(|c| std::ptr::from_ref(*c)))
        .collect();
    let by_chance: HashSet<*const Rule> = here()
        .filter(|b| b.by_chance())
        .filter_map(|b| b.by.rule().map(std::ptr::from_ref))
        .collect();
    if passed.is_empty() && by_chance.is_empty() {
        return None;
    }
    let all = rules(exports, guard);
    let acts = |at: PointId, r: &Rule| {
        exports
            .point(at)
            .is_some_and(|p| p.in_force(r, guard.profile))
    };
    let asked: HashSet<String> = all
        .iter()
        .filter(|(at, r)| r.does(allows) && acts(*at, r))
        .flat_map(|(_, r)| r.clauses_that(allows).filter(|c| touches(&c.space)))
        .flat_map(|c| &c.conditions)
        .filter_map(process)
        .collect();
    let same = |r: &Rule| {
        let mut own = r.conditions().filter_map(process).peekable();
        own.peek().is_some() && own.all(|name| asked.contains(&name))
    };
    let stops = |r: &Rule| {
        by_chance.contains(&std::ptr::from_ref(r))
            || r.conditions()
                .any(|c| passed.contains(&std::ptr::from_ref(c)))
    };
    all.into_iter()
        .find(|(_, r)| stops(r) && same(r))
        .map(|(at, rule)| Decider::Rule { at, rule })
}

/// The program or service that a condition asks for, as Windows compares them.
fn process(c: &Condition) -> Option<String> {
    match &c.test {
        Test::Program(name) | Test::Service(name) => Some(name.to_lowercase()),
        _ => None,
    }
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
