//! One packet, as a point of packet space.

use hylint_space::{AddrSet, Family, FlagSet, PacketBox, RangeSet, StateSet};

/// One packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Its family.
    pub family: Family,
    /// Source address; of IPv4 the low 32 bits.
    pub src: u128,
    /// Destination address.
    pub dst: u128,
    /// Protocol.
    pub proto: u8,
    /// Source port or ICMP type.
    pub sport: u16,
    /// Destination port or ICMP code.
    pub dport: u16,
    /// TCP flags.
    pub flags: FlagSet,
    /// State.
    pub state: StateSet,
    /// Incoming interface.
    pub in_iface: u128,
    /// Outgoing interface.
    pub out_iface: u128,
}

impl Packet {
    /// The lowest packet of a box, IPv4 first.
    #[must_use]
    pub fn lowest(b: &PacketBox) -> Option<Self> {
        let v4 = b.src.v4.first().zip(b.dst.v4.first());
        let v6 = || b.src.v6.first().zip(b.dst.v6.first());
        let (family, src, dst) = match v4 {
            Some((s, d)) => (Family::V4, s.into(), d.into()),
            None => v6().map(|(s, d)| (Family::V6, s, d))?,
        };
        let low = |n: u64| n & n.wrapping_neg();
        let state = u32::try_from(low(b.state.0.into())).ok()?;
        Some(Self {
            family,
            src,
            dst,
            proto: b.proto.first()?,
            sport: b.sport.first()?,
            dport: b.dport.first()?,
            flags: FlagSet(low(b.flags.0)),
            state: StateSet(state),
            in_iface: b.in_iface.first()?,
            out_iface: b.out_iface.first()?,
        })
        .filter(|p| p.flags.0 != 0 && p.state.0 != 0)
    }

    /// The box of this packet alone.
    #[must_use]
    pub fn space(&self) -> PacketBox {
        let addr = |a: u128| match self.family {
            Family::V4 => AddrSet {
                v4: u32::try_from(a).map_or_else(|_| RangeSet::empty(), RangeSet::single),
                v6: RangeSet::empty(),
            },
            Family::V6 => AddrSet {
                v4: RangeSet::empty(),
                v6: RangeSet::single(a),
            },
        };
        PacketBox {
            src: addr(self.src),
            dst: addr(self.dst),
            proto: RangeSet::single(self.proto),
            sport: RangeSet::single(self.sport),
            dport: RangeSet::single(self.dport),
            flags: self.flags,
            state: self.state,
            in_iface: RangeSet::single(self.in_iface),
            out_iface: RangeSet::single(self.out_iface),
        }
    }

    /// Whether the packet is in the box.
    #[must_use]
    pub fn is_in(&self, b: &PacketBox) -> bool {
        let addrs = match self.family {
            Family::V4 => match (u32::try_from(self.src), u32::try_from(self.dst)) {
                (Ok(s), Ok(d)) => b.src.v4.contains(s) && b.dst.v4.contains(d),
                _ => false,
            },
            Family::V6 => b.src.v6.contains(self.src) && b.dst.v6.contains(self.dst),
        };
        addrs
            && b.proto.contains(self.proto)
            && b.sport.contains(self.sport)
            && b.dport.contains(self.dport)
            && self.flags.0 & b.flags.0 != 0
            && self.state.0 & b.state.0 != 0
            && b.in_iface.contains(self.in_iface)
            && b.out_iface.contains(self.out_iface)
    }
}
