//! Commands that write to the registry: `reg add` and `reg delete`, `New-ItemProperty`, `Set-ItemProperty`,
//! `Remove-ItemProperty`, `Set-GPRegistryValue` and their kin, with words in variables where those are plain texts.

use super::cursor::{Cursor, Line};
use super::value::{Data, Event, Way};
use super::variables::Word;

/// Names the rule strings in variables that no command uses.
pub(super) fn finish(c: &mut Cursor<'_>) {
    let left = c.variables.unused();
    c.scan.events.extend(left.into_iter().map(Event::Unread));
}

/// A line with a command.
pub(super) fn line<'a>(c: &mut Cursor<'a>, line: Line<'a>) -> bool {
    let text = line.text;
    let has = |part: &str| memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some();
    if text.trim_start().starts_with('$') && has("=") {
        return assignment(c, line);
    }
    // Cheap signs first: most lines are values of an export.
    let likely = has("/v")
        || has("/V")
        || has("-Name")
        || has("-ValueName")
        || has("-name")
        || has("/ve")
        || has("eg delete")
        || has("eg.exe delete");
    if !likely {
        return false;
    }
    let words = words(line);
    let is = |w: &Word<'_>, names: &[&str]| names.iter().any(|n| w.text.eq_ignore_ascii_case(n));
    let reg = |w: &Word<'_>| {
        let file = w.text.rsplit(['\\', '/']).next().unwrap_or("");
        file.eq_ignore_ascii_case("reg") || file.eq_ignore_ascii_case("reg.exe")
    };
    let done = match words.iter().position(reg) {
        Some(at) => match words.get(at + 1) {
            Some(verb) if is(verb, &["add"]) => reg_add(c, line, words.get(at + 2..)),
            Some(verb) if is(verb, &["delete"]) => reg_delete(c, line, words.get(at + 2..)),
            _ => false,
        },
        None => {
            let cmdlet = words.iter().position(|w| is(w, &SET) || is(w, &REMOVE));
            cmdlet.is_some_and(|at| {
                let removes = words.get(at).is_some_and(|w| is(w, &REMOVE));
                cmdlet_line(c, line, words.get(at + 1..).unwrap_or(&[]), removes)
            })
        }
    };
    if done {
        c.scan.way = Way::Commands;
        c.next += 1;
    }
    done
}

const SET: [&str; 5] = [
    "New-ItemProperty",
    "Set-ItemProperty",
    "Set-GPRegistryValue",
    "Set-PolicyFileEntry",
    "Set-PolicyFileEntry.ps1",
];
const REMOVE: [&str; 3] = [
    "Remove-ItemProperty",
    "Remove-GPRegistryValue",
    "Remove-PolicyFileEntry",
];

/// `$name = "text"`, and nothing else.
fn assignment<'a>(c: &mut Cursor<'a>, line: Line<'a>) -> bool {
    let Some((name, value)) = line.text.split_once('=') else {
        return false;
    };
    let value = value.trim().trim_end_matches(';');
    let quote = value.chars().next().filter(|q| matches!(q, '"' | '\''));
    let inner = quote.and_then(|q| value.strip_prefix(q)?.strip_suffix(q));
    let (Some(inner), Some(name)) = (inner, name.trim().strip_prefix('$')) else {
        return false;
    };
    let word = Word {
        text: inner,
        at: line.at(inner),
    };
    c.variables.set(name, word, line.span());
    c.next += 1;
    true
}

/// The words of a command: blanks part them, except between quotes.
fn words<'a>(line: Line<'a>) -> Vec<Word<'a>> {
    let mut out = Vec::new();
    let mut rest = line.text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return out;
        };
        let (text, behind) = match first {
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or("");
                match inner.find(first) {
                    Some(end) => (inner.get(..end), inner.get(end + 1..)),
                    None => (Some(inner), None),
                }
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
                (rest.get(..end), rest.get(end..))
            }
        };
        let text = text.unwrap_or("");
        out.push(Word {
            text,
            at: line.at(text),
        });
        rest = behind.unwrap_or("");
    }
}

/// The word behind an option.
fn option<'a>(words: &[Word<'a>], names: &[&str]) -> Option<Word<'a>> {
    let is = |w: &Word<'_>| names.iter().any(|n| w.text.eq_ignore_ascii_case(n));
    let at = words.iter().position(is)?;
    words.get(at + 1).copied()
}

/// `reg add KEY /v NAME /t TYPE /d DATA /f`
fn reg_add<'a>(c: &mut Cursor<'a>, line: Line<'a>, words: Option<&[Word<'a>]>) -> bool {
    let words = words.unwrap_or(&[]);
    let (Some(key), Some(name)) = (words.first(), option(words, &["/v"])) else {
        return false;
    };
    let key = c.scan.key(key.text, key.span());
    let data = match option(words, &["/d"]) {
        Some(data) => Data::Text(data.text()),
        None => Data::Broken("the command gives no data", line.span()),
    };
    c.scan.value(Some(key), name.text(), line.span(), data);
    true
}

/// `reg delete KEY /v NAME`, or the whole key, or (`/va`) its values.
fn reg_delete<'a>(c: &mut Cursor<'a>, line: Line<'a>, words: Option<&[Word<'a>]>) -> bool {
    let words = words.unwrap_or(&[]);
    let Some(key) = words.first() else {
        return false;
    };
    let at = c.scan.key(key.text, key.span());
    match option(words, &["/v"]) {
        Some(name) => c.scan.value(
            Some(at),
            name.text(),
            line.span(),
            Data::Deleted(line.span()),
        ),
        None => c.scan.events.push(Event::DeleteKey(at)),
    }
    true
}

/// A cmdlet with `-Path` or `-Key`, the value's name, and what it is set to.
fn cmdlet_line<'a>(c: &mut Cursor<'a>, line: Line<'a>, words: &[Word<'a>], removes: bool) -> bool {
    let key = option(words, &["-Key", "-Path", "-LiteralPath", "-pspath"]);
    // `-Name` of the cmdlets for Group Policy is the policy's.
    let name = option(words, &["-ValueName"]).or_else(|| option(words, &["-Name"]));
    let data = option(words, &["-Value", "-Data"]);
    let (Some(key), Some(name)) = (key, name) else {
        return false;
    };
    let key = c.variables.resolve(key);
    let key = c.scan.key(key.text, key.span());
    let name = c.variables.resolve(name);
    let data = match data.map(|d| c.variables.resolve(d)) {
        _ if removes => Data::Deleted(line.span()),
        Some(data) => Data::Text(data.text()),
        None => Data::Broken("the command gives no data", line.span()),
    };
    c.scan.value(Some(key), name.text(), line.span(), data);
    true
}
