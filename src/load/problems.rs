//! A reader's problems as findings.
//!
//! | problem | code | severity |
//! |---|---|---|
//! | malformed | `malformed-export` | error |
//! | empty | `empty-export` | error |
//! | incomplete | `incomplete-export` | warning |
//! | unmodelled, the rule is in the model | `unmodelled-match` | note (the engine raises it where a verdict rests on it) |
//! | unmodelled, the rule is in no model | `unmodelled-match` | error |
//! | disputed (some tools refuse it) | `malformed-export` | warning |
//! | unshown (a further export would show it) | `incomplete-export` | note |
//! | note (odd, but decided) | `malformed-export` | note |

use super::LoadedExport;
use crate::finding::{Code, Finding, Identity, Known, Place, Related, Severity, shape};
use hylint_model::{Export, Problem, ProblemKind, Span};
use hylint_parsers::source::Source;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Further places named of problems that are alike.
const MORE_PLACES: usize = 5;

/// The findings of an export's own reading, in file order. Problems that are alike are one finding with a count.
#[must_use]
pub fn export_findings(path: &Arc<str>, source: &Source, export: &Export) -> Vec<Finding> {
    let mut groups: Vec<Vec<&Problem>> = Vec::new();
    let mut index: FxHashMap<(ProblemKind, bool, String), usize> = FxHashMap::default();
    for p in export.problems.iter().filter(|p| p.elsewhere.is_none()) {
        let key = (p.kind, p.dropped, shape(p.known_text()));
        let at = *index.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(g) => g.push(p),
            None => groups.push(vec![p]),
        }
    }
    let mut out: Vec<Finding> = groups
        .iter()
        .filter_map(|g| folded(path, source, g))
        .collect();
    out.extend(self_check(path, source, export));
    out
}

/// A problem that another file of the host may solve, as the finding that it is where none does.
#[must_use]
pub fn left_out(export: &LoadedExport, p: &Problem) -> Finding {
    let (code, severity) = classify(p);
    let identity = Identity::of_shape(p.known_text());
    let place = export.place(p.span);
    let mut f = Finding::new(code, severity, p.message.clone(), identity, place);
    f.help.clone_from(&p.help);
    f.label = label(p);
    f
}

/// The code and severity of a problem.
#[must_use]
pub fn classify(p: &Problem) -> (Code, Severity) {
    match (p.kind, p.dropped) {
        (ProblemKind::Malformed, _) => (Code::MalformedExport, Severity::Error),
        (ProblemKind::Empty, _) => (Code::EmptyExport, Severity::Error),
        (ProblemKind::Incomplete, _) => (Code::IncompleteExport, Severity::Warning),
        (ProblemKind::Unmodelled, true) => (Code::UnmodelledMatch, Severity::Error),
        (ProblemKind::Unmodelled, false) => (Code::UnmodelledMatch, Severity::Note),
        (ProblemKind::Disputed, _) => (Code::MalformedExport, Severity::Warning),
        (ProblemKind::Unshown, _) => (Code::IncompleteExport, Severity::Note),
        (ProblemKind::Note, _) => (Code::MalformedExport, Severity::Note),
    }
}

fn folded(path: &Arc<str>, source: &Source, group: &[&Problem]) -> Option<Finding> {
    let first = *group.first()?;
    let (code, severity) = classify(first);
    let message = match group.len() {
        1 => first.message.clone(),
        n => format!("{} ({n} times)", first.message),
    };
    let identity = Identity::of_shape(first.known_text());
    let place = Place::new(path, source, first.span);
    let mut f = Finding::new(code, severity, message, identity, place);
    f.help.clone_from(&first.help);
    f.label = label(first);
    f.related = group
        .iter()
        .skip(1)
        .take(MORE_PLACES)
        .map(|p| Related {
            place: Place::new(path, source, p.span),
            label: "here too".into(),
        })
        .collect();
    Some(f)
}

fn label(p: &Problem) -> String {
    if let Some(own) = p.label {
        return own.into();
    }
    let text = match (p.kind, p.dropped) {
        (ProblemKind::Malformed, false) => "invalid",
        (ProblemKind::Empty, _) => "no rules follow",
        (ProblemKind::Incomplete, _) => "incomplete",
        (ProblemKind::Unmodelled, false) => "effect not modelled",
        (ProblemKind::Disputed, false) => "some tools refuse this",
        (ProblemKind::Unshown, false) => "not shown",
        (ProblemKind::Note, false) => "noted",
        (_, true) => "in no rule",
    };
    text.into()
}

/// Checks the reader itself: what the file holds is in the model or named.
fn self_check(path: &Arc<str>, source: &Source, export: &Export) -> Option<Finding> {
    let whole = || Place::new(path, source, first_line(source));
    let lost = export.lost();
    if lost > 0 {
        let mut f = Finding::new(
            Code::MalformedExport,
            Severity::Error,
            format!(
                "{lost} rules of the file were lost while reading, and no line is named for them"
            ),
            Identity::known(&Known::RulesLost),
            whole(),
        );
        f.help = Some(
            "this is a bug in hylint: please report it with the output of `hylint inspect FILE`"
                .into(),
        );
        return Some(f);
    }
    let said = export
        .problems
        .iter()
        .any(|p| classify(p).1 == Severity::Error);
    if export.points.is_empty() && export.companions.is_empty() && !said {
        let mut f = Finding::new(
            Code::EmptyExport,
            Severity::Error,
            format!(
                "the file looks like a {} export and holds no firewall",
                export.format
            ),
            Identity::known(&Known::NoFirewall {
                format: export.format,
            }),
            whole(),
        );
        f.help = Some("export it again and read what the command prints".into());
        return Some(f);
    }
    None
}

fn first_line(source: &Source) -> Span {
    let start = source.text.len() - source.text.trim_start().len();
    let at = source.position(Span::new(start, start).start);
    source.line_span(at.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(text: &str, problems: Vec<Problem>) -> (Source, Export) {
        let source = Source::new("x.txt", text, "UTF-8");
        let mut e = Export {
            format: "netsh",
            ..Export::default()
        };
        e.problems = problems;
        (source, e)
    }

    #[test]
    fn alike_problems_are_one_finding_with_the_first_place_and_five_more() {
        let text = "a1\na2\na3\na4\na5\na6\na7\na8\nb\n";
        let at = |line: usize| Span::new((line - 1) * 3, (line - 1) * 3 + 2);
        let mut problems: Vec<Problem> = (2..=8)
            .map(|l| {
                Problem::new(
                    ProblemKind::Malformed,
                    at(l),
                    format!("`a{l}` is no port {l}"),
                )
            })
            .collect();
        problems.push(Problem::new(
            ProblemKind::Note,
            Span::new(24, 25),
            "`b` is odd",
        ));
        let (source, e) = export(text, problems);
        let found = export_findings(&"x.txt".into(), &source, &e);
        assert_eq!(found.len(), 2, "{found:#?}");
        let f = &found[0];
        assert_eq!(
            (f.code, f.severity),
            (Code::MalformedExport, Severity::Error)
        );
        assert_eq!(f.message, "`a2` is no port 2 (7 times)");
        let p = f.place.as_ref().unwrap();
        assert_eq!((p.start.line, p.start.column, p.end.column), (2, 1, 3));
        assert_eq!(p.excerpt.lines().next().unwrap().text, "a2");
        assert_eq!(f.related.len(), 5);
        assert_eq!(f.related[4].place.start.line, 7);
        assert_eq!(found[1].severity, Severity::Note);
    }

    #[test]
    fn a_dropped_rule_is_an_error_even_where_its_match_is_only_unmodelled() {
        let p = Problem::new(ProblemKind::Unmodelled, Span::new(0, 1), "x");
        assert_eq!(classify(&p).1, Severity::Note);
        assert_eq!(classify(&p.dropped()).1, Severity::Error);
    }

    #[test]
    fn rules_that_got_lost_are_counted_and_an_export_without_a_firewall_is_said() {
        let (source, mut e) = export("\n\nRule Name: x\n", Vec::new());
        let path: Arc<str> = "x.txt".into();
        let found = export_findings(&path, &source, &e);
        assert_eq!(found[0].code, Code::EmptyExport);
        assert_eq!(found[0].place.as_ref().unwrap().start.line, 3);
        e.rules_in_file = 3;
        let found = export_findings(&path, &source, &e);
        assert!(found[0].message.starts_with("3 rules of the file"));
        assert_eq!(found[0].severity, Severity::Error);
    }
}
