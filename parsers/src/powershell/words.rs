//! Values of the enumerations of the NetSecurity module, as words and as the numbers that `ConvertTo-Json` prints
//! (Microsoft Learn, "MSFT_NetFirewallRule" and the classes of its filters), in the words of netsh.

use super::cell::{Cell, Word};
use hylint_model::Profiles;
use std::borrow::Cow;

/// Looks a word up: by its number or by any of its names.
fn look<'t, T: Copy>(word: &str, table: &'t [(&'static str, &'t [&'static str], T)]) -> Option<T> {
    let word = word.trim();
    let is = |(number, names, _): &&(&str, &[&str], T)| {
        *number == word || names.iter().any(|n| n.eq_ignore_ascii_case(word))
    };
    table.iter().find(is).map(|(.., value)| *value)
}

/// Whether a rule is enabled. NetSecurity.Enabled has True and False as 1 and 2.
pub(super) fn enabled(word: &str) -> Option<&'static str> {
    look(
        word,
        &[
            ("1", &["True", "Yes", "Enabled"], "Yes"),
            ("2", &["False", "No", "Disabled"], "No"),
        ],
    )
}

pub(super) fn direction(word: &str) -> Option<&'static str> {
    look(
        word,
        &[
            ("1", &["Inbound", "In"], "In"),
            ("2", &["Outbound", "Out"], "Out"),
        ],
    )
}

pub(super) fn action(word: &str) -> Option<&'static str> {
    look(
        word,
        &[
            ("2", &["Allow"], "Allow"),
            ("3", &["AllowBypass", "Bypass"], "Bypass"),
            ("4", &["Block"], "Block"),
        ],
    )
}

/// Edge traversal, which decides nothing that is judged.
pub(super) fn edge(word: &str) -> Option<&'static str> {
    look(
        word,
        &[
            ("0", &["Block"], "No"),
            ("1", &["Allow"], "Yes"),
            ("2", &["DeferToUser"], "Defer to user"),
            ("3", &["DeferToApp"], "Defer to application"),
        ],
    )
}

/// True or false of a setting that may also not be configured (NetSecurity.GpoBoolean).
pub(super) fn gpo_boolean(word: &str) -> Option<bool> {
    look(word, &[("0", &["False"], false), ("1", &["True"], true)])
}

/// Whether a setting is one that nobody configured.
pub(super) fn is_unset(word: &str, number: &str) -> bool {
    word.eq_ignore_ascii_case("NotConfigured") || word == number
}

/// Where a rule comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    Local,
    Policy,
    /// It restricts a service, or Windows has it in its code: it allows nothing that the rules of the host do not.
    Apart,
}

pub(super) fn origin(word: &str) -> Option<Origin> {
    look(
        word,
        &[
            ("1", &["Local"], Origin::Local),
            ("2", &["GroupPolicy"], Origin::Policy),
            ("3", &["Dynamic"], Origin::Local),
            ("4", &["Generated"], Origin::Apart),
            ("5", &["Hardcoded"], Origin::Apart),
            ("6", &["MDM", "MobileDeviceManagement"], Origin::Policy),
        ],
    )
}

/// Whether authentication by IPsec is required, and how.
pub(super) fn authentication(word: &str) -> Option<&'static str> {
    look(
        word,
        &[
            ("0", &["NotRequired", "None"], "NotRequired"),
            ("1", &["Required"], "Authenticate"),
            ("2", &["NoEncap"], "AuthNoEncap"),
        ],
    )
}

/// Whether encryption is required on top of authentication.
pub(super) fn encryption(word: &str) -> Option<Option<&'static str>> {
    look(
        word,
        &[
            ("0", &["NotRequired", "None"], None),
            ("1", &["Required"], Some("AuthEnc")),
            ("2", &["Dynamic"], Some("AuthDynEnc")),
        ],
    )
}

/// What IPsec demands of packets of one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Demand {
    Nothing,
    Require,
}

pub(super) fn demand(word: &str) -> Option<Demand> {
    look(
        word,
        &[
            ("0", &["None"], Demand::Nothing),
            ("1", &["Request"], Demand::Nothing),
            ("2", &["Require"], Demand::Require),
        ],
    )
}

/// The category of a network, as the profile that is active on it.
pub(super) fn category(word: &str) -> Option<Profiles> {
    look(
        word,
        &[
            ("0", &["Public"], Profiles::PUBLIC),
            ("1", &["Private"], Profiles::PRIVATE),
            ("2", &["DomainAuthenticated"], Profiles::DOMAIN),
        ],
    )
}

/// Types of interfaces in the words of netsh: a list of words, or a sum of 1 (wired), 2 (wireless) and 4 (remote access).
pub(super) fn interface_types(cell: &Cell<'_>) -> Option<String> {
    const EACH: [(u32, &str); 3] = [(1, "LAN"), (2, "Wireless"), (4, "RAS")];
    let mut sum = 0;
    for word in cell.words() {
        sum |= match &*word.text.to_ascii_lowercase() {
            "any" | "all" => 0,
            "wired" | "lan" => 1,
            "wireless" => 2,
            "remoteaccess" | "ras" => 4,
            number => number.parse().ok().filter(|n: &u32| *n < 8)?,
        };
    }
    let names: Vec<&str> = EACH
        .iter()
        .filter(|(bit, _)| sum & bit != 0)
        .map(|(_, name)| *name)
        .collect();
    Some(match names.is_empty() {
        true => "Any".to_owned(),
        false => names.join(","),
    })
}

/// Profiles: words, or a sum of 1 (domain), 2 (private) and 4 (public), of which 0 and all bits are any.
pub(super) fn profiles(words: &[Word<'_>]) -> Option<Profiles> {
    let mut set = Profiles::NONE;
    for word in words {
        set = set.union(one_profile(&word.text)?);
    }
    (set != Profiles::NONE).then_some(set)
}

fn one_profile(word: &str) -> Option<Profiles> {
    if word.eq_ignore_ascii_case("any") || word.eq_ignore_ascii_case("all") {
        return Some(Profiles::ALL);
    }
    if let Ok(number) = word.parse::<u32>() {
        return match number {
            0 | 0x7fff_ffff => Some(Profiles::ALL),
            1..=7 => u8::try_from(number).ok().map(Profiles),
            _ => None,
        };
    }
    profile(word)
}

/// The profile that a word names.
pub(super) fn profile(word: &str) -> Option<Profiles> {
    let word = word.trim();
    let each = Profiles::EACH.iter();
    let found = each
        .clone()
        .find(|(_, name)| name.eq_ignore_ascii_case(word));
    found.map(|(p, _)| *p)
}

/// Profiles in the words of netsh.
pub(super) fn profile_words(profiles: Profiles) -> Cow<'static, str> {
    const NAMES: [(Profiles, &str); 3] = [
        (Profiles::DOMAIN, "Domain"),
        (Profiles::PRIVATE, "Private"),
        (Profiles::PUBLIC, "Public"),
    ];
    if profiles == Profiles::ALL {
        return Cow::Borrowed("Domain,Private,Public");
    }
    let names: Vec<&str> = NAMES
        .iter()
        .filter(|(p, _)| p.intersects(profiles))
        .map(|(_, name)| *name)
        .collect();
    Cow::Owned(names.join(","))
}

/// Whether every entry of a platform list is a Windows that has this firewall's cmdlets: from Windows 8 and Server 2012
/// (6.2) up to 8.1 and 2012 R2 (6.3). A later one is a condition.
pub(super) fn is_every_platform(cell: &Cell<'_>) -> bool {
    let words = cell.words();
    let old = |text: &str| {
        let version = text.strip_suffix('+')?;
        let mut numbers = version.split('.').map(|n| n.parse::<u32>().ok());
        let (major, minor) = (numbers.next()??, numbers.next().flatten().unwrap_or(0));
        Some((major, minor) <= (6, 2))
    };
    words.iter().any(|w| old(&w.text) == Some(true)) || words.is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::props::Prop;
    use super::*;
    use hylint_model::Span;

    fn cell(prop: Prop, text: &'static str) -> Cell<'static> {
        Cell::of_text(prop, Cow::Borrowed(text), Span::default())
    }

    // Fails if a number stands for another value than in the module's classes: 2 is False, Allow and DomainAuthenticated.
    #[test]
    fn numbers_and_words_mean_the_same() {
        assert_eq!([enabled("1"), enabled("True")], [Some("Yes"); 2]);
        assert_eq!([enabled("2"), enabled("false")], [Some("No"); 2]);
        assert_eq!([enabled("0"), enabled("WAHR")], [None; 2]);
        assert_eq!([action("2"), action("Allow")], [Some("Allow"); 2]);
        assert_eq!([action("4"), action("Block")], [Some("Block"); 2]);
        assert_eq!([action("0"), action("NotConfigured")], [None; 2]);
        assert_eq!(gpo_boolean("0"), Some(false));
        assert_eq!(gpo_boolean("2"), None);
        assert_eq!(category("2"), Some(Profiles::DOMAIN));
        assert_eq!(origin("2"), Some(Origin::Policy));
        assert_eq!(origin("Hardcoded"), Some(Origin::Apart));
        let sets = |text| profiles(cell(Prop::Profile, text).words());
        assert_eq!(
            [sets("0"), sets("Any"), sets("2147483647"), sets("7")],
            [Some(Profiles::ALL); 4]
        );
        assert_eq!([sets("3"), sets("Domain, Private")], [Some(Profiles(3)); 2]);
        assert_eq!([sets("Guest"), sets("65535"), sets("")], [None; 3]);
        let types = |text| interface_types(&cell(Prop::InterfaceType, text));
        assert_eq!(types("3").as_deref(), Some("LAN,Wireless"));
        assert_eq!(types("Wired, RemoteAccess").as_deref(), Some("LAN,RAS"));
        assert_eq!(types("0").as_deref(), Some("Any"));
        assert!(is_every_platform(&cell(Prop::Platform, "{6.2+}")));
        assert!(!is_every_platform(&cell(Prop::Platform, "10.0+")));
    }
}
