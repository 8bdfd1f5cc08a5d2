//! The packet path of Linux: hooks in order of priority, tables, chains.
//!
//! PREROUTING raw, mangle, nat → routing → INPUT mangle, filter, security, or FORWARD mangle, filter, security; OUTPUT raw,
//! mangle, nat, filter, security; POSTROUTING mangle (iptables(8); the nat chains there change no verdict).

use super::candidates::{ListId, PointIndex};
use super::matching::{family, loopback, split};
use super::{
    BRANCH_BUDGET, Branch, Context, Decider, Direction, Effect, FILTER, Piece, PointRef, join,
};
use hylint_parsers::model::{Action, Chain, NatKind, Netfilter, Rule, Table, TableName};
use hylint_parsers::space::{PacketBox, PortSet, StateSet};

/// Jumps followed inside each other. The kernel refuses loops; a file may still hold one.
const MAX_DEPTH: usize = 128;

struct Walk<'a, 'c> {
    ctx: &'c Context<'a>,
    at: PointRef,
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

/// What is left after a chain: packets that it accepted, and packets that came back out of it.
struct Flow<'a> {
    accepted: Vec<Piece<'a>>,
    returned: Vec<Piece<'a>>,
}

pub(super) fn evaluate<'a>(
    ctx: &Context<'a>,
    at: PointRef,
    nf: &'a Netfilter,
    dir: Direction,
    query: &PacketBox,
    log: Option<&mut Vec<Step<'a>>>,
) -> Vec<Branch<'a>> {
    let mut w = Walk {
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
        w.base(nf, FILTER, hook, start)
    } else {
        w.path(nf, start)
    };
    for p in passed {
        let by = p.by.unwrap_or(Decider::Nothing {
            at,
            reason: "no-filter",
        });
        w.out.push(p.branch(Effect::Allow, by));
    }
    w.out
}

impl<'a> Walk<'a, '_> {
    fn hook(
        &mut self,
        nf: &'a Netfilter,
        chain: &str,
        tables: &[TableName],
        mut p: Vec<Piece<'a>>,
    ) -> Vec<Piece<'a>> {
        for &t in tables {
            p = self.base(nf, t, chain, p);
        }
        p
    }

    fn path(&mut self, nf: &'a Netfilter, start: Vec<Piece<'a>>) -> Vec<Piece<'a>> {
        use TableName::{Filter, Mangle, Nat, Raw, Security};
        if self.dir == Direction::Out {
            let p = self.hook(nf, "OUTPUT", &[Raw, Mangle, Nat, Filter, Security], start);
            return self.hook(nf, "POSTROUTING", &[Mangle], p);
        }
        let p = self.hook(nf, "PREROUTING", &[Raw, Mangle, Nat], start);
        let mut here = Vec::new();
        let mut on = Vec::new();
        for piece in p {
            self.route(piece, &mut here, &mut on);
        }
        let mut passed = self.hook(nf, "INPUT", &[Mangle, Filter, Security], here);
        let p = self.hook(nf, "FORWARD", &[Mangle, Filter, Security], on);
        passed.extend(self.hook(nf, "POSTROUTING", &[Mangle], p));
        passed
    }

    /// The routing decision: packets for this host, and packets to forward.
    fn route(&self, piece: Piece<'a>, here: &mut Vec<Piece<'a>>, on: &mut Vec<Piece<'a>>) {
        let translated = piece.sent_to.is_some();
        if !translated {
            if self.dir == Direction::In {
                here.push(piece)
            } else {
                on.push(piece)
            };
            return;
        }
        let local = loopback().union(self.ctx.local);
        let to_here = piece.space.dst.intersect(&local);
        let to_other = piece.space.dst.subtract(&local);
        for (dst, list) in [(to_here, here), (to_other, on)] {
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
                self.give_up(pieces, "incomplete-export");
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
        let flow = self.chain(t, index, pieces, 0);
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
            self.give_up(flow.returned, "incomplete-export");
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
        passed
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
        let mut pieces = pieces;
        if depth > MAX_DEPTH {
            self.give_up(pieces, "chain-depth");
            return flow;
        }
        let id = ListId::Chain(table.name, index);
        for rule in PointIndex::candidates(self.ctx.index(self.at), id, &chain.rules, &pieces) {
            if pieces.is_empty() {
                break;
            }
            if !rule.enabled || matches!(rule.action, Action::Continue) {
                continue;
            }
            if self.steps > BRANCH_BUDGET {
                self.give_up(std::mem::take(&mut pieces), "budget");
                break;
            }
            let hit = split(self.ctx, self.dir, rule, &mut pieces);
            if hit.is_empty() {
                continue;
            }
            self.steps += hit.len();
            if let Some(log) = &mut self.log {
                log.push(Step {
                    table: table.name,
                    chain,
                    rule: Some(rule),
                    depth,
                    certain: pieces.is_empty(),
                });
            }
            self.act(table, rule, hit, depth, &mut pieces, &mut flow);
        }
        flow.returned.append(&mut pieces);
        join(&mut flow.returned);
        flow
    }

    fn give_up(&mut self, pieces: Vec<Piece<'a>>, reason: &'static str) {
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
            Action::SetMark { value, mask } => each(&|p| p.mark = set_bits(p.mark, *value, *mask)),
            Action::SetConnMark { value, mask } => {
                each(&|p| p.connmark = set_bits(p.connmark, *value, *mask))
            }
            Action::RestoreMark => {
                for p in hit {
                    restore_mark(p, on);
                }
            }
            Action::SaveMark => each(&|p| p.connmark = p.mark),
            Action::Notrack => {
                each(&|p| p.restate(StateSet::exactly(StateSet::UNTRACKED, false, false)))
            }
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
                    flow.accepted.extend(translate(p, nat.kind, nat));
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

/// A mark after `(mark & !mask) ^ value`; all bits may be set even when they were not known.
fn set_bits(mark: Option<u32>, value: u32, mask: u32) -> Option<u32> {
    let kept = if mask == u32::MAX {
        Some(0)
    } else {
        mark.map(|m| m & !mask)
    };
    kept.map(|m| m ^ value)
}

/// The packet's mark becomes the connection's; packets without a connection keep theirs.
fn restore_mark<'a>(p: Piece<'a>, on: &mut Vec<Piece<'a>>) {
    let tracked = StateSet(p.space.state.0 & StateSet::TRACKED.0);
    let loose = StateSet(p.space.state.0 & !StateSet::TRACKED.0);
    for (state, has_connection) in [(tracked, true), (loose, false)] {
        if state.0 == 0 {
            continue;
        }
        let mut q = p.clone();
        q.space.state = state;
        if has_connection {
            q.mark = q.connmark;
        }
        on.push(q);
    }
}

/// A piece after translation. Source translation happens after every verdict and changes nothing here.
fn translate<'a>(
    mut p: Piece<'a>,
    kind: NatKind,
    nat: &hylint_parsers::model::Nat,
) -> Option<Piece<'a>> {
    if !matches!(kind, NatKind::Dnat | NatKind::Redirect | NatKind::Netmap) {
        return Some(p);
    }
    if p.sent_to.is_none() {
        p.sent_to = Some(Box::new((p.space.dst.clone(), p.space.dport.clone())));
    }
    if kind == NatKind::Redirect {
        p.space.dst = loopback().only(family(&p.space));
    } else if let Some(a) = &nat.addrs {
        p.space.dst = a.only(family(&p.space));
    }
    if let Some(ports) = &nat.ports {
        p.space.dport = PortSet::clone(ports);
    }
    // nat chains see only packets that start a connection.
    p.restate(StateSet::exactly(StateSet::NEW, true, false));
    (!p.space.is_empty()).then_some(p)
}
