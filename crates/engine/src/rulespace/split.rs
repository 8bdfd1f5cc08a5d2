//! Where a node of the hierarchy is cut in two.

use super::bounds::{Coord, Item, Ranges};

/// Places at which a cut is tried along each key.
const BINS: usize = 8;
/// Items that a cut is chosen by. Nearly all nodes stand low, where a cut matters little.
const SAMPLE: usize = 16;
/// The same in a large node.
const SAMPLE_OF_MANY: usize = 192;
/// Items of a large node.
const MANY: usize = 512;
/// Keys along which a node is cut: the middle and the width of each of four dimensions, and the protocol.
const KEYS: usize = 9;

/// Cuts nodes; what it needs for that is kept from one to the next.
pub(super) struct Cutter<A> {
    /// What the cut is chosen by.
    sample: Vec<Ranges<A>>,
    /// How the sample, and then each item, measures along a key.
    keys: Vec<f64>,
    /// Items of the second part.
    right: Vec<Item<A>>,
}

/// What lies under it along a key goes to the first part of a node.
#[derive(Clone, Copy)]
struct Edge {
    key: usize,
    at: f64,
    cost: f64,
}

impl<A: Coord> Cutter<A> {
    pub(super) const fn new() -> Self {
        Self {
            sample: Vec::new(),
            keys: Vec::new(),
            right: Vec::new(),
        }
    }

    /// Parts items where a packet would have the least to look at, and says where. Both parts keep their order.
    pub(super) fn cut(&mut self, items: &mut [Item<A>]) -> usize {
        let wanted = if items.len() > MANY {
            SAMPLE_OF_MANY
        } else {
            SAMPLE
        };
        let sample = items.iter().step_by(items.len().div_ceil(wanted).max(1));
        self.sample.clear();
        self.sample.extend(sample.map(|i| i.bounds.ranges));
        let low = self
            .sample
            .iter()
            .fold(Ranges::NOTHING, |all, r| all.hull(r));
        let mut best: Option<Edge> = None;
        for key in 0..KEYS {
            self.keys.clear();
            along(key, &low, self.sample.iter(), &mut self.keys);
            if let Some(e) = self.edge(key)
                && best.is_none_or(|b| e.cost < b.cost)
            {
                best = Some(e);
            }
        }
        let Some(edge) = best else {
            // Boxes that no key tells apart: their numbers do.
            return items.len() / 2;
        };
        self.keys.clear();
        along(
            edge.key,
            &low,
            items.iter().map(|i| &i.bounds.ranges),
            &mut self.keys,
        );
        self.part(items, edge.at)
    }

    /// The best edge along the key by which the sample was measured; both sides of it hold items.
    fn edge(&self, key: usize) -> Option<Edge> {
        let ends = (f64::MAX, f64::MIN);
        let (lo, hi) = self
            .keys
            .iter()
            .fold(ends, |(lo, hi), x| (x.min(lo), x.max(hi)));
        if lo >= hi {
            return None;
        }
        let step = (hi - lo) / BINS as f64;
        let per_step = 1.0 / step;
        let mut bins = [Bin::EMPTY; BINS];
        for (ranges, x) in self.sample.iter().zip(&self.keys) {
            let b = (((x - lo) * per_step) as usize).min(BINS - 1);
            if let Some(bin) = bins.get_mut(b) {
                bin.add(ranges, 1);
            }
        }
        let mut right = [Bin::EMPTY; BINS];
        let mut sum = Bin::EMPTY;
        for (r, b) in right.iter_mut().zip(&bins).rev() {
            sum.add(&b.ranges, b.count);
            *r = sum;
        }
        let mut left = Bin::EMPTY;
        let mut best: Option<Edge> = None;
        for (n, (b, r)) in bins.iter().zip(right.iter().skip(1)).enumerate() {
            if b.count == 0 {
                // The edge before it does the same.
                continue;
            }
            left.add(&b.ranges, b.count);
            let cost = left.cost() + r.cost();
            let at = lo + step * (n + 1) as f64;
            // Rounding may put an item of a bin on the other side of its edge; one at each end is safe.
            let parts = r.count > 0 && lo < at && at <= hi;
            if parts && best.is_none_or(|b| cost < b.cost) {
                best = Some(Edge { key, at, cost });
            }
        }
        best
    }

    /// Puts the items whose key is under the edge before the others.
    fn part(&mut self, items: &mut [Item<A>], edge: f64) -> usize {
        self.right.clear();
        let mut at = 0;
        for (i, key) in self.keys.iter().enumerate() {
            let Some(item) = items.get(i).copied() else {
                break;
            };
            if *key < edge {
                if let Some(slot) = items.get_mut(at) {
                    *slot = item;
                }
                at += 1;
            } else {
                self.right.push(item);
            }
        }
        for (slot, item) in items.iter_mut().skip(at).zip(&self.right) {
            *slot = *item;
        }
        at
    }
}

/// Measures ranges along a key, above `low`.
fn along<'r, A: Coord>(
    key: usize,
    low: &Ranges<A>,
    ranges: impl Iterator<Item = &'r Ranges<A>>,
    out: &mut Vec<f64>,
) {
    fn middle<T: Coord>(r: (T, T), low: (T, T)) -> f64 {
        r.0.above(low.0) + r.1.above(low.0)
    }
    match key {
        0 => out.extend(ranges.map(|r| middle(r.src, low.src))),
        1 => out.extend(ranges.map(|r| width(r.src))),
        2 => out.extend(ranges.map(|r| middle(r.dst, low.dst))),
        3 => out.extend(ranges.map(|r| width(r.dst))),
        4 => out.extend(ranges.map(|r| middle(r.dport, low.dport))),
        5 => out.extend(ranges.map(|r| width(r.dport))),
        6 => out.extend(ranges.map(|r| middle(r.sport, low.sport))),
        7 => out.extend(ranges.map(|r| width(r.sport))),
        _ => out.extend(ranges.map(|r| middle(r.proto, low.proto))),
    }
}

/// How many bits a range's length has.
fn width<T: Coord>(r: (T, T)) -> f64 {
    (length(r).to_bits() >> 52) as f64
}

fn length<T: Coord>(r: (T, T)) -> f64 {
    r.1.above(r.0) + 1.0
}

/// One side of a cut that is tried.
#[derive(Clone, Copy)]
struct Bin<A> {
    ranges: Ranges<A>,
    count: u32,
}

impl<A: Coord> Bin<A> {
    const EMPTY: Self = Self {
        ranges: Ranges::NOTHING,
        count: 0,
    };

    fn add(&mut self, ranges: &Ranges<A>, count: u32) {
        self.count += count;
        self.ranges = self.ranges.hull(ranges);
    }

    fn cost(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        extent(&self.ranges) * f64::from(self.count)
    }
}

/// How much of packet space ranges take, to the power of a quarter; only compared.
fn extent<A: Coord>(r: &Ranges<A>) -> f64 {
    let ends = length(r.src) * length(r.dst);
    let rest = length(r.sport) * length(r.dport) * length(r.proto);
    // A quarter of the exponent, and the bits of the fraction as they fall: a tenth off at most, and no root is drawn.
    const BIAS: u64 = 1023 << 52;
    f64::from_bits(((ends * rest).to_bits() >> 2) + (BIAS - BIAS / 4))
}
