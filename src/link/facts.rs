//! What clouds export beside rules: who is a member of a group, what a tag stands for.

use crate::load::{Heads, LoadedExport};
use hylint_model::{Companion, NetworkInterface, PointKind};
use hylint_space::AddrSet;
use std::collections::{BTreeMap, BTreeSet};

/// The last part of an Azure resource id, or the whole of any other id.
#[must_use]
pub fn short_name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Whether two resource ids are the same. Azure's are case-insensitive; AWS's are lower case anyway.
#[must_use]
pub fn same_id(a: &str, b: &str) -> bool {
    !a.is_empty() && a.eq_ignore_ascii_case(b)
}

/// Every name that the companions define.
pub(super) fn resolve(exports: &Heads) -> BTreeMap<String, AddrSet> {
    let mut all: BTreeMap<String, AddrSet> = BTreeMap::new();
    let mut networks = Vec::new();
    let used: BTreeSet<String> = exports.iter().flat_map(LoadedExport::groups).collect();
    for c in exports.iter().flat_map(|e| &e.export.companions) {
        match c {
            Companion::AddressList(l) => match l.key.strip_prefix("azure:vnet/") {
                Some(_) => networks.push(l.addrs.clone()),
                None => add(&mut all, &l.key, &l.addrs),
            },
            Companion::Interface(i) => members(&mut all, i, &used),
            _ => {}
        }
    }
    // The tag's meaning depends on the network it is used in; one network is exported, or it stays open.
    if let [one] = networks.as_slice() {
        add(&mut all, "azure:VirtualNetwork", one);
    }
    empty_groups(exports, &mut all);
    all
}

fn add(all: &mut BTreeMap<String, AddrSet>, key: &str, addrs: &AddrSet) {
    let slot = all.entry(key.to_owned()).or_default();
    *slot = slot.union(addrs);
}

fn members(all: &mut BTreeMap<String, AddrSet>, i: &NetworkInterface, used: &BTreeSet<String>) {
    for group in i.points.iter().filter(|p| p.starts_with("sg-")) {
        add(all, &format!("aws:{group}"), &i.private);
    }
    for group in &i.groups {
        let key = format!("azure:asg/{}", short_name(group));
        for name in used.iter().filter(|n| same_id(n, &key)) {
            add(all, name, &i.private);
        }
        add(all, &key, &AddrSet::empty());
        if !used.contains(&key) {
            add(all, &key, &i.private);
        }
    }
}

/// A security group that is exported beside interfaces and is on none of them has no members.
fn empty_groups(exports: &Heads, all: &mut BTreeMap<String, AddrSet>) {
    let folder = |e: &LoadedExport| crate::common::paths::folder(&e.path).to_owned();
    let with_interfaces: BTreeSet<String> = exports
        .iter()
        .filter(|e| {
            let mut companions = e.export.companions.iter();
            companions.any(|c| matches!(c, Companion::Interface(i) if i.id.starts_with("eni-")))
        })
        .map(folder)
        .collect();
    for e in exports
        .iter()
        .filter(|e| with_interfaces.contains(&folder(e)))
    {
        for p in e
            .export
            .points
            .iter()
            .filter(|p| p.kind == PointKind::SecurityGroup)
        {
            add(all, &format!("aws:{}", p.id), &AddrSet::empty());
        }
    }
}
