//! Tables, and what stands in them.

use super::cursor::{Parser, Read};
use super::lexer::Kind;
use super::recover::Lost;
use crate::nft::syntax::{
    Command, CommandKind, Object, ObjectKind, SetDecl, SetFlags, TableDecl, Target,
};
use hylint_model::{Problem, ProblemKind, TableFamily};

impl<'a> Parser<'a, '_> {
    /// A table with its block, if one follows its name.
    pub(super) fn table_block(&mut self, kind: CommandKind, target: Target<'a>, start: u32) {
        let mut table = TableDecl {
            target,
            dormant: false,
            unknown_flag: false,
            owner: false,
            comment: None,
            iptables: std::mem::take(&mut self.managed),
            head: self.since(start),
        };
        let at = self.commands.len();
        self.commands.push(self.table_command(kind, &table, start));
        if self.eat(Kind::Open) {
            table.target.handle = table.target.handle.or(self.handle());
            self.scopes.open();
            self.table_items(&mut table);
            self.scopes.close();
            if self.kind() == Kind::End {
                self.unclosed(&format!("table `{}`", table.target.table), table.head);
            } else if self.begins_block() {
                self.missing_close(&format!("table `{}`", table.target.table));
            } else {
                self.bump();
            }
        }
        let command = self.table_command(kind, &table, start);
        if let Some(place) = self.commands.get_mut(at) {
            *place = command;
        }
    }

    fn table_command(&self, kind: CommandKind, table: &TableDecl<'a>, start: u32) -> Command<'a> {
        Command {
            kind,
            object: Object::Table(table.clone()),
            span: self.since(start),
        }
    }

    /// The items of a table, up to `}`, the end of the text, or another table.
    fn table_items(&mut self, table: &mut TableDecl<'a>) {
        loop {
            self.separators();
            let ends = matches!(self.kind(), Kind::Close | Kind::End);
            if ends || (self.word() == "table" && self.begins_block()) {
                return;
            }
            self.unbalanced = false;
            if self.common(&mut |p| p.table_items(table)) {
                continue;
            }
            let start = self.token.span.start;
            let read = self.table_item(table, start);
            if let Err(fail) = read {
                self.recover(start, *fail, Lost::Nothing);
            }
        }
    }

    fn table_item(&mut self, table: &mut TableDecl<'a>, start: u32) -> Read<()> {
        let (family, name) = (table.target.family, table.target.table.clone());
        let target = |object: &'a str| Target {
            family,
            table: name,
            name: object.into(),
            handle: None,
        };
        match self.word() {
            "chain" => {
                self.bump();
                let target = target(self.name("the name of a chain")?);
                self.chain(CommandKind::Add, target, start);
                Ok(())
            }
            "set" | "map" => {
                self.bump();
                let target = target(self.name("the name of a set")?);
                self.set_block(CommandKind::Add, target, start);
                Ok(())
            }
            "flags" => self.table_flags(table),
            "comment" => {
                self.bump();
                table.comment = Some(self.string("a comment in quotes")?.into());
                self.ended()
            }
            word => {
                let Some(kind) = self.object_kind(word) else {
                    return self.fail("`chain`, `set`, `map` or another object of a table");
                };
                let target = target(self.object_name(kind)?);
                self.object_block(CommandKind::Add, kind, target, start)
            }
        }
    }

    fn table_flags(&mut self, table: &mut TableDecl<'a>) -> Read<()> {
        self.bump();
        loop {
            let span = self.token.span;
            match self.any_word("a flag of a table")? {
                "dormant" => table.dormant = true,
                "owner" => table.owner = true,
                "persist" => {}
                word => {
                    table.unknown_flag = true;
                    let message =
                        format!("unknown table flag `{word}`: its effect is not modelled");
                    self.tell(Problem::new(ProblemKind::Unmodelled, span, message));
                }
            }
            if !self.eat(Kind::Comma) {
                return self.ended();
            }
        }
    }

    /// The kind of object that a word begins.
    pub(super) fn object_kind(&self, word: &str) -> Option<ObjectKind> {
        Some(match word {
            "flowtable" => ObjectKind::Flowtable,
            "counter" => ObjectKind::Counter,
            "quota" => ObjectKind::Quota,
            "limit" => ObjectKind::Limit,
            "synproxy" => ObjectKind::Synproxy,
            "secmark" => ObjectKind::Secmark,
            "tunnel" => ObjectKind::Unknown,
            "ct" if matches!(self.second_word(), "helper" | "timeout" | "expectation") => {
                ObjectKind::CtObject
            }
            _ => return None,
        })
    }

    /// Takes the words of an object of this kind, and its name.
    pub(super) fn object_name(&mut self, kind: ObjectKind) -> Read<&'a str> {
        self.bump();
        if kind == ObjectKind::CtObject {
            self.bump();
        }
        self.name("the name of an object")
    }

    /// An object that no verdict depends on, whatever stands in its block.
    pub(super) fn object_block(
        &mut self,
        kind: CommandKind,
        object: ObjectKind,
        mut target: Target<'a>,
        start: u32,
    ) -> Read<()> {
        let mut open = 0_usize;
        loop {
            match self.kind() {
                Kind::End if open > 0 => return self.fail("`}`"),
                Kind::End => break,
                Kind::Newline | Kind::Semicolon | Kind::Close if open == 0 => break,
                Kind::Open => open += 1,
                Kind::Close => open -= 1,
                _ => {}
            }
            let token = self.bump();
            if token.kind == Kind::Open && open == 1 {
                target.handle = target.handle.or(self.handle());
            }
        }
        self.commands.push(Command {
            kind,
            object: Object::Other(object, target),
            span: self.since(start),
        });
        Ok(())
    }

    /// A set or map with its block. One that cannot be read is there all the same, with unknown elements.
    pub(super) fn set_block(&mut self, kind: CommandKind, target: Target<'a>, start: u32) {
        let head = self.since(start);
        let mut set = SetDecl {
            target,
            key: None,
            data: None,
            flags: SetFlags::default(),
            size: None,
            elements: Vec::new(),
            head,
        };
        if self.kind() == Kind::Open
            && let Err(fail) = self.set_body(&mut set)
        {
            // Whatever else it holds, rules may not be judged by what was read of it.
            set.flags.dynamic = true;
            if self.kind() == Kind::End && self.including.is_empty() {
                self.unclosed(&format!("set `{}`", set.target.name), head);
            } else {
                self.recover(start, *fail, Lost::Nothing);
            }
        }
        self.commands.push(Command {
            kind,
            object: Object::Set(Box::new(set)),
            span: self.since(start),
        });
    }

    /// A family, `ip` if none is written.
    pub(super) fn family(&mut self) -> Option<TableFamily> {
        let family = match self.word() {
            "ip" => TableFamily::Ip,
            "ip6" => TableFamily::Ip6,
            "inet" => TableFamily::Inet,
            "arp" => TableFamily::Arp,
            "bridge" => TableFamily::Bridge,
            "netdev" => TableFamily::Netdev,
            _ => return None,
        };
        self.bump();
        Some(family)
    }
}
