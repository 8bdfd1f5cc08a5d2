//! Values: a node of the tape with the text that it came from.

use super::escape::unescape;
use super::tape::{Json, Kind};
use hylint_model::Span;
use std::borrow::Cow;
use std::ops::Range;

/// A value with its text.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    json: &'a Json<'a>,
    at: u32,
}

impl Json<'_> {
    /// Returns the documents, in order.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = Value<'_>> {
        let roots = self.roots.iter();
        roots.map(|at| Value {
            json: self,
            at: *at,
        })
    }
}

impl<'a> Value<'a> {
    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.json.node(self.at).kind
    }

    /// Its text's place, brackets and quotes included.
    #[must_use]
    pub fn span(self) -> Span {
        self.json.node(self.at).span
    }

    /// Its text as written.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.json.text.get(self.span().range()).unwrap_or("")
    }

    /// The string, unescaped; `None` for other kinds.
    #[must_use]
    pub fn str(self) -> Option<Cow<'a, str>> {
        let node = self.json.node(self.at);
        (node.kind == Kind::String).then(|| {
            let Range { start, end } = node.span.range();
            let inner = self.json.text.get(start + 1..end).unwrap_or("");
            let inner = inner.strip_suffix('"').unwrap_or(inner);
            if node.escaped {
                unescape(inner)
            } else {
                Cow::Borrowed(inner)
            }
        })
    }

    /// A string or number as text; `None` for other kinds.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Number => Some(Cow::Borrowed(self.raw())),
            _ => self.str(),
        }
    }

    /// A whole number, also when it is written as a string.
    #[must_use]
    pub fn int(self) -> Option<i64> {
        self.text()?.trim().parse().ok()
    }

    /// A truth value.
    #[must_use]
    pub fn bool(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// Whether the text ends inside this object or array: what should follow is unknown, and its last value may be cut.
    #[must_use]
    pub fn is_cut(self) -> bool {
        self.json.unclosed.binary_search(&self.at).is_ok()
    }

    /// The place of the key before this value. Only for values of an object's members: a key is the node before.
    #[must_use]
    pub fn key_span(self) -> Span {
        self.json.node(self.at.saturating_sub(1)).span
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether no value is in it: an empty array or object, and any value of another kind.
    #[must_use]
    pub fn is_childless(self) -> bool {
        self.json.node(self.at).next == self.at.saturating_add(1)
    }

    fn children(self) -> impl Iterator<Item = Value<'a>> {
        let end = self.json.node(self.at).next;
        let mut at = self.at.saturating_add(1);
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let v = Value {
                    json: self.json,
                    at,
                };
                at = self.json.node(at).next;
                v
            })
        })
    }

    /// Elements of an array; nothing for other kinds.
    pub fn items(self) -> impl Iterator<Item = Value<'a>> {
        let is = self.kind() == Kind::Array;
        self.children().filter(move |_| is)
    }

    /// Members of an object as key and value; nothing for other kinds. A key may occur more than once.
    pub fn members(self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let is = self.kind() == Kind::Object;
        let mut all = self.children();
        std::iter::from_fn(move || {
            if is {
                Some((all.next()?, all.next()?))
            } else {
                None
            }
        })
    }

    /// The first member with the key, letter by letter.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.members()
            .find(|(k, _)| k.str().is_some_and(|k| k == key))
            .map(|(_, v)| v)
    }

    /// The first member with the key in any ASCII case.
    #[must_use]
    pub fn get_ci(self, key: &str) -> Option<Value<'a>> {
        self.members()
            .find(|(k, _)| k.str().is_some_and(|k| k.eq_ignore_ascii_case(key)))
            .map(|(_, v)| v)
    }
}
