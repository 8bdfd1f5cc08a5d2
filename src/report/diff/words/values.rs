//! Lists of addresses, ports and protocols in words: what is nearly everything is told by what is missing.

use crate::common::sanitize::text;
use crate::common::words::{list, some};
use crate::judge::protocol_name;
use hylint_space::{AddrSet, Family};

/// Values of a list whose complement is tried: longer ones are cut and counted anyway.
const TRIED: usize = 64;
/// Protocols that are nearly all.
const MOST: usize = 200;

/// Addresses of one end of packets.
pub(super) struct End<'a> {
    what: &'static str,
    all: &'a [String],
    missing: Option<(&'static str, Vec<String>)>,
}

impl<'a> End<'a> {
    /// `what` is a source or a destination.
    pub(super) fn new(what: &'static str, all: &'a [String]) -> Self {
        Self {
            what,
            all,
            missing: missing(all),
        }
    }

    /// `any IPv4 source except 10.0.0.0/8`, `10.0.0.0/8 and 10.2.0.0/16`; nothing if they are any.
    pub(super) fn said(&self, most: usize) -> String {
        match &self.missing {
            Some((family, missing)) => {
                except(&format!("any {family} {}", self.what), missing, most)
            }
            None => named(self.all, most),
        }
    }
}

/// The family of a list that is nearly all of it, and what is missing.
fn missing(all: &[String]) -> Option<(&'static str, Vec<String>)> {
    // A list of prefixes is seldom nearly everything, and long lists are many.
    let part = |a: &String| match a.split_once('/') {
        Some((_, len)) => len.parse().map_or(1.0, |len: f64| (-len).exp2()),
        None if a.contains('-') => 1.0,
        None => 0.0,
    };
    if all.len() > TRIED || all.iter().map(part).sum::<f64>() < 0.5 {
        return None;
    }
    let mut set = AddrSet::empty();
    for a in all {
        set = set.union(&AddrSet::parse(a)?);
    }
    let (family, name) = match (set.has(Family::V4), set.has(Family::V6)) {
        (true, false) => (Family::V4, "IPv4"),
        (false, true) => (Family::V6, "IPv6"),
        _ => return None,
    };
    let rest = AddrSet::any_of(family).subtract(&set);
    let few: f64 = (rest.prefixes().iter())
        .map(|(_, len)| (-f64::from(*len)).exp2())
        .sum();
    let rest: Vec<String> = rest.texts().collect();
    let ranges = |all: &[String]| all.iter().filter(|a| a.contains('-')).count();
    let shorter = rest.len() < all.len() || rest.len() == all.len() && ranges(&rest) < ranges(all);
    (few < 0.5 && shorter).then_some((name, rest))
}

fn except(all: &str, missing: &[String], most: usize) -> String {
    match missing.is_empty() {
        true => all.to_owned(),
        false => format!("{all} except {}", named(missing, most)),
    }
}

/// Ports of `what`, up to a last one: `TCP 22 and 80`, `every TCP port except 22`.
pub(super) fn ports(what: &str, unit: &str, all: &[String], last: u16, most: usize) -> String {
    match gaps(all, last) {
        Some(missing) if missing.len() < all.len() => {
            except(&format!("every {what} {unit}"), &missing, most)
        }
        // `TCP and UDP 53, 80`: another "and" could begin another protocol.
        _ if what.contains(" and ") && all.len() <= most => {
            let all: Vec<_> = all.iter().map(|p| text(p)).collect();
            format!("{what} {}", all.join(", "))
        }
        _ => format!("{what} {}", named(all, most)),
    }
}

/// The ports that a list does not have.
fn gaps(all: &[String], last: u16) -> Option<Vec<String>> {
    let mut ranges: Vec<(u16, u16)> = Vec::with_capacity(all.len());
    for text in all {
        let (lo, hi) = text.split_once('-').unwrap_or((text, text));
        ranges.push((lo.parse().ok()?, hi.parse().ok()?));
    }
    ranges.sort_unstable();
    let mut gaps = Vec::new();
    let mut next = Some(0);
    for (lo, hi) in ranges {
        let from = next?;
        if lo > from {
            gaps.push(range(from, lo - 1));
        }
        next = hi.max(from.saturating_sub(1)).checked_add(1);
    }
    if let Some(from) = next.filter(|n| *n <= last) {
        gaps.push(range(from, last));
    }
    Some(gaps)
}

fn range(lo: u16, hi: u16) -> String {
    match lo == hi {
        true => lo.to_string(),
        false => format!("{lo}-{hi}"),
    }
}

/// Protocols: `TCP`, `TCP and UDP`, `protocol 47`, `every protocol except TCP`.
pub(super) fn protocols(all: &[String], most: usize) -> String {
    let nearly = all.len() > MOST;
    let names = |all: &[String]| all.iter().map(|p| protocol(p)).collect::<Vec<_>>();
    if nearly {
        let missing: Vec<String> = (0..=u8::MAX).map(protocol_name).collect();
        let missing: Vec<String> = missing.into_iter().filter(|p| !all.contains(p)).collect();
        let missing = names(&missing);
        return match missing.is_empty() {
            true => "every protocol".to_owned(),
            false => format!("every protocol except {}", some(&missing, most.max(8))),
        };
    }
    match all.len() > most {
        true => some(&names(all), most),
        false => list(&names(all)),
    }
}

fn protocol(p: &str) -> String {
    match p {
        "icmpv6" => "ICMPv6".into(),
        number if number.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("protocol {}", text(number))
        }
        name => text(name).to_uppercase(),
    }
}

/// The first values of a list; the others are counted.
pub(super) fn named(all: &[String], most: usize) -> String {
    let all: Vec<_> = all.iter().map(|a| text(a)).collect();
    some(&all, most)
}

#[cfg(test)]
mod tests {
    use super::{End, ports, protocols};

    fn owned(all: &[&str]) -> Vec<String> {
        all.iter().map(|a| (*a).to_owned()).collect()
    }

    /// Catches a list that says other addresses than it has.
    #[test]
    fn nearly_all_addresses_are_told_by_what_is_missing() {
        for (all, said) in [
            (
                &["10.0.0.0/8", "10.2.0.0/16"][..],
                "10.0.0.0/8 and 10.2.0.0/16",
            ),
            (&["0.0.0.0/0"], "any IPv4 source"),
            (&["::/0"], "any IPv6 source"),
            (&["128.0.0.0/1"], "128.0.0.0/1"),
            (
                &["0.0.0.0/8", "255.255.255.255"],
                "0.0.0.0/8 and 255.255.255.255",
            ),
            (
                &["0.0.0.0-9.255.255.255", "11.0.0.0-255.255.255.255"],
                "any IPv4 source except 10.0.0.0/8",
            ),
            (
                &["0.0.0.0-255.255.255.254"],
                "any IPv4 source except 255.255.255.255",
            ),
            (&["10.0.0.5", "name"], "10.0.0.5 and name"),
            (&["10.0.0.0/8", "fc00::/7"], "10.0.0.0/8 and fc00::/7"),
        ] {
            assert_eq!(End::new("source", &owned(all)).said(4), said);
        }
    }

    #[test]
    fn nearly_all_ports_are_told_by_what_is_missing() {
        for (all, said) in [
            (&["22"][..], "TCP 22"),
            (&["22", "80-90"], "TCP 22 and 80-90"),
            (&["0-21", "23-65535"], "every TCP port except 22"),
            (&["1-65535"], "TCP 1-65535"),
            (&["0-65535"], "every TCP port"),
            (&["22", "x"], "TCP 22 and x"),
            (&["65535", "1-2"], "TCP 65535 and 1-2"),
        ] {
            assert_eq!(ports("TCP", "port", &owned(all), 65535, 4), said);
        }
        assert_eq!(
            ports("ICMP", "type", &owned(&["0-7", "9-255"]), 255, 4),
            "every ICMP type except 8"
        );
    }

    #[test]
    fn nearly_all_protocols_are_told_by_what_is_missing() {
        let all: Vec<String> = (0..=255_u8).map(crate::judge::protocol_name).collect();
        assert_eq!(protocols(&all, 4), "every protocol");
        let all: Vec<String> = all
            .into_iter()
            .filter(|p| p != "tcp" && p != "47")
            .collect();
        assert_eq!(
            protocols(&all, 4),
            "every protocol except TCP and protocol 47"
        );
        assert_eq!(protocols(&owned(&["udp", "icmpv6"]), 4), "UDP and ICMPv6");
    }
}
