//! What the load balancer of a via does to the packets that it gets, as far as its own rules tell.

use super::exports::Exports;
use super::flows::{self, Applies, Flows};
use super::guards::{host_guards, transit_guard};
use super::probe::Guard;
use super::spec::FlowSpec;
use super::through::{Side, Way};
use crate::rules::matrix::RoleIx;
use crate::site::{Host, Via};
use hylint_engine::{Branch, Direction, Effect, LocalPolicy, Onward, PointId};
use hylint_space::{Family, PacketBox};

/// Packets to a front, and where rules send them.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The packets.
    pub packets: PacketBox,
    /// Where they are translated to; `None` if they are not.
    pub onward: Option<Onward>,
    /// Whose rules.
    pub at: PointId,
}

impl Sent {
    fn of(b: &Branch<'_>) -> Self {
        Self {
            packets: b.space.clone(),
            onward: b.onward.as_deref().cloned(),
            at: b.by.at(),
        }
    }

    /// Whether some of the packets are translated to what is not behind a via, or to other ports there.
    #[must_use]
    pub fn strays(&self, via: &Via, ports: &[u16]) -> bool {
        let Some(onward) = &self.onward else {
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

/// Whether a forwarding firewall translates packets to a front to what is not behind the via.
pub(super) fn leads_elsewhere<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    way: &Way<'a>,
    spec: &FlowSpec<'a>,
) -> bool {
    let Some(t) = way
        .through
        .filter(|t| t.side == Side::Front && !t.via.front.is_empty())
    else {
        return false;
    };
    sent(exports, guard, way, spec)
        .iter()
        .any(|s| s.strays(t.via, spec.ports))
}

/// A translation of packets to a front that leads elsewhere than hylint.toml says.
#[derive(Clone, Debug)]
pub struct Stray<'a> {
    /// Of which host or forwarding firewall.
    pub host: &'a str,
    /// The via.
    pub via: &'a Via,
    /// What is translated, and to where.
    pub sent: Sent,
}

/// Every such translation at the hosts and firewalls that are judged here, one for each of them and via.
#[must_use]
pub fn strays<'a>(flows: Flows<'a>, exports: &'a Exports) -> Vec<Stray<'a>> {
    let mut out: Vec<Stray<'a>> = Vec::new();
    if flows.site.vias.is_empty() {
        return out;
    }
    let mut add = |host: &'a str, via: &'a Via, spec: &FlowSpec<'a>, sent: Vec<Sent>| {
        let known = |o: &Stray<'_>| o.host == host && std::ptr::eq(o.via, via);
        let stray = sent.into_iter().find(|s| s.strays(via, spec.ports));
        if let Some(sent) = stray.filter(|_| !out.iter().any(known)) {
            out.push(Stray { host, via, sent });
        }
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
                    add(
                        &host.name,
                        t.via,
                        &spec,
                        translated(exports, host, &way, &spec),
                    );
                }
            }
        }
        for t in &flows.part.transits {
            let guard = transit_guard(exports, t);
            let pairs = from.iter().flat_map(|f| to.iter().map(move |d| (*f, *d)));
            for pair in pairs.filter(|(f, d)| f != d && flows.has_via(*f, *d)) {
                for way in flows.forwarded(t, pair, |_| true) {
                    if let Some(o) = way
                        .through
                        .filter(|o| o.side == Side::Front && !o.via.front.is_empty())
                    {
                        add(&t.name, o.via, &spec, sent(exports, &guard, &way, &spec));
                    }
                }
            }
        }
    }
    out
}
