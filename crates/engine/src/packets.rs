//! Boxes of packets: their family, their ends, and the addresses that Linux takes them to have.

use hylint_model::Side;
use hylint_space::{AddrSet, Family, PacketBox, RangeSet, class};

/// Narrows one end of a box to a set of addresses, or to those outside of it.
pub(super) fn narrow(space: &mut PacketBox, side: Side, set: &AddrSet, negated: bool) {
    let addrs = if side == Side::Src {
        &mut space.src
    } else {
        &mut space.dst
    };
    *addrs = if negated {
        addrs.subtract(set)
    } else {
        addrs.intersect(set)
    };
}

/// 255.255.255.255, and 0.0.0.0/8 as Linux counts it there too (`inet_addr_type`).
pub(super) fn broadcast() -> AddrSet {
    AddrSet {
        v4: RangeSet::range(0, 0x00FF_FFFF).union(&RangeSet::single(u32::MAX)),
        v6: RangeSet::empty(),
    }
}

/// Addresses that an interface may have: all but those of many, and in IPv6 the unspecified one (RFC 4291, 2.5.2).
pub(super) fn of_one() -> AddrSet {
    let mut none = class::multicast().union(&broadcast());
    none.v6 = none.v6.union(&RangeSet::single(0));
    none.complement()
}

/// The family of a query box: IPv4 if it holds IPv4 packets, else IPv6.
pub(super) fn family(b: &PacketBox) -> Family {
    if b.src.v4.is_empty() || b.dst.v4.is_empty() {
        Family::V6
    } else {
        Family::V4
    }
}
