//! What is open in the Windows profiles that may be active instead of an assumed one.

use super::entry::Opening;
use super::review::{PointReview, Seen};
use super::words;
use crate::finding::{Finding, Severity};

/// What is to be said of a rule that opens nothing in the judged profile, and does in one that may be active instead.
pub(super) fn seen_elsewhere<'a>(
    opening: &Opening<'a>,
    alternatives: &[&PointReview<'a, '_>],
) -> Option<Seen> {
    let rule = opening.rule;
    let acting = alternatives.iter().filter(|o| o.acts(rule));
    let mut open = acting.filter_map(|o| {
        let w = o.weigh(opening)?;
        let grave = !w.shipped && w.class?.severity > Severity::Note;
        let f = grave.then(|| o.open(rule, &w.boxes, &w.excess)).flatten()?;
        (f.severity > Severity::Note).then_some((o.guard.profile, f))
    });
    let (first, f) = open.next()?;
    let profiles = open.fold(first, |all, (p, _)| all.union(p));
    let mut f = lowered(f);
    words::in_profiles(&mut f, profiles);
    Some(Seen::Open(Box::new(f)))
}

/// A finding of profiles that are not the judged one, which is an assumption: one level lower.
pub(super) fn lowered(mut f: Finding) -> Finding {
    f.severity = f.severity.lower();
    if let Some(help) = &mut f.help {
        help.push_str(words::OTHER_PROFILE);
    }
    f
}
