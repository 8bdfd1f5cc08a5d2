//! The options that every rule may have, as they are given.

use super::options::Wants;
use super::state::{By, MAX_INTERFACE, MAX_NAME, Refusal, Res, Walk, refuse};
use super::{matches, targets, value};
use crate::iptables::builtin::TableName;
use crate::iptables::token::Token;
use hylint_model::{Span, reworded};
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

impl<'a> Walk<'_, 'a> {
    pub(super) fn base(
        &mut self,
        letter: char,
        wants: Wants,
        glued: Option<Cow<'a, str>>,
        t: Token<'a>,
    ) -> Res {
        let word = t.value().into_owned();
        let was_glued = glued.is_some();
        let (value, span) = match wants {
            Wants::Argument => {
                self.argument(glued, t, matches!(letter, 's' | 'd' | 'p' | 'i' | 'o'))?
            }
            _ => (Cow::Borrowed(""), t.span),
        };
        // 1.8.9 takes the whole word for the value (`check_inverse` in iptables/xshared.c).
        let passed = value.ends_with("/0") && letter != 'p';
        if was_glued
            && matches!(letter, 's' | 'd' | 'p')
            && !passed
            && !self.set.late_bang
            && !self.set.shell
        {
            return refuse(span, "a value that is glued to its option is not read");
        }
        let negated = self.bang.is_some();
        let negates = matches!(letter, 's' | 'd' | 'p' | 'i' | 'o' | 'f');
        match letter {
            'm' if negated => return refuse(span, "`-m` cannot be negated"),
            'm' => return self.match_(&value, span),
            't' if !self.set.shell => {
                return refuse(
                    span,
                    "a rule of a table cannot choose another one with `-t`",
                );
            }
            'w' | 'W' if !self.set.shell => {
                return refuse(
                    span,
                    reworded(
                        format!("`{word}` is an option of iptables alone"),
                        format!("`{word}` is for iptables alone"),
                    ),
                );
            }
            'n' | 'x' | '0' => {
                return refuse(
                    span,
                    reworded(
                        format!("`{word}` cannot be used in a rule"),
                        format!("`{word}` does not go with a rule"),
                    ),
                );
            }
            '4' | '6' => {
                self.passed = self.v6 == (letter == '4');
                return Ok(());
            }
            'v' | 't' | 'w' | 'W' | 'M' => return Ok(()),
            'A' | 'D' | 'C' | 'I' | 'R' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'E' | 'P' => {
                return refuse(span, format!("`{word}` is a second command"));
            }
            'V' | 'h' => {
                return refuse(
                    span,
                    reworded(
                        format!("`{word}` cannot be used in a rule"),
                        format!("`{word}` does not go with a rule"),
                    ),
                );
            }
            'f' if self.v6 => return refuse(span, "`-f` is for IPv4 alone"),
            _ => {}
        }
        let once = if letter == 'g' { 'j' } else { letter };
        if self.seen.contains(&once) {
            return refuse(span, format!("`-{letter}` is given twice"));
        }
        self.seen.push(once);
        if negated && !negates {
            return refuse(span, format!("`-{letter}` cannot be negated"));
        }
        match letter {
            's' | 'd' => self.address(&value, negated, span),
            'p' => self.protocol(&value, negated, span),
            'i' | 'o' => self.interface(letter, &value, span),
            'j' | 'g' => self.jump(letter == 'g', &value, span),
            'c' => self.counters(&value, span),
            _ => Ok(()),
        }
    }

    fn address(&mut self, value: &str, negated: bool, span: Span) -> Res {
        if value.contains(',') && negated {
            return refuse(span, "a list of addresses cannot be negated");
        }
        for one in value.split(',') {
            if !self.takes_address(one) {
                return refuse(
                    span,
                    reworded(
                        format!("invalid address `{one}`"),
                        format!("`{one}` is no address"),
                    ),
                );
            }
            let everything = one
                .rsplit_once('/')
                .is_some_and(|(_, m)| matches!(m, "0" | "0.0.0.0" | "::"));
            if negated && everything {
                self.one_side.get_or_insert(Refusal {
                    span,
                    why: "no address is left".into(),
                    by: By::Nft,
                });
            }
        }
        Ok(())
    }

    fn takes_address(&self, text: &str) -> bool {
        let (host, mask) = match text.split_once('/') {
            Some((host, mask)) => (host, Some(mask)),
            None => (text, None),
        };
        let mask_ok = mask.is_none_or(|m| {
            if self.v6 {
                value::int(m, 0, 128) || m.parse::<Ipv6Addr>().is_ok()
            } else {
                value::int(m, 0, 32) || (m.split('.').count() == 4 && value::own::dotted(m))
            }
        });
        // A mask that looks at nothing makes the tools pass over the name.
        let passed = matches!(mask, Some("0" | "0.0.0.0" | "::"));
        let known = if self.v6 {
            host.parse::<Ipv6Addr>().is_ok()
        } else {
            host.parse::<Ipv4Addr>().is_ok() || value::own::dotted(host)
        };
        mask_ok && (known || passed || value::is_name(host))
    }

    fn protocol(&mut self, value: &str, negated: bool, span: Span) -> Res {
        let Some(found) = value::protocol(value) else {
            return refuse(
                span,
                reworded(
                    format!("unknown protocol `{value}`"),
                    format!("`{value}` is no protocol"),
                ),
            );
        };
        if found == Some(0) && negated {
            return refuse(span, "no protocol is left");
        }
        self.proto = Some((found, negated));
        Ok(())
    }

    fn interface(&self, letter: char, value: &str, span: Span) -> Res {
        if value.is_empty() {
            return refuse(span, "the name of an interface is empty");
        }
        if value.len() > MAX_INTERFACE {
            return refuse(
                span,
                format!("the name of an interface has {MAX_INTERFACE} characters at most"),
            );
        }
        let chain = self.set.chain;
        let wrong = if letter == 'i' {
            matches!(chain, "OUTPUT" | "POSTROUTING")
        } else {
            matches!(chain, "INPUT" | "PREROUTING")
        };
        if wrong {
            return refuse(
                span,
                reworded(
                    format!("`-{letter}` cannot be used in the chain {chain}"),
                    format!("`-{letter}` does not go with the chain {chain}"),
                ),
            );
        }
        Ok(())
    }

    fn counters(&mut self, value: &str, span: Span) -> Res {
        let digits = |s: &str| {
            s.trim_start_matches(['+', '-'])
                .bytes()
                .next()
                .is_some_and(|b| b.is_ascii_digit())
        };
        let second = match value.split_once(',') {
            Some((_, second)) => Some(second.to_owned()),
            None => match self.tokens.peek() {
                Some(t) if !t.value().starts_with(['-', '!']) => {
                    self.next()?.map(|t| t.value().into_owned())
                }
                _ => None,
            },
        };
        match second {
            Some(second) if digits(value) && digits(&second) => Ok(()),
            _ => refuse(span, "`-c` needs a number of packets and of bytes"),
        }
    }

    fn match_(&mut self, name: &str, span: Span) -> Res {
        match self.match_of(name) {
            Some(ext) => self.call(ext, false, span),
            None if name.is_empty() => return refuse(span, "`-m` has no value"),
            // A module of the other family, or one that nobody here knows.
            None if matches::find(name).is_some() => {
                let family = if self.v6 { "ip6tables" } else { "iptables" };
                return refuse(span, format!("{family} has no match `{name}`"));
            }
            None => self.unlisted = true,
        }
        Ok(())
    }

    fn jump(&mut self, goto: bool, name: &str, span: Span) -> Res {
        if name.is_empty() {
            return refuse(span, "the target has no name");
        }
        if name.len() > MAX_NAME {
            return refuse(
                span,
                format!("the name of a target has {MAX_NAME} characters at most"),
            );
        }
        if name.contains(|c: char| c.is_ascii_whitespace() || c == '\x0b') {
            return refuse(span, "the name of a target has no blanks");
        }
        if name == "CONTINUE" && !goto {
            return Ok(());
        }
        let ext = match (name, self.v6) {
            ("TCPMSS", false) => Some(&targets::TCPMSS4),
            ("TCPMSS", true) => Some(&targets::TCPMSS6),
            _ => targets::find(name),
        };
        let chain = self.set.chains.contains_key(name);
        let before = !chain && self.set.announced.iter().any(|n| **n == *name);
        if before && ext.is_some() {
            return refuse(
                span,
                format!("a table before has a chain `{name}`, so the name is no target's here"),
            );
        }
        if let Some(ext) = ext.filter(|e| !goto && !chain && self.knows(e)) {
            if name == "DROP" && self.set.table == TableName::Nat {
                return refuse(
                    span,
                    reworded(
                        "the nat table cannot drop packets",
                        "the nat table is not for dropping packets",
                    ),
                );
            }
            self.call(ext, true, span);
            return Ok(());
        }
        if self.set.table.calls(name) && (chain || goto) {
            return refuse(
                span,
                reworded(
                    format!("a rule cannot jump to the built-in chain `{name}`"),
                    format!("`{name}` is a chain of the kernel, to which no rule goes"),
                ),
            );
        }
        if ext.is_some() && !chain && !goto {
            let family = if self.v6 { "ip6tables" } else { "iptables" };
            return refuse(span, format!("{family} has no target `{name}`"));
        }
        if goto && !chain {
            return refuse(
                span,
                reworded(
                    format!("unknown chain `{name}`"),
                    format!("there is no chain `{name}`"),
                ),
            );
        }
        self.unlisted |= !chain;
        Ok(())
    }
}
