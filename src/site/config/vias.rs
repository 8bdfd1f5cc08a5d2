//! `[[via]]`: what stands between the ends of flows.

use super::fields::{Names, address_help, addresses};
use super::keys;
use super::{HostConfig, ViaConfig};
use crate::common::diag::nearest;
use crate::common::toml_reader::{Table, Value};
use crate::rules::matrix::RoleIx;
use hylint_space::{AddrSet, Family, class};
use std::collections::BTreeMap;

/// What of a file a `[[via]]` refers to.
pub(super) struct Around<'c> {
    pub(super) hosts: &'c [HostConfig],
    pub(super) roles: &'c BTreeMap<RoleIx, AddrSet>,
}

impl Around<'_> {
    /// The addresses of the hosts of a role, as far as the file says them.
    fn of_role(&self, role: RoleIx) -> AddrSet {
        let declared = self.roles.get(&role).cloned().unwrap_or_default();
        let hosts = self.hosts.iter().filter(|h| h.roles.contains(&role));
        hosts.fold(declared, |all, h| all.union(&h.addrs))
    }
}

/// Reads every entry, and reports what contradicts another one or a host.
pub(super) fn vias(names: &Names<'_>, root: &Table<'_, '_>, around: &Around<'_>) -> Vec<ViaConfig> {
    let tables = root.tables("via");
    let mut all: Vec<ViaConfig> = Vec::new();
    for t in &tables {
        let via = via(names, t, around);
        if let Some(v) = t.get("name")
            && all
                .iter()
                .any(|o| !via.name.is_empty() && o.name == via.name)
        {
            v.error(format!("via `{}` is defined twice", via.name), None);
        }
        overlaps(t, &via, &all, around);
        families(t, &via, around);
        all.push(via);
    }
    all
}

fn via(names: &Names<'_>, t: &Table<'_, '_>, around: &Around<'_>) -> ViaConfig {
    t.only(&keys::VIA.names());
    let mut out = ViaConfig {
        name: String::new(),
        front: AddrSet::empty(),
        hosts: Vec::new(),
        roles: Vec::new(),
        addrs: AddrSet::empty(),
        sources: AddrSet::empty(),
        source_names: Vec::new(),
        ports: BTreeMap::new(),
        senders: None,
        direct: t.get("direct").and_then(|v| v.bool()).unwrap_or(false),
        span: t.span.clone(),
    };
    if let Some(v) = t.get("name") {
        out.name = v.str().unwrap_or_default().to_owned();
        if v.is_str() && out.name.trim().is_empty() {
            v.error("`name` is empty", None);
        }
        // `between` of a [[transit]] names roles and vias.
        if !names.matrix.roles_named(&out.name).is_empty() {
            v.error(
                format!("`{}` is a role: a via needs a name of its own", out.name),
                Some(format!("write name = \"{}-vip\"", out.name)),
            );
        } else if !out.name.is_empty() && around.hosts.iter().any(|h| h.name == out.name) {
            v.error(
                format!("`{}` is a host: a via needs a name of its own", out.name),
                Some(format!("write name = \"{}-vip\"", out.name)),
            );
        }
    }
    if let Some(v) = t.get("front") {
        let front = addresses(&v);
        if front.as_ref().is_some_and(AddrSet::is_empty) {
            let help = "leave `front` out where senders use the hosts' own addresses";
            v.error(
                "empty list, expected at least one address",
                Some(help.into()),
            );
        }
        out.front = front.unwrap_or_default();
        sendable(&v, &out.front);
    }
    if let Some(v) = t.need("hosts") {
        behind(names, &v, around, &mut out);
    }
    if let Some(v) = t.get("sources") {
        sources(&v, &mut out);
    }
    if t.get("front").is_none() && t.get("sources").is_none() {
        t.error(
            "a via needs `front`, `sources` or both",
            Some("`front` is the address that senders use, `sources` are the addresses that the hosts see".into()),
        );
    }
    if let Some(ports) = t.get("ports").and_then(|v| v.table()) {
        out.ports = port_map(&ports);
    }
    if let Some(v) = t.get("for") {
        out.senders = senders(names, &v);
    }
    out
}

/// One text or a list of them, with at least one.
fn some<'d, 't>(value: &Value<'d, 't>, what: &str) -> Vec<Value<'d, 't>> {
    let list = match value.is_str() {
        true => Some(vec![value.clone()]),
        false => value.list(),
    };
    if list.as_ref().is_some_and(Vec::is_empty) {
        value.error(format!("empty list, expected at least one {what}"), None);
    }
    list.unwrap_or_default()
}

/// Reads `hosts`: names of hosts, roles or groups, addresses.
fn behind(names: &Names<'_>, value: &Value<'_, '_>, around: &Around<'_>, out: &mut ViaConfig) {
    let mut seen: Vec<&str> = Vec::new();
    for v in some(value, "host") {
        let Some(text) = v.str() else { continue };
        if seen.contains(&text) {
            v.error(format!("`{text}` is listed twice"), None);
            continue;
        }
        seen.push(text);
        let roles = names.matrix.roles_named(text);
        if let Some(h) = around.hosts.iter().find(|h| h.name == text) {
            out.hosts.push(h.name.clone());
            out.addrs = out.addrs.union(&h.addrs);
        } else if !roles.is_empty() {
            for role in roles {
                out.addrs = out.addrs.union(&around.of_role(role));
                out.roles.push(role);
            }
        } else if let Some(set) = AddrSet::parse(text) {
            out.addrs = out.addrs.union(&set);
        } else if looks_like_address(text) {
            v.error(
                format!("invalid address `{text}`"),
                Some(address_help(text)),
            );
        } else {
            let known = around.hosts.iter().map(|h| h.name.as_str());
            let known = known.chain(names.matrix.roles.iter().map(|r| r.id.as_str()));
            let help = match nearest(text, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "expected the name of a [[host]], a role or an address".to_owned(),
            };
            v.error(format!("unknown host `{text}`"), Some(help));
        }
    }
}

fn looks_like_address(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) || text.contains([':', '/'])
}

/// Kinds of names that stand for the sources of a load balancer.
const NAMED: [&str; 4] = ["aws:sg-", "aws:pl-", "azure:", "ipset:"];

/// Reports addresses that no packet between hosts has.
fn sendable(value: &Value<'_, '_>, addrs: &AddrSet) {
    let none = [
        (class::loopback(), "a loopback address"),
        (class::multicast(), "a multicast address"),
        (class::unspecified(), "no address of a host"),
    ];
    for (class, what) in none {
        let odd = addrs.intersect(class);
        // A wide range may hold some that nobody means.
        if !odd.is_empty() && addrs.is_subset(class) {
            let help = "write the unicast addresses that packets have";
            value.error(format!("{odd} is {what}"), Some(help.into()));
        }
    }
}

/// Reads `sources`: addresses, and names that `[resolve]` or the exports give addresses to.
fn sources(value: &Value<'_, '_>, out: &mut ViaConfig) {
    let list = match value.is_str() {
        true => Some(vec![value.clone()]),
        false => value.list(),
    };
    if list.as_ref().is_some_and(Vec::is_empty) {
        let help = "leave `sources` out where the hosts see the senders' own addresses";
        value.error(
            "empty list, expected at least one address",
            Some(help.into()),
        );
    }
    for v in list.unwrap_or_default() {
        let Some(text) = v.str() else { continue };
        if NAMED.iter().any(|n| text.starts_with(n)) {
            out.source_names.push(text.to_owned());
        } else if let Some(set) = AddrSet::parse(text) {
            sendable(&v, &set);
            out.sources = out.sources.union(&set);
        } else {
            let help = format!("{}, or a name such as aws:sg-0a1b", address_help(text));
            v.error(format!("invalid address `{text}`"), Some(help));
        }
    }
}

/// Reads `ports`: from the port at the front to the port at the hosts.
fn port_map(t: &Table<'_, '_>) -> BTreeMap<u16, u16> {
    let help = "write { \"443\" = \"8443\" }: the port at the front, then the port at the hosts";
    let number = |text: &str| text.trim().parse::<u16>().ok().filter(|p| *p > 0);
    let mut all = BTreeMap::new();
    for (key, span, value) in t.entries() {
        let front = number(key);
        if front.is_none() {
            value.error_at(
                span.clone(),
                format!("invalid port `{key}`"),
                Some(help.into()),
            );
        }
        let host = match value.is_str() {
            true => {
                let text = value.str().unwrap_or_default();
                let port = number(text);
                if port.is_none() {
                    value.error(format!("invalid port `{text}`"), Some(help.into()));
                }
                port
            }
            false => value.int(1, 65_535).and_then(|n| u16::try_from(n).ok()),
        };
        let (Some(front), Some(host)) = (front, host) else {
            continue;
        };
        if all.insert(front, host).is_some() {
            value.error_at(span, format!("port {front} is mapped twice"), None);
        }
    }
    all
}

/// Reads `for`: roles and groups.
fn senders(names: &Names<'_>, value: &Value<'_, '_>) -> Option<Vec<RoleIx>> {
    let mut all = Vec::new();
    for v in some(value, "role") {
        let Some(text) = v.str() else { continue };
        let roles = names.matrix.roles_named(text);
        if roles.is_empty() {
            let known = names.matrix.roles.iter().map(|r| r.id.as_str());
            let known = known.chain(names.matrix.groups.iter().map(|g| g.id.as_str()));
            match nearest(text, known) {
                Some(near) => {
                    let help = format!("did you mean `{near}`?");
                    v.error(format!("unknown role `{text}`"), Some(help));
                }
                None => drop(names.role(text, &v, v.span())),
            }
        }
        for role in roles {
            if all.contains(&role) {
                v.error(format!("role `{text}` is listed twice"), None);
            } else {
                all.push(role);
            }
        }
    }
    Some(all)
}

/// Reports a front that is the address of a host which is not behind it, and a host behind one front twice.
fn overlaps(t: &Table<'_, '_>, via: &ViaConfig, others: &[ViaConfig], around: &Around<'_>) {
    let Some(front) = t.get("front") else { return };
    for h in around.hosts {
        let own = h.addrs.intersect(&via.front);
        // A host without a role may be the load balancer itself.
        if own.is_empty() || via.holds_host(h) || h.roles.is_empty() {
            continue;
        }
        front.error(
            format!(
                "{own} is an address of `{}`, which is not behind this front",
                h.name
            ),
            Some(format!("add \"{}\" to `hosts`, or correct `front`", h.name)),
        );
    }
    for other in others {
        let front_too = via.front.intersect(&other.front);
        if front_too.is_empty() || !via.shares_senders(other) {
            continue;
        }
        let host = around
            .hosts
            .iter()
            .find(|h| via.holds_host(h) && other.holds_host(h));
        let addrs = via.addrs.intersect(&other.addrs);
        let what = match host {
            Some(h) => format!("`{}`", h.name),
            None if addrs.is_empty() => continue,
            None => addrs.to_string(),
        };
        front.error(
            format!("{what} is behind {front_too} in two [[via]] entries"),
            Some("write one entry for it, or separate the senders with `for`".into()),
        );
    }
}

/// Reports a host that has no address of a family that reaches it: what translates between families hides the senders.
fn families(t: &Table<'_, '_>, via: &ViaConfig, around: &Around<'_>) {
    let (key, seen) = match via.sources.is_empty() {
        true => ("front", &via.front),
        false => ("sources", &via.sources),
    };
    let Some(v) = t.get(key).filter(|_| via.source_names.is_empty()) else {
        return;
    };
    let behind = around.hosts.iter().filter(|h| via.holds_host(h));
    let named = behind.map(|h| (format!("`{}`", h.name), h.addrs.clone()));
    let mut rest = via.addrs.clone();
    let mut all: Vec<(String, AddrSet)> = Vec::new();
    for (name, addrs) in named {
        rest = rest.subtract(&addrs);
        all.push((name, addrs));
    }
    all.push((rest.to_string(), rest));
    let apart = |a: &AddrSet| !a.is_empty() && !seen.is_empty() && !a.shares_family(seen);
    let Some((name, addrs)) = all.into_iter().find(|(_, a)| apart(a)) else {
        return;
    };
    let (theirs, ours) = match addrs.has(Family::V4) {
        true => ("IPv4", "IPv6"),
        false => ("IPv6", "IPv4"),
    };
    let (message, help) = match key {
        "sources" => (
            format!("{name} has {theirs} addresses only, and these sources are {ours}"),
            format!(
                "add the {theirs} addresses that {name} sees, or the {ours} addresses of {name}"
            ),
        ),
        _ => (
            format!("{name} has {theirs} addresses only, and this front is {ours}"),
            format!(
                "what translates between the two hides the senders: write the {theirs} addresses that {name} sees in `sources`"
            ),
        ),
    };
    v.error(message, Some(help));
}

impl ViaConfig {
    /// Whether a host is behind it.
    fn holds_host(&self, h: &HostConfig) -> bool {
        self.hosts.contains(&h.name)
            || h.roles.iter().any(|r| self.roles.contains(r))
            || h.addrs.intersects(&self.addrs)
    }

    fn shares_senders(&self, other: &Self) -> bool {
        match (&self.senders, &other.senders) {
            (Some(a), Some(b)) => a.iter().any(|r| b.contains(r)),
            _ => true,
        }
    }
}

/// The number of the entry that a name in `between` of a `[[transit]]` stands for.
pub(super) fn numbered(vias: &[ViaConfig], name: &str) -> Option<usize> {
    vias.iter()
        .position(|v| !v.name.is_empty() && v.name == name)
}
