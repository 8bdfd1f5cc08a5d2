//! What is asked about a packet's connection (iptables-extensions(8), conntrack).
//!
//! A packet that starts a connection tells all of it: the connection's first packet is this one as it was sent, its replies
//! go back to where this one has come to. Of a packet of a known connection nothing of that is known. A packet without a
//! connection meets no such question (`conntrack_mt` in net/netfilter/xt_conntrack.c); the reader says so by states.

use super::packets::narrow;
use super::piece::Piece;
use super::tri::Tri;
use hylint_model::{ConnTest, Side};
use hylint_space::{PacketBox, PortSet, StateSet, proto};

/// Decides a test for packets of a piece, narrowing `space`; `None` if it stays open.
pub(super) fn decide(
    piece: &Piece<'_>,
    test: &ConnTest,
    negated: bool,
    space: &mut PacketBox,
) -> Option<Tri> {
    if space.state.0 & !StateSet::NEW.0 != 0 {
        return None;
    }
    let truth = |b: bool| Tri::of(b != negated);
    // Where the packet went at first, if it has been sent elsewhere since.
    let sent = |reply: bool, side: Side| {
        let sent = piece.sent_to.as_deref();
        sent.filter(|_| !reply && side == Side::Dst)
    };
    match test {
        ConnTest::Way { reply } => Some(truth(!reply)),
        ConnTest::Later => Some(truth(false)),
        ConnTest::Addr { reply, side, set } => {
            if let Some((addrs, _)) = sent(*reply, *side) {
                return inside(addrs.is_subset(set), addrs.intersects(set)).map(truth);
            }
            narrow(space, asked(*reply, *side), set, negated);
            Some(Tri::True)
        }
        ConnTest::Port { .. } if has_other_numbers(space) => None,
        ConnTest::Port { reply, side, set } => {
            if let Some((_, ports)) = sent(*reply, *side) {
                return inside(ports.is_subset(set), ports.intersects(set)).map(truth);
            }
            narrow_ports(space, asked(*reply, *side), set, negated);
            Some(Tri::True)
        }
    }
}

/// The end of this packet that the question is about.
fn asked(reply: bool, side: Side) -> Side {
    match (reply, side) {
        (false, side) => side,
        (true, Side::Src) => Side::Dst,
        (true, Side::Dst) => Side::Src,
    }
}

fn inside(all: bool, some: bool) -> Option<bool> {
    match (all, some) {
        (true, _) => Some(true),
        (_, false) => Some(false),
        _ => None,
    }
}

/// Whether connection tracking may know packets by other numbers in the place of ports (ICMP, GRE), or kernels differ in it.
/// Of any other protocol without ports it has 0 there, as the packets of a box have.
fn has_other_numbers(space: &PacketBox) -> bool {
    const OTHER: [u8; 5] = [proto::ICMP, proto::ICMPV6, 47, proto::DCCP, proto::UDPLITE];
    OTHER.iter().any(|p| space.proto.contains(*p))
}

fn narrow_ports(space: &mut PacketBox, side: Side, set: &PortSet, negated: bool) {
    let ports = if side == Side::Src {
        &mut space.sport
    } else {
        &mut space.dport
    };
    *ports = if negated {
        ports.subtract(set)
    } else {
        ports.intersect(set)
    };
}
