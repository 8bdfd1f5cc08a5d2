//! JSON inside other text: a terminal session, a document's code blocks.

use super::Json;
use std::ops::Range;

/// How often a text may be looked at in whole; nested and unclosed brackets would else be searched again at each line.
const PASSES: usize = 8;

/// Blocks of JSON that start at the beginning of a line, up to the bracket that closes them, or to the text's end if
/// none does. `wanted` decides for each block, parsed by itself, whether it is kept. Offsets are those of the text.
pub fn blocks(text: &str, wanted: impl Fn(&Json<'_>, &str) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut budget = text.len().saturating_mul(PASSES);
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        let line = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |n| n + 1);
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let start = at + blanks;
        at += line;
        if budget == 0 || !opens(text.get(start..at).unwrap_or("")) {
            continue;
        }
        let block = start..balanced_end(text, start).unwrap_or(text.len());
        budget = budget.saturating_sub(block.len());
        let inner = text.get(block.clone()).unwrap_or("");
        if wanted(&Json::parse(inner), inner) {
            at = block.end;
            found.push(block);
        }
    }
    found
}

/// The text with everything outside of the blocks blanked, so that its JSON keeps the offsets of the whole.
#[must_use]
pub fn only(text: &str, blocks: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    for block in blocks {
        out.extend(std::iter::repeat_n(
            ' ',
            block.start.saturating_sub(out.len()),
        ));
        out.push_str(text.get(block.clone()).unwrap_or(""));
    }
    out
}

/// Whether a line looks like the start of a JSON object or array and of nothing else.
fn opens(line: &str) -> bool {
    let mut rest = line.bytes().filter(|b| !b.is_ascii_whitespace());
    match (rest.next(), rest.next()) {
        (Some(b'{'), next) => matches!(next, None | Some(b'"' | b'}')),
        (Some(b'['), next) => matches!(next, None | Some(b'{' | b'[')),
        _ => false,
    }
}

/// The offset behind the bracket that closes the one at `start`; strings are skipped.
fn balanced_end(text: &str, start: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    for (n, b) in text.as_bytes().get(start..)?.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(start + n + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_blocks_at_the_beginning_of_lines_with_their_offsets() {
        let text =
            "Größe:\n  {\"a\": \"}\\\"{\"}\n[link](x)\nfn x() {\n}\n{\n\"b\": [1]}tail\n[{}]";
        let found = blocks(text, |json, _| json.errors.is_empty());
        let texts: Vec<_> = found.iter().map(|b| &text[b.clone()]).collect();
        assert_eq!(texts, ["{\"a\": \"}\\\"{\"}", "{\n\"b\": [1]}", "[{}]"]);
        let masked = only(text, &found);
        let json = Json::parse(&masked);
        let seen: Vec<_> = json.documents().map(|d| d.raw()).collect();
        assert_eq!(seen, texts, "offsets are those of the whole text");
    }

    #[test]
    fn an_unwanted_block_is_searched_inside() {
        let text = "{\n\"a\": 1\n,\n{\"b\": 2}\n}";
        let found = blocks(text, |_, t| t.contains('b') && !t.contains('a'));
        assert_eq!(found.len(), 1);
        assert_eq!(&text[found[0].clone()], "{\"b\": 2}");
    }

    #[test]
    fn a_block_that_is_never_closed_reaches_to_the_end_and_costs_no_more() {
        let found = blocks("$ x\n{\n\"a\": [", |_, _| true);
        assert_eq!(found.first(), Some(&(4..12)));
        let hostile = "{\n".repeat(100_000);
        let looked = std::cell::Cell::new(0usize);
        let none = blocks(&hostile, |_, t| {
            looked.set(looked.get() + t.len());
            false
        });
        assert!(none.is_empty());
        assert!(looked.get() <= hostile.len() * (PASSES + 1));
    }
}
