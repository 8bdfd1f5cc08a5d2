//! `ifconfig` of net-tools: the layout of version 2 and that of 1.60. It shows one IPv4 address an interface, so that it never
//! shows all.

use super::addr::{Own, is_name, network};
use super::lines::Line;
use hylint_model::HostInterface;
use hylint_space::{AddrSet, Family};
use std::net::{IpAddr, Ipv4Addr};

/// The line that begins an interface: `eth0: flags=4163<UP,…>  mtu 1500`, or `eth0      Link encap:Ethernet …`.
pub(super) fn head(line: &Line<'_>) -> Option<HostInterface> {
    if line.is_indented() {
        return None;
    }
    let (word, rest) = line.text.split_once([' ', '\t'])?;
    let (name, flags) = match word.strip_suffix(':') {
        Some(name) => {
            let flags = rest.trim_start().strip_prefix("flags=")?;
            let (number, flags) = flags.split_once('<')?;
            number.parse::<u32>().ok()?;
            // BSD has one blank here, and its numbers are hexadecimal.
            let (flags, mtu) = flags.split_once('>')?;
            mtu.strip_prefix("  ")?;
            (name, flags)
        }
        None if rest.contains("encap:") => (word, ""),
        None => return None,
    };
    // `eth0:1` is an address of `eth0`.
    let name = name.split(':').next().filter(|n| is_name(n))?;
    let flag = |f: &str| flags.split(',').any(|g| g == f);
    Some(HostInterface {
        name: name.into(),
        loopback: name == "lo" || flag("LOOPBACK"),
        up: (!flags.is_empty()).then(|| flag("UP") && flag("RUNNING")),
        span: line.span(),
        ..HostInterface::default()
    })
}

/// The address of a line, in any language; an error if it is cut off.
pub(super) fn address(line: &Line<'_>) -> Option<Result<Own, ()>> {
    let mut words = line.words();
    let first = words.next()?;
    let word = first.split(['-', ':']).next()?;
    // French has `inet adr:` and `adr inet6:`, German `inet Adresse:` and `inet6-Adresse:`.
    let second = words.clone().next().unwrap_or("");
    let v6 = word == "inet6" || second.starts_with("inet6");
    if !v6 && word != "inet" {
        return None;
    }
    Some(if v6 { of_v6(words) } else { of_v4(words) }.ok_or(()))
}

fn of_v6<'t>(words: impl Iterator<Item = &'t str>) -> Option<Own> {
    let words: Vec<&str> = words.collect();
    let at = words.iter().position(|w| {
        let addr = w.split(['/', '%']).next().unwrap_or("");
        addr.parse::<IpAddr>().is_ok_and(|a| a.is_ipv6())
    })?;
    let text = words.get(at)?;
    let addr: IpAddr = text.split(['/', '%']).next()?.parse().ok()?;
    let prefix = match text.split_once('/') {
        Some((_, length)) => length,
        None => words.iter().skip_while(|w| **w != "prefixlen").nth(1)?,
    };
    Some(Own {
        addr,
        network: network(&format!("{addr}/{prefix}"))?,
        refused: false,
    })
}

/// Words such as `addr:10.0.0.1`, `Mask:255.255.255.0`, `P-t-P:10.8.0.2`, or `10.0.0.1 netmask 255.255.255.0`.
fn of_v4<'t>(words: impl Iterator<Item = &'t str>) -> Option<Own> {
    let mut key = "";
    let (mut addr, mut mask, mut peer) = (None, None, None);
    for word in words {
        let (own, value) = word.rsplit_once(':').unwrap_or((key, word));
        let Ok(value) = value.parse::<Ipv4Addr>() else {
            key = word;
            continue;
        };
        match own {
            "P-t-P" | "destination" => peer = Some(value),
            "broadcast" | "Bcast" => {}
            _ if addr.is_none() => addr = Some(value),
            // Masks are the last word in every language.
            _ => mask = Some(value),
        }
        key = "";
    }
    let (addr, mask) = (addr?, mask?);
    let network = network(&format!("{}/{mask}", peer.unwrap_or(addr)))?;
    Some(Own {
        addr: addr.into(),
        network: network
            .union(&peer.map_or(AddrSet::empty(), |p| AddrSet::host(p.into())))
            .only(Family::V4),
        refused: false,
    })
}
