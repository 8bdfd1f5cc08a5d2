//! Tables of one firewall in files of their own: `iptables -t nat -L` prints one, and so does `iptables-save -t nat`.

use crate::load::{Heads, RunPoint};
use hylint_model::{Body, Outline, Point};
use std::borrow::Cow;

/// Pairs of dumps of one host: one that filters, and one that holds nothing but further tables of it.
#[must_use]
pub fn further_tables(heads: &Heads, dumps: &[RunPoint]) -> Vec<(RunPoint, RunPoint)> {
    let filters = |at: &RunPoint| outline(heads, *at).is_some_and(|(_, o)| o.filters);
    let (mains, others): (Vec<RunPoint>, Vec<RunPoint>) = dumps.iter().partition(|at| filters(at));
    let main = |other: &RunPoint| {
        let mut fits = mains.iter().filter(|main| completes(heads, *other, **main));
        // Which of two captures it belongs to, nothing tells.
        match (fits.next(), fits.next()) {
            (Some(main), None) => Some((*main, *other)),
            _ => None,
        }
    };
    others.iter().filter_map(main).collect()
}

/// Whether two dumps hold no table of the same name: each shows a part of what filters.
#[must_use]
pub fn hold_other_tables(heads: &Heads, a: RunPoint, b: RunPoint) -> bool {
    let (Some((_, a)), Some((_, b))) = (outline(heads, a), outline(heads, b)) else {
        return false;
    };
    let named = !a.names.is_empty() && !b.names.is_empty();
    named && a.names.iter().all(|t| !b.names.contains(t))
}

fn outline(heads: &Heads, at: RunPoint) -> Option<(&Point, Cow<'_, Outline>)> {
    let point = heads.point(at)?;
    let Body::Netfilter(n) = &point.body else {
        return None;
    };
    let own = n.outline.as_deref().map(Cow::Borrowed);
    Some((point, own.unwrap_or_else(|| Cow::Owned(Outline::of(n)))))
}

/// Whether a dump holds tables of the same family that another one does not have, and nothing else. Of one whose family is not
/// known, only chains that do nothing are such.
fn completes(heads: &Heads, other: RunPoint, main: RunPoint) -> bool {
    let (Some((a, tables)), Some((b, to))) = (outline(heads, other), outline(heads, main)) else {
        return false;
    };
    let export = heads.get(other.export);
    let alone = export.is_some_and(|e| e.export.points.len() == 1);
    let apart = tables.names.iter().all(|t| !to.names.contains(t));
    let family = match (a.families_assumed, b.families_assumed) {
        (false, false) => a.families == b.families,
        (true, false) => b.families.v4 && tables.idle,
        _ => false,
    };
    let sound = tables.sound && !tables.names.is_empty();
    other.export != main.export && alone && apart && family && sound
}
