//! `reg query`: keys on lines of their own, and `    name    REG_SZ    data` below them (Microsoft, "reg query").

use super::cursor::{Cursor, Line, is_hive, queried};
use super::value::Data;
use crate::registry::text::Text;
use hylint_model::Span;

/// A line of it: a value, a key, or the `Hive:` above a listing of PowerShell.
pub(super) fn line<'a>(c: &mut Cursor<'a>, line: Line<'a>) -> bool {
    if let Some((name, kind, data)) = queried(line.text) {
        let start = match data {
            "" => line.end(),
            data => line.at(data),
        };
        c.next += 1;
        let said = match kind {
            "REG_BINARY" | "REG_NONE" | "REG_QWORD" | "REG_LINK" => {
                Data::Other(Span::new(start, line.end()))
            }
            _ => Data::Text(c.whole(start, line.end())),
        };
        let at = line.at(name);
        let span = Span::new(at, (said.span().end as usize).max(line.end()));
        let name = match name {
            "(Default)" => Text::plain("", at),
            name => Text::plain(name, at),
        };
        c.scan.value(c.key, name, span, said);
        return true;
    }
    let text = line.trimmed();
    let text = text.strip_prefix("Hive:").map_or(text, str::trim);
    let text = text.rsplit("::").next().unwrap_or(text);
    if !is_hive(text)
        || text.len() > LONGEST
        || text.contains(" : ")
        || super::value::is_rule_text(text)
    {
        return false;
    }
    let start = line.at(text);
    let key = c.scan.key(text, Span::new(start, start + text.len()));
    if let Some(key) = c.scan.keys.get_mut(key) {
        key.listed = true;
    }
    c.key = Some(key);
    c.next += 1;
    true
}

/// Names of keys end at 255 characters, and paths at a few of them.
const LONGEST: usize = 1024;
