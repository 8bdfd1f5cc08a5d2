//! Objects by shape: the keys that a reader takes, the keys that say nothing about packets, and everything else, which
//! is reported. Nothing that stands in an object is dropped in silence.

use super::memo::Memo;
use super::{Json, Kind, Value};
use hylint_model::{Problem, ProblemKind, Span};
use rustc_hash::FxHashSet;
use std::cmp::Ordering;

/// The keys of one kind of object. Keys are compared without regard to ASCII case.
#[derive(Debug)]
pub struct Shape<const N: usize> {
    /// What the object is, for people, with its article: `a permission`.
    pub name: &'static str,
    /// The keys that the reader takes, in the order of [`Fields::values`].
    pub keys: [&'static str; N],
    /// Keys that change nothing about packets: lower case, sorted.
    pub inert: &'static [&'static str],
    /// True for objects whose other keys cannot matter (a virtual machine's dozens of attributes): they are not reported.
    pub open: bool,
}

/// One object, read by its shape.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a, const N: usize> {
    /// The members' values in the order of [`Shape::keys`]; `None` if absent or `null`.
    pub values: [Option<Value<'a>>; N],
    /// The first key that neither the reader nor the list of inert keys knows.
    pub unknown: Option<Span>,
}

/// Reads objects and gathers what they hold beyond their shapes.
#[derive(Debug, Default)]
pub struct Walk {
    /// In the order of reading.
    pub problems: Vec<Problem>,
    seen: FxHashSet<(&'static str, Box<str>)>,
    memo: Memo<Place>,
}

/// What a shape makes of a key.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The position among the keys that are read.
    Slot(usize),
    /// It changes nothing about packets.
    Inert,
    /// Not known.
    Unknown,
}

impl<const N: usize> Shape<N> {
    fn position(&self, key: &str) -> Option<usize> {
        self.keys.iter().position(|k| k.eq_ignore_ascii_case(key))
    }

    fn is_inert(&self, key: &str) -> bool {
        self.inert.binary_search_by(|k| compare(k, key)).is_ok()
    }

    fn place(&self, key: Value<'_>) -> Place {
        let key = key.str().unwrap_or_default();
        match self.position(&key) {
            Some(n) => Place::Slot(n),
            None if self.open || self.is_inert(&key) => Place::Inert,
            None => Place::Unknown,
        }
    }

    /// Whether the list of inert keys is lower case and sorted, as the search needs it; for the formats' tests.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let lower = |k: &&str| !k.bytes().any(|b| b.is_ascii_uppercase());
        self.inert.is_sorted() && self.inert.iter().all(lower)
    }
}

/// Compares a lower-case word with a key of any case.
fn compare(word: &str, key: &str) -> Ordering {
    word.bytes()
        .cmp(key.bytes().map(|b| b.to_ascii_lowercase()))
}

impl Walk {
    /// Takes an object's members. A value that is no object has none; saying so is the caller's.
    ///
    /// - A key twice is malformed: the last one counts, as in most JSON readers, and the earlier is named.
    /// - A key that is unknown is an `Unmodelled` problem, once for each shape and key.
    pub fn read<'a, const N: usize>(
        &mut self,
        shape: &Shape<N>,
        object: Value<'a>,
    ) -> Fields<'a, N> {
        let mut out = Fields {
            values: [None; N],
            unknown: None,
        };
        let mut known = self.memo.take(shape.name);
        for (k, v) in object.members() {
            if k.kind() != Kind::String {
                continue;
            }
            match known.get(k.raw(), || shape.place(k)) {
                Place::Slot(n) => {
                    let slot = out.values.get_mut(n).filter(|_| !v.is_null());
                    if let Some(before) = slot.and_then(|slot| slot.replace(v)) {
                        self.twice(&k.str().unwrap_or_default(), before);
                    }
                }
                Place::Inert => {}
                Place::Unknown => {
                    out.unknown.get_or_insert(k.span());
                    self.unknown(shape.name, &k.str().unwrap_or_default(), k.span());
                }
            }
        }
        self.memo.put(shape.name, known);
        out
    }

    fn twice(&mut self, key: &str, before: Value<'_>) {
        let holds_rules = matches!(before.kind(), Kind::Object | Kind::Array);
        let problem = Problem::new(
            ProblemKind::Malformed,
            before.key_span().to(before.span()),
            format!("the key `{key}` stands twice in one object and only the last one is read"),
        )
        .help(format!("remove one of the two `{key}`"));
        self.problems.push(if holds_rules {
            problem.dropped()
        } else {
            problem
        });
    }

    fn unknown(&mut self, shape: &'static str, key: &str, at: Span) {
        if self.seen.insert((shape, key.into())) {
            self.problems.push(Problem::new(
                ProblemKind::Unmodelled,
                at,
                format!("the key `{key}` of {shape} is not known, so its effect is not modelled"),
            ));
        }
    }

    /// Names everything in the text that is not JSON.
    pub fn errors(&mut self, json: &Json<'_>) {
        for e in &json.errors {
            self.problems
                .push(Problem::new(ProblemKind::Malformed, e.span, e.message));
        }
        if json.errors.len() >= Json::MAX_ERRORS
            && let Some(last) = json.errors.last()
        {
            self.problems.push(Problem::new(
                ProblemKind::Malformed,
                last.span,
                "there are more such errors behind this one, which are not listed",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THING: Shape<2> = Shape {
        name: "a thing",
        keys: ["Port", "Name"],
        inert: &["arn", "tags"],
        open: false,
    };

    #[test]
    fn takes_keys_in_any_case_and_order_and_names_the_rest() {
        let text = r#"{"ARN": 1, "Filter": 2, "name": "x", "tagS": [], "PORT": null, "Filter": 3, "Tag": 0}"#;
        let json = Json::parse(text);
        let mut walk = Walk::default();
        let object = json.documents().next().unwrap();
        let fields = walk.read(&THING, object);
        let [port, name] = fields.values;
        assert!(port.is_none(), "null is absent");
        assert_eq!(name.unwrap().raw(), "\"x\"");
        let named: Vec<_> = walk
            .problems
            .iter()
            .map(|p| &text[p.span.range()])
            .collect();
        assert_eq!(named, ["\"Filter\"", "\"Tag\""], "once for each key");
        assert_eq!(&text[fields.unknown.unwrap().range()], "\"Filter\"");
        assert!(THING.is_well_formed());
    }

    #[test]
    fn the_last_of_equal_keys_counts_and_the_other_is_named() {
        let text = r#"{"Name": ["a"], "Name": ["b"]}"#;
        let json = Json::parse(text);
        let mut walk = Walk::default();
        let [_, name] = walk.read(&THING, json.documents().next().unwrap()).values;
        assert_eq!(name.unwrap().raw(), r#"["b"]"#);
        let problem = walk.problems.first().unwrap();
        assert_eq!(problem.kind, ProblemKind::Malformed);
        assert!(problem.dropped, "the list may have held rules");
        assert_eq!(&text[problem.span.range()], r#""Name": ["a"]"#);
    }

    #[test]
    fn objects_that_are_cut_off_are_known() {
        let text = r#"{"a": [{"b": 1}, {"c": [2]"#;
        let json = Json::parse(text);
        let root = json.documents().next().unwrap();
        let list = root.get("a").unwrap();
        let cut: Vec<_> = list.items().map(Value::is_cut).collect();
        assert!(root.is_cut() && list.is_cut());
        assert_eq!(cut, [false, true]);
        let inner = list.items().nth(1).unwrap().get("c").unwrap();
        assert!(!inner.is_cut(), "its bracket is there");
    }
}
