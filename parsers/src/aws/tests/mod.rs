//! Cases of the format, each with the text that a wrong reading would get wrong.

mod acls;
mod companions;
mod forms;
mod groups;
mod hostile;
mod written;

use crate::format;
use crate::input::Input;
use crate::source::Source;
use hylint_model::{Body, Export, Lists, Point, Problem, ProblemKind, Rule};

/// Reads a text as the registry would, with the invariants that hold for every text.
fn read(text: &str) -> Export {
    read_as("x.json", text)
}

fn read_as(path: &str, text: &str) -> Export {
    let source = Source::new(path, text, "UTF-8");
    let input = Input::new(&source);
    let format = format::detect(&input).expect("an export");
    assert_eq!(format.id, "aws");
    let export = (format.read)(&input);
    check(&source, &export);
    export
}

fn check(source: &Source, export: &Export) {
    assert_eq!(export.lost(), 0, "{:?}", export.problems);
    for p in &export.problems {
        assert!(source.text.get(p.span.range()).is_some(), "{p:?}");
    }
    for rule in export.points.iter().flat_map(Point::rules) {
        assert!(!source.slice(rule.span).is_empty());
        for (_, span) in &rule.fields {
            assert!(!source.slice(*span).is_empty());
        }
    }
}

fn lists(point: &Point) -> &Lists {
    match &point.body {
        Body::Lists(lists) => lists,
        Body::Netfilter(_) => panic!("an AWS point has lists"),
    }
}

/// One group with one ingress permission.
fn group(permission: &str) -> String {
    format!(
        r#"{{"SecurityGroups": [{{"GroupId": "sg-1", "GroupName": "g", "VpcId": "vpc-1", "OwnerId": "111",
          "IpPermissions": [{permission}], "IpPermissionsEgress": []}}]}}"#
    )
}

/// The only ingress rule of a one-group export, and its problems.
fn rule_of(permission: &str) -> (Rule, Vec<Problem>) {
    let export = read(&group(permission));
    let rules = &lists(&export.points[0]).ingress.rules;
    assert_eq!(rules.len(), 1);
    (rules[0].clone(), export.problems)
}

/// What a rule matches, one line for each clause: source, protocols, source and destination ports, conditions.
fn matches(rule: &Rule) -> Vec<String> {
    rule.clauses
        .iter()
        .map(|c| {
            let conditions: Vec<_> = c.conditions.iter().map(|c| c.describe()).collect();
            format!(
                "{} > {} proto {:?} sport {:?} dport {:?} {conditions:?}",
                c.space.src, c.space.dst, c.space.proto, c.space.sport, c.space.dport
            )
        })
        .collect()
}

fn kinds(problems: &[Problem]) -> Vec<ProblemKind> {
    problems.iter().map(|p| p.kind).collect()
}
