//! Proves each requirement at each point: applicable flows × guards × directions.

mod check;
mod flows;
mod interfaces;
mod miss;
mod probe;

pub use check::{Checked, Failure, FlowSpec, protocol_name, run, same};
pub use flows::{Applies, Flows, Peers, first_packets, hosts, public, unicast};
pub use interfaces::Faces;
pub use miss::{Miss, Serving, nearest, overruled};
pub use probe::{Answer, Guard};

use crate::engine::Direction;
use crate::load::LoadedExport;
use crate::matrix::{End, Implied, Require, Requirement, RoleIx};
use crate::outcome::Status;
use crate::site::{Host, RequireEvidence, Transit};
use hylint_parsers::model::{PointKind, Profiles};
use hylint_parsers::space::AddrSet;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// A requirement's result with everything that findings and reports need.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// The requirement.
    pub req: &'a Requirement,
    /// Its ports in this site.
    pub ports: &'a [u16],
    /// Status.
    pub status: Status,
    /// Why it is not applicable or not verified.
    pub reason: Option<String>,
    /// Its checks, by host and layer.
    pub checks: Vec<Checked<'a>>,
    /// Ends without an export that `require-evidence` asks for.
    pub unproven: Vec<String>,
}

/// Judges the whole matrix.
#[must_use]
pub fn judge<'a>(flows: Flows<'a>, exports: &'a [LoadedExport]) -> Vec<Judged<'a>> {
    let one = |req: &'a Requirement| judge_one(flows, exports, req);
    // A pool costs more than a few hosts do.
    if flows.site.hosts.len() + flows.site.transits.len() > 8 {
        flows.matrix.requirements.par_iter().map(one).collect()
    } else {
        flows.matrix.requirements.iter().map(one).collect()
    }
}

fn judge_one<'a>(
    flows: Flows<'a>,
    exports: &'a [LoadedExport],
    req: &'a Requirement,
) -> Judged<'a> {
    let ports = flows.ports(req);
    let mut out = Judged {
        req,
        ports,
        status: Status::NotApplicable,
        reason: None,
        checks: Vec::new(),
        unproven: Vec::new(),
    };
    match flows.applies(req) {
        Applies::Yes => {}
        Applies::No(reason) => {
            out.reason = Some(reason);
            return out;
        }
        Applies::Undeclared(reason) => {
            out.status = Status::Unverified;
            out.reason = Some(reason);
            return out;
        }
    }
    let spec = FlowSpec {
        protocol: req.transport.number(),
        ports,
        require: req.require,
        listeners: &req.listeners,
        reply: req.reply,
        ephemeral: &flows.site.ephemeral,
        ephemeral_declared: flows.site.ephemeral_declared,
    };
    // Of several possible destinations (row 60) any that exists may serve: the best result counts.
    let ends = std::iter::once(&req.to)
        .chain(&req.to_any)
        .filter(|e| !flows.existing(e).is_empty());
    let best = ends
        .map(|to| alternative(flows, exports, &req.from, to, &spec))
        .max_by_key(|a| a.status);
    if let Some(a) = best {
        out.status = a.status;
        out.checks = a.checks;
        out.unproven = a.unproven;
        if a.status == Status::Unverified {
            out.reason = Some(a.reason);
        }
    }
    out
}

struct Alternative<'a> {
    status: Status,
    checks: Vec<Checked<'a>>,
    reason: String,
    unproven: Vec<String>,
}

fn alternative<'a>(
    flows: Flows<'a>,
    exports: &'a [LoadedExport],
    from: &'a End,
    to: &'a End,
    spec: &FlowSpec<'a>,
) -> Alternative<'a> {
    let mut checks = Vec::new();
    for (direction, mine, other) in [(Direction::Out, from, to), (Direction::In, to, from)] {
        for host in flows.hosts(&mine.roles) {
            host_checks(
                flows,
                exports,
                host,
                direction,
                (&mine.roles, &other.roles),
                spec,
                &mut checks,
            );
        }
    }
    if from.name != to.name {
        for host in flows
            .hosts(&from.roles)
            .filter(|h| h.roles.iter().any(|r| to.roles.contains(r)))
        {
            local_checks(exports, host, spec, &mut checks);
        }
    }
    for t in &flows.site.transits {
        transit_checks(
            flows,
            exports,
            t,
            (&from.roles, &to.roles),
            spec,
            &mut checks,
        );
    }
    if spec.require == Require::Any {
        same_port(exports, &mut checks, spec);
    }
    let worst = checks.iter().map(|c| c.status).min();
    let judged = |end: &'a End| -> Vec<String> {
        let guarded = flows
            .hosts(&end.roles)
            .filter(|h| !h.layers.is_empty())
            .fold(AddrSet::empty(), |a, h| a.union(&h.addrs));
        let all = flows.addrs(&flows.existing(end));
        let some = flows.hosts(&end.roles).any(|h| !h.layers.is_empty());
        let left = all.subtract(&guarded);
        if all.is_empty() && !some {
            vec![end.name.clone()]
        } else {
            left.texts().collect()
        }
    };
    let (bare_from, bare_to) = (judged(from), judged(to));
    let transit = checks
        .iter()
        .any(|c| c.guard.direction == Direction::Forward);
    let open_pair = !transit && pair_left(&bare_from, &bare_to);
    let status = match worst {
        None => Status::Unverified,
        Some(w) if open_pair => w.min(Status::Unverified),
        Some(w) => w,
    };
    let reason = format!(
        "no export guards {}",
        if bare_from.is_empty() {
            &to.name
        } else if bare_to.is_empty() {
            &from.name
        } else {
            &to.name
        }
    );
    let unproven = match flows.site.require_evidence {
        RequireEvidence::None => Vec::new(),
        RequireEvidence::Destination => bare_to,
        RequireEvidence::All => bare_from.into_iter().chain(bare_to).collect(),
    };
    Alternative {
        status,
        checks,
        reason,
        unproven,
    }
}

/// Whether an ordered pair of different hosts has no judged end.
fn pair_left(from: &[String], to: &[String]) -> bool {
    match (from, to) {
        ([], _) | (_, []) => false,
        ([a], [b]) => a != b || a.contains(['/', '-']) || a.parse::<std::net::IpAddr>().is_err(),
        _ => true,
    }
}

/// The profiles in which a host's Windows firewall is judged, and whether that is an assumption.
fn profiles(
    exports: &[LoadedExport],
    host: &Host,
    points: &[(usize, usize)],
) -> (Vec<Profiles>, bool) {
    let point = points
        .first()
        .and_then(|(e, p)| exports.get(*e)?.export.points.get(*p));
    let Some(point) = point.filter(|p| p.kind == PointKind::WindowsFirewall) else {
        return (vec![Profiles::ALL], false);
    };
    let active = point
        .windows
        .as_ref()
        .and_then(|w| w.active)
        .map(|(p, _)| p);
    let (set, assumed) = match host.profile.or(active) {
        Some(p) => (p, false),
        None => (Profiles::DOMAIN, true),
    };
    (
        Profiles::EACH
            .iter()
            .map(|(p, _)| *p)
            .filter(|p| p.intersects(set))
            .collect(),
        assumed,
    )
}

/// Every guard of a host in a direction: one per layer and judged Windows profile.
#[must_use]
pub fn host_guards<'a>(
    exports: &[LoadedExport],
    host: &'a Host,
    direction: Direction,
) -> Vec<(Guard<'a>, &'a AddrSet, bool)> {
    let mut out = Vec::new();
    for layer in &host.layers {
        let (each, assumed) = profiles(exports, host, &layer.points);
        let faces = Arc::new(Faces::of(exports, &layer.points));
        for profile in each {
            let guard = Guard {
                name: &host.name,
                points: &layer.points,
                direction,
                interfaces: &host.interfaces,
                resolve: &host.resolve,
                local: &host.addrs,
                profile,
                faces: faces.clone(),
            };
            out.push((guard, &layer.inside, assumed));
        }
    }
    out
}

fn host_checks<'a>(
    flows: Flows<'a>,
    exports: &'a [LoadedExport],
    host: &'a Host,
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
    let Some(peers) = flows.peers(&exist(other), &here, &host.addrs) else {
        return;
    };
    for (guard, inside, assumed) in host_guards(exports, host, direction) {
        let peers = Peers {
            addrs: peers.addrs.subtract(inside),
            ..peers.clone()
        };
        if peers.addrs.is_empty() && !peers.unknown {
            continue;
        }
        let Some(mut c) = run(exports, &guard, spec, &host.addrs, &peers) else {
            continue;
        };
        if assumed {
            c.assumptions.insert(("profile-domain", String::new()));
        }
        out.push(c);
    }
}

/// Both ends on one host: nothing crosses a firewall of Windows or of a cloud; netfilter sees it on `lo`.
fn local_checks<'a>(
    exports: &'a [LoadedExport],
    host: &'a Host,
    spec: &FlowSpec<'a>,
    out: &mut Vec<Checked<'a>>,
) {
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
            if guard.kind(exports) == Some(PointKind::Netfilter) {
                let guard = Guard {
                    interfaces: &LO,
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
    exports: &'a [LoadedExport],
    t: &'a Transit,
    (from, to): (&'a [RoleIx], &'a [RoleIx]),
    spec: &FlowSpec<'a>,
    out: &mut Vec<Checked<'a>>,
) {
    let guard = transit_guard(exports, t);
    for (f, d) in transit_pairs(flows, exports, t, from, to) {
        let (src, dst) = (flows.addrs(&[f]), flows.addrs(&[d]));
        if src.is_empty() || dst.is_empty() || f == d {
            continue;
        }
        let peers = Peers {
            addrs: src.subtract(&dst),
            unknown: false,
            external: false,
        };
        if peers.addrs.is_empty() {
            continue;
        }
        out.extend(run(exports, &guard, spec, &dst, &peers));
    }
}

/// The guard of a forwarding firewall.
#[must_use]
pub fn transit_guard<'a>(exports: &[LoadedExport], t: &'a Transit) -> Guard<'a> {
    static NOBODY: std::sync::LazyLock<AddrSet> = std::sync::LazyLock::new(AddrSet::empty);
    Guard {
        name: &t.name,
        points: &t.points,
        direction: Direction::Forward,
        interfaces: &t.interfaces,
        resolve: &t.resolve,
        local: &NOBODY,
        profile: Profiles::ALL,
        faces: Arc::new(Faces::of(exports, &t.points)),
    }
}

/// The role pairs of a requirement that cross a transit: those that the site lists, else those that the firewall can tell
/// apart because a rule of it names an address of either.
fn transit_pairs(
    flows: Flows<'_>,
    exports: &[LoadedExport],
    t: &Transit,
    from: &[RoleIx],
    to: &[RoleIx],
) -> Vec<(RoleIx, RoleIx)> {
    let pairs = from.iter().flat_map(|f| to.iter().map(move |d| (*f, *d)));
    if !t.between.is_empty() {
        return pairs.filter(|p| t.between.contains(p)).collect();
    }
    let guard = transit_guard(exports, t);
    let mut named = AddrSet::empty();
    for (_, r) in miss::rules(exports, &guard) {
        for c in &r.clauses {
            for side in [&c.space.src, &c.space.dst] {
                if !side.v4.is_full() && !side.v6.is_full() && !side.v4.contains(0) {
                    named = named.union(side);
                }
            }
        }
    }
    pairs
        .filter(|(f, d)| {
            flows.addrs(&[*f]).intersects(&named) && flows.addrs(&[*d]).intersects(&named)
        })
        .collect()
}

/// With `require = any` one and the same port must pass everywhere.
fn same_port<'a>(exports: &'a [LoadedExport], checks: &mut [Checked<'a>], spec: &FlowSpec<'a>) {
    let mut common: BTreeSet<u16> = spec.ports.iter().copied().collect();
    for c in checks.iter_mut() {
        if c.status != Status::Satisfied {
            return;
        }
        let both: BTreeSet<u16> = common.intersection(&c.passing).copied().collect();
        if !both.is_empty() {
            common = both;
            continue;
        }
        // Every check passes on some port, and no port passes every check: this one is the first that breaks the chain.
        let (Some(query), Some(port)) = (c.queries.first().cloned(), common.first().copied())
        else {
            continue;
        };
        let narrowed = hylint_parsers::space::PacketBox {
            dport: hylint_parsers::space::PortSet::single(port),
            ..query
        };
        let answer = c.guard.ask(
            exports,
            crate::engine::LocalPolicy::Required(spec.listeners),
            &narrowed,
        );
        if let Some(b) = answer
            .branches
            .iter()
            .find(|b| b.effect != crate::engine::Effect::Allow)
        {
            c.status = Status::Violated;
            c.failure = Some(Failure {
                packets: vec![narrowed],
                by: b.by,
                conditions: Vec::new(),
                partial: true,
                reply: false,
                only_odd_ports: false,
                peers_unknown: false,
                undecided: false,
            });
        }
        return;
    }
}

/// Judges an implied flow the way a requirement is judged.
#[must_use]
pub fn judge_implied<'a>(
    flows: Flows<'a>,
    exports: &'a [LoadedExport],
    f: &'a Implied,
) -> Vec<Checked<'a>> {
    if !f.judged || !flows.implied_applies(f) {
        return Vec::new();
    }
    let spec = FlowSpec {
        protocol: f.transport.number(),
        ports: &f.ports,
        require: Require::All,
        listeners: &[],
        reply: true,
        ephemeral: &flows.site.ephemeral,
        ephemeral_declared: flows.site.ephemeral_declared,
    };
    alternative(flows, exports, &f.from, &f.to, &spec).checks
}
