//! Tables of one firewall in files of their own.

use super::Binder;
use crate::link::{self, Views};
use crate::load::RunPoint;

impl Binder<'_> {
    /// The dumps of a host without those that only hold further tables of another one.
    pub(super) fn with_tables(&mut self, mut dumps: Vec<RunPoint>) -> Vec<RunPoint> {
        for (main, other) in link::further_tables(self.exports, &dumps) {
            dumps.retain(|at| *at != other);
            self.add_tables(main, other);
        }
        dumps.sort_unstable();
        dumps
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
}
