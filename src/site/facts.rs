//! What a host's own listings say of it: its addresses, the interfaces that lead to its peers, what listens on it.

use crate::finding::Place;
use hylint_model::{Families, HostInterface, Socket};
use hylint_space::AddrSet;

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
    /// Each socket with where it stands.
    pub sockets: Vec<(Socket, Place)>,
    /// Where the listing begins.
    pub place: Place,
}

impl HostFacts {
    /// Every address of the host that is shown, without those of loopback interfaces.
    #[must_use]
    pub fn addrs(&self) -> AddrSet {
        let own = self.interfaces.iter().filter(|(i, _)| !i.loopback);
        own.fold(AddrSet::empty(), |all, (i, _)| all.union(&i.addrs))
    }
}
