//! Lists of `nft …` commands for a shell: the same commands as `nft -f` takes them, each at its place.

use crate::plain::{self, Line, Program, Word};
use crate::source::Source;
use hylint_model::Span;

/// The commands of such a list, with blanks in the place of what the shell takes; none if the text is another one.
pub(super) fn commands(source: &Source) -> Option<Source> {
    let text = source.text.as_str();
    let list = plain::list(text).filter(|l| l.nft)?;
    // Every character that is not copied is a blank as long as itself, so that places stay.
    let keep = |b: u8| if matches!(b, b'\n' | b'\r') { b } else { b' ' };
    let mut out: Vec<u8> = text.bytes().map(keep).collect();
    let mut copy = |span: Span| {
        let range = span.range();
        if let (Some(to), Some(from)) = (out.get_mut(range.clone()), text.as_bytes().get(range)) {
            to.copy_from_slice(from);
        }
    };
    let mut ends = Vec::new();
    for (line, program, first) in list.lines {
        match (line, program) {
            (Line::Comment(span), _) => copy(span),
            (Line::Command(c), Program::Nft) => {
                let words = c.words.get(first..).unwrap_or(&[]);
                let begin = words.iter().position(|w| !w.value(text).starts_with('-'))?;
                let words = words.get(begin..)?;
                if !words.iter().all(|w| is_apart(text, w)) {
                    return None;
                }
                words.iter().flat_map(|w| &w.pieces).for_each(|p| copy(*p));
                ends.push(c.span());
            }
            _ => {}
        }
    }
    // A command goes on over the lines that the shell joins, and ends where the shell ends it.
    for span in ends {
        join(text, span, &mut out);
    }
    let masked = String::from_utf8(out).ok()?;
    Some(Source::new(source.path.as_str(), masked, source.encoding))
}

/// Marks the ends of lines inside of a command that are outside of its quotes, and the end of the command on its line.
fn join(text: &str, span: Span, out: &mut [u8]) {
    let bytes = text.as_bytes();
    for at in span.range() {
        let next = bytes.get(at + 1).copied();
        let ends = matches!(next, Some(b'\n')) || next == Some(b'\r') && bytes.get(at + 2) == Some(&b'\n');
        if bytes.get(at) == Some(&b'\\') && ends
            && let Some(b) = out.get_mut(at)
        {
            *b = b'\\';
        }
    }
    let end = span.end as usize;
    let rest = bytes.get(end..).unwrap_or(&[]);
    let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    if rest.get(blanks) == Some(&b';')
        && let Some(b) = out.get_mut(end + blanks)
    {
        *b = b';';
    }
}

/// Whether the parts of a word are apart for nft as well, where quotes or escapes of the shell stand between them.
fn is_apart(text: &str, word: &Word) -> bool {
    let is_name = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-./:".contains(b));
    let bytes = text.as_bytes();
    word.pieces.windows(2).all(|pair| {
        let [a, b] = pair else { return true };
        let last = (a.end as usize).checked_sub(1).and_then(|n| bytes.get(n));
        !(is_name(last) && is_name(bytes.get(b.start as usize)))
    })
}
