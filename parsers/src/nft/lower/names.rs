//! Names of constants that nft has of its own (`nft describe icmp type`, `nft describe inet_service`).

/// ICMP types.
const ICMP: &[(&str, u8)] = &[
    ("echo-reply", 0),
    ("destination-unreachable", 3),
    ("source-quench", 4),
    ("redirect", 5),
    ("echo-request", 8),
    ("router-advertisement", 9),
    ("router-solicitation", 10),
    ("time-exceeded", 11),
    ("parameter-problem", 12),
    ("timestamp-request", 13),
    ("timestamp-reply", 14),
    ("info-request", 15),
    ("info-reply", 16),
    ("address-mask-request", 17),
    ("address-mask-reply", 18),
];

/// ICMPv6 types.
const ICMP6: &[(&str, u8)] = &[
    ("destination-unreachable", 1),
    ("packet-too-big", 2),
    ("time-exceeded", 3),
    ("parameter-problem", 4),
    ("echo-request", 128),
    ("echo-reply", 129),
    ("mld-listener-query", 130),
    ("mld-listener-report", 131),
    ("mld-listener-done", 132),
    ("mld-listener-reduction", 132),
    ("nd-router-solicit", 133),
    ("nd-router-advert", 134),
    ("nd-neighbor-solicit", 135),
    ("nd-neighbor-advert", 136),
    ("nd-redirect", 137),
    ("router-renumbering", 138),
    ("ind-neighbor-solicit", 141),
    ("ind-neighbor-advert", 142),
    ("mld2-listener-report", 143),
];

/// ICMP codes (of destination-unreachable).
const CODES: &[(&str, u8)] = &[
    ("net-unreachable", 0),
    ("host-unreachable", 1),
    ("prot-unreachable", 2),
    ("port-unreachable", 3),
    ("frag-needed", 4),
    ("net-prohibited", 9),
    ("host-prohibited", 10),
    ("admin-prohibited", 13),
];

/// ICMPv6 codes (of destination-unreachable).
const CODES6: &[(&str, u8)] = &[
    ("no-route", 0),
    ("admin-prohibited", 1),
    ("addr-unreachable", 3),
    ("port-unreachable", 4),
    ("policy-fail", 5),
    ("reject-route", 6),
];

fn byte(text: &str, table: &[(&str, u8)]) -> Option<u8> {
    let named = table.iter().find(|(n, _)| *n == text).map(|(_, v)| *v);
    let number = || crate::iptables::names::number(text).and_then(|n| u8::try_from(n).ok());
    named.or_else(number)
}

/// An ICMP or ICMPv6 type by name or number.
pub(super) fn icmp_type(text: &str, v6: bool) -> Option<u8> {
    byte(text, if v6 { ICMP6 } else { ICMP })
}

/// An ICMP or ICMPv6 code by name or number.
pub(super) fn icmp_code(text: &str, v6: bool) -> Option<u8> {
    byte(text, if v6 { CODES6 } else { CODES })
}

/// Services of `/etc/services` (Debian's and Red Hat's) that hand-written rulesets name and those of iptables do not.
const SERVICES: &[(&str, u16)] = &[("llmnr", 5355), ("sftp", 115)];

/// A port by a name.
pub(super) fn service(name: &str) -> Option<u16> {
    SERVICES.iter().find(|(n, _)| *n == name).map(|(_, p)| *p)
}
