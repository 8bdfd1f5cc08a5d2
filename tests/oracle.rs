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
#[path = "oracle/lists.rs"]
mod lists;
#[path = "oracle/naive.rs"]
mod naive;
#[path = "oracle/tables.rs"]
mod tables;
#[path = "oracle/universe.rs"]
mod universe;

use hylint::judge::Exports;
use hylint::load::LoadedExport;
use hylint::session::trace::{Packet, Tracer, Verdict};
use hylint_engine::{
    Context, Direction, Effect, Indexes, Judgement, LocalPolicy, PointId, SetId, evaluate,
    subtract_all,
};
use hylint_model::{Action, Body, Export, Families, Point, Profiles, Side};
use hylint_parsers::source::Source;
use hylint_space::{AddrSet, FlagSet, IfaceSet, PacketBox, PortSet, StateSet, iface_name};
use naive::{Case, Outcomes, every_value, verdict};
use proptest::prelude::*;
use std::collections::BTreeMap;

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

/// An export for each layer.
fn loaded(layers: &[Vec<Point>]) -> Vec<LoadedExport> {
    let one = |points: &Vec<Point>| {
        let export = Export {
            points: points.clone(),
            ..Export::default()
        };
        LoadedExport::new(
            "x".into(),
            Source::new("x", "", "UTF-8"),
            export,
            String::new(),
            0,
        )
    };
    layers.iter().map(one).collect()
}

/// The same with an index for every list, however short.
fn indexed(layers: &[Vec<Point>]) -> Exports {
    Exports::with_indexes(loaded(layers), Indexes::of_every_list)
}

/// All points of a layer.
fn points(layer: usize, points: &[Point]) -> Vec<PointId> {
    let of = |p| PointId::new(SetId::new(layer), p);
    (0..points.len()).map(of).collect()
}

/// The addresses of the set that is known.
fn known() -> BTreeMap<String, AddrSet> {
    BTreeMap::from([("known".to_owned(), universe::range(1, 2))])
}

/// The engine's verdict on each packet.
fn engine(
    layers: &[Vec<Point>],
    direction: Direction,
    profile: Option<Profiles>,
    packets: &[Packet],
) -> Vec<Verdict> {
    let resolve = known();
    let each = layers.iter().enumerate();
    let refs: Vec<Vec<PointId>> = each.map(|(i, l)| points(i, l)).collect();
    let verdicts = |exports: Exports| -> Vec<Verdict> {
        let tracer = Tracer {
            exports: &exports,
            layers: &refs,
            resolve: &resolve,
            direction,
            profile,
            filter_only: false,
        };
        packets
            .iter()
            .map(|p| tracer.judge(p, false).verdict)
            .collect()
    };
    let scanned = verdicts(loaded(layers).into());
    let looked_up = verdicts(indexed(layers));
    assert_eq!(
        scanned, looked_up,
        "with every rule looked at, and by the index"
    );
    scanned
}

/// The naive verdict on one layer: what may happen under all values together.
fn naive(
    layer: &[Point],
    direction: Direction,
    p: &Packet,
    judge: impl Fn(&Case<'_>, &mut Outcomes),
) -> Verdict {
    let known = &known()["known"];
    let (own, own_side) = match direction {
        Direction::In => (Some(p.dst), Some(Side::Dst)),
        Direction::Out => (Some(p.src), Some(Side::Src)),
        Direction::Forward => (None, None),
    };
    let sets = match layer.first().map(|p| &p.body) {
        Some(Body::Netfilter(nf)) => nf.sets.as_slice(),
        _ => &[],
    };
    let mut outcomes = Outcomes::new();
    every_value(layer.iter().flat_map(Point::rules), |values| {
        judge(
            &Case {
                packet: p,
                own,
                own_side,
                values,
                known,
                sets,
            },
            &mut outcomes,
        );
    });
    verdict(&outcomes)
}

/// All must let a packet through.
fn together(verdicts: &[Verdict]) -> Verdict {
    [Verdict::Deny, Verdict::Conditional]
        .into_iter()
        .find(|v| verdicts.contains(v))
        .unwrap_or(Verdict::Allow)
}

/// Every layer of a cloud host must let a packet through.
fn cloud_agrees(
    layers: &[Vec<Point>],
    direction: Direction,
    packets: &[Packet],
) -> Result<(), TestCaseError> {
    for (p, got) in packets.iter().zip(engine(layers, direction, None, packets)) {
        let one = |l: &Vec<Point>| {
            naive(l, direction, p, |case, out| {
                lists::cloud(case, l, direction, out)
            })
        };
        let each: Vec<Verdict> = layers.iter().map(one).collect();
        prop_assert_eq!(got, together(&each), "{:?} {:?}", direction, p);
    }
    Ok(())
}

fn way() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::In), Just(Direction::Out)]
}

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    prop::collection::vec(universe::packet(), PACKETS)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn iptables(
        point in tables::netfilter(),
        direction in prop_oneof![2 => way(), 1 => Just(Direction::Forward)],
        packets in packets(),
    ) {
        let layers = [vec![point]];
        let Body::Netfilter(nf) = &layers[0][0].body else { unreachable!() };
        for (p, got) in packets.iter().zip(engine(&layers, direction, None, &packets)) {
            let want = naive(&layers[0], direction, p, |case, out| chains::Naive { case, direction, nf }.judge(out));
            prop_assert_eq!(got, want, "{:?} {:?}", direction, p);
        }
    }

    #[test]
    fn netsh(
        point in lists::windows(),
        direction in way(),
        profile in prop::option::of(1u8..8),
        packets in packets(),
    ) {
        let profile = profile.map(Profiles);
        let layers = [vec![point]];
        let point = &layers[0][0];
        let said = point.windows.as_ref().and_then(|w| w.active).map(|(p, _)| p);
        let judged = profile.or(said).unwrap_or(Profiles::DOMAIN);
        for (p, got) in packets.iter().zip(engine(&layers, direction, profile, &packets)) {
            let each: Vec<Verdict> = (0..3)
                .filter(|n| judged.0 >> n & 1 == 1)
                .map(|n| naive(&layers[0], direction, p, |case, out| lists::host(case, point, n, direction, out)))
                .collect();
            prop_assert_eq!(got, together(&each), "{:?} {:?}", direction, p);
        }
    }

    #[test]
    fn aws(layers in lists::aws(), direction in way(), packets in packets()) {
        cloud_agrees(&layers, direction, &packets)?;
    }

    #[test]
    fn azure(layers in lists::azure(), direction in way(), packets in packets()) {
        cloud_agrees(&layers, direction, &packets)?;
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
            prop_assert!(translates || among.len() == alone.len(), "{:?}: {:?}, alone {:?}", p, among, alone);
        }
    }
}
