//! Whether two rules of two rule sets do the same to the same packets, wherever they stand and whatever they are called.

use super::context::Context;
use hylint_model::{Action, Condition, NamedSet, Rule, Test};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// A side of a comparison: what its rules name.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) ctx: &'a Context<'a>,
    /// The sets of a netfilter.
    pub(crate) sets: &'a [NamedSet],
    /// For each chain of a rule's table, what is the same number for the chain of the other side that it is taken for.
    pub(crate) chains: &'a [u64],
}

/// A number that is the same for rules that do the same; two that do not may have it as well, by chance.
pub(crate) fn key(r: &Rule, of: Named<'_>) -> u64 {
    let mut h = FxHasher::default();
    hash_action(&r.action, of, &mut h);
    (r.profiles, r.origin).hash(&mut h);
    for c in &r.clauses {
        c.space.hash(&mut h);
        for c in &c.conditions {
            (c.kind, c.negated, c.without_place()).hash(&mut h);
            hash_named(c, of, &mut h);
        }
    }
    h.finish()
}

fn hash_action(a: &Action, of: Named<'_>, h: &mut FxHasher) {
    std::mem::discriminant(a).hash(h);
    for to in a.called() {
        of.chains.get(to).hash(h);
    }
    match a {
        Action::Opaque(text) => text.hash(h),
        Action::SetMark { value, mask } | Action::SetConnMark { value, mask } => {
            (value, mask).hash(h);
        }
        Action::Map(all) => all.iter().for_each(|a| hash_action(a, of, h)),
        _ => {}
    }
}

fn hash_named(c: &Condition, of: Named<'_>, h: &mut FxHasher) {
    match &c.test {
        Test::Named { key, .. } => of.ctx.resolve.get(&**key).hash(h),
        Test::Set { fields, .. } => fields.hash(h),
        test => test.hash(h),
    }
}

/// Whether they do.
pub(crate) fn is_same(a: &Rule, of_a: Named<'_>, b: &Rule, of_b: Named<'_>) -> bool {
    let clauses = a.clauses.iter().zip(&b.clauses);
    let mut clauses = clauses.map(|(a, b)| {
        let conditions = a.conditions.iter().zip(&b.conditions);
        a.space == b.space
            && a.conditions.len() == b.conditions.len()
            && conditions
                .into_iter()
                .all(|(a, b)| same_condition(a, of_a, b, of_b))
    });
    a.clauses.len() == b.clauses.len()
        && (a.profiles, a.origin) == (b.profiles, b.origin)
        && same_action(&a.action, of_a, &b.action, of_b)
        && clauses.all(|same| same)
}

fn same_action(a: &Action, of_a: Named<'_>, b: &Action, of_b: Named<'_>) -> bool {
    let chain = |to: &u32, of: Named<'_>| of.chains.get(*to as usize).copied();
    match (a, b) {
        (Action::Jump(x), Action::Jump(y)) | (Action::Goto(x), Action::Goto(y)) => {
            chain(x, of_a) == chain(y, of_b)
        }
        (Action::Map(x), Action::Map(y)) => {
            let mut each = x.iter().zip(y);
            x.len() == y.len() && each.all(|(x, y)| same_action(x, of_a, y, of_b))
        }
        _ => a == b,
    }
}

fn same_condition(a: &Condition, of_a: Named<'_>, b: &Condition, of_b: Named<'_>) -> bool {
    let test = match (&a.test, &b.test) {
        (Test::Named { key: x, side: s }, Test::Named { key: y, side: t }) => {
            let known = |of: Named<'_>, key: &str| {
                let open = of.ctx.open.and_then(|o| o.get(key));
                (of.ctx.resolve.get(key).cloned(), open.cloned())
            };
            x == y && s == t && known(of_a, x) == known(of_b, y)
        }
        (Test::Set { set: x, fields: f }, Test::Set { set: y, fields: g }) => {
            let members = |of: Named<'_>, n: usize| of.sets.get(n).map(|s| s.members.clone());
            f == g && members(of_a, x.index()) == members(of_b, y.index())
        }
        (x, y) => x == y,
    };
    let said = a.text == b.text || a.without_place() == b.without_place();
    test && said && (a.kind, a.negated) == (b.kind, b.negated)
}
