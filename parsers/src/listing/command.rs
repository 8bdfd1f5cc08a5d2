//! Commands and remarks between listings.

use super::columns::words;
use hylint_model::{Backend, Span};
use hylint_space::Family;

/// A command whose output follows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shown<'a> {
    pub(super) family: Option<Family>,
    /// Of the program that the line names.
    pub(super) backend: Backend,
    /// The table; `None` if the line does not say.
    pub(super) table: Option<&'a str>,
    /// The chain that is listed alone.
    pub(super) chain: Option<&'a str>,
    /// Another program leaves lines out.
    pub(super) filtered: bool,
    pub(super) span: Span,
}

/// Programs that leave out lines of what they are given.
const FILTERS: [&str; 12] = [
    "grep", "egrep", "fgrep", "head", "tail", "awk", "sed", "cut", "rg", "uniq", "sort", "column",
];

/// The commands that a line shows: `root@fw:~# iptables -t nat -nvL`, `Table: filter` of Red Hat's service, `iptables mangle
/// table` of csf. `None` of a line that shows none.
pub(super) fn shown(text: &str, span: Span) -> Option<Vec<Shown<'_>>> {
    let line = text.get(span.range()).unwrap_or("");
    let all = words(text, span);
    let bare = Shown {
        span,
        ..Shown::default()
    };
    if let [a, table] = all.as_slice()
        && a.text == "Table:"
    {
        let table = Some(table.text);
        return Some(vec![Shown { table, ..bare }]);
    }
    if let [tool, table, end] = all.as_slice()
        && end.text.trim_end_matches(':') == "table"
        && let Some((family, backend)) = program(tool.text)
    {
        let (family, table) = (Some(family), Some(table.text));
        return Some(vec![Shown {
            family,
            backend,
            table,
            ..bare
        }]);
    }
    let mut out = Vec::new();
    let mut words = all.iter().map(|w| w.text).peekable();
    while let Some(word) = words.next() {
        let Some((family, backend)) = program(word) else {
            if out.is_empty() || !FILTERS.contains(&word) {
                continue;
            }
            if let Some(Shown { filtered, .. }) = out.last_mut() {
                *filtered = !matches!(word, "column" | "sort");
            }
            continue;
        };
        let mut shown = Shown {
            family: Some(family),
            backend,
            table: Some("filter"),
            ..bare
        };
        let mut lists = false;
        while let Some(word) = words.next_if(|w| program(w).is_none() && !FILTERS.contains(w)) {
            let flags = word.strip_prefix('-').filter(|f| !f.starts_with('-'));
            let flag = |f: char| flags.is_some_and(|w| w.contains(f));
            if matches!(word, "-t" | "--table") || flag('t') {
                let table = words.next().unwrap_or("");
                shown.table = Some(table.trim_end_matches(';')).filter(|t| !t.contains('$'));
            }
            if matches!(word, "--list" | "--list-rules") || flag('L') || flag('S') {
                lists = true;
                let name = |w: &&str| {
                    w.starts_with(|c: char| c.is_ascii_alphanumeric()) && program(w).is_none()
                };
                let last = flags.is_none_or(|w| w.ends_with(['L', 'S']));
                shown.chain = words.peek().copied().filter(name).filter(|_| last);
            }
        }
        if lists {
            out.push(shown);
        }
    }
    let more = line.contains("iptables") || line.contains("ip6tables");
    (more && !out.is_empty()).then_some(out)
}

/// Of a line that shows `ipset list`: whether another program leaves lines of its output out.
pub(super) fn lists_sets(line: &str) -> Option<bool> {
    let mut words = line.split_ascii_whitespace();
    let is = |w: &str| w.rsplit(['/', '#', '$', '>']).next() == Some("ipset");
    words.find(|w| is(w))?;
    let lists = |w: &str| matches!(w, "list" | "-L" | "-l" | "--list");
    words.next().filter(|w| lists(w))?;
    let filters = |w: &str| FILTERS.contains(&w.trim_start_matches('|'));
    Some(line.contains('|') && words.any(filters))
}

fn program(word: &str) -> Option<(Family, Backend)> {
    let name = word
        .rsplit(['/', '#', '$', '>', '`', '(', '\'', '"'])
        .next()?;
    let backend = Backend::of_program(name);
    match name.trim_end_matches("-nft").trim_end_matches("-legacy") {
        "iptables" => Some((Family::V4, backend)),
        "ip6tables" => Some((Family::V6, backend)),
        _ => None,
    }
}

/// Whether a line is one of `iptables -S`.
pub(super) fn is_saved(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    match words.next() {
        Some("-A") => line.contains(" -"),
        Some("-P") => words.nth(1).is_some(),
        Some("-N") => words.next().is_some() && words.next().is_none(),
        _ => false,
    }
}

/// Whether a line says nothing of rules: a prompt, an underline, the end of a block of text, what `sudo` asks.
pub(super) fn is_remark(line: &str) -> bool {
    let rule = |l: &str| {
        l.bytes()
            .all(|b| matches!(b, b'=' | b'-' | b'`' | b'~' | b'*'))
    };
    let prompt =
        |l: &str| l.ends_with(['#', '$', '%', '>']) && l.split_ascii_whitespace().count() <= 2;
    rule(line)
        || prompt(line)
        || line.starts_with("[sudo] password")
        || line.starts_with("Last login:")
        || line == "exit"
        || line == "logout"
}
