//! What Linux and BSD hosts print of their firewalls beside iptables-save and ipset.

use super::form::Standing::{Host, Other, Refusal, Source};
use super::form::{Form, Text};

const SAVE: &str = "run `iptables-save` and `ip6tables-save` on the host and give their output";

const NATIVE: &str = "run `iptables-save` and `ip6tables-save` if iptables wrote the rules; \
    a native nftables ruleset (`nft list ruleset`) is not read";

const FIREWALLD: &str = "firewalld writes nftables rules by default, which `iptables-save` does not show and hylint does \
    not read: with FirewallBackend=iptables in firewalld.conf give the output of `iptables-save` and `ip6tables-save`";

const NONE: &str = "hylint has no reader for it, so what it allows is not judged";

/// A ruleset with tables that nft made.
pub(super) const NFT: &str = "`nft list ruleset`";

/// What only a running firewalld prints.
pub(super) const FIREWALL_CMD: &str = "`firewall-cmd --list-all`";

pub(super) const FORMS: &[Form] = &[
    Form::new(
        Refusal,
        incompatible,
        "the remark of iptables that nft made the table, with no rule of it",
        "list the rules with `nft list ruleset`; hylint does not read native nftables rules, so the host cannot be judged \
         by this export",
    ),
    Form::new(
        Refusal,
        other_backend,
        "the warning of iptables-save that the tables of another backend exist, with no rule of this one",
        "run `iptables-legacy-save` and `ip6tables-legacy-save`, or `iptables-nft-save` and `ip6tables-nft-save`, whichever it \
         names, and give their output",
    ),
    Form::new(
        Host,
        translated,
        "`nft list ruleset` with the tables of iptables alone",
        SAVE,
    ),
    Form::new(Host, nft, NFT, NATIVE),
    Form::new(
        Host,
        listing,
        "`iptables -L`, which leaves out interfaces and matches",
        SAVE,
    ),
    Form::new(Host, ufw, "`ufw status`", SAVE),
    Form::new(Host, firewalld, FIREWALL_CMD, FIREWALLD),
    Form::new(
        Host,
        firewalld_xml,
        "a zone, policy, set or direct file of firewalld",
        FIREWALLD,
    ),
    Form::new(
        Host,
        pf,
        "rules of the BSD packet filter (pf.conf, `pfctl -sr`)",
        NONE,
    ),
    Form::new(Host, ipfw, "rules of FreeBSD's ipfw", NONE),
    Form::new(Source, shorewall, "a rules file of Shorewall", SAVE),
    Form::new(
        Host,
        ipset,
        "`ipset list`, which is not read",
        "run `ipset save` on the host and give its output",
    ),
    Form::new(
        Other,
        addresses,
        "`ip addr`, `ip route` or `ifconfig`",
        NONE,
    ),
    Form::new(Other, sockets, "`ss` or `netstat`", NONE),
];

/// Of iptables-save over nf_tables (iptables/nft.c).
fn incompatible(t: &Text<'_>) -> bool {
    t.has("is incompatible, use 'nft' tool") && !t.begins(&["*filter", ":", "-A "])
}

/// Of iptables-save over nf_tables (iptables/xtables-save.c), and of the legacy one.
fn other_backend(t: &Text<'_>) -> bool {
    t.has("# Warning: iptables-") && t.has(" tables present") && !t.begins(&["*filter", ":", "-A "])
}

const FAMILIES: [&str; 6] = ["inet", "ip", "ip6", "arp", "bridge", "netdev"];

/// The text form, with or without handles (`nft -a`), the JSON form, and commands for `nft -f`.
fn nft(t: &Text<'_>) -> bool {
    let opens = |line: &str| {
        line.split('#')
            .next()
            .is_some_and(|l| l.trim_end().ends_with('{'))
    };
    let table = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        words.next() == Some("table")
            && words.next().is_some_and(|w| FAMILIES.contains(&w))
            && opens(line)
    };
    let chain = |line: &str| line.starts_with("chain ") && opens(line);
    let command = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let verb = words.next().is_some_and(|w| w == "add" || w == "insert");
        let what = words.next().is_some_and(|w| w == "rule" || w == "chain");
        verb && what && words.next().is_some_and(|w| FAMILIES.contains(&w))
    };
    let named = |line: &str| table(line) && line.split_ascii_whitespace().count() == 4;
    t.has_all(&["\"nftables\"", "\"metainfo\""])
        || t.has("table ") && (t.lines().any(named) || t.lines().any(table) && t.lines().any(chain))
        || t.has_any(&["add ", "insert "]) && t.lines().any(command)
}

/// The text form where every table is one that iptables-nft made: iptables-save shows the same.
fn translated(t: &Text<'_>) -> bool {
    let own = |line: &str| {
        let words: Vec<&str> = line.split_ascii_whitespace().take(3).collect();
        let names = ["filter", "nat", "mangle", "raw", "security"];
        matches!(words.as_slice(), [_, "ip" | "ip6", name] if names.contains(name))
    };
    let mut tables = t.lines().filter(|l| l.starts_with("table ")).peekable();
    tables.peek().is_some() && t.has("managed by iptables-nft") && tables.all(own) && nft(t)
}

fn listing(t: &Text<'_>) -> bool {
    let chain = |l: &str| {
        l.starts_with("Chain ") && (l.contains("(policy ") || l.ends_with(" references)"))
    };
    t.has("Chain ")
        && t.lines().any(chain)
        && t.lines()
            .any(|l| l.contains("target") && l.contains("prot") && l.contains("source"))
}

/// `ufw status` in any language (the line below the heads of its table), and `ufw show added`.
fn ufw(t: &Text<'_>) -> bool {
    let rule = |l: &str| {
        let dashes = l.split_ascii_whitespace();
        let is_dashes = |w: &str| w.bytes().all(|b| b == b'-');
        dashes.clone().count() == 3 && dashes.clone().all(is_dashes)
    };
    let says = |l: &str| {
        ["ALLOW", "DENY", "REJECT", "LIMIT"]
            .iter()
            .any(|w| l.contains(w))
    };
    t.lines()
        .any(|l| matches!(l, "Status: active" | "Status: inactive"))
        || t.has("-- ") && t.lines().any(rule) && t.lines().any(says)
        || t.has("(see 'ufw status'") && t.begins(&["ufw "])
}

fn firewalld(t: &Text<'_>) -> bool {
    t.fields(&["services", "ports", "rich rules"]) || t.fields(&["egress-zones", "rich rules"])
}

fn firewalld_xml(t: &Text<'_>) -> bool {
    let opens = |names: &[&str]| names.iter().any(|n| t.has(n));
    opens(&["<zone>", "<zone "])
        && opens(&["<service ", "<port ", "<rule", "<source ", "<interface "])
        || opens(&["<policy "]) && opens(&["<ingress-zone ", "<egress-zone "])
        || opens(&["<ipset type="]) && opens(&["<entry>", "<short>", "<option "])
        || opens(&["<direct>"]) && opens(&["<rule ", "<passthrough "])
}

fn pf(t: &Text<'_>) -> bool {
    let rule = |l: &str| {
        let mut words = l.split_ascii_whitespace();
        let action = words.next().is_some_and(|w| matches!(w, "pass" | "block"));
        let mut words = words.skip_while(|w| matches!(*w, "drop" | "return" | "log"));
        action
            && words
                .next()
                .is_some_and(|w| matches!(w, "in" | "out" | "quick" | "all" | "proto"))
    };
    t.has_any(&["pass ", "block "]) && t.lines().filter(|l| rule(l)).count() >= 2
}

fn ipfw(t: &Text<'_>) -> bool {
    let rule = |l: &str| {
        let l = l.strip_prefix("add ").unwrap_or(l);
        let mut words = l.split_ascii_whitespace();
        let number = words
            .next()
            .is_some_and(|w| (3..=5).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_digit()));
        let rest: Vec<&str> = words.collect();
        let acts = |w: &&str| matches!(*w, "allow" | "deny" | "reject" | "unreach" | "check-state");
        number && rest.iter().take(3).any(acts) && rest.contains(&"from") && rest.contains(&"to")
    };
    t.has_all(&[" from ", " to "]) && t.lines().filter(|l| rule(l)).count() >= 2
}

/// ipset(8), `list`: a block for each set.
fn ipset(t: &Text<'_>) -> bool {
    t.fields(&["Name", "Type", "Members"]) || t.fields(&["Name", "Type", "Revision", "Header"])
}

fn addresses(t: &Text<'_>) -> bool {
    let link = |l: &str| {
        let mut words = l.split_ascii_whitespace();
        let number = words.next().and_then(|w| w.strip_suffix(':'));
        number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())) && l.contains(" mtu ")
    };
    let route = |l: &str| {
        l.contains(" dev ")
            && (l.contains(" via ") || l.contains(" scope ") || l.contains(" proto "))
    };
    t.has(" mtu ")
        && t.lines()
            .any(|l| link(l) || l.contains("flags=") && l.contains(" mtu "))
        || route(t.first())
        || t.json(&["ifindex", "ifname", "addr_info"])
        || t.json(&["dst", "dev", "prefsrc"])
}

fn sockets(t: &Text<'_>) -> bool {
    let heads = ["Netid", "Recv-Q", "Local Address"];
    t.lines()
        .take(5)
        .any(|l| heads.iter().filter(|h| l.contains(**h)).count() >= 2)
        || t.json(&["LocalAddress", "LocalPort", "OwningProcess"])
}

/// shorewall-rules(5): action, zone, zone, protocol.
fn shorewall(t: &Text<'_>) -> bool {
    t.has("ACTION")
        && t.lines().any(|l| {
            let l = l.trim_start_matches('#').trim_start();
            l.starts_with("ACTION")
                && l.contains("SOURCE")
                && l.contains("DEST")
                && l.contains("PROTO")
        })
}
