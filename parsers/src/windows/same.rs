//! Whether two rules say the same, wherever they stand.

use hylint_model::{Body, Clause, Condition, Export, Lists, Rule, Test};
use hylint_space::PacketBox;

/// Boxes that one comparison may leave over; a rule that needs more counts as different.
const MOST: usize = 4096;

/// The first of a host's rules that did not come back as it was from a text that was written of them, if any.
pub(crate) fn lost<'r>(lists: &'r Lists, back: &Export) -> Option<&'r Rule> {
    let read = match back.points.first().map(|p| &p.body) {
        Some(Body::Lists(l)) => [l.ingress.rules.as_slice(), l.egress.rules.as_slice()],
        _ => [&[][..]; 2],
    };
    let written = [&lists.ingress.rules, &lists.egress.rules];
    written.into_iter().zip(read).find_map(|(ours, theirs)| {
        let mut ours = ours.iter().enumerate();
        let lost = ours.find(|(n, r)| !theirs.get(*n).is_some_and(|t| rules(r, t)));
        lost.map(|(_, r)| r)
    })
}

/// Same fields, and for each set of conditions the same packets.
pub(crate) fn rules(a: &Rule, b: &Rule) -> bool {
    let fields = |r: &Rule| {
        (
            r.name.clone(),
            r.group.clone(),
            r.comment.clone(),
            r.enabled,
            r.action.clone(),
            r.profiles,
            r.origin,
        )
    };
    fields(a) == fields(b) && (same_clauses(a, b) || covers(a, b) && covers(b, a))
}

/// The usual case: clause by clause.
fn same_clauses(a: &Rule, b: &Rule) -> bool {
    let pair = |(x, y): (&Clause, &Clause)| x.space == y.space && same_conditions(x, y);
    a.clauses.len() == b.clauses.len() && a.clauses.iter().zip(&b.clauses).all(pair)
}

fn same_conditions(a: &Clause, b: &Clause) -> bool {
    let within = |a: &Clause, b: &Clause| {
        let has = |c: &Condition| b.conditions.iter().any(|d| same_condition(c, d));
        a.conditions.iter().all(has)
    };
    within(a, b) && within(b, a)
}

/// The words of a condition count only where nothing else tells what it is.
fn same_condition(a: &Condition, b: &Condition) -> bool {
    let worded = matches!(
        a.test,
        Test::Opaque
            | Test::SystemPort
            | Test::IpSec
            | Test::InterfaceTypes { .. }
            | Test::PolicySource
    );
    a.kind == b.kind && a.test == b.test && a.negated == b.negated && (!worded || a.text == b.text)
}

/// Whether each packet of `a` is in `b` under the same conditions.
fn covers(a: &Rule, b: &Rule) -> bool {
    a.clauses.iter().all(|clause| {
        let mut rest: Vec<PacketBox> = vec![clause.space.clone()];
        for cut in b.clauses.iter().filter(|c| same_conditions(c, clause)) {
            rest = rest.iter().flat_map(|r| r.subtract(&cut.space)).collect();
            if rest.len() > MOST {
                return false;
            }
        }
        rest.iter().all(PacketBox::is_empty)
    })
}
