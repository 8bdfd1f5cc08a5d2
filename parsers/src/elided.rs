//! Marks that people and pagers leave where lines of an output are left out.

/// What is told of a listing that has such a line.
pub(crate) const LEFT_OUT: &str =
    "lines are left out here: what the listing does not show may be there all the same";

/// Words that say so, in lower case.
const WORDS: [&str; 14] = [
    "snip",
    "snipped",
    "snippet",
    "omitted",
    "truncated",
    "elided",
    "skipped",
    "removed",
    "deleted",
    "shortened",
    "abbreviated",
    "cut",
    "more",
    "etc",
];

/// Characters that are put around such a mark.
const AROUND: &str = "[](){}<>-*=~_|/\\#";

/// The longest line that is taken for a mark, in bytes.
const LONGEST: usize = 80;

/// Whether a line stands for others that are not in the text: `...`, `[…]`, `<snip>`, `<output omitted>`, `-- More --` in any
/// language, `lines 1-23/80` of a pager.
pub(crate) fn is_elided(line: &str) -> bool {
    let text = line.trim();
    if text.is_empty() || text.len() > LONGEST {
        return false;
    }
    let around = |c: char| AROUND.contains(c) || c.is_whitespace();
    let inner = text.trim_matches(around);
    let is_dot = |c: char| matches!(c, '.' | '\u{2026}' | '\u{22ee}' | '\u{22ef}');
    let dots = inner.chars().filter(|c| is_dot(*c)).count();
    if dots > 0 && inner.chars().all(|c| is_dot(c) || c == ' ') {
        return dots > 1 || inner != ".";
    }
    if is_of_pager(text) {
        return true;
    }
    // `[more.exe]` is the name of a program.
    let marked = text.starts_with(['[', '(', '<', '{', '*', '=', '~'])
        || text.starts_with("--")
        || text.starts_with(is_dot)
        || text.ends_with("...")
        || text.ends_with('\u{2026}');
    let mut words = inner.split(|c: char| !c.is_alphanumeric() && !is_dot(c));
    marked
        && words.any(|w| {
            let word = w.trim_matches(is_dot).to_lowercase();
            WORDS.contains(&word.as_str())
        })
}

/// `-- More --`, whose word Windows translates, and the last line of `less`.
fn is_of_pager(text: &str) -> bool {
    let word = text
        .strip_prefix("--")
        .and_then(|t| t.strip_suffix("--"))
        .map(str::trim);
    let prompt = word.is_some_and(|w| !w.is_empty() && w.chars().all(char::is_alphabetic));
    let counted = text
        .strip_prefix("lines ")
        .is_some_and(|t| t.contains('-') && t.starts_with(|c: char| c.is_ascii_digit()));
    prompt || counted
}

#[cfg(test)]
mod tests {
    use super::is_elided;

    #[test]
    fn marks_are_told_from_lines_of_outputs() {
        for text in [
            "...",
            "   ...",
            "[...]",
            "(…)",
            ". . .",
            "# ...",
            "[snip]",
            "<snip>",
            "-- snip --",
            "---8<--- cut here ---8<---",
            "<output omitted>",
            "[... 12 more lines ...]",
            "(output truncated)",
            "--More--",
            "--More--(50%)",
            "-- More  -- ",
            "-- Fortsetzung --",
            "lines 1-23/80",
            "... and so on, more of the same ...",
        ] {
            assert!(is_elided(text), "{text}");
        }
        for text in [
            "",
            ".",
            "-----",
            "=====",
            " [more.exe]",
            " [svchost.exe]",
            "    link/ether 52:54:00:00:00:02 brd ff:ff:ff:ff:ff:ff",
            "2: more: <BROADCAST,UP> mtu 1500",
            "--- ip addr ---",
            "cut",
            "Default Gateway . . . . . . . . . :",
            "Ethernet adapter more:",
            "-A INPUT -j more",
        ] {
            assert!(!is_elided(text), "{text}");
        }
    }
}
