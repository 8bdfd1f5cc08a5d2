//! Which flows the matrix asks of this site: requirements with their ends, ports and peers.

use super::order::InPart;
use crate::rules::matrix::{AccessRule, End, Implied, Matrix, Presence, Requirement, RoleIx};
use crate::rules::platform;
use crate::site::{Access, Host, Outside, Site, Transit};
use hylint_engine::PointId;
use hylint_model::PointKind;
use hylint_space::{
    AddrSet, Family, FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags, class,
    proto,
};
use rustc_hash::FxHashMap;

/// One side of a flow, seen from a point that guards the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Peers {
    /// Their addresses; meaningless if `unknown`.
    pub addrs: AddrSet,
    /// Nobody declared them.
    pub unknown: bool,
    /// An external service without fixed addresses: reaching some public address suffices.
    pub external: bool,
}

/// Why a requirement is not judged as usual.
#[derive(Clone, Debug, PartialEq)]
pub enum Applies {
    /// It is judged.
    Yes,
    /// It does not concern this site.
    No(String),
    /// It does, but a core role was never declared.
    Undeclared(String),
}

/// The site seen through the matrix.
#[derive(Clone, Copy, Debug)]
pub struct Flows<'a> {
    /// Matrix.
    pub matrix: &'a Matrix,
    /// Site: its roles and what it declares. Its hosts are of the whole run.
    pub site: &'a Site,
    /// The hosts that are judged here.
    pub part: &'a PartScope,
    /// Which requirements apply, by id.
    pub applying: &'a Applying,
}

/// Hosts and forwarding firewalls that are judged together. Their points are numbered by the exports at hand.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PartScope {
    /// Hosts.
    pub hosts: Vec<Host<PointId>>,
    /// Forwarding firewalls.
    pub transits: Vec<Transit<PointId>>,
    /// Machines that are not the site's: no requirement is judged at them.
    pub outside: Vec<Outside<PointId>>,
}

/// Which requirements apply to a site, by id: it takes a look at all of its hosts, so it is found out once.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Applying(FxHashMap<String, Applies>);

impl Applying {
    /// Asks for every requirement of a matrix.
    #[must_use]
    pub fn of(matrix: &Matrix, site: &Site) -> Self {
        let (part, none) = (PartScope::default(), Self::default());
        let flows = Flows {
            matrix,
            site,
            part: &part,
            applying: &none,
        };
        let each = matrix.requirements.iter();
        Self(each.map(|r| (r.id.clone(), flows.find_out(r))).collect())
    }
}

impl<'a> Flows<'a> {
    fn exists(&self, r: RoleIx) -> bool {
        self.site
            .roles
            .get(usize::from(r.0))
            .is_some_and(|s| s.exists)
    }

    fn role_id(&self, r: RoleIx) -> &'a str {
        self.matrix.role(r).map_or("", |r| r.id.as_str())
    }

    /// The existing roles of an end.
    #[must_use]
    pub fn existing(&self, end: &End) -> Vec<RoleIx> {
        end.roles
            .iter()
            .copied()
            .filter(|r| self.exists(*r))
            .collect()
    }

    /// The ports of a requirement in this site.
    #[must_use]
    pub fn ports(&self, req: &'a Requirement) -> &'a [u16] {
        self.site
            .ports
            .get(&req.id)
            .map_or(req.ports.as_slice(), Vec::as_slice)
    }

    /// Whether a role only lives on the other's hosts, so that no packet crosses a wire between them.
    fn same_hosts(&self, a: RoleIx, b: RoleIx) -> bool {
        let lives = |x: RoleIx, y: RoleIx| {
            self.site
                .roles
                .get(usize::from(x.0))
                .and_then(|s| s.lives_on)
                == Some(y)
        };
        a != b && (lives(a, b) || lives(b, a))
    }

    /// Hosts at which required flows of the roles are judged here, with their numbers.
    pub fn hosts(&self, roles: &'a [RoleIx]) -> impl Iterator<Item = (InPart, &'a Host<PointId>)> {
        let numbers = (0..self.part.hosts.len()).map(InPart);
        let declared = numbers.zip(&self.part.hosts).filter(|(_, h)| h.declared);
        declared.filter(move |(_, h)| h.roles.iter().any(|r| roles.contains(r)))
    }

    /// Hosts here that are the load balancer of a via, with their numbers.
    pub(super) fn relays(&self) -> impl Iterator<Item = (InPart, &'a Host<PointId>)> {
        let numbers = (0..self.part.hosts.len()).map(InPart);
        let declared = numbers.zip(&self.part.hosts).filter(|(_, h)| h.declared);
        let vias = &self.site.vias;
        declared.filter(move |(_, h)| vias.iter().any(|v| h.carries(v)))
    }

    /// Hosts of the whole site at which required flows of the roles are judged.
    pub fn all_hosts(&self, roles: &'a [RoleIx]) -> impl Iterator<Item = &'a Host> {
        let all = self.site.hosts.iter().filter(|h| h.declared);
        all.filter(move |h| h.roles.iter().any(|r| roles.contains(r)))
    }

    /// Every address of the roles.
    #[must_use]
    pub fn addrs(&self, roles: &[RoleIx]) -> AddrSet {
        roles
            .iter()
            .filter_map(|r| self.site.roles.get(usize::from(r.0)))
            .fold(AddrSet::empty(), |a, s| a.union(&s.addrs))
    }

    /// The roles of the other end that are on hosts of their own.
    pub(super) fn across(&self, other: &[RoleIx], mine: &[RoleIx]) -> Vec<RoleIx> {
        let all = other.iter().copied();
        all.filter(|o| mine.is_empty() || !mine.iter().all(|m| self.same_hosts(*o, *m)))
            .collect()
    }

    /// The peers of a host for a flow whose other end has these roles.
    #[must_use]
    pub fn peers(&self, other: &[RoleIx], mine: &[RoleIx], me: &AddrSet) -> Option<Peers> {
        let roles = self.across(other, mine);
        if roles.is_empty() {
            return None;
        }
        let state = |r: &RoleIx| self.site.roles.get(usize::from(r.0));
        let external = roles.iter().all(|r| {
            self.matrix
                .role(*r)
                .is_some_and(|m| m.presence == Presence::External)
                && state(r).is_none_or(|s| s.addrs.is_empty())
        });
        let unknown = roles
            .iter()
            .any(|r| state(r).is_none_or(|s| s.addrs.is_empty()));
        let addrs = self.addrs(&roles).subtract(me);
        // Only this host itself: nothing crosses its firewall.
        (unknown || !addrs.is_empty()).then_some(Peers {
            addrs,
            unknown,
            external,
        })
    }

    /// Whether a requirement is judged in this site.
    #[must_use]
    pub fn applies(&self, req: &Requirement) -> &'a Applies {
        const NO: &Applies = &Applies::No(String::new());
        self.applying.0.get(&req.id).unwrap_or(NO)
    }

    /// Whether the feature of a requirement, if it has one, is on.
    pub(super) fn feature_is_on(&self, req: &Requirement) -> bool {
        req.feature.as_ref().is_none_or(|feature| {
            let by_role = self.matrix.role_ix(feature).is_some_and(|r| self.exists(r));
            let said = self.site.features.get(feature).copied();
            said.unwrap_or(by_role)
        })
    }

    fn find_out(&self, req: &Requirement) -> Applies {
        if let Some(feature) = req.feature.as_ref().filter(|_| !self.feature_is_on(req)) {
            return Applies::No(format!("feature `{feature}` is off"));
        }
        for end in [&req.from, &req.to] {
            let alternatives: &[End] = if end == &req.to { &req.to_any } else { &[] };
            if !self.existing(end).is_empty()
                || alternatives.iter().any(|e| !self.existing(e).is_empty())
            {
                continue;
            }
            let undeclared = end.roles.iter().copied().find(|r| {
                let role = self.matrix.role(*r);
                let core = role.is_some_and(|m| m.presence == Presence::Core);
                let state = self.site.roles.get(usize::from(r.0));
                state.is_some_and(|s| !s.absent && (core || s.implied))
            });
            return match undeclared {
                Some(r) => Applies::Undeclared(format!(
                    "the addresses of `{}` are not declared in hylint.toml",
                    self.role_id(r)
                )),
                None => Applies::No(format!("the site has no `{}`", end.name)),
            };
        }
        if req.access == AccessRule::DirectOnly && self.site.access == Access::Gateway {
            return Applies::No("clients connect through the gateway".into());
        }
        if let Some(other) = req.separate_from {
            let theirs = self.addrs(&[other]);
            let mine = self.addrs(&self.existing(&req.from));
            if !mine.is_empty() && mine.is_subset(&theirs) {
                return Applies::No(format!("`{}` has no host of its own", req.from.name));
            }
        }
        self.two_hosts(req)
    }

    /// A flow between nodes of one role, or to a role on the same hosts, needs a second host.
    fn two_hosts(&self, req: &Requirement) -> Applies {
        let (from, mut to) = (self.existing(&req.from), self.existing(&req.to));
        for e in &req.to_any {
            to.extend(self.existing(e));
        }
        let paired = from
            .iter()
            .any(|f| to.iter().any(|t| !self.same_hosts(*f, *t)));
        if !paired {
            return Applies::No(format!(
                "`{}` runs on the hosts of `{}`",
                req.to.name, req.from.name
            ));
        }
        // Different roles on one host talk locally; only the nodes of one role need each other.
        let a = self.addrs(&from);
        let hosts = self
            .site
            .hosts
            .iter()
            .filter(|h| h.roles.iter().any(|r| from.contains(r)))
            .count();
        let one = |s: &AddrSet| s.v4.count() <= 1 && s.v6.count() <= 1;
        let single = from == to && if a.is_empty() { hosts < 2 } else { one(&a) };
        if single {
            Applies::No("a second host is needed".into())
        } else {
            Applies::Yes
        }
    }

    /// Whether an implied flow exists in this site.
    #[must_use]
    pub fn implied_applies(&self, f: &Implied) -> bool {
        let mode = match f.gateway {
            None => true,
            Some(true) => self.site.access != Access::Direct,
            Some(false) => self.site.access != Access::Gateway,
        };
        mode && !self.existing(&f.from).is_empty() && !self.existing(&f.to).is_empty()
    }
}

/// Unicast sources of a family: what an undeclared peer may be.
#[must_use]
pub fn unicast(family: Family) -> AddrSet {
    class::hosts().only(family)
}

/// Where a peer may be whose address nobody declared: any unicast address but those that no host of a site has and those of
/// the platform itself. Rules against forged sources often name just these.
#[must_use]
pub(super) fn possible_peers(family: Family, kind: PointKind) -> AddrSet {
    unicast(family)
        .subtract(class::link_local())
        .subtract(class::unassigned())
        .subtract(&platform::own_addresses(kind))
}

/// The first packets of a flow: a SYN, or a first datagram, in state NEW from ephemeral ports.
#[must_use]
pub fn first_packets(
    src: AddrSet,
    dst: AddrSet,
    protocol: u8,
    ports: &[u16],
    ephemeral: &PortSet,
) -> PacketBox {
    PacketBox {
        src,
        dst,
        proto: ProtoSet::single(protocol),
        sport: ephemeral.clone(),
        dport: ports.iter().map(|p| (*p, *p)).collect(),
        flags: if protocol == proto::TCP {
            FlagSet::exactly(TcpFlags::SYN)
        } else {
            FlagSet::FULL
        },
        state: StateSet::exactly(StateSet::NEW, false, false),
        in_iface: IfaceSet::single(0),
        out_iface: IfaceSet::single(0),
    }
}

/// The replies to first packets, in whatever state.
#[must_use]
pub(super) fn reply(first: &PacketBox) -> PacketBox {
    let tcp = first.proto.contains(proto::TCP);
    PacketBox {
        src: first.dst.clone(),
        dst: first.src.clone(),
        proto: first.proto.clone(),
        sport: first.dport.clone(),
        dport: first.sport.clone(),
        flags: if tcp {
            FlagSet::exactly(TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0))
        } else {
            FlagSet::FULL
        },
        state: StateSet::FULL,
        in_iface: first.out_iface.clone(),
        out_iface: first.in_iface.clone(),
    }
}
