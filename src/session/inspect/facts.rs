//! What an export says beside rules, a line each.

use crate::load::LoadedExport;
use hylint_model::{
    Companion, HostInterface, IpSet, NetworkInterface, Process, Route, RouteKind, RoutingRule,
    Socket, Span,
};
use hylint_space::{AddrSet, Family, proto};
use serde::Serialize;

/// A fact that stands in an export beside rules: an address of the host, a route, what listens, a set.
#[derive(Serialize, Debug)]
pub struct FactView {
    /// `interface`, `route`, `routing-rule`, `socket`, `process`, `profiles`, `filters`, `set`, `cloud-interface`, `subnet`,
    /// `network`, `route-table`, `public-address`, `address-list` or `resource`.
    pub kind: &'static str,
    /// From 1.
    pub line: u32,
    /// What it says.
    pub text: String,
}

/// Everything that an export says beside rules, in its order.
pub(super) fn facts(e: &LoadedExport) -> Vec<FactView> {
    let mut all: Vec<(Span, &'static str, String)> = Vec::new();
    for c in &e.export.companions {
        add(c, &mut all);
    }
    all.sort_by_key(|(span, ..)| *span);
    let each = all.into_iter();
    each.map(|(span, kind, text)| FactView {
        kind,
        line: e.source.position(span.start).line,
        text,
    })
    .collect()
}

fn add(c: &Companion, out: &mut Vec<(Span, &'static str, String)>) {
    match c {
        Companion::HostInterfaces(l) => out.extend(
            l.interfaces
                .iter()
                .map(|i| (i.span, "interface", interface(i))),
        ),
        Companion::Routes(l) => out.extend(l.routes.iter().map(|r| (r.span, "route", route(r)))),
        Companion::RoutingRules(l) => out.extend(
            l.rules
                .iter()
                .map(|r| (r.span, "routing-rule", routing_rule(r))),
        ),
        Companion::Sockets(l) => {
            out.extend(l.sockets.iter().map(|s| (s.span, "socket", socket(s))));
        }
        Companion::Processes(l) => {
            out.extend(l.processes.iter().map(|p| (p.span, "process", process(p))));
        }
        Companion::WindowsProfiles(w) => {
            let text = "settings of the Windows firewall's profiles";
            out.push((w.span, "profiles", text.to_owned()));
        }
        Companion::WindowsFilters { span } => {
            let text = "filters of Windows firewall rules";
            out.push((*span, "filters", text.to_owned()));
        }
        Companion::IpSet(s) => out.push((s.span, "set", ipset(s))),
        Companion::Interface(i) => out.push((i.span, "cloud-interface", cloud_interface(i))),
        Companion::Subnet(s) => {
            let text = with(named(&s.name, &s.id), &addresses(&s.addrs));
            out.push((s.span, "subnet", text));
        }
        Companion::Network(n) => {
            let text = with(named(&n.name, &n.id), &addresses(&n.addrs));
            out.push((n.span, "network", text));
        }
        Companion::RouteTable(t) => {
            let routes = match t.routes.len() {
                1 => "1 route".to_owned(),
                n => format!("{n} routes"),
            };
            out.push((t.span, "route-table", with(named(&t.name, &t.id), &routes)));
        }
        Companion::PublicAddress(a) => {
            out.push((a.span, "public-address", with(&a.id, &addresses(&a.addrs))));
        }
        Companion::AddressList(l) => {
            out.push((l.span, "address-list", with(&l.key, &addresses(&l.addrs))));
        }
        Companion::ListPart(l) => {
            let addrs = l.addrs.as_ref().map(addresses).unwrap_or_default();
            out.push((l.span, "address-list", with(&l.key, &addrs)));
        }
        Companion::Label(span) => {
            out.push((*span, "resource", "a resource that rules name".to_owned()));
        }
    }
}

fn named<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.is_empty() { id } else { name }
}

/// `name: text`, or the one of both that says something.
fn with(name: &str, text: &str) -> String {
    match (name.is_empty(), text.is_empty()) {
        (false, false) => format!("{name}: {text}"),
        (true, _) => text.to_owned(),
        (false, true) => name.to_owned(),
    }
}

fn addresses(set: &AddrSet) -> String {
    if set.is_any() {
        return "any address".to_owned();
    }
    for family in Family::BOTH {
        if *set == AddrSet::any_of(family) {
            return format!("any {} address", family.as_str());
        }
    }
    set.texts().collect::<Vec<_>>().join(", ")
}

fn interface(i: &HostInterface) -> String {
    let addrs = addresses(&i.addrs);
    let addrs = if addrs.is_empty() {
        "no address"
    } else {
        &addrs
    };
    let down = if i.up == Some(false) { " (down)" } else { "" };
    let port = match &*i.master {
        "" => String::new(),
        master => format!(", port of {master}"),
    };
    with(&i.name, &format!("{addrs}{port}{down}"))
}

fn route(r: &Route) -> String {
    let by = match r.kind {
        RouteKind::Unicast => format!("by {}", r.interfaces.join(" or ")),
        RouteKind::Own => "to the host itself".to_owned(),
        RouteKind::Refused => "refused".to_owned(),
        RouteKind::Throw => "to the next table".to_owned(),
        RouteKind::Other => "for some packets".to_owned(),
    };
    let table = match &*r.table {
        "main" => String::new(),
        table => format!(", table {table}"),
    };
    let metric = match r.metric {
        0 => String::new(),
        n => format!(", metric {n}"),
    };
    let down = if r.down { " (down)" } else { "" };
    format!("{} {by}{table}{metric}{down}", addresses(&r.to))
}

fn routing_rule(r: &RoutingRule) -> String {
    let table = match &*r.table {
        "" => "no table".to_owned(),
        table => format!("table {table}"),
    };
    let to = if r.to.is_any() {
        String::new()
    } else {
        format!(" to {}", addresses(&r.to))
    };
    let from = if r.from.is_any() {
        String::new()
    } else {
        format!(" from {}", addresses(&r.from))
    };
    let some = if r.narrowed { ", for some packets" } else { "" };
    format!("{}: {table}{from}{to}{some}", r.priority)
}

fn socket(s: &Socket) -> String {
    let protocol = match s.protocol {
        proto::TCP => "TCP",
        proto::UDP => "UDP",
        _ => "other protocol",
    };
    let on = match &*s.interface {
        "" => String::new(),
        name => format!(" on {name}"),
    };
    let programs: Vec<&str> = s.programs.iter().chain(&s.services).map(|p| &**p).collect();
    let by = match (programs.is_empty(), s.pid) {
        (false, _) => format!(" by {}", programs.join(", ")),
        (true, Some(pid)) => format!(" by process {pid}"),
        (true, None) => String::new(),
    };
    format!("{protocol} {} at {}{on}{by}", s.port, addresses(&s.addrs))
}

fn process(p: &Process) -> String {
    let services: Vec<&str> = p.services.iter().map(|s| &**s).collect();
    let of = if services.is_empty() {
        String::new()
    } else {
        format!(" ({})", services.join(", "))
    };
    format!("{} {}{of}", p.pid, p.program)
}

fn ipset(s: &IpSet) -> String {
    let members = match s.entries.len() {
        1 => "1 member".to_owned(),
        n => format!("{n} members"),
    };
    format!("{}: {}, {members}", s.name, s.kind)
}

fn cloud_interface(i: &NetworkInterface) -> String {
    with(
        named(&i.name, &i.id),
        &addresses(&i.private.union(&i.public)),
    )
}
