//! Splits a capture into rules and sections, and collects them into an export.

use super::block::{Block, Heading, Place, Stray, place};
use super::lines::{self, Familiar, Line};
use super::profiles::{self, Kind, Section};
use super::prompt::Command;
use super::rule::{self, Built, Direction, Remark, clip};
use super::tell::{FULL, Told};
use super::vocab::Vocabulary;
use super::words::{Class, Label, Word};
use crate::input::Depth;
use crate::source::Source;
use hylint_model::{
    Body, Companion, DefaultOrigin, DefaultVerdict, Discipline, Export, Lists, Point, PointKind,
    Problem, ProblemKind, Rule, RuleList, Span, WindowsProfiles,
};

/// Below this number of rules a capture without any rule of one direction may just be short.
const MANY_RULES: usize = 50;

pub(super) fn read(source: &Source, depth: Depth) -> Export {
    let mut reader = Reader::new(&source.text, depth);
    for line in lines::of(source) {
        reader.line(&line);
    }
    reader.finish()
}

struct Reader<'a> {
    v: &'static Vocabulary,
    text: &'a str,
    depth: Depth,
    familiar: Familiar<'a>,
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
    told: Told,
    no_rules: Option<Span>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, depth: Depth) -> Self {
        Self {
            v: Vocabulary::get(),
            text,
            depth,
            familiar: Familiar::default(),
            export: Export::default(),
            block: None,
            section: None,
            profiles: WindowsProfiles::default(),
            ingress: Vec::new(),
            egress: Vec::new(),
            previous: None,
            first_rule: None,
            command: Command::default(),
            partial: Vec::new(),
            told: Told::default(),
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
        if let Some((label, value)) = self.familiar.find(line.text) {
            return self.known(label, value, line);
        }
        let Some((label, value)) = lines::split_label(line.text) else {
            return self.text_line(line, Heading::None);
        };
        match self.v.label(label) {
            Some(known) => {
                self.familiar.add(line.text, label, known);
                self.known(known, value, line);
            }
            None => self.unknown(label, value, line),
        }
    }

    fn known(&mut self, label: Label, value: &str, line: &Line<'a>) {
        match label {
            Label::Name => self.start(line, value),
            _ => self.field(label, value, line),
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
        // `Main Mode SA at 11/24/2026 10:00:00`
        if let Some((what, _)) = label.split_once(" at ")
            && profiles::heading(self.v, what) == Some(Kind::Other)
        {
            self.close_block();
            self.close_section();
            self.section = Some(Section::open(Kind::Other, line));
            return;
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
        self.told.unknown_labels.add(
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
        self.command = Command::parse(line);
        if self.command.only.is_some() || self.command.some {
            self.partial.push(self.command);
        }
    }

    fn close_section(&mut self) {
        if let Some(section) = self.section.take() {
            section.close(
                &mut self.profiles,
                self.command.current,
                &mut self.export.problems,
            );
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
        if self.depth == Depth::Heads {
            return;
        }
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
            self.told.unknown_labels.add(
                clip(label.trim_end_matches([':', '：']).trim_end()).into_owned(),
                stray.label,
            );
        }
    }

    /// A block of another kind is counted, not read.
    fn close_consec(&mut self, block: &Block) {
        let action = block
            .get(Label::Action)
            .and_then(|s| self.text.get(s.range()))
            .unwrap_or("");
        self.told.consec.add(action.to_owned(), block.span);
    }

    fn add(&mut self, built: Built<'a>, block: &Block) {
        let mut missing = String::new();
        for remark in built.remarks {
            match remark {
                Remark::Missing { label } => {
                    missing.push_str(if missing.is_empty() { "" } else { ", " });
                    missing.push_str(label.english());
                }
                other => self.told.remark(other),
            }
        }
        if !missing.is_empty() {
            self.told.missing.add(missing, block.name_line);
        }
        if built.brief {
            self.told.brief(block.name_line);
        }
        match built.direction {
            Direction::In => self.ingress.push(built.rule),
            Direction::Out => self.egress.push(built.rule),
        }
    }

    /// A last line that ends inside the label of a name: the text was cut there.
    fn cut_label(&mut self) {
        let Some((line, Heading::None)) = &self.previous else {
            return;
        };
        let span = line.span();
        if span.end as usize == self.text.len() && self.v.begins(Label::Name, line.text) {
            self.export.rules_in_file += 1;
            self.drop_rule(
                span,
                "the export ends inside a rule's name, so the rest of it is missing",
                "export again",
            );
        }
    }

    fn finish(mut self) -> Export {
        self.close_block();
        self.close_section();
        self.cut_label();
        if let Some(c) = self.partial.iter().find(|c| c.some) {
            let message =
                "the command asked for rules by name, so the export does not hold every rule";
            let problem = Problem::new(ProblemKind::Incomplete, c.span, message);
            self.export.problems.push(problem.help(FULL));
        }
        let told = self.told.problems(self.export.rules_in_file);
        self.export.problems.extend(told);
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
        point.brief = self.told.is_brief();
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
