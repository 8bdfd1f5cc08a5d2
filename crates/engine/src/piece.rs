//! Packets on their way, with what is known of their branch.

use super::facts::Fact;
use super::marks::Mark;
use super::outcome::{Branch, Decider, Effect};
use hylint_model::Condition;
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
    /// Destination as it was sent, once it has been translated.
    pub(crate) sent_to: Option<Box<(AddrSet, PortSet)>>,
    /// Translated to one of this host's own addresses, whichever it is.
    pub(crate) redirected: bool,
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
            space,
            sent_to: None,
            redirected: false,
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
            && self.mark == o.mark
            && self.connmark == o.connmark
            && self.sent_to == o.sent_to
            && self.redirected == o.redirected
            && self.settled == o.settled
            && self.bound == o.bound
            && self.unseen == o.unseen
            && self.sent_state == o.sent_state
            && self.passed == o.passed
    }

    /// The branch of packets that have come to the end of their way.
    pub(super) fn branch(mut self, effect: Effect, by: Decider<'a>) -> Branch<'a> {
        self.see_interfaces();
        // Both sides of a fork name its condition; translated packets that differ may have been sent as the same.
        let alone = self.conditions.is_empty() && self.sent_to.is_none();
        let mut space = self.space;
        if let Some(sent) = self.sent_to {
            (space.dst, space.dport) = *sent;
        }
        if let Some(state) = self.sent_state {
            space.state = state;
        }
        Branch {
            space,
            effect,
            by,
            conditions: self.conditions,
            assumed: self.assumed,
            alone,
        }
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
