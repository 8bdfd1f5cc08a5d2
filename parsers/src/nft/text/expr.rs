//! Expressions: what a packet, a connection or the host has, and the constants that it is compared with.

use super::cursor::{Fail, Parser, Read, number};
use super::lexer::Kind;
use super::scope::most;
use crate::nft::syntax::{Binary, BinaryOp, Element, Expr, ExprKind, Lookup};
use hylint_model::{Problem, ProblemKind};
use std::borrow::Cow;

/// What words may stand for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// Fields and keys; another word is a constant.
    Any,
    /// Constants only: behind an operator, in sets.
    Constant,
}

/// Words that begin a statement, so that a value is missing where they stand.
const STATEMENTS: [&str; 19] = [
    "accept",
    "drop",
    "continue",
    "return",
    "jump",
    "goto",
    "counter",
    "comment",
    "log",
    "limit",
    "quota",
    "reject",
    "masquerade",
    "queue",
    "notrack",
    "map",
    "vmap",
    "tproxy",
    "xt",
];

/// The operator that a token or a word is, and how tight it binds.
fn operator(kind: Kind, word: &str) -> Option<(BinaryOp, u8)> {
    Some(match (kind, word) {
        (Kind::Or, _) | (_, "or") => (BinaryOp::Or, 1),
        (Kind::Xor, _) | (_, "xor") => (BinaryOp::Xor, 2),
        (Kind::And, _) | (_, "and") => (BinaryOp::And, 3),
        (Kind::ShiftLeft, _) | (_, "lshift") => (BinaryOp::ShiftLeft, 4),
        (Kind::ShiftRight, _) | (_, "rshift") => (BinaryOp::ShiftRight, 4),
        _ => return None,
    })
}

/// A constant as it is listed: nft reads a number with a leading zero as an octal one.
fn plain(word: &str) -> Cow<'_, str> {
    let octal =
        word.len() > 1 && word.starts_with('0') && word.bytes().all(|b| matches!(b, b'0'..=b'7'));
    match octal.then(|| u64::from_str_radix(word, 8)) {
        Some(Ok(number)) => number.to_string().into(),
        _ => word.into(),
    }
}

impl<'a> Parser<'a, '_> {
    /// An expression at a span that ends where the last taken token does.
    pub(super) fn made(&self, start: u32, kind: ExprKind<'a>) -> Expr<'a> {
        Expr::new(self.since(start), kind)
    }

    /// Parts joined by dots, looked up in a map if one follows.
    pub(super) fn value(&mut self, mode: Mode) -> Read<Expr<'a>> {
        let depth = self.depth();
        let key = self.concat(mode)?;
        let mapped = match mode == Mode::Any && self.word() == "map" {
            true => self.mapped(key)?,
            false => key,
        };
        self.rise(depth);
        Ok(mapped)
    }

    fn mapped(&mut self, key: Expr<'a>) -> Read<Expr<'a>> {
        self.bump();
        let start = key.span.start;
        let data = self.table()?;
        let lookup = Lookup { key, data };
        Ok(self.made(start, ExprKind::Map(Box::new(lookup))))
    }

    /// What a key is looked up in: a set, the name of one, or a variable.
    pub(super) fn table(&mut self) -> Read<Expr<'a>> {
        match self.kind() {
            Kind::Open | Kind::At | Kind::Dollar => self.primary(Mode::Constant),
            _ => self.fail("`{`, `@` or `$`"),
        }
    }

    /// Parts joined by dots.
    pub(super) fn concat(&mut self, mode: Mode) -> Read<Expr<'a>> {
        let start = self.token.span.start;
        let first = self.ranged(mode)?;
        if self.kind() != Kind::Dot {
            return Ok(first);
        }
        let mut parts = Vec::new();
        let join = |part: Expr<'a>, parts: &mut Vec<Expr<'a>>| match part.kind {
            ExprKind::Concat(more) => parts.extend(more),
            _ => parts.push(part),
        };
        join(first, &mut parts);
        while self.eat(Kind::Dot) {
            self.newlines();
            let part = self.ranged(mode)?;
            join(part, &mut parts);
        }
        Ok(self.made(start, ExprKind::Concat(parts)))
    }

    /// A value, a range or a prefix.
    fn ranged(&mut self, mode: Mode) -> Read<Expr<'a>> {
        let start = self.token.span.start;
        let low = self.binary(mode, 0)?;
        match self.kind() {
            Kind::Dash => {
                self.bump();
                let high = self.binary(mode, 0)?;
                Ok(self.made(start, ExprKind::Range(Box::new((low, high)))))
            }
            Kind::Slash => self.prefix(low),
            _ => Ok(low),
        }
    }

    /// `addr/len`. Another slash is left: it stands before the mask of flags.
    fn prefix(&mut self, addr: Expr<'a>) -> Read<Expr<'a>> {
        let second = self.second();
        let len = match second.kind {
            Kind::Word => number(self.text(second.span)),
            Kind::Dollar => return self.prefix_of_variable(addr),
            _ => None,
        };
        let (Some(len), ExprKind::Symbol(text) | ExprKind::Quoted(text)) = (len, &addr.kind) else {
            return Ok(addr);
        };
        let text = text.clone();
        self.bump();
        let Ok(len) = u8::try_from(len) else {
            return self.fail("the length of a prefix");
        };
        self.bump();
        Ok(self.made(addr.span.start, ExprKind::Prefix { addr: text, len }))
    }

    fn prefix_of_variable(&mut self, addr: Expr<'a>) -> Read<Expr<'a>> {
        let (ExprKind::Symbol(text) | ExprKind::Quoted(text)) = &addr.kind else {
            return Ok(addr);
        };
        let text = text.clone();
        self.bump();
        let at = self.token.span;
        let value = self.variable()?;
        let len = value.symbol().and_then(number);
        match len.and_then(|n| u8::try_from(n).ok()) {
            Some(len) => Ok(self.made(addr.span.start, ExprKind::Prefix { addr: text, len })),
            None => Self::fault(at, "this variable is not the length of a prefix"),
        }
    }

    /// Operators, tighter ones first.
    fn binary(&mut self, mode: Mode, above: u8) -> Read<Expr<'a>> {
        let start = self.token.span.start;
        let mut left = self.primary(mode)?;
        while let Some((op, tight)) = operator(self.kind(), self.word()) {
            if tight <= above {
                break;
            }
            self.deepen(1)?;
            self.bump();
            let right = self.binary(mode, tight)?;
            let two = Binary { op, left, right };
            left = self.made(start, ExprKind::Binary(Box::new(two)));
        }
        Ok(left)
    }

    /// One constant, field, variable, set, or expression in parentheses.
    pub(super) fn primary(&mut self, mode: Mode) -> Read<Expr<'a>> {
        let start = self.token.span.start;
        match self.kind() {
            Kind::Word => self.worded(mode),
            Kind::Quoted => {
                let token = self.bump();
                let text = self.unquoted(token.span);
                Ok(Expr::new(token.span, ExprKind::Quoted(text.into())))
            }
            Kind::Dollar => self.variable(),
            Kind::At => self.reference(),
            Kind::Open => self.set(),
            Kind::Star => {
                self.bump();
                Ok(self.made(start, ExprKind::Wildcard))
            }
            Kind::ParenOpen => {
                self.deepen(1)?;
                self.bump();
                self.newlines();
                let inside = self.list(mode)?;
                self.newlines();
                self.expect(Kind::ParenClose, "`)`")?;
                Ok(Expr::new(self.since(start), inside.kind))
            }
            Kind::BracketOpen => {
                self.bump();
                let inside = self.ranged(mode)?;
                self.expect(Kind::BracketClose, "`]`")?;
                Ok(Expr::new(self.since(start), inside.kind))
            }
            Kind::Dash => {
                self.bump();
                self.any_word("a number")?;
                let text = self.text(self.since(start));
                Ok(self.made(start, ExprKind::Symbol(text.into())))
            }
            _ => self.fail("a value"),
        }
    }

    fn worded(&mut self, mode: Mode) -> Read<Expr<'a>> {
        let word = self.word();
        if STATEMENTS.contains(&word) {
            return self.fail("a value");
        }
        if mode == Mode::Any
            && let Some(kind) = self.keyed()?
        {
            return Ok(kind);
        }
        let span = self.bump().span;
        if word.chars().all(|c| matches!(c, '.' | '…')) {
            let message = format!("`{word}` stands for values that are left out here");
            let problem = Problem::new(ProblemKind::Malformed, span, message);
            self.tell(problem.help("export again, and whole"));
            return Ok(Expr::new(span, ExprKind::Unknown(word.into())));
        }
        Ok(Expr::new(span, ExprKind::Symbol(plain(word))))
    }

    /// Values with commas between: any of several bits, or one after the other.
    pub(super) fn list(&mut self, mode: Mode) -> Read<Expr<'a>> {
        let start = self.token.span.start;
        let first = self.value(mode)?;
        if self.kind() != Kind::Comma {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.eat(Kind::Comma) {
            self.newlines();
            items.push(self.value(mode)?);
        }
        Ok(self.made(start, ExprKind::List(items)))
    }

    /// `@name`, or raw payload.
    fn reference(&mut self) -> Read<Expr<'a>> {
        let start = self.bump().span.start;
        if self.second().kind == Kind::Comma
            && let Some(raw) = self.raw(start)?
        {
            return Ok(raw);
        }
        let name = self.name("the name of a set")?;
        Ok(self.made(start, ExprKind::SetRef(name.into())))
    }

    /// `{ … }`
    pub(super) fn set(&mut self) -> Read<Expr<'a>> {
        let start = self.token.span.start;
        let depth = self.depth();
        self.deepen(1)?;
        self.expect(Kind::Open, "`{`")?;
        let mut elements = Vec::with_capacity(self.commas());
        loop {
            self.newlines();
            if self.eat(Kind::Close) {
                break;
            }
            self.element(Mode::Constant, &mut elements)?;
            self.newlines();
            if !self.eat(Kind::Comma) {
                self.expect(Kind::Close, "`,` or `}`")?;
                break;
            }
        }
        self.rise(depth);
        Ok(self.made(start, ExprKind::Set(elements)))
    }

    /// How many elements a long set has, so that it does not grow by copies. A short one grows. Each byte is looked at once.
    fn commas(&mut self) -> usize {
        if self.lexer.at() < self.counted {
            return 0;
        }
        let bytes = self.lexer.rest().as_bytes();
        let end = memchr::memchr(b'}', bytes).unwrap_or(bytes.len());
        self.counted = self.lexer.at() + end;
        match bytes.get(..end) {
            Some(inside) if end > 1 << 16 => memchr::memchr_iter(b',', inside).count() + 1,
            _ => 0,
        }
    }

    /// An element of a set or map; those of a variable that is a set, instead of it.
    pub(super) fn element(&mut self, mode: Mode, into: &mut Vec<Element<'a>>) -> Read<()> {
        let depth = self.depth();
        let key = self.concat(mode)?;
        let extra = self.extra()?;
        let data = match self.eat(Kind::Colon) {
            true => {
                self.newlines();
                Some(self.data(mode)?)
            }
            false => None,
        };
        let extra = match extra {
            None => self.extra()?,
            some => some,
        };
        self.rise(depth);
        match key.kind {
            ExprKind::Set(elements) if data.is_none() && extra.is_none() => into.extend(elements),
            _ => into.push(Element { key, data, extra }),
        }
        Ok(())
    }

    /// `$name`: its value.
    pub(super) fn variable(&mut self) -> Read<Expr<'a>> {
        let start = self.expect(Kind::Dollar, "`$`")?.span.start;
        let name = self.any_word("the name of a variable")?;
        let span = self.since(start);
        let Some(value) = self.scopes.get(name) else {
            let message = format!("the variable `${name}` is not defined before it is used here");
            return Self::fault(span, message);
        };
        let Some(expr) = &value.expr else {
            let message =
                format!("the variable `${name}` has no value: its definition cannot be read");
            return Err(Box::new(Fail {
                span,
                message,
                told: true,
            }));
        };
        let kind = expr.kind.clone();
        let (depth, weight) = (value.depth, value.weight);
        self.expanded += weight;
        let most = most(self.source.text.len());
        if self.expanded > most {
            let message = format!("the variables of this file stand for more than {most} values");
            return Self::fault(span, message);
        }
        if depth > 1 {
            self.deepen(depth)?;
        }
        Ok(Expr::new(span, kind))
    }
}
