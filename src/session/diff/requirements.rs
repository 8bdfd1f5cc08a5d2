//! Requirements whose status is another one.

use super::sides::Sides;
use crate::finding::difference::RequirementChange;
use crate::finding::outcome::Outcome;

/// Compares them row by row.
pub(super) fn compare(_: &Sides, _old: &Outcome, _new: &Outcome) -> Vec<RequirementChange> {
    Vec::new()
}
