//! What a TOML file may hold, said once: readers take keys and words from here, and its JSON Schema is made of it
//! ([`super::toml_schema`]), so that an editor knows what the program knows.

/// The words that a value may be: each with what it means to the program and one sentence for people.
pub type Words<T> = &'static [(&'static str, T, &'static str)];

/// A name and one sentence about it.
pub type Named = (String, String);

/// A table with keys of its own.
#[derive(Debug)]
pub struct Keys {
    /// Its name in the file, or empty for the file itself.
    pub name: &'static str,
    /// What it is for, in one or two sentences.
    pub about: &'static str,
    /// Its keys, in the order of the documentation.
    pub each: &'static [Key],
    /// At least one of these is needed; empty if none is.
    pub one_of: &'static [&'static str],
}

impl Keys {
    /// The names of the keys.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.each.iter().map(|k| k.name).collect()
    }
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// What it is for, in one or two sentences.
    pub about: &'static str,
    /// Whether it must be there.
    pub needed: bool,
    /// A value as it is written in TOML, or empty.
    pub example: &'static str,
}

impl Key {
    /// A key that may be left out.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            about,
            needed: false,
            example: "",
        }
    }

    /// The same key, which must be there.
    #[must_use]
    pub const fn needed(mut self) -> Self {
        self.needed = true;
        self
    }

    /// The same key with an example, as it is written in TOML.
    #[must_use]
    pub const fn example(mut self, toml: &'static str) -> Self {
        self.example = toml;
        self
    }
}

/// What may stand as a value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A string.
    Text,
    /// A string that is not blank.
    Filled,
    /// A string of this form; the regular expression is anchored.
    Form(&'static str),
    /// A day, such as 2027-03-31.
    Date,
    /// `true` or `false`.
    Bool,
    /// A whole number from the first to the last.
    Number(i64, i64),
    /// A port, as a number or as a string, or a string `low-high`.
    Port,
    /// One of these words.
    Word(fn() -> Vec<Named>),
    /// One of these names, or another one: names depend on the matrix.
    Name(fn() -> Vec<Named>),
    /// A list of at least so many.
    List(&'static Kind, usize),
    /// A list of two.
    Pair(&'static Kind),
    /// The one or the other.
    Either(&'static Kind, &'static Kind),
    /// A table with keys of its own.
    Table(&'static Keys),
    /// Several such tables, `[[name]]`.
    Tables(&'static Keys),
    /// A table whose keys are names.
    Map(&'static Map),
    /// A kind of a name of its own, which many keys share.
    Shared(&'static str, &'static Kind),
}

/// A table whose keys are names.
#[derive(Debug)]
pub struct Map {
    /// What it is for, in one or two sentences.
    pub about: &'static str,
    /// The names that are known, with their kinds.
    pub known: fn() -> Vec<(Named, Kind)>,
    /// The form of further names (a regular expression, or empty for any), and the kind of their values. `None`: no other
    /// name is taken.
    pub others: Option<(&'static str, Kind)>,
}

/// An address, a CIDR prefix or a range `low-high`.
pub const ADDRESS: Kind = Kind::Shared(
    "address",
    &Kind::Form(
        r"^\s*[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*\s*(/\s*[0-9.]+\s*|-\s*[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*\s*)?$",
    ),
);
/// One [`ADDRESS`], or a list of them.
pub const ADDRESSES: Kind = Kind::Shared(
    "addresses",
    &Kind::Either(&ADDRESS, &Kind::List(&ADDRESS, 0)),
);
/// A port or a range of ports, as a string.
pub const PORT_TEXT: Kind = Kind::Form(r"^\s*[0-9]{1,5}\s*(-\s*[0-9]{1,5}\s*)?$");
/// Ports: numbers, or strings `low-high`.
pub const PORTS: Kind = Kind::Shared("ports", &Kind::List(&Kind::Port, 1));
/// A list of strings.
pub const TEXTS: Kind = Kind::List(&Kind::Text, 0);

/// The words with their sentences, for [`Kind::Word`].
#[must_use]
pub fn words<T>(words: Words<T>) -> Vec<Named> {
    let each = words.iter();
    each.map(|(w, _, about)| ((*w).to_owned(), (*about).to_owned()))
        .collect()
}
