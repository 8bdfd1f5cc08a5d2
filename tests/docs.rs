//! docs/: the book's chapters, links and includes are whole, its commands run, and what it shows is what the program prints.
//!
//! `HYLINT_UPDATE=1 cargo test --test docs` writes output, tables and the pages of the lints anew.
//!
//! A block of commands is one of
//! - `sh` or `console`: each command is hylint's and is run, in a folder that has the examples and the files that the
//!   chapter's blocks with a name are (```` ```toml exports/hylint.toml ````); what follows a single `$ command` is its output;
//! - `sh,not-run` or `powershell`: commands of the machine that the exports come from, none of them hylint's;
//! - `yaml` or `groovy`: a pipeline; each hylint command in it is run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/document.rs"]
mod document;

use document::{Block, blocks, commands, hold, read, reader, root, run, with_output};
use hylint::lints::ALL;
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

#[test]
fn links_and_includes_lead_somewhere() {
    let mut checked = 0;
    for name in chapters() {
        let text = chapter(&name);
        let folder = root().join("docs").join(Path::new(&name).parent().unwrap());
        for include in text.split("{{#include ").skip(1) {
            let path = include.split("}}").next().unwrap();
            assert!(folder.join(path).is_file(), "{name} includes {path}");
            checked += 1;
        }
        let prose = outside_blocks(&text);
        for link in prose.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.contains("://") {
                continue;
            }
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() {
                root().join("docs").join(&name)
            } else {
                folder.join(file)
            };
            let target = std::fs::read_to_string(&file);
            let target = target.unwrap_or_else(|e| panic!("{name} links to {link}: {e}"));
            let headings = outside_blocks(&target);
            let mut headings = headings
                .lines()
                .filter(|l| l.starts_with('#'))
                .map(|l| anchor(l.trim_start_matches('#').trim()));
            assert!(
                place.is_empty() || headings.any(|h| h == place),
                "{name} links to {link}, and there is no such heading"
            );
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} links and includes were found");
}

/// What is written in a pipeline's line from `hylint` on.
fn in_pipeline(b: &Block) -> Vec<String> {
    let command = |l: &String| {
        let code = l.split(" #").next()?;
        let at = code.find("hylint check ")?;
        let before = code.get(..at)?.trim_end();
        let starts = ["-", ":", "'", "\"", ""]
            .iter()
            .any(|s| before.ends_with(s));
        let quote = before.chars().last().filter(|c| "'\"".contains(*c));
        let code = code.get(at..)?;
        let end = quote.and_then(|q| code.find(q)).unwrap_or(code.len());
        let command = code.get(..end).unwrap_or(code).trim();
        // pre-commit puts the changed files behind a hook's entry.
        let files = if before == "entry:" || before.ends_with(" entry:") {
            " examples/windows-dc/compliant/cm1/rules.txt"
        } else {
            ""
        };
        starts.then(|| format!("{command}{files}"))
    };
    b.lines.iter().filter_map(command).collect()
}

/// Runs a chapter's blocks in their order, and returns how many commands there were.
fn run_chapter(name: &str, dir: &Path) -> usize {
    let mut ran = 0;
    for b in blocks(&chapter(name)) {
        if let Some(file) = &b.file {
            // Blocks of one name are parts of one file.
            let path = dir.join(file);
            let old = std::fs::read_to_string(&path).unwrap_or_default();
            std::fs::write(path, format!("{old}{}\n", b.lines.join("\n"))).unwrap();
            continue;
        }
        let all = match (b.language.as_str(), b.attribute.as_str()) {
            ("sh" | "console", "") => {
                let all = commands(&b);
                let own = |l: &String| l.starts_with("hylint ");
                assert!(
                    !all.is_empty() && all.iter().all(own),
                    "docs/{name} has a block of commands that cannot be run: mark it `not-run`\n{all:?}"
                );
                all
            }
            ("yaml" | "groovy", "") => in_pipeline(&b),
            ("sh", "not-run") | ("powershell" | "text" | "toml", "") => {
                let own = |l: &&String| l.trim_start_matches("$ ").starts_with("hylint ");
                let own = b.lines.iter().find(own);
                assert!(own.is_none(), "docs/{name}: nobody runs {own:?}");
                Vec::new()
            }
            (language, attribute) => {
                panic!(
                    "docs/{name} has a block of {language:?} {attribute:?}, which is neither run nor marked"
                )
            }
        };
        for line in all {
            // `matrix = …` and `--matrix` take a path; placeholders of a pipeline are the examples.
            let (status, out) = run(dir, &line);
            assert!(
                (0..=1).contains(&status),
                "docs/{name}: {line}: {status}\n{out}"
            );
            ran += 1;
        }
    }
    ran
}

#[test]
fn every_command_runs() {
    let mut ran = 0;
    for name in written().iter().filter(|n| *n != "formats.md") {
        let dir = reader();
        ran += run_chapter(name, dir.path());
    }
    assert!(ran >= 25, "only {ran} commands were found");
}

#[test]
fn the_output_shown_is_the_output() {
    let mut all = 0;
    for name in written() {
        let (new, shown) = with_output(&chapter(&name), reader().path());
        hold(&format!("docs/{name}"), &new);
        all += shown;
    }
    assert!(all >= 3, "only {all} transcripts were found");
}

/// What the text says beside a command.
#[test]
fn statuses_are_those_that_the_text_says() {
    let dir = reader();
    let status = |line: &str| run(dir.path(), line).0;
    assert_eq!(status("hylint examples/windows-dc/faulty -q"), 1);
    assert_eq!(status("hylint examples/windows-dc/compliant -q"), 0);
    status("hylint examples/windows-dc/faulty --write-baseline baseline.json");
    assert_eq!(
        status("hylint examples/windows-dc/faulty --baseline baseline.json"),
        0
    );
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
    for (table, keys) in hylint::site::config::KEYS {
        let part = &shown[*table];
        let part = part.as_array().map_or(part, |all| &all[0]);
        for key in *keys {
            assert!(
                part.get(key).is_some(),
                "docs/site.md does not show `{key}` of `{table}`"
            );
        }
    }
    let tables: BTreeSet<&str> = hylint::site::config::KEYS.iter().map(|(t, _)| *t).collect();
    for table in hylint::site::config::TABLES {
        assert!(
            shown.contains_key(*table),
            "docs/site.md does not show `{table}`"
        );
        let free = ["ports", "roles", "resolve", "lints"].contains(table);
        assert!(
            free || tables.contains(table),
            "{table} has keys that nobody lists"
        );
    }
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
    let text = chapter("interface.md");
    let (_, rest) = text.split_once("<!-- table: outputs -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- end -->").unwrap();
    let rows = table.lines().filter_map(|l| l.strip_prefix("| `"));
    let rows: Vec<(&str, &str)> = rows.filter_map(|r| r.split_once("` | ")).collect();
    let listed: Vec<&str> = rows.iter().map(|(id, _)| *id).collect();
    let ids: Vec<&str> = hylint::report::FORMATS.iter().map(|(id, _)| *id).collect();
    assert_eq!(
        listed, ids,
        "the table of outputs in docs/interface.md (left) lists each of FORMATS in src/report/mod.rs (right) as | `id` | for |"
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
        let page = format!(
            "# {code}\n\nDefault severity: **{}**. {}\n\n{{{{#include ../../src/lints/explain/{code}.md}}}}\n",
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
