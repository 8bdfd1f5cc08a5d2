//! What a change may open: what the old site requires, implies and allows.
//!
//! It has to be proven: a role whose addresses nobody declared proves nothing about a packet's other end, unless the matrix
//! says that its hosts are anyone. What the platform needs in the background is no part of it.

use super::packets::Names;
use super::sides::{Policy, Sides, has_roles};
use crate::common::diag::Diag;
use crate::finding::difference::Envelope;
use crate::judge::{Applying, Flows as SiteFlows, PartScope, PortsFrom, Wanted};
use crate::rules::matrix::RoleIx;
use crate::session::Session;
use crate::site::{Config, Host, Site};
use hylint_engine::covers;
use hylint_model::Direction;
use hylint_space::{AddrSet, Family, PacketBox, PortSet, ProtoSet, class};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The flows that may be open.
#[derive(Debug)]
pub(super) struct Flows {
    kind: Envelope,
    flows: Vec<Flow>,
    hosts: BTreeMap<String, Known>,
    /// Declared addresses by role, for hosts that the judging side does not know.
    roles: Vec<AddrSet>,
}

/// One flow: from an end to an end.
#[derive(Debug)]
struct Flow {
    from: End,
    to: End,
    proto: ProtoSet,
    ports: PortSet,
}

/// One end of a flow: hosts of these roles, whatever their addresses, and whoever has these addresses.
#[derive(Debug, Default)]
struct End {
    roles: Vec<RoleIx>,
    addrs: AddrSet,
}

/// What is known of a host.
#[derive(Debug, Default)]
struct Known {
    /// Its roles; none: the side whose policy it is does not know the host.
    roles: Option<Vec<RoleIx>>,
    /// Its addresses on either side, with any of a family of which it may have some that nobody declares.
    own: AddrSet,
}

/// Where translated packets go.
#[derive(Debug)]
pub(super) struct Target {
    /// Their new destination.
    pub(super) dst: AddrSet,
    /// Their new port; full where it stays.
    pub(super) ports: PortSet,
}

impl Flows {
    /// Those of the old site, else of the new one.
    ///
    /// # Errors
    /// The site cannot be bound.
    pub(super) fn of(sides: &Sides, names: &Names) -> Result<Self, Vec<Diag>> {
        let none = Self {
            kind: Envelope::None,
            flows: Vec::new(),
            hosts: BTreeMap::new(),
            roles: Vec::new(),
        };
        let Some(judge) = sides.judge() else {
            return Ok(none);
        };
        let site = said(judge)?;
        if !says_anything(&site, judge.config()) {
            return Ok(none);
        }
        let mut flows = wanted(judge, &site)?;
        flows.extend(allowed(judge, &site));
        let mut hosts = BTreeMap::new();
        let own = Names::default();
        let of_judge = match sides.policy {
            Policy::New => names,
            Policy::Old | Policy::None => &own,
        };
        take_hosts(&mut hosts, judge, of_judge, true)?;
        take_hosts(&mut hosts, &sides.old, &own, false)?;
        take_hosts(&mut hosts, &sides.new, names, false)?;
        Ok(Self {
            kind: match sides.policy {
                Policy::New => Envelope::New,
                Policy::Old | Policy::None => Envelope::Old,
            },
            flows,
            hosts,
            roles: site.roles.into_iter().map(|r| r.addrs).collect(),
        })
    }

    /// Whose they are.
    pub(super) fn kind(&self) -> Envelope {
        self.kind
    }

    /// Whether every packet of a box that goes one way at a host is among them. `host` is the old side's name of it; the
    /// packets' own end is any address of it.
    pub(super) fn hold(&self, host: Option<&str>, way: Direction, packets: &PacketBox) -> bool {
        let known = host.and_then(|h| self.hosts.get(h));
        let mut packets = packets.clone().paired();
        let own = match way {
            Direction::In => &mut packets.dst,
            Direction::Out => &mut packets.src,
            Direction::Forward => return self.cover(&[], way, &packets),
        };
        let Some(known) = known else {
            return self.cover(&[], way, &packets);
        };
        *own = known.behind(own);
        let roles = match &known.roles {
            Some(roles) => roles.clone(),
            None => self.roles_at(own),
        };
        self.cover(&roles, way, &packets)
    }

    /// The same of packets that come in and are sent on to somebody else, which has to be held, too.
    pub(super) fn hold_translated(
        &self,
        host: Option<&str>,
        packets: &PacketBox,
        to: &Target,
    ) -> bool {
        let behind = PacketBox {
            dst: to.dst.clone(),
            dport: match to.ports.is_full() {
                true => packets.dport.clone(),
                false => to.ports.clone(),
            },
            ..packets.clone()
        };
        self.hold(host, Direction::In, packets) && self.hold(host, Direction::Forward, &behind)
    }

    /// Whether the flows of these roles hold a box.
    fn cover(&self, roles: &[RoleIx], way: Direction, packets: &PacketBox) -> bool {
        // Few flows are near; their addresses may be many.
        let whole = |end: &End, own: bool| own && end.roles.iter().any(|r| roles.contains(r));
        let meets =
            |end: &End, own: bool, addrs: &AddrSet| whole(end, own) || end.addrs.intersects(addrs);
        let side = |end: &End, own: bool| match whole(end, own) {
            true => AddrSet::any(),
            false => end.addrs.clone(),
        };
        let (at_from, at_to) = (way == Direction::Out, way == Direction::In);
        let near = self.flows.iter().filter(|f| {
            f.proto.intersects(&packets.proto)
                && f.ports.intersects(&packets.dport)
                && meets(&f.from, at_from, &packets.src)
                && meets(&f.to, at_to, &packets.dst)
        });
        let boxes = near.map(|f| PacketBox {
            src: side(&f.from, at_from),
            dst: side(&f.to, at_to),
            proto: f.proto.clone(),
            dport: f.ports.clone(),
            ..PacketBox::any()
        });
        !packets.is_empty() && covers(&boxes.collect::<Vec<_>>(), packets)
    }

    /// The roles whose declared addresses hold all of these.
    fn roles_at(&self, own: &AddrSet) -> Vec<RoleIx> {
        let holds = |(_, a): &(usize, &AddrSet)| !own.is_empty() && own.is_subset(a);
        let all = self.roles.iter().enumerate().filter(holds);
        all.filter_map(|(n, _)| u16::try_from(n).ok().map(RoleIx))
            .collect()
    }
}

impl Known {
    /// The addresses of the host that packets of an end have: its own where the packets have any. Those of many hosts that
    /// it listens to stand for its own.
    fn behind(&self, end: &AddrSet) -> AddrSet {
        let many = class::multicast().union(broadcast());
        Family::BOTH.into_iter().fold(AddrSet::empty(), |all, f| {
            let (end, own) = (end.only(f), self.own.only(f));
            let single = end.subtract(&many);
            let narrowed = match () {
                () if !own.is_empty() && own.is_subset(&end) => own,
                () if single.is_empty() && !end.is_empty() => own,
                () => single,
            };
            all.union(&narrowed)
        })
    }
}

fn broadcast() -> &'static AddrSet {
    static ALL: LazyLock<AddrSet> =
        LazyLock::new(|| AddrSet::host(std::net::Ipv4Addr::BROADCAST.into()));
    &ALL
}

/// Adds the hosts and forwarding firewalls of a side, with their roles if it is the side that says what they are for.
fn take_hosts(
    hosts: &mut BTreeMap<String, Known>,
    session: &Session,
    names: &Names,
    judges: bool,
) -> Result<(), Vec<Diag>> {
    let site = &session.site()?.bound.site;
    let mut own: BTreeMap<&str, (AddrSet, bool, Vec<RoleIx>)> = BTreeMap::new();
    for h in &site.hosts {
        let (addrs, listed, roles) = own
            .entry(&h.name)
            .or_insert((AddrSet::empty(), true, vec![]));
        *addrs = addrs.union(&h.every).union(&h.seen);
        *listed &= h.listed;
        if has_roles(h) {
            roles.extend(&h.roles);
        }
    }
    for t in &site.transits {
        own.entry(names.host(&t.name))
            .or_insert((AddrSet::empty(), false, vec![]));
    }
    for (name, (addrs, listed, roles)) in own {
        let open = Family::BOTH.into_iter();
        let open = open.filter(|f| addrs.is_empty() || !listed && !addrs.has(*f));
        let addrs = open.fold(addrs.clone(), |all, f| all.union(&AddrSet::any_of(f)));
        match hosts.get_mut(name) {
            None => {
                let known = Known {
                    roles: judges.then_some(roles),
                    own: addrs,
                };
                hosts.insert(name.to_owned(), known);
            }
            Some(known) => known.own = both(&known.own, &addrs),
        }
    }
    Ok(())
}

/// The addresses of one host on both sides. A family of which one side knows none says nothing of those that the other one
/// knows.
fn both(a: &AddrSet, b: &AddrSet) -> AddrSet {
    Family::BOTH.into_iter().fold(AddrSet::empty(), |all, f| {
        let (a, b, whole) = (a.only(f), b.only(f), AddrSet::any_of(f));
        let of_family = match (a == whole, b == whole) {
            (true, false) => b,
            (false, true) => a,
            _ => a.union(&b),
        };
        all.union(&of_family)
    })
}

/// The site without roles that are worked out from open ports.
fn said(session: &Session) -> Result<Site, Vec<Diag>> {
    let mut site = session.site()?.bound.site.clone();
    let inferred = |h: &Host| !h.roles.is_empty() && !has_roles(h);
    let declared = session.config().map(|c| &c.roles);
    for at in 0..site.roles.len() {
        let Ok(ix) = u16::try_from(at).map(RoleIx) else {
            break;
        };
        let of = |inferring: bool| {
            let all = site.hosts.iter().filter(|h| h.roles.contains(&ix));
            let all = all.filter(|h| inferred(h) == inferring);
            all.fold(AddrSet::empty(), |all, h| all.union(&h.addrs))
        };
        let guessed = of(true);
        if guessed.is_empty() {
            continue;
        }
        let kept = declared.and_then(|d| d.get(&ix)).cloned();
        let kept = kept.unwrap_or_default().union(&of(false));
        if let Some(state) = site.roles.get_mut(at) {
            state.addrs = state.addrs.subtract(&guessed.subtract(&kept));
        }
    }
    for h in site.hosts.iter_mut().filter(|h| inferred(h)) {
        h.roles.clear();
    }
    Ok(site)
}

fn says_anything(site: &Site, config: Option<&Config>) -> bool {
    let declared = config.is_some_and(|c| c.roles.values().any(|a| !a.is_empty()));
    declared || !site.allows.is_empty() || site.hosts.iter().any(has_roles)
}

/// What the matrix requires and implies.
fn wanted(session: &Session, site: &Site) -> Result<Vec<Flow>, Vec<Diag>> {
    let matrix = &session.site()?.matrix;
    let (part, applying) = (PartScope::default(), Applying::of(matrix, site));
    let flows = SiteFlows {
        matrix,
        site,
        part: &part,
        applying: &applying,
    };
    let mut out: Vec<Flow> = flows.wanted().flat_map(|w| proven(flows, &w)).collect();
    for w in flows.wanted() {
        out.extend(through(flows, &w));
    }
    Ok(out)
}

/// The flow from each source that is proven to be one of its own.
fn proven(flows: SiteFlows<'_>, w: &Wanted<'_>) -> Vec<Flow> {
    let located = w.from.iter().copied().partition(|r| flows.is_located(*r));
    let (located, others): (Vec<RoleIx>, Vec<RoleIx>) = located;
    let known = [located, others].into_iter().filter(|r| !r.is_empty());
    let known = known.flat_map(|from| flows.sources(&from, w.protocol, w.ports).firm);
    // Who may be any host may as well have an address that no host has.
    let widest = |(addrs, ports): PortsFrom| match class::hosts().is_subset(&addrs) {
        true => (AddrSet::any(), ports),
        false => (addrs, ports),
    };
    let mut sources: Vec<PortsFrom> = known.map(widest).collect();
    // At its own host the flow holds whoever its peers know.
    sources.push((AddrSet::empty(), w.ports.to_vec()));
    let flow = |(addrs, ports): (AddrSet, Vec<u16>)| Flow {
        from: End {
            roles: if addrs.is_empty() {
                w.from.clone()
            } else {
                vec![]
            },
            addrs,
        },
        to: End {
            roles: w.to.clone(),
            addrs: flows.addrs(&w.to),
        },
        proto: ProtoSet::single(w.protocol),
        ports: ports.into_iter().map(|p| (p, p)).collect(),
    };
    let flows = sources.into_iter().map(flow);
    flows.filter(|f| !f.ports.is_empty()).collect()
}

/// The flow on either side of each via that it goes through.
fn through(flows: SiteFlows<'_>, w: &Wanted<'_>) -> Vec<Flow> {
    let mut out = Vec::new();
    for via in &flows.site.vias {
        let from: Vec<RoleIx> = w.from.iter().copied().filter(|r| via.sends(*r)).collect();
        let to: Vec<RoleIx> = w.to.iter().copied().filter(|r| via.leads_to(*r)).collect();
        if from.is_empty() || to.is_empty() {
            continue;
        }
        let flow = |from: End, to: AddrSet, ports: &[u16]| Flow {
            from,
            to: End {
                roles: Vec::new(),
                addrs: to,
            },
            proto: ProtoSet::single(w.protocol),
            ports: ports.iter().map(|p| (*p, *p)).collect(),
        };
        let senders = || End {
            roles: from.clone(),
            addrs: flows.addrs(&from),
        };
        if !via.front.is_empty() {
            out.push(flow(senders(), via.front.clone(), w.ports));
        }
        let seen = match via.sources.is_empty() {
            true => senders(),
            false => End {
                roles: Vec::new(),
                addrs: via.sources.clone(),
            },
        };
        let hosts = if via.carried { &via.front } else { &via.addrs };
        out.push(flow(seen, hosts.clone(), via.behind(w.ports)));
    }
    out
}

/// What the site allows beside the matrix.
fn allowed(session: &Session, site: &Site) -> Vec<Flow> {
    let entries = session.config().map_or(&[][..], |c| &c.allows);
    let each = entries.iter().zip(&site.allows);
    let flow = |(said, a): (&crate::site::config::AllowConfig, &crate::site::Allow)| Flow {
        from: End {
            roles: said.from.roles.clone(),
            addrs: a.from.clone(),
        },
        to: End {
            roles: said.to.roles.clone(),
            addrs: a.to.clone(),
        },
        proto: a.proto.clone(),
        ports: a.ports.clone(),
    };
    each.map(flow).collect()
}
