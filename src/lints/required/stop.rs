//! How a required flow fails: a code for each way.

use crate::finding::{Code, Severity};
use crate::judge::{Cause, Failure};

/// How a required flow fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// Something that the exports do not say decides.
    Conditional,
    /// The replies do not pass.
    NoReply,
    /// The packets after the first ones and their replies do not pass.
    Next {
        /// A rule stops them, and not a policy.
        by_rule: bool,
    },
    /// A deny overrides an allow.
    Blocked,
    /// The rule that allows it is disabled.
    Disabled,
    /// Some of it passes.
    Partial,
    /// Nothing allows it.
    Missing,
}

impl Stop {
    /// Returns the way for a cause. `overruled`: a rule or default allows the flow and is overridden; `disabled`: a
    /// disabled rule would allow it.
    pub(super) fn of(cause: Cause, by_rule: bool, overruled: bool, disabled: bool) -> Self {
        match cause {
            Cause::PeersUnknown
            | Cause::Undecided { .. }
            | Cause::ReplyUndecided { .. }
            | Cause::NextUndecided { .. } => Self::Conditional,
            Cause::ReplyDenied { .. } | Cause::OddReplyPorts { .. } => Self::NoReply,
            Cause::NextDenied { .. } => Self::Next { by_rule },
            Cause::Denied { .. } | Cause::OddPorts { .. } if overruled => Self::Blocked,
            Cause::Denied { .. } | Cause::OddPorts { .. } if disabled => Self::Disabled,
            Cause::Denied { partial: true } | Cause::OddPorts { partial: true } => Self::Partial,
            Cause::Denied { partial: false } | Cause::OddPorts { partial: false } => Self::Missing,
        }
    }

    /// Returns the code of its findings.
    pub(super) const fn code(self) -> Code {
        match self {
            Self::Conditional => Code::ConditionalFlow,
            Self::NoReply => Code::NoReturnPath,
            Self::Blocked | Self::Next { by_rule: true } => Code::BlockedFlow,
            Self::Disabled => Code::DisabledFlow,
            Self::Partial => Code::PartialFlow,
            Self::Missing | Self::Next { by_rule: false } => Code::MissingFlow,
        }
    }
}

/// Returns how grave a failure is. A rule set that was not compared to its end may block the flow.
pub(super) fn severity(f: &Failure<'_>, mandatory: bool) -> Severity {
    let mild = f.cause.is_odd() || f.only_rate() || !mandatory;
    if mild && !f.over_budget() {
        Severity::Warning
    } else {
        Severity::Error
    }
}
