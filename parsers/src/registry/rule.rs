//! What the fields of a rule state, in the words of the common reader.

use super::fields::{Field, Meaning, meaning};
use crate::windows::build::clip;
use crate::windows::narrow::{By, narrowed};
use crate::windows::stated::{Said, Stated};
use crate::windows::words::Label;
use hylint_model::{Condition, ConditionKind, Span, Test};
use std::borrow::Cow;

/// What is known of a rule beside its fields.
#[derive(Clone, Debug)]
pub(crate) struct Context<'a> {
    /// All of its text.
    pub(crate) span: Span,
    /// What a remark about it labels.
    pub(crate) head: Span,
    /// The id by which its store knows it: the name of the registry value.
    pub(crate) id: Cow<'a, str>,
    /// Its source, as netsh calls it; `None` if that is not known.
    pub(crate) source: Option<&'static str>,
    /// Whether a rule that does not say that it acts does not.
    pub(crate) off_unless_said: bool,
}

/// The source of the host's own rules.
pub(crate) const LOCAL: &str = "Local Setting";
/// The source of rules of policy.
pub(crate) const POLICY: &str = "Group Policy Setting";

/// Makes a rule of its fields. Absent fields mean what the grammar says of their absence: nothing narrows the rule, and it does
/// not act (\[MS-GPFAS\] 2.2.2.19).
pub(crate) fn state<'a>(fields: &[Field<'a>], context: Context<'a>) -> Stated<'a> {
    let mut reader = Reader::new(context);
    for field in fields {
        reader.field(field);
    }
    reader.finish()
}

/// A list that is put together of several fields.
#[derive(Debug, Default)]
struct List {
    text: String,
    span: Option<Span>,
}

impl List {
    fn add(&mut self, text: &str, span: Span) {
        if self.span.is_some() {
            self.text.push(',');
        }
        self.text.push_str(text);
        self.span = Some(self.span.map_or(span, |s| s.to(span)));
    }
}

/// Addresses of one end, of both families.
#[derive(Debug, Default)]
struct Ends<'a> {
    v4: Vec<Said<'a>>,
    v6: Vec<Said<'a>>,
}

struct Reader<'a> {
    out: Stated<'a>,
    context: Context<'a>,
    lists: [List; LISTS.len()],
    local: Ends<'a>,
    remote: Ends<'a>,
    overrides: bool,
    packages: Vec<Said<'a>>,
    platforms: Vec<Said<'a>>,
    later: Option<Said<'a>>,
}

/// Labels whose values are lists.
const LISTS: [Label; 6] = [
    Label::Profiles,
    Label::LocalPort,
    Label::RemotePort,
    Label::Security,
    Label::Interfaces,
    Label::Peers,
];

impl<'a> Reader<'a> {
    fn new(context: Context<'a>) -> Self {
        Self {
            out: Stated::new(context.span, context.head),
            context,
            lists: Default::default(),
            local: Ends::default(),
            remote: Ends::default(),
            overrides: false,
            packages: Vec::new(),
            platforms: Vec::new(),
            later: None,
        }
    }

    fn field(&mut self, field: &Field<'a>) {
        let value = field.value.clone();
        match meaning(&field.name) {
            Some(Meaning::One(label)) => self.one(label, value),
            Some(Meaning::Entry(label)) => self.entry(label, &value),
            Some(Meaning::Address { label, v6 }) => {
                let ends = match label {
                    Label::LocalIp => &mut self.local,
                    _ => &mut self.remote,
                };
                let list = if v6 { &mut ends.v6 } else { &mut ends.v4 };
                list.push(value);
            }
            Some(Meaning::Icmp) => self.out.icmp.push(value),
            Some(Meaning::OverridesBlocks) => {
                self.overrides = value.text.trim().eq_ignore_ascii_case("true");
            }
            Some(Meaning::Package) => self.packages.push(value),
            Some(Meaning::Local(what)) => self.narrows(ConditionKind::Local, what, &value),
            Some(Meaning::Peer(what)) => self.narrows(ConditionKind::Peer, what, &value),
            Some(Meaning::Narrows(by)) => {
                let condition = narrowed(by, &value.text, value.span);
                self.out.conditions.push(condition);
            }
            Some(Meaning::Platform) => self.platforms.push(value),
            Some(Meaning::OrLater) => self.later = Some(value),
            Some(Meaning::Inert) => {}
            None => {
                let label = Said::new(field.name.clone(), field.whole.span);
                self.out.odd(label, field.whole.clone());
            }
        }
    }

    fn one(&mut self, label: Label, value: Said<'a>) {
        let differs = |s: &Said<'_>| s.text != value.text;
        if self.out.get(label).is_some_and(differs) {
            self.out.repeated.push((label, value.span));
            return;
        }
        self.out.set(label, value.text, value.span);
    }

    fn entry(&mut self, label: Label, value: &Said<'a>) {
        let slot = LISTS.iter().position(|l| *l == label);
        if let Some(list) = slot.and_then(|n| self.lists.get_mut(n)) {
            list.add(entry_word(label, value.text.trim()), value.span);
        }
    }

    fn narrows(&mut self, kind: ConditionKind, what: &str, value: &Said<'a>) {
        let text = format!("{what} {}", clip(value.text.trim()));
        let condition = Condition::new(kind, Test::Opaque, value.span, text);
        self.out.conditions.push(condition);
    }

    fn finish(mut self) -> Stated<'a> {
        for (label, list) in LISTS.iter().zip(std::mem::take(&mut self.lists)) {
            if let Some(span) = list.span {
                let text = match label {
                    Label::Security => security(list.text),
                    _ => list.text,
                };
                self.out.set(*label, text, span);
            }
        }
        let ends = [
            (Label::LocalIp, std::mem::take(&mut self.local)),
            (Label::RemoteIp, std::mem::take(&mut self.remote)),
        ];
        for (label, ends) in ends {
            if let Some((text, span)) = ends.joined() {
                self.out.set(label, text, span);
            }
        }
        self.words();
        self.ports();
        self.name();
        self.package();
        self.platform();
        self.absent();
        self.out
    }

    /// Values in the words of netsh.
    fn words(&mut self) {
        let said = |out: &Stated<'a>, label| out.get(label).cloned();
        if let Some(active) = said(&self.out, Label::Enabled) {
            let word = match active.text.trim() {
                t if t.eq_ignore_ascii_case("true") => "Yes",
                t if t.eq_ignore_ascii_case("false") => "No",
                _ => "",
            };
            if !word.is_empty() {
                self.out.set(Label::Enabled, word, active.span);
            }
        }
        if let Some(action) = said(&self.out, Label::Action)
            && self.overrides
            && action.text.trim().eq_ignore_ascii_case("allow")
        {
            self.out.set(Label::Action, "Bypass", action.span);
        }
        // 256 stands for any protocol in the structure that the string is made of.
        if let Some(protocol) = said(&self.out, Label::Protocol)
            && protocol.text.trim() == "256"
        {
            self.out.set(Label::Protocol, "Any", protocol.span);
        }
        if let Some(service) = said(&self.out, Label::Service)
            && service.text.trim() == "*"
        {
            self.out.set(Label::Service, "Any", service.span);
        }
    }

    /// Ports bind TCP and UDP only; a string with ports for another protocol is no valid rule.
    fn ports(&mut self) {
        let protocol = self.out.text(Label::Protocol).trim().to_owned();
        let has_ports = matches!(protocol.as_str(), "6" | "17")
            || ["tcp", "udp"]
                .iter()
                .any(|p| protocol.eq_ignore_ascii_case(p));
        if has_ports {
            return;
        }
        for label in [Label::LocalPort, Label::RemotePort] {
            let ports = self
                .out
                .get(label)
                .filter(|s| !s.text.eq_ignore_ascii_case("any"));
            if let Some(said) = ports {
                let text = "ports without the protocol TCP or UDP";
                let condition = open(said.span, text);
                self.out.conditions.push(condition);
            }
        }
    }

    /// Names of Windows' own rules are references to a text of a library. Their ids say more.
    fn name(&mut self) {
        let name = self.out.text(Label::Name);
        let reference = name.starts_with('@') && !name.starts_with("@{");
        let readable = !self.context.id.is_empty() && !self.context.id.starts_with('{');
        if (reference || name.is_empty()) && readable {
            let span = self.out.place(Label::Name);
            self.out.set(Label::Name, self.context.id.clone(), span);
        }
    }

    fn package(&mut self) {
        let Some(first) = self.packages.first() else {
            return;
        };
        // A family is a name that people know; an id is a number.
        let named = self.packages.iter().find(|p| !p.text.starts_with("S-1-"));
        let value = &named.unwrap_or(first).text;
        let condition = narrowed(By::Package, value, first.span);
        self.out.conditions.push(condition);
    }

    /// `2:6:2`: the kind of Windows, and its version. What all versions since Windows 8 have is no condition.
    fn platform(&mut self) {
        let Some(first) = self.platforms.first() else {
            return;
        };
        let later = self.later.as_ref();
        let later = later.is_some_and(|l| l.text.trim().eq_ignore_ascii_case("GTEQ"));
        let version = |s: &Said<'_>| {
            let mut parts = s.text.split(':').map(|p| p.trim().parse::<u16>().ok());
            Some((parts.next()??, parts.next()??, parts.next()??))
        };
        // The operator belongs to the last one.
        let last = self.platforms.last().and_then(version);
        if later && last.is_some_and(|(_, major, minor)| (major, minor) <= (6, 2)) {
            return;
        }
        let mut all: Vec<String> = Vec::new();
        for said in &self.platforms {
            all.push(match version(said) {
                Some((_, major, minor)) => format!("{major}.{minor}"),
                None => said.text.trim().to_owned(),
            });
        }
        let more = if later { "+" } else { "" };
        let value = format!("{}{more}", all.join(","));
        let condition = narrowed(By::Platform, &value, first.span);
        self.out.conditions.push(condition);
    }

    fn absent(&mut self) {
        // A block that may act is not taken for one that does not.
        let blocks = self
            .out
            .text(Label::Action)
            .trim()
            .eq_ignore_ascii_case("block");
        if self.context.off_unless_said && !blocks {
            self.out.imply(Label::Enabled, "No");
        }
        for (label, text) in [
            (Label::Profiles, "Any"),
            (Label::Protocol, "Any"),
            (Label::LocalIp, "Any"),
            (Label::RemoteIp, "Any"),
            (Label::LocalPort, "Any"),
            (Label::RemotePort, "Any"),
            (Label::Interfaces, "Any"),
            (Label::Security, "NotRequired"),
            (Label::Name, ""),
            (Label::Group, ""),
        ] {
            self.out.imply(label, text);
        }
        if let Some(source) = self.context.source {
            self.out.imply(Label::Source, source);
        }
    }
}

/// What IPsec has to do, in the word of netsh for all fields together.
fn security(list: String) -> String {
    let has = |word: &str| list.split(',').any(|w| w.eq_ignore_ascii_case(word));
    for (word, netsh) in SECURITY {
        if has(word) {
            return netsh.to_owned();
        }
    }
    list
}

/// The words of `Security`, `Security2` and `Security2_9` with those of netsh, the one that demands most first
/// (\[MS-FASP\] 2.2.35; netsh advfirewall firewall add rule, `security`).
pub(super) const SECURITY: [(&str, &str); 4] = [
    ("AnE-Nego", "AuthDynEnc"),
    ("AuthenticateEncrypt", "AuthEnc"),
    ("An-NoEncap", "AuthNoEncap"),
    ("Authenticate", "Authenticate"),
];

/// What leaves a rule open, for a reason of its own.
pub(crate) fn open(span: Span, text: impl Into<Box<str>>) -> Condition {
    Condition::new(ConditionKind::Unknown, Test::Passing, span, text)
}

/// A rule of which nothing is known: it stands for something that is not read, which may allow or block.
pub(crate) fn unread<'a>(span: Span) -> Stated<'a> {
    let mut stated = Stated::new(span, span);
    stated.told = true;
    stated.set(Label::Enabled, "Yes", span);
    // Without a direction it is not known what it does.
    stated.set(Label::Action, "Allow", span);
    for label in ANY {
        stated.imply(label, "Any");
    }
    stated.imply(Label::Security, "NotRequired");
    stated
        .conditions
        .push(open(span, "a rule that is not read"));
    stated
}

const ANY: [Label; 7] = [
    Label::Profiles,
    Label::Protocol,
    Label::LocalIp,
    Label::RemoteIp,
    Label::LocalPort,
    Label::RemotePort,
    Label::Interfaces,
];

/// The word of netsh for an entry of a list.
fn entry_word(label: Label, value: &str) -> &str {
    let is = |word: &str| value.eq_ignore_ascii_case(word);
    match label {
        Label::Interfaces if is("RemoteAccess") => "RAS",
        Label::Interfaces if is("Lan") => "LAN",
        _ => value,
    }
}

impl Ends<'_> {
    /// Both families as one list: a keyword that stands in both means both; in one, that one. `None`: no address is named.
    fn joined(&self) -> Option<(String, Span)> {
        let mut list = List::default();
        let keyword =
            |t: &str| t.starts_with(|c: char| c.is_ascii_alphabetic()) && !t.contains(':');
        let has =
            |all: &[Said<'_>], t: &str| all.iter().any(|s| s.text.trim().eq_ignore_ascii_case(t));
        for said in &self.v4 {
            let text = said.text.trim();
            match keyword(text) && !has(&self.v6, text) {
                true => list.add(&format!("{text}4"), said.span),
                false => list.add(text, said.span),
            }
        }
        for said in &self.v6 {
            let text = said.text.trim();
            match keyword(text) {
                true if has(&self.v4, text) => {
                    list.span = list.span.map(|s| s.to(said.span));
                }
                true => list.add(&format!("{text}6"), said.span),
                false => list.add(text, said.span),
            }
        }
        list.span.map(|span| (list.text, span))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::split;
    use super::super::text::Text;
    use super::*;

    fn stated(text: &str) -> Stated<'_> {
        let split = split(&Text::plain(text, 0)).unwrap();
        let span = Span::new(0, text.len());
        let context = Context {
            span,
            head: span,
            id: "RemoteDesktop-In".into(),
            source: Some(LOCAL),
            off_unless_said: true,
        };
        state(&split.fields, context)
    }

    // Fails if the absence of a field narrows a rule, or lets one act that does not.
    #[test]
    fn absent_fields_mean_what_the_grammar_says() {
        let rule = stated("v2.0|Action=Allow|Dir=In|");
        for (label, want) in [
            (Label::Enabled, "No"),
            (Label::Profiles, "Any"),
            (Label::Protocol, "Any"),
            (Label::RemoteIp, "Any"),
            (Label::LocalPort, "Any"),
            (Label::Security, "NotRequired"),
            (Label::Source, LOCAL),
        ] {
            assert_eq!(rule.text(label), want, "{label:?}");
        }
        assert!(!rule.has(Label::Program) && !rule.has(Label::Service));
        assert!(stated("v2.0|Dir=In|").get(Label::Action).is_none());
    }

    #[test]
    fn repeated_fields_are_lists_and_keywords_have_families() {
        let rule = stated(
            "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=80|LPort2_10=8000-8010|RA4=LocalSubnet|RA4=10.0.0.0/255.0.0.0|RA42=IntErnet|RA6=LocalSubnet|RA6=fe80::/64|IFType=RemoteAccess|Svc=*|Name=@x.dll,-1|",
        );
        assert_eq!(rule.text(Label::Profiles), "Domain,Private");
        assert_eq!(rule.text(Label::LocalPort), "80,8000-8010");
        assert_eq!(
            rule.text(Label::RemoteIp),
            "LocalSubnet,10.0.0.0/255.0.0.0,IntErnet4,fe80::/64"
        );
        assert_eq!(rule.text(Label::Interfaces), "RAS");
        assert_eq!(rule.text(Label::Service), "Any");
        assert_eq!(rule.text(Label::Name), "RemoteDesktop-In");
        assert_eq!(rule.text(Label::Enabled), "Yes");
        assert!(rule.odd.is_empty() && rule.conditions.is_empty() && rule.repeated.is_empty());
        assert_eq!(stated("v2.3|RA6=DNS|").text(Label::RemoteIp), "DNS6");
    }

    // Fails if something that narrows a rule is dropped in silence.
    #[test]
    fn what_narrows_a_rule_is_a_condition_or_named() {
        let rule = stated(
            "v2.31|Action=Allow|Dir=Out|AppPkgId=S-1-15-2-1|PFN=a_b|LUAuth=O:LSD:(A;;CC;;;S-1-2-1)|TTK=ProxSharing|IF={A}|Platform=2:10:0|RemoteIP=10.0.0.1|LPort=80|",
        );
        let told: Vec<&str> = rule.conditions.iter().map(|c| &*c.text).collect();
        let want = [
            "local user O:LSD:(A;;CC;;;S-1-2-1)",
            "dynamic target ProximitySharing",
            "interface {A}",
            "ports without the protocol TCP or UDP",
            "app package a_b",
            "platform 10.0",
        ];
        assert_eq!(told, want);
        let odd: Vec<&str> = rule.odd.iter().map(|o| &*o.label.text).collect();
        assert_eq!(odd, ["RemoteIP"]);
        let none = stated("v2.31|Platform=2:6:2|Platform2=GTEQ|Edge=TRUE|LOM=TRUE|");
        assert!(none.conditions.is_empty() && none.odd.is_empty());
    }

    #[test]
    fn an_allow_that_overrides_blocks_is_a_bypass_and_two_actions_are_none() {
        let rule = stated(
            "v2.10|Action=Allow|Dir=Out|AuthByPassOut=TRUE|Security=Authenticate|Security2=AnE-Nego|",
        );
        assert_eq!(rule.text(Label::Action), "Bypass");
        assert_eq!(rule.text(Label::Security), "AuthDynEnc");
        let twice = stated("v2.10|Action=Allow|Action=Block|Action=Allow|");
        assert_eq!(twice.repeated.len(), 1);
        assert_eq!(twice.repeated[0].0, Label::Action);
    }
}
