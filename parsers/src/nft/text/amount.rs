//! Statements that count and limit: how much, and by which object.

use super::cursor::{Parser, Read};
use super::expr::Mode;
use super::lexer::Kind;
use crate::nft::syntax::StatementKind;
use std::borrow::Cow;

/// Statements that say how much: they match while, or once, something is exceeded.
const AMOUNTS: [&str; 4] = ["limit", "quota", "counter", "last"];

impl<'a> Parser<'a, '_> {
    /// `limit`, `quota`, `counter`, `last`, `synproxy`: with what they say, or the name of an object.
    pub(super) fn amount(&mut self) -> Read<StatementKind<'a>> {
        let word = self.word();
        self.bump();
        let start = self.token.span.start;
        if self.eat_word("name") {
            self.value(Mode::Any)?;
            let over = false;
            let text = self.said(start);
            return Ok(match word {
                "limit" => StatementKind::Limit { over, text },
                "quota" => StatementKind::Quota { over, text },
                "synproxy" => StatementKind::Synproxy,
                _ => StatementKind::Silent,
            });
        }
        match word {
            "limit" => self.limit(),
            "quota" => self.quota(),
            "synproxy" => self.synproxy(),
            _ => self.counted(),
        }
    }

    fn limit(&mut self) -> Read<StatementKind<'a>> {
        let start = self.token.span.start;
        self.expect_word("rate")?;
        let over = self.eat_word("over");
        self.eat_word("until");
        self.rate("a rate")?;
        let mut text = self.said(start);
        if self.eat_word("burst") {
            self.rate("a burst")?;
            // What nft assumes, and newer ones list.
            let whole = self.said(start);
            if !whole.ends_with(" burst 5 packets") {
                text = whole;
            }
        }
        Ok(StatementKind::Limit { over, text })
    }

    /// What has been said since a place, with single blanks.
    fn said(&self, start: u32) -> Cow<'a, str> {
        let text = self.text(self.since(start));
        let plain = |b: &[u8]| b != b"  " && !b.contains(&b'\n') && !b.contains(&b'\t');
        if text.as_bytes().windows(2).all(plain) {
            return Cow::Borrowed(text);
        }
        let words: Vec<&str> = text.split_whitespace().filter(|w| *w != "\\").collect();
        Cow::Owned(words.join(" "))
    }

    /// `10/second`, `10 kbytes/second`, `5 packets`.
    fn rate(&mut self, wanted: &str) -> Read<()> {
        if self.kind() == Kind::Dollar {
            self.variable()?;
        } else if self.word().starts_with(|c: char| c.is_ascii_digit()) {
            self.bump();
        } else {
            return self.fail(wanted);
        }
        if self.eat(Kind::Slash) {
            self.any_word("a unit of time")?;
            return Ok(());
        }
        let unit = self.word();
        let sizes = ["bytes", "kbytes", "mbytes", "gbytes", "packets"];
        if sizes.contains(&unit.split('/').next().unwrap_or("")) {
            self.bump();
            if self.eat(Kind::Slash) {
                self.any_word("a unit of time")?;
            }
        }
        Ok(())
    }

    fn quota(&mut self) -> Read<StatementKind<'a>> {
        let start = self.token.span.start;
        let over = self.eat_word("over");
        self.eat_word("until");
        self.rate("an amount")?;
        let text = self.said(start);
        if self.eat_word("used") {
            self.rate("an amount")?;
        }
        Ok(StatementKind::Quota { over, text })
    }

    /// What a counter has counted, or when something was last seen.
    fn counted(&mut self) -> Read<StatementKind<'a>> {
        while let Some(word) = self.eat_any(&["packets", "bytes", "used"]) {
            match word {
                "used" => drop(self.any_word("a time")?),
                _ => drop(self.number("a number")?),
            }
        }
        Ok(StatementKind::Silent)
    }

    fn synproxy(&mut self) -> Read<StatementKind<'a>> {
        while let Some(word) = self.eat_any(&["mss", "wscale", "timestamp", "sack-perm"]) {
            if matches!(word, "mss" | "wscale") {
                self.number("a number")?;
            }
        }
        Ok(StatementKind::Synproxy)
    }

    pub(super) fn log(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        let words = [
            "prefix",
            "group",
            "snaplen",
            "queue-threshold",
            "level",
            "flags",
        ];
        while let Some(word) = self.eat_any(&words) {
            match word {
                "flags" => self.log_flags()?,
                _ if self.kind() == Kind::Dollar => drop(self.variable()?),
                _ => drop(self.string("a value")?),
            }
        }
        Ok(StatementKind::Silent)
    }

    fn log_flags(&mut self) -> Read<()> {
        match self.any_word("a flag of `log`")? {
            "tcp" | "ip" => loop {
                self.any_word("a flag of `log`")?;
                if !self.eat(Kind::Comma) {
                    return Ok(());
                }
            },
            _ => Ok(()),
        }
    }

    /// Whether a statement that says how much stands here, as in sets and their elements.
    pub(super) fn is_amount(&self) -> bool {
        let ct = self.word() == "ct" && self.second_word() == "count";
        ct || AMOUNTS.contains(&self.word())
    }
}
