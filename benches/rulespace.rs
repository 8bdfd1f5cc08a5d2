//! The rule-space analysis of one chain, realistic and hard, and its index.
//!
//!     cargo bench --bench rulespace

#![allow(clippy::expect_used)] // A benchmark may stop.

use common::adversarial::Shape;
use divan::Bencher;
use divan::counter::ItemsCount;
use hylint_engine::rulespace::{Fate, Index, Kinds, OrderedList, Packet, Takes};
use hylint_model::{Export, Rule};
use hylint_parsers::format;
use hylint_parsers::source::Source;

mod common;

fn main() {
    divan::main();
}

fn read(text: String) -> Export {
    format::read(&Source::new("list", text, "UTF-8")).expect("an export")
}

fn rules(export: &Export) -> Vec<&Rule> {
    export.points.iter().flat_map(|p| p.rules()).collect()
}

fn list<'a>(rules: &[&'a Rule]) -> OrderedList<'a> {
    let takes = rules.iter().map(|r| Takes::of(r)).collect();
    OrderedList::new(rules.to_vec(), takes)
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn index(bencher: Bencher<'_, '_>, n: usize) {
    let export = read(common::list("iptables", n));
    bencher
        .counter(ItemsCount::new(n))
        .bench_local(|| list(&rules(&export)));
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn first_match(bencher: Bencher<'_, '_>, n: usize) {
    let export = read(common::list("iptables", n));
    let rules = rules(&export);
    let spaces = |(i, r): (u32, &&'_ Rule)| {
        r.clauses
            .iter()
            .map(|c| (i, c.space.clone()))
            .collect::<Vec<_>>()
    };
    let boxes: Vec<_> = (0u32..).zip(&rules).flat_map(spaces).collect();
    let index = Index::new(boxes.iter().map(|(i, b)| (*i, b)));
    let corners: Vec<Packet> = boxes
        .iter()
        .filter_map(|(_, b)| Packet::lowest(b))
        .collect();
    bencher
        .counter(ItemsCount::new(corners.len()))
        .bench_local(|| {
            let first = |p: &Packet| index.first(p, Kinds::ALL, u32::MAX, |_| true);
            corners.iter().filter_map(first).count()
        });
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn fates(bencher: Bencher<'_, '_>, n: usize) {
    let export = read(common::list("iptables", n));
    let list = list(&rules(&export));
    bencher.counter(ItemsCount::new(n)).bench_local(|| {
        list.fates()
            .into_iter()
            .filter(|f| *f == Fate::Live)
            .count()
    });
}

#[divan::bench(args = [Shape::Falling, Shape::Stripes, Shape::Boxes, Shape::Halves, Shape::Lengths], sample_count = 5)]
fn hard(bencher: Bencher<'_, '_>, shape: Shape) {
    let export = read(common::adversarial("iptables", shape, 10_000, 100));
    let list = list(&rules(&export));
    bencher
        .counter(ItemsCount::new(10_000usize))
        .bench_local(|| {
            list.fates()
                .into_iter()
                .filter(|f| *f == Fate::Live)
                .count()
        });
}
