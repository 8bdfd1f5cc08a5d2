//! Statements that write sets: `add @set { … }`, meters, flowtables.

use super::cursor::{Parser, Read};
use super::expr::Mode;
use super::lexer::Kind;
use crate::nft::syntax::{StatementKind, UpdateOp};

impl<'a> Parser<'a, '_> {
    pub(super) fn flow(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        match self.any_word("`add` or `offload`")? {
            "table" => self.metered(),
            _ => {
                self.expect(Kind::At, "`@`")?;
                self.name("the name of a flowtable")?;
                Ok(StatementKind::Flow)
            }
        }
    }

    pub(super) fn meter(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        self.metered()
    }

    /// `name { key statements }`, which makes a set of that name.
    fn metered(&mut self) -> Read<StatementKind<'a>> {
        let name = self.name("the name of a meter")?;
        if self.eat_word("size") {
            self.number("a size")?;
        }
        self.stored(UpdateOp::Add, name)
    }

    pub(super) fn update(&mut self) -> Read<StatementKind<'a>> {
        let op = self.update_op()?;
        self.expect(Kind::At, "`@`")?;
        let set = self.name("the name of a set")?;
        self.stored(op, set)
    }

    fn update_op(&mut self) -> Read<UpdateOp> {
        match self.eat_any(&["add", "update", "delete"]) {
            Some("add") => Ok(UpdateOp::Add),
            Some("update") => Ok(UpdateOp::Update),
            Some(_) => Ok(UpdateOp::Delete),
            None => self.fail("`add`, `update` or `delete`"),
        }
    }

    /// `{ key [statements] [: data] }`
    fn stored(&mut self, op: UpdateOp, set: &'a str) -> Read<StatementKind<'a>> {
        self.expect(Kind::Open, "`{`")?;
        self.newlines();
        let mut elements = Vec::new();
        self.element(Mode::Any, &mut elements)?;
        self.newlines();
        self.expect(Kind::Close, "`}`")?;
        let Some(element) = elements.pop() else {
            return self.fail("a key");
        };
        let statements = element.extra.map(|e| e.statements).unwrap_or_default();
        Ok(StatementKind::Update {
            op,
            set: set.into(),
            key: element.key,
            data: element.data,
            statements,
        })
    }

    /// `set add key @name`, as nft 0.5 wrote it.
    pub(super) fn old_update(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        let op = self.update_op()?;
        let mut elements = Vec::new();
        self.element(Mode::Any, &mut elements)?;
        self.expect(Kind::At, "`@`")?;
        let set = self.name("the name of a set")?;
        let Some(element) = elements.pop() else {
            return self.fail("a key");
        };
        Ok(StatementKind::Update {
            op,
            set: set.into(),
            key: element.key,
            data: element.data,
            statements: element.extra.map(|e| e.statements).unwrap_or_default(),
        })
    }
}
