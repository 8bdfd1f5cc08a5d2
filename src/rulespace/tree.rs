//! A bounding volume hierarchy over boxes: which of them may hold a packet, or share one with a query.
//!
//! The boxes of a rule list nest and overlap, so they are parted by where they lie *and* by how wide they are: a rule for any
//! source in a node of hosts would make every packet visit it. Each node knows the lowest number below it, so that the search
//! for the first box that holds a packet stops early. (A library's R-tree has one signed coordinate type for every dimension
//! and no order among its boxes.)

use hylint_parsers::space::Scalar;
use smallvec::SmallVec;
use std::ops::Range;

/// Boxes of a leaf.
const LEAF: usize = 8;
/// Places at which a split is tried along each key.
const BINS: usize = 16;
/// Items that a split is chosen by.
const SAMPLE: usize = 192;
/// Keys along which a node is split: the middle and the width of each of four dimensions, and the protocol.
const KEYS: usize = 9;

/// A coordinate.
pub(super) trait Coord: Scalar {
    /// How far it is above one that is not higher; near enough for choosing a split.
    fn above(self, low: Self) -> f64;
}

macro_rules! coord {
    ($($t:ty),*) => {$(
        impl Coord for $t {
            fn above(self, low: Self) -> f64 {
                self.wrapping_sub(low) as f64
            }
        }
    )*};
}
coord!(u8, u16, u32, u128);

/// The range of each dimension that has few of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranges<A> {
    pub(super) src: (A, A),
    pub(super) dst: (A, A),
    pub(super) sport: (u16, u16),
    pub(super) dport: (u16, u16),
    pub(super) proto: (u8, u8),
}

/// A box that may be larger than what it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<A> {
    pub(super) ranges: Ranges<A>,
    pub(super) flags: u64,
    pub(super) state: u32,
    /// Interfaces, each name one bit of a hash.
    pub(super) ins: u32,
    pub(super) outs: u32,
    /// What belongs to the box, or what is looked for, one bit each: see [`super::index::Kinds`].
    pub(super) kinds: u8,
}

fn meet<T: Ord + Copy>(a: (T, T), b: (T, T)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

fn hull<T: Ord + Copy>(a: (T, T), b: (T, T)) -> (T, T) {
    (a.0.min(b.0), a.1.max(b.1))
}

fn length<T: Coord>(r: (T, T)) -> f64 {
    r.1.above(r.0) + 1.0
}

impl<A: Coord> Ranges<A> {
    fn hull(&self, o: &Self) -> Self {
        Self {
            src: hull(self.src, o.src),
            dst: hull(self.dst, o.dst),
            sport: hull(self.sport, o.sport),
            dport: hull(self.dport, o.dport),
            proto: hull(self.proto, o.proto),
        }
    }

    /// How much of packet space they take, to the power of a quarter; only compared.
    fn extent(&self) -> f64 {
        let ends = length(self.src) * length(self.dst);
        let rest = length(self.sport) * length(self.dport) * length(self.proto);
        (ends * rest).sqrt().sqrt()
    }

    fn key(&self, k: usize, low: &Self) -> f64 {
        fn of<T: Coord>(r: (T, T), low: (T, T), k: usize) -> f64 {
            if k.is_multiple_of(2) {
                r.0.above(low.0) + r.1.above(low.0)
            } else {
                // The exponent: how many bits the length has.
                (length(r).to_bits() >> 52) as f64
            }
        }
        match k / 2 {
            0 => of(self.src, low.src, k),
            1 => of(self.dst, low.dst, k),
            2 => of(self.dport, low.dport, k),
            3 => of(self.sport, low.sport, k),
            _ => of(self.proto, low.proto, k),
        }
    }
}

impl<A: Coord> Bounds<A> {
    pub(super) fn meets(&self, o: &Self) -> bool {
        let (a, b) = (&self.ranges, &o.ranges);
        meet(a.dport, b.dport)
            && meet(a.src, b.src)
            && meet(a.dst, b.dst)
            && meet(a.proto, b.proto)
            && meet(a.sport, b.sport)
            && self.kinds & o.kinds != 0
            && self.state & o.state != 0
            && self.flags & o.flags != 0
            && self.ins & o.ins != 0
            && self.outs & o.outs != 0
    }

    fn hull(&self, o: &Self) -> Self {
        Self {
            ranges: self.ranges.hull(&o.ranges),
            flags: self.flags | o.flags,
            state: self.state | o.state,
            ins: self.ins | o.ins,
            outs: self.outs | o.outs,
            kinds: self.kinds | o.kinds,
        }
    }
}

/// A box and its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<A> {
    pub(super) bounds: Bounds<A>,
    pub(super) id: u32,
}

#[derive(Clone, Copy, Debug)]
struct Node<A> {
    bounds: Bounds<A>,
    /// The lowest and the highest number below it.
    min: u32,
    max: u32,
    /// First item of a leaf, or the first of two children.
    from: u32,
    /// Items of a leaf; 0 for an inner node.
    len: u32,
}

/// A search that met too many nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct GivenUp;

/// The hierarchy.
#[derive(Clone, Debug)]
pub(super) struct Tree<A> {
    nodes: Vec<Node<A>>,
    items: Vec<Item<A>>,
}

impl<A: Coord> Tree<A> {
    pub(super) fn new(mut items: Vec<Item<A>>) -> Self {
        let mut nodes = Vec::with_capacity(items.len() / (LEAF / 2) + 1);
        let mut todo = Vec::new();
        if !items.is_empty() {
            nodes.push(cover(&items, 0));
            todo.push((0, 0, items.len()));
        }
        while let Some((node, from, to)) = todo.pop() {
            let (Some(part), Some(n)) = (items.get_mut(from..to), nodes.get(node)) else {
                continue;
            };
            let Some(at) = split(part, &n.bounds.ranges) else {
                // Ascending, so that a search ends at the first that holds.
                part.sort_unstable_by_key(|i| i.id);
                continue;
            };
            let (left, right) = part.split_at(at);
            let first = nodes.len();
            nodes.push(cover(left, from));
            nodes.push(cover(right, from + at));
            if let Some(n) = nodes.get_mut(node) {
                (n.from, n.len) = (first as u32, 0);
            }
            todo.push((first, from, from + at));
            todo.push((first + 1, from + at, to));
        }
        Self { nodes, items }
    }

    /// The lowest of the numbers `within` whose box meets the query and holds by a closer look. A wide query in a long list
    /// meets most nodes, and soon a rule: past some nodes it is given up.
    pub(super) fn first(
        &self,
        q: &Bounds<A>,
        within: Range<u32>,
        nodes: usize,
        mut holds: impl FnMut(u32) -> bool,
    ) -> Result<Option<u32>, GivenUp> {
        let mut best = within.end;
        let mut visited = 0;
        let mut stack: SmallVec<[u32; 64]> = SmallVec::new();
        if !self.nodes.is_empty() {
            stack.push(0);
        }
        while let Some(n) = stack.pop().and_then(|n| self.nodes.get(n as usize)) {
            if n.min >= best || n.max < within.start || !n.bounds.meets(q) {
                continue;
            }
            visited += 1;
            if visited > nodes {
                return Err(GivenUp);
            }
            if n.len == 0 {
                let min = |c: u32| self.nodes.get(c as usize).map_or(u32::MAX, |n| n.min);
                let (a, b) = (n.from, n.from + 1);
                // The one with the lower numbers is looked at first.
                stack.extend(if min(a) <= min(b) { [b, a] } else { [a, b] });
                continue;
            }
            let numbers = self.leaf(n).iter().take_while(|i| i.id < best);
            let mut met = numbers.filter(|i| i.id >= within.start && i.bounds.meets(q));
            if let Some(i) = met.find(|i| holds(i.id)) {
                best = i.id;
            }
        }
        Ok((best < within.end).then_some(best))
    }

    /// Adds the numbers of the boxes that meet the query, in no order and maybe more than once.
    pub(super) fn meeting(&self, q: &Bounds<A>, out: &mut Vec<u32>) {
        let mut stack: SmallVec<[u32; 64]> = SmallVec::new();
        if !self.nodes.is_empty() {
            stack.push(0);
        }
        while let Some(n) = stack.pop().and_then(|n| self.nodes.get(n as usize)) {
            if !n.bounds.meets(q) {
                continue;
            }
            if n.len == 0 {
                stack.extend([n.from, n.from + 1]);
                continue;
            }
            let met = self.leaf(n).iter().filter(|i| i.bounds.meets(q));
            out.extend(met.map(|i| i.id));
        }
    }

    fn leaf(&self, n: &Node<A>) -> &[Item<A>] {
        let from = n.from as usize;
        self.items
            .get(from..from + n.len as usize)
            .unwrap_or_default()
    }
}

fn cover<A: Coord>(items: &[Item<A>], from: usize) -> Node<A> {
    let ids = || items.iter().map(|i| i.id);
    let all = items.iter().map(|i| i.bounds).reduce(|a, b| a.hull(&b));
    Node {
        bounds: all.unwrap_or_else(nothing),
        min: ids().min().unwrap_or(u32::MAX),
        max: ids().max().unwrap_or(0),
        from: from as u32,
        len: items.len() as u32,
    }
}

fn nothing<A: Coord>() -> Bounds<A> {
    Bounds {
        ranges: Ranges {
            src: (A::MAX, A::MIN),
            dst: (A::MAX, A::MIN),
            sport: (u16::MAX, 0),
            dport: (u16::MAX, 0),
            proto: (u8::MAX, 0),
        },
        flags: 0,
        state: 0,
        ins: 0,
        outs: 0,
        kinds: 0,
    }
}

/// One side of a split that is tried.
#[derive(Clone, Copy)]
struct Bin<A> {
    ranges: Option<Ranges<A>>,
    count: usize,
}

impl<A: Coord> Bin<A> {
    const EMPTY: Self = Self {
        ranges: None,
        count: 0,
    };

    fn add(&mut self, ranges: Option<&Ranges<A>>, count: usize) {
        self.count += count;
        self.ranges = match (&self.ranges, ranges) {
            (Some(a), Some(b)) => Some(a.hull(b)),
            (a, b) => a.or(b.copied()),
        };
    }

    fn cost(&self) -> f64 {
        self.ranges.as_ref().map_or(0.0, Ranges::extent) * self.count as f64
    }
}

/// Where a node is cut: what lies under the edge along a key goes to its first part.
#[derive(Clone, Copy)]
struct Edge {
    key: usize,
    at: f64,
    cost: f64,
}

/// Parts the items of a node where a packet would have the least to look at, and says where; `None` for a leaf.
fn split<A: Coord>(items: &mut [Item<A>], node: &Ranges<A>) -> Option<usize> {
    if items.len() <= LEAF {
        return None;
    }
    let mut best: Option<Edge> = None;
    for key in 0..KEYS {
        if let Some(e) = best_edge(items, key, node)
            && best.is_none_or(|b| e.cost < b.cost)
        {
            best = Some(e);
        }
    }
    let Some(edge) = best else {
        // Boxes that no key tells apart: their numbers do.
        items.sort_unstable_by_key(|i| i.id);
        return (items.len() > 2 * LEAF).then_some(items.len() / 2);
    };
    let mut at = 0;
    for i in 0..items.len() {
        let under = |x: &Item<A>| x.bounds.ranges.key(edge.key, node) < edge.at;
        if items.get(i).is_some_and(under) {
            items.swap(i, at);
            at += 1;
        }
    }
    Some(at)
}

/// The best edge along a key; both sides of it hold items. Of many items a sample suffices.
fn best_edge<A: Coord>(items: &[Item<A>], key: usize, node: &Ranges<A>) -> Option<Edge> {
    let sample = || items.iter().step_by(items.len() / SAMPLE + 1);
    let of = |i: &Item<A>| i.bounds.ranges.key(key, node);
    let (lo, hi) = sample()
        .map(of)
        .fold((f64::MAX, f64::MIN), |(lo, hi), x| (lo.min(x), hi.max(x)));
    if lo >= hi {
        return None;
    }
    let step = (hi - lo) / BINS as f64;
    let mut bins = [Bin::EMPTY; BINS];
    for i in sample() {
        let b = (((of(i) - lo) / step) as usize).min(BINS - 1);
        if let Some(bin) = bins.get_mut(b) {
            bin.add(Some(&i.bounds.ranges), 1);
        }
    }
    let mut right = [Bin::EMPTY; BINS];
    let mut sum = Bin::EMPTY;
    for (r, b) in right.iter_mut().zip(&bins).rev() {
        sum.add(b.ranges.as_ref(), b.count);
        *r = sum;
    }
    let mut left = Bin::EMPTY;
    let mut best: Option<Edge> = None;
    for (n, (b, r)) in bins.iter().zip(right.iter().skip(1)).enumerate() {
        left.add(b.ranges.as_ref(), b.count);
        let cost = left.cost() + r.cost();
        let at = lo + step * (n + 1) as f64;
        // Rounding may put an item of a bin on the other side of its edge; one at each end is safe.
        let parts = left.count > 0 && r.count > 0 && lo < at && at <= hi;
        if parts && best.is_none_or(|b| cost < b.cost) {
            best = Some(Edge { key, at, cost });
        }
    }
    best
}
