//! What stands in the way of a flow.

use super::flows::{self, Peers};
use super::probe::{Answer, Guard, without_interfaces};
use super::spec::FlowSpec;
use crate::judge::Exports;
use crate::rules::platform;
use hylint_engine::{Branch, Decider, Direction, Effect, LocalPolicy, union_addrs};
use hylint_model::{Condition, ConditionKind, PointKind};
use hylint_space::{AddrSet, PacketBox, PortSet};
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
}

impl Cause {
    /// Whether it is the reply that fails, not the first packet.
    #[must_use]
    pub fn is_reply(self) -> bool {
        match self {
            Self::ReplyDenied { .. } | Self::ReplyUndecided { .. } => true,
            Self::Denied { .. }
            | Self::OddPorts { .. }
            | Self::Undecided { .. }
            | Self::PeersUnknown => false,
        }
    }

    /// Whether what the exports hold does not decide it.
    #[must_use]
    pub fn is_undecided(self) -> bool {
        match self {
            Self::Undecided { .. } | Self::PeersUnknown | Self::ReplyUndecided { .. } => true,
            Self::Denied { .. } | Self::OddPorts { .. } | Self::ReplyDenied { .. } => false,
        }
    }

    /// Whether some of the required packets, or of the replies, pass.
    #[must_use]
    pub fn is_partial(self) -> bool {
        match self {
            Self::Denied { partial }
            | Self::OddPorts { partial }
            | Self::Undecided { partial }
            | Self::ReplyDenied { partial }
            | Self::ReplyUndecided { partial } => partial,
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

    /// Whether only rate conditions stand in the way.
    #[must_use]
    pub fn only_rate(&self) -> bool {
        let rate = |c: &&Condition| c.kind == ConditionKind::Rate;
        !self.conditions.is_empty() && self.conditions.iter().all(rate)
    }
}

/// What stands in the way of the first packets of the goal, if anything does.
pub(super) fn of_first<'a>(
    answer: &Answer<'a>,
    goal: &PacketBox,
    peers: &Peers,
    spec: &FlowSpec<'_>,
) -> Option<Failure<'a>> {
    let (denied, mut missing) = missing(answer, goal);
    if denied.is_empty() && missing.is_empty() {
        return None;
    }
    let partial = answer.allowed.iter().any(|a| a.intersects(goal));
    let peers_unknown = peers.unknown && !peers.external && partial;
    if !denied.is_empty() && !peers_unknown {
        let by = denier(&answer.branches, &denied)?;
        let cause = if only_odd_ports(denied.iter().chain(&missing), spec) {
            Cause::OddPorts { partial }
        } else {
            Cause::Denied { partial }
        };
        return Some(Failure::denied(denied, by, cause));
    }
    missing.splice(..0, denied);
    let by = decider(&answer.branches, &missing, Effect::Unknown)
        .or_else(|| conditional_allow(&answer.branches, &missing))
        .or_else(|| decider(&answer.branches, &missing, Effect::Deny))?;
    let cause = if peers_unknown {
        Cause::PeersUnknown
    } else {
        Cause::Undecided { partial }
    };
    Some(Failure::undecided(missing, by, cause, &answer.branches))
}

/// What stands in the way of the replies to the packets of the goal, if anything does.
pub(super) fn of_reply<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    goal: &PacketBox,
) -> Option<Failure<'a>> {
    let kind = guard.kind(exports)?;
    let stateful = match kind {
        PointKind::Netfilter => true,
        PointKind::NetworkAcl => false,
        // They keep state by themselves and have no rule about it.
        PointKind::WindowsFirewall | PointKind::SecurityGroup | PointKind::Nsg => return None,
    };
    let back = Guard {
        direction: match guard.direction {
            Direction::In => Direction::Out,
            Direction::Out => Direction::In,
            Direction::Forward => Direction::Forward,
        },
        ..guard.clone()
    };
    let query = flows::reply(goal, stateful);
    let answer = back.ask(
        exports,
        LocalPolicy::Required(platform::listener(&[])),
        &query,
    );
    let (denied, open) = missing(&answer, &query);
    let partial = answer.allowed.iter().any(|a| a.intersects(&query));
    if !denied.is_empty() {
        let by = denier(&answer.branches, &denied)?;
        return Some(Failure::denied(denied, by, Cause::ReplyDenied { partial }));
    }
    if open.is_empty() {
        return None;
    }
    let by = decider(&answer.branches, &open, Effect::Unknown)
        .or_else(|| conditional_allow(&answer.branches, &open))?;
    let cause = Cause::ReplyUndecided { partial };
    Some(Failure::undecided(open, by, cause, &answer.branches))
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
fn conditional_allow<'a>(branches: &[Branch<'a>], packets: &[PacketBox]) -> Option<Decider<'a>> {
    let packets = on_any_interface(packets);
    branches
        .iter()
        .filter(|b| b.effect == Effect::Allow && !b.conditions.is_empty())
        .find(|b| packets.iter().any(|p| b.space.intersects(p)))
        .map(|b| b.by)
}

/// Interfaces were projected away in the packets, so only the other dimensions count.
fn on_any_interface(packets: &[PacketBox]) -> Vec<PacketBox> {
    packets.iter().map(without_interfaces).collect()
}

/// What decides about the packets: a rule before a policy or default.
fn decider<'a>(
    branches: &[Branch<'a>],
    packets: &[PacketBox],
    effect: Effect,
) -> Option<Decider<'a>> {
    let packets = on_any_interface(packets);
    let first = |rule: bool| {
        let mut wanted = branches
            .iter()
            .filter(|b| b.effect == effect && b.by.rule().is_some() == rule);
        wanted.find(|b| packets.iter().any(|p| b.space.intersects(p)))
    };
    first(true).or_else(|| first(false)).map(|b| b.by)
}

/// What stops packets that surely do not pass: a rule that may not match them is no place to mend where another one or the
/// policy stops them anyhow.
fn denier<'a>(branches: &[Branch<'a>], packets: &[PacketBox]) -> Option<Decider<'a>> {
    let packets = on_any_interface(packets);
    let touches = |b: &&Branch<'_>| packets.iter().any(|p| b.space.intersects(p));
    let stops = branches.iter().filter(|b| b.effect == Effect::Deny);
    stops
        .filter(touches)
        .min_by_key(|b| (b.by_chance(), b.by.rule().is_none()))
        .map(|b| b.by)
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
