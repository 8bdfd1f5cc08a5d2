//! Chains: where the kernel calls them, their policies, and their rules.

use super::cursor::{Parser, Read};
use super::expr::Mode;
use super::lexer::Kind;
use super::recover::Lost;
use crate::nft::syntax::{
    ChainDecl, Command, CommandKind, ExprKind, Hooking, Object, Priority, RuleDecl, RulePlace,
    Target,
};
use hylint_model::{Hook, Span};
use std::borrow::Cow;

/// The names of priorities.
const PRIORITIES: [&str; 7] = [
    "raw", "mangle", "dstnat", "filter", "security", "srcnat", "out",
];

impl<'a> Parser<'a, '_> {
    /// A chain with its block, if one follows its name.
    pub(super) fn chain(&mut self, kind: CommandKind, target: Target<'a>, start: u32) {
        let head = self.since(start);
        let mut chain = ChainDecl {
            target,
            hook: None,
            policy: None,
            comment: None,
            head,
        };
        // The rules follow their chain.
        let at = self.commands.len();
        self.commands.push(self.chain_command(kind, &chain, start));
        if self.eat(Kind::Open) {
            chain.target.handle = chain.target.handle.or(self.handle());
            self.scopes.open();
            self.chain_items(&mut chain);
            self.scopes.close();
            if self.kind() == Kind::End {
                self.unclosed(&format!("chain `{}`", chain.target.name), head);
            } else if self.begins_block() {
                self.missing_close(&format!("chain `{}`", chain.target.name));
            } else {
                self.bump();
            }
        }
        let command = self.chain_command(kind, &chain, start);
        if let Some(place) = self.commands.get_mut(at) {
            *place = command;
        }
    }

    fn chain_command(&self, kind: CommandKind, chain: &ChainDecl<'a>, start: u32) -> Command<'a> {
        Command {
            kind,
            object: Object::Chain(Box::new(chain.clone())),
            span: self.since(start),
        }
    }

    /// The items of a chain, up to `}`, the end of the text, or a block that cannot stand in it.
    fn chain_items(&mut self, chain: &mut ChainDecl<'a>) {
        loop {
            self.separators();
            if matches!(self.kind(), Kind::Close | Kind::End) || self.begins_block() {
                return;
            }
            if self.common(&mut |p| p.chain_items(chain)) {
                continue;
            }
            self.chain_item(chain);
        }
    }

    fn chain_item(&mut self, chain: &mut ChainDecl<'a>) {
        let start = self.token.span.start;
        let read = match self.word() {
            "type" => self.hooking().map(|hook| chain.hook = Some(hook)),
            "policy" => self.policy().map(|policy| chain.policy = Some(policy)),
            "flags" => self.chain_flags(),
            "devices" => self.devices_later(chain),
            "comment" => self.chain_comment(chain),
            _ => return self.chain_rule(chain),
        };
        if let Err(fail) = read.and_then(|()| self.ended()) {
            self.recover(start, *fail, Lost::Nothing);
        }
    }

    fn add_rule(&mut self, rule: RuleDecl<'a>) {
        self.commands.push(Command {
            kind: CommandKind::Add,
            span: rule.span,
            object: Object::Rule(Box::new(rule)),
        });
    }

    fn chain_rule(&mut self, chain: &ChainDecl<'a>) {
        let start = self.token.span.start;
        let rule = self.rule(&chain.target, RulePlace::Unsaid);
        // The text may be cut off in the middle of a word.
        let whole = match rule {
            Ok(_) if self.kind() == Kind::End && self.including.is_empty() => {
                self.fail("the end of this rule")
            }
            other => other,
        };
        match whole {
            Ok(rule) => self.add_rule(rule),
            Err(fail) => self.recover(start, *fail, Lost::Rule),
        }
    }

    fn chain_comment(&mut self, chain: &mut ChainDecl<'a>) -> Read<()> {
        self.bump();
        chain.comment = Some(self.string("a comment in quotes")?.into());
        Ok(())
    }

    fn chain_flags(&mut self) -> Read<()> {
        self.bump();
        loop {
            self.any_word("a flag of a chain")?;
            if !self.eat(Kind::Comma) {
                return Ok(());
            }
        }
    }

    fn devices_later(&mut self, chain: &mut ChainDecl<'a>) -> Read<()> {
        let devices = self.devices()?;
        if let Some(hook) = &mut chain.hook {
            hook.devices.extend(devices);
        }
        Ok(())
    }

    fn policy(&mut self) -> Read<(bool, Span)> {
        let start = self.bump().span.start;
        let at = self.token.span;
        let word = self.constant("`accept` or `drop`")?;
        match &*word {
            "accept" => Ok((true, self.since(start))),
            "drop" => Ok((false, self.since(start))),
            _ => Self::fault(
                at,
                format!("`{word}` is not a policy: `accept` or `drop` is expected"),
            ),
        }
    }

    /// A word, or a variable that is one.
    fn constant(&mut self, wanted: &str) -> Read<Cow<'a, str>> {
        if self.kind() != Kind::Dollar {
            return Ok(self.string(wanted)?.into());
        }
        let at = self.token.span;
        match self.variable()?.kind {
            ExprKind::Symbol(text) | ExprKind::Quoted(text) => Ok(text),
            _ => Self::fault(at, format!("this variable is not {wanted}")),
        }
    }

    /// `type filter hook input device eth0 priority filter + 10`
    fn hooking(&mut self) -> Read<Hooking<'a>> {
        let start = self.bump().span.start;
        let kind = self.any_word("the type of a chain")?.into();
        self.expect_word("hook")?;
        let word = self.any_word("a hook")?;
        let mut devices = Vec::new();
        while matches!(self.word(), "device" | "devices") {
            devices.extend(self.devices()?);
        }
        self.expect_word("priority")?;
        let priority = self.priority()?;
        Ok(Hooking {
            kind,
            hook: Hook::named(word),
            word: word.into(),
            priority,
            devices,
            span: self.since(start),
        })
    }

    /// `device x`, `devices = { x, y }`
    fn devices(&mut self) -> Read<Vec<Cow<'a, str>>> {
        self.bump();
        self.eat(Kind::Assign);
        let at = self.token.span;
        let mut names = Vec::new();
        match self.primary(Mode::Constant)?.kind {
            ExprKind::Set(elements) => {
                let name = |e: crate::nft::syntax::Element<'a>| match e.key.kind {
                    ExprKind::Symbol(text) | ExprKind::Quoted(text) => Some(text),
                    _ => None,
                };
                names.extend(elements.into_iter().filter_map(name));
            }
            ExprKind::Symbol(text) | ExprKind::Quoted(text) => names.push(text),
            _ => return Self::fault(at, "this is not the name of an interface"),
        }
        Ok(names)
    }

    /// `filter + 10`, `-150`, `$priority`
    pub(super) fn priority(&mut self) -> Read<Priority<'a>> {
        let mut priority = Priority::default();
        let at = self.token.span;
        if self.kind() == Kind::Dollar {
            let value = self.constant("a priority")?;
            match value.parse() {
                Ok(number) => priority.offset = number,
                Err(_) if PRIORITIES.contains(&&*value) => priority.name = Some(value),
                Err(_) => return Self::fault(at, format!("`{value}` is not a priority")),
            }
        } else if let Some(name) = self.eat_any(&PRIORITIES) {
            priority.name = Some(name.into());
        } else {
            priority.offset = self.signed(1)?;
            return Ok(priority);
        }
        let sign = match self.kind() {
            Kind::Plus => 1,
            Kind::Dash => -1,
            _ => return Ok(priority),
        };
        self.bump();
        priority.offset = priority.offset.saturating_add(self.signed(sign)?);
        Ok(priority)
    }

    fn signed(&mut self, sign: i64) -> Read<i32> {
        let sign = match self.eat(Kind::Dash) {
            true => -sign,
            false => sign,
        };
        let at = self.token.span;
        let number = self.number("a priority")?;
        let value = i64::try_from(number)
            .ok()
            .and_then(|n| i32::try_from(sign * n).ok());
        value.map_or_else(|| Self::fault(at, "this priority is out of range"), Ok)
    }
}
