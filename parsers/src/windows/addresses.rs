//! Address lists: literals, ranges, prefixes, and the keywords for peers that only the host knows.

use super::values::{List, Part, plain_dashes, tokens, undecided};
use super::vocab::Vocabulary;
use hylint_model::{Condition, ConditionKind, Side, Span, Test};
use hylint_space::{AddrSet, class};
use smallvec::SmallVec;

/// How far a keyword reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Near,
    NearV4,
    NearV6,
    Anywhere,
    AnywhereV4,
    AnywhereV6,
}

/// Address keywords of `netsh advfirewall firewall add rule ?` and of `New-NetFirewallRule -RemoteAddress`.
pub(crate) const ADDRESS_KEYWORDS: &[(&str, &str, Reach)] = &[
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
    ("intranet4", "windows:Intranet4", Reach::NearV4),
    ("intranet6", "windows:Intranet6", Reach::NearV6),
    ("localintranet", "windows:Intranet", Reach::Near),
    ("rmtintranet", "windows:RmtIntranet", Reach::Anywhere),
    ("rmtintranet4", "windows:RmtIntranet4", Reach::AnywhereV4),
    ("rmtintranet6", "windows:RmtIntranet6", Reach::AnywhereV6),
    (
        "intranetremoteaccess",
        "windows:RmtIntranet",
        Reach::Anywhere,
    ),
    ("remotecorpnetwork", "windows:RmtIntranet", Reach::Anywhere),
    (
        "intranetremoteaccess",
        "windows:RmtIntranet",
        Reach::Anywhere,
    ),
    ("internet", "windows:Internet", Reach::Anywhere),
    ("internet4", "windows:Internet4", Reach::AnywhereV4),
    ("internet6", "windows:Internet6", Reach::AnywhereV6),
    ("ply2renders", "windows:PlayToDevice", Reach::Near),
    ("ply2renders4", "windows:PlayToDevice4", Reach::NearV4),
    ("ply2renders6", "windows:PlayToDevice6", Reach::NearV6),
    ("playtodevice", "windows:PlayToDevice", Reach::Near),
    ("captiveportal", "windows:CaptivePortal", Reach::Anywhere),
    (
        "captiveportal4",
        "windows:CaptivePortal4",
        Reach::AnywhereV4,
    ),
    (
        "captiveportal6",
        "windows:CaptivePortal6",
        Reach::AnywhereV6,
    ),
];

/// Reads an address list. `bounded` narrows keywords to the space that they can stand for; it is not set for rules that
/// block, where too small a space would hide a block.
pub(crate) fn addresses(
    v: &Vocabulary,
    text: &str,
    side: Side,
    span: Span,
    bounded: bool,
) -> List<AddrSet> {
    if text == "Any" {
        return List::whole(AddrSet::any());
    }
    let mut v4: SmallVec<[(u32, u32); 8]> = SmallVec::new();
    let mut v6: SmallVec<[(u128, u128); 2]> = SmallVec::new();
    let mut out = List {
        parts: SmallVec::new(),
        unknown: None,
    };
    for token in tokens(text) {
        let literal = || {
            let plain = plain_dashes(token)?;
            AddrSet::parse(&plain)
        };
        if let Some(set) = AddrSet::parse(token).or_else(literal) {
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
            hylint_space::RangeSet::empty()
        },
        v6: if v6 {
            set.v6
        } else {
            hylint_space::RangeSet::empty()
        },
    };
    let near = matches!(reach, Reach::Near | Reach::NearV4 | Reach::NearV6);
    let space = if bounded && near {
        class::internal().clone()
    } else {
        AddrSet::any()
    };
    let set = match reach {
        Reach::NearV4 | Reach::AnywhereV4 => family(space, true, false),
        Reach::NearV6 | Reach::AnywhereV6 => family(space, false, true),
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
}
