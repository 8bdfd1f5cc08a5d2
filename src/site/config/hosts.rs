//! `[[host]]` and `[[transit]]`.

use super::fields::{Names, addresses, globs, resolve};
use super::keys::{self, PROFILES};
use super::vias;
use super::{HostConfig, TransitConfig, ViaConfig};
use crate::common::toml_reader::{Table, Value};
use crate::rules::matrix::RoleIx;
use hylint_model::Profiles;
use hylint_space::{AddrSet, Family};
use std::collections::{BTreeMap, BTreeSet};

/// Reads every host, and reports what contradicts itself or `[roles]`.
pub(super) fn hosts(
    names: &Names<'_>,
    root: &Table<'_, '_>,
    roles: &BTreeMap<RoleIx, AddrSet>,
) -> Vec<HostConfig> {
    let mut seen = BTreeSet::new();
    root.tables("host")
        .iter()
        .map(|t| {
            let host = host(names, t, roles);
            if let Some(v) = t.get("name")
                && !seen.insert(host.name.clone())
            {
                v.error(format!("host `{}` is defined twice", host.name), None);
            }
            host
        })
        .collect()
}

fn host(names: &Names<'_>, t: &Table<'_, '_>, roles: &BTreeMap<RoleIx, AddrSet>) -> HostConfig {
    t.only(&keys::HOST.names());
    let name = t.need("name");
    if let Some(v) = name.as_ref().filter(|v| v.is_str() && v.str() == Some("")) {
        v.error("`name` is empty", None);
    }
    HostConfig {
        name: name.and_then(|v| v.str()).unwrap_or_default().to_owned(),
        addrs: t
            .get("addresses")
            .and_then(|v| addresses(&v))
            .unwrap_or_default(),
        roles: host_roles(names, t, roles),
        exports: globs(t, "exports"),
        points: texts(t, "points"),
        profile: t.get("profile").and_then(|v| profiles(&v)),
        interfaces: interfaces(t),
        resolve: own_resolve(t),
        span: t.span.clone(),
    }
}

fn host_roles(
    names: &Names<'_>,
    t: &Table<'_, '_>,
    declared: &BTreeMap<RoleIx, AddrSet>,
) -> Vec<RoleIx> {
    let mut all = Vec::new();
    let values = t.get("roles").and_then(|v| v.list()).unwrap_or_default();
    for v in values {
        let Some(id) = v.str() else { continue };
        let Some(role) = names.role(id, &v, v.span()) else {
            continue;
        };
        if declared.get(&role).is_some_and(AddrSet::is_empty) {
            let message = format!("`{id} = []` in [roles] says that no host has this role");
            v.error(message, Some(format!("remove `{id} = []`, or this role")));
        }
        if all.contains(&role) {
            v.error(format!("role `{id}` is listed twice"), None);
        } else {
            all.push(role);
        }
    }
    all
}

fn texts(t: &Table<'_, '_>, key: &str) -> Vec<String> {
    let all = t.strings(key).into_iter();
    all.map(|(s, _)| s.to_owned()).collect()
}

fn profiles(value: &Value<'_, '_>) -> Option<Profiles> {
    let list = if value.is_str() {
        vec![value.clone()]
    } else {
        value.list()?
    };
    let each: Option<Vec<Profiles>> = list.iter().map(|v| v.word(PROFILES)).collect();
    let all = each?.into_iter().fold(0, |all, p| all | p.0);
    if all == 0 {
        value.error("empty list, expected at least one profile", None);
        return None;
    }
    Some(Profiles(all))
}

/// Reads which peers are reached by which interface: by the one with the smallest networks that hold them, as routes do.
fn interfaces(t: &Table<'_, '_>) -> Vec<(String, AddrSet)> {
    let table = t.get("interfaces").and_then(|v| v.table());
    let entries = table.iter().flat_map(Table::entries);
    let all: Vec<(String, AddrSet)> = entries
        .filter_map(|(name, _, v)| Some((name.to_owned(), addresses(&v)?)))
        .collect();
    let size = |a: &AddrSet| a.v4.count().saturating_add(a.v6.count());
    let left = |(name, peers): &(String, AddrSet)| {
        let mut left = peers.clone();
        for (f, (_, other)) in Family::BOTH
            .iter()
            .flat_map(|f| all.iter().map(move |o| (f, o)))
        {
            let (mine, theirs) = (peers.only(*f), other.only(*f));
            if size(&theirs) < size(&mine) {
                left = left.subtract(&theirs);
            }
        }
        (name.clone(), left)
    };
    all.iter().map(left).collect()
}

fn own_resolve(t: &Table<'_, '_>) -> BTreeMap<String, AddrSet> {
    let table = t.get("resolve").and_then(|v| v.table());
    table.map(|t| resolve(&t)).unwrap_or_default()
}

/// Reads a forwarding firewall.
pub(super) fn transit(names: &Names<'_>, t: &Table<'_, '_>, vias: &[ViaConfig]) -> TransitConfig {
    t.only(&keys::TRANSIT.names());
    let _ = t.need("exports");
    let mut out = TransitConfig {
        name: t.str("name").unwrap_or_default().to_owned(),
        exports: globs(t, "exports"),
        points: texts(t, "points"),
        between: Vec::new(),
        to_front: Vec::new(),
        behind: Vec::new(),
        interfaces: interfaces(t),
        resolve: own_resolve(t),
        span: t.span.clone(),
    };
    if let Some(value) = t.get("between") {
        between(names, &value, vias, &mut out);
    }
    out
}

/// Reads pairs of roles, of which one may be a via instead.
fn between(names: &Names<'_>, value: &Value<'_, '_>, vias: &[ViaConfig], out: &mut TransitConfig) {
    for pair in value.list().unwrap_or_default() {
        let ends = pair.list().unwrap_or_default();
        let [from, to] = ends.as_slice() else {
            if pair.is_list() {
                pair.error(
                    "expected a pair of roles",
                    Some("write [\"from\", \"to\"]".into()),
                );
            }
            continue;
        };
        let via = |v: &Value<'_, '_>| v.is_str().then(|| vias::numbered(vias, v.str()?)).flatten();
        match (via(from), via(to)) {
            (None, None) => {
                let (from, to) = (roles_of(names, from), roles_of(names, to));
                let pairs = from.iter().flat_map(|f| to.iter().map(|t| (*f, *t)));
                out.between.extend(pairs);
            }
            (None, Some(n)) => {
                let from = roles_of(names, from).into_iter();
                out.to_front.extend(from.map(|f| (f, n)));
            }
            (Some(n), None) => {
                let to = roles_of(names, to).into_iter();
                out.behind.extend(to.map(|t| (n, t)));
            }
            (Some(_), Some(_)) => pair.error(
                "expected a role beside the via",
                Some("write [\"from\", \"via\"] or [\"via\", \"to\"]".into()),
            ),
        }
    }
}

/// The roles that a role's or group's name stands for.
fn roles_of(names: &Names<'_>, value: &Value<'_, '_>) -> Vec<RoleIx> {
    let Some(name) = value.str() else {
        return Vec::new();
    };
    let found = names.matrix.roles_named(name);
    if found.is_empty() {
        let _ = names.role(name, value, value.span());
    }
    found
}
