//! Proves each requirement at each point: applicable flows × guards × directions.

mod assumed;
mod check;
mod exports;
mod failure;
mod flows;
mod guards;
mod interfaces;
mod judged;
mod miss;
mod order;
mod overruled;
mod probe;
mod profiles;
mod protocol;
mod relay;
mod remedy;
mod spec;
mod through;
mod transits;
mod wanted;
pub mod whole;

pub(crate) use assumed::hides_others;
pub use assumed::{listening, same_decider};
pub use check::{Checked, run};
pub use exports::Exports;
pub use failure::{Cause, Failure, Passing};
pub use flows::{Applies, Applying, Flows, PartScope, Peers, first_packets, unicast};
pub use guards::{host_guards, transit_guard};
pub use interfaces::NamedInterfaces;
pub use judged::Judged;
pub use miss::{Miss, Serving, Wrong, nearest};
pub use order::{InPart, InSite, Leg, Order};
pub use overruled::{Overridden, overridden, overruled};
pub use probe::{Answer, Guard};
pub use profiles::{OfNetwork, alternative_profiles, assumed, of_networks};
pub use protocol::protocol_name;
pub use relay::{Odd, Sent, Stray, strays};
pub use remedy::{Narrowed, Remedies, Step};
pub use spec::FlowSpec;
pub use through::{Behind, Side, Through, Way};
pub use wanted::{PortsFrom, Sources, Wanted};
pub use whole::{Decision, Row, RowVerdict, Tally, decide, rows};

use crate::finding::AssumptionId;
use crate::finding::outcome::Status;
use crate::load::LoadedExport;
use crate::rules::matrix::{End, Implied, Require, Requirement, RoleIx};
use crate::rules::platform;
use crate::site::{Host, Site, Transit};
use hylint_engine::{Direction, PointId};
use hylint_model::{Listener, Profiles};
use hylint_space::AddrSet;
use relay::{contradicts, hides, odd, translated};
use std::sync::LazyLock;
use transits::transit_pairs;

/// A requirement's checks for each of its possible destinations, before it is known which of them counts.
#[derive(Debug)]
pub struct Candidates<'a> {
    /// The number of the requirement in the matrix.
    pub row: usize,
    req: &'a Requirement,
    ports: &'a [u16],
    ends: Vec<(usize, Vec<Checked<'a>>)>,
}

/// Rules of an export from which on its requirements are judged on several cores.
const LONG: usize = 4096;

/// Runs every check of the matrix at the hosts that are judged here. Requirements without any are left out.
#[must_use]
pub fn candidates<'a>(flows: Flows<'a>, exports: &'a Exports) -> Vec<Candidates<'a>> {
    let one = |(row, req): (usize, &'a Requirement)| {
        if *flows.applies(req) != Applies::Yes {
            return None;
        }
        let spec = FlowSpec::of(req, flows.ports(req), flows.site);
        let ends: Vec<_> = whole::destinations(flows, req)
            .map(|(n, to)| (n, checks(flows, exports, &req.from, to, &spec)))
            .filter(|(_, checks)| !checks.is_empty())
            .collect();
        (!ends.is_empty()).then_some(Candidates {
            row,
            req,
            ports: spec.ports,
            ends,
        })
    };
    let all = flows.matrix.requirements.iter().enumerate();
    // A pool costs more than a few hosts with short lists do.
    let long = |e: &LoadedExport| e.export.rules_in_model() > LONG;
    if flows.part.hosts.len() + flows.part.transits.len() > 8 || exports.iter().any(long) {
        let all = hylint_parallel::map(all.collect(), one);
        all.into_iter().flatten().collect()
    } else {
        all.filter_map(one).collect()
    }
}

impl<'a> FlowSpec<'a> {
    /// What a requirement asks for, on these ports.
    #[must_use]
    pub fn of(req: &'a Requirement, ports: &'a [u16], site: &'a Site) -> Self {
        Self {
            protocol: req.transport.number(),
            ports,
            require: req.require,
            listeners: &req.listeners,
            programs: &req.programs,
            reply: req.reply,
            ephemeral: &site.ephemeral,
            ephemeral_declared: site.ephemeral_declared,
        }
    }

    /// What an implied flow asks for.
    #[must_use]
    pub fn implied(flow: &'a Implied, site: &'a Site) -> Self {
        Self {
            protocol: flow.transport.number(),
            ports: &flow.ports,
            require: Require::All,
            listeners: &[],
            programs: &flow.programs,
            reply: true,
            ephemeral: &site.ephemeral,
            ephemeral_declared: site.ephemeral_declared,
        }
    }
}

impl<'a> Candidates<'a> {
    /// What others have to know of the checks.
    #[must_use]
    pub fn tallies(&self, exports: &'a Exports) -> Vec<(usize, Vec<Tally<InPart>>)> {
        let tally = |c: &Checked<'a>| {
            let any = self.req.require == Require::Any;
            let all = self.ports.iter().copied();
            let failing =
                all.filter(|p| any && c.status == Status::Satisfied && !c.passing.contains(p));
            Tally {
                order: c.order,
                status: c.status,
                passing: c.passing.clone(),
                blocked: failing
                    .filter(|p| only_port(exports, c, self.req, *p).is_some())
                    .collect(),
            }
        };
        let each = self.ends.iter();
        each.map(|(n, checks)| (*n, checks.iter().map(tally).collect()))
            .collect()
    }

    /// The checks that count by a decision.
    #[must_use]
    pub fn judged(self, exports: &'a Exports, decision: Decision<InPart>) -> Judged<'a> {
        let end = self.ends.into_iter().find(|(n, _)| *n == decision.end);
        let mut checks = end.map(|(_, c)| c).unwrap_or_default();
        if let Some((order, n, port)) = decision.broken {
            let mut there = checks.iter_mut().filter(|c| c.order == order);
            if let Some(c) = there.nth(n)
                && let Some(failure) = only_port(exports, c, self.req, port)
            {
                c.status = Status::Violated;
                c.failure = Some(failure);
            }
        }
        Judged {
            req: self.req,
            ports: self.ports,
            checks,
        }
    }
}

/// The checks of a flow from one end to another, in order.
fn checks<'a>(
    flows: Flows<'a>,
    exports: &'a Exports,
    from: &'a End,
    to: &'a End,
    spec: &FlowSpec<'a>,
) -> Vec<Checked<'a>> {
    let mut checks = Vec::new();
    // Says of those that were added where they stand.
    let stand = |checks: &mut Vec<Checked<'a>>, from: usize, order: Order<InPart>| {
        for c in checks.iter_mut().skip(from) {
            c.order = order;
        }
    };
    for (leg, direction, mine, other) in [
        (Leg::Out, Direction::Out, from, to),
        (Leg::In, Direction::In, to, from),
    ] {
        for (who, host) in flows.hosts(&mine.roles) {
            let before = checks.len();
            let roles = (&*mine.roles, &*other.roles);
            host_checks(flows, exports, host, direction, roles, spec, &mut checks);
            stand(&mut checks, before, Order { leg, who });
        }
    }
    if from.name != to.name {
        let leg = Leg::Local;
        for (who, host) in flows
            .hosts(&from.roles)
            .filter(|(_, h)| h.roles.iter().any(|r| to.roles.contains(r)))
        {
            let before = checks.len();
            local_checks(exports, host, spec, &mut checks);
            stand(&mut checks, before, Order { leg, who });
        }
    }
    if !flows.site.vias.is_empty() {
        for (leg, direction) in [(Leg::Out, Direction::Out), (Leg::In, Direction::In)] {
            for (who, host) in flows.relays() {
                let before = checks.len();
                let roles = (&*from.roles, &*to.roles);
                relay_checks(flows, exports, host, direction, roles, spec, &mut checks);
                stand(&mut checks, before, Order { leg, who });
            }
        }
    }
    let leg = Leg::Forward;
    for (n, t) in flows.part.transits.iter().enumerate() {
        let before = checks.len();
        let roles = (&*from.roles, &*to.roles);
        transit_checks(flows, exports, t, roles, spec, &mut checks);
        let who = InPart(n);
        stand(&mut checks, before, Order { leg, who });
    }
    checks
}

fn host_checks<'a>(
    flows: Flows<'a>,
    exports: &'a Exports,
    host: &'a Host<PointId>,
    direction: Direction,
    (mine, other): (&'a [RoleIx], &'a [RoleIx]),
    spec: &FlowSpec<'a>,
    out: &mut Vec<Checked<'a>>,
) {
    let exist = |roles: &[RoleIx]| -> Vec<RoleIx> {
        roles
            .iter()
            .copied()
            .filter(|r| {
                flows
                    .site
                    .roles
                    .get(usize::from(r.0))
                    .is_some_and(|s| s.exists)
            })
            .collect()
    };
    let here: Vec<RoleIx> = exist(mine)
        .into_iter()
        .filter(|r| host.roles.contains(r))
        .collect();
    for way in flows.ways(host, direction, &here, &exist(other)) {
        way_checks(exports, host, direction, &way, spec, out);
    }
}

/// The checks of one way of a flow at every guard of a host.
fn way_checks<'a>(
    exports: &'a Exports,
    host: &'a Host<PointId>,
    direction: Direction,
    way: &Way<'a>,
    spec: &FlowSpec<'a>,
    out: &mut Vec<Checked<'a>>,
) {
    let Way { me, peers, through } = way;
    let asked = spec.ports;
    if way.is_apart() {
        let all = host_guards(exports, host, direction).into_iter();
        out.extend(all.filter_map(|(g, _, _)| Checked::unasked(exports, g, *through, asked)));
        return;
    }
    let spec = &spec.through(*through);
    let before = out.len();
    // Checks of several active profiles, of which nothing tells which one decides.
    let mut open = Vec::new();
    for (guard, inside, assumed) in host_guards(exports, host, direction) {
        let peers = Peers {
            addrs: peers.addrs.subtract(inside),
            ..peers.clone()
        };
        if peers.addrs.is_empty() && !peers.unknown {
            continue;
        }
        let networks = profiles::Networks::of(host);
        if host.profile.is_none() && networks.differ() {
            let split = networks.split(guard.profile, direction, (me, &peers));
            let (settled, rest) = (split.settled, split.open);
            let at = |peers: &Peers| {
                let c = run(exports, &guard, spec, &split.me, peers);
                c.map(|c| c.passing_through(*through, asked))
            };
            let place = networks.place(guard.profile);
            let told = settled.as_ref().and_then(at).map(|mut c| {
                c.note_network(place);
                c
            });
            out.extend(told);
            open.extend(rest.as_ref().and_then(at));
            continue;
        }
        let Some(c) = run(exports, &guard, spec, me, &peers) else {
            continue;
        };
        let mut c = c.passing_through(*through, asked);
        if assumed {
            c.assumptions
                .insert((AssumptionId::ProfileDomain, String::new()));
            c.not_in = fails_in(exports, &guard, spec, me, &peers, c.status);
        }
        open.push(c);
    }
    profiles::reconcile(&mut open);
    out.append(&mut open);
    let apart = through.is_some_and(|t| t.via.apart.binary_search(&host.name).is_ok());
    for c in out.iter_mut().skip(before) {
        if apart && c.status == Status::Satisfied {
            c.status = Status::Conditional;
        }
        if profiles::policy_untold(exports, &c.guard) {
            c.assumptions
                .insert((AssumptionId::OtherPolicyStores, String::new()));
        }
    }
}

/// The checks at a load balancer that is a host of the site: what senders send to it, and what it sends on itself.
fn relay_checks<'a>(
    flows: Flows<'a>,
    exports: &'a Exports,
    host: &'a Host<PointId>,
    direction: Direction,
    (from, to): (&'a [RoleIx], &'a [RoleIx]),
    spec: &FlowSpec<'a>,
    out: &mut Vec<Checked<'a>>,
) {
    let exist = |roles: &[RoleIx]| -> Vec<RoleIx> {
        let state = |r: &RoleIx| flows.site.roles.get(usize::from(r.0));
        let there = roles.iter().filter(|r| state(r).is_some_and(|s| s.exists));
        there.copied().collect()
    };
    let (from, to) = (exist(from), exist(to));
    for way in flows.relayed(host, Direction::In, &from, &to) {
        let Some(t) = way.through else { continue };
        let sent = translated(exports, host, &way, spec);
        if direction == Direction::In {
            let before = out.len();
            way_checks(exports, host, direction, &way, spec, out);
            // What is translated elsewhere does not reach the hosts behind the via.
            let strays = odd(t, &sent, spec.ports, &host.every).is_some();
            for c in out.iter_mut().skip(before) {
                if strays && c.status == Status::Satisfied {
                    c.status = Status::Conditional;
                }
            }
        } else if !sent.iter().any(Sent::is_forwarded) {
            let on = flows.relayed(host, Direction::Out, &from, &to);
            for way in on.into_iter().filter(|w| w.is_of(t.via)) {
                let before = out.len();
                way_checks(exports, host, Direction::Out, &way, spec, out);
                let hidden = hides(exports, host, &way, spec).is_some();
                for c in out.iter_mut().skip(before) {
                    if hidden && c.status == Status::Satisfied {
                        c.status = Status::Conditional;
                    }
                }
            }
        }
    }
}

/// The profiles that may be active instead of the guard's and in which a flow that was found satisfied does not pass.
fn fails_in<'a>(
    exports: &'a Exports,
    guard: &Guard<'a>,
    spec: &FlowSpec<'a>,
    me: &AddrSet,
    peers: &Peers,
    found: Status,
) -> Profiles {
    if found != Status::Satisfied {
        return Profiles::NONE;
    }
    let fails = |g: &Guard<'a>| {
        run(exports, g, spec, me, peers).is_some_and(|c| c.status != Status::Satisfied)
    };
    let failing = alternative_profiles(exports, guard)
        .into_iter()
        .filter(fails);
    failing.fold(Profiles::NONE, |all, g| all.union(g.profile))
}

/// Both ends on one host: nothing crosses a firewall of Windows or of a cloud; netfilter sees it on `lo`.
fn local_checks<'a>(
    exports: &'a Exports,
    host: &'a Host<PointId>,
    spec: &FlowSpec<'a>,
    out: &mut Vec<Checked<'a>>,
) {
    static NOBODY: LazyLock<AddrSet> = LazyLock::new(AddrSet::empty);
    static LO: LazyLock<Vec<(String, AddrSet)>> =
        LazyLock::new(|| vec![("lo".to_owned(), AddrSet::any())]);
    if host.addrs.is_empty() {
        return;
    }
    let own = Peers {
        addrs: host.addrs.clone(),
        unknown: false,
        external: false,
    };
    for direction in [Direction::Out, Direction::In] {
        for (guard, _, _) in host_guards(exports, host, direction) {
            if guard.has_interfaces(exports) {
                let guard = Guard {
                    interfaces: &LO,
                    unproven: &NOBODY,
                    ..guard
                };
                out.extend(run(exports, &guard, spec, &host.addrs, &own));
            } else if direction == Direction::In {
                out.push(Checked::local(guard));
            }
        }
    }
}

fn transit_checks<'a>(
    flows: Flows<'a>,
    exports: &'a Exports,
    t: &'a Transit<PointId>,
    (from, to): (&'a [RoleIx], &'a [RoleIx]),
    spec: &FlowSpec<'a>,
    out: &mut Vec<Checked<'a>>,
) {
    let guard = transit_guard(exports, t);
    let pairs = transit_pairs(flows, exports, t, from, to);
    for (f, d) in pairs.told.iter().copied() {
        let (src, dst) = (flows.addrs(&[f]), flows.addrs(&[d]));
        if f == d || flows.has_via(f, d) {
            continue;
        }
        let ends = (dst, src);
        if let Some((dst, peers)) = apart(ends) {
            out.extend(run(exports, &guard, spec, &dst, &peers));
        }
    }
    for pair in &pairs.by_via {
        let crosses = |dst: &AddrSet| pairs.crosses(flows, t, *pair, dst);
        for way in flows.forwarded(t, *pair, crosses) {
            if way.is_apart() {
                out.extend(Checked::unasked(
                    exports,
                    guard.clone(),
                    way.through,
                    spec.ports,
                ));
                continue;
            }
            let spec_there = spec.through(way.through);
            let Some(c) = run(exports, &guard, &spec_there, &way.me, &way.peers) else {
                continue;
            };
            let mut c = c.passing_through(way.through, spec.ports);
            // What is translated elsewhere does not reach the hosts behind the via as they are judged.
            if c.status == Status::Satisfied && contradicts(exports, &guard, &way, spec) {
                c.status = Status::Conditional;
            }
            out.push(c);
        }
    }
}

/// The two ends of a flow through a firewall: destinations, and sources that are none of them.
fn apart((dst, src): (AddrSet, AddrSet)) -> Option<(AddrSet, Peers)> {
    let peers = Peers {
        addrs: src.subtract(&dst),
        unknown: false,
        external: false,
    };
    (!dst.is_empty() && !peers.addrs.is_empty()).then_some((dst, peers))
}

/// What stops a check's first packets if they may use this port alone.
fn only_port<'a>(
    exports: &'a Exports,
    c: &Checked<'a>,
    req: &'a Requirement,
    port: u16,
) -> Option<Failure<'a>> {
    let narrowed = hylint_space::PacketBox {
        dport: hylint_space::PortSet::single(c.port(port)),
        ..c.queries.first().cloned()?
    };
    let expected = platform::expected(&req.listeners, &req.programs);
    let policy = hylint_engine::LocalPolicy::Required(Listener {
        running: c.guard.behind(&narrowed).map(|(r, _)| r),
        ..expected
    });
    let answer = if req.reply {
        let back = hylint_engine::LocalPolicy::Required(platform::listener(&[]));
        c.guard.converse(exports, (policy, back), &narrowed)
    } else {
        c.guard.ask(exports, policy, &narrowed)
    };
    let allow = hylint_engine::Effect::Allow;
    let stop = answer.branches.iter().find(|b| b.effect != allow)?;
    let cause = Cause::Denied { partial: true };
    Some(Failure::denied(vec![narrowed], stop.by, cause))
}

/// Judges an implied flow the way a requirement is judged.
#[must_use]
pub fn judge_implied<'a>(
    flows: Flows<'a>,
    exports: &'a Exports,
    f: &'a Implied,
) -> Vec<Checked<'a>> {
    if !f.judged || !flows.implied_applies(f) {
        return Vec::new();
    }
    let spec = FlowSpec::implied(f, flows.site);
    checks(flows, exports, &f.from, &f.to, &spec)
}
