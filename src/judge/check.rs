//! One check: a flow at one guard in one direction, over the set of its peers.

use super::failure::{self, Failure};
use super::flows::{self, Peers};
use super::order::{InPart, Order};
use super::overruled::{overruled, stopping_block};
use super::probe::{Answer, Guard};
use super::spec::FlowSpec;
use super::through::{Side, Through};
use crate::finding::outcome::Status;
use crate::finding::{AssumptionId, Place};
use crate::judge::Exports;
use crate::rules::matrix::Require;
use crate::rules::platform;
use hylint_engine::{Decider, Direction, Effect, LocalPolicy, Reason, covers};
use hylint_model::Profiles;
use hylint_space::{AddrSet, Family, PacketBox, class};
use std::collections::BTreeSet;

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
    pub assumptions: BTreeSet<(AssumptionId, String)>,
    /// Ports that pass for all peers (for [`Require::Any`]).
    pub passing: BTreeSet<u16>,
    /// The guarded side and its peers, of a check that fails or that any of several ports satisfies.
    pub asked: Option<Box<(AddrSet, Peers)>>,
    /// Windows profiles that may be active instead of the assumed one and in which the flow does not pass.
    pub not_in: Profiles,
    /// What listings of the host settle that would be assumed without them, each with where it stands.
    pub facts: Vec<(Place, String)>,
    /// The via that its packets go through.
    pub through: Option<Through<'a>>,
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
        asked: None,
        not_in: Profiles::NONE,
        facts: Vec::new(),
        through: None,
    };
    if peers.unknown && !peers.external {
        out.assumptions
            .insert((AssumptionId::PeersUnknown, String::new()));
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
            Require::All => by_process(guard, spec, me, family),
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
            if spec.require == Require::All {
                out.merge(one);
            } else if best.as_ref().is_none_or(|b| closer(exports, spec, &one, b)) {
                best = Some(one);
            }
        }
        if let Some(best) = best {
            out.merge(best);
        }
    }
    // Where any port suffices, the site may ask for another one than passes here.
    if out.failure.is_some() || spec.require == Require::Any {
        out.asked = Some(Box::new((me.clone(), peers.clone())));
    }
    (!out.queries.is_empty()).then_some(out)
}

/// Runs of ports behind which one process is, as far as listings tell.
fn by_process<'s>(
    guard: &Guard<'_>,
    spec: &FlowSpec<'s>,
    mine: &AddrSet,
    family: Family,
) -> Vec<&'s [u16]> {
    let process = |p: &u16| {
        let running = guard.running((spec.protocol, *p), mine, family);
        running.map(|(r, _)| r)
    };
    let same = |a: &u16, b: &u16| process(a) == process(b);
    spec.ports.chunk_by(same).collect()
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
fn closer(exports: &Exports, spec: &FlowSpec<'_>, a: &Checked<'_>, b: &Checked<'_>) -> bool {
    let near = |c: &Checked<'_>| {
        c.failure.as_ref().map(|f| {
            (
                f.cause.is_partial(),
                overruled(exports, &c.guard, spec, f).is_some(),
            )
        })
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
    /// The ports that its packets have for those that a requirement names.
    #[must_use]
    pub fn ports(&self, ports: &'a [u16]) -> &'a [u16] {
        self.through.map_or(ports, |t| t.ports(ports))
    }

    /// Whether its peers are not the other end of its flow, but what a via has in its place.
    #[must_use]
    pub fn sees_via(&self) -> bool {
        let out = self.guard.direction == Direction::Out;
        self.through.is_some_and(|t| match t.side {
            Side::Front => out && !t.via.front.is_empty(),
            Side::Behind => !out && !t.via.sources.is_empty(),
        })
    }

    /// The port that its packets have for one that a requirement names.
    #[must_use]
    pub fn port(&self, port: u16) -> u16 {
        match self.through {
            Some(t) if t.side == Side::Behind => t.via.behind_one(port),
            _ => port,
        }
    }

    /// The same check as one through a via, for a requirement with these ports.
    pub(super) fn passing_through(mut self, through: Option<Through<'a>>, ports: &[u16]) -> Self {
        let Some(t) = through else { return self };
        self.through = through;
        self.assumptions
            .insert((AssumptionId::Via, t.via.label.clone()));
        if t.side == Side::Behind {
            let all = ports.iter().copied();
            let there = |p: &u16| t.via.behind_one(*p);
            let passing = all.filter(|p| self.passing.contains(&there(p)));
            self.passing = passing.collect();
        }
        self
    }

    /// A flow between two roles of one host, which its firewall does not see.
    pub(super) fn local(guard: Guard<'a>) -> Self {
        Self {
            order: Order::default(),
            guard,
            status: Status::Satisfied,
            queries: Vec::new(),
            evidence: Vec::new(),
            failure: None,
            assumptions: BTreeSet::from([(
                AssumptionId::Local,
                AssumptionId::Local.text().to_owned(),
            )]),
            passing: BTreeSet::new(),
            asked: None,
            not_in: Profiles::NONE,
            facts: Vec::new(),
            through: None,
        }
    }

    /// A check through a via of which nothing can be asked, because its two sides share no family. `None` if its point is
    /// not at hand.
    pub(super) fn unasked(
        exports: &'a Exports,
        guard: Guard<'a>,
        through: Option<Through<'a>>,
        ports: &[u16],
    ) -> Option<Self> {
        guard.kind(exports)?;
        let mut c = Self::local(guard);
        c.status = Status::Conditional;
        c.assumptions.clear();
        Some(c.passing_through(through, ports))
    }

    fn merge(&mut self, o: Self) {
        self.queries.extend(o.queries);
        self.evidence.extend(o.evidence);
        self.assumptions.extend(o.assumptions);
        for fact in o.facts {
            if !self.facts.contains(&fact) {
                self.facts.push(fact);
            }
        }
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
    let policy = LocalPolicy::Required(guard.listener(spec, &query));
    // The process behind a port is at the other end of the replies.
    let back = LocalPolicy::Required(platform::listener(&[]));
    let put = |query: &PacketBox| {
        if spec.reply {
            guard.converse(exports, (policy, back), query)
        } else {
            guard.ask(exports, policy, query)
        }
    };
    let mut answer = put(&query);
    let mut c = Checked {
        order: Order::default(),
        guard: guard.clone(),
        status: Status::Satisfied,
        queries: vec![query.clone()],
        evidence: Vec::new(),
        failure: None,
        assumptions: BTreeSet::new(),
        passing: BTreeSet::new(),
        asked: None,
        not_in: Profiles::NONE,
        facts: Vec::new(),
        through: None,
    };
    let mut goal = query;
    let mine_is_src = guard.direction == Direction::Out;
    if me_unknown && let Some(narrowed) = some_address(&answer, &goal, mine_is_src) {
        c.assumptions
            .insert((AssumptionId::HostAddress, narrowed.1));
        goal = narrowed.0;
        // Both at once would be twice the memory.
        drop(answer);
        answer = put(&goal);
    }
    if peers.external
        && let Some(narrowed) = some_address(&answer, &goal, !mine_is_src)
    {
        goal = narrowed.0;
        drop(answer);
        answer = put(&goal);
    }
    c.note_assumptions(exports, &answer, &goal);
    c.note_passed_blocks(exports, &answer, &goal);
    c.note_facts(&answer, spec, &goal);
    c.failure = failure::of(&answer, &goal, (peers, !mine_is_src), spec);
    if let Some(f) = &mut c.failure {
        f.by = stopping_block(exports, guard, f, &answer.branches).unwrap_or(f.by);
    }
    let failure = c.failure.as_ref();
    c.status = failure.map_or(Status::Satisfied, |f| status(&answer, f));
    c
}

/// What a check comes to for what stands in its way.
fn status<'a>(answer: &Answer<'a>, f: &Failure<'a>) -> Status {
    match (f.cause, effect_of(answer, f)) {
        (cause, _) if cause.is_odd() => Status::Satisfied,
        (cause, _) if cause.is_reply() => of_cause(f),
        (
            _,
            (
                Effect::Unknown,
                Decider::Nothing {
                    reason: Reason::IncompleteExport | Reason::MalformedExport,
                    ..
                },
            ),
        ) => Status::Unverified,
        _ => of_cause(f),
    }
}

fn of_cause(f: &Failure<'_>) -> Status {
    if f.cause.is_undecided() {
        Status::Conditional
    } else {
        Status::Violated
    }
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
