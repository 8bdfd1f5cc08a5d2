//! The engine against a naive evaluator that shares nothing with it but the model: one packet at a time, every value of
//! every condition tried. Verdicts must be equal, `conditional` included.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "oracle/chains.rs"]
mod chains;
#[path = "oracle/conversations.rs"]
mod conversations;
#[path = "differential/mod.rs"]
mod differential;
#[path = "oracle/lists.rs"]
mod lists;
#[path = "oracle/naive.rs"]
mod naive;
#[path = "oracle/tables.rs"]
mod tables;
#[path = "oracle/universe.rs"]
mod universe;

use differential::engine::{Engine, indexed, known, loaded, points};
use differential::naive::Naive;
use differential::talk::{self, Talk};
use differential::{Case, Probe, compare};
use hylint::judge::Exports;
use hylint::session::trace::Packet;
use hylint_engine::{
    Context, Direction, Effect, Judgement, LocalPolicy, PointId, evaluate, subtract_all,
};
use hylint_model::{
    Action, Body, Chain, Condition, ConditionKind, Families, Hook, NatKind, Point, Profiles, Rule,
    Side, Test,
};
use hylint_space::{AddrSet, FlagSet, IfaceSet, PacketBox, PortSet, StateSet, iface_name};
use proptest::prelude::*;

/// Packets for each ruleset.
const PACKETS: usize = 24;

/// Pairs of ruleset and packet for each format; `HYLINT_ORACLE` sets them.
fn cases() -> ProptestConfig {
    let pairs = std::env::var("HYLINT_ORACLE")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(100_000);
    let cases = u32::div_ceil(pairs, u32::try_from(PACKETS).unwrap());
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

/// The engine and the naive evaluator say the same of each packet.
fn agree(
    layers: &[Vec<Point>],
    direction: Direction,
    profile: Option<Profiles>,
    packets: Vec<Packet>,
) -> Result<(), TestCaseError> {
    let case = Case {
        layers,
        direction,
        profile,
        dump: None,
        filter_only: false,
    };
    let probes: Vec<Probe> = packets.into_iter().map(Probe::from).collect();
    let compared = compare(&mut Engine, &mut Naive, &case, &probes);
    let differences = compared.map_err(TestCaseError::fail)?.differences;
    let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
    prop_assert!(told.is_empty(), "DIFFERENT {}", told.join("\nDIFFERENT "));
    Ok(())
}

fn way() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::In), Just(Direction::Out)]
}

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    prop::collection::vec(universe::packet(), PACKETS)
}

/// Whether the kernel takes a rule at a hook: destinations are translated before the routing, sources after it.
fn in_place(hook: Option<Hook>, r: &Rule) -> bool {
    let translates = |moves_source: bool| {
        r.does(|a| {
            matches!(a, Action::Nat(n) if matches!(n.kind, NatKind::Masquerade | NatKind::Snat) == moves_source)
        })
    };
    match hook {
        Some(Hook::Prerouting | Hook::Output) => !translates(true),
        Some(Hook::Input | Hook::Postrouting) => !translates(false),
        _ => !translates(true) && !translates(false),
    }
}

/// Tables without what is said of processes, and of packets one by one; and without what a rule says of a network.
fn for_conversations(mut point: Point) -> Point {
    if let Body::Netfilter(nf) = &mut point.body {
        let hook = |c: &Chain| c.base.as_ref().map(|b| b.hook);
        let ids: Vec<_> = nf.chains().map(|(id, _, c)| (id, hook(c))).collect();
        for (id, hook) in ids {
            if let Some(rules) = nf.chain_rules_mut(id) {
                rules.retain(|r| in_place(hook, r));
            }
        }
    }
    for r in point.rules_mut() {
        for c in &mut r.clauses {
            c.conditions.retain_mut(|c| {
                // Each has a value for each way of packets, and all values are tried.
                let many = &*c.text == "c2" || matches!(c.test, Test::Length(_) | Test::Mac(_));
                if c.test == Test::Opaque && c.kind != ConditionKind::Rate {
                    c.kind = ConditionKind::Peer;
                }
                c.kind != ConditionKind::Local && !many
            });
            if matches!(&r.action, Action::Nat(_) | Action::Map(_)) {
                c.space.out_iface = IfaceSet::full();
            }
        }
    }
    point
}

/// The same rules, with sets of which nobody knows the members in the place of what has no name.
fn with_open_sets(mut point: Point) -> Point {
    let named = |side| Test::Named {
        key: "open".into(),
        side,
    };
    for r in point.rules_mut() {
        for c in r.clauses.iter_mut().flat_map(|c| &mut c.conditions) {
            let test = match (&*c.text, &c.test) {
                ("c0" | "limit", _) => named(Side::Src),
                ("c1", _) | (_, Test::AddrType { .. }) => named(Side::Dst),
                ("mac" | "header", _) => Test::IpSet {
                    name: "pairs".into(),
                    sides: vec![Side::Dst, Side::Dst],
                },
                _ => continue,
            };
            let text = format!("set {test:?}");
            *c = Condition::new(ConditionKind::Peer, test, c.span, text).negate(c.negated);
        }
    }
    point
}

/// A flow between addresses of the universe, one of which is this host's unless it goes through.
fn flow() -> impl Strategy<Value = Talk> {
    let ends = (0..universe::ADDRESSES, 1..universe::ADDRESSES);
    let faces = prop::sample::select(vec!["zz0", "eth0", "eth1"]);
    let way = prop_oneof![
        2 => Just(Direction::In),
        1 => Just(Direction::Out),
        1 => Just(Direction::Forward)
    ];
    (
        way,
        any::<bool>(),
        ends,
        (0u16..3, 0u16..3),
        faces.clone(),
        faces,
        any::<bool>(),
        prop::bool::weighted(0.7),
    )
        .prop_map(
            |(way, v6, (src, apart), (sport, dport), i, o, tcp, reply)| Talk {
                way,
                src: universe::address(v6, src),
                dst: universe::address(v6, (src + apart) % universe::ADDRESSES),
                proto: if tcp { 6 } else { 17 },
                sport,
                dport,
                in_iface: if way == Direction::Out { "" } else { i }.to_owned(),
                out_iface: if way == Direction::In { "" } else { o }.to_owned(),
                reply: tcp || reply,
            },
        )
}

proptest! {
    #![proptest_config(cases())]

    /// Catches a verdict that rests on the first packets of a flow alone, and one that two packets of it take differently.
    #[test]
    fn conversations(
        point in tables::netfilter(),
        sets in any::<bool>(),
        flows in prop::collection::vec(flow(), 8),
    ) {
        let point = for_conversations(if sets { with_open_sets(point) } else { point });
        let redirects = |a: &Action| matches!(a, Action::Nat(n) if n.kind == NatKind::Redirect);
        let redirects = point.rules().any(|r| r.does(redirects));
        let layers = [vec![point]];
        let case = Case { layers: &layers, direction: Direction::In, profile: None, dump: None, filter_only: false };
        // What goes through is for no address of this host, and REDIRECT may lead to any address then.
        for t in flows.into_iter().filter(|t| !redirects || t.way != Direction::Forward) {
            let (_, told) = talk::compare(&mut Engine, &mut Naive, &case, std::slice::from_ref(&t)).map_err(TestCaseError::fail)?;
            prop_assert!(told.is_empty(), "DIFFERENT {}", told.join("\nDIFFERENT "));
        }
    }

    #[test]
    fn iptables(
        point in tables::netfilter(),
        direction in prop_oneof![2 => way(), 1 => Just(Direction::Forward)],
        packets in packets(),
    ) {
        agree(&[vec![point]], direction, None, packets)?;
    }

    #[test]
    fn netsh(
        point in lists::windows(),
        direction in way(),
        profile in prop::option::of(1u8..8),
        packets in packets(),
    ) {
        agree(&[vec![point]], direction, profile.map(Profiles), packets)?;
    }

    #[test]
    fn aws(layers in lists::aws(), direction in way(), packets in packets()) {
        agree(&layers, direction, None, packets)?;
    }

    #[test]
    fn azure(layers in lists::azure(), direction in way(), packets in packets()) {
        agree(&layers, direction, None, packets)?;
    }

    // What a rule lets in is told as its own where the order of rules makes no difference, and nothing else changes.
    #[test]
    fn a_rule_put_ahead_changes_no_verdict(
        layers in prop_oneof![lists::windows().prop_map(|p| vec![vec![p]]), lists::aws(), lists::azure()],
        direction in way(),
        packets in packets(),
    ) {
        let (exports, resolve, local) = (Exports::from(loaded(&layers)), known(), AddrSet::empty());
        let policy = LocalPolicy::Literal { uid: Some(0), gid: None, mac: None, mark: 0 };
        let ctx = Context::new(&exports, &resolve, &local, policy);
        for (e, layer) in layers.iter().enumerate() {
            let points = points(e, layer);
            for p in packets.iter().take(4) {
                let verdict = |ahead| {
                    let of = Judgement::of(&evaluate(&Context { ahead, ..ctx }, &points, direction, &p.space()));
                    [of.allowed, of.denied, of.conditional].map(|boxes| !boxes.is_empty())
                };
                let without = verdict(None);
                for at in &points {
                    for rule in exports.point(*at).unwrap().rules() {
                        prop_assert_eq!(verdict(Some(rule)), without, "{:?} {:?}", p, rule);
                    }
                }
            }
        }
    }

    // A set of packets at once, as `check` judges it: what may happen to each of them may happen to it as part of the set,
    // and nothing else, as long as all are in the same state and no address changes on the way.
    #[test]
    fn a_set_of_packets_is_judged_as_each_of_them(
        point in tables::netfilter(),
        direction in prop_oneof![2 => way(), 1 => Just(Direction::Forward)],
        families in prop_oneof![2 => Just(Families::BOTH), 1 => Just(Families::V4), 1 => Just(Families::V6)],
        any_source in any::<bool>(),
        packets in packets(),
    ) {
        let translates = point.rules().any(|r| r.does(|a| matches!(a, Action::Nat(_))));
        let layers = [vec![Point { families, ..point }]];
        let (exports, by_index) = (Exports::from(loaded(&layers)), indexed(&layers));
        let (resolve, local) = (known(), universe::range(0, 1));
        let policy = LocalPolicy::Literal { uid: Some(0), gid: None, mac: None, mark: 0 };
        let ctx = Context::new(&exports, &resolve, &local, policy);
        let addrs = universe::range(0, universe::ADDRESSES - 1);
        let family = |v6: bool| if v6 { AddrSet { v6: addrs.v6.clone(), ..AddrSet::empty() } } else { AddrSet { v4: addrs.v4.clone(), ..AddrSet::empty() } };
        let faces: IfaceSet = ["", "eth0", "eth1"].iter().map(|i| (iface_name(i), iface_name(i))).collect();
        let effects_by = |sets, b: &PacketBox, within: &PacketBox| -> Vec<Effect> {
            let branches = evaluate(&Context { sets, ..ctx }, &[PointId::default()], direction, b);
            let mut all: Vec<Effect> = Vec::new();
            for branch in branches.iter().filter(|x| x.space.intersects(within)) {
                if !all.contains(&branch.effect) { all.push(branch.effect); }
            }
            all
        };
        let effects = |b: &PacketBox, within: &PacketBox| effects_by(&exports, b, within);
        for p in packets.iter().take(6) {
            let v6 = p.dst.is_ipv6();
            let whole = PacketBox {
                // One end says the family as well as two.
                src: if any_source { AddrSet::any() } else { family(v6) },
                dst: family(v6),
                sport: PortSet::range(0, 2), dport: PortSet::range(0, 2),
                flags: FlagSet::FULL,
                state: StateSet::exactly(StateSet::FULL, false, false),
                in_iface: faces.clone(), out_iface: faces.clone(),
                ..PacketBox::any()
            };
            let one = p.space();
            let of = |sets, effect: Effect| -> Vec<PacketBox> {
                let ctx = Context { sets, ..ctx };
                let branches = evaluate(&ctx, &[PointId::default()], direction, &whole);
                branches.into_iter().filter(|x| x.effect == effect).map(|x| x.space).collect()
            };
            for effect in [Effect::Allow, Effect::Deny, Effect::Unknown] {
                let (scanned, looked_up) = (of(&exports, effect), of(&by_index, effect));
                let only = [subtract_all(&scanned, &looked_up), subtract_all(&looked_up, &scanned)];
                // Where a translation cannot be told box by box, it depends on how they were cut.
                prop_assert!(translates || only == [vec![], vec![]], "{:?} of one alone: {:?}", effect, only);
            }
            let alone = effects(&one, &one);
            prop_assert!(!alone.is_empty());
            for exports in [&exports, &by_index] {
                let as_part = effects_by(exports, &whole, &one);
                prop_assert!(alone.iter().all(|e| as_part.contains(e)), "{:?}: {:?} lacks some of {:?}", p, as_part, alone);
            }
            let alike = PacketBox { state: one.state, ..whole };
            let among = effects(&alike, &one);
            // Both ends of a packet are the same host or not, which a set of packets leaves open.
            prop_assert!(translates || p.src == p.dst || among.len() == alone.len(), "{:?}: {:?}, alone {:?}", p, among, alone);
        }
    }
}
