//! A bounding volume hierarchy over boxes: which of them may hold a packet, or share one with a query.
//!
//! The boxes of a rule list nest and overlap, so they are parted by where they lie *and* by how wide they are: a rule for any
//! source in a node of hosts would make every packet visit it. Each node knows the lowest number below it, so that the search
//! for the first box that holds a packet stops early. (A library's R-tree has one signed coordinate type for every dimension
//! and no order among its boxes.)

use hylint_parsers::space::Scalar;
use smallvec::SmallVec;

/// Boxes of a leaf.
const LEAF: usize = 8;
/// Places at which a split is tried along each key.
const BINS: usize = 16;
/// Items that a split is chosen by.
const SAMPLE: usize = 2048;
/// Keys along which a node is split: the middle and the width of each of four dimensions, and the protocol.
const KEYS: usize = 9;

/// An address as a coordinate.
pub(super) trait Coord: Scalar {
    /// Near enough for choosing a split.
    fn real(self) -> f64;
}

impl Coord for u32 {
    fn real(self) -> f64 {
        f64::from(self)
    }
}

impl Coord for u128 {
    fn real(self) -> f64 {
        self as f64
    }
}

/// A box that may be larger than what it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<A> {
    pub(super) src: (A, A),
    pub(super) dst: (A, A),
    pub(super) sport: (u16, u16),
    pub(super) dport: (u16, u16),
    pub(super) proto: (u8, u8),
    pub(super) flags: u64,
    pub(super) state: u32,
    /// Interfaces, each name one bit of a hash.
    pub(super) ins: u32,
    pub(super) outs: u32,
}

fn meet<T: Ord + Copy>(a: (T, T), b: (T, T)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

fn hull<T: Ord + Copy>(a: (T, T), b: (T, T)) -> (T, T) {
    (a.0.min(b.0), a.1.max(b.1))
}

impl<A: Coord> Bounds<A> {
    pub(super) fn meets(&self, o: &Self) -> bool {
        meet(self.dport, o.dport)
            && meet(self.src, o.src)
            && meet(self.dst, o.dst)
            && meet(self.proto, o.proto)
            && meet(self.sport, o.sport)
            && self.state & o.state != 0
            && self.flags & o.flags != 0
            && self.ins & o.ins != 0
            && self.outs & o.outs != 0
    }

    fn hull(&self, o: &Self) -> Self {
        Self {
            src: hull(self.src, o.src),
            dst: hull(self.dst, o.dst),
            sport: hull(self.sport, o.sport),
            dport: hull(self.dport, o.dport),
            proto: hull(self.proto, o.proto),
            flags: self.flags | o.flags,
            state: self.state | o.state,
            ins: self.ins | o.ins,
            outs: self.outs | o.outs,
        }
    }

    /// How much of packet space it takes; only compared.
    fn volume(&self) -> f64 {
        let port = |p: (u16, u16)| f64::from(p.1 - p.0) + 1.0;
        (self.src.1.real() - self.src.0.real() + 1.0)
            * (self.dst.1.real() - self.dst.0.real() + 1.0)
            * port(self.sport)
            * port(self.dport)
            * (f64::from(self.proto.1 - self.proto.0) + 1.0)
    }

    fn key(&self, k: usize) -> f64 {
        let addr = |r: (A, A)| (r.0.real(), r.1.real());
        let port = |r: (u16, u16)| (f64::from(r.0), f64::from(r.1));
        let (lo, hi) = match k / 2 {
            0 => addr(self.src),
            1 => addr(self.dst),
            2 => port(self.dport),
            3 => port(self.sport),
            _ => (f64::from(self.proto.0), f64::from(self.proto.1)),
        };
        if k.is_multiple_of(2) {
            lo + hi
        } else {
            (hi - lo + 1.0).log2()
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
            let Some(part) = items.get_mut(from..to) else {
                continue;
            };
            let Some(at) = split(part) else {
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

    /// The lowest number under `below` whose box meets the query and holds by a closer look.
    pub(super) fn first(
        &self,
        q: &Bounds<A>,
        below: u32,
        mut holds: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let mut best = below;
        let mut stack: SmallVec<[u32; 64]> = SmallVec::new();
        if !self.nodes.is_empty() {
            stack.push(0);
        }
        while let Some(n) = stack.pop().and_then(|n| self.nodes.get(n as usize)) {
            if n.min >= best || !n.bounds.meets(q) {
                continue;
            }
            if n.len == 0 {
                let min = |c: u32| self.nodes.get(c as usize).map_or(u32::MAX, |n| n.min);
                let (a, b) = (n.from, n.from + 1);
                // The one with the lower numbers is looked at first.
                stack.extend(if min(a) <= min(b) { [b, a] } else { [a, b] });
                continue;
            }
            let hit = self.leaf(n).iter().take_while(|i| i.id < best);
            if let Some(i) = hit.filter(|i| i.bounds.meets(q)).find(|i| holds(i.id)) {
                best = i.id;
            }
        }
        (best < below).then_some(best)
    }

    /// Adds the numbers from `from` on of the boxes that meet the query, in no order and maybe more than once. False, and no
    /// more are added, when `out` holds more than `limit`.
    pub(super) fn meeting(
        &self,
        q: &Bounds<A>,
        from: u32,
        limit: usize,
        out: &mut Vec<u32>,
    ) -> bool {
        let mut stack: SmallVec<[u32; 64]> = SmallVec::new();
        if !self.nodes.is_empty() {
            stack.push(0);
        }
        while let Some(n) = stack.pop().and_then(|n| self.nodes.get(n as usize)) {
            if n.max < from || !n.bounds.meets(q) {
                continue;
            }
            if n.len == 0 {
                stack.extend([n.from, n.from + 1]);
                continue;
            }
            let met = self.leaf(n).iter().filter(|i| i.bounds.meets(q));
            out.extend(met.map(|i| i.id).filter(|i| *i >= from));
            if out.len() > limit {
                return false;
            }
        }
        true
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
        src: (A::MAX, A::MIN),
        dst: (A::MAX, A::MIN),
        sport: (u16::MAX, 0),
        dport: (u16::MAX, 0),
        proto: (u8::MAX, 0),
        flags: 0,
        state: 0,
        ins: 0,
        outs: 0,
    }
}

/// One side of a split that is tried.
#[derive(Clone, Copy)]
struct Bin<A> {
    bounds: Option<Bounds<A>>,
    count: usize,
}

impl<A: Coord> Bin<A> {
    const EMPTY: Self = Self {
        bounds: None,
        count: 0,
    };

    fn add(&mut self, o: &Self) {
        self.count += o.count;
        self.bounds = match (self.bounds, o.bounds) {
            (Some(a), Some(b)) => Some(a.hull(&b)),
            (a, b) => a.or(b),
        };
    }

    fn cost(&self) -> f64 {
        self.bounds.map_or(0.0, |b| b.volume().powf(0.25)) * self.count as f64
    }
}

/// Parts the items where a packet would have the least to look at, and says where; `None` for a leaf.
fn split<A: Coord>(items: &mut [Item<A>]) -> Option<usize> {
    if items.len() <= LEAF {
        return None;
    }
    let mut best: Option<(f64, usize, f64)> = None;
    for k in 0..KEYS {
        if let Some((cost, edge)) = best_edge(items, k)
            && best.is_none_or(|(c, _, _)| cost < c)
        {
            best = Some((cost, k, edge));
        }
    }
    let Some((_, k, edge)) = best else {
        // Boxes that no key tells apart: their numbers do.
        items.sort_unstable_by_key(|i| i.id);
        return (items.len() > 2 * LEAF).then_some(items.len() / 2);
    };
    let mut at = 0;
    for i in 0..items.len() {
        if items.get(i).is_some_and(|x| x.bounds.key(k) < edge) {
            items.swap(i, at);
            at += 1;
        }
    }
    Some(at)
}

/// The best edge along a key with its cost; both sides of it hold items. Of many items a sample suffices.
fn best_edge<A: Coord>(items: &[Item<A>], k: usize) -> Option<(f64, f64)> {
    let sample = || items.iter().step_by(items.len() / SAMPLE + 1);
    let (lo, hi) = sample()
        .map(|i| i.bounds.key(k))
        .fold((f64::MAX, f64::MIN), |(lo, hi), x| (lo.min(x), hi.max(x)));
    if lo >= hi {
        return None;
    }
    let step = (hi - lo) / BINS as f64;
    let mut bins = [Bin::EMPTY; BINS];
    for i in sample() {
        let b = (((i.bounds.key(k) - lo) / step) as usize).min(BINS - 1);
        if let Some(bin) = bins.get_mut(b) {
            bin.add(&Bin {
                bounds: Some(i.bounds),
                count: 1,
            });
        }
    }
    let mut right = [Bin::EMPTY; BINS];
    let mut sum = Bin::EMPTY;
    for (r, b) in right.iter_mut().zip(&bins).rev() {
        sum.add(b);
        *r = sum;
    }
    let mut left = Bin::EMPTY;
    let mut best: Option<(f64, f64)> = None;
    for (n, (b, r)) in bins.iter().zip(right.iter().skip(1)).enumerate() {
        left.add(b);
        let cost = left.cost() + r.cost();
        let edge = lo + step * (n + 1) as f64;
        // Rounding may put an item of a bin on the other side of its edge; one at each end is safe.
        if left.count > 0
            && r.count > 0
            && lo < edge
            && edge <= hi
            && best.is_none_or(|(c, _)| cost < c)
        {
            best = Some((cost, edge));
        }
    }
    best
}
