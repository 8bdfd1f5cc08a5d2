//! `[[via]]`.

use super::changes::{At, Changes, Said, some_addresses};
use crate::common::words::list;
use crate::rules::matrix::RoleIx;
use crate::site::config::{Config, ViaConfig};
use std::collections::{BTreeMap, BTreeSet};

/// The entries of one side: their names, their numbers and what they say.
type Entries = BTreeMap<String, (usize, Vec<(&'static str, Option<String>)>)>;

impl Changes<'_> {
    pub(super) fn vias(&mut self) {
        let each = |c: Option<&Config>| -> Entries {
            let all = c.into_iter().flat_map(|c| c.vias.iter().enumerate());
            all.map(|(n, v)| (name(v), (n, self.via(v)))).collect()
        };
        let (old, new) = (each(self.old.config), each(self.new.config));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            match (old.get(name), new.get(name)) {
                (Some(was), Some(is)) => {
                    let at = (was.0, is.0);
                    let parts = was.1.iter().zip(&is.1).filter(|(a, b)| a.1 != b.1);
                    let parts: Vec<_> = parts
                        .map(|(a, b)| (a.0, a.1.clone(), b.1.clone()))
                        .collect();
                    for part in parts {
                        self.via_part(name, at, part);
                    }
                }
                (was, is) => {
                    let message = match is {
                        Some(_) => format!("flows are judged through `{name}`"),
                        None => format!("flows are no longer judged through `{name}`"),
                    };
                    self.push(Said {
                        key: "[[via]]".into(),
                        at: At::Entry("via", was.map(|w| w.0), is.map(|i| i.0)),
                        old: was.map(|_| name.clone()),
                        new: is.map(|_| name.clone()),
                        // Other sources are needed behind it, and other destinations before it.
                        loosened: true,
                        message,
                    });
                }
            }
        }
    }

    fn via_part(
        &mut self,
        name: &str,
        (was, is): (usize, usize),
        (key, old, new): (&str, Option<String>, Option<String>),
    ) {
        let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "none".into());
        let message = format!(
            "`{name}`: `{key}` goes from {} to {}",
            text(&old),
            text(&new)
        );
        self.push(Said {
            key: format!("via.{key}"),
            at: At::Entry("via", Some(was), Some(is)),
            old,
            new,
            loosened: true,
            message,
        });
    }

    fn via(&self, v: &ViaConfig) -> Vec<(&'static str, Option<String>)> {
        let roles = |all: &[RoleIx]| {
            all.iter()
                .map(|r| self.role(*r).to_owned())
                .collect::<Vec<_>>()
        };
        let mut behind = v.hosts.clone();
        behind.extend(roles(&v.roles));
        // Addresses of hosts and roles are told of these.
        if behind.is_empty() {
            behind.extend(some_addresses(&v.addrs));
        }
        let mut sources: Vec<String> = some_addresses(&v.sources).into_iter().collect();
        sources.extend(v.source_names.iter().cloned());
        let ports = v.ports.iter().map(|(f, h)| format!("{f} to {h}"));
        vec![
            ("front", some_addresses(&v.front)),
            ("hosts", texts(behind)),
            ("sources", texts(sources)),
            ("ports", texts(ports.collect())),
            ("for", v.senders.as_deref().and_then(|s| texts(roles(s)))),
            ("direct", v.direct.then(|| "true".to_owned())),
        ]
    }
}

fn name(v: &ViaConfig) -> String {
    match v.name.is_empty() {
        false => v.name.clone(),
        true if v.front.is_empty() => v.hosts.join(", "),
        true => v.front.to_string(),
    }
}

fn texts(mut all: Vec<String>) -> Option<String> {
    all.sort();
    all.dedup();
    (!all.is_empty()).then(|| list(&all))
}
