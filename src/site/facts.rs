//! What a host's own listings say of it: its addresses, the interfaces that lead to its peers, what listens on it.

use crate::finding::Place;
use hylint_model::{Families, HostInterface, Running, Socket, own_addrs};
use hylint_space::{AddrSet, Family, class};

/// What the listings in a host's folder say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HostFacts {
    /// Its interfaces, each with where it stands; those of several listings one after the other.
    pub interfaces: Vec<(HostInterface, Place)>,
    /// The families whose addresses are shown whole: the host has no others.
    pub families: Option<Families>,
    /// A listing of Linux shows every interface.
    pub every_interface: bool,
    /// Where the first listing of interfaces begins.
    pub listing: Option<Place>,
    /// Which addresses each interface leads to, by its routes; disjoint. Addresses of which the routes do not tell are in
    /// none.
    pub faces: Vec<(String, AddrSet)>,
    /// Those of these addresses to which other routes may lead: the rules that pick a routing table are not listed, or an
    /// interface has no carrier.
    pub unproven: AddrSet,
    /// An interface of its routes that its listing of all interfaces does not show, with its route: one of the two listings is
    /// of another time or machine.
    pub stale: Option<(String, Option<Place>)>,
    /// What listens, if that is listed.
    pub heard: Option<Heard>,
    /// What its interfaces make of keywords that its rules may use.
    pub keywords: Vec<Keyword>,
}

/// What a keyword of rules stands for on a host.
#[derive(Clone, PartialEq, Debug)]
pub struct Keyword {
    /// Its key of `[resolve]`, such as `windows:LocalSubnet`.
    pub name: &'static str,
    /// Its addresses.
    pub addrs: AddrSet,
    /// Addresses of which the listing does not tell.
    pub open: AddrSet,
    /// Where the first of its interfaces stands.
    pub place: Place,
}

/// What listens on a host.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// Sockets of TCP are listed whole.
    pub tcp: bool,
    /// Sockets of UDP are listed whole.
    pub udp: bool,
    /// The families whose sockets are listed, of both protocols.
    pub families: Families,
    /// Each socket with where it stands, its process with its program and services where another listing tells them.
    pub sockets: Vec<(Socket, Place)>,
    /// The services of every process are listed.
    pub services: bool,
    /// Where the listing begins.
    pub place: Place,
}

impl Heard {
    /// The process that listens on a port at one of these addresses of a family, or at any if none is given, with where its
    /// socket stands. `None` if none does, if several do, or if its program is not printed.
    #[must_use]
    pub fn running(
        &self,
        (protocol, port): (u8, u16),
        at: &AddrSet,
        family: Family,
    ) -> Option<(Running<'_>, &Place)> {
        let at = at.only(family);
        let every = AddrSet::any_of(family);
        let of_port = self
            .sockets
            .iter()
            .filter(|(s, _)| s.protocol == protocol && s.port == port && s.addrs.has(family));
        let (wide, narrow): (Vec<_>, Vec<_>) =
            of_port.partition(|(s, _)| every.is_subset(&s.addrs));
        // Of several sockets on one port, the one that is bound to the address itself gets what is sent to it.
        let own = |s: &Socket| match at.is_empty() {
            true => !s.addrs.subtract(class::loopback()).is_empty(),
            false => s.addrs.intersects(&at),
        };
        let narrow: Vec<_> = narrow.into_iter().filter(|(s, _)| own(s)).collect();
        let bound = narrow
            .iter()
            .fold(AddrSet::empty(), |all, (s, _)| all.union(&s.addrs));
        let rest = at.is_empty() || !at.is_subset(&bound);
        if rest && wide.is_empty() && !at.is_empty() {
            return None;
        }
        let wide = wide.into_iter().filter(|_| rest);
        let mut all = narrow.into_iter().chain(wide);
        let (first, place) = all.next()?;
        let running = self.process(first)?;
        let same = all.all(|(s, _)| self.process(s) == Some(running));
        same.then_some((running, place))
    }

    fn process<'s>(&self, socket: &'s Socket) -> Option<Running<'s>> {
        let [program] = socket.programs.as_slice() else {
            return None;
        };
        Some(Running {
            program,
            services: &socket.services,
            listed: self.services || !socket.services.is_empty(),
        })
    }
}

impl HostFacts {
    /// Every address of the host that is shown, without those of loopback (127.0.0.0/8, ::1).
    #[must_use]
    pub fn addrs(&self) -> AddrSet {
        own_addrs(self.interfaces.iter().map(|(i, _)| i))
    }

    /// The addresses that a person would write down for the host: those of its one interface on the wire, of IPv4 if it has
    /// any. `None` if several interfaces have some, since listings do not tell which of them peers use.
    #[must_use]
    pub fn main_addrs(&self, is_software: impl Fn(&str) -> bool) -> Option<AddrSet> {
        let local = class::link_local().union(class::loopback());
        let wired =
            self.interfaces.iter().map(|(i, _)| i).filter(|i| {
                !i.loopback && !i.tunnel && i.up != Some(false) && !is_software(&i.name)
            });
        let each = wired.map(|i| i.addrs.subtract(&local));
        let each: Vec<AddrSet> = each.filter(|a| !a.is_empty()).collect();
        for family in Family::BOTH {
            let mut of_family = each
                .iter()
                .map(|a| a.only(family))
                .filter(|a| !a.is_empty());
            if let Some(first) = of_family.next() {
                return of_family.all(|other| other == first).then_some(first);
            }
        }
        None
    }

    /// Whether all addresses of a host are shown, in both families.
    #[must_use]
    pub fn are_whole(&self) -> bool {
        self.families == Some(Families::BOTH)
    }

    /// The addresses of which it is not sure where they are, but of those that the site names.
    #[must_use]
    pub fn unproven_beside(&self, said: &[(String, AddrSet)]) -> AddrSet {
        let rest = |all: AddrSet, (_, a): &(String, AddrSet)| all.subtract(a);
        said.iter().fold(self.unproven.clone(), rest)
    }

    /// The interfaces that lead to addresses: those that the site names, and for other addresses those of the routes.
    #[must_use]
    pub fn with_faces(&self, said: &[(String, AddrSet)]) -> Vec<(String, AddrSet)> {
        let known = said
            .iter()
            .fold(AddrSet::empty(), |all, (_, a)| all.union(a));
        let mut all = said.to_vec();
        let rest = self
            .faces
            .iter()
            .map(|(n, a)| (n.clone(), a.subtract(&known)));
        all.extend(rest.filter(|(_, a)| !a.is_empty()));
        all
    }
}
