//! Statements that send a packet elsewhere: translations, `queue`, `tproxy`, `dup`, `fwd`.

use super::cursor::{Parser, Read};
use super::expr::Mode;
use super::lexer::Kind;
use crate::nft::syntax::{Expr, NatStmt, StatementKind};
use hylint_model::NatKind;

const FLAGS: [&str; 3] = ["random", "fully-random", "persistent"];

impl<'a> Parser<'a, '_> {
    /// `snat`, `dnat`, `masquerade`, `redirect`.
    pub(super) fn nat(&mut self) -> Read<StatementKind<'a>> {
        let kind = match self.word() {
            "snat" => NatKind::Snat,
            "dnat" => NatKind::Dnat,
            "masquerade" => NatKind::Masquerade,
            _ => NatKind::Redirect,
        };
        self.bump();
        let mut nat = NatStmt {
            kind,
            family: None,
            addr: None,
            port: None,
            prefix: false,
            concat: false,
            flags: Vec::new(),
        };
        match kind {
            NatKind::Masquerade | NatKind::Redirect => self.ports_only(&mut nat)?,
            _ => self.addresses(&mut nat)?,
        }
        while let Some(flag) = self.eat_any(&FLAGS) {
            nat.flags.push(flag.into());
            self.eat(Kind::Comma);
        }
        Ok(StatementKind::Nat(Box::new(nat)))
    }

    /// `to :port`; `redirect` may leave out the colon.
    fn ports_only(&mut self, nat: &mut NatStmt<'a>) -> Read<()> {
        let to = self.eat_word("to");
        let colon = self.eat(Kind::Colon);
        if to || colon {
            nat.port = Some(self.value(Mode::Any)?);
        }
        Ok(())
    }

    fn addresses(&mut self, nat: &mut NatStmt<'a>) -> Read<()> {
        // `dnat ip saddr map …` without `to` begins with a field.
        let second = self.second_word();
        if matches!(second, "to" | "addr" | "interval" | "prefix") {
            nat.family = self.eat_any(&["ip", "ip6"]).map(Into::into);
        }
        if self.eat_word("addr") {
            self.expect(Kind::Dot, "`.`")?;
            self.expect_word("port")?;
            nat.concat = true;
        }
        nat.concat |= self.eat_word("interval");
        nat.prefix = self.eat_word("prefix");
        self.eat_word("to");
        (nat.addr, nat.port) = self.address_and_port()?;
        Ok(())
    }

    /// `addr`, `addr:port` or `:port`.
    fn address_and_port(&mut self) -> Read<(Option<Expr<'a>>, Option<Expr<'a>>)> {
        let addr = match self.kind() {
            Kind::Colon => None,
            _ => Some(self.value(Mode::Any)?),
        };
        let port = match self.eat(Kind::Colon) {
            true => Some(self.value(Mode::Any)?),
            false => None,
        };
        Ok((addr, port))
    }

    /// `queue [num n] [bypass,fanout]`, `queue flags bypass to n`.
    pub(super) fn queue(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        let mut bypass = false;
        loop {
            match self.word() {
                "num" | "to" => {
                    self.bump();
                    self.value(Mode::Any)?;
                }
                "flags" => drop(self.bump()),
                "bypass" | "fanout" => {
                    bypass |= self.word() == "bypass";
                    self.bump();
                    self.eat(Kind::Comma);
                }
                _ => return Ok(StatementKind::Queue { bypass }),
            }
        }
    }

    /// `tproxy [ip|ip6] to addr:port`
    pub(super) fn tproxy(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        self.eat_any(&["ip", "ip6"]);
        self.expect_word("to")?;
        self.address_and_port()?;
        Ok(StatementKind::Tproxy)
    }

    /// `dup to addr [device x]`, `fwd [ip] to x [device y]`
    pub(super) fn copied(&mut self) -> Read<StatementKind<'a>> {
        let word = self.word();
        self.bump();
        self.eat_any(&["ip", "ip6"]);
        self.expect_word("to")?;
        self.value(Mode::Any)?;
        if self.eat_word("device") {
            self.value(Mode::Any)?;
        }
        Ok(match word {
            "dup" => StatementKind::Dup,
            _ => StatementKind::Fwd,
        })
    }
}
