//! Compares tables and chains.

use super::found::{Both, Found, acts};
use super::places::{Places, Turn};
use crate::context::Context;
use crate::likeness::{Named, key};
use hylint_model::{BaseChain, Chain, ChainType, Hook, Netfilter, OtherRules, Rule, Table};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// A table of one side.
#[derive(Clone, Copy)]
struct Side<'a> {
    ctx: &'a Context<'a>,
    nf: &'a Netfilter,
    table: &'a Table,
}

/// Compares two netfilters.
pub(super) fn compare<'a>(
    (old, a): (&'a Context<'a>, &'a Netfilter),
    (new, b): (&'a Context<'a>, &'a Netfilter),
    found: &mut Found<'a>,
) {
    let shown = |n: &Netfilter| matches!(n.others, OtherRules::Shown(_));
    let loaded = |n: &Netfilter| {
        let mut names: Vec<Box<str>> = n.unloaded.clone();
        names.sort_unstable();
        names
    };
    if (a.whole, shown(a), loaded(a)) != (b.whole, shown(b), loaded(b)) {
        found.all = Places::ALL;
        return;
    }
    let pair = |t: &Table, of: &'a Netfilter| {
        let mut same = of.tables().iter();
        same.find(|o| o.name == t.name && o.family == t.family)
    };
    for t in a.tables() {
        match pair(t, b) {
            Some(o) => {
                let side = |ctx, nf, table| Side { ctx, nf, table };
                tables(side(old, a, t), side(new, b, o), found);
            }
            None => alone(t, found),
        }
    }
    for t in b.tables().iter().filter(|t| pair(t, a).is_none()) {
        alone(t, found);
    }
}

/// When the rules of each chain of a table are asked.
fn turns(t: &Table) -> Vec<Turn> {
    let bases = || t.chains.iter().enumerate();
    if !t.filters {
        let nat = |c: &Chain| c.base.as_ref().is_none_or(|b| b.kind == ChainType::Nat);
        let turn = match t.chains.iter().all(nat) {
            true => Turn::Nat,
            false => Turn::Early,
        };
        return vec![turn; t.chains.len()];
    }
    // Of a chain that several call, the earliest counts: it leaves the most open.
    let mut out: Vec<Option<Turn>> = vec![None; t.chains.len()];
    for (n, base) in bases().filter_map(|(n, c)| Some((n, c.base.as_ref()?))) {
        let own = match (base.kind, base.hook) {
            (ChainType::Nat, _) => Turn::Nat,
            (_, Hook::Ingress | Hook::Prerouting | Hook::Postrouting | Hook::Egress) => Turn::Early,
            _ => Turn::Filter,
        };
        for reached in t.reached(n) {
            if let Some(turn) = out.get_mut(reached) {
                *turn = Some(match (*turn, own) {
                    (Some(Turn::Early), _) | (_, Turn::Early) => Turn::Early,
                    (Some(Turn::Filter), _) | (_, Turn::Filter) => Turn::Filter,
                    _ => Turn::Nat,
                });
            }
        }
    }
    out.into_iter().map(|t| t.unwrap_or(Turn::Filter)).collect()
}

/// Where packets meet each chain of a table.
fn places(t: &Table) -> Vec<Places> {
    let mut out = vec![Places::NONE; t.chains.len()];
    for (n, c) in t.chains.iter().enumerate() {
        if let Some(base) = &c.base {
            for reached in t.reached(n) {
                if let Some(p) = out.get_mut(reached) {
                    *p |= Places::of(base.hook);
                }
            }
        }
    }
    out
}

/// A table that only one side has.
fn alone<'a>(t: &'a Table, found: &mut Found<'a>) {
    for (c, at) in t.chains.iter().zip(places(t).into_iter().zip(turns(t))) {
        one_sided(t, c, at, found);
    }
}

/// A chain that only one side has.
fn one_sided<'a>(t: &Table, c: &'a Chain, (places, turn): (Places, Turn), found: &mut Found<'a>) {
    let blocks = c.policy.is_some_and(|p| !p.allow);
    // Without a chain that filters, a hook of an export in parts is not known.
    if let Some(base) = c.base.as_ref().filter(|_| t.filters || blocks) {
        found.all |= Places::of(base.hook);
    }
    found.add(&c.rules, places, turn);
}

fn tables<'a>(old: Side<'a>, new: Side<'a>, found: &mut Found<'a>) {
    let (s, t) = (old.table, new.table);
    let (x, y) = paired(old, new);
    let named = |side: Side<'a>, chains| Named {
        ctx: side.ctx,
        sets: &side.nf.sets,
        chains,
    };
    let at = |t: &Table| -> Vec<(Places, Turn)> { places(t).into_iter().zip(turns(t)).collect() };
    let (at_old, at_new) = (at(s), at(t));
    let of_new = y.iter().copied().zip(t.chains.iter().zip(&at_new));
    let of_new: FxHashMap<u64, (&'a Chain, &(Places, Turn))> = of_new.collect();
    let numbers: FxHashSet<u64> = x.iter().copied().collect();
    for ((n, c), here) in x.iter().zip(&s.chains).zip(&at_old) {
        let Some((d, there)) = of_new.get(n) else {
            one_sided(s, c, *here, found);
            continue;
        };
        if !same_base(c, d) {
            let hooks = [c, *d].into_iter().filter_map(|c| c.base.as_ref());
            hooks.for_each(|b| found.all |= Places::of(b.hook));
        }
        let each = |c: &'a Chain| c.rules.iter().collect::<Vec<&'a Rule>>();
        let (a, b) = (each(c), each(d));
        let lists = Both {
            old: (&a, named(old, &x)),
            new: (&b, named(new, &y)),
        };
        let (mut places, turn) = *here;
        places |= there.0;
        found.compare(&lists, true, places, turn);
    }
    for ((n, d), there) in y.iter().zip(&t.chains).zip(&at_new) {
        if !numbers.contains(n) {
            one_sided(t, d, *there, found);
        }
    }
}

fn same_base(a: &Chain, b: &Chain) -> bool {
    let place = |c: &Chain| {
        let place = |b: &BaseChain| {
            let order = (b.kind, b.priority, b.or_priority);
            (b.hook, order, b.family, b.devices.clone())
        };
        (c.base.as_ref().map(place), c.policy.map(|p| p.allow))
    };
    place(a) == place(b)
}

/// Renamed chains that are followed from one to the next.
const RENAMED_DEPTH: usize = 8;

/// Numbers for the chains of two tables: the same for two that are one, by their names, or else by what their rules do.
fn paired(old: Side<'_>, new: Side<'_>) -> (Vec<u64>, Vec<u64>) {
    let names =
        |t: &Table| -> FxHashSet<Box<str>> { t.chains.iter().map(|c| c.name.clone()).collect() };
    let (in_old, in_new) = (names(old.table), names(new.table));
    (numbered(old, &in_new), numbered(new, &in_old))
}

/// Numbers for the chains of a table. Those whose names the other side has, too, are numbered by them.
fn numbered(side: Side<'_>, others: &FxHashSet<Box<str>>) -> Vec<u64> {
    let chains = &side.table.chains;
    let fixed = |c: &Chain| c.base.is_some() || others.contains(&c.name);
    let by_name = |c: &Chain| {
        let mut h = FxHasher::default();
        (1u8, &c.name).hash(&mut h);
        h.finish()
    };
    let first = chains.iter().map(|c| if fixed(c) { by_name(c) } else { 0 });
    let mut numbers: Vec<u64> = first.collect();
    let free = chains.iter().filter(|c| !fixed(c)).count();
    // A chain that goes to others of another name is told by what these do.
    for _ in 0..free.min(RENAMED_DEPTH) {
        let named = Named {
            ctx: side.ctx,
            sets: &side.nf.sets,
            chains: &numbers,
        };
        let each = chains.iter().zip(&numbers);
        let next = each.map(|(c, n)| if fixed(c) { *n } else { by_rules(c, named) });
        numbers = next.collect();
    }
    numbers
}

fn by_rules(c: &Chain, of: Named<'_>) -> u64 {
    let mut h = FxHasher::default();
    let rules = c.rules.iter().filter(acts);
    rules.for_each(|r| key(r, of).hash(&mut h));
    h.finish()
}
