//! Two states of one site.

use crate::common::diag::Diag;
use crate::common::progress::Progress;
use crate::finding::RoleSource;
use crate::load::Files;
use crate::session::{JudgedBy, Request, Session};
use crate::site::Host;
use std::fmt;
use std::sync::Arc;

/// A path as the old side would have it, as people know it on the new side.
pub type Shown = Arc<dyn Fn(&str) -> Arc<str> + Send + Sync>;

/// A state of a site that is to be opened.
pub struct Given {
    /// As it was given: a path, or a revision of git.
    pub name: String,
    /// Its files; those of the new side under the paths that the old side has for them.
    pub files: Arc<dyn Files>,
    /// What is asked of it.
    pub request: Request,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Given")
            .field(&self.name)
            .finish_non_exhaustive()
    }
}

/// Whose policy both sides are judged by: matrix, lint levels, threshold, and what may open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    /// The old side's.
    Old,
    /// The new side's: the old one has no site file and no roles.
    New,
    /// Neither side has a site file or roles: packets alone are compared.
    None,
}

/// Two states of one site.
pub struct Sides {
    /// Before.
    pub old: Session,
    /// Behind, with its files under the paths that the old side has for them.
    pub new: Session,
    /// The old side as it was given: a path, or a revision of git.
    pub old_name: String,
    /// The new side as it was given.
    pub new_name: String,
    /// The paths of the new side as people know them.
    pub shown: Shown,
    /// Whose policy both are judged by.
    pub policy: Policy,
}

impl Sides {
    /// Opens the old side and then the new one, and judges both by the old one's matrix and levels, so that a change cannot
    /// approve itself; by the new one's where the old side has no site file and no roles.
    ///
    /// # Errors
    /// Those of [`Session::open`], of either side.
    pub fn open(
        old: Given,
        new: Given,
        shown: Shown,
        progress: &dyn Progress,
    ) -> Result<Self, Vec<Diag>> {
        let open = |side: &Given, by: Option<&Session>| {
            let mut request = side.request.clone();
            request.judged_by = by.map(judged_by).transpose()?;
            Session::open_with(side.files.clone(), request, None, progress)
        };
        let open_new = |by: Option<&Session>| {
            let path = |d: Diag| Diag {
                path: shown(&d.path),
                ..d
            };
            open(&new, by).map_err(|all| all.into_iter().map(path).collect::<Vec<_>>())
        };
        let mut before = open(&old, None)?;
        let (after, policy) = if speaks(&before)? {
            (open_new(Some(&before))?, Policy::Old)
        } else {
            let after = open_new(None)?;
            match speaks(&after)? {
                false => (after, Policy::None),
                true => {
                    before = open(&old, Some(&after))?;
                    (after, Policy::New)
                }
            }
        };
        Ok(Self {
            old: before,
            new: after,
            old_name: old.name,
            new_name: new.name,
            shown,
            policy,
        })
    }

    /// The side whose policy both are judged by, if any has one.
    #[must_use]
    pub fn judge(&self) -> Option<&Session> {
        match self.policy {
            Policy::Old => Some(&self.old),
            Policy::New => Some(&self.new),
            Policy::None => None,
        }
    }
}

fn judged_by(session: &Session) -> Result<Arc<JudgedBy>, Vec<Diag>> {
    let site = session.site()?;
    Ok(Arc::new(JudgedBy {
        matrix: site.matrix.clone(),
        levels: site.bound.site.levels(),
    }))
}

/// Whether a side has a site file, or roles that anybody gave it.
fn speaks(session: &Session) -> Result<bool, Vec<Diag>> {
    let site = &session.site()?.bound.site;
    Ok(session.config().is_some() || site.hosts.iter().any(has_roles))
}

/// Whether somebody says which roles a host has: what is worked out from its open ports is no role that a change may be
/// held against.
pub(super) fn has_roles(host: &Host) -> bool {
    !host.roles.is_empty() && host.role_source != Some(RoleSource::Inferred)
}

impl fmt::Debug for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = (&self.old_name, &self.new_name);
        f.debug_tuple("Sides").field(&names).finish_non_exhaustive()
    }
}
