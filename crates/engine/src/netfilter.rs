//! The packet path of Linux: hooks in order of priority, tables, chains.
//!
//! PREROUTING raw, mangle, nat → routing → INPUT mangle, filter, security, nat, or FORWARD mangle, filter, security; OUTPUT
//! raw, mangle, nat, filter, security; POSTROUTING mangle, nat (iptables(8)).

use super::candidates::RuleWalk;
use super::context::Context;
use super::indexes::ListId;
use super::marks::Mark;
use super::matching::split;
use super::nat::translate;
use super::outcome::{Branch, Decider, Effect, Reason};
use super::packets::family;
use super::piece::{Piece, Unseen, connected, cost, join, restore};
use super::sets::PointId;
use crate::rulespace::Kinds;
use hylint_model::{Action, Chain, Direction, NatKind, Netfilter, Rule, Table, TableName};
use hylint_space::{Family, IfaceSet, PacketBox, StateSet, class};

/// The table that a query may be limited to.
const FILTER: TableName = TableName::Filter;

/// Jumps followed inside each other. The kernel refuses loops; a file may still hold one.
const MAX_DEPTH: usize = 128;

struct HookWalk<'a, 'c> {
    ctx: &'c Context<'a>,
    at: PointId,
    dir: Direction,
    out: Vec<Branch<'a>>,
    steps: usize,
    log: Option<&'c mut Vec<Step<'a>>>,
}

/// A place on the way of a query: a rule that took packets, or a base chain whose end was reached.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The table.
    pub table: TableName,
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
    log: Option<&mut Vec<Step<'a>>>,
) -> Vec<Branch<'a>> {
    let mut w = HookWalk {
        ctx,
        at,
        dir,
        out: Vec::new(),
        steps: 0,
        log,
    };
    let start = vec![Piece::new(query.clone(), ctx.policy.mark())];
    let passed = if ctx.filter_only {
        let hook = match dir {
            Direction::In => "INPUT",
            Direction::Out => "OUTPUT",
            Direction::Forward => "FORWARD",
        };
        w.hook(nf, hook, &[FILTER], start)
    } else {
        w.path(nf, start)
    };
    for p in passed {
        let by = p.by.unwrap_or(Decider::Nothing {
            at,
            reason: Reason::NoFilter,
        });
        w.out.push(p.branch(Effect::Allow, by));
    }
    w.out
}

impl<'a> HookWalk<'a, '_> {
    fn hook(
        &mut self,
        nf: &'a Netfilter,
        chain: &str,
        tables: &[TableName],
        mut p: Vec<Piece<'a>>,
    ) -> Vec<Piece<'a>> {
        let unknown = match chain {
            "PREROUTING" | "INPUT" => Some(Unseen::Out(IfaceSet::empty())),
            "OUTPUT" => Some(Unseen::In(IfaceSet::empty())),
            // What is passed on has come in by one, and since Linux 5.7 rules are told which (`ip_output`); no tool writes
            // `-i` into POSTROUTING itself, but a chain that it calls may have it.
            "POSTROUTING" if self.dir == Direction::Out => Some(Unseen::In(IfaceSet::empty())),
            _ => None,
        };
        if let Some(interface) = unknown {
            p.iter_mut().for_each(|q| q.hide(interface.clone()));
        }
        for &t in tables {
            p = self.base(nf, t, chain, p);
        }
        p.iter_mut().for_each(Piece::see_interfaces);
        p
    }

    fn path(&mut self, nf: &'a Netfilter, start: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        use TableName::{Filter, Mangle, Nat, Raw, Security};
        if self.dir == Direction::Out {
            let p = self.hook(nf, "OUTPUT", &[Raw, Mangle, Nat, Filter, Security], start);
            return self.hook(nf, "POSTROUTING", &[Mangle, Nat], p);
        }
        let p = self.hook(nf, "PREROUTING", &[Raw, Mangle, Nat], start);
        let mut ways = Ways::default();
        for piece in p {
            self.route(piece, &mut ways);
        }
        let mut passed = self.input(nf, ways.here);
        let (v6, v4): (Vec<_>, Vec<_>) = ways
            .loopback
            .into_iter()
            .partition(|p| family(&p.space) == Family::V6);
        self.give_up(v6, Reason::LoopbackDestination);
        let p = self.input(nf, v4);
        self.give_up(p, Reason::LoopbackDestination);
        let p = self.hook(nf, "FORWARD", &[Mangle, Filter, Security], ways.on);
        passed.extend(self.hook(nf, "POSTROUTING", &[Mangle, Nat], p));
        passed
    }

    /// The hook INPUT. The legacy tools ask the security table before a source is translated there (priority 50),
    /// iptables-nft asks it afterwards (150); where a dump does not say that it is of the former, that stays open.
    fn input(&mut self, nf: &'a Netfilter, pieces: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        use TableName::{Filter, Mangle, Nat, Security};
        let asks = |t: &Table| t.chain("INPUT").is_some_and(|(_, c)| !c.rules.is_empty());
        let moves = |t: &Table| {
            let mut rules = t.chains.iter().flat_map(|c| &c.rules);
            rules.any(|r| matches!(&r.action, Action::Nat(n) if n.kind == NatKind::Snat))
        };
        let both = nf.table(Nat).is_some_and(|t| asks(t) && moves(t));
        if both && !nf.legacy && nf.table(Security).is_some_and(asks) {
            let p = self.hook(nf, "INPUT", &[Mangle, Filter], pieces);
            self.give_up(p, Reason::SecurityOrder);
            return Vec::new();
        }
        self.hook(nf, "INPUT", &[Mangle, Filter, Security, Nat], pieces)
    }

    /// The routing decision.
    fn route(&self, piece: Piece<'a>, ways: &mut Ways<'a>) {
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
        for (dst, list) in [
            (looped, &mut ways.loopback),
            (here, &mut ways.here),
            (on, &mut ways.on),
        ] {
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
    }

    /// A base chain with its policy; a table or chain that the dump does not hold lets everything through.
    fn base(
        &mut self,
        nf: &'a Netfilter,
        table: TableName,
        chain: &str,
        pieces: Vec<Piece<'a>>,
    ) -> Vec<Piece<'a>> {
        let Some((t, (index, c))) = nf.table(table).and_then(|t| Some((t, t.chain(chain)?))) else {
            // Without the filter table nothing says what is let through; the others only change packets on their way.
            if table == FILTER {
                self.give_up(pieces, Reason::IncompleteExport);
                return Vec::new();
            }
            return pieces;
        };
        if pieces.is_empty() {
            return pieces;
        }
        let (mut skipped, pieces) = if table == TableName::Nat {
            self.untouched_by_nat(pieces)
        } else {
            (Vec::new(), pieces)
        };
        let flow = if table == TableName::Raw {
            self.before_tracking(t, index, pieces)
        } else {
            self.chain(t, index, pieces, 0)
        };
        if let (Some(log), false) = (&mut self.log, flow.returned.is_empty()) {
            log.push(Step {
                table,
                chain: c,
                rule: None,
                depth: 0,
                certain: flow.accepted.is_empty(),
            });
        }
        let mut passed = flow.accepted;
        let policy = c.policy;
        let by = Decider::Policy {
            at: self.at,
            chain: c,
        };
        if table == FILTER && policy.is_none() {
            // A dump without the policy does not say what happens to the rest.
            self.give_up(flow.returned, Reason::IncompleteExport);
        } else if policy.is_none_or(|p| p.allow) {
            passed.extend(flow.returned.into_iter().map(|mut p| {
                // The filter table is what people look at: a later or earlier table's policy is no better evidence.
                if table == FILTER || p.by.is_none() {
                    p.by = Some(by);
                }
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
        if table != FILTER {
            join(&mut passed);
        }
        passed
    }

    /// The raw table stands before connection tracking: there no packet has a connection yet, so that to its rules each is
    /// INVALID until one says that it is UNTRACKED (Linux `xt_conntrack`); neighbour discovery is, but only later.
    fn before_tracking(&mut self, t: &'a Table, index: usize, pieces: Vec<Piece<'a>>) -> Flow<'a> {
        let mut entering = pieces;
        for p in &mut entering {
            p.restate(StateSet::exactly(StateSet::INVALID, false, false));
        }
        let mut flow = self.chain(t, index, entering, 0);
        for p in flow.accepted.iter_mut().chain(&mut flow.returned) {
            let tracked = p.space.state.0 & StateSet::UNTRACKED.0 == 0;
            if let (true, Some(sent)) = (tracked, p.sent_state.take_if(|_| tracked)) {
                p.space.state = sent;
            }
        }
        flow
    }

    /// nat chains see only packets that start a connection.
    fn untouched_by_nat(&self, pieces: Vec<Piece<'a>>) -> (Vec<Piece<'a>>, Vec<Piece<'a>>) {
        let (mut skipped, mut first) = (Vec::new(), Vec::new());
        for p in pieces {
            let new = StateSet(p.space.state.0 & StateSet::NEW.0);
            let old = StateSet(p.space.state.0 & !StateSet::NEW.0);
            for (state, list) in [(new, &mut first), (old, &mut skipped)] {
                if state.0 != 0 {
                    list.push(Piece {
                        space: PacketBox {
                            state,
                            ..p.space.clone()
                        },
                        ..p.clone()
                    });
                }
            }
        }
        (skipped, first)
    }

    fn chain(
        &mut self,
        table: &'a Table,
        index: usize,
        pieces: Vec<Piece<'a>>,
        depth: usize,
    ) -> Flow<'a> {
        let mut flow = Flow {
            accepted: Vec::new(),
            returned: Vec::new(),
        };
        let Some(chain) = table.chains.get(index) else {
            flow.returned = pieces;
            return flow;
        };
        if depth > MAX_DEPTH {
            self.give_up(pieces, Reason::ChainDepth);
            return flow;
        }
        let id = ListId::Chain(table.name, index);
        let index = self.ctx.index(self.at);
        // The path of a packet names the jumps that came to nothing, too.
        let kinds = match self.log {
            Some(_) => Kinds::ACTING,
            None => Kinds::ACTING.without(Kinds::IDLE_JUMP),
        };
        let mut rules = RuleWalk::new(index, id, &chain.rules, false, kinds);
        rules.put(pieces);
        while let Some((rule, mut met)) = rules.next() {
            if !rule.may_be_in_force() || matches!(rule.action, Action::Continue) {
                rules.put(met);
                continue;
            }
            if self.steps > self.ctx.budget {
                met.extend(rules.rest());
                self.give_up(met, Reason::Budget);
                return flow;
            }
            let hit = split(self.ctx, self.dir, rule, &mut met);
            if !hit.is_empty() {
                self.steps += cost(&hit);
                if let Some(log) = &mut self.log {
                    log.push(Step {
                        table: table.name,
                        chain,
                        rule: Some(rule),
                        depth,
                        certain: met.is_empty() && rules.is_empty(),
                    });
                }
                self.act(table, rule, hit, depth, &mut met, &mut flow);
            }
            rules.put(met);
        }
        flow.returned.append(&mut rules.rest());
        join(&mut flow.returned);
        flow
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
        table: &'a Table,
        rule: &'a Rule,
        hit: Vec<Piece<'a>>,
        depth: usize,
        on: &mut Vec<Piece<'a>>,
        flow: &mut Flow<'a>,
    ) {
        let by = Decider::Rule { at: self.at, rule };
        let mut each = |f: &dyn Fn(&mut Piece<'a>)| {
            on.extend(hit.iter().cloned().map(|mut p| {
                f(&mut p);
                p
            }));
        };
        match &rule.action {
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
            Action::Notrack => each(&|p| {
                if !std::mem::replace(&mut p.settled, true) {
                    p.restate(StateSet::exactly(StateSet::UNTRACKED, false, false));
                }
            }),
            Action::Track => each(&|p| p.settled = true),
            Action::Allow | Action::Bypass => flow.accepted.extend(hit.into_iter().map(|mut p| {
                if table.name == FILTER || p.by.is_none() {
                    p.by = Some(by);
                }
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
                for p in hit {
                    translate(self.ctx, self.dir, p, nat, &mut flow.accepted);
                }
            }
            Action::Jump(to) => {
                let inner = self.chain(table, *to as usize, hit, depth + 1);
                flow.accepted.extend(inner.accepted);
                on.extend(inner.returned);
                join(on);
            }
            Action::Goto(to) => {
                let inner = self.chain(table, *to as usize, hit, depth + 1);
                flow.accepted.extend(inner.accepted);
                flow.returned.extend(inner.returned);
            }
        }
    }
}
