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

/// What build systems take for a command wherever it stands in a log: `##[…]` (GitHub's runner, Azure Pipelines) and
/// `##vso[…]`. The second sign gives way to `other`.
fn without_commands(s: &str, other: char) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(s);
    for tail in ["[", "vso["] {
        let command = format!("##{tail}");
        if out.contains(&command) {
            out = Cow::Owned(out.replace(&command, &format!("#{other}{tail}")));
        }
    }
    out
}

/// A text for one line: hostile characters in a visible form, cut with `…` past 200 characters.
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

/// A whole text in which hostile characters give way to harmless ones of as many bytes, so that byte spans stay true.
/// Line ends and tabs stay.
#[must_use]
pub fn same_bytes(s: &str) -> String {
    s.chars()
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

/// A fragment of a JSON string in which every hostile character is a `\u` escape: the same value, and harmless on a
/// terminal. `serde_json` has already taken quotes, backslashes and C0 out of fragments.
#[must_use]
pub fn escape_json(s: &str) -> Cow<'_, str> {
    if !s.chars().any(is_hostile) {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(s.len() + 16);
    for c in s.chars() {
        if is_hostile(c) {
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
        assert_eq!(text("a ##[error]b"), "a #_[error]b");
        assert_eq!(text("##vso[task.setvariable]"), "#_vso[task.setvariable]");
        assert_eq!(text("## [1] ##"), "## [1] ##");
        assert_eq!(line("x ##[add-mask]y"), "x #\u{fffd}[add-mask]y");
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
    }
}
