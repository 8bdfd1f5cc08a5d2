//! A finding with the rule that it is about.

use crate::finding::Finding;
use crate::judge::Narrowed;
use hylint_model::Rule;

/// A finding, and the one rule that it is about.
pub(super) struct Told {
    /// [`address`] of the rule.
    pub(super) rule: Option<usize>,
    pub(super) finding: Finding,
    /// What makes it vanish, if that is a change of rules.
    pub(super) narrow: Option<Vec<Narrowed>>,
}

impl From<Finding> for Told {
    fn from(finding: Finding) -> Self {
        Self {
            rule: None,
            finding,
            narrow: None,
        }
    }
}

/// What tells a rule from others of the same exports.
pub(super) fn address(rule: &Rule) -> usize {
    std::ptr::from_ref(rule).addr()
}
