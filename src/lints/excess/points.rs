//! The findings of each point: its settings and defaults, then its rules.

use super::elsewhere::{lowered, seen_elsewhere};
use super::entry;
use super::entry::Opening;
use super::fold::Fold;
use super::jointly;
use super::kept::nothing_lost;
use super::needed::Needed;
use super::review::{PointReview, Seen, families};
use super::scene;
use super::told::{Told, address, by_route};
use super::words;
use crate::finding::{Finding, Severity};
use crate::judge::{
    Exports, Flows, Guard, Narrowed, Remedies, alternative_profiles, host_guards, transit_guard,
};
use crate::lints::order::Idle;
use crate::lints::{chain, command};
use crate::rules::matrix::RoleIx;
use crate::site::Host;
use hylint_engine::rulespace::each;
use hylint_engine::{Decider, Direction, PointId};
use hylint_model::{Action, Body, Point, Rule};
use hylint_parsers::edit::ListRef;
use hylint_space::PacketBox;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Rules looked at before what is found of them is put together.
const AT_ONCE: usize = 1 << 14;

/// A rule that lets anyone in, what it lets in, and what is said of it where it is the only one of its host.
type ToAnyone<'o, 'a> = (&'o Opening<'a>, Vec<PacketBox>, Option<Box<Finding>>);

/// Every excess finding of the run, in point order.
#[must_use]
pub(crate) fn findings<'a>(
    flows: Flows<'a>,
    exports: &'a Exports,
    idle: &Idle,
    remedies: &mut Remedies,
) -> Vec<Finding> {
    let out = told(flows, exports, exports.points(), idle);
    let advised = by_route(out).into_iter().map(|mut t| {
        let Some(all) = t.narrow.take() else {
            return t.finding;
        };
        let kept = |now: &Exports| nothing_lost(flows, exports, now, &all);
        let steps = remedies.narrowed(exports, &all, kept);
        if let (Some(_), Some(_), [one], Some(before)) = (&steps, t.rule, &*all, &t.finding.help) {
            let known = is_role_known(flows, &t.finding);
            t.finding.help = Some(words::narrowed(one, t.finding.code, known, before));
        }
        t.finding.help = t.finding.help.map(|help| help + &to_change(exports, &all));
        let commands = steps.and_then(|s| command::of_steps(exports, s));
        t.finding.commands.extend(commands.into_iter().flatten());
        t.finding
    });
    advised.collect()
}

/// What to do instead, where a program wrote the first of the rules.
fn to_change(exports: &Exports, all: &[Narrowed]) -> String {
    let rule = all.first().and_then(|n| {
        let list = ListRef {
            point: n.at.index(),
            list: n.list,
        };
        let rule = list.rule(n.index).find(&exports.get(n.at.set)?.export)?;
        Some(Decider::Rule { at: n.at, rule })
    });
    rule.map_or_else(String::new, |d| chain::to_change(exports, &d))
}

/// Whether it is known what the host of a finding is for.
fn is_role_known(flows: Flows<'_>, f: &Finding) -> bool {
    let mut hosts = flows.part.hosts.iter();
    let host = hosts.find(|h| Some(&h.name) == f.host.as_ref());
    host.is_none_or(|h| !h.roles.is_empty())
}

/// What is found at these points, and by all rules of each layer together.
pub(super) fn told<'a>(
    flows: Flows<'a>,
    exports: &'a Exports,
    points: impl Iterator<Item = (PointId, &'a Point)>,
    idle: &Idle,
) -> Vec<Told> {
    let mut out = Vec::new();
    let behind = guarded(&flows.part.hosts);
    for (at, point) in points {
        let ask = |guard: &Guard<'a>,
                   alternatives: &[Guard<'a>],
                   needed: &Needed,
                   hosts: &[&'a Host<PointId>]| {
            let of = |g| {
                let review = PointReview::new(exports, at, point, g, needed, hosts, idle);
                review.before(behind_transit(flows, at))
            };
            of(guard).findings(&alternatives.iter().map(of).collect::<Vec<_>>())
        };
        let transit = flows.part.transits.iter().find(|t| t.points.contains(&at));
        if let Some(t) = transit {
            let guard = transit_guard(exports, t);
            out.extend(ask(&guard, &[], &Needed::through(flows), &[]));
            continue;
        }
        let Some(hosts) = behind.get(&at) else {
            continue;
        };
        let needed = Needed::at(flows, hosts, point.kind, families(point));
        let Some(first) = hosts.first() else { continue };
        let asked_of = |first: &'a Host<PointId>, hosts: &[&'a Host<PointId>]| {
            // The group of a subnet may be that of the interface too, and is asked once.
            let (mut asked, mut found) = (Vec::new(), Vec::new());
            for (guard, _, assumed) in host_guards(exports, first, Direction::In) {
                let key = (guard.points, guard.profile);
                if guard.points.contains(&at) && !asked.contains(&key) {
                    asked.push(key);
                    let others = if assumed {
                        alternative_profiles(exports, &guard)
                    } else {
                        Vec::new()
                    };
                    found.extend(ask(&guard, &others, &needed, hosts));
                }
            }
            found
        };
        let mut alike = alike(hosts).into_iter();
        let mut found = alike
            .next()
            .map_or_else(Vec::new, |hosts| asked_of(first, &hosts));
        for hosts in alike {
            if let Some(first) = hosts.first() {
                gravest(&mut found, asked_of(first, &hosts));
            }
        }
        out.append(&mut found);
    }
    together(flows, exports, idle, &mut out);
    out
}

/// Adds what the rules of each layer let in together.
fn together<'a>(flows: Flows<'a>, exports: &'a Exports, idle: &Idle, told: &mut Vec<Told>) {
    let mut ask = |guard: &Guard<'a>, hosts: &[&'a Host<PointId>], in_transit: bool| {
        let points = guard.points.iter();
        let points: Vec<(PointId, &Point)> = points
            .filter_map(|at| Some((*at, exports.point(*at)?)))
            .collect();
        let needed: Vec<Needed> = points
            .iter()
            .map(|(_, p)| {
                if in_transit {
                    Needed::through(flows)
                } else {
                    Needed::at(flows, hosts, p.kind, families(p))
                }
            })
            .collect();
        let reviews = points.into_iter().zip(&needed);
        let reviews: Vec<PointReview<'a, '_>> = reviews
            .map(|((at, point), n)| {
                let review = PointReview::new(exports, at, point, guard, n, hosts, idle);
                review.before(behind_transit(flows, at))
            })
            .collect();
        jointly::add(&reviews, told);
    };
    for t in &flows.part.transits {
        ask(&transit_guard(exports, t), &[], true);
    }
    let mut layers: BTreeMap<&[PointId], Vec<&'a Host<PointId>>> = BTreeMap::new();
    for h in &flows.part.hosts {
        for l in &h.layers {
            let hosts = layers.entry(&l.points).or_default();
            if !hosts.last().is_some_and(|last| std::ptr::eq(*last, h)) {
                hosts.push(h);
            }
        }
    }
    for (points, hosts) in layers {
        for hosts in alike(&hosts) {
            let Some(first) = hosts.first() else { continue };
            let mut asked = Vec::new();
            for (guard, _, _) in host_guards(exports, first, Direction::In) {
                if guard.points == points && !asked.contains(&guard.profile) {
                    asked.push(guard.profile);
                    ask(&guard, &hosts, false);
                }
            }
        }
    }
}

/// The hosts of a point apart by what the names in its rules stand for there: a tag of Azure is another set of addresses in
/// each subnet.
fn alike<'a>(hosts: &[&'a Host<PointId>]) -> Vec<Vec<&'a Host<PointId>>> {
    let mut all: Vec<Vec<&Host<PointId>>> = Vec::new();
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for h in hosts {
        let n = *known.entry((&h.resolve, &h.open)).or_insert(all.len());
        match all.get_mut(n) {
            Some(same) => same.push(h),
            None => all.push(vec![h]),
        }
    }
    all
}

/// Adds what is found at further hosts of a point, where it is more than what is found of the same rule already.
fn gravest(found: &mut Vec<Told>, more: Vec<Told>) {
    let each = found.iter().enumerate();
    let mut of_rules: FxHashMap<usize, usize> =
        each.filter_map(|(n, t)| Some((t.rule?, n))).collect();
    for new in more {
        let n = match new.rule {
            Some(rule) => of_rules.get(&rule).copied(),
            None => found.iter().position(|t| {
                let (a, b) = (&t.finding, &new.finding);
                t.rule.is_none() && a.identity == b.identity && a.place == b.place
            }),
        };
        let Some(known) = n.and_then(|n| found.get_mut(n)) else {
            if new.finding.severity > Severity::Note {
                of_rules.extend(new.rule.map(|rule| (rule, found.len())));
                found.push(new);
            }
            continue;
        };
        match known.finding.severity.cmp(&new.finding.severity) {
            Ordering::Less => *known = new,
            Ordering::Equal => widen(&mut known.finding, new.finding),
            Ordering::Greater => {}
        }
    }
}

/// Adds the parts of a rule's excess that another host has.
fn widen(known: &mut Finding, other: Finding) {
    for part in other.excess {
        if known.excess.iter().any(|p| p.text == part.text) {
            continue;
        }
        known.excess_total += 1;
        if known.excess.len() < Finding::PARTS {
            known.excess.push(part);
        }
    }
}

/// The hosts that the site says stand behind a forwarding firewall.
fn behind_transit<'a>(flows: Flows<'a>, at: PointId) -> Vec<&'a Host<PointId>> {
    let transits = flows.part.transits.iter();
    let transits = transits.filter(|t| t.points.contains(&at));
    let to = transits.flat_map(|t| {
        let behind = t.behind.iter().map(|(_, to)| *to);
        t.between.iter().map(|(_, to)| *to).chain(behind)
    });
    let roles: BTreeSet<RoleIx> = to.collect();
    let hosts = flows.part.hosts.iter();
    hosts
        .filter(|h| h.roles.iter().any(|r| roles.contains(r)))
        .collect()
}

/// The hosts behind each point.
fn guarded(hosts: &[Host<PointId>]) -> BTreeMap<PointId, Vec<&Host<PointId>>> {
    let mut all: BTreeMap<PointId, Vec<&Host<PointId>>> = BTreeMap::new();
    for h in hosts {
        let points: BTreeSet<PointId> = h.layers.iter().flat_map(|l| l.points.clone()).collect();
        for at in points {
            all.entry(at).or_default().push(h);
        }
    }
    all
}

impl<'a> PointReview<'a, '_> {
    /// What is found, and what would be in the profiles that may be active instead of the judged one.
    fn findings(&self, alternatives: &[Self]) -> Vec<Told> {
        if let Some(f) = self.firewall_off() {
            return vec![f.into()];
        }
        let mut out: Vec<Told> = self.default_allow().into_iter().map(Told::from).collect();
        let mut on: Vec<&Self> = Vec::new();
        for other in alternatives {
            let off = other.firewall_off();
            if off.is_none() {
                on.push(other);
            }
            let open = off.or_else(|| other.default_allow());
            out.extend(open.map(lowered).map(Told::from));
        }
        self.rules(&on, &mut out);
        out
    }

    /// Rules that let packets in, here or in a profile that may be active instead.
    pub(super) fn openings(&self, alternatives: &[&Self]) -> Vec<Opening<'a>> {
        match &self.point.body {
            Body::Lists(l) => {
                let rules = l.ingress.rules.iter();
                let acts = |r: &Rule| self.acts(r) || alternatives.iter().any(|o| o.acts(r));
                rules
                    .filter(|r| r.action == Action::Allow && acts(r))
                    .map(Opening::of)
                    .collect()
            }
            Body::Netfilter(nf) => entry::openings(nf, self.guard.direction),
        }
    }

    fn told_of(&self, opening: &Opening<'a>, finding: Finding) -> Told {
        // What a program that the export does not print may limit is not to be narrowed by its match.
        let known = scene::port_less(opening.rule).is_none();
        let narrow = known.then(|| self.narrowing(opening, false)).flatten();
        Told {
            rule: Some(address(opening.rule)),
            narrow: narrow.map(|n| vec![n]),
            route: self.route_of(opening.rule),
            finding,
        }
    }

    fn rules(&self, alternatives: &[&Self], out: &mut Vec<Told>) {
        let (mut builtin, mut sensitive) = (Fold::default(), Fold::default());
        let mut unneeded = Fold::default();
        let mut anyone: Vec<ToAnyone<'_, 'a>> = Vec::new();
        let mut lacking = Fold::default();
        let openings = self.openings(alternatives);
        for part in openings.chunks(AT_ONCE) {
            let one = |i: u32| {
                let opening = part.get(i as usize)?;
                let acts = self.acts(opening.rule);
                let here = acts.then(|| self.seen(opening));
                let seen = here
                    .flatten()
                    .or_else(|| seen_elsewhere(opening, alternatives));
                let quiet = matches!(seen, None | Some(Seen::Unneeded(_)));
                let lacking = acts && quiet && self.opens_lacking(opening);
                if lacking { Some(Seen::Lacking) } else { seen }
            };
            let seen = each(0..part.len() as u32, one);
            for (opening, seen) in part.iter().zip(seen) {
                match seen {
                    None => {}
                    Some(Seen::Builtin { to_anyone }) => {
                        // Their group says what they are, and what each opens is the same everywhere.
                        if to_anyone {
                            sensitive.rules.push(opening.rule);
                            sensitive.narrowing(|| self.narrowing(opening, true));
                        }
                        builtin.rules.push(opening.rule);
                        builtin.narrowing(|| self.narrowing(opening, true));
                    }
                    Some(Seen::Unneeded(total)) => {
                        let parts = self.unneeded_parts(opening, unneeded.room());
                        unneeded.add(opening.rule, parts, total);
                        unneeded.narrowing(|| self.narrowing(opening, false));
                    }
                    Some(Seen::Lacking) => {
                        lacking.rules.push(opening.rule);
                        lacking.narrowing(|| self.narrowing(opening, false));
                    }
                    Some(Seen::Undeclared(boxes, finding)) => {
                        anyone.push((opening, boxes, finding))
                    }
                    Some(Seen::Open(f)) => out.push(self.told_of(opening, *f)),
                }
            }
        }
        let (mut undeclared, mut opened) = (Fold::default(), Vec::new());
        let single = anyone.len() == 1;
        for (opening, boxes, finding) in anyone {
            match finding {
                Some(f) if single => out.push(self.told_of(opening, *f)),
                _ => {
                    undeclared.rules.push(opening.rule);
                    undeclared.narrowing(|| self.narrowing(opening, false));
                    opened.extend(boxes);
                }
            }
        }
        let folded = [
            self.fold_undeclared(undeclared, &opened),
            self.fold_builtin(builtin, sensitive),
            self.fold_unneeded(unneeded),
            self.fold_lacking(lacking),
        ];
        out.extend(folded.into_iter().flatten());
    }
}
