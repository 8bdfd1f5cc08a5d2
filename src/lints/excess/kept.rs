//! Whether required flows still pass with changed exports.

use crate::finding::outcome::Status;
use crate::judge::{Exports, Flows, Narrowed, PartScope, candidates, judge_implied};
use hylint_engine::PointId;
use std::collections::BTreeMap;

/// Statuses of checks by requirement, end and place.
type Statuses = BTreeMap<(usize, usize, usize), Status>;

/// Whether no flow at the hosts of changed points is worse off than before.
pub(super) fn nothing_lost(
    flows: Flows<'_>,
    before: &Exports,
    after: &Exports,
    changed: &[Narrowed],
) -> bool {
    let met = |points: &[PointId]| changed.iter().any(|n| points.contains(&n.at));
    let hosts = flows.part.hosts.iter();
    let hosts = hosts.filter(|h| h.layers.iter().any(|l| met(&l.points)));
    let transits = flows.part.transits.iter().filter(|t| met(&t.points));
    let part = PartScope {
        hosts: hosts.cloned().collect(),
        transits: transits.cloned().collect(),
        outside: Vec::new(),
    };
    let flows = Flows {
        part: &part,
        ..flows
    };
    let after = statuses(flows, after);
    statuses(flows, before).into_iter().all(|(key, was)| {
        let is = after.get(&key).copied();
        match was {
            Status::Satisfied => is == Some(Status::Satisfied),
            Status::Conditional => is != Some(Status::Violated),
            _ => true,
        }
    })
}

fn statuses(flows: Flows<'_>, exports: &Exports) -> Statuses {
    let mut out = Statuses::new();
    for c in candidates(flows, exports) {
        for (end, tallies) in c.tallies(exports) {
            let each = tallies.iter().enumerate();
            out.extend(each.map(|(i, t)| ((c.row, end, i), t.status)));
        }
    }
    let rows = flows.matrix.requirements.len();
    for (n, f) in flows.matrix.implied.iter().enumerate() {
        let checks = judge_implied(flows, exports, f);
        let each = checks.iter().enumerate();
        out.extend(each.map(|(i, c)| ((rows + n, 0, i), c.status)));
    }
    out
}
