//! JSON text from values of known depth.

use crate::json::escape::quoted;
use std::fmt::Write as _;

/// A value to print. Its depth is the writer's own, never an input's.
pub(in crate::aws) enum Json {
    Text(String),
    Number(i64),
    Bool(bool),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

/// A string.
pub(super) fn text(s: &str) -> Json {
    Json::Text(s.to_owned())
}

/// Prints with four blanks for each level. The recursion is as deep as [`Json`] values of this file are: six.
pub(super) fn print(value: &Json, out: &mut String) {
    print_at(value, 0, out);
}

/// Prints on one line, without blanks. The recursion is as deep as [`print`]'s.
pub(in crate::aws) fn compact(value: &Json) -> String {
    let joined = |each: Vec<String>| each.join(",");
    match value {
        Json::Text(s) => quoted(s),
        Json::Number(n) => n.to_string(),
        Json::Bool(b) => b.to_string(),
        Json::List(items) => format!("[{}]", joined(items.iter().map(compact).collect())),
        Json::Object(members) => {
            let one = |(key, v): &(&str, Json)| format!("{}:{}", quoted(key), compact(v));
            format!("{{{}}}", joined(members.iter().map(one).collect()))
        }
    }
}

fn print_at(value: &Json, level: usize, out: &mut String) {
    match value {
        Json::Text(s) => out.push_str(&quoted(s)),
        Json::Number(n) => {
            let _ = write!(out, "{n}");
        }
        Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Json::List(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(members) if members.is_empty() => out.push_str("{}"),
        Json::List(items) => {
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n == 0 { "[" } else { "," });
                line(level + 1, out);
                print_at(item, level + 1, out);
            }
            line(level, out);
            out.push(']');
        }
        Json::Object(members) => {
            for (n, (key, member)) in members.iter().enumerate() {
                out.push_str(if n == 0 { "{" } else { "," });
                line(level + 1, out);
                out.push_str(&quoted(key));
                out.push_str(": ");
                print_at(member, level + 1, out);
            }
            line(level, out);
            out.push('}');
        }
    }
}

fn line(level: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("    ", level));
}
