//! What Linux and BSD hosts print of their firewalls beside iptables-save and ipset.

use super::engines;
use super::form::Standing::{Host, Other, Refusal, Source};
use super::form::{Form, Lookalike, Text};
use crate::iptables::is_base_chain;

pub(super) const SAVE: &str =
    "run `iptables-save` and `ip6tables-save` on the host and give their output";

pub(super) const NATIVE: &str =
    "run `nft list ruleset` on the host and give its output, in a file of its own";

const FIREWALLD: &str = "run `nft list ruleset` on the host and give its output: it shows the rules that firewalld wrote \
    (with FirewallBackend=iptables in firewalld.conf, `iptables-save` and `ip6tables-save` show them)";

const NONE: &str = "hylint has no reader for it, so what it allows is not judged";

/// A ruleset with tables that nft made.
pub(super) const NFT: &str = "`nft list ruleset`";

/// A file that configurations of nftables include, and that makes no ruleset.
pub(super) const NFT_PART: Lookalike = Lookalike {
    what: "a part of an nftables configuration, which no given file includes",
    instead: "give the file that includes it as well (`nftables.conf`): what it includes is read with it",
    standing: Source,
};

/// What only a running firewalld prints.
pub(super) const FIREWALL_CMD: &str = "`firewall-cmd --list-all`";

/// The same of what shows that it runs.
pub(super) const FIREWALLD_RUNS: &str = "a list of services or processes with a running firewalld";

/// Forms of a front end that writes by iptables or by nftables.
pub(super) const FRONT_ENDS: [&str; 2] = [FIREWALL_CMD, FIREWALLD_RUNS];

/// The chain that firewalld makes where it writes by iptables; its nftables backend makes none of the name
/// (src/firewall/core/ipXtables.py).
const FIREWALLD_CHAIN: &str = "INPUT_ZONES";

/// A program that writes native rules of nftables.
pub(super) const ENGINE: &str =
    "the settings or the command line of a program that writes nftables rules itself";

/// A part of a text that shows rules beside those of iptables.
pub(crate) struct Sign {
    /// What it is.
    pub(crate) what: &'static str,
    /// What to do instead.
    pub(crate) instead: &'static str,
    /// It is of a front end that may write by iptables.
    pub(crate) front_end: bool,
    /// It lists tables of nft, and none but those of iptables.
    pub(crate) own_tables: bool,
}

/// The sign in what stands around a dump, if there is one.
pub(crate) fn sign(text: &str) -> Option<Sign> {
    type Fits = fn(&Text<'_>) -> bool;
    let t = Text::new(text);
    if translated(&t) || idle(&t) {
        return None;
    }
    let signs: [(Fits, &str, &str); 5] = [
        (nft, NFT, NATIVE),
        (firewalld, FIREWALL_CMD, FIREWALLD),
        (firewalld_asked, FIREWALL_CMD, FIREWALLD),
        (engines::firewalld_runs, FIREWALLD_RUNS, FIREWALLD),
        (engines::writes_nft, ENGINE, NATIVE),
    ];
    let (_, what, instead) = signs.into_iter().find(|(fits, ..)| fits(&t))?;
    Some(Sign {
        what,
        instead,
        front_end: FRONT_ENDS.contains(&what),
        own_tables: what == NFT && own_tables(t.head),
    })
}

/// Whether a chain of the filter table shows that a nat table translates destinations.
pub(crate) fn publishes_ports(chain: &str) -> bool {
    PUBLISHERS.contains(&chain)
}

/// Chains of the filter table that programs make which translate destinations in the nat table of the same family: Docker
/// (libnetwork, iptables/), kube-proxy (pkg/proxy/iptables/proxier.go), netavark (src/firewall/varktables/types.rs).
const PUBLISHERS: [&str; 4] = [
    "DOCKER",
    "KUBE-NODEPORTS",
    "KUBE-SERVICES",
    "NETAVARK_FORWARD",
];

/// Whether a chain of iptables is one that a front end makes where it writes by iptables alone.
pub(crate) fn is_front_end(chain: &str) -> bool {
    chain == FIREWALLD_CHAIN
}

pub(super) const FORMS: &[Form] = &[
    Form::new(
        Refusal,
        incompatible,
        "the remark of iptables that nft made the table, with no rule of it",
        "run `nft list ruleset` on the host and give its output",
    ),
    Form::new(
        Refusal,
        other_backend,
        "the warning of iptables-save that the tables of another backend exist, with no rule of this one",
        "run `iptables-legacy-save` and `ip6tables-legacy-save`, or `iptables-nft-save` and `ip6tables-nft-save`, whichever it \
         names, and give their output",
    ),
    Form::new(Source, fragment, NFT_PART.what, NFT_PART.instead),
    Form::new(Host, nft, NFT, NATIVE),
    Form::new(Host, ufw, "`ufw status`", SAVE),
    Form::new(
        Host,
        wrapped,
        "output of iptables-save inside of other text (a log, a mail, JSON)",
        "give the output of `iptables-save` and `ip6tables-save` as it is, without marks before its lines",
    ),
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
    Form::new(
        Host,
        ebtables,
        "rules of ebtables or arptables, which filter frames",
        NONE,
    ),
    Form::new(
        Host,
        iptables_xml,
        "a dump of iptables as XML (`iptables-xml`)",
        SAVE,
    ),
    Form::new(Other, log, "a log of packets", NONE),
    Form::new(
        Other,
        other_rules,
        "rules of something else: udev, polkit, alerts, an intrusion detection system",
        NONE,
    ),
    Form::new(Other, engines::firewalld_runs, FIREWALLD_RUNS, FIREWALLD),
    Form::new(Other, engines::writes_nft, ENGINE, NATIVE),
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

/// The text form, with or without handles (`nft -a`), with its braces on any line; the JSON form; commands for `nft -f`, and a
/// file that only includes others or flushes the ruleset.
fn nft(t: &Text<'_>) -> bool {
    const HOOKS: [&str; 2] = ["type filter hook ", "type nat hook "];
    let code = |line: &'_ str| line.split('#').next().unwrap_or("").trim_end().to_owned();
    let table = |line: &str| {
        let line = code(line);
        let mut words = line.trim_end_matches('{').split_ascii_whitespace();
        words.next() == Some("table")
            && words
                .next()
                .is_some_and(|w| FAMILIES.contains(&w) || words.next().is_none())
    };
    let opened = |line: &str| table(line) && code(line).ends_with('{');
    let named = |line: &str| opened(line) && code(line).split_ascii_whitespace().count() == 4;
    let chain = |line: &str| line.starts_with("chain ") && code(line).ends_with('{');
    let command = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let verb = words.next().is_some_and(|w| w == "add" || w == "insert");
        let what = words.next().is_some_and(|w| w == "rule" || w == "chain");
        verb && what && words.next().is_some_and(|w| FAMILIES.contains(&w))
    };
    t.has_all(&["\"nftables\"", "\"metainfo\""])
        || t.has("table ")
            && (t.lines().any(named)
                || t.lines().any(opened) && t.lines().any(chain)
                || t.lines().any(table) && t.has_any(&HOOKS))
        || t.has_any(&["add ", "insert "]) && t.lines().any(command)
        || t.first().starts_with("#!") && t.first().contains("nft") && t.first().contains("-f")
        || t.begins(&["flush ruleset"])
}

/// Rules, definitions, chains or elements without a table around them, and nothing else.
fn fragment(t: &Text<'_>) -> bool {
    const BEGIN: [&str; 24] = [
        "tcp ",
        "udp ",
        "ip ",
        "ip6 ",
        "icmp ",
        "icmpv6 ",
        "ct ",
        "meta ",
        "iif ",
        "iifname ",
        "oif ",
        "oifname ",
        "ether ",
        "th ",
        "fib ",
        "chain ",
        "set ",
        "map ",
        "define ",
        "elements ",
        "counter",
        "log ",
        "jump ",
        "include ",
    ];
    let is_word = |l: &str| {
        l.split(|c: char| !c.is_ascii_lowercase())
            .next()
            .is_some_and(|w| w.len() > 1)
    };
    let is_rest = |l: &str| {
        let verdict = ["accept", "drop", "reject", "return"]
            .iter()
            .any(|v| l.starts_with(v));
        verdict || l.starts_with(|c: char| !c.is_ascii_alphabetic())
    };
    let code = |l: &&str| !l.is_empty() && !l.starts_with('#');
    let block = |l: &str| !(l.starts_with("set ") || l.starts_with("map ")) || l.ends_with('{');
    let begins = |l: &str| is_word(l) && block(l) && BEGIN.iter().any(|b| l.starts_with(b));
    let signs = [
        " accept", " drop", " reject", " jump ", " return", "dport", "saddr", "state", "define ",
        " = ",
    ];
    let mut found = 0;
    let all = t.lines().filter(code).all(|l| {
        let own = begins(l);
        found += usize::from(own && signs.iter().any(|s| l.contains(s)));
        own || is_rest(l)
    });
    all && found > 0
}

/// The text form where every table is one that iptables-nft made: iptables-save shows the same.
fn translated(t: &Text<'_>) -> bool {
    t.has("managed by iptables-nft") && own_tables(t.head) && nft(t)
}

/// A listing, or a file of settings such as Debian's own `/etc/nftables.conf`, in which nothing drops or changes a packet.
fn idle(t: &Text<'_>) -> bool {
    const ACTS: [&str; 14] = [
        "drop",
        "reject",
        "queue",
        "dnat",
        "snat",
        "redirect",
        "masquerade",
        "synproxy",
        "tproxy",
        "notrack",
        "set",
        "fwd",
        "flow",
        "include",
    ];
    let is_part = |c: char| !c.is_ascii_alphanumeric();
    let count = |b: u8| memchr::memchr_iter(b, t.head.as_bytes()).count();
    // What stands behind the part that is looked at, or was cut off, may do anything.
    let is_whole = t.whole.len() == t.head.len() && count(b'{') == count(b'}');
    is_whole && nft(t) && !t.head.split(is_part).any(|w| ACTS.contains(&w))
}

/// Whether a listing of nft has no other tables than those of iptables, with its chains at the hooks. Versions before 1.0.2
/// do not say who manages them.
fn own_tables(text: &str) -> bool {
    const TABLES: [&str; 5] = ["filter", "nat", "mangle", "raw", "security"];
    let (mut tables, mut chain) = (0, "");
    for line in text.lines().map(str::trim) {
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("table") => {
                let own = matches!(words.next(), Some("ip" | "ip6"))
                    && words.next().is_some_and(|n| TABLES.contains(&n));
                if !own {
                    return false;
                }
                tables += 1;
            }
            Some("chain") => chain = words.next().unwrap_or(""),
            Some("type") if line.contains(" hook ") && !is_base_chain(chain) => return false,
            _ => {}
        }
    }
    tables > 0
}

/// Lines of a dump behind something else: the head of each line of a log, the marks of a mail, the quotes of JSON.
fn wrapped(t: &Text<'_>) -> bool {
    let table = ["*filter", "*nat", "*mangle", "*raw"];
    // Of a chain: its policy, and its counters.
    let chains = [" ACCEPT [", " DROP [", " - ["];
    t.has_any(&table) && !t.begins(&table) && t.has_any(&chains) && t.has("COMMIT")
}

/// What `ufw status` prints of a firewall that is off, in the words of its translations (locales/po of ufw).
const INACTIVE: [&str; 9] = [
    "Status: Inaktiv",
    "Status: inaktiv",
    "État : inactif",
    "Estado: inactivo",
    "Stato: inattivo",
    "Estado: inativo",
    "Status: inactief",
    "Stan: nieaktywny",
    "状態: 非アクティブ",
];

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
        || INACTIVE.contains(&t.whole.trim())
        || t.has("-- ") && t.lines().any(rule) && t.lines().any(says)
        || t.has("(see 'ufw status'") && t.begins(&["ufw "])
}

fn firewalld(t: &Text<'_>) -> bool {
    t.fields(&["services", "ports", "rich rules"])
        || t.fields(&["egress-zones", "rich rules"])
        || active_zones(t)
}

/// The command at a prompt, with the head of what it prints below it.
fn firewalld_asked(t: &Text<'_>) -> bool {
    let lists = |l: &str| {
        let mut words = crate::terminal::command(l).split_ascii_whitespace();
        let first = words.find(|w| *w != "sudo");
        first == Some("firewall-cmd") && words.any(|w| w.starts_with("--list-all"))
    };
    t.has("firewall-cmd --list-all")
        && t.has_any(&["target: ", " (active)"])
        && t.lines().any(lists)
}

/// `firewall-cmd --get-active-zones`: names of zones, and their interfaces or sources below them.
fn active_zones(t: &Text<'_>) -> bool {
    let mut lines = t.whole.lines().filter(|l| !l.trim().is_empty()).take(64);
    let zone = |l: &str| {
        let name = l.split(" (").next().unwrap_or(l);
        !name.is_empty() && !name.contains([' ', ':', '\t', '='])
    };
    let below = |l: &str| {
        let l = l.trim_start();
        ["interfaces: ", "sources: "]
            .iter()
            .any(|k| l.starts_with(k))
    };
    let mut owned = 0;
    let fits = lines.all(|l| match l.starts_with([' ', '\t']) {
        true => {
            owned += 1;
            below(l)
        }
        false => zone(l),
    });
    fits && owned > 0
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

/// ebtables(8) and arptables(8): their lists, and what their save tools say of themselves.
fn ebtables(t: &Text<'_>) -> bool {
    t.begins(&["Bridge table: ", "Bridge chain: "]) || saved_frames(t.first())
}

/// The first line of `ebtables-save` or `arptables-save`, whose form is like that of iptables-save.
fn saved_frames(first: &str) -> bool {
    let tool = first.strip_prefix("# Generated by ").unwrap_or("");
    tool.starts_with("ebtables") || tool.starts_with("arptables")
}

fn iptables_xml(t: &Text<'_>) -> bool {
    t.has("<iptables-rules") && t.has("<table ")
}

/// The LOG target and ufw, and the log of Windows Firewall.
fn log(t: &Text<'_>) -> bool {
    let packet =
        |l: &str| ["SRC=", "DST=", "PROTO="].iter().all(|k| l.contains(k)) && !l.contains(" -j ");
    t.has_all(&["SRC=", "DST=", "PROTO="]) && t.lines().take(20).filter(|l| packet(l)).count() >= 1
        || t.has_all(&["#Software: Microsoft Windows Firewall", "#Fields:"])
}

/// What else is kept in files called `*.rules`.
fn other_rules(t: &Text<'_>) -> bool {
    let udev = |l: &str| {
        ["SUBSYSTEM==", "KERNEL==", "ACTION==", "ATTR{", "ENV{"]
            .iter()
            .any(|k| l.starts_with(k))
    };
    let alert = |l: &str| {
        ["alert ", "drop ", "pass ", "reject "]
            .iter()
            .any(|k| l.starts_with(k))
            && l.contains("sid:")
    };
    t.has("==\"") && t.lines().any(udev)
        || t.has("polkit.addRule(")
        || t.has("sid:") && t.lines().any(alert)
        || t.field("groups", &[]) && (t.field("alert", &[]) || t.field("record", &[]))
        || t.has("rules_version = ")
}
