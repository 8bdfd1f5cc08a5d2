//! Words that Windows translates, read from `words.txt`: what no shape tells.

use std::sync::OnceLock;

/// What a word means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// A socket waits for connections.
    Listening,
    /// A socket has a port and waits for nothing.
    Bound,
    /// The kind of an adapter, which stands before its name.
    Adapter,
    /// The label of default gateways.
    Gateway,
    /// There is none (of services).
    Nothing,
    /// What stands behind an address that is in use, also if it is not to be used any more.
    InUse,
    /// What stands behind an address that no packet may use.
    Unused,
    /// The medium of an adapter is not connected.
    Disconnected,
}

const KEYS: [(&str, Meaning); 8] = [
    ("state.listening", Meaning::Listening),
    ("state.bound", Meaning::Bound),
    ("adapter", Meaning::Adapter),
    ("gateway", Meaning::Gateway),
    ("none", Meaning::Nothing),
    ("address.used", Meaning::InUse),
    ("address.unused", Meaning::Unused),
    ("disconnected", Meaning::Disconnected),
];

const TEXT: &str = include_str!("words.txt");

/// The words of a file; an error is a line that is none.
fn read(text: &str) -> impl Iterator<Item = Result<(Meaning, &str), &str>> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|l| !l.is_empty() && !l.starts_with(['#', '@']));
    lines.map(|line| {
        let (_, rest) = line.split_once(' ').ok_or(line)?;
        let (key, word) = rest.split_once(" = ").ok_or(line)?;
        let meaning = KEYS.iter().find(|(k, _)| *k == key).ok_or(line)?.1;
        let word = word.split(" @").next().unwrap_or(word).trim();
        Ok((meaning, word))
    })
}

fn all() -> &'static [(Meaning, String)] {
    static ALL: OnceLock<Vec<(Meaning, String)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let known = read(TEXT).filter_map(Result::ok);
        let mut all: Vec<_> = known.map(|(m, w)| (m, w.to_lowercase())).collect();
        // Of two words one may begin the other.
        all.sort_by_key(|(_, w)| std::cmp::Reverse(w.len()));
        all
    })
}

/// Whether a word has a meaning, in any language and case.
pub(super) fn is(text: &str, meaning: Meaning) -> bool {
    let text = text.trim().to_lowercase().replace('\u{2019}', "'");
    all().iter().any(|(m, w)| *m == meaning && *w == text)
}

/// The name of an adapter without the words for its kind; the whole where none is known.
pub(super) fn adapter_name(header: &str) -> &str {
    let lower = header.to_lowercase();
    let kinds = all().iter().filter(|(m, _)| *m == Meaning::Adapter);
    // Letters keep their length in lower case in the languages of the list, or the name is not cut.
    let rest = |kind: &String| {
        let rest = lower.strip_prefix(kind.as_str())?;
        (rest.starts_with(' ') && lower.len() == header.len()).then_some(kind.len())
    };
    let cut = kinds.filter_map(|(_, kind)| rest(kind)).next();
    match cut.and_then(|n| header.get(n..)) {
        Some(name) if !name.trim().is_empty() => name.trim(),
        _ => header,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_word_with_a_proof() {
        for word in read(TEXT) {
            word.unwrap();
        }
        let proofs = TEXT
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with(['#', '@']));
        for line in proofs {
            let seen = line.starts_with("seen ") && line.contains(" @");
            assert!(seen || line.starts_with("unproven "), "{line}");
        }
    }

    #[test]
    fn names_of_adapters_stand_behind_their_kind() {
        for (header, name) in [
            ("Ethernet adapter Ethernet 2", "Ethernet 2"),
            ("Drahtlos-LAN-Adapter WLAN", "WLAN"),
            ("Carte Ethernet Ethernet 3", "Ethernet 3"),
            ("Carte réseau sans fil Wi-Fi", "Wi-Fi"),
            ("以太网适配器 以太网 2", "以太网 2"),
            ("イーサネット アダプター イーサネット", "イーサネット"),
            ("Quelque chose Ethernet", "Quelque chose Ethernet"),
        ] {
            assert_eq!(adapter_name(header), name);
        }
        assert!(is("À l\u{2019}écoute", Meaning::Listening));
    }
}
