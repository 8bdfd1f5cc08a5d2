//! What becomes of packets: branches, their effect, and who decided.

use super::facts::Fact;
use super::sets::PointId;
use super::trail::Trail;
use hylint_model::{Chain, Condition, DefaultVerdict, Nat, Rule, Span};
use hylint_space::{AddrSet, PacketBox, PortSet, StateSet};
use smallvec::SmallVec;

/// Why the exports do not decide about packets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// A half, a direction or a chain was not exported.
    IncompleteExport,
    /// The tools refuse the part of the export that would decide.
    MalformedExport,
    /// It would take more than [`BRANCH_BUDGET`](crate::BRANCH_BUDGET) pieces.
    Budget,
    /// Chains jump deeper than the kernel lets them.
    ChainDepth,
    /// There is no filter table.
    NoFilter,
    /// A packet from outside is for a loopback address: the kernel's settings decide whether it gets there.
    LoopbackDestination,
    /// The tools ask the security table and translate sources in different orders.
    SecurityOrder,
    /// Two chains of one priority do different things to the packet, and the kernel may call either first.
    ChainOrder,
    /// A chain asks for the source of packets behind its translation.
    SourceTranslation,
}

impl Reason {
    /// The name in outputs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IncompleteExport => "incomplete-export",
            Self::MalformedExport => "malformed-export",
            Self::Budget => "budget",
            Self::ChainDepth => "chain-depth",
            Self::NoFilter => "no-filter",
            Self::LoopbackDestination => "loopback-destination",
            Self::SecurityOrder => "security-order",
            Self::ChainOrder => "chain-order",
            Self::SourceTranslation => "source-translation",
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
        /// Why.
        reason: Reason,
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

/// Which packet of a conversation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Stage {
    /// The first one.
    #[default]
    Request,
    /// The reply to it.
    Reply,
    /// What the sender of the first one sends after the reply.
    NextRequest,
    /// What the other side sends then.
    NextReply,
}

/// A destination as rules see it behind a translation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Onward {
    /// Its addresses.
    pub dst: AddrSet,
    /// Its ports.
    pub dport: PortSet,
    /// The packets came from elsewhere and are sent on there; else they are delivered here, or leave this host.
    pub through: bool,
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
    /// A condition about the peer, or one that is not modelled, was taken to hold on the way to the rule that decided: fewer
    /// packets than these may get there.
    pub narrowed: bool,
    /// One of these asks the sender to be a machine of the own network.
    pub own_network: bool,
    /// Of each block that was passed over because its program is taken to be another one, the condition that names it.
    pub passed: Vec<&'a Condition>,
    /// No other branch holds a packet of this one: nothing forked on its way, and nothing was translated.
    pub alone: bool,
    /// The packet of the conversation that was decided about.
    pub stage: Stage,
    /// Its connection state as the rules saw it at last.
    pub state: StateSet,
    /// Where it was translated to, if it was.
    pub onward: Option<Box<Onward>>,
    /// What translates its source, if something does.
    pub source: Option<&'a Nat>,
    /// What its open conditions were taken to be, but for those that are drawn anew for each rule.
    pub(crate) facts: SmallVec<[Fact<'a>; 1]>,
    /// What it leaves to the next packet of the conversation; `None` if that is a connection and nothing else.
    pub(crate) trail: Option<Box<Trail<'a>>>,
}

impl Branch<'_> {
    /// Whether the rule that decided took the packets by an open condition of its own, so that it may not match at all.
    #[must_use]
    pub fn by_chance(&self) -> bool {
        let mut own = self.by.rule().into_iter().flat_map(Rule::conditions);
        own.any(|c| self.conditions.iter().any(|d| std::ptr::eq(c, *d)))
    }
}
