//! Which rules of two ordered lists stand in the same order in both.

use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// The members of two lists that are not of one of their longest common subsequences found, by their places. Members are
/// told apart by their keys; of equal ones the first is taken for the first.
///
/// Exact where no key occurs twice (then common subsequences are increasing ones); else it may name more members than
/// need be, never fewer.
pub(crate) fn strays<K: Eq + std::hash::Hash>(old: &[K], new: &[K]) -> (Vec<usize>, Vec<usize>) {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let tails = old.iter().rev().zip(new.iter().rev()).take(rest);
    let tail = tails.take_while(|(a, b)| a == b).count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let mut places: FxHashMap<&K, VecDeque<usize>> = FxHashMap::default();
    for (i, k) in new.iter().enumerate().take(new_end).skip(head) {
        places.entry(k).or_default().push_back(i);
    }
    let each = old.iter().enumerate().take(old_end).skip(head);
    let pairs: Vec<(usize, usize)> = each
        .filter_map(|(i, k)| Some((i, places.get_mut(k)?.pop_front()?)))
        .collect();
    let kept = increasing(&pairs);
    let mut stray_old: Vec<usize> = Vec::new();
    let mut stray_new: Vec<usize> = Vec::new();
    let (mut i, mut j) = (head, head);
    for (a, b) in kept.into_iter().chain([(old_end, new_end)]) {
        stray_old.extend(i..a);
        stray_new.extend(j..b);
        (i, j) = (a + 1, b + 1);
    }
    (stray_old, stray_new)
}

/// A longest subsequence of pairs, which ascend on the left, that ascends on the right as well.
fn increasing(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // By length, the pair with the lowest right side that ends a subsequence of it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    let right = |at: usize| pairs.get(at).map_or(0, |p| p.1);
    for (n, (_, to)) in pairs.iter().enumerate() {
        let len = ends.partition_point(|e| right(*e) < *to);
        before.push(len.checked_sub(1).and_then(|l| ends.get(l).copied()));
        match ends.get_mut(len) {
            Some(end) => *end = n,
            None => ends.push(n),
        }
    }
    let mut out = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(n) = at {
        out.extend(pairs.get(n));
        at = before.get(n).copied().flatten();
    }
    out.reverse();
    out
}

/// The members of two lists whose order makes no difference that the other does not have as often, by their places.
pub(crate) fn surplus<K: Eq + std::hash::Hash>(old: &[K], new: &[K]) -> (Vec<usize>, Vec<usize>) {
    (beyond(old, new), beyond(new, old))
}

/// The members that are beyond those of another list.
fn beyond<K: Eq + std::hash::Hash>(these: &[K], others: &[K]) -> Vec<usize> {
    let mut left: FxHashMap<&K, usize> = FxHashMap::default();
    for k in others {
        *left.entry(k).or_default() += 1;
    }
    let each = these.iter().enumerate();
    let extra = each.filter(|(_, k)| match left.get_mut(k) {
        Some(n) if *n > 0 => {
            *n -= 1;
            false
        }
        _ => true,
    });
    extra.map(|(i, _)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kept(list: &[u8], strays: &[usize]) -> Vec<u8> {
        let each = list.iter().enumerate();
        each.filter(|(i, _)| !strays.contains(i))
            .map(|(_, k)| *k)
            .collect()
    }

    #[test]
    fn a_moved_member_is_a_stray_and_those_around_it_are_not() {
        let (old, new) = strays(&[1, 2, 3, 4, 5], &[1, 3, 4, 2, 5]);
        assert_eq!((old, new), (vec![1], vec![3]));
        let none: (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        assert_eq!(strays(&[1, 1, 2], &[1, 1, 2]), none);
        assert_eq!(strays(&[1, 1, 2], &[1, 2]), (vec![1], Vec::new()));
        assert_eq!(surplus(&[1, 2, 2], &[2, 3, 1]), (vec![2], vec![1]));
    }

    proptest! {
        #[test]
        fn what_is_no_stray_is_the_same_in_both(
            old in proptest::collection::vec(0u8..6, 0..12),
            new in proptest::collection::vec(0u8..6, 0..12),
        ) {
            let (a, b) = strays(&old, &new);
            prop_assert_eq!(kept(&old, &a), kept(&new, &b));
            let (a, b) = surplus(&old, &new);
            let sorted = |mut v: Vec<u8>| { v.sort_unstable(); v };
            prop_assert_eq!(sorted(kept(&old, &a)), sorted(kept(&new, &b)));
        }
    }
}
