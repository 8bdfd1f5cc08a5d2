//! Matches that packets decide.

use super::super::draft::{self, Args, Draft, Opt};
use super::super::{names, values};
use hylint_model::{Clause, Condition, ConditionKind, ConnTest, ProblemKind, Side, Test, reworded};
use hylint_space::{
    AddrSet, Family, FlagSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags, proto,
};
use thin_vec::ThinVec;

pub(super) fn tcp(d: &mut Draft, args: &Args<'_, '_>) {
    d.proto_of(args, proto::TCP);
    let merged = args.get("tcp-option").is_none() && merged_ports(d, args);
    for o in args.iter() {
        match o.name {
            "tcp-flags" => tcp_flags(d, o),
            "syn" => {
                // FIN, SYN, RST and ACK are looked at, SYN is set.
                flags(
                    d,
                    FlagSet::masked(TcpFlags(1 | 2 | 4 | 16), TcpFlags::SYN),
                    o.negated,
                );
            }
            _ if merged => {}
            _ => port_option(d, o),
        }
    }
}

fn tcp_flags(d: &mut Draft, o: &Opt<'_>) {
    match (
        values::tcp_flags(o.a.text),
        values::tcp_flags(o.b.text),
        o.b.text,
    ) {
        (Some(mask), Some(set), t) if !t.is_empty() => {
            flags(d, FlagSet::masked(mask, set), o.negated);
        }
        _ => d.unreadable(o, "list of TCP flags"),
    }
}

fn flags(d: &mut Draft, set: FlagSet, negated: bool) {
    let set = if negated { set.complement() } else { set };
    d.space.flags = FlagSet(d.space.flags.0 & set.0);
}

/// Sizes that hosts announce: the least is the default (RFC 9293, section 3.7.1), the most is an IPv4 packet without its
/// headers.
const SIZES: (u16, u16) = (536, 65_495);

/// The size that a packet announces. Hosts announce one in every SYN, and in nothing else; a packet that announces none is
/// outside of every range (`tcpmss_mt` in net/netfilter/xt_tcpmss.c). Of a range that does not hold them all nothing is
/// known.
pub(super) fn tcpmss(d: &mut Draft, args: &Args<'_, '_>) {
    let all = |o: &Opt<'_>| {
        let range = values::port_range(o.a.text);
        range.is_some_and(|(lo, hi)| lo <= SIZES.0 && hi >= SIZES.1)
    };
    match args.get("mss").filter(|o| all(o)) {
        Some(o) => flags(d, FlagSet::masked(TcpFlags::SYN, TcpFlags::SYN), o.negated),
        None => d.unmodelled(Test::Passing, args.span, args.text),
    }
}

pub(super) fn ports(d: &mut Draft, args: &Args<'_, '_>) {
    let protocol = match args.name {
        "udp" => proto::UDP,
        "udplite" => proto::UDPLITE,
        "dccp" => proto::DCCP,
        _ => proto::SCTP,
    };
    d.proto_of(args, protocol);
    if args.name == "udp" && merged_ports(d, args) {
        return;
    }
    for o in args.iter() {
        port_option(d, o);
    }
}

/// Takes both ports of a match that some tools load as another one ([`Draft::merges_ports`]): a packet with neither port
/// matches, one with both does not, and of one with either of them nothing is known.
fn merged_ports(d: &mut Draft, args: &Args<'_, '_>) -> bool {
    let one = |names: [&str; 2]| {
        let o = args.iter().filter(|o| names.contains(&o.name)).last()?;
        let (lo, hi) = values::port_range(o.a.text)?;
        (d.merges_ports && o.negated && lo == hi && lo != 0).then(|| (PortSet::single(lo), o))
    };
    let (Some((sport, a)), Some((dport, b))) = (
        one(["sport", "source-port"]),
        one(["dport", "destination-port"]),
    ) else {
        return false;
    };
    let text = format!("{} {}", option_text(a), option_text(b));
    let span = a.span.to(b.span);
    let open = Condition::new(ConditionKind::Unknown, Test::Opaque, span, &*text);
    let clause = |sport, dport, open: Option<&Condition>| Clause {
        space: PacketBox {
            sport,
            dport,
            ..PacketBox::any()
        },
        conditions: open.cloned().into_iter().collect(),
    };
    d.any_clause([
        clause(sport.complement(), dport.complement(), None),
        clause(sport.clone(), dport.complement(), Some(&open)),
        clause(sport.complement(), dport.clone(), Some(&open)),
    ]);
    d.note(
        ProblemKind::Unmodelled,
        span,
        format!(
            "iptables-nft 1.8.8 to 1.8.10 loads `{text}` as a test for both at once: whether a packet with one of the two \
             ports matches stays open"
        ),
    );
    true
}

fn port_option(d: &mut Draft, o: &Opt<'_>) {
    let source = match o.name {
        "sport" | "source-port" => true,
        "dport" | "destination-port" => false,
        _ => {
            let text = option_text(o);
            return d.unknown(o.span, &text);
        }
    };
    let range = values::port_range(o.a.text);
    if let Some((lo, hi)) = range
        && lo > hi
    {
        d.note(
            ProblemKind::Note,
            o.span,
            reworded(
                format!("empty port range `{}`: it ends before it begins", o.a.text),
                format!(
                    "the port range `{}` ends before it begins: no port is in it",
                    o.a.text
                ),
            ),
        );
    }
    match range {
        Some((lo, hi)) if source => d.sport(&PortSet::range(lo, hi), o.negated),
        Some((lo, hi)) => d.dport(&PortSet::range(lo, hi), o.negated),
        None => d.unreadable(o, "port"),
    }
}

/// An option in words, for a condition.
pub(in super::super) fn option_text(o: &Opt<'_>) -> String {
    let mut t = String::new();
    if o.negated {
        t.push_str("! ");
    }
    t.push_str("--");
    t.push_str(o.name);
    for v in [o.a, o.b] {
        if !v.text.is_empty() {
            t.push(' ');
            t.push_str(&v.value());
        }
    }
    t
}

/// Most ports of a list; a range takes the place of two (`XT_MULTI_PORTS` in xt_multiport.h).
const MULTI_PORTS: usize = 15;

pub(super) fn multiport(d: &mut Draft, args: &Args<'_, '_>) {
    if !d.space.proto.only().is_some_and(proto::has_ports) {
        d.refused(
            args.span,
            "`-m multiport` needs `-p` with a protocol that has ports",
        );
    }
    d.with_ports();
    for o in args.iter() {
        let count = o.a.text.split([',', ':']).count();
        if count > MULTI_PORTS {
            let why = format_args!("a list has {MULTI_PORTS} ports at most, and this one {count}");
            d.refused(o.span, why);
        }
        let Some(set) = values::ports(o.a.text) else {
            d.unreadable(o, "list of ports");
            continue;
        };
        match o.name {
            "sports" | "source-ports" => d.sport(&set, o.negated),
            "dports" | "destination-ports" => d.dport(&set, o.negated),
            _ if o.negated => {
                d.sport(&set, true);
                d.dport(&set, true);
            }
            _ => d.any_of([
                PacketBox {
                    dport: set.clone(),
                    ..PacketBox::any()
                },
                PacketBox {
                    sport: set,
                    ..PacketBox::any()
                },
            ]),
        }
    }
}

pub(super) fn state(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        states(d, o);
    }
}

fn states(d: &mut Draft, o: &Opt<'_>) {
    let one = |name: &str| match name {
        "NEW" => Some(StateSet::NEW),
        "ESTABLISHED" => Some(StateSet::ESTABLISHED),
        "RELATED" => Some(StateSet::RELATED),
        other => StateSet::parse(other),
    };
    let set =
        o.a.text
            .split(',')
            .try_fold(StateSet(0), |acc, name| Some(acc.union(one(name)?)));
    match set {
        Some(set) => {
            let set = if o.negated { set.complement() } else { set };
            d.space.state = StateSet(d.space.state.0 & set.0);
        }
        None => d.unreadable(o, "list of connection states"),
    }
}

pub(super) fn conntrack(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        match o.name {
            "ctstate" => states(d, o),
            // Linux does not look at the protocol of a packet without a connection: alone the option does not match it,
            // beside a state that does match it the option counts for nothing (`conntrack_mt` in xt_conntrack.c).
            "ctproto" => {
                let Some(set) = protocols(d, o) else { continue };
                let known = PacketBox {
                    proto: set,
                    state: StateSet::TRACKED,
                    ..PacketBox::any()
                };
                let loose = StateSet::INVALID.union(StateSet::UNTRACKED);
                let loose = PacketBox {
                    state: StateSet::exactly(loose, false, false),
                    ..PacketBox::any()
                };
                let with_state = args.get("ctstate").is_some();
                d.any_of([known].into_iter().chain(with_state.then_some(loose)));
            }
            _ => connection(d, o, args.get("ctstate").is_some()),
        }
    }
}

/// A question about the connection. A packet without one does not meet it, nor its negation; beside a state that such a
/// packet meets the question counts for nothing.
fn connection(d: &mut Draft, o: &Opt<'_>, with_state: bool) {
    let text = format!("--{} {}", o.name, o.a.value());
    let test = connection_test(o).unwrap_or_else(|| {
        d.note(ProblemKind::Unmodelled, o.span, draft::unmodelled(&text));
        Test::Passing
    });
    let condition = Condition::new(ConditionKind::Unknown, test, o.span, text).negate(o.negated);
    let loose = StateSet::INVALID.union(StateSet::UNTRACKED);
    let clause = |state, conditions| Clause {
        space: PacketBox {
            state,
            ..PacketBox::any()
        },
        conditions,
    };
    let known = clause(StateSet::TRACKED, [condition].into_iter().collect());
    let loose = clause(StateSet::exactly(loose, false, false), ThinVec::new());
    d.any_clause([known].into_iter().chain(with_state.then_some(loose)));
}

fn connection_test(o: &Opt<'_>) -> Option<Test> {
    const STATUS: [&str; 5] = ["NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"];
    let side = |src: bool| if src { Side::Src } else { Side::Dst };
    let value = o.a.text;
    let test = match o.name {
        "ctdir" if value.eq_ignore_ascii_case("ORIGINAL") => ConnTest::Way { reply: false },
        "ctdir" if value.eq_ignore_ascii_case("REPLY") => ConnTest::Way { reply: true },
        "ctstatus" => {
            let known = |t: &str| STATUS.iter().any(|s| s.eq_ignore_ascii_case(t));
            value.split(',').all(known).then_some(ConnTest::Later)?
        }
        name => {
            let (reply, end) = match name.strip_prefix("ctorig") {
                Some(end) => (false, end),
                None => (true, name.strip_prefix("ctrepl")?),
            };
            let side = side(end.starts_with("src"));
            if end.ends_with("port") {
                let (lo, hi) = values::port_range(value)?;
                let set = PortSet::range(lo, hi);
                ConnTest::Port { reply, side, set }
            } else {
                let values::Address::Set(set) = values::address(value) else {
                    return None;
                };
                ConnTest::Addr { reply, side, set }
            }
        }
    };
    Some(Test::Connection(Box::new(test)))
}

/// Narrows by a protocol's name or number.
pub(in super::super) fn protocol(d: &mut Draft, o: &Opt<'_>) {
    if let Some(set) = protocols(d, o) {
        d.proto(&set);
    }
}

/// The protocols that an option leaves; `None` if it cannot be read, which is noted.
fn protocols(d: &mut Draft, o: &Opt<'_>) -> Option<ProtoSet> {
    // The number 0 stands for every protocol, and so do the names that /etc/protocols has for it.
    let every = ["all", "ip", "hopopt"].iter();
    let named = every.into_iter().any(|n| o.a.text.eq_ignore_ascii_case(n));
    let set = match names::protocol(o.a.text) {
        _ if named => ProtoSet::full(),
        Some(0) => ProtoSet::full(),
        Some(p) => ProtoSet::single(p),
        None => {
            d.unreadable(o, "protocol");
            return None;
        }
    };
    Some(if o.negated { set.complement() } else { set })
}

pub(super) fn icmp(d: &mut Draft, args: &Args<'_, '_>) {
    icmp_types(d, args, false);
}

pub(super) fn icmp6(d: &mut Draft, args: &Args<'_, '_>) {
    icmp_types(d, args, true);
}

fn icmp_types(d: &mut Draft, args: &Args<'_, '_>, v6: bool) {
    d.proto_of(args, if v6 { proto::ICMPV6 } else { proto::ICMP });
    for o in args.iter() {
        let found = names::icmp(o.a.text, v6);
        // In IPv4 the number 255 stands for every type, whatever the code (`icmp_type_code_match` in ip_tables.c).
        let any = o.a.text.eq_ignore_ascii_case("any") || (!v6 && matches!(found, Some((255, _))));
        if any {
            if o.negated {
                d.space.proto = ProtoSet::empty();
            }
            continue;
        }
        let Some((kind, code)) = found else {
            d.unreadable(o, "ICMP type");
            continue;
        };
        let kind = PortSet::single(u16::from(kind));
        match code.map(|c| PortSet::single(u16::from(c))) {
            None => d.sport(&kind, o.negated),
            Some(code) if !o.negated => {
                d.sport(&kind, false);
                d.dport(&code, false);
            }
            Some(code) => d.any_of([
                PacketBox {
                    sport: kind.complement(),
                    ..PacketBox::any()
                },
                PacketBox {
                    sport: kind,
                    dport: code.complement(),
                    ..PacketBox::any()
                },
            ]),
        }
    }
}

pub(super) fn iprange(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        let set = AddrSet::parse(o.a.text).filter(|_| !o.a.text.contains('/'));
        match (set, o.name) {
            (Some(s), "src-range") => d.src(&s, o.negated),
            (Some(s), _) => d.dst(&s, o.negated),
            (None, _) => d.unreadable(o, "address range"),
        }
    }
}

pub(super) fn ah(d: &mut Draft, args: &Args<'_, '_>) {
    // In IPv6 it looks for an extension header, which no box can say.
    if d.space.src.has(Family::V6) {
        return d.unknown(args.span, args.text);
    }
    d.proto_of(args, 51);
    options_unknown(d, args);
}

pub(super) fn esp(d: &mut Draft, args: &Args<'_, '_>) {
    d.proto_of(args, 50);
    options_unknown(d, args);
}

pub(super) fn mh(d: &mut Draft, args: &Args<'_, '_>) {
    d.proto_of(args, 135);
    options_unknown(d, args);
}

pub(super) fn ipcomp(d: &mut Draft, args: &Args<'_, '_>) {
    d.proto_of(args, 108);
    options_unknown(d, args);
}

fn options_unknown(d: &mut Draft, args: &Args<'_, '_>) {
    for o in args.iter() {
        let text = option_text(o);
        d.unknown(o.span, &text);
    }
}
