//! Commands, and objects of a listing, which are commands that add.

use super::super::syntax::{Command, CommandKind, Object, ObjectKind, Target};
use super::reader::{Reader, family, text};
use crate::json::{Kind, Value};
use hylint_model::{Span, TableFamily};
use std::borrow::Cow;

fn verb(word: &str) -> Option<CommandKind> {
    Some(match word {
        "add" => CommandKind::Add,
        "create" => CommandKind::Create,
        "insert" => CommandKind::Insert,
        "replace" => CommandKind::Replace,
        "delete" => CommandKind::Delete,
        "destroy" => CommandKind::Destroy,
        "flush" => CommandKind::Flush,
        "list" | "reset" | "rename" => CommandKind::Other,
        _ => return None,
    })
}

/// Objects that only statements name.
fn named(word: &str) -> Option<ObjectKind> {
    Some(match word {
        "flowtable" => ObjectKind::Flowtable,
        "counter" => ObjectKind::Counter,
        "quota" => ObjectKind::Quota,
        "limit" => ObjectKind::Limit,
        "ct helper" | "ct timeout" | "ct expectation" => ObjectKind::CtObject,
        "synproxy" => ObjectKind::Synproxy,
        "secmark" => ObjectKind::Secmark,
        "tunnel" => ObjectKind::Unknown,
        _ => return None,
    })
}

/// A value that is a command, and the command's key.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    /// What is done.
    pub kind: CommandKind,
    /// An object of a listing: its handle is its own, and not a place.
    pub listed: bool,
    /// The object.
    pub value: Value<'a>,
    /// The whole command.
    pub span: Span,
}

impl<'a> Reader<'a> {
    /// Reads a command or an object of a listing.
    pub(super) fn command(&mut self, word: &str, key: Value<'a>, value: Value<'a>, span: Span) {
        let Some(kind) = verb(word) else {
            let item = Item {
                kind: CommandKind::Add,
                listed: true,
                value,
                span,
            };
            return self.add_object(word, key, item);
        };
        if value.kind() != Kind::Object {
            return self.dropped(span, format!("`{word}` has no object: this is not read"));
        }
        if kind == CommandKind::Other {
            return self.other(word, span);
        }
        for (key, value) in value.members() {
            let word = key.str().unwrap_or_default();
            let item = Item {
                kind,
                listed: false,
                value,
                span,
            };
            self.add_object(&word, key, item);
        }
    }

    /// A command that changes no rule.
    fn other(&mut self, word: &str, span: Span) {
        let target = Target {
            family: TableFamily::Ip,
            table: Cow::Borrowed(""),
            name: Cow::Owned(word.to_owned()),
            handle: None,
        };
        self.commands.push(Command {
            kind: CommandKind::Other,
            object: Object::Other(ObjectKind::Unknown, target),
            span,
        });
    }

    fn add_object(&mut self, word: &str, key: Value<'a>, item: Item<'a>) {
        let value = item.value;
        if value.kind() != Kind::Object && !(word == "ruleset" && value.is_null()) {
            let message = format!("`{word}` is not an object here: this is not read");
            return self.dropped(item.span, message);
        }
        let object = match word {
            "table" => self.table(item),
            "chain" => self.chain(item),
            "rule" => self.rule(item),
            "set" | "map" | "meter" => self.set_object(word, item),
            "element" => self.element_object(item),
            "ruleset" if item.kind == CommandKind::Flush => self.ruleset(value),
            _ => match named(word) {
                Some(kind) => self.named_object(kind, item),
                None => return self.unknown_object(word, key, item),
            },
        };
        let (kind, span) = (item.kind, item.span);
        let command = object.map(|object| Command { kind, object, span });
        self.commands.extend(command);
    }

    fn ruleset(&mut self, value: Value<'a>) -> Option<Object<'a>> {
        let of = value.get("family").filter(|v| !v.is_null());
        match of {
            None => Some(Object::Ruleset(None)),
            Some(word) => {
                let known = family(&text(Some(word)));
                if known.is_none() {
                    self.family(Some(word), word.span());
                }
                Some(Object::Ruleset(Some(known?)))
            }
        }
    }

    fn named_object(&mut self, kind: ObjectKind, item: Item<'a>) -> Option<Object<'a>> {
        let of = |key| item.value.get(key);
        let (family, table) = (of("family"), of("table"));
        let target = self.target(item.span, family, table, of("name"), of("handle"))?;
        Some(Object::Other(kind, target))
    }

    /// What a later nft lists: it may hold anything.
    fn unknown_object(&mut self, word: &str, key: Value<'a>, item: Item<'a>) {
        if key.kind() == Kind::String {
            let message =
                format!("unknown object `{word}` of the ruleset: its effect is not modelled");
            self.dropped(item.span, message);
        }
    }
}
