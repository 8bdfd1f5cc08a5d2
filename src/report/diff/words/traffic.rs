//! Packets and what decides them, in words.

use crate::common::sanitize::{limited, text};
use crate::common::words::{list, some};
use crate::finding::difference::{ChangeKind, Decision, Interfaces, PacketChange, PacketVerdict};
use crate::finding::outcome::Evidence;
use crate::finding::{DeciderKind, Place};
use hylint_model::{Direction, PointKind};

/// Addresses, ports and names of one list that are shown.
const NAMED: usize = 4;
/// Characters of a rule's line that stand in a sentence.
const LINE: usize = 120;
/// Protocols that are most of them.
const MOST: usize = 200;

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
    said(|most| flow_of(p, most, |what, all| end(what, all, most)))
}

/// The same of a box and its twin of the other family, each of which has any address at every end.
pub(in crate::report::diff) fn flow_of_both(p: &PacketChange) -> Said {
    let any = |what: &str, all: &[String]| match all.is_empty() {
        true => String::new(),
        false => format!("any {what}"),
    };
    said(|most| flow_of(p, most, any))
}

fn said(of: impl Fn(usize) -> String) -> Said {
    Said {
        short: of(NAMED),
        full: of(usize::MAX),
    }
}

fn flow_of(p: &PacketChange, most: usize, end: impl Fn(&str, &[String]) -> String) -> String {
    let or_any = |said: String, what: &str| match said.is_empty() {
        true => format!("any {what}"),
        false => said,
    };
    let more = |word: &str, said: String| match said.is_empty() {
        true => String::new(),
        false => format!(" {word} {said}"),
    };
    let (src, dst) = (end("source", &p.src), end("destination", &p.dst));
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

/// Addresses in words; nothing if they are any.
fn end(what: &str, all: &[String], most: usize) -> String {
    match all {
        [] => String::new(),
        [one] if one == "0.0.0.0/0" => format!("any IPv4 {what}"),
        [one] if one == "::/0" => format!("any IPv6 {what}"),
        all => named(all, most),
    }
}

fn named(all: &[String], most: usize) -> String {
    let all: Vec<_> = all.iter().map(|a| text(a)).collect();
    some(&all, most)
}

/// `TCP 443`, `TCP and UDP 53`, `ICMP type 8`, `every UDP port`, `all traffic`.
fn traffic(p: &PacketChange, most: usize) -> String {
    let icmp = !p.proto.is_empty() && p.proto.iter().all(|p| p.starts_with("icmp"));
    let protocols = protocols(&p.proto, most);
    if icmp {
        let of = |what: &str, all: &[String]| match all.is_empty() {
            true => String::new(),
            false => format!(" {what} {}", named(all, most)),
        };
        return format!(
            "{protocols}{}{}",
            of("type", &p.sport),
            of("code", &p.dport)
        );
    }
    let from = match p.sport.is_empty() {
        true => String::new(),
        false => format!(" with source port {}", named(&p.sport, most)),
    };
    let ports = |name: &str| match p.dport.is_empty() {
        true => format!("every {name} port{from}"),
        // `TCP and UDP 53, 80`: a second "and" could begin another protocol.
        false => match (p.proto.len() > 1, p.dport.len() <= most) {
            (true, true) => format!("{name} {}{from}", commas(&p.dport)),
            _ => format!("{name} {}{from}", named(&p.dport, most)),
        },
    };
    let transport = |p: &String| matches!(&**p, "tcp" | "udp" | "sctp" | "dccp" | "udplite");
    let open = p.dport.is_empty() && p.sport.is_empty();
    match (p.proto.is_empty(), p.proto.iter().all(transport)) {
        (true, _) if open => "all traffic".to_owned(),
        (true, _) => ports("port"),
        (false, true) => ports(&protocols),
        (false, false) if open => protocols,
        (false, false) => ports(&protocols),
    }
}

/// `TCP`, `TCP and UDP`, `protocol 47`, `every protocol except TCP`.
fn protocols(all: &[String], most: usize) -> String {
    if all.len() > MOST && most < all.len() {
        let named = |name: &&str| all.iter().all(|p| p != name);
        let missing = ["tcp", "udp", "icmp", "icmpv6"].into_iter().filter(named);
        let missing: Vec<String> = missing.map(protocol).collect();
        return match missing.is_empty() {
            true => format!("{} protocols", all.len()),
            false => format!("{} protocols, not {}", all.len(), list(&missing)),
        };
    }
    let all: Vec<String> = all.iter().map(|p| protocol(p)).collect();
    some(&all, most)
}

fn commas(all: &[String]) -> String {
    let all: Vec<_> = all.iter().map(|a| text(a)).collect();
    all.join(", ")
}

fn protocol(p: &str) -> String {
    match p {
        "icmpv6" => "ICMPv6".into(),
        number if number.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("protocol {}", text(number))
        }
        name => text(name).to_uppercase(),
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
pub(in crate::report::diff) fn conditions(p: &PacketChange) -> Option<String> {
    let all: Vec<_> = p.conditions.iter().map(|c| limited(c, LINE)).collect();
    (!all.is_empty()).then(|| some(&all, NAMED))
}

/// `blocked by the policy of INPUT (gw.rules:3)`, `allowed by gw.rules:9`.
pub(in crate::report::diff) fn decision(d: &Decision) -> String {
    let (verdict, e) = (verdict(d), &d.evidence);
    let at = e.place.as_ref().map(line_of);
    match (at, is_line(e)) {
        (Some(at), true) => format!("{verdict} {at}"),
        (Some(at), false) => format!("{verdict} {} ({at})", by(e)),
        (None, _) => format!("{verdict} {}", by(e)),
    }
}

/// What decides, told apart from other deciders and not by where it stands.
pub(in crate::report::diff) fn decider(d: &Decision) -> String {
    let line = quote(&d.evidence).filter(|_| is_line(&d.evidence));
    let by = line.unwrap_or_else(|| by(&d.evidence));
    format!("{} {by}", verdict(d))
}

/// `allowed by`, `allowed and sent to 10.0.0.5:8443 by`.
fn verdict(d: &Decision) -> String {
    let to = d.translated.as_deref().map(text);
    match (d.verdict, to) {
        (PacketVerdict::Allow, None) => "allowed by".to_owned(),
        (PacketVerdict::Allow, Some(to)) => format!("allowed and sent to {to} by"),
        (PacketVerdict::Deny, _) => "blocked by".to_owned(),
        (PacketVerdict::Conditional, None) => "depends on".to_owned(),
        (PacketVerdict::Conditional, Some(to)) => format!("sent to {to}, depends on"),
    }
}

/// `rule "Deny RDP"`, `the default`.
fn by(e: &Evidence) -> String {
    match e.kind {
        DeciderKind::Default | DeciderKind::Implicit => "the default".to_owned(),
        DeciderKind::Policy => format!("the policy of {}", text(&e.rule)),
        DeciderKind::Rule if is_numbered(&e.rule) => text(&e.rule).into_owned(),
        DeciderKind::Rule => format!("rule \"{}\"", text(&e.rule)),
    }
}

/// Whether it is a rule that has neither name nor number.
fn is_line(e: &Evidence) -> bool {
    e.kind == DeciderKind::Rule && e.rule.starts_with("line ") && is_numbered(&e.rule)
}

/// `line 12`, `rule 100`: what a rule is called that has no name.
fn is_numbered(name: &str) -> bool {
    let number = ["line ", "rule "].iter().find_map(|w| name.strip_prefix(w));
    number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// The text of a rule that is one line, where it says more than the rule's name.
pub(in crate::report::diff) fn quote(e: &Evidence) -> Option<String> {
    let covered = e.place.as_ref()?.covered()?;
    let said = limited(covered.trim(), LINE).into_owned();
    // A value of a JSON export says nothing without its key.
    let json = said.starts_with(['{', '"', '[']);
    (e.kind == DeciderKind::Rule && !json && said.contains(' ')).then_some(said)
}

/// `gw.rules:3`; a whole file has no line.
pub(in crate::report::diff) fn line_of(p: &Place) -> String {
    match p.excerpt.is_empty() {
        true => text(&p.path).into_owned(),
        false => format!("{}:{}", text(&p.path), p.start.line),
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
