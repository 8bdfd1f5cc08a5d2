//! Everything that a change does.

use super::envelope::Flows;
use super::packets::Names;
use super::sides::Sides;
use super::{findings, packets, policy, requirements};
use crate::common::diag::Diag;
use crate::common::progress::Progress;
use crate::finding::difference::{Difference, State};
use crate::finding::outcome::Outcome;
use std::sync::Arc;

/// Compares them.
///
/// # Errors
/// Those of [`Session::check`], of either side.
pub fn compare(sides: &Sides, progress: &dyn Progress) -> Result<Difference, Vec<Diag>> {
    let old = sides.old.check_with(progress)?;
    let new = sides.new.check_with(progress)?;
    let pairs = packets::units(&sides.old, &sides.new)?;
    let names = Names::of(sides, &pairs.0)?;
    let flows = Flows::of(sides, &names)?;
    let (packets, hosts) = packets::compare(sides, &flows, pairs)?;
    Ok(Difference {
        evaluated_at: new.evaluated_at.clone(),
        hosts,
        policy: policy::compare(sides, &names, &old, &new)?,
        requirements: requirements::compare(sides, &old, &new),
        findings: findings::compare(sides, &names, &packets, &old, &new),
        packets,
        envelope: flows.kind(),
        fail_on: old.fail_on,
        limits: new.limits.clone(),
        old: state(&sides.old_name, old, |path| path.into()),
        new: state(&sides.new_name, new, |path| (sides.shown)(path)),
    })
}

fn state(name: &str, mut o: Outcome, shown: impl Fn(&str) -> Arc<str>) -> State {
    let known_as = o.exports.iter().map(|e| e.path.clone()).collect();
    for e in &mut o.exports {
        e.path = shown(&e.path);
    }
    o.site.path = o.site.path.map(|p| shown(&p).to_string());
    State {
        name: name.to_owned(),
        site: o.site,
        matrix: o.matrix,
        exports: o.exports,
        known_as,
    }
}
