//! Port lists: numbers, ranges, and the keywords for listeners of Windows.

use super::values::{List, Part, plain_dashes, tokens, undecided};
use super::vocab::Vocabulary;
use hylint_model::{Condition, ConditionKind, Span, Test};
use hylint_space::{PortSet, proto};
use smallvec::SmallVec;

/// Port keywords: name, protocol, ports, what stays open. RPC names dynamic ports, which by default are 49152–65535
/// (Microsoft, "Service overview and network port requirements for Windows"); the others name one listener each.
pub(crate) struct PortKeyword {
    pub(crate) name: &'static str,
    pub(crate) proto: u8,
    pub(crate) ports: (u16, u16),
    pub(crate) open: Option<(ConditionKind, &'static str)>,
}

const fn keyword(
    name: &'static str,
    proto: u8,
    ports: (u16, u16),
    open: Option<(ConditionKind, &'static str)>,
) -> PortKeyword {
    PortKeyword {
        name,
        proto,
        ports,
        open,
    }
}

pub(crate) const PORT_KEYWORDS: &[PortKeyword] = &[
    keyword(
        "rpc",
        proto::TCP,
        (49152, 65535),
        Some((ConditionKind::Local, "the port is an RPC server's")),
    ),
    keyword("rpc-epmap", proto::TCP, (135, 135), None),
    keyword("rpcepmap", proto::TCP, (135, 135), None),
    keyword(
        "iphttps",
        proto::TCP,
        (443, 443),
        Some((ConditionKind::Local, "the port is the IP-HTTPS listener's")),
    ),
    keyword(
        "iphttpsin",
        proto::TCP,
        (443, 443),
        Some((ConditionKind::Local, "the port is the IP-HTTPS listener's")),
    ),
    keyword(
        "iphttpsout",
        proto::TCP,
        (443, 443),
        Some((ConditionKind::Local, "the peer's port is IP-HTTPS")),
    ),
    keyword(
        "iptlsin",
        proto::TCP,
        (443, 443),
        Some((ConditionKind::Local, "the port is the IP-HTTPS listener's")),
    ),
    keyword(
        "iptlsout",
        proto::TCP,
        (443, 443),
        Some((ConditionKind::Local, "the peer's port is IP-HTTPS")),
    ),
    keyword(
        "teredo",
        proto::UDP,
        (0, 65535),
        Some((ConditionKind::Local, "the port is Teredo's")),
    ),
    keyword(
        "ply2disc",
        proto::UDP,
        (0, 65535),
        Some((ConditionKind::Local, "the port is Play To discovery's")),
    ),
    keyword(
        "playtodiscovery",
        proto::UDP,
        (0, 65535),
        Some((ConditionKind::Local, "the port is Play To discovery's")),
    ),
    keyword(
        "mdns",
        proto::UDP,
        (5353, 5353),
        Some((ConditionKind::Local, "the port is the mDNS listener's")),
    ),
    keyword(
        "cortana",
        proto::TCP,
        (0, 65535),
        Some((ConditionKind::Local, "the port is Cortana's")),
    ),
    keyword(
        "cortanain",
        proto::TCP,
        (0, 65535),
        Some((ConditionKind::Local, "the port is Cortana's")),
    ),
    keyword(
        "cortanaout",
        proto::TCP,
        (0, 65535),
        Some((ConditionKind::Local, "the peer's port is Cortana's")),
    ),
    keyword(
        "tcpcdpsvc",
        proto::TCP,
        (0, 65535),
        Some((
            ConditionKind::Local,
            "the port is the Connected Devices Platform's",
        )),
    ),
    keyword(
        "dhcp",
        proto::UDP,
        (0, 65535),
        Some((ConditionKind::Local, "the port is DHCP's")),
    ),
];

/// Whose ports a list is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Local,
    Remote,
}

/// Keywords for a listener, and the same as a peer's port.
const PEERS: [(&str, &str); 5] = [
    ("iphttps", "iphttpsout"),
    ("iphttpsin", "iphttpsout"),
    ("iptlsin", "iptlsout"),
    ("cortana", "cortanaout"),
    ("cortanain", "cortanaout"),
];

/// The keyword that a token is at an end of a rule.
fn keyword_at(token: &str, end: End) -> Option<&'static PortKeyword> {
    let token = token.to_ascii_lowercase();
    let peer = PEERS.iter().find(|(own, _)| *own == token);
    let name = match peer {
        Some((_, peer)) if end == End::Remote => peer,
        _ => token.as_str(),
    };
    PORT_KEYWORDS.iter().find(|k| k.name == name)
}

/// Reads a port list.
pub(crate) fn ports(v: &Vocabulary, text: &str, end: End, span: Span) -> List<PortSet> {
    if text == "Any" {
        return List::whole(PortSet::full());
    }
    let mut literal: SmallVec<[(u16, u16); 8]> = SmallVec::new();
    let mut out = List {
        parts: SmallVec::new(),
        unknown: None,
    };
    for token in tokens(text) {
        let plain = || port_range(&plain_dashes(token)?);
        if let Some((a, b)) = port_range(token).or_else(plain) {
            literal.push((a, b));
        } else if v.is_any(token) {
            literal.push((0, u16::MAX));
        } else if let Some(k) = keyword_at(token, end) {
            let part = port_keyword(k, span);
            let same = |p: &Part<PortSet>| p.condition == part.condition && p.set == part.set;
            if !out.parts.iter().any(same) {
                out.parts.push(part);
            }
        } else if out.unknown.is_none() {
            out.unknown = Some(token.into());
            out.parts
                .push(undecided(PortSet::full(), span, format!("port `{token}`")));
        }
    }
    if !literal.is_empty() {
        let set = literal.into_iter().collect();
        out.parts.insert(
            0,
            Part {
                set,
                proto: None,
                condition: None,
            },
        );
    } else if out.parts.is_empty() {
        out.unknown = Some("".into());
        out.parts.push(undecided(
            PortSet::full(),
            span,
            "an empty port list".into(),
        ));
    }
    out
}

fn port_keyword(k: &PortKeyword, span: Span) -> Part<PortSet> {
    Part {
        set: PortSet::range(k.ports.0, k.ports.1),
        proto: Some(k.proto),
        condition: k
            .open
            .map(|(kind, text)| Condition::new(kind, Test::SystemPort, span, text)),
    }
}

/// The keyword that leaves a condition open; several keywords of one listener share one.
pub(crate) fn keyword_named(c: &Condition) -> Option<&'static str> {
    let says = |k: &&PortKeyword| {
        k.open
            .is_some_and(|(kind, text)| kind == c.kind && text == &*c.text)
    };
    PORT_KEYWORDS.iter().find(says).map(|k| k.name)
}

/// The ports that a keyword stands for.
pub(crate) fn keyword_ports(name: &str) -> Option<PortSet> {
    let k = PORT_KEYWORDS.iter().find(|k| k.name == name)?;
    Some(PortSet::range(k.ports.0, k.ports.1))
}

fn port_range(token: &str) -> Option<(u16, u16)> {
    let (a, b) = token.split_once('-').unwrap_or((token, token));
    let (a, b): (u16, u16) = (a.trim().parse().ok()?, b.trim().parse().ok()?);
    (a <= b).then_some((a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_lists_hold_numbers_ranges_and_keywords() {
        let list = ports(
            Vocabulary::get(),
            "80,443,5000-5010,RPC,RPC-EPMap,bogus,70000",
            End::Local,
            Span::default(),
        );
        assert_eq!(list.unknown.as_deref(), Some("bogus"));
        let sets: Vec<_> = list
            .parts
            .iter()
            .map(|p| (p.set.first(), p.set.last(), p.proto))
            .collect();
        assert_eq!(
            sets,
            [
                (Some(80), Some(5010), None),
                (Some(49152), Some(65535), Some(proto::TCP)),
                (Some(135), Some(135), Some(proto::TCP)),
                (Some(0), Some(65535), None),
            ]
        );
        assert!(
            list.parts[2].condition.is_none(),
            "RPC-EPMap is exactly TCP 135"
        );
        assert_eq!(port_range("9-5"), None);
    }

    #[test]
    fn a_keyword_of_the_remote_end_is_the_peers_port() {
        let at = |text: &str, end| {
            let list = ports(Vocabulary::get(), text, end, Span::default());
            list.parts[0].condition.as_ref().unwrap().text.clone()
        };
        assert_eq!(at("IPHTTPS", End::Remote), at("IPHTTPSOut", End::Remote));
        assert_ne!(at("IPHTTPS", End::Remote), at("IPHTTPS", End::Local));
    }
}
