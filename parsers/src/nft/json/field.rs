//! Expressions that take a value from the packet, its connection or the host.

use super::super::syntax::{CtDirection, ExprKind, Fib, Hash, NumGen, PayloadBase};
use super::expr::with_family;
use super::reader::{Reader, number, text, words};
use super::shape::{self, FIB, FIELD, KEYED, MODULO};
use crate::json::{Kind, Value};
use std::borrow::Cow;

fn base(word: &str) -> Option<PayloadBase> {
    Some(match word {
        "ll" => PayloadBase::Link,
        "nh" => PayloadBase::Network,
        "th" => PayloadBase::Transport,
        "ih" => PayloadBase::Inner,
        _ => return None,
    })
}

fn small(value: Option<Value<'_>>) -> Option<u32> {
    match value {
        Some(value) => u32::try_from(number(value)?).ok(),
        None => Some(0),
    }
}

impl<'a> Reader<'a> {
    /// An expression by its key; `None` if it is not known, or a key in it is not.
    pub(super) fn field(&mut self, word: &str, inner: Value<'a>) -> Option<ExprKind<'a>> {
        match word {
            "payload" => self.payload(inner),
            "meta" | "ct" | "rt" | "socket" | "osf" | "ipsec" | "tunnel" => {
                self.keyed_expr(word, inner)
            }
            "exthdr" | "tcp option" | "ip option" | "sctp chunk" | "dccp option" => {
                self.option(word, inner)
            }
            "fib" => self.fib(inner),
            "numgen" | "jhash" | "symhash" => self.modulo(word, inner),
            _ => None,
        }
    }

    fn payload(&mut self, inner: Value<'a>) -> Option<ExprKind<'a>> {
        let f: shape::Field<'a> = self.exact(&FIELD, inner)?;
        if let Some(word) = f.base {
            return Some(ExprKind::RawPayload {
                base: base(&word.str()?)?,
                offset: small(f.offset)?,
                len: small(f.len)?,
            });
        }
        let protocol = f.protocol.or(f.name)?.str()?;
        let field = f.field?.str()?;
        // A header inside of a tunnel's is not that of the packet.
        let protocol = match f.tunnel.map(|t| t.str()) {
            Some(tunnel) if tunnel.as_ref() != Some(&protocol) => {
                Cow::Owned(format!("{} {protocol}", tunnel?))
            }
            _ => protocol,
        };
        Some(ExprKind::Payload(protocol, field))
    }

    fn keyed_expr(&mut self, word: &str, inner: Value<'a>) -> Option<ExprKind<'a>> {
        if inner.kind() == Kind::String && word == "meta" {
            return Some(ExprKind::Meta(inner.str()?));
        }
        let k: shape::Keyed<'a> = self.exact(&KEYED, inner)?;
        let key = with_family(k.family, k.key?.str()?);
        Some(match word {
            "meta" => ExprKind::Meta(key),
            "ct" => ExprKind::Ct {
                key,
                dir: match k.dir {
                    Some(dir) => Some(direction(&dir.str()?)?),
                    None => None,
                },
            },
            "rt" => ExprKind::Rt(key),
            "socket" => ExprKind::Socket(match k.level {
                Some(level) => Cow::Owned(format!("{key} level {}", level.text()?)),
                None => key,
            }),
            "osf" => ExprKind::Osf(match k.ttl {
                Some(ttl) => Cow::Owned(format!("ttl {} {key}", ttl.text()?)),
                None => key,
            }),
            "ipsec" => {
                let number = text(k.spnum);
                let number = match &*number {
                    "" | "0" => String::new(),
                    n => format!(" spnum {n}"),
                };
                ExprKind::Ipsec(Cow::Owned(format!("ipsec {}{number} {key}", text(k.dir))))
            }
            _ => ExprKind::Unknown(Cow::Owned(format!("tunnel {key}"))),
        })
    }

    fn option(&mut self, word: &str, inner: Value<'a>) -> Option<ExprKind<'a>> {
        let f: shape::Field<'a> = self.exact(&FIELD, inner)?;
        let field = text(f.field);
        if word == "tcp option" && f.base.is_some() {
            let raw = format!("@{},{},{}", text(f.base), text(f.offset), text(f.len));
            return Some(ExprKind::TcpOption(Cow::Owned(raw), field));
        }
        let name = f.name.or(f.kind)?.text()?;
        Some(match word {
            "tcp option" => ExprKind::TcpOption(name, field),
            "exthdr" => ExprKind::ExtHdr(name, field),
            _ => {
                let mut whole = format!("{word} {name} {field}");
                whole.truncate(whole.trim_end().len());
                ExprKind::OtherOption(Cow::Owned(whole))
            }
        })
    }

    fn fib(&mut self, inner: Value<'a>) -> Option<ExprKind<'a>> {
        let shape::Fib { result, flags } = self.exact(&FIB, inner)?;
        Some(ExprKind::Fib(Box::new(Fib {
            flags: words(flags),
            result: result?.str()?,
        })))
    }

    fn modulo(&mut self, word: &str, inner: Value<'a>) -> Option<ExprKind<'a>> {
        let m: shape::Modulo<'a> = self.exact(&MODULO, inner)?;
        let (modulus, offset) = (small(m.modulus)?, small(m.offset)?);
        if word == "numgen" {
            let random = match &*m.mode?.str()? {
                "random" => true,
                "inc" => false,
                _ => return None,
            };
            return Some(ExprKind::NumGen(Box::new(NumGen {
                random,
                modulus,
                offset,
            })));
        }
        let of = match m.expr {
            Some(expr) => Some(self.expr(expr)),
            None if word == "jhash" => return None,
            None => None,
        };
        Some(ExprKind::Hash(Box::new(Hash {
            of,
            modulus,
            offset,
        })))
    }
}

fn direction(word: &str) -> Option<CtDirection> {
    match word {
        "original" => Some(CtDirection::Original),
        "reply" => Some(CtDirection::Reply),
        _ => None,
    }
}
