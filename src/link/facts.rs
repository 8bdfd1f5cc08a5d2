//! What clouds export beside rules: who is a member of a group, what a tag or a prefix list stands for.

use super::azure::{Azure, public};
use super::ids::{INTERNET, NO_ACCESS, VIRTUAL_NETWORK};
use super::scope::{Links, finding};
use crate::finding::{Known, Severity};
use crate::load::{ExportId, Heads, LoadedExport};
use hylint_model::{Companion, ListPart, Listing, NetworkInterface, PointKind};
use hylint_space::{AddrSet, class};
use std::collections::{BTreeMap, BTreeSet};

/// Takes every name that the companions define into the links.
pub(super) fn resolve(exports: &Heads, links: &mut Links) {
    let mut all: BTreeMap<String, AddrSet> = BTreeMap::new();
    for c in exports.iter().flat_map(|e| &e.export.companions) {
        match c {
            Companion::AddressList(l) => add(&mut all, &l.key, &l.addrs),
            Companion::Interface(i) => members(&mut all, i),
            _ => {}
        }
    }
    let partial = groups_of_folders(exports, &mut all);
    prefix_lists(exports, &mut all, links);
    let mut open: BTreeMap<String, AddrSet> = BTreeMap::new();
    open_groups(exports, &partial, &all, &mut open);
    let azure = Azure::of(exports);
    all.insert(INTERNET.to_owned(), public());
    all.insert(NO_ACCESS.to_owned(), AddrSet::empty());
    if let Some(tags) = azure.tags(None, azure.only_network()) {
        all.insert(VIRTUAL_NETWORK.to_owned(), tags.network);
        open.insert(VIRTUAL_NETWORK.to_owned(), tags.open);
        all.insert(INTERNET.to_owned(), tags.internet);
        all.insert(NO_ACCESS.to_owned(), tags.no_access);
        open.insert(NO_ACCESS.to_owned(), tags.maybe_no_access);
    }
    // Azure writes one id in several cases.
    let used: BTreeSet<String> = exports.iter().flat_map(LoadedExport::groups).collect();
    for key in used.iter().filter(|k| k.starts_with(GROUPS)) {
        let name = key.get(GROUPS.len()..).unwrap_or_default();
        if let Some((members, unknown)) = azure.members(name, None) {
            all.insert(key.clone(), members);
            open.insert(key.clone(), unknown);
        }
    }
    links.resolve = all;
    links.open = open;
}

/// How keys of application security groups begin.
pub const GROUPS: &str = "azure:asg/";

fn add(all: &mut BTreeMap<String, AddrSet>, key: &str, addrs: &AddrSet) {
    let slot = all.entry(key.to_owned()).or_default();
    *slot = slot.union(addrs);
}

fn members(all: &mut BTreeMap<String, AddrSet>, i: &NetworkInterface) {
    for group in i.points.iter().filter(|p| p.starts_with("sg-")) {
        add(all, &format!("aws:{group}"), &i.private);
    }
}

/// What the interfaces of a folder tell of the groups of AWS in it.
#[derive(Default)]
struct Folder<'e> {
    groups: BTreeSet<&'e str>,
    whole: bool,
    page: bool,
    /// There is an interface with an id.
    listed: bool,
}

/// A security group that is exported beside interfaces and is on none of them has no members that are known. Returns the
/// keys of groups that may have others: no folder with every interface speaks of them.
fn groups_of_folders(exports: &Heads, all: &mut BTreeMap<String, AddrSet>) -> BTreeSet<String> {
    let mut folders: BTreeMap<&str, Folder<'_>> = BTreeMap::new();
    for e in exports.iter() {
        let folder = folders.entry(crate::common::paths::folder(&e.path));
        let folder = folder.or_default();
        for c in &e.export.companions {
            let Companion::Interface(i) = c else { continue };
            let groups = i.points.iter().map(|p| &**p);
            folder
                .groups
                .extend(groups.filter(|p| p.starts_with("sg-")));
            folder.listed |= i.id.starts_with("eni-");
            folder.whole |= i.id.starts_with("eni-") && i.listing == Listing::Whole;
            folder.page |= i.listing == Listing::Page;
        }
        let groups = e.export.points.iter();
        let groups = groups.filter(|p| p.kind == PointKind::SecurityGroup && !p.id.is_empty());
        folder.groups.extend(groups.map(|p| &*p.id));
    }
    let (mut known, mut partial) = (BTreeSet::new(), BTreeSet::new());
    for folder in folders.into_values() {
        let set = match folder.whole && !folder.page {
            true => &mut known,
            false => &mut partial,
        };
        for group in folder.groups {
            let key = format!("aws:{group}");
            if folder.listed {
                add(all, &key, &AddrSet::empty());
            }
            set.insert(key);
        }
    }
    partial.retain(|k| !known.contains(k) && all.contains_key(k));
    partial
}

/// Parts of an address set that are kept apart for each of many groups.
const PARTS: usize = 256;

/// Addresses that may be those of members which no file lists: of the networks, where no interface is known.
fn open_groups(
    exports: &Heads,
    partial: &BTreeSet<String>,
    all: &BTreeMap<String, AddrSet>,
    open: &mut BTreeMap<String, AddrSet>,
) {
    if partial.is_empty() {
        return;
    }
    let (mut space, mut known) = (class::internal().clone(), AddrSet::empty());
    for c in exports.iter().flat_map(|e| &e.export.companions) {
        match c {
            Companion::Subnet(s) => space = space.union(&s.addrs),
            Companion::Interface(i) => known = known.union(&i.private),
            _ => {}
        }
    }
    let rest = space.subtract(&known);
    let parts = rest.v4.iter().count() + rest.v6.iter().count();
    let rest = if parts > PARTS { space } else { rest };
    for key in partial {
        let members = all.get(key).cloned().unwrap_or_default();
        open.insert(key.clone(), rest.subtract(&members));
    }
}

/// `get-managed-prefix-list-entries` does not name its list: the entries are those of the only list of the folder whose
/// addresses no other file holds.
fn prefix_lists(exports: &Heads, all: &mut BTreeMap<String, AddrSet>, links: &mut Links) {
    let mut folders: BTreeMap<String, Parts> = BTreeMap::new();
    for (at, e) in exports.each() {
        let parts = || crate::common::paths::folder(&e.path).to_owned();
        for c in &e.export.companions {
            let Companion::ListPart(p) = c else { continue };
            let folder = folders.entry(parts()).or_default();
            match &p.addrs {
                Some(_) => folder.entries.push((at, p.clone())),
                None => {
                    folder.named.insert(p.key.to_string());
                }
            }
        }
        let used = e.groups().into_iter();
        let lists = used.filter(|k| k.starts_with("aws:pl-"));
        folders.entry(parts()).or_default().used.extend(lists);
    }
    for folder in folders.into_values() {
        let waiting = |keys: &BTreeSet<String>| -> Vec<String> {
            let open = keys.iter().filter(|k| !all.contains_key(*k));
            open.cloned().collect()
        };
        // Rules name the lists that matter; a listing of lists also holds those of AWS itself.
        let candidates = match waiting(&folder.used) {
            none if none.is_empty() => waiting(&folder.named),
            used => used,
        };
        match (folder.entries.as_slice(), candidates.as_slice()) {
            ([(_, p)], [key]) => {
                if let Some(addrs) = &p.addrs {
                    add(all, key, addrs);
                }
            }
            // No rule waits for them.
            (_, _) if waiting(&folder.used).is_empty() => {}
            (entries, _) => links.findings.extend(
                entries
                    .iter()
                    .filter_map(|(at, p)| unnamed(exports, *at, p)),
            ),
        }
    }
}

/// What a folder says of prefix lists.
#[derive(Default)]
struct Parts {
    /// Entries without the name of their list.
    entries: Vec<(ExportId, ListPart)>,
    /// Lists without entries.
    named: BTreeSet<String>,
    /// Lists that rules name.
    used: BTreeSet<String>,
}

fn unnamed(exports: &Heads, at: ExportId, p: &ListPart) -> Option<crate::finding::Finding> {
    Some(finding(
        exports.get(at)?,
        p.span,
        Severity::Warning,
        "these entries do not name their prefix list, so no rule can use them".into(),
        &Known::ListUnnamed,
        "name the file after the list (`pl-0a1b2c3d.json`), or write its addresses under [resolve]",
    ))
}
