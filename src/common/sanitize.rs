//! Text of an export is hostile: names of rules and chains may hold terminal escapes, line ends or direction overrides.

use std::borrow::Cow;
use std::fmt::Write;

/// Characters kept of a text from an export that stands in a sentence.
const LONGEST: usize = 200;

/// Whether a character may not reach a terminal as it is: C0 and C1 controls, and what changes the direction, hides or
/// joins text (Unicode bidi controls, zero-width characters, line separators, tags, the byte order mark), and the two
/// noncharacters that XML does not have.
fn is_hostile(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

fn visible(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

// What the runners of build systems obey in a log:
//
// - GitHub Actions: a line that begins, after white space, with `::name …::`, and `##[name …]` anywhere in a line
//   (actions/runner, src/Runner.Common/ActionCommand.cs).
// - Azure Pipelines: `##vso[area.action …]` anywhere in a line (microsoft/azure-pipelines-agent,
//   src/Microsoft.VisualStudio.Services.Agent/Command.cs), and `##[group]`, `##[error]` and the like.
// - TeamCity: `##teamcity[name …]` (teamcity.jetbrains.com, "Service messages").
// - GitLab: `section_start:TIME:NAME`, a carriage return and an escape (gitlab-org/gitlab, lib/gitlab/regex.rb,
//   `build_trace_section_regex`). Neither control character leaves this module.
// - Jenkins: an escape, `[8mha:`, a base64 text (jenkinsci/jenkins, hudson/console/ConsoleNote.java). The same.
//
// INVARIANT: whoever breaks a sanitized text into lines, wherever, makes no command of it: the second sign of `##` and of
// `::` gives way at every place, not only where a line begins today.

/// Places of the second sign of each `##` and `::` that a runner could obey.
fn commands(s: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, pair) in s.as_bytes().windows(2).enumerate() {
        let rest = || s.get(at + 2..).unwrap_or_default();
        let is = match pair {
            b"##" => opens_bracket(rest()),
            b"::" => is_named(rest()),
            _ => false,
        };
        if is {
            found.push(at + 1);
        }
    }
    found
}

/// Whether `[` follows, or a word and `[`.
fn opens_bracket(rest: &str) -> bool {
    rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric())
        .starts_with('[')
}

/// Whether a command may be named after `::`: an IPv6 address goes on with hexadecimal digits, and one address has no
/// second `::`.
fn is_named(rest: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let end = rest.find(|c| !of_name(c)).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let hex = |name: &str| name.bytes().all(|b| b.is_ascii_hexdigit());
    let address = name.split('-').all(hex);
    let again = hex(name) && after.starts_with("::");
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && (!address || again)
}

/// The text without commands: the second sign of each gives way to `other`.
fn without_commands(s: &str, other: char) -> Cow<'_, str> {
    let found = commands(s);
    if found.is_empty() {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(s.len() + 2 * found.len());
    let mut from = 0;
    for at in found {
        out.push_str(s.get(from..at).unwrap_or_default());
        out.push(other);
        from = at + 1;
    }
    out.push_str(s.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// A text for one line: hostile characters in a visible form, no command of a runner, cut with `…` past 200 characters.
#[must_use]
pub fn text(s: &str) -> Cow<'_, str> {
    limited(s, LONGEST)
}

/// The same with another limit.
#[must_use]
pub fn limited(s: &str, limit: usize) -> Cow<'_, str> {
    let s = without_commands(s, '_');
    if s.len() <= limit && !s.chars().any(is_hostile) {
        return s;
    }
    let mut out = String::with_capacity(s.len().min(4 * limit));
    for (n, c) in s.chars().enumerate() {
        if n == limit {
            out.push('…');
            break;
        }
        if is_hostile(c) {
            visible(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// A line of an excerpt: each hostile character becomes exactly one character, so that columns stay where they are.
#[must_use]
pub fn line(s: &str) -> String {
    without_commands(s, '\u{fffd}')
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            // The pictures of the control characters.
            '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            '\x7f' => '\u{2421}',
            c if is_hostile(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// A whole text in which hostile characters and commands of runners give way to harmless ones of as many bytes, so that
/// byte spans stay true. Line ends and tabs stay.
#[must_use]
pub fn same_bytes(s: &str) -> String {
    without_commands(s, '?')
        .chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if !is_hostile(c) => c,
            c => match c.len_utf8() {
                1 => '?',
                2 => '\u{b7}',
                3 => '\u{fffd}',
                _ => '\u{1f7a1}',
            },
        })
        .collect()
}

/// A fragment of a JSON string in which every hostile character, and one sign of every command of a runner, is a `\u`
/// escape: the same value, and harmless on a terminal and in a log. `serde_json` has already taken quotes, backslashes and
/// C0 out of fragments.
#[must_use]
pub fn escape_json(s: &str) -> Cow<'_, str> {
    let commands = commands(s);
    if commands.is_empty() && !s.chars().any(is_hostile) {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(s.len() + 16);
    for (at, c) in s.char_indices() {
        if is_hostile(c) || commands.binary_search(&at).is_ok() {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_become_visible_and_plain_text_stays() {
        assert_eq!(text("Allow HTTPS (règle)"), "Allow HTTPS (règle)");
        assert_eq!(text("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(text("a\nb\r\tc"), "a\\nb\\r\\tc");
        assert_eq!(
            text("x\u{202e}y\u{2066}\u{9b}"),
            "x\\u{202e}y\\u{2066}\\u{9b}"
        );
        assert_eq!(text("a\u{200b}b\u{e0041}"), "a\\u{200b}b\\u{e0041}");
    }

    #[test]
    fn nothing_is_a_command_of_a_build_system() {
        for (hostile, safe) in [
            ("a ##[error]b", "a #_[error]b"),
            ("##vso[task.setvariable]", "#_vso[task.setvariable]"),
            ("##teamcity[message]", "#_teamcity[message]"),
            ("###[group]", "##_[group]"),
            ("::stop-commands::x", ":_stop-commands:_x"),
            ("a ::add-mask::b", "a :_add-mask::b"),
            ("x:::error title=a::b", "x::_error title=a::b"),
            ("::1234::", ":_1234::"),
            ("::beef::", ":_beef::"),
        ] {
            assert_eq!(text(hostile), safe);
            assert_eq!(text(safe), safe, "once is enough");
        }
        assert_eq!(line("x ##[add-mask]y"), "x #\u{fffd}[add-mask]y");
        assert_eq!(line("::group::x"), ":\u{fffd}group:\u{fffd}x");
        assert_eq!(same_bytes("a\n::group::\n##[x]"), "a\n:?group::\n#?[x]");
    }

    #[test]
    fn addresses_and_plain_text_are_no_commands() {
        for plain in [
            "## [1] ##",
            "::/0",
            "::1/128",
            "::ffff:10.0.0.0/104 and 2001:db8::a",
            "fd00::add-fd00::aff",
            "fe80::face",
            "arn:aws:iam::123456789012:role/x",
            "a: b :: c",
        ] {
            assert_eq!(text(plain), plain);
            assert_eq!(same_bytes(plain), plain);
        }
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        let long = "é".repeat(500);
        let cut = text(&long);
        assert_eq!(cut.chars().count(), 201);
        assert!(cut.ends_with('…'));
        assert_eq!(text(&"e".repeat(200)), "e".repeat(200));
    }

    #[test]
    fn an_excerpt_keeps_its_columns() {
        let s = "a\x1b\tb\u{202e}c\u{9b}\u{7f}";
        let l = line(s);
        assert_eq!(l.chars().count(), s.chars().count());
        assert_eq!(l, "a␛ b\u{fffd}c\u{fffd}␡");
    }

    #[test]
    fn a_whole_text_keeps_its_byte_offsets() {
        let s = "a\x1b\r\n\tb\u{9b}\u{202e}\u{e0041}é";
        let safe = same_bytes(s);
        assert_eq!(safe.len(), s.len());
        assert_eq!(safe, "a??\n\tb\u{b7}\u{fffd}\u{1f7a1}é");
    }

    #[test]
    fn json_keeps_the_value() {
        let s = "a\u{202e}b\u{9b}c\u{e0041}";
        let escaped = escape_json(s);
        assert_eq!(escaped, "a\\u202eb\\u009bc\\udb40\\udc41");
        let back: String = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
        assert_eq!(back, s);
        let s = "é ::error::b ##[add-mask]";
        let escaped = escape_json(s);
        assert_eq!(escaped, "é :\\u003aerror::b #\\u0023[add-mask]");
        let back: String = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
        assert_eq!(back, s);
    }
}
