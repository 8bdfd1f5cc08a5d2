//! Numbers and lists in sentences.

/// `1 rule`, `3 rules`.
#[must_use]
pub fn count(n: usize, one: &str) -> String {
    format!("{n} {one}{}", s(n))
}

/// Breaks a text at words into lines of at most so many columns; the first begins with `head`, the others with `indent`.
/// A longer word has a line of its own.
#[must_use]
pub fn hanging(head: &str, indent: &str, columns: usize, text: &str) -> Vec<String> {
    let options = textwrap::Options::new(columns)
        .initial_indent(head)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options).into_iter();
    lines.map(std::borrow::Cow::into_owned).collect()
}

/// The ending of a plural noun.
#[must_use]
pub fn s(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// The verb that agrees with a number: `verb(1, "allows", "allow")`.
#[must_use]
pub fn verb<'v>(n: usize, one: &'v str, many: &'v str) -> &'v str {
    if n == 1 { one } else { many }
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn list<T: AsRef<str>>(all: &[T]) -> String {
    match all {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// The first `most` of them and the number of the others: `a, b and 3 more`. One more takes no more room than saying so.
#[must_use]
pub fn some<T: AsRef<str>>(all: &[T], most: usize) -> String {
    let more = all.len().saturating_sub(most);
    if more < 2 {
        return list(all);
    }
    let first: Vec<&str> = all.iter().take(most).map(AsRef::as_ref).collect();
    format!("{} and {more} more", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{list, some};

    /// Catches a list that counts one thing instead of naming it, and one without its last word.
    #[test]
    fn lists_end_in_a_word() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(some(&["a", "b", "c"], 2), "a, b and c");
        assert_eq!(some(&["a", "b", "c", "d"], 2), "a, b and 2 more");
    }
}
