//! Compares points with an ingress and an egress list.

use super::found::{Both, Found};
use super::places::{Places, Turn};
use crate::context::Context;
use crate::likeness::Named;
use hylint_model::{Body, DefaultOrigin, Discipline, Lists, Point, Rule, RuleList};

/// Compares the united points of a layer.
pub(super) fn compare<'a>(
    (old, a): (&'a Context<'a>, &[&'a Point]),
    (new, b): (&'a Context<'a>, &[&'a Point]),
    found: &mut Found<'a>,
) {
    // A group more or less adds or takes away allows. Of anything else, which point decides would be another question.
    let differ = if a.iter().chain(b).all(|p| is_united(p)) {
        left_over(a) != left_over(b)
    } else {
        let mut pairs = a.iter().zip(b);
        a.len() != b.len() || pairs.any(|(x, y)| settings(old, x) != settings(new, y))
    };
    if differ {
        found.all = Places::ALL;
        return;
    }
    let ordered = a.iter().chain(b).any(|p| is_ordered(p));
    let named = |ctx| Named {
        ctx,
        sets: &[],
        chains: &[],
    };
    let mut both = |of: &dyn Fn(&'a Point) -> Vec<&'a Rule>, ordered, places| {
        let each =
            |all: &[&'a Point]| -> Vec<&'a Rule> { all.iter().flat_map(|p| of(p)).collect() };
        let (x, y) = (each(a), each(b));
        let lists = Both {
            old: (&x, named(old)),
            new: (&y, named(new)),
        };
        found.compare(&lists, ordered, places, Turn::Filter);
    };
    both(&|p| in_turn(p, |l| &l.ingress), ordered, Places::IN);
    both(&|p| in_turn(p, |l| &l.egress), ordered, Places::OUT);
    both(
        &|p| p.security.iter().flat_map(|s| &s.ingress).collect(),
        true,
        Places::IN,
    );
    both(
        &|p| p.security.iter().flat_map(|s| &s.egress).collect(),
        true,
        Places::OUT,
    );
}

fn lists(p: &Point) -> Option<&Lists> {
    match &p.body {
        Body::Lists(l) => Some(l),
        Body::Netfilter(_) => None,
    }
}

fn is_united(p: &Point) -> bool {
    lists(p).is_some_and(|l| l.discipline == Discipline::UnionOfAllows)
}

fn is_ordered(p: &Point) -> bool {
    lists(p).is_some_and(|l| l.discipline.is_ordered())
}

/// The rules of a list in the order in which they act.
fn in_turn(p: &Point, list: fn(&Lists) -> &RuleList) -> Vec<&Rule> {
    let Some(l) = lists(p) else {
        return Vec::new();
    };
    let mut rules: Vec<&Rule> = list(l).rules.iter().collect();
    if l.discipline == Discipline::Priority {
        rules.sort_by_key(|r| r.turn());
    }
    rules
}

/// What united groups do with the packets that none of them allows, in each direction.
fn left_over(all: &[&Point]) -> [(bool, bool); 2] {
    let each = |list: fn(&Lists) -> &RuleList| {
        let lists = all.iter().filter_map(|p| lists(p)).map(list);
        lists.fold((false, false), |(open, allow), l| {
            let unknown = l.default.origin == DefaultOrigin::Unknown;
            (open || unknown, allow || l.default.allow)
        })
    };
    [each(|l| &l.ingress), each(|l| &l.egress)]
}

/// What the settings of a point say beside its rules, wherever that stands.
fn settings(ctx: &Context<'_>, p: &Point) -> impl PartialEq + use<> {
    let of = |inbound| {
        let o = p.overrides(inbound, ctx.profile);
        [o.all, o.rest].map(|s| s.map(|(allow, _)| allow))
    };
    let of_list = |l: &RuleList| (l.default.allow, l.default.origin, l.rules.is_empty());
    let lists = lists(p).map(|l| (l.discipline, of_list(&l.ingress), of_list(&l.egress)));
    let policy = (
        p.local_rules_disabled(ctx.profile).is_some(),
        p.other_policy,
    );
    let own = (p.kind, p.stateful, p.view, p.brief, p.stand_in);
    (ctx.profile, [of(true), of(false)], lists, policy, own)
}
