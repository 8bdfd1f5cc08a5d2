//! `[deployment]`, `[ports]` and `[resolve]`.

use super::changes::{At, Changes, Said, addresses};
use super::levels::word;
use crate::common::words::{list, s, some, verb};
use crate::rules::matrix::Requirement;
use crate::site::config::ACCESS;
use crate::site::{Config, Site};
use hylint_space::AddrSet;
use std::collections::{BTreeMap, BTreeSet};

impl Changes<'_> {
    pub(super) fn deployment(&mut self) {
        self.access();
        self.features();
        self.ephemeral();
    }

    fn access(&mut self) {
        let (old, new) = (self.old.site.access, self.new.site.access);
        if old == new {
            return;
        }
        let (was, now) = (word(ACCESS, &old), word(ACCESS, &new));
        self.push(Said {
            key: "deployment.access".into(),
            at: At::Key("deployment", "access"),
            old: Some(was.to_owned()),
            new: Some(now.to_owned()),
            // Either way some rows are not asked for any more, or more may be open.
            loosened: true,
            message: format!("client access goes from {was} to {now}: other rows apply"),
        });
    }

    fn features(&mut self) {
        let said = |c: Option<&Config>| c.map(|c| c.features.clone()).unwrap_or_default();
        let (old, new) = (said(self.old.config), said(self.new.config));
        let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for id in ids {
            let (was, now) = (self.is_on(self.old.site, id), self.is_on(self.new.site, id));
            // A feature that a role turns on or off is told of the role.
            if was == now || old.get(id) == new.get(id) {
                continue;
            }
            let text = |s: &BTreeMap<String, bool>| s.get(id).map(bool::to_string);
            self.push(Said {
                key: format!("deployment.features.{id}"),
                at: At::Key("deployment", "features"),
                old: text(&old),
                new: text(&new),
                loosened: true,
                message: match now {
                    true => format!("feature `{id}` is on: its flows may be open"),
                    false => format!("feature `{id}` is off: its rows no longer apply"),
                },
            });
        }
    }

    fn is_on(&self, site: &Site, id: &str) -> bool {
        let said = site.features.get(id).copied();
        said.unwrap_or_else(|| {
            let feature = self.matrix.features.iter().find(|f| f.id == id);
            let state = feature.and_then(|f| site.roles.get(usize::from(f.role.0)));
            state.is_some_and(|s| s.exists)
        })
    }

    fn ephemeral(&mut self) {
        let (old, new) = (&self.old.site.ephemeral, &self.new.site.ephemeral);
        if old == new {
            return;
        }
        let text = |p: &hylint_space::PortSet| {
            let each: Vec<String> = p.iter().map(|(a, b)| format!("{a}-{b}")).collect();
            list(&each)
        };
        let (was, now) = (text(old), text(new));
        let loosened = !old.is_subset(new);
        self.push(Said {
            key: "deployment.ephemeral".into(),
            at: At::Key("deployment", "ephemeral"),
            message: format!("requirements are judged from source ports {now}, not {was}"),
            old: Some(was),
            new: Some(now),
            loosened,
        });
    }

    pub(super) fn ports(&mut self) {
        let text = |p: &[u16]| {
            let each: Vec<String> = p.iter().map(u16::to_string).collect();
            list(&each)
        };
        let mut found: BTreeMap<(String, String), Vec<&Requirement>> = BTreeMap::new();
        for r in &self.matrix.requirements {
            let of = |s: &Site| s.ports.get(&r.id).cloned().unwrap_or(r.ports.clone());
            let (old, new) = (of(self.old.site), of(self.new.site));
            if old != new {
                let same = found.entry((text(&old), text(&new)));
                same.or_default().push(r);
            }
        }
        for ((was, now), rows) in found {
            let numbers: Vec<String> = rows.iter().map(|r| r.row.to_string()).collect();
            let (s, is) = (s(rows.len()), verb(rows.len(), "is", "are"));
            let key = rows.first().filter(|_| rows.len() == 1);
            self.push(Said {
                key: key.map_or("ports".into(), |r| format!("ports.{}", r.id)),
                at: At::Key("ports", key.map_or("", |r| &r.id)),
                message: format!(
                    "row{s} {} {is} judged on port {now}, not {was}",
                    some(&numbers, 12)
                ),
                old: Some(was),
                new: Some(now),
                loosened: true,
            });
        }
    }

    pub(super) fn resolve(&mut self) {
        let said = |c: Option<&Config>| c.map(|c| c.resolve.clone()).unwrap_or_default();
        let (old, new) = (said(self.old.config), said(self.new.config));
        for (name, was, now) in differing(&old, &new) {
            self.push(Said {
                key: format!("resolve.{name}"),
                at: At::Key("resolve", name),
                loosened: now.is_some(),
                message: match now {
                    Some(now) => format!("`{name}` is {} in every rule", addresses(now)),
                    None => format!("`{name}` is no longer resolved"),
                },
                old: was.map(addresses),
                new: now.map(addresses),
            });
        }
    }
}

type Differing<'m> = (&'m String, Option<&'m AddrSet>, Option<&'m AddrSet>);

/// The names whose addresses are not the same in both.
fn differing<'m>(
    old: &'m BTreeMap<String, AddrSet>,
    new: &'m BTreeMap<String, AddrSet>,
) -> Vec<Differing<'m>> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let each = names.into_iter().map(|n| (n, old.get(n), new.get(n)));
    each.filter(|(_, a, b)| a != b).collect()
}
