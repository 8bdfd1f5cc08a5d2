//! The packet path of Linux: hooks, base chains by priority, jumps.
//!
//! PREROUTING → routing → INPUT, or FORWARD and POSTROUTING; OUTPUT and POSTROUTING. What stands at a hook, and in which
//! order, the base chains say.

use super::candidates::RuleWalk;
use super::context::Context;
use super::indexes::ListId;
use super::marks::Mark;
use super::matching::{Part, split_part};
use super::nat::translate;
use super::outcome::{Branch, Decider, Effect, Reason};
use super::packets::family;
use super::piece::{Piece, Unseen, connected, cost, join, restore};
use super::process::LocalPolicy;
use super::routes;
use super::sets::PointId;
use super::trail::Start;
use crate::rulespace::Kinds;
use hylint_model::{
    Action, Chain, ChainId, ChainType, Condition, Direction, Hook, Hooked, NatKind, NatTable,
    Netfilter, OtherRules, PacketField, Rule, Side, Table, Test, priority,
};
use hylint_space::{AddrSet, Family, IfaceExt, IfaceSet, PacketBox, StateSet, class};
use smallvec::SmallVec;

/// Jumps followed inside each other. The kernel refuses loops; a file may still hold one.
const MAX_DEPTH: usize = 128;

struct HookWalk<'a, 'c> {
    ctx: &'c Context<'a>,
    at: PointId,
    nf: &'a Netfilter,
    dir: Direction,
    family: Family,
    /// The hook has several nat chains: what one has translated, the others do not see.
    several_nat: bool,
    /// The chain stands before connection tracking.
    before_tracking: bool,
    /// The chain is one of those that say what passes.
    main: bool,
    out: Vec<Branch<'a>>,
    /// Networks by the interface that leads there, once they were asked for.
    networks: Option<Vec<(AddrSet, IfaceSet)>>,
    steps: usize,
    log: Option<&'c mut Vec<Step<'a>>>,
}

/// A place on the way of a query: a rule that took packets, or a base chain whose end was reached.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The table.
    pub table: &'a Table,
    /// The chain.
    pub chain: &'a Chain,
    /// The rule; `None` at the end of a base chain.
    pub rule: Option<&'a Rule>,
    /// Jumps that lead here.
    pub depth: usize,
    /// False if packets also went on as not matched.
    pub certain: bool,
}

/// Where the routing sends packets.
#[derive(Default)]
struct Ways<'a> {
    /// To this host.
    here: Vec<Piece<'a>>,
    /// Through it.
    on: Vec<Piece<'a>>,
    /// To a loopback address, though they came from a network. IPv4 hands them to this host only if `route_localnet` is
    /// set, which no export tells; IPv6 routes them elsewhere or nowhere (measured on Linux 6.18).
    loopback: Vec<Piece<'a>>,
}

/// What is left after a chain: packets that it accepted, and packets that came back out of it.
struct Flow<'a> {
    accepted: Vec<Piece<'a>>,
    returned: Vec<Piece<'a>>,
}

pub(super) fn evaluate<'a>(
    ctx: &Context<'a>,
    at: PointId,
    nf: &'a Netfilter,
    dir: Direction,
    query: &PacketBox,
    start: Option<&Start<'a>>,
    log: Option<&mut Vec<Step<'a>>>,
) -> Vec<Branch<'a>> {
    let mut w = HookWalk {
        ctx,
        at,
        nf,
        dir,
        family: family(query),
        several_nat: false,
        before_tracking: false,
        main: false,
        out: Vec::new(),
        networks: None,
        steps: 0,
        log,
    };
    let start = vec![match start {
        Some(s) => Piece::after(query.clone(), ctx.policy.mark(), s),
        None => Piece::new(query.clone(), ctx.policy.mark()),
    }];
    // Rules that let packets in do so whatever the rest says.
    if (nf.in_part || nf.broken) && !matches!(ctx.policy, LocalPolicy::Holds) {
        let reason = match nf.broken {
            true => Reason::MalformedExport,
            false => Reason::IncompleteExport,
        };
        w.give_up(start, reason);
        return w.out;
    }
    let passed = if ctx.filter_only {
        w.hook(dir.hook(), start)
    } else {
        w.path(start)
    };
    if matches!(nf.others, OtherRules::Shown(_)) {
        // Another rule set may drop what this one accepts; what this one drops is dropped.
        w.give_up(passed, Reason::IncompleteExport);
        return w.out;
    }
    for p in passed {
        let by = p.by.unwrap_or(Decider::Nothing {
            at,
            reason: Reason::NoFilter,
        });
        w.out.push(p.branch(Effect::Allow, by));
    }
    // A port that is published is translated before the rules for what comes in, and never meets those that drop it.
    let published = matches!(nf.nat, NatTable::Proven(_)) && dir == Direction::In;
    if published && !matches!(ctx.policy, LocalPolicy::Holds) {
        let reason = Reason::IncompleteExport;
        for b in w.out.iter_mut().filter(|b| b.effect == Effect::Deny) {
            b.effect = Effect::Unknown;
            b.by = Decider::Nothing { at, reason };
        }
    }
    w.out
}

impl<'a> HookWalk<'a, '_> {
    /// The base chains of a hook one after the other: an accept ends the chain that it is in, a drop ends all.
    fn hook(&mut self, hook: Hook, mut p: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        let unknown = match hook {
            Hook::Ingress | Hook::Prerouting | Hook::Input => Some(Unseen::Out(IfaceSet::empty())),
            Hook::Output => Some(Unseen::In(IfaceSet::empty())),
            // What is passed on has come in by one, and since Linux 5.7 rules are told which (`ip_output`); no tool writes
            // `-i` into POSTROUTING itself, but a chain that it calls may have it.
            Hook::Postrouting | Hook::Egress if self.dir == Direction::Out => {
                Some(Unseen::In(IfaceSet::empty()))
            }
            _ => None,
        };
        if let Some(interface) = unknown {
            p.iter_mut().for_each(|q| q.hide(interface.clone()));
        }
        let p = self.tied(hook, p);
        let mut p = self.bases(hook, p);
        p.iter_mut().for_each(Piece::see_interfaces);
        p
    }

    /// Gives up on packets of which the order of two chains decides that the kernel leaves open; returns the others.
    fn tied(&mut self, hook: Hook, mut p: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        let nf = self.nf;
        for (_, space) in nf.ties.iter().filter(|(h, _)| *h == hook) {
            if !p.iter().any(|q| q.space.intersects(space)) {
                continue;
            }
            let mut open = Vec::new();
            let mut rest = Vec::with_capacity(p.len());
            for q in p {
                let with = |space: PacketBox| Piece { space, ..q.clone() };
                let inside = q.space.intersect(space);
                rest.extend(q.space.subtract(space).into_iter().map(with));
                if !inside.is_empty() {
                    open.push(with(inside));
                }
            }
            self.give_up(open, Reason::ChainOrder);
            p = rest;
        }
        p
    }

    fn bases(&mut self, hook: Hook, mut p: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        let (nf, family, filter_only) = (self.nf, self.family, self.ctx.filter_only);
        let asked = nf.base_chains(hook).filter(|b| b.base.family.has(family));
        let asked = asked.filter(|b| b.decides() || !filter_only);
        // Without a chain that filters, an export in parts does not say what is let through.
        let lacks = !nf.whole && hook.filters() && !asked.clone().any(|b| b.table.filters);
        let nat = |b: &Hooked<'_>| b.base.kind == ChainType::Nat;
        self.several_nat = asked.clone().filter(nat).count() > 1;
        // Connections are tracked at the hooks where packets begin.
        let early = |b: &Hooked<'_>| match hook {
            Hook::Ingress => true,
            Hook::Prerouting | Hook::Output => b.base.turn().0 < priority::CONNTRACK,
            _ => false,
        };
        let mut before_tracking = false;
        // A connection that is translated already is so where nat chains are asked about others.
        let (mut untranslated, turn) = match hook {
            Hook::Prerouting | Hook::Output => (true, priority::NAT_DST),
            Hook::Input | Hook::Postrouting => (true, priority::NAT_SRC),
            Hook::Ingress | Hook::Forward | Hook::Egress => (false, 0),
        };
        for b in asked.clone() {
            if early(&b) != before_tracking {
                before_tracking = !before_tracking;
                track(&mut p, before_tracking);
                self.before_tracking = before_tracking;
            }
            if untranslated && b.base.turn().0 >= turn {
                untranslated = false;
                translate_known(&mut p, hook);
            }
            if lacks && b.base.turn().0 > priority::FILTER {
                break;
            }
            if unordered(&b, asked.clone()) {
                self.give_up(p, Reason::SecurityOrder);
                return Vec::new();
            }
            p = self.base(&b, p);
        }
        if before_tracking {
            track(&mut p, false);
            self.before_tracking = false;
        }
        if untranslated {
            translate_known(&mut p, hook);
        }
        if lacks {
            self.give_up(p, Reason::IncompleteExport);
            return Vec::new();
        }
        if self.several_nat {
            p.iter_mut().for_each(|q| q.bound = false);
        }
        p
    }

    fn path(&mut self, start: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        if self.dir == Direction::Out {
            let p = self.hook(Hook::Output, start);
            let (moved, mut rest): (Vec<_>, Vec<_>) = p
                .into_iter()
                .partition(|p| p.sent_to.is_some() && !p.redirected);
            // The kernel routes them anew, behind the rules of OUTPUT (`nf_nat_ipv4_local_fn`).
            for p in moved {
                self.send_on(p, &mut rest);
            }
            return self.leave(rest);
        }
        let p = self.hook(Hook::Ingress, start);
        let p = self.hook(Hook::Prerouting, p);
        let mut ways = Ways::default();
        for piece in p {
            self.route(piece, &mut ways);
        }
        let mut passed = self.hook(Hook::Input, ways.here);
        let (v6, v4): (Vec<_>, Vec<_>) = ways
            .loopback
            .into_iter()
            .partition(|p| family(&p.space) == Family::V6);
        self.give_up(v6, Reason::LoopbackDestination);
        let p = self.hook(Hook::Input, v4);
        self.give_up(p, Reason::LoopbackDestination);
        let p = self.hook(Hook::Forward, ways.on);
        passed.extend(self.leave(p));
        passed
    }

    /// What is sent on or comes from this host.
    fn leave(&mut self, p: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        let p = self.hook(Hook::Postrouting, p);
        self.hook(Hook::Egress, p)
    }

    /// The routing decision.
    fn route(&mut self, piece: Piece<'a>, ways: &mut Ways<'a>) {
        if piece.sent_to.is_none() {
            let list = match self.dir {
                Direction::In => &mut ways.here,
                _ => &mut ways.on,
            };
            return list.push(piece);
        }
        if piece.redirected {
            return ways.here.push(piece);
        }
        let looped = piece.space.dst.intersect(class::loopback());
        let rest = piece.space.dst.subtract(&looped);
        let here = rest.intersect(self.ctx.local);
        let on = rest.subtract(&here);
        for (dst, list) in [(looped, &mut ways.loopback), (here, &mut ways.here)] {
            if dst.has(family(&piece.space)) {
                let space = PacketBox {
                    dst,
                    ..piece.space.clone()
                };
                list.push(Piece {
                    space,
                    ..piece.clone()
                });
            }
        }
        if on.has(family(&piece.space)) {
            let mut p = piece;
            p.space.dst = on;
            p.on = true;
            self.send_on(p, &mut ways.on);
        }
    }

    /// Decides the interface by which translated packets leave, where what is known of their new destination's network does.
    fn send_on(&mut self, p: Piece<'a>, on: &mut Vec<Piece<'a>>) {
        let (ctx, nf) = (self.ctx, self.nf);
        let networks = self
            .networks
            .get_or_insert_with(|| routes::networks(nf, ctx.interfaces));
        let mut left = p.space.dst.clone();
        for (network, face) in networks.iter() {
            let there = left.intersect(network);
            if !there.has(self.family) {
                continue;
            }
            left = left.subtract(&there);
            let asked = &p.space.out_iface;
            let mut q = p.clone();
            q.space.dst = there;
            // A packet that is taken literally leaves by the interface that was given.
            if !ctx.policy.is_literal() || asked.is_full() {
                q.asked_out = Some(asked.clone());
                q.space.out_iface = face.clone();
            }
            on.push(q);
        }
        if left.has(self.family) {
            let mut q = p;
            q.space.dst = left;
            on.push(q);
        }
    }

    /// A base chain with its policy.
    fn base(&mut self, b: &Hooked<'a>, pieces: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        if pieces.is_empty() {
            return pieces;
        }
        let pieces = self.with_source(b, pieces);
        let (mut skipped, pieces) = self.seen_by(b, pieces);
        if !self.nf.is_loaded(&b.table.name) {
            self.give_up(pieces, Reason::MalformedExport);
            return skipped;
        }
        self.main = b.decides() && b.base.hook.filters();
        let flow = self.chain(b.id, pieces, 0);
        if let (Some(log), false) = (&mut self.log, flow.returned.is_empty()) {
            log.push(Step {
                table: b.table,
                chain: b.chain,
                rule: None,
                depth: 0,
                certain: flow.accepted.is_empty(),
            });
        }
        let filters = b.table.filters;
        let main = self.main;
        let mut passed = flow.accepted;
        let policy = b.chain.policy;
        let by = Decider::Policy {
            at: self.at,
            chain: b.chain,
        };
        if filters && policy.is_none() {
            // A dump without the policy does not say what happens to the rest.
            self.give_up(flow.returned, Reason::IncompleteExport);
        } else if policy.is_none_or(|p| p.allow) {
            passed.extend(flow.returned.into_iter().map(|mut p| {
                p.passed_by(by, main);
                p
            }));
        } else {
            self.out.extend(
                flow.returned
                    .into_iter()
                    .map(|p| p.branch(Effect::Deny, by)),
            );
        }
        passed.append(&mut skipped);
        if !filters {
            join(&mut passed);
        }
        passed
    }

    /// Gives up on packets whose source was translated, where a chain behind the translation asks for it: which source they
    /// have there is not followed.
    fn with_source(&mut self, b: &Hooked<'a>, pieces: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        let hook = matches!(b.base.hook, Hook::Input | Hook::Postrouting | Hook::Egress);
        let behind = b.base.hook == Hook::Egress || b.base.turn().0 > priority::NAT_SRC;
        let filters = b.base.kind != ChainType::Nat && b.table.filters;
        let moved = || pieces.iter().any(Piece::has_new_source);
        let open = hook && behind && filters && moved() && asks_for_source(b);
        if !open {
            return pieces;
        }
        let (open, rest): (Vec<_>, Vec<_>) = pieces.into_iter().partition(Piece::has_new_source);
        self.give_up(open, Reason::SourceTranslation);
        rest
    }

    /// The packets that a base chain does not see, and those that it does.
    fn seen_by(&self, b: &Hooked<'a>, pieces: Vec<Piece<'a>>) -> (Vec<Piece<'a>>, Vec<Piece<'a>>) {
        match (b.base.kind, b.base.devices.as_slice()) {
            (ChainType::Nat, _) => untouched_by_nat(pieces),
            (_, []) => (Vec::new(), pieces),
            (_, devices) => on_other_devices(b.base.hook, devices, pieces),
        }
    }

    fn chain(&mut self, id: ChainId, pieces: Vec<Piece<'a>>, depth: usize) -> Flow<'a> {
        let mut flow = Flow {
            accepted: Vec::new(),
            returned: Vec::new(),
        };
        let Some((table, chain)) = self.nf.chain(id) else {
            flow.returned = pieces;
            return flow;
        };
        if depth > MAX_DEPTH {
            self.give_up(pieces, Reason::ChainDepth);
            return flow;
        }
        let index = self.ctx.index(self.at);
        // The path of a packet names the jumps that came to nothing, too.
        let kinds = match self.log {
            Some(_) => Kinds::ACTING,
            None => Kinds::ACTING.without(Kinds::IDLE_JUMP),
        };
        let mut rules = RuleWalk::new(index, ListId::Chain(id), &chain.rules, false, kinds);
        rules.put(pieces);
        while let Some((rule, mut met)) = rules.next() {
            let idle = !rule.may_be_in_force() || self.ctx.passes_over(rule);
            if idle || matches!(rule.action, Action::Continue) {
                rules.put(met);
                continue;
            }
            if self.steps > self.ctx.budget {
                met.extend(rules.rest());
                self.give_up(met, Reason::Budget);
                return flow;
            }
            let parts = self.parts(rule, &mut met);
            if let (Some(log), false) = (&mut self.log, parts.is_empty()) {
                log.push(Step {
                    table,
                    chain,
                    rule: Some(rule),
                    depth,
                    certain: met.is_empty() && rules.is_empty(),
                });
            }
            for (action, hit) in parts {
                self.act((id, depth), (rule, action), hit, &mut met, &mut flow);
            }
            rules.put(met);
        }
        flow.returned.append(&mut rules.rest());
        join(&mut flow.returned);
        flow
    }

    /// Takes the packets that a rule matches out of the pieces, by what happens to them.
    fn parts(
        &mut self,
        rule: &'a Rule,
        pieces: &mut Vec<Piece<'a>>,
    ) -> SmallVec<[(&'a Action, Vec<Piece<'a>>); 1]> {
        let mut out = SmallVec::new();
        for (clauses, action) in rule.parts() {
            let part = Part {
                clauses,
                action,
                sets: &self.nf.sets,
                forgets: false,
            };
            let hit = split_part(self.ctx, self.dir, &part, pieces);
            if !hit.is_empty() {
                self.steps += cost(&hit);
                out.push((action, hit));
            }
        }
        out
    }

    fn give_up(&mut self, pieces: Vec<Piece<'a>>, reason: Reason) {
        let by = Decider::Nothing {
            at: self.at,
            reason,
        };
        self.out
            .extend(pieces.into_iter().map(|p| p.branch(Effect::Unknown, by)));
    }

    /// Applies a rule's action to the pieces that it matched; those that go on in this chain are added to `on`.
    fn act(
        &mut self,
        (id, depth): (ChainId, usize),
        (rule, action): (&'a Rule, &'a Action),
        hit: Vec<Piece<'a>>,
        on: &mut Vec<Piece<'a>>,
        flow: &mut Flow<'a>,
    ) {
        let by = Decider::Rule { at: self.at, rule };
        let main = self.main;
        let mut each = |f: &dyn Fn(&mut Piece<'a>)| {
            on.extend(hit.iter().cloned().map(|mut p| {
                f(&mut p);
                p
            }));
        };
        match action {
            Action::Continue => each(&|_| {}),
            Action::SetMark { value, mask } => {
                each(&|p| p.mark = p.mark.mixed(*mask, Mark::exactly(*value), u32::MAX));
            }
            Action::SetConnMark { value, mask } => each(&|p| {
                if connected(p) {
                    p.connmark = p.connmark.mixed(*mask, Mark::exactly(*value), u32::MAX);
                }
            }),
            Action::RestoreMark { nfmask, ctmask } => {
                for p in hit {
                    restore(p, *nfmask, *ctmask, on);
                }
            }
            Action::SaveMark { nfmask, ctmask } => each(&|p| {
                if connected(p) {
                    p.connmark = p.connmark.mixed(*ctmask, p.mark, *nfmask);
                }
            }),
            Action::LoseMark { connection: false } => each(&|p| p.mark = Mark::ANY),
            Action::LoseMark { connection: true } => each(&|p| {
                if connected(p) {
                    p.connmark = Mark::ANY;
                }
            }),
            // Once connections are tracked, only packets that fit none can be left alone (`nft_notrack_eval`).
            Action::Notrack if !self.before_tracking => {
                for p in hit {
                    leave_alone(p, on);
                }
            }
            Action::Notrack => each(&|p| {
                if !std::mem::replace(&mut p.settled, true) {
                    p.restate(StateSet::exactly(StateSet::UNTRACKED, false, false));
                }
            }),
            Action::Track if !self.before_tracking => each(&|_| {}),
            Action::Track => each(&|p| p.settled = true),
            Action::Allow | Action::Bypass => flow.accepted.extend(hit.into_iter().map(|mut p| {
                p.passed_by(by, main);
                p
            })),
            Action::Deny => self
                .out
                .extend(hit.into_iter().map(|p| p.branch(Effect::Deny, by))),
            Action::Opaque(_) => self
                .out
                .extend(hit.into_iter().map(|p| p.branch(Effect::Unknown, by))),
            Action::Return => flow.returned.extend(hit),
            Action::Nat(nat) => {
                for mut p in hit {
                    p.bound = self.several_nat;
                    translate(self.ctx, self.dir, p, nat, &mut flow.accepted);
                }
            }
            Action::Jump(to) => {
                let inner = self.chain(id.sibling(*to), hit, depth + 1);
                flow.accepted.extend(inner.accepted);
                on.extend(inner.returned);
                join(on);
            }
            Action::Goto(to) => {
                let inner = self.chain(id.sibling(*to), hit, depth + 1);
                flow.accepted.extend(inner.accepted);
                flow.returned.extend(inner.returned);
            }
            // INVARIANT: a map holds no map.
            Action::Map(_) => self.give_up(hit, Reason::ChainDepth),
        }
    }
}

fn translate_known(pieces: &mut [Piece<'_>], hook: Hook) {
    for p in pieces {
        p.follow_translation(hook);
    }
}

/// Lets packets enter the part of a hook before connection tracking, or leave it. There no packet has a connection yet, so
/// that to the rules each is INVALID until one says that it is UNTRACKED (Linux `xt_conntrack`); neighbour discovery is,
/// but only later.
fn track(pieces: &mut [Piece<'_>], before: bool) {
    for p in pieces {
        if before {
            if p.settled {
                continue;
            }
            p.restate(StateSet::exactly(StateSet::INVALID, false, false));
            continue;
        }
        let tracked = p.space.state.0 & StateSet::UNTRACKED.0 == 0;
        if let (true, Some(sent)) = (tracked, p.sent_state.take_if(|_| tracked)) {
            p.space.state = sent;
        }
    }
}

/// Takes packets that fit no connection out of tracking; all others go on as they are.
fn leave_alone<'a>(p: Piece<'a>, on: &mut Vec<Piece<'a>>) {
    let with = |mask: u32| PacketBox {
        state: StateSet(p.space.state.0 & mask),
        ..p.space.clone()
    };
    let invalid = StateSet::INVALID.0;
    let mut unfit = Vec::new();
    part(&p, [(with(!invalid), on), (with(invalid), &mut unfit)]);
    on.extend(unfit.into_iter().map(|mut q| {
        q.restate(StateSet::exactly(StateSet::UNTRACKED, false, false));
        q
    }));
}

/// Whether a rule that a chain reaches asks for the source of packets.
fn asks_for_source(b: &Hooked<'_>) -> bool {
    let any = |space: &PacketBox, f: Family| {
        let of = space.src.only(f);
        of.is_empty() || of == AddrSet::any_of(f)
    };
    let fields = |c: &Condition| match &c.test {
        Test::Named { side, .. } | Test::AddrType { side, .. } => *side == Side::Src,
        Test::Set { fields, .. } => {
            fields.contains(&PacketField::Src) || fields.contains(&PacketField::Sport)
        }
        Test::IpSet { sides, .. } => sides.contains(&Side::Src),
        _ => false,
    };
    b.reached().any(|r| {
        r.clauses.iter().any(|c| {
            !Family::BOTH.iter().all(|f| any(&c.space, *f))
                || !c.space.sport.is_full()
                || c.conditions.iter().any(fields)
        })
    })
}

/// Whether a base chain that translates sources and another may stand either way round, and both have rules: then it is not
/// known which source the other one sees. The legacy tools put the security table before the translation at INPUT
/// (priority 50), iptables-nft puts it behind (150).
fn unordered<'a>(b: &Hooked<'a>, mut all: impl Iterator<Item = Hooked<'a>>) -> bool {
    let swaps = |open: &Hooked<'_>, nat: &Hooked<'_>| {
        let (is, other) = (open.base.priority, nat.base.priority);
        let Some(or) = open.base.or_priority else {
            return false;
        };
        nat.base.kind == ChainType::Nat && (is < other) != (or < other) && moves_sources(nat.table)
    };
    all.any(|o| {
        let asks = !b.chain.rules.is_empty() && !o.chain.rules.is_empty();
        asks && (swaps(b, &o) || swaps(&o, b))
    })
}

fn moves_sources(t: &Table) -> bool {
    let mut rules = t.chains.iter().flat_map(|c| &c.rules);
    rules.any(|r| r.does(|a| matches!(a, Action::Nat(n) if n.kind == NatKind::Snat)))
}

/// Parts a piece in two by one dimension and puts each part that is not empty where it belongs.
fn part<'a>(p: &Piece<'a>, spaces: [(PacketBox, &mut Vec<Piece<'a>>); 2]) {
    for (space, list) in spaces {
        if !space.is_empty() {
            list.push(Piece { space, ..p.clone() });
        }
    }
}

/// nat chains see only packets that start a connection, and none that another nat chain of the hook has translated or whose
/// connection is known though nobody answered it.
fn untouched_by_nat(pieces: Vec<Piece<'_>>) -> (Vec<Piece<'_>>, Vec<Piece<'_>>) {
    let (mut skipped, mut first) = (Vec::new(), Vec::new());
    for p in pieces {
        if p.bound || p.known.is_some() {
            skipped.push(p);
            continue;
        }
        let with = |mask: u32| PacketBox {
            state: StateSet(p.space.state.0 & mask),
            ..p.space.clone()
        };
        let new = StateSet::NEW.0;
        part(&p, [(with(new), &mut first), (with(!new), &mut skipped)]);
    }
    (skipped, first)
}

/// Chains of interfaces see only what comes in or goes out by them.
fn on_other_devices<'a>(
    hook: Hook,
    devices: &[Box<str>],
    pieces: Vec<Piece<'a>>,
) -> (Vec<Piece<'a>>, Vec<Piece<'a>>) {
    let each = devices.iter().map(|d| IfaceSet::iface(d));
    let own = each.fold(IfaceSet::empty(), |all, d| all.union(&d));
    let others = own.complement();
    let (mut skipped, mut seen) = (Vec::new(), Vec::new());
    for p in pieces {
        let on = |set: &IfaceSet| {
            let mut space = p.space.clone();
            let iface = match hook {
                Hook::Egress => &mut space.out_iface,
                _ => &mut space.in_iface,
            };
            *iface = iface.intersect(set);
            space
        };
        part(&p, [(on(&own), &mut seen), (on(&others), &mut skipped)]);
    }
    (skipped, seen)
}
