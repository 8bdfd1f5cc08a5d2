//! The packets that are asked about: those that a connection begins with, as `trace` takes them where nothing else is said.

use hylint_space::{
    AddrSet, Family, FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags, proto,
};

/// First packets of one kind.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub packets: PacketBox,
    /// They begin conversations that are followed.
    pub conversed: bool,
}

/// Types that start a connection of ICMP, and of ICMPv6: echo, timestamp, information and address mask requests (RFC 792,
/// RFC 950, RFC 4443; `nf_conntrack_icmp_packet`).
const REQUESTS: [&[(u16, u16)]; 2] = [&[(8, 8), (13, 13), (15, 15), (17, 17)], &[(128, 128)]];
/// ICMPv6 types that are never tracked: listener reports and neighbour discovery (`icmpv6_error`).
const UNTRACKED: &[(u16, u16)] = &[(130, 136), (143, 143)];

const PORTED: [u8; 4] = [proto::UDP, proto::DCCP, proto::SCTP, proto::UDPLITE];

/// Every first packet of a family.
pub(super) fn first_packets(family: Family) -> Vec<Kind> {
    let of = |protocols: ProtoSet, state: StateSet| PacketBox {
        src: AddrSet::any_of(family),
        dst: AddrSet::any_of(family),
        proto: protocols,
        state: StateSet::exactly(state, false, false),
        in_iface: IfaceSet::full(),
        out_iface: IfaceSet::full(),
        ..PacketBox::any()
    };
    let conversed = |packets| Kind {
        packets,
        conversed: true,
    };
    let tcp = PacketBox {
        flags: FlagSet::exactly(TcpFlags::SYN),
        ..of(ProtoSet::single(proto::TCP), StateSet::NEW)
    };
    let ported: ProtoSet = PORTED.iter().map(|p| (*p, *p)).collect();
    let icmp: ProtoSet = [proto::ICMP, proto::ICMPV6]
        .iter()
        .map(|p| (*p, *p))
        .collect();
    let others = ProtoSet::full()
        .subtract(&ported)
        .subtract(&icmp)
        .subtract(&ProtoSet::single(proto::TCP));
    let plain = PacketBox {
        sport: PortSet::single(0),
        dport: PortSet::single(0),
        ..of(others, StateSet::NEW)
    };
    let mut out = vec![
        conversed(tcp),
        conversed(of(ported, StateSet::NEW)),
        conversed(plain),
    ];
    let mut icmp = |protocol: u8, types: PortSet, state: StateSet| {
        out.push(Kind {
            packets: PacketBox {
                sport: types,
                dport: codes(),
                ..of(ProtoSet::single(protocol), state)
            },
            conversed: false,
        });
    };
    for (protocol, own, requests) in [(proto::ICMP, Family::V4, 0), (proto::ICMPV6, Family::V6, 1)]
    {
        let mut rest = codes();
        if own == family {
            let types: PortSet = REQUESTS
                .get(requests)
                .copied()
                .unwrap_or_default()
                .iter()
                .copied()
                .collect();
            rest = rest.subtract(&types);
            icmp(protocol, types, StateSet::NEW);
            if own == Family::V6 {
                let types: PortSet = UNTRACKED.iter().copied().collect();
                rest = rest.subtract(&types);
                icmp(protocol, types, StateSet::UNTRACKED);
            }
        }
        icmp(protocol, rest, StateSet::INVALID);
    }
    out
}

/// Types and codes of ICMP.
fn codes() -> PortSet {
    PortSet::range(0, 255)
}

/// The state in which first packets of a box are, and the flags that they have; none where several are among them.
pub(super) fn state_of(b: &PacketBox) -> (Option<&'static str>, Option<&'static str>) {
    let family = if b.src.has(Family::V4) {
        Family::V4
    } else {
        Family::V6
    };
    let kinds = first_packets(family);
    let met = kinds.iter().filter(|k| {
        k.packets.proto.intersects(&b.proto)
            && (k.conversed || k.packets.sport.intersects(&b.sport))
    });
    let mut states = met.map(|k| k.packets.state);
    let first = states.next();
    let name = first.map(|s| match s {
        s if s.0 & StateSet::NEW.0 != 0 => "NEW",
        s if s.0 & StateSet::UNTRACKED.0 != 0 => "UNTRACKED",
        _ => "INVALID",
    });
    let one = states.all(|s| Some(s) == first);
    let tcp = b.proto.only() == Some(proto::TCP);
    (name.filter(|_| one), tcp.then_some("SYN"))
}

/// Packets without what follows from their protocol: state and flags of first ones, and the whole of types, codes and
/// absent ports as any.
pub(super) fn projected(mut b: PacketBox) -> PacketBox {
    b.flags = FlagSet::FULL;
    b.state = StateSet::FULL;
    let (all, none) = (codes(), PortSet::single(0));
    let icmp = b.proto.iter().all(|(lo, hi)| (lo..=hi).all(proto::is_icmp));
    let portless = b
        .proto
        .iter()
        .all(|(lo, hi)| (lo..=hi).all(|p| !proto::has_ports(p) && !proto::is_icmp(p)));
    for ports in [&mut b.sport, &mut b.dport] {
        if icmp && *ports == all || portless && *ports == none {
            *ports = PortSet::full();
        }
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails if a packet is left out, or asked about twice.
    #[test]
    fn the_kinds_part_all_first_packets() {
        for family in Family::BOTH {
            let kinds = first_packets(family);
            for p in 0..=255u8 {
                for kind in 0..=255u16 {
                    let b = PacketBox {
                        proto: ProtoSet::single(p),
                        sport: PortSet::single(if proto::is_icmp(p) || proto::has_ports(p) {
                            kind
                        } else {
                            0
                        }),
                        dport: PortSet::single(0),
                        ..PacketBox::any()
                    };
                    let held = kinds.iter().filter(|k| k.packets.intersects(&b)).count();
                    assert_eq!(held, 1, "{family:?} {p} {kind}");
                }
            }
        }
    }
}
