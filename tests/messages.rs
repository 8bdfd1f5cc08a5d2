//! Every kind of message: each code's messages, labels, help and folded sentences, one example of each shape, from all
//! sites that the tests and the documentation have. `tests/messages/CODE.txt` holds them for review: a changed word is seen
//! in it, and `HYLINT_UPDATE=1 cargo test --test messages` writes it anew. And every sentence that stands in a file of words
//! ([`WORDS`]) must occur among them, so that a new one comes with a case that shows it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use hylint::finding::outcome::Outcome;
use hylint::lints::explain::{ExampleFile, NOT_REPORTED, REPORTED, examples, page};
use hylint::session::{Request, check};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use rayon::prelude::*;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The files whose sentences must all occur. A new file of words is added here.
const WORDS: [&str; 10] = [
    "src/lints/words.rs",
    "src/lints/excess/words.rs",
    "src/lints/excess/words/hosts.rs",
    "src/lints/excess/words/layers.rs",
    "src/lints/excess/words/traffic.rs",
    "src/site/bind/words.rs",
    "src/lints/depends.rs",
    "src/lints/required/advised.rs",
    "src/lints/required/words.rs",
    "src/session/suppress/mod.rs",
];

/// Sentences of those files that no site of a test shows yet, one a line behind its file. It only gets shorter: a sentence
/// that is new comes with a case.
const UNSEEN: &str = "unseen.list";

/// Kinds of text, in the order of the snapshot.
const KINDS: [&str; 4] = ["message", "folded", "label", "help"];

/// Shape and example of each text, by code and kind.
type Texts = BTreeMap<(&'static str, &'static str), BTreeMap<String, String>>;

#[test]
fn every_kind_of_message_is_in_the_snapshot() {
    let folder = root().join("tests/messages");
    let mut wrong = Vec::new();
    let mut files = BTreeSet::new();
    let codes: BTreeSet<&str> = texts().keys().map(|(code, _)| *code).collect();
    for code in codes {
        let text = snapshot(code);
        let name = format!("{code}.txt");
        let path = folder.join(&name);
        files.insert(name.clone());
        let then = std::fs::read_to_string(&path).unwrap_or_default();
        if then == text {
            continue;
        }
        if std::env::var_os("HYLINT_UPDATE").is_some() {
            std::fs::write(&path, text).unwrap();
            continue;
        }
        let lines = |t: &str| t.lines().map(str::to_owned).collect::<BTreeSet<String>>();
        let (old, new) = (lines(&then), lines(&text));
        wrong.push(format!("tests/messages/{name}:"));
        wrong.extend(old.difference(&new).map(|l| format!("  - {l}")));
        wrong.extend(new.difference(&old).map(|l| format!("  + {l}")));
    }
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !files.contains(&name) && name != UNSEEN {
            wrong.push(format!("tests/messages/{name}: no finding has this code"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nHYLINT_UPDATE=1 cargo test --test messages writes it anew",
        wrong.join("\n")
    );
}

#[test]
fn every_sentence_has_a_case() {
    let all: Vec<&str> = texts()
        .values()
        .flat_map(|shapes| shapes.values().map(String::as_str))
        .collect();
    let unseen = std::fs::read_to_string(root().join("tests/messages").join(UNSEEN)).unwrap();
    let unseen: BTreeSet<&str> = unseen.lines().collect();
    let mut wrong = Vec::new();
    for file in WORDS {
        let source = std::fs::read_to_string(root().join(file)).unwrap();
        for template in templates(&source) {
            let pattern = pattern(&template);
            let seen = all.iter().any(|text| pattern.is_match(text));
            let line = format!("{file}: {template:?}");
            match (seen, unseen.contains(line.as_str())) {
                (false, false) => wrong.push(format!(
                    "{line}: no finding of a test says it: add a case that shows it"
                )),
                (true, true) => {
                    wrong.push(format!("{line}: it occurs, so take it out of {UNSEEN}"))
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the check of templates is worth: it finds sentences and their placeholders, and nothing of comments and tests.
#[test]
fn templates_are_the_sentences_of_a_file() {
    let source = r#"
        //! A comment of words.
        /// Another one.
        fn f(x: &str) -> String { format!("line {x} is \"{x:?}\" of {{y}}") }
        const A: &str = "word";
        #[cfg(test)]
        mod tests { const B: &str = "not this one"; }
    "#;
    assert_eq!(templates(source), ["line {x} is \"{x:?}\" of {{y}}"]);
    let pattern = pattern("line {x} is \"{x:?}\" of {{y}}");
    assert!(pattern.is_match("see line 3 is \"a b\" of {y}"));
    assert!(!pattern.is_match("line 3 is a of {y}"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn snapshot(code: &str) -> String {
    let mut out = String::new();
    for kind in KINDS {
        let Some(shapes) = texts().get(&(code_of(code), kind)) else {
            continue;
        };
        out.push_str(&format!("{kind}\n"));
        for example in shapes.values() {
            out.push_str(&format!("  {example}\n"));
        }
    }
    out
}

fn code_of(code: &str) -> &'static str {
    let all = hylint::lints::ALL.iter().map(|l| l.code.as_str());
    all.chain(["trace"]).find(|c| *c == code).unwrap()
}

/// The texts of all sites, found once.
fn texts() -> &'static Texts {
    static ALL: LazyLock<Texts> = LazyLock::new(|| {
        let kept = tempfile::tempdir().unwrap();
        let mut requests = sites();
        requests.extend(pages(kept.path()));
        let each: Vec<Texts> = requests
            .par_iter()
            .filter_map(|(folder, request)| {
                let outcome = check(request).ok()?;
                Some(said(folder, &outcome))
            })
            .collect();
        let mut all = Texts::new();
        for (key, shapes) in each.into_iter().flatten() {
            let here = all.entry(key).or_default();
            for (shape, text) in shapes {
                keep(here, shape, text);
            }
        }
        all.insert(("trace", "message"), traced(kept.path()));
        all
    });
    &ALL
}

/// Of the texts of one shape the first by the alphabet, so that it does not matter which site comes first.
fn keep(shapes: &mut BTreeMap<String, String>, shape: String, text: String) {
    let here = shapes.entry(shape).or_insert_with(|| text.clone());
    if text < *here {
        *here = text;
    }
}

/// Dumps and packets for what `trace` says of a verdict that depends on something.
const TRACED: [(&str, &str, &str); 6] = [
    ("program.txt", "rule", "Program: C:\\apps\\web.exe"),
    ("service.txt", "rule", "Service: w3svc"),
    ("any-service.txt", "rule", "Service: Any"),
    ("brief.txt", "rule", ""),
    ("app.txt", "app", ""),
    ("deep.v4", "chains", ""),
];

/// What `trace` prints below its first lines.
fn traced(folder: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (name, form, extra) in TRACED {
        let rule = |name: &str| {
            let verbose = match extra {
                "" => String::new(),
                extra => format!(
                    "{extra}\nInterfaceTypes: Any\nSecurity: NotRequired\nRule source: Local Setting\n"
                ),
            };
            format!(
                "\nRule Name: {name}\n-----\nEnabled: Yes\nDirection: In\nProfiles: Domain,Private,Public\nGrouping:\n\
                 LocalIP: Any\nRemoteIP: Any\nProtocol: Any\nEdge traversal: No\n{verbose}Action: Allow\n"
            )
        };
        let text = match form {
            "app" => rule("@{Some.App_1.0?ms-resource://Some.App/Name}"),
            "chains" => {
                let each = |f: &dyn Fn(usize) -> String| (0..140).map(f).collect::<String>();
                format!(
                    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{}-A INPUT -j c0\n{}COMMIT\n",
                    each(&|n| format!(":c{n} - [0:0]\n")),
                    each(&|n| format!(
                        "-A c{n} -j {}\n",
                        match n {
                            139 => "ACCEPT".to_owned(),
                            n => format!("c{}", n + 1),
                        }
                    )),
                )
            }
            _ => rule("Web"),
        };
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let args = "--src 10.0.0.9 --dst 10.20.1.11 --proto tcp --dport 8080";
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_hylint"))
            .arg("trace")
            .arg(&path)
            .args(args.split(' '))
            .output()
            .unwrap();
        for line in String::from_utf8(done.stdout).unwrap().lines() {
            let line = line.trim();
            if ["depends on ", "and on ", "assumes "]
                .iter()
                .any(|h| line.starts_with(h))
            {
                keep(&mut out, shape(line), line.to_owned());
            }
        }
    }
    out
}

fn said(folder: &Path, o: &Outcome) -> Texts {
    let mut out = Texts::new();
    let mut add = |code, kind, text: &str| {
        let text = text.replace(&format!("{}/", folder.display()), "");
        if !text.is_empty() && !text.contains(&folder.display().to_string()) {
            let here: &mut BTreeMap<String, String> = out.entry((code, kind)).or_default();
            keep(here, shape(&text), text);
        }
    };
    for f in &o.findings {
        let code = f.code.as_str();
        add(code, "message", &f.message);
        add(code, "label", &f.label);
        add(code, "help", f.help.as_deref().unwrap_or_default());
        for r in &f.related {
            add(code, "label", &r.label);
        }
        let many = f.cause.as_ref().and_then(|c| c.many.as_ref());
        if let Some(many) = many {
            add(code, "folded", &many.text);
        }
    }
    out
}

/// A text without what differs from site to site: what is quoted, addresses, numbers, and how many of them.
fn shape(text: &str) -> String {
    static STEPS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let list = r"(?:(?:, | and |-)";
        [
            (r"`[^`]*`", "`"),
            (r#""[^"]*""#, "`"),
            (r"\b[\w.]+@[\w.]+\b", "0"),
            (r"\b(?:[0-9a-f]{1,4}:[0-9a-f:]+|::[0-9a-f:]*)(?:/\d+)?", "A"),
            (r"\b\d+\.\d+\.\d+\.\d+(?:/\d+)?", "A"),
            (r"\b(?:sg|acl|vpc|subnet|pl|rtb|eni|i)-[0-9a-f]+\b", "0"),
            (r"\d+", "0"),
            (&format!(r"A{list}A)+"), "A"),
            (&format!(r"0{list}0)+"), "0"),
            (&format!(r"`{list}`)+"), "`"),
        ]
        .map(|(from, to)| (Regex::new(from).unwrap(), to))
        .into()
    });
    STEPS.iter().fold(text.to_owned(), |text, (from, to)| {
        from.replace_all(&text, *to).into_owned()
    })
}

/// Every site below the folders of the tests, and the runs of the cases that have none.
fn sites() -> Vec<(PathBuf, Request)> {
    let mut out = Vec::new();
    for folder in ["tests/cases", "tests/baselines", "tests/advice", "examples"] {
        collect(&root().join(folder), &mut out);
    }
    out
}

fn collect(folder: &Path, out: &mut Vec<(PathBuf, Request)>) {
    if folder.join("hylint.toml").is_file() {
        out.push((folder.to_owned(), request(folder, &[])));
        return;
    }
    let expect = std::fs::read_to_string(folder.join("expect.json"));
    if let Ok(text) = expect {
        let expect: serde_json::Value = serde_json::from_str(&text).unwrap();
        for run in expect["runs"].as_array().unwrap() {
            let args = run["args"].as_array().unwrap();
            let args: Vec<&str> = args.iter().filter_map(|a| a.as_str()).collect();
            if let ["check", args @ ..] = args.as_slice() {
                out.push((folder.to_owned(), request(folder, args)));
            }
        }
        return;
    }
    let mut inner: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .collect();
    inner.sort();
    for folder in inner {
        collect(&folder, out);
    }
}

/// What a command line asks, as far as words depend on it.
fn request(folder: &Path, args: &[&str]) -> Request {
    let mut out = Request {
        at: "2026-11-29T00:00:00Z".parse().unwrap(),
        threads: 1,
        ..Request::new([folder])
    };
    let mut paths = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--role" => out.role.extend(args.next().map(|r| (*r).to_owned())),
            "--address" => out.address.extend(args.next().map(|r| (*r).to_owned())),
            "--matrix" => out.matrix = args.next().map(|m| (*m).to_owned()),
            option if option.starts_with('-') => {
                args.next();
            }
            path => paths.push(folder.join(path)),
        }
    }
    if !paths.is_empty() {
        out.paths = paths;
    }
    out
}

/// The examples of the explain pages, each in a folder of its own.
fn pages(kept: &Path) -> Vec<(PathBuf, Request)> {
    let mut out = Vec::new();
    for lint in hylint::lints::ALL {
        let text = page(lint);
        let reported = examples(&text, REPORTED);
        let mut repaired = examples(&text, NOT_REPORTED);
        let rest = reported
            .iter()
            .filter(|f| repaired.iter().all(|r| r.name != f.name));
        let rest: Vec<ExampleFile> = rest.cloned().collect();
        repaired.extend(rest);
        for (name, files) in [("reported", reported), ("repaired", repaired)] {
            let folder = kept.join(lint.code.as_str()).join(name);
            for f in files {
                let path = folder.join(&f.name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, f.text).unwrap();
            }
            out.push((folder.clone(), request(&folder, &[])));
        }
    }
    out
}

/// The literals of a source that are sentences: two words or more beside their placeholders.
fn templates(source: &str) -> Vec<String> {
    let mut out = Vec::new();
    literals(source.parse().unwrap(), &mut out);
    let word = Regex::new(r"[A-Za-z]{2,}").unwrap();
    let hole = Regex::new(r"\{[^{}]*\}").unwrap();
    out.retain(|t| word.find_iter(&hole.replace_all(t, " ")).count() > 1);
    out
}

/// String literals outside of attributes (which comments are) and of modules that are only for tests.
fn literals(tokens: TokenStream, out: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut tests = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(p) if p.as_char() == '#' => {
                // `#[…]`, and `#![…]` of the comment at the head.
                let inner = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if p.as_char() == '!');
                tokens.next_if(inner);
                if let Some(TokenTree::Group(g)) = tokens.peek()
                    && g.delimiter() == Delimiter::Bracket
                {
                    tests |= g.stream().to_string().replace(' ', "") == "cfg(test)";
                    tokens.next();
                }
            }
            TokenTree::Group(g) if tests && g.delimiter() == Delimiter::Brace => tests = false,
            TokenTree::Group(g) => literals(g.stream(), out),
            TokenTree::Literal(l) => out.extend(text(&l.to_string())),
            _ => {}
        }
    }
}

/// The text of a string literal.
fn text(literal: &str) -> Option<String> {
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some('n')) => {
                chars.next();
                out.push('\n');
            }
            ('\\', Some(_)) => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    Some(out)
}

/// Matches what is made of a template.
fn pattern(template: &str) -> Regex {
    let hole = Regex::new(r"\{[^{}]*\}").unwrap();
    let braces = |t: &str| regex::escape(&t.replace('\u{1}', "{").replace('\u{2}', "}"));
    let marked = template.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let parts: Vec<String> = hole.split(&marked).map(braces).collect();
    Regex::new(&format!("(?s){}", parts.join(".*"))).unwrap()
}
