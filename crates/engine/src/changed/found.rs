//! Rules that only one side has, or that stand in another order.

use super::places::{Places, Turn};
use crate::align::{strays, surplus};
use crate::likeness::{Named, is_same, key};
use hylint_model::{Action, Rule};
use rustc_hash::FxHashSet;

/// A rule that the other side does not have at this place.
pub(super) struct Stray<'a> {
    pub(super) rule: &'a Rule,
    /// Where packets meet it.
    pub(super) places: Places,
    /// When it is asked there.
    pub(super) turn: Turn,
}

/// What differs.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// Where anything may be decided otherwise.
    pub(super) all: Places,
    pub(super) rules: Vec<Stray<'a>>,
}

/// The rules of two lists with what they name.
pub(super) struct Both<'l, 'a> {
    pub(super) old: (&'l [&'a Rule], Named<'l>),
    pub(super) new: (&'l [&'a Rule], Named<'l>),
}

/// Whether a rule does something.
pub(super) fn acts(r: &&Rule) -> bool {
    r.may_be_in_force() && r.action != Action::Continue && !r.clauses.is_empty()
}

impl<'a> Found<'a> {
    /// Adds rules.
    pub(super) fn add(
        &mut self,
        rules: impl IntoIterator<Item = &'a Rule>,
        places: Places,
        turn: Turn,
    ) {
        if places == Places::NONE {
            return;
        }
        let stray = |rule| Stray { rule, places, turn };
        self.rules.extend(rules.into_iter().filter(acts).map(stray));
    }

    /// Adds the rules that are not in both lists, or not in the same order where that matters.
    pub(super) fn compare(
        &mut self,
        lists: &Both<'_, 'a>,
        ordered: bool,
        places: Places,
        turn: Turn,
    ) {
        let ((old, of_old), (new, of_new)) = (lists.old, lists.new);
        let acting =
            |all: &[&'a Rule]| -> Vec<&'a Rule> { all.iter().copied().filter(acts).collect() };
        let (a, b) = (acting(old), acting(new));
        let keys =
            |all: &[&Rule], of: Named<'_>| -> Vec<u64> { all.iter().map(|r| key(r, of)).collect() };
        let (x, y) = (keys(&a, of_old), keys(&b, of_new));
        let (i, j) = match ordered {
            true => strays(&x, &y),
            false => surplus(&x, &y),
        };
        let strayed = |all: &[&'a Rule], out: &[usize]| -> Vec<&'a Rule> {
            out.iter().filter_map(|n| all.get(*n).copied()).collect()
        };
        self.add(strayed(&a, &i), places, turn);
        self.add(strayed(&b, &j), places, turn);
        // Equal keys are no proof.
        let (p, q) = (rest(&a, &x, &i, ordered), rest(&b, &y, &j, ordered));
        for (r, s) in p.into_iter().zip(q) {
            if !is_same(r, of_old, s, of_new) {
                self.add([r, s], places, turn);
            }
        }
    }
}

/// The rules that are left, in their order, or by their keys where order does not matter.
fn rest<'a>(all: &[&'a Rule], keys: &[u64], out: &[usize], ordered: bool) -> Vec<&'a Rule> {
    let out: FxHashSet<usize> = out.iter().copied().collect();
    let each = all.iter().zip(keys).enumerate();
    let each = each.filter(|(n, _)| !out.contains(n));
    let mut left: Vec<(u64, &'a Rule)> = each.map(|(_, (r, k))| (*k, *r)).collect();
    if !ordered {
        left.sort_by_key(|(k, _)| *k);
    }
    left.into_iter().map(|(_, r)| r).collect()
}
