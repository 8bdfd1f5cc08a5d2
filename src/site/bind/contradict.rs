//! Where a host's own listings contradict hylint.toml.

use super::Binder;
use super::words::{self, Said, told};
use crate::finding::{Code, Identity, Place, Related, Severity};
use crate::load::ExportId;
use crate::site::HostFacts;
use hylint_space::{AddrSet, Family, IfaceExt, IfaceSet, class, iface_name};

/// Declared addresses that are looked for in a listing one by one, at most.
const MOST: usize = 64;

/// What hylint.toml says of a host or a forwarding firewall that its listings say, too.
pub(super) struct Declared<'a> {
    /// `host` or `transit`.
    pub(super) array: &'static str,
    /// Its number in the array.
    pub(super) number: usize,
    pub(super) name: &'a str,
    pub(super) addrs: &'a AddrSet,
    pub(super) interfaces: &'a [(String, AddrSet)],
}

impl Binder<'_> {
    /// Tells of each address that a host is said to have and does not show, and of each interface that is said to lead where
    /// its routes do not.
    pub(super) fn compare_with_facts(
        &mut self,
        of: &Declared<'_>,
        facts: &HostFacts,
        exports: &[ExportId],
    ) {
        let mut found = self.missing_addresses(of, facts);
        found.extend(self.unknown_interfaces(of, facts));
        found.extend(self.other_ways(of, facts, exports));
        found.extend(stale(of, facts));
        for (said, identity, related, label) in found {
            let place = self.config.map(|c| c.place_of_entry(of.array, of.number));
            let warning = Severity::Warning;
            let mut f = told(Code::IncompleteExport, warning, said, identity, place);
            f.host = (!of.name.is_empty()).then(|| of.name.to_owned());
            f.label = words::DECLARED.to_owned();
            f.related.extend(related.map(|place| Related {
                place,
                label: label.to_owned(),
            }));
            self.findings.push(f);
        }
    }

    fn missing_addresses(&self, of: &Declared<'_>, facts: &HostFacts) -> Vec<Contradiction> {
        let own = facts.addrs();
        let mut out = Vec::new();
        for family in Family::BOTH {
            if !facts.families.is_some_and(|f| f.has(family)) {
                continue;
            }
            let shown = own.only(family);
            // A cloud or a router translates a public address, and no host shows it.
            let hidden = if shown.subtract(class::internal()).is_empty() {
                class::public().clone()
            } else {
                AddrSet::empty()
            };
            let declared = of.addrs.only(family).subtract(&hidden);
            let missing = declared.subtract(&shown);
            for one in missing.texts().take(MOST) {
                let Some(set) = AddrSet::parse(&one) else {
                    continue;
                };
                // A range of which the host has an address is where it may be.
                let wide = set.v4.count() > 1 || set.v6.count() > 1;
                if wide && !declared.intersect(&shown).is_empty() {
                    continue;
                }
                let usual = shown.subtract(class::link_local());
                let usual: Vec<String> = usual.texts().collect();
                out.push((
                    words::no_such_address(of.name, &one, &usual),
                    Identity::of(&["address not listed", of.name, &one]),
                    facts.listing.clone(),
                    words::LISTED_ADDRESSES,
                ));
            }
        }
        out
    }

    fn unknown_interfaces(&self, of: &Declared<'_>, facts: &HostFacts) -> Vec<Contradiction> {
        if !facts.are_whole() {
            return Vec::new();
        }
        let names: Vec<String> = facts
            .interfaces
            .iter()
            .map(|(i, _)| i.name.to_string())
            .collect();
        let exists = |pattern: &str| names.iter().any(|n| is(pattern, n));
        let unknown = of.interfaces.iter().filter(|(n, _)| !exists(n));
        unknown
            .map(|(name, _)| {
                (
                    words::no_such_interface(of.name, name, &names),
                    Identity::of(&["interface not listed", of.name, name]),
                    facts.listing.clone(),
                    words::LISTED_INTERFACES,
                )
            })
            .collect()
    }

    fn other_ways(
        &self,
        of: &Declared<'_>,
        facts: &HostFacts,
        exports: &[ExportId],
    ) -> Vec<Contradiction> {
        let mut out = Vec::new();
        for (said, peers) in of.interfaces {
            for (way, there) in facts.faces.iter().filter(|(n, _)| !is(said, n)) {
                let both = peers.intersect(there);
                if both.is_empty() {
                    continue;
                }
                let first: Vec<String> = both.texts().collect();
                let place = self.place_of_way(exports, way, &both);
                out.push((
                    words::other_way(of.name, &first, said, way),
                    Identity::of(&["interface by routes", of.name, said, way]),
                    place,
                    words::ROUTED,
                ));
            }
        }
        out
    }
}

/// Routes and interfaces that are not of one host.
fn stale(of: &Declared<'_>, facts: &HostFacts) -> Option<Contradiction> {
    let (name, place) = facts.stale.as_ref()?;
    Some((
        words::stale_route(of.name, name),
        Identity::of(&["route by an interface that is not there", of.name, name]),
        place.clone(),
        words::ROUTED_BY,
    ))
}

type Contradiction = (Said, Identity, Option<Place>, &'static str);

/// Whether an interface has a name, or one that a pattern such as `eth+` stands for.
fn is(pattern: &str, name: &str) -> bool {
    IfaceSet::iface(pattern).contains(iface_name(name))
}
