//! What a host's own listings say of it: its addresses, the interfaces that lead to its peers, what listens on it.

use crate::finding::Place;
use hylint_model::{Families, HostInterface, Running, Socket};
use hylint_space::{AddrSet, Family};

/// What the listings in a host's folder say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HostFacts {
    /// Its interfaces, each with where it stands; those of several listings one after the other.
    pub interfaces: Vec<(HostInterface, Place)>,
    /// The families whose addresses are shown whole: the host has no others.
    pub families: Option<Families>,
    /// Which addresses each interface leads to, by its routes; disjoint. Addresses of which the routes do not tell are in
    /// none.
    pub faces: Vec<(String, AddrSet)>,
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
    /// The families whose sockets are listed.
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
        let here = |s: &Socket| match at.is_empty() {
            true => s.addrs.has(family),
            false => s.addrs.intersects(&at),
        };
        let mut all = self
            .sockets
            .iter()
            .filter(|(s, _)| s.protocol == protocol && s.port == port && here(s));
        let (first, place) = all.next()?;
        let running = self.process(first)?;
        let covers = at.is_empty() || at.is_subset(&first.addrs);
        let same = all.all(|(s, _)| self.process(s) == Some(running));
        (covers && same).then_some((running, place))
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
    /// Every address of the host that is shown, without those of loopback interfaces.
    #[must_use]
    pub fn addrs(&self) -> AddrSet {
        let own = self.interfaces.iter().filter(|(i, _)| !i.loopback);
        own.fold(AddrSet::empty(), |all, (i, _)| all.union(&i.addrs))
    }
}
