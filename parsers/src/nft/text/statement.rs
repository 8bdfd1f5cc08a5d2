//! Statements: matches, verdicts, and what else a rule does.

use super::cursor::{Parser, Read};
use super::expr::Mode;
use super::lexer::Kind;
use crate::nft::syntax::{
    Binary, BinaryOp, Expr, ExprKind, MatchOp, Rejection, RuleDecl, RulePlace, Statement,
    StatementKind, Target, Verdict,
};
use std::borrow::Cow;

impl<'a> Parser<'a, '_> {
    /// A rule, up to the end of its line.
    pub(super) fn rule(&mut self, target: &Target<'a>, place: RulePlace) -> Read<RuleDecl<'a>> {
        let before = self.statements.len();
        let rule = self.rule_behind(target, place);
        self.statements.truncate(before);
        rule
    }

    /// Statements wait behind those of the rules around, so that each rule has as much memory as it needs.
    fn rule_behind(&mut self, target: &Target<'a>, place: RulePlace) -> Read<RuleDecl<'a>> {
        let start = self.token.span.start;
        let before = self.statements.len();
        let mut comment = None;
        while !self.at_end() {
            if self.eat_word("comment") {
                comment = Some(self.string("a comment in quotes")?.into());
                continue;
            }
            let depth = self.depth();
            let statement = self.statement()?;
            self.rise(depth);
            self.statements.push(statement);
        }
        if self.statements.len() == before && comment.is_none() {
            return self.fail("a statement");
        }
        let lost = self.lost_target(self.statements.get(before..).unwrap_or_default());
        self.statements.extend(lost);
        let statements = self.statements.drain(before..).collect();
        Ok(RuleDecl {
            target: target.clone(),
            place,
            handle: self.handle(),
            statements,
            comment,
            span: self.since(start),
        })
    }

    /// nft lists nothing, and a blank before it, where libxtables does not find the target of a rule that iptables-nft made. The
    /// counter before it is the last that is left of the rule.
    fn lost_target(&self, statements: &[Statement<'a>]) -> Option<Statement<'a>> {
        let last = statements.last()?;
        let text = self.text(last.span);
        if last.span.end != self.end
            || !(text.starts_with("counter packets ") && text.contains(" bytes "))
        {
            return None;
        }
        let behind = self.source.text.get(self.end as usize..)?;
        let lost = behind.starts_with(" \n") || behind.starts_with("  # handle ");
        let name = Cow::Borrowed("unknown");
        lost.then(|| Statement::new(last.span, StatementKind::Xt { target: true, name }))
    }

    /// One statement.
    pub(super) fn statement(&mut self) -> Read<Statement<'a>> {
        let start = self.token.span.start;
        let kind = match self.kind() {
            Kind::XtRemark => self.xt_remark(),
            Kind::Word => self.started()?,
            Kind::At | Kind::ParenOpen => self.compared()?,
            _ => return self.fail("a statement"),
        };
        Ok(Statement::new(self.since(start), kind))
    }

    fn started(&mut self) -> Read<StatementKind<'a>> {
        let word = self.word();
        let next = self.second_word();
        match word {
            "accept" | "drop" | "continue" | "return" | "jump" | "goto" => {
                Ok(StatementKind::Verdict(self.verdict()?))
            }
            "ct" if matches!(next, "count" | "helper" | "timeout" | "expectation") => {
                self.ct_statement()
            }
            "limit" | "quota" | "counter" | "last" | "synproxy" => self.amount(),
            "tunnel" if next == "name" => self.amount(),
            "log" => self.log(),
            "reject" => self.reject(),
            "snat" | "dnat" | "masquerade" | "redirect" => self.nat(),
            "queue" => self.queue(),
            "tproxy" => self.tproxy(),
            "dup" | "fwd" => self.copied(),
            "notrack" => {
                self.bump();
                Ok(StatementKind::Notrack)
            }
            "flow" => self.flow(),
            "meter" => self.meter(),
            "add" | "update" | "delete" => self.update(),
            "set" => self.old_update(),
            "reset" => self.stripped(),
            "xt" | "XT" => self.xt(),
            _ => self.compared(),
        }
    }

    /// `accept`, `jump chain` …
    pub(super) fn verdict(&mut self) -> Read<Verdict<'a>> {
        let word = self.word();
        self.bump();
        Ok(match word {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "continue" => Verdict::Continue,
            "return" => Verdict::Return,
            _ if self.kind() == Kind::Open => Verdict::Anonymous(self.anonymous()?, word == "goto"),
            "goto" => Verdict::Goto(self.chain_name()?),
            _ => Verdict::Jump(self.chain_name()?),
        })
    }

    /// The name of a chain, which a variable may hold.
    pub(super) fn chain_name(&mut self) -> Read<Cow<'a, str>> {
        if self.kind() != Kind::Dollar {
            return Ok(self.name("the name of a chain")?.into());
        }
        let at = self.token.span;
        match self.variable()?.kind {
            ExprKind::Symbol(name) | ExprKind::Quoted(name) => Ok(name),
            _ => Self::fault(at, "this variable is not the name of a chain"),
        }
    }

    /// `{ rules }` behind `jump`.
    fn anonymous(&mut self) -> Read<Vec<RuleDecl<'a>>> {
        let depth = self.depth();
        self.deepen(4)?;
        self.bump();
        let target = Target {
            family: hylint_model::TableFamily::Ip,
            table: "".into(),
            name: "".into(),
            handle: None,
        };
        let mut rules = Vec::new();
        loop {
            self.separators();
            match self.kind() {
                Kind::Close => break,
                Kind::End => return self.fail("`}`"),
                _ => rules.push(self.rule(&target, RulePlace::Unsaid)?),
            }
        }
        self.bump();
        self.rise(depth);
        Ok(rules)
    }

    /// A comparison, a verdict map, or a value that is set.
    fn compared(&mut self) -> Read<StatementKind<'a>> {
        let word = self.word();
        let left = self.concat(Mode::Any)?;
        if matches!(left.kind, ExprKind::Symbol(_)) {
            let message = format!("`{word}` does not begin a statement of nftables");
            return Self::fault(left.span, message);
        }
        match self.word() {
            "vmap" => {
                self.bump();
                Ok(StatementKind::Vmap(left, self.table()?))
            }
            "set" => {
                self.bump();
                self.newlines();
                Ok(StatementKind::Mangle(left, self.list(Mode::Any)?))
            }
            "map" => {
                let start = left.span.start;
                self.bump();
                let data = self.table()?;
                let map = crate::nft::syntax::Lookup { key: left, data };
                let left = self.made(start, ExprKind::Map(Box::new(map)));
                self.against(left)
            }
            _ => self.against(left),
        }
    }

    fn operator(&mut self) -> MatchOp {
        let op = match (self.kind(), self.word()) {
            (Kind::Eq, _) | (_, "eq") => MatchOp::Eq,
            (Kind::Ne, _) | (_, "ne") => MatchOp::Ne,
            (Kind::Lt, _) | (_, "lt") => MatchOp::Lt,
            (Kind::Gt, _) | (_, "gt") => MatchOp::Gt,
            (Kind::Le, _) | (_, "le") => MatchOp::Le,
            (Kind::Ge, _) | (_, "ge") => MatchOp::Ge,
            (Kind::Not, _) | (_, "not") => MatchOp::Not,
            _ => return MatchOp::Implicit,
        };
        self.bump();
        op
    }

    fn against(&mut self, left: Expr<'a>) -> Read<StatementKind<'a>> {
        let op = self.operator();
        let right = self.list(Mode::Constant)?;
        if !self.eat(Kind::Slash) {
            return Ok(StatementKind::Match { left, op, right });
        }
        let mask = bits(self.list(Mode::Constant)?);
        let start = left.span.start;
        let masked = Binary {
            op: BinaryOp::And,
            left,
            right: mask,
        };
        let op = match op {
            MatchOp::Implicit => MatchOp::Eq,
            op => op,
        };
        Ok(StatementKind::Match {
            left: self.made(start, ExprKind::Binary(Box::new(masked))),
            op,
            right: bits(right),
        })
    }

    fn ct_statement(&mut self) -> Read<StatementKind<'a>> {
        if self.second_word() == "count" {
            self.bump();
            self.bump();
            let over = self.eat_word("over");
            let count = self.number("a number of connections")?;
            return Ok(StatementKind::CtCount { over, count });
        }
        let mut ahead = self.lexer;
        ahead.next();
        let third = ahead.next();
        if self.text(third.span) != "set" {
            return self.compared();
        }
        self.bump();
        let kind = self.word();
        self.bump();
        self.bump();
        self.value(Mode::Any)?;
        Ok(StatementKind::CtObject(kind.into()))
    }

    fn reject(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        if !self.eat_word("with") {
            return Ok(StatementKind::Reject(Rejection::Any));
        }
        let with = match self.any_word("`icmp`, `icmpv6`, `icmpx` or `tcp`")? {
            "tcp" => {
                self.expect_word("reset")?;
                return Ok(StatementKind::Reject(Rejection::TcpReset));
            }
            "icmp" => Rejection::Icmp,
            "icmpv6" => Rejection::Icmpv6,
            "icmpx" => Rejection::Any,
            _ => return self.fail("`icmp`, `icmpv6`, `icmpx` or `tcp reset`"),
        };
        self.eat_word("type");
        self.value(Mode::Constant)?;
        Ok(StatementKind::Reject(with))
    }

    /// `reset tcp option x`: the option is taken out of the packet.
    fn stripped(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        let option = self.primary(Mode::Any)?;
        let none = Expr::new(option.span, ExprKind::Symbol("missing".into()));
        Ok(StatementKind::Mangle(option, none))
    }

    fn xt(&mut self) -> Read<StatementKind<'a>> {
        self.bump();
        let kind = self.any_word("`match` or `target`")?;
        let name = self.string("the name of an extension")?;
        // What nft tells on the terminal may have been written into the listing.
        if self.eat_word("not") {
            self.expect_word("found")?;
        }
        Ok(StatementKind::Xt {
            target: kind == "target",
            name: name.into(),
        })
    }

    /// Targets of iptables are written in capitals.
    fn xt_remark(&mut self) -> StatementKind<'a> {
        let span = self.bump().span;
        let name = self.text(span).trim_start_matches(['#', ' ', '\t']);
        let name = name.strip_prefix("xt_").unwrap_or(name);
        StatementKind::Xt {
            target: name.starts_with(|c: char| c.is_ascii_uppercase()),
            name: name.into(),
        }
    }
}

/// Values of a list as bits that are all meant.
fn bits(list: Expr<'_>) -> Expr<'_> {
    let ExprKind::List(items) = list.kind else {
        return list;
    };
    let span = list.span;
    let joined = items.into_iter().reduce(|left, right| {
        let two = Binary {
            op: BinaryOp::Or,
            left,
            right,
        };
        Expr::new(span, ExprKind::Binary(Box::new(two)))
    });
    joined.unwrap_or_else(|| Expr::new(span, ExprKind::List(Vec::new())))
}
