//! Waivers that stand in the exports themselves.

use crate::finding::difference::PolicyChange;
use crate::finding::outcome::Outcome;
use crate::finding::{Code, Waiver};
use crate::session::diff::shown::Showing;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The waivers of one file for one code: the last days first.
type Held<'o> = BTreeMap<(&'o str, Code), Vec<(Date, &'o Waiver)>>;

/// Waivers in exports that hold more findings, or for longer, than before.
pub(super) fn compare(showing: &Showing<'_>, old: &Outcome, new: &Outcome) -> Vec<PolicyChange> {
    let (old, new) = (held(old), held(new));
    let mut out = Vec::new();
    for (at, waivers) in &new {
        let known = old.get(at).map_or(&[][..], Vec::as_slice);
        let longer = |(n, (until, _)): &(usize, &(Date, &Waiver))| {
            known.get(*n).is_none_or(|(was, _)| was < until)
        };
        for (n, (until, w)) in waivers.iter().enumerate().filter(longer) {
            let mut place = w.place.clone();
            place.iter_mut().for_each(|p| showing.place(p));
            let was = known.get(n).map(|(until, _)| *until);
            out.push(PolicyChange {
                key: "hylint: allow".into(),
                old: was.map(|until| format!("{} until {until}", at.1)),
                new: Some(format!("{} until {until}", at.1)),
                loosened: true,
                message: format!("a comment in the export waives `{}` until {until}", at.1),
                place,
            });
        }
    }
    out
}

fn held(o: &Outcome) -> Held<'_> {
    let mut all: Held<'_> = BTreeMap::new();
    for f in &o.findings {
        let inline = f.waived.as_deref().filter(|w| w.inline);
        if let Some((w, p)) = inline.and_then(|w| Some((w, w.place.as_ref()?))) {
            let of = all.entry((&*p.path, f.code)).or_default();
            of.push((w.until, w));
        }
    }
    for of in all.values_mut() {
        of.sort_by_key(|(until, _)| std::cmp::Reverse(*until));
    }
    all
}
