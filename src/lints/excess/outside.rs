//! What points of an account open to machines that are not the site's: told in one note for each export.

use super::points::told;
use super::words;
use crate::finding::{Code, Finding, Identity, Related, Severity};
use crate::judge::{Exports, Flows, PartScope};
use crate::lints::order::Idle;
use crate::lints::place::point_name;
use crate::site::Outside;
use hylint_engine::PointId;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Exposures that a note names.
const NAMED: usize = 5;

/// What a point opens to machines that are not the site's.
struct Exposure {
    finding: Finding,
    point: String,
    /// The point guards machines behind other layers, too.
    several: bool,
}

/// The notes about machines that are not the site's.
pub(crate) fn outside(flows: Flows<'_>, exports: &Exports, idle: &Idle) -> Vec<Finding> {
    let each = flows.part.outside.iter();
    each.filter_map(|o| note(o, exposures(o, flows, exports, idle)))
        .collect()
}

/// What would be an error or a warning at a host of the site, the gravest first.
fn exposures(
    o: &Outside<PointId>,
    flows: Flows<'_>,
    exports: &Exports,
    idle: &Idle,
) -> Vec<Exposure> {
    let part = PartScope {
        hosts: o.machines.clone(),
        ..PartScope::default()
    };
    let flows = Flows {
        part: &part,
        ..flows
    };
    let own = o.points.iter();
    let own: BTreeMap<PointId, _> = own
        .filter_map(|at| Some((*at, exports.point(*at)?)))
        .collect();
    let mut guarded: BTreeMap<String, usize> = BTreeMap::new();
    for m in &o.machines {
        let points: BTreeSet<&PointId> = m.layers.iter().flat_map(|l| &l.points).collect();
        for at in points.into_iter().filter(|at| own.contains_key(at)) {
            *guarded.entry(point_name(exports, *at)).or_default() += 1;
        }
    }
    let found = told(flows, exports, own.into_iter(), idle).into_iter();
    let exposure = |finding: Finding| {
        let grave = finding.severity >= Severity::Warning;
        // Rules of all layers together may be those of a point that guards a host of the site: they are told there.
        let point = finding.point.clone().filter(|_| grave)?;
        let several = *guarded.get(&point)? > 1;
        Some(Exposure {
            finding,
            point,
            several,
        })
    };
    let mut out: Vec<Exposure> = found.filter_map(|t| exposure(t.finding)).collect();
    out.sort_by_key(|e| std::cmp::Reverse(e.finding.severity));
    out
}

fn note(o: &Outside<PointId>, exposures: Vec<Exposure>) -> Option<Finding> {
    let first = exposures.first()?;
    let points: BTreeSet<&str> = exposures.iter().map(|e| &*e.point).collect();
    let said = |e: &Exposure| words::exposure(&e.finding.message, &e.point, e.several);
    let more = exposures.len() - 1;
    let message = words::exposes(points.len(), o.points.len(), &said(first), more);
    let members = exposures.iter().map(member).collect();
    let identity = Identity::of(&["exposes other machines of the account"]).with_members(members);
    let place = first.finding.place.clone();
    let mut f = Finding::new(Code::UnboundPoint, Severity::Note, message, identity, place);
    f.label.clone_from(&first.finding.label);
    f.rule.clone_from(&first.finding.rule);
    let others = exposures.iter().skip(1).take(NAMED.saturating_sub(1));
    f.related = others
        .filter_map(|e| {
            Some(Related {
                place: e.finding.place.clone()?,
                label: said(e),
            })
        })
        .collect();
    f.help = Some(words::OUTSIDE.into());
    Some(f)
}

/// Half a SHA-256 of the point, the machine and the code. Baselines hold it.
fn member(e: &Exposure) -> [u8; 16] {
    let host = e.finding.host.as_deref().unwrap_or_default();
    let text = [&*e.point, host, e.finding.code.as_str()].join("\0");
    let mut half = [0; 16];
    half.iter_mut()
        .zip(Sha256::digest(text))
        .for_each(|(h, b)| *h = b);
    half
}
