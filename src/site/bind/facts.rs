//! Listings of a host's own commands, and the host that they are of.

use super::{Binder, processes};
use crate::common::paths;
use crate::load::{ExportId, LoadedExport};
use crate::site::facts::{Heard, HostFacts};
use hylint_model::{Companion, Families};
use std::sync::Arc;

impl Binder<'_> {
    /// What listings say of the host of these exports: those among them, and those of its folder that are of no other host.
    pub(super) fn facts(&self, exports: &[ExportId]) -> Arc<HostFacts> {
        let mut facts = HostFacts::default();
        let listings = self.listings(exports);
        for e in &listings {
            add(&mut facts, e);
        }
        if let Some(heard) = &mut facts.heard {
            processes::join(heard, &listings);
        }
        Arc::new(facts)
    }

    /// The exports with listings of the host of these.
    fn listings(&self, exports: &[ExportId]) -> Vec<&LoadedExport> {
        let mut all: Vec<ExportId> = exports.to_vec();
        all.extend(self.exports.ids().filter(|i| {
            !exports.contains(i) && self.is_free_listing(*i) && self.is_of(exports, *i)
        }));
        all.sort_unstable();
        let all = all.into_iter().filter_map(|i| self.exports.get(i));
        all.filter(|e| has_listing(e)).collect()
    }

    /// Whether an export is nothing but listings, and no entry of the site names it.
    fn is_free_listing(&self, at: ExportId) -> bool {
        let named = self.claims.get(at.index()).is_some_and(|c| !c.is_empty());
        let listing = |e: &LoadedExport| e.export.points.is_empty() && has_listing(e);
        !named && self.exports.get(at).is_some_and(listing)
    }

    /// Whether a listing is of the host of some exports: in the folder of one, with a name of the same host, or beside
    /// exports of no other host.
    fn is_of(&self, exports: &[ExportId], listing: ExportId) -> bool {
        let Some(own) = self.exports.get(listing) else {
            return false;
        };
        let folder = paths::host_folder(&own.path);
        let mut of_folder = exports
            .iter()
            .filter_map(|e| self.exports.get(*e))
            .filter(|e| paths::host_folder(&e.path) == folder)
            .peekable();
        if of_folder.peek().is_none() {
            return false;
        }
        let words = paths::host_words(&own.path);
        if of_folder.any(|e| paths::host_words(&e.path) == words) {
            return true;
        }
        let mut others = self.exports.each().filter(|(i, e)| {
            !exports.contains(i)
                && paths::host_folder(&e.path) == folder
                && e.export.points.iter().any(|p| p.kind.is_host())
        });
        others.next().is_none()
    }
}

fn has_listing(e: &LoadedExport) -> bool {
    e.export.companions.iter().any(|c| c.of_host().is_some())
}

fn add(facts: &mut HostFacts, e: &LoadedExport) {
    for c in &e.export.companions {
        match c {
            Companion::HostInterfaces(listing) => {
                let shown = listing.whole.then_some(listing.families);
                facts.families = match (facts.families, shown) {
                    (Some(a), Some(b)) => Some(both(a, b)),
                    (a, b) => a.or(b),
                };
                let each = listing.interfaces.iter();
                facts
                    .interfaces
                    .extend(each.map(|i| (i.clone(), e.place(i.span))));
            }
            Companion::Sockets(listing) => {
                let heard = facts.heard.get_or_insert_with(|| Heard {
                    tcp: false,
                    udp: false,
                    families: listing.families,
                    sockets: Vec::new(),
                    services: false,
                    place: e.place(listing.span),
                });
                heard.tcp |= listing.tcp && listing.whole;
                heard.udp |= listing.udp && listing.whole;
                heard.families = both(heard.families, listing.families);
                let each = listing.sockets.iter();
                heard
                    .sockets
                    .extend(each.map(|s| (s.clone(), e.place(s.span))));
            }
            _ => {}
        }
    }
}

fn both(a: Families, b: Families) -> Families {
    Families {
        v4: a.v4 || b.v4,
        v6: a.v6 || b.v6,
    }
}
