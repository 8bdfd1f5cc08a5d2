//! Labels and values of netsh output in each language, read from `lang/*.txt`.
//!
//! One string a line: `PROOF KEY = TEXT`. Windows translates labels and values alike, so every language is known at once
//! and a file may mix them. To add a string, add a line; to add a language, add a file and one line to [`LANGUAGES`].

use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::OnceLock;

/// A field label of a rule, or of a block that is no firewall rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(super) enum Label {
    Name,
    Description,
    Enabled,
    Direction,
    Profiles,
    Group,
    LocalIp,
    RemoteIp,
    Protocol,
    LocalPort,
    RemotePort,
    Edge,
    Program,
    Service,
    Interfaces,
    Security,
    Source,
    Action,
    /// Authorized computers or users.
    Peers,
    /// Only in connection security and main mode rules.
    Consec,
    /// Also there, but too common a word to tell the kind of a block.
    ConsecPart,
}

impl Label {
    /// Number of labels that a firewall rule may hold.
    pub(super) const FIELDS: usize = Self::Peers as usize + 1;

    /// The English label, for messages.
    pub(super) fn english(self) -> &'static str {
        KEYS.iter()
            .find(|(_, k)| *k == Key::Label(self))
            .map_or("", |(name, _)| english_of(name))
    }
}

fn english_of(key: &'static str) -> &'static str {
    match key {
        "label.name" => "Rule Name",
        "label.description" => "Description",
        "label.enabled" => "Enabled",
        "label.direction" => "Direction",
        "label.profiles" => "Profiles",
        "label.group" => "Grouping",
        "label.local-ip" => "LocalIP",
        "label.remote-ip" => "RemoteIP",
        "label.protocol" => "Protocol",
        "label.local-port" => "LocalPort",
        "label.remote-port" => "RemotePort",
        "label.edge" => "Edge traversal",
        "label.program" => "Program",
        "label.service" => "Service",
        "label.interfaces" => "InterfaceTypes",
        "label.security" => "Security",
        "label.source" => "Rule source",
        "label.action" => "Action",
        _ => key,
    }
}

/// What a value or a heading means.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Word {
    Yes,
    No,
    In,
    Out,
    Allow,
    Block,
    Bypass,
    Any,
    Domain,
    Private,
    Public,
    NotRequired,
    LocalStore,
    PolicyStore,
    On,
    Off,
    Enable,
    Disable,
    Unset,
    OtherSection,
    State,
    Policy,
    LocalRules,
    NoRules,
}

/// Where a word may stand. One text may mean different things in different places (German `Aus` is Out and OFF).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Bool,
    Direction,
    Action,
    Any,
    Profile,
    Security,
    Source,
    /// Heading of a profile's settings.
    Header,
    /// Heading of an active profile (`netsh advfirewall monitor show currentprofile`).
    Active,
    Section,
    Setting,
    State,
    Switch,
    Phrase,
}

const CLASSES: usize = Class::Phrase as usize + 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    Label(Label),
    Word(Class, Word),
}

const KEYS: &[(&str, Key)] = &[
    ("label.name", Key::Label(Label::Name)),
    ("label.description", Key::Label(Label::Description)),
    ("label.enabled", Key::Label(Label::Enabled)),
    ("label.direction", Key::Label(Label::Direction)),
    ("label.profiles", Key::Label(Label::Profiles)),
    ("label.group", Key::Label(Label::Group)),
    ("label.local-ip", Key::Label(Label::LocalIp)),
    ("label.remote-ip", Key::Label(Label::RemoteIp)),
    ("label.protocol", Key::Label(Label::Protocol)),
    ("label.local-port", Key::Label(Label::LocalPort)),
    ("label.remote-port", Key::Label(Label::RemotePort)),
    ("label.edge", Key::Label(Label::Edge)),
    ("label.program", Key::Label(Label::Program)),
    ("label.service", Key::Label(Label::Service)),
    ("label.interfaces", Key::Label(Label::Interfaces)),
    ("label.security", Key::Label(Label::Security)),
    ("label.source", Key::Label(Label::Source)),
    ("label.action", Key::Label(Label::Action)),
    ("label.peers", Key::Label(Label::Peers)),
    ("label.consec", Key::Label(Label::Consec)),
    ("label.consec-part", Key::Label(Label::ConsecPart)),
    ("bool.yes", Key::Word(Class::Bool, Word::Yes)),
    ("bool.no", Key::Word(Class::Bool, Word::No)),
    ("direction.in", Key::Word(Class::Direction, Word::In)),
    ("direction.out", Key::Word(Class::Direction, Word::Out)),
    ("action.allow", Key::Word(Class::Action, Word::Allow)),
    ("action.block", Key::Word(Class::Action, Word::Block)),
    ("action.bypass", Key::Word(Class::Action, Word::Bypass)),
    ("any.any", Key::Word(Class::Any, Word::Any)),
    ("profile.domain", Key::Word(Class::Profile, Word::Domain)),
    ("profile.private", Key::Word(Class::Profile, Word::Private)),
    ("profile.public", Key::Word(Class::Profile, Word::Public)),
    (
        "security.none",
        Key::Word(Class::Security, Word::NotRequired),
    ),
    ("source.local", Key::Word(Class::Source, Word::LocalStore)),
    ("source.gpo", Key::Word(Class::Source, Word::PolicyStore)),
    ("header.domain", Key::Word(Class::Header, Word::Domain)),
    ("header.private", Key::Word(Class::Header, Word::Private)),
    ("header.public", Key::Word(Class::Header, Word::Public)),
    ("active.domain", Key::Word(Class::Active, Word::Domain)),
    ("active.private", Key::Word(Class::Active, Word::Private)),
    ("active.public", Key::Word(Class::Active, Word::Public)),
    (
        "section.other",
        Key::Word(Class::Section, Word::OtherSection),
    ),
    ("setting.state", Key::Word(Class::Setting, Word::State)),
    ("setting.policy", Key::Word(Class::Setting, Word::Policy)),
    (
        "setting.local-rules",
        Key::Word(Class::Setting, Word::LocalRules),
    ),
    ("state.on", Key::Word(Class::State, Word::On)),
    ("state.off", Key::Word(Class::State, Word::Off)),
    ("switch.enable", Key::Word(Class::Switch, Word::Enable)),
    ("switch.disable", Key::Word(Class::Switch, Word::Disable)),
    ("switch.unset", Key::Word(Class::Switch, Word::Unset)),
    ("phrase.no-rules", Key::Word(Class::Phrase, Word::NoRules)),
];

/// Every label, once.
pub(super) fn labels() -> impl Iterator<Item = Label> {
    KEYS.iter().filter_map(|(_, key)| match key {
        Key::Label(label) => Some(*label),
        Key::Word(..) => None,
    })
}

/// The texts of a label in the English vocabulary.
pub(super) fn english_texts(label: Label) -> String {
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
pub(super) const LANGUAGES: &[(&str, &str)] = &[
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
];

/// Whether a string was met in an export or in documentation. A string that is neither may still be right; its use is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Proof {
    Seen,
    Documented,
    Unproven,
}

/// A word that was looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry<T> {
    pub(super) meaning: T,
    pub(super) proof: Proof,
}

/// All languages together.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    labels: FxHashMap<Box<str>, Entry<Label>>,
    words: [FxHashMap<Box<str>, Entry<Word>>; CLASSES],
}

/// One line of a vocabulary.
pub(super) struct Line<'a> {
    key: Key,
    pub(super) proof: Proof,
    text: &'a str,
}

/// The lines of a vocabulary; an error is a line that is none.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line<'_>, &str>> {
    text.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
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
    let text = text.trim();
    (!text.is_empty()).then_some(Line {
        key: *key,
        proof,
        text,
    })
}

/// The form in which texts are compared: lower case, without blanks, hyphens and typographic variants. Exports and their
/// copies differ in these (`Lokale IP`, `LokaleIP`).
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '-' | '\u{2010}' | '\u{2011}' | '"' | '«' | '»' => {}
            '\u{2019}' => out.push('\''),
            c if c.is_whitespace() => {}
            c => out.extend(c.to_lowercase()),
        }
    }
    Cow::Owned(out)
}

impl Vocabulary {
    /// The vocabulary of all languages; read once.
    pub(super) fn get() -> &'static Self {
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
    pub(super) fn label(&self, text: &str) -> Option<Label> {
        find(&self.labels, text).map(|e| e.meaning)
    }

    /// Whether a label in some language begins with a text.
    pub(super) fn begins(&self, label: Label, text: &str) -> bool {
        let text = fold(text);
        let mut labels = self.labels.iter().filter(|(_, e)| e.meaning == label);
        !text.is_empty() && labels.any(|(whole, _)| whole.starts_with(&*text))
    }

    /// The meaning of a value or heading in its place.
    pub(super) fn word(&self, class: Class, text: &str) -> Option<Entry<Word>> {
        self.words
            .get(class as usize)
            .and_then(|map| find(map, text))
    }

    /// True if the text says Any in some language.
    pub(super) fn is_any(&self, text: &str) -> bool {
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

/// How much a line looks like a line of netsh output in some language; 0 if not at all. The decoder of code pages asks.
pub(crate) fn familiarity(line: &str) -> u32 {
    let v = Vocabulary::get();
    let line = line.trim();
    let Some((label, value)) = super::lines::split_label(line) else {
        let head = line.split("  ").next().unwrap_or(line);
        return if v.word(Class::Setting, head).is_some() {
            10
        } else {
            0
        };
    };
    let heading = [Class::Header, Class::Active, Class::Section]
        .iter()
        .any(|c| v.word(*c, label).is_some());
    let known = v.label(label).is_some();
    let classes = [Class::Bool, Class::Direction, Class::Action, Class::Any];
    let value_known = !value.is_empty() && classes.iter().any(|c| v.word(*c, value).is_some());
    10 * u32::from(known || heading) + 4 * u32::from(known && value_known)
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
    fn lookups_ignore_case_blanks_and_hyphens_but_keep_places_apart() {
        let v = Vocabulary::get();
        assert_eq!(v.label("Lokale-IP"), Some(Label::LocalIp));
        assert_eq!(v.label("rule name"), Some(Label::Name));
        assert_eq!(v.label("Ruler"), None);
        let aus = |class| v.word(class, "Aus").map(|e| e.meaning);
        assert_eq!(aus(Class::Direction), Some(Word::Out));
        assert_eq!(aus(Class::State), Some(Word::Off));
        // French prints In as it prints ON; the words for Out and OFF must never stand under In.
        let actif = |class| v.word(class, "Actif").map(|e| e.meaning);
        assert_eq!(actif(Class::Direction), Some(Word::In));
        assert_eq!(actif(Class::State), Some(Word::On));
        assert_eq!(actif(Class::Bool), None);
        assert!(v.is_any("Beliebig") && !v.is_any("Anyone"));
    }
}
