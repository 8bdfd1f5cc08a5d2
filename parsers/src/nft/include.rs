//! The includes of a text for `nft -f`, which are resolved before it is parsed (nft(8), "INCLUDING FILES").

use hylint_model::Span;

/// One `include` of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Include<'t> {
    /// Where the word `include` begins.
    pub at: u32,
    /// The path or pattern, as it stands between the quotes.
    pub path: &'t str,
}

/// How deep files may include each other (`MAX_INCLUDE_DEPTH` of nft).
pub const DEEPEST: usize = 16;

/// The word.
const WORD: &str = "include";

/// Every `include` of a text, in order: the word at the beginning of a statement, and a quoted path behind it.
#[must_use]
pub fn includes(text: &str) -> Vec<Include<'_>> {
    if memchr::memmem::find(text.as_bytes(), WORD.as_bytes()).is_none() {
        return Vec::new();
    }
    let bytes = text.as_bytes();
    let (mut out, mut at, mut begins) = (Vec::new(), 0, true);
    while let Some(byte) = bytes.get(at) {
        let rest = text.get(at..).unwrap_or("");
        match byte {
            b'#' => at += to(rest, b'\n'),
            b'"' => {
                at += 1 + text.get(at + 1..).map_or(0, |t| to(t, b'"') + 1);
                begins = false;
            }
            b'\n' | b';' | b'{' | b'}' => {
                begins = true;
                at += 1;
            }
            b'i' if begins && rest.starts_with(WORD) => {
                let behind = rest.get(WORD.len()..).unwrap_or("");
                out.extend(quoted(behind).map(|path| Include {
                    at: Span::new(at, at).start,
                    path,
                }));
                begins = false;
                at += WORD.len();
            }
            b' ' | b'\t' | b'\r' => at += 1,
            _ => {
                begins = false;
                at += 1;
            }
        }
    }
    out
}

/// Bytes before the next one of a kind, or all.
fn to(text: &str, byte: u8) -> usize {
    memchr::memchr(byte, text.as_bytes()).unwrap_or(text.len())
}

/// What stands in quotes behind blanks, which may go on in the next line behind a backslash. A path of nft has no escapes.
fn quoted(text: &str) -> Option<&str> {
    let mut text = text.trim_start_matches([' ', '\t']);
    while let Some(next) = text.strip_prefix("\\\n") {
        text = next.trim_start_matches([' ', '\t']);
    }
    let inner = text.strip_prefix('"')?;
    let (path, _) = inner.split_once('"')?;
    (!path.is_empty() && !path.contains('\n')).then_some(path)
}

/// The folders that the first line tells nft to look in (`#!/usr/sbin/nft -I /etc/nftables -f`).
#[must_use]
pub fn searched(text: &str) -> Vec<&str> {
    let line = text.lines().next().unwrap_or("");
    if !line.starts_with("#!") {
        return Vec::new();
    }
    let mut words = line.split_ascii_whitespace();
    let mut out = Vec::new();
    while let Some(word) = words.next() {
        let own = word.strip_prefix("--includepath=");
        let own = own.or_else(|| word.strip_prefix("-I").filter(|p| !p.is_empty()));
        match (own, word) {
            (Some(path), _) => out.push(path),
            (None, "-I" | "--includepath") => out.extend(words.next()),
            _ => {}
        }
    }
    out
}

/// Whether a path is a pattern, of which it is no mistake that no file matches it.
#[must_use]
pub fn is_pattern(path: &str) -> bool {
    path.ends_with('/') || path.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails if an include in a comment, in a string or behind another word is followed, or one in a block is not.
    #[test]
    fn includes_stand_at_the_beginning_of_statements() {
        let text = "#!/usr/sbin/nft -I /srv/fw --includepath=/opt -f\n# include \"/no\"\ninclude \"/etc/a.nft\"\n\
            table inet t {\n\tinclude \"b/*.nft\"; include\t\"c\"\n chain x { include \"d\" }\n\
            comment \"include \\\"no\"\n ip saddr include \"no\"\n includes \"no\"\n include 'no'\n}\ninclude \"open";
        let found = includes(text);
        let paths: Vec<&str> = found.iter().map(|i| i.path).collect();
        assert_eq!(paths, ["/etc/a.nft", "b/*.nft", "c", "d"]);
        for i in &found {
            assert!(text[i.at as usize..].starts_with("include"));
        }
        assert_eq!(searched(text), ["/srv/fw", "/opt"]);
        assert_eq!(searched("table ip x {}"), [""; 0]);
        assert!(is_pattern("/etc/nftables.d/") && is_pattern("a?") && !is_pattern("a.nft"));
    }
}
