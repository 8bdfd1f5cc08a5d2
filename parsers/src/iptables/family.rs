//! The family of a dump without a header, from what its rules name.

use super::layout::Dump;
use super::token::Tokens;
use hylint_model::Span;
use hylint_space::Family;

/// The family of a dump and, where that contradicts what else is known, what to say of it: by its header, by a name that a
/// tool loads rules from, by the addresses in it, by any other name, by words of one family.
pub(super) fn of(
    text: &str,
    dump: &Dump<'_>,
    named: Option<Named>,
) -> (Option<Family>, Option<String>) {
    let (strong, weak) = words(text, dump);
    let certain = named.filter(|n| n.certain).map(|n| n.family);
    let name = named.map(|n| n.family);
    let family = dump.family.or(certain).or(strong).or(name).or(weak);
    let listing = dump.tables.iter().any(|t| t.listing);
    let contradiction = family
        .zip(name)
        .filter(|(is, named)| is != named && !listing)
        .map(|(is, named)| {
            format!(
                "the file's name speaks of {} and its text of {}",
                named.as_str(),
                is.as_str()
            )
        });
    (family, contradiction)
}

/// The family that the rules speak of; `None` if they name no address and no protocol of one family, or of both.
pub(super) fn infer(text: &str, dump: &Dump<'_>) -> Option<Family> {
    let (strong, weak) = words(text, dump);
    strong.or(weak)
}

/// The family of the addresses in a dump, and that of its other words.
fn words(text: &str, dump: &Dump<'_>) -> (Option<Family>, Option<Family>) {
    let chains = dump.tables.iter().flat_map(|t| &t.chains);
    words_of(text, chains.flat_map(|c| &c.rules).map(|place| place.span))
}

/// The family that some rules speak of, each at its place.
pub(crate) fn of_rules(text: &str, rules: impl Iterator<Item = Span>) -> Option<Family> {
    let (strong, weak) = words_of(text, rules);
    strong.or(weak)
}

fn words_of(text: &str, rules: impl Iterator<Item = Span>) -> (Option<Family>, Option<Family>) {
    let mut weak = None;
    for span in rules {
        let mut before = "";
        for t in Tokens::new(text, span) {
            match before {
                "-s" | "-d" | "--source" | "--src" | "--destination" | "--dst" | "--src-range"
                | "--dst-range"
                    if t.text != "!" =>
                {
                    if let Some(f) = of_address(t.text) {
                        return (Some(f), weak);
                    }
                }
                word if only(word).is_some() => return (None, None),
                _ => weak = weak.or_else(|| of_word(before, t.text)),
            }
            if t.text != "!" {
                before = if t.is_quoted() { "" } else { t.text };
            }
        }
    }
    (None, weak)
}

/// What a file's name says of its family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) family: Family,
    /// It is a name that a tool of this family loads rules from: `rules.v6`, `ip6tables.rules`.
    pub(super) certain: bool,
}

/// What a file's name says: that of `rules.v6`, of `ip6tables.rules`, of `/etc/sysconfig/iptables`.
pub(super) fn named(path: &str) -> Option<Named> {
    let name = path
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or("")
        .to_ascii_lowercase();
    let words = || name.split(|c: char| !c.is_ascii_alphanumeric());
    let says = |all: &[&str]| words().any(|w| all.contains(&w));
    let v6 = says(&[
        "v6",
        "ipv6",
        "ip6",
        "inet6",
        "ip6tables",
        "rules6",
        "iptables6",
    ]);
    let v4 = says(&["v4", "ipv4", "ip4", "inet4", "rules4", "iptables4"]);
    // Distributions restore IPv4 rules from files of these names.
    let usual = [
        "iptables",
        "iptables.rules",
        "iptables.up.rules",
        "iptables.save",
        "iptables-save",
    ];
    let certain = name.ends_with(".v4") || name.ends_with(".v6") || says(&["ip6tables"]);
    let family = match (v4, v6) {
        (false, true) => Family::V6,
        (true, false) => Family::V4,
        (false, false) if usual.contains(&name.as_str()) => Family::V4,
        _ => return None,
    };
    Some(Named { family, certain })
}

/// Whether a file has a name from which hosts load rules when they start: those of netfilter-persistent, of Red Hat's service
/// and of the Debian wiki.
pub(super) fn is_loaded(path: &str) -> bool {
    let mut parts = path.rsplit(['/', '\\']);
    let (name, folder) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    match name {
        "rules.v4" | "rules.v6" | "iptables.rules" | "ip6tables.rules" | "iptables.up.rules" => {
            true
        }
        "iptables" | "ip6tables" => folder == "sysconfig",
        _ => false,
    }
}

/// The family whose tool alone takes a line with this option; the other one passes over it (iptables(8), `-4` and `-6`).
pub(super) fn only(option: &str) -> Option<Family> {
    match option {
        "-4" | "--ipv4" => Some(Family::V4),
        "-6" | "--ipv6" => Some(Family::V6),
        _ => None,
    }
}

fn of_address(text: &str) -> Option<Family> {
    let first = text.split([',', '/', '-']).next()?;
    match first.parse().ok()? {
        std::net::IpAddr::V4(_) => Some(Family::V4),
        std::net::IpAddr::V6(_) => Some(Family::V6),
    }
}

fn of_word(option: &str, value: &str) -> Option<Family> {
    match (option, value) {
        ("-p" | "--protocol" | "--proto", "icmpv6" | "ipv6-icmp" | "58")
        | ("-m", "icmp6" | "hl") => Some(Family::V6),
        ("-p" | "--protocol" | "--proto", "icmp" | "1") | ("-m", "icmp" | "ttl") => {
            Some(Family::V4)
        }
        ("--reject-with", v) if v.starts_with("icmp6-") => Some(Family::V6),
        ("--reject-with", v) if v.starts_with("icmp-") => Some(Family::V4),
        ("-j", "HL") => Some(Family::V6),
        ("-j", "TTL") => Some(Family::V4),
        _ => None,
    }
}
