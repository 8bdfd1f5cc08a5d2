//! Protocol, ports, ICMP type and code.
//!
//! `IpPermission`: for tcp and udp the ports are needed, and `-1` for both (or neither) means all; for icmp and icmpv6
//! they are type and code, `-1` meaning all; for `-1` and every other protocol all ports are allowed whatever is given.

use super::reader::{Reader, doubt};
use crate::json::Value;
use hylint_model::{Condition, Field, ProblemKind, Span, reworded};
use hylint_space::{Family, PortSet, ProtoSet, proto};
use smallvec::SmallVec;

/// A pair of bounds: first and last port, or ICMP type and code.
pub(super) type Pair<'a> = (Option<Value<'a>>, Option<Value<'a>>);

/// What a permission or an ACL entry says about a packet beside its addresses.
pub(super) struct Traffic {
    pub(super) proto: ProtoSet,
    pub(super) sport: PortSet,
    pub(super) dport: PortSet,
    /// ICMP exists in IPv4 only, ICMPv6 in IPv6 only.
    pub(super) family: Option<Family>,
    pub(super) fields: SmallVec<[(Field, Span); 3]>,
    /// What was not understood.
    pub(super) doubt: Option<Condition>,
}

/// Names that the API or the tools around it use; all else is a number. Numbers: IANA "Assigned Internet Protocol
/// Numbers".
pub(super) const NAMES: [(&str, u8); 10] = [
    ("tcp", proto::TCP),
    ("udp", proto::UDP),
    ("icmp", proto::ICMP),
    ("icmpv6", proto::ICMPV6),
    ("icmp6", proto::ICMPV6),
    ("ipv6-icmp", proto::ICMPV6),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("sctp", proto::SCTP),
];

enum Protocol {
    All,
    One(u8),
    Bad,
}

fn protocol(value: Value<'_>) -> Protocol {
    let text = value.text().unwrap_or_default();
    let text = text.trim();
    if text == "-1" || text.eq_ignore_ascii_case("all") {
        return Protocol::All;
    }
    let named = NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(text));
    match named.map(|(_, n)| *n).or_else(|| text.parse().ok()) {
        Some(number) => Protocol::One(number),
        None => Protocol::Bad,
    }
}

/// A bound as it stands: absent, a whole number, or something else.
#[derive(Clone, Copy, PartialEq)]
enum Bound {
    Absent,
    Number(i64),
    Bad,
}

fn bound(value: Option<Value<'_>>) -> Bound {
    match value {
        None => Bound::Absent,
        Some(v) => v.int().map_or(Bound::Bad, Bound::Number),
    }
}

/// The ports from one bound to the other; `None` if they are no port range.
fn port_range(from: Bound, to: Bound) -> Option<PortSet> {
    match (from, to) {
        (Bound::Absent, Bound::Absent) | (Bound::Number(-1), Bound::Number(-1)) => {
            Some(PortSet::full())
        }
        (Bound::Number(from), Bound::Number(to)) => {
            let (from, to) = (u16::try_from(from).ok()?, u16::try_from(to).ok()?);
            (from <= to).then(|| PortSet::range(from, to))
        }
        _ => None,
    }
}

/// An ICMP type or code: one value, or all.
fn icmp_value(bound: Bound) -> Option<PortSet> {
    match bound {
        Bound::Absent | Bound::Number(-1) => Some(PortSet::full()),
        Bound::Number(n) => Some(PortSet::single(u8::try_from(n).ok()?.into())),
        Bound::Bad => None,
    }
}

impl Traffic {
    /// Reads the three fields of a permission or an entry; `at` is its text, for what is missing.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        protocol_value: Option<Value<'_>>,
        ports: Pair<'_>,
        icmp: Pair<'_>,
        at: Span,
    ) -> Self {
        let mut this = Self {
            proto: ProtoSet::full(),
            sport: PortSet::full(),
            dport: PortSet::full(),
            family: None,
            fields: SmallVec::new(),
            doubt: None,
        };
        let Some(value) = protocol_value else {
            this.reject(reader, at, "it names no protocol", "missing protocol");
            return this;
        };
        this.fields.push((Field::Protocol, value.span()));
        match protocol(value) {
            Protocol::All => note_ports(reader, ports, "all protocols"),
            Protocol::One(n) => {
                this.proto = ProtoSet::single(n);
                this.detail(reader, n, ports, icmp, at);
            }
            Protocol::Bad => {
                let text = format!("{} is no protocol", value.raw());
                let now = format!("unknown protocol {}", value.raw());
                this.reject(reader, value.span(), &text, &now);
            }
        }
        this
    }

    fn detail(
        &mut self,
        reader: &mut Reader<'_>,
        number: u8,
        ports: Pair<'_>,
        icmp: Pair<'_>,
        at: Span,
    ) {
        match number {
            proto::TCP | proto::UDP => {
                self.place(Field::DestinationPort, ports);
                match port_range(bound(ports.0), bound(ports.1)) {
                    Some(set) => self.dport = set,
                    None => self.reject_pair(reader, ports, "are no port range", at),
                }
            }
            proto::ICMP | proto::ICMPV6 => {
                let v6 = number == proto::ICMPV6;
                self.family = Some(if v6 { Family::V6 } else { Family::V4 });
                self.place(Field::Icmp, icmp);
                let sets = (icmp_value(bound(icmp.0)), icmp_value(bound(icmp.1)));
                match sets {
                    // A code without a type says nothing.
                    (Some(kind), Some(code)) if !kind.is_full() || code.is_full() => {
                        (self.sport, self.dport) = (kind, code);
                    }
                    _ => self.reject_pair(reader, icmp, "are no ICMP type and code", at),
                }
            }
            _ => note_ports(reader, ports, "this protocol"),
        }
    }

    fn place(&mut self, field: Field, pair: Pair<'_>) {
        let both = pair.0.into_iter().chain(pair.1);
        self.fields.extend(both.map(|v| (field, v.span())));
    }

    fn reject_pair(&mut self, reader: &mut Reader<'_>, pair: Pair<'_>, what: &str, at: Span) {
        let raw = |v: Option<Value<'_>>| v.map_or_else(|| "nothing".into(), |v| v.raw().to_owned());
        let at = pair.0.or(pair.1).map_or(at, Value::span);
        let ends = format!("{} and {}", raw(pair.0), raw(pair.1));
        let now = format!("{} {ends}", what.replace("are no ", "invalid "));
        self.reject(reader, at, &format!("{ends} {what}"), &now);
    }

    /// Keeps the rule with an open verdict and says why: `text` is its condition, `now` what is told.
    fn reject(&mut self, reader: &mut Reader<'_>, at: Span, text: &str, now: &str) {
        let message = reworded(
            format!("{now}: the rule may match or not"),
            format!("{text}, so what the rule matches is not certain"),
        );
        reader.problem(ProblemKind::Malformed, at, message);
        self.doubt = Some(doubt(at, text));
    }
}

/// Ports beside a protocol for which the API ignores them; the forms that tools write for "all" need no word.
fn note_ports(reader: &mut Reader<'_>, ports: Pair<'_>, what: &str) {
    let (from, to) = (bound(ports.0), bound(ports.1));
    let plain = match (from, to) {
        (Bound::Absent | Bound::Number(-1), Bound::Absent | Bound::Number(-1)) => true,
        (from, to) => from == Bound::Number(0) && matches!(to, Bound::Number(0 | 65535)),
    };
    if let Some(at) = ports.0.or(ports.1)
        && !plain
    {
        reader.problem(
            ProblemKind::Note,
            at.span(),
            reworded(
                format!("ports have no effect with {what}: the rule is for every port"),
                format!("ports have no effect beside {what}: every port is meant"),
            ),
        );
    }
}
