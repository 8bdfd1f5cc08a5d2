//! The numbers that sets are of, and how the ranges of a set are held: small, since a model has several sets for each rule and nearly all of them are full,
//! empty or one range.

use std::fmt::Debug;
use std::hash::Hash;
use thin_vec::ThinVec;

/// An unsigned integer type whose whole domain is `MIN..=MAX`.
pub trait Scalar: Copy + Ord + Hash + Debug + Send + Sync + 'static {
    /// Smallest value.
    const MIN: Self;
    /// Largest value.
    const MAX: Self;
    /// The range of every value.
    const WHOLE: &'static [(Self, Self)];
    /// How sets of the type are held.
    type Store: Store<Self>;
    /// The next value, or `None` at [`Scalar::MAX`].
    fn next(self) -> Option<Self>;
    /// The previous value, or `None` at [`Scalar::MIN`].
    fn prev(self) -> Option<Self>;
    /// Number of values in `lo..=hi`, saturating.
    fn span(lo: Self, hi: Self) -> u128;
}

macro_rules! scalar {
    ($($t:ty: $store:ident),*) => {$(
        impl Scalar for $t {
            const MIN: Self = <$t>::MIN;
            const MAX: Self = <$t>::MAX;
            const WHOLE: &'static [(Self, Self)] = &[(<$t>::MIN, <$t>::MAX)];
            type Store = $store<$t>;
            fn next(self) -> Option<Self> { self.checked_add(1) }
            fn prev(self) -> Option<Self> { self.checked_sub(1) }
            fn span(lo: Self, hi: Self) -> u128 { u128::from(hi.saturating_sub(lo)).saturating_add(1) }
        }
    )*};
}
scalar!(u8: Near, u16: Near, u32: Near, u64: Far, u128: Far);

/// Ranges that are inclusive, sorted, disjoint and not adjacent. Each set has one form, so equal sets compare equal.
pub trait Store<T: Scalar>: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// No value.
    fn empty() -> Self;
    /// Every value.
    fn full() -> Self;
    /// `lo..=hi`, which is not empty and not every value.
    fn one(lo: T, hi: T) -> Self;
    /// Two ranges or more.
    fn many(ranges: &[(T, T)]) -> Self {
        Self::chained([ranges, &[], &[]])
    }
    /// The same from several lists, one behind the other.
    fn chained(ranges: [&[(T, T)]; 3]) -> Self;
    /// The ranges.
    fn as_slice(&self) -> &[(T, T)];
    /// Whether it is [`Store::full`].
    fn is_full(&self) -> bool;
}

/// One range of a small type is held in place.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Near<T> {
    /// No value.
    Empty,
    /// Every value.
    Full,
    /// One range.
    One((T, T)),
    /// Two ranges or more.
    Many(ThinVec<(T, T)>),
}

impl<T: Scalar> Store<T> for Near<T> {
    #[inline]
    fn empty() -> Self {
        Self::Empty
    }

    #[inline]
    fn full() -> Self {
        Self::Full
    }

    #[inline]
    fn one(lo: T, hi: T) -> Self {
        Self::One((lo, hi))
    }

    fn chained(ranges: [&[(T, T)]; 3]) -> Self {
        Self::Many(joined(ranges))
    }

    #[inline]
    fn as_slice(&self) -> &[(T, T)] {
        match self {
            Self::Empty => &[],
            Self::Full => T::WHOLE,
            Self::One(range) => std::slice::from_ref(range),
            Self::Many(ranges) => ranges,
        }
    }

    #[inline]
    fn is_full(&self) -> bool {
        matches!(self, Self::Full)
    }
}

fn joined<T: Copy>(lists: [&[T]; 3]) -> ThinVec<T> {
    let mut out = ThinVec::with_capacity(lists.iter().map(|l| l.len()).sum());
    for list in lists {
        out.extend_from_slice(list);
    }
    out
}

/// Ranges of a large type (IPv6 addresses, interface names) are held elsewhere: most sets of them have none.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Far<T> {
    /// Every value.
    Full,
    /// Any other number of ranges, none included; an empty vector is one word that holds nothing.
    Ranges(ThinVec<(T, T)>),
}

impl<T: Scalar> Store<T> for Far<T> {
    #[inline]
    fn empty() -> Self {
        Self::Ranges(ThinVec::new())
    }

    #[inline]
    fn full() -> Self {
        Self::Full
    }

    fn one(lo: T, hi: T) -> Self {
        Self::many(&[(lo, hi)])
    }

    fn chained(ranges: [&[(T, T)]; 3]) -> Self {
        Self::Ranges(joined(ranges))
    }

    #[inline]
    fn as_slice(&self) -> &[(T, T)] {
        match self {
            Self::Full => T::WHOLE,
            Self::Ranges(ranges) => ranges,
        }
    }

    #[inline]
    fn is_full(&self) -> bool {
        matches!(self, Self::Full)
    }
}
