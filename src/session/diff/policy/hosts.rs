//! `[[host]]` and `[[transit]]`.

use super::changes::{At, Changes, Said, some_addresses};
use crate::common::words::list;
use crate::site::config::{Config, HostConfig, PROFILES, TransitConfig};
use globset::GlobMatcher;
use hylint_space::AddrSet;
use std::collections::{BTreeMap, BTreeSet};

/// A part of an entry, as it was and as it is.
struct Part {
    key: &'static str,
    old: Option<String>,
    new: Option<String>,
}

/// The entries of one side: their names, their numbers and what they say.
type Entries = BTreeMap<String, (usize, Vec<(&'static str, Option<String>)>)>;

impl Changes<'_> {
    pub(super) fn hosts(&mut self) {
        let each = |c: Option<&Config>| -> Entries {
            let hosts = c.into_iter().flat_map(|c| c.hosts.iter().enumerate());
            hosts
                .map(|(n, h)| (h.name.clone(), (n, self.host(h))))
                .collect()
        };
        let (old, new) = (each(self.old.config), each(self.new.config));
        self.entries("host", old, new);
    }

    pub(super) fn transits(&mut self) {
        let each = |c: Option<&Config>| -> Entries {
            let all = c.into_iter();
            let all = all.flat_map(|c| c.transits.iter().enumerate().map(move |(n, t)| (c, n, t)));
            all.map(|(c, n, t)| {
                let name = match t.name.is_empty() {
                    true => globs(&t.exports).unwrap_or_default(),
                    false => t.name.clone(),
                };
                (name, (n, self.transit(t, c)))
            })
            .collect()
        };
        let (old, new) = (each(self.old.config), each(self.new.config));
        self.entries("transit", old, new);
    }

    fn host(&self, h: &HostConfig) -> Vec<(&'static str, Option<String>)> {
        let roles: BTreeSet<String> = h.roles.iter().map(|r| self.role(*r).to_owned()).collect();
        let profiles = h.profile.map(|p| {
            let all = PROFILES.iter().filter(|w| p.0 & w.1.0 != 0).map(|w| w.0);
            list(&all.collect::<Vec<_>>())
        });
        // The addresses of a host with roles are told of its roles.
        let addrs = h.roles.is_empty().then(|| some_addresses(&h.addrs));
        vec![
            ("addresses", addrs.flatten()),
            ("roles", texts(roles)),
            ("exports", globs(&h.exports)),
            ("points", texts(h.points.iter().cloned())),
            ("profile", profiles),
            (
                "interfaces",
                named(h.interfaces.iter().map(|(n, a)| (n, a))),
            ),
            ("resolve", named(h.resolve.iter())),
        ]
    }

    fn transit(&self, t: &TransitConfig, c: &Config) -> Vec<(&'static str, Option<String>)> {
        let pair = |(a, b): &(_, _)| format!("{} to {}", self.role(*a), self.role(*b));
        let via = |n: &usize| c.vias.get(*n).map_or("", |v| v.name.as_str());
        let to = t
            .to_front
            .iter()
            .map(|(r, n)| format!("{} to {}", self.role(*r), via(n)));
        let from = t
            .behind
            .iter()
            .map(|(n, r)| format!("{} to {}", via(n), self.role(*r)));
        let pairs = t.between.iter().map(pair).chain(to).chain(from);
        vec![
            ("exports", globs(&t.exports)),
            ("points", texts(t.points.iter().cloned())),
            ("between", texts(pairs)),
            (
                "interfaces",
                named(t.interfaces.iter().map(|(n, a)| (n, a))),
            ),
            ("resolve", named(t.resolve.iter())),
        ]
    }

    fn entries(&mut self, array: &'static str, old: Entries, new: Entries) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let (was, is) = (old.get(name), new.get(name));
            let at = At::Entry(array, was.map(|w| w.0), is.map(|i| i.0));
            let key = format!("[[{array}]]");
            let message = match (was, is) {
                (Some(was), Some(is)) => {
                    self.entry(array, name, was, is);
                    continue;
                }
                (None, _) => format!("`{name}` is added to the site"),
                (Some(_), None) => {
                    format!("`{name}` is no longer in the site: nothing is judged there")
                }
            };
            self.push(Said {
                key,
                at,
                old: was.map(|_| name.clone()),
                new: is.map(|_| name.clone()),
                // Of a host that is added, its roles tell what may be open.
                loosened: is.is_none(),
                message,
            });
        }
    }

    fn is_swapped(&self, host: &str) -> bool {
        let [old, new] = &self.bindings;
        old.is_swapped(new, host)
    }

    fn entry(
        &mut self,
        array: &'static str,
        name: &str,
        was: &(usize, Vec<(&'static str, Option<String>)>),
        is: &(usize, Vec<(&'static str, Option<String>)>),
    ) {
        let parts = was.1.iter().zip(&is.1).filter(|(a, b)| a.1 != b.1);
        let parts: Vec<Part> = parts
            .map(|(a, b)| Part {
                key: a.0,
                old: a.1.clone(),
                new: b.1.clone(),
            })
            .collect();
        for part in parts {
            let text = |t: &Option<String>| t.clone().unwrap_or_else(|| "none".into());
            let message = format!(
                "`{name}`: `{}` goes from {} to {}",
                part.key,
                text(&part.old),
                text(&part.new)
            );
            self.push(Said {
                key: format!("{array}.{}", part.key),
                at: At::Entry(array, Some(was.0), Some(is.0)),
                old: part.old,
                new: part.new,
                // By what a firewall is judged, and which one it is, is for the old side to say. Files may be called otherwise.
                loosened: part.key != "exports" || self.is_swapped(name),
                message,
            });
        }
    }
}

fn texts(all: impl IntoIterator<Item = String>) -> Option<String> {
    let all: BTreeSet<String> = all.into_iter().collect();
    let all: Vec<String> = all.into_iter().collect();
    (!all.is_empty()).then(|| list(&all))
}

fn globs(all: &[GlobMatcher]) -> Option<String> {
    texts(all.iter().map(|g| g.glob().glob().to_owned()))
}

/// Names with their addresses.
fn named<'a>(all: impl Iterator<Item = (&'a String, &'a AddrSet)>) -> Option<String> {
    texts(all.map(|(name, addrs)| {
        let addrs: Vec<String> = addrs.texts().collect();
        format!("{name} = {}", list(&addrs))
    }))
}
