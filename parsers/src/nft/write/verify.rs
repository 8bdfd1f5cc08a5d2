//! Reads what was written and compares: a ruleset that says something else is never returned.

use super::form::error;
use super::ruleset::Counts;
use crate::write::Result;
use hylint_model::{
    Action, Body, Clause, Condition, ConditionKind, Export, Netfilter, Point, ProblemKind, Rule,
    Table, TableFamily, Test,
};
use hylint_space::{AddrSet, Family, PacketBox};

/// Compares a point with what its text is read to.
pub(super) fn verify(
    point: &Point,
    counts: &Counts,
    text: &str,
    read: fn(&str) -> Export,
) -> Result<()> {
    let export = read(text);
    let differs = |message| Err(error(point.span, message));
    let [back] = export.points.as_slice() else {
        return differs("the ruleset is not one firewall");
    };
    let (Body::Netfilter(old), Body::Netfilter(new)) = (&point.body, &back.body) else {
        return differs("this point is no netfilter firewall");
    };
    if frame(old) != frame(new) {
        return differs("the tables, chains or policies of the firewall have no form in nft");
    }
    for (t, (a, b)) in old.tables().iter().zip(new.tables()).enumerate() {
        for (c, (before, after)) in a.chains.iter().zip(&b.chains).enumerate() {
            let mut counts = counts.get(&(t, c)).into_iter().flatten();
            let mut lines = after.rules.iter();
            for rule in &before.rules {
                let count = counts.next().copied().unwrap_or(0);
                let group: Vec<&Rule> = lines.by_ref().take(count).collect();
                if !same_rule((rule, a), (&group, b), (old, new), &export) {
                    return Err(error(rule.span, "nft has no words for this rule"));
                }
            }
            if lines.next().is_some() {
                return differs("a chain of the firewall has no form in nft");
            }
        }
    }
    Ok(())
}

/// Tables, chains and policies.
fn frame(n: &Netfilter) -> Vec<impl PartialEq + use<>> {
    let chains = n
        .tables()
        .iter()
        .flat_map(|t| t.chains.iter().map(move |c| (t, c)));
    chains
        .map(|(t, c)| {
            (
                t.name.clone(),
                t.family,
                c.name.clone(),
                c.base.clone(),
                c.policy.map(|p| p.allow),
            )
        })
        .collect()
}

fn same_rule(
    (rule, table): (&Rule, &Table),
    (group, back): (&[&Rule], &Table),
    netfilters: (&Netfilter, &Netfilter),
    export: &Export,
) -> bool {
    let broken = |r: &&Rule| {
        export.problems.iter().any(|p| {
            p.kind == ProblemKind::Malformed
                && p.span.start >= r.span.start
                && p.span.end <= r.span.end
        })
    };
    let told = |r: &&Rule| r.comment == rule.comment && r.enabled;
    if !group.iter().all(told) || group.iter().any(broken) {
        return false;
    }
    let have = parts(group.iter().copied(), back);
    let want = parts(std::iter::once(rule), table);
    if have == want {
        return true;
    }
    covered(&have, &want, netfilters) && covered(&want, &have, (netfilters.1, netfilters.0))
}

/// A clause with what happens to its packets.
type Part = (Clause, Action);

/// Every clause, inside of the table's family, with its action.
fn parts<'r>(rules: impl Iterator<Item = &'r Rule>, table: &Table) -> Vec<Part> {
    let each = rules.flat_map(|r| {
        let parts = r.parts().map(|(clauses, action)| (clauses, action.clone()));
        parts.flat_map(|(clauses, action)| clauses.iter().map(move |c| (c.clone(), action.clone())))
    });
    let family = match table.family {
        TableFamily::Ip => Some(Family::V4),
        TableFamily::Ip6 => Some(Family::V6),
        _ => None,
    };
    each.map(|(mut clause, action)| {
        if let Some(f) = family {
            clause.space.src = clause.space.src.intersect(&AddrSet::any_of(f));
            clause.space.dst = clause.space.dst.intersect(&AddrSet::any_of(f));
        }
        clause.space = clause.space.paired();
        for condition in &mut clause.conditions {
            condition.span = Default::default();
        }
        (clause, action)
    })
    .filter(|(clause, _)| !clause.space.is_empty())
    .collect()
}

/// Whether every packet of `a` meets the same action in `b`, under the same conditions.
fn covered(a: &[Part], b: &[Part], netfilters: (&Netfilter, &Netfilter)) -> bool {
    a.iter().all(|(clause, action)| {
        let mut left: Vec<PacketBox> = vec![clause.space.clone()];
        let fits = |(c, of): &&Part| of == action && same_conditions(clause, c, netfilters);
        for (cut, _) in b.iter().filter(fits) {
            left = left.iter().flat_map(|l| l.subtract(&cut.space)).collect();
        }
        left.iter().all(PacketBox::is_empty)
    })
}

fn same_conditions(a: &Clause, b: &Clause, netfilters: (&Netfilter, &Netfilter)) -> bool {
    let same = |x: &Condition, y: &Condition| same_condition(x, y, netfilters);
    let held = |x: &Condition| b.conditions.iter().any(|y| same(x, y));
    let holds = |y: &Condition| a.conditions.iter().any(|x| same(x, y));
    a.conditions.iter().all(held) && b.conditions.iter().all(holds)
}

/// Without places. The words count only where nothing else tells what is tested.
fn same_condition(a: &Condition, b: &Condition, (of_a, of_b): (&Netfilter, &Netfilter)) -> bool {
    let worded = matches!(
        a.test,
        Test::Opaque | Test::Rate(_) | Test::Passing | Test::ExtensionHeader
    ) || a.kind == ConditionKind::Rate;
    let test = match (&a.test, &b.test) {
        (Test::Set { set: x, fields: f }, Test::Set { set: y, fields: g }) => {
            let members = |n: &Netfilter, id| n.set(id).map(|s| s.members.clone());
            f == g && members(of_a, *x) == members(of_b, *y)
        }
        (x, y) => x == y,
    };
    a.kind == b.kind && a.negated == b.negated && test && (!worded || a.text == b.text)
}
