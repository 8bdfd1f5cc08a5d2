//! Objects of `ConvertTo-Json`.
//!
//! Windows PowerShell 5 and PowerShell 7 print the same objects: enumerations as numbers, or as words where a script casts
//! them, lists as arrays, single elements as themselves, and a list in an object that `Select-Object` made as
//! `{"value": […], "Count": n}`. Below the depth that was asked for, an object is one line of text.

use super::foreign;
use crate::json::memo::{KnownKeys, Memo};
use crate::json::{Json, Kind as Node, Value};
use crate::powershell::asked::Store;
use crate::powershell::cell::{Cell, Word, is_lost};
use crate::powershell::found::{Context, Found};
use crate::powershell::props::{Known, Prop, Shape, known};
use crate::powershell::record::{Kind, Odd, Record};
use crate::windows::build::clip;
use hylint_model::{Problem, ProblemKind, Span};
use smallvec::SmallVec;
use std::borrow::Cow;

/// How deep objects are looked for in objects.
const DEEPEST: usize = 12;

/// How many elements of a list are asked whether it is one of rules.
const MOST_ASKED: usize = 16;

/// The newest version of what the collecting script writes.
const NEWEST: u32 = 1;

/// Stores whose names are keys.
const STORES: [&str; 6] = [
    "ActiveStore",
    "PersistentStore",
    "RSOP",
    "SystemDefaults",
    "StaticServiceStore",
    "ConfigurableServiceStore",
];

/// What names of keys have that stand for a part of a firewall, and not for a host.
const SECTIONS: [&str; 24] = [
    "rule", "store", "inbound", "outbound", "ingress", "egress", "allow", "block", "firewall",
    "profile", "filter", "policy", "rsop", "default", "domain", "private", "public", "data",
    "value", "local", "enabled", "disabled", "result", "item",
];

/// A value that may hold objects.
#[derive(Clone, Copy)]
struct Open<'a> {
    value: Value<'a>,
    depth: usize,
    context: usize,
    /// It stands in a list of rules.
    of_rules: bool,
}

/// Reads every object of the documents, which begin at an offset of the file.
pub(in crate::powershell) fn read<'a>(json: &'a Json<'a>, offset: usize, found: &mut Found<'a>) {
    let context = found.last();
    let mut walk = Walk {
        offset,
        found,
        memo: Memo::default(),
    };
    for document in json.documents() {
        walk.document(Open {
            value: document,
            depth: 0,
            context,
            of_rules: false,
        });
    }
}

struct Walk<'a, 'f> {
    offset: usize,
    found: &'f mut Found<'a>,
    memo: Memo<Known>,
}

/// The members of an object, sorted by what they are.
struct Members<'a> {
    record: Record<'a>,
    /// Values under names that are no properties.
    others: Vec<(Value<'a>, Value<'a>)>,
}

impl<'a> Walk<'a, '_> {
    fn at(&self, value: Value<'_>) -> Span {
        let span = value.span();
        Span::new(
            self.offset + span.start as usize,
            self.offset + span.end as usize,
        )
    }

    fn document(&mut self, first: Open<'a>) {
        let mut open = vec![first];
        while let Some(next) = open.pop() {
            let before = open.len();
            match next.value.kind() {
                Node::Array => {
                    let of_rules = next.value.items().take(MOST_ASKED).any(is_rule);
                    let inner = |value| Open {
                        value,
                        depth: next.depth + 1,
                        of_rules,
                        ..next
                    };
                    if next.depth < DEEPEST {
                        open.extend(next.value.items().map(inner));
                    }
                }
                Node::Object => self.object(next, &mut open),
                Node::String => self.text(next),
                _ if next.of_rules => self.bare(next),
                _ => {}
            }
            // The first one comes next.
            if let Some(new) = open.get_mut(before..) {
                new.reverse();
            }
        }
    }

    /// An object in one line, where objects stand: which rule it is cannot be told.
    fn text(&mut self, next: Open<'a>) {
        let Some(text) = next.value.str() else { return };
        let rule = ["DisplayName=", "Direction=", "EdgeTraversalPolicy="];
        let quoted = ["\"DisplayName\"", "\"Direction\"", "\"InstanceID\""];
        let is_rule = text.starts_with("@{") && rule.iter().any(|p| text.contains(p))
            || text.trim_start().starts_with(['{', '[']) && quoted.iter().any(|p| text.contains(p));
        let span = self.at(next.value);
        if is_rule || text.starts_with("MSFT_NetFirewallRule") || next.of_rules {
            self.bare(next);
        } else if text.starts_with("MSFT_NetConSecRule") || text.starts_with("MSFT_NetIPsec") {
            let mut record = Record::new(span, next.context);
            record.add(Prop::InboundSecurity, Cell::lost(span));
            record.add(Prop::OutboundSecurity, Cell::lost(span));
            self.found.push(record);
        } else if text.lines().any(foreign::is_firewall) {
            foreign::tell(span, self.found);
        }
    }

    /// A rule of which nothing is known but that it is there.
    fn bare(&mut self, next: Open<'a>) {
        let span = self.at(next.value);
        let mut record = Record::new(span, next.context);
        record.lost = Some(span);
        record.add(Prop::Direction, Cell::lost(span));
        self.found.push(record);
    }

    fn object(&mut self, next: Open<'a>, open: &mut Vec<Open<'a>>) {
        if let Some(inner) = wrapped(next.value) {
            open.push(Open {
                value: inner,
                depth: next.depth + 1,
                ..next
            });
            return;
        }
        let Members { mut record, others } = self.members(next);
        self.marks(&record);
        self.version(next.value);
        match record.kind() {
            Kind::Other if next.of_rules && !record.is_com() && !holds(&others) => self.bare(next),
            Kind::Other => self.envelope(next, record, others, open),
            Kind::Rule => {
                for (key, value) in others {
                    self.nested(&mut record, key, value);
                }
                named(&mut record);
                self.found.push(record);
            }
            _ => {
                self.odd(&mut record, &others);
                self.found.push(record);
            }
        }
    }

    /// What a later script writes may mean something else.
    fn version(&mut self, object: Value<'a>) {
        let newer = |v: &Value<'a>| {
            let number = v.text().and_then(|t| t.parse::<u32>().ok());
            number.is_none_or(|n| n > NEWEST)
        };
        let made = object.get("Hylint").and_then(|_| object.get("Version"));
        if let Some(version) = made.filter(newer) {
            let text = version.text().unwrap_or_default();
            let message = format!(
                "version `{}` of what `hylint collect windows` writes is not known: what it says may be read wrong",
                clip(&text)
            );
            let problem = Problem::new(ProblemKind::Malformed, self.at(version), message);
            let help = "use the hylint that printed the script, or export again with the script of this one";
            self.found.problems.push(problem.help(help));
        }
    }

    /// The host and the time that an object names.
    fn marks(&mut self, record: &Record<'a>) {
        if let Some(host) = record.one(Prop::Computer) {
            self.found.host(&host.text, host.span);
        }
        if let Some(made) = record.one(Prop::Collected) {
            let made = (made.text.clone().into_owned(), made.span);
            self.found.made.get_or_insert(made);
        }
    }

    fn members(&mut self, next: Open<'a>) -> Members<'a> {
        let mut out = Members {
            record: Record::new(self.at(next.value), next.context),
            others: Vec::new(),
        };
        out.record.cut = next.value.is_cut();
        let mut keys = self.memo.take("object");
        for (key, value) in next.value.members() {
            match look(&mut keys, key) {
                Known::Prop(prop) => {
                    let objects = holds_objects(value);
                    match objects {
                        // `Profiles` is a property of rules, and what a collector calls a list of profiles.
                        true => out.others.push((key, value)),
                        false => out.record.add(prop, self.cell(prop, value)),
                    }
                }
                Known::Inert => {}
                Known::Unknown => out.others.push((key, value)),
            }
        }
        self.memo.put("object", keys);
        out
    }

    /// Names that are no properties and whose values say something.
    fn odd(&self, record: &mut Record<'a>, others: &[(Value<'a>, Value<'a>)]) {
        for (key, value) in others {
            let silent = match value.kind() {
                Node::Null => true,
                Node::String => value.str().is_none_or(|t| t.trim().is_empty()),
                Node::Array | Node::Object => value.is_childless(),
                _ => false,
            };
            if !silent {
                record.odd.push(Odd {
                    name: key.str().unwrap_or_default(),
                    span: self.at(*key),
                });
            }
        }
    }

    /// What stands in an object of a rule under a name of its own: a filter, or something that is not known.
    fn nested(&mut self, record: &mut Record<'a>, key: Value<'a>, value: Value<'a>) {
        let mut items = value.items();
        let value = match (value.kind(), items.next(), items.next()) {
            (Node::Array, Some(only), None) => only,
            _ => value,
        };
        if value.kind() == Node::Object {
            let value = wrapped(value).unwrap_or(value);
            let inner = self.members(Open {
                value,
                depth: 0,
                context: record.context,
                of_rules: false,
            });
            if inner.record.kind() == Kind::Filter {
                record.take_filters(&inner.record);
                self.odd(record, &inner.others);
                return;
            }
        }
        if let Known::Prop(prop) = known(&key.str().unwrap_or_default()) {
            return record.add(prop, Cell::lost(self.at(value)));
        }
        let lost = value.str().filter(|t| is_lost(t.trim()));
        match lost {
            Some(_) => record.lost = record.lost.or(Some(self.at(value))),
            None => self.odd(record, &[(key, value)]),
        }
    }

    /// An object that is none of the firewall's holds such objects, lists of them, or one rule and its filters.
    fn envelope(
        &mut self,
        next: Open<'a>,
        own: Record<'a>,
        others: Vec<(Value<'a>, Value<'a>)>,
        open: &mut Vec<Open<'a>>,
    ) {
        if next.depth >= DEEPEST || own.has(Prop::Process) {
            return;
        }
        if let Some(rule) = self.rule_of_parts(next, &others) {
            self.found.push(rule);
            return;
        }
        self.hosts(&others);
        for (key, value) in others {
            let name = key.str().unwrap_or_default();
            if ["Errors", "Error"]
                .iter()
                .any(|e| e.eq_ignore_ascii_case(&name))
            {
                self.failures(value, next.context);
                continue;
            }
            let proxies = name.to_ascii_lowercase().contains("portproxy");
            if let Some(text) = value.str().filter(|_| proxies) {
                let span = self.at(value);
                self.found.proxies.push((text.into_owned(), span));
                continue;
            }
            let store = STORES.iter().find(|s| s.eq_ignore_ascii_case(&name));
            let context = match store {
                Some(store) => self.found.open(Context {
                    store: Some(Store::named(store)),
                    ..self
                        .found
                        .contexts
                        .get(next.context)
                        .cloned()
                        .unwrap_or_default()
                }),
                None => next.context,
            };
            let rules = value.get("Rules").is_some_and(|r| !r.is_null());
            if store == Some(&"ActiveStore") && (rules || value.kind() == Node::Array) {
                self.found.active = true;
            }
            open.push(Open {
                value,
                depth: next.depth + 1,
                context,
                of_rules: false,
            });
        }
    }

    /// The hosts by whose names lists of rules stand in one object.
    fn hosts(&mut self, others: &[(Value<'a>, Value<'a>)]) {
        let holds = |v: Value<'a>| {
            let listed = v.items().take(MOST_ASKED).any(is_rule);
            listed || is_rule(v) || v.get("Rules").is_some() || v.get("ActiveStore").is_some()
        };
        let is = |(key, value): &&(Value<'a>, Value<'a>)| {
            let name = key.str().unwrap_or_default().to_ascii_lowercase();
            !SECTIONS.iter().any(|s| name.contains(s))
                && name != "in"
                && name != "out"
                && holds(*value)
        };
        let named: Vec<Value<'a>> = others.iter().filter(is).map(|(k, _)| *k).collect();
        if named.len() > 1 {
            for key in named {
                let name = key.str().unwrap_or_default();
                self.found.host(&name, self.at(key));
            }
        }
    }

    /// Commands that failed, however a script writes them down.
    fn failures(&mut self, value: Value<'a>, context: usize) {
        let items: Vec<Value<'a>> = match value.kind() {
            Node::Array => value.items().collect(),
            _ => vec![value],
        };
        for item in items {
            let text = scalar(item).filter(|t| !t.trim().is_empty());
            if item.is_null() || item.kind() == Node::False {
                continue;
            }
            if text.is_none() && (item.kind() == Node::String || item.is_childless()) {
                continue;
            }
            let span = self.at(item);
            let mut record = Record::new(span, context);
            for (prop, key) in [(Prop::Command, "Command"), (Prop::Failure, "Message")] {
                let cell = item.get(key).map(|v| self.cell(prop, v));
                record.add(prop, cell.unwrap_or(Cell::empty(span)));
            }
            if let Some(text) = text {
                record.add_text(Prop::Failure, text, span);
            }
            self.found.push(record);
        }
    }

    /// One rule whose filters stand beside it in an object: `{"Rule": {…}, "PortFilter": {…}}`.
    fn rule_of_parts(
        &mut self,
        next: Open<'a>,
        others: &[(Value<'a>, Value<'a>)],
    ) -> Option<Record<'a>> {
        let objects = others.iter().filter(|(_, v)| v.kind() == Node::Object);
        if objects.clone().count() < 2 || others.len() > 16 {
            return None;
        }
        let mut rule: Option<Record<'a>> = None;
        let mut filters = Vec::new();
        let mut rest = Vec::new();
        for (key, value) in others {
            if value.kind() != Node::Object || wrapped(*value).is_some() {
                rest.push((*key, *value));
                continue;
            }
            let Members { mut record, others } = self.members(Open {
                value: *value,
                ..next
            });
            self.odd(&mut record, &others);
            match record.kind() {
                Kind::Rule if rule.is_none() => rule = Some(record),
                Kind::Filter => filters.push(record),
                _ => return None,
            }
        }
        let mut rule = rule?;
        let of_rule = |f: &Record<'a>| f.id().is_none_or(|id| rule.id() == Some(id));
        if filters.is_empty() || !filters.iter().all(of_rule) {
            return None;
        }
        for filter in &filters {
            rule.take_filters(filter);
        }
        for (key, value) in rest {
            self.nested(&mut rule, key, value);
        }
        named(&mut rule);
        Some(rule)
    }

    fn cell(&self, prop: Prop, value: Value<'a>) -> Cell<'a> {
        let span = self.at(value);
        match value.kind() {
            Node::Null => Cell::empty(span),
            Node::Array => self.list(prop, value, span),
            Node::Object => match (wrapped(value), value.is_childless()) {
                (Some(inner), _) if inner.kind() != Node::Object => self.cell(prop, inner),
                (None, true) => Cell::empty(span),
                _ => Cell::lost(span),
            },
            _ => match scalar(value) {
                Some(text) => Cell::of_text(prop, text, self.inner(value)),
                None => Cell::lost(span),
            },
        }
    }

    /// The elements of an array; one that is no word makes all of them lost.
    fn list(&self, prop: Prop, value: Value<'a>, span: Span) -> Cell<'a> {
        let mut words: SmallVec<[Word<'a>; 1]> = SmallVec::new();
        for item in value.items() {
            let item = match item.kind() {
                Node::Object => wrapped(item).unwrap_or(item),
                _ => item,
            };
            let Some(text) = scalar(item) else {
                if item.is_null() {
                    continue;
                }
                return Cell::lost(span);
            };
            let cell = match prop.shape() {
                Shape::Words | Shape::One => Cell::of_text(prop, text, self.inner(item)),
                Shape::Text | Shape::Texts => {
                    let place = self.inner(item);
                    words.push(Word { text, span: place });
                    continue;
                }
            };
            if cell.is_lost() {
                return Cell::lost(span);
            }
            words.extend(cell.words().iter().cloned());
        }
        // Where one word belongs, several say nothing that is known.
        let differ = |w: &Word<'a>| words.first().is_some_and(|first| first.text != w.text);
        if prop.shape() == Shape::One && words.len() > 1 {
            if words.iter().any(differ) {
                return Cell::lost(span);
            }
            words.truncate(1);
        }
        Cell::of_words(words, span)
    }

    /// The place of a value without its quotes.
    fn inner(&self, value: Value<'_>) -> Span {
        let span = self.at(value);
        match value.kind() {
            Node::String if span.len() >= 2 => {
                Span::new(span.start as usize + 1, span.end as usize - 1)
            }
            _ => span,
        }
    }
}

/// Gives a rule the place of its name: the first line of an object is a bracket, and tells nobody which rule it is.
fn named(rule: &mut Record<'_>) {
    let names = [Prop::DisplayName, Prop::Name, Prop::InstanceId];
    let place = |p: &Prop| rule.one(*p).map(|w| w.span).filter(|s| !s.is_empty());
    if let Some(place) = names.iter().find_map(place) {
        rule.span = place;
    }
}

fn look(keys: &mut KnownKeys<Known>, key: Value<'_>) -> Known {
    keys.get(key.raw(), || known(&key.str().unwrap_or_default()))
}

/// A string, number or truth value as PowerShell writes it.
fn scalar(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Node::True => Some(Cow::Borrowed("True")),
        Node::False => Some(Cow::Borrowed("False")),
        Node::String | Node::Number => value.text(),
        _ => None,
    }
}

/// The value of `{"value": …, "Count": n}` and of `{"value": 1, "Value": "Inbound"}`, of which the word is taken.
fn wrapped(object: Value<'_>) -> Option<Value<'_>> {
    let value = |key: &str| object.get(key);
    let inner = value("Value").or_else(|| value("value"))?;
    let mut others = object.members().map(|(k, _)| k.str().unwrap_or_default());
    let own = others.all(|k| matches!(&*k, "value" | "Value" | "Count" | "Length"));
    own.then_some(inner)
}

/// Whether an object stands under one of the names.
fn holds(others: &[(Value<'_>, Value<'_>)]) -> bool {
    others.iter().any(|(_, v)| holds_objects(*v))
}

/// Whether a value is an object with what every rule has.
fn is_rule(value: Value<'_>) -> bool {
    let has = |key: &str| value.get(key).is_some();
    value.kind() == Node::Object && has("Direction") && has("Action")
}

/// Whether a value is an object or a list of objects, and no list of words.
fn holds_objects(value: Value<'_>) -> bool {
    match value.kind() {
        Node::Object => match wrapped(value) {
            Some(inner) => inner
                .items()
                .any(|i| i.kind() == Node::Object && wrapped(i).is_none()),
            None => !value.is_childless(),
        },
        Node::Array => {
            let object = |i: Value<'_>| i.kind() == Node::Object && wrapped(i).is_none();
            value.items().any(object)
        }
        _ => false,
    }
}
