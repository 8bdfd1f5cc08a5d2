//! What of `[[via]]` the exports and the roles settle: who is behind each, and what its names stand for.

use super::{Binder, words};
use crate::common::diag::Diag;
use crate::finding::{Code, Finding, Identity, Severity};
use crate::rules::matrix::{Requirement, RoleIx};
use crate::site::config::{Config, ViaConfig};
use crate::site::{RoleState, Via};
use hylint_space::AddrSet;
use std::collections::{BTreeMap, BTreeSet};

/// Addresses of a front that its label names.
const NAMED: usize = 3;

impl Binder<'_> {
    /// The vias of the site. Names of sources that nothing gives addresses to are mistakes of the site file.
    pub(super) fn vias(&mut self, roles: &[RoleState]) -> Vec<Via> {
        let Some(config) = self.config else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for (n, c) in config.vias.iter().enumerate() {
            let mut via = self.via(config, c, roles);
            if !self.serves(&via) {
                self.findings.push(unused(config, n, &via));
            }
            self.families(config, n, &mut via, roles);
            all.push(via);
        }
        all
    }

    fn via(&mut self, config: &Config, c: &ViaConfig, roles: &[RoleState]) -> Via {
        let state = |r: &RoleIx| roles.get(usize::from(r.0));
        let listed = c.roles.iter().filter_map(state);
        let mut addrs = listed.fold(c.addrs.clone(), |all, s| all.union(&s.addrs));
        let named = |name: &String| c.hosts.contains(name);
        let behind: Vec<_> = self
            .hosts
            .iter()
            .filter(|h| {
                let by_role = h.roles.iter().any(|r| c.roles.contains(r));
                named(&h.name) || by_role || h.addrs.intersects(&addrs)
            })
            .collect();
        for h in &behind {
            addrs = addrs.union(&h.addrs);
        }
        let hosts: BTreeSet<String> = behind.iter().map(|h| h.name.clone()).collect();
        let carried = behind
            .iter()
            .any(|h| h.addrs.union(&h.every).intersects(&c.front));
        let mut of: BTreeSet<RoleIx> = c.roles.iter().copied().collect();
        of.extend(behind.iter().flat_map(|h| h.roles.iter().copied()));
        let all = (0..roles.len())
            .filter_map(|n| u16::try_from(n).ok())
            .map(RoleIx);
        // A range that happens to hold a host does not make it one of the role's.
        let within =
            |r: &RoleIx| state(r).is_some_and(|s| !s.addrs.is_empty() && s.addrs.is_subset(&addrs));
        of.extend(all.filter(within));
        let others = |r: &RoleIx| {
            self.hosts
                .iter()
                .any(|h| h.roles.contains(r) && !hosts.contains(&h.name))
        };
        let known = |r: &RoleIx| state(r).is_some_and(|s| s.addrs.is_subset(&addrs));
        let whole = of
            .iter()
            .copied()
            .filter(|r| c.roles.contains(r) || known(r) && !others(r))
            .collect();
        let mut sources = c.sources.clone();
        for name in &c.source_names {
            let of_hosts = behind.iter().filter_map(|h| h.resolve.get(name));
            let found = of_hosts
                .chain(self.resolve.get(name))
                .find(|a| !a.is_empty());
            match found {
                Some(found) => sources = sources.union(found),
                None => self.wrong.push(unresolved(config, c, name)),
            }
        }
        let front = some(if c.front.is_empty() {
            &sources
        } else {
            &c.front
        });
        let name = if c.name.is_empty() {
            front.clone()
        } else {
            c.name.clone()
        };
        Via {
            label: if c.name.is_empty() {
                front
            } else {
                format!("{name} ({front})")
            },
            name,
            front: c.front.clone(),
            hosts: hosts.into_iter().collect(),
            addrs,
            roles: of.into_iter().collect(),
            whole,
            sources,
            senders: c.senders.clone(),
            direct: c.direct,
            carried,
            apart: Vec::new(),
            ports: c.ports.clone(),
            lists: self.mapped(config, c),
        }
    }

    /// The lists of ports that requirements and implied flows have, where the hosts have others.
    fn mapped(&self, config: &Config, c: &ViaConfig) -> BTreeMap<Vec<u16>, Vec<u16>> {
        if c.ports.is_empty() {
            return BTreeMap::new();
        }
        let own = |r: &Requirement| config.ports.get(&r.id).unwrap_or(&r.ports).clone();
        let rows = self.matrix.requirements.iter().map(own);
        let implied = self.matrix.implied.iter().map(|i| i.ports.clone());
        let pair = |front: Vec<u16>| {
            let hosts: Vec<u16> = front
                .iter()
                .map(|p| c.ports.get(p).copied().unwrap_or(*p))
                .collect();
            (front != hosts).then_some((front, hosts))
        };
        rows.chain(implied).filter_map(pair).collect()
    }

    /// Whether some requirement goes through it.
    fn serves(&self, via: &Via) -> bool {
        let mut rows = self.matrix.requirements.iter();
        rows.any(|r| {
            let to = std::iter::once(&r.to).chain(&r.to_any);
            let leads = to.flat_map(|e| &e.roles).any(|r| via.leads_to(*r));
            leads && r.from.roles.iter().any(|r| via.sends(*r))
        })
    }
}

/// `10.20.5.10, 10.20.5.11 and 3 more`.
fn some(addrs: &AddrSet) -> String {
    let all: Vec<String> = addrs.texts().collect();
    let more = all.len().saturating_sub(NAMED);
    let shown = all.get(..all.len() - more).unwrap_or_default().join(", ");
    match more {
        0 => shown,
        n => format!("{shown} and {n} more"),
    }
}

fn unresolved(config: &Config, c: &ViaConfig, name: &str) -> Diag {
    let message =
        format!("`{name}` has no addresses: neither the exports nor [resolve] give it any");
    let help = format!(
        "add \"{name}\" = [\"10.0.0.0/24\"] under [resolve], or export the interfaces that are in it"
    );
    let quoted = format!("\"{name}\"");
    let rest = config.text.get(c.span.start..).unwrap_or_default();
    let at = rest.find(&quoted).map(|at| c.span.start + at);
    Diag {
        path: config.path.clone(),
        text: config.text.clone(),
        span: at.map_or_else(|| c.span.clone(), |at| at..at + quoted.len()),
        message,
        help: Some(help),
        code: "config",
    }
}

fn unused(config: &Config, number: usize, via: &Via) -> Finding {
    let (message, help) = words::unused_via(&via.label);
    let identity = Identity::of(&["via", &via.name]);
    let place = config.place_of_entry("via", number);
    let mut f = Finding::new(
        Code::UnusedVia,
        Severity::Note,
        message,
        identity,
        Some(place),
    );
    f.label = words::UNUSED_VIA.into();
    f.help = Some(help);
    f
}
