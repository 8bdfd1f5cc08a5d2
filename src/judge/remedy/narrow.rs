//! Rules that let in more than is needed, narrowed to what is: the advice of a finding, without a required flow lost.

use super::place::{self, ADDED};
use super::planned::Step;
use super::trial::Remedies;
use crate::judge::exports::Exports;
use hylint_engine::PointId;
use hylint_model::{Action, Clause, Point, PointKind, Rule, Span};
use hylint_parsers::edit::{Change, List, ListRef, Position};
use hylint_space::{AddrSet, Family, PacketBox, StateSet};
use std::cmp::Reverse;

/// Rules of exports that are gone through for the findings of one part of a run.
const READ: usize = 1 << 18;

/// A rule that lets in too much, and what lets in what is needed of it.
#[derive(Clone, Debug)]
pub struct Narrowed {
    /// Its point.
    pub at: PointId,
    /// Its list.
    pub list: List,
    /// Its index there.
    pub index: usize,
    /// The rules that come in its place; none where nothing needs it.
    pub new: Vec<Rule>,
    /// Whether it is switched off and not removed where nothing needs it: the platform ships it.
    pub off: bool,
}

impl Remedies {
    /// Changes that narrow these rules, by the places of the exports as they are. `None` if a required flow would be lost
    /// by them, which `kept` says of the changed exports, if there is no number for a new rule, or if more rules were gone through than are worth it.
    pub fn narrowed(
        &mut self,
        exports: &Exports,
        all: &[Narrowed],
        kept: impl Fn(&Exports) -> bool,
    ) -> Option<Vec<Step>> {
        for n in all {
            self.read += exports.get(n.at.set)?.export.rules_in_model();
        }
        if self.read > READ {
            return None;
        }
        let all: Vec<Narrowed> = all
            .iter()
            .map(|n| self.numbered(exports, n))
            .collect::<Option<_>>()?;
        let tried = |n: &Narrowed| {
            let point = exports.point(n.at);
            let both = point.zip(rule_of(exports, n));
            both.is_none_or(|(p, r)| carries_replies(p, r))
        };
        if !all.iter().any(tried) || kept(&made(exports, &all)?) {
            return steps(exports, &all);
        }
        // The replies to the hosts' own connections come by such a rule, too.
        let mut replies = all;
        let chain = |n: &&mut Narrowed| matches!(n.list, List::Chain { .. });
        let n = replies.iter_mut().find(chain)?;
        let old = rule_of(exports, n)?;
        n.new.insert(0, of_connections(old));
        let helps = kept(&made(exports, &replies)?);
        helps.then(|| steps(exports, &replies)).flatten()
    }

    /// The new rules with numbers and names of their own.
    fn numbered(&mut self, exports: &Exports, n: &Narrowed) -> Option<Narrowed> {
        let point = exports.point(n.at)?;
        let rules = place::rules(point, n.list)?;
        let old = rules.get(n.index)?;
        let mut out = n.clone();
        out.new = match point.kind {
            PointKind::NetworkAcl => n.new.iter().flat_map(place::entries).collect(),
            PointKind::Nsg | PointKind::AdminRules => {
                n.new.iter().flat_map(place::by_family).collect()
            }
            _ => out.new,
        };
        let egress = n.list == List::Egress;
        for (i, new) in out.new.iter_mut().enumerate().skip(1) {
            new.span = ADDED;
            new.fields.clear();
            if point.kind == PointKind::WindowsFirewall {
                new.name = format!("{} ({})", old.name, i + 1).into();
            }
        }
        if let (Some(number), Some((_, others))) = (old.priority, out.new.split_first_mut()) {
            let kind = point.kind;
            self.numbers
                .near(n.at, egress, kind, rules, number, others)?;
        }
        Some(out)
    }
}

fn rule_of<'e>(exports: &'e Exports, n: &Narrowed) -> Option<&'e Rule> {
    place::rules(exports.point(n.at)?, n.list)?.get(n.index)
}

/// Accepts what belongs to connections that were let through, in the families of a rule.
fn of_connections(like: &Rule) -> Rule {
    let mut rule = Rule::new(Span::default(), Action::Allow);
    let mut families = AddrSet::empty();
    for f in Family::BOTH {
        if like.clauses.iter().any(|c| c.space.src.has(f)) {
            families = families.union(&AddrSet::any_of(f));
        }
    }
    let space = PacketBox {
        src: families.clone(),
        dst: families,
        state: StateSet::RELATED.union(StateSet::ESTABLISHED),
        ..PacketBox::any()
    };
    rule.clauses = smallvec::smallvec![Clause {
        space,
        ..Clause::default()
    }];
    rule
}

/// Whether packets of a tracked connection, or replies, may come by a rule: by others it lets in the first packets alone.
fn carries_replies(point: &Point, rule: &Rule) -> bool {
    let new = StateSet::exactly(StateSet::NEW, false, false);
    match point.kind {
        PointKind::Netfilter => {
            let mut states = rule.clauses.iter().map(|c| c.space.state);
            states.any(|s| s.0 & !new.0 != 0)
        }
        kind => kind.is_stateless(),
    }
}

/// The exports with these changes.
fn made(exports: &Exports, all: &[Narrowed]) -> Option<Exports> {
    let mut sorted: Vec<&Narrowed> = all.iter().collect();
    sorted.sort_by_key(|n| Reverse(n.index));
    let mut now: Option<Exports> = None;
    for n in sorted {
        let mut made = None;
        let here = now.as_ref().unwrap_or(exports);
        let next = here.changed(n.at.set, |e| {
            made = e.points.get_mut(n.at.index()).and_then(|p| make(p, n));
        })?;
        made?;
        now = Some(next);
    }
    now
}

/// Makes the change in the model.
fn make(point: &mut Point, n: &Narrowed) -> Option<()> {
    let rules = place::rules_mut(point, n.list)?;
    let old = rules.get_mut(n.index)?;
    if n.new.is_empty() && n.off {
        old.enabled = false;
        return Some(());
    }
    rules.splice(n.index..=n.index, n.new.iter().cloned());
    Some(())
}

fn steps(exports: &Exports, all: &[Narrowed]) -> Option<Vec<Step>> {
    let mut out = Vec::new();
    for n in all {
        let list = ListRef {
            point: n.at.index(),
            list: n.list,
        };
        let old = list.rule(n.index);
        let chain = matches!(n.list, List::Chain { .. });
        let insert = |at: Position, rule: &Rule| Change::Insert {
            at,
            rule: Box::new(rule.clone()),
        };
        let kind = exports.point(n.at)?.kind;
        match n.new.split_first() {
            None if n.off && kind == PointKind::WindowsFirewall => {
                out.push(Change::SetEnabled {
                    rule: old,
                    enabled: false,
                });
            }
            None => out.push(Change::Remove(old)),
            // A rule that is put before it keeps its number wrong at worst; one that is replaced by number may be another.
            Some(_) if chain => {
                out.extend(n.new.iter().rev().map(|r| insert(Position::Before(old), r)));
                out.push(Change::Remove(old));
            }
            Some((first, others)) => {
                out.extend(others.iter().map(|r| insert(Position::End(list), r)));
                out.push(Change::Replace {
                    old,
                    new: Box::new(first.clone()),
                });
            }
        }
    }
    let set = all.first()?.at.set;
    all.iter().all(|n| n.at.set == set).then_some(())?;
    Some(out.into_iter().map(|c| (set, c)).collect())
}
