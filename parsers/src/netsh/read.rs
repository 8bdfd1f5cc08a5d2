//! Splits a capture into rules and sections, and collects them into an export.

use super::block::{Block, Heading, LineRole, Stray, role};
use super::consec::{self, Consec};
use super::lines::{self, Familiar, Line};
use super::portproxy::PortProxies;
use super::profiles::{self, Kind, Section};
use super::prompt::Command;
use super::state::{self, FORM, FULL};
use crate::input::Depth;
use crate::lookalike::{policy, refusal};
use crate::source::Source;
use crate::windows::build::{self, Built, Remark, clip};
use crate::windows::stated::{Direction, Stated};
use crate::windows::tell::RemarkTally;
use crate::windows::vocab::{Entry, Proof, Vocabulary};
use crate::windows::words::{Class, Label, Word};
use hylint_model::{
    Body, Companion, ConnectionSecurity, DefaultOrigin, DefaultVerdict, Discipline, Export, Lists,
    OtherPolicy, Point, PointKind, Problem, ProblemKind, Rule, RuleList, Span, Stores, View,
    WindowsProfiles, Wording, reworded,
};

/// Below this number of rules a capture without any rule of one direction may just be short.
const MANY_RULES: usize = 50;

/// Lines outside of rules that may be errors.
const MOST_LINES: usize = 64;

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
    /// Rules of each direction, inbound first, also of a head, which keeps none.
    counted: (usize, usize),
    /// The last line that is no field, and whether it has a label with and without a value.
    previous: Option<(Line<'a>, Heading)>,
    first_rule: Option<Span>,
    consec: Vec<Consec>,
    proxies: PortProxies,
    command: Command,
    /// Commands that show rules.
    asked: Vec<Command>,
    /// Rules of each direction, inbound first, that stand behind no such command.
    unasked: (bool, bool),
    /// A command whose output is not read.
    foreign: Option<Span>,
    told: RemarkTally,
    /// Labels that a translation tells which no export has confirmed.
    doubtful: Vec<Label>,
    /// The directions that the capture has proven words for, once they are asked for.
    directions: Option<Vec<Word>>,
    no_rules: Option<Span>,
    /// A command asked for rules of another kind and said something.
    other_rules: bool,
    /// Some rule comes from a policy.
    policy_rules: bool,
    /// Prompts name more than one host.
    several_hosts: bool,
    /// A command ended with an error behind rules.
    refused: bool,
    /// Lines outside of rules that were asked whether they are one.
    looked: usize,
    /// The first rule in a language that nothing knows, and how many there are.
    unread: (Option<Span>, usize),
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
            counted: (0, 0),
            previous: None,
            first_rule: None,
            consec: Vec::new(),
            proxies: PortProxies::default(),
            command: Command::default(),
            asked: Vec::new(),
            unasked: (false, false),
            foreign: None,
            told: RemarkTally::new(&FORM),
            doubtful: Vec::new(),
            directions: None,
            no_rules: None,
            other_rules: false,
            policy_rules: false,
            several_hosts: false,
            refused: false,
            looked: 0,
            unread: (None, 0),
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
            Some(Entry { meaning, proof }) => {
                self.familiar.add(line.text, label, meaning);
                if proof == Proof::Unproven {
                    self.doubtful.push(meaning);
                    let span = Span::new(line.start, line.start + label.len());
                    self.told.unproven.add(label.to_owned(), span);
                }
                self.known(meaning, value, line);
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
            // `Get-NetFirewallRule` prints fields of the same names.
            if !is_strong(label) || value.is_empty() || self.command.policy {
                return self.text_line(line, Heading::LabelAndValue);
            }
            self.close_section();
            self.block = Some(Block::start(line, None));
        }
        let Some(block) = &mut self.block else { return };
        match label {
            Label::Consec => {
                block.consec.get_or_insert(line.span());
                block.consec_lines.push(line.span());
                block.extend(line);
            }
            Label::ConsecPart => {
                block.consec_lines.push(line.span());
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
        if self.proxies.line(line) {
            return;
        }
        if let Some(section) = &mut self.section {
            return section.line(self.v, line, &mut self.export.problems);
        }
        match self.block.as_mut().map(|b| role(b, line, heading)) {
            None => self.outside(line),
            Some(LineRole::Continues(label)) => {
                if let Some(block) = &mut self.block {
                    block.continue_field(label, line);
                }
            }
            Some(LineRole::Outside) => {
                self.close_block();
                self.outside(line);
            }
            Some(LineRole::Stray) => {
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
        if let Some(span) = self.foreign.take() {
            let message = "the output of this command is not read";
            let problem = Problem::new(ProblemKind::Note, span, message);
            self.export.problems.push(problem);
        }
        if self.command.other_rules {
            self.other_rules = true;
            return;
        }
        let text = line.text.trim_end_matches(['.', '。']);
        if self.no_rules.is_none()
            && self.v.word(Class::Phrase, text).map(|e| e.meaning) == Some(Word::NoRules)
        {
            self.no_rules = Some(line.span());
        }
        self.refusal(line);
    }

    /// An error behind rules: the command did not show the rest of them.
    fn refusal(&mut self, line: &Line<'a>) {
        let rules = self.counted.0 + self.counted.1 > 0;
        if !rules || self.refused || self.looked >= MOST_LINES {
            return;
        }
        self.looked += 1;
        if refusal::is_of_windows(line.text) {
            self.refused = true;
            let message = "the command ended with an error: rules may be missing";
            let problem = Problem::new(ProblemKind::Malformed, line.span(), message);
            self.export.problems.push(problem.help("export again"));
        }
    }

    /// A ruler: after a rule's name, after a heading, or after a line of a language that nothing knows.
    fn ruler(&mut self, previous: Option<(Line<'a>, Heading)>) {
        match previous {
            Some((_, Heading::LabelAndValue)) if self.command.policy => {}
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
        let label = Span::new(line.start, line.start + label.len());
        self.start(line, value);
        if let Some(block) = &mut self.block {
            (block.ruler, block.unknown_name) = (true, Some(label));
        }
    }

    fn prompt(&mut self, line: &Line<'a>) {
        self.close_block();
        self.close_section();
        if let Some(host) = lines::remote_host(line.text) {
            let span = Span::new(line.start + 1, line.start + 1 + host.len());
            match &self.export.host_name {
                None => self.export.host_name = Some((host.to_owned(), span)),
                Some((first, _)) => {
                    let other = lines::are_other_hosts(first, host);
                    if other && !self.several_hosts && line.text.contains("advfirewall") {
                        self.several_hosts = true;
                        let message = reworded(
                            format!(
                                "the file has captures of several hosts, `{first}` and `{host}`: their rules cannot be told apart"
                            ),
                            format!(
                                "the file holds captures of several hosts, `{first}` and `{host}`, whose rules are not told apart"
                            ),
                        );
                        let problem = Problem::new(ProblemKind::Malformed, span, message);
                        let help = "save the capture of each host to a file of its own";
                        self.export.problems.push(problem.help(help));
                    }
                }
            }
        }
        self.command = Command::parse(line);
        self.proxies.close();
        self.foreign = self.command.foreign.then_some(line.span());
        if self.command.rules {
            self.asked.push(self.command);
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
        let mut stated = state::state(self.text, &block);
        if stated.unread {
            self.unread.0.get_or_insert(block.head());
            self.unread.1 += 1;
        } else if let Some(label) = block.unknown_name {
            let text = self.text.get(label.range()).unwrap_or_default();
            self.told.unknown_labels.add(clip(text).into_owned(), label);
        }
        self.doubt(&mut stated);
        self.name_policy(&mut stated);
        self.policy_rules = self.policy_rules || build::is_of_policy(&stated);
        if self.depth == Depth::Heads {
            for direction in build::directions(&FORM, &stated) {
                self.count(direction);
            }
            return;
        }
        let cut = block.name_line.is_empty();
        if cut {
            let message = "rule without its beginning: it may be any rule that ends like this";
            let problem = Problem::new(ProblemKind::Malformed, block.span, message)
                .known_as("the beginning of a rule is cut off; the rest cannot be read as a rule");
            self.export.problems.push(problem.help("export again"));
        } else {
            self.stray_labels(&stated);
        }
        for mut built in build::build(&FORM, &stated) {
            // One word says why a rule may be any: what else is odd about it adds nothing.
            built.only_unread(cut || stated.unread);
            self.add(built, &block);
        }
    }

    /// What of a rule no export proves. Windows has two words for a direction: where a capture has one that is proven, a
    /// translation of the other is, too.
    fn doubt(&mut self, stated: &mut Stated<'a>) {
        for label in &self.doubtful {
            stated.doubt(*label);
        }
        let Some(said) = stated.get(Label::Direction) else {
            return;
        };
        let (value, span) = (said.text.clone(), said.span);
        if self.v.word(Class::Direction, &value).is_some() {
            return;
        }
        let Some(Entry { meaning, .. }) = self.v.hint(Class::Direction, &value) else {
            return;
        };
        let (other, word) = match meaning {
            Word::In => (Word::Out, "In"),
            _ => (Word::In, "Out"),
        };
        let text = self.text;
        let proven = self.directions.get_or_insert_with(|| directions(text));
        if proven.contains(&other) {
            stated.set(Label::Direction, word, span);
        }
    }

    /// What is in effect acts, whatever it is called: a source that is no word for one is a policy's name.
    fn name_policy(&self, stated: &mut Stated<'a>) {
        let said = stated.get(Label::Source).filter(|_| self.command.effective);
        let named =
            said.filter(|s| !s.text.is_empty() && self.v.hint(Class::Source, &s.text).is_none());
        if let Some(span) = named.map(|s| s.span) {
            stated.set(Label::Source, "Group Policy Setting", span);
        }
    }

    fn drop_rule(&mut self, span: Span, message: impl Into<Wording>, help: &str) {
        let problem = Problem::new(ProblemKind::Malformed, span, message);
        self.export.problems.push(problem.help(help).dropped());
    }

    fn stray_labels(&mut self, stated: &Stated<'a>) {
        for odd in &stated.odd {
            let label = clip(&odd.label.text).into_owned();
            self.told.unknown_labels.add(label, odd.label.span);
        }
    }

    /// A block of another kind: what it demands is read, and told.
    fn close_consec(&mut self, block: &Block) {
        let read = Consec::read(self.v, self.text, block);
        let requires = read.as_ref().is_some_and(Consec::requires);
        self.consec.extend(read);
        let action = block
            .get(Label::Action)
            .and_then(|s| self.text.get(s.range()))
            .unwrap_or("");
        match (requires, action.contains("Require")) {
            (true, true) => {}
            (true, false) => self.told.vague_consec.add(action.to_owned(), block.span),
            (false, _) => self.told.consec.add(action.to_owned(), block.span),
        }
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
            self.told.missing.add(missing, block.head());
        }
        if built.brief {
            self.told.brief(block.head());
        }
        self.count(built.direction);
        match built.direction {
            Direction::In => self.ingress.push(built.rule),
            Direction::Out => self.egress.push(built.rule),
        }
    }

    /// Counts a rule of a direction, for which a command may not have asked.
    fn count(&mut self, direction: Direction) {
        let (count, unasked) = match direction {
            Direction::In => (&mut self.counted.0, &mut self.unasked.0),
            Direction::Out => (&mut self.counted.1, &mut self.unasked.1),
        };
        *count += 1;
        *unasked |= !self.command.rules;
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
        if let Some(c) = self.asked.iter().find(|c| c.some) {
            let message = "the command selected some of the rules, so others may be missing";
            let problem = Problem::new(ProblemKind::Incomplete, c.span, message).known_as(
                "the command asked for rules by name, so the export does not hold every rule",
            );
            self.export.problems.push(problem.help(FULL));
        }
        if let (Some(span), count) = self.unread {
            let rules = match count {
                1 => "a rule is".to_owned(),
                n => format!("{n} rules are"),
            };
            let message =
                format!("{rules} in a language that hylint does not read, and may allow or block");
            let problem = Problem::new(ProblemKind::Malformed, span, message);
            self.export.problems.push(problem.help(state::ENGLISH));
        }
        let told = self.told.problems(self.export.rules_in_file);
        self.export.problems.extend(told);
        self.export.problems.extend(self.proxies.rows().problems());
        let windows =
            (!self.profiles.span.is_empty()).then(|| Box::new(std::mem::take(&mut self.profiles)));
        let mut security = consec::demands(&self.consec);
        security.ingress.extend(self.proxies.rows().demands());
        let has_rules = self.export.rules_in_file > 0;
        // The rules, or the settings, may stand in another file of the host.
        let own = windows.clone().filter(|_| has_rules);
        if has_rules || self.no_rules.is_some() || !security.is_empty() {
            let point = self.point(own, security);
            self.export.points.push(point);
        } else if windows.is_none()
            && self.consec.is_empty()
            && !self.other_rules
            && self.proxies.found().is_none()
        {
            self.export.problem(
                ProblemKind::Empty,
                Span::default(),
                reworded("the export has no rules", "the export holds no rule"),
            );
        }
        if !has_rules {
            let companions = &mut self.export.companions;
            companions.extend(windows.map(Companion::WindowsProfiles));
            let found = self
                .proxies
                .found()
                .filter(|_| self.export.points.is_empty());
            companions.extend(found.map(Companion::Label));
        }
        crate::winnet::beside(self.text, &mut self.export);
        self.export.problems.sort_by_key(|p| p.span);
        self.export
    }

    /// What a finding about the capture as a whole labels.
    fn label(&self) -> Span {
        let demanded = self.consec.first().map(|c| c.span);
        let label = self.first_rule.or(self.no_rules).or(demanded);
        label.unwrap_or_default()
    }

    fn point(
        &mut self,
        windows: Option<Box<WindowsProfiles>>,
        security: ConnectionSecurity,
    ) -> Point {
        let label = self.label();
        if let (0, Some(span)) = (self.export.rules_in_file, self.no_rules) {
            let message = "there is no rule, so the defaults of the profiles decide";
            self.export.problem(ProblemKind::Note, span, message);
        }
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
        if self.policy_rules {
            point.stores = Stores::BOTH;
        }
        // Tables of port proxies alone show no rules of the host.
        if self.export.rules_in_file == 0 && self.no_rules.is_none() && self.consec.is_empty() {
            point.stores = Stores::default();
        }
        if self.is_effective() {
            point.view = View::Effective;
            point.stores = Stores::BOTH;
        }
        point.other_policy = self.other_policy();
        point.windows = windows;
        point.security = (!security.is_empty()).then(|| Box::new(security));
        point
    }

    /// Whether every rule of the capture stands behind a command that shows what is in effect.
    fn is_effective(&self) -> bool {
        let behind = self.unasked == (false, false) && !self.asked.is_empty();
        behind && self.asked.iter().all(|c| c.effective)
    }

    /// What the capture tells of Group Policy. The text of other commands in it (`gpresult`, `reg query`) may show one.
    fn other_policy(&mut self) -> OtherPolicy {
        if self.policy_rules || self.is_effective() {
            return OtherPolicy::Settled;
        }
        let told = policy::of(self.text);
        if told == OtherPolicy::Shown {
            let message = "the capture shows that Group Policy acts on this host, and holds no rule from it: what Windows allows is not proven";
            let problem = Problem::new(ProblemKind::Incomplete, self.label(), message);
            self.export.problems.push(problem.help(policy::EFFECTIVE));
        }
        told
    }

    /// Whether the capture shows every rule of a direction.
    fn shows_whole(&self, direction: Direction) -> bool {
        let (rules, unasked) = match direction {
            Direction::In => (self.counted.0, self.unasked.0),
            Direction::Out => (self.counted.1, self.unasked.1),
        };
        if self.several_hosts || self.refused {
            return false;
        }
        if self.asked.is_empty() {
            let silent = self.export.rules_in_file == 0 && self.no_rules.is_none();
            return !silent && (rules > 0 || self.export.rules_in_file < MANY_RULES);
        }
        unasked || self.asked.iter().any(|c| c.shows_whole(direction))
    }

    /// The rules of one direction. Windows blocks inbound and allows outbound packets unless a profile says otherwise; a
    /// direction that was left out of the export has no default.
    fn list(&mut self, direction: Direction, label: Span) -> RuleList {
        let whole = self.shows_whole(direction);
        let (rules, count, allow) = match direction {
            Direction::In => (std::mem::take(&mut self.ingress), self.counted.0, false),
            Direction::Out => (std::mem::take(&mut self.egress), self.counted.1, true),
        };
        let mut origin = DefaultOrigin::Assumed;
        if !whole {
            origin = DefaultOrigin::Unknown;
        }
        let told = self.asked.iter().any(|c| c.some);
        if !whole && count == 0 && self.export.rules_in_file > 0 && !told {
            let (name, way) = match direction {
                Direction::In => ("inbound", hylint_model::Direction::In),
                Direction::Out => ("outbound", hylint_model::Direction::Out),
            };
            let message = format!(
                "the export holds no {name} rule, so what happens to {name} packets is not known"
            );
            let problem = Problem::new(ProblemKind::Incomplete, label, message);
            self.export.problems.push(problem.help(FULL).elsewhere(way));
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

/// The directions that a capture has proven words for.
fn directions(text: &str) -> Vec<Word> {
    let v = Vocabulary::get();
    let mut out = Vec::new();
    for line in lines::lines(text) {
        let Some((label, value)) = lines::split_label(line.text) else {
            continue;
        };
        let word = || v.word(Class::Direction, value).map(|e| e.meaning);
        let is_direction = v.label(label).map(|e| e.meaning) == Some(Label::Direction);
        if let Some(word) = is_direction.then(word).flatten()
            && !out.contains(&word)
        {
            out.push(word);
        }
    }
    out
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
