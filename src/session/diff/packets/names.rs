//! What the new side calls what the old side has under another name.

use super::target::Target;
use super::units::Unit;
use crate::common::diag::Diag;
use crate::load::RunPoint;
use crate::session::Session;
use crate::session::diff::sides::Sides;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The old side's names by the new side's, where they are others.
#[derive(Debug, Default)]
pub(in crate::session::diff) struct Names {
    /// Of hosts.
    pub hosts: BTreeMap<String, String>,
    /// Of exports.
    pub paths: BTreeMap<Arc<str>, Arc<str>>,
}

impl Names {
    /// Of what is paired.
    ///
    /// # Errors
    /// A side cannot be bound.
    pub(in crate::session::diff) fn of(sides: &Sides, units: &[Unit]) -> Result<Self, Vec<Diag>> {
        let paths = |s: &Session| -> BTreeSet<Arc<str>> {
            s.heads().iter().map(|e| e.path.clone()).collect()
        };
        let (old_paths, new_paths) = (paths(&sides.old), paths(&sides.new));
        let path = |s: &Session, at: RunPoint| s.heads().get(at.export).map(|e| e.path.clone());
        let (old_hosts, new_hosts) = (guarded(&sides.old)?, guarded(&sides.new)?);
        let mut out = Self::default();
        for u in units {
            let old = u.host.clone().or_else(|| only_host(&old_hosts, &u.old));
            let new = u.new_host.clone().or_else(|| only_host(&new_hosts, &u.new));
            if let (Some(old), Some(new)) = (old, new)
                && old != new
            {
                out.hosts.insert(new, old);
            }
            let of = |s: &Session, all: Vec<_>| -> BTreeSet<Arc<str>> {
                all.into_iter().filter_map(|at| path(s, at)).collect()
            };
            let old = of(&sides.old, u.old.points().collect());
            let new = of(&sides.new, u.new.points().collect());
            // Of several files it is not known which one is which.
            let mut gone = old.into_iter().filter(|p| !new_paths.contains(p));
            let mut come = new.into_iter().filter(|p| !old_paths.contains(p));
            if let (Some(old), None, Some(new), None) =
                (gone.next(), gone.next(), come.next(), come.next())
            {
                out.paths.insert(new, old);
            }
        }
        Ok(out)
    }

    /// Whether everything has the same name on both sides.
    pub(in crate::session::diff) fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.paths.is_empty()
    }

    /// The old side's name of a host of the new side.
    pub(in crate::session::diff) fn host<'n>(&'n self, new: &'n str) -> &'n str {
        self.hosts.get(new).map_or(new, String::as_str)
    }
}

/// The hosts that each point guards, or is.
fn guarded(s: &Session) -> Result<BTreeMap<RunPoint, Vec<&str>>, Vec<Diag>> {
    Ok(s.points()?.into_iter().map(|p| (p.at, p.hosts)).collect())
}

/// The one host that points guard, if they guard one.
fn only_host(of: &BTreeMap<RunPoint, Vec<&str>>, t: &Target) -> Option<String> {
    let all = t.points().filter_map(|p| of.get(&p)).flatten();
    let all: BTreeSet<&str> = all.copied().collect();
    let only = all.first().filter(|_| all.len() == 1);
    only.map(|h| (*h).to_owned())
}
