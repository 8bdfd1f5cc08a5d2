//! Points with an ingress and an egress list.

use super::candidates::RuleWalk;
use super::context::Context;
use super::indexes::{ListId, by_priority};
use super::matching::split;
use super::outcome::{Branch, Decider, Effect, Reason};
use super::piece::{Piece, cost};
use super::sets::PointId;
use crate::rulespace::Kinds;
use hylint_model::{
    Action, Body, DefaultOrigin, Direction, Discipline, Lists, Point, Rule, RuleList,
};
use hylint_space::PacketBox;

fn list(lists: &Lists, dir: Direction) -> &RuleList {
    if dir == Direction::Out {
        &lists.egress
    } else {
        &lists.ingress
    }
}

/// The list of a point that packets of one direction go through.
struct Passage<'c, 'a> {
    ctx: &'c Context<'a>,
    at: PointId,
    point: &'a Point,
    dir: Direction,
    lists: &'a Lists,
}

impl<'a> Passage<'_, 'a> {
    /// Whether a rule is one of these kinds and in force.
    fn acts(&self, rule: &Rule, kinds: Kinds) -> bool {
        Kinds::of(&rule.action).meets(kinds)
            && self.point.in_force(rule, self.ctx.profile)
            && !self.ctx.passes_over(rule)
    }

    /// Runs the rules of some kinds that act, in their order; packets that one takes leave.
    fn first_match(
        &self,
        kinds: Kinds,
        pieces: Vec<Piece<'a>>,
        out: &mut Vec<Branch<'a>>,
    ) -> Vec<Piece<'a>> {
        let id = if self.dir == Direction::Out {
            ListId::Egress
        } else {
            ListId::Ingress
        };
        let rules = &list(self.lists, self.dir).rules;
        let (index, sorted) = (self.ctx.index(self.at), by_priority(self.lists));
        let mut walk = RuleWalk::new(index, id, rules, sorted, kinds);
        walk.put(self.ahead(kinds, pieces, out));
        let mut steps = 0;
        while let Some((rule, mut met)) = walk.next() {
            if steps > self.ctx.budget {
                met.extend(walk.rest());
                let by = Decider::Nothing {
                    at: self.at,
                    reason: Reason::Budget,
                };
                out.extend(met.into_iter().map(|p| p.branch(Effect::Unknown, by)));
                return Vec::new();
            }
            if self.acts(rule, kinds) {
                steps += self.take(rule, &mut met, out);
            }
            walk.put(met);
        }
        walk.rest()
    }

    /// Lets the rule that the context puts ahead act, if it is one of these and their order makes no difference.
    fn ahead(
        &self,
        kinds: Kinds,
        mut pieces: Vec<Piece<'a>>,
        out: &mut Vec<Branch<'a>>,
    ) -> Vec<Piece<'a>> {
        let rules = list(self.lists, self.dir).rules.as_ptr_range();
        if let Some(rule) = self.ctx.ahead
            && !self.lists.discipline.is_ordered()
            && rules.contains(&std::ptr::from_ref(rule))
            && self.acts(rule, kinds)
        {
            self.take(rule, &mut pieces, out);
        }
        pieces
    }

    /// Takes the packets of a rule out of the pieces; what that cost.
    fn take(
        &self,
        rule: &'a Rule,
        pieces: &mut Vec<Piece<'a>>,
        out: &mut Vec<Branch<'a>>,
    ) -> usize {
        let hit = split(self.ctx, self.dir, rule, pieces);
        let effect = match rule.action {
            Action::Allow | Action::Bypass => Effect::Allow,
            Action::Deny => Effect::Deny,
            _ => Effect::Unknown,
        };
        let taken = cost(&hit);
        let by = Decider::Rule { at: self.at, rule };
        out.extend(hit.into_iter().map(|p| p.branch(effect, by)));
        taken
    }
}

/// Points of one layer whose rules act in an order, or any of whose allows decides: the packets that one point leaves go on
/// to the next.
pub(super) fn united<'a>(
    ctx: &Context<'a>,
    points: &[(PointId, &'a Point)],
    dir: Direction,
    query: &PacketBox,
) -> Vec<Branch<'a>> {
    let mut out = Vec::new();
    let mut pieces = vec![Piece::new(query.clone(), ctx.policy.mark())];
    let mut last: Option<Decider<'a>> = None;
    let mut unknown = false;
    for &(at, point) in points {
        let Body::Lists(lists) = &point.body else {
            continue;
        };
        let l = list(lists, dir);
        let kinds = match lists.discipline {
            Discipline::UnionOfAllows => Kinds::ALLOW,
            _ => Kinds::ACTING,
        };
        let passage = Passage {
            ctx,
            at,
            point,
            dir,
            lists,
        };
        pieces = passage.first_match(kinds, pieces, &mut out);
        unknown |= l.default.origin == DefaultOrigin::Unknown;
        if last.is_none() || l.default.origin == DefaultOrigin::Unknown {
            last = Some(Decider::Default {
                at,
                default: &l.default,
            });
        }
    }
    let allow = matches!(last, Some(Decider::Default { default, .. }) if default.allow);
    if let Some(by) = last {
        let (effect, by) = match (unknown, allow) {
            (true, _) => (
                Effect::Unknown,
                Decider::Nothing {
                    at: by.at(),
                    reason: Reason::IncompleteExport,
                },
            ),
            (_, true) => (Effect::Allow, by),
            (_, false) => (Effect::Deny, by),
        };
        out.extend(pieces.into_iter().map(|p| p.branch(effect, by)));
    }
    out
}

/// What the settings decide of all packets; else bypass, then block, then allow, then the default.
pub(super) fn block_over_allow<'a>(
    ctx: &Context<'a>,
    at: PointId,
    point: &'a Point,
    lists: &'a Lists,
    dir: Direction,
    query: &PacketBox,
) -> Vec<Branch<'a>> {
    let overrides = point.overrides(dir != Direction::Out, ctx.profile);
    let mut pieces = vec![Piece::new(query.clone(), ctx.policy.mark())];
    let mut out = Vec::new();
    if let Some((allow, span)) = overrides.all {
        settle(pieces, allow, Decider::Setting { at, span }, &mut out);
        return out;
    }
    let passage = Passage {
        ctx,
        at,
        point,
        dir,
        lists,
    };
    for wanted in [Kinds::BYPASS, Kinds::DENY, Kinds::ALLOW] {
        pieces = passage.first_match(wanted, pieces, &mut out);
    }
    let default = &list(lists, dir).default;
    let (allow, by) = match overrides.rest {
        Some((allow, span)) => (allow, Decider::Setting { at, span }),
        None => (default.allow, Decider::Default { at, default }),
    };
    settle(pieces, allow, by, &mut out);
    out
}

/// Lets one decider decide on every piece.
fn settle<'a>(pieces: Vec<Piece<'a>>, allow: bool, by: Decider<'a>, out: &mut Vec<Branch<'a>>) {
    let effect = if allow { Effect::Allow } else { Effect::Deny };
    out.extend(pieces.into_iter().map(|p| p.branch(effect, by)));
}
