//! Every flow that is needed at a point: required, implied, wanted by the site, background of the platform.

use super::via::{self, Part};
use crate::judge::{Applies, Flows, PortsFrom, Wanted};
use crate::rules::matrix::RoleIx;
use crate::rules::platform;
use crate::site::Host;
use hylint_engine::PointId;
use hylint_model::{Families, PointKind};
use hylint_space::{AddrSet, Family, PacketBox, PortSet, ProtoSet, class, proto};

/// What is needed, and what must not be open.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// Flows of requirements and implied ones.
    pub(super) required: Vec<PacketBox>,
    /// Site's own, and replies.
    other: Vec<PacketBox>,
    /// Flows of requirements whose peers are declared as everyone, to what must not be open to anyone: excess, and required
    /// all the same.
    everyone: Vec<PacketBox>,
    /// Background of the platform.
    background: Vec<PacketBox>,
    /// Everything that is no excess.
    pub(super) boxes: Vec<PacketBox>,
    /// The same without the flows whose peers nobody declared. They may be anywhere in the site, and are not anyone.
    pub(super) firm: Vec<PacketBox>,
    /// Flows whose peers nobody declared.
    undeclared: Vec<PacketBox>,
    /// Flows past the gateway.
    pub(super) bypass: Vec<PacketBox>,
    /// Flows on ports that the site moved away from.
    pub(super) stale: Vec<PacketBox>,
    /// One less than the addresses of the widest declared range, in IPv4 and IPv6; nothing if none is declared.
    widest: Option<(u128, u128)>,
    /// Whether the hosts' roles are known.
    pub(super) roles_known: bool,
    /// Whether there is a hylint.toml.
    pub(super) configured: bool,
}

impl Needed {
    /// At the hosts that a point of this kind guards, in the families that it covers.
    pub(super) fn at(
        flows: Flows<'_>,
        hosts: &[&Host<PointId>],
        kind: PointKind,
        families: Families,
    ) -> Self {
        let mut out = Self {
            roles_known: hosts.iter().any(|h| !h.roles.is_empty()),
            configured: flows.site.configured,
            ..Self::default()
        };
        for h in hosts {
            // Rules of AWS name no destination: they let in to every host behind the point, and its needs are one.
            let named = kind.names_destinations() && !h.every.is_empty();
            let dst = if named {
                in_families(h, families)
            } else {
                AddrSet::any()
            };
            if kind.is_stateless() {
                out.replies(flows, h);
            }
            out.add(flows, &dst, Some(h), |roles| {
                roles.iter().any(|r| h.roles.contains(r))
            });
            for w in flows.wanted().filter(|_| !flows.site.vias.is_empty()) {
                for part in via::relayed(flows, h, &w) {
                    out.part(flows, w.protocol, part);
                }
            }
        }
        out.background = platform::background(kind)
            .map(|b| b.space.clone())
            .collect();
        out.rest(flows);
        out
    }

    /// What of a rule stays when it is narrowed to what is needed. `background`: with that of the platform.
    pub(super) fn kept(&self, background: bool) -> impl Iterator<Item = &PacketBox> {
        let flows = self
            .required
            .iter()
            .chain(&self.everyone)
            .chain(&self.other);
        // What is background by its source alone crosses no firewall, or comes from the platform whatever its rules say.
        let named = move |b: &&PacketBox| background && !b.proto.is_full();
        flows.chain(self.background.iter().filter(named))
    }

    /// The declared sources of flows that share protocols, ports and destinations with an excess. None if there is no such
    /// flow, or one whose peers nobody declared or that everyone needs.
    pub(super) fn peers(&self, excess: &[PacketBox]) -> Option<AddrSet> {
        let touched = |n: &&PacketBox| {
            let shares = |b: &PacketBox| {
                b.proto.intersects(&n.proto)
                    && b.dport.intersects(&n.dport)
                    && b.dst.intersects(&n.dst)
            };
            excess.iter().any(shares)
        };
        let flows = self.required.iter().chain(&self.other).filter(touched);
        let met = flows.map(|n| (!class::hosts().is_subset(&n.src)).then_some(&n.src));
        let met: Vec<&AddrSet> = met.collect::<Option<_>>()?;
        let all = met.iter().fold(AddrSet::empty(), |all, s| all.union(s));
        (!all.is_empty()).then_some(all)
    }

    /// The ports of TCP and of UDP that something needs of what a rule allows.
    pub(super) fn ports(&self, whole: &PacketBox) -> (PortSet, PortSet) {
        let flows = self.required.iter().chain(&self.other);
        let met: Vec<&PacketBox> = flows.filter(|n| n.intersects(whole)).collect();
        let of = |p: u8| {
            let met = met.iter().filter(|n| n.proto.contains(p));
            let ports = met.fold(PortSet::empty(), |all, n| all.union(&n.dport));
            ports.intersect(&whole.dport)
        };
        (of(proto::TCP), of(proto::UDP))
    }

    /// Through a forwarding firewall.
    pub(super) fn through(flows: Flows<'_>) -> Self {
        let mut out = Self {
            roles_known: true,
            configured: flows.site.configured,
            ..Self::default()
        };
        let all: Vec<RoleIx> = (0..flows.site.roles.len())
            .filter_map(|i| u16::try_from(i).ok())
            .map(RoleIx)
            .collect();
        for role in all {
            let dst = flows.addrs(&[role]);
            if !dst.is_empty() {
                out.add(flows, &dst, None, |roles| roles.contains(&role));
            }
        }
        let background = platform::background(PointKind::Netfilter);
        out.background = background.map(|b| b.space.clone()).collect();
        out.rest(flows);
        out
    }

    /// A stateless point must let the replies to its hosts' own connections in.
    fn replies(&mut self, flows: Flows<'_>, host: &Host<PointId>) {
        for req in flows
            .matrix
            .requirements
            .iter()
            .filter(|r| r.reply && *flows.applies(r) == Applies::Yes)
        {
            let from = flows.existing(&req.from);
            if from.iter().any(|r| host.roles.contains(r)) {
                let to = flows.existing(&req.to);
                let src = flows.addrs(&to);
                let unknown = src.is_empty();
                let src = src.union(&via::fronts(flows, &from, &to));
                self.other.push(PacketBox {
                    src: if unknown { AddrSet::any() } else { src },
                    proto: ProtoSet::single(req.transport.number()),
                    dport: flows.site.ephemeral.clone(),
                    ..PacketBox::any()
                });
            }
        }
    }

    /// Whether a range of the sources holds more addresses than the widest declared range.
    pub(super) fn is_narrower_than(&self, src: &AddrSet) -> bool {
        let Some((v4, v6)) = self.widest else {
            return false;
        };
        let mut four = src.v4.iter().map(|(a, b)| u128::from(b - a));
        let mut six = src.v6.iter().map(|(a, b)| (b - a).saturating_add(1));
        four.any(|n| n > v4.max(255)) || six.any(|n| n > v6.max(1 << 64))
    }

    fn rest(&mut self, flows: Flows<'_>) {
        let allows = flows.site.allows.iter().map(|a| PacketBox {
            src: a.from.clone(),
            dst: a.to.clone(),
            proto: a.proto.clone(),
            dport: a.ports.clone(),
            ..PacketBox::any()
        });
        let allows: Vec<PacketBox> = allows.collect();
        let known = self.required.iter().chain(&self.other);
        let known = known.chain(&self.background).chain(&allows);
        self.firm = known.cloned().collect();
        self.other.extend(allows);
        self.required.append(&mut self.undeclared.clone());
        self.boxes = self.firm.iter().chain(&self.undeclared).cloned().collect();
        let roles = &flows.site.roles;
        let declared = AddrSet {
            v4: roles.iter().flat_map(|r| r.addrs.v4.iter()).collect(),
            v6: roles.iter().flat_map(|r| r.addrs.v6.iter()).collect(),
        };
        let v4 = declared.v4.iter().map(|(a, b)| u128::from(b - a)).max();
        let v6 = declared.v6.iter().map(|(a, b)| b - a).max();
        self.widest = (!declared.is_empty()).then(|| (v4.unwrap_or(0), v6.unwrap_or(0)));
    }

    /// Adds a part of a wanted flow.
    fn part(&mut self, flows: Flows<'_>, protocol: u8, part: Part<'_>) {
        let flow = |(src, ports): PortsFrom| PacketBox {
            src,
            dst: part.dst.clone(),
            proto: ProtoSet::single(protocol),
            dport: ports.iter().map(|p| (*p, *p)).collect::<PortSet>(),
            ..PacketBox::any()
        };
        if let Some(seen) = part.seen {
            self.required.push(flow((seen, part.ports.to_vec())));
            return;
        }
        let sources = flows.sources(&part.from, protocol, part.ports);
        self.everyone.extend(sources.everyone.map(flow));
        self.required.extend(sources.firm.into_iter().map(flow));
        self.undeclared.extend(sources.undeclared.map(flow));
    }

    fn add(
        &mut self,
        flows: Flows<'_>,
        dst: &AddrSet,
        host: Option<&Host<PointId>>,
        here: impl Fn(&[RoleIx]) -> bool,
    ) {
        let flow = |src: AddrSet, protocol: u8, ports: &[u16]| PacketBox {
            src,
            dst: dst.clone(),
            proto: ProtoSet::single(protocol),
            dport: ports.iter().map(|p| (*p, *p)).collect::<PortSet>(),
            ..PacketBox::any()
        };
        let want = |out: &mut Self, w: Wanted<'_>| {
            for part in via::parts(flows, host, dst, &w) {
                out.part(flows, w.protocol, part);
            }
        };
        for req in &flows.matrix.requirements {
            let mut to = flows.existing(&req.to);
            to.extend(req.to_any.iter().flat_map(|e| flows.existing(e)));
            if !here(&to) {
                continue;
            }
            let protocol = req.transport.number();
            let ports = flows.ports(req);
            if let Some(wanted) = flows.wanted_by(req) {
                want(self, wanted);
            }
            match flows.applies(req) {
                Applies::Yes | Applies::Undeclared(_) => {
                    let moved: Vec<u16> = req
                        .ports
                        .iter()
                        .copied()
                        .filter(|p| !ports.contains(p))
                        .collect();
                    if !moved.is_empty() {
                        self.stale.push(flow(AddrSet::any(), protocol, &moved));
                    }
                }
                Applies::No(_) => {
                    let clients = flows.addrs(&flows.existing(&req.from));
                    if flows.is_past_gateway(req) {
                        let clients = if clients.is_empty() {
                            class::public().clone()
                        } else {
                            clients
                        };
                        self.bypass.push(flow(clients, protocol, ports));
                    } else if req.from.roles.iter().any(|r| req.to.roles.contains(r)) {
                        // Between nodes of one role, of which only one is known so far.
                        self.required.push(flow(clients, protocol, ports));
                    }
                }
            }
        }
        for i in &flows.matrix.implied {
            if let Some(wanted) = flows.wanted_implied(i).filter(|w| here(&w.to)) {
                want(self, wanted);
            }
        }
        self.required.retain(|b| !b.is_empty());
        self.undeclared.retain(|b| !b.is_empty());
    }
}

/// Addresses of a host, with any address in each of these families of which none is known: that a site does not declare one
/// does not mean that the host has none, unless its interfaces are listed. Any where no address is known.
pub(super) fn in_families(host: &Host<PointId>, families: Families) -> AddrSet {
    if host.every.is_empty() {
        return AddrSet::any();
    }
    let more = Family::BOTH.into_iter().filter(|_| !host.listed);
    let more = more.filter(|f| !host.every.has(*f) && families.has(*f));
    more.fold(host.every.clone(), |all, f| all.union(&AddrSet::any_of(f)))
}
