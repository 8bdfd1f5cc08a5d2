//! Edits of the text to new bytes of the file: bytes outside of the edits stay as they are.

use super::{EditError, TextEdit, apply, in_order};
use crate::decode;
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
