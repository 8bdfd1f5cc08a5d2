//! Tells from its content whether a text is a ruleset.

use crate::input::{Input, Score};
use crate::json::Json;
use crate::lookalike::front_ends;

/// Of a list of shell commands.
const LIST: Score = 40;

/// The families of tables.
const FAMILIES: [&str; 6] = ["inet", "ip", "ip6", "arp", "bridge", "netdev"];

/// Certain with a table or chain in a block or with the key of the JSON form; likely with commands alone.
pub(super) fn detect(input: &Input<'_>) -> Score {
    if let Some(json) = input.json() {
        return if is_ruleset(json) { 100 } else { 0 };
    }
    if front_ends::is_ferm(&input.source.text) {
        return 0;
    }
    let (mut best, mut table) = (0, false);
    for (i, line) in input
        .source
        .text
        .split(['\n', '\r'])
        .map(str::trim)
        .enumerate()
    {
        let first = line.as_bytes().first();
        if i == 0 && line.starts_with("#!") && line.contains("nft") && line.contains("-f") {
            best = 80;
        }
        if !first.is_some_and(u8::is_ascii_lowercase) {
            // A dump of iptables.
            if matches!(first, Some(b'*')) && best == 0 {
                return 0;
            }
            continue;
        }
        best = best.max(score(line, &mut table));
        if best >= 90 {
            return best;
        }
    }
    if best == 0 && super::list::commands(input.source).is_some() {
        best = LIST;
    }
    best
}

/// What a line says; `table` remembers that one was opened.
fn score(line: &str, table: &mut bool) -> Score {
    const OBJECTS: [&str; 6] = ["rule", "chain", "table", "set", "map", "element"];
    let code = line.split('#').next().unwrap_or("").trim_end();
    let mut words = code.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("table"), Some(second)) => {
            let family = FAMILIES.contains(&second);
            let rest = words.next().unwrap_or("");
            let opens = code.ends_with(['{', '}']);
            *table |= family && !rest.is_empty() || opens || rest.is_empty();
            if family && opens { 90 } else { 0 }
        }
        (Some("chain" | "set" | "map"), Some(_)) if *table && code.contains('{') => 90,
        (Some("type"), Some("filter" | "nat" | "route")) if *table && line.contains(" hook ") => 90,
        (Some("flush" | "list"), Some("ruleset")) => 80,
        (Some("add" | "insert" | "create"), Some(object)) if OBJECTS.contains(&object) => {
            let family = words.next().is_some_and(|w| FAMILIES.contains(&w));
            if family || words.next().is_some() {
                80
            } else {
                0
            }
        }
        _ => 0,
    }
}

/// A document with the key of libnftables-json(5).
fn is_ruleset(json: &Json<'_>) -> bool {
    let mut documents = json.documents();
    documents.any(|d| d.get("nftables").is_some())
}
