//! `ip addr`: whole blocks, one line an address (`-o`), or one line an interface (`-br`).

use super::lines::{Line, numbered};
use hylint_model::HostInterface;
use hylint_space::AddrSet;
use std::net::IpAddr;

/// The line that begins an interface: `2: eth0@if5: <BROADCAST,UP> mtu 1500 …`.
pub(super) fn head(line: &Line<'_>) -> Option<HostInterface> {
    let (index, rest) = numbered(line.text)?;
    let (name, rest) = rest.split_once(": <")?;
    let (flags, rest) = rest.split_once('>')?;
    let name = name.split('@').next().filter(|n| is_name(n))?;
    let flag = |f: &str| flags.split(',').any(|g| g == f);
    Some(HostInterface {
        name: name.into(),
        index: Some(index),
        loopback: flag("LOOPBACK"),
        up: Some(is_up(flag, after(rest, "state"))),
        master: after(rest, "master").unwrap_or("").into(),
        span: line.span(),
        ..HostInterface::default()
    })
}

/// Whether the line of a head goes on beyond its flags.
pub(super) fn is_whole_head(line: &Line<'_>) -> bool {
    after(line.text, "mtu").is_some()
        && ["qdisc", "state"]
            .iter()
            .any(|k| after(line.text, k).is_some())
}

/// What the last line of a block is, for the case that the text ends there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Last {
    /// The block may end with it.
    Whole,
    /// The head of the block.
    Head,
    /// An address, below which its lifetime stands.
    Address,
    /// A line that may be cut off.
    Open,
}

/// What a line below a head is.
pub(super) fn last(text: &str) -> Last {
    let mut words = text.split_ascii_whitespace();
    match words.next() {
        Some("inet" | "inet6") => Last::Address,
        Some("valid_lft") => {
            let ends = |w: &str| w == "forever" || w.ends_with("sec");
            let whole = after(text, "preferred_lft").is_some_and(ends);
            if whole { Last::Whole } else { Last::Open }
        }
        Some("link/none") => Last::Whole,
        Some(w) if w.starts_with("link/") && after(text, "brd").is_some_and(|b| b.len() >= 17) => {
            Last::Whole
        }
        _ => Last::Open,
    }
}

/// Whether an interface is up and connected, by its flags and its state.
pub(super) fn is_up(flag: impl Fn(&str) -> bool, state: Option<&str>) -> bool {
    flag("UP") && !flag("NO-CARRIER") && state != Some("DOWN")
}

/// Whether a word may be the name of an interface (`dev_valid_name` of Linux).
pub(super) fn is_name(word: &str) -> bool {
    let fits = (1..16).contains(&word.len());
    fits && !matches!(word, "." | "..")
        && !word.contains(['/', ':'])
        && !word.contains(char::is_whitespace)
}

/// The word behind a key.
fn after<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut words = text.split_ascii_whitespace();
    words.find(|w| *w == key)?;
    words.next()
}

/// An address with its network.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Own {
    pub(super) addr: IpAddr,
    pub(super) network: AddrSet,
    /// The kernel found another host with it (`dadfailed`), so that it is not used.
    pub(super) refused: bool,
}

/// The address of a line `inet 10.0.0.1/24 brd … scope global eth0`; an error if the line is cut off or unreadable.
pub(super) fn address(text: &str) -> Option<Result<Own, ()>> {
    let mut words = text.split_ascii_whitespace();
    let v6 = match words.next()? {
        "inet" => false,
        "inet6" => true,
        _ => return None,
    };
    let words: Vec<&str> = words.collect();
    Some(own(&words, v6).ok_or(()))
}

fn own(words: &[&str], v6: bool) -> Option<Own> {
    let behind = |key: &str| {
        let at = words.iter().position(|w| *w == key)?;
        words.get(at + 1).copied()
    };
    // Each address has a scope, so that one without it is cut off.
    behind("scope")?;
    let first = words.first()?;
    let prefix = behind("peer").unwrap_or(first);
    let text = first.split('/').next()?;
    let addr: IpAddr = text.parse().ok().filter(|a: &IpAddr| a.is_ipv6() == v6)?;
    Some(Own {
        addr,
        network: network(prefix)?,
        refused: words.contains(&"dadfailed"),
    })
}

/// The network of an address with its prefix length.
pub(super) fn network(text: &str) -> Option<AddrSet> {
    // `0.0.0.0/0` on an interface would be every host.
    AddrSet::parse(text).filter(|n| !n.is_empty() && !text.ends_with("/0"))
}

impl Own {
    /// Adds it to an interface.
    pub(super) fn add_to(&self, interface: &mut HostInterface) {
        if !self.refused {
            interface.addrs = interface.addrs.union(&AddrSet::host(self.addr));
            interface.networks = interface.networks.union(&self.network);
        }
    }
}

/// A line of `ip -o addr`: the number and name of the interface, and its address.
pub(super) fn one_line(line: &Line<'_>) -> Option<(HostInterface, Result<Own, ()>)> {
    let (index, rest) = numbered(line.text)?;
    let (name, rest) = rest.split_once([' ', '\t'])?;
    let name = name.split('@').next().filter(|n| is_name(n))?;
    let own = address(rest.split('\\').next()?)?;
    let interface = HostInterface {
        name: name.into(),
        index: Some(index),
        loopback: name == "lo",
        span: line.span(),
        ..HostInterface::default()
    };
    Some((interface, own))
}

/// States that `ip -br` prints (`operstate` of Linux).
const STATES: [&str; 7] = [
    "UP",
    "DOWN",
    "UNKNOWN",
    "LOWERLAYERDOWN",
    "DORMANT",
    "NOTPRESENT",
    "TESTING",
];

/// A line of `ip -br addr`: name, state, addresses.
pub(super) fn brief(line: &Line<'_>) -> Option<(HostInterface, Vec<Result<Own, ()>>)> {
    if line.is_indented() {
        return None;
    }
    let mut words = line.words();
    let name = words.next()?.split('@').next().filter(|n| is_name(n))?;
    let state = words.next().filter(|s| STATES.contains(s))?;
    let interface = HostInterface {
        name: name.into(),
        loopback: name == "lo",
        up: Some(!matches!(state, "DOWN" | "LOWERLAYERDOWN" | "NOTPRESENT")),
        span: line.span(),
        ..HostInterface::default()
    };
    let mut own: Vec<Result<Own, ()>> = Vec::new();
    while let Some(word) = words.next() {
        // `metric 100` of newer versions stands behind an address.
        if word == "metric" {
            words.next();
            continue;
        }
        let text = if word == "peer" { words.next()? } else { word };
        if text.contains(':') && !text.contains('/') && own.is_empty() {
            // A hardware address, of `ip -br link`.
            return None;
        }
        let addr: Option<IpAddr> = text.split('/').next().and_then(|a| a.parse().ok());
        let found = addr.zip(network(text)).map(|(addr, network)| Own {
            addr,
            network,
            refused: false,
        });
        match (word, found, own.last_mut()) {
            // `10.8.0.1 peer 10.8.0.2/32`.
            ("peer", Some(peer), Some(Ok(last))) => last.network = peer.network,
            ("peer", ..) => own.push(Err(())),
            (_, found, _) => own.push(found.ok_or(())),
        }
    }
    Some((interface, own))
}
