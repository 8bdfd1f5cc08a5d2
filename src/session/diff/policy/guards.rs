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
            if !lost.is_empty() && !self.is_entry(name) {
                self.push(Said {
                    key: "[[host]]".into(),
                    at: At::Entry("host", None, None),
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
                    at: At::Entry("host", None, None),
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

    fn is_entry(&self, name: &str) -> bool {
        let named = |s: Side<'_>| {
            let hosts = s.config.map_or(&[][..], |c| &c.hosts);
            hosts.iter().any(|h| h.name == name)
        };
        named(self.old) && named(self.new)
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
