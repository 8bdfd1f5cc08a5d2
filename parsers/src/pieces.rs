//! Where the bytes of a file change their encoding.
//!
//! PowerShell's `>` and `>>` write UTF-16, those of cmd.exe an ANSI or OEM code page, and either appends to what the other
//! wrote; `copy` and `type` put the byte order mark of a second file into the middle of the first.

use std::ops::Range;

/// How the bytes of a piece stand for characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// UTF-8 or a code page: one or more bytes a character, none of them zero.
    Bytes,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// A stretch of a file in one form, without its byte order mark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) form: Form,
    pub(crate) range: Range<usize>,
}

const LE_MARK: &[u8] = b"\xff\xfe";
const BE_MARK: &[u8] = b"\xfe\xff";
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes that are looked at to tell UTF-16 where a piece may begin.
const WINDOW: usize = 128;

/// Bytes without a zero among them that UTF-16 text hardly has: its blanks, line ends and Latin letters have one each.
const ZERO_FREE: usize = 16;

/// Plain bytes before the first zero that say that UTF-16 does not begin here.
const PLAIN: usize = 8;

/// The pieces of a file in their order. A file of one form is one piece.
pub(crate) fn split(bytes: &[u8]) -> Vec<Piece> {
    let marks = marked_lines(bytes);
    let mut zeros = 0;
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (form, start) = begin(bytes, at);
        let end = match form {
            Form::Bytes => end_of_bytes(bytes, start, &marks, &mut zeros),
            Form::Utf16Le | Form::Utf16Be => end_of_utf16(bytes, start, form),
        };
        // Each step goes on, whatever the bytes are.
        let end = end.max(at + 1).min(bytes.len());
        if start < end {
            out.push(Piece {
                form,
                range: start..end,
            });
        }
        at = end;
    }
    out
}

fn rest(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).unwrap_or_default()
}

/// The form of the text at a place, and where it begins behind a mark.
fn begin(bytes: &[u8], at: usize) -> (Form, usize) {
    let rest = rest(bytes, at);
    if rest.starts_with(LE_MARK) {
        return (Form::Utf16Le, at + 2);
    }
    if rest.starts_with(BE_MARK) {
        return (Form::Utf16Be, at + 2);
    }
    if rest.starts_with(UTF8_MARK) {
        return (Form::Bytes, at + 3);
    }
    (utf16(rest).unwrap_or(Form::Bytes), at)
}

/// Which UTF-16 a text begins in, by where its zero bytes are.
fn utf16(text: &[u8]) -> Option<Form> {
    let window = text.get(..WINDOW).unwrap_or(text);
    let before = memchr::memchr(0, window).and_then(|n| window.get(..n))?;
    if before.len() >= PLAIN && is_plain(before) {
        return None;
    }
    let zeros = |odd: usize| {
        let at = window.iter().skip(odd).step_by(2);
        at.filter(|b| **b == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let pairs = window.len() / 2;
    // Of a few characters each has to be one of UTF-16.
    let least = if pairs < 8 { pairs.max(3) } else { pairs / 5 };
    let clear = |many: usize, few: usize| many >= least && few * 20 <= many;
    if clear(odd, even) {
        Some(Form::Utf16Le)
    } else if clear(even, odd) {
        Some(Form::Utf16Be)
    } else {
        None
    }
}

/// Zeros among bytes that may each begin UTF-16, at most; a file with more is no text.
const ZEROS: usize = 1 << 12;

/// The end of a piece of bytes: where a mark stands at the start of a line, or UTF-16 begins.
fn end_of_bytes(bytes: &[u8], start: usize, marks: &[usize], zeros: &mut usize) -> usize {
    let next = marks.partition_point(|m| *m <= start);
    let mark = marks.get(next).copied().unwrap_or(bytes.len());
    let mut from = start;
    let mut line = start;
    while let Some(zero) = memchr::memchr(0, rest(bytes, from)).map(|n| n + from) {
        if zero >= mark || *zeros >= ZEROS {
            break;
        }
        *zeros += 1;
        let between = bytes.get(from..zero).unwrap_or_default();
        if let Some(n) = memchr::memrchr(b'\n', between) {
            line = from + n + 1;
        }
        // The first characters of a line may have no zero; without a line end before it the zero is in the first one.
        let begins = [line, zero.saturating_sub(1), zero];
        let wide = |at: &usize| *at > start && utf16(rest(bytes, *at)).is_some();
        if let Some(at) = begins.into_iter().find(wide) {
            return at;
        }
        from = zero + 1;
    }
    mark
}

/// Byte order marks behind a line end, ascending.
fn marked_lines(bytes: &[u8]) -> Vec<usize> {
    let marks = [b"\n\xff\xfe".as_slice(), b"\n\xfe\xff", b"\n\xef\xbb\xbf"];
    let mut all: Vec<usize> = marks
        .iter()
        .flat_map(|m| memchr::memmem::find_iter(bytes, m).map(|n| n + 1))
        .collect();
    all.sort_unstable();
    all
}

/// The end of a piece of UTF-16: where so many bytes in a row are no zero that they are text of another form.
fn end_of_utf16(bytes: &[u8], start: usize, form: Form) -> usize {
    let mut from = start;
    loop {
        let end = memchr::memchr(0, rest(bytes, from)).map_or(bytes.len(), |n| from + n);
        let stretch = bytes.get(from..end).unwrap_or_default();
        if is_other(stretch) {
            // The last unit of UTF-16 is the one with the last zero byte.
            return match form {
                Form::Utf16Be if from > start => (from + 1).min(bytes.len()),
                _ => from,
            };
        }
        if end >= bytes.len() {
            return bytes.len();
        }
        from = end + 1;
    }
}

/// Whether bytes without a zero are text of another form than UTF-16.
fn is_other(stretch: &[u8]) -> bool {
    stretch.len() >= ZERO_FREE && is_plain(stretch)
}

/// Whether bytes are plain ASCII, or whole lines of a code page.
fn is_plain(bytes: &[u8]) -> bool {
    let text = |b: &&u8| matches!(b, b'\t' | b'\r' | b'\n' | b' '..=b'~');
    let plain = bytes.iter().filter(text).count();
    plain == bytes.len()
        || plain * 3 >= bytes.len() && memchr::memmem::find(bytes, b"\r\n").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn le(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn be(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    }

    fn forms(bytes: &[u8]) -> Vec<(Form, usize)> {
        let all = split(bytes).into_iter();
        all.map(|p| (p.form, p.range.len())).collect()
    }

    const TEXT: &str =
        "Rule Name:                            a rule of many words\r\nEnabled:      Yes\r\n";
    const RUSSIAN: &str = "Имя правила:                          правило\r\nВключено:     Да\r\n";
    const JAPANESE: &str =
        "規則名:    上り《五十音》上上上上上上上上上上上上上上上上上上\r\n有効:      はい\r\n";

    #[test]
    fn a_file_of_one_form_is_one_piece() {
        for text in [TEXT, RUSSIAN, JAPANESE] {
            assert_eq!(forms(text.as_bytes()), [(Form::Bytes, text.len())]);
            assert_eq!(
                forms(&le(text)),
                [(Form::Utf16Le, le(text).len())],
                "{text}"
            );
            assert_eq!(
                forms(&be(text)),
                [(Form::Utf16Be, be(text).len())],
                "{text}"
            );
            let marked = [LE_MARK, &le(text)].concat();
            assert_eq!(forms(&marked), [(Form::Utf16Le, le(text).len())]);
        }
        assert_eq!(forms(b""), []);
    }

    #[test]
    fn what_is_appended_in_another_form_is_a_piece_of_its_own() {
        let (oem, ..) = encoding_rs::IBM866.encode(RUSSIAN);
        for bytes in [TEXT.as_bytes(), RUSSIAN.as_bytes(), &oem] {
            for wide in [le(TEXT), le(RUSSIAN), le(JAPANESE)] {
                let both = [bytes, &wide].concat();
                let want = [(Form::Bytes, bytes.len()), (Form::Utf16Le, wide.len())];
                assert_eq!(forms(&both), want);
                let reverse = [LE_MARK, &wide, bytes].concat();
                let want = [(Form::Utf16Le, wide.len()), (Form::Bytes, bytes.len())];
                assert_eq!(forms(&reverse), want);
                let marked = [bytes, LE_MARK, &wide, bytes].concat();
                let want = [
                    (Form::Bytes, bytes.len()),
                    (Form::Utf16Le, wide.len()),
                    (Form::Bytes, bytes.len()),
                ];
                assert_eq!(forms(&marked), want);
            }
        }
        let both = [&be(TEXT), RUSSIAN.as_bytes(), UTF8_MARK, TEXT.as_bytes()].concat();
        let want = [
            (Form::Utf16Be, be(TEXT).len()),
            (Form::Bytes, RUSSIAN.len()),
            (Form::Bytes, TEXT.len()),
        ];
        assert_eq!(forms(&both), want);
    }

    #[test]
    fn stray_zeros_begin_no_piece() {
        let stray = format!("{TEXT}\0{TEXT}\0\0\0\0\0\0");
        assert_eq!(forms(stray.as_bytes()), [(Form::Bytes, stray.len())]);
        // As many as there may be: each is looked at once.
        let zeros = vec![0; 100_000];
        assert!(!split(&zeros).is_empty());
        let lines = b"a\0b\n".repeat(50_000);
        assert!(split(&lines).len() < 3);
    }
}
