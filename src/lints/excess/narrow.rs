//! What would come in the place of a rule that lets in too much: the part of it that something needs.

use super::classify;
use super::entry::Opening;
use super::review::PointReview;
use super::sums::all_ports;
use super::weigh::is_direct;
use crate::finding::Severity;
use crate::judge::Narrowed;
use hylint_engine::{subtract_all, union_addrs};
use hylint_model::{Action, Body, Clause, Rule, RuleOrigin, Side, Test};
use hylint_parsers::edit::List;
use hylint_space::{AddrSet, Exposure, PacketBox, class};
use std::borrow::Cow;

/// Rules that are put in the place of one: more than these nobody reads.
const RULES: usize = 12;
/// Pieces that needed flows cut a rule into.
const PIECES: usize = 1 << 9;

impl<'a> PointReview<'a, '_> {
    /// What comes in the place of a rule, so that it lets in what is needed alone. `None` where that has no form, where
    /// the rule is not this export's to change, or where what is needed is as wide.
    pub(super) fn narrowing(&self, opening: &Opening<'a>, shipped: bool) -> Option<Narrowed> {
        let rule = opening.rule;
        let own = !matches!(rule.origin, RuleOrigin::GroupPolicy | RuleOrigin::Platform);
        if !own || self.point.stand_in || matches!(rule.action, Action::Map(_)) {
            return None;
        }
        let (list, index) = self.position(rule)?;
        let narrowed = |new| Narrowed {
            at: self.at,
            list,
            index,
            new,
            off: shipped,
        };
        // Rules of a host's own firewall are about the host, and those of a cloud about whatever stands behind them.
        let whole = self.pieces(rule, false)?;
        // What comes without tracking, or translated, is not what is required: whether a flow needs it shows where it goes.
        let direct = rule.clauses.iter().any(|c| is_direct(&c.space));
        if whole.is_empty() || !direct {
            return Some(narrowed(Vec::new()));
        }
        let new = [Some(whole), self.pieces(rule, true)].into_iter().flatten();
        let mut new = new.map(|pieces| rules(rule, pieces));
        new.find(|new| new.len() <= RULES && self.is_enough(rule, new))
            .map(narrowed)
    }

    /// The list of a rule, and its index there.
    fn position(&self, rule: &Rule) -> Option<(List, usize)> {
        let here = |rules: &[Rule]| {
            let range = rules.as_ptr_range();
            range
                .contains(&std::ptr::from_ref(rule))
                .then(|| (std::ptr::from_ref(rule).addr() - range.start.addr()) / size_of::<Rule>())
        };
        match &self.point.body {
            Body::Lists(l) => here(&l.ingress.rules).map(|n| (List::Ingress, n)),
            Body::Netfilter(nf) => nf.tables().iter().enumerate().find_map(|(table, t)| {
                let mut chains = t.chains.iter().enumerate();
                chains.find_map(|(chain, c)| {
                    here(&c.rules).map(|n| (List::Chain { table, chain }, n))
                })
            }),
        }
    }

    /// The parts of a rule that something needs. `exact`: at the hosts that need them alone.
    fn pieces(&self, rule: &Rule, exact: bool) -> Option<Vec<Clause>> {
        let mut out: Vec<Clause> = Vec::new();
        for clause in &rule.clauses {
            let (src, conditions) = self.sources(clause);
            let all = all_ports(&clause.space);
            for n in self.needed.kept(!all) {
                let everyone = class::hosts().is_subset(&n.src);
                let met = PacketBox {
                    src: src.clone(),
                    ..clause.space.clone()
                };
                let both = met.intersect(n);
                if both.is_empty() {
                    continue;
                }
                let space = PacketBox {
                    src: if everyone { met.src } else { both.src },
                    dst: if exact { both.dst } else { met.dst },
                    proto: both.proto,
                    sport: both.sport,
                    dport: both.dport,
                    ..clause.space.clone()
                };
                out.push(Clause {
                    space,
                    conditions: conditions.iter().map(|c| (*c).clone()).collect(),
                });
                if out.len() > PIECES {
                    return None;
                }
            }
        }
        let out = joined(out, |a, b| {
            let same = a.dport == b.dport;
            same.then(|| a.src = a.src.union(&b.src)).is_some()
        });
        Some(joined(out, |a, b| {
            let same = a.src == b.src;
            same.then(|| a.dport = a.dport.union(&b.dport)).is_some()
        }))
    }

    /// The sources of a clause as far as they are known, and its other conditions: addresses come for names.
    fn sources<'c>(&self, clause: &'c Clause) -> (AddrSet, Vec<&'c hylint_model::Condition>) {
        let mut src = clause.space.src.clone();
        let mut others = Vec::new();
        for c in &clause.conditions {
            let Test::Named {
                key,
                side: Side::Src,
            } = &c.test
            else {
                others.push(c);
                continue;
            };
            match self.guard.resolve.get(&**key) {
                Some(set) if c.negated => src = src.subtract(set),
                Some(set) => src = src.intersect(set),
                None if c.negated => others.push(c),
                None => {}
            }
        }
        (src, others)
    }

    /// Whether the new rules let in less than the old one, and nothing that is worth a word.
    fn is_enough(&self, old: &Rule, new: &[Rule]) -> bool {
        let boxes: Vec<PacketBox> = new
            .iter()
            .flat_map(|r| r.clauses.iter().map(|c| c.space.clone()))
            .collect();
        let before: Vec<PacketBox> = old.clauses.iter().map(|c| c.space.clone()).collect();
        if subtract_all(&before, &boxes).is_empty() {
            return false;
        }
        let flows = match self.scene.facing {
            true => &self.needed.firm,
            false => &self.needed.boxes,
        };
        new.iter().all(|r| {
            let own: Vec<Cow<'_, PacketBox>> =
                r.clauses.iter().map(|c| Cow::Borrowed(&c.space)).collect();
            let left = self.without(r, &own, flows);
            let wide = Exposure::of(&union_addrs(&left, |b| &b.src)) > Exposure::Few;
            let class = classify::classify(r, &left, self.needed, self.scene);
            !wide && class.is_none_or(|c| c.severity == Severity::Note)
        })
    }
}

/// A rule for each clause, like another one.
fn rules(like: &Rule, clauses: Vec<Clause>) -> Vec<Rule> {
    let each = clauses.into_iter().map(|clause| Rule {
        clauses: smallvec::smallvec![clause],
        ..like.clone()
    });
    each.collect()
}

/// Clauses that differ in one dimension alone, as one each.
fn joined(clauses: Vec<Clause>, join: impl Fn(&mut PacketBox, &PacketBox) -> bool) -> Vec<Clause> {
    let mut out: Vec<Clause> = Vec::new();
    for c in clauses {
        let same = |o: &Clause| {
            let (a, b) = (&o.space, &c.space);
            o.conditions == c.conditions
                && (&a.dst, &a.proto, &a.sport) == (&b.dst, &b.proto, &b.sport)
                && (&a.in_iface, &a.out_iface) == (&b.in_iface, &b.out_iface)
                && (a.flags, a.state) == (b.flags, b.state)
        };
        let mut known = out.iter_mut().filter(|o| same(o));
        if !known.any(|o| join(&mut o.space, &c.space)) {
            out.push(c);
        }
    }
    out
}
