//! Matches that packets alone do not decide.

use super::super::draft::{Args, Draft, Opt};
use super::super::{names, values};
use super::packet::option_text;
use hylint_model::{AddrTypes, ConditionKind, Side, Test};
use hylint_space::{RangeSet, Scalar};

pub(super) fn comment(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        if !d.comment.is_empty() {
            d.comment.push(' ');
        }
        d.comment.push_str(&o.a.value());
    }
}

pub(super) fn always(_d: &mut Draft, _args: &Args<'_, '_>) {}

fn whole(d: &mut Draft, args: &Args<'_, '_>, kind: ConditionKind) {
    d.condition(kind, Test::Opaque, args.span, args.text, false);
}

pub(super) fn rate(d: &mut Draft, args: &Args<'_, '_>) {
    let test = Test::Rate(of_first(args.text));
    d.condition(ConditionKind::Rate, test, args.span, args.text, false);
}

/// Whether a match on rates holds of the first packet of a sender (iptables-extensions(8)). Chance and the time of day do
/// not ask for that.
fn of_first(text: &str) -> Option<bool> {
    let mut words = text.split_whitespace();
    let name = words.next()?;
    let mut inverted = false;
    let mut holds = match name {
        "limit" | "quota" | "hashlimit" => true,
        // A sender that is in no list yet, and without a connection.
        "recent" | "connlimit" => false,
        _ => return None,
    };
    for w in words {
        match w {
            "!" => inverted = true,
            "--hashlimit-above" => holds = false,
            "--connlimit-upto" | "--set" => holds = true,
            _ => {}
        }
    }
    Some(holds != inverted)
}

pub(super) fn peer(d: &mut Draft, args: &Args<'_, '_>) {
    whole(d, args, ConditionKind::Peer);
}

pub(super) fn local(d: &mut Draft, args: &Args<'_, '_>) {
    whole(d, args, ConditionKind::Local);
}

pub(super) fn unknown(d: &mut Draft, args: &Args<'_, '_>) {
    d.unknown(args.span, args.text);
}

/// A match that is not modelled and whose answer may change on a packet's way: with the hook, what is routed, translated or
/// written into the packet between two rules.
pub(super) fn passing(d: &mut Draft, args: &Args<'_, '_>) {
    d.unmodelled(Test::Passing, args.span, args.text);
}

pub(super) fn passing_peer(d: &mut Draft, args: &Args<'_, '_>) {
    d.condition(
        ConditionKind::Peer,
        Test::Passing,
        args.span,
        args.text,
        false,
    );
}

/// An extension header: packets of a flow carry none, whatever the options ask of it.
pub(super) fn header(d: &mut Draft, args: &Args<'_, '_>) {
    d.condition(
        ConditionKind::Unknown,
        Test::ExtensionHeader,
        args.span,
        args.text,
        false,
    );
}

pub(super) fn rpfilter(d: &mut Draft, args: &Args<'_, '_>) {
    let inverted = args.get("invert").is_some();
    // Each way of looking the route up is a question of its own.
    let how = ["loose", "validmark", "accept-local"].map(|name| match args.get(name) {
        Some(_) => format!(" --{name}"),
        None => String::new(),
    });
    d.condition(
        ConditionKind::Unknown,
        Test::ReversePath,
        args.span,
        format!("rpfilter{}", how.concat()),
        inverted,
    );
}

/// `--set` only remembers the address; the other commands ask whether it is remembered.
pub(super) fn recent(d: &mut Draft, args: &Args<'_, '_>) {
    let asks = args
        .iter()
        .any(|o| matches!(o.name, "rcheck" | "update" | "remove"));
    match args.get("set") {
        Some(o) if !asks && !o.negated => {}
        _ => rate(d, args),
    }
}

pub(super) fn mac(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        match values::mac(o.a.text) {
            Some(mac) => {
                let text = format!("source MAC {mac}");
                d.condition(ConditionKind::Peer, Test::Mac(mac), o.span, text, o.negated);
            }
            // Published dumps mask addresses: two masked ones are not the same, so each text is made its own.
            None if masked_mac(o.a.text) => {
                let text = format!("source MAC {} (masked, at byte {})", o.a.text, o.span.start);
                d.condition(ConditionKind::Peer, Test::Opaque, o.span, text, o.negated);
            }
            None => d.unreadable(o, "hardware address"),
        }
    }
}

fn masked_mac(text: &str) -> bool {
    text.len() == 17
        && text.bytes().enumerate().all(|(i, b)| {
            if i % 3 == 2 {
                b == b':'
            } else {
                b.is_ascii_hexdigit() || matches!(b, b'x' | b'X' | b'*')
            }
        })
}

pub(super) fn set(d: &mut Draft, args: &Args<'_, '_>) {
    let counts = args.iter().any(|o| {
        !matches!(
            o.name,
            "match-set" | "set" | "update-counters" | "update-subcounters"
        )
    });
    if counts {
        return peer(d, args);
    }
    for o in args
        .iter()
        .filter(|o| matches!(o.name, "match-set" | "set"))
    {
        let sides: Option<Vec<Side>> =
            o.b.text
                .split(',')
                .map(|s| match s {
                    "src" => Some(Side::Src),
                    "dst" => Some(Side::Dst),
                    _ => None,
                })
                .collect();
        let name = o.a.value();
        let text = format!("set {name} {}", o.b.text);
        let test = match sides.as_deref() {
            Some([side]) => Test::Named {
                key: format!("ipset:{name}").into(),
                side: *side,
            },
            Some([_, ..]) => Test::IpSet {
                name: name.into_owned().into(),
                sides: sides.unwrap_or_default(),
            },
            _ => {
                d.unreadable(o, "set with directions");
                continue;
            }
        };
        d.condition(ConditionKind::Peer, test, o.span, text, o.negated);
    }
}

pub(super) fn addrtype(d: &mut Draft, args: &Args<'_, '_>) {
    if args.iter().any(|o| o.name.starts_with("limit-iface")) {
        return passing(d, args);
    }
    for o in args.iter() {
        let side = if o.name == "src-type" {
            Side::Src
        } else {
            Side::Dst
        };
        let types =
            o.a.text
                .split(',')
                .try_fold(0, |acc, t| Some(acc | AddrTypes::parse(t)?.0));
        match types {
            Some(types) => {
                let text = format!("--{} {}", o.name, o.a.text);
                let test = Test::AddrType {
                    side,
                    types: AddrTypes(types),
                    single: false,
                };
                d.condition(ConditionKind::Unknown, test, o.span, text, o.negated);
            }
            None => d.unreadable(o, "address type"),
        }
    }
}

pub(super) fn mark(d: &mut Draft, args: &Args<'_, '_>) {
    marks(d, args, |value, mask| Test::Mark { value, mask });
}

pub(super) fn connmark(d: &mut Draft, args: &Args<'_, '_>) {
    marks(d, args, |value, mask| Test::ConnMark { value, mask });
}

fn marks(d: &mut Draft, args: &Args<'_, '_>, test: fn(u32, u32) -> Test) {
    for o in args.iter() {
        match values::masked_number(o.a.text) {
            Some((value, mask)) => {
                let text = format!("{} {value:#x}/{mask:#x}", args.name);
                let test = test(value, mask);
                d.condition(ConditionKind::Unknown, test, o.span, text, o.negated);
            }
            None => d.unreadable(o, "mark"),
        }
    }
}

pub(super) fn owner(d: &mut Draft, args: &Args<'_, '_>) {
    let supplementary = args.get("suppl-groups").is_some();
    for o in args.iter().filter(|o| o.name != "suppl-groups") {
        let ids = || values::range::<u32>(o.a.text, '-');
        let test = match o.name {
            "uid-owner" => ids().map(Test::Uid),
            "gid-owner" if !supplementary => ids().map(Test::Gid),
            _ => None,
        };
        let text = if o.a.text.is_empty() {
            format!("--{}", o.name)
        } else {
            format!("--{} {}", o.name, o.a.value())
        };
        d.condition(
            ConditionKind::Local,
            test.unwrap_or(Test::Opaque),
            o.span,
            text,
            o.negated,
        );
    }
}

pub(super) fn policy(d: &mut Draft, args: &Args<'_, '_>) {
    let dir = args.get("dir").map_or("", |o| o.a.text);
    let plain = args.iter().all(|o| matches!(o.name, "dir" | "pol"));
    match args.get("pol") {
        Some(pol) if plain => {
            let none = pol.a.text.eq_ignore_ascii_case("none");
            d.condition(
                ConditionKind::Peer,
                Test::IpSec,
                args.span,
                format!("IPsec policy ({dir})"),
                none != pol.negated,
            );
        }
        _ => peer(d, args),
    }
}

pub(super) fn pkttype(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        let kind = match o.a.text.to_ascii_lowercase().as_str() {
            "unicast" | "host" => "unicast",
            "broadcast" => "broadcast",
            "multicast" => "multicast",
            _ => {
                d.unreadable(o, "packet type");
                continue;
            }
        };
        d.condition(
            ConditionKind::Unknown,
            Test::PktType(kind.into()),
            o.span,
            format!("packet type {kind}"),
            o.negated,
        );
    }
}

/// A condition over numbers, or one that is not modelled where the value is none.
fn numbers<T: Scalar>(
    d: &mut Draft,
    o: &Opt<'_>,
    set: Option<RangeSet<T>>,
    test: fn(RangeSet<T>) -> Test,
) {
    match set {
        Some(set) => {
            let text = format!("--{} {}", o.name, o.a.text);
            d.condition(ConditionKind::Unknown, test(set), o.span, text, o.negated);
        }
        None => d.unreadable(o, "number or range"),
    }
}

pub(super) fn ttl(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        let n = names::number(o.a.text).and_then(|n| u8::try_from(n).ok());
        let set = n.map(|n| match o.name.get(o.name.len().saturating_sub(2)..) {
            Some("lt") => n
                .checked_sub(1)
                .map_or_else(RangeSet::empty, |n| RangeSet::range(0, n)),
            Some("gt") => n
                .checked_add(1)
                .map_or_else(RangeSet::empty, |n| RangeSet::range(n, u8::MAX)),
            _ => RangeSet::single(n),
        });
        numbers(d, o, set, Test::Ttl);
    }
}

pub(super) fn length(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        numbers(d, o, values::range::<u16>(o.a.text, ':'), Test::Length);
    }
}

pub(super) fn dscp(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        let value = match o.name {
            "dscp-class" => names::dscp_class(o.a.text),
            _ => names::number(o.a.text).and_then(|n| u8::try_from(n).ok()),
        };
        let set = value.filter(|v| *v < 64).map(RangeSet::single);
        numbers(d, o, set, Test::Dscp);
    }
}

pub(super) fn tos(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        match values::masked_number(o.a.text) {
            // The six upper bits of the byte are the DSCP field (RFC 2474).
            Some((value, 0xfc)) if value & 3 == 0 => {
                let set = u8::try_from(value >> 2).ok().map(RangeSet::single);
                numbers(d, o, set, Test::Dscp);
            }
            _ => {
                let text = option_text(o);
                d.unknown(o.span, &text);
            }
        }
    }
}
