//! Which discipline answers a query.

use super::context::Context;
use super::netfilter::{self, Step};
use super::outcome::{Branch, Decider, Effect, Reason, Stage};
use super::sets::PointId;
use super::trail::Start;
use super::{lists, packets};
use hylint_model::{Body, Direction, Discipline, Point};
use hylint_space::PacketBox;
use smallvec::SmallVec;

/// Pushes packets through the united points of one layer.
#[must_use]
pub fn evaluate<'a>(
    ctx: &Context<'a>,
    points: &[PointId],
    direction: Direction,
    query: &PacketBox,
) -> Vec<Branch<'a>> {
    evaluate_logged(ctx, points, direction, query, None)
}

/// The same, writing down the rules that took packets on the way (netfilter only; elsewhere the decider is the path).
#[must_use]
pub fn evaluate_logged<'a>(
    ctx: &Context<'a>,
    points: &[PointId],
    direction: Direction,
    query: &PacketBox,
    log: Option<&mut Vec<Step<'a>>>,
) -> Vec<Branch<'a>> {
    evaluate_from(ctx, points, direction, query, None, log)
}

/// The same for a packet that others of its conversation came before.
pub(super) fn evaluate_from<'a>(
    ctx: &Context<'a>,
    points: &[PointId],
    direction: Direction,
    query: &PacketBox,
    start: Option<&Start<'a>>,
    log: Option<&mut Vec<Step<'a>>>,
) -> Vec<Branch<'a>> {
    let family = packets::family(query);
    let found: SmallVec<[(PointId, &'a Point); 2]> = points
        .iter()
        .filter_map(|&at| Some((at, ctx.sets.point(at)?)))
        .filter(|(_, p)| p.families.has(family))
        .collect();
    let Some(&(at, first)) = found.first() else {
        let at = points.first().copied().unwrap_or_default();
        return vec![Branch {
            space: query.clone(),
            effect: Effect::Unknown,
            by: Decider::Nothing {
                at,
                reason: Reason::IncompleteExport,
            },
            conditions: SmallVec::new(),
            assumed: SmallVec::new(),
            narrowed: false,
            own_network: false,
            passed: Vec::new(),
            alone: true,
            stage: Stage::Request,
            state: query.state,
            onward: None,
            source: None,
            facts: SmallVec::new(),
            trail: None,
        }];
    };
    match &first.body {
        Body::Netfilter(nf) => netfilter::evaluate(ctx, at, nf, direction, query, start, log),
        Body::Lists(l) => match l.discipline {
            Discipline::BlockOverAllow => lists::block_over_allow(ctx, &found, direction, query),
            Discipline::FirstMatch | Discipline::Priority | Discipline::UnionOfAllows => {
                lists::united(ctx, &found, direction, query)
            }
        },
    }
}
