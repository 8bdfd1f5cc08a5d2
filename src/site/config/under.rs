//! A hylint.toml that was read by its own matrix, for a run that goes by another one.

use super::values::{AllowConfig, Config, Ends, HostConfig, TransitConfig, ViaConfig};
use crate::rules::matrix::{Customizable, Matrix, RoleIx};

impl Config {
    /// The same by another matrix. Roles, requirements and features are known again by their ids; what the other matrix
    /// does not have, or does not let a site say, is left out.
    #[must_use]
    pub fn under(self, own: &Matrix, other: &Matrix) -> Self {
        if own.sha256 == other.sha256 {
            return self;
        }
        let role = |r: &RoleIx| own.role(*r).and_then(|r| other.role_ix(&r.id));
        let roles = |all: &[RoleIx]| all.iter().filter_map(role).collect::<Vec<_>>();
        let ends = |e: Ends| Ends {
            roles: roles(&e.roles),
            addrs: e.addrs,
        };
        let ports = |(id, ports): (String, Vec<u16>)| {
            let row = other.requirement(&id)?;
            let fixed = row.customizable == Customizable::No;
            let own = |p: &u16| !fixed || row.ports.contains(p);
            let ports: Vec<u16> = ports.into_iter().filter(own).collect();
            (!ports.is_empty()).then_some((id, ports))
        };
        let host = |h: HostConfig| HostConfig {
            roles: roles(&h.roles),
            ..h
        };
        let transit = |t: TransitConfig| TransitConfig {
            between: t
                .between
                .iter()
                .filter_map(|(a, b)| Some((role(a)?, role(b)?)))
                .collect(),
            to_front: t
                .to_front
                .iter()
                .filter_map(|(r, n)| Some((role(r)?, *n)))
                .collect(),
            behind: t
                .behind
                .iter()
                .filter_map(|(n, r)| Some((*n, role(r)?)))
                .collect(),
            ..t
        };
        let via = |v: ViaConfig| ViaConfig {
            roles: roles(&v.roles),
            senders: v.senders.as_deref().map(roles),
            ..v
        };
        let allow = |a: AllowConfig| AllowConfig {
            from: ends(a.from),
            to: ends(a.to),
            ..a
        };
        let known = |id: &String| other.requirement(id).is_some();
        let feature = |id: &String| other.features.iter().any(|f| f.id == *id);
        Self {
            roles: self
                .roles
                .iter()
                .filter_map(|(r, a)| Some((role(r)?, a.clone())))
                .collect(),
            ports: self.ports.into_iter().filter_map(ports).collect(),
            features: self
                .features
                .into_iter()
                .filter(|(id, _)| feature(id))
                .collect(),
            hosts: self.hosts.into_iter().map(host).collect(),
            transits: self.transits.into_iter().map(transit).collect(),
            vias: self.vias.into_iter().map(via).collect(),
            allows: self.allows.into_iter().map(allow).collect(),
            waives: self
                .waives
                .into_iter()
                .filter(|w| w.requirement.as_ref().is_none_or(known))
                .collect(),
            ..self
        }
    }
}
