//! Statements.

use super::super::syntax::{
    Expr, ExprKind, Lookup, MatchOp, NatStmt, Rejection, Statement, StatementKind, UpdateOp,
    Verdict,
};
use super::reader::{Reader, number, single, text, words};
use super::shape::{self, LOOKUP, MATCH, NAT, OVER, QUEUE, UPDATE, XT};
use crate::json::{Kind, Value};
use hylint_model::{NatKind, Span};
use std::borrow::Cow;

fn comparison(word: Option<Cow<'_, str>>) -> Option<MatchOp> {
    Some(match word.as_deref() {
        None | Some("in") => MatchOp::Implicit,
        Some("==") => MatchOp::Eq,
        Some("!=") => MatchOp::Ne,
        Some("<") => MatchOp::Lt,
        Some(">") => MatchOp::Gt,
        Some("<=") => MatchOp::Le,
        Some(">=") => MatchOp::Ge,
        Some("!") => MatchOp::Not,
        Some(_) => return None,
    })
}

/// Whether the text form lists the constants that an expression is compared with in quotes.
fn is_text(left: &Expr<'_>) -> bool {
    match &left.kind {
        ExprKind::Meta(key) => {
            key.ends_with("name") || matches!(&**key, "iif" | "oif" | "time" | "day" | "hour")
        }
        ExprKind::Osf(_) => true,
        ExprKind::Ct { key, .. } => key == "helper",
        _ => false,
    }
}

/// The same constants, in quotes.
fn quoted(value: Expr<'_>) -> Expr<'_> {
    let Expr { span, kind } = value;
    let kind = match kind {
        ExprKind::Symbol(text) => ExprKind::Quoted(text),
        ExprKind::Range(ends) => {
            let (low, high) = *ends;
            ExprKind::Range(Box::new((quoted(low), quoted(high))))
        }
        ExprKind::Set(mut elements) => {
            for element in &mut elements {
                let key = Expr::new(element.key.span, ExprKind::Wildcard);
                element.key = quoted(std::mem::replace(&mut element.key, key));
            }
            ExprKind::Set(elements)
        }
        kind => kind,
    };
    Expr::new(span, kind)
}

/// The text form has no operator where JSON has `==`, but for bits: only there do both mean something else.
fn as_listed(op: MatchOp, left: &Expr<'_>, right: &Expr<'_>) -> MatchOp {
    let set = matches!(right.kind, ExprKind::Set(_) | ExprKind::SetRef(_));
    let bits = left.is_bitmask() || matches!(left.kind, ExprKind::Binary(_));
    match op {
        MatchOp::Eq if set || !bits => MatchOp::Implicit,
        op => op,
    }
}

impl<'a> Reader<'a> {
    /// Reads a statement. What is none is kept as unknown and named.
    pub(super) fn statement(&mut self, value: Value<'a>) -> Statement<'a> {
        let span = value.span();
        // nft puts what it has no JSON for into the list as text.
        if let Some(text) = value.str() {
            if let Some(kind) = plain(text.trim()).or_else(|| bare(text.trim())) {
                return Statement::new(span, kind);
            }
            if let Some(statement) = self.worded.statement(value) {
                return statement;
            }
            let word = text.split_whitespace().next().unwrap_or_default();
            self.unknown("statement", word, span);
            return Statement::new(span, StatementKind::Unknown(text));
        }
        match single(value) {
            Some((word, inner)) => self.keyed(&word, inner, span),
            None => {
                if value.kind() != Kind::Invalid {
                    self.malformed(
                        span,
                        "a statement is an object with one key: this is not read",
                    );
                }
                Statement::new(span, StatementKind::Unknown(Cow::Borrowed("")))
            }
        }
    }

    /// A statement by its key.
    pub(super) fn keyed(&mut self, word: &str, inner: Value<'a>, span: Span) -> Statement<'a> {
        let read = self.deeper(span, |reader| reader.known(word, inner));
        let kind = match read {
            Some(Some(kind)) => kind,
            Some(None) => {
                self.unknown("statement", word, span);
                StatementKind::Unknown(Cow::Owned(word.to_owned()))
            }
            None => StatementKind::Unknown(Cow::Borrowed("…")),
        };
        Statement::new(span, kind)
    }

    /// `None` if it is not known, or a key in it is not.
    fn known(&mut self, word: &str, inner: Value<'a>) -> Option<StatementKind<'a>> {
        Some(match word {
            "match" => self.matching(inner)?,
            "accept" | "drop" | "continue" | "return" | "jump" | "goto" | "break" => {
                StatementKind::Verdict(Self::verdict(word, inner)?)
            }
            "vmap" => {
                let Lookup { key, data } = self.lookup(inner)?;
                StatementKind::Vmap(key, data)
            }
            "mangle" => self.mangle(inner)?,
            "snat" | "dnat" | "masquerade" | "redirect" => self.nat(word, inner)?,
            "set" | "map" | "meter" => self.update(inner)?,
            "limit" | "quota" | "ct count" => self.over(word, inner)?,
            "queue" => self.queue(inner)?,
            "xt" => self.xt(inner)?,
            "ct helper" | "ct timeout" | "ct expectation" => {
                let kind = word.strip_prefix("ct ").unwrap_or(word);
                StatementKind::CtObject(Cow::Owned(kind.to_owned()))
            }
            "reset" => self.strip(inner),
            "reject" => {
                let with = inner.get("type").and_then(Value::str);
                StatementKind::Reject(match with.as_deref() {
                    Some("icmp") => Rejection::Icmp,
                    Some("icmpv6") => Rejection::Icmpv6,
                    Some("tcp reset") => Rejection::TcpReset,
                    _ => Rejection::Any,
                })
            }
            _ => plain(word)?,
        })
    }

    fn matching(&mut self, inner: Value<'a>) -> Option<StatementKind<'a>> {
        let shape::Match { op, left, right } = self.exact(&MATCH, inner)?;
        let op = comparison(op.and_then(Value::str))?;
        let (left, right) = (self.required(left, inner), self.required(right, inner));
        let op = as_listed(op, &left, &right);
        let right = if is_text(&left) { quoted(right) } else { right };
        Some(StatementKind::Match { left, op, right })
    }

    /// A verdict by its key; `None` if it names no chain where one has to be.
    pub(super) fn verdict(word: &str, inner: Value<'a>) -> Option<Verdict<'a>> {
        let target = || {
            let target = inner.get("target").unwrap_or(inner);
            target.str().filter(|name| !name.is_empty())
        };
        Some(match word {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "continue" => Verdict::Continue,
            "return" => Verdict::Return,
            "queue" => Verdict::Queue,
            "jump" => Verdict::Jump(target()?),
            "goto" => Verdict::Goto(target()?),
            _ => return None,
        })
    }

    fn mangle(&mut self, inner: Value<'a>) -> Option<StatementKind<'a>> {
        let m: shape::Lookup<'a> = self.exact(&LOOKUP, inner)?;
        let (key, value) = (m.key.or(m.left), m.value.or(m.right));
        let (key, value) = (self.expr(key?), self.expr(value?));
        Some(match &key.kind {
            ExprKind::Ct { key, .. } if matches!(&**key, "helper" | "timeout" | "expectation") => {
                StatementKind::CtObject(key.clone())
            }
            _ => StatementKind::Mangle(key, value),
        })
    }

    fn nat(&mut self, word: &str, inner: Value<'a>) -> Option<StatementKind<'a>> {
        let kind = match word {
            "snat" => NatKind::Snat,
            "dnat" => NatKind::Dnat,
            "masquerade" => NatKind::Masquerade,
            _ => NatKind::Redirect,
        };
        let n: shape::Nat<'a> = match inner.kind() {
            Kind::Null => [None; 5].into(),
            _ => self.exact(&NAT, inner)?,
        };
        let (flags, ways) = (words(n.flags), words(n.type_flags));
        let has = |way: &str| ways.iter().any(|w| w == way);
        Some(StatementKind::Nat(Box::new(NatStmt {
            kind,
            family: n.family.and_then(Value::str),
            addr: n.addr.map(|v| self.expr(v)),
            port: n.port.map(|v| self.expr(v)),
            prefix: has("prefix") || flags.iter().any(|f| f == "netmap"),
            concat: has("concat") || has("interval"),
            flags,
        })))
    }

    /// `set` and `map` that write, and `meter`.
    fn update(&mut self, inner: Value<'a>) -> Option<StatementKind<'a>> {
        let u: shape::Update<'a> = self.exact(&UPDATE, inner)?;
        let op = match &*text(u.op) {
            "add" => UpdateOp::Add,
            "update" => UpdateOp::Update,
            "delete" => UpdateOp::Delete,
            "" if u.name.is_some() => UpdateOp::Add,
            _ => return None,
        };
        let mut key = self.expr(u.elem.or(u.key)?);
        let mut statements = u.stmt.map_or_else(Vec::new, |v| self.statements(v));
        if let ExprKind::Element(element) = key.kind {
            key = element.key;
            statements.extend(element.extra.into_iter().flat_map(|e| e.statements));
        }
        Some(StatementKind::Update {
            op,
            set: name(u.set.or(u.map).or(u.name)?.str()?),
            key,
            data: u.data.map(|v| self.expr(v)),
            statements,
        })
    }

    fn over(&mut self, word: &str, inner: Value<'a>) -> Option<StatementKind<'a>> {
        let o: shape::Over<'a> = match inner.kind() {
            Kind::Object
                if word != "ct count" && single(inner).is_some_and(|(k, _)| k == "map") =>
            {
                // `limit name ip saddr map { … }`
                let text = Cow::Owned(format!("name {}", self.expr(inner)));
                return Some(named(word, text));
            }
            Kind::Object => self.exact(&OVER, inner)?,
            // `limit name "x"`
            Kind::String if word != "ct count" => {
                let text = Cow::Owned(format!("name \"{}\"", inner.str()?));
                return Some(named(word, text));
            }
            _ => return None,
        };
        let over = o.inv.and_then(Value::bool).unwrap_or(false);
        Some(match word {
            "limit" => StatementKind::Limit {
                over,
                text: Cow::Owned(rate(&o, over)?),
            },
            "quota" => StatementKind::Quota {
                over,
                text: Cow::Owned(amount(&o, over)?),
            },
            _ => StatementKind::CtCount {
                over,
                count: number(o.val?)?,
            },
        })
    }

    fn queue(&mut self, inner: Value<'a>) -> Option<StatementKind<'a>> {
        let flags = match inner.kind() {
            Kind::Null => Vec::new(),
            _ => {
                let shape::Queue { flags } = self.exact(&QUEUE, inner)?;
                words(flags)
            }
        };
        let bypass = flags.iter().any(|f| f == "bypass");
        Some(StatementKind::Queue { bypass })
    }

    /// nft before 1.0.7 prints `null` for every extension. What it is, [`Reader::rule`] guesses by its place.
    fn xt(&mut self, inner: Value<'a>) -> Option<StatementKind<'a>> {
        let shape::Xt { kind, name } = match inner.kind() {
            Kind::Null => [None; 2].into(),
            _ => self.exact(&XT, inner)?,
        };
        Some(StatementKind::Xt {
            target: text(kind) == "target",
            name: text(name),
        })
    }

    /// `reset tcp option x`: the option is gone for the rules that follow.
    fn strip(&mut self, inner: Value<'a>) -> StatementKind<'a> {
        let option = self.expr(inner);
        let gone = ExprKind::Symbol(Cow::Borrowed("missing"));
        let gone = Expr::new(option.span, gone);
        StatementKind::Mangle(option, gone)
    }
}

/// A statement whose details change no verdict.
fn plain<'a>(word: &str) -> Option<StatementKind<'a>> {
    Some(match word {
        "counter" | "log" | "last" | "secmark" | "tunnel" => StatementKind::Silent,
        "reject" => StatementKind::Reject(Rejection::Any),
        "notrack" => StatementKind::Notrack,
        "tproxy" => StatementKind::Tproxy,
        "synproxy" => StatementKind::Synproxy,
        "flow" => StatementKind::Flow,
        "dup" => StatementKind::Dup,
        "fwd" => StatementKind::Fwd,
        _ => return None,
    })
}

/// A limit or a quota that is an object of the table.
fn named<'a>(word: &str, text: Cow<'a, str>) -> StatementKind<'a> {
    let over = false;
    match word {
        "limit" => StatementKind::Limit { over, text },
        _ => StatementKind::Quota { over, text },
    }
}

/// What is said of a limit, as the text form lists it; `None` if it does not say how much.
fn rate(o: &shape::Over<'_>, over: bool) -> Option<String> {
    let (rate, per) = (number(o.rate?)?, o.per?.str()?);
    let over = if over { "over " } else { "" };
    let packets = |unit: &str| matches!(unit, "" | "packets");
    let (unit, burst_unit) = (text(o.rate_unit), text(o.burst_unit));
    let mut said = match &*unit {
        unit if packets(unit) => format!("rate {over}{rate}/{per}"),
        unit => format!("rate {over}{rate} {unit}/{per}"),
    };
    match o.burst.and_then(number) {
        // What nft assumes.
        None => {}
        Some(5) if packets(&unit) => {}
        Some(0) if !packets(&unit) => {}
        Some(burst) if packets(&unit) => said += &format!(" burst {burst} packets"),
        Some(burst) if burst_unit.is_empty() => said += &format!(" burst {burst} bytes"),
        Some(burst) => said += &format!(" burst {burst} {burst_unit}"),
    }
    Some(said)
}

/// The same of a quota.
fn amount(o: &shape::Over<'_>, over: bool) -> Option<String> {
    let unit = text(o.val_unit);
    let unit = if unit.is_empty() { "bytes" } else { &*unit };
    let over = if over { "over " } else { "" };
    Some(format!("{over}{} {unit}", number(o.val?)?))
}

/// A verdict in one word.
fn bare<'a>(word: &str) -> Option<StatementKind<'a>> {
    Some(StatementKind::Verdict(match word {
        "accept" => Verdict::Accept,
        "drop" => Verdict::Drop,
        "continue" => Verdict::Continue,
        "return" => Verdict::Return,
        _ => return None,
    }))
}

/// A set's name without the sign of a reference.
fn name(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(t) => Cow::Borrowed(t.strip_prefix('@').unwrap_or(t)),
        Cow::Owned(t) => Cow::Owned(t.strip_prefix('@').unwrap_or(&t).to_owned()),
    }
}
