//! Which services rules open together to more of the Internet than any of them does alone.

use hylint_space::{AddrSet, Exposure, RangeSet, class};
use std::collections::{BTreeMap, BTreeSet};

/// Ports of TCP, of UDP behind them ([`UDP`]), and then protocols ([`OTHER`]).
pub(super) type Services = RangeSet<u32>;
/// The first and the last of adjacent services.
type Ports = (u32, u32);
/// Services, the rules that open them together, and how many those are.
type Opened = (Vec<Ports>, Vec<usize>, usize);

/// The first port of UDP.
pub(super) const UDP: u32 = 1 << 16;
/// The first protocol.
pub(super) const OTHER: u32 = 2 << 16;

/// Ranges put together for one question; past it the sum of what the rules open stands for what they open together, which
/// is never less.
const WORK: usize = 1 << 24;
/// Rules of one result that are named; the others are counted.
const NAMED: usize = 64;

/// What a rule opens to public sources.
#[derive(Clone)]
pub(super) struct Share {
    /// The number of the rule.
    pub(super) rule: usize,
    pub(super) services: Services,
    /// Public ones alone.
    pub(super) sources: AddrSet,
    /// Where it opens that.
    pub(super) dst: AddrSet,
    /// That gets in over a route alone.
    pub(super) by_route: bool,
    /// What is told of the rule anyway; it need not be said again that it is open so far.
    pub(super) told: Exposure,
}

/// Services that are open wider than any one rule opens them.
#[derive(Debug, PartialEq)]
pub(super) struct Joint {
    pub(super) services: Services,
    pub(super) exposure: Exposure,
    /// The first rules that open it so far, widest first.
    pub(super) rules: Vec<usize>,
    /// How many it takes.
    pub(super) count: usize,
}

/// IPv4 addresses, and IPv6 /64s.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    v4: u64,
    v6: u128,
}

impl Weight {
    fn of(s: &AddrSet) -> Self {
        Self {
            v4: u64::try_from(s.v4.count()).unwrap_or(u64::MAX),
            v6: s.v6.count().div_ceil(1 << 64),
        }
    }

    fn most(self) -> Exposure {
        Exposure::most(self.v4.into(), self.v6.saturating_mul(1 << 64))
    }
}

/// Shares in the same services.
struct Group<'s> {
    shares: Vec<&'s Share>,
    sources: AddrSet,
    weight: Weight,
    told: Exposure,
}

/// Public addresses among these.
pub(super) fn public(sources: &AddrSet) -> AddrSet {
    sources.intersect(class::public())
}

/// The union, made at once: one after the other would be quadratic in the ranges.
pub(super) fn together<'s>(sets: impl Iterator<Item = &'s AddrSet>) -> AddrSet {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for s in sets {
        v4.extend(s.v4.iter());
        v6.extend(s.v6.iter());
    }
    AddrSet {
        v4: v4.into_iter().collect(),
        v6: v6.into_iter().collect(),
    }
}

/// The services that shares open together to more than what is told of any of them.
pub(super) fn joints(shares: &[Share]) -> Vec<Joint> {
    let groups = groups(shares);
    let mut events: Vec<(u32, bool, usize)> = Vec::new();
    for (n, (services, _)) in groups.iter().enumerate() {
        for (lo, hi) in services.iter() {
            events.push((lo, true, n));
            events.push((hi.saturating_add(1), false, n));
        }
    }
    events.sort_unstable();
    let mut sweep = Sweep {
        groups: groups.iter().map(|(_, g)| g).collect(),
        active: BTreeSet::new(),
        sum: Weight::default(),
        told: [0; 3],
        work: WORK,
    };
    let mut out: BTreeMap<(usize, Exposure), Opened> = BTreeMap::new();
    let mut events = events.into_iter().peekable();
    while let Some((at, open, group)) = events.next() {
        sweep.turn(open, group);
        let Some((next, _, _)) = events.peek().filter(|(next, _, _)| *next > at) else {
            continue;
        };
        let Some((exposure, rules, count)) = sweep.joint() else {
            continue;
        };
        let first = rules.first().copied().unwrap_or_default();
        let entry = out.entry((first, exposure)).or_default();
        entry.0.push((at, next - 1));
        if count > entry.2 {
            (entry.1, entry.2) = (rules, count);
        }
    }
    let joint = |((_, exposure), (services, rules, count))| Joint {
        services: Vec::into_iter(services).collect(),
        exposure,
        rules,
        count,
    };
    out.into_iter().map(joint).collect()
}

fn groups(shares: &[Share]) -> Vec<(&Services, Group<'_>)> {
    let mut by_services: BTreeMap<&Services, Vec<&Share>> = BTreeMap::new();
    for s in shares {
        by_services.entry(&s.services).or_default().push(s);
    }
    let all = by_services.into_iter();
    all.map(|(services, shares)| (services, Group::of(shares)))
        .collect()
}

impl<'s> Group<'s> {
    fn of(shares: Vec<&'s Share>) -> Self {
        let sources = together(shares.iter().map(|s| &s.sources));
        let told = shares.iter().map(|s| s.told).max().unwrap_or_default();
        Self {
            weight: Weight::of(&sources),
            shares,
            sources,
            told,
        }
    }
}

/// The groups at one service.
struct Sweep<'s> {
    groups: Vec<&'s Group<'s>>,
    active: BTreeSet<usize>,
    sum: Weight,
    /// How many of the active groups are told of, by exposure.
    told: [usize; 3],
    work: usize,
}

impl Sweep<'_> {
    fn turn(&mut self, open: bool, n: usize) {
        let Some(group) = self.groups.get(n) else {
            return;
        };
        let slot = self.told.get_mut(group.told as usize);
        if open {
            self.active.insert(n);
            self.sum.v4 = self.sum.v4.saturating_add(group.weight.v4);
            self.sum.v6 = self.sum.v6.saturating_add(group.weight.v6);
            slot.into_iter().for_each(|s| *s += 1);
        } else {
            self.active.remove(&n);
            self.sum.v4 = self.sum.v4.saturating_sub(group.weight.v4);
            self.sum.v6 = self.sum.v6.saturating_sub(group.weight.v6);
            slot.into_iter().for_each(|s| *s = s.saturating_sub(1));
        }
    }

    fn told(&self) -> Exposure {
        let [_, block, anyone] = self.told;
        match (block, anyone) {
            (_, 1..) => Exposure::Anyone,
            (1.., _) => Exposure::Block,
            _ => Exposure::Few,
        }
    }

    /// What the active groups are together, if that is more than what is told of any.
    fn joint(&mut self) -> Option<(Exposure, Vec<usize>, usize)> {
        let told = self.told();
        if self.sum.most() <= told {
            return None;
        }
        let active: Vec<&Group<'_>> = self
            .active
            .iter()
            .filter_map(|n| self.groups.get(*n).copied())
            .collect();
        // What one rule opens is told of it alone.
        let mut rules = active.iter().flat_map(|g| &g.shares).map(|s| s.rule);
        let first = rules.next();
        if rules.all(|r| Some(r) == first) {
            return None;
        }
        let ranges = |g: &&Group<'_>| g.sources.v4.len() + g.sources.v6.len();
        let cost: usize = active.iter().map(ranges).sum();
        let Some(left) = self.work.checked_sub(cost) else {
            return Some(self.named(&active, self.sum.most(), false));
        };
        self.work = left;
        let exposure = Exposure::of(&together(active.iter().map(|g| &g.sources)));
        (exposure > told).then(|| self.named(&active, exposure, true))
    }

    /// The rules that it takes, widest first.
    fn named(
        &self,
        active: &[&Group<'_>],
        exposure: Exposure,
        exact: bool,
    ) -> (Exposure, Vec<usize>, usize) {
        let mut shares: Vec<&Share> = active.iter().flat_map(|g| &g.shares).copied().collect();
        shares.sort_by_cached_key(|s| (std::cmp::Reverse(Weight::of(&s.sources)), s.rule));
        let enough = |n: usize| {
            let first = shares.iter().take(n).map(|s| &s.sources);
            Exposure::of(&together(first)) >= exposure
        };
        let mut count = shares.len();
        if exact {
            let mut most = 1;
            while most < count && !enough(most) {
                most *= 2;
            }
            let (mut low, mut high) = (most / 2, most.min(count));
            while high - low > 1 {
                let middle = low.midpoint(high);
                if enough(middle) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            count = high;
        }
        let mut rules: Vec<usize> = Vec::new();
        for s in shares.iter().take(count) {
            if rules.len() < NAMED && !rules.contains(&s.rule) {
                rules.push(s.rule);
            }
        }
        let count = if count <= NAMED { rules.len() } else { count };
        (exposure, rules, count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn share(rule: usize, services: &[(u32, u32)], sources: &str) -> Share {
        let sources = public(&AddrSet::parse(sources).unwrap());
        Share {
            by_route: false,
            rule,
            services: services.iter().copied().collect(),
            told: Exposure::of(&sources),
            sources,
            dst: AddrSet::any(),
        }
    }

    fn found(shares: &[Share]) -> Vec<(Vec<Ports>, Exposure, Vec<usize>)> {
        let of = |j: Joint| (j.services.iter().collect(), j.exposure, j.rules);
        joints(shares).into_iter().map(of).collect()
    }

    const QUARTERS: [&str; 4] = ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"];

    /// Catches pieces that are each asked alone, and an answer for services that only one of them opens.
    #[test]
    fn pieces_count_where_they_meet() {
        let ports = [(3389, 3389), (1000, 4000), (3000, 3389), (3389, 5000)];
        let shares: Vec<Share> = (0..4).map(|n| share(n, &[ports[n]], QUARTERS[n])).collect();
        // Each is less than 2^30 without its private addresses, and two are more.
        let anyone = |services, rules| (vec![services], Exposure::Anyone, rules);
        assert_eq!(
            found(&shares),
            [
                anyone((3390, 4000), vec![1, 3]),
                anyone((3000, 3389), vec![2, 1])
            ]
        );
        assert_eq!(found(&shares[..1]), []);
    }

    /// Catches a rule that is told of being told of again, and halves of a block that are not put together.
    #[test]
    fn what_one_rule_tells_is_not_told_of_all() {
        let any = share(9, &[(22, 22)], "0.0.0.0/0");
        let mut shares: Vec<Share> = QUARTERS.iter().map(|q| share(0, &[(22, 22)], q)).collect();
        shares.push(any);
        assert_eq!(found(&shares), []);
        let halves = [
            share(0, &[(22, 22)], "9.0.0.0/9"),
            share(1, &[(22, 23)], "9.128.0.0/9"),
        ];
        assert_eq!(
            found(&halves),
            [(vec![(22, 22)], Exposure::Block, vec![0, 1])]
        );
        let families = [
            share(0, &[(22, 22)], "0.0.0.0/2"),
            share(1, &[(22, 22)], "2000::/6"),
        ];
        assert_eq!(found(&families), [], "neither family is anyone");
    }

    /// Catches time that grows with the square of a list of countries.
    #[test]
    fn a_long_list_of_networks_is_one_question() {
        let network = |n: u32| {
            let lo = 0x2000_0000 + n * 0x4000;
            let v4 = RangeSet::range(lo, lo + 0x1FFF);
            Share {
                by_route: false,
                rule: n as usize,
                services: RangeSet::single(443),
                sources: AddrSet {
                    v4,
                    v6: RangeSet::empty(),
                },
                dst: AddrSet::any(),
                told: Exposure::Few,
            }
        };
        let shares: Vec<Share> = (0..50_000).map(network).collect();
        assert_eq!(found(&shares), []);
    }
}
