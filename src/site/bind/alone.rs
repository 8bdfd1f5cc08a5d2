//! Folders and files named after a role that hold what belongs beside a firewall, and no firewall.

use super::Binder;
use super::words::{self, told};
use crate::common::paths;
use crate::finding::{Code, Identity, Severity};
use crate::load::ExportId;
use crate::rules::matrix::RoleIx;
use crate::site::role_names;
use std::collections::{BTreeMap, BTreeSet};

impl Binder<'_> {
    /// Warns of each role of which only companions were exported: nothing judges it, and its folder looks as if it were.
    pub(super) fn companions_alone(&mut self) {
        let with_layers = self.hosts.iter().filter(|h| !h.layers.is_empty());
        let guarded: BTreeSet<RoleIx> = with_layers.flat_map(|h| h.roles.clone()).collect();
        let holds_points = |at: &ExportId| {
            let e = self.exports.get(*at);
            e.is_some_and(|e| !e.export.points.is_empty())
        };
        let mut of_role: BTreeMap<RoleIx, Vec<ExportId>> = BTreeMap::new();
        for (at, e) in self.exports.each() {
            let claimed = self.claims.get(at.index()).is_some_and(|c| !c.is_empty());
            let beside = self.index.of_folder(paths::folder(&e.path));
            if claimed || beside.iter().any(holds_points) {
                continue;
            }
            if let Some(role) = role_names::role(&e.path, self.matrix)
                && !guarded.contains(&role)
            {
                of_role.entry(role).or_default().push(at);
            }
        }
        for (role, files) in of_role {
            self.no_firewall_of(role, &files);
        }
    }

    fn no_firewall_of(&mut self, role: RoleIx, files: &[ExportId]) {
        let (Some(role), Some(first)) = (self.matrix.role(role), files.first().copied()) else {
            return;
        };
        let path = self.exports.get(first).map_or("", |e| &*e.path);
        let said = words::no_firewall(&role.id, path, files.len());
        let f = told(
            Code::IncompleteExport,
            Severity::Warning,
            said,
            Identity::of(&["companions alone", &role.id]),
            self.place_in(first, None),
        );
        self.findings.push(f);
    }
}
