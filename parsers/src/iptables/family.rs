//! The family of a dump without a header, from what its rules name.

use super::layout::Dump;
use super::token::Tokens;
use hylint_space::Family;

/// The family that the rules speak of; `None` if they name no address and no protocol of one family, or of both.
pub(super) fn infer(text: &str, dump: &Dump<'_>) -> Option<Family> {
    let mut weak = None;
    let places = dump
        .tables
        .iter()
        .flat_map(|t| &t.chains)
        .flat_map(|c| &c.rules);
    for place in places {
        let mut before = "";
        for t in Tokens::new(text, place.span) {
            match before {
                "-s" | "-d" | "--source" | "--src" | "--destination" | "--dst" | "--src-range"
                | "--dst-range"
                    if t.text != "!" =>
                {
                    if let Some(f) = of_address(t.text) {
                        return Some(f);
                    }
                }
                word if only(word).is_some() => return None,
                _ => weak = weak.or_else(|| of_word(before, t.text)),
            }
            if t.text != "!" {
                before = if t.is_quoted() { "" } else { t.text };
            }
        }
    }
    weak
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
        ("-p" | "--protocol", "icmpv6" | "ipv6-icmp" | "58") | ("-m", "icmp6" | "hl") => {
            Some(Family::V6)
        }
        ("-p" | "--protocol", "icmp" | "1") | ("-m", "icmp" | "ttl") => Some(Family::V4),
        ("--reject-with", v) if v.starts_with("icmp6-") => Some(Family::V6),
        ("--reject-with", v) if v.starts_with("icmp-") => Some(Family::V4),
        ("-j", "HL") => Some(Family::V6),
        ("-j", "TTL") => Some(Family::V4),
        _ => None,
    }
}
