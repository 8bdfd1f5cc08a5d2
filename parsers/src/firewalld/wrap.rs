//! Lines that a terminal or a mail program has broken.

use super::{catalog, matches};

/// How the end of a line and the next line belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Joint {
    /// They are one word, or a blank is there already.
    Whole,
    /// They are two words.
    Apart,
    /// Nothing tells which.
    Open,
}

/// Words of rich rules.
const ELEMENTS: [&str; 22] = [
    "rule",
    "source",
    "destination",
    "service",
    "port",
    "source-port",
    "forward-port",
    "protocol",
    "icmp-block",
    "icmp-type",
    "masquerade",
    "tcp-mss-clamp",
    "log",
    "nflog",
    "audit",
    "accept",
    "reject",
    "drop",
    "mark",
    "limit",
    "not",
    "NOT",
];

/// Attributes of rich rules.
const ATTRIBUTES: [&str; 19] = [
    "family",
    "priority",
    "address",
    "mac",
    "ipset",
    "invert",
    "name",
    "value",
    "port",
    "protocol",
    "to-port",
    "to-addr",
    "set",
    "burst",
    "prefix",
    "level",
    "group",
    "queue-size",
    "type",
];

/// How interfaces begin.
const INTERFACES: [&str; 20] = [
    "eth", "ens", "eno", "enp", "enx", "em", "bond", "team", "br", "virbr", "docker", "vlan",
    "wlan", "wlp", "wg", "tun", "tap", "veth", "ppp", "ib",
];

/// How the value of a key goes on. `before` is the value so far, `rest` is the next line.
pub(super) fn joint(key: &str, before: &str, rest: &str) -> Joint {
    let last = before.split_ascii_whitespace().next_back().unwrap_or("");
    let first = rest.split_ascii_whitespace().next().unwrap_or("");
    if last.is_empty()
        || before.ends_with(char::is_whitespace)
        || rest.starts_with(char::is_whitespace)
    {
        return Joint::Whole;
    }
    let is = |w: &str| is_word(key, w);
    let parts = is(last) && is(first);
    match (is(&format!("{last}{first}")), parts) {
        (true, false) => Joint::Whole,
        (false, true) => Joint::Apart,
        // What is broken in a rich rule shows as it is read.
        _ if key == "rich rules" || key == "forward-ports" => Joint::Whole,
        _ => Joint::Open,
    }
}

/// Whether a line may be the rest of a rich rule that ends so.
pub(super) fn goes_on(before: &str, rest: &str) -> bool {
    let last = before.split_ascii_whitespace().next_back().unwrap_or("");
    let first = rest.split_ascii_whitespace().next().unwrap_or("");
    let quotes = before.matches('"').count() % 2 == 1;
    let lasts = rest.split_ascii_whitespace();
    quotes
        || lasts.clone().any(|w| w.contains('='))
        || ELEMENTS.contains(&first)
        || is_word("rich rules", &format!("{last}{first}"))
}

/// Whether a word is a source of a zone.
pub(super) fn is_source(w: &str) -> bool {
    is_word("sources", w)
}

fn is_word(key: &str, w: &str) -> bool {
    match key {
        "ports" | "source-ports" | "sourceports" => w.split_once('/').is_some_and(|(p, name)| {
            matches::ports(p).is_some() && matches!(name, "tcp" | "udp" | "sctp" | "dccp")
        }),
        "services" | "includes" => catalog::is_service(w),
        "protocols" => catalog::protocol(w).is_some(),
        "icmp-blocks" => catalog::icmp(w).is_some(),
        "sources" | "entries" => {
            matches::network(w).is_some() || matches::mac(w).is_some() || w.starts_with("ipset:")
        }
        "interfaces" => is_interface(w),
        "rich rules" => {
            let attribute = w.split_once('=').is_some_and(|(name, value)| {
                let quoted = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
                let bare = !value.is_empty() && !value.contains('"');
                ATTRIBUTES.contains(&name) && (quoted || bare)
            });
            attribute || ELEMENTS.contains(&w)
        }
        _ => false,
    }
}

/// An interface whose name is made as Linux makes them: `eth0`, `ens192`, `enp3s0f1`, `bond0.100`.
fn is_interface(w: &str) -> bool {
    let tail = INTERFACES.iter().find_map(|p| w.strip_prefix(p));
    tail.is_some_and(|t| {
        let known = |c: char| c.is_ascii_digit() || matches!(c, 's' | 'p' | 'f' | 'd' | 'n' | '.');
        t.starts_with(|c: char| c.is_ascii_digit()) && t.chars().all(known)
    }) && w.len() <= 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_as_their_words_tell() {
        let cases = [
            ("sources", " 10.9.0.0/16", "10.1.0.0/16", Joint::Apart),
            ("sources", " 10.9.0.0/16 10.1", ".0.0/16", Joint::Whole),
            ("interfaces", " eth0", "eth1", Joint::Apart),
            ("interfaces", " ens1", "92", Joint::Whole),
            ("interfaces", " lan", "dmz", Joint::Open),
            ("services", " dhcpv6-client", "ssh", Joint::Apart),
            ("services", " dhcpv6-cl", "ient", Joint::Whole),
            ("services", " app", "ssh", Joint::Open),
            ("ports", " 22/tcp", "1433/tcp", Joint::Apart),
            ("ports", " 14", "33/tcp", Joint::Whole),
            ("rich rules", "rule port", "port=\"1433\"", Joint::Apart),
            ("rich rules", "rule acc", "ept", Joint::Whole),
        ];
        for (key, before, rest, want) in cases {
            assert_eq!(joint(key, before, rest), want, "{key}: {before}|{rest}");
        }
        assert!(!goes_on(
            "rule family=\"ipv4\" accept",
            "[root@sql1 ~]# exit"
        ));
        assert!(goes_on(
            "rule family=\"ipv4\" source",
            "address=\"10.0.0.1\" drop"
        ));
    }
}
