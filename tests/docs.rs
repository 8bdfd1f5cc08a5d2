//! docs/: the book's chapters, links and includes are whole, every command in it runs, and what it shows is what the
//! program prints. tests/common/document.rs says how blocks are written.
//!
//! `HYLINT_UPDATE=1 cargo test --test docs` writes output, tables and the pages of the lints anew.
//! `cargo test --test docs -- --nocapture` lists how many commands of each page are run, and which are not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[path = "common/document.rs"]
mod document;

use document::{blocks, hold, play, read, reader, root, run};
use hylint::common::toml_keys::Kind;
use hylint::lints::{ALL, explain};
use std::collections::BTreeSet;
use std::path::Path;

/// The book's files, relative to docs/, in the order of SUMMARY.md.
fn chapters() -> Vec<String> {
    let summary = read("docs/SUMMARY.md");
    let links = summary.split("](").skip(1);
    links
        .map(|l| l.split(')').next().unwrap().to_owned())
        .collect()
}

/// Those with prose of their own.
fn written() -> Vec<String> {
    let own = |c: &String| !c.starts_with("lints/");
    chapters().into_iter().filter(own).collect()
}

fn chapter(name: &str) -> String {
    read(&format!("docs/{name}"))
}

#[test]
fn every_chapter_is_in_the_summary_once_and_is_there() {
    let all = chapters();
    let each: BTreeSet<&String> = all.iter().collect();
    assert_eq!(each.len(), all.len(), "a chapter is linked twice");
    let files = walkdir::WalkDir::new(root().join("docs")).into_iter();
    let files = files.filter_entry(|e| e.file_name() != "book");
    for file in files.map(|f| f.unwrap().into_path()) {
        let name = file.strip_prefix(root().join("docs")).unwrap();
        let name = name.to_str().unwrap().to_owned();
        if name.ends_with(".md") && name != "SUMMARY.md" {
            assert!(each.contains(&name), "docs/{name} is not in SUMMARY.md");
        }
    }
    for name in &all {
        let text = chapter(name);
        assert!(text.starts_with("# "), "docs/{name} has no title");
    }
}

/// As mdbook makes them from a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' | '-' => Some('-'),
        '_' => Some('_'),
        c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

fn outside_blocks(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The anchors of a document: its headings, and those that it sets itself.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = outside_blocks(text);
    let headings = prose.lines().filter(|l| l.starts_with('#'));
    let headings = headings.map(|l| anchor(l.trim_start_matches('#').trim()));
    let set = prose.split("<a id=\"").skip(1);
    let set = set.map(|s| s.split('"').next().unwrap().to_owned());
    headings.chain(set).collect()
}

/// The targets of a document's links, but for those of the web.
fn links(text: &str) -> Vec<String> {
    let prose = outside_blocks(text);
    let all = prose.split("](").skip(1);
    let all = all.map(|l| l.split(')').next().unwrap().to_owned());
    all.filter(|l| !l.contains("://")).collect()
}

/// Documents outside of the book.
const OTHERS: [&str; 4] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "examples/README.md",
];

#[test]
fn links_and_includes_lead_somewhere() {
    let mut checked = 0;
    let book = chapters().into_iter().map(|c| format!("docs/{c}"));
    for name in book.chain(OTHERS.map(str::to_owned)) {
        let text = read(&name);
        let folder = root().join(Path::new(&name).parent().unwrap());
        for include in text.split("{{#include ").skip(1) {
            let path = include.split("}}").next().unwrap();
            assert!(folder.join(path).is_file(), "{name} includes {path}");
            checked += 1;
        }
        for link in links(&text) {
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let file = match file {
                "" => root().join(&name),
                file => folder.join(file),
            };
            checked += 1;
            if place.is_empty() {
                assert!(file.exists(), "{name} links to {link}, which is not there");
                continue;
            }
            let target = std::fs::read_to_string(&file);
            let target = target.unwrap_or_else(|e| panic!("{name} links to {link}: {e}"));
            assert!(
                anchors(&target).contains(place),
                "{name} links to {link}, and there is no such heading"
            );
        }
    }
    assert!(
        checked > 200,
        "only {checked} links and includes were found"
    );
}

/// From the front page every chapter is one step away, from the README every task.
#[test]
fn every_task_is_found_from_the_front_pages() {
    let index: BTreeSet<String> = links(&chapter("index.md")).into_iter().collect();
    for name in written().iter().filter(|n| *n != "index.md") {
        assert!(
            index.contains(name),
            "docs/index.md does not link to {name}"
        );
    }
    let readme: BTreeSet<String> = links(&read("README.md")).into_iter().collect();
    let summary = read("docs/SUMMARY.md");
    let (_, rest) = summary.split_once("# Start").unwrap();
    let (tasks, _) = rest.split_once("# Reference").unwrap();
    for name in links(tasks) {
        assert!(
            readme.contains(&format!("docs/{name}")),
            "README.md does not link to docs/{name}"
        );
    }
}

/// The chapters in their order, each in a reader's folder of its own; what is shown is held to what is printed.
#[test]
fn every_command_runs_and_prints_what_is_shown() {
    let (mut ran, mut shown, mut elsewhere) = (0, 0, Vec::new());
    let book = written().into_iter().map(|c| format!("docs/{c}"));
    // The commands of formats.md are those of other tools.
    let book = book.filter(|n| n != "docs/formats.md");
    for name in book.chain(["examples/README.md".to_owned()]) {
        let text = read(&name);
        let done = play(&name, &text, reader().path());
        hold(&name, &done.text);
        println!(
            "{name}: {} run, {} elsewhere",
            done.ran,
            done.elsewhere.len()
        );
        (ran, shown) = (ran + done.ran, shown + done.shown);
        elsewhere.extend(done.elsewhere);
    }
    println!(
        "{ran} run, {shown} shown; elsewhere:\n{}",
        elsewhere.join("\n")
    );
    assert!(ran >= 60, "only {ran} commands were found");
    assert!(shown >= 20, "only {shown} transcripts were found");
    // Commands of the machines that exports come from, and what puts hylint there.
    let known = [
        "netsh ",
        "iptables-save",
        "ip6tables-save",
        "ipset save",
        "firewall-cmd ",
        "nft -j list ruleset",
        "aws ",
        "az ",
        "foreach ",
        "for table in raw ",
        "echo \"# iptables ",
        "done > listing.txt",
        "cargo install ",
        "pip install ",
        "sha256sum ",
        "Get-FileHash ",
        "gh attestation ",
        "tar ",
        "sudo install ",
        "docker ",
        "powershell ",
        ".\\collect.ps1 ",
        "sh collect.sh",
        "sudo sh collect.sh",
        "ssh ",
        "reg ",
        "Get-",
    ];
    for line in &elsewhere {
        assert!(
            known.iter().any(|k| line.starts_with(k)),
            "nobody runs `{line}`"
        );
    }
}

/// What the table of terms in CONTRIBUTING.md has on its right, as far as it is wrong in every sentence.
#[test]
fn pages_use_the_terms_of_the_house() {
    let wrong = [
        "let in",
        "lets in",
        "let out",
        "lets out",
        "held down",
        "holds down",
        "mend ",
        "mended",
        "there is no such",
        "is let ",
        "not let ",
        "let through",
        "lets through",
    ];
    let book = chapters().into_iter().map(|c| format!("docs/{c}"));
    let codes = ALL.iter().map(|l| l.code);
    let explain = codes.map(|c| format!("src/lints/explain/{c}.md"));
    let others = ["README.md", "examples/README.md"].map(str::to_owned);
    for name in book.chain(explain).chain(others) {
        let prose = outside_blocks(&read(&name));
        let prose = prose
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        for phrase in wrong {
            assert!(!prose.contains(phrase), "{name} says {phrase:?}");
        }
    }
}

/// A command outside of a fenced block would be run by nobody.
#[test]
fn commands_stand_in_fenced_blocks() {
    let book = written().into_iter().map(|c| format!("docs/{c}"));
    for name in book.chain(OTHERS.map(str::to_owned)) {
        let prose = outside_blocks(&read(&name));
        let stray = prose
            .lines()
            .find(|l| l.trim_start_matches("$ ").starts_with("    hylint "));
        assert_eq!(stray, None, "{name}");
    }
}

/// Options in back quotes: `hylint trace --program` names one of trace, a bare `--program` one of any command.
#[test]
fn options_that_the_documents_name_exist() {
    let help = |command: &str| run(&root(), &format!("hylint {command} --help")).1;
    let commands = [
        "check",
        "trace",
        "inspect",
        "diff",
        "collect",
        "init",
        "explain",
        "matrix list",
        "matrix check",
        "schema",
        "completions",
        "man",
    ];
    let of: Vec<(&str, String)> = commands.iter().map(|c| (*c, help(c))).collect();
    let has = |help: &str, option: &str| {
        help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .any(|w| w == option)
    };
    // These speak of options of iptables, too.
    let others = ["docs/verdicts.md", "docs/formats.md", "CHANGELOG.md"];
    let book = written().into_iter().map(|c| format!("docs/{c}"));
    for name in book.chain(["README.md".to_owned(), "CHANGELOG.md".to_owned()]) {
        let prose = outside_blocks(&read(&name));
        let spans = prose.split('`').skip(1).step_by(2);
        let bare = !others.contains(&name.as_str());
        for span in spans.filter(|s| s.starts_with("hylint ") || bare && s.starts_with("--")) {
            let words: Vec<&str> = span.split([' ', '=', '[', ']', '|', ',']).collect();
            let command = of
                .iter()
                .find(|(c, _)| span.starts_with(&format!("hylint {c}")));
            for option in words.iter().filter(|w| w.starts_with("--") && w.len() > 2) {
                let known = match command {
                    Some((_, help)) => has(help, option),
                    None => {
                        of.iter().any(|(_, help)| has(help, option))
                            || has("--help --version --locked", option)
                    }
                };
                assert!(known, "{name}: `{span}`: {option} is no option");
            }
        }
    }
}

/// The blocks of the chapter are one site file, and each key that the program takes is in it.
#[test]
fn the_site_file_has_every_key() {
    let text: Vec<String> = blocks(&chapter("site.md"))
        .into_iter()
        .filter(|b| b.file.as_deref() == Some("site.toml"))
        .map(|b| b.lines.join("\n"))
        .collect();
    let text = text.join("\n");
    let dir = reader();
    for folder in ["cm1", "edge"] {
        std::fs::create_dir_all(dir.path().join("exports").join(folder)).unwrap();
    }
    std::fs::write(dir.path().join("exports/hylint.toml"), &text).unwrap();
    let (status, out) = run(
        dir.path(),
        "hylint exports --at 2026-11-25T00:00:00Z --format json",
    );
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(status < 2, "{status}");
    assert_eq!(report["site"]["name"], "Pune DC");

    let shown: toml::Table = toml::from_str(&text).unwrap();
    for table in hylint::site::config::FILE.each {
        let part = shown
            .get(table.name)
            .unwrap_or_else(|| panic!("docs/site.md does not show `{}`", table.name));
        let part = part.as_array().map_or(part, |all| &all[0]);
        // In the other tables the keys are names.
        let (Kind::Table(own) | Kind::Tables(own)) = table.kind else {
            continue;
        };
        for key in own.names() {
            assert!(
                part.get(key).is_some(),
                "docs/site.md does not show `{key}` of `{}`",
                table.name
            );
        }
    }
}

/// Every key of a matrix stands in the section of its table, every word on the page, and a key that is needed is marked `required`.
#[test]
fn the_matrix_page_has_every_key() {
    let text = chapter("matrix.md");
    for table in hylint::rules::matrix::FILE.each {
        let (head, own) = match table.kind {
            Kind::Table(own) => (format!("## `[{}]`", table.name), own),
            Kind::Tables(own) => (format!("## `[[{}]]`", table.name), own),
            _ => panic!("{} is no table", table.name),
        };
        let (_, rest) = text
            .split_once(&head)
            .unwrap_or_else(|| panic!("docs/matrix.md has no section {head}"));
        let section = rest.split("\n## ").next().unwrap();
        for key in own.each {
            let name = format!("`{}`", key.name);
            let row = section
                .lines()
                .find(|l| l.contains(&name))
                .unwrap_or_else(|| panic!("docs/matrix.md: {head} has no {name}"));
            if row.matches(" | ").count() > 1 {
                assert_eq!(row.contains("| required |"), key.needed, "{row}");
            }
            if let Kind::Word(words) = key.kind {
                for (word, _) in words() {
                    let word = format!("`{word}`");
                    assert!(text.contains(&word), "{head} {name} has no {word}");
                }
            }
        }
    }
}

#[test]
fn every_assumption_is_explained() {
    let text = chapter("limits.md");
    for id in hylint::finding::AssumptionId::EACH {
        let row = format!("\n| `{id}` | ");
        assert!(
            text.contains(&row),
            "docs/limits.md does not explain `{id}`"
        );
    }
}

/// The JSON Schemas in schema/ are made of the keys of the readers and of the lints.
#[test]
fn the_schemas_are_those_of_the_keys() {
    hold(
        "schema/hylint-toml.schema.json",
        &hylint::site::config::schema(),
    );
    hold(
        "schema/matrix.schema.json",
        &hylint::rules::matrix::schema(),
    );
}

fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|")
}

/// A document with the part between its marks replaced.
fn with_table(text: &str, name: &str, table: &str) -> String {
    let start = format!("<!-- table: {name} -->\n");
    let (head, rest) = text.split_once(&start).unwrap();
    let (_, tail) = rest.split_once("<!-- end -->").unwrap();
    format!("{head}{start}{table}<!-- end -->{tail}")
}

/// The table is written by hand: a new output needs its line there, and nothing here.
#[test]
fn every_output_is_listed() {
    let text = chapter("outputs.md");
    let (_, rest) = text.split_once("<!-- table: outputs -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- end -->").unwrap();
    let rows = table.lines().filter_map(|l| l.strip_prefix("| `"));
    let rows: Vec<(&str, &str)> = rows.filter_map(|r| r.split_once("` | ")).collect();
    let listed: Vec<&str> = rows.iter().map(|(id, _)| *id).collect();
    let ids: Vec<&str> = hylint::report::FORMATS.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        listed, ids,
        "the table of outputs in docs/outputs.md (left) lists each of FORMATS in src/report/mod.rs (right) as | `id` | for |"
    );
    for (id, about) in rows {
        assert!(about.len() > 5, "{id} has nothing said of it");
    }
}

#[test]
fn every_lint_has_a_page() {
    let mut table = String::from("| code | severity | what |\n|---|---|---|\n");
    let mut links = String::new();
    for lint in ALL {
        let code = lint.code.as_str();
        table.push_str(&format!(
            "| [`{code}`](lints/{code}.md) | {} | {} |\n",
            lint.severity.as_str(),
            escaped(lint.summary)
        ));
        links.push_str(&format!("  - [{code}](lints/{code}.md)\n"));
        // That these lead somewhere is checked with the other links.
        let more: String = explain::chapters(lint.code)
            .iter()
            .map(|(title, path)| format!("- [{title}](../{path})\n"))
            .collect();
        let page = format!(
            "# {code}\n\nDefault severity: **{}**. {}\n\n{{{{#include ../../src/lints/explain/{code}.md}}}}\n\n## Read more\n\n{more}",
            lint.severity.as_str(),
            lint.summary
        );
        hold(&format!("docs/lints/{code}.md"), &page);
    }
    hold(
        "docs/lints.md",
        &with_table(&chapter("lints.md"), "lints", &table),
    );
    let summary = read("docs/SUMMARY.md");
    let (head, rest) = summary.split_once("(lints.md)\n").unwrap();
    let tail: Vec<&str> = rest.lines().skip_while(|l| l.starts_with("  - ")).collect();
    let new = format!("{head}(lints.md)\n{links}{}\n", tail.join("\n"));
    hold("docs/SUMMARY.md", &new);
}
