//! What lists have in common, protocols and profiles as netsh prints them.

use super::vocab::Vocabulary;
use super::words::{Class, Word};
use hylint_model::{Condition, ConditionKind, Profiles, Span, Test};
use hylint_space::proto;
use smallvec::{SmallVec, smallvec};

/// One alternative of a list: a set, and the condition that a keyword leaves open.
#[derive(Clone, Debug)]
pub(crate) struct Part<T> {
    pub(crate) set: T,
    /// The only protocol for which the keyword has a meaning.
    pub(crate) proto: Option<u8>,
    pub(crate) condition: Option<Condition>,
}

pub(crate) type Parts<T> = SmallVec<[Part<T>; 1]>;

/// A list with the first of its entries that nothing knows.
#[derive(Debug)]
pub(crate) struct List<T> {
    pub(crate) parts: Parts<T>,
    pub(crate) unknown: Option<Box<str>>,
}

impl<T> List<T> {
    /// One part without condition.
    pub(crate) fn whole(set: T) -> Self {
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
pub(crate) fn undecided<T>(set: T, span: Span, text: String) -> Part<T> {
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

/// The entries of a list; a comma of any width separates.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，', '、'])
        .map(str::trim)
        .filter(|t| !t.is_empty())
}

/// A token with plain hyphens, where a page has made dashes of them.
pub(crate) fn plain_dashes(token: &str) -> Option<String> {
    let odd = |c: char| c != '-' && super::dash::is_dash(c);
    let plain = |c: char| if odd(c) { '-' } else { c };
    token
        .contains(odd)
        .then(|| token.chars().map(plain).collect())
}

/// A protocol as netsh names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    Any,
    Number(u8),
}

/// Reads a protocol. netsh names TCP, UDP, ICMPv4 and ICMPv6 and numbers the rest.
pub(crate) fn protocol(v: &Vocabulary, text: &str) -> Option<Protocol> {
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
pub(crate) fn profiles<'a>(v: &Vocabulary, text: &'a str) -> (Profiles, Option<&'a str>) {
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
pub(crate) fn profile_of(word: Word) -> Option<Profiles> {
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
