//! What a host's own commands say of it beside its firewall: addresses, routes, what listens.

use super::point::Families;
use super::profiles::Profiles;
use crate::Span;
use hylint_space::{AddrSet, class};

/// A network interface of a host (`ip addr`, `ipconfig /all`, `Get-NetIPAddress`).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HostInterface {
    /// Name as rules use it (`eth0`); on Windows its alias (`Ethernet 2`).
    pub name: Box<str>,
    /// Number, if the listing prints one (`ifindex`, `InterfaceIndex`).
    pub index: Option<u32>,
    /// Its own addresses, link-local ones included.
    pub addrs: AddrSet,
    /// The networks of its addresses: each address with its prefix length.
    pub networks: AddrSet,
    /// It is the loopback interface.
    pub loopback: bool,
    /// Whether it is up and connected; `None` if the listing does not say.
    pub up: Option<bool>,
    /// The interface that it is a port of (`master br0`), or empty.
    pub master: Box<str>,
    /// It wraps packets into those of another interface (Teredo, ISATAP, 6to4), as far as the listing tells.
    pub tunnel: bool,
    /// The gateways that it is configured with, if the listing prints them.
    pub gateways: AddrSet,
    /// The DNS servers that it is configured with, if the listing prints them.
    pub dns: AddrSet,
    /// The profile of the network that it is connected to, which Windows Firewall applies on it
    /// (`Get-NetConnectionProfile`). Such a listing prints no addresses: the same interface may be listed twice.
    pub network: Option<Profiles>,
    /// Its text.
    pub span: Span,
}

/// A listing of a host's interfaces.
#[derive(Clone, PartialEq, Debug)]
pub struct HostInterfaces {
    /// In the order of the listing.
    pub interfaces: Vec<HostInterface>,
    /// The families whose addresses it shows (`ip -4 addr` shows one).
    pub families: Families,
    /// It shows every interface, as far as its text tells.
    pub whole: bool,
    /// Its text.
    pub span: Span,
}

impl HostInterfaces {
    /// Every address of the host that others may send to: virtual ones on loopback interfaces are among them.
    #[must_use]
    pub fn addrs(&self) -> AddrSet {
        own_addrs(self.interfaces.iter())
    }
}

/// Every address of some interfaces but those of loopback (127.0.0.0/8, ::1). A host answers on an address by any interface,
/// and load balancers with direct return have their virtual address on `lo` of each server.
pub fn own_addrs<'i>(interfaces: impl Iterator<Item = &'i HostInterface>) -> AddrSet {
    let all = interfaces.fold(AddrSet::empty(), |all, i| all.union(&i.addrs));
    all.subtract(class::loopback())
}

/// What becomes of packets that a route matches (ip-route(8), "TYPE").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RouteKind {
    /// They leave by its interfaces.
    Unicast,
    /// They are the host's own, or to everyone of a network: `local`, `broadcast`, `multicast`, `anycast`.
    Own,
    /// They are refused: `unreachable`, `blackhole`, `prohibit`.
    Refused,
    /// The lookup goes on in the next table: `throw`.
    Throw,
    /// A type that is not known.
    Other,
}

/// A route.
#[derive(Clone, PartialEq, Debug)]
pub struct Route {
    /// Its destinations: one prefix.
    pub to: AddrSet,
    /// Length of the prefix, in bits.
    pub length: u8,
    /// Its type.
    pub kind: RouteKind,
    /// Name or number of its table; `main` unless the listing says otherwise.
    pub table: Box<str>,
    /// Names of the interfaces that it leads to; several of one with several next hops. On Windows, the interface's own
    /// address as `route print` prints it.
    pub interfaces: Vec<Box<str>>,
    /// Metric; the route with the lowest one of a prefix decides.
    pub metric: u32,
    /// Its interface is down (`linkdown`, `dead`).
    pub down: bool,
    /// Its text.
    pub span: Span,
}

/// A listing of routes (`ip route`, `route print`, `Get-NetRoute`).
#[derive(Clone, PartialEq, Debug)]
pub struct Routes {
    /// In the order of the listing.
    pub routes: Vec<Route>,
    /// The families that it shows (`ip route` shows IPv4).
    pub families: Families,
    /// It is whole, as far as its text tells: nothing filtered it, and its end is there.
    pub whole: bool,
    /// It shows every table (`table all`), not the main one alone.
    pub every_table: bool,
    /// Its text.
    pub span: Span,
}

/// A rule that picks a routing table (ip-rule(8)).
#[derive(Clone, PartialEq, Debug)]
pub struct RoutingRule {
    /// Priority; the lowest is asked first.
    pub priority: u32,
    /// Sources that it asks for.
    pub from: AddrSet,
    /// Destinations that it asks for.
    pub to: AddrSet,
    /// It asks for something else as well: a mark, an interface, a user.
    pub narrowed: bool,
    /// The table that it looks up, or empty if it does something else.
    pub table: Box<str>,
    /// Routes with a prefix of this length or a shorter one do not count (`suppress_prefixlength`).
    pub suppress: Option<u8>,
    /// Its text.
    pub span: Span,
}

/// A listing of such rules.
#[derive(Clone, PartialEq, Debug)]
pub struct RoutingRules {
    /// In the order of the listing.
    pub rules: Vec<RoutingRule>,
    /// The families that it shows.
    pub families: Families,
    /// It is whole, as far as its text tells.
    pub whole: bool,
    /// Its text.
    pub span: Span,
}

/// A socket that waits for connections or datagrams (`ss -lntup`, `netstat -ano`, `Get-NetTCPConnection`).
#[derive(Clone, PartialEq, Debug)]
pub struct Socket {
    /// Protocol number: 6 or 17 (others are left out).
    pub protocol: u8,
    /// Local addresses: one, or all of the families for which it waits on every address.
    pub addrs: AddrSet,
    /// Port.
    pub port: u16,
    /// The interface that it is bound to (`%eth0`), or empty.
    pub interface: Box<str>,
    /// Names or paths of its programs, as printed; none if not printed.
    pub programs: Vec<Box<str>>,
    /// Names of Windows services of its process.
    pub services: Vec<Box<str>>,
    /// Its process, if printed.
    pub pid: Option<u32>,
    /// Its text.
    pub span: Span,
}

/// A listing of listening sockets.
#[derive(Clone, PartialEq, Debug)]
pub struct Sockets {
    /// In the order of the listing.
    pub sockets: Vec<Socket>,
    /// It shows listening sockets of TCP.
    pub tcp: bool,
    /// It shows sockets of UDP.
    pub udp: bool,
    /// The families that it shows.
    pub families: Families,
    /// It is whole, as far as its text tells: nothing filtered it, and its end is there.
    pub whole: bool,
    /// Its text.
    pub span: Span,
}

/// A process of Windows, as `tasklist /svc` or `Get-Process` prints it.
#[derive(Clone, PartialEq, Debug)]
pub struct Process {
    /// Number.
    pub pid: u32,
    /// Image name or path.
    pub program: Box<str>,
    /// Its services.
    pub services: Vec<Box<str>>,
    /// Its text.
    pub span: Span,
}

/// A listing of processes.
#[derive(Clone, PartialEq, Debug)]
pub struct Processes {
    /// In the order of the listing.
    pub processes: Vec<Process>,
    /// It prints services.
    pub services: bool,
    /// Its text.
    pub span: Span,
}
