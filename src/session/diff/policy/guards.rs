//! What the site makes of its exports: roles that hosts lose, and layers that they gain.

use super::changes::{At, Changes, Said, Side};
use crate::common::words::{count, list};
use crate::session::diff::sides::has_roles;
use std::collections::{BTreeMap, BTreeSet};

/// The interfaces of one host, and their layers.
#[derive(Default, PartialEq)]
struct Guards {
    interfaces: usize,
    layers: usize,
    roles: BTreeSet<String>,
}

impl Changes<'_> {
    pub(super) fn guards(&mut self) {
        let (old, new) = (self.guards_of(self.old), self.guards_of(self.new));
        for (name, was) in &old {
            let Some(is) = new.get(name) else { continue };
            let lost: Vec<String> = was.roles.difference(&is.roles).cloned().collect();
            // What hylint.toml says of the host is told of its entry.
            let at = |c: &Self| At::Entry("host", c.entry_of(c.old, name), c.entry_of(c.new, name));
            if !lost.is_empty() && matches!(at(self), At::Entry(_, None, _) | At::Entry(_, _, None))
            {
                self.push(Said {
                    key: "[[host]]".into(),
                    at: at(self),
                    old: Some(list(&lost)),
                    new: None,
                    loosened: true,
                    message: format!("`{name}` is no longer known as {}", list(&lost)),
                });
            }
            // A further layer may block what another one opens.
            if is.interfaces == was.interfaces && is.layers > was.layers {
                self.push(Said {
                    key: "[[host]]".into(),
                    at: at(self),
                    old: Some(count(was.layers, "layer")),
                    new: Some(count(is.layers, "layer")),
                    loosened: true,
                    message: format!(
                        "`{name}` is judged by {}, not {}: a flow counts as open only if each allows it",
                        count(is.layers, "layer"),
                        was.layers
                    ),
                });
            }
        }
    }

    /// The number of a host's entry.
    fn entry_of(&self, side: Side<'_>, name: &str) -> Option<usize> {
        let hosts = side.config.map_or(&[][..], |c| &c.hosts);
        hosts.iter().position(|h| h.name == name)
    }

    fn guards_of(&self, side: Side<'_>) -> BTreeMap<String, Guards> {
        let mut all: BTreeMap<String, Guards> = BTreeMap::new();
        for h in &side.site.hosts {
            let g = all.entry(h.name.clone()).or_default();
            g.interfaces += 1;
            g.layers += h.layers.len();
            if has_roles(h) {
                g.roles
                    .extend(h.roles.iter().map(|r| self.role(*r).to_owned()));
            }
        }
        all
    }
}
