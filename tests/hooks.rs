//! Which chain the kernel calls at a hook, the reader of iptables says once, in the model. Code elsewhere that names a
//! chain of iptables decides it a second time, and is wrong for every other kind of chain that the kernel calls.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

const NAMES: [&str; 7] = [
    "PREROUTING",
    "INPUT",
    "FORWARD",
    "OUTPUT",
    "POSTROUTING",
    "prerouting",
    "postrouting",
];

/// Where the names may stand.
const READER: &str = "parsers/src/iptables";

/// Other sources that hold such names, by their paths or folders, and why.
const EXCEPT: [(&str, &str); 2] = [
    (
        "parsers/src/firewalld",
        "it writes a ruleset of nft as firewalld does: the hook of a chain is in the text, where the reader of nft finds it, \
         and the names are of firewalld's own chains (`filter_INPUT`)",
    ),
    (
        "parsers/src/lookalike/front_ends.rs",
        "Proxmox has FORWARD for the direction of a rule, beside IN and OUT",
    ),
];

/// Rust files below a folder, but for tests.
fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            sources(&path, out);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            out.push(path);
        }
    }
}

/// The string literals of a source with their lines, up to its tests.
fn literals(text: &str) -> Vec<(usize, String)> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let mut out = Vec::new();
    let mut chars = code.chars().peekable();
    let (mut line, mut before) = (1, ' ');
    while let Some(c) = chars.next() {
        match c {
            '\n' => line += 1,
            '/' if before == '/' => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            '"' if before != '\'' => {
                let (start, mut literal) = (line, String::new());
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    line += usize::from(c == '\n');
                    literal.push(c);
                    if c == '\\' {
                        let escaped = chars.next().unwrap();
                        line += usize::from(escaped == '\n');
                        // `\n` ends a word, and is no letter of it.
                        literal.push(if escaped.is_alphabetic() {
                            ' '
                        } else {
                            escaped
                        });
                    }
                }
                out.push((start, literal));
            }
            _ => {}
        }
        before = c;
    }
    out
}

fn named(literal: &str) -> Option<&'static str> {
    let mut words = literal.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find_map(|w| NAMES.into_iter().find(|n| *n == w))
}

#[test]
fn the_names_of_hooks_stand_in_the_reader_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for dir in ["src", "crates", "parsers/src", "bench", "benches"] {
        sources(&root.join(dir), &mut files);
    }
    assert!(files.len() > 100, "only {} files found", files.len());
    let (mut found, mut needed) = (Vec::new(), [false; EXCEPT.len()]);
    for file in files {
        let path = file.strip_prefix(root).unwrap();
        // nftables has the words of its own hooks, which the model knows as well.
        let nft = path.starts_with("parsers/src/nft") || path.ends_with("model/src/netfilter.rs");
        if nft || path.starts_with(READER) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let all = literals(&text);
        let names = all.iter().filter_map(|(line, l)| Some((line, named(l)?)));
        let except = EXCEPT.iter().position(|(e, _)| path.starts_with(e));
        for (line, name) in names {
            match except {
                Some(n) => needed[n] = true,
                None => found.push(format!("{}:{line}: `{name}`", path.display())),
            }
        }
    }
    for ((except, _), needed) in EXCEPT.iter().zip(needed) {
        assert!(needed, "{except} needs no exception");
    }
    assert!(
        found.is_empty(),
        "ask the chain's hook (hylint_model::Hook), or iptables::chain_name for its name:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_name_is_found_wherever_a_literal_holds_it() {
    let of = |code: &str| {
        let all = literals(code);
        all.iter().find_map(|(_, l)| named(l))
    };
    assert_eq!(of("t.chain(\"INPUT\")"), Some("INPUT"));
    assert_eq!(of("let s = \"x\\nOUTPUT -d\";"), Some("OUTPUT"));
    assert_eq!(
        of("\n// the hook \"INPUT\"\nlet q = '\"'; let s = \"mangle\";"),
        None
    );
    assert_eq!(of("let n = \"INPUTS\"; FORWARD"), None);
    assert_eq!(
        of("x();\n#[cfg(test)]\nmod tests { const T: &str = \"INPUT\"; }"),
        None
    );
}
