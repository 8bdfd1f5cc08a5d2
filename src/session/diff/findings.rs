//! Findings that only one side has.

use super::sides::Sides;
use crate::finding::difference::Findings;
use crate::finding::outcome::Outcome;

/// Compares them under the old side's names.
pub(super) fn compare(_: &Sides, _old: &Outcome, _new: &Outcome) -> Findings {
    Findings::default()
}
