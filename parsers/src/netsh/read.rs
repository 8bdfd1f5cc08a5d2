//! Splits a capture into rules and sections, and collects them into an export.

use super::block::{Block, Stray};
use super::lines::{self, Line};
use super::profiles::{self, Kind, Section};
use super::rule::{self, Built, Direction, Remark, clip};
use super::vocab::{Class, Label, Vocabulary, Word};
use crate::model::{
    Body, Companion, DefaultOrigin, DefaultVerdict, Discipline, Export, Lists, Point, PointKind,
    Rule, RuleList, WindowsProfiles,
};
use crate::problem::{Problem, ProblemKind};
use crate::source::{Source, Span};

/// Below this number of rules a capture without any rule of one direction may just be short.
const MANY_RULES: usize = 50;

/// The command of a full export.
const FULL: &str = "run `netsh advfirewall firewall show rule name=all verbose`";

/// Something said once for many places.
#[derive(Debug)]
struct Tally {
    text: String,
    span: Span,
    count: usize,
}

/// Counts equal texts in the order of their first place.
#[derive(Debug, Default)]
struct Tallies(Vec<Tally>);

impl Tallies {
    /// More distinct texts than this are not told apart.
    const MOST: usize = 100;

    fn add(&mut self, text: String, span: Span) {
        if let Some(t) = self.0.iter_mut().find(|t| t.text == text) {
            t.count += 1;
        } else if self.0.len() < Self::MOST {
            self.0.push(Tally {
                text,
                span,
                count: 1,
            });
        } else if let Some(t) = self.0.last_mut() {
            t.count += 1;
        }
    }
}

/// What the prompt's command says of the text after it.
#[derive(Clone, Copy, Default, Debug)]
struct Command {
    span: Span,
    /// `show currentprofile`.
    current: bool,
    /// `dir=in` or `dir=out`.
    only: Option<Direction>,
    /// `show rule name=` something other than `all`.
    some: bool,
}

pub(super) fn read(source: &Source) -> Export {
    let mut reader = Reader::new(&source.text);
    for line in lines::lines(&source.text) {
        reader.line(&line);
    }
    reader.finish()
}

struct Reader<'a> {
    v: &'static Vocabulary,
    text: &'a str,
    export: Export,
    block: Option<Block>,
    section: Option<Section>,
    profiles: WindowsProfiles,
    ingress: Vec<Rule>,
    egress: Vec<Rule>,
    /// The last line that is no field, and whether it has a label with and without a value.
    previous: Option<(Line<'a>, Heading)>,
    first_rule: Option<Span>,
    command: Command,
    partial: Vec<Command>,
    brief: usize,
    first_brief: Option<Span>,
    unknown_labels: Tallies,
    unknown_values: Tallies,
    unproven: Tallies,
    missing: Tallies,
    repeated: Tallies,
    consec: Tallies,
    no_rules: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Heading {
    None,
    LabelOnly,
    LabelAndValue,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            v: Vocabulary::get(),
            text,
            export: Export {
                format: super::FORMAT.id,
                ..Export::default()
            },
            block: None,
            section: None,
            profiles: WindowsProfiles::default(),
            ingress: Vec::new(),
            egress: Vec::new(),
            previous: None,
            first_rule: None,
            command: Command::default(),
            partial: Vec::new(),
            brief: 0,
            first_brief: None,
            unknown_labels: Tallies::default(),
            unknown_values: Tallies::default(),
            unproven: Tallies::default(),
            missing: Tallies::default(),
            repeated: Tallies::default(),
            consec: Tallies::default(),
            no_rules: None,
        }
    }

    fn line(&mut self, line: &Line<'a>) {
        if line.text.is_empty() {
            self.previous = None;
            if let Some(block) = &mut self.block {
                block.blank = true;
            }
            return;
        }
        let previous = self.previous.take();
        if line.is_ruler() {
            return self.ruler(previous);
        }
        if self.annotation(line) {
            return;
        }
        let Some((label, value)) = lines::split_label(line.text) else {
            return self.text_line(line, Heading::None);
        };
        match self.v.label(label) {
            Some(Label::Name) => self.start(line, value),
            Some(known) => self.field(known, value, line),
            None => self.unknown(label, value, line),
        }
    }

    /// `# hylint: key=value …` between rules; inside a rule such a line is part of its text.
    fn annotation(&mut self, line: &Line<'a>) -> bool {
        let Some(rest) = line.text.strip_prefix('#') else {
            return false;
        };
        let open = self.block.as_ref().is_some_and(|b| !b.has(Label::Action));
        let Some(text) = rest.trim_start().strip_prefix("hylint:") else {
            return false;
        };
        if open {
            return false;
        }
        let text = text.trim();
        let end = line.span().end as usize;
        self.export
            .annotations
            .push((text.to_owned(), Span::new(end - text.len(), end)));
        true
    }

    fn value_span(line: &Line<'a>, value: &str) -> Span {
        let end = line.start + line.text.len();
        Span::new(end - value.len(), end)
    }

    fn start(&mut self, line: &Line<'a>, value: &str) {
        self.close_section();
        self.close_block();
        self.first_rule.get_or_insert(line.span());
        self.block = Some(Block::start(line, Some(Self::value_span(line, value))));
    }

    /// A line with a known label that is not the name.
    fn field(&mut self, label: Label, value: &str, line: &Line<'a>) {
        let span = Self::value_span(line, value);
        let again = |b: &Block| b.blank && b.has(label);
        if self.block.as_ref().is_some_and(again) {
            self.close_block();
        }
        if self.block.is_none() {
            if !is_strong(label) || value.is_empty() {
                return self.text_line(line, Heading::LabelAndValue);
            }
            self.close_section();
            self.block = Some(Block::start(line, None));
        }
        let Some(block) = &mut self.block else { return };
        match label {
            Label::Consec => {
                block.consec.get_or_insert(line.span());
                block.extend(line);
            }
            Label::ConsecPart => {
                block.consec_parts.push(Stray {
                    label: span,
                    line: line.span(),
                });
                block.extend(line);
            }
            _ => block.field(label, span, line),
        }
    }

    /// A line with a colon whose label nothing knows: a prompt, a heading, a wrapped value, or a label of another language.
    fn unknown(&mut self, label: &str, value: &str, line: &Line<'a>) {
        if line.is_prompt() {
            return self.prompt(line);
        }
        if value.is_empty()
            && let Some(kind) = profiles::heading(self.v, label)
        {
            self.close_block();
            let inside = self
                .section
                .as_ref()
                .is_some_and(|s| matches!(s.kind, Kind::Settings(_)));
            if kind == Kind::Other && inside {
                return;
            }
            self.close_section();
            self.section = Some(Section::open(kind, line));
            return;
        }
        let heading = if value.is_empty() {
            Heading::LabelOnly
        } else {
            Heading::LabelAndValue
        };
        self.text_line(line, heading);
    }

    /// A line that is neither a field nor a heading.
    fn text_line(&mut self, line: &Line<'a>, heading: Heading) {
        if heading == Heading::None && line.is_prompt() {
            return self.prompt(line);
        }
        self.previous = Some((*line, heading));
        if let Some(section) = &mut self.section {
            return section.line(self.v, line, &mut self.export.problems);
        }
        match self.block.as_mut().map(|b| place(b, line, heading)) {
            None => self.outside(line),
            Some(Place::Continues(label)) => {
                if let Some(block) = &mut self.block {
                    block.continue_field(label, line);
                }
            }
            Some(Place::Outside) => {
                self.close_block();
                self.outside(line);
            }
            Some(Place::Stray) => {
                let label = lines::split_label(line.text).map_or(line.text, |(l, _)| l);
                let label = Span::new(line.start, line.start + label.len());
                if let Some(block) = &mut self.block {
                    block.strays.push(Stray {
                        label,
                        line: line.span(),
                    });
                }
            }
        }
    }

    fn outside(&mut self, line: &Line<'a>) {
        let text = line.text.trim_end_matches(['.', '。']);
        if self.no_rules.is_none()
            && self.v.word(Class::Phrase, text).map(|e| e.meaning) == Some(Word::NoRules)
        {
            self.no_rules = Some(line.span());
        }
    }

    /// A ruler: after a rule's name, after a heading, or after a line of a language that nothing knows.
    fn ruler(&mut self, previous: Option<(Line<'a>, Heading)>) {
        match previous {
            Some((line, Heading::LabelAndValue)) if self.section.is_none() => {
                self.start_unknown(&line)
            }
            Some((line, Heading::LabelOnly)) => {
                self.close_block();
                self.close_section();
                self.section = Some(Section::open(Kind::Unknown, &line));
            }
            _ => {
                if let Some(block) = &mut self.block {
                    block.ruler = true;
                }
            }
        }
    }

    /// A label with a value above a ruler starts a rule, whatever the label. (A name that the console cut stands there too.)
    fn start_unknown(&mut self, line: &Line<'a>) {
        if let Some(block) = &mut self.block {
            if block.only_name() && !block.ruler {
                block.ruler = true;
                return;
            }
            block.strays.retain(|s| s.line != line.span());
        }
        let Some((label, value)) = lines::split_label(line.text) else {
            return;
        };
        self.unknown_labels.add(
            label.to_owned(),
            Span::new(line.start, line.start + label.len()),
        );
        self.start(line, value);
    }

    fn prompt(&mut self, line: &Line<'a>) {
        self.close_block();
        self.close_section();
        if let (Some(host), None) = (lines::remote_host(line.text), &self.export.host_name) {
            self.export.host_name = Some((
                host.to_owned(),
                Span::new(line.start + 1, line.start + 1 + host.len()),
            ));
        }
        let command = line.text.to_ascii_lowercase();
        let word = |w: &str| command.split([' ', '"', '\'']).any(|t| t == w);
        let only = match (word("dir=in"), word("dir=out")) {
            (true, false) => Some(Direction::In),
            (false, true) => Some(Direction::Out),
            _ => None,
        };
        let shows_rules = word("rule") && word("show");
        self.command = Command {
            span: line.span(),
            current: word("currentprofile"),
            only: only.filter(|_| shows_rules),
            some: shows_rules
                && command.contains("name=")
                && !command.contains("name=all")
                && !command.contains("name=\"all\""),
        };
        if self.command.only.is_some() || self.command.some {
            self.partial.push(self.command);
        }
    }

    fn close_section(&mut self) {
        if let Some(section) = self.section.take() {
            section.close(&mut self.profiles, self.command.current);
        }
    }

    fn close_block(&mut self) {
        let Some(block) = self.block.take() else {
            return;
        };
        if block.is_consec() {
            return self.close_consec(&block);
        }
        self.export.rules_in_file += 1;
        self.first_rule.get_or_insert(block.span);
        if block.name_line.is_empty() {
            return self.drop_rule(
                block.span,
                "the beginning of a rule is cut off; the rest cannot be read as a rule",
                "export again",
            );
        }
        self.stray_labels(&block);
        match rule::build(self.v, self.text, &block) {
            Ok(built) => self.add(built, &block),
            Err(d) => self.drop_rule(d.span, d.message, d.help),
        }
    }

    fn drop_rule(&mut self, span: Span, message: impl Into<String>, help: &str) {
        let problem = Problem::new(ProblemKind::Malformed, span, message);
        self.export.problems.push(problem.help(help).dropped());
    }

    fn stray_labels(&mut self, block: &Block) {
        for stray in block.strays.iter().chain(&block.consec_parts) {
            let label = self.text.get(stray.label.range()).unwrap_or("");
            self.unknown_labels.add(
                clip(label.trim_end_matches([':', '：']).trim_end()).into_owned(),
                stray.label,
            );
        }
    }

    /// Connection security rules decide no packet of their own, but one that requires IPsec keeps others out.
    fn close_consec(&mut self, block: &Block) {
        let action = block
            .get(Label::Action)
            .and_then(|s| self.text.get(s.range()))
            .unwrap_or("");
        self.consec.add(action.to_owned(), block.span);
    }

    fn add(&mut self, built: Built<'a>, block: &Block) {
        for remark in built.remarks {
            match remark {
                Remark::Unknown { label, value, span } => {
                    self.unknown_values.add(
                        format!(
                            "`{}` is no known value of {}",
                            clip(&value),
                            label.english()
                        ),
                        span,
                    );
                }
                Remark::Unproven { label, value, span } => {
                    self.unproven
                        .add(format!("`{value}` ({})", label.english()), span);
                }
                Remark::Missing { label, span } => {
                    self.missing.add(label.english().to_owned(), span)
                }
                Remark::Repeated { label, span } => {
                    self.repeated.add(label.english().to_owned(), span)
                }
            }
        }
        if built.brief {
            self.brief += 1;
            self.first_brief.get_or_insert(block.name_line);
        }
        match built.direction {
            Direction::In => self.ingress.push(built.rule),
            Direction::Out => self.egress.push(built.rule),
        }
    }

    fn finish(mut self) -> Export {
        self.close_block();
        self.close_section();
        self.tell();
        let windows =
            (!self.profiles.span.is_empty()).then(|| Box::new(std::mem::take(&mut self.profiles)));
        if self.export.rules_in_file > 0 {
            let point = self.point(windows);
            self.export.points.push(point);
        } else {
            if windows.is_none() {
                let span = self.no_rules.unwrap_or_default();
                self.export
                    .problem(ProblemKind::Empty, span, "the export holds no rule");
            }
            self.export
                .companions
                .extend(windows.map(Companion::WindowsProfiles));
        }
        self.export.problems.sort_by_key(|p| p.span);
        self.export
    }

    fn point(&mut self, windows: Option<Box<WindowsProfiles>>) -> Point {
        let label = self.first_rule.unwrap_or_default();
        let ingress = self.list(Direction::In, label);
        let egress = self.list(Direction::Out, label);
        let body = Body::Lists(Lists {
            discipline: Discipline::BlockOverAllow,
            ingress,
            egress,
        });
        let mut point = Point::new(
            PointKind::WindowsFirewall,
            Span::new(0, self.text.len()),
            body,
        );
        point.label = label;
        point.brief = self.brief > 0;
        point.windows = windows;
        point
    }

    /// The rules of one direction. Windows blocks inbound and allows outbound packets unless a profile says otherwise; a
    /// direction that was left out of the export has no default.
    fn list(&mut self, direction: Direction, label: Span) -> RuleList {
        let (rules, allow) = match direction {
            Direction::In => (std::mem::take(&mut self.ingress), false),
            Direction::Out => (std::mem::take(&mut self.egress), true),
        };
        let other = if direction == Direction::In {
            Direction::Out
        } else {
            Direction::In
        };
        let asked = self.partial.iter().any(|c| c.only == Some(other));
        let left_out = rules.is_empty() && (asked || self.export.rules_in_file >= MANY_RULES);
        let mut origin = DefaultOrigin::Assumed;
        if left_out {
            origin = DefaultOrigin::Unknown;
            let name = if direction == Direction::In {
                "inbound"
            } else {
                "outbound"
            };
            let message = format!(
                "the export holds no {name} rule, so what happens to {name} packets is not known"
            );
            self.export
                .problems
                .push(Problem::new(ProblemKind::Incomplete, label, message).help(FULL));
        }
        RuleList {
            default: DefaultVerdict {
                allow,
                origin,
                span: label,
            },
            rules,
        }
    }

    /// Turns what was counted into problems, one each.
    fn tell(&mut self) {
        let rules = self.export.rules_in_file;
        let problems = &mut self.export.problems;
        if let Some(span) = self.first_brief {
            let message = format!(
                "{} of {rules} rules print no Program, Service, Security and InterfaceTypes lines: what may narrow them is not known",
                self.brief
            );
            problems.push(Problem::new(ProblemKind::Incomplete, span, message).help(FULL));
        }
        if let Some(c) = self.partial.iter().find(|c| c.some) {
            let message =
                "the command asked for rules by name, so the export does not hold every rule";
            problems.push(Problem::new(ProblemKind::Incomplete, c.span, message).help(FULL));
        }
        for t in self.unknown_labels.0.drain(..) {
            let message = format!(
                "the label `{}` is not known ({}); the rule is kept as undecided",
                clip(&t.text),
                times(t.count)
            );
            problems.push(Problem::new(ProblemKind::Malformed, t.span, message)
                .help("add the label to the vocabulary of its language (parsers/src/netsh/lang), or export with English labels"));
        }
        for t in self.unknown_values.0.drain(..) {
            let message = format!(
                "{} ({}); the rule is kept as undecided",
                t.text,
                times(t.count)
            );
            problems.push(
                Problem::new(ProblemKind::Unmodelled, t.span, message).help(
                    "add the value to the vocabulary of its language (parsers/src/netsh/lang)",
                ),
            );
        }
        for t in self.unproven.0.drain(..) {
            let message = format!(
                "{} is read by a translation that no known export proves ({})",
                t.text,
                times(t.count)
            );
            problems.push(Problem::new(ProblemKind::Note, t.span, message));
        }
        for t in self.missing.0.drain(..) {
            let message = format!(
                "{} prints no {} line; the rule is kept as undecided",
                rules_of(t.count),
                t.text
            );
            problems.push(
                Problem::new(ProblemKind::Malformed, t.span, message)
                    .help("export again; netsh always prints this line"),
            );
        }
        for t in self.repeated.0.drain(..) {
            let message = format!(
                "{} prints {} twice with different values; the rule is kept as undecided",
                rules_of(t.count),
                t.text
            );
            problems.push(Problem::new(ProblemKind::Malformed, t.span, message));
        }
        for t in self.consec.0.drain(..) {
            let requires = t.text.contains("Require");
            let kind = if requires {
                ProblemKind::Unmodelled
            } else {
                ProblemKind::Note
            };
            let effect = if requires {
                "it may keep out packets that are not authenticated"
            } else {
                "it decides no packet"
            };
            let message = format!(
                "a connection security rule is no firewall rule ({}); {effect}",
                times(t.count)
            );
            problems.push(Problem::new(kind, t.span, message));
        }
    }
}

fn times(n: usize) -> String {
    if n == 1 {
        "once".to_owned()
    } else {
        format!("{n} times")
    }
}

fn rules_of(n: usize) -> String {
    if n == 1 {
        "a rule".to_owned()
    } else {
        format!("each of {n} rules")
    }
}

/// Labels that only a rule has; the others are common words.
fn is_strong(label: Label) -> bool {
    !matches!(
        label,
        Label::Name
            | Label::Description
            | Label::Group
            | Label::Profiles
            | Label::Program
            | Label::Service
            | Label::Consec
            | Label::ConsecPart
    )
}

/// Where a line that is no field belongs while a rule is open.
enum Place {
    Continues(Label),
    Stray,
    Outside,
}

fn place(block: &Block, line: &Line<'_>, heading: Heading) -> Place {
    let last = block.last.unwrap_or(Label::Name);
    let deeper = line.indent > block.indent;
    match last {
        Label::Name if !block.ruler && !block.blank => return Place::Continues(Label::Name),
        Label::Description => return Place::Continues(Label::Description),
        _ => {}
    }
    if block.blank {
        return Place::Outside;
    }
    match last {
        Label::LocalIp | Label::RemoteIp | Label::LocalPort | Label::RemotePort
            if is_list(line.text) || deeper && heading == Heading::None =>
        {
            return Place::Continues(last);
        }
        Label::Protocol if deeper && heading == Heading::None => return Place::Continues(last),
        Label::Program | Label::Group if heading == Heading::None => return Place::Continues(last),
        _ => {}
    }
    if heading == Heading::None && block.has(Label::Action) {
        return Place::Outside;
    }
    Place::Stray
}

/// Whether a line can only be part of an address or port list.
fn is_list(text: &str) -> bool {
    text.contains(['.', ',', ':', '-', '/'])
        && text
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b',' | b':' | b'-' | b'/' | b' '))
        || text.bytes().all(|b| b.is_ascii_digit())
}
