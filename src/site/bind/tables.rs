//! Tables of one firewall in files of their own.

use super::Binder;
use crate::link::{self, Views};
use crate::load::{LoadedExport, RunPoint};
use hylint_model::{Action, Body, NatTable, Netfilter, Rule, Table, contradiction};

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

    /// Of two dumps that show one state of a firewall, of which one leaves more of its rules open, the one that says more, and
    /// the other one.
    pub(super) fn says_more(&self, a: RunPoint, b: RunPoint) -> Option<(RunPoint, RunPoint)> {
        let leaves_open = |at: RunPoint| match &self.point(at)?.body {
            Body::Netfilter(_) => (self.look)(at.export),
            Body::Lists(_) => None,
        };
        let (one, other) = (leaves_open(a)?, leaves_open(b)?);
        let netfilter =
            |e: &LoadedExport, at: RunPoint| match &e.export.points.get(at.index())?.body {
                Body::Netfilter(n) => Some(n.clone()),
                Body::Lists(_) => None,
            };
        let (one, other) = (netfilter(&one, a)?, netfilter(&other, b)?);
        let pairs = |t: &Table| other.tables().iter().find(|o| o.name == t.name).cloned();
        let shared: Vec<(&Table, Table)> = one
            .tables()
            .iter()
            .filter_map(|t| Some((t, pairs(t)?)))
            .collect();
        let one_state = shared.iter().all(|(t, o)| contradiction(t, o).is_none());
        if !one_state || !shared.iter().any(|(t, _)| t.filters) {
            return None;
        }
        match untold(&one).cmp(&untold(&other)) {
            std::cmp::Ordering::Less => Some((a, b)),
            std::cmp::Ordering::Greater => Some((b, a)),
            std::cmp::Ordering::Equal => None,
        }
    }

    /// Puts a dump to the one that says more, and what belonged to it.
    pub(super) fn take_in(&mut self, main: RunPoint, less: RunPoint) {
        let (own, rest) = std::mem::take(&mut self.views)
            .into_iter()
            .partition(|v| v.main == less);
        self.views = rest;
        for other in own.into_iter().flat_map(|v: Views| v.others) {
            self.add_tables(main, other);
        }
        self.add_tables(main, less);
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

/// How much a dump leaves open of its rules, and whether it is a listing to which the nat table is missing.
fn untold(n: &Netfilter) -> (bool, usize, bool) {
    let gap = |r: &Rule| matches!(&r.action, Action::Opaque(a) if **a == *Action::NOT_LISTED);
    let chains = n.tables().iter().flat_map(|t| &t.chains);
    let rules = chains.flat_map(|c| &c.rules);
    let open = rules.map(|r| r.untold() + usize::from(gap(r))).sum();
    (n.in_part, open, n.nat != NatTable::Unasked)
}
