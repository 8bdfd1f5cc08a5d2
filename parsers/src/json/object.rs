//! Objects by shape: the keys that a reader takes, the keys that say nothing about packets, and everything else, which
//! is reported. Nothing that stands in an object is dropped in silence.

use super::memo::Memo;
use super::shape::{Dialect, Role, Shape};
use super::{Json, Kind, Value};
use hylint_model::{Problem, ProblemKind, Span, Wording, reworded};
use rustc_hash::FxHashSet;

/// One object, read by its shape.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a, const N: usize> {
    /// The members' values in the order of [`Shape::keys`]; `None` if absent or `null`.
    pub values: [Option<Value<'a>>; N],
    /// The first key that neither the reader nor the list of inert keys knows.
    pub unknown: Option<Span>,
}

/// A member of an object, with what the object's shape makes of its key.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What the key is.
    pub role: Role,
    /// The key.
    pub key: Value<'a>,
    /// The value.
    pub value: Value<'a>,
}

/// Reads objects and gathers what they hold beyond their shapes.
#[derive(Debug, Default)]
pub struct ObjectReader {
    /// In the order of reading.
    pub problems: Vec<Problem>,
    /// The string that is being read, if the JSON stands inside one: every place is the string's then.
    pub within: Option<Span>,
    dialect: Dialect,
    seen: FxHashSet<(&'static str, Box<str>)>,
    memo: Memo<Role>,
}

impl ObjectReader {
    /// Returns a reader of objects of a dialect.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            ..Self::default()
        }
    }

    /// Returns a value's place in the file.
    #[must_use]
    pub fn at(&self, value: Value<'_>) -> Span {
        self.within.unwrap_or_else(|| value.span())
    }

    /// Hands the members of an object to `take`. Those of the dialect's nested object follow the object's own. A value
    /// that is no object has none.
    pub fn members<'a, const N: usize>(
        &mut self,
        shape: &Shape<N>,
        object: Value<'a>,
        mut take: impl FnMut(&mut Self, Member<'a>),
    ) {
        let mut nested = None;
        let dialect = self.dialect;
        let mut known = self.memo.take(shape.name);
        for (key, value) in object.members() {
            match known.get(key.raw(), || shape.role(dialect, key)) {
                Role::Nested if value.kind() == Kind::Object => nested = Some(value),
                role => take(self, Member { role, key, value }),
            }
        }
        for (key, value) in nested.iter().flat_map(|o| o.members()) {
            let role = known.get(key.raw(), || shape.role(dialect, key));
            take(self, Member { role, key, value });
        }
        self.memo.put(shape.name, known);
    }

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
        self.members(shape, object, |objects, member| {
            objects.take(shape.name, member, &mut out);
        });
        out
    }

    #[inline]
    fn take<'a, const N: usize>(
        &mut self,
        shape: &'static str,
        Member { role, key, value }: Member<'a>,
        out: &mut Fields<'a, N>,
    ) {
        match role {
            Role::Slot(n) => {
                let slot = out.values.get_mut(n).filter(|_| !value.is_null());
                if let Some(before) = slot.and_then(|slot| slot.replace(value)) {
                    self.twice(&key.str().unwrap_or_default(), before);
                }
            }
            Role::Unknown if key.kind() == Kind::String => {
                out.unknown.get_or_insert(key.span());
                self.unknown(shape, key);
            }
            Role::Unknown | Role::Nested | Role::Inert => {}
        }
    }

    fn twice(&mut self, key: &str, before: Value<'_>) {
        let holds_rules = matches!(before.kind(), Kind::Object | Kind::Array);
        let problem = Problem::new(
            ProblemKind::Malformed,
            before.key_span().to(before.span()),
            reworded(
                format!("key `{key}` is given twice in one object: only the last one is read"),
                format!("the key `{key}` stands twice in one object and only the last one is read"),
            ),
        )
        .help(format!("remove one of the two `{key}`"));
        self.problems.push(if holds_rules {
            problem.dropped()
        } else {
            problem
        });
    }

    /// Whether a word of a kind is met for the first time.
    pub fn is_new(&mut self, kind: &'static str, word: &str) -> bool {
        self.seen.insert((kind, word.into()))
    }

    /// Names a key that a shape does not know, once for each shape and key.
    pub fn unknown(&mut self, shape: &'static str, key: Value<'_>) {
        let word = key.str().unwrap_or_default();
        if self.is_new(shape, &word) {
            self.problems.push(Problem::new(
                ProblemKind::Unmodelled,
                self.at(key),
                reworded(
                    format!("unknown key `{word}` of {shape}: its effect is not modelled"),
                    format!(
                        "the key `{word}` of {shape} is not known, so its effect is not modelled"
                    ),
                ),
            ));
        }
    }

    /// Names everything in the text that is not JSON. `help` says what to do about each.
    pub fn errors(&mut self, json: &Json<'_>, help: Option<&'static str>) {
        let within = self.within;
        let problem = |span, message: Wording| {
            Problem::new(ProblemKind::Malformed, within.unwrap_or(span), message)
        };
        self.problems.extend(json.errors.iter().map(|e| {
            let problem = problem(e.span, e.wording());
            match help {
                Some(help) => problem.help(help),
                None => problem,
            }
        }));
        if json.errors.len() >= Json::MAX_ERRORS
            && let Some(last) = json.errors.last()
        {
            let message = reworded(
                "more errors of this kind after this one are not listed",
                "there are more such errors behind this one, which are not listed",
            );
            self.problems.push(problem(last.span, message));
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
        let mut objects = ObjectReader::default();
        let object = json.documents().next().unwrap();
        let fields = objects.read(&THING, object);
        let [port, name] = fields.values;
        assert!(port.is_none(), "null is absent");
        assert_eq!(name.unwrap().raw(), "\"x\"");
        let named: Vec<_> = objects
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
        let mut objects = ObjectReader::default();
        let [_, name] = objects
            .read(&THING, json.documents().next().unwrap())
            .values;
        assert_eq!(name.unwrap().raw(), r#"["b"]"#);
        let problem = objects.problems.first().unwrap();
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
