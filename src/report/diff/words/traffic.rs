//! Packets and what decides them, in words.

use super::values::{End, ports, protocols};
use crate::common::sanitize::{limited, text};
use crate::common::words::some;
use crate::finding::difference::{ChangeKind, Decision, Interfaces, PacketChange, PacketVerdict};
use crate::finding::outcome::Evidence;
use crate::finding::{DeciderKind, Place};
use hylint_model::{Direction, PointKind};
use hylint_parsers::nft;

/// Addresses, ports and names of one list that are shown.
const NAMED: usize = 4;
/// Characters of a rule's line that stand in a sentence.
const LINE: usize = 120;

/// The host, or where none is known the point, as code; a firewall without a name of its own is its file.
pub(in crate::report::diff) fn at(p: &PacketChange) -> String {
    let nameless = KINDS.iter().any(|k| k.as_str() == p.point);
    let mut places = [&p.new, &p.old]
        .into_iter()
        .filter_map(|d| d.evidence.place.as_ref());
    let file = places.next().filter(|_| nameless).map(|p| &*p.path);
    let name = p.host.as_deref().or(file).unwrap_or(&p.point);
    format!("`{}`", text(name))
}

/// Kinds of points, by which those are known that have no name.
const KINDS: [PointKind; 6] = [
    PointKind::WindowsFirewall,
    PointKind::Netfilter,
    PointKind::SecurityGroup,
    PointKind::NetworkAcl,
    PointKind::Nsg,
    PointKind::AdminRules,
];

/// Packets in words: at most four values of each list, and all of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::report::diff) struct Said {
    /// `inbound TCP 443 from 10.0.0.0/8, 10.2.0.0/16 and 7 more`.
    pub(in crate::report::diff) short: String,
    /// With every value.
    pub(in crate::report::diff) full: String,
}

/// `inbound TCP 443 from 10.0.0.0/8`.
pub(in crate::report::diff) fn flow(p: &PacketChange) -> Said {
    let (src, dst) = (End::new("source", &p.src), End::new("destination", &p.dst));
    let of = |most| flow_of(p, most, src.said(most), dst.said(most));
    Said {
        short: of(NAMED),
        full: of(usize::MAX),
    }
}

/// The same with `their own addresses` for those that the host itself has, of which each host has others.
pub(in crate::report::diff) fn flow_of_any_host(p: &PacketChange) -> Said {
    let single = |all: &[String]| !all.is_empty() && all.iter().all(|a| !a.contains(['/', '-']));
    let (src, dst) = (End::new("source", &p.src), End::new("destination", &p.dst));
    let own = || "their own addresses".to_owned();
    let of = |most| match p.direction {
        Direction::In if single(&p.dst) => flow_of(p, most, src.said(most), own()),
        Direction::Out if single(&p.src) => flow_of(p, most, own(), dst.said(most)),
        _ => flow_of(p, most, src.said(most), dst.said(most)),
    };
    Said {
        short: of(NAMED),
        full: of(usize::MAX),
    }
}

/// The same of a box and its twin of the other family, each of which has any address at every end.
pub(in crate::report::diff) fn flow_of_both(p: &PacketChange) -> Said {
    let any = |what: &str, all: &[String]| match all.is_empty() {
        true => String::new(),
        false => format!("any {what}"),
    };
    let of = |most| {
        let (src, dst) = (any("source", &p.src), any("destination", &p.dst));
        flow_of(p, most, src, dst)
    };
    Said {
        short: of(NAMED),
        full: of(usize::MAX),
    }
}

fn flow_of(p: &PacketChange, most: usize, src: String, dst: String) -> String {
    let or_any = |said: String, what: &str| match said.is_empty() {
        true => format!("any {what}"),
        false => said,
    };
    let more = |word: &str, said: String| match said.is_empty() {
        true => String::new(),
        false => format!(" {word} {said}"),
    };
    let (way, ends) = match p.direction {
        // The other end is the host's own.
        Direction::In => {
            let from = or_any(src, "source");
            ("inbound", format!("from {from}{}", more("to", dst)))
        }
        Direction::Out => {
            let to = or_any(dst, "destination");
            ("outbound", format!("to {to}{}", more("from", src)))
        }
        Direction::Forward => {
            let (from, to) = (or_any(src, "source"), or_any(dst, "destination"));
            ("forwarded", format!("from {from} to {to}"))
        }
    };
    let details = details(p, most);
    let details = match details.is_empty() {
        true => String::new(),
        false => format!(" ({})", details.join(", ")),
    };
    format!("{way} {} {ends}{details}", traffic(p, most))
}

/// `TCP 443`, `TCP and UDP 53`, `ICMP type 8`, `every UDP port`, `all traffic`.
fn traffic(p: &PacketChange, most: usize) -> String {
    let (open, none) = (p.dport.is_empty() && p.sport.is_empty(), p.proto.is_empty());
    let names = protocols(&p.proto, most);
    if !none && p.proto.iter().all(|p| p.starts_with("icmp")) {
        let types = match p.sport.is_empty() {
            true => names,
            false => icmp(&names, "type", &p.sport, most),
        };
        return match p.dport.is_empty() {
            true => types,
            false => icmp(&types, "code", &p.dport, most),
        };
    }
    let transport = |p: &String| TRANSPORTS.contains(&p.as_str());
    let to = match (none, open, p.dport.is_empty()) {
        (true, true, _) => return "all traffic".to_owned(),
        (false, true, _) if !p.proto.iter().all(transport) => return names,
        (true, _, true) => "every port".to_owned(),
        (true, ..) => ports("port", "number", &p.dport, u16::MAX, most),
        (false, _, true) => format!("every {names} port"),
        (false, ..) => ports(&names, "port", &p.dport, u16::MAX, most),
    };
    match p.sport.is_empty() {
        true => to,
        false => {
            let from = ports("source port", "number", &p.sport, u16::MAX, most);
            format!(
                "{to} with {}",
                from.replace("every source port number", "any source port")
            )
        }
    }
}

/// Protocols that are told by their ports.
const TRANSPORTS: [&str; 3] = ["tcp", "udp", "sctp"];

/// `ICMP type 8`, `every ICMP type except 8`.
fn icmp(before: &str, unit: &str, all: &[String], most: usize) -> String {
    let said = ports(before, unit, all, 255, most);
    match said.strip_prefix(before) {
        Some(numbers) => format!("{before} {unit}{numbers}"),
        None => said,
    }
}

/// What else the packets have in common, where it is not as usual.
fn details(p: &PacketChange, most: usize) -> Vec<String> {
    let or = |names: &[String]| {
        let names: Vec<_> = names.iter().map(|n| text(n)).collect();
        match names.len() > most {
            true => some(&names, most),
            false => names.join(" or "),
        }
    };
    let iface = |way: &str, i: &Interfaces| match i {
        Interfaces::Any => None,
        Interfaces::Named(names) => Some(format!("{way} {}", or(names))),
        Interfaces::Not(names) => Some(format!("{way} any but {}", or(names))),
    };
    let state = match p.state.as_deref() {
        None | Some("NEW") => None,
        Some("ESTABLISHED") => Some("established connections only".to_owned()),
        Some(other) => Some(format!("state {}", text(other))),
    };
    let plain = matches!(p.flags.as_deref(), None | Some("SYN"));
    let established = p.state.as_deref() == Some("ESTABLISHED");
    let flags = p.flags.as_deref().filter(|_| !plain && !established);
    let all = [
        iface("in", &p.in_iface),
        iface("out", &p.out_iface),
        flags.map(|f| format!("flags {}", text(f))),
        state,
    ];
    all.into_iter().flatten().collect()
}

/// What the verdicts depend on.
pub(in crate::report::diff) fn conditions<T: AsRef<str>>(all: &[T]) -> Option<String> {
    let all: Vec<_> = all.iter().map(|c| limited(c.as_ref(), LINE)).collect();
    (!all.is_empty()).then(|| some(&all, NAMED))
}

/// What decides before and after: `blocked by the policy of INPUT (gw.rules:3)`, `allowed by gw.rules:9, NAT: 10.0.0.5:80`.
pub(in crate::report::diff) fn decisions(p: &PacketChange) -> [String; 2] {
    let redirected = p.change == ChangeKind::Redirected;
    [&p.old, &p.new].map(|d| match d.translated.is_none() && redirected {
        true => format!("{}, no NAT", decision(d)),
        false => decision(d),
    })
}

fn decision(d: &Decision) -> String {
    let (verdict, e, nat) = (verdict(d.verdict), &d.evidence, nat(d));
    let at = e.place.as_ref().map(line_of);
    match (at, is_nameless(e)) {
        (Some(at), true) => format!("{verdict} {at}{nat}"),
        (Some(at), false) => format!("{verdict} {} ({at}){nat}", by(e)),
        (None, _) => format!("{verdict} {}{nat}", by(e)),
    }
}

/// What decides, told apart from other deciders and not by where it stands.
pub(in crate::report::diff) fn decider(d: &Decision) -> String {
    let line = quote(&d.evidence).filter(|_| is_nameless(&d.evidence));
    let by = line.unwrap_or_else(|| by(&d.evidence));
    format!("{} {by}{}", verdict(d.verdict), nat(d))
}

fn verdict(v: PacketVerdict) -> &'static str {
    match v {
        PacketVerdict::Allow => "allowed by",
        PacketVerdict::Deny => "blocked by",
        PacketVerdict::Conditional => "depends on",
    }
}

/// Where the packets are translated to.
fn nat(d: &Decision) -> String {
    let to = d.translated.as_deref();
    to.map_or_else(String::new, |to| format!(", NAT: {}", text(to)))
}

/// `rule "Deny RDP"`, `the default`.
fn by(e: &Evidence) -> String {
    match e.kind {
        DeciderKind::Default | DeciderKind::Implicit => "the default".to_owned(),
        DeciderKind::Policy if e.rule.is_empty() => "the chain's policy".to_owned(),
        DeciderKind::Policy => format!("the policy of {}", text(&e.rule)),
        DeciderKind::Rule if is_numbered(&e.rule) => text(&e.rule).into_owned(),
        DeciderKind::Rule => format!("rule \"{}\"", text(&e.rule)),
    }
}

/// Whether it is a rule that has neither name nor number, or a policy that has no name: it is known by its line.
fn is_nameless(e: &Evidence) -> bool {
    match e.kind {
        DeciderKind::Rule => e.rule.starts_with("line ") && is_numbered(&e.rule),
        DeciderKind::Policy => e.rule.is_empty(),
        DeciderKind::Default | DeciderKind::Implicit => false,
    }
}

/// `line 12`, `line 1:480`, `line 3 of `a.nft``, `rule 100`: what a rule is called that has no name.
fn is_numbered(name: &str) -> bool {
    let number = ["line ", "rule "].iter().find_map(|w| name.strip_prefix(w));
    number.is_some_and(|n| {
        let n = n.split_once(" of `").map_or(n, |(n, _)| n);
        n.bytes().all(|b| b.is_ascii_digit() || b == b':')
    })
}

/// The text of a rule or policy that is one line, where it says more than the name.
pub(in crate::report::diff) fn quote(e: &Evidence) -> Option<String> {
    let covered = e.place.as_ref()?.covered()?;
    let covered = nft::listed(covered.trim()).map_or(covered, Into::into);
    let said = limited(covered.trim(), LINE).into_owned();
    // A value of a JSON export says nothing without its key.
    let json = said.starts_with(['{', '"', '[']);
    let says = match e.kind {
        DeciderKind::Rule => said.contains(' '),
        // It has the chain's name.
        DeciderKind::Policy => e.rule.is_empty(),
        DeciderKind::Default | DeciderKind::Implicit => false,
    };
    (says && !json).then_some(said)
}

/// `gw.rules:3`; a whole file has no line.
pub(in crate::report::diff) fn line_of(p: &Place) -> String {
    match p.excerpt.is_empty() {
        true => text(&p.path).into_owned(),
        false => {
            // Of a line that is cut on the left the column tells which part of it is meant.
            let cut = p.excerpt.lines().next().is_some_and(|l| l.column > 1);
            let column = cut.then(|| format!(":{}", p.start.column));
            let column = column.unwrap_or_default();
            format!("{}:{}{column}", text(&p.path), p.start.line)
        }
    }
}

/// What is said of boxes of one kind, with their number.
pub(in crate::report::diff) fn sign(kind: ChangeKind) -> char {
    match kind {
        ChangeKind::Opened => '+',
        ChangeKind::Closed => '-',
        ChangeKind::Conditional => '?',
        ChangeKind::Redirected => '~',
    }
}
