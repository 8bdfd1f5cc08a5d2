//! What holds of every export, however damaged.
#![allow(dead_code, unreachable_pub)] // each test binary uses its part
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use hylint::finding::outcome::Outcome;
use hylint::load::LoadedExport;
use hylint_model::Span;
use hylint_parsers::source::{Position, Source};

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
    // Places in included files are those of these files.
    starts.retain(|s| source.part(*s).is_none());
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
        assert!(!f.message.is_empty(), "{}", f.code.as_str());
        assert!(
            hylint::lints::by_code(f.code.as_str()).is_some(),
            "{}",
            f.code.as_str()
        );
    }
    for r in &o.requirements {
        use hylint::finding::outcome::Status;
        let worst = r.checks.iter().any(|c| c.status == Status::Violated);
        assert!(!worst || r.status != Status::Satisfied, "{}", r.id);
    }
}

/// Each rule's span is the rule: its whole text as the file has it, and no text of another rule. Rules of one permission
/// of AWS are its entries.
pub fn spans_are_rules(e: &LoadedExport) -> usize {
    let text = &e.source.text;
    let mut count = 0;
    for rule in e.export.points.iter().flat_map(|p| p.rules()) {
        // Default rules that the export does not print stand nowhere.
        if rule.span.is_empty() {
            continue;
        }
        count += 1;
        if e.source.part(rule.span.start).is_some() {
            continue;
        }
        let own = &text[rule.span.range()];
        let at = e.source.position(rule.span.start);
        let line = text.lines().nth(at.line as usize - 1).unwrap();
        let told = || format!("{}:{}:{}: {own:?}", e.path, at.line, at.column);
        let from: String = line.chars().skip(at.column as usize - 1).collect();
        let first = own.lines().next().unwrap();
        assert!(from.starts_with(first), "{}: the line has {from:?}", told());
        match e.export.format {
            "iptables" => {
                assert!(
                    ["-A", "-I", "--", "-R"].iter().any(|c| own.starts_with(c)),
                    "{}",
                    told()
                );
                // A command may go on behind a backslash.
                assert_eq!(first.trim_end(), from.trim_end(), "{}", told());
                let more = own.lines().count() - 1;
                assert_eq!(own.matches("\\\n").count(), more, "{}", told());
            }
            // A rule of nftables may be any statement.
            "nft" => assert!(!own.trim().is_empty() && own.trim() == own, "{}", told()),
            // The name of a rule, its string, or what names it.
            "powershell" | "registry" | "gpo" => {
                assert!(!own.is_empty() && own.trim() == own, "{}", told());
            }
            // A row.
            "iptables-list" | "ufw" => {
                assert!(own.trim_end() == own && !own.is_empty(), "{}", told())
            }
            // A value of a zone's line, or an element.
            "firewalld" => assert!(!own.is_empty() && own.trim() == own, "{}", told()),
            "wfmsc" => assert!(own.trim_end() == own && !own.contains('\n'), "{}", told()),
            "netsh" => {
                let rulers = own
                    .lines()
                    .filter(|l| l.trim_start_matches([' ', '>']).starts_with("-----"));
                assert!(rulers.count() <= 1, "{}", told());
                assert!(
                    own.contains(&*rule.name) || own.lines().count() > 3,
                    "{}",
                    told()
                );
            }
            _ => {
                let pairs = [("{", "}"), ("\"", "\""), ("[", "]")];
                let whole = pairs
                    .iter()
                    .any(|(a, b)| own.starts_with(a) && own.ends_with(b));
                assert!(whole, "{}", told());
            }
        }
    }
    count
}
