//! Words for shells. Text of an export is hostile: a comment, a path or a chain's name may hold anything.

use crate::edit::EditError;

/// A word as a POSIX shell reads it back: in single quotes unless every character is plain.
///
/// # Errors
/// [`EditError::Unsafe`] if a person who reads or pastes the line could take it for another one: control characters, and
/// what hides text or changes its direction.
pub fn posix(word: &str) -> Result<String, EditError> {
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

/// A text in double quotes that cmd.exe, PowerShell and the argument reader of Windows programs all take literally.
///
/// # Errors
/// [`EditError::Unsafe`] if it has a character that one of them would read otherwise: quotes, `%` and `!` (variables of
/// cmd.exe), `$` and a grave accent (PowerShell), a backslash at the end, and what [`posix`] refuses.
pub fn windows(text: &str) -> Result<String, EditError> {
    let special = |c: char| {
        matches!(
            c,
            '"' | '%' | '!' | '$' | '`' | '^' | '\u{2018}'..='\u{201f}'
        ) || hidden(c)
    };
    if text.chars().any(special) || text.ends_with('\\') {
        return Err(EditError::Unsafe(
            "the text has characters that shells of Windows read differently",
        ));
    }
    Ok(format!("\"{text}\""))
}

/// A word as PowerShell reads it back: in single quotes unless every character is plain.
///
/// # Errors
/// [`EditError::Unsafe`] for typographic quotes, which PowerShell takes for quotes, and for what [`posix`] refuses.
pub fn powershell(word: &str) -> Result<String, EditError> {
    if word
        .chars()
        .any(|c| hidden(c) || matches!(c, '\u{2018}'..='\u{201f}'))
    {
        return Err(EditError::Unsafe(
            "the text has characters that shells of Windows read differently",
        ));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:/".contains(&b);
    let bare =
        word.bytes().all(plain) && word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    Ok(match bare {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "''")),
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
