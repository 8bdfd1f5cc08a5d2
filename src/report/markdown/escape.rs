//! Text of an export in Markdown: no markup, no HTML, no link, no mention.

use std::borrow::Cow;

/// Text in a sentence. It is one line already (sanitized); here every character that Markdown could act on is escaped.
/// An escape does not keep GitHub from linking `@name`, `#1`, `http://` and `www.` in the rendered text, so an empty
/// comment stands inside of those.
pub(in crate::report) fn prose(s: &str) -> Cow<'_, str> {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | ',' | '·' | '…' | '/' | '→' | '–');
    if s.chars().all(plain) && !s.to_ascii_lowercase().contains("www") {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(s.len() + s.len() / 4);
    for (at, c) in s.char_indices() {
        match c {
            '@' | '#' => {
                out.push(c);
                out.push_str("<!-- -->");
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            ':' if s.get(at..).is_some_and(|r| r.starts_with("://")) => {
                out.push_str(":<!-- -->");
            }
            '.' if ends_in_www(s.get(..at).unwrap_or("")) => out.push_str("<!-- -->."),
            '-' if begins_gh(s.get(..at).unwrap_or("")) => out.push_str("<!-- -->-"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn ends_in_www(before: &str) -> bool {
    before.to_ascii_lowercase().ends_with("www")
}

/// `GH-12` is an issue.
fn begins_gh(before: &str) -> bool {
    before.to_ascii_lowercase().ends_with("gh")
}

/// One of hylint's own sentences: what stands between two ticks is a code span. A name with a tick in it may move the
/// spans, but whatever is in none is escaped.
pub(in crate::report) fn sentence(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + s.len() / 4);
    let mut rest = s;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((span, after)) = after.split_once('`') else {
            break;
        };
        out.push_str(&prose(before));
        out.push_str(&code(span));
        rest = after;
    }
    out.push_str(&prose(rest));
    out
}

/// A code span around any text of one line.
pub(in crate::report) fn code(s: &str) -> String {
    let ticks = "`".repeat(longest_run(s) + 1);
    // A span that begins or ends with a tick needs a space, which is not shown.
    if s.starts_with('`') || s.ends_with('`') || s.is_empty() {
        format!("{ticks} {s} {ticks}")
    } else {
        format!("{ticks}{s}{ticks}")
    }
}

/// A fence that no line of the text ends.
pub(in crate::report) fn fence(s: &str) -> String {
    "`".repeat(longest_run(s).max(2) + 1)
}

fn longest_run(s: &str) -> usize {
    let runs = s.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_is_markup() {
        assert_eq!(prose("Allow HTTPS, in"), "Allow HTTPS, in");
        assert_eq!(prose("[x](http://e)"), "\\[x\\](http:<!-- -->//e)");
        assert_eq!(prose("<img src=x>"), "&lt;img src=x&gt;");
        assert_eq!(
            prose("@team #12 GH-3"),
            "@<!-- -->team #<!-- -->12 GH<!-- -->-3"
        );
        assert_eq!(prose("www.e.org"), "www<!-- -->.e.org");
        assert_eq!(prose("a`b`|c"), "a\\`b\\`\\|c");
    }

    #[test]
    fn a_span_holds_any_ticks() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(fence("x ```` y"), "`````");
    }
}
