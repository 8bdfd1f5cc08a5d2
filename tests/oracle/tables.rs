//! Random netfilter tables.

use crate::universe::{ADDRESSES, netfilter_condition, range, rule};
use hylint_model::{
    Action, Body, Chain, ChainPolicy, Nat, NatKind, Netfilter, Point, PointKind, Rule, Span, Table,
    TableName,
};
use hylint_space::{AddrSet, PortSet, RangeSet};
use proptest::prelude::*;

/// Tables with their base chains and the most rules of a chain.
const BASES: [(TableName, &[&str], usize); 5] = [
    (TableName::Raw, &["PREROUTING", "OUTPUT"], 1),
    (
        TableName::Mangle,
        &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        2,
    ),
    (
        TableName::Nat,
        &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        2,
    ),
    (TableName::Filter, &["INPUT", "FORWARD", "OUTPUT"], 3),
    (TableName::Security, &["INPUT", "FORWARD", "OUTPUT"], 1),
];

fn marks() -> BoxedStrategy<Action> {
    let masks = || prop_oneof![Just(1u32), Just(3), Just(u32::MAX)];
    prop_oneof![
        (0u32..4, 0u32..4).prop_map(|(value, mask)| Action::SetMark { value, mask }),
        (0u32..4, masks()).prop_map(|(value, mask)| Action::SetConnMark { value, mask }),
        (masks(), masks()).prop_map(|(nfmask, ctmask)| Action::SaveMark { nfmask, ctmask }),
        (masks(), masks()).prop_map(|(nfmask, ctmask)| Action::RestoreMark { nfmask, ctmask }),
    ]
    .boxed()
}

fn translations() -> BoxedStrategy<Action> {
    let loopback = AddrSet {
        v4: RangeSet::single(0x7F00_0001),
        v6: RangeSet::single(1),
    };
    let addr = prop_oneof![
        3 => (0..ADDRESSES).prop_map(|a| range(a, a)),
        1 => (0..ADDRESSES - 1).prop_map(|a| range(a, a + 1)),
        1 => Just(loopback),
    ];
    let port =
        || prop_oneof![2 => (0u16..3).prop_map(PortSet::single), 1 => Just(PortSet::range(0, 1))];
    let nat = |kind, addrs, ports| Action::Nat(Box::new(Nat { kind, addrs, ports }));
    let network = prop_oneof![Just((0, 1)), Just((2, 3))];
    prop_oneof![
        4 => (prop::option::weighted(0.9, addr), prop::option::of(port()))
            .prop_map(move |(a, p)| nat(NatKind::Dnat, a, p)),
        2 => prop::option::of(port()).prop_map(move |p| nat(NatKind::Redirect, None, p)),
        1 => network.prop_map(move |(a, b)| nat(NatKind::Netmap, Some(range(a, b)), None)),
        1 => Just(nat(NatKind::Masquerade, None, None)),
    ]
    .boxed()
}

/// Targets of a chain's rules; jumps go to later chains only, as the kernel refuses loops.
fn actions(table: TableName, own: u32, chains: u32) -> BoxedStrategy<Action> {
    let plain = prop_oneof![3 => Just(Action::Allow), 2 => Just(Action::Return), 1 => Just(Action::Continue)].boxed();
    let opaque = Just(Action::Opaque("NFQUEUE".into())).boxed();
    let deny = Just(Action::Deny).boxed();
    let verdict = match table {
        TableName::Nat => prop_oneof![2 => plain, 3 => translations()].boxed(),
        TableName::Raw => {
            prop_oneof![3 => plain, 2 => Just(Action::Notrack), 1 => Just(Action::Track), 1 => deny, 1 => marks()].boxed()
        }
        TableName::Filter => prop_oneof![6 => plain, 4 => deny, 1 => opaque, 1 => marks()].boxed(),
        _ => prop_oneof![4 => plain, 2 => deny, 3 => marks(), 1 => opaque].boxed(),
    };
    if own + 1 >= chains {
        return verdict;
    }
    let jump = (own + 1..chains, any::<bool>()).prop_map(|(to, goto)| {
        if goto {
            Action::Goto(to)
        } else {
            Action::Jump(to)
        }
    });
    prop_oneof![3 => verdict, 2 => jump].boxed()
}

fn table(
    name: TableName,
    bases: &'static [&'static str],
    most: usize,
) -> impl Strategy<Value = Table> {
    let first = u32::try_from(bases.len()).unwrap();
    let all = first + 3;
    let chains: Vec<_> = (0..all)
        .map(|i| {
            // Nothing jumps to a base chain.
            let rules = rule(actions(name, i.max(first - 1), all), netfilter_condition());
            let allow = if name == TableName::Filter { 0.5 } else { 0.9 };
            let policy = prop::option::weighted(0.95, prop::bool::weighted(allow));
            (prop::collection::vec(rules, 0..=most), policy)
        })
        .collect();
    chains.prop_map(move |chains| Table {
        name,
        span: Span::default(),
        chains: chains
            .into_iter()
            .enumerate()
            .map(|(i, (rules, policy))| Chain {
                name: bases
                    .get(i)
                    .map_or_else(|| format!("user{i}").into(), |b| (*b).into()),
                policy: policy.filter(|_| i < bases.len()).map(|allow| ChainPolicy {
                    allow,
                    span: Span::default(),
                }),
                span: Span::default(),
                rules: rules
                    .into_iter()
                    .map(|r| Rule { enabled: true, ..r })
                    .collect(),
            })
            .collect(),
    })
}

/// A host's tables; any may be missing.
pub(crate) fn netfilter() -> impl Strategy<Value = Point> {
    let tables: Vec<_> = BASES
        .iter()
        .map(|(name, bases, most)| {
            let odds = if *name == TableName::Filter {
                0.95
            } else {
                0.6
            };
            prop::option::weighted(odds, table(*name, bases, *most))
        })
        .collect();
    tables.prop_map(|tables| {
        let tables = tables.into_iter().flatten().collect();
        let legacy = false;
        Point::new(
            PointKind::Netfilter,
            Span::default(),
            Body::Netfilter(Netfilter { tables, legacy }),
        )
    })
}
