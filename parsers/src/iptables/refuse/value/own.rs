//! Arguments that a single extension reads by itself.

use super::{int, number, protocol};
use crate::iptables::names;
use hylint_model::AddrTypes;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether `text` is the beginning of one of the names, in any case; the empty one is.
fn begins(names: &[&str], text: &str) -> bool {
    names.iter().any(|n| {
        let head = n.as_bytes().get(..text.len());
        head.is_some_and(|h| h.eq_ignore_ascii_case(text.as_bytes()))
    })
}

fn starts(text: &str, name: &str) -> bool {
    let head = text.as_bytes().get(..name.len());
    head.is_some_and(|h| h.eq_ignore_ascii_case(name.as_bytes()))
}

fn list(text: &str, one: impl Fn(&str) -> bool) -> bool {
    text.split(',').all(one)
}

/// Words as strtok(3) finds them: empty ones are passed over.
fn words(text: &str, one: impl Fn(&str) -> bool) -> bool {
    text.split(',').filter(|w| !w.is_empty()).all(one)
}

const FLAGS: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ALL", "NONE"];

pub(in super::super) fn tcp_flags(mask: &str, set: &str) -> bool {
    let one = |w: &str| FLAGS.iter().any(|f| f.eq_ignore_ascii_case(w));
    !set.starts_with(['-', '!']) && words(mask, one) && words(set, one)
}

const CHUNKS: [&str; 19] = [
    "DATA",
    "INIT",
    "INIT_ACK",
    "SACK",
    "HEARTBEAT",
    "HEARTBEAT_ACK",
    "ABORT",
    "SHUTDOWN",
    "SHUTDOWN_ACK",
    "ERROR",
    "COOKIE_ECHO",
    "COOKIE_ACK",
    "ECN_ECNE",
    "ECN_CWR",
    "SHUTDOWN_COMPLETE",
    "ASCONF",
    "ASCONF_ACK",
    "FORWARD_TSN",
    "I_DATA",
];

pub(in super::super) fn chunks(how: &str, which: &str) -> bool {
    let one = |w: &str| {
        let (name, flags) = w.split_once(':').unwrap_or((w, ""));
        CHUNKS.iter().any(|c| c.eq_ignore_ascii_case(name))
            && flags.bytes().all(|b| b.is_ascii_alphabetic())
    };
    let everything = which.eq_ignore_ascii_case("ALL") || which.eq_ignore_ascii_case("NONE");
    !which.starts_with(['-', '!'])
        && ["all", "any", "only"]
            .iter()
            .any(|h| h.eq_ignore_ascii_case(how))
        && (everything || words(which, one))
}

const STATES: [&str; 7] = [
    "INVALID",
    "NEW",
    "ESTABLISHED",
    "RELATED",
    "UNTRACKED",
    "SNAT",
    "DNAT",
];

pub(in super::super) fn states(text: &str, _: bool) -> bool {
    list(text, |w| !w.is_empty() && begins(&STATES, w))
}

pub(in super::super) fn old_states(text: &str, _: bool) -> bool {
    let old = STATES.get(..5).unwrap_or(&[]);
    list(text, |w| !w.is_empty() && begins(old, w))
}

pub(in super::super) fn statuses(text: &str, _: bool) -> bool {
    let all = ["NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"];
    list(text, |w| !w.is_empty() && begins(&all, w))
}

pub(in super::super) fn ct_direction(text: &str, _: bool) -> bool {
    ["ORIGINAL", "REPLY"]
        .iter()
        .any(|w| w.eq_ignore_ascii_case(text))
}

pub(in super::super) fn dccp_types(text: &str, _: bool) -> bool {
    let all = [
        "REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC",
        "SYNCACK", "INVALID",
    ];
    words(text, |w| all.iter().any(|t| t.eq_ignore_ascii_case(w)))
}

fn icmp_type(text: &str, v6: bool) -> bool {
    // The name `any` is one of ICMP alone.
    if (!v6 && text.eq_ignore_ascii_case("any")) || names::icmp(text, v6).is_some() {
        return true;
    }
    match text.split_once('/') {
        Some((t, c)) => int(t, 0, 255) && int(c, 0, 255),
        None => int(text, 0, 255),
    }
}

pub(in super::super) fn icmp(text: &str, _: bool) -> bool {
    icmp_type(text, false)
}

pub(in super::super) fn icmp6(text: &str, _: bool) -> bool {
    icmp_type(text, true)
}

pub(in super::super) fn address_types(text: &str, v6: bool) -> bool {
    list(text, |w| {
        let found = AddrTypes::NAMES
            .iter()
            .position(|t| !w.is_empty() && begins(&[t], w));
        // The kernel knows fewer of IPv6 (`addrtype_mt_checkentry_v1` in xt_addrtype.c).
        found.is_some_and(|i| !v6 || !matches!(i, 3 | 6 | 8..))
    })
}

const UNITS: [&str; 4] = ["second", "minute", "hour", "day"];

/// `atoi`: the number at the beginning, 0 where there is none.
fn leading(text: &str) -> i64 {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let len = digits.bytes().take_while(u8::is_ascii_digit).count();
    let n = digits.get(..len).and_then(|d| d.parse::<i64>().ok());
    sign * n.unwrap_or(if len > 0 { i64::MAX } else { 0 })
}

/// Number and seconds of a unit.
fn per_unit(text: &str) -> Option<(i64, u64)> {
    let seconds = match text.split_once('/') {
        None => 1,
        Some((_, unit)) => {
            let at = UNITS
                .iter()
                .position(|u| !unit.is_empty() && begins(&[u], unit))?;
            *[1, 60, 3600, 86_400].get(at)?
        }
    };
    Some((leading(text), seconds))
}

pub(in super::super) fn rate(text: &str, _: bool) -> bool {
    let Some((n, seconds)) = per_unit(text) else {
        return false;
    };
    // A C program: the number is an `int` that is read as unsigned.
    let low = u64::try_from(n & 0xffff_ffff).unwrap_or(0);
    low != 0 && 10_000 * seconds / low != 0
}

pub(in super::super) fn hash_rate(text: &str, _: bool) -> bool {
    if let Some(at) = text.find("b/s").filter(|at| *at > 0) {
        let unit = text.as_bytes().get(at - 1);
        let factor = match unit {
            Some(b'k') => 1 << 10,
            Some(b'm') => 1 << 20,
            _ => 1u128,
        };
        let n = u128::from(u64::try_from(leading(text)).unwrap_or(0));
        return n != 0 && n * factor <= u128::from(u32::MAX) << 4;
    }
    per_unit(text).is_some_and(|(n, seconds)| n > 0 && 1_000_000 * seconds / n.unsigned_abs() != 0)
}

pub(in super::super) fn hash_burst(text: &str, _: bool) -> bool {
    // A unit behind the number is looked at, and taken for none where it is none.
    number(text).is_some_and(|(n, rest)| n > 0 && (!rest.is_empty() || n <= 1_000_000))
}

pub(in super::super) fn hash_mode(text: &str, _: bool) -> bool {
    let one = |w: &str| matches!(w, "srcip" | "dstip" | "srcport" | "dstport");
    text.split([',', '|']).filter(|w| !w.is_empty()).all(one)
}

pub(in super::super) fn interval(text: &str, _: bool) -> bool {
    leading(text) > 0
}

/// A user or group: a number, a range, or a name that a machine may know.
pub(in super::super) fn owner(text: &str, _: bool) -> bool {
    let max = u64::from(u32::MAX) - 1;
    match number(text) {
        Some((n, "")) => n <= max,
        Some((n, rest)) => {
            let second = rest
                .strip_prefix(['-', ':'])
                .is_some_and(|r| int(r, n, max));
            n <= max && second
        }
        None => is_word(text),
    }
}

/// Whether text may be a name that a machine's own files know.
fn is_word(text: &str) -> bool {
    let letters =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'$' | b'@' | b'\\');
    text.bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && text.bytes().all(letters)
}

pub(in super::super) fn address_range(text: &str, v6: bool) -> bool {
    let one = |s: &str| {
        if v6 {
            s.parse::<Ipv6Addr>().is_ok()
        } else {
            s.parse::<Ipv4Addr>().is_ok() || dotted(s)
        }
    };
    match text.split_once('-') {
        Some((a, b)) => one(a) && one(b),
        None => one(text),
    }
}

/// `numeric_to_ipaddr`: parts in any base, zeros where they are missing at the end.
pub(in super::super) fn dotted(text: &str) -> bool {
    let mut parts = text.split('.');
    let count = parts.clone().count();
    count <= 4 && parts.all(|p| int(p, 0, 255))
}

pub(in super::super) fn in_out(text: &str, _: bool) -> bool {
    matches!(text, "in" | "out")
}

pub(in super::super) fn ipsec(text: &str, _: bool) -> bool {
    matches!(text, "none" | "ipsec")
}

pub(in super::super) fn ipsec_mode(text: &str, _: bool) -> bool {
    matches!(text, "transport" | "tunnel")
}

pub(in super::super) fn ipsec_protocol(text: &str, _: bool) -> bool {
    matches!(protocol(text), Some(Some(50 | 51 | 108))) && text.to_ascii_lowercase() == text
}

pub(in super::super) fn packet_type(text: &str, _: bool) -> bool {
    let all = [
        "unicast",
        "broadcast",
        "multicast",
        "otherhost",
        "bcast",
        "mcast",
        "host",
    ];
    all.iter().any(|t| t.eq_ignore_ascii_case(text))
}

pub(in super::super) fn dscp_class(text: &str, _: bool) -> bool {
    // What follows a class is not looked at.
    [
        "cs0", "cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cs7", "be", "ef",
    ]
    .iter()
    .any(|c| starts(text, c))
        || [11, 12, 13, 21, 22, 23, 31, 32, 33, 41, 42, 43]
            .iter()
            .any(|n| starts(text, &format!("af{n}")))
}

pub(in super::super) fn bytes_direction(text: &str, _: bool) -> bool {
    matches!(text, "original" | "reply" | "both")
}

pub(in super::super) fn bytes_mode(text: &str, _: bool) -> bool {
    matches!(text, "packets" | "bytes" | "avgpkt")
}

pub(in super::super) fn statistic_mode(text: &str, _: bool) -> bool {
    matches!(text, "random" | "nth")
}

/// Numbers in base 10, each up to a limit, with the marks between them; the last ones may be missing.
fn clock(text: &str, parts: &[(u64, &str)], least: usize) -> bool {
    let mut rest = text;
    for (i, (max, mark)) in parts.iter().enumerate() {
        let blank = rest.trim_start();
        let len = blank.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, behind) = blank.split_at_checked(len).unwrap_or(("", ""));
        if digits.parse::<u64>().unwrap_or(0) > *max {
            return false;
        }
        if behind.is_empty() {
            return i >= least;
        }
        let Some(next) = behind.strip_prefix(mark).filter(|_| !mark.is_empty()) else {
            return false;
        };
        rest = next;
    }
    false
}

pub(in super::super) fn date(text: &str, _: bool) -> bool {
    let year = leading(text);
    let parts = [
        (2038, "-"),
        (12, "-"),
        (31, "T"),
        (23, ":"),
        (59, ":"),
        (59, ""),
    ];
    (1970..=2038).contains(&year) && clock(text, &parts, 0)
}

pub(in super::super) fn time(text: &str, _: bool) -> bool {
    clock(text, &[(23, ":"), (59, ":"), (59, "")], 1)
}

pub(in super::super) fn weekdays(text: &str, _: bool) -> bool {
    let days = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
    let text = text.strip_suffix(',').unwrap_or(text);
    text.is_empty()
        || list(text, |w| {
            let w = w.get(..3).unwrap_or(w);
            match number(w.strip_prefix('-').unwrap_or(w)) {
                Some((n, "")) => n != 0,
                _ => w.get(..2).is_some_and(|head| days.contains(&head)),
            }
        })
}

pub(in super::super) fn monthdays(text: &str, _: bool) -> bool {
    list(text, |w| {
        // Two characters are looked at.
        let w = w.get(..2).unwrap_or(w);
        w.is_empty() || int(w, 0, 31)
    })
}

/// `text|hex hex|text`.
pub(in super::super) fn hex_string(text: &str, _: bool) -> bool {
    let mut hex = false;
    let ok = text.split('|').all(|part| {
        let compact: String = part.chars().filter(|c| *c != ' ').collect();
        let fine = !hex
            || (compact.len().is_multiple_of(2) && compact.bytes().all(|b| b.is_ascii_hexdigit()));
        hex = !hex;
        fine
    });
    // Marks come in pairs.
    ok && hex && !text.is_empty() && text.len() <= 128
}

/// `location = values && …` of xt_u32.
pub(in super::super) fn u32_test(text: &str, _: bool) -> bool {
    text.split("&&").all(|test| {
        let Some((location, values)) = test.split_once('=') else {
            return false;
        };
        let operands: Vec<&str> = location
            .split(['&', '@'])
            .flat_map(|p| p.split("<<"))
            .flat_map(|p| p.split(">>"))
            .collect();
        let whole = |s: &str| int(s.trim(), 0, u64::from(u32::MAX));
        let value = |s: &str| match s.split_once(':') {
            Some((a, b)) => whole(a) && whole(b),
            None => whole(s),
        };
        operands.len() <= 10
            && operands.into_iter().all(whole)
            && values.split(',').count() <= 10
            && values.split(',').all(value)
    })
}

/// `length,code jt jf k,…` of xt_bpf.
pub(in super::super) fn bytecode(text: &str, _: bool) -> bool {
    let Some((count, program)) = text.split_once(',') else {
        return false;
    };
    let Some(count) = count
        .trim()
        .parse::<usize>()
        .ok()
        .filter(|n| (1..=64).contains(n))
    else {
        return false;
    };
    let program = program.strip_suffix(',').unwrap_or(program);
    let instruction = |s: &str| {
        let parts: Vec<&str> = s.split_ascii_whitespace().collect();
        parts.len() >= 4
            && parts
                .iter()
                .take(4)
                .all(|p| p.bytes().all(|b| b.is_ascii_digit()))
    };
    program.split(',').count() == count && program.split(',').all(instruction)
}

pub(in super::super) fn addresses6(text: &str, _: bool) -> bool {
    text.split(',').count() <= 16 && list(text, |a| a.parse::<Ipv6Addr>().is_ok())
}

/// `type[:length],…` of hop-by-hop and destination options.
pub(in super::super) fn header_options(text: &str, _: bool) -> bool {
    text.split(',').count() <= 16
        && list(text, |w| match w.split_once(':') {
            Some((t, l)) => {
                matches!(number(t), Some((n, "")) if n & 255 != 0)
                    && matches!(number(l), Some((_, "")))
            }
            None => matches!(number(w.strip_prefix('-').unwrap_or(w)), Some((_, ""))),
        })
}

pub(in super::super) fn headers(text: &str, _: bool) -> bool {
    let long = [
        "hop-by-hop",
        "hop",
        "dst",
        "route",
        "frag",
        "auth",
        "esp",
        "none",
        "prot",
        "proto",
        "protocol",
    ];
    let known = |w: &str| {
        matches!(w, "0" | "255")
            || long.contains(&w)
            || matches!(protocol(w), Some(Some(0 | 43 | 44 | 50 | 51 | 59 | 60 | 255)) if !int(w, 0, 255) && !w.eq_ignore_ascii_case("all"))
    };
    !text.trim_matches(',').is_empty() && words(text, known)
}

const MH_TYPES: [&str; 16] = [
    "binding-refresh-request",
    "brr",
    "home-test-init",
    "hoti",
    "careof-test-init",
    "coti",
    "home-test",
    "hot",
    "careof-test",
    "cot",
    "binding-update",
    "bu",
    "binding-acknowledgement",
    "ba",
    "binding-error",
    "be",
];

pub(in super::super) fn mh_types(text: &str, _: bool) -> bool {
    let numbers = ["brr", "hoti", "coti", "hot", "cot", "bu", "ba", "be"];
    let value = |w: &str| match number(w) {
        Some((n, "")) if n <= 255 => Some(n),
        _ if begins(&MH_TYPES, w) => {
            let at = numbers.iter().position(|n| n.eq_ignore_ascii_case(w));
            Some(at.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
        }
        _ => None,
    };
    match text.split_once(':') {
        None => value(text).is_some(),
        Some((a, b)) => {
            let low = if a.is_empty() { Some(0) } else { value(a) };
            let high = if b.is_empty() { Some(255) } else { value(b) };
            matches!((low, high), (Some(a), Some(b)) if a <= b)
        }
    }
}

/// A number with a mask, or a name of a file of iproute2.
pub(in super::super) fn named_number(text: &str, _: bool) -> bool {
    match number(text) {
        Some((n, rest)) if n <= u64::from(u32::MAX) => {
            rest.is_empty()
                || rest
                    .strip_prefix('/')
                    .is_some_and(|m| int(m, 0, u64::from(u32::MAX)))
        }
        Some(_) => false,
        None => is_word(text),
    }
}

/// The name of a set and its sides.
pub(in super::super) fn set(name: &str, sides: &str) -> bool {
    name.len() < 32
        && !sides.starts_with(['-', '!'])
        && sides.split(',').count() <= 6
        && list(sides, |s| s.starts_with("src") || s.starts_with("dst"))
}

pub(in super::super) fn reject_with(text: &str, v6: bool) -> bool {
    let v4_names = [
        "icmp-net-unreachable",
        "net-unreach",
        "icmp-host-unreachable",
        "host-unreach",
        "icmp-proto-unreachable",
        "proto-unreach",
        "icmp-port-unreachable",
        "port-unreach",
        "icmp-net-prohibited",
        "net-prohib",
        "icmp-host-prohibited",
        "host-prohib",
        "tcp-reset",
        "tcp-rst",
        "icmp-admin-prohibited",
        "admin-prohib",
    ];
    let v6_names = [
        "icmp6-no-route",
        "no-route",
        "icmp6-adm-prohibited",
        "adm-prohibited",
        "icmp6-addr-unreachable",
        "addr-unreach",
        "icmp6-port-unreachable",
        "port-unreach",
        "tcp-reset",
        "icmp6-policy-fail",
        "policy-fail",
        "icmp6-reject-route",
        "reject-route",
    ];
    if v6 {
        begins(&v6_names, text)
    } else {
        begins(&v4_names, text)
    }
}

pub(in super::super) fn ct_events(text: &str, _: bool) -> bool {
    let all = [
        "new",
        "related",
        "destroy",
        "reply",
        "assured",
        "protoinfo",
        "helper",
        "mark",
        "natseqinfo",
        "secmark",
    ];
    list(text, |w| all.contains(&w))
}

pub(in super::super) fn exp_events(text: &str, _: bool) -> bool {
    text == "new" || list(text, |w| w == "new")
}

pub(in super::super) fn zone(text: &str, _: bool) -> bool {
    text.eq_ignore_ascii_case("mark") || int(text, 0, 0xffff)
}

pub(in super::super) fn balance(text: &str, _: bool) -> bool {
    let number = |s: &str, open: u64| match number(s) {
        None if s.is_empty() => Some(open),
        Some((n, "")) if n < 65_535 => Some(n),
        _ => None,
    };
    text != ":"
        && text.split_once(':').is_some_and(
            |(a, b)| matches!((number(a, 0), number(b, 65_534)), (Some(a), Some(b)) if a < b),
        )
}

pub(in super::super) fn strip_options(text: &str, _: bool) -> bool {
    let all = [
        ("wscale", 3),
        ("mss", 2),
        ("sack-permitted", 4),
        ("sack", 5),
        ("timestamp", 8),
        ("md5", 19),
    ];
    let mut seen = Vec::new();
    list_mut(text, |w| {
        let named = all.iter().find(|(n, _)| *n == w).map(|(_, k)| *k);
        let kind = named.or_else(|| {
            number(w)
                .filter(|(n, rest)| rest.is_empty() && *n <= 255)
                .map(|(n, _)| n)
        });
        kind.is_some_and(|k| {
            let fresh = k >= 2 && !seen.contains(&k);
            seen.push(k);
            fresh
        })
    })
}

fn list_mut(text: &str, one: impl FnMut(&str) -> bool) -> bool {
    text.split(',').all(one)
}

/// `major:minor` in hexadecimal, as sscanf(3) takes it: what follows is not looked at.
pub(in super::super) fn class(text: &str, _: bool) -> bool {
    let hex = |s: &str| {
        let s = s.trim_start();
        let s = s.strip_prefix(['+', '-']).unwrap_or(s);
        s.bytes().next().is_some_and(|b| b.is_ascii_hexdigit())
    };
    text.split_once(':').is_some_and(|(a, b)| {
        hex(a)
            && hex(b)
            && a.trim_start_matches("0x")
                .bytes()
                .all(|b| b.is_ascii_hexdigit())
    })
}

pub(in super::super) fn audit(text: &str, _: bool) -> bool {
    ["accept", "drop", "reject"]
        .iter()
        .any(|t| t.eq_ignore_ascii_case(text))
}

pub(in super::super) fn led_delay(text: &str, _: bool) -> bool {
    text.get(..3).is_some_and(|t| t.eq_ignore_ascii_case("inf"))
        || int(text, 0, u64::from(u32::MAX))
}

pub(in super::super) fn label(text: &str, _: bool) -> bool {
    match number(text) {
        Some((n, "")) => n & 0xffff <= 127,
        _ => !text.is_empty(),
    }
}

pub(in super::super) fn timer_label(text: &str, _: bool) -> bool {
    !text.is_empty() && !text.contains('/')
}
