//! `ss`: a socket a line.

use super::lines::Line;
use hylint_model::Socket;
use hylint_space::{AddrSet, Family, proto};
use std::net::IpAddr;

/// What a line of a listing of sockets is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Row {
    /// A socket of TCP or UDP that waits.
    Waits(Socket),
    /// A socket of TCP or UDP with a peer.
    Connected,
    /// A socket of another kind.
    Other,
    /// A socket that waits at a port that is a name.
    Named,
}

/// States of sockets (`sstate_namel` of ss.c).
const STATES: [&str; 12] = [
    "LISTEN",
    "UNCONN",
    "ESTAB",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "CLOSE-WAIT",
    "LAST-ACK",
    "CLOSING",
    "CLOSED",
];

/// Kinds of sockets that are neither TCP nor UDP (`netid_name` of ss.c).
fn is_other(word: &str) -> bool {
    let known = [
        "nl", "raw", "raw6", "mptcp", "sctp", "dccp", "xdp", "unix", "???", "icmp6", "ti_rd",
        "ti_dg", "ti_sq", "ti_st",
    ];
    known.contains(&word) || ["u_", "p_", "v_"].iter().any(|p| word.starts_with(p))
}

/// Whether a line holds the heads of `ss`.
pub(super) fn is_head(line: &Line<'_>) -> bool {
    let text = line.text;
    text.contains("Recv-Q")
        && text.contains("Local Address")
        && !text.trim_start().starts_with("Proto")
}

/// What a line is; `None` if it is no socket of `ss`.
pub(super) fn read(line: &Line<'_>) -> Option<Row> {
    let mut words = line.words().peekable();
    let protocol = match *words.peek()? {
        "tcp" => Some(proto::TCP),
        "udp" => Some(proto::UDP),
        w if is_other(w) => {
            let numbers = line.words().filter(|w| w.parse::<u64>().is_ok()).count();
            return (numbers >= 2).then_some(Row::Other);
        }
        _ => None,
    };
    let named = protocol.is_some();
    if named {
        words.next();
    }
    let state = words.next().filter(|s| STATES.contains(s))?;
    let queues = [words.next()?, words.next()?];
    if !queues.iter().all(|q| q.parse::<u64>().is_ok()) {
        return None;
    }
    let (local, peer) = (words.next()?, words.next()?);
    let Some(protocol) = protocol.or(match state {
        "LISTEN" => Some(proto::TCP),
        "UNCONN" => Some(proto::UDP),
        _ => None,
    }) else {
        return Some(Row::Connected);
    };
    // Sockets of Unix have a path and the number of an inode; the end of a line may be cut off.
    let port = |text: &str| {
        text.rsplit_once(':')
            .is_some_and(|(_, p)| p.parse::<u16>().is_ok())
    };
    match (local.contains(':'), peer.contains(':')) {
        (true, true) => {}
        (true, false) if named || port(local) => return None,
        _ => return Some(Row::Other),
    }
    if !matches!(state, "LISTEN" | "UNCONN") {
        return Some(Row::Connected);
    }
    Some(waits(local, protocol, programs(line.text), line))
}

/// A socket that waits at an address.
pub(super) fn waits(local: &str, protocol: u8, programs: Programs, line: &Line<'_>) -> Row {
    let Some((addr, port)) = local.rsplit_once(':') else {
        return Row::Other;
    };
    let Ok(port) = port.parse() else {
        return Row::Named;
    };
    let (addr, interface) = address(addr);
    Row::Waits(Socket {
        protocol,
        addrs: addr,
        port,
        interface,
        programs: programs.names,
        services: Vec::new(),
        pid: programs.pid,
        span: line.span(),
    })
}

/// The addresses of a local address, and the interface that it is bound to. `*` is both families, and so may be `::` where it
/// has no brackets; with brackets `ss` means IPv6 alone since iproute2 4.13
/// (`inet_addr_print`); the listing tells its version by other sockets.
fn address(text: &str) -> (AddrSet, Box<str>) {
    let (text, interface) = match text.split_once('%') {
        Some((addr, interface)) => (addr.to_owned(), interface.trim_end_matches(']')),
        None => (text.to_owned(), ""),
    };
    let set = match text.as_str() {
        "*" | "::" => AddrSet::any(),
        "0.0.0.0" => AddrSet::any_of(Family::V4),
        "[::]" => AddrSet::any_of(Family::V6),
        text => {
            let inner = text.trim_start_matches('[').trim_end_matches(']');
            match inner.parse::<IpAddr>() {
                Ok(addr) => AddrSet::host(addr.to_canonical()),
                // An address that is cut short or a name may be any.
                Err(_) => AddrSet::any(),
            }
        }
    };
    (set, interface.into())
}

/// The programs behind a socket.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Programs {
    pub(super) names: Vec<Box<str>>,
    pub(super) pid: Option<u32>,
}

/// The programs of `users:(("sshd",pid=812,fd=3),("systemd",pid=1,fd=62))`, or `users:(("sshd",812,3))` of old versions.
fn programs(text: &str) -> Programs {
    let mut out = Programs::default();
    let Some(mut rest) = text.split_once("users:(").map(|(_, r)| r) else {
        return out;
    };
    while let Some((name, behind)) = rest
        .split_once("(\"")
        .and_then(|(_, r)| r.split_once("\","))
    {
        if !out.names.iter().any(|n| **n == *name) {
            out.names.push(name.into());
        }
        let number = behind.strip_prefix("pid=").unwrap_or(behind);
        let digits = number
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(number.len());
        out.pid = out.pid.or_else(|| number.get(..digits)?.parse().ok());
        rest = behind;
    }
    out
}
