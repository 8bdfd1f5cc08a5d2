//! Ports, ICMP types and TCP flags.

use hylint_space::{FlagSet, PacketBox, PortSet, RangeSet, Scalar, TcpFlags, proto};

/// The one range of a set.
pub(super) fn one<T: Scalar>(set: &RangeSet<T>) -> Option<(T, T)> {
    let mut ranges = set.iter();
    ranges.next().filter(|_| ranges.next().is_none())
}

fn range(lo: u16, hi: u16) -> String {
    if lo == hi {
        lo.to_string()
    } else {
        format!("{lo}:{hi}")
    }
}

/// Most entries of one `multiport`; a range takes two (iptables-extensions(8)).
const SLOTS: usize = 15;
/// Most `multiport` matches of a line.
const MAX_LISTS: usize = 24;

fn lists(set: &PortSet) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut used = SLOTS;
    for (lo, hi) in set.iter() {
        let need = if lo == hi { 1 } else { 2 };
        match out.last_mut() {
            Some(list) if used + need <= SLOTS => {
                list.push(',');
                list.push_str(&range(lo, hi));
                used += need;
            }
            _ => {
                out.push(range(lo, hi));
                used = need;
            }
        }
    }
    out
}

/// A `multiport` list if one holds the set.
pub(super) fn one_list(set: &PortSet) -> Option<String> {
    let mut all = lists(set);
    if all.len() == 1 { all.pop() } else { None }
}

/// The options that narrow to ports; `None` if there are too many.
pub(super) fn transport(space: &PacketBox, p: u8) -> Option<String> {
    let own = match p {
        proto::TCP => Some("tcp"),
        proto::UDP => Some("udp"),
        proto::SCTP => Some("sctp"),
        proto::DCCP => Some("dccp"),
        _ => None,
    };
    let (mut plain, mut multi) = (String::new(), String::new());
    for (name, set) in [("sport", &space.sport), ("dport", &space.dport)] {
        if set.is_full() {
            continue;
        }
        match (own, one(set), one(&set.complement())) {
            (Some(_), Some((lo, hi)), _) => plain += &format!(" --{name} {}", range(lo, hi)),
            // Two negated ports stand in matches of their own: some tools load them as one (`rule::Context`).
            (Some(_), None, Some((lo, hi))) if !plain.contains('!') => {
                plain += &format!(" ! --{name} {}", range(lo, hi));
            }
            _ => multi += &multiport(set, name)?,
        }
    }
    let mut more = String::new();
    if p == proto::TCP && space.flags != FlagSet::FULL {
        let (first, rest) = flags(space.flags);
        plain += &first;
        more = rest;
    }
    if let Some(own) = own.filter(|_| !plain.is_empty()) {
        plain = format!(" -m {own}{plain}");
    }
    Some(plain + &more + &multi)
}

fn multiport(set: &PortSet, name: &str) -> Option<String> {
    if let Some(list) = one_list(set) {
        return Some(format!(" -m multiport --{name}s {list}"));
    }
    let holes = lists(&set.complement());
    if holes.len() > MAX_LISTS {
        return None;
    }
    let each = holes
        .iter()
        .map(|l| format!(" -m multiport ! --{name}s {l}"));
    Some(each.collect())
}

/// `--tcp-flags` of the first match, and further matches. A set that is neither one pattern nor the opposite of one is
/// what several forbidden patterns leave.
fn flags(set: FlagSet) -> (String, String) {
    let patterns = || {
        (0u8..64).flat_map(|mask| {
            (0u8..64)
                .filter(move |v| v & !mask == 0)
                .map(move |v| (mask, v))
        })
    };
    let of = |(mask, value): (u8, u8)| FlagSet::masked(TcpFlags(mask), TcpFlags(value));
    if let Some(p) = patterns().find(|p| of(*p) == set) {
        return (pattern("", p), String::new());
    }
    let mut left = set.complement().0;
    let mut out: Vec<String> = Vec::new();
    while left != 0 {
        // The widest pattern that is all forbidden and forbids something new; single combinations always qualify.
        let best = patterns()
            .filter(|p| of(*p).0 & set.0 == 0 && of(*p).0 & left != 0)
            .max_by_key(|p| (of(*p).0 & left).count_ones());
        let Some(p) = best else { break };
        left &= !of(p).0;
        out.push(pattern(" !", p));
    }
    let mut all = out.into_iter();
    let first = all.next().unwrap_or_default();
    (first, all.map(|p| format!(" -m tcp{p}")).collect())
}

fn pattern(bang: &str, (mask, value): (u8, u8)) -> String {
    format!(
        "{bang} --tcp-flags {} {}",
        flag_names(mask),
        flag_names(value)
    )
}

fn flag_names(bits: u8) -> String {
    const NAMES: [(&str, TcpFlags); 6] = [
        ("FIN", TcpFlags::FIN),
        ("SYN", TcpFlags::SYN),
        ("RST", TcpFlags::RST),
        ("PSH", TcpFlags::PSH),
        ("ACK", TcpFlags::ACK),
        ("URG", TcpFlags::URG),
    ];
    if bits == 0 {
        return "NONE".into();
    }
    let set: Vec<&str> = NAMES
        .iter()
        .filter(|(_, f)| bits & f.0 != 0)
        .map(|(n, _)| *n)
        .collect();
    set.join(",")
}

/// Most lines or matches that ICMP types and codes are spelled out in.
const MAX_ICMP: usize = 32;

/// The options for types and codes, one entry for each line; `None` if there are too many.
pub(super) fn icmp(space: &PacketBox, p: u8) -> Option<Vec<String>> {
    let m = icmp_option(p);
    let (types, codes) = (&space.sport, &space.dport);
    if codes.is_full() {
        return each(types, m, "");
    }
    let mut out = Vec::new();
    for t in few(types)? {
        let prefix = format!("{t}/");
        for line in each(codes, m, &prefix)? {
            // What only forbids codes has to name the type first.
            let named = if line.contains('!') {
                format!(" -m {} --{} {t}{line}", m.0, m.1)
            } else {
                line
            };
            out.push(named);
        }
    }
    (out.len() <= MAX_ICMP).then_some(out)
}

/// The match and its option.
pub(super) fn icmp_option(p: u8) -> (&'static str, &'static str) {
    if p == proto::ICMPV6 {
        ("icmp6", "icmpv6-type")
    } else {
        ("icmp", "icmp-type")
    }
}

/// The values of a small set.
fn few(set: &PortSet) -> Option<Vec<u16>> {
    let all = set.count() <= MAX_ICMP as u128;
    all.then(|| set.iter().flat_map(|(lo, hi)| lo..=hi).collect())
}

fn each(set: &PortSet, (m, option): (&str, &str), prefix: &str) -> Option<Vec<String>> {
    if set.is_full() {
        return Some(vec![String::new()]);
    }
    if let Some(holes) = few(&set.complement()) {
        let all = holes
            .iter()
            .map(|v| format!(" -m {m} ! --{option} {prefix}{v}"));
        return Some(vec![all.collect()]);
    }
    let all = few(set)?;
    Some(
        all.iter()
            .map(|v| format!(" -m {m} --{option} {prefix}{v}"))
            .collect(),
    )
}
