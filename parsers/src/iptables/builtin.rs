//! The tables and chains of iptables, and where the kernel calls them.

use hylint_model::{BaseChain, ChainType, Hook, TableFamily, priority};
use hylint_space::Family;

/// The chains that the kernel calls, with their hooks.
pub(super) const BASE_CHAINS: [(&str, Hook); 5] = [
    ("PREROUTING", Hook::Prerouting),
    ("INPUT", Hook::Input),
    ("FORWARD", Hook::Forward),
    ("OUTPUT", Hook::Output),
    ("POSTROUTING", Hook::Postrouting),
];

/// Whether a chain has the name of one that the kernel calls.
#[must_use]
pub fn is_base_chain(name: &str) -> bool {
    BASE_CHAINS.iter().any(|(n, _)| *n == name)
}

/// The name of a hook's chain; empty of a hook at which iptables has none.
#[must_use]
pub fn chain_name(hook: Hook) -> &'static str {
    let found = BASE_CHAINS.iter().find(|(_, h)| *h == hook);
    found.map_or("", |(name, _)| name)
}

/// The tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) enum TableName {
    /// raw.
    Raw,
    /// mangle.
    Mangle,
    /// nat.
    Nat,
    /// filter.
    Filter,
    /// security.
    Security,
}

impl TableName {
    /// Each with its name.
    pub(super) const EACH: [(Self, &'static str); 5] = [
        (Self::Raw, "raw"),
        (Self::Mangle, "mangle"),
        (Self::Nat, "nat"),
        (Self::Filter, "filter"),
        (Self::Security, "security"),
    ];

    /// Reads a table's name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::EACH.iter().find(|(_, n)| *n == name).map(|(t, _)| *t)
    }

    /// The name in a dump.
    pub(super) fn as_str(self) -> &'static str {
        let found = Self::EACH.iter().find(|(t, _)| *t == self);
        found.map_or("", |(_, name)| name)
    }

    /// The priority at which the table's chain stands at a hook; `None` where it has no chain. The legacy tools and the
    /// kernel agree (include/uapi/linux/netfilter_ipv4.h; `iptable_nat`, `iptable_raw`, …).
    const fn priority(self, hook: Hook) -> Option<i32> {
        use Hook::{Forward, Input, Output, Postrouting, Prerouting};
        Some(match (self, hook) {
            (Self::Raw, Prerouting | Output) => priority::RAW,
            (Self::Mangle, Prerouting | Input | Forward | Output | Postrouting) => priority::MANGLE,
            (Self::Nat, Prerouting | Output) => priority::NAT_DST,
            (Self::Nat, Input | Postrouting) => priority::NAT_SRC,
            (Self::Filter, Input | Forward | Output) => priority::FILTER,
            (Self::Security, Input | Forward | Output) => priority::SECURITY,
            _ => return None,
        })
    }

    /// Whether the kernel calls a chain of the name in this table. `PREROUTING` of the filter table is a chain like any other.
    pub(super) fn calls(self, chain: &str) -> bool {
        let hook = BASE_CHAINS.iter().find(|(name, _)| *name == chain);
        hook.is_some_and(|(_, hook)| self.priority(*hook).is_some())
    }

    const fn kind(self, hook: Hook) -> ChainType {
        match (self, hook) {
            (Self::Nat, _) => ChainType::Nat,
            // What is marked or rewritten on its way out is routed anew.
            (Self::Mangle, Hook::Output) => ChainType::Route,
            _ => ChainType::Filter,
        }
    }

    /// Where the kernel calls a chain of the table; `None` of a chain that only rules call. `legacy`: the dump says that it
    /// is of the legacy tools. iptables-nft puts the security table elsewhere (`xtables_ipv4`, iptables/nft.c).
    pub(super) fn base(self, chain: &str, family: TableFamily, legacy: bool) -> Option<BaseChain> {
        let (_, hook) = *BASE_CHAINS.iter().find(|(n, _)| *n == chain)?;
        let either = self == Self::Security && !legacy;
        Some(BaseChain {
            hook,
            kind: self.kind(hook),
            priority: self.priority(hook)?,
            or_priority: either.then_some(NFT_SECURITY),
            family,
            devices: Vec::new(),
        })
    }
}

/// The priority of the security table in iptables-nft.
const NFT_SECURITY: i32 = 150;

/// Where the kernel calls a chain of a table of iptables; `None` of a chain that only rules call, and of another table.
/// Nothing tells which of the tools made it.
#[must_use]
pub fn base_chain(table: &str, chain: &str, family: TableFamily) -> Option<BaseChain> {
    TableName::parse(table)?.base(chain, family, false)
}

/// The family of the tables of a dump.
pub(super) const fn table_family(family: Option<Family>) -> TableFamily {
    match family {
        Some(Family::V4) => TableFamily::Ip,
        Some(Family::V6) => TableFamily::Ip6,
        None => TableFamily::Inet,
    }
}
