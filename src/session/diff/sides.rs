//! Two states of one site.

use crate::session::Session;
use std::fmt;
use std::sync::Arc;

/// A path as the old side would have it, as people know it on the new side.
pub type Shown = Arc<dyn Fn(&str) -> Arc<str> + Send + Sync>;

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
}

impl fmt::Debug for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = (&self.old_name, &self.new_name);
        f.debug_tuple("Sides").field(&names).finish_non_exhaustive()
    }
}
