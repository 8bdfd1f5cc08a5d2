//! Clauses to the match part of lines.

use super::form::{clip, error};
use super::{condition, ports};
use crate::write::Result;
use hylint_model::{Action, Clause, Rule, Side};
use hylint_space::{AddrSet, Family, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, proto};

/// A line that no packet matches.
const NOTHING: &str = " -m conntrack --ctstate NEW -m conntrack ! --ctstate NEW";

/// The lines of every clause.
pub(super) fn lines(rule: &Rule, family: Option<Family>) -> Result<Vec<String>> {
    if let Some(line) = paired(rule, family)? {
        return Ok(vec![line]);
    }
    let live: Vec<Clause> = rule
        .clauses
        .iter()
        .map(|c| Clause {
            space: clip(&c.space, family),
            conditions: c.conditions.clone(),
        })
        .filter(|c| !c.space.is_empty())
        .collect();
    if live.is_empty() {
        return Ok(vec![NOTHING.into()]);
    }
    apart(rule, &live)?;
    let mut out = Vec::new();
    for clause in &live {
        let tail = conditions(rule, clause, family)?;
        let heads = boxes(rule, &clause.space, family)?;
        out.extend(heads.into_iter().map(|h| h + &tail));
    }
    Ok(out)
}

/// Several lines must not do twice what the rule does once.
fn apart(rule: &Rule, clauses: &[Clause]) -> Result<()> {
    let once = match rule.action {
        Action::Jump(_) | Action::Opaque(_) => true,
        Action::SetMark { value, mask } | Action::SetConnMark { value, mask } => value & !mask != 0,
        Action::RestoreMark { nfmask, ctmask } => ctmask & !nfmask != 0,
        Action::SaveMark { nfmask, ctmask } => nfmask & !ctmask != 0,
        _ => false,
    };
    let overlap = |(i, a): (usize, &Clause)| {
        let later = clauses.iter().skip(i + 1);
        later.clone().any(|b| a.space.intersects(&b.space))
    };
    if once && clauses.iter().enumerate().any(overlap) {
        return Err(error(
            rule.span,
            "alternatives that overlap cannot be told in lines that act once",
        ));
    }
    Ok(())
}

/// Options of the rule itself (`-f`, a host's name) before those of matches, as the reader takes them.
fn conditions(rule: &Rule, clause: &Clause, family: Option<Family>) -> Result<String> {
    let each = clause.conditions.iter();
    let all: Vec<String> = each
        .map(|c| condition::options(rule, c, family))
        .collect::<Result<_>>()?;
    let (own, matches): (Vec<&str>, Vec<&str>) = all
        .iter()
        .map(String::as_str)
        .partition(|o| !o.starts_with(" -m "));
    Ok(own.concat() + &matches.concat())
}

/// Two clauses that one match makes: `--ports`, and an ICMP type and code that is negated.
fn paired(rule: &Rule, family: Option<Family>) -> Result<Option<String>> {
    let [a, b] = rule.clauses.as_slice() else {
        return Ok(None);
    };
    if a.conditions != b.conditions {
        return Ok(None);
    }
    let open = |c: &Clause| {
        let mut space = clip(&c.space, family);
        (space.sport, space.dport) = (PortSet::full(), PortSet::full());
        space
    };
    let (space, p) = (open(a), ports::one(&a.space.proto));
    if space.is_empty() || space != open(b) {
        return Ok(None);
    }
    let (x, y) = (&a.space, &b.space);
    let more = match p {
        Some((p, _)) if proto::is_icmp(p) => {
            negated_icmp(x, y, p).or_else(|| negated_icmp(y, x, p))
        }
        Some((p, q)) if p == q && proto::has_ports(p) => {
            either_port(x, y).or_else(|| either_port(y, x))
        }
        _ => None,
    };
    let heads = boxes(rule, &space, family)?;
    let (Some(more), [head]) = (more, heads.as_slice()) else {
        return Ok(None);
    };
    let tail = conditions(rule, a, family)?;
    Ok(Some(format!("{head}{more}{tail}")))
}

fn either_port(x: &PacketBox, y: &PacketBox) -> Option<String> {
    let same = x.sport.is_full() && y.dport.is_full() && x.dport == y.sport;
    let list = ports::one_list(&x.dport).filter(|_| same)?;
    Some(format!(" -m multiport --ports {list}"))
}

fn negated_icmp(x: &PacketBox, y: &PacketBox, p: u8) -> Option<String> {
    let (t, same) = ports::one(&y.sport)?;
    let (code, end) = ports::one(&y.dport.complement())?;
    let fits = t == same && code == end && x.dport.is_full() && x.sport == y.sport.complement();
    let (m, option) = ports::icmp_option(p);
    fits.then(|| format!(" -m {m} ! --{option} {t}/{code}"))
}

/// The lines of a box.
fn boxes(rule: &Rule, space: &PacketBox, family: Option<Family>) -> Result<Vec<String>> {
    let head = addresses(rule, space, family)? + &interfaces(rule, space)?;
    let states = states(rule, space.state)?;
    let too_many = || {
        error(
            rule.span,
            "the ports or types take more than one rule can hold",
        )
    };
    let mut out = Vec::new();
    for (text, p) in protocols(rule, space)? {
        let more = match p {
            Some(p) if proto::is_icmp(p) => ports::icmp(space, p).ok_or_else(too_many)?,
            Some(p) => vec![ports::transport(space, p).ok_or_else(too_many)?],
            None => vec![String::new()],
        };
        out.extend(more.iter().map(|m| format!("{head}{text}{m}{states}")));
    }
    Ok(out)
}

/// Most protocols that are spelled out in lines of their own.
const MAX_PROTOCOLS: u128 = 16;

/// `-p` and, where it is one protocol, which.
fn protocols(rule: &Rule, space: &PacketBox) -> Result<Vec<(String, Option<u8>)>> {
    let set = &space.proto;
    let loose = space.sport.is_full() && space.dport.is_full() && space.flags.complement().0 == 0;
    if set.is_full() && loose {
        return Ok(vec![(String::new(), None)]);
    }
    if let Some((p, q)) = ports::one(&set.complement())
        && p == q
        && loose
    {
        return Ok(vec![(format!(" ! -p {}", protocol_name(p)), None)]);
    }
    if set.count() > MAX_PROTOCOLS {
        return Err(error(
            rule.span,
            "a dump cannot say ports, types or flags without a protocol, or so many protocols",
        ));
    }
    let named = |p: u8| (format!(" -p {}", protocol_name(p)), Some(p));
    Ok(each_protocol(set).map(named).collect())
}

fn each_protocol(set: &ProtoSet) -> impl Iterator<Item = u8> + '_ {
    set.iter().flat_map(|(lo, hi)| lo..=hi)
}

fn protocol_name(p: u8) -> String {
    match p {
        proto::TCP => "tcp".into(),
        proto::UDP => "udp".into(),
        proto::ICMP => "icmp".into(),
        proto::ICMPV6 => "ipv6-icmp".into(),
        proto::SCTP => "sctp".into(),
        n => n.to_string(),
    }
}

fn addresses(rule: &Rule, space: &PacketBox, family: Option<Family>) -> Result<String> {
    let pair = |f| space.src.has(f) && space.dst.has(f);
    let (f, mark) = match (family, pair(Family::V4), pair(Family::V6)) {
        (Some(f), ..) => (f, ""),
        (None, true, true) if space.src.is_any() && space.dst.is_any() => return Ok(String::new()),
        (None, true, false) => (Family::V4, " -4"),
        (None, false, true) => (Family::V6, " -6"),
        _ => {
            return Err(error(
                rule.span,
                "one rule cannot name addresses of both families",
            ));
        }
    };
    // Only one end may be a list: iptables-restore makes a rule of each pair.
    let src = end(rule, &space.src.only(f), f, Side::Src, true)?;
    let dst = end(rule, &space.dst.only(f), f, Side::Dst, !src.contains(','))?;
    Ok(format!("{mark}{src}{dst}"))
}

/// Most networks of a comma list.
const MAX_LIST: usize = 16;

fn end(rule: &Rule, set: &AddrSet, f: Family, side: Side, list: bool) -> Result<String> {
    let all = AddrSet::any_of(f);
    if *set == all {
        return Ok(String::new());
    }
    let (short, long) = match side {
        Side::Src => ("-s", "src"),
        Side::Dst => ("-d", "dst"),
    };
    let opposite = all.subtract(set);
    let (texts, holes): (Vec<String>, Vec<String>) = (spelled(set), spelled(&opposite));
    let plain = |t: &String| !t.contains('-');
    Ok(match (texts.as_slice(), holes.as_slice()) {
        ([one], _) if plain(one) => format!(" {short} {one}"),
        (_, [one]) if plain(one) => format!(" ! {short} {one}"),
        ([one], _) => format!(" -m iprange --{long}-range {one}"),
        (_, [one]) => format!(" -m iprange ! --{long}-range {one}"),
        (many, _) if list && many.len() <= MAX_LIST && many.iter().all(plain) => {
            format!(" {short} {}", many.join(","))
        }
        _ => {
            let each = opposite_ranges(&opposite);
            if each.len() > super::MAX_WORDS / 5 {
                return Err(error(
                    rule.span,
                    "the addresses take more than one rule can hold",
                ));
            }
            let each = each
                .iter()
                .map(|r| format!(" -m iprange ! --{long}-range {r}"));
            each.collect()
        }
    })
}

/// Networks with their prefix as iptables-save prints them, ranges as `a-b`.
fn spelled(set: &AddrSet) -> Vec<String> {
    let with_prefix = |t: String| match (t.contains(['/', '-']), t.contains(':')) {
        (true, _) => t,
        (false, true) => t + "/128",
        (false, false) => t + "/32",
    };
    set.texts().map(with_prefix).collect()
}

/// Every range as `a-b`.
fn opposite_ranges(set: &AddrSet) -> Vec<String> {
    let v4 = set.v4.iter().map(|(lo, hi)| {
        let (a, b) = (std::net::Ipv4Addr::from(lo), std::net::Ipv4Addr::from(hi));
        format!("{a}-{b}")
    });
    let v6 = set.v6.iter().map(|(lo, hi)| {
        let (a, b) = (std::net::Ipv6Addr::from(lo), std::net::Ipv6Addr::from(hi));
        format!("{a}-{b}")
    });
    v4.chain(v6).collect()
}

fn interfaces(rule: &Rule, space: &PacketBox) -> Result<String> {
    let mut out = String::new();
    for (option, set) in [("-i", &space.in_iface), ("-o", &space.out_iface)] {
        if set.is_full() {
            continue;
        }
        match (interface(set), interface(&set.complement())) {
            (Some(name), _) => out += &format!(" {option} {name}"),
            (_, Some(name)) => out += &format!(" ! {option} {name}"),
            _ => {
                return Err(error(
                    rule.span,
                    "a rule names one interface or all but one",
                ));
            }
        }
    }
    Ok(out)
}

/// The argument that names exactly the set.
fn interface(set: &IfaceSet) -> Option<String> {
    use hylint_space::IfaceExt;
    let (lo, hi) = ports::one(set)?;
    let bytes = lo.to_be_bytes();
    let name: Vec<u8> = bytes.iter().copied().take_while(|b| *b != 0).collect();
    let mut name = String::from_utf8(name).ok()?;
    if name.is_empty()
        || name
            .bytes()
            .any(|b| b.is_ascii_whitespace() || b.is_ascii_control())
    {
        return None;
    }
    if lo != hi {
        name.push('+');
    }
    (IfaceSet::iface(&name) == *set).then_some(name)
}

const STATES: [(&str, StateSet); 7] = [
    ("INVALID", StateSet::INVALID),
    ("NEW", StateSet::NEW),
    ("RELATED", StateSet::RELATED),
    ("ESTABLISHED", StateSet::ESTABLISHED),
    ("UNTRACKED", StateSet::UNTRACKED),
    ("SNAT", StateSet::SNAT),
    ("DNAT", StateSet::DNAT),
];

/// `--ctstate`, once or, where no one list says it, twice.
fn states(rule: &Rule, set: StateSet) -> Result<String> {
    if set == StateSet::FULL {
        return Ok(String::new());
    }
    let lists = || {
        (1u8..128).flat_map(|chosen| {
            let bits = STATES
                .iter()
                .enumerate()
                .filter(move |(i, _)| chosen >> i & 1 == 1);
            let sum = bits.fold(StateSet(0), |acc, (_, (_, s))| acc.union(*s));
            [(chosen, false, sum), (chosen, true, sum.complement())]
        })
    };
    let print = |(chosen, negated, _): (u8, bool, StateSet)| {
        let names: Vec<&str> = STATES
            .iter()
            .enumerate()
            .filter(|(i, _)| chosen >> i & 1 == 1)
            .map(|(_, (n, _))| *n)
            .collect();
        let bang = if negated { "! " } else { "" };
        format!(" -m conntrack {bang}--ctstate {}", names.join(","))
    };
    if let Some(one) = lists().find(|l| l.2 == set) {
        return Ok(print(one));
    }
    let wide: Vec<_> = lists().filter(|l| set.0 & !l.2.0 == 0).collect();
    for a in &wide {
        if let Some(b) = wide.iter().find(|b| a.2.0 & b.2.0 == set.0) {
            return Ok(print(*a) + &print(*b));
        }
    }
    Err(error(
        rule.span,
        "the connection states have no list in a dump",
    ))
}
