//! What single values say, whatever object they stand in.

use crate::json::{Kind, Value};

/// Whether a value is that of a feature that is not in use: blank, `false` or `0`.
pub(super) fn is_unused(v: Value<'_>) -> bool {
    is_blank(v) || matches!(v.raw(), "false" | "0")
}

/// Whether a value says nothing: `null`, `""`, `[]`, `{}`.
pub(super) fn is_blank(v: Value<'_>) -> bool {
    match v.kind() {
        Kind::Null => true,
        Kind::String => v.span().len() == 2 && v.raw() == "\"\"",
        Kind::Array | Kind::Object => v.is_childless(),
        _ => false,
    }
}

/// Whether text is an ARM template expression, whose value the export does not hold.
pub(super) fn is_expression(text: &str) -> bool {
    text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[")
}

/// The elements of a list in any of its forms: an array, PowerShell's `{"value": […], "Count": n}`, one value alone.
pub(super) fn elements<'a>(v: Value<'a>) -> impl Iterator<Item = Value<'a>> {
    let inner = v.get_ci("value").filter(|i| i.kind() == Kind::Array);
    let list = inner.unwrap_or(v);
    let alone = (list.kind() != Kind::Array && !is_blank(list)).then_some(list);
    list.items().chain(alone)
}

/// The `id` of an object, or the object itself if it is a string.
pub(super) fn id_of(v: Value<'_>) -> Option<Box<str>> {
    let id = match v.kind() {
        Kind::Object => v.get_ci("id")?.str()?,
        _ => v.str()?,
    };
    (!id.is_empty()).then(|| id.as_ref().into())
}

/// The last segment of a resource id.
pub(super) fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The part of a resource id before `/word/`, whatever its case.
pub(super) fn before<'a>(id: &'a str, word: &str) -> Option<&'a str> {
    let n = word.len();
    let at = id.as_bytes().windows(n + 2).position(
        |w| matches!(w, [b'/', inner @ .., b'/'] if inner.eq_ignore_ascii_case(word.as_bytes())),
    )?;
    id.get(..at)
}

/// What a value looks like in a message: its words, or its text where it is no word.
pub(super) fn shown(v: Value<'_>, word: &str) -> String {
    let text = if word.is_empty() { v.raw() } else { word };
    text.chars().take(120).collect()
}
