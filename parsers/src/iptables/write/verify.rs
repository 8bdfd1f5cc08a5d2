//! Reads what was written and compares: a dump that says something else is never returned.

use super::form::{LineCounts, clipped, error};
use crate::write::Result;
use hylint_model::{Body, Clause, Condition, Export, Point, ProblemKind, Rule, Test};
use hylint_space::{Family, PacketBox};

/// A point, its family, and the number of lines of each of its rules.
type Written<'p> = (&'p Point, Option<Family>, LineCounts);

pub(super) fn verify(written: &[Written<'_>], text: &str, read: fn(&str) -> Export) -> Result<()> {
    let export = read(text);
    if export.points.len() != written.len() {
        let span = written.first().map(|w| w.0.span).unwrap_or_default();
        return Err(error(span, "the points cannot be told apart in one file"));
    }
    for ((point, family, counts), back) in written.iter().zip(&export.points) {
        if back.families != point.families || !same_frame(point, back) {
            return Err(error(
                point.span,
                "the families, tables or chains of the point have no form in a dump",
            ));
        }
        let mut lines = back.rules();
        for (rule, count) in point.rules().zip(counts) {
            let group: Vec<&Rule> = lines.by_ref().take(*count).collect();
            if !same_rule(rule, &group, *family, &export) {
                return Err(error(rule.span, "a dump has no words for this rule"));
            }
        }
    }
    Ok(())
}

/// Tables, chains and policies.
fn same_frame(a: &Point, b: &Point) -> bool {
    let (Body::Netfilter(a), Body::Netfilter(b)) = (&a.body, &b.body) else {
        return false;
    };
    let names = |n: &hylint_model::Netfilter| -> Vec<_> {
        let chains = n
            .tables()
            .iter()
            .flat_map(|t| t.chains.iter().map(move |c| (t, c)));
        chains
            .map(|(t, c)| {
                (
                    t.name.clone(),
                    c.name.clone(),
                    c.base.as_ref().map(|b| (b.hook, b.kind, b.priority)),
                    c.policy.map(|p| p.allow),
                )
            })
            .collect()
    };
    a.tables().len() == b.tables().len() && names(a) == names(b)
}

fn same_rule(rule: &Rule, group: &[&Rule], family: Option<Family>, export: &Export) -> bool {
    let broken = |r: &&Rule| {
        export.problems.iter().any(|p| {
            p.kind == ProblemKind::Malformed
                && p.span.start >= r.span.start
                && p.span.end <= r.span.end
        })
    };
    let told = |r: &&Rule| r.action == rule.action && r.comment == rule.comment;
    if !group.iter().all(told) || group.iter().any(broken) {
        return false;
    }
    let have: Vec<Clause> = group
        .iter()
        .flat_map(|r| r.clauses.iter().cloned())
        .collect();
    let want: Vec<Clause> = clipped(rule, family).collect();
    covered(&have, &want) && covered(&want, &have)
}

/// Whether every packet of `a` is in clauses of `b` with the same conditions.
fn covered(a: &[Clause], b: &[Clause]) -> bool {
    a.iter().all(|clause| {
        let mut left: Vec<PacketBox> = vec![clause.space.clone()];
        for cut in b.iter().filter(|c| same_conditions(c, clause)) {
            left = left.iter().flat_map(|l| l.subtract(&cut.space)).collect();
        }
        left.iter().all(PacketBox::is_empty)
    })
}

fn same_conditions(a: &Clause, b: &Clause) -> bool {
    let holds = |all: &Clause, c: &Condition| all.conditions.iter().any(|o| same_condition(o, c));
    a.conditions.iter().all(|c| holds(b, c)) && b.conditions.iter().all(|c| holds(a, c))
}

/// Without places. The words count only where nothing else tells what is tested; hops below a number and not above it are
/// the same.
fn same_condition(a: &Condition, b: &Condition) -> bool {
    let worded = matches!(
        a.test,
        Test::Opaque | Test::Rate(_) | Test::Passing | Test::ReversePath
    );
    let words = !worded || a.text == b.text;
    let test = match (&a.test, &b.test) {
        (Test::Ttl(x), Test::Ttl(y)) => {
            let side = |set: &hylint_space::RangeSet<u8>, not| {
                if not { set.complement() } else { set.clone() }
            };
            side(x, a.negated) == side(y, b.negated)
        }
        (x, y) => x == y && a.negated == b.negated,
    };
    a.kind == b.kind && test && words
}
