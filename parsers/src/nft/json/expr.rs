//! Expressions.

use super::super::syntax::{
    Binary, BinaryOp, Element, ElementExtra, Expr, ExprKind, Lookup, Statement, StatementKind,
};
use super::reader::{Reader, number, single, text, unknown};
use super::shape::{self, LOOKUP, PREFIX};
use crate::json::{Kind, Value};
use std::borrow::Cow;

/// Operands of one bit operation.
const MAX_OPERANDS: usize = 64;

fn operation(word: &str) -> Option<BinaryOp> {
    Some(match word {
        "|" => BinaryOp::Or,
        "&" => BinaryOp::And,
        "^" => BinaryOp::Xor,
        "<<" => BinaryOp::ShiftLeft,
        ">>" => BinaryOp::ShiftRight,
        _ => return None,
    })
}

/// A constant as written. Text in JSON is always in quotes, so none says that it is no name.
fn constant(text: Cow<'_, str>) -> ExprKind<'_> {
    if text == "*" {
        return ExprKind::Wildcard;
    }
    match text {
        Cow::Borrowed(t) => match t.strip_prefix('@') {
            Some(name) => ExprKind::SetRef(Cow::Borrowed(name)),
            None => ExprKind::Symbol(text),
        },
        Cow::Owned(t) => match t.strip_prefix('@') {
            Some(name) => ExprKind::SetRef(Cow::Owned(name.to_owned())),
            None => ExprKind::Symbol(Cow::Owned(t)),
        },
    }
}

impl<'a> Reader<'a> {
    /// Reads an expression. What is none is kept as unknown and named.
    pub(super) fn expr(&mut self, value: Value<'a>) -> Expr<'a> {
        let span = value.span();
        let kind = match value.kind() {
            Kind::String => constant(value.str().unwrap_or_default()),
            Kind::Number => ExprKind::Symbol(Cow::Borrowed(value.raw())),
            Kind::True => ExprKind::Symbol(Cow::Borrowed("exists")),
            Kind::False => ExprKind::Symbol(Cow::Borrowed("missing")),
            Kind::Array => ExprKind::List(self.exprs(value)),
            Kind::Object => {
                let inner = self.deeper(span, |reader| reader.object_expr(value));
                return inner.unwrap_or_else(|| unknown(span, "…"));
            }
            Kind::Null | Kind::Invalid => {
                if value.is_null() {
                    self.malformed(span, "an expression is expected here");
                }
                ExprKind::Unknown(Cow::Borrowed(value.raw()))
            }
        };
        Expr::new(span, kind)
    }

    /// Reads the items of a list.
    pub(super) fn exprs(&mut self, list: Value<'a>) -> Vec<Expr<'a>> {
        let read = self.deeper(list.span(), |reader| {
            list.items().map(|v| reader.expr(v)).collect()
        });
        read.unwrap_or_else(|| vec![unknown(list.span(), "…")])
    }

    /// An expression that has to be there.
    pub(super) fn required(&mut self, value: Option<Value<'a>>, of: Value<'a>) -> Expr<'a> {
        match value {
            Some(value) => self.expr(value),
            None => {
                self.malformed(of.span(), "a part of this is missing");
                unknown(of.span(), "")
            }
        }
    }

    fn object_expr(&mut self, value: Value<'a>) -> Expr<'a> {
        let span = value.span();
        let Some((word, inner)) = single(value) else {
            self.malformed(
                span,
                "an expression is an object with one key: this is not read",
            );
            return unknown(span, "");
        };
        match self.known_expr(&word, inner) {
            Some(kind) => Expr::new(span, kind),
            None => {
                self.unknown("expression", &word, span);
                unknown(span, word)
            }
        }
    }

    /// An expression by its key; `None` if it is not known, or a key in it is not.
    fn known_expr(&mut self, word: &str, inner: Value<'a>) -> Option<ExprKind<'a>> {
        let list = inner.kind() == Kind::Array;
        Some(match word {
            "concat" if list => ExprKind::Concat(self.exprs(inner)),
            "range" if list => self.range(inner)?,
            "set" => self.set(inner),
            "prefix" => self.prefix(inner)?,
            "map" | "vmap" => ExprKind::Map(Box::new(self.lookup(inner)?)),
            "elem" if inner.kind() == Kind::Object => {
                ExprKind::Element(Box::new(self.extended(inner)))
            }
            "accept" | "drop" | "continue" | "return" | "jump" | "goto" | "queue" | "break" => {
                ExprKind::Verdict(Box::new(Self::verdict(word, inner)?))
            }
            _ => match operation(word) {
                Some(op) if list => self.operands(op, inner)?,
                Some(_) => return None,
                None => self.field(word, inner)?,
            },
        })
    }

    fn range(&mut self, inner: Value<'a>) -> Option<ExprKind<'a>> {
        let mut items = inner.items();
        let (low, high) = (items.next()?, items.next()?);
        if items.next().is_some() {
            return None;
        }
        let ends = (self.expr(low), self.expr(high));
        Some(ExprKind::Range(Box::new(ends)))
    }

    fn set(&mut self, inner: Value<'a>) -> ExprKind<'a> {
        if inner.kind() == Kind::Array {
            return ExprKind::Set(self.elements(inner));
        }
        match self.expr(inner) {
            Expr {
                kind: kind @ ExprKind::SetRef(_),
                ..
            } => kind,
            key => ExprKind::Set(vec![Element {
                key,
                data: None,
                extra: None,
            }]),
        }
    }

    fn prefix(&mut self, inner: Value<'a>) -> Option<ExprKind<'a>> {
        let shape::Prefix { addr, len } = self.exact(&PREFIX, inner)?;
        let len = u8::try_from(number(len?)?).ok()?;
        let addr = addr?.text()?;
        Some(ExprKind::Prefix { addr, len })
    }

    /// The key and the data of `map` and `vmap`.
    pub(super) fn lookup(&mut self, inner: Value<'a>) -> Option<Lookup<'a>> {
        let found: shape::Lookup<'a> = self.exact(&LOOKUP, inner)?;
        let (key, data) = (found.key.or(found.left)?, found.data.or(found.right)?);
        Some(Lookup {
            key: self.expr(key),
            data: self.expr(data),
        })
    }

    fn operands(&mut self, op: BinaryOp, inner: Value<'a>) -> Option<ExprKind<'a>> {
        let mut items = inner.items();
        let mut left = self.expr(items.next()?);
        for (n, value) in items.enumerate() {
            if n >= MAX_OPERANDS {
                return None;
            }
            let right = self.expr(value);
            let span = left.span.to(right.span);
            let binary = Binary { op, left, right };
            left = Expr::new(span, ExprKind::Binary(Box::new(binary)));
        }
        Some(left.kind)
    }

    /// Reads the elements of a set or map; a single one may stand for the list.
    pub(super) fn elements(&mut self, value: Value<'a>) -> Vec<Element<'a>> {
        if value.kind() == Kind::Array {
            value.items().map(|v| self.element(v)).collect()
        } else {
            vec![self.element(value)]
        }
    }

    fn element(&mut self, value: Value<'a>) -> Element<'a> {
        match value.kind() {
            Kind::Array => self.pair(value),
            Kind::Object => {
                let extended = single(value)
                    .filter(|(key, inner)| key == "elem" && inner.kind() == Kind::Object);
                match extended {
                    Some((_, inner)) => self.extended(inner),
                    None => bare(self.expr(value)),
                }
            }
            _ => bare(self.expr(value)),
        }
    }

    /// `[key, data]` of a map.
    fn pair(&mut self, value: Value<'a>) -> Element<'a> {
        let mut items = value.items();
        let (Some(key), Some(data), None) = (items.next(), items.next(), items.next()) else {
            return bare(self.expr(value));
        };
        let data = self.expr(data);
        let read = self.deeper(key.span(), |reader| reader.element(key));
        let mut element = read.unwrap_or_else(|| bare(unknown(key.span(), "…")));
        element.data = Some(data);
        element
    }

    /// `elem`: a value with a timeout, a comment or statements. A key that is none of these is a statement.
    fn extended(&mut self, inner: Value<'a>) -> Element<'a> {
        let mut extra = ElementExtra::default();
        let mut element = None;
        for (key, value) in inner.members() {
            match &*key.str().unwrap_or_default() {
                "val" => {
                    element = self.deeper(inner.span(), |reader| reader.element(value));
                }
                "timeout" | "expires" => extra.expires = true,
                "comment" => extra.comment = value.text(),
                "stmt" => extra.statements.extend(self.statements(value)),
                word => extra
                    .statements
                    .push(self.keyed(word, value, key.span().to(value.span()))),
            }
        }
        extra
            .statements
            .retain(|s| !matches!(s.kind, StatementKind::Silent));
        let mut element = element.unwrap_or_else(|| {
            self.malformed(inner.span(), "`val` is missing in this element");
            bare(unknown(inner.span(), ""))
        });
        if let Some(within) = element.extra.take() {
            extra.expires |= within.expires;
            extra.statements.extend(within.statements);
        }
        element.extra = Some(Box::new(extra));
        element
    }

    /// The statements of a list.
    pub(super) fn statements(&mut self, value: Value<'a>) -> Vec<Statement<'a>> {
        match value.kind() {
            Kind::Array => value.items().map(|v| self.statement(v)).collect(),
            Kind::Null => Vec::new(),
            _ => vec![self.statement(value)],
        }
    }
}

fn bare(key: Expr<'_>) -> Element<'_> {
    Element {
        key,
        data: None,
        extra: None,
    }
}

/// A word of an object that a name may follow: `ip saddr`.
pub(super) fn with_family<'a>(family: Option<Value<'a>>, key: Cow<'a, str>) -> Cow<'a, str> {
    match text(family) {
        family if family.is_empty() => key,
        family => Cow::Owned(format!("{family} {key}")),
    }
}
