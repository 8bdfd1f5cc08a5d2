//! Points with an ingress and an egress list: Windows, security groups, network ACLs, NSGs.

use super::candidates::RuleWalk;
use super::indexes::{ListId, by_priority};
use super::matching::split;
use super::{Branch, Context, Decider, Direction, Effect, Piece, PointId, Reason, cost};
use crate::rulespace::Kinds;
use hylint_model::{
    Action, Body, DefaultOrigin, Discipline, InboundPolicy, Lists, Point, Profiles, Rule, RuleList,
    RuleOrigin,
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
    dir: Direction,
    lists: &'a Lists,
}

impl<'a> Passage<'_, 'a> {
    /// Runs the rules of some kinds that act, in their order; packets that one takes leave.
    fn first_match(
        &self,
        kinds: Kinds,
        acts: impl Fn(&Rule) -> bool,
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
        walk.put(self.ahead(kinds, &acts, pieces, out));
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
            if rule.enabled && Kinds::of(&rule.action).meets(kinds) && acts(rule) {
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
        acts: impl Fn(&Rule) -> bool,
        mut pieces: Vec<Piece<'a>>,
        out: &mut Vec<Branch<'a>>,
    ) -> Vec<Piece<'a>> {
        let rules = list(self.lists, self.dir).rules.as_ptr_range();
        if let Some(rule) = self.ctx.ahead
            && !self.lists.discipline.is_ordered()
            && rules.contains(&std::ptr::from_ref(rule))
            && rule.enabled
            && Kinds::of(&rule.action).meets(kinds)
            && acts(rule)
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

/// Cloud points of one layer: united security groups, or one NSG or ACL.
pub(super) fn cloud<'a>(
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
            dir,
            lists,
        };
        pieces = passage.first_match(kinds, |_| true, pieces, &mut out);
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

/// Windows: state and policy of the judged profile, then bypass, block, allow, default.
pub(super) fn windows<'a>(
    ctx: &Context<'a>,
    at: PointId,
    point: &'a Point,
    dir: Direction,
    query: &PacketBox,
) -> Vec<Branch<'a>> {
    let Body::Lists(lists) = &point.body else {
        return Vec::new();
    };
    let l = list(lists, dir);
    let pieces = vec![Piece::new(query.clone(), ctx.policy.mark())];
    let all = |pieces: Vec<Piece<'a>>, effect, by| -> Vec<Branch<'a>> {
        pieces.into_iter().map(|p| p.branch(effect, by)).collect()
    };
    let slot = Profiles::EACH
        .iter()
        .position(|(p, _)| *p == ctx.profile)
        .unwrap_or(0);
    let settings = point
        .windows
        .as_ref()
        .and_then(|w| w.profiles.get(slot))
        .and_then(Option::as_ref);
    if let Some((false, span)) = settings.and_then(|s| s.enabled) {
        return all(pieces, Effect::Allow, Decider::Setting { at, span });
    }
    let inbound = settings.and_then(|s| s.inbound);
    if let (Some((InboundPolicy::BlockAlways, span)), Direction::In) = (inbound, dir) {
        return all(pieces, Effect::Deny, Decider::Setting { at, span });
    }
    let gpo_only = settings
        .and_then(|s| s.local_rules)
        .is_some_and(|(on, _)| !on);
    let acts = |r: &Rule| {
        r.profiles.intersects(ctx.profile) && (!gpo_only || r.origin == RuleOrigin::GroupPolicy)
    };
    let mut out = Vec::new();
    let mut pieces = pieces;
    let passage = Passage {
        ctx,
        at,
        dir,
        lists,
    };
    for wanted in [Kinds::BYPASS, Kinds::DENY, Kinds::ALLOW] {
        pieces = passage.first_match(wanted, acts, pieces, &mut out);
    }
    let stated = if dir == Direction::Out {
        settings.and_then(|s| s.outbound_allow)
    } else {
        inbound.map(|(p, span)| (p == InboundPolicy::Allow, span))
    };
    let (allow, by) = match stated {
        Some((allow, span)) => (allow, Decider::Setting { at, span }),
        None => (
            l.default.allow,
            Decider::Default {
                at,
                default: &l.default,
            },
        ),
    };
    out.extend(all(
        pieces,
        if allow { Effect::Allow } else { Effect::Deny },
        by,
    ));
    out
}
