//! What differs, in few boxes.

use super::pair::Differing;
use super::side::Side;
use super::told;
use super::universe::{projected, state_of};
use crate::finding::DeciderKind;
use crate::finding::difference::{ChangeKind, Decision, Envelope, PacketChange, PacketVerdict};
use crate::finding::outcome::Evidence;
use crate::lints::place;
use crate::session::diff::envelope::{Flows, Target};
use crate::session::diff::sides::Shown;
use hylint_engine::{Decider, Direction, Effect, Onward, Seen, grown};
use hylint_space::{AddrSet, Family, IfaceSet, PacketBox, PortSet, ProtoSet, merged, proto};
use std::collections::BTreeMap;

/// What goes for all boxes of a pair.
pub(super) struct Telling<'a> {
    pub host: Option<&'a str>,
    pub old: &'a Side<'a>,
    pub new: &'a Side<'a>,
    pub flows: &'a Flows,
    pub shown: &'a Shown,
}

/// Boxes of one kind with the same reasons.
struct Group {
    direction: Direction,
    change: ChangeKind,
    established: bool,
    /// What passes behind and did not before are replies to packets that always passed.
    replies: bool,
    point: String,
    conditions: Vec<String>,
    old: Decision,
    new: Decision,
    /// Where the new side sends them, if that is elsewhere.
    to: Option<To>,
    spaces: Vec<PacketBox>,
}

/// Where packets are sent instead.
enum To {
    /// To another port of this host.
    Here(PortSet),
    /// To somebody else.
    Elsewhere(Target),
}

impl To {
    /// Ports that stay are full.
    fn of(o: &Onward, from: &PacketBox) -> Self {
        let ports = match o.dport == from.dport {
            true => PortSet::full(),
            false => o.dport.clone(),
        };
        match o.through {
            false => Self::Here(ports),
            true => Self::Elsewhere(Target {
                dst: o.dst.clone(),
                ports,
            }),
        }
    }
}

/// Tells what differs: those that open first, then by direction and place.
pub(super) fn tell(t: &Telling<'_>, all: Vec<Differing<'_>>) -> Vec<PacketChange> {
    let mut groups: BTreeMap<(usize, String), Group> = BTreeMap::new();
    for d in all {
        let group = t.group(&d);
        let key = (rank(group.change), group.key());
        let space = projected(d.change.space);
        groups.entry(key).or_insert(group).spaces.push(space);
    }
    let mentioned = if groups.is_empty() {
        IfaceSet::empty()
    } else {
        t.old.mentioned().union(&t.new.mentioned())
    };
    let mut out = Vec::new();
    for (_, mut g) in groups {
        let spaces = std::mem::take(&mut g.spaces);
        for family in Family::BOTH {
            let own = spaces.iter().map(|b| of_family(b, family)).collect();
            let each = merged(own).into_iter().map(projected).collect();
            out.extend(grown(each).iter().map(|b| t.change(&g, b, &mentioned)));
        }
    }
    out
}

fn rank(kind: ChangeKind) -> usize {
    ChangeKind::EACH
        .iter()
        .position(|k| *k == kind)
        .unwrap_or(0)
}

fn of_family(b: &PacketBox, family: Family) -> PacketBox {
    PacketBox {
        src: b.src.only(family),
        dst: b.dst.only(family),
        ..b.clone()
    }
}

impl Group {
    /// The same text for boxes that may be told together.
    fn key(&self) -> String {
        let of = |d: &Decision| {
            let at = d.evidence.place.as_ref();
            let at = at.map(|p| format!("{}:{:08}:{:06}", p.path, p.start.line, p.start.column));
            let (rule, kind) = (&d.evidence.rule, d.evidence.kind);
            format!("{at:?} {rule} {kind:?} {:?} {:?}", d.verdict, d.translated)
        };
        let way = match self.direction {
            Direction::In => 0,
            Direction::Out => 1,
            Direction::Forward => 2,
        };
        let (old, new) = (of(&self.old), of(&self.new));
        let established = u8::from(self.established) + u8::from(self.replies);
        format!(
            "{way} {} {new} {old} {:?} {established}",
            self.point, self.conditions
        )
    }
}

/// The same packets to other ports; full: to their own.
fn at_ports(b: &PacketBox, ports: &PortSet) -> PacketBox {
    PacketBox {
        dport: if ports.is_full() {
            b.dport.clone()
        } else {
            ports.clone()
        },
        ..b.clone()
    }
}

/// The packets that go back.
fn reply(b: &PacketBox) -> PacketBox {
    PacketBox {
        src: b.dst.clone(),
        dst: b.src.clone(),
        sport: b.dport.clone(),
        dport: b.sport.clone(),
        in_iface: b.out_iface.clone(),
        out_iface: b.in_iface.clone(),
        ..b.clone()
    }
}

fn opposite(d: Direction) -> Direction {
    match d {
        Direction::In => Direction::Out,
        Direction::Out => Direction::In,
        Direction::Forward => Direction::Forward,
    }
}

/// Whether all of these protocols have ports at both ends that change places in a reply.
fn has_ports(protocols: &ProtoSet) -> bool {
    let with = |n: u8| [proto::TCP, proto::UDP].contains(&n);
    !protocols.is_empty() && protocols.iter().flat_map(|(lo, hi)| lo..=hi).all(with)
}

fn verdict(e: Effect) -> PacketVerdict {
    match e {
        Effect::Allow => PacketVerdict::Allow,
        Effect::Deny => PacketVerdict::Deny,
        Effect::Unknown => PacketVerdict::Conditional,
    }
}

fn kind(old: Effect, new: Effect) -> ChangeKind {
    match (old, new) {
        (Effect::Deny, Effect::Allow) => ChangeKind::Opened,
        (Effect::Allow, Effect::Deny) => ChangeKind::Closed,
        (Effect::Allow, Effect::Allow) => ChangeKind::Redirected,
        _ => ChangeKind::Conditional,
    }
}

impl Telling<'_> {
    fn group(&self, d: &Differing<'_>) -> Group {
        let c = &d.change;
        let (old, new) = (
            self.decision(self.old, &c.old, &c.space, false),
            self.decision(self.new, &c.new, &c.space, true),
        );
        let known = |s: &Seen<'_>| !matches!(s.by, Decider::Nothing { .. });
        let point = match known(&c.new) || !known(&c.old) {
            true => place::point_name(self.new.exports, c.new.by.at()),
            false => place::point_name(self.old.exports, c.old.by.at()),
        };
        let mut conditions: Vec<String> = Vec::new();
        for text in open_in(&c.old).into_iter().chain(open_in(&c.new)) {
            if !conditions.contains(&text) {
                conditions.push(text);
            }
        }
        Group {
            direction: d.direction,
            change: kind(c.old.effect, c.new.effect),
            established: d.established,
            replies: d.established && c.new.effect == Effect::Allow && c.old.stops_replies,
            point,
            conditions,
            old,
            new,
            to: c.new.onward.as_deref().map(|o| To::of(o, &c.space)),
            spaces: Vec::new(),
        }
    }

    fn decision(&self, side: &Side<'_>, s: &Seen<'_>, space: &PacketBox, new: bool) -> Decision {
        let mut evidence: Evidence = match side.is_absent() {
            true => Evidence {
                place: None,
                rule: String::new(),
                kind: DeciderKind::Implicit,
            },
            false => place::evidence(side.exports, &s.by),
        };
        if let Some(place) = evidence.place.as_mut().filter(|_| new) {
            place.path = (self.shown)(&place.path);
        }
        Decision {
            verdict: verdict(s.effect),
            evidence,
            translated: told::translated(space, s.onward.as_deref(), s.source),
        }
    }

    fn change(&self, g: &Group, b: &PacketBox, mentioned: &IfaceSet) -> PacketChange {
        let (state, flags) = match g.established {
            true => (Some("ESTABLISHED"), None),
            false => state_of(b),
        };
        // What passed before for sure, or does not pass behind, opens nothing that an envelope would have to hold.
        let (old, new) = (g.old.verdict, g.new.verdict);
        let narrows = old == PacketVerdict::Allow || new == PacketVerdict::Deny;
        let narrows = narrows && self.flows.kind() != Envelope::None;
        PacketChange {
            host: self.host.map(str::to_owned),
            point: g.point.clone(),
            direction: g.direction,
            change: g.change,
            within: match g.change {
                ChangeKind::Closed => false,
                ChangeKind::Conditional if narrows => true,
                _ => self.within(g, b),
            },
            src: self.end(&b.src, b, g.direction == Direction::Out),
            dst: self.end(&b.dst, b, g.direction == Direction::In),
            proto: told::protocols(&b.proto),
            sport: told::ports(&b.sport),
            dport: told::ports(&b.dport),
            in_iface: told::interfaces(&b.in_iface, mentioned),
            out_iface: told::interfaces(&b.out_iface, mentioned),
            flags: flags.map(str::to_owned),
            state: state.map(str::to_owned),
            conditions: g.conditions.clone(),
            old: g.old.clone(),
            new: g.new.clone(),
        }
    }

    /// Whether packets are in the envelope, and where they are sent too.
    fn within(&self, g: &Group, b: &PacketBox) -> bool {
        let held = |way, b: &PacketBox| self.flows.hold(self.host, way, b);
        match &g.to {
            // Who sent the first packet of a conversation is not what opens: the replies that now pass may be held as packets
            // of their own.
            None => {
                let replies = || held(opposite(g.direction), &reply(b));
                held(g.direction, b) || g.replies && has_ports(&b.proto) && replies()
            }
            Some(To::Elsewhere(to)) if g.direction == Direction::In => {
                self.flows.hold_translated(self.host, b, to)
            }
            Some(To::Elsewhere(to)) => {
                let there = PacketBox {
                    dst: to.dst.clone(),
                    ..at_ports(b, &to.ports)
                };
                held(g.direction, b) && held(g.direction, &there)
            }
            Some(To::Here(ports)) => held(g.direction, b) && held(g.direction, &at_ports(b, ports)),
        }
    }

    /// The addresses of one end. Of this host's own, all are any where none is known, else its addresses. A peer that is any
    /// is told by its family.
    fn end(&self, addrs: &AddrSet, b: &PacketBox, own: bool) -> Vec<String> {
        let family = if b.src.has(Family::V4) {
            Family::V4
        } else {
            Family::V6
        };
        if own {
            if *addrs == AddrSet::any_of(family) {
                return Vec::new();
            }
            let known = self.old.target.own.union(&self.new.target.own).only(family);
            if !known.is_empty() && known.is_subset(addrs) {
                return told::addresses(&known);
            }
        }
        told::addresses(addrs)
    }
}

/// What a verdict depends on, as rules name it.
fn open_in(s: &Seen<'_>) -> Vec<String> {
    let mut out: Vec<String> = s.conditions.iter().map(|c| c.describe()).collect();
    if s.effect != Effect::Unknown {
        return out;
    }
    match s.by {
        Decider::Nothing { reason, .. } => out.push(reason.as_str().to_owned()),
        Decider::Rule { rule, .. } => out.extend(rule.action.opaque().map(str::to_owned)),
        _ => {}
    }
    if s.by_profile {
        out.push("the active profile".to_owned());
    }
    out
}
