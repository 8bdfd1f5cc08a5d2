//! The rules of a server as it comes, and those that HyWorks needs on a session host.

use super::rules::{
    Act, Addr, AddrWord, Inbound, Interfaces, Port, PortWord, Proto, Rule, Secure, Set, Settings,
};
use std::net::IpAddr;

const TABLE: &str = include_str!("stock.tsv");

fn items(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(',').filter(|t| !t.is_empty())
}

fn port(text: &str) -> Port {
    let word = match text {
        "RPC" => PortWord::Rpc,
        "RPC-EPMap" => PortWord::RpcEpMap,
        "IPTLSIn" | "IPHTTPSIn" | "IPTLSOut" | "IPHTTPSOut" => PortWord::IpHttps,
        "Teredo" => PortWord::Teredo,
        "Ply2Disc" => PortWord::PlayTo,
        number => {
            let (a, b) = number.split_once('-').unwrap_or((number, number));
            let (a, b) = (a.parse().unwrap(), b.parse().unwrap());
            return if a == b {
                Port::One(a)
            } else {
                Port::Range(a, b)
            };
        }
    };
    Port::Word(word)
}

fn ports(cell: &str) -> Vec<Port> {
    let mut all: Vec<Port> = items(cell).map(port).collect();
    all.dedup();
    all
}

pub fn address(text: &str) -> Addr {
    match text {
        "LocalSubnet" => return Addr::Word(AddrWord::LocalSubnet),
        "Ply2Renders" => return Addr::Word(AddrWord::PlayTo),
        _ => {}
    }
    match text.split_once('/') {
        Some((ip, bits)) => Addr::Prefix(ip.parse().unwrap(), bits.parse().unwrap()),
        None => Addr::One(text.parse::<IpAddr>().unwrap()),
    }
}

fn proto(text: &str) -> Proto {
    match text {
        "Any" => Proto::Any,
        "TCP" => Proto::Tcp,
        "UDP" => Proto::Udp,
        "ICMPv4" => Proto::Icmp4,
        "ICMPv6" => Proto::Icmp6,
        number => Proto::Other(number.parse().unwrap()),
    }
}

fn icmp(text: &str) -> (u8, Option<u8>) {
    let (kind, code) = text.split_once(':').unwrap();
    (kind.parse().unwrap(), code.parse().ok())
}

fn text(cell: &str) -> Option<String> {
    (!cell.is_empty()).then(|| cell.to_owned())
}

fn rule(line: &str) -> Rule {
    let cells: Vec<&str> = line.split('\t').collect();
    let on: Vec<&str> = items(cells[7]).collect();
    let profiles = ["Domain", "Private", "Public"].map(|p| on.is_empty() || on.contains(&p));
    Rule {
        id: cells[0].to_owned(),
        name: cells[4].to_owned(),
        reference: text(cells[1]).map(|name| (name, cells[2].to_owned())),
        description: String::new(),
        group: cells[3].to_owned(),
        enabled: cells[6] == "yes",
        inbound: cells[5] == "In",
        profiles,
        action: Act::Allow,
        proto: proto(cells[8]),
        icmp: items(cells[15]).map(icmp).collect(),
        local: items(cells[11]).map(address).collect(),
        remote: items(cells[12]).map(address).collect(),
        lports: ports(cells[9]),
        rports: ports(cells[10]),
        program: text(cells[13]),
        service: text(cells[14]),
        interfaces: Interfaces::Any,
        secure: Secure::No,
        edge: cells[16] == "yes",
        policy: false,
        beyond: None,
    }
}

/// An inbound allow of a TCP port, as an administrator makes it.
fn needed(number: usize, name: &str, port: u16, from: &[&str]) -> Rule {
    Rule {
        id: format!("{{9D5F0A31-0000-4000-8000-{number:012X}}}"),
        name: name.to_owned(),
        reference: None,
        group: "HyWorks".to_owned(),
        remote: from.iter().map(|a| address(a)).collect(),
        lports: vec![Port::One(port)],
        ..rule(
            &[
                "x", "", "", "", "", "In", "yes", "", "TCP", "", "", "", "", "", "", "", "no",
            ]
            .join("\t"),
        )
    }
}

/// A session host: what Windows ships, and the rules for HyWorks.
pub fn session_host() -> Set {
    let lines = TABLE.lines().filter(|l| !l.starts_with('#'));
    let mut rules: Vec<Rule> = lines.map(rule).collect();
    let open = |r: &&Rule| r.inbound && r.enabled && r.remote.is_empty();
    assert_eq!((rules.len(), rules.iter().filter(open).count()), (240, 33));
    rules.extend([
        needed(1, "HyWorks session information", 38871, &["10.20.1.11"]),
        needed(2, "HyWorks load information", 38870, &["10.20.1.11"]),
        needed(3, "HyWorks desktop agent", 38863, &["10.20.1.11"]),
        needed(4, "HyWorks desktops", 3389, &["10.20.1.11", "10.50.0.0/16"]),
    ]);
    let settings = [Settings {
        on: true,
        inbound: Inbound::Block,
        outbound: true,
    }; 3];
    Set { settings, rules }
}

pub const SITE: &str = "[site]\nname = \"Servers\"\n[deployment]\naccess = \"direct\"\n[roles]\ncontroller-management = [\"10.20.1.11\"]\nactive-directory = []\nsql-server = []\nworkspace-client = [\"10.50.0.0/16\"]\n[[host]]\nname = \"sh1\"\naddresses = [\"10.20.10.31\"]\nroles = [\"session-host\"]\nexports = [\"sh1/*\"]\nprofile = \"domain\"\n";
