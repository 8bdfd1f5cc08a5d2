//! What a message says, apart from where it is said.

/// A message without what differs from place to place: digits, and what stands in quotes.
#[must_use]
pub fn shape(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut open: Option<char> = None;
    for c in message.chars() {
        match open {
            Some(q) if c == q => open = None,
            Some(_) => {}
            None if matches!(c, '`' | '"' | '“') => {
                open = Some(if c == '“' { '”' } else { c });
                out.push('`');
            }
            None if c.is_ascii_digit() => {
                if !out.ends_with('0') {
                    out.push('0');
                }
            }
            None => out.push(c),
        }
    }
    out
}
