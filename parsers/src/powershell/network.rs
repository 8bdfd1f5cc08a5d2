//! Addresses, routes, sockets and processes of a host, as the cmdlets of NetTCPIP and `Get-Process` print them.

use super::found::Found;
use super::props::Prop;
use super::record::{Kind, Record};
use super::words;
use crate::elided::LEFT_OUT;
use crate::unused::nothing;
use crate::windows::build::clip;
use crate::winnet::{dual, is_tunnel};
use hylint_model::{
    Companion, Families, HostInterface, HostInterfaces, Problem, ProblemKind, Process, Processes,
    Route, RouteKind, Routes, Socket, Sockets, Span,
};
use hylint_space::{AddrSet, Family, class, proto};
use std::net::IpAddr;

/// What objects say of the host's network.
pub(super) struct Network<'r, 'a, 'f> {
    all: &'r [(Kind, Record<'a>)],
    found: &'f Found<'a>,
}

/// The alias of an interface that an object names, or nothing.
pub(super) fn alias<'r>(record: &'r Record<'_>) -> &'r str {
    record.one(Prop::Alias).map_or("", |w| w.text.trim())
}

fn number(record: &Record<'_>, prop: Prop) -> Option<u32> {
    record.one(prop)?.text.trim().parse().ok()
}

fn text<'r>(record: &'r Record<'_>, prop: Prop) -> &'r str {
    record.one(prop).map_or("", |w| w.text.trim())
}

/// An address without its zone.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let plain = text.split_once('%').map_or(text, |(addr, _)| addr);
    plain.parse().ok()
}

impl<'r, 'a, 'f> Network<'r, 'a, 'f> {
    /// Takes the objects of an export that are no rules.
    pub(super) fn of(all: &'r [(Kind, Record<'a>)], found: &'f Found<'a>) -> Self {
        Self { all, found }
    }

    fn each(&self, kind: Kind) -> impl Iterator<Item = &'r Record<'a>> {
        let all = self.all.iter();
        all.filter(move |(k, _)| *k == kind).map(|(_, r)| r)
    }

    /// Every listing, and what is not understood.
    pub(super) fn companions(&self, problems: &mut Vec<Problem>) -> Vec<Companion> {
        let mut out = Vec::new();
        let interfaces = self.interfaces(problems);
        out.extend(interfaces.map(|l| Companion::HostInterfaces(Box::new(l))));
        let routes = self.routes(problems);
        out.extend(routes.map(|l| Companion::Routes(Box::new(l))));
        let sockets = self.sockets(problems);
        out.extend(sockets.map(|l| Companion::Sockets(Box::new(l))));
        let processes = self.processes();
        let adapters = self.each(Kind::Adapter).next();
        out.extend(processes.map(|l| Companion::Processes(Box::new(l))));
        if let (Some(at), false) = (self.found.elided, out.is_empty()) {
            let problem = Problem::new(ProblemKind::Disputed, at, LEFT_OUT);
            problems.push(problem.help("save the whole output of the command"));
        }
        // Adapters without addresses settle nothing.
        if out.is_empty() {
            out.extend(adapters.map(|r| nothing(r.span)));
        }
        out
    }

    /// Whether a command picked some of the objects.
    fn is_part(&self, record: &Record<'_>) -> bool {
        let context = self.found.contexts.get(record.context);
        let asked = context.and_then(|c| c.asked.as_ref());
        asked.is_some_and(|a| a.some)
    }

    fn interfaces(&self, problems: &mut Vec<Problem>) -> Option<HostInterfaces> {
        let mut all: Vec<HostInterface> = Vec::new();
        let mut span: Option<Span> = None;
        let (mut whole, mut listed) = (true, false);
        for record in self.each(Kind::Address) {
            whole &= !self.is_part(record) && self.found.elided.is_none();
            span = Some(span.map_or(record.span, |s| s.to(record.span)));
            let interface = slot(&mut all, record);
            // What is stored acts once Windows starts again.
            if is_stored(record) {
                continue;
            }
            for (prop, set) in [
                (Prop::Gateway, &mut interface.gateways),
                (Prop::Dns, &mut interface.dns),
            ] {
                let words = record.get(prop).map_or(&[][..], |c| c.words());
                for addr in words.iter().filter_map(|w| address(&w.text)) {
                    *set = set.union(&AddrSet::host(addr));
                }
            }
            let addresses = record.get(Prop::IpAddress).map_or(&[][..], |c| c.words());
            for w in addresses {
                let Some(addr) = address(&w.text) else {
                    let message = format!("invalid address `{}` of the host", clip(&w.text));
                    problems.push(Problem::new(ProblemKind::Disputed, w.span, message));
                    whole = false;
                    continue;
                };
                interface.loopback |= addr.is_loopback();
                listed = true;
                if is_unused(text(record, Prop::AddressState)) {
                    interface.up.get_or_insert(false);
                    continue;
                }
                interface.up = Some(true);
                interface.addrs = interface.addrs.union(&AddrSet::host(addr));
                let length = number(record, Prop::PrefixLength).and_then(|n| u8::try_from(n).ok());
                // The prefix of the link-local network is fixed.
                let fixed = addr.is_ipv6() && class::link_local().contains(addr);
                let length = length.or(fixed.then_some(64));
                if let Some(network) = length.and_then(|n| AddrSet::cidr(addr, n)) {
                    interface.networks = interface.networks.union(&network);
                }
            }
        }
        for record in self.each(Kind::Adapter).filter(|_| listed) {
            let name = text(record, Prop::Name);
            let down = text(record, Prop::Status).eq_ignore_ascii_case("disconnected");
            let known = all.iter_mut().find(|i| i.name.eq_ignore_ascii_case(name));
            if let Some(interface) = known.filter(|_| down) {
                interface.up = Some(false);
            }
        }
        self.default_gateways(&mut all);
        whole &= listed;
        let families = Families {
            v4: is_shown(&all, Family::V4),
            v6: is_shown(&all, Family::V6),
        };
        for record in self.each(Kind::Connection) {
            let category = record.get(Prop::Category).and_then(|c| c.words().first());
            let Some(network) = category.and_then(|w| words::category(&w.text)) else {
                continue;
            };
            span = Some(span.map_or(record.span, |s| s.to(record.span)));
            all.push(HostInterface {
                name: alias(record).into(),
                index: number(record, Prop::IfIndex),
                network: Some(network),
                span: record.span,
                ..HostInterface::default()
            });
        }
        Some(HostInterfaces {
            families,
            whole: whole && (families.v4 || families.v6),
            span: span.filter(|_| !all.is_empty())?,
            interfaces: all,
        })
    }

    fn default_gateways(&self, all: &mut [HostInterface]) {
        for record in self.each(Kind::Route) {
            let default = matches!(text(record, Prop::Destination), "0.0.0.0/0" | "::/0");
            let Some(hop) = address(text(record, Prop::NextHop)).filter(|_| default) else {
                continue;
            };
            if let Some(i) = all.iter_mut().find(|i| is_of(i, record)) {
                i.gateways = i.gateways.union(&AddrSet::host(hop));
            }
        }
    }

    fn routes(&self, problems: &mut Vec<Problem>) -> Option<Routes> {
        let mut routes = Vec::new();
        let mut span: Option<Span> = None;
        let (mut whole, mut families) = (
            true,
            Families {
                v4: false,
                v6: false,
            },
        );
        for record in self.each(Kind::Route) {
            span = Some(span.map_or(record.span, |s| s.to(record.span)));
            whole &= !self.is_part(record) && self.found.elided.is_none();
            let Some(route) = route(record) else {
                let message = format!(
                    "invalid destination `{}` of a route",
                    clip(text(record, Prop::Destination))
                );
                problems.push(Problem::new(ProblemKind::Disputed, record.span, message));
                whole = false;
                continue;
            };
            families.v4 |= route.to.has(Family::V4);
            families.v6 |= route.to.has(Family::V6);
            // `PersistentStore` repeats what acts.
            if !is_stored(record) {
                routes.push(route);
            }
        }
        Some(Routes {
            routes,
            families,
            every_table: true,
            whole,
            span: span?,
        })
    }

    fn sockets(&self, problems: &mut Vec<Problem>) -> Option<Sockets> {
        let mut all: Vec<(Socket, bool)> = Vec::new();
        let mut span: Option<Span> = None;
        let (mut whole, mut unread) = (true, None);
        let (mut tcp, mut udp) = (false, false);
        let mut families = Families {
            v4: false,
            v6: false,
        };
        for record in self.each(Kind::Socket) {
            span = Some(span.map_or(record.span, |s| s.to(record.span)));
            whole &= !self.is_part(record) && self.found.elided.is_none();
            if !listens(record) {
                continue;
            }
            let Some(port) = number(record, Prop::LocalPort).and_then(|p| u16::try_from(p).ok())
            else {
                unread = unread.or(Some(record.span));
                continue;
            };
            let (protocol, said) = self.protocol(record);
            whole &= said;
            tcp |= protocol == proto::TCP;
            udp |= protocol == proto::UDP;
            let local = text(record, Prop::LocalAddress);
            let addr = address(local);
            let cut = !local.is_empty() && addr.is_none();
            whole &= !cut;
            if cut {
                unread = unread.or(Some(record.span));
                continue;
            }
            let (addrs, every) = match addr {
                Some(a) if a.is_unspecified() => match a {
                    IpAddr::V4(_) => (AddrSet::any_of(Family::V4), false),
                    IpAddr::V6(_) => (AddrSet::any_of(Family::V6), true),
                },
                Some(a) => (AddrSet::host(a), false),
                // A column that was not selected.
                None => (AddrSet::any(), false),
            };
            families.v4 |= addrs.has(Family::V4);
            families.v6 |= addrs.has(Family::V6);
            all.push((self.socket(record, (protocol, port), addrs), every));
        }
        if let Some(at) = unread {
            let message = "a socket is not read: its address or port is not printed whole";
            let problem = Problem::new(ProblemKind::Disputed, at, message);
            problems.push(problem.help("export with `ConvertTo-Json`, or run the script that `hylint collect windows` prints"));
            whole = false;
        }
        whole &= all.len() > 1;
        Some(Sockets {
            sockets: dual(all),
            tcp,
            udp,
            families,
            whole,
            span: span?,
        })
    }

    fn socket(&self, record: &Record<'_>, (protocol, port): (u8, u16), addrs: AddrSet) -> Socket {
        let mut programs: Vec<Box<str>> = Vec::new();
        for prop in [Prop::Path, Prop::Program, Prop::ProcessName] {
            let name = text(record, prop);
            if programs.is_empty() && !name.is_empty() && name.parse::<u32>().is_err() {
                programs.push(image(name).into());
            }
        }
        let mut services: Vec<Box<str>> = Vec::new();
        for prop in [Prop::Services, Prop::Service] {
            let words = record.get(prop).map_or(&[][..], |c| c.words());
            services.extend(words.iter().map(|w| Box::from(w.text.trim())));
        }
        // A row of one address without a state and a remote end may be a connection: what it is says nothing of the listener.
        let every =
            addrs == AddrSet::any() || Family::BOTH.iter().any(|f| addrs == AddrSet::any_of(*f));
        let (_, said) = self.protocol(record);
        if !said && !every {
            programs.clear();
            services.clear();
        }
        Socket {
            protocol,
            addrs,
            port,
            interface: "".into(),
            programs,
            services,
            pid: number(record, Prop::Process).filter(|_| said || every),
            span: record.span,
        }
    }

    /// The protocol of a socket, and whether something says so. Sockets of TCP have a state.
    fn protocol(&self, record: &Record<'_>) -> (u8, bool) {
        let printed = text(record, Prop::Protocol).to_ascii_uppercase();
        let context = self.found.contexts.get(record.context);
        let asked = context.and_then(|c| c.asked.as_ref());
        let tcp = [Prop::State, Prop::RemotePort, Prop::RemoteAddress];
        match printed.as_str() {
            "TCP" | "6" => (proto::TCP, true),
            "UDP" | "17" => (proto::UDP, true),
            _ if tcp.iter().any(|p| record.has(*p)) => (proto::TCP, true),
            _ => match asked.and_then(|a| a.protocol) {
                Some(protocol) => (protocol, true),
                None => (proto::TCP, false),
            },
        }
    }

    fn processes(&self) -> Option<Processes> {
        let mut all: Vec<Process> = Vec::new();
        let mut span: Option<Span> = None;
        for record in self.each(Kind::Process) {
            span = Some(span.map_or(record.span, |s| s.to(record.span)));
            let pid = number(record, Prop::ProcessId).or_else(|| number(record, Prop::Id));
            let name = [Prop::Path, Prop::ProcessName, Prop::Name];
            let name = name
                .iter()
                .map(|p| text(record, *p))
                .find(|t| !t.is_empty());
            if let (Some(pid), Some(name)) = (pid, name) {
                all.push(Process {
                    pid,
                    program: image(name).into(),
                    services: Vec::new(),
                    span: record.span,
                });
            }
        }
        let mut services = false;
        for record in self.each(Kind::Service) {
            span = Some(span.map_or(record.span, |s| s.to(record.span)));
            services |= !self.is_part(record) && self.found.elided.is_none();
            let Some(pid) = number(record, Prop::ProcessId).filter(|pid| *pid != 0) else {
                continue;
            };
            let name: Box<str> = text(record, Prop::Name).into();
            match all.iter_mut().find(|p| p.pid == pid) {
                Some(p) => p.services.push(name),
                None => all.push(Process {
                    pid,
                    program: command_path(text(record, Prop::PathName)).into(),
                    services: vec![name],
                    span: record.span,
                }),
            }
        }
        Some(Processes {
            processes: all,
            services,
            span: span?,
        })
    }
}

/// The interface that an object is of.
fn slot<'i>(all: &'i mut Vec<HostInterface>, record: &Record<'_>) -> &'i mut HostInterface {
    let at = all
        .iter()
        .position(|i| is_of(i, record))
        .unwrap_or_else(|| {
            let name = alias(record);
            all.push(HostInterface {
                name: name.into(),
                index: number(record, Prop::IfIndex),
                loopback: name.starts_with("Loopback Pseudo-Interface"),
                tunnel: is_tunnel(name) || is_tunnel(text(record, Prop::IfText)),
                span: record.span,
                ..HostInterface::default()
            });
            all.len() - 1
        });
    // The place is that of one just found or added.
    #[expect(clippy::indexing_slicing, reason = "the position of an element")]
    &mut all[at]
}

fn is_of(interface: &HostInterface, record: &Record<'_>) -> bool {
    let name = alias(record);
    let index = number(record, Prop::IfIndex);
    match (interface.index, index) {
        (Some(a), Some(b)) => a == b,
        _ => !name.is_empty() && *interface.name == *name,
    }
}

/// Whether an object is of the store that Windows reads when it starts, and not of what acts.
fn is_stored(record: &Record<'_>) -> bool {
    text(record, Prop::Store)
        .to_lowercase()
        .starts_with("persis")
}

/// Whether the addresses of a family are all there, as far as they tell: `Get-NetIPAddress` prints those of the loopback
/// interface, too, but for a list of one interface.
fn is_shown(all: &[HostInterface], family: Family) -> bool {
    let with = |i: &&HostInterface| i.addrs.has(family);
    let mut loopback = all.iter().filter(with);
    let own = loopback.any(|i| i.loopback && i.addrs.intersects(class::loopback()));
    own || all.iter().filter(with).count() > 1
}

/// States of addresses that no packet may use, by word and number (MSFT_NetIPAddress).
fn is_unused(state: &str) -> bool {
    let unused = ["Invalid", "Tentative", "Duplicate", "0", "1", "2"];
    unused.iter().any(|s| s.eq_ignore_ascii_case(state))
}

/// Whether a socket waits for connections: UDP has no states, and of TCP `Listen` is 2 (MSFT_NetTCPConnection).
fn listens(record: &Record<'_>) -> bool {
    match text(record, Prop::State) {
        "" => true,
        state => ["Listen", "Listening", "2"]
            .iter()
            .any(|s| s.eq_ignore_ascii_case(state)),
    }
}

fn route(record: &Record<'_>) -> Option<Route> {
    let (addr, length) = text(record, Prop::Destination).split_once('/')?;
    let (addr, length): (IpAddr, u8) = (addr.parse().ok()?, length.parse().ok()?);
    let name = alias(record);
    let by = match (name, number(record, Prop::IfIndex)) {
        ("", Some(index)) => index.to_string(),
        (name, _) => name.to_owned(),
    };
    let on_link = address(text(record, Prop::NextHop)).is_none_or(|a| a.is_unspecified());
    let whole = if addr.is_ipv4() { 32 } else { 128 };
    let hosts = addr.is_multicast() || length == whole && on_link;
    let metric = [Prop::RouteMetric, Prop::IfMetric];
    let metric = metric.iter().filter_map(|p| number(record, *p));
    Some(Route {
        to: AddrSet::cidr(addr, length)?,
        length,
        kind: match hosts {
            true => RouteKind::Own,
            false => RouteKind::Unicast,
        },
        table: "main".into(),
        interfaces: vec![by.into()],
        metric: metric.fold(0, u32::saturating_add),
        down: false,
        span: record.span,
    })
}

/// The file of a process: `Get-Process` prints names without their ending.
fn image(name: &str) -> String {
    let bare = !name.contains(['\\', '/']) && !name.to_ascii_lowercase().ends_with(".exe");
    let kernel = [
        "system",
        "idle",
        "registry",
        "memory compression",
        "secure system",
    ];
    match bare && !kernel.iter().any(|k| name.eq_ignore_ascii_case(k)) {
        true => format!("{name}.exe"),
        false => name.to_owned(),
    }
}

/// The program of a command line: `"C:\Program Files\x.exe" -k`, `C:\Windows\system32\svchost.exe -k netsvcs`.
fn command_path(line: &str) -> &str {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix('"') {
        return rest.split('"').next().unwrap_or(rest);
    }
    let lower = line.to_ascii_lowercase();
    match lower.find(".exe") {
        Some(at) => line.get(..at + 4).unwrap_or(line),
        None => line.split(' ').next().unwrap_or(line),
    }
}
