//! What stands in the way of a flow.

use super::flows::{self, Peers};
use super::probe::{Answer, without_interfaces};
use super::spec::FlowSpec;
use hylint_engine::{
    Branch, Decider, Direction, Effect, Onward, Reason, Stage, subtract_all, union_addrs,
};
use hylint_model::{Condition, ConditionKind};
use hylint_space::{AddrSet, Exposure, PacketBox, PortSet, StateSet};
use std::collections::HashSet;

/// Why packets of a flow do not pass. `partial`: others of the required packets do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// They are denied.
    Denied {
        /// Some pass.
        partial: bool,
    },
    /// Those that are denied have source ports outside both common ephemeral ranges, and no others are.
    OddPorts {
        /// Some pass.
        partial: bool,
    },
    /// The same for the replies to packets with such source ports.
    OddReplyPorts {
        /// Some replies pass.
        partial: bool,
    },
    /// Something outside the export decides: a condition, NFQUEUE, a half that was not exported.
    Undecided {
        /// Some pass.
        partial: bool,
    },
    /// Some pass, and it depends on who the undeclared peers are whether that is enough.
    PeersUnknown,
    /// The packets pass, and the replies to them are denied.
    ReplyDenied {
        /// Some replies pass.
        partial: bool,
    },
    /// The packets pass, and something outside the export decides about the replies.
    ReplyUndecided {
        /// Some replies pass.
        partial: bool,
    },
    /// The first packets and the replies pass, and what follows the first packets is denied.
    NextDenied {
        /// Some conversations pass.
        partial: bool,
    },
    /// The first packets and the replies pass, and something outside the export decides about what follows.
    NextUndecided {
        /// Some conversations pass.
        partial: bool,
    },
}

impl Cause {
    /// Whether it is the reply that fails, not the first packet.
    #[must_use]
    pub fn is_reply(self) -> bool {
        match self {
            Self::ReplyDenied { .. } | Self::ReplyUndecided { .. } | Self::OddReplyPorts { .. } => {
                true
            }
            Self::Denied { .. }
            | Self::OddPorts { .. }
            | Self::Undecided { .. }
            | Self::NextDenied { .. }
            | Self::NextUndecided { .. }
            | Self::PeersUnknown => false,
        }
    }

    /// Whether only source ports fail that neither Linux nor Windows picks by default.
    #[must_use]
    pub fn is_odd(self) -> bool {
        matches!(self, Self::OddPorts { .. } | Self::OddReplyPorts { .. })
    }

    /// Whether what the exports hold does not decide it.
    #[must_use]
    pub fn is_undecided(self) -> bool {
        match self {
            Self::Undecided { .. }
            | Self::PeersUnknown
            | Self::ReplyUndecided { .. }
            | Self::NextUndecided { .. } => true,
            Self::Denied { .. }
            | Self::OddPorts { .. }
            | Self::OddReplyPorts { .. }
            | Self::ReplyDenied { .. }
            | Self::NextDenied { .. } => false,
        }
    }

    /// Whether some of the required packets, or of the replies, pass.
    #[must_use]
    pub fn is_partial(self) -> bool {
        match self {
            Self::Denied { partial }
            | Self::OddPorts { partial }
            | Self::Undecided { partial }
            | Self::OddReplyPorts { partial }
            | Self::ReplyDenied { partial }
            | Self::ReplyUndecided { partial }
            | Self::NextDenied { partial }
            | Self::NextUndecided { partial } => partial,
            Self::PeersUnknown => true,
        }
    }
}

/// What stands in the way.
#[derive(Clone, Debug)]
pub struct Failure<'a> {
    /// Packets that do not pass, or (for a reply) whose reply does not.
    pub packets: Vec<PacketBox>,
    /// What decides about them.
    pub by: Decider<'a>,
    /// Why they do not pass.
    pub cause: Cause,
    /// The undecided conditions, if that is all.
    pub conditions: Vec<&'a Condition>,
    /// The connection state of the packet that is stopped; empty where none is known.
    pub state: &'static str,
    /// Where the packet that is stopped was translated to.
    pub onward: Option<Box<Onward>>,
    /// What of the flow passes all the same.
    pub passing: Passing,
}

/// The part of a flow that passes beside one that does not: each is a set of which nothing fails.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Passing {
    /// Ports that pass for every peer.
    pub ports: PortSet,
    /// Peers that reach every port, or are reached on every port.
    pub peers: AddrSet,
    /// Source ports from which everything passes.
    pub sports: PortSet,
}

impl Passing {
    /// What is left of the goal beside the packets that do not pass.
    fn of<'b>(
        goal: &PacketBox,
        failing: impl Iterator<Item = &'b PacketBox>,
        peer_is_src: bool,
    ) -> Self {
        let peers = |b: &PacketBox| {
            if peer_is_src {
                b.src.clone()
            } else {
                b.dst.clone()
            }
        };
        let mut out = Self {
            ports: goal.dport.clone(),
            peers: peers(goal),
            sports: goal.sport.clone(),
        };
        for b in failing {
            out.ports = out.ports.subtract(&b.dport);
            out.peers = out.peers.subtract(&peers(b));
            out.sports = out.sports.subtract(&b.sport);
        }
        out
    }
}

impl<'a> Failure<'a> {
    /// Packets that surely do not pass.
    #[must_use]
    pub fn denied(packets: Vec<PacketBox>, by: Decider<'a>, cause: Cause) -> Self {
        Self {
            packets,
            by,
            cause,
            conditions: Vec::new(),
            state: "",
            onward: None,
            passing: Passing::default(),
        }
    }

    /// Packets about which something outside the export decides, with the conditions of the branches that they meet.
    fn undecided(
        packets: Vec<PacketBox>,
        by: Decider<'a>,
        cause: Cause,
        branches: &[Branch<'a>],
    ) -> Self {
        let conditions = conditions(branches, &packets);
        Self {
            packets,
            by,
            cause,
            conditions,
            state: "",
            onward: None,
            passing: Passing::default(),
        }
    }

    /// The peers that fail, seen from the guard.
    #[must_use]
    pub fn peers(&self, direction: Direction) -> AddrSet {
        let src = (direction == Direction::Out) == self.cause.is_reply();
        union_addrs(&self.packets, |b| if src { &b.src } else { &b.dst })
    }

    /// Ports that fail.
    #[must_use]
    pub fn ports(&self) -> PortSet {
        let reply = self.cause.is_reply();
        self.packets.iter().fold(PortSet::empty(), |a, b| {
            a.union(if reply { &b.sport } else { &b.dport })
        })
    }

    /// Whether only rate conditions stand in the way. What was given up is not decided by them.
    #[must_use]
    pub fn only_rate(&self) -> bool {
        let rate = |c: &&Condition| c.kind == ConditionKind::Rate;
        !self.over_budget() && !self.conditions.is_empty() && self.conditions.iter().all(rate)
    }

    /// Whether it would have taken too long to find out.
    #[must_use]
    pub fn over_budget(&self) -> bool {
        matches!(
            self.by,
            Decider::Nothing {
                reason: Reason::Budget,
                ..
            }
        )
    }
}

/// What stands in the way of the conversations that the packets of the goal begin, if anything does: what is denied before
/// what is open, and the first packets before those that follow.
pub(super) fn of<'a>(
    answer: &Answer<'a>,
    goal: &PacketBox,
    (peers, peer_is_src): (&Peers, bool),
    spec: &FlowSpec<'_>,
) -> Option<Failure<'a>> {
    let (denied, mut missing) = missing(answer, goal);
    if denied.is_empty() && missing.is_empty() {
        return None;
    }
    let partial = answer.allowed.iter().any(|a| a.intersects(goal));
    let peers_unknown = peers.unknown && !peers.external && partial;
    let open = (peers.unknown && !peers.external).then_some(peer_is_src);
    let odd = only_odd_ports(denied.iter().chain(&missing), spec);
    let passing = Passing::of(goal, denied.iter().chain(&missing), peer_is_src);
    let (first, later) = by_stage(&answer.branches, denied);
    if !first.is_empty() && !peers_unknown {
        let stop = denier(&answer.branches, &first, open, |s| s == Stage::Request)?;
        let cause = if odd {
            Cause::OddPorts { partial }
        } else {
            Cause::Denied { partial }
        };
        let failure = Failure::denied(first, stop.by, cause);
        return Some(failure.sent_on(stop).beside(passing));
    }
    let spared = peers.unknown && !peers.external && spares(&later, goal, peer_is_src);
    if !later.is_empty() && !spared {
        let stop = denier(&answer.branches, &later, open, |s| s != Stage::Request)?;
        let cause = match stop.stage {
            Stage::NextRequest => Cause::NextDenied { partial },
            _ if odd => Cause::OddReplyPorts { partial },
            _ => Cause::ReplyDenied { partial },
        };
        let failure = Failure::denied(later, stop.by, cause).beside(passing);
        return Some(failure.sent_on(stop).in_conversation(stop.state));
    }
    missing.splice(..0, first);
    if missing.is_empty() {
        missing = later;
    }
    let stop = decider(&answer.branches, &missing, Effect::Unknown)
        .or_else(|| conditional_allow(&answer.branches, &missing))
        .or_else(|| decider(&answer.branches, &missing, Effect::Deny))?;
    let cause = match stop.stage {
        _ if peers_unknown => Cause::PeersUnknown,
        Stage::Request => Cause::Undecided { partial },
        Stage::NextRequest => Cause::NextUndecided { partial },
        Stage::Reply | Stage::NextReply => Cause::ReplyUndecided { partial },
    };
    let failure = Failure::undecided(missing, stop.by, cause, &answer.branches);
    Some(failure.sent_on(stop).in_conversation(stop.state))
}

impl Failure<'_> {
    /// Says where the packets of the branch that decides are translated to.
    fn sent_on(mut self, stop: &Branch<'_>) -> Self {
        self.onward.clone_from(&stop.onward);
        self
    }

    /// Says what passes.
    fn beside(mut self, passing: Passing) -> Self {
        self.passing = passing;
        self
    }

    /// Says which packets are stopped: the replies if it is these, and their state.
    fn in_conversation(mut self, state: StateSet) -> Self {
        if self.cause.is_reply() {
            for p in &mut self.packets {
                *p = flows::reply(p);
            }
        }
        const STATES: [(StateSet, &str); 4] = [
            (StateSet::NEW, "NEW"),
            (StateSet::ESTABLISHED, "ESTABLISHED"),
            (StateSet::INVALID, "INVALID"),
            (StateSet::UNTRACKED, "UNTRACKED"),
        ];
        let one = STATES.iter().find(|(s, _)| state.0 & !s.0 == 0);
        self.state = one.map_or("", |(_, name)| name);
        self
    }
}

/// Whether some peer meets none of the packets that are stopped.
fn spares(stopped: &[PacketBox], goal: &PacketBox, peer_is_src: bool) -> bool {
    fn peer(b: &PacketBox, is_src: bool) -> &AddrSet {
        if is_src { &b.src } else { &b.dst }
    }
    let met = union_addrs(stopped, |b| peer(b, peer_is_src));
    !peer(goal, peer_is_src).is_subset(&met)
}

/// Parts packets that surely do not pass: those that are stopped at once, and those whose conversation gets further.
fn by_stage(branches: &[Branch<'_>], denied: Vec<PacketBox>) -> (Vec<PacketBox>, Vec<PacketBox>) {
    let later = branches
        .iter()
        .filter(|b| b.effect == Effect::Deny && b.stage != Stage::Request);
    let later: Vec<PacketBox> = later.map(|b| without_interfaces(&b.space)).collect();
    if later.is_empty() {
        return (denied, Vec::new());
    }
    let first = subtract_all(&denied, &later);
    let later = subtract_all(&denied, &first);
    (first, later)
}

/// The packets of the goal that surely do not pass, and those that may not. What an answer allows, denies and leaves open is
/// together all that was asked about.
fn missing(answer: &Answer<'_>, goal: &PacketBox) -> (Vec<PacketBox>, Vec<PacketBox>) {
    let part = |all: &[PacketBox]| -> Vec<PacketBox> {
        let part = all.iter().map(|b| b.intersect(goal));
        part.filter(|b| !b.is_empty()).collect()
    };
    (part(&answer.denied), part(&answer.conditional))
}

/// The allow that rests on a condition: what a conditional flow is about.
fn conditional_allow<'b, 'a>(
    branches: &'b [Branch<'a>],
    packets: &[PacketBox],
) -> Option<&'b Branch<'a>> {
    let packets = on_any_interface(packets);
    branches
        .iter()
        .filter(|b| b.effect == Effect::Allow && !b.conditions.is_empty())
        .find(|b| packets.iter().any(|p| b.space.intersects(p)))
}

/// Interfaces were projected away in the packets, so only the other dimensions count.
fn on_any_interface(packets: &[PacketBox]) -> Vec<PacketBox> {
    packets.iter().map(without_interfaces).collect()
}

/// What decides about the packets: a rule before a policy or default.
fn decider<'b, 'a>(
    branches: &'b [Branch<'a>],
    packets: &[PacketBox],
    effect: Effect,
) -> Option<&'b Branch<'a>> {
    let packets = on_any_interface(packets);
    let first = |rule: bool| {
        let mut wanted = branches
            .iter()
            .filter(|b| b.effect == effect && b.by.rule().is_some() == rule);
        wanted.find(|b| packets.iter().any(|p| b.space.intersects(p)))
    };
    first(true).or_else(|| first(false))
}

/// What stops packets that surely do not pass, at some stages of their conversations: a rule that may not match them is no
/// place to mend where another one or the policy stops them anyhow. Of peers that may be anyone (`open`: whether they are the
/// sources), what stops a few addresses is not what stops them.
fn denier<'b, 'a>(
    branches: &'b [Branch<'a>],
    packets: &[PacketBox],
    open: Option<bool>,
    at: impl Fn(Stage) -> bool,
) -> Option<&'b Branch<'a>> {
    let packets = on_any_interface(packets);
    let touches = |b: &&Branch<'_>| packets.iter().any(|p| b.space.intersects(p));
    let stops = branches.iter().filter(|b| b.effect == Effect::Deny);
    stops
        .filter(|b| at(b.stage))
        .filter(touches)
        .min_by_key(|b| {
            let few = open.is_some_and(|is_src| {
                let peers = if is_src { &b.space.src } else { &b.space.dst };
                Exposure::of(peers) == Exposure::Few
            });
            (b.stage, b.by_chance(), few, b.by.rule().is_none())
        })
}

fn conditions<'a>(branches: &[Branch<'a>], packets: &[PacketBox]) -> Vec<&'a Condition> {
    let packets = on_any_interface(packets);
    let mut out: Vec<&'a Condition> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    for b in branches {
        if b.conditions.iter().all(|c| known.contains(&*c.text))
            || !packets.iter().any(|p| b.space.intersects(p))
        {
            continue;
        }
        let new = b.conditions.iter().filter(|c| known.insert(&c.text));
        out.extend(new.copied());
    }
    out
}

/// Source ports that neither Linux (32768–60999) nor Windows (49152–65535) picks by default.
fn only_odd_ports<'b>(
    mut missing: impl Iterator<Item = &'b PacketBox>,
    spec: &FlowSpec<'_>,
) -> bool {
    let common = PortSet::range(32_768, u16::MAX);
    !spec.ephemeral_declared && missing.all(|b| !b.sport.intersects(&common))
}
