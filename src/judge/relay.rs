//! What the load balancer of a via does to the packets that it gets, as far as its own rules tell.

use super::exports::Exports;
use super::flows::{self, Applies, Flows};
use super::guards::{host_guards, transit_guard};
use super::probe::{Guard, without_interfaces};
use super::spec::FlowSpec;
use super::through::{Side, Through, Way, at};
use super::transits::transit_pairs;
use crate::rules::matrix::RoleIx;
use crate::site::{Host, Via};
use hylint_engine::{Branch, Direction, Effect, LocalPolicy, Onward, PointId, subtract_all};
use hylint_model::{Nat, NatKind};
use hylint_space::{AddrSet, Family, PacketBox};
use std::borrow::Cow;

/// Packets to a front, and where rules send them.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The packets.
    pub packets: PacketBox,
    /// Where they are translated to; `None` if they are not.
    pub onward: Option<Onward>,
    /// What translates their source; `None` if nothing does.
    pub source: Option<Nat>,
    /// Nothing that the export leaves open decided about them.
    sure: bool,
    /// Whose rules.
    pub at: PointId,
}

impl Sent {
    fn of(b: &Branch<'_>) -> Self {
        Self {
            packets: b.space.clone(),
            onward: b.onward.as_deref().cloned(),
            // New ports alone leave the address.
            source: b
                .source
                .filter(|n| n.kind == NatKind::Masquerade || n.addrs.is_some())
                .cloned(),
            sure: b.conditions.is_empty(),
            at: b.by.at(),
        }
    }

    /// Whether they are translated and sent on, and not delivered where they are.
    #[must_use]
    pub(super) fn is_forwarded(&self) -> bool {
        self.onward.as_ref().is_some_and(|o| o.through)
    }

    /// Whether some of the packets are translated to what is not behind a via, or to other ports there.
    #[must_use]
    fn strays(&self, via: &Via, ports: &[u16]) -> bool {
        let Some(onward) = self.onward.as_ref().filter(|o| o.through) else {
            return false;
        };
        let there = ports.iter().filter(|p| self.packets.dport.contains(**p));
        let there: hylint_space::PortSet =
            there.map(|p| via.behind_one(*p)).map(|p| (p, p)).collect();
        !onward.dst.is_subset(&via.addrs) || !onward.dport.is_subset(&there)
    }
}

/// What becomes of the packets of a way that a host accepts.
pub(super) fn translated<'a>(
    exports: &'a Exports,
    host: &'a Host<PointId>,
    way: &Way<'a>,
    spec: &FlowSpec<'a>,
) -> Vec<Sent> {
    let guards = host_guards(exports, host, Direction::In);
    let mut out = Vec::new();
    for (guard, _, _) in guards.iter().filter(|(g, _, _)| g.has_interfaces(exports)) {
        out.extend(sent(exports, guard, way, spec));
    }
    out
}

/// What becomes of the packets of a way that a guard lets through.
fn sent<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    way: &Way<'a>,
    spec: &FlowSpec<'a>,
) -> Vec<Sent> {
    let policy = LocalPolicy::Required(spec.listener(Direction::In));
    let mut out = Vec::new();
    for family in Family::BOTH {
        let src = match way.peers.unknown {
            true => flows::unicast(family),
            false => way.peers.addrs.only(family),
        };
        let dst = way.me.only(family);
        if src.is_empty() || dst.is_empty() {
            continue;
        }
        let query = flows::first_packets(src, dst, spec.protocol, spec.ports, spec.ephemeral);
        let answer = guard.ask(exports, policy, &query);
        let passing = answer.branches.iter().filter(|b| b.effect == Effect::Allow);
        out.extend(passing.map(Sent::of));
    }
    out
}

/// What of a translation is not as hylint.toml says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Odd {
    /// It leads to what is not behind the via, or to other ports.
    Target,
    /// The hosts see another source.
    Source,
}

/// The first of the packets that are translated otherwise than a via says, and how. `own` are the addresses of who translates,
/// empty if they are not known.
pub(super) fn odd<'s>(
    through: Through<'_>,
    sent: &'s [Sent],
    ports: &[u16],
    own: &AddrSet,
) -> Option<(Odd, &'s Sent)> {
    let via = through.via;
    let front = through.side == Side::Front && !via.front.is_empty();
    let stray = sent.iter().find(|s| front && s.strays(via, ports));
    if let Some(s) = stray {
        return Some((Odd::Target, s));
    }
    let (good, bad): (Vec<&Sent>, Vec<&Sent>) = sent.iter().partition(|s| s.keeps_to(through, own));
    // By which interface packets leave may be open, and with it what translates them.
    let good = good.into_iter().filter(|s| s.sure);
    let good: Vec<PacketBox> = good.map(|s| without_interfaces(&s.packets)).collect();
    let left = |s: &&Sent| !subtract_all(&[without_interfaces(&s.packets)], &good).is_empty();
    bad.into_iter().find(left).map(|s| (Odd::Source, s))
}

impl Sent {
    /// Whether the hosts behind a via see the source that it says, as far as these packets tell.
    fn keeps_to(&self, through: Through<'_>, own: &AddrSet) -> bool {
        let (via, front) = (through.via, through.side == Side::Front);
        // What becomes of packets that are only sent on to what stands at the front is not told here.
        let passes_on = front && !via.front.is_empty() && !self.is_forwarded();
        let Some(nat) = &self.source else {
            let unsaid = via.sources.is_empty() || passes_on || front && via.front.is_empty();
            return unsaid || self.packets.src.is_subset(&via.sources);
        };
        if via.sources.is_empty() || passes_on {
            return !via.sources.is_empty();
        }
        match &nat.addrs {
            Some(a) => {
                let of = |f: Family| a.only(f).is_subset(&via.sources);
                Family::BOTH
                    .into_iter()
                    .filter(|f| self.packets.src.has(*f))
                    .all(of)
            }
            // Its own address by that interface, which the site may have among the sources.
            None => front && (own.is_empty() || own.intersects(&via.sources)),
        }
    }
}

/// The first packets of a load balancer's own that leave with another source than the via says.
pub(super) fn hides<'a>(
    exports: &'a Exports,
    host: &'a Host<PointId>,
    way: &Way<'a>,
    spec: &FlowSpec<'a>,
) -> Option<Sent> {
    let via = way.through?.via;
    let guards = host_guards(exports, host, Direction::Out);
    let mut all = guards.iter().filter(|(g, _, _)| g.has_interfaces(exports));
    let own = Way {
        me: Cow::Owned(way.peers.addrs.clone()),
        peers: at(way.me.as_ref().clone()),
        through: way.through,
    };
    all.find_map(|(guard, _, _)| {
        let spec = spec.through(way.through);
        let sent = sent(exports, guard, &own, &spec);
        let odd = |s: &Sent| match s.source.as_ref().map(|n| &n.addrs) {
            Some(Some(a)) => !via.sources.is_empty() && !a.is_subset(&via.sources),
            _ => false,
        };
        sent.into_iter().find(odd)
    })
}

/// Whether a forwarding firewall translates packets otherwise than the via says.
pub(super) fn contradicts<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    way: &Way<'a>,
    spec: &FlowSpec<'a>,
) -> bool {
    way.through.is_some_and(|t| {
        let sent = sent(exports, guard, way, &spec.through(way.through));
        odd(t, &sent, spec.ports, &AddrSet::empty()).is_some()
    })
}

/// A translation that is not as hylint.toml says of a via.
#[derive(Clone, Debug)]
pub struct Stray<'a> {
    /// Of which host or forwarding firewall.
    pub host: &'a str,
    /// The via.
    pub via: &'a Via,
    /// What is wrong.
    pub odd: Odd,
    /// What is translated, and how.
    pub sent: Sent,
}

/// Every such translation at the hosts and firewalls that are judged here, one for each of them and via.
#[must_use]
pub fn strays<'a>(flows: Flows<'a>, exports: &'a Exports) -> Vec<Stray<'a>> {
    let mut out: Vec<Stray<'a>> = Vec::new();
    if flows.site.vias.is_empty() {
        return out;
    }
    let mut add = |host: &'a str, via: &'a Via, found: Option<(Odd, Sent)>| {
        let known = |o: &Stray<'_>| o.host == host && std::ptr::eq(o.via, via);
        if let Some((odd, sent)) = found.filter(|_| !out.iter().any(known)) {
            out.push(Stray {
                host,
                via,
                odd,
                sent,
            });
        }
    };
    let first = |t: Through<'_>, sent: &[Sent], ports: &[u16], own: &AddrSet| {
        odd(t, sent, ports, own).map(|(odd, s)| (odd, s.clone()))
    };
    for req in &flows.matrix.requirements {
        if *flows.applies(req) != Applies::Yes {
            continue;
        }
        let spec = FlowSpec::of(req, flows.ports(req), flows.site);
        let (from, to): (Vec<RoleIx>, Vec<RoleIx>) =
            (flows.existing(&req.from), flows.existing(&req.to));
        for (_, host) in flows.relays() {
            for way in flows.relayed(host, Direction::In, &from, &to) {
                if let Some(t) = way.through {
                    let sent = translated(exports, host, &way, &spec);
                    add(&host.name, t.via, first(t, &sent, spec.ports, &host.every));
                    let local = !sent.iter().any(Sent::is_forwarded);
                    let on = flows.relayed(host, Direction::Out, &from, &to);
                    let on = on.iter().filter(|w| local && w.is_of(t.via));
                    for way in on {
                        let found = hides(exports, host, way, &spec);
                        add(&host.name, t.via, found.map(|s| (Odd::Source, s)));
                    }
                }
            }
        }
        for t in &flows.part.transits {
            let guard = transit_guard(exports, t);
            let pairs = transit_pairs(flows, exports, t, &from, &to);
            for pair in &pairs.by_via {
                // Who translates a front is on its way, whatever its other rules name.
                let ways = [
                    flows.forwarded(t, *pair, |dst| pairs.crosses(flows, t, *pair, dst)),
                    flows.forwarded(t, *pair, |_| true),
                ];
                for (crossing, way) in ways
                    .iter()
                    .zip([true, false])
                    .flat_map(|(w, c)| w.iter().map(move |w| (c, w)))
                {
                    if let Some(o) = way.through {
                        let sent = sent(exports, &guard, way, &spec.through(way.through));
                        let found = first(o, &sent, spec.ports, &AddrSet::empty());
                        let sure = |(_, s): &(Odd, Sent)| crossing || s.is_forwarded();
                        add(&t.name, o.via, found.filter(sure));
                    }
                }
            }
        }
    }
    out
}
