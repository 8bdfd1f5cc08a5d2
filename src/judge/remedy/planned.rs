//! One change, in the model and as it is told.

use super::place::{self, ADDED, Slot};
use hylint_engine::{PointId, SetId};
use hylint_model::{Point, Profiles, Rule};
use hylint_parsers::edit::{Change, List, ListRef, Position};

/// A change of an export that holds some point.
pub type Step = (SetId, Change);

/// A change of one list of one point, by its present indexes.
pub(super) struct Planned {
    pub(super) at: PointId,
    pub(super) what: What,
}

pub(super) enum What {
    /// A rule before the one with this index, or at the end.
    Insert {
        slot: Slot,
        rule: Box<Rule>,
    },
    Enable {
        list: List,
        index: usize,
        enabled: bool,
    },
    Replace {
        list: List,
        index: usize,
        new: Box<Rule>,
    },
    LetRulesDecide(Profiles),
}

impl Planned {
    /// The change for the export as it is: rules that were added before do not count.
    pub(super) fn step(&self) -> Step {
        let list = |list| ListRef {
            point: self.at.index(),
            list,
        };
        let change = match &self.what {
            What::Insert { slot, rule } => Change::Insert {
                at: match slot.before {
                    Some(_) => Position::Before(list(slot.list).rule(slot.original)),
                    None => Position::End(list(slot.list)),
                },
                rule: rule.clone(),
            },
            What::Enable {
                list: l,
                index,
                enabled,
            } => Change::SetEnabled {
                rule: list(*l).rule(*index),
                enabled: *enabled,
            },
            What::Replace {
                list: l,
                index,
                new,
            } => Change::Replace {
                old: list(*l).rule(*index),
                new: new.clone(),
            },
            What::LetRulesDecide(profile) => Change::LetRulesDecide {
                point: self.at.index(),
                profile: *profile,
            },
        };
        (self.at.set, change)
    }

    /// Makes the change in the model.
    pub(super) fn make(&self, point: &mut Point) -> Option<()> {
        match &self.what {
            What::Insert { slot, rule } => {
                let rules = place::rules_mut(point, slot.list)?;
                // Rules that other changes added do not count.
                let own = rules.iter().enumerate().filter(|(_, r)| r.span != ADDED);
                let at = match slot.before {
                    Some(_) => own.map(|(i, _)| i).nth(slot.original)?,
                    None => rules.len(),
                };
                let mut rule = Rule::clone(rule);
                rule.span = ADDED;
                rules.insert(at, rule);
                Some(())
            }
            What::Enable {
                list,
                index,
                enabled,
            } => {
                let rule = place::rules_mut(point, *list)?.get_mut(*index)?;
                rule.enabled = *enabled;
                Some(())
            }
            What::Replace { list, index, new } => {
                let rule = place::rules_mut(point, *list)?.get_mut(*index)?;
                rule.clauses.clone_from(&new.clauses);
                rule.priority = new.priority;
                Some(())
            }
            What::LetRulesDecide(profile) => {
                let windows = point.windows.as_mut()?;
                windows.let_rules_decide(*profile);
                Some(())
            }
        }
    }
}
