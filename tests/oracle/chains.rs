//! What netfilter tables do with a packet.

use crate::naive::{Bits, Case, Outcome, Outcomes, Walker, representatives};
use hylint_engine::Direction;
use hylint_model::{
    Action, Chain, ChainType, Condition, Hook, Nat, NatKind, Netfilter, PacketField, Side, Table,
    Test,
};
use hylint_space::{AddrSet, Family};
use std::array;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How a packet comes out of a chain.
enum End {
    Accept(Walker),
    Back(Walker),
    Over(Outcome),
}

/// The tables and the case.
pub(crate) struct Naive<'a> {
    pub(crate) case: &'a Case<'a>,
    pub(crate) direction: Direction,
    pub(crate) nf: &'a Netfilter,
}

impl Naive<'_> {
    /// From a rule of a chain on.
    fn run(&self, t: &Table, chain: usize, at: usize, w: &Walker) -> Vec<End> {
        let rules = t.chains[chain].rules.iter().enumerate().skip(at);
        let mut some = rules.map(|(i, r)| (i, r, self.case.may(r, w)));
        let Some((at, r, (_, miss))) = some.find(|(_, _, (hit, _))| *hit) else {
            return vec![End::Back(w.clone())];
        };
        let mut out = Vec::new();
        if let Action::Map(actions) = &r.action {
            let mut missed = true;
            for (clause, action) in r.clauses.iter().zip(actions) {
                if !missed {
                    break;
                }
                let (hit, miss) = self.case.may_of(std::slice::from_ref(clause), w);
                missed = miss;
                if hit {
                    out.extend(self.act(t, (chain, at), action, w));
                }
            }
            if missed {
                out.extend(self.run(t, chain, at + 1, w));
            }
            return out;
        }
        if miss {
            out.extend(self.run(t, chain, at + 1, w));
        }
        out.extend(self.act(t, (chain, at), &r.action, w));
        out
    }

    /// What a rule's action does.
    fn act(&self, t: &Table, (chain, at): (usize, usize), action: &Action, w: &Walker) -> Vec<End> {
        let (w, mut out) = (w.clone(), Vec::new());
        match action {
            Action::Allow => out.push(End::Accept(w)),
            Action::Deny => out.push(End::Over(Outcome::Deny)),
            Action::Opaque(_) => out.push(End::Over(Outcome::Unknown)),
            Action::Return => out.push(End::Back(w)),
            Action::Nat(n) => out.extend(self.translate(&w, n).into_iter().map(|x| {
                End::Accept(Walker {
                    nat_done: true,
                    ..x
                })
            })),
            Action::Goto(to) => out.extend(self.run(t, *to as usize, 0, &w)),
            Action::Jump(to) => {
                for end in self.run(t, *to as usize, 0, &w) {
                    match end {
                        End::Back(x) => out.extend(self.run(t, chain, at + 1, &x)),
                        other => out.push(other),
                    }
                }
            }
            other => out.extend(self.run(t, chain, at + 1, &changed(w, other))),
        }
        out
    }

    fn translate(&self, w: &Walker, nat: &Nat) -> Vec<Walker> {
        let v4 = w.dst.is_ipv4();
        let loopback: IpAddr = if v4 {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        };
        let every = representatives(w.dst);
        let mut given: Vec<IpAddr> = every.iter().copied().chain([loopback]).collect();
        given.retain(|a| nat.addrs.as_ref().is_some_and(|s| s.contains(*a)));
        let addrs = match nat.kind {
            NatKind::Snat | NatKind::Masquerade => {
                return vec![Walker {
                    masked: true,
                    ..w.clone()
                }];
            }
            NatKind::Redirect if self.direction == Direction::Out => vec![loopback],
            NatKind::Redirect => self.case.own.map_or(every, |a| vec![a]),
            NatKind::Dnat if nat.addrs.is_none() => vec![w.dst],
            NatKind::Dnat => given,
            // Networks of two addresses: the last bit is kept.
            NatKind::Netmap => given
                .into_iter()
                .filter(|a| odd(*a) == odd(w.dst))
                .collect(),
        };
        let ports: Vec<u16> = match &nat.ports {
            None => vec![w.dport],
            Some(set) => (0..3).filter(|p| set.contains(*p)).collect(),
        };
        let mut out = Vec::new();
        for (a, p) in addrs
            .iter()
            .flat_map(|a| ports.iter().map(move |p| (*a, *p)))
        {
            let mut x = w.clone();
            x.dnat = (a, p) != (w.dst, w.dport);
            (x.dst, x.dport, x.translated) = (a, p, Some(nat.kind == NatKind::Redirect));
            out.push(x);
        }
        out
    }

    /// The chains of a hook, in the order in which the kernel calls them.
    fn at(&self, hook: Hook) -> Vec<(i32, (&Table, usize))> {
        let mut all = Vec::new();
        for t in self.nf.tables() {
            for (i, c) in t.chains.iter().enumerate() {
                let Some(base) = c.base.as_ref().filter(|b| b.hook == hook) else {
                    continue;
                };
                // All nat chains of a hook stand at one place.
                let place = match (base.kind, hook) {
                    (ChainType::Nat, Hook::Prerouting | Hook::Output) => (-100, base.priority),
                    (ChainType::Nat, _) => (100, base.priority),
                    _ => (base.priority, 0),
                };
                all.push((place, t, i));
            }
        }
        all.sort_by_key(|(place, ..)| *place);
        all.into_iter()
            .map(|((place, _), t, i)| (place, (t, i)))
            .collect()
    }

    /// Whether a base chain sees the packet.
    fn sees(&self, c: &Chain, w: &Walker) -> bool {
        let base = c.base.as_ref().unwrap();
        let device = match base.hook {
            Hook::Egress => &w.out_iface,
            _ => &w.in_iface,
        };
        let bound = base.devices.is_empty() || base.devices.contains(device);
        bound && (base.kind != ChainType::Nat || w.state == "NEW" && !w.nat_done && !w.known)
    }

    fn base(&self, (t, index): (&Table, usize), w: Walker, out: &mut Outcomes) -> Vec<Walker> {
        let chain = &t.chains[index];
        if !self.sees(chain, &w) {
            return vec![w];
        }
        let mut passed = Vec::new();
        for end in self.run(t, index, 0, &w) {
            let over = match (end, chain.policy) {
                (End::Over(o), _) => o,
                (End::Back(_), Some(p)) if !p.allow => Outcome::Deny,
                (End::Back(_), None) if t.filters => Outcome::Unknown,
                (End::Accept(x) | End::Back(x), _) => {
                    passed.push(x);
                    continue;
                }
            };
            out.insert(over);
        }
        passed
    }

    fn hook(&self, hook: Hook, mut from: Vec<Walker>, out: &mut Outcomes) -> Vec<Walker> {
        let p = self.case.packet;
        for w in &mut from {
            let no_out = matches!(hook, Hook::Ingress | Hook::Prerouting | Hook::Input);
            let out = self.direction == Direction::Out;
            let leaving = matches!(hook, Hook::Postrouting | Hook::Egress);
            let no_in = hook == Hook::Output || leaving && out;
            w.out_iface = match &w.route {
                _ if no_out => "".into(),
                Some(face) if hook != Hook::Output => face.clone(),
                _ => p.out_iface.clone(),
            };
            w.in_iface = if no_in { "".into() } else { p.in_iface.clone() };
            w.nat_done = false;
        }
        let chains = self.at(hook);
        let decides = matches!(hook, Hook::Input | Hook::Forward | Hook::Output);
        let lacks = decides && !self.nf.whole && !chains.iter().any(|(_, (t, _))| t.filters);
        // Before connection tracking no packet has a connection.
        let untracked = |(t, i): &(&Table, usize)| {
            let base = t.chains[*i].base.as_ref().unwrap();
            let tracks = matches!(hook, Hook::Prerouting | Hook::Output);
            let before = base.kind != ChainType::Nat && base.priority < -200;
            hook == Hook::Ingress || tracks && before
        };
        let turn = match hook {
            Hook::Prerouting | Hook::Output => Some(-100),
            Hook::Input | Hook::Postrouting => Some(100),
            _ => None,
        };
        let mut fixed = turn.is_none();
        for (priority, place) in chains {
            let early = untracked(&place);
            if lacks && priority > 0 {
                break;
            }
            for w in &mut from {
                if early && !w.early && !w.settled {
                    w.state = "INVALID";
                } else if !early && w.early && w.state == "INVALID" {
                    w.state = p.state;
                }
                w.early = early;
            }
            if !fixed && turn.is_some_and(|t| priority >= t) {
                fixed = true;
                from.iter_mut().for_each(|w| follow(w, hook));
            }
            // Behind its translation nobody follows which source a packet has.
            let (t, i) = place;
            let kind = t.chains[i].base.as_ref().unwrap().kind;
            let late = match hook {
                Hook::Input | Hook::Postrouting => priority > 100,
                hook => hook == Hook::Egress,
            };
            if late && kind != ChainType::Nat && t.filters && asks_for_source(t, i) {
                let before = from.len();
                from.retain(|w| !w.masked);
                if from.len() < before {
                    out.insert(Outcome::Unknown);
                }
            }
            let each = from.into_iter().flat_map(|w| self.base(place, w, out));
            from = each.collect();
        }
        for w in from.iter_mut().filter(|w| w.early) {
            w.early = false;
            if w.state == "INVALID" {
                w.state = p.state;
            }
        }
        if !fixed {
            from.iter_mut().for_each(|w| follow(w, hook));
        }
        if lacks && !from.is_empty() {
            out.insert(Outcome::Unknown);
            return Vec::new();
        }
        from
    }

    fn leave(&self, from: Vec<Walker>, out: &mut Outcomes) -> Vec<Walker> {
        let p = self.hook(Hook::Postrouting, from, out);
        self.hook(Hook::Egress, p, out)
    }

    /// What may happen to the packet.
    pub(crate) fn judge(&self, out: &mut Outcomes) {
        if !self.pass(self.case.start(), out).is_empty() {
            out.insert(Outcome::Allow);
        }
    }

    /// The packets that pass, as they are then; what else may happen is added to `out`.
    pub(crate) fn pass(&self, start: Walker, out: &mut Outcomes) -> Vec<Walker> {
        let start = vec![start];
        if self.direction == Direction::Out {
            let mut p = self.hook(Hook::Output, start, out);
            for w in p.iter_mut().filter(|w| w.translated == Some(false)) {
                w.route = self.face(w.dst);
            }
            return self.leave(p, out);
        }
        let p = self.hook(Hook::Ingress, start, out);
        let each = self.hook(Hook::Prerouting, p, out).into_iter();
        each.flat_map(|w| self.route(w, out)).collect()
    }

    /// The interface that leads to an address, if somebody said so.
    fn face(&self, to: IpAddr) -> Option<Box<str>> {
        let mut faces = self.case.faces.iter();
        let (face, _) = faces.find(|(_, addrs)| addrs.contains(to))?;
        Some(face.as_str().into())
    }

    fn route(&self, w: Walker, out: &mut Outcomes) -> Vec<Walker> {
        let looped = w.translated == Some(false) && w.dst.is_loopback();
        if looped && w.dst.is_ipv6() {
            out.insert(Outcome::Unknown);
            return Vec::new();
        }
        let here = match w.translated {
            None => self.direction == Direction::In,
            Some(redirected) => redirected || looped || self.case.own == Some(w.dst),
        };
        if !here {
            let mut w = w;
            if w.translated.is_some() {
                w.route = self.face(w.dst);
                w.on = true;
            }
            let p = self.hook(Hook::Forward, vec![w], out);
            return self.leave(p, out);
        }
        let end = self.hook(Hook::Input, vec![w], out);
        if looped && !end.is_empty() {
            out.insert(Outcome::Unknown);
            return Vec::new();
        }
        end
    }
}

/// The translations of a connection that is known, where the kernel makes them.
/// Whether a chain, or one that it calls, asks for a source. Of the naive tests each address is in the first values.
fn asks_for_source(t: &Table, from: usize) -> bool {
    let any = |s: &AddrSet| {
        Family::BOTH.iter().all(|f| {
            let of = s.only(*f);
            of.is_empty() || of == AddrSet::any_of(*f)
        })
    };
    let fields = |c: &Condition| match &c.test {
        Test::Named { side, .. } | Test::AddrType { side, .. } => *side == Side::Src,
        Test::Set { fields, .. } => {
            fields.contains(&PacketField::Src) || fields.contains(&PacketField::Sport)
        }
        Test::IpSet { sides, .. } => sides.contains(&Side::Src),
        _ => false,
    };
    t.reached(from).into_iter().any(|i| {
        t.chains[i].rules.iter().any(|r| {
            r.clauses.iter().any(|c| {
                !any(&c.space.src) || !c.space.sport.is_full() || c.conditions.iter().any(fields)
            })
        })
    })
}

fn follow(w: &mut Walker, hook: Hook) {
    let tracked = matches!(w.state, "NEW" | "ESTABLISHED" | "RELATED");
    if matches!(hook, Hook::Prerouting | Hook::Output) {
        if let Some(peer) = w.fixed.behind.take() {
            w.dst = peer;
        }
        if let (true, Some((dst, dport, redirected))) = (tracked, w.fixed.dst) {
            (w.dst, w.dport, w.translated) = (dst, dport, Some(redirected));
        }
    } else if let (true, Some((src, sport))) = (tracked, w.fixed.src) {
        (w.src, w.sport) = (src, sport);
    }
}

/// A packet after a target that goes on.
fn changed(mut w: Walker, action: &Action) -> Walker {
    let tracked = matches!(w.state, "NEW" | "ESTABLISHED" | "RELATED");
    let value = |n: u32| array::from_fn(|i| Some(n >> i & 1 == 1));
    let copied = |old: Bits, from: Bits, clear: u32, take: u32| -> Bits {
        array::from_fn(|i| {
            let kept = if clear >> i & 1 == 1 {
                Some(false)
            } else {
                old[i]
            };
            let more = if take >> i & 1 == 1 {
                from[i]
            } else {
                Some(false)
            };
            Some(kept? != more?)
        })
    };
    match action {
        Action::SetMark { value: v, mask } => w.mark = copied(w.mark, value(*v), *mask, u32::MAX),
        Action::SetConnMark { value: v, mask } if tracked => {
            w.connmark = copied(w.connmark, value(*v), *mask, u32::MAX);
        }
        Action::SaveMark { nfmask, ctmask } if tracked => {
            w.connmark = copied(w.connmark, w.mark, *ctmask, *nfmask);
        }
        Action::RestoreMark { nfmask, ctmask } if tracked => {
            w.mark = copied(w.mark, w.connmark, *nfmask, *ctmask);
        }
        Action::Notrack if !w.settled => {
            w.settled = true;
            w.state = "UNTRACKED";
        }
        Action::Track => w.settled = true,
        _ => {}
    }
    w
}

fn odd(a: IpAddr) -> bool {
    match a {
        IpAddr::V4(a) => a.octets()[3] & 1 == 1,
        IpAddr::V6(a) => a.octets()[15] & 1 == 1,
    }
}
