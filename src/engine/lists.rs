//! Points with an ingress and an egress list: Windows, security groups, network ACLs, NSGs.

use super::candidates::{Candidates, ListId, PointIndex};
use super::matching::split;
use super::{Branch, Context, Decider, Direction, Effect, Piece, PointRef};
use hylint_parsers::model::{
    Action, Body, DefaultOrigin, Discipline, InboundPolicy, Lists, Point, Profiles, Rule, RuleList,
    RuleOrigin,
};
use hylint_parsers::space::PacketBox;
use smallvec::SmallVec;

fn list(lists: &Lists, dir: Direction) -> &RuleList {
    if dir == Direction::Out {
        &lists.egress
    } else {
        &lists.ingress
    }
}

/// The rules of a list that may touch the pieces, in file order.
fn rules<'a>(
    ctx: &Context<'a>,
    at: PointRef,
    dir: Direction,
    list: &'a RuleList,
    pieces: &[Piece<'a>],
) -> Candidates<'a> {
    let id = if dir == Direction::Out {
        ListId::Egress
    } else {
        ListId::Ingress
    };
    PointIndex::candidates(ctx.index(at), id, &list.rules, pieces)
}

/// Runs rules in the given order; packets that one takes leave.
fn first_match<'a>(
    ctx: &Context<'a>,
    at: PointRef,
    dir: Direction,
    rules: impl Iterator<Item = &'a Rule>,
    mut pieces: Vec<Piece<'a>>,
    out: &mut Vec<Branch<'a>>,
) -> Vec<Piece<'a>> {
    for rule in rules {
        if pieces.is_empty() {
            break;
        }
        let hit = split(ctx, dir, rule, &mut pieces);
        let effect = match rule.action {
            Action::Allow | Action::Bypass => Effect::Allow,
            Action::Deny => Effect::Deny,
            _ => Effect::Unknown,
        };
        out.extend(
            hit.into_iter()
                .map(|p| p.branch(effect, Decider::Rule { at, rule })),
        );
    }
    pieces
}

/// Cloud points of one layer: united security groups, or one NSG or ACL.
pub(super) fn cloud<'a>(
    ctx: &Context<'a>,
    points: &[(PointRef, &'a Point)],
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
        let acting = rules(ctx, at, dir, l, &pieces).filter(|r| r.enabled);
        pieces = match lists.discipline {
            Discipline::Priority => {
                let mut order: SmallVec<[&Rule; 32]> = acting.collect();
                order.sort_by_key(|r| r.priority.unwrap_or(u32::MAX));
                first_match(ctx, at, dir, order.into_iter(), pieces, &mut out)
            }
            Discipline::UnionOfAllows => first_match(
                ctx,
                at,
                dir,
                acting.filter(|r| r.action == Action::Allow),
                pieces,
                &mut out,
            ),
            Discipline::FirstMatch | Discipline::BlockOverAllow => {
                first_match(ctx, at, dir, acting, pieces, &mut out)
            }
        };
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
                    reason: "incomplete-export",
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
    at: PointRef,
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
    let file = point.windows.as_ref().and_then(|w| w.from).unwrap_or(at.0);
    let settings = point
        .windows
        .as_ref()
        .and_then(|w| w.profiles.get(slot))
        .and_then(Option::as_ref);
    if let Some((false, span)) = settings.and_then(|s| s.enabled) {
        return all(pieces, Effect::Allow, Decider::Setting { at, file, span });
    }
    let inbound = settings.and_then(|s| s.inbound);
    if let (Some((InboundPolicy::BlockAlways, span)), Direction::In) = (inbound, dir) {
        return all(pieces, Effect::Deny, Decider::Setting { at, file, span });
    }
    let gpo_only = settings
        .and_then(|s| s.local_rules)
        .is_some_and(|(on, _)| !on);
    let acts = |r: &&Rule| {
        r.enabled
            && r.profiles.intersects(ctx.profile)
            && (!gpo_only || r.origin == RuleOrigin::GroupPolicy)
    };
    let mut out = Vec::new();
    let mut pieces = pieces;
    for wanted in [Action::Bypass, Action::Deny, Action::Allow] {
        let rules = rules(ctx, at, dir, l, &pieces).filter(acts);
        let rules = rules.filter(|r| r.action == wanted);
        pieces = first_match(ctx, at, dir, rules, pieces, &mut out);
    }
    let stated = if dir == Direction::Out {
        settings.and_then(|s| s.outbound_allow)
    } else {
        inbound.map(|(p, span)| (p == InboundPolicy::Allow, span))
    };
    let (allow, by) = match stated {
        Some((allow, span)) => (allow, Decider::Setting { at, file, span }),
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
