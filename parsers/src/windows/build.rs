//! From what an export states of a rule to a rule of the model.

use super::form::Form;
use super::stated::{Direction, Said, Stated};
use super::values;
use super::vocab::{Proof, Vocabulary};
use super::words::{Class, Label, Word};
use hylint_model::{
    Action, Condition, ConditionKind, Field, Profiles, Rule, RuleOrigin, Span, Test,
};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use thin_vec::ThinVec;

/// Odd lines of one rule that become conditions; one is enough to leave the rule undecided.
const MOST_ODDITIES: usize = 8;

/// A remark about a value, told once per label and value.
#[derive(Debug)]
pub(crate) enum Remark<'a> {
    /// The value is not known; the rule is kept as undecided.
    Unknown {
        label: Label,
        value: Cow<'a, str>,
        span: Span,
    },
    /// What a rule does is not known: it may allow or block, or be for packets of either direction. No value: the line is not
    /// there.
    Unread {
        label: Label,
        value: Option<Cow<'a, str>>,
        span: Span,
    },
    /// The rule's source is no word for local rules or for policy, so it is taken for a policy's name.
    Source { value: Cow<'a, str>, span: Span },
    /// A field that the form always has is not there.
    Missing { label: Label },
    /// A label occurs twice.
    Repeated { label: Label, span: Span },
}

/// A rule with what is to be said about it.
#[derive(Debug)]
pub(crate) struct Built<'a> {
    pub(crate) rule: Rule,
    pub(crate) direction: Direction,
    /// Whether none of the verbose fields is stated.
    pub(crate) brief: bool,
    pub(crate) remarks: Vec<Remark<'a>>,
}

impl Built<'_> {
    /// Of a rule of which it is not known what it does, keeps the first remark that says so; none where it is `cut` off.
    pub(crate) fn only_unread(&mut self, cut: bool) {
        let of = |wanted: Label| {
            let is = |r: &Remark<'_>| matches!(r, Remark::Unread { label, .. } if *label == wanted);
            self.remarks.iter().position(is)
        };
        let Some(at) = of(Label::Action).or_else(|| of(Label::Direction)) else {
            if cut {
                self.remarks.clear();
            }
            return;
        };
        let first = self.remarks.swap_remove(at);
        self.remarks.clear();
        self.brief = false;
        if !cut {
            self.remarks.push(first);
        }
    }
}

/// Builds a rule. One whose direction is not known is two, of which the first has the remarks.
pub(crate) fn build<'a>(form: &'static Form, stated: &Stated<'a>) -> SmallVec<[Built<'a>; 1]> {
    let mut first = builder(form, stated);
    if let Some(direction) = first.direction() {
        return smallvec![first.run(direction, true)];
    }
    smallvec![
        first.run(Direction::In, false),
        Built {
            brief: false,
            remarks: Vec::new(),
            ..builder(form, stated).run(Direction::Out, false)
        },
    ]
}

/// The directions of the rules that [`build`] makes.
pub(crate) fn directions(
    form: &'static Form,
    stated: &Stated<'_>,
) -> impl Iterator<Item = Direction> + use<> {
    let known = builder(form, stated).direction();
    let (into, out) = match known {
        Some(Direction::In) => (true, false),
        Some(Direction::Out) => (false, true),
        None => (true, true),
    };
    let either = [(into, Direction::In), (out, Direction::Out)];
    either.into_iter().filter(|(is, _)| *is).map(|(_, d)| d)
}

/// Whether the source of a rule is a policy, by a word for one or by its name.
pub(crate) fn is_of_policy(stated: &Stated<'_>) -> bool {
    let value = stated.text(Label::Source);
    let word = Vocabulary::get().hint(Class::Source, value);
    !value.is_empty() && word.map(|e| e.meaning) != Some(Word::LocalStore)
}

fn builder<'a, 'b>(form: &'static Form, stated: &'b Stated<'a>) -> Builder<'a, 'b> {
    Builder {
        v: Vocabulary::get(),
        form,
        stated,
        remarks: Vec::new(),
        conditions: stated.conditions.iter().cloned().collect(),
        only_clause: false,
    }
}

pub(crate) struct Builder<'a, 'b> {
    pub(crate) v: &'static Vocabulary,
    pub(crate) form: &'static Form,
    pub(crate) stated: &'b Stated<'a>,
    pub(crate) remarks: Vec<Remark<'a>>,
    /// Conditions of every clause.
    pub(crate) conditions: SmallVec<[Condition; 2]>,
    /// Whether the rule has one clause, which may take the conditions.
    pub(crate) only_clause: bool,
}

impl<'a> Builder<'a, '_> {
    /// `sure`: the direction is the one that the rule prints.
    fn run(mut self, direction: Direction, sure: bool) -> Built<'a> {
        let action = match self.action() {
            Ok(action) if sure => action,
            Ok(_) => Action::Opaque("its direction is not known".into()),
            Err(why) => Action::Opaque(why),
        };
        let mut rule = Rule::new(self.stated.span, action);
        rule.name = self.str(Label::Name).into();
        rule.group = self.str(Label::Group).into();
        rule.comment = self.str(Label::Description).into();
        rule.enabled = self.enabled();
        rule.profiles = self.profiles();
        rule.origin = self.origin();
        let brief = self.scope(&rule);
        self.doubts();
        self.oddities();
        rule.clauses = self.clauses(direction, &rule.action);
        rule.fields = self.fields(direction);
        Built {
            rule,
            direction,
            brief,
            remarks: self.remarks,
        }
    }

    fn str(&self, label: Label) -> &str {
        self.stated.text(label)
    }

    /// A value, and its place.
    pub(crate) fn said(&self, label: Label) -> Option<(Cow<'a, str>, Span)> {
        let said = self.stated.get(label)?;
        Some((said.text.clone(), self.stated.place(label)))
    }

    fn name(&self, label: Label) -> &'static str {
        (self.form.label)(label)
    }

    /// Leaves the rule undecided, for a reason of its own: the same words about another rule are about another unknown.
    pub(crate) fn undecided(&mut self, span: Span, text: String) {
        self.open(Test::Passing, span, text);
    }

    fn open(&mut self, test: Test, span: Span, text: String) {
        let kind = ConditionKind::Unknown;
        self.conditions.push(Condition::new(kind, test, span, text));
    }

    fn word(&self, label: Label, class: Class) -> Option<Word> {
        let said = self.stated.get(label)?;
        let entry = self.v.word(class, &said.text)?;
        Some(entry.meaning)
    }

    /// Remembers that what decides the rule's effect is not known.
    fn unread(&mut self, label: Label) -> Box<str> {
        let place = self.stated.get(label);
        let span = place.map_or(self.stated.span, |_| self.stated.place(label));
        let value = place.map(|s| Cow::Owned(clip(&s.text).into_owned()));
        let text = match &value {
            None if self.stated.unread => "its language is not read".to_owned(),
            None => format!("it has no {} line", self.name(label)),
            Some(value) => format!("{} `{value}` is not known", self.name(label)),
        };
        self.remarks.push(Remark::Unread { label, value, span });
        text.into()
    }

    /// What the rule does; an error says why it is not known.
    fn action(&mut self) -> Result<Action, Box<str>> {
        if self.stated.is_doubtful(Label::Action) {
            return Err("the translation of its Action is not confirmed".into());
        }
        match self.word(Label::Action, Class::Action) {
            Some(Word::Allow) => Ok(Action::Allow),
            Some(Word::Block) => Ok(Action::Deny),
            Some(Word::Bypass) => Ok(Action::Bypass),
            _ => Err(self.unread(Label::Action)),
        }
    }

    fn direction(&mut self) -> Option<Direction> {
        if self.stated.is_doubtful(Label::Direction) {
            return None;
        }
        let word = self.word(Label::Direction, Class::Direction);
        let word = word.filter(|w| !self.contradicts(*w));
        match word {
            Some(Word::In) => Some(Direction::In),
            Some(Word::Out) => Some(Direction::Out),
            _ => {
                self.unread(Label::Direction);
                None
            }
        }
    }

    /// Whether a direction that no export proves is the other one than the rule's name says: Windows ends the names of its
    /// own rules, and many programs theirs, with `(TCP-In)` or `(TCP-Out)`.
    fn contradicts(&self, word: Word) -> bool {
        let value = self.str(Label::Direction);
        let proof = self.v.word(Class::Direction, value).map(|e| e.proof);
        let name = self.str(Label::Name);
        let other = match word {
            Word::In => name.ends_with("-Out)"),
            Word::Out => name.ends_with("-In)"),
            _ => false,
        };
        other && proof != Some(Proof::Seen)
    }

    pub(crate) fn unknown(&mut self, label: Label, value: impl Into<Cow<'a, str>>, span: Span) {
        let value = value.into();
        // Whatever the value says, it says the same in every rule.
        let text = format!("{} `{}`", self.name(label), clip(&value));
        self.open(Test::Opaque, span, text);
        self.remarks.push(Remark::Unknown { label, value, span });
    }

    pub(crate) fn missing(&mut self, label: Label) {
        let span = self.stated.head;
        if self.stated.unread {
            let name = format!("the fields of rule `{}`", clip(self.str(Label::Name)));
            return self.undecided(span, name);
        }
        self.undecided(span, format!("{} is not printed", self.name(label)));
        self.remarks.push(Remark::Missing { label });
    }

    fn enabled(&mut self) -> bool {
        let Some((value, span)) = self.said(Label::Enabled) else {
            self.missing(Label::Enabled);
            return true;
        };
        match self.word(Label::Enabled, Class::Bool) {
            Some(Word::Yes) => true,
            Some(Word::No) => false,
            _ => {
                self.unknown(Label::Enabled, value, span);
                true
            }
        }
    }

    fn profiles(&mut self) -> Profiles {
        let Some((value, span)) = self.said(Label::Profiles) else {
            self.missing(Label::Profiles);
            return Profiles::ALL;
        };
        match values::profiles(self.v, &value) {
            (set, None) => set,
            (_, Some(token)) => {
                let token = token.to_owned();
                self.unknown(Label::Profiles, token, span);
                Profiles::ALL
            }
        }
    }

    fn origin(&mut self) -> RuleOrigin {
        let said = self.said(Label::Source);
        let Some((value, span)) = said.filter(|_| !self.stated.is_doubtful(Label::Source)) else {
            return RuleOrigin::Unsaid;
        };
        // A translation that nothing proves is no policy's name either.
        let hint = self.v.hint(Class::Source, &value);
        if hint.is_some_and(|e| e.proof == Proof::Unproven) {
            return RuleOrigin::Unsaid;
        }
        match self.word(Label::Source, Class::Source) {
            Some(Word::LocalStore) => RuleOrigin::Local,
            Some(Word::PolicyStore) => RuleOrigin::GroupPolicy,
            _ if value.contains("Group Policy") || value.contains("GPO") => RuleOrigin::GroupPolicy,
            _ if value.is_empty() => RuleOrigin::Unsaid,
            _ => self.named_source(value, span),
        }
    }

    /// `netsh advfirewall monitor show firewall` prints the name of the policy that a rule comes from.
    fn named_source(&mut self, value: Cow<'a, str>, span: Span) -> RuleOrigin {
        let text = format!("rule source `{}` is a Group Policy", clip(&value));
        self.local(Test::PolicySource, span, text);
        self.remarks.push(Remark::Source { value, span });
        RuleOrigin::GroupPolicy
    }

    /// Program, service, package, IPsec, interfaces, users. True if the block prints none of the verbose fields.
    fn scope(&mut self, rule: &Rule) -> bool {
        let verbose = [
            Label::Security,
            Label::Interfaces,
            Label::Source,
            Label::Program,
            Label::Service,
        ]
        .iter()
        .any(|l| self.stated.has(*l));
        let place = self.stated.head;
        let told = self
            .conditions
            .iter()
            .any(|c| matches!(c.test, Test::Package { .. }));
        if !told && self.is_package(rule, verbose) {
            self.local(
                Test::Package { named: false },
                place,
                "the app package of the rule",
            );
        }
        if !self.stated.has(Label::Security) {
            self.local(Test::Unprinted, place, "brief-export");
        }
        self.program();
        self.service();
        self.security(rule.action == Action::Bypass);
        self.peers();
        !verbose
    }

    fn local(&mut self, test: Test, span: Span, text: impl Into<Box<str>>) {
        self.conditions
            .push(Condition::new(ConditionKind::Local, test, span, text));
    }

    /// netsh never prints the package of an app's rule. Its texts are references into the package's resources; a verbose
    /// rule without program whose group is its name is one whose references were resolved. The latter is a guess that only
    /// narrows, so it is not made for rules that block.
    fn is_package(&self, rule: &Rule, verbose: bool) -> bool {
        let reference = |t: &str| t.starts_with("@{") && t.contains("ms-resource");
        if reference(&rule.name) || reference(&rule.group) || reference(&rule.comment) {
            return true;
        }
        verbose
            && !self.form.names_packages
            && rule.action == Action::Allow
            && !self.stated.has(Label::Program)
            && !self.stated.has(Label::Service)
            && !rule.name.is_empty()
            && rule.name == rule.group
    }

    fn program(&mut self) {
        let Some((program, span)) = self.said(Label::Program) else {
            return;
        };
        if is_program(&program) {
            let text = format!("program {program}");
            self.local(Test::Program((*program).into()), span, text);
        } else if !program.is_empty() && !self.v.is_any(&program) {
            self.unknown(Label::Program, program, span);
        }
    }

    /// `Service: Any` means any service, not any process (`netsh advfirewall firewall add rule ?`).
    fn service(&mut self) {
        let Some((service, span)) = self.said(Label::Service) else {
            return;
        };
        if service.is_empty() {
            return;
        }
        let any = self.v.is_any(&service);
        let (name, text) = if any {
            ("*", "any Windows service".to_owned())
        } else {
            (&*service, format!("service {service}"))
        };
        self.local(Test::Service(name.into()), span, text);
    }

    fn security(&mut self, bypass: bool) {
        let said = self.stated.get(Label::Security);
        let value = self.str(Label::Security);
        let none = said.is_none() || self.v.word(Class::Security, value).is_some();
        if none && !bypass {
            return;
        }
        let text = if none {
            "authenticated by IPsec".to_owned()
        } else {
            format!("IPsec security {}", clip(value))
        };
        let label = if said.is_some() {
            Label::Security
        } else {
            Label::Action
        };
        let place = self.stated.place(label);
        self.conditions.push(Condition::new(
            ConditionKind::Peer,
            Test::IpSec,
            place,
            text,
        ));
    }

    fn peers(&mut self) {
        for label in [Label::Interfaces, Label::Peers] {
            let Some((value, span)) = self.said(label) else {
                continue;
            };
            if !value.is_empty() && !self.v.is_any(&value) {
                let wired = (label == Label::Interfaces)
                    .then(|| wired(&value))
                    .flatten();
                if let Some(wired) = wired {
                    let text = format!("interface type {}", clip(&value));
                    self.local(Test::InterfaceTypes { wired }, span, text);
                    continue;
                }
                let what = if label == Label::Interfaces {
                    "interface type"
                } else {
                    "authorized"
                };
                let text = format!("{what} {}", clip(&value));
                self.conditions.push(Condition::new(
                    ConditionKind::Peer,
                    Test::Opaque,
                    span,
                    text,
                ));
            }
        }
    }

    /// Fields whose labels nothing proves, unless their values can be of no other field or narrow nothing in any.
    fn doubts(&mut self) {
        let stated = self.stated;
        for label in Label::each_field().filter(|l| stated.is_doubtful(*l) && stated.has(*l)) {
            let value = stated.text(label);
            let plain = match label {
                Label::Name | Label::Description | Label::Group | Label::Edge | Label::Source => {
                    true
                }
                // Told with what they decide.
                Label::Direction | Label::Action => true,
                Label::Protocol => values::protocol(self.v, value).is_some(),
                Label::Profiles => values::profiles(self.v, value).1.is_none(),
                Label::Program => self.v.is_any(value) || value.contains('\\'),
                Label::Security => self.v.word(Class::Security, value).is_some(),
                Label::Enabled => false,
                _ => self.v.is_any(value),
            };
            if !plain {
                let text = format!("the translation of {} is not confirmed", self.name(label));
                self.undecided(stated.place(label), text);
            }
        }
    }

    /// What is no field, and fields that occur twice: what they say may narrow the rule.
    fn oddities(&mut self) {
        let stated = self.stated;
        for odd in stated.odd.iter().take(MOST_ODDITIES) {
            let text = format!("the line `{}`", clip(&odd.whole.text));
            self.undecided(odd.whole.span, text);
        }
        for (label, span) in stated.repeated.iter().take(MOST_ODDITIES) {
            self.undecided(*span, format!("{} is printed twice", self.name(*label)));
            self.remarks.push(Remark::Repeated {
                label: *label,
                span: *span,
            });
        }
    }

    fn fields(&self, direction: Direction) -> ThinVec<(Field, Span)> {
        let (local, remote, lport, rport) = match direction {
            Direction::In => (
                Field::Destination,
                Field::Source,
                Field::DestinationPort,
                Field::SourcePort,
            ),
            Direction::Out => (
                Field::Source,
                Field::Destination,
                Field::SourcePort,
                Field::DestinationPort,
            ),
        };
        let map = [
            (Label::Name, Field::Name),
            (Label::Description, Field::Description),
            (Label::Enabled, Field::Enabled),
            (Label::Direction, Field::Direction),
            (Label::Profiles, Field::Profiles),
            (Label::Group, Field::Group),
            (Label::LocalIp, local),
            (Label::RemoteIp, remote),
            (Label::Protocol, Field::Protocol),
            (Label::LocalPort, lport),
            (Label::RemotePort, rport),
            (Label::Edge, Field::Other),
            (Label::Program, Field::Program),
            (Label::Service, Field::Service),
            (Label::Interfaces, Field::Other),
            (Label::Security, Field::Other),
            (Label::Source, Field::Origin),
            (Label::Peers, Field::Other),
            (Label::Action, Field::Action),
        ];
        let stated = |s: &Said<'_>| Some(s.span).filter(|s| !s.is_empty());
        let mut out: SmallVec<[(Field, Span); 20]> = SmallVec::new();
        out.extend(map.iter().filter_map(|(label, field)| {
            let span = self.stated.get(*label).and_then(stated);
            Some((*field, span?))
        }));
        let rows = self.stated.icmp.iter().filter_map(stated);
        out.extend(rows.map(|span| (Field::Icmp, span)));
        out.sort_by_key(|(_, span)| span.start);
        out.as_slice().into()
    }
}

/// Whether a text names a program: a path to a file, the name of a file, or `System`. A word, a folder and a pattern name none:
/// they may stand for any program.
fn is_program(text: &str) -> bool {
    let (folder, file) = text.rsplit_once('\\').unwrap_or(("", text));
    let extension =
        |e: &str| (1..=5).contains(&e.len()) && e.bytes().all(|b| b.is_ascii_alphanumeric());
    let named = || {
        file.rsplit_once('.')
            .is_some_and(|(stem, e)| !stem.is_empty() && extension(e))
    };
    text.eq_ignore_ascii_case("System")
        || !file.is_empty() && !text.contains(['*', '?']) && (!folder.is_empty() || named())
}

/// Whether wired interfaces are among the types of a list; `None` if that is not known.
fn wired(list: &str) -> Option<bool> {
    let is = |t: &str, names: &[&str]| names.iter().any(|n| t.eq_ignore_ascii_case(n));
    let lan = values::tokens(list).any(|t| is(t, &["LAN", "Wired"]));
    let known = values::tokens(list).all(|t| is(t, &["LAN", "Wired", "Wireless", "RAS"]));
    (lan || known).then_some(lan)
}

/// A value short enough for a message.
pub(crate) fn clip(text: &str) -> Cow<'_, str> {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or(""))),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_a_folder_and_a_pattern_name_no_program() {
        for text in [
            r"C:\Windows\system32\svchost.exe",
            "System",
            "system",
            r"%ProgramFiles%\x\y",
            "svchost.exe",
            "a b.com",
            r"\\srv\x\y",
        ] {
            assert!(is_program(text), "{text}");
        }
        for text in [
            "Alle",
            "*",
            "All",
            "-",
            "N/A",
            "任何程序",
            r"C:\*.exe",
            "%ProgramFiles%",
            r"C:\Windows\",
            "...",
            ".exe",
            "",
        ] {
            assert!(!is_program(text), "{text}");
        }
    }
}
