//! Parts a capture into JSON and everything else: a console shows commands before, between and behind.

use crate::json::Json;
use crate::powershell::lines;

/// A part of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::powershell) struct Piece<'a> {
    pub(in crate::powershell) text: &'a str,
    /// Where it begins in the file.
    pub(in crate::powershell) offset: usize,
    pub(in crate::powershell) json: bool,
}

/// The parts of a text that begins at an offset of the file, in order.
pub(in crate::powershell) fn pieces(text: &str, offset: usize) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut from = 0;
    for line in lines::lines(text, 0) {
        if line.start < from || !begins_json(line.text) {
            continue;
        }
        let rest = text.get(line.start..).unwrap_or("");
        if !Json::sniff(rest) {
            continue;
        }
        push(&mut out, text, (from, line.start), offset, false);
        let mut start = line.start;
        loop {
            let end = start + json_end(text.get(start..).unwrap_or(""));
            push(&mut out, text, (start, end), offset, true);
            from = end;
            // Another document may follow on the line.
            let behind = text.get(end..).unwrap_or("");
            let line = behind.lines().next().unwrap_or("");
            let blanks = line.len() - line.trim_start().len();
            if end >= text.len() || !begins_json(line) {
                break;
            }
            start = end + blanks;
        }
    }
    push(&mut out, text, (from, text.len()), offset, false);
    out
}

fn push<'a>(
    out: &mut Vec<Piece<'a>>,
    text: &'a str,
    (start, end): (usize, usize),
    offset: usize,
    json: bool,
) {
    let part = text.get(start..end).unwrap_or("");
    if !part.trim().is_empty() {
        out.push(Piece {
            text: part,
            offset: offset + start,
            json,
        });
    }
}

/// Whether a line may begin a document: a bracket with nothing but JSON behind it. A value of a list may stand in braces.
fn begins_json(line: &str) -> bool {
    let mut chars = line.trim().chars();
    let Some('{' | '[') = chars.next() else {
        return false;
    };
    let rest = chars.as_str().trim_start();
    rest.is_empty() || rest.starts_with(['"', '{', '[', ']', '}'])
}

/// Where a document ends: behind the bracket that closes the first one, or with the text.
fn json_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += string_len(bytes.get(at + 1..).unwrap_or_default()) + 1;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// The length of a string and its closing quote.
fn string_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(n) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        if bytes.get(at + n) == Some(&b'"') {
            return at + n + 1;
        }
        at += n + 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails if a bracket in a string ends a document, or if what stands between documents is lost.
    #[test]
    fn documents_are_found_between_prompts() {
        let text = "PS C:\\> a\n[\n {\"x\": \"]}\\\"\"}\n]\nPS C:\\> b\nName : {x}\n{\"y\": [1]}\n";
        let found: Vec<(bool, &str)> = pieces(text, 5)
            .iter()
            .map(|p| (p.json, p.text.trim()))
            .collect();
        assert_eq!(
            found,
            [
                (false, "PS C:\\> a"),
                (true, "[\n {\"x\": \"]}\\\"\"}\n]"),
                (false, "PS C:\\> b\nName : {x}"),
                (true, "{\"y\": [1]}"),
            ]
        );
        for p in pieces(text, 5) {
            assert_eq!(
                text.get(p.offset - 5..p.offset - 5 + p.text.len()),
                Some(p.text)
            );
        }
        assert_eq!(pieces("{\"a\": [", 0).len(), 1, "cut off");
    }
}
