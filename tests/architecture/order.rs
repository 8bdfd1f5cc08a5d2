//! The order of the parts of `src/`: each uses only those before it.

use crate::resolve::Crate;
use crate::tokens::Named;
use crate::{sources, tree};

/// The parts, from the first that knows nothing.
const ORDER: [&str; 11] = [
    "common", "finding", "rules", "load", "link", "site", "judge", "lints", "report", "session",
    "cli",
];

/// What is against the order.
fn against(files: &[(String, String)]) -> Vec<String> {
    let all = Crate::read(files);
    let mut out = Vec::new();
    for module in all.modules.iter().filter(|m| !m.path.is_empty()) {
        let Some(own) = place(&module.path[0]) else {
            out.push(format!(
                "src/{}: `{}` has no place in ORDER of tests/architecture/order.rs",
                module.file, module.path[0]
            ));
            continue;
        };
        let imports = module.words.imports.iter().map(|i| &i.path);
        for path in imports.chain(&module.words.paths) {
            let to = top(&module.path, path);
            let wrong = to.filter(|to| place(to).is_some_and(|to| to > own));
            out.extend(
                wrong
                    .map(|to| format!("src/{}:{}: {} -> {to}", module.file, path.line, ORDER[own])),
            );
        }
    }
    out.dedup();
    out
}

fn place(part: &str) -> Option<usize> {
    ORDER.iter().position(|o| *o == part)
}

/// The part that a path names, if it begins at the root of the crate.
fn top<'p>(own: &[String], path: &'p Named) -> Option<&'p str> {
    let ups = path.segments.iter().take_while(|s| *s == "super").count();
    let first = if path.segments[0] == "crate" {
        1
    } else if ups > 0 && ups == own.len() {
        ups
    } else {
        return None;
    };
    path.segments.get(first).map(String::as_str)
}

/// Catches an import of a part that stands later, as of the engine's callers by what reads files.
#[test]
fn parts_of_src_use_only_those_before_them() {
    let files = sources("src");
    assert!(files.len() > 100, "only {} files were found", files.len());
    let wrong = against(&files);
    assert!(
        wrong.is_empty(),
        "against the order of the parts:\n{}",
        wrong.join("\n")
    );
}

/// Catches a part of `src/` that is gone and an order that names it still.
#[test]
fn every_part_is_a_folder() {
    for part in ORDER {
        assert!(crate::root().join("src").join(part).is_dir(), "src/{part}");
    }
}

#[test]
fn an_arrow_against_the_order_is_named() {
    for (text, line) in [
        ("\nuse crate::judge::check;\n", 2),
        ("use crate::{common::hash, judge::Exports};", 1),
        ("use super::judge;", 1),
        (
            "use hylint_model::Rule;\nfn f() -> u8 {\n    crate::judge::count()\n}",
            3,
        ),
        (
            "macro_rules! m {\n    () => { $crate::judge::count() };\n}",
            2,
        ),
        ("fn f() { println!(\"{}\", crate::judge::COUNT); }", 1),
        ("mod inner {\n  use super::super::judge::X;\n}", 2),
        ("#[cfg(test)]\nmod tests {}\nuse crate::judge::X;", 3),
    ] {
        let files = tree(&[("load/mod.rs", text), ("judge/mod.rs", "")]);
        assert_eq!(
            against(&files),
            [format!("src/load/mod.rs:{line}: load -> judge")],
            "{text}"
        );
    }
}

#[test]
fn what_is_not_compiled_into_the_program_is_no_arrow() {
    for text in [
        "// use crate::judge::X;\n/* crate::judge */\n/// [`crate::judge::X`]\nfn f() {}",
        "const A: &str = \"crate::judge::X\"; const B: &str = r#\"use crate::judge;\"#;",
        "#[cfg(test)]\nmod tests { use crate::judge::X; }",
        "#[cfg(test)]\nuse crate::judge::{X, Y};\nfn f() {}",
        "#[cfg(test)]\nmod tests;",
        "use crate::common::X; pub(in crate::judge) fn f() {}",
        "use judge::X;",
    ] {
        let of_tests = (
            "load/tests.rs",
            if text.ends_with("tests;") {
                "use crate::judge::X;"
            } else {
                ""
            },
        );
        let files = tree(&[("load/mod.rs", text), of_tests, ("judge/mod.rs", "")]);
        assert_eq!(against(&files), [""; 0], "{text}");
    }
}

#[test]
fn a_part_without_a_place_is_named() {
    let found = against(&tree(&[("watch/mod.rs", "")]));
    assert!(
        found[0].contains("`watch` has no place in ORDER"),
        "{found:?}"
    );
}
