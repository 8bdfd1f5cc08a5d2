//! Tables of one firewall in files of their own: `iptables -t nat -L` prints one, and so does `iptables-save -t nat`.

use super::Binder;
use crate::link::Views;
use crate::load::RunPoint;
use hylint_model::{Body, Outline, Point};
use std::borrow::Cow;

impl Binder<'_> {
    /// The dumps of a host without those that only hold further tables of another one.
    pub(super) fn with_tables(&mut self, dumps: Vec<RunPoint>) -> Vec<RunPoint> {
        let (mains, others): (Vec<_>, Vec<_>) = dumps.into_iter().partition(|at| self.filters(*at));
        let mut out = mains.clone();
        for other in others {
            let mut fits = mains.iter().filter(|main| self.completes(other, **main));
            match (fits.next().copied(), fits.next()) {
                (Some(main), None) => self.add_tables(main, other),
                // Which of two captures it belongs to, nothing tells.
                _ => out.push(other),
            }
        }
        out.sort_unstable();
        out
    }

    fn add_tables(&mut self, main: RunPoint, other: RunPoint) {
        self.copies.insert(other);
        match self.views.iter_mut().find(|v| v.main == main) {
            Some(view) if view.others.contains(&other) => {}
            Some(view) => view.others.push(other),
            None => self.views.push(Views {
                main,
                others: vec![other],
            }),
        }
    }

    fn outline(&self, at: RunPoint) -> Option<(&Point, Cow<'_, Outline>)> {
        let point = self.point(at)?;
        let Body::Netfilter(n) = &point.body else {
            return None;
        };
        let own = n.outline.as_deref().map(Cow::Borrowed);
        Some((point, own.unwrap_or_else(|| Cow::Owned(Outline::of(n)))))
    }

    fn filters(&self, at: RunPoint) -> bool {
        self.outline(at).is_some_and(|(_, o)| o.filters)
    }

    /// Whether a dump holds tables of the same family that another one does not have, and nothing else. Of one whose family is
    /// not known, only chains that do nothing are such.
    fn completes(&self, other: RunPoint, main: RunPoint) -> bool {
        let (Some((a, tables)), Some((b, to))) = (self.outline(other), self.outline(main)) else {
            return false;
        };
        let export = self.exports.get(other.export);
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
}
