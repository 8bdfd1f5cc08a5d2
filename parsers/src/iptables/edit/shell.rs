//! Words for a shell. Text of an export is hostile: a comment or a chain's name may hold anything.

use super::chain::Result;
use crate::edit::EditError;

/// A word as a POSIX shell reads it back: in single quotes unless every character is plain.
///
/// # Errors
/// [`EditError::Unsafe`] if a person who reads or pastes the line could take it for another one: control characters, and
/// what hides text or changes its direction.
pub(super) fn quoted(word: &str) -> Result<String> {
    if word.chars().any(hidden) {
        return Err(EditError::Unsafe(
            "text with invisible characters cannot be part of a command",
        ));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:,+@".contains(&b);
    let bare = word == "!" || !word.is_empty() && word.bytes().all(plain);
    Ok(if bare {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    })
}

/// Controls, Unicode's direction and joining marks, line separators, tags and fillers.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}
