//! What one listing holds, and what becomes of it at its end.

use super::addr::{Last, Own};
use super::command::Asked;
use super::lines::Line;
use super::route::{Read, all_of};
use super::socket::Row;
use super::table::Columns;
use crate::part::{self, PART, Shown};
use hylint_model::{
    Companion, Families, HostInterface, HostInterfaces, Problem, ProblemKind, Routes, RoutingRule,
    RoutingRules, Socket, Sockets, Span,
};
use hylint_space::{AddrSet, Family, RangeSet, proto};
use std::net::IpAddr;

/// How a listing of addresses is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    Blocks,
    OneLine,
    Brief,
    Ifconfig,
    Json,
}

/// Interfaces with their addresses.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) layout: Layout,
    pub(super) interfaces: Vec<HostInterface>,
    /// How many interfaces show their link: those of one family do not.
    pub(super) links: usize,
    /// The lifetimes of addresses are printed below them.
    pub(super) lifetimes: bool,
    /// What the last line was, in blocks.
    pub(super) last: Last,
    /// Its end is missing.
    pub(super) cut: bool,
    /// It says itself that it leaves something out.
    pub(super) partial: bool,
    /// Lines that cannot be read.
    pub(super) bad: Vec<Span>,
}

impl Addresses {
    pub(super) const fn new(layout: Layout) -> Self {
        Self {
            layout,
            interfaces: Vec::new(),
            links: 0,
            lifetimes: false,
            last: Last::Whole,
            cut: false,
            partial: false,
            bad: Vec::new(),
        }
    }

    /// Adds an address to the last interface.
    pub(super) fn add(&mut self, own: &Own) {
        if let Some(last) = self.interfaces.last_mut() {
            own.add_to(last);
        }
    }

    /// Adds an interface, of which a line before may have told.
    pub(super) fn push(&mut self, interface: HostInterface) {
        let same = |i: &HostInterface| i.name == interface.name;
        if !self.interfaces.last().is_some_and(same) {
            self.interfaces.push(interface);
        }
    }

    /// The families whose addresses it shows. Listings of one family show no links; others do not tell, but by the addresses.
    fn families(&self, asked: Option<&Asked>) -> Families {
        if let Some(family) = asked.and_then(|a| a.family) {
            return only(family);
        }
        let shows = |f: Family| self.interfaces.iter().any(|i| i.addrs.has(f));
        let each = match self.layout {
            Layout::Blocks | Layout::Json => self.links > 0,
            Layout::Ifconfig => true,
            Layout::OneLine | Layout::Brief => asked.is_some(),
        };
        Families {
            v4: each || shows(Family::V4),
            v6: each || shows(Family::V6),
        }
    }

    fn close(self, end: End<'_>, problems: &mut Vec<Problem>) -> Companion {
        let End {
            asked, span, torn, ..
        } = end;
        let elided = end.tell_elided(NOT_EVERY_ADDRESS, AGAIN_ADDR, problems);
        let bad = !self.bad.is_empty();
        for at in &self.bad {
            problems.push(unreadable(*at, ADDRESS_LINE, AGAIN_ADDR));
        }
        let with_addrs = self.interfaces.iter().filter(|i| !i.addrs.is_empty());
        let addressed = with_addrs.count();
        let cut = match self.last {
            // BusyBox prints no lifetimes, which one interface does not tell.
            Last::Address => self.lifetimes || addressed < 2,
            Last::Head => true,
            Last::Whole | Last::Open => false,
        };
        let cut = cut || self.cut || elided;
        if let Some(at) = torn {
            problems.push(part::torn(Shown::Addresses, at, AGAIN_ADDR));
        } else if cut && !bad && !elided {
            problems.push(part::cut(Shown::Addresses, last_line(span), AGAIN_ADDR));
        }
        let cut = cut || torn.is_some();
        let narrowed = asked.is_some_and(|a| a.narrowed);
        let loopback = self.interfaces.iter().any(|i| i.loopback);
        let families = self.families(asked);
        Companion::HostInterfaces(Box::new(HostInterfaces {
            families,
            whole: loopback
                && !narrowed
                && !cut
                && !bad
                && !self.partial
                && self.layout != Layout::Ifconfig,
            interfaces: self.interfaces,
            span,
        }))
    }
}

/// Routes.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteList {
    pub(super) reads: Vec<Read>,
    /// The columns, where there are any.
    pub(super) columns: Option<Columns>,
    pub(super) cut: bool,
    /// Lines that cannot be read.
    pub(super) bad: Vec<Span>,
}

impl RouteList {
    /// The first gateway of a default route that no other route leads to, with its route. The kernel takes none without one (`fib_check_nh`), but
    /// where it is told that the gateway is on the link; of IPv6, gateways are link-local.
    fn lost_gateway(&self) -> Option<(Span, IpAddr)> {
        let reached = self.reads.iter().map(|r| &r.route).filter(|r| r.length > 0);
        let reached = AddrSet {
            v4: reached.flat_map(|r| r.to.v4.iter()).collect(),
            v6: RangeSet::empty(),
        };
        let default = |r: &&Read| r.route.length == 0 && &*r.route.table == "main";
        let mut gateways = self.reads.iter().filter(default).flat_map(|r| {
            let all = r.gateways.iter().filter(|g| g.is_ipv4());
            all.map(|g| (r.route.span, *g))
        });
        gateways.find(|(_, g)| !reached.contains(*g))
    }

    fn close(mut self, end: End<'_>, problems: &mut Vec<Problem>) -> Companion {
        let End {
            asked, span, torn, ..
        } = end;
        let elided = end.tell_elided(NOT_EVERY_ROUTE, AGAIN_ROUTE, problems);
        let cut = self.reads.iter().filter(|r| !r.whole).map(|r| r.route.span);
        self.bad.extend(cut);
        self.bad.sort_unstable();
        for at in &self.bad {
            problems.push(unreadable(*at, ROUTE_LINE, AGAIN_ROUTE));
        }
        if let Some(at) = torn {
            problems.push(part::torn(Shown::Routes, at, AGAIN_ROUTE));
        } else if self.cut && self.bad.is_empty() && !elided {
            problems.push(part::cut(Shown::Routes, last_line(span), AGAIN_ROUTE));
        }
        let cut = self.cut || torn.is_some();
        let one_table = asked
            .and_then(|a| a.table.as_deref())
            .filter(|t| *t != "all");
        let mut every_table = asked.is_some_and(|a| a.table.as_deref() == Some("all"));
        every_table |= one_table.is_none() && self.reads.iter().any(|r| &*r.route.table == "local");
        let part = cut || !self.bad.is_empty() || elided;
        let lost = self.lost_gateway().filter(|_| asked.is_none() && !part);
        if let Some((at, gateway)) = lost {
            let message = format!(
                "the listing shows no route to the gateway {gateway}: it is a part of the routes, which do not tell where packets go"
            );
            problems.push(unreadable(at, message, AGAIN_ROUTE));
        }
        let narrowed = asked.is_some_and(|a| a.narrowed) || lost.is_some() || elided;
        // A listing that is not whole may lack the very route that decides.
        every_table &= !part && !narrowed;
        let family = asked.and_then(|a| a.family);
        let first = self.reads.iter().find_map(|r| r.family);
        let mut last = family.or(first).unwrap_or(Family::V4);
        let mut families = family.map_or(NONE, only);
        let mut routes = Vec::with_capacity(self.reads.len());
        for read in self.reads.into_iter().filter(|r| r.whole) {
            let mut route = read.route;
            // A bare `default` is of the family of the routes before it.
            last = family.or(read.family).unwrap_or(last);
            add(&mut families, last);
            if route.to.is_empty() {
                route.to = all_of(last);
            }
            if let Some(table) = one_table.filter(|_| &*route.table == "main") {
                route.table = super::route::table(table);
            }
            routes.push(route);
        }
        if families == NONE {
            families = Families::V4;
        }
        Companion::Routes(Box::new(Routes {
            routes,
            families,
            whole: !part && !narrowed,
            every_table,
            span,
        }))
    }
}

/// Rules that pick a table.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleList {
    pub(super) rules: Vec<(RoutingRule, Option<Family>)>,
    /// Its end is missing.
    pub(super) cut: bool,
    pub(super) bad: Vec<Span>,
}

impl RuleList {
    fn close(mut self, end: End<'_>, problems: &mut Vec<Problem>) -> Companion {
        let End {
            asked, span, torn, ..
        } = end;
        let elided = end.tell_elided(NOT_EVERY_RULE, AGAIN_RULE, problems);
        for at in &self.bad {
            problems.push(unreadable(*at, RULE_LINE, AGAIN_RULE));
        }
        let narrowed = asked.is_some_and(|a| a.narrowed);
        // Every host has the rule for the table main, among the last ones.
        let has_main = self.rules.iter().any(|(r, _)| &*r.table == "main");
        let cut = self.cut || torn.is_some() || !has_main && !narrowed;
        if let Some(at) = torn {
            problems.push(part::torn(Shown::Rules, at, AGAIN_RULE));
        } else if cut && self.bad.is_empty() {
            problems.push(part::cut(Shown::Rules, last_line(span), AGAIN_RULE));
        }
        let part = cut || !self.bad.is_empty();
        let known = asked.and_then(|a| a.family);
        let seen = known.or_else(|| self.rules.iter().find_map(|(_, f)| *f));
        // Rules of IPv6 are listed with `-6` alone, and the last default one is of IPv4.
        let has_default = self.rules.iter().any(|(r, _)| &*r.table == "default");
        let families = match seen {
            Some(family) => only(family),
            // What is missing may be that one.
            None if part || elided => Families::BOTH,
            None if has_default => Families::V4,
            None => Families::V6,
        };
        self.rules.sort_by_key(|(r, _)| r.priority);
        Companion::RoutingRules(Box::new(RoutingRules {
            rules: self.rules.into_iter().map(|(r, _)| r).collect(),
            families,
            whole: !part && !elided && !narrowed,
            span,
        }))
    }
}

/// Sockets.
#[derive(Clone, Debug, Default)]
pub(super) struct SocketList {
    pub(super) sockets: Vec<Socket>,
    /// There are heads above the columns, which a filter of lines would have taken away.
    pub(super) heads: bool,
    /// Every line that is a socket.
    pub(super) rows: usize,
    /// An IPv4 socket has the peer `0.0.0.0:*`, which old versions print as `*:*`.
    pub(super) tells_families: bool,
    /// Sockets at `[::]`, by their places in the list, of which nothing says that they are of IPv6 alone.
    pub(super) perhaps_dual: Vec<usize>,
    /// The first socket at a port that is a name.
    pub(super) named: Option<Span>,
    /// Lines that cannot be read.
    pub(super) bad: Vec<Span>,
}

impl SocketList {
    /// Takes a line in.
    pub(super) fn add(&mut self, row: Row, line: &Line<'_>) {
        self.rows += 1;
        let span = line.span();
        self.tells_families |= line.words().any(|w| w == "0.0.0.0:*");
        match row {
            Row::Waits(socket) => {
                let every = socket.addrs == AddrSet::any_of(Family::V6);
                if every && !line.words().any(|w| w == "v6only:1") {
                    self.perhaps_dual.push(self.sockets.len());
                }
                self.sockets.push(socket);
            }
            Row::Named => {
                self.named.get_or_insert(span);
            }
            Row::Connected | Row::Other => {}
        }
    }

    fn close(mut self, end: End<'_>, problems: &mut Vec<Problem>) -> Companion {
        let End {
            asked, span, torn, ..
        } = end;
        // Before iproute2 4.13 `[::]` is any address of a socket of IPv6, which takes IPv4 as well unless it is told not to.
        if !self.tells_families {
            for at in &self.perhaps_dual {
                if let Some(socket) = self.sockets.get_mut(*at) {
                    socket.addrs = AddrSet::any();
                }
            }
        }
        let elided = end.tell_elided(NOT_EVERY_SOCKET, AGAIN_SOCKETS, problems);
        if let Some(at) = self.named {
            let problem = Problem::new(ProblemKind::Disputed, at, NAMED_PORT);
            problems.push(problem.help(AGAIN_SOCKETS).label("port is a name"));
        }
        for at in &self.bad {
            problems.push(unreadable(*at, SOCKET_LINE, AGAIN_SOCKETS));
        }
        if let Some(at) = torn {
            problems.push(part::torn(Shown::Sockets, at, AGAIN_SOCKETS));
        }
        let has = |p: u8| self.sockets.iter().any(|s| s.protocol == p);
        let shows = |f: Family| self.sockets.iter().any(|s| s.addrs.has(f));
        let clean = self.bad.is_empty() && self.named.is_none() && torn.is_none() && !elided;
        let (tcp, udp, families, whole) = match asked {
            Some(a) => (
                a.tcp && a.listening,
                a.udp && a.listening,
                a.family.map_or(Families::BOTH, only),
                // `-4` hides sockets of IPv6 that wait for IPv4 as well.
                !a.narrowed && a.family != Some(Family::V4),
            ),
            None => (
                has(proto::TCP),
                has(proto::UDP),
                Families {
                    v4: shows(Family::V4),
                    v6: shows(Family::V6),
                },
                self.heads || !self.looks_filtered(),
            ),
        };
        Companion::Sockets(Box::new(Sockets {
            sockets: self.sockets,
            tcp,
            udp,
            families,
            whole: whole && clean,
            span,
        }))
    }

    /// Whether the lines have something in common that a filter may have asked for: the port, the address or the program.
    fn looks_filtered(&self) -> bool {
        let Some(first) = self.sockets.first() else {
            return true;
        };
        let each = |same: &dyn Fn(&Socket) -> bool| self.sockets.iter().all(same);
        let port = first.port.to_string();
        let part = |p: &str| each(&|s: &Socket| s.port.to_string().contains(p));
        let is_wide = first.addrs.v4.count() > 1 || first.addrs.v6.count() > 1;
        each(&|s| s.port == first.port)
            || port.len() > 1 && part(&port)
            || !is_wide && each(&|s| s.addrs == first.addrs)
            || !first.programs.is_empty() && each(&|s| s.programs == first.programs)
    }
}

/// One listing.
#[derive(Clone, Debug)]
pub(super) enum Listing {
    Addresses(Addresses),
    Routes(RouteList),
    Rules(RuleList),
    Sockets(SocketList),
}

impl Listing {
    /// What it tells of the host; what is wrong with it goes to `problems`.
    pub(super) fn close(self, end: End<'_>, problems: &mut Vec<Problem>) -> Companion {
        match self {
            Self::Addresses(l) => l.close(end, problems),
            Self::Routes(l) => l.close(end, problems),
            Self::Rules(l) => l.close(end, problems),
            Self::Sockets(l) => l.close(end, problems),
        }
    }
}

/// The end of a listing.
#[derive(Debug)]
pub(super) struct End<'c> {
    /// The command that printed it.
    pub(super) asked: Option<&'c Asked>,
    /// Its text.
    pub(super) span: Span,
    /// The last line of the text, which is of this listing and may be cut off.
    pub(super) torn: Option<Span>,
    /// A line of it, or beside it, that stands for others.
    pub(super) elided: Option<Span>,
}

impl End<'_> {
    /// Whether lines of the listing are left out, which is told with what it then does not show.
    fn tell_elided(&self, unshown: &str, help: &str, problems: &mut Vec<Problem>) -> bool {
        if let Some(at) = self.elided {
            let message =
                format!("lines are left out here: the listing does not show every {unshown}");
            problems.push(unreadable(at, &message, help));
        }
        self.elided.is_some()
    }
}

const NONE: Families = Families {
    v4: false,
    v6: false,
};

const fn only(family: Family) -> Families {
    match family {
        Family::V4 => Families::V4,
        Family::V6 => Families::V6,
    }
}

fn add(families: &mut Families, family: Family) {
    match family {
        Family::V4 => families.v4 = true,
        Family::V6 => families.v6 = true,
    }
}

const NOT_EVERY_ADDRESS: &str = "address of the host";
const NOT_EVERY_ROUTE: &str = "route";
const NOT_EVERY_RULE: &str = "routing rule";
const NOT_EVERY_SOCKET: &str = "socket that listens";
const ADDRESS_LINE: &str =
    "unreadable address: the listing may be cut off, and does not show every address of the host";
const ROUTE_LINE: &str =
    "unreadable route: the listing may be cut off, and does not show every route";
const RULE_LINE: &str =
    "unreadable routing rule: the listing may be cut off, and does not show every rule";
const SOCKET_LINE: &str =
    "unreadable socket: the listing may be cut off, and does not show everything that listens";
const NAMED_PORT: &str =
    "ports are printed as names: the listing does not show what listens on which port";
const AGAIN_ADDR: &str = "save the output of `ip -j addr` again";
const AGAIN_ROUTE: &str = "save the output of `ip -j route show table all` again";
const AGAIN_RULE: &str = "save the output of `ip -j rule` again";
const AGAIN_SOCKETS: &str = "save the output of `ss -H -lntup` again";

fn unreadable(at: Span, message: impl Into<String>, help: &str) -> Problem {
    let problem = Problem::new(ProblemKind::Disputed, at, message.into());
    problem.help(help).label(PART)
}

/// The end of a listing.
pub(super) fn last_line(span: Span) -> Span {
    let end = span.range().end;
    Span::new(end, end)
}
