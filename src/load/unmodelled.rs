//! What of an export is in no rule, or in one whose effect is not modelled.

use hylint_model::{ConditionKind, Export, Point, Problem, ProblemKind, Span};
use hylint_parsers::source::Source;
use std::sync::Arc;

/// Longest text of a line that is quoted.
const LONGEST_TEXT: usize = 300;

/// Something that is not in the model as the file writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmodelled {
    /// From 1, in its file.
    pub line: u32,
    /// The included file in which it stands; `None` in the export's own.
    pub path: Option<Arc<str>>,
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
        path: source.part(span.start).map(|p| p.path.clone()),
        text: source
            .slice(span)
            .trim_end()
            .chars()
            .take(LONGEST_TEXT)
            .collect(),
        reason: reason.to_owned(),
        dropped,
    };
    let problems = export.problems.iter().filter(said);
    let mut out: Vec<(u32, Unmodelled)> = problems
        .map(|p| {
            let entry = entry(p.span, p.reason.unwrap_or(&p.message), p.dropped);
            (source.line(p.span.start), entry)
        })
        .collect();
    let mut named: Vec<u32> = out.iter().map(|(line, _)| *line).collect();
    named.sort_unstable();
    let rules = export.points.iter().flat_map(Point::rules);
    for r in rules.filter(|r| !r.span.is_empty()) {
        let mut reasons: Vec<String> = r
            .conditions()
            .filter(|c| c.kind == ConditionKind::Unknown && !c.test.is_modelled())
            .map(|c| match c.without_place() {
                text if text.contains('`') || text.ends_with(" is not printed") => {
                    text.into_owned()
                }
                _ => format!("the match `{}` is not modelled", c.describe()),
            })
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
        let line = source.line(r.span.start);
        let last = source.line(r.span.end.saturating_sub(1));
        let next = named.partition_point(|n| *n < line);
        if named.get(next).is_none_or(|n| *n > last) {
            out.push((line, u));
        }
    }
    out.sort_by_key(|(line, _)| *line);
    out.into_iter().map(|(_, u)| u).collect()
}
