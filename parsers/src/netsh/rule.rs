//! From a block of lines to a rule of the model.

use super::block::Block;
use super::values;
use super::vocab::{Entry, Proof, Vocabulary};
use super::words::{Class, Label, Word};
use hylint_model::{
    Action, Condition, ConditionKind, Field, Profiles, Rule, RuleOrigin, Span, Test,
};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;
use thin_vec::ThinVec;

/// Odd lines of one rule that become conditions; one is enough to leave the rule undecided.
const MOST_ODDITIES: usize = 8;

/// Whether a rule is about packets to or from the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    In,
    Out,
}

/// A remark about a value, told once per label and value.
#[derive(Debug)]
pub(super) enum Remark<'a> {
    /// The value is not known; the rule is kept as undecided.
    Unknown {
        label: Label,
        value: Cow<'a, str>,
        span: Span,
    },
    /// The value was read by a string of the vocabulary that nothing proves.
    Unproven {
        label: Label,
        value: &'a str,
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
    Source { value: &'a str, span: Span },
    /// A field that netsh always prints is not there.
    Missing { label: Label },
    /// A label occurs twice.
    Repeated { label: Label, span: Span },
}

/// A rule with what is to be said about it.
#[derive(Debug)]
pub(super) struct Built<'a> {
    pub(super) rule: Rule,
    pub(super) direction: Direction,
    /// Whether the block prints none of the verbose fields.
    pub(super) brief: bool,
    pub(super) remarks: Vec<Remark<'a>>,
}

impl Built<'_> {
    /// Of a rule of which it is not known what it does, keeps the first remark that says so; none where it is `cut` off.
    pub(super) fn only_unread(&mut self, cut: bool) {
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
pub(super) fn build<'a>(v: &Vocabulary, text: &'a str, block: &Block) -> SmallVec<[Built<'a>; 1]> {
    let mut first = builder(v, text, block);
    if let Some(direction) = first.direction() {
        return smallvec![first.run(direction, true)];
    }
    smallvec![
        first.run(Direction::In, false),
        Built {
            brief: false,
            remarks: Vec::new(),
            ..builder(v, text, block).run(Direction::Out, false)
        },
    ]
}

/// The directions of the rules that [`build`] makes of a block.
pub(super) fn directions(
    v: &Vocabulary,
    text: &str,
    block: &Block,
) -> impl Iterator<Item = Direction> + use<> {
    let known = builder(v, text, block).direction();
    let (into, out) = match known {
        Some(Direction::In) => (true, false),
        Some(Direction::Out) => (false, true),
        None => (true, true),
    };
    let either = [(into, Direction::In), (out, Direction::Out)];
    either.into_iter().filter(|(is, _)| *is).map(|(_, d)| d)
}

/// Whether the source of a rule is a policy, by a word for one or by its name.
pub(super) fn is_of_policy(v: &Vocabulary, text: &str, block: &Block) -> bool {
    builder(v, text, block).is_of_policy()
}

fn builder<'a, 'b>(v: &'b Vocabulary, text: &'a str, block: &'b Block) -> Builder<'a, 'b> {
    Builder {
        v,
        text,
        block,
        remarks: Vec::new(),
        conditions: SmallVec::new(),
        only_clause: false,
    }
}

pub(super) struct Builder<'a, 'b> {
    pub(super) v: &'b Vocabulary,
    text: &'a str,
    pub(super) block: &'b Block,
    pub(super) remarks: Vec<Remark<'a>>,
    /// Conditions of every clause.
    pub(super) conditions: SmallVec<[Condition; 2]>,
    /// Whether the rule has one clause, which may take the conditions.
    pub(super) only_clause: bool,
}

impl<'a> Builder<'a, '_> {
    /// `sure`: the direction is the one that the rule prints.
    fn run(mut self, direction: Direction, sure: bool) -> Built<'a> {
        let action = match self.action() {
            Ok(action) if sure => action,
            Ok(_) => Action::Opaque("its direction is not known".into()),
            Err(why) => Action::Opaque(why),
        };
        let mut rule = Rule::new(self.block.span, action);
        rule.name = self.whole_text(Label::Name).into();
        rule.group = self.str(Label::Group).into();
        rule.comment = self.description().into();
        rule.enabled = self.enabled();
        rule.profiles = self.profiles();
        rule.origin = self.origin();
        let brief = self.scope(&rule);
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

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn str(&self, label: Label) -> &'a str {
        self.block.get(label).map_or("", |s| self.slice(s))
    }

    /// Leaves the rule undecided, for a reason of its own: the same words about another rule are about another unknown.
    pub(super) fn undecided(&mut self, span: Span, text: String) {
        self.open(Test::Passing, span, text);
    }

    fn open(&mut self, test: Test, span: Span, text: String) {
        let kind = ConditionKind::Unknown;
        self.conditions.push(Condition::new(kind, test, span, text));
    }

    /// A value with the lines that continue it. The console cuts inside an entry; an indented line begins a new one.
    pub(super) fn whole_text(&self, label: Label) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(self.str(label));
        for extra in self.block.extras(label) {
            let more = self.slice(extra.span);
            let list = !matches!(label, Label::Name | Label::Program | Label::Group);
            let joined = out.to_mut();
            if extra.indented && list && !joined.ends_with(',') && !more.starts_with(',') {
                joined.push(',');
            }
            joined.push_str(more);
        }
        out
    }

    /// The description with its line ends.
    fn description(&self) -> &'a str {
        self.block
            .whole(Label::Description)
            .map_or("", |s| self.slice(s))
    }

    fn word(&mut self, label: Label, class: Class) -> Option<Word> {
        let span = self.block.get(label)?;
        let value = self.slice(span);
        let Entry { meaning, proof } = self.v.word(class, value)?;
        if proof == Proof::Unproven {
            self.remarks.push(Remark::Unproven { label, value, span });
        }
        Some(meaning)
    }

    /// Remembers that what decides the rule's effect is not known.
    fn unread(&mut self, label: Label) -> Box<str> {
        let place = self.block.get(label);
        let span = place.unwrap_or(self.block.span);
        let value = place.map(|s| clip(self.slice(s)));
        let text = match &value {
            None => format!("it has no {} line", label.english()),
            Some(value) => format!("{} `{value}` is not known", label.english()),
        };
        self.remarks.push(Remark::Unread { label, value, span });
        text.into()
    }

    /// What the rule does; an error says why it is not known.
    fn action(&mut self) -> Result<Action, Box<str>> {
        match self.word(Label::Action, Class::Action) {
            Some(Word::Allow) => Ok(Action::Allow),
            Some(Word::Block) => Ok(Action::Deny),
            Some(Word::Bypass) => Ok(Action::Bypass),
            _ => Err(self.unread(Label::Action)),
        }
    }

    fn direction(&mut self) -> Option<Direction> {
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

    pub(super) fn unknown(&mut self, label: Label, value: impl Into<Cow<'a, str>>, span: Span) {
        let value = value.into();
        // Whatever the value says, it says the same in every rule.
        let text = format!("{} `{}`", label.english(), clip(&value));
        self.open(Test::Opaque, span, text);
        self.remarks.push(Remark::Unknown { label, value, span });
    }

    pub(super) fn missing(&mut self, label: Label) {
        let span = self.block.head();
        self.undecided(span, format!("{} is not printed", label.english()));
        self.remarks.push(Remark::Missing { label });
    }

    fn enabled(&mut self) -> bool {
        let Some(span) = self.block.get(Label::Enabled) else {
            self.missing(Label::Enabled);
            return true;
        };
        match self.word(Label::Enabled, Class::Bool) {
            Some(Word::Yes) => true,
            Some(Word::No) => false,
            _ => {
                self.unknown(Label::Enabled, self.slice(span), span);
                true
            }
        }
    }

    fn profiles(&mut self) -> Profiles {
        let Some(span) = self.block.get(Label::Profiles) else {
            self.missing(Label::Profiles);
            return Profiles::ALL;
        };
        match values::profiles(self.v, self.slice(span)) {
            (set, None) => set,
            (_, Some(token)) => {
                self.unknown(Label::Profiles, token, span);
                Profiles::ALL
            }
        }
    }

    fn origin(&mut self) -> RuleOrigin {
        let value = self.str(Label::Source);
        match self.word(Label::Source, Class::Source) {
            Some(Word::LocalStore) => RuleOrigin::Local,
            Some(Word::PolicyStore) => RuleOrigin::GroupPolicy,
            _ if value.contains("Group Policy") || value.contains("GPO") => RuleOrigin::GroupPolicy,
            _ if value.is_empty() => RuleOrigin::Unsaid,
            _ => self.named_source(value),
        }
    }

    fn is_of_policy(&self) -> bool {
        let value = self.str(Label::Source);
        let word = self.v.word(Class::Source, value).map(|e| e.meaning);
        !value.is_empty() && word != Some(Word::LocalStore)
    }

    /// `netsh advfirewall monitor show firewall` prints the name of the policy that a rule comes from.
    fn named_source(&mut self, value: &'a str) -> RuleOrigin {
        let span = self.block.get(Label::Source).unwrap_or(self.block.span);
        let text = format!("rule source `{}` is a Group Policy", clip(value));
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
        .any(|l| self.block.has(*l));
        let place = self.block.head();
        if self.is_package(rule, verbose) {
            self.local(Test::Package, place, "the app package of the rule");
        }
        if !self.block.has(Label::Security) {
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
            && rule.action == Action::Allow
            && !self.block.has(Label::Program)
            && !self.block.has(Label::Service)
            && !rule.name.is_empty()
            && rule.name == rule.group
    }

    fn program(&mut self) {
        let Some(span) = self.block.whole(Label::Program) else {
            return;
        };
        let program = self.whole_text(Label::Program);
        let path = program.contains('\\') || program == "System";
        if path || !program.is_empty() && !self.v.is_any(&program) {
            let text = format!("program {program}");
            self.local(Test::Program(program.into()), span, text);
        }
    }

    /// `Service: Any` means any service, not any process (`netsh advfirewall firewall add rule ?`).
    fn service(&mut self) {
        let Some(span) = self.block.get(Label::Service) else {
            return;
        };
        let service = self.slice(span);
        if service.is_empty() {
            return;
        }
        let any = self.v.is_any(service);
        let (name, text) = if any {
            ("*", "any Windows service".to_owned())
        } else {
            (service, format!("service {service}"))
        };
        self.local(Test::Service(name.into()), span, text);
    }

    fn security(&mut self, bypass: bool) {
        let span = self.block.get(Label::Security);
        let value = self.str(Label::Security);
        let none = span.is_none() || self.v.word(Class::Security, value).is_some();
        if none && !bypass {
            return;
        }
        let text = if none {
            "authenticated by IPsec".to_owned()
        } else {
            format!("IPsec security {}", clip(value))
        };
        let place = span
            .or_else(|| self.block.get(Label::Action))
            .unwrap_or(self.block.span);
        self.conditions.push(Condition::new(
            ConditionKind::Peer,
            Test::IpSec,
            place,
            text,
        ));
    }

    fn peers(&mut self) {
        for label in [Label::Interfaces, Label::Peers] {
            let Some(span) = self.block.get(label) else {
                continue;
            };
            let value = self.slice(span);
            if !value.is_empty() && !self.v.is_any(value) {
                let wired = (label == Label::Interfaces).then(|| wired(value)).flatten();
                if let Some(wired) = wired {
                    let text = format!("interface type {}", clip(value));
                    self.local(Test::InterfaceTypes { wired }, span, text);
                    continue;
                }
                let what = if label == Label::Interfaces {
                    "interface type"
                } else {
                    "authorized"
                };
                let text = format!("{what} {}", clip(value));
                self.conditions.push(Condition::new(
                    ConditionKind::Peer,
                    Test::Opaque,
                    span,
                    text,
                ));
            }
        }
    }

    /// Lines that are no field, and fields that occur twice: what they say may narrow the rule.
    fn oddities(&mut self) {
        let strays = self.block.strays.iter().chain(&self.block.consec_parts);
        for stray in strays.take(MOST_ODDITIES) {
            let text = format!("the line `{}`", clip(self.slice(stray.line)));
            self.undecided(stray.line, text);
        }
        for (label, span) in self.block.repeated.iter().take(MOST_ODDITIES) {
            let same = self
                .block
                .get(*label)
                .is_some_and(|s| self.slice(s) == self.slice(*span));
            if !same {
                self.undecided(*span, format!("{} is printed twice", label.english()));
                self.remarks.push(Remark::Repeated {
                    label: *label,
                    span: *span,
                });
            }
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
        let span = |label| match label {
            Label::Protocol => self.block.get(label),
            _ => self.block.whole(label),
        };
        let mut out: SmallVec<[(Field, Span); 20]> = SmallVec::new();
        out.extend(
            map.iter()
                .filter_map(|(label, field)| Some((*field, span(*label)?))),
        );
        let rows = self
            .block
            .extras(Label::Protocol)
            .map(|e| (Field::Icmp, e.span));
        out.extend(rows);
        out.sort_by_key(|(_, span)| span.start);
        out.as_slice().into()
    }
}

/// Whether wired interfaces are among the types of a list; `None` if that is not known.
fn wired(list: &str) -> Option<bool> {
    let is = |t: &str, names: &[&str]| names.iter().any(|n| t.eq_ignore_ascii_case(n));
    let lan = values::tokens(list).any(|t| is(t, &["LAN", "Wired"]));
    let known = values::tokens(list).all(|t| is(t, &["LAN", "Wired", "Wireless", "RAS"]));
    (lan || known).then_some(lan)
}

/// A value short enough for a message.
pub(super) fn clip(text: &str) -> Cow<'_, str> {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or(""))),
        None => Cow::Borrowed(text),
    }
}
