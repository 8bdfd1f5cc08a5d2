//! What a permission and an ACL entry are made of: protocol and range, address blocks.

use super::json::Json;
use crate::write::{Result, WriteError};
use hylint_model::{Rule, Side, Span};
use hylint_space::{AddrSet, Family, PacketBox, PortSet, ProtoSet, proto};

/// Returns what AWS has no words for.
pub(super) fn error(span: Span, message: &'static str) -> WriteError {
    WriteError::new("AWS", span, message)
}

/// The peer's and the own addresses of a box.
pub(super) fn ends(space: &PacketBox, side: Side) -> (&AddrSet, &AddrSet) {
    match side {
        Side::Src => (&space.src, &space.dst),
        Side::Dst => (&space.dst, &space.src),
    }
}

/// ICMP of all IPv4 addresses, ICMPv6 of all IPv6 addresses: what the reader makes of a reference beside ICMP.
pub(super) fn one_family_of_icmp(protocols: &ProtoSet, peer: &AddrSet) -> bool {
    (*protocols == ProtoSet::single(proto::ICMP) && peer.v4.is_full())
        || (*protocols == ProtoSet::single(proto::ICMPV6) && peer.v6.is_full())
}

/// One protocol with one range of ports, or one ICMP type and code; `None` is all.
pub(super) struct Traffic {
    protocol: Option<u8>,
    bounds: Option<(i64, i64)>,
}

impl Traffic {
    pub(super) fn of_permission(&self) -> Vec<(&'static str, Json)> {
        let name = match self.protocol {
            None => "-1".to_owned(),
            Some(proto::TCP) => "tcp".to_owned(),
            Some(proto::UDP) => "udp".to_owned(),
            Some(proto::ICMP) => "icmp".to_owned(),
            Some(proto::ICMPV6) => "icmpv6".to_owned(),
            Some(other) => other.to_string(),
        };
        let mut members = vec![("IpProtocol", Json::Text(name))];
        if let Some((from, to)) = self.bounds {
            members.push(("FromPort", Json::Number(from)));
            members.push(("ToPort", Json::Number(to)));
        }
        members
    }

    pub(super) fn of_entry(&self) -> Vec<(&'static str, Json)> {
        let number = self.protocol.map_or_else(|| "-1".into(), |n| n.to_string());
        let mut members = vec![("Protocol", Json::Text(number))];
        if let Some((a, b)) = self.bounds {
            let icmp = self.protocol.is_some_and(proto::is_icmp);
            let (key, keys) = if icmp {
                ("IcmpTypeCode", ["Type", "Code"])
            } else {
                ("PortRange", ["From", "To"])
            };
            let [first, second] = keys;
            let pair = vec![(first, Json::Number(a)), (second, Json::Number(b))];
            members.push((key, Json::Object(pair)));
        }
        members
    }
}

/// A box's protocols and ports, one by one.
pub(super) fn traffics(rule: &Rule, space: &PacketBox) -> Result<Vec<Traffic>> {
    let rest = PacketBox {
        src: AddrSet::any(),
        dst: AddrSet::any(),
        proto: ProtoSet::full(),
        sport: PortSet::full(),
        dport: PortSet::full(),
        ..space.clone()
    };
    if !rest.is_any() {
        return Err(error(
            rule.span,
            "the rule looks at flags, state or interfaces",
        ));
    }
    let all_ports = space.sport.is_full() && space.dport.is_full();
    if space.proto.is_full() && all_ports {
        return Ok(vec![Traffic {
            protocol: None,
            bounds: None,
        }]);
    }
    let mut out = Vec::new();
    for (lo, hi) in space.proto.iter() {
        for protocol in lo..=hi {
            for bounds in bounds(rule, space, protocol)? {
                out.push(Traffic {
                    protocol: Some(protocol),
                    bounds,
                });
            }
        }
    }
    Ok(out)
}

/// ICMP over IPv6 and ICMPv6 over IPv4 do not exist, so no rule can speak of them.
pub(super) fn check_family(rule: &Rule, protocols: &ProtoSet, peer: &AddrSet) -> Result<()> {
    let only = |number| *protocols == ProtoSet::single(number);
    let wrong =
        (only(proto::ICMP) && !peer.v6.is_empty()) || (only(proto::ICMPV6) && !peer.v4.is_empty());
    if wrong {
        return Err(error(
            rule.span,
            "the address family contradicts the ICMP protocol",
        ));
    }
    Ok(())
}

fn bounds(rule: &Rule, space: &PacketBox, protocol: u8) -> Result<Vec<Option<(i64, i64)>>> {
    let (sport, dport) = (&space.sport, &space.dport);
    match protocol {
        proto::TCP | proto::UDP if sport.is_full() => Ok(dport
            .iter()
            .map(|(from, to)| Some((i64::from(from), i64::from(to))))
            .collect()),
        proto::ICMP | proto::ICMPV6 => {
            let one = |set: &PortSet| match (set.is_full(), set.first(), set.last()) {
                (true, ..) => Some(-1),
                (_, Some(a), Some(b)) if a == b => Some(i64::from(a)),
                _ => None,
            };
            match (one(sport), one(dport)) {
                (Some(-1), Some(code)) if code != -1 => {
                    Err(error(rule.span, "an ICMP code without a type"))
                }
                (Some(kind), Some(code)) => Ok(vec![Some((kind, code))]),
                _ => Err(error(rule.span, "several ICMP types in one rule")),
            }
        }
        _ if sport.is_full() && dport.is_full() => Ok(vec![None]),
        _ => Err(error(
            rule.span,
            "AWS rules have no source ports, and ports for TCP and UDP only",
        )),
    }
}

/// IPv4 blocks that together are the set.
pub(super) fn v4_blocks(set: &AddrSet) -> Vec<String> {
    blocks(&set.only(Family::V4))
}

/// IPv6 blocks that together are the set.
pub(super) fn v6_blocks(set: &AddrSet) -> Vec<String> {
    blocks(&set.only(Family::V6))
}

fn blocks(set: &AddrSet) -> Vec<String> {
    let each = set.prefixes().into_iter();
    each.map(|(address, length)| format!("{address}/{length}"))
        .collect()
}
