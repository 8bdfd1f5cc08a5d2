//! What the parts of the reader share: the gathered result, and objects read by shape.

use super::draft::{Draft, Gathered, Stray};
use super::keys::DIALECT;
use super::values::{is_blank, is_expression, is_unused};
use crate::json::Value;
use crate::json::object::{Member, ObjectReader};
use crate::json::shape::{Role, Shape};
use hylint_model::{Problem, ProblemKind, Span, Tag, Wording, reworded};
use rustc_hash::FxHashMap;

/// Everything that reading gathers.
#[derive(Debug)]
pub(super) struct Context {
    /// Rules of groups are left out if the heads can do without them.
    pub heads: bool,
    /// Objects' members and all problems.
    pub objects: ObjectReader,
    /// The groups found so far.
    pub drafts: Vec<Draft>,
    /// Rules that ARM declares apart from their group.
    pub strays: Vec<Stray>,
    /// Where groups of which only rules are in the file stand in `drafts`: by list and by the group's id.
    pub loose: FxHashMap<(u32, Box<str>), usize>,
    /// What is not a group.
    pub gathered: Gathered,
    /// Where the security admin rules stand in `drafts`.
    pub admin: Option<usize>,
    /// Rules seen, understood or not.
    pub rules_in_file: usize,
    /// Strings that hold JSON of their own, and their places.
    pub embedded: Vec<(Span, String)>,
    /// Places in the present document that are not JSON.
    pub errors: Vec<Span>,
}

/// One object's members by its shape, those of its `properties` included.
#[derive(Debug)]
pub(super) struct Fields<'a, const N: usize> {
    /// In the order of [`Shape::keys`]; `None` if absent or `null`.
    pub values: [Option<Value<'a>>; N],
    /// Further, different values of keys that stand more than once: the shape's key, value.
    pub further: Vec<(&'static str, Value<'a>)>,
    /// Keys that the shape does not know and whose values are in use.
    pub unknown: Vec<Value<'a>>,
}

/// Unknown keys of one object that are kept; one is enough to doubt it.
const MOST_UNKNOWN: usize = 8;

impl Context {
    /// Returns an empty result. `heads` leaves out rules that the heads can do without.
    pub(super) fn new(heads: bool) -> Self {
        Self {
            heads,
            objects: ObjectReader::new(DIALECT),
            drafts: Vec::new(),
            strays: Vec::new(),
            loose: FxHashMap::default(),
            admin: None,
            gathered: Gathered::default(),
            rules_in_file: 0,
            embedded: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Returns a value's place in the file.
    pub(super) fn at(&self, v: Value<'_>) -> Span {
        self.objects.at(v)
    }

    /// Records a problem.
    pub(super) fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<Wording>) {
        self.push(Problem::new(kind, span, message));
    }

    /// Records a problem that has more than a message.
    pub(super) fn push(&mut self, problem: Problem) {
        self.objects.problems.push(problem);
    }

    /// Names a rule that is in no group of the model.
    pub(super) fn dropped(
        &mut self,
        span: Span,
        message: impl Into<Wording>,
        help: impl Into<String>,
    ) {
        let problem = Problem::new(ProblemKind::Malformed, span, message);
        self.push(problem.dropped().help(help));
    }

    /// Names a word without a value, and returns why it has none.
    pub(super) fn unreadable(&mut self, v: Value<'_>, field: &str, word: &str) -> String {
        let (kind, message) = if is_expression(word) {
            (
                ProblemKind::Unmodelled,
                reworded(
                    format!(
                        "{field} is the template expression `{word}`: its value is not in the file"
                    ),
                    format!(
                        "{field} is the template expression `{word}`, whose value is not in the file"
                    ),
                ),
            )
        } else {
            (
                ProblemKind::Malformed,
                reworded(
                    format!("invalid {field} `{word}`"),
                    format!("{field} `{word}` is not understood"),
                ),
            )
        };
        self.problem(kind, self.at(v), message);
        format!("{field} `{word}`")
    }

    /// Names a field that a rule lacks, and returns what is missing.
    pub(super) fn missing(&mut self, rule: Value<'_>, field: &str, name: &str) -> String {
        let message = format!("rule `{name}` has no {field}");
        self.problem(ProblemKind::Malformed, self.at(rule), message);
        format!("missing {field} of rule `{name}`")
    }

    /// Whether text inside the value is not JSON, so that its members may not be what they seem.
    pub(super) fn is_broken(&self, v: Value<'_>) -> bool {
        let span = v.span();
        let inside = |e: &Span| e.start >= span.start && e.start < span.end;
        self.errors.iter().any(inside)
    }

    /// Takes the members of an object and of its `properties`, in either of which ARM and the command line put them.
    /// A key that the shape does not know and that holds something is reported once.
    pub(super) fn fields<'a, const N: usize>(
        &mut self,
        shape: &Shape<N>,
        object: Value<'a>,
    ) -> Fields<'a, N> {
        let mut out = Fields {
            values: [None; N],
            further: Vec::new(),
            unknown: Vec::new(),
        };
        self.objects.members(shape, object, |objects, member| {
            out.take(objects, shape, member);
        });
        out
    }

    /// Reads tags: an object of strings.
    pub(super) fn tags(&self, v: Value<'_>, out: &mut Vec<Tag>) {
        for (k, v) in v.members() {
            let (Some(key), Some(value)) = (k.str(), v.text()) else {
                continue;
            };
            out.push(Tag {
                key: key.into_owned(),
                value: value.into_owned(),
                span: self.at(v),
            });
        }
    }

    /// Notes a word that is no documented service tag, once for each word.
    pub(super) fn unknown_tag(&mut self, v: Value<'_>, word: &str) {
        if self.objects.is_new("a service tag", word) {
            let message =
                format!("`{word}` is no documented service tag; its addresses are not known");
            self.problem(ProblemKind::Note, self.at(v), message);
        }
    }
}

impl<'a, const N: usize> Fields<'a, N> {
    /// Returns the further values of a key.
    pub(super) fn further(&self, key: &'static str) -> impl Iterator<Item = Value<'a>> {
        let of_key = self.further.iter().filter(move |(k, _)| *k == key);
        of_key.map(|(_, v)| *v)
    }

    #[inline]
    fn take(&mut self, objects: &mut ObjectReader, shape: &Shape<N>, member: Member<'a>) {
        match member.role {
            Role::Slot(n) => self.put(objects, shape, n, member),
            Role::Unknown if !is_blank(member.value) => {
                if !is_unused(member.value) && self.unknown.len() < MOST_UNKNOWN {
                    self.unknown.push(member.key);
                }
                objects.unknown(shape.name, member.key);
            }
            Role::Unknown | Role::Nested | Role::Inert => {}
        }
    }

    fn put(&mut self, objects: &mut ObjectReader, shape: &Shape<N>, n: usize, member: Member<'a>) {
        let value = member.value;
        let Some(slot) = self.values.get_mut(n).filter(|_| !value.is_null()) else {
            return;
        };
        match slot {
            None => *slot = Some(value),
            // Some tools print a member both flat and in `properties`.
            Some(before) if before.raw() == value.raw() || is_blank(value) => {}
            Some(before) if is_blank(*before) => *slot = Some(value),
            Some(_) => {
                let key = shape.keys.get(n).copied().unwrap_or_default();
                self.further.push((key, value));
                twice(objects, shape.name, member);
            }
        }
    }
}

fn twice(objects: &mut ObjectReader, shape: &str, member: Member<'_>) {
    let key = member.key.str().unwrap_or_default();
    let message = format!("`{key}` of {shape} stands twice with different values");
    let at = objects.at(member.value);
    let problem = Problem::new(ProblemKind::Malformed, at, message);
    objects.problems.push(problem);
}
