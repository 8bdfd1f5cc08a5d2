//! `no-listener`: a required flow passes, and by the listing of the host's sockets nothing answers it.

use super::place::{decider_name, decider_place, point_name};
use super::{describe, words};
use crate::finding::outcome::Status;
use crate::finding::{Code, Finding, Identity, Place, Related};
use crate::judge::{Checked, Exports, Judged, Leg};
use crate::rules::matrix::Require;
use crate::site::{Heard, Host};
use hylint_engine::{Decider, PointId};
use hylint_model::{Action, Body, NatKind, NatTable, Socket};
use hylint_space::{AddrSet, Family, PortSet, class, proto};
use std::collections::BTreeMap;

/// Sockets at other addresses that are pointed at.
const SHOWN: usize = 3;

/// One note for each host and flow. Rows that state one flow share it.
#[must_use]
pub fn findings(exports: &Exports, hosts: &[Host<PointId>], judged: &[Judged<'_>]) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    for j in judged {
        for (n, host) in hosts.iter().enumerate() {
            let here = |c: &&Checked<'_>| c.order.leg == Leg::In && c.order.who.0 == n;
            let checks: Vec<&Checked<'_>> = j.checks.iter().filter(here).collect();
            let Some(heard) = host.facts.heard.as_ref().filter(|_| !checks.is_empty()) else {
                continue;
            };
            let Some(f) = unanswered(exports, host, heard, j, &checks) else {
                continue;
            };
            let at = *known
                .entry((host.name.clone(), f.message.clone()))
                .or_insert(out.len());
            match out.get_mut(at) {
                Some(first) => {
                    let row = f
                        .row
                        .filter(|r| Some(*r) != first.row && !first.also.contains(r));
                    first.also.extend(row);
                }
                None => out.push(f),
            }
        }
    }
    out
}

/// The note for one flow at one host, if it passes there and nothing answers it.
fn unanswered(
    exports: &Exports,
    host: &Host<PointId>,
    heard: &Heard,
    j: &Judged<'_>,
    checks: &[&Checked<'_>],
) -> Option<Finding> {
    let protocol = j.req.transport.number();
    let listed = match protocol {
        proto::TCP => heard.tcp,
        proto::UDP => heard.udp,
        _ => false,
    };
    let passes = checks.iter().all(|c| c.status == Status::Satisfied);
    if !listed || !passes {
        return None;
    }
    let queries = checks.iter().flat_map(|c| &c.queries);
    let to = queries.fold(AddrSet::empty(), |all, q| all.union(&q.dst));
    let asked = Family::BOTH.into_iter().filter(|f| to.has(*f));
    // Of a family that is not listed, nothing is known.
    let mut asked = asked.peekable();
    asked.peek()?;
    if !asked.all(|f| heard.families.has(f)) {
        return None;
    }
    let to = to.subtract(class::loopback());
    let ports = open_ports(heard, j, checks, protocol, &to);
    let silent: Vec<u16> = ports
        .into_iter()
        .filter(|p| !is_translated(exports, checks, protocol, *p))
        .collect();
    // Where one port suffices, each has to be silent.
    if silent.is_empty() || j.req.require == Require::Any && silent.len() < j.ports.len() {
        return None;
    }
    Some(word(
        exports,
        host,
        heard,
        (j, protocol, &silent),
        checks,
        &to,
    ))
}

/// The ports of a flow on which nothing listens that its packets reach: those that its packets have here, behind what may
/// translate them on their way.
fn open_ports(
    heard: &Heard,
    j: &Judged<'_>,
    checks: &[&Checked<'_>],
    protocol: u8,
    to: &AddrSet,
) -> Vec<u16> {
    let answers = |p: u16| {
        let mut sockets = heard.sockets.iter().map(|(s, _)| s);
        sockets.any(|s| s.protocol == protocol && s.port == p && reaches(s, to))
    };
    let asked = checks.iter().flat_map(|c| &c.queries);
    let asked = asked.fold(PortSet::empty(), |all, q| all.union(&q.dport));
    let ports: Vec<u16> = match j.req.require {
        // Of several ports that each suffice, a check asks for one.
        Require::Any => j.ports.to_vec(),
        Require::All => asked.iter().flat_map(|(lo, hi)| lo..=hi).collect(),
    };
    ports.into_iter().filter(|p| !answers(*p)).collect()
}

fn reaches(s: &Socket, to: &AddrSet) -> bool {
    &*s.interface != "lo" && s.addrs.intersects(to)
}

/// Whether rules send packets to a port elsewhere, or a table may that is not shown: to a container, another port, another
/// host. Who listens there, the sockets of the host do not tell.
fn is_translated(exports: &Exports, checks: &[&Checked<'_>], protocol: u8, port: u16) -> bool {
    let moves = |a: &Action| match a {
        Action::Nat(n) => matches!(n.kind, NatKind::Dnat | NatKind::Redirect | NatKind::Netmap),
        _ => false,
    };
    let points = || checks.iter().flat_map(|c| c.guard.points);
    let unshown = |at: &PointId| match exports.point(*at).map(|p| &p.body) {
        Some(Body::Netfilter(n)) => n.nat != NatTable::Unasked,
        _ => false,
    };
    if points().any(unshown) {
        return true;
    }
    let mut rules = points()
        .filter_map(|at| exports.point(*at))
        .flat_map(|p| p.rules());
    rules.any(|r| {
        r.does(moves)
            && r.clauses
                .iter()
                .any(|c| c.space.proto.contains(protocol) && c.space.dport.contains(port))
    })
}

fn word(
    exports: &Exports,
    host: &Host<PointId>,
    heard: &Heard,
    (j, protocol, silent): (&Judged<'_>, u8, &[u16]),
    checks: &[&Checked<'_>],
    to: &AddrSet,
) -> Finding {
    let ports: PortSet = silent.iter().map(|p| (*p, *p)).collect();
    let service = format!(
        "{} {}",
        describe::protocol(protocol),
        describe::ports(&ports)
    );
    let others = |s: &Socket| s.protocol == protocol && silent.contains(&s.port);
    let elsewhere: Vec<&(Socket, Place)> =
        heard.sockets.iter().filter(|(s, _)| others(s)).collect();
    let mut at: Vec<String> = elsewhere
        .iter()
        .flat_map(|(s, _)| s.addrs.texts())
        .collect();
    at.sort();
    at.dedup();
    let wanted = to
        .first()
        .filter(|_| !host.addrs.is_empty())
        .map(|a| a.to_string());
    let said = words::no_listener(&words::Unanswered {
        host: &host.name,
        service: &service,
        from: &j.req.from.name,
        elsewhere: &at,
        wanted: wanted.as_deref(),
    });
    let evidence = || checks.iter().flat_map(|c| &c.evidence);
    let by = evidence()
        .find(|d| matches!(d, Decider::Rule { .. }))
        .or_else(|| evidence().next());
    let place = by.and_then(|d| decider_place(exports, d));
    let identity = Identity::of(&["no listener", &j.req.id, &service]);
    let mut f = Finding::new(
        Code::NoListener,
        Code::NoListener.severity(),
        said.message,
        identity,
        place,
    );
    f.label = said.label;
    f.help = Some(said.help);
    f.cause = Some(said.cause);
    f.rule = by
        .filter(|d| d.rule().is_some())
        .map(|d| decider_name(exports, d));
    f.host = Some(host.name.clone());
    let first = checks.first();
    f.point = first
        .and_then(|c| c.guard.points.first())
        .map(|at| point_name(exports, *at));
    f.direction = first.map(|c| c.guard.direction);
    f.requirement = Some(j.req.id.clone());
    f.row = Some(j.req.row);
    f.related = match elsewhere.as_slice() {
        [] => vec![(heard.place.clone(), words::SOCKETS)],
        some => some
            .iter()
            .take(SHOWN)
            .map(|(_, place)| (place.clone(), words::OTHER_SOCKET))
            .collect(),
    }
    .into_iter()
    .map(|(place, label)| Related {
        place,
        label: label.to_owned(),
    })
    .collect();
    f
}
