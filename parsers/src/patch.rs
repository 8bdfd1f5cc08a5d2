//! Edits of the text to new bytes of the file: bytes outside of the edits stay as they are.

use crate::decode;
use crate::edit::{EditError, TextEdit, apply, in_order};
use crate::source::Source;

/// Returns the file's bytes with the edits made, in the file's own encoding and with its byte order mark. `source` is what
/// `bytes` were read to.
///
/// # Errors
/// - [`EditError::Stale`] if the bytes decode to another text.
/// - [`EditError::Overlap`] if the edits overlap or lie outside of the text.
/// - [`EditError::Encoding`] if the encoding has no bytes for an inserted character, if the file has bytes that its encoding
///   does not have (they would not come back), or if the new file would be read in another encoding.
pub fn patch(source: &Source, bytes: &[u8], edits: &[TextEdit]) -> Result<Vec<u8>, EditError> {
    let name = source.encoding;
    let same = |bytes: &[u8], text: &str| {
        decode::decode(bytes.to_vec()).is_ok_and(|d| d.encoding == name && d.text == text)
    };
    if !same(bytes, &source.text) {
        return Err(EditError::Stale);
    }
    let out = spliced(source, bytes, edits)?;
    // A code page and UTF-16 without its mark are guessed: the edits may tip the scales.
    let told = same(&out, &apply(&source.text, edits)?);
    told.then_some(out).ok_or(EditError::Encoding(name))
}

/// The text's parts outside of the edits are found in the bytes by encoding them again.
///
/// INVARIANT: each part that is kept is copied from `bytes`, and only where it equals what the encoding makes of the text.
fn spliced(source: &Source, bytes: &[u8], edits: &[TextEdit]) -> Result<Vec<u8>, EditError> {
    let mut copy = Copy {
        encoding: source.encoding,
        rest: bytes,
        out: Vec::with_capacity(bytes.len()),
    };
    copy.keep(decode::mark(bytes).len())?;
    let mut at = 0;
    for edit in in_order(edits)? {
        let outside = || EditError::Overlap(edit.span);
        let range = edit.span.range();
        let kept = source.text.get(at..range.start).ok_or_else(outside)?;
        let gone = source.text.get(range.clone()).ok_or_else(outside)?;
        copy.keep_text(kept)?;
        copy.skip_text(gone)?;
        copy.add(&edit.text)?;
        at = range.end;
    }
    copy.keep_text(source.text.get(at..).unwrap_or(""))?;
    let whole = copy.rest.is_empty();
    whole
        .then_some(copy.out)
        .ok_or(EditError::Encoding(source.encoding))
}

struct Copy<'a> {
    encoding: &'static str,
    /// Bytes of the file that are still to come.
    rest: &'a [u8],
    out: Vec<u8>,
}

impl<'a> Copy<'a> {
    fn failed(&self) -> EditError {
        EditError::Encoding(self.encoding)
    }

    fn encoded(&self, text: &str) -> Result<Vec<u8>, EditError> {
        decode::encode(text, self.encoding).ok_or_else(|| self.failed())
    }

    /// Takes the next bytes of the file.
    fn take(&mut self, len: usize) -> Result<&'a [u8], EditError> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(self.failed())?;
        self.rest = rest;
        Ok(head)
    }

    fn keep(&mut self, len: usize) -> Result<(), EditError> {
        let head = self.take(len)?;
        self.out.extend_from_slice(head);
        Ok(())
    }

    fn keep_text(&mut self, text: &str) -> Result<(), EditError> {
        let kept = self.skip_text(text)?;
        self.out.extend_from_slice(kept);
        Ok(())
    }

    /// Passes over the bytes of a text, which must be the next ones of the file.
    fn skip_text(&mut self, text: &str) -> Result<&'a [u8], EditError> {
        let want = self.encoded(text)?;
        let have = self.take(want.len())?;
        (have == want).then_some(have).ok_or_else(|| self.failed())
    }

    fn add(&mut self, text: &str) -> Result<(), EditError> {
        let new = self.encoded(text)?;
        self.out.extend(new);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{decode, encode, encodings};
    use hylint_model::Span;

    fn edit(start: usize, end: usize, text: &str) -> TextEdit {
        TextEdit {
            span: Span::new(start, end),
            text: text.into(),
        }
    }

    fn source(bytes: &[u8]) -> Source {
        let d = decode(bytes.to_vec()).unwrap();
        Source::new("t", d.text, d.encoding)
    }

    /// A text that is plausible in each encoding and has letters above ASCII, as the guess needs them.
    fn sample(encoding: &str) -> &'static str {
        match encoding {
            "windows-1251" | "IBM866" => "# правила сервера базы данных\r\n",
            "Shift_JIS" => "規則名:    サーバー\r\n有効:   はい\r\n方向:   入力\r\n",
            "GBK" => "规则名称:    服务器\r\n已启用:   是\r\n方向:   入\r\n",
            "Big5" => "規則名稱:    伺服器\r\n本機連接埠:   80\r\n",
            "EUC-KR" => "규칙 이름:    서버\r\n방향:   인바운드\r\n",
            _ => "Regelname:      Fähre\r\nGruppe:   Überblick über Größe\r\n",
        }
    }

    /// Catches an encoding that is read and cannot be written, and one whose offsets are mapped wrongly.
    #[test]
    fn each_encoding_is_patched_in_its_own_bytes() {
        let mut patched = 0;
        for name in encodings() {
            for mark in ["", "\u{feff}"] {
                let head = if name.starts_with("UTF") {
                    encode(mark, name).unwrap()
                } else {
                    Vec::new()
                };
                let (text, new) = (sample(name), "# 443\r\n");
                let Some(body) = encode(text, name) else {
                    continue;
                };
                let old = [head, body].concat();
                let s = source(&old);
                if s.encoding != name {
                    // These bytes are plausible in another code page, too.
                    continue;
                }
                let second = text.find('\n').unwrap() + 1;
                let edits = [edit(0, 0, new), edit(second, second, new)];
                let out = patch(&s, &old, &edits).unwrap();
                let d = decode(out.clone()).unwrap();
                assert_eq!((d.encoding, d.text), (name, apply(text, &edits).unwrap()));
                let back = [
                    edit(0, new.len(), ""),
                    edit(second + new.len(), second + 2 * new.len(), ""),
                ];
                assert_eq!(patch(&source(&out), &out, &back).unwrap(), old, "{name}");
                patched += 1;
            }
        }
        assert!(patched >= 14, "{patched}");
    }

    #[test]
    fn what_the_encoding_cannot_hold_is_refused() {
        let old = encode(sample("windows-1251"), "windows-1251").unwrap();
        let s = source(&old);
        let name = s.encoding;
        let failed = Err(EditError::Encoding(name));
        assert_eq!(patch(&s, &old, &[edit(0, 0, "# 規\r\n")]), failed);
        // Without its letters the file is read as UTF-8.
        let all = [edit(0, s.text.len(), "# plain\r\n")];
        assert_eq!(patch(&s, &old, &all), failed);
        // A byte that is no character would become another one.
        let mut broken = "# Fähre über Größe\n".repeat(3).into_bytes();
        broken.extend(b"# \xff\n");
        let s = source(&broken);
        assert_eq!(s.encoding, "UTF-8");
        assert_eq!(
            patch(&s, &broken, &[edit(0, 0, "x")]),
            Err(EditError::Encoding("UTF-8"))
        );
    }

    #[test]
    fn a_file_that_changed_since_it_was_read_is_not_patched() {
        let s = source(b"*filter\n");
        let edits = [edit(0, 0, "#\n")];
        assert_eq!(patch(&s, b"*nat\n", &edits), Err(EditError::Stale));
        assert_eq!(patch(&s, b"*filter\n", &edits).unwrap(), b"#\n*filter\n");
        assert_eq!(patch(&s, b"*filter\n", &[]).unwrap(), b"*filter\n");
    }

    #[test]
    fn edits_that_overlap_or_cut_a_character_are_refused() {
        let bytes = "éabcd".as_bytes();
        for edits in [
            vec![edit(0, 3, ""), edit(2, 2, "x")],
            vec![edit(1, 3, "x")],
            vec![edit(7, 7, "x")],
        ] {
            let patched = patch(&source(bytes), bytes, &edits);
            assert!(matches!(patched, Err(EditError::Overlap(_))), "{edits:?}");
        }
    }
}
