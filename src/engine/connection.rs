//! What is asked about a packet's connection (iptables-extensions(8), conntrack).
//!
//! A packet that starts a connection tells all of it: the connection's first packet is this one as it was sent, its replies
//! go back to where this one has come to. Of a packet of a known connection nothing of that is known. A packet without a
//! connection meets no such question (`conntrack_mt` in net/netfilter/xt_conntrack.c); the reader says so by states.

use super::Piece;
use super::matching::{Tri, narrow};
use hylint_parsers::model::{ConnTest, Side};
use hylint_parsers::space::{PacketBox, PortSet, StateSet, proto};

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
    let truth = |b: bool| Some(Tri::of(b != negated));
    match test {
        ConnTest::Way { reply } => truth(!reply),
        ConnTest::Later => truth(false),
        ConnTest::Addr { reply, side, set } => {
            let side = asked(*reply, *side);
            match (&piece.sent_to, reply, side) {
                (Some(sent), false, Side::Dst) => {
                    inside(sent.0.is_subset(set), sent.0.intersects(set))
                        .map(|b| Tri::of(b != negated))
                }
                _ => {
                    narrow(space, side, set, negated);
                    Some(Tri::True)
                }
            }
        }
        ConnTest::Port { reply, side, set } => {
            if has_other_numbers(space) {
                return None;
            }
            let side = asked(*reply, *side);
            match (&piece.sent_to, reply, side) {
                (Some(sent), false, Side::Dst) => {
                    inside(sent.1.is_subset(set), sent.1.intersects(set))
                        .map(|b| Tri::of(b != negated))
                }
                _ => {
                    narrow_ports(space, side, set, negated);
                    Some(Tri::True)
                }
            }
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
