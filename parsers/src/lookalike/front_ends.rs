//! Configurations of programs that write the rules of a Linux host's firewall: what they come to is in the kernel.

use super::form::Standing::{Host, Other, Source};
use super::form::{Form, Text};
use super::linux::{NATIVE, SAVE};

const OPENWRT: &str = "run `nft list ruleset` on the router and give its output (before OpenWrt 22.03 `iptables-save` and \
    `ip6tables-save`)";

const PROXMOX: &str = "run `iptables-save`, `ip6tables-save` and `nft list ruleset` on the node and give their output";

const UFW: &str = "give `user.rules`, `before.rules` and `after.rules` of `/etc/ufw` beside it, or the output of `iptables-save` \
    and `ip6tables-save`";

const NONE: &str = "it opens no port by itself: ufw writes the rules that use it to `user.rules`";

pub(super) const FORMS: &[Form] = &[
    Form::new(Source, ferm, "a configuration of ferm", SAVE),
    Form::new(Source, shorewall, "a configuration of Shorewall", SAVE),
    Form::new(
        Source,
        csf,
        "a configuration of ConfigServer Firewall (csf)",
        SAVE,
    ),
    Form::new(
        Source,
        csf_list,
        "a list of addresses of ConfigServer Firewall (csf)",
        SAVE,
    ),
    Form::new(
        Source,
        apf,
        "a configuration of Advanced Policy Firewall (APF)",
        SAVE,
    ),
    Form::new(
        Source,
        arno,
        "a configuration of Arno's iptables firewall",
        SAVE,
    ),
    Form::new(Source, firehol, "a configuration of FireHOL", SAVE),
    Form::new(Source, awall, "a policy of Alpine Wall (awall)", SAVE),
    Form::new(Source, foomuuri, "a configuration of Foomuuri", NATIVE),
    Form::new(Host, proxmox, "a firewall file of Proxmox VE", PROXMOX),
    Form::new(
        Host,
        openwrt,
        "a firewall configuration of OpenWrt",
        OPENWRT,
    ),
    Form::new(Source, ufw_settings, "the settings of ufw", UFW),
    Form::new(
        Other,
        ufw_application,
        "an application profile of ufw",
        NONE,
    ),
];

/// Files that hold too little to be told by it, and have a name of their own.
pub(super) const NAMED: &[(&[&str], Form)] = &[
    (
        &["csf.allow", "csf.deny", "csf.ignore"],
        Form::new(
            Source,
            csf_entries,
            "a list of addresses of ConfigServer Firewall (csf)",
            SAVE,
        ),
    ),
    (
        &["policy", "rules"],
        Form::new(Source, shorewall_row, "a configuration of Shorewall", SAVE),
    ),
    (
        &["interfaces"],
        Form::new(
            Source,
            shorewall_interfaces,
            "a configuration of Shorewall",
            SAVE,
        ),
    ),
];

/// Whether a chain is one that ufw loads from its files.
pub(crate) fn is_ufw(chain: &str) -> bool {
    matches!(chain, "ufw-before-input" | "ufw6-before-input")
}

/// Lines that are no comment.
fn code<'t>(t: &'t Text<'_>) -> impl Iterator<Item = &'t str> {
    t.lines().filter(|l| !l.is_empty() && !l.starts_with('#'))
}

/// ferm(1): the words of iptables, whose targets are capitals, in blocks like those of nft.
fn ferm(t: &Text<'_>) -> bool {
    is_ferm(t.head)
}

/// Whether a text is of ferm: a target or a policy in capitals ends a statement, as it never does in nft, where a chain of
/// such a name stands behind `jump` or `goto`.
pub(crate) fn is_ferm(text: &str) -> bool {
    const TARGETS: [&str; 8] = [
        "ACCEPT",
        "DROP",
        "REJECT",
        "RETURN",
        "MASQUERADE",
        "LOG",
        "NOTRACK",
        "ULOG",
    ];
    let has = |part: &str| memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some();
    if !TARGETS.iter().any(|t| has(t)) || !has(";") {
        return false;
    }
    let words = |l: &'_ str| -> bool {
        let all: Vec<&str> = l.split_ascii_whitespace().collect();
        all.windows(2).any(|pair| {
            let [before, word] = pair else { return false };
            let ends = word.trim_end_matches(['}', '{']).strip_suffix(';');
            ends.is_some_and(|w| TARGETS.contains(&w))
                && !matches!(*before, "jump" | "goto" | "chain")
        })
    };
    let block = |l: &str| {
        let mut words = l.split_ascii_whitespace();
        matches!(
            words.next(),
            Some("table" | "chain" | "domain" | "@def" | "@include" | "@hook")
        )
    };
    let lines = || text.lines().map(str::trim).filter(|l| !l.starts_with('#'));
    lines().any(words) && lines().any(block) && !has(" hook ")
}

/// csf.conf.
fn csf(t: &Text<'_>) -> bool {
    t.begins(&["TCP_IN = \"", "TCP_IN=\""]) && t.begins(&["TCP_OUT = \"", "TCP_OUT=\""])
}

/// csf.allow, csf.deny, csf.ignore: addresses, with ports between bars (`tcp|in|d=22|s=10.0.0.1`).
fn csf_list(t: &Text<'_>) -> bool {
    let advanced = |l: &str| {
        let mut parts = l.split('|');
        matches!(parts.next(), Some("tcp" | "udp"))
            && matches!(parts.next(), Some("in" | "out"))
            && parts
                .next()
                .is_some_and(|p| p.starts_with("d=") || p.starts_with("s="))
    };
    let maker = t.has_any(&[
        "ConfigServer",
        "Way to the Web",
        "csf.allow",
        "csf.deny",
        "/etc/csf/",
    ]);
    let entry = |l: &str| {
        let word = l.split([' ', '#', '/', '|']).next().unwrap_or("");
        word == "Include" || word.parse::<std::net::IpAddr>().is_ok() || advanced(l)
    };
    code(t).any(advanced) || maker && t.first().starts_with('#') && code(t).all(entry)
}

/// Nothing but addresses.
fn csf_entries(t: &Text<'_>) -> bool {
    let entry = |l: &str| {
        let word = l.split([' ', '\t', '#', '/', '|']).next().unwrap_or("");
        word == "Include"
            || word.parse::<std::net::IpAddr>().is_ok()
            || l.contains("|d=")
            || l.contains("|s=")
    };
    code(t).next().is_some() && code(t).all(entry)
}

/// conf.apf, and the lists of trusted hosts (`tcp:in:d=22:s=10.0.0.1`).
fn apf(t: &Text<'_>) -> bool {
    let trust = |l: &str| {
        let mut parts = l.trim_start_matches('#').trim().split(':');
        matches!(parts.next(), Some("tcp" | "udp"))
            && matches!(parts.next(), Some("in" | "out"))
            && parts
                .next()
                .is_some_and(|p| p.starts_with("d=") || p.starts_with("s="))
    };
    t.begins(&["IG_TCP_CPORTS="]) || t.has(":in:") && t.lines().any(trust)
}

/// firewall.conf of arno-iptables-firewall.
fn arno(t: &Text<'_>) -> bool {
    let keys = [
        "EXT_IF=",
        "INT_IF=",
        "OPEN_TCP=",
        "OPEN_UDP=",
        "NAT_FORWARD_TCP=",
        "DMZ_IF=",
    ];
    keys.iter().filter(|k| t.begins(&[**k])).take(3).count() == 3
}

/// firehol.conf(5).
fn firehol(t: &Text<'_>) -> bool {
    const BLOCKS: [&str; 6] = [
        "interface",
        "interface4",
        "interface6",
        "router",
        "router4",
        "router6",
    ];
    const RULES: [&str; 8] = [
        "server", "client", "route", "server4", "client4", "route4", "server6", "client6",
    ];
    let first = |l: &str| l.split_ascii_whitespace().next().unwrap_or("").to_owned();
    let block = |l: &str| BLOCKS.contains(&first(l).as_str()) && !l.ends_with(['{', ';']);
    let acts = |l: &str| {
        ["accept", "reject", "drop"]
            .iter()
            .any(|a| l.split_ascii_whitespace().any(|w| w == *a))
    };
    let rule =
        |l: &str| RULES.contains(&first(l).as_str()) && acts(l) || first(l) == "policy" && acts(l);
    t.has_any(&["interface", "router"]) && code(t).any(block) && code(t).any(rule)
}

/// The JSON of Alpine's awall(5).
fn awall(t: &Text<'_>) -> bool {
    t.json(&["policy", "filter", "action"]) && t.json(&["in", "out"]) && t.json(&["service"])
        || t.json(&["zone", "iface", "policy"])
}

/// Foomuuri: blocks of zones (`zone { … }`, `public-localhost { … }`).
fn foomuuri(t: &Text<'_>) -> bool {
    let pair = |l: &str| {
        let name = l.strip_suffix('{').map_or("", str::trim);
        name.split_once('-').is_some_and(|(a, b)| {
            !a.is_empty() && b == "localhost" || a == "localhost" && !b.is_empty()
        })
    };
    code(t).any(|l| l == "zone {") || code(t).any(pair) && !t.has(" hook ")
}

/// Shorewall's files by their heads (shorewall-rules(5) and others), and those without a head by their columns.
fn shorewall(t: &Text<'_>) -> bool {
    const HEADS: [&[&str]; 7] = [
        &["SOURCE", "DEST", "POLICY"],
        &["ACTION", "SOURCE", "DEST"],
        &["ZONE", "TYPE"],
        &["ZONE", "INTERFACE"],
        &["ZONE", "HOST"],
        &["INTERFACE", "SOURCE", "ADDRESS"],
        &["INTERFACE:DEST", "SOURCE"],
    ];
    let head = |l: &str| {
        let words: Vec<&str> = l.trim_start_matches('#').split_ascii_whitespace().collect();
        HEADS.iter().any(|h| words.starts_with(h))
    };
    t.lines().any(head)
        || code(t).any(|l| {
            matches!(
                l,
                "SECTION NEW" | "?SECTION NEW" | "?SECTION ALL" | "?SECTION ESTABLISHED"
            )
        })
        || t.begins(&["STARTUP_ENABLED="])
        || shorewall_zones(t)
        || shorewall_rows(t)
}

/// A zone of the firewall itself, and others.
fn shorewall_zones(t: &Text<'_>) -> bool {
    let kind = |l: &str, kinds: &[&str]| {
        let mut words = l.split_ascii_whitespace();
        words.next().is_some() && words.next().is_some_and(|w| kinds.contains(&w))
    };
    code(t).any(|l| kind(l, &["firewall"]))
        && code(t).any(|l| kind(l, &["ipv4", "ipv6", "ip", "bport4", "ipsec4"]))
}

/// Rows of rules (`SSH(ACCEPT) net $FW`) or policies (`net all DROP info`), and nothing else.
fn shorewall_rows(t: &Text<'_>) -> bool {
    shorewall_row(t) && code(t).filter(|l| !is_directive(l)).take(2).count() == 2
}

fn is_directive(line: &str) -> bool {
    ["?", "SECTION ", "INCLUDE "]
        .iter()
        .any(|d| line.starts_with(d))
}

/// shorewall-interfaces(5) without its head: a zone, an interface and options.
fn shorewall_interfaces(t: &Text<'_>) -> bool {
    // interfaces(5) of Debian.
    const OTHER: [&str; 7] = [
        "auto",
        "iface",
        "source",
        "source-directory",
        "mapping",
        "up",
        "allow-hotplug",
    ];
    let row = |l: &str| {
        let words: Vec<&str> = l.split_ascii_whitespace().collect();
        let [zone, interface, rest @ ..] = words.as_slice() else {
            return false;
        };
        let plain = |w: &str| {
            w.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-+.:@".contains(&b))
        };
        !OTHER.contains(zone)
            && zone.len() <= 12
            && plain(zone)
            && plain(interface)
            && rest.len() <= 2
    };
    let rows = || code(t).filter(|l| !is_directive(l));
    rows().next().is_some() && rows().all(row)
}

/// At least one such row, and nothing else.
fn shorewall_row(t: &Text<'_>) -> bool {
    const ACTIONS: [&str; 8] = [
        "ACCEPT", "DROP", "REJECT", "DNAT", "REDIRECT", "CONTINUE", "NONE", "QUEUE",
    ];
    let is_zone = |w: &str| {
        let zone = w.split([':', '!', ',']).next().unwrap_or("");
        let name = zone.trim_start_matches('$').trim_end_matches(['+', '-']);
        let known = ["tcp", "udp", "icmp", "all"].contains(&name) && name != "all";
        !name.is_empty()
            && name.len() <= 12
            && !known
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let action = |w: &str| {
        let bare = w.split([':', '+', '-']).next().unwrap_or("");
        match bare.split_once('(') {
            Some((name, inner)) => {
                name.bytes().all(|b| b.is_ascii_alphanumeric())
                    && ACTIONS.contains(&inner.trim_end_matches(')'))
            }
            None => ACTIONS.contains(&bare),
        }
    };
    let row = |l: &str| {
        let words: Vec<&str> = l.split_ascii_whitespace().collect();
        match words.as_slice() {
            [a, source, dest, ..] if action(a) => is_zone(source) && is_zone(dest),
            [source, dest, a, ..] => is_zone(source) && is_zone(dest) && action(a),
            _ => false,
        }
    };
    let rows = || code(t).filter(|l| !is_directive(l));
    rows().next().is_some() && rows().all(row)
}

/// pve-firewall(8): sections, and rules that begin with their direction.
fn proxmox(t: &Text<'_>) -> bool {
    let section = |l: &str| {
        let name = l
            .strip_prefix('[')
            .and_then(|l| l.split(']').next())
            .unwrap_or("");
        let word = name
            .split_ascii_whitespace()
            .next()
            .unwrap_or("")
            .to_ascii_lowercase();
        matches!(
            word.as_str(),
            "options" | "rules" | "aliases" | "ipset" | "group"
        )
    };
    let rule = |l: &str| {
        let mut words = l.trim_start_matches('|').split_ascii_whitespace();
        let direction = words
            .next()
            .is_some_and(|w| matches!(w, "IN" | "OUT" | "FORWARD"));
        let action = words.next().unwrap_or("");
        let bare = action
            .split_once('(')
            .map_or(action, |(_, inner)| inner.trim_end_matches(')'));
        direction && matches!(bare, "ACCEPT" | "DROP" | "REJECT")
            || l.trim_start_matches('|').starts_with("GROUP ")
    };
    let option = |l: &str| {
        let key = l.split(':').next().unwrap_or("");
        matches!(
            key,
            "policy_in"
                | "policy_out"
                | "policy_forward"
                | "ipfilter"
                | "macfilter"
                | "nftables"
                | "ebtables"
        ) || key == "enable" && l.len() <= "enable: 1".len()
    };
    code(t).any(section) && (code(t).any(rule) || code(t).any(option))
}

/// /etc/config/firewall, and what `uci show firewall` prints of it.
fn openwrt(t: &Text<'_>) -> bool {
    let word = |l: &str, n: usize| {
        let word = l.split_ascii_whitespace().nth(n).unwrap_or("");
        word.trim_matches(['\'', '"']).to_owned()
    };
    let section = |l: &str| {
        word(l, 0) == "config"
            && matches!(
                word(l, 1).as_str(),
                "zone" | "forwarding" | "rule" | "defaults" | "redirect"
            )
    };
    let option = |l: &str| {
        word(l, 0) == "option"
            && matches!(
                word(l, 1).as_str(),
                "target" | "input" | "output" | "forward" | "src" | "dest"
            )
    };
    let shown = |l: &str| {
        let Some((key, value)) = l.strip_prefix("firewall.").and_then(|l| l.split_once('=')) else {
            return false;
        };
        let value = value.trim_matches('\'');
        key.starts_with('@')
            || matches!(
                value,
                "zone" | "rule" | "forwarding" | "defaults" | "redirect"
            )
    };
    // `uci set firewall.…`, `uci add firewall rule`.
    let command = |l: &str| {
        let mut words = l
            .split_ascii_whitespace()
            .skip_while(|w| *w != "uci")
            .skip(1);
        let mut words = words.by_ref().skip_while(|w| w.starts_with('-'));
        let verbs = [
            "set", "add", "add_list", "del_list", "delete", "rename", "reorder", "import", "batch",
        ];
        words.next().is_some_and(|w| verbs.contains(&w))
            && words.next().is_some_and(|w| {
                let config = w.trim_matches(['"', '\'']);
                config == "firewall" || config.starts_with("firewall.")
            })
            && !l.starts_with('#')
    };
    t.has("config") && t.lines().any(section) && t.lines().any(option)
        || t.has("firewall.") && t.lines().filter(|l| shown(l)).take(2).count() == 2
        || t.has("uci ") && t.lines().any(command)
}

/// /etc/default/ufw and ufw.conf(5).
fn ufw_settings(t: &Text<'_>) -> bool {
    t.begins(&["DEFAULT_INPUT_POLICY="])
        || t.begins(&["ENABLED="]) && t.has("LOGLEVEL=") && t.has("ufw")
}

/// A file of /etc/ufw/applications.d.
fn ufw_application(t: &Text<'_>) -> bool {
    t.first().starts_with('[')
        && t.begins(&["title="])
        && t.begins(&["description="])
        && t.begins(&["ports="])
}
