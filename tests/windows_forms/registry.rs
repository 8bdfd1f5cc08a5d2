//! As `reg export` writes the rules of the local and of the policy key (MS-GPFAS, "Firewall Rule and the Firewall Rule
//! Grammar Rule").

use super::rules::{
    Act, Addr, AddrWord, Beyond, Inbound, Interfaces, PROFILES, Port, PortWord, Proto, Rule,
    Secure, Set,
};
use super::words::{Style, mask};
use std::net::IpAddr;

const LOCAL: &str = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy";
const POLICY: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall";
const VERSIONS: [&str; 4] = ["v2.10", "v2.30", "v2.31", "v2.33"];

const STYLE: Style = Style {
    masks: true,
    whole: false,
    port: |w| match w {
        PortWord::Rpc => "RPC",
        PortWord::RpcEpMap => "RPC-EPMap",
        PortWord::IpHttps => "IPHTTPSIn",
        PortWord::Teredo => "Teredo",
        PortWord::PlayTo => "Ply2Disc",
    },
    addr: |w| match w {
        AddrWord::LocalSubnet => "LocalSubnet",
        AddrWord::Dns => "DNS",
        AddrWord::Dhcp => "DHCP",
        AddrWord::Wins => "WINS",
        AddrWord::DefaultGateway => "DefaultGateway",
        AddrWord::PlayTo => "Ply2Renders",
    },
};

/// The text of a `.reg` file; `seed` chooses versions.
pub fn text(set: &Set, seed: u64) -> String {
    let mut lines = vec![
        "Windows Registry Editor Version 5.00".to_owned(),
        String::new(),
    ];
    lines.push(format!("[{LOCAL}]"));
    for (name, s) in PROFILES.iter().zip(&set.settings) {
        let key = if *name == "Private" { "Standard" } else { name };
        let dword = |k: &str, v: u32| format!("\"{k}\"=dword:{v:08x}");
        lines.extend([
            String::new(),
            format!("[{LOCAL}\\{key}Profile]"),
            dword("EnableFirewall", s.on.into()),
            dword("DisableNotifications", 1),
            dword("DefaultInboundAction", (s.inbound != Inbound::Allow).into()),
            dword("DefaultOutboundAction", (!s.outbound).into()),
            dword(
                "DoNotAllowExceptions",
                (s.inbound == Inbound::Always).into(),
            ),
        ]);
    }
    for (key, policy) in [(LOCAL, false), (POLICY, true)] {
        let own: Vec<&Rule> = set.rules.iter().filter(|r| r.policy == policy).collect();
        if own.is_empty() && policy {
            continue;
        }
        lines.push(String::new());
        lines.push(format!("[{key}\\FirewallRules]"));
        for (n, r) in own.iter().enumerate() {
            let version = VERSIONS[(seed as usize + n) % VERSIONS.len()];
            let value = string(r, version)
                .replace('\\', "\\\\")
                .replace('"', "\\\"");
            lines.push(format!("\"{}\"=\"{value}\"", r.id));
        }
    }
    lines.push(String::new());
    lines.join("\r\n")
}

fn address(a: &Addr) -> String {
    match a {
        Addr::Prefix(IpAddr::V4(ip), n) => format!("{ip}/{}", mask(*n)),
        one => STYLE.address(one),
    }
}

fn fields_of(all: &[Addr], side: &str, out: &mut Vec<String>) {
    for a in all {
        let (four, six) = match a {
            Addr::One(ip) | Addr::Prefix(ip, _) | Addr::Range(ip, _) => {
                (ip.is_ipv4(), ip.is_ipv6())
            }
            Addr::Word(_) => (true, true),
        };
        // Words of later versions have a key of their own.
        let later = if *a == Addr::Word(AddrWord::PlayTo) {
            "2"
        } else {
            ""
        };
        if four {
            out.push(format!("{side}4{later}={}", address(a)));
        }
        if six {
            out.push(format!("{side}6{later}={}", address(a)));
        }
    }
}

fn ports(all: &[Port], side: &str, inbound: bool, out: &mut Vec<String>) {
    for p in all {
        out.push(match p {
            Port::One(n) => format!("{side}={n}"),
            Port::Range(a, b) => format!("{side}2_10={a}-{b}"),
            Port::Word(PortWord::IpHttps) if inbound => format!("{side}2_10=IPHTTPSIn"),
            Port::Word(PortWord::IpHttps) => format!("{side}2_10=IPHTTPSOut"),
            Port::Word(w) => format!("{side}={}", (STYLE.port)(*w)),
        });
    }
}

/// A rule string.
pub fn string(r: &Rule, version: &str) -> String {
    let action = match r.action {
        Act::Allow => "Allow",
        Act::Block => "Block",
        Act::Bypass => "ByPass",
    };
    let mut out = vec![
        version.to_owned(),
        format!("Action={action}"),
        format!("Active={}", if r.enabled { "TRUE" } else { "FALSE" }),
        format!("Dir={}", if r.inbound { "In" } else { "Out" }),
    ];
    let number = match r.proto {
        Proto::Any => None,
        Proto::Tcp => Some(6),
        Proto::Udp => Some(17),
        Proto::Icmp4 => Some(1),
        Proto::Icmp6 => Some(58),
        Proto::Other(n) => Some(n),
    };
    out.extend(number.map(|n| format!("Protocol={n}")));
    if r.profiles != [true; 3] {
        let on = PROFILES.iter().zip(r.profiles).filter(|(_, on)| *on);
        out.extend(on.map(|(n, _)| format!("Profile={n}")));
    }
    let family = if r.proto == Proto::Icmp6 { 6 } else { 4 };
    for (kind, code) in &r.icmp {
        let code = code.map_or("*".to_owned(), |c| c.to_string());
        out.push(format!("ICMP{family}={kind}:{code}"));
    }
    ports(&r.lports, "LPort", r.inbound, &mut out);
    ports(&r.rports, "RPort", r.inbound, &mut out);
    fields_of(&r.local, "LA", &mut out);
    fields_of(&r.remote, "RA", &mut out);
    match r.interfaces {
        Interfaces::Any => {}
        Interfaces::Lan => out.push("IFType=Lan".into()),
        Interfaces::Wireless => out.push("IFType=Wireless".into()),
        Interfaces::Ras => out.push("IFType=RemoteAccess".into()),
    }
    out.extend(r.program.iter().map(|p| format!("App={p}")));
    out.extend(r.service.iter().map(|s| format!("Svc={s}")));
    let (name, group) = match &r.reference {
        Some((name, group)) => (name, group),
        None => (&r.name, &r.group),
    };
    out.push(format!("Name={name}"));
    for (key, value) in [("Desc", &r.description), ("EmbedCtxt", group)] {
        if !value.is_empty() {
            out.push(format!("{key}={value}"));
        }
    }
    match &r.beyond {
        None => {}
        Some(Beyond::Package(sid)) => out.push(format!("AppPkgId={sid}")),
        Some(Beyond::Owner(sid)) => out.push(format!("LUOwn={sid}")),
        Some(Beyond::LocalUser(sddl)) => out.push(format!("LUAuth={sddl}")),
        Some(Beyond::Platform) => out.extend(["Platform=2:6:2".into(), "Platform2=GTEQ".into()]),
        Some(Beyond::Proximity) => out.push("TTK=ProxSharing".into()),
    }
    if r.edge {
        out.push("Edge=TRUE".into());
    }
    match r.secure {
        Secure::No => {}
        Secure::Authenticate => out.push("Security=Authenticate".into()),
        Secure::Encrypt => out.push("Security=AuthenticateEncrypt".into()),
    }
    out.join("|") + "|"
}
