//! One packet as the caller gives it: texts in, a box of exactly this packet out.

use hylint_parsers::iptables::protocol_number;
use hylint_space::{
    AddrSet, FlagSet, IfaceSet, PacketBox, PortSet, ProtoSet, StateSet, TcpFlags, iface_name, proto,
};
use std::fmt;
use std::net::IpAddr;

/// Ports of a client that did not ask for one: all that are not system ports (RFC 6335, section 6).
const EPHEMERAL: (u16, u16) = (1024, u16::MAX);

/// The columns of a table of packets, in their usual order.
pub const COLUMNS: [&str; COUNT] = [
    "src",
    "dst",
    "proto",
    "sport",
    "dport",
    "in_iface",
    "out_iface",
    "flags",
    "smac",
    "mark",
    "uid",
    "gid",
    "state",
];
const COUNT: usize = 13;

/// A packet as text, one field per column; an empty field is one that is not said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fields<'t> {
    /// Source address.
    pub src: &'t str,
    /// Destination address.
    pub dst: &'t str,
    /// Protocol, by name or number.
    pub proto: &'t str,
    /// Source port, or ICMP type.
    pub sport: &'t str,
    /// Destination port, or ICMP code.
    pub dport: &'t str,
    /// Interface that it came in by.
    pub in_iface: &'t str,
    /// Interface that it leaves by.
    pub out_iface: &'t str,
    /// TCP flags with `+` between them.
    pub flags: &'t str,
    /// Source hardware address.
    pub smac: &'t str,
    /// Packet mark, decimal or `0x…`.
    pub mark: &'t str,
    /// Sender's user id.
    pub uid: &'t str,
    /// Sender's group id.
    pub gid: &'t str,
    /// Connection-tracking state.
    pub state: &'t str,
}

impl<'t> Fields<'t> {
    /// Fields in the order of [`COLUMNS`]; those that are missing at the end are empty.
    #[must_use]
    pub fn of_columns(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut fields = Self::default();
        for (i, text) in texts.into_iter().enumerate() {
            if let Some(slot) = fields.column(i) {
                *slot = text;
            }
        }
        fields
    }

    /// The field of the column with this index in [`COLUMNS`].
    pub(super) fn column(&mut self, index: usize) -> Option<&mut &'t str> {
        Some(match index {
            0 => &mut self.src,
            1 => &mut self.dst,
            2 => &mut self.proto,
            3 => &mut self.sport,
            4 => &mut self.dport,
            5 => &mut self.in_iface,
            6 => &mut self.out_iface,
            7 => &mut self.flags,
            8 => &mut self.smac,
            9 => &mut self.mark,
            10 => &mut self.uid,
            11 => &mut self.gid,
            12 => &mut self.state,
            _ => return None,
        })
    }
}

/// Why a packet cannot be understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// The column.
    pub column: &'static str,
    /// What stands there.
    pub value: String,
    /// What should.
    pub wanted: &'static str,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_empty() {
            write!(f, "`{}` is empty, expected {}", self.column, self.wanted)
        } else {
            write!(
                f,
                "invalid `{}` `{}`, expected {}",
                self.column, self.value, self.wanted
            )
        }
    }
}

/// A set of ports, types or codes that a packet may have; one value unless the caller left it open.
type Ports = Option<(u16, u16)>;

/// One packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Source address.
    pub src: IpAddr,
    /// Destination address; of the same family.
    pub dst: IpAddr,
    /// Protocol number.
    pub proto: u8,
    /// Source ports or ICMP type; `None` for protocols that have neither.
    pub sport: Ports,
    /// Destination ports or ICMP code.
    pub dport: Ports,
    /// Flags; `None` unless it is TCP.
    pub flags: Option<TcpFlags>,
    /// Name of its connection-tracking state.
    pub state: &'static str,
    /// Incoming interface; empty: one that no rule names.
    pub in_iface: Box<str>,
    /// Outgoing interface; empty: one that no rule names.
    pub out_iface: Box<str>,
    /// The outgoing interface is not said: the one that leads to the destination, where the rules say which that is.
    pub out_open: bool,
    /// Source hardware address, if known.
    pub smac: Option<Box<str>>,
    /// Packet mark.
    pub mark: u32,
    /// Sender's user id, if known.
    pub uid: Option<u32>,
    /// Sender's group id, if known.
    pub gid: Option<u32>,
}

const ADDRESS: &str = "an IPv4 or IPv6 address";
const PORT: &str = "a port from 0 to 65535";
const TYPE: &str = "a number from 0 to 255";
const ID: &str = "a number, decimal or 0x…";

impl Packet {
    /// Reads the fields.
    ///
    /// # Errors
    /// Names the first field that cannot be understood.
    pub fn parse(f: &Fields<'_>) -> Result<Self, FieldError> {
        let src = address("src", f.src)?;
        let dst = address("dst", f.dst)?;
        if src.is_ipv4() != dst.is_ipv4() {
            let wanted = "an address of the same family as `src`";
            return Err(error("dst", f.dst, wanted));
        }
        let wanted = "a protocol name (tcp, udp, icmp, icmpv6, gre …) or number";
        let proto = protocol_number(f.proto).ok_or_else(|| error("proto", f.proto, wanted))?;
        let (sport, dport) = ports(proto, f)?;
        let flags = match proto {
            proto::TCP => Some(flags(f.flags)?),
            _ => None,
        };
        let state = match f.state {
            "" => implied_state(proto, flags, sport, src.is_ipv6()),
            s => state_name(s)?,
        };
        Ok(Self {
            src,
            dst,
            proto,
            sport,
            dport,
            flags,
            state,
            in_iface: f.in_iface.into(),
            out_iface: f.out_iface.into(),
            out_open: false,
            smac: (!f.smac.is_empty()).then(|| f.smac.into()),
            mark: number("mark", f.mark)?.unwrap_or(0),
            uid: number("uid", f.uid)?,
            gid: number("gid", f.gid)?,
        })
    }

    /// The box of exactly this packet.
    #[must_use]
    pub fn space(&self) -> PacketBox {
        // A protocol without ports has none that a rule could name; 0 is the port that none names.
        let set =
            |p: Ports| p.map_or_else(|| PortSet::single(0), |(lo, hi)| PortSet::range(lo, hi));
        let state = StateSet::parse(self.state).unwrap_or(StateSet::NEW);
        PacketBox {
            src: AddrSet::host(self.src),
            dst: AddrSet::host(self.dst),
            proto: ProtoSet::single(self.proto),
            sport: set(self.sport),
            dport: set(self.dport),
            flags: self.flags.map_or(FlagSet::FULL, FlagSet::exactly),
            state: StateSet::exactly(state, false, false),
            in_iface: IfaceSet::single(iface_name(&self.in_iface)),
            out_iface: if self.out_open {
                IfaceSet::full()
            } else {
                IfaceSet::single(iface_name(&self.out_iface))
            },
        }
    }
}

fn error(column: &'static str, value: &str, wanted: &'static str) -> FieldError {
    FieldError {
        column,
        value: value.chars().take(60).collect(),
        wanted,
    }
}

fn address(column: &'static str, text: &str) -> Result<IpAddr, FieldError> {
    text.parse().map_err(|_| error(column, text, ADDRESS))
}

fn number(column: &'static str, text: &str) -> Result<Option<u32>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let parsed = match hex {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    parsed.map(Some).ok_or_else(|| error(column, text, ID))
}

/// Source and destination ports, or type and code.
fn ports(proto: u8, f: &Fields<'_>) -> Result<(Ports, Ports), FieldError> {
    if proto::is_icmp(proto) {
        let echo = if proto == proto::ICMP { 8 } else { 128 };
        let one = |column, text: &str, default: u8| match text {
            "" => Ok(u16::from(default)),
            t => t
                .parse::<u8>()
                .map(u16::from)
                .map_err(|_| error(column, t, TYPE)),
        };
        let (kind, code) = (one("sport", f.sport, echo)?, one("dport", f.dport, 0)?);
        return Ok((Some((kind, kind)), Some((code, code))));
    }
    if !proto::has_ports(proto) {
        return Ok((None, None));
    }
    let one = |column, text: &str, open: (u16, u16)| match text {
        "" => Ok(Some(open)),
        t => t
            .parse()
            .map(|n| Some((n, n)))
            .map_err(|_| error(column, t, PORT)),
    };
    Ok((
        one("sport", f.sport, EPHEMERAL)?,
        one("dport", f.dport, (0, u16::MAX))?,
    ))
}

/// Flags with `+`, `,` or `|` between them; none is SYN.
fn flags(text: &str) -> Result<TcpFlags, FieldError> {
    if text.is_empty() {
        return Ok(TcpFlags::SYN);
    }
    let wanted = "TCP flags such as SYN or SYN+ACK";
    let mut each = text.split(['+', ',', '|']);
    each.try_fold(TcpFlags(0), |all, name| {
        let one = TcpFlags::parse(name.trim()).ok_or_else(|| error("flags", text, wanted))?;
        Ok(TcpFlags(all.0 | one.0))
    })
}

fn state_name(text: &str) -> Result<&'static str, FieldError> {
    const STATES: [&str; 5] = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"];
    let wanted = "NEW, ESTABLISHED, RELATED, INVALID or UNTRACKED";
    STATES
        .into_iter()
        .find(|s| s.eq_ignore_ascii_case(text))
        .ok_or_else(|| error("state", text, wanted))
}

/// What Linux connection tracking gives a packet that belongs to no known flow (measured on Linux 6.18).
fn implied_state(proto: u8, flags: Option<TcpFlags>, kind: Ports, v6: bool) -> &'static str {
    let kind = kind.map_or(0, |(k, _)| k);
    let new = match proto {
        proto::TCP => matches!(flags, Some(TcpFlags::SYN | TcpFlags::ACK | TcpFlags(24))),
        // The one of the other family has no connections there, whatever its type.
        proto::ICMP if v6 => false,
        proto::ICMPV6 if !v6 => false,
        proto::ICMP => matches!(kind, 8 | 13 | 15 | 17),
        // Neighbour discovery and multicast listener reports are never tracked.
        proto::ICMPV6 if matches!(kind, 130..=136 | 143) => return "UNTRACKED",
        proto::ICMPV6 => kind == 128,
        _ => true,
    };
    if new { "NEW" } else { "INVALID" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(flags: &str) -> Packet {
        let f = Fields {
            src: "10.0.0.1",
            dst: "10.0.0.2",
            proto: "tcp",
            dport: "443",
            flags,
            ..Fields::default()
        };
        Packet::parse(&f).unwrap()
    }

    fn icmp(proto: &str, kind: &str) -> Packet {
        let v6 = proto != "icmp";
        let f = Fields {
            src: if v6 { "2001:db8::1" } else { "10.0.0.1" },
            dst: if v6 { "2001:db8::2" } else { "10.0.0.2" },
            proto,
            sport: kind,
            ..Fields::default()
        };
        Packet::parse(&f).unwrap()
    }

    #[test]
    fn the_state_of_tcp_follows_from_its_flags() {
        for f in ["", "SYN", "syn", "ACK", "PSH+ACK", "ACK,PSH"] {
            assert_eq!(tcp(f).state, "NEW", "{f}");
        }
        for f in [
            "SYN+ACK", "RST", "RST+ACK", "FIN", "FIN+ACK", "SYN+FIN", "URG", "NONE", "ALL", "PSH",
        ] {
            assert_eq!(tcp(f).state, "INVALID", "{f}");
        }
    }

    #[test]
    fn the_state_of_icmp_follows_from_its_type() {
        for n in 0..=255u8 {
            let want4 = [8, 13, 15, 17].contains(&n);
            let kind = n.to_string();
            assert_eq!(icmp("icmp", &kind).state == "NEW", want4, "{n}");
            let want6 = match n {
                128 => "NEW",
                130..=136 | 143 => "UNTRACKED",
                _ => "INVALID",
            };
            assert_eq!(icmp("icmpv6", &kind).state, want6, "{n}");
        }
        for (src, dst, proto) in [
            ("10.0.0.1", "10.0.0.2", "icmpv6"),
            ("2001:db8::1", "2001:db8::2", "icmp"),
        ] {
            for sport in ["8", "128", "135"] {
                let f = Fields {
                    src,
                    dst,
                    proto,
                    sport,
                    ..Fields::default()
                };
                assert_eq!(
                    Packet::parse(&f).unwrap().state,
                    "INVALID",
                    "{proto} {sport}"
                );
            }
        }
        assert_eq!(icmp("icmp", "").sport, Some((8, 8)));
        assert_eq!(icmp("ipv6-icmp", "").sport, Some((128, 128)));
        assert_eq!(icmp("58", "").dport, Some((0, 0)));
    }

    #[test]
    fn a_packet_is_one_point_of_its_box() {
        let p = tcp("ACK");
        let b = p.space();
        assert_eq!(b.flags.first(), Some(TcpFlags::ACK));
        assert_eq!(b.sport, PortSet::range(1024, u16::MAX));
        assert_eq!(b.dport, PortSet::single(443));
        assert!(b.in_iface.contains(iface_name("")));
        assert!(!b.in_iface.contains(iface_name("eth0")));
    }

    #[test]
    fn what_is_no_packet_names_its_field() {
        let good = Fields {
            src: "10.0.0.1",
            dst: "10.0.0.2",
            proto: "tcp",
            dport: "443",
            ..Fields::default()
        };
        let column = |f: Fields<'_>| Packet::parse(&f).unwrap_err().column;
        assert_eq!(
            column(Fields {
                src: "10.0.0",
                ..good
            }),
            "src"
        );
        assert_eq!(column(Fields { dst: "::1", ..good }), "dst");
        assert_eq!(
            column(Fields {
                proto: "tpc",
                ..good
            }),
            "proto"
        );
        assert_eq!(
            column(Fields {
                proto: "256",
                ..good
            }),
            "proto"
        );
        assert_eq!(column(Fields { proto: "", ..good }), "proto");
        assert_eq!(
            column(Fields {
                dport: "65536",
                ..good
            }),
            "dport"
        );
        assert_eq!(column(Fields { sport: "x", ..good }), "sport");
        assert_eq!(
            column(Fields {
                flags: "SYN+",
                ..good
            }),
            "flags"
        );
        assert_eq!(
            column(Fields {
                mark: "0xg",
                ..good
            }),
            "mark"
        );
        assert_eq!(
            column(Fields {
                uid: "root",
                ..good
            }),
            "uid"
        );
        assert_eq!(
            column(Fields {
                state: "OLD",
                ..good
            }),
            "state"
        );
    }
}
