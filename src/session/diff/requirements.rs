//! Requirements whose status is another one.

use super::sides::{Policy, Sides};
use crate::finding::difference::RequirementChange;
use crate::finding::outcome::{Outcome, RequirementResult, Status};
use std::collections::BTreeMap;

/// Compares them row by row. Without a site file and roles nothing is required.
pub(super) fn compare(sides: &Sides, old: &Outcome, new: &Outcome) -> Vec<RequirementChange> {
    if sides.policy == Policy::None {
        return Vec::new();
    }
    let by_id = |o: &'_ Outcome| -> BTreeMap<String, Status> {
        let all = o.requirements.iter();
        all.map(|r| (r.id.clone(), r.status)).collect()
    };
    let (mut before, behind) = (by_id(old), by_id(new));
    if sides.policy == Policy::New {
        // Roles that are worked out from open ports ask for nothing.
        before.values_mut().for_each(|s| *s = Status::NotApplicable);
    }
    let gone = old.requirements.iter();
    let gone = gone.filter(|r| !behind.contains_key(&r.id));
    let mut all: Vec<&RequirementResult> = new.requirements.iter().chain(gone).collect();
    all.sort_by(|a, b| (a.row, &a.id).cmp(&(b.row, &b.id)));
    let change = |r: &RequirementResult| {
        let (old, new) = (before.get(&r.id).copied(), behind.get(&r.id).copied());
        (old != new).then(|| RequirementChange {
            id: r.id.clone(),
            row: r.row,
            old,
            new,
            worse: is_worse(old, new),
            purpose: r.purpose.clone(),
            impact: r.impact.clone(),
        })
    };
    all.into_iter().filter_map(change).collect()
}

/// Whether less is proven than before. What is proven and then not asked for is not proven any more; what nobody asked
/// for before and does not hold is new. A waiver proves nothing, and that it is there is a change of the policy.
fn is_worse(old: Option<Status>, new: Option<Status>) -> bool {
    use Status::{Conditional, NotApplicable, Satisfied, Unverified, Violated, Waived};
    let (old, new) = (old.unwrap_or(NotApplicable), new.unwrap_or(NotApplicable));
    match (old, new) {
        (Satisfied, Conditional | Unverified | Violated | Waived | NotApplicable) => true,
        (Conditional, Unverified | Violated | NotApplicable) => true,
        (Unverified | Waived | NotApplicable, Violated) => true,
        (NotApplicable, Conditional) => true,
        (
            Satisfied | Conditional | Unverified | Violated | Waived | NotApplicable,
            Satisfied | Conditional | Unverified | Violated | Waived | NotApplicable,
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches an order in which a row that is proven less, or not asked for any more, counts as no loss, and one in
    /// which a repaired row does.
    #[test]
    fn less_proof_is_worse() {
        use Status::{Conditional, NotApplicable, Satisfied, Unverified, Violated, Waived};
        let order = [Satisfied, Conditional, Unverified, Violated];
        for (n, good) in order.iter().enumerate() {
            for bad in order.iter().skip(n + 1) {
                assert!(is_worse(Some(*good), Some(*bad)), "{good:?} {bad:?}");
                assert!(!is_worse(Some(*bad), Some(*good)), "{bad:?} {good:?}");
            }
        }
        for s in [NotApplicable, Waived] {
            assert!(is_worse(Some(Satisfied), Some(s)), "{s:?}");
            assert!(is_worse(Some(s), Some(Violated)), "{s:?}");
            assert!(!is_worse(Some(s), Some(Satisfied)), "{s:?}");
            assert!(!is_worse(Some(Violated), Some(s)), "{s:?}");
        }
        assert!(is_worse(Some(Satisfied), None));
        assert!(!is_worse(None, Some(Satisfied)));
    }
}
