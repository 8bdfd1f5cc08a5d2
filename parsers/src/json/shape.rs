//! Shapes: the keys of the objects that a reader takes.

use super::Value;
use std::cmp::Ordering;

/// The keys of one kind of object. Keys are compared without regard to ASCII case.
#[derive(Debug)]
pub struct Shape<const N: usize> {
    /// What the object is, for people, with its article: `a permission`.
    pub name: &'static str,
    /// The keys that the reader takes, in the order of its values.
    pub keys: [&'static str; N],
    /// Keys that change nothing about packets: lower case, sorted.
    pub inert: &'static [&'static str],
    /// True for objects whose other keys cannot matter (a virtual machine's dozens of attributes): they are not reported.
    pub open: bool,
}

/// How the tools that print a format write its objects.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dialect {
    /// The key of an object whose members count as those of the object that holds it.
    pub nested: Option<&'static str>,
    /// Whether some tools put underscores into keys: `source_address_prefix` for `sourceAddressPrefix`.
    pub underscores: bool,
}

/// What a shape makes of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The position among the keys that are read.
    Slot(usize),
    /// [`Dialect::nested`].
    Nested,
    /// It changes nothing about packets.
    Inert,
    /// Not known.
    Unknown,
}

impl<const N: usize> Shape<N> {
    /// Returns what the shape makes of a key.
    pub(super) fn role(&self, dialect: Dialect, key: Value<'_>) -> Role {
        let text = key.str().unwrap_or_default();
        let role = self.find(dialect, &text);
        if role == Role::Unknown && dialect.underscores && text.contains('_') {
            return self.find(dialect, &text.replace('_', ""));
        }
        role
    }

    fn find(&self, dialect: Dialect, key: &str) -> Role {
        match self.keys.iter().position(|k| k.eq_ignore_ascii_case(key)) {
            Some(n) => Role::Slot(n),
            None if dialect.is_nested(key) => Role::Nested,
            None if self.open || self.is_inert(key) => Role::Inert,
            None => Role::Unknown,
        }
    }

    fn is_inert(&self, key: &str) -> bool {
        self.inert.binary_search_by(|k| compare(k, key)).is_ok()
    }

    /// Whether the list of inert keys is lower case and sorted, as the search needs it; for the formats' tests.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let lower = |k: &&str| !k.bytes().any(|b| b.is_ascii_uppercase());
        self.inert.is_sorted() && self.inert.iter().all(lower)
    }
}

impl Dialect {
    fn is_nested(self, key: &str) -> bool {
        self.nested.is_some_and(|k| k.eq_ignore_ascii_case(key))
    }
}

/// Compares a lower-case word with a key of any case.
fn compare(word: &str, key: &str) -> Ordering {
    word.bytes()
        .cmp(key.bytes().map(|b| b.to_ascii_lowercase()))
}

/// Declares an object whose members have names in the code: a struct of values, and the shape that reads them in its
/// order.
macro_rules! object {
    (
        $(#[$doc:meta])*
        $object:ident, $shape:ident, $name:literal,
        keys: { $($field:ident: $key:literal,)* },
        inert: $inert:expr,
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $object<'a> {
            $(
                #[doc = concat!("`", $key, "`.")]
                pub $field: Option<$crate::json::Value<'a>>,
            )*
        }

        $(#[$doc])*
        pub(super) const $shape: $crate::json::shape::Shape<{ [$($key),*].len() }> =
            $crate::json::shape::Shape {
                name: $name,
                keys: [$($key),*],
                inert: $inert,
                open: false,
            };

        impl<'a> From<[Option<$crate::json::Value<'a>>; { [$($key),*].len() }]> for $object<'a> {
            fn from([$($field),*]: [Option<$crate::json::Value<'a>>; { [$($key),*].len() }]) -> Self {
                Self { $($field),* }
            }
        }
    };
}

pub(crate) use object;
