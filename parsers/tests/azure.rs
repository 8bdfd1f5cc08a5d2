//! Every Azure file of the corpus is read: each rule is in the model or named. Skips where the corpus is not there.

#![allow(
    clippy::print_stdout,
    reason = "the test says what it found in each file"
)]

use hylint_model::{ConditionKind, Export, ProblemKind};
use hylint_parsers::format::{Input, detect};
use hylint_parsers::source::Source;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let root = match std::env::var_os("HYLINT_CORPUS") {
        Some(dir) => PathBuf::from(dir),
        None => root,
    };
    let mut out: Vec<PathBuf> = ["azure", "mixed"]
        .iter()
        .filter_map(|d| std::fs::read_dir(root.join(d)).ok())
        .flatten()
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| {
            let name = p.file_name().unwrap_or_default().to_string_lossy();
            p.parent().is_some_and(|d| d.ends_with("azure")) || name.contains("arm")
        })
        .collect();
    out.sort();
    out
}

fn check(path: &Path, source: &Source, export: &Export) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unmodelled = export
        .problems
        .iter()
        .filter(|p| p.kind == ProblemKind::Unmodelled)
        .count();
    let rules = || export.points.iter().flat_map(|p| p.rules());
    let unknown = rules()
        .filter(|r| r.conditions().any(|c| c.kind == ConditionKind::Unknown))
        .count();
    println!(
        "{name}: {} points, {} rules in file, {} in model, {} conditions, {unknown} doubtful, {unmodelled} unmodelled, {} lost, {} companions",
        export.points.len(),
        export.rules_in_file,
        export.rules_in_model(),
        rules().map(|r| r.conditions().count()).sum::<usize>(),
        export.lost(),
        export.companions.len(),
    );
    for p in &export.problems {
        let at = source.position(p.span.start);
        println!(
            "    {}:{} {:?} {}{}",
            at.line,
            at.column,
            p.kind,
            p.message,
            if p.dropped { " (dropped)" } else { "" }
        );
    }
    assert_eq!(export.lost(), 0, "{name}");
    let named = export.problems.iter().filter(|p| p.dropped).count();
    assert_eq!(
        export.rules_in_file,
        export.rules_in_model() + named,
        "{name}"
    );
    for rule in rules().filter(|r| !r.span.is_empty()) {
        let text = source.slice(rule.span);
        assert!(
            text.starts_with('{') && text.ends_with('}'),
            "{name}: {text}"
        );
        assert!(
            text.contains(&*rule.name),
            "{name}: {} in {text}",
            rule.name
        );
        for (field, span) in &rule.fields {
            assert!(text.contains(source.slice(*span)), "{name}: {field:?}");
            assert!(!source.slice(*span).is_empty(), "{name}: {field:?}");
        }
    }
}

#[test]
fn every_rule_of_the_corpus_is_in_the_model_or_named() {
    let files = files();
    if files.is_empty() {
        println!("skipped: no corpus beside the workspace and HYLINT_CORPUS is not set");
        return;
    }
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let source = Source::new(path.to_string_lossy(), text, "UTF-8");
        let input = Input::new(&source);
        let format = detect(&input).unwrap_or_else(|| panic!("{} is not detected", path.display()));
        assert_eq!(format.id, "azure", "{}", path.display());
        let export = (format.read)(&input);
        assert!(!export.points.is_empty(), "{}", path.display());
        check(&path, &source, &export);
    }
}

#[test]
fn the_examples_are_read_without_a_problem() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/cloud-hybrid");
    let mut read = 0;
    for site in ["compliant", "faulty"] {
        for file in std::fs::read_dir(root.join(site).join("azure")).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let source = Source::new(path.to_string_lossy(), text, "UTF-8");
            let input = Input::new(&source);
            let format = detect(&input).unwrap_or_else(|| panic!("{}", path.display()));
            assert_eq!(format.id, "azure", "{}", path.display());
            let export = (format.read)(&input);
            assert!(
                export.problems.is_empty(),
                "{}: {:?}",
                path.display(),
                export.problems
            );
            check(&path, &source, &export);
            read += 1;
        }
    }
    assert!(
        read >= 6,
        "the examples hold groups, interfaces and networks"
    );
}
