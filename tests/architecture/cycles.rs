//! No modules of a crate import each other in a circle.

use crate::modules::{Arrow, arrows};
use crate::resolve::Crate;
use crate::{root, sources, tree};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The shortest circle through each group of files that reach each other, as its arrows.
fn cycles(all: &[Arrow]) -> Vec<Vec<Arrow>> {
    let next = next(all.iter());
    let mut found: Vec<Vec<&Arrow>> = next.keys().filter_map(|from| back(&next, from)).collect();
    found.sort_by_key(Vec::len);
    let (mut told, mut out) = (BTreeSet::new(), Vec::new());
    for cycle in found {
        if cycle.iter().all(|a| !told.contains(&a.from)) {
            told.extend(cycle.iter().map(|a| &a.from));
            out.push(cycle.into_iter().cloned().collect());
        }
    }
    out
}

type Next<'a> = BTreeMap<&'a str, Vec<&'a Arrow>>;

fn next<'a>(all: impl Iterator<Item = &'a Arrow>) -> Next<'a> {
    let mut next = Next::new();
    for a in all {
        next.entry(&a.from).or_default().push(a);
    }
    next
}

/// The shortest way from a file back to it.
fn back<'a>(next: &Next<'a>, start: &str) -> Option<Vec<&'a Arrow>> {
    let mut came: BTreeMap<&str, &Arrow> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for a in next.get(at).into_iter().flatten() {
            if a.to == start {
                return Some(way(&came, start, a));
            }
            if !came.contains_key(a.to.as_str()) {
                came.insert(&a.to, a);
                queue.push_back(&a.to);
            }
        }
    }
    None
}

fn way<'a>(came: &BTreeMap<&str, &'a Arrow>, start: &str, last: &'a Arrow) -> Vec<&'a Arrow> {
    let mut out = vec![last];
    while let Some(first) = out.last().filter(|a| a.from != start) {
        out.push(came[first.from.as_str()]);
    }
    out.reverse();
    out
}

fn told(cycle: &[Arrow]) -> String {
    let one = |a: &Arrow| format!("{}:{} -> {}", a.from, a.line, a.to);
    cycle.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The folders of the workspace's crates.
fn crates() -> Vec<String> {
    let below = std::fs::read_dir(root().join("crates")).unwrap();
    let names = below.map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut all: Vec<String> = names.map(|n| format!("crates/{n}/src")).collect();
    all.sort();
    all.extend(["parsers/src".to_owned(), "src".to_owned()]);
    all
}

/// The arrows of every crate, between files as the repository names them.
fn every_arrow() -> Vec<Arrow> {
    let below = |folder: &String| {
        let of = arrows(&Crate::read(&sources(folder)));
        let named = |a: Arrow| Arrow {
            from: format!("{folder}/{}", a.from),
            to: format!("{folder}/{}", a.to),
            ..a
        };
        of.into_iter().map(named).collect::<Vec<_>>()
    };
    crates().iter().flat_map(below).collect()
}

/// Catches an import that closes a circle.
#[test]
fn no_modules_import_each_other_in_a_circle() {
    let all = every_arrow();
    assert!(all.len() > 500, "only {} arrows were found", all.len());
    let found: Vec<String> = cycles(&all).iter().map(|c| told(c)).collect();
    assert!(
        found.is_empty(),
        "modules that import each other in a circle:\n{}",
        found.join("\n")
    );
}

/// The circles of a made-up crate.
fn of(files: &[(&str, &str)]) -> Vec<String> {
    let root = (!files.iter().any(|f| f.0 == "lib.rs")).then_some(("lib.rs", ""));
    let files: Vec<_> = root.into_iter().chain(files.iter().copied()).collect();
    let all = arrows(&Crate::read(&tree(&files)));
    cycles(&all).iter().map(|c| told(c)).collect()
}

const PLAIN: &str = "pub struct X; pub fn f() {}";

#[test]
fn a_circle_is_told_with_its_lines() {
    let found = of(&[
        ("a.rs", "\nuse crate::b::X;"),
        ("b.rs", "pub struct X;\n\nfn g() { super::c::f() }"),
        ("c.rs", "pub fn f() { crate::a::f() }"),
        ("d.rs", "use crate::a::f;"),
    ]);
    assert_eq!(found, ["a.rs:2 -> b.rs, b.rs:3 -> c.rs, c.rs:1 -> a.rs"]);
}

/// However the path is written.
#[test]
fn a_circle_is_found_however_it_is_written() {
    for text in [
        "use crate::b::X;",
        "use super::b::{self, X as Y};",
        "use crate::b;\nfn g() { b::f(); }",
        "use crate::b as other;\nfn g() { other::f(); }",
        "use crate::b::*;\nfn g() { f(); }",
        "use crate::*;\nfn g() { b::f(); }",
        "use crate::{X};",
        "fn g() { format!(\"{}\", crate::b::f()); }",
        "impl Y { fn g(&self) -> Vec<crate::b::X> { vec![] } }",
        "mod inner { use super::super::b::X; }",
        "fn g() { use crate::b::f; f() }",
        "static A: fn() = self::super::b::f;",
    ] {
        let found = of(&[
            ("lib.rs", "mod a; mod b; pub use b::X;"),
            ("a.rs", &format!("pub struct A; {text}")),
            ("b.rs", "pub struct X; pub fn f() {} use crate::a::A;"),
        ]);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
    }
}

/// A parent that declares and re-exports what stands below it is no party: the item is where it is declared.
#[test]
fn re_exports_lead_to_what_declares_the_item() {
    let parent = "mod a; mod b; pub use a::A; pub use b::*;";
    let found = of(&[
        ("p/mod.rs", parent),
        ("p/a.rs", "pub struct A; use super::X;"),
        ("p/b.rs", PLAIN),
        ("q.rs", "use crate::p::{A, X};"),
    ]);
    assert_eq!(found, [""; 0]);
    let found = of(&[
        ("p/mod.rs", parent),
        ("p/a.rs", "pub struct A; use super::X;"),
        ("p/b.rs", "pub struct X; use crate::p::A;"),
    ]);
    assert_eq!(found, ["p/a.rs:1 -> p/b.rs, p/b.rs:1 -> p/a.rs"]);
    // One that declares items of its own, which stand below it use, is a party.
    let found = of(&[
        ("p/mod.rs", "mod a; pub struct Own; fn f() { a::f() }"),
        ("p/a.rs", "pub fn f() {} use super::Own;"),
    ]);
    assert_eq!(found, ["p/a.rs:1 -> p/mod.rs, p/mod.rs:1 -> p/a.rs"]);
}

/// A function may have the name of its module.
#[test]
fn a_name_may_be_of_a_module_and_of_its_function() {
    let found = of(&[
        ("p/mod.rs", "mod run; pub use run::run;"),
        ("p/run.rs", "pub fn run() { crate::q::f() }"),
        ("q.rs", "pub fn f() { crate::p::run(); }"),
    ]);
    assert_eq!(found, ["p/run.rs:1 -> q.rs, q.rs:1 -> p/run.rs"]);
}

#[test]
fn tests_close_no_circle() {
    let found = of(&[
        ("a.rs", "use crate::b::X; #[cfg(test)]\nmod tests;"),
        ("a/tests.rs", "use crate::c::f;"),
        (
            "b.rs",
            "pub struct X; #[cfg(test)]\nmod tests { use crate::a::f; }",
        ),
        ("c.rs", "use crate::a::f; // crate::b::X"),
    ]);
    assert_eq!(found, [""; 0]);
}
