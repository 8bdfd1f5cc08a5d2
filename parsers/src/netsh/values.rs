//! Address lists, port lists, protocols and profiles as netsh prints them.

use super::vocab::{Class, Vocabulary, Word};
use crate::model::{Condition, ConditionKind, Profiles, Side, Test};
use crate::source::Span;
use crate::space::{AddrSet, PortSet, proto};
use smallvec::{SmallVec, smallvec};

/// One alternative of a list: a set, and the condition that a keyword leaves open.
#[derive(Clone, Debug)]
pub(super) struct Part<T> {
    pub(super) set: T,
    /// The only protocol for which the keyword has a meaning.
    pub(super) proto: Option<u8>,
    pub(super) condition: Option<Condition>,
}

pub(super) type Parts<T> = SmallVec<[Part<T>; 1]>;

/// A list with the first of its entries that nothing knows.
#[derive(Debug)]
pub(super) struct List<T> {
    pub(super) parts: Parts<T>,
    pub(super) unknown: Option<Box<str>>,
}

impl<T> List<T> {
    fn whole(set: T) -> Self {
        Self {
            parts: smallvec![Part {
                set,
                proto: None,
                condition: None
            }],
            unknown: None,
        }
    }
}

/// An undecided list: every value, under a condition of kind unknown.
pub(super) fn undecided<T>(set: T, span: Span, text: String) -> Part<T> {
    Part {
        set,
        proto: None,
        condition: Some(Condition::new(
            ConditionKind::Unknown,
            Test::Opaque,
            span,
            text,
        )),
    }
}

/// Addresses that a keyword for near hosts can stand for: private, shared and link-local space
/// (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291).
fn near() -> AddrSet {
    [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    ]
    .iter()
    .filter_map(|t| AddrSet::parse(t))
    .fold(AddrSet::empty(), |all, a| all.union(&a))
}

/// How far a keyword reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Near,
    NearV4,
    NearV6,
    Anywhere,
}

/// Address keywords of `netsh advfirewall firewall add rule ?` and of `New-NetFirewallRule -RemoteAddress`.
const ADDRESS_KEYWORDS: &[(&str, &str, Reach)] = &[
    ("localsubnet", "windows:LocalSubnet", Reach::Near),
    ("localsubnet4", "windows:LocalSubnet4", Reach::NearV4),
    ("localsubnet6", "windows:LocalSubnet6", Reach::NearV6),
    ("dns", "windows:DNS", Reach::Near),
    ("dns4", "windows:DNS4", Reach::NearV4),
    ("dns6", "windows:DNS6", Reach::NearV6),
    ("dhcp", "windows:DHCP", Reach::Near),
    ("dhcp4", "windows:DHCP4", Reach::NearV4),
    ("dhcp6", "windows:DHCP6", Reach::NearV6),
    ("wins", "windows:WINS", Reach::Near),
    ("wins4", "windows:WINS4", Reach::NearV4),
    ("wins6", "windows:WINS6", Reach::NearV6),
    ("defaultgateway", "windows:DefaultGateway", Reach::Near),
    ("defaultgateway4", "windows:DefaultGateway4", Reach::NearV4),
    ("defaultgateway6", "windows:DefaultGateway6", Reach::NearV6),
    ("intranet", "windows:Intranet", Reach::Near),
    ("localintranet", "windows:Intranet", Reach::Near),
    ("rmtintranet", "windows:RmtIntranet", Reach::Anywhere),
    ("remotecorpnetwork", "windows:RmtIntranet", Reach::Anywhere),
    ("internet", "windows:Internet", Reach::Anywhere),
    ("ply2renders", "windows:PlayToDevice", Reach::Near),
    ("playtodevice", "windows:PlayToDevice", Reach::Near),
    ("captiveportal", "windows:CaptivePortal", Reach::Anywhere),
];

/// Reads an address list. `bounded` narrows keywords to the space that they can stand for; it is not set for rules that
/// block, where too small a space would hide a block.
pub(super) fn addresses(
    v: &Vocabulary,
    text: &str,
    side: Side,
    span: Span,
    bounded: bool,
) -> List<AddrSet> {
    if v.is_any(text) {
        return List::whole(AddrSet::any());
    }
    let mut v4: SmallVec<[(u32, u32); 8]> = SmallVec::new();
    let mut v6: SmallVec<[(u128, u128); 2]> = SmallVec::new();
    let mut out = List {
        parts: SmallVec::new(),
        unknown: None,
    };
    for token in tokens(text) {
        if let Some(set) = AddrSet::parse(token) {
            v4.extend(set.v4.iter());
            v6.extend(set.v6.iter());
        } else if v.is_any(token) {
            v4.push((0, u32::MAX));
            v6.push((0, u128::MAX));
        } else if let Some(part) = address_keyword(token, side, span, bounded) {
            let same = |p: &Part<AddrSet>| p.condition == part.condition;
            if !out.parts.iter().any(same) {
                out.parts.push(part);
            }
        } else if out.unknown.is_none() {
            out.unknown = Some(token.into());
            out.parts.push(undecided(
                AddrSet::any(),
                span,
                format!("address `{token}`"),
            ));
        }
    }
    let literal = AddrSet {
        v4: v4.into_iter().collect(),
        v6: v6.into_iter().collect(),
    };
    if !literal.is_empty() {
        out.parts.insert(
            0,
            Part {
                set: literal,
                proto: None,
                condition: None,
            },
        );
    } else if out.parts.is_empty() {
        out.unknown = Some("".into());
        out.parts.push(undecided(
            AddrSet::any(),
            span,
            "an empty address list".into(),
        ));
    }
    out
}

fn address_keyword(token: &str, side: Side, span: Span, bounded: bool) -> Option<Part<AddrSet>> {
    let (_, key, reach) = ADDRESS_KEYWORDS
        .iter()
        .find(|(k, ..)| k.eq_ignore_ascii_case(token))?;
    let family = |set: AddrSet, v4: bool, v6: bool| AddrSet {
        v4: if v4 {
            set.v4
        } else {
            crate::space::RangeSet::empty()
        },
        v6: if v6 {
            set.v6
        } else {
            crate::space::RangeSet::empty()
        },
    };
    let space = if bounded && *reach != Reach::Anywhere {
        near()
    } else {
        AddrSet::any()
    };
    let set = match reach {
        Reach::NearV4 => family(space, true, false),
        Reach::NearV6 => family(space, false, true),
        Reach::Near | Reach::Anywhere => space,
    };
    let test = Test::Named {
        key: (*key).into(),
        side,
    };
    let name = key.trim_start_matches("windows:");
    let end = if side == Side::Src {
        "source"
    } else {
        "destination"
    };
    let condition = Condition::new(ConditionKind::Peer, test, span, format!("{end} in {name}"));
    Some(Part {
        set,
        proto: None,
        condition: Some(condition),
    })
}

/// Port keywords: name, protocol, ports, what stays open. RPC names dynamic ports, which by default are 49152–65535
/// (Microsoft, "Service overview and network port requirements for Windows"); the others name one listener each.
struct PortKeyword {
    name: &'static str,
    proto: u8,
    ports: (u16, u16),
    open: Option<(ConditionKind, &'static str)>,
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

const PORT_KEYWORDS: &[PortKeyword] = &[
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
        Some((
            ConditionKind::Unknown,
            "the port is the IP-HTTPS listener's",
        )),
    ),
    keyword(
        "iphttpsin",
        proto::TCP,
        (443, 443),
        Some((
            ConditionKind::Unknown,
            "the port is the IP-HTTPS listener's",
        )),
    ),
    keyword(
        "iphttpsout",
        proto::TCP,
        (443, 443),
        Some((ConditionKind::Unknown, "the peer's port is IP-HTTPS")),
    ),
    keyword(
        "teredo",
        proto::UDP,
        (0, 65535),
        Some((ConditionKind::Unknown, "the port is Teredo's")),
    ),
    keyword(
        "ply2disc",
        proto::UDP,
        (0, 65535),
        Some((ConditionKind::Unknown, "the port is Play To discovery's")),
    ),
    keyword(
        "playtodiscovery",
        proto::UDP,
        (0, 65535),
        Some((ConditionKind::Unknown, "the port is Play To discovery's")),
    ),
    keyword(
        "mdns",
        proto::UDP,
        (5353, 5353),
        Some((ConditionKind::Unknown, "the port is the mDNS listener's")),
    ),
    keyword(
        "cortana",
        proto::TCP,
        (0, 65535),
        Some((ConditionKind::Unknown, "the port is Cortana's")),
    ),
    keyword(
        "cortanain",
        proto::TCP,
        (0, 65535),
        Some((ConditionKind::Unknown, "the port is Cortana's")),
    ),
    keyword(
        "dhcp",
        proto::UDP,
        (0, 65535),
        Some((ConditionKind::Unknown, "the port is DHCP's")),
    ),
];

/// Reads a port list.
pub(super) fn ports(v: &Vocabulary, text: &str, span: Span) -> List<PortSet> {
    if v.is_any(text) {
        return List::whole(PortSet::full());
    }
    let mut literal: SmallVec<[(u16, u16); 8]> = SmallVec::new();
    let mut out = List {
        parts: SmallVec::new(),
        unknown: None,
    };
    for token in tokens(text) {
        if let Some((a, b)) = port_range(token) {
            literal.push((a, b));
        } else if v.is_any(token) {
            literal.push((0, u16::MAX));
        } else if let Some(k) = PORT_KEYWORDS
            .iter()
            .find(|k| k.name.eq_ignore_ascii_case(token))
        {
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
            .map(|(kind, text)| Condition::new(kind, Test::Opaque, span, text)),
    }
}

fn port_range(token: &str) -> Option<(u16, u16)> {
    let (a, b) = token.split_once('-').unwrap_or((token, token));
    let (a, b): (u16, u16) = (a.trim().parse().ok()?, b.trim().parse().ok()?);
    (a <= b).then_some((a, b))
}

/// The entries of a list; a comma of any width separates.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，', '、'])
        .map(str::trim)
        .filter(|t| !t.is_empty())
}

/// A protocol as netsh names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Protocol {
    Any,
    Number(u8),
}

/// Reads a protocol. netsh names TCP, UDP, ICMPv4 and ICMPv6 and numbers the rest.
pub(super) fn protocol(v: &Vocabulary, text: &str) -> Option<Protocol> {
    const NAMES: &[(&str, u8)] = &[
        ("TCP", proto::TCP),
        ("UDP", proto::UDP),
        ("ICMPv4", proto::ICMP),
        ("ICMPv6", proto::ICMPV6),
        ("ICMP", proto::ICMP),
        ("IGMP", 2),
        ("GRE", 47),
        ("ESP", 50),
        ("AH", 51),
        ("IPv6", 41),
        ("HOPOPT", 0),
        ("IPv6-Route", 43),
        ("IPv6-Frag", 44),
        ("IPv6-NoNxt", 59),
        ("IPv6-Opts", 60),
        ("VRRP", 112),
        ("PGM", 113),
        ("L2TP", 115),
        ("SCTP", proto::SCTP),
    ];
    if let Some((_, n)) = NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text))
    {
        return Some(Protocol::Number(*n));
    }
    if v.is_any(text) {
        return Some(Protocol::Any);
    }
    text.parse().ok().map(Protocol::Number)
}

/// Reads a list of profiles; the second value is the first entry that is no profile.
pub(super) fn profiles<'a>(v: &Vocabulary, text: &'a str) -> (Profiles, Option<&'a str>) {
    if text == "Domain,Private,Public" {
        return (Profiles::ALL, None);
    }
    let mut set = 0;
    let mut unknown = None;
    for token in tokens(text) {
        match profile(v, token) {
            Some(p) => set |= p.0,
            None => unknown = unknown.or(Some(token)),
        }
    }
    if set == 0 && unknown.is_none() {
        unknown = Some(text);
    }
    (Profiles(set), unknown)
}

fn profile(v: &Vocabulary, token: &str) -> Option<Profiles> {
    if v.is_any(token) {
        return Some(Profiles::ALL);
    }
    v.word(Class::Profile, token)
        .and_then(|e| profile_of(e.meaning))
}

/// The profile that a word names.
pub(super) fn profile_of(word: Word) -> Option<Profiles> {
    match word {
        Word::Domain => Some(Profiles::DOMAIN),
        Word::Private => Some(Profiles::PRIVATE),
        Word::Public => Some(Profiles::PUBLIC),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addrs(text: &str) -> List<AddrSet> {
        addresses(Vocabulary::get(), text, Side::Src, Span::default(), true)
    }

    #[test]
    fn literals_and_keywords_of_one_list_are_kept_apart() {
        let list = addrs("LocalSubnet,fe80::/64,ff02::1-ff02::1,10.0.0.0/255.0.0.0,LocalSubnet");
        assert_eq!(list.unknown, None);
        assert_eq!(list.parts.len(), 2);
        assert!(list.parts[0].condition.is_none());
        assert!(list.parts[0].set.contains("10.255.0.1".parse().unwrap()));
        assert!(list.parts[0].set.contains("ff02::1".parse().unwrap()));
        let subnet = &list.parts[1];
        assert!(subnet.set.contains("192.168.3.4".parse().unwrap()));
        assert!(!subnet.set.contains("8.8.8.8".parse().unwrap()), "bounded");
        let key = Test::Named {
            key: "windows:LocalSubnet".into(),
            side: Side::Src,
        };
        assert_eq!(subnet.condition.as_ref().map(|c| &c.test), Some(&key));
    }

    #[test]
    fn an_unknown_address_is_undecided_and_a_blocks_keyword_is_not_bounded() {
        let list = addrs("10.0.0.1,Nirgendwo");
        assert_eq!(list.unknown.as_deref(), Some("Nirgendwo"));
        assert!(list.parts[1].set.is_any());
        assert_eq!(
            list.parts[1].condition.as_ref().unwrap().kind,
            ConditionKind::Unknown
        );
        assert_eq!(
            addrs("").unknown.as_deref(),
            Some(""),
            "an empty list is not Any"
        );
        let wide = addresses(Vocabulary::get(), "DNS", Side::Dst, Span::default(), false);
        assert!(wide.parts[0].set.is_any());
    }

    #[test]
    fn port_lists_hold_numbers_ranges_and_keywords() {
        let list = ports(
            Vocabulary::get(),
            "80,443,5000-5010,RPC,RPC-EPMap,bogus,70000",
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
    fn protocols_and_profiles_in_any_language() {
        let v = Vocabulary::get();
        assert_eq!(protocol(v, "ICMPv6"), Some(Protocol::Number(58)));
        assert_eq!(protocol(v, "41"), Some(Protocol::Number(41)));
        assert_eq!(protocol(v, "Cualquiera"), Some(Protocol::Any));
        assert_eq!(protocol(v, "256"), None);
        assert_eq!(profiles(v, "Domäne,Privat"), (Profiles(3), None));
        assert_eq!(profiles(v, "域,专用,公用"), (Profiles::ALL, None));
        assert_eq!(
            profiles(v, "Domain,Guest"),
            (Profiles::DOMAIN, Some("Guest"))
        );
    }
}
