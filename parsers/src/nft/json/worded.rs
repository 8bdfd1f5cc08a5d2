//! Statements that nft prints as text in its JSON, as it has no JSON for them: chains that stand in rules (`jump { … }`).

use super::super::syntax::{
    Element, Expr, ExprKind, Object, RuleDecl, Statement, StatementKind, Verdict,
};
use super::super::text;
use super::lists::lists;
use crate::json::{Json, Kind, Value};
use crate::source::Source;
use hylint_model::Span;

/// What stands before the statement in a text of its own.
const HEAD: &str = "table inet t { chain c { ";

/// Texts of a document that are statements, each as a ruleset of its own, by where they are.
#[derive(Debug, Default)]
pub(in super::super) struct Worded(Vec<(u32, Source)>);

impl Worded {
    /// The statements of a document that begin with a word of a chain.
    pub(in super::super) fn of(json: &Json<'_>) -> Self {
        let mut out = Vec::new();
        let items = json.documents().flat_map(lists);
        for item in items.flat_map(|(list, _)| list.items().collect::<Vec<_>>()) {
            for (_, object) in item.members() {
                let rule = object.get("rule").unwrap_or(object);
                let statements = rule.get("expr").into_iter().flat_map(Value::items);
                let words = statements.filter(|v| v.kind() == Kind::String);
                out.extend(words.filter_map(|v| {
                    let words = v.str().filter(|t| t.contains('{'))?;
                    let text = format!("{HEAD}{words}\n}} }}");
                    Some((v.span().start, Source::new("", text, "UTF-8")))
                }));
            }
        }
        out.sort_by_key(|(at, _)| *at);
        Self(out)
    }

    /// The statement at a value, if it is one and all of it.
    pub(super) fn statement(&self, value: Value<'_>) -> Option<Statement<'_>> {
        let at = value.span().start;
        let found = self.0.binary_search_by_key(&at, |(at, _)| *at).ok()?;
        let (_, source) = self.0.get(found)?;
        let mut problems = Vec::new();
        let commands = text::parse(source, &mut problems);
        let mut rules = commands.into_iter().filter_map(|c| match c.object {
            Object::Rule(rule) => Some(rule),
            _ => None,
        });
        let rule = rules.next().filter(|r| r.comment.is_none())?;
        let mut statements = rule.statements.into_iter();
        let mut statement = statements.next()?;
        if !problems.is_empty() || rules.next().is_some() || statements.next().is_some() {
            return None;
        }
        let places = Places::of(value);
        places.statement(&mut statement);
        Some(statement)
    }
}

/// Where each byte of a string stands in the document.
struct Places(Vec<u32>);

impl Places {
    fn of(value: Value<'_>) -> Self {
        let raw = value.raw();
        let start = value.span().start;
        let at = |n: usize| start.saturating_add(u32::try_from(n).unwrap_or(u32::MAX));
        let mut out = Vec::with_capacity(raw.len());
        let mut n = 1;
        while let Some(rest) = raw.get(n..).filter(|r| !r.is_empty()) {
            let (taken, bytes) = match rest.as_bytes() {
                [b'\\', b'u', ..] => (6, unicode(rest)),
                [b'\\', ..] => (2, 1),
                _ => {
                    let len = rest.chars().next().map_or(1, char::len_utf8);
                    (len, len)
                }
            };
            out.extend((0..bytes).map(|_| at(n)));
            n += taken;
        }
        Self(out)
    }

    fn at(&self, offset: u32) -> u32 {
        let inside = (offset as usize).saturating_sub(HEAD.len());
        let last = self.0.last().copied().unwrap_or_default();
        self.0.get(inside).copied().unwrap_or(last)
    }

    fn span(&self, span: &mut Span) {
        *span = Span {
            start: self.at(span.start),
            end: self.at(span.end),
        };
    }

    fn rule(&self, rule: &mut RuleDecl<'_>) {
        self.span(&mut rule.span);
        for statement in &mut rule.statements {
            self.statement(statement);
        }
    }

    fn statement(&self, statement: &mut Statement<'_>) {
        self.span(&mut statement.span);
        match &mut statement.kind {
            StatementKind::Match { left, right, .. } => self.exprs([left, right]),
            StatementKind::Vmap(key, data) => self.exprs([key, data]),
            StatementKind::Mangle(what, value) => self.exprs([what, value]),
            StatementKind::Verdict(verdict) => self.verdict(verdict),
            StatementKind::Nat(nat) => {
                self.exprs(nat.addr.iter_mut().chain(&mut nat.port));
            }
            StatementKind::Update {
                key,
                data,
                statements,
                ..
            } => {
                self.exprs(std::iter::once(key).chain(data));
                statements.iter_mut().for_each(|s| self.statement(s));
            }
            _ => {}
        }
    }

    fn verdict(&self, verdict: &mut Verdict<'_>) {
        if let Verdict::Anonymous(rules, _) = verdict {
            rules.iter_mut().for_each(|r| self.rule(r));
        }
    }

    fn exprs<'e, 'a: 'e>(&self, all: impl IntoIterator<Item = &'e mut Expr<'a>>) {
        all.into_iter().for_each(|e| self.expr(e));
    }

    fn expr(&self, expr: &mut Expr<'_>) {
        self.span(&mut expr.span);
        match &mut expr.kind {
            ExprKind::Range(ends) => self.exprs([&mut ends.0, &mut ends.1]),
            ExprKind::Concat(parts) | ExprKind::List(parts) => self.exprs(parts),
            ExprKind::Set(elements) => elements.iter_mut().for_each(|e| self.element(e)),
            ExprKind::Map(lookup) => self.exprs([&mut lookup.key, &mut lookup.data]),
            ExprKind::Binary(binary) => self.exprs([&mut binary.left, &mut binary.right]),
            ExprKind::Verdict(verdict) => self.verdict(verdict),
            ExprKind::Hash(hash) => self.exprs(&mut hash.of),
            ExprKind::Element(element) => self.element(element),
            _ => {}
        }
    }

    fn element(&self, element: &mut Element<'_>) {
        self.exprs(std::iter::once(&mut element.key).chain(&mut element.data));
        if let Some(extra) = &mut element.extra {
            extra.statements.iter_mut().for_each(|s| self.statement(s));
        }
    }
}

/// Bytes of the character that an escape stands for; of a pair of surrogates each half has two.
fn unicode(escape: &str) -> usize {
    let number = escape
        .get(2..6)
        .and_then(|h| u32::from_str_radix(h, 16).ok());
    match number {
        Some(0xD800..=0xDFFF) => 2,
        Some(n) => char::from_u32(n).map_or(3, char::len_utf8),
        None => 1,
    }
}
