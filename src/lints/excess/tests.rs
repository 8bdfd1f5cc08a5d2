//! The parts of an excess are the excess, in their boxes and in their words.

use super::parts;
use crate::lints::describe::Frame;
use hylint_engine::subtract_all;
use hylint_space::class::hosts;
use hylint_space::{
    AddrSet, FlagSet, IfaceExt, IfaceSet, PacketBox, PortSet, ProtoSet, RangeSet, StateSet,
    iface_name, proto,
};
use proptest::prelude::*;
use proptest::sample::select;
use std::net::IpAddr;

#[derive(Clone, Debug)]
struct Packet {
    src: IpAddr,
    dst: IpAddr,
    proto: u8,
    sport: u16,
    dport: u16,
    iface: u128,
}

const SOURCES: [&str; 9] = [
    "10.0.0.0",
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.5",
    "10.1.0.9",
    "192.168.7.7",
    "fd00::1",
    "fd00::2",
    "2a00::9",
];
const HERE: [&str; 4] = ["10.9.0.1", "10.9.0.2", "fd09::1", "fd09::2"];

fn universe() -> Vec<Packet> {
    let ports = [0, 1, 22, 442, 443, 444, 65_535];
    let mut all = Vec::new();
    for src in SOURCES {
        for dst in HERE {
            let (src, dst): (IpAddr, IpAddr) = (src.parse().unwrap(), dst.parse().unwrap());
            if src.is_ipv4() != dst.is_ipv4() {
                continue;
            }
            for proto in [proto::TCP, proto::UDP, proto::ICMP, 47] {
                let bare = proto == 47;
                for dport in ports.into_iter().filter(|p| !bare || *p == 0) {
                    for sport in [0, 53, 443].into_iter().filter(|p| !bare || *p == 0) {
                        for iface in ["", "eth0", "eth1"].map(iface_name) {
                            all.push(Packet {
                                src,
                                dst,
                                proto,
                                sport,
                                dport,
                                iface,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

fn holds(b: &PacketBox, p: &Packet) -> bool {
    b.src.contains(p.src)
        && b.dst.contains(p.dst)
        && b.proto.contains(p.proto)
        && b.sport.contains(p.sport)
        && b.dport.contains(p.dport)
        && b.in_iface.contains(p.iface)
}

fn set(texts: &[&str]) -> AddrSet {
    texts.iter().fold(AddrSet::empty(), |all, t| {
        all.union(&AddrSet::parse(t).unwrap())
    })
}

fn sources() -> impl Strategy<Value = AddrSet> {
    const FORMS: [&str; 12] = [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.0/29",
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.0-10.1.0.9",
        "0.0.0.0/1",
        "192.168.0.0/16",
        "::/0",
        "fd00::1",
        "fd00::/16",
        "2000::/3",
    ];
    prop::collection::vec(select(&FORMS[..]), 1..4).prop_map(|t| set(&t))
}

fn destinations() -> impl Strategy<Value = AddrSet> {
    prop_oneof![
        3 => Just(AddrSet::any()),
        1 => prop::collection::vec(select(&HERE[..]), 1..3).prop_map(|t| set(&t)),
    ]
}

fn port_sets() -> impl Strategy<Value = PortSet> {
    let one = (select(vec![0u16, 1, 22, 442, 443, 444]), 0u16..3).prop_map(|(p, n)| (p, p + n));
    let range = (0u16..500).prop_map(|p| (p, u16::MAX));
    prop_oneof![
        2 => Just(PortSet::full()),
        3 => prop::collection::vec(one, 1..4).prop_map(|v| v.into_iter().collect()),
        1 => range.prop_map(|r| [r].into_iter().collect()),
    ]
}

fn protocols() -> impl Strategy<Value = ProtoSet> {
    let single = |p| Just(ProtoSet::single(p));
    prop_oneof![
        Just(ProtoSet::full()),
        single(proto::TCP),
        single(proto::TCP),
        single(proto::UDP),
        single(proto::ICMP),
        Just([(6, 6), (17, 17)].into_iter().collect::<ProtoSet>()),
    ]
}

fn interfaces() -> impl Strategy<Value = IfaceSet> {
    prop_oneof![
        6 => Just(IfaceSet::full()),
        1 => Just(IfaceSet::iface("eth0")),
        1 => Just(IfaceSet::iface("eth0").complement()),
    ]
}

fn boxes() -> impl Strategy<Value = PacketBox> {
    let sport = prop_oneof![8 => Just(PortSet::full()), 1 => port_sets()];
    (
        sources(),
        destinations(),
        protocols(),
        sport,
        port_sets(),
        interfaces(),
    )
        .prop_map(|(src, dst, proto, sport, dport, in_iface)| PacketBox {
            src,
            dst,
            proto,
            sport,
            dport,
            in_iface,
            ..PacketBox::any()
        })
}

fn excess(rule: &[PacketBox], needed: &[PacketBox]) -> Vec<PacketBox> {
    let behind = set(&HERE);
    let cut: Vec<PacketBox> = rule
        .iter()
        .map(|b| PacketBox {
            src: b.src.intersect(hosts()),
            dst: b.dst.intersect(&behind),
            ..b.clone()
        })
        .collect();
    subtract_all(&cut, needed)
}

fn frame(rule: &[PacketBox]) -> Frame {
    Frame {
        whole: parts::union(rule),
        here: set(&HERE),
    }
}

/// Reads a part back, as a person would.
fn read(line: &str) -> PacketBox {
    let mut b = PacketBox {
        src: AddrSet::empty(),
        dst: set(&HERE),
        ..PacketBox::any()
    };
    let (service, rest) = line.split_once(" from ").unwrap();
    let (rest, iface) = rest.split_once(", in by ").unwrap_or((rest, ""));
    if let Some(but) = iface.strip_prefix("any interface but ") {
        b.in_iface = IfaceSet::iface(but).complement();
    } else if !iface.is_empty() {
        b.in_iface = IfaceSet::iface(iface);
    }
    let (mut rest, mut sport) = rest.split_once(", source port ").unwrap_or((rest, ""));
    if let Some((head, except)) = rest.split_once(", any source port except ") {
        (rest, sport) = (head, "");
        b.sport = numbers(except).complement();
    }
    if !sport.is_empty() {
        b.sport = minus(sport, numbers, PortSet::subtract);
    }
    let (src, dst) = rest.split_once(" to ").unwrap_or((rest, ""));
    b.src = minus(src, addresses, AddrSet::subtract);
    if !dst.is_empty() {
        b.dst = minus(dst, addresses, AddrSet::subtract);
    }
    read_service(service, &mut b);
    b
}

fn read_service(service: &str, b: &mut PacketBox) {
    if let Some(all) = service.strip_prefix("every port of ") {
        let (names, except) = all.split_once(" except ").unwrap_or((all, ""));
        b.proto = named(names);
        b.dport = numbers(except).complement();
        return;
    }
    if let Some(except) = service.strip_prefix("every protocol") {
        let except = except.strip_prefix(" except ").unwrap_or("");
        b.proto = named(except).complement();
        return;
    }
    let (names, mut rest) = leading_names(service);
    b.proto = named(names);
    for (what, set) in [("type", &mut b.sport), ("code", &mut b.dport)] {
        let Some(at) = rest.find(what) else { continue };
        let any = rest[..at].ends_with("any ");
        let tail = &rest[at + what.len() + 1..];
        let end = tail
            .find(" any code")
            .or(tail.find(" code"))
            .unwrap_or(tail.len());
        let text = &tail[..end];
        *set = match text.strip_prefix("except ") {
            Some(t) if any => numbers(t).complement(),
            _ => minus(text, numbers, PortSet::subtract),
        };
        rest = tail.get(end..).unwrap();
        if rest.is_empty() {
            return;
        }
    }
    if rest.trim().starts_with(|c: char| c.is_ascii_digit()) {
        b.dport = minus(rest.trim(), numbers, PortSet::subtract);
    }
}

/// The names at the start of a text, and the rest.
fn leading_names(text: &str) -> (&str, &str) {
    let mut end = 0;
    loop {
        let rest = &text[end..];
        let sign = ["", " and ", ", "].into_iter().find(|s| {
            let after = rest.strip_prefix(s);
            after.is_some_and(|r| protocol(r).is_some() && (end > 0) != s.is_empty())
        });
        let Some(sign) = sign else {
            return text.split_at(end);
        };
        end += sign.len();
        end += protocol(&text[end..]).unwrap().1;
    }
}

/// The protocols that a text begins with, and the length of their name.
fn protocol(text: &str) -> Option<((u8, u8), usize)> {
    let names = [
        ("ICMPv6", 58),
        ("ICMP", 1),
        ("IGMP", 2),
        ("TCP", 6),
        ("UDP-Lite", 136),
        ("UDP", 17),
        ("DCCP", 33),
        ("GRE", 47),
        ("ESP", 50),
        ("AH", 51),
        ("OSPF", 89),
        ("SCTP", 132),
    ];
    if let Some((name, n)) = names.iter().find(|(name, _)| text.starts_with(name)) {
        return Some(((*n, *n), name.len()));
    }
    let (word, rest) = text.split_once(' ')?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '-')
        .unwrap_or(rest.len());
    let number = &rest[..end];
    let (lo, hi) = match word {
        "protocol" => (number, number),
        "protocols" => number.split_once('-')?,
        _ => return None,
    };
    Some(((lo.parse().ok()?, hi.parse().ok()?), word.len() + 1 + end))
}

fn minus<S>(text: &str, one: fn(&str) -> S, subtract: fn(&S, &S) -> S) -> S {
    match text.split_once(" except ") {
        Some((all, except)) => subtract(&one(all), &one(except)),
        None => one(text),
    }
}

fn numbers(text: &str) -> PortSet {
    let ranges = text.split(", ").filter(|t| !t.is_empty());
    ranges
        .map(|t| {
            let (lo, hi) = t.split_once('-').unwrap_or((t, t));
            (lo.parse().unwrap(), hi.parse().unwrap())
        })
        .collect()
}

fn named(text: &str) -> ProtoSet {
    let names = text.trim().replace(" and ", ", ");
    let names = names.split(", ").filter(|t| !t.is_empty());
    names
        .map(|n| protocol(n).unwrap_or_else(|| panic!("{n}")).0)
        .collect()
}

fn addresses(text: &str) -> AddrSet {
    let one = |t: &str| match t {
        "anyone" => hosts().clone(),
        "any IPv4 address" => hosts().only(hylint_space::Family::V4),
        "any IPv6 address" => hosts().only(hylint_space::Family::V6),
        t => AddrSet::parse(t).unwrap(),
    };
    text.split(", ")
        .fold(AddrSet::empty(), |all, t| all.union(&one(t)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_parts_are_the_excess_and_so_are_their_words(
        rule in prop::collection::vec(boxes(), 1..3),
        needed in prop::collection::vec(boxes(), 0..6),
    ) {
        let left = excess(&rule, &needed);
        let few = parts::few(&left);
        let frame = frame(&rule);
        let lines: Vec<String> = few.iter().map(|b| frame.part(b, "").text).collect();
        let back: Vec<PacketBox> = lines.iter().map(|l| read(l)).collect();
        for p in universe() {
            let wanted = rule.iter().any(|b| holds(b, &p)) && !needed.iter().any(|b| holds(b, &p));
            prop_assert_eq!(few.iter().any(|b| holds(b, &p)), wanted, "boxes, {:?} {:#?}", p, lines);
            prop_assert_eq!(back.iter().any(|b| holds(b, &p)), wanted, "words, {:?} {:#?}", p, lines);
        }
        for (n, b) in few.iter().enumerate() {
            let others: Vec<PacketBox> = few.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, b)| b.clone()).collect();
            prop_assert!(!subtract_all(std::slice::from_ref(b), &others).is_empty(), "idle: {}\n{:#?}", lines[n], lines);
        }
    }

    /// The engine cuts in the order of its rules, and several threads may ask in any order.
    #[test]
    fn equal_excesses_are_told_equally(
        rule in prop::collection::vec(boxes(), 1..3),
        needed in prop::collection::vec(boxes(), 0..6),
        cut in boxes(),
    ) {
        let left = excess(&rule, &needed);
        let mut pieces: Vec<PacketBox> = left
            .iter()
            .flat_map(|b| b.subtract(&cut).into_iter().chain([b.intersect(&cut)]))
            .filter(|b| !b.is_empty())
            .collect();
        pieces.reverse();
        prop_assert_eq!(parts::few(&pieces), parts::few(&left));
    }
}

fn told(rule: PacketBox, needed: &[PacketBox]) -> Vec<String> {
    let rule = [rule];
    let frame = frame(&rule);
    let few = parts::few(&excess(&rule, needed));
    few.iter().map(|b| frame.part(b, "").text).collect()
}

fn tcp(src: &str, ports: &[(u16, u16)]) -> PacketBox {
    PacketBox {
        src: set(&[src]),
        proto: ProtoSet::single(proto::TCP),
        dport: ports.iter().copied().collect(),
        flags: FlagSet::FULL,
        state: StateSet::FULL,
        ..PacketBox::any()
    }
}

#[test]
fn as_people_would_say_it() {
    let needed = [tcp("10.93.1.5", &[(1433, 1433)])];
    let lines = told(tcp("10.0.0.0/8", &[(1, 65_535)]), &needed);
    assert_eq!(
        lines,
        [
            "TCP 1-65535 except 1433 from 10.0.0.0/8",
            "TCP 1433 from 10.0.0.0/8 except 10.93.1.5"
        ]
    );
    let any = PacketBox {
        src: AddrSet::any(),
        ..PacketBox::any()
    };
    assert_eq!(told(any.clone(), &[]), ["every protocol from anyone"]);
    let needed = [
        tcp("10.0.0.0/8", &[(443, 443), (8443, 8443)]),
        tcp("0.0.0.0/0", &[(80, 80)]),
        tcp("::/0", &[(80, 80)]),
    ];
    assert_eq!(
        told(any, &needed),
        [
            "every protocol except TCP from anyone",
            "every port of TCP except 80, 443, 8443 from anyone",
            "TCP 443, 8443 from anyone except 10.0.0.0/8",
        ]
    );
}

#[test]
fn a_part_that_is_wider_to_one_place_says_so_once() {
    let to = |b: PacketBox, t: &str| PacketBox {
        dst: set(&[t]),
        ..b
    };
    let needed = [to(tcp("10.0.0.1", &[(443, 443)]), "10.9.0.1")];
    assert_eq!(
        told(tcp("10.0.0.0/8", &[(443, 443)]), &needed),
        [
            "TCP 443 from 10.0.0.0/8 except 10.0.0.1",
            "TCP 443 from 10.0.0.0/8 to 10.9.0.2"
        ]
    );
}

#[test]
fn long_lists_are_cut_for_people_and_counted() {
    let needed: Vec<PacketBox> = (1..20)
        .map(|n| tcp(&format!("10.0.0.{}", 2 * n), &[(22, 22)]))
        .collect();
    let rule = [tcp("10.0.0.0/8", &[(22, 22)])];
    let few = parts::few(&excess(&rule, &needed));
    let part = frame(&rule).part(&few[0], ", if it rains");
    assert_eq!(
        part.short.unwrap(),
        "TCP 22 from 10.0.0.0/8 except 10.0.0.2, 10.0.0.4, 10.0.0.6, 10.0.0.8, 10.0.0.10, 10.0.0.12 and 13 more, if it rains"
    );
    assert!(part.text.contains("10.0.0.36, 10.0.0.38, if it rains"));
}

/// Sets that would take long to slice are told as they come, and still exactly.
#[test]
fn what_is_too_much_to_slice_is_exact_all_the_same() {
    let point = |n: u16| PacketBox {
        src: AddrSet {
            v4: RangeSet::single(0x0A00_0000 + u32::from(n) * 3),
            v6: RangeSet::empty(),
        },
        ..tcp("10.0.0.0/8", &[(n * 2 + 1, n * 2 + 1)])
    };
    let all: Vec<PacketBox> = (0..600).map(point).collect();
    let few = parts::few(&all);
    assert_eq!(few.len(), 600);
    assert!(subtract_all(&all, &few).is_empty() && subtract_all(&few, &all).is_empty());
}
