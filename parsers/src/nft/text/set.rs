//! Sets and maps: their declarations, and what elements have.

use super::cursor::{Parser, Read};
use super::expr::Mode;
use super::lexer::Kind;
use crate::nft::syntax::{
    Element, ElementExtra, Expr, ExprKind, SetDecl, SetFlags, SetType, StatementKind, Verdict,
};

impl<'a> Parser<'a, '_> {
    /// The block of a declaration.
    pub(super) fn set_body(&mut self, set: &mut SetDecl<'a>) -> Read<()> {
        self.expect(Kind::Open, "`{`")?;
        if set.target.handle.is_none() {
            set.target.handle = self.handle();
        }
        loop {
            self.separators();
            match self.kind() {
                Kind::Close => break,
                _ if self.begins_block() => return self.fail("the `}` of the set before it"),
                _ if self.common(&mut |_| ()) => {}
                _ => self.set_item(set)?,
            }
        }
        self.bump();
        Ok(())
    }

    fn set_item(&mut self, set: &mut SetDecl<'a>) -> Read<()> {
        if self.is_amount() {
            let own = self.statement()?;
            set.flags.limited |= !matches!(own.kind, StatementKind::Silent);
            return Ok(());
        }
        match self.word() {
            "type" => {
                self.bump();
                set.key = Some(self.set_type()?);
                if self.eat(Kind::Colon) {
                    self.eat_word("interval");
                    set.data = Some(self.set_type()?);
                }
            }
            "typeof" => {
                self.bump();
                set.key = Some(SetType::Typeof(self.concat(Mode::Any)?));
                if self.eat(Kind::Colon) {
                    set.data = Some(self.typeof_data()?);
                }
            }
            "flags" => {
                self.bump();
                self.set_flags(&mut set.flags)?;
            }
            word @ ("timeout" | "gc-interval" | "size" | "policy") => {
                let (timeout, size) = (word == "timeout", word == "size");
                self.bump();
                let value = self.value(Mode::Constant)?;
                set.flags.timeout |= timeout;
                if size {
                    set.size = value.symbol().and_then(|n| n.parse().ok());
                }
            }
            "auto-merge" => drop(self.bump()),
            "comment" => {
                self.bump();
                self.string("a comment in quotes")?;
            }
            "elements" => {
                self.bump();
                self.expect(Kind::Assign, "`=`")?;
                self.newlines();
                let elements = self.elements()?;
                match set.elements.is_empty() {
                    true => set.elements = elements,
                    false => set.elements.extend(elements),
                }
            }
            _ => return self.fail("a part of a set (`type`, `flags`, `elements` …)"),
        }
        Ok(())
    }

    /// `{ … }`, or a variable.
    pub(super) fn elements(&mut self) -> Read<Vec<Element<'a>>> {
        let at = self.token.span;
        match self.primary(Mode::Constant)?.kind {
            ExprKind::Set(elements) => Ok(elements),
            _ => Self::fault(at, "`{` is expected here, or a variable that is a set"),
        }
    }

    /// `ipv4_addr . inet_service`
    fn set_type(&mut self) -> Read<SetType<'a>> {
        let mut words = Vec::new();
        loop {
            let start = self.token.span.start;
            if self.any_word("a type")? == "ct" {
                self.any_word("an object of `ct`")?;
            }
            words.push(self.text(self.since(start)).into());
            if !self.eat(Kind::Dot) {
                return Ok(SetType::Named(words));
            }
        }
    }

    fn typeof_data(&mut self) -> Read<SetType<'a>> {
        self.eat_word("interval");
        let objects = [
            "verdict", "queue", "counter", "quota", "limit", "secmark", "synproxy",
        ];
        let ct = self.word() == "ct" && matches!(self.second_word(), "timeout" | "expectation");
        match ct || objects.contains(&self.word()) {
            true => self.set_type(),
            false => Ok(SetType::Typeof(self.concat(Mode::Any)?)),
        }
    }

    fn set_flags(&mut self, flags: &mut SetFlags) -> Read<()> {
        loop {
            match self.any_word("a flag of a set")? {
                "constant" => flags.constant = true,
                "dynamic" => flags.dynamic = true,
                "interval" => flags.interval = true,
                "timeout" => flags.timeout = true,
                other => {
                    let message = format!("`{other}` is not a flag of a set");
                    return Self::fault(self.since(self.end), message);
                }
            }
            if !self.eat(Kind::Comma) {
                return Ok(());
            }
        }
    }

    /// What an element has beside its key.
    pub(super) fn extra(&mut self) -> Read<Option<Box<ElementExtra<'a>>>> {
        if self.kind() != Kind::Word {
            return Ok(None);
        }
        let mut extra = ElementExtra::default();
        let mut any = false;
        loop {
            match self.word() {
                "timeout" | "expires" => {
                    self.bump();
                    self.value(Mode::Constant)?;
                    extra.expires = true;
                }
                "comment" => {
                    self.bump();
                    extra.comment = Some(self.string("a comment in quotes")?.into());
                }
                "last" if self.second_word() != "used" => drop(self.bump()),
                _ if self.is_amount() => extra.statements.push(self.statement()?),
                _ => return Ok(any.then(|| Box::new(extra))),
            }
            any = true;
        }
    }

    /// What an element maps to.
    pub(super) fn data(&mut self, mode: Mode) -> Read<Expr<'a>> {
        let start = self.token.span.start;
        match self.word() {
            "accept" | "drop" | "continue" | "return" | "jump" | "goto" => {
                let verdict = self.verdict()?;
                Ok(self.made(start, ExprKind::Verdict(Box::new(verdict))))
            }
            "queue" => {
                self.bump();
                Ok(self.made(start, ExprKind::Verdict(Box::new(Verdict::Queue))))
            }
            _ => self.value(mode),
        }
    }
}
