//! Boxes as an index holds them: one range for each dimension, and what else they have folded into one word.

use super::tags::Tags;
use hylint_space::Scalar;

/// A value of one dimension.
pub(super) trait Coord: Scalar {
    /// How far it is above another; near enough for choosing a cut. 0 for what lies below.
    fn above(self, low: Self) -> f64;
}

macro_rules! coord {
    ($($t:ty),*) => {$(
        impl Coord for $t {
            fn above(self, low: Self) -> f64 {
                self.saturating_sub(low) as f64
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
    pub(super) tags: Tags,
}

/// Whether two ranges share a value.
fn meet<T: Ord + Copy>(a: (T, T), b: (T, T)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

fn hull<T: Ord + Copy>(a: (T, T), b: (T, T)) -> (T, T) {
    (a.0.min(b.0), a.1.max(b.1))
}

impl<A: Coord> Ranges<A> {
    /// What any hull swallows.
    pub(super) const NOTHING: Self = Self {
        src: (A::MAX, A::MIN),
        dst: (A::MAX, A::MIN),
        sport: (u16::MAX, 0),
        dport: (u16::MAX, 0),
        proto: (u8::MAX, 0),
    };

    /// What holds both.
    pub(super) fn hull(&self, o: &Self) -> Self {
        Self {
            src: hull(self.src, o.src),
            dst: hull(self.dst, o.dst),
            sport: hull(self.sport, o.sport),
            dport: hull(self.dport, o.dport),
            proto: hull(self.proto, o.proto),
        }
    }
}

impl<A: Coord> Bounds<A> {
    /// Whether two may share a packet.
    pub(super) fn meets(&self, o: &Self) -> bool {
        let (a, b) = (&self.ranges, &o.ranges);
        meet(a.dport, b.dport)
            && meet(a.src, b.src)
            && meet(a.dst, b.dst)
            && self.tags.meet(o.tags)
            && meet(a.proto, b.proto)
            && meet(a.sport, b.sport)
    }

    /// What holds both.
    pub(super) fn hull(&self, o: &Self) -> Self {
        Self {
            ranges: self.ranges.hull(&o.ranges),
            tags: self.tags.or(o.tags),
        }
    }
}

/// A box and its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<A> {
    pub(super) bounds: Bounds<A>,
    pub(super) id: u32,
}
