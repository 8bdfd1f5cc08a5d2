//! The tree as nft lists it.

use super::{
    Binary, BinaryOp, CtDirection, Element, Expr, ExprKind, Fib, Lookup, MatchOp, NatStmt,
    PayloadBase, Rejection, Statement, StatementKind, UpdateOp, Verdict,
};
use hylint_model::NatKind;
use std::fmt::{Display, Formatter, Result};

/// What separates the parts.
struct Joined<'t, T>(&'t [T], &'static str);

impl<T: Display> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (i, part) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(self.1)?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

/// A number that the text form lists in hexadecimal, and JSON in decimal.
fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

impl Display for Expr<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            ExprKind::Symbol(text) => match hexadecimal(text) {
                Some(n) => n.fmt(f),
                None => f.write_str(text),
            },
            ExprKind::Ipsec(text) | ExprKind::OtherOption(text) | ExprKind::Unknown(text) => {
                f.write_str(text)
            }
            ExprKind::Quoted(text) => write!(f, "\"{text}\""),
            ExprKind::Prefix { addr, len } => write!(f, "{addr}/{len}"),
            ExprKind::Range(ends) => write!(f, "{}-{}", ends.0, ends.1),
            ExprKind::Concat(parts) => Joined(parts, " . ").fmt(f),
            ExprKind::List(parts) => Joined(parts, ",").fmt(f),
            ExprKind::Set(elements) => write!(f, "{{ {} }}", Joined(elements, ", ")),
            ExprKind::SetRef(name) => write!(f, "@{name}"),
            ExprKind::Wildcard => f.write_str("*"),
            ExprKind::Map(lookup) => {
                let Lookup { key, data } = &**lookup;
                write!(f, "{key} map {data}")
            }
            ExprKind::Binary(binary) => binary.fmt(f),
            ExprKind::Verdict(verdict) => verdict.fmt(f),
            ExprKind::Payload(protocol, field) => write!(f, "{protocol} {field}"),
            ExprKind::RawPayload { base, offset, len } => {
                let base = match base {
                    PayloadBase::Link => "ll",
                    PayloadBase::Network => "nh",
                    PayloadBase::Transport => "th",
                    PayloadBase::Inner => "ih",
                };
                write!(f, "@{base},{offset},{len}")
            }
            ExprKind::Meta(key) => meta(key, f),
            ExprKind::Ct { key, dir } => match dir {
                Some(CtDirection::Original) => write!(f, "ct original {key}"),
                Some(CtDirection::Reply) => write!(f, "ct reply {key}"),
                None => write!(f, "ct {key}"),
            },
            ExprKind::Fib(fib) => {
                let Fib { flags, result } = &**fib;
                write!(f, "fib {} {result}", Joined(flags, " . "))
            }
            ExprKind::Rt(key) => write!(f, "rt {key}"),
            ExprKind::Socket(key) => write!(f, "socket {key}"),
            ExprKind::Osf(key) => write!(f, "osf {key}"),
            ExprKind::ExtHdr(name, field) if field.is_empty() => write!(f, "exthdr {name}"),
            ExprKind::ExtHdr(name, field) => write!(f, "{name} {field}"),
            ExprKind::TcpOption(name, field) if field.is_empty() => write!(f, "tcp option {name}"),
            ExprKind::TcpOption(name, field) => write!(f, "tcp option {name} {field}"),
            ExprKind::NumGen(n) => {
                let mode = if n.random { "random" } else { "inc" };
                write!(f, "numgen {mode} mod {}", n.modulus)?;
                offset(n.offset, f)
            }
            ExprKind::Hash(hash) => {
                match &hash.of {
                    Some(of) => write!(f, "jhash {of} mod {}", hash.modulus)?,
                    None => write!(f, "symhash mod {}", hash.modulus)?,
                }
                offset(hash.offset, f)
            }
            ExprKind::Element(element) => element.fmt(f),
        }
    }
}

fn offset(n: u32, f: &mut Formatter<'_>) -> Result {
    if n == 0 {
        Ok(())
    } else {
        write!(f, " offset {n}")
    }
}

/// Some keys are listed without the word `meta`.
fn meta(key: &str, f: &mut Formatter<'_>) -> Result {
    const ALONE: &[&str] = &[
        "iif", "iifname", "iiftype", "iifgroup", "oif", "oifname", "oiftype", "oifgroup",
    ];
    if !ALONE.contains(&key) {
        f.write_str("meta ")?;
    }
    f.write_str(key)
}

impl Display for Binary<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let op = match self.op {
            BinaryOp::Or => "|",
            BinaryOp::And => "&",
            BinaryOp::Xor => "^",
            BinaryOp::ShiftLeft => "<<",
            BinaryOp::ShiftRight => ">>",
        };
        let nested = |e: &Expr<'_>| matches!(e.kind, ExprKind::Binary(_));
        self.left.fmt(f)?;
        if nested(&self.right) {
            write!(f, " {op} ({})", self.right)
        } else {
            write!(f, " {op} {}", self.right)
        }
    }
}

impl Display for Element<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.key.fmt(f)?;
        if let Some(extra) = &self.extra {
            for statement in &extra.statements {
                write!(f, " {statement}")?;
            }
        }
        match &self.data {
            Some(data) => write!(f, " : {data}"),
            None => Ok(()),
        }
    }
}

impl Display for Verdict<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Drop => f.write_str("drop"),
            Self::Continue => f.write_str("continue"),
            Self::Return => f.write_str("return"),
            Self::Queue => f.write_str("queue"),
            Self::Jump(chain) => write!(f, "jump {chain}"),
            Self::Goto(chain) => write!(f, "goto {chain}"),
            Self::Anonymous(_, false) => f.write_str("jump { … }"),
            Self::Anonymous(_, true) => f.write_str("goto { … }"),
        }
    }
}

impl Display for MatchOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Implicit => " ",
            Self::Eq => " == ",
            Self::Ne => " != ",
            Self::Lt => " < ",
            Self::Gt => " > ",
            Self::Le => " <= ",
            Self::Ge => " >= ",
            Self::Not => " ! ",
        })
    }
}

impl Display for Statement<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let over = |over: bool| if over { "over " } else { "" };
        match &self.kind {
            StatementKind::Match { left, op, right } => write!(f, "{left}{op}{right}"),
            StatementKind::Verdict(verdict) => verdict.fmt(f),
            StatementKind::Vmap(key, data) => write!(f, "{key} vmap {data}"),
            StatementKind::Mangle(what, value) => write!(f, "{what} set {value}"),
            StatementKind::Nat(nat) => nat.fmt(f),
            StatementKind::Reject(with) => f.write_str(match with {
                Rejection::Any => "reject",
                Rejection::Icmp => "reject with icmp port-unreachable",
                Rejection::Icmpv6 => "reject with icmpv6 port-unreachable",
                Rejection::TcpReset => "reject with tcp reset",
            }),
            StatementKind::Notrack => f.write_str("notrack"),
            StatementKind::Silent => f.write_str("counter"),
            StatementKind::Limit { text, .. } => write!(f, "limit {text}"),
            StatementKind::Quota { text, .. } => write!(f, "quota {text}"),
            StatementKind::CtCount { over: o, count } => write!(f, "ct count {}{count}", over(*o)),
            StatementKind::Queue { .. } => f.write_str("queue"),
            StatementKind::Tproxy => f.write_str("tproxy"),
            StatementKind::Synproxy => f.write_str("synproxy"),
            StatementKind::Flow => f.write_str("flow add"),
            StatementKind::Dup => f.write_str("dup"),
            StatementKind::Fwd => f.write_str("fwd"),
            StatementKind::CtObject(name) => write!(f, "ct {name} set"),
            StatementKind::Update {
                op,
                set,
                key,
                statements,
                ..
            } => {
                let op = match op {
                    UpdateOp::Add => "add",
                    UpdateOp::Update => "update",
                    UpdateOp::Delete => "delete",
                };
                write!(f, "{op} @{set} {{ {key}")?;
                for statement in statements {
                    write!(f, " {statement}")?;
                }
                f.write_str(" }")
            }
            StatementKind::Xt { target, name } => {
                let kind = if *target { "target" } else { "match" };
                write!(f, "xt {kind} \"{name}\"")
            }
            StatementKind::Unknown(text) => f.write_str(text),
        }
    }
}

impl Display for NatStmt<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self.kind {
            NatKind::Dnat | NatKind::Netmap => "dnat",
            NatKind::Snat => "snat",
            NatKind::Masquerade => "masquerade",
            NatKind::Redirect => "redirect",
        })?;
        if let Some(family) = &self.family {
            write!(f, " {family}")?;
        }
        if self.prefix {
            f.write_str(" prefix")?;
        }
        if self.addr.is_some() || self.port.is_some() {
            f.write_str(" to ")?;
        }
        if let Some(addr) = &self.addr {
            addr.fmt(f)?;
        }
        if let Some(port) = &self.port {
            write!(f, ":{port}")?;
        }
        if self.flags.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", Joined(&self.flags, ","))
        }
    }
}
