//! Registry values as JSON: rows of osquery (its table `registry`), of PowerShell and of other programs.

use super::cursor::is_hive;
use super::list::{OWN, Role, is_path, role};
use super::value::{Data, Scan, is_rule_text, names_host};
use crate::json::{Json, Kind, Value};
use crate::registry::text::{Escape, Text};
use hylint_model::Span;

/// A value that is read later: its key, and whether a log says that it is no more.
type Open<'a> = (Value<'a>, Option<usize>, bool);

/// Reads every value that the documents state.
pub(in crate::registry) fn scan<'a>(json: &'a Json<'a>) -> Scan<'a> {
    let mut scan = Scan::default();
    let mut open: Vec<Open<'a>> = json.documents().map(|d| (d, None, false)).collect();
    open.reverse();
    while let Some((value, key, gone)) = open.pop() {
        match value.kind() {
            Kind::Object => object(&mut scan, (value, key, gone), &mut open),
            Kind::Array => {
                let from = open.len();
                open.extend(value.items().map(|v| (v, key, gone)));
                if let Some(new) = open.get_mut(from..) {
                    new.reverse();
                }
            }
            Kind::String => bare(&mut scan, value, key),
            _ => {}
        }
    }
    scan
}

/// A rule string without a name.
fn bare<'a>(scan: &mut Scan<'a>, value: Value<'a>, key: Option<usize>) {
    let text = text(value);
    if is_rule_text(value.raw()) {
        let name = Text::plain("", text.span().start as usize);
        scan.value(key, name, value.span(), Data::Text(text));
    }
}

/// The text of a string or number with its place inside the quotes.
fn text(value: Value<'_>) -> Text<'_> {
    let (raw, at) = (value.raw(), value.span().start as usize);
    match raw.strip_prefix('"') {
        Some(inner) => Text::Written {
            raw: inner.strip_suffix('"').unwrap_or(inner),
            at: at + 1,
            escape: Escape::Json,
        },
        None => Text::plain(raw, at),
    }
}

/// Members by which a log of osquery says that a row, or each row of a list, is no more.
fn is_removal(word: &str, value: Value<'_>) -> bool {
    word.eq_ignore_ascii_case("action")
        && value
            .str()
            .is_some_and(|v| v.eq_ignore_ascii_case("removed"))
}

fn object<'a>(scan: &mut Scan<'a>, (object, key, gone): Open<'a>, open: &mut Vec<Open<'a>>) {
    let mut row = [None; 3];
    let mut powershell = false;
    let mut gone = gone;
    for (name, value) in object.members() {
        let word = name.str().unwrap_or_default();
        gone |= is_removal(&word, value);
        if names_host(&word)
            && let Some(host) = value.str()
        {
            scan.host(&word, &host, value.span());
        }
        let slot = match role(&word) {
            Some(Role::Key) if value.str().is_some_and(|v| is_path(&v)) => 0,
            Some(Role::Name) => 1,
            Some(Role::Data) => 2,
            _ => continue,
        };
        powershell |= word == "PSPath";
        if let Some(place) = row.get_mut(slot) {
            *place = place.or(Some(value));
        }
    }
    let [path, name, data] = row;
    let path = path.map(text);
    let key = path.as_ref().map(|p| scan.key(p.value(), p.span())).or(key);
    if let (Some(name), Some(data)) = (name, data)
        && name.kind() == Kind::String
        && (path.is_some() || is_rule_text(data.raw()))
        && !matches!(data.kind(), Kind::Object | Kind::Array)
    {
        let data = match gone {
            _ if data.kind() == Kind::Null => Data::Broken("its text is not there", data.span()),
            true => Data::Removed(text(data)),
            false => Data::Text(text(data)),
        };
        scan.value(key, text(name), object.span(), data);
        return;
    }
    let from = open.len();
    for (name, value) in object.members() {
        let word = name.str().unwrap_or_default();
        let inner = is_hive(&word) && word.contains('\\');
        let of_key = key.is_some() && (powershell || path.is_none());
        match value.kind() {
            _ if OWN.contains(&&*word) => {}
            Kind::Object | Kind::Array => {
                let gone = gone || word.eq_ignore_ascii_case("removed");
                let at = inner.then(|| scan.key(word.into_owned(), name.span()));
                open.push((value, at.or(key), gone));
            }
            Kind::String | Kind::Number if of_key || is_rule_text(value.raw()) => {
                let span = Span::new(name.span().start as usize, value.span().end as usize);
                scan.value(key, text(name), span, Data::Text(text(value)));
            }
            _ => {}
        }
    }
    if let Some(new) = open.get_mut(from..) {
        new.reverse();
    }
}
