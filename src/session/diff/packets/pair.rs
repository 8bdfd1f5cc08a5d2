//! Asks both sides about packets.

use super::side::{Asked, Side};
use super::universe::{Kind, first_packets};
use crate::rules::matrix::Requirement;
use crate::session::trace::Processes;
use hylint_engine::{
    Change, Cuts, Direction, Effect, Packets, Process, Seen, changes, subtract_all, suspects,
};
use hylint_model::{ConditionKind, Profiles};
use hylint_space::{AddrSet, Family, PacketBox, PortSet, ProtoSet, class, proto};
use std::collections::BTreeSet;

/// Packets of one direction that are decided otherwise.
pub(super) struct Differing<'a> {
    pub direction: Direction,
    pub change: Change<'a, 'a>,
    /// First packets are decided as before, later ones of their conversations are not.
    pub established: bool,
}

impl Differing<'_> {
    /// The packets that are in none of these boxes.
    pub(super) fn without(self, known: &Cuts<'_>) -> Vec<Self> {
        let left = known.left(&self.change.space);
        let one = |space| Self {
            change: Change {
                space,
                ..self.change.clone()
            },
            ..self
        };
        left.into_iter().map(one).collect()
    }
}

/// How often conversations that are open on one side are looked at more closely.
const CLOSER: usize = 3;

/// Every direction.
pub(super) const WAYS: [Direction; 3] = [Direction::In, Direction::Out, Direction::Forward];

/// Boxes up to which each is compared with each.
const FEW: usize = 512;

/// What both sides are asked about.
pub(super) struct Pair<'p, 'a> {
    pub old: &'a Side<'a>,
    pub new: &'a Side<'a>,
    pub rows: &'a [Requirement],
    pub profiles: &'p [Vec<Profiles>; 2],
    pub family: Family,
}

impl<'a> Pair<'_, 'a> {
    /// What is decided otherwise in these profiles.
    pub(super) fn differing(&self) -> Vec<Differing<'a>> {
        let mut out = Vec::new();
        let forwards = self.old.forwards() || self.new.forwards();
        for (direction, [first, later]) in self.suspects() {
            let goes = forwards || direction != Direction::Forward;
            if !goes || first.is_empty() && later.is_empty() {
                continue;
            }
            for kind in first_packets(self.family) {
                let kind = self.of_host(kind, direction);
                let mut asked: Vec<PacketBox> = Vec::new();
                for (boxes, first) in [(&first, true), (&later, false)] {
                    if !first && !kind.conversed {
                        continue;
                    }
                    // Boxes may overlap, and each packet is asked about once.
                    for b in boxes {
                        let here = b.intersect(&kind.packets);
                        let new = match asked.len() {
                            0..FEW => subtract_all(std::slice::from_ref(&here), &asked),
                            _ => vec![here.clone()],
                        };
                        for q in new.iter().filter(|q| !q.is_empty()) {
                            let asked = Asked {
                                direction,
                                process: Process::Unknown,
                                whole: false,
                                ordinary: false,
                            };
                            out.extend(self.put_to_all(q, (first, kind.conversed), asked));
                        }
                        if !here.is_empty() {
                            asked.push(here);
                        }
                    }
                }
            }
        }
        out
    }

    /// By direction, the first packets that may be decided otherwise, and those that begin conversations that may.
    fn suspects(&self) -> Vec<(Direction, [Vec<PacketBox>; 2])> {
        let (old, new, [p, q]) = (self.old, self.new, self.profiles);
        let insides = |s: &Side<'_>| -> Vec<AddrSet> {
            s.layers.iter().map(|(_, inside)| inside.clone()).collect()
        };
        if p != q || insides(old) != insides(new) {
            return WAYS
                .map(|d| (d, [vec![PacketBox::any()], Vec::new()]))
                .into();
        }
        let mut all = WAYS.map(|d| (d, [Vec::new(), Vec::new()]));
        for profile in p {
            let (x, y) = (old.context(*profile), new.context(*profile));
            for ((a, _), (b, _)) in old.layers.iter().zip(&new.layers) {
                let of = suspects((&x, a), (&y, b), self.family);
                for ((_, [first, later]), (_, found)) in all.iter_mut().zip(of) {
                    first.push(found.first);
                    later.push(found.later);
                }
            }
        }
        let told = all.map(|(d, parts)| (d, parts.map(boxes)));
        told.into()
    }

    /// The packets of a kind that go one way at this host: to its own addresses, from them, or past it.
    fn of_host(&self, kind: Kind, direction: Direction) -> Kind {
        let own = self
            .old
            .target
            .own
            .union(&self.new.target.own)
            .only(self.family);
        if own.is_empty() {
            return kind;
        }
        let mut packets = kind.packets;
        match direction {
            // No connection is made to many at once.
            Direction::In if packets.proto.only() == Some(proto::TCP) => {
                packets.dst = packets.dst.intersect(&own);
            }
            Direction::In => packets.dst = packets.dst.intersect(&with_many(&own)),
            Direction::Out => packets.src = packets.src.intersect(&own),
            Direction::Forward => packets.dst = packets.dst.subtract(&own),
        }
        Kind { packets, ..kind }
    }

    /// Puts packets to the process that is expected behind their port, and then to any other.
    fn put_to_all(&self, q: &PacketBox, how: (bool, bool), asked: Asked<'a>) -> Vec<Differing<'a>> {
        let mut out: Vec<Differing<'a>> = Vec::new();
        for (q, process) in self.by_process(q, asked.direction) {
            let met = self.put(&q, how, Asked { process, ..asked });
            let known: Vec<PacketBox> = out.iter().map(|d| d.change.space.clone()).collect();
            let known = Cuts::new(&known);
            let more: Vec<_> = met.into_iter().flat_map(|d| d.without(&known)).collect();
            out.extend(more);
        }
        out
    }

    /// Packets by the process that is expected behind their port, where rules ask for processes, and then all of them by any
    /// process.
    fn by_process(&self, q: &PacketBox, direction: Direction) -> Vec<(PacketBox, Process<'a>)> {
        let asks = |s: &Side<'_>| {
            s.points()
                .any(|p| p.kind.has_profiles() && Processes::matter(p, direction, q))
        };
        if !asks(self.old) && !asks(self.new) {
            return vec![(q.clone(), Process::Unknown)];
        }
        let processes = Processes {
            rows: self.rows,
            ..Processes::default()
        };
        let ports = self
            .rows
            .iter()
            .flat_map(|r| r.ports.iter().map(|p| (r.transport.number(), *p)));
        let ports: BTreeSet<(u8, u16)> = ports.collect();
        let mut out = Vec::new();
        for (protocol, port) in ports {
            let Some((listener, _)) = processes.expected(protocol, port, direction) else {
                continue;
            };
            let one = PacketBox {
                proto: ProtoSet::single(protocol),
                dport: PortSet::single(port),
                ..PacketBox::any()
            };
            let here = q.intersect(&one);
            if !here.is_empty() {
                out.push((here, Process::Expected(listener)));
            }
        }
        out.push((q.clone(), Process::Unknown));
        out
    }

    /// Puts packets to both sides: as first ones, if they may be decided otherwise, and as whole conversations.
    fn put(
        &self,
        q: &PacketBox,
        (first, conversed): (bool, bool),
        asked: Asked<'a>,
    ) -> Vec<Differing<'a>> {
        let first = match first {
            true => self.first(q, &asked),
            false => Vec::new(),
        };
        let spaces: Vec<PacketBox> = first.iter().map(|c| c.space.clone()).collect();
        let of = |change, established| Differing {
            direction: asked.direction,
            change,
            established,
        };
        let mut out: Vec<Differing<'a>> = first.into_iter().map(|c| of(c, false)).collect();
        if conversed && (self.old.has_more_to_say() || self.new.has_more_to_say()) {
            let asked = Asked {
                whole: true,
                ..asked
            };
            let known = Cuts::new(&spaces);
            let met = self.conversations(q, &known, &asked, CLOSER);
            out.extend(met.into_iter().map(|c| of(c, true)));
        }
        out.retain_mut(|d| self.counts(d));
        out
    }

    /// First packets that are decided otherwise. Where all that is open are rates and processes that both sides ask for, what
    /// becomes of a sender's first packets to an ordinary process tells what the change does.
    fn first(&self, q: &PacketBox, asked: &Asked<'a>) -> Vec<Change<'a, 'a>> {
        let mut out = Vec::new();
        let fresh = Asked {
            ordinary: true,
            ..*asked
        };
        for c in self.answers(q, asked) {
            if !self.is_shared(&c) {
                out.push(c);
                continue;
            }
            let known = self.answers(&c.space, &fresh);
            let spaces: Vec<PacketBox> = known.iter().map(|k| k.space.clone()).collect();
            let left = subtract_all(std::slice::from_ref(&c.space), &spaces);
            out.extend(left.into_iter().map(|space| Change { space, ..c.clone() }));
            out.extend(known.into_iter().map(|k| under(k, &c)));
        }
        out
    }

    /// Whether something is open, and it is rates and processes alone that rules of both sides ask for.
    fn is_shared(&self, c: &Change<'a, 'a>) -> bool {
        let (Some(a), Some(b)) = (&c.old.incidental, &c.new.incidental) else {
            return false;
        };
        let of = |s: &Side<'a>, texts: &BTreeSet<&str>| texts.iter().all(|t| s.asks(t));
        !(a.is_empty() && b.is_empty()) && of(self.new, a) && of(self.old, b)
    }

    /// What becomes of packets on both sides, where it differs.
    fn answers(&self, q: &PacketBox, asked: &Asked<'a>) -> Vec<Change<'a, 'a>> {
        let [p, r] = self.profiles;
        let old = self.old.answer(q, p, asked);
        let new = self.new.answer(q, r, asked);
        changes(&old, &new)
    }

    /// Conversations whose first packets are decided alike and that end otherwise. Of many at once, the engine may take more
    /// to be open than is: what is open on one side is asked about again by itself.
    fn conversations(
        &self,
        q: &PacketBox,
        known: &Cuts<'_>,
        asked: &Asked<'a>,
        more: usize,
    ) -> Vec<Change<'a, 'a>> {
        let mut out = Vec::new();
        for c in self.answers(q, asked) {
            for space in known.left(&c.space) {
                let open = [c.old.effect, c.new.effect].contains(&Effect::Unknown);
                if open && more > 0 && space != *q {
                    out.extend(self.conversations(&space, known, asked, more - 1));
                } else {
                    out.push(Change { space, ..c.clone() });
                }
            }
        }
        out
    }

    /// Whether packets count here: what a translation moves counts as packets to this host, once.
    fn counts(&self, d: &mut Differing<'_>) -> bool {
        let moved = d.change.old.onward.is_some() || d.change.new.onward.is_some();
        if d.direction == Direction::Forward && moved {
            let known = |s: &Side<'_>| s.target.own.has(self.family);
            d.direction = Direction::In;
            return known(self.old) || known(self.new);
        }
        true
    }
}

/// The same change with the rates under which it is so.
fn under<'a>(mut k: Change<'a, 'a>, c: &Change<'a, 'a>) -> Change<'a, 'a> {
    let rates = |s: &Seen<'a>| {
        let all = s.conditions.iter().copied();
        all.filter(|c| c.kind == ConditionKind::Rate).collect()
    };
    k.old.conditions = rates(&c.old);
    k.new.conditions = rates(&c.new);
    k
}

/// The packets of all, each held by one of few boxes.
fn boxes(all: Vec<Packets>) -> Vec<PacketBox> {
    let mut boxes: Vec<PacketBox> = Vec::new();
    for p in all {
        match p {
            Packets::All => return vec![PacketBox::any()],
            Packets::Boxes(b) => boxes.extend(b),
        }
    }
    // Large ones first: what they hold needs no question of its own.
    let size = |b: &PacketBox| b.src.v4.count().saturating_add(b.dst.v4.count());
    boxes.sort_by_cached_key(|b| std::cmp::Reverse(size(b)));
    let mut out: Vec<PacketBox> = Vec::new();
    for b in boxes {
        if out.len() > FEW || !out.iter().any(|o| b.is_subset(o)) {
            out.push(b);
        }
    }
    out
}

/// Addresses of a host, with those of many that it listens to.
fn with_many(own: &AddrSet) -> AddrSet {
    let broadcast = AddrSet::parse("255.255.255.255").unwrap_or_default();
    let family = if own.v4.is_empty() {
        Family::V6
    } else {
        Family::V4
    };
    own.union(&class::multicast().union(&broadcast).only(family))
}
