//! What stands between the ends of flows: load balancers, virtual addresses, NAT.

use crate::rules::matrix::RoleIx;
use hylint_space::AddrSet;
use std::collections::BTreeMap;

/// A `[[via]]` of the site. Senders are judged to its front, the hosts behind it from what they see.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Via {
    /// Its name, else its addresses.
    pub name: String,
    /// Its name and its front, as findings tell them: `sql-vip (10.20.5.10)`.
    pub label: String,
    /// The addresses that senders use; empty: those of the hosts.
    pub front: AddrSet,
    /// Names of the site's hosts behind it, ascending.
    pub hosts: Vec<String>,
    /// Addresses behind it.
    pub addrs: AddrSet,
    /// Roles of which some host is behind it, ascending.
    pub roles: Vec<RoleIx>,
    /// Those of which every host is.
    pub whole: Vec<RoleIx>,
    /// What the hosts see as source; empty: the senders' own addresses.
    pub sources: AddrSet,
    /// Roles that go through it; none: every sender that is not behind it.
    pub senders: Option<Vec<RoleIx>>,
    /// Its senders reach the hosts directly, too.
    pub direct: bool,
    /// The hosts have the front among their own addresses: packets reach them with the front as destination.
    pub carried: bool,
    /// Names of hosts at either end that have no address of the family that they need here, ascending.
    pub apart: Vec<String>,
    /// The port at the front → the port at the hosts, where it is another one.
    pub ports: BTreeMap<u16, u16>,
    /// The same of the lists of ports that flows have.
    pub lists: BTreeMap<Vec<u16>, Vec<u16>>,
}

impl Via {
    /// Whether the hosts of a role go through it.
    #[must_use]
    pub fn sends(&self, role: RoleIx) -> bool {
        self.senders.as_ref().is_none_or(|s| s.contains(&role))
    }

    /// Whether it leads to some host of a role.
    #[must_use]
    pub fn leads_to(&self, role: RoleIx) -> bool {
        self.roles.binary_search(&role).is_ok()
    }

    /// The ports at the hosts for ports at the front.
    #[must_use]
    pub fn behind<'p>(&'p self, ports: &'p [u16]) -> &'p [u16] {
        self.lists.get(ports).map_or(ports, Vec::as_slice)
    }

    /// The port at the hosts for one at the front.
    #[must_use]
    pub fn behind_one(&self, port: u16) -> u16 {
        self.ports.get(&port).copied().unwrap_or(port)
    }
}
