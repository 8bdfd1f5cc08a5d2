//! The naive evaluator of `tests/oracle/`, which shares nothing with the engine but the model: one packet at a time, every
//! value of every open condition tried.

use super::engine::known;
use super::talk::{Place, Talk};
use super::{Answer, Case, Evaluator, Probe, Sight};
use crate::naive::{self as plain, Outcomes, every_value, verdict};
use crate::{chains, conversations, lists};
use hylint::session::trace::{Packet, Verdict};
use hylint_engine::Direction;
use hylint_model::{Body, Point, PointKind, Profiles, Side};

pub(crate) struct Naive;

impl Evaluator for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn sight(&self) -> Sight {
        Sight::Everything
    }

    fn answers(&mut self, case: &Case<'_>, probes: &[Probe]) -> Result<Vec<Answer>, String> {
        if case.filter_only {
            return Err("the naive evaluator takes packets through all tables".to_owned());
        }
        let one = |p: &Probe| {
            let layers = case.layers.iter().map(|l| layer(case, l, &p.packet));
            Answer::of(together(&layers.collect::<Vec<_>>()))
        };
        Ok(probes.iter().map(one).collect())
    }

    fn talks(
        &mut self,
        case: &Case<'_>,
        place: &Place,
        talks: &[Talk],
    ) -> Result<Vec<Answer>, String> {
        let Some(
            [
                Point {
                    body: Body::Netfilter(nf),
                    ..
                },
            ],
        ) = case.layers.first().map(Vec::as_slice)
        else {
            return Err("one netfilter alone".to_owned());
        };
        let known = &known()["known"];
        let one = |t: &Talk| {
            let outcomes = every_value(|values, outcomes| {
                conversations::Conversation {
                    nf,
                    place,
                    talk: t,
                    values,
                    known,
                }
                .judge(outcomes);
            });
            Answer::of(verdict(&outcomes))
        };
        Ok(talks.iter().map(one).collect())
    }
}

/// All must let a packet through.
fn together(verdicts: &[Verdict]) -> Verdict {
    [Verdict::Deny, Verdict::Conditional]
        .into_iter()
        .find(|v| verdicts.contains(v))
        .unwrap_or(Verdict::Allow)
}

fn layer(case: &Case<'_>, layer: &[Point], p: &Packet) -> Verdict {
    let direction = case.direction;
    match layer {
        [point] if point.kind == PointKind::WindowsFirewall => windows(case, point, p),
        [
            Point {
                body: Body::Netfilter(nf),
                ..
            },
        ] => judged(layer, direction, p, |case, out| {
            chains::Naive {
                case,
                direction,
                nf,
            }
            .judge(out);
        }),
        _ => judged(layer, direction, p, |case, out| {
            lists::cloud(case, layer, direction, out)
        }),
    }
}

/// Under each profile that is asked for, else that the export names. Which of them the packet's interface has is not known.
fn windows(case: &Case<'_>, point: &Point, p: &Packet) -> Verdict {
    let direction = case.direction;
    let said = point
        .windows
        .as_ref()
        .and_then(|w| w.active)
        .map(|(p, _)| p);
    let profiles = case.profile.or(said).unwrap_or(Profiles::DOMAIN);
    let each = (0..3).filter(|n| profiles.0 >> n & 1 == 1).map(|n| {
        judged(std::slice::from_ref(point), direction, p, |case, out| {
            lists::host(case, point, n, direction, out);
        })
    });
    let each: Vec<Verdict> = each.collect();
    if each.windows(2).all(|w| w[0] == w[1]) {
        together(&each)
    } else {
        Verdict::Conditional
    }
}

/// What may happen under all values together.
fn judged(
    layer: &[Point],
    direction: Direction,
    p: &Packet,
    judge: impl Fn(&plain::Case<'_>, &mut Outcomes),
) -> Verdict {
    let known = &known()["known"];
    let (own, own_side) = match direction {
        Direction::In => (Some(p.dst), Some(Side::Dst)),
        Direction::Out => (Some(p.src), Some(Side::Src)),
        Direction::Forward => (None, None),
    };
    let sets = match layer.first().map(|p| &p.body) {
        Some(Body::Netfilter(nf)) => nf.sets.as_slice(),
        _ => &[],
    };
    let outcomes = every_value(|values, outcomes| {
        let case = plain::Case {
            packet: p,
            own,
            own_side,
            values,
            known,
            sets,
            faces: &[],
            back: false,
        };
        judge(&case, outcomes);
    });
    verdict(&outcomes)
}
