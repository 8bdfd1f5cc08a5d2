//! Packets in words, as a rule has them whose part they are: `every TCP port`, `TCP 22 and 80`, `10.0.0.0/8`.

use crate::common::words::{count, list, some, verb};
use crate::lints::describe;
use crate::lints::excess::sums;
use hylint_space::{AddrSet, PacketBox, PortSet, RangeSet, Scalar, class, proto};

/// Ranges of addresses that a message names.
const NAMED: usize = 2;
/// Ports that a message names.
pub(super) const PORTS: usize = 6;
/// Source ports that are named; more are a range that clients use.
pub(super) const FEW: u128 = 16;
/// Addresses in a row that are hosts and no network to a reader, less one.
const TOGETHER: usize = 8;
/// Ranges of a rule past which they say nothing to a reader.
const KNOWN: usize = 64;

/// Everything, as it comes in.
pub(super) const ALL: &str = "all inbound traffic";

/// Every source.
pub(super) const ANY: &str = "any source";

/// Traffic as somebody reaches it.
pub(super) fn reached(what: &str) -> String {
    match what {
        ALL => "every port".into(),
        what => what.into(),
    }
}

/// The protocols and ports of the boxes, as the rule has them whose parts they are.
pub(in crate::lints::excess) fn traffic(boxes: &[PacketBox], whole: &PacketBox) -> String {
    let protocols = own(&sums::protocols(boxes), &whole.proto);
    let ports_of = |p: u8| {
        let of = boxes.iter().filter(|b| b.proto.contains(p));
        let ports = of.fold(PortSet::empty(), |all, b| all.union(&b.dport));
        own(&ports, &whole.dport)
    };
    let (tcp, udp) = (ports_of(proto::TCP), ports_of(proto::UDP));
    if protocols.is_full() && (all(&tcp) || all(&udp)) {
        return ALL.into();
    }
    let transports_told = protocols.contains(proto::TCP) || protocols.contains(proto::UDP);
    let with_ports = [(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)];
    let others = protocols.subtract(&with_ports.into_iter().collect());
    // Whoever says every protocol with a port means these two.
    let both = !tcp.is_empty() && !udp.is_empty();
    let each = others.iter().flat_map(|(lo, hi)| lo..=hi);
    let each = each.filter(|p| !both || !proto::has_ports(*p));
    let mut told: Vec<String> = Vec::new();
    if transports_told {
        told.push(transports(&tcp, &udp));
    }
    let each: Vec<u8> = each.collect();
    match each.len() {
        n @ 4.. => told.push(format!("{n} other protocols")),
        _ => told.extend(each.iter().map(|p| protocol(*p, boxes))),
    }
    list(&told)
}

/// Most of the ports, which people say as every port.
fn all(ports: &PortSet) -> bool {
    ports.is_full() || ports.count() > 60_000
}

/// `TCP 22 and 80`, `TCP and UDP 53`, `TCP 22 and UDP 161`, `every TCP port`.
pub(super) fn transports(tcp: &PortSet, udp: &PortSet) -> String {
    let one = |name: &str, ports: &PortSet| match ports.len() {
        _ if all(ports) => format!("every {name} port"),
        n if n > PORTS => format!("{} {name} ports", ports.count()),
        _ => format!("{name} {}", list(&port_texts(ports))),
    };
    match (tcp.is_empty(), udp.is_empty()) {
        (false, true) => one("TCP", tcp),
        (true, _) => one("UDP", udp),
        (false, false) if tcp == udp || all(tcp) && all(udp) => one("TCP and UDP", tcp),
        (false, false) => format!("{} and {}", one("TCP", tcp), one("UDP", udp)),
    }
}

/// A protocol that is neither TCP nor UDP: `GRE`, `ICMP type 8`, `SCTP 5060`.
fn protocol(p: u8, boxes: &[PacketBox]) -> String {
    let name = describe::protocol(p);
    let of = || boxes.iter().filter(|b| b.proto.contains(p));
    let union =
        |set: fn(&PacketBox) -> &PortSet| of().fold(PortSet::empty(), |all, b| all.union(set(b)));
    let types = union(|b| &b.sport);
    let ports = union(|b| &b.dport);
    if proto::is_icmp(p) && types.count() <= FEW {
        return format!("{name} type {}", list(&port_texts(&types)));
    }
    if proto::has_ports(p) && ports.len() <= PORTS && !all(&ports) {
        return format!("{name} {}", list(&port_texts(&ports)));
    }
    name
}

pub(super) fn port_texts(ports: &PortSet) -> Vec<String> {
    let one = |(lo, hi): (u16, u16)| PortSet::range(lo, hi);
    ports.iter().map(|r| describe::ports(&one(r))).collect()
}

/// Sources in words: `any source`, `10.0.0.0/8`, `10.1.0.0/16, 10.2.0.0/16 and 3 more`.
pub(super) fn addresses(src: &AddrSet, whole: &AddrSet) -> String {
    if anyone(src) {
        return ANY.into();
    }
    let own = AddrSet {
        v4: own(&src.v4, &whole.v4),
        v6: own(&src.v6, &whole.v6),
    };
    let several = own.v4.len() + own.v6.len() > 1;
    // A part of a range may be told best without its gaps.
    let part = describe::addresses(src, whole, NAMED);
    match several && own == *src && part.contains(" except ") && !part.contains(", ") {
        true => part,
        false => some(&own.texts().collect::<Vec<_>>(), NAMED),
    }
}

/// Whether a set holds most of the Internet, so that "any source" tells it: ranges around a hole are still any.
pub(super) fn anyone(src: &AddrSet) -> bool {
    let p = class::public();
    most(&src.v4, &p.v4) || most(&src.v6, &p.v6)
}

fn most<T: Scalar>(part: &RangeSet<T>, whole: &RangeSet<T>) -> bool {
    let half = whole.count() / 2;
    part.count() > half && part.intersect(whole).count() > half
}

/// A part of what a rule holds, in the rule's own ranges: each of which it holds most stands for the whole range.
fn own<T: Scalar>(part: &RangeSet<T>, whole: &RangeSet<T>) -> RangeSet<T> {
    if part.len() > KNOWN || whole.len() > KNOWN {
        return part.clone();
    }
    let mut out = part.clone();
    for (lo, hi) in whole.iter() {
        let range = RangeSet::range(lo, hi);
        let inside = part.intersect(&range);
        if inside.count() > range.count() / 2 {
            out = out.union(&range);
        }
    }
    out
}

/// `10.20.1.11 needs it`, `5 hosts and 10.50.0.0/16 need it`.
pub(super) fn needing(peers: &AddrSet) -> Option<String> {
    let v4 = peers.v4.iter().map(|(lo, hi)| u128::from(hi - lo));
    let sizes = v4.chain(peers.v6.iter().map(|(lo, hi)| hi - lo));
    let (mut hosts, mut single, mut nets) = (0, Vec::new(), Vec::new());
    for (size, text) in sizes.zip(peers.texts()) {
        // Hosts beside each other are no network to a reader.
        match usize::try_from(size) {
            Ok(more) if more < TOGETHER => {
                hosts += more + 1;
                // Two that are next to each other are a range.
                let ends = text.split('-').map(str::to_owned);
                single.extend(ends.filter(|_| more <= 1));
            }
            _ => nets.push(text),
        }
    }
    let mut told = match hosts {
        0 => Vec::new(),
        1 | 2 if single.len() == hosts => single,
        n => vec![count(n, "host")],
    };
    let number = hosts + nets.len();
    match nets.len() {
        0..=2 => told.extend(nets),
        more => told.push(count(more, "network")),
    }
    let needs = verb(number, "needs it", "need it");
    (number > 0).then(|| format!("{} {needs}", list(&told)))
}
