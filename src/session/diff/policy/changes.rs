//! The changes, as they are found.

use crate::common::diag::Diag;
use crate::finding::Place;
use crate::finding::difference::PolicyChange;
use crate::rules::matrix::{Matrix, RoleIx};
use crate::session::Session;
use crate::session::diff::packets::Names;
use crate::session::diff::shown::Showing;
use crate::session::diff::sides::Policy;
use crate::site::{Config, Site};
use hylint_space::AddrSet;
use std::collections::{BTreeMap, BTreeSet};

/// One side, as far as it says what passes.
#[derive(Clone, Copy)]
pub(super) struct Side<'s> {
    pub(super) config: Option<&'s Config>,
    pub(super) site: &'s Site,
}

/// Which files a side has and binds, under the old side's names.
#[derive(Default)]
pub(super) struct Binding {
    /// Every export.
    paths: BTreeSet<String>,
    /// Those of each host and forwarding firewall.
    of: BTreeMap<String, BTreeSet<String>>,
}

impl Binding {
    /// What a side binds.
    ///
    /// # Errors
    /// It cannot be bound.
    pub(super) fn of(session: &Session, names: &Names) -> Result<Self, Vec<Diag>> {
        let path = |p: &str| names.paths.get(p).map_or(p, |old| old).to_owned();
        let mut out = Self {
            paths: session.heads().iter().map(|e| path(&e.path)).collect(),
            of: BTreeMap::new(),
        };
        for p in session.points()? {
            let Some(e) = session.heads().get(p.at.export) else {
                continue;
            };
            for host in p.hosts {
                let of = out.of.entry(names.host(host).to_owned()).or_default();
                of.insert(path(&e.path));
            }
        }
        Ok(out)
    }

    /// Whether a host is judged by another file than before although the old one is there, or by one that was another's.
    pub(super) fn is_swapped(&self, new: &Self, host: &str) -> bool {
        let none = BTreeSet::new();
        let (was, is) = (
            self.of.get(host).unwrap_or(&none),
            new.of.get(host).unwrap_or(&none),
        );
        let dropped = was.difference(is).any(|p| new.paths.contains(p));
        dropped || is.difference(was).any(|p| self.paths.contains(p))
    }
}

/// Where a change stands in hylint.toml.
pub(super) enum At<'a> {
    /// At a key of a table.
    Key(&'a str, &'a str),
    /// At an entry of an array of tables, by its numbers on either side.
    Entry(&'a str, Option<usize>, Option<usize>),
}

/// A change, before its place is known.
pub(super) struct Said<'a> {
    pub(super) key: String,
    pub(super) at: At<'a>,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
    pub(super) loosened: bool,
    pub(super) message: String,
}

/// What was found so far.
pub(super) struct Changes<'s> {
    pub(super) old: Side<'s>,
    pub(super) new: Side<'s>,
    /// The matrix that both are judged by.
    pub(super) matrix: &'s Matrix,
    pub(super) showing: &'s Showing<'s>,
    /// What each side binds.
    pub(super) bindings: [Binding; 2],
    /// Whose policy both are judged by.
    pub(super) policy: Policy,
    pub(super) all: Vec<PolicyChange>,
}

impl Changes<'_> {
    pub(super) fn push(&mut self, said: Said<'_>) {
        let place = self.place(&said.at, said.new.is_some());
        self.all.push(PolicyChange {
            loosened: said.loosened && self.may_loosen(&said.key),
            key: said.key,
            old: said.old,
            new: said.new,
            message: said.message,
            place,
        });
    }

    /// Whether there was anything to loosen. A first site file says where roles are and what is judged; what it takes from
    /// the usual levels, or lets be open beside the matrix, is loosened all the same where the old side has roles.
    fn may_loosen(&self, key: &str) -> bool {
        let unread = key == "check.exclude";
        match (self.old.config, self.policy) {
            (_, Policy::New | Policy::None) => unread,
            (Some(_), Policy::Old) => true,
            (None, Policy::Old) if self.new.config.is_none() => true,
            (None, Policy::Old) => {
                unread || key.starts_with("lints.") || key.starts_with("[[") || key == "matrix"
            }
        }
    }

    fn place(&self, at: &At<'_>, there: bool) -> Option<Place> {
        let of = |c: &Config, number: Option<usize>| match at {
            At::Key(table, key) => Some(c.place_of_key(table, key)),
            At::Entry(array, ..) => Some(c.place_of_entry(array, number?)),
        };
        let (old, new) = match at {
            At::Key(..) => (None, None),
            At::Entry(_, old, new) => (*old, *new),
        };
        let before = || self.old.config.and_then(|c| of(c, old));
        let behind = || {
            let mut place = self.new.config.and_then(|c| of(c, new))?;
            self.showing.place(&mut place);
            Some(place)
        };
        match there {
            true => behind().or_else(before),
            false => before().or_else(behind),
        }
    }

    /// The id of a role.
    pub(super) fn role(&self, role: RoleIx) -> &str {
        self.matrix.role(role).map_or("", |r| r.id.as_str())
    }
}

/// Addresses as a list of hylint.toml has them.
pub(super) fn addresses(set: &AddrSet) -> String {
    let all: Vec<String> = set.texts().collect();
    crate::common::words::some(&all, 8)
}

/// Addresses where there are any.
pub(super) fn some_addresses(set: &AddrSet) -> Option<String> {
    (!set.is_empty()).then(|| addresses(set))
}
