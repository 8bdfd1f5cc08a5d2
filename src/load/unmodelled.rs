//! What of an export is in no rule, or in one whose effect is not modelled.

use hylint_model::{ConditionKind, Export, Point, Problem, ProblemKind, Span};
use hylint_parsers::source::Source;

/// Longest text of a line that is quoted.
const LONGEST_TEXT: usize = 300;

/// Something that is not in the model as the file writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmodelled {
    /// From 1.
    pub line: u32,
    /// The text, cut past 300 characters.
    pub text: String,
    /// Why.
    pub reason: String,
    /// True if the line is in no rule of the model.
    pub dropped: bool,
}

/// Lines that were not read, and rules with a part that is not modelled, in file order.
#[must_use]
pub fn unmodelled(source: &Source, export: &Export) -> Vec<Unmodelled> {
    let said = |p: &&Problem| {
        p.dropped || matches!(p.kind, ProblemKind::Malformed | ProblemKind::Unmodelled)
    };
    let entry = |span: Span, reason: &str, dropped: bool| Unmodelled {
        line: source.position(span.start).line,
        text: source
            .slice(span)
            .trim_end()
            .chars()
            .take(LONGEST_TEXT)
            .collect(),
        reason: reason.to_owned(),
        dropped,
    };
    let mut out: Vec<Unmodelled> = export
        .problems
        .iter()
        .filter(said)
        .map(|p| entry(p.span, p.reason.unwrap_or(&p.message), p.dropped))
        .collect();
    let mut named: Vec<u32> = out.iter().map(|u| u.line).collect();
    named.sort_unstable();
    let rules = export.points.iter().flat_map(Point::rules);
    for r in rules.filter(|r| !r.span.is_empty()) {
        let mut reasons: Vec<String> = r
            .conditions()
            .filter(|c| c.kind == ConditionKind::Unknown && !c.test.is_modelled())
            .map(|c| format!("the match `{}` is not modelled", c.describe()))
            .collect();
        for target in r.action.opaque() {
            reasons.push(format!("the target `{target}` is not modelled"));
        }
        reasons.dedup();
        if reasons.is_empty() {
            continue;
        }
        let u = entry(r.span, &reasons.join("; "), false);
        // A reader that told of a line of the rule has said it better.
        let last = source.position(r.span.end.saturating_sub(1)).line;
        let next = named.partition_point(|n| *n < u.line);
        if named.get(next).is_none_or(|n| *n > last) {
            out.push(u);
        }
    }
    out.sort_by_key(|u| u.line);
    out
}
