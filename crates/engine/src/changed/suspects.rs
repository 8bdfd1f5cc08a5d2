//! Packets that two rule sets may decide otherwise.

use super::found::{Found, Stray, acts};
use super::places::{Places, Turn};
use super::{lists, netfilter};
use crate::context::Context;
use crate::sets::PointId;
use hylint_model::{Action, Body, Clause, Direction, Nat, NatKind, Netfilter, Point, Rule};
use hylint_space::{AddrSet, Family, FlagSet, IfaceSet, PacketBox, PortSet, StateSet};
use rustc_hash::FxHashSet;

/// Packets in any state, with any flags; boxes may overlap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Packets {
    /// Any.
    All,
    /// None but these.
    Boxes(Vec<PacketBox>),
}

/// First packets of a direction that may be decided otherwise, by themselves or by what comes after them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suspects {
    /// They themselves.
    pub first: Packets,
    /// Later packets of the conversations that they begin.
    pub later: Packets,
}

/// Compares the united points of one layer on both sides, for packets of a family: what it says of each direction.
#[must_use]
pub fn suspects<'a>(
    (old, old_points): (&'a Context<'a>, &[PointId]),
    (new, new_points): (&'a Context<'a>, &[PointId]),
    family: Family,
) -> [(Direction, Suspects); 3] {
    let of = |ctx: &'a Context<'a>, points: &[PointId]| -> Vec<&'a Point> {
        let all = points.iter().filter_map(|at| ctx.sets.point(*at));
        all.filter(|p| p.families.has(family)).collect()
    };
    let (a, b) = (of(old, old_points), of(new, new_points));
    let mut found = Found::default();
    let mut sides: Vec<&'a Netfilter> = Vec::new();
    match (a.first().map(|p| &p.body), b.first().map(|p| &p.body)) {
        (None, None) => {}
        (Some(Body::Netfilter(x)), Some(Body::Netfilter(y))) => {
            sides.extend([x, y]);
            netfilter::compare((old, x), (new, y), &mut found);
            if old.local != new.local || old.interfaces != new.interfaces {
                found.all = Places::ALL;
            }
        }
        (Some(Body::Lists(_)), Some(Body::Lists(_))) => {
            lists::compare((old, &a), (new, &b), &mut found)
        }
        _ => found.all = Places::ALL,
    }
    let stateless = a.iter().chain(&b).any(|p| !p.stateful);
    let known = |ctx: &Context<'_>| ctx.local.has(family);
    let ground = Ground {
        family,
        own: known(old) || known(new),
        converses: stateless || !sides.is_empty(),
        tracks: !stateless && !sides.iter().any(|n| untracks(n)),
        hides: sides.iter().any(|n| hides(n)),
        moves: sides.iter().flat_map(|n| moving(n)).collect(),
    };
    let each = [Direction::In, Direction::Out, Direction::Forward];
    each.map(|d| (d, ground.suspects(&found, d)))
}

/// What both sides do with packets beside letting them pass.
struct Ground<'a> {
    family: Family,
    /// Addresses of the host are known, so that packets to others are told apart.
    own: bool,
    /// Later packets of a conversation may be decided otherwise than first ones.
    converses: bool,
    /// Later packets are never in the state of a first one.
    tracks: bool,
    /// A rule hides senders.
    hides: bool,
    /// The rules that move destinations.
    moves: Vec<Move<'a>>,
}

/// Packets whose destination a rule moves.
#[derive(Clone, Copy)]
struct Move<'a> {
    space: &'a PacketBox,
    /// To these; none: it is not known where, or they stay.
    addrs: Option<&'a AddrSet>,
    /// None: they stay.
    ports: Option<&'a PortSet>,
}

impl Ground<'_> {
    fn suspects(&self, found: &Found<'_>, direction: Direction) -> Suspects {
        let (met, back) = (Places::met(direction), Places::met_by_replies(direction));
        let moved = |turn| Places::met_moved(direction, turn);
        let moves = self.moves(direction);
        let whole: Vec<PacketBox> = match found.all.meets(moved(Turn::Filter)) {
            true => moves.iter().map(|m| m.space.clone()).collect(),
            false => Vec::new(),
        };
        let first = match found.all.meets(met) {
            true => Packets::All,
            false => {
                let mut boxes = whole.clone();
                for s in &found.rules {
                    let own = || open(s, |c| c.space.state.0 & FIRST.0 != 0);
                    if s.places.meets(met) {
                        boxes.extend(own());
                    }
                    if s.places.meets(moved(s.turn)) {
                        boxes.extend(own().flat_map(|b| before(moves, &b)));
                    }
                }
                Packets::Boxes(self.told(boxes))
            }
        };
        let later = match found.all.meets(met) || found.all.meets(back) {
            _ if !self.converses => Packets::Boxes(Vec::new()),
            true => Packets::All,
            false => {
                let mut boxes = whole;
                // Rules that translate see first packets alone.
                for s in found.rules.iter().filter(|s| s.turn != Turn::Nat) {
                    let counts =
                        |c: &Clause| !self.tracks || c.space.state.0 & !StateSet::NEW.0 != 0;
                    for b in open(s, counts) {
                        let reply = self.turned(&b, s.turn);
                        if s.places.meets(moved(s.turn)) {
                            boxes.extend(before(moves, &b));
                        }
                        boxes.extend(before(moves, &reply));
                        if s.places.meets(met) {
                            boxes.push(b);
                        }
                        if s.places.meets(back) {
                            boxes.push(reply);
                        }
                    }
                }
                Packets::Boxes(self.told(boxes))
            }
        };
        Suspects { first, later }
    }

    /// Those of the family, each once.
    fn told(&self, mut boxes: Vec<PacketBox>) -> Vec<PacketBox> {
        let mut seen = FxHashSet::default();
        for b in &mut boxes {
            b.src = b.src.only(self.family);
            b.dst = b.dst.only(self.family);
        }
        boxes.retain(|b| !b.is_empty() && seen.insert(b.clone()));
        boxes
    }

    /// The packets that packets of a box are the replies to.
    fn turned(&self, b: &PacketBox, turn: Turn) -> PacketBox {
        // A reply to a hidden sender is for another address until that is given back.
        let hidden = turn == Turn::Early && self.hides;
        PacketBox {
            src: if hidden {
                AddrSet::any()
            } else {
                b.dst.clone()
            },
            dst: b.src.clone(),
            sport: if hidden {
                PortSet::full()
            } else {
                b.dport.clone()
            },
            dport: b.sport.clone(),
            in_iface: b.out_iface.clone(),
            out_iface: b.in_iface.clone(),
            ..b.clone()
        }
    }

    /// The packets that are moved to elsewhere and count in a direction: what a host may be the destination of counts as
    /// packets to it.
    fn moves(&self, direction: Direction) -> &[Move<'_>] {
        match direction == Direction::Forward && !self.own {
            true => &[],
            false => &self.moves,
        }
    }
}

/// The packets that rules move to elsewhere and that may then be in a box.
fn before(moves: &[Move<'_>], then: &PacketBox) -> Vec<PacketBox> {
    let one = |m: &Move<'_>| {
        let misses = m.addrs.is_some_and(|a| !a.intersects(&then.dst))
            || m.ports.is_some_and(|p| !p.intersects(&then.dport));
        let whole = PacketBox {
            dst: AddrSet::any(),
            dport: match m.ports {
                Some(_) => PortSet::full(),
                None => then.dport.clone(),
            },
            out_iface: IfaceSet::full(),
            ..then.clone()
        };
        let from = PacketBox {
            flags: FlagSet::FULL,
            state: StateSet::FULL,
            ..m.space.clone()
        };
        (!misses).then(|| whole.intersect(&from))
    };
    let each = moves.iter().filter_map(one);
    each.filter(|b| !b.is_empty()).collect()
}

/// States of packets that are the first ones of a connection, or of none.
const FIRST: StateSet = StateSet::NEW
    .union(StateSet::INVALID)
    .union(StateSet::UNTRACKED);

/// What some clauses of a rule match, whatever the state and the flags of packets.
fn open(s: &Stray<'_>, counts: impl Fn(&Clause) -> bool) -> impl Iterator<Item = PacketBox> {
    let clauses = s.rule.clauses.iter().filter(move |c| counts(c));
    let boxes: Vec<PacketBox> = clauses
        .map(|c| PacketBox {
            flags: FlagSet::FULL,
            state: StateSet::FULL,
            ..c.space.clone()
        })
        .collect();
    boxes.into_iter()
}

fn rules(n: &Netfilter) -> impl Iterator<Item = &Rule> {
    let chains = n.tables().iter().flat_map(|t| &t.chains);
    chains.flat_map(|c| &c.rules).filter(acts)
}

fn untracks(n: &Netfilter) -> bool {
    rules(n).any(|r| r.does(|a| *a == Action::Notrack))
}

fn is_nat(a: &Action, kinds: &[NatKind]) -> bool {
    matches!(a, Action::Nat(n) if kinds.contains(&n.kind))
}

/// Whether a rule hides senders.
fn hides(n: &Netfilter) -> bool {
    rules(n).any(|r| r.does(|a| is_nat(a, &[NatKind::Snat, NatKind::Masquerade])))
}

/// What of a netfilter's packets is sent to elsewhere.
fn moving(n: &Netfilter) -> impl Iterator<Item = Move<'_>> {
    let parts = rules(n).flat_map(Rule::parts);
    parts.flat_map(|(clauses, action)| {
        let nat = match action {
            Action::Nat(nat) => Some(&**nat),
            _ => None,
        };
        let nat = nat.filter(|n| !matches!(n.kind, NatKind::Snat | NatKind::Masquerade));
        let of = |nat: &'_ Nat| nat.kind == NatKind::Dnat;
        let all = nat
            .into_iter()
            .flat_map(move |n| clauses.iter().map(move |c| (n, c)));
        all.map(move |(n, c)| Move {
            space: &c.space,
            addrs: n.addrs.as_ref().filter(|_| of(n)),
            ports: n.ports.as_ref(),
        })
    })
}
