//! Points as layers.

use crate::load::RunPoint;
use crate::site::Layer;
use hylint_model::PointKind;
use hylint_space::AddrSet;

/// One layer of some points.
pub(super) fn layer(points: Vec<RunPoint>) -> Layer {
    Layer {
        points,
        inside: AddrSet::empty(),
    }
}

/// Security groups are united, everything else must agree.
pub(super) fn layers_of(kind: PointKind, points: Vec<RunPoint>) -> Vec<Layer> {
    match kind {
        _ if points.is_empty() => Vec::new(),
        kind if kind.is_united() => vec![layer(points)],
        _ => points.into_iter().map(|p| layer(vec![p])).collect(),
    }
}
