//! Escapes in strings (RFC 8259, section 7).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::str::Chars;

/// Returns the text of a string, given between its quotes. An escape that stands for no character becomes U+FFFD, as
/// does half of a surrogate pair; a backslash before any other character is left out.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = Unescaped {
        text: String::with_capacity(raw.len()),
        high: None,
    };
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.escape(&mut chars),
            c => out.push(c),
        }
    }
    out.flush();
    Cow::Owned(out.text)
}

/// Text that is being put together.
struct Unescaped {
    text: String,
    /// The high half of a surrogate pair, whose low half should follow.
    high: Option<u32>,
}

impl Unescaped {
    fn push(&mut self, c: char) {
        self.flush();
        self.text.push(c);
    }

    /// A high surrogate without its low half becomes U+FFFD.
    fn flush(&mut self) {
        if self.high.take().is_some() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, chars: &mut Chars<'_>) {
        match chars.next().unwrap_or('\\') {
            'n' => self.push('\n'),
            't' => self.push('\t'),
            'r' => self.push('\r'),
            'b' => self.push('\u{8}'),
            'f' => self.push('\u{c}'),
            'u' => match code_unit(chars) {
                Some(unit) => self.unit(unit),
                None => self.push(char::REPLACEMENT_CHARACTER),
            },
            other => self.push(other),
        }
    }

    /// Adds a UTF-16 code unit.
    fn unit(&mut self, unit: u32) {
        match (self.high, unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                self.high = None;
                let c = 0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
                self.push(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (_, 0xD800..=0xDBFF) => {
                self.flush();
                self.high = Some(unit);
            }
            _ => self.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }
}

/// Takes four hexadecimal digits; `None`, and nothing taken, if there are not four.
fn code_unit(chars: &mut Chars<'_>) -> Option<u32> {
    let hex: String = chars.clone().take(4).collect();
    let unit = u32::from_str_radix(&hex, 16).ok()?;
    (hex.len() == 4).then(|| {
        chars.by_ref().take(4).for_each(drop);
        unit
    })
}

/// Returns a string in quotes, with escapes for what must not or should not stand in one.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                // INVARIANT: every control character is one UTF-16 code unit.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_and_bad_escapes() {
        assert_eq!(unescape(r"\ud83d\ude00"), "😀");
        assert_eq!(unescape(r"\ud83d!"), "\u{fffd}!");
        assert_eq!(unescape(r"\ud83d\ud83d\ude00"), "\u{fffd}😀");
        assert_eq!(unescape(r"\ud83d"), "\u{fffd}");
        assert_eq!(unescape(r"\uZZZZ"), "\u{fffd}ZZZZ");
        assert_eq!(unescape(r"a\\\/"), r"a\/");
    }

    proptest::proptest! {
        #[test]
        fn what_is_quoted_reads_back(text in "[a-z\"\\\\\u{1}\u{7f}\u{85}é😀]{0,8}") {
            let quoted = quoted(&text);
            let inner = &quoted[1..quoted.len() - 1];
            proptest::prop_assert_eq!(unescape(inner), text);
        }
    }
}
