//! A small universe of packets, and rules that tell them apart.

use hylint::session::trace::Packet;
use hylint_model::{
    Action, AddrTypes, Clause, Condition, ConditionKind, NamedSet, NamedSetId, PacketField,
    Profiles, Rule, RuleOrigin, Side, Span, Test, Values,
};
use hylint_space::{
    AddrSet, FlagSet, IfaceExt, IfaceSet, PacketBox, PortSet, ProtoSet, RangeSet, StateSet,
    TcpFlags,
};
use proptest::prelude::*;
use std::net::IpAddr;

/// Addresses are the numbers 0 to 3 of a network.
pub(crate) const ADDRESSES: u8 = 4;
pub(crate) const V4: u32 = 0x0A00_0000;
pub(crate) const V6: u128 = 0x2001_0DB8 << 96;
pub(crate) const MAC: &str = "02:00:00:00:00:01";
const IFACES: [&str; 3] = ["", "eth0", "eth1"];
const STATES: [&str; 5] = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"];

pub(crate) fn address(v6: bool, n: u8) -> IpAddr {
    if v6 {
        IpAddr::from((V6 + u128::from(n)).to_be_bytes())
    } else {
        IpAddr::from((V4 + u32::from(n)).to_be_bytes())
    }
}

/// The addresses from `a` to `b` in both families.
pub(crate) fn range(a: u8, b: u8) -> AddrSet {
    AddrSet {
        v4: RangeSet::range(V4 + u32::from(a), V4 + u32::from(b)),
        v6: RangeSet::range(V6 + u128::from(a), V6 + u128::from(b)),
    }
}

pub(crate) fn packet() -> impl Strategy<Value = Packet> {
    let owner = prop::option::of(0u32..2);
    let protocol = prop_oneof![3 => Just(6u8), 2 => Just(17), 1 => Just(47), 1 => Just(1)];
    let flags = prop_oneof![3 => Just(2u8), 1 => Just(18), 1 => Just(0)];
    (
        (any::<bool>(), 0..ADDRESSES, 0..ADDRESSES, protocol),
        (0u16..3, 0u16..3, flags),
        prop_oneof![4 => Just(0usize), 2 => 1usize..5],
        (0usize..3, 0usize..3, 0u32..4),
        (owner.clone(), owner, prop::option::of(any::<bool>())),
    )
        .prop_map(
            |(ends, (sport, dport, flags), state, (i, o, mark), (uid, gid, mac))| {
                let (v6, src, dst, proto) = ends;
                let port = |p: u16| (proto != 47).then_some((p, p));
                let mac_of = |known| if known { MAC } else { "02:00:00:00:00:02" };
                Packet {
                    src: address(v6, src),
                    dst: address(v6, dst),
                    proto,
                    sport: port(sport),
                    dport: port(dport),
                    flags: (proto == 6).then_some(TcpFlags(flags)),
                    state: STATES[state],
                    in_iface: IFACES[i].into(),
                    out_iface: IFACES[o].into(),
                    out_open: false,
                    smac: mac.map(|known| mac_of(known).into()),
                    mark,
                    uid,
                    gid,
                }
            },
        )
}

fn ordered() -> impl Strategy<Value = (u8, u8)> {
    (0..ADDRESSES, 0..ADDRESSES).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

fn addrs() -> impl Strategy<Value = AddrSet> {
    prop_oneof![
        4 => Just(AddrSet::any()),
        2 => (ordered(), ordered()).prop_map(|(a, b)| AddrSet { v4: range(a.0, a.1).v4, v6: range(b.0, b.1).v6 }),
        1 => ordered().prop_map(|a| AddrSet { v4: range(a.0, a.1).v4, v6: RangeSet::empty() }),
        1 => ordered().prop_map(|a| range(a.0, a.1).complement()),
    ]
}

fn ports() -> impl Strategy<Value = PortSet> {
    let some = || (0u16..3, 0u16..3).prop_map(|(a, b)| PortSet::range(a.min(b), a.max(b)));
    prop_oneof![3 => Just(PortSet::full()), 2 => some(), 1 => some().prop_map(|p| p.complement())]
}

fn ifaces() -> impl Strategy<Value = IfaceSet> {
    let named = prop_oneof![Just("eth0"), Just("eth1"), Just("eth+"), Just("+")];
    let one = (named, any::<bool>()).prop_map(|(name, no)| {
        let set = IfaceSet::iface(name);
        if no { set.complement() } else { set }
    });
    prop_oneof![5 => Just(IfaceSet::full()), 1 => one]
}

fn new(kind: ConditionKind, test: Test, text: impl Into<Box<str>>) -> Condition {
    Condition::new(kind, test, Span::default(), text)
}

/// What every format may say beside packets: things without a name, and sets of which one is known.
pub(crate) fn common_condition() -> BoxedStrategy<Condition> {
    let kinds = prop_oneof![
        Just(ConditionKind::Peer),
        Just(ConditionKind::Unknown),
        Just(ConditionKind::Local)
    ];
    let opaque = (kinds, 0u8..3).prop_map(|(kind, n)| new(kind, Test::Opaque, format!("c{n}")));
    let named = (any::<bool>(), any::<bool>()).prop_map(|(known, src)| {
        let key = if known { "known" } else { "open" };
        let side = if src { Side::Src } else { Side::Dst };
        new(
            ConditionKind::Peer,
            Test::Named {
                key: key.into(),
                side,
            },
            format!("set {key} {side:?}"),
        )
    });
    prop_oneof![3 => opaque, 2 => named].boxed()
}

/// Each set with the fields that rules look up in it.
const LOOKUPS: [(usize, &[PacketField]); 6] = [
    (0, &[PacketField::Src]),
    (0, &[PacketField::Dst]),
    (1, &[PacketField::Dport]),
    (2, &[PacketField::Dst, PacketField::Dport]),
    (2, &[PacketField::Src, PacketField::Sport]),
    (3, &[PacketField::InInterface, PacketField::Protocol]),
];

/// A packet looked up in a set.
fn lookup() -> impl Strategy<Value = Condition> {
    prop::sample::select(LOOKUPS.to_vec()).prop_map(|(set, fields)| {
        let test = Test::Set {
            set: NamedSetId::new(set),
            fields: fields.into(),
        };
        new(ConditionKind::Peer, test, format!("@{set} {fields:?}"))
    })
}

/// The sets that [`LOOKUPS`] names: addresses, ports, and several fields at once. Members may overlap.
pub(crate) fn sets() -> impl Strategy<Value = Vec<NamedSet>> {
    let named = |name: &str, members: Vec<Vec<Values>>| NamedSet {
        name: name.into(),
        span: Span::default(),
        members: members.into_iter().map(Vec::into_boxed_slice).collect(),
    };
    let addrs = || addrs().prop_map(Values::Addrs);
    let ports = || ports().prop_map(Values::Ports);
    let face = || ifaces().prop_map(Values::Interfaces);
    let protocol = prop_oneof![Just(ProtoSet::single(6)), Just(ProtoSet::full())];
    let protocol = protocol.prop_map(Values::Protocols);
    let pairs = prop::collection::vec((addrs(), ports()), 0..4);
    let faces = prop::collection::vec((face(), protocol), 0..3);
    (addrs(), ports(), pairs, faces).prop_map(move |(a, p, pairs, faces)| {
        let both = |all: Vec<(Values, Values)>| all.into_iter().map(|(a, b)| vec![a, b]).collect();
        vec![
            named("addrs", vec![vec![a]]),
            named("ports", vec![vec![p]]),
            named("pairs", both(pairs)),
            named("faces", both(faces)),
        ]
    })
}

/// What netfilter says beside packets.
pub(crate) fn netfilter_condition() -> BoxedStrategy<Condition> {
    let mark = (any::<bool>(), 0u32..3, 1u32..4).prop_map(|(conn, value, mask)| {
        let (test, name) = if conn {
            (Test::ConnMark { value, mask }, "connmark")
        } else {
            (Test::Mark { value, mask }, "mark")
        };
        new(
            ConditionKind::Unknown,
            test,
            format!("{name} {value}/{mask}"),
        )
    });
    let owner = any::<bool>().prop_map(|uid| {
        let ids = RangeSet::single(0);
        let test = if uid { Test::Uid(ids) } else { Test::Gid(ids) };
        new(ConditionKind::Local, test, format!("owner {uid}"))
    });
    let types = prop_oneof![
        Just("LOCAL"),
        Just("UNICAST"),
        Just("MULTICAST"),
        Just("UNICAST LOCAL")
    ];
    let addrtype = (types, any::<bool>()).prop_map(|(names, src)| {
        let bits = names
            .split(' ')
            .filter_map(AddrTypes::parse)
            .fold(0, |all, t| all | t.0);
        let side = if src { Side::Src } else { Side::Dst };
        let test = Test::AddrType {
            side,
            types: AddrTypes(bits),
            single: false,
        };
        new(ConditionKind::Unknown, test, format!("{side:?} {names}"))
    });
    let plain = prop_oneof![
        Just(new(ConditionKind::Rate, Test::Opaque, "limit")),
        Just(new(ConditionKind::Peer, Test::Mac(MAC.into()), "mac")),
        Just(new(ConditionKind::Unknown, Test::Fragment, "fragment")),
        Just(new(ConditionKind::Unknown, Test::ExtensionHeader, "header")),
        Just(new(
            ConditionKind::Unknown,
            Test::PktType("unicast".into()),
            "unicast"
        )),
        Just(new(
            ConditionKind::Unknown,
            Test::Length(RangeSet::single(60)),
            "length 60"
        )),
    ];
    prop_oneof![3 => common_condition(), 3 => mark, 1 => owner, 1 => addrtype, 2 => plain, 2 => lookup()].boxed()
}

fn clause(condition: BoxedStrategy<Condition>) -> impl Strategy<Value = Clause> {
    let protos = prop_oneof![
        2 => Just(ProtoSet::full()),
        2 => Just(ProtoSet::single(6)),
        1 => Just(ProtoSet::single(17)),
        1 => Just(ProtoSet::single(6).complement())
    ];
    let states = prop_oneof![
        4 => Just(StateSet::FULL),
        1 => Just(StateSet::NEW),
        1 => Just(StateSet::ESTABLISHED.union(StateSet::UNTRACKED)),
        1 => Just(StateSet::INVALID),
        1 => Just(StateSet::DNAT),
        1 => Just(StateSet::DNAT.union(StateSet::INVALID).complement())
    ];
    let flags = prop_oneof![3 => Just(FlagSet::FULL), 1 => Just(FlagSet::masked(TcpFlags(18), TcpFlags(2)))];
    let negated = (condition, any::<bool>()).prop_map(|(c, no)| c.negate(no));
    let conditions = prop_oneof![5 => Just(vec![]), 3 => prop::collection::vec(negated, 1..3)];
    let headers = (addrs(), addrs(), protos, ports(), ports(), states);
    // Rules that narrow everything seldom meet on a packet.
    let wide = prop::bool::weighted(0.3);
    (headers, (ifaces(), ifaces()), flags, conditions, wide).prop_map(
        |(headers, (in_iface, out_iface), flags, conditions, wide)| {
            let (src, dst, proto, sport, dport, state) = headers;
            let tcp = proto == ProtoSet::single(6);
            let flags = if tcp { flags } else { FlagSet::FULL };
            let space = PacketBox {
                src,
                dst,
                proto,
                sport,
                dport,
                flags,
                state,
                in_iface,
                out_iface,
            };
            Clause {
                space: if wide { PacketBox::any() } else { space },
                conditions: conditions.into_iter().collect(),
            }
        },
    )
}

/// A rule with some of everything; each format looks at what it has.
pub(crate) fn rule(
    action: BoxedStrategy<Action>,
    condition: BoxedStrategy<Condition>,
) -> impl Strategy<Value = Rule> {
    let clauses = prop::collection::vec(clause(condition), 1..3);
    (
        clauses,
        action,
        (0u32..4, 1u8..8),
        (prop::bool::weighted(0.9), any::<bool>()),
    )
        .prop_map(|(clauses, action, (priority, profiles), (enabled, gpo))| {
            let mut r = Rule::new(Span::new(0, 1), action);
            r.clauses = clauses.into_iter().collect();
            r.priority = Some(priority);
            r.profiles = Profiles(profiles);
            r.enabled = enabled;
            r.origin = if gpo {
                RuleOrigin::GroupPolicy
            } else {
                RuleOrigin::Local
            };
            r
        })
}
