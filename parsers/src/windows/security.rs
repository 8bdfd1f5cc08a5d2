//! What the readers of connection security rules have in common.

use hylint_model::{Clause, Condition, ConditionKind, Span, Test};

/// That IPsec has not authenticated the sender.
pub(crate) fn unauthenticated(span: Span) -> Condition {
    let text = "authenticated by IPsec";
    Condition::new(ConditionKind::Peer, Test::IpSec, span, text).negate(true)
}

/// Clauses without the packets of an exemption.
pub(crate) fn without(clauses: Vec<Clause>, hole: &Clause) -> Vec<Clause> {
    let cut = |c: Clause| -> Vec<Clause> {
        let parts = c.space.subtract(&hole.space).into_iter();
        let part = |space| Clause {
            space,
            conditions: c.conditions.clone(),
        };
        parts.map(part).collect()
    };
    clauses.into_iter().flat_map(cut).collect()
}
