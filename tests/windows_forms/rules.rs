//! Random rules of a Windows firewall, as abstract as a form allows: what the printers write and what the judge decides.

use fastrand::Rng;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    Allow,
    Block,
    /// Passes block rules; only with IPsec.
    Bypass,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proto {
    Any,
    Tcp,
    Udp,
    Icmp4,
    Icmp6,
    Other(u8),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Port {
    One(u16),
    Range(u16, u16),
    Word(PortWord),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PortWord {
    Rpc,
    RpcEpMap,
    IpHttps,
    Teredo,
    PlayTo,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Addr {
    One(IpAddr),
    Prefix(IpAddr, u8),
    Range(IpAddr, IpAddr),
    Word(AddrWord),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AddrWord {
    LocalSubnet,
    Dns,
    Dhcp,
    Wins,
    DefaultGateway,
    /// Devices that play what is sent to them.
    PlayTo,
}

/// IPsec that a rule asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Secure {
    No,
    Authenticate,
    Encrypt,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Interfaces {
    Any,
    Lan,
    Wireless,
    Ras,
}

/// What only some forms can say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Beyond {
    Package(String),
    Owner(String),
    LocalUser(String),
    Platform,
    Proximity,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    pub id: String,
    pub name: String,
    /// Where the texts of the name and of the group are, for a rule that Windows ships.
    pub reference: Option<(String, String)>,
    pub description: String,
    pub group: String,
    pub enabled: bool,
    pub inbound: bool,
    /// Domain, private, public.
    pub profiles: [bool; 3],
    pub action: Act,
    pub proto: Proto,
    /// Empty: any.
    pub icmp: Vec<(u8, Option<u8>)>,
    pub local: Vec<Addr>,
    pub remote: Vec<Addr>,
    pub lports: Vec<Port>,
    pub rports: Vec<Port>,
    pub program: Option<String>,
    /// `*` is any service.
    pub service: Option<String>,
    pub interfaces: Interfaces,
    pub secure: Secure,
    pub edge: bool,
    pub policy: bool,
    pub beyond: Option<Beyond>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inbound {
    Block,
    Allow,
    Always,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    pub on: bool,
    pub inbound: Inbound,
    pub outbound: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Set {
    pub settings: [Settings; 3],
    pub rules: Vec<Rule>,
}

/// What the rules of a set may ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// What every form but wf.msc's list says.
    Common,
    /// Rules of Group Policy among them.
    Policy,
    /// What netsh never prints: packages, owners, users, platforms.
    Beyond,
}

pub const PROFILES: [&str; 3] = ["Domain", "Private", "Public"];

const PORTS: [u16; 12] = [
    0, 22, 80, 135, 443, 445, 3389, 5000, 8080, 38866, 49152, 65535,
];

fn v4(text: &str) -> IpAddr {
    IpAddr::V4(text.parse::<Ipv4Addr>().unwrap())
}

fn v6(text: &str) -> IpAddr {
    IpAddr::V6(text.parse::<Ipv6Addr>().unwrap())
}

fn addresses() -> [Addr; 11] {
    [
        Addr::One(v4("10.20.1.11")),
        Addr::Prefix(v4("10.20.0.0"), 16),
        Addr::Prefix(v4("10.0.0.0"), 8),
        Addr::Range(v4("192.168.5.10"), v4("192.168.5.40")),
        Addr::Prefix(v4("203.0.113.0"), 24),
        Addr::Prefix(v4("172.16.4.0"), 22),
        Addr::One(v6("fd00:20::11")),
        Addr::Prefix(v6("fd00::"), 8),
        Addr::Prefix(v6("fe80::"), 64),
        Addr::Range(v6("2001:db8::5"), v6("2001:db8::ff")),
        Addr::One(v4("198.51.100.7")),
    ]
}

fn some<T: Clone>(rng: &mut Rng, from: &[T], most: usize) -> Vec<T> {
    let mut pool: Vec<T> = from.to_vec();
    rng.shuffle(&mut pool);
    pool.truncate(rng.usize(1..=most));
    pool
}

fn address_list(rng: &mut Rng, any: f64, words: bool) -> Vec<Addr> {
    if rng.f64() < any {
        return Vec::new();
    }
    let mut out = some(rng, &addresses(), 3);
    if words && rng.u8(0..4) == 0 {
        let word = rng.choice([
            AddrWord::LocalSubnet,
            AddrWord::LocalSubnet,
            AddrWord::Dns,
            AddrWord::Dhcp,
            AddrWord::Wins,
            AddrWord::DefaultGateway,
        ]);
        let keep = rng.usize(0..2);
        out.truncate(keep);
        out.push(Addr::Word(word.unwrap()));
    }
    out
}

fn port_list(rng: &mut Rng, any: f64, words: &[PortWord]) -> Vec<Port> {
    if rng.f64() < any {
        return Vec::new();
    }
    if !words.is_empty() && rng.u8(0..6) == 0 {
        return vec![Port::Word(*rng.choice(words).unwrap())];
    }
    let mut out: Vec<Port> = Vec::new();
    for p in some(rng, &PORTS, 3) {
        out.push(match rng.u8(0..4) {
            0 => Port::Range(p, p.saturating_add(rng.u16(1..900))),
            _ => Port::One(p),
        });
    }
    out
}

fn ports(rng: &mut Rng, r: &mut Rule) {
    let (local, remote) = match (r.proto, r.inbound) {
        (Proto::Tcp, true) => (
            &[PortWord::Rpc, PortWord::RpcEpMap, PortWord::IpHttps][..],
            &[][..],
        ),
        (Proto::Udp, true) => (&[PortWord::Teredo, PortWord::PlayTo][..], &[][..]),
        (Proto::Tcp, false) => (&[][..], &[PortWord::IpHttps][..]),
        _ => (&[][..], &[][..]),
    };
    if matches!(r.proto, Proto::Tcp | Proto::Udp) {
        let any = if r.inbound { (0.15, 0.9) } else { (0.9, 0.15) };
        r.lports = port_list(rng, any.0, local);
        r.rports = port_list(rng, any.1, remote);
    }
}

const TEXTS: [&str; 8] = [
    "HyWorks agent",
    "Web (TCP-In)",
    "quote \" and 'tick'",
    "a; b, c",
    "5 < 6 & 7 > 4",
    "Büro Köln",
    "key=value {braces}",
    "C:\\path\\with back",
];

const PROGRAMS: [&str; 5] = [
    "System",
    "C:\\Windows\\System32\\svchost.exe",
    "C:\\Program Files\\Accops\\HyWorks\\agent.exe",
    "C:\\Program Files (x86)\\Vendor, Inc\\tool.exe",
    "D:\\apps\\db\\sqlservr.exe",
];

fn rule(rng: &mut Rng, number: usize, reach: Reach) -> Rule {
    let text = |rng: &mut Rng| (*rng.choice(TEXTS).unwrap()).to_owned();
    let proto = match rng.u8(0..20) {
        0 | 1 => Proto::Any,
        2..=9 => Proto::Tcp,
        10..=14 => Proto::Udp,
        15 | 16 => Proto::Icmp4,
        17 => Proto::Icmp6,
        _ => Proto::Other(*rng.choice(&[2, 41, 47]).unwrap()),
    };
    let action = match rng.u8(0..12) {
        0 => Act::Bypass,
        1..=4 => Act::Block,
        _ => Act::Allow,
    };
    let secure = match (action, rng.u8(0..12)) {
        (Act::Block, _) => Secure::No,
        (Act::Bypass, n) if n < 8 => Secure::Authenticate,
        (Act::Bypass, _) | (_, 0) => Secure::Encrypt,
        (_, 1) => Secure::Authenticate,
        _ => Secure::No,
    };
    let profiles = match rng.u8(0..5) {
        0 => [true, false, false],
        1 => [false, true, true],
        2 => [true, true, false],
        _ => [true; 3],
    };
    let program = (rng.u8(0..4) == 0).then(|| (*rng.choice(PROGRAMS).unwrap()).to_owned());
    let service = match (&program, rng.u8(0..3)) {
        (Some(p), 0) if p.contains("svchost") => Some("RpcSs"),
        (Some(p), 1) if p.contains("svchost") => Some("*"),
        (None, 0) if rng.u8(0..4) == 0 => Some("TermService"),
        _ => None,
    };
    let mut r = Rule {
        id: format!("{{{:08X}-0001-4000-8000-{number:012X}}}", rng.u32(..)),
        name: format!("R{number:03} {}", text(rng)),
        reference: None,
        description: if rng.bool() { text(rng) } else { String::new() },
        group: if rng.u8(0..3) == 0 {
            text(rng)
        } else {
            String::new()
        },
        enabled: rng.u8(0..7) > 0,
        inbound: rng.u8(0..3) > 0,
        profiles,
        action,
        proto,
        icmp: Vec::new(),
        local: address_list(rng, 0.85, false),
        remote: address_list(rng, 0.35, true),
        lports: Vec::new(),
        rports: Vec::new(),
        program,
        service: service.map(str::to_owned),
        interfaces: match rng.u8(0..14) {
            0 => Interfaces::Lan,
            1 => Interfaces::Wireless,
            2 => Interfaces::Ras,
            _ => Interfaces::Any,
        },
        secure,
        edge: rng.u8(0..5) == 0,
        policy: reach == Reach::Policy && number > 0 && rng.bool(),
        beyond: None,
    };
    ports(rng, &mut r);
    if matches!(proto, Proto::Icmp4 | Proto::Icmp6) && rng.bool() {
        let types: [(u8, Option<u8>); 4] = if proto == Proto::Icmp4 {
            [(8, None), (3, Some(4)), (11, None), (13, Some(0))]
        } else {
            [(128, None), (1, Some(4)), (135, None), (3, Some(0))]
        };
        r.icmp = some(rng, &types, 2);
    }
    if reach == Reach::Beyond && rng.bool() {
        r.beyond = Some(beyond(rng));
    }
    r
}

fn beyond(rng: &mut Rng) -> Beyond {
    match rng.u8(0..5) {
        0 => Beyond::Package(
            "S-1-15-2-1861897761-1695161497-2927542615-642690995-327840285-2659745135-2630312742"
                .into(),
        ),
        1 => Beyond::Owner("S-1-5-21-1004336348-1177238915-682003330-1001".into()),
        2 => Beyond::LocalUser("O:LSD:(A;;CC;;;S-1-5-84-0-0-0-0-0)".into()),
        3 => Beyond::Platform,
        _ => Beyond::Proximity,
    }
}

/// A set of rules by its number.
pub fn set(seed: u64) -> Set {
    let mut rng = Rng::with_seed(seed);
    let reach = match seed % 7 {
        5 => Reach::Policy,
        6 => Reach::Beyond,
        _ => Reach::Common,
    };
    let settings = [(); 3].map(|()| Settings {
        on: rng.u8(0..12) > 0,
        inbound: match rng.u8(0..12) {
            0 => Inbound::Always,
            1 => Inbound::Allow,
            _ => Inbound::Block,
        },
        outbound: rng.u8(0..3) > 0,
    });
    let count = rng.usize(1..=24);
    let rules = (0..count).map(|n| rule(&mut rng, n, reach)).collect();
    Set { settings, rules }
}
