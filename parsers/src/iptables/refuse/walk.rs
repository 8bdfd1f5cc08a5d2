//! Reads the words of one rule as the tools do.

use super::options::{self, LONG, Wants};
use super::spec::{Ext, Of, Opt};
use super::state::{Call, Given, Refusal, Res, Setting, Walk, refuse};
use super::value::{self, Beside};
use super::{extra, matches};
use crate::iptables::token::{Token, Tokens};
use hylint_model::{Span, reworded};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Most words of a rule; the tools take no more (`MAX_ARGC` in iptables/xshared.h), less those that they add.
const MAX_WORDS: usize = 249;

/// Longest word.
const MAX_WORD: usize = 1023;

/// What a word came to.
enum Found {
    Base(char, Wants),
    Own(usize, &'static Opt),
}

pub(super) fn refusal(
    set: Setting<'_, '_>,
    tokens: Tokens<'_>,
    whole: Span,
    v6: bool,
) -> Option<Refusal> {
    let mut walk = Walk {
        set,
        v6,
        tokens,
        whole,
        seen: SmallVec::new(),
        bang: None,
        proto: None,
        proto_used: false,
        calls: SmallVec::new(),
        given: SmallVec::new(),
        unlisted: false,
        words: 0,
        one_side: None,
        passed: false,
    };
    walk.run().and_then(|()| walk.finish()).err()
}

impl<'a> Walk<'_, 'a> {
    pub(super) fn next(&mut self) -> Res<Option<Token<'a>>> {
        let Some(t) = self.tokens.next() else {
            return Ok(None);
        };
        self.words += 1;
        if self.words > MAX_WORDS {
            return refuse(self.whole, "it has too many words");
        }
        if t.text.len() > MAX_WORD {
            return refuse(t.span, "a word is too long");
        }
        Ok(Some(t))
    }

    fn run(&mut self) -> Res {
        while let Some(t) = self.next()? {
            let word = t.value();
            match word.as_bytes() {
                b"--" => {
                    return match self.tokens.peek() {
                        Some(t) => refuse(t.span, "words stand behind `--`"),
                        None => Ok(()),
                    };
                }
                [b'-', b'-', ..] => self.long(&word, t)?,
                [b'-', _, ..] => self.short(&word, t)?,
                b"!" | b"\\!" if word == "!" || self.set.shell => match self.bang.replace(t.span) {
                    Some(_) => return refuse(t.span, "one `!` follows another"),
                    None => continue,
                },
                _ => {
                    return refuse(
                        t.span,
                        reworded(
                            format!("unexpected word `{word}`"),
                            format!("`{word}` belongs to no option"),
                        ),
                    );
                }
            }
            if self.passed {
                return Ok(());
            }
            self.bang = None;
        }
        match self.bang {
            Some(span) => refuse(span, "nothing follows the `!`"),
            None => Ok(()),
        }
    }

    fn long(&mut self, word: &str, t: Token<'a>) -> Res {
        let body = word.get(2..).unwrap_or("");
        let (name, glued) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (body, None),
        };
        let mut found = self.lookup(name, t.span)?;
        if found.is_none() && !self.unlisted && self.load_protocol(t.span) {
            found = self.lookup(name, t.span)?;
        }
        match found {
            Some(found) => {
                let wants = match &found {
                    Found::Base(_, wants) => *wants,
                    Found::Own(_, o) if matches!(o.value, value::Value::None) => Wants::Nothing,
                    Found::Own(..) => Wants::Argument,
                };
                if glued.is_some() && wants == Wants::Nothing {
                    return refuse(t.span, format!("`--{name}` takes no value"));
                }
                self.option(found, wants, glued.map(Cow::Owned), t)
            }
            None if self.unlisted => {
                // It may be an option of what is not known, and take values.
                while self
                    .tokens
                    .peek()
                    .is_some_and(|t| !t.is_option() && !t.is_bang())
                {
                    self.next()?;
                }
                Ok(())
            }
            None => refuse(
                t.span,
                reworded(
                    format!("unknown option `--{name}` in this rule"),
                    format!("`--{name}` is no option of the rule's matches and target"),
                ),
            ),
        }
    }

    /// A word such as `-s`, `-s10.0.0.1` or `-fn`.
    fn short(&mut self, word: &str, t: Token<'a>) -> Res {
        for (i, letter) in word.char_indices().skip(1) {
            let Some(wants) = options::short(letter) else {
                return refuse(
                    t.span,
                    reworded(
                        format!("unknown option `-{letter}`"),
                        format!("`-{letter}` is no option"),
                    ),
                );
            };
            let rest = word.get(i + letter.len_utf8()..).unwrap_or("");
            if wants == Wants::Nothing {
                self.option(Found::Base(letter, wants), wants, None, t)?;
                continue;
            }
            let glued = (!rest.is_empty()).then(|| Cow::Owned(rest.to_owned()));
            return self.option(Found::Base(letter, wants), wants, glued, t);
        }
        Ok(())
    }

    /// The option of a name: exactly, or by an unambiguous beginning.
    fn lookup(&self, name: &str, span: Span) -> Res<Option<Found>> {
        if let Some((_, letter, wants)) = LONG.iter().find(|(n, ..)| *n == name) {
            return Ok(Some(Found::Base(*letter, *wants)));
        }
        let own = || {
            let calls = self.calls.iter().enumerate().rev();
            calls.flat_map(|(i, c)| c.ext.opts.iter().map(move |o| (i, o)))
        };
        if let Some((i, o)) = own().find(|(_, o)| o.name == name) {
            return Ok(Some(Found::Own(i, o)));
        }
        let base = LONG.iter().filter(|(n, ..)| n.starts_with(name));
        let mut base = base.map(|(_, letter, wants)| (*letter, *wants));
        let mut own = own().filter(|(_, o)| o.name.starts_with(name));
        match (base.next(), own.next()) {
            (None, None) => Ok(None),
            (Some(first), None) if base.all(|b| b == first) => {
                Ok(Some(Found::Base(first.0, first.1)))
            }
            (None, Some((i, first))) if own.all(|(j, o)| i == j && o.id == first.id) => {
                Ok(Some(Found::Own(i, first)))
            }
            _ => refuse(span, format!("`--{name}` may be one of several options")),
        }
    }

    /// Loads the match of the protocol, once.
    fn load_protocol(&mut self, span: Span) -> bool {
        let Some((Some(p), _)) = self.proto.filter(|_| !self.proto_used) else {
            return false;
        };
        self.proto_used = true;
        let name = match p {
            1 => "icmp",
            6 => "tcp",
            17 => "udp",
            33 => "dccp",
            50 => "esp",
            51 => "ah",
            58 => "icmp6",
            108 => "ipcomp",
            132 => "sctp",
            135 => "mh",
            136 => "udplite",
            _ => return false,
        };
        match self.match_of(name) {
            Some(ext) => {
                self.call(ext, false, span);
                true
            }
            None => false,
        }
    }

    pub(super) fn match_of(&self, name: &str) -> Option<&'static Ext> {
        let found = match (name, self.v6) {
            ("ah", false) => Some(&matches::AH4),
            ("ah", true) => Some(&matches::AH6),
            _ => matches::find(name),
        };
        found.filter(|e| self.knows(e))
    }

    pub(super) fn knows(&self, e: &Ext) -> bool {
        match e.of {
            Of::Both => true,
            Of::V4 => !self.v6,
            Of::V6 => self.v6,
        }
    }

    pub(super) fn call(&mut self, ext: &'static Ext, target: bool, span: Span) {
        self.calls.push(Call {
            ext,
            target,
            span,
            used: 0,
        });
    }

    /// An option's argument, and a negation that stands before it where the tool takes that.
    pub(super) fn argument(
        &mut self,
        glued: Option<Cow<'a, str>>,
        t: Token<'a>,
        bangs: bool,
    ) -> Res<(Cow<'a, str>, Span)> {
        let (mut value, mut span) = match glued {
            Some(value) => (value, t.span),
            None => match self.next()? {
                Some(v) => (v.value(), t.span.to(v.span)),
                None => return refuse(t.span, format!("`{}` has no value", t.value())),
            },
        };
        // A quote that does not end takes the line's end in.
        if self.tokens.unterminated {
            value.to_mut().push('\n');
        }
        if bangs && self.set.late_bang && value == "!" {
            if self.bang.is_some() {
                return refuse(span, "it is negated twice");
            }
            self.bang = Some(span);
            match self.next()? {
                Some(v) => (value, span) = (v.value(), span.to(v.span)),
                None => return refuse(span, "nothing follows the `!`"),
            }
        }
        Ok((value, span))
    }

    fn option(
        &mut self,
        found: Found,
        wants: Wants,
        glued: Option<Cow<'a, str>>,
        t: Token<'a>,
    ) -> Res {
        match found {
            Found::Base(letter, _) => self.base(letter, wants, glued, t),
            Found::Own(call, o) => self.own(call, o, glued, t),
        }
    }

    fn own(
        &mut self,
        call: usize,
        o: &'static Opt,
        glued: Option<Cow<'a, str>>,
        t: Token<'a>,
    ) -> Res {
        let mut start = t.span;
        let (value, second) = match o.value {
            value::Value::None => (Cow::Borrowed(""), Cow::Borrowed("")),
            value::Value::Two(_) => {
                let (first, span) = self.argument(glued, t, true)?;
                start = span;
                let Some(v) = self.next()? else {
                    return refuse(span, format!("`--{}` needs two values", o.name));
                };
                start = start.to(v.span);
                (first, v.value())
            }
            _ => {
                let (value, span) = self.argument(glued, t, true)?;
                start = span;
                (value, Cow::Borrowed(""))
            }
        };
        let (name, span) = (o.name, start);
        let negated = self.bang.is_some();
        let used = self.calls.get(call).map_or(0, |c| c.used);
        if !o.again && used & (1 << o.id) != 0 {
            return refuse(
                span,
                format!("`--{name}` is given twice, or with another option that excludes it"),
            );
        }
        if negated && !o.negates {
            return refuse(span, format!("`--{name}` cannot be negated"));
        }
        let beside = Beside {
            v6: self.v6,
            proto: self.proto.map(|(p, not)| (p.unwrap_or(0), not)),
        };
        if !o.value.takes(&value, &second, beside) {
            let shown = if second.is_empty() {
                value
            } else {
                Cow::Owned(format!("{value} {second}"))
            };
            return refuse(span, format!("`--{name}` does not take `{shown}` here"));
        }
        if let Some(c) = self.calls.get_mut(call) {
            c.used |= 1 << o.id;
            c.span = c.span.to(span);
        }
        self.given.push(Given {
            call,
            name,
            negated,
            value,
            span,
        });
        extra::at_once(self, call)
    }
}
