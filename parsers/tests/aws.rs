//! AWS exports from outside, read through the registry: the real files beside the workspace, when they are there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing
)]

use hylint_model::{Export, ProblemKind};
use hylint_parsers::format::{self, Input};
use hylint_parsers::source::Source;
use std::path::Path;

fn corpus(folder: &str) -> Vec<(String, Source)> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let folders = above.map(|a| a.join("shared/corpus").join(folder));
    let Some(dir) = folders.into_iter().find_map(|f| std::fs::read_dir(f).ok()) else {
        println!("skipped: no shared/corpus beside the workspace");
        return Vec::new();
    };
    let mut files: Vec<_> = dir.flatten().map(|e| e.path()).collect();
    files.sort();
    let read = |p: &std::path::PathBuf| {
        let name = p.file_name().unwrap().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&std::fs::read(p).unwrap()).into_owned();
        (name.clone(), Source::new(name, text, "UTF-8"))
    };
    files.iter().map(read).collect()
}

fn count(export: &Export, kind: ProblemKind) -> usize {
    export.problems.iter().filter(|p| p.kind == kind).count()
}

/// Rules of a real file, counted by the words that each rule has exactly once.
fn entries(text: &str) -> usize {
    let words = [
        "\"CidrIp\":",
        "\"CidrIpv6\":",
        "\"UserId\":",
        "\"RuleNumber\":",
    ];
    let lists = if text.contains("\"Cidrs\"") {
        0
    } else {
        text.matches("\"PrefixListId\":").count()
    };
    let count = |w: &&str| text.matches(*w).count();
    words.iter().map(count).sum::<usize>() + lists
}

#[test]
fn every_real_file_is_read_and_nothing_is_lost() {
    for (name, source) in corpus("aws") {
        let input = Input::new(&source);
        let format = format::detect(&input).unwrap_or_else(|| panic!("{name}: no format"));
        assert_eq!(format.id, "aws", "{name}");
        let export = (format.read)(&input);
        let conditions: usize = export
            .points
            .iter()
            .flat_map(|p| p.rules())
            .map(|r| r.conditions().count())
            .sum();
        println!(
            "{name}: points {} rules {}/{} conditions {conditions} unmodelled {} lost {} companions {} problems {}",
            export.points.len(),
            export.rules_in_model(),
            export.rules_in_file,
            count(&export, ProblemKind::Unmodelled),
            export.lost(),
            export.companions.len(),
            export.problems.len(),
        );
        for p in &export.problems {
            println!(
                "    {:?} {:?}: {}",
                p.kind,
                source.position(p.span.start),
                p.message
            );
        }
        assert_eq!(export.lost(), 0, "{name}");
        assert_eq!(export.rules_in_model(), export.rules_in_file, "{name}");
        assert_eq!(count(&export, ProblemKind::Unmodelled), 0, "{name}");
        assert_eq!(count(&export, ProblemKind::Malformed), 0, "{name}");
        assert_eq!(export.rules_in_file, entries(&source.text), "{name}");
        for rule in export.points.iter().flat_map(|p| p.rules()) {
            let text = source.slice(rule.span);
            assert!(
                text.starts_with('{') && text.ends_with('}'),
                "{name}: {text}"
            );
            for (_, span) in &rule.fields {
                assert!(!source.slice(*span).is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn a_document_with_exports_inside_is_read() {
    for (name, source) in corpus("mixed") {
        let input = Input::new(&source);
        let aws = format::detect(&input).filter(|f| f.id == "aws");
        assert_eq!(aws.is_some(), name.ends_with(".rst"), "{name}");
        let Some(format) = aws else { continue };
        let export = (format.read)(&input);
        assert_eq!((export.points.len(), export.rules_in_model()), (1, 3));
        assert!(export.problems.iter().all(|p| p.kind == ProblemKind::Note));
    }
}
