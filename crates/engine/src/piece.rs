//! Packets on their way, with what is known of their branch.

use super::ends::{End, Ends};
use super::facts::Fact;
use super::marks::Mark;
use super::outcome::{Branch, Decider, Effect, Onward, Stage};
use super::trail::{Known, Moved, Start, Trail};
use hylint_model::{Condition, Hook, Nat};
use hylint_space::{AddrSet, IfaceSet, PacketBox, PortSet, StateSet};
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;
use std::hash::BuildHasher;

/// Open conditions that weigh as much as a branch of their own: each branch names all that it rests on.
const CONDITIONS: usize = 16;

/// What pieces that a rule took use up of a budget.
pub(super) fn cost(taken: &[Piece<'_>]) -> usize {
    taken
        .iter()
        .map(|p| 1 + p.conditions.len() / CONDITIONS)
        .sum()
}

/// A set of packets on their way, with what is known of their branch.
#[derive(Clone, Debug)]
pub(crate) struct Piece<'a> {
    /// Headers as they are now.
    pub(crate) space: PacketBox,
    /// Whose its addresses are.
    pub(crate) ends: Ends,
    /// Destination as it was sent, once it has been translated.
    pub(crate) sent_to: Option<Box<(AddrSet, PortSet)>>,
    /// Translated to one of this host's own addresses, whichever it is.
    pub(crate) redirected: bool,
    /// The outgoing interface that was asked about, once the new destination has decided another one.
    pub(crate) asked_out: Option<IfaceSet>,
    /// The routing has sent it on, though it was for this host.
    pub(crate) on: bool,
    /// The rule's translation of its source, if one has translated it, or may have.
    pub(crate) masked: Option<&'a Nat>,
    /// What earlier packets of its connection settled.
    pub(crate) known: Option<Box<Known>>,
    /// It is settled whether and how its connection is tracked.
    pub(crate) settled: bool,
    /// A nat chain of the present hook has translated it, and the hook has others.
    pub(crate) bound: bool,
    /// The interface that the present hook knows nothing of, as it was asked about.
    pub(crate) unseen: Option<Unseen>,
    /// Connection state as it was asked about, once translation or NOTRACK has changed it.
    pub(crate) sent_state: Option<StateSet>,
    /// Packet mark.
    pub(crate) mark: Mark,
    /// Connection mark.
    pub(crate) connmark: Mark,
    /// What undecided conditions were taken to be on this path.
    pub(crate) facts: SmallVec<[Fact<'a>; 2]>,
    /// For each clause that was passed over, what it asked that nothing answered. Where an allow asks all of that as well,
    /// the clause would have come first.
    pub(crate) passed: Vec<SmallVec<[&'a Condition; 2]>>,
    /// The undecided conditions of this path.
    pub(crate) conditions: SmallVec<[&'a Condition; 2]>,
    /// The assumed ones.
    pub(crate) assumed: SmallVec<[&'a Condition; 1]>,
    /// Who let it through last.
    pub(crate) by: Option<Decider<'a>>,
    /// That was one of the chains that filter.
    pub(crate) main: bool,
}

/// An interface that a hook's rules cannot know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unseen {
    /// The incoming one.
    In(IfaceSet),
    /// The outgoing one.
    Out(IfaceSet),
}

impl<'a> Piece<'a> {
    /// Packets that begin their way with a mark.
    pub(super) fn new(space: PacketBox, mark: u32) -> Self {
        // Earlier packets of a connection may have marked it.
        let new = space.state.0 & !StateSet::NEW.0 & StateSet::TRACKED.0 == 0;
        let connmark = if new { Mark::exactly(0) } else { Mark::ANY };
        Self {
            ends: Ends::of(&space),
            space,
            sent_to: None,
            redirected: false,
            asked_out: None,
            on: false,
            masked: None,
            known: None,
            settled: false,
            bound: false,
            unseen: None,
            sent_state: None,
            mark: Mark::exactly(mark),
            connmark,
            facts: SmallVec::new(),
            passed: Vec::new(),
            conditions: SmallVec::new(),
            assumed: SmallVec::new(),
            by: None,
            main: false,
        }
    }

    /// Packets that others of their conversation came before.
    pub(super) fn after(space: PacketBox, mark: u32, start: &Start<'a>) -> Self {
        let mut p = Self {
            ends: start.ends,
            connmark: start.connmark,
            facts: start.facts.clone(),
            known: start.known.clone(),
            ..Self::new(space, mark)
        };
        if let Some(own) = p.known.as_deref_mut().and_then(|k| k.behind.as_mut()) {
            std::mem::swap(own, &mut p.space.dst);
        }
        p
    }

    /// Whether they are for an address of this host that hides their peer.
    pub(super) fn is_behind(&self) -> bool {
        self.known.as_ref().is_some_and(|k| k.behind.is_some())
    }

    /// What connection tracking changes of packets of a translated connection: their destination before the routing, their
    /// source at the end (`nf_nat_packet`). Untracked ones it leaves alone.
    pub(super) fn follow_translation(&mut self, hook: Hook) {
        let tracked = connected(self);
        let Some(known) = self.known.as_deref_mut() else {
            return;
        };
        if matches!(hook, Hook::Prerouting | Hook::Output) {
            if let Some(peer) = known.behind.take() {
                self.space.dst = peer;
                self.ends.dst = End::SENDER;
                known.was_behind = true;
            }
            if let Some(to) = known.dst.take_if(|_| tracked) {
                let (dst, dport) = (to.addrs, to.ports);
                let sent = (
                    std::mem::replace(&mut self.space.dst, dst),
                    std::mem::replace(&mut self.space.dport, dport),
                );
                self.sent_to = Some(Box::new(sent));
                self.redirected = to.redirected;
                self.ends.dst = to.end;
            }
        } else if tracked && let Some((src, sport)) = &known.src {
            known.shown = Some((
                std::mem::replace(&mut self.space.src, src.clone()),
                std::mem::replace(&mut self.space.sport, sport.clone()),
            ));
            self.ends.src = End::SENT;
        }
    }

    /// Gives the packets another connection state from here on.
    pub(crate) fn restate(&mut self, state: StateSet) {
        self.sent_state.get_or_insert(self.space.state);
        self.space.state = state;
    }

    /// Takes away the interface that a hook's rules cannot know: packets have none there, whatever was asked about.
    pub(crate) fn hide(&mut self, interface: Unseen) {
        let none = IfaceSet::single(0);
        self.unseen = Some(match interface {
            Unseen::In(_) => Unseen::In(std::mem::replace(&mut self.space.in_iface, none)),
            Unseen::Out(_) => Unseen::Out(std::mem::replace(&mut self.space.out_iface, none)),
        });
    }

    /// Gives back what [`Piece::hide`] took.
    pub(crate) fn see_interfaces(&mut self) {
        match self.unseen.take() {
            Some(Unseen::In(set)) => self.space.in_iface = set,
            Some(Unseen::Out(set)) => self.space.out_iface = set,
            None => {}
        }
    }

    /// Whether both are the same packets in every respect but the conditions that led them here.
    fn same_place(&self, o: &Self) -> bool {
        self.space == o.space
            && self.ends == o.ends
            && self.mark == o.mark
            && self.connmark == o.connmark
            && self.sent_to == o.sent_to
            && self.redirected == o.redirected
            && self.asked_out == o.asked_out
            && self.on == o.on
            && self.masked == o.masked
            && self.known == o.known
            && self.settled == o.settled
            && self.bound == o.bound
            && self.unseen == o.unseen
            && self.sent_state == o.sent_state
            && self.passed == o.passed
    }

    /// The branch of packets that have come to the end of their way.
    /// Whether a rule has translated its source.
    pub(super) fn has_new_source(&self) -> bool {
        self.masked.is_some()
    }

    /// Remembers who lets it pass: the chains that filter are what people look at, and there a rule says more than a policy
    /// behind it.
    pub(super) fn passed_by(&mut self, by: Decider<'a>, main: bool) {
        let is_rule = |by: &Decider<'_>| matches!(by, Decider::Rule { .. });
        let keeps = match &self.by {
            None => false,
            Some(have) if main => self.main && is_rule(have) && !is_rule(&by),
            Some(_) => true,
        };
        if !keeps {
            (self.by, self.main) = (Some(by), main);
        }
    }

    pub(super) fn branch(mut self, effect: Effect, by: Decider<'a>) -> Branch<'a> {
        self.see_interfaces();
        // Both sides of a fork name its condition; translated packets that differ may have been sent as the same.
        let translated = self.sent_to.is_some() || self.known.as_ref().is_some_and(|k| k.blurs());
        let alone = self.conditions.is_empty() && !translated;
        let trail = match effect {
            Effect::Allow => self.trail(),
            _ => None,
        };
        let own = by.rule();
        let before = self.facts.iter().filter(|f| f.narrows());
        let mut before = before
            .filter(|f| !own.is_some_and(|r| f.is_of(r)))
            .peekable();
        let narrowed = before.peek().is_some();
        let own_network = before.any(Fact::is_own_network);
        let mut space = self.space;
        let state = space.state;
        if let Some(out) = self.asked_out {
            space.out_iface = out;
        }
        let onward = self.sent_to.map(|sent| {
            let (dst, dport) = *sent;
            Box::new(Onward {
                dst: std::mem::replace(&mut space.dst, dst),
                dport: std::mem::replace(&mut space.dport, dport),
                through: self.on,
            })
        });
        if let Some(state) = self.sent_state {
            space.state = state;
        }
        if let Some(known) = self.known {
            if let Some((src, sport)) = known.shown {
                (space.src, space.sport) = (src, sport);
            }
            if let Some(peer) = known.behind {
                space.dst = peer;
            }
        }
        Branch {
            space,
            effect,
            by,
            conditions: self.conditions,
            assumed: self.assumed,
            narrowed,
            own_network,
            passed: self
                .passed
                .iter()
                .filter_map(|p| p.first().copied())
                .collect(),
            alone,
            stage: Stage::Request,
            state,
            onward,
            source: self.masked,
            facts: self.facts.into_iter().collect(),
            trail,
        }
    }

    /// What packets that have passed leave to the next ones of their conversation.
    fn trail(&self) -> Option<Box<Trail<'a>>> {
        let untracked = !connected(self);
        let shown = self.known.as_ref().is_some_and(|k| k.shown.is_some());
        let plain = !untracked
            && self.masked.is_none()
            && self.sent_to.is_none()
            && !shown
            && self.facts.is_empty()
            && self.connmark == Mark::exactly(0);
        (!plain).then(|| {
            Box::new(Trail {
                untracked,
                connmark: self.connmark,
                facts: self.facts.iter().copied().filter(Fact::lasts).collect(),
                masked: self.masked.is_some(),
                moved: self.sent_to.as_ref().map(|_| Moved {
                    addrs: self.space.dst.clone(),
                    ports: self.space.dport.clone(),
                    redirected: self.redirected,
                    end: self.ends.dst,
                    on: self.on,
                    out: (self.on || self.asked_out.is_some())
                        .then(|| self.space.out_iface.clone()),
                    nat: self.space.state.0 & StateSet::DNAT.0 != 0,
                    still: self.space.state.0 & !StateSet::DNAT.0 != 0,
                }),
                unmasked: shown,
            })
        })
    }
}

/// Pieces up to which [`join`] keeps apart what differs in the values of its conditions.
const EXACT_JOIN: usize = 64;

/// Joins pieces that are the same packets at the same place, so that a fork that came to nothing costs nothing afterwards.
///
/// Two that differ in the value of one condition alone become one for which it is open again, and one whose values hold
/// another's is in it. Of very many pieces, those at the same place become one that has only the values they share: then
/// more seems possible than is, never less.
pub(super) fn join<'a>(pieces: &mut Vec<Piece<'a>>) {
    if pieces.len() < 2 {
        return;
    }
    let exact = pieces.len() <= EXACT_JOIN;
    let mut out: Vec<Option<Piece<'a>>> = Vec::with_capacity(pieces.len());
    let mut forked: FxHashMap<u64, SmallVec<[usize; 2]>> = FxHashMap::default();
    let mut todo: Vec<Piece<'a>> = std::mem::take(pieces);
    todo.reverse();
    while let Some(p) = todo.pop() {
        // Only the two sides of a fork can be the same packets, and both name its condition.
        if p.conditions.is_empty() {
            out.push(Some(p));
            continue;
        }
        let places = forked.entry(FxBuildHasher.hash_one(&p.space)).or_default();
        let fits =
            |q: &Piece<'a>| q.same_place(&p) && (!exact || differ_in_one(&q.facts, &p.facts));
        let twin = places
            .iter()
            .position(|i| out.get(*i).and_then(Option::as_ref).is_some_and(fits));
        let twin = twin
            .map(|at| places.remove(at))
            .and_then(|i| out.get_mut(i)?.take());
        match twin {
            // The joined one may have a twin of its own.
            Some(mut q) => {
                q.facts.retain(|f| p.facts.contains(f));
                q.conditions
                    .retain(|c| p.conditions.iter().any(|d| std::ptr::eq(*c, *d)));
                q.assumed
                    .retain(|c| p.assumed.iter().any(|d| std::ptr::eq(*c, *d)));
                todo.push(q);
            }
            None => {
                places.push(out.len());
                out.push(Some(p));
            }
        }
    }
    pieces.extend(out.into_iter().flatten());
}

/// Whether one of two sets of facts holds the other, or they are equal but for the value of one condition.
fn differ_in_one(a: &[Fact<'_>], b: &[Fact<'_>]) -> bool {
    fn own<'f, 'a>(x: &'f [Fact<'a>], y: &[Fact<'a>]) -> SmallVec<[&'f Fact<'a>; 2]> {
        x.iter().filter(|f| !y.contains(f)).collect()
    }
    match (own(a, b).as_slice(), own(b, a).as_slice()) {
        ([], _) | (_, []) => true,
        ([x], [y]) => x.contradicts(y),
        _ => false,
    }
}

/// Bits of the connection's mark go into the packet's; packets without a connection keep theirs.
pub(super) fn restore<'a>(p: Piece<'a>, nfmask: u32, ctmask: u32, on: &mut Vec<Piece<'a>>) {
    let tracked = StateSet(p.space.state.0 & StateSet::TRACKED.0);
    let loose = StateSet(p.space.state.0 & !StateSet::TRACKED.0);
    for (state, has_connection) in [(tracked, true), (loose, false)] {
        if state.0 == 0 {
            continue;
        }
        let mut q = p.clone();
        q.space.state = state;
        if has_connection {
            q.mark = q.mark.mixed(nfmask, q.connmark, ctmask);
        }
        on.push(q);
    }
}

/// Whether packets of the piece may belong to a connection; one without has no connection mark to set.
pub(super) fn connected(p: &Piece<'_>) -> bool {
    p.space.state.0 & StateSet::TRACKED.0 != 0
}
