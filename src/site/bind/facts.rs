//! Listings of a host's own commands, and the host that they are of.

use super::foreign::Machine;
use super::{Binder, processes};
use crate::common::paths;
use crate::finding::Place;
use crate::load::{ExportId, LoadedExport, PLACED};
use crate::rules::platform;
use crate::site::faces::Routing;
use crate::site::facts::{Heard, HostFacts};
use hylint_model::{Companion, Families, Route, Span};
use hylint_space::AddrSet;
use std::sync::Arc;

impl Binder<'_> {
    /// What listings say of the host of these exports: those among them, and those of its folder that are of no other host.
    /// `own` are the addresses that the site declares for it; none for a firewall that forwards the packets of others.
    /// Listings that are of another machine settle nothing.
    pub(super) fn facts(
        &self,
        exports: &[ExportId],
        name: &str,
        own: Option<&AddrSet>,
    ) -> Arc<HostFacts> {
        let mut facts = HostFacts::default();
        let none = AddrSet::empty();
        let of = Machine {
            name,
            addrs: own.unwrap_or(&none),
        };
        let mut ids = self.listing_ids(exports);
        let foreign = self.foreign(&ids, of);
        ids.retain(|i| foreign.iter().all(|f| f.listing != *i));
        let listings: Vec<&LoadedExport> =
            ids.iter().filter_map(|i| self.exports.get(*i)).collect();
        for e in &listings {
            add(&mut facts, e);
        }
        if let Some(heard) = &mut facts.heard {
            processes::join(heard, &listings);
        }
        let mut routing = routing(&listings);
        routing.own = match own {
            Some(own) if own.is_empty() => facts
                .main_addrs(platform::is_software_iface)
                .unwrap_or_default(),
            Some(own) => own.clone(),
            None => AddrSet::empty(),
        };
        facts.every_interface = routing.every_interface && facts.are_whole();
        let faces = routing.faces();
        (facts.faces, facts.unproven) = (faces.known, faces.unproven);
        facts.stale = routing.stale().map(|(name, route)| {
            let at = listings.iter().find(|e| holds(e, route));
            (name.to_owned(), at.map(|e| e.place(route.span)))
        });
        Arc::new(facts)
    }

    /// Where the listings say that an interface leads to an address: its route with the longest prefix, else the interface.
    pub(super) fn place_of_way(
        &self,
        exports: &[ExportId],
        name: &str,
        to: &AddrSet,
    ) -> Option<Place> {
        let listings = self.listings(exports);
        let mut best: Option<(u8, Place)> = None;
        for e in &listings {
            for c in &e.export.companions {
                match c {
                    Companion::Routes(l) => {
                        let there = l.routes.iter().take(PLACED).filter(|r| {
                            r.to.intersects(to) && r.interfaces.iter().any(|i| **i == *name)
                        });
                        for r in there {
                            if best.as_ref().is_none_or(|(length, _)| *length < r.length) {
                                best = Some((r.length, e.place(r.span)));
                            }
                        }
                    }
                    Companion::HostInterfaces(l) => {
                        let own = l.interfaces.iter().take(PLACED).find(|i| *i.name == *name);
                        if let (None, Some(i)) = (&best, own) {
                            best = Some((0, e.place(i.span)));
                        }
                    }
                    _ => {}
                }
            }
        }
        best.map(|(_, place)| place)
    }

    /// The exports with listings of the host of these.
    fn listings(&self, exports: &[ExportId]) -> Vec<&LoadedExport> {
        let all = self.listing_ids(exports).into_iter();
        all.filter_map(|i| self.exports.get(i)).collect()
    }

    /// The same, by their numbers.
    pub(super) fn listing_ids(&self, exports: &[ExportId]) -> Vec<ExportId> {
        let mut all: Vec<ExportId> = exports.to_vec();
        all.extend(self.exports.ids().filter(|i| {
            !exports.contains(i) && self.is_free_listing(*i) && self.is_of(exports, *i)
        }));
        all.sort_unstable();
        all.retain(|i| self.exports.get(*i).is_some_and(has_listing));
        all
    }

    /// Whether an export is nothing but listings, and no entry of the site names it.
    pub(super) fn is_free_listing(&self, at: ExportId) -> bool {
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

/// The name of the loopback interface of Linux.
const LOOPBACK: &str = "lo";

/// Whether a route is of an export.
fn holds(e: &LoadedExport, route: &Route) -> bool {
    let mut all = e.export.companions.iter();
    all.any(
        |c| matches!(c, Companion::Routes(l) if l.routes.iter().any(|r| std::ptr::eq(r, route))),
    )
}

/// What listings tell of a host's routing.
fn routing<'e>(listings: &[&'e LoadedExport]) -> Routing<'e> {
    let mut out = Routing::default();
    for c in listings.iter().flat_map(|e| &e.export.companions) {
        match c {
            // Windows names an interface by its address in `route print`, and its firewall asks for none.
            Companion::Routes(r) => out.routes.push(r),
            Companion::RoutingRules(r) => out.rules.push(r),
            Companion::HostInterfaces(l) => {
                let is_linux = l.interfaces.iter().any(|i| &*i.name == LOOPBACK);
                out.every_interface |= l.whole && is_linux;
                out.interfaces.extend(&l.interfaces);
            }
            _ => {}
        }
    }
    out
}

/// The place of a line of a listing; of a long listing, that of its beginning.
fn line(e: &LoadedExport, at: usize, own: Span, listing: Span) -> Place {
    e.place(if at < PLACED { own } else { listing })
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
                facts.listing.get_or_insert_with(|| e.place(listing.span));
                let each = listing.interfaces.iter().enumerate();
                facts
                    .interfaces
                    .extend(each.map(|(n, i)| (i.clone(), line(e, n, i.span, listing.span))));
            }
            Companion::Sockets(listing) => {
                let heard = facts.heard.get_or_insert_with(|| Heard {
                    tcp: false,
                    udp: false,
                    families: NONE,
                    sockets: Vec::new(),
                    services: false,
                    place: e.place(listing.span),
                });
                if listing.whole && (listing.tcp || listing.udp) {
                    let same = (heard.tcp, heard.udp) == (listing.tcp, listing.udp);
                    heard.families = match heard.tcp || heard.udp {
                        false => listing.families,
                        true if same => both(heard.families, listing.families),
                        // Each protocol is listed in these, whatever else one of them is listed in.
                        true => common(heard.families, listing.families),
                    };
                    heard.tcp |= listing.tcp;
                    heard.udp |= listing.udp;
                }
                let each = listing.sockets.iter().enumerate();
                heard
                    .sockets
                    .extend(each.map(|(n, s)| (s.clone(), line(e, n, s.span, listing.span))));
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

fn common(a: Families, b: Families) -> Families {
    Families {
        v4: a.v4 && b.v4,
        v6: a.v6 && b.v6,
    }
}

const NONE: Families = Families {
    v4: false,
    v6: false,
};
