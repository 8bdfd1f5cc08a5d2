//! What is said once about many places of an export.

use super::build::{Remark, clip};
use super::form::Form;
use super::words::Label;
use hylint_model::{Direction, Problem, ProblemKind, Span, reworded};

/// Something said once for many places.
#[derive(Debug)]
struct Tally {
    text: String,
    span: Span,
    count: usize,
}

impl Tally {
    fn times(&self) -> String {
        match self.count {
            1 => "once".to_owned(),
            n => format!("{n} times"),
        }
    }

    fn rules(&self) -> String {
        match self.count {
            1 => "a rule".to_owned(),
            n => format!("each of {n} rules"),
        }
    }
}

/// Counts equal texts in the order of their first place.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Vec<Tally>);

impl Tallies {
    /// More distinct texts than this are not told apart.
    const MOST: usize = 100;

    pub(crate) fn add(&mut self, text: String, span: Span) {
        if let Some(t) = self.0.iter_mut().find(|t| t.text == text) {
            t.count += 1;
        } else if self.0.len() < Self::MOST {
            let count = 1;
            self.0.push(Tally { text, span, count });
        } else if let Some(t) = self.0.last_mut() {
            t.count += 1;
        }
    }

    /// One problem for all labels that nothing proves.
    fn problem(&self, form: &Form) -> Option<Problem> {
        let first = self.0.first()?;
        let (label, more) = (clip(&first.text), self.0.len() - 1);
        let labels = match more {
            0 => format!("label `{label}`"),
            n => format!("label `{label}` and {n} more"),
        };
        let message =
            format!("no export has confirmed the translation of {labels}: rules may match or not");
        let problem = Problem::new(ProblemKind::Incomplete, first.span, message);
        Some(problem.help(form.unknown))
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct RemarkTally {
    form: &'static Form,
    brief: usize,
    first_brief: Span,
    pub(crate) unknown_labels: Tallies,
    unknown_values: Tallies,
    /// Rules of which it is not known what they do.
    unread: Tallies,
    sources: Tallies,
    /// Rules that do not say which direction they are for, and the first of them.
    undirected: (usize, Option<Span>),
    /// Labels that are told by translations that nothing proves.
    pub(crate) unproven: Tallies,
    /// By the lines that a rule lacks.
    pub(crate) missing: Tallies,
    repeated: Tallies,
    /// Connection security rules that require nothing, by their action.
    pub(crate) consec: Tallies,
    /// Those of which it is not known what they require.
    pub(crate) vague_consec: Tallies,
}

impl RemarkTally {
    /// Nothing so far, of an export in a form.
    pub(crate) fn new(form: &'static Form) -> Self {
        Self {
            form,
            brief: 0,
            first_brief: Span::default(),
            unknown_labels: Tallies::default(),
            unknown_values: Tallies::default(),
            unread: Tallies::default(),
            sources: Tallies::default(),
            undirected: (0, None),
            unproven: Tallies::default(),
            missing: Tallies::default(),
            repeated: Tallies::default(),
            consec: Tallies::default(),
            vague_consec: Tallies::default(),
        }
    }

    /// What a form calls a field.
    pub(crate) fn name(&self, label: Label) -> &'static str {
        (self.form.label)(label)
    }

    /// A rule prints none of the verbose fields.
    pub(crate) fn brief(&mut self, place: Span) {
        if self.brief == 0 {
            self.first_brief = place;
        }
        self.brief += 1;
    }

    /// Whether any rule was brief.
    pub(crate) fn is_brief(&self) -> bool {
        self.brief > 0
    }

    pub(crate) fn remark(&mut self, remark: Remark<'_>) {
        match remark {
            Remark::Unknown { label, value, span } => {
                let (value, label) = (clip(&value), self.name(label));
                let text = format!(
                    "unknown value `{value}` of {label}\n`{value}` is no known value of {label}"
                );
                self.unknown_values.add(text, span);
            }
            // netsh prints a direction for every rule; other forms may leave it out.
            Remark::Unread {
                label: Label::Direction,
                value: None,
                span,
            } if !self.form.prints_every_field() => {
                self.undirected.1.get_or_insert(span);
                self.undirected.0 += 1;
            }
            Remark::Unread { label, value, span } => {
                let text = unread_text((label, self.name(label)), value.as_deref());
                self.unread.add(text, span);
            }
            Remark::Source { value, span } => self.sources.add(clip(&value).into_owned(), span),
            // Told by rule, with the other lines that it lacks.
            Remark::Missing { .. } => {}
            Remark::Repeated { label, span } => {
                let name = self.name(label).to_owned();
                self.repeated.add(name, span);
            }
        }
    }

    /// Turns what was counted into problems, one each. `rules` is the number of rules in the file.
    pub(crate) fn problems(&self, rules: usize) -> Vec<Problem> {
        let mut out = Vec::new();
        if self.is_brief() {
            let (lack, before) = self.form.brief;
            let message = reworded(format!("{} of {rules} rules {lack}", self.brief), before);
            let problem = Problem::new(ProblemKind::Incomplete, self.first_brief, message);
            out.push(problem.help(self.form.full));
        }
        let form = self.form;
        if let (n, Some(span)) = self.undirected {
            let message = format!(
                "{n} of {rules} rules do not say whether they are inbound or outbound, so they may be either"
            );
            let problem = Problem::new(ProblemKind::Incomplete, span, message);
            out.push(problem.help(form.full));
        }
        out.extend(self.unknown_labels.0.iter().map(|t| unknown_label(form, t)));
        out.extend(self.unknown_values.0.iter().map(|t| unknown_value(form, t)));
        out.extend(self.unread.0.iter().map(|t| unread(form, t)));
        out.extend(self.sources.0.iter().map(source));
        out.extend(self.unproven.problem(self.form));
        out.extend(self.missing.0.iter().map(|t| missing(form, t)));
        out.extend(self.repeated.0.iter().map(repeated));
        out.extend(self.consec.0.iter().map(consec));
        out.extend(self.vague_consec.0.iter().map(vague_consec));
        out
    }
}

/// The command of an export picked rules.
pub(crate) fn selected(command: Span, full: &'static str) -> Problem {
    let message = "the command selected some of the rules, so others may be missing";
    Problem::new(ProblemKind::Incomplete, command, message).help(full)
}

/// No rule of a direction is there, and others are.
pub(crate) fn left_out(inbound: bool, place: Span, full: &'static str) -> Problem {
    let (name, way) = match inbound {
        true => ("inbound", Direction::In),
        false => ("outbound", Direction::Out),
    };
    let message =
        format!("the export holds no {name} rule, so what happens to {name} packets is not known");
    let problem = Problem::new(ProblemKind::Incomplete, place, message);
    problem.help(full).elsewhere(way)
}

/// A file names more than one host.
pub(crate) fn several_hosts(first: &str, other: &str, place: Span) -> Problem {
    let message = format!(
        "the file has captures of several hosts, `{first}` and `{other}`: their rules cannot be told apart"
    );
    let problem = Problem::new(ProblemKind::Malformed, place, message);
    problem.help("save the capture of each host to a file of its own")
}

fn unknown_label(form: &Form, t: &Tally) -> Problem {
    let (label, times) = (clip(&t.text), t.times());
    let message = reworded(
        format!("unknown label `{label}` ({times}): the rule may match or not"),
        format!("the label `{label}` is not known ({times}); the rule is kept as undecided"),
    );
    Problem::new(ProblemKind::Malformed, t.span, message).help(form.unknown)
}

fn unknown_value(form: &Form, t: &Tally) -> Problem {
    let (now, first) = t.text.split_once('\n').unwrap_or((&t.text, &t.text));
    let times = t.times();
    let message = reworded(
        format!("{now} ({times}): the rule may match or not"),
        format!("{first} ({times}); the rule is kept as undecided"),
    );
    Problem::new(ProblemKind::Unmodelled, t.span, message).help(form.unknown)
}

/// What is told of a line without which it is not known what a rule does, and what it was told as before it was modelled.
fn unread_text((label, name): (Label, &str), value: Option<&str>) -> String {
    let direction = label == Label::Direction;
    let (may, before) = if direction {
        (
            "may be for inbound or outbound packets",
            "whether it is for inbound or outbound packets is not known",
        )
    } else {
        (
            "may allow or block",
            "whether it allows or blocks is not known",
        )
    };
    let label = name;
    match value {
        None => format!("the rule lacks {label}: it {may}\nthe rule has no {label} line: {before}"),
        Some(value) => format!(
            "unknown value `{value}` of {label}: the rule {may}\n`{value}` is no known value of {label}, so the rule cannot be read"
        ),
    }
}

fn unread(form: &Form, t: &Tally) -> Problem {
    let (text, before) = t.text.split_once('\n').unwrap_or((&t.text, &t.text));
    let message = format!("{text} ({})", t.times());
    Problem::new(ProblemKind::Malformed, t.span, message)
        .help(form.unknown)
        .known_as(before)
}

fn source(t: &Tally) -> Problem {
    let (text, times) = (&t.text, t.times());
    let message = reworded(
        format!("rule source `{text}` is read as the name of a policy ({times})"),
        format!("the rule source `{text}` is taken for the name of a policy ({times})"),
    );
    Problem::new(ProblemKind::Note, t.span, message)
}

fn missing(form: &Form, t: &Tally) -> Problem {
    let (rules, lines) = (t.rules(), t.text.replace(", ", " and no line "));
    let lacks = t.text.replace(", ", " and ");
    let message = reworded(
        format!("{rules} lacks {lacks}, so it may match or not"),
        format!(
            "{rules} has no line {lines}; what it matches is not known, so it is kept as undecided"
        ),
    );
    Problem::new(ProblemKind::Malformed, t.span, message).help(form.missing)
}

fn repeated(t: &Tally) -> Problem {
    let (rules, text) = (t.rules(), &t.text);
    let message = reworded(
        format!("{rules} has {text} twice with different values, so it may match or not"),
        format!("{rules} prints {text} twice with different values; the rule is kept as undecided"),
    );
    Problem::new(ProblemKind::Malformed, t.span, message)
}

/// Connection security rules that require nothing decide no packet.
fn consec(t: &Tally) -> Problem {
    let message = format!(
        "a connection security rule allows and blocks nothing by itself ({})",
        t.times()
    );
    Problem::new(ProblemKind::Note, t.span, reworded(message, no_packet(t)))
}

/// What both were told as at first.
fn no_packet(t: &Tally) -> String {
    format!(
        "a connection security rule is no firewall rule ({}); it decides no packet",
        t.times()
    )
}

fn vague_consec(t: &Tally) -> Problem {
    let message = format!(
        "unknown action of a connection security rule ({}): what it matches may need authentication",
        t.times()
    );
    Problem::new(ProblemKind::Note, t.span, reworded(message, no_packet(t)))
}
