//! Sets of integers as sorted, disjoint, non-adjacent inclusive ranges.

use smallvec::{SmallVec, smallvec};
use std::fmt::Debug;
use std::hash::Hash;

/// An unsigned integer type whose whole domain is `MIN..=MAX`.
pub trait Scalar: Copy + Ord + Hash + Debug + Send + Sync + 'static {
    /// Smallest value.
    const MIN: Self;
    /// Largest value.
    const MAX: Self;
    /// The next value, or `None` at [`Scalar::MAX`].
    fn next(self) -> Option<Self>;
    /// The previous value, or `None` at [`Scalar::MIN`].
    fn prev(self) -> Option<Self>;
    /// Number of values in `lo..=hi`, saturating.
    fn span(lo: Self, hi: Self) -> u128;
}

macro_rules! scalar {
    ($($t:ty),*) => {$(
        impl Scalar for $t {
            const MIN: Self = <$t>::MIN;
            const MAX: Self = <$t>::MAX;
            fn next(self) -> Option<Self> { self.checked_add(1) }
            fn prev(self) -> Option<Self> { self.checked_sub(1) }
            fn span(lo: Self, hi: Self) -> u128 { u128::from(hi.saturating_sub(lo)).saturating_add(1) }
        }
    )*};
}
scalar!(u8, u16, u32, u64, u128);

type Ranges<T> = SmallVec<[(T, T); 1]>;

/// A set of integers. Ranges are inclusive, sorted, disjoint and not adjacent, so equal sets compare equal.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RangeSet<T: Scalar>(Ranges<T>);

impl<T: Scalar> Clone for RangeSet<T> {
    /// One copy of the ranges; the derived form copies them one by one.
    fn clone(&self) -> Self {
        Self(SmallVec::from_slice(&self.0))
    }
}

impl<T: Scalar> Debug for RangeSet<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_full() {
            return f.write_str("Full");
        }
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Scalar> Default for RangeSet<T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: Scalar> FromIterator<(T, T)> for RangeSet<T> {
    fn from_iter<I: IntoIterator<Item = (T, T)>>(iter: I) -> Self {
        Self::normalized(iter.into_iter().filter(|(lo, hi)| lo <= hi).collect())
    }
}

impl<T: Scalar> RangeSet<T> {
    /// The set with no value.
    #[must_use]
    pub fn empty() -> Self {
        Self(SmallVec::new())
    }

    /// The set of every value.
    #[must_use]
    pub fn full() -> Self {
        Self(smallvec![(T::MIN, T::MAX)])
    }

    /// One value.
    #[must_use]
    pub fn single(v: T) -> Self {
        Self(smallvec![(v, v)])
    }

    /// `lo..=hi`; empty when `lo > hi`.
    #[must_use]
    pub fn range(lo: T, hi: T) -> Self {
        if lo <= hi {
            Self(smallvec![(lo, hi)])
        } else {
            Self::empty()
        }
    }

    fn normalized(mut raw: Ranges<T>) -> Self {
        if raw.len() > 1 {
            raw.sort_unstable();
            let mut out: Ranges<T> = SmallVec::with_capacity(raw.len());
            for (lo, hi) in raw {
                match out.last_mut() {
                    Some(last) if last.1.next().is_none_or(|n| lo <= n) => last.1 = last.1.max(hi),
                    _ => out.push((lo, hi)),
                }
            }
            return Self(out);
        }
        Self(raw)
    }

    /// True for the set with no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True for the set of every value.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.0.as_slice(), [(lo, hi)] if *lo == T::MIN && *hi == T::MAX)
    }

    /// The ranges in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (T, T)> + '_ {
        self.0.iter().copied()
    }

    /// The same as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[(T, T)] {
        &self.0
    }

    /// Number of ranges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Number of values, saturating at `u128::MAX`.
    #[must_use]
    pub fn count(&self) -> u128 {
        self.iter()
            .fold(0u128, |n, (lo, hi)| n.saturating_add(T::span(lo, hi)))
    }

    /// The smallest value.
    #[must_use]
    pub fn first(&self) -> Option<T> {
        self.0.first().map(|r| r.0)
    }

    /// The largest value.
    #[must_use]
    pub fn last(&self) -> Option<T> {
        self.0.last().map(|r| r.1)
    }

    /// Whether `v` is in the set.
    #[must_use]
    pub fn contains(&self, v: T) -> bool {
        match self.0.as_slice() {
            [] => false,
            [(lo, hi)] => *lo <= v && v <= *hi,
            all => {
                let i = all.partition_point(|(_, hi)| *hi < v);
                all.get(i).is_some_and(|(lo, _)| *lo <= v)
            }
        }
    }

    /// Adds `lo..=hi`.
    pub fn insert(&mut self, lo: T, hi: T) {
        if lo <= hi {
            let mut raw = std::mem::take(&mut self.0);
            raw.push((lo, hi));
            *self = Self::normalized(raw);
        }
    }

    /// Values in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_full() {
            return other.clone();
        }
        if other.is_empty() || self.is_full() {
            return self.clone();
        }
        Self::normalized(self.iter().chain(other.iter()).collect())
    }

    /// Values in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        if self.is_full() {
            return other.clone();
        }
        if other.is_full() {
            return self.clone();
        }
        let (mut a, mut b) = (self.iter().peekable(), other.iter().peekable());
        let mut out = SmallVec::new();
        while let (Some(&(alo, ahi)), Some(&(blo, bhi))) = (a.peek(), b.peek()) {
            let (lo, hi) = (alo.max(blo), ahi.min(bhi));
            if lo <= hi {
                out.push((lo, hi));
            }
            if ahi < bhi {
                a.next()
            } else {
                b.next()
            };
        }
        Self(out)
    }

    /// Whether the two sets share a value.
    #[must_use]
    pub fn intersects(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.iter().peekable(), other.iter().peekable());
        while let (Some(&(alo, ahi)), Some(&(blo, bhi))) = (a.peek(), b.peek()) {
            if alo.max(blo) <= ahi.min(bhi) {
                return true;
            }
            if ahi < bhi {
                a.next()
            } else {
                b.next()
            };
        }
        false
    }

    /// Values that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut out = SmallVec::new();
        let mut from = Some(T::MIN);
        for (lo, hi) in self.iter() {
            if let (Some(start), Some(end)) = (from, lo.prev())
                && start <= end
            {
                out.push((start, end));
            }
            from = hi.next();
        }
        if let Some(start) = from {
            out.push((start, T::MAX));
        }
        Self(out)
    }

    /// Values of `self` that are not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        if other.is_empty() || self.is_empty() {
            return self.clone();
        }
        if other.is_full() {
            return Self::empty();
        }
        self.intersect(&other.complement())
    }

    /// Whether every value of `self` is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        if other.is_full() || self.is_empty() {
            return true;
        }
        self.iter().all(|(lo, hi)| {
            let i = other.0.partition_point(|(_, ohi)| *ohi < lo);
            other
                .0
                .get(i)
                .is_some_and(|(olo, ohi)| *olo <= lo && hi <= *ohi)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set() -> impl Strategy<Value = RangeSet<u8>> {
        prop::collection::vec((any::<u8>(), any::<u8>()), 0..6)
            .prop_map(|v| v.into_iter().collect())
    }

    proptest! {
        #[test]
        fn operations_agree_with_membership(a in set(), b in set()) {
            let (u, i, s, c) = (a.union(&b), a.intersect(&b), a.subtract(&b), a.complement());
            for v in 0..=u8::MAX {
                let (ina, inb) = (a.contains(v), b.contains(v));
                prop_assert_eq!(ina, a.iter().any(|(lo, hi)| lo <= v && v <= hi));
                prop_assert_eq!(u.contains(v), ina || inb);
                prop_assert_eq!(i.contains(v), ina && inb);
                prop_assert_eq!(s.contains(v), ina && !inb);
                prop_assert_eq!(c.contains(v), !ina);
            }
            prop_assert_eq!(i.is_empty(), !a.intersects(&b));
            prop_assert_eq!(s.is_empty(), a.is_subset(&b));
            prop_assert_eq!(a.count(), (0..=u8::MAX).filter(|v| a.contains(*v)).count() as u128);
            prop_assert_eq!(c.complement(), a);
        }

        #[test]
        fn ranges_stay_canonical(a in set(), b in set()) {
            for s in [a.union(&b), a.intersect(&b), a.subtract(&b), a.complement()] {
                let v: Vec<_> = s.iter().collect();
                prop_assert!(v.iter().all(|(lo, hi)| lo <= hi));
                prop_assert!(v.windows(2).all(|w| u16::from(w[0].1) + 1 < u16::from(w[1].0)));
            }
        }
    }
}
