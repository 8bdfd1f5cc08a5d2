//! The engine: what a firewall does with a set of packets. It knows no vendor, no requirement, no file, no path and no text.
//!
//! A query is a box of packets. It is pushed through ordered rules; what a rule takes leaves the residual, and the run stops
//! when nothing is left. A rule whose match is undecided forks: its packets go on both as matched and as not matched.

mod candidates;
mod connection;
mod facts;
mod indexes;
mod lists;
mod marks;
mod matching;
mod nat;
mod netfilter;
pub mod rulespace;
mod sets;
mod verdict;

use indexes::PointIndex;
pub use indexes::{Indexes, ListId};
pub use matching::{Carry, LocalPolicy};
pub use netfilter::Step;
pub use sets::{PointId, RuleSet, RuleSets, SetId};
pub use verdict::{Judgement, covers, subtract_all, union_addrs};

use facts::Fact;
pub use hylint_model::Direction;
use hylint_model::{
    Body, Chain, Condition, DefaultVerdict, Point, PointKind, Profiles, Rule, Span, TableName,
};
use hylint_space::{AddrSet, IfaceSet, PacketBox, PortSet, StateSet};
use marks::Mark;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// Why the exports do not decide about packets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// A half, a direction or a chain was not exported.
    IncompleteExport,
    /// It would take more than [`BRANCH_BUDGET`] pieces.
    Budget,
    /// Chains jump deeper than the kernel lets them.
    ChainDepth,
    /// There is no filter table.
    NoFilter,
    /// A packet from outside is for a loopback address: the kernel's settings decide whether it gets there.
    LoopbackDestination,
    /// The tools ask the security table and translate sources in different orders.
    SecurityOrder,
}

impl Reason {
    /// The name in outputs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IncompleteExport => "incomplete-export",
            Self::Budget => "budget",
            Self::ChainDepth => "chain-depth",
            Self::NoFilter => "no-filter",
            Self::LoopbackDestination => "loopback-destination",
            Self::SecurityOrder => "security-order",
        }
    }
}

/// What decided a packet.
#[derive(Clone, Copy, Debug)]
pub enum Decider<'a> {
    /// A rule.
    Rule {
        /// Whose.
        at: PointId,
        /// Which.
        rule: &'a Rule,
    },
    /// A base chain's policy.
    Policy {
        /// Whose.
        at: PointId,
        /// The chain.
        chain: &'a Chain,
    },
    /// A list's default.
    Default {
        /// Whose.
        at: PointId,
        /// The default.
        default: &'a DefaultVerdict,
    },
    /// A setting of the whole firewall (Windows: state off, block always, a profile's policy).
    Setting {
        /// Whose.
        at: PointId,
        /// Where it stands, in the text that the point's settings are of.
        span: Span,
    },
    /// Nothing in the exports: the half or the direction was not exported, or a budget ran out.
    Nothing {
        /// The nearest point.
        at: PointId,
        /// Why.
        reason: Reason,
    },
}

impl<'a> Decider<'a> {
    /// The point.
    #[must_use]
    pub fn at(&self) -> PointId {
        match *self {
            Self::Rule { at, .. }
            | Self::Policy { at, .. }
            | Self::Default { at, .. }
            | Self::Setting { at, .. }
            | Self::Nothing { at, .. } => at,
        }
    }

    /// The rule, if one decided.
    #[must_use]
    pub fn rule(&self) -> Option<&'a Rule> {
        match self {
            Self::Rule { rule, .. } => Some(rule),
            _ => None,
        }
    }
}

/// What happens to the packets of a branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// They pass.
    Allow,
    /// They do not.
    Deny,
    /// The export cannot tell (NFQUEUE, a missing half, a budget).
    Unknown,
}

/// One branch of an evaluation: packets, what happens to them, and on what that rests.
#[derive(Clone, Debug)]
pub struct Branch<'a> {
    /// The packets as they were sent (before any translation).
    pub space: PacketBox,
    /// What happens.
    pub effect: Effect,
    /// What decided.
    pub by: Decider<'a>,
    /// Conditions that nobody could decide and that the branch took one way.
    pub conditions: SmallVec<[&'a Condition; 2]>,
    /// Conditions that were taken to hold, as an assumption.
    pub assumed: SmallVec<[&'a Condition; 1]>,
    /// No other branch holds a packet of this one: nothing forked on its way, and nothing was translated.
    pub alone: bool,
}

impl Branch<'_> {
    /// Whether the rule that decided took the packets by an open condition of its own, so that it may not match at all.
    #[must_use]
    pub fn by_chance(&self) -> bool {
        let mut own = self.by.rule().into_iter().flat_map(Rule::conditions);
        own.any(|c| self.conditions.iter().any(|d| std::ptr::eq(c, *d)))
    }
}

/// What an evaluation needs to know beside the packets.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The rule sets that points are of.
    pub sets: &'a dyn RuleSets,
    /// Names that resolve to addresses.
    pub resolve: &'a BTreeMap<String, AddrSet>,
    /// Addresses of the guarded host, empty when unknown.
    pub local: &'a AddrSet,
    /// The Windows profile that is judged.
    pub profile: Profiles,
    /// How conditions about the local process count.
    pub policy: LocalPolicy<'a>,
    /// Starts at the filter table and stays in it.
    pub filter_only: bool,
    /// Pieces that rules take at most for one query, usually [`BRANCH_BUDGET`]; past it the rest is [`Effect::Unknown`]
    /// with the reason [`Reason::Budget`].
    pub budget: usize,
    /// A rule that acts before the others of its list where their order makes no difference, so that what it lets in is
    /// told as its own and is not cut up by those that let the same in.
    pub ahead: Option<&'a Rule>,
}

impl<'a> Context<'a> {
    /// For whole answers about the whole path in the domain profile.
    #[must_use]
    pub const fn new(
        sets: &'a dyn RuleSets,
        resolve: &'a BTreeMap<String, AddrSet>,
        local: &'a AddrSet,
        policy: LocalPolicy<'a>,
    ) -> Self {
        Self {
            sets,
            resolve,
            local,
            profile: Profiles::DOMAIN,
            policy,
            filter_only: false,
            budget: BRANCH_BUDGET,
            ahead: None,
        }
    }

    /// The indexes of a point's long lists, if it has any.
    fn index(&self, at: PointId) -> Option<&'a PointIndex> {
        let set = self.sets.set(at.set)?;
        set.indexes.of(set.points, at.index())
    }
}

/// What a query may cost whose answer has to be whole. A branch is nearly half a kilobyte, and each core asks a query.
pub const BRANCH_BUDGET: usize = 1 << 15;
/// Open conditions that weigh as much as a branch of their own: each branch names all that it rests on.
const CONDITIONS: usize = 16;

/// Pushes packets through the united points of one layer.
#[must_use]
pub fn evaluate<'a>(
    ctx: &Context<'a>,
    points: &[PointId],
    direction: Direction,
    query: &PacketBox,
) -> Vec<Branch<'a>> {
    evaluate_logged(ctx, points, direction, query, None)
}

/// The same, writing down the rules that took packets on the way (netfilter only; elsewhere the decider is the path).
#[must_use]
pub fn evaluate_logged<'a>(
    ctx: &Context<'a>,
    points: &[PointId],
    direction: Direction,
    query: &PacketBox,
    log: Option<&mut Vec<Step<'a>>>,
) -> Vec<Branch<'a>> {
    let family = matching::family(query);
    let found: SmallVec<[(PointId, &'a Point); 2]> = points
        .iter()
        .filter_map(|&at| Some((at, ctx.sets.point(at)?)))
        .filter(|(_, p)| p.families.has(family))
        .collect();
    let Some(&(at, first)) = found.first() else {
        let at = points.first().copied().unwrap_or_default();
        return vec![Branch {
            space: query.clone(),
            effect: Effect::Unknown,
            by: Decider::Nothing {
                at,
                reason: Reason::IncompleteExport,
            },
            conditions: SmallVec::new(),
            assumed: SmallVec::new(),
            alone: true,
        }];
    };
    match &first.body {
        Body::Netfilter(nf) => netfilter::evaluate(ctx, at, nf, direction, query, log),
        Body::Lists(_) if first.kind == PointKind::WindowsFirewall => {
            lists::windows(ctx, at, first, direction, query)
        }
        Body::Lists(_) => lists::cloud(ctx, &found, direction, query),
    }
}

/// What pieces that a rule took use up of a budget.
fn cost(taken: &[Piece<'_>]) -> usize {
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
    fn new(space: PacketBox, mark: u32) -> Self {
        // Earlier packets of a connection may have marked it.
        let new = space.state.0 & !StateSet::NEW.0 & StateSet::TRACKED.0 == 0;
        let connmark = if new { Mark::exactly(0) } else { Mark::ANY };
        Self {
            space,
            sent_to: None,
            redirected: false,
            settled: false,
            unseen: None,
            sent_state: None,
            mark: Mark::exactly(mark),
            connmark,
            facts: SmallVec::new(),
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
            && self.unseen == o.unseen
            && self.sent_state == o.sent_state
    }

    fn branch(mut self, effect: Effect, by: Decider<'a>) -> Branch<'a> {
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
fn join<'a>(pieces: &mut Vec<Piece<'a>>) {
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

/// The table that a query may be limited to.
pub(crate) const FILTER: TableName = TableName::Filter;
