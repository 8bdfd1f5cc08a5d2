//! Every registered format: an export of it is read as what it is, and what its writer writes is the same again. What
//! each reader and writer does beyond that is in `parsers/`; what damage does to an export is in tests/hostile.rs.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/formats.rs"]
mod formats;

use formats::{Names, TRIED, Writer, each, exports, ids};
use hylint_model::Export;
use hylint_parsers::format::read;
use hylint_parsers::source::Source;
use std::path::Path;

fn parsed(text: &str) -> Export {
    let source = Source::new("x", text, "UTF-8");
    read(&source).unwrap_or_else(|| panic!("no export: {text}"))
}

fn example(path: &str) -> Export {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(path);
    parsed(&std::fs::read_to_string(path).unwrap())
}

/// Catches a format that is registered and that no test looks at, and an entry of one that is gone.
#[test]
fn every_format_is_tried() {
    for format in each() {
        assert!(!format.examples.is_empty(), "{} has no example", format.id);
    }
    for t in TRIED {
        assert!(ids().any(|id| id == t.id), "{} of TRIED is no format", t.id);
    }
}

#[test]
fn every_example_is_read_as_its_format() {
    for (path, id, _) in exports() {
        let e = example(path);
        assert_eq!((e.format, e.lost()), (id, 0), "{path}");
    }
}

#[test]
fn a_name_reaches_the_model() {
    for format in each() {
        let name = match format.names {
            Names::Text => "Allow web",
            Names::Word(_) => "Allow_web",
        };
        let (path, text) = (format.named)(name);
        let e = parsed(&text);
        assert_eq!(e.format, format.id, "{path}");
        let rules = e.points.iter().flat_map(|p| p.rules());
        let mut texts = rules.map(|r| format!("{r:?}")).collect::<String>();
        // What is no firewall has no rules.
        if e.points.is_empty() {
            texts = format!("{:?}", e.companions);
        }
        assert!(texts.contains(name), "{path}: {texts}");
    }
}

/// Catches a writer that leaves out a rule or writes one that is read as another.
#[test]
fn what_is_written_is_read_as_the_same() {
    for format in each() {
        let Writer::By(write) = format.writer else {
            continue;
        };
        let all = format
            .examples
            .iter()
            .map(|(path, _)| (*path, example(path)));
        // Some examples hold what stands beside rules and nothing to write.
        let with_rules: Vec<_> = all.filter(|(_, e)| e.rules_in_model() > 0).collect();
        assert!(!with_rules.is_empty(), "{}", format.id);
        for (path, first) in with_rules {
            let written = write(&first).unwrap_or_else(|e| panic!("{path}: {e}"));
            let second = parsed(&written);
            assert_eq!((second.format, second.lost()), (format.id, 0), "{path}");
            assert_eq!(second.rules_in_model(), first.rules_in_model(), "{path}");
            let again = write(&second).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert_eq!(again, written, "{path}");
        }
    }
}
