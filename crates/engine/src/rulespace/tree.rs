//! A bounding volume hierarchy over boxes: which of them may hold a packet, or share one with a query.
//!
//! The boxes of a rule list nest and overlap, so they are parted by where they lie *and* by how wide they are: a rule for any
//! source in a node of hosts would make every packet visit it. Each node knows the lowest number below it, so that the search
//! for the first box that holds a packet stops early. (A library's R-tree has one signed coordinate type for every dimension
//! and no order among its boxes.)

use super::bounds::{Bounds, Coord, Item, Ranges};
use super::split::Cutter;
use super::tags::Tags;
use smallvec::SmallVec;
use std::ops::Range;

/// Boxes of a leaf.
const LEAF: usize = 24;

/// What is searched for: boxes that meet `bounds` and, in each dimension of several ranges, one of these.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'q, A> {
    pub(super) bounds: Bounds<A>,
    pub(super) src: &'q [(A, A)],
    pub(super) dst: &'q [(A, A)],
    pub(super) dport: &'q [(u16, u16)],
}

impl<A: Coord> Query<'_, A> {
    /// For what meets these bounds.
    pub(super) const fn of(bounds: Bounds<A>) -> Self {
        Self {
            bounds,
            src: &[],
            dst: &[],
            dport: &[],
        }
    }

    fn meets(&self, o: &Bounds<A>) -> bool {
        self.bounds.meets(o)
            && meets_one(self.dport, o.ranges.dport)
            && meets_one(self.src, o.ranges.src)
            && meets_one(self.dst, o.ranges.dst)
    }
}

/// Whether a range meets one of several, which are sorted and apart; of a single one its bounds have said it already.
fn meets_one<T: Ord + Copy>(several: &[(T, T)], r: (T, T)) -> bool {
    several.len() < 2 || {
        let first = several.partition_point(|s| s.1 < r.0);
        several.get(first).is_some_and(|s| s.0 <= r.1)
    }
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
    /// With those that deny in one part and the others in another, if they are `apart`: for who asks for either alone.
    pub(super) fn new(mut items: Vec<Item<A>>, apart: bool) -> Self {
        let second = |i: &Item<A>| apart && !i.bounds.tags.deny();
        // Each part keeps this order, so that a search ends at the first of a leaf that holds.
        items.sort_by_key(|i| (second(i), i.id));
        let denies = items.partition_point(|i| !second(i)) % items.len().max(1);
        let mut nodes = Vec::with_capacity(items.len() / (LEAF / 2) + 1);
        let mut cutter = Cutter::new();
        let mut todo = Vec::new();
        if !items.is_empty() {
            nodes.push(Node::leaf(&[], 0));
            todo.push((0, 0, items.len()));
        }
        while let Some((node, from, to)) = todo.pop() {
            let first = nodes.len();
            let (Some(part), Some(n)) = (items.get_mut(from..to), nodes.get_mut(node)) else {
                continue;
            };
            let at = match part.len() {
                _ if node == 0 && denies > 0 => denies,
                0..=LEAF => {
                    *n = Node::leaf(part, from);
                    continue;
                }
                _ => from + cutter.cut(part),
            };
            n.from = first as u32;
            nodes.extend([Node::leaf(&[], 0); 2]);
            todo.push((first, from, at));
            todo.push((first + 1, at, to));
        }
        // Children stand behind their parents.
        for i in (0..nodes.len()).rev() {
            let Some(n) = nodes.get(i).filter(|n| n.len == 0) else {
                continue;
            };
            let from = n.from as usize;
            if let Some([a, b]) = nodes.get(from..from + 2) {
                let both = Node::over(a, b, n.from);
                if let Some(n) = nodes.get_mut(i) {
                    *n = both;
                }
            }
        }
        Self { nodes, items }
    }

    /// The lowest of the numbers `within` whose box meets the query and holds by a closer look. A wide query in a long list
    /// meets most nodes, and soon a rule: past some nodes it is given up.
    pub(super) fn first(
        &self,
        q: &Query<'_, A>,
        within: Range<u32>,
        nodes: usize,
        mut holds: impl FnMut(u32) -> bool,
    ) -> Result<Option<u32>, GivenUp> {
        let mut best = within.end;
        let mut visited = 0;
        let mut put_off: SmallVec<[&Node<A>; 64]> = SmallVec::new();
        let may =
            |n: &&Node<A>, best: u32| n.min < best && n.max >= within.start && q.meets(&n.bounds);
        let mut next = self.nodes.first().filter(|n| may(n, best));
        while let Some(n) = next.take() {
            visited += 1;
            if visited > nodes {
                return Err(GivenUp);
            }
            if let Some([a, b]) = self.children(n) {
                // The one with the lower numbers is looked at first.
                let (near, far) = if a.min <= b.min { (a, b) } else { (b, a) };
                next = Some(near).filter(|n| may(n, best));
                let far = Some(far).filter(|n| may(n, best));
                if next.is_some() {
                    put_off.extend(far);
                } else {
                    next = far;
                }
            } else {
                let numbers = self.leaf(n).iter().take_while(|i| i.id < best);
                let mut met = numbers.filter(|i| i.id >= within.start && q.meets(&i.bounds));
                if let Some(i) = met.find(|i| holds(i.id)) {
                    best = i.id;
                }
            }
            while next.is_none()
                && let Some(n) = put_off.pop()
            {
                next = Some(n).filter(|n| n.min < best);
            }
        }
        Ok((best < within.end).then_some(best))
    }

    /// Adds the numbers of the boxes that meet the query, in no order and maybe more than once, until it has met so many
    /// nodes.
    pub(super) fn meeting(
        &self,
        q: &Query<'_, A>,
        nodes: usize,
        out: &mut Vec<u32>,
    ) -> Result<(), GivenUp> {
        let mut visited = 0;
        let mut stack: SmallVec<[u32; 64]> = SmallVec::new();
        if !self.nodes.is_empty() {
            stack.push(0);
        }
        while let Some(n) = stack.pop().and_then(|n| self.nodes.get(n as usize)) {
            if !q.meets(&n.bounds) {
                continue;
            }
            visited += 1;
            if visited > nodes {
                return Err(GivenUp);
            }
            if n.len == 0 {
                stack.extend([n.from, n.from + 1]);
                continue;
            }
            let met = self.leaf(n).iter().filter(|i| q.meets(&i.bounds));
            out.extend(met.map(|i| i.id));
        }
        Ok(())
    }

    /// The two children of an inner node.
    fn children(&self, n: &Node<A>) -> Option<&[Node<A>; 2]> {
        let behind = self.nodes.get(n.from as usize..)?;
        behind.first_chunk().filter(|_| n.len == 0)
    }

    fn leaf(&self, n: &Node<A>) -> &[Item<A>] {
        let from = n.from as usize;
        self.items
            .get(from..from + n.len as usize)
            .unwrap_or_default()
    }
}

impl<A: Coord> Node<A> {
    /// Over items in the order of their numbers.
    fn leaf(items: &[Item<A>], from: usize) -> Self {
        let nothing = Bounds {
            ranges: Ranges::NOTHING,
            tags: Tags::NONE,
        };
        Self {
            bounds: items.iter().fold(nothing, |all, i| all.hull(&i.bounds)),
            min: items.first().map_or(u32::MAX, |i| i.id),
            max: items.last().map_or(0, |i| i.id),
            from: from as u32,
            len: items.len() as u32,
        }
    }

    /// Over two children.
    fn over(a: &Self, b: &Self, from: u32) -> Self {
        Self {
            bounds: a.bounds.hull(&b.bounds),
            min: a.min.min(b.min),
            max: a.max.max(b.max),
            from,
            len: 0,
        }
    }
}
