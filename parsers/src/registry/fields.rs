//! The fields of a rule string (\[MS-GPFAS\] 2.2.2.19; newer ones by the strings of Windows 10 and 11).

use super::text::{Text, pair};
use crate::windows::narrow::By;
use crate::windows::stated::Said;
use crate::windows::words::Label;
use hylint_model::Span;
use std::borrow::Cow;

/// A field of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    /// Its name.
    pub(crate) name: Cow<'a, str>,
    /// Its value.
    pub(crate) value: Said<'a>,
    /// All of it.
    pub(crate) whole: Said<'a>,
}

/// What a field is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    /// A text that a rule has once.
    One(Label),
    /// An entry of a list.
    Entry(Label),
    /// An address of the host or of the peer, of a family.
    Address {
        label: Label,
        v6: bool,
    },
    /// ICMP type and code.
    Icmp,
    /// `Allow` with it is one that overrides rules that block.
    OverridesBlocks,
    /// The app package, by its family's name or its id.
    Package,
    /// What narrows the rule in other forms, too.
    Narrows(By),
    /// What it says narrows the rule to some programs, users or devices; what that is called.
    Local(&'static str),
    /// What it says narrows the rule to some peers or networks.
    Peer(&'static str),
    /// A version of Windows, and that later ones are meant, too.
    Platform,
    OrLater,
    /// It decides no first packet.
    Inert,
}

use Meaning::{
    Address, Entry, Icmp, Inert, Local, Narrows, One, OrLater, OverridesBlocks, Package, Peer,
    Platform,
};

const fn address(label: Label, v6: bool) -> Meaning {
    Address { label, v6 }
}

/// Every field that is known, with what it is about.
pub(crate) const FIELDS: &[(&str, Meaning, &str)] = &[
    ("Action", One(Label::Action), "what it does"),
    (
        "Active",
        One(Label::Enabled),
        "whether it is in effect; it is not where the field is absent",
    ),
    ("Dir", One(Label::Direction), "inbound or outbound"),
    (
        "Profile",
        Entry(Label::Profiles),
        "network profiles; all of them where the field is absent",
    ),
    (
        "Protocol",
        One(Label::Protocol),
        "protocol number; any where the field is absent",
    ),
    (
        "LPort",
        Entry(Label::LocalPort),
        "a port of the host, or a port keyword",
    ),
    (
        "LPort2_10",
        Entry(Label::LocalPort),
        "a range of ports, or a port keyword",
    ),
    ("LPort2_20", Entry(Label::LocalPort), "a port keyword"),
    ("LPort2_24", Entry(Label::LocalPort), "a port keyword"),
    ("LPort2_25", Entry(Label::LocalPort), "a port keyword"),
    ("LPort2_29", Entry(Label::LocalPort), "a port keyword"),
    ("RPort", Entry(Label::RemotePort), "a port of the peer"),
    (
        "RPort2_10",
        Entry(Label::RemotePort),
        "a range of ports, or a port keyword",
    ),
    ("RPort2_25", Entry(Label::RemotePort), "a port keyword"),
    ("RPort2_28", Entry(Label::RemotePort), "a port keyword"),
    ("ICMP4", Icmp, "an ICMP type and code"),
    ("ICMP6", Icmp, "an ICMPv6 type and code"),
    (
        "LA4",
        address(Label::LocalIp, false),
        "addresses of the host",
    ),
    (
        "LA6",
        address(Label::LocalIp, true),
        "addresses of the host",
    ),
    (
        "RA4",
        address(Label::RemoteIp, false),
        "addresses of the peer, or an address keyword for IPv4",
    ),
    (
        "RA42",
        address(Label::RemoteIp, false),
        "an address keyword for IPv4",
    ),
    (
        "RA43",
        address(Label::RemoteIp, false),
        "an address keyword for IPv4",
    ),
    (
        "RA6",
        address(Label::RemoteIp, true),
        "addresses of the peer, or an address keyword for IPv6",
    ),
    (
        "RA62",
        address(Label::RemoteIp, true),
        "an address keyword for IPv6",
    ),
    (
        "RA63",
        address(Label::RemoteIp, true),
        "an address keyword for IPv6",
    ),
    ("App", One(Label::Program), "the program"),
    (
        "Svc",
        One(Label::Service),
        "the Windows service; `*` is any service",
    ),
    ("Name", One(Label::Name), "the rule's name"),
    ("Desc", One(Label::Description), "a comment"),
    ("EmbedCtxt", One(Label::Group), "the rule group"),
    ("Security", Entry(Label::Security), "IPsec"),
    ("Security2", Entry(Label::Security), "IPsec"),
    ("Security2_9", Entry(Label::Security), "IPsec"),
    ("IFType", Entry(Label::Interfaces), "kinds of interfaces"),
    (
        "IFType2_23",
        Entry(Label::Interfaces),
        "kinds of interfaces",
    ),
    (
        "RMAuth",
        Entry(Label::Peers),
        "computers that IPsec has to authenticate",
    ),
    (
        "RUAuth",
        Entry(Label::Peers),
        "users that IPsec has to authenticate",
    ),
    (
        "AuthByPassOut",
        OverridesBlocks,
        "whether an outbound rule that allows overrides those that block",
    ),
    ("AppPkgId", Package, "the app package"),
    ("PFN", Package, "the family of app packages"),
    ("LUAuth", Narrows(By::LocalUser), "users of the host"),
    ("LUAuth2_24", Narrows(By::LocalUser), "users of the host"),
    (
        "LUOwn",
        Narrows(By::Owner),
        "the user whose app packages the rule is for",
    ),
    ("FQBN", Local("program"), "the program by its signature"),
    (
        "PolicyAppId",
        Narrows(By::AppId),
        "programs that application control marks",
    ),
    (
        "TTK",
        Narrows(By::DynamicTarget),
        "devices nearby for which a service opens the rule",
    ),
    (
        "TTK2_22",
        Narrows(By::DynamicTarget),
        "devices nearby for which a service opens the rule",
    ),
    (
        "TTK2_27",
        Narrows(By::DynamicTarget),
        "devices nearby for which a service opens the rule",
    ),
    (
        "TTK2_28",
        Narrows(By::DynamicTarget),
        "devices nearby for which a service opens the rule",
    ),
    (
        "CompId",
        Local("network compartment"),
        "a network compartment of the host",
    ),
    ("IF", Narrows(By::Interface), "an interface"),
    ("NNm", Peer("network"), "networks by their names"),
    (
        "RADynKey",
        Narrows(By::DynamicKeyword),
        "addresses that are kept elsewhere",
    ),
    (
        "SecurityRealmId",
        Peer("security realm"),
        "a security realm",
    ),
    ("Platform", Platform, "versions of Windows"),
    ("Platform2", OrLater, "that later versions are meant, too"),
    ("Edge", Inert, "NAT traversal"),
    ("Defer", Inert, "who decides about NAT traversal"),
    ("LSM", Inert, "how replies are matched"),
    ("LOM", Inert, "how replies are matched"),
    (
        "PCross",
        Inert,
        "whether connections outlive a change of the profile",
    ),
];

/// What a field is; `None` if nothing knows it.
pub(crate) fn meaning(name: &str) -> Option<Meaning> {
    let known = FIELDS.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name));
    known.map(|(_, meaning, _)| *meaning)
}

/// A rule string, split.
#[derive(Debug)]
pub(crate) struct RuleText<'a> {
    /// The fields, in their order.
    pub(crate) fields: Vec<Field<'a>>,
    /// Parts that are no fields.
    pub(crate) odd: Vec<Said<'a>>,
    /// What follows the last bar, where the string does not end with one: it may be cut off.
    pub(crate) open: Option<Span>,
}

/// Splits a rule string; `None` if it does not begin with a version: Windows takes no such string for a rule.
pub(crate) fn split<'a>(text: &Text<'a>) -> Option<RuleText<'a>> {
    let mut parts = text.between_bars().into_iter();
    let version = parts.next()?;
    if !is_version(&version.text) || text.value().bytes().all(|b| b != b'|') {
        return None;
    }
    let mut out = RuleText {
        fields: Vec::new(),
        odd: Vec::new(),
        open: None,
    };
    let mut last = Some(version.span);
    for part in parts {
        last = Some(part.span).filter(|_| !part.text.trim().is_empty());
        if last.is_none() {
            continue;
        }
        match pair(&part) {
            Some((name, value)) => {
                let name = Cow::Owned(name.trim().to_owned());
                let field = Field {
                    name,
                    value,
                    whole: part,
                };
                out.fields.push(field);
            }
            None => out.odd.push(part),
        }
    }
    out.open = last;
    Some(out)
}

/// `v2.31`
fn is_version(text: &str) -> bool {
    let numbers = text.trim().strip_prefix(['v', 'V']);
    let parts = numbers.and_then(|n| n.split_once('.'));
    let number = |t: &str| (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    parts.is_some_and(|(major, minor)| number(major) && number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_split_into_fields_and_what_is_none() {
        let text = "v2.31|Action=Allow|Name=a=b|odd|RA4=10.0.0.1|";
        let split = split(&Text::plain(text, 0)).unwrap();
        let names: Vec<_> = split.fields.iter().map(|f| &*f.name).collect();
        assert_eq!(names, ["Action", "Name", "RA4"]);
        assert_eq!(&*split.fields[1].value.text, "a=b");
        assert_eq!(&text[split.fields[2].value.span.range()], "10.0.0.1");
        assert_eq!(&text[split.odd[0].span.range()], "odd");
        assert!(split.open.is_none());
    }

    // Fails if a string that may be cut off is taken for a whole one, or one that Windows ignores for a rule.
    #[test]
    fn a_string_without_its_last_bar_is_open_and_one_without_version_is_none() {
        let text = "v2.30|Action=Block|Desc=all exc";
        let open = split(&Text::plain(text, 0)).unwrap().open.unwrap();
        assert_eq!(&text[open.range()], "Desc=all exc");
        for none in [
            "BlockCortana|Action=Block|",
            "v2.30",
            "v2|Action=Block|",
            "",
        ] {
            assert!(split(&Text::plain(none, 0)).is_none(), "{none}");
        }
    }

    #[test]
    fn fields_are_known_once_and_in_any_case() {
        for (n, (name, ..)) in FIELDS.iter().enumerate() {
            let again = FIELDS
                .iter()
                .skip(n + 1)
                .any(|(o, ..)| o.eq_ignore_ascii_case(name));
            assert!(!again, "{name}");
        }
        assert_eq!(meaning("RMauth"), Some(Entry(Label::Peers)));
        assert_eq!(meaning("RemoteIP"), None);
    }
}
