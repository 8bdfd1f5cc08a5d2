//! The state of one reading, and the small things that every object needs.

use super::super::syntax::{Command, Expr, ExprKind, Target};
use super::super::text::INCLUDED;
use super::lists::lists;
use super::shape::{METAINFO, Metainfo};
use super::worded::Worded;
use crate::json::object::ObjectReader;
use crate::json::shape::Shape;
use crate::json::{Json, Kind, Value};
use hylint_model::{Problem, ProblemKind, Span, TableFamily};
use std::borrow::Cow;

/// Expressions inside one another; nft itself takes fewer.
const MAX_DEPTH: usize = 48;
/// Problems listed one by one; the rest is counted.
const MAX_PROBLEMS: usize = 10_000;
/// The schema that hylint knows.
const SCHEMA: i64 = 1;

/// One document on its way to its commands.
pub(super) struct Reader<'a> {
    /// Statements that are text.
    pub(super) worded: &'a Worded,
    /// Objects' members and all problems.
    objects: ObjectReader,
    /// What has been read.
    pub(super) commands: Vec<Command<'a>>,
    depth: usize,
    /// Problems that are not listed.
    unlisted: usize,
    /// The text ends in an object of the ruleset, which may have been a rule.
    cut: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(worded: &'a Worded) -> Self {
        Self {
            worded,
            objects: ObjectReader::default(),
            commands: Vec::new(),
            depth: 0,
            unlisted: 0,
            cut: false,
        }
    }

    /// Reads every list of objects of a text.
    pub(super) fn documents(&mut self, json: &'a Json<'a>) {
        for (n, document) in json.documents().enumerate() {
            for (list, again) in lists(document) {
                if again || n > 0 {
                    self.second(list);
                }
                if list.kind() == Kind::Array {
                    list.items().for_each(|item| self.item(item));
                } else {
                    self.dropped(
                        list.span(),
                        "`nftables` is not a list: nothing of it is read",
                    );
                }
            }
        }
        for document in json.documents() {
            self.beside(document);
        }
        self.objects
            .errors(json, Some("export it again, and whole"));
        if self.cut
            && let Some(last) = self.objects.problems.last_mut()
        {
            last.dropped = true;
        }
    }

    /// A ruleset behind another one. nft takes the last of one object, and of two documents none.
    fn second(&mut self, list: Value<'a>) {
        let message =
            "a second `nftables` in one file: which of the rulesets is in force is not known";
        let problem = Problem::new(ProblemKind::Malformed, list.key_span(), message);
        self.push(problem.help("give each `nft -j list ruleset` in a file of its own"));
    }

    /// Keys beside `nftables` in its own document. One that holds more than a word may be more of the ruleset.
    fn beside(&mut self, document: Value<'a>) {
        if document.get("nftables").is_none() {
            return;
        }
        for (key, value) in document.members() {
            let word = key.str().unwrap_or_default();
            if word == "nftables" || key.kind() != Kind::String {
                continue;
            }
            match value.kind() {
                Kind::Array | Kind::Object => self.may_change("the document", key),
                _ => self.unknown("key of the document", &word, key.span()),
            }
        }
    }

    /// A key that is not known and may change what its object does: what is beside it then says not all.
    pub(super) fn may_change(&mut self, whose: &str, key: Value<'a>) {
        let word = key.str().unwrap_or_default();
        let message = format!(
            "unknown key `{word}` of {whose}: it may change what the ruleset does, so what becomes of packets is not known"
        );
        let problem = Problem::new(ProblemKind::Incomplete, key.span(), message);
        self.push(
            problem
                .reason(INCLUDED)
                .help("export the ruleset as text: `nft list ruleset`"),
        );
    }

    fn item(&mut self, item: Value<'a>) {
        if item.kind() != Kind::Object {
            // What is no JSON value has been named.
            if item.kind() != Kind::Invalid {
                self.dropped(
                    item.span(),
                    "an object of the ruleset is expected here: this is not read",
                );
            }
            return;
        }
        for (key, value) in item.members() {
            let word = key.str().unwrap_or_default();
            if word == "metainfo" {
                self.metainfo(value);
            } else if item.is_cut() {
                self.cut = true;
                self.cut_off(&word, value, item.span());
            } else {
                self.command(&word, key, value, item.span());
            }
        }
    }

    /// A newer schema may mean by a key what this one does not.
    fn metainfo(&mut self, value: Value<'a>) {
        let Metainfo { schema } = self.objects.read(&METAINFO, value).values.into();
        let Some(value) = schema else { return };
        if value.int().is_none_or(|v| v > SCHEMA) {
            let message = format!(
                "JSON schema version {} is newer than {SCHEMA}, the one that is read: the ruleset may mean something else",
                value.raw()
            );
            let problem = Problem::new(ProblemKind::Malformed, value.span(), message);
            self.push(problem.help("export the ruleset as text: `nft list ruleset`"));
        }
    }

    /// Ends the reading.
    pub(super) fn finish(mut self) -> (Vec<Command<'a>>, Vec<Problem>) {
        if self.unlisted > 0
            && let Some(last) = self.objects.problems.last()
        {
            let message = format!("{} further problems are not listed", self.unlisted);
            let problem = Problem::new(ProblemKind::Malformed, last.span, message);
            self.objects.problems.push(problem);
        }
        (self.commands, self.objects.problems)
    }

    /// Records a problem, or counts it once there are very many.
    pub(super) fn push(&mut self, problem: Problem) {
        if problem.dropped || self.objects.problems.len() < MAX_PROBLEMS {
            self.objects.problems.push(problem);
        } else {
            self.unlisted += 1;
        }
    }

    /// Text that held a rule, or may have, and that is in no command.
    pub(super) fn dropped(&mut self, span: Span, message: impl Into<String>) {
        let problem = Problem::new(ProblemKind::Malformed, span, message.into());
        self.push(problem.dropped());
    }

    /// Text that the form does not allow and that is kept as unknown.
    pub(super) fn malformed(&mut self, span: Span, message: impl Into<String>) {
        self.push(Problem::new(ProblemKind::Malformed, span, message.into()));
    }

    /// Names a word of a kind that is not known, once.
    pub(super) fn unknown(&mut self, kind: &'static str, word: &str, span: Span) {
        if self.objects.is_new(kind, word) {
            let message = format!("unknown {kind} `{word}`: its effect is not modelled");
            self.push(Problem::new(ProblemKind::Unmodelled, span, message));
        }
    }

    /// Reads an object's members; those it has beside its shape are named.
    pub(super) fn object<const N: usize, T>(&mut self, shape: &Shape<N>, value: Value<'a>) -> T
    where
        T: From<[Option<Value<'a>>; N]>,
    {
        self.objects.read(shape, value).values.into()
    }

    /// Reads an object's members, and where the first key stands that its shape does not know.
    pub(super) fn keys<const N: usize, T>(
        &mut self,
        shape: &Shape<N>,
        value: Value<'a>,
    ) -> (T, Option<Span>)
    where
        T: From<[Option<Value<'a>>; N]>,
    {
        let fields = self.objects.read(shape, value);
        (fields.values.into(), fields.unknown)
    }

    /// Reads an object whose meaning any further key may change: `None` if it has one, or if the value is no object.
    pub(super) fn exact<const N: usize, T>(
        &mut self,
        shape: &Shape<N>,
        value: Value<'a>,
    ) -> Option<T>
    where
        T: From<[Option<Value<'a>>; N]>,
    {
        if value.kind() != Kind::Object {
            return None;
        }
        let fields = self.objects.read(shape, value);
        fields.unknown.is_none().then(|| fields.values.into())
    }

    /// Goes one level deeper with `read`; `None` where the text nests too deeply.
    pub(super) fn deeper<T>(&mut self, span: Span, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            if self.objects.is_new("depth", "") {
                self.malformed(span, "this is nested too deeply and is not read");
            }
            return None;
        }
        self.depth += 1;
        let out = read(self);
        self.depth -= 1;
        Some(out)
    }

    /// A family's word. What is none is named.
    pub(super) fn family(&mut self, value: Option<Value<'a>>, span: Span) -> Option<TableFamily> {
        let word = value.and_then(Value::str).unwrap_or_default();
        let family = family(&word);
        if family.is_none() {
            let at = value.map_or(span, Value::span);
            let message = match value {
                Some(value) => format!("unknown family {}: this is not read", value.raw()),
                None => "`family` is missing here: this is not read".to_owned(),
            };
            self.dropped(at, message);
        }
        family
    }

    /// Which table, or which object of one. What does not say is named.
    pub(super) fn target(
        &mut self,
        span: Span,
        family: Option<Value<'a>>,
        table: Option<Value<'a>>,
        name: Option<Value<'a>>,
        handle: Option<Value<'a>>,
    ) -> Option<Target<'a>> {
        let family = self.family(family, span)?;
        let handle = handle.and_then(number);
        let (table, name) = (text(table), text(name));
        if table.is_empty() && handle.is_none() {
            self.dropped(span, "the table is missing here: this is not read");
            return None;
        }
        Some(Target {
            family,
            table,
            name,
            handle,
        })
    }
}

/// A family's word.
pub(super) fn family(word: &str) -> Option<TableFamily> {
    Some(match word {
        "ip" => TableFamily::Ip,
        "ip6" => TableFamily::Ip6,
        "inet" => TableFamily::Inet,
        "arp" => TableFamily::Arp,
        "bridge" => TableFamily::Bridge,
        "netdev" => TableFamily::Netdev,
        _ => return None,
    })
}

/// A string or number; empty if absent or of another kind.
pub(super) fn text(value: Option<Value<'_>>) -> Cow<'_, str> {
    value.and_then(Value::text).unwrap_or_default()
}

/// A whole number that is not negative.
pub(super) fn number(value: Value<'_>) -> Option<u64> {
    u64::try_from(value.int()?).ok()
}

/// The words of a list, which a single one may stand for.
pub(super) fn words<'a>(value: Option<Value<'a>>) -> Vec<Cow<'a, str>> {
    let Some(value) = value else {
        return Vec::new();
    };
    match value.kind() {
        Kind::Array => value.items().filter_map(Value::text).collect(),
        _ => value.text().into_iter().collect(),
    }
}

/// The key and the value of an object with one member.
pub(super) fn single<'a>(value: Value<'a>) -> Option<(Cow<'a, str>, Value<'a>)> {
    let mut members = value.members();
    let (key, inner) = members.next()?;
    members.next().is_none().then_some((key.str()?, inner))
}

/// An expression that is not known.
pub(super) fn unknown<'a>(span: Span, text: impl Into<Cow<'a, str>>) -> Expr<'a> {
    Expr::new(span, ExprKind::Unknown(text.into()))
}
