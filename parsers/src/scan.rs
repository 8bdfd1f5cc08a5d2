//! Short runs of bytes, eight at a time: most words and strings are shorter than what a vector search is worth starting
//! for.

/// Eight bytes each: looked at before a vector search is started.
const WORDS: usize = 4;

const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of each byte that is zero; above the lowest such byte others may be marked too.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(all(1)) & !word & all(0x80)
}

/// The number of bytes below the lowest bit that is set.
fn bytes_below(word: u64) -> usize {
    (word.trailing_zeros() / 8) as usize
}

/// The high bit of the first byte of a word that is one of three, and of some above it.
fn any_of(word: u64, [a, b, c]: [u8; 3]) -> u64 {
    zeros(word ^ all(a)) | zeros(word ^ all(b)) | zeros(word ^ all(c))
}

/// How many bytes stand before the first blank, tab or quote.
pub(crate) fn word_end(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let found = any_of(u64::from_le_bytes(*word), [b' ', b'\t', b'"']);
        if found != 0 {
            return n * 8 + bytes_below(found);
        }
    }
    let inside = |b: &&u8| !matches!(b, b' ' | b'\t' | b'"');
    words.len() * 8 + tail.iter().take_while(inside).count()
}

/// How many spaces the bytes begin with.
pub(crate) fn spaces(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let others = u64::from_le_bytes(*word) ^ all(b' ');
        if others != 0 {
            return n * 8 + bytes_below(others);
        }
    }
    words.len() * 8 + tail.iter().take_while(|b| **b == b' ').count()
}

/// Where the first quote or backslash is.
pub(crate) fn string_end(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().take(WORDS).enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ all(b'"')) | zeros(word ^ all(b'\\'));
        if found != 0 {
            return Some(n * 8 + bytes_below(found));
        }
    }
    let seen = words.len().min(WORDS) * 8;
    let rest = bytes.get(seen..)?;
    memchr::memchr2(b'"', b'\\', rest).map(|n| seen + n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_find_what_bytes_find(
            bytes in prop::collection::vec(prop_oneof![
                4 => Just(b' '), 8 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 1 => Just(b'!'), 1 => Just(b'#'), 1 => Just(b'\t'),
            ], 0..80),
        ) {
            prop_assert_eq!(spaces(&bytes), bytes.iter().position(|b| *b != b' ').unwrap_or(bytes.len()));
            let end = bytes.iter().position(|b| matches!(b, b' ' | b'\t' | b'"'));
            prop_assert_eq!(word_end(&bytes), end.unwrap_or(bytes.len()));
            prop_assert_eq!(string_end(&bytes), bytes.iter().position(|b| matches!(b, b'"' | b'\\')));
        }
    }
}
