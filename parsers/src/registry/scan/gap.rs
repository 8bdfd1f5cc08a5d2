//! Lines that show that a listing is not whole: signs that something was left out, errors, and values that are cut off.

use super::cursor::{Cursor, Line};

/// Why a line shows that values are missing; `None` for others.
pub(super) fn of(c: &Cursor<'_>, line: Line<'_>) -> Option<&'static str> {
    let text = line.trimmed();
    if is_elision(text) {
        return Some("the line stands for values that were left out");
    }
    if is_denial(text) {
        return Some("the line says that a key was not read");
    }
    let listed = c
        .key
        .and_then(|k| c.scan.keys.get(k))
        .is_some_and(|k| k.listed);
    let indented = line.text.starts_with("    ") || line.text.starts_with('\t');
    (listed && indented && !text.contains(" : "))
        .then_some("the line is no value, and may be one that is cut off")
}

/// `...`, `[...]`, `<snip>`, `-- More --`
fn is_elision(text: &str) -> bool {
    let inner = text.trim_matches(|c: char| "[](){}<>-* ".contains(c) || c.is_whitespace());
    let dots = !inner.is_empty() && inner.chars().all(|c| matches!(c, '.' | '\u{2026}'));
    let word = [
        "snip",
        "snipped",
        "more",
        "truncated",
        "output omitted",
        "cut",
        "omitted",
    ];
    let marked = text.starts_with(['[', '<', '(', '-', '*', '.', '\u{2026}']);
    let inner = inner.trim_matches(['.', '\u{2026}', ' ']);
    dots || marked && word.iter().any(|w| inner.eq_ignore_ascii_case(w))
}

/// An error of `reg query` or PowerShell by which a key was not read, in the languages of Windows in which it was seen. That a
/// key does not exist is none.
fn is_denial(text: &str) -> bool {
    const WORDS: [&str; 16] = [
        "access is denied",
        "registry access is not allowed",
        "permissiondenied",
        "zugriff verweigert",
        "acc\u{e8}s refus\u{e9}",
        "acceso denegado",
        "accesso negato",
        "acesso negado",
        "toegang geweigerd",
        "odmowa dost\u{119}pu",
        "\u{43e}\u{442}\u{43a}\u{430}\u{437}\u{430}\u{43d}\u{43e} \u{432} \u{434}\u{43e}\u{441}\u{442}\u{443}\u{43f}\u{435}",
        "\u{30a2}\u{30af}\u{30bb}\u{30b9}\u{304c}\u{62d2}\u{5426}",
        "\u{62d2}\u{7edd}\u{8bbf}\u{95ee}",
        "\u{5b58}\u{53d6}\u{88ab}\u{62d2}",
        "the network path was not found",
        "the rpc server is unavailable",
    ];
    if text.len() > 400 {
        return false;
    }
    let lower = text.to_lowercase();
    WORDS.iter().any(|w| lower.contains(w))
}
