//! One note for many places of a point.

use super::place::{self, point_name};
use crate::finding::{Code, Finding, Identity, Known, Related, Severity};
use crate::judge::Exports;
use hylint_engine::PointId;
use hylint_model::Span;

/// Places named beside the first one.
const NAMED: usize = 5;

/// A note at the first of the spans, with the next ones beside it; none of no span.
pub(super) fn folded(
    exports: &Exports,
    at: PointId,
    code: Code,
    message: String,
    known: &Known<'_>,
    spans: &[Span],
) -> Option<Finding> {
    let place = place::place(exports, at, *spans.first()?);
    let mut f = Finding::new(code, Severity::Note, message, Identity::known(known), place);
    f.label = "the first of them".into();
    f.point = Some(point_name(exports, at));
    for s in spans.iter().skip(1).take(NAMED) {
        f.related
            .extend(place::place(exports, at, *s).map(|place| Related {
                place,
                label: "another".into(),
            }));
    }
    Some(f)
}
