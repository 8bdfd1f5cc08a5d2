//! Sets that several rules name, held once.

use crate::Span;
use hylint_space::{AddrSet, IfaceSet, PacketBox, PortSet, ProtoSet};

crate::number! {
    /// A set of a netfilter, by its place in [`super::Netfilter::sets`].
    NamedSetId
}

/// A field of a packet that may be looked up in a set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum PacketField {
    /// Source address.
    Src,
    /// Destination address.
    Dst,
    /// Source port.
    Sport,
    /// Destination port.
    Dport,
    /// Protocol.
    Protocol,
    /// Incoming interface.
    InInterface,
    /// Outgoing interface.
    OutInterface,
}

/// Values of one field of a set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Values {
    /// Addresses.
    Addrs(AddrSet),
    /// Ports.
    Ports(PortSet),
    /// Protocols.
    Protocols(ProtoSet),
    /// Interfaces.
    Interfaces(IfaceSet),
}

/// A set that rules name.
#[derive(Clone, PartialEq, Debug)]
pub struct NamedSet {
    /// Its name.
    pub name: Box<str>,
    /// Its text.
    pub span: Span,
    /// Its members: each holds values for every field, and they may overlap. A set of one field has one member with all
    /// values.
    pub members: Vec<Box<[Values]>>,
}

impl NamedSet {
    /// The part of a box that a member holds, looked up in these fields; empty if none. `None` if the fields are not those
    /// of the set.
    #[must_use]
    pub fn part(values: &[Values], fields: &[PacketField], b: &PacketBox) -> Option<PacketBox> {
        use PacketField::{Dport, Dst, InInterface, OutInterface, Protocol, Sport, Src};
        if fields.len() != values.len() {
            return None;
        }
        let mut b = b.clone();
        for (field, values) in fields.iter().zip(values) {
            match (field, values) {
                (Src, Values::Addrs(a)) => b.src = b.src.intersect(a),
                (Dst, Values::Addrs(a)) => b.dst = b.dst.intersect(a),
                (Sport, Values::Ports(p)) => b.sport = b.sport.intersect(p),
                (Dport, Values::Ports(p)) => b.dport = b.dport.intersect(p),
                (Protocol, Values::Protocols(p)) => b.proto = b.proto.intersect(p),
                (InInterface, Values::Interfaces(i)) => b.in_iface = b.in_iface.intersect(i),
                (OutInterface, Values::Interfaces(i)) => b.out_iface = b.out_iface.intersect(i),
                _ => return None,
            }
        }
        Some(b)
    }
}
