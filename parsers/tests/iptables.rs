//! Real exports (where they are at hand) and larger texts through the public interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test prints what it skips and fails by panicking"
)]

use hylint_model::{Action, Body, ConditionKind, Export, ProblemKind, Rule, Span, Test};
use hylint_parsers::decode::decode;
use hylint_parsers::edit::{Change, EditError, List, ListRef, Position};
use hylint_parsers::format;
use hylint_parsers::iptables::FORMAT;
use hylint_parsers::patch::patch;
use hylint_parsers::source::Source;
use std::path::{Path, PathBuf};

fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../../shared/corpus", "../../../shared/corpus"]
        .iter()
        .map(|p| root.join(p))
        .find(|p| p.is_dir());
    if found.is_none() {
        println!("skipped: there is no corpus beside the workspace");
    }
    found
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = std::fs::read_dir(dir)
        .expect("folder")
        .map(|e| e.expect("entry").path())
        .collect();
    all.sort();
    all
}

fn load(path: &Path) -> Source {
    let bytes = std::fs::read(path).expect("file");
    Source::new(
        path.display().to_string(),
        String::from_utf8_lossy(&bytes),
        "UTF-8",
    )
}

fn count(e: &Export, kind: ProblemKind) -> usize {
    e.problems.iter().filter(|p| p.kind == kind).count()
}

/// Every line that stands on its own as a rule, by a rule of thumb that shares no code with the reader. What stands before
/// a flush of all chains is gone.
fn rule_lines(text: &str) -> Vec<&str> {
    let flush = |l: &str| matches!(l.trim(), "-F" | "--flush");
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.iter().rposition(|l| flush(l)).map_or(0, |at| at + 1);
    lines
        .into_iter()
        .skip(from)
        .map(str::trim)
        .filter_map(|l| {
            if l.starts_with('[') {
                l.split_once("] ").map(|(_, r)| r)
            } else {
                Some(l)
            }
        })
        .filter(|l| {
            ["-A ", "-I ", "--append ", "--insert "]
                .iter()
                .any(|c| l.starts_with(c))
        })
        .collect()
}

fn check(source: &Source) -> Export {
    let e = format::read(source).unwrap_or_else(|| panic!("{} is no export", source.path));
    let name = source.path.rsplit('/').next().unwrap_or("");
    // Files of ufw are read with those that it loads beside them.
    assert!(matches!(e.format, "iptables" | "ufw"), "{name}");
    let rules: Vec<_> = e.points.iter().flat_map(|p| p.rules()).collect();
    let conditions = rules.iter().flat_map(|r| r.conditions());
    println!(
        "{name}: {} in file, {} in model, {} points, {} conditions, {} unmodelled, {} malformed, {} lost",
        e.rules_in_file,
        e.rules_in_model(),
        e.points.len(),
        conditions.count(),
        count(&e, ProblemKind::Unmodelled),
        count(&e, ProblemKind::Malformed),
        e.lost()
    );
    for p in &e.problems {
        let at = source.position(p.span.start);
        println!(
            "    {:?}{} {}:{} {}",
            p.kind,
            if p.dropped { " dropped" } else { "" },
            at.line,
            at.column,
            p.message
        );
    }
    assert_eq!(e.lost(), 0, "{name}");
    if name == "web-rtcquickstart.rules" {
        // A list of commands, some over two lines.
        assert_eq!(e.rules_in_model(), source.text.matches("tables ").count());
        return e;
    }
    let mut want = rule_lines(&source.text);
    // What ufw adds itself stands in no file.
    let own = rules.iter().filter(|r| !r.span.is_empty());
    let mut have: Vec<_> = own.map(|r| source.slice(r.span)).collect();
    for p in e.problems.iter().filter(|p| p.dropped) {
        let text = source.slice(p.span);
        if let Some(i) = want.iter().position(|l| *l == text) {
            want.remove(i);
        }
    }
    want.sort_unstable();
    have.sort_unstable();
    assert_eq!(want, have, "{name}: spans of rules are the rule lines");
    e
}

#[test]
fn every_dump_of_the_corpus_is_read_whole() {
    let Some(corpus) = corpus() else { return };
    let notes = std::fs::read_to_string(corpus.join("SOURCES.tsv")).expect("notes");
    let mut total = (0, 0, 0);
    for path in files(&corpus.join("iptables")) {
        let source = load(&path);
        let e = check(&source);
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let note = notes
            .lines()
            .find(|l| l.starts_with(&format!("iptables/{name}\t")))
            .unwrap_or("");
        let accepted = note.contains("nft-v4 ok")
            || note.contains("legacy-v4 ok")
            || note.contains("nft-v6 ok");
        if accepted {
            assert_eq!(
                count(&e, ProblemKind::Malformed),
                0,
                "{name} is accepted by iptables-restore"
            );
        }
        if count(&e, ProblemKind::Malformed) > 0 {
            continue;
        }
        let replaced = e.problems.iter().filter(|p| p.reason == Some("replaced"));
        total.0 += e.rules_in_file - replaced.count();
        total.1 += e.rules_in_model();
        total.2 += count(&e, ProblemKind::Unmodelled);
    }
    println!("{total:?}");
    assert_eq!(
        total.0, total.1,
        "no rule of the corpus' clean folder is dropped"
    );
}

#[test]
fn mixed_files_are_read_as_far_as_they_go() {
    let Some(corpus) = corpus() else { return };
    for name in [
        "algo-rules.v6.j2",
        "batfish-unsupported-command.rules",
        "corny-docker-docker.txt",
        "openwrtipt-session.txt",
        "semantics-parser-test.rules",
    ] {
        check(&load(&corpus.join("mixed").join(name)));
    }
    for dir in ["aws", "azure", "netsh"] {
        for path in files(&corpus.join(dir)) {
            let source = load(&path);
            let score = (hylint_parsers::iptables::FORMAT.detect)(&format::Input::new(&source));
            assert_eq!(score, 0, "{}", path.display());
        }
    }
}

#[test]
fn known_conditions_of_the_corpus_are_no_problem() {
    let Some(corpus) = corpus() else { return };
    for path in files(&corpus.join("iptables")) {
        let source = load(&path);
        let e = format::read(&source).unwrap_or_else(|| panic!("{} is no export", source.path));
        for r in e.points.iter().flat_map(|p| p.rules()) {
            let unknown = r
                .conditions()
                .any(|c| c.kind == ConditionKind::Unknown && c.test == Test::Opaque);
            let told = e
                .problems
                .iter()
                .any(|p| p.span.start >= r.span.start && p.span.end <= r.span.end);
            assert!(!unknown || told, "{}", source.slice(r.span));
        }
        assert!(
            e.points
                .iter()
                .all(|p| matches!(p.body, Body::Netfilter(_)))
        );
    }
}

/// What the reader took from a real dump, the writer gives back; only what was never understood has no words.
#[test]
fn every_dump_of_the_corpus_is_written_back() {
    let Some(corpus) = corpus() else { return };
    let mut written = 0;
    for path in files(&corpus.join("iptables")) {
        let source = load(&path);
        let e = format::read(&source).unwrap_or_else(|| panic!("{} is no export", source.path));
        for point in &e.points {
            match hylint_parsers::iptables::write([point]) {
                Ok(_) => written += point.rule_count(),
                // Published dumps hide hardware addresses: there is nothing to write.
                Err(at) => assert!(
                    // What a list of commands adds to what was there before is no dump.
                    source.slice(at.span).contains("XX:XX") || !source.text.contains("*filter"),
                    "{}: {}: {}",
                    path.display(),
                    at.message,
                    source.slice(at.span)
                ),
            }
        }
    }
    println!("{written} rules written");
}

/// The chains of an export.
fn chains(e: &Export) -> Vec<ListRef> {
    let mut out = Vec::new();
    for (point, p) in e.points.iter().enumerate() {
        let Body::Netfilter(n) = &p.body else {
            continue;
        };
        for (table, t) in n.tables().iter().enumerate() {
            let chains = 0..t.chains.len();
            let lists = chains.map(|chain| List::Chain { table, chain });
            out.extend(lists.map(|list| ListRef { point, list }));
        }
    }
    out
}

fn decoded(bytes: &[u8]) -> Source {
    let d = decode(bytes.to_vec()).expect("text");
    Source::new("t", d.text, d.encoding)
}

/// Puts a rule for every packet into a chain and takes it out again: the file's bytes.
fn there_and_back(bytes: &[u8], list: ListRef, index: usize) -> Result<Vec<u8>, EditError> {
    let change = |bytes: &[u8], change: &dyn Fn(&Export) -> Change| {
        let source = decoded(bytes);
        let export = format::read(&source).expect("an export");
        let edits = FORMAT.edit.expect("offered")(&source, &export, &change(&export))?;
        patch(&source, bytes, &edits)
    };
    let new = change(bytes, &|export| {
        let next = list.rule(index);
        let at = match next.find(export) {
            Some(_) => Position::Before(next),
            None => Position::End(list),
        };
        let rule = Box::new(Rule::new(Span::default(), Action::Allow));
        Change::Insert { at, rule }
    })?;
    change(&new, &|_| Change::Remove(list.rule(index)))
}

/// Catches bytes that an edit of a real dump loses, and dumps that cannot be edited without need.
#[test]
fn a_rule_put_into_a_dump_of_the_corpus_and_taken_out_leaves_its_bytes() {
    let Some(corpus) = corpus() else { return };
    let (mut same, mut refused) = (0, 0);
    for path in files(&corpus.join("iptables")) {
        let bytes = std::fs::read(&path).expect("file");
        let export = format::read(&decoded(&bytes));
        let Some(export) = export.filter(|e| e.format == "iptables" && bytes.len() < 100_000)
        else {
            continue;
        };
        for list in chains(&export) {
            let len = list.rules(&export).expect("a chain").len();
            for index in [0, len / 2, len] {
                match there_and_back(&bytes, list, index) {
                    Ok(back) => {
                        assert!(back == bytes, "{} {list:?} {index}", path.display());
                        same += 1;
                    }
                    Err(e @ (EditError::Unsupported(_) | EditError::Differs(_))) => {
                        println!("{}: {e}", path.display());
                        refused += 1;
                    }
                    // A table that is not loaded has no rules to change.
                    Err(EditError::Damaged(_)) if count(&export, ProblemKind::Malformed) > 0 => {}
                    Err(e) => panic!("{} {list:?} {index}: {e}", path.display()),
                }
            }
        }
    }
    println!("{same} changes leave the same bytes, {refused} are refused");
    assert!(same > 1000 && refused * 50 < same);
}
