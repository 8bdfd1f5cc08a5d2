//! Tables, chains, rules and sets.

use super::super::syntax::{
    ChainDecl, CommandKind, Element, ExprKind, Hooking, Object, Priority, RuleDecl, RulePlace,
    SetDecl, SetFlags, SetType, Statement, StatementKind, TableDecl,
};
use super::command::Item;
use super::reader::{Reader, number, single, text, words};
use super::shape::{self, CHAIN, ELEMENTS, RULE, SET, TABLE};
use crate::json::{Kind, Value};
use hylint_model::{Hook, Span};
use std::borrow::Cow;

/// From the key of a member to the end of its value.
fn member(value: Value<'_>) -> Span {
    value.key_span().to(value.span())
}

impl<'a> Reader<'a> {
    pub(super) fn table(&mut self, item: Item<'a>) -> Option<Object<'a>> {
        let (t, unknown): (shape::Table<'a>, _) = self.keys(&TABLE, item.value);
        self.changed("a table", item.value, unknown);
        let target = self.target(item.span, t.family, t.name, None, t.handle)?;
        let flags = words(t.flags);
        let has = |flag: &str| flags.iter().any(|f| f == flag);
        let mut unknown_flag = false;
        for flag in &flags {
            if !matches!(&**flag, "dormant" | "owner" | "persist") {
                unknown_flag = true;
                self.unknown("table flag", flag, item.value.span());
            }
        }
        Some(Object::Table(TableDecl {
            target,
            dormant: has("dormant"),
            unknown_flag,
            owner: has("owner"),
            comment: t.comment.and_then(Value::text),
            iptables: false,
            head: item.value.span(),
        }))
    }

    pub(super) fn chain(&mut self, item: Item<'a>) -> Option<Object<'a>> {
        let (c, unknown): (shape::Chain<'a>, _) = self.keys(&CHAIN, item.value);
        self.changed("a chain", item.value, unknown);
        let target = self.target(item.span, c.family, c.table, c.name, c.handle)?;
        let policy = c.policy.and_then(|value| self.policy(value));
        let hook = self.hooking(&c);
        Some(Object::Chain(Box::new(ChainDecl {
            target,
            hook,
            policy,
            comment: c.comment.and_then(Value::text),
            head: item.value.span(),
        })))
    }

    /// A policy that is not known may drop.
    fn policy(&mut self, value: Value<'a>) -> Option<(bool, Span)> {
        let allow = match &*text(Some(value)) {
            "accept" => true,
            "drop" => false,
            _ => {
                let message = format!(
                    "invalid policy {}: the chain's policy is not known",
                    value.raw()
                );
                self.malformed(value.span(), message);
                return None;
            }
        };
        Some((allow, member(value)))
    }

    /// Tells of the key that an object has beside those that are known.
    fn changed(&mut self, whose: &str, object: Value<'a>, unknown: Option<Span>) {
        let mut keys = object.members().map(|(key, _)| key);
        if let Some(key) = keys.find(|key| Some(key.span()) == unknown) {
            self.may_change(whose, key);
        }
    }

    fn hooking(&mut self, c: &shape::Chain<'a>) -> Option<Hooking<'a>> {
        let (Some(kind), Some(word), Some(prio)) = (c.kind, c.hook, c.prio) else {
            if let Some(value) = c.hook.or(c.kind).or(c.prio) {
                let message =
                    "a base chain has `type`, `hook` and `prio`, and one of them is missing here";
                self.malformed(value.span(), message);
            }
            let word = c.hook?;
            return Some(Hooking {
                kind: text(c.kind),
                hook: None,
                word: text(Some(word)),
                priority: Priority::default(),
                devices: words(c.dev),
                span: member(word),
            });
        };
        let span = member(kind).to(member(word)).to(member(prio));
        let word = text(Some(word));
        Some(Hooking {
            kind: text(Some(kind)),
            hook: Hook::named(&word),
            word,
            priority: self.priority(prio),
            devices: words(c.dev),
            span,
        })
    }

    /// A number; a name too, which nft itself never prints.
    fn priority(&mut self, value: Value<'a>) -> Priority<'a> {
        if let Some(offset) = value.int().and_then(|n| i32::try_from(n).ok()) {
            return Priority { name: None, offset };
        }
        let text = text(Some(value));
        let whole: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let at = whole.find(['+', '-']).unwrap_or(whole.len());
        let (name, rest) = whole.split_at(at);
        let offset = if rest.is_empty() {
            Some(0)
        } else {
            rest.parse().ok()
        };
        if name.is_empty() || offset.is_none() {
            let message = format!("invalid priority {}: it is read as 0", value.raw());
            self.malformed(value.span(), message);
        }
        Priority {
            name: (!name.is_empty()).then(|| Cow::Owned(name.to_owned())),
            offset: offset.unwrap_or(0),
        }
    }

    pub(super) fn rule(&mut self, item: Item<'a>) -> Option<Object<'a>> {
        let (r, unknown): (shape::Rule<'a>, _) = self.keys(&RULE, item.value);
        let target = self.target(item.span, r.family, r.table, r.chain, None)?;
        let deletes = matches!(item.kind, CommandKind::Delete | CommandKind::Destroy);
        let handle = r.handle.and_then(number);
        if target.name.is_empty() && !(deletes && handle.is_some()) {
            self.dropped(item.span, "`chain` is missing in this rule: it is not read");
            return None;
        }
        let place = match (handle, r.index.and_then(number)) {
            (Some(handle), _) if !item.listed => RulePlace::Handle(handle),
            (_, Some(index)) => RulePlace::Index(index),
            _ => match r.position.or(r.pos).and_then(number) {
                Some(position) => RulePlace::Handle(position),
                None => RulePlace::Unsaid,
            },
        };
        // A value of `null` counts as absent elsewhere.
        let mut statements = match item.value.get("expr") {
            Some(list) if list.kind() != Kind::Array => {
                self.dropped(list.span(), "`expr` is not a list: the rule is not read");
                return None;
            }
            Some(_) => r.expr.map_or_else(Vec::new, |list| self.statements(list)),
            None if deletes => Vec::new(),
            None => {
                self.dropped(item.span, "`expr` is missing in this rule: it is not read");
                return None;
            }
        };
        name_targets(&mut statements);
        if let Some(span) = unknown {
            // The rule may be switched off, or be another one.
            let mut keys = item.value.members().map(|(key, _)| key);
            let key = keys.find(|key| key.span() == span).and_then(Value::str);
            let kind = StatementKind::Unknown(format!("key {}", key.unwrap_or_default()).into());
            statements.insert(0, Statement { kind, span });
        }
        Some(Object::Rule(Box::new(RuleDecl {
            target,
            place,
            handle: handle.filter(|_| item.listed),
            statements,
            comment: r.comment.and_then(Value::text),
            span: item.value.span(),
        })))
    }

    pub(super) fn set_object(&mut self, word: &str, item: Item<'a>) -> Option<Object<'a>> {
        let (s, unknown): (shape::Set<'a>, _) = self.keys(&SET, item.value);
        let target = self.target(item.span, s.family, s.table, s.name, s.handle)?;
        let mut flags = self.set_flags(&s);
        // What a set holds may be more than its elements where a key of it is not known.
        flags.dynamic |= word == "meter" || unknown.is_some();
        let mut elements = s.elem.map_or_else(Vec::new, |v| self.elements(v));
        if let Some(list) = s.stmt {
            let mut each = self.statements(list);
            each.retain(|s| !matches!(s.kind, StatementKind::Silent));
            flags.limited |= !each.is_empty();
            spread(&mut elements, &each);
        }
        let data = match s.map {
            Some(value) => self.set_type(value),
            None => None,
        };
        let key = s.kind.and_then(|value| self.set_type(value));
        Some(Object::Set(Box::new(SetDecl {
            target,
            key,
            data,
            flags,
            size: s.size.and_then(|v| v.text()?.parse().ok()),
            elements,
            head: s.name.map_or(item.value.span(), member),
        })))
    }

    fn set_flags(&mut self, s: &shape::Set<'a>) -> SetFlags {
        let mut flags = SetFlags {
            timeout: s.timeout.is_some(),
            ..SetFlags::default()
        };
        for flag in words(s.flags) {
            match &*flag {
                "constant" => flags.constant = true,
                "dynamic" => flags.dynamic = true,
                "interval" => flags.interval = true,
                "timeout" => flags.timeout = true,
                other => {
                    let at = s.flags.map(Value::span).unwrap_or_default();
                    self.unknown("set flag", other, at);
                    flags.dynamic = true;
                }
            }
        }
        flags
    }

    fn set_type(&mut self, value: Value<'a>) -> Option<SetType<'a>> {
        match value.kind() {
            Kind::String => Some(SetType::Named(match value.str()? {
                Cow::Borrowed(t) => t.split('.').map(|w| Cow::Borrowed(w.trim())).collect(),
                Cow::Owned(t) => vec![Cow::Owned(t)],
            })),
            Kind::Array if value.items().all(|v| v.kind() == Kind::String) => {
                Some(SetType::Named(words(Some(value))))
            }
            Kind::Array => {
                let parts = value.items().map(|v| match single(v) {
                    Some((key, inner)) if key == "typeof" => self.expr(inner),
                    _ => self.expr(v),
                });
                let parts = parts.collect();
                let whole = super::super::syntax::Expr::new(value.span(), ExprKind::Concat(parts));
                Some(SetType::Typeof(whole))
            }
            _ => match single(value) {
                Some((key, inner)) if key == "typeof" => Some(SetType::Typeof(self.expr(inner))),
                _ => {
                    self.malformed(value.span(), "invalid type of a set");
                    None
                }
            },
        }
    }

    pub(super) fn element_object(&mut self, item: Item<'a>) -> Option<Object<'a>> {
        let e: shape::Elements<'a> = self.object(&ELEMENTS, item.value);
        let target = self.target(item.span, e.family, e.table, e.name, None)?;
        let elements = match e.elem {
            // A listing of one element has the set around it.
            Some(value) => match single(value) {
                Some((key, inner)) if key == "set" => self.elements(inner),
                _ => self.elements(value),
            },
            None => Vec::new(),
        };
        Some(Object::Elements(target, elements))
    }

    /// The object in which the text ends. What of a set is there counts, and more may have been; a rule that lacks a part
    /// would match or do something else.
    pub(super) fn cut_off(&mut self, word: &str, value: Value<'a>, span: Span) {
        let item = Item {
            kind: CommandKind::Add,
            listed: true,
            value,
            span,
        };
        let object = match word {
            _ if value.kind() != Kind::Object => None,
            "set" | "map" if value.get("name").is_some() && value.get("table").is_some() => {
                let object = self.set_object(word, item);
                if let Some(Object::Set(mut set)) = object {
                    set.flags.dynamic = true;
                    Some(Object::Set(set))
                } else {
                    None
                }
            }
            _ => None,
        };
        if let Some(object) = object {
            self.commands.push(super::super::syntax::Command {
                kind: CommandKind::Add,
                object,
                span,
            });
        }
    }
}

/// An extension without a name that ends its rule is the rule's target: its verdict is not known.
fn name_targets(statements: &mut [Statement<'_>]) {
    if let Some(StatementKind::Xt { target, name }) = statements.last_mut().map(|s| &mut s.kind)
        && name.is_empty()
    {
        *target = true;
    }
}

/// A set's own statements are those of each element that has none.
fn spread<'a>(elements: &mut [Element<'a>], statements: &[Statement<'a>]) {
    if statements.is_empty() {
        return;
    }
    for element in elements {
        let extra = element.extra.get_or_insert_with(Box::default);
        if extra.statements.is_empty() {
            extra.statements = statements.to_vec();
        }
    }
}
