//! The names of the built-in matrices, which editors offer while a site is written.

use super::{BUILTIN, RoleIx, builtin};
use crate::common::toml_keys::Named;

/// The names that a site of a built-in matrix may use, each with a sentence; other matrices have others.
pub(crate) struct BuiltinNames {
    pub(crate) matrices: Vec<Named>,
    pub(crate) roles: Vec<Named>,
    pub(crate) groups: Vec<Named>,
    pub(crate) features: Vec<Named>,
    pub(crate) requirements: Vec<Named>,
}

impl BuiltinNames {
    /// Those of every built-in matrix.
    pub(crate) fn all() -> Self {
        let mut all = Self {
            matrices: Vec::new(),
            roles: Vec::new(),
            groups: Vec::new(),
            features: Vec::new(),
            requirements: Vec::new(),
        };
        let each = BUILTIN.iter().filter_map(|id| builtin(id));
        for m in each.flatten() {
            let role = |ix: &RoleIx| m.role(*ix).map_or("", |r| r.id.as_str());
            let roles = m.roles.iter().map(|r| (r.id.clone(), r.name.clone()));
            all.roles.extend(roles);
            let groups = m.groups.iter().map(|g| {
                let members: Vec<&str> = g.roles.iter().map(role).collect();
                (g.id.clone(), format!("Group of {}", members.join(", ")))
            });
            all.groups.extend(groups);
            let features = m.features.iter().map(|f| {
                let about = format!("On where the role `{}` is in the site", role(&f.role));
                (f.id.clone(), about)
            });
            all.features.extend(features);
            let rows = m.requirements.iter().map(|r| {
                let about = format!("Row {}: {} to {}", r.row, r.from.name, r.to.name);
                (r.id.clone(), about)
            });
            all.requirements.extend(rows);
            all.matrices.push((m.id, m.name));
        }
        all
    }
}
