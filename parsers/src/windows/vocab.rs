//! Labels and values of netsh output in each language, read from `lang/*.txt`.
//!
//! One string a line: `PROOF KEY = TEXT @PLACE …`. Each place where strings were seen is a line of its own before them:
//! `@PLACE WHAT`. Windows translates labels and values alike, so every language is known at once and a file may mix them. To
//! add a string, add a line; to add a language, add a file and one line to [`LANGUAGES`].

use super::words::{CLASSES, Class, KEYS, Key, Label, Word};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::OnceLock;

/// The texts of a label in the English vocabulary.
pub(crate) fn english_texts(label: Label) -> String {
    let english = LANGUAGES.iter().filter(|(tag, _)| *tag == "en");
    let texts: Vec<_> = english
        .flat_map(|(_, text)| lines(text))
        .flatten()
        .filter(|l| l.key == Key::Label(label))
        .map(|l| l.text)
        .collect();
    texts.join(", ")
}

/// Every vocabulary: language tag and text.
pub(crate) const LANGUAGES: &[(&str, &str)] = &[
    ("en", include_str!("lang/en.txt")),
    ("de", include_str!("lang/de.txt")),
    ("fr", include_str!("lang/fr.txt")),
    ("es", include_str!("lang/es.txt")),
    ("pt-BR", include_str!("lang/pt-BR.txt")),
    ("ru", include_str!("lang/ru.txt")),
    ("ja", include_str!("lang/ja.txt")),
    ("zh-CN", include_str!("lang/zh-CN.txt")),
    ("zh-TW", include_str!("lang/zh-TW.txt")),
    ("it", include_str!("lang/it.txt")),
    ("pl", include_str!("lang/pl.txt")),
    ("ko", include_str!("lang/ko.txt")),
    ("nl", include_str!("lang/nl.txt")),
    ("sv", include_str!("lang/sv.txt")),
    ("cs", include_str!("lang/cs.txt")),
    ("tr", include_str!("lang/tr.txt")),
    ("hu", include_str!("lang/hu.txt")),
    ("el", include_str!("lang/el.txt")),
];

/// Whether a string was met in an export or in documentation. A string that is neither may still be right: what rests on it
/// is left open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Proof {
    Seen,
    Documented,
    Unproven,
}

/// A word that was looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) meaning: T,
    pub(crate) proof: Proof,
}

/// All languages together.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    labels: FxHashMap<Box<str>, Entry<Label>>,
    words: [FxHashMap<Box<str>, Entry<Word>>; CLASSES],
}

/// One line of a vocabulary.
pub(crate) struct Line<'a> {
    key: Key,
    pub(crate) proof: Proof,
    text: &'a str,
    /// Where it was seen.
    #[cfg(test)]
    places: Vec<&'a str>,
}

/// The lines of a vocabulary; an error is a line that is none.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Result<Line<'_>, &str>> {
    text.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with(['#', '@']))
        .map(|l| parse_line(l).ok_or(l))
}

fn parse_line(line: &str) -> Option<Line<'_>> {
    let (proof, rest) = line.split_once(' ')?;
    let (key, text) = rest.split_once('=')?;
    let proof = match proof {
        "seen" => Proof::Seen,
        "documented" => Proof::Documented,
        "unproven" => Proof::Unproven,
        _ => return None,
    };
    let (_, key) = KEYS.iter().find(|(k, _)| *k == key.trim())?;
    let mut parts = text.split(" @").map(str::trim);
    let text = parts.next().unwrap_or_default();
    (!text.is_empty()).then_some(Line {
        key: *key,
        proof,
        text,
        #[cfg(test)]
        places: parts.collect(),
    })
}

/// The form in which texts are compared: lower case, without blanks, hyphens and typographic variants. Exports and their
/// copies differ in these (`Lokale IP`, `LokaleIP`).
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if super::dash::is_dash(c) => {}
            '"' | '«' | '»' | '\u{201c}'..='\u{201f}' => {}
            // Soft hyphens and marks of no width, which pages put between characters.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            '\u{2018}' | '\u{2019}' => out.push('\''),
            c if c.is_whitespace() => {}
            c => out.extend(c.to_lowercase()),
        }
    }
    Cow::Owned(out)
}

impl Vocabulary {
    /// The vocabulary of all languages; read once.
    pub(crate) fn get() -> &'static Self {
        static ALL: OnceLock<Vocabulary> = OnceLock::new();
        ALL.get_or_init(|| {
            let mut v = Self::default();
            for line in LANGUAGES.iter().flat_map(|(_, text)| lines(text)).flatten() {
                v.add(&line);
            }
            v
        })
    }

    fn add(&mut self, line: &Line<'_>) {
        for text in [Cow::Borrowed(line.text), fold(line.text)] {
            match line.key {
                Key::Label(label) => insert(&mut self.labels, &text, label, line.proof),
                Key::Word(class, word) => {
                    if let Some(map) = self.words.get_mut(class as usize) {
                        insert(map, &text, word, line.proof);
                    }
                }
            }
        }
    }

    /// The meaning of a label, without its colon.
    pub(crate) fn label(&self, text: &str) -> Option<Entry<Label>> {
        find(&self.labels, text)
    }

    /// Whether a label in some language begins with a text.
    pub(crate) fn begins(&self, label: Label, text: &str) -> bool {
        let text = fold(text);
        let mut labels = self.labels.iter().filter(|(_, e)| e.meaning == label);
        !text.is_empty() && labels.any(|(whole, _)| whole.starts_with(&*text))
    }

    /// The meaning of a value or heading in its place, by a string that was met in an export or in documentation.
    pub(crate) fn word(&self, class: Class, text: &str) -> Option<Entry<Word>> {
        let entry = self.hint(class, text);
        entry.filter(|e| e.proof != Proof::Unproven)
    }

    /// What a value or heading may mean, by any string.
    pub(crate) fn hint(&self, class: Class, text: &str) -> Option<Entry<Word>> {
        self.words
            .get(class as usize)
            .and_then(|map| find(map, text))
    }

    /// True if the text says Any in some language.
    pub(crate) fn is_any(&self, text: &str) -> bool {
        text == "Any" || self.word(Class::Any, text).is_some()
    }
}

fn insert<T: Copy>(map: &mut FxHashMap<Box<str>, Entry<T>>, text: &str, meaning: T, proof: Proof) {
    let entry = map.entry(text.into()).or_insert(Entry { meaning, proof });
    if proof == Proof::Seen || entry.proof == Proof::Unproven {
        entry.proof = proof;
    }
}

fn find<T: Copy>(map: &FxHashMap<Box<str>, Entry<T>>, text: &str) -> Option<Entry<T>> {
    map.get(text).or_else(|| map.get(&*fold(text))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vocabulary_line_is_well_formed_and_means_one_thing() {
        let mut seen: FxHashMap<(usize, String), (Key, &str)> = FxHashMap::default();
        for (language, text) in LANGUAGES {
            for line in lines(text) {
                let line = line.unwrap_or_else(|bad| panic!("{language}: {bad}"));
                let class = match line.key {
                    Key::Label(_) => CLASSES,
                    Key::Word(class, _) => class as usize,
                };
                let folded = fold(line.text).into_owned();
                let before = seen.entry((class, folded)).or_insert((line.key, language));
                assert_eq!(
                    before.0, line.key,
                    "{language} and {}: {}",
                    before.1, line.text
                );
            }
        }
    }

    #[test]
    fn each_language_has_the_deciding_labels_and_values() {
        // The four address and port labels stay English in some languages.
        let needed = [
            "label.name",
            "label.enabled",
            "label.direction",
            "label.profiles",
            "label.protocol",
            "label.action",
            "bool.yes",
            "bool.no",
            "direction.in",
            "direction.out",
            "action.allow",
            "action.block",
            "any.any",
            "profile.domain",
            "profile.private",
            "profile.public",
        ];
        // The same word in another language of the file set serves as well.
        let shared = [
            ("fr", "label.profiles"),
            ("it", "direction.out"),
            ("it", "label.name"),
        ];
        for (language, text) in LANGUAGES {
            for key in needed {
                let has = text
                    .lines()
                    .any(|l| l.split_once(' ').is_some_and(|(_, r)| r.starts_with(key)));
                assert!(
                    has || shared.contains(&(language, key)),
                    "{language} lacks {key}"
                );
            }
        }
    }

    #[test]
    fn every_proven_string_is_marked_with_where_it_was_seen() {
        for (language, text) in LANGUAGES.iter().filter(|(tag, _)| *tag != "en") {
            let declared = text.lines().filter_map(|l| l.strip_prefix('@'));
            let declared: Vec<&str> = declared
                .filter_map(|l| Some(l.split_once(' ')?.0))
                .collect();
            for line in lines(text).flatten() {
                let proven = line.proof != Proof::Unproven;
                assert_eq!(proven, !line.places.is_empty(), "{language}: {}", line.text);
                for place in &line.places {
                    assert!(declared.contains(place), "{language}: @{place}");
                }
            }
        }
    }

    #[test]
    fn lookups_ignore_case_blanks_and_hyphens_but_keep_places_apart() {
        let v = Vocabulary::get();
        let label = |text| v.label(text).map(|e| e.meaning);
        assert_eq!(label("Lokale-IP"), Some(Label::LocalIp));
        assert_eq!(label("rule name"), Some(Label::Name));
        assert_eq!(label("Ruler"), None);
        let aus = |class| v.word(class, "Aus").map(|e| e.meaning);
        assert_eq!(aus(Class::Direction), Some(Word::Out));
        assert_eq!(aus(Class::State), None, "no export proves it");
        assert_eq!(
            v.hint(Class::State, "Aus").map(|e| e.meaning),
            Some(Word::Off)
        );
        // French prints In as it prints ON; the words for Out and OFF must never stand under In.
        let actif = |class| v.word(class, "Actif").map(|e| e.meaning);
        assert_eq!(actif(Class::Direction), Some(Word::In));
        assert_eq!(actif(Class::State), Some(Word::On));
        assert_eq!(actif(Class::Bool), None);
        assert!(v.is_any("Beliebig") && !v.is_any("Anyone"));
    }
}
