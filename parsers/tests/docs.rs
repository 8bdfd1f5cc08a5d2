//! docs/formats.md holds tables that come from the readers' own registries. `HYLINT_BLESS=1 cargo test --test docs`
//! writes them anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use hylint_parsers::catalog::Row;
use hylint_parsers::decode::encodings;
use hylint_parsers::format::FORMATS;
use hylint_parsers::iptables::{MATCHES, TARGETS};
use hylint_parsers::{aws, azure, netsh, nft, registry};
use std::fmt::Write as _;
use std::path::Path;

/// Every table that the page must hold.
const TABLES: [&str; 16] = [
    "formats",
    "encodings",
    "netsh labels",
    "netsh port keywords",
    "netsh address keywords",
    "netsh languages",
    "registry fields",
    "iptables matches",
    "iptables targets",
    "nft expressions",
    "nft statements",
    "aws lists",
    "aws protocols",
    "azure objects",
    "azure words",
    "azure tags",
];

const NAMES: &str = include_str!("data/iptables-extensions.txt");

const NFT: &str = include_str!("data/nft-manual.txt");

/// A Markdown table of name, meaning and model, by name.
fn table(head: [&str; 3], rows: impl Iterator<Item = [String; 3]>) -> String {
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    let mut out = format!("| {} |\n|---|---|---|\n", head.join(" | "));
    for row in rows {
        let _ = writeln!(
            out,
            "| {} |",
            row.map(|c| c.replace('|', "\\|")).join(" | ")
        );
    }
    out
}

fn rows(head: [&str; 3], rows: Vec<Row>) -> String {
    let cells = |r: Row| [format!("`{}`", r.name), r.doc, r.model];
    table(head, rows.into_iter().map(cells))
}

/// Words in one paragraph.
fn words(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<_> = words.into_iter().map(|w| format!("`{w}`")).collect();
    format!("{}.\n", words.join(", "))
}

fn generated(name: &str) -> String {
    let code = |s: &str| format!("`{s}`");
    match name {
        "formats" => table(
            ["id", "format", "the export comes from"],
            FORMATS
                .iter()
                .map(|f| [code(f.id), f.name.to_owned(), code(f.command)]),
        ),
        "iptables matches" => table(
            ["match", "looks at", "how it is modelled"],
            MATCHES
                .iter()
                .map(|m| [code(m.name), m.doc.to_owned(), m.model.to_owned()]),
        ),
        "iptables targets" => table(
            ["target", "does", "how it is modelled"],
            TARGETS
                .iter()
                .map(|t| [code(t.name), t.doc.to_owned(), t.model.to_owned()]),
        ),
        "encodings" => words(encodings().into_iter().map(str::to_owned)),
        "netsh labels" => rows(
            ["label", "says", "how it is modelled"],
            netsh::catalog::labels(),
        ),
        "netsh port keywords" => rows(
            ["keyword", "ports", "how it is modelled"],
            netsh::catalog::port_keywords(),
        ),
        "netsh address keywords" => rows(
            ["keyword", "at most", "how it is modelled"],
            netsh::catalog::address_keywords(),
        ),
        "registry fields" => rows(["field", "about", "model"], registry::catalog::fields()),
        "netsh languages" => rows(
            ["language", "strings with proof", "strings without"],
            netsh::catalog::languages(),
        ),
        "nft expressions" => table(
            ["of", "keys", "how they are modelled"],
            nft::catalog::expressions()
                .into_iter()
                .map(|r| [code(&r.name), r.doc, r.model]),
        ),
        "nft statements" => table(
            ["statement", "example", "how it is modelled"],
            nft::catalog::statements()
                .into_iter()
                .map(|r| [code(&r.name), r.doc, r.model]),
        ),
        "aws lists" => rows(
            ["list", "printed by", "what it gives"],
            aws::catalog::lists(),
        ),
        "aws protocols" => words(aws::catalog::protocols().map(|(n, _)| n.to_owned())),
        "azure objects" => table(
            ["object", "printed by", "what it gives"],
            azure::catalog::objects()
                .into_iter()
                .map(|r| [r.name, r.doc, r.model]),
        ),
        "azure tags" => {
            let plain = |r: &Row| r.doc.is_empty() && r.model.is_empty();
            words(
                azure::catalog::tags()
                    .into_iter()
                    .filter(plain)
                    .map(|r| r.name),
            )
        }
        "azure words" => rows(
            ["word", "stands for", "how it is modelled"],
            azure::catalog::tags()
                .into_iter()
                .filter(|r| !r.doc.is_empty() || !r.model.is_empty())
                .collect(),
        ),
        other => panic!("docs/formats.md asks for a table `{other}` that there is not"),
    }
}

/// The text with each `<!-- table: name -->` … `<!-- end -->` filled in.
fn filled(text: &str) -> String {
    let mut parts = text.split("<!-- table: ");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" -->").unwrap();
        let (_, rest) = rest.split_once("<!-- end -->").unwrap();
        let _ = write!(
            out,
            "<!-- table: {name} -->\n{}<!-- end -->{rest}",
            generated(name)
        );
    }
    out
}

#[test]
fn the_tables_of_the_formats_page_are_those_of_the_readers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats.md");
    let have = std::fs::read_to_string(&path).unwrap();
    let want = filled(&have);
    if std::env::var_os("HYLINT_BLESS").is_some() {
        std::fs::write(&path, &want).unwrap();
        return;
    }
    assert!(
        have == want,
        "docs/formats.md is not what the registries say: run HYLINT_BLESS=1 cargo test -p hylint-parsers --test docs"
    );
    for table in TABLES {
        let mark = format!("<!-- table: {table} -->");
        assert!(have.contains(&mark), "no table `{table}`");
    }
    for f in FORMATS {
        assert!(
            have.contains(&format!("## {}", f.name)),
            "no section `{}`",
            f.name
        );
    }
}

#[test]
fn every_extension_of_the_manual_is_listed() {
    let body = NAMES
        .lines()
        .filter(|l| !l.starts_with('#'))
        .collect::<Vec<_>>();
    let body = body.join("\n");
    let (matches, targets) = body.split_once("\n\n").unwrap();
    let mut count = 0;
    for name in matches.split_whitespace() {
        assert!(MATCHES.iter().any(|m| m.name == name), "-m {name}");
        count += 1;
    }
    for name in targets.split_whitespace() {
        assert!(TARGETS.iter().any(|t| t.name == name), "-j {name}");
        count += 1;
    }
    assert!(count > 90, "{count}");
}

/// Catches an expression or statement of nft that the tables do not say anything of, and one that is refused.
#[test]
fn every_expression_and_statement_of_nft_is_listed() {
    let lines: Vec<&str> = NFT.lines().filter(|l| !l.starts_with('#')).collect();
    let body = lines.join("\n");
    let (expressions, statements) = body.split_once("\n\n").unwrap();
    let names: Vec<String> = nft::catalog::expression_names().collect();
    let mut count = 0;
    for line in expressions.lines() {
        let (header, keys) = line.split_once(':').unwrap();
        for key in keys.split_whitespace() {
            let rest = |n: &String| n.strip_prefix(header).map(str::to_owned);
            let has = |rest: String| {
                rest.split([' ', '[', ',']).any(|w| w == key) || rest.trim().starts_with(key)
            };
            assert!(names.iter().filter_map(rest).any(has), "{header} {key}");
            count += 1;
        }
    }
    let listed = nft::catalog::statements();
    for name in statements.split_whitespace() {
        let name = name.replace('-', " ");
        assert!(listed.iter().any(|r| r.name == name), "{name}");
        count += 1;
    }
    assert!(count > 220, "{count}");
    let refused = |r: &&Row| r.model.starts_with("refused");
    let all = nft::catalog::expressions().into_iter().chain(listed);
    let all: Vec<Row> = all.collect();
    // The manual has these, and the grammar of nft does not.
    let refused: Vec<_> = all
        .iter()
        .filter(refused)
        .map(|r| (&*r.name, &*r.doc))
        .collect();
    assert_eq!(
        refused,
        [("geneve", "`flags`"), ("gretap", "`vni`, `flags`")]
    );
}
