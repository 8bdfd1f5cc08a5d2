//! Whole conversations: the first packets of a flow, the replies, and what both sides send then.
//!
//! Each packet is asked about in the state that connection tracking gives it after those before. What one leaves open about
//! the peer, and how addresses were translated, is the same for all.

use super::context::Context;
use super::ends::{End, Ends};
use super::evaluate::evaluate_from;
use super::followed::{assume, followed, hull, push};
use super::marks::Mark;
use super::outcome::{Branch, Decider, Effect, Reason, Stage};
use super::packets::{family, of_one};
use super::past::{Asked, Past, is_elsewhere, translated};
use super::process::LocalPolicy;
use super::sets::PointId;
use super::trail::{Known, Moved, Start, Trail};
use super::verdict::{Cuts, Judgement};
use hylint_model::{Body, Condition, Direction};
use hylint_space::{AddrSet, FlagSet, PacketBox, StateSet, TcpFlags, class, proto};
use smallvec::SmallVec;

/// Questions that one conversation may cost.
const QUESTIONS: usize = 128;
/// Branches up to which an answer is kept for conversations that come to the same state.
const KEPT: usize = 256;

const SYN_ACK: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0);
const PUSH_ACK: TcpFlags = TcpFlags(TcpFlags::PSH.0 | TcpFlags::ACK.0);

/// Pushes the conversations that first packets begin through the united points of one layer. Branches are of the first
/// packets; of one that does not pass, [`Branch::stage`] says which packet of the conversation was stopped.
///
/// `back` says how conditions about a process count for the replies. Points that keep state by themselves let a conversation
/// through whose first packet passes.
#[must_use]
pub fn converse<'a>(
    ctx: &Context<'a>,
    back: LocalPolicy<'a>,
    points: &[PointId],
    direction: Direction,
    query: &PacketBox,
) -> Vec<Branch<'a>> {
    let tcp = query.proto.contains(proto::TCP);
    let first = points.iter().find_map(|at| ctx.sets.point(*at));
    let last = match first.map(|p| (&p.body, p.stateful)) {
        Some((Body::Netfilter(_), _)) if tcp => 9,
        Some((Body::Netfilter(_), _)) => 5,
        // Without states and flags later packets are the same as the first two.
        Some((Body::Lists(_), false)) => 1,
        _ => 0,
    };
    let mut talk = Talk {
        there: *ctx,
        back: Context {
            policy: back,
            ..*ctx
        },
        points,
        direction,
        tcp,
        stateful: last > 1,
        last,
        questions: 0,
        answered: Vec::new(),
    };
    talk.ask(0, query, &Past::new(tcp))
}

/// What does not change during a conversation.
struct Talk<'c, 'a> {
    there: Context<'a>,
    back: Context<'a>,
    points: &'c [PointId],
    direction: Direction,
    tcp: bool,
    stateful: bool,
    /// Number of the last packet.
    last: usize,
    questions: usize,
    /// What became of conversations that had come to the same state.
    answered: Vec<Answered<'a>>,
}

/// What becomes of conversations from a packet on.
struct Answered<'a> {
    number: usize,
    of: PacketBox,
    past: Past<'a>,
    branches: Vec<Branch<'a>>,
}

/// A question of a conversation.
struct Question {
    number: usize,
    direction: Direction,
    packets: PacketBox,
    asked: Asked,
}

impl<'a> Talk<'_, 'a> {
    /// What becomes of conversations from the packet with this number on. Branches are of the first packets `of`.
    fn ask(&mut self, number: usize, of: &PacketBox, past: &Past<'a>) -> Vec<Branch<'a>> {
        let known = |a: &&Answered<'a>| a.number == number && a.of == *of && a.past.is_same(past);
        if let Some(a) = self.answered.iter().find(known) {
            return a.branches.clone();
        }
        let branches = self.put_on(number, of, past);
        if self.stateful && number > 0 && branches.len() <= KEPT {
            self.answered.push(Answered {
                number,
                of: of.clone(),
                past: past.clone(),
                branches: branches.clone(),
            });
        }
        branches
    }

    /// Puts the question about a packet, and those about the packets behind it.
    fn put_on(&mut self, number: usize, of: &PacketBox, past: &Past<'a>) -> Vec<Branch<'a>> {
        let mut q = self.question(number, of, past);
        self.questions += 1;
        if self.questions > QUESTIONS {
            return vec![self.gives_up(of, q.stage())];
        }
        let mut branches = self.put(&q, of, past);
        if number > 0
            && let Some(trail) = all_pass(&branches)
            && self.broken(&q, of, past, trail).is_none()
        {
            let asked = Asked {
                alike: true,
                ..q.asked.clone()
            };
            let past = past.after(number, Some(asked), trail);
            return self.go_on(number, of, &past, branches);
        }
        // What is sent later was asked with it, as most often all of that passes alike.
        let one = self.exactly(number);
        if number > 0 && self.stateful && q.asked.flags != one {
            q.asked.flags = one;
            q.packets.flags = one;
            drop(branches);
            branches = self.put(&q, of, past);
        }
        self.sorted(&q, of, past, branches)
    }

    /// Puts a question.
    fn put(&self, q: &Question, of: &PacketBox, past: &Past<'a>) -> Vec<Branch<'a>> {
        let start = (q.number > 0 && self.stateful).then(|| self.start(q, of, past));
        let ctx = if q.asked.back {
            &self.back
        } else {
            &self.there
        };
        let (at, way) = (self.points, q.direction);
        evaluate_from(ctx, at, way, &q.packets, start.as_ref(), None)
    }

    /// All packets of a question passed alike: asks the next one, or lets them pass.
    fn go_on(
        &mut self,
        number: usize,
        of: &PacketBox,
        past: &Past<'a>,
        branches: Vec<Branch<'a>>,
    ) -> Vec<Branch<'a>> {
        let mut assumed: SmallVec<[&'a Condition; 1]> = SmallVec::new();
        for b in &branches {
            assume(&mut assumed, &b.assumed);
        }
        let mut out = match self.next(number, past) {
            Some((next, past)) => self.ask(next, of, &past),
            None => branches
                .into_iter()
                .take(1)
                .map(|b| Branch {
                    space: of.clone(),
                    trail: None,
                    alone: true,
                    ..b
                })
                .collect(),
        };
        for b in &mut out {
            assume(&mut b.assumed, &assumed);
        }
        out
    }

    /// The branches of a question as branches of first packets; those that pass are followed.
    fn sorted(
        &mut self,
        q: &Question,
        of: &PacketBox,
        past: &Past<'a>,
        branches: Vec<Branch<'a>>,
    ) -> Vec<Branch<'a>> {
        // Where a destination may have been moved to one of several, what is stopped at one of them may not be at another.
        let stopped: Vec<PacketBox> =
            if q.number > 0 && past.moved.as_ref().is_none_or(Moved::is_one) {
                let denied = Judgement::of(&branches).denied;
                denied.iter().map(|b| first_of(b, q, of, past)).collect()
            } else {
                Vec::new()
            };
        let stopped = Cuts::new(&stopped);
        let mut out = Vec::new();
        let mut groups: Vec<(Option<Box<Trail<'a>>>, Vec<Branch<'a>>)> = Vec::new();
        for mut b in branches {
            b.stage = q.stage();
            if q.number > 0 {
                b.space = first_of(&b.space, q, of, past);
            }
            if b.effect != Effect::Allow {
                push(&mut out, b, &stopped);
                continue;
            }
            let trail = b.trail.take();
            if let Some(effect) = self.broken(q, of, past, trail.as_deref()) {
                b.effect = effect;
                b.alone = false;
                out.push(b);
            } else {
                match groups.iter_mut().find(|(t, _)| *t == trail) {
                    Some((_, group)) => group.push(b),
                    None => groups.push((trail, vec![b])),
                }
            }
        }
        let several = groups.len() > 1;
        for (trail, group) in groups {
            let asked = (!several).then(|| q.asked.clone());
            let mut past = past.after(q.number, asked, trail.as_deref());
            past.masked &= self.direction != Direction::Out || self.has_several(of);
            let Some((next, past)) = self.next(q.number, &past) else {
                group.into_iter().for_each(|b| push(&mut out, b, &stopped));
                continue;
            };
            let hull = hull(&group, of, several || trail.is_some());
            let later = self.ask(next, &hull, &past);
            for b in followed(group, later) {
                push(&mut out, b, &stopped);
            }
        }
        out
    }

    /// The next packet about which something else may be said than about those before.
    fn next(&self, number: usize, past: &Past<'a>) -> Option<(usize, Past<'a>)> {
        let mut past = past.clone();
        for n in number + 1..=self.last {
            let asked = self.asked(n, &past);
            let same = past.asked.iter().find(|a| {
                a.back == asked.back
                    && a.state == asked.state
                    && a.connmark == asked.connmark
                    && self.exactly(n).0 & !a.flags.0 == 0
            });
            match same {
                Some(a) => {
                    past.tracking = past.tracking.after(n, a.untracked);
                    past.connmark = a.left;
                }
                None => return Some((n, past)),
            }
        }
        None
    }

    /// The flags of a packet.
    fn exactly(&self, number: usize) -> FlagSet {
        match (self.tcp, number) {
            (false, _) => FlagSet::FULL,
            (_, 0) => FlagSet::exactly(TcpFlags::SYN),
            (_, 1) => FlagSet::exactly(SYN_ACK),
            (_, n) if n % 2 == 0 => FlagSet::exactly(TcpFlags::ACK),
            _ => FlagSet::exactly(PUSH_ACK),
        }
    }

    /// What is asked about the packet with this number, and about those behind it that may be asked with it.
    fn asked(&self, number: usize, past: &Past<'a>) -> Asked {
        let back = past.tracking.goes_back(number);
        let later = [TcpFlags::ACK, PUSH_ACK].map(FlagSet::exactly);
        let later = later.iter().fold(0, |all, f| all | f.0);
        let known = past.tracking.is_reply(back).is_some();
        let flags = match (self.tcp, number) {
            (true, n) if n > 1 => FlagSet(later),
            // An answer to a SYN that is tracked, and all that follows it, are in one state.
            (true, 1) if known => FlagSet(self.exactly(1).0 | later),
            (_, n) => self.exactly(n),
        };
        let state = if self.stateful {
            let state = past.tracking.state(number);
            let tracked = state.0 & StateSet::TRACKED.0 != 0;
            translated(state, past, known && tracked)
        } else {
            StateSet::FULL
        };
        Asked {
            back,
            state,
            connmark: if known {
                past.connmark
            } else {
                Mark::exactly(0)
            },
            flags,
            untracked: false,
            left: past.connmark,
            alike: false,
        }
    }

    fn question(&self, number: usize, of: &PacketBox, past: &Past<'a>) -> Question {
        if number == 0 {
            let asked = Asked {
                back: false,
                state: of.state,
                connmark: Mark::exactly(0),
                flags: of.flags,
                untracked: false,
                left: past.connmark,
                alike: false,
            };
            return Question {
                number,
                direction: self.direction,
                packets: of.clone(),
                asked,
            };
        }
        let asked = self.asked(number, past);
        let mut packets = PacketBox {
            flags: asked.flags,
            state: asked.state,
            ..of.clone()
        };
        if asked.back {
            std::mem::swap(&mut packets.src, &mut packets.dst);
            std::mem::swap(&mut packets.sport, &mut packets.dport);
            std::mem::swap(&mut packets.in_iface, &mut packets.out_iface);
            if let Some(m) = &past.moved {
                packets.src = m.addrs.clone();
                packets.sport = m.ports.clone();
                if let Some(out) = &m.out {
                    packets.in_iface = out.clone();
                }
            }
        }
        let on = past.moved.as_ref().map(|m| m.on);
        let direction = match (asked.back, self.direction, on) {
            (false, d, _) => d,
            (true, Direction::In, Some(true)) => Direction::Forward,
            (true, Direction::Forward, Some(false)) | (true, Direction::In, _) => Direction::Out,
            (true, Direction::Out, _) => Direction::In,
            (true, Direction::Forward, _) => Direction::Forward,
        };
        Question {
            number,
            direction,
            packets,
            asked,
        }
    }

    fn start(&self, q: &Question, of: &PacketBox, past: &Past<'a>) -> Start<'a> {
        let behind = (past.masked && q.asked.back).then(|| self.shown(of));
        let known = past.tracking.is_reply(q.asked.back);
        let shown = behind.as_ref().filter(|_| known.is_some());
        let ends = Self::ends(q, of, past, shown);
        let known = known.map(|reply| {
            let moved = past.moved.as_ref();
            Box::new(Known {
                reply,
                dst: moved.filter(|_| !q.asked.back).cloned(),
                src: moved
                    .filter(|_| q.asked.back)
                    .map(|_| (of.dst.clone(), of.dport.clone())),
                behind,
                shown: None,
                was_behind: false,
            })
        });
        Start {
            ends,
            connmark: q.asked.connmark,
            facts: past.facts.clone(),
            known,
        }
    }

    /// Whose the addresses of a question's packets are, whose sender is `shown` to the other side by an address of this host.
    fn ends(q: &Question, of: &PacketBox, past: &Past<'a>, shown: Option<&AddrSet>) -> Ends {
        let first = Ends::of(of);
        if !q.asked.back {
            return first;
        }
        let src = past.moved.as_ref().map_or(first.dst, |m| m.end);
        let dst = shown.map_or(End::SENDER, |own| End::shown(own, &q.packets.src, src));
        Ends { src, dst }
    }

    /// Whether this host has several addresses. If it has one, what it sends itself is hidden behind this one, which is no
    /// change.
    fn has_several(&self, of: &PacketBox) -> bool {
        let own = self.there.local.only(family(of));
        own.v4.count() + own.v6.count() > 1
    }

    /// The addresses that a peer may be shown instead of the source: this host's own, whichever it is.
    fn shown(&self, of: &PacketBox) -> AddrSet {
        let family = family(of);
        let own = self.there.local.only(family);
        if own.has(family) {
            own
        } else {
            of_one().subtract(class::loopback()).only(family)
        }
    }

    /// What becomes of a conversation if translation breaks it: it changed some of its packets and not the others.
    fn broken(
        &self,
        q: &Question,
        of: &PacketBox,
        past: &Past<'a>,
        trail: Option<&Trail<'a>>,
    ) -> Option<Effect> {
        if q.number == 0 || !self.stateful {
            return None;
        }
        let moved = trail.is_some_and(|t| is_elsewhere(t.moved.as_ref()));
        let was_moved = is_elsewhere(past.moved.as_ref());
        let unmasked = trail.is_some_and(|t| t.unmasked);
        let untracked = trail.is_some_and(|t| t.untracked);
        let masked = q.asked.back && trail.is_some_and(|t| t.masked);
        // The peer waits for an answer from the address that it asked.
        let elsewhere = if q.asked.back {
            moved || was_moved && !unmasked
        } else {
            moved != was_moved
        };
        let hidden = past.masked && untracked
            || masked && (self.direction == Direction::Forward || self.has_several(of));
        // Which of its own addresses a host is hidden behind, no rule says: it may be this one.
        let own = match self.direction {
            Direction::Out => past.masked,
            Direction::In => masked,
            Direction::Forward => false,
        };
        match (elsewhere, hidden) {
            (true, _) => Some(Effect::Deny),
            (_, true) if own => Some(Effect::Unknown),
            (_, true) => Some(Effect::Deny),
            _ => None,
        }
    }

    fn gives_up(&self, of: &PacketBox, stage: Stage) -> Branch<'a> {
        Branch {
            space: of.clone(),
            effect: Effect::Unknown,
            by: Decider::Nothing {
                at: self.points.first().copied().unwrap_or_default(),
                reason: Reason::Budget,
            },
            conditions: SmallVec::new(),
            assumed: SmallVec::new(),
            narrowed: false,
            own_network: false,
            passed: Vec::new(),
            alone: false,
            stage,
            state: of.state,
            onward: None,
            source: None,
            facts: SmallVec::new(),
            trail: None,
        }
    }
}

impl Question {
    fn stage(&self) -> Stage {
        match self.number {
            0 => Stage::Request,
            1 => Stage::Reply,
            _ if self.asked.back => Stage::NextReply,
            _ => Stage::NextRequest,
        }
    }
}

/// The trail of packets that all pass, whatever is open, and all leave the same.
fn all_pass<'b, 'a>(branches: &'b [Branch<'a>]) -> Option<Option<&'b Trail<'a>>> {
    let first = branches.first()?;
    let alike = |b: &Branch<'a>| {
        b.effect == Effect::Allow && b.conditions.is_empty() && b.trail == first.trail
    };
    branches.iter().all(alike).then_some(first.trail.as_deref())
}

/// The first packets of the conversations that packets of a question belong to.
fn first_of(b: &PacketBox, q: &Question, of: &PacketBox, past: &Past<'_>) -> PacketBox {
    let mut first = PacketBox {
        flags: of.flags,
        state: of.state,
        ..b.clone()
    };
    if !q.asked.back {
        return first;
    }
    std::mem::swap(&mut first.src, &mut first.dst);
    std::mem::swap(&mut first.sport, &mut first.dport);
    std::mem::swap(&mut first.in_iface, &mut first.out_iface);
    if let Some(m) = &past.moved {
        first.dst = of.dst.clone();
        first.dport = of.dport.clone();
        if m.out.is_some() {
            first.out_iface = of.out_iface.clone();
        }
    }
    first
}
