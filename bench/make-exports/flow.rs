//! A rule before it is of a format.

use hylint_space::{AddrSet, PortSet, RangeSet};

/// Flows that a rule lets pass or stops.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// Name or comment.
    pub name: String,
    /// Allow or deny.
    pub allow: bool,
    /// To the host, or from it.
    pub inbound: bool,
    /// IP protocol; `None` is any.
    pub proto: Option<u8>,
    /// The other end.
    pub peer: AddrSet,
    /// Destination addresses of an inbound rule where it names them: lists of forwarding firewalls and ACLs do.
    pub own: AddrSet,
    /// Destination ports.
    pub ports: PortSet,
    /// User chain of netfilter, by number.
    pub chain: Option<usize>,
}

impl Flow {
    /// An inbound allow.
    pub(crate) fn allow(name: String, proto: u8, peer: AddrSet, ports: PortSet) -> Self {
        Self {
            name,
            allow: true,
            inbound: true,
            proto: Some(proto),
            peer,
            own: AddrSet::any(),
            ports,
            chain: None,
        }
    }
}

/// IPv4 addresses from `lo` to `hi`.
pub(crate) fn v4(lo: u32, hi: u32) -> AddrSet {
    AddrSet {
        v4: RangeSet::range(lo, hi),
        v6: RangeSet::empty(),
    }
}

/// An IPv4 prefix; host bits are cleared.
pub(crate) fn prefix(addr: u32, len: u32) -> AddrSet {
    let host = u32::MAX.checked_shr(len).unwrap_or(0);
    v4(addr & !host, addr | host)
}

/// Every IPv4 address.
pub(crate) fn any_v4() -> AddrSet {
    v4(0, u32::MAX)
}
