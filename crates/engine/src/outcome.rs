//! What becomes of packets: branches, their effect, and who decided.

use super::sets::PointId;
use hylint_model::{Chain, Condition, DefaultVerdict, Hook, Rule, Span};
use hylint_space::PacketBox;
use smallvec::SmallVec;

/// Which way a packet goes, seen from the guarded host or router.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Direction {
    /// To one of its addresses.
    In,
    /// From one of its addresses.
    Out,
    /// Through it.
    Forward,
}

impl Direction {
    /// The name in outputs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Forward => "forward",
        }
    }

    /// The hook of Linux that decides what passes this way.
    #[must_use]
    pub const fn hook(self) -> Hook {
        match self {
            Self::In => Hook::Input,
            Self::Out => Hook::Output,
            Self::Forward => Hook::Forward,
        }
    }
}

/// What decided a packet.
#[derive(Clone, Copy, Debug)]
pub enum Decider<'a> {
    /// A rule.
    Rule {
        /// Whose.
        at: PointId,
        /// Which.
        rule: &'a Rule,
    },
    /// A base chain's policy.
    Policy {
        /// Whose.
        at: PointId,
        /// The chain.
        chain: &'a Chain,
    },
    /// A list's default.
    Default {
        /// Whose.
        at: PointId,
        /// The default.
        default: &'a DefaultVerdict,
    },
    /// A setting of the whole firewall: it is off, closed, or has a policy for what no rule decides.
    Setting {
        /// Whose.
        at: PointId,
        /// Where it stands, in the text that the point's settings are of.
        span: Span,
    },
    /// Nothing in the exports: the half or the direction was not exported, or a budget ran out.
    Nothing {
        /// The nearest point.
        at: PointId,
        /// Why: `incomplete-export`, `budget`, `chain-depth`.
        reason: &'static str,
    },
}

impl<'a> Decider<'a> {
    /// The point.
    #[must_use]
    pub fn at(&self) -> PointId {
        match *self {
            Self::Rule { at, .. }
            | Self::Policy { at, .. }
            | Self::Default { at, .. }
            | Self::Setting { at, .. }
            | Self::Nothing { at, .. } => at,
        }
    }

    /// The rule, if one decided.
    #[must_use]
    pub fn rule(&self) -> Option<&'a Rule> {
        match self {
            Self::Rule { rule, .. } => Some(rule),
            _ => None,
        }
    }
}

/// What happens to the packets of a branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// They pass.
    Allow,
    /// They do not.
    Deny,
    /// The export cannot tell (NFQUEUE, a missing half, a budget).
    Unknown,
}

/// One branch of an evaluation: packets, what happens to them, and on what that rests.
#[derive(Clone, Debug)]
pub struct Branch<'a> {
    /// The packets as they were sent (before any translation).
    pub space: PacketBox,
    /// What happens.
    pub effect: Effect,
    /// What decided.
    pub by: Decider<'a>,
    /// Conditions that nobody could decide and that the branch took one way.
    pub conditions: SmallVec<[&'a Condition; 2]>,
    /// Conditions that were taken to hold, as an assumption.
    pub assumed: SmallVec<[&'a Condition; 1]>,
    /// No other branch holds a packet of this one: nothing forked on its way, and nothing was translated.
    pub alone: bool,
}

impl Branch<'_> {
    /// Whether the rule that decided took the packets by an open condition of its own, so that it may not match at all.
    #[must_use]
    pub fn by_chance(&self) -> bool {
        let mut own = self.by.rule().into_iter().flat_map(Rule::conditions);
        own.any(|c| self.conditions.iter().any(|d| std::ptr::eq(c, *d)))
    }
}
