//! Lists of PowerShell (`Format-List`, `Get-Item`, `Get-ItemProperty`, `Get-GPRegistryValue`): `name : value`, with long values
//! over several lines; and those of osquery (`--line`): `name = value`.

use super::cursor::{Cursor, Line};
use super::value::{Data, is_rule_text, names_host, rule_start};
use crate::registry::text::Text;
use hylint_model::Span;

/// One line of a record with those that continue it.
struct Property<'a> {
    name: &'a str,
    name_at: usize,
    value: Text<'a>,
    span: Span,
}

/// Members that PowerShell adds to what the registry holds.
pub(super) const OWN: [&str; 5] = [
    "PSPath",
    "PSParentPath",
    "PSChildName",
    "PSDrive",
    "PSProvider",
];

/// What a member or column of a row is, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Key,
    Name,
    Data,
    Kind,
}

/// The role of a member of a row, as osquery, PowerShell's rows and `Get-GPRegistryValue` call them.
pub(super) fn role(name: &str) -> Option<Role> {
    let lower = name.to_ascii_lowercase();
    Some(match lower.as_str() {
        "pspath" | "key" | "keypath" | "fullkeypath" | "registrykey" | "registrypath" | "hive" => {
            Role::Key
        }
        "name" | "valuename" | "property" | "value name" | "key name" => Role::Name,
        "data" | "value" | "valuedata" | "value data" => Role::Data,
        "type" | "valuetype" | "kind" | "propertytype" => Role::Kind,
        _ => return None,
    })
}

/// Whether a text is the path of a registry key.
pub(super) fn is_path(text: &str) -> bool {
    text.contains("Registry::") || text.contains('\\') && !text.contains('|')
}

/// Takes the lines up to the next blank one, if they state values of the registry.
pub(super) fn record<'a>(c: &mut Cursor<'a>, first: Line<'a>) -> bool {
    if c.next < c.plain_until || split(first.text).is_none() {
        return false;
    }
    let indent = indent(first.text);
    let mut all: Vec<Property<'a>> = Vec::new();
    let mut ahead = 0;
    while let Some(line) = c.peek(ahead).filter(|l| !l.text.is_empty()) {
        let continues = self::indent(line.text) > indent + 2;
        match (split(line.text).filter(|_| !continues), all.last_mut()) {
            (Some((name, value)), _) => all.push(property(line, name, value)),
            (None, Some(last)) if continues => join(last, line),
            _ => break,
        }
        ahead += 1;
    }
    let registry = |p: &Property<'_>| p.name == "PSPath" && p.value.value().contains("Registry::");
    let rules = |p: &Property<'_>| is_rule_text(&p.value.value());
    if !all.iter().any(|p| registry(p) || rules(p)) {
        c.plain_until = c.next + ahead.max(1);
        return false;
    }
    c.next += ahead;
    for p in all.iter().filter(|p| names_host(p.name)) {
        c.scan.host(p.name, &p.value.value(), p.value.span());
    }
    take(c, all);
    true
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Name and value of a line. Names of rules may hold colons (`TCP Query User{…}C:\app.exe`).
fn split(line: &str) -> Option<(&str, &str)> {
    if let Some(at) = rule_start(line) {
        let (before, rule) = line.split_at_checked(at)?;
        let name = before.trim_end().strip_suffix([':', '='])?;
        return Some((name.trim(), rule)).filter(|(n, _)| !n.is_empty());
    }
    let pair = line.split_once(" : ").or_else(|| line.split_once(" = "));
    let (name, value) = match pair {
        Some(pair) => pair,
        None => (line.strip_suffix(" :")?, ""),
    };
    Some((name.trim(), value.trim())).filter(|(n, _)| !n.is_empty())
}

fn property<'a>(line: Line<'a>, name: &'a str, value: &'a str) -> Property<'a> {
    let at = match value {
        "" => line.end(),
        value => line.at(value),
    };
    Property {
        name,
        name_at: line.at(name),
        value: Text::plain(value, at),
        span: line.span(),
    }
}

/// Lines are broken at a blank, which goes, where one is near the end, else inside a word. A rule string has few blanks.
fn join(last: &mut Property<'_>, line: Line<'_>) {
    let mut value = last.value.value().into_owned();
    value.push_str(line.trimmed());
    last.span = last.span.to(line.span());
    last.value = Text::Joined {
        value: value.into(),
        span: last.value.span().to(line.span()),
    };
}

fn take<'a>(c: &mut Cursor<'a>, all: Vec<Property<'a>>) {
    let of = |role: Role| all.iter().find(|p| self::role(p.name) == Some(role));
    let path = all
        .iter()
        .filter(|p| self::role(p.name) == Some(Role::Key) && is_path(&p.value.value()));
    // The longest: `KeyPath` has no hive.
    let path = path.max_by_key(|p| p.value.value().len());
    let key = match path {
        Some(p) => Some(c.scan.key(p.value.value(), p.value.span())),
        None => c.key,
    };
    if let (Some(name), Some(data)) = (of(Role::Name), of(Role::Data))
        && (path.is_some() || is_rule_text(&data.value.value()))
    {
        let span = name.span.to(data.span);
        let said = Data::Text(data.value.clone());
        c.scan.value(key, name.value.clone(), span, said);
        return;
    }
    for p in &all {
        if OWN.contains(&p.name) || names_host(p.name) || path.is_some_and(|k| k.name == p.name) {
            continue;
        }
        let (key, name) = in_column(c, key, p);
        let name = Text::plain(name.text_of(p), name.span.start as usize);
        c.scan.value(key, name, p.span, Data::Text(p.value.clone()));
    }
}

/// `Get-Item` prints the key's last name in a column of its own before its first value.
fn in_column<'a>(
    c: &mut Cursor<'a>,
    key: Option<usize>,
    p: &Property<'a>,
) -> (Option<usize>, Name) {
    let whole = Name {
        span: Span::new(p.name_at, p.name_at + p.name.len()),
        skip: 0,
    };
    let Some((column, rest)) = p.name.split_once("  ") else {
        return (key.or(c.key), whole);
    };
    let Some(parent) = key.and_then(|k| c.scan.keys.get(k)) else {
        return (key, whole);
    };
    let inner = format!("{}\\{column}", parent.name);
    let span = Span::new(p.name_at, p.name_at + column.len());
    let key = c.scan.key(inner, span);
    c.key = Some(key);
    let skip = p.name.len() - rest.trim_start().len();
    let span = Span::new(p.name_at + skip, p.name_at + p.name.len());
    (Some(key), Name { span, skip })
}

struct Name {
    span: Span,
    skip: usize,
}

impl Name {
    fn text_of<'a>(&self, p: &Property<'a>) -> &'a str {
        p.name.get(self.skip..).unwrap_or("")
    }
}
