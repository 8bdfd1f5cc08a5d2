//! What the labels and values of netsh output mean, whatever the language.

/// A field label of a rule, or of a block that is no firewall rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(crate) enum Label {
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
    pub(crate) const FIELDS: usize = Self::Peers as usize + 1;

    /// Each label that a firewall rule may hold.
    pub(crate) fn each_field() -> impl Iterator<Item = Self> {
        labels().filter(|l| (*l as usize) < Self::FIELDS)
    }

    /// The English label, for messages.
    pub(crate) fn english(self) -> &'static str {
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
pub(crate) enum Word {
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
pub(crate) enum Class {
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

/// Number of classes.
pub(crate) const CLASSES: usize = Class::Phrase as usize + 1;

/// What a key of a vocabulary names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    Label(Label),
    Word(Class, Word),
}

/// Every key of a vocabulary.
pub(crate) const KEYS: &[(&str, Key)] = &[
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
pub(crate) fn labels() -> impl Iterator<Item = Label> {
    KEYS.iter().filter_map(|(_, key)| match key {
        Key::Label(label) => Some(*label),
        Key::Word(..) => None,
    })
}
