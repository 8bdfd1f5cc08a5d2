//! What a check rests on: the rules that let its packets through, and what was taken for granted of them.

use super::check::Checked;
use super::probe::Answer;
use crate::finding::AssumptionId;
use hylint_engine::{Decider, Effect};
use hylint_model::{Condition, DefaultOrigin, Test};
use hylint_space::PacketBox;

impl<'a> Checked<'a> {
    /// The assumptions as reports name them.
    #[must_use]
    pub fn assumption_texts(&self) -> Vec<String> {
        let text = |(id, detail): &(AssumptionId, String)| {
            if detail.is_empty() {
                id.to_string()
            } else {
                format!("{id}: {detail}")
            }
        };
        self.assumptions.iter().map(text).collect()
    }

    pub(super) fn note_assumptions(&mut self, answer: &Answer<'a>, goal: &PacketBox) {
        if let Some(i) = &answer.interface {
            self.assumptions
                .insert((AssumptionId::Interface, i.clone()));
        }
        for b in answer
            .branches
            .iter()
            .filter(|b| b.effect == Effect::Allow && b.space.src.intersects(&goal.src))
        {
            if !self.evidence.iter().any(|e| same_decider(e, &b.by)) && self.evidence.len() < 8 {
                self.evidence.push(b.by);
            }
            for a in &b.assumed {
                self.assumptions.insert(assumption(a));
            }
        }
        for b in &answer.branches {
            if let Decider::Default { default, .. } = b.by
                && default.origin == DefaultOrigin::Assumed
            {
                self.assumptions
                    .insert((AssumptionId::WindowsDefaults, String::new()));
            }
        }
    }
}

/// The name of an assumption that a condition stands for.
fn assumption(c: &Condition) -> (AssumptionId, String) {
    match &c.test {
        Test::Unprinted => (AssumptionId::BriefExport, String::new()),
        Test::Package => (AssumptionId::AppPackage, String::new()),
        Test::Program(p) => (AssumptionId::Program, p.to_string()),
        Test::Service(s) => (AssumptionId::Program, s.to_string()),
        _ => (AssumptionId::Owner, c.describe()),
    }
}

/// Whether two deciders are the same place.
#[must_use]
pub fn same_decider(a: &Decider<'_>, b: &Decider<'_>) -> bool {
    match (a, b) {
        (Decider::Rule { rule: x, .. }, Decider::Rule { rule: y, .. }) => std::ptr::eq(*x, *y),
        (Decider::Policy { chain: x, .. }, Decider::Policy { chain: y, .. }) => {
            std::ptr::eq(*x, *y)
        }
        (Decider::Default { default: x, .. }, Decider::Default { default: y, .. }) => {
            std::ptr::eq(*x, *y)
        }
        (Decider::Setting { at: a, span: x }, Decider::Setting { at: b, span: y }) => {
            a == b && x == y
        }
        (Decider::Nothing { at: a, reason: x }, Decider::Nothing { at: b, reason: y }) => {
            a == b && x == y
        }
        _ => false,
    }
}
