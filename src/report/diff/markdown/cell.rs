//! Text in a cell of a table. A pipe in a code span would begin the next cell, whatever stands before it.

use crate::report::markdown::escape;

/// A code span.
pub(super) fn code(s: &str) -> String {
    match s.contains('|') {
        true => format!("<code>{}</code>", escape::prose(s)),
        false => escape::code(s),
    }
}

/// One of hylint's own sentences, with code between ticks.
pub(super) fn sentence(s: &str) -> String {
    match s.contains('|') {
        true => escape::prose(s).into_owned(),
        false => escape::sentence(s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pipe_begins_a_cell() {
        assert_eq!(code("a b"), "`a b`");
        assert_eq!(code("a|b"), "<code>a\\|b</code>");
        assert_eq!(code("a\\|<b>"), "<code>a\\\\\\|&lt;b&gt;</code>");
        assert_eq!(sentence("on `a|b`"), "on \\`a\\|b\\`");
    }
}
