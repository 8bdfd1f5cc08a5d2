//! Names of an export in every format: nothing in them acts on what reads the report. The names come through the readers of
//! all formats and from a file's name, and each must reach the report: a name that is dropped proves nothing.

use super::formats::{ids, tried};
use super::harness::{Hylint, Run};
use super::json;
use pulldown_cmark::{Event, Options, Parser, Tag};
use std::collections::BTreeSet;

/// What a name may try, and a part of it that is there in some form in each report.
const NAMES: [&str; 16] = [
    "aaa<script>alert(1)</script>",
    "bbb<img src=x onerror=alert(1)>\"'",
    "ccc\u{1b}[2J\u{1b}[31m\u{9b}31m",
    "=cmd('ddd')",
    "%0A::error::eee",
    "\u{202e}fff\u{2066}\u{200b}",
    "ggg]]>--></system-out><x>",
    "hhh[link](http://evil.example) ![i](http://evil.example/i)",
    "iii```` ` | a | b |",
    "jjj@team #12 www.evil.example GH-1",
    "@SUM(kkk)",
    "-lll+1",
    "mmm\u{ffff}\u{fffe}\u{7f}\u{8}",
    "::error file=x::nnn",
    "##[error]ooo ##vso[task.complete]",
    "ppp{{7*7}}${x}$(x)",
];

fn long() -> String {
    format!("qqq{}", "W".repeat(10_000))
}

/// All formats of one run over exports whose rules and folder bear the name.
fn reports(name: &str) -> (Hylint, Run) {
    // What a file's name may hold on Unix: anything but a slash, up to 255 bytes.
    let folder: String = name.replace('/', "_").chars().take(40).collect();
    let site = format!(
        "[site]\nname = {}\n[roles]\ncontroller-management = [\"10.20.1.11\"]\nsession-host = [\"10.20.10.31\"]\n[[waive]]\ncode = \"unneeded-flow\"\nexport = \"**\"\nuntil = 2026-12-31\nreason = {0}\nowner = {0}\n",
        toml_text(name)
    );
    let mut h = Hylint::new().file("hylint.toml", site).file("out/x", "");
    for (path, text) in super::inputs::each().map(|f| (f.named)(name)) {
        h = h.file(&format!("x/{folder}/{path}"), text);
    }
    let outputs: Vec<String> = ids().map(|f| format!("--output {f}=out/{f}")).collect();
    let h = h.args(&format!(
        "x --at 2026-11-25T00:00:00Z --role session-host --address 10.20.10.31 {}",
        outputs.join(" ")
    ));
    let run = h.run();
    (h, run)
}

fn toml_text(s: &str) -> String {
    let inner: String = s
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() || (c as u32) >= 0xfffe && (c as u32) <= 0xffff => {
                format!("\\u{:04X}", c as u32)
            }
            c => c.to_string(),
        })
        .collect();
    format!("\"{inner}\"")
}

/// C0 but line ends, C1, bidi, zero width, noncharacters.
fn acts(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\r'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// All formats of one run over a site whose hosts, and what stands between them, bear the name.
fn flows(name: &str) -> (Hylint, Run) {
    let via = toml_text(&format!("{name} via"));
    let name = toml_text(name);
    let site = format!(
        "[roles]\nsession-host = []\nactive-directory = []\nworkspace-client = []\n\
         [[host]]\nname = {name}\naddresses = [\"10.20.1.11\"]\nroles = [\"controller-management\"]\nexports = [\"a.rules\"]\n\
         [[host]]\nname = \"sql1\"\naddresses = [\"10.20.5.21\"]\nroles = [\"sql-server\"]\nexports = [\"b.rules\"]\n\
         [[via]]\nname = {via}\nfront = [\"10.20.5.10\"]\nhosts = [\"sql1\"]\nsources = [\"10.20.5.11\"]\n"
    );
    let rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n";
    let mut h = Hylint::new().file("hylint.toml", site).file("out/x", "");
    for file in ["a.rules", "b.rules"] {
        h = h.file(file, rules);
    }
    let outputs: Vec<String> = ids().map(|f| format!("--output {f}=out/{f}")).collect();
    let h = h.args(&format!(
        ". --at 2026-11-25T00:00:00Z {}",
        outputs.join(" ")
    ));
    let run = h.run();
    (h, run)
}

#[test]
fn nothing_gets_through() {
    nothing_of(reports);
}

#[test]
fn nothing_of_flows_gets_through() {
    nothing_of(flows);
}

fn nothing_of(reports: fn(&str) -> (Hylint, Run)) {
    let long = long();
    for name in NAMES.iter().copied().chain([long.as_str()]) {
        let (h, run) = reports(name);
        assert!(!run.err.contains("panicked"), "{name:?}: {}", run.err);
        assert_eq!(run.status, 1, "{name:?}: {}", run.err);
        let read = |f: &str| std::fs::read_to_string(h.path(&format!("out/{f}"))).unwrap();
        let d = json(&read("json"));
        let findings = d["findings"].as_array().unwrap();
        // Three equal letters, which every form of the name keeps.
        let mark: String = ('a'..='z')
            .map(|c| c.to_string().repeat(3))
            .find(|m| name.contains(m))
            .unwrap();
        for format in ids() {
            let text = read(format);
            assert!(text.contains(&mark), "{name:?} is not in {format}");
            let bad = text.chars().find(|c| acts(*c));
            assert_eq!(bad, None, "{format} of {name:?}");
            assert!(
                !text.replace("\r\n", "").contains('\r'),
                "{format} of {name:?}"
            );
            (tried(format).hostile)(&text, name, findings.len());
        }
    }
}

/// A terminal or a log is not flooded by one name.
pub(super) fn lines(text: &str, name: &str, _: usize) {
    let longest = text.lines().map(|l| l.chars().count()).max().unwrap();
    assert!(longest < 1_200, "{longest} in human of {name:?}");
}

/// It can be read.
pub(super) fn document(text: &str, _: &str, _: usize) {
    json(text);
}

/// Each line can be read.
pub(super) fn documents(text: &str, _: &str, _: usize) {
    text.lines().map(json).for_each(drop);
}

/// Every line is a command of ours, one for each finding that counts, and one for the summary.
pub(super) fn github(text: &str, name: &str, findings: usize) {
    for l in text.lines() {
        let level = ["::error ", "::warning ", "::notice "]
            .iter()
            .find(|p| l.starts_with(**p));
        let head = l.split("::").nth(1).unwrap();
        assert!(level.is_some() && !head.is_empty(), "{name:?}: {l}");
        let properties = l
            .strip_prefix(level.unwrap())
            .unwrap()
            .split("::")
            .next()
            .unwrap();
        for p in properties.split(',') {
            let key = p.split('=').next().unwrap();
            assert!(
                ["file", "line", "endLine", "col", "endColumn", "title"].contains(&key),
                "{name:?}: {l}"
            );
        }
    }
    assert!(text.lines().count() <= findings + 1, "{name:?}: {text}");
}

/// Each record has every column, and no cell is a formula.
pub(super) fn table(text: &str, name: &str, _: usize) {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    for r in rows.records() {
        for cell in &r.unwrap() {
            assert!(
                !cell
                    .trim_start()
                    .starts_with(['=', '+', '-', '@', '\t', '\r']),
                "{name:?}: {cell}"
            );
            assert!(cell.chars().count() < 1_000, "{name:?}: {cell}");
        }
    }
}

/// Only our own elements, attributes and style; each text is escaped.
pub(super) fn page(text: &str, name: &str, _: usize) {
    let body = text.split("</style>").nth(1).unwrap();
    assert_eq!(text.matches("</style>").count(), 1, "{name:?}");
    let known: BTreeSet<&str> = "head body html header main footer section article figure figcaption h1 h2 h3 p b i em strong span code pre mark br dl dt dd ul li table thead tbody tr th td div".split(' ').collect();
    for tag in body.split('<').skip(1) {
        let inner = tag.split('>').next().unwrap();
        let mut words = inner.trim_start_matches('/').split(' ');
        let element = words.next().unwrap();
        assert!(known.contains(element), "{name:?}: <{inner}>");
        let rest = inner.get(element.len()..).unwrap_or("");
        let ours = ["class=\"", "style=\"flex-grow:", "aria-hidden=\""];
        assert!(
            !rest.contains('=') || ours.iter().any(|a| rest.contains(a)),
            "{name:?}: <{inner}>"
        );
        assert!(
            !inner.contains("onerror") && !inner.contains("src"),
            "{name:?}: <{inner}>"
        );
    }
    assert!(text.contains("default-src 'none'"));
}

/// Rendered, it has no link, image or HTML but ours, and no word that GitHub links.
pub(super) fn comment(text: &str, name: &str, _: usize) {
    assert!(text.len() <= 65_536, "{name:?}: {}", text.len());
    let mut words = String::new();
    let mut in_code = false;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Strikethrough) => {
                panic!("{name:?}: {event:?}")
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Html(h) | Event::InlineHtml(h) => {
                let ours = [
                    "<details>",
                    "<summary>",
                    "</summary>",
                    "</details>",
                    "<sub>",
                    "</sub>",
                    "<!-- -->",
                    "What this rests on",
                    "❌",
                    "⚠️",
                    "ℹ️",
                    "errors",
                    "error",
                    "warnings",
                    "warning",
                    "notes",
                    "note",
                ];
                let left = ours.iter().fold(h.to_string(), |s, o| s.replace(o, ""));
                let left = left.trim_matches(|c: char| c.is_whitespace() || c.is_ascii_digit());
                assert!(left.is_empty(), "{name:?}: {h}");
                // What stands around it is not one word.
                words.push('\u{0}');
            }
            Event::Text(t) if !in_code => words.push_str(&t),
            Event::Code(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Start(_)
            | Event::End(_) => words.push(' '),
            _ => {}
        }
    }
    for linked in ["@team", "#12", "www.e", "http://", "GH-1"] {
        assert!(!words.contains(linked), "{name:?}: {linked} in {words}");
    }
}

/// Well-formed, and only the elements of JUnit.
pub(super) fn xml(text: &str, name: &str, _: usize) {
    let read = quick_junit::Report::deserialize_from_str(text);
    assert!(read.is_ok(), "{name:?}: {read:?}");
    let known = [
        "?xml",
        "testsuites",
        "testsuite",
        "testcase",
        "properties",
        "property",
        "failure",
        "error",
        "skipped",
        "system-out",
    ];
    for tag in text.split('<').skip(1) {
        let element = tag
            .trim_start_matches('/')
            .split([' ', '>', '/'])
            .next()
            .unwrap();
        assert!(known.contains(&element), "{name:?}: <{element}");
    }
    assert!(!text.contains("]]>"), "{name:?}");
}

/// A message has no link but those to our related places.
pub(super) fn log(text: &str, name: &str, _: usize) {
    let log = json(text);
    for r in log["runs"][0]["results"].as_array().unwrap() {
        let message = r["message"]["text"].as_str().unwrap();
        for target in message.replace("\\]", "").split("](").skip(1) {
            let target = target.split(')').next().unwrap();
            assert!(target.parse::<u32>().is_ok(), "{name:?}: {message}");
        }
    }
    for l in log["runs"][0]["artifacts"].as_array().unwrap() {
        let uri = l["location"]["uri"].as_str().unwrap();
        assert!(
            uri.is_ascii() && !uri.contains([' ', '<', '"', '#', '?']),
            "{name:?}: {uri}"
        );
    }
}
