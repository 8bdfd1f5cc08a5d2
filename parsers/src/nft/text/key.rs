//! Expressions that begin with a word: headers, `meta`, `ct`, and the others.

use super::cursor::{Parser, Read, number};
use super::expr::Mode;
use super::header::{self, CT, OPTION_FIELDS};
use super::lexer::Kind;
use crate::nft::syntax::{CtDirection, Expr, ExprKind, Fib, Hash, NumGen, PayloadBase};

impl<'a> Parser<'a, '_> {
    /// The expression that the word begins, if it begins one.
    pub(super) fn keyed(&mut self) -> Read<Option<Expr<'a>>> {
        let start = self.token.span.start;
        let word = self.word();
        let next = self.second_word();
        let kind = match word {
            "meta" => self.meta()?,
            "ct" => self.ct()?,
            "rt" if !matches!(next, "nexthdr" | "hdrlength" | "type" | "seg-left") => {
                self.routing()?
            }
            "fib" => self.fib()?,
            "socket" => self.socket()?,
            "osf" => self.osf()?,
            "ipsec" if matches!(next, "in" | "out") => self.ipsec()?,
            "numgen" => self.numgen()?,
            "jhash" | "symhash" => self.hash()?,
            "exthdr" => {
                self.bump();
                let name = self.any_word("an extension header")?;
                ExprKind::ExtHdr(name.into(), "".into())
            }
            "tcp" if next == "option" => self.tcp_option()?,
            "ip" | "dccp" if next == "option" => self.other_option()?,
            "sctp" if next == "chunk" => self.other_option()?,
            _ => match header::bare_meta(word) {
                Some(key) => {
                    self.bump();
                    ExprKind::Meta(key.into())
                }
                None => match self.payload()? {
                    Some(kind) => kind,
                    None => return Ok(None),
                },
            },
        };
        Ok(Some(self.made(start, kind)))
    }

    /// A field of a header. None if the word is no header, or nothing follows that may be a field of it.
    fn payload(&mut self) -> Read<Option<ExprKind<'a>>> {
        let header = self.word();
        let Some(fields) = header::fields(header) else {
            return Ok(None);
        };
        let next = self.second_word();
        if fields.contains(&next) {
            self.bump();
            self.bump();
            return self.field(header, next).map(Some);
        }
        if header == "arp" && matches!(next, "saddr" | "daddr") {
            return self.arp_address().map(Some);
        }
        if header::is_tunnel(header) && header::fields(next).is_some() {
            let start = self.bump().span.end;
            self.payload()?;
            let field = self.text(self.since(start)).trim();
            return Ok(Some(ExprKind::Payload(header.into(), field.into())));
        }
        if next.is_empty() || self.second().kind != Kind::Word {
            return Ok(None);
        }
        let span = self.second().span;
        Self::fault(
            span,
            format!("`{next}` is not a field of the header `{header}`"),
        )
    }

    fn field(&mut self, header: &'a str, field: &'a str) -> Read<ExprKind<'a>> {
        if !header::is_extension(header) {
            return Ok(ExprKind::Payload(header.into(), field.into()));
        }
        let start = self.end;
        if self.eat(Kind::BracketOpen) {
            self.number("a number")?;
            self.expect(Kind::BracketClose, "`]`")?;
            let index = self.text(self.since(start)).trim();
            return Ok(ExprKind::ExtHdr(
                header.into(),
                format!("{field}{index}").into(),
            ));
        }
        Ok(ExprKind::ExtHdr(header.into(), field.into()))
    }

    fn arp_address(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        let start = self.bump().span.start;
        if self.eat_any(&["ip", "ether"]).is_none() {
            return self.fail("`ip` or `ether`");
        }
        let field = self.text(self.since(start));
        Ok(ExprKind::Payload("arp".into(), field.into()))
    }

    /// `@base,offset,length` behind the `@`; none if the word is no base.
    pub(super) fn raw(&mut self, start: u32) -> Read<Option<Expr<'a>>> {
        let base = match self.word() {
            "ll" => PayloadBase::Link,
            "nh" => PayloadBase::Network,
            "th" => PayloadBase::Transport,
            "ih" => PayloadBase::Inner,
            _ => return Ok(None),
        };
        self.bump();
        self.expect(Kind::Comma, "`,`")?;
        let offset = self.small("an offset in bits")?;
        self.expect(Kind::Comma, "`,`")?;
        let len = self.small("a length in bits")?;
        let kind = ExprKind::RawPayload { base, offset, len };
        Ok(Some(self.made(start, kind)))
    }

    /// A number of 32 bits.
    pub(super) fn small(&mut self, wanted: &str) -> Read<u32> {
        match number(self.word()).and_then(|n| u32::try_from(n).ok()) {
            Some(number) => {
                self.bump();
                Ok(number)
            }
            None => self.fail(wanted),
        }
    }

    fn meta(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        match header::meta(self.word()) {
            Some(key) => {
                self.bump();
                Ok(ExprKind::Meta(key.into()))
            }
            None => self.fail("a key of `meta`"),
        }
    }

    fn ct(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        let dir = match self.eat_any(&["original", "reply"]) {
            Some("original") => Some(CtDirection::Original),
            Some(_) => Some(CtDirection::Reply),
            None => None,
        };
        let start = self.token.span.start;
        self.eat_any(&["ip", "ip6"]);
        if !CT.contains(&self.word()) {
            return self.fail("a key of `ct`");
        }
        self.bump();
        let key = self.text(self.since(start)).into();
        Ok(ExprKind::Ct { key, dir })
    }

    fn routing(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        let start = self.token.span.start;
        self.eat_any(&["ip", "ip6"]);
        if self
            .eat_any(&["classid", "nexthop", "mtu", "ipsec"])
            .is_none()
        {
            return self.fail("a key of `rt`");
        }
        Ok(ExprKind::Rt(self.text(self.since(start)).into()))
    }

    fn fib(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        let mut flags = Vec::new();
        loop {
            let Some(flag) = self.eat_any(&["saddr", "daddr", "mark", "iif", "oif"]) else {
                return self.fail("`saddr`, `daddr`, `mark`, `iif` or `oif`");
            };
            flags.push(flag.into());
            if !self.eat(Kind::Dot) {
                break;
            }
        }
        let Some(result) = self.eat_any(&["oif", "oifname", "type", "check"]) else {
            return self.fail("`oif`, `oifname`, `type` or `check`");
        };
        let result = result.into();
        Ok(ExprKind::Fib(Box::new(Fib { flags, result })))
    }

    fn socket(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        let start = self.token.span.start;
        match self.eat_any(&["transparent", "mark", "wildcard", "cgroupv2"]) {
            Some("cgroupv2") => {
                self.expect_word("level")?;
                self.number("a level")?;
            }
            Some(_) => {}
            None => return self.fail("a key of `socket`"),
        }
        Ok(ExprKind::Socket(self.text(self.since(start)).into()))
    }

    fn osf(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        let start = self.token.span.start;
        if self.eat_word("ttl") {
            self.any_word("`loose` or `skip`")?;
        }
        if self.eat_any(&["name", "version"]).is_none() {
            return self.fail("`name` or `version`");
        }
        Ok(ExprKind::Osf(self.text(self.since(start)).into()))
    }

    fn ipsec(&mut self) -> Read<ExprKind<'a>> {
        let start = self.bump().span.start;
        self.bump();
        if self.eat_word("spnum") {
            self.number("a number")?;
        }
        match self.eat_any(&["reqid", "spi", "ip", "ip6"]) {
            Some("ip" | "ip6") if self.eat_any(&["saddr", "daddr"]).is_none() => {
                return self.fail("`saddr` or `daddr`");
            }
            Some(_) => {}
            None => return self.fail("`reqid`, `spi`, `ip` or `ip6`"),
        }
        Ok(ExprKind::Ipsec(self.text(self.since(start)).into()))
    }

    fn numgen(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        let Some(way) = self.eat_any(&["inc", "random"]) else {
            return self.fail("`inc` or `random`");
        };
        self.expect_word("mod")?;
        let modulus = self.small("a number")?;
        let offset = self.offset()?;
        let random = way == "random";
        let numgen = NumGen {
            random,
            modulus,
            offset,
        };
        Ok(ExprKind::NumGen(Box::new(numgen)))
    }

    fn offset(&mut self) -> Read<u32> {
        match self.eat_word("offset") {
            true => self.small("a number"),
            false => Ok(0),
        }
    }

    fn hash(&mut self) -> Read<ExprKind<'a>> {
        let word = self.word();
        self.bump();
        let of = match word {
            "jhash" => Some(self.concat(Mode::Any)?),
            _ => None,
        };
        self.expect_word("mod")?;
        let modulus = self.small("a number")?;
        if self.eat_word("seed") {
            self.number("a seed")?;
        }
        let offset = self.offset()?;
        let hash = Hash {
            of,
            modulus,
            offset,
        };
        Ok(ExprKind::Hash(Box::new(hash)))
    }

    fn tcp_option(&mut self) -> Read<ExprKind<'a>> {
        self.bump();
        self.bump();
        let start = self.token.span.start;
        if self.eat(Kind::At) {
            for n in 0..3 {
                if n > 0 {
                    self.expect(Kind::Comma, "`,`")?;
                }
                self.number("a number")?;
            }
            return Ok(ExprKind::TcpOption(
                self.text(self.since(start)).into(),
                "".into(),
            ));
        }
        let name = self.any_word("an option of TCP")?;
        let field = self.eat_any(&OPTION_FIELDS).unwrap_or("");
        Ok(ExprKind::TcpOption(name.into(), field.into()))
    }

    /// Options of IPv4 and DCCP, chunks of SCTP: their whole text.
    fn other_option(&mut self) -> Read<ExprKind<'a>> {
        let start = self.bump().span.start;
        self.bump();
        self.any_word("the name of an option")?;
        self.eat_any(&OPTION_FIELDS);
        Ok(ExprKind::OtherOption(self.text(self.since(start)).into()))
    }
}
