//! How the vendors' tools write numbers, addresses and lists.

use super::rules::{Addr, AddrWord, Port, PortWord, Proto};
use std::net::{IpAddr, Ipv4Addr};

/// How a form writes what has more than one notation.
#[derive(Clone, Copy)]
pub struct Style {
    /// IPv4 prefixes as masks.
    pub masks: bool,
    /// One address as a prefix of its whole length.
    pub whole: bool,
    pub port: fn(PortWord) -> &'static str,
    pub addr: fn(AddrWord) -> &'static str,
}

pub fn mask(bits: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0))
}

impl Style {
    pub fn address(&self, a: &Addr) -> String {
        match a {
            Addr::One(ip) if self.whole => {
                format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 })
            }
            Addr::One(ip) => ip.to_string(),
            Addr::Prefix(IpAddr::V4(ip), n) if self.masks => format!("{ip}/{}", mask(*n)),
            Addr::Prefix(ip, n) => format!("{ip}/{n}"),
            Addr::Range(a, b) => format!("{a}-{b}"),
            Addr::Word(w) => (self.addr)(*w).to_owned(),
        }
    }

    pub fn addresses(&self, all: &[Addr]) -> Vec<String> {
        all.iter().map(|a| self.address(a)).collect()
    }

    pub fn ports(&self, all: &[Port]) -> Vec<String> {
        let one = |p: &Port| match p {
            Port::One(n) => n.to_string(),
            Port::Range(a, b) => format!("{a}-{b}"),
            Port::Word(w) => (self.port)(*w).to_owned(),
        };
        all.iter().map(one).collect()
    }
}

/// A list, or `Any`.
pub fn or_any(all: &[String], between: &str) -> String {
    if all.is_empty() {
        "Any".into()
    } else {
        all.join(between)
    }
}

/// TCP, UDP, ICMPv4 and ICMPv6 by name, others by number.
pub fn proto(p: Proto) -> String {
    match p {
        Proto::Any => "Any".into(),
        Proto::Tcp => "TCP".into(),
        Proto::Udp => "UDP".into(),
        Proto::Icmp4 => "ICMPv4".into(),
        Proto::Icmp6 => "ICMPv6".into(),
        Proto::Other(n) => n.to_string(),
    }
}
