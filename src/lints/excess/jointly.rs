//! How wide a port is open is asked of all allows of a layer together: halves and quarters of the Internet are the Internet.

use super::beyond::Passes;
use super::classify::{self, Class};
use super::entry::Opening;
use super::review::PointReview;
use super::sweep::{self, Joint, OTHER, Services, Share, UDP};
use super::told::{Told, address};
use super::words;
use crate::finding::{Code, Finding, Identity, Related, Severity};
use crate::judge::Narrowed;
use crate::lints::place::{self, rule_span};
use crate::rules::platform;
use hylint_engine::rulespace::each;
use hylint_space::{AddrSet, Exposure, PacketBox, PortSet, ProtoSet, RangeSet, proto};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Other rules of a finding that are named.
const NAMED: usize = 5;
/// Rules for whose change a finding gives commands.
const CHANGED: usize = 64;
/// Hosts behind one layer, times shares, up to which hosts are told apart.
const APART: usize = 1 << 20;

/// A rule of a layer that opens something to public sources.
struct Opener<'r, 'a, 'b> {
    review: &'r PointReview<'a, 'b>,
    opening: &'r Opening<'a>,
    /// The gravest finding of its own, and whether that says that it is exposed.
    own: Option<(Severity, bool)>,
    /// Whether it lets in all that it matches: no name says for whom it is, and no rule before it takes any.
    plain: bool,
}

/// Adds to the findings about the rules of a layer what its rules open together, in place of those that say less of the
/// same rules.
pub(super) fn add<'a>(reviews: &[PointReview<'a, '_>], told: &mut Vec<Told>) {
    let openings: Vec<Vec<Opening<'a>>> = reviews.iter().map(|r| r.openings(&[])).collect();
    let rules = openings.iter().flatten().map(|o| address(o.rule));
    let rules: FxHashSet<usize> = rules.collect();
    let mut own: FxHashMap<usize, (Severity, bool)> = FxHashMap::default();
    // An account has thousands of groups, and each is a layer: what is told of others is passed over.
    for t in told.iter() {
        if let Some(rule) = t.rule.filter(|r| rules.contains(r)) {
            let new = (
                t.finding.severity,
                t.finding.code == Code::ExposedToInternet,
            );
            let known = own.entry(rule).or_insert(new);
            *known = (*known).max(new);
        }
    }
    let mut openers: Vec<Opener<'_, 'a, '_>> = Vec::new();
    for (review, openings) in reviews.iter().zip(&openings) {
        let taken = review.takes_from_others();
        openers.extend(openings.iter().map(|opening| Opener {
            review,
            opening,
            own: own.get(&address(opening.rule)).copied(),
            plain: !taken && opening.rule.conditions().next().is_none(),
        }));
    }
    for (finding, instead, narrow) in (Together { openers }).findings() {
        // Layers share groups, and hosts share rules.
        let known = |t: &Told| {
            let f = &t.finding;
            f.identity == finding.identity && f.place == finding.place
        };
        if told.iter().any(known) {
            continue;
        }
        told.retain(|t| {
            let said = t.rule.is_some_and(|r| instead.contains(&r));
            !said || t.finding.severity > finding.severity
        });
        told.push(Told {
            rule: None,
            finding,
            narrow,
            route: None,
        });
    }
}

struct Together<'r, 'a, 'b> {
    openers: Vec<Opener<'r, 'a, 'b>>,
}

impl Together<'_, '_, '_> {
    /// Each finding, with the rules that it speaks of.
    fn findings(&self) -> Vec<(Finding, BTreeSet<usize>, Option<Vec<Narrowed>>)> {
        let all = 0..u32::try_from(self.openers.len()).unwrap_or(u32::MAX);
        let shares: Vec<Share> = each(all, |n| self.shares(n as usize, None)).concat();
        if shares.len() < 2 {
            return Vec::new();
        }
        let services = union(sweep::joints(&shares).iter().map(|j| &j.services));
        if services.is_empty() {
            return Vec::new();
        }
        // Only what really gets in counts; that is asked of those alone that may matter.
        let near: BTreeSet<usize> = shares
            .iter()
            .filter(|s| s.services.intersects(&services))
            .map(|s| s.rule)
            .collect();
        let near: Vec<usize> = near.into_iter().collect();
        let count = u32::try_from(near.len()).unwrap_or(u32::MAX);
        let real = each(0..count, |n| {
            let rule = near.get(n as usize).copied();
            rule.map_or_else(Vec::new, |r| self.shares(r, Some(&services)))
        });
        let real = real.concat();
        let mut out = Vec::new();
        for shares in self.by_host(&real) {
            let (over_route, sure): (Vec<Share>, Vec<Share>) =
                shares.iter().cloned().partition(|s| s.by_route);
            let mut told = Services::empty();
            for joint in sweep::joints(&sure) {
                let new = self.finding(&joint, &sure);
                if new.is_some() {
                    told = told.union(&joint.services);
                }
                out.extend(new);
            }
            if over_route.is_empty() {
                continue;
            }
            for joint in sweep::joints(&shares) {
                if !joint.services.is_subset(&told) {
                    out.extend(self.finding(&joint, &shares));
                }
            }
        }
        out
    }

    /// What a rule opens to public sources and nothing needs: by its match, or, of these services, what really gets in.
    fn shares(&self, n: usize, real: Option<&Services>) -> Vec<Share> {
        let Some(o) = self.openers.get(n) else {
            return Vec::new();
        };
        let (rule, review) = (o.opening.rule, o.review);
        if !review.acts(rule) {
            return Vec::new();
        }
        let boxes = o.opening.boxes();
        let public = |b: &PacketBox| !sweep::public(&b.src).is_empty();
        if !boxes.iter().any(|b| public(b)) || !review.is_counted(rule) {
            return Vec::new();
        }
        // Until it is asked what gets in, only rules that let in what they match are taken for told.
        let is_told = real.is_some() || o.plain;
        // That it is open to anyone is told; of what, is not asked again.
        if real.is_none() && is_told && o.own.is_some_and(|(s, _)| s == Severity::Error) {
            let here = |b: &PacketBox| PacketBox {
                dst: b.dst.intersect(&review.here),
                ..b.clone()
            };
            let all = boxes.iter().map(|b| here(b).paired());
            let all = all.filter(|b| !b.is_empty() && public(b));
            return all.map(|b| share_of(n, &b, Exposure::of(&b.src))).collect();
        }
        let open = review.without(rule, &boxes, &review.needed.firm);
        let open: Vec<(PacketBox, bool)> = match real {
            None => open.into_iter().map(|b| (b, false)).collect(),
            Some(services) => {
                let asked = open.into_iter().filter(|b| of(b).intersects(services));
                let (parts, _) = review.really(rule, &asked.collect::<Vec<_>>());
                let parts = review.let_in(parts).parts.into_iter();
                let counted = parts.filter(|(_, sure)| *sure != Passes::Perhaps);
                counted
                    .map(|(b, sure)| (b, sure == Passes::ByRoute))
                    .collect()
            }
        };
        let known = review.scene.roles_known;
        let share = |(b, by_route): &(PacketBox, bool)| {
            let told = is_told && o.own.is_some_and(|(s, _)| s > Severity::Note);
            let told = if told {
                Exposure::of(&b.src)
            } else {
                Exposure::Few
            };
            let mut share = share_of(n, b, told);
            share.by_route = *by_route || review.is_widened_by_route(rule);
            if !known {
                share.services = sensitive(&share.services);
            }
            (!share.services.is_empty() && !share.sources.is_empty()).then_some(share)
        };
        open.iter().filter_map(share).collect()
    }

    /// The shares of each host behind the layer, where rules name hosts: what one opens at one host and another at another
    /// is not open at either.
    fn by_host(&self, shares: &[Share]) -> Vec<Vec<Share>> {
        let whole = || vec![shares.to_vec()];
        let mut all = shares.iter().map(|s| &s.dst);
        let Some(first) = all.next() else {
            return Vec::new();
        };
        if all.all(|p| p == first) {
            return whole();
        }
        let reviewed = self.openers.first().map(|o| o.review.hosts());
        let mut places: BTreeSet<AddrSet> = reviewed.unwrap_or_default().into_iter().collect();
        // Without hosts, each range of destinations begins somewhere, and all that hold its first address meet there.
        if places.is_empty() {
            for s in shares {
                let v4 = s.dst.v4.iter().map(|(lo, _)| Ipv4Addr::from(lo).into());
                let v6 = s.dst.v6.iter().map(|(lo, _)| Ipv6Addr::from(lo).into());
                places.extend(v4.chain(v6).map(AddrSet::host));
            }
        }
        if places.len() * shares.len() > APART {
            return whole();
        }
        let at = |place: &AddrSet| -> Vec<usize> {
            let here = shares.iter().enumerate();
            let here = here.filter(|(_, s)| s.dst.intersects(place));
            here.map(|(n, _)| n).collect()
        };
        let different: BTreeSet<Vec<usize>> = places.iter().map(at).collect();
        let of = |all: Vec<usize>| {
            all.into_iter()
                .filter_map(|n| shares.get(n).cloned())
                .collect()
        };
        different.into_iter().map(of).collect()
    }

    /// What is said of services that rules open together, unless each says as much alone.
    fn finding(
        &self,
        joint: &Joint,
        shares: &[Share],
    ) -> Option<(Finding, BTreeSet<usize>, Option<Vec<Narrowed>>)> {
        let members: Vec<&Opener<'_, '_, '_>> = joint
            .rules
            .iter()
            .filter_map(|n| self.openers.get(*n))
            .collect();
        let (first, others) = members.split_first()?;
        if others.is_empty() {
            return None;
        }
        let open = shares
            .iter()
            .filter(|s| s.services.intersects(&joint.services));
        let open: Vec<&Share> = open.collect();
        let src = sweep::together(open.iter().map(|s| &s.sources));
        let dst = sweep::together(open.iter().map(|s| &s.dst));
        let boxes = boxes(&joint.services, &src, &dst);
        let (review, rule) = (first.review, first.opening.rule);
        let mut class = classify::classify(rule, &boxes, review.needed, review.scene)?;
        if open.iter().any(|s| s.by_route) {
            class.severity = class.severity.lower();
        }
        let own = members.iter().filter_map(|m| m.own).max();
        let more = own.is_none_or(|(severity, _)| class.severity > severity);
        let exposed = |m: &&Opener<'_, '_, '_>| m.own.is_some_and(|(_, exposed)| exposed);
        let other = class.code == Code::ExposedToInternet && !members.iter().any(exposed);
        let same = own.is_some_and(|(severity, _)| class.severity == severity);
        if class.severity == Severity::Note || !(more || same && other) {
            return None;
        }
        // Whatever takes part has to go: a part of them may still be as wide.
        let all: BTreeSet<usize> = open.iter().map(|s| s.rule).collect();
        let rules: BTreeSet<usize> = self.told_by(joint, &all).into_iter().collect();
        let narrow = (all.len() <= CHANGED).then(|| {
            let each = all.iter().filter_map(|n| self.openers.get(*n));
            each.map(|m| m.review.narrowing(m.opening, false)).collect()
        });
        let finding = self.word(joint, &class, &boxes, first, others);
        Some((finding, rules, narrow.flatten()))
    }

    /// Rules of these shares that open nothing else than what is said of all.
    fn told_by(&self, joint: &Joint, all: &BTreeSet<usize>) -> Vec<usize> {
        let openers = all.iter().filter_map(|n| self.openers.get(*n));
        let whole = |o: &&Opener<'_, '_, '_>| {
            let firm = &o.review.needed.firm;
            let excess = o.review.without(o.opening.rule, &o.opening.boxes(), firm);
            excess.iter().all(|b| of(b).is_subset(&joint.services))
        };
        openers
            .filter(whole)
            .map(|o| address(o.opening.rule))
            .collect()
    }

    fn word(
        &self,
        joint: &Joint,
        class: &Class,
        boxes: &[PacketBox],
        first: &Opener<'_, '_, '_>,
        others: &[&Opener<'_, '_, '_>],
    ) -> Finding {
        let (review, rule) = (first.review, first.opening.rule);
        let services = joint.services.iter().map(|(lo, hi)| format!("{lo}-{hi}"));
        let services: Vec<String> = services.collect();
        let identity = Identity::of(&["together", &services.join(",")]);
        let whole = super::parts::union(boxes);
        let mut f = review.word(rule, class, &whole, boxes, identity);
        f.message.push_str(&words::together(joint.count));
        let named = others.iter().take(NAMED).filter_map(|o| {
            let (exports, at) = (o.review.exports, o.review.at);
            let place = place::place(exports, at, rule_span(exports, at, o.opening.rule))?;
            Some(Related {
                place,
                label: "allows part of it".into(),
            })
        });
        f.related.extend(named);
        f
    }
}

fn share_of(rule: usize, b: &PacketBox, told: Exposure) -> Share {
    Share {
        by_route: false,
        rule,
        services: of(b),
        sources: sweep::public(&b.src),
        dst: b.dst.clone(),
        told,
    }
}

/// What a box opens.
fn of(b: &PacketBox) -> Services {
    let ports = |base: u32| {
        b.dport
            .iter()
            .map(move |(lo, hi)| (base + u32::from(lo), base + u32::from(hi)))
    };
    let mut all: Vec<(u32, u32)> = Vec::new();
    for (protocol, base) in [(proto::TCP, 0), (proto::UDP, UDP)] {
        if b.proto.contains(protocol) {
            all.extend(ports(base));
        }
    }
    let with_ports: ProtoSet = [proto::TCP, proto::UDP]
        .into_iter()
        .map(|p| (p, p))
        .collect();
    let others = b.proto.subtract(&with_ports);
    all.extend(
        others
            .iter()
            .map(|(lo, hi)| (OTHER + u32::from(lo), OTHER + u32::from(hi))),
    );
    all.into_iter().collect()
}

/// Boxes of services.
fn boxes(services: &Services, src: &AddrSet, dst: &AddrSet) -> Vec<PacketBox> {
    let part = |base: u32, size: u32| {
        let here = services.intersect(&RangeSet::range(base, base + size - 1));
        let here: Vec<(u32, u32)> = here.iter().map(|(lo, hi)| (lo - base, hi - base)).collect();
        here
    };
    let one = |proto: ProtoSet, dport: PortSet| PacketBox {
        src: src.clone(),
        dst: dst.clone(),
        proto,
        dport,
        ..PacketBox::any()
    };
    let ports = |base: u32| -> PortSet {
        let narrow = |(lo, hi)| Some((u16::try_from(lo).ok()?, u16::try_from(hi).ok()?));
        part(base, UDP).into_iter().filter_map(narrow).collect()
    };
    let narrow = |(lo, hi)| Some((u8::try_from(lo).ok()?, u8::try_from(hi).ok()?));
    let others: ProtoSet = part(OTHER, 256).into_iter().filter_map(narrow).collect();
    let mut all = vec![
        one(ProtoSet::single(proto::TCP), ports(0)),
        one(ProtoSet::single(proto::UDP), ports(UDP)),
        one(others, PortSet::full()),
    ];
    all.retain(|b| !b.is_empty());
    all
}

/// Those that are sensitive whatever the host is for.
fn sensitive(services: &Services) -> Services {
    let base = |p: u8| if p == proto::UDP { UDP } else { 0 };
    let known = platform::services().iter();
    let known = known.flat_map(|s| {
        let base = base(s.proto);
        s.ports
            .iter()
            .map(move |(lo, hi)| (base + u32::from(lo), base + u32::from(hi)))
    });
    known.collect::<Services>().intersect(services)
}

fn union<'s>(sets: impl Iterator<Item = &'s Services>) -> Services {
    sets.flat_map(RangeSet::iter).collect()
}
