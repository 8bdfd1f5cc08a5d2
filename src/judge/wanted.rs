//! Which flows a site wants: those of its requirements, and those that the matrix implies; and from where they may come.

use super::flows::{Applies, Flows};
use crate::rules::matrix::{AccessRule, Audience, Implied, Requirement, RoleIx};
use crate::rules::platform;
use crate::site::Access;
use hylint_space::{AddrSet, Exposure, PortSet, class};

/// A flow that a site wants.
#[derive(Clone, PartialEq, Debug)]
pub struct Wanted<'a> {
    /// Who opens it. Roles that the site does not name are there where the matrix says that they are anyone.
    pub from: Vec<RoleIx>,
    /// Who accepts it: roles of the site.
    pub to: Vec<RoleIx>,
    /// IP protocol.
    pub protocol: u8,
    /// Its ports in this site.
    pub ports: &'a [u16],
}

/// Ports, and the sources that need them.
pub type PortsFrom = (AddrSet, Vec<u16>);

/// From where a wanted flow may come.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sources {
    /// Declared sources, and anyone where the matrix says so.
    pub firm: Vec<PortsFrom>,
    /// Sources that are declared as everyone, to what must not be open to anyone.
    pub everyone: Option<PortsFrom>,
    /// Sources that nobody declared. They may be anywhere in the site, and are not anyone.
    pub undeclared: Option<PortsFrom>,
}

impl<'a> Flows<'a> {
    /// The flow of a requirement, if the site wants it: one that waits for a role to be declared, or is of roles that are
    /// anyone, is wanted all the same.
    #[must_use]
    pub fn wanted_by(&self, req: &'a Requirement) -> Option<Wanted<'a>> {
        let from = match self.applies(req) {
            _ if self.is_past_gateway(req) => return None,
            Applies::No(_) if self.is_for_everyone(req) => req.from.roles.clone(),
            Applies::No(_) => return None,
            Applies::Yes | Applies::Undeclared(_) => self.existing(&req.from),
        };
        let mut to = self.existing(&req.to);
        to.extend(req.to_any.iter().flat_map(|e| self.existing(e)));
        Some(Wanted {
            from,
            to,
            protocol: req.transport.number(),
            ports: self.ports(req),
        })
    }

    /// An implied flow, if it exists in this site.
    #[must_use]
    pub fn wanted_implied(&self, i: &'a Implied) -> Option<Wanted<'a>> {
        self.implied_applies(i).then(|| Wanted {
            from: self.existing(&i.from),
            to: self.existing(&i.to),
            protocol: i.transport.number(),
            ports: &i.ports,
        })
    }

    /// Every flow that the site wants by its matrix, features that are off left out. Roles that are anyone are so even where
    /// the site is asked to declare them.
    pub fn wanted(&self) -> impl Iterator<Item = Wanted<'a>> {
        let rows = self.matrix.requirements.iter();
        let rows = rows.filter(|r| self.feature_is_on(r));
        let rows = rows.filter_map(|r| {
            let wanted = self.wanted_by(r)?;
            let unnamed = wanted.from.is_empty() && self.is_for_everyone(r);
            let from = match unnamed {
                true => r.from.roles.clone(),
                false => wanted.from,
            };
            Some(Wanted { from, ..wanted })
        });
        let implied = self.matrix.implied.iter();
        rows.chain(implied.filter_map(|i| self.wanted_implied(i)))
    }

    /// Whether a requirement is of clients that have to go through the gateway.
    #[must_use]
    pub fn is_past_gateway(&self, req: &Requirement) -> bool {
        let off = matches!(self.applies(req), Applies::No(_));
        off && req.access == AccessRule::DirectOnly && self.site.access == Access::Gateway
    }

    /// From where hosts of some roles open a flow.
    #[must_use]
    pub fn sources(&self, from: &[RoleIx], protocol: u8, ports: &[u16]) -> Sources {
        let unknown = |r: &RoleIx| !self.is_located(*r);
        if from.is_empty() || from.iter().any(unknown) {
            let (open, closed) = self.by_audience(from, protocol, ports);
            let hosts = || class::hosts().clone();
            return Sources {
                firm: vec![(hosts(), open)],
                everyone: None,
                undeclared: Some((hosts(), closed)),
            };
        }
        let src = self.addrs(from);
        // Who declares everyone for the hosts of a role says where they may be, and a role has its audience by the
        // matrix: what must not be open to anyone is a need of private addresses alone.
        let (open, closed) = match Exposure::of(&src) {
            Exposure::Anyone => self.by_audience(from, protocol, ports),
            Exposure::Block | Exposure::Few => (ports.to_vec(), Vec::new()),
        };
        let private = src.subtract(class::public());
        Sources {
            firm: vec![(src.clone(), open), (private, closed.clone())],
            everyone: Some((src, closed)),
            undeclared: None,
        }
    }

    /// Whether the addresses of a role are known.
    #[must_use]
    pub fn is_located(&self, role: RoleIx) -> bool {
        let state = self.site.roles.get(usize::from(role.0));
        state.is_some_and(|s| !s.addrs.is_empty())
    }

    /// The ports that hosts of these roles, which the site does not declare, may need from everywhere, and the others.
    fn by_audience(&self, roles: &[RoleIx], protocol: u8, ports: &[u16]) -> (Vec<u16>, Vec<u16>) {
        let anywhere = !roles.is_empty() && roles.iter().all(|r| self.is_anyone(*r));
        let open = |p: &u16| {
            let port = PortSet::single(*p);
            let is_sensitive = platform::sensitive(protocol, &port).next().is_some();
            anywhere && !is_sensitive
        };
        ports.iter().copied().partition(open)
    }

    /// Whether the hosts of a role are anywhere on the Internet.
    fn is_anyone(&self, role: RoleIx) -> bool {
        let role = self.matrix.role(role);
        role.is_some_and(|r| r.audience == Audience::Anyone)
    }

    /// Whether a requirement is of roles that are anywhere, which a site need not name, and which this one does not rule
    /// out.
    fn is_for_everyone(&self, req: &Requirement) -> bool {
        let unnamed = |r: &RoleIx| {
            let state = self.site.roles.get(usize::from(r.0));
            self.is_anyone(*r) && state.is_none_or(|s| !s.exists && !s.absent)
        };
        let off = |feature: &String| self.site.features.get(feature) == Some(&false);
        !req.feature.as_ref().is_some_and(off) && req.from.roles.iter().all(unnamed)
    }
}
