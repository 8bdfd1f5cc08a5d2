//! What the parts of the reader share: the gathered result, and objects read by shape.

use super::companion::Gathered;
use super::group::Draft;
use super::keys::{Place, place};
use super::template::Stray;
use crate::json::memo::Memo;
use crate::json::walk::Shape;
use crate::json::{Kind, Value};
use hylint_model::{Problem, ProblemKind, Span};
use rustc_hash::{FxHashMap, FxHashSet};

/// Everything that reading gathers.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// Rules of groups are left out if the heads can do without them.
    pub heads: bool,
    /// In the order of reading.
    pub problems: Vec<Problem>,
    /// The groups found so far.
    pub drafts: Vec<Draft>,
    /// Rules that ARM declares apart from their group.
    pub strays: Vec<Stray>,
    /// Where groups of which only rules are in the file stand in `drafts`: by list and by the group's id.
    pub loose: FxHashMap<(u32, Box<str>), usize>,
    /// What is not a group.
    pub gathered: Gathered,
    /// Rules seen, understood or not.
    pub rules_in_file: usize,
    /// Strings that hold JSON of their own, and their places.
    pub embedded: Vec<(Span, String)>,
    /// The string that is being read, if the JSON stands inside one: every place is the string's then.
    pub within: Option<Span>,
    /// Places in the present document that are not JSON.
    pub errors: Vec<Span>,
    seen: FxHashSet<(&'static str, Box<str>)>,
    memo: Memo<Place>,
}

/// One object's members by its shape, those of its `properties` included.
#[derive(Debug)]
pub(super) struct Fields<'a, const N: usize> {
    /// In the order of [`Shape::keys`]; `None` if absent or `null`.
    pub values: [Option<Value<'a>>; N],
    /// Further, different values of keys that stand more than once: position of the key, value.
    pub further: Vec<(usize, Value<'a>)>,
    /// Keys that the shape does not know and whose values are in use.
    pub unknown: Vec<Value<'a>>,
}

impl Context {
    /// A value's place in the file.
    pub(super) fn at(&self, v: Value<'_>) -> Span {
        self.within.unwrap_or_else(|| v.span())
    }

    /// Records a problem.
    pub(super) fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::new(kind, span, message));
    }

    /// Names a rule that is in no group of the model.
    pub(super) fn dropped(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(
            Problem::new(ProblemKind::Malformed, span, message)
                .dropped()
                .help(help),
        );
    }

    /// Whether text inside the value is not JSON, so that its members may not be what they seem.
    pub(super) fn is_broken(&self, v: Value<'_>) -> bool {
        let span = v.span();
        self.errors
            .iter()
            .any(|e| e.start >= span.start && e.start < span.end)
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
        let mut inner = None;
        let mut known = self.memo.take(shape.name);
        for (k, v) in object.members() {
            match known.get(k.raw(), || place(shape, k)) {
                Place::Properties if v.kind() == Kind::Object => inner = Some(v),
                place => self.take(shape, &mut out, place, k, v),
            }
        }
        for (k, v) in inner.iter().flat_map(|o| o.members()) {
            let place = known.get(k.raw(), || place(shape, k));
            self.take(shape, &mut out, place, k, v);
        }
        self.memo.put(shape.name, known);
        out
    }

    /// Puts one member in its place.
    fn take<'a, const N: usize>(
        &mut self,
        shape: &Shape<N>,
        out: &mut Fields<'a, N>,
        place: Place,
        k: Value<'a>,
        v: Value<'a>,
    ) {
        let i = match place {
            Place::Slot(i) => i,
            Place::Properties | Place::Inert => return,
            Place::Unknown if is_blank(v) => return,
            Place::Unknown => {
                if !is_unused(v) && out.unknown.len() < MOST_UNKNOWN {
                    out.unknown.push(k);
                }
                return self.unknown(shape.name, k);
            }
        };
        let Some(slot) = out.values.get_mut(i).filter(|_| !v.is_null()) else {
            return;
        };
        match slot {
            None => *slot = Some(v),
            // Some tools print a member both flat and in `properties`.
            Some(before) if before.raw() == v.raw() || is_blank(v) => {}
            Some(before) if is_blank(*before) => *slot = Some(v),
            Some(_) => {
                out.further.push((i, v));
                let at = self.at(v);
                let key = k.str().unwrap_or_default();
                self.problem(
                    ProblemKind::Malformed,
                    at,
                    format!(
                        "`{key}` of {} stands twice with different values",
                        shape.name
                    ),
                );
            }
        }
    }

    /// Notes a word that is no documented service tag, once for each word.
    pub(super) fn unknown_tag(&mut self, v: Value<'_>, word: &str) {
        if self.seen.insert(("a service tag", word.into())) {
            let at = self.at(v);
            self.problem(
                ProblemKind::Note,
                at,
                format!("`{word}` is no documented service tag; its addresses are not known"),
            );
        }
    }

    fn unknown(&mut self, shape: &'static str, k: Value<'_>) {
        let key = k.str().unwrap_or_default();
        if self.seen.insert((shape, key.as_ref().into())) {
            let at = self.at(k);
            self.problem(
                ProblemKind::Unmodelled,
                at,
                format!("the key `{key}` of {shape} is not known, so its effect is not modelled"),
            );
        }
    }
}

/// Unknown keys of one object that are kept; one is enough to doubt it.
const MOST_UNKNOWN: usize = 8;

/// Whether a value is that of a feature that is not in use: blank, `false` or `0`.
fn is_unused(v: Value<'_>) -> bool {
    is_blank(v) || matches!(v.raw(), "false" | "0")
}

/// Whether a value says nothing: `null`, `""`, `[]`, `{}`.
pub(super) fn is_blank(v: Value<'_>) -> bool {
    match v.kind() {
        Kind::Null => true,
        Kind::String => v.span().len() == 2 && v.raw() == "\"\"",
        Kind::Array | Kind::Object => v.is_childless(),
        _ => false,
    }
}

/// Whether text is an ARM template expression, whose value the export does not hold.
pub(super) fn is_expression(text: &str) -> bool {
    text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[")
}

/// The elements of a list in any of its forms: an array, PowerShell's `{"value": […], "Count": n}`, one value alone.
pub(super) fn elements<'a>(v: Value<'a>) -> impl Iterator<Item = Value<'a>> {
    let inner = v.get_ci("value").filter(|i| i.kind() == Kind::Array);
    let list = inner.unwrap_or(v);
    let alone = (list.kind() != Kind::Array && !is_blank(list)).then_some(list);
    list.items().chain(alone)
}

/// The `id` of an object, or the object itself if it is a string.
pub(super) fn id_of(v: Value<'_>) -> Option<Box<str>> {
    let id = match v.kind() {
        Kind::Object => v.get_ci("id")?.str()?,
        _ => v.str()?,
    };
    (!id.is_empty()).then(|| id.as_ref().into())
}

/// The last segment of a resource id.
pub(super) fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The part of a resource id before `/word/`, whatever its case.
pub(super) fn before<'a>(id: &'a str, word: &str) -> Option<&'a str> {
    let n = word.len();
    let at = id.as_bytes().windows(n + 2).position(
        |w| matches!(w, [b'/', inner @ .., b'/'] if inner.eq_ignore_ascii_case(word.as_bytes())),
    )?;
    id.get(..at)
}
