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
use differential::{Case, Probe, compare};
use hylint::judge::Exports;
use hylint::session::trace::Packet;
use hylint_engine::{
    Context, Direction, Effect, Judgement, LocalPolicy, PointId, evaluate, subtract_all,
};
use hylint_model::{Action, Families, Point, Profiles};
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

proptest! {
    #![proptest_config(cases())]

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
            prop_assert!(translates || among.len() == alone.len(), "{:?}: {:?}, alone {:?}", p, among, alone);
        }
    }
}
