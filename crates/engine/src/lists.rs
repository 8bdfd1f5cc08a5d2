//! Points with an ingress and an egress list.

use super::candidates::RuleWalk;
use super::context::Context;
use super::indexes::{ListId, by_priority};
use super::matching::{split, split_forgetting};
use super::outcome::{Branch, Decider, Effect, Reason};
use super::piece::{Piece, cost};
use super::process::LocalPolicy;
use super::sets::PointId;
use crate::rulespace::Kinds;
use hylint_model::{
    Action, Body, DefaultOrigin, Direction, Discipline, Lists, OtherPolicy, Point, Rule, RuleList,
    View,
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
struct Passage<'a> {
    ctx: Context<'a>,
    at: PointId,
    point: &'a Point,
    dir: Direction,
    lists: &'a Lists,
}

impl<'a> Passage<'a> {
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
        let mut left = Vec::new();
        let mut steps = 0;
        while let Some((rule, mut met)) = walk.next() {
            if steps > self.ctx.budget {
                met.extend(walk.rest());
                met.append(&mut left);
                let by = Decider::Nothing {
                    at: self.at,
                    reason: Reason::Budget,
                };
                out.extend(met.into_iter().map(|p| p.branch(Effect::Unknown, by)));
                return Vec::new();
            }
            if self.acts(rule, kinds) {
                if rule.action == Action::Return {
                    // Decided here as far as this point goes: the next one of the layer has the word.
                    let leaving = split(&self.ctx, self.dir, rule, &mut met);
                    steps += cost(&leaving);
                    left.extend(leaving);
                } else {
                    steps += self.take(rule, &mut met, out);
                }
            }
            walk.put(met);
        }
        left.extend(walk.rest());
        left
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
        // Where blocks win, what may be a block leaves its packets undecided, whatever allows them.
        let unread = matches!(rule.action, Action::Opaque(_));
        let by_split = match self.lists.discipline {
            Discipline::BlockOverAllow if unread => split_forgetting,
            _ => split,
        };
        let hit = by_split(&self.ctx, self.dir, rule, pieces);
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
            ctx: *ctx,
            at,
            point,
            dir,
            lists,
        };
        pieces = passage.first_match(kinds, pieces, &mut out);
        if point.kind.hands_on() && points.iter().any(|(_, p)| !p.kind.hands_on()) {
            continue;
        }
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

/// What the settings decide of all packets; else bypass, then block, then what may be a block, then allow, then the profile's
/// default. Of several points of one host, each may show a part of one firewall: the one that shows the direction decides,
/// and what none shows is not known.
pub(super) fn block_over_allow<'a>(
    ctx: &Context<'a>,
    points: &[(PointId, &'a Point)],
    dir: Direction,
    query: &PacketBox,
) -> Vec<Branch<'a>> {
    let parts = parts(points, dir);
    let Some(first) = parts.first() else {
        return Vec::new();
    };
    let overrides = first.point.overrides(dir != Direction::Out, ctx.profile);
    let mut pieces = vec![Piece::new(query.clone(), ctx.policy.mark())];
    let mut out = Vec::new();
    // A policy that is not exported may block what a rule allows, allow what none does, and disable every rule.
    let open = |(_, p): &(PointId, &Point)| p.other_policy == OtherPolicy::Shown;
    if points.iter().any(open) && !matches!(ctx.policy, LocalPolicy::Holds) {
        let by = Decider::Nothing {
            at: first.at,
            reason: Reason::IncompleteExport,
        };
        settle(pieces, Effect::Unknown, by, &mut out);
        return out;
    }
    if let Some((allow, span)) = overrides.all {
        let by = Decider::Setting { at: first.at, span };
        settle(pieces, effect(allow), by, &mut out);
        return out;
    }
    let whole = list(first.lists, dir).default.origin != DefaultOrigin::Unknown;
    for wanted in [Kinds::BYPASS, Kinds::DENY, Kinds::OTHER, Kinds::ALLOW] {
        // A rule that is not shown may block what one that is shown allows, and one that is not read too: neither hides what
        // rules let in.
        let excess = matches!(ctx.policy, LocalPolicy::Holds);
        if wanted == Kinds::ALLOW && !whole && !excess {
            break;
        }
        if wanted == Kinds::OTHER && excess {
            continue;
        }
        if wanted == Kinds::DENY {
            unauthenticated(ctx, points, dir, &mut pieces, &mut out);
        }
        for part in &parts {
            let passage = Passage {
                ctx: Context {
                    policy_only: part.point.local_rules_disabled(ctx.profile).is_some(),
                    ..*ctx
                },
                at: part.at,
                point: part.point,
                dir,
                lists: part.lists,
            };
            pieces = passage.first_match(wanted, pieces, &mut out);
        }
    }
    let at = first.at;
    let default = &list(first.lists, dir).default;
    let (effect, by) = match overrides.rest {
        _ if !whole => {
            let reason = Reason::IncompleteExport;
            (Effect::Unknown, Decider::Nothing { at, reason })
        }
        Some((allow, span)) => (effect(allow), Decider::Setting { at, span }),
        None => (effect(default.allow), Decider::Default { at, default }),
    };
    settle(pieces, effect, by, &mut out);
    out
}

/// Takes the packets that connection security rules keep out unless their sender is authenticated. Excess is what rules let
/// in: who has to authenticate is no part of it.
fn unauthenticated<'a>(
    ctx: &Context<'a>,
    points: &[(PointId, &'a Point)],
    dir: Direction,
    pieces: &mut Vec<Piece<'a>>,
    out: &mut Vec<Branch<'a>>,
) {
    if matches!(ctx.policy, LocalPolicy::Holds) {
        return;
    }
    for &(at, point) in points {
        let (Some(security), Body::Lists(lists)) = (&point.security, &point.body) else {
            continue;
        };
        let passage = Passage {
            ctx: *ctx,
            at,
            point,
            dir,
            lists,
        };
        for rule in security.rules(dir) {
            if point.in_force(rule, ctx.profile) {
                passage.take(rule, pieces, out);
            }
        }
    }
}

/// A point that shows something of a direction.
struct Shown<'a> {
    at: PointId,
    point: &'a Point,
    lists: &'a Lists,
}

/// The points that tell what a direction does: the first that shows all of its rules, one of what is in effect before one of
/// a store, one that prints every field before a brief one, and one that has some before one that has none; else all that show a part.
fn parts<'a>(points: &[(PointId, &'a Point)], dir: Direction) -> Vec<Shown<'a>> {
    let each = points.iter().filter_map(|&(at, point)| match &point.body {
        Body::Lists(lists) => Some(Shown { at, point, lists }),
        Body::Netfilter(_) => None,
    });
    let (mut whole, part): (Vec<_>, Vec<_>) =
        each.partition(|s| list(s.lists, dir).default.origin != DefaultOrigin::Unknown);
    whole.sort_by_key(|s| {
        let effective = s.point.view == View::Effective;
        (
            !effective,
            s.point.brief,
            list(s.lists, dir).rules.is_empty(),
        )
    });
    whole.truncate(1);
    if whole.is_empty() { part } else { whole }
}

fn effect(allow: bool) -> Effect {
    if allow { Effect::Allow } else { Effect::Deny }
}

/// Lets one decider decide on every piece.
fn settle<'a>(pieces: Vec<Piece<'a>>, effect: Effect, by: Decider<'a>, out: &mut Vec<Branch<'a>>) {
    out.extend(pieces.into_iter().map(|p| p.branch(effect, by)));
}
