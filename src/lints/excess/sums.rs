//! What boxes hold together.

use hylint_space::{PacketBox, PortSet, ProtoSet, proto};

/// Whether the boxes hold nearly every port of TCP or UDP.
pub(super) fn all_ports(b: &PacketBox) -> bool {
    let transport = b.proto.contains(proto::TCP) || b.proto.contains(proto::UDP);
    transport && b.dport.count() > 60_000
}

/// Ports of the boxes.
pub(super) fn ports(boxes: &[PacketBox]) -> PortSet {
    boxes
        .iter()
        .fold(PortSet::empty(), |a, b| a.union(&b.dport))
}

/// Protocols of the boxes.
pub(super) fn protocols(boxes: &[PacketBox]) -> ProtoSet {
    boxes
        .iter()
        .fold(ProtoSet::empty(), |a, b| a.union(&b.proto))
}
