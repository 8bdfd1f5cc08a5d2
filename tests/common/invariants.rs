//! What holds of every export, however damaged.
#![allow(dead_code, unreachable_pub)] // each test binary uses its part
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use hylint::load::LoadedExport;
use hylint::outcome::Outcome;
use hylint_parsers::source::{Position, Source, Span};

/// Line and column of an offset, counted from the start of the text.
pub fn position(text: &str, offset: u32) -> Position {
    let before = &text[..offset as usize];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    Position {
        line: line as u32,
        column: (before[start..].chars().count() + 1) as u32,
    }
}

fn within(source: &Source, span: Span, what: &str) {
    let (path, range) = (&source.path, span.range());
    assert!(range.start <= range.end, "{path}: {what} {range:?}");
    assert!(
        source.text.get(range.clone()).is_some(),
        "{path}: {what} {range:?} is not in the text of {} bytes",
        source.text.len()
    );
}

/// No rule is lost, every span lies in the text on character boundaries, and lines and columns agree with the text.
pub fn export_holds(e: &LoadedExport) {
    let (source, export) = (&e.source, &e.export);
    assert_eq!(export.lost(), 0, "{}: rules are lost", e.path);
    let mut starts = Vec::new();
    for rule in export.points.iter().flat_map(|p| p.rules()) {
        within(source, rule.span, "a rule");
        for (field, span) in &rule.fields {
            within(source, *span, &format!("{field:?}"));
        }
        starts.push(rule.span.start);
    }
    for p in &export.problems {
        within(source, p.span, &p.message);
        starts.push(p.span.start);
    }
    // Counting from the start for each is quadratic, so long exports are sampled.
    let step = (starts.len() / 40).max(1);
    for offset in starts.into_iter().step_by(step) {
        assert_eq!(source.position(offset), position(&source.text, offset));
    }
}

/// Every place of a finding is in a file of the run, and its counts are those of the findings.
pub fn outcome_holds(o: &Outcome) {
    for f in &o.findings {
        let places = f.place.iter().chain(f.related.iter().map(|r| &r.place));
        for p in places {
            assert!(p.start.line >= 1 && p.start.column >= 1, "{p:?}");
            let (start, end) = ((p.start.line, p.start.column), (p.end.line, p.end.column));
            assert!(start <= end, "{p:?}");
        }
        assert!(!f.message.is_empty(), "{}", f.code);
        assert!(hylint::lints::by_code(f.code).is_some(), "{}", f.code);
    }
    for r in &o.requirements {
        use hylint::outcome::Status;
        let worst = r.checks.iter().any(|c| c.status == Status::Violated);
        assert!(!worst || r.status != Status::Satisfied, "{}", r.id);
    }
}
