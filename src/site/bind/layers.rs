//! Points as layers.

use crate::link::{same_id, short_name};
use crate::load::RunPoint;
use crate::site::Layer;
use hylint_model::{Point, PointKind};
use hylint_space::AddrSet;

/// Kinds of cloud points, outermost first.
pub(super) const KINDS: [PointKind; 3] = [
    PointKind::NetworkAcl,
    PointKind::Nsg,
    PointKind::SecurityGroup,
];

/// Whether a name in `points` means the point: its id, the last part of it, or its name.
pub(super) fn is_named(p: &Point, name: &str) -> bool {
    same_id(&p.id, name) || same_id(short_name(&p.id), name) || same_id(&p.name, name)
}

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
