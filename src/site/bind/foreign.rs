//! Listings that say themselves that they are of another machine than the host whose rules they lie beside, and those that are
//! of no host of the site. Nothing is settled by either.

use super::Binder;
use super::words::{self, Said, told};
use crate::common::paths;
use crate::finding::{Code, Identity, Place, Related, Severity};
use crate::load::{ExportId, LoadedExport};
use hylint_model::{Companion, HostInterfaces, PointKind};
use hylint_space::{AddrSet, Family, class};
use std::collections::BTreeSet;

/// What is known of the host that listings should be of.
#[derive(Clone, Copy)]
pub(super) struct Machine<'a> {
    /// Its name in hylint.toml, or empty.
    pub(super) name: &'a str,
    /// Its declared addresses.
    pub(super) addrs: &'a AddrSet,
}

/// Why a listing is of another machine.
pub(super) struct Foreign {
    pub(super) listing: ExportId,
    said: Said,
    place: Place,
    /// What it contradicts, if that is not hylint.toml.
    other: Option<Place>,
    label: String,
}

impl Binder<'_> {
    /// Which of these listings are of another machine. Exports that hold rules are what the others are compared with.
    pub(super) fn foreign(&self, listings: &[ExportId], of: Machine<'_>) -> Vec<Foreign> {
        let get = |i: &ExportId| self.exports.get(*i).map(|e| (*i, e));
        let (own, beside): (Vec<_>, Vec<_>) = listings
            .iter()
            .filter_map(get)
            .partition(|(_, e)| !e.export.points.is_empty());
        let beside: Vec<(ExportId, &LoadedExport)> =
            beside.into_iter().filter(|(_, e)| is_windows(e)).collect();
        let mut out = Vec::new();
        let mut named = Vec::new();
        let (mut unsaid, mut shown) = (Vec::new(), false);
        // Names of a machine that shows a declared address are its names.
        let mut known: Vec<(String, Option<Place>)> = own
            .iter()
            .filter(|(_, e)| !is_session(e))
            .filter_map(|(_, e)| name_of(e).map(|(n, p)| (n, Some(p))))
            .collect();
        for (i, e) in &beside {
            match shows(e, of.addrs) {
                Some(false) => {
                    out.push(self.other_addresses(*i, e, of));
                    continue;
                }
                Some(true) => {
                    shown = true;
                    known.extend(name_of(e).map(|(n, p)| (n, Some(p))));
                }
                None => {}
            }
            match name_of(e) {
                Some((name, place)) => named.push((*i, name, place)),
                None => unsaid.push((*i, *e)),
            }
        }
        // Routes and sockets that say nothing of their machine were saved with the addresses beside them.
        if !out.is_empty() && !shown {
            let folders: BTreeSet<&str> = out
                .iter()
                .filter_map(|f: &Foreign| self.exports.get(f.listing))
                .map(|e| paths::folder(&e.path))
                .collect();
            for (i, e) in unsaid {
                if folders.contains(paths::folder(&e.path)) && !has_interfaces(e) {
                    out.push(beside_other(i, e, of));
                }
            }
        }
        if known.is_empty() && !of.name.is_empty() {
            known.push((of.name.to_owned(), None));
        }
        for (i, name, place) in &named {
            // Where nobody says which of several machines it is, none of them is.
            let other = match known.is_empty() {
                true => named
                    .iter()
                    .find(|(_, n, _)| !are_same(n, name))
                    .map(|(_, n, p)| (n.clone(), Some(p.clone()))),
                false if known.iter().any(|(k, _)| are_same(k, name)) => None,
                false => known.first().cloned(),
            };
            let Some((other, at)) = other else { continue };
            let host = if of.name.is_empty() { &other } else { of.name };
            out.push(Foreign {
                listing: *i,
                said: words::other_machine(host, name),
                label: words::names(name),
                place: place.clone(),
                other: at,
            });
        }
        out
    }

    fn other_addresses(&self, at: ExportId, e: &LoadedExport, of: Machine<'_>) -> Foreign {
        let lists = || interfaces(e);
        let shown = lists().fold(AddrSet::empty(), |all, l| all.union(&l.addrs()));
        let shown: Vec<String> = shown.subtract(class::link_local()).texts().collect();
        let span = lists().next().map_or_else(Default::default, |l| l.span);
        Foreign {
            listing: at,
            said: words::no_declared_address(of.name, &shown),
            label: words::LISTED_ADDRESSES.to_owned(),
            place: e.place(span),
            other: None,
        }
    }

    /// Tells of listings beside a host that are of another machine, and remembers those that are of it.
    pub(super) fn tell_foreign(
        &mut self,
        exports: &[ExportId],
        of: Machine<'_>,
        entry: Option<&Place>,
    ) {
        let listings = self.listing_ids(exports);
        for f in self.foreign(&listings, of) {
            let path = self.exports.get(f.listing).map_or("", |e| &*e.path);
            let identity = Identity::of(&["listing of another machine", of.name, path]);
            let code = Code::IncompleteExport;
            let mut told = told(code, Severity::Warning, f.said, identity, f.place);
            told.host = (!of.name.is_empty()).then(|| of.name.to_owned());
            told.label = f.label;
            told.related
                .extend(f.other.or(entry.cloned()).map(|place| Related {
                    place,
                    label: words::THE_HOST.to_owned(),
                }));
            self.findings.push(told);
        }
        self.listed.extend(listings);
        self.tell_other_rules(exports, of, entry);
    }

    /// Tells of rules that are of another machine: the command that printed them asked it, or the prompt names another host
    /// of hylint.toml.
    fn tell_other_rules(&mut self, exports: &[ExportId], of: Machine<'_>, entry: Option<&Place>) {
        let Some(config) = self.config.filter(|_| !of.name.is_empty()) else {
            return;
        };
        let mut told_of = Vec::new();
        for e in exports.iter().filter_map(|i| self.exports.get(*i)) {
            let Some((name, span)) = e.export.host_name.as_ref().filter(|_| is_session(e)) else {
                continue;
            };
            let own = match name.parse() {
                Ok(address) => of.addrs.is_empty() || of.addrs.contains(address),
                Err(_) => are_same(of.name, name),
            };
            let other = || {
                config
                    .hosts
                    .iter()
                    .any(|h| h.name != of.name && are_same(&h.name, name))
            };
            if own || !(e.export.host_asked || other()) {
                continue;
            }
            let identity = Identity::of(&["rules of another machine", of.name, &e.path]);
            let said = words::rules_of_another(of.name, name);
            let mut f = told(
                Code::IncompleteExport,
                Severity::Error,
                said,
                identity,
                e.place(*span),
            );
            f.host = Some(of.name.to_owned());
            f.label = words::names(name);
            f.related.extend(entry.cloned().map(|place| Related {
                place,
                label: words::THE_HOST.to_owned(),
            }));
            told_of.push(f);
        }
        self.findings.extend(told_of);
    }

    /// Tells of listings that lie beside rules and are of no host.
    pub(super) fn homeless_listings(&mut self) {
        if self.hosts.is_empty() {
            return;
        }
        let free: Vec<ExportId> = self
            .exports
            .ids()
            .filter(|i| self.is_free_listing(*i) && !self.listed.contains(i))
            .collect();
        let mut folders: BTreeSet<&str> = BTreeSet::new();
        for i in &free {
            let Some(e) = self.exports.get(*i) else {
                continue;
            };
            let folder = paths::folder(&e.path);
            if !folders.insert(folder) {
                continue;
            }
            let others = |j: &&ExportId| {
                let other = self.exports.get(**j);
                other.is_some_and(|o| paths::folder(&o.path) == folder)
            };
            let files: Vec<(String, String)> = free
                .iter()
                .filter(others)
                .filter_map(|j| self.exports.get(*j))
                .map(|o| (o.path.to_string(), self.glob(&o.path)))
                .collect();
            let first = e.export.companions.iter().find_map(Companion::of_host);
            let place = e.place(first.unwrap_or_default());
            let said = words::listings_of_nobody(&files);
            let identity = Identity::of(&["listings of no host", folder]);
            let code = Code::IncompleteExport;
            let mut f = told(code, Severity::Warning, said, identity, place);
            f.label = words::OF_WHICH.to_owned();
            self.findings.push(f);
        }
    }
}

/// Whether an export holds rules of Linux, which no tool puts the name of the machine into: prompts and commands may name one.
pub(super) fn is_session(e: &LoadedExport) -> bool {
    !e.export.points.is_empty()
        && ["iptables", "iptables-list", "firewalld", "nft"].contains(&e.export.format)
}

/// Whether an export is nothing but listings, or of Windows: what lies behind a dump of Linux is of its host.
fn is_windows(e: &LoadedExport) -> bool {
    e.export.companions.iter().any(|c| c.of_host().is_some())
        && !e
            .export
            .points
            .iter()
            .any(|p| p.kind != PointKind::WindowsFirewall)
        && ["windows-network", "powershell", "iproute2"].contains(&e.export.format)
}

/// A listing that lies beside one without a declared address of the host.
fn beside_other(at: ExportId, e: &LoadedExport, of: Machine<'_>) -> Foreign {
    let first = e.export.companions.iter().find_map(Companion::of_host);
    Foreign {
        listing: at,
        said: words::beside_no_declared_address(of.name),
        label: words::OF_WHICH.to_owned(),
        place: e.place(first.unwrap_or_default()),
        other: None,
    }
}

fn has_interfaces(e: &LoadedExport) -> bool {
    interfaces(e).next().is_some()
}

fn interfaces(e: &LoadedExport) -> impl Iterator<Item = &HostInterfaces> {
    e.export.companions.iter().filter_map(|c| match c {
        Companion::HostInterfaces(l) => Some(&**l),
        _ => None,
    })
}

/// Whether the interfaces of an export show a declared address; `None` if they do not tell.
fn shows(e: &LoadedExport, declared: &AddrSet) -> Option<bool> {
    let mut compared = false;
    for list in interfaces(e) {
        let shown = list.addrs();
        if shown.intersects(declared) {
            return Some(true);
        }
        // A cloud or a router translates a public address, and no host shows it.
        let hidden = shown.subtract(class::internal()).is_empty();
        let declared = match hidden {
            true => declared.subtract(class::public()),
            false => declared.clone(),
        };
        for family in Family::BOTH {
            let whole = list.whole && list.families.has(family);
            compared |= whole && declared.has(family) && !shown.only(family).is_empty();
        }
    }
    compared.then_some(false)
}

/// The name that an export says of its machine, with where it stands.
fn name_of(e: &LoadedExport) -> Option<(String, Place)> {
    let (name, span) = e.export.host_name.as_ref()?;
    // Who asks a machine by its address writes that down.
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    (!is_address).then(|| (name.clone(), e.place(*span)))
}

/// Characters of a name that NetBIOS keeps (Microsoft Learn, "Naming conventions in Active Directory").
const NETBIOS: usize = 15;

/// Whether two names are of one machine: with and without its domain, cut at the length of NetBIOS, or one as a part of the
/// other (`sql1`, `corp-sql1`).
fn are_same(a: &str, b: &str) -> bool {
    let short = |n: &str| n.split('.').next().unwrap_or(n).to_lowercase();
    let (a, b) = (short(a), short(b));
    let cut = |long: &str, short: &str| short.chars().count() == NETBIOS && long.starts_with(short);
    let plain = |n: &str| -> String { n.chars().filter(|c| c.is_alphanumeric()).collect() };
    let (x, y) = (paths::words(&a, false), paths::words(&b, false));
    let holds = |all: &[String], part: &[String]| part.iter().all(|w| all.contains(w));
    let parts = !x.is_empty() && !y.is_empty() && (holds(&x, &y) || holds(&y, &x));
    plain(&a) == plain(&b) || cut(&a, &b) || cut(&b, &a) || parts
}

#[cfg(test)]
mod tests {
    use super::are_same;

    #[test]
    fn names_of_one_machine_differ_in_how_they_are_written() {
        for (a, b, same) in [
            ("sql1", "SQL1", true),
            ("sql1", "sql1.corp.example", true),
            ("sql-1", "SQL1", true),
            ("corp-sql1", "sql1", true),
            ("production-sql-server-1", "PRODUCTION-SQL-", true),
            ("sql1", "sql10", false),
            ("sql1", "sql2", false),
        ] {
            assert_eq!(are_same(a, b), same, "{a} {b}");
        }
    }
}
