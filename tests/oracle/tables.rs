//! Random netfilter tables.

use crate::universe::{ADDRESSES, netfilter_condition, range, rule, sets};
use Hook::{Egress, Forward, Ingress, Input, Output, Postrouting, Prerouting};
use hylint_model::{
    Action, BaseChain, Body, Chain, ChainPolicy, ChainType, Hook, Nat, NatKind, Netfilter, Point,
    PointKind, Rule, Span, Table, TableFamily,
};
use hylint_space::{AddrSet, PortSet, RangeSet};
use proptest::prelude::*;

/// What a table is made for.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Purpose {
    Raw,
    Mangle,
    Nat,
    Filter,
    Security,
    /// A table as nftables has them, with chains wherever somebody put them.
    Own(ChainType),
}

/// Tables with the hooks of their chains and the most rules of a chain.
const BASES: [(Purpose, &[Hook], usize); 7] = [
    (Purpose::Raw, &[Prerouting, Output], 1),
    (
        Purpose::Mangle,
        &[Prerouting, Input, Forward, Output, Postrouting],
        2,
    ),
    (Purpose::Nat, &[Prerouting, Input, Output, Postrouting], 2),
    (Purpose::Filter, &[Input, Forward, Output], 3),
    (Purpose::Security, &[Input, Forward, Output], 1),
    (
        Purpose::Own(ChainType::Filter),
        &[Ingress, Prerouting, Input, Input, Forward, Output, Egress],
        2,
    ),
    (Purpose::Own(ChainType::Nat), &[Prerouting, Output], 2),
];

/// Where a base chain may stand: where the kernel puts that of iptables, else anywhere.
fn base(purpose: Purpose, hook: Hook) -> BoxedStrategy<BaseChain> {
    let nat = match hook {
        Prerouting | Output => -100,
        _ => 100,
    };
    let kind = match (purpose, hook) {
        (Purpose::Nat, _) => ChainType::Nat,
        (Purpose::Mangle, Output) => ChainType::Route,
        (Purpose::Own(kind), _) => kind,
        _ => ChainType::Filter,
    };
    let places = match purpose {
        Purpose::Raw => vec![-300],
        Purpose::Mangle => vec![-150],
        Purpose::Nat => vec![nat],
        Purpose::Filter => vec![0],
        Purpose::Security => vec![50],
        Purpose::Own(ChainType::Nat) => vec![-300, -100, 0, 200],
        Purpose::Own(_) => vec![-400, -300, -250, -150, -50, 0, 10, 150],
    };
    let devices = match hook {
        Ingress | Egress => vec!["eth0".into()],
        _ => Vec::new(),
    };
    let place = prop::sample::select(places);
    let at = move |priority| BaseChain {
        hook,
        kind,
        priority,
        or_priority: None,
        family: TableFamily::Inet,
        devices: devices.clone(),
    };
    place.prop_map(at).boxed()
}

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
fn actions(table: Purpose, own: u32, chains: u32) -> BoxedStrategy<Action> {
    let plain = prop_oneof![3 => Just(Action::Allow), 2 => Just(Action::Return), 1 => Just(Action::Continue)].boxed();
    let opaque = Just(Action::Opaque("NFQUEUE".into())).boxed();
    let deny = Just(Action::Deny).boxed();
    let verdict = match table {
        Purpose::Nat | Purpose::Own(ChainType::Nat) => prop_oneof![2 => plain, 3 => translations()].boxed(),
        Purpose::Raw => {
            prop_oneof![3 => plain, 2 => Just(Action::Notrack), 1 => Just(Action::Track), 1 => deny, 1 => marks()].boxed()
        }
        Purpose::Filter => prop_oneof![6 => plain, 4 => deny, 1 => opaque, 1 => marks()].boxed(),
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

/// The names that iptables has for its own tables and chains.
fn table_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Raw => "raw",
        Purpose::Mangle => "mangle",
        Purpose::Nat => "nat",
        Purpose::Filter => "filter",
        Purpose::Security => "security",
        Purpose::Own(ChainType::Filter) => "own",
        Purpose::Own(_) => "own-nat",
    }
}

fn base_name(purpose: Purpose, hook: Hook) -> Option<&'static str> {
    match (purpose, hook) {
        // A table of somebody's own may have several on one hook.
        (Purpose::Own(_), _) | (_, Ingress | Egress) => None,
        (_, Prerouting) => Some("PREROUTING"),
        (_, Input) => Some("INPUT"),
        (_, Forward) => Some("FORWARD"),
        (_, Output) => Some("OUTPUT"),
        (_, Postrouting) => Some("POSTROUTING"),
    }
}

/// The rule with an action for each of its clauses.
fn mapped(r: Rule, actions: [Action; 2]) -> Rule {
    let actions = actions.into_iter().take(r.clauses.len());
    Rule {
        action: Action::Map(actions.collect()),
        ..r
    }
}

fn table(purpose: Purpose, bases: &'static [Hook], most: usize) -> impl Strategy<Value = Table> {
    let first = u32::try_from(bases.len()).unwrap();
    let all = first + 3;
    let filters = purpose == Purpose::Filter;
    let chains: Vec<_> = (0..all)
        .map(|i| {
            // Nothing jumps to a base chain.
            let actions = || actions(purpose, i.max(first - 1), all);
            let rules = (
                rule(actions(), netfilter_condition()),
                prop::option::weighted(0.2, (actions(), actions())),
            );
            let rules = rules.prop_map(|(r, map)| match map {
                Some((a, b)) => mapped(r, [a, b]),
                None => r,
            });
            let allow = if filters { 0.5 } else { 0.9 };
            let policy = prop::option::weighted(0.95, prop::bool::weighted(allow));
            let place = match bases.get(i as usize) {
                Some(hook) => base(purpose, *hook).prop_map(Some).boxed(),
                None => Just(None).boxed(),
            };
            (prop::collection::vec(rules, 0..=most), policy, place)
        })
        .collect();
    let own = matches!(purpose, Purpose::Own(_));
    let filters = prop_oneof![Just(filters), Just(filters || own)];
    (chains, filters).prop_map(move |(chains, filters)| Table {
        name: table_name(purpose).into(),
        family: TableFamily::Inet,
        filters,
        span: Span::default(),
        chains: chains
            .into_iter()
            .enumerate()
            .map(|(i, (rules, policy, base))| Chain {
                name: bases
                    .get(i)
                    .and_then(|hook| base_name(purpose, *hook))
                    .map_or_else(|| format!("chain{i}").into(), Into::into),
                policy: policy.filter(|_| base.is_some()).map(|allow| ChainPolicy {
                    allow,
                    span: Span::default(),
                }),
                base,
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
#[allow(
    dead_code,
    reason = "the kernel's rulesets are those that iptables loads"
)]
pub(crate) fn netfilter() -> impl Strategy<Value = Point> {
    tables(&BASES)
}

/// The tables of a host that has those of iptables alone.
#[allow(dead_code, reason = "the oracle has tables of any kind")]
pub(crate) fn iptables() -> impl Strategy<Value = Point> {
    let (of_iptables, _) = BASES.split_at(5);
    tables(of_iptables)
}

fn tables(bases: &'static [(Purpose, &[Hook], usize)]) -> impl Strategy<Value = Point> {
    let tables: Vec<_> = bases
        .iter()
        .map(|(purpose, bases, most)| {
            let odds = match purpose {
                Purpose::Filter => 0.95,
                Purpose::Own(_) => 0.3,
                _ => 0.6,
            };
            prop::option::weighted(odds, table(*purpose, bases, *most))
        })
        .collect();
    (tables, prop::bool::weighted(0.3), sets()).prop_map(|(tables, whole, sets)| {
        let mut nf = Netfilter::new(tables.into_iter().flatten().collect());
        nf.whole = whole;
        nf.sets = sets;
        Point::new(PointKind::Netfilter, Span::default(), Body::Netfilter(nf))
    })
}
