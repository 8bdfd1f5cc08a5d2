//! Conversations packet by packet, with the table of connections of Linux in between.

use crate::chains;
use crate::differential::talk::{Place, Talk};
use crate::naive::{Bits, Case, Chosen, Fixed, Outcome, Outcomes, Walker, representatives};
use hylint::session::trace::Packet;
use hylint_engine::Direction;
use hylint_model::{Netfilter, Side};
use hylint_space::{AddrSet, TcpFlags};
use std::net::IpAddr;

const SYN: u8 = 2;
const SYN_ACK: u8 = 18;
const ACK: u8 = 16;
const PUSH: u8 = 24;
/// Whether a packet is an answer, and its flags.
const TCP: [(bool, u8); 10] = [
    (false, SYN),
    (true, SYN_ACK),
    (false, ACK),
    (false, PUSH),
    (true, ACK),
    (true, PUSH),
    (false, ACK),
    (false, PUSH),
    (true, ACK),
    (true, PUSH),
];
const UDP: [(bool, u8); 6] = [
    (false, 0),
    (true, 0),
    (false, 0),
    (true, 0),
    (false, 0),
    (true, 0),
];

/// One flow under one value of each open condition.
pub(crate) struct Conversation<'a> {
    pub(crate) nf: &'a Netfilter,
    pub(crate) place: &'a Place,
    pub(crate) talk: &'a Talk,
    pub(crate) values: &'a Chosen,
    pub(crate) known: &'a AddrSet,
}

/// What the packets so far have left.
#[derive(Clone, PartialEq)]
struct World {
    entry: Option<Entry>,
    connmark: Bits,
    /// Where the first packet came out.
    end: Option<End>,
    /// Its source was hidden.
    masked: bool,
}

#[derive(Clone, Copy, PartialEq)]
struct Entry {
    /// The first packet that was tracked is an answer.
    by_answer: bool,
    /// Nobody answered a SYN yet.
    asking: bool,
    replied: bool,
}

#[derive(Clone, PartialEq)]
struct End {
    dst: IpAddr,
    dport: u16,
    redirected: bool,
    on: bool,
    /// A translation made it one of this host's.
    here: bool,
    moved: bool,
    route: Option<Box<str>>,
}

impl World {
    fn state(&self, tcp: bool, answer: bool, flags: u8) -> &'static str {
        let Some(e) = self.entry else {
            return if tcp && flags == SYN_ACK {
                "INVALID"
            } else {
                "NEW"
            };
        };
        let reply = answer != e.by_answer;
        if tcp && e.asking && !reply && flags != SYN {
            return "INVALID";
        }
        if reply || e.replied {
            "ESTABLISHED"
        } else {
            "NEW"
        }
    }

    fn tracked(&mut self, tcp: bool, answer: bool, flags: u8) {
        match &mut self.entry {
            None if tcp && flags == SYN_ACK => {}
            None => {
                self.entry = Some(Entry {
                    by_answer: answer,
                    asking: tcp && flags == SYN,
                    replied: false,
                });
            }
            Some(e) if e.by_answer != answer => {
                e.replied = true;
                e.asking &= flags != SYN_ACK;
            }
            Some(_) => {}
        }
    }
}

impl Conversation<'_> {
    /// What may become of it.
    pub(crate) fn judge(&self, out: &mut Outcomes) {
        let t = self.talk;
        let tcp = t.proto == 6;
        let steps: &[(bool, u8)] = match (tcp, t.reply) {
            (true, _) => &TCP,
            (false, true) => &UDP,
            (false, false) => &UDP[..1],
        };
        let mut worlds = vec![World {
            entry: None,
            connmark: [Some(false); 32],
            end: None,
            masked: false,
        }];
        for (answer, flags) in steps {
            let mut next: Vec<World> = Vec::new();
            for w in &worlds {
                for after in self.step(w, tcp, *answer, *flags, out) {
                    if !next.contains(&after) {
                        next.push(after);
                    }
                }
            }
            worlds = next;
        }
        if !worlds.is_empty() {
            out.insert(Outcome::Allow);
        }
    }

    fn step(
        &self,
        w: &World,
        tcp: bool,
        answer: bool,
        flags: u8,
        out: &mut Outcomes,
    ) -> Vec<World> {
        let t = self.talk;
        let state = w.state(tcp, answer, flags);
        let packet = self.packet(w, answer, tcp.then_some(TcpFlags(flags)), state);
        let (direction, own_side) = match (answer, t.way, w.end.as_ref().map(|e| (e.on, e.here))) {
            (true, Direction::In, Some((true, _))) => (Direction::Forward, None),
            (false, Direction::In, _) | (true, Direction::Out, _) => {
                (Direction::In, Some(Side::Dst))
            }
            (false, Direction::Out, _) | (true, Direction::In, _) => {
                (Direction::Out, Some(Side::Src))
            }
            (true, Direction::Forward, Some((false, true))) => (Direction::Out, Some(Side::Src)),
            (_, Direction::Forward, _) => (Direction::Forward, None),
        };
        let case = Case {
            packet: &packet,
            own: match t.way {
                Direction::In => Some(t.dst),
                Direction::Out => Some(t.src),
                Direction::Forward => None,
            },
            own_side,
            values: self.values,
            known: self.known,
            sets: &self.nf.sets,
            faces: &self.place.faces,
            back: answer,
        };
        let naive = chains::Naive {
            case: &case,
            direction,
            nf: self.nf,
        };
        let mut next = Vec::new();
        for start in self.starts(&case, w, answer, state) {
            for passed in naive.pass(start, out) {
                match self.after(w, &passed, tcp, answer, flags) {
                    Some(world) => next.push(world),
                    None => {
                        out.insert(Outcome::Deny);
                    }
                }
            }
        }
        next
    }

    fn packet(
        &self,
        w: &World,
        answer: bool,
        flags: Option<TcpFlags>,
        state: &'static str,
    ) -> Packet {
        let t = self.talk;
        let (server, port) = match &w.end {
            Some(e) => (e.dst, e.dport),
            None => (t.dst, t.dport),
        };
        let (src, dst, sport, dport) = if answer {
            (server, t.src, port, t.sport)
        } else {
            (t.src, t.dst, t.sport, t.dport)
        };
        let route = w.end.as_ref().and_then(|e| e.route.clone());
        let far: Box<str> = route.unwrap_or_else(|| t.out_iface.as_str().into());
        let near: Box<str> = t.in_iface.as_str().into();
        Packet {
            src,
            dst,
            proto: t.proto,
            sport: Some((sport, sport)),
            dport: Some((dport, dport)),
            flags,
            state,
            in_iface: if answer { far } else { near.clone() },
            out_iface: if answer {
                near
            } else {
                t.out_iface.as_str().into()
            },
            out_open: false,
            smac: None,
            mark: 0,
            uid: None,
            gid: None,
        }
    }

    /// The packet as it comes, with what its connection knows of it.
    fn starts(&self, case: &Case<'_>, w: &World, answer: bool, state: &str) -> Vec<Walker> {
        let mut start = case.start();
        start.connmark = [Some(false); 32];
        if w.entry.is_none() {
            return vec![start];
        }
        let t = self.talk;
        start.known = true;
        start.connmark = w.connmark;
        let end = w.end.as_ref();
        start.dnat = state != "INVALID" && end.is_some_and(|e| e.moved);
        if !answer {
            start.fixed = Fixed {
                dst: end
                    .filter(|e| e.moved)
                    .map(|e| (e.dst, e.dport, e.redirected)),
                ..Fixed::default()
            };
            return vec![start];
        }
        start.fixed.src = end.filter(|e| e.moved).map(|_| (t.dst, t.dport));
        if !w.masked {
            return vec![start];
        }
        start.fixed.behind = Some(t.src);
        let shown = case.own.map_or_else(|| representatives(t.src), |a| vec![a]);
        let each = shown.into_iter().map(|dst| Walker {
            dst,
            ..start.clone()
        });
        each.collect()
    }

    /// What a packet leaves that passed; `None` if translation did not do the same to it as to those before.
    fn after(
        &self,
        w: &World,
        passed: &Walker,
        tcp: bool,
        answer: bool,
        flags: u8,
    ) -> Option<World> {
        let t = self.talk;
        let untracked = passed.state == "UNTRACKED" || passed.state == "INVALID";
        let mut next = w.clone();
        if !untracked {
            next.tracked(tcp, answer, flags);
            next.connmark = passed.connmark;
        }
        if answer {
            let back = (passed.src, passed.sport) == (t.dst, t.dport)
                && (passed.dst, passed.dport) == (t.src, t.sport);
            let hidden = passed.masked && t.way == Direction::Forward;
            return (back && !hidden && !(w.masked && untracked)).then_some(next);
        }
        let moved = (passed.dst, passed.dport) != (t.dst, t.dport);
        let end = End {
            dst: passed.dst,
            dport: passed.dport,
            redirected: passed.translated == Some(true),
            on: passed.on,
            here: passed.translated.is_some() && !passed.on,
            moved,
            route: passed.route.clone(),
        };
        match &w.end {
            None => {
                next.end = Some(end);
                // What a host sends itself is hidden behind its own address, which is shown then.
                next.masked = passed.masked && !untracked && t.way != Direction::Out;
                Some(next)
            }
            Some(first) => {
                let same = (first.dst, first.dport) == (end.dst, end.dport);
                (same && !(w.masked && untracked)).then_some(next)
            }
        }
    }
}
