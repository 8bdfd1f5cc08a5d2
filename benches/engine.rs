//! The engine on one realistic list: single packets, and a flow from anywhere to anywhere.
//!
//!     cargo bench --bench engine

#![allow(clippy::expect_used, clippy::indexing_slicing)] // A benchmark may stop.

use divan::Bencher;
use divan::counter::ItemsCount;
use hylint::judge::Exports;
use hylint::load::LoadedExport;
use hylint_engine::{Context, Direction, Judgement, LocalPolicy, PointId, evaluate};
use hylint_model::Profiles;
use hylint_parsers::format;
use hylint_parsers::source::Source;
use hylint_space::{
    AddrSet, FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, RangeSet, StateSet, TcpFlags, proto,
};
use std::collections::BTreeMap;

mod common;

fn main() {
    divan::main();
}

fn export(rules: usize) -> LoadedExport {
    let text = common::list("iptables", rules);
    let bytes = text.len() as u64;
    let source = Source::new("list", text, "UTF-8");
    let export = format::read(&source).expect("an export");
    LoadedExport::new("list".into(), source, export, String::new(), bytes)
}

fn syn(src: RangeSet<u32>, dst: RangeSet<u32>, port: u16) -> PacketBox {
    let v4 = |v4| AddrSet {
        v4,
        v6: RangeSet::empty(),
    };
    PacketBox {
        src: v4(src),
        dst: v4(dst),
        proto: ProtoSet::single(proto::TCP),
        sport: PortSet::single(50_000),
        dport: PortSet::single(port),
        flags: FlagSet::exactly(TcpFlags::SYN),
        state: StateSet::exactly(StateSet::NEW, false, false),
        in_iface: IfaceSet::single(0),
        out_iface: IfaceSet::single(0),
    }
}

fn bench(bencher: Bencher<'_, '_>, rules: usize, queries: &[PacketBox]) {
    let exports = Exports::from([export(rules)]);
    let (resolve, local) = (BTreeMap::new(), AddrSet::empty());
    let ctx = Context {
        profile: Profiles::ALL,
        ..Context::new(&exports, &resolve, &local, LocalPolicy::Holds)
    };
    let judge = |q| Judgement::of(&evaluate(&ctx, &[PointId::default()], Direction::In, q));
    bencher
        .counter(ItemsCount::new(queries.len()))
        .bench_local(|| {
            queries
                .iter()
                .map(judge)
                .filter(Judgement::all_allowed)
                .count()
        });
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn packets(bencher: Bencher<'_, '_>, rules: usize) {
    let mut rng = fastrand::Rng::with_seed(1);
    let queries: Vec<PacketBox> = (0..1000)
        .map(|_| {
            let src = RangeSet::single(10 << 24 | rng.u32(..1 << 24));
            let dst = RangeSet::single(10 << 24 | rng.u32(..1 << 24));
            syn(src, dst, [22, 80, 443, 1433, 3389][rng.usize(..5)])
        })
        .collect();
    bench(bencher, rules, &queries);
}

#[divan::bench(args = [1_000, 10_000], sample_count = 10)]
fn anywhere(bencher: Bencher<'_, '_>, rules: usize) {
    let query = syn(RangeSet::full(), RangeSet::full(), 3389);
    bench(bencher, rules, &[query]);
}
