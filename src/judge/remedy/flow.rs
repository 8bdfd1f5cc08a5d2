//! What is changed where a flow is stopped.

use super::block;
use super::numbers::Numbers;
use super::place::{self, ADDED, Slot};
use super::planned::{Planned, What};
use crate::judge::check::run;
use crate::judge::exports::Exports;
use crate::judge::failure::{Cause, Failure};
use crate::judge::flows::Peers;
use crate::judge::miss::{Miss, Wrong};
use crate::judge::probe::Guard;
use crate::judge::spec::FlowSpec;
use hylint_engine::{Decider, Direction, PointId};
use hylint_model::{
    Action, Body, Clause, Condition, Discipline, NotInForce, Point, PointKind, Rule, RuleOrigin,
    Span,
};
use hylint_parsers::edit::List;
use hylint_space::{AddrSet, Family, PacketBox, PortSet, StateSet};

/// What was changed already for one finding: the same place is not changed twice in the same way.
#[derive(Debug, Default)]
pub(super) struct Done {
    slots: Vec<(PointId, List, Option<usize>)>,
}

/// A flow at a guard, and how it is judged.
pub(super) struct Flow<'f, 'a> {
    pub(super) guard: &'f Guard<'a>,
    pub(super) spec: FlowSpec<'f>,
    pub(super) me: &'f AddrSet,
    pub(super) peers: &'f Peers,
    pub(super) name: &'f str,
}

impl Flow<'_, '_> {
    /// What stops the flow with changed exports, if anything does. `None` if it cannot be judged.
    pub(super) fn judged<'e>(&'e self, exports: &'e Exports) -> Option<Option<Failure<'e>>> {
        let guard: Guard<'e> = self.guard.clone();
        let c = run(exports, &guard, &self.spec, self.me, self.peers)?;
        Some(c.failure)
    }

    /// The next changes against a failure; `None` if none is known.
    pub(super) fn next(
        &self,
        exports: &Exports,
        f: &Failure<'_>,
        miss: Option<&Miss<'_>>,
        done: &mut Done,
        numbers: &mut Numbers,
    ) -> Option<Vec<Planned>> {
        let at = f.by.at();
        // What was not exported cannot be changed on what is known of it.
        let point = exports.point(at).filter(|p| !p.stand_in)?;
        if let Some(m) = miss.filter(|m| m.wrong == Wrong::Disabled && m.at == at) {
            return self.enabled(point, m);
        }
        match &point.body {
            Body::Netfilter(nf) => {
                let packets = self.packets(f);
                let rule = self.allow(point, f);
                let slot = place::in_chains(nf, &f.by, self.way(f), &packets, |slot| {
                    let tried = (at, slot.list, slot.before.map(|_| slot.original));
                    let new = !done.slots.contains(&tried);
                    done.slots.push(tried);
                    new
                })?;
                Some(vec![Planned {
                    at,
                    what: What::Insert {
                        slot,
                        rule: Box::new(rule),
                    },
                }])
            }
            Body::Lists(l) => {
                let list = match self.way(f) {
                    Direction::Out => List::Egress,
                    Direction::In | Direction::Forward => List::Ingress,
                };
                match l.discipline {
                    Discipline::BlockOverAllow => self.windows(point, f, list),
                    Discipline::Priority => self.numbered(point, f, list, numbers),
                    Discipline::UnionOfAllows => {
                        Some(self.appended(at, self.allow(point, f), list))
                    }
                    Discipline::FirstMatch => None,
                }
            }
        }
    }

    /// The way that the failing packets go.
    fn way(&self, f: &Failure<'_>) -> Direction {
        match (self.guard.direction, f.cause.is_reply()) {
            (Direction::In, true) => Direction::Out,
            (Direction::Out, true) => Direction::In,
            (Direction::In, false) if f.onward.as_ref().is_some_and(|o| o.through) => {
                Direction::Forward
            }
            (direction, _) => direction,
        }
    }

    fn appended(&self, at: PointId, rule: Rule, list: List) -> Vec<Planned> {
        let slot = Slot {
            list,
            before: None,
            original: 0,
        };
        let rule = Box::new(rule);
        vec![Planned {
            at,
            what: What::Insert { slot, rule },
        }]
    }

    /// A disabled rule, enabled.
    fn enabled(&self, point: &Point, m: &Miss<'_>) -> Option<Vec<Planned>> {
        let list = match self.guard.direction {
            Direction::Out => List::Egress,
            Direction::In | Direction::Forward => List::Ingress,
        };
        let index = place::index_of(point, list, m.rule)?;
        let what = What::Enable {
            list,
            index,
            enabled: true,
        };
        (m.rule.origin != RuleOrigin::GroupPolicy).then(|| vec![Planned { at: m.at, what }])
    }

    /// Against what stops packets in a Windows firewall: a setting, a block, or that nothing allows them.
    fn windows(&self, point: &Point, f: &Failure<'_>, list: List) -> Option<Vec<Planned>> {
        let at = f.by.at();
        let inbound = list == List::Ingress;
        let profile = self.guard.profile;
        if point.overrides(inbound, profile).all.is_some() {
            let what = What::LetRulesDecide(profile);
            return Some(vec![Planned { at, what }]);
        }
        let rules = place::rules(point, list)?;
        let stops = match f.by {
            Decider::Rule { rule, .. } => Some(rule).filter(|r| r.action == Action::Deny),
            _ => None,
        };
        // What is allowed by now may still be blocked.
        let added = f.cause.is_undecided() && rules.iter().any(|r| r.span == ADDED);
        let may = || rules.iter().find(|r| may_stop(r, f)).filter(|_| added);
        match (stops.or_else(may), &f.by) {
            (Some(rule), _) => {
                let index = place::index_of(point, list, rule)?;
                let parts = block::without(rule, &self.packets(f), list)?;
                (rule.origin != RuleOrigin::GroupPolicy && rule.span != ADDED).then_some(())?;
                Some(block::planned(at, list, index, parts))
            }
            (None, Decider::Nothing { .. }) => None,
            (None, _) => {
                let rule = self.allow(point, f);
                let acts = |why| matches!(why, NotInForce::LocalRulesDisabled(_));
                let dead = point.not_in_force(&rule, profile).any(acts);
                (!dead).then(|| self.appended(at, rule, list))
            }
        }
    }

    /// Entries with numbers below that of the rule that stops the packets.
    fn numbered(
        &self,
        point: &Point,
        f: &Failure<'_>,
        list: List,
        numbers: &mut Numbers,
    ) -> Option<Vec<Planned>> {
        let at = f.by.at();
        let below = match f.by {
            Decider::Rule { rule, .. } => rule.priority,
            Decider::Nothing { .. } => return None,
            _ => None,
        };
        let rules = place::rules(point, list)?;
        let below = match f.cause.is_undecided() {
            true => first_stop(rules, f).or(below),
            false => below,
        };
        let allow = self.allow(point, f);
        let entries = match point.kind {
            PointKind::NetworkAcl => place::entries(&allow),
            _ => place::by_family(&allow),
        };
        let egress = list == List::Egress;
        let mut out = Vec::new();
        let made = match numbers.give(at, egress, point.kind, rules, below, entries.clone()) {
            Some(made) => made,
            // No number is free below the rule: it moves up, and leaves its own.
            None => {
                let Decider::Rule { rule, .. } = f.by else {
                    return None;
                };
                let index = place::index_of(point, list, rule)?;
                let to = numbers.move_up(at, egress, point.kind, rules, rule)?;
                let mut new = Box::new(rule.clone());
                new.priority = Some(to);
                let what = What::Replace { list, index, new };
                out.push(Planned { at, what });
                numbers.give(at, egress, point.kind, rules, Some(to), entries)?
            }
        };
        out.extend(made.into_iter().flat_map(|r| self.appended(at, r, list)));
        Some(out)
    }

    /// The packets that fail, as one box of what is required.
    fn packets(&self, f: &Failure<'_>) -> PacketBox {
        let mut out = f.packets.first().cloned().unwrap_or_else(PacketBox::any);
        for p in &f.packets {
            out.src = out.src.union(&p.src);
            out.dst = out.dst.union(&p.dst);
            out.sport = out.sport.union(&p.sport);
            out.dport = out.dport.union(&p.dport);
        }
        if self.peers.external {
            let peers = match self.way(f) {
                Direction::Out => &mut out.dst,
                Direction::In | Direction::Forward => &mut out.src,
            };
            let family = if peers.has(Family::V6) {
                Family::V6
            } else {
                Family::V4
            };
            *peers = AddrSet::any_of(family);
        }
        out
    }

    /// Takes all required peers where that are fewer rules: what passes already is required as well.
    fn whole(&self, packets: &mut PacketBox, way: Direction) {
        if self.peers.unknown || self.peers.external || way == Direction::Forward {
            return;
        }
        let family = family_of(packets);
        let failing = match way {
            Direction::Out => &mut packets.dst,
            Direction::In | Direction::Forward => &mut packets.src,
        };
        // A host does not reach itself by the network: to leave its own addresses out takes a rule for each prefix around them.
        let every = self.peers.addrs.union(self.me);
        let required = every.only(family);
        let fewer = required.prefixes().len() < failing.prefixes().len();
        if fewer && failing.is_subset(&required) {
            *failing = required;
        }
        if *failing == AddrSet::any_of(family) && every.is_any() {
            *failing = AddrSet::any();
        }
    }

    /// The rule that allows the packets that fail.
    fn allow(&self, point: &Point, f: &Failure<'_>) -> Rule {
        let packets = self.packets(f);
        let mut rule = Rule::new(Span::default(), Action::Allow);
        let family = family_of(&packets);
        let mut space = PacketBox {
            src: packets.src,
            dst: packets.dst,
            proto: packets.proto,
            dport: packets.dport,
            ..PacketBox::any()
        };
        let way = self.way(f);
        if point.kind == PointKind::Netfilter && !f.cause.is_reply() {
            self.whole(&mut space, way);
        }
        if let Some(onward) = f.onward.as_ref().filter(|_| !f.cause.is_reply()) {
            (space.dst, space.dport) = (onward.dst.clone(), onward.dport.clone());
        }
        // Rules of a host's own firewall are about the host, and those of a cloud about whatever stands behind them.
        let own = |peers: &AddrSet| match peers.is_any() {
            true => AddrSet::any(),
            false => AddrSet::any_of(family),
        };
        match way {
            Direction::In => space.dst = own(&space.src),
            Direction::Out => space.src = own(&space.dst),
            Direction::Forward => {}
        }
        let next = matches!(
            f.cause,
            Cause::NextDenied { .. } | Cause::NextUndecided { .. }
        );
        let first = !f.cause.is_reply() && !next;
        if point.kind == PointKind::Netfilter && !first && f.state == "ESTABLISHED" {
            space = PacketBox {
                src: AddrSet::any_of(family),
                dst: AddrSet::any_of(family),
                state: StateSet::RELATED.union(StateSet::ESTABLISHED),
                ..PacketBox::any()
            };
        } else if point.kind == PointKind::Netfilter && f.cause.is_reply() {
            // Where connections are not tracked, a reply is known by the port of the service alone.
            space.sport = packets.sport;
            space.dport = PortSet::full();
        }
        if point.kind == PointKind::WindowsFirewall || !point.kind.names_destinations() {
            match way {
                Direction::In => space.dst = AddrSet::any(),
                Direction::Out => space.src = AddrSet::any(),
                Direction::Forward => {}
            }
        }
        rule.clauses = smallvec::smallvec![Clause {
            space,
            ..Clause::default()
        }];
        match point.kind {
            PointKind::WindowsFirewall => {
                rule.profiles = self.guard.profile;
                rule.name = format!("{} {way}", self.name).into();
                rule.origin = RuleOrigin::Local;
            }
            PointKind::Nsg | PointKind::AdminRules => {
                rule.name = place::plain_name(self.name, way).into();
            }
            PointKind::SecurityGroup if first => rule.comment = self.name.into(),
            PointKind::Netfilter if first => rule.comment = self.name.into(),
            PointKind::Netfilter | PointKind::SecurityGroup | PointKind::NetworkAcl => {}
        }
        rule
    }
}

/// Whether a rule denies the packets if what a failure depends on holds.
fn may_stop(rule: &Rule, f: &Failure<'_>) -> bool {
    let open = |c: &Condition| f.conditions.iter().any(|o| std::ptr::eq(*o, c));
    let mut clauses = rule.clauses.iter();
    rule.action == Action::Deny && clauses.any(|c| c.conditions.iter().any(open))
}

/// The number of the first deny that takes the packets if what a failure depends on holds.
fn first_stop(rules: &[Rule], f: &Failure<'_>) -> Option<u32> {
    let stop = rules.iter().filter(|r| may_stop(r, f));
    stop.filter_map(|r| r.priority).min()
}

/// The family of packets, which are of one.
fn family_of(packets: &PacketBox) -> Family {
    if packets.src.has(Family::V6) {
        Family::V6
    } else {
        Family::V4
    }
}
