//! Which packets two rule sets may decide otherwise, told by their rules and without asking about packets.
//!
//! A packet that meets only rules that both sides have, in the same order, ends the same way on both. So it is enough to ask
//! about what the other rules match. Most changes of a long list are a few rules.

use super::align::{strays, surplus};
use super::context::Context;
use super::likeness::{Named, is_same, key};
use super::sets::PointId;
use hylint_model::{
    Action, BaseChain, Body, Chain, DefaultOrigin, DefaultVerdict, Discipline, Lists, NatKind,
    Netfilter, OtherRules, Point, Rule, Table,
};
use hylint_space::{AddrSet, Family, FlagSet, IfaceSet, PacketBox, PortSet, StateSet};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// Packets that two rule sets may decide otherwise: those of these boxes at most, in whatever direction and state. They may
/// overlap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Suspects {
    /// Any.
    All,
    /// None but these.
    Boxes(Vec<PacketBox>),
}

/// Rules that only one side has, or that stand in another order.
#[derive(Default)]
struct Found<'a> {
    /// Anything may be decided otherwise.
    all: bool,
    rules: Vec<&'a Rule>,
    /// Rules of chains that see packets before their addresses are given back (`raw`, `mangle`).
    early: bool,
}

/// Compares the united points of one layer on both sides, for packets of a family.
#[must_use]
pub fn suspects<'a>(
    (old, old_points): (&'a Context<'a>, &[PointId]),
    (new, new_points): (&'a Context<'a>, &[PointId]),
    family: Family,
) -> Suspects {
    let of = |ctx: &'a Context<'a>, points: &[PointId]| -> Vec<&'a Point> {
        let all = points.iter().filter_map(|at| ctx.sets.point(*at));
        all.filter(|p| p.families.has(family)).collect()
    };
    let (a, b) = (of(old, old_points), of(new, new_points));
    let mut found = Found::default();
    match (a.first().map(|p| &p.body), b.first().map(|p| &p.body)) {
        (None, None) => {}
        (Some(Body::Netfilter(x)), Some(Body::Netfilter(y))) => {
            found.all = old.local != new.local || old.interfaces != new.interfaces;
            netfilters((old, x), (new, y), &mut found);
            if !found.all && !found.rules.is_empty() {
                return Suspects::Boxes(met(&found, [x, y], family));
            }
        }
        (Some(Body::Lists(_)), Some(Body::Lists(_))) => lists((old, &a), (new, &b), &mut found),
        _ => found.all = true,
    }
    if found.all {
        return Suspects::All;
    }
    let mut all = boxes(&found);
    if a.iter().chain(&b).any(|p| !p.stateful) {
        // A rule for replies decides about the requests that they answer.
        let replies: Vec<PacketBox> = all.iter().map(turned).collect();
        all.extend(replies);
    }
    Suspects::Boxes(all)
}

/// What the settings of a point say beside its rules, wherever that stands.
fn settings(ctx: &Context<'_>, p: &Point) -> impl PartialEq {
    let of = |inbound| {
        let o = p.overrides(inbound, ctx.profile);
        [o.all, o.rest].map(|s| s.map(|(allow, _)| allow))
    };
    let local = p.local_rules_disabled(ctx.profile).is_some();
    let own = (p.kind, p.stateful, p.view, p.brief, p.other_policy);
    let security = p.security.as_deref().is_some_and(|s| !s.is_empty());
    let defaults = match &p.body {
        Body::Lists(l) => {
            let of = |d: &DefaultVerdict| (d.allow, d.origin);
            Some((
                l.discipline,
                of(&l.ingress.default),
                of(&l.egress.default),
                (l.ingress.rules.is_empty(), l.egress.rules.is_empty()),
            ))
        }
        Body::Netfilter(_) => None,
    };
    (
        ([of(true), of(false)], local, own, security, defaults),
        (ctx.profile, p.stand_in),
    )
}

fn rules_of(l: &Lists) -> [&[Rule]; 2] {
    [&l.ingress.rules, &l.egress.rules]
}

fn lists<'a>(
    (old, a): (&'a Context<'a>, &[&'a Point]),
    (new, b): (&'a Context<'a>, &[&'a Point]),
    found: &mut Found<'a>,
) {
    let ordered = a.iter().chain(b).any(|p| is_ordered(p));
    let united =
        |p: &&Point| matches!(&p.body, Body::Lists(l) if l.discipline == Discipline::UnionOfAllows);
    // A group more or less adds or takes away allows. Of anything else, which point decides would be another question.
    found.all |= if a.iter().chain(b).all(united) {
        left_over(a) != left_over(b)
    } else {
        let mut pairs = a.iter().zip(b);
        a.len() != b.len() || pairs.any(|(x, y)| settings(old, x) != settings(new, y))
    };
    if found.all {
        return;
    }
    let named = |ctx: &'a Context<'a>| Named {
        ctx,
        sets: &[],
        chains: &[],
    };
    let of = |all: &[&'a Point], way: usize| -> Vec<&'a Rule> {
        let each = all.iter().flat_map(|p| match &p.body {
            Body::Lists(l) => in_turn(l, way),
            Body::Netfilter(_) => Vec::new(),
        });
        each.collect()
    };
    for way in 0..2 {
        let (x, y) = (of(a, way), of(b, way));
        differing((&x, named(old)), (&y, named(new)), ordered, found);
    }
    let security = |p: &&'a Point| -> Vec<&'a Rule> {
        let all = p.security.iter();
        all.flat_map(|s| s.ingress.iter().chain(&s.egress))
            .collect()
    };
    let (x, y): (Vec<_>, Vec<_>) = (
        a.iter().flat_map(security).collect(),
        b.iter().flat_map(security).collect(),
    );
    differing((&x, named(old)), (&y, named(new)), true, found);
}

/// What united groups do with the packets that none of them allows, in each direction.
fn left_over(all: &[&Point]) -> [(bool, bool); 2] {
    let each = |way: usize| {
        let lists = all.iter().filter_map(|p| match &p.body {
            Body::Lists(l) => Some(if way == 0 { &l.ingress } else { &l.egress }),
            Body::Netfilter(_) => None,
        });
        lists.fold((false, false), |(open, allow), l| {
            let unknown = l.default.origin == DefaultOrigin::Unknown;
            (open || unknown, allow || l.default.allow)
        })
    };
    [each(0), each(1)]
}

fn is_ordered(p: &Point) -> bool {
    matches!(&p.body, Body::Lists(l) if l.discipline.is_ordered())
}

/// The rules of a list in the order in which they act.
fn in_turn(l: &Lists, way: usize) -> Vec<&Rule> {
    let [ingress, egress] = rules_of(l);
    let mut rules: Vec<&Rule> = if way == 0 { ingress } else { egress }.iter().collect();
    if l.discipline == Discipline::Priority {
        rules.sort_by_key(|r| r.turn());
    }
    rules
}

/// Whether a rule does something.
fn acts(r: &&Rule) -> bool {
    r.may_be_in_force() && r.action != Action::Continue && !r.clauses.is_empty()
}

/// Adds the rules that are not in both lists, or not in the same order.
fn differing<'a>(
    (old, of_old): (&[&'a Rule], Named<'_>),
    (new, of_new): (&[&'a Rule], Named<'_>),
    ordered: bool,
    found: &mut Found<'a>,
) {
    let acting = |all: &[&'a Rule]| -> Vec<&'a Rule> { all.iter().copied().filter(acts).collect() };
    let (a, b) = (acting(old), acting(new));
    let keys =
        |all: &[&Rule], of: Named<'_>| -> Vec<u64> { all.iter().map(|r| key(r, of)).collect() };
    let (x, y) = (keys(&a, of_old), keys(&b, of_new));
    let (i, j) = match ordered {
        true => strays(&x, &y),
        false => surplus(&x, &y),
    };
    let (i, j): (FxHashSet<usize>, FxHashSet<usize>) =
        (i.into_iter().collect(), j.into_iter().collect());
    let rest = |all: &[&'a Rule], out: &FxHashSet<usize>| -> Vec<&'a Rule> {
        let each = all.iter().enumerate().filter(|(n, _)| !out.contains(n));
        each.map(|(_, r)| *r).collect()
    };
    found.rules.extend(i.iter().filter_map(|n| a.get(*n)));
    found.rules.extend(j.iter().filter_map(|n| b.get(*n)));
    // Equal keys are no proof.
    let (mut p, mut q) = (rest(&a, &i), rest(&b, &j));
    if !ordered {
        p.sort_by_key(|r| key(r, of_old));
        q.sort_by_key(|r| key(r, of_new));
    }
    for (r, s) in p.into_iter().zip(q) {
        if !is_same(r, of_old, s, of_new) {
            found.rules.extend([r, s]);
        }
    }
}

/// Compares two netfilters.
fn netfilters<'a>(
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
    found.all |= (a.whole, shown(a), loaded(a)) != (b.whole, shown(b), loaded(b));
    let pair = |t: &Table, of: &'a Netfilter| {
        let mut same = of.tables().iter();
        same.find(|o| o.name == t.name && o.family == t.family)
    };
    for t in a.tables() {
        match pair(t, b) {
            Some(o) => tables((old, a, t), (new, b, o), found),
            None => alone(t, found),
        }
    }
    for t in b.tables().iter().filter(|t| pair(t, a).is_none()) {
        alone(t, found);
    }
}

/// A table that only one side has.
fn alone<'a>(t: &'a Table, found: &mut Found<'a>) {
    for c in &t.chains {
        one_sided(t, c, found);
    }
}

/// A chain that only one side has.
fn one_sided<'a>(t: &Table, c: &'a Chain, found: &mut Found<'a>) {
    let blocks = c.policy.is_some_and(|p| !p.allow);
    // Without a chain that filters, a hook of an export in parts is not known.
    found.all |= c.base.is_some() && (t.filters || blocks);
    add(t, c.rules.iter().filter(acts), found);
}

fn add<'a>(t: &Table, rules: impl Iterator<Item = &'a Rule>, found: &mut Found<'a>) {
    let before = found.rules.len();
    found.rules.extend(rules);
    found.early |= !t.filters && found.rules.len() > before;
}

fn tables<'a>(
    (old, a, s): (&'a Context<'a>, &'a Netfilter, &'a Table),
    (new, b, t): (&'a Context<'a>, &'a Netfilter, &'a Table),
    found: &mut Found<'a>,
) {
    let (x, y) = paired(s, t, (old, new));
    let of = |ctx, nf: &'a Netfilter, chains| Named {
        ctx,
        sets: &nf.sets,
        chains,
    };
    let (of_old, of_new) = (of(old, a, &x), of(new, b, &y));
    let by_number: FxHashMap<u64, &'a Chain> = y.iter().copied().zip(&t.chains).collect();
    let numbers: FxHashSet<u64> = x.iter().copied().collect();
    let before = found.rules.len();
    for (n, c) in x.iter().zip(&s.chains) {
        match by_number.get(n) {
            Some(d) => {
                found.all |= !same_base(c, d);
                let each = |c: &'a Chain| c.rules.iter().collect::<Vec<&'a Rule>>();
                differing((&each(c), of_old), (&each(d), of_new), true, found);
            }
            None => one_sided(s, c, found),
        }
    }
    for (_, d) in y
        .iter()
        .zip(&t.chains)
        .filter(|(n, _)| !numbers.contains(n))
    {
        one_sided(t, d, found);
    }
    found.early |= !s.filters && found.rules.len() > before;
}

fn same_base(a: &Chain, b: &Chain) -> bool {
    let place = |c: &Chain| {
        let place = |b: &BaseChain| {
            (
                b.hook,
                b.kind,
                b.priority,
                b.or_priority,
                b.family,
                b.devices.clone(),
            )
        };
        (c.base.as_ref().map(place), c.policy.map(|p| p.allow))
    };
    place(a) == place(b)
}

/// Numbers for the chains of two tables: the same for two that are one, by their names, or else by what their rules do.
fn paired(a: &Table, b: &Table, (old, new): (&Context<'_>, &Context<'_>)) -> (Vec<u64>, Vec<u64>) {
    let number = |name: &str| {
        let mut h = FxHasher::default();
        (1u8, name).hash(&mut h);
        h.finish()
    };
    let names =
        |t: &Table| -> FxHashSet<Box<str>> { t.chains.iter().map(|c| c.name.clone()).collect() };
    let (in_a, in_b) = (names(a), names(b));
    let of = |t: &Table, other: &FxHashSet<Box<str>>, ctx: &Context<'_>| -> Vec<u64> {
        let fixed = |c: &Chain| c.base.is_some() || other.contains(&c.name);
        let mut numbers: Vec<u64> = t
            .chains
            .iter()
            .map(|c| if fixed(c) { number(&c.name) } else { 0 })
            .collect();
        // A chain that goes to others of another name is told by what these do.
        let free = t.chains.iter().filter(|c| !fixed(c)).count();
        for _ in 0..free.min(RENAMED_DEPTH) {
            let named = Named {
                ctx,
                sets: &[],
                chains: &numbers,
            };
            let each = t.chains.iter().zip(&numbers).map(|(c, n)| match fixed(c) {
                true => *n,
                false => by_rules(c, named),
            });
            numbers = each.collect();
        }
        numbers
    };
    (of(a, &in_b, old), of(b, &in_a, new))
}

/// Renamed chains that are followed from one to the next.
const RENAMED_DEPTH: usize = 8;

fn by_rules(c: &Chain, of: Named<'_>) -> u64 {
    let mut h = FxHasher::default();
    c.rules
        .iter()
        .filter(acts)
        .for_each(|r| key(r, of).hash(&mut h));
    h.finish()
}

/// What rules match, whatever the state and the flags of packets.
fn boxes(found: &Found<'_>) -> Vec<PacketBox> {
    let all = found.rules.iter().flat_map(|r| &r.clauses);
    let mut seen = FxHashSet::default();
    let open = all.map(|c| PacketBox {
        flags: FlagSet::FULL,
        state: StateSet::FULL,
        ..c.space.clone()
    });
    open.filter(|b| !b.is_empty() && seen.insert(b.clone()))
        .collect()
}

/// The packets that packets of a box are the replies to.
fn turned(b: &PacketBox) -> PacketBox {
    PacketBox {
        src: b.dst.clone(),
        dst: b.src.clone(),
        sport: b.dport.clone(),
        dport: b.sport.clone(),
        in_iface: b.out_iface.clone(),
        out_iface: b.in_iface.clone(),
        ..b.clone()
    }
}

/// First packets that meet such rules, by themselves or by a later packet of their conversation, before any translation.
fn met(found: &Found<'_>, sides: [&Netfilter; 2], family: Family) -> Vec<PacketBox> {
    let own = boxes(found);
    let back =
        own.iter()
            .map(turned)
            .map(|b| match found.early && sides.iter().any(|n| hides(n)) {
                // A reply to a hidden sender is for another address until that is given back.
                true => PacketBox {
                    src: AddrSet::any(),
                    sport: PortSet::full(),
                    ..b
                },
                false => b,
            });
    let mut all: Vec<PacketBox> = own.iter().cloned().chain(back).collect();
    let moves: Vec<&PacketBox> = sides.iter().flat_map(|n| moving(n)).collect();
    let moved: Vec<PacketBox> = all
        .iter()
        .flat_map(|b| moves.iter().map(|m| before(m, b)))
        .collect();
    all.extend(moved);
    let mut seen = FxHashSet::default();
    let in_family = |b: &PacketBox| b.src.has(family) && b.dst.has(family);
    all.retain(|b| !b.is_empty() && in_family(b) && seen.insert(b.clone()));
    all
}

/// The packets that a rule moves to elsewhere and that may then be in a box.
fn before(moves: &PacketBox, then: &PacketBox) -> PacketBox {
    let anywhere = PacketBox {
        dst: AddrSet::any(),
        dport: PortSet::full(),
        out_iface: IfaceSet::full(),
        ..then.clone()
    };
    let b = anywhere.intersect(moves);
    PacketBox {
        flags: FlagSet::FULL,
        state: StateSet::FULL,
        ..b
    }
}

fn rules(n: &Netfilter) -> impl Iterator<Item = &Rule> {
    let chains = n.tables().iter().flat_map(|t| &t.chains);
    chains.flat_map(|c| &c.rules).filter(acts)
}

/// Whether a rule hides senders.
fn hides(n: &Netfilter) -> bool {
    rules(n).any(|r| r.does(|a| matches!(a, Action::Nat(n) if matches!(n.kind, NatKind::Snat | NatKind::Masquerade))))
}

/// What of a netfilter's packets is sent to elsewhere.
fn moving(n: &Netfilter) -> impl Iterator<Item = &PacketBox> {
    let moves = |a: &Action| matches!(a, Action::Nat(n) if matches!(n.kind, NatKind::Dnat | NatKind::Redirect | NatKind::Netmap));
    rules(n)
        .flat_map(move |r| r.clauses_that(moves))
        .map(|c| &c.space)
}
