//! Whether a rule matches: what packets decide, what the context decides, and what stays open.

use super::connection;
use super::context::Context;
use super::facts::{self, Fact};
use super::packets::{broadcast, narrow, of_one};
use super::piece::Piece;
use super::process::{self, Asks, LocalPolicy};
use super::tri::Tri;
use hylint_model::{
    Action, AddrTypes, Clause, Condition, ConditionKind, Direction, NamedSet, NamedSetId,
    PacketField, Rule, Side, Test,
};
use hylint_space::{AddrSet, PacketBox, RangeSet, StateSet, class};
use smallvec::SmallVec;

/// Takes the pieces that the rule matches out of `pieces`. Undecided ones are in both. Pieces that the rule does not touch
/// stay where they are: there may be thousands.
pub(super) fn split<'a>(
    ctx: &Context<'a>,
    dir: Direction,
    rule: &'a Rule,
    pieces: &mut Vec<Piece<'a>>,
) -> Vec<Piece<'a>> {
    split_part(ctx, dir, &Part::whole(rule, false), pieces)
}

/// The same without a memory of what the rule's open conditions came to. For a rule that leaves its packets undecided
/// whatever comes behind it: one way stands for all on which it does not match, so that many such rules do not multiply ways.
pub(super) fn split_forgetting<'a>(
    ctx: &Context<'a>,
    dir: Direction,
    rule: &'a Rule,
    pieces: &mut Vec<Piece<'a>>,
) -> Vec<Piece<'a>> {
    split_part(ctx, dir, &Part::whole(rule, true), pieces)
}

/// Clauses of a rule that come to one action.
pub(super) struct Part<'a> {
    pub(super) clauses: &'a [Clause],
    pub(super) action: &'a Action,
    /// The sets that its conditions may name.
    pub(super) sets: &'a [NamedSet],
    /// What its open conditions came to is not remembered.
    pub(super) forgets: bool,
}

impl<'a> Part<'a> {
    /// All of a rule that names no sets of its own.
    fn whole(rule: &'a Rule, forgets: bool) -> Self {
        Self {
            clauses: &rule.clauses,
            action: &rule.action,
            sets: &[],
            forgets,
        }
    }
}

/// The same for a part of a rule.
pub(super) fn split_part<'a>(
    ctx: &Context<'a>,
    dir: Direction,
    part: &Part<'a>,
    pieces: &mut Vec<Piece<'a>>,
) -> Vec<Piece<'a>> {
    let mut hit = Vec::new();
    let mut rest = Vec::new();
    for clause in part.clauses {
        let looks_up = |c: &Condition| in_set(c).is_some() || partly_known(ctx, c).is_some();
        let looks_up = clause.conditions.iter().any(looks_up);
        let mut i = 0;
        while let Some(p) = pieces.get(i) {
            if clause.space.intersects(&p.space) {
                let piece = pieces.swap_remove(i);
                if looks_up {
                    split_sets(ctx, dir, part, clause, piece, &mut hit, &mut rest);
                } else {
                    split_clause(ctx, dir, part, clause, piece, &mut hit, &mut rest);
                }
            } else {
                i += 1;
            }
        }
        pieces.append(&mut rest);
        if pieces.is_empty() {
            break;
        }
    }
    hit
}

/// The set that a condition looks the packet up in, if it does.
fn in_set(c: &Condition) -> Option<(NamedSetId, &[PacketField])> {
    match &c.test {
        Test::Set { set, fields } => Some((*set, fields)),
        _ => None,
    }
}

/// The side of a name of which only some addresses are known to be in it or not, with those that are not.
fn partly_known<'a>(ctx: &Context<'a>, c: &Condition) -> Option<(Side, &'a AddrSet)> {
    match &c.test {
        Test::Named { key, side } => Some((*side, ctx.open_in(key)?)),
        _ => None,
    }
}

/// Boxes by whether it is known of their addresses that they are in a name: those of which it is not, and the others.
fn cut_by_knowledge(boxes: Vec<PacketBox>, side: Side, open: &AddrSet) -> Vec<PacketBox> {
    let mut out = Vec::with_capacity(boxes.len() + 1);
    for b in boxes {
        let known = match side {
            Side::Src => b.src.subtract(open),
            Side::Dst => b.dst.subtract(open),
        };
        let mut rest = b.clone();
        narrow(&mut rest, side, open, false);
        let mut sure = b;
        match side {
            Side::Src => sure.src = known,
            Side::Dst => sure.dst = known,
        }
        out.extend([sure, rest].into_iter().filter(|b| !b.is_empty()));
    }
    out
}

/// Boxes that a piece may fall into by a set; past it, whether it is in the set is not decided.
const PARTS: usize = 1 << 12;

/// Splits a piece by the sets of a clause first, whose members are boxes, and what is left of it by the other conditions.
fn split_sets<'a>(
    ctx: &Context<'a>,
    dir: Direction,
    part: &Part<'a>,
    clause: &'a Clause,
    piece: Piece<'a>,
    hit: &mut Vec<Piece<'a>>,
    rest: &mut Vec<Piece<'a>>,
) {
    let mut inside = vec![piece.space.intersect(&clause.space)];
    let mut outside = piece.space.subtract(&clause.space);
    for c in &clause.conditions {
        if let Some((side, open)) = partly_known(ctx, c) {
            inside = cut_by_knowledge(inside, side, open);
            continue;
        }
        let Some((within, without)) = looked_up(part, c, &inside) else {
            continue;
        };
        let (fits, other) = if c.negated {
            (without, within)
        } else {
            (within, without)
        };
        inside = fits;
        outside.extend(other);
    }
    for space in inside {
        let piece = Piece {
            space,
            ..piece.clone()
        };
        split_clause(ctx, dir, part, clause, piece, hit, rest);
    }
    rest.extend(outside.into_iter().map(|space| Piece {
        space,
        ..piece.clone()
    }));
}

/// The packets of disjoint boxes that are in the condition's set, as disjoint boxes, and those that are not. `None` if it has
/// no set, or none that can be looked up.
fn looked_up(
    part: &Part<'_>,
    c: &Condition,
    boxes: &[PacketBox],
) -> Option<(Vec<PacketBox>, Vec<PacketBox>)> {
    let (id, fields) = in_set(c)?;
    let set = part.sets.get(id.index())?;
    let (mut within, mut left) = (Vec::new(), boxes.to_vec());
    for member in &set.members {
        let mut next = Vec::with_capacity(left.len());
        for b in left {
            let held = NamedSet::part(member, fields, &b)?;
            if held.is_empty() {
                next.push(b);
            } else {
                next.extend(b.subtract(&held));
                within.push(held);
            }
        }
        left = next;
        if left.len() + within.len() > PARTS {
            return None;
        }
    }
    Some((within, left))
}

/// Whether all packets of a box are in the condition's set, or none; `None` if some are, or it cannot be looked up.
fn is_in(part: &Part<'_>, c: &Condition, space: &PacketBox) -> Option<bool> {
    let (within, left) = looked_up(part, c, std::slice::from_ref(space))?;
    match (within.is_empty(), left.is_empty()) {
        (false, true) => Some(true),
        (true, _) => Some(false),
        (false, false) => None,
    }
}

fn split_clause<'a>(
    ctx: &Context<'a>,
    dir: Direction,
    part: &Part<'a>,
    clause: &'a Clause,
    piece: Piece<'a>,
    hit: &mut Vec<Piece<'a>>,
    rest: &mut Vec<Piece<'a>>,
) {
    let mut space = piece.space.intersect(&clause.space);
    let mut open: SmallVec<[&'a Condition; 2]> = SmallVec::new();
    let mut assumed: SmallVec<[&'a Condition; 1]> = SmallVec::new();
    let mut passed: SmallVec<[&'a Condition; 2]> = SmallVec::new();
    for cond in &clause.conditions {
        let at = At {
            dir,
            part,
            clause,
            piece: &piece,
            open: &open,
        };
        match decide(ctx, &at, cond, &mut space) {
            Tri::True => {}
            Tri::Assumed => assumed.push(cond),
            Tri::Open => open.push(cond),
            Tri::False => {
                rest.push(piece);
                return;
            }
            Tri::PassedOver => passed.push(cond),
        }
    }
    if space.is_empty() {
        rest.push(piece);
        return;
    }
    // Without the whole space, which may have thousands of ranges, it is quickly copied.
    let mut matched = piece;
    let outside = std::mem::replace(&mut matched.space, space).without(&matched.space);
    rest.extend(outside.into_iter().map(|space| Piece {
        space,
        ..matched.clone()
    }));
    if !passed.is_empty() {
        passed.extend(assumed.into_iter().chain(open));
        matched.passed.push(passed);
        rest.push(matched);
        return;
    }
    if !open.is_empty() {
        take_open(&mut matched, &open, part.forgets, rest);
    }
    for c in assumed {
        if !matched.assumed.iter().any(|a| std::ptr::eq(*a, c)) {
            matched.assumed.push(c);
        }
    }
    hit.push(matched);
}

/// Takes the open conditions of a clause as true for `matched`, and sends on the packets for which one is not: the first is
/// false, or the first holds and the second is false, and so on, so that each way has its own values.
fn take_open<'a>(
    matched: &mut Piece<'a>,
    open: &[&'a Condition],
    forgets: bool,
    rest: &mut Vec<Piece<'a>>,
) {
    let is_drawn = |c: &Condition| forgets || is_drawn(c);
    for c in open.iter().filter(|c| !is_drawn(c)) {
        let mut not = matched.clone();
        not.conditions.push(c);
        not.facts.push(Fact::of(c, false, not.ends));
        rest.push(not);
        matched.conditions.push(c);
        matched.facts.push(Fact::of(c, true, matched.ends));
    }
    // These have no value to remember, and one way stands for all of them.
    if open.iter().any(|c| is_drawn(c)) {
        let drawn = open.iter().filter(|c| is_drawn(c)).copied();
        matched.conditions.extend(drawn);
        rest.push(matched.clone());
    }
}

/// Whether a condition is drawn anew for each rule: a rate, what changes on the way, a mark that is not known, as rules may
/// change it between, and what an export does not print, as it differs from rule to rule.
fn is_drawn(c: &Condition) -> bool {
    c.kind == ConditionKind::Rate
        || matches!(
            c.test,
            Test::Mark { .. }
                | Test::ConnMark { .. }
                | Test::Passing
                | Test::Unprinted
                | Test::Package { .. }
        )
}

/// Where a condition is asked.
struct At<'q, 'a> {
    dir: Direction,
    part: &'q Part<'a>,
    clause: &'a Clause,
    piece: &'q Piece<'a>,
    /// The clause's conditions before this one that stay open: they hold where it counts.
    open: &'q [&'a Condition],
}

/// Decides a condition for a piece, narrowing `space` where the condition is about packets after all.
fn decide<'a>(
    ctx: &Context<'a>,
    at: &At<'_, 'a>,
    cond: &'a Condition,
    space: &mut PacketBox,
) -> Tri {
    let At {
        dir,
        part,
        clause,
        piece,
        open,
    } = *at;
    let truth = |b: bool| Tri::of(b != cond.negated);
    let known = match &cond.test {
        // The piece was cut before where the knowledge ends ([`split_sets`]).
        Test::Named { key, side }
            if ctx.open_in(key).is_some_and(|open| match side {
                Side::Src => space.src.intersects(open),
                Side::Dst => space.dst.intersects(open),
            }) =>
        {
            None
        }
        Test::Named { key, side } => ctx
            .resolve
            .get(&**key)
            .map(|set| narrow(space, *side, set, cond.negated))
            .map(|()| Tri::True),
        Test::AddrType {
            side,
            types,
            single,
        } => {
            let own = match (dir, side) {
                (_, Side::Dst) if piece.redirected || piece.is_behind() => true,
                (Direction::In, Side::Dst) => piece.sent_to.is_none(),
                (Direction::Out, Side::Src) => true,
                _ => false,
            };
            let set = addrs_of_type(ctx, own, *types, *single);
            narrow(space, *side, &set, cond.negated);
            Some(Tri::True)
        }
        // What the host sends itself is unicast to Linux, whatever its destination, until it is on the wire.
        Test::PktType(kind) if dir == Direction::Out => Some(truth(&**kind == "unicast")),
        Test::PktType(kind) => {
            let types = match &**kind {
                "multicast" => AddrTypes::parse("MULTICAST"),
                "broadcast" => AddrTypes::parse("BROADCAST"),
                _ => None,
            };
            let set = match types {
                Some(t) => addrs_of_type(ctx, false, t, false),
                None => of_one(),
            };
            narrow(space, Side::Dst, &set, cond.negated);
            Some(Tri::True)
        }
        Test::Mark { value, mask } => piece.mark.is(*value, *mask).map(truth),
        Test::ConnMark { value, mask } => {
            // A packet without a connection fits neither the test nor its negation (Linux xt_connmark).
            space.state = StateSet(space.state.0 & StateSet::TRACKED.0);
            piece.connmark.is(*value, *mask).map(truth)
        }
        Test::Connection(test) => connection::decide(piece, test, cond.negated, space),
        Test::Rate(holds) if ctx.ordinary => holds.map(truth),
        Test::PolicySource if !ctx.policy_only => Some(truth(true)),
        // The piece was cut before where the set ends ([`split_sets`]).
        Test::Set { .. } => is_in(part, cond, space).map(truth),
        // A query is about whole packets or first fragments.
        Test::Fragment | Test::ExtensionHeader => Some(truth(false)),
        // A required flow is between hosts that the routing knows; that a route exists is a stated limit.
        Test::ReversePath if !matches!(ctx.policy, LocalPolicy::Literal { .. }) => {
            Some(truth(true))
        }
        _ => ctx.policy.said(&cond.test).map(truth),
    };
    if let Some(t) = known {
        return t;
    }
    let fact = || facts::answer(&piece.facts, open, cond, piece.ends);
    let asks = Asks {
        action: part.action,
        clause,
        piece,
    };
    if let Some(t) = process::decide(&ctx.policy, &ctx.process, &asks, cond, fact) {
        return t;
    }
    match fact() {
        Some(true) => Tri::True,
        Some(false) => Tri::False,
        None if ctx.ordinary && cond.kind == ConditionKind::Local => truth(false),
        None => Tri::Open,
    }
}

/// The addresses that the routing table of this host gives one of the types (iptables-extensions(8), addrtype).
///
/// Linux answers each family in its own way (`net/netfilter/xt_addrtype.c`): in IPv4 an address has exactly one type, and
/// any of those asked for will do. In IPv6 an address may be UNICAST and LOCAL, and each kind asked for must fit.
///
/// `own`: the address is one of this host's, by the direction or by REDIRECT, whichever it is. `single`: an IPv6 address has
/// one type, too (`nft_fib6_eval_type` in net/ipv6/netfilter/nft_fib_ipv6.c).
fn addrs_of_type(ctx: &Context<'_>, own: bool, types: AddrTypes, single: bool) -> AddrSet {
    let here = if own {
        of_one()
    } else {
        class::loopback().union(ctx.local)
    };
    let unicast = of_one().subtract(&here);
    let kinds = [
        ("LOCAL", &here),
        ("MULTICAST", class::multicast()),
        ("BROADCAST", &broadcast()),
        ("UNICAST", &unicast),
    ];
    let v4 = kinds
        .iter()
        .filter(|(name, _)| types.has(name))
        .fold(RangeSet::empty(), |all, (_, set)| all.union(&set.v4));
    if single {
        let v6 = kinds
            .iter()
            .filter(|(name, _)| types.has(name) && *name != "BROADCAST")
            .fold(RangeSet::empty(), |all, (_, set)| all.union(&set.v6));
        return AddrSet { v4, v6 };
    }
    let unspecified = RangeSet::single(0);
    let routed = ["LOCAL", "ANYCAST", "UNREACHABLE", "PROHIBIT"];
    let local = if types.has("LOCAL") {
        here.v6
    } else {
        RangeSet::empty()
    };
    let not_unicast = class::multicast().v6.union(&unspecified);
    let each = [
        (routed.iter().any(|t| types.has(t)), local),
        (types.has("MULTICAST"), class::multicast().v6.clone()),
        (types.has("UNICAST"), not_unicast.complement()),
        (types.has("UNSPEC"), unspecified),
        (types.has("BROADCAST"), RangeSet::empty()),
    ];
    let v6 = each
        .iter()
        .filter(|(asked, _)| *asked)
        .fold(RangeSet::full(), |all, (_, set)| all.intersect(set));
    AddrSet { v4, v6 }
}
