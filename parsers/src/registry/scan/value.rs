//! What a container holds.

use crate::registry::text::Text;
use hylint_model::Span;
use std::borrow::Cow;

/// A key that the container names.
#[derive(Clone, Debug)]
pub(in crate::registry) struct Key<'a> {
    /// As it is written.
    pub(in crate::registry) name: Cow<'a, str>,
    /// Its place.
    pub(in crate::registry) span: Span,
    /// Whether a listing names it, which may leave out what it holds.
    pub(in crate::registry) listed: bool,
}

/// What a value holds.
#[derive(Clone, Debug)]
pub(in crate::registry) enum Data<'a> {
    /// A string, or a number as text.
    Text(Text<'a>),
    /// A number.
    Number(u32, Span),
    /// Bytes of a type that says nothing here.
    Other(Span),
    /// It cannot be read; why.
    Broken(&'static str, Span),
    /// The value is deleted.
    Deleted(Span),
    /// A log says that the value with this text is no more.
    Removed(Text<'a>),
}

impl Data<'_> {
    /// Its place.
    pub(in crate::registry) fn span(&self) -> Span {
        match self {
            Self::Text(text) | Self::Removed(text) => text.span(),
            Self::Number(_, span)
            | Self::Other(span)
            | Self::Broken(_, span)
            | Self::Deleted(span) => *span,
        }
    }

    /// The number that it is, also where it is written as text: decimal, or hexadecimal with `0x`.
    pub(in crate::registry) fn number(&self) -> Option<u32> {
        match self {
            Self::Number(n, _) => Some(*n),
            Self::Text(text) => {
                let value = text.value();
                let value = value.trim();
                match value.strip_prefix("0x").or(value.strip_prefix("0X")) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok(),
                    None => value.parse().ok(),
                }
            }
            Self::Other(_) | Self::Broken(..) | Self::Deleted(_) | Self::Removed(_) => None,
        }
    }
}

/// A value.
#[derive(Clone, Debug)]
pub(in crate::registry) struct Value<'a> {
    /// The key, by its place in [`Scan::keys`]; `None`: the container names none.
    pub(in crate::registry) key: Option<usize>,
    /// Its name; empty for the default value, or if the container does not print it.
    pub(in crate::registry) name: Text<'a>,
    /// Everything that states it.
    pub(in crate::registry) span: Span,
    /// What it holds.
    pub(in crate::registry) data: Data<'a>,
}

/// What a container says, in its order.
#[derive(Clone, Debug)]
pub(in crate::registry) enum Event<'a> {
    /// A value.
    Value(Value<'a>),
    /// A key with all below it is deleted.
    DeleteKey(usize),
    /// A line of a registry file that should be a value of the key, and is none.
    Malformed(Option<usize>, Span),
    /// A text that holds a rule string and is no value: it cannot be read.
    Unread(Span),
    /// Here values are missing or cut off; why.
    Gap(&'static str, Span),
}

/// How the container came to be, as far as that matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::registry) enum Way {
    /// Something printed what a registry holds.
    #[default]
    Printed,
    /// Commands that change a registry.
    Commands,
}

/// All that a container says.
#[derive(Clone, Debug, Default)]
pub(in crate::registry) struct Scan<'a> {
    /// The keys, in the order in which they are named first.
    pub(in crate::registry) keys: Vec<Key<'a>>,
    /// What is said of them.
    pub(in crate::registry) events: Vec<Event<'a>>,
    /// Texts `hylint: …` in comments.
    pub(in crate::registry) annotations: Vec<(String, Span)>,
    /// How the container came to be.
    pub(in crate::registry) way: Way,
    /// The first and the second host that members or columns of one name tell of, with the place of the second.
    pub(in crate::registry) hosts: Vec<Host>,
}

/// A host that a container names.
#[derive(Clone, Debug)]
pub(in crate::registry) struct Host {
    /// The member or column.
    member: String,
    /// Its first value.
    pub(in crate::registry) first: String,
    /// Another value of it, and its place.
    pub(in crate::registry) other: Option<(String, Span)>,
}

/// Members and columns in which programs name the host that a row is from, without underscores.
const HOSTS: [&str; 8] = [
    "hostidentifier",
    "hostname",
    "host",
    "hostuuid",
    "pscomputername",
    "computername",
    "computer",
    "machinename",
];

/// Whether a member or column names a host.
pub(super) fn names_host(member: &str) -> bool {
    member.len() < 24 && HOSTS.contains(&member.replace('_', "").to_ascii_lowercase().as_str())
}

impl<'a> Scan<'a> {
    /// Takes note of the host that a row is from.
    pub(super) fn host(&mut self, member: &str, value: &str, span: Span) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        match self.hosts.iter_mut().find(|h| h.member == member) {
            Some(host) => {
                if host.other.is_none() && !host.first.eq_ignore_ascii_case(value) {
                    host.other = Some((value.to_owned(), span));
                }
            }
            None => self.hosts.push(Host {
                member: member.to_owned(),
                first: value.to_owned(),
                other: None,
            }),
        }
    }

    /// Adds a key, unless it is the one that was named last.
    pub(in crate::registry) fn key(&mut self, name: impl Into<Cow<'a, str>>, span: Span) -> usize {
        let name = name.into();
        if let Some(last) = self.keys.last()
            && last.name == name
        {
            return self.keys.len() - 1;
        }
        let listed = false;
        self.keys.push(Key { name, span, listed });
        self.keys.len() - 1
    }

    /// Adds a value.
    pub(in crate::registry) fn value(
        &mut self,
        key: Option<usize>,
        name: Text<'a>,
        span: Span,
        data: Data<'a>,
    ) {
        self.events.push(Event::Value(Value {
            key,
            name,
            span,
            data,
        }));
    }
}

/// Whether a text holds a rule string: a version with a bar behind it, or fields of one.
pub(in crate::registry) fn is_rule_text(text: &str) -> bool {
    rule_start(text).is_some()
}

/// Where a rule string begins in a text: at `v2.31|`.
pub(in crate::registry) fn rule_start(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'|', bytes).find_map(|bar| {
        let before = bytes.get(..bar)?;
        let minor = digits(before);
        let before = before.get(..bar - minor)?;
        let before = before.strip_suffix(b".").filter(|_| minor > 0)?;
        let major = digits(before);
        let start = before.len().checked_sub(major + 1).filter(|_| major > 0)?;
        let is = matches!(before.get(start), Some(b'v' | b'V'));
        let begins = start == 0 || !bytes.get(start - 1).is_some_and(u8::is_ascii_alphanumeric);
        (is && begins).then_some(start)
    })
}

/// Digits that a text ends with, at most three.
fn digits(text: &[u8]) -> usize {
    let each = text.iter().rev().take(3);
    each.take_while(|b| b.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_strings_are_found_by_their_version() {
        assert_eq!(rule_start("v2.31|Action=Allow|"), Some(0));
        assert_eq!(rule_start("x|y|\"v2.0|Dir=In|"), Some(5));
        assert_eq!(rule_start("Block|Action=Block|"), None);
        assert_eq!(rule_start("dev2.3|a"), None);
        assert_eq!(rule_start("v.1|v2.|"), None);
    }
}
