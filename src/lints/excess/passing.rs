//! What of a rule's excess really passes by it: an earlier rule may take some.

use super::Look;
use crate::engine::{BRANCH_BUDGET, BUDGET, Branch, Decider, Effect};
use crate::rulespace::Point;
use hylint_parsers::model::{Action, Body, ConditionKind, Discipline, Rule};
use hylint_parsers::space::{FlagSet, IfaceSet, PacketBox};

/// Pieces that earlier rules take of one box before the rest is only sampled. A person reads a handful.
const PIECES: usize = 1024;
/// Boxes of that rest that are sampled.
const TRIED: usize = 64;

impl<'a> Look<'a, '_> {
    /// The part of the excess that this rule itself lets in. Of a list that cuts it into very many pieces, what is left
    /// after [`PIECES`] of them counts where one packet of it is seen to pass by this rule, or as a whole if none is.
    pub(super) fn really(&self, rule: &Rule, excess: &[PacketBox]) -> Vec<PacketBox> {
        let (mut out, mut left) = (Vec::new(), Vec::new());
        for b in excess {
            for branch in self.evaluate(b, PIECES) {
                let given_up =
                    matches!(branch.by, Decider::Nothing { reason, .. } if reason == BUDGET);
                let part = || {
                    b.intersect(&PacketBox {
                        in_iface: IfaceSet::full(),
                        out_iface: IfaceSet::full(),
                        flags: FlagSet::FULL,
                        ..branch.space.clone()
                    })
                };
                if given_up {
                    left.push(part());
                } else if self.lets_in(rule, &branch) {
                    out.push(part());
                }
            }
        }
        let seen = left.iter().take(TRIED).filter(|b| {
            let one = Point::lowest(b).map(|p| p.space());
            let all = one.map(|p| self.evaluate(&p, BRANCH_BUDGET));
            all.is_some_and(|all| all.iter().any(|x| self.lets_in(rule, x)))
        });
        out.extend(seen.cloned());
        if out.is_empty() {
            out = left;
        }
        out.retain(|b| !b.is_empty());
        out
    }

    /// Whether the packets pass by this rule.
    fn lets_in(&self, rule: &Rule, branch: &Branch<'_>) -> bool {
        // Where order is irrelevant, each of two rules lets in what both of them match. What a rule matches is not its
        // box alone if it names its peers.
        let unordered = matches!(&self.point.body, Body::Lists(l)
            if matches!(l.discipline, Discipline::UnionOfAllows | Discipline::BlockOverAllow))
            && rule.conditions().all(|c| c.kind == ConditionKind::Local);
        let same = |r: &Rule| unordered || std::ptr::eq(r, rule);
        let mine = branch.by.rule().is_some_and(same) || matches!(rule.action, Action::Nat(_));
        branch.effect == Effect::Allow && mine
    }
}
