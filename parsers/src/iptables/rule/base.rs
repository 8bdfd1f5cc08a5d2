//! The options of every rule: addresses, interfaces, target; and the values of an option.

use super::reader::{Call, Kind, Reader};
use crate::iptables::draft::{Opt, arity};
use crate::iptables::token::Token;
use crate::iptables::values::{self, Address};
use crate::iptables::{matches, targets};
use hylint_model::{Clause, Condition, ConditionKind, Field, ProblemKind, Side, Span, Test};
use hylint_space::{AddrSet, Family, IfaceExt, IfaceSet, PacketBox};
use thin_vec::ThinVec;

impl<'a> Reader<'_, '_, 'a> {
    /// Adds a match or target.
    pub(super) fn call(&mut self, kind: Kind, span: Span, implied: bool) {
        self.scratch.calls.push(Call {
            kind,
            span,
            implied,
        });
    }

    pub(super) fn family(&mut self, family: Family) {
        self.draft.src(&AddrSet::any_of(family), false);
        self.draft.dst(&AddrSet::any_of(family), false);
    }

    /// Takes an option's values from the line, and a negation before them.
    pub(super) fn values(&mut self, o: &mut Opt<'a>, glued: Option<Token<'a>>, count: u8) {
        if let Some(v) = glued {
            o.a = v;
            o.span = o.span.to(v.span);
            return;
        }
        let wanted = if count == arity::TEXT { 1 } else { count };
        for i in 0..wanted {
            let mut before = self.tokens.mark();
            let mut next = self.tokens.next();
            if let Some(bang) = next.filter(Token::is_bang)
                && i == 0
                && count != arity::TEXT
            {
                o.negated = !o.negated;
                o.span = o.span.to(bang.span);
                before = self.tokens.mark();
                next = self.tokens.next();
            }
            let Some(v) = next.filter(|v| count == arity::TEXT || !v.is_option()) else {
                self.tokens.back_to(before);
                return;
            };
            o.span = o.span.to(v.span);
            if i == 0 { o.a = v } else { o.b = v }
        }
    }

    pub(super) fn address(&mut self, o: &mut Opt<'a>, glued: Option<Token<'a>>, side: Side) {
        self.values(o, glued, arity::ONE);
        let (field, name) = match side {
            Side::Src => (Field::Source, "source"),
            Side::Dst => (Field::Destination, "destination"),
        };
        o.name = name;
        self.draft.fields.push((field, o.span));
        match values::address(o.a.text) {
            Address::Set(set) if side == Side::Src => self.draft.src(&set, o.negated),
            Address::Set(set) => self.draft.dst(&set, o.negated),
            Address::Name if o.a.text.contains(',') && !o.negated => {
                let parts = o.a.text.split(',');
                let clauses: Vec<Clause> = parts.map(|part| one_of(part, side, o)).collect();
                self.draft.any_clause(clauses);
            }
            Address::Name => {
                let named = named(o.a.text, side, o).negate(o.negated);
                self.draft.conditions.push(named);
            }
            Address::Wide => {
                let text = matches::option_text(o);
                self.draft.unknown(o.span, &text);
            }
            Address::Bad => self.draft.unreadable(o, "address"),
        }
    }

    pub(super) fn interface(&mut self, o: &mut Opt<'a>, glued: Option<Token<'a>>, incoming: bool) {
        self.values(o, glued, arity::ONE);
        let field = if incoming {
            Field::InInterface
        } else {
            Field::OutInterface
        };
        self.draft.fields.push((field, o.span));
        o.name = if incoming {
            "in-interface"
        } else {
            "out-interface"
        };
        let variable = self.context.shell && o.a.text.contains(['$', '`']);
        if variable || o.a.text.is_empty() || o.a.text.contains("{{") {
            return self.draft.unreadable(o, "interface");
        }
        let set = IfaceSet::iface(o.a.text);
        let set = if o.negated { set.complement() } else { set };
        let space = &mut self.draft.space;
        let slot = if incoming {
            &mut space.in_iface
        } else {
            &mut space.out_iface
        };
        *slot = slot.intersect(&set);
    }

    pub(super) fn jump(&mut self, o: &mut Opt<'a>, glued: Option<Token<'a>>) {
        let goto = matches!(o.name, "-g" | "--goto");
        self.values(o, glued, arity::ONE);
        if o.negated || self.jump.is_some() || o.a.text.is_empty() {
            self.stray = true;
            self.draft.condition(
                ConditionKind::Unknown,
                Test::Opaque,
                o.span,
                matches::option_text(o),
                false,
            );
            self.draft.note(
                ProblemKind::Malformed,
                o.span,
                "a second, negated or empty target",
            );
            return;
        }
        // The tools look at the chains first: behind `:LOG - [0:0]` every `-j LOG` is a jump (`xtables_announce_chain`).
        let chain = self.context.chains.contains_key(o.a.text);
        if !goto
            && !chain
            && let Some(t) = targets::find(o.a.text)
        {
            self.call(Kind::Target(t), o.a.span, false);
        }
        self.jump = Some((o.a, goto, o.span));
    }
}

/// Whether an address is one of those that a name stands for, which was looked up when the rule was loaded.
fn named(text: &str, side: Side, o: &Opt<'_>) -> Condition {
    let host = text.split_once('/').map_or(text, |(h, _)| h);
    let whole = host.len() == text.len() || text.ends_with("/32") || text.ends_with("/128");
    let test = if whole {
        Test::Named {
            key: format!("host:{host}").into(),
            side,
        }
    } else {
        Test::Opaque
    };
    Condition::new(
        ConditionKind::Peer,
        test,
        o.span,
        format!("{} {text}", o.name),
    )
}

/// One address or name of a list.
fn one_of(text: &str, side: Side, o: &Opt<'_>) -> Clause {
    let mut space = PacketBox::any();
    let mut conditions = ThinVec::new();
    match values::address(text) {
        Address::Set(set) if side == Side::Src => space.src = set,
        Address::Set(set) => space.dst = set,
        Address::Name | Address::Wide | Address::Bad => conditions.push(named(text, side, o)),
    }
    Clause { space, conditions }
}

/// `--option=value` and `-xvalue` as two tokens.
#[inline]
pub(super) fn split_value(t: Token<'_>) -> (&str, Option<Token<'_>>) {
    if t.text.len() == 2 {
        return (t.text, None);
    }
    let at = if t.text.starts_with("--") {
        t.text.find('=').map(|i| (i, i + 1))
    } else {
        let short = t.text.get(..2).unwrap_or("");
        let glues = matches!(short, "-s" | "-d" | "-p" | "-i" | "-o" | "-m" | "-j" | "-g");
        glues.then_some((2, 2))
    };
    let Some((end, value)) = at else {
        return (t.text, None);
    };
    let offset = t.span.start as usize;
    let token = Token {
        text: t.text.get(value..).unwrap_or(""),
        span: Span::new(offset + value, t.span.end as usize),
    };
    (t.text.get(..end).unwrap_or(t.text), Some(token))
}
