//! What a wanted flow is at a point where a load balancer, a virtual address or a NAT stands between its ends.

use crate::judge::{Flows, Wanted};
use crate::rules::matrix::RoleIx;
use crate::site::{Host, Via};
use hylint_engine::PointId;
use hylint_space::AddrSet;

/// A part of a wanted flow: packets to some addresses and ports.
pub(super) struct Part<'a> {
    /// Who sends them, by role.
    pub(super) from: Vec<RoleIx>,
    /// The addresses that they come from; `None`: those of the roles.
    pub(super) seen: Option<AddrSet>,
    /// Where they go.
    pub(super) dst: AddrSet,
    /// To which ports.
    pub(super) ports: &'a [u16],
}

/// The parts of a wanted flow at a host, or at a forwarding firewall, of whose hosts `dst` are the addresses.
pub(super) fn parts<'a>(
    flows: Flows<'a>,
    host: Option<&Host<PointId>>,
    dst: &AddrSet,
    w: &Wanted<'a>,
) -> Vec<Part<'a>> {
    let all = |from: &[RoleIx]| Part {
        from: from.to_vec(),
        seen: None,
        dst: dst.clone(),
        ports: w.ports,
    };
    match host {
        _ if flows.site.vias.is_empty() => vec![all(&w.from)],
        Some(h) => {
            let (direct, behind) = flows.split(h, &w.from);
            let mut out: Vec<Part<'_>> = Vec::new();
            // A flow of nobody is that of everyone whom the site does not name.
            let unnamed = w.from.is_empty() && behind.iter().all(|b| b.via.direct);
            if unnamed || !direct.is_empty() {
                out.push(all(&direct));
            }
            for b in behind {
                let dst = match b.via.carried {
                    true => dst.union(&b.via.front),
                    false => dst.clone(),
                };
                let ports = b.via.behind(w.ports);
                let part = |from: &[RoleIx], seen| Part {
                    from: from.to_vec(),
                    seen,
                    dst: dst.clone(),
                    ports,
                };
                out.push(part(&b.from, said(&b.via.sources)));
                // A load balancer asks its hosts itself whether they are alive.
                let probes = !b.via.carried && b.via.sources.is_empty();
                out.extend(
                    said(&b.via.front)
                        .filter(|_| probes)
                        .map(|f| part(&[], Some(f))),
                );
                out.extend(said(&b.beside).map(|own| Part {
                    seen: Some(own),
                    ..all(&[])
                }));
            }
            out
        }
        None => {
            let mut out = Vec::new();
            let each: Vec<&[RoleIx]> = match w.from.is_empty() {
                true => vec![&[]],
                false => w.from.chunks(1).collect(),
            };
            for from in each {
                let mut direct = dst.clone();
                for via in vias(flows, from, &w.to) {
                    let hosts = dst.intersect(&via.addrs);
                    if !via.direct {
                        direct = direct.subtract(&via.addrs);
                    }
                    let part = |seen, dst: &AddrSet, ports| Part {
                        from: from.to_vec(),
                        seen,
                        dst: dst.clone(),
                        ports,
                    };
                    let front = if via.front.is_empty() {
                        &hosts
                    } else {
                        &via.front
                    };
                    out.push(part(None, front, w.ports));
                    let to = if via.carried { &via.front } else { &hosts };
                    out.push(part(said(&via.sources), to, via.behind(w.ports)));
                }
                out.push(Part {
                    dst: direct,
                    ..all(from)
                });
            }
            out
        }
    }
}

/// The parts of a wanted flow at a host that is the load balancer of a via.
pub(super) fn relayed<'a>(flows: Flows<'a>, host: &Host<PointId>, w: &Wanted<'a>) -> Vec<Part<'a>> {
    let own = vias(flows, &w.from, &w.to).filter(|v| host.carries(v));
    let part = |v: &Via| Part {
        from: w.from.iter().copied().filter(|r| v.sends(*r)).collect(),
        seen: None,
        dst: v.front.intersect(&host.addrs),
        ports: w.ports,
    };
    own.map(part).collect()
}

/// The fronts that hosts with some roles use for those with others: replies come from them.
pub(super) fn fronts(flows: Flows<'_>, from: &[RoleIx], to: &[RoleIx]) -> AddrSet {
    let all = vias(flows, from, to);
    all.fold(AddrSet::empty(), |all, v| all.union(&v.front))
}

/// The vias between senders and roles.
fn vias<'a>(flows: Flows<'a>, from: &[RoleIx], to: &[RoleIx]) -> impl Iterator<Item = &'a Via> {
    let leads = |v: &&Via| {
        let sends = from.iter().any(|r| v.sends(*r)) || from.is_empty() && v.senders.is_none();
        sends && to.iter().any(|r| v.leads_to(*r))
    };
    flows
        .site
        .vias
        .iter()
        .filter(leads)
        .collect::<Vec<_>>()
        .into_iter()
}

fn said(addrs: &AddrSet) -> Option<AddrSet> {
    (!addrs.is_empty()).then(|| addrs.clone())
}
