//! Vias whose ends share no family of addresses: nothing can be asked of rules there, and that is told.

use super::{Binder, words};
use crate::finding::{Code, Finding, Identity, Severity};
use crate::rules::matrix::RoleIx;
use crate::site::config::Config;
use crate::site::{RoleState, Via};
use hylint_space::{AddrSet, Family};
use std::collections::BTreeSet;

impl Binder<'_> {
    /// Tells who has no address of the family that packets through a via have at that end, and marks whose checks are not
    /// whole for it.
    pub(super) fn families(
        &mut self,
        config: &Config,
        number: usize,
        via: &mut Via,
        roles: &[RoleState],
    ) {
        let own = via.front.is_empty();
        let reached = if own { &via.addrs } else { &via.front };
        let seen = if via.sources.is_empty() {
            &via.front
        } else {
            &via.sources
        };
        let apart =
            |a: &AddrSet, b: &AddrSet| !a.is_empty() && !b.is_empty() && !a.shares_family(b);
        let mut told = Vec::new();
        let mut marked: BTreeSet<String> = BTreeSet::new();
        for (who, host, addrs) in self.senders(via, roles) {
            let there = if own { "the hosts" } else { "the front" };
            let (at, there) = match via.sources.is_empty() && !apart(&addrs, reached) {
                true => (&via.addrs, "the hosts"),
                false => (reached, there),
            };
            if apart(&addrs, at) {
                told.push(words::apart(&who, &via.label, there, addrs.has(Family::V4)));
                // What is not judged at the sender is not at the hosts either.
                marked.extend(host);
                marked.extend(via.hosts.iter().cloned());
            }
        }
        for h in self.hosts.iter().filter(|h| via.hosts.contains(&h.name)) {
            let there = match via.sources.is_empty() {
                true => "the front",
                false => "the sources",
            };
            if apart(&h.addrs, seen) {
                let who = format!("`{}`", h.name);
                told.push(words::apart(
                    &who,
                    &via.label,
                    there,
                    h.addrs.has(Family::V4),
                ));
                marked.insert(h.name.clone());
            }
        }
        via.apart = marked.into_iter().collect();
        for (message, help) in told {
            let identity = Identity::of(&["via", &via.name, &message]);
            let place = config.place_of_entry("via", number);
            let code = Code::IncompleteExport;
            let mut f = Finding::new(code, Severity::Error, message, identity, Some(place));
            f.label = words::APART.into();
            f.help = Some(help);
            self.findings.push(f);
        }
    }

    /// Who sends through a via: in quotes, the name of the host if it is one, and its addresses.
    fn senders(&self, via: &Via, roles: &[RoleState]) -> Vec<(String, Option<String>, AddrSet)> {
        let mut served: BTreeSet<RoleIx> = BTreeSet::new();
        for r in &self.matrix.requirements {
            let mut to = std::iter::once(&r.to)
                .chain(&r.to_any)
                .flat_map(|e| &e.roles);
            if to.any(|r| via.leads_to(*r)) {
                served.extend(r.from.roles.iter().copied().filter(|r| via.sends(*r)));
            }
        }
        let mut of_hosts = AddrSet::empty();
        let mut out = Vec::new();
        for h in &self.hosts {
            of_hosts = of_hosts.union(&h.addrs);
            let behind = via.senders.is_none() && via.hosts.contains(&h.name);
            if !behind && h.roles.iter().any(|r| served.contains(r)) {
                let name = h.name.clone();
                out.push((format!("`{name}`"), Some(name), h.addrs.clone()));
            }
        }
        for r in served {
            let state = roles.get(usize::from(r.0)).filter(|s| s.exists);
            let rest = state.map(|s| s.addrs.subtract(&of_hosts).subtract(&via.addrs));
            let role = self.matrix.role(r);
            if let (Some(rest), Some(role)) = (rest.filter(|a| !a.is_empty()), role) {
                out.push((format!("`{}`", role.id), None, rest));
            }
        }
        out
    }
}
