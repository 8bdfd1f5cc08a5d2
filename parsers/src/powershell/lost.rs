//! What PowerShell cut from rules, and what nothing knows in them, each told once for the file.

use super::cell::Cell;
use super::form::COLLECT;
use super::props::{Part, Prop};
use super::record::Record;
use crate::windows::build::clip;
use hylint_model::{Problem, ProblemKind, Span};

/// Something with how often it occurs.
struct Tally {
    name: String,
    span: Span,
    count: usize,
}

/// Counts names in the order of their first places.
#[derive(Default)]
struct Tallies(Vec<Tally>);

impl Tallies {
    /// More distinct names than this are not told apart.
    const MOST: usize = 100;

    fn add(&mut self, name: &str, span: Span) {
        if let Some(t) = self.0.iter_mut().find(|t| t.name == name) {
            t.count += 1;
        } else if self.0.len() < Self::MOST {
            let (name, count) = (name.to_owned(), 1);
            self.0.push(Tally { name, span, count });
        }
    }
}

/// Whether a lost value leaves the rule open.
fn matters(prop: Prop, cell: &Cell<'_>) -> bool {
    let of_rule = [
        Prop::Enabled,
        Prop::Profile,
        Prop::Direction,
        Prop::Action,
        Prop::Platform,
        Prop::Keywords,
        Prop::Owner,
        Prop::AppId,
        Prop::Family,
    ];
    cell.is_lost() && (prop.part() == Part::Filter || of_rule.contains(&prop))
}

/// What is told of rules.
pub(super) fn problems(rules: &[Record<'_>]) -> Vec<Problem> {
    let mut values = Tallies::default();
    let mut whole = Tallies::default();
    let mut unknown = Tallies::default();
    for rule in rules {
        for (prop, cell) in rule.cells().filter(|(p, c)| matters(*p, c)) {
            // What is without a place is told as filters of several rules, a rule that stands in one line as that.
            if rule.lost != Some(cell.span) && !cell.span.is_empty() {
                values.add(prop.name(), cell.span);
            }
        }
        if let Some(span) = rule.lost {
            whole.add("", span);
        }
        for odd in &rule.odd {
            unknown.add(&odd.name, odd.span);
        }
    }
    let mut out = Vec::new();
    for t in &values.0 {
        let open = match t.name == Prop::Platform.name() {
            true => "it is taken for this Windows",
            false => "what a rule matches is not known",
        };
        let message = format!(
            "values of {} are lost in {}, cut or printed as the name of a type: {open}",
            t.name,
            rules_of(t.count)
        );
        let kind = match t.name == Prop::Platform.name() {
            true => ProblemKind::Note,
            false => ProblemKind::Incomplete,
        };
        out.push(Problem::new(kind, t.span, message).help(COLLECT));
    }
    for t in &whole.0 {
        let message = format!(
            "an object in one line stands in place of properties of {}: what a rule matches is not known",
            rules_of(t.count)
        );
        let help = "export again with `ConvertTo-Json -Depth 5`, or run the script that `hylint collect windows` prints";
        out.push(Problem::new(ProblemKind::Incomplete, t.span, message).help(help));
    }
    for t in &unknown.0 {
        let message = format!(
            "unknown property `{}` of {}, which may match or not",
            clip(&t.name),
            rules_of(t.count)
        );
        let help = "leave the property out, or report it to hylint if a cmdlet prints it";
        out.push(Problem::new(ProblemKind::Unmodelled, t.span, message).help(help));
    }
    out
}

fn rules_of(count: usize) -> String {
    match count {
        1 => "1 rule".to_owned(),
        n => format!("{n} rules"),
    }
}
