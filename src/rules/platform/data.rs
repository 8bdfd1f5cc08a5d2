//! What is kept of the files under `rules/platform`.

use hylint_space::{AddrSet, PacketBox, PortSet};

/// A service that must not be open to anyone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// Name for people.
    pub name: String,
    /// IP protocol number.
    pub proto: u8,
    /// Its ports.
    pub ports: PortSet,
}

/// A rule that comes with the platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Builtin {
    /// True: every machine needs it to be on a network at all.
    pub core: bool,
}

/// A program that writes chains by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// Its name for people.
    pub name: String,
    /// What to do instead of editing what it wrote, as an imperative.
    pub change: String,
    /// Its tables of nft, with their family.
    pub(super) tables: Vec<String>,
    /// Its chains in the tables of iptables.
    pub(super) chains: Vec<String>,
    /// Those of its chains whose rules people order.
    pub(super) edited: Vec<String>,
}

/// Where a background flow belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum On {
    Any,
    Host,
    Aws,
    Azure,
}

/// A flow that a platform needs whatever its purpose.
#[derive(Clone, PartialEq, Debug)]
pub struct Background {
    /// Name for people.
    pub name: String,
    /// Its packets.
    pub space: PacketBox,
    pub(super) on: On,
}

/// Ports and programs of one shipped rule.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Signature {
    pub(super) proto: u8,
    /// Ports, or the ICMP codes of any type.
    pub(super) local: PortSet,
    /// Ports of the peer, or ICMP types.
    pub(super) remote: PortSet,
    pub(super) programs: Vec<String>,
    pub(super) local_subnet: bool,
}

/// Programs behind which many others stand, as file names in lower case.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Hosts {
    /// Hosts of Windows services.
    pub(super) shared: Vec<String>,
    /// What runs other programs' code.
    pub(super) runtimes: Vec<String>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Group {
    pub(super) core: bool,
    /// Lower case: names, and resources without a directory.
    pub(super) keys: Vec<String>,
    pub(super) rules: Vec<Signature>,
}

#[derive(Debug, Default)]
pub(super) struct Platform {
    pub(super) groups: Vec<Group>,
    pub(super) services: Vec<Service>,
    pub(super) software: Vec<String>,
    /// Programs behind which many others stand.
    pub(super) hosts: Hosts,
    pub(super) background: Vec<Background>,
    pub(super) owners: Vec<Owner>,
}

/// Addresses of a list of texts that [`AddrSet::parse`] reads.
pub(super) fn addresses<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<AddrSet> {
    let mut all = AddrSet::empty();
    for t in texts {
        all = all.union(&AddrSet::parse(t)?);
    }
    Some(all)
}
