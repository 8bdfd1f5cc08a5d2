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
    let user = match line.trimmed() {
        word if word.eq_ignore_ascii_case("computer") => false,
        word if word.eq_ignore_ascii_case("user") || word.starts_with("User:") => true,
        _ => return false,
    };
    let (Some(key), Some(name), Some(data)) = (c.peek(1), c.peek(2), c.peek(3)) else {
        return false;
    };
    let (key_text, name_text) = (key.trimmed(), name.trimmed());
    if !key_text.contains('\\') || name_text.is_empty() {
        return false;
    }
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
        _ => {
            let Some((kind, _)) = said.split_once(':') else {
                c.next -= 3;
                return true;
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
