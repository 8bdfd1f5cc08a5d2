//! What of a rule's excess really passes by it: an earlier rule may take some.

use super::beyond::{Parts, Passes};
use super::review::PointReview;
use crate::judge::Guard;
use hylint_engine::rulespace::Packet;
use hylint_engine::{BRANCH_BUDGET, Branch, Context, Decider, Effect, Reason};
use hylint_model::{Action, Body, ConditionKind, Rule};
use hylint_space::{AddrSet, FlagSet, IfaceSet, PacketBox, class};

/// Pieces that earlier rules take of one box before the rest is only sampled. A person reads a handful.
const PIECES: usize = 256;
/// Boxes of that rest that are sampled.
const TRIED: usize = 16;

impl<'a> PointReview<'a, '_> {
    /// The part of the excess that this rule itself lets in, and whether that is exact. A part is narrowed where a condition
    /// of another rule may leave fewer of its packets.
    ///
    /// Of a list that cuts it into very many pieces, what is left after [`PIECES`] of them counts where one packet of it is
    /// seen to pass by this rule. Only where none is seen, all is gone through.
    pub(super) fn really(&self, rule: &'a Rule, excess: &[PacketBox]) -> (Parts, bool) {
        // A translation acts before the filter, and what it lets in is not its own.
        if rule.does(|a| *a == Action::Allow) && self.idle.holds(rule) {
            return (Vec::new(), true);
        }
        let (mut passing, left) = self.passing(rule, excess, PIECES);
        let apart = left.len() / TRIED + 1;
        let seen = left.iter().step_by(apart).filter(|b| {
            let one = Packet::lowest(b).map(|p| p.space());
            one.is_some_and(|p| !self.passing(rule, &[p], BRANCH_BUDGET).0.is_empty())
        });
        passing.extend(seen.map(|b| (b.clone(), Passes::Surely)));
        let exact = left.is_empty();
        if exact || !passing.is_empty() {
            return (passing, exact);
        }
        let (mut passing, left) = self.passing(rule, excess, BRANCH_BUDGET);
        let exact = left.is_empty();
        // What is still not known is said to be open.
        passing.extend(left.into_iter().map(|b| (b, Passes::Surely)));
        (passing, exact)
    }

    /// What of some boxes passes by this rule, and what was given up on the way there.
    fn passing(
        &self,
        rule: &'a Rule,
        boxes: &[PacketBox],
        budget: usize,
    ) -> (Parts, Vec<PacketBox>) {
        let (mut passing, mut left) = (Vec::new(), Vec::new());
        let unordered = self.is_unordered(rule);
        let ctx = Context {
            budget,
            ahead: unordered.then_some(rule),
            ..self.context()
        };
        let guard = self.by_itself();
        for b in boxes {
            for branch in guard.branches(&ctx, b) {
                let given_up = matches!(
                    branch.by,
                    Decider::Nothing {
                        reason: Reason::Budget,
                        ..
                    }
                );
                if !given_up && !lets_in(rule, unordered, &branch) {
                    continue;
                }
                let (narrowed, own) = (branch.narrowed, branch.own_network);
                let mut part = b.intersect(&PacketBox {
                    in_iface: IfaceSet::full(),
                    out_iface: IfaceSet::full(),
                    flags: FlagSet::FULL,
                    ..branch.space
                });
                if own {
                    part.src = own_network(&part.src);
                }
                if part.is_empty() {
                    continue;
                }
                if given_up {
                    left.push(part);
                } else {
                    passing.push((part, Passes::under(narrowed)));
                }
            }
        }
        (passing, left)
    }

    /// The point without those that it is united with: what other groups of one host let in too, this one alone lets in at
    /// the hosts that lack them.
    fn by_itself(&self) -> Guard<'_> {
        let guard: Guard<'_> = self.guard.clone();
        if self.point.kind.is_united() {
            let points = std::slice::from_ref(&self.at);
            Guard { points, ..guard }
        } else {
            guard
        }
    }

    /// Whether another rule that lets the same in, before or behind it, makes no difference. What a rule matches is not
    /// its box alone if it names its peers.
    fn is_unordered(&self, rule: &Rule) -> bool {
        matches!(&self.point.body, Body::Lists(l) if !l.discipline.is_ordered())
            && rule.conditions().all(|c| c.kind == ConditionKind::Local)
    }
}

/// The addresses that a machine of the own network may have. A network has public IPv6 addresses of its own.
pub(super) fn own_network(src: &AddrSet) -> AddrSet {
    AddrSet {
        v4: src.v4.intersect(&class::internal().v4),
        v6: src.v6.clone(),
    }
}

/// Whether the packets pass by the rule, or by any if their order makes no difference.
fn lets_in(rule: &Rule, unordered: bool, branch: &Branch<'_>) -> bool {
    let same = |r: &Rule| unordered || std::ptr::eq(r, rule);
    branch.effect == Effect::Allow
        && (branch.by.rule().is_some_and(same) || rule.does(|a| matches!(a, Action::Nat(_))))
}
