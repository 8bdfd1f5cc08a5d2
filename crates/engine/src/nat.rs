//! Address translation on the packet path of Linux (iptables-extensions(8): DNAT, REDIRECT, NETMAP).

use super::context::Context;
use super::packets::{family, of_one};
use super::piece::Piece;
use hylint_model::Direction;
use hylint_model::{Nat, NatKind};
use hylint_space::{AddrSet, PacketBox, PortSet, RangeSet, Scalar, StateSet};
use std::ops::{BitAnd, BitOr, BitXor};

/// Pieces after translation. Source translation happens after every verdict and changes nothing here.
pub(super) fn translate<'a>(
    ctx: &Context<'a>,
    dir: Direction,
    mut p: Piece<'a>,
    nat: &'a Nat,
    out: &mut Vec<Piece<'a>>,
) {
    let dst = match nat.kind {
        NatKind::Snat | NatKind::Masquerade => {
            p.masked = Some(nat);
            return out.push(p);
        }
        NatKind::Redirect => redirected(ctx, dir, &p),
        NatKind::Dnat => new_addrs(&p, nat),
        NatKind::Netmap => mapped(&p.space.dst, &new_addrs(&p, nat)),
    };
    let onto = PacketBox {
        dst,
        dport: nat.ports.clone().unwrap_or_else(PortSet::full),
        ..PacketBox::any()
    };
    // A translation onto itself leaves no trace in the connection.
    let moved = StateSet::exactly(StateSet::NEW, true, false);
    let still = StateSet::exactly(StateSet::NEW, false, false);
    let to = |space: PacketBox| -> PacketBox {
        let dport = match nat.ports {
            Some(_) => onto.dport.clone(),
            None => space.dport.clone(),
        };
        PacketBox {
            dst: onto.dst.clone(),
            dport,
            ..space
        }
    };
    let keeps_address = nat.kind == NatKind::Dnat && nat.addrs.is_none();
    let mut send = |from: PacketBox, to: PacketBox, state: StateSet| {
        let end = if state == still {
            p.ends.dst
        } else {
            p.ends.dst.moved(&from, &to, keeps_address)
        };
        let sent = sent_on(from, to, &p, nat.kind == NatKind::Redirect, state);
        out.extend(sent.map(|mut q| {
            q.ends.dst = end;
            q
        }));
    };
    let lone = |b: &PacketBox| b.dst.v4.count() + b.dst.v6.count() == 1 && b.dport.count() == 1;
    let all = &p.space;
    if lone(&to(all.clone())) {
        send(all.intersect(&onto), all.intersect(&onto), still);
        for part in all.subtract(&onto) {
            send(part.clone(), to(part), moved);
        }
    } else if lone(all) {
        send(all.clone(), all.intersect(&onto), still);
        for part in to(all.clone()).subtract(all) {
            send(all.clone(), part, moved);
        }
    } else {
        let either = onto.intersects(all);
        let state = if either { moved.union(still) } else { moved };
        send(all.clone(), to(all.clone()), state);
    }
}

/// Where REDIRECT leads: from this host to its loopback address, else to the first address of the interface that the
/// packet came in by (Linux `nf_nat_redirect`). Which of this host's addresses that is no export tells; an address of one
/// host it is.
fn redirected(ctx: &Context<'_>, dir: Direction, p: &Piece<'_>) -> AddrSet {
    let family = family(&p.space);
    if dir == Direction::Out {
        return AddrSet {
            v4: RangeSet::single(0x7F00_0001),
            v6: RangeSet::single(1),
        }
        .only(family);
    }
    let own = ctx.local.only(family);
    if own.has(family) {
        own
    } else {
        of_one().only(family)
    }
}

fn new_addrs(p: &Piece<'_>, nat: &Nat) -> AddrSet {
    match &nat.addrs {
        Some(a) => a.only(family(&p.space)),
        None => p.space.dst.clone(),
    }
}

/// The packets `from`, a part of `p`, as they are after translation.
fn sent_on<'a>(
    from: PacketBox,
    to: PacketBox,
    p: &Piece<'a>,
    redirected: bool,
    state: StateSet,
) -> Option<Piece<'a>> {
    if from.is_empty() || to.is_empty() {
        return None;
    }
    let mut q = Piece {
        space: to,
        redirected,
        ..p.clone()
    };
    if q.sent_to.is_none() {
        q.sent_to = Some(Box::new((from.dst, from.dport)));
    }
    // nat chains see only packets that start a connection.
    q.restate(state);
    Some(q)
}

/// The image of addresses in another network, host bits kept (NETMAP).
fn mapped(from: &AddrSet, to: &AddrSet) -> AddrSet {
    fn image<T: Scalar + BitAnd<Output = T> + BitOr<Output = T> + BitXor<Output = T>>(
        from: &RangeSet<T>,
        to: &RangeSet<T>,
    ) -> RangeSet<T> {
        let Some((lo, hi)) = to.iter().next() else {
            return RangeSet::empty();
        };
        let host = lo ^ hi;
        let each = from.iter().map(|(a, b)| {
            // Within one network of that size the host bits ascend with the address.
            if (a ^ b) & host == a ^ b {
                (lo | a & host, lo | b & host)
            } else {
                (lo, hi)
            }
        });
        each.collect()
    }
    AddrSet {
        v4: image(&from.v4, &to.v4),
        v6: image(&from.v6, &to.v6),
    }
}
