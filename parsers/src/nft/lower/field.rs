//! What an expression looks at, in the terms of the model.

use super::super::syntax::{BinaryOp, CtDirection, Expr, ExprKind, Fib, PayloadBase};
use super::constant;
use hylint_model::{AddrTypes, ConditionKind, Side, Test};
use hylint_space::{AddrSet, Family, PacketBox, ProtoSet, proto};

/// What an expression looks at.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Field {
    /// An address of packets of a family.
    Addr(Side, Family),
    /// A port.
    Port(Side),
    /// The protocol.
    Protocol,
    /// The family.
    Family,
    /// The protocol of the frame (`meta protocol`, `ether type`).
    EtherType,
    /// The incoming interface, or (true) the outgoing one.
    Interface(bool),
    /// The kind of the incoming interface, or (true) of the outgoing one.
    InterfaceType(bool),
    /// ICMP type, of ICMPv6 where true.
    IcmpType(bool),
    /// ICMP code, of ICMPv6 where true.
    IcmpCode(bool),
    /// TCP flags; all of them, or the bits of a mask.
    Flags(Option<u8>),
    /// State of the connection.
    State,
    /// Status of the connection.
    Status,
    /// Direction of the connection.
    Way,
    /// An address of the connection's first packet, or (true) of the replies to it.
    ConnAddr(bool, Side, Family),
    /// The same of a port.
    ConnPort(bool, Side),
    /// The packet's mark under a mask.
    Mark(u32),
    /// The connection's mark under a mask.
    ConnMark(u32),
    /// Length of the whole packet.
    Length,
    /// TTL or hop limit.
    Ttl,
    /// DSCP.
    Dscp,
    /// The sender's user.
    Uid,
    /// The sender's group.
    Gid,
    /// Source hardware address.
    Mac,
    /// Link-layer packet type.
    PktType,
    /// The routing table's type of an address.
    AddrType(Side),
    /// The interface of the route back to the source (`fib saddr . iif oif`): there is one where the packet came in by it.
    RouteBack,
    /// Offset of a fragment.
    Fragment,
    /// An extension header, or an option, that packets of a flow do not carry: whether it is there.
    Absent,
    /// Something that packets do not decide.
    Condition(ConditionKind, Test),
}

/// A field, and the packets that have it: nft adds these conditions itself.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Looked {
    /// The field.
    pub field: Field,
    /// Packets that have it.
    pub needs: PacketBox,
    /// Ports of any protocol (`th`): where one has no ports, the bytes at their place are compared.
    pub of_any: bool,
}

impl Looked {
    fn any(field: Field) -> Self {
        let needs = PacketBox::any();
        Self {
            field,
            needs,
            of_any: false,
        }
    }

    fn of_family(field: Field, family: Family) -> Self {
        Self {
            field,
            needs: of_family(family),
            of_any: false,
        }
    }

    fn of_protocol(field: Field, protocol: u8) -> Self {
        Self {
            field,
            needs: PacketBox {
                proto: ProtoSet::single(protocol),
                ..PacketBox::any()
            },
            of_any: false,
        }
    }
}

/// Packets of protocols that have ports, or (false) of those that have none.
pub(super) fn with_ports(has: bool) -> PacketBox {
    let ports = proto::with_ports();
    PacketBox {
        proto: if has { ports } else { ports.complement() },
        ..PacketBox::any()
    }
}

/// Packets of a family.
pub(super) fn of_family(family: Family) -> PacketBox {
    PacketBox {
        src: AddrSet::any_of(family),
        dst: AddrSet::any_of(family),
        ..PacketBox::any()
    }
}

/// What an expression looks at. `table` is the family of the table, if it has one: a key that both families have is of that one.
pub(super) fn looked_at(expr: &Expr<'_>, table: Option<Family>) -> Looked {
    match &expr.kind {
        ExprKind::Payload(protocol, field) => payload(protocol, field),
        ExprKind::RawPayload { base, offset, len } => raw(*base, *offset, *len),
        ExprKind::Meta(key) => meta(key),
        ExprKind::Ct { key, dir } => connection(key, *dir, table),
        ExprKind::Fib(fib) => Looked::any(routes(fib)),
        ExprKind::Binary(b) if b.op == BinaryOp::And => masked(&b.left, &b.right, table),
        // No packet of a flow carries extension headers; those that the table asks about do.
        ExprKind::ExtHdr(name, field) => header(name, field),
        ExprKind::TcpOption(..) => Looked::of_protocol(passing(ConditionKind::Unknown), proto::TCP),
        ExprKind::OtherOption(_) | ExprKind::Unknown(_) | ExprKind::Rt(_) => {
            Looked::any(passing(ConditionKind::Unknown))
        }
        ExprKind::NumGen(_) => Looked::any(Field::Condition(ConditionKind::Rate, Test::Rate(None))),
        ExprKind::Hash(_) => Looked::any(passing(ConditionKind::Unknown)),
        ExprKind::Ipsec(_) => Looked::any(Field::Condition(ConditionKind::Peer, Test::IpSec)),
        ExprKind::Osf(_) => Looked::any(opaque(ConditionKind::Peer)),
        ExprKind::Socket(key) if key.starts_with("cgroup") => {
            Looked::any(opaque(ConditionKind::Local))
        }
        ExprKind::Socket(_) => Looked::any(passing(ConditionKind::Unknown)),
        _ => Looked::any(passing(ConditionKind::Unknown)),
    }
}

fn opaque(kind: ConditionKind) -> Field {
    Field::Condition(kind, Test::Opaque)
}

/// Of what may change on a packet's way.
fn passing(kind: ConditionKind) -> Field {
    Field::Condition(kind, Test::Passing)
}

fn payload(protocol: &str, field: &str) -> Looked {
    use Family::{V4, V6};
    let unknown = opaque(ConditionKind::Unknown);
    match (protocol, field) {
        ("ip", "saddr") => Looked::of_family(Field::Addr(Side::Src, V4), V4),
        ("ip", "daddr") => Looked::of_family(Field::Addr(Side::Dst, V4), V4),
        ("ip6", "saddr") => Looked::of_family(Field::Addr(Side::Src, V6), V6),
        ("ip6", "daddr") => Looked::of_family(Field::Addr(Side::Dst, V6), V6),
        ("ip", "protocol") => Looked::of_family(Field::Protocol, V4),
        // The first header alone; a packet of a flow has no other.
        ("ip6", "nexthdr") => Looked::of_family(Field::Protocol, V6),
        ("ip", "ttl") => Looked::of_family(Field::Ttl, V4),
        ("ip6", "hoplimit") => Looked::of_family(Field::Ttl, V6),
        ("ip", "dscp") => Looked::of_family(Field::Dscp, V4),
        ("ip6", "dscp") => Looked::of_family(Field::Dscp, V6),
        ("ip", "length") => Looked::of_family(Field::Length, V4),
        // A packet of the family has no other.
        ("ip", "version") => Looked::of_family(Field::Family, V4),
        ("ip6", "version") => Looked::of_family(Field::Family, V6),
        ("ip", "frag-off") => Looked::of_family(opaque(ConditionKind::Unknown), V4),
        ("ip", _) => Looked::of_family(unknown, V4),
        ("ip6", _) => Looked::of_family(unknown, V6),
        ("icmp", "type") => icmp(Field::IcmpType(false)),
        ("icmp", "code") => icmp(Field::IcmpCode(false)),
        ("icmpv6", "type") => icmp6(Field::IcmpType(true)),
        ("icmpv6", "code") => icmp6(Field::IcmpCode(true)),
        ("icmp", _) => icmp(unknown),
        ("icmpv6", _) => icmp6(unknown),
        ("th", "sport") => ports(Side::Src),
        ("th", "dport") => ports(Side::Dst),
        ("tcp", "flags") => Looked::of_protocol(Field::Flags(None), proto::TCP),
        ("ether", "saddr") => Looked::any(Field::Mac),
        ("ether", "type") => Looked::any(Field::EtherType),
        ("ether", _) => Looked::any(opaque(ConditionKind::Peer)),
        // Hosts behind a tag are others than those without one.
        ("vlan" | "arp", _) => Looked::any(opaque(ConditionKind::Unknown)),
        (name, field) => {
            let number = crate::iptables::names::protocol(match name {
                "comp" => "ipcomp",
                name => name,
            });
            let field = match field {
                "sport" => Field::Port(Side::Src),
                "dport" => Field::Port(Side::Dst),
                _ => unknown,
            };
            match number {
                Some(n) => Looked::of_protocol(field, n),
                None => Looked::any(opaque(ConditionKind::Unknown)),
            }
        }
    }
}

fn icmp(field: Field) -> Looked {
    let mut looked = Looked::of_family(field, Family::V4);
    looked.needs.proto = ProtoSet::single(proto::ICMP);
    looked
}

fn icmp6(field: Field) -> Looked {
    let mut looked = Looked::of_family(field, Family::V6);
    looked.needs.proto = ProtoSet::single(proto::ICMPV6);
    looked
}

/// The bytes where protocols with ports have them. Others have something else there, which packets do not tell.
fn ports(side: Side) -> Looked {
    Looked {
        of_any: true,
        ..Looked::any(Field::Port(side))
    }
}

/// Fields that have a name, by their place (RFC 791, 8200, 9293).
fn raw(base: PayloadBase, offset: u32, len: u32) -> Looked {
    match (base, offset, len) {
        (PayloadBase::Transport, 0, 16) => ports(Side::Src),
        (PayloadBase::Transport, 16, 16) => ports(Side::Dst),
        _ => Looked::any(opaque(ConditionKind::Unknown)),
    }
}

fn meta(key: &str) -> Looked {
    use ConditionKind::{Local, Rate, Unknown};
    Looked::any(match key {
        "iif" | "iifname" => Field::Interface(false),
        "oif" | "oifname" => Field::Interface(true),
        "iiftype" => Field::InterfaceType(false),
        "oiftype" => Field::InterfaceType(true),
        "l4proto" => Field::Protocol,
        "nfproto" => Field::Family,
        "protocol" => Field::EtherType,
        "mark" => Field::Mark(u32::MAX),
        "length" => Field::Length,
        "skuid" => Field::Uid,
        "skgid" => Field::Gid,
        "pkttype" => Field::PktType,
        "cgroup" => opaque(Local),
        "time" | "day" | "hour" | "random" => Field::Condition(Rate, Test::Rate(None)),
        "ipsec" | "secpath" => Field::Condition(ConditionKind::Peer, Test::IpSec),
        // Groups and kinds of interfaces, the bridge that a port belongs to, the domain that it is in.
        "iifgroup" | "oifgroup" | "iifkind" | "oifkind" | "ibrname" | "obrname" | "ibridgename"
        | "obridgename" | "sdif" | "sdifname" => passing(Unknown),
        _ => passing(Unknown),
    })
}

fn connection(key: &str, dir: Option<CtDirection>, table: Option<Family>) -> Looked {
    let reply = dir == Some(CtDirection::Reply);
    let (said, key) = match key.split_once(' ') {
        Some(("ip", key)) => (Some(Family::V4), key),
        Some(("ip6", key)) => (Some(Family::V6), key),
        _ => (None, key),
    };
    let addr = |side| match said.or(table) {
        Some(family) => Looked::of_family(Field::ConnAddr(reply, side, family), family),
        None => Looked::any(opaque(ConditionKind::Unknown)),
    };
    let mut looked = match key {
        "state" => return Looked::any(Field::State),
        "status" => Looked::any(Field::Status),
        "direction" => Looked::any(Field::Way),
        "mark" => Looked::any(Field::ConnMark(u32::MAX)),
        "saddr" => addr(Side::Src),
        "daddr" => addr(Side::Dst),
        "proto-src" => Looked::any(Field::ConnPort(reply, Side::Src)),
        "proto-dst" => Looked::any(Field::ConnPort(reply, Side::Dst)),
        "protocol" => Looked::any(Field::Protocol),
        "bytes" | "packets" | "avgpkt" | "expiration" | "count" => {
            Looked::any(Field::Condition(ConditionKind::Rate, Test::Rate(None)))
        }
        "helper" | "label" | "zone" | "id" | "event" | "secmark" | "l3proto" => {
            Looked::any(passing(ConditionKind::Unknown))
        }
        _ => Looked::any(passing(ConditionKind::Unknown)),
    };
    // A packet without a connection has none of these (`nft_ct_get_eval` in net/netfilter/nft_ct.c).
    looked.needs.state = hylint_space::StateSet::TRACKED;
    looked
}

fn routes(fib: &Fib<'_>) -> Field {
    let has = |flag: &str| fib.flags.iter().any(|f| f == flag);
    match &*fib.result {
        // With an interface, only addresses that lead to it count.
        "type" if has("iif") || has("oif") || has("mark") => passing(ConditionKind::Unknown),
        "type" if has("saddr") => Field::AddrType(Side::Src),
        "type" if has("daddr") => Field::AddrType(Side::Dst),
        "oif" | "oifname" | "check" if has("saddr") && has("iif") => Field::RouteBack,
        _ => passing(ConditionKind::Unknown),
    }
}

fn header(name: &str, field: &str) -> Looked {
    let absent = matches!(
        name,
        "frag" | "hbh" | "dst" | "rt" | "rt0" | "rt2" | "rt4" | "srh" | "mh"
    );
    let field = match (absent, field) {
        (true, "") => Field::Absent,
        (true, _) => Field::Condition(ConditionKind::Unknown, Test::ExtensionHeader),
        _ => opaque(ConditionKind::Unknown),
    };
    Looked::of_family(field, Family::V6)
}

/// `left & mask`.
fn masked(left: &Expr<'_>, mask: &Expr<'_>, table: Option<Family>) -> Looked {
    let mut looked = looked_at(left, table);
    looked.field = match &looked.field {
        Field::Mark(have) => match constant::number(mask) {
            Some(m) => Field::Mark(have & m),
            None => opaque(ConditionKind::Unknown),
        },
        Field::ConnMark(have) => match constant::number(mask) {
            Some(m) => Field::ConnMark(have & m),
            None => opaque(ConditionKind::Unknown),
        },
        Field::Flags(None) => match constant::flags(mask) {
            Some(m) => Field::Flags(Some(m)),
            None => opaque(ConditionKind::Unknown),
        },
        Field::State | Field::Status => looked.field.clone(),
        Field::Condition(..) if is_fragment(left, mask) => Field::Fragment,
        Field::Condition(kind, test) => Field::Condition(*kind, test.clone()),
        _ => opaque(ConditionKind::Unknown),
    };
    looked
}

/// `ip frag-off & 0x1fff`: the offset without the flags.
fn is_fragment(left: &Expr<'_>, mask: &Expr<'_>) -> bool {
    let offset = matches!(&left.kind, ExprKind::Payload(p, f) if p == "ip" && f == "frag-off");
    offset && constant::number(mask).is_some_and(|m| m == 0x1fff || m == 0x3fff)
}

/// The types of an address by name, as nft lists them.
pub(super) fn addr_type(name: &str) -> Option<AddrTypes> {
    AddrTypes::parse(name)
}
