//! One check: a flow at one guard in one direction, over the set of its peers.

use super::flows::{self, Peers};
use super::miss::overruled;
use super::order::{InPart, Order};
use super::probe::{Answer, Guard, without_interfaces};
use crate::finding::outcome::Status;
use crate::judge::Exports;
use crate::rules::matrix::Require;
use crate::rules::platform;
use hylint_engine::{Branch, Decider, Direction, Effect, LocalPolicy, covers, union_addrs};
use hylint_model::{Condition, ConditionKind, DefaultOrigin, PointKind, Profiles, Test};
use hylint_space::{AddrSet, Family, PacketBox, PortSet, class, proto};
use std::collections::{BTreeSet, HashSet};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct FlowSpec<'a> {
    /// IP protocol.
    pub protocol: u8,
    /// Ports.
    pub ports: &'a [u16],
    /// All or any.
    pub require: Require,
    /// Expected listeners.
    pub listeners: &'a [String],
    /// Whether a reply is needed.
    pub reply: bool,
    /// Ephemeral source ports.
    pub ephemeral: &'a PortSet,
    /// False if the site did not set them.
    pub ephemeral_declared: bool,
}

/// What stands in the way.
#[derive(Clone, Debug)]
pub struct Failure<'a> {
    /// Packets that do not pass, or (for a reply) whose reply does not.
    pub packets: Vec<PacketBox>,
    /// What decides about them.
    pub by: Decider<'a>,
    /// The undecided conditions, if that is all.
    pub conditions: Vec<&'a Condition>,
    /// Some of the required packets do pass.
    pub partial: bool,
    /// The reply fails, not the first packet.
    pub reply: bool,
    /// Only source ports outside both common ephemeral ranges fail.
    pub only_odd_ports: bool,
    /// It depends on who the undeclared peers are.
    pub peers_unknown: bool,
    /// Something outside the export decides (NFQUEUE, a half that was not exported).
    pub undecided: bool,
}

/// A check's result.
#[derive(Clone, Debug)]
pub struct Checked<'a> {
    /// Where it stands among the checks of its requirement.
    pub order: Order<InPart>,
    /// Where.
    pub guard: Guard<'a>,
    /// Status.
    pub status: Status,
    /// The first packets that were asked about, one box per family.
    pub queries: Vec<PacketBox>,
    /// What let them through.
    pub evidence: Vec<Decider<'a>>,
    /// The gravest failure.
    pub failure: Option<Failure<'a>>,
    /// Names of what was assumed, with a detail or nothing.
    pub assumptions: BTreeSet<(&'static str, String)>,
    /// Ports that pass for all peers (for [`Require::Any`]).
    pub passing: BTreeSet<u16>,
    /// Windows profiles that may be active instead of the assumed one and in which the flow does not pass.
    pub not_in: Profiles,
}

/// Runs a check. `me` is the guarded side (empty when unknown), `peers` the other. `None` if the two sides share no family.
#[must_use]
pub fn run<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    spec: &FlowSpec<'a>,
    me: &AddrSet,
    peers: &Peers,
) -> Option<Checked<'a>> {
    let mut out = Checked {
        order: Order::default(),
        guard: guard.clone(),
        status: Status::Satisfied,
        queries: Vec::new(),
        evidence: Vec::new(),
        failure: None,
        assumptions: BTreeSet::new(),
        passing: spec.ports.iter().copied().collect(),
        not_in: Profiles::NONE,
    };
    if peers.unknown && !peers.external {
        out.assumptions.insert(("peers-unknown", String::new()));
    }
    let kind = guard.kind(exports)?;
    for family in families(me, peers) {
        let mine = if me.is_empty() {
            flows::unicast(family)
        } else {
            me.only(family)
        };
        let theirs = if peers.external {
            class::public().only(family)
        } else if peers.unknown {
            flows::unicast(family)
        } else {
            peers.addrs.only(family)
        };
        let (src, dst) = if guard.direction == Direction::Out {
            (mine, theirs)
        } else {
            (theirs, mine)
        };
        let groups: Vec<&[u16]> = match spec.require {
            Require::All => vec![spec.ports],
            Require::Any => spec.ports.chunks(1).collect(),
        };
        let mut best: Option<Checked<'a>> = None;
        for ports in groups {
            let query = flows::first_packets(
                src.clone(),
                dst.clone(),
                spec.protocol,
                ports,
                spec.ephemeral,
            );
            let mut one = ask(exports, guard, spec, query.clone(), me.is_empty(), peers);
            if one.status != Status::Satisfied && peers.unknown && !peers.external {
                let likely = between(query, guard.direction, flows::possible_peers(family, kind));
                let again = ask(exports, guard, spec, likely, me.is_empty(), peers);
                if again.status == Status::Satisfied {
                    one = again;
                }
            }
            if spec.require == Require::Any && one.status != Status::Satisfied {
                for p in ports {
                    out.passing.remove(p);
                }
            }
            if best.as_ref().is_none_or(|b| closer(exports, &one, b)) {
                best = Some(one);
            }
        }
        out.merge(best?);
    }
    (!out.queries.is_empty()).then_some(out)
}

/// The same packets with peers among these addresses.
fn between(query: PacketBox, direction: Direction, peers: AddrSet) -> PacketBox {
    if direction == Direction::Out {
        PacketBox {
            dst: peers,
            ..query
        }
    } else {
        PacketBox {
            src: peers,
            ..query
        }
    }
}

/// Whether a port came closer to passing than another: in its status; then a part of it passes, or a rule for it lost.
fn closer(exports: &Exports, a: &Checked<'_>, b: &Checked<'_>) -> bool {
    let near = |c: &Checked<'_>| {
        c.failure
            .as_ref()
            .map(|f| (f.partial, overruled(exports, &c.guard, f).is_some()))
    };
    a.status > b.status || a.status == b.status && near(a) > near(b)
}

fn families(me: &AddrSet, peers: &Peers) -> Vec<Family> {
    let known = |s: &AddrSet, unknown: bool, f: Family| unknown || s.has(f);
    let both_unknown = me.is_empty() && peers.unknown;
    Family::BOTH
        .into_iter()
        .filter(|f| {
            if both_unknown {
                *f == Family::V4
            } else {
                known(me, me.is_empty(), *f) && known(&peers.addrs, peers.unknown, *f)
            }
        })
        .collect()
}

impl<'a> Checked<'a> {
    /// A flow between two roles of one host, which its firewall does not see.
    pub(super) fn local(guard: Guard<'a>) -> Self {
        Self {
            order: Order::default(),
            guard,
            status: Status::Satisfied,
            queries: Vec::new(),
            evidence: Vec::new(),
            failure: None,
            assumptions: BTreeSet::from([("local", "both ends are on this host".to_owned())]),
            passing: BTreeSet::new(),
            not_in: Profiles::NONE,
        }
    }

    fn merge(&mut self, o: Self) {
        self.queries.extend(o.queries);
        self.evidence.extend(o.evidence);
        self.assumptions.extend(o.assumptions);
        if o.status < self.status || self.failure.is_none() {
            self.failure = o.failure.or_else(|| self.failure.take());
        }
        self.status = self.status.min(o.status);
    }
}

fn ask<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    spec: &FlowSpec<'a>,
    query: PacketBox,
    me_unknown: bool,
    peers: &Peers,
) -> Checked<'a> {
    // The listener is behind this guard only when packets come in.
    let listeners: &'a [String] = if guard.direction == Direction::Out {
        &[]
    } else {
        spec.listeners
    };
    let policy = LocalPolicy::Required(platform::listener(listeners));
    let mut answer = guard.ask(exports, policy, &query);
    let mut c = Checked {
        order: Order::default(),
        guard: guard.clone(),
        status: Status::Satisfied,
        queries: vec![query.clone()],
        evidence: Vec::new(),
        failure: None,
        assumptions: BTreeSet::new(),
        passing: BTreeSet::new(),
        not_in: Profiles::NONE,
    };
    let mut goal = query;
    let mine_is_src = guard.direction == Direction::Out;
    if me_unknown && let Some(narrowed) = some_address(&answer, &goal, mine_is_src) {
        c.assumptions.insert(("host-address", narrowed.1));
        goal = narrowed.0;
        // Both at once would be twice the memory.
        drop(answer);
        answer = guard.ask(exports, policy, &goal);
    }
    if peers.external
        && let Some(narrowed) = some_address(&answer, &goal, !mine_is_src)
    {
        goal = narrowed.0;
        drop(answer);
        answer = guard.ask(exports, policy, &goal);
    }
    c.note_assumptions(&answer, &goal);
    if let Some(f) = failure(&answer, &goal, peers, spec) {
        c.status = if f.undecided {
            Status::Conditional
        } else {
            Status::Violated
        };
        if let (
            Effect::Unknown,
            Decider::Nothing {
                reason: "incomplete-export",
                ..
            },
        ) = effect_of(&answer, &f)
        {
            c.status = Status::Unverified;
        }
        if f.only_odd_ports {
            c.status = Status::Satisfied;
        }
        c.failure = Some(f);
    } else if spec.reply
        && let Some(f) = reply_failure(exports, guard, &goal)
    {
        c.status = if f.undecided {
            Status::Conditional
        } else {
            Status::Violated
        };
        c.failure = Some(f);
    }
    c
}

fn effect_of<'a>(answer: &Answer<'a>, f: &Failure<'a>) -> (Effect, Decider<'a>) {
    let hit = answer
        .branches
        .iter()
        .find(|b| b.effect == Effect::Unknown && f.packets.iter().any(|p| p.intersects(&b.space)));
    (
        hit.map_or(Effect::Deny, |b| b.effect),
        hit.map_or(f.by, |b| b.by),
    )
}

impl<'a> Checked<'a> {
    /// The assumptions as reports name them.
    #[must_use]
    pub fn assumption_texts(&self) -> Vec<String> {
        let text = |(id, detail): &(&'static str, String)| {
            if detail.is_empty() {
                (*id).to_owned()
            } else {
                format!("{id}: {detail}")
            }
        };
        self.assumptions.iter().map(text).collect()
    }

    fn note_assumptions(&mut self, answer: &Answer<'a>, goal: &PacketBox) {
        if let Some(i) = &answer.interface {
            self.assumptions.insert(("interface", i.clone()));
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
                self.assumptions.insert(("windows-defaults", String::new()));
            }
        }
    }
}

/// The name of an assumption that a condition stands for.
fn assumption(c: &Condition) -> (&'static str, String) {
    match &c.test {
        Test::Unprinted => ("brief-export", String::new()),
        Test::Package => ("app-package", String::new()),
        Test::Program(p) => ("program", p.to_string()),
        Test::Service(s) => ("program", s.to_string()),
        _ => ("owner", c.describe()),
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

/// Where one side may be any address, the first one for which everything else passes.
fn some_address(answer: &Answer<'_>, goal: &PacketBox, src: bool) -> Option<(PacketBox, String)> {
    if answer.denied.is_empty() && answer.conditional.is_empty() {
        return None;
    }
    let mut tried = BTreeSet::new();
    for b in answer.allowed.iter().take(64) {
        let side = if src { &b.src } else { &b.dst };
        let Some(a) = side
            .intersect(if src { &goal.src } else { &goal.dst })
            .first()
        else {
            continue;
        };
        if !tried.insert(a) {
            continue;
        }
        let mut narrowed = goal.clone();
        *(if src {
            &mut narrowed.src
        } else {
            &mut narrowed.dst
        }) = AddrSet::host(a);
        if covers(&answer.allowed, &narrowed) {
            return Some((narrowed, a.to_string()));
        }
    }
    None
}

fn failure<'a>(
    answer: &Answer<'a>,
    goal: &PacketBox,
    peers: &Peers,
    spec: &FlowSpec<'_>,
) -> Option<Failure<'a>> {
    let (denied, mut missing) = missing(answer, goal);
    if denied.is_empty() && missing.is_empty() {
        return None;
    }
    let some = answer.allowed.iter().any(|a| a.intersects(goal));
    let peers_unknown = peers.unknown && !peers.external && some;
    if !denied.is_empty() && !peers_unknown {
        let by = denier(&answer.branches, &denied)?;
        let odd = only_odd_ports(denied.iter().chain(&missing), spec);
        return Some(Failure {
            packets: denied,
            by,
            conditions: Vec::new(),
            partial: some,
            reply: false,
            only_odd_ports: odd,
            peers_unknown: false,
            undecided: false,
        });
    }
    missing.splice(..0, denied);
    let conditions = conditions(&answer.branches, &missing);
    let by = decider(&answer.branches, &missing, Effect::Unknown)
        .or_else(|| conditional_allow(&answer.branches, &missing))
        .or_else(|| decider(&answer.branches, &missing, Effect::Deny))?;
    Some(Failure {
        packets: missing,
        by,
        conditions,
        partial: some,
        reply: false,
        only_odd_ports: false,
        peers_unknown,
        undecided: true,
    })
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

fn reply_failure<'a>(
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
    let undecided = denied.is_empty();
    let packets = if undecided { open } else { denied };
    if packets.is_empty() {
        return None;
    }
    let by = if undecided {
        decider(&answer.branches, &packets, Effect::Unknown)
            .or_else(|| conditional_allow(&answer.branches, &packets))?
    } else {
        denier(&answer.branches, &packets)?
    };
    let conditions = if undecided {
        conditions(&answer.branches, &packets)
    } else {
        Vec::new()
    };
    let partial = answer.allowed.iter().any(|a| a.intersects(&query));
    Some(Failure {
        packets,
        by,
        conditions,
        partial,
        reply: true,
        only_odd_ports: false,
        peers_unknown: false,
        undecided,
    })
}

impl Failure<'_> {
    /// The peers that fail, seen from the guard.
    #[must_use]
    pub fn peers(&self, direction: Direction) -> AddrSet {
        let src = (direction == Direction::Out) == self.reply;
        union_addrs(&self.packets, |b| if src { &b.src } else { &b.dst })
    }

    /// Ports that fail.
    #[must_use]
    pub fn ports(&self) -> PortSet {
        self.packets.iter().fold(PortSet::empty(), |a, b| {
            a.union(if self.reply { &b.sport } else { &b.dport })
        })
    }

    /// Whether only rate conditions stand in the way.
    #[must_use]
    pub fn only_rate(&self) -> bool {
        !self.conditions.is_empty()
            && self
                .conditions
                .iter()
                .all(|c| c.kind == ConditionKind::Rate)
    }
}

/// The protocol's name, or its number.
#[must_use]
pub fn protocol_name(p: u8) -> String {
    match p {
        proto::TCP => "tcp".into(),
        proto::UDP => "udp".into(),
        proto::ICMP => "icmp".into(),
        proto::ICMPV6 => "icmpv6".into(),
        proto::SCTP => "sctp".into(),
        other => other.to_string(),
    }
}
