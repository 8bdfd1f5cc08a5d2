//! What is asked about a packet's connection (iptables-extensions(8), conntrack).
//!
//! A packet that starts a connection tells all of it: the connection's first packet is this one as it was sent, its replies
//! go back to where this one has come to. Of a packet of a known connection nothing of that is known, unless its
//! conversation is followed from the first packet on. A packet without a connection meets no such question (`conntrack_mt` in
//! net/netfilter/xt_conntrack.c); the reader says so by states.

use super::packets::narrow;
use super::piece::Piece;
use super::tri::Tri;
use hylint_model::{ConnTest, Side};
use hylint_space::{AddrSet, PacketBox, PortSet, StateSet, proto};

/// Decides a test for packets of a piece, narrowing `space`; `None` if it stays open.
pub(super) fn decide(
    piece: &Piece<'_>,
    test: &ConnTest,
    negated: bool,
    space: &mut PacketBox,
) -> Option<Tri> {
    let known = piece.known.as_deref();
    let decided = match known {
        Some(_) => StateSet::TRACKED,
        None => StateSet::NEW,
    };
    if space.state.0 & !decided.0 != 0 {
        return None;
    }
    let back = known.is_some_and(|k| k.reply);
    let truth = |b: bool| Tri::of(b != negated);
    let other_end = |reply: bool, side: Side| elsewhere(piece, back, reply, side);
    match test {
        ConnTest::Way { reply } => Some(truth(*reply == back)),
        ConnTest::Later if known.is_some() => None,
        ConnTest::Later => Some(truth(false)),
        ConnTest::Addr { reply, side, set } => {
            if let Some((addrs, _)) = other_end(*reply, *side) {
                return inside(addrs.is_subset(set), addrs.intersects(set)).map(truth);
            }
            narrow(space, asked(*reply != back, *side), set, negated);
            Some(Tri::True)
        }
        ConnTest::Port { .. } if has_other_numbers(space) => None,
        ConnTest::Port { reply, side, set } => {
            if let Some((_, ports)) = other_end(*reply, *side) {
                return inside(ports.is_subset(set), ports.intersects(set)).map(truth);
            }
            narrow_ports(space, asked(*reply != back, *side), set, negated);
            Some(Tri::True)
        }
    }
}

/// The address and ports that are asked about, where the packet does not have them now: where it went at first if it has been
/// sent elsewhere since, and the end of a translated connection that this packet shows no more or not yet.
fn elsewhere<'p>(
    piece: &'p Piece<'_>,
    back: bool,
    reply: bool,
    side: Side,
) -> Option<(&'p AddrSet, &'p PortSet)> {
    let known = piece.known.as_deref();
    match (back, reply, side) {
        (false, false, Side::Dst) => piece.sent_to.as_deref().map(|(a, p)| (a, p)),
        (false, true, Side::Src) => known?.dst.as_ref().map(|m| (&m.addrs, &m.ports)),
        (true, false, Side::Dst) => known?.src.as_ref().map(|(a, p)| (a, p)),
        _ => None,
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
