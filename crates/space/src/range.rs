//! Sets of integers as sorted, disjoint, non-adjacent inclusive ranges.

use super::store::{Scalar, Store};
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::fmt::Debug;
use std::hash::Hash;

/// Ranges while a set is made.
type Draft<T> = SmallVec<[(T, T); 4]>;

/// A set of integers. Ranges are inclusive, sorted, disjoint and not adjacent, so equal sets compare equal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RangeSet<T: Scalar>(T::Store);

impl<T: Scalar> Ord for RangeSet<T> {
    /// By the ranges.
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl<T: Scalar> PartialOrd for RangeSet<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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
        Self(T::Store::empty())
    }

    /// The set of every value.
    #[must_use]
    pub fn full() -> Self {
        Self(T::Store::full())
    }

    /// One value.
    #[must_use]
    pub fn single(v: T) -> Self {
        Self::range(v, v)
    }

    /// The value of a set that holds one alone.
    #[must_use]
    pub fn only(&self) -> Option<T> {
        let mut ranges = self.iter();
        match (ranges.next(), ranges.next()) {
            (Some((lo, hi)), None) if lo == hi => Some(lo),
            _ => None,
        }
    }

    /// `lo..=hi`; empty when `lo > hi`.
    #[must_use]
    #[inline]
    pub fn range(lo: T, hi: T) -> Self {
        if lo > hi {
            Self::empty()
        } else if lo == T::MIN && hi == T::MAX {
            Self::full()
        } else {
            Self(T::Store::one(lo, hi))
        }
    }

    /// A set of ranges that are sorted, disjoint and not adjacent.
    fn canonical(ranges: &[(T, T)]) -> Self {
        match *ranges {
            [] => Self::empty(),
            [(lo, hi)] => Self::range(lo, hi),
            _ => Self(T::Store::many(ranges)),
        }
    }

    /// A set of ranges in any order, none of them empty.
    fn normalized(mut raw: Draft<T>) -> Self {
        raw.sort_unstable();
        // `dedup_by` gives the later range first; true drops it.
        raw.dedup_by(|next, last| {
            let joined = last.1.next().is_none_or(|n| next.0 <= n);
            if joined {
                last.1 = last.1.max(next.1);
            }
            joined
        });
        Self::canonical(&raw)
    }

    /// True for the set with no value.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// True for the set of every value.
    #[must_use]
    #[inline]
    pub fn is_full(&self) -> bool {
        self.0.is_full()
    }

    /// The ranges in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (T, T)> + '_ {
        self.as_slice().iter().copied()
    }

    /// The same as a slice.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[(T, T)] {
        self.0.as_slice()
    }

    /// Number of ranges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
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
        self.as_slice().first().map(|r| r.0)
    }

    /// The largest value.
    #[must_use]
    pub fn last(&self) -> Option<T> {
        self.as_slice().last().map(|r| r.1)
    }

    /// Whether `v` is in the set.
    #[must_use]
    pub fn contains(&self, v: T) -> bool {
        match self.as_slice() {
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
            let mut raw = Draft::from_slice(self.as_slice());
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
        if other.is_full() {
            return self.clone();
        }
        if self.is_full() {
            return other.clone();
        }
        let (a, b) = (self.as_slice(), other.as_slice());
        if let ([(alo, ahi)], [(blo, bhi)]) = (a, b) {
            return Self::range(*alo.max(blo), *ahi.min(bhi));
        }
        let mut out = Draft::new();
        overlaps(a, b, |lo, hi| {
            out.push((lo, hi));
            true
        });
        Self::canonical(&out)
    }

    /// Whether the two sets share a value.
    #[must_use]
    #[inline]
    pub fn intersects(&self, other: &Self) -> bool {
        match (self.as_slice(), other.as_slice()) {
            ([], _) | (_, []) => false,
            ([(alo, ahi)], [(blo, bhi)]) => alo <= bhi && blo <= ahi,
            (a, b) => {
                let mut found = false;
                overlaps(a, b, |_, _| {
                    found = true;
                    false
                });
                found
            }
        }
    }

    /// Values that are not in the set.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut out = Draft::new();
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
        Self::canonical(&out)
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
        self.without(other.as_slice())
    }

    /// Values that are in none of the ranges. Only ranges near these are looked at: a rule list takes thousands of single
    /// values out of one set.
    fn without(&self, cut: &[(T, T)]) -> Self {
        let all = self.as_slice();
        let mut cut = near(cut, all);
        let (before, met, behind) = parted(all, cut);
        if met.is_empty() {
            return self.clone();
        }
        let mut out = Draft::new();
        for (lo, hi) in met {
            cut = skipped(cut, *lo);
            let mut from = Some(*lo);
            while let (Some(start), [(clo, chi), left @ ..]) = (from, cut)
                && clo <= hi
            {
                if let Some(end) = clo.prev().filter(|end| start <= *end) {
                    out.push((start, end));
                }
                from = chi.next().filter(|next| next <= hi);
                // The next range may be met by it, too.
                if from.is_some() {
                    cut = left;
                }
            }
            out.extend(from.map(|start| (start, *hi)));
        }
        match before.len() + out.len() + behind.len() {
            0 | 1 => {
                let only = [before, &out, behind].concat();
                Self::canonical(&only)
            }
            _ => Self(T::Store::chained([before, &out, behind])),
        }
    }

    /// Whether every value of `self` is in `other`.
    #[must_use]
    #[inline]
    pub fn is_subset(&self, other: &Self) -> bool {
        if other.is_full() || self.is_empty() {
            return true;
        }
        let all = other.as_slice();
        self.iter().all(|(lo, hi)| {
            let i = all.partition_point(|(_, ohi)| *ohi < lo);
            all.get(i)
                .is_some_and(|(olo, ohi)| *olo <= lo && hi <= *ohi)
        })
    }
}

/// Ranges of a sorted list.
type Ranges<'r, T> = &'r [(T, T)];

/// A sorted list: what lies before another one, what may meet it, and what lies behind it.
fn parted<'r, T: Scalar>(
    all: Ranges<'r, T>,
    other: Ranges<'_, T>,
) -> (Ranges<'r, T>, Ranges<'r, T>, Ranges<'r, T>) {
    let (Some(first), Some(last)) = (other.first(), other.last()) else {
        return (all, &[], &[]);
    };
    let (rest, behind) = all.split_at(all.partition_point(|r| r.0 <= last.1));
    let (before, met) = rest.split_at(rest.partition_point(|r| r.1 < first.0));
    (before, met, behind)
}

/// The part of a sorted list that may meet another one.
fn near<'r, T: Scalar>(all: Ranges<'r, T>, other: Ranges<'_, T>) -> Ranges<'r, T> {
    parted(all, other).1
}

/// A sorted list without the ranges that lie before a value.
fn skipped<T: Scalar>(all: Ranges<'_, T>, before: T) -> Ranges<'_, T> {
    match all {
        [first, ..] if first.1 < before => all.split_at(all.partition_point(|r| r.1 < before)).1,
        _ => all,
    }
}

/// Tells the ranges that two sorted lists share, in ascending order, until it is told to stop.
fn overlaps<T: Scalar>(a: &[(T, T)], b: &[(T, T)], mut each: impl FnMut(T, T) -> bool) {
    let mut a = near(a, b);
    let mut b = near(b, a);
    while let ([(alo, ahi), left @ ..], [(blo, bhi), right @ ..]) = (a, b) {
        let (lo, hi) = (*alo.max(blo), *ahi.min(bhi));
        if lo <= hi && !each(lo, hi) {
            return;
        }
        if ahi < bhi {
            a = left;
        } else {
            b = right;
        }
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
                prop_assert_eq!(s.is_full(), v == [(u8::MIN, u8::MAX)]);
                prop_assert!(v.windows(2).all(|w| u16::from(w[0].1) + 1 < u16::from(w[1].0)));
            }
        }
    }
}
