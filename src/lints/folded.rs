//! One note for many places of a point.

use super::place::{self, point_name};
use super::words::Said;
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
    said: Said,
    known: &Known<'_>,
    spans: &[Span],
) -> Option<Finding> {
    let place = place::place(exports, at, *spans.first()?);
    let identity = Identity::known(known);
    let mut f = Finding::new(code, Severity::Note, said.message, identity, place);
    f.label = said.label;
    f.help = Some(said.help);
    f.cause = Some(said.cause);
    f.point = Some(point_name(exports, at));
    for s in spans.iter().skip(1).take(NAMED) {
        f.related
            .extend(place::place(exports, at, *s).map(|place| Related {
                place,
                label: "the same here".into(),
            }));
    }
    Some(f)
}

/// The name of a point in a sentence; none of one that is called after its file.
pub(super) fn named_point(exports: &Exports, at: PointId) -> Option<String> {
    let name = point_name(exports, at);
    let path = exports.get(at.set).map(|e| &*e.path);
    (path != Some(&*name)).then_some(name)
}
