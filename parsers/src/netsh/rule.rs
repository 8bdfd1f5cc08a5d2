//! From a block of lines to a rule of the model.

use super::block::Block;
use super::values::{self, List, Part, Parts, Protocol};
use super::vocab::{Class, Entry, Label, Proof, Vocabulary, Word};
use crate::model::{
    Action, Clause, Condition, ConditionKind, Field, Profiles, Rule, RuleOrigin, Side, Test,
};
use crate::source::Span;
use crate::space::{AddrSet, Family, PacketBox, PortSet, ProtoSet, proto};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// Most clauses that one rule may need; real rules need one to six. Beyond it the rule is kept as undecided.
const MAX_CLAUSES: usize = 256;

/// Whether a rule is about packets to or from the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    In,
    Out,
}

/// Why a block is in no rule of the model.
#[derive(Debug)]
pub(super) struct Dropped {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: &'static str,
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
    /// A field that netsh always prints is not there.
    Missing { label: Label, span: Span },
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

/// Builds one rule.
pub(super) fn build<'a>(
    v: &Vocabulary,
    text: &'a str,
    block: &Block,
) -> Result<Built<'a>, Dropped> {
    Builder {
        v,
        text,
        block,
        remarks: Vec::new(),
        conditions: SmallVec::new(),
    }
    .run()
}

struct Builder<'a, 'b> {
    v: &'b Vocabulary,
    text: &'a str,
    block: &'b Block,
    remarks: Vec<Remark<'a>>,
    /// Conditions of every clause.
    conditions: SmallVec<[Condition; 2]>,
}

impl<'a> Builder<'a, '_> {
    fn run(mut self) -> Result<Built<'a>, Dropped> {
        let action = self.action()?;
        let direction = self.direction()?;
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
        Ok(Built {
            rule,
            direction,
            brief,
            remarks: self.remarks,
        })
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn str(&self, label: Label) -> &'a str {
        self.block.get(label).map_or("", |s| self.slice(s))
    }

    fn undecided(&mut self, span: Span, text: String) {
        self.conditions.push(Condition::new(
            ConditionKind::Unknown,
            Test::Opaque,
            span,
            text,
        ));
    }

    /// A value with the lines that continue it. The console cuts inside an entry; an indented line begins a new one.
    fn whole_text(&self, label: Label) -> Cow<'a, str> {
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

    fn drop(&self, label: Label, what: &str) -> Dropped {
        let (span, message, help) = match self.block.get(label) {
            Some(span) => (
                span,
                format!(
                    "`{}` is no known value of {}, so the rule cannot be read",
                    clip(self.slice(span)),
                    label.english()
                ),
                "add the value to the vocabulary of its language (parsers/src/netsh/lang), or export with English labels",
            ),
            None => (
                self.block.span,
                format!("the rule has no {} line: {what}", label.english()),
                "export again; the text is cut off or a label is not known",
            ),
        };
        Dropped {
            span,
            message,
            help,
        }
    }

    fn action(&mut self) -> Result<Action, Dropped> {
        match self.word(Label::Action, Class::Action) {
            Some(Word::Allow) => Ok(Action::Allow),
            Some(Word::Block) => Ok(Action::Deny),
            Some(Word::Bypass) => Ok(Action::Bypass),
            _ => Err(self.drop(Label::Action, "whether it allows or blocks is not known")),
        }
    }

    fn direction(&mut self) -> Result<Direction, Dropped> {
        match self.word(Label::Direction, Class::Direction) {
            Some(Word::In) => Ok(Direction::In),
            Some(Word::Out) => Ok(Direction::Out),
            _ => Err(self.drop(
                Label::Direction,
                "whether it is for inbound or outbound packets is not known",
            )),
        }
    }

    fn unknown(&mut self, label: Label, value: impl Into<Cow<'a, str>>, span: Span) {
        let value = value.into();
        self.undecided(span, format!("{} `{}`", label.english(), clip(&value)));
        self.remarks.push(Remark::Unknown { label, value, span });
    }

    fn missing(&mut self, label: Label) {
        let span = self.block.name_line;
        self.undecided(span, format!("{} is not printed", label.english()));
        self.remarks.push(Remark::Missing { label, span });
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
            _ => RuleOrigin::Unsaid,
        }
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
        let place = self.block.name_line;
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
        if !self.v.is_any(&program) && !program.is_empty() {
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
        for stray in self.block.strays.iter().chain(&self.block.consec_parts) {
            let text = format!("the line `{}`", clip(self.slice(stray.line)));
            self.undecided(stray.line, text);
        }
        for (label, span) in &self.block.repeated {
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

    fn clauses(&mut self, direction: Direction, action: &Action) -> SmallVec<[Clause; 1]> {
        let protocol = self.protocol();
        let ends = self.ends(direction, action);
        let ports = self.ports(protocol);
        let rows = self.icmp_rows(protocol);
        let count = ends.0.len() * ends.1.len() * ports.0.len() * ports.1.len() * rows.len();
        if count > MAX_CLAUSES {
            self.undecided(self.block.span, format!("{count} combinations"));
            return smallvec![self.clause(PacketBox::any(), &[])];
        }
        let mut out = SmallVec::new();
        for local in &ends.0 {
            for remote in &ends.1 {
                for row in &rows {
                    let base = Shape {
                        direction,
                        protocol,
                        local,
                        remote,
                        row,
                    };
                    self.push_clauses(&base, &ports, &mut out);
                }
            }
        }
        out
    }

    fn push_clauses(
        &self,
        base: &Shape<'_>,
        ports: &(Parts<PortSet>, Parts<PortSet>),
        out: &mut SmallVec<[Clause; 1]>,
    ) {
        for lport in &ports.0 {
            for rport in &ports.1 {
                let open = [
                    &base.local.condition,
                    &base.remote.condition,
                    &lport.condition,
                    &rport.condition,
                ];
                out.push(self.clause(base.space(lport, rport), &open));
            }
        }
    }

    fn clause(&self, space: PacketBox, open: &[&Option<Condition>]) -> Clause {
        let mut conditions: SmallVec<[Condition; 1]> = self.conditions.iter().cloned().collect();
        conditions.extend(open.iter().filter_map(|c| (*c).clone()));
        Clause { space, conditions }
    }

    /// `None` if the protocol is not known.
    fn protocol(&mut self) -> Option<Protocol> {
        let Some(span) = self.block.get(Label::Protocol) else {
            self.missing(Label::Protocol);
            return None;
        };
        let protocol = values::protocol(self.v, self.slice(span));
        if protocol.is_none() {
            self.unknown(Label::Protocol, self.slice(span), span);
        }
        protocol
    }

    fn ends(&mut self, direction: Direction, action: &Action) -> (Parts<AddrSet>, Parts<AddrSet>) {
        let (local, remote) = match direction {
            Direction::In => (Side::Dst, Side::Src),
            Direction::Out => (Side::Src, Side::Dst),
        };
        let bounded = *action == Action::Allow;
        (
            self.addresses(Label::LocalIp, local, bounded),
            self.addresses(Label::RemoteIp, remote, bounded),
        )
    }

    fn addresses(&mut self, label: Label, side: Side, bounded: bool) -> Parts<AddrSet> {
        let Some(span) = self.block.whole(label) else {
            self.missing(label);
            return whole(AddrSet::any());
        };
        let text = self.whole_text(label);
        let list = values::addresses(self.v, &text, side, span, bounded);
        self.parts(label, list, span)
    }

    fn parts<T>(&mut self, label: Label, list: List<T>, span: Span) -> Parts<T> {
        if let Some(token) = list.unknown {
            let value = Cow::Owned(token.into());
            self.remarks.push(Remark::Unknown { label, value, span });
        }
        list.parts
    }

    fn ports(&mut self, protocol: Option<Protocol>) -> (Parts<PortSet>, Parts<PortSet>) {
        let needed = matches!(protocol, Some(Protocol::Number(proto::TCP | proto::UDP)));
        (
            self.port_list(Label::LocalPort, needed),
            self.port_list(Label::RemotePort, needed),
        )
    }

    fn port_list(&mut self, label: Label, needed: bool) -> Parts<PortSet> {
        let Some(span) = self.block.whole(label) else {
            if needed {
                self.missing(label);
            }
            return whole(PortSet::full());
        };
        let text = self.whole_text(label);
        let list = values::ports(self.v, &text, span);
        self.parts(label, list, span)
    }

    /// Rows of the table under an ICMP protocol: type and code. Its heading is the first row that is no number.
    fn icmp_rows(&mut self, protocol: Option<Protocol>) -> SmallVec<[Row; 1]> {
        let mut rows: SmallVec<[Row; 1]> = SmallVec::new();
        let icmp = matches!(protocol, Some(Protocol::Number(p)) if proto::is_icmp(p));
        let mut strange = None;
        for (n, extra) in self.block.extras(Label::Protocol).enumerate() {
            match icmp_row(self.v, self.slice(extra.span)) {
                Some(row) if icmp => rows.push(row),
                None if n == 0 && icmp => {}
                _ => strange = Some(extra.span),
            }
        }
        if let Some(span) = strange {
            self.unknown(Label::Protocol, self.slice(span), span);
            rows.clear();
        }
        if rows.is_empty() {
            rows.push((PortSet::full(), PortSet::full()));
        }
        rows
    }

    fn fields(&self, direction: Direction) -> SmallVec<[(Field, Span); 6]> {
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
        let mut out: SmallVec<[(Field, Span); 6]> = map
            .iter()
            .filter_map(|(label, field)| Some((*field, span(*label)?)))
            .collect();
        let rows = self
            .block
            .extras(Label::Protocol)
            .map(|e| (Field::Icmp, e.span));
        out.extend(rows);
        out.sort_by_key(|(_, span)| span.start);
        out
    }
}

/// ICMP types and codes.
type Row = (PortSet, PortSet);

fn icmp_row(v: &Vocabulary, text: &str) -> Option<Row> {
    let (kind, code) = text
        .split_once("  ")
        .or_else(|| text.split_once([' ', '\t']))?;
    let set = |t: &str| {
        if v.is_any(t) {
            Some(PortSet::full())
        } else {
            t.parse::<u8>().ok().map(|n| PortSet::single(n.into()))
        }
    };
    Some((set(kind.trim())?, set(code.trim())?))
}

fn whole<T>(set: T) -> Parts<T> {
    smallvec![Part {
        set,
        proto: None,
        condition: None
    }]
}

/// One combination of a rule's lists, without its ports.
struct Shape<'a> {
    direction: Direction,
    protocol: Option<Protocol>,
    local: &'a Part<AddrSet>,
    remote: &'a Part<AddrSet>,
    row: &'a Row,
}

impl Shape<'_> {
    fn space(&self, lport: &Part<PortSet>, rport: &Part<PortSet>) -> PacketBox {
        let (src, dst, sport, dport) = match self.direction {
            Direction::In => (self.remote, self.local, rport, lport),
            Direction::Out => (self.local, self.remote, lport, rport),
        };
        let mut space = PacketBox {
            src: src.set.clone(),
            dst: dst.set.clone(),
            ..PacketBox::any()
        };
        let some_port = !lport.set.is_full() || !rport.set.is_full();
        match self.protocol {
            Some(Protocol::Number(p)) => {
                space.proto = ProtoSet::single(p);
                if let Some(family) = icmp_family(p) {
                    space.src = space.src.only(family);
                    space.dst = space.dst.only(family);
                    space.sport = self.row.0.clone();
                    space.dport = self.row.1.clone();
                }
                if proto::has_ports(p) {
                    space.sport = sport.set.clone();
                    space.dport = dport.set.clone();
                }
            }
            // Ports bind the protocols that have them; a rule of any protocol with a port says nothing of the others.
            Some(Protocol::Any) if some_port => {
                space.proto = [(proto::TCP, proto::TCP), (proto::UDP, proto::UDP)]
                    .into_iter()
                    .collect();
                space.sport = sport.set.clone();
                space.dport = dport.set.clone();
            }
            Some(Protocol::Any) => {}
            None => {
                space.sport = sport.set.clone();
                space.dport = dport.set.clone();
            }
        }
        for p in [lport.proto, rport.proto].into_iter().flatten() {
            space.proto = space.proto.intersect(&ProtoSet::single(p));
        }
        space
    }
}

fn icmp_family(p: u8) -> Option<Family> {
    match p {
        proto::ICMP => Some(Family::V4),
        proto::ICMPV6 => Some(Family::V6),
        _ => None,
    }
}

/// A value short enough for a message.
pub(super) fn clip(text: &str) -> Cow<'_, str> {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or(""))),
        None => Cow::Borrowed(text),
    }
}
