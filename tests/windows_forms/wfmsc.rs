//! As the console "Windows Defender Firewall with Advanced Security" writes one of its lists: "Export List" of the node of
//! inbound or of outbound rules.

use super::rules::{Act, AddrWord, Beyond, PROFILES, PortWord, Proto, Rule, Secure, Set};
use super::words::{Style, or_any, proto};

const STYLE: Style = Style {
    masks: false,
    whole: false,
    port: |w| match w {
        PortWord::Rpc => "RPC Dynamic Ports",
        PortWord::RpcEpMap => "RPC Endpoint Mapper",
        PortWord::IpHttps => "IPHTTPS",
        PortWord::Teredo => "Edge Traversal",
        PortWord::PlayTo => "PlayTo Discovery",
    },
    addr: |w| match w {
        AddrWord::LocalSubnet => "Local subnet",
        AddrWord::Dns => "DNS Servers",
        AddrWord::Dhcp => "DHCP Servers",
        AddrWord::Wins => "WINS Servers",
        AddrWord::DefaultGateway => "Default Gateway",
        AddrWord::PlayTo => "PlayTo renderers",
    },
};

const COLUMNS: [&str; 17] = [
    "Name",
    "Group",
    "Profile",
    "Enabled",
    "Action",
    "Override",
    "Program",
    "Local Address",
    "Remote Address",
    "Protocol",
    "Local Port",
    "Remote Port",
    "Authorized Users",
    "Authorized Computers",
    "Authorized Local Principals",
    "Local User Owner",
    "Application Package",
];

/// Whether the columns say all of a rule that decides packets.
pub fn says(r: &Rule) -> bool {
    !matches!(r.proto, Proto::Icmp4 | Proto::Icmp6)
        && r.service.is_none()
        && r.interfaces == super::rules::Interfaces::Any
        && r.secure == Secure::No
        && r.action != Act::Bypass
        && !r.policy
        && !matches!(
            r.beyond,
            Some(Beyond::Platform | Beyond::Proximity | Beyond::LocalUser(_))
        )
}

/// The list of one direction, with one of its two separators.
pub fn text(set: &Set, inbound: bool, comma: bool) -> String {
    let separator = if comma { "," } else { "\t" };
    let line = |cells: Vec<String>| {
        let cell = |c: &String| {
            if comma && c.contains([',', '"']) {
                format!("\"{}\"", c.replace('"', "\"\""))
            } else {
                c.clone()
            }
        };
        let cells: Vec<String> = cells.iter().map(cell).collect();
        cells.join(separator) + if comma { "\r\n" } else { "\t\r\n" }
    };
    let mut out = line(COLUMNS.map(str::to_owned).to_vec());
    for r in set.rules.iter().filter(|r| r.inbound == inbound) {
        out += &line(cells(r));
    }
    out
}

fn cells(r: &Rule) -> Vec<String> {
    let yes = |b: bool| if b { "Yes" } else { "No" }.to_owned();
    let on = PROFILES.iter().zip(r.profiles).filter(|(_, on)| *on);
    let on: Vec<&str> = on.map(|(n, _)| *n).collect();
    let profile = if on.len() == 3 {
        "All".to_owned()
    } else {
        on.join(", ")
    };
    let action = match (r.action, r.secure) {
        (Act::Block, _) => "Block",
        (_, Secure::No) => "Allow",
        _ => "Secure",
    };
    let named = match r.proto {
        Proto::Other(2) => "IGMP".to_owned(),
        Proto::Other(41) => "IPv6".to_owned(),
        Proto::Other(47) => "GRE".to_owned(),
        p => proto(p),
    };
    let ports = |all: &[_]| or_any(&STYLE.ports(all), ", ");
    let any = || "Any".to_owned();
    let package = match &r.beyond {
        Some(Beyond::Package(sid)) => sid.clone(),
        _ => any(),
    };
    let owner = match &r.beyond {
        Some(Beyond::Owner(sid)) => sid.clone(),
        _ => any(),
    };
    // The console writes names of accounts.
    let users = match &r.beyond {
        Some(Beyond::LocalUser(_)) => "NT AUTHORITY\\USER MODE DRIVERS".to_owned(),
        _ => any(),
    };
    vec![
        r.name.clone(),
        r.group.clone(),
        profile,
        yes(r.enabled),
        action.to_owned(),
        yes(r.action == Act::Bypass),
        r.program.clone().unwrap_or_else(any),
        or_any(&STYLE.addresses(&r.local), ", "),
        or_any(&STYLE.addresses(&r.remote), ", "),
        named,
        ports(&r.lports),
        ports(&r.rports),
        any(),
        any(),
        users,
        owner,
        package,
    ]
}
