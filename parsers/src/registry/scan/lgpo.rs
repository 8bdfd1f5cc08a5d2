//! Text of LGPO.exe, which stands for a Registry.pol file: four lines a value (Microsoft, "LGPO.exe", Policy Analyzer).
//!
//! ```text
//! Computer
//! Software\Policies\Microsoft\WindowsFirewall\FirewallRules
//! RuleName
//! SZ:v2.31|Action=Allow|…
//! ```

use super::cursor::{Cursor, Line};
use super::value::{Data, Event};
use crate::registry::text::{Escape, Text};
use hylint_model::Span;

/// Takes the four lines of a value.
pub(super) fn entry<'a>(c: &mut Cursor<'a>, line: Line<'a>) -> bool {
    let goes_on = !c.scan.events.is_empty();
    let at_end = !c.text.ends_with('\n');
    let begins = "Computer".starts_with(line.text) && c.peek(1).is_none();
    let begun = line.text == "Computer" && c.peek(2).is_none();
    let keyless = c.peek(1).is_none_or(|k| !k.text.contains('\\'));
    if goes_on && keyless && (begins && at_end || begun) {
        let last = c.peek(1).unwrap_or(line);
        return cut(c, line, last);
    }
    let user = match line.trimmed() {
        word if word.eq_ignore_ascii_case("computer") => false,
        word if word.eq_ignore_ascii_case("user") || word.starts_with("User:") => true,
        _ => return false,
    };
    let Some(key) = c.peek(1).filter(|k| k.text.contains('\\')) else {
        return false;
    };
    let filled = |l: &Line<'_>| !l.text.is_empty();
    let (Some(name), Some(data)) = (c.peek(2).filter(filled), c.peek(3).filter(filled)) else {
        return cut(c, line, key);
    };
    let (key_text, name_text) = (key.trimmed(), name.trimmed());
    let start = key.at(key_text);
    let span = Span::new(start, start + key_text.len());
    let at = match user {
        true => c.scan.key(format!("HKCU\\{key_text}"), span),
        false => c.scan.key(key_text, span),
    };
    let whole = |end| Span::new(line.span().start as usize, end);
    let name = Text::plain(name_text, name.at(name_text));
    let said = data.trimmed();
    let upper = said.to_ascii_uppercase();
    c.next += 4;
    match upper.as_str() {
        "DELETEALLVALUES" | "CLEAR" => c.scan.events.push(Event::DeleteKey(at)),
        "DELETE" => {
            let end = data.end();
            c.scan
                .value(Some(at), name, whole(end), Data::Deleted(data.span()));
        }
        "CREATEKEY" => {}
        _ if upper.starts_with("DELETEKEYS:") => {
            for part in listed(said) {
                let inner = c.scan.key(format!("{key_text}\\{part}"), span);
                c.scan.events.push(Event::DeleteKey(inner));
            }
        }
        _ if upper.starts_with("DELETEVALUES:") => {
            for part in listed(said) {
                let name = Text::plain(part, data.at(part));
                let deleted = Data::Deleted(data.span());
                c.scan.value(Some(at), name, whole(data.end()), deleted);
            }
        }
        _ => {
            let Some((kind, _)) = said.split_once(':') else {
                c.next -= 4;
                return cut(c, line, data);
            };
            let start = data.at(said) + kind.len() + 1;
            let value = match kind {
                "SZ" | "EXSZ" | "EXPAND_SZ" | "DWORD" => match c.whole(start, data.end()) {
                    // Policy files in text are passed through other programs, which double backslashes.
                    Text::Written { raw, at, .. } => Data::Text(Text::Written {
                        raw,
                        at,
                        escape: Escape::Doubled,
                    }),
                    joined => Data::Text(joined),
                },
                _ => Data::Other(data.span()),
            };
            let end = (value.span().end as usize).max(data.end());
            c.scan.value(Some(at), name, whole(end), value);
        }
    }
    true
}

/// What a record is that ends before its fourth line.
const CUT: &str = "the record of four lines is cut off";

fn cut<'a>(c: &mut Cursor<'a>, first: Line<'a>, last: Line<'a>) -> bool {
    let span = Span::new(first.span().start as usize, last.end());
    c.scan.events.push(Event::Gap(CUT, span));
    while c.peek(0).is_some_and(|l| l.start <= last.start) {
        c.next += 1;
    }
    true
}

/// The names in a list with semicolons, behind the word before the colon.
fn listed(said: &str) -> impl Iterator<Item = &str> {
    let (_, list) = said.split_once(':').unwrap_or(("", ""));
    list.split(';').map(str::trim).filter(|n| !n.is_empty())
}
