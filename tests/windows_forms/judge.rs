//! What Windows does with a packet, written from the description of its firewall alone: bypass, then block, then allow, then
//! the profile's default. Three values: a rule that asks for more than a packet shows may or may not match.

use super::rules::{
    Act, Addr, AddrWord, Beyond, Inbound, Interfaces, Port, PortWord, Proto, Rule, Secure, Set,
};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A packet as `trace --packets` takes it; the direction says which end is the host's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Packet {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub proto: u8,
    /// Of ICMP the type.
    pub sport: u16,
    /// Of ICMP the code.
    pub dport: u16,
}

/// What is known beside the rules.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The program that listens or sends.
    pub program: Option<&'a str>,
    /// The export does not show all that may narrow a rule: one that names its ports counts as written, any other one may
    /// be for something else.
    pub brief: bool,
}

/// Something that a packet does not show. Each is true or false, in all rules alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Open {
    Process(String),
    Security(&'static str),
    Near(AddrWord, IpAddr),
    Port(&'static str),
    Interface(Interfaces),
    Beyond(String),
}

/// The ways in which something matches: any of them, with all that is open in it.
type Ways = Vec<BTreeSet<Open>>;

/// More open questions than this are not tried one by one.
const MOST: usize = 14;

/// The verdicts that the rules leave possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Possible {
    pub allow: bool,
    pub deny: bool,
}

impl Possible {
    pub fn name(self) -> &'static str {
        match (self.allow, self.deny) {
            (true, false) => "allow",
            (false, true) => "deny",
            _ => "conditional",
        }
    }
}

/// The verdicts that are possible for a packet in a profile (0 domain, 1 private, 2 public); `None` if too much is open to try
/// it all.
pub fn judge(
    set: &Set,
    inbound: bool,
    p: &Packet,
    profile: usize,
    asked: &Asked<'_>,
) -> Option<Possible> {
    let s = &set.settings[profile];
    let sure = |allow: bool| {
        Some(Possible {
            allow,
            deny: !allow,
        })
    };
    if !s.on {
        return sure(true);
    }
    if inbound && s.inbound == Inbound::Always {
        return sure(false);
    }
    let of = |act: Act| -> Ways {
        let own = set
            .rules
            .iter()
            .filter(|r| r.action == act && r.inbound == inbound);
        let own = own.filter(|r| r.enabled && r.profiles[profile]);
        own.flat_map(|r| matches(r, p, asked)).collect()
    };
    let rest = if inbound {
        s.inbound == Inbound::Allow
    } else {
        s.outbound
    };
    let lists = [
        (of(Act::Bypass), true),
        (of(Act::Block), false),
        (of(Act::Allow), true),
    ];
    let open: BTreeSet<&Open> = lists.iter().flat_map(|(w, _)| w).flatten().collect();
    let open: Vec<&Open> = open.into_iter().collect();
    if open.len() > MOST {
        return None;
    }
    let mut out = Possible::default();
    for bits in 0_u32..1 << open.len() {
        let holds = |o: &Open| {
            open.iter()
                .position(|x| *x == o)
                .is_some_and(|n| bits >> n & 1 == 1)
        };
        let acts = |(ways, _): &&(Ways, bool)| ways.iter().any(|w| w.iter().all(holds));
        let allow = lists.iter().find(acts).map_or(rest, |(_, allow)| *allow);
        out.allow |= allow;
        out.deny |= !allow;
    }
    Some(out)
}

fn matches(r: &Rule, p: &Packet, asked: &Asked<'_>) -> Ways {
    let (local, remote, lport, rport) = if r.inbound {
        (p.dst, p.src, p.dport, p.sport)
    } else {
        (p.src, p.dst, p.sport, p.dport)
    };
    let process = match (&r.program, asked.program) {
        (None, _) => yes(),
        (Some(own), None) => open(Open::Process(own.clone())),
        (Some(own), Some(it)) => decided(own == it),
    };
    let service = r
        .service
        .as_ref()
        .map_or_else(yes, |s| open(Open::Process(format!("service {s}"))));
    // Servers are wired. A rule for other interfaces allows nothing that is known, and may be a block.
    let interface = match (r.interfaces, r.action) {
        (Interfaces::Any | Interfaces::Lan, _) => yes(),
        (other, Act::Block) => open(Open::Interface(other)),
        _ => Ways::new(),
    };
    let security = match (r.secure, r.action) {
        (Secure::Encrypt, _) => open(Open::Security("encrypted")),
        (Secure::Authenticate, _) => open(Open::Security("authenticated")),
        (Secure::No, Act::Bypass) => open(Open::Security("bypass")),
        (Secure::No, _) => yes(),
    };
    let beyond = match &r.beyond {
        // Every Windows with a firewall of this kind is 6.2 or later.
        None | Some(Beyond::Platform) => yes(),
        // Whether two rules are for one package is not asked.
        Some(Beyond::Package(_)) => open(Open::Beyond(format!("the package of {}", r.id))),
        Some(other) => open(Open::Beyond(format!("{other:?}"))),
    };
    let service_side = if r.inbound { &r.lports } else { &r.rports };
    let unsaid = if asked.brief && (service_side.is_empty() || r.proto == Proto::Any) {
        open(Open::Beyond(format!("a service of {}", r.id)))
    } else {
        yes()
    };
    let bounded = r.action == Act::Allow;
    let parts = [
        process,
        service,
        interface,
        security,
        beyond,
        unsaid,
        protocol(r, p),
        address(&r.local, local, bounded),
        address(&r.remote, remote, bounded),
        ports(&r.lports, p.proto, lport),
        ports(&r.rports, p.proto, rport),
    ];
    parts.into_iter().fold(yes(), both)
}

fn yes() -> Ways {
    vec![BTreeSet::new()]
}

fn open(what: Open) -> Ways {
    vec![BTreeSet::from([what])]
}

fn both(a: Ways, b: Ways) -> Ways {
    let pair = |x: &BTreeSet<Open>| -> Ways { b.iter().map(|y| x | y).collect() };
    a.iter().flat_map(pair).collect()
}

fn decided(b: bool) -> Ways {
    if b { yes() } else { Ways::new() }
}

fn protocol(r: &Rule, p: &Packet) -> Ways {
    let number = match r.proto {
        Proto::Any => return yes(),
        Proto::Tcp => 6,
        Proto::Udp => 17,
        Proto::Icmp4 => 1,
        Proto::Icmp6 => 58,
        Proto::Other(n) => n,
    };
    let is = |(t, c): &(u8, Option<u8>)| {
        u16::from(*t) == p.sport && c.is_none_or(|c| u16::from(c) == p.dport)
    };
    decided(number == p.proto && (r.icmp.is_empty() || r.icmp.iter().any(is)))
}

/// Whether an address is of a private, link-local or loopback block: what the words for near machines can stand for.
fn near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => {
            (ip.segments()[0] & 0xfe00) == 0xfc00 || (ip.segments()[0] & 0xffc0) == 0xfe80
        }
    }
}

/// `bounded`: the words stand for near machines. What is blocked may be anywhere.
fn address(all: &[Addr], ip: IpAddr, bounded: bool) -> Ways {
    if all.is_empty() {
        return yes();
    }
    let one = |a: &Addr| match a {
        Addr::One(own) => decided(*own == ip),
        Addr::Prefix(net, bits) => decided(within(*net, *bits, ip)),
        Addr::Range(a, b) => {
            let same = a.is_ipv4() == ip.is_ipv4();
            decided(same && *a <= ip && ip <= *b)
        }
        Addr::Word(w) if !bounded || near(ip) => open(Open::Near(*w, ip)),
        Addr::Word(_) => Ways::new(),
    };
    all.iter().flat_map(one).collect()
}

fn within(net: IpAddr, bits: u8, ip: IpAddr) -> bool {
    match (net, ip) {
        (IpAddr::V4(n), IpAddr::V4(i)) => {
            let shift = 32 - u32::from(bits);
            u32::from(n) >> shift == u32::from(i) >> shift
        }
        (IpAddr::V6(n), IpAddr::V6(i)) => {
            let shift = 128 - u32::from(bits);
            u128::from(n) >> shift == u128::from(i) >> shift
        }
        _ => false,
    }
}

fn ports(all: &[Port], proto: u8, port: u16) -> Ways {
    if all.is_empty() || !matches!(proto, 6 | 17) {
        return yes();
    }
    let one = |p: &Port| match p {
        Port::One(n) => decided(*n == port),
        Port::Range(a, b) => decided((*a..=*b).contains(&port)),
        Port::Word(PortWord::RpcEpMap) => decided(proto == 6 && port == 135),
        Port::Word(PortWord::Rpc) if proto == 6 && port >= 49152 => open(Open::Port("RPC")),
        Port::Word(PortWord::IpHttps) if proto == 6 && port == 443 => open(Open::Port("IPHTTPS")),
        Port::Word(PortWord::Teredo) if proto == 17 => open(Open::Port("Teredo")),
        Port::Word(PortWord::PlayTo) if proto == 17 => open(Open::Port("PlayTo")),
        Port::Word(_) => Ways::new(),
    };
    all.iter().flat_map(one).collect()
}
