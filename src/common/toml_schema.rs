//! The JSON Schema of a TOML file, made of the declaration that its reader uses.
//!
//! Draft 7, which is what editors of TOML read (Taplo, VS Code's Even Better TOML, Tombi). A schema takes whatever the reader
//! takes. It refuses unknown keys, wrong types and wrong words; what only a matrix can tell, such as the name of a role, is
//! offered and not refused.

use super::toml_keys::{Key, Keys, Kind, Map, Named};
use serde_json::{Map as Object, Value, json};
use std::collections::BTreeMap;

/// The JSON Schema of a file, as text.
#[must_use]
pub fn schema(title: &str, root: &'static Keys) -> String {
    let mut whole = table(root);
    let mut shared = BTreeMap::new();
    gather(root, &mut shared);
    if let Value::Object(whole) = &mut whole {
        let each = shared.into_iter().map(|(name, of)| (name, kind(of)));
        let each: BTreeMap<&str, Value> = each.collect();
        if !each.is_empty() {
            whole.insert("definitions".to_owned(), json!(each));
        }
        let draft = json!("http://json-schema.org/draft-07/schema#");
        whole.insert("$schema".to_owned(), draft);
        whole.insert("title".to_owned(), json!(title));
    }
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text
}

/// The shared kinds of a table and of the tables in it.
fn gather(keys: &'static Keys, found: &mut BTreeMap<&'static str, &'static Kind>) {
    for key in keys.each {
        gather_kind(&key.kind, found);
    }
}

fn gather_kind(of: &Kind, found: &mut BTreeMap<&'static str, &'static Kind>) {
    match *of {
        Kind::Shared(name, of) => {
            if found.insert(name, of).is_none() {
                gather_kind(of, found);
            }
        }
        Kind::List(of, _) | Kind::Pair(of) => gather_kind(of, found),
        Kind::Either(a, b) => {
            gather_kind(a, found);
            gather_kind(b, found);
        }
        Kind::Table(keys) | Kind::Tables(keys) => gather(keys, found),
        Kind::Map(names) => {
            for (_, of) in (names.known)() {
                gather_kind(&of, found);
            }
            if let Some((_, of)) = &names.others {
                gather_kind(of, found);
            }
        }
        Kind::Text
        | Kind::Filled
        | Kind::Form(_)
        | Kind::Date
        | Kind::Bool
        | Kind::Number(..)
        | Kind::Port
        | Kind::Word(_)
        | Kind::Name(_) => {}
    }
}

fn table(keys: &Keys) -> Value {
    let needed = keys.each.iter().filter(|k| k.needed).map(|k| k.name);
    let needed: Vec<&str> = needed.collect();
    let each = keys.each.iter().map(|k| (k.name.to_owned(), key(k)));
    let mut out = json!({
        "type": "object",
        "description": keys.about,
        "additionalProperties": false,
        "properties": each.collect::<Object<String, Value>>(),
    });
    let Value::Object(object) = &mut out else {
        return out;
    };
    if !needed.is_empty() {
        object.insert("required".to_owned(), json!(needed));
        // What Taplo writes when it completes the table.
        let start = json!({ "initKeys": needed });
        object.insert("x-taplo".to_owned(), start);
    }
    if !keys.one_of.is_empty() {
        let any: Vec<Value> = keys
            .one_of
            .iter()
            .map(|k| json!({ "required": [k] }))
            .collect();
        object.insert("anyOf".to_owned(), json!(any));
    }
    out
}

fn key(key: &Key) -> Value {
    let mut out = kind(&key.kind);
    let example = example(key.example);
    if let Value::Object(object) = &mut out {
        if !key.about.is_empty() {
            object.insert("description".to_owned(), json!(key.about));
        }
        if let Some(example) = example {
            object.insert("examples".to_owned(), json!([example]));
        }
    }
    out
}

fn kind(of: &Kind) -> Value {
    match of {
        Kind::Text => json!({ "type": "string" }),
        Kind::Filled => json!({ "type": "string", "pattern": r"\S" }),
        Kind::Form(form) => json!({ "type": "string", "pattern": form }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Number(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Kind::Port => json!({ "anyOf": [
            kind(&Kind::Number(1, 65535)),
            kind(&super::toml_keys::PORT_TEXT),
        ] }),
        Kind::Word(names) => choice(&names()),
        Kind::Name(names) => json!({ "anyOf": [choice(&names()), { "type": "string" }] }),
        Kind::List(item, least) => list(item, *least),
        Kind::Pair(item) => {
            json!({ "type": "array", "items": kind(item), "minItems": 2, "maxItems": 2 })
        }
        Kind::Either(a, b) => json!({ "anyOf": [kind(a), kind(b)] }),
        Kind::Table(keys) => table(keys),
        Kind::Tables(keys) => json!({ "type": "array", "items": table(keys) }),
        Kind::Map(names) => map(names),
        // Draft 7 takes no other key beside a reference.
        Kind::Shared(name, _) => json!({ "allOf": [{ "$ref": format!("#/definitions/{name}") }] }),
    }
}

fn list(item: &Kind, least: usize) -> Value {
    let mut out = json!({ "type": "array", "items": kind(item) });
    if let (Value::Object(object), true) = (&mut out, least > 0) {
        object.insert("minItems".to_owned(), json!(least));
    }
    out
}

/// Words, with what editors show beside each.
fn choice(names: &[Named]) -> Value {
    let (words, about): (Vec<&String>, Vec<&String>) = names.iter().map(|(w, a)| (w, a)).unzip();
    json!({ "enum": words, "x-taplo": { "docs": { "enumValues": about } } })
}

fn map(names: &Map) -> Value {
    let known = (names.known)().into_iter();
    let known = known.map(|((name, about), of)| {
        let mut out = kind(&of);
        if let Value::Object(object) = &mut out {
            object.insert("description".to_owned(), json!(about));
        }
        (name, out)
    });
    let mut out = json!({
        "type": "object",
        "description": names.about,
        "additionalProperties": false,
        "properties": known.collect::<Object<String, Value>>(),
    });
    let Value::Object(object) = &mut out else {
        return out;
    };
    match &names.others {
        None => {}
        Some(("", of)) => {
            object.insert("additionalProperties".to_owned(), kind(of));
        }
        Some((form, of)) => {
            object.insert("patternProperties".to_owned(), json!({ *form: kind(of) }));
        }
    }
    out
}

/// A value of TOML as JSON: dates are strings there.
fn example(text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    let table: toml::Table = toml::from_str(&format!("x = {text}")).ok()?;
    table.get("x").map(json_of)
}

/// A TOML value as editors hand it to a schema: dates and times are strings.
#[must_use]
pub fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(s) => json!(s),
        toml::Value::Integer(n) => json!(n),
        toml::Value::Float(n) => json!(n),
        toml::Value::Boolean(b) => json!(b),
        toml::Value::Datetime(d) => json!(d.to_string()),
        toml::Value::Array(all) => all.iter().map(json_of).collect(),
        toml::Value::Table(all) => {
            let each = all.iter().map(|(k, v)| (k.clone(), json_of(v)));
            Value::Object(each.collect())
        }
    }
}
